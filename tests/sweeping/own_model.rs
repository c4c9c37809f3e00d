//! A network of one's own as a user runs it: `examples/own_model.rs` is a program with every command of gradsweep.

use crate::program::{PROGRAM, expect, run, tables};
use gradsweep::candle_core::{Result, Tensor};
use gradsweep::data::{Places, Sizes};
use gradsweep::experiment::{Experiment, Overrides};
use gradsweep::figure::kinds::FACTS;
use gradsweep::model::own::Own;
use gradsweep::model::{OwnModel, Pass, families};
use gradsweep::setting::{SettingError, Settings};
use gradsweep::sweep::load;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::tempdir;

/// The example, built if it is not.
fn own_program() -> PathBuf {
    let folder = Path::new(PROGRAM).parent().unwrap();
    let mut build = Command::new(env!("CARGO"));
    build.args([
        "build",
        "--quiet",
        "--example",
        "own_model",
        "--manifest-path",
        concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
    ]);
    build.arg("--target-dir").arg(folder.parent().unwrap());
    if folder.ends_with("release") {
        build.arg("--release");
    }
    assert!(build.status().unwrap().success());
    folder.join("examples").join(format!("own_model{}", std::env::consts::EXE_SUFFIX))
}

const SMALL: [&str; 6] = ["--set", "steps=12", "--set", "depth=[2, 3]", "--seeds", "2"];

#[test]
fn a_network_of_ones_own_is_swept_interrupted_verified_and_drawn_like_any_other() {
    let (dir, program) = (tempdir().unwrap(), own_program());
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/own_model.toml");
    let expect_own =
        |words: &[&str], code: i32, said: &[&str]| run(Command::new(&program).args(words), dir.path(), code, said);
    let swept = |out: &str, options: &[&str], said: &[&str]| {
        expect_own(&[&["sweep", file, "--out", out][..], &SMALL, options].concat(), 0, said)
    };
    // The claims of the file are about depth 8, which --set takes away.
    swept("whole", &[], &["16 runs to do", "claims left out"]);
    // In two parts: the first runs alone, then what is missing.
    swept("parts", &["--only", "seed=1"], &["8 runs to do"]);
    swept("parts", &[], &["8 runs to do, 8 of 16 done before"]);
    for shard in ["0/2", "1/2"] {
        swept("shards", &["--shard", shard], &[]);
    }
    expect_own(&["merge", "shards"], 0, &[]);
    let whole = tables(&dir.path().join("whole"));
    assert_eq!(tables(&dir.path().join("parts")), whole);
    assert_eq!(tables(&dir.path().join("shards")), whole);
    expect_own(&["verify", "whole", "--sample", "100%"], 0, &[]);
    expect_own(&["plot", "whole"], 0, &[]);
    assert!(dir.path().join("whole/figures/gradient_by_layer.svg").exists());

    // Its settings are columns, and its layers are measured.
    let runs = fs::read_to_string(dir.path().join("whole/runs.csv")).unwrap();
    let header: Vec<&str> = runs.lines().next().unwrap().split(',').collect();
    for column in ["network", "network.factor", "network.norm", "network.skip", "depth", "attenuation_init"] {
        assert!(header.contains(&column), "{column}");
    }
    let at = header.iter().position(|column| *column == "attenuation_init").unwrap();
    assert!(runs.lines().skip(1).all(|row| row.split(',').nth(at).unwrap().parse::<f64>().is_ok()), "{runs}");

    let output = Command::new(&program).args(["settings", "network"]).output().unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    assert!(listed.contains("network.factor") && listed.contains("of feed_forward"), "{listed}");
    expect_own(&["plan", file, "--set", "network.factor=0"], 2, &["an integer from 1 to 16"]);
    let only = ["--only", "depth=2", "--only", "variant=both", "--only", "seed=1"];
    expect_own(&[&["trace", file, "--out", "t.safetensors"][..], &SMALL, &only].concat(), 0, &[]);
    assert!(fs::metadata(dir.path().join("t.safetensors")).unwrap().len() > 10_000);

    // gradsweep alone does not have it, and says so.
    expect(
        dir.path(),
        &["plan", file],
        2,
        &["`network` cannot be \"feed_forward\"", "a network of your own is known only to your own program"],
    );
}

/// A network in two versions.
struct Versioned<const VERSION: u32>;

impl<const VERSION: u32> OwnModel for Versioned<VERSION> {
    const NAME: &'static str = "versioned";
    const VERSION: u32 = VERSION;
    const HELP: &'static str = "one affine map";

    fn new(_: &Settings, _: &Sizes) -> std::result::Result<Self, SettingError> {
        Ok(Versioned)
    }

    fn forward(&self, pass: &mut Pass, x: &Tensor) -> Result<Tensor> {
        pass.linear("output", x, 1)
    }
}

const WHICH: &str = "GRADSWEEP_TEST_VERSION";

/// Networks are added to a process once: the tests below run this in one of its own.
#[test]
#[ignore = "a part of the tests below"]
fn in_a_process_of_its_own() {
    let which = std::env::var(WHICH);
    let added = match which.as_deref() {
        Ok("1") => families::bring(vec![Box::leak(Box::new(Own::<Versioned<1>>::default()))]),
        Ok("2") => families::bring(vec![Box::leak(Box::new(Own::<Versioned<2>>::default()))]),
        Ok("cut") => families::bring(vec![Box::leak(Box::new(Own::<Cut>::default()))]),
        Ok("aside") => families::bring(vec![Box::leak(Box::new(Own::<Aside>::default()))]),
        _ => return,
    };
    added.unwrap();
    if let Some(name) = which.ok().filter(|name| name.parse::<u32>().is_err()) {
        let dir = tempdir().unwrap();
        let file = dir.path().join("t.toml");
        fs::write(&file, format!("name = \"t\"\n[base]\ndata = \"spirals\"\nnetwork = \"{name}\"\n")).unwrap();
        let error = load::experiment(&file, &Overrides::default(), &Places::default(), FACTS).err().unwrap();
        println!("ids {} {}", error.is_input(), error.to_string().replace('\n', " "));
        return;
    }
    let text = "name = \"t\"\n[base]\nnetwork = \"versioned\"\n[axes]\nsteps = [1, 2]\n[variants.mlp]\nnetwork = \"mlp\"\n[variants.own]\n";
    let plan = Experiment::parse(text, "t.toml", FACTS).and_then(|e| e.plan(&Overrides::default())).unwrap();
    let runs = plan.runs(&["digest".into()]);
    let id = |run: &gradsweep::experiment::plan::PlannedRun| {
        let variant = plan.cells[run.cell].labels.iter().find(|(axis, _)| axis == "variant").unwrap();
        format!("{}={}", variant.1, run.run_id)
    };
    println!("ids {}", runs.iter().map(id).collect::<Vec<_>>().join(" "));
}

/// A softmax without a backward, beside a way that has one.
struct Cut;

impl OwnModel for Cut {
    const NAME: &'static str = "cut";
    const VERSION: u32 = 1;
    const HELP: &'static str = "a graph that is cut";

    fn new(_: &Settings, _: &Sizes) -> std::result::Result<Self, SettingError> {
        Ok(Cut)
    }

    fn forward(&self, pass: &mut Pass, x: &Tensor) -> Result<Tensor> {
        let h = pass.linear("layer1", x, 8)?;
        let h = pass.layer(1, &(&h + gradsweep::candle_nn::ops::softmax_last_dim(&h)?)?)?;
        pass.linear("output", &h, 3)
    }
}

/// What is measured is left aside.
struct Aside;

impl OwnModel for Aside {
    const NAME: &'static str = "aside";
    const VERSION: u32 = 1;
    const HELP: &'static str = "a layer that is measured, and not used as it was measured";

    fn new(_: &Settings, _: &Sizes) -> std::result::Result<Self, SettingError> {
        Ok(Aside)
    }

    fn forward(&self, pass: &mut Pass, x: &Tensor) -> Result<Tensor> {
        let h = pass.linear("layer1", x, 8)?;
        pass.layer(1, &h)?;
        pass.linear("output", &h, 3)
    }
}

#[test]
fn a_layer_that_is_measured_aside_is_wrong_input_before_training() {
    let said = said_by("aside");
    assert!(said.starts_with("true error: `aside` cannot be trained"), "{said}");
    assert!(said.contains("of layer 1: continue with the tensor") && said.contains("t.toml:4:"), "{said}");
}

#[test]
fn a_graph_that_is_cut_is_wrong_input_at_the_line_of_the_network() {
    let said = said_by("cut");
    assert!(said.starts_with("true error: `cut` cannot be trained: the gradient of `layer1.bias` is wrong"), "{said}");
    assert!(said.contains("t.toml:4:") && said.contains("use ops that have a backward"), "{said}");
}

/// What the part above prints in a process of its own.
fn said_by(which: &str) -> String {
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "own_model::in_a_process_of_its_own", "--ignored", "--nocapture"]).env(WHICH, which);
    let said = String::from_utf8(again.output().unwrap().stdout).unwrap();
    said.lines().find_map(|line| line.split_once("ids ")).unwrap_or_else(|| panic!("{said}")).1.to_string()
}

#[test]
fn another_version_of_the_code_takes_no_run_of_the_first_for_its_own() {
    let ids = |version: &str| said_by(version).split(' ').map(String::from).collect::<Vec<_>>();
    let (first, again, second) = (ids("1"), ids("1"), ids("2"));
    assert_eq!((first.len(), &first), (4, &again));
    for (first, second) in first.iter().zip(&second) {
        assert_eq!(first.starts_with("mlp="), first == second, "{first} {second}");
    }
}
