//! The plane of sigma_w and sigma_b: what theory says of a wide net's gradient there, and measured nets as discs over it.

use super::prelude::*;
use crate::figure::ruler::Unit;
use crate::ops::activation::Activation;
use crate::plan_file::Scale;
use crate::results::theory::Theory;
use crate::theory::chi_table::ChiTable;

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
    let sheet = Sheet::new(selection, medium, 2);
    let height = 168.0;
    let (across, up) = (around(selection, x, sheet.panel()), around(selection, y, height));
    let (Some(across), Some(up)) = (across, up) else { return Err(selection.nothing_to_draw("places on both axes")) };
    let theory = selection.results.theory()?;
    let (nets, refused) = nets(selection, &theory)?;
    let measured = selection.fadings_of(column);
    let values: Vec<f64> = measured.values().map(|own| own.median.number()).filter(|v| v.is_finite()).collect();
    // As far to either side of 0: neither colour may look stronger than the other.
    let most = values.iter().fold(0.0f64, |most, v| most.max(v.abs()));
    if most == 0.0 {
        return Err(selection.nothing_to_draw("a finite attenuation"));
    }
    let ruler = Ruler::exact(-most, most, 6);
    let colors = ColorBar { fades: Some(Fades::Above), ..ColorBar::new(ruler, column, &[]) };
    let shade = |value: f64| {
        let place = (0.5 * (value / most + 1.0) * SHADES).floor().clamp(0.0, SHADES - 1.0);
        colors.color(most * (2.0 * (place + 0.5) / SHADES - 1.0))
    };
    let lattices: BTreeMap<(usize, usize), Lattice> =
        nets.iter().map(|(panel, activation)| (*panel, Lattice::new(&across, &up, *activation))).collect();
    let panel = |panel: GroupKey| {
        let lattice = lattices.get(&(panel.row, panel.column));
        let discs = measured.iter().filter(|(key, _)| key.is_in(panel));
        let discs = discs.flat_map(|(key, own)| {
            let (w, b, value) = (number(x, key.x), number(y, key.color), own.median.number());
            let predicted = lattice.map(|lattice| finding::measured(lattice.attenuation(w, b), column));
            let predicted = predicted.map_or(String::new(), |said| format!(", predicted {said} at infinite depth"));
            let told = format!("measured {}{predicted}", finding::measured(value, column));
            let at = (across.place_of(w), up.place_of(b));
            [
                Mark::Discs { at, discs: vec![(RADIUS, INK), (4.9, WHITE), (4.2, shade(value))] },
                Mark::Tip { at, text: told },
            ]
        });
        let Some(lattice) = lattice else {
            let words = Mark::Note { spots: above(&across, &up, height), text: "no prediction".into() };
            return [words].into_iter().chain(discs).collect();
        };
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
    let titles = ["sigma_w, of the weights", "sigma_b, of the biases"];
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
    .add(true, refused)
    .of(selection);
    let cells = measured.iter().map(|(key, own)| (selection.group_name(key), Ending::Value(own.median.number())));
    let words = Words { high: "Highest", low: "Lowest", only: "Attenuation", each: "places", lost: "" };
    let finding = finding::extremes(&cells.collect::<Vec<_>>(), &words, 1.0, |v| finding::measured(v, column));
    let (own, legend) = ("Where gradients fade and where they explode", Legend { heading: String::new(), entries });
    let chart = Chart::new(selection, sheet, own, finding, legend, vec![Block { ruled: false, ..block }]);
    Ok(Chart { caption, ..chart.colors(colors) })
}

/// The activation of the nets in the panel of each row and column.
type Nets = BTreeMap<(usize, usize), Activation>;

/// The activation of each panel's nets, and what a caption says of panels without a prediction.
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
    let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for ((row, column), why) in refused {
        reasons.entry(why).or_default().push(selection.panel_name(row, column));
    }
    if nets.is_empty() {
        let reasons = reasons.into_keys().collect::<Vec<_>>().join("; ");
        return Err(FigureError::Nothing(format!("theory predicts none of its nets: {reasons}")));
    }
    let said = reasons.iter().map(|(why, panels)| format!("No prediction for {}: {why}.", panels.join("; ")));
    Ok((nets, said.collect::<Vec<_>>().join(" ")))
}

fn number(used: &Used, label: usize) -> f64 {
    used.axis.labels[label].parse().unwrap_or(f64::NAN)
}

/// Places along the upper edge, from the middle to the sides, in the room above the highest discs.
fn above(across: &Ruler, up: &Ruler, height: f64) -> Vec<Spot> {
    let y = up.high - 5.5 / height * (up.high - up.low);
    [0.5, 0.3, 0.7].map(|share| (across.low + share * (across.high - across.low), y)).to_vec()
}

/// From half a step before the first number of an axis to half a step after the last, or as far as a disc needs, on the scale of the
/// axis. Below 0 a linear one goes no farther than that, and has no numbers there.
fn around(selection: &Selection, used: &Used, length: f64) -> Option<Ruler> {
    let is_log = places::scale(selection, used.axis) == Scale::Log;
    let value = |label: &usize| if is_log { number(used, *label).log10() } else { number(used, *label) };
    let values: Vec<f64> = used.labels.iter().map(value).collect();
    let (low, high) = range(values.iter().copied())?;
    let disc = (high - low) * RADIUS / (length - 2.0 * RADIUS);
    let step = disc.max(0.5 * places::gap(&values));
    if is_log {
        return Some(Ruler::log_within(low - step, high + step, (length / 40.0) as usize));
    }
    let below = (low - step).max((low - disc).min(0.0));
    let ruler = Ruler::exact(low.max(0.0), high + step, (length / 40.0) as usize);
    Some(Ruler { low: below, ..ruler })
}

/// What theory says on a lattice over the plane, from which both the patches and the lines are drawn.
struct Lattice {
    /// Places across and upwards; of a linear ruler from 0 at least: what lies below is room for discs and no deviation.
    x: Vec<f64>,
    y: Vec<f64>,
    /// By row, then by place across.
    values: Vec<Vec<f64>>,
    chi: ChiTable,
}

impl Lattice {
    fn new(across: &Ruler, up: &Ruler, activation: Activation) -> Lattice {
        let places = |ruler: &Ruler, n: usize| -> Vec<f64> {
            let low = if ruler.unit == Unit::Log10 { ruler.low } else { ruler.low.max(0.0) };
            (0..=n).map(|i| low + (ruler.high - low) * i as f64 / n as f64).collect()
        };
        let (x, y) = (places(across, PATCHES.0), places(up, PATCHES.1));
        let mut lattice = Lattice { x, y, values: Vec::new(), chi: ChiTable::new(activation) };
        let value = |x: &f64, y: &f64| lattice.attenuation(across.value_at(*x), up.value_at(*y));
        let row = |y: &f64| lattice.x.iter().map(|x| value(x, y)).collect();
        lattice.values = lattice.y.iter().map(row).collect();
        lattice
    }

    /// Decades that the gradient loses in a layer where the variance has come to rest.
    fn attenuation(&self, w: f64, b: f64) -> f64 {
        -0.5 * self.chi.chi(w * w, b * b).log10()
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
            unbroken(&points).into_iter().map(move |points| Mark::Curve { points, stroke, name: None })
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
