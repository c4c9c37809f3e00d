//! The dashed lines of a `[[figure]]` that its measurements are compared with, such as a bound or a law.

use super::cells::Cells;
use crate::experiment::figure_kind::{AlongX, FigureKind};
use crate::experiment::keys::REFERENCE;
use crate::experiment::read::{Entry, Fields, Location, Result, Selector};
use crate::plan_file::Scale;
use crate::plan_file::figure::{FigureSpec, Reference};

/// A line with its places, not yet held against the axes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WrittenReference {
    line: Reference,
    filter: Vec<Selector>,
    place: Location,
}

const HELP: &str = "write reference = { name = \"bound\", value = 0.6 }, or a list of such tables";

/// Reads one line or a list of them, for a measurement that is on a log scale or not.
pub(super) fn read(entry: &Entry, kind: &FigureKind, is_log: bool) -> Result<Vec<WrittenReference>> {
    let wrong = |found: String, at: &Location| at.error(format!("`reference` must be a table, but is {found}"), HELP);
    let one = |place: Location, entries| {
        let read = one(place, entries)?;
        if is_log && read.line.is_constant() && read.line.value <= 0.0 {
            let or_linear = if kind.scales { ", or scale = \"linear\"" } else { "" };
            let message = format!("a logarithmic scale cannot show a line at {}", read.line.value);
            return read.place.fail(message, format!("write a value above 0{or_linear}"));
        }
        Ok(read)
    };
    if let Some(entries) = entry.value.entries() {
        return Ok(vec![one(entry.value.at.clone(), entries)?]);
    }
    if entry.value.items().is_some_and(|mut items| items.next().is_none()) {
        return entry.value.at.fail("`reference` is empty", format!("{HELP}; or delete the line"));
    }
    let items = entry.value.items().ok_or_else(|| wrong(entry.value.found(), &entry.value.at))?;
    items.map(|item| one(item.at.clone(), item.entries().ok_or_else(|| wrong(item.found(), &item.at))?)).collect()
}

fn one(place: Location, entries: Vec<Entry>) -> Result<WrittenReference> {
    let fields = Fields::new(&REFERENCE, place, entries)?;
    let number = |entry: &Entry| {
        let wrong = || format!("`{}` must be a number, but is {}", entry.key, entry.value.found());
        entry.value.number().ok_or_else(|| entry.value.at.error(wrong(), HELP))
    };
    let or = |key: &str, default: f64| Ok(fields.read(key, number)?.unwrap_or(default));
    let (name, value) = (fields.need("name", HELP)?.text()?, number(fields.need("value", HELP)?)?);
    if let Some(entry) = fields.get("name").filter(|_| name.trim().is_empty()) {
        return entry.value.at.fail("`name` is what the legend calls the line, and empty", HELP);
    }
    let (factor, power, slope) = (or("factor", 1.0)?, or("power", 0.0)?, or("slope", 0.0)?);
    if let Some(entry) = fields.get("factor").filter(|_| factor <= 0.0) {
        return entry
            .value
            .at
            .fail(format!("`factor` must be above 0, but is {factor}"), "write a factor such as 0.98");
    }
    let line = Reference { name, value, factor, power, slope, filter: Default::default() };
    Ok(WrittenReference { line, filter: fields.selectors("where")?, place: fields.place })
}

/// Writes the lines down with the labels of the plan.
pub(super) fn resolve(
    written: &[WrittenReference],
    kind: &FigureKind,
    cells: Cells,
    spec: &mut FigureSpec,
) -> Result<()> {
    let x = spec.x.as_ref().and_then(|name| cells.axes.iter().find(|axis| axis.name == *name));
    let wrong = match x {
        None if !matches!(kind.x, AlongX::Own) => Some("the figure has no axis along x"),
        Some(axis) if spec.x_scale.unwrap_or(axis.scale) == Scale::Category => Some("the values along x are names"),
        _ => None,
    };
    for WrittenReference { line, filter, place } in written {
        if let Some(why) = wrong.filter(|_| !line.is_constant()) {
            let message = format!("{why}, over which a line can only have one height");
            return place.fail(message, "delete factor, power and slope");
        }
        let (filter, _) = cells.select(filter, "`where` of this line", place)?;
        if let Some(axis) = filter.keys().find(|axis| !spec.color.iter().chain(&spec.facet).any(|own| own == *axis)) {
            let message = format!("`{axis}` is neither `color` nor `facet` of this figure");
            return place.fail(message, "name a label of `color` or `facet`, or delete `where`");
        }
        spec.references.push(Reference { filter, ..line.clone() });
    }
    Ok(())
}
