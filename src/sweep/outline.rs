//! A plan as text for a person and as a table for programs: its cells, its status in its folder, its cost.

use crate::experiment::plan::{GridCell, Plan};
use crate::plan_file::compare::{self, Compare, PROBLEMS};
use crate::plan_file::{Axis, origin};
use crate::record::Status;
use crate::run::cost::{Cost, bytes, flop};
use crate::stats::seeds_for;
use crate::stats::signed_rank::{LEVEL, seeds_needed, smallest_corrected};
use crate::sweep::memory::needed;
use crate::sweep::status::{FolderStatus, RunState};
use crate::sweep::work::Work;
use crate::table::{Cell, Table, count, significant};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;
use std::ops::Add;
use std::path::Path;

/// The axes with their cells, what keeps cells out or brings them in, and the data.
pub fn grid(plan: &Plan, work: &Work) -> String {
    let mut text = format!("{}\n{}\n", plan.name, plan.question);
    let width = plan.axes.iter().map(|a| a.name.chars().count()).max().unwrap_or(0).clamp(14, 30);
    for (position, axis) in plan.axes.iter().enumerate() {
        let _ = writeln!(text, "  {:<width$} {:>3}  {}", axis.name, axis.labels.len(), labels(plan, position, axis));
    }
    for part in &plan.parts {
        let (what, position) = (&part.text, &part.position);
        let n = count(part.cells, "cell");
        let _ = match part.section {
            "ablation" => writeln!(text, "  ablation  around {what}: leaves out {n} of the whole grid ({position})"),
            "exclude" => writeln!(text, "  exclude   {what}: leaves out {n} ({position})"),
            section => writeln!(text, "  {section}   {what}: adds {n} ({position})"),
        };
    }
    let by_excludes: usize = plan.parts.iter().filter(|p| p.section == "exclude").map(|p| p.cells).sum();
    let twice = if by_excludes > plan.excluded { ", some of them twice" } else { "" };
    let excluded = if plan.excluded > 0 { format!(" ({} excluded{twice})", plan.excluded) } else { String::new() };
    let seeds = count(plan.seeds.len(), "seed");
    let _ =
        writeln!(text, "  {}{excluded} x {seeds} = {}", count(plan.cells.len(), "cell"), count(work.jobs.len(), "run"));
    for data in &work.datasets {
        let _ = writeln!(text, "  data      {}", data.summary());
        data.notes.iter().for_each(|note| text += &format!("            note: {note}\n"));
    }
    if plan.claims.len() + plan.claims_left_out > 0 {
        let gone = match plan.claims_left_out {
            0 => String::new(),
            n => format!(" ({n} left out, since --set removed what they are about)"),
        };
        let _ = writeln!(text, "  claims    {}{gone}", plan.claims.len());
        let needed = plan.claims.iter().map(|claim| seeds_for(claim.confidence)).max().unwrap_or(0);
        if needed > plan.seeds.len() {
            text += &format!(
                "            note: with fewer than {needed} seeds some of them stay inconclusive: their `confidence` needs that many\n"
            );
        }
    }
    text += &comparison(plan);
    text
}

/// What the seeds of a comparison can tell at all.
fn comparison(plan: &Plan) -> String {
    let Some(compare) = &plan.compare else { return String::new() };
    let tasks = tasks(plan, compare);
    // Their differences can be told best where the fewest meet.
    let arms = tasks.iter().map(BTreeSet::len).min().unwrap_or(0);
    let all = plan.seeds.len();
    // One seed has to do for both.
    let tune = if compare.tune_seeds < all { compare.tune_seeds } else { 0 };
    let judges = all - tune;
    let family = if compare.baseline.is_some() { arms.saturating_sub(1) } else { arms * arms.saturating_sub(1) / 2 };
    if family == 0 || judges == 0 {
        return String::new();
    }
    let over = over_problems(plan, compare, family);
    let smallest = significant(smallest_corrected(judges, family), 3);
    let (arms, judges_of, pairs) = (count(arms, "arm"), count(judges, "seed"), count(family, "pair"));
    let others = match tune {
        0 => "",
        1 => ", settings chosen on 1 other",
        n => &format!(", settings chosen on {n} others"),
    };
    let mut text = format!(
        "  compare   {arms}, judged on {judges_of}{others}: p is at least {smallest} after Holm's correction for {pairs}\n"
    );
    if let Some(base) = &compare.baseline {
        let without = tasks.iter().filter(|arms| !arms.contains(base)).count();
        if without > 0 {
            let of = count(tasks.len(), "comparison");
            text += &format!(
                "            note: in {without} of {of} {base}, the baseline, has no runs, so no arm is tested there\n"
            );
        }
    }
    let needed = seeds_needed(family, LEVEL);
    if needed > judges {
        // A share of the seeds chooses where the file does not say how many.
        let written = compare.tune_seeds;
        let is_usual = written > 0 && written == Compare::usual_tune_seeds(all);
        let tuning = |n: usize| if is_usual { Compare::usual_tune_seeds(n) } else { written };
        let total = (needed..).find(|n| n.saturating_sub(tuning(*n)) >= needed).unwrap_or(needed);
        text += &format!(
            "            note: so few seeds cannot distinguish any two arms, however different: at least {needed} judging seeds are needed, as with --seeds {total}\n"
        );
    }
    text + &over
}

/// The arms of each task on which several meet.
fn tasks<'a>(plan: &'a Plan, compare: &Compare) -> Vec<BTreeSet<&'a String>> {
    let is_own = |axis: &String| *axis == compare.arm;
    let is_of_task = |axis: &String| !is_own(axis) && !compare.tune.contains(axis);
    let mut tasks: BTreeMap<Vec<&String>, BTreeSet<&String>> = BTreeMap::new();
    for cell in &plan.cells {
        let labels = |is: &dyn Fn(&String) -> bool| {
            cell.labels.iter().filter(|(axis, _)| is(axis)).map(|(_, label)| label).collect::<Vec<_>>()
        };
        tasks.entry(labels(&is_of_task)).or_default().extend(labels(&is_own));
    }
    tasks.into_values().filter(|arms| arms.len() > 1).collect()
}

/// What a joint answer over the problems of a comparison can tell.
fn over_problems(plan: &Plan, compare: &Compare, family: usize) -> String {
    if compare.over.is_empty() {
        return String::new();
    }
    let labels = |cell: &GridCell, is_own: &dyn Fn(&String) -> bool| -> Vec<String> {
        cell.labels.iter().filter(|(axis, _)| is_own(axis)).map(|(_, label)| label.clone()).collect()
    };
    let is_over = |axis: &String| compare.over.contains(axis);
    let is_shared = |axis: &String| !is_over(axis) && !compare.tune.contains(axis) && *axis != compare.arm;
    let first = labels(&plan.cells[0], &is_shared);
    let own = plan.cells.iter().filter(|cell| labels(cell, &is_shared) == first);
    let problems: BTreeMap<_, _> = own.map(|cell| (labels(cell, &is_over), origin(cell.settings.iter()))).collect();
    let (n, origins) = (problems.len(), problems.values().collect::<BTreeSet<_>>().len());
    let said = match (count(n, "problem"), smallest_corrected(n, family)) {
        (all, _) if origins < n => {
            format!("{all} from {}, which depend on each other: ranks without a test", compare::origins(origins))
        }
        (all, _) if n < PROBLEMS => format!("{all}: ranks without a test, which takes {PROBLEMS}"),
        (all, p) if p > LEVEL => format!(
            "{all} cannot distinguish any two arms: p is at least {} after Holm's correction for {}, and at least {} are needed",
            significant(p, 3),
            count(family, "pair"),
            seeds_needed(family, LEVEL)
        ),
        (all, p) => {
            format!("{all}: p is at least {} after Holm's correction for {}", significant(p, 3), count(family, "pair"))
        }
    };
    format!("  over      {said}\n")
}

/// The labels of an axis, each with its cells unless all have as many.
fn labels(plan: &Plan, position: usize, axis: &Axis) -> String {
    const SHOWN: usize = 12;
    let mut cells: HashMap<&str, usize> = HashMap::new();
    for cell in &plan.cells {
        *cells.entry(cell.labels[position].1.as_str()).or_default() += 1;
    }
    let counts: Vec<usize> = axis.labels.iter().map(|label| cells[label.as_str()]).collect();
    let alike = counts.iter().all(|n| *n == counts[0]);
    let shown = axis.labels.iter().zip(&counts).take(SHOWN).enumerate().map(|(i, (label, n))| {
        let label = if label.is_empty() { "-" } else { label };
        match (alike, i) {
            (true, _) => label.to_string(),
            (false, 0) => format!("{label} ({})", count(*n, "cell")),
            (false, _) => format!("{label} ({n})"),
        }
    });
    let mut text = shown.collect::<Vec<_>>().join(", ");
    if axis.labels.len() > SHOWN {
        let _ = write!(text, ", ... {}", axis.labels.last().map_or("", String::as_str));
    }
    if alike { format!("{text}: {} each", count(counts[0], "cell")) } else { text }
}

/// What the folder has of the plan.
pub fn folder(dir: &Path, status: &FolderStatus) -> String {
    format!("  in {}: {}\n{}", dir.display(), run_counts(status), changes(status))
}

/// The arithmetic of all runs and of those to do; how many `--only` leaves.
pub fn cost(work: &Work, chosen: &[usize], todo: &[usize]) -> String {
    let mut text = String::new();
    if chosen.len() < work.jobs.len() {
        let all = count(work.jobs.len(), "run");
        let _ = writeln!(text, "  --only    {} of {all} chosen, {} to do", chosen.len(), todo.len());
    }
    let total =
        |jobs: &mut dyn Iterator<Item = usize>| jobs.map(|i| work.jobs[i].cost).fold(Cost::default(), Cost::add);
    let all = total(&mut (0..work.jobs.len()));
    let share = |part: f64| format!("{:.0} %", 100.0 * part / all.total().max(f64::MIN_POSITIVE));
    let left = match total(&mut todo.iter().copied()).total() {
        0.0 => "nothing".into(),
        n => flop(n),
    };
    let _ = writeln!(
        text,
        "  cost      {}: {} training, {} scoring, {} scoring at the end, {} probing; {left} to do",
        flop(all.total()),
        share(all.training),
        share(all.scoring),
        share(all.ending),
        share(all.probing)
    );
    let samples: Vec<i64> = work.jobs.iter().filter_map(|job| job.fewer_scored).collect();
    if let (Some(fewest), Some(most)) = (samples.iter().min(), samples.iter().max()) {
        let sizes = if fewest == most { most.to_string() } else { format!("{fewest} to {most}") };
        let _ = writeln!(
            text,
            "            note: {} for the data: before the end samples of {sizes} rows are recorded, so that these cost no \
             more than training; score.rows sets another size",
            if samples.len() == 1 { "1 run is short".into() } else { format!("{} runs are short", samples.len()) },
        );
    }
    text
}

/// The memory that the runs to do take, one of them and so many at the same time, and whether that is there.
pub fn memory(work: &Work, todo: &[usize], at_once: usize, room: Option<f64>) -> String {
    let at_once = at_once.min(todo.len());
    let (largest, all) = needed(work, todo, at_once);
    let there = bytes(room.unwrap_or(0.0));
    let short = match room {
        Some(room) if largest > room => format!(": more than the {there} that are available"),
        Some(room) if all > room => format!("; {there} are available, so some runs wait for others"),
        _ => String::new(),
    };
    format!(
        "  memory    {} for the largest run, {} for data and {at_once} at the same time{short}\n",
        bytes(largest),
        bytes(all)
    )
}

/// How many runs are done, new and changed.
fn run_counts(status: &FolderStatus) -> String {
    let ended = |end: Status| status.count(|s| *s == RunState::Done(end));
    let mut done = format!("{} done", status.count(|s| matches!(s, RunState::Done(_))));
    let ends: Vec<String> =
        [(Status::Diverged, "diverged"), (Status::Failed, "failed; --retry-failed runs them again")]
            .into_iter()
            .filter(|(status, _)| ended(*status) > 0)
            .map(|(status, word)| format!("{} {word}", ended(status)))
            .collect();
    if !ends.is_empty() {
        let _ = write!(done, " ({})", ends.join(", "));
    }
    let _ = write!(done, ", {} new", status.count(|s| *s == RunState::New));
    match status.count(|s| matches!(s, RunState::Changed(_))) {
        0 => done,
        n => format!("{done}, {n} changed"),
    }
}

/// What changed and in how many runs, the commonest first; what the plan drops from view.
fn changes(status: &FolderStatus) -> String {
    const SHOWN: usize = 8;
    let groups = status.changes();
    let mut text = String::new();
    for (what, n) in groups.iter().take(SHOWN) {
        let _ = writeln!(text, "  changed   {what} ({})", count(*n, "run"));
    }
    if groups.len() > SHOWN {
        let _ = writeln!(text, "  changed   {} other changes; --csv has each", groups.len() - SHOWN);
    }
    if status.dropped > 0 {
        let n = count(status.dropped, "run");
        let _ = writeln!(text, "  dropped   {n} of the folder are not in the plan: sweep needs --replan or --out");
        for (why, n) in status.gone().iter().take(SHOWN) {
            let _ = writeln!(text, "            {why} ({})", count(*n, "run"));
        }
    }
    text
}

/// One row a run of those chosen, in plan order: `run_id`, labels, `seed`, `status`, `changed`, `cost_flop`.
pub fn table(plan: &Plan, work: &Work, status: &FolderStatus, chosen: &[usize]) -> Table {
    let axes = plan.axes.iter().map(|axis| axis.name.as_str());
    let columns: Vec<&str> =
        ["run_id"].into_iter().chain(axes).chain(["seed", "status", "changed", "cost_flop"]).collect();
    let mut table = Table::new(&columns);
    for i in chosen {
        let job = &work.jobs[*i];
        let (status, changed) = match &status.states[*i] {
            RunState::Done(status) => (status.word(), ""),
            RunState::Changed(what) => ("changed", what.as_str()),
            RunState::New => ("new", ""),
        };
        let mut row = vec![Cell::Text(job.run.run_id.clone())];
        row.extend(plan.cells[job.run.cell].labels.iter().map(|(_, label)| Cell::Text(label.clone())));
        row.extend([Cell::Int(job.run.spec.seeds.run as i64), status.into(), changed.into(), job.cost.total().into()]);
        table.push(row);
    }
    table
}
