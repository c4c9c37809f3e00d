//! How a `[[figure]]` is drawn, where the file says so: its size, and the scales and limits of what it shows.

use crate::columns;
use crate::experiment::figure_kind::{AlongX, FigureKind};
use crate::experiment::read::{Entry, Fields, Result};
use crate::plan_file::Scale;
use crate::plan_file::figure::{FigureSpec, MapAxes, Reference};

/// The smallest and the largest side of a figure in cm.
const SIDES: [f64; 2] = [5.0, 60.0];

/// Adds what the fields say to the figure.
pub(super) fn read(fields: &Fields, kind: &'static FigureKind, spec: FigureSpec) -> Result<FigureSpec> {
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
    let (x_title, reference) = (fields.read("x_title", Entry::text)?, fields.read("reference", reference)?);
    let epochs = fields.read("epochs", Entry::flag)?;
    if let (Some(true), Some(Scale::Log), Some(entry)) = (epochs, x_scale, fields.get("x_scale")) {
        return entry.at.fail("epochs are drawn on a linear scale", "delete the line");
    }
    let epochs = epochs.unwrap_or(false);
    if let (Some(line), Some(entry)) = (&reference, fields.get("reference")) {
        // Steps stand by their logarithms unless the figure says otherwise; of an axis that is no rule.
        let has_linear_x = epochs || x_scale.map_or(kind.x != AlongX::Own, |scale| scale == Scale::Linear);
        is_straight(entry, kind, line, is_log, has_linear_x)?;
    }
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
    Ok(FigureSpec { axes, size, scale, x_scale, limits, x_limits, x_title, reference, epochs, averaged, ..spec })
}

/// A line to hold the measurements against.
fn reference(entry: &Entry) -> Result<Reference> {
    const HELP: &str =
        "write reference = { name = \"bound\", value = 0.6 }, and slope = ... where x is on a linear scale";
    let entries = entry.table()?;
    if let Some(odd) = entries.iter().find(|e| !["name", "value", "slope"].contains(&e.key)) {
        return Err(odd.unknown("key of `reference`", ["name", "value", "slope"]));
    }
    let get = |key: &str| entries.iter().find(|e| e.key == key);
    let number = |e: &Entry| {
        let wrong = || e.value.at.error(format!("`{}` must be a number, but is {}", e.key, e.value.found()), HELP);
        e.value.number().filter(|v| v.is_finite()).ok_or_else(wrong)
    };
    let (Some(name), Some(value)) = (get("name"), get("value")) else {
        return entry.at.fail("`reference` needs a name and a value", HELP);
    };
    Ok(Reference { name: name.text()?, value: number(value)?, slope: get("slope").map_or(Ok(0.0), number)? })
}

/// Checks that such a line has a place on the scales of its figure, and is a straight one.
fn is_straight(entry: &Entry, kind: &FigureKind, line: &Reference, is_log: bool, has_linear_x: bool) -> Result<()> {
    let Reference { value, slope, .. } = line;
    if is_log && *value <= 0.0 {
        let or_linear = if kind.scales { ", or scale = \"linear\"" } else { "" };
        let message = format!("a logarithmic scale cannot show a line at {value}");
        return entry.at.fail(message, format!("write a value above 0{or_linear}"));
    }
    let help = match *slope != 0.0 {
        true if is_log => "write scale = \"linear\", or delete slope",
        true if !has_linear_x => "write x_scale = \"linear\", or delete slope",
        _ => return Ok(()),
    };
    entry.at.fail("a line with a slope is straight on linear scales alone", help)
}

fn size(entry: &Entry) -> Result<[f64; 2]> {
    match pair(entry) {
        Some(size) if size.iter().all(|side| (SIDES[0]..=SIDES[1]).contains(side)) => Ok(size),
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
