#!/usr/bin/env bash
# Runs the Python blocks of README.md and docs/ on the results of the sweeps that they read; needs python3 and the internet.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if ! { python3 -m venv "$work/python" && "$work/python/bin/pip" -q install pandas polars; }; then
    echo "pandas and polars cannot be installed here: the Python blocks of the documents are not run"
    exit 0
fi
for experiment in vanishing lecture papers/glorot2010_init; do
    target/release/gradsweep sweep "experiments/$experiment.toml" --out "$work/results/$(basename "$experiment")" --quiet
done
"$work/python/bin/python" scripts/snippets.py "$work"
