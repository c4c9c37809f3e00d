//! The table of all settings: every family's rows in one order, and looking a key up in it.

use super::{brought, nearest};
use crate::columns::On;
use crate::setting::{DefaultValue, Domain, Problems, Setting, Value};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

/// Every row, in the order of the README table and of the columns of `runs.csv`.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    let data = [crate::data::SETTINGS, crate::data::sequence::SETTINGS, crate::data::function::SETTINGS];
    let training = [crate::run::spec::SETTINGS, crate::optim::SETTINGS, crate::schedule::SETTINGS];
    data.into_iter().flatten().chain(crate::model::settings()).chain(training.into_iter().flatten())
}

/// The table as Markdown: key, what it may hold, default, meaning.
pub fn settings_table_markdown() -> String {
    let mut text = String::from("| key | value | default | meaning |\n|---|---|---|---|\n");
    for row in all() {
        let default = match row.default {
            DefaultValue::Required => "required".to_string(),
            DefaultValue::Unset => "unset".to_string(),
            other => format!("`{}`", literal(&other.value().expect("the other defaults have a value"))),
        };
        let of = if row.of.is_empty() { String::new() } else { format!(" ({})", row.of.join(", ")) };
        let help = row.help.replace('|', "\\|");
        text += &format!("| `{}`{of} | {} | {default} | {help} |\n", row.key, row.domain);
    }
    text
}

/// Whether an axis can touch what is measured on this before the first update, judged by the settings that go along with its
/// labels; a setting that another axis is called after is that one's. `cells` has the label and the settings of each cell.
pub fn touches_start<'a, F: Fn(&str) -> Option<&'a Value>>(
    axis: &str,
    on: On,
    axes: impl Iterator<Item = &'a str>,
    cells: impl Iterator<Item = (&'a str, F)> + Clone,
) -> bool {
    let registry = Registry::get();
    let others: Vec<usize> = axes.filter(|other| *other != axis).filter_map(|other| registry.find(other)).collect();
    let goes_along = |key: &str| {
        // Most settings are the same in all cells, of which there may be many.
        let mut all = cells.clone().map(|(_, of)| of(key));
        let first = all.next();
        if all.all(|value| Some(value) == first) {
            return false;
        }
        let mut values: HashMap<&str, Option<&Value>> = HashMap::new();
        cells.clone().all(|(label, of)| {
            let value = of(key);
            *values.entry(label).or_insert(value) == value
        })
    };
    let mut keys = registry.keys.iter().enumerate().filter(|(index, _)| !others.contains(index)).map(|(_, key)| key);
    let can_touch = |key: &Key| key.rows.iter().any(|row| row.acts.can_touch(on));
    let first = cells.clone().next().map(|(label, _)| label);
    if cells.clone().all(|(label, _)| Some(label) == first)
        || keys.clone().any(|key| can_touch(key) && goes_along(key.name))
    {
        return true;
    }
    // What an axis of imported runs stands for is known by its name alone; one that is no setting may touch everything.
    let is_own = registry.find(axis).is_none_or(|key| can_touch(&registry.keys[key]));
    is_own && !keys.any(|key| goes_along(key.name))
}

/// The setting of this name and its value, written as text; `None` where there is no such setting or it holds no such value. A
/// function is none: who imports runs of one has networks all the same.
pub(crate) fn read(name: &str, text: &str) -> Option<(&'static str, Value)> {
    let registry = Registry::get();
    let key = &registry.keys[registry.find(name)?];
    (key.family != "function").then_some(())?;
    Some((key.name, key.fit(&value(text))?))
}

/// What a setting of numbers has to hold, where a text is neither a number nor one of its words; `None` where the text may stand. So
/// may a number beyond the setting's range, and a word of a setting of words that this program does not have: who imports runs may have both.
pub(crate) fn no_number(name: &str, text: &str) -> Option<String> {
    let registry = Registry::get();
    let key = &registry.keys[registry.find(name)?];
    let all = |is: fn(&Domain) -> bool| key.rows.iter().all(|row| is(&row.domain));
    let whole = all(|domain| matches!(domain, Domain::Int { .. } | Domain::IntOrWord { .. }));
    let real = |domain: &Domain| {
        let is_real = matches!(domain, Domain::Float { .. } | Domain::Positive { .. } | Domain::Fraction);
        is_real || matches!(domain, Domain::FloatOrWord { .. } | Domain::Int { .. } | Domain::IntOrWord { .. })
    };
    let fits = match value(text) {
        Value::Int(_) => true,
        Value::Float(x) => !whole || x.fract() == 0.0,
        other => key.fit(&other).is_some(),
    };
    (all(real) && !fits).then(|| key.domain())
}

/// Whether a setting has this name.
pub(crate) fn is_known(name: &str) -> bool {
    Registry::get().find(name).is_some()
}

/// The boolean, the number or the text that is written so.
pub(crate) fn value(text: &str) -> Value {
    let number = || text.parse().ok().filter(|x: &f64| x.is_finite()).map(Value::Float);
    let whole = text.parse().ok().map(Value::Int);
    whole.or_else(number).or_else(|| text.parse().ok().map(Value::Bool)).unwrap_or_else(|| Value::Text(text.into()))
}

/// Whether an axis is an option of a family, such as `optimizer.lr` of `optimizer`; the family's head is none.
pub(crate) fn is_option_of(axis: &str, family: &str) -> bool {
    let registry = Registry::get();
    registry.find(axis).is_some_and(|key| registry.keys[key].family == family && !registry.keys[key].is_head())
}

/// What the option of a family is called beside the family's own label: `lr` for `optimizer.lr`; any other axis by its name.
pub fn option_name(axis: &str) -> &str {
    let registry = Registry::get();
    let option = registry.find(axis).filter(|key| !registry.keys[*key].is_head());
    option.map_or(axis, |key| registry.keys[key].rows[0].option())
}

/// Whether the setting behind an axis may hold this number; a name that is no setting may hold any.
pub(crate) fn may_hold(axis: &str, x: f64) -> bool {
    let registry = Registry::get();
    let value = |x: f64| if x.fract() == 0.0 { Value::Int(x as i64) } else { Value::Float(x) };
    registry.find(axis).is_none_or(|key| registry.keys[key].fit(&value(x)).is_some())
}

/// Whether a name can be that of a file or a folder on any system.
pub(crate) fn is_file_name(name: &str) -> bool {
    let usable = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !name.is_empty() && name.len() <= 100 && name.chars().all(usable) && !name.starts_with(['.', '-'])
}

/// A value as it is written in TOML.
pub(crate) fn literal(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("\"{text}\""),
        other => other.to_string(),
    }
}

/// A number of a list as a file writes it by itself.
fn number(x: f64) -> Value {
    if x.fract() == 0.0 && x.abs() < 1e15 { Value::Int(x as i64) } else { Value::Float(x) }
}

/// A short way to write one kind of a family, and the family.
pub(crate) const SHORT: &str = "batch_norm";
const LONG: &str = "norm";

/// One key of the table with all its rows (an option whose default differs by kind has several).
pub(crate) struct Key {
    pub name: &'static str,
    pub family: &'static str,
    pub rows: Vec<&'static Setting>,
    /// For an option: the index of its family's head, if the family has one.
    pub head: Option<usize>,
    /// For an option: the row for each word of that head.
    by_kind: Vec<Option<&'static Setting>>,
    /// For a head: its words.
    pub words: &'static [&'static str],
}

impl Key {
    pub fn is_head(&self) -> bool {
        self.rows[0].head.is_some()
    }

    /// The row that holds when the family's head has its `kind`-th word.
    pub fn row(&self, kind: usize) -> Option<&'static Setting> {
        match self.head {
            None => Some(self.rows[0]),
            Some(_) => self.by_kind[kind],
        }
    }

    /// The name a user would write: the family for a head (`optimizer` for `optimizer.kind`) that is its kind.
    pub fn short(&self) -> &'static str {
        if self.rows[0].is_kind() { self.family } else { self.name }
    }

    /// Whether it is about a network and what it learns from, so that a test function has no use for it.
    pub fn is_of_networks(&self) -> bool {
        self.rows[0].problems == Problems::Networks
    }

    /// What it may hold, for each kind where that differs.
    pub fn domain(&self) -> String {
        if self.rows.iter().all(|r| r.domain == self.rows[0].domain) {
            return self.rows[0].domain.to_string();
        }
        let rows = self.rows.iter().map(|r| format!("{} ({})", r.domain, r.of.join(", ")));
        rows.collect::<Vec<_>>().join(" or ")
    }

    /// `value` as this setting holds it: integers become numbers where numbers are held, booleans words.
    pub fn fit(&self, value: &Value) -> Option<Value> {
        if let (Value::Bool(b), Some((no, yes))) = (value, self.rows[0].as_bool) {
            return Some(Value::Text(if *b { yes } else { no }.into()));
        }
        self.rows.iter().find_map(|row| fit(&row.domain, value))
    }
}

/// `value` as `domain` holds it; `None` where it does not.
pub(crate) fn fit(domain: &Domain, value: &Value) -> Option<Value> {
    let number = match value {
        Value::Int(i) => Some(*i as f64),
        // Adding zero turns -0 into 0, so that equal settings are equal bits.
        Value::Float(x) if x.is_finite() => Some(*x + 0.0),
        _ => None,
    };
    let float = |ok: fn(f64, f64, f64) -> bool, a: f64, b: f64| number.filter(|x| ok(*x, a, b)).map(Value::Float);
    let int = |min: i64, max: i64| match value {
        Value::Int(i) if (min..=max).contains(i) => Some(Value::Int(*i)),
        _ => None,
    };
    let word = |words: &[&str]| match value {
        Value::Text(w) if words.contains(&w.as_str()) => Some(value.clone()),
        _ => None,
    };
    match *domain {
        Domain::Bool => matches!(value, Value::Bool(_)).then(|| value.clone()),
        Domain::Int { min, max } => int(min, max),
        Domain::Float { min, max } => float(|x, a, b| a <= x && x <= b, min, max),
        Domain::Positive { max } => float(|x, _, b| 0.0 < x && x <= b, 0.0, max),
        Domain::Fraction => float(|x, _, _| (0.0..1.0).contains(&x), 0.0, 1.0),
        Domain::Word(words) => word(words),
        Domain::IntOrWord { min, max, words } => int(min, max).or_else(|| word(words)),
        Domain::FloatOrWord { min, max, words } => float(|x, a, b| a <= x && x <= b, min, max).or_else(|| word(words)),
        Domain::Texts => matches!(value, Value::Texts(_)).then(|| value.clone()),
        Domain::Text => matches!(value, Value::Text(t) if !t.is_empty()).then(|| value.clone()),
        Domain::Matrix => match value {
            // A flat list of numbers is one column.
            Value::List(column) => Some(Value::Matrix(column.iter().map(|x| vec![*x]).collect())),
            Value::Matrix(_) => Some(value.clone()),
            _ => None,
        },
        Domain::List => match value {
            Value::List(list) => Some(Value::List(list.iter().map(|x| x + 0.0).collect())),
            _ => None,
        },
        Domain::Sizes { max } => match value {
            Value::List(sizes) => {
                let fits = |size: &f64| size.fract() == 0.0 && (1.0..=max as f64).contains(size);
                sizes.iter().all(fits).then(|| value.clone())
            }
            _ => None,
        },
        Domain::PositivesOrWord { words } => match value {
            Value::List(list) => list.iter().all(|x| *x > 0.0).then(|| value.clone()),
            _ => word(words),
        },
        Domain::Steps => match value {
            Value::List(steps) => {
                let whole = steps.iter().all(|s| s.fract() == 0.0 && (1.0..=1e9).contains(s));
                let ascending = steps.windows(2).all(|pair| pair[0] < pair[1]);
                (whole && ascending).then(|| value.clone())
            }
            _ => None,
        },
    }
}

/// The table with its lookups.
pub(crate) struct Registry {
    pub keys: Vec<Key>,
    by_name: HashMap<String, usize>,
}

impl Registry {
    /// The one table.
    pub fn get() -> &'static Registry {
        static REGISTRY: OnceLock<Registry> = OnceLock::new();
        REGISTRY.get_or_init(Registry::build)
    }

    fn build() -> Registry {
        let mut keys: Vec<Key> = Vec::new();
        let mut by_name = HashMap::new();
        for row in all() {
            if let Some(index) = by_name.get(row.key) {
                let key: &mut Key = &mut keys[*index];
                key.rows.push(row);
                continue;
            }
            let index = keys.len();
            by_name.insert(row.key.to_string(), index);
            if row.is_kind() {
                by_name.insert(row.family().to_string(), index);
            }
            if let Some(word) = row.head {
                by_name.insert(format!("{}.{word}", row.family()), index);
                // The usual word for it, whatever the family calls it.
                if row.is_kind() {
                    by_name.insert(format!("{}.kind", row.family()), index);
                }
            }
            let words = match row.domain {
                Domain::Word(words) if row.head.is_some() => words,
                _ => &[],
            };
            keys.push(Key {
                name: row.key,
                family: row.family(),
                rows: vec![row],
                head: None,
                by_kind: Vec::new(),
                words,
            });
        }
        let heads: HashMap<&str, usize> =
            keys.iter().enumerate().filter(|(_, k)| k.is_head()).map(|(i, k)| (k.family, i)).collect();
        for index in 0..keys.len() {
            let Some(head) = heads.get(keys[index].family).copied().filter(|h| *h != index) else { continue };
            let words = keys[head].words;
            let key = &mut keys[index];
            key.head = Some(head);
            let row = |w: &&str| key.rows.iter().copied().find(|r| r.of.is_empty() || r.of.contains(w));
            key.by_kind = words.iter().map(row).collect();
        }
        Registry { keys, by_name }
    }

    /// The key called `name`, by its canonical name, the short or long name of a head, or in the short way.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.by_name.get(&*Self::long(name)).copied()
    }

    /// The name that one in the short way stands for; any other name itself.
    pub fn long(name: &str) -> Cow<'_, str> {
        match name.strip_prefix(SHORT) {
            Some(option) if option.is_empty() || option.starts_with('.') => format!("{LONG}{option}").into(),
            _ => name.into(),
        }
    }

    /// Index of a key that the code itself names.
    pub fn index(&self, name: &'static str) -> usize {
        self.find(name).unwrap_or_else(|| panic!("`{name}` is not in the settings table"))
    }

    /// The keys that a key stands for, if it stands for others, and what they say.
    pub fn instead_of(&self, key: usize) -> Option<(Vec<usize>, &'static str)> {
        let (others, say) = self.keys[key].rows[0].instead?;
        Some((others.iter().map(|other| self.index(other)).collect(), say))
    }

    /// How to write a line of `[base]`, or the last option of its table, with this value in place of its own, where it can hold that.
    fn with_value(&self, line: &'static str, typed: Option<&Value>) -> String {
        let [plain, off] = ["write", "delete the line, or write"].map(|how| format!("{how} {line}"));
        let (Some(typed), Some((key, example))) = (typed, line.split_once(" = ")) else { return plain };
        let option = example.strip_suffix(" }").and_then(|table| table.rsplit_once(" = ")).map(|(before, _)| before);
        let (name, [before, after]) = match option.and_then(|before| before.rsplit_once(' ')) {
            Some((others, option)) => (format!("{key}.{option}"), [format!("{key} = {others} {option}"), " }".into()]),
            None => (key.to_string(), [key.to_string(), String::new()]),
        };
        let items: Vec<Value> = match typed {
            Value::List(numbers) => numbers.iter().map(|x| number(*x)).collect(),
            Value::Texts(words) => words.iter().map(|word| Value::Text(word.clone())).collect(),
            one => vec![one.clone()],
        };
        let fits = |value: &Value| self.find(&name).is_some_and(|key| self.keys[key].fit(value).is_some());
        let meant = if let Value::Text(word) = typed { brought::meant(&name, word) } else { None };
        match typed {
            _ if fits(typed) || items.iter().all(fits) => format!("write {before} = {}{after}", literal(typed)),
            Value::Bool(false) => off,
            _ => meant.map_or(plain, |meant| format!("write {before} = {meant}{after}")),
        }
    }

    /// The keys that say the same as some of these, and so give way to them.
    pub fn displaced(&self, keys: &[usize]) -> Vec<usize> {
        let ways = (0..self.keys.len()).filter_map(|way| Some((way, self.instead_of(way)?.0)));
        ways.flat_map(|(way, others)| {
            let by_way = if keys.contains(&way) { others.clone() } else { Vec::new() };
            by_way.into_iter().chain(others.iter().any(|other| keys.contains(other)).then_some(way))
        })
        .collect()
    }

    /// All keys of a family.
    pub fn family<'a>(&'a self, family: &'a str) -> impl Iterator<Item = usize> + 'a {
        self.keys.iter().enumerate().filter(move |(_, k)| k.family == family).map(|(i, _)| i)
    }

    /// Whether `name` is a family that can be written as a table.
    pub fn is_family(&self, name: &str) -> bool {
        let name = &*Self::long(name);
        self.keys.iter().any(|k| k.family == name && (k.is_head() || k.name != name))
    }

    /// The cure for an unknown setting that is given this value, if it is known.
    pub fn suggest(&self, name: &str, typed: Option<&Value>) -> String {
        let name = &*Self::long(name);
        if let Some(cure) = brought::setting(name, |line| self.with_value(line, typed)) {
            return cure;
        }
        let last = |name: &'static str| name.rsplit('.').next().unwrap_or(name);
        let (family, option) = name.rsplit_once('.').unwrap_or(("", name));
        // `network.d_model` for `width`.
        if let Some(cure) = brought::setting(option, |line| self.with_value(line, typed)) {
            return cure;
        }
        // `lr` for `optimizer.lr`, or `optimizer.weight_decay` for `weight_decay`.
        let misplaced = |k: &&Key| if family.is_empty() { last(k.name) == option } else { k.name == option };
        let meant: Vec<String> = self.keys.iter().filter(misplaced).map(|key| format!("`{}`", key.name)).collect();
        if !meant.is_empty() {
            return format!("did you mean {}?", meant.join(" or "));
        }
        let family = if family.is_empty() { name } else { family };
        if self.is_family(family) {
            let names: Vec<&'static str> = self.family(family).map(|i| self.keys[i].name).collect();
            return match nearest::nearest(option, names.iter().copied().map(last)) {
                Some(near) => format!("did you mean `{family}.{near}`?"),
                None => format!("the options of `{family}` are `{}`", names.join("`, `")),
            };
        }
        if let Some(near) = nearest::nearest(name, self.keys.iter().map(Key::short)) {
            return format!("did you mean `{near}`?");
        }
        let mut families: Vec<&str> = Vec::new();
        for key in &self.keys {
            if !families.contains(&key.family) {
                families.push(key.family);
            }
        }
        format!("the settings are `{}`, with their options; `gradsweep settings` prints all", families.join("`, `"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_lies_in_its_range() {
        for row in all() {
            if let Some(value) = row.default.value() {
                assert!(fit(&row.domain, &value).is_some(), "{} = {value}", row.key);
            }
        }
    }

    #[test]
    fn rows_are_unambiguous() {
        let registry = Registry::get();
        for key in &registry.keys {
            let words: &[&str] = key.head.map_or(&[], |h| registry.keys[h].words);
            for row in &key.rows {
                assert!(row.of.iter().all(|kind| words.contains(kind)), "{}: unknown kind in {:?}", key.name, row.of);
            }
            for word in words {
                let rows = key.rows.iter().filter(|r| r.of.is_empty() || r.of.contains(word)).count();
                assert!(rows <= 1, "{} has {rows} rows for {word}", key.name);
            }
            assert!(key.head.is_some() || key.rows.len() == 1, "{} has several rows but no head", key.name);
        }
        assert_eq!(registry.find("optimizer"), registry.find("optimizer.kind"));
        for name in ["residual.form", "residual.kind"] {
            assert_eq!(registry.find(name), registry.find("residual"));
        }
        assert_eq!(registry.find("batch_norm"), registry.find("norm.kind"));
        assert_eq!(registry.find("batch_norm.eps"), registry.find("norm.eps"));
    }

    #[test]
    fn every_row_stands_in_the_markdown_table() {
        let table = settings_table_markdown();
        assert_eq!(table.lines().count(), all().count() + 2);
        assert!(all().all(|row| table.contains(&format!("| `{}`", row.key))));
    }
}
