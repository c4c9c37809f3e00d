//! The article's example, `experiments/article.toml`: the backward recursion written out by hand, with no autograd,
//! against the program's own run of the file.

use gradsweep::data::{Places, Sizes, Targets, load};
use gradsweep::experiment::{Experiment, Overrides};
use gradsweep::figure::kinds::FACTS;
use gradsweep::model::dense::Architecture;
use gradsweep::model::init::{Start, initial};
use gradsweep::record::{RunRecord, Status};
use gradsweep::run::train;
use gradsweep::seed::Seeds;
use gradsweep::table::Cell;
use std::ops::ControlFlow;

const STEPS: usize = 1000;
const LR: f64 = 0.01;

fn run(changes: &[&str]) -> Vec<(Seeds, RunRecord, Architecture, Start)> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/experiments/article.toml");
    let experiment = Experiment::parse(&std::fs::read_to_string(file).unwrap(), file, FACTS).unwrap();
    let set = changes.iter().map(|c| c.to_string()).collect();
    let plan =
        experiment.plan(&Overrides { set, seeds: None, ..Overrides::default() }).unwrap_or_else(|e| panic!("{e}"));
    let data = load(&plan.datasets().settings[0], &Places::default()).unwrap();
    assert_eq!(data.train.x.to_vec(), [1.0, 2.0, 3.0, 4.0, 5.0]);
    let Targets::Values { y, .. } = &data.train.targets else { panic!("the targets are numbers") };
    assert_eq!(*y, [0.1, 0.2, 0.3, 0.4, 0.5]);
    plan.runs(std::slice::from_ref(&data.digest))
        .into_iter()
        .map(|run| {
            let architecture =
                Architecture::from_settings(&run.spec.settings, &Sizes { input: vec![1], outputs: 1 }).unwrap();
            let init = Start::from_settings(&run.spec.settings, architecture.activation).unwrap();
            let record = train(&run.spec, &data, &mut |_| ControlFlow::Continue(())).unwrap();
            (run.spec.seeds, record, architecture, init)
        })
        .collect()
}

fn losses(record: &RunRecord) -> Vec<f64> {
    let column = record.history.column("batch_loss").unwrap();
    let number = |row: &Vec<Cell>| if let Cell::Float(x) = row[column] { x } else { panic!("{row:?}") };
    record.history.rows.iter().map(number).collect()
}

/// x -> tanh(x w1 + b1) -> tanh(h w2 + b2); L = mean (y - t)^2.
/// dL/dz2 = (2/5) (y - t) (1 - y^2); dL/dz1 = (dL/dz2 w2^T) (1 - h^2); dW_l = h_(l-1)^T dL/dz_l.
fn by_hand(seeds: Seeds, architecture: &Architecture, init: Start) -> Vec<f64> {
    let packed = initial(init, &architecture.layout(), &seeds);
    let (first, second) = packed.split_at(10);
    let (mut w1, mut b1) = (first[..5].to_vec(), first[5..].to_vec());
    let (mut w2, mut b2) = (second[..5].to_vec(), second[5]);
    let mut losses = Vec::new();
    for _ in 0..=STEPS {
        let (mut dw1, mut db1, mut dw2, mut db2) = ([0.0; 5], [0.0; 5], [0.0; 5], 0.0);
        let mut loss = 0.0;
        for sample in 1..=5 {
            let (x, t) = (sample as f64, sample as f64 / 10.0);
            let h: Vec<f64> = (0..5).map(|j| (x * w1[j] + b1[j]).tanh()).collect();
            let y = (h.iter().zip(&w2).map(|(h, w)| h * w).sum::<f64>() + b2).tanh();
            loss += (y - t).powi(2) / 5.0;
            let dz2 = 2.0 / 5.0 * (y - t) * (1.0 - y * y);
            db2 += dz2;
            for j in 0..5 {
                let dz1 = dz2 * w2[j] * (1.0 - h[j] * h[j]);
                dw2[j] += h[j] * dz2;
                dw1[j] += x * dz1;
                db1[j] += dz1;
            }
        }
        losses.push(loss);
        for j in 0..5 {
            w1[j] -= LR * dw1[j];
            b1[j] -= LR * db1[j];
            w2[j] -= LR * dw2[j];
        }
        b2 -= LR * db2;
    }
    losses
}

#[test]
fn the_recursion_by_hand_gives_the_same_losses() {
    for (changes, bound) in [(vec!["seeds=5"], 1e-6), (vec!["seeds=5", "dtype=\"f64\""], 1e-13)] {
        for (seeds, record, architecture, init) in run(&changes) {
            let ours = losses(&record);
            let hand = by_hand(seeds, &architecture, init);
            assert!(ours.len() > 100);
            for (step, (a, b)) in ours.iter().zip(&hand).enumerate() {
                assert!((a - b).abs() <= bound * b.max(1.0), "seed {} step {step}: {a} by hand {b}", seeds.run);
            }
        }
    }
}

#[test]
fn the_loss_falls_at_every_iteration() {
    for (seeds, record, ..) in run(&["seeds=20"]) {
        let losses = losses(&record);
        for (step, pair) in losses.windows(2).enumerate() {
            assert!(pair[1] < pair[0], "seed {} step {step}: {} then {}", seeds.run, pair[0], pair[1]);
        }
        let reached = *losses.last().unwrap() <= 1e-3;
        assert_eq!(record.status == Status::ReachedTarget, reached, "seed {}", seeds.run);
        assert!(reached || losses.len() == STEPS + 1);
    }
}
