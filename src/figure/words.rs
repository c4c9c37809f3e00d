//! The sentences of titles and captions that all kinds of figures share.

use super::names;
use super::places;
use super::select::{GroupKey, Selection, shown_label};
use super::text;
use crate::columns::{self, Column, Measured};
use crate::experiment::figure_kind::Over;
use crate::record::{self, Status};
use crate::results::choice::seeds;
use crate::table::{capital, count};
use std::collections::{BTreeMap, BTreeSet};

/// With more series than this, bands would cover each other and are left out.
pub const CROWD: usize = 12;

/// Which way an axis of decades lost goes, beside it.
pub const DIRECTION: &str = "(below 0 the gradient grows)";

/// The given title or the kind's own, and how far an unfinished sweep has come.
pub fn title(selection: &Selection, own: &str) -> String {
    let title = text::shown(selection.spec.title.as_deref().unwrap_or(own));
    match selection.planned {
        Some(planned) if selection.runs.len() < planned => {
            format!("{title} ({} of {planned} runs)", selection.runs.len())
        }
        _ => title,
    }
}

/// What is shown: the data, what is held fixed or pooled, and every run that ended badly.
pub fn shown(selection: &Selection) -> String {
    let plan = &selection.results.plan;
    let mut parts = vec![match functions(selection) {
        Some(names) => format!("Function: {names}"),
        None => format!("Data: {}", plan.data_described()),
    }];
    if !selection.fixed.is_empty() {
        parts.push(format!("fixed: {}", selection.fixed.join(", ")));
    }
    if !selection.spec.over.is_empty() && selection.kind.over == Over::Pooled {
        parts.push(format!("pooled within a seed by its median: {}", names::axes(&selection.spec.over)));
    }
    if let Some(choice) = &selection.choice {
        let metric = choice.subject();
        let seeds = match choice.tune_seeds.as_slice() {
            [] => "the same seeds".to_string(),
            others => seeds(others),
        };
        let axes = names::axes(&selection.spec.tune);
        let all_diverged = selection.runs.iter().all(|run| selection.run(*run).status == Status::Diverged);
        parts.push(match all_diverged {
            true => format!("no {axes} could be chosen by the {metric} of {seeds}, since all runs diverged"),
            false => format!("{axes} chosen by the {metric} of {seeds}{}", chosen(selection)),
        });
    }
    let mut text = format!("{}.", parts.join("; "));
    let ended = record::ended(|status| selection.count(status));
    if !ended.is_empty() {
        let when = if (selection.kind.of_init)(selection.spec) { " later, in training" } else { "" };
        text.push_str(&format!(" Of {} runs {}{when}.", selection.runs.len(), ended));
    }
    let text = text::shown(&text);
    if text.contains("[U+") {
        format!("{text} [U+...]: a character that is not in the font of the figures.")
    } else {
        text
    }
}

/// What a mark on the floor line is.
pub const FLOOR: &str = "▼: exactly zero.";

/// What a mark beyond a scale of colours is.
pub const BEYOND_SCALE: &str = "▲: the largest value, beyond the scale.";

/// What panels share, after what the colour is.
pub const SAME_SCALE: &str = ", the same scale in all panels";

/// What a gradient of 0 is in the probe, for captions.
pub const NO_GRADIENT: &str = "exactly zero, or too small to be measured (below about 1e-288)";

/// Where layers differ in size, dL/dh is spread over more or fewer numbers.
pub const BY_NORM: &str =
    "Layers differ in size, so they are compared by the norm of the gradient, not by its root mean square.";

/// Where the layers of nets with time steps are compared, for captions.
pub const LAST_TIME: &str = "Recurrent nets: layers at the last time step.";

/// More settings than this are not listed.
const LISTED: usize = 16;

/// The settings that were chosen in each panel, or once where all agree; empty where there are many.
fn chosen(selection: &Selection) -> String {
    let axes = &selection.results.plan.axes;
    let setting = |run: usize| -> String {
        let tuned = axes.iter().enumerate().filter(|(_, axis)| selection.spec.tune.contains(&axis.name));
        // An arm has no label on an axis that another arm alone is tuned over.
        let labels = tuned.map(|(i, axis)| (axis, shown_label(axis, selection.run(run).labels[i])));
        let labels =
            labels.filter(|(_, label)| !label.is_empty()).map(|(axis, label)| match selection.spec.tune.len() {
                1 => label,
                _ => format!("{} {label}", names::axis(&axis.name)),
            });
        labels.collect::<Vec<_>>().join(" and ")
    };
    let mut panels: BTreeMap<GroupKey, BTreeMap<usize, BTreeSet<String>>> = BTreeMap::new();
    let mut alive: BTreeSet<GroupKey> = BTreeSet::new();
    for run in &selection.runs {
        let key = selection.key(*run);
        let groups = panels.entry(key.without_color()).or_default();
        groups.entry(key.color).or_default().insert(setting(*run));
        alive.extend((selection.run(*run).status != Status::Diverged).then_some(key));
    }
    for (panel, groups) in &mut panels {
        let lost = groups.iter_mut().filter(|(color, _)| !alive.contains(&GroupKey { color: **color, ..*panel }));
        lost.for_each(|(_, settings)| *settings = BTreeSet::from(["none (all diverged)".to_string()]));
    }
    let groups = || panels.values().flatten();
    if groups().count() > LISTED || groups().any(|(_, settings)| settings.len() > 1) {
        return String::new();
    }
    let all: BTreeSet<&String> = groups().flat_map(|(_, settings)| settings).collect();
    if let (Some(only), 1, 2..) = (all.first(), all.len(), groups().count()) {
        return if only.is_empty() { String::new() } else { format!(": {only} for all") };
    }
    let mut told: Vec<(String, String)> = Vec::new();
    for (panel, groups) in &panels {
        let groups = groups.iter().filter_map(|(color, settings)| {
            let setting = settings.first().filter(|setting| !setting.is_empty())?;
            let Some(used) = &selection.color else { return Some(setting.clone()) };
            let label = used.shown(*color);
            // A number alone does not say what it is of.
            let axis = label.parse::<f64>().map_or(String::new(), |_| format!("{} ", names::axis(&used.axis.name)));
            Some(format!("{setting} for {axis}{label}"))
        });
        told.push((selection.panel_label(panel), groups.collect::<Vec<_>>().join(", ")));
    }
    told.retain(|(_, groups)| !groups.is_empty());
    if told.is_empty() {
        return String::new();
    }
    if told.iter().all(|(_, groups)| *groups == told[0].1) {
        told.truncate(1);
    }
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

/// `one seed (N = 1)` or `median of 5 seeds`.
pub fn median(selection: &Selection) -> String {
    match selection.seeds().as_str() {
        "1 seed" => "one seed (N = 1)".into(),
        seeds => format!("median of {seeds}"),
    }
}

/// A caption that grows sentence by sentence.
pub struct Caption(String);

impl Caption {
    pub fn new(first: impl Into<String>) -> Self {
        Caption(first.into())
    }

    /// Adds a sentence where it is true, and if it is not empty.
    pub fn add(mut self, when: bool, sentence: impl std::fmt::Display) -> Self {
        let sentence = sentence.to_string();
        if when && !sentence.is_empty() {
            self.0.push_str(&format!(" {}", sentence.trim_start()));
        }
        self
    }

    /// Ends with what is shown.
    pub fn of(self, selection: &Selection) -> String {
        self.add(true, shown(selection)).0
    }

    /// Ends with the size of the probe set and what is shown.
    pub fn of_probe(self, selection: &Selection) -> String {
        let (probe, shown) = (selection.results.plan.probe, selection.spec.metric.as_deref());
        let of_jacobian = shown.and_then(columns::measurement).is_some_and(is_of_jacobian);
        let rows = if of_jacobian { "the first row of the probe".into() } else { count(probe, "training row") };
        self.add(probe > 0, format!("Probe: {rows}.")).of(selection)
    }
}

/// Whether it is of the Jacobian of the last layer with respect to each: that of the last itself is the identity, and says nothing.
pub fn is_of_jacobian(column: &Column) -> bool {
    column.recorded == Some("jacobian")
}

/// What a distribution of `layers.csv` is over.
pub fn held(column: &Column) -> &'static str {
    match () {
        () if *column == columns::SINGULAR_VALUE => "the singular values of the Jacobian",
        () if *column == columns::WEIGHT_GRAD => "the numbers of a layer, one for each weight",
        () => "the numbers of a layer, one for each unit and probe row",
    }
}

/// What a caption says of runs that a figure of one step does not draw; empty where there are none.
pub fn left_out(runs: usize) -> String {
    match runs {
        0 => String::new(),
        n => format!("Not drawn: {}, diverged or not finite at this step.", count(n, "run")),
    }
}

/// When what a title speaks of was measured.
pub fn when(last: bool) -> &'static str {
    if last { "after the last update" } else { "before the first update" }
}

/// `Line: median, band: range of 5 seeds.`, or that there is a single one.
pub fn spread(selection: &Selection, line: &str, band: &str, series: usize) -> String {
    let grey = match (selection.has_context() && !places::are_names(selection), selection.rows().len()) {
        (false, _) => "",
        (true, 1) => " Grey: the medians of the other panels.",
        (true, _) => " Grey: the medians of the other panels of the row.",
    };
    let text = match selection.seeds().as_str() {
        "1 seed" => format!("{line}: one seed (N = 1), so there is no range."),
        seeds if series > CROWD => format!("{line}: median of {seeds}; bands are left out, there are {series} series."),
        seeds => format!("{line}: median, {band}: range of {seeds}."),
    };
    text + grey
}

/// What a measurement is, to begin a title with.
pub fn subject(column: &Column) -> String {
    capital(&column.subject())
}

/// The title of a figure of how runs end.
pub fn at_the_end(selection: &Selection, column: &Column) -> String {
    let mut steps = selection.runs.iter().map(|run| selection.run(*run).value("steps"));
    // One update is how a gradient is looked at, not training.
    let is_one = !selection.runs.is_empty() && steps.all(|steps| steps == Some(1.0));
    let when = if is_one { " after one update" } else { " at the end of training" };
    format!("{}{}", subject(column), if says_when(column) { "" } else { when })
}

/// Whether the words of an outcome say when it was measured.
pub fn says_when(column: &Column) -> bool {
    column.measured != Measured::End || column.is_attenuation()
}

/// A rate or a share in as many decimals as it takes to see it.
pub fn rate(value: f64) -> String {
    let decimals = if value.abs() < 0.0995 { 3 } else { 2 };
    let text = format!("{value:.decimals$}");
    let is_zero = text.trim_start_matches('-').bytes().all(|b| matches!(b, b'0' | b'.'));
    super::ruler::minus(if is_zero { "0.000" } else { &text })
}
