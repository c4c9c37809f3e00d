//! What the settings table says of the time before the first update, held against runs: a setting that acts on the batch or
//! on updates alone leaves everything else at step 0 as it is, bit for bit, and any other setting changes something there.

use crate::beside::{beside, network};
use gradsweep::columns::{self, Column, On};
use gradsweep::data::{Places, load};
use gradsweep::experiment::{Experiment, Overrides, settings};
use gradsweep::record::RunRecord;
use gradsweep::run::train;
use gradsweep::setting::{Acts, Domain, Problems, Setting};
use gradsweep::table::{Cell, Table};
use std::ops::ControlFlow;

const NET: &str = r#"
[base]
data = { kind = "spirals", n = 60 }
depth = 3
width = 5
batch = 12
steps = 4
[record]
gradients = { every = 1 }
score = { every = 1 }
probe = 20
"#;

const FUNCTION: &str = r#"
[base]
function = { kind = "rosenbrock", noise = 0.5, spread = 0.5 }
steps = 4
[record]
score = { every = 1 }
"#;

/// Two values of a domain, as they are written on the command line.
fn two(domain: &Domain) -> [String; 2] {
    let of = |a: &str, b: &str| [a.to_string(), b.to_string()];
    match domain {
        Domain::Bool => of("false", "true"),
        Domain::Int { .. } | Domain::IntOrWord { .. } => of("2", "3"),
        Domain::Float { min, .. } if *min >= 1.0 => of("1.25", "1.5"),
        Domain::Float { .. } | Domain::FloatOrWord { .. } | Domain::Positive { .. } | Domain::Fraction => {
            of("0.25", "0.5")
        }
        // The rule gd also takes another batch, and some kinds ask for options.
        Domain::Word(["gd", ..]) => of("sgd", "adam"),
        Domain::Word(words) => of(words[0], words[1]),
        Domain::Steps => of("[1]", "[2]"),
        Domain::Sizes { .. } => of("[5, 3]", "[4, 4]"),
        // The spirals have three classes.
        Domain::PositivesOrWord { .. } => of("[1, 2, 3]", "[2, 1, 1]"),
        Domain::Text | Domain::Texts | Domain::Matrix | Domain::List => panic!("no values to choose from {domain}"),
    }
}

fn run(file: &str, set: Vec<String>) -> RunRecord {
    let plan = Experiment::parse(file, "x.toml", gradsweep::figure::kinds::FACTS)
        .and_then(|e| e.plan(&Overrides { set, ..Overrides::default() }));
    let plan = plan.unwrap_or_else(|error| panic!("{error}"));
    let data = load(&plan.datasets().settings[0], &Places::default()).unwrap();
    let runs = plan.runs(std::slice::from_ref(&data.digest));
    train(&runs[0].spec, &data, &mut |_| ControlFlow::Continue(())).unwrap()
}

/// All that is measured before the first update: the column and the bits of its cells.
fn measured(record: &RunRecord) -> Vec<(&'static Column, Vec<String>)> {
    let bits = |cell: &Cell| match cell {
        Cell::Float(x) => format!("{:016x}", x.to_bits()),
        other => format!("{other:?}"),
    };
    let first = |table: &Table, column: &Column| {
        let (step, own) = (table.column("step").unwrap(), table.column(column.name).unwrap());
        table.rows.iter().filter(|row| row[step] == Cell::Int(0)).map(|row| bits(&row[own])).collect::<Vec<_>>()
    };
    let outcomes = columns::OUTCOMES.iter().zip(&record.outcome);
    let outcomes = outcomes.filter(|(c, _)| c.outlives_divergence()).map(|(c, cell)| (c, vec![bits(cell)]));
    let history = columns::measurements(columns::HISTORY).map(|c| (c, first(&record.history, c)));
    let layers = columns::measurements(columns::LAYERS).map(|c| (c, first(&record.layers, c)));
    outcomes.chain(history).chain(layers).collect()
}

/// The columns in which two runs that differ in one setting differ at step 0.
fn touched(file: &str, also: &[&str], row: &Setting) -> Vec<&'static Column> {
    // Convolutions have channels instead.
    let file = if network(row) == Some("conv") { &file.replace("width = 5\n", "") } else { file };
    let record = |value: &String| {
        let set = beside(row).into_iter().chain(also.iter().map(|s| s.to_string()));
        measured(&run(file, set.chain([format!("{}={value}", row.key)]).collect()))
    };
    let [a, b] = match row.key {
        // A kernel has a middle, and 4 x 4 images are halved once.
        "network.kernel" => ["1", "3"].map(String::from),
        "network.stages" => ["1", "2"].map(String::from),
        _ => two(&row.domain),
    };
    let (a, b) = (record(&a), record(&b));
    a.iter().zip(&b).filter(|((_, a), (_, b))| a != b).map(|((column, _), _)| *column).collect()
}

/// Nets without and with batch norm, where they can have it.
fn norms(row: &Setting) -> &'static [&'static [&'static str]] {
    if network(row).is_some() { &[&[]] } else { &[&[], &["batch_norm=true"]] }
}

#[test]
fn what_acts_later_leaves_the_first_step_as_it_is() {
    let mut wrong = Vec::new();
    for row in settings::all().filter(|row| row.acts != Acts::FromTheStart) {
        let mut found: Vec<&Column> = Vec::new();
        if row.problems != Problems::Functions {
            found.extend(norms(row).iter().flat_map(|norm| touched(NET, norm, row)));
        }
        if row.problems != Problems::Networks {
            found.extend(touched(FUNCTION, &[], row));
        }
        let beyond = found.iter().filter(|c| !row.acts.can_touch(c.on));
        wrong.extend(beyond.map(|c| format!("`{}` {:?} touches {}", row.key, row.of, c.name)));
        if row.acts == Acts::OnTheBatch && !found.iter().any(|c| c.on == On::Batch) {
            wrong.push(format!("`{}` {:?} touches nothing of the batch", row.key, row.of));
        }
    }
    assert!(wrong.is_empty(), "before the first update\n{}", wrong.join("\n"));
}

#[test]
fn what_acts_from_the_start_changes_the_first_step() {
    let mut idle = Vec::new();
    for row in
        settings::all().filter(|row| row.acts == Acts::FromTheStart && !["data", "function"].contains(&row.family()))
    {
        let mut found = norms(row).iter().flat_map(|norm| touched(NET, norm, row));
        if !found.any(|c| matches!(c.on, On::Probe | On::Split)) {
            idle.push(format!("`{}` {:?} touches nothing", row.key, row.of));
        }
    }
    assert!(idle.is_empty(), "before the first update\n{}", idle.join("\n"));
}
