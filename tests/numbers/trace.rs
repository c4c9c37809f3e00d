//! A trace is the training that a sweep does, and its numbers follow the recursion of the textbooks.

use gradsweep::data::{self, Dataset, Places};
use gradsweep::experiment::plan::PlannedRun;
use gradsweep::experiment::{Experiment, Overrides};
use gradsweep::figure::kinds::FACTS;
use gradsweep::record::{RunRecord, Status};
use gradsweep::run::trace::{NamedTensor, Trace, Values, trace};
use gradsweep::run::train;
use gradsweep::table::Cell;
use std::ops::ControlFlow;
use std::process::Command;

fn planned(base: &str) -> (PlannedRun, Dataset) {
    let text = format!("name = \"t\"\nseeds = 1\n[base]\n{base}\n[record]\nscore = {{ every = 1 }}\n");
    let plan = Experiment::parse(&text, "t.toml", FACTS).and_then(|e| e.plan(&Overrides::default())).unwrap();
    let data = data::load(&plan.datasets().settings[0], &Places::default()).unwrap();
    (plan.runs(std::slice::from_ref(&data.digest)).remove(0), data)
}

fn both(base: &str, steps: usize) -> (RunRecord, Trace) {
    let (run, data) = planned(base);
    let record = train(&run.spec, &data, &mut |_| ControlFlow::Continue(())).unwrap();
    (record, trace(&run.spec, &data, steps).unwrap())
}

fn tensor<'a>(trace: &'a Trace, name: &str) -> &'a NamedTensor {
    trace.tensors.iter().find(|t| t.name == name).unwrap_or_else(|| panic!("no tensor {name}"))
}

fn numbers(trace: &Trace, name: &str) -> Vec<f64> {
    match &tensor(trace, name).values {
        Values::F32(v) => v.iter().map(|x| f64::from(*x)).collect(),
        Values::F64(v) => v.clone(),
        Values::I64(v) => v.iter().map(|x| *x as f64).collect(),
    }
}

fn column(record: &RunRecord, name: &str) -> Vec<f64> {
    let index = record.history.column(name).unwrap();
    let number = |row: &Vec<Cell>| match &row[index] {
        Cell::Float(x) => *x,
        other => panic!("{name} is {other:?}"),
    };
    record.history.rows.iter().map(number).collect()
}

const NETS: [&str; 7] = [
    "depth = 3\nwidth = 8\nbatch = 16\nsteps = 4\nactivation = \"relu\"",
    "depth = 2\nwidth = 8\nbatch = 16\nsteps = 4\nbatch_norm = true\noptimizer = { kind = \"adam\", lr = 0.01 }",
    "depth = 4\nwidth = 8\nbatch = 16\nsteps = 4\nresidual = true\nbatch_norm = true\ndtype = \"f64\"\nclip.norm = 0.1",
    "depth = 3\nwidth = 8\nbatch = 16\nsteps = 4\nresidual = true\nnorm = \"layer\"\ndropout = 0.3",
    "widths = [9, 4, 7]\nbatch = 16\nsteps = 4\ndropout = 0.5\nactivation = \"prelu\"\nnorm = { kind = \"rms\", place = \"after\" }",
    "network = { kind = \"transformer\", read_out = \"class_token\" }\ndepth = 2\nwidth = 8\nbatch = 16\nsteps = 4",
    "function = \"beale\"\nsteps = 4\noptimizer = { kind = \"momentum\", lr = 0.001 }",
];

#[test]
fn the_traced_run_is_the_trained_one_bit_for_bit() {
    for base in NETS {
        let (record, trace) = both(base, 9);
        assert_eq!((trace.steps, trace.run_steps), (4, 4));
        let (losses, rates, norms) =
            (column(&record, "batch_loss"), column(&record, "lr"), column(&record, "grad_norm"));
        for step in 0..4 {
            assert_eq!(numbers(&trace, &format!("step.{step:06}/loss")), [losses[step]], "{base}");
            assert_eq!(numbers(&trace, &format!("step.{step:06}/lr")), [rates[step]]);
            let prefix = format!("step.{step:06}/gradient/");
            let names = trace.tensors.iter().map(|t| &t.name).filter(|name| name.starts_with(&prefix));
            let squares: f64 = names.flat_map(|name| numbers(&trace, name)).map(|x| x * x).sum();
            assert!((squares.sqrt() / norms[step] - 1.0).abs() < 1e-12, "{base}");
        }
    }
}

#[test]
fn every_tensor_has_its_name_and_as_many_numbers_as_its_shape_says() {
    let (_, trace) = both(NETS[2], 2);
    assert_eq!(trace.steps, 2);
    for t in &trace.tensors {
        let n = match &t.values {
            Values::F32(v) => v.len(),
            Values::F64(v) => v.len(),
            Values::I64(v) => v.len(),
        };
        assert_eq!(n, t.shape.iter().product::<usize>(), "{}", t.name);
    }
    for layer in 1..=4 {
        for what in ["z", "a", "h", "delta", "stream"] {
            assert_eq!(tensor(&trace, &format!("step.000001/layer{layer}/{what}")).shape, [16, 8]);
        }
        assert_eq!(tensor(&trace, &format!("step.000001/running/layer{layer}.mean")).shape, [8]);
    }
    assert_eq!(tensor(&trace, "initial/layer1.weight").shape, [64, 8]);
    assert_eq!(tensor(&trace, "step.000001/updated/output.weight").shape, [8, 10]);
    assert_eq!(tensor(&trace, "step.000001/classes").shape, [16]);
    assert_eq!(tensor(&trace, "step.000001/loss").shape, [0usize; 0]);
    let mut names: Vec<&str> = trace.tensors.iter().map(|t| t.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), trace.tensors.len());
}

/// dL/dz_l = (dL/dz_(l+1) W_(l+1)^T) * phi'(z_l), and dL/dW_l = h_(l-1)^T dL/dz_l.
#[test]
fn deltas_and_gradients_follow_the_recursion() {
    const B: usize = 16;
    const WIDTH: usize = 8;
    let (_, trace) = both(
        "depth = 4\nwidth = 8\nbatch = 16\nsteps = 3\nactivation = \"tanh\"\ndtype = \"f64\"\noptimizer.lr = 0.5",
        3,
    );
    let mut compared = 0;
    for step in 0..3 {
        let get = |name: &str| numbers(&trace, &format!("step.{step:06}/{name}"));
        let before = match step {
            0 => "initial".to_string(),
            _ => format!("step.{:06}/updated", step - 1),
        };
        for layer in 1..4 {
            let weight = numbers(&trace, &format!("{before}/layer{}.weight", layer + 1));
            let (z, delta, above) = (
                get(&format!("layer{layer}/z")),
                get(&format!("layer{layer}/delta")),
                get(&format!("layer{}/delta", layer + 1)),
            );
            for row in 0..B {
                for unit in 0..WIDTH {
                    let back: f64 = (0..WIDTH).map(|k| above[row * WIDTH + k] * weight[unit * WIDTH + k]).sum();
                    let expected = back * (1.0 - z[row * WIDTH + unit].tanh().powi(2));
                    assert!((delta[row * WIDTH + unit] - expected).abs() < 1e-15, "step {step}, layer {layer}");
                    compared += 1;
                }
            }
            let (below, gradient) =
                (get(&format!("layer{layer}/h")), get(&format!("gradient/layer{}.weight", layer + 1)));
            for (i, g) in gradient.iter().enumerate() {
                let (input, unit) = (i / WIDTH, i % WIDTH);
                let expected: f64 = (0..B).map(|row| below[row * WIDTH + input] * above[row * WIDTH + unit]).sum();
                assert!((g - expected).abs() < 1e-14);
            }
        }
    }
    assert_eq!(compared, 3 * 3 * B * WIDTH);
}

#[test]
fn a_run_that_diverges_is_traced_up_to_there() {
    let (record, trace) = both(
        "depth = 3\nwidth = 8\nbatch = 16\nsteps = 50\nactivation = \"relu\"\nloss = \"mse\"\noptimizer.lr = 1e6",
        50,
    );
    assert_eq!(record.status, Status::Diverged);
    assert!(trace.steps > 0 && trace.steps < 50, "{}", trace.steps);
    assert!(record.message.contains(&format!("step {}", trace.steps)), "{}", record.message);
    let gradient = numbers(&trace, &format!("step.{:06}/gradient/layer1.weight", trace.steps));
    assert!(gradient.iter().any(|g| !g.is_finite()));
}

/// What is traced at each time step does not depend on what the net reads out, or on how far back its training goes.
#[test]
fn a_recurrent_net_is_traced_at_every_time_step_whatever_it_is_trained_on() {
    for network in ["rnn", "lstm", "gru"] {
        for own in ["read_out = \"last\"", "read_out = \"mean\"", "read_out = \"every\"", "bptt = 2"] {
            let data = "data = { kind = \"parity\", length = 5, n = 80 }\nbatch = 16\nsteps = 2\nwidth = 4";
            let (_, trace) = both(&format!("network = {{ kind = \"{network}\", {own} }}\n{data}"), 2);
            for (step, time) in (0..2).flat_map(|step| (1..=5).map(move |time| (step, time))) {
                let stream = numbers(&trace, &format!("step.{step:06}/layer1/time{time}/stream"));
                assert!(stream.iter().any(|g| *g != 0.0), "{network} {own}");
            }
        }
    }
}

#[test]
fn the_command_writes_the_file_and_wants_one_run() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("x.toml"),
        "name = \"x\"\nseeds = 2\n[base]\nwidth = 8\nsteps = 5\n[axes]\ndepth = [2, 3]\nactivation = [\"tanh\", \"relu\"]\n",
    )
    .unwrap();
    let run = |args: &[&str]| {
        let out = Command::new(env!("CARGO_BIN_EXE_gradsweep")).current_dir(&dir).args(args).output().unwrap();
        (out.status.code(), String::from_utf8(out.stdout).unwrap() + &String::from_utf8(out.stderr).unwrap())
    };
    let (code, said) = run(&["trace", "x.toml"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("4 match") && said.contains("--only depth=2 --only activation=tanh"), "{said}");
    let one = ["trace", "x.toml", "--only", "depth=3", "--only", "activation=relu", "--seed", "2", "--steps", "2"];
    let (code, said) = run(&one);
    assert_eq!(code, Some(0), "{said}");
    let bytes = std::fs::read(dir.path().join("x.safetensors")).unwrap();
    let (_, about) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let texts = about.metadata().clone().unwrap();
    assert_eq!(texts["label"], "depth=3 activation=relu seed=2");
    assert!(texts["settings"].contains("\"optimizer.lr\":0.1") && texts["traced_steps"] == "2");
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(file.tensor("step.000001/layer3/delta").unwrap().shape(), [64, 8]);
    assert_eq!(run(&[&one[..], &["--out", "again.safetensors"]].concat()).0, Some(0));
    let again = std::fs::read(dir.path().join("again.safetensors")).unwrap();
    let again = safetensors::SafeTensors::deserialize(&again).unwrap();
    assert!(file.tensors().iter().all(|(name, t)| again.tensor(name).unwrap().data() == t.data()));
}

/// A run that ends itself is traced up to its last update.
#[test]
fn a_run_that_stops_has_no_step_without_its_update() {
    let text = "depth = 2\nwidth = 8\nbatch = 16\nsteps = 50\ntarget_loss = 100\nstop_at_target = true";
    let (_, trace) = both(text, 50);
    assert!(trace.steps < 50);
    let last = format!("step.{:06}/", trace.steps);
    assert!(trace.tensors.iter().all(|tensor| !tensor.name.starts_with(&last)), "{last}");
}
