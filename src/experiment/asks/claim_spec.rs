//! A `[[claim]]` as it is written in an experiment.

use super::problem::{Location, ExperimentError};
use super::reader::{Entry, Reader, numbers, raw};
use super::written::Selector;
use crate::columns::{self, Column};
use crate::plan_file::claim::{By, Metric, Ordinal, Wanted};
use crate::setting::Value;
use toml::Spanned;
use toml::de::DeValue;

/// The confidence of a claim that names none.
pub const CONFIDENCE: f64 = 0.9;

/// What a `[[claim]]` says after `against`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum WrittenAgainst {
    Runs(Vec<Selector>),
    Theory,
}

/// A `[[claim]]` with its places, not yet held against the axes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WrittenClaim {
    pub place: Location,
    pub says: String,
    pub metric: (Metric, Location),
    pub filter: Vec<Selector>,
    pub against: Option<(WrittenAgainst, By, Location)>,
    pub wanted: Wanted,
    pub along: Option<(String, Location)>,
    pub each: Vec<(String, Location)>,
    pub over: Vec<(String, Location)>,
    pub confidence: f64,
}

const KEYS: [&str; 11] =
    ["says", "metric", "where", "against", "by", "expect", "monotone", "along", "each", "over", "confidence"];

impl WrittenClaim {
    /// Where it says `against = "theory"`.
    pub fn against_theory(&self) -> Option<&Location> {
        match &self.against {
            Some((WrittenAgainst::Theory, _, place)) => Some(place),
            _ => None,
        }
    }

    pub fn read(reader: &Reader, place: Location, entries: &[Entry]) -> Result<Self, ExperimentError> {
        if let Some(odd) = entries.iter().find(|e| !KEYS.contains(&e.key)) {
            return Err(reader.unknown("key of [[claim]]", odd, KEYS));
        }
        let get = |key: &str| entries.iter().find(|e| e.key == key);
        let need = |key: &str, help: &str| {
            get(key).ok_or_else(|| ExperimentError::new(&place, format!("this [[claim]] has no `{key}`"), help))
        };
        let says = need("says", "write says = \"...\", the claim as a sentence")?;
        let says = reader.text("says", says.value)?;
        let metric = need("metric", "write metric = \"...\", a column of runs.csv, such as \"train_loss\"")?;
        let metric = (read_metric(reader, metric)?, reader.at(metric.value));
        let (mut filter, mut against) = (Vec::new(), None);
        if let Some(e) = get("where") {
            reader.selectors("", &reader.table("where", e)?, &mut filter)?;
        }
        if let Some(e) = get("against") {
            let other = read_against(reader, e)?;
            let by = match get("by") {
                None => {
                    let help = "write by = \"ratio\" or by = \"difference\"";
                    return Err(ExperimentError::new(&e.at, "`against` does not say how the two are compared", help));
                }
                Some(by) => match reader.text("by", by.value)?.as_str() {
                    "ratio" => By::Ratio,
                    "difference" => By::Difference,
                    other => {
                        let message = format!("`by` cannot be \"{other}\"");
                        return Err(ExperimentError::new(&reader.at(by.value), message, "write \"ratio\" or \"difference\""));
                    }
                },
            };
            against = Some((other, by, e.at.clone()));
        } else if let Some(by) = get("by") {
            return Err(ExperimentError::new(&by.at, "`by` compares with nothing", "write `against` too, or delete the line"));
        }
        let (wanted, along) = read_wanted(reader, &place, get("expect"), get("monotone"), get("along"))?;
        let names = |key: &str| get(key).map_or(Ok(Vec::new()), |e| reader.texts(key, e.value));
        let confidence = match get("confidence") {
            None => CONFIDENCE,
            Some(e) => match number(e.value).filter(|c| (0.5..1.0).contains(c)) {
                Some(confidence) => confidence,
                None => {
                    let message =
                        format!("`confidence` must be a number from 0.5 to below 1, but is {}", reader.found(e.value));
                    return Err(ExperimentError::new(&reader.at(e.value), message, "write 0.9, for example"));
                }
            },
        };
        Ok(WrittenClaim {
            says,
            metric,
            filter,
            against,
            wanted,
            along,
            each: names("each")?,
            over: names("over")?,
            confidence,
            place,
        })
    }
}

fn read_against(reader: &Reader, entry: &Entry) -> Result<WrittenAgainst, ExperimentError> {
    match entry.value.get_ref() {
        DeValue::String(word) if word == "theory" => Ok(WrittenAgainst::Theory),
        DeValue::String(word) => {
            let message = format!("`against` cannot be \"{word}\"");
            let help = "write against = \"theory\", or other runs, as in against = { depth = 4 }";
            Err(ExperimentError::new(&reader.at(entry.value), message, help))
        }
        _ => {
            let mut other = Vec::new();
            reader.selectors("", &reader.table("against", entry)?, &mut other)?;
            Ok(WrittenAgainst::Runs(other))
        }
    }
}

fn number(value: &Spanned<DeValue>) -> Option<f64> {
    match raw(value.get_ref())? {
        Value::Int(i) => Some(i as f64),
        Value::Float(x) if x.is_finite() => Some(x),
        _ => None,
    }
}

fn read_wanted(
    reader: &Reader,
    place: &Location,
    expect: Option<&Entry>,
    monotone: Option<&Entry>,
    along: Option<&Entry>,
) -> Result<(Wanted, Option<(String, Location)>), ExperimentError> {
    const HELP: &str = "write expect = { above = 0.5 }, { below = 0.5 } or { within = [0.4, 0.6] }";
    match (expect, monotone, along) {
        (Some(e), None, None) => {
            let wrong = |at: &Location, message: String| ExperimentError::new(at, message, HELP);
            let entries = reader.table("expect", e).map_err(|p| ExperimentError { help: HELP.into(), ..p })?;
            let [one] = &entries[..] else {
                return Err(wrong(&e.at, "`expect` says one thing: above, below or within".into()));
            };
            let bound =
                |value| number(value).ok_or_else(|| wrong(&reader.at(value), format!("`{}` is a number", one.key)));
            Ok((
                match one.key {
                    "above" => Wanted::Above(bound(one.value)?),
                    "below" => Wanted::Below(bound(one.value)?),
                    "within" => match numbers(one.value.get_ref()).as_deref() {
                        Some([low, high]) if low <= high => Wanted::Within(*low, *high),
                        _ => {
                            let message = "`within` is two numbers, the smaller first".to_string();
                            return Err(wrong(&reader.at(one.value), message));
                        }
                    },
                    _ => return Err(reader.unknown("key of `expect`", one, ["above", "below", "within"])),
                },
                None,
            ))
        }
        (None, Some(monotone), Some(along)) => {
            let wanted = match reader.text("monotone", monotone.value)?.as_str() {
                "increasing" => Wanted::Increasing,
                "decreasing" => Wanted::Decreasing,
                other => {
                    let message = format!("`monotone` cannot be \"{other}\"");
                    let help = "write \"increasing\" or \"decreasing\"";
                    return Err(ExperimentError::new(&reader.at(monotone.value), message, help));
                }
            };
            Ok((wanted, Some((reader.text("along", along.value)?, reader.at(along.value)))))
        }
        (None, None, None) => Err(ExperimentError::new(place, "this [[claim]] expects nothing", HELP)),
        (None, _, _) => {
            let help = "write both, as in monotone = \"increasing\" and along = \"depth\"";
            Err(ExperimentError::new(place, "`monotone` and `along` go together", help))
        }
        (Some(e), _, _) => {
            let help = "make two claims of it";
            Err(ExperimentError::new(&e.at, "a claim either expects a number or is monotone along an axis", help))
        }
    }
}

fn read_metric(reader: &Reader, entry: &Entry) -> Result<Metric, ExperimentError> {
    let known = |column: &str, value: &Spanned<DeValue>, table: &str, columns: &'static [Column]| {
        let names = columns::measurements(columns).map(|column| column.name);
        if names.clone().any(|name| name == column) {
            return Ok(());
        }
        let message = format!("{table} has no column \"{column}\"");
        Err(ExperimentError::new(&reader.at(value), message, super::nearest::suggest(column, names)))
    };
    if !entry.value.get_ref().is_table() {
        let column = reader.text("metric", entry.value)?;
        known(&column, entry.value, "runs.csv", columns::OUTCOMES)?;
        return Ok(Metric::Run(column));
    }
    const HELP: &str =
        "write metric = { table = \"layers\", column = \"activation_mean\", step = \"last\", layer = 1 }, for example";
    let entries = reader.table("metric", entry)?;
    let get = |key: &str| entries.iter().find(|e| e.key == key);
    let need =
        |key: &str| get(key).ok_or_else(|| ExperimentError::new(&entry.at, format!("`metric` does not say its `{key}`"), HELP));
    let at = |e: &Entry, least: i64| match e.value.get_ref() {
        DeValue::String(word) if word == "first" => Ok(Ordinal::First),
        DeValue::String(word) if word == "last" => Ok(Ordinal::Last),
        DeValue::Integer(_) => Ok(Ordinal::Number(reader.integer(e.key, e.value, least..1_000_000_001)? as usize)),
        _ => {
            let message = format!("`{}` must be a number, \"first\" or \"last\"", e.key);
            Err(ExperimentError::new(&reader.at(e.value), message, HELP))
        }
    };
    let (table, column) = (need("table")?, need("column")?);
    let name = reader.text("column", column.value)?;
    let allowed: &[&str] = match reader.text("table", table.value)?.as_str() {
        "history" => &["table", "column", "step"],
        "layers" => &["table", "column", "step", "layer", "per_layer"],
        other => {
            let message = format!("there is no table \"{other}\"");
            return Err(ExperimentError::new(&reader.at(table.value), message, "write \"layers\" or \"history\""));
        }
    };
    if let Some(odd) = entries.iter().find(|e| !allowed.contains(&e.key)) {
        return Err(reader.unknown("key of `metric`", odd, allowed.iter().copied()));
    }
    let step = at(need("step")?, 0)?;
    if allowed.len() == 3 {
        known(&name, column.value, "history.csv", columns::HISTORY)?;
        return Ok(Metric::History { column: name, step });
    }
    known(&name, column.value, "layers.csv", columns::LAYERS)?;
    let layer = at(need("layer")?, 1)?;
    let per_layer = get("per_layer").map(|e| at(e, 1)).transpose()?;
    Ok(Metric::Layers { column: name, step, layer, per_layer })
}
