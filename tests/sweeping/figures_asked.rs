//! The figures that a file asks for: beside the default set, alone, from another file, with labels as they are wanted.

use crate::program::{PROGRAM, expect};
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::tempdir;

const EXPERIMENT: &str = r#"
name = "x"
seeds = 2
[base]
width = 4
steps = 6
activation = "tanh"
data = { kind = "spirals", n = 100 }
[axes]
depth = [1, 3]
[variants.plain]
[variants.residual]
residual = true
"#;

fn names(folder: &Path) -> BTreeSet<String> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.is_file()).map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect()
}

#[test]
fn own_figures_stand_beside_the_default_ones_and_those_that_go_are_named() {
    let dir = tempdir().unwrap();
    let (dir, figures) = (dir.path(), dir.path().join("results/x/figures"));
    let sweep = |text: String, says: &[&str]| {
        fs::write(dir.join("x.toml"), text).unwrap();
        let said = expect(dir, &["sweep", "x.toml"], 0, says);
        (names(&figures), said)
    };
    let (usual, said) = sweep(EXPERIMENT.into(), &[]);
    assert!(usual.len() > 3 && !said.contains("removed") && !said.contains("is used in no cell"), "{said}");
    let own = "[[figure]]\nkind = \"curves\"\nmetric = \"batch_loss\"\ncolor = \"variant\"\nfacet = \"depth\"\n";
    let (both, said) = sweep(format!("figures = \"default\"\n{EXPERIMENT}{own}"), &[]);
    assert!(both.is_superset(&usual) && both.contains("curves_2") && both.len() == usual.len() + 1, "{both:?}");
    assert!(!said.contains("removed"), "{said}");
    let (alone, said) = sweep(format!("{EXPERIMENT}{own}"), &["no longer in the plan, and removed"]);
    assert_eq!(alone, BTreeSet::from(["curves".to_string()]));
    assert!(both.iter().filter(|name| *name != "curves").all(|name| said.contains(name.as_str())), "{said}");
}

#[test]
fn without_figures_the_tables_are_made_and_the_next_command_draws() {
    let dir = tempdir().unwrap();
    let (dir, results) = (dir.path(), dir.path().join("results/x"));
    fs::write(dir.join("x.toml"), EXPERIMENT).unwrap();
    expect(dir, &["sweep", "x.toml", "--no-figures"], 0, &["figures and report: gradsweep plot results/x"]);
    let there = |name: &str| results.join(name).exists();
    assert!(there("runs.csv") && there("answer.txt") && !there("figures") && !there("report.html"));
    expect(dir, &["sweep", "x.toml"], 0, &["all 8 runs are done"]);
    assert!(there("figures/curves.png") && there("report.html"));
    // Those of fewer seeds do not stay beside the tables of more.
    expect(dir, &["sweep", "x.toml", "--no-figures", "--seeds", "3"], 0, &["4 runs to do"]);
    assert!(there("runs.csv") && there("answer.txt") && !there("figures/curves.png") && !there("report.html"));
    // What is refused makes nothing.
    expect(dir, &["compare", "results/x"], 2, &["nothing to compare"]);
    assert!(!there("report.html"));
}

#[test]
fn what_is_left_out_is_told_by_every_sweep() {
    let dir = tempdir().unwrap();
    // Theory says nothing of residual nets.
    let text = "name = \"x\"\n[base]\nwidth = 4\nsteps = 1\ndepth = 3\nresidual = true\ninit = \"gaussian\"\n\
                data = { kind = \"spirals\", n = 100 }\n[axes]\ninit.sigma_w = [1, 2]\ninit.sigma_b = [0, 1]\n\
                [[figure]]\nkind = \"phase_diagram\"\n[[figure]]\nkind = \"curves\"\nfacet = [\"init.sigma_w\", \"init.sigma_b\"]\n";
    fs::write(dir.path().join("x.toml"), text).unwrap();
    for says in ["4 runs to do", "all 4 runs are done"] {
        expect(dir.path(), &["sweep", "x.toml"], 0, &[says, "figure phase_diagram left out: theory predicts none"]);
    }
}

#[test]
fn one_figure_can_be_drawn_and_those_of_another_file() {
    let dir = tempdir().unwrap();
    let (dir, figures) = (dir.path(), dir.path().join("results/x/figures"));
    fs::write(dir.join("x.toml"), EXPERIMENT).unwrap();
    expect(dir, &["sweep", "x.toml"], 0, &[]);
    let usual = names(&figures);
    usual.iter().for_each(|name| fs::remove_file(figures.join(format!("{name}.png"))).unwrap());
    expect(dir, &["plot", "results/x", "--only", "curves"], 0, &[]);
    let drawn: Vec<&String> = usual.iter().filter(|name| figures.join(format!("{name}.png")).exists()).collect();
    assert_eq!(drawn, ["curves"]);
    expect(dir, &["plot", "results/x", "--only", "curvs"], 2, &["did you mean `curves`?"]);

    let more = "[[figure]]\nkind = \"curves\"\nname = \"mine\"\ncolor = \"variant\"\nfacet = \"depth\"\n\
        order = { variant = [\"residual\"] }\nrename = { variant = { plain = \"no skip\" }, depth = { 3 = \"deep\" } }\n\
        colors = { variant = { plain = \"#123456\" } }\n";
    fs::write(dir.join("more.toml"), more).unwrap();
    let output =
        Command::new(PROGRAM).current_dir(dir).args(["plot", "results/x", "--with", "more.toml"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!((names(&figures.join("more")), names(&figures)), (BTreeSet::from(["mine".to_string()]), usual));
    let svg = fs::read_to_string(figures.join("more/mine.svg")).unwrap();
    let at = |text: &str| svg.find(text).unwrap_or_else(|| panic!("no {text} in the figure"));
    assert!(at(">residual<") < at(">no skip<") && at("deep") > 0 && at("#123456") > 0 && !svg.contains(">plain<"));
    for (wrong, help) in [
        ("rename = { variant = { plane = \"x\" } }", "did you mean `variant.plain`?"),
        ("order = { variant = [\"plian\"] }", "did you mean `plain`?"),
        ("colors = { variant = { plain = \"red\" } }", "#d55e00"),
    ] {
        fs::write(
            dir.join("more.toml"),
            format!("[[figure]]\nkind = \"curves\"\ncolor = \"variant\"\nfacet = \"depth\"\n{wrong}\n"),
        )
        .unwrap();
        expect(dir, &["plot", "results/x", "--with", "more.toml"], 2, &[help, "more.toml:5"]);
    }
}

#[test]
fn what_base_says_in_vain_is_noted() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    let axes = "name = \"y\"\n[base]\nactivation = \"tanh\"\nsteps = 5\nwidth = 4\noptimizer = { kind = \"momentum\", lr = 0.1 }\n\
        [axes]\nactivation = [\"relu\", \"selu\"]\n[variants.a]\nwidth = 5\n[variants.b]\nl2 = 0.1\n[[optimizer]]\nkind = \"sgd\"\n";
    fs::write(dir.join("y.toml"), axes).unwrap();
    let said = expect(
        dir,
        &["plan", "y.toml"],
        0,
        &["y.toml:3:14: `activation` of [base] is used in no cell", "`optimizer.lr`"],
    );
    assert!(!said.contains("`width`") && !said.contains("`steps`"), "{said}");
}

/// A net without hidden layers is the same with all that acts on them; what acts all the same is not noted.
#[test]
fn what_is_written_of_hidden_layers_that_are_not_there_is_noted() {
    for (network, idle) in [
        ("\"mlp\"", &["residual = true", "norm = \"layer\"", "dropout = 0.5"][..]),
        ("\"conv\"", &["residual = true", "norm = \"batch\"", "dropout = 0.5"]),
        ("\"transformer\"", &["norm = { kind = \"rms\", place = \"post\" }", "network.branch_scale = 0.5"]),
    ] {
        let dir = tempdir().unwrap();
        let dir = dir.path();
        let variants = idle.iter().enumerate().map(|(i, own)| format!("[variants.v{i}]\n{own}\n")).collect::<String>();
        let norm = if network.contains("transformer") { "norm = \"none\"\n" } else { "" };
        let text = format!(
            "name = \"z\"\nseeds = 2\n[base]\nnetwork.kind = {network}\nsteps = 3\ndepth = 0\n{norm}[variants.plain]\n{variants}"
        );
        fs::write(dir.join("z.toml"), text).unwrap();
        let said = expect(dir, &["plan", "z.toml"], 0, &[]);
        assert_eq!(said.matches("has no effect where depth = 0").count(), idle.len(), "{network}: {said}");
        expect(dir, &["sweep", "z.toml", "--quiet"], 0, &[]);
        let mut reader = csv::Reader::from_path(dir.join("results/z/runs.csv")).unwrap();
        let rows: Vec<HashMap<String, String>> = reader.deserialize().map(Result::unwrap).collect();
        for (plain, other) in rows.iter().flat_map(|a| rows.iter().map(move |b| (a, b))) {
            if plain["seed"] == other["seed"] {
                assert_eq!(plain["test_loss"], other["test_loss"], "{network} {}", other["variant"]);
            }
        }
        assert_ne!(rows[0]["test_loss"], rows[1]["test_loss"], "seeds differ");
    }
    // A norm that also stands before the output layer acts, and so does everything in deeper nets.
    let dir = tempdir().unwrap();
    for base in [
        "network = \"transformer\"\ndepth = 0\nnorm = \"rms\"",
        "depth = 2\ndropout = 0.5",
        "depth = 0\nresidual = false",
    ] {
        fs::write(dir.path().join("z.toml"), format!("[base]\nsteps = 3\n{base}\n")).unwrap();
        let said = expect(dir.path(), &["plan", "z.toml"], 0, &[]);
        assert!(!said.contains("has no effect"), "{base}: {said}");
    }
}

#[test]
fn a_figure_of_theory_that_the_sweep_was_not_asked_for_says_how_to_have_it() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    fs::write(dir.join("x.toml"), EXPERIMENT).unwrap();
    expect(dir, &["sweep", "x.toml", "--no-figures"], 0, &[]);
    let figure = "[[figure]]\nkind = \"derivative\"\nwhere = { depth = 3, variant = \"plain\" }\n";
    fs::write(dir.join("more.toml"), figure).unwrap();
    let output = Command::new(PROGRAM).current_dir(dir).args(["plot", "results/x", "--with", "more.toml"]).output();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("write this figure into it") && !said.contains("test function"), "{said}");
}
