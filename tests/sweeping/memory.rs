//! Memory is planned: what a run takes is said beforehand, one that cannot fit is refused before the first run, and one that the
//! system refuses is a failed row beside others that go on.

#![cfg(target_os = "linux")]

use crate::program::{PROGRAM, expect_shell};
use gradsweep::data::{self, Places};
use gradsweep::experiment::{Experiment, Overrides};
use gradsweep::figure::kinds::FACTS;
use gradsweep::record::Status;
use gradsweep::run::train;
use gradsweep::sweep::folder::{Folder, Keep};
use gradsweep::sweep::interrupt::Interrupt;
use gradsweep::sweep::memory::control_groups;
use gradsweep::sweep::pool::{self, Options};
use gradsweep::sweep::progress::Show;
use gradsweep::sweep::request::Request;
use gradsweep::sweep::work::Work;
use std::fs;
use std::process::Command;
use tempfile::tempdir;

const EXPERIMENT: &str =
    "seeds = 2\n[base]\ndepth = 2\nsteps = 5\ndata = { kind = \"spirals\", n = 100 }\n[axes]\nwidth = [4, 8]\n";

#[test]
fn a_run_that_cannot_fit_is_refused_before_the_first() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("x.toml"), EXPERIMENT.replace('8', "10000")).unwrap();
    let limited = |command: &str| format!("ulimit -v 2000000; exec gradsweep {command}");
    let words = ["x.toml:7:", "width=10000", "are available", "for measuring gradients", "help: ", "`width`"];
    expect_shell(dir.path(), &limited("sweep x.toml"), 2, &words);
    let journal = fs::read_to_string(dir.path().join("results/x/journal/runs.jsonl")).unwrap();
    assert_eq!(journal.lines().count(), 1, "nothing was run");
    let line = limited("plan x.toml --jobs 2").replace("gradsweep", PROGRAM);
    let output = Command::new("sh").args(["-c", &line]).current_dir(dir.path()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("more than the"), "{text}");
    // What fits is run beside it.
    expect_shell(dir.path(), &limited("sweep x.toml --only width=4 --quiet"), 0, &["2 runs to do"]);
}

#[test]
fn data_that_cannot_fit_are_refused_before_they_are_drawn() {
    let dir = tempdir().unwrap();
    for (data, more) in [
        ("kind = \"mnist1d\", n = 10000000", ""),
        ("kind = \"teacher\", n = 10000000, features = 100000", ""),
        ("kind = \"adding\", n = 10000000", "network = \"rnn\"\n"),
        ("kind = \"copy_memory\", n = 1000000, length = 1, copied = 100, symbols = 100", "network = \"gru\"\n"),
        ("kind = \"lag\", n = 10000000, length = 100000, features = 100000", "network = \"gru\"\n"),
    ] {
        fs::write(dir.path().join("x.toml"), format!("[base]\nwidth = 4\n{more}data = {{ {data} }}\n")).unwrap();
        for command in ["plan", "sweep", "theory", "trace"] {
            let line = format!("ulimit -v 2000000; exec timeout 20 gradsweep {command} x.toml");
            let words =
                ["the data that these settings generate need", "are available", "help: write a smaller `data.n`"];
            expect_shell(dir.path(), &line, 2, &words);
        }
    }
}

/// Whatever the limit is, the sweep refuses, or every run is a row, failed or not: the allocator never ends the program.
#[test]
fn a_limit_on_addresses_ends_no_sweep_in_the_middle() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    let text = "name = \"x\"\n[base]\ndepth = 3\nsteps = 2\n[axes]\nwidth = [4, 512, 513, 1024]\n";
    fs::write(dir.join("x.toml"), text).unwrap();
    let mut ended = Vec::new();
    for limit in [300_000, 400_000, 500_000, 600_000, 700_000, 900_000, 1_200_000, 4_000_000] {
        _ = fs::remove_dir_all(dir.join("results"));
        let line = format!("ulimit -v {limit}; exec '{PROGRAM}' sweep x.toml --quiet --no-figures --jobs 2");
        let output = Command::new("sh").args(["-c", &line]).current_dir(dir).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let code = output.status.code();
        assert!(code.is_some_and(|code| code < 3) && !said.contains("allocation of"), "{limit}: {code:?} {said}");
        // Where no threads can be had there are no runs either.
        if code != Some(2) && !said.contains("try a smaller --jobs") {
            let runs = fs::read_to_string(dir.join("results/x/runs.csv")).unwrap();
            assert_eq!(runs.lines().count(), 1 + 4, "{limit}: {said}");
        }
        ended.push(code);
    }
    assert!(ended.first() == Some(&Some(2)) && ended.last() == Some(&Some(0)), "{ended:?}");
}

#[test]
fn settings_at_their_limits_are_planned_in_little_memory() {
    let dir = tempdir().unwrap();
    for settings in [
        "width = 16384\ndepth = 1",
        "width = 300\ndepth = 10000",
        "steps = 1000000000\nwidth = 2",
        "data = { kind = \"spirals\", n = 100000 }\nbatch = \"full\"\nwidth = 512",
    ] {
        for record in ["", "[record]\nscore = { every = 1 }\ngradients = { every = 1 }\n"] {
            fs::write(dir.path().join("x.toml"), format!("[base]\n{settings}\n{record}")).unwrap();
            expect_shell(dir.path(), "ulimit -v 6000000; exec gradsweep plan x.toml >out", 0, &[]);
            let text = fs::read_to_string(dir.path().join("out")).unwrap();
            assert!(text.contains("  memory    "), "{settings}: {text}");
        }
    }
}

#[test]
fn a_run_that_gets_no_memory_is_a_failed_row_and_the_others_go_on() {
    let plan = Experiment::parse(EXPERIMENT, "x.toml", FACTS).unwrap().plan(&Overrides::default()).unwrap();
    let mut work = Work::new(&plan, |settings| data::load(settings, &Places::default())).unwrap();
    work.jobs[1].memory.training = 1e17;
    let dir = tempdir().unwrap();
    let (folder, _) = Folder::open(dir.path(), &plan, &work, &Request::default(), Keep::default()).unwrap();
    let options = Options { jobs: 2, fail_fast: false, show: Show::Nothing };
    let order: Vec<usize> = (0..work.jobs.len()).collect();
    let tally = pool::run(&work, &order, options, &train, &folder.journal, &Interrupt::new()).unwrap();
    assert_eq!((tally.done, tally.failed), (4, 1));
    let entry = folder.journal.entry(&work.jobs[1].run.run_id).unwrap().unwrap();
    assert_eq!(entry.run.record.status, Status::Failed);
    assert!(entry.run.record.message.contains("the system refused"), "{}", entry.run.record.message);
}

/// What the program took at most, in bytes, as the system counted it.
fn peak(dir: &std::path::Path, arguments: &str) -> f64 {
    let line = format!(
        "'{PROGRAM}' {arguments} >/dev/null 2>&1 & p=$!; m=0\n\
        while kill -0 $p 2>/dev/null; do n=$(sed -n 's/^VmHWM:[^0-9]*\\([0-9]*\\).*/\\1/p' /proc/$p/status 2>/dev/null); \
        [ \"${{n:-0}}\" -gt $m ] && m=$n; sleep 0.02; done; wait $p && echo $m"
    );
    let output = Command::new("sh").args(["-c", &line]).current_dir(dir).output().unwrap();
    1024.0 * String::from_utf8(output.stdout).unwrap().trim().parse::<f64>().unwrap()
}

#[test]
fn a_run_takes_no_more_than_the_plan_says() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("small.toml"), "[base]\nwidth = 4\ndepth = 2\nsteps = 2\n").unwrap();
    let own = peak(dir.path(), "sweep small.toml --quiet --jobs 1");
    let wide = "[base]\nwidth = 2048\ndepth = 3\nsteps = 2\noptimizer = \"adam\"\n";
    let recorded = "[base]\nwidth = 4\ndepth = 2\nsteps = 60000\ndata = { kind = \"spirals\", n = 20 }\nbatch = 8\n\
                    [record]\nscore = { every = 1 }\ngradients = { every = 2 }\n";
    let conv = "[base]\nnetwork = { kind = \"conv\", channels = 64 }\nnorm = \"batch\"\ndepth = 4\nsteps = 1\n\
                data = { kind = \"digits\", as = \"images\", n_train = 256, test = 0.02 }\n";
    let transformer = "[base]\nnetwork = { kind = \"transformer\", heads = 4 }\nwidth = 32\ndepth = 1\nsteps = 1\n\
                       data = { kind = \"digits\", as = \"pixels\", n_train = 128, test = 0.02 }\n";
    let recurrent = "[base]\nnetwork = \"lstm\"\nwidth = 128\ndepth = 1\nsteps = 1\n\
                     data = { kind = \"adding\", length = 150, n = 150 }\n";
    // Figures take some memory too, after the run: only what is far more than that can be told from below.
    let probed = |base: &str, record: &str| format!("[base]\nsteps = 1\nbatch = 8\n{base}[record]\n{record}");
    let [rows, images] = ["rows", "images"].map(|form| format!("data = {{ kind = \"digits\", as = \"{form}\" }}\n"));
    let measured = [
        probed("width = 512\ndepth = 6\n", "probe = 1000\n"),
        probed("width = 512\ndepth = 6\nnorm = \"layer\"\nresidual = true\n", "probe = 1000\n"),
        probed("width = 512\ndepth = 6\n", "probe = 1000\ndistributions = true\n"),
        probed("width = 400\ndepth = 6\n", "probe = 8\njacobian = true\n"),
        probed(
            &format!("{rows}network = {{ kind = \"transformer\", heads = 4 }}\nwidth = 64\ndepth = 3\n"),
            "probe = 300\n",
        ),
        probed(&format!("{images}network = {{ kind = \"conv\", channels = 32 }}\ndepth = 6\n"), "probe = 500\n"),
        probed(
            &format!(
                "{images}network = {{ kind = \"conv\", channels = 32 }}\ndepth = 6\nnorm = \"batch\"\nresidual = true\n"
            ),
            "probe = 500\n",
        ),
        probed(&format!("{rows}network = \"rnn\"\nwidth = 256\ndepth = 2\n"), "probe = 1000\n"),
        probed(&format!("{rows}network = \"gru\"\nwidth = 128\ndepth = 2\n"), "probe = 1000\n"),
        probed(&format!("{rows}network = \"lstm\"\nnorm = \"layer\"\nwidth = 64\ndepth = 2\n"), "probe = 1000\n"),
        probed("data = \"copy_memory\"\nnetwork = \"gru\"\nwidth = 64\n", "probe = 500\n"),
        probed(
            "data = { kind = \"adding\", length = 500, n = 100 }\nnetwork = { kind = \"lstm\", bptt = 10 }\nwidth = 32\n",
            "probe = 64\n",
        ),
    ];
    let measured = measured.iter().map(|text| (text.as_str(), 0.5));
    let trained = [(wide, 0.5), (recorded, 0.0), (conv, 0.4), (transformer, 0.4), (recurrent, 0.4)];
    // Of each kind of net the passes that are measured, with what is recorded beside them.
    for (text, least) in trained.into_iter().chain(measured) {
        let plan = Experiment::parse(text, "x.toml", FACTS).unwrap().plan(&Overrides::default()).unwrap();
        let work = Work::new(&plan, |settings| data::load(settings, &Places::default())).unwrap();
        fs::write(dir.path().join("x.toml"), text).unwrap();
        let planned = work.jobs[0].memory.total();
        let took = peak(dir.path(), "sweep x.toml --quiet --jobs 1 --fresh");
        println!("{text}: planned {planned:.2e} bytes, took {took:.2e} beside {own:.2e}");
        assert!(
            took < own + 1.1 * planned && took > least * planned,
            "{text}: planned {planned:.2e}, took {took:.2e}, beside {own:.2e}"
        );
    }
}

#[test]
fn the_least_limit_of_all_control_groups_above_counts() {
    let root = tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let limit = || control_groups(root.path());
    assert_eq!(limit(), None);
    write("proc/self/cgroup", "0::/batch/job/step\n");
    write("sys/fs/cgroup/batch/job/step/memory.max", "max\n");
    write("sys/fs/cgroup/batch/job/memory.max", "3000\n");
    write("sys/fs/cgroup/batch/other/memory.max", "1\n");
    assert_eq!(limit(), Some(3000.0));
    write("sys/fs/cgroup/batch/memory.max", "2000\n");
    assert_eq!(limit(), Some(2000.0));
    write("proc/self/cgroup", "5:cpu,cpuacct:/batch/other\n4:hugetlb,memory:/slurm/job:1\n0::/\n");
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    write("sys/fs/cgroup/memory/slurm/job:1/memory.limit_in_bytes", "4000\n");
    assert_eq!(limit(), Some(4000.0));
}

/// Allocators reserve addresses in advance, of which the stacks then had none.
#[test]
fn a_limit_on_addresses_leaves_what_the_plan_says() {
    let dir = tempdir().unwrap();
    let text = "name = \"x\"\nseeds = 2\n[base]\nsteps = 1\ndepth = 2\nwidth = 32\nbatch = \"full\"\n\
                network = \"transformer\"\ndata = \"digits\"\n";
    fs::write(dir.path().join("x.toml"), text).unwrap();
    for limit in [800_000, 1_200_000] {
        let line = format!("ulimit -v {limit}; exec gradsweep sweep x.toml --quiet --no-figures --jobs 2 --fresh");
        expect_shell(dir.path(), &line, 0, &["2/2 runs,"]);
    }
}
