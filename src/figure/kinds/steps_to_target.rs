//! How fast each arm reaches the target loss: a dot a run, a bar through the median, and those that never did.

use super::prelude::*;

/// What can be asked of it.
const FACTS: FigureKind = FigureKind {
    help: "steps to the target loss, and runs that never reach it",
    takes_step: false,
    shows: shows_steps,
    default,
    default_of_functions: default,
    history: true,
    ..FigureKind::new("steps_to_target")
};

pub const KIND: Kind = Kind { facts: &FACTS, draw };

fn default(grid: &Defaults) -> Option<FigureSpec> {
    grid.of_arms(FACTS.word).filter(|_| grid.has_target())
}

/// The steps to a target.
pub fn shows_steps(_: &FigureSpec, metric: &Metric) -> Shows {
    let column = if let Metric::Run(column) = metric { columns::outcome(column) } else { None };
    Shows::if_true(column.is_some_and(Column::missing_is_worst))
}

fn draw(selection: &Selection, medium: Medium) -> Result<Chart, FigureError> {
    let runs = selection.runs.iter().filter_map(|run| Some((*run, steps(selection, *run)?))).collect();
    let endings = Endings::new(selection, target_column(selection)?, runs);
    let values = endings.values();
    let sheet = Sheet::new(selection, medium, 3);
    let colors = selection.colors();
    let names = sheet.row_names(selection, &colors);
    let panel_width = sheet.panel_beside(&names);
    let mut x =
        Ruler::over(&values, true, panel_width * 0.6).ok_or_else(|| selection.nothing_to_draw("reached the target"))?;
    let stack = endings.groups.values().map(Seeds::lost).max().unwrap_or(0);
    let strip = (Arm::CROSS * stack as f64 + 8.0).min(0.4 * panel_width);
    let edge = if stack > 0 { x.add_strip(End::High, strip, panel_width) } else { x.high };
    // The first arm on top.
    let y = Ruler::rows(names.into_iter());
    let arm = |(i, color): (usize, &usize), panel: GroupKey| {
        let seeds = endings.groups.get(&GroupKey { color: *color, ..panel })?;
        Some(Mark::Arm(Arm {
            y: (colors.len() - 1 - i) as f64,
            look: selection.look(*color),
            name: selection.color_name(*color),
            values: seeds.values().collect(),
            median: seeds.median.value(),
            misses: seeds.lost(),
            edge,
            lost_at: End::High,
        }))
    };
    let panel = |panel: GroupKey| {
        let line = (stack > 0).then(|| Mark::Upright { x: edge, stroke: solid(EDGE, THIN) });
        line.into_iter().chain(colors.iter().enumerate().filter_map(|color| arm(color, panel))).collect()
    };
    let height = (colors.len() as f64 * 14.0 + 6.0).max(34.0);
    let title = [selection.legend_heading()];
    let block = Block::new(selection, (x.clone(), "steps to the target loss"), (&y, &title), height, panel);
    let misses: usize = endings.groups.values().map(Seeds::lost).sum();
    let runs: usize = endings.groups.values().map(|seeds| seeds.runs.len()).sum();
    let caption = Caption::new(format!("Dot: one run; bar: {}.", words::median(selection)))
        .add(
            misses > 0,
            "×: a run that never reached the target; an arm has no median if half of its runs or more \
            never reached it.",
        )
        .add(true, target(selection))
        .of(selection);
    let legend = Legend::default().lost(&endings.fate, misses, runs);
    let own = "Steps until the training loss is at its target";
    Ok(Chart { caption, ..Chart::new(selection, sheet, own, found(selection, &endings), legend, vec![block]) })
}

/// Who is there first, and how many arms have no median.
fn found(selection: &Selection, endings: &Endings) -> String {
    let medians = endings.groups.iter().map(|(key, seeds)| (selection.group_name(key), seeds.median));
    let words = Words { high: "Slowest", low: "Fastest", only: "Steps", each: "arms", lost: &endings.fate };
    finding::ranked(!endings.unlike, &medians.collect::<Vec<_>>(), &words, -1.0, |v| finding::amount(v, true))
}

/// The column, where the experiment has a target.
///
/// # Errors
/// Runs without one.
pub fn target_column(selection: &Selection) -> Result<&'static Column, FigureError> {
    if !selection.results.plan.has_target() {
        return Err(FigureError::Nothing("none of its runs has a target: write target_loss under [base]".into()));
    }
    Ok(columns::known("steps_to_target"))
}

/// The steps a run took to its target, lost where it never got there; `None` for a failed run.
pub fn steps(selection: &Selection, run: usize) -> Option<Ending> {
    let run = selection.run(run);
    // A run that starts at its target took no step; a ruler of factors begins at one.
    let steps = run.value("steps_to_target").map_or(Ending::Lost, |steps| Ending::Value(steps.max(1.0)));
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
        [one] => format!("Target: a training loss of {one}."),
        _ => String::new(),
    };
    format!("{target} {}", selection.results.steps_known(selection.runs.iter().copied())).trim().to_string()
}
