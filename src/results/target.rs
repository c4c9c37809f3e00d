//! How exactly the steps to the target loss are known: every loss is tested, or only those of the scored steps.

use super::Results;
use crate::experiment::settings::Registry;
use crate::model;
use crate::run::spec::At;
use crate::run::stop::has_loss_of_every_step;
use crate::setting::Settings;

impl Results {
    /// The sentence on how exactly the steps to the target of these runs are known; empty where each is known to the step.
    pub fn steps_known(&self, runs: impl Iterator<Item = usize>) -> String {
        if !self.parts.is_empty() {
            return self.steps_known_of_parts(runs);
        }
        let (mut all, mut coarse) = (0, 0);
        for run in runs {
            all += 1;
            coarse += usize::from(!self.has_loss_of_every_step(run));
        }
        let Some(cadence) = self.plan.record.as_ref().filter(|_| coarse > 0) else { return String::new() };
        let known = match &cadence.score {
            At::Every(0 | 1) => return String::new(),
            At::Every(n) => format!("every {n} steps, so steps_to_target is rounded up to a multiple of {n}"),
            At::Log { .. } | At::Steps(_) => {
                "only at the scored steps, so steps_to_target is the first of these at which the target is reached"
                    .into()
            }
        };
        if coarse == all {
            format!("The training loss is computed {known}.")
        } else {
            format!("Of {coarse} of {all} runs the training loss is computed {known}.")
        }
    }

    /// The same of runs of several folders: one sentence where it is that of all of them, else each with its folder.
    fn steps_known_of_parts(&self, runs: impl Iterator<Item = usize>) -> String {
        let mut of_parts: Vec<Vec<usize>> = vec![Vec::new(); self.parts.len()];
        runs.filter_map(|run| self.runs[run].origin).for_each(|(part, run)| of_parts[part].push(run));
        let of_parts = self.parts.iter().zip(of_parts).filter(|(_, runs)| !runs.is_empty());
        let said: Vec<(&Results, String)> =
            of_parts.map(|(part, runs)| (part, part.steps_known(runs.into_iter()))).collect();
        match &said[..] {
            [(_, first), others @ ..] if others.iter().all(|(_, other)| other == first) => first.clone(),
            _ => {
                let known = said.into_iter().filter(|(_, known)| !known.is_empty());
                known.map(|(part, known)| format!("{}: {known}", part.dir.display())).collect::<Vec<_>>().join(" ")
            }
        }
    }

    /// Whether the training loss of a run is known at every step.
    fn has_loss_of_every_step(&self, run: usize) -> bool {
        let Some(cell) = self.cell(run) else { return false };
        if cell.function.is_some() || self.plan.is_imported() {
            return cell.function.is_some();
        }
        let registry = Registry::get();
        let pairs = self.plan.settings.iter().chain(&cell.settings);
        let named = |key: &String| registry.find(key).map(|index| registry.keys[index].name);
        let settings = Settings::new(pairs.filter_map(|(key, value)| Some((named(key)?, value.clone()))).collect());
        let rows = self.plan.data.train_rows;
        let batch = settings.int("batch").map_or(rows, |batch| batch as usize);
        // Of a network that another program has, nothing is known.
        let is_known = settings.text("network").is_none_or(|word| model::families::named(word).is_some());
        is_known && has_loss_of_every_step(model::family(&settings), &settings, batch, rows)
    }
}
