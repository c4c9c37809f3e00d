//! The sentences of titles and captions that all kinds of figures share.

use super::finding;
use super::plot::CROWD;
use super::select::{Key, Selection, shown_label};
use crate::experiment::figure_spec::FigureKind;
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
    let ends = ["loss", "_rms", "grad_norm", "update_ratio", "steps_to_target"];
    ends.iter().any(|end| metric.ends_with(end))
}

/// What a run that diverged counts as, so that no median hides it: the worst there is.
pub fn worst(metric: &str) -> f64 {
    if metric.ends_with("accuracy") { f64::NEG_INFINITY } else { f64::INFINITY }
}

/// 1 where more is better, -1 where less is; nothing where neither is.
pub fn better(metric: &str) -> Option<f64> {
    match metric {
        "steps_to_target" => Some(-1.0),
        metric if metric.ends_with("loss") => Some(-1.0),
        metric => metric.ends_with("accuracy").then_some(1.0),
    }
}

/// Whether a measurement is a gradient, as the titles of the figures by layer take for granted.
pub fn is_gradient(metric: &str) -> bool {
    ["stream_rms", "delta_rms", "weight_grad_rms", "weight_grad_sample_rms"].contains(&metric)
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
    match metric {
        "stream_rms" => vec!["root mean square of", "dL/dh per sample"],
        "delta_rms" => vec!["root mean square of", "dL/dz per sample"],
        "weight_grad_rms" => vec!["root mean square of", "dL/dW of the batch"],
        "weight_grad_sample_rms" => vec!["root mean square of", "dL/dW per sample"],
        "train_loss" => vec!["training loss"],
        "val_loss" => vec!["validation loss"],
        "test_loss" => vec!["test loss"],
        "batch_loss" => vec!["loss of the batch"],
        "train_accuracy" => vec!["training accuracy"],
        "val_accuracy" => vec!["validation accuracy"],
        "test_accuracy" => vec!["test accuracy"],
        "attenuation_total_init" => vec!["decades from the last layer", "to the first, at the start"],
        "attenuation_init" => vec!["decades lost per layer,", "at the start"],
        "attenuation_end" => vec!["decades lost per layer,", "at the end"],
        "grad_norm" => vec!["norm of the gradient"],
        "dead" => vec!["share of units that", "are dead"],
        "saturated" => vec!["share of activations", "that are saturated"],
        "update_ratio" => vec!["norm of the update", "over that of the weights"],
        "coherence" => vec!["coherence of the", "samples' gradients"],
        "correlation" => vec!["correlation of the", "samples' gradients"],
        "activation_mean" => vec!["mean of the", "layer's output"],
        "activation_std" => vec!["standard deviation of", "the layer's output"],
        "weight_rms" => vec!["root mean square of", "the weights"],
        "inactive" => vec!["share of arguments", "that are not positive"],
        "zeros" => vec!["share of weight", "gradients that are 0"],
        "subnormals" => vec!["share of weight", "gradients below normal"],
        "layers_zero" => vec!["layers whose weight", "gradients are all 0"],
        "lr" => vec!["learning rate"],
        "attenuation_total_end" => vec!["decades from the last layer", "to the first, at the end"],
        "attenuation_delta_init" => vec!["decades of dL/dz lost", "per layer, at the start"],
        "attenuation_theory" => vec!["decades lost per layer,", "by theory"],
        "weight_grad_total_init" => vec!["decades of dL/dW from the", "last layer to the second"],
        "steps" => vec!["steps"],
        "best_step" => vec!["step of the best loss"],
        "best_train_loss" => vec!["training loss at its best"],
        "best_val_loss" => vec!["validation loss at its best"],
        "best_test_loss" => vec!["test loss", "at the best step"],
        "best_test_accuracy" => vec!["test accuracy", "at the best step"],
        "steps_to_target" => vec!["steps to the target loss"],
        other => vec![other],
    }
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

/// Whether a measurement of a run says in its name when it was taken.
pub fn says_when(metric: &str) -> bool {
    ["_init", "_end", "steps", "best_", "theory"].iter().any(|part| metric.contains(part))
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

#[cfg(test)]
mod tests {
    use super::measure;
    use crate::record::{HISTORY_COLUMNS, LAYER_COLUMNS, OUTCOME_COLUMNS};

    #[test]
    fn every_measurement_has_a_name_for_people() {
        let keys = ["step", "layer", "status", "message"];
        for column in [HISTORY_COLUMNS, LAYER_COLUMNS, OUTCOME_COLUMNS].concat() {
            let words = measure(column);
            let plain = words == [column] && !["epoch", "steps"].contains(&column);
            assert!(keys.contains(&column) || !plain && !words.join("").contains('_'), "{column}: {words:?}");
        }
    }
}
