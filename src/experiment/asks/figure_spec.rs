//! A `[[figure]]` as it is written in an experiment.

use super::cells::Role;
use super::figure_drawing;
use super::figure_reference::WrittenReference;
use crate::experiment::figure_kind::{AlongX, CellsShown, ColorBy, FigureKind, Over, Predicts};
use crate::experiment::keys::FIGURE;
use crate::experiment::nearest;
use crate::experiment::read::{Entry, Fields, Location, Result, Selector};
use crate::plan_file::figure::FigureSpec;

/// A `[[figure]]` with its places, not yet held against the axes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WrittenFigure {
    pub place: Location,
    pub kind: &'static FigureKind,
    /// All that does not depend on the axes.
    pub spec: FigureSpec,
    /// Where its name stands, or else the figure.
    pub name_at: Location,
    pub roles: Vec<Role>,
    pub filter: Vec<Selector>,
    pub order: Vec<Selector>,
    /// What is said of single labels, by `axis.label`.
    pub rename: Vec<Selector>,
    pub colors: Vec<Selector>,
    pub references: Vec<WrittenReference>,
}

/// The kind that draws any column of layers.csv.
const LINES: &str = "layer_lines";

impl WrittenFigure {
    /// Reads one `[[figure]]` of one of these kinds.
    pub fn read(place: Location, entries: Vec<Entry>, kinds: &[&'static FigureKind]) -> Result<Self> {
        let fields = Fields::new(&FIGURE, place, entries)?;
        let words = || kinds.iter().map(|k| k.word);
        let help = format!("write kind = \"...\": {}", words().collect::<Vec<_>>().join(", "));
        let (word, at) = fields.need("kind", &help)?.word()?;
        let of_word = FigureKind::of(kinds, &word);
        // The name of a column of layers.csv stands for its lines over the steps.
        let lines = || kinds.iter().copied().find(|k| k.word == LINES && (k.columns)().contains(&word.as_str()));
        let Some(kind) = of_word.or_else(lines) else {
            return at.fail(format!("there is no kind of figure \"{word}\""), nearest::suggest(&word, words()));
        };
        let column = of_word.is_none().then_some(word);
        ["metric", "step", "x", "y", "color", "over"].into_iter().try_for_each(|key| choosable(&fields, kind, key))?;
        let text = |key| fields.read(key, Entry::text);
        let of_figure = " of this figure";
        let spec = FigureSpec {
            name: text("name")?.or_else(|| column.clone()),
            title: text("title")?,
            metric: fields.read("metric", |e| e.one_of((kind.columns)(), of_figure))?.or(column),
            step: fields.read("step", |e| e.one_of(["first", "last"], of_figure))?,
            theory: fields.read("theory", Entry::flag)?.unwrap_or(false),
            ..FigureSpec::new(kind.word)
        };
        let (spec, references) = figure_drawing::read(&fields, kind, spec)?;
        let mut roles = Vec::new();
        let (one, several): (&[&str], &[&str]) = match kind.x {
            AlongX::TwoAxes => (&["y", "color"], &["x", "facet", "over", "tune"]),
            _ => (&["x", "y", "color"], &["facet", "over", "tune"]),
        };
        for key in one.iter().copied() {
            roles.extend(Role::each(key, fields.read(key, Entry::word)?));
        }
        for key in several.iter().copied() {
            roles.extend(Role::each(key, fields.words(key)?));
        }
        if spec.theory {
            predicted((kind, kinds), &spec, &roles, &fields)?;
        }
        let name_at = fields.get("name").map_or(&fields.place, |e| &e.value.at).clone();
        let filter = fields.selectors("where")?;
        let [order, rename, colors] = ["order", "rename", "colors"].map(|key| fields.selectors(key));
        let (order, rename, colors) = (order?, rename?, colors?);
        let place = fields.place;
        Ok(WrittenFigure { place, kind, spec, name_at, roles, filter, order, rename, colors, references })
    }
}

/// Checks that a figure of this kind has what the key chooses, if the key is there.
fn choosable(fields: &Fields, kind: &FigureKind, key: &str) -> Result<()> {
    let Some(entry) = fields.get(key) else { return Ok(()) };
    let has = match key {
        "metric" => !(kind.columns)().is_empty(),
        "step" => kind.takes_step,
        "x" => !matches!(kind.x, AlongX::Own | AlongX::Plane(_)),
        "y" => kind.x == AlongX::TwoAxes,
        "color" => kind.color != ColorBy::Taken,
        _ => kind.over != Over::Never,
    };
    if has {
        return Ok(());
    }
    let help = match key {
        "metric" | "step" if kind.cells == CellsShown::Planes => "delete the line: every recorded step is drawn",
        "metric" | "step" => "delete the line",
        "over" => "paths cannot be averaged: fix the axis with `where`, or draw a panel for each label with `facet`",
        _ => "use `facet` for one panel per label, or `where` to fix it",
    };
    entry.at.fail(format!("a figure of kind {} has no key `{key}`", kind.word), help)
}

/// Checks that theory speaks of what this figure shows.
fn predicted(
    (kind, kinds): (&FigureKind, &[&'static FigureKind]),
    spec: &FigureSpec,
    roles: &[Role],
    fields: &Fields,
) -> Result<()> {
    let at = |key: &str| fields.get(key).map_or(&fields.place, |e| &e.at);
    let known = match kind.theory {
        Predicts::Columns(known) => known,
        // Six depth scales, whatever the colour shows.
        Predicts::DepthScale if roles.iter().any(|role| ["x", "y"].contains(&role.key) && role.axis == "depth") => {
            return Ok(());
        }
        Predicts::DepthScale => {
            let word = kind.word.replace('_', " ");
            let message = format!(
                "`theory` draws the depth up to which nets can be trained, but no axis of this {word} is the depth"
            );
            return at("theory").fail(message, "write x = \"depth\" or y = \"depth\", or delete `theory`");
        }
        Predicts::All => {
            return at("theory").fail(format!("a {} always shows theory", kind.word), "delete the line");
        }
        Predicts::Nothing => {
            let speaks = |kind: &&&FigureKind| matches!(kind.theory, Predicts::Columns(_) | Predicts::DepthScale);
            let kinds = kinds.iter().filter(speaks).map(|kind| kind.word);
            let help = format!("delete the line, or draw one of {}", kinds.collect::<Vec<_>>().join(", "));
            return at("theory").fail(format!("there is no prediction for a figure of kind {}", kind.word), help);
        }
    };
    match &spec.metric {
        Some(metric) if !known.contains(&metric.as_str()) => {
            let help = format!("choose one of {}, or delete `theory`", known.join(", "));
            at("metric").fail(format!("there is no prediction for `{metric}`"), help)
        }
        _ => Ok(()),
    }
}
