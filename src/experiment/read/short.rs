//! The short way to write batch normalization, put into its long form as it is read, so that nothing after knows of it:
//! `batch_norm = true` is `norm = "batch"`, `"after"` is `{ kind = "batch", place = "after" }`, options are those of `norm`.

use super::error::Result;
use super::node::Node;
use crate::experiment::nearest;
use crate::experiment::settings::SHORT;
use crate::setting::Value;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

const WORDS: [&str; 3] = ["none", "before", "after"];

/// The long form of what the short name is given.
///
/// # Errors
/// A value that has none.
pub(super) fn value<'a>(node: &Node<'a>) -> Result<DeValue<'a>> {
    let word = |word: &'static str| DeValue::String(word.into());
    let with = |mut table: DeTable<'a>, key: &'static str, value: &'static str| {
        table.insert(Spanned::new(node.at.span(), key.into()), Spanned::new(node.at.span(), word(value)));
        table
    };
    let text = node.toml.as_str().filter(|text| WORDS.contains(text));
    Ok(match (node.toml, text) {
        (DeValue::Boolean(false), _) | (_, Some("none")) => word("none"),
        (DeValue::Boolean(true), _) | (_, Some("before")) => word("batch"),
        (_, Some(_)) => DeValue::Table(with(with(DeTable::new(), "kind", "batch"), "place", "after")),
        (DeValue::Table(table), _) if node.is_whole_table() => DeValue::Table(with(table.clone(), "kind", "batch")),
        (DeValue::Table(table), _) => DeValue::Table(table.clone()),
        (DeValue::Array(_), _) => {
            let mut items = DeArray::new();
            for item in node.items().into_iter().flatten() {
                items.push(Spanned::new(item.at.span(), value(&item)?));
            }
            DeValue::Array(items)
        }
        (DeValue::String(other), _) => {
            return node.at.fail(format!("`{SHORT}` cannot be \"{other}\""), nearest::suggest(other, WORDS));
        }
        _ => {
            let message = format!("`{SHORT}` must be true, false, or one of its words, but is {}", node.found());
            return node.at.fail(message, format!("write {SHORT} = true, \"before\" or \"after\""));
        }
    })
}

/// The same for a value that chooses cells; the label of what stands after the activation has both words.
pub(super) fn selected(value: Value) -> Value {
    match &value {
        Value::Bool(is_on) => Value::Text(if *is_on { "batch" } else { "none" }.into()),
        Value::Text(word) if word == "before" => Value::Text("batch".into()),
        Value::Text(word) if word == "after" => Value::Text("batch after".into()),
        _ => value,
    }
}
