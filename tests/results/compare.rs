//! Arms compared: chosen on some seeds, reported on others, told with what the seeds can tell.

use gradsweep::answer::Answer;
use gradsweep::compare::{Comparison, Verdict};
use gradsweep::data::{self, Places};
use gradsweep::experiment::{Experiment, Overrides};
use gradsweep::figure::kinds::FACTS;
use gradsweep::results::Results;
use gradsweep::run::trace::trace;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

pub fn gradsweep(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gradsweep")).current_dir(dir).args(args).output().unwrap()
}

pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// What `compare` prints of a planted folder, its lines joined.
pub fn told(dir: &TempDir, options: &[&str]) -> String {
    let out = gradsweep(dir.path(), &[&["compare", "results/arms"], options].concat());
    said(&out).split_whitespace().collect::<Vec<_>>().join(" ")
}

pub const ARMS: &str = "name = \"arms\"\nquestion = \"?\"\nseeds = SEEDS\n[base]\n\
    function = { kind = \"quadratic\", condition = 10, noise = 0.1, spread = 0.1 }\nsteps = 20\ntarget_loss = 0.5\n\
    [[optimizer]]\nkind = \"sgd\"\nlr = { log = [1e-3, 1e-1], n = 3 }\n\
    [[optimizer]]\nkind = \"momentum\"\nlr = { log = [1e-4, 1e-2], n = 3 }\n";

/// A swept folder whose final training losses are then planted: by optimizer, learning rate and seed.
pub fn planted(toml: &str, loss: impl Fn(&str, &str, u64) -> f64) -> TempDir {
    planted_by(toml, |cell| loss(&cell("optimizer"), &cell("optimizer.lr"), cell("seed").parse().unwrap()))
}

/// The same by any of the columns of runs.csv.
fn planted_by(toml: &str, loss: impl Fn(&dyn Fn(&str) -> String) -> f64) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("arms.toml"), toml).unwrap();
    let out = gradsweep(dir.path(), &["sweep", "arms.toml", "--quiet"]);
    assert!(out.status.success(), "{}", said(&out));
    let path = dir.path().join("results/arms/runs.csv");
    let mut reader = csv::Reader::from_path(&path).unwrap();
    let header = reader.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|c| c == name).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let mut writer = csv::Writer::from_path(&path).unwrap();
    writer.write_record(&header).unwrap();
    for row in rows {
        let value = loss(&|column| row[at(column)].to_string());
        let planted = row.iter().enumerate().map(|(i, cell)| match i {
            _ if i == at("train_loss") && value.is_finite() => value.to_string(),
            _ if i == at("train_loss") => "NaN".into(),
            _ if i == at("status") && !value.is_finite() => "diverged".into(),
            _ => cell.to_string(),
        });
        writer.write_record(planted).unwrap();
    }
    writer.flush().unwrap();
    dir
}

pub fn compared(dir: &TempDir) -> Comparison {
    Comparison::of(&Results::read(&dir.path().join("results/arms")).unwrap()).unwrap().unwrap()
}

#[test]
fn all_arms_of_a_seed_start_from_the_same_weights_and_see_the_same_batches() {
    let text = "name = \"t\"\nseeds = 2\n[base]\ndepth = 2\nwidth = 8\nsteps = 3\n[[optimizer]]\nkind = \"sgd\"\n\
        [[optimizer]]\nkind = \"adam\"\nlr = [1e-3, 1e-2]\n[[optimizer]]\nkind = \"rprop\"\n";
    let plan = Experiment::parse(text, "t.toml", FACTS).and_then(|e| e.plan(&Overrides::default())).unwrap();
    let data = data::load(&plan.datasets().settings[0], &Places::default()).unwrap();
    let runs = plan.runs(std::slice::from_ref(&data.digest));
    let shared = |name: &str| name.starts_with("initial/") || name.ends_with("/rows");
    for seed in [1, 2] {
        let traces: Vec<Vec<_>> = runs
            .iter()
            .filter(|run| run.spec.seeds.run == seed)
            .map(|run| trace(&run.spec, &data, 3).unwrap().tensors.into_iter().filter(|t| shared(&t.name)).collect())
            .collect();
        assert_eq!(traces.len(), 4);
        assert!(traces.iter().all(|own| own.len() == 6 + 3 && *own == traces[0]));
    }
}

#[test]
fn the_setting_is_chosen_on_the_first_seeds_and_reported_on_the_others() {
    // On the tuning seeds 0.01 is best for both, on the others it would not be.
    let loss = |optimizer: &str, lr: &str, seed: u64| {
        let base = if optimizer == "sgd" { 1.0 } else { 3.0 };
        match (lr, seed) {
            ("0.01", 1..=2) => 0.5 * base,
            ("0.01", _) => base + 0.01 * seed as f64,
            _ => 0.9 * base,
        }
    };
    let dir = planted(&ARMS.replace("SEEDS", "8"), loss);
    let comparison = compared(&dir);
    assert_eq!((comparison.tune_seeds.as_slice(), comparison.report_seeds.len()), ([1, 2].as_slice(), 6));
    let [sgd, momentum] = &comparison.tasks[0].arms[..] else { panic!() };
    assert_eq!(sgd.chosen, [("optimizer.lr".to_string(), "0.01".to_string())]);
    assert_eq!((sgd.tries.len(), sgd.tune_runs, sgd.tune_steps, sgd.n), (3, 6, Some(120), 6));
    assert!(sgd.edges.is_empty());
    // 0.01 is the last of momentum's.
    assert!(momentum.edges[0].largest);
    assert!((sgd.measures["train_loss"].median - 1.055).abs() < 1e-12);
    // Six seeds, all one way: the smallest p there is.
    let pair = &comparison.tasks[0].pairs[0];
    assert_eq!((pair.test.p, pair.corrected, pair.difference.n), (1.0 / 32.0, 1.0 / 32.0, 6));
    assert!(pair.verdict == Verdict::Distinguished && (pair.difference.value + 2.0).abs() < 1e-12);
    let text = told(&dir, &[]);
    for part in [
        "chosen by the training loss on seeds 1 to 2, results of seeds 3 to 8",
        "the best optimizer.lr is the largest that was tried: momentum (0.01; try 0.1 and 1)",
        "tuning: 3 settings each, 6 runs, 120 steps",
        "sgd has the lowest training loss of 2 optimizers, each at its own best setting: 1.06 at lr 0.01",
        "At the chosen settings it lies below momentum (p below 0.05, 6 seeds).",
        "sgd momentum -2.00 [-2.00, -2.00] 0.0312",
        "the interval's ends are order statistics, which cover the true median with 96.9 %",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let table = fs::read_to_string(dir.path().join("results/arms/comparison_pairs.csv")).unwrap();
    assert_eq!(table.lines().count(), 2);
    let sentence = "sgd has a lower training loss than momentum: -2.00 [-2.00, -2.00] at 90.6 %, rank-biserial correlation -1.00, \
                    p = 0.0312 after Holm's correction, 6 seeds; with settings chosen anew -1.80 [-2.00, -1.50]";
    assert!(table.contains(sentence), "{table}");
}

/// At 0.01 sgd beats momentum on every seed. At 0.1 it does not, but two seeds of five like that rate better.
fn near_tie(optimizer: &str, lr: &str, seed: u64) -> f64 {
    let own = 1e-3 * seed as f64;
    match (optimizer, lr) {
        ("sgd", "0.01") => 0.9 + own,
        ("sgd", "0.1") => own + if seed % 5 < 2 { 0.8 } else { 1.4 },
        ("momentum", "0.01") => 1.0,
        _ => 9.0,
    }
}

#[test]
fn a_verdict_that_other_seeds_would_turn_round_is_not_settled() {
    let dir = planted(&ARMS.replace("SEEDS", "15"), near_tie);
    let comparison = compared(&dir);
    let [sgd, momentum] = &comparison.tasks[0].arms[..] else { panic!() };
    let shares: Vec<f64> = sgd.tries.iter().map(|tried| tried.share.unwrap()).collect();
    // Three of five seeds, drawn with replacement, of those that two of five are: 0.317; three standard errors of 1000 draws.
    assert!((shares[2] - 0.317).abs() < 0.045 && shares[0] == 0.0 && (shares[1] + shares[2] - 1.0).abs() < 1e-12);
    assert_eq!(momentum.tries[2].share, Some(1.0));
    assert_eq!((sgd.chosen[0].1.as_str(), sgd.likely().count(), momentum.likely().count()), ("0.01", 2, 1));
    let (second, behind) = sgd.runner_up().unwrap();
    assert_eq!(second.setting[0].1, "0.1");
    assert!((behind - (1.402 - 0.903)).abs() < 1e-12, "{behind}");
    let pair = &comparison.tasks[0].pairs[0];
    assert_eq!((pair.verdict, pair.test.p), (Verdict::NotSettled, 1.0 / 512.0));
    let text = told(&dir, &[]);
    for part in ["the difference to momentum is not settled", "near ties in the choice: sgd lr 0.01 in", "not settled"]
    {
        assert!(text.contains(part), "{part}\n{text}");
    }
    // With the same choice everywhere the same difference is one.
    let dir = planted(
        &ARMS.replace("SEEDS", "15"),
        |optimizer, lr, seed| {
            if lr == "0.1" { 9.0 } else { near_tie(optimizer, lr, seed) }
        },
    );
    let pair = &compared(&dir).tasks[0].pairs[0];
    let tuned = pair.tuned.unwrap();
    assert_eq!((pair.verdict, pair.test.p, tuned.turned), (Verdict::Distinguished, 1.0 / 512.0, 0.0));
    assert!(
        -0.1 < tuned.low && tuned.low <= tuned.value && tuned.value <= tuned.high && tuned.high < -0.08,
        "{tuned:?}"
    );
    told(&dir, &[]);
    let settings = fs::read_to_string(dir.path().join("results/arms/comparison_settings.csv")).unwrap();
    assert!(settings.contains("sgd,optimizer.lr=0.01,true,0.903,1"), "{settings}");
}

#[test]
fn all_can_be_compared_with_one_arm_by_several_columns_and_up_to_a_margin() {
    let third = "[[optimizer]]\nkind = \"adam\"\nlr = 1e-3\n[compare]\ntune_seeds = 2\n";
    let toml = |more: &str| format!("{}{third}{more}", ARMS.replace("SEEDS", "9"));
    let loss = |optimizer: &str, _: &str, seed: u64| match optimizer {
        "sgd" => 1.0 + 1e-3 * seed as f64,
        "momentum" => 1.01,
        _ => 3.0,
    };
    let dir = planted(&toml(""), loss);
    let all = compared(&dir);
    assert_eq!(all.tasks[0].pairs.iter().map(|p| p.family).collect::<Vec<_>>(), [3, 3, 3]);
    let text = told(&dir, &["--baseline", "adam"]);
    assert!(
        text.contains("Against the baseline, adam, at the chosen settings: adam lies above sgd and momentum"),
        "{text}"
    );
    assert!(text.contains("2 of 2 pairs are distinguished"), "{text}");
    let text = told(&dir, &["--baseline", "adma"]);
    assert!(text.contains("there is no optimizer \"adma\"; did you mean `adam`?"), "{text}");

    let more = "baseline = \"sgd\"\nreport = [\"train_loss\", \"steps_to_target\"]\nmargin = 0.05\n";
    let comparison = compared(&planted(&toml(more), loss));
    let pairs: Vec<_> = comparison.tasks[0]
        .pairs
        .iter()
        .map(|p| (p.first.as_str(), p.second.as_str(), p.metric.as_str(), p.family))
        .collect();
    let of = |metric| [("sgd", "momentum", metric, 2), ("sgd", "adam", metric, 2)];
    assert_eq!(pairs, [of("train_loss"), of("steps_to_target")].concat());
    assert_eq!(comparison.tasks[0].pairs[0].verdict, Verdict::Equivalent);
    assert_eq!(comparison.tasks[0].pairs[1].verdict, Verdict::Distinguished);
}

#[test]
fn a_comparison_is_printed_for_papers_and_programs() {
    let dir = planted(
        &ARMS.replace("SEEDS", "8").replace("kind = \"sgd\"", "kind = \"sgd\"\nname = \"a_b|c\""),
        |_, _, seed| 1.0 + seed as f64,
    );
    let print = |format: &str| {
        let out = gradsweep(dir.path(), &["compare", "results/arms", "--format", format]);
        assert!(out.status.success(), "{}", said(&out));
        String::from_utf8(out.stdout).unwrap()
    };
    let markdown = print("markdown");
    let widths: Vec<usize> =
        markdown.lines().filter(|l| l.starts_with('|')).map(|l| l.matches(" | ").count()).collect();
    assert!(widths.len() > 4 && markdown.contains("a_b\\|c") && markdown.contains("order statistics"), "{markdown}");
    let latex = print("latex");
    assert_eq!(latex.matches("\\begin{tabular}").count(), latex.matches("\\end{tabular}").count());
    for part in ["\\usepackage{booktabs}", "a\\_b\\textbar{}c", "90.6 \\%", "\\bottomrule", "Holm"] {
        assert!(latex.contains(part), "{part}\n{latex}");
    }
    assert_eq!(print("csv"), fs::read_to_string(dir.path().join("results/arms/comparison.csv")).unwrap());
    let json: serde_json::Value = serde_json::from_str(&print("json")).unwrap();
    assert_eq!((json["arms"].as_array().unwrap().len(), json["pairs"][0]["n"].as_i64()), (2, Some(6)));
    assert_eq!(print("json"), print("json"), "the same bytes each time");
}

#[test]
fn ranks_are_over_all_problems_and_a_test_over_enough_independent_ones() {
    let toml = |axis: &str, values: &str, over: &str| {
        let base = ARMS.replace("SEEDS", "4").replace("condition = 10, ", "");
        base.replace(
            "[[optimizer]]\nkind = \"sgd\"",
            &format!("[axes]\n\"{axis}\" = [{values}]\n[[optimizer]]\nkind = \"sgd\""),
        ) + &format!("[compare]\nover = [\"{over}\"]\n")
    };
    let loss = |optimizer: &str, _: &str, seed: u64| seed as f64 + if optimizer == "sgd" { 0.0 } else { 1.0 };
    let ten = (1..=10).map(|i| format!("{}.0", 10 * i)).collect::<Vec<_>>().join(", ");
    let dir = planted(&toml("function.condition", &ten, "function.condition"), loss);
    let comparison = compared(&dir);
    let [joint] = &comparison.joint[..] else { panic!("{:?}", comparison.joint) };
    assert_eq!((joint.problems, joint.independent), (10, Some(10)));
    assert_eq!(joint.arms.iter().map(|arm| (arm.rank, arm.best)).collect::<Vec<_>>(), [(1.0, 10), (2.0, 0)]);
    // All ten one way: a sum of squares of (10 - 15)^2 twice, over n k (k + 1) / 12 = 5.
    assert!((joint.test.unwrap().statistic - 10.0).abs() < 1e-12);
    assert_eq!(joint.pairs[0].corrected, 1.0 / 512.0);
    let text = told(&dir, &[]);
    assert!(
        text.contains("over 10 problems sgd ranks best by the training loss, 1.00 on average, before momentum 2.00. Friedman's test"),
        "{text}"
    );
    // The answer of the sweep has it too, and says what each of the many problems can tell.
    let results = Results::read(&dir.path().join("results/arms")).unwrap();
    let answer = Answer::of(&results, Some(&comparison)).unwrap().headline();
    for part in [
        "Over 10 problems: sgd ranks best by the training loss, 1.00 on average, before momentum 2.00. Friedman's test",
        "Of 10 comparisons, one for each function.condition, the optimizer that has the lowest training loss is sgd in 10; momentum in none.",
        "3 judging seeds cannot distinguish any arms, however different (p is at least 0.250): at least 6 are needed.",
    ] {
        assert!(answer.contains(part), "{part}\n{answer}");
    }
    assert!(text.contains("distinguished are sgd from momentum"), "{text}");
    assert!(fs::read_to_string(dir.path().join("results/arms/comparison_ranks.csv")).unwrap().lines().count() == 3);

    let dir = planted(&toml("function.condition", "10.0, 20.0", "function.condition"), loss);
    assert!(told(&dir, &[]).contains("before momentum 2.00; no test over 2 problems: it takes 10."));
    let dir = planted(&toml("steps", "10, 20", "steps"), loss);
    let text = told(&dir, &[]);
    assert!(
        text.contains(
            "no test over these 2 problems, which come from 1 data set or function and so depend on each other"
        ),
        "{text}"
    );
}

/// One problem won, one lost, one on which the arms take turns: in every format but that of one table.
#[test]
fn wins_are_counted_by_the_verdicts_on_the_problems() {
    let axes = "[axes]\n\"function.condition\" = [10.0, 20.0, 30.0]\n[[optimizer]]\nkind = \"sgd\"";
    let toml =
        ARMS.replace("SEEDS", "9").replace("condition = 10, ", "").replace("[[optimizer]]\nkind = \"sgd\"", axes)
            + "[compare]\nover = [\"function.condition\"]\n";
    let dir = planted_by(&toml, |cell| {
        let (seed, is_sgd) = (cell("seed").parse::<u64>().unwrap(), cell("optimizer") == "sgd");
        let lead = match &*cell("function.condition") {
            "10" => 1.0,
            "20" => -1.0,
            _ if seed % 2 == 0 => 1.0,
            _ => -0.5,
        };
        100.0 + 10.0 * seed as f64 + if is_sgd { -lead } else { 0.0 }
    });
    let comparison = compared(&dir);
    let [wins] = &comparison.joint[0].wins[..] else { panic!("{:?}", comparison.joint) };
    let (sgd, other) = if wins.first == "sgd" { (wins.better, wins.worse) } else { (wins.worse, wins.better) };
    assert_eq!((sgd, other, wins.open), (1, 1, 1), "{wins:?}");
    let results = Results::read(&dir.path().join("results/arms")).unwrap();
    let answer = Answer::of(&results, Some(&comparison)).unwrap().headline();
    let over = "Over 3 problems: sgd ranks best by the training loss, 1.33 on average, before momentum 1.67; no test";
    assert!(answer.contains(over), "{answer}");
    let latex = told(&dir, &["--format", "latex"]);
    assert!(latex.contains("& $-$0.250 & {[}$-$1, +0.500{]} &"), "a minus is no hyphen: {latex}");
    let row = [&*wins.first, &wins.second, "1", "1", "1"];
    for (options, row) in [
        (&[][..], row.join(" ")),
        (&["--format", "markdown"], format!("| {} |", row.join(" | "))),
        (&["--format", "latex"], row.join(" & ")),
        (&["--format", "json"], "\"better\": 1,".into()),
    ] {
        let text = told(&dir, options);
        assert_eq!(text.matches(&row).count(), 1, "{options:?}: {text}");
    }
}

#[test]
fn where_every_setting_diverges_lower_rates_are_named_and_no_edge() {
    let dir = planted(&ARMS.replace("SEEDS", "6"), |optimizer, _, _| if optimizer == "sgd" { f64::NAN } else { 1.0 });
    let comparison = compared(&dir);
    let [sgd, momentum] = &comparison.tasks[0].arms[..] else { panic!() };
    assert!(sgd.lost && sgd.edges.is_empty());
    // All rates of momentum are equally good, so that none of them is at an end.
    assert!(!momentum.lost && momentum.edges.is_empty());
    let text = told(&dir, &[]);
    assert!(
        text.contains(
            "at every setting half or more of the runs that choose diverge: sgd (try learning rates below 0.001)"
        ),
        "{text}"
    );
    assert!(text.contains("6 runs, 120 steps, 1440 FLOP"), "{text}");
    let dir = planted(&ARMS.replace("SEEDS", "6"), |_, _, _| f64::NAN);
    let text = told(&dir, &[]);
    assert!(text.contains("runs diverged, so nothing can be compared.") && !text.contains("near tie"), "{text}");
}

/// Of rates at all of which training diverges none is chosen, and nothing says so.
#[test]
fn where_everything_diverges_no_figure_names_a_chosen_rate() {
    let text = "name = \"lost\"\nseeds = 2\n[base]\nwidth = 4\ndepth = 3\nactivation = \"relu\"\nsteps = 20\n[[optimizer]]\nkind = \"sgd\"\n\
        lr = [1e30, 3e38]\n[[optimizer]]\nkind = \"momentum\"\nlr = [1e30, 3e38]\n";
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("lost.toml"), text).unwrap();
    let told = said(&gradsweep(dir.path(), &["sweep", "lost.toml", "--quiet"]));
    assert!(!told.contains("own best setting") && told.contains("no setting could be chosen"), "{told}");
    for file in fs::read_dir(dir.path().join("results/lost/figures")).unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_some_and(|end| end == "svg") {
            let picture = fs::read_to_string(&file).unwrap();
            assert!(!picture.contains("learning rate chosen"), "{file:?}");
        }
    }
}

#[test]
fn few_seeds_tell_nothing_and_say_so() {
    let dir = planted(&ARMS.replace("SEEDS", "5"), |optimizer, _, seed| {
        seed as f64 + if optimizer == "sgd" { 0.0 } else { 100.0 }
    });
    let pair = &compared(&dir).tasks[0].pairs[0];
    assert_eq!((pair.difference.n, pair.test.p, pair.smallest), (4, 0.125, 0.125));
    let text = told(&dir, &[]);
    let needed =
        "4 judging seeds cannot distinguish any arms, however different (p is at least 0.125): at least 6 are needed.";
    assert!(text.contains(needed) && text.contains("every p is at least 0.125"), "{text}");

    let dir = planted(&ARMS.replace("SEEDS", "1"), |_, _, _| 1.0);
    let text = told(&dir, &[]);
    assert!(
        text.contains("which makes all of them look better than they are")
            && text
                .contains("One seed cannot distinguish a difference from chance: at least 6 judging seeds are needed."),
        "{text}"
    );
}

#[test]
fn a_diverged_run_is_the_worst_there_is_and_never_averaged_away() {
    // momentum's smallest loss is that of a learning rate at which one of the tuning seeds diverges.
    let loss = |optimizer: &str, lr: &str, seed: u64| match (optimizer, lr, seed) {
        ("momentum", "0.001", 2) => f64::NAN,
        ("momentum", "0.001", 1) => 0.0,
        ("momentum", "0.0001", 4) => f64::NAN,
        ("momentum", "0.0001", _) => 2.0,
        ("sgd", "0.01", _) => 1.0,
        _ => 5.0,
    };
    let dir = planted(&ARMS.replace("SEEDS", "6"), loss);
    let comparison = compared(&dir);
    let [sgd, momentum] = &comparison.tasks[0].arms[..] else { panic!() };
    assert_eq!((momentum.chosen[0].1.as_str(), momentum.diverged, momentum.n), ("0.0001", 1, 4));
    assert_eq!(momentum.measures["train_loss"].high, f64::INFINITY);
    assert_eq!(sgd.diverged, 0);
    assert_eq!(comparison.tasks[0].pairs[0].difference.low, f64::NEG_INFINITY);
    let text = told(&dir, &[]);
    assert!(text.contains("2.00 [2.00, diverged]"), "{text}");
}

#[test]
fn unequal_numbers_of_tries_are_told_with_a_fair_score() {
    let toml = ARMS.replace("SEEDS", "3").replace("lr = { log = [1e-4, 1e-2], n = 3 }", "lr = 1e-3");
    let dir = planted(&toml, |_, lr, _| match lr {
        "0.001" => 3.0,
        "0.01" => 1.0,
        _ => 2.0,
    });
    let comparison = compared(&dir);
    let [sgd, momentum] = &comparison.tasks[0].arms[..] else { panic!() };
    // One try of three: 1, 2 or 3, in the middle 2.
    assert_eq!((sgd.fair_score, momentum.fair_score), (Some(2.0), Some(3.0)));
    let text = told(&dir, &[]);
    assert!(text.contains("unequal numbers of tries; training loss at the best of 1 try each"), "{text}");
}

#[test]
fn the_section_says_what_is_compared() {
    let text = "name = \"arms\"\nquestion = \"?\"\nseeds = 4\n[base]\nfunction = \"beale\"\nfunction.spread = 0.1\nsteps = 5\n\
        [axes]\n\"optimizer.lr\" = [1e-3, 1e-2]\n[variants.a]\n[variants.b]\nl2 = 0.1\n\
        [compare]\narm = \"variant\"\ntune = [\"optimizer.lr\"]\ntune_seeds = 1\nreport = \"best_train_loss\"\n";
    let dir = planted(
        &text.replace("function = \"beale\"\nfunction.spread = 0.1", "function = { kind = \"beale\", spread = 0.1 }"),
        |_, _, seed| seed as f64,
    );
    let comparison = compared(&dir);
    assert_eq!((comparison.arm.as_str(), comparison.report.as_str()), ("variant", "best_train_loss"));
    assert_eq!((comparison.tune_seeds.len(), comparison.report_seeds.len()), (1, 3));
    assert_eq!(comparison.tasks[0].arms.iter().map(|a| a.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn the_tables_are_the_same_at_any_number_of_jobs_and_go_with_their_plan() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("arms.toml"), ARMS.replace("SEEDS", "4")).unwrap();
    for (jobs, out) in [("1", "one"), ("4", "four")] {
        let swept = gradsweep(dir.path(), &["sweep", "arms.toml", "--quiet", "--jobs", jobs, "--out", out]);
        assert!(swept.status.success(), "{}", said(&swept));
    }
    for file in ["comparison.csv", "comparison_pairs.csv", "comparison_settings.csv"] {
        let read = |out: &str| fs::read(dir.path().join(out).join(file)).unwrap();
        assert_eq!(read("one"), read("four"));
    }
    let single = ARMS.replace("SEEDS", "4");
    let single = single.split("[[optimizer]]").take(2).collect::<Vec<_>>().join("[[optimizer]]");
    fs::write(dir.path().join("arms.toml"), single).unwrap();
    let swept = gradsweep(dir.path(), &["sweep", "arms.toml", "--quiet", "--out", "one", "--replan"]);
    assert!(swept.status.success(), "{}", said(&swept));
    assert!(!dir.path().join("one/comparison.csv").exists());
    let out = gradsweep(dir.path(), &["compare", "one"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(said(&out).contains("nothing to compare"), "{}", said(&out));
}

/// Variations of one data set or function are no problems of their own, and rows that are drawn anew are.
#[test]
fn only_other_data_and_functions_are_other_problems() {
    let dir = tempfile::tempdir().unwrap();
    let ten =
        |low: f64, step: f64| (0..10).map(|i| (low + step * f64::from(i)).to_string()).collect::<Vec<_>>().join(", ");
    let over = |base: &str, axis: &str, values: String| {
        let text = format!(
            "seeds = 6\n[base]\n{base}\nsteps = 2\n[axes]\n\"{axis}\" = [{values}]\n[[optimizer]]\nkind = \"sgd\"\n\
             [[optimizer]]\nkind = \"adam\"\n[compare]\nover = [\"{axis}\"]\n"
        );
        fs::write(dir.path().join("x.toml"), text).unwrap();
        said(&gradsweep(dir.path(), &["plan", "x.toml"]))
    };
    let (digits, quadratic) = ("data = \"digits\"", "function = { kind = \"quadratic\", spread = 0.1 }");
    for (base, axis, values) in [
        (digits, "data.n_train", ten(100.0, 10.0)),
        (digits, "data.label_noise", ten(0.0, 0.01)),
        (digits, "data.seed", ten(0.0, 1.0)),
        (quadratic, "function.noise", ten(0.1, 0.01)),
    ] {
        let text = over(base, axis, values);
        assert!(
            text.contains("over      10 problems from 1 data set or function, which depend on each other"),
            "{text}"
        );
    }
    for (base, axis, values) in [
        ("data = { kind = \"spirals\", n = 200 }", "data.seed", ten(0.0, 1.0)),
        (quadratic, "function.condition", (1..=10).map(|i| format!("{i}.5")).collect::<Vec<_>>().join(", ")),
    ] {
        let text = over(base, axis, values);
        assert!(
            text.contains("over      10 problems: p is at least 0.00195 after Holm's correction for 1 pair"),
            "{text}"
        );
    }
}

/// Where the baseline is left out, `plan` says it before anything runs.
#[test]
fn a_baseline_without_runs_is_told_by_the_plan() {
    let dir = tempfile::tempdir().unwrap();
    let text = "seeds = 12\n[base]\nsteps = 2\n[axes]\ndepth = [2, 4]\noptimizer = [\"sgd\", \"adam\", \"adagrad\"]\n\
                [[exclude]]\ndepth = 4\noptimizer = \"sgd\"\n[compare]\nbaseline = \"sgd\"\n";
    fs::write(dir.path().join("x.toml"), text).unwrap();
    let told = said(&gradsweep(dir.path(), &["plan", "x.toml"]));
    let note = "note: in 1 of 2 comparisons sgd, the baseline, has no runs, so no arm is tested there";
    assert!(told.contains(note), "{told}");
}

/// An arm that is missing on one problem is named, and takes its place where it is best.
#[test]
fn arms_without_results_on_a_problem_are_named() {
    let toml = ARMS.replace("SEEDS", "6").replace("condition = 10, ", "").replace(
        "[[optimizer]]\nkind = \"sgd\"",
        "[axes]\n\"function.condition\" = [10.0, 20.0]\n[[optimizer]]\nkind = \"adam\"\n[[optimizer]]\nkind = \"sgd\"",
    ) + "[[exclude]]\n\"function.condition\" = 10.0\noptimizer = \"sgd\"\n[compare]\nover = [\"function.condition\"]\n";
    let dir = planted(&toml, |optimizer, _, seed| {
        seed as f64 + if optimizer == "sgd" { 0.0 } else { optimizer.len() as f64 }
    });
    let joint = &compared(&dir).joint[0];
    assert_eq!(joint.left_out, [("sgd".to_string(), "function.condition 10".to_string())]);
    assert_eq!(joint.arms.iter().map(|arm| (&*arm.name, arm.best)).collect::<Vec<_>>(), [("adam", 1), ("momentum", 0)]);
    let text = told(&dir, &[]);
    assert!(text.contains("Not ranked, since they lack results: sgd (on function.condition 10)."), "{text}");
}

/// Losses of other kinds are no common measure of arms, whatever the command; accuracies are.
#[test]
fn arms_of_different_losses_are_compared_by_shares_alone() {
    let dir = tempfile::tempdir().unwrap();
    let write = |more: &str| {
        let text = format!(
            "name = \"loss\"\nseeds = 2\n[base]\nwidth = 4\ndepth = 1\nsteps = 2\n[axes]\nloss = [\"cross_entropy\", \"mse\"]\n{more}"
        );
        fs::write(dir.path().join("loss.toml"), text).unwrap();
    };
    let sweep = || gradsweep(dir.path(), &["sweep", "loss.toml", "--quiet"]);
    write("[compare]\narm = \"loss\"\n");
    let refused = said(&sweep());
    for part in [
        "error: the labels of loss cannot be compared by the test loss: their losses differ (",
        "loss.toml:",
        "report = [\"test_accuracy\"]",
    ] {
        assert!(refused.contains(part), "{part}\n{refused}");
    }
    write("[[figure]]\nkind = \"curves\"\ncolor = \"loss\"\n");
    let told = said(&sweep());
    assert!(!told.contains("lowest"), "{told}");
    let picture = fs::read_to_string(dir.path().join("results/loss/figures/curves.svg")).unwrap();
    assert!(!picture.contains("Lowest"), "no loss of one kind is called lower than one of another");
    let refused = said(&gradsweep(dir.path(), &["compare", "results/loss", "--arm", "loss", "--metric", "test_loss"]));
    assert!(refused.contains("their losses differ (loss = cross_entropy"), "{refused}");
    // A loss that follows from the data beside one that is written.
    let text = "seeds = 2\n[base]\nwidth = 4\ndepth = 1\nsteps = 2\n[variants.a]\n[variants.b]\nloss = \"mse\"\n";
    fs::write(dir.path().join("mixed.toml"), text).unwrap();
    let told = said(&gradsweep(dir.path(), &["sweep", "mixed.toml", "--quiet"]))
        + &said(&gradsweep(dir.path(), &["compare", "results/mixed", "--arm", "variant"]));
    assert!(told.contains("their losses differ (loss = cross_entropy; loss = mse)"), "{told}");
    assert!(!told.contains("lowest test loss"), "{told}");
    write("[compare]\narm = \"loss\"\nreport = [\"test_accuracy\"]\n");
    let told = said(&sweep());
    assert!(told.contains("test accuracy") && !told.contains("error"), "{told}");
}

/// A step at which no run is scored is told before the first run.
#[test]
fn a_step_that_is_reported_is_one_that_is_scored() {
    let dir = tempfile::tempdir().unwrap();
    for (metric, words) in [
        ("train_loss at step 7", ["asks for step 7, at which no run is scored", "write \"train_loss at step "]),
        (
            "train_loss at epoch 50",
            ["asks for epoch 50, but no run has more than 0", "write an earlier epoch or a step"],
        ),
    ] {
        let text = ARMS.replace("SEEDS", "4")
            + &format!("[compare]\nreport = \"{metric}\"\n[record]\nscore = {{ every = 5 }}\n");
        fs::write(dir.path().join("arms.toml"), text).unwrap();
        let out = gradsweep(dir.path(), &["sweep", "arms.toml", "--quiet"]);
        let text = said(&out);
        assert!(out.status.code() == Some(2) && words.iter().all(|word| text.contains(word)), "{text}");
        assert!(!dir.path().join("results").exists());
    }
}
