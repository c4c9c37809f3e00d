//! Reasons to refuse a plan before anything is trained: no usable folder name, a key on two axes, too many runs, equal cells.

use super::grid::Grid;
use crate::experiment::file::{Experiment, MOST_RUNS};
use crate::experiment::read::{Assignment, Location, Result, WrittenAxis, bundles::no_formula};
use crate::experiment::settings::{Registry, is_file_name};
use crate::setting::{Settings, Value};
use std::collections::HashMap;

/// The name of the results folder: `name`, or the file's own name without its ending.
pub(super) fn folder_name(experiment: &Experiment, file: &Location) -> Result<String> {
    let stem =
        || std::path::Path::new(&experiment.source.name).file_stem().unwrap_or_default().to_string_lossy().into();
    let (name, place): (String, &Location) = match &experiment.name {
        Some((name, place)) => (name.clone(), place),
        None => (stem(), file),
    };
    if !is_file_name(&name) {
        let message = format!("\"{}\" cannot be the name of a results folder", name.escape_debug());
        let help =
            "write name = \"...\" with letters, digits, `_`, `-` and `.`, at most 100, starting with a letter or digit";
        return place.fail(message, help);
    }
    Ok(name)
}

/// An experiment that sets nothing is a slip, such as a file saved empty; a net of defaults alone would hide it.
pub(super) fn some_setting(written: &[Assignment], file: &Location) -> Result<()> {
    if written.is_empty() {
        let help = "write at least one setting, such as depth = 8 below [base]; `gradsweep init` writes a complete experiment to start from";
        return file.fail("the experiment does not say what to train: it has no setting and no axis", help);
    }
    Ok(())
}

/// No two axes set one key.
pub(super) fn no_key_twice(axes: &[WrittenAxis]) -> Result<()> {
    let registry = Registry::get();
    let mut owner: HashMap<usize, (usize, &Assignment)> = HashMap::new();
    for (index, axis) in axes.iter().enumerate() {
        for assignment in axis.points.iter().flat_map(|p| &p.patch.sets) {
            let others = registry.instead_of(assignment.key).map_or(Vec::new(), |(others, _)| others);
            for key in std::iter::once(assignment.key).chain(others) {
                let (first, at) = owner.entry(key).or_insert((index, assignment));
                if *first == index {
                    continue;
                }
                let name = registry.keys[assignment.key].short();
                let message = format!("`{name}` is set by two axes, `{}` and `{}`", axes[*first].name, axis.name);
                let help = match axes[*first].name == axis.name {
                    true => {
                        "`batch_norm` is a short way to write `norm`: keep one axis, as in norm = [\"batch\", \"layer\", \"none\"]"
                    }
                    false => "let one axis set it, or combine the two in a [zip.NAME]",
                };
                return Err(assignment.place.error(message, help).also(&at.place));
            }
        }
    }
    Ok(())
}

/// No label of an axis and no text of a setting is run by a spreadsheet.
pub(super) fn no_formulas(axes: &[WrittenAxis], written: &[Assignment]) -> Result<()> {
    axes.iter().flat_map(|axis| &axis.points).try_for_each(|point| no_formula(&point.label, &point.place))?;
    written.iter().try_for_each(|assignment| match &assignment.value {
        Value::Text(text) => no_formula(text, &assignment.place),
        _ => Ok(()),
    })
}

/// The number of combinations, refused if the runs are too many to build.
pub(super) fn grid_size(experiment: &Experiment, grid: &Grid, file: &Location) -> Result<usize> {
    let cells: f64 = grid.sizes().iter().sum();
    let runs = cells * experiment.seeds as f64;
    if runs > MOST_RUNS as f64 {
        let sizes: Vec<String> = experiment.axes.iter().map(|a| format!("{} {}", a.points.len(), a.name)).collect();
        let how = if experiment.ablation.is_some() { "around its centre " } else { "" };
        let more = if experiment.includes.is_empty() { "" } else { ", those included among them" };
        let message = format!(
            "the grid {how}has {} x {} seeds = {runs} runs{more}, more than {MOST_RUNS}",
            sizes.join(" x "),
            experiment.seeds
        );
        let longest = experiment.axes.iter().max_by_key(|a| a.points.len()).map_or(file, |a| &a.place);
        return longest.fail(message, "shorten the axes, or divide them among several experiments");
    }
    Ok(cells as usize)
}

/// No two cells resolve to the same settings.
pub(super) fn no_equal_cells(axes: &[WrittenAxis], grid: &Grid, resolved: &[(usize, Settings)]) -> Result<()> {
    let mut known: HashMap<u64, Vec<usize>> = HashMap::with_capacity(resolved.len());
    for (i, (index, settings)) in resolved.iter().enumerate() {
        let alike = known.entry(settings.fingerprint()).or_default();
        if let Some(j) = alike.iter().find(|j| resolved[**j].1 == *settings) {
            let (mut first, mut second) = (Vec::new(), Vec::new());
            grid.points(resolved[*j].0, &mut first);
            grid.points(*index, &mut second);
            if let Some(include) = grid.include(*index) {
                let message =
                    format!("this [[include]] adds a cell that the plan already has: ({})", grid.describe(&second));
                return include.place.fail(message, "name fewer cells, or delete it");
            }
            let differ = (0..axes.len()).find(|k| first[*k] != second[*k]).unwrap_or(0);
            let message = format!("two cells are equal: ({}) and ({})", grid.describe(&first), grid.describe(&second));
            let help = "the same runs would be counted twice: delete one, or leave it out with [[exclude]]";
            return Err(second[differ].place.error(message, help).also(&first[differ].place));
        }
        alike.push(i);
    }
    Ok(())
}
