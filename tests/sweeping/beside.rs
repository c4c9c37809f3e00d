//! Commands beside each other in one folder, and hands that touch it meanwhile: every file is whole and right, what somebody
//! edited, emptied or deleted is named and made anew, and no finished run is lost.

#![cfg(unix)]

use crate::finished::{EXPERIMENT, finished};
use crate::program::{PROGRAM, as_nobody, expect, expect_shell, said, tables, times};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::tempdir;

/// What a reader opens, by its path in the folder; the report without what the clock decides.
fn pages(results: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for folder in ["", "figures"] {
        for entry in fs::read_dir(results.join(folder)).unwrap().map(|entry| entry.unwrap()) {
            let name = Path::new(folder).join(entry.file_name()).display().to_string();
            assert!(!name.ends_with(".draft"), "{name} was left");
            let is_page = [".csv", ".txt", ".png", ".svg", ".pdf", ".html"].iter().any(|end| name.ends_with(end));
            if is_page && name != "timings.csv" {
                found.insert(name, fs::read(entry.path()).unwrap());
            }
        }
    }
    found
}

fn start(dir: &Path, line: &str) -> Child {
    let mut command = Command::new(PROGRAM);
    command.args(line.split(' ')).current_dir(dir).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn pairs_of_commands_leave_every_file_whole_and_right() {
    let (dir, results) = finished();
    let right = pages(&results);
    let commands =
        ["plot results/x", "merge results/x", "check results/x", "compare results/x", "sweep x.toml --quiet"];
    let pairs = (0..commands.len()).flat_map(|i| (i..commands.len()).map(move |j| [commands[i], commands[j]]));
    let (tries, mut refused) = (times("PAIRS", 15), 0);
    for pair in pairs.cycle().take(tries) {
        // Both make pages, and of these commands only two make tables.
        let makes_tables = pair.iter().any(|command| command.starts_with("merge") || command.starts_with("sweep"));
        for gone in if makes_tables { &["runs.csv", ".stamp"][..] } else { &[".stamp"] } {
            fs::remove_file(results.join(gone)).unwrap();
        }
        for child in pair.map(|line| start(dir.path(), line)) {
            let (code, said) = said(&child.wait_with_output().unwrap());
            // One that comes too late, or before there are tables.
            let reasons = ["another command is writing into results/x", "before its tables were made"];
            let is_refused = code == Some(2) && reasons.iter().any(|reason| said.contains(reason));
            assert!(code == Some(0) || is_refused, "{pair:?}: {code:?} {said}");
            refused += usize::from(is_refused);
        }
        expect(dir.path(), &["sweep", "x.toml", "--quiet"], 0, &[]);
        assert!(pages(&results) == right, "{pair:?}");
        expect(dir.path(), &["verify", "results/x", "--sample", "0"], 0, &[]);
    }
    println!("tried: {tries}; all files whole and right; {refused} of the commands were refused and said so");
}

/// An import replaces all files of its folder; what reads them meanwhile reads the old or the new ones.
/// A sweep of further seeds beside what reads its folder: nothing that is made of the old tables stays beside the new ones.
#[test]
fn what_reads_a_folder_while_its_tables_change_leaves_nothing_old() {
    let (dir, results) = finished();
    let commands = ["plot results/x", "check results/x", "compare results/x", "merge results/x"];
    for (place, command) in commands.into_iter().cycle().take(times("READERS", 8)).enumerate() {
        let more = format!("sweep x.toml --quiet --seeds {}", 4 + place);
        let more = if place % 2 == 0 { more } else { more + " --no-figures" };
        let children = [more.as_str(), command, command].map(|line| {
            let child = start(dir.path(), line);
            std::thread::sleep(Duration::from_millis(40));
            child
        });
        children.into_iter().for_each(|child| _ = child.wait_with_output().unwrap());
        let more = more.replace(" --no-figures", "");
        expect(dir.path(), &more.split(' ').collect::<Vec<_>>(), 0, &[]);
        let left = pages(&results);
        fs::remove_file(results.join(".stamp")).unwrap();
        expect(dir.path(), &more.split(' ').collect::<Vec<_>>(), 0, &[]);
        let differ = pages(&results).into_iter().filter(|(name, page)| left.get(name) != Some(page));
        let differ: Vec<String> = differ.map(|(name, _)| name).filter(|name| name != "report.html").collect();
        assert!(differ.is_empty(), "{command}: {differ:?}");
    }
}

#[test]
fn an_import_and_what_reads_its_folder_leave_every_file_whole_and_right() {
    let (dir, results) = finished();
    let tables = ["runs.csv", "history.csv", "layers.csv"];
    let import = "import runs.csv history.csv layers.csv claims.toml --out i";
    // A table of runs as somebody else writes it: what is computed from the others is left out.
    let mut reader = csv::Reader::from_path(results.join("runs.csv")).unwrap();
    let mut runs = csv::Writer::from_path(dir.path().join("runs.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    let kept = ["run_id", "seed", "depth", "optimizer", "status"].map(|name| header.iter().position(|h| h == name));
    let pick = |row: &csv::StringRecord| kept.map(|at| row[at.unwrap()].to_string());
    runs.write_record(pick(&header)).unwrap();
    reader.records().for_each(|row| runs.write_record(pick(&row.unwrap())).unwrap());
    runs.flush().unwrap();
    tables[1..].iter().for_each(|table| _ = fs::copy(results.join(table), dir.path().join(table)).unwrap());
    let claim = &EXPERIMENT[EXPERIMENT.find("[[claim]]").unwrap()..];
    fs::write(dir.path().join("claims.toml"), format!("{claim}[compare]\narm = \"optimizer\"\n")).unwrap();
    expect(dir.path(), &import.split(' ').collect::<Vec<_>>(), 0, &[]);
    let right = pages(&dir.path().join("i"));
    assert!(right.contains_key("comparison.csv") && right.contains_key("claims.csv"), "{:?}", right.keys());
    let others = [import, "plot i", "check i", "compare i", "plot i --out elsewhere"];
    let pairs = others.iter().flat_map(|other| [[import, other], [other, import]]);
    let (tries, mut refused) = (times("IMPORTS", 10), 0);
    for pair in pairs.cycle().take(tries) {
        for child in pair.map(|line| start(dir.path(), line)) {
            let (code, said) = said(&child.wait_with_output().unwrap());
            let is_refused = code == Some(2) && said.contains("another command is writing into i");
            assert!(code == Some(0) || is_refused, "{pair:?}: {code:?} {said}");
            refused += usize::from(is_refused);
        }
        assert!(pages(&dir.path().join("i")) == right, "{pair:?}");
    }
    println!("tried: {tries}; all files whole and right; {refused} of the commands were refused and said so");
}

#[test]
fn what_was_edited_emptied_or_deleted_is_named_and_made_anew() {
    let (dir, results) = finished();
    let right = pages(&results);
    assert!(right.len() > 15 && right.contains_key("comparison.csv") && right.contains_key("figures/curves.png"));
    for (number, (name, bytes)) in right.iter().enumerate() {
        let path = results.join(name);
        match number % 3 {
            0 => fs::write(&path, [&bytes[..], b"!"].concat()).unwrap(),
            1 => fs::write(&path, "").unwrap(),
            _ => fs::remove_file(&path).unwrap(),
        }
        expect(dir.path(), &["verify", "results/x", "--sample", "0"], 1, &[&**name]);
        let command = if number % 2 == 0 { "sweep x.toml --quiet" } else { "merge results/x" };
        expect(dir.path(), &command.split(' ').collect::<Vec<_>>(), 0, &[]);
        assert!(pages(&results) == right, "{name}, mended by {command}");
        expect(dir.path(), &["verify", "results/x", "--sample", "0"], 0, &[]);
    }
}

/// A sweep of runs that take long, once its journal holds so many lines.
fn running(dir: &Path, journal: &Path, lines: usize) -> Child {
    fs::write(
        dir.join("long.toml"),
        EXPERIMENT
            .replace("steps = 20", "steps = 4000\ndepth = 4")
            .replace("depth = [1, 2]", "width = [8, 9]")
            .replace("\"depth\", \"opt", "\"width\", \"opt"),
    )
    .unwrap();
    let args = ["sweep", "long.toml", "--jobs", "1", "--quiet"];
    let mut child =
        Command::new(PROGRAM).args(args).current_dir(dir).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    while fs::read(journal).map_or(0, |bytes| bytes.iter().filter(|b| **b == b'\n').count()) < lines {
        assert!(child.try_wait().unwrap().is_none() && began.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(1));
    }
    child
}

#[test]
fn a_journal_that_is_renamed_or_removed_under_its_writer_keeps_its_runs() {
    let dir = tempdir().unwrap();
    let journal = dir.path().join("results/long/journal/runs.jsonl");
    let aside = dir.path().join("aside");
    let touches: [(&str, &dyn Fn()); 3] = [
        ("renamed", &|| fs::rename(&journal, &aside).unwrap()),
        ("removed", &|| fs::remove_file(&journal).unwrap()),
        ("another in its place", &|| {
            fs::rename(&journal, &aside).unwrap();
            fs::write(&journal, "").unwrap();
        }),
    ];
    for (what, touch) in touches {
        let child = running(dir.path(), &journal, 4);
        touch();
        let output = child.wait_with_output().unwrap();
        let (code, said) = said(&output);
        assert!(code == Some(0) && said.contains("the journal was renamed or removed"), "{what}: {code:?} {said}");
        expect(dir.path(), &["sweep", "long.toml", "--quiet"], 0, &["all 12 runs are done"]);
        expect(dir.path(), &["verify", "results/long", "--sample", "0"], 0, &[]);
        fs::remove_dir_all(dir.path().join("results/long")).unwrap();
    }
}

#[test]
fn a_folder_that_vanishes_stops_the_sweep_with_the_truth() {
    let dir = tempdir().unwrap();
    let elsewhere = dir.path().join("elsewhere");
    for gone in ["results/long", "results/long/journal"] {
        let child = running(dir.path(), &dir.path().join("results/long/journal/runs.jsonl"), 4);
        fs::rename(dir.path().join(gone), &elsewhere).unwrap();
        let output = child.wait_with_output().unwrap();
        let (code, said) = said(&output);
        assert_eq!(code, Some(1), "{said}");
        assert!(
            said.contains("moved or removed while the program ran") && said.contains(&format!("{gone} was removed")),
            "{said}"
        );
        assert!(!said.contains("all finished runs are kept"), "{said}");
        fs::rename(&elsewhere, dir.path().join(gone)).unwrap();
        expect(dir.path(), &["sweep", "long.toml", "--quiet"], 0, &["done before"]);
        fs::remove_dir_all(dir.path().join("results/long")).unwrap();
    }
}

/// Root may write anywhere, so that the program is run as nobody.
#[test]
fn a_read_only_folder_can_be_read() {
    let (dir, results) = finished();
    let open = |path: &Path, mode: u32| fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    let user = as_nobody(dir.path());
    let elsewhere = tempdir().unwrap();
    open(elsewhere.path(), 0o777);
    fs::remove_file(results.join("comparison.csv")).unwrap();
    [&results, &results.join("journal")].into_iter().for_each(|path| open(path, 0o555));
    let cannot = "the files in results/x are left unchanged: cannot write into the results folder";
    for command in ["check results/x", "compare results/x"] {
        expect_shell(dir.path(), &format!("{user}./program {command}"), 0, &[cannot]);
    }
    expect_shell(dir.path(), &format!("{user}./program why results/x/figures/curves.png"), 0, &[]);
    let out = elsewhere.path().join("mine").display().to_string();
    expect_shell(dir.path(), &format!("{user}./program plot results/x"), 2, &["cannot write into", "--out"]);
    expect_shell(dir.path(), &format!("{user}./program plot results/x --out '{out}'"), 0, &[]);
    expect_shell(
        dir.path(),
        &format!("{user}./program plot results/x --style slide --only curves --out '{out}/slides'"),
        0,
        &[],
    );
    assert_eq!(
        fs::read(elsewhere.path().join("mine/curves.svg")).unwrap(),
        fs::read(results.join("figures/curves.svg")).unwrap()
    );
    assert!(elsewhere.path().join("mine/slides/curves.pdf").is_file());
    [&results, &results.join("journal")].into_iter().for_each(|path| open(path, 0o755));
}

#[test]
fn a_signal_that_was_ignored_stays_ignored() {
    let (dir, results) = finished();
    fs::remove_dir_all(&results).unwrap();
    let whole = |line: &str, code: i32| {
        let script = format!(
            "{line} & p=$!
             while [ \"$(cat results/x/journal/runs.jsonl 2>/dev/null | wc -l)\" -lt 3 ]; do sleep 0.01; done
             kill -HUP $p; wait $p"
        );
        expect_shell(dir.path(), &script, code, &[]);
    };
    let sweep = "gradsweep sweep x.toml --quiet --jobs 1 --set steps=4000 --set depth=6";
    whole(sweep, 75);
    fs::remove_dir_all(&results).unwrap();
    whole(&format!("nohup {sweep}"), 0);
    // A stdout that takes nothing stops only the printing.
    fs::remove_dir_all(&results).unwrap();
    expect_shell(
        dir.path(),
        "gradsweep sweep x.toml --quiet >/dev/full",
        1,
        &["cannot write to stdout", "results in results/x"],
    );
    expect_shell(dir.path(), "gradsweep sweep x.toml --quiet --seeds 4 >&-", 0, &["results in results/x"]);
    for command in ["settings", "init --list", "verify results/x", "doctor"] {
        let said = expect_shell(dir.path(), &format!("gradsweep {command} >/dev/full"), 1, &["cannot write to stdout"]);
        assert_eq!(said.matches("cannot write").count(), 1, "{command}: {said}");
    }
    assert!(results.join("report.html").is_file());
    let _ = tables(&results);
}
