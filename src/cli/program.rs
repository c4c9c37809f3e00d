//! The program as one builds it oneself: the command line, with models of one's own among the networks.

use super::single_thread;
use crate::experiment::nearest::suggest;
use crate::experiment::settings::fit;
use crate::model::Family;
use crate::model::families::{self, shared};
use crate::model::own::{Own, OwnModel};
use crate::sweep::progress::note;
use std::process::ExitCode;

/// The command line of gradsweep: `Program::new().model::<Mine>().run()` is a `main` with a network of one's own.
#[derive(Default)]
pub struct Program {
    families: Vec<&'static dyn Family>,
    fault: Option<String>,
}

impl Program {
    /// With the networks of this crate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a network, which `network = "<NAME>"` chooses.
    #[must_use]
    pub fn model<M: OwnModel>(mut self) -> Self {
        self.fault = self.fault.or_else(fault::<M>);
        // It is there as long as the program.
        self.families.push(Box::leak(Box::new(Own::<M>::default())));
        self
    }

    /// Does what the words of the command line ask for; the exit code of the process. candle reads the number of its threads from
    /// the environment, so that the program may start itself once more: call this first in `main`.
    pub fn run(self) -> ExitCode {
        if let Some(what) = self.fault.or_else(|| families::bring(self.families).err()) {
            note(&format!("error: {what}"));
            return ExitCode::from(2);
        }
        match single_thread::ensure() {
            Ok(()) => super::run(),
            Err(code) => code,
        }
    }
}

/// What is wrong with the settings of a model.
fn fault<M: OwnModel>() -> Option<String> {
    let name = M::NAME;
    for (index, row) in M::SETTINGS.iter().enumerate() {
        let key = row.key;
        let option = key.strip_prefix("network.").filter(|option| families::is_plain(option) && *option != "kind");
        if option.is_none() || row.head.is_some() {
            return Some(format!(
                "`{name}`: the setting `{key}` is an option of `network`: give it a name such as `network.size`"
            ));
        }
        if M::SETTINGS[..index].iter().any(|other| other.key == key) {
            return Some(format!("`{name}`: there are two settings `{key}`: delete one"));
        }
        if row.default.value().is_some_and(|value| fit(&row.domain, &value).is_none()) {
            return Some(format!("`{name}`: the default of `{key}` is not {}: give it another", row.domain));
        }
    }
    let known = || shared().map(|row| row.family());
    let unknown = M::SHARED.iter().find(|key| !known().any(|family| family == **key))?;
    let mut heads: Vec<&str> = known().collect();
    heads.dedup();
    Some(format!("`{name}`: there is no shared setting `{unknown}`: {}", suggest(unknown, heads)))
}
