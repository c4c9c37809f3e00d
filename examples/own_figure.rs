//! A kind of figure of one's own: a dot for the median training loss of each variant, drawn from a finished sweep.
//!
//! `cargo run --release --example own_figure -- results/vanishing` writes `losses_at_the_end.svg`. The same two constants handed to
//! `Experiment::parse` let an experiment ask for the figure in its file.

use gradsweep::experiment::figure_kind::{FigureKind, Shows};
use gradsweep::figure::chart::{Block, Chart, Legend, Mark};
use gradsweep::figure::endings::Endings;
use gradsweep::figure::kinds::{ALL, Kind};
use gradsweep::figure::ruler::Ruler;
use gradsweep::figure::select::{GroupKey, Selection};
use gradsweep::figure::sheet::{Medium, Sheet};
use gradsweep::figure::{FigureError, FigureSpec, Style, draw, svg};
use gradsweep::results::Results;
use std::error::Error;
use std::path::Path;

/// What can be asked of it: its word, its columns, and that it has no step to choose.
const FACTS: FigureKind = FigureKind {
    columns: || vec!["train_loss", "test_loss"],
    metric: Some("train_loss"),
    takes_step: false,
    shows: Shows::ending,
    ..FigureKind::new("losses_at_the_end")
};

/// From the runs that were selected to plain data: one panel a facet, one dot a colour.
fn chart(selection: &Selection, medium: Medium) -> Result<Chart, FigureError> {
    let endings = Endings::of(selection, selection.measurement()?, &selection.runs);
    let y = Ruler::of(&endings.values(), endings.column, 120.0)
        .ok_or_else(|| selection.nothing_to_draw("a finite loss"))?;
    let x = Ruler::categories(selection.colors().into_iter().map(|color| selection.color_name(color)));
    let panel = |panel: GroupKey| {
        let dot = |(i, color): (usize, usize)| {
            let median = endings.groups.get(&GroupKey { color, ..panel })?.median.value()?;
            Some(Mark::Symbol { at: (i as f64, median), radius: 2.0, look: selection.look(color) })
        };
        selection.colors().into_iter().enumerate().filter_map(dot).collect()
    };
    let block = Block::new(selection, (x, "variant"), (&y, endings.column.words), 120.0, panel);
    let (sheet, finding) = (Sheet::new(selection, medium, 1), endings.finding(selection, "groups"));
    let legend = Legend::of(selection, &selection.each_color());
    let chart = Chart::new(selection, sheet, "Losses at the end", finding, legend, vec![block]);
    Ok(Chart { caption: format!("Dot: median of {}.", selection.seeds()), ..chart })
}

fn main() -> Result<(), Box<dyn Error>> {
    let dir = std::env::args().nth(1).ok_or("write the results folder, such as results/vanishing")?;
    let results = Results::read(Path::new(&dir))?;
    let mut spec = FigureSpec { color: Some("variant".into()), ..FigureSpec::new(FACTS.word) };
    // Every other axis is held at its last label, or drawing refuses to average over it unseen.
    for axis in results.plan.axes.iter().filter(|axis| axis.name != "variant" && axis.labels.len() > 1) {
        let last = axis.labels.last().cloned().unwrap_or_default();
        let label = if axis.name == "optimizer" { axis.labels[0].clone() } else { last };
        spec.filter.insert(axis.name.clone(), vec![label]);
    }
    let kinds = [ALL, &[Kind { facts: &FACTS, draw: chart }]].concat();
    let scene = draw(&results, &spec, &kinds, Style::Page)?;
    std::fs::write("losses_at_the_end.svg", svg::render(&scene, ""))?;
    println!("{}\nwritten to losses_at_the_end.svg", scene.caption);
    Ok(())
}
