#!/bin/sh
# Sweeps every experiment that the gallery shows and copies what is small of its results to results/gallery/.
#   scripts/gallery.sh                                   all of them
#   scripts/gallery.sh experiments/papers/he2015.toml    some
# Finished runs are kept, so a second call only does what is new. Prints the seconds of each. Fails if the gallery is larger than 6 MB.
set -eu
cd "$(dirname "$0")/.."
cargo build --release --quiet
# A table with seven digits of each number, half as large.
short() {
    python3 -c 'import re, sys
sys.stdout.write(re.sub(r"-?\d+\.\d{6,}(e-?\d+)?", lambda number: f"{float(number[0]):.7g}", sys.stdin.read()))' <"$1" >"$2"
}
[ $# -gt 0 ] || set -- experiments/vanishing.toml experiments/time.toml experiments/architectures.toml experiments/lecture.toml experiments/optimizers.toml experiments/schedules.toml \
    experiments/l2_vs_decay.toml experiments/functions.toml $(ls experiments/recipes/*.toml) $(ls experiments/papers/*.toml 2>/dev/null)
for file in "$@"; do
    name=$(basename "$file" .toml)
    start=$(date +%s)
    code=0
    target/release/gradsweep sweep "$file" --quiet >"results/$name.log" 2>&1 || code=$?
    # 3: a claim fails, which the gallery shows.
    [ $code = 0 ] || [ $code = 3 ] || { cat "results/$name.log"; exit $code; }
    from=results/$name
    to=results/gallery/$name
    mkdir -p "$to"
    rm -f "$to"/*
    for kept in experiment.toml provenance.json answer.txt; do
        [ ! -f "$from/$kept" ] || cp "$from/$kept" "$to/"
    done
    for table in summary comparison comparison_ranks comparison_pairs claims; do
        [ ! -f "$from/$table.csv" ] || short "$from/$table.csv" "$to/$table.csv"
    done
    # The page has the verdicts as text, a third of the size.
    drawn=$(mktemp -d)
    target/release/gradsweep plot "$from" --no-claims --out "$drawn" >/dev/null
    cp "$drawn"/*.png "$to/"
    rm -r "$drawn"
    rm "results/$name.log"
    echo "$name: $(($(date +%s) - start)) s, exit $code"
done
python3 scripts/gallery_page.py
size=$(find results/gallery -type f -exec cat {} + | wc -c)
[ "$size" -le 6000000 ] || { echo "results/gallery has $size bytes, of which 6000000 are allowed: see du -ak results/gallery | sort -n"; exit 1; }
