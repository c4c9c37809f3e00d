//! From cells to columns: the labels that tell cells apart, and the axes they are labels of.

use super::grid::Grid;
use crate::experiment::asks::cells::GridCell;
use crate::experiment::read::{Point, WrittenAxis};
use crate::experiment::settings::Registry;
use crate::plan_file::{Axis, Scale, sort_labels};
use crate::setting::{Settings, Value};
use std::collections::HashSet;

/// A cell with its label on every axis; `beside` are settings that only included cells set.
pub(crate) fn label(axes: &[WrittenAxis], beside: &[usize], settings: Settings, points: &[&Point]) -> GridCell {
    let keys = &Registry::get().keys;
    let value = |key: usize| settings.get(keys[key].name).map_or(String::new(), Value::to_string);
    let mut labels = Vec::with_capacity(axes.len() + beside.len());
    for (axis, point) in axes.iter().zip(points) {
        labels.push((axis.name.clone(), point.label.clone()));
        labels.extend(axis.owned.iter().map(|(key, _)| (keys[*key].name.to_string(), value(*key))));
    }
    labels.extend(beside.iter().map(|key| (keys[*key].short().to_string(), value(*key))));
    GridCell { labels, settings }
}

/// The axes with the labels that occur; numbers that optimizers or includes bring along are put in order.
pub(crate) fn axes(written: &[WrittenAxis], grid: &Grid, beside: &[usize], cells: &[GridCell]) -> Vec<Axis> {
    let keys = &Registry::get().keys;
    let number = |l: &str| l.parse::<f64>().ok();
    let occurring = |position: usize| {
        let mut seen = HashSet::new();
        let labels = cells.iter().map(|c| c.labels[position].1.as_str()).filter(|l| seen.insert(*l));
        labels.map(String::from).collect::<Vec<String>>()
    };
    let mut axes: Vec<Axis> = Vec::new();
    for (index, axis) in written.iter().enumerate() {
        let occurs: HashSet<String> = occurring(axes.len()).into_iter().collect();
        let mut labels: Vec<String> = Vec::new();
        for point in &axis.points {
            if occurs.contains(&point.label) && labels.last() != Some(&point.label) {
                labels.push(point.label.clone());
            }
        }
        let mut known: HashSet<&str> = axis.points.iter().map(|p| p.label.as_str()).collect();
        let added: Vec<&str> = grid.added(index).filter(|l| known.insert(*l)).collect();
        let mut scale = axis.scale;
        if !added.is_empty() {
            let ascending = labels.is_sorted_by(|a, b| number(a) <= number(b));
            labels.extend(added.into_iter().map(String::from));
            if labels.iter().any(|l| number(l).is_none()) {
                scale = Scale::Category;
            } else if ascending {
                sort_labels(&mut labels);
            }
        }
        axes.push(Axis { name: axis.name.clone(), labels, scale, shown: Vec::new() });
        for (key, scale) in &axis.owned {
            let mut labels = occurring(axes.len());
            if *scale != Scale::Category {
                sort_labels(&mut labels);
            }
            axes.push(Axis { name: keys[*key].name.to_string(), labels, scale: *scale, shown: Vec::new() });
        }
    }
    for key in beside {
        axes.push(Axis::of(keys[*key].short(), occurring(axes.len())));
    }
    axes
}
