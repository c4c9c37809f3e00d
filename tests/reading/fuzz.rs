//! A small share of the fuzzing on every run of the tests; `scripts/fuzz.sh` does a million inputs each.

#[path = "../../tools/fuzz/mutate.rs"]
mod mutate;
#[path = "../../tools/fuzz/targets.rs"]
mod targets;

use mutate::Rng;

#[test]
fn mutated_files_are_read_or_refused_and_many_are_read() {
    const INPUTS: u64 = 2000;
    for name in targets::TARGETS {
        let target = targets::target(name).unwrap();
        let accepted = (0..INPUTS).filter(|number| {
            let dir = tempfile::tempdir().unwrap();
            target.read(&mut Rng::new(2, *number), dir.path())
        });
        let accepted = accepted.count();
        // Else the mutations have stopped to reach what lies behind the first check.
        assert!(
            accepted > INPUTS as usize / 10 && accepted < INPUTS as usize,
            "{name}: {accepted} of {INPUTS} accepted"
        );
    }
}
