//! Results as one figure shows them: the labels of an axis in another order, under other names, in other colours.

use crate::plan_file::figure::FigureSpec;
use crate::plan_file::{Axis, Shown};
use crate::results::Results;
use std::borrow::Cow;

/// The results, with the labels as the figure asks for them.
pub(super) fn shown<'a>(results: &'a Results, spec: &FigureSpec) -> Cow<'a, Results> {
    let asks = |axis: &Axis| {
        let name = &axis.name;
        spec.order.contains_key(name) || spec.rename.contains_key(name) || spec.colors.contains_key(name)
    };
    let mut results = Cow::Borrowed(results);
    for index in 0..results.plan.axes.len() {
        if asks(&results.plan.axes[index]) {
            arrange(results.to_mut(), index, spec);
        }
    }
    results
}

fn arrange(results: &mut Results, index: usize, spec: &FigureSpec) {
    let axis = &mut results.plan.axes[index];
    let first = spec.order.get(&axis.name).into_iter().flatten();
    let first = first.filter_map(|label| axis.labels.iter().position(|known| known == label));
    let mut places: Vec<usize> = first.collect();
    places.extend((0..axis.labels.len()).filter(|place| !places.contains(place)).collect::<Vec<_>>());
    let (names, colors) = (spec.rename.get(&axis.name), spec.colors.get(&axis.name));
    let shown = |place: &usize| {
        let label = &axis.labels[*place];
        let text = names.and_then(|names| names.get(label)).cloned();
        let text = text.unwrap_or_else(|| super::select::shown_label(axis, *place));
        Shown { text, place: *place, color: colors.and_then(|colors| colors.get(label)).copied() }
    };
    let shown = places.iter().map(shown).collect();
    axis.labels = places.iter().map(|place| axis.labels[*place].clone()).collect();
    axis.shown = shown;
    for run in &mut results.runs {
        run.labels[index] = places.iter().position(|place| *place == run.labels[index]).unwrap_or(run.labels[index]);
    }
}
