//! Why the gradient fades: phi' over the density of its argument in the first and the last hidden layer, and the factor by which
//! a layer multiplies the gradient. From theory, with what was measured beside it.

use super::prelude::*;
use crate::ops::activation::Activation;
use crate::results::theory::CellTheory;

const SLOPE: Look = Look { color: INK, dash: &[], marker: Marker::Disc, hollow: false };
/// The first layer in blue, the last in orange, of the house's categories, and dashed for a grey printer.
const FIRST: Look = Look { color: Color(0x00, 0x72, 0xb2), ..SLOPE };
const LAST: Look = Look { color: Color(0xd5, 0x5e, 0x00), dash: &[4.0, 2.0], ..SLOPE };
/// Points along a curve.
const POINTS: usize = 241;
/// Heights of the curves' peaks on the panel, of the largest slope anywhere.
const PEAK: f64 = 0.8;

/// What one panel shows.
struct Shown {
    activation: Activation,
    predicted: CellTheory,
    /// The attenuation at the start; `None` where nothing was measured.
    measured: Option<Fading>,
}

/// What can be asked of it.
const FACTS: FigureKind = FigureKind {
    help: "why the gradient fades: the derivative of the activation, and the density of its argument by theory",
    color: ColorBy::Taken,
    takes_step: false,
    cells: CellsShown::Layers,
    of_init: |_| true,
    theory: Predicts::All,
    shows: |_, metric| match metric {
        Metric::Run(column) => Shows::if_true(*column == columns::ATTENUATION_INIT.name),
        _ => Shows::Nothing,
    },
    ..FigureKind::new("derivative")
};

pub const KIND: Kind = Kind { facts: &FACTS, draw };

fn draw(selection: &Selection, medium: Medium) -> Result<Chart, FigureError> {
    let (shown, refused) = shown(selection)?;
    let refused = refused.into_iter().collect::<Vec<_>>().join("; ");
    if shown.is_empty() {
        let why = if refused.is_empty() { "no run of this figure's selection has ended yet" } else { &refused };
        return Err(FigureError::Nothing(format!("theory predicts none of its nets: {why}")));
    }
    let spreads =
        shown.values().flat_map(|s| [s.predicted.variance[0], s.predicted.variance[s.predicted.variance.len() - 1]]);
    let reach = spreads.map(|q| 3.0 * q.sqrt()).fold(2.5f64, f64::max).min(8.0);
    let place = |i: usize| reach * (2.0 * i as f64 / (POINTS - 1) as f64 - 1.0);
    let places: Vec<f64> = (0..POINTS).map(place).collect();
    let slopes = || shown.values().flat_map(|s| places.iter().map(|z| s.activation.slope(*z)));
    let (lowest, highest) = (slopes().fold(0.0, f64::min), slopes().fold(0.25, f64::max));
    let x = Ruler::exact(-reach, reach, 5);
    // Room for the words above the curves.
    let y = Ruler { high: 1.45 * highest, ..Ruler::exact(1.1 * lowest, 1.05 * highest, 5) };
    let panel = |panel: GroupKey| match shown.get(&panel) {
        Some(own) => marks(own, highest, &places),
        None => vec![Mark::Empty("no prediction")],
    };
    let height = if selection.rows().len() > 2 { 90.0 } else { 118.0 };
    let x_title = "argument z of the activation, before the first update";
    let block = Block { ruled: false, ..Block::new(selection, (x, x_title), (&y, &["φ′(z)"]), height, panel) };
    let line = |name: &str, look| (name.to_string(), Sample::Plain(look));
    let entries =
        vec![line("φ′(z)", SLOPE), line("density of z, first hidden layer", FIRST), line("last hidden layer", LAST)];
    let caption = Caption::new(format!(
        "Measured: the factor by which a layer multiplies the gradient, {}, geometric mean over layers. First and last layer: theory \
         of wide nets, sigma_w times the root of E φ′² (Schoenholz et al. 2017). Densities are normal, all drawn with the same height.",
        words::median(selection)
    ))
    .add(!refused.is_empty(), format!("No prediction in the other panels: {refused}."))
    .of(selection);
    let own = "Why the gradient fades: φ′ at the arguments that occur";
    let (sheet, legend) = (Sheet::new(selection, medium, 3), Legend { heading: String::new(), entries });
    Ok(Chart { caption, ..Chart::new(selection, sheet, own, found(selection, &shown), legend, vec![block]) })
}

/// Which layers let most through and which least.
fn found(selection: &Selection, shown: &BTreeMap<GroupKey, Shown>) -> String {
    let factors = shown
        .iter()
        .filter_map(|(key, own)| Some((selection.group_name(key), Ending::Value(10f64.powf(-own.measured?.number())))));
    let words = Words {
        high: "Largest",
        low: "Smallest factor by which a layer multiplies the gradient",
        only: "Factor by which a layer multiplies the gradient",
        each: "panels",
        lost: "",
    };
    finding::extremes(&factors.collect::<Vec<_>>(), &words, -1.0, |v| finding::amount(v, false))
}

/// The cell of each panel with its prediction, where there is one, and why the other panels have none.
fn shown(selection: &Selection) -> Result<(BTreeMap<GroupKey, Shown>, BTreeSet<String>), FigureError> {
    let theory = selection.results.theory()?;
    let measured = selection.fadings_of(&columns::ATTENUATION_INIT);
    let (mut shown, mut refused) = (BTreeMap::new(), BTreeMap::new());
    for run in &selection.runs {
        let key = selection.key(*run);
        match theory::of_plain(&theory, selection, *run) {
            Ok((activation, predicted)) => {
                let measured = measured.get(&key).map(|s| s.median);
                shown.entry(key).or_insert(Shown { activation, predicted: predicted.clone(), measured });
            }
            Err(why) => _ = refused.insert(key, why),
        }
    }
    refused.retain(|key, _| !shown.contains_key(key));
    Ok((shown, refused.into_values().collect()))
}

/// Both densities, the slope, and in a corner the factors.
fn marks(shown: &Shown, highest: f64, places: &[f64]) -> Vec<Mark> {
    let mut marks = Vec::new();
    let variance = &shown.predicted.variance;
    for (look, q) in [(LAST, variance[variance.len() - 1]), (FIRST, variance[0])] {
        let height = |z: f64| PEAK * highest * (-z * z / (2.0 * q)).exp();
        let curve: Vec<Spot> = places.iter().map(|z| (*z, height(*z))).collect();
        let ends = [(places[places.len() - 1], 0.0), (places[0], 0.0)];
        let under = curve.iter().copied().chain(ends).collect();
        marks.push(Mark::Area { points: under, color: look.color, opacity: 0.14 });
        marks.push(Mark::Curve { points: curve, stroke: look.stroke(0.9), name: None });
    }
    // A jump is no slope: each side of a kink is a line of its own.
    let points: Vec<Spot> = places.iter().map(|z| (*z, shown.activation.slope(*z))).collect();
    let pieces = points.chunk_by(|a, b| (b.1 - a.1).abs() <= 0.3 * highest);
    let slope =
        |piece: &[Spot]| Mark::Curve { points: piece.to_vec(), stroke: solid(INK, LINE), name: Some("φ′".into()) };
    marks.extend(pieces.map(slope));
    let decades = &shown.predicted.stream;
    let last = decades.len() - 1;
    let factor = |layer: usize| significant(10f64.powf(decades[layer] - decades[layer + 1]), 3);
    let told = format!("first × {}, last × {}", factor(0), factor(last - 1));
    let measured = shown.measured.map(|fading| match fading {
        Fading::Exactly(lost) => format!("measured × {}", significant(10f64.powf(-lost), 3)),
        Fading::AtLeast(lost) => format!("measured × at most {}", significant(10f64.powf(-lost), 3)),
        other => format!("measured: {}", other.shown(|_| String::new())),
    });
    marks.push(Mark::Corner([told].into_iter().chain(measured).collect()));
    marks
}
