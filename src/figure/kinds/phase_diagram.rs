//! The plane of sigma_w and sigma_b: what theory says of a wide net's gradient there, and measured nets as discs over it.

use super::prelude::*;
use crate::ops::activation::Activation;
use crate::results::theory::Theory;
use crate::theory::plane::Plane;

/// Patches of colour across and upwards.
const PATCHES: (usize, usize) = (44, 30);

/// As many shades as the colour scale has: a picture has a palette of its own, in which each is to have a place.
const SHADES: f64 = 96.0;

/// Of a disc with its outline, in points.
const RADIUS: f64 = 5.6;

/// Depth scales whose lines are drawn, in layers.
const SCALES: [f64; 2] = [5.0, 20.0];

/// Standard deviations of weights and biases, the places of the plane.
const AXES: [&str; 2] = ["init.sigma_w", "init.sigma_b"];

const CRITICAL: Look = Look { color: INK, dash: &[], marker: Marker::Disc, hollow: false };
const SCALE: Look = Look { color: INK, dash: &[3.2, 2.2], marker: Marker::Disc, hollow: false };

/// What can be asked of it.
const FACTS: FigureKind = FigureKind {
    help: "measured attenuation over the prediction for every sigma_w and sigma_b, with the critical line",
    x: AlongX::Plane(AXES),
    color: ColorBy::Taken,
    takes_step: false,
    cells: CellsShown::Layers,
    of_init: |_| true,
    theory: Predicts::All,
    shows: |_, metric| match metric {
        Metric::Run(column) => Shows::if_true(*column == columns::ATTENUATION_INIT.name),
        _ => Shows::Nothing,
    },
    ..FigureKind::new("phase_diagram")
};

pub const KIND: Kind = Kind { facts: &FACTS, draw };

fn draw(selection: &Selection, medium: Medium) -> Result<Chart, FigureError> {
    let column = &columns::ATTENUATION_INIT;
    let (Some(x), Some(y)) = (&selection.x, &selection.color) else {
        return Err(FigureError::Selection("a phase_diagram needs init.sigma_w as `x` and init.sigma_b as `y`".into()));
    };
    let number = |used: &Used, label: usize| used.axis.labels[label].parse::<f64>().unwrap_or(f64::NAN);
    let sheet = Sheet::new(selection, medium, 2);
    let height = 168.0;
    let (across, up) = (around(x, sheet.panel(), &number), around(y, height, &number));
    let (Some(across), Some(up)) = (across, up) else { return Err(selection.nothing("places on both axes")) };
    let theory = selection.results.theory()?;
    let (nets, refused) = nets(selection, &theory)?;
    let is_plain = |run: &&usize| theory::of_plain(&theory, selection, **run).is_ok();
    let measured =
        selection.runs.iter().filter(is_plain).filter_map(|run| Some((*run, selection.run(*run).fading(column)?)));
    let measured = selection.fadings(measured);
    let values: Vec<f64> = measured.values().map(|own| own.median.number()).filter(|v| v.is_finite()).collect();
    // As far to either side of 0: neither colour may look stronger than the other.
    let most = values.iter().fold(0.0f64, |most, v| most.max(v.abs()));
    if most == 0.0 {
        return Err(selection.nothing("a finite attenuation"));
    }
    let ruler = Ruler::exact(-most, most, 6);
    let colors = ColorBar { diverging: true, ..ColorBar::new(ruler, column, &[]) };
    let shade = |value: f64| {
        let place = (0.5 * (value / most + 1.0) * SHADES).floor().clamp(0.0, SHADES - 1.0);
        colors.color(most * (2.0 * (place + 0.5) / SHADES - 1.0))
    };
    let lattices: BTreeMap<(usize, usize), Lattice> =
        nets.iter().map(|(panel, activation)| (*panel, Lattice::new(&across, &up, *activation))).collect();
    let panel = |panel: GroupKey| {
        let Some(lattice) = lattices.get(&(panel.row, panel.column)) else { return vec![Mark::Empty("no prediction")] };
        let discs = measured.iter().filter(|(key, _)| (key.row, key.column) == (panel.row, panel.column));
        let discs = discs.flat_map(|(key, own)| {
            let (w, b, value) = (number(x, key.x), number(y, key.color), own.median.number());
            let predicted = finding::measured(lattice.attenuation(w, b), column);
            let told =
                format!("measured {}, predicted {predicted} at infinite depth", finding::measured(value, column));
            [
                Mark::Discs { at: (w, b), discs: vec![(RADIUS, INK), (4.9, WHITE), (4.2, shade(value))] },
                Mark::Tip { at: (w, b), text: told },
            ]
        });
        let tiles = lattice.patches().into_iter().map(|(low, high, value)| Tile {
            low,
            high,
            color: shade(value),
            told: String::new(),
            number: None,
            lost: TileLost::Nothing,
        });
        let field = Mark::Tiles(Tiles { tiles: tiles.collect(), ..Tiles::default() });
        [field].into_iter().chain(lattice.lines()).chain(discs).collect()
    };
    let titles = ["σ_w, of the weights", "σ_b, of the biases"];
    let block = Block::new(selection, (across.clone(), titles[0]), (&up, &titles[1..]), height, panel);
    let line = |name: &str, look| (name.to_string(), Sample::Plain(look));
    let scales = format!("depth scale of {} and {} layers, on either side", SCALES[0], SCALES[1]);
    let entries = vec![line("χ = 1: the gradient keeps its size", CRITICAL), line(&scales, SCALE)];
    let entries = if lattices.values().any(|own| !own.lines().is_empty()) { entries } else { Vec::new() };
    let caption = Caption::new(format!(
        "Disc: {}. Around it: theory of infinitely wide plain nets, -½ log₁₀ χ at the variance that deep layers come to; χ = exp(±1/ξ) at a depth scale of ξ \
         layers (Poole et al. 2016, Schoenholz et al. 2017).",
        words::median(selection)
    ))
    .add(!refused.is_empty(), format!("No prediction in the other panels: {refused}."))
    .of(selection);
    let cells = measured.iter().map(|(key, own)| (selection.place(key), Ending::Value(own.median.number())));
    let words = Words { high: "Highest", low: "Lowest", only: "Attenuation", each: "places", lost: "" };
    let finding = finding::extremes(&cells.collect::<Vec<_>>(), &words, 1.0, |v| finding::measured(v, column));
    let (own, legend) = ("Where gradients fade and where they explode", Legend { heading: String::new(), entries });
    let chart = Chart::new(selection, sheet, own, finding, legend, vec![Block { ruled: false, ..block }]);
    Ok(Chart { caption, ..chart.colors(colors) })
}

/// The activation of the nets in the panel of each row and column.
type Nets = BTreeMap<(usize, usize), Activation>;

/// The activation of each panel's nets, and why other panels have no prediction.
fn nets(selection: &Selection, theory: &Theory) -> Result<(Nets, String), FigureError> {
    let (mut nets, mut refused) = (Nets::new(), BTreeMap::new());
    for run in &selection.runs {
        let key = selection.key(*run);
        let panel = (key.row, key.column);
        match theory::of_plain(theory, selection, *run) {
            Ok((activation, _)) if *nets.entry(panel).or_insert(activation) != activation => {
                let why = "a phase_diagram shows one activation; draw one panel per activation with `facet`";
                return Err(FigureError::Selection(why.into()));
            }
            Ok(_) => {}
            Err(why) => _ = refused.insert(panel, why),
        }
    }
    refused.retain(|panel, _| !nets.contains_key(panel));
    let refused = refused.into_values().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join("; ");
    match nets.is_empty() {
        true => Err(FigureError::Nothing(format!("theory predicts none of its nets: {refused}"))),
        false => Ok((nets, refused)),
    }
}

/// From half a step before the first number of an axis to half a step after the last, or as far as a disc needs. Below 0 it goes no
/// farther than that, and has no numbers there.
fn around(used: &Used, length: f64, number: &impl Fn(&Used, usize) -> f64) -> Option<Ruler> {
    let values: Vec<f64> = used.labels.iter().map(|label| number(used, *label)).collect();
    let (low, high) = range(values.iter().copied())?;
    let disc = (high - low) * RADIUS / (length - 2.0 * RADIUS);
    let step = disc.max(0.5 * places::gap(&values));
    let below = (low - step).max((low - disc).min(0.0));
    let ruler = Ruler::exact(low.max(0.0), high + step, (length / 40.0) as usize);
    Some(Ruler { low: below, ..ruler })
}

/// What theory says on a lattice over the plane, from which both the patches and the lines are drawn.
struct Lattice {
    /// Places across and upwards, from 0 at least: what lies below is room for discs and no deviation.
    x: Vec<f64>,
    y: Vec<f64>,
    /// By row, then by place across.
    values: Vec<Vec<f64>>,
    plane: Plane,
}

impl Lattice {
    fn new(across: &Ruler, up: &Ruler, activation: Activation) -> Lattice {
        let places = |ruler: &Ruler, n: usize| -> Vec<f64> {
            let low = ruler.low.max(0.0);
            (0..=n).map(|i| low + (ruler.high - low) * i as f64 / n as f64).collect()
        };
        let (x, y) = (places(across, PATCHES.0), places(up, PATCHES.1));
        let mut lattice = Lattice { x, y, values: Vec::new(), plane: Plane::new(activation) };
        let row = |b: &f64| lattice.x.iter().map(|w| lattice.attenuation(*w, *b)).collect();
        lattice.values = lattice.y.iter().map(row).collect();
        lattice
    }

    /// Decades that the gradient loses in a layer where the variance has come to rest.
    fn attenuation(&self, w: f64, b: f64) -> f64 {
        -0.5 * self.plane.chi(w * w, b * b).log10()
    }

    /// The corners of each patch and the mean of what is at them.
    fn patches(&self) -> Vec<(Spot, Spot, f64)> {
        let places = (0..PATCHES.1).flat_map(|j| (0..PATCHES.0).map(move |i| (i, j)));
        let patch = |(i, j): (usize, usize)| {
            let corners = [(j, i), (j, i + 1), (j + 1, i), (j + 1, i + 1)].map(|(j, i)| self.values[j][i]);
            ((self.x[i], self.y[j]), (self.x[i + 1], self.y[j + 1]), corners.iter().sum::<f64>() / 4.0)
        };
        places.map(patch).collect()
    }

    /// The line where chi is 1, and those of each depth scale.
    fn lines(&self) -> Vec<Mark> {
        let decades = |layers: f64| 0.5 * std::f64::consts::LOG10_E / layers;
        let scales = SCALES.into_iter().flat_map(|layers| [decades(layers), -decades(layers)]);
        let levels = scales.map(|level| (level, SCALE.stroke(0.8))).chain([(0.0, CRITICAL.stroke(1.4))]);
        let line = |(level, stroke)| {
            let points: Vec<Option<Spot>> =
                (0..self.y.len()).map(|j| Some((self.crossing(j, level)?, self.y[j]))).collect();
            let pieces = points.split(Option::is_none).map(|piece| piece.iter().copied().flatten().collect());
            let pieces: Vec<Vec<Spot>> = pieces.filter(|piece: &Vec<Spot>| piece.len() > 1).collect();
            pieces.into_iter().map(move |points| Mark::Curve { points, stroke, name: None })
        };
        levels.flat_map(line).collect()
    }

    /// The first place from the left in a row where the attenuation falls to this level.
    fn crossing(&self, row: usize, level: f64) -> Option<f64> {
        let values = &self.values[row];
        let i = values.windows(2).position(|pair| pair[0] > level && pair[1] <= level)?;
        let (before, after) = (values[i], values[i + 1]);
        // Without weights nothing arrives: there the attenuation has no bound.
        let share = if before.is_finite() { (before - level) / (before - after) } else { 1.0 };
        Some(self.x[i] + share * (self.x[i + 1] - self.x[i]))
    }
}
