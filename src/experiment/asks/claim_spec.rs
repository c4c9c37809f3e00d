//! A `[[claim]]` as it is written in an experiment.

use super::cells::Role;
use crate::columns::{self, Column};
use crate::experiment::keys::{CLAIM, EXPECTED, HISTORY_METRIC, LAYERS_METRIC};
use crate::experiment::nearest;
use crate::experiment::read::{
    Entry, ExperimentError, Fields, Location, Result, Selector, bundles::no_formula, selectors,
};
use crate::plan_file::claim::{Against, By, ClaimSpec, Filter, Metric, Ordinal, Wanted};
use crate::stats::CONFIDENCE;
use toml::de::DeValue;

/// A `[[claim]]` with its places, not yet held against the axes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WrittenClaim {
    pub place: Location,
    /// All that does not depend on the axes.
    pub spec: ClaimSpec,
    pub metric_at: Location,
    pub filter: Vec<Selector>,
    /// What stands after `against`, if that is other runs, and where `against` stands.
    pub against: Option<(Vec<Selector>, Location)>,
    pub roles: Vec<Role>,
}

impl WrittenClaim {
    /// Where it says `against = "theory"`.
    pub fn against_theory(&self) -> Option<&Location> {
        let (against, _) = self.spec.against.as_ref()?;
        self.against.as_ref().filter(|_| *against == Against::Theory).map(|(_, place)| place)
    }

    /// Reads one `[[claim]]`.
    pub fn read(place: Location, entries: Vec<Entry>) -> Result<Self> {
        let fields = Fields::new(&CLAIM, place, entries)?;
        let says = fields.need("says", "write says = \"...\", the claim as a sentence")?;
        let (says_at, says) = (says.value.at.clone(), says.text()?);
        no_formula(&says, &says_at)?;
        let metric = fields.need("metric", "write metric = \"...\", a column of runs.csv, such as \"train_loss\"")?;
        let (metric_at, metric) = (metric.value.at.clone(), read_metric(metric)?);
        let filter = fields.selectors("where")?;
        let (compared, against) = read_against(&fields)?.unzip();
        let wanted = read_wanted(&fields)?;
        placeholders(&says, &says_at, wanted)?;
        let along = fields.read("along", Entry::word)?;
        let (each, over) = (fields.words("each")?, fields.words("over")?);
        let roles = Role::each("each", each).chain(Role::each("over", over)).chain(Role::each("along", along));
        let confidence = fields.read("confidence", |e| {
            let wrong = || {
                let message = format!("`confidence` must be a number from 0.5 to below 1, but is {}", e.value.found());
                e.value.at.error(message, "write 0.9, for example")
            };
            e.value.number().filter(|c| (0.5..1.0).contains(c)).ok_or_else(wrong)
        })?;
        let spec = ClaimSpec {
            says,
            metric,
            filter: Filter::new(),
            against: compared,
            wanted,
            along: None,
            each: Vec::new(),
            over: Vec::new(),
            confidence: confidence.unwrap_or(CONFIDENCE),
        };
        Ok(WrittenClaim { spec, metric_at, filter, against, roles: roles.collect(), place: fields.place })
    }
}

/// Checks that all words in braces stand for numbers of the claim: others would stay as they are written.
fn placeholders(says: &str, at: &Location, wanted: Wanted) -> Result<()> {
    let known: Vec<&str> = wanted.placeholders().into_iter().map(|(word, _)| word).collect();
    let words = says.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(word, _)| word);
    let is_word = |word: &&str| !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '_');
    let Some(odd) = words.filter(is_word).find(|word| !known.contains(word)) else { return Ok(()) };
    let own = known.iter().map(|word| format!("{{{word}}}")).collect::<Vec<_>>();
    let help = match &own[..] {
        [] => "write the sentence without braces".to_string(),
        own => format!("write {} for a number of `expect`, or leave out the braces", own.join(" or ")),
    };
    at.fail(format!("{{{odd}}} in this sentence stands for no number of the claim"), help)
}

/// What a claim is compared with and how; the other runs, if it is those, and where `against` stands.
type Comparison = ((Against, By), (Vec<Selector>, Location));

fn read_against(fields: &Fields) -> Result<Option<Comparison>> {
    let (against, by) = match (fields.get("against"), fields.get("by")) {
        (Some(against), Some(by)) => (against, by),
        (None, None) => return Ok(None),
        (Some(against), None) => {
            let help = "write by = \"ratio\" or by = \"difference\"";
            return against.at.fail("`against` needs `by`, which says how the two are compared", help);
        }
        (None, Some(by)) => {
            return by.at.fail("`by` has no effect without `against`", "write `against` as well, or delete the line");
        }
    };
    let (other, runs) = match against.value.toml {
        DeValue::String(word) if word == "theory" => (Against::Theory, Vec::new()),
        DeValue::String(word) => {
            let help = "write against = \"theory\", or other runs, as in against = { depth = 4 }";
            return against.value.at.fail(format!("`against` cannot be \"{word}\""), help);
        }
        _ => (Against::Runs(Filter::new()), selectors(&against.table()?)?),
    };
    let by = choice(by, [("ratio", By::Ratio), ("difference", By::Difference)])?;
    Ok(Some(((other, by), (runs, against.at.clone()))))
}

/// The meaning of one of two words.
fn choice<T>(entry: &Entry, [(a, first), (b, second)]: [(&str, T); 2]) -> Result<T> {
    match entry.text()? {
        word if word == a => Ok(first),
        word if word == b => Ok(second),
        word => {
            let message = format!("`{}` cannot be \"{word}\"", entry.key);
            entry.value.at.fail(message, format!("write \"{a}\" or \"{b}\""))
        }
    }
}

fn read_wanted(fields: &Fields) -> Result<Wanted> {
    let help = || format!("write expect = {EXPECTED}");
    match (fields.get("expect"), fields.get("monotone"), fields.get("along")) {
        (Some(e), None, None) => {
            let entries = e.table().map_err(|error| ExperimentError { help: help(), ..error })?;
            let [one] = &entries[..] else {
                return e.at.fail("`expect` takes exactly one of above, below and within", help());
            };
            let wrong = |message: String| one.value.at.error(message, help());
            let bound = || one.value.number().ok_or_else(|| wrong(format!("`{}` is a number", one.key)));
            match one.key {
                "above" => Ok(Wanted::Above(bound()?)),
                "below" => Ok(Wanted::Below(bound()?)),
                "within" => match one.value.numbers().as_deref() {
                    Some([low, high]) if low <= high => Ok(Wanted::Within(*low, *high)),
                    _ => Err(wrong("`within` takes two numbers, the smaller one first".into())),
                },
                _ => Err(one.unknown("key of `expect`", ["above", "below", "within"])),
            }
        }
        (None, Some(monotone), Some(_)) => {
            choice(monotone, [("increasing", Wanted::Increasing), ("decreasing", Wanted::Decreasing)])
        }
        (None, None, None) => fields.place.fail("this [[claim]] has neither `expect` nor `monotone`", help()),
        (None, _, _) => {
            let help = "write both, as in monotone = \"increasing\" and along = \"depth\"";
            fields.place.fail("`monotone` and `along` go together", help)
        }
        (Some(e), _, _) => {
            e.at.fail("a claim either expects a number or is monotone along an axis", "make two claims of it")
        }
    }
}

/// Checks that a table has such a column to claim something of.
fn known(column: &str, at: &Location, table: &str, columns: &'static [Column]) -> Result<()> {
    let names = columns::measurements(columns).map(|column| column.name);
    if names.clone().any(|name| name == column) {
        return Ok(());
    }
    at.fail(format!("{table} has no column \"{column}\""), nearest::suggest(column, names))
}

fn read_metric(entry: &Entry) -> Result<Metric> {
    const HELP: &str =
        "write metric = { table = \"layers\", column = \"activation_mean\", step = \"last\", layer = 1 }, for example";
    let Some(entries) = entry.value.entries() else {
        let column = entry.text()?;
        known(&column, &entry.value.at, "runs.csv", columns::OUTCOMES)?;
        return Ok(Metric::Run(column));
    };
    let get = |key: &str| entries.iter().find(|e| e.key == key);
    let need = |key| get(key).ok_or_else(|| entry.at.error(format!("`metric` lacks its `{key}`"), HELP));
    let (table, column) = (need("table")?, need("column")?);
    let (name, at) = column.word()?;
    let section = match table.text()?.as_str() {
        "history" => &HISTORY_METRIC,
        "layers" => &LAYERS_METRIC,
        other => {
            return table.value.at.fail(format!("there is no table \"{other}\""), "write \"layers\" or \"history\"");
        }
    };
    if let Some(odd) = entries.iter().find(|e| !section.has(e.key)) {
        return Err(odd.unknown("key of `metric`", section.names()));
    }
    let step = ordinal(need("step")?, 0, HELP)?;
    if !section.has("layer") {
        known(&name, &at, "history.csv", columns::HISTORY)?;
        return Ok(Metric::History { column: name, step });
    }
    known(&name, &at, "layers.csv", columns::LAYERS)?;
    let layer = ordinal(need("layer")?, 1, HELP)?;
    let per_layer = get("per_layer").map(|e| ordinal(e, 1, HELP)).transpose()?;
    Ok(Metric::Layers { column: name, step, layer, per_layer })
}

/// A step or a layer, counted from `least`.
fn ordinal(entry: &Entry, least: i64, help: &str) -> Result<Ordinal> {
    match entry.value.toml {
        DeValue::String(word) if word == "first" => Ok(Ordinal::First),
        DeValue::String(word) if word == "last" => Ok(Ordinal::Last),
        DeValue::Integer(_) => Ok(Ordinal::Number(entry.integer(least..1_000_000_001)? as usize)),
        _ => entry.value.at.fail(format!("`{}` must be a number, \"first\" or \"last\"", entry.key), help),
    }
}
