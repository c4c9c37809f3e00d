//! The dashed lines that a figure's measurements are compared with, such as a bound or a law.

use super::chart::{Legend, Mark};
use super::ruler::Ruler;
use super::select::{GroupKey, Selection, Used};
use super::style::{INK, Look, Marker};
use super::training::StepScale;
use crate::columns::Column;
use crate::plan_file::figure::Reference;

/// The dashes of the lines, in turn: those of each name differ from those of the others.
const DASHES: [&[f64]; 3] = [&[3.5, 2.5], &[1.2, 2.0], &[7.0, 2.2, 1.2, 2.2]];

/// Points of a line: a curved one looks smooth.
const POINTS: usize = 120;

/// The lines of a figure over its ruler of x.
pub struct References<'a> {
    selection: &'a Selection<'a>,
    column: &'a Column,
    /// Of the panel.
    ends: [f64; 2],
    /// Of what is measured.
    known: [f64; 2],
    value_at: ValueAt,
}

/// What a place along x stands for.
type ValueAt = Box<dyn Fn(f64) -> f64>;

impl<'a> References<'a> {
    /// Over the labels of the figure's axis along x.
    pub fn over_axis(selection: &'a Selection<'a>, column: &'a Column, x: &Ruler) -> Self {
        let value = |used: &Used, label: usize| used.axis.labels[label].parse().unwrap_or(f64::NAN);
        let values = selection.x.iter().flat_map(|used| used.labels.iter().map(|label| value(used, *label)));
        let labels: Vec<(f64, f64)> = x.ticks.iter().map(|tick| tick.at).zip(values).collect();
        let is_at = |place: fn(f64) -> f64| labels.iter().all(|(at, value)| *at == place(*value));
        let ends = [x.low, x.high];
        let known = [labels[..].first(), labels[..].last()].map(|label| label.map_or(f64::NAN, |label| label.0));
        let (known, value_at): (_, ValueAt) = match () {
            () if labels.len() > 1 && is_at(std::convert::identity) => (known, Box::new(std::convert::identity)),
            () if labels.len() > 1 && is_at(f64::log2) => (known, Box::new(f64::exp2)),
            // Labels that stand one by one have a slot each.
            () => {
                let far = |place: f64, label: &&(f64, f64)| (label.0 - place).abs();
                let nearest = move |place: f64| {
                    labels.iter().min_by(|a, b| far(place, a).total_cmp(&far(place, b))).map_or(f64::NAN, |own| own.1)
                };
                (ends, Box::new(nearest))
            }
        };
        References { selection, column, ends, known, value_at }
    }

    /// Over steps, or epochs.
    pub fn over_steps(selection: &'a Selection<'a>, column: &'a Column, scale: StepScale, x: &Ruler) -> Self {
        let value_at = if scale == StepScale::Log { f64::exp_m1 } else { std::convert::identity };
        // Before the first step there is nothing.
        let ends = [x.low.max(0.0), x.high];
        References { selection, column, ends, known: ends, value_at: Box::new(value_at) }
    }

    /// The lines of a panel.
    pub fn of(&self, panel: GroupKey) -> Vec<Mark> {
        let lines = self.selection.spec.references.iter();
        let here = lines.filter(|line| {
            is_of(line, &self.selection.row, panel.row) && is_of(line, &self.selection.column, panel.column)
        });
        let drawn = here.flat_map(|line| self.looks(line).into_iter().filter_map(|look| self.curve(line, look)));
        drawn.collect()
    }

    /// The legend with their names, in the colour of the label if all of a name are of one.
    pub fn named(&self, legend: Legend) -> Legend {
        self.names().into_iter().fold(legend, |legend, name| {
            let looks: Vec<Look> = self.lines(name).flat_map(|line| self.looks(line)).collect();
            let shared = looks.first().filter(|first| looks.iter().all(|look| look.color == first.color));
            legend.line(Some(name.into()), shared.copied().unwrap_or(self.look(name)))
        })
    }

    /// What a caption says of those that no panel with such a scale shows.
    pub fn outside(&self, y: &Ruler) -> String {
        let is_in = |mark: Mark| match mark {
            Mark::Curve { points, .. } => points.iter().any(|(_, height)| (y.low..=y.high).contains(height)),
            _ => false,
        };
        let is_shown =
            |line: &Reference| self.looks(line).into_iter().filter_map(|look| self.curve(line, look)).any(is_in);
        let hidden: Vec<&str> = self.names().into_iter().filter(|name| !self.lines(name).any(is_shown)).collect();
        if hidden.is_empty() { String::new() } else { format!("Outside the scale: {}.", hidden.join(", ")) }
    }

    fn lines(&self, name: &str) -> impl Iterator<Item = &'a Reference> {
        self.selection.spec.references.iter().filter(move |line| line.name == name)
    }

    /// Where the lines of one height are on the scale of the column.
    pub fn heights(&self) -> impl Iterator<Item = f64> {
        let level = self.selection.spec.references.iter().filter(|line| line.is_constant());
        level.map(|line| self.drawn(line.value)).filter(|height| height.is_finite())
    }

    /// The names in the order of the file, each once.
    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for line in &self.selection.spec.references {
            if !names.contains(&&*line.name) {
                names.push(&line.name);
            }
        }
        names
    }

    /// How lines of this name look, but for the colour where a line is of one label.
    fn look(&self, name: &str) -> Look {
        let place = self.names().iter().position(|own| *own == name).unwrap_or(0);
        Look { color: INK, dash: DASHES[place % DASHES.len()], marker: Marker::Disc, hollow: false }
    }

    /// The looks in which a line is drawn: those of the labels that it is of.
    fn looks(&self, line: &Reference) -> Vec<Look> {
        let look = self.look(&line.name);
        match self.selection.color.as_ref().filter(|used| line.filter.contains_key(&used.axis.name)) {
            None => vec![look],
            Some(used) => {
                let own = used.labels.iter().filter(|label| is_of(line, &self.selection.color, **label));
                own.map(|label| Look { color: self.selection.look(*label).color, ..look }).collect()
            }
        }
    }

    fn curve(&self, line: &Reference, look: Look) -> Option<Mark> {
        let ([low, high], spread) = if line.is_constant() { (self.ends, 2) } else { (self.known, POINTS) };
        let places = (0..spread).map(|i| low + (high - low) * i as f64 / (spread - 1) as f64);
        let points = places.map(|place| (place, self.drawn(line.at((self.value_at)(place)))));
        let points: Vec<(f64, f64)> = points.filter(|(_, height)| height.is_finite()).collect();
        (points.len() > 1).then(|| Mark::Curve { points, stroke: look.stroke(1.0), name: None })
    }

    fn drawn(&self, value: f64) -> f64 {
        if self.column.is_log() { value.log10() } else { value }
    }
}

/// Whether a line belongs to this label of an axis.
fn is_of(line: &Reference, used: &Option<Used>, label: usize) -> bool {
    let Some(used) = used else { return true };
    line.filter.get(&used.axis.name).is_none_or(|labels| labels.contains(&used.axis.labels[label]))
}
