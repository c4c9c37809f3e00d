//! Which combinations of points there are, by number: the grid or its ablation, then what `[[include]]` appends.

use crate::experiment::file::Experiment;
use crate::experiment::read::{Include, Point, Result, WrittenAxis, ablation};
use crate::experiment::settings::Registry;
use std::collections::BTreeMap;

/// All combinations, numbered, those that `[[exclude]]` drops among them.
pub(crate) struct Grid<'a> {
    axes: &'a [WrittenAxis],
    includes: &'a [Include],
    /// That of the axes first, then one for each `[[include]]`.
    blocks: Vec<Block>,
    /// Settings off the axes in which included cells may differ from the others.
    pub touched: Vec<usize>,
}

/// A product of points. Those axes that have a centre vary one at a time.
struct Block {
    /// For each axis its points; after the axes come an include's own settings.
    points: Vec<Vec<Point>>,
    /// For each axis, if an ablation names it, the index of its centre.
    centre: Vec<Option<usize>>,
    /// The number of combinations; a float, since it may be beyond counting.
    size: f64,
    /// How many changes from the centre there are, none among them.
    factors: usize,
}

impl<'a> Grid<'a> {
    /// The combinations of an experiment.
    ///
    /// # Errors
    /// A centre or an include that does not fit the axes.
    pub fn new(experiment: &'a Experiment) -> Result<Self> {
        let axes = &experiment.axes;
        let centre = match &experiment.ablation {
            Some(centre) => ablation::centre(centre, axes)?,
            None => vec![None; axes.len()],
        };
        let mut touched = Vec::new();
        let mut blocks = vec![Block::new(axes.iter().map(|a| a.points.clone()).collect(), centre.clone())];
        for include in &experiment.includes {
            let points = include.grid(axes, &centre)?;
            let free = vec![None; points.len()];
            blocks.push(Block::new(points, free));
            touched.extend(include.touched(axes, &experiment.base));
        }
        touched.sort_unstable();
        touched.dedup();
        Ok(Grid { axes, includes: &experiment.includes, blocks, touched })
    }

    /// How many combinations each part has: the grid's, then each include's.
    pub fn sizes(&self) -> Vec<f64> {
        self.blocks.iter().map(|block| block.size).collect()
    }

    /// The `[[include]]` that appends this combination, if one does.
    pub fn include(&self, index: usize) -> Option<&'a Include> {
        let mut left = index as f64;
        let block = self.blocks.iter().position(|block| {
            left -= block.size;
            left < 0.0
        })?;
        self.includes.get(block.checked_sub(1)?)
    }

    /// The points of the `index`-th combination, one an axis, then an include's own; the last axis changes fastest,
    /// and within an ablation the centre comes first, then the changes of one axis after the other.
    pub fn points<'b>(&'b self, mut index: usize, points: &mut Vec<&'b Point>) {
        for block in &self.blocks {
            let size = block.size as usize;
            if index < size {
                return block.points(index, points);
            }
            index -= size;
        }
    }

    /// The labels of a combination, for messages.
    pub fn describe(&self, points: &[&Point]) -> String {
        let keys = &Registry::get().keys;
        let own = points.iter().skip(self.axes.len()).flat_map(|p| &p.patch.sets);
        let own = own.map(|a| format!("{} = {}", keys[a.key].short(), a.value));
        let labels = self.axes.iter().zip(points).map(|(a, p)| format!("{} = {}", a.name, p.label));
        labels.chain(own).collect::<Vec<_>>().join(", ")
    }

    /// The centre of an ablation: axis -> label.
    pub fn centre(&self) -> BTreeMap<String, String> {
        let mut centre = BTreeMap::new();
        for (index, point) in self.blocks[0].ablated() {
            let (axis, point) = (&self.axes[index], &self.blocks[0].points[index][point]);
            centre.insert(axis.name.clone(), point.label.clone());
            for (key, _) in &axis.owned {
                let value = point.patch.value(*key).map(|a| a.value.to_string());
                centre.insert(Registry::get().keys[*key].name.into(), value.unwrap_or_default());
            }
        }
        centre
    }

    /// The labels that included points add to an axis, in the order of the file.
    pub fn added(&self, axis: usize) -> impl Iterator<Item = &str> {
        self.blocks[1..].iter().flat_map(move |block| &block.points[axis]).map(|p| p.label.as_str())
    }
}

impl Block {
    fn new(points: Vec<Vec<Point>>, centre: Vec<Option<usize>>) -> Self {
        let (mut factors, mut product) = (1, 1.0);
        for (points, centre) in points.iter().zip(&centre) {
            match centre {
                Some(_) => factors += points.len() - 1,
                None => product *= points.len() as f64,
            }
        }
        Block { points, centre, size: factors as f64 * product, factors }
    }

    fn points<'b>(&'b self, mut index: usize, points: &mut Vec<&'b Point>) {
        let mut change = index % self.factors;
        index /= self.factors;
        points.clear();
        for (own, centre) in self.points.iter().zip(&self.centre).rev() {
            let digit = centre.unwrap_or(index % own.len());
            if centre.is_none() {
                index /= own.len();
            }
            points.push(&own[digit]);
        }
        points.reverse();
        for (axis, centre) in self.ablated() {
            let others = self.points[axis].len() - 1;
            if change == 0 {
                return;
            } else if change <= others {
                let other = if change > centre { change } else { change - 1 };
                points[axis] = &self.points[axis][other];
                return;
            }
            change -= others;
        }
    }

    fn ablated(&self) -> impl Iterator<Item = (usize, usize)> {
        self.centre.iter().enumerate().filter_map(|(axis, centre)| Some((axis, (*centre)?)))
    }
}
