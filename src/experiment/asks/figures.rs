//! Checks the figures against the axes of the plan and completes them: every axis has a role, and no selection is empty.

use super::cells::{Cells, GridCell, Role, toml_key};
use super::figure_labels;
use super::figure_reference;
use super::figure_spec::WrittenFigure;
use crate::columns::{self, On};
use crate::data::function::Kind;
use crate::experiment::figure_kind::{AlongX, CellsShown, ColorBy, Over, Tune};
use crate::experiment::read::{Location, Result};
use crate::experiment::recorded::Measurements;
use crate::experiment::settings::is_file_name;
use crate::model;
use crate::plan_file::figure::{FigureSpec, MapOf};
use crate::plan_file::{Axis, Scale};
use crate::table::count;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The figures with axis names and labels as the plan has them, where `recorded` says what is measured.
pub(crate) fn check(written: &[WrittenFigure], cells: Cells, recorded: Measurements) -> Result<Vec<FigureSpec>> {
    let mut names: HashMap<&str, &Location> = HashMap::new();
    let checked = written.iter().map(|figure| {
        let name = figure.spec.name.as_deref().unwrap_or(figure.kind.word);
        if !is_file_name(name) {
            let help = "use letters, digits, `_`, `-` and `.`, starting with a letter or digit";
            return figure.name_at.fail(format!("\"{}\" cannot be a file's name", name.escape_debug()), help);
        }
        if let Some(first) = names.insert(name, &figure.name_at) {
            let message = format!("two figures would be written to the file `{name}`");
            return Err(figure.name_at.error(message, "give each a `name` of its own").also(first));
        }
        if let Some((what, help)) = recorded.lacks(figure.kind) {
            return figure.place.fail(format!("{} shows {what}", figure.kind.word), help);
        }
        recorded.check(figure.spec.metric.as_deref().and_then(columns::measurement), &figure.place)?;
        one(figure, cells)
    });
    checked.collect()
}

fn one(figure: &WrittenFigure, cells: Cells) -> Result<FigureSpec> {
    let mut spec = figure.spec.clone();
    let (kind, word, place) = (figure.kind, figure.kind.word, &figure.place);
    let roles = with_needed(figure, cells)?;
    let roles = cells.roles(&roles, "figure", "x, y, color, facet, over and tune")?;
    let further = assign(figure, &roles, &mut spec)?;
    let (filter, left) = cells.select(&figure.filter, "`where` of this figure", place)?;
    spec.filter = filter;
    figure_labels::resolve(figure, cells, &mut spec)?;
    figure_reference::resolve(&figure.references, kind, cells, &mut spec)?;
    if let Some((_, place)) = further.first() {
        if !spec.facet.is_empty() {
            let message = format!("a {word} of several axes along x has a panel for each, and no others");
            return place.fail(message, "delete `facet`, or draw a figure of each axis");
        }
        let along: Vec<&String> = spec.x.iter().chain(further.iter().map(|(name, _)| name)).collect();
        spec.maps = along.iter().map(|x| map_of(x, &along, &left, place)).collect::<Result<_>>()?;
    }

    let at_init = (kind.of_init)(&spec);
    let on = spec.metric.as_deref().and_then(columns::measurement).map_or(On::Probe, |column| column.on);
    let mut pooled = roles.iter().filter(|(role, _)| role.key == "over");
    if let Some((role, axis)) = pooled.find(|(_, axis)| at_init && !cells.touches_start(&axis.name, on)) {
        let message = format!(
            "`{}` has no effect at the first step, so pooling it would count equal values several times",
            axis.name
        );
        return role.place.fail(message, format!("fix it instead: where = {{ {} = ... }}", toml_key(&axis.name)));
    }
    fits(figure, &spec, &left)?;
    let used: Vec<&str> = roles.iter().map(|(_, axis)| axis.name.as_str()).collect();
    match cells.unsettled(&left, &used) {
        Some(left) => {
            let name = &left.axis.name;
            let show = format!("show it: facet or color = \"{name}\"");
            let tune = (kind.tune == Tune::Best).then(|| format!("show its best label: tune = [\"{name}\"]"));
            let pool = (kind.over != Over::Never).then(|| format!("pool it: over = [\"{name}\"]"));
            Err(left.error("figure", place, &[Some(show), tune, pool].into_iter().flatten().collect::<Vec<_>>()))
        }
        None => Ok(spec),
    }
}

/// The roles of its axes as they are written, with those that its kind has by itself.
///
/// # Errors
/// What the kind needs and the figure has not.
fn with_needed(figure: &WrittenFigure, cells: Cells) -> Result<Vec<Role>> {
    let (kind, word, place, spec) = (figure.kind, figure.kind.word, &figure.place, &figure.spec);
    let mut roles = figure.roles.clone();
    let has = |key: &str| figure.roles.iter().any(|role| role.key == key);
    if let (false, Some(x)) = (has("x"), kind.default_x()) {
        if cells.position(x).is_none() {
            let message = format!("a {word} needs an axis `{x}`, but this experiment has none");
            return place.fail(message, "name another axis as `x`");
        }
        roles.insert(0, Role { key: "x", axis: x.into(), place: place.clone() });
    }
    if let AlongX::Plane(plane) = kind.x {
        for (key, name) in ["x", "y"].into_iter().zip(plane) {
            let Some(_) = cells.axes.iter().find(|axis| axis.name == name && axis.scale != Scale::Category) else {
                let message =
                    format!("a {word} needs the axes `{}` and `{}`, of several numbers each", plane[0], plane[1]);
                return place.fail(message, format!("write {name} = [...] under [axes], or draw another kind"));
            };
            roles.push(Role { key, axis: name.into(), place: place.clone() });
        }
    }
    if kind.x == AlongX::TwoAxes && !(has("x") && has("y")) {
        let help = "write both, as in x = \"optimizer.lr\", y = \"l2\"";
        return place.fail(format!("a {word} needs two axes, `x` and `y`"), help);
    }
    if kind.tune == Tune::Tries && !has("tune") {
        let help = "name the axes whose values are the tries, as in tune = \"optimizer.lr\"";
        return place.fail(format!("a {word} needs `tune`"), help);
    }
    if kind.color == ColorBy::Required && !has("color") {
        let help = "name the axis whose values are compared, as in color = \"optimizer\"";
        return place.fail(format!("a {word} needs `color`"), help);
    }
    if (spec.metric.as_deref(), spec.step.as_deref()) == (Some("update_ratio"), Some("last")) {
        let help = "write step = \"first\", or draw it as a gradient_heatmap";
        return place.fail("no update follows the last step, so `update_ratio` has no value there", help);
    }
    Ok(roles)
}

/// Gives each axis its part in the figure; what is left are further axes along x.
///
/// # Errors
/// An axis of words along numbers, or too many facets.
fn assign<'a>(
    figure: &WrittenFigure,
    roles: &[(&'a Role, &Axis)],
    spec: &mut FigureSpec,
) -> Result<Vec<(String, &'a Location)>> {
    let (kind, word) = (figure.kind, figure.kind.word);
    let mut further: Vec<(String, &Location)> = Vec::new();
    for (role, axis) in roles {
        let name = axis.name.clone();
        match role.key {
            "x" if matches!(kind.x, AlongX::Numbers(_)) && axis.scale == Scale::Category => {
                let message = format!("`{name}` is the x axis of this {word}, but not all of its values are numbers");
                return role.place.fail(message, "give it several numbers, or name another axis as `x`");
            }
            "x" if spec.x.is_some() => further.push((name, &role.place)),
            "x" => spec.x = Some(name),
            "y" => spec.y = Some(name),
            "color" => spec.color = Some(name),
            "facet" => spec.facet.push(name),
            "over" => spec.over.push(name),
            _ => spec.tune.push(name),
        }
    }
    if let Some((third, _)) = roles.iter().filter(|(role, _)| role.key == "facet").nth(2) {
        let help = "name at most two, the rows and the columns; fix the others with `where`";
        return third.place.fail(format!("`facet` names {} axes", spec.facet.len()), help);
    }
    Ok(further)
}

/// The map over one of several axes along x. The others are held where most labels of this one are found.
///
/// # Errors
/// Cells of which this is not plain: the axes are crossed.
fn map_of(x: &str, along: &[&String], cells: &[&GridCell], place: &Location) -> Result<MapOf> {
    let held = along.iter().filter(|other| **other != x).map(|other| {
        let mut found: BTreeMap<Option<&str>, BTreeSet<Option<&str>>> = BTreeMap::new();
        cells.iter().for_each(|cell| _ = found.entry(cell.label(other)).or_default().insert(cell.label(x)));
        let most = found.values().map(BTreeSet::len).max().unwrap_or(0);
        let mut held = found.into_iter().filter(|(_, labels)| labels.len() == most);
        match (held.next(), held.next()) {
            (Some((Some(own), _)), None) => Ok((other.to_string(), own.to_string())),
            _ => place.fail(
                format!("`{other}` has several values at every `{x}`, so that no map is of `{x}` alone"),
                "hold it with `where` in a figure of each axis",
            ),
        }
    });
    Ok(MapOf { x: x.into(), held: held.collect::<Result<_>>()? })
}

/// What a kind asks of its cells: layers of networks, or functions of one or two variables, one a panel.
fn fits(figure: &WrittenFigure, spec: &FigureSpec, cells: &[&GridCell]) -> Result<()> {
    let wrong = |message: String, help: &str| figure.place.fail(message, help);
    let word = figure.kind.word;
    if figure.kind.cells == CellsShown::Layers && cells.iter().all(|cell| cell.function().is_some()) {
        let help = "draw `curves`, or `trajectories` where the function has one or two variables";
        return wrong(format!("this {word} shows the layers of networks, but test functions have no layers"), help);
    }
    if spec.axes.has_time() && !cells.iter().any(|cell| model::family(&cell.settings).has_time()) {
        let help = "choose recurrent nets with `where`, or delete `axes`";
        return wrong(format!("no network of this {word} has time steps"), help);
    }
    let is_of_points = spec.metric.as_deref().is_some_and(|name| columns::find(columns::POINTS, name).is_some());
    if is_of_points && cells.iter().any(|cell| cell.function().is_none()) {
        let help = "fix it to functions with `where`, or choose another column";
        return wrong(
            "the variables of test functions have curves, and this figure has cells that train a network".into(),
            help,
        );
    }
    let variables = || cells.iter().filter_map(|cell| cell.function()).map(|function| function.start.len());
    let variable =
        spec.metric.as_deref().and_then(|name| columns::POINTS.iter().position(|column| column.name == name));
    if variable.is_some_and(|index| variables().all(|n| n <= index)) {
        let name = spec.metric.as_deref().unwrap_or_default();
        let has = count(variables().max().unwrap_or(0), "variable");
        return wrong(format!("no function of this {word} has {name}: each has {has}"), "write metric = \"x1\"");
    }
    if figure.kind.cells == CellsShown::Planes { fits_planes(figure, spec, cells) } else { Ok(()) }
}

/// A kind of planes shows one function of one or two variables in each panel.
fn fits_planes(figure: &WrittenFigure, spec: &FigureSpec, cells: &[&GridCell]) -> Result<()> {
    let wrong = |message: String, help: &str| figure.place.fail(message, help);
    let word = figure.kind.word;
    let mut panels: HashMap<Vec<&str>, Kind> = HashMap::new();
    for cell in cells {
        let Some(function) = cell.function() else {
            let help = "fix it to functions with `where`, or draw another kind";
            return wrong(
                format!("{word} show test functions, but this figure includes cells that train a network"),
                help,
            );
        };
        let n = function.start.len();
        if n > 2 {
            let help = match function.kind {
                Kind::Quadratic { .. } => {
                    "write function.dimension = 2, choose other cells with `where`, or draw `curves`"
                }
                _ => "choose other cells with `where`, or draw `curves`",
            };
            let has = count(n, "variable");
            return wrong(
                format!("{word} need a function of one or two variables, but a function here has {has}"),
                help,
            );
        }
        let panel = cell.labels.iter().filter(|(axis, _)| spec.facet.contains(axis)).map(|(_, label)| label.as_str());
        let first = *panels.entry(panel.collect()).or_insert(function.kind);
        if first != function.kind {
            let help = "draw one panel per function with `facet`, or fix the function with `where`";
            return wrong(format!("one panel of these {word} would show several functions"), help);
        }
    }
    Ok(())
}
