//! Who is fast on most problems: the share solved within a factor of the fastest's steps (Dolan & Moré 2002, eq. 2.1).

use super::axis::{Axis, Tick};
use super::layout::{Frame, Page};
use super::plot;
use super::scene::Point;
use super::select::{Key, Selection};
use super::style::{LINE, mark};
use super::{Outcome, finding, paper, steps_to_target, words};
use crate::plan_file::figure::FigureSpec;
use crate::results::{Results, ResultsError};
use std::collections::BTreeMap;

/// Labels of the pooled axes, and the seed.
type Problem = (Vec<usize>, u64);

/// For each arm: log10 of its factor on each problem, infinite for a miss, sorted.
type Factors = BTreeMap<Key, Vec<f64>>;

pub fn draw(results: &Results, spec: &FigureSpec) -> Result<Outcome, ResultsError> {
    let selection = Selection::new(results, spec, false)?;
    if !results.plan.has_target() {
        return Ok(Err("none of its runs has a target: write target_loss under [base]".into()));
    }
    let factors = factors(&selection);
    let solved = || factors.values().flatten().copied().filter(|f| f.is_finite());
    if solved().next().is_none() {
        return Ok(Err(words::nothing(&selection, "reached the target on a problem that all arms have run")));
    }
    let (rows, columns) = (Selection::labels(&selection.row), Selection::labels(&selection.column));
    let per_block = paper::slots(&selection, 3);
    let own = "Share of problems solved within a factor of the fastest's steps";
    let mut page = Page::new(
        &words::title(&selection, own),
        &found(&selection, &factors),
        paper::paper(selection.spec, per_block),
    );
    let colors = Selection::labels(&selection.color);
    let groups = merged(&factors, &colors);
    page.legend(&selection.legend_heading(), &plot::samples(&selection, &groups));
    // The last step up, and a little further, so that it is seen to be the last.
    let most = solved().fold(0.1, f64::max) * 1.06;
    let room = ((page.scene.width - 60.0) / per_block as f64 / 34.0) as usize;
    let mut x = Axis::log(0.0, most, room);
    if most < 1.0 {
        x.ticks = (1..=9).map(|d| Tick { at: f64::from(d).log10(), label: d.to_string() }).collect();
    }
    (x.low, x.high) = (-0.01 * most, most);
    x.ticks.retain(|t| (0.0..=most).contains(&t.at));
    let y = Axis { low: -0.03, high: 1.04, ..Axis::exact(0.0, 1.0, 6) };
    for chunk in columns.chunks(per_block) {
        let panels = page.block(&Frame {
            x: vec![x.clone(); chunk.len()],
            y: vec![y.clone(); rows.len()],
            y_titles: vec![vec!["share of problems solved"]; rows.len()],
            x_title: "steps to the target, as a factor of the fewest that any took".into(),
            height: 150.0,
            ..Frame::headed(&selection, &rows, chunk, per_block)
        });
        for (row, panel_row) in rows.iter().zip(&panels) {
            for (column, panel) in chunk.iter().zip(panel_row) {
                for group in &groups {
                    let key = Key { row: *row, column: *column, color: group[0], x: 0 };
                    let Some(own) = factors.get(&key) else { continue };
                    let look = selection.look(group[0]);
                    let steps = profile(own);
                    let corners: Vec<Point> = stairs(&steps, most).iter().map(|(x, y)| panel.at(*x, *y)).collect();
                    page.scene.series(&selection.joined(group), corners, look.stroke(LINE));
                    let every = steps.len().div_ceil(8).max(1);
                    for (factor, share) in steps.iter().step_by(every) {
                        mark(&mut page.scene, panel.at(*factor, *share), 1.9, &look);
                    }
                    for (factor, share) in &steps {
                        let told =
                            format!("{}\n{}: {}", selection.joined(group), x.reading(*factor), y.reading(*share));
                        page.scene.tip(panel.at(*factor, *share), told);
                    }
                }
            }
        }
    }
    let problems = factors.values().map(Vec::len).max().unwrap_or(0);
    let fewest = factors.values().map(Vec::len).min().unwrap_or(0);
    let n = if problems == fewest { problems.to_string() } else { format!("{fewest} to {problems}") };
    let each = spec.over.iter().map(String::as_str).chain(["seed"]).collect::<Vec<_>>().join(" and ");
    let caption = format!(
        "N = {n} problems a panel, one for each {each}; those that an arm has not run are left out. \
         A miss is solved at no factor; left end: how often an arm was the fastest.{}",
        if groups.iter().any(|g| g.len() > 1) { " Arms joined by = have the same profile." } else { "" }
    );
    let target = steps_to_target::target(&selection);
    Ok(Ok(page.caption(&format!("{caption}{target} {}", words::shown(&selection)))))
}

/// Who is fastest most often, and who solves most.
fn found(selection: &Selection, factors: &Factors) -> String {
    let most = |within: f64| {
        let share = |own: &Vec<f64>| own.iter().filter(|f| **f <= within).count() as f64 / own.len() as f64;
        let arms = factors.iter().map(|(key, own)| (finding::place(selection, key), share(own))).collect::<Vec<_>>();
        let most = arms.iter().map(|(_, share)| *share).fold(0.0, f64::max);
        finding::who(&arms, "arms", most, |v| format!("{:.0}\u{a0}%", 100.0 * v))
    };
    format!("Fastest most often: {}. Solves most: {}.", most(0.0), most(f64::MAX))
}

fn factors(selection: &Selection) -> Factors {
    let axes = &selection.results.plan.axes;
    let pooled = |run: usize| -> Vec<usize> {
        let labels = axes.iter().zip(&selection.run(run).labels);
        labels.filter(|(axis, _)| selection.spec.over.contains(&axis.name)).map(|(_, label)| *label).collect()
    };
    // By panel, problem and arm.
    let mut panels: BTreeMap<Key, BTreeMap<Problem, BTreeMap<usize, f64>>> = BTreeMap::new();
    for run in &selection.runs {
        let Some(steps) = steps_to_target::steps(selection, *run) else { continue };
        let key = selection.key(*run);
        let problem = (pooled(*run), selection.run(*run).seed);
        let problems = panels.entry(Key { color: 0, ..key }).or_default();
        problems.entry(problem).or_default().insert(key.color, steps);
    }
    let mut factors = Factors::new();
    for (panel, problems) in panels {
        let arms = problems.values().map(BTreeMap::len).max().unwrap_or(0);
        for steps in problems.values().filter(|steps| steps.len() == arms) {
            let fewest = steps.values().copied().fold(f64::INFINITY, f64::min);
            for (color, own) in steps {
                // Where all missed, none is a factor of one.
                let factor = if own.is_finite() { own - fewest } else { f64::INFINITY };
                factors.entry(Key { color: *color, ..panel }).or_default().push(factor);
            }
        }
    }
    factors.values_mut().for_each(|own| own.sort_by(f64::total_cmp));
    factors
}

/// Arms with the same factors everywhere, together.
fn merged(factors: &Factors, colors: &[usize]) -> Vec<Vec<usize>> {
    let own = |color: usize| -> Vec<_> {
        factors.iter().filter(|(key, _)| key.color == color).map(|(k, own)| ((k.row, k.column), own)).collect()
    };
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for color in colors.iter().filter(|c| !own(**c).is_empty()) {
        match groups.iter_mut().find(|group| own(group[0]) == own(*color)) {
            Some(group) => group.push(*color),
            None => groups.push(vec![*color]),
        }
    }
    groups
}

/// Each finite factor, and the share of problems solved within it.
fn profile(sorted: &[f64]) -> Vec<(f64, f64)> {
    let n = sorted.len() as f64;
    let mut steps: Vec<(f64, f64)> = Vec::new();
    for (i, factor) in sorted.iter().enumerate().filter(|(_, f)| f.is_finite()) {
        let share = (i + 1) as f64 / n;
        match steps.last_mut() {
            Some(last) if last.0 == *factor => last.1 = share,
            _ => steps.push((*factor, share)),
        }
    }
    steps
}

/// The corners of the profile from a factor of 1 to `most`.
fn stairs(steps: &[(f64, f64)], most: f64) -> Vec<(f64, f64)> {
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
