//! How fast each arm reaches the target loss: a dot a run, a bar through the median, and those that never did.

use super::axis::{Axis, Tick, Unit};
use super::finding::Words;
use super::layout::{Frame, Page, Panel, Sample};
use super::plot::Vertical;
use super::scene::{Scene, at};
use super::select::{Key, Selection, over_seeds};
use super::style::{EDGE, INK, Look, Marker, THIN, TICK, mark, solid, tint};
use super::text::{self, Weight};
use super::{Outcome, finding, paper, words};
use crate::plan_file::figure::FigureSpec;
use crate::results::{Results, ResultsError};
use std::collections::{BTreeMap, BTreeSet};

const MISS: Look = Look { color: INK, dash: &[], marker: Marker::Cross, hollow: false };

/// Distance between the crosses of one arm.
const CROSS: f64 = 5.0;

pub fn draw(results: &Results, spec: &FigureSpec) -> Result<Outcome, ResultsError> {
    let selection = Selection::new(results, spec, false)?;
    if !results.plan.has_target() {
        return Ok(Err("none of its runs has a target: write target_loss under [base]".into()));
    }
    // Per arm: log10 of the steps of each seed, infinite for a miss.
    let groups = selection.by_seed(selection.runs.iter().filter_map(|r| Some((*r, steps(&selection, *r)?))));
    let values: Vec<f64> = groups.values().flat_map(|seeds| seeds.values().copied()).collect();
    let (rows, columns) = (Selection::labels(&selection.row), Selection::labels(&selection.column));
    let per_block = paper::slots(&selection, 3);
    let own = words::title(&selection, "Steps until the training loss is at its target");
    let mut page = Page::new(&own, &found(&selection, &groups), paper::paper(selection.spec, per_block));
    let panel_width = (page.scene.width - 110.0) / per_block as f64;
    let Some(mut scale) = Vertical::over(&values, true, panel_width * 0.6) else {
        return Ok(Err(words::nothing(&selection, "reached the target")));
    };
    let stack = groups.values().map(missed).max().unwrap_or(0);
    let strip = (CROSS * stack as f64 + 8.0).min(0.4 * panel_width);
    let inside = scale.axis.high;
    if stack > 0 {
        scale.axis.high += strip * (scale.axis.high - scale.axis.low) / (panel_width - strip);
    }
    let colors = Selection::labels(&selection.color);
    let misses: usize = groups.values().map(missed).sum();
    let runs: usize = groups.values().map(BTreeMap::len).sum();
    if misses > 0 {
        page.legend("", &[(format!("never reached it ({misses} of {runs} runs)"), Sample::Mark(MISS))]);
    }
    let names: Vec<String> =
        colors.iter().map(|c| text::fit(&selection.color_name(*c), TICK, Weight::Regular, 90.0)).collect();
    // The first arm on top.
    let ticks = names.iter().rev().enumerate().map(|(i, n)| Tick { at: i as f64, label: n.clone() }).collect();
    let y = Axis { low: -0.6, high: names.len() as f64 - 0.4, ticks, unit: Unit::Label };
    let arms = selection.legend_heading();
    let height = (names.len() as f64 * 14.0 + 6.0).max(34.0);
    for chunk in columns.chunks(per_block) {
        let panels = page.block(&Frame {
            x: vec![scale.axis.clone(); chunk.len()],
            y: vec![y.clone(); rows.len()],
            y_titles: vec![vec![&arms]; rows.len()],
            x_title: "steps to the target loss".into(),
            height,
            ..Frame::headed(&selection, &rows, chunk, per_block)
        });
        for (row, panel_row) in rows.iter().zip(&panels) {
            for (column, panel) in chunk.iter().zip(panel_row) {
                if stack > 0 {
                    let x = panel.x(inside);
                    page.scene.line(vec![at(x, panel.area.top), at(x, panel.area.bottom)], solid(EDGE, THIN));
                }
                for (i, color) in colors.iter().enumerate() {
                    let key = Key { row: *row, column: *column, color: *color, x: 0 };
                    let Some(seeds) = groups.get(&key) else { continue };
                    let y = panel.y((colors.len() - 1 - i) as f64);
                    let look = selection.look(*color);
                    arm(&mut page.scene, panel, y, (&look, &selection.color_name(*color)), seeds, inside);
                }
            }
        }
    }
    let n = selection.seeds();
    let n = if n == "1 seed" { "one seed (N = 1)".to_string() } else { format!("median of {n}") };
    let mut caption = format!("Dot: one run; bar: {n}.");
    if misses > 0 {
        caption.push_str(" ×: a run that never reached it; an arm of which half or more never did has no median.");
    }
    caption.push_str(&target(&selection));
    Ok(Ok(page.caption(&format!("{caption} {}", words::shown(&selection)))))
}

/// Who is there first, and how many arms have no median.
fn found(selection: &Selection, groups: &BTreeMap<Key, BTreeMap<u64, f64>>) -> String {
    let median = |seeds: &BTreeMap<u64, f64>| Some(over_seeds(seeds.values().copied())?.median);
    let medians = groups.iter().filter_map(|(key, seeds)| Some((finding::place(selection, key), median(seeds)?)));
    let words = Words {
        high: "Slowest",
        low: "Fastest",
        only: "Steps",
        each: "arms",
        lost: "never reach it with half of their seeds or more",
    };
    finding::extremes(&medians.collect::<Vec<_>>(), &words, -1.0, |v| finding::amount(v, true))
}

/// log10 of the steps a run took, infinite where it never got there; `None` for a failed run.
pub fn steps(selection: &Selection, run: usize) -> Option<f64> {
    let run = selection.run(run);
    // A run that starts at its target took no step; a scale of factors begins at one.
    let steps = run.value("steps_to_target").map_or(f64::INFINITY, |steps| steps.max(1.0).log10());
    (!run.failed()).then_some(steps)
}

/// What the target is, and how exactly the steps to it are known: a caption's sentences.
pub fn target(selection: &Selection) -> String {
    let cells = selection.runs.iter().filter_map(|run| selection.results.cell(*run));
    let targets: BTreeSet<String> = cells
        .filter_map(|cell| cell.settings.get("target_loss").or(selection.results.plan.settings.get("target_loss")))
        .map(ToString::to_string)
        .collect();
    let target = match &targets.into_iter().collect::<Vec<_>>()[..] {
        [one] => format!(" Target: a training loss of {one}."),
        _ => String::new(),
    };
    // Where every count is a multiple of some number, losses were looked at so seldom.
    let steps = selection.runs.iter().filter_map(|run| selection.run(*run).value("steps_to_target"));
    match steps.fold(0, |every, steps| gcd(every, steps as u64)) {
        0 | 1 => target,
        every => format!("{target} Known to {every} steps, which lie between two looks at the loss."),
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn missed(seeds: &BTreeMap<u64, f64>) -> usize {
    seeds.values().filter(|steps| steps.is_infinite()).count()
}

/// One arm at height `y`; crosses from `inside` to the right.
fn arm(scene: &mut Scene, panel: &Panel, y: f64, (look, name): (&Look, &str), seeds: &BTreeMap<u64, f64>, inside: f64) {
    let reached: Vec<f64> = seeds.values().copied().filter(|s| s.is_finite()).collect();
    if let Some((low, high)) = super::axis::range(reached.iter().copied()) {
        let ends = vec![at(panel.x(low), y), at(panel.x(high), y)];
        scene.series(name, ends, solid(tint(look.color, 0.35), 1.2));
    }
    for (i, steps) in reached.iter().enumerate() {
        // A little apart, so that equal ones can be counted.
        let own = y + 5.4 * ((i as f64 + 0.5) / reached.len() as f64 - 0.5);
        mark(scene, at(panel.x(*steps), own), 1.5, &Look { marker: Marker::Disc, hollow: false, ..*look });
        scene.tip(at(panel.x(*steps), own), format!("{name}: {}", panel.x.reading(*steps)));
    }
    if let Some(median) = over_seeds(seeds.values().copied()).map(|s| s.median).filter(|m| m.is_finite()) {
        let x = panel.x(median);
        scene.line(vec![at(x, y - 5.0), at(x, y + 5.0)], solid(look.color, 1.8));
    }
    let misses = missed(seeds);
    let start = panel.x(inside) + 4.0;
    let step = CROSS.min((panel.area.right - start) / misses.max(1) as f64);
    for i in 0..misses {
        mark(scene, at(start + i as f64 * step, y), 2.1, &Look { marker: Marker::Cross, ..*look });
    }
}
