#!/bin/sh
# What much load costs: 10,000 runs in one folder, and a journal of 2 GB read back. Prints seconds and highest resident
# memory of each command; results/bench/load.txt holds the last figures. Needs 10 GB of disk in $TMPDIR and GNU time.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
cargo build --quiet --release --bin gradsweep --example load
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

# Runs a command and prints a line about it; what it says goes to a file.
cost() {
    what=$1
    shift
    /usr/bin/time -o cost -f "%e %M" "$@" >said 2>&1 || { cat said; exit 1; }
    read -r seconds kib <cost
    printf '%-58s %8.1f s %6d MB\n' "$what" "$seconds" $((kib / 1024))
}
gradsweep=$root/target/release/gradsweep
cpu=$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1)
echo "$(date -u +%F), $cpu, $(nproc) cores, $("$gradsweep" --version), $(git -C "$root" rev-parse --short HEAD)"

cat >runs.toml <<'END'
question = "How does a folder of 10,000 runs behave?"
seeds = 10
expect_runs = 10000
[base]
data = { kind = "spirals", n = 100 }
steps = 20
batch = 16
[axes]
depth = [1, 2, 3, 4, 5]
width = [4, 8]
activation = ["sigmoid", "tanh", "relu", "gelu", "elu"]
optimizer.lr = { log = [1e-4, 1], n = 20 }
END
echo
echo "10,000 runs in one folder (five small depths, 20 steps)"
cost "plan of a new folder" "$gradsweep" plan runs.toml
cost "sweep, tables and figures of 1,000 cells among it" "$gradsweep" sweep runs.toml --quiet
cost "plan when all is done" "$gradsweep" plan runs.toml
cost "sweep when all is done" "$gradsweep" sweep runs.toml --quiet
sed -i 's/^seeds = 10$/seeds = 11/; s/10000/11000/' runs.toml
cost "sweep of one more seed (1,000 runs)" "$gradsweep" sweep runs.toml --quiet
rm results/runs/*.csv
cost "all tables and figures anew" "$gradsweep" sweep runs.toml --quiet
printf 'journal of %d MB\n' $(($(wc -c <results/runs/journal/runs.jsonl) / 1000000))
rm -r results

cat >journal.toml <<'END'
question = "How is a journal of 2 GB read?"
seeds = 10
[base]
data = { kind = "spirals", n = 100 }
width = 4
[axes]
depth = [2, 4, 8, 16]
optimizer.lr = { log = [1e-4, 1], n = 50 }
END
echo
echo "A journal of 2 GB (2,000 runs of 1 MB)"
cost "made" "$root/target/release/examples/load" journal.toml results/journal 2000000000
printf 'journal of %d MB\n' $(($(wc -c <results/journal/journal/runs.jsonl) / 1000000))
cost "plan: the journal read once" "$gradsweep" plan journal.toml
cost "sweep: read, all tables and figures" "$gradsweep" sweep journal.toml --quiet
cost "sweep again: read, nothing to do" "$gradsweep" sweep journal.toml --quiet
printf 'half a line' >>results/journal/journal/runs.jsonl
cost "sweep after a torn line: the journal mended" "$gradsweep" sweep journal.toml --quiet
