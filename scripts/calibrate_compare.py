#!/usr/bin/env python3
"""How often `gradsweep compare` is wrong, and how often it sees what is there: made-up studies with known truth.

    pip install numpy
    cargo build --release
    python3 scripts/calibrate_compare.py [STUDIES]     # from the repository root; 2000 studies a row take some minutes

Each study has arms with six learning rates. A run's loss is the rate's true loss plus normal noise of its own, drawn apart for every arm,
rate and seed (standard deviation 1); the loss that chooses and the loss that is reported share 0.8 of it. Arms of a null study
are exchangeable: they have the same true losses. A study is a task of one results folder, written as a sweep writes it, and
`gradsweep compare` judges all of them. Prints the table of docs/compare.md:

- wrong by p: studies with a pair of equal arms whose p after Holm's correction is below 0.05,
- wrong: the same that are also settled, which is what the program calls distinguished,
- bound: what no more than one table in twenty would exceed in its row if the true rate were 5 %,
- seen: studies of truly different arms that are told the right way round,
- coverage: how often the interval with settings chosen anew holds the median difference of arms tuned anew,
  and that at the chosen settings the difference of their true losses; both are to be 90 % or more.
"""

import csv
import json
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

import numpy as np

PROGRAM = Path("target/release/gradsweep")
RATES = [f"{10.0 ** -k:g}" for k in range(6, 0, -1)]
BATCH = 250  # studies in a folder


def bowl(best, curvature):
    """True losses of six rates, in units of the noise."""
    return curvature * (np.arange(6.0) - best) ** 2


# Name, true losses of each arm, seeds, seeds that choose, share of runs that diverge at the largest rate.
ROWS = [
    ("equal arms, one good rate", [bowl(2, 3)] * 2, 15, 5, 0.0),
    ("equal arms, two rates about as good", [bowl(2.4, 1)] * 2, 15, 5, 0.0),
    ("equal arms, flat in the rate", [bowl(2.3, 0.3)] * 2, 15, 5, 0.0),
    ("equal arms, two seeds choose", [bowl(2.3, 2)] * 2, 14, 2, 0.0),
    ("equal arms, largest rate may diverge", [bowl(4.4, 1)] * 2, 15, 5, 0.2),
    ("four equal arms", [bowl(2.4, 1)] * 4, 18, 6, 0.0),
    ("half a standard deviation apart", [bowl(2, 3), bowl(2, 3) + 0.5], 15, 5, 0.0),
    ("one apart", [bowl(2, 3), bowl(2, 3) + 1], 15, 5, 0.0),
    ("one apart, two rates about as good", [bowl(2.4, 1), bowl(2.4, 1) + 1], 15, 5, 0.0),
    ("two apart", [bowl(2, 3), bowl(2, 3) + 2], 15, 5, 0.0),
]


def outcomes():
    """The columns of runs.csv that a reader of it asks for."""
    text = subprocess.run([PROGRAM, "columns", "--markdown"], capture_output=True, text=True, check=True).stdout
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| `runs.csv`")]
    return [row[2].strip(" `") for row in rows]


def write(folder, arms, seeds, tune, diverging, rng, studies, columns):
    losses = np.array(arms)[None, :, :, None]  # study, arm, rate, seed
    shape = (studies, len(arms), 6, seeds)
    chosen_by, own = rng.normal(size=shape), rng.normal(size=shape)
    val, test = 20 + losses + chosen_by, 20 + losses + 0.8 * chosen_by + 0.6 * own
    lost = (rng.random(shape) < diverging) & (np.arange(6) == 5)[None, None, :, None]
    names = [f"arm{a}" for a in range(len(arms))]
    labels = {"study": [str(s) for s in range(studies)], "optimizer": names, "optimizer.lr": RATES}
    axes = [{"name": name, "labels": own, "scale": "log" if name == "optimizer.lr" else "category"} for name, own in labels.items()]
    cells = [{"labels": {"study": s, "optimizer": a, "optimizer.lr": r}} for s in labels["study"] for a in names for r in RATES]
    plan = {
        "schema": 1, "name": "calibration", "question": "", "seeds": list(range(1, seeds + 1)), "seed": int(rng.integers(1 << 30)),
        "axes": axes, "cells": cells, "figures": [],
        "compare": {"arm": "optimizer", "tune": ["optimizer.lr"], "tune_seeds": tune, "choose": "val_loss", "report": "test_loss"},
        "data": {"name": "made up", "digest": "0", "train_rows": 1, "outputs": 1, "classes": False}, "probe": 1,
    }
    (folder / "plan.json").write_text(json.dumps(plan))
    with open(folder / "runs.csv", "w", newline="") as file:
        known = {"run_id", "study", "optimizer", "optimizer.lr", "seed", "status", "steps", "val_loss", "test_loss", "train_loss"}
        header = ["run_id", "study", "optimizer", "optimizer.lr", *[c for c in columns if c != "run_id"]]
        table = csv.DictWriter(file, header, restval="")
        table.writeheader()
        for s, a, r, k in np.ndindex(*shape):
            is_lost = lost[s, a, r, k]
            row = {"run_id": f"{s}-{a}-{r}-{k}", "study": s, "optimizer": names[a], "optimizer.lr": RATES[r], "seed": k + 1,
                   "status": "diverged" if is_lost else "finished", "steps": 1}
            if not is_lost:
                row |= {"val_loss": val[s, a, r, k], "test_loss": test[s, a, r, k], "train_loss": val[s, a, r, k]}
            assert row.keys() <= known
            table.writerow(row)


def truth(arms, tune, diverging, rng, draws=200_000):
    """The median difference of the first two arms where each chooses its rate anew: a run of one less a run of the other."""
    ends = []
    for arm in arms[:2]:
        val = 20 + arm[:, None, None] + rng.normal(size=(6, draws, tune))
        val[5][rng.random((draws, tune)) < diverging] = np.inf
        rate = np.median(val, axis=2).argmin(axis=0)
        end = arm[rate] + rng.normal(size=draws)
        end[(rate == 5) & (rng.random(draws) < diverging)] = np.inf
        ends.append(end)
    with np.errstate(invalid="ignore"):
        return np.nanmedian(ends[0] - ends[1])


def compared(folder):
    subprocess.run([PROGRAM, "compare", folder, "--format", "json"], capture_output=True, check=True)
    with open(folder / "comparison_pairs.csv") as file:
        pairs = list(csv.DictReader(file))
    with open(folder / "comparison.csv") as file:
        chosen = {(row["study"], row["optimizer"]): RATES.index(row["setting"].split("=")[1]) for row in csv.DictReader(file)}
    return pairs, chosen


def row(name, arms, seeds, tune, diverging, studies, columns):
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    true = truth(arms, tune, diverging, rng)
    null = all(np.array_equal(arm, arms[0]) for arm in arms)
    by_p, told, anew, fixed, n_fixed = set(), set(), 0, 0, 0
    for batch in range(0, studies, BATCH):
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder), arms, seeds, tune, diverging, rng, min(BATCH, studies - batch), columns)
            pairs, chosen = compared(Path(folder))
        for pair in pairs:
            study, number = (batch, pair["study"]), lambda column: float(pair[column])
            right = null or number("difference") < 0
            if number("p_corrected") <= 0.05 and right:
                by_p.add(study)
            if pair["verdict"] == "distinguished" and right:
                told.add(study)
            if (pair["first"], pair["second"]) == ("arm0", "arm1"):
                anew += number("tuned_low") <= true <= number("tuned_high")
                a, b = (chosen[pair["study"], pair[side]] for side in ("first", "second"))
                if 5 not in (a, b) or diverging == 0:
                    difference = arms[0][a] - arms[1][b]
                    fixed += number("low") <= difference <= number("high")
                    n_fixed += 1
    # The 95 % point of a binomial of this many studies at 5 %.
    bound = 0.05 + 1.645 * np.sqrt(0.05 * 0.95 / studies)
    share = lambda found: f"{100 * len(found) / studies:.1f} %"
    wrong = [share(by_p), share(told), f"{100 * bound:.1f} %", ""] if null else ["", "", "", share(told)]
    cover = [f"{100 * anew / studies:.1f} %", f"{100 * fixed / n_fixed:.1f} %"]
    return "| " + " | ".join([name, f"{seeds - tune} of {seeds}", *wrong, *cover]) + " |", null and len(told) / studies > bound


def main():
    studies = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    columns = outcomes()
    print("| arms | seeds that judge | wrong by p | wrong | bound | seen | coverage, chosen anew | coverage, chosen settings |")
    print("|---|---|---|---|---|---|---|---|")
    failed = False
    for one in ROWS:
        text, is_over = row(*one, studies, columns)
        print(text, flush=True)
        failed |= is_over
    sys.exit(int(failed))


if __name__ == "__main__":
    main()
