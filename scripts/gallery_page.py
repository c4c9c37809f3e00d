#!/usr/bin/env python3
"""Writes results/gallery/README.md: every experiment of the gallery with its figures and the verdicts on its claims.

    python3 scripts/gallery_page.py        # after scripts/gallery.sh, which calls it
"""

import csv
from pathlib import Path

GALLERY = Path("results/gallery")
PAPERS = Path("experiments/papers")


def header(text):
    """The comment at the top of an experiment, and its question."""
    lines = text.splitlines()
    comment = []
    for line in lines:
        if not line.startswith("#"):
            break
        comment.append(line[1:].strip())
    question = next(line.split('"')[1] for line in lines if line.startswith("question"))
    return " ".join(line for line in comment if not line.startswith("cargo run")), question


def shown(number):
    return f"{float(number):.4g}" if number not in ("", "NaN") else number or "-"


def answer(path):
    """What the sweep ended with: its table and its sentences."""
    return ["```text", *path.read_text().splitlines(), "```", ""] if path.exists() else []


def claims(path):
    if not path.exists():
        return []
    rows = list(csv.DictReader(path.open()))
    out = ["", "| verdict | claim | median [interval] | expected | N |", "|---|---|---|---|---|"]
    for r in rows:
        part = f" ({r['part']})" if r["part"] else ""
        verdict = r["verdict"] if r["verdict"] == "holds" else f"**{r['verdict']}**"
        diverged = f", {r['diverged']} diverged" if r["diverged"] != "0" else ""
        out.append(f"| {verdict} | {r['says']}{part} | {shown(r['median'])} [{shown(r['low'])}, {shown(r['high'])}] | {r['expected']} | {r['n']}{diverged} |")
    return out


def main():
    folders = sorted(p.name for p in GALLERY.iterdir() if p.is_dir())
    papers = [name for name in folders if (PAPERS / f"{name}.toml").exists()]
    others = [name for name in folders if name not in papers]
    others.sort(key=lambda name: name != "vanishing")
    count = {"holds": 0, "fails": 0, "inconclusive": 0}
    for name in papers:
        path = GALLERY / name / "claims.csv"
        for row in csv.DictReader(path.open()) if path.exists() else []:
            count[row["verdict"]] += 1
    out = ["# Gallery", "", "Made by `scripts/gallery.sh`. Each folder holds the experiment, its provenance, `summary.csv`, figures and verdicts.", ""]
    out += [f"{len(papers)} experiments after papers: {sum(count.values())} verdicts: {count['holds']} hold, {count['fails']} fail, {count['inconclusive']} inconclusive.", ""]
    for name in others + papers:
        folder = GALLERY / name
        about, question = header((folder / "experiment.toml").read_text())
        out += [f"## {name}", "", f"*{question}*", "", about, ""]
        out += answer(folder / "answer.txt")
        out += [f"![{png.stem} of {name}]({name}/{png.name})" for png in sorted(folder.glob("*.png"))]
        out += claims(folder / "claims.csv") + [""]
    (GALLERY / "README.md").write_text("\n".join(out))


if __name__ == "__main__":
    main()
