//! Reading TOML by hand, so that every value keeps its place in the file.

use super::nearest;
use super::problem::{Location, ExperimentError, Source};
use super::settings::{Key, Registry, literal};
use crate::setting::{DefaultValue, Domain, Value};
use std::ops::Range;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One entry of a table.
pub(crate) struct Entry<'a> {
    pub key: &'a str,
    /// Where the key stands.
    pub at: Location,
    pub value: &'a Spanned<DeValue<'a>>,
}

/// Makes places in one source.
#[derive(Clone)]
pub(crate) struct Reader {
    pub source: Arc<Source>,
}

impl Reader {
    pub fn place(&self, span: Range<usize>) -> Location {
        Location::new(&self.source, span)
    }

    /// Where a value stands.
    pub fn at(&self, value: &Spanned<DeValue>) -> Location {
        self.place(value.span())
    }

    /// The document, or what the TOML parser has against it.
    pub fn document(&self) -> Result<Spanned<DeTable<'_>>, ExperimentError> {
        DeTable::parse(&self.source.text).map_err(|error| {
            let place = self.place(error.span().unwrap_or(0..0));
            let told = error.message().trim_end();
            let (message, help) = if told.contains("extend value") {
                let help =
                    "beside the shorter key, put the dotted one in quotes: residual = true and \"residual.scale\" = 1";
                (told, help)
            } else if told.contains("duplicate key") {
                ("this name stands here for the second time", "merge the two keys or [sections], or delete one")
            } else if told.contains("must be quoted") {
                ("a word stands here without quotes", "put words in quotes, as in activation = \"relu\"")
            } else if told.starts_with("key with no value") {
                ("a name stands here without `=` and a value", "write it as in depth = 8")
            } else if told.starts_with("unclosed") {
                (told, "close it; what was opened has to end before the next key or [section]")
            } else {
                (told, "this is not valid TOML; see https://toml.io for its rules")
            };
            ExperimentError::new(&place, message, help)
        })
    }

    /// A table's entries in the order of the file.
    pub fn entries<'a>(&self, table: &'a DeTable<'a>) -> Vec<Entry<'a>> {
        let mut entries: Vec<Entry> =
            table.iter().map(|(key, value)| Entry { key: key.get_ref(), at: self.place(key.span()), value }).collect();
        entries.sort_by_key(|e| e.at.start());
        entries
    }

    /// Whether a table was written with braces or as a section, and not as a dotted key.
    pub fn is_whole_table(&self, value: &Spanned<DeValue>) -> bool {
        self.at(value).text().starts_with(['{', '['])
    }

    /// The entries of what has to be a table.
    pub fn table<'a>(&self, name: &str, entry: &Entry<'a>) -> Result<Vec<Entry<'a>>, ExperimentError> {
        match entry.value.get_ref() {
            DeValue::Table(table) => Ok(self.entries(table)),
            other => Err(ExperimentError::new(
                &self.at(entry.value),
                format!("`{name}` must be a table, but is {}", kind(other)),
                format!("write [{name}] on a line of its own and its keys below"),
            )),
        }
    }

    /// The tables of what has to be a list of tables.
    pub fn tables<'a>(&self, name: &str, entry: &Entry<'a>) -> Result<Vec<(Location, Vec<Entry<'a>>)>, ExperimentError> {
        let wrong = |at: Location, what: &str| {
            let help = format!("write [[{name}]] on a line of its own, once for each, and its keys below");
            ExperimentError::new(&at, format!("`{name}` must be a list of tables, but is {what}"), help)
        };
        match entry.value.get_ref() {
            DeValue::Array(items) => items
                .iter()
                .map(|item| match item.get_ref() {
                    DeValue::Table(table) => Ok((self.at(item), self.entries(table))),
                    other => Err(wrong(self.at(item), kind(other))),
                })
                .collect(),
            other => Err(wrong(self.at(entry.value), kind(other))),
        }
    }

    /// A plain text.
    pub fn text(&self, name: &str, value: &Spanned<DeValue>) -> Result<String, ExperimentError> {
        match value.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            other => Err(ExperimentError::new(
                &self.at(value),
                format!("`{name}` must be a text, but is {}", kind(other)),
                format!("write {name} = \"...\""),
            )),
        }
    }

    /// `true` or `false`.
    pub fn flag(&self, name: &str, value: &Spanned<DeValue>) -> Result<bool, ExperimentError> {
        match value.get_ref() {
            DeValue::Boolean(flag) => Ok(*flag),
            _ => {
                let message = format!("`{name}` must be true or false, but is {}", self.found(value));
                Err(ExperimentError::new(&self.at(value), message, format!("write {name} = true, or delete the line")))
            }
        }
    }

    /// An integer in a range.
    pub fn integer(&self, name: &str, value: &Spanned<DeValue>, range: Range<i64>) -> Result<i64, ExperimentError> {
        match raw(value.get_ref()) {
            Some(Value::Int(i)) if range.contains(&i) => Ok(i),
            _ => {
                let wanted = format!("an integer from {} to {}", range.start, range.end - 1);
                let message = format!("`{name}` must be {wanted}, but is {}", self.found(value));
                Err(ExperimentError::new(&self.at(value), message, format!("write {wanted}")))
            }
        }
    }

    /// One text or a list of them.
    pub fn texts(&self, name: &str, value: &Spanned<DeValue>) -> Result<Vec<(String, Location)>, ExperimentError> {
        match value.get_ref() {
            DeValue::Array(items) => items.iter().map(|v| Ok((self.text(name, v)?, self.at(v)))).collect(),
            _ => Ok(vec![(self.text(name, value)?, self.at(value))]),
        }
    }

    /// One plain value or a list of them.
    pub fn scalars(&self, name: &str, value: &Spanned<DeValue>) -> Result<Vec<(Value, Location)>, ExperimentError> {
        let one = |v: &Spanned<DeValue>| match raw(v.get_ref()) {
            Some(value @ (Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Text(_))) => {
                Ok((value, self.at(v)))
            }
            _ => Err(ExperimentError::new(
                &self.at(v),
                format!("`{name}` must be a plain value or a list of them, but is {}", self.found(v)),
                "write a text, a number, true or false",
            )),
        };
        match value.get_ref() {
            DeValue::Array(items) => items.iter().map(one).collect(),
            _ => Ok(vec![one(value)?]),
        }
    }

    /// The value of a setting.
    pub fn setting(&self, key: &Key, value: &Spanned<DeValue>) -> Result<Value, ExperimentError> {
        let raw = raw(value.get_ref());
        match raw.as_ref().and_then(|raw| key.fit(raw)) {
            Some(value) => Ok(value),
            None => Err(self.misfit(key, value, raw.as_ref())),
        }
    }

    fn misfit(&self, key: &Key, value: &Spanned<DeValue>, raw: Option<&Value>) -> ExperimentError {
        let at = self.at(value);
        let (name, domain) = (key.short(), &key.rows[0].domain);
        let found = self.found(value);
        let problem = |message: String, help: String| ExperimentError::new(&at, message, help);
        if let (Domain::Word(words), Some(Value::Text(word))) = (domain, raw) {
            let message = format!("`{name}` cannot be \"{word}\"");
            return problem(message, nearest::suggest(word, words.iter().copied()));
        }
        if value.get_ref().is_array() && is_several(key, value) {
            return problem(format!("`{name}` holds one value here, but is a list"), AXES_HELP.into());
        }
        if let DeValue::Table(table) = value.get_ref()
            && is_range(table)
        {
            return problem(format!("`{name}` holds one value here, but is a range"), AXES_HELP.into());
        }
        let wanted = key.domain();
        let message = format!("`{name}` must be {wanted}, but is {found}");
        let whole = match (domain, raw) {
            (Domain::Int { .. } | Domain::IntOrWord { .. }, Some(Value::Float(x))) if x.fract() == 0.0 => {
                Some(Value::Int(*x as i64)).filter(|v| key.fit(v).is_some())
            }
            _ => None,
        };
        if let Some(whole) = whole {
            return problem(message, format!("write {whole}, without point or exponent"));
        }
        let help = match key.rows[0].default {
            DefaultValue::Unset | DefaultValue::Required => format!("write {wanted}"),
            default => {
                format!("write {wanted}, for example {}", default.value().map_or(String::new(), |v| literal(&v)))
            }
        };
        problem(message, help)
    }

    /// What stands there, for messages: the text itself if it is short.
    pub fn found(&self, value: &Spanned<DeValue>) -> String {
        let place = self.at(value);
        match value.get_ref() {
            DeValue::Table(_) => "a table".into(),
            _ if place.text().chars().count() <= 40 && !place.text().contains('\n') => place.text().to_string(),
            other => kind(other).into(),
        }
    }

    /// The problem of a word that is none of the known ones.
    pub fn unknown<'a>(&self, what: &str, entry: &Entry, known: impl IntoIterator<Item = &'a str> + Clone) -> ExperimentError {
        ExperimentError::new(&entry.at, format!("unknown {what} `{}`", entry.key), nearest::suggest(entry.key, known))
    }

    /// The problem of a key that is no setting.
    pub fn unknown_setting(&self, path: &str, at: &Location) -> ExperimentError {
        let first = path.split('.').next().unwrap_or(path);
        let help = if ["name", "question", "seeds", "seed"].contains(&first) {
            format!("`{first}` belongs at the top of the file, before the first [section]")
        } else if super::written::SECTIONS.contains(&first) && !Registry::get().is_family(first) {
            format!("`{first}` is a [section] of its own")
        } else {
            Registry::get().suggest(path)
        };
        ExperimentError::new(at, format!("unknown setting `{path}`"), help)
    }
}

const AXES_HELP: &str = "several values make an axis: put the list or range under [axes]";

/// Whether a table is one of the ranges `{ log = .. }`, `{ lin = .. }`, `{ from = .. }`.
pub(crate) fn is_range(table: &DeTable) -> bool {
    ["log", "lin", "from"].iter().any(|k| table.contains_key(*k))
}

/// Whether a setting is given several values, and not one that happens to be a list.
pub(crate) fn is_several(key: &Key, value: &Spanned<DeValue>) -> bool {
    match value.get_ref() {
        DeValue::Array(items) => match key.rows[0].domain {
            Domain::Matrix => false,
            Domain::List | Domain::Steps => items.iter().any(|v| v.get_ref().is_array()),
            _ => true,
        },
        DeValue::Table(table) => is_range(table),
        _ => false,
    }
}

/// What sort of value it is, in words.
pub(crate) fn kind(value: &DeValue) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// A scalar, a list or rows of finite numbers; `None` for anything else.
pub(crate) fn raw(value: &DeValue) -> Option<Value> {
    Some(match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Boolean(b) => Value::Bool(*b),
        DeValue::Integer(i) => match i64::from_str_radix(i.as_str(), i.radix()) {
            Ok(i) => Value::Int(i),
            Err(_) => Value::Float(i.as_str().parse().ok().filter(|_| i.radix() == 10)?),
        },
        DeValue::Float(x) => Value::Float(x.as_str().parse().ok()?),
        DeValue::Array(items) if items.iter().any(|v| v.get_ref().is_array()) => {
            let rows: Vec<Vec<f64>> = items.iter().map(|v| numbers(v.get_ref())).collect::<Option<_>>()?;
            let width = rows[0].len();
            Value::Matrix(Some(rows).filter(|rows| rows.iter().all(|r| r.len() == width))?)
        }
        DeValue::Array(_) => Value::List(numbers(value)?),
        DeValue::Datetime(_) | DeValue::Table(_) => return None,
    })
}

/// A list of at least one finite number.
pub(crate) fn numbers(value: &DeValue) -> Option<Vec<f64>> {
    let DeValue::Array(items) = value else { return None };
    let one = |v: &Spanned<DeValue>| match raw(v.get_ref())? {
        Value::Int(i) => Some(i as f64),
        Value::Float(x) if x.is_finite() => Some(x),
        _ => None,
    };
    items.iter().map(one).collect::<Option<Vec<f64>>>().filter(|list| !list.is_empty())
}
