#!/bin/sh
# A million mutated inputs against each reader of outside input, under a limit of 1 GiB of address space and 10 s an
# input. Prints a table; results/bench/fuzz.txt holds the last one. `scripts/fuzz.sh 10000 7` does 10,000 with seed 7.
set -eu
cd "$(dirname "$0")/.."
inputs=${1:-1000000}
seed=${2:-1}
cargo build --quiet --release --example fuzz
if [ -d /dev/shm ]; then TMPDIR=$(mktemp -d /dev/shm/gradsweep-fuzz.XXXXXX); else TMPDIR=$(mktemp -d); fi
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
status=0
echo "Mutated inputs, seed $seed, at most 1 GiB of address space and 10 s an input; $(date -u +%F), $(uname -sm)"
echo "target         inputs  seconds slowest ms  (input)    MiB accepted  panics"
for target in experiment journal idx csv import; do
    code=0
    (ulimit -v 1048576; exec target/release/examples/fuzz "$target" --inputs "$inputs" --seed "$seed" --current "$TMPDIR/current") || code=$?
    [ $code = 0 ] || status=1
    # What ends the whole program (no memory, no stack) leaves the number of its input behind.
    if [ $code -gt 1 ]; then
        number=$(cat "$TMPDIR/current")
        echo "$target: input $number ended the program with $code; again: cargo run --release --example fuzz -- $target --seed $seed --from $number --inputs 1"
    fi
done
exit $status
