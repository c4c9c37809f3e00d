//! Which runs a figure shows and how they fall into panels, colours and places, with nothing averaged unless the file asks for it.

use super::FigureError;
use super::names;
use super::ruler::Ruler;
use super::scene::Color;
use super::style::Look;
use super::text;
use crate::columns::{self, Column, Quantity};
use crate::experiment::figure_kind::{AlongX, FigureKind, Tune};
use crate::fading::{self, Fading};
use crate::plan_file::figure::FigureSpec;
use crate::plan_file::{Axis, PlanCell, PlanFile, Scale, unlike};
use crate::record::Status;
use crate::results::choice::Choice;
use crate::results::{Results, Run};
use crate::stats::{Spread, median_by, spread};
use crate::table::significant;
use std::collections::{BTreeMap, BTreeSet};

/// An axis of the plan as one figure uses it: its place in the plan and the labels that are left.
#[derive(Clone, Debug)]
pub struct Used<'a> {
    pub index: usize,
    pub axis: &'a Axis,
    /// Indices into the axis' labels, in its order.
    pub labels: Vec<usize>,
}

/// Axes whose labels say what they are without the axis' name.
const SPEAKING: &[&str] = &["variant", "activation", "optimizer", "data"];

/// A label as people read it: the points of a range in three digits, where these tell them apart.
pub fn shown_label(axis: &Axis, label: usize) -> String {
    if let Some(shown) = axis.shown.get(label) {
        return shown.text.clone();
    }
    let short = |label: &String, digits: usize| match label.parse::<f64>() {
        Ok(x) if label.len() > 8 => significant(x, digits),
        _ => label.clone(),
    };
    let labels = &axis.labels;
    let all = |digits: usize| labels.iter().map(|label| short(label, digits)).collect::<BTreeSet<_>>();
    // Two ranges may meet in a point up to rounding, which is one point to a reader.
    text::shown(&if all(3).len() == all(9).len() { short(&labels[label], 3) } else { labels[label].clone() })
}

/// The heading of a panel; empty where no axis makes panels.
pub fn heading(used: &Option<Used>, label: usize) -> String {
    used.as_ref().map_or(String::new(), |u| u.heading(label))
}

impl Used<'_> {
    /// The label, with the axis' name where the bare label would not say what it is.
    pub fn heading(&self, label: usize) -> String {
        let text = self.shown(label);
        let speaks = SPEAKING.contains(&self.axis.name.as_str()) && text.parse::<f64>().is_err();
        if speaks { text } else { format!("{} = {text}", names::axis(&self.axis.name)) }
    }

    /// The label as people read it.
    pub fn shown(&self, label: usize) -> String {
        shown_label(self.axis, label)
    }

    /// How the label's series looks in every figure of this plan.
    pub fn look(&self, label: usize) -> Look {
        let shown = self.axis.shown.get(label);
        let look = Look::of(shown.map_or(label, |shown| shown.place), self.axis.labels.len(), self.ordered());
        let color = shown.and_then(|shown| shown.color).map(|[r, g, b]| Color(r, g, b));
        Look { color: color.unwrap_or(look.color), ..look }
    }

    pub fn ordered(&self) -> bool {
        self.axis.scale != Scale::Category
    }
}

/// Where a group of runs belongs; 0 stands for an axis the figure does not use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupKey {
    pub row: usize,
    pub column: usize,
    pub color: usize,
    pub x: usize,
}

impl GroupKey {
    /// The first panel of a figure, as those are addressed: by row and column alone.
    pub const PANEL: GroupKey = GroupKey { row: 0, column: 0, color: 0, x: 0 };

    /// The same for all colours.
    pub fn without_color(self) -> GroupKey {
        GroupKey { color: 0, ..self }
    }

    /// The same for all places along x.
    pub fn without_x(self) -> GroupKey {
        GroupKey { x: 0, ..self }
    }

    /// The panel that it lies in.
    pub fn panel(self) -> GroupKey {
        self.without_color().without_x()
    }

    /// Whether it lies in the panel of another.
    pub fn is_in(self, panel: GroupKey) -> bool {
        self.panel() == panel.panel()
    }
}

/// The runs of one figure.
pub struct Selection<'a> {
    pub results: &'a Results,
    pub spec: &'a FigureSpec,
    pub kind: &'static FigureKind,
    pub row: Option<Used<'a>>,
    pub column: Option<Used<'a>>,
    pub color: Option<Used<'a>>,
    pub x: Option<Used<'a>>,
    /// All selected runs, whatever became of them.
    pub runs: Vec<usize>,
    /// Runs the plan holds for this selection; `None` where `where` names a plain setting.
    pub planned: Option<usize>,
    /// Axes held at one of several labels, as `name label`.
    pub fixed: Vec<String>,
    /// How the labels of tuned axes were chosen, if some were.
    pub choice: Option<Choice>,
}

impl<'a> Selection<'a> {
    /// Checks the spec against the plan and picks the runs.
    ///
    /// # Errors
    /// An unknown axis or label, or an axis that is neither fixed, used nor pooled, by name.
    pub fn new(results: &'a Results, spec: &'a FigureSpec, kind: &'static FigureKind) -> Result<Self, FigureError> {
        let plan = &results.plan;
        let axis = |name: &String| {
            plan.axes.iter().position(|a| a.name == *name).ok_or_else(|| {
                let names = plan.axes.iter().map(|a| a.name.as_str()).collect::<Vec<_>>().join(", ");
                FigureError::Selection(format!("this experiment has no axis \"{name}\"; its axes are {names}"))
            })
        };
        for (name, labels) in &spec.filter {
            check_filter(results, name, labels)?;
        }
        let kept: Vec<Vec<usize>> = plan.axes.iter().map(|axis| kept_labels(plan, axis, spec)).collect();
        let used = |name: &String| {
            let index = axis(name)?;
            Ok::<_, FigureError>(Used { index, axis: &plan.axes[index], labels: kept[index].clone() })
        };
        let (row, column) = match &spec.facet[..] {
            [] => (None, None),
            [column] => (None, Some(used(column)?)),
            [row, column] => (Some(used(row)?), Some(used(column)?)),
            more => {
                return Err(FigureError::Selection(format!(
                    "`facet` names {} axes, but a page has only rows and columns: name two, and fix the others with \
                        `where`",
                    more.len()
                )));
            }
        };
        // What one panel distinguishes beside x: by colour, or in a heat map by height.
        let color = spec.color.as_ref().or(spec.y.as_ref()).map(used).transpose()?;
        let along = spec.x.as_ref().filter(|_| kind.x != AlongX::Own);
        let x = along.map(used).transpose()?;
        for name in spec.over.iter().chain(&spec.tune) {
            axis(name)?;
        }
        let (runs, planned, fixed, choice) = (Vec::new(), None, Vec::new(), None);
        let selection = Selection { results, spec, kind, row, column, color, x, runs, planned, fixed, choice };
        selection.check_axes(&kept)?;
        let fixed = selection.fixed(&kept);
        Ok(Selection { fixed, ..selection }.with_runs())
    }

    /// How many parts of the figure an axis is used for.
    fn uses(&self, index: usize) -> usize {
        let shown = [&self.row, &self.column, &self.color, &self.x];
        shown.into_iter().flatten().filter(|used| used.index == index).count()
    }

    /// Checks that no axis is used twice, and none of several labels not at all.
    fn check_axes(&self, kept: &[Vec<usize>]) -> Result<(), FigureError> {
        let spec = self.spec;
        for (i, a) in self.results.plan.axes.iter().enumerate() {
            if self.uses(i) > 1 {
                return Err(FigureError::Selection(format!(
                    "axis \"{}\" is used twice; give each of facet, color and x its own",
                    a.name
                )));
            }
            let is_along = spec.maps.iter().any(|map| map.x == a.name);
            let is_open =
                self.uses(i) == 0 && !is_along && !spec.over.contains(&a.name) && !spec.tune.contains(&a.name);
            if is_open && kept[i].len() > 1 {
                return Err(FigureError::Selection(format!(
                    "axis \"{name}\" has {} values here, but is neither fixed, drawn nor pooled; write where = {{ {name} = \"{}\" }}, \
                     facet = [\"{name}\"], color = \"{name}\" or over = [\"{name}\"]",
                    kept[i].len(),
                    a.labels[kept[i][0]],
                    name = a.name
                )));
            }
        }
        Ok(())
    }

    /// The axes of which one label of several is left, as `name label`.
    fn fixed(&self, kept: &[Vec<usize>]) -> Vec<String> {
        // The function, or that there is none, is said with the data.
        let is_fixed = |i: usize, a: &Axis| {
            a.name != "function"
                && a.labels.len() > 1
                && kept[i].len() == 1
                && !self.spec.tune.contains(&a.name)
                && self.uses(i) == 0
        };
        let axes = self.results.plan.axes.iter().enumerate().filter(|(i, a)| is_fixed(*i, a));
        axes.map(|(i, a)| format!("{} {}", names::axis(&a.name), a.labels[kept[i][0]])).collect()
    }

    /// The same with its runs: those that its `where` leaves, of tuned axes those at their best label.
    fn with_runs(self) -> Self {
        let Selection { results, spec, .. } = self;
        let plan = &results.plan;
        let runs = self.candidates().collect::<Vec<_>>();
        let chosen: &[String] = if self.kind.tune == Tune::Best { &spec.tune } else { &[] };
        let choice = (!chosen.is_empty()).then(|| results.choice());
        let runs = if let Some(choice) = &choice { tuned(results, &runs, chosen, choice) } else { runs };
        let on_axes = spec.filter.keys().all(|name| plan.axes.iter().any(|a| a.name == *name));
        let cells = plan.cells.iter().filter(|cell| cell.is_in(&spec.filter));
        // Of the labels of a tuned axis one is left.
        let of_cell = |cell: &'a PlanCell| -> Vec<(&String, &String)> {
            cell.labels.iter().filter(|(axis, _)| !chosen.contains(axis)).collect()
        };
        let cells: BTreeSet<_> = cells.map(of_cell).collect();
        let seeds = choice.as_ref().map_or(plan.seeds.len(), |c| c.report_seeds.len());
        let planned = on_axes.then(|| cells.len() * seeds);
        Selection { runs, planned, choice, ..self }
    }

    /// The runs that `where` leaves, those of settings that were not chosen and of seeds that only choose among them.
    pub fn candidates(&self) -> impl Iterator<Item = usize> {
        (0..self.results.runs.len()).filter(|run| matches(self.results, self.run(*run), self.spec))
    }

    /// The selected run behind an index.
    pub fn run(&self, index: usize) -> &'a Run {
        &self.results.runs[index]
    }

    /// Where a run belongs.
    pub fn key(&self, run: usize) -> GroupKey {
        let place = |used: &Option<Used>| used.as_ref().map_or(0, |u| self.run(run).labels[u.index]);
        GroupKey { row: place(&self.row), column: place(&self.column), color: place(&self.color), x: place(&self.x) }
    }

    /// The labels of a run on those of the plan's axes that are among `names`.
    pub fn labels_on(&self, run: usize, names: &[String]) -> Vec<usize> {
        let labels = self.results.plan.axes.iter().zip(&self.run(run).labels);
        labels.filter(|(axis, _)| names.contains(&axis.name)).map(|(_, label)| *label).collect()
    }

    /// The labels that make rows of panels; a single 0 without an axis, as in the next ones.
    pub fn rows(&self) -> Vec<usize> {
        Selection::labels(&self.row)
    }

    /// The labels that make columns of panels.
    pub fn columns(&self) -> Vec<usize> {
        Selection::labels(&self.column)
    }

    /// The labels that have a colour.
    pub fn colors(&self) -> Vec<usize> {
        Selection::labels(&self.color)
    }

    /// The labels along one part of the figure; a single 0 where no axis is used.
    pub fn labels(used: &Option<Used>) -> Vec<usize> {
        used.as_ref().map_or(vec![0], |u| u.labels.clone())
    }

    /// Whether each panel shows the lines of the others in grey: where panels are not told apart by colours.
    pub fn has_context(&self) -> bool {
        self.kind.multiples && self.color.is_none() && self.column.as_ref().is_some_and(|used| used.labels.len() > 1)
    }

    /// Whether this column, a loss or the steps to one, is no common measure of its runs, whose data or kinds of loss differ.
    pub fn is_unlike(&self, column: &Column) -> bool {
        let cells: BTreeSet<&Vec<usize>> = self.runs.iter().map(|run| &self.run(*run).labels).collect();
        let is_shown = |cell: &&PlanCell| cells.contains(&self.results.plan.place(cell));
        (column.quantity == Quantity::Loss || column.missing_is_worst())
            && unlike(self.results.plan.cells.iter().filter(is_shown)).is_some()
    }

    /// What a colour stands for.
    pub fn color_name(&self, color: usize) -> String {
        self.color.as_ref().map_or("all runs".into(), |u| u.shown(color))
    }

    /// What several colours that are equal stand for.
    pub fn joined(&self, colors: &[usize]) -> String {
        colors.iter().map(|color| self.color_name(*color)).collect::<Vec<_>>().join(" = ")
    }

    /// Each colour by itself.
    pub fn each_color(&self) -> Vec<Vec<usize>> {
        self.colors().into_iter().map(|color| vec![color]).collect()
    }

    /// What the colours are the labels of; empty where there are none.
    pub fn legend_heading(&self) -> String {
        self.color.as_ref().map_or(String::new(), |u| names::axis(&u.axis.name))
    }

    /// What tells a group from the others of its figure, as headings and legend name it; empty for the only one.
    pub fn group_name(&self, key: &GroupKey) -> String {
        self.headings(key).join(", ")
    }

    /// The same of several colours that are drawn as one line.
    pub fn place_of(&self, key: &GroupKey, colors: &[usize]) -> String {
        let color = match colors {
            [_, _, _, _, ..] => format!("{} and {} equal to it", self.color_name(key.color), colors.len() - 1),
            [_, _, ..] => self.joined(colors),
            _ => return self.group_name(key),
        };
        let mut parts = named(&[(&self.row, key.row), (&self.column, key.column)]);
        parts.push(color);
        parts.extend(named(&[(&self.x, key.x)]));
        parts.join(", ")
    }

    /// The same with a place within the group: `tanh, layer 3`.
    pub fn group_name_with(&self, key: &GroupKey, within: String) -> String {
        [self.headings(key), vec![within]].concat().join(", ")
    }

    fn headings(&self, key: &GroupKey) -> Vec<String> {
        named(&[(&self.row, key.row), (&self.column, key.column), (&self.color, key.color), (&self.x, key.x)])
    }

    /// What a panel is headed with.
    pub fn panel_name(&self, row: usize, column: usize) -> String {
        named(&[(&self.row, row), (&self.column, column)]).join(", ")
    }

    /// What tells a panel, and a place along its x, from the others.
    pub fn panel_label(&self, key: &GroupKey) -> String {
        named(&[(&self.row, key.row), (&self.column, key.column), (&self.x, key.x)]).join(", ")
    }

    /// The column that the figure names or its kind has, on the scale that it asks for.
    ///
    /// # Errors
    /// A name that no column has.
    pub fn measurement(&self) -> Result<&'static Column, FigureError> {
        // Imported runs may have another loss than the usual one.
        let is_lacking = |name: &str| {
            let is_loss = columns::outcome(name).is_some_and(|column| column.quantity == Quantity::Loss);
            is_loss && self.results.runs.iter().all(|run| run.value(name).is_none())
        };
        self.measurement_or(|| match self.kind.metric {
            Some(name) if is_lacking(name) => self.results.reported(None),
            Some(name) => name.into(),
            None => self.results.choice().metric,
        })
    }

    /// The same for a kind whose usual column depends on the results.
    ///
    /// # Errors
    /// A name that no column has.
    pub fn measurement_or(&self, usual: impl FnOnce() -> String) -> Result<&'static Column, FigureError> {
        let name = self.spec.metric.clone().unwrap_or_else(usual);
        let column = columns::measurement(&name);
        let column = column.ok_or_else(|| FigureError::Selection(format!("there is no column \"{name}\"")))?;
        Ok(self.spec.scale.map_or(column, |scale| column.on_scale(scale == Scale::Log)))
    }

    /// A ruler of layers, or of time steps, between the limits that the figure asks for along x.
    pub fn limited_along_x(&self, ruler: Ruler, width: f64) -> Ruler {
        self.spec.x_limits.map_or(ruler.clone(), |limits| ruler.between(limits, width).of_whole_numbers())
    }

    /// The ruler of that column between the limits that the figure asks for, in a panel so many points high.
    pub fn limited(&self, ruler: Ruler, height: f64) -> Ruler {
        self.spec.limits.map_or(ruler.clone(), |limits| ruler.between(limits, height))
    }

    /// What a panel says that shows nothing.
    pub fn nothing_in(&self, panel: GroupKey) -> &'static str {
        if self.runs.iter().any(|run| self.key(*run).is_in(panel)) { "no layers to show" } else { "no runs" }
    }

    /// Why there is nothing to draw, where no run has a usable number.
    pub fn nothing_to_draw(&self, what: &str) -> FigureError {
        let (runs, failed, diverged) = (self.runs.len(), self.count(Status::Failed), self.count(Status::Diverged));
        FigureError::Nothing(match runs {
            0 => "no run of this figure's selection has ended yet".into(),
            1 => format!("none of its runs has {what} (1 run, {failed} failed, {diverged} diverged)"),
            _ => format!("none of its {runs} runs has {what} ({failed} failed, {diverged} diverged)"),
        })
    }

    /// The same where none has a finite number in this column.
    pub fn no_finite(&self, column: &Column) -> FigureError {
        self.nothing_to_draw(&format!("a finite {}", column.name))
    }

    /// Whether it shows nets that read one time step after the other.
    pub fn has_time(&self) -> bool {
        self.runs.iter().any(|run| self.run(*run).has_time())
    }

    pub fn look(&self, color: usize) -> Look {
        self.color.as_ref().map_or(Look::ONLY, |u| u.look(color))
    }

    /// Whether fading is told by the norm of the gradient: layers of the nets differ in size.
    pub fn is_by_norm(&self) -> bool {
        self.runs.iter().any(|run| self.run(*run).sizes_differ())
    }

    /// The column of `layers.csv` by which the gradients of layers compare.
    pub fn stream(&self) -> &'static str {
        if self.is_by_norm() { columns::STREAM_NORM.name } else { "stream_rms" }
    }

    /// What fading per layer is told by, at the end of training or before it.
    pub fn attenuation(&self, at_end: bool) -> &'static Column {
        columns::known(match (self.is_by_norm(), at_end) {
            (false, false) => "attenuation_init",
            (false, true) => "attenuation_end",
            (true, false) => "attenuation_norm_init",
            (true, true) => "attenuation_norm_end",
        })
    }

    /// How many of the selected runs have ended so.
    pub fn count(&self, status: Status) -> usize {
        self.runs.iter().filter(|r| self.run(**r).status == status).count()
    }

    /// Values by group and seed. What is pooled by `over` within a seed becomes its median, so that N counts seeds.
    /// It is a `geometric` one of what spreads over decades.
    pub fn by_seed(
        &self,
        values: impl Iterator<Item = (usize, f64)>,
        geometric: bool,
    ) -> BTreeMap<GroupKey, BTreeMap<u64, f64>> {
        let mut pooled: BTreeMap<GroupKey, BTreeMap<u64, Vec<f64>>> = BTreeMap::new();
        for (run, value) in values {
            pooled.entry(self.key(run)).or_default().entry(self.run(run).seed).or_default().push(value);
        }
        let median = |values: Vec<f64>| median_by(geometric)(&values).unwrap_or(f64::NAN);
        let medians = |seeds: BTreeMap<u64, Vec<f64>>| seeds.into_iter().map(|(seed, v)| (seed, median(v))).collect();
        pooled.into_iter().map(|(key, seeds)| (key, medians(seeds))).collect()
    }

    /// Fadings by group over the seeds, what is pooled by `over` within a seed first.
    pub fn fadings(&self, values: impl Iterator<Item = (usize, Fading)>) -> BTreeMap<GroupKey, fading::Summary> {
        let mut pooled: BTreeMap<GroupKey, BTreeMap<u64, Vec<Fading>>> = BTreeMap::new();
        for (run, value) in values {
            pooled.entry(self.key(run)).or_default().entry(self.run(run).seed).or_default().push(value);
        }
        let median = |values: &Vec<Fading>| Some(fading::Summary::of(values)?.median);
        let over_seeds = |(key, seeds): (GroupKey, BTreeMap<u64, Vec<Fading>>)| {
            Some((key, fading::Summary::of(&seeds.values().filter_map(median).collect::<Vec<_>>())?))
        };
        pooled.into_iter().filter_map(over_seeds).collect()
    }

    /// The fadings of all runs by group.
    pub fn fadings_of(&self, column: &Column) -> BTreeMap<GroupKey, fading::Summary> {
        self.fadings(self.runs.iter().filter_map(|run| Some((*run, self.run(*run).fading(column)?))))
    }

    /// How many seeds the groups have, as a caption says it: `5 seeds` or `4 to 5 seeds`.
    pub fn seeds(&self) -> String {
        let mut groups: BTreeMap<GroupKey, BTreeSet<u64>> = BTreeMap::new();
        for run in self.runs.iter().filter(|r| !self.run(**r).failed()) {
            groups.entry(self.key(*run)).or_default().insert(self.run(*run).seed);
        }
        let counts: BTreeSet<usize> = groups.values().map(BTreeSet::len).collect();
        match (counts.first(), counts.last()) {
            (Some(1), Some(1)) => "1 seed".into(),
            (Some(low), Some(high)) if low < high => format!("{low} to {high} seeds"),
            (_, high) => format!("{} seeds", high.unwrap_or(&0)),
        }
    }
}

/// The headings of the axes of which several labels are shown.
fn named(used: &[(&Option<Used>, usize)]) -> Vec<String> {
    let several = |used: &&(&Option<Used>, usize)| used.0.as_ref().is_some_and(|used| used.labels.len() > 1);
    used.iter().filter(several).map(|(used, label)| heading(used, *label)).collect()
}

/// Median and range over the seeds of a group, of the values as they were measured and only then on the scale that the column
/// is drawn on; NaN (not finite where it had to be) is left out and counted by the caller.
pub fn over_seeds(values: impl Iterator<Item = f64>, column: &Column) -> Option<Spread> {
    let values: Vec<f64> = values.collect();
    let spread = Spread { median: median_by(column.has_geometric_median())(&values)?, ..spread(&values)? };
    Some(if column.is_log() { spread.log10() } else { spread })
}

/// Of these runs those at the best labels of the tuned axes, for each combination of the others, and of the seeds that
/// are reported.
fn tuned(results: &Results, runs: &[usize], tune: &[String], choice: &Choice) -> Vec<usize> {
    let is_tuned: Vec<bool> = results.plan.axes.iter().map(|axis| tune.contains(&axis.name)).collect();
    let part = |run: &Run, tuned: bool| -> Vec<usize> {
        run.labels.iter().zip(&is_tuned).filter(|(_, t)| **t == tuned).map(|(label, _)| *label).collect()
    };
    let mut settings: BTreeMap<_, BTreeMap<_, BTreeMap<u64, &Run>>> = BTreeMap::new();
    for run in runs.iter().map(|r| &results.runs[*r]) {
        settings.entry(part(run, false)).or_default().entry(part(run, true)).or_default().insert(run.seed, run);
    }
    let best = settings.into_iter().filter_map(|(others, tries)| Some((others, choice.best(tries.iter())?.clone())));
    let best: BTreeMap<_, _> = best.collect();
    let is_best = |run: &Run| best.get(&part(run, false)) == Some(&part(run, true));
    let shown = |run: &Run| choice.report_seeds.contains(&run.seed) && is_best(run);
    runs.iter().copied().filter(|r| shown(&results.runs[*r])).collect()
}

/// The labels of an axis that occur in the cells that are left by `where`.
fn kept_labels(plan: &PlanFile, axis: &Axis, spec: &FigureSpec) -> Vec<usize> {
    let cells = plan.cells.iter().filter(|cell| {
        spec.filter.iter().all(|(name, allowed)| cell.labels.get(name).is_none_or(|l| allowed.contains(l)))
    });
    let present: BTreeSet<&String> = cells.filter_map(|cell| cell.labels.get(&axis.name)).collect();
    (0..axis.labels.len()).filter(|i| present.contains(&axis.labels[*i])).collect()
}

fn check_filter(results: &Results, name: &str, labels: &[String]) -> Result<(), FigureError> {
    match results.plan.axes.iter().find(|a| a.name == name) {
        Some(axis) => match labels.iter().find(|l| !axis.labels.contains(l)) {
            Some(label) => Err(FigureError::Selection(format!(
                "`where` asks for {name} = \"{label}\", but that axis has {}",
                axis.labels.join(", ")
            ))),
            None => Ok(()),
        },
        None if results.runs.first().is_none_or(|run| run.settings.contains_key(name)) => Ok(()),
        None => Err(FigureError::Selection(format!("`where` names \"{name}\", which is not a column of runs.csv"))),
    }
}

fn matches(results: &Results, run: &Run, spec: &FigureSpec) -> bool {
    spec.filter.iter().all(|(name, allowed)| match results.plan.axes.iter().position(|a| a.name == *name) {
        Some(i) => allowed.contains(&results.plan.axes[i].labels[run.labels[i]]),
        None => run.settings.get(name).is_some_and(|value| allowed.contains(value)),
    })
}
