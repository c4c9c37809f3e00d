#!/usr/bin/env bash
# The same cells in gradsweep, PyTorch, JAX and candle-nn, in alternation, on the two cores of this machine.
#
#   scripts/peers/run.sh                  the cells of cells.json, five rounds -> results/bench/peers.{csv,md,png}
#   scripts/peers/run.sh vanishing        the whole experiments/vanishing.toml -> results/bench/vanishing.{csv,md}
#
# Options are passed on: --rounds N, --only CELL, --out DIR. PEERS_VENV names the folder of the Python environment
# (target/peers-venv; PyTorch's wheel needs some 5 GB).
set -euo pipefail
cd "$(dirname "$0")/../.."

venv="${PEERS_VENV:-target/peers-venv}"
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
cmp -s scripts/peers/requirements.txt "$venv/installed.txt" || {
    "$venv/bin/pip" install --quiet -r scripts/peers/requirements.txt
    cp scripts/peers/requirements.txt "$venv/installed.txt"
}
cargo build --release --quiet --bin gradsweep --example candle_nn_peer
exec "$venv/bin/python" scripts/peers/run.py "$@"
