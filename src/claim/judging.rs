//! Every claim of an experiment judged from the results of its runs.

use super::verdict::{Expect, Judged, Observation, judge, judge_by};
use super::words::{self, Amount};
use crate::columns::{self, Column};
use crate::fading::Fading;
use crate::plan_file::claim::{Against, By, ClaimSpec, Filter, Metric, Ordinal, Wanted};
use crate::record::Status;
use crate::results::{Results, ResultsError, Run, theory::CellTheory};
use crate::stats::median_by;
use std::collections::BTreeMap;

/// One claim, or one of its repetitions, with its verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedClaim {
    /// Number of the claim in the file, from 1.
    pub number: usize,
    /// Its sentence, with the numbers it is about.
    pub says: String,
    /// The labels of the axes that repeat it.
    pub part: Vec<(String, String)>,
    /// The number it is about, by the name of its column.
    pub metric: String,
    /// The same in words.
    pub what: String,
    /// How numbers of it are written.
    pub amount: Amount,
    /// The axis along which it is to grow or fall: the number is then the smallest change from one label to the next.
    pub along: Option<String>,
    /// What was expected: `above 0.5`.
    pub expected: String,
    pub confidence: f64,
    /// Whether it is about an attenuation, which may be of a gradient that does not arrive.
    pub is_fading: bool,
    pub judged: Judged,
}

impl JudgedClaim {
    /// The median, its `number` as the place has it; in words where there is none.
    pub fn median(&self, number: impl Fn(f64) -> String) -> String {
        let number = |x: f64| match x {
            f64::INFINITY if !self.is_of_target() => "beyond every number".into(),
            f64::NEG_INFINITY => "below every number".into(),
            _ => self.end(x, &number),
        };
        match self.judged {
            Judged { median, is_bound, .. } if self.is_fading => Fading::read(median, is_bound).shown(number),
            Judged { median, is_bound: true, .. } => format!("at least {}", number(median)),
            Judged { median, .. } => number(median),
        }
    }

    /// An end of the interval, its `number` as the place has it; in words where there is none.
    pub fn end(&self, x: f64, number: impl Fn(f64) -> String) -> String {
        match x {
            f64::INFINITY if self.is_of_target() => "never reached".into(),
            f64::INFINITY => "no upper end".into(),
            f64::NEG_INFINITY => "no lower end".into(),
            x if x.is_nan() => "unknown".into(),
            x => number(x),
        }
    }

    /// Whether it is about steps that runs which miss their target never reach.
    pub fn is_of_target(&self) -> bool {
        columns::outcome(&self.metric).is_some_and(Column::missing_is_worst)
    }

    /// The repetition: `depth=8 activation=relu`; empty for a claim that is judged once.
    pub fn part(&self) -> String {
        self.part.iter().map(|(axis, label)| format!("{axis}={label}")).collect::<Vec<_>>().join(" ")
    }
}

/// Judges all claims, in the order of the file.
///
/// # Errors
/// A table that is missing or cannot be read.
pub fn judge_all(results: &Results, claims: &[ClaimSpec]) -> Result<Vec<JudgedClaim>, ResultsError> {
    let mut judged_claims = Vec::new();
    for (number, claim) in (1..).zip(claims) {
        let values = Values::read(results, claim)?;
        for part in parts(results, claim) {
            let judged = of_part(results, claim, &values, &part);
            let (says, metric, what) = (words::sentence(claim), words::metric(claim), words::what(claim));
            let (amount, expected) = (Amount::of(claim), words::expected(claim));
            let (confidence, along) = (claim.confidence, claim.along.clone());
            let is_fading = claim.against.is_none() && claim.along.is_none() && values.is_fading();
            let claim = JudgedClaim {
                number,
                says,
                part,
                metric,
                what,
                amount,
                along,
                expected,
                confidence,
                is_fading,
                judged,
            };
            judged_claims.push(claim);
        }
    }
    Ok(judged_claims)
}

/// The combinations of labels for which a claim is repeated.
fn parts(results: &Results, claim: &ClaimSpec) -> Vec<Vec<(String, String)>> {
    let mut parts: Vec<Vec<(String, String)>> = vec![Vec::new()];
    for axis in &claim.each {
        let labels = labels_of(results, &claim.filter, axis);
        parts = parts
            .iter()
            .flat_map(|part| labels.iter().map(move |label| [&part[..], &[(axis.clone(), label.clone())]].concat()))
            .collect();
    }
    // Not every combination of labels has cells.
    parts.retain(|part| results.plan.cells.iter().any(|cell| cell.is_in(&narrowed(&claim.filter, part))));
    parts
}

/// The labels of an axis among the selected cells, in the order of the plan.
fn labels_of(results: &Results, filter: &Filter, axis: &str) -> Vec<String> {
    let plan = &results.plan;
    let all = plan.axes.iter().find(|a| a.name == axis).map_or(&[][..], |a| &a.labels);
    let occurs = |label: &&String| plan.cells.iter().any(|c| c.is_in(filter) && c.labels.get(axis) == Some(label));
    all.iter().filter(occurs).cloned().collect()
}

fn narrowed(filter: &Filter, part: &[(String, String)]) -> Filter {
    let own = part.iter().map(|(axis, label)| (axis.clone(), vec![label.clone()]));
    filter.clone().into_iter().chain(own).collect()
}

fn of_part(results: &Results, claim: &ClaimSpec, values: &Values, part: &[(String, String)]) -> Judged {
    let filter = narrowed(&claim.filter, part);
    let seeds = |filter: &Filter| observations(results, values, filter);
    let against = claim.against.as_ref().and_then(|(other, by)| match other {
        Against::Runs(other) => Some((seeds(&narrowed(other, part)), *by)),
        // Each run has been compared with the prediction of its own cell.
        Against::Theory => None,
    });
    let compared = |own: Vec<Observation>| match &against {
        None => own,
        Some((other, by)) => own.into_iter().zip(other).map(|(a, b)| combined(a, *b, *by)).collect(),
    };
    let is_ratio = !matches!(claim.against, Some((_, By::Difference)));
    let simple = |expect| {
        judge_by(&compared(seeds(&filter)), expect, claim.confidence, is_ratio && values.has_geometric_median())
    };
    let step = match claim.wanted {
        Wanted::Above(bound) => return simple(Expect::Above(bound)),
        Wanted::Below(bound) => return simple(Expect::Below(bound)),
        Wanted::Within(low, high) => return simple(Expect::Within(low, high)),
        Wanted::Increasing => Expect::Above(0.0),
        Wanted::Decreasing => Expect::Below(0.0),
    };
    let along = claim.along.as_deref().unwrap_or_default();
    let at = |label: &String| compared(seeds(&narrowed(&filter, &[(along.to_string(), label.clone())])));
    let places: Vec<Vec<Observation>> = labels_of(results, &filter, along).iter().map(at).collect();
    let steps = places.windows(2).map(|pair| {
        let both = pair[1].iter().zip(&pair[0]);
        let differences: Vec<Observation> = both.map(|(next, this)| combined(*next, *this, By::Difference)).collect();
        judge(&differences, step, claim.confidence)
    });
    // One step that fails fails the claim, else one that is inconclusive leaves it so: the worst is reported, of equal ones that
    // with the smallest change.
    let sign = if claim.wanted == Wanted::Increasing { 1.0 } else { -1.0 };
    let worse =
        |a: &Judged, b: &Judged| a.verdict.cmp(&b.verdict).then((sign * a.median).total_cmp(&(sign * b.median)));
    steps.min_by(worse).unwrap_or_else(|| judge(&[], step, claim.confidence))
}

/// Two numbers of a seed compared: the least and the most that it can be. A run that diverged helps on neither side, and two
/// gradients that do not arrive cannot be told apart.
fn combined(a: Observation, b: Observation, by: By) -> Observation {
    match (a, b) {
        (Observation::Unknown, _) | (_, Observation::Unknown) => Observation::Unknown,
        (Observation::Diverged, _) | (_, Observation::Diverged) => Observation::Diverged,
        _ => {
            let (Some(a), Some(b)) = (a.ends(), b.ends()) else { return Observation::Undefined };
            let of = |a: f64, b: f64| if by == By::Ratio { a / b } else { a - b };
            let all = a.iter().flat_map(|a| b.iter().map(|b| of(*a, *b)));
            // A quotient passes through infinity where its divisor passes through 0.
            let through = by == By::Ratio && b[0] < 0.0 && b[1] > 0.0;
            if through || all.clone().any(f64::is_nan) {
                return Observation::Undefined;
            }
            Observation::between(all.clone().fold(f64::INFINITY, f64::min), all.fold(f64::NEG_INFINITY, f64::max))
        }
    }
}

/// One observation a seed: the median of what is pooled.
fn observations(results: &Results, values: &Values, filter: &Filter) -> Vec<Observation> {
    let plan = &results.plan;
    let cells = plan.cells.iter().filter(|cell| cell.is_in(filter)).count();
    let fits = |run: &Run| {
        filter.iter().all(|(name, labels)| {
            let axis = plan.axes.iter().position(|a| a.name == *name);
            axis.is_some_and(|i| labels.contains(&plan.axes[i].labels[run.labels[i]]))
        })
    };
    let of_seed = |seed: &u64| {
        let runs = results.runs.iter().enumerate().filter(|(_, run)| run.seed == *seed && fits(run));
        let own: Vec<Observation> = runs.map(|(i, run)| values.of(i, run)).collect();
        if own.len() < cells {
            return Observation::Unknown;
        }
        let bad = [Observation::Unknown, Observation::Diverged, Observation::Undefined];
        if let Some(bad) = bad.into_iter().find(|bad| own.contains(bad)) {
            return bad;
        }
        let median = median_by(values.has_geometric_median());
        let end = |end: usize| median(&own.iter().filter_map(|o| Some(o.ends()?[end])).collect::<Vec<_>>());
        match (end(0), end(1)) {
            (Some(low), Some(high)) => Observation::between(low, high),
            _ => Observation::Diverged,
        }
    };
    plan.seeds.iter().map(of_seed).collect()
}

/// The numbers of a claim's metric, by run.
struct Values {
    column: Option<&'static Column>,
    /// Of a long table; `None` where the metric is a column of `runs.csv`.
    long: Option<BTreeMap<usize, f64>>,
    /// What theory predicts of each run, if that is what it is compared with.
    predicted: Option<(Vec<Option<f64>>, By)>,
}

impl Values {
    fn read(results: &Results, claim: &ClaimSpec) -> Result<Self, ResultsError> {
        let column = claim.metric.described();
        let runs: Vec<usize> = (0..results.runs.len()).collect();
        let long = match &claim.metric {
            Metric::Run(_) => None,
            Metric::History { column, step } => {
                let mut found = Latest::default();
                results.stream("history.csv", &runs, &["step", column], |run, row| {
                    if let [Some(at), value] = *row {
                        found.see(run, at, 1, value, *step);
                    }
                })?;
                Some(found.choose(Ordinal::First, None))
            }
            Metric::Layers { column, step, layer, per_layer } => {
                let mut found = Latest::default();
                results.stream("layers.csv", &runs, &["step", "layer", column], |run, row| {
                    if let [Some(at), Some(layer), value] = *row {
                        found.see(run, at, layer as usize, value, *step);
                    }
                })?;
                Some(found.choose(*layer, *per_layer))
            }
        };
        let predicted = match &claim.against {
            Some((Against::Theory, by)) => {
                let theory = results.theory()?;
                let of = |run: &Run| predicted(theory.get(&run.labels)?.as_ref().ok()?, &claim.metric);
                Some((results.runs.iter().map(of).collect(), *by))
            }
            _ => None,
        };
        Ok(Values { column, long, predicted })
    }

    /// Whether it is a column of `layers.csv` that spreads over decades.
    fn has_geometric_median(&self) -> bool {
        self.long.is_some() && self.column.is_some_and(Column::has_geometric_median)
    }

    /// Whether it is an attenuation of runs.
    fn is_fading(&self) -> bool {
        self.long.is_none() && self.column.is_some_and(Column::is_fading)
    }

    fn of(&self, index: usize, run: &Run) -> Observation {
        let own = self.measured(index, run);
        match &self.predicted {
            None => own,
            Some((predicted, by)) => {
                combined(own, predicted[index].map_or(Observation::Unknown, Observation::Exactly), *by)
            }
        }
    }

    fn measured(&self, index: usize, run: &Run) -> Observation {
        let diverged = run.status == Status::Diverged;
        if run.status == Status::Failed {
            return Observation::Unknown;
        }
        if let Some(fading) = self.column.filter(|_| self.is_fading()).and_then(|column| run.fading(column)) {
            return Observation::between(fading.number(), fading.most());
        }
        let value = match &self.long {
            Some(values) => values.get(&index).copied(),
            None => match self.column {
                // A target that was missed is infinitely far; one that was reached before a run diverged is reached.
                Some(column) if column.missing_is_worst() => Some(run.value(column.name).unwrap_or(column.worst())),
                Some(column) if diverged && !column.outlives_divergence() => None,
                Some(column) => run.value(column.name),
                None => None,
            },
        };
        match value {
            Some(x) if x.is_nan() => {
                if diverged {
                    Observation::Diverged
                } else {
                    Observation::Undefined
                }
            }
            Some(x) => Observation::Exactly(x),
            None if diverged => Observation::Diverged,
            // A net of one layer ended as well as any.
            None if self.is_fading() => Observation::Undefined,
            None => Observation::Unknown,
        }
    }
}

/// What theory says of a metric of a cell; `None` where it says nothing.
fn predicted(cell: &CellTheory, metric: &Metric) -> Option<f64> {
    match metric {
        Metric::Run(column) => cell.outcome(column),
        Metric::Layers { column, layer, per_layer: Some(below), .. } => {
            let decades: BTreeMap<usize, f64> = (1..).zip(cell.by_layer(column)?).collect();
            let ratio = 10f64.powf(at(&decades, *layer)? - at(&decades, *below)?);
            Some(ratio).filter(|ratio| ratio.is_finite())
        }
        Metric::Layers { .. } | Metric::History { .. } => None,
    }
}

/// The value of a layer.
fn at(layers: &BTreeMap<usize, f64>, layer: Ordinal) -> Option<f64> {
    match layer {
        Ordinal::First => layers.first_key_value().map(|(_, x)| *x),
        Ordinal::Last => layers.last_key_value().map(|(_, x)| *x),
        Ordinal::Number(n) => layers.get(&n).copied(),
    }
}

/// For each run the rows of the wanted step: layer -> value.
#[derive(Default)]
struct Latest(BTreeMap<usize, (f64, BTreeMap<usize, f64>)>);

impl Latest {
    fn see(&mut self, run: usize, step: f64, layer: usize, value: Option<f64>, wanted: Ordinal) {
        let Some(value) = value else { return };
        match wanted {
            Ordinal::First if step != 0.0 => return,
            Ordinal::Number(n) if step != n as f64 => return,
            _ => {}
        }
        let (latest, layers) = self.0.entry(run).or_insert_with(|| (step, BTreeMap::new()));
        if step > *latest {
            (*latest, *layers) = (step, BTreeMap::new());
        }
        layers.insert(layer, value);
    }

    fn choose(self, layer: Ordinal, per_layer: Option<Ordinal>) -> BTreeMap<usize, f64> {
        let of_run = |(run, (_, layers)): (usize, (f64, BTreeMap<usize, f64>))| {
            let below = per_layer.map_or(Some(1.0), |below| at(&layers, below))?;
            // Over nothing every ratio is undefined.
            Some((run, at(&layers, layer)? / if below == 0.0 { f64::NAN } else { below }))
        };
        self.0.into_iter().filter_map(of_run).collect()
    }
}
