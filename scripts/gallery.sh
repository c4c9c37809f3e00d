#!/bin/sh
# Sweeps every experiment that the gallery shows and copies what is small of its results to results/gallery/.
#   scripts/gallery.sh                                   all of them
#   scripts/gallery.sh experiments/papers/he2015.toml    some
# Finished runs are kept, so a second call only does what is new. Prints the seconds of each.
set -eu
cd "$(dirname "$0")/.."
cargo build --release --quiet
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
    for kept in experiment.toml provenance.json answer.txt summary.csv comparison.csv comparison_settings.csv comparison_ranks.csv comparison_pairs.csv claims.csv; do
        [ ! -f "$from/$kept" ] || cp "$from/$kept" "$to/"
    done
    cp "$from"/figures/*.png "$to/"
    rm "results/$name.log"
    echo "$name: $(($(date +%s) - start)) s, exit $code"
done
python3 scripts/gallery_page.py
