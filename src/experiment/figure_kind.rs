//! What the reader of an experiment must know of a kind of figure, so that all mistakes are found before the first run.
//!
//! The kinds themselves stand with their drawings in `figure/kinds/`; [`Experiment::parse`](super::Experiment::parse) gets them
//! handed in.

use crate::columns::{self, Column, Measured};
use crate::plan_file::Scale;
use crate::plan_file::claim::{ClaimSpec, Metric};
use crate::plan_file::figure::FigureSpec;
use std::fmt;

pub use super::asks::figure_defaults::{Defaults, Roles};

/// What can be asked of a kind of figure.
#[derive(Clone, Copy)]
pub struct FigureKind {
    /// Its word in the file.
    pub word: &'static str,
    /// What it shows.
    pub help: &'static str,
    pub x: AlongX,
    pub color: ColorBy,
    /// Whether the first or the last step can be chosen.
    pub takes_step: bool,
    pub tune: Tune,
    pub over: Over,
    pub cells: CellsShown,
    /// The columns it can draw; none where it has but one measurement.
    pub columns: fn() -> Vec<&'static str>,
    /// The one it draws where none is named; `None` for the one that settings are chosen by.
    pub metric: Option<&'static str>,
    /// The axes that stand along x by their values unless another scale is chosen, however their labels are spread.
    pub by_value: &'static [&'static str],
    /// The scales that can be chosen for x.
    pub x_scales: &'static [Scale],
    /// Whether `x_limits` can be chosen.
    pub x_limits: bool,
    /// Whether its measurement can be put on a logarithmic or a linear `scale`, and between `limits`.
    pub scales: bool,
    pub limits: bool,
    /// Which of `x_title`, `reference`, `epochs`, `averaged` and `axes` it has.
    pub options: &'static [&'static str],
    /// Whether all it shows is measured before the first update, so that nothing which only acts on training can touch it.
    pub of_init: fn(&FigureSpec) -> bool,
    pub theory: Predicts,
    /// The key of `[record]` that asks for the table it is drawn from, where that is not always written, and what this holds.
    pub recorded: Option<(&'static str, &'static str)>,
    /// Whether it is drawn from what `history.csv` holds, or what follows from it.
    pub history: bool,
    /// Whether many arms get a panel each, with the others in grey.
    pub multiples: bool,
    /// Whether it shows what a claim is about.
    pub shows: fn(&FigureSpec, &Metric) -> Shows,
    /// The figure of this kind that is drawn of networks if the file asks for none.
    pub default: fn(&Defaults) -> Option<FigureSpec>,
    /// The same of test functions.
    pub default_of_functions: fn(&Defaults) -> Option<FigureSpec>,
}

/// What goes along x.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlongX {
    /// Something of its own: steps, layers.
    Own,
    /// An axis of the experiment, this one if none is named.
    Axis(&'static str),
    /// The same, with numbers alone.
    Numbers(&'static str),
    /// Two axes that are named: `x`, and `y` upwards.
    TwoAxes,
    /// These two axes of numbers, the second upwards.
    Plane([&'static str; 2]),
}

/// The scales of training steps.
pub const STEP_SCALES: &[Scale] = &[Scale::Log, Scale::Linear];
/// The scales of the labels of an axis.
pub const AXIS_SCALES: &[Scale] = &[Scale::Log, Scale::Linear, Scale::Category];

/// Whether an axis of the experiment can be its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColorBy {
    /// No: the colour is the measurement or the layer.
    Taken,
    Free,
    Required,
}

/// What it does with the axes under `tune`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tune {
    /// Shows them at their best label.
    Best,
    /// They are the tries that it is about.
    Tries,
}

/// What it does with the axes under `over`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Takes the median within a seed.
    Pooled,
    /// Each of their combinations is a problem of its own.
    Problems,
    /// Has none.
    Never,
}

/// The cells it can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellsShown {
    All,
    /// Those of networks, which have layers.
    Layers,
    /// Test functions of one or two variables, one a panel.
    Planes,
}

/// What theory says in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Predicts {
    Nothing,
    /// Predicts these columns, the first of them where none is named.
    Columns(&'static [&'static str]),
    /// Up to which depth nets can be trained, along an axis that is the depth.
    DepthScale,
    /// All that it shows, whether `theory` is written or not.
    All,
}

/// What the figures of a plan draw of theory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FigureTheory {
    /// Any prediction, layer by layer.
    pub layers: bool,
    /// Up to which depth nets can be trained.
    pub depth_scale: bool,
}

impl FigureTheory {
    pub(crate) fn of(figures: &[FigureSpec], kinds: &[&'static FigureKind]) -> Self {
        let theory = |figure: &FigureSpec| FigureKind::of(kinds, &figure.kind).map(|kind| kind.theory);
        FigureTheory {
            layers: figures.iter().any(|figure| figure.theory || theory(figure) == Some(Predicts::All)),
            depth_scale: figures.iter().any(|figure| figure.theory && theory(figure) == Some(Predicts::DepthScale)),
        }
    }
}

/// How much a figure shows of what a claim is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    Metric,
    /// The losses that reach a target or do not.
    Related,
    Nothing,
}

impl FigureKind {
    /// A kind that draws one measurement of all cells against something of its own; what differs is said by each kind.
    pub const fn new(word: &'static str) -> Self {
        FigureKind {
            word,
            help: "",
            x: AlongX::Own,
            color: ColorBy::Free,
            takes_step: true,
            tune: Tune::Best,
            over: Over::Pooled,
            cells: CellsShown::All,
            columns: Vec::new,
            metric: None,
            by_value: &[],
            x_scales: &[],
            x_limits: false,
            scales: false,
            limits: false,
            options: &[],
            of_init: |_| false,
            theory: Predicts::Nothing,
            recorded: None,
            history: false,
            multiples: false,
            shows: |_, _| Shows::Nothing,
            default: |_| None,
            default_of_functions: |_| None,
        }
    }

    /// The axis along x if none is named.
    pub fn default_x(&self) -> Option<&'static str> {
        match self.x {
            AlongX::Axis(axis) | AlongX::Numbers(axis) => Some(axis),
            AlongX::Own | AlongX::TwoAxes | AlongX::Plane(_) => None,
        }
    }

    /// The kind of this word.
    pub fn of(kinds: &[&'static FigureKind], word: &str) -> Option<&'static FigureKind> {
        kinds.iter().copied().find(|kind| kind.word == word)
    }

    /// How near a figure is to what the claim is about: 0 if it shows the metric of all of its runs, 1 of some, 2 where it shows
    /// the losses that reach a target or do not; `None` if it shows something else or other runs.
    pub fn nearness(&self, figure: &FigureSpec, claim: &ClaimSpec) -> Option<u8> {
        let among = |how: fn(&[String], &[String]) -> bool| {
            figure.filter.iter().all(|(axis, shown)| claim.filter.get(axis).is_none_or(|own| how(own, shown)))
        };
        let some = among(|own, shown| own.iter().any(|label| shown.contains(label)));
        // An axis that the claim does not name is one whose labels it is all about.
        let all = among(|own, shown| own.iter().all(|label| shown.contains(label)))
            && figure.filter.keys().all(|axis| claim.filter.contains_key(axis));
        match (self.shows)(figure, &claim.metric) {
            _ if !some => None,
            Shows::Metric => Some(u8::from(!all)),
            Shows::Related => Some(2),
            Shows::Nothing => None,
        }
    }
}

impl fmt::Debug for FigureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FigureKind({})", self.word)
    }
}

/// Kinds are told apart by their words.
impl PartialEq for FigureKind {
    fn eq(&self, other: &Self) -> bool {
        self.word == other.word
    }
}

impl Shows {
    /// Whether a figure draws this column: the one it names, or else one of its usual ones.
    pub fn column(figure: &FigureSpec, usual: &[&str], column: &str) -> Self {
        Shows::if_true(figure.metric.as_ref().map_or(usual.contains(&column), |metric| metric == column))
    }

    /// Whether a figure of how runs end draws what a claim is about.
    pub fn ending(figure: &FigureSpec, metric: &Metric) -> Self {
        match metric {
            Metric::Run(column) => Shows::column(figure, &["train_loss"], column),
            _ => Shows::Nothing,
        }
    }

    pub fn if_true(shown: bool) -> Self {
        if shown { Shows::Metric } else { Shows::Nothing }
    }
}

/// The names of the measurements of a table.
pub fn column_names(table: &'static [Column]) -> Vec<&'static str> {
    columns::measurements(table).map(|column| column.name).collect()
}

/// Whether an outcome is measured at the step that a figure of one step shows.
pub fn is_of_step(figure: &FigureSpec, column: &Column) -> bool {
    (column.measured == Measured::Init) != figure.is_at_end()
}

/// Whether the column that a figure names is measured before the first update.
pub fn is_of_init(figure: &FigureSpec) -> bool {
    let column = figure.metric.as_deref().and_then(columns::outcome);
    column.is_some_and(|column| column.measured == Measured::Init)
}
