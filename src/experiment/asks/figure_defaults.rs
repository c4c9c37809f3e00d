//! The figures that are drawn when the file asks for none.

use super::cells::{Cells, GridCell};
use crate::columns::On;
use crate::data::function::Kind;
use crate::plan_file::compare::Compare;
use crate::plan_file::figure::{FigureKind, FigureSpec};
use crate::plan_file::{Axis, Scale};
use std::collections::{BTreeMap, HashMap};

/// Panels of a default figure at most.
const PANELS: usize = 24;

/// The figures that fit these axes: what fades, what trains, how it goes with depth, and the curves.
///
/// One axis becomes the colour (variants before others), one the panels (activations before others); the other axes
/// are fixed, depth at its deepest and each other at its first label, so that nothing is averaged unseen. What a
/// comparison chooses for each arm has a figure of its own, and is at its best where training is shown.
pub fn defaults(grid: Cells, centre: &BTreeMap<String, String>, compare: Option<&Compare>) -> Vec<FigureSpec> {
    let Cells { axes, cells } = grid;
    let several = || axes.iter().filter(|a| a.labels.len() > 1);
    let compare = compare.filter(|c| c.tune_seeds > 0);
    let is_tuned = |a: &&Axis| compare.is_some_and(|c| c.tune.contains(&a.name));
    let tune: Vec<String> = several().filter(is_tuned).map(|a| a.name.clone()).collect();
    let several: Vec<&str> = several().filter(|a| !is_tuned(a)).map(|a| a.name.as_str()).collect();
    let depth = several.contains(&"depth").then_some("depth");
    let others: Vec<&str> = several.iter().copied().filter(|n| *n != "depth").collect();
    let structural: Vec<&str> = others.iter().copied().filter(|n| grid.touches_start(n, On::Probe)).collect();
    let pick = |from: &[&str]| -> (Option<String>, Option<String>) {
        let facet = from.iter().copied().find(|n| *n == "activation");
        let first = |ok: &dyn Fn(&str) -> bool| from.iter().copied().find(|n| ok(n));
        let is_number = |n: &str| axes.iter().any(|a| a.name == n && a.scale != Scale::Category);
        let color = first(&|n| n == "variant").or(first(&is_number)).or(first(&|n| Some(n) != facet));
        // A lone axis is compared best within one panel.
        let (color, facet) = if color.is_none() { (facet, None) } else { (color, facet) };
        let facet = facet.or_else(|| from.iter().copied().find(|n| Some(*n) != color));
        (color.map(String::from), facet.map(String::from))
    };
    let fixed = |mut spec: FigureSpec| {
        let listed = spec.facet.iter().chain(&spec.tune).chain(&spec.over);
        let used: Vec<String> = [&spec.x, &spec.color].into_iter().flatten().chain(listed).cloned().collect();
        spec.filter = fix_the_rest(axes, cells, centre, &used);
        spec
    };
    let count = |name: &String| axes.iter().find(|a| a.name == *name).map_or(1, |a| a.labels.len());
    // More panels than fit a page are fewer axes: the others are fixed.
    let facets = |names: [Option<String>; 2]| {
        let mut names: Vec<String> = names.into_iter().flatten().collect();
        while names.iter().map(count).product::<usize>() > PANELS {
            names.remove(0);
        }
        names
    };
    if cells.iter().all(|cell| cell.function().is_some()) {
        return functions(grid, &several).into_iter().map(fixed).collect();
    }

    // Depth is a colour only where nothing else asks for one.
    let (init_color, init_facet) = pick(&structural);
    let init_color = init_color.or_else(|| depth.map(String::from));
    let (color, facet) = pick(&others);
    let curve_color = color.clone().or_else(|| depth.map(String::from));
    let mut figures = Vec::new();

    let mut headline = FigureSpec::new(FigureKind::GradientByLayer);
    if init_color.is_none() && curve_color.is_some() {
        // Only training differs, so the gradients at the end are what can differ.
        headline.step = Some("last".into());
        headline.tune.clone_from(&tune);
        (headline.color, headline.facet) = (color.clone(), facets([facet.clone(), None]));
    } else {
        (headline.color, headline.facet) = (init_color.clone(), facets([init_facet.clone(), None]));
    }
    figures.push(fixed(headline));
    if let Some(compare) = compare {
        let others: Vec<String> = several.iter().filter(|n| **n != compare.arm).map(|n| n.to_string()).collect();
        let target = cells.iter().any(|cell| cell.settings.get("target_loss").is_some());
        figures.extend(comparison(axes, compare, &tune, &others, target).into_iter().map(fixed));
    }

    if depth.is_some() {
        let used = [&color, &facet];
        let second =
            others.iter().copied().map(String::from).find(|n| n == "optimizer" && !used.contains(&&Some(n.clone())));
        let mut loss = FigureSpec::new(FigureKind::LossByDepth);
        loss.x = Some("depth".into());
        loss.tune.clone_from(&tune);
        (loss.color, loss.facet) = (color.clone(), facets([facet.clone(), second]));
        figures.push(fixed(loss));

        let (init_color, init_facet) = pick(&structural);
        // A single line through two depths says no more than the headline.
        if init_color.is_some() || count(&"depth".into()) > 2 {
            let mut attenuation = FigureSpec::new(FigureKind::AttenuationByDepth);
            attenuation.x = Some("depth".into());
            (attenuation.color, attenuation.facet) = (init_color, facets([init_facet, None]));
            figures.push(fixed(attenuation));
        }
    } else if let Some(rate) =
        axes.iter().find(|a| a.name == "optimizer.lr" && others.contains(&"optimizer.lr") && a.scale != Scale::Category)
    {
        let rest: Vec<&str> = others.iter().copied().filter(|n| *n != rate.name).collect();
        let (color, facet) = pick(&rest);
        let mut loss = FigureSpec::new(FigureKind::LossByDepth);
        loss.x = Some(rate.name.clone());
        loss.name = Some("loss_by_learning_rate".into());
        (loss.color, loss.facet) = (color, facets([facet, None]));
        figures.push(fixed(loss));
    }

    let mut heatmap = FigureSpec::new(FigureKind::GradientHeatmap);
    heatmap.facet = facets([color.clone(), facet.clone()]);
    heatmap.tune.clone_from(&tune);
    figures.push(fixed(heatmap));

    let mut curves = FigureSpec::new(FigureKind::Curves);
    (curves.color, curves.facet) = (curve_color, facets([facet, None]));
    curves.tune = tune;
    figures.push(fixed(curves));
    figures
}

/// What tells arms apart that have a setting chosen for each: how much it matters, and what they do at their best.
fn comparison(axes: &[Axis], compare: &Compare, tune: &[String], others: &[String], target: bool) -> Vec<FigureSpec> {
    let figure = |kind| {
        let mut figure = FigureSpec::new(kind);
        figure.color = Some(compare.arm.clone());
        figure.facet.extend(others.first().cloned());
        figure.tune = tune.to_vec();
        figure
    };
    let mut sensitivity = figure(FigureKind::LrSensitivity);
    let is_number = |name: &&String| axes.iter().any(|a| a.name == **name && a.scale != Scale::Category);
    sensitivity.x = tune.iter().filter(is_number).max_by_key(|name| *name == "optimizer.lr").cloned();
    sensitivity.tune.retain(|name| Some(name) != sensitivity.x.as_ref());
    let with_x = sensitivity.x.is_some().then_some(sensitivity);
    let mut ratio = FigureSpec::new(FigureKind::UpdateRatio);
    (ratio.facet, ratio.tune) = (vec![compare.arm.clone()], tune.to_vec());
    let mut figures = vec![figure(FigureKind::BestOfTries), figure(FigureKind::AttenuationOverTraining), ratio];
    if target {
        figures.push(figure(FigureKind::StepsToTarget));
        let mut profile = figure(FigureKind::PerformanceProfile);
        (profile.facet, profile.over) = (Vec::new(), others.to_vec());
        figures.push(profile);
    }
    with_x.into_iter().chain(figures).collect()
}

/// The paths and the losses on test functions: a panel for each of them, a colour for each arm.
fn functions(grid: Cells, several: &[&str]) -> Vec<FigureSpec> {
    let Cells { axes, cells } = grid;
    let kinds = |label: &str, position: usize| -> Vec<Option<Kind>> {
        let of_label = cells.iter().filter(|cell| cell.labels[position].1 == label);
        of_label.map(|cell| cell.function().map(|f| f.kind)).collect()
    };
    let position = |name: &str| axes.iter().position(|a| a.name == name).unwrap_or(0);
    // An axis whose labels are functions: each holds one kind alone, and they are not all the same.
    let shapes = |name: &&&str| {
        let at = position(name);
        let held: Vec<Vec<Option<Kind>>> = axes[at].labels.iter().map(|label| kinds(label, at)).collect();
        held.iter().any(|of_label| of_label.first() != held[0].first())
    };
    let facet: Vec<String> = several.iter().find(shapes).map(|name| name.to_string()).into_iter().collect();
    let arms =
        || several.iter().filter(|name| !facet.contains(&name.to_string()) && !grid.touches_start(name, On::Batch));
    let color = arms().find(|name| **name == "optimizer").or_else(|| arms().next()).map(|name| name.to_string());
    let mut kinds = vec![FigureKind::Curves];
    if cells.iter().all(|cell| cell.function().is_some_and(|f| f.start.len() == 2)) {
        kinds.insert(0, FigureKind::Trajectories);
    }
    let figure = |kind| {
        let mut figure = FigureSpec::new(kind);
        (figure.color, figure.facet) = (color.clone(), facet.clone());
        figure.metric = (kind == FigureKind::Curves).then(|| "train_loss".into());
        figure
    };
    kinds.into_iter().map(figure).collect()
}

/// Fixes every axis outside `used`, one after the other, at a label that still occurs together with the earlier ones:
/// at the centre of an ablation, else depth at its deepest and others at their first, but not where few cells are.
fn fix_the_rest(
    axes: &[Axis],
    cells: &[GridCell],
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
