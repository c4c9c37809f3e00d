//! What a setting of an experiment is: its key, what it may hold, its default and its meaning.
//!
//! Every family (activations, optimizers, data sets, ...) lists its settings beside its code as a
//! `const SETTINGS: &[Setting]`. Parser, README table, `runs.csv` columns and run identity are all
//! made from these rows, so they cannot drift apart.

use crate::columns::On;
use crate::table::Cell;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem::discriminant;
use std::ops::RangeInclusive;
use std::sync::Arc;
use thiserror::Error;

/// A resolved value of a setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// Rows of numbers, for data written into the experiment itself.
    Matrix(Vec<Vec<f64>>),
    /// Numbers in a row: a point.
    List(Vec<f64>),
    Texts(Vec<String>),
}

// Settings hold no NaN: what is not finite is refused where it is read.
impl Eq for Value {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        match self {
            Value::Bool(b) => b.hash(hasher),
            Value::Int(i) => i.hash(hasher),
            // Nor -0, so that equal numbers are equal bits.
            Value::Float(x) => x.to_bits().hash(hasher),
            Value::Text(text) => text.hash(hasher),
            Value::Matrix(rows) => rows.iter().flatten().for_each(|x| x.to_bits().hash(hasher)),
            Value::List(list) => list.iter().for_each(|x| x.to_bits().hash(hasher)),
            Value::Texts(texts) => texts.hash(hasher),
        }
    }
}

impl From<&Value> for Cell {
    fn from(value: &Value) -> Self {
        match value {
            Value::Bool(b) => Cell::Bool(*b),
            Value::Int(i) => Cell::Int(*i),
            Value::Float(x) => Cell::Float(*x),
            Value::Text(_) | Value::Matrix(_) | Value::List(_) | Value::Texts(_) => Cell::Text(value.to_string()),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Bool(b) => write!(f, "{b}"),
            Value::Int(i) => write!(f, "{i}"),
            Value::Float(x) => f.write_str(&crate::table::number(*x)),
            Value::Text(s) => f.write_str(s),
            Value::Matrix(rows) => {
                write!(f, "[{}]", rows.iter().map(|row| list(row)).collect::<Vec<_>>().join(", "))
            }
            Value::List(numbers) => f.write_str(&list(numbers)),
            Value::Texts(texts) => write!(f, "{texts:?}"),
        }
    }
}

fn list(numbers: &[f64]) -> String {
    let cells: Vec<String> = numbers.iter().map(|x| crate::table::number(*x)).collect();
    format!("[{}]", cells.join(", "))
}

/// What a setting may hold. Bounds are inclusive; `above` is an exclusive lower bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Domain {
    Bool,
    Int {
        min: i64,
        max: i64,
    },
    /// A finite number in `[min, max]`.
    Float {
        min: f64,
        max: f64,
    },
    /// A finite number in `(above, max]`.
    Positive {
        max: f64,
    },
    /// A finite number in `[0, below)`: momentum coefficients, fractions.
    Fraction,
    /// One of these words.
    Word(&'static [&'static str]),
    /// An integer in the range or one of the words (`batch = "full"`).
    IntOrWord {
        min: i64,
        max: i64,
        words: &'static [&'static str],
    },
    /// A finite number in the range or one of the words (`residual.scale = "learned_zero"`).
    FloatOrWord {
        min: f64,
        max: f64,
        words: &'static [&'static str],
    },
    /// Any text (a path).
    Text,
    /// Rows of finite numbers, all of one length.
    Matrix,
    /// Finite numbers, at least one.
    List,
    /// Whole numbers from 1 on, ascending, at least one.
    Steps,
    /// Whole numbers from 1 on, at least one.
    Sizes {
        max: i64,
    },
    /// Texts, at least one.
    Texts,
    /// Numbers above 0, at least one, or one of the words (`loss.class_weights = "balanced"`).
    PositivesOrWord {
        words: &'static [&'static str],
    },
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = crate::table::number;
        let upper = |max: f64| if max == f64::MAX { String::new() } else { number(max) };
        let words = |w: &[&str]| w.iter().map(|w| format!("\"{w}\"")).collect::<Vec<_>>().join(", ");
        let span = |min: f64, max: f64| match (min == f64::MIN, upper(max)) {
            (true, max) if max.is_empty() => "any finite number".into(),
            (true, max) => format!("a number, at most {max}"),
            (false, max) if max.is_empty() => format!("a number, at least {}", number(min)),
            (false, max) => format!("a number from {} to {max}", number(min)),
        };
        match self {
            Domain::Bool => f.write_str("true or false"),
            Domain::Int { min, max } => write!(f, "an integer from {min} to {max}"),
            Domain::Float { min, max } => f.write_str(&span(*min, *max)),
            Domain::Positive { max } if *max == f64::MAX => f.write_str("a number above 0"),
            Domain::Positive { max } => write!(f, "a number above 0, at most {}", number(*max)),
            Domain::Fraction => f.write_str("a number from 0 to below 1"),
            Domain::Word(w) => write!(f, "one of {}", words(w)),
            Domain::IntOrWord { min, max, words: w } => {
                write!(f, "an integer from {min} to {max}, or {}", words(w))
            }
            Domain::FloatOrWord { min, max, words: w } => write!(f, "{}, or {}", span(*min, *max), words(w)),
            Domain::Text => f.write_str("a text"),
            Domain::Matrix => f.write_str("rows of numbers, as in [[1.0, 2.0], [3.0, 4.0]]"),
            Domain::List => f.write_str("a list of numbers, as in [-1.2, 1.0]"),
            Domain::PositivesOrWord { words: w } => {
                write!(f, "a list of numbers above 0, as in [1.0, 10.0], or {}", words(w))
            }
            Domain::Texts => f.write_str("a list of texts, as in [\"id\", \"name\"]"),
            Domain::Sizes { max } => write!(f, "a list of integers from 1 to {max}, as in [500, 200, 50]"),
            Domain::Steps => f.write_str("a list of ascending steps from 1 on, as in [150, 225]"),
        }
    }
}

/// Any positive number.
pub const POSITIVE: Domain = Domain::Positive { max: f64::MAX };
/// Any number from 0 on.
pub const NOT_NEGATIVE: Domain = Domain::Float { min: 0.0, max: f64::MAX };
/// A part of the whole, 0 and 1 included.
pub const SHARE: Domain = Domain::Float { min: 0.0, max: 1.0 };

/// What holds when the file does not say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DefaultValue {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'static str),
    /// Nothing: the feature is off, or its value follows from others as the help says.
    Unset,
    /// The file has to say.
    Required,
}

impl DefaultValue {
    /// The value, if there is one.
    pub fn value(self) -> Option<Value> {
        Some(match self {
            DefaultValue::Bool(b) => Value::Bool(b),
            DefaultValue::Int(i) => Value::Int(i),
            DefaultValue::Float(x) => Value::Float(x),
            DefaultValue::Text(s) => Value::Text(s.into()),
            DefaultValue::Unset | DefaultValue::Required => return None,
        })
    }

    /// Whether `value` is the default.
    pub fn is(self, value: &Value) -> bool {
        self.value().as_ref() == Some(value)
    }
}

/// One row of the settings table.
///
/// A *head* chooses the kind of a family: it may be written as `family = "word"` or inside the
/// family's table under the key `head` (`optimizer = { kind = "adam", lr = 1e-3 }`). An option with
/// `of` exists only while its family's head holds one of those kinds; a key may have several rows
/// when its default differs by kind.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Canonical dotted key: the column of `runs.csv`.
    pub key: &'static str,
    pub domain: Domain,
    pub default: DefaultValue,
    /// For a head: the key inside the family's table (`kind`, `form`, `place`).
    pub head: Option<&'static str>,
    /// For a head that may be written as a boolean: the words for false and true.
    pub as_bool: Option<(&'static str, &'static str)>,
    /// For an option: the kinds of its family that have it. Empty means all.
    pub of: &'static [&'static str],
    /// From when on it acts.
    pub acts: Acts,
    pub problems: Problems,
    /// Settings that it stands for, so that only one side is written, and what either side says.
    pub instead: Option<(&'static [&'static str], &'static str)>,
    pub help: &'static str,
}

/// From when on a setting acts, and so what it can touch before the first update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acts {
    /// On the network or the data: everything may depend on it.
    FromTheStart,
    /// On what a step is taken from: before the first update only what is measured on the batch depends on it.
    OnTheBatch,
    /// On the updates alone: nothing that is measured before the first one depends on it.
    OnUpdates,
}

impl Acts {
    /// Whether what is measured on this before the first update can depend on the setting.
    pub fn can_touch(self, on: On) -> bool {
        match self {
            Acts::FromTheStart => true,
            Acts::OnTheBatch => matches!(on, On::Batch | On::Training),
            Acts::OnUpdates => on == On::Training,
        }
    }
}

/// What can be trained, and so has the setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problems {
    All,
    /// A network on data.
    Networks,
    /// A test function.
    Functions,
}

/// The same settings, all acting on updates alone.
pub const fn on_updates<const N: usize>(mut settings: [Setting; N]) -> [Setting; N] {
    let mut i = 0;
    while i < N {
        settings[i].acts = Acts::OnUpdates;
        i += 1;
    }
    settings
}

/// The same settings, all of such problems.
pub const fn of_problems<const N: usize>(problems: Problems, mut settings: [Setting; N]) -> [Setting; N] {
    let mut i = 0;
    while i < N {
        settings[i].problems = problems;
        i += 1;
    }
    settings
}

impl Setting {
    /// A plain setting.
    pub const fn new(key: &'static str, domain: Domain, default: DefaultValue) -> Self {
        Setting {
            key,
            domain,
            default,
            head: None,
            as_bool: None,
            of: &[],
            acts: Acts::FromTheStart,
            problems: Problems::All,
            instead: None,
            help: "",
        }
    }

    /// A number with this default.
    pub const fn float(key: &'static str, domain: Domain, default: f64) -> Self {
        Setting::new(key, domain, DefaultValue::Float(default))
    }

    /// A whole number in this range.
    pub const fn int(key: &'static str, range: RangeInclusive<i64>, default: i64) -> Self {
        let domain = Domain::Int { min: *range.start(), max: *range.end() };
        Setting::new(key, domain, DefaultValue::Int(default))
    }

    /// Yes or no.
    pub const fn flag(key: &'static str, default: bool) -> Self {
        Setting::new(key, Domain::Bool, DefaultValue::Bool(default))
    }

    /// One of these words.
    pub const fn word(key: &'static str, words: &'static [&'static str], default: &'static str) -> Self {
        Setting::new(key, Domain::Word(words), DefaultValue::Text(default))
    }

    /// Without a default: off, or following from other settings as the help says.
    pub const fn unset(key: &'static str, domain: Domain) -> Self {
        Setting::new(key, domain, DefaultValue::Unset)
    }

    /// The file has to say.
    pub const fn required(key: &'static str, domain: Domain) -> Self {
        Setting::new(key, domain, DefaultValue::Required)
    }

    /// What it means.
    pub const fn help(mut self, help: &'static str) -> Self {
        self.help = help;
        self
    }

    /// This setting chooses its family's kind and is called `word` inside the family's table.
    pub const fn head(mut self, word: &'static str) -> Self {
        self.head = Some(word);
        self
    }

    /// `family = false` and `family = true` stand for these words.
    pub const fn as_bool(mut self, no: &'static str, yes: &'static str) -> Self {
        self.as_bool = Some((no, yes));
        self
    }

    /// Only these kinds of the family have this option.
    pub const fn of(mut self, kinds: &'static [&'static str]) -> Self {
        self.of = kinds;
        self
    }

    /// It stands for these settings, which say the same as it does.
    pub const fn instead_of(mut self, others: &'static [&'static str], say: &'static str) -> Self {
        self.instead = Some((others, say));
        self
    }

    /// From when on it acts, if not from the start.
    pub const fn acts(mut self, acts: Acts) -> Self {
        self.acts = acts;
        self
    }

    /// Only networks have it.
    pub const fn of_networks(mut self) -> Self {
        self.problems = Problems::Networks;
        self
    }

    /// Whether it chooses what its family is, and not the start of a part of it (`output.init`): then the family's name alone
    /// stands for it.
    pub fn is_kind(&self) -> bool {
        self.head.is_some_and(|word| self.key == self.family() || word == "kind")
    }

    /// The family: `optimizer` of `optimizer.lr`, `depth` of `depth`.
    pub fn family(&self) -> &'static str {
        self.key.split('.').next().unwrap_or(self.key)
    }

    /// Its name inside the family's table: `lr` of `optimizer.lr`, `depth` of `depth`.
    pub fn option(&self) -> &'static str {
        self.key.split_once('.').map_or(self.key, |(_, option)| option)
    }
}

/// The resolved settings of one run, in the order of the settings table; only those that apply.
///
/// The cells of a grid differ in few values, so they share the others.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    shared: Arc<[(&'static str, Value)]>,
    /// By position, ascending: values that stand in place of the shared ones.
    own: Arc<[(usize, Value)]>,
}

impl Settings {
    /// From pairs in table order.
    pub fn new(pairs: Vec<(&'static str, Value)>) -> Self {
        Settings { shared: pairs.into(), own: Arc::default() }
    }

    /// The same keys with other values at some positions, ascending.
    pub(crate) fn with(&self, own: Vec<(usize, Value)>) -> Self {
        Settings { shared: self.shared.clone(), own: own.into() }
    }

    /// What tells these settings from others that were made [`Settings::with`] the same ones: equal for equal ones.
    pub(crate) fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.shared.as_ptr().hash(&mut hasher);
        for (position, value) in &*self.own {
            position.hash(&mut hasher);
            value.hash(&mut hasher);
        }
        hasher.finish()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        let mut own = self.own.iter().peekable();
        self.shared.iter().enumerate().map(move |(position, (key, value))| {
            let replaced = own.next_if(|(at, _)| *at == position);
            (*key, replaced.map_or(value, |(_, value)| value))
        })
    }

    /// The value of `key`; `None` where it is unset or does not apply.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let position = self.shared.iter().position(|(k, _)| *k == key)?;
        let replaced = self.own.iter().find(|(at, _)| *at == position);
        Some(replaced.map_or(&self.shared[position].1, |(_, value)| value))
    }

    /// Sets `key` (for tests and for programs that build a run by hand).
    pub fn set(&mut self, key: &'static str, value: Value) {
        let mut pairs: Vec<_> = self.iter().map(|(k, v)| (k, v.clone())).collect();
        match pairs.iter_mut().find(|(k, _)| *k == key) {
            Some(slot) => slot.1 = value,
            None => pairs.push((key, value)),
        }
        *self = Settings::new(pairs);
    }

    /// A number; integers count as numbers.
    pub fn float(&self, key: &str) -> Option<f64> {
        match self.get(key)? {
            Value::Float(x) => Some(*x),
            Value::Int(i) => Some(*i as f64),
            _ => None,
        }
    }

    pub fn int(&self, key: &str) -> Option<i64> {
        if let Value::Int(i) = self.get(key)? { Some(*i) } else { None }
    }

    pub fn text(&self, key: &str) -> Option<&str> {
        if let Value::Text(s) = self.get(key)? { Some(s) } else { None }
    }

    /// A number that has to be there.
    ///
    /// # Errors
    /// When it is not.
    pub fn needed_float(&self, key: &str) -> Result<f64, SettingError> {
        self.float(key).ok_or_else(|| SettingError::unset(key))
    }

    /// An integer that has to be there.
    ///
    /// # Errors
    /// When it is not.
    pub fn needed_int(&self, key: &str) -> Result<usize, SettingError> {
        self.int(key).map(|i| i as usize).ok_or_else(|| SettingError::unset(key))
    }

    /// A word that has to be there.
    ///
    /// # Errors
    /// When it is not.
    pub fn needed_text(&self, key: &str) -> Result<&str, SettingError> {
        self.text(key).ok_or_else(|| SettingError::unset(key))
    }

    pub fn flag(&self, key: &str) -> bool {
        matches!(self.get(key), Some(Value::Bool(true)))
    }
}

impl PartialEq for Settings {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

/// The members of a family that is listed with the words for its members.
pub const fn members<T: Copy, const N: usize>(named: &[(&'static str, T); N]) -> [T; N] {
    let mut members = [named[0].1; N];
    let mut i = 0;
    while i < N {
        members[i] = named[i].1;
        i += 1;
    }
    members
}

/// The words for them.
pub const fn words<T: Copy, const N: usize>(named: &[(&'static str, T); N]) -> [&'static str; N] {
    let mut words = [""; N];
    let mut i = 0;
    while i < N {
        words[i] = named[i].0;
        i += 1;
    }
    words
}

/// The word for one, whatever its options.
pub fn word<T>(named: &[(&'static str, T)], member: &T) -> &'static str {
    let found = named.iter().find(|(_, other)| discriminant(other) == discriminant(member));
    found.map_or("", |(word, _)| word)
}

/// A setting that is missing, or that does not fit the others or the data.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{message}")]
pub struct SettingError {
    pub key: String,
    pub message: String,
}

impl SettingError {
    /// What is wrong with this setting, and what to write instead.
    pub fn new(key: &str, message: impl Into<String>) -> Self {
        SettingError { key: key.into(), message: message.into() }
    }

    /// That it is not there.
    pub fn unset(key: &str) -> Self {
        Self::new(key, format!("`{key}` is not set"))
    }

    /// That no member of a family has this word.
    pub fn unknown(key: &str, family: &str, word: &str) -> Self {
        Self::new(key, format!("there is no {family} \"{word}\""))
    }
}
