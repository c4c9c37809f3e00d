//! A line of the journal: how it is written, hashed, and checked when it is read back.

use crate::files::{self, cannot};
use crate::record::{RunRecord, Status};
use crate::run::spec::Cadence;
use crate::setting::Settings;
use crate::sweep::SweepError;
use serde::{Deserialize, Serialize, Serializer};
use std::io::{BufRead, BufReader};
use std::path::Path;

/// Version of the line format.
pub const FORMAT: u32 = 1;
const HASH_AT: usize = "{\"hash\":\"".len();
const REST_AT: usize = HASH_AT + 64 + "\",".len();

/// When and where a run ran: kept beside its record, since no two machines agree on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Clock {
    /// RFC 3339, UTC.
    pub started: String,
    pub seconds: f64,
    pub worker: usize,
}

/// Which program wrote the lines that follow.
#[derive(Serialize, Deserialize)]
pub struct Header {
    pub format: u32,
    pub numerics: u32,
    pub program: String,
    pub plan: String,
    /// Identity of the claims that the runs were started with; `None` of older programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<String>,
}

/// A run as it is appended.
#[derive(Serialize)]
pub struct NewEntry<'a> {
    pub clock: &'a Clock,
    pub run: NewRun<'a>,
}

/// What of it does not depend on the clock.
#[derive(Serialize)]
pub struct NewRun<'a> {
    pub run_id: &'a str,
    #[serde(serialize_with = "as_map")]
    pub settings: &'a Settings,
    pub seed: u64,
    pub experiment_seed: u64,
    pub cadence: &'a Cadence,
    pub record: &'a RunRecord,
}

fn as_map<S: Serializer>(settings: &Settings, s: S) -> Result<S::Ok, S::Error> {
    s.collect_map(settings.iter())
}

/// As little of a line as the index needs.
#[derive(Deserialize)]
struct Glance {
    header: Option<Header>,
    run: Option<GlanceRun>,
}

#[derive(Deserialize)]
struct GlanceRun {
    run_id: String,
    record: GlanceRecord,
}

#[derive(Deserialize)]
struct GlanceRecord {
    status: Status,
}

/// The position of a run in the journal.
#[derive(Clone, Copy, Debug)]
pub struct Position {
    pub file: usize,
    pub offset: u64,
    pub length: usize,
    pub status: Status,
    /// The first 64 bits of the line's hash.
    pub hash: u64,
    /// Of the header above the line.
    pub numerics: u32,
}

/// What a line turns out to be when it is read back.
pub enum Line {
    Header { numerics: u32, claims: Option<String> },
    Run { run_id: String, position: Position },
    Damaged,
}

/// Walks over the lines of a journal file, one in memory at a time.
pub fn scan(path: &Path, mut visit: impl FnMut(Line, &[u8]) -> std::io::Result<()>) -> Result<(), SweepError> {
    let mut reader = BufReader::new(files::open(path).map_err(|e| cannot("read", path, e))?);
    let (mut offset, mut bytes, mut numerics) = (0, Vec::new(), 0);
    loop {
        bytes.clear();
        let length = reader.read_until(b'\n', &mut bytes).map_err(|e| cannot("read", path, e))?;
        if length == 0 {
            return Ok(());
        }
        let line = match intact(&bytes).then(|| serde_json::from_slice::<Glance>(&bytes).ok()).flatten() {
            Some(Glance { header: Some(header), .. }) if header.format != FORMAT => {
                let age = if header.format > FORMAT { "newer" } else { "older" };
                let (path, Header { program, format, .. }) = (path.to_path_buf(), header);
                return Err(SweepError::JournalFormat { path, program, age, format, known: FORMAT });
            }
            Some(Glance { header: Some(header), .. }) => {
                numerics = header.numerics;
                Line::Header { numerics, claims: header.claims }
            }
            Some(Glance { run: Some(GlanceRun { run_id, record }), .. }) => {
                let hash = short_hash(&bytes);
                Line::Run {
                    run_id,
                    position: Position { file: 0, offset, length, status: record.status, hash, numerics },
                }
            }
            _ => Line::Damaged,
        };
        visit(line, &bytes).map_err(|e| cannot("write beside", path, e))?;
        offset += length as u64;
    }
}

/// The line of a header or run, with its hash and its end. It is built in place, since the line of a long run is long.
pub fn line(body: &impl Serialize) -> Vec<u8> {
    let mut line = vec![0; REST_AT - 1];
    // Nothing in a line can fail to become JSON: its keys are texts and its numbers are finite or written as text.
    _ = serde_json::to_writer(&mut line, body);
    let hash = blake3::hash(line.get(REST_AT..).unwrap_or_default()).to_hex();
    // What the body begins with stands after the hash.
    line.splice(..REST_AT.min(line.len()), format!("{{\"hash\":\"{hash}\",").into_bytes());
    line.push(b'\n');
    line
}

/// Whether a line is whole and has the hash that it says.
pub fn intact(line: &[u8]) -> bool {
    let Some(body) = line.strip_suffix(b"\n") else { return false };
    body.len() > REST_AT
        && body.starts_with(b"{\"hash\":\"")
        && blake3::hash(&body[REST_AT..]).to_hex().as_bytes() == &body[HASH_AT..HASH_AT + 64]
}

/// The first 64 bits of a line's hash.
pub fn short_hash(line: &[u8]) -> u64 {
    let hex = std::str::from_utf8(&line[HASH_AT..HASH_AT + 16]).unwrap_or_default();
    u64::from_str_radix(hex, 16).unwrap_or_default()
}
