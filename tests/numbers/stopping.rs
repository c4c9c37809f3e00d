//! What a run watches and what it scores: early stopping, the rate that drops where the loss stays, samples of large parts.

use crate::support::{settings, text};
use gradsweep::columns::{HISTORY, OUTCOMES};
use gradsweep::data::{Dataset, Places, Sizes, load};
use gradsweep::experiment::{Experiment, Overrides};
use gradsweep::figure::kinds::FACTS;
use gradsweep::model::Family;
use gradsweep::model::dense::Dense;
use gradsweep::ops::loss::Loss;
use gradsweep::ops::{Mode, tensor, with_slice};
use gradsweep::record::{RunRecord, Status};
use gradsweep::run::cost::{Extent, RecordedSteps, affordable_sample, cost};
use gradsweep::run::{RunSpec, score, train};
use gradsweep::schedule::Plateau;
use gradsweep::seed::Seeds;
use gradsweep::setting::Value;
use gradsweep::table::Cell;
use std::ops::ControlFlow;

const FILE: &str = "name = \"t\"\n[base]\ndepth = 2\nwidth = 24\nactivation = \"relu\"\ninit = \"he_normal\"\n\
                    data = { kind = \"digits\", validation = 0.3, n_train = 320 }\nbatch = 32\nsteps = 900\noptimizer = { kind = \"adam\", lr = 0.01 }\n";

/// Steps of an epoch in it.
const EPOCH: usize = 10;

fn spec(changes: &[&str]) -> (RunSpec, Dataset) {
    let set = changes.iter().map(|c| c.to_string()).collect();
    let plan = Experiment::parse(FILE, "t.toml", FACTS).unwrap();
    let plan = plan.plan(&Overrides { set, ..Overrides::default() }).unwrap_or_else(|e| panic!("{e}"));
    let data = load(&plan.datasets().settings[0], &Places::default()).unwrap();
    (plan.runs(std::slice::from_ref(&data.digest))[0].spec.clone(), data)
}

fn run(changes: &[&str]) -> RunRecord {
    let (spec, data) = spec(changes);
    train(&spec, &data, &mut |_| ControlFlow::Continue(())).unwrap()
}

fn number(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Float(x) => Some(*x),
        Cell::Int(i) => Some(*i as f64),
        _ => None,
    }
}

fn column(record: &RunRecord, name: &str) -> Vec<Option<f64>> {
    let place = HISTORY.iter().position(|c| c.name == name).unwrap();
    record.history.rows.iter().map(|row| number(&row[place])).collect()
}

fn outcome(record: &RunRecord, name: &str) -> Option<f64> {
    number(&record.outcome[OUTCOMES.iter().position(|c| c.name == name).unwrap()])
}

const EVERY_EPOCH: &str = "record.score={ every = 10 }";

#[test]
fn a_run_ends_when_its_validation_loss_has_not_fallen_and_is_judged_at_its_best() {
    let record = run(&["stop.patience=4", EVERY_EPOCH]);
    let losses: Vec<f64> = column(&record, "val_loss").into_iter().flatten().collect();
    // The start is no epoch.
    let best = (1..losses.len()).min_by(|a, b| losses[*a].total_cmp(&losses[*b])).unwrap();
    assert_eq!((record.status, record.message.as_str()), (Status::Finished, "no lower loss in 4 epochs"));
    assert_eq!(losses.len() - 1, best + 4, "{losses:?}");
    assert_eq!(outcome(&record, "steps"), Some(((best + 4) * EPOCH) as f64));
    assert_eq!(outcome(&record, "best_step"), Some((best * EPOCH) as f64));
    for (name, of_history) in
        [("train_loss", "train_loss"), ("val_loss", "val_loss"), ("test_accuracy", "test_accuracy")]
    {
        assert_eq!(outcome(&record, name), column(&record, of_history)[best], "{name}");
    }
    assert_eq!(outcome(&record, "best_val_loss"), Some(losses[best]));
    // Whatever is recorded, and until then as without it.
    let rarely = run(&["stop.patience=4", "record.score={ at = [] }"]);
    assert_eq!(rarely.outcome, record.outcome);
    let sampled = run(&["stop.patience=4", EVERY_EPOCH, "score.rows=20"]);
    for name in ["steps", "best_step", "train_loss", "val_loss"] {
        assert_eq!(outcome(&sampled, name), outcome(&record, name), "{name}");
    }
    let whole = run(&[EVERY_EPOCH]);
    assert_eq!(whole.history.rows[..losses.len()], record.history.rows[..]);
    // Without a validation part by the training loss, which falls on.
    let fitted = run(&["stop.patience=4", "data={ kind = \"digits\", n_train = 320 }", "steps=60"]);
    assert_eq!((outcome(&fitted, "steps"), fitted.message.as_str()), (Some(60.0), ""));
}

#[test]
fn the_rate_drops_where_the_watched_loss_stays() {
    let record = run(&["schedule={ kind = \"plateau\", patience = 1, factor = 0.5 }", EVERY_EPOCH, "steps=300"]);
    let (losses, rates) = (column(&record, "val_loss"), column(&record, "lr"));
    let mut plateau = Plateau::new(0.5, 1, 1e-4, 0.0);
    for (epoch, (loss, lr)) in losses.iter().zip(&rates).enumerate() {
        if epoch > 0 {
            plateau.see(loss.unwrap());
        }
        assert_eq!(*lr, Some(0.01 * plateau.share()), "epoch {epoch}");
    }
    assert!(plateau.share() < 0.5, "the rate drops more than once");
    for recorded in ["record.score={ at = [] }", "score.rows=20"] {
        let other = run(&["schedule={ kind = \"plateau\", patience = 1, factor = 0.5 }", "steps=300", recorded]);
        assert_eq!(outcome(&other, "train_loss"), outcome(&record, "train_loss"), "{recorded}");
    }
}

#[test]
fn drops_are_counted_as_the_run_is() {
    let rates = |changes: &[&str]| column(&run(&[changes, &["record.score={ every = 1 }"]].concat()), "lr");
    let drops = |rates: Vec<Option<f64>>| (1..rates.len()).filter(|i| rates[*i] != rates[i - 1]).collect::<Vec<_>>();
    assert_eq!(drops(rates(&["epochs=4", "schedule={ kind = \"step\", every = 1 }"])), [10, 20, 30, 40]);
    assert_eq!(drops(rates(&["steps=40", "schedule={ kind = \"step\", every = 15 }"])), [15, 30]);
    assert_eq!(drops(rates(&["epochs=4", "schedule={ kind = \"multi_step\", milestones = [1, 3] }"])), [10, 30]);
}

#[test]
fn a_large_part_is_scored_by_a_fixed_sample_and_as_a_whole_at_the_end() {
    let common = ["steps=40", "record.score={ every = 10 }", "stop.patience=100"];
    let sampled = run(&[&common[..], &["score.rows=100"]].concat());
    let whole = run(&[&common[..], &["score.rows=\"all\""]].concat());
    assert_eq!(whole.outcome[..], run(&common).outcome[..], "no part has more than twice 2000 rows");
    // 320 training, 431 validation and 360 test rows.
    for part in ["train", "val", "test"] {
        for score in ["loss", "accuracy", "balanced_accuracy"] {
            let [own, sample] = [format!("{part}_{score}"), format!("{part}_sample_{score}")];
            let seen = column(&sampled, &own);
            assert_eq!(seen.iter().flatten().count(), 1, "{own}: the end alone");
            assert_eq!(seen.last(), column(&whole, &own).last(), "{own}");
            assert_eq!(outcome(&sampled, &own), outcome(&whole, &own), "{own}");
            assert!(column(&sampled, &sample).iter().all(Option::is_some), "{sample}");
            assert!(column(&whole, &sample).iter().all(Option::is_none), "{sample}");
        }
    }
    let (spec, data) = spec(&["score.rows=100"]);
    let sample = spec.sample(data.train.rows).unwrap();
    assert_eq!(sample.len(), 100);
    assert!(sample.windows(2).all(|pair| pair[0] < pair[1]) && sample[99] < data.train.rows);
    let other = RunSpec { seeds: Seeds { run: 7, ..spec.seeds }, ..spec.clone() };
    assert_eq!(other.sample(data.train.rows), Some(sample));
    assert_eq!(spec.sample(200), None, "no more than twice as many");
}

/// MNIST under the defaults: a run of a thousand batches of 64.
#[test]
fn by_default_scoring_costs_no_more_than_training() {
    let plan = Experiment::parse("[base]\ndepth = 4\n", "t.toml", FACTS).unwrap().plan(&Overrides::default()).unwrap();
    let spec = &plan.runs(&["0".into()])[0].spec;
    let sizes = Sizes { input: vec![784], outputs: 10 };
    let extent = Extent { train_rows: 60_000, validation_rows: 0, test_rows: 10_000, sizes, is_function: false };
    let cost = cost(spec, &extent, RecordedSteps::of(&spec.cadence, 1000));
    let scoring = cost.scoring + cost.ending;
    assert!(scoring < cost.training && scoring > 0.5 * cost.training, "{cost:?}");
}

/// However short a run is for its data: a smaller sample is scored before the end, and the run is another one.
#[test]
fn scoring_large_data_costs_no_more_than_training_before_the_end() {
    let nets = [
        ("depth = 4", vec![784]),
        ("network = \"lstm\"\nwidth = 8", vec![28, 28]),
        ("network = \"conv\"", vec![1, 28, 28]),
    ];
    let mut sampled = 0;
    for (net, input) in nets {
        for lines in
            ["", "batch = 1", "batch = \"full\"", "stop.patience = 2", "score.rows = 2000", "score.rows = \"all\""]
        {
            for steps in [1, 3, 10, 100, 300, 1000, 5000] {
                for record in ["", "[record]\nscore = { every = 1 }\n"] {
                    let text = format!("[base]\n{net}\n{lines}\nsteps = {steps}\n{record}");
                    let plan = Experiment::parse(&text, "t.toml", FACTS).unwrap().plan(&Overrides::default()).unwrap();
                    for rows in
                        [[1000, 100, 200], [5000, 0, 0], [60_000, 0, 10_000], [60_000, 10, 0], [500_000, 9000, 100]]
                    {
                        let [train_rows, validation_rows, test_rows] = rows;
                        let sizes = Sizes { input: input.clone(), outputs: 10 };
                        let extent = Extent { train_rows, validation_rows, test_rows, sizes, is_function: false };
                        let usual = plan.runs(&["0".into()]).remove(0);
                        let run =
                            plan.runs_sampled(&["0".into()], |spec, _| affordable_sample(spec, &extent)).remove(0);
                        let cost = cost(&run.spec, &extent, RecordedSteps::of(&plan.cadence, steps));
                        let what = format!("{text}{rows:?}: {cost:?}");
                        assert_eq!(run.run_id == usual.run_id, run.spec == usual.spec, "{what}");
                        if lines.starts_with("score") || train_rows < 4000 {
                            assert_eq!(run, usual, "{what}");
                        } else if !lines.starts_with("stop") {
                            assert!(cost.scoring <= cost.training, "{what}");
                            sampled += usize::from(run != usual);
                        }
                    }
                }
            }
        }
    }
    assert!(sampled > 100, "{sampled}");
}

#[test]
fn balanced_accuracy_is_the_mean_recall_of_the_classes_that_occur() {
    let data =
        load(&settings(&[("data", text("spirals")), ("data.classes", Value::Int(4))]), &Places::default()).unwrap();
    let own = settings(&[("depth", Value::Int(1)), ("width", Value::Int(8))]);
    let seeds = Seeds { experiment: 0, run: 1 };
    let family = Dense::Fused;
    let model = family.build_f64(&own, &data.sizes(), &family.initial(&own, &data.sizes(), &seeds).unwrap()).unwrap();
    // Class 3 is left out, class 0 is rare.
    let gradsweep::data::Targets::Classes { labels, .. } = &data.train.targets else { panic!() };
    let rows: Vec<usize> = (0..300).filter(|r| labels[*r] != 3 && (labels[*r] != 0 || r % 5 == 0)).collect();
    let found = score::score_rows(&*model, &data.train, &data.shape, &rows, Loss::CrossEntropy).unwrap();
    let all = data.train.x.to_vec();
    let x: Vec<f64> = rows.iter().flat_map(|r| &all[r * 2..][..2]).copied().collect();
    let outputs = model.outputs(&tensor(x, (rows.len(), 2)).unwrap(), Mode::Evaluate).unwrap();
    let hits: Vec<(u32, bool)> = with_slice::<f64, _>(&outputs, |o| {
        let hit = |(r, o): (&usize, &[f64])| (labels[*r], (0..4).all(|c| o[c] <= o[labels[*r] as usize]));
        rows.iter().zip(o.chunks(4)).map(hit).collect()
    })
    .unwrap();
    let recall = |class: u32| {
        let own: Vec<bool> = hits.iter().filter(|(c, _)| *c == class).map(|(_, hit)| *hit).collect();
        own.iter().filter(|hit| **hit).count() as f64 / own.len() as f64
    };
    let exact = (0..3).map(recall).sum::<f64>() / 3.0;
    assert!((found.balanced_accuracy.unwrap() - exact).abs() < 1e-15);
    assert!(found.accuracy != found.balanced_accuracy);
}
