//! The results folder: whether it can be written, whether somebody else writes it, what it holds, and the files that
//! say what its plan is.

use crate::data::Targets;
use crate::experiment::plan::{GridCell, Plan};
use crate::plan_file::{PlanCell, PlanData, PlanFile, SCHEMA};
use crate::setting::Value;
use crate::sweep::Halt;
use crate::sweep::files::{cannot, write_as};
use crate::sweep::journal::{self, Journal};
use crate::sweep::outline::runs;
use crate::sweep::request::Request;
use crate::sweep::shard::{self, Shard};
use crate::sweep::standing::Standing;
use crate::sweep::work::Work;
use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

/// What to do with what the folder already holds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keep {
    /// The new plan may drop finished runs from view.
    pub replan: bool,
    /// Set the journal aside and run everything again.
    pub fresh: bool,
}

/// A results folder that this program alone writes, until dropped.
pub struct Folder {
    pub dir: PathBuf,
    pub journal: Journal,
    _lock: File,
}

impl Folder {
    /// Creates or reopens the folder for a plan, before any run. Also returns what the user should know.
    ///
    /// # Errors
    /// [`Halt::Input`] when the folder cannot be written, is in use, holds other files, or holds finished runs that
    /// the plan would drop from view.
    pub fn open(
        dir: &Path,
        plan: &Plan,
        work: &Work,
        request: &Request,
        keep: Keep,
    ) -> Result<(Self, Vec<String>), Halt> {
        let (journals, lock) = enter(dir, "sweep", "another sweep")?;
        shard::refuse_running(&journals)?;
        let mut notes = Vec::new();
        if keep.fresh {
            let n = journal::retire(&journals)?;
            if n > 0 {
                notes.push(format!(
                    "--fresh: the journal of {} is set aside as *.old; every run starts anew",
                    dir.display()
                ));
            }
        }
        let journal = Journal::read(&journals)?;
        let standing = Standing::of(dir, plan, work, &journal)?;
        if standing.dropped > 0 {
            let lines = reasons(&standing);
            if !keep.replan {
                return Err(refuse_to_drop(dir, standing.dropped, &lines));
            }
            notes.extend(lines);
        }
        let json = plan_json(plan, work);
        let (journal, damage) = journal.open(&plan_hash(&json, work))?;
        notes.extend(damage);
        freeze(dir, "tmp", plan, work, request)?;
        Ok((Folder { dir: dir.to_path_buf(), journal, _lock: lock }, notes))
    }

    /// Joins the folder as one of several shards that may write it at the same time, each its own journal and nothing else.
    ///
    /// # Errors
    /// As [`Folder::open`]; [`Halt::Input`] also when the folder has a plan that is not part of this one.
    pub fn join(
        dir: &Path,
        plan: &Plan,
        work: &Work,
        request: &Request,
        shard: Shard,
    ) -> Result<(Self, Vec<String>), Halt> {
        let (journals, lock) = enter(dir, &shard.file_stem(), &format!("shard {shard}"))?;
        let planned: HashSet<&str> = work.jobs.iter().map(|job| job.run.run_id.as_str()).collect();
        if let Some(other) = view_of(dir)?.iter().find(|id| !planned.contains(id.as_str())) {
            return Err(Halt::Input(format!(
                "{} holds another plan, with a run {other} that this one does not have; shards share one plan: give all of \
                 them the same experiment, --set and --seeds, or another --out",
                dir.display()
            )));
        }
        let (journal, notes) = Journal::read(&journals)?.join(&plan_hash(&plan_json(plan, work), work), shard)?;
        freeze(dir, &format!("{}.tmp", shard.file_stem()), plan, work, request)?;
        Ok((Folder { dir: dir.to_path_buf(), journal, _lock: lock }, notes))
    }
}

/// Creates the folder where it is missing, makes sure that it can be written and is nobody else's, and locks it for `writer`.
fn enter(dir: &Path, writer: &str, who: &str) -> Result<(PathBuf, File), Halt> {
    refuse_foreign(dir)?;
    let journals = dir.join("journal");
    probe(dir, &journals, writer)?;
    let lock = take_lock(dir, &journals.join(format!("{writer}.lock")), who)?;
    Ok((journals, lock))
}

/// The lock of a folder's results, for those who write CSV files and figures.
///
/// # Errors
/// When a sweep is writing there.
pub fn lock(dir: &Path) -> Result<File, Halt> {
    Ok(enter(dir, "sweep", "another sweep")?.1)
}

/// Writes the plan down, before any run.
fn freeze(dir: &Path, writer: &str, plan: &Plan, work: &Work, request: &Request) -> Result<(), Halt> {
    write_as(writer, &dir.join("experiment.toml"), plan.source.as_bytes())?;
    write_as(writer, &dir.join("plan.json"), plan_json(plan, work).as_bytes())?;
    request.write(dir, writer)?;
    write_as(writer, &view_path(&dir.join("journal")), view(work).as_bytes())
}

/// The text of `plan.json`: see [`PlanFile`].
pub fn plan_json(plan: &Plan, work: &Work) -> String {
    let fixed = fixed(plan);
    let owned = |(key, value): (&str, &Value)| (key.to_string(), value.clone());
    let cell = |cell: &GridCell| PlanCell {
        labels: cell.labels.iter().cloned().collect(),
        settings: cell.settings.iter().filter(|(key, value)| fixed.get(key) != Some(value)).map(owned).collect(),
        function: cell.function(),
    };
    // Axes over data settings make several sets; their rows and outputs are those of the first that is no function.
    let first = work.datasets.iter().find(|data| data.function.is_none()).unwrap_or(&work.datasets[0]);
    let file = PlanFile {
        schema: SCHEMA,
        name: plan.name.clone(),
        question: plan.question.clone(),
        seeds: plan.seeds.clone(),
        seed: plan.experiment_seed,
        record: Some(plan.cadence.clone()),
        settings: fixed.iter().map(|(key, value)| owned((key, value))).collect(),
        axes: plan.axes.clone(),
        cells: plan.cells.iter().map(cell).collect(),
        figures: plan.figures.clone(),
        compare: plan.compare.clone(),
        data: PlanData {
            name: first.name.clone(),
            digest: work.digest(),
            train_rows: first.train.rows,
            outputs: first.train.targets.outputs(),
            classes: matches!(first.train.targets, Targets::Classes { .. }),
        },
        probe: plan.cadence.probe.min(first.train.rows),
    };
    file.text()
}

/// The settings that are the same in every cell.
fn fixed(plan: &Plan) -> BTreeMap<&'static str, &Value> {
    let mut cells = plan.cells.iter();
    let mut fixed: BTreeMap<_, _> = cells.next().map(|cell| cell.settings.iter().collect()).unwrap_or_default();
    for cell in cells {
        fixed.retain(|key, value| cell.settings.get(key) == Some(*value));
    }
    fixed
}

/// Identity of a plan: its file and its runs, in order.
pub fn plan_hash(plan_json: &str, work: &Work) -> String {
    hash_of(plan_json, view(work).as_bytes())
}

/// The same from the contents of `plan.json` and `journal/view.txt`.
pub fn hash_of(plan_json: &str, view: &[u8]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(plan_json.as_bytes());
    hasher.update(view);
    hasher.finalize().to_hex()[..16].to_string()
}

/// The run ids of the plan, one a line.
fn view(work: &Work) -> String {
    work.jobs.iter().map(|job| format!("{}\n", job.run.run_id)).collect()
}

/// Which runs the folder's current plan holds; what else is in the journal was dropped from view on purpose.
fn view_path(journals: &Path) -> PathBuf {
    journals.join("view.txt")
}

/// The run ids of the folder's current plan, in order; none when it has no plan yet.
///
/// # Errors
/// When the file cannot be read.
pub fn view_of(dir: &Path) -> Result<Vec<String>, Halt> {
    let path = view_path(&dir.join("journal"));
    match fs::read(&path) {
        // A damaged name is the name of no run.
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).lines().map(String::from).collect()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) => Err(cannot("read", &path, &e)),
    }
}

/// A folder with files in it but without a journal is somebody else's.
fn refuse_foreign(dir: &Path) -> Result<(), Halt> {
    let foreign = fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) && !dir.join("journal").is_dir();
    if !foreign {
        return Ok(());
    }
    Err(Halt::Input(format!(
        "{} holds files but no journal of a sweep; give an empty or a new folder with --out",
        dir.display()
    )))
}

/// Writes and removes a file, so that an unwritable folder is found before the first run.
fn probe(dir: &Path, journals: &Path, writer: &str) -> Result<(), Halt> {
    let attempt = fs::create_dir_all(journals).and_then(|()| {
        [dir, journals].into_iter().map(|place| place.join(format!("{writer}.probe"))).try_for_each(|probe| {
            fs::write(&probe, b"x")?;
            fs::remove_file(&probe)
        })
    });
    attempt.map_err(|e| {
        Halt::Input(format!(
            "cannot write into the results folder {}: {e}; make it writable or choose another with --out",
            dir.display()
        ))
    })
}

fn take_lock(dir: &Path, path: &Path, who: &str) -> Result<File, Halt> {
    let file = File::create(path).map_err(|e| cannot("write", path, &e))?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(Halt::Input(format!(
            "{who} is writing into {}; wait for it, or choose another folder with --out",
            dir.display()
        ))),
        Err(TryLockError::Error(e)) if e.kind() != std::io::ErrorKind::Unsupported => Err(cannot("lock", path, &e)),
        // A file system without locks: nobody else can be seen, so nobody can be refused.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
    }
}

/// What a new plan changes in finished runs, a line a reason: `rerun: width 48 -> 64 (30 runs)`.
fn reasons(standing: &Standing) -> Vec<String> {
    const SHOWN: usize = 10;
    let line = |word: &'static str| move |(why, n): (&str, usize)| format!("{word}: {why} ({})", runs(n));
    let rerun = standing.changes().into_iter().map(line("rerun"));
    let mut lines: Vec<String> = rerun.chain(standing.gone().into_iter().map(line("dropped"))).collect();
    if lines.len() > SHOWN {
        let more = lines.split_off(SHOWN).len();
        lines.push(format!("and {more} other reasons; `gradsweep plan --csv` has each run"));
    }
    lines
}

fn refuse_to_drop(dir: &Path, dropped: usize, reasons: &[String]) -> Halt {
    let n = if dropped == 1 { "1 finished run".into() } else { format!("{dropped} finished runs") };
    Halt::Input(format!(
        "{} holds {n} that the new plan does not have\n  {}\n\
         help: --replan drops them from the tables but keeps them in the journal; --out DIR writes elsewhere",
        dir.display(),
        reasons.join("\n  ")
    ))
}
