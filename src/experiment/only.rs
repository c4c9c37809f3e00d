//! `--only axis=value`: which cells run now. The plan stays whole.

use super::nearest;
use super::plan::{Plan, PlanCell};
use super::problem::Problem;
use super::reader::Reader;
use super::settings::{Registry, literal};
use super::written::Selector;

impl Plan {
    /// For each cell, whether all `--only` allow it. Each is `axis=value` or `axis=[values]` in the syntax of the
    /// file; several of one axis widen it.
    ///
    /// # Errors
    /// What is no axis or no setting, a value that no cell has, and a choice that leaves no cell.
    pub fn only(&self, texts: &[String]) -> Result<Vec<bool>, Problem> {
        let mut allowed: Vec<(String, Vec<bool>)> = Vec::new();
        let mut last = None;
        for text in texts {
            let reader = Reader::of_option("--only", text)?;
            let document = reader.document()?;
            let entries = reader.entries(document.get_ref());
            reader.one_entry(&entries)?;
            let mut selectors = Vec::new();
            reader.selectors("", &entries, &mut selectors)?;
            for selector in selectors {
                let (name, cells) = self.chosen(&selector)?;
                match allowed.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, known)) => known.iter_mut().zip(cells).for_each(|(a, b)| *a |= b),
                    None => allowed.push((name, cells)),
                }
                last = Some(selector.place);
            }
        }
        let all: Vec<bool> = (0..self.cells.len()).map(|i| allowed.iter().all(|(_, cells)| cells[i])).collect();
        match last {
            Some(place) if !all.contains(&true) => {
                let message = "no cell has all of these at once, so --only leaves nothing to run";
                Err(Problem::new(&place, message, "`plan` shows the cells and what is excluded; choose other values"))
            }
            _ => Ok(all),
        }
    }

    /// The axis or setting of a selector, and the cells that have one of its values.
    fn chosen(&self, selector: &Selector) -> Result<(String, Vec<bool>), Problem> {
        let registry = Registry::get();
        let setting = registry.find(&selector.key).map(|key| &registry.keys[key]);
        let name = setting.map_or(selector.key.as_str(), |s| s.short());
        let axis = self.axes.iter().position(|a| a.name == name);
        let held = |cell: &PlanCell| match axis {
            Some(axis) => Some(cell.labels[axis].1.clone()),
            None => setting.and_then(|s| cell.settings.get(s.name)).map(ToString::to_string),
        };
        if axis.is_none() && setting.is_none() {
            let help = nearest::suggest(&selector.key, self.axes.iter().map(|a| a.name.as_str()));
            return Err(Problem::new(
                &selector.place,
                format!("no axis and no setting is called `{}`", selector.key),
                help,
            ));
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
                return Err(Problem::new(
                    place,
                    message,
                    nearest::suggest(&value.to_string(), known.iter().map(String::as_str)),
                ));
            }
        }
        Ok((name.to_string(), chosen))
    }
}
