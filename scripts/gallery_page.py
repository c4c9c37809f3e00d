#!/usr/bin/env python3
"""Writes the gallery's pages: results/gallery/README.md has a row for each experiment, with its first figure, its first claim or its answer, the
verdicts on its claims, its command and its time; the README.md of each folder has all figures, the whole answer and every verdict.

    python3 scripts/gallery_page.py        # after scripts/gallery.sh, which calls it
"""

import csv
import json
import tomllib
from collections import Counter
from datetime import datetime
from pathlib import Path

GALLERY = Path("results/gallery")
PAPERS = Path("experiments/papers")


class Experiment:
    """What a folder of the gallery holds."""

    def __init__(self, folder):
        self.folder, self.name = folder, folder.name
        text = (folder / "experiment.toml").read_text()
        self.file = tomllib.loads(text)
        comment = [line[1:].strip() for line in text.split("\n\n")[0].splitlines() if line.startswith("#")]
        self.about = " ".join(line for line in comment if not line.startswith("cargo run"))
        answer = folder / "answer.txt"
        self.answer = answer.read_text() if answer.exists() else ""
        claims = folder / "claims.csv"
        self.claims = list(csv.DictReader(claims.open())) if claims.exists() else []
        sessions = next(iter(v for v in json.loads((folder / "provenance.json").read_text()).values() if isinstance(v, list)))
        self.seconds = sum(duration(s) for s in sessions if s["runs_done"])
        self.source = sessions[0]["experiment"]

    def figures(self):
        """The images, in the order of the file's figures, then by name."""
        asked = [figure.get("name", figure["kind"]) for figure in self.file.get("figure", [])]
        return sorted(self.folder.glob("*.png"), key=lambda png: (asked.index(png.stem) if png.stem in asked else len(asked), png.stem))

    def sentence(self):
        """The first claim with what was found, or without claims the first sentence of the answer after its table."""
        if self.claims:
            return finding(self.claims[0])
        words = " ".join(self.answer.strip().split("\n\n")[-1].split())
        return words.split(". ")[0].rstrip(".") + "." if words else ""

    def verdicts(self):
        counts = Counter(row["verdict"] for row in self.claims)
        return ", ".join(f"{counts[verdict]} {said}" for verdict, said in SAID.items() if counts[verdict])


SAID = {"holds": "hold", "fails": "**fail(s)**", "inconclusive": "**inconclusive**"}


def duration(session):
    started, ended = (datetime.fromisoformat(session[key].replace("Z", "+00:00")) for key in ("started", "ended"))
    return (ended - started).total_seconds()


def shown(number):
    return f"{float(number):.4g}" if number not in ("", "NaN") else number or "-"


def finding(row):
    """A claim with its numbers, as a sentence."""
    part = f" ({row['part']})" if row["part"] else ""
    return f"{row['says']}{part}: {row['verdict']}, {shown(row['median'])} [{shown(row['low'])}, {shown(row['high'])}], N = {row['n']}."


def claims(rows):
    """A table of verdicts."""
    out = ["| verdict | claim | median [interval] | expected | N |", "|---|---|---|---|---|"] if rows else []
    for r in rows:
        part = f" ({r['part']})" if r["part"] else ""
        verdict = r["verdict"] if r["verdict"] == "holds" else f"**{r['verdict']}**"
        diverged = f", {r['diverged']} diverged" if r["diverged"] != "0" else ""
        out.append(f"| {verdict} | {r['says']}{part} | {shown(r['median'])} [{shown(r['low'])}, {shown(r['high'])}] | {r['expected']} | {r['n']}{diverged} |")
    return out


def page(own):
    """All of one experiment."""
    out = [f"# {own.name}", "", f"*{own.file['question']}*", "", own.about, "", f"`gradsweep sweep {own.source}`", ""]
    out += ["```text", *own.answer.splitlines(), "```", ""] if own.answer else []
    out += [f"![{png.stem}]({png.name})" for png in own.figures()] + [""] + claims(own.claims)
    (own.folder / "README.md").write_text("\n".join(out).rstrip() + "\n")


def row(own):
    """One experiment in the table of all."""
    first = own.figures()[0]
    image = f'<a href="{own.name}/README.md"><img src="{own.name}/{first.name}" width="320" alt="{first.stem} of {own.name}"></a>'
    said = [f"**[{own.name}]({own.name}/README.md)**", f"*{own.file['question']}*", own.sentence().replace("|", "\\|"),
            own.verdicts() and f"Claims: {own.verdicts()}.", f"`gradsweep sweep {own.source}`: {own.seconds:.0f} s"]
    return f"| {image} | {'<br>'.join(part for part in said if part)} |"


def main():
    found = [Experiment(folder) for folder in sorted(GALLERY.iterdir()) if folder.is_dir()]
    papers = [own for own in found if (PAPERS / f"{own.name}.toml").exists()]
    others = sorted((own for own in found if own not in papers), key=lambda own: own.name != "vanishing")
    counts = Counter(row["verdict"] for own in found for row in own.claims)
    out = ["# Gallery", "", f"{len(others)} experiments of this project and {len(papers)} after papers, whose claims have {sum(counts.values())} verdicts: "
           f"{counts['holds']} hold, {counts['fails']} fail, {counts['inconclusive']} inconclusive.",
           "`scripts/gallery.sh` sweeps all of it and makes this page; the seconds are those of its two cores. Each folder holds the experiment, "
           "where its results come from, its tables, figures and verdicts.", ""]
    for title, group in [("Experiments", others), ("After papers", papers)]:
        out += [f"## {title}", "", "| | |", "|---|---|", *map(row, group), ""]
    for own in found:
        page(own)
    (GALLERY / "README.md").write_text("\n".join(out).rstrip() + "\n")


if __name__ == "__main__":
    main()
