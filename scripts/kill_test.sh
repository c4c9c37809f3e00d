#!/usr/bin/env bash
# Shows that no finished run is lost: kills the program without warning at KILLS random moments (default 200), then, as
# root, fills small disks of its own under it. After each, going on must give the tables of an undisturbed sweep.
#   scripts/kill_test.sh [KILLS] [SEED]
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --release --quiet
KILLS="${1:-200}" KILL_SEED="${2:-1}" cargo test --release --quiet --test sweeping kill:: -- --nocapture | grep kills

if [ "$(id -u)" != 0 ]; then
    echo "full disks: left out, only root may mount one"
    exit 0
fi
program="$PWD/target/release/gradsweep"
work="$(mktemp -d)"
disk="$work/disk"
trap 'umount "$disk" 2>/dev/null || true; rm -rf "$work"' EXIT
mkdir "$disk"
cat > "$work/x.toml" <<'TOML'
seeds = 4
[base]
width = 8
steps = 60
data = { kind = "spirals", n = 200 }
[axes]
depth = [1, 3]
activation = ["tanh", "relu", "sigmoid"]
TOML
tables=(runs.csv summary.csv history.csv layers.csv)
cd "$work"
"$program" sweep x.toml --out whole >/dev/null 2>&1

full=0
for kilobytes in 16 32 48 64 96 128 160 192 256 320 384 448 512 768 1024 1536 2048 3072 4096; do
    mount -t tmpfs -o "size=${kilobytes}k" tmpfs "$disk"
    code=0
    "$program" sweep x.toml --out "$disk/out" >/dev/null 2>said || code=$?
    if [ "$code" != 0 ]; then
        grep -q "No space left on device" said
        full=$((full + 1))
        # Trying again on the full disk must lose nothing either.
        "$program" sweep x.toml --out "$disk/out" >/dev/null 2>&1 || true
        mount -o remount,size=64m "$disk"
        "$program" sweep x.toml --out "$disk/out" >/dev/null 2>said
    fi
    for table in "${tables[@]}"; do
        cmp "$disk/out/$table" "whole/$table"
    done
    umount "$disk"
done
echo "$full disks filled up at 16 to 4096 KiB; all tables equal"
[ "$full" -ge 5 ]
