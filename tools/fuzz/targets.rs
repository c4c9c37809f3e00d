//! What is fuzzed: the readers of everything that comes from outside, each with real files to start from.

use super::mutate::{Corpus, Rng};
use flate2::Compression;
use flate2::write::GzEncoder;
use gradsweep::conclude::{Conclusion, conclude};
use gradsweep::data::{self, Places, Sizes};
use gradsweep::experiment::{DataFacts, Experiment, Overrides, Plan};
use gradsweep::figure::kinds::FACTS;
use gradsweep::files;
use gradsweep::import::Import;
use gradsweep::ops::loss::Compared;
use gradsweep::results::Results;
use gradsweep::run::train;
use gradsweep::setting::Settings;
use gradsweep::sweep::journal::{Clock, Identity, Journal};
use gradsweep::sweep::work::Work;
use std::fs;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

/// A reader and its inputs.
pub trait Target {
    /// Reads one input; whether it was accepted. What it leaves in `dir` is removed.
    ///
    /// # Panics
    /// Where the reader does, or breaks a promise.
    fn read(&self, rng: &mut Rng, dir: &Path) -> bool;
}

/// The names of the targets.
pub const TARGETS: &[&str] = &["experiment", "journal", "idx", "csv", "import"];

/// The target of this name.
pub fn target(name: &str) -> Option<Box<dyn Target>> {
    match name {
        "experiment" => Some(Box::new(ExperimentText::new())),
        "journal" => Some(Box::new(JournalFiles::new())),
        "idx" => Some(Box::new(IdxFiles::new())),
        "csv" => Some(Box::new(CsvFile::new())),
        "import" => Some(Box::new(ImportedTables::new())),
        _ => None,
    }
}

/// Parsing an experiment and combining its plan, with and without `--set` and `--only`.
struct ExperimentText {
    corpus: Corpus,
}

/// The experiments that come with the program.
const EXPERIMENTS: &[&str] = &[
    include_str!("../../experiments/architectures.toml"),
    include_str!("../../experiments/article.toml"),
    include_str!("../../experiments/functions.toml"),
    include_str!("../../experiments/lecture.toml"),
    include_str!("../../experiments/time.toml"),
    include_str!("../../experiments/vanishing.toml"),
    include_str!("../../experiments/vanishing_lr.toml"),
];
/// The experiments of the transcripts, which show every rule of the grammar, right and wrong.
const RIGHT: &str = include_str!("../../tests/transcripts/plan.txt");
const WRONG: &str = include_str!("../../tests/transcripts/wrong_files.txt");

impl ExperimentText {
    fn new() -> Self {
        let file = |case: &str| case.split_once("--- x.toml\n")?.1.split("\n$").next().map(String::from);
        let cases = |text: &str| text.split("\n### ").filter_map(file).collect::<Vec<_>>();
        let right = [EXPERIMENTS.iter().map(|text| text.to_string()).collect(), cases(RIGHT)].concat();
        // What is accepted reaches deeper than what is refused, so there is more of it.
        let wrong = cases(WRONG);
        let often = 2 * wrong.len() / right.len();
        let seeds = std::iter::repeat_n(right, often).flatten().chain(wrong).map(String::into_bytes).collect();
        ExperimentText { corpus: Corpus::new(seeds, &gradsweep::experiment::settings_table_markdown()) }
    }

    /// `key=value`, from a line of a file.
    fn option(&self, rng: &mut Rng) -> String {
        let text = self.corpus.text(rng);
        let lines: Vec<&[u8]> = text.split(|b| *b == b'\n').filter(|line| line.contains(&b'=')).collect();
        if lines.is_empty() {
            return "depth=[2, 4]".into();
        }
        String::from_utf8_lossy(rng.pick::<&[u8]>(&lines)).replacen(" = ", "=", 1)
    }

    fn plan(&self, rng: &mut Rng) -> Result<Plan, String> {
        let text = self.corpus.text(rng);
        let said = |problem: gradsweep::experiment::ExperimentError| problem.to_string();
        let experiment = Experiment::parse(&String::from_utf8_lossy(&text), "x.toml", FACTS).map_err(said)?;
        let set = (0..rng.below(3) / 2).map(|_| self.option(rng)).collect();
        let seeds = rng.once_in(8).then(|| rng.next() >> rng.below(64));
        let plan = experiment.plan(&Overrides { set, seeds, ..Overrides::default() }).map_err(said)?;
        if rng.once_in(8) {
            plan.only(&[self.option(rng)]).map_err(said)?;
        }
        Ok(plan)
    }
}

impl Target for ExperimentText {
    fn read(&self, rng: &mut Rng, _: &Path) -> bool {
        let Ok(plan) = self.plan(rng) else { return false };
        let sets = plan.datasets().settings.len();
        let sizes = || Sizes { input: vec![64], outputs: 10 };
        let facts = |digest: &String| DataFacts {
            answers: 1,
            is_padded: false,
            change: None,
            digest: digest.clone(),
            train_rows: 1437,
            sizes: sizes(),
            targets: Compared::Classes(10),
        };
        let digests: Vec<String> = (0..sets).map(|i| format!("{i:016x}")).collect();
        if let Err(problem) = plan.check_data(&digests.iter().map(facts).collect::<Vec<_>>()) {
            return problem.to_string().is_empty();
        }
        let runs = plan.runs(&digests);
        assert_eq!(runs.len(), plan.cells.len() * plan.seeds.len());
        true
    }
}

/// Reading a folder's journal, mending it, and making the tables of what it holds.
struct JournalFiles {
    corpus: Corpus,
    plan: Plan,
    work: Work,
}

impl JournalFiles {
    fn new() -> Self {
        let text = "[base]\ndata = { kind = \"spirals\", n = 40 }\nwidth = 2\nsteps = 3\nbatch = 8\n[axes]\ndepth = [1, 2]\n\
                    [record]\nscore.every = 2\ngradients.every = 2\nprobe = 8";
        let overrides = Overrides { set: Vec::new(), seeds: Some(2), ..Overrides::default() };
        let plan = Experiment::parse(text, "x.toml", FACTS).and_then(|e| e.plan(&overrides)).expect("a plan");
        let work = Work::new(&plan, |settings| data::load(settings, &Places::default())).expect("its data");
        let dir = tempfile::tempdir().expect("a folder");
        let (journal, _) = Journal::read(dir.path()).and_then(|j| j.open(Identity::default())).expect("a journal");
        let clock = Clock { started: "2026-01-01T00:00:00Z".into(), seconds: 0.25, worker: 1 };
        for job in &work.jobs {
            let record = train(&job.run.spec, work.dataset(job), &mut |_| ControlFlow::Continue(())).expect("a run");
            journal.append(&job.run, &record, &clock).expect("a line");
        }
        let whole = fs::read(dir.path().join("runs.jsonl")).expect("a file");
        JournalFiles { corpus: Corpus::new(vec![whole], ""), plan, work }
    }

    /// Lines mutated, most of them sealed again with a hash that fits, so that what is behind the hash is reached.
    fn file(&self, rng: &mut Rng) -> Vec<u8> {
        let mut lines: Vec<Vec<u8>> =
            self.corpus.seeds[0].split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
        for _ in 0..rng.below(4) {
            let at = rng.below(lines.len());
            match rng.below(6) {
                0 => lines.insert(at, lines[rng.below(lines.len())].clone()),
                1 if lines.len() > 1 => drop(lines.remove(at)),
                _ => {
                    let mut rest = lines[at].get(REST_AT..).unwrap_or_default().to_vec();
                    self.corpus.mutate_text(&mut rest, rng);
                    lines[at] = if rng.once_in(4) { [&lines[at][..REST_AT], &rest].concat() } else { seal(&rest) };
                }
            }
        }
        let mut whole = lines.concat();
        if rng.once_in(4) {
            self.corpus.mutate_bytes(&mut whole, rng);
        }
        whole
    }
}

/// Where a line's hash ends: see the journal's own description of its format.
const REST_AT: usize = "{\"hash\":\"\",".len() + 64;

fn seal(rest: &[u8]) -> Vec<u8> {
    let body = rest.strip_suffix(b"\n").unwrap_or(rest);
    [format!("{{\"hash\":\"{}\",", blake3::hash(body).to_hex()).as_bytes(), body, b"\n"].concat()
}

impl Target for JournalFiles {
    fn read(&self, rng: &mut Rng, dir: &Path) -> bool {
        let journals = dir.join("journal");
        fs::create_dir_all(&journals).expect("a folder");
        for name in ["runs.jsonl", "runs-1.jsonl"].iter().take(1 + rng.below(2)) {
            fs::write(journals.join(name), self.file(rng)).expect("a file");
        }
        let Ok(journal) = Journal::read(&journals) else { return false };
        let known = journal.len();
        let (journal, _) = journal.open(Identity::default()).expect("damage never keeps a journal from opening");
        assert_eq!(journal.len(), known, "mending keeps every run");
        let (journal, notes) =
            Journal::read(&journals).and_then(|j| j.open(Identity::default())).expect("what was mended opens");
        assert!(notes.is_empty() && journal.len() == known, "mended once is mended: {notes:?}");
        let ids = self.work.jobs.iter().map(|job| &job.run.run_id);
        let read: Vec<bool> =
            ids.map(|id| journal.spec(id).is_ok() && matches!(journal.entry(id), Ok(Some(_)))).collect();
        if rng.once_in(16) {
            // A record that somebody forged may be an error here, and no panic.
            let _ = conclude(dir, &self.plan, &self.work, &journal, Some(&|_, _| Ok(Vec::new())));
        }
        read.contains(&true)
    }
}

/// The settings of a data set, from the text of `[base]`.
fn settings(base: &str) -> Settings {
    let plan =
        Experiment::parse(&format!("[base]\n{base}"), "x.toml", FACTS).and_then(|e| e.plan(&Overrides::default()));
    plan.unwrap_or_else(|problem| panic!("{problem}")).datasets().settings[0].clone()
}

/// Loads the data set in `dir`; whether it was accepted.
fn load(settings: &Settings, dir: &Path) -> bool {
    match data::load(settings, &Places { data_dir: None, base: dir.into() }) {
        Ok(data) => {
            assert_eq!(data.train.x.len(), data.train.rows * data.features());
            assert!(data.train.x.to_vec().iter().all(|x| x.is_finite()), "only finite numbers are let in");
            true
        }
        Err(error) => error.to_string().is_empty(),
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// The bytes, once in four as gzip, which is sometimes damaged in its turn.
fn packed(corpus: &Corpus, bytes: Vec<u8>, rng: &mut Rng) -> Vec<u8> {
    if !rng.once_in(4) {
        return bytes;
    }
    let mut packed = gzip(&bytes);
    if rng.once_in(4) {
        corpus.mutate_bytes(&mut packed, rng);
    }
    packed
}

/// Pairs of IDX files of images and labels.
struct IdxFiles {
    images: Corpus,
    labels: Corpus,
    settings: Vec<Settings>,
}

/// An IDX file of this type and shape, with some numbers of `size` bytes in it.
fn idx(kind: u8, size: usize, shape: &[u32]) -> Vec<u8> {
    let mut bytes = vec![0, 0, kind, shape.len() as u8];
    bytes.extend(shape.iter().flat_map(|n| n.to_be_bytes()));
    let count = shape.iter().product::<u32>() as usize;
    for i in 0..count {
        let number = (i * 7 % 3) as f64;
        match (kind, size) {
            (0x0e, _) => bytes.extend(number.to_be_bytes()),
            (0x0d, _) => bytes.extend((number as f32).to_be_bytes()),
            _ => bytes.extend(&(number as u64).to_be_bytes()[8 - size..]),
        }
    }
    bytes
}

/// Makes the file as long as its header says, where that is no more than a few pages.
fn fit(bytes: &mut Vec<u8>) {
    let [_, _, kind, dimensions, ..] = bytes[..] else { return };
    let size = KINDS.iter().find(|(k, _)| *k == kind).map_or(1, |(_, size)| *size);
    let start = 4 + 4 * usize::from(dimensions);
    let sizes = bytes.get(4..start).unwrap_or_default().chunks_exact(4);
    let product = sizes.fold(size, |n, b| n.saturating_mul(u32::from_be_bytes([b[0], b[1], b[2], b[3]]) as usize));
    if product < 1 << 14 {
        bytes.resize(start + product, 1);
    }
}

/// The number types of IDX and their bytes.
const KINDS: [(u8, usize); 6] = [(0x08, 1), (0x09, 1), (0x0b, 2), (0x0c, 4), (0x0d, 4), (0x0e, 8)];

impl IdxFiles {
    fn new() -> Self {
        let all = |shape: &[u32]| KINDS.iter().map(|(kind, size)| idx(*kind, *size, shape)).collect::<Vec<_>>();
        let pair = "data = { kind = \"idx\", images = \"x\", labels = \"y\"";
        let test = ", test_images = \"y\", test_labels = \"x\"";
        let more = ["", test, ", n_train = 5", ", validation = 0.3, label_noise = 0.5", ", scaling = \"none\""];
        IdxFiles {
            images: Corpus::new([all(&[12, 2, 2]), all(&[12]), all(&[12, 3]), all(&[12, 1, 2, 2])].concat(), ""),
            labels: Corpus::new(all(&[12]), ""),
            settings: more.iter().map(|more| settings(&format!("{pair}{more} }}"))).collect(),
        }
    }
}

impl Target for IdxFiles {
    fn read(&self, rng: &mut Rng, dir: &Path) -> bool {
        let (mut x, mut y) = (self.images.bytes(rng), self.labels.seeds[rng.below(6)].clone());
        if rng.once_in(3) {
            y = self.labels.bytes(rng);
        }
        if rng.once_in(2) {
            fit(&mut x);
            fit(&mut y);
        }
        // A header that promises the most.
        if rng.once_in(8) && x.len() > 16 {
            x[3] = 1 + rng.below(8) as u8;
            let from = 4 + 4 * rng.below(3);
            x.splice(from..from + 4, rng.pick(&[0u32, 1, 0xffff_ffff, 0x8000_0000, 1 << 28, 65_536]).to_be_bytes());
        }
        fs::write(dir.join("x"), packed(&self.images, x, rng)).expect("a file");
        fs::write(dir.join("y"), packed(&self.labels, y, rng)).expect("a file");
        load(rng.pick(&self.settings), dir)
    }
}

/// One CSV file, read with different targets and tasks.
struct CsvFile {
    corpus: Corpus,
    settings: Vec<Settings>,
}

impl CsvFile {
    fn new() -> Self {
        let table = |row: &dyn Fn(usize) -> String| (0..24).map(row).collect::<String>().into_bytes();
        let headed = |head: &str, rows: Vec<u8>| [head.as_bytes(), &rows].concat();
        let words = ["a", "b", "c c"];
        let seeds = vec![
            table(&|i| format!("{i},{}.5,{}\n", i * 7 % 11, i % 3)),
            headed("a,b,kind\n", table(&|i| format!("{i},{},{}\r\n", i * i % 13, words[i % 3]))),
            headed(
                "\u{feff}\"a\",\"b \"\"x\"\"\",kind\n",
                table(&|i| format!("\"{i}\", -{i}e-3 ,\"{}\"\n", words[i % 2])),
            ),
            table(&|i| format!("{},{}\n", (i as f64).sin(), (i as f64).cos())),
            table(&|i| format!("{i},{}\n", i * 7919 % 1009)),
        ];
        let file = "data = { kind = \"csv\", path = \"t.csv\"";
        let more = [
            "",
            ", target = \"1\"",
            ", target = \"kind\"",
            ", target = \"9\"",
            ", task = \"classes\"",
            ", task = \"values\"",
            ", scaling = \"none\"",
            ", n_train = 6, label_noise = 0.5",
            ", validation = 0.4, test = 0.3",
        ];
        CsvFile {
            corpus: Corpus::new(seeds, "last first NaN kind"),
            settings: more.iter().map(|more| settings(&format!("{file}{more} }}"))).collect(),
        }
    }
}

impl Target for CsvFile {
    fn read(&self, rng: &mut Rng, dir: &Path) -> bool {
        let mut bytes = self.corpus.text(rng);
        // A small file that unpacks to a large one.
        let bytes = if rng.once_in(20_000) {
            let line = rng.pick(&["1,", "1,2,0\n", "\n", ",,,,\n", "\"", "1,0.5\n"]).as_bytes();
            bytes.extend(line.repeat((8 << 20) / line.len()));
            gzip(&bytes)
        } else {
            packed(&self.corpus, bytes, rng)
        };
        files::write(&dir.join("t.csv"), &bytes).expect("a file");
        load(rng.pick(&self.settings), dir)
    }
}

/// The tables of another program's training, one of them mutated, and what is made of those that are let in.
struct ImportedTables {
    /// Of each training its runs, history and layers.
    trainings: [[Corpus; 3]; 2],
}

const TABLES: [&str; 3] = ["runs.csv", "history.csv", "layers.csv"];

impl ImportedTables {
    fn new() -> Self {
        let words =
            "seed status diverged message units time depth optimizer.lr target_loss steps NaN -inf =1+1 \u{1b}[2J";
        let corpus = |text: &str| Corpus::new(vec![text.into()], words);
        let trainings = [
            [
                include_str!("../../tests/fixtures/import/convolutional/runs.csv"),
                include_str!("../../tests/fixtures/import/convolutional/history.csv"),
                include_str!("../../tests/fixtures/import/convolutional/layers.csv"),
            ],
            [
                include_str!("../../tests/fixtures/import/recurrent/runs.csv"),
                include_str!("../../tests/fixtures/import/recurrent/history.csv"),
                include_str!("../../tests/fixtures/import/recurrent/layers.csv"),
            ],
        ];
        ImportedTables { trainings: trainings.map(|tables| tables.map(corpus)) }
    }
}

impl Target for ImportedTables {
    fn read(&self, rng: &mut Rng, dir: &Path) -> bool {
        let (training, mutated) = (rng.pick(&[0, 1]), rng.below(TABLES.len()));
        let paths = TABLES.map(|table| dir.join(table));
        for (number, (path, corpus)) in paths.iter().zip(&self.trainings[*training]).enumerate() {
            let bytes = if number == mutated { corpus.text(rng) } else { corpus.seeds[0].clone() };
            files::write(path, &bytes).expect("a file");
        }
        let Ok(import) = Import::read(&paths, None, "fuzz") else { return false };
        if rng.once_in(16) {
            let out = dir.join("out");
            fs::create_dir(&out).expect("a folder");
            import.write(&out).expect("what was let in can be written");
            let results = Results::read(&out).expect("and read again");
            let conclusion = Conclusion::of(results, &[]).expect("and answered");
            assert!(!conclusion.answer.text().contains(['\u{1b}', '\0']), "a label is obeyed by a terminal");
        }
        true
    }
}
