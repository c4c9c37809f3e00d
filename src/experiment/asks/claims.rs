//! Checks the claims against the axes of the plan and completes them: every axis has a role, and no selection is empty.

use super::cells::{Cells, GridCell};
use super::claim_spec::WrittenClaim;
use crate::columns::{Column, Part};
use crate::experiment::read::{Location, Result};
use crate::experiment::recorded::Measurements;
use crate::model::families::is_brought;
use crate::plan_file::claim::{Against, ClaimSpec, Filter, Metric, Ordinal};
use crate::run::spec::Cadence;
use std::collections::{BTreeMap, BTreeSet};

/// The claims with axis names and labels as the plan has them.
///
/// Where the command line changed the grid, the claims that no longer fit it are left out.
pub(crate) fn check(
    written: &[WrittenClaim],
    cells: Cells,
    changed: bool,
    recorded: Measurements,
) -> Result<Vec<ClaimSpec>> {
    let claims = written.iter().map(|claim| {
        recorded.check(claim.spec.metric.described(), &claim.metric_at)?;
        let spec = one(claim, cells)?;
        if let Measurements::Swept(cadence) = recorded {
            has_layers(claim, &spec, cells)?;
            has_step(claim, &spec, cells, cadence)?;
            is_measured(claim, &spec, cells)?;
        }
        Ok(spec)
    });
    if changed { Ok(claims.flatten().collect()) } else { claims.collect() }
}

fn one(claim: &WrittenClaim, cells: Cells) -> Result<ClaimSpec> {
    let mut spec = claim.spec.clone();
    let roles = cells.roles(&claim.roles, "claim", "each, over and along")?;
    for (role, axis) in &roles {
        let name = axis.name.clone();
        match role.key {
            "each" => spec.each.push(name),
            "along" => spec.along = Some(name),
            _ if is_untouched(&spec, &name, cells) => {
                let message = "this axis has no effect before the first update: pooling it would count equal values several times";
                return role.place.fail(message, "fix it with `where`");
            }
            _ => spec.over.push(name),
        }
    }
    let (filter, left) = cells.select(&claim.filter, "`where` of this claim", &claim.place)?;
    spec.filter = filter;
    let used: Vec<&str> = roles.iter().map(|(_, axis)| axis.name.as_str()).collect();
    settled(&spec, &claim.place, cells, &left, &used)?;
    fixed_init(claim, &spec, &left)?;
    match (&mut spec.against, &claim.against) {
        (Some((Against::Theory, _)), _) if !spec.metric.is_predicted() => {
            let help = "there are predictions for attenuation_init, attenuation_total_init, attenuation_delta_init, and stream_rms or \
                        delta_rms of a layer over another (per_layer) at step \"first\"";
            return claim.metric_at.fail("there is no prediction for this metric", help);
        }
        (Some((Against::Runs(other), _)), Some((selectors, place))) => {
            // What `against` does not name stays as in `where`.
            let (own, _) = cells.select(selectors, "`against` of this claim", place)?;
            let whole: Filter = spec.filter.clone().into_iter().chain(own).collect();
            let others: Vec<&GridCell> = cells.cells.iter().filter(|cell| cell.is_in(&whole)).collect();
            if others.is_empty() {
                let help = "no cell matches `against`, in which axes that it does not name keep the labels of `where`; choose other labels";
                return place.fail("`against` of this claim selects nothing", help);
            }
            other.clone_from(&whole);
            settled(&spec, place, cells, &others, &used)?;
            if whole == spec.filter {
                return place.fail("this claim compares runs with themselves", "name another label");
            }
        }
        _ => {}
    }
    if let Some((role, axis)) = roles.iter().find(|(role, _)| role.key == "along") {
        let position = cells.position(&axis.name).unwrap_or_default();
        let labels: BTreeSet<&String> = left.iter().map(|cell| &cell.labels[position].1).collect();
        if labels.len() < 2 {
            let message =
                format!("`{}` has only one label here, so nothing can increase or decrease along it", axis.name);
            return role.place.fail(message, "let `where` select several of its labels");
        }
    }
    Ok(spec)
}

/// Every axis is fixed, repeated, pooled by name or gone along.
fn settled(spec: &ClaimSpec, place: &Location, cells: Cells, chosen: &[&GridCell], used: &[&str]) -> Result<()> {
    match cells.unsettled(chosen, used) {
        None => Ok(()),
        // What only acts on training leaves the start as it is: any one label says it all.
        Some(left) if is_untouched(spec, &left.axis.name, cells) => {
            let message = format!("`{}` has no effect on what is measured before the first update", left.axis.name);
            place.fail(message, left.fix())
        }
        Some(left) => {
            let name = &left.axis.name;
            let ways = [format!("repeat it: each = [\"{name}\"]"), format!("pool it: over = [\"{name}\"]")];
            Err(left.error("claim", place, &ways))
        }
    }
}

/// Every net that a claim selects is deep enough for the layers that it names.
fn has_layers(claim: &WrittenClaim, spec: &ClaimSpec, cells: Cells) -> Result<()> {
    let Metric::Layers { layer, per_layer, .. } = spec.metric else { return Ok(()) };
    let number = |layer: Ordinal| if let Ordinal::Number(n) = layer { Some(n as i64) } else { None };
    let wanted = [Some(layer), per_layer].into_iter().flatten().filter_map(number).max();
    // How deep a network of a reader's own is, its own program knows.
    let depth = |cell: &GridCell| cell.settings.int("depth").filter(|_| !is_brought(&cell.settings));
    let chosen = cells.cells.iter().filter(|cell| cell.is_in(&spec.filter));
    let shallowest = chosen.map(depth).collect::<Option<Vec<i64>>>().and_then(|depths| depths.into_iter().min());
    match (wanted, shallowest) {
        (Some(layer), Some(depth)) if layer > depth => {
            let message =
                format!("this claim is about layer {layer}, but a net that it selects has no more than {depth}");
            claim.metric_at.fail(message, "write a layer of these nets or \"last\", or select deeper nets with `where`")
        }
        _ => Ok(()),
    }
}

/// What a claim is about needs a part of the data, or a loss to reach, that every run which it selects has.
fn is_measured(claim: &WrittenClaim, spec: &ClaimSpec, cells: Cells) -> Result<()> {
    let Some(column) = spec.metric.described() else { return Ok(()) };
    let (key, has): (&str, fn(&GridCell) -> bool) = match column.part {
        Some(Part::Validation) => {
            ("data.validation", |cell| cell.settings.float("data.validation").is_some_and(|share| share > 0.0))
        }
        _ if column.missing_is_worst() => ("target_loss", |cell| cell.settings.get("target_loss").is_some()),
        _ if column.is_between_layers() => return has_two_layers(claim, spec, column, cells),
        _ => return Ok(()),
    };
    match cells.cells.iter().filter(|cell| cell.is_in(&spec.filter)).all(has) {
        true => Ok(()),
        false => {
            let message = format!("this claim is about `{}`, which runs without {key} do not have", column.name);
            claim.metric_at.fail(message, format!("write {key} under [base], or choose another metric"))
        }
    }
}

/// What is lost between layers needs two of them, in some net that a claim selects.
fn has_two_layers(claim: &WrittenClaim, spec: &ClaimSpec, column: &Column, cells: Cells) -> Result<()> {
    let is_shallow = |cell: &GridCell| cell.settings.int("depth").is_some_and(|depth| depth < 2);
    let mut chosen = cells.cells.iter().filter(|cell| cell.is_in(&spec.filter));
    if cells.are_imported || !chosen.all(|cell| is_shallow(cell) && !is_brought(&cell.settings)) {
        return Ok(());
    }
    let message =
        format!("this claim is about `{}`, which compares two hidden layers, but all nets have fewer", column.name);
    claim.metric_at.fail(message, "select deeper nets with `where`, or choose another metric")
}

/// Every run that a claim selects is measured at the step that it names.
fn has_step(claim: &WrittenClaim, spec: &ClaimSpec, cells: Cells, cadence: &Cadence) -> Result<()> {
    let (key, at, step) = match spec.metric {
        Metric::History { step: Ordinal::Number(step), .. } => ("score", &cadence.score, step),
        Metric::Layers { step: Ordinal::Number(step), .. } => ("gradients", &cadence.gradients, step),
        _ => return Ok(()),
    };
    let chosen = cells.cells.iter().filter(|cell| cell.is_in(&spec.filter));
    let lengths = chosen.filter_map(|cell| cell.settings.int("steps")).map(|length| length as usize);
    let measured: BTreeMap<usize, Vec<usize>> = lengths.map(|length| (length, at.steps(length))).collect();
    let Some((length, _)) = measured.iter().find(|(_, own)| !own.contains(&step)) else { return Ok(()) };
    let all = measured.values().flatten().filter(|step| measured.values().all(|own| own.contains(step)));
    let near = all.min_by_key(|own| own.abs_diff(step)).unwrap_or(&0);
    let message = format!(
        "this claim is about step {step}, at which runs of {length} steps are not measured; the nearest step that is measured is {near}"
    );
    let or = match *length < step {
        true => "select longer runs with `where`".into(),
        false => format!("add the step to {key} under [record]"),
    };
    claim.metric_at.fail(message, format!("write step = {near}, or {or}"))
}

/// An attenuation pooled over several inits would be of none of them.
fn fixed_init(claim: &WrittenClaim, spec: &ClaimSpec, chosen: &[&GridCell]) -> Result<()> {
    if !spec.metric.described().is_some_and(Column::is_attenuation) || spec.over.is_empty() {
        return Ok(());
    }
    let inits: BTreeSet<&str> = chosen.iter().filter_map(|cell| cell.settings.text("init")).collect();
    if inits.len() > 1 {
        let message = format!("this claim pools attenuations of several inits ({})", Vec::from_iter(inits).join(", "));
        return claim.metric_at.fail(message, "fix the init with `where`, or repeat the claim with `each`");
    }
    Ok(())
}

/// Whether the metric is measured before the first update and an axis cannot touch it there.
fn is_untouched(spec: &ClaimSpec, axis: &str, cells: Cells) -> bool {
    let described = spec.metric.described();
    spec.metric.is_of_init() && described.is_some_and(|column| !cells.touches_start(axis, column.on))
}
