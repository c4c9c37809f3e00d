//! Reading the value of a setting: whether it is one value, several or a range, and what is wrong if it does not fit.

use super::ExperimentError;
use super::error::{Location, Result};
use super::node::Node;
use crate::experiment::keys::FILE;
use crate::experiment::settings::{Key, Registry, literal};
use crate::experiment::{brought, nearest};
use crate::setting::{DefaultValue, Domain, Value};
use toml::de::DeValue;

impl Node<'_> {
    /// The value of a setting.
    pub fn setting(&self, key: &Key) -> Result<Value> {
        let raw = self.raw();
        raw.as_ref().and_then(|raw| key.fit(raw)).ok_or_else(|| self.misfit(key, raw.as_ref()))
    }

    /// Whether it is one of the ranges `{ log = .. }`, `{ lin = .. }`, `{ from = .. }`.
    pub fn is_range(&self) -> bool {
        matches!(self.toml, DeValue::Table(table) if ["log", "lin", "from"].iter().any(|k| table.contains_key(*k)))
    }

    /// Whether a setting is given several values, and not one that happens to be a list.
    pub fn is_several(&self, key: &Key) -> bool {
        match (self.toml, key.rows[0].domain) {
            (DeValue::Array(_), Domain::Matrix) => false,
            (
                DeValue::Array(items),
                Domain::List | Domain::Steps | Domain::Sizes { .. } | Domain::Texts | Domain::PositivesOrWord { .. },
            ) => items.iter().any(|v| v.get_ref().is_array()),
            (DeValue::Array(_), _) => true,
            _ => self.is_range(),
        }
    }

    fn misfit(&self, key: &Key, raw: Option<&Value>) -> ExperimentError {
        const AXES: &str = "several values form an axis: write the list or range under [axes]";
        let (name, domain) = (key.short(), &key.rows[0].domain);
        let brought = if let Some(Value::Text(word)) = raw { brought::value(name, word) } else { None };
        if let (Domain::Word(_), Some(Value::Text(word))) = (domain, raw) {
            // Kinds of network have words of their own.
            let mut words: Vec<&'static str> = Vec::new();
            for row in &key.rows {
                if let Domain::Word(own) = &row.domain {
                    words.extend(own.iter().filter(|word| !words.contains(word)).copied().collect::<Vec<_>>());
                }
            }
            // A table of one's own, named as one would name a set of digits.
            if let ("data", Some(".csv" | ".tsv" | ".txt")) = (name, word.rfind('.').map(|dot| &word[dot..])) {
                let help = format!(
                    "write data = {{ kind = \"csv\", path = \"{word}\", target = \"NAME\" }}, NAME being the column to predict"
                );
                return self.at.error(format!("`{name}` cannot be \"{word}\""), help);
            }
            let own =
                if key.name == "network" { "; a network of your own is known only to your own program" } else { "" };
            let help = brought.unwrap_or_else(|| nearest::suggest(word, words.iter().copied()) + own);
            return self.at.error(format!("`{name}` cannot be \"{word}\""), help);
        }
        if self.is_several(key) {
            if let ("width", Some(Value::List(_))) = (key.name, raw) {
                let help = format!("{AXES}; for layers of different widths write widths = {}", self.found());
                return self.at.error("`width` takes one value here, but is a list", help);
            }
            let what = if self.is_range() { "a range" } else { "a list" };
            return self.at.error(format!("`{name}` takes one value here, but is {what}"), AXES);
        }
        let wanted = key.domain();
        let whole = match (domain, raw) {
            (Domain::Int { .. } | Domain::IntOrWord { .. }, Some(Value::Float(x))) if x.fract() == 0.0 => {
                Some(Value::Int(*x as i64)).filter(|v| key.fit(v).is_some())
            }
            _ => None,
        };
        let help = match (whole, key.rows[0].default) {
            _ if brought.is_some() => brought.unwrap_or_default(),
            (Some(whole), _) => format!("write {whole}, without a decimal point or exponent"),
            // The number of a column.
            _ if matches!((domain, raw), (Domain::Text, Some(Value::Int(_)))) => format!("write \"{}\"", self.found()),
            (None, DefaultValue::Unset | DefaultValue::Required) => format!("write {wanted}"),
            (None, default) => {
                format!("write {wanted}, for example {}", default.value().map_or(String::new(), |v| literal(&v)))
            }
        };
        self.at.error(format!("`{name}` must be {wanted}, but is {}", self.found()), help)
    }
}

/// The error of a key that is no setting.
pub(crate) fn unknown_setting(path: &str, at: &Location, typed: Option<&Value>) -> ExperimentError {
    let first = path.split('.').next().unwrap_or(path);
    let help = if ["name", "question", "seeds", "seed"].contains(&first) {
        format!("`{first}` belongs at the top of the file, before the first [section]")
    } else if FILE.has(first) && !Registry::get().is_family(first) {
        format!("`{first}` is a [section] of its own")
    } else {
        Registry::get().suggest(path, typed)
    };
    at.error(format!("unknown setting `{path}`"), help)
}
