"""Where the time of gradsweep goes in each cell of cells.json, by function: needs Linux's perf.

    cargo build --release && python3 scripts/peers/where_time_goes.py        -> results/bench/functions.md

Samples are of the whole process on one worker, start, figures and CSV files included.
"""

import re
import subprocess
import tempfile
from pathlib import Path

import common
import run

GROUPS = [
    ("matrix products", r"gemm"),
    ("activations, forward", r"activate|columns::normalize"),
    ("activations and norms, backward", r"columns::"),
    ("optimizer and checks for NaN", r"optim::update|add_zero_times"),
    ("batches and loss", r"convert|score::|loss::|Stream::|libm"),
    ("memory", r"mi_|malloc|free|memset|memmove|alloc::|kernel"),
    ("candle's graph", r"candle_core"),
    ("figures and files", r"figure::|csv|serde|zlib|miniz|fdeflate|png"),
]


def shares(cell):
    """Percent of samples by group, and the five heaviest functions."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "cell.toml").write_text(run.toml_of(cell))
        command = [run.BINARY, "sweep", "--quiet", "--jobs", "1", "--out", Path(folder) / "out", Path(folder) / "cell.toml"]
        subprocess.run(["perf", "record", "-q", "-o", Path(folder) / "perf", *command], check=True, capture_output=True)
        report = ["perf", "report", "-q", "--no-children", "--stdio", "--sort", "dso,symbol", "-i", Path(folder) / "perf"]
        text = subprocess.run(report, check=True, capture_output=True, text=True).stdout
    found = [re.match(r"\s*([\d.]+)%\s+(\S+)\s+\S+\s+(.*?)(?:\s+-)*\s*$", line) for line in text.splitlines()]
    rows = [(float(m[1]), f"{m[2]} {m[3]}") for m in found if m]
    total, groups = sum(share for share, _ in rows), dict.fromkeys([name for name, _ in GROUPS] + ["other"], 0.0)
    for share, symbol in rows:
        name = next((name for name, pattern in GROUPS if re.search(pattern, symbol)), "other")
        groups[name] += 100 * share / total
    return groups, rows[:5]


def main():
    cells = common.cells()
    found = {cell["name"]: shares(cell) for cell in cells}
    lines = ["# Where the time goes", ""] + [f"- {name}: {value}" for name, value in run.machine()] + ["", "Percent of samples of the whole process, one worker.", ""]
    lines += ["| | " + " | ".join(found) + " |", "|---" * (len(found) + 1) + "|"]
    for group in next(iter(found.values()))[0]:
        lines.append(f"| {group} | " + " | ".join(f"{groups[group]:.1f}" for groups, _ in found.values()) + " |")
    for name, (_, top) in found.items():
        lines += ["", f"{name}:", ""] + [f"- {share:.1f} % `{symbol.split(' ', 1)[1]}`" for share, symbol in top]
    path = common.ROOT / "results/bench/functions.md"
    path.write_text("\n".join(lines) + "\n")
    print(path.read_text())


main()
