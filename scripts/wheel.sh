#!/usr/bin/env bash
# Builds the wheel, installs it into a fresh virtual environment in an empty folder, and sweeps with the installed program.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/build"
"$work/build/bin/pip" -q install 'maturin>=1.7,<2'
"$work/build/bin/maturin" build --release --out "$work/wheels" --target-dir "${CARGO_TARGET_DIR:-target}"

python3 -m venv "$work/user"
start=$SECONDS
"$work/user/bin/pip" -q install --no-index --find-links "$work/wheels" gradsweep
echo "installed in $((SECONDS - start)) s: $(ls -s --block-size=M "$work"/wheels/*.whl)"
mkdir "$work/empty"
cd "$work/empty"
"$work/user/bin/gradsweep" --version
"$work/user/bin/gradsweep" init mine.toml
"$work/user/bin/gradsweep" sweep mine.toml --quiet
ls results/*/figures | head -3
echo "the wheel works"
