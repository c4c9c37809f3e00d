#!/usr/bin/env python3
"""Writes the measured sentence and table, and the tables of settings and columns, into README.md.

    cargo build --release && python3 scripts/update_readme.py

Numbers come from results/gallery/vanishing/summary.csv, settings and columns from `gradsweep settings --markdown` and `gradsweep
columns --markdown`; tests/house/readme.rs fails when the README and any of them drift apart.
"""

import csv
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ACTIVATIONS = ["sigmoid", "tanh", "relu"]
VARIANTS = ["plain", "matched_init", "batch_norm", "residual", "l2"]


def cells():
    with open(ROOT / "results/gallery/vanishing/summary.csv") as file:
        rows = [r for r in csv.DictReader(file) if r["depth"] == "32" and r["optimizer"] == "momentum"]
    return {(r["variant"], r["activation"]): r for r in rows}


def signed(text):
    value = f"{float(text):+.2f}"
    return "0.00" if value in ("+0.00", "-0.00") else value


def table(cells):
    lines = ["| variant | " + " | ".join(f"{a}: attenuation | test accuracy" for a in ACTIVATIONS) + " |"]
    lines.append("|---" * (1 + 2 * len(ACTIVATIONS)) + "|")
    for variant in VARIANTS:
        row = [variant]
        for activation in ACTIVATIONS:
            c = cells[variant, activation]
            row.append(f"{signed(c['attenuation_init_median'])} → {signed(c['attenuation_end_median'])}")
            lost = f" ({c['diverged']} diverged)" if c["diverged"] != "0" else ""
            row.append(f"{100 * float(c['test_accuracy_median']):.1f} %{lost}")
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def headline(cells):
    def init(variant, activation):
        return float(cells[variant, activation]["attenuation_init_median"])

    def end(variant, activation):
        return float(cells[variant, activation]["attenuation_end_median"])

    def accuracy(variant, activation):
        return 100 * float(cells[variant, activation]["test_accuracy_median"])

    plain = init("plain", "sigmoid")
    n = cells["plain", "sigmoid"]["n"]
    return (
        f"In a plain sigmoid net of 32 layers every layer shrinks the gradient by a factor of {10**plain:.1f} "
        f"({plain:.2f} decades per layer, median of {n} seeds), and it never learns; with residual connections the gradient arrives "
        f"whole and the same net reaches {accuracy('residual', 'sigmoid'):.0f} % test accuracy. Batch norm reverses the slope "
        f"({init('batch_norm', 'sigmoid'):+.3f} for sigmoid, {init('batch_norm', 'relu'):+.3f} for ReLU: it grows toward the input), L2 deepens the "
        f"fading during training ({init('l2', 'sigmoid'):.2f} to {end('l2', 'sigmoid'):.2f}), learning-rate decay leaves it "
        f"({init('lr_decay', 'sigmoid'):.2f} to {end('lr_decay', 'sigmoid'):.2f})."
    )


def between(text, start, stop, new):
    pattern = re.compile(re.escape(start) + r".*?" + re.escape(stop), re.S)
    assert pattern.search(text), start
    return pattern.sub(lambda _: f"{start}\n{new}\n{stop}", text)


def main():
    readme = ROOT / "README.md"
    text = readme.read_text()
    measured = cells()
    text = between(text, "<!-- headline -->", "<!-- end of headline -->", headline(measured))
    text = between(text, "<!-- results -->", "<!-- end of results -->", table(measured))
    for part in ["settings", "columns"]:
        command = [ROOT / "target/release/gradsweep", part, "--markdown"]
        told = subprocess.run(command, capture_output=True, text=True, check=True)
        text = between(text, f"<!-- {part} -->", f"<!-- end of {part} -->", "\n" + told.stdout.split("\n\n")[0] + "\n")
    readme.write_text(text)


if __name__ == "__main__":
    main()
