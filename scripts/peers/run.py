"""Runs ours and the peers in alternation and writes medians, ratios and a figure; started by run.sh."""

import argparse
import csv
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import common
import report

BINARY = common.ROOT / "target/release/gradsweep"
CANDLE = common.ROOT / "target/release/examples/candle_nn_peer"
ONE_THREAD = os.environ | {"RAYON_NUM_THREADS": "1"}
VANISHING = common.ROOT / "experiments/vanishing.toml"


def python(script, *arguments):
    return [sys.executable, str(common.HERE / script), *arguments]


def answer(command, env=None):
    """The JSON that a peer prints last; its own clock starts after imports and ends after the final evaluation."""
    began = time.monotonic()
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1]) | {"process_seconds": time.monotonic() - began}


def toml_of(cell):
    """The cell as an experiment file; probed and scored at the first and the last step, as gradsweep always does."""
    optimizer = cell["optimizer"]
    lines = ['name = "peer"', 'question = "How fast is one cell?"', f"seeds = {cell['seeds']}", "[base]"]
    for key in ("data", "depth", "width", "batch", "activation", "init", "loss", "batch_norm", "steps"):
        lines.append(f"{key} = {json.dumps(cell[key])}")
    lines.append(f'optimizer = {{ kind = "{optimizer["kind"]}", lr = {optimizer["lr"]} }}')
    return "\n".join([*lines, "[record]", "gradients = { at = [] }", "score = { at = [] }", ""])


def ours(experiment):
    """The shipped binary from its start to its exit: everything a user waits for counts."""
    with tempfile.TemporaryDirectory() as folder:
        if isinstance(experiment, dict):
            (Path(folder) / "peer.toml").write_text(toml_of(experiment))
            experiment = Path(folder) / "peer.toml"
        out = Path(folder) / "out"
        began = time.monotonic()
        done = subprocess.run([BINARY, "sweep", "--quiet", "--out", out, experiment], capture_output=True, text=True)
        seconds = time.monotonic() - began
        if done.returncode != 0:
            sys.exit(done.stderr)
        with open(out / "runs.csv") as file:
            runs = list(csv.DictReader(file))
    median = lambda column: statistics.median(float(run[column]) for run in runs)
    return {"seconds": seconds, "compile_seconds": 0.0, "process_seconds": seconds, "runs": len(runs),
            "train_loss": median("train_loss"), "test_loss": median("test_loss")}


PEERS = {
    "gradsweep": ours,
    "pytorch": lambda cell: answer(python("pytorch_peer.py", json.dumps(cell))),
    "jax": lambda cell: answer(python("jax_peer.py", json.dumps(cell))),
    "candle-nn": lambda cell: answer([str(CANDLE), json.dumps(cell)], ONE_THREAD),
}
GRID_PEERS = {
    "gradsweep": lambda: ours(VANISHING),
    "pytorch": lambda: answer(python("pytorch_peer.py", "--grid", str(VANISHING))),
    "jax": lambda: answer(python("jax_peer.py", "--grid", str(VANISHING))),
    "jax, layers scanned": lambda: answer(python("jax_peer.py", "--grid", str(VANISHING), "--layers=scan")),
}


def machine():
    """What the numbers depend on, as (name, value) pairs."""
    read = lambda command: subprocess.run(command, capture_output=True, text=True).stdout.strip()
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    flags = next((line.split() for line in open("/proc/cpuinfo") if line.startswith("flags")), [])
    wide = [name for name in ("avx2", "fma", "avx512f") if name in flags]
    lock = (common.ROOT / "Cargo.lock").read_text().split("[[package]]")
    crate = lambda name: next(p.split('version = "')[1].split('"')[0] for p in lock if f'name = "{name}"\n' in p)
    return [
        ("date", datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")),
        ("CPU", f"{model}, {len(os.sched_getaffinity(0))} cores used, {' '.join(wide)}"),
        ("load before", f"{os.getloadavg()[0]:.2f}"),
        ("gradsweep", read(["git", "-C", str(common.ROOT), "describe", "--always", "--dirty"])),
        ("rustc", read(["rustc", "--version"])),
        ("Python", platform.python_version()),
        *[(name, version(name)) for name in ("torch", "jax", "numpy")],
        *[(name, crate(name)) for name in ("candle-nn", "gemm")],
    ]


def run_cells(options):
    about, rows = machine(), []
    cells = [cell for cell in common.cells() if options.only in (None, cell["name"])]
    names = list(PEERS)
    for round_number in range(options.rounds):
        for cell in cells:
            # Another one begins each round, so that none always runs on a machine warmed by the same neighbour.
            for name in names[round_number % len(names):] + names[: round_number % len(names)]:
                found = PEERS[name](cell)
                gflops = common.product_flops(cell) * cell["steps"] * cell["seeds"] / found["seconds"] / 1e9
                rows.append({"round": round_number + 1, "cell": cell["name"], "peer": name, "gflops": gflops} | found)
                print(f"round {round_number + 1}  {cell['name']:15} {name:10} {found['seconds']:8.2f} s {gflops:8.1f} GFLOP/s"
                      f"   train {found['train_loss']:.4f} test {found['test_loss']:.4f}", file=sys.stderr, flush=True)
    report.cells(options.out, about, cells, rows)


def run_vanishing(options):
    about, rows = machine(), []
    for round_number in range(options.rounds):
        for name, run in GRID_PEERS.items():
            found = run()
            rows.append({"round": round_number + 1, "peer": name} | found)
            print(f"{name:20} {found['seconds']:8.1f} s   {found['runs']} runs", file=sys.stderr, flush=True)
            # After each: a grid takes minutes in a peer, and what is known should not be lost.
            report.vanishing(options.out, about, rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=["cells", "vanishing"], default="cells")
    parser.add_argument("--rounds", type=int, help="default: 5, and 1 for vanishing")
    parser.add_argument("--only", metavar="CELL", help="one cell of cells.json")
    parser.add_argument("--out", type=Path, default=common.ROOT / "results/bench")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    options.rounds = options.rounds or (1 if options.what == "vanishing" else 5)
    {"cells": run_cells, "vanishing": run_vanishing}[options.what](options)


if __name__ == "__main__":
    main()
