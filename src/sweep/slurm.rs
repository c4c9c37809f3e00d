//! A job script for Slurm that sweeps in shards and merges them.

use crate::sweep::shell::{line, quote};

/// An array of jobs, each of which runs one shard.
pub struct Array<'a> {
    /// Of the experiment.
    pub name: &'a str,
    pub shards: u64,
    /// Runs at the same time in a task, which is also the number of cores that a task requests.
    pub jobs: u64,
    /// Time limit of a task, as sbatch takes it.
    pub time: Option<&'a str>,
    pub partition: Option<&'a str>,
}

impl Array<'_> {
    /// The script, from the words of the commands that `sweep` the experiment and `merge` its folder.
    pub fn script(&self, mut sweep: Vec<String>, merge: &[String]) -> String {
        let Array { name, shards, jobs, time, partition } = self;
        // The number of shards stands here, since Slurm's own count is wrong for an array with gaps.
        sweep.extend(["--shard".into(), format!("auto/{shards}"), "--jobs".into(), jobs.to_string(), "--quiet".into()]);
        let option =
            |name: &str, value: &Option<&str>| value.map_or(String::new(), |v| format!("#SBATCH --{name}={v}\n"));
        let (time, partition) = (option("time", time), option("partition", partition));
        let (name, last) = (format!("gradsweep-{name}"), shards - 1);
        let (merge_name, merge_job) = (quote(&format!("{name}-merge")), quote(&format!("exec {}", line(merge))));
        let sweep = line(&sweep);
        format!(
            "#!/bin/sh
#SBATCH --job-name={name}
#SBATCH --array=0-{last}
#SBATCH --cpus-per-task={jobs}
#SBATCH --output=slurm-%A_%a.out
#SBATCH --requeue
#SBATCH --signal=B:TERM@60
{time}{partition}
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
"
        )
    }
}
