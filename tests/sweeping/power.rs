//! A power cut: the system is asked to bring to the disk what a file holds before its name is put in the place of another, and
//! what a folder holds before anything relies on a name in it. Seen in the calls that the program makes.

#![cfg(target_os = "linux")]

use crate::program::{PROGRAM, expect};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::tempdir;

const EXPERIMENT: &str = "seeds = 2\n[base]\nwidth = 4\nsteps = 20\ndata = { kind = \"spirals\", n = 100 }\n\
                          [axes]\ndepth = [1, 2]\n";

/// What the program asks of the system while it does a command: one call a line, files by their paths. None where nobody may look.
fn calls(dir: &Path, command: &str) -> Option<Vec<String>> {
    let log = dir.join("calls");
    let strace = |program: &str, words: &[&str]| {
        let mut call = Command::new("strace");
        call.args([
            "-f",
            "-y",
            "-q",
            "-e",
            "trace=fsync,fdatasync,rename,renameat,renameat2,mkdir,mkdirat,write",
            "-s",
            "0",
        ]);
        call.arg("-o").arg(&log).arg(program).args(words).current_dir(dir).output()
    };
    if !strace("true", &[]).is_ok_and(|output| output.status.success()) {
        println!("there is no strace, or it may not look: nothing was checked");
        return None;
    }
    let output = strace(PROGRAM, &command.split(' ').collect::<Vec<_>>()).unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    Some(whole(&fs::read_to_string(&log).unwrap()))
}

/// The calls in the order in which they ended; one that another thread's call interrupts stands in two lines.
fn whole(log: &str) -> Vec<String> {
    let mut begun: HashMap<&str, &str> = HashMap::new();
    let mut calls = Vec::new();
    for line in log.lines() {
        let (thread, call) = line.split_once(' ').unwrap();
        match (call.strip_suffix(" <unfinished ...>"), call.split_once(" resumed>")) {
            (Some(first), _) => _ = begun.insert(thread, first),
            (_, Some((_, rest))) => calls.push(format!("{}{rest}", begun.remove(thread).unwrap_or_default())),
            _ => calls.push(call.trim().to_string()),
        }
    }
    calls
}

/// What the first path of a call is: `fsync(3</a/b>)` and `rename("/a/b", ...)`, as an absolute one.
fn path(dir: &Path, call: &str) -> String {
    let between = |from: char, to: char| Some(call.split_once(from)?.1.split_once(to)?.0.to_string());
    let found = if call.contains("sync(") || call.contains("write(") { between('<', '>') } else { between('"', '"') };
    dir.join(found.unwrap_or_default()).display().to_string()
}

fn folder(path: &str) -> String {
    Path::new(path).parent().unwrap().display().to_string()
}

#[test]
fn what_takes_the_place_of_a_file_is_on_the_disk_before_it_does() {
    let dir = tempdir().unwrap();
    let dir = &dir.path().canonicalize().unwrap();
    fs::write(dir.join("x.toml"), EXPERIMENT).unwrap();
    let journal = dir.join("results/x/journal/runs.jsonl");
    let damage = || {
        let mut bytes = fs::read(&journal).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&journal, bytes).unwrap();
    };
    /// A command, what happens to the folder before it, and files that it replaces.
    type Step<'a> = (&'a str, &'a dyn Fn(), &'a [&'a str]);
    let steps: [Step; 3] = [
        ("sweep x.toml --quiet --jobs 1", &|| {}, &["runs.csv", "layers.csv", "plan.json", "report.html", ".stamp"]),
        ("sweep x.toml --quiet --jobs 1", &damage, &["runs.jsonl", "timings.csv"]),
        ("merge results/x", &|| fs::remove_file(dir.join("results/x/summary.csv")).unwrap(), &["summary.csv"]),
    ];
    for (command, before, replaced) in steps {
        before();
        let Some(calls) = calls(dir, command) else { return };
        // Files whose last bytes are on the disk, and names that their folders have on the disk.
        let (mut synced, mut made, mut renamed) = (HashSet::new(), HashSet::new(), HashSet::new());
        let mut mended = false;
        for call in &calls {
            let own = path(dir, call);
            match () {
                () if call.contains("fsync(") || call.contains("fdatasync(") => {
                    made.retain(|name: &String| folder(name) != own);
                    synced.insert(own);
                }
                () if call.contains("write(") => _ = synced.remove(&own),
                () if call.contains("mkdir") && call.ends_with("= 0") => _ = made.insert(own),
                () if call.contains("rename") && call.ends_with("= 0") => {
                    let new = dir.join(call.rsplit('"').nth(1).unwrap()).display().to_string();
                    assert!(synced.contains(&own), "{command}: {own} takes a place before it is on the disk");
                    if new == journal.display().to_string() {
                        mended = true;
                        let aside = journal.with_extension("jsonl.damaged").display().to_string();
                        assert!(synced.contains(&aside) && synced.contains(&folder(&aside)), "{command}: {calls:#?}");
                    }
                    made.insert(new.clone());
                    renamed.insert(new.rsplit('/').next().unwrap().to_string());
                }
                () => {}
            }
        }
        let left: Vec<&String> = made.iter().filter(|name| name.starts_with(&*dir.display().to_string())).collect();
        assert!(left.is_empty(), "{command}: not sure to survive in their folders: {left:?}");
        assert!(replaced.iter().all(|name| renamed.contains(*name)), "{command}: {renamed:?}");
        assert_eq!(mended, replaced.contains(&"runs.jsonl"));
        assert!(synced.contains(&journal.display().to_string()) || command.starts_with("merge"), "{command}");
    }
    expect(dir, &["verify", "results/x", "--sample", "100%"], 0, &[]);
}
