//! Checks of a plan that need the loaded data.

use super::GridCell;
use super::combine::Plan;
use super::datasets::{DataFacts, Datasets};
use crate::columns::metric::{Derived, derived};
use crate::experiment::read::{ExperimentError, Location, Result};
use crate::experiment::settings::literal;
use crate::model;
use crate::model::dense::architecture::widths;
use crate::ops::activation::Activation;
use crate::ops::loss::{Compared, Criterion, Loss};
use crate::run::spec::RunSpec;
use crate::schedule::Schedule;
use crate::seed::Seeds;
use crate::setting::{SettingError, Settings};
use crate::table::{count, number};

/// More weights than this are not tried: a bound that no training run here could meet in a day, so that it is no memory
/// that runs out instead.
const MOST_WEIGHTS: f64 = 1e9;

/// The singular values of a matrix of more rows take too long to be computed at every recorded step.
const MOST_SQUARE: usize = 512;

/// The sharpness of nets of more weights takes too long to be computed at every score.
const MOST_SHARP: f64 = 1e6;

impl Plan {
    /// Checks every cell against its data; `facts` are those of [`Plan::datasets`], in order.
    ///
    /// # Errors
    /// A recorded step that no run reaches; the first cell that asks for a batch larger than its training rows, for a
    /// schedule longer than its run, or for a loss its targets don't have.
    ///
    /// # Panics
    /// When `facts` are not one for each data set.
    pub fn check_data(&self, facts: &[DataFacts]) -> Result<(), ExperimentError> {
        let datasets = self.datasets();
        assert_eq!(facts.len(), datasets.settings.len(), "facts for each data set");
        self.check_listed_steps(facts, datasets)?;
        self.check_reported_steps(facts, datasets)?;
        for (cell, data) in self.cells.iter().zip(&datasets.of_cell) {
            let (facts, settings) = (&facts[*data], &cell.settings);
            let problem = |key: &str, message: String, help: String| self.place(key, settings).fail(message, help);
            if let Some(batch) = settings.int("batch")
                && batch > facts.train_rows as i64
            {
                let (rows, sample) =
                    (facts.train_rows, if facts.sizes.input.len() == 2 { "sequences" } else { "rows" });
                let message = format!("a batch of {batch} is larger than the training set of {rows} {sample}");
                return problem("batch", message, format!("write batch = \"full\", or at most {}", facts.train_rows));
            }
            if cell.function().is_none() {
                let family = model::family(settings);
                let fits = model::check_sequences(family, settings, facts.answers, facts.is_padded);
                fits.map_err(|wrong| {
                    let mut error = self.misfit(settings, &wrong);
                    if let Some(at) = &facts.change {
                        error.help += &format!("; if the target changes by mistake {at}, correct it");
                    }
                    error
                })?;
                family.layout(settings, &facts.sizes).map_err(|wrong| self.misfit(settings, &wrong))?;
                let weights = family.cost(settings, &facts.sizes, 1).weights;
                if weights > MOST_WEIGHTS {
                    let message = format!("this net has {weights:.1e} weights, more than {MOST_WEIGHTS:.0e}");
                    return problem("width", message, "take a smaller `width` or `depth`".into());
                }
                if self.cadence.jacobian {
                    self.check_jacobian(settings, facts)?;
                }
                if self.cadence.sharpness {
                    self.check_sharpness(settings, facts, weights)?;
                }
                if self.cadence.along_input {
                    self.check_along_input(settings, facts)?;
                }
                if let Some(key) = family.couples_samples(settings) {
                    let said = format!("{key} = {}", settings.get(key).map_or(String::new(), literal));
                    if self.cadence.probe == 1 {
                        let message = format!("{said} needs a probe set of at least 2 rows");
                        return problem(key, message, "write record.probe = 64, or delete the line".into());
                    }
                    if facts.train_rows == 1 {
                        let message = format!("{said} needs at least two training rows");
                        return problem(key, message, format!("take more data, or another {key}"));
                    }
                }
            }
            // Most cells have no schedule to speak of.
            if settings.text("schedule") != Some("constant") || settings.int("schedule.warmup") > Some(0) {
                let steps = self.spec(settings).steps(facts.train_rows);
                let schedule = Schedule::from_settings(settings, steps);
                if let Some((key, message, help)) = schedule.ok().and_then(|schedule| schedule.unreached()) {
                    return problem(key, message, help);
                }
            }
            if let Some((key, message, help)) = self.in_vain(settings, facts, cell.function().is_some()) {
                return problem(key, message, help);
            }
            if let Some((key, message, help)) = Criterion::misfit(settings, facts.targets) {
                return problem(key, message, help);
            }
        }
        Ok(())
    }

    /// A setting that can never act in a run of this length, or on sequences of this one.
    fn in_vain(
        &self,
        settings: &Settings,
        facts: &DataFacts,
        is_function: bool,
    ) -> Option<(&'static str, String, String)> {
        let length = facts.sizes.input[0];
        if let Some(segment) = settings.int("network.bptt").filter(|segment| *segment > length as i64) {
            let message =
                format!("segments of {segment} time steps are longer than the sequences, which have {length}");
            return Some(("network.bptt", message, format!("write at most {length}, or delete the line")));
        }
        if settings.text("schedule") != Some("plateau") {
            return None;
        }
        let (spec, key) = (self.spec(settings), "schedule.patience");
        let (patience, steps) = (settings.int(key)? as usize, spec.steps(facts.train_rows));
        let epoch = if is_function { 1 } else { (facts.train_rows / spec.batch(facts.train_rows).max(1)).max(1) };
        // The first epoch is the best so far, then come more than `patience` epochs, then the first update with a lower rate.
        let most = (steps.saturating_sub(1) / epoch).checked_sub(2);
        let word = if is_function { "step" } else { "epoch" };
        let longer = if settings.get("epochs").is_some() { "increase `epochs`" } else { "increase `steps`" };
        (most.is_none_or(|most| patience > most)).then(|| {
            let run = count(steps / epoch, word);
            let message =
                format!("the learning rate never drops: a run of {run} is too short for a patience of {patience}");
            (key, message, most.map_or(longer.into(), |most| format!("write at most {most}, or {longer}")))
        })
    }

    /// The Jacobian is of one sample, from layer to layer of a dense net.
    fn check_jacobian(&self, settings: &Settings, facts: &DataFacts) -> Result<()> {
        let refused = |key: &str, what: String, help: &str| {
            self.place(key, settings).fail(format!("`record.jacobian` needs {what}"), help)
        };
        let family = model::family(settings);
        let widest = widths(settings).ok().and_then(|widths| widths.into_iter().max());
        match (family.headless(settings, &facts.sizes), family.couples_samples(settings)) {
            (None, _) if settings.int("depth") == Some(0) => {
                refused("depth", "hidden layers, but this net has none".into(), "write depth = 1, or more")
            }
            (None, _) => refused("network", "dense nets".into(), "write network = \"mlp\", or delete jacobian"),
            (Some(_), Some(key)) => {
                let what = "single samples, but this norm couples the samples of a batch".into();
                refused(key, what, "write \"layer\" or \"rms\", or delete jacobian")
            }
            (Some(_), None) if widest > Some(MOST_SQUARE) => {
                let key = if settings.get("widths").is_some() { "widths" } else { "width" };
                let what = format!("at most {MOST_SQUARE} units per layer, not {}", widest.unwrap_or(0));
                refused(key, what, &format!("write {MOST_SQUARE}, or less, or delete jacobian"))
            }
            _ => Ok(()),
        }
    }

    /// An input to go along is a single number.
    fn check_along_input(&self, settings: &Settings, facts: &DataFacts) -> Result<()> {
        let has = match facts.sizes.input[..] {
            [1] => return Ok(()),
            [features] => format!("the data have {features}"),
            [_, _] => "this network reads sequences".into(),
            _ => "this network reads images".into(),
        };
        let (key, help) = match facts.sizes.input.len() {
            1 => (
                "data",
                "write data = { kind = \"teacher\", features = 1 }, or other data with one feature, or delete along_input",
            ),
            _ => ("network", "write network = \"mlp\" and data with one feature, or delete along_input"),
        };
        let message = format!("`record.along_input` needs data with one feature, but {has}");
        self.place(key, settings).fail(message, help)
    }

    /// The sharpness is of the loss that every step descends, smooth enough for differences of its gradients, and takes some forty of them.
    fn check_sharpness(&self, settings: &Settings, facts: &DataFacts, weights: f64) -> Result<()> {
        let refused = |key: &str, what: String, help: &str| {
            self.place(key, settings).fail(format!("`record.sharpness` needs {what}"), help)
        };
        let (family, rows) = (model::family(settings), facts.train_rows);
        let batch = self.spec(settings).batch(rows);
        match family.couples_samples(settings) {
            _ if batch < rows => {
                let what = format!("full-batch training, but here a batch has {batch} of {rows} rows");
                refused("batch", what, "write batch = \"full\", or delete sharpness")
            }
            Some(key) => {
                refused(key, "a loss without batch statistics".into(), "take another norm, or delete sharpness")
            }
            None if !family.trains_as_it_evaluates(settings) && settings.float("dropout").unwrap_or(0.0) == 0.0 => {
                let what = "a network whose loss is the same in training and evaluation, which is not known of this \
                    one";
                refused("network", what.into(), "delete sharpness, or use one of gradsweep's own networks")
            }
            None if !family.trains_as_it_evaluates(settings) => {
                refused("dropout", "a loss without random draws".into(), "write dropout = 0, or delete sharpness")
            }
            None if weights > MOST_SHARP => {
                let what = format!("nets of at most {MOST_SHARP:.0e} weights, but this one has {weights:.1e}");
                refused("width", what, "take a smaller `width` or `depth`, or delete sharpness")
            }
            None => {
                let jumps = |key: &&&str| Activation::from_settings(settings, key).is_ok_and(Activation::slope_jumps);
                if let Some(key) = ["activation", "output_activation"].iter().find(jumps) {
                    let said = settings.get(key).map_or(String::new(), literal);
                    let what = format!("activations with a continuous derivative, but that of {said} is discontinuous");
                    let help =
                        format!("write {key} = \"tanh\", \"gelu\" or \"elu\" with alpha = 1, or delete sharpness");
                    return refused(key, what, &help);
                }
                match Loss::from_settings(settings, matches!(facts.targets, Compared::Classes(_))) {
                    Ok(loss) if loss.slope_jumps() => {
                        let what = format!(
                            "losses with a continuous derivative, but that of `{}` is discontinuous",
                            loss.word()
                        );
                        let smooth = if loss.takes_classes() { "cross_entropy" } else { "huber" };
                        refused("loss", what, &format!("write loss = \"{smooth}\", or delete sharpness"))
                    }
                    _ => Ok(()),
                }
            }
        }
    }

    /// What is wrong with a setting of a cell, at its place in the file.
    pub(crate) fn misfit(&self, settings: &Settings, wrong: &SettingError) -> ExperimentError {
        let (message, cure) = wrong.message.split_once(": write ").unwrap_or((&wrong.message, "another value"));
        self.place(&wrong.key, settings).error(message, format!("write {cure}"))
    }

    /// The first run of a cell.
    pub(crate) fn spec(&self, settings: &Settings) -> RunSpec {
        let seeds = Seeds { experiment: self.experiment_seed, run: 1 };
        RunSpec { settings: settings.clone(), seeds, cadence: self.cadence.clone() }
    }

    /// A step or an epoch that `[compare]` reports must be one at which some run is scored.
    fn check_reported_steps(&self, facts: &[DataFacts], datasets: &Datasets) -> Result<()> {
        let cells = || self.cells.iter().zip(&datasets.of_cell).map(|(cell, data)| (cell, facts[*data].train_rows));
        let scored = |(cell, rows): (&GridCell, usize)| self.cadence.score.steps(self.spec(&cell.settings).steps(rows));
        // Functions have no epochs.
        let epochs = |(cell, rows): (&GridCell, usize)| {
            let spec = self.spec(&cell.settings);
            cell.function().is_none().then(|| spec.steps(rows) as f64 / spec.steps_per_epoch(rows).max(1) as f64)
        };
        for (name, place) in &self.reported {
            match derived(name) {
                Some(Derived::AtStep(column, step)) => {
                    let mut steps: Vec<usize> = cells().flat_map(scored).collect();
                    steps.sort_unstable();
                    let Some(near) = steps.iter().min_by_key(|own| own.abs_diff(step as usize)) else { continue };
                    if *near != step as usize {
                        let message = format!("`report` asks for step {step}, at which no run is scored");
                        let help = format!(
                            "write \"{} at step {near}\", or add the step to score under [record]",
                            column.name
                        );
                        return place.fail(message, help);
                    }
                }
                Some(Derived::AtEpoch(_, epoch)) => {
                    let last = cells().filter_map(epochs).fold(0.0, f64::max);
                    if epoch > last + 1e-9 {
                        let message =
                            format!("`report` asks for epoch {epoch}, but no run has more than {}", number(last));
                        return place.fail(message, "write an earlier epoch or a step, or longer runs");
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A step listed under `[record]` must be reached by some run, or it would vanish without a word.
    fn check_listed_steps(&self, facts: &[DataFacts], datasets: &Datasets) -> Result<()> {
        if self.listed_steps.is_empty() {
            return Ok(());
        }
        let cells = || self.cells.iter().zip(&datasets.of_cell).map(|(cell, data)| (&cell.settings, &facts[*data]));
        let updates = cells().map(|(settings, facts)| self.spec(settings).steps(facts.train_rows)).max().unwrap_or(0);
        let of_recurrent = cells().filter(|(settings, _)| model::family(settings).has_time());
        let times = of_recurrent.map(|(_, facts)| facts.sizes.input[0]).max().unwrap_or(0);
        let longest = |list: &str| if list == "times" { times } else { updates };
        let unreached = |(list, step, _): &&(&str, usize, Location)| *step > longest(list);
        match self.listed_steps.iter().find(unreached) {
            Some(("times", step, place)) => {
                let message = format!(
                    "`record.times` asks for time step {step}, but no recurrent net here reads more than {times}"
                );
                place.fail(
                    message,
                    "write time steps of the sequences (the first and the last are always included), or delete the \
                        line",
                )
            }
            Some((list, step, place)) => {
                let message = format!("`record.{list}` asks for step {step}, but no run has more than {updates} steps");
                let help = format!(
                    "write a step from 0 to {updates} (the first and the last are always included), or more `steps`"
                );
                place.fail(message, help)
            }
            None => Ok(()),
        }
    }
}
