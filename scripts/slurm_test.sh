#!/usr/bin/env bash
# A sweep as an array of four on a real Slurm, one task of which is killed and put back, and once more under GNU parallel: after
# the merge, the tables must equal a local sweep's byte for byte.
#
#   sudo scripts/slurm_test.sh        Debian or Ubuntu; installs slurm-wlm, munge and parallel where they are missing
#
# The cluster is this machine alone, on loopback, two nodes of one core, and gone at the end.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "run it as root: Slurm's daemons start jobs as other users" >&2; exit 2; }
command -v slurmctld munged parallel >/dev/null || {
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurm-wlm munge parallel >/dev/null
}
cargo build --release --quiet --bin gradsweep
program=$PWD/target/release/gradsweep

state=$(mktemp -d); chmod 711 "$state"
daemons=()
stop() {
    scancel -u root 2>/dev/null || true
    for name in slurmd.n1 slurmd.n2 slurmctld munged; do
        [ -s "$state/$name.pid" ] && daemons+=("$(cat "$state/$name.pid")")
    done
    [ ${#daemons[@]} = 0 ] || kill "${daemons[@]}" 2>/dev/null || true
    sleep 2
    rm -rf "$state"
}
trap stop EXIT

host=$(hostname -s)
mkdir -m 700 "$state/munge"; mkdir -m 755 "$state/socket"
head -c 1024 /dev/urandom > "$state/munge/key"; chmod 600 "$state/munge/key"
munged --key-file="$state/munge/key" --socket="$state/socket/munge" --pid-file="$state/munged.pid" \
    --log-file="$state/munge/log" --seed-file="$state/munge/seed"
export SLURM_CONF=$state/slurm.conf
cat > "$SLURM_CONF" <<END
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=17100
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$state/socket/munge
StateSaveLocation=$state/saved
SlurmdSpoolDir=$state/spool.%n
SlurmctldPidFile=$state/slurmctld.pid
SlurmdPidFile=$state/slurmd.%n.pid
SlurmctldLogFile=$state/slurmctld.log
SlurmdLogFile=$state/slurmd.%n.log
# Without the host's control groups, which a container may not have.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
SlurmdParameters=config_overrides
KillWait=5
RequeueExit=75
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=17101 CPUs=1 RealMemory=1000
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=17102 CPUs=1 RealMemory=1000
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
mkdir "$state/saved" "$state/spool.n1" "$state/spool.n2"
slurmctld
slurmd -N n1; slurmd -N n2
for _ in $(seq 60); do [ "$(sinfo -h -N -t idle | wc -l)" = 2 ] && break; sleep 0.5; done

work=$state/work; mkdir "$work"; cd "$work"
cat > small.toml <<'END'
name = "small"
question = "Are the numbers the same on a cluster?"
seeds = 4
[base]
data = "digits"
width = 48
steps = 1500
optimizer = { kind = "adam", lr = 0.001 }
[axes]
depth = [4, 8, 16]
activation = ["sigmoid", "tanh", "relu"]
END
equal() {
    for file in runs summary history layers points; do cmp "local/$file.csv" "$1/$file.csv"; done
    cmp local/plan.json "$1/plan.json"
}
"$program" sweep small.toml --out local --quiet >/dev/null 2>&1

"$program" slurm small.toml --shards 4 --out shared > job.sh
submitted=$(sh job.sh)
echo "$submitted"
array=$(echo "$submitted" | sed -n 's/^array \([0-9]*\) submitted$/\1/p')
merge=$(echo "$submitted" | sed -n 's/^Submitted batch job \([0-9]*\)$/\1/p')
journal=shared/journal/shard-1-of-4.jsonl
until [ "$(cat $journal 2>/dev/null | wc -l)" -ge 3 ]; do sleep 0.1; done
scontrol requeue "${array}_1"
echo "task 1 put back after $(($(wc -l < $journal) - 1)) of its runs"
# Slurm would let it wait two minutes.
until scontrol update jobid="${array}_1" StartTime=now 2>/dev/null; do sleep 1; done
until [ -z "$(squeue -h)" ]; do sleep 1; done
cat "slurm-$merge.out" | tail -3
echo "task 1 had, start by start:"; grep "to do" "slurm-${array}_1.out" || true
equal shared
"$program" verify shared --sample 10%

# -N0: the shard's number comes from the variable that parallel sets, not from the command line.
seq 4 | parallel -N0 --jobs 2 "$program" sweep small.toml --out parallel --jobs 1 --quiet --shard auto/4 >parallel.log 2>&1 ||
    { cat parallel.log; exit 1; }
"$program" merge parallel | tail -1
equal parallel
echo "Slurm's and GNU parallel's tables equal the local sweep's"
