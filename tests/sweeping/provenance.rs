//! Where results come from can be looked up: what is frozen before the first run, and what `provenance.json` says.

use crate::program::{PROGRAM, expect};
use gradsweep::sweep::git::{Revision, state};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::tempdir;

const EXPERIMENT: &str = r#"
name = "small"
seeds = 2

[base]
width = 4
steps = 20
data = { kind = "spirals", n = 100 }

[axes]
depth = [1, 2]
"#;

fn json_file(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The last sitting of `provenance.json`.
fn sitting(results: &Path) -> Value {
    json_file(&results.join("provenance.json"))["sittings"].as_array().unwrap().last().unwrap().clone()
}

fn git(dir: &Path, args: &[&str]) -> String {
    let identity = ["-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").current_dir(dir).args(identity).args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().into()
}

#[test]
fn the_plan_is_in_the_folder_before_the_first_run() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("small.toml"), EXPERIMENT).unwrap();
    let args = ["sweep", "small.toml", "--jobs", "1", "--set", "steps=100000000", "--set", "width=[4, 8]"];
    let mut sweep = Command::new(PROGRAM);
    sweep.current_dir(dir.path()).args(args).stderr(Stdio::null()).stdout(Stdio::null());
    let mut sweep = sweep.spawn().unwrap();
    let results = dir.path().join("results/small");
    let begun = Instant::now();
    while !results.join("provenance.json").exists() && begun.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(5));
    }
    sweep.kill().unwrap();
    sweep.wait().unwrap();

    let journal = fs::read_to_string(results.join("journal/runs.jsonl")).unwrap();
    assert_eq!(journal.lines().count(), 1, "a header and no run: {journal}");
    assert_eq!(fs::read_to_string(results.join("experiment.toml")).unwrap(), EXPERIMENT);
    let plan = json_file(&results.join("plan.json"));
    assert_eq!((&plan["settings"]["steps"], &plan["settings"]["activation"]), (&json!(100_000_000), &json!("tanh")));
    let cells: Vec<&Value> = plan["cells"].as_array().unwrap().iter().map(|cell| &cell["settings"]).collect();
    let own = |depth, width| json!({ "depth": depth, "width": width });
    assert_eq!(cells, [&own(1, 4), &own(1, 8), &own(2, 4), &own(2, 8)]);
    let mut hash = blake3::Hasher::new();
    for file in ["plan.json", "journal/view.txt"] {
        hash.update(&fs::read(results.join(file)).unwrap());
    }
    let sitting = sitting(&results);
    assert_eq!(sitting["plan"], hash.finalize().to_hex()[..16]);
    assert_eq!((&sitting["ended"], &sitting["runs_to_do"]), (&Value::Null, &json!(8)));
    assert_eq!(sitting["command"].as_array().unwrap()[1..], args.map(Value::from));
}

#[test]
fn program_machine_and_clock_are_noted_and_nothing_of_the_environment() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("small.toml"), EXPERIMENT).unwrap();
    let mut sweep = Command::new(PROGRAM);
    sweep.current_dir(dir.path()).args(["sweep", "small.toml", "--jobs", "2"]).env("API_TOKEN", "s3cr3t-of-mine");
    assert_eq!(sweep.output().unwrap().status.code(), Some(0));
    let results = dir.path().join("results/small");
    let sitting = sitting(&results);
    assert_eq!(sitting["program"], concat!("gradsweep ", env!("CARGO_PKG_VERSION")));
    let plan = json_file(&results.join("plan.json"));
    assert_eq!(sitting["data"], json!([{ "name": "spirals", "digest": plan["data"]["digest"] }]));
    assert_eq!((&sitting["jobs"], &sitting["runs_done"]), (&json!(2), &json!(4)));
    let text = |key: &str| sitting[key].as_str().unwrap_or_else(|| panic!("no {key}")).to_string();
    assert!(text("started") <= text("ended") && text("ended").ends_with('Z'));
    assert!(text("rustc").starts_with("rustc "), "{}", text("rustc"));
    assert!(["portable", "AVX2", "AVX-512"].contains(&text("instructions").as_str()));
    assert!(text("system").starts_with(std::env::consts::OS));
    assert_eq!(sitting["git"]["experiment"], Value::Null, "the folder is in no repository");
    for file in fs::read_dir(&results).unwrap().chain(fs::read_dir(results.join("journal")).unwrap()) {
        let path = file.unwrap().path();
        if path.is_file() {
            let bytes = fs::read(&path).unwrap();
            assert!(!String::from_utf8_lossy(&bytes).contains("s3cr3t"), "{}", path.display());
        }
    }
}

#[test]
fn the_revisions_of_program_and_experiment_are_told_apart() {
    let dir = tempdir().unwrap();
    let place = dir.path().join("grids");
    fs::create_dir(&place).unwrap();
    fs::write(place.join("small.toml"), EXPERIMENT).unwrap();
    fs::write(dir.path().join(".gitignore"), "results\n").unwrap();
    git(dir.path(), &["init", "-q"]);
    let noted = |file: &str| {
        expect(dir.path(), &["sweep", file, "--fresh"], 0, &[]);
        sitting(&dir.path().join("results/small"))["git"].clone()
    };
    assert_eq!(noted("grids/small.toml")["experiment"], Value::Null, "nothing is committed");
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-q", "-m", "one"]);
    let revision = git(dir.path(), &["rev-parse", "HEAD"]);
    let is = |dirty: bool| json!({ "revision": revision, "dirty": dirty });
    let clean = noted("grids/small.toml");
    assert_eq!(clean["experiment"], is(false));
    fs::write(dir.path().join(".gitignore"), "results\n# more\n").unwrap();
    assert_eq!(noted("grids/small.toml")["experiment"], is(true), "another file of the tree was changed");
    git(dir.path(), &["checkout", "-q", ".gitignore"]);
    fs::write(place.join("new.toml"), EXPERIMENT).unwrap();
    assert_eq!(noted("grids/new.toml")["experiment"], is(true), "this file is in no revision");
    assert_eq!(noted("grids/small.toml")["experiment"], is(false), "that other file is not part of it");

    // The program's own source, if it is built from a repository.
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    if root.join(".git").exists() {
        assert_eq!(clean["program"]["revision"], git(root, &["rev-parse", "HEAD"]));
        let changes = git(root, &["status", "--porcelain", "--", "src", "Cargo.toml", "Cargo.lock", "build.rs"]);
        assert_eq!(clean["program"]["dirty"], !changes.is_empty(), "{changes}");
    }
}

#[cfg(unix)]
#[test]
fn a_revision_is_read_as_its_repository_is_kept() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempdir().unwrap();
    let dir = dir.path();
    fs::write(dir.join("small.toml"), EXPERIMENT).unwrap();
    git(dir, &["init", "-q"]);
    git(dir, &["add", "."]);
    git(dir, &["commit", "-q", "-m", "one"]);
    let commit = git(dir, &["rev-parse", "HEAD"]);
    let is = |dirty: bool| Some(Revision { commit: commit.clone(), dirty });
    fs::set_permissions(dir.join("small.toml"), fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(state(dir, &[]), is(true));
    git(dir, &["config", "core.fileMode", "false"]);
    assert_eq!(state(dir, &[]), is(false));
    let branch = git(dir, &["symbolic-ref", "HEAD"]);
    git(dir, &["symbolic-ref", "refs/heads/other", &branch]);
    git(dir, &["symbolic-ref", "HEAD", "refs/heads/other"]);
    assert_eq!(state(dir, &[]), is(false), "a branch that names another");
    git(dir, &["symbolic-ref", &branch, "refs/heads/other"]);
    assert_eq!(state(dir, &[]), None, "branches that name each other");
}
