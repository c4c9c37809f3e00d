//! Several machines, one folder: whatever runs where and however often, the merged tables are those of a plain sweep;
//! and `verify` finds what somebody changed.

use crate::program::{PROGRAM, Tables, expect, expect_shell, tables};
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::tempdir;

const EXPERIMENT: &str = r#"
name = "small"
question = "?"
seeds = 3

[base]
data = "spirals"
width = 6
batch = 16
steps = 20
optimizer = { kind = "adam", lr = 0.01 }

[axes]
depth = [2, 4, 8]
activation = ["tanh", "relu"]

[record]
gradients = { at = [0, 10] }
score = { every = 10 }
distributions = true
"#;

/// An experiment file in a folder, and the tables of its plain sweep.
fn swept() -> (tempfile::TempDir, Tables) {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("small.toml"), EXPERIMENT).unwrap();
    expect(dir.path(), &["sweep", "small.toml", "--out", "plain", "--quiet", "--jobs", "1"], 0, &[]);
    let plain = tables(&dir.path().join("plain"));
    (dir, plain)
}

fn shard(dir: &Path, which: &str, code: i32, words: &[&str]) {
    expect(dir, &["sweep", "small.toml", "--out", "shards", "--shard", which, "--quiet"], code, words);
}

#[test]
fn shards_in_any_order_and_some_twice_merge_to_the_plain_tables() {
    let (dir, plain) = swept();
    let dir = dir.path();
    for which in ["3/4", "0/4", "3/4"] {
        shard(dir, which, 0, &["gradsweep merge shards"]);
    }
    assert!(!dir.join("shards/runs.csv").exists(), "a shard writes its own journal and no table");
    expect(dir, &["merge", "shards"], 1, &["9 of 18 runs are finished", "--array=1-2", "missing: depth=8"]);
    // A scheduler numbers the tasks; a task that is put back finds its runs done.
    let numbered = |variable: &str, value: &str| {
        let line = format!("{variable}={value} gradsweep sweep small.toml --out shards --shard auto/4 --quiet");
        expect_shell(dir, &line, 0, &[&format!("shard {}/4", if variable == "PARALLEL_SEQ" { 1 } else { 2 })]);
    };
    numbered("PARALLEL_SEQ", "2");
    numbered("SLURM_ARRAY_TASK_ID", "2");
    numbered("SLURM_ARRAY_TASK_ID", "2");
    expect(dir, &["merge", "shards"], 0, &["18 of 18 runs are finished"]);
    assert!(tables(&dir.join("shards")) == plain);
    assert_eq!(fs::read(dir.join("shards/plan.json")).unwrap(), fs::read(dir.join("plain/plan.json")).unwrap());
    expect(dir, &["sweep", "small.toml", "--out", "shards", "--quiet"], 0, &["all 18 runs are done"]);
    assert!(tables(&dir.join("shards")) == plain);
}

#[test]
fn shards_at_the_same_time_share_a_folder() {
    let (dir, plain) = swept();
    let start = |index: usize| {
        let which = format!("{index}/3");
        let args = ["sweep", "small.toml", "--out", "shards", "--shard", &which, "--quiet"];
        Command::new(PROGRAM).args(args).current_dir(dir.path()).spawn().unwrap()
    };
    for mut child in (0..3).map(start).collect::<Vec<_>>() {
        assert!(child.wait().unwrap().success());
    }
    expect(dir.path(), &["merge", "shards"], 0, &[]);
    assert!(tables(&dir.path().join("shards")) == plain);
}

#[test]
fn a_run_in_two_journals_counts_once_and_a_torn_line_of_another_shard_stays() {
    let (dir, plain) = swept();
    let dir = dir.path();
    shard(dir, "0/1", 0, &[]);
    for which in ["0/2", "1/2"] {
        shard(dir, which, 0, &["0 runs to do"]);
    }
    // Somebody dealt the same runs otherwise, and is in the middle of a line.
    let journal = dir.join("shards/journal");
    let whole = fs::read(journal.join("shard-0-of-1.jsonl")).unwrap();
    let torn = [&whole[..], &whole[..whole.len() / 3]].concat();
    fs::write(journal.join("shard-1-of-3.jsonl"), &torn).unwrap();
    shard(dir, "0/2", 0, &[]);
    expect(dir, &["merge", "shards"], 0, &[]);
    assert!(tables(&dir.join("shards")) == plain);
    assert_eq!(fs::read(journal.join("shard-1-of-3.jsonl")).unwrap(), torn, "another shard's line may still grow");
}

#[test]
fn what_does_not_fit_is_refused() {
    let (dir, _) = swept();
    let dir = dir.path();
    for (which, word) in [("4/4", "from 0 to 3"), ("two", "write i/n"), ("auto/4", "none is set")] {
        shard(dir, which, 2, &[word]);
    }
    assert!(!dir.join("shards").exists());
    shard(dir, "0/4", 0, &[]);
    let other = ["sweep", "small.toml", "--out", "shards", "--set", "width=7", "--shard", "1/4"];
    expect(dir, &other, 2, &["contains another plan"]);
    for flag in ["--fresh", "--replan"] {
        expect(dir, &["sweep", "small.toml", "--shard", "1/4", flag], 2, &["cannot be used with"]);
    }
    for command in ["merge", "verify"] {
        expect(dir, &[command, "nowhere"], 2, &["not a results folder"]);
    }
}

#[cfg(unix)]
#[test]
fn a_terminated_shard_ends_with_75_and_goes_on() {
    let (dir, _) = swept();
    let dir = dir.path();
    let sweep = "small.toml --set steps=3000 --set depth=8 --jobs 1 --quiet";
    expect_shell(dir, &format!("gradsweep sweep {sweep} --out long"), 0, &[]);
    let line = format!(
        "gradsweep sweep {sweep} --out shards --shard 0/1 & p=$!
         while [ \"$(cat shards/journal/shard-0-of-1.jsonl 2>/dev/null | wc -l)\" -lt 2 ]; do sleep 0.01; done
         kill -TERM $p; wait $p"
    );
    expect_shell(dir, &line, 75, &["all finished runs are kept"]);
    expect(dir, &["merge", "shards"], 1, &["--array=0"]);
    expect_shell(dir, &format!("gradsweep sweep {sweep} --out shards --shard 0/1"), 0, &[]);
    expect(dir, &["merge", "shards"], 0, &[]);
    assert!(tables(&dir.join("shards")) == tables(&dir.join("long")));
}

#[test]
fn the_slurm_script_is_a_shell_script_with_the_number_of_shards_in_it() {
    let (dir, _) = swept();
    let dir = dir.path();
    let args =
        ["slurm", "small.toml", "--shards", "4", "--only", "depth=[2, 4]", "--time", "10:00", "--out", "an odd 'place"];
    let output = Command::new(PROGRAM).args(args).current_dir(dir).output().unwrap();
    let script = String::from_utf8(output.stdout).unwrap();
    for part in
        ["#SBATCH --array=0-3\n", "#SBATCH --time=10:00\n", "--shard auto/4", "--only 'depth=[2, 4]'", "afterany"]
    {
        assert!(script.contains(part), "{part}: {script}");
    }
    for odd in
        [["--time", "1\nrm x"], ["--partition", "a\u{1b}b"], ["--out", "a\u{202e}b"], ["--only", "depth=[2,\n4]"]]
    {
        let args = ["slurm", "small.toml", "--shards", "4"].into_iter().chain(odd).collect::<Vec<_>>();
        expect(dir, &args, 2, &["a script cannot contain"]);
    }
    fs::write(dir.join("job.sh"), &script).unwrap();
    // As Slurm runs each task of the array.
    for task in 0..4 {
        expect_shell(dir, &format!("SLURM_ARRAY_TASK_ID={task} sh job.sh"), 0, &[]);
    }
    expect(dir, &["merge", "an odd 'place"], 1, &["12 of 18 runs are finished"]);
}

/// Replaces the first line that `pick`s, and returns what `verify` says, which must find fault.
fn verified_after(results: &Path, file: &str, change: impl Fn(usize, &str) -> Option<String>) -> String {
    let path = results.join(file);
    let text = fs::read_to_string(&path).unwrap();
    let lines: String = text.lines().enumerate().filter_map(|(i, line)| change(i, line)).map(|l| l + "\n").collect();
    assert_ne!(lines, text);
    fs::write(&path, lines).unwrap();
    let said = expect(results, &["verify", ".", "--sample", "100%"], 1, &["differs:"]);
    fs::write(&path, text).unwrap();
    said
}

#[test]
fn verify_finds_one_changed_digit_wherever_it_is() {
    let (dir, _) = swept();
    let results = dir.path().join("plain");
    expect(&results, &["verify", ".", "--sample", "100%"], 0, &["computing 18 runs again"]);
    let keep = |line: &str| Some(line.to_string());
    let digit = |at: usize| {
        move |i: usize, line: &str| match i == at {
            // Of the last cell that is not empty.
            true => {
                let (filled, empty) = line.split_at(line.trim_end_matches(',').len());
                Some(format!("{}1{empty}", filled.strip_suffix(|_: char| true).unwrap()))
            }
            false => keep(line),
        }
    };
    for file in ["runs.csv", "history.csv", "layers.csv", "distributions.csv"] {
        let text = fs::read_to_string(results.join(file)).unwrap();
        let (header, line) = (text.lines().next().unwrap(), text.lines().nth(4).unwrap());
        let said = verified_after(&results, file, digit(4));
        let last = header.rsplit(',').nth(line.len() - line.trim_end_matches(',').len()).unwrap();
        assert!(said.contains(file) && said.contains(&format!("column {last}")), "{file}: {said}");
        let missing = verified_after(&results, file, |i, line| (i != 4).then(|| line.to_string()));
        assert!(missing.contains(file), "{missing}");
        let twice = verified_after(&results, file, |i, line| {
            keep(&if i == 4 { format!("{line}\n{line}") } else { line.into() })
        });
        assert!(twice.contains(file), "{twice}");
    }
    // Whoever changes the journal too, with a hash that fits, and makes the tables again, has still not computed it.
    let journal = results.join("journal/runs.jsonl");
    let text = fs::read_to_string(&journal).unwrap();
    let forged: String = text
        .lines()
        .map(|line| {
            let body = &line[line.find("\",").unwrap() + 2..];
            let body = body.replacen("\"outcome\":[20,", "\"outcome\":[20,9", 1);
            format!("{{\"hash\":\"{}\",{body}\n", blake3::hash(body.as_bytes()).to_hex())
        })
        .collect();
    assert_ne!(forged, text);
    fs::write(&journal, forged).unwrap();
    expect(&results, &["merge", "."], 0, &[]);
    expect(&results, &["verify", ".", "--sample", "1"], 1, &["the journal's part of runs.csv", "column train_loss"]);
    expect(&results, &["verify", ".", "--sample", "0"], 0, &[]);
    expect(&results, &["verify", ".", "--sample", "many"], 2, &["such as 20"]);
}

#[test]
fn a_folder_knows_its_plan_without_the_experiment_file() {
    let (dir, _) = swept();
    let dir = dir.path();
    fs::write(dir.join("points.csv"), "a,b,y\n0,1,x\n1,0,z\n0,0,x\n1,1,z\n0.5,1,x\n0.2,0.1,z\n0.3,1,x\n1,0.5,z\n")
        .unwrap();
    let set = "--set 'data=\"csv\"' --set 'data.path=\"points.csv\"' --set 'data.target=\"y\"' --set batch=4 --seeds 2";
    expect_shell(dir, &format!("gradsweep sweep small.toml {set} --out own --quiet"), 0, &[]);
    fs::remove_file(dir.join("small.toml")).unwrap();
    expect(&dir.join("own"), &["verify", ".", "--sample", "100%"], 0, &["computing 12 runs again"]);
    expect(&dir.join("own"), &["merge", "."], 0, &["12 of 12"]);
    fs::write(dir.join("points.csv"), "a,b,y\n0,1,x\n1,0,z\n0,0,x\n1,1,z\n0.5,1,x\n0.2,0.1,z\n0.3,1,x\n1,0.6,z\n")
        .unwrap();
    expect(&dir.join("own"), &["verify", "."], 2, &["other data"]);
}
