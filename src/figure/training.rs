//! Lines over the steps of training: a line goes on as long as all of its seeds do. A run that diverged has an end, after which it
//! counts as worse than every number, as in every median of how runs end.

use super::chart::{Mark, Points};
use super::ruler::{End, Ruler};
use super::scene::Color;
use super::select::{GroupKey, Selection, over_seeds};
use crate::columns::Column;
use crate::plan_file::Scale;
use crate::record::Status;
use std::collections::{BTreeMap, BTreeSet};

/// How steps are spread along x: as they were recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepScale {
    Linear,
    /// By log(1 + step), so that step 0 has a place.
    Log,
}

impl StepScale {
    /// As the figure has it, or as steps were recorded.
    pub fn new(selection: &Selection, steps: &BTreeSet<u64>) -> StepScale {
        match selection.spec.x_scale {
            _ if selection.spec.epochs => StepScale::Linear,
            None => StepScale::of(steps),
            Some(Scale::Log) => StepScale::Log,
            Some(_) => StepScale::Linear,
        }
    }

    /// Logarithmic where half of the steps are in the first quarter of training.
    fn of(steps: &BTreeSet<u64>) -> StepScale {
        let middle = steps.iter().nth(steps.len() / 2).copied().unwrap_or(0);
        let last = steps.last().copied().unwrap_or(0);
        if steps.len() > 3 && 4 * middle < last { StepScale::Log } else { StepScale::Linear }
    }

    /// Where a step stands.
    pub fn place(self, step: f64) -> f64 {
        if self == StepScale::Log { step.ln_1p() } else { step }
    }

    /// From step 0 to the last, or as the figure has it.
    pub fn ruler(self, selection: &Selection, last: f64) -> Ruler {
        let [low, high] = selection.spec.x_limits.unwrap_or([0.0, last.max(1.0)]);
        if self == StepScale::Log {
            Ruler::steps(low.max(0.0), high)
        } else {
            Ruler::exact(low, high, 4).of_whole_numbers()
        }
    }

    pub fn title(self) -> &'static str {
        if self == StepScale::Log { "step (on the scale of log(1 + step))" } else { "step" }
    }
}

/// What a table with a row a step says of the selected runs, as it was measured; `K` tells several lines of one group apart.
pub struct Training<K> {
    /// By step and line.
    values: BTreeMap<(u64, K), Vec<(usize, f64)>>,
    /// The seeds of each group that have any row.
    seeds: BTreeMap<GroupKey, BTreeSet<u64>>,
    /// The last step of each run.
    last: BTreeMap<usize, u64>,
}

fn is_diverged(selection: &Selection, run: usize) -> bool {
    selection.run(run).status == Status::Diverged
}

/// So many crosses have room side by side along a narrow panel.
const CROSSES: f64 = 30.0;

/// The lines of a figure over the steps, and the runs that diverged with the place of their last step.
pub struct Course<K> {
    pub lines: BTreeMap<(GroupKey, K), Points>,
    pub ends: Vec<(usize, f64)>,
    /// Whether lines end where some runs do, before others.
    unequal: bool,
    /// Whether medians count a run that diverged as the worst after its end.
    counted: bool,
    pub scale: StepScale,
    pub x: Ruler,
}

impl<K: Ord + Copy> Default for Training<K> {
    fn default() -> Self {
        Training { values: BTreeMap::new(), seeds: BTreeMap::new(), last: BTreeMap::new() }
    }
}

impl<K: Ord + Copy> Training<K> {
    /// Notes that a run has a row at this step.
    pub fn saw(&mut self, selection: &Selection, run: usize, step: u64) {
        self.seeds.entry(selection.key(run)).or_default().insert(selection.run(run).seed);
        let last = self.last.entry(run).or_insert(step);
        *last = step.max(*last);
    }

    /// Adds a finite value.
    pub fn add(&mut self, run: usize, step: u64, line: K, value: f64) {
        self.values.entry((step, line)).or_default().push((run, value));
    }

    /// The lines, each on the scale of the column that its `K` stands for, as far as all seeds of a group have a value: a median over
    /// those that are left would jump when one ends. Where the column has a better and a worse, a run that diverged has the worst.
    pub fn course<'c>(mut self, selection: &Selection, column: impl Fn(K) -> &'c Column) -> Course<K> {
        let all = std::mem::take(&mut self.values);
        let mut course = self.without_lines(selection, &all.keys().map(|(step, _)| *step).collect());
        let diverged: BTreeMap<usize, u64> = self
            .last
            .iter()
            .filter(|(run, _)| is_diverged(selection, **run))
            .map(|(run, last)| (*run, *last))
            .collect();
        for ((step, line), mut values) in all {
            if column(line).sign().is_some() {
                // As long as the others of its group go on.
                let going: BTreeSet<GroupKey> = values.iter().map(|(run, _)| selection.key(*run)).collect();
                let measured: BTreeSet<usize> = values.iter().map(|(run, _)| *run).collect();
                let ended = diverged.iter().filter(|(run, last)| step >= **last && !measured.contains(run));
                let ended = ended.filter(|(run, _)| going.contains(&selection.key(**run)));
                values.extend(ended.map(|(run, _)| (*run, column(line).worst())));
                course.counted = true;
            }
            for (key, seeds) in selection.by_seed(values.into_iter(), column(line).has_geometric_median()) {
                if seeds.len() == self.seeds(&key) {
                    let point = over_seeds(seeds.into_values(), column(line));
                    let point = point.map(|s| (course.scale.place(step as f64), s));
                    course.lines.entry((key, line)).or_default().extend(point);
                }
            }
        }
        if course.counted {
            let last = |run: &usize| self.last[run];
            let others = || self.last.keys().filter(|run| !diverged.contains_key(run));
            course.unequal = others().map(last).min() != others().map(last).max();
        }
        course
    }

    /// The same for lines that others make of what was recorded at these steps.
    pub fn without_lines(&self, selection: &Selection, steps: &BTreeSet<u64>) -> Course<K> {
        let scale = StepScale::new(selection, steps);
        let last = self.last.values().copied().max().unwrap_or(0);
        let diverged = self.last.iter().filter(|(run, _)| is_diverged(selection, **run));
        let ends = diverged.map(|(run, step)| (*run, scale.place(*step as f64))).collect();
        let unequal = self.last.values().any(|own| *own != last);
        Course {
            lines: BTreeMap::new(),
            ends,
            unequal,
            counted: false,
            scale,
            x: scale.ruler(selection, last as f64).padded(2.5, 130.0),
        }
    }

    /// How many seeds of a group have any row.
    pub fn seeds(&self, key: &GroupKey) -> usize {
        self.seeds.get(key).map_or(0, BTreeSet::len)
    }
}

impl<K: Ord + Copy> Course<K> {
    /// The lines of all groups, of one of several measurements.
    pub fn of(&self, line: K) -> impl Iterator<Item = (&GroupKey, &Points)> {
        self.lines.iter().filter(move |((_, own), _)| *own == line).map(|((key, _), points)| (key, points))
    }

    /// Makes room on a ruler for the crosses above the lines, where there are some.
    pub fn headroom(&self, y: &mut Ruler) {
        if !self.ends.is_empty() {
            y.extend(End::High, 0.07);
        }
    }

    /// A cross above the lines for each run that diverged in this panel, in the `color` of its line; of those of one colour that would
    /// lie on each other the first.
    pub fn crosses(&self, selection: &Selection, panel: GroupKey, color: impl Fn(usize) -> Color) -> Vec<Mark> {
        let here = self.ends.iter().map(|(run, x)| (selection.key(*run), *x));
        let here = here.filter(|(key, _)| key.is_in(panel));
        let mut places: BTreeMap<Color, Vec<f64>> = BTreeMap::new();
        here.for_each(|(key, x)| places.entry(color(key.color)).or_default().push(x));
        let cross = |color, x| Mark::EdgeCross { x, from: End::High, inset: 3.0, radius: 2.3, color };
        let crosses =
            places.into_iter().flat_map(|(color, places)| self.apart(places).into_iter().map(move |x| cross(color, x)));
        crosses.collect()
    }

    /// Those of the places that are no closer to the one before than a cross is wide.
    fn apart(&self, mut places: Vec<f64>) -> Vec<f64> {
        let gap = (self.x.high - self.x.low) / CROSSES;
        places.sort_by(f64::total_cmp);
        let mut kept: Vec<f64> = Vec::new();
        for place in places {
            if kept.last().is_none_or(|last| place - last >= gap) {
                kept.push(place);
            }
        }
        kept
    }

    /// How far lines go; empty where all runs are equally long.
    pub fn lasting(&self) -> String {
        let other = if self.unequal { ", or where another of its seeds ends" } else { "" };
        match (self.counted && !self.ends.is_empty(), self.unequal) {
            (true, _) => format!(
                "From its end on a run that diverged counts as worse than every number, and a line ends where its median is such a run{other}."
            ),
            (false, true) => "A line ends where its first seed ends.".into(),
            (false, false) => String::new(),
        }
    }

    /// What the crosses are, `what` of a run that diverged; empty where there are none.
    pub fn crossed(&self, what: &str) -> String {
        match self.ends.len() {
            0 => String::new(),
            1 => format!("×: {what} of a run that diverged."),
            _ => format!("×: {what} of a run that diverged, one for all at about the same place."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::StepScale::{self, Linear, Log};

    #[test]
    fn steps_stand_as_they_were_recorded() {
        let of = |steps: &[u64]| StepScale::of(&steps.iter().copied().collect());
        assert_eq!(of(&[0, 1, 2, 5, 13, 30, 80, 200, 500, 1000]), Log);
        assert_eq!(of(&[0, 1, 10, 100]), Log);
        assert_eq!(of(&[0, 50, 100, 150, 200, 201]), Linear);
        assert_eq!(of(&[0, 100]), Linear);
        assert_eq!(of(&[]), Linear);
    }
}
