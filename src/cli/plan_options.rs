//! The options that define a plan, the same for every command that takes an experiment file.

use crate::data::Places;
use crate::experiment::plan::{Plan, PlannedRun};
use crate::figure::kinds::FACTS;
use crate::sweep::progress::note;
use crate::sweep::work::{Work, select};
use crate::sweep::{SweepError, load, request::Request};
use clap::Args;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The options that define a plan.
#[derive(Args, Default)]
pub struct PlanOptions {
    /// The experiment, a TOML file
    pub file: PathBuf,
    // The help shows the brackets as they are.
    #[allow(rustdoc::invalid_html_tags)]
    /// Results folder [default: results/<name of the experiment>]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Change the experiment, in the syntax of its file, such as optimizer.lr=0.1 or depth="[2, 4]"
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Run seeds 1..N instead of those of the file
    #[arg(long, value_name = "N", value_parser = count)]
    pub seeds: Option<u64>,
    /// Use the seeds 1000001, 1000002, ... instead of 1, 2, ...: seeds on which nothing was tuned
    #[arg(long)]
    pub fresh_seeds: bool,
    /// Run only the cells or seeds with this value now, such as depth="[8, 16]" or seed=1; the plan does not change
    #[arg(long, value_name = "AXIS=VALUE")]
    pub only: Vec<String>,
    /// Folder of the downloaded data sets [default: $GRADSWEEP_DATA]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// What relative data files are relative to, if not the folder of the file.
    #[arg(skip)]
    pub base: Option<PathBuf>,
}

/// The plan that was asked for, its data, and the numbers of the runs that `--only` allows.
pub struct Loaded {
    pub plan: Plan,
    pub work: Work,
    pub chosen: Vec<usize>,
    /// The results folder.
    pub dir: PathBuf,
}

impl PlanOptions {
    /// Reads the experiment and its data, and checks every cell.
    ///
    /// # Errors
    /// Whatever is wrong with the experiment, its data or `--only`.
    pub fn load(&self) -> Result<Loaded, SweepError> {
        let data_dir = self.data_dir.clone().or_else(environments_data_dir);
        let base = self.base.clone().unwrap_or_else(|| parent(&self.file));
        let (plan, work) =
            load::experiment(&self.file, &self.request().overrides(), &Places { data_dir, base }, FACTS)?;
        plan.notes.iter().for_each(|line| note(line));
        let chosen = select(&plan, &work, &self.only)?;
        let dir = self.out.clone().unwrap_or_else(|| Path::new("results").join(&plan.name));
        Ok(Loaded { plan, work, chosen, dir })
    }

    /// What a results folder keeps of these.
    pub fn request(&self) -> Request {
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        Request {
            set: self.set.clone(),
            seeds: self.seeds,
            fresh_seeds: self.fresh_seeds,
            base: self.base.clone().unwrap_or_else(|| parent(&absolute(&self.file))),
            data_dir: self.data_dir.as_deref().map(absolute),
        }
    }

    /// The words of a command line that asks for the same plan in the same folder.
    pub fn words(&self) -> Vec<String> {
        let mut words = vec![self.file.display().to_string()];
        let mut option = |name: &str, value: String| words.extend([name.into(), value]);
        self.set.iter().for_each(|change| option("--set", change.clone()));
        self.seeds.iter().for_each(|n| option("--seeds", n.to_string()));
        self.out.iter().for_each(|dir| option("--out", dir.display().to_string()));
        self.data_dir.iter().for_each(|dir| option("--data-dir", dir.display().to_string()));
        if self.fresh_seeds {
            words.push("--fresh-seeds".into());
        }
        words
    }

    /// The words of the command line that runs one run again and no other.
    pub fn again(&self, plan: &Plan, run: &PlannedRun) -> Vec<String> {
        let program = std::env::args_os().next().map_or("gradsweep".into(), |name| name.to_string_lossy().into_owned());
        let seed = format!("seed={}", run.spec.seeds.run);
        let only = plan.only_cell(run.cell).into_iter().chain([seed]).flat_map(|only| ["--only".into(), only]);
        [program, "sweep".into()].into_iter().chain(self.words()).chain(only).chain(["--retry-failed".into()]).collect()
    }
}

/// Where the environment says that downloaded data sets lie.
pub fn environments_data_dir() -> Option<PathBuf> {
    std::env::var_os("GRADSWEEP_DATA").map(PathBuf::from)
}

fn parent(path: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new("")).to_path_buf()
}

/// More seeds or jobs than this are a slip of the pen.
const MOST: u64 = 10_000;

/// A text that is not a number of things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("write a whole number from 1 to {MOST}")]
pub struct NoCount;

/// A number of things, at least one.
pub fn count(text: &str) -> Result<u64, NoCount> {
    text.parse().ok().filter(|n| (1..=MOST).contains(n)).ok_or(NoCount)
}
