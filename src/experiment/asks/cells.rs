//! The axes and cells of a plan, against which figures, claims and the comparison are checked: every name exists, no
//! selection is empty, and no axis is averaged over silently.

use crate::columns::On;
use crate::data::Function;
use crate::experiment::nearest;
use crate::experiment::read::{ExperimentError, Location, Result, Selector, Word, no_label};
use crate::experiment::settings::{self, Registry, literal};
use crate::plan_file::claim::Filter;
use crate::plan_file::{Axis, PlanCell};
use crate::setting::{Settings, Value};
use std::collections::{BTreeMap, HashMap, HashSet};

/// One combination: its label on every axis, in axis order, and what it resolves to.
#[derive(Clone, Debug, PartialEq)]
pub struct GridCell {
    pub labels: Vec<(String, String)>,
    pub settings: Settings,
}

impl GridCell {
    /// The test function of the cell; `None` where it trains a network, or where its start does not fit.
    pub fn function(&self) -> Option<Function> {
        Function::from_settings(&self.settings)?.ok()
    }

    /// Its label on an axis, if it has one.
    pub(crate) fn label(&self, axis: &str) -> Option<&str> {
        self.labels.iter().find(|(name, _)| name == axis).map(|(_, label)| label.as_str())
    }

    /// The settings that are the same in all cells.
    pub(crate) fn shared(cells: &[GridCell]) -> BTreeMap<&'static str, &Value> {
        let mut cells = cells.iter();
        let mut shared: BTreeMap<_, _> = cells.next().map(|cell| cell.settings.iter().collect()).unwrap_or_default();
        for cell in cells {
            shared.retain(|key, value| cell.settings.get(key) == Some(*value));
        }
        shared
    }

    /// As `plan.json` has them, without what all of them share.
    pub(crate) fn planned(cells: &[GridCell]) -> Vec<PlanCell> {
        let shared = GridCell::shared(cells);
        let is_own = |(key, value): &(&'static str, &Value)| shared.get(key) != Some(value);
        let owned = |(key, value): (&str, &Value)| (key.to_string(), value.clone());
        let of_cell = |cell: &GridCell| PlanCell {
            labels: cell.labels.iter().cloned().collect(),
            settings: cell.settings.iter().filter(is_own).map(owned).collect(),
            function: None,
            step_flop: None,
            guesses: None,
        };
        cells.iter().map(of_cell).collect()
    }

    /// Whether its labels are among those of a filter.
    pub(crate) fn is_in(&self, filter: &Filter) -> bool {
        self.labels.iter().all(|(axis, label)| filter.get(axis).is_none_or(|labels| labels.contains(label)))
    }
}

/// An axis that a figure or a claim names, under which of its keys, and where.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Role {
    pub key: &'static str,
    pub axis: String,
    pub place: Location,
}

impl Role {
    /// The axes that a key names.
    pub fn each(key: &'static str, words: impl IntoIterator<Item = Word>) -> impl Iterator<Item = Role> {
        words.into_iter().map(move |(axis, place)| Role { key, axis, place })
    }
}

/// All cells of a plan and the axes that they have labels on.
#[derive(Clone, Copy)]
pub(crate) struct Cells<'a> {
    pub axes: &'a [Axis],
    pub cells: &'a [GridCell],
    /// Whether another program trained them, of which nobody here knows what an axis touches.
    pub are_imported: bool,
}

/// An axis that has no role although the chosen cells differ in it.
pub(crate) struct Unsettled<'a> {
    pub axis: &'a Axis,
    labels: Vec<&'a str>,
}

impl<'a> Cells<'a> {
    /// The axis a name stands for; a head may be called by its short or its long name.
    pub fn position(&self, name: &str) -> Option<usize> {
        let registry = Registry::get();
        let short = registry.find(name).map(|k| registry.keys[k].short());
        self.axes.iter().position(|a| a.name == name || Some(a.name.as_str()) == short)
    }

    /// The axis that is named here.
    pub fn axis(&self, name: &str, at: &Location) -> Result<&'a Axis> {
        self.position(name).map(|i| &self.axes[i]).ok_or_else(|| self.no_axis(name, at))
    }

    fn no_axis(&self, name: &str, at: &Location) -> ExperimentError {
        let help = match self.axes {
            [] => "this experiment has no axes; write lists of values under [axes]".to_string(),
            axes => nearest::suggest(name, axes.iter().map(|a| a.name.as_str())),
        };
        at.error(format!("`{name}` is not an axis of this experiment"), help)
    }

    /// The roles with the axes that they stand for. `what` has them, in keys such as `keys`.
    ///
    /// # Errors
    /// A name that is no axis, or an axis in two roles.
    pub fn roles<'b>(&self, roles: &'b [Role], what: &str, keys: &str) -> Result<Vec<(&'b Role, &'a Axis)>> {
        let mut known: HashMap<&str, &Location> = HashMap::new();
        let one = |role: &'b Role| {
            let axis = self.axis(&role.axis, &role.place)?;
            match known.insert(&axis.name, &role.place) {
                None => Ok((role, axis)),
                Some(first) => {
                    let message = format!("this {what} uses the axis `{}` twice", axis.name);
                    Err(role.place.error(message, format!("use a different axis for each of {keys}")).also(first))
                }
            }
        };
        roles.iter().map(one).collect()
    }

    /// The labels and cells that `where` (or `against`) leaves; `what` has it, in words, at `place`.
    pub fn select(&self, selectors: &[Selector], what: &str, place: &Location) -> Result<(Filter, Vec<&'a GridCell>)> {
        let registry = Registry::get();
        let mut filter = Filter::new();
        let mut left: Vec<&GridCell> = self.cells.iter().collect();
        for selector in selectors {
            let setting = registry.find(&selector.key).map(|k| &registry.keys[k]);
            let fitted = |value| setting.and_then(|s| s.fit(value)).map(|v| v.to_string());
            let Some(position) = self.position(&selector.key) else {
                // A setting that is the same everywhere may be named too: it selects all or nothing.
                let value = |cell: &'a GridCell| setting.and_then(|s| cell.settings.get(s.name));
                let first = self.cells.first().and_then(value);
                if setting.is_none() || self.cells.iter().any(|cell| value(cell) != first) {
                    return Err(self.no_axis(&selector.key, &selector.place));
                }
                let held = first.map(ToString::to_string);
                let differs =
                    selector.values.iter().find(|(v, _)| Some(fitted(v).unwrap_or_else(|| v.to_string())) != held);
                if let Some((_, place)) = differs {
                    let held = first.map_or("unset".into(), literal);
                    let message = format!("`where` selects nothing: `{}` is {held} in every cell", selector.key);
                    return place.fail(message, "delete it from `where`");
                }
                continue;
            };
            let axis = &self.axes[position];
            let labels = || axis.labels.iter().map(String::as_str);
            let mut wanted = Vec::new();
            for (value, place) in &selector.values {
                // An optimizer's own name is no word of the settings table, so both spellings are tried.
                let written = value.to_string();
                let text = fitted(value).filter(|_| !axis.labels.contains(&written)).unwrap_or(written);
                if !axis.labels.contains(&text) {
                    return Err(no_label(&selector.key, &text, place, labels()));
                }
                wanted.push(text);
            }
            left.retain(|c| wanted.contains(&c.labels[position].1));
            filter.insert(axis.name.clone(), wanted);
        }
        if left.is_empty() {
            let help = "no cell matches all of these (some may be left out by [[exclude]]); choose other values";
            return place.fail(format!("{what} selects nothing"), help);
        }
        Ok((filter, left))
    }

    /// The first axis that the chosen cells differ in and that is not among the used ones.
    pub fn unsettled(&self, chosen: &[&'a GridCell], used: &[&str]) -> Option<Unsettled<'a>> {
        self.axes.iter().enumerate().filter(|(_, axis)| !used.contains(&axis.name.as_str())).find_map(
            |(position, axis)| {
                let occurs: HashSet<&str> = chosen.iter().map(|c| c.labels[position].1.as_str()).collect();
                let labels = axis.labels.iter().map(String::as_str).filter(|l| occurs.contains(l)).collect();
                (occurs.len() > 1).then_some(Unsettled { axis, labels })
            },
        )
    }

    /// Whether an axis can touch what is measured on this before the first update.
    pub fn touches_start(&self, axis: &str, on: On) -> bool {
        let position = self.axes.iter().position(|a| a.name == axis);
        let label = |cell: &'a GridCell| position.map_or("", |p| cell.labels[p].1.as_str());
        let cells = self.cells.iter().map(|cell| (label(cell), |key: &str| cell.settings.get(key)));
        self.are_imported || settings::touches_start(axis, on, self.axes.iter().map(|a| a.name.as_str()), cells)
    }
}

impl Unsettled<'_> {
    /// How the axis is fixed.
    pub fn fix(&self) -> String {
        let plain =
            self.labels[0].parse::<f64>().is_ok_and(f64::is_finite) || ["true", "false"].contains(&self.labels[0]);
        let label = if plain { self.labels[0].into() } else { format!("\"{}\"", self.labels[0]) };
        format!("fix it: where = {{ {} = {label} }}", toml_key(&self.axis.name))
    }

    /// The error of `what`, which has no role for the axis; `ways` are those of giving it one.
    pub fn error(&self, what: &str, place: &Location, ways: &[String]) -> ExperimentError {
        let name = &self.axis.name;
        let message =
            format!("this {what} does not say what to do with the axis `{name}` ({})", self.labels.join(", "));
        place.error(message, format!("{}; {}", self.fix(), ways.join("; or ")))
    }
}

/// An axis's name as a key of `where`: a dot would make two keys of it.
pub(crate) fn toml_key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    if !name.is_empty() && name.chars().all(bare) { name.into() } else { format!("\"{name}\"") }
}
