//! `[[optimizer]]`: the optimizers of one axis, each of which may have lists and ranges of its own.

use super::axis::{Assignment, MOST_POINTS, Patch, Point, WrittenAxis};
use super::bundles::named;
use super::error::{Location, Result};
use super::node::Entry;
use super::points::{Leaf, points, walk};
use crate::experiment::settings::Registry;
use crate::plan_file::Scale;
use std::collections::HashMap;

/// `[[optimizer]]`: arms, each with a kind, settings and axes of its own.
pub(crate) fn optimizers(entry: &Entry) -> Result<WrittenAxis> {
    let registry = Registry::get();
    let head = registry.index("optimizer.kind");
    let mut all: Vec<Point> = Vec::new();
    let mut owned: Vec<(usize, Scale)> = Vec::new();
    let mut names: HashMap<String, Location> = HashMap::new();
    for (place, entries) in entry.tables(|place, entries| Ok((place, entries)))? {
        let mut name = None;
        let mut patch = Patch { clears: registry.family("optimizer").collect(), sets: Vec::new() };
        let mut own: Vec<Vec<Point>> = Vec::new();
        for e in &entries {
            if e.key == "name" {
                let text = e.text()?;
                named(&text, &e.value.at)?;
                name = Some(text);
                continue;
            }
            let path = format!("optimizer.{}", e.key);
            // An arm may also set what stands outside the family, such as weight_decay or batch.
            let outside =
                registry.find(&path).is_none() && (registry.find(e.key).is_some() || registry.is_family(e.key));
            walk(if outside { e.key } else { &path }, e, &mut |leaf| {
                let Leaf::Set(key, e) = leaf else { return Ok(()) };
                let setting = &registry.keys[key];
                if key == head || !e.value.is_several(setting) {
                    let value = e.value.setting(setting)?;
                    return patch.add(Assignment { key, value, place: e.value.at.clone() });
                }
                let (points, scale) = points(key, e)?;
                match owned.iter_mut().find(|(k, _)| *k == key) {
                    Some((_, known)) if scale == Scale::Log => *known = scale,
                    Some(_) => {}
                    None => owned.push((key, scale)),
                }
                own.push(points);
                Ok(())
            })?;
        }
        let Some(kind) = patch.value(head).map(|a| a.value.to_string()) else {
            let help = format!("write kind = \"adam\", or another of {}", registry.keys[head].words.join(", "));
            return place.fail("this [[optimizer]] has no `kind`", help);
        };
        let label = name.unwrap_or(kind);
        if let Some(first) = names.insert(label.clone(), place.clone()) {
            let help = "give each a `name` of its own";
            return Err(place.error(format!("two optimizers have the name `{label}`"), help).also(&first));
        }
        let count = own.iter().try_fold(all.len().max(1), |n, p| n.checked_mul(p.len()));
        if count.is_none_or(|n| n > MOST_POINTS) {
            let message = format!("the axes of optimizer `{label}` have more than {MOST_POINTS} combinations");
            return place.fail(message, "shorten them");
        }
        let mut points = vec![Point { label, patch, place }];
        for values in &own {
            points = points.iter().flat_map(|p| values.iter().map(move |v| join(p, v))).collect::<Result<_>>()?;
        }
        all.extend(points);
    }
    let help = "write [[optimizer]] with a `kind`, or delete it";
    Ok(WrittenAxis { owned, ..WrittenAxis::of_bundles("optimizer", &entry.at, all, "optimizer", help)? })
}

/// The point of an arm joined with one of its own axes.
fn join(point: &Point, value: &Point) -> Result<Point> {
    let mut joined = point.clone();
    joined.patch.join(&value.patch)?;
    Ok(joined)
}
