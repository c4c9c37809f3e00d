//! `trace FILE`: one run's first steps as tensors in a file, for anyone who computes them again.

use crate::cli::plan_options::{Loaded, PlanOptions, count};
use crate::cli::prelude::*;
use crate::experiment::plan::Plan;
use crate::run::trace::trace;
use crate::sweep::work::{Job, Work};
use crate::sweep::{SweepError, candle_is_single_threaded, tensors};
use std::collections::{BTreeSet, HashMap};

/// What `name_of_tensors` in the file's metadata says.
const LEGEND: &str = "initial/<parameter>; for each step t: step.<t>/rows, x, classes or values, outputs, loss, lr; \
    step.<t>/layer<l>/z (argument of the activation), a (its value), h (the layer's output), delta (dL/dz), stream (dL/dh), L the mean \
    loss of the batch; step.<t>/gradient/<parameter> (before clipping, L2 and the rule), step.<t>/updated/<parameter>, \
    step.<t>/running/layer<l>.mean and .variance (after the update). Matrices are [inputs, outputs].";

#[derive(Args)]
#[command(mut_arg("out", |out| out.value_name("FILE").help("The file to write [default: <name of the experiment>.safetensors]")))]
#[command(mut_arg("only", |only| only.help("The cell, where the experiment has several, such as depth=8 or variant=plain")))]
pub struct Options {
    #[command(flatten)]
    plan: PlanOptions,
    /// Seed of the run
    #[arg(long, value_name = "N", value_parser = count, default_value_t = 1)]
    seed: u64,
    /// Updates to trace
    #[arg(long, value_name = "K", value_parser = count, default_value_t = 3)]
    steps: u64,
}

/// Trains the run as a sweep would, as far as asked, and writes the file.
///
/// # Errors
/// Whatever is wrong with the experiment, a choice that several cells fit, or a file that cannot be written.
pub fn run(options: &Options) -> Result<ExitCode, CommandError> {
    candle_is_single_threaded()?;
    let Loaded { plan, work, chosen, .. } = options.plan.load()?;
    let job = the_one(options, &plan, &work, &chosen)?;
    let path = options.plan.out.clone().unwrap_or_else(|| PathBuf::from(format!("{}.safetensors", plan.name)));
    tensors::refuse_other(&path)?;
    let data = work.dataset(job);
    let traced =
        trace(&job.run.spec, data, options.steps as usize).map_err(|source| SweepError::run(job, "", source))?;
    let spec = &job.run.spec;
    let settings: serde_json::Map<_, _> =
        spec.settings.iter().map(|(key, value)| (key.to_string(), serde_json::json!(value))).collect();
    let metadata = HashMap::from(
        [
            ("program", concat!("gradsweep ", env!("CARGO_PKG_VERSION")).to_string()),
            ("experiment", plan.name.clone()),
            ("run_id", job.run.run_id.clone()),
            ("label", job.label.clone()),
            ("seed", spec.seeds.run.to_string()),
            ("data", format!("{} {}", data.name, data.digest)),
            ("settings", serde_json::Value::Object(settings).to_string()),
            ("traced_steps", traced.steps.to_string()),
            ("run_steps", traced.run_steps.to_string()),
            ("name_of_tensors", LEGEND.into()),
        ]
        .map(|(key, value)| (key.to_string(), value)),
    );
    tensors::write_tensors(&path, &traced.tensors, metadata)?;
    let of = if traced.steps < options.steps as usize { ": the run ends there" } else { "" };
    let (name, id, label, path) = (&plan.name, &job.run.run_id, &job.label, path.display());
    let (steps, all, tensors) = (traced.steps, traced.run_steps, traced.tensors.len());
    print(&format!("{name}: run {id} ({label}), {steps} of {all} steps{of}; {tensors} tensors in {path}\n"))
}

/// The one run that the options name.
fn the_one<'a>(options: &Options, plan: &Plan, work: &'a Work, chosen: &[usize]) -> Result<&'a Job, CommandError> {
    let of_seed: Vec<&Job> =
        chosen.iter().map(|i| &work.jobs[*i]).filter(|job| job.run.spec.seeds.run == options.seed).collect();
    match of_seed[..] {
        [job] => Ok(job),
        [] => Err(CommandError::input(format!(
            "no chosen run has seed {}; give --seed one of the experiment's seeds, or more seeds with --seeds",
            options.seed
        ))),
        _ => {
            let still_open = plan.axes.iter().enumerate().filter_map(|(i, axis)| {
                let labels: BTreeSet<&String> =
                    of_seed.iter().map(|job| &plan.cells[job.run.cell].labels[i].1).collect();
                let label = of_seed.first().map(|job| &plan.cells[job.run.cell].labels[i].1)?;
                (labels.len() > 1).then(|| format!("--only {}={label}", axis.name))
            });
            Err(CommandError::input(format!(
                "a trace shows one run, but {} match; choose one cell, for example with {}",
                of_seed.len(),
                still_open.collect::<Vec<_>>().join(" ")
            )))
        }
    }
}
