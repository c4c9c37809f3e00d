//! Holding claims against the axes: no unknown axis, no empty selection, no hidden average.

use super::claim_spec::{WrittenAgainst, WrittenClaim};
use super::figures::{find, no_axis, select, toml_key, toml_label};
use super::plan::GridCell;
use super::problem::{Location, ExperimentError};
use super::settings::touches_start;
use crate::columns::Column;
use crate::plan_file::Axis;
use crate::plan_file::claim::{Against, ClaimSpec, Filter, Metric};
use std::collections::{BTreeMap, BTreeSet};

/// The claims with axis names and labels as the plan has them.
///
/// Where the command line changed the grid, the claims that no longer fit it are left out.
pub(crate) fn check(
    written: &[WrittenClaim],
    axes: &[Axis],
    cells: &[GridCell],
    changed: bool,
) -> Result<Vec<ClaimSpec>, ExperimentError> {
    let claims = written.iter().map(|claim| one(claim, axes, cells));
    if changed { Ok(claims.flatten().collect()) } else { claims.collect() }
}

fn one(claim: &WrittenClaim, axes: &[Axis], cells: &[GridCell]) -> Result<ClaimSpec, ExperimentError> {
    let axis = |(name, place): &(String, Location)| {
        find(name, axes).map(|i| axes[i].name.clone()).ok_or_else(|| no_axis(name, place, axes))
    };
    let list = |names: &[(String, Location)]| names.iter().map(axis).collect::<Result<Vec<_>, _>>();
    let (each, over) = (list(&claim.each)?, list(&claim.over)?);
    let along = claim.along.as_ref().map(axis).transpose()?;
    let mut roles: BTreeMap<String, &Location> = BTreeMap::new();
    for role in claim.each.iter().chain(&claim.over).chain(&claim.along) {
        if let Some(first) = roles.insert(axis(role)?, &role.1) {
            let message = format!("this claim uses the axis `{}` twice", role.0);
            return Err(ExperimentError::new(&role.1, message, "give each of each, over and along its own").also(first));
        }
    }
    if let Some((_, place)) = claim.over.iter().find(|(name, _)| is_untouched(&claim.metric.0, name)) {
        let message = "this axis cannot touch what is measured before the first update: pooling would count equal \
                       values several times";
        return Err(ExperimentError::new(place, message, "fix it with `where`"));
    }

    let (filter, left) = select(&claim.filter, ("`where` of this claim", &claim.place), axes, cells)?;
    let used: Vec<&String> = each.iter().chain(&over).chain(&along).collect();
    settled(claim, &claim.place, axes, &left, &used)?;
    fixed_init(claim, &left)?;
    let against = match &claim.against {
        None => None,
        Some((WrittenAgainst::Theory, by, _)) => {
            if !claim.metric.0.is_predicted() {
                let message = "theory does not predict this metric";
                let help = "it predicts attenuation_init, attenuation_total_init, attenuation_delta_init, and stream_rms or \
                            delta_rms of a layer over another (per_layer) at step \"first\"";
                return Err(ExperimentError::new(&claim.metric.1, message, help));
            }
            Some((Against::Theory, *by))
        }
        Some((WrittenAgainst::Runs(selectors), by, place)) => {
            // What `against` does not name stays as in `where`.
            let (own, _) = select(selectors, ("`against` of this claim", place), axes, cells)?;
            let whole: Filter = filter.clone().into_iter().chain(own).collect();
            let others: Vec<&GridCell> = cells.iter().filter(|cell| is_in(cell, &whole)).collect();
            if others.is_empty() {
                let help = "no cell has all of `where` and `against` at once; what `against` does not name stays as in `where`";
                return Err(ExperimentError::new(place, "`against` of this claim selects nothing", help));
            }
            settled(claim, place, axes, &others, &used)?;
            if whole == filter {
                return Err(ExperimentError::new(place, "this claim compares runs with themselves", "name another label"));
            }
            Some((Against::Runs(whole), *by))
        }
    };
    if let (Some(name), Some((_, place))) = (&along, &claim.along) {
        let position = find(name, axes).unwrap_or_default();
        let labels: BTreeSet<&String> = left.iter().map(|cell| &cell.labels[position].1).collect();
        if labels.len() < 2 {
            let message = format!("`{name}` has one label here, along which nothing can rise or fall");
            return Err(ExperimentError::new(place, message, "let `where` leave several"));
        }
    }
    Ok(ClaimSpec {
        says: claim.says.clone(),
        metric: claim.metric.0.clone(),
        filter,
        against,
        wanted: claim.wanted,
        along,
        each,
        over,
        confidence: claim.confidence,
    })
}

fn is_in(cell: &GridCell, filter: &Filter) -> bool {
    cell.labels.iter().all(|(axis, label)| filter.get(axis).is_none_or(|labels| labels.contains(label)))
}

/// Every axis is fixed, repeated, pooled by name or gone along.
fn settled(
    claim: &WrittenClaim,
    place: &Location,
    axes: &[Axis],
    left: &[&GridCell],
    used: &[&String],
) -> Result<(), ExperimentError> {
    for (position, axis) in axes.iter().enumerate().filter(|(_, a)| !used.contains(&&a.name)) {
        let occurs: BTreeSet<&str> = left.iter().map(|c| c.labels[position].1.as_str()).collect();
        if occurs.len() > 1 {
            let labels: Vec<&str> = axis.labels.iter().map(String::as_str).filter(|l| occurs.contains(l)).collect();
            // What only acts on training leaves the start as it is: any one label says it all.
            if is_untouched(&claim.metric.0, &axis.name) {
                let message = format!("`{}` cannot touch what is measured before the first update", axis.name);
                let help = format!("fix it: where = {{ {} = {} }}", toml_key(&axis.name), toml_label(labels[0]));
                return Err(ExperimentError::new(place, message, help));
            }
            let message =
                format!("this claim does not say what to do with the axis `{}` ({})", axis.name, labels.join(", "));
            let help = format!(
                "fix it: where = {{ {1} = {2} }}; repeat it: each = [\"{0}\"]; or pool it by name: over = [\"{0}\"]",
                axis.name,
                toml_key(&axis.name),
                toml_label(labels[0])
            );
            return Err(ExperimentError::new(place, message, help));
        }
    }
    Ok(())
}

/// An attenuation pooled over several inits would be of none of them.
fn fixed_init(claim: &WrittenClaim, left: &[&GridCell]) -> Result<(), ExperimentError> {
    if !claim.metric.0.described().is_some_and(Column::is_attenuation) || claim.over.is_empty() {
        return Ok(());
    }
    let inits: BTreeSet<&str> = left.iter().filter_map(|cell| cell.settings.text("init")).collect();
    if inits.len() > 1 {
        let message = format!("this claim pools attenuations of several inits ({})", Vec::from_iter(inits).join(", "));
        return Err(ExperimentError::new(
            &claim.metric.1,
            message,
            "fix the init with `where`, or repeat the claim with `each`",
        ));
    }
    Ok(())
}

/// Whether the metric is measured before the first update and an axis cannot touch it there.
fn is_untouched(metric: &Metric, axis: &str) -> bool {
    metric.is_of_init() && metric.described().is_some_and(|column| !touches_start(axis, column.on))
}
