//! A kind of figure that a user of the library brings: one constant and one function, and it can be asked for in a file.

use crate::figure_support::house::{says, sound};
use crate::figure_support::{labels, only, spec, vanishing};
use gradsweep::experiment::figure_kind::{FigureKind, Shows};
use gradsweep::experiment::{Experiment, Overrides};
use gradsweep::figure::chart::{Block, Chart, Legend, Mark};
use gradsweep::figure::endings::Endings;
use gradsweep::figure::kinds::{ALL, FACTS, Kind};
use gradsweep::figure::ruler::Ruler;
use gradsweep::figure::scene::Shape;
use gradsweep::figure::select::{GroupKey, Selection};
use gradsweep::figure::sheet::{Medium, Sheet};
use gradsweep::figure::{FigureError, Style};
use gradsweep::results::Results;

const OWN: FigureKind = FigureKind {
    columns: || vec!["train_loss", "test_loss"],
    metric: Some("train_loss"),
    takes_step: false,
    shows: Shows::ending,
    ..FigureKind::new("losses_at_the_end")
};

/// A dot for the median of each colour.
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
    let block = Block::new(selection, (x, "arms"), (&y, endings.column.words), 120.0, panel);
    let (sheet, finding) = (Sheet::new(selection, medium, 3), endings.finding(selection, "groups"));
    let legend = Legend::of(selection, &selection.each_color());
    let chart = Chart::new(selection, sheet, "Losses at the end", finding, legend, vec![block]);
    Ok(Chart { caption: format!("Dot: median of {}.", selection.seeds()), ..chart })
}

#[test]
fn a_kind_of_figure_from_outside_is_read_checked_and_drawn() {
    let text = "[axes]\ndepth = [2, 4]\n[[figure]]\nkind = \"losses_at_the_end\"\ncolor = \"depth\"\n";
    let known = |kinds: &[&'static FigureKind]| Experiment::parse(text, "x.toml", kinds);
    assert!(known(FACTS).unwrap_err().to_string().contains("there is no kind of figure"));
    let plan = known(&[FACTS, &[&OWN]].concat()).unwrap().plan(&Overrides::default()).unwrap();
    assert_eq!(plan.figures[0].kind, OWN.word);

    let mut fake = vanishing();
    let mut figure = spec(OWN.word);
    (figure.color, figure.facet) = (Some("variant".into()), labels(&["activation"]));
    figure.filter = only(&[("optimizer", "momentum"), ("depth", "32")]);
    fake.figures = vec![figure];
    let temp = tempfile::tempdir().unwrap();
    fake.write(temp.path());
    let results = Results::read(temp.path()).unwrap();
    let kinds = [ALL, &[Kind { facts: &OWN, draw: chart }]].concat();
    let scene = gradsweep::figure::draw(&results, &results.plan.figures[0], &kinds, Style::Page).unwrap();
    sound("own", &scene);
    assert!(says(&scene, "Losses at the end") && says(&scene, "median of 5 seeds"));
    // Six variants in three panels and in the legend.
    let marks = |shape: &&Shape| matches!(shape, Shape::Disc { .. } | Shape::Area { .. });
    assert!(scene.shapes.iter().filter(marks).count() >= 4 * 6);
    let unknown = gradsweep::figure::draw(&results, &results.plan.figures[0], ALL, Style::Page).unwrap_err();
    assert!(unknown.to_string().contains(OWN.word));
}
