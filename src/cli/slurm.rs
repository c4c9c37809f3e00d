//! `slurm FILE --shards n`: a job script for Slurm that sweeps in shards and merges them.

use crate::cli::plan_options::{Loaded, PlanOptions, count};
use crate::cli::prelude::*;
use crate::printable::is_obeyed;
use crate::sweep::{request::refuse_no_text, slurm::Array};

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    plan: PlanOptions,
    /// Number of tasks of the array; each runs an equal share of the runs
    #[arg(long, value_name = "N", value_parser = count)]
    shards: u64,
    /// Runs at the same time in a task, which is also the number of cores that a task requests
    #[arg(long, value_name = "N", value_parser = count, default_value_t = 1)]
    jobs: u64,
    /// Time limit of a task, as sbatch takes it [default: the partition's]
    #[arg(long, value_name = "TIME")]
    time: Option<String>,
    /// Partition to submit to [default: the cluster's]
    #[arg(long, value_name = "NAME")]
    partition: Option<String>,
}

/// Prints the script; submits nothing.
///
/// # Errors
/// Whatever is wrong with the experiment; paths that a script cannot name.
pub fn run(options: &Options) -> Result<ExitCode, CommandError> {
    let Loaded { plan, dir, .. } = options.plan.load()?;
    let program = std::env::current_exe()
        .map_err(|e| CommandError::failed(format!("cannot find the program's own file: {e}")))?;
    let PlanOptions { file, out, data_dir, .. } = &options.plan;
    refuse_no_text([&program, file].into_iter().chain(out).chain(data_dir))?;
    let program = program.display().to_string();
    let only = options.plan.only.iter().flat_map(|only| ["--only".into(), only.clone()]);
    let sweep =
        [program.clone(), "sweep".into()].into_iter().chain(options.plan.words()).chain(only).collect::<Vec<_>>();
    let merge = [program, "merge".into(), dir.display().to_string()];
    let Options { shards, jobs, time, partition, .. } = options;
    let words = [&sweep, &merge[..]].concat();
    let is_odd = |word: &&String| word.contains(['\n', '\t']) || word.contains(is_obeyed);
    if let Some(odd) = words.iter().chain(time).chain(partition).find(is_odd) {
        return Err(CommandError::input(format!(
            "a script cannot contain {odd:?}, which has an end of a line or another character in it that is not printed; \
                write it without"
        )));
    }
    let (time, partition) = (time.as_deref(), partition.as_deref());
    let array = Array { name: &plan.name, shards: *shards, jobs: *jobs, time, partition };
    print(&array.script(sweep, &merge))
}
