"""Runs every Python block of README.md and docs/ in a folder with the results that it reads. Fragments of a program of the
reader's own are marked `py` there, and not run.

`scripts/snippets.sh` makes the results and an environment with pandas and polars, and calls this.
"""

import pathlib
import re
import subprocess
import sys

root = pathlib.Path(__file__).resolve().parent.parent
folder = sys.argv[1]
failed = 0
blocks = 0
for page in [root / "README.md", *sorted((root / "docs").glob("*.md"))]:
    text = page.read_text(encoding="utf-8")
    for block in re.finditer(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        blocks += 1
        line = text[: block.start()].count("\n") + 1
        run = subprocess.run([sys.executable, "-c", block[1]], cwd=folder, capture_output=True, text=True, check=False)
        fine = run.returncode == 0 and run.stdout.strip()
        failed += not fine
        print(f"{'ok' if fine else 'FAILED'}: {page.relative_to(root)}:{line}")
        if not fine:
            print(run.stderr or "it prints nothing")
if failed or not blocks:
    sys.exit(f"{failed} of {blocks} Python blocks failed")
