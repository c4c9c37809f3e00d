//! `slurm FILE --shards n`: a job script for Slurm that sweeps in shards and merges them.

use crate::cli::error::CommandError;
use crate::cli::plan_options::{Loaded, PlanOptions, count};
use crate::cli::print::print;
use crate::cli::shell::{line, quote};
use clap::Args;
use std::process::ExitCode;

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    plan: PlanOptions,
    /// Tasks of the array, each of which runs its share
    #[arg(long, value_name = "N", value_parser = count)]
    shards: u64,
    /// Runs at the same time in a task, and the cores it asks for
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
/// Whatever is wrong with the experiment.
pub fn run(options: &Options) -> Result<ExitCode, CommandError> {
    let Loaded { plan, dir, .. } = options.plan.load()?;
    let program = std::env::current_exe()
        .map_err(|e| CommandError::failed(format!("cannot find the program's own file: {e}")))?;
    let program = program.display().to_string();
    let (shards, jobs) = (options.shards, options.jobs);
    let only = options.plan.only.iter().flat_map(|only| ["--only".into(), only.clone()]);
    let mut sweep = [vec![program.clone(), "sweep".into()], options.plan.words()].concat();
    sweep.extend(only);
    // The number of shards stands here, since Slurm's own count is wrong for an array with gaps.
    sweep.extend(["--shard".into(), format!("auto/{shards}"), "--jobs".into(), jobs.to_string(), "--quiet".into()]);
    let folder = dir.display().to_string();
    let merge = line(&[program, "merge".into(), folder]);
    let name = format!("gradsweep-{}", plan.name);
    let mut directives = vec![
        format!("--job-name={name}"),
        format!("--array=0-{}", shards - 1),
        format!("--cpus-per-task={jobs}"),
        "--output=slurm-%A_%a.out".into(),
        "--requeue".into(),
        "--signal=B:TERM@60".into(),
    ];
    directives.extend(options.time.iter().map(|time| format!("--time={time}")));
    directives.extend(options.partition.iter().map(|partition| format!("--partition={partition}")));
    let directives: String = directives.iter().map(|d| format!("#SBATCH {d}\n")).collect();
    let (sweep, merge_job) = (line(&sweep), quote(&format!("exec {merge}")));
    print(&format!(
        "#!/bin/sh
{directives}
# `sh` this file to submit the array and the merge that waits for it, or `sbatch` it for the array alone.
# Every finished run is kept: submit it again to go on, or `sbatch --array=...` the tasks that merge names. A task that
# the time limit or an operator stops ends with 75; where slurm.conf has RequeueExit=75 it goes on by itself.
if [ -z \"$SLURM_ARRAY_TASK_ID\" ]; then
    array=$(sbatch --parsable \"$0\") || exit
    echo \"array ${{array%%;*}} submitted\"
    # afterany: a shard that failed shall not keep the merge from saying so.
    exec sbatch --dependency=\"afterany:${{array%%;*}}\" --job-name={merge_name} --output=slurm-%j.out --wrap {merge_job}
fi
# exec, so that the signal before the time limit reaches the program.
exec {sweep}
",
        merge_name = quote(&format!("{name}-merge")),
    ))?;
    Ok(ExitCode::SUCCESS)
}
