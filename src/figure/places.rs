//! Places along x for the labels of an axis of the plan.

use super::names;
use super::ruler::{Ruler, Tick, Unit, range};
use super::select::{Selection, Used};
use crate::plan_file::{Axis, Scale};

/// Where the labels of a plan axis stand: by value on a linear one, by logarithm on a log one, else one by one; a single place
/// without an axis.
pub fn along(selection: &Selection) -> Ruler {
    selection.x.as_ref().map_or(Ruler::categories([String::new()]), |x| on(x, scale(selection, x.axis)))
}

/// How an axis is drawn: as the figure has it, then as its kind has it, else a 0 among decades has no place on a logarithmic scale, and beside a linear one all others would share
/// one, so that its labels stand one by one.
pub fn scale(selection: &Selection, axis: &Axis) -> Scale {
    if let Some(scale) = selection.spec.x_scale {
        return scale;
    }
    if selection.kind.by_value.contains(&axis.name.as_str()) {
        return Scale::Linear;
    }
    let numbers: Vec<f64> = axis.labels.iter().filter_map(|label| label.parse().ok()).collect();
    let positive = || numbers.iter().copied().filter(|v| *v > 0.0);
    let decades = range(positive()).is_some_and(|(low, high)| high >= 10.0 * low) && positive().count() < numbers.len();
    let steps: Vec<f64> = numbers.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let even = steps.iter().all(|step| (step - steps[0]).abs() <= 1e-9 * steps[0].abs());
    if axis.scale == Scale::Linear && decades && !even { Scale::Category } else { axis.scale }
}

/// Whether the labels along x are names, or stand one by one like names: nothing lies between two of them.
pub fn are_names(selection: &Selection) -> bool {
    selection.x.as_ref().is_some_and(|used| scale(selection, used.axis) == Scale::Category)
}

/// Whether lines go from label to label along x.
pub fn are_joined(selection: &Selection) -> bool {
    selection.x.is_some() && !are_names(selection)
}

/// What stands along x: what the figure asks for, else what the axis is called, with its unit.
pub fn title(selection: &Selection) -> String {
    let name = selection.x.as_ref().map_or(String::new(), |used| names::axis_title(&used.axis.name));
    selection.spec.x_title.clone().unwrap_or(name)
}

/// The same on a scale of the figure's own, as far as the labels are numbers.
pub fn on(used: &Used, scale: Scale) -> Ruler {
    let labels = || used.labels.iter().map(|l| used.shown(*l));
    let value = |label: &String| match scale {
        Scale::Category => None,
        Scale::Linear => label.parse::<f64>().ok().filter(|v| v.is_finite()),
        Scale::Log => label.parse::<f64>().ok().map(f64::log2).filter(|v| v.is_finite()),
    };
    let Some(values) =
        used.labels.iter().map(|l| value(&used.axis.labels[*l])).collect::<Option<Vec<f64>>>().filter(|v| v.len() > 1)
    else {
        return Ruler::categories(labels());
    };
    let ticks: Vec<Tick> = values.iter().zip(labels()).map(|(at, label)| Tick { at: *at, label }).collect();
    let (low, high) = range(values.iter().copied()).unwrap_or((0.0, 1.0));
    let pad = (gap(&values) * 0.5).max(0.04 * (high - low));
    Ruler::new((low - pad, high + pad), ticks, Unit::Label)
}

/// The smallest distance between two places; 1 if there is only one.
pub fn gap(places: &[f64]) -> f64 {
    let mut sorted = places.to_vec();
    sorted.sort_by(f64::total_cmp);
    let gaps = sorted.windows(2).map(|w| w[1] - w[0]).filter(|d| *d > 0.0);
    gaps.min_by(f64::total_cmp).unwrap_or(1.0)
}
