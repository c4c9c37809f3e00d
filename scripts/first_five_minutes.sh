#!/usr/bin/env bash
# What a newcomer does in the first minutes, timed: clone, build, sweep, look at a figure, change the grid, sweep again, compare two
# optimizers. Builds from nothing in a folder of its own, so it takes as long as the first build does.
# Usage: scripts/first_five_minutes.sh [REPOSITORY]
set -euo pipefail
repository=$(cd "${1:-$(dirname "$0")/..}" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

# Runs a command and says how long it took.
step() {
  local what=$1 start
  shift
  start=$(date +%s.%N)
  "$@" > said 2>&1 || { cat said; echo "$what: failed"; exit 1; }
  printf '%7.1f s  %s\n' "$(echo "$(date +%s.%N) - $start" | bc)" "$what"
}

step "git clone" git clone --quiet "$repository" gradsweep
cd gradsweep
step "cargo build --release" cargo build --release
step "sweep experiments/vanishing.toml (750 networks)" cargo run --release -- sweep experiments/vanishing.toml
file results/vanishing/figures/gradient_by_layer.png
ls -l results/vanishing/report.html
step "the grid changed: --set width=32 --seeds 2 --out results/narrow" \
  cargo run --release -- sweep experiments/vanishing.toml --set width=32 --seeds 2 --out results/narrow
step "one more seed of the same grid" \
  cargo run --release -- sweep experiments/vanishing.toml --set width=32 --seeds 3 --out results/narrow
cat > mine.toml << 'END'
name  = "mine"
seeds = 6
[base]
depth = 8
data  = { kind = "digits", validation = 0.2 }
[[optimizer]]
kind = "sgd"
lr   = { log = [1e-2, 1], n = 3 }
[[optimizer]]
kind = "adam"
lr   = { log = [1e-4, 1e-2], n = 3 }
END
step "two optimizers of one's own" cargo run --release -- sweep mine.toml
cargo run --release --quiet -- compare results/mine
