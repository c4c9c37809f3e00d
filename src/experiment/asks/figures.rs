//! Holding the asked-for figures against the axes: no unknown axis, no empty selection, no hidden average.

use super::figure_spec::WrittenFigure;
use super::nearest;
use super::plan::GridCell;
use super::problem::{Location, ExperimentError};
use super::settings::{Registry, literal, touches_start};
use super::written::Selector;
use crate::columns::{self, On};
use crate::data::function::{Kind, counted};
use crate::plan_file::figure::{FigureKind, FigureSpec};
use crate::plan_file::{Axis, Scale};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The figures with axis names and labels as the plan has them.
pub(crate) fn check(written: &[WrittenFigure], axes: &[Axis], cells: &[GridCell]) -> Result<Vec<FigureSpec>, ExperimentError> {
    let mut names: HashMap<String, &Location> = HashMap::new();
    written
        .iter()
        .map(|figure| {
            let name = figure.name.as_ref().map_or(figure.kind.word(), |(name, _)| name);
            let place = figure.name.as_ref().map_or(&figure.place, |(_, place)| place);
            let usable = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            if name.is_empty() || name.len() > 100 || !name.chars().all(usable) || name.starts_with(['.', '-']) {
                let help = "use letters, digits, `_`, `-` and `.`, starting with a letter or digit";
                return Err(ExperimentError::new(place, format!("\"{}\" cannot be a file's name", name.escape_debug()), help));
            }
            if let Some(first) = names.insert(name.to_string(), place) {
                let message = format!("two figures would be written to the file `{name}`");
                return Err(ExperimentError::new(place, message, "give each a `name` of its own").also(first));
            }
            one(figure, axes, cells)
        })
        .collect()
}

fn one(figure: &WrittenFigure, axes: &[Axis], cells: &[GridCell]) -> Result<FigureSpec, ExperimentError> {
    let axis = |(name, place): &(String, Location)| {
        find(name, axes).map(|i| axes[i].name.clone()).ok_or_else(|| no_axis(name, place, axes))
    };
    let list = |names: &[(String, Location)]| names.iter().map(axis).collect::<Result<Vec<_>, _>>();
    let mut spec = FigureSpec::new(figure.kind);
    spec.name = figure.name.as_ref().map(|(name, _)| name.clone());
    spec.title.clone_from(&figure.title);
    spec.metric.clone_from(&figure.metric);
    spec.step.clone_from(&figure.step);
    spec.theory = figure.theory;
    spec.x = match (&figure.x, figure.kind.default_x()) {
        (Some(x), _) => Some(axis(x)?),
        (None, Some(x)) if find(x, axes).is_some() => Some(x.into()),
        (None, Some(x)) => {
            let message = format!("a {} needs an axis `{x}`, and this experiment has none", figure.kind.word());
            return Err(ExperimentError::new(&figure.place, message, "name another axis as `x`"));
        }
        (None, None) => None,
    };
    if let (FigureKind::LrSensitivity, Some(x)) = (figure.kind, &spec.x)
        && axes.iter().any(|a| a.name == *x && a.scale == Scale::Category)
    {
        let help = "give it several numbers, or name another axis as `x`";
        let message = format!("`{x}` goes along x of a {}, and not all of its values are numbers", figure.kind.word());
        return Err(ExperimentError::new(figure.x.as_ref().map_or(&figure.place, |(_, place)| place), message, help));
    }
    spec.y = figure.y.as_ref().map(axis).transpose()?;
    if figure.kind == FigureKind::HeatMap && (spec.x.is_none() || spec.y.is_none()) {
        let help = "write both, as in x = \"optimizer.lr\", y = \"l2\"";
        return Err(ExperimentError::new(&figure.place, "a heat_map needs two axes, `x` and `y`", help));
    }
    if figure.kind == FigureKind::BestOfTries && figure.tune.is_empty() {
        let help = "name the axes whose values are the tries, as in tune = \"optimizer.lr\"";
        return Err(ExperimentError::new(&figure.place, "a best_of_tries needs `tune`", help));
    }
    if figure.kind == FigureKind::PerformanceProfile && figure.color.is_none() {
        let help = "name the axis whose values are compared, as in color = \"optimizer\"";
        return Err(ExperimentError::new(&figure.place, "a performance_profile needs `color`", help));
    }
    spec.color = figure.color.as_ref().map(axis).transpose()?;
    spec.facet = list(&figure.facet)?;
    spec.over = list(&figure.over)?;
    spec.tune = list(&figure.tune)?;
    if (figure.metric.as_deref(), figure.step.as_deref()) == (Some("update_ratio"), Some("last")) {
        let help = "write step = \"first\", or draw it as a gradient_heatmap";
        return Err(ExperimentError::new(
            &figure.place,
            "no update follows the last step, so `update_ratio` is empty there",
            help,
        ));
    }
    if let Some((_, place)) = figure.facet.get(2) {
        let help = "name at most two, the rows and the columns; fix the others with `where`";
        return Err(ExperimentError::new(place, format!("`facet` names {} axes", figure.facet.len()), help));
    }
    let mut roles: HashMap<String, &Location> = HashMap::new();
    let listed = figure.facet.iter().chain(&figure.over).chain(&figure.tune);
    for role in [&figure.x, &figure.y, &figure.color].into_iter().flatten().chain(listed) {
        let name = axis(role)?;
        let implied = figure.x.is_none() && spec.x.as_ref() == Some(&name);
        if let Some(first) = roles.insert(name.clone(), &role.1).or(implied.then_some(&figure.place)) {
            let message = format!("this figure uses the axis `{name}` twice");
            return Err(
                ExperimentError::new(&role.1, message, "give each of x, y, color, facet, over and tune its own").also(first)
            );
        }
    }
    let (filter, left) = select(&figure.filter, ("`where` of this figure", &figure.place), axes, cells)?;
    spec.filter = filter;

    let at_init = figure.kind.is_of_init(figure.metric.as_deref(), figure.step.as_deref());
    let on = figure.metric.as_deref().and_then(columns::measurement).map_or(On::Probe, |column| column.on);
    let mut pooled = spec.over.iter().zip(&figure.over);
    if let Some((name, (_, place))) = pooled.find(|(name, _)| at_init && !touches_start(name, on)) {
        let message =
            format!("`{name}` cannot touch the first step, so pooling it would count equal values several times");
        return Err(ExperimentError::new(place, message, format!("fix it instead: where = {{ {} = ... }}", toml_key(name))));
    }

    fits(figure, &spec, &left)?;
    let listed = spec.facet.iter().chain(&spec.over).chain(&spec.tune);
    let used: Vec<&String> = [&spec.x, &spec.y, &spec.color].into_iter().flatten().chain(listed).collect();
    for (position, axis) in axes.iter().enumerate().filter(|(_, a)| !used.contains(&&a.name)) {
        let occurs: HashSet<&str> = left.iter().map(|c| c.labels[position].1.as_str()).collect();
        if occurs.len() > 1 {
            let labels: Vec<&str> = axis.labels.iter().map(String::as_str).filter(|l| occurs.contains(l)).collect();
            let message =
                format!("this figure does not say what to do with the axis `{}` ({})", axis.name, labels.join(", "));
            let help = format!(
                "fix it: where = {{ {1} = {2} }}; show it: facet or color = \"{0}\"; or pool it by name: over = [\"{0}\"]",
                axis.name,
                toml_key(&axis.name),
                toml_label(labels[0])
            );
            return Err(ExperimentError::new(&figure.place, message, help));
        }
    }
    Ok(spec)
}

/// What a kind asks of its cells: layers of networks, or functions of two variables, one a panel.
fn fits(figure: &WrittenFigure, spec: &FigureSpec, cells: &[&GridCell]) -> Result<(), ExperimentError> {
    let wrong = |message: String, help: &str| Err(ExperimentError::new(&figure.place, message, help));
    let word = figure.kind.word();
    if figure.kind.is_of_layers() && cells.iter().all(|cell| cell.function().is_some()) {
        let help = "draw `curves`, or `trajectories` where the function has two variables";
        return wrong(format!("a {word} shows the layers of networks, and a function has none"), help);
    }
    if figure.kind != FigureKind::Trajectories {
        return Ok(());
    }
    let mut panels: HashMap<Vec<&str>, Kind> = HashMap::new();
    for cell in cells {
        let Some(function) = cell.function() else {
            let help = "fix it to functions with `where`, or draw another kind";
            return wrong("trajectories are of functions, and this figure has cells that train a network".into(), help);
        };
        let n = function.start.len();
        if n != 2 {
            let help = match function.kind {
                Kind::Quadratic { .. } => {
                    "write function.dimension = 2, choose other cells with `where`, or draw `curves`"
                }
                _ => "choose other cells with `where`, or draw `curves`",
            };
            let has = counted(n, "variable");
            return wrong(format!("trajectories are drawn in the plane, but a function here has {has}"), help);
        }
        let panel = cell.labels.iter().filter(|(axis, _)| spec.facet.contains(axis)).map(|(_, label)| label.as_str());
        let first = *panels.entry(panel.collect()).or_insert(function.kind);
        if first != function.kind {
            let help = "make a panel of each with `facet`, or fix the function with `where`";
            return wrong("one panel of these trajectories would show several functions".into(), help);
        }
    }
    Ok(())
}

/// Axis -> the labels that are shown, and the cells that are left.
pub(super) type Selection<'a> = (BTreeMap<String, Vec<String>>, Vec<&'a GridCell>);

/// The cells that `where` (or `against`) leaves; `what` has it, in words, at `place`.
pub(super) fn select<'a>(
    selectors: &[Selector],
    (what, place): (&str, &Location),
    axes: &[Axis],
    cells: &'a [GridCell],
) -> Result<Selection<'a>, ExperimentError> {
    let registry = Registry::get();
    let mut filter = BTreeMap::new();
    let mut left: Vec<&GridCell> = cells.iter().collect();
    for selector in selectors {
        let setting = registry.find(&selector.key).map(|k| &registry.keys[k]);
        let mut wanted = Vec::new();
        let position = find(&selector.key, axes);
        for (value, place) in &selector.values {
            let fitted = setting.and_then(|s| s.fit(value)).map(|v| v.to_string());
            let (known, text): (Vec<&str>, String) = match (position, setting) {
                (Some(p), _) => {
                    let labels: Vec<&str> = axes[p].labels.iter().map(String::as_str).collect();
                    // An optimizer's own name is no word of the settings table, so both spellings are tried.
                    let written = value.to_string();
                    let text = fitted.filter(|_| !labels.contains(&written.as_str())).unwrap_or(written);
                    (labels, text)
                }
                // A setting that is the same everywhere may be named too: it selects all or nothing.
                (None, Some(s)) => {
                    let first = cells.first().and_then(|c| c.settings.get(s.name));
                    if cells.iter().any(|c| c.settings.get(s.name) != first) {
                        return Err(no_axis(&selector.key, &selector.place, axes));
                    }
                    let text = fitted.unwrap_or_else(|| value.to_string());
                    if first.is_some_and(|v| v.to_string() == text) {
                        continue;
                    }
                    let message = format!(
                        "`where` selects nothing: `{}` is {} in every cell",
                        selector.key,
                        first.map_or("unset".into(), literal)
                    );
                    return Err(ExperimentError::new(place, message, "delete it from `where`"));
                }
                (None, None) => return Err(no_axis(&selector.key, &selector.place, axes)),
            };
            if !known.contains(&text.as_str()) {
                let message = format!("the axis `{}` has no `{text}`", selector.key);
                return Err(ExperimentError::new(place, message, nearest::suggest(&text, known)));
            }
            wanted.push(text);
        }
        if let Some(p) = position {
            left.retain(|c| wanted.contains(&c.labels[p].1));
            filter.insert(axes[p].name.clone(), wanted);
        }
    }
    if left.is_empty() {
        let help = "no cell has all of these at once (see [[exclude]]); choose other values";
        return Err(ExperimentError::new(place, format!("{what} selects nothing"), help));
    }
    Ok((filter, left))
}

/// An axis's name as a key of `where`: a dot would make two keys of it.
pub(super) fn toml_key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    if !name.is_empty() && name.chars().all(bare) { name.into() } else { format!("\"{name}\"") }
}

/// A label as a value of `where`.
pub(super) fn toml_label(label: &str) -> String {
    let plain = label.parse::<f64>().is_ok_and(f64::is_finite) || label == "true" || label == "false";
    if plain { label.into() } else { format!("\"{label}\"") }
}

/// The axis a name stands for; a head may be called by its short or its long name.
pub(super) fn find(name: &str, axes: &[Axis]) -> Option<usize> {
    let registry = Registry::get();
    let short = registry.find(name).map(|k| registry.keys[k].short());
    axes.iter().position(|a| a.name == name || Some(a.name.as_str()) == short)
}

pub(super) fn no_axis(name: &str, place: &Location, axes: &[Axis]) -> ExperimentError {
    let help = if axes.is_empty() {
        "this experiment has no axes: put lists under [axes] first".to_string()
    } else {
        nearest::suggest(name, axes.iter().map(|a| a.name.as_str()))
    };
    ExperimentError::new(place, format!("`{name}` is not an axis of this experiment"), help)
}
