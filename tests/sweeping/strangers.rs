//! An experiment or a results folder from somebody else runs nothing, writes nowhere else, hangs nothing and says nothing to a
//! terminal that the terminal would obey.

#![cfg(unix)]

use crate::finished::EXPERIMENT;
use crate::program::{PROGRAM, expect, expect_shell, said, times};
use gradsweep::sweep::git::state;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::{TempDir, tempdir};

/// What makes a sweep write every kind of file.
const MORE: &str = "[[optimizer]]\nkind = \"momentum\"\n[record]\ndistributions = true\n\
                    [[figure]]\nkind = \"attenuation_by_depth\"\ntheory = true\ncolor = \"optimizer\"\n\
                    [[figure]]\nkind = \"curves\"\ncolor = \"optimizer\"\nfacet = [\"depth\"]\n";

/// A folder with a finished sweep in `results/x`, and a copy of its results in `sound`.
fn finished() -> (TempDir, PathBuf) {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("x.toml"), format!("{EXPERIMENT}{MORE}")).unwrap();
    expect(dir.path(), &["sweep", "x.toml", "--quiet"], 0, &[]);
    expect_shell(dir.path(), "cp -a results/x sound", 0, &[]);
    let results = dir.path().join("results/x");
    (dir, results)
}

/// Puts a sound folder in the place of one that was touched.
fn restore(dir: &TempDir, results: &Path) {
    fs::remove_dir_all(results).unwrap();
    expect_shell(dir.path(), "cp -a sound results/x", 0, &[]);
}

fn git(dir: &Path, args: &[&str]) -> String {
    let identity = ["-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").current_dir(dir).args(identity).args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().into()
}

/// The revision of the experiment that the last session noted.
fn noted(results: &Path) -> serde_json::Value {
    let provenance: serde_json::Value =
        serde_json::from_slice(&fs::read(results.join("provenance.json")).unwrap()).unwrap();
    provenance["sittings"].as_array().unwrap().last().unwrap()["git"]["experiment"].clone()
}

#[test]
fn nothing_that_the_repository_of_an_experiment_names_is_run() {
    let dir = tempdir().unwrap();
    let (place, trap) = (dir.path().join("theirs"), dir.path().join("trap"));
    fs::create_dir(&place).unwrap();
    fs::write(&trap, format!("#!/bin/sh\ntouch '{}'\ncat\n", dir.path().join("ran").display())).unwrap();
    fs::set_permissions(&trap, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(place.join("x.toml"), EXPERIMENT).unwrap();
    fs::write(place.join(".gitattributes"), "*.toml filter=trap diff=trap\n").unwrap();
    git(&place, &["init", "-q"]);
    git(&place, &["add", "."]);
    git(&place, &["commit", "-q", "-m", "one"]);
    let revision = git(&place, &["rev-parse", "HEAD"]);
    let trap = trap.display().to_string();
    for key in ["core.fsmonitor", "filter.trap.clean", "filter.trap.smudge", "filter.trap.process", "diff.trap.command"]
    {
        git(&place, &["config", key, &trap]);
    }
    git(&place, &["config", "filter.trap.required", "true"]);
    fs::create_dir(place.join("hooks")).unwrap();
    fs::copy(&trap, place.join("hooks/post-index-change")).unwrap();
    git_config_hooks(&place);
    // Found first by a path that begins where a program is started.
    fs::copy(&trap, place.join("git")).unwrap();
    // Its time differs, so that git has to look into the file.
    let elsewhere = tempdir().unwrap();
    for (change, dirty) in [("", false), ("# changed\n", true)] {
        fs::write(place.join("x.toml"), EXPERIMENT.to_string() + change).unwrap();
        let line = format!(
            "PATH=\".:$PATH\" GIT_DIR='{}' gradsweep sweep theirs/x.toml --fresh --quiet --out out",
            elsewhere.path().display()
        );
        expect_shell(dir.path(), &line, 0, &[]);
        assert!(!dir.path().join("ran").exists(), "a program that the repository names was run");
        assert_eq!(noted(&dir.path().join("out")), serde_json::json!({ "revision": revision, "dirty": dirty }));
    }
}

/// Hooks are configured last, since our own git commands would run them.
fn git_config_hooks(place: &Path) {
    let config = place.join(".git/config");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(config, text + &format!("[core]\n\thooksPath = {}\n", place.join("hooks").display())).unwrap();
}

/// Every file of a results folder, as a path in it; of the figures one in each format.
fn files(results: &Path) -> Vec<String> {
    let mut files = Vec::new();
    for folder in ["", "journal", "figures"] {
        for entry in fs::read_dir(results.join(folder)).unwrap().map(|entry| entry.unwrap()) {
            let name = Path::new(folder).join(entry.file_name()).display().to_string();
            if entry.path().is_file() && (folder != "figures" || name.contains("/curves.")) {
                files.push(name);
            }
        }
    }
    // Of a plan with other problems.
    files.push("comparison_ranks.csv".into());
    for rare in [
        "comparison_settings.csv",
        "distributions.csv",
        "claims.csv",
        "figures/curves.pdf",
        "theory.csv",
        "answer.txt",
        "journal/runs.jsonl",
    ] {
        assert!(files.iter().any(|file| file == rare), "{rare} is not among {files:?}");
    }
    files.sort();
    files
}

const COMMANDS: [&str; 6] = [
    "sweep x.toml --seeds 4 --quiet",
    "merge results/x",
    "plot results/x",
    "check results/x",
    "compare results/x",
    "verify results/x",
];

/// All commands where the environment asks for it, as `scripts/hardness.sh` does, else two in turn; counts them and the one that
/// follows.
fn some_of(commands: &[&'static str], variable: &str, tried: &mut usize) -> Vec<&'static str> {
    let shown = if times(variable, 0) > 0 { commands.len() } else { 2 };
    let first = *tried / (shown + 1) * shown;
    *tried += shown + 1;
    (first..).take(shown).map(|i| commands[i % commands.len()]).collect()
}

#[test]
fn a_link_in_the_place_of_a_file_leads_no_writing_elsewhere() {
    let (dir, results) = finished();
    let target = dir.path().join("elsewhere");
    let precious = |path: &Path| fs::write(path, "precious").unwrap();
    let mut tried = 0;
    let later = ["journal/shard-0-of-2.lock", "journal/shard-0-of-2.jsonl", "journal/shard-0-of-2.provenance.json"];
    for file in files(&results).into_iter().chain(later.map(String::from)) {
        let file = &*file;
        precious(&target);
        _ = fs::remove_file(results.join(file));
        symlink(&target, results.join(file)).unwrap();
        for command in some_of(&COMMANDS, "LINKS", &mut tried).into_iter().chain(["sweep x.toml --shard 0/2 --quiet"]) {
            let line = format!("ulimit -v 4000000; timeout 60 gradsweep {command}");
            let output =
                Command::new("sh").args(["-c", &line.replace("gradsweep", PROGRAM)]).current_dir(dir.path()).output();
            assert_ne!(output.unwrap().status.code(), Some(124), "{command} hangs at a link for {file}");
            assert_eq!(fs::read(&target).unwrap(), b"precious", "{command} wrote through {file}");
        }
        restore(&dir, &results);
    }
    println!("tried: {tried}; nothing was written elsewhere, and no command hung");
}

#[test]
fn a_link_in_the_place_of_a_folder_is_refused() {
    let (dir, results) = finished();
    let target = dir.path().join("elsewhere");
    fs::create_dir(&target).unwrap();
    fs::write(target.join("mine.png"), "precious").unwrap();
    for (folder, command) in [
        ("figures", "plot results/x"),
        ("figures", "sweep x.toml --seeds 4 --quiet"),
        ("figures/slides", "plot results/x --style slide"),
        ("fresh_seeds", "check results/x --fresh-seeds 2"),
        ("journal", "sweep x.toml --quiet"),
    ] {
        _ = fs::remove_dir_all(results.join(folder));
        symlink(&target, results.join(folder)).unwrap();
        let line = format!("gradsweep {command}");
        let output =
            Command::new("sh").args(["-c", &line.replace("gradsweep", PROGRAM)]).current_dir(dir.path()).output();
        let (code, said) = said(&output.unwrap());
        assert!(
            [Some(1), Some(2)].contains(&code) && said.contains("it is a link, not a folder"),
            "{command}: {code:?} {said}"
        );
        let left: Vec<_> = fs::read_dir(&target).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["mine.png"], "{command}");
        fs::remove_dir_all(&results).unwrap();
        expect(dir.path(), &["sweep", "x.toml", "--quiet"], 0, &[]);
    }
}

#[test]
fn a_pipe_or_a_folder_in_the_place_of_a_file_is_no_hang() {
    let (dir, results) = finished();
    let mut tried = 0;
    for file in files(&results).into_iter().chain(["journal/copy.jsonl".into()]) {
        let file = &*file;
        for make in ["mkfifo", "mkdir", "truncate -s 60G"] {
            _ = fs::remove_file(results.join(file));
            expect_shell(&results, &format!("{make} {file}"), 0, &[]);
            for command in some_of(&COMMANDS, "PIPES", &mut tried).into_iter().chain(["sweep x.toml --quiet"]) {
                let line = format!("timeout 60 gradsweep {command}");
                let output = Command::new("sh")
                    .args(["-c", &line.replace("gradsweep", PROGRAM)])
                    .current_dir(dir.path())
                    .output();
                let (code, said) = said(&output.unwrap());
                assert!(code.is_some_and(|code| code < 4), "{command} with {make} {file}: {code:?} {said}");
                assert!(!said.contains("panicked"), "{command} with {make} {file}: {said}");
            }
            restore(&dir, &results);
        }
    }
    println!("tried: {tried}; each command ended at once");
}

#[test]
fn a_terminal_obeys_no_text_of_a_file() {
    let (dir, results) = finished();
    let plan = fs::read_to_string(results.join("plan.json")).unwrap();
    let odd = plan.replacen("\"name\": \"x\"", "\"name\": \"\\u001b]0;owned\\u0007\\u001b[2J\"", 1);
    assert_ne!(odd, plan);
    fs::write(results.join("plan.json"), odd).unwrap();
    let claims = fs::read_to_string(results.join("claims.json")).unwrap();
    fs::write(results.join("claims.json"), claims.replace("Losses", "\\u001b[31mLosses")).unwrap();
    fs::write(dir.path().join("y.toml"), "question = \"\\u001b[2J\"\nnme = \"\\u009b31m\"\n").unwrap();
    for command in
        ["check results/x", "compare results/x", "plot results/x", "merge results/x", "plan y.toml", "sweep y.toml"]
    {
        let output = Command::new(PROGRAM).args(command.split(' ')).current_dir(dir.path()).output().unwrap();
        for said in [output.stdout, output.stderr] {
            let text = String::from_utf8(said).unwrap();
            assert!(!text.contains(['\u{1b}', '\u{9b}', '\u{7}']), "{command}: {text:?}");
        }
    }
}

#[test]
fn what_a_spreadsheet_would_run_is_refused() {
    let dir = tempdir().unwrap();
    let refused = |text: &str| {
        fs::write(dir.path().join("y.toml"), text).unwrap();
        expect(dir.path(), &["plan", "y.toml"], 2, &["a spreadsheet program would run", "help: "]);
    };
    for odd in ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3"] {
        refused(&format!("[base]\nsteps = 1\n[variants.\"{odd}\"]\n"));
        refused(&format!("[base]\nsteps = 1\n[[optimizer]]\nkind = \"sgd\"\nname = \"{odd}\"\n"));
        refused(&format!("[base]\nsteps = 1\ndata = {{ kind = \"csv\", path = \"{odd}\" }}\n"));
        refused(&format!("[base]\nsteps = 1\n[zip.\"{odd}\"]\ndepth = [1]\n"));
        refused(&format!(
            "seeds = 9\n[base]\nsteps = 1\n[[claim]]\nsays = \"{odd}\"\nmetric = \"train_loss\"\nexpect = {{ above = 0 }}\n"
        ));
    }
    fs::write(
        dir.path().join("y.toml"),
        "[base]\nsteps = 1\n[axes]\n\"residual.scale\" = [0.5]\n[variants.\"-1\"]\nresidual = true\n",
    )
    .unwrap();
    expect(dir.path(), &["plan", "y.toml"], 0, &[]);
}

#[test]
fn the_report_shows_no_drawing_that_lies_in_the_folder() {
    let (dir, results) = finished();
    let drawing = results.join("figures/curves.svg");
    let own = fs::read(&drawing).unwrap();
    let theirs = "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>\n";
    for command in ["merge results/x", "check results/x", "compare results/x", "plot results/x", "sweep x.toml --quiet"]
    {
        fs::write(&drawing, theirs).unwrap();
        fs::remove_file(results.join("report.html")).unwrap();
        expect(dir.path(), &command.split(' ').collect::<Vec<_>>(), 0, &[]);
        let page = fs::read_to_string(results.join("report.html")).unwrap();
        assert!(!page.contains("alert(1)"), "{command}");
        assert_eq!(fs::read(&drawing).unwrap(), own, "{command}");
    }
}

#[test]
fn a_trace_replaces_no_other_file() {
    let (dir, _) = finished();
    let own = fs::read(dir.path().join("x.toml")).unwrap();
    let trace = |out: &str, code: i32, words: &[&str]| {
        expect(
            dir.path(),
            &["trace", "x.toml", "--only", "depth=1", "--only", "optimizer=sgd", "--out", out],
            code,
            words,
        );
    };
    trace("x.toml", 2, &["x.toml exists and was not written by", "--out"]);
    assert_eq!(fs::read(dir.path().join("x.toml")).unwrap(), own);
    trace("t.safetensors", 0, &[]);
    trace("t.safetensors", 0, &[]);
    // Whatever stands where tensors have the beginning of their header.
    for text in ["base  = { width = 6 }", "\\section{Results}"] {
        fs::write(dir.path().join("text"), text).unwrap();
        trace("text", 2, &["text exists"]);
        assert_eq!(fs::read_to_string(dir.path().join("text")).unwrap(), text);
    }
}

/// What a folder says of the files that were made in it names none of another folder.
#[test]
fn a_stamp_leads_no_removing_elsewhere() {
    let (dir, results) = finished();
    let stamp = fs::read_to_string(results.join(".stamp")).unwrap();
    let elsewhere = dir.path().join("absolute.txt");
    let own = [
        dir.path().join("results/victim"),
        elsewhere.clone(),
        results.join("notes"),
        results.join("journal/runs.jsonl"),
    ];
    own[..3].iter().for_each(|file| fs::write(file, "mine").unwrap());
    let names = ["../victim", &elsewhere.display().to_string(), "notes", "journal/runs.jsonl", "figures/../../victim"];
    let named = names.map(|name| format!("\"{name}\":\"\",")).concat();
    for (command, option) in
        [("sweep", "--no-figures"), ("sweep", "--quiet"), ("verify", ""), ("plot", ""), ("check", "")]
    {
        fs::write(results.join(".stamp"), stamp.replace("\"pages\":{", &format!("\"pages\":{{{named}"))).unwrap();
        let what = if command == "sweep" { "x.toml" } else { "results/x" };
        let words = [command, what, option];
        let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        Command::new(PROGRAM).args(&words).current_dir(dir.path()).output().unwrap();
        assert!(own.iter().all(|file| file.exists()), "{words:?}");
    }
}

/// Numbers of figures that no experiment can have are an error of the plan's file, not of the drawing.
#[test]
fn a_plan_with_impossible_figures_is_refused() {
    let (dir, results) = finished();
    let plan = fs::read_to_string(results.join("plan.json")).unwrap();
    for numbers in ["limits\": [1e308, -1e308]", "x_limits\": [2, 1]", "size\": [-5, 1e-300]", "size\": [1e9, 1e9]"] {
        let edited = plan.replacen("\"figures\": [\n    {", &format!("\"figures\": [\n    {{\n\"{numbers},"), 1);
        assert_ne!(edited, plan);
        fs::write(results.join("plan.json"), edited).unwrap();
        expect(dir.path(), &["plot", "results/x"], 2, &["plan.json"]);
    }
}

#[test]
fn a_pipe_in_a_repository_is_no_hang() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    fs::create_dir(dir.join("sub")).unwrap();
    fs::write(dir.join("x.toml"), EXPERIMENT).unwrap();
    fs::write(dir.join("sub/.gitattributes"), "* text\n").unwrap();
    fs::write(dir.join("sub/y"), "y\n").unwrap();
    git(dir, &["init", "-q"]);
    git(dir, &["add", "."]);
    git(dir, &["commit", "-q", "-m", "one"]);
    let read_by_git =
        [".git/index", ".git/objects/info/alternates", ".gitattributes", ".gitignore", "sub/.gitattributes"];
    let read_here = [".git/HEAD", ".git/config", ".git/commondir", ".git/packed-refs"];
    let pipes = read_by_git.iter().chain(&read_here).map(|place| (*place, "mkfifo"));
    // What the system tells in such a file never ends.
    for (pipe, make) in pipes.chain(read_here.iter().map(|place| (*place, "ln -s /proc/kmsg"))) {
        let (place, aside) = (dir.join(pipe), dir.join("aside"));
        let was_there = fs::rename(&place, &aside).is_ok();
        // Its time differs, so that git has to look into the file.
        expect_shell(dir, &format!("{make} {pipe}; touch sub/y x.toml"), 0, &[]);
        let began = Instant::now();
        state(dir, &[]);
        state(dir, &[Path::new("x.toml")]);
        assert!(began.elapsed() < Duration::from_secs(8), "{pipe}: {:?}", began.elapsed());
        fs::remove_file(&place).unwrap();
        if was_there {
            fs::rename(&aside, &place).unwrap();
        }
    }
}

/// Files of data that are larger than what may be read, or than the memory that there is, and what never ends.
#[test]
fn data_that_cannot_be_held_is_refused() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("x.toml"), "[base]\ndata = { kind = \"csv\", path = \"x.csv\", target = \"y\" }\n")
        .unwrap();
    for (make, words) in [
        ("truncate -s 30G x.csv", "the file has more than 536870912 bytes"),
        ("truncate -s 500M x.csv", "x.csv"),
        ("ln -s /proc/kmsg x.csv", "and is no file"),
        ("mkfifo x.csv", "it is a pipe or a device and no file"),
    ] {
        expect_shell(dir.path(), &format!("rm -f x.csv; {make}"), 0, &[]);
        expect_shell(dir.path(), "ulimit -v 500000; timeout 60 gradsweep plan x.toml", 2, &[words]);
    }
}

#[test]
fn a_file_with_other_names_is_not_written_to_and_one_of_the_system_is_not_read() {
    let (dir, results) = finished();
    expect_shell(dir.path(), "rm -r sound && cp -al results/x sound", 0, &[]);
    let journal = fs::read(dir.path().join("sound/journal/runs.jsonl")).unwrap();
    let words = ["it has 2 names (hard links, as a copy by `cp -l` has)", "cp runs.jsonl new"];
    expect(dir.path(), &["sweep", "x.toml", "--seeds", "4", "--quiet"], 1, &words);
    expect_shell(&results.join("journal"), "cp runs.jsonl new && mv new runs.jsonl", 0, &[]);
    expect(dir.path(), &["sweep", "x.toml", "--seeds", "4", "--quiet"], 0, &[]);
    assert_eq!(fs::read(dir.path().join("sound/journal/runs.jsonl")).unwrap(), journal);
    if Path::new("/proc/version").exists() {
        fs::remove_file(results.join("history.csv")).unwrap();
        symlink("/proc/version", results.join("history.csv")).unwrap();
        expect(dir.path(), &["plot", "results/x"], 1, &["it leads to /proc/version"]);
    }
}

#[test]
fn a_page_shows_no_character_that_is_obeyed() {
    let dir = tempdir().unwrap();
    let text = format!("question = \"a\\u0000\\u001b[31mb\\u202ec\"\n{EXPERIMENT}");
    fs::write(dir.path().join("x.toml"), text).unwrap();
    expect(dir.path(), &["sweep", "x.toml", "--quiet"], 0, &[]);
    let page = fs::read_to_string(dir.path().join("results/x/report.html")).unwrap();
    assert!(page.contains("<p class=\"question\">a\\u{0}\\u{1b}[31mb\\u{202e}c</p>"));
    assert!(!page.contains(['\0', '\u{1b}', '\u{202e}']));
}
