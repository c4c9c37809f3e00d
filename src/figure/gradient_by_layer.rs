//! The headline: how large the gradient is at each layer, with the decades it loses a layer as direct labels.

use super::axis::Axis;
use super::finding::Words;
use super::layout::{Frame, Page, Panel, Sample, label, push_apart, tick_width};
use super::plot::{self, Vertical};
use super::scene::{Anchor, Scene, Text, at};
use super::select::{Key, Selection, heading, over_seeds};
use super::style::{SOFT, TICK, legible, solid};
use super::text::{self, Weight};
use super::theory::{self, Overlay};
use super::{Outcome, finding, paper, words};
use crate::plan_file::figure::FigureSpec;
use crate::record::Status;
use crate::results::{Results, ResultsError};
use crate::stats::Spread;
use std::collections::{BTreeMap, BTreeSet};

/// A step and its rows of numbers, one after the other: a layer and its metrics.
type Snapshot = (f64, Vec<Option<f64>>);

/// The runs that are drawn, each at its step.
type Snapshots = BTreeMap<usize, Snapshot>;

/// Layer and spread over the seeds.
type Points = Vec<(f64, Spread)>;

/// For each group and metric, its points.
type Profiles = BTreeMap<(Key, usize), Points>;

pub fn draw(results: &Results, spec: &FigureSpec) -> Result<Outcome, ResultsError> {
    let selection = Selection::new(results, spec, false)?;
    let metrics: Vec<&str> = match (&spec.metric, &selection.row) {
        (Some(metric), _) => vec![metric],
        (None, _) if spec.theory => vec!["stream_rms"],
        (None, Some(_)) => vec!["stream_rms"],
        _ if spec.medium.is_brief() => vec!["stream_rms"],
        (None, None) => vec!["stream_rms", "weight_grad_rms"],
    };
    let last = spec.step.as_deref() == Some("last");
    let (snapshots, left_out) = snapshots(&selection, &metrics, last)?;
    let profiles = profiles(&selection, &metrics, &snapshots);
    if profiles.is_empty() {
        return Ok(Err(words::nothing(&selection, "a gradient by layer")));
    }
    let overlay = Overlay::new(&selection, last)?;
    let ratios = ratios(&selection, metrics[0], &snapshots, &overlay);
    Ok(Ok(compose(&selection, &metrics, last, &profiles, &overlay, &ratios, left_out)))
}

/// Reads the rows of the first or last step, and how many runs are left out of them.
fn snapshots(selection: &Selection, metrics: &[&str], last: bool) -> Result<(Snapshots, usize), ResultsError> {
    let columns: Vec<&str> = ["step", "layer"].into_iter().chain(metrics.iter().copied()).collect();
    let mut rows = Snapshots::new();
    selection.results.stream("layers.csv", &selection.runs, &columns, |run, row| {
        let Some(step) = row[0] else { return };
        let kept = rows.entry(run).or_insert((step, Vec::new()));
        if (last && step > kept.0) || (!last && step < kept.0) {
            *kept = (step, Vec::new());
        }
        if step == kept.0 {
            kept.1.extend(&row[1..]);
        }
    })?;
    let wild = |v: &Option<f64>| v.is_some_and(|v| !v.is_finite());
    // The last step of a run that diverged is no end of training, finite or not.
    let diverged = |run: usize| last && selection.run(run).status == Status::Diverged;
    let before = rows.len();
    rows.retain(|run, (_, layers)| !diverged(*run) && !layers.iter().any(wild));
    let left_out = before - rows.len();
    Ok((rows, left_out))
}

/// The spread of every metric over the seeds.
fn profiles(selection: &Selection, metrics: &[&str], snapshots: &Snapshots) -> Profiles {
    let mut profiles = Profiles::new();
    for (m, metric) in metrics.iter().enumerate() {
        let mut layers: BTreeMap<u64, Vec<(usize, f64)>> = BTreeMap::new();
        for (run, (_, table)) in snapshots {
            for row in table.chunks_exact(1 + metrics.len()) {
                if let (Some(layer), Some(value)) = (row[0], row[1 + m]) {
                    let value = if words::logarithmic(metric) { value.log10() } else { value };
                    layers.entry(layer as u64).or_default().push((*run, value));
                }
            }
        }
        profiles.extend(by_layer(selection, layers).into_iter().map(|(key, points)| ((key, m), points)));
    }
    profiles
}

/// Decades by which the first metric lies above its prediction, both over their own last layer: within a run first.
fn ratios(selection: &Selection, metric: &str, snapshots: &Snapshots, overlay: &Overlay) -> BTreeMap<Key, Points> {
    let mut layers: BTreeMap<u64, Vec<(usize, f64)>> = BTreeMap::new();
    for (run, (_, table)) in snapshots {
        let Some(predicted) = overlay.get(&selection.key(*run)).and_then(|p| p.by_layer(metric)) else { continue };
        let measured: Vec<Option<f64>> = table.chunks_exact(2).map(|row| row[1].map(f64::log10)).collect();
        let Some(Some(last)) = measured.last() else { continue };
        for (l, (measured, predicted)) in measured.iter().zip(&predicted).enumerate() {
            let above = measured.map(|m| m - last - predicted).filter(|above| above.is_finite());
            layers.entry(l as u64 + 1).or_default().extend(above.map(|above| (*run, above)));
        }
    }
    by_layer(selection, layers)
}

/// The spread over the seeds of each group in each layer.
fn by_layer(selection: &Selection, layers: BTreeMap<u64, Vec<(usize, f64)>>) -> BTreeMap<Key, Points> {
    let mut points: BTreeMap<Key, Points> = BTreeMap::new();
    for (layer, values) in layers {
        for (key, seeds) in selection.by_seed(values.into_iter()) {
            if let Some(spread) = over_seeds(seeds.into_values()) {
                points.entry(key).or_default().push((layer as f64, spread));
            }
        }
    }
    points
}

/// A prediction as it is drawn: through the median of the last layer, since theory does not know the level.
fn dashed(overlay: &Overlay, key: &Key, metric: &str, points: &Points) -> Option<Vec<(f64, f64)>> {
    let (_, last) = points.last()?;
    let predicted = overlay.get(key)?.by_layer(metric)?;
    Some(predicted.iter().enumerate().map(|(l, x)| ((l + 1) as f64, last.median + x)).collect())
}

/// Colours whose lines and bands are equal to the last bit everywhere, together.
fn merged(profiles: &Profiles, colors: &[usize]) -> Vec<Vec<usize>> {
    let signature = |color: usize| -> Vec<_> {
        let bits = |s: &Spread| [s.median, s.low, s.high].map(f64::to_bits);
        profiles
            .iter()
            .filter(|((key, _), _)| key.color == color)
            .map(|((key, m), points)| {
                (key.row, key.column, *m, points.iter().map(|(x, s)| (x.to_bits(), bits(s))).collect::<Vec<_>>())
            })
            .collect()
    };
    let mut groups: Vec<(Vec<usize>, _)> = Vec::new();
    for color in colors {
        let own = signature(*color);
        match groups.iter_mut().find(|(_, other)| *other == own) {
            _ if own.is_empty() => {}
            Some((group, _)) => group.push(*color),
            None => groups.push((vec![*color], own)),
        }
    }
    groups.into_iter().map(|(group, _)| group).collect()
}

fn compose(
    selection: &Selection,
    metrics: &[&str],
    last: bool,
    profiles: &Profiles,
    overlay: &Overlay,
    ratios: &BTreeMap<Key, Points>,
    left_out: usize,
) -> Scene {
    let (rows, columns) = (Selection::labels(&selection.row), Selection::labels(&selection.column));
    let groups = merged(profiles, &Selection::labels(&selection.color));
    let metric = if last { "attenuation_end" } else { "attenuation_init" };
    let shows_stream = metrics.contains(&"stream_rms");
    let rates: BTreeMap<Key, f64> = selection
        .by_seed(selection.runs.iter().filter_map(|r| Some((*r, selection.run(*r).averaged(metric)?))))
        .into_iter()
        .filter(|_| shows_stream)
        .filter_map(|(key, seeds)| Some((key, over_seeds(seeds.into_values())?.median)))
        .collect();

    let per_block = paper::slots(selection, 4);
    let when = if last { "after the last step" } else { "before the first update" };
    let what = match metrics.iter().find(|m| !words::is_gradient(m)) {
        None => "How large the gradient is".into(),
        Some(metric) => words::subject(metric),
    };
    let title = words::title(selection, &format!("{what} at each layer, {when}"));
    let finding = match metrics[0] {
        _ if shows_stream => steepest(selection, &rates, &groups),
        metric => ends(selection, metric, profiles, &groups),
    };
    let mut page = Page::new(&title, &finding, paper::paper(selection.spec, per_block));
    let entries: Vec<(String, Sample)> =
        plot::samples(selection, &groups).into_iter().chain(overlay.legend()).collect();
    page.legend(&selection.legend_heading(), &entries);

    let height = if rows.len() > 2 { 92.0 } else { 128.0 };
    let deepest = profiles.values().flatten().fold(1.0f64, |a, (layer, _)| a.max(*layer));
    // The labels' own strip on the left of the data, where the lines have spread.
    let room = (page.scene.width - 105.0) / per_block as f64;
    let widest = rates.values().map(|r| text::width(&words::rate(*r), TICK, Weight::Regular)).fold(0.0, f64::max);
    let strip = if rates.is_empty() { 0.02 } else { ((widest + 9.5) / room).min(0.4) };
    let x = Axis::layers(deepest as usize, strip);
    let verticals: Vec<Option<Vertical>> = (0..metrics.len())
        .map(|m| {
            let values: Vec<f64> = profiles
                .iter()
                .filter(|((_, n), _)| *n == m)
                .flat_map(|((key, _), p)| {
                    let predicted = dashed(overlay, key, metrics[m], p).unwrap_or_default();
                    let finite = predicted.into_iter().map(|(_, y)| y).filter(|y| y.is_finite());
                    p.iter().flat_map(|(_, s)| [s.low, s.high]).chain(finite).collect::<Vec<_>>()
                })
                .collect();
            Vertical::of(&values, metrics[m], height)
        })
        .collect();
    // Each drawn row: which facet row and which metric.
    let lines: Vec<(usize, usize)> = rows
        .iter()
        .flat_map(|row| (0..metrics.len()).map(|m| (*row, m)))
        .filter(|(_, m)| verticals[*m].is_some())
        .collect();
    let ratio_scale = theory::scale(ratios.values().flatten().map(|(_, spread)| spread));
    // The panels of both blocks stand under one another.
    let left = verticals.iter().flatten().chain(&ratio_scale).map(|v| tick_width(&v.axis)).fold(0.0, f64::max);
    for chunk in columns.chunks(per_block) {
        let panels = page.block(&Frame {
            x: vec![x.clone(); chunk.len()],
            x_title: "layer, counted from the input".into(),
            height,
            left,
            ..plot::frame(selection, &lines, chunk, per_block, (metrics, &verticals))
        });
        for ((row, m), line) in lines.iter().zip(&panels) {
            for (column, panel) in chunk.iter().zip(line) {
                let Some(vertical) = &verticals[*m] else { continue };
                let cell = |color: usize| Key { row: *row, column: *column, color, x: 0 };
                draw_panel(&mut page.scene, panel, vertical, selection, &groups, |color| {
                    profiles.get(&(cell(color), *m))
                });
                for group in &groups {
                    let key = cell(group[0]);
                    let line = profiles.get(&(key, *m)).and_then(|p| dashed(overlay, &key, metrics[*m], p));
                    theory::draw_line(&mut page.scene, panel, line.into_iter().flatten());
                }
                if metrics[*m] == "stream_rms" {
                    direct_labels(&mut page.scene, panel, vertical, selection, &groups, |color| {
                        Some((profiles.get(&(cell(color), *m))?.first()?.1.median, *rates.get(&cell(color))?))
                    });
                }
            }
        }
        let Some(vertical) = &ratio_scale else { continue };
        let panels = page.block(&Frame {
            slots: per_block,
            columns: vec![String::new(); chunk.len()],
            rows: rows.iter().map(|row| heading(&selection.row, *row)).collect(),
            x: vec![x.clone(); chunk.len()],
            y: vec![vertical.axis.clone(); rows.len()],
            y_titles: vec![theory::TITLE.to_vec(); rows.len()],
            x_title: "layer, counted from the input".into(),
            height: theory::HEIGHT,
            right: 0.0,
            left,
            ruled: true,
        });
        for (row, line) in rows.iter().zip(&panels) {
            for (column, panel) in chunk.iter().zip(line) {
                let series: Vec<_> = groups
                    .iter()
                    .filter_map(|g| {
                        let points = ratios.get(&Key { row: *row, column: *column, color: g[0], x: 0 })?;
                        Some((selection.look(g[0]), selection.color_name(g[0]), points))
                    })
                    .collect();
                theory::draw_ratios(&mut page.scene, panel, vertical, &series);
            }
        }
    }
    let mut caption = words::spread(selection, "Line", "band", groups.len());
    caption.push_str(&overlay.caption(
        "Dashed: mean-field theory of infinitely wide nets with this init. It predicts the ratio between layers and not \
         their level, and is drawn through the median of the last hidden layer. Below: measured over predicted, each \
         run over its own last layer; 1 is agreement.",
    ));
    if !rates.is_empty() {
        caption.push_str(" Number: attenuation, the decades (powers of ten) the gradient loses per layer on its way to the input, median; negative where it grows.");
    }
    if groups.iter().any(|g| g.len() > 1) {
        caption.push_str(" Series joined by = are equal to the last bit.");
    }
    if verticals.iter().flatten().any(|v| v.floor.is_some()) {
        caption.push_str(" ▼: exactly zero.");
    }
    if left_out > 0 {
        caption.push_str(&format!(
            " {left_out} runs diverged or have a gradient that is not finite at this step and are not drawn."
        ));
    }
    let probe = selection.results.plan.probe;
    page.caption(&format!("{caption} Probe: {probe} training rows. {}", words::shown(selection)))
}

/// The steepest fading and the steepest growth in sight, in words.
fn steepest(selection: &Selection, rates: &BTreeMap<Key, f64>, groups: &[Vec<usize>]) -> String {
    let shown = || rates.iter().filter(|(key, _)| groups.iter().any(|g| g[0] == key.color));
    let place = |key: &Key| match finding::place(selection, key) {
        name if name.is_empty() => name,
        name => format!("{name}: "),
    };
    let (fades, grows) =
        if shown().count() == 1 { ("Fades by", "Grows by") } else { ("Fades fastest:", "Grows fastest:") };
    let mut parts = Vec::new();
    // Reversed, since of equal ones the first is to be named.
    if let Some((key, rate)) = shown().rev().max_by(|a, b| a.1.total_cmp(b.1)).filter(|(_, r)| **r >= 0.005) {
        let factor = 10f64.powf(*rate);
        parts.push(format!(
            "{fades} {}{} decades per layer, a factor of {factor:.*}.",
            place(key),
            words::rate(*rate),
            if factor < 2.0 { 2 } else { 1 }
        ));
    }
    if let Some((key, rate)) = shown().min_by(|a, b| a.1.total_cmp(b.1)).filter(|(_, r)| **r <= -0.005) {
        parts.push(format!("{grows} {}{} decades per layer.", place(key), words::rate(-rate)));
    }
    parts.join(" ")
}

/// Where another measurement is largest and where smallest.
fn ends(selection: &Selection, metric: &str, profiles: &Profiles, groups: &[Vec<usize>]) -> String {
    let drawn = profiles.iter().filter(|((key, m), _)| *m == 0 && groups.iter().any(|g| g[0] == key.color));
    let values = drawn.flat_map(|((key, _), points)| {
        let place = match finding::place(selection, key) {
            name if name.is_empty() => name,
            name => format!("{name}, "),
        };
        points.iter().map(move |(layer, spread)| (format!("{place}layer {layer}"), spread.median))
    });
    let words = Words { high: "Largest", low: "Smallest", only: "At layer 1", each: "points", lost: "diverged" };
    finding::extremes(&values.collect::<Vec<_>>(), &words, 1.0, |v| finding::measured(v, metric))
}

fn draw_panel<'a>(
    scene: &mut Scene,
    panel: &Panel,
    vertical: &Vertical,
    selection: &Selection,
    groups: &[Vec<usize>],
    points: impl Fn(usize) -> Option<&'a Vec<(f64, Spread)>>,
) {
    plot::floor_line(scene, panel, vertical.floor);
    let present = || groups.iter().enumerate().filter_map(|(i, g)| Some((i, g, points(g[0])?)));
    for (_, group, points) in present() {
        plot::band(scene, panel, vertical, &selection.look(group[0]), points, groups.len());
    }
    for (i, group, points) in present() {
        plot::median(scene, panel, vertical, &selection.look(group[0]), &selection.joined(group), points, i);
    }
    if present().next().is_none() {
        let middle = at((panel.area.left + panel.area.right) / 2.0, (panel.area.top + panel.area.bottom) / 2.0);
        scene.text(Text { color: SOFT, ..label(middle, "no runs", TICK, Anchor::Middle) });
    }
}

/// The rate of each line at its left end; as many as fit, spread over all of them.
fn direct_labels(
    scene: &mut Scene,
    panel: &Panel,
    vertical: &Vertical,
    selection: &Selection,
    groups: &[Vec<usize>],
    start: impl Fn(usize) -> Option<(f64, f64)>,
) {
    let gap = 1.16 * TICK;
    let mut ends: Vec<(f64, String, usize)> = groups
        .iter()
        .filter_map(|g| {
            let (value, rate) = start(g[0])?;
            Some((panel.y(vertical.place(value)?), words::rate(rate), g[0]))
        })
        .collect();
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let fit = ((panel.area.height() / gap) as usize).max(1);
    if ends.len() > fit {
        let picked: BTreeSet<usize> = (0..fit).map(|i| i * (ends.len() - 1) / (fit - 1).max(1)).collect();
        ends = ends.into_iter().enumerate().filter(|(i, _)| picked.contains(i)).map(|(_, end)| end).collect();
    }
    let wanted: Vec<f64> = ends.iter().map(|e| e.0).collect();
    let placed = push_apart(&wanted, gap, panel.area.top + 0.5 * gap, panel.area.bottom - 0.5 * gap);
    let first = panel.x(1.0);
    for ((wanted, text, color), y) in ends.into_iter().zip(placed) {
        let look = selection.look(color);
        let end = first - 7.5;
        scene.line(vec![at(end + 1.0, y), at(first - 2.5, wanted)], solid(look.color, 0.6));
        scene.text(Text { color: legible(look.color), ..label(at(end, y + TICK * 0.36), text, TICK, Anchor::End) });
    }
}
