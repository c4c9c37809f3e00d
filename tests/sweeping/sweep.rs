//! A sweep with a made-up training function: what it writes may depend on the plan alone, whatever happens to it.

use gradsweep::columns;
use gradsweep::conclude::{Conclusion, conclude};
use gradsweep::data::{Dataset, Split, Targets};
use gradsweep::experiment::{Experiment, Overrides, Plan};
use gradsweep::figure::FigureError;
use gradsweep::figure::kinds::FACTS;
use gradsweep::record::{RunRecord, Status};
use gradsweep::results::Results;
use gradsweep::results::figure_claims::FigureClaim;
use gradsweep::run::RunError;
use gradsweep::run::spec::RunSpec;
use gradsweep::sweep::folder::{Folder, Keep};
use gradsweep::sweep::interrupt::Interrupt;
use gradsweep::sweep::pool::{self, Options};
use gradsweep::sweep::progress::{Show, Tally};
use gradsweep::sweep::request::Request;
use gradsweep::sweep::unfinished::Counts;
use gradsweep::sweep::work::{Work, select};
use gradsweep::table::{Cell, Table};
use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tempfile::tempdir;

/// The depth whose runs diverge.
const DIVERGES: i64 = 4;
const STEPS: usize = 20;

const EXPERIMENT: &str = r#"
name = "made_up"

[base]
width = 6
batch = 8
steps = 20
optimizer = "adam"

[axes]
depth = [2, 4, 8]

[variants.no_bias]
bias = false
[variants.plain]
"#;

fn plan(seeds: u64) -> Plan {
    let overrides = Overrides { set: Vec::new(), seeds: Some(seeds), ..Overrides::default() };
    Experiment::parse(EXPERIMENT, "made_up.toml", FACTS).unwrap().plan(&overrides).unwrap()
}

fn work(plan: &Plan) -> Work {
    let data = Dataset {
        name: "made_up".into(),
        shape: vec![3],
        train: Split { rows: 16, x: vec![0.0; 48].into(), targets: Targets::Classes { labels: vec![0; 16], count: 2 } },
        validation: None,
        test: None,
        digest: "00".into(),
        scaled: None,
        classes: Vec::new(),
        change: None,
        notes: Vec::new(),
        function: None,
    };
    Work::new(plan, |_| Ok::<_, RunError>(data.clone())).unwrap()
}

/// Numbers from the seeds, NaN and infinities where a run diverges.
fn train(
    spec: &RunSpec,
    _: &Dataset,
    on_step: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<RunRecord, RunError> {
    let depth = spec.settings.int("depth").unwrap();
    let shape = [depth as usize, usize::from(spec.settings.flag("bias"))];
    let mut stream = spec.seeds.stream("made up", &shape);
    let (mut history, mut layers) = (Table::new(columns::HISTORY), Table::new(columns::LAYERS));
    for step in 0..=STEPS {
        if on_step(step).is_break() {
            return Err(RunError::Cancelled);
        }
        if step % 10 == 0 {
            let mut row: Vec<Cell> = columns::HISTORY.iter().map(|_| Cell::Float(stream.normal())).collect();
            row[0] = step.into();
            history.push(row);
            layers.push(columns::LAYERS.iter().map(|_| Cell::Float(stream.normal() * 1e-40)).collect());
        }
    }
    let mut outcome: Vec<Cell> = columns::OUTCOMES.iter().map(|_| Cell::Float(stream.normal())).collect();
    if depth != DIVERGES {
        return Ok(RunRecord {
            status: Status::Finished,
            message: String::new(),
            outcome,
            bounds: Vec::new(),
            history,
            layers,
            points: Table::default(),
            distributions: Table::default(),
            along_input: Table::default(),
        });
    }
    for (column, x) in [("train_loss", f64::NAN), ("test_loss", f64::INFINITY), ("val_loss", f64::NEG_INFINITY)] {
        outcome[place(column)] = Cell::Float(x);
    }
    let message = "loss is NaN at step 20, \"so\" to say".into();
    let (bounds, [points, distributions, along_input]) = (Vec::new(), [(); 3].map(|()| Table::default()));
    let status = Status::Diverged;
    Ok(RunRecord { status, message, outcome, bounds, history, layers, points, distributions, along_input })
}

fn place(column: &str) -> usize {
    columns::OUTCOMES.iter().position(|c| c.name == column).unwrap()
}

const QUIET: Options = Options { jobs: 2, fail_fast: false, show: Show::Nothing };

type Train<'a> = &'a gradsweep::sweep::RunFn<'a>;

/// One session, from opening the folder to the CSV files, and the notes on opening.
fn session(
    dir: &Path,
    plan: &Plan,
    options: Options,
    keep: Keep,
    train: Train,
    interrupt: &Interrupt,
) -> (Tally, Counts, Vec<String>) {
    let work = work(plan);
    let (folder, notes) = Folder::open(dir, plan, &work, &Request::default(), keep).unwrap();
    let open = |i: &usize| folder.journal.status(&work.jobs[*i].run.run_id).is_none();
    let todo = (0..work.jobs.len()).filter(open).collect();
    let tally = pool::run(&work, &work.order(todo), options, train, &folder.journal, interrupt).unwrap();
    concluded(dir, plan, &work, &folder);
    (tally, Counts::of(&work, &folder.journal), notes)
}

/// The tables, with no figures.
fn concluded(dir: &Path, plan: &Plan, work: &Work, folder: &Folder) -> Conclusion {
    conclude(dir, plan, work, &folder.journal, Some(&|_, _| Ok(Vec::new()))).unwrap()
}

fn sweep(dir: &Path, plan: &Plan) -> (Tally, Counts, Vec<String>) {
    session(dir, plan, QUIET, Keep::default(), &train, &Interrupt::new())
}

/// The files that must not depend on clock, machine or history.
fn bytes(dir: &Path) -> BTreeMap<&'static str, Vec<u8>> {
    let names = ["runs.csv", "summary.csv", "history.csv", "layers.csv", "plan.json", "experiment.toml"];
    names.into_iter().map(|name| (name, fs::read(dir.join(name)).unwrap())).collect()
}

fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_path(path).unwrap().deserialize().map(Result::unwrap).collect()
}

#[test]
fn bytes_do_not_depend_on_jobs() {
    let dir = tempdir().unwrap();
    let plan = plan(3);
    let each = [1, 2, 5].map(|jobs| {
        let dir = dir.path().join(jobs.to_string());
        let (tally, view, _) =
            session(&dir, &plan, Options { jobs, ..QUIET }, Keep::default(), &train, &Interrupt::new());
        assert_eq!((tally.done, view.done, view.planned), (18, 18, 18));
        bytes(&dir)
    });
    assert!(each[0] == each[1] && each[0] == each[2]);
    let text = String::from_utf8(each[0]["runs.csv"].clone()).unwrap();
    assert_eq!(text.lines().count(), 1 + 18);
}

#[test]
fn interrupted_and_resumed_equals_uninterrupted() {
    let dir = tempdir().unwrap();
    let plan = plan(3);
    sweep(&dir.path().join("whole"), &plan);
    let broken = dir.path().join("broken");
    for (number, after) in [4, 5, 100].into_iter().enumerate() {
        let (interrupt, begun) = (Interrupt::new(), AtomicUsize::new(0));
        let (tally, _, _) = session(
            &broken,
            &plan,
            QUIET,
            Keep::default(),
            &|spec, data, on_step| {
                if begun.fetch_add(1, Ordering::Relaxed) == after {
                    interrupt.ask();
                }
                train(spec, data, on_step)
            },
            &interrupt,
        );
        assert!(number == 2 || (tally.done >= after - 1 && tally.done <= after), "{tally:?}");
    }
    assert!(bytes(&broken) == bytes(&dir.path().join("whole")));
}

#[test]
fn a_long_run_stops_within_a_second() {
    let (interrupt, dir) = (Interrupt::new(), tempdir().unwrap());
    let asked = std::thread::scope(|scope| {
        let asked = scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(200));
            interrupt.ask();
            Instant::now()
        });
        let endless: Train = &|_, _, on_step| {
            loop {
                if on_step(0).is_break() {
                    return Err(RunError::Cancelled);
                }
                std::thread::sleep(Duration::from_millis(1));
            }
        };
        let (tally, view, _) = session(dir.path(), &plan(1), QUIET, Keep::default(), endless, &interrupt);
        assert_eq!((tally.done, view.done), (0, 0));
        asked.join().unwrap()
    });
    assert!(asked.elapsed() < Duration::from_secs(1));
}

#[test]
fn a_torn_tail_is_kept_aside_and_redone() {
    let dir = tempdir().unwrap();
    let plan = plan(2);
    let whole = dir.path().join("whole");
    sweep(&whole, &plan);
    let journal = fs::read(whole.join("journal/runs.jsonl")).unwrap();
    let last = journal[..journal.len() - 1].iter().rposition(|b| *b == b'\n').unwrap() + 1;
    for cut in [last + 1, last + 70, journal.len() - 2, journal.len() - 1, last / 2, 30] {
        let torn = dir.path().join(format!("torn{cut}"));
        sweep(&torn, &plan);
        fs::write(torn.join("journal/runs.jsonl"), &journal[..cut]).unwrap();
        let (tally, view, notes) = sweep(&torn, &plan);
        assert!(tally.done >= 1 && view.done == view.planned, "{tally:?} {view:?}");
        assert!(notes.len() == 1 && notes[0].contains("1 line damaged"), "{notes:?}");
        let kept = fs::read(torn.join("journal/runs.jsonl.damaged")).unwrap();
        assert!(!kept.is_empty() && journal[..cut].ends_with(&kept));
        assert!(bytes(&torn) == bytes(&whole), "cut at {cut}");
        assert_eq!(sweep(&torn, &plan).2, Vec::<String>::new());
    }
}

#[test]
fn a_flipped_bit_costs_its_line_and_no_other() {
    let dir = tempdir().unwrap();
    let plan = plan(1);
    sweep(dir.path(), &plan);
    let right = bytes(dir.path());
    let path = dir.path().join("journal/runs.jsonl");
    let journal = fs::read(&path).unwrap();
    for at in (0..journal.len()).step_by(journal.len() / 60).chain([0, 9, journal.len() - 1]) {
        let mut flipped = journal.clone();
        flipped[at] ^= 1 << (at % 8);
        fs::write(&path, &flipped).unwrap();
        let (tally, view, notes) = sweep(dir.path(), &plan);
        // A flip may tear two lines into one or one into two.
        assert!(tally.done <= 2 && view.done == view.planned && notes.len() == 1, "byte {at}: {tally:?} {notes:?}");
        assert!(bytes(dir.path()) == right, "byte {at}");
    }
}

#[test]
fn a_panic_is_one_failed_row() {
    let dir = tempdir().unwrap();
    let plan = plan(2);
    let sour: Train = &|spec, data, on_step| {
        assert!(spec.settings.int("depth") != Some(8) || spec.seeds.run != 2 || spec.settings.flag("bias"), "sour run");
        train(spec, data, on_step)
    };
    let (tally, view, _) = session(dir.path(), &plan, QUIET, Keep::default(), sour, &Interrupt::new());
    assert_eq!((tally.done, tally.failed, view.failed, view.done), (12, 1, 1, 12));
    let rows = rows(&dir.path().join("runs.csv"));
    let failed: Vec<_> = rows.iter().filter(|row| row["status"] == "failed").collect();
    assert_eq!((rows.len(), failed.len()), (12, 1));
    assert!(
        failed[0]["message"].contains("sour run") && failed[0]["message"].contains("tests/sweeping/sweep.rs"),
        "{failed:?}"
    );
    assert_eq!(
        (failed[0]["depth"].as_str(), failed[0]["variant"].as_str(), failed[0]["steps"].as_str()),
        ("8", "no_bias", "")
    );
    assert_eq!(sweep(dir.path(), &plan).0.done, 0, "failed runs wait for --retry-failed");
}

#[test]
fn a_retried_run_replaces_its_failure_and_is_not_replaced_by_one() {
    let dir = tempdir().unwrap();
    let plan = plan(1);
    let work = work(&plan);
    let defect: Train = &|_, _, _| Err(RunError::Defect("no luck".into()));
    let (folder, _) = Folder::open(dir.path(), &plan, &work, &Request::default(), Keep::default()).unwrap();
    for (train, failed) in [(defect, 1), (&train as Train, 0), (defect, 0)] {
        pool::run(&work, &[0], QUIET, train, &folder.journal, &Interrupt::new()).unwrap();
        assert_eq!(Counts::of(&work, &folder.journal).failed, failed);
    }
    drop(folder);
    let (folder, _) = Folder::open(dir.path(), &plan, &work, &Request::default(), Keep::default()).unwrap();
    assert_eq!(Counts::of(&work, &folder.journal), Counts { planned: 6, done: 1, diverged: 0, failed: 0 });
}

#[test]
fn fail_fast_stops_and_leaves_the_rest_for_later() {
    let dir = tempdir().unwrap();
    let plan = plan(3);
    let options = Options { jobs: 1, fail_fast: true, show: Show::Nothing };
    let defect: Train = &|_, _, _| Err(RunError::Defect("no luck".into()));
    let (tally, view, _) = session(dir.path(), &plan, options, Keep::default(), defect, &Interrupt::new());
    assert_eq!((tally.done, tally.failed, view.done), (1, 1, 1));
}

#[test]
fn diverged_runs_are_rows_and_never_averaged() {
    let dir = tempdir().unwrap();
    let (_, view, _) = sweep(dir.path(), &plan(5));
    assert_eq!(view.diverged, 10);
    let runs = rows(&dir.path().join("runs.csv"));
    let diverged: Vec<_> = runs.iter().filter(|row| row["status"] == "diverged").collect();
    assert_eq!(diverged.len(), 10);
    for row in diverged {
        assert_eq!(
            (row["train_loss"].as_str(), row["test_loss"].as_str(), row["val_loss"].as_str()),
            ("NaN", "inf", "-inf")
        );
        assert_eq!(row["message"], "loss is NaN at step 20, \"so\" to say");
        assert_eq!(row["optimizer"], "adam", "without an axis of optimizers the arm is the rule");
    }
    for row in rows(&dir.path().join("summary.csv")) {
        let mut values: Vec<f64> = runs
            .iter()
            .filter(|run| run["depth"] == row["depth"] && run["variant"] == row["variant"])
            .map(|run| run["attenuation_init"].parse().unwrap())
            .collect();
        values.sort_by(f64::total_cmp);
        assert_eq!(row["n"], "5");
        if row["depth"] == DIVERGES.to_string() {
            let end = [row["train_loss_median"].as_str(), row["attenuation_end_median"].as_str()];
            assert_eq!((row["diverged"].as_str(), end), ("5", ["", ""]));
        }
        // How a run ends has no say in how it starts.
        let number = |column: &str| row[column].parse::<f64>().unwrap();
        assert_eq!(number("attenuation_init_median"), values[2]);
        assert_eq!((number("attenuation_init_low"), number("attenuation_init_high")), (values[0], values[4]));
        assert_eq!(row["attenuation_init_coverage"], "0.9375");
    }
}

#[test]
fn seed_one_of_every_cell_runs_first_and_the_costliest_of_them_before_the_others() {
    let work = work(&plan(2));
    let order = work.order((0..work.jobs.len()).collect());
    let order: Vec<(u64, i64)> = order
        .iter()
        .map(|&i| &work.jobs[i].run.spec)
        .map(|spec| (spec.seeds.run, spec.settings.int("depth").unwrap()))
        .collect();
    let one = [8, 8, 4, 4, 2, 2];
    let expected: Vec<(u64, i64)> = [1, 2].into_iter().flat_map(|seed| one.map(|depth| (seed, depth))).collect();
    assert_eq!(order, expected);
    // 20 steps x 6 x batch 8 x (3*6 + 6*6 + 6*2) weights.
    assert_eq!(work.jobs[0].cost.training, 20.0 * 6.0 * 8.0 * 66.0);
}

#[test]
fn only_chooses_runs_and_names_what_it_does_not_know() {
    let plan = plan(2);
    let work = work(&plan);
    let count = |list: &[&str]| {
        let texts: Vec<String> = list.iter().map(|s| s.to_string()).collect();
        select(&plan, &work, &texts).map(|jobs| jobs.len()).map_err(|problem| problem.to_string())
    };
    assert_eq!(count(&[]), Ok(12));
    assert_eq!(count(&["depth=2", "depth=8"]), Ok(8));
    assert_eq!(count(&["depth=[2, 8]"]), Ok(8));
    assert_eq!(count(&["depth=2", "variant=plain"]), Ok(2));
    assert_eq!(count(&["bias=false"]), Ok(6), "a setting that is no axis");
    assert!(count(&["depht=2"]).unwrap_err().contains("did you mean `depth`"));
    assert!(count(&["depth=3"]).unwrap_err().contains("`2`, `4`, `8`"));
    assert!(count(&["variant=plain", "bias=false"]).unwrap_err().contains("no cell matches all of these"));
}

fn refused(dir: &Path, plan: &Plan) -> String {
    match Folder::open(dir, plan, &work(plan), &Request::default(), Keep::default()) {
        Err(error) if error.is_input() => error.to_string(),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("{} was accepted", dir.display()),
    }
}

#[test]
fn a_folder_that_cannot_be_used_is_refused_before_the_first_run() {
    let dir = tempdir().unwrap();
    let plan = plan(1);
    fs::write(dir.path().join("file"), "mine").unwrap();
    assert!(refused(&dir.path().join("file/results"), &plan).contains("--out"));
    assert!(refused(dir.path(), &plan).contains("no journal"));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing was left behind");
    let good = dir.path().join("good");
    let work = work(&plan);
    let first = Folder::open(&good, &plan, &work, &Request::default(), Keep::default()).unwrap();
    assert!(refused(&good, &plan).contains("another command"));
    drop(first);
    Folder::open(&good, &plan, &work, &Request::default(), Keep::default()).unwrap();
}

#[test]
fn a_plan_may_grow_but_not_silently_drop_finished_runs() {
    let dir = tempdir().unwrap();
    sweep(dir.path(), &plan(2));
    assert_eq!(sweep(dir.path(), &plan(3)).0.done, 6, "more seeds are new runs only");
    let message = refused(dir.path(), &plan(1));
    assert!(message.contains("12 finished runs") && message.contains("--replan"), "{message}");
    let replan = Keep { replan: true, fresh: false };
    let (tally, view, _) = session(dir.path(), &plan(1), QUIET, replan, &train, &Interrupt::new());
    assert_eq!((tally.done, view.planned), (0, 6));
    assert_eq!(rows(&dir.path().join("runs.csv")).len(), 6);
    assert_eq!(sweep(dir.path(), &plan(1)).0.done, 0, "dropped once, not asked again");
    assert_eq!(sweep(dir.path(), &plan(3)).0.done, 0, "what was dropped from view is still in the journal");
}

#[test]
fn fresh_runs_everything_again_and_deletes_nothing() {
    let dir = tempdir().unwrap();
    sweep(dir.path(), &plan(1));
    let before = bytes(dir.path());
    let fresh = Keep { replan: false, fresh: true };
    for n in 1..=2 {
        assert_eq!(session(dir.path(), &plan(1), QUIET, fresh, &train, &Interrupt::new()).0.done, 6);
        assert!(dir.path().join(format!("journal/runs.jsonl.old{n}")).is_file());
    }
    assert!(bytes(dir.path()) == before);
}

#[test]
fn what_is_up_to_date_is_not_made_again() {
    let dir = tempdir().unwrap();
    let plan = plan(1);
    sweep(dir.path(), &plan);
    let work = work(&plan);
    let (folder, _) = Folder::open(dir.path(), &plan, &work, &Request::default(), Keep::default()).unwrap();
    let drawn = AtomicUsize::new(0);
    let draw = |results: &Results, _: &[Vec<FigureClaim>]| {
        drawn.fetch_add(1, Ordering::Relaxed);
        fs::create_dir_all(results.dir.join("figures")).unwrap();
        Ok(Vec::new())
    };
    let again = || conclude(dir.path(), &plan, &work, &folder.journal, Some(&draw)).unwrap();
    let written = || fs::metadata(dir.path().join("runs.csv")).unwrap().modified().unwrap();
    let right = bytes(dir.path());
    let before = written();
    for _ in 0..2 {
        again();
    }
    assert_eq!((drawn.load(Ordering::Relaxed), written()), (0, before));
    fs::write(dir.path().join("runs.csv"), "edited").unwrap();
    again();
    assert!(bytes(dir.path()) == right, "an edited table is written again");
    assert_eq!(drawn.load(Ordering::Relaxed), 0, "from the same tables come the same figures");
    fs::remove_file(dir.path().join("report.html")).unwrap();
    again();
    assert_eq!((drawn.load(Ordering::Relaxed), dir.path().join("report.html").is_file()), (1, true));
}

#[test]
fn a_figure_that_fails_leaves_the_tables() {
    let dir = tempdir().unwrap();
    let plan = plan(1);
    let work = work(&plan);
    let (folder, _) = Folder::open(dir.path(), &plan, &work, &Request::default(), Keep::default()).unwrap();
    pool::run(&work, &work.order((0..6).collect()), QUIET, &train, &folder.journal, &Interrupt::new()).unwrap();
    let no_ink = |_: &Results, _: &[Vec<FigureClaim>]| Err(FigureError::Nothing("no ink".into()));
    let result = conclude(dir.path(), &plan, &work, &folder.journal, Some(&no_ink));
    assert!(result.is_err_and(|error| error.to_string().contains("no ink")));
    assert_eq!(rows(&dir.path().join("runs.csv")).len(), 6);
}
