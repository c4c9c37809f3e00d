//! Performance profiles: the share of problems solved within a factor of the fastest arm's steps (Dolan & Moré 2002, eq. 2.1). Over ten
//! problems or more an arm's steps on a problem are their median over the seeds; of fewer, each seed makes a problem of its own.

use super::prelude::*;
use super::steps_to_target;
use crate::plan_file::compare::PROBLEMS;
use crate::stats::{median, spread};

/// Labels of the pooled axes, and the seed where each seed is a problem.
type Problem = (Vec<usize>, Option<u64>);

/// For each arm: log10 of its factor on each problem that it solved, sorted.
type Factors = BTreeMap<GroupKey, Solved>;

#[derive(Default, PartialEq)]
struct Solved {
    factors: Vec<f64>,
    /// Problems, solved or missed.
    problems: usize,
}

/// What can be asked of it.
const FACTS: FigureKind = FigureKind {
    help: "share of problems solved within a factor of the fastest's steps (Dolan & Moré 2002)",
    color: ColorBy::Required,
    takes_step: false,
    over: Over::Problems,
    multiples: true,
    shows: steps_to_target::shows_steps,
    default,
    default_of_functions: default,
    history: true,
    ..FigureKind::new("performance_profile")
};

pub const KIND: Kind = Kind { facts: &FACTS, draw };

fn default(grid: &Defaults) -> Option<FigureSpec> {
    let spec = grid.of_arms(FACTS.word).filter(|_| grid.has_target())?;
    Some(FigureSpec { facet: Vec::new(), over: grid.problems(), ..spec })
}

fn draw(selection: &Selection, medium: Medium) -> Result<Chart, FigureError> {
    steps_to_target::target_column(selection)?;
    let arms = factors(selection);
    let solved = || arms.values().flat_map(|arm| arm.factors.iter().copied());
    if solved().next().is_none() {
        return Err(selection.nothing_to_draw("reached the target on a problem that all arms have run"));
    }
    let sheet = Sheet::new(selection, medium, 3);
    let groups = merged(selection, |color| {
        arms.iter().filter(|(key, _)| key.color == color).map(|(key, arm)| (key.row, key.column, arm)).collect()
    });
    // The last step up, and a little further, so that it is seen to be the last.
    let most = solved().fold(0.1, f64::max) * 1.06;
    let x = Ruler::log_within(0.0, most, sheet.room()).padded(2.5, sheet.panel());
    let y = Ruler::exact(0.0, 1.0, 6).padded(4.0, 150.0);
    let lines: BTreeMap<GroupKey, Points> = arms.iter().map(|(key, arm)| (*key, line(arm, x.high))).collect();
    let panel = |panel: GroupKey| {
        let own = groups.iter().map(|group| (group, arms.get(&GroupKey { color: group[0], ..panel })));
        let own = own.flat_map(|(group, arm)| arm.map(|arm| stairs(selection, group, arm, (&x, &y)))).flatten();
        context(selection, panel, |key| lines.get(&key)).into_iter().chain(own).collect()
    };
    let x_title = "steps to the target, relative to the fastest arm";
    let block = Block::new(selection, (x.clone(), x_title), (&y, &["share of problems solved"]), 150.0, panel);
    let problems = arms.values().map(|arm| arm.problems).max().unwrap_or(0);
    let fewest = arms.values().map(|arm| arm.problems).min().unwrap_or(0);
    let n = if problems == fewest { problems.to_string() } else { format!("{fewest} to {problems}") };
    let seed = if is_of_medians(selection) { None } else { Some("seed") };
    let each = selection.spec.over.iter().map(String::as_str).chain(seed).collect::<Vec<_>>().join(" and ");
    let first =
        format!("N = {n} problems per panel, one for each {each}; problems that an arm has not run are left out.");
    let caption = Caption::new(first)
        .add(
            seed.is_none(),
            "Steps of a problem: the median over its seeds; a run that misses the target counts as infinitely many.",
        )
        .add(true, "A missed problem is never solved; left end: how often an arm was the fastest.")
        .add(selection.has_context(), "Grey: the arms of the other panels.")
        .add(groups.iter().any(|g| g.len() > 1), "Arms joined by = have the same profile.")
        .add(true, steps_to_target::target(selection))
        .of(selection);
    let own = "Share of problems solved within a factor of the fastest's steps";
    let legend = Legend::of(selection, &groups);
    Ok(Chart { caption, ..Chart::new(selection, sheet, own, found(selection, &arms), legend, vec![block]) })
}

/// The profile of one arm with markers here and there.
fn stairs(selection: &Selection, group: &[usize], arm: &Solved, (x, y): (&Ruler, &Ruler)) -> Vec<Mark> {
    let (look, name, steps) = (selection.look(group[0]), selection.joined(group), profile(arm));
    let line = Mark::Curve { points: corners(&steps, x.high), stroke: look.stroke(LINE), name: Some(name.clone()) };
    let every = steps.len().div_ceil(8).max(1);
    let marked = steps.iter().step_by(every).map(|at| Mark::Symbol { at: *at, radius: 1.9, look });
    let told = |(factor, share): &Spot| format!("{name}\n{}: {}", x.reading(*factor), y.reading(*share));
    let tips = steps.iter().map(|at| Mark::Tip { at: *at, text: told(at) });
    [line].into_iter().chain(marked).chain(tips).collect()
}

/// Who is fastest most often, and who solves most.
fn found(selection: &Selection, arms: &Factors) -> String {
    let most = |within: f64| {
        let share = |arm: &Solved| arm.factors.iter().filter(|f| **f <= within).count() as f64 / arm.problems as f64;
        let shares = arms.iter().map(|(key, arm)| (selection.group_name(key), share(arm))).collect::<Vec<_>>();
        let most = shares.iter().map(|(_, share)| *share).fold(0.0, f64::max);
        finding::who(&shares, most, |v| format!("{:.0}\u{a0}%", 100.0 * v))
    };
    let said = [("Fastest most often", most(0.0)), ("Solves most", most(f64::MAX))];
    said.into_iter().filter_map(|(what, who)| Some(format!("{what}: {}.", who?))).collect::<Vec<_>>().join(" ")
}

/// Whether the problems are so many that the seeds of each are one: the tests of a comparison begin with as many.
fn is_of_medians(selection: &Selection) -> bool {
    let labels = selection.runs.iter().map(|run| selection.labels_on(*run, &selection.spec.over));
    labels.collect::<BTreeSet<_>>().len() >= PROBLEMS
}

fn factors(selection: &Selection) -> Factors {
    let is_of_medians = is_of_medians(selection);
    // By panel, problem and arm; infinite where the target was missed.
    let mut panels: BTreeMap<GroupKey, BTreeMap<Problem, BTreeMap<GroupKey, Vec<f64>>>> = BTreeMap::new();
    for run in &selection.runs {
        let Some(steps) = steps_to_target::steps(selection, *run) else { continue };
        // A panel of its own does not make an arm the only one.
        let key = selection.key(*run);
        let shared = GroupKey { column: if selection.has_context() { 0 } else { key.column }, color: 0, ..key };
        let seed = (!is_of_medians).then_some(selection.run(*run).seed);
        let problem = (selection.labels_on(*run, &selection.spec.over), seed);
        let problems = panels.entry(shared).or_default();
        let own = problems.entry(problem).or_default().entry(key).or_default();
        own.push(steps.value().unwrap_or(f64::INFINITY));
    }
    let mut factors = Factors::new();
    for problems in panels.into_values() {
        let arms = problems.values().map(BTreeMap::len).max().unwrap_or(0);
        for steps in problems.values().filter(|steps| steps.len() == arms) {
            let steps = steps.iter().filter_map(|(key, own)| Some((*key, median(own)?)));
            let steps: Vec<(GroupKey, f64)> = steps.collect();
            let fewest = steps.iter().map(|(_, steps)| *steps).fold(f64::INFINITY, f64::min);
            for (key, own) in steps {
                let arm = factors.entry(key).or_default();
                arm.factors.extend(Some((own / fewest).log10()).filter(|factor| own.is_finite() && factor.is_finite()));
                arm.problems += 1;
            }
        }
    }
    factors.values_mut().for_each(|arm| arm.factors.sort_by(f64::total_cmp));
    factors
}

/// Each factor, and the share of problems solved within it.
fn profile(arm: &Solved) -> Vec<Spot> {
    let mut steps: Vec<Spot> = Vec::new();
    for (i, factor) in arm.factors.iter().enumerate() {
        let share = (i + 1) as f64 / arm.problems as f64;
        match steps.last_mut() {
            Some(last) if last.0 == *factor => last.1 = share,
            _ => steps.push((*factor, share)),
        }
    }
    steps
}

/// The profile of one arm as it stands behind others.
fn line(arm: &Solved, most: f64) -> Points {
    corners(&profile(arm), most).into_iter().filter_map(|(x, y)| Some((x, spread(&[y])?))).collect()
}

/// The corners of the profile from a factor of 1 to `most`.
fn corners(steps: &[Spot], most: f64) -> Vec<Spot> {
    let mut corners = vec![(0.0, 0.0)];
    for (factor, share) in steps {
        let before = corners.last().map_or(0.0, |c| c.1);
        // A profile begins at its share at 1 and does not rise to it.
        if *factor == 0.0 {
            corners[0].1 = *share;
        } else {
            corners.extend([(*factor, before), (*factor, *share)]);
        }
    }
    corners.push((most, corners.last().map_or(0.0, |c| c.1)));
    corners
}
