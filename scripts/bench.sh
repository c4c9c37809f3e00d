#!/usr/bin/env bash
# Every `cargo bench` of this repository, its table kept with the machine and the date: results/bench/{step,ops,sweep}.txt.
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p results/bench
cargo build --release --quiet --benches
for bench in step ops sweep; do
    {
        echo "cargo bench --bench $bench"
        echo "$(date -u '+%Y-%m-%d %H:%M UTC'), gradsweep $(git describe --always --dirty), $(rustc --version)"
        echo "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(nproc) cores, load before $(cut -d' ' -f1 /proc/loadavg)"
        echo
        cargo bench --quiet --bench "$bench" 2>/dev/null
    } | tee "results/bench/$bench.txt"
done
