#!/bin/sh
# Measures the gradient of random networks at init beside theory and writes the table to results/bench/theory.md.
set -e
cd "$(dirname "$0")/.."
mkdir -p results/bench
cargo run --release --example measured_on_predicted > results/bench/theory.md.new
mv results/bench/theory.md.new results/bench/theory.md
