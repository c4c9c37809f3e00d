#!/usr/bin/env bash
# Tries to break a sweep, for about half an hour, and prints what was tried, how often, and what survived, as the table of
# docs/hardness.md: kills in every phase, full disks, damaged journals, commands beside each other, folders from strangers, inputs
# changed at random. As root it also fills small disks of its own.
#   scripts/hardness.sh          all of it
#   scripts/hardness.sh 0.1      a tenth of each
set -euo pipefail
cd "$(dirname "$0")/.."
share="${1:-1}"
times() { awk -v n="$1" -v s="$share" 'BEGIN { n = int(n * s + 0.5); print n < 1 ? 1 : n }'; }
row() { printf '| %s | %s | %s |\n' "$1" "$2" "$3"; }
# A test that prints `tried: NUMBER` and, after it, what it found.
tried() {
    local name="$1" test="$2" variable="$3" count="$4" said
    said="$(env "$variable=$count" cargo test --release --quiet --test sweeping "$test" -- --exact --nocapture 2>&1)" || {
        printf '%s\n' "$said" >&2
        return 1
    }
    said="$(printf '%s\n' "$said" | sed -n 's/^tried: //p')"
    row "$name" "${said%%;*}" "${said#*; }"
}

cargo build --release --quiet --bins --examples
program="$PWD/target/release/gradsweep"
row "what was tried" "how often" "what survived"
row --- --- ---
tried "the program is killed without warning, in every phase" kill::killed_at_any_moment_nothing_is_lost_or_counted_twice KILLS "$(times 300)"
tried "files may not grow beyond a size" damage::a_full_disk_stops_the_sweep_and_loses_nothing DISKS "$(times 50)"
tried "bytes of a journal are flipped, cut out or written over" damage::random_damage_costs_the_lines_it_hits DAMAGES "$(times 200)"
tried "two commands beside each other in one folder" beside::pairs_of_commands_leave_every_file_whole_and_right PAIRS "$(times 100)"
tried "an import beside what reads its folder" beside::an_import_and_what_reads_its_folder_leave_every_file_whole_and_right IMPORTS "$(times 50)"
tried "two or three commands in one folder whose locks hold nobody back" locks::where_locks_hold_nobody_back_nothing_is_lost_or_counted_twice LOCKS "$(times 40)"
tried "a link in the place of a file or folder" strangers::a_link_in_the_place_of_a_file_leads_no_writing_elsewhere LINKS 1
tried "a pipe, a folder or an empty file of 60 GB in the place of a file" strangers::a_pipe_or_a_folder_in_the_place_of_a_file_is_no_hang PIPES 1

tried "extreme values of every numeric setting" extremes::extreme_values_are_refused_or_run EXTREMES 1

for target in experiment csv idx journal import; do
    inputs="$(times 100000)"
    (ulimit -v 1048576; "${program%/*}/examples/fuzz" "$target" --inputs "$inputs") >/dev/null
    row "a file changed at random: $target" "$inputs" "no panic, none over 1 GiB or 10 s"
done

if [ "$(id -u)" != 0 ]; then
    exit 0
fi
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
disks="$(times 50)"
full=0
for number in $(seq "$disks"); do
    kilobytes="$(awk -v i="$number" -v n="$disks" 'BEGIN { print 4 * int(4 * exp(i / n * log(256))) }')"
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
row "a disk of 20 to 4096 KiB" "$disks" "$full filled up; every finished run, and after going on the tables of an undisturbed sweep"
