//! The sentences of titles and captions that all kinds of figures share.

use super::finding;
use super::plot::CROWD;
use super::select::{Key, Selection, shown_label};
use crate::columns::{self, Column, Measured, Quantity, Scale};
use crate::plan_file::figure::FigureKind;
use crate::record::Status;
use std::collections::{BTreeMap, BTreeSet};

/// The given title or the kind's own, and how far an unfinished sweep has come.
pub fn title(selection: &Selection, own: &str) -> String {
    let title = selection.spec.title.as_deref().unwrap_or(own);
    match selection.planned {
        Some(planned) if selection.runs.len() < planned => {
            format!("{title} ({} of {planned} runs)", selection.runs.len())
        }
        _ => title.to_string(),
    }
}

/// What is shown: the data, what is held fixed or pooled, and every run that ended badly.
pub fn shown(selection: &Selection) -> String {
    let plan = &selection.results.plan;
    let mut parts = vec![match functions(selection) {
        Some(names) => format!("Function: {names}"),
        None => format!("Data: {}, {} training rows", plan.data.name, plan.data.train_rows),
    }];
    if !selection.fixed.is_empty() {
        parts.push(format!("fixed: {}", selection.fixed.join(", ")));
    }
    if !selection.spec.over.is_empty() && selection.spec.kind != FigureKind::PerformanceProfile {
        parts.push(format!("pooled within a seed by its median: {}", axes(&selection.spec.over)));
    }
    if let Some(choice) = &selection.choice {
        let metric = measure(&choice.metric).join(" ");
        let seeds = match choice.tune_seeds.as_slice() {
            [] => "the same seeds".to_string(),
            [one] => format!("seed {one}"),
            [first, .., last] => format!("seeds {first}–{last}"),
        };
        parts.push(format!("{} chosen by the {metric} of {seeds}{}", axes(&selection.spec.tune), chosen(selection)));
    }
    let mut text = format!("{}.", parts.join("; "));
    let ended: Vec<String> = [(Status::Diverged, "diverged"), (Status::Failed, "failed")]
        .into_iter()
        .map(|(status, word)| (selection.count(status), word))
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{n} {word}"))
        .collect();
    if !ended.is_empty() {
        text.push_str(&format!(" Of {} runs {}.", selection.runs.len(), ended.join(", ")));
    }
    text
}

/// More settings than this are not listed.
const LISTED: usize = 16;

/// The settings that were chosen in each panel, or once where all agree; empty where there are many.
fn chosen(selection: &Selection) -> String {
    let axes = &selection.results.plan.axes;
    let setting = |run: usize| -> String {
        let tuned = axes.iter().enumerate().filter(|(_, axis)| selection.spec.tune.contains(&axis.name));
        let labels = tuned.map(|(i, axis)| shown_label(axis, selection.run(run).labels[i]));
        labels.collect::<Vec<_>>().join(" and ")
    };
    let mut panels: BTreeMap<Key, BTreeMap<usize, BTreeSet<String>>> = BTreeMap::new();
    for run in &selection.runs {
        let key = selection.key(*run);
        let groups = panels.entry(Key { color: 0, ..key }).or_default();
        groups.entry(key.color).or_default().insert(setting(*run));
    }
    let groups = || panels.values().flatten();
    if groups().count() > LISTED || groups().any(|(_, settings)| settings.len() > 1) {
        return String::new();
    }
    let mut told: Vec<(String, String)> = Vec::new();
    for (panel, groups) in &panels {
        let groups = groups.iter().map(|(color, settings)| {
            let color = selection.color.as_ref().map_or(String::new(), |used| format!("{} ", used.shown(*color)));
            format!("{color}{}", settings.iter().cloned().collect::<String>())
        });
        told.push((finding::panel(selection, panel), groups.collect::<Vec<_>>().join(", ")));
    }
    told.dedup_by(|next, first| next.1 == first.1);
    let parts = match &told[..] {
        [(_, all)] => all.clone(),
        _ => told.iter().map(|(panel, groups)| format!("{panel}: {groups}")).collect::<Vec<_>>().join("; "),
    };
    format!(": {parts}")
}

/// The test functions that the selected runs go down; `None` where one trains a network.
fn functions(selection: &Selection) -> Option<String> {
    let function = |run: &usize| selection.results.function(*run).map(|f| f.kind.word());
    let names: BTreeSet<&str> = selection.runs.iter().map(function).collect::<Option<_>>()?;
    Some(names.into_iter().collect::<Vec<_>>().join(", ")).filter(|names| !names.is_empty())
}

/// `Line: median, band: range of 5 seeds.`, or that there is a single one.
pub fn spread(selection: &Selection, line: &str, band: &str, series: usize) -> String {
    match selection.seeds().as_str() {
        "1 seed" => format!("{line}: one seed (N = 1), so there is no range."),
        seeds if series > CROWD => format!("{line}: median of {seeds}; bands are left out, there are {series} series."),
        seeds => format!("{line}: median, {band}: range of {seeds}."),
    }
}

/// Why there is nothing to draw, for a selection without a usable number.
pub fn nothing(selection: &Selection, what: &str) -> String {
    let (runs, failed, diverged) =
        (selection.runs.len(), selection.count(Status::Failed), selection.count(Status::Diverged));
    if runs == 0 {
        "no run of this figure's selection has ended yet".into()
    } else {
        format!("none of its {runs} runs has {what} ({failed} failed, {diverged} diverged)")
    }
}

/// Whether a measurement spans decades and is drawn on a logarithmic scale.
pub fn logarithmic(metric: &str) -> bool {
    columns::measurement(metric).is_some_and(Column::is_log)
}

/// Whether a measurement is a share, which is read as per cent.
pub fn is_share(metric: &str) -> bool {
    columns::measurement(metric).is_some_and(|column| column.scale == Scale::Share)
}

/// What a run that diverged is drawn as: beyond everything that can be drawn.
pub fn worst(metric: &str) -> f64 {
    -better(metric).unwrap_or(-1.0) * f64::INFINITY
}

/// 1 where more is better, -1 where less is; nothing where neither is.
pub fn better(metric: &str) -> Option<f64> {
    columns::measurement(metric)?.sign()
}

/// Whether a measurement is a loss.
pub fn is_loss(metric: &str) -> bool {
    columns::measurement(metric).is_some_and(|column| column.quantity == Quantity::Loss)
}

/// Whether a measurement is a gradient, as the titles of the figures by layer take for granted.
pub fn is_gradient(metric: &str) -> bool {
    columns::measurement(metric).is_some_and(|column| column.quantity == Quantity::Gradient)
}

/// What an axis is called: a setting in words.
pub fn axis(name: &str) -> String {
    match name {
        "optimizer.lr" => "learning rate".into(),
        "l2" => "L2".into(),
        "batch" => "batch size".into(),
        name => name.replace(['_', '.'], " "),
    }
}

/// Several axes.
pub fn axes(names: &[String]) -> String {
    names.iter().map(|name| axis(name)).collect::<Vec<_>>().join(", ")
}

/// An axis along a panel, with its unit.
pub fn axis_title(name: &str) -> String {
    if name == "depth" { "depth (hidden layers)".into() } else { axis(name) }
}

/// What a measurement is, with its unit, for the side of a panel; one string a line.
pub fn measure(metric: &str) -> Vec<&str> {
    columns::measurement(metric).map_or_else(|| vec![metric], |column| column.words.to_vec())
}

/// What a measurement is, to begin a title with.
pub fn subject(metric: &str) -> String {
    let text = measure(metric).join(" ");
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |c| c.to_uppercase().chain(chars).collect())
}

/// The title of a figure of how runs end.
pub fn at_the_end(metric: &str) -> String {
    format!("{}{}", subject(metric), if says_when(metric) { "" } else { " at the end of training" })
}

/// Whether the words of an outcome say when it was measured.
pub fn says_when(metric: &str) -> bool {
    columns::outcome(metric).is_some_and(|column| column.measured != Measured::End || column.is_attenuation())
}

/// A rate or a share in as many decimals as it takes to see it.
pub fn rate(value: f64) -> String {
    let decimals = if value.abs() < 0.0995 { 3 } else { 2 };
    let text = format!("{value:.decimals$}");
    super::axis::minus(if text.trim_start_matches('-').bytes().all(|b| matches!(b, b'0' | b'.')) {
        "0.000"
    } else {
        &text
    })
}
