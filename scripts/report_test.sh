#!/usr/bin/env bash
# Opens the reports of three experiments in Debian's Chromium, headless, and uses them (see report_test.py).
# Installs Chromium and its driver if they are missing (as root), and Selenium into a Python environment under target/.
# Usage: scripts/report_test.sh [FOLDER FOR SCREENSHOTS]
set -euo pipefail
cd "$(dirname "$0")/.."
shots=${1:-target/report-screenshots}

if ! command -v chromedriver > /dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium chromium-driver > /dev/null
fi
venv=target/report-venv
[ -x $venv/bin/python ] || { python3 -m venv $venv && $venv/bin/pip install --quiet selenium==4.51.0; }

cargo build --release --quiet
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
for name in vanishing optimizers functions; do
  ./target/release/gradsweep sweep "experiments/$name.toml" --out "$out/$name" --quiet > /dev/null
done
size=$(stat -c %s "$out/vanishing/report.html")
echo "vanishing/report.html: $size bytes"
[ "$size" -lt 3000000 ]
if grep -oE '(src|href)="(https?:|//)[^"]*"' "$out"/*/report.html; then echo "a report needs the network"; exit 1; fi
$venv/bin/python scripts/report_test.py "$shots" "$out/vanishing" "$out/optimizers" "$out/functions"
