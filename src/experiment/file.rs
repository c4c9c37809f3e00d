//! An experiment file as a whole: each of its sections read, nothing combined yet.

use super::asks::claim_spec::WrittenClaim;
use super::asks::compare::WrittenCompare;
use super::asks::figure_spec::WrittenFigure;
use super::figure_kind::FigureKind;
use super::keys::FILE;
use super::read::{
    Document, Entry, ExperimentError, Include, Leaf, Location, Patch, Record, Result, Selection, Source, Word,
    WrittenAxis, ablation, arms, bundles, points, selectors,
};
use super::settings::Registry;
use std::sync::Arc;

/// More run seeds than this are a slip of the pen.
pub(crate) const MOST_SEEDS: i64 = 10_000;

/// A grid of more runs is refused before it is built.
pub const MOST_RUNS: usize = 200_000;

/// An experiment as written.
#[derive(Clone, Debug)]
pub struct Experiment {
    pub(crate) source: Arc<Source>,
    pub(crate) name: Option<Word>,
    pub(crate) question: String,
    pub(crate) seeds: u64,
    pub(crate) first_seed: u64,
    pub(crate) seed: u64,
    /// How many runs the file says it has.
    pub(crate) expect_runs: Option<(u64, Location)>,
    pub(crate) base: Patch,
    /// In the order of the file.
    pub(crate) axes: Vec<WrittenAxis>,
    /// The centre of `[ablation]`.
    pub(crate) ablation: Option<Selection>,
    /// Each `[[exclude]]` drops the cells that match all its keys.
    pub(crate) excludes: Vec<Selection>,
    pub(crate) includes: Vec<Include>,
    pub(crate) record: Record,
    /// The kinds that there are of figures.
    pub(crate) kinds: Vec<&'static FigureKind>,
    pub(crate) figures: Vec<WrittenFigure>,
    /// Whether the default figures are drawn beside them.
    pub(crate) default_figures: bool,
    pub(crate) compare: Option<WrittenCompare>,
    pub(crate) claims: Vec<WrittenClaim>,
    /// Whether `--set` changed it.
    pub(crate) changed: bool,
}

impl Experiment {
    /// Reads the text of an experiment file; `file` is its name in messages, `kinds` are those of figures, usually
    /// [`FACTS`](crate::figure::kinds::FACTS).
    ///
    /// # Errors
    /// The first thing wrong with the text, whatever the text is.
    pub fn parse(text: &str, file: &str, kinds: &[&'static FigureKind]) -> Result<Experiment, ExperimentError> {
        let source = Source::new(file, text);
        let document = Document::parse(&source)?;
        let mut experiment = Experiment {
            source: source.clone(),
            name: None,
            question: String::new(),
            seeds: 1,
            first_seed: 1,
            seed: 0,
            expect_runs: None,
            base: Patch::default(),
            axes: Vec::new(),
            ablation: None,
            excludes: Vec::new(),
            includes: Vec::new(),
            record: Record::usual(),
            kinds: kinds.to_vec(),
            figures: Vec::new(),
            default_figures: false,
            compare: None,
            claims: Vec::new(),
            changed: false,
        };
        // An [[include]] may name axes that stand below it, so it is read last.
        let (includes, others): (Vec<Entry>, Vec<Entry>) =
            document.entries().into_iter().partition(|e| e.key == "include");
        others.iter().try_for_each(|entry| experiment.read(entry))?;
        experiment.axes.sort_by_key(|a| a.place.start());
        for entry in &includes {
            experiment.includes = entry.tables(|place, entries| Include::read(place, &entries, &experiment.axes))?;
        }
        Ok(experiment)
    }

    /// The same experiment with the figures of another one.
    pub fn with_figures_of(self, other: Experiment) -> Self {
        Experiment { figures: other.figures, default_figures: other.default_figures, ..self }
    }

    fn read(&mut self, entry: &Entry) -> Result<()> {
        match entry.key {
            "base" => {
                for e in entry.table()? {
                    points::patch(e.key, &e, &mut self.base)?;
                }
            }
            "axes" => {
                for e in entry.table()? {
                    points::walk(e.key, &e, &mut |leaf| {
                        if let Leaf::Set(key, e) = leaf {
                            self.axes.push(points::axis(key, e)?);
                        }
                        Ok(())
                    })?;
                }
            }
            "variants" => self.axes.push(bundles::variants(entry)?),
            "optimizer" => self.axes.push(arms::optimizers(entry)?),
            "zip" => {
                for e in entry.table()? {
                    self.axes.push(bundles::zip(&e)?);
                }
            }
            "ablation" => self.ablation = Some(ablation::read(entry)?),
            "exclude" => {
                self.excludes = entry.tables(|place, entries| match selectors(&entries)? {
                    keys if keys.is_empty() => {
                        let help = "name the cells to leave out, as in depth = 2, or delete this section";
                        place.fail("this [[exclude]] would leave out every cell", help)
                    }
                    keys => Ok(Selection { place, keys }),
                })?;
            }
            "figures" => {
                let help = "write figures = \"default\", and a [[figure]] for each of your own";
                match entry.text().as_deref() {
                    Ok("default") => self.default_figures = true,
                    _ => return entry.at.fail("`figures` can only be \"default\"", help),
                }
            }
            "figure" => {
                let kinds = &self.kinds;
                self.figures = entry.tables(|place, entries| WrittenFigure::read(place, entries, kinds))?;
            }
            "claim" => self.claims = entry.tables(WrittenClaim::read)?,
            "compare" => self.compare = Some(WrittenCompare::read(entry)?),
            _ if self.read_plain(entry)? => {}
            key => {
                let registry = Registry::get();
                if registry.find(key).is_some() || registry.is_family(key) {
                    let section = if entry.value.items().is_some() { "[axes]" } else { "[base]" };
                    let message = format!("`{key}` is not a key at the top of the file");
                    return entry.at.fail(message, format!("put it under {section}"));
                }
                return Err(entry.unknown("section", FILE.names()));
            }
        }
        Ok(())
    }

    /// The entries that the file and `--set` share; false if `entry` is none of them.
    pub(crate) fn read_plain(&mut self, entry: &Entry) -> Result<bool> {
        match entry.key {
            "name" => self.name = Some(entry.word()?),
            "question" => self.question = entry.text()?,
            "seeds" => self.seeds = entry.integer(1..MOST_SEEDS + 1)? as u64,
            "seed" => self.seed = entry.integer(0..i64::MAX)? as u64,
            "expect_runs" => {
                let runs = entry.integer(1..MOST_RUNS as i64 + 1)?;
                self.expect_runs = Some((runs as u64, entry.value.at.clone()));
            }
            "record" => self.record.read(&entry.table()?)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}
