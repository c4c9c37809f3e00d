//! Claims from outside: planted true ones hold, planted false ones fail, hopeless ones stay open, and wrong ones never run.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

fn gradsweep(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gradsweep")).current_dir(dir).args(args).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Losses follow from the start alone: 0.5 x^2 (1 - lr)^(2 steps), x around 1.
const GRID: &str = "name = \"x\"\nquestion = \"?\"\nseeds = SEEDS\n[base]\n\
    function = { kind = \"quadratic\", condition = 1, dimension = 1, spread = 0.01 }\nsteps = 10\ndtype = \"f64\"\n\
    target_loss = 0.1\n[axes]\n\"optimizer.lr\" = [0.1, 0.2, 0.4]\nl2 = [0.0, 0.1]\n[record]\nscore = { every = 5 }\n";

/// The verdicts of claims on a grid, in the order of `claims.csv`, and the exit code.
fn verdicts(grid: &str, seeds: u32, claims: &str) -> (Vec<String>, Option<i32>, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("x.toml"), grid.replace("SEEDS", &seeds.to_string()) + claims).unwrap();
    let out = gradsweep(dir.path(), &["sweep", "x.toml", "--quiet"]);
    assert!(matches!(out.status.code(), Some(0 | 1 | 3)), "{}", said(&out));
    let mut reader = csv::Reader::from_path(dir.path().join("results/x/claims.csv")).unwrap();
    let verdicts = reader.records().map(|row| row.unwrap()[5].to_string()).collect();
    (verdicts, out.status.code(), dir)
}

fn claim(body: &str) -> String {
    format!("[[claim]]\nsays = \"so\"\n{body}\n")
}

#[test]
fn planted_claims_get_the_verdict_they_deserve() {
    let fixed = "where = { \"optimizer.lr\" = 0.1, l2 = 0.0 }";
    // 0.5 0.9^20 = 0.0608, 0.5 0.8^20 = 0.00576; x scatters by a hundredth.
    let cases = [
        (format!("metric = \"train_loss\"\n{fixed}\nexpect = {{ above = 0.05 }}"), "holds"),
        (format!("metric = \"train_loss\"\n{fixed}\nexpect = {{ above = 0.08 }}"), "fails"),
        (format!("metric = \"train_loss\"\n{fixed}\nexpect = {{ below = 0.05 }}"), "fails"),
        (format!("metric = \"train_loss\"\n{fixed}\nexpect = {{ within = [0.055, 0.066] }}"), "holds"),
        (format!("metric = \"train_loss\"\n{fixed}\nexpect = {{ within = [0.07, 0.08] }}"), "fails"),
        // The ratio of two learning rates has no scatter at all: (0.8 / 0.9)^20.
        (
            "metric = \"train_loss\"\nwhere = { \"optimizer.lr\" = 0.2, l2 = 0.0 }\nagainst = { \"optimizer.lr\" = 0.1 }\n\
             by = \"ratio\"\nexpect = { within = [0.09482, 0.09484] }"
                .into(),
            "holds",
        ),
        (
            "metric = \"train_loss\"\nwhere = { \"optimizer.lr\" = 0.2, l2 = 0.0 }\nagainst = { \"optimizer.lr\" = 0.1 }\n\
             by = \"difference\"\nexpect = { above = 0.0 }"
                .into(),
            "fails",
        ),
        ("metric = \"train_loss\"\nwhere = { l2 = 0.0 }\nmonotone = \"decreasing\"\nalong = \"optimizer.lr\"".into(), "holds"),
        ("metric = \"train_loss\"\nwhere = { l2 = 0.0 }\nmonotone = \"increasing\"\nalong = \"optimizer.lr\"".into(), "fails"),
        // The target of 0.1: (0.9^2)^t <= 0.2 is first true at 8, seen at the score of 10.
        (format!("metric = \"steps_to_target\"\n{fixed}\nexpect = {{ within = [8, 10] }}"), "holds"),
        (
            format!("metric = {{ table = \"history\", column = \"train_loss\", step = 5 }}\n{fixed}\nexpect = {{ within = [0.16, 0.19] }}"),
            "holds",
        ),
        // Pooled over l2 within a seed.
        (
            "metric = \"train_loss\"\nwhere = { \"optimizer.lr\" = 0.1 }\nover = [\"l2\"]\nexpect = { above = 0.01 }".into(),
            "holds",
        ),
    ];
    let claims: String = cases.iter().map(|(body, _)| claim(body)).collect();
    let (found, code, _dir) = verdicts(GRID, 6, &claims);
    assert_eq!(found, cases.iter().map(|(_, verdict)| verdict.to_string()).collect::<Vec<_>>());
    assert_eq!(code, Some(3));
    // Without those that fail the sweep ends well.
    let others: String = cases.iter().filter(|(_, verdict)| *verdict != "fails").map(|(body, _)| claim(body)).collect();
    assert_eq!(verdicts(GRID, 6, &others).1, Some(0));
}

#[test]
fn a_step_at_which_nothing_is_measured_is_an_error_before_the_first_run() {
    let dir = tempfile::tempdir().unwrap();
    let grid = GRID.replace("SEEDS", "2");
    let layers = "name = \"x\"\nquestion = \"?\"\nseeds = 2\n[base]\ndepth = 2\nwidth = 4\nsteps = 20\n[record]\ngradients = { every = 5 }\n";
    for (grid, table, step, near) in [
        (
            &*grid,
            "table = \"history\", column = \"train_loss\"",
            7,
            "runs of 10 steps are not measured; the nearest step that is measured is 5",
        ),
        (&grid, "table = \"history\", column = \"train_loss\"", 12, "the nearest step that is measured is 10"),
        (
            layers,
            "table = \"layers\", column = \"stream_rms\", layer = 1",
            14,
            "write step = 15, or add the step to gradients under [record]",
        ),
    ] {
        let each = if grid == layers { "" } else { "each = [\"optimizer.lr\", \"l2\"]\n" };
        let own = claim(&format!("metric = {{ {table}, step = {step} }}\n{each}expect = {{ above = 0.0 }}"));
        fs::write(dir.path().join("x.toml"), grid.to_string() + &own).unwrap();
        let out = gradsweep(dir.path(), &["sweep", "x.toml", "--quiet"]);
        assert_eq!(out.status.code(), Some(2), "{}", said(&out));
        assert!(said(&out).split_whitespace().collect::<Vec<_>>().join(" ").contains(near), "{}", said(&out));
        assert!(!dir.path().join("results").exists());
    }
}

/// Neither placeholders nor infinities: a target that no run reaches has words.
#[test]
fn claims_are_told_in_words() {
    let body = "[[claim]]\nsays = \"Reached within {within} steps\"\nmetric = \"steps_to_target\"\nwhere = { \"optimizer.lr\" = 0.1, l2 = 0.0 }\n\
        expect = { within = [1, 25] }\n";
    let (found, _, dir) = verdicts(&GRID.replace("target_loss = 0.1", "target_loss = 1e-9"), 5, body);
    assert_eq!(found, ["fails"]);
    let text = said(&gradsweep(dir.path(), &["check", "results/x"]));
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in ["Reached within 1 to 25 steps", "median never reached, expected", "[never reached, never reached]"] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    // A run that is missing may be of any size.
    let out = gradsweep(dir.path(), &["sweep", "x.toml", "--quiet", "--out", "part", "--only", "seed=1"]);
    assert!(!said(&out).contains("inf") && !said(&out).contains("NaN"), "{}", said(&out));
}

#[test]
fn too_few_seeds_leave_every_claim_open_and_say_how_many_it_takes() {
    let (found, code, dir) = verdicts(
        GRID,
        2,
        &claim("metric = \"train_loss\"\neach = [\"optimizer.lr\", \"l2\"]\nexpect = { below = 1e9 }"),
    );
    assert_eq!((found, code), (vec!["inconclusive".to_string(); 6], Some(0)));
    let text = said(&gradsweep(dir.path(), &["check", "results/x"]));
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        text.contains("an interval of 90 % takes at least 5 seeds") && text.contains("0 hold, 0 fail, 6 inconclusive"),
        "{text}"
    );
    // A lower confidence is a claim that two seeds can carry: the range covers the median half of the time.
    let easy = "metric = \"train_loss\"\neach = [\"optimizer.lr\", \"l2\"]\nexpect = { below = 1e9 }\nconfidence = 0.5";
    assert_eq!(verdicts(GRID, 2, &claim(easy)).0, vec!["holds".to_string(); 6]);
}

#[test]
fn a_diverged_run_can_never_help_a_claim() {
    let grid = GRID.replace("[0.1, 0.2, 0.4]", "[0.1, 1e30]").replace("steps = 10", "steps = 40");
    let all = "where = { \"optimizer.lr\" = 1e30, l2 = 0.0 }";
    let bodies = [
        format!("metric = \"train_loss\"\n{all}\nexpect = {{ above = 0.0 }}"),
        format!("metric = \"train_loss\"\n{all}\nexpect = {{ below = 1e300 }}"),
        format!("metric = \"train_loss\"\n{all}\nexpect = {{ within = [0.0, 1e300] }}"),
    ];
    let claims: String = bodies.iter().map(|body| claim(body)).collect();
    let (found, code, dir) = verdicts(&grid, 6, &claims);
    assert_eq!((found, code), (vec!["fails".to_string(); 3], Some(3)));
    assert!(said(&gradsweep(dir.path(), &["check", "results/x"])).contains("6 diverged"));
}

#[test]
fn claims_edited_after_the_runs_show() {
    let first = claim("metric = \"train_loss\"\neach = [\"optimizer.lr\", \"l2\"]\nexpect = { below = 1.0 }");
    let (_, _, dir) = verdicts(GRID, 5, &first);
    let edited = "edited after the first run";
    assert!(!said(&gradsweep(dir.path(), &["check", "results/x"])).contains(edited));
    let toml = GRID.replace("SEEDS", "5") + &first.replace("1.0", "2.0");
    fs::write(dir.path().join("x.toml"), toml).unwrap();
    let out = gradsweep(dir.path(), &["sweep", "x.toml", "--quiet"]);
    assert!(said(&out).contains("all 30 runs are done") && said(&out).contains(edited), "{}", said(&out));
    let provenance = fs::read_to_string(dir.path().join("results/x/provenance.json")).unwrap();
    assert_eq!(provenance.matches("\"claims\":").count(), 1, "nothing ran anew");
    // More seeds, run with the new claims, and shards that are merged make nobody forget it.
    let shard = ["sweep", "x.toml", "--quiet", "--seeds", "7", "--shard", "0/1"];
    for (more, shown) in [
        (&["sweep", "x.toml", "--quiet", "--seeds", "6"][..], true),
        (&shard, false),
        (&["merge", "results/x"], true),
        (&["check", "results/x"], true),
    ] {
        let out = said(&gradsweep(dir.path(), more));
        assert_eq!(out.contains(edited), shown, "{more:?}: {out}");
    }
    let read = |file: &str| fs::read_to_string(dir.path().join("results/x").join(file)).unwrap();
    assert!(read("report.html").contains("Mind that the claims were edited after the first run"));
    let verdicts = read("claims.csv");
    assert!(verdicts.lines().next().unwrap().ends_with(",edited_later"));
    assert!(verdicts.lines().skip(1).all(|line| line.ends_with(",true")), "{verdicts}");
    // The runs know it by themselves, in a copy of the journal too.
    fs::create_dir(dir.path().join("copy")).unwrap();
    let copied = Command::new("cp").args(["-r", "results/x/journal", "copy/"]).current_dir(dir.path()).status();
    assert!(copied.unwrap().success());
    fs::remove_file(dir.path().join("results/x/provenance.json")).unwrap();
    for out in ["copy", "results/x"] {
        let said = said(&gradsweep(dir.path(), &["sweep", "x.toml", "--quiet", "--seeds", "7", "--out", out]));
        assert!(said.contains(edited), "{out}: {said}");
    }
    // Claims that are gone leave neither themselves nor verdicts.
    fs::write(dir.path().join("x.toml"), GRID.replace("SEEDS", "7")).unwrap();
    assert!(gradsweep(dir.path(), &["sweep", "x.toml", "--quiet"]).status.success());
    assert!(!dir.path().join("results/x/claims.csv").exists());
    assert_eq!(gradsweep(dir.path(), &["check", "results/x"]).status.code(), Some(2));
}

#[test]
fn a_part_of_the_runs_decides_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let body = claim("metric = \"train_loss\"\neach = [\"optimizer.lr\", \"l2\"]\nexpect = { below = 1e9 }");
    fs::write(dir.path().join("x.toml"), GRID.replace("SEEDS", "5") + &body).unwrap();
    let out = gradsweep(dir.path(), &["sweep", "x.toml", "--quiet", "--only", "seed=[1, 2]"]);
    let text = said(&out).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("3 missing or failed") && text.contains("6 inconclusive"), "{text}");
    assert!(gradsweep(dir.path(), &["sweep", "x.toml", "--quiet"]).status.success());
    let whole = fs::read(dir.path().join("results/x/claims.csv")).unwrap();
    let other = ["sweep", "x.toml", "--quiet", "--jobs", "1", "--out", "one"];
    assert!(gradsweep(dir.path(), &other).status.success());
    assert_eq!(whole, fs::read(dir.path().join("one/claims.csv")).unwrap());
}

#[test]
fn layers_are_read_at_the_step_and_layer_that_is_named() {
    let grid = "name = \"x\"\nquestion = \"?\"\nseeds = SEEDS\n[base]\ndepth = 4\nwidth = 16\nsteps = 3\n\
        init = { kind = \"orthogonal\", gain = 0.5 }\nactivation = \"identity\"\nbias = false\n[record]\ngradients = { every = 1 }\n";
    let ratio = |from: &str, to: &str, low: f64, high: f64| {
        claim(&format!(
            "metric = {{ table = \"layers\", column = \"stream_rms\", step = 0, layer = {from}, per_layer = {to} }}\n\
             expect = {{ within = [{low}, {high}] }}"
        ))
    };
    // Each layer halves the gradient exactly.
    let claims = ratio("1", "2", 0.4999, 0.5001)
        + &ratio("\"first\"", "\"last\"", 0.12499, 0.12501)
        + &ratio("4", "1", 7.9, 7.99);
    let last = claim(
        "metric = { table = \"layers\", column = \"update_ratio\", step = \"last\", layer = \"last\" }\nexpect = { above = 0.0 }",
    );
    let (found, code, _dir) = verdicts(grid, 5, &(claims + &last));
    assert_eq!((found, code), (["holds", "holds", "fails", "holds"].map(String::from).to_vec(), Some(3)));
}

/// A net of orthogonal maps at width 16, in which each layer shrinks the gradient by exactly its gain.
const ORTHOGONAL: &str = "name = \"x\"\nquestion = \"?\"\nseeds = SEEDS\n[base]\nwidth = 16\nsteps = 3\n\
    init = { kind = \"orthogonal\", gain = 0.5 }\nactivation = \"identity\"\nbias = false\n[axes]\ndepth = [4, 8]\n\
    [record]\ngradients = { every = 1 }\n";

#[test]
fn claims_against_theory_are_held_to_each_cells_own_prediction() {
    let layers =
        "metric = { table = \"layers\", column = \"stream_rms\", step = \"first\", layer = 1, per_layer = \"last\" }";
    let against = "against = \"theory\"\nby =";
    let cases = [
        (
            format!(
                "metric = \"attenuation_init\"\neach = [\"depth\"]\n{against} \"difference\"\nexpect = {{ within = [-1e-6, 1e-6] }}"
            ),
            2,
            "holds",
        ),
        (
            format!(
                "metric = \"attenuation_total_init\"\nwhere = {{ depth = 8 }}\n{against} \"ratio\"\nexpect = {{ within = [0.999999, 1.000001] }}"
            ),
            1,
            "holds",
        ),
        (
            format!(
                "metric = \"attenuation_init\"\nwhere = {{ depth = 8 }}\n{against} \"ratio\"\nexpect = {{ above = 1.01 }}"
            ),
            1,
            "fails",
        ),
        (
            format!(
                "{layers}\nwhere = {{ depth = 8 }}\n{against} \"ratio\"\nexpect = {{ within = [0.999999, 1.000001] }}"
            ),
            1,
            "holds",
        ),
        (
            format!("{layers}\nwhere = {{ depth = 4 }}\n{against} \"difference\"\nexpect = {{ below = -0.01 }}"),
            1,
            "fails",
        ),
    ];
    let claims: String = cases.iter().map(|(body, ..)| claim(body)).collect();
    let (found, code, dir) = verdicts(ORTHOGONAL, 5, &claims);
    let expected: Vec<String> = cases.iter().flat_map(|(_, n, verdict)| vec![verdict.to_string(); *n]).collect();
    assert_eq!((found, code), (expected, Some(3)));
    assert!(
        said(&gradsweep(dir.path(), &["check", "results/x"]))
            .contains("decades lost per layer, at the start, minus what theory predicts")
    );
    // Two seeds leave it open.
    assert_eq!(verdicts(ORTHOGONAL, 2, &claim(&cases[0].0)).0, ["inconclusive"; 2]);
    // What theory says of a cell stands beside what was measured: log10(2) decades a layer.
    let mut reader = csv::Reader::from_path(dir.path().join("results/x/runs.csv")).unwrap();
    let place = reader.headers().unwrap().iter().position(|c| c == "attenuation_theory").unwrap();
    for row in reader.records() {
        let predicted: f64 = row.unwrap()[place].parse().unwrap();
        assert!((predicted - 2f64.log10()).abs() < 1e-12, "{predicted}");
    }
}

#[test]
fn a_claim_against_theory_where_there_is_none_is_an_error_before_the_first_run() {
    let against = "each = [\"depth\"]\nagainst = \"theory\"\nby = \"difference\"\nexpect = { within = [-0.1, 0.1] }";
    let normed = ORTHOGONAL.replace("bias = false", "batch_norm = \"after\"");
    let shallow = ORTHOGONAL.replace("[4, 8]", "[1, 8]");
    for (grid, body, words) in [
        (
            ORTHOGONAL,
            format!("metric = \"train_loss\"\n{against}"),
            ["there is no prediction for this metric", "stream_rms"],
        ),
        (
            ORTHOGONAL,
            format!("metric = \"attenuation_end\"\n{against}"),
            ["there is no prediction for this metric", "attenuation_init"],
        ),
        (
            &normed,
            format!("metric = \"attenuation_init\"\n{against}"),
            ["there is no prediction of depth 4", "no closed form is known"],
        ),
        (
            &shallow,
            format!("metric = \"attenuation_init\"\n{against}"),
            ["there is no prediction of depth 1", "one hidden layer"],
        ),
        (
            ORTHOGONAL,
            format!("metric = \"attenuation_init\"\n{}", against.replace("theory", "practice")),
            ["`against` cannot be \"practice\"", "against = \"theory\""],
        ),
        (
            GRID,
            format!("metric = \"attenuation_init\"\n{}", against.replace("[\"depth\"]", "[\"optimizer.lr\", \"l2\"]")),
            ["", ""],
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("x.toml"), grid.replace("SEEDS", "2") + &claim(&body)).unwrap();
        let out = gradsweep(dir.path(), &["sweep", "x.toml", "--quiet"]);
        assert_eq!(out.status.code(), Some(2), "{body}: {}", said(&out));
        assert!(
            words.iter().all(|word| said(&out).contains(word)) && said(&out).contains("x.toml:"),
            "{body}: {}",
            said(&out)
        );
        assert!(!dir.path().join("results").exists());
    }
}

#[test]
fn a_first_try_from_the_command_line_leaves_claims_against_theory_open() {
    let dir = tempfile::tempdir().unwrap();
    let body = claim(
        "metric = \"attenuation_init\"\neach = [\"depth\"]\nagainst = \"theory\"\nby = \"ratio\"\nexpect = { above = 0.0 }",
    );
    fs::write(dir.path().join("x.toml"), ORTHOGONAL.replace("SEEDS", "5") + &body).unwrap();
    let out = gradsweep(dir.path(), &["sweep", "x.toml", "--quiet", "--set", "batch_norm=after"]);
    assert!(out.status.success() && said(&out).contains("0 hold, 0 fail, 2 inconclusive"), "{}", said(&out));
}

#[test]
fn fresh_seeds_are_others_and_judge_in_a_folder_of_their_own() {
    let body = claim("metric = \"train_loss\"\neach = [\"optimizer.lr\", \"l2\"]\nexpect = { below = 1.0 }")
        // Of a normal start 0.01 wide this says nothing about any other.
        + &claim("metric = \"train_loss\"\nwhere = { \"optimizer.lr\" = 0.1, l2 = 0.0 }\nexpect = { above = 0.08 }");
    let (_, code, dir) = verdicts(GRID, 5, &body);
    assert_eq!(code, Some(3));
    let before = fs::read(dir.path().join("results/x/claims.csv")).unwrap();
    let out = gradsweep(dir.path(), &["check", "results/x", "--fresh-seeds", "7"]);
    assert_eq!(out.status.code(), Some(3), "{}", said(&out));
    assert!(said(&out).contains("42 runs to do") && said(&out).contains("6 hold, 1 fails"), "{}", said(&out));
    let seeds = |folder: &str| -> std::collections::BTreeSet<u64> {
        let mut reader = csv::Reader::from_path(dir.path().join(folder).join("runs.csv")).unwrap();
        let place = reader.headers().unwrap().iter().position(|c| c == "seed").unwrap();
        reader.records().map(|row| row.unwrap()[place].parse().unwrap()).collect()
    };
    assert_eq!(seeds("results/x"), (1..=5).collect());
    assert_eq!(seeds("results/x/fresh_seeds"), (1_000_001..=1_000_007).collect());
    // The folder itself is as it was, the other one like any: it can be verified, and is done when asked again.
    assert_eq!(before, fs::read(dir.path().join("results/x/claims.csv")).unwrap());
    let out = gradsweep(dir.path(), &["verify", "results/x/fresh_seeds"]);
    assert!(out.status.success(), "{}", said(&out));
    let out = gradsweep(dir.path(), &["check", "results/x", "--fresh-seeds", "7"]);
    assert!(said(&out).contains("all 42 runs are done"), "{}", said(&out));
}

#[test]
fn every_paper_has_claims_and_a_plan() {
    let mut papers = 0;
    for entry in fs::read_dir("experiments/papers").unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let plan = gradsweep::experiment::Experiment::parse(
            &text,
            &path.display().to_string(),
            gradsweep::figure::kinds::FACTS,
        )
        .and_then(|e| e.plan(&gradsweep::experiment::Overrides::default()))
        .unwrap_or_else(|e| panic!("{e}"));
        assert!(plan.claims.len() >= 2, "{}", path.display());
        assert_eq!(Some(plan.name.as_str()), path.file_stem().and_then(|s| s.to_str()));
        assert!(text.contains("Tolerances:"), "{} does not say where its tolerances come from", path.display());
        papers += 1;
    }
    assert!(papers >= 20);
}
