//! How a `[[figure]]` is drawn, where the file says so: its size, and the scales and limits of what it shows.

use super::figure_reference::{self, WrittenReference};
use crate::columns;
use crate::experiment::figure_kind::FigureKind;
use crate::experiment::read::{Entry, Fields, Result};
use crate::plan_file::Scale;
use crate::plan_file::figure::{FigureSpec, MapAxes, SIDES, is_size};

/// Adds what the fields say to the figure; its reference lines are not yet held against the axes.
pub(super) fn read(
    fields: &Fields,
    kind: &'static FigureKind,
    spec: FigureSpec,
) -> Result<(FigureSpec, Vec<WrittenReference>)> {
    let size = fields.read("size", size)?;
    let scales: &[Scale] = if kind.scales { &[Scale::Log, Scale::Linear] } else { &[] };
    let (scale, x_scale) = (scale(fields, kind, "scale", scales)?, scale(fields, kind, "x_scale", kind.x_scales)?);
    let column = spec.metric.as_deref().or(kind.metric).and_then(columns::measurement);
    if let (Some(Scale::Log), Some(column), Some(entry)) = (scale, column, fields.get("scale"))
        && !column.is_never_negative()
    {
        let message = format!("`{}` can be negative, which a logarithmic scale cannot show", column.name);
        return entry.at.fail(message, "delete the line");
    }
    let is_log = scale.map_or(column.is_some_and(columns::Column::is_log), |scale| scale == Scale::Log);
    let limits = limits(fields, kind, ("limits", kind.limits), is_log)?;
    let x_limits = self::limits(fields, kind, ("x_limits", kind.x_limits), false)?;
    for option in ["x_title", "reference", "epochs", "averaged", "axes"] {
        if let Some(entry) = fields.get(option).filter(|_| !kind.options.contains(&option)) {
            return none_to_choose(entry, kind, option);
        }
    }
    let x_title = fields.read("x_title", Entry::text)?;
    let references = fields.read("reference", |entry| figure_reference::read(entry, kind, is_log))?.unwrap_or_default();
    let epochs = fields.read("epochs", Entry::flag)?;
    if let (Some(true), Some(Scale::Log), Some(entry)) = (epochs, x_scale, fields.get("x_scale")) {
        return entry.at.fail("epochs are drawn on a linear scale", "delete the line");
    }
    let epochs = epochs.unwrap_or(false);
    let averaged = fields.read("averaged", Entry::flag)?.unwrap_or(false);
    let axes = fields.read("axes", |e| e.one_of(MapAxes::WORDS, " of this figure"))?;
    let axes = axes.and_then(|word| MapAxes::named(&word)).unwrap_or_default();
    if let (Some(column), Some(entry)) = (column, fields.get("metric"))
        && axes.has_time()
        && !column.over_time
    {
        let known = columns::measurements(columns::LAYERS).filter(|column| column.over_time).map(|column| column.name);
        let help = format!("choose one of {}, or delete `axes`", known.collect::<Vec<_>>().join(", "));
        return entry.at.fail(format!("`{}` is not measured at each time step", column.name), help);
    }
    if let Some(entry) = fields.get("step").filter(|_| kind.options.contains(&"axes") && axes.has_steps()) {
        let help = "delete the line, or write axes = \"time_layer\" for a map of one step";
        return entry.at.fail("this map shows every recorded step, so `step` has no effect", help);
    }
    let spec = FigureSpec { axes, size, scale, x_scale, limits, x_limits, x_title, epochs, averaged, ..spec };
    Ok((spec, references))
}

fn size(entry: &Entry) -> Result<[f64; 2]> {
    match pair(entry) {
        Some(size) if is_size(size) => Ok(size),
        _ => entry.at.fail(
            format!("`size` is a width and a height from {} to {} cm", SIDES[0], SIDES[1]),
            "write size = [16, 10]",
        ),
    }
}

/// Two numbers.
fn pair(entry: &Entry) -> Option<[f64; 2]> {
    entry.value.numbers()?.try_into().ok()
}

/// One of the scales that a kind can have here.
fn scale(fields: &Fields, kind: &FigureKind, key: &str, scales: &[Scale]) -> Result<Option<Scale>> {
    let Some(entry) = fields.get(key) else { return Ok(None) };
    if scales.is_empty() {
        return none_to_choose(entry, kind, key);
    }
    let word = entry.one_of(scales.iter().map(|scale| scale.word()), " of this figure")?;
    Ok(scales.iter().copied().find(|scale| scale.word() == word))
}

/// Two limits, where a kind has some to choose.
fn limits(fields: &Fields, kind: &FigureKind, (key, has): (&str, bool), is_log: bool) -> Result<Option<[f64; 2]>> {
    let Some(entry) = fields.get(key) else { return Ok(None) };
    if !has {
        return none_to_choose(entry, kind, key);
    }
    match pair(entry) {
        Some([low, _]) if is_log && low <= 0.0 => {
            let help = if kind.scales { "write a lower limit above 0, or scale = \"linear\"" } else { "begin above 0" };
            entry.at.fail(format!("a logarithmic scale cannot begin at {low}"), help)
        }
        Some([low, high]) if low < high => Ok(Some([low, high])),
        _ => {
            entry.at.fail(format!("`{key}` takes two numbers, the lower one first"), format!("write {key} = [0.1, 10]"))
        }
    }
}

fn none_to_choose<T>(entry: &Entry, kind: &FigureKind, key: &str) -> Result<T> {
    entry.at.fail(format!("a figure of kind {} has no key `{key}`", kind.word), "delete the line")
}
