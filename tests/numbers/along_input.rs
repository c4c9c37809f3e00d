//! The output along the input of whole runs, and its gradient there, in the unit of the data.

use gradsweep::columns::{ALONG_INPUT, OUTCOMES};
use gradsweep::data::{Dataset, Places, load};
use gradsweep::experiment::{Experiment, Overrides};
use gradsweep::figure::kinds::FACTS;
use gradsweep::probe::along_input::POINTS;
use gradsweep::record::RunRecord;
use gradsweep::run::{spec::RunSpec, train};
use gradsweep::seed::Seeds;
use gradsweep::stats::autocorrelation;
use gradsweep::table::Cell;
use std::ops::ControlFlow;

/// Nine points from 10 to 30, whose y lies about 100.
const DATA: &str = "[base]\nsteps = 30\nbatch = \"full\"\nwidth = 9\ninit = { kind = \"gaussian\", sigma_b = 0.5 }\n\
    data = { kind = \"points\", scaling = \"per_feature\", target_scaling = \"per_feature\", \
    x = [[10], [12], [13], [17], [19], [22], [25], [26], [30]], y = [[90], [95], [99], [100], [101], [99], [105], [110], [108]] }\n";

fn run(axes: &str) -> Vec<(RunSpec, Dataset, RunRecord)> {
    let text = format!("{DATA}[axes]\n{axes}\n[record]\nalong_input = true\ngradients = {{ at = [3] }}\n");
    let plan = Experiment::parse(&text, "along.toml", FACTS).unwrap().plan(&Overrides::default()).unwrap();
    let cells = plan.cells.iter().map(|cell| {
        let seeds = Seeds { experiment: 0, run: 1 };
        let spec = RunSpec { settings: cell.settings.clone(), seeds, cadence: plan.cadence.clone() };
        let data = load(&cell.settings, &Places::default()).unwrap();
        let record = train(&spec, &data, &mut |_| ControlFlow::Continue(())).unwrap();
        (spec, data, record)
    });
    cells.collect()
}

fn outcome<'a>(record: &'a RunRecord, name: &str) -> &'a Cell {
    &record.outcome[OUTCOMES.iter().position(|column| column.name == name).unwrap()]
}

/// Input, output and gradient at a step.
fn rows(record: &RunRecord, step: i64) -> Vec<[f64; 3]> {
    assert_eq!(record.along_input.columns, ALONG_INPUT.iter().map(|column| column.name).collect::<Vec<_>>());
    let number = |cell: &Cell| if let Cell::Float(x) = cell { *x } else { panic!("{cell:?}") };
    let of_step = record.along_input.rows.iter().filter(|row| row[0] == Cell::Int(step));
    of_step.map(|row| [1, 2, 3].map(|at| number(&row[at]))).collect()
}

/// Every norm and skip, after training: neighbouring inputs are close enough for their outputs to tell the slope between them.
#[test]
fn the_recorded_gradient_is_the_slope_of_the_recorded_output() {
    let axes = "depth = [3]\nactivation = [\"tanh\"]\nnorm = [\"none\", \"batch\", \"layer\", \"rms\"]\n\
        residual = [\"none\", \"pre_activation\", \"post_activation\", \"highway\"]\n";
    for (spec, _, record) in run(axes) {
        for step in [0, 3, 30] {
            let rows = rows(&record, step);
            assert_eq!(rows.len(), POINTS);
            assert!((rows[0][0] - 10.0).abs() < 1e-12 && (rows[POINTS - 1][0] - 30.0).abs() < 1e-12);
            let largest = rows.iter().fold(0.0, |most: f64, row| most.max(row[2].abs()));
            for three in rows.windows(3) {
                let [[x, before, _], [_, _, gradient], [z, after, _]] = [three[0], three[1], three[2]];
                let slope = (after - before) / (z - x);
                assert!((slope - gradient).abs() < 0.05 * largest, "{gradient} {slope} {:?}", spec.settings);
            }
            let gradients: Vec<f64> = rows.iter().map(|row| row[2]).collect();
            let own = Cell::from(autocorrelation(&gradients));
            match step {
                0 => assert_eq!(own, *outcome(&record, "autocorrelation_init")),
                30 => assert_eq!(own, *outcome(&record, "autocorrelation_end")),
                _ => {}
            }
        }
    }
}

/// Without a hidden layer the gradient is the weight over the deviation of the data, at every input, and has no correlation.
#[test]
fn a_line_has_one_slope() {
    let runs = run("depth = [0]");
    let [(_, data, record)] = &runs[..] else { panic!() };
    let [shift, divisor] = data.scaled.unwrap();
    assert!((shift - 174.0 / 9.0).abs() < 1e-12 && divisor > 6.0, "{shift} {divisor}");
    let rows = rows(record, 0);
    let [x, y, slope] = rows[0];
    for [other, output, gradient] in &rows {
        assert!((gradient - slope).abs() < 1e-12 && (output - y - slope * (other - x)).abs() < 1e-12);
    }
    assert_eq!(*outcome(record, "autocorrelation_init"), Cell::Empty);
}

#[test]
fn an_autocorrelation_is_one_of_what_goes_on_and_minus_one_of_what_turns_back() {
    let of = |f: fn(f64) -> f64| autocorrelation(&(0..1000).map(|i| f(f64::from(i))).collect::<Vec<_>>());
    assert!((of(|i| 1e-200 * i).unwrap() - 1.0).abs() < 0.01);
    assert!((of(|i| if i % 2.0 == 0.0 { 7.0 } else { -9.0 }).unwrap() + 1.0).abs() < 0.01);
    assert_eq!((of(|_| 3.0), of(|_| 0.0)), (None, None));
    assert!(of(|i| 1.0 / i).unwrap().is_nan());
    // About the mean 2: (-2, 0, -1, 3) has the products 0 + 0 - 3 and the squares 4 + 0 + 1 + 9.
    assert!((autocorrelation(&[0.0, 2.0, 1.0, 5.0]).unwrap() + 3.0 / 14.0).abs() < 1e-15);
    let mut noise = Seeds { experiment: 3, run: 1 }.stream("noise", &[]);
    let noise: Vec<f64> = (0..10_000).map(|_| noise.normal()).collect();
    assert!(autocorrelation(&noise).unwrap().abs() < 0.03);
}
