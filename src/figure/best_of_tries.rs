//! What tuning buys: the best of k tries against k, exact over all choices of so many (Dodge et al. 2019, with quantiles).

use super::axis::Axis;
use super::finding::Words;
use super::layout::{Frame, Page};
use super::plot::{self, Vertical};
use super::select::{Key, Selection, over_seeds};
use super::{Outcome, finding, paper, words};
use crate::plan_file::figure::FigureSpec;
use crate::results::{Results, ResultsError};
use crate::stats::{Spread, best_of};
use std::collections::BTreeMap;

/// For each series: k and, over all choices of k tries, what the best of them is in the median and in four fifths of them.
type Lines = BTreeMap<Key, Vec<(f64, Spread)>>;

pub fn draw(results: &Results, spec: &FigureSpec) -> Result<Outcome, ResultsError> {
    let selection = Selection::new(results, spec, false)?;
    let chosen = results.choice().metric;
    let metric = spec.metric.as_deref().unwrap_or(&chosen);
    let (mut lines, lost) = lines(&selection, metric);
    // The worst tries may lie decades off, so the scale is that of the medians, and bands are cut where it ends.
    let values = lines.values().flatten().map(|(_, s)| s.median);
    let finite: Vec<f64> = values.filter(|v| *v != words::worst(metric)).collect();
    let height = if Selection::labels(&selection.row).len() > 2 { 110.0 } else { 150.0 };
    let Some(vertical) = Vertical::of(&finite, metric, height) else {
        return Ok(Err(words::nothing(&selection, &format!("a finite {metric}"))));
    };
    for (_, spread) in lines.values_mut().flatten() {
        spread.high = spread.high.min(vertical.axis.high);
        // An exact zero stays one, on the floor line.
        if spread.low.is_finite() || vertical.floor.is_none() {
            spread.low = spread.low.max(vertical.axis.low);
        }
    }
    let (rows, columns) = (Selection::labels(&selection.row), Selection::labels(&selection.column));
    let per_block = paper::slots(&selection, 3);
    let own = format!("{}: the best of so many tries", words::subject(metric));
    let finding = found(&selection, &lines, metric);
    let mut page = Page::new(&words::title(&selection, &own), &finding, paper::paper(selection.spec, per_block));
    let colors = Selection::labels(&selection.color);
    page.legend(&selection.legend_heading(), &plot::samples(&selection, &selection.each_color()));
    let most = lines.values().map(Vec::len).max().unwrap_or(1);
    let x = Axis::layers(most, 0.02);
    for chunk in columns.chunks(per_block) {
        let panels = page.block(&Frame {
            x: vec![x.clone(); chunk.len()],
            y: vec![vertical.axis.clone(); rows.len()],
            y_titles: vec![words::measure(metric); rows.len()],
            x_title: format!("tries (values of {})", words::axes(&spec.tune)),
            height,
            ..Frame::headed(&selection, &rows, chunk, per_block)
        });
        for (row, panel_row) in rows.iter().zip(&panels) {
            for (column, panel) in chunk.iter().zip(panel_row) {
                plot::floor_line(&mut page.scene, panel, vertical.floor);
                let line = |color: usize| lines.get(&Key { row: *row, column: *column, color, x: 0 });
                let present = || colors.iter().enumerate().filter_map(|(i, c)| Some((i, *c, line(*c)?)));
                for (_, color, points) in present() {
                    plot::band(&mut page.scene, panel, &vertical, &selection.look(color), points, colors.len());
                }
                for (i, color, points) in present() {
                    let (look, name) = (selection.look(color), selection.color_name(color));
                    plot::median(&mut page.scene, panel, &vertical, &look, &name, points, i);
                }
            }
        }
    }
    let seeds = selection.seeds();
    let try_of = if seeds == "1 seed" { "one seed (N = 1)".into() } else { format!("the median of {seeds}") };
    let band = if colors.len() > plot::CROWD {
        ""
    } else {
        ", band, cut at the ends of the scale: four fifths of the choices"
    };
    let mut caption = format!("Line: median over all choices of so many tries{band}; exact. A try is {try_of}.");
    if lost > 0 {
        caption.push_str(&format!(
            " Of the tries {lost} diverged in the median seed and count as the worst; a line begins where its median is none of them."
        ));
    }
    if vertical.floor.is_some() {
        caption.push_str(" ▼: exactly zero.");
    }
    Ok(Ok(page.caption(&format!("{caption} {}", words::shown(&selection)))))
}

/// How good the best of all tries is.
fn found(selection: &Selection, lines: &Lines, metric: &str) -> String {
    let last = lines.iter().filter_map(|(key, line)| Some((finding::place(selection, key), line.last()?.1.median)));
    let sign = words::better(metric).unwrap_or(-1.0);
    let (high, low) =
        if sign > 0.0 { ("Highest with all tries", "Lowest") } else { ("Highest", "Lowest with all tries") };
    let words = Words { high, low, only: "With all tries", each: "lines", lost: "diverged in all tries" };
    finding::extremes(&last.collect::<Vec<_>>(), &words, sign, |v| finding::measured(v, metric))
}

/// The lines, and how many tries diverged.
fn lines(selection: &Selection, metric: &str) -> (Lines, usize) {
    let axes = &selection.results.plan.axes;
    let setting = |run: usize| -> Vec<usize> {
        let labels = axes.iter().zip(&selection.run(run).labels);
        labels.filter(|(axis, _)| selection.spec.tune.contains(&axis.name)).map(|(_, label)| *label).collect()
    };
    let mut runs: BTreeMap<Vec<usize>, Vec<(usize, f64)>> = BTreeMap::new();
    for run in &selection.runs {
        runs.entry(setting(*run)).or_default().extend(selection.compared(*run, metric).map(|v| (*run, v)));
    }
    // Of an accuracy the largest is best: negated, so that the smallest is.
    let sign = -words::better(metric).unwrap_or(-1.0);
    let mut tries: BTreeMap<Key, Vec<f64>> = BTreeMap::new();
    for values in runs.into_values() {
        for (key, seeds) in selection.by_seed(values.into_iter()) {
            tries.entry(key).or_default().extend(over_seeds(seeds.into_values()).map(|s| sign * s.median));
        }
    }
    let lost = tries.values().flatten().filter(|v| **v == f64::INFINITY).count();
    let point = |tries: &[f64], k: usize| {
        let quantile = |share| best_of(tries, k, share).map(|v| sign * v);
        let (a, b) = (quantile(0.1)?, quantile(0.9)?);
        let spread = Spread { median: quantile(0.5)?, low: a.min(b), high: a.max(b), coverage: 0.8, n: tries.len() };
        Some((k as f64, spread))
    };
    let line = |tries: Vec<f64>| (1..=tries.len()).filter_map(|k| point(&tries, k)).collect();
    (tries.into_iter().map(|(key, tries)| (key, line(tries))).collect(), lost)
}
