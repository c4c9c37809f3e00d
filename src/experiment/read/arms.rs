//! `[[optimizer]]`: arms of one axis, each of which may own axes.

use super::axis::{Assignment, Leaf, MOST_POINTS, Patch, Point, WrittenAxis, named};
use super::problem::{Location, ExperimentError};
use super::reader::{Entry, Reader, is_several};
use super::settings::Registry;
use crate::plan_file::Scale;
use std::collections::HashMap;

impl Reader {
    /// `[[optimizer]]`: arms, each with a kind, settings and axes of its own.
    pub fn optimizers(&self, entry: &Entry) -> Result<WrittenAxis, ExperimentError> {
        let registry = Registry::get();
        let head = registry.index("optimizer.kind");
        let mut axis = WrittenAxis {
            name: "optimizer".into(),
            place: entry.at.clone(),
            scale: Scale::Category,
            points: Vec::new(),
            key: None,
            owned: Vec::new(),
        };
        let mut names: HashMap<String, Location> = HashMap::new();
        for (place, entries) in self.tables("optimizer", entry)? {
            let mut name = None;
            let mut patch = Patch { clears: registry.family("optimizer").collect(), sets: Vec::new() };
            let mut own: Vec<Vec<Point>> = Vec::new();
            for e in &entries {
                if e.key == "name" {
                    let text = self.text("name", e.value)?;
                    named(&text, &self.at(e.value))?;
                    name = Some(text);
                    continue;
                }
                let path = format!("optimizer.{}", e.key);
                // An arm may also set what stands outside the family, such as weight_decay or batch.
                let outside =
                    registry.find(&path).is_none() && (registry.find(e.key).is_some() || registry.is_family(e.key));
                self.walk(if outside { e.key } else { &path }, e, &mut |leaf| {
                    let Leaf::Set(key, e) = leaf else { return Ok(()) };
                    let setting = &registry.keys[key];
                    let several = is_several(setting, e.value);
                    if several && key != head {
                        let (points, scale) = self.points(key, e)?;
                        match axis.owned.iter_mut().find(|(k, _)| *k == key) {
                            Some(slot) if slot.1 != scale => slot.1 = if scale == Scale::Log { scale } else { slot.1 },
                            Some(_) => {}
                            None => axis.owned.push((key, scale)),
                        }
                        own.push(points);
                        return Ok(());
                    }
                    let value = self.setting(setting, e.value)?;
                    patch.add(Assignment { key, value, place: self.at(e.value) })
                })?;
            }
            let Some(kind) = patch.sets.iter().find(|a| a.key == head).map(|a| a.value.to_string()) else {
                let help = format!("write kind = \"adam\", or another of {}", registry.keys[head].words.join(", "));
                return Err(ExperimentError::new(&place, "this [[optimizer]] has no `kind`", help));
            };
            let label = name.unwrap_or(kind);
            if let Some(first) = names.insert(label.clone(), place.clone()) {
                let help = "give each a `name` of its own";
                return Err(ExperimentError::new(&place, format!("two optimizers are called `{label}`"), help).also(&first));
            }
            let count = own.iter().try_fold(axis.points.len().max(1), |n, p| n.checked_mul(p.len()));
            if count.is_none_or(|n| n > MOST_POINTS) {
                let message = format!("the axes of optimizer `{label}` have more than {MOST_POINTS} combinations");
                return Err(ExperimentError::new(&place, message, "shorten them"));
            }
            let mut points = vec![Point { label, patch, place }];
            for values in &own {
                points =
                    points.iter().flat_map(|p| values.iter().map(move |v| join(p, v))).collect::<Result<_, _>>()?;
            }
            axis.points.extend(points);
        }
        if axis.points.is_empty() {
            return Err(ExperimentError::new(
                &entry.at,
                "the axis `optimizer` is empty",
                "write [[optimizer]] with a `kind`, or delete it",
            ));
        }
        Ok(axis)
    }
}

/// The point of an arm joined with one of its own axes.
fn join(point: &Point, value: &Point) -> Result<Point, ExperimentError> {
    let mut joined = point.clone();
    joined.patch.clears.extend(&value.patch.clears);
    value.patch.sets.iter().try_for_each(|a| joined.patch.add(a.clone()))?;
    Ok(joined)
}
