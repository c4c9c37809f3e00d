//! `[[include]]`: cells in addition to the grid, each a small grid of its own.

use super::axis::{self, Assignment, Patch, Point, WrittenAxis, bundle_axis};
use super::bundles::named;
use super::error::{Location, Result};
use super::node::Entry;
use super::points::{Leaf, point, points, walk};
use crate::experiment::settings::{Registry, literal};
use std::collections::HashSet;

/// Cells to append. An axis it does not name keeps all its points, as in an exclude.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Include {
    pub place: Location,
    /// As written, for the plan.
    pub text: String,
    /// Axes with labels of their own (`variant`, `optimizer`, zips) and the labels chosen there.
    named: Vec<(String, Vec<String>)>,
    /// Settings and the points they take here, on their axis or off it.
    lists: Vec<(usize, Vec<Point>)>,
    /// Settings that a whole table sets back to their defaults first.
    clears: Vec<usize>,
}

impl Include {
    /// Reads one `[[include]]` of a file that has these axes.
    pub fn read(place: Location, entries: &[Entry], axes: &[WrittenAxis]) -> Result<Self> {
        let registry = Registry::get();
        if entries.is_empty() {
            let message = "this [[include]] does not say which cells to add";
            return place.fail(message, "name them, as in depth = 64, or delete it");
        }
        let mut include =
            Include { place, text: String::new(), named: Vec::new(), lists: Vec::new(), clears: Vec::new() };
        let mut texts = Vec::new();
        let mut say = |name: &str, e: &Entry| {
            let words: Vec<&str> = e.value.at.text().split_whitespace().collect();
            texts.push(format!("{name} = {}", words.join(" ")));
        };
        for e in entries {
            let axis = bundle_axis(axes, e.key).filter(|_| !e.value.toml.is_table() || e.value.is_whole_table());
            if let Some(axis) = axis {
                let labels = e.value.values(e.key, None)?.into_iter().map(|(value, place)| {
                    let label = value.to_string();
                    named(&label, &place)?;
                    axes[axis].has(&label, &place)?;
                    Ok(label)
                });
                say(e.key, e);
                include.named.push((e.key.to_string(), labels.collect::<Result<_>>()?));
                continue;
            }
            if registry.find(e.key).is_none() && !registry.is_family(e.key) {
                return Err(axis::no_such_name(e.key, &e.at, axes));
            }
            walk(e.key, e, &mut |leaf| {
                let (key, e) = match leaf {
                    Leaf::Family(family) => {
                        include.clears.extend(registry.family(family));
                        return Ok(());
                    }
                    Leaf::Set(key, e) => (key, e),
                };
                say(registry.keys[key].short(), e);
                let points = match e.value.is_several(&registry.keys[key]) {
                    true => points(key, e)?.0,
                    false => vec![point(key, e, &e.value)?],
                };
                include.add(key, points, &e.at, axes)
            })?;
        }
        include.text = texts.join(", ");
        Ok(include)
    }

    fn add(&mut self, key: usize, points: Vec<Point>, at: &Location, axes: &[WrittenAxis]) -> Result<()> {
        let name = Registry::get().keys[key].short();
        if let Some(arms) = bundle_axis(axes, name) {
            let arm = &axes[arms].points[0];
            let message = format!("the kind of an optimizer follows from its name on the axis `{name}`");
            let help = format!("write that name, as in {name} = \"{}\"", arm.label);
            return Err(at.error(message, help).also(&arm.place));
        }
        if let Some((_, first)) = self.lists.iter().find(|(known, _)| *known == key) {
            return Err(axis::set_twice(name, at, &first[0].place));
        }
        self.lists.push((key, points));
        Ok(())
    }

    /// The points of each axis in these cells, then those of the settings off the axes. `centre` is that of an
    /// ablation, whose axes stay there unless named.
    ///
    /// # Errors
    /// A setting that a chosen variant or zip decides.
    pub fn grid(&self, axes: &[WrittenAxis], centre: &[Option<usize>]) -> Result<Vec<Vec<Point>>> {
        let mut grid: Vec<Vec<Point>> = Vec::with_capacity(axes.len() + self.lists.len());
        for (axis, centre) in axes.iter().zip(centre) {
            let labels = self.named.iter().find(|(name, _)| axis.key.is_none() && *name == axis.name);
            let list = self.lists.iter().find(|(key, _)| axis.key == Some(*key));
            let points: Vec<Point> = match (labels, list, centre) {
                (Some((_, labels)), ..) => axis.points.iter().filter(|p| labels.contains(&p.label)).cloned().collect(),
                (None, Some((_, points)), _) => points.clone(),
                (None, None, Some(centre)) => vec![axis.points[*centre].clone()],
                (None, None, None) => axis.points.clone(),
            };
            grid.push(if axis.name == "optimizer" && axis.key.is_none() { self.without_own(points) } else { points });
        }
        for (_, points) in self.off_axis(axes) {
            self.is_free(points, axes, &grid)?;
        }
        grid.extend(self.off_axis(axes).map(|(_, points)| points.clone()));
        if !self.clears.is_empty() {
            let patch = Patch { clears: self.clears.clone(), sets: Vec::new() };
            grid.push(vec![Point { label: String::new(), patch, place: self.place.clone() }]);
        }
        Ok(grid)
    }

    /// The settings that are on no axis of the file, or that arms of an optimizer own.
    pub fn off_axis<'a>(&'a self, axes: &'a [WrittenAxis]) -> impl Iterator<Item = &'a (usize, Vec<Point>)> {
        self.lists.iter().filter(|(key, _)| axes.iter().all(|a| a.key != Some(*key)))
    }

    /// Every value it gives.
    pub fn sets(&self) -> impl Iterator<Item = &Assignment> {
        self.lists.iter().flat_map(|(_, points)| points).flat_map(|p| &p.patch.sets)
    }

    /// Settings in which these cells may differ from the grid's without an axis that says so.
    pub fn touched<'a>(&'a self, axes: &'a [WrittenAxis], base: &'a Patch) -> impl Iterator<Item = usize> + 'a {
        let cleared = base.sets.iter().map(|a| a.key).filter(|key| self.clears.contains(key));
        // Off the points of an axis, what those set beside the axis may differ as well.
        let replaced = axes.iter().filter(|a| self.lists.iter().any(|(key, _)| a.key == Some(*key)));
        let beside = replaced.flat_map(|a| &a.points).flat_map(|p| &p.patch.sets).map(|a| a.key);
        let sets = self.sets().map(|a| a.key);
        let is_label = |key: &usize| axes.iter().any(|a| a.key == Some(*key) || a.owned.iter().any(|(k, _)| k == key));
        sets.chain(beside).chain(cleared).filter(move |key| !is_label(key))
    }

    /// Arms that would differ only in a setting that the include decides are one.
    fn without_own(&self, mut points: Vec<Point>) -> Vec<Point> {
        let mut seen = HashSet::new();
        points.retain_mut(|point| {
            point.patch.sets.retain(|a| self.lists.iter().all(|(key, _)| *key != a.key));
            let sets: Vec<String> =
                point.patch.sets.iter().map(|a| format!("{} {}", a.key, literal(&a.value))).collect();
            seen.insert((point.label.clone(), sets))
        });
        points
    }

    /// The name of a variant or a zip says what it sets, so that nothing else may set it.
    fn is_free(&self, points: &[Point], axes: &[WrittenAxis], grid: &[Vec<Point>]) -> Result<()> {
        for own in points.iter().flat_map(|p| &p.patch.sets) {
            for (axis, chosen) in axes.iter().zip(grid).filter(|(a, _)| a.key.is_none() && a.name != "optimizer") {
                let decides = |point: &&Point| point.patch.value(own.key).is_some();
                let Some(point) = chosen.iter().find(decides) else { continue };
                let name = Registry::get().keys[own.key].short();
                let message = format!("`{name}` is already set by `{}` of the axis `{}`", point.label, axis.name);
                let help = format!("choose another point of `{0}` in this [[include]], or add one to `{0}`", axis.name);
                let first = point.patch.value(own.key).map_or(&point.place, |a| &a.place);
                return Err(own.place.error(message, help).also(first));
            }
        }
        Ok(())
    }
}
