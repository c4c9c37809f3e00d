//! How training went: loss and accuracy against step, median and range of the seeds.

use super::axis::Axis;
use super::layout::{Frame, Page, Sample};
use super::plot::{self, Vertical};
use super::scene::at;
use super::select::{Key, Selection, over_seeds};
use super::style::{INK, Look, Marker, mark};
use super::{Outcome, finding, paper, words};
use crate::plan_file::figure::FigureSpec;
use crate::record::Status;
use crate::results::{Results, ResultsError};
use crate::stats::Spread;
use std::collections::{BTreeMap, BTreeSet};

type Curves = BTreeMap<(Key, usize), Vec<(f64, Spread)>>;

pub fn draw(results: &Results, spec: &FigureSpec) -> Result<Outcome, ResultsError> {
    let selection = Selection::new(results, spec, false)?;
    let metrics: Vec<&str> = match (&spec.metric, &selection.row) {
        (Some(metric), _) => vec![metric],
        (None, Some(_)) => vec!["train_loss"],
        _ if spec.medium.is_brief() => vec!["train_loss"],
        (None, None) => vec!["train_loss", "test_accuracy"],
    };
    let (curves, ends) = curves(&selection, &metrics)?;
    let height = if Selection::labels(&selection.row).len() > 2 { 96.0 } else { 122.0 };
    let mut verticals: Vec<Option<Vertical>> = (0..metrics.len())
        .map(|m| {
            let values: Vec<f64> = curves
                .iter()
                .filter(|((_, n), _)| *n == m)
                .flat_map(|(_, p)| p.iter().flat_map(|(_, s)| [s.low, s.high]))
                .collect();
            Vertical::of(&values, metrics[m], height)
        })
        .collect();
    if let (Some(Some(first)), false) = (verticals.first_mut(), ends.is_empty()) {
        // Room for the crosses above the curves.
        first.axis.high += 0.07 * (first.axis.high - first.axis.low);
    }
    let guesses: Vec<_> = metrics.iter().map(|metric| plot::guessing(&selection, metric)).collect();
    let cuts = verticals.iter_mut().zip(&guesses).filter_map(|(v, guess)| v.as_mut()?.cut(guess.as_ref()));
    let cut = cuts.collect::<String>();
    let seen =
        |(v, guess): (&Option<Vertical>, Option<_>)| guess.filter(|guess| v.as_ref().is_some_and(|v| v.shows(guess)));
    let guesses: Vec<_> = verticals.iter().zip(guesses).map(seen).collect();
    if verticals.iter().all(Option::is_none) {
        return Ok(Err(words::nothing(&selection, &format!("a finite {}", metrics[0]))));
    }

    let (rows, columns) = (Selection::labels(&selection.row), Selection::labels(&selection.column));
    let lines: Vec<(usize, usize)> = rows
        .iter()
        .flat_map(|row| (0..metrics.len()).map(|m| (*row, m)))
        .filter(|(_, m)| verticals[*m].is_some())
        .collect();
    let per_block = paper::slots(&selection, 4);
    let finding = finding::ends(&selection, metrics[0], "lines");
    let mut page =
        Page::new(&words::title(&selection, "How training goes"), &finding, paper::paper(selection.spec, per_block));
    let colors = Selection::labels(&selection.color);
    let mut entries = plot::samples(&selection, &selection.each_color());
    let guess = guesses.iter().flatten().map(|(_, name)| name.trim_end_matches(" = guessing")).collect::<Vec<_>>();
    if !guess.is_empty() {
        entries.push((format!("{} = guessing", guess.join(", ")), Sample::Plain(plot::GUESSING)));
    }
    if !ends.is_empty() {
        let cross = Look { color: INK, dash: &[], marker: Marker::Cross, hollow: false };
        entries.push((format!("diverged ({} of {} runs)", ends.len(), selection.runs.len()), Sample::Mark(cross)));
    }
    page.legend(&selection.legend_heading(), &entries);
    let last = curves.values().flatten().fold(1.0f64, |a, (step, _)| a.max(*step));
    let last = ends.iter().fold(last, |a, (_, step)| a.max(*step));
    let mut x = Axis::linear(0.0, last, 4);
    (x.low, x.high) = (-0.02 * last, 1.02 * last);
    x.ticks.retain(|t| t.at <= x.high);
    for chunk in columns.chunks(per_block) {
        let panels = page.block(&Frame {
            x: vec![x.clone(); chunk.len()],
            x_title: "step".into(),
            height,
            ..plot::frame(&selection, &lines, chunk, per_block, (&metrics, &verticals))
        });
        for ((row, m), line) in lines.iter().zip(&panels) {
            for (column, panel) in chunk.iter().zip(line) {
                let Some(vertical) = &verticals[*m] else { continue };
                plot::guess_line(&mut page.scene, panel, guesses[*m].as_ref());
                plot::floor_line(&mut page.scene, panel, vertical.floor);
                let cell = |color: usize| Key { row: *row, column: *column, color, x: 0 };
                let present =
                    || colors.iter().enumerate().filter_map(|(i, c)| Some((i, *c, curves.get(&(cell(*c), *m))?)));
                if selection.color.is_none() {
                    // The other panels of the row, to compare with.
                    for (_, points) in
                        curves.iter().filter(|((k, n), _)| (k.row, *n) == (*row, *m) && k.column != *column)
                    {
                        plot::context(&mut page.scene, panel, vertical, points);
                    }
                }
                for (_, color, points) in present() {
                    plot::band(&mut page.scene, panel, vertical, &selection.look(color), points, colors.len());
                }
                for (i, color, points) in present() {
                    plot::median(
                        &mut page.scene,
                        panel,
                        vertical,
                        &selection.look(color),
                        &selection.color_name(color),
                        points,
                        i,
                    );
                }
                for (run, step) in ends.iter().filter(|_| *m == 0) {
                    let key = selection.key(*run);
                    if (key.row, key.column) == (*row, *column) {
                        let look = Look { marker: Marker::Cross, ..selection.look(key.color) };
                        mark(&mut page.scene, at(panel.x(*step), panel.area.top + 3.0), 2.3, &look);
                    }
                }
            }
        }
    }
    let mut caption = words::spread(&selection, "Line", "band", colors.len());
    caption.push_str(" A line goes on as long as all of its seeds do.");
    caption.push_str(&cut);
    if selection.color.is_none() && columns.len() > 1 {
        caption.push_str(" Grey: the other panels' medians.");
    }
    if !ends.is_empty() {
        caption.push_str(" ×: the step at which a run diverged.");
    }
    Ok(Ok(page.caption(&format!("{caption} {}", words::shown(&selection)))))
}

/// The curves, and each diverged run with its last recorded step.
fn curves(selection: &Selection, metrics: &[&str]) -> Result<(Curves, Vec<(usize, f64)>), ResultsError> {
    let columns: Vec<&str> = std::iter::once("step").chain(metrics.iter().copied()).collect();
    // What is finite, by metric and step: nothing else of the file is kept.
    let mut values: BTreeMap<(usize, u64), Vec<(usize, f64)>> = BTreeMap::new();
    let mut last: BTreeMap<usize, f64> = BTreeMap::new();
    let mut groups: BTreeMap<Key, BTreeSet<u64>> = BTreeMap::new();
    selection.results.stream("history.csv", &selection.runs, &columns, |run, row| {
        let Some(step) = row[0] else { return };
        last.entry(run).and_modify(|s| *s = s.max(step)).or_insert(step);
        groups.entry(selection.key(run)).or_default().insert(selection.run(run).seed);
        for (m, value) in row[1..].iter().enumerate() {
            if let Some(value) = value.filter(|v| v.is_finite()) {
                let value = if words::logarithmic(metrics[m]) { value.log10() } else { value };
                values.entry((m, step as u64)).or_default().push((run, value));
            }
        }
    })?;
    let mut curves = Curves::new();
    for ((m, step), values) in values {
        for (key, seeds) in selection.by_seed(values.into_iter()) {
            // A median over the seeds that are left would jump when one ends.
            if seeds.len() == groups[&key].len() {
                let point = over_seeds(seeds.into_values()).map(|s| (step as f64, s));
                curves.entry((key, m)).or_default().extend(point);
            }
        }
    }
    last.retain(|run, _| selection.run(*run).status == Status::Diverged);
    Ok((curves, last.into_iter().collect()))
}
