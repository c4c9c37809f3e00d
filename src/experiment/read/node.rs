//! TOML whose keys and values know their place in the file, and reading plain values from it.

use super::error::{Location, Result, Source};
use crate::experiment::settings::Key;
use crate::experiment::{keys::Section, nearest};
use crate::setting::Value;
use std::ops::Range;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A text, mostly the name of an axis, and where it stands.
pub(crate) type Word = (String, Location);

/// A parsed text.
pub(crate) struct Document<'a> {
    source: &'a Arc<Source>,
    table: Spanned<DeTable<'a>>,
}

/// A value and where it stands.
#[derive(Clone)]
pub(crate) struct Node<'a> {
    pub toml: &'a DeValue<'a>,
    pub at: Location,
}

/// One key of a table and its value.
#[derive(Clone)]
pub(crate) struct Entry<'a> {
    pub key: &'a str,
    /// Where the key stands.
    pub at: Location,
    pub value: Node<'a>,
}

impl<'a> Document<'a> {
    /// The document, or what the TOML parser has against it.
    pub fn parse(source: &'a Arc<Source>) -> Result<Self> {
        let table = DeTable::parse(&source.text).map_err(|error| {
            let told = error.message().trim_end();
            let span = error.span().unwrap_or(0..0);
            if told.contains("extend value") {
                let help = format!(
                    "put the dotted key in quotes, since the shorter key is also given{}",
                    quoted(source, span.start)
                );
                return Location::new(source, span).error(told, help);
            }
            let (message, help) = if told.contains("duplicate key") {
                ("this name is already given above", "merge the two keys or [sections], or delete one")
            } else if told.contains("must be quoted") {
                ("this word has no quotes", "write words in quotes, as in activation = \"relu\"")
            } else if told.starts_with("key with no value") {
                ("this name has no `=` and no value", "write it as in depth = 8")
            } else if told.starts_with("unclosed") {
                (told, "close it: a quote or bracket has to be closed before the next key or [section]")
            } else {
                (told, "this is not valid TOML; see https://toml.io for its rules")
            };
            Location::new(source, span).error(message, help)
        })?;
        Ok(Document { source, table })
    }

    /// Its entries in the order of the file.
    pub fn entries(&self) -> Vec<Entry<'_>> {
        entries(self.source, self.table.get_ref())
    }
}

/// How the line at this byte, which has a dotted key, and the last one with the shorter key are written beside each other; empty
/// where they stand within other lines.
fn quoted(source: &Source, at: usize) -> String {
    let (before, _) = source.text.split_at_checked(at).unwrap_or_default();
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let parts = |line: &str| {
        let (key, value) = line.split_once('=')?;
        let value = value.split_once(" #").map_or(value, |(value, _)| value);
        Some((key.trim().to_string(), value.trim().to_string()))
    };
    let written = || {
        let (key, value) = parts(source.text[start..].lines().next()?)?;
        let (shorter, _) = key.rsplit_once('.')?;
        let (_, own) = source.text[..start].lines().rev().filter_map(parts).find(|(key, _)| key == shorter)?;
        Some(format!(": {shorter} = {own} and \"{key}\" = {value}"))
    };
    written().unwrap_or_default()
}

fn entries<'a>(source: &Arc<Source>, table: &'a DeTable<'a>) -> Vec<Entry<'a>> {
    let entry = |(key, value): (&'a Spanned<_>, &'a Spanned<DeValue<'a>>)| {
        let key: &'a Spanned<std::borrow::Cow<'a, str>> = key;
        Entry { key: key.get_ref(), at: Location::new(source, key.span()), value: Node::new(source, value) }
    };
    let mut entries: Vec<Entry> = table.iter().map(entry).collect();
    entries.sort_by_key(|e| e.at.start());
    entries
}

impl<'a> Node<'a> {
    fn new(source: &Arc<Source>, value: &'a Spanned<DeValue<'a>>) -> Self {
        Node { toml: value.get_ref(), at: Location::new(source, value.span()) }
    }

    /// The items of a list; `None` for anything else.
    pub fn items(&self) -> Option<impl Iterator<Item = Node<'a>> + use<'a>> {
        let DeValue::Array(items) = self.toml else { return None };
        let source = self.at.source().clone();
        Some(items.iter().map(move |item| Node::new(&source, item)))
    }

    /// The entries of a table in the order of the file; `None` for anything else.
    pub fn entries(&self) -> Option<Vec<Entry<'a>>> {
        let DeValue::Table(table) = self.toml else { return None };
        Some(entries(self.at.source(), table))
    }

    /// Whether it is a table that was written with braces or as a section, and not as a dotted key.
    pub fn is_whole_table(&self) -> bool {
        self.toml.is_table() && self.at.text().starts_with(['{', '['])
    }

    /// The entries of what has to be the table `name`.
    pub fn table(&self, name: &str) -> Result<Vec<Entry<'a>>> {
        self.entries().ok_or_else(|| {
            let message = format!("`{name}` must be a table, but is {}", kind(self.toml));
            self.at.error(message, format!("write [{name}] on a line of its own and its keys below"))
        })
    }

    /// A plain text.
    pub fn text(&self, name: &str) -> Result<String> {
        match self.toml {
            DeValue::String(text) => Ok(text.to_string()),
            other => {
                let message = format!("`{name}` must be a text, but is {}", kind(other));
                self.at.fail(message, format!("write {name} = \"...\""))
            }
        }
    }

    /// An integer in a range.
    pub fn integer(&self, name: &str, range: Range<i64>) -> Result<i64> {
        match self.raw() {
            Some(Value::Int(i)) if range.contains(&i) => Ok(i),
            _ => {
                let wanted = format!("an integer from {} to {}", range.start, range.end - 1);
                let message = format!("`{name}` must be {wanted}, but is {}", self.found());
                self.at.fail(message, format!("write {wanted}"))
            }
        }
    }

    /// One value or a list of them, each read by `read`.
    fn one_or_more<T>(&self, read: impl Fn(&Node) -> Result<T>) -> Result<Vec<(T, Location)>> {
        let one = |node: Node| Ok((read(&node)?, node.at));
        match self.items() {
            Some(mut items) => items.try_fold(Vec::new(), |mut list, item| {
                list.push(one(item)?);
                Ok(list)
            }),
            None => Ok(vec![one(self.clone())?]),
        }
    }

    /// One value or a list of them: plain ones, or what is a list itself and that `key` takes.
    pub fn values(&self, name: &str, key: Option<&Key>) -> Result<Vec<(Value, Location)>> {
        let is_one = |value: &Value| match value {
            Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Text(_) => true,
            list => key.is_some_and(|key| key.fit(list).is_some()),
        };
        if let Some(value) = self.raw().filter(is_one) {
            return Ok(vec![(value, self.at.clone())]);
        }
        self.one_or_more(|node| match node.raw() {
            Some(value) if is_one(&value) => Ok(value),
            _ => {
                let message = format!("`{name}` must be a plain value or a list of them, but is {}", node.found());
                node.at.fail(message, "write a text, a number, true or false")
            }
        })
    }

    /// A scalar, a list or rows of finite numbers; `None` for anything else.
    pub fn raw(&self) -> Option<Value> {
        raw(self.toml)
    }

    /// A finite number; `None` for anything else.
    pub fn number(&self) -> Option<f64> {
        number(self.toml)
    }

    /// A list of at least one finite number; `None` for anything else.
    pub fn numbers(&self) -> Option<Vec<f64>> {
        numbers(self.toml)
    }

    /// What stands there, for messages: the text itself if it is short.
    pub fn found(&self) -> String {
        let text = self.at.text();
        match self.toml {
            DeValue::Table(_) => "a table".into(),
            _ if text.chars().count() <= 40 && !text.contains('\n') => text.to_string(),
            other => kind(other).into(),
        }
    }
}

impl<'a> Entry<'a> {
    /// A plain text.
    pub fn text(&self) -> Result<String> {
        self.value.text(self.key)
    }

    /// A plain text and where it stands.
    pub fn word(&self) -> Result<Word> {
        Ok((self.text()?, self.value.at.clone()))
    }

    /// One text or a list of them.
    pub fn words(&self) -> Result<Vec<Word>> {
        self.value.one_or_more(|node| node.text(self.key))
    }

    /// One of the known words; `whose` follows its name in the message.
    pub fn one_of(&self, known: impl IntoIterator<Item = &'static str> + Clone, whose: &str) -> Result<String> {
        let word = self.text()?;
        if known.clone().into_iter().any(|k| k == word) {
            return Ok(word);
        }
        let message = format!("`{}`{whose} cannot be \"{word}\"", self.key);
        self.value.at.fail(message, nearest::suggest(&word, known))
    }

    /// `true` or `false`.
    pub fn flag(&self) -> Result<bool> {
        match self.value.toml {
            DeValue::Boolean(flag) => Ok(*flag),
            _ => {
                let message = format!("`{}` must be true or false, but is {}", self.key, self.value.found());
                self.value.at.fail(message, format!("write {} = true, or delete the line", self.key))
            }
        }
    }

    /// An integer in a range.
    pub fn integer(&self, range: Range<i64>) -> Result<i64> {
        self.value.integer(self.key, range)
    }

    /// The entries of what has to be a table.
    pub fn table(&self) -> Result<Vec<Entry<'a>>> {
        self.value.table(self.key)
    }

    /// What `read` makes of each table, given its place and its entries, of what has to be a list of tables.
    pub fn tables<T>(&self, mut read: impl FnMut(Location, Vec<Entry<'a>>) -> Result<T>) -> Result<Vec<T>> {
        let name = self.key;
        let wrong = |node: &Node| {
            let help = format!("write [[{name}]] on a line of its own, once for each, and its keys below");
            node.at.error(format!("`{name}` must be a list of tables, but is {}", kind(node.toml)), help)
        };
        let items = self.value.items().ok_or_else(|| wrong(&self.value))?;
        items.map(|item| read(item.at.clone(), item.entries().ok_or_else(|| wrong(&item))?)).collect()
    }

    /// The error of a key that is none of the known ones.
    pub fn unknown<'b>(&self, what: &str, known: impl IntoIterator<Item = &'b str> + Clone) -> super::ExperimentError {
        self.at.error(format!("unknown {what} `{}`", self.key), nearest::suggest(self.key, known))
    }

    /// The error of a key that its section does not have.
    pub fn unknown_in(&self, section: &Section) -> super::ExperimentError {
        self.unknown(&format!("key of {}", section.name), section.names())
    }
}

/// What sort of value it is, in words.
fn kind(value: &DeValue) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

fn raw(value: &DeValue) -> Option<Value> {
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
        DeValue::Array(items) if !items.is_empty() && items.iter().all(|v| v.get_ref().is_str()) => {
            Value::Texts(items.iter().filter_map(|v| v.get_ref().as_str()).map(String::from).collect())
        }
        DeValue::Array(_) => Value::List(numbers(value)?),
        DeValue::Datetime(_) | DeValue::Table(_) => return None,
    })
}

fn number(value: &DeValue) -> Option<f64> {
    match raw(value)? {
        Value::Int(i) => Some(i as f64),
        Value::Float(x) if x.is_finite() => Some(x),
        _ => None,
    }
}

fn numbers(value: &DeValue) -> Option<Vec<f64>> {
    let DeValue::Array(items) = value else { return None };
    let list: Option<Vec<f64>> = items.iter().map(|v| number(v.get_ref())).collect();
    list.filter(|list| !list.is_empty())
}
