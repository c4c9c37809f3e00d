//! `--only axis=value`: which runs go now. The plan stays whole.

use super::combine::Plan;
use crate::experiment::asks::cells::GridCell;
use crate::experiment::nearest;
use crate::experiment::overrides::one_entry;
use crate::experiment::read::{ExperimentError, Location, Result, Selector, selectors};
use crate::experiment::settings::{Registry, literal};
use crate::setting::Value;

/// The word for the run seed, an axis of every plan.
const SEED: &str = "seed";

/// The runs that `--only` allows.
#[derive(Clone, Debug, PartialEq)]
pub struct Only {
    /// For each cell of the plan, whether it is allowed.
    cells: Vec<bool>,
    /// The allowed run seeds.
    seeds: Vec<u64>,
}

impl Only {
    /// Whether the run of this cell and run seed is allowed.
    pub fn allows(&self, cell: usize, seed: u64) -> bool {
        self.cells[cell] && self.seeds.contains(&seed)
    }
}

impl Plan {
    /// The runs that all `--only` allow. Each is `axis=value` or `axis=[values]` in the syntax of the file, `seed` being
    /// one of the axes; several of one axis widen it.
    ///
    /// # Errors
    /// What is no axis or no setting, a value that no cell has, and a choice that leaves no cell.
    pub fn only(&self, texts: &[String]) -> Result<Only, ExperimentError> {
        let mut allowed: Vec<(String, Vec<bool>)> = Vec::new();
        let mut seeds: Vec<u64> = Vec::new();
        let mut last = None;
        for text in texts {
            let selectors = one_entry("--only", text, |entry| selectors(std::slice::from_ref(entry)))?;
            for selector in selectors {
                if selector.key == SEED {
                    seeds.extend(self.chosen_seeds(&selector)?);
                    continue;
                }
                let (name, cells) = self.chosen(&selector)?;
                match allowed.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, known)) => known.iter_mut().zip(cells).for_each(|(a, b)| *a |= b),
                    None => allowed.push((name, cells)),
                }
                last = Some(selector.place);
            }
        }
        if seeds.is_empty() {
            seeds.clone_from(&self.seeds);
        }
        let cells: Vec<bool> = (0..self.cells.len()).map(|i| allowed.iter().all(|(_, cells)| cells[i])).collect();
        match last {
            Some(place) if !cells.contains(&true) => {
                let message = "no cell matches all of these, so --only leaves nothing to run";
                place.fail(message, "`plan` shows the cells and what is excluded; choose other values")
            }
            _ => Ok(Only { cells, seeds }),
        }
    }

    /// The `--only` options that choose a cell alone: a value for each axis that varies.
    pub fn only_cell(&self, cell: usize) -> Vec<String> {
        let varied = self.axes.iter().enumerate().filter(|(_, axis)| axis.labels.len() > 1);
        let option = |position: usize| {
            let (name, label) = &self.cells[cell].labels[position];
            let bare = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
            let quoted = |text: &str| toml::Value::from(text).to_string();
            let name = if name.chars().all(bare) { name.clone() } else { quoted(name) };
            // A label that reads as another value, such as a variant called 1e-05, stands in quotes.
            let ways = [format!("{name}={label}"), format!("{name}={}", quoted(label))];
            let exactly = |text: &String| {
                let only = self.only(std::slice::from_ref(text)).ok();
                only.is_some_and(|only| {
                    self.cells.iter().zip(&only.cells).all(|(c, a)| *a == (c.labels[position].1 == *label))
                })
            };
            ways.into_iter().find(exactly)
        };
        varied.filter_map(|(position, _)| option(position)).collect()
    }

    /// The run seeds of a `seed=` selector.
    fn chosen_seeds(&self, selector: &Selector) -> Result<Vec<u64>> {
        let seed = |(value, place): &(Value, Location)| {
            let known = self.seeds.iter().copied().find(|seed| value.to_string() == seed.to_string());
            let n = self.seeds.len();
            known.ok_or_else(|| {
                let message = format!("the plan has no seed {}", literal(value));
                place.error(message, format!("choose from 1 to {n}; --seeds N adds more seeds to the plan"))
            })
        };
        selector.values.iter().map(seed).collect()
    }

    /// The axis or setting of a selector, and the cells that have one of its values.
    fn chosen(&self, selector: &Selector) -> Result<(String, Vec<bool>), ExperimentError> {
        let registry = Registry::get();
        let setting = registry.find(&selector.key).map(|key| &registry.keys[key]);
        let name = setting.map_or(selector.key.as_str(), |s| s.short());
        let axis = self.axes.iter().position(|a| a.name == name);
        let held = |cell: &GridCell| match axis {
            Some(axis) => Some(cell.labels[axis].1.clone()),
            None => setting.and_then(|s| cell.settings.get(s.name)).map(ToString::to_string),
        };
        if axis.is_none() && setting.is_none() {
            let help = nearest::suggest(&selector.key, self.axes.iter().map(|a| a.name.as_str()).chain([SEED]));
            return selector.place.fail(format!("there is no axis and no setting `{}`", selector.key), help);
        }
        let mut chosen = vec![false; self.cells.len()];
        for (value, place) in &selector.values {
            // A label may be a name of the file's own or a word of the settings table.
            let fitted = setting.and_then(|s| s.fit(value)).map(|v| v.to_string());
            let texts = [Some(value.to_string()), fitted];
            let mut found = false;
            for (slot, cell) in chosen.iter_mut().zip(&self.cells) {
                if held(cell).is_some_and(|label| texts.iter().flatten().any(|text| *text == label)) {
                    (*slot, found) = (true, true);
                }
            }
            if !found {
                let mut known: Vec<String> = self.cells.iter().filter_map(held).collect();
                let mut seen = std::collections::HashSet::new();
                known.retain(|label| seen.insert(label.clone()));
                let message = format!("no cell has `{name}` = {}", literal(value));
                let help = nearest::suggest(&value.to_string(), known.iter().map(String::as_str));
                return place.fail(message, help);
            }
        }
        Ok((name.to_string(), chosen))
    }
}
