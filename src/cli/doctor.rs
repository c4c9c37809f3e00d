//! `doctor`: whether this machine, its folders and the program's numbers are as they should be, and what to do if not.

use crate::cli::plan_options::environments_data_dir;
use crate::cli::prelude::*;
use crate::data::Places;
use crate::experiment::{Experiment, ExperimentError, Overrides, Plan};
use crate::figure::kinds::FACTS;
use crate::files::Draft;
use crate::model::differences;
use crate::parallel::cores;
use crate::run::train;
use crate::sweep::provenance::{cpu, instructions};
use crate::sweep::{SweepError, load::with_data};
use crate::table::{Cell, count, significant};
use std::ops::ControlFlow;

/// Gradients further than this from central differences are wrong.
const GRADIENTS: f64 = 1e-6;
/// Losses of f32 and f64 further apart than this after so few steps are wrong.
const SHADOW: f64 = 1e-4;
const RUN: &str = "name = \"doctor\"\n[base]\ndata = \"digits\"\ndepth = 8\nwidth = 32\nactivation = \"tanh\"\nsteps = 20\n\
    optimizer = { kind = \"sgd\", lr = 0.05 }\n[axes]\ndtype = [\"f32\", \"f64\"]\n";

#[derive(Args)]
pub struct Options {
    /// Folder of the downloaded data sets [default: $GRADSWEEP_DATA]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

/// What was found of one thing: whether it is well, and in words.
type Finding = (bool, String);

/// Prints what it finds; 1 if something is wrong.
///
/// # Errors
/// When stdout cannot be written.
pub fn run(options: &Options) -> Result<ExitCode, CommandError> {
    let data = || datasets(options.data_dir.as_deref());
    let checks: [(&str, &dyn Fn() -> Finding); 5] =
        [("machine", &machine), ("folder", &folder), ("data", &data), ("gradients", &gradients), ("training", &shadow)];
    let mut well = true;
    for (what, check) in checks {
        let (fine, says) = check();
        print(&format!("{:<6} {what:<10} {says}\n", if fine { "ok" } else { "WRONG" }))?;
        well &= fine;
    }
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn machine() -> Finding {
    let cpu = cpu().unwrap_or_else(|| std::env::consts::ARCH.into());
    let slow = if instructions() == "portable" { "; without AVX2 a sweep takes several times as long" } else { "" };
    (true, format!("{cpu}, {}, {}{slow}", count(cores(), "core"), instructions()))
}

/// Whether a sweep started here could write its results.
fn folder() -> Finding {
    let results = Path::new("results");
    let place = if results.is_dir() { results } else { Path::new(".") };
    match Draft::create(&place.join("doctor")) {
        Ok(_) => (true, "results can be written to results/".into()),
        Err(e) => (false, format!("{e}; change to a folder that you may write to, or sweep with --out DIR")),
    }
}

/// Which downloaded data sets are there; none is needed.
fn datasets(data_dir: Option<&Path>) -> Finding {
    let named = data_dir.map(Path::to_path_buf).or_else(environments_data_dir);
    let Some(dir) = named else {
        let says = "digits, spirals, teacher and mnist1d are part of the program; for mnist and fashion_mnist give their folder with --data-dir or GRADSWEEP_DATA";
        return (true, says.into());
    };
    if !dir.is_dir() {
        return (
            false,
            format!("{} is not a folder; give the folder that contains mnist/ or fashion_mnist/", dir.display()),
        );
    }
    let mut found = Vec::new();
    for name in ["mnist", "fashion_mnist"] {
        let places = Places { data_dir: Some(dir.clone()), base: PathBuf::new() };
        let loaded = plan(&format!("name = \"x\"\n[base]\ndata = \"{name}\"\nsteps = 1\n"))
            .map_err(SweepError::from)
            .and_then(|plan| with_data(&plan, &places));
        found.push((name, loaded.err().map(|e| e.to_string())));
    }
    let absent = found.iter().all(|(_, error)| error.is_some());
    let says = found.into_iter().map(|(name, error)| match error {
        None => format!("{name} is whole"),
        Some(e) => format!("{name}: {}", e.lines().next().unwrap_or_default().trim_start_matches("error: ")),
    });
    (!absent, format!("in {}: {}", dir.display(), says.collect::<Vec<_>>().join("; ")))
}

fn gradients() -> Finding {
    let (well, says) = match differences::worst() {
        Ok((worst, nets)) => {
            let says = format!("{nets} small nets agree with central differences to {}", significant(worst, 2));
            (worst < GRADIENTS, says)
        }
        Err(e) => (false, format!("{e}; please report this")),
    };
    let cure = if well { "" } else { "; this build computes wrong gradients on this machine: please report it" };
    (well, format!("{says}{cure}"))
}

/// The same run in f32 and in f64.
fn shadow() -> Finding {
    let (well, says) = match losses() {
        Ok([single, double]) => {
            let apart = (single - double).abs() / double;
            let [f32, f64] = [single, double].map(|loss| significant(loss, 6));
            let says =
                format!("20 steps of 8 tanh layers end at a loss of {f32} in f32 and {f64} in f64, a difference of ");
            (apart < SHADOW, says + &significant(apart, 2))
        }
        Err(e) => (false, e.to_string()),
    };
    let cure = if well { "" } else { "; please report this with the line `machine`" };
    (well, format!("{says}{cure}"))
}

fn losses() -> Result<[f64; 2], SweepError> {
    let plan = plan(RUN)?;
    let work = with_data(&plan, &Places::default())?;
    let mut losses = [f64::NAN; 2];
    for (job, loss) in work.jobs.iter().zip(&mut losses) {
        let record = train(&job.run.spec, work.dataset(job), &mut |_| ControlFlow::Continue(()))
            .map_err(|source| SweepError::run(job, "", source))?;
        let end = record.history.column("train_loss").zip(record.history.rows.last());
        if let Some(Cell::Float(end)) = end.map(|(place, row)| &row[place]) {
            *loss = *end;
        }
    }
    Ok(losses)
}

fn plan(text: &str) -> Result<Plan, ExperimentError> {
    Experiment::parse(text, "doctor.toml", FACTS)?.plan(&Overrides::default())
}
