//! The figures that are drawn when the file asks for none.

use super::cells::{Cells, GridCell};
use crate::columns::On;
use crate::data::function::Kind;
use crate::experiment::figure_kind::FigureKind;
use crate::model;
use crate::plan_file::compare::Compare;
use crate::plan_file::figure::FigureSpec;
use crate::plan_file::{Axis, Scale};
use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};

/// Panels of a default figure at most.
const PANELS: usize = 24;

/// The figures of these kinds that fit the axes: what fades, what trains, how it goes with depth, and the curves.
///
/// One axis becomes the colour (variants before others), one the panels (activations before others); the other axes
/// are fixed, depth at its deepest and each other at its first label, so that nothing is averaged unseen. What a
/// comparison chooses for each arm has a figure of its own, and is at its best where training is shown.
pub(crate) fn defaults(
    kinds: &[&'static FigureKind],
    grid: Cells,
    centre: &BTreeMap<String, String>,
    compare: Option<&Compare>,
    is_compared: bool,
) -> Vec<FigureSpec> {
    let defaults = Defaults::new(grid, compare, is_compared);
    let of_functions = grid.cells.iter().all(|cell| cell.function().is_some());
    let default = |kind: &&FigureKind| if of_functions { kind.default_of_functions } else { kind.default };
    let figures = kinds.iter().filter_map(|kind| default(kind)(&defaults));
    let fixed = |mut spec: FigureSpec| {
        let listed = spec.facet.iter().chain(&spec.tune).chain(&spec.over);
        let used: Vec<String> = [&spec.x, &spec.color].into_iter().flatten().chain(listed).cloned().collect();
        spec.filter = fix_the_rest(grid, centre, &used);
        spec
    };
    figures.map(fixed).collect()
}

/// What a kind of figure must know of an experiment to say how it is drawn if nobody asks.
pub struct Defaults<'a> {
    grid: Cells<'a>,
    compare: Option<&'a Compare>,
    /// Whether the file asks for the comparison.
    is_compared: bool,
    /// The axes whose best label a comparison chooses.
    pub tune: Vec<String>,
    /// The other axes with several labels.
    several: Vec<&'a str>,
    /// Those of them that can touch what is measured before the first update, which takes a look at every cell.
    starting: OnceCell<Vec<&'a str>>,
}

/// What tells series and panels apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Roles {
    pub color: Option<String>,
    pub facet: Option<String>,
}

impl<'a> Defaults<'a> {
    fn new(grid: Cells<'a>, compare: Option<&'a Compare>, is_compared: bool) -> Self {
        let is_tuned = |a: &&Axis| compare.is_some_and(|c| c.tune_seeds > 0 && c.tune.contains(&a.name));
        let several = || grid.axes.iter().filter(|a| a.labels.len() > 1);
        let tune = several().filter(is_tuned).map(|a| a.name.clone()).collect();
        let several = several().filter(|a| !is_tuned(a)).map(|a| a.name.as_str()).collect();
        Defaults { grid, compare, is_compared, tune, several, starting: OnceCell::new() }
    }

    /// Whether the depth has several labels.
    pub fn has_depth(&self) -> bool {
        self.several.contains(&"depth")
    }

    /// Whether some networks read one time step after the other.
    pub fn has_time(&self) -> bool {
        self.grid.cells.iter().any(|cell| model::family(&cell.settings).has_time())
    }

    /// Whether some network has so many hidden layers; one of time steps several, since a single one has nothing to show beside these.
    pub fn has_layers(&self, least: i64) -> bool {
        let is_deep = |cell: &GridCell| {
            let least = if model::family(&cell.settings).has_time() { least.max(2) } else { least };
            // How deep a network of a reader's own is, its own program knows.
            cell.settings.int("depth").is_none_or(|depth| depth >= least)
        };
        self.grid.cells.iter().any(is_deep)
    }

    /// The axes with several labels, but the depth and those that are tuned.
    pub fn others(&self) -> Vec<&'a str> {
        self.several.iter().copied().filter(|name| *name != "depth").collect()
    }

    /// The roles where training is shown.
    pub fn of_training(&self) -> Roles {
        self.pick(&self.others())
    }

    /// The roles where only the start is shown: those of the axes that can touch it.
    pub fn of_start(&self) -> Roles {
        let starts = |name: &&str| self.starting().contains(name);
        self.pick(&self.others().into_iter().filter(starts).collect::<Vec<_>>())
    }

    fn starting(&self) -> &[&'a str] {
        let touches = |name: &&str| self.grid.touches_start(name, On::Probe);
        self.starting.get_or_init(|| self.several.iter().copied().filter(touches).collect())
    }

    /// Of these axes one for the colour and one for the panels.
    pub fn pick(&self, from: &[&str]) -> Roles {
        let facet = from.iter().copied().find(|n| *n == "activation");
        let first = |ok: &dyn Fn(&str) -> bool| from.iter().copied().find(|n| ok(n));
        let color = first(&|n| n == "variant").or(first(&|n| self.is_number(n))).or(first(&|n| Some(n) != facet));
        // A lone axis is compared best within one panel.
        let (color, facet) = if color.is_none() { (facet, None) } else { (color, facet) };
        let facet = facet.or_else(|| from.iter().copied().find(|n| Some(*n) != color));
        Roles { color: color.map(String::from), facet: facet.map(String::from) }
    }

    /// Whether all labels of an axis are numbers.
    pub fn is_number(&self, name: &str) -> bool {
        self.grid.axes.iter().any(|a| a.name == name && a.scale != Scale::Category)
    }

    /// How many labels an axis has.
    pub fn count(&self, name: &str) -> usize {
        self.grid.axes.iter().find(|a| a.name == name).map_or(1, |a| a.labels.len())
    }

    /// Axes for the panels. More panels than fit a page are fewer axes: the others are fixed.
    pub fn facets(&self, names: [Option<String>; 2]) -> Vec<String> {
        let mut names: Vec<String> = names.into_iter().flatten().collect();
        while names.iter().map(|name| self.count(name)).product::<usize>() > PANELS {
            names.remove(0);
        }
        names
    }

    /// A figure that tells apart the arms of a comparison that has a setting chosen for each; `None` without one.
    pub fn of_tuned_arms(&self, kind: &str) -> Option<FigureSpec> {
        self.of_arms(kind).filter(|spec| !spec.tune.is_empty())
    }

    /// A figure that tells apart the arms of a comparison, each at the setting that is chosen for it where some are; `None` without
    /// several arms, or where the study is rather of how the gradient starts.
    pub fn of_arms(&self, kind: &str) -> Option<FigureSpec> {
        let compare = self.compare.filter(|compare| !self.tune.is_empty() || self.is_of_arms(compare))?;
        let mut problems = self.problems().into_iter();
        let facet = self.facets([problems.next(), problems.next()]);
        Some(FigureSpec { color: Some(compare.arm.clone()), facet, tune: self.tune.clone(), ..FigureSpec::new(kind) })
    }

    /// Whether a study in which no setting is chosen is mainly of the arms: the file says so, or nothing but optimizers is varied that
    /// could change how a network starts.
    fn is_of_arms(&self, compare: &Compare) -> bool {
        let Cells { cells, are_imported, .. } = self.grid;
        let are_networks = cells.iter().any(|cell| cell.function().is_none());
        let start_alike = || !self.problems().iter().any(|axis| self.starting().contains(&axis.as_str()));
        self.count(&compare.arm) > 1 && (self.is_compared || !are_imported && are_networks && start_alike())
    }

    /// The axes on which the arms of a comparison meet.
    pub fn problems(&self) -> Vec<String> {
        let arm = self.compare.map(|compare| compare.arm.as_str());
        self.several.iter().filter(|name| Some(**name) != arm).map(|name| name.to_string()).collect()
    }

    /// The axes over which a comparison has one joint answer.
    pub fn pooled(&self) -> Vec<String> {
        self.compare.map_or(Vec::new(), |compare| compare.over.clone())
    }

    /// Whether some runs have a loss to reach.
    pub fn has_target(&self) -> bool {
        self.grid.cells.iter().any(|cell| cell.settings.get("target_loss").is_some())
    }

    /// Whether all test functions have one or two variables.
    pub fn are_planes(&self) -> bool {
        self.grid.cells.iter().all(|cell| cell.function().is_some_and(|f| f.start.len() <= 2))
    }

    /// A figure of test functions: a panel for each of them, a colour for each arm.
    pub fn of_functions(&self, kind: &str) -> FigureSpec {
        let Cells { axes, cells, .. } = self.grid;
        let kinds = |label: &str, position: usize| -> Vec<Option<Kind>> {
            let of_label = cells.iter().filter(|cell| cell.labels[position].1 == label);
            of_label.map(|cell| cell.function().map(|f| f.kind)).collect()
        };
        // An axis whose labels are functions: each holds one kind alone, and they are not all the same.
        let shapes = |name: &&&str| {
            let at = axes.iter().position(|a| a.name == **name).unwrap_or(0);
            let held: Vec<Vec<Option<Kind>>> = axes[at].labels.iter().map(|label| kinds(label, at)).collect();
            held.iter().any(|of_label| of_label.first() != held[0].first())
        };
        let facet = self.several.iter().find(shapes);
        let is_arm = |name: &&&str| Some(*name) != facet && !self.grid.touches_start(name, On::Batch);
        let arms = || self.several.iter().filter(is_arm);
        let color = arms().find(|name| **name == "optimizer").or_else(|| arms().next()).map(|name| name.to_string());
        let facet = facet.map(|name| name.to_string()).into_iter().collect();
        FigureSpec { color, facet, tune: self.tune.clone(), ..FigureSpec::new(kind) }
    }
}

/// Fixes every axis outside `used`, one after the other, at a label that still occurs together with the earlier ones:
/// at the centre of an ablation, else depth at its deepest and others at their first, but not where few cells are.
fn fix_the_rest(
    Cells { axes, cells, .. }: Cells,
    centre: &BTreeMap<String, String>,
    used: &[String],
) -> BTreeMap<String, Vec<String>> {
    let mut filter = BTreeMap::new();
    let mut left: Vec<&GridCell> = cells.iter().collect();
    for (position, axis) in axes.iter().enumerate().filter(|(_, a)| !used.contains(&a.name)) {
        let mut count: HashMap<&str, usize> = HashMap::new();
        left.iter().for_each(|c| *count.entry(&c.labels[position].1).or_default() += 1);
        let most = count.values().copied().max().unwrap_or(0);
        let mut labels = axis.labels.iter().filter(|l| count.get(l.as_str()).is_some_and(|n| 2 * n >= most));
        let deepest = |l: &&String| l.parse::<i64>().unwrap_or(0);
        let central = centre.get(&axis.name).filter(|l| count.contains_key(l.as_str()));
        let label = central.or_else(|| if axis.name == "depth" { labels.max_by_key(deepest) } else { labels.next() });
        let Some(label) = label else { continue };
        left.retain(|c| c.labels[position].1 == *label);
        if axis.labels.len() > 1 {
            filter.insert(axis.name.clone(), vec![label.clone()]);
        }
    }
    filter
}
