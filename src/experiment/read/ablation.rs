//! `[ablation]`: the axes vary one at a time around a centre, instead of in every combination.

use super::axis::{Point, WrittenAxis, bundle_axis};
use super::error::Result;
use super::node::Entry;
use super::selector::{Selection, Selector, selectors};
use crate::experiment::nearest;
use crate::experiment::settings::{Registry, literal};

/// Reads `[ablation]`: a value on each of the axes that vary one at a time. Axes it does not name are crossed as ever.
pub(crate) fn read(entry: &Entry) -> Result<Selection> {
    let keys = selectors(&entry.table()?)?;
    for selector in &keys {
        if let [_, (_, second), ..] = selector.values.as_slice() {
            let message = format!("the centre takes one value for each axis, but `{}` is a list", selector.key);
            return second.fail(message, "keep one value; the others belong under [axes]");
        }
    }
    Ok(Selection { place: entry.at.clone(), keys })
}

/// For each axis, the index of the centre's point, if the centre names the axis.
///
/// # Errors
/// A key that is no axis, a value that is not on its axis, several points left, fewer than two axes named.
pub(crate) fn centre(ablation: &Selection, axes: &[WrittenAxis]) -> Result<Vec<Option<usize>>> {
    let mut left: Vec<Option<Vec<usize>>> = vec![None; axes.len()];
    for selector in &ablation.keys {
        let (axis, mut kept) = on_axis(selector, axes)?;
        if let Some(earlier) = left[axis].take() {
            kept.retain(|i| earlier.contains(i));
        }
        if kept.is_empty() {
            let (value, place) = &selector.values[0];
            let (axis, text) = (&axes[axis], selector.text());
            let labels = axis.points.iter().map(|p| p.label.as_str());
            let message = format!("{text} is not a value of the axis `{}`, so it cannot be the centre", axis.name);
            return place.fail(message, nearest::suggest(&value.to_string(), labels));
        }
        left[axis] = Some(kept);
    }
    for (axis, points) in axes.iter().zip(&left) {
        let count = points.as_ref().map_or(0, Vec::len);
        if count > 1 {
            let message =
                format!("the centre has to be one point of the axis `{}`, but {count} points match", axis.name);
            let owned = axis.owned.iter().map(|(key, _)| format!("\"{}\" = ...", Registry::get().keys[*key].name));
            let help = format!("say which: write {} too", owned.collect::<Vec<_>>().join(" and "));
            return ablation.place.fail(message, help);
        }
    }
    let centre: Vec<Option<usize>> = left.into_iter().map(|points| points.map(|p| p[0])).collect();
    if centre.iter().flatten().count() < 2 {
        let message = "an ablation varies several axes one at a time, but this centre names fewer than two axes";
        let names: Vec<&str> = axes.iter().map(|a| a.name.as_str()).collect();
        let help = match names.len() {
            0 | 1 => "add more axes to the file, or delete [ablation]".to_string(),
            _ => format!("write a value for at least two of the axes {}, or delete it", names.join(", ")),
        };
        return ablation.place.fail(message, help);
    }
    Ok(centre)
}

/// The axis a selector speaks of, and which of its points have the value.
fn on_axis(selector: &Selector, axes: &[WrittenAxis]) -> Result<(usize, Vec<usize>)> {
    let registry = Registry::get();
    let (value, place) = &selector.values[0];
    let those = |axis: usize, fits: &dyn Fn(&Point) -> bool| {
        let points = axes[axis].points.iter().enumerate();
        (axis, points.filter(|(_, point)| fits(point)).map(|(i, _)| i).collect())
    };
    if let Some(axis) = bundle_axis(axes, &selector.key) {
        let label = value.to_string();
        return Ok(those(axis, &|point| point.label == label));
    }
    let Some(key) = registry.find(&selector.key) else {
        let names = axes.iter().map(|a| a.name.as_str());
        let message = format!("no axis is called `{}`", selector.key);
        return selector.place.fail(message, nearest::suggest(&selector.key, names));
    };
    let sets = |axis: &WrittenAxis| axis.points.iter().any(|p| p.patch.value(key).is_some());
    let Some(axis) = axes.iter().position(sets) else {
        let message = format!("`{}` is not an axis of this experiment, so it has no centre", selector.key);
        let help = format!("put the fixed value under [base], or give {} alternatives under [axes]", selector.key);
        return selector.place.fail(message, help);
    };
    let setting = &registry.keys[key];
    let Some(fitted) = setting.fit(value) else {
        let message = format!("`{}` must be {}, but is {}", selector.key, setting.domain(), literal(value));
        return place.fail(message, "write one of the values on its axis");
    };
    Ok(those(axis, &|point| point.patch.value(key).is_some_and(|a| a.value == fitted)))
}
