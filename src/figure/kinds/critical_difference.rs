//! Which arms rank best over many problems, and which of them no test distinguishes: a critical-difference diagram (Demšar 2006,
//! figure 1), whose bars are those of Wilcoxon's pairwise tests with Holm's correction (Benavoli et al. 2016).

use super::prelude::*;
use crate::plan_file::compare::PROBLEMS;
use crate::table::{Record, significant};

/// What can be asked of it.
const FACTS: FigureKind = FigureKind {
    help: "average ranks of arms over ten independent problems or more; a bar joins arms that are not distinguished (Demšar 2006)",
    color: ColorBy::Required,
    takes_step: false,
    over: Over::Problems,
    default,
    default_of_functions: default,
    ..FigureKind::new("critical_difference")
};

pub const KIND: Kind = Kind { facts: &FACTS, draw };

fn default(grid: &Defaults) -> Option<FigureSpec> {
    let over = grid.pooled();
    let problems: usize = over.iter().map(|axis| grid.count(axis)).product();
    let spec = grid.of_arms(FACTS.word).filter(|_| problems >= PROBLEMS)?;
    let facet = grid.problems().into_iter().filter(|axis| !over.contains(axis)).take(1).collect();
    Some(FigureSpec { facet, over, ..spec })
}

/// An arm of a panel, as `comparison_ranks.csv` has it.
struct Ranked {
    rank: f64,
    /// A letter for each set of arms that are not distinguished.
    groups: String,
    problems: usize,
    p: f64,
}

/// A letter, and the ranks of the arms that have it.
type Bar = (char, Vec<f64>);

fn draw(selection: &Selection, medium: Medium) -> Result<Chart, FigureError> {
    let arms = ranked(selection)?;
    let Some(problems) = arms.values().map(|arm| arm.problems).max() else {
        let why = "there is no test over its problems, since they are fewer than ten or depend on each other; comparison_ranks.csv has the ranks";
        return Err(FigureError::Nothing(why.into()));
    };
    let sheet = Sheet::new(selection, medium, 3);
    let is_ranked = |color: &usize| arms.keys().any(|key| key.color == *color);
    let (mut colors, left_out): (Vec<usize>, Vec<usize>) = selection.colors().into_iter().partition(is_ranked);
    let mean = |color: usize| {
        let own: Vec<f64> = arms.iter().filter(|(key, _)| key.color == color).map(|(_, arm)| arm.rank).collect();
        own.iter().sum::<f64>() / own.len() as f64
    };
    colors.sort_by(|a, b| mean(*a).total_cmp(&mean(*b)));
    let of_panel = |panel: GroupKey| {
        arms.iter().filter(move |(key, _)| key.without_color() == panel).map(|(key, arm)| (key.color, arm))
    };
    let panels: BTreeSet<GroupKey> = arms.keys().map(|key| key.without_color()).collect();
    let most = panels.iter().map(|panel| bars(of_panel(*panel).map(|(_, arm)| arm)).len()).max().unwrap_or(0);
    // The best arm on top, the bars beneath the last.
    let mut names = sheet.row_names(selection, &colors);
    names.resize(names.len() + most, String::new());
    let rows = names.len();
    let (x, y) = (Ruler::linear(1.0, (colors.len() as f64).max(2.0), sheet.room()), Ruler::rows(names.into_iter()));
    let x = x.padded(5.0, sheet.panel());
    // From a mark to the middle of its letters.
    let aside = 10.0 * (x.high - x.low) / sheet.panel();
    let at = |row: usize| (rows - 1 - row) as f64;
    let panel = |panel: GroupKey| {
        let bars = bars(of_panel(panel).map(|(_, arm)| arm));
        let beside = |(rank, row): (f64, f64), text: String| Mark::Note {
            spots: [1.0, -1.0].map(|side| (rank + side * aside, row)).to_vec(),
            text,
        };
        let dot = |(color, arm): (usize, &Ranked)| {
            let row = colors.iter().position(|own| *own == color).unwrap_or(0);
            let text = format!("{}\naverage rank: {:.2}", selection.color_name(color), arm.rank);
            let place = (arm.rank, at(row));
            [
                Mark::Symbol { at: place, radius: 2.6, look: selection.look(color) },
                Mark::Tip { at: place, text },
                beside(place, arm.groups.clone()),
            ]
        };
        let bar = |(row, (letter, ranks)): (usize, &Bar)| {
            let row = at(colors.len() + row);
            let (low, high) = range(ranks.iter().copied()).unwrap_or_default();
            let line = Mark::Curve { points: vec![(low, row), (high, row)], stroke: solid(INK, 1.6), name: None };
            let dots = ranks.iter().map(|rank| Mark::Discs { at: (*rank, row), discs: vec![(2.2, INK)] });
            [line, beside((high, row), letter.to_string())].into_iter().chain(dots).collect::<Vec<_>>()
        };
        of_panel(panel).flat_map(dot).chain(bars.iter().enumerate().flat_map(bar)).collect()
    };
    let height = (rows as f64 * 12.0 + 6.0).max(34.0);
    let title = [selection.legend_heading()];
    let block = Block::new(selection, (x.clone(), "average rank, 1 being best"), (&y, &title), height, panel);
    let best = arms.iter().map(|(key, arm)| (selection.group_name(key), arm.rank)).collect::<Vec<_>>();
    let lowest = best.iter().map(|(_, rank)| *rank).fold(f64::INFINITY, f64::min);
    let finding = finding::who(&best, lowest, |rank| format!("{rank:.2}"))
        .map_or(String::new(), |who| format!("Ranks best: {who}."));
    // Each panel has a test of its own.
    let p = range(arms.values().map(|arm| arm.p)).map(|(low, high)| [low, high].map(|p| significant(p, 2)));
    let p = match p {
        Some([low, high]) if low != high => format!("from {low} to {high}"),
        p => format!("= {}", p.map_or(String::new(), |[low, _]| low)),
    };
    let left_out: Vec<String> = left_out.into_iter().map(|color| selection.color_name(color)).collect();
    let problems = match arms.values().all(|arm| arm.problems == problems) {
        true => problems.to_string(),
        false => format!("up to {problems}"),
    };
    let is_ranked = |base: &&String| arms.keys().any(|key| selection.color_name(key.color) == **base);
    let base = selection.results.plan.compare.as_ref().and_then(|own| own.baseline.as_ref()).filter(is_ranked);
    let caption = Caption::new(format!("Average rank over {problems} problems, by each arm's median over the seeds that judge."))
        .add(base.is_some(), base.map_or(String::new(), |base| format!("a: the baseline, {base}, and the arms that are not distinguished from it by Wilcoxon's test over the problems, corrected by Holm's method.")))
        .add(base.is_none() && most > 0, "Arms with a common letter are not distinguished by Wilcoxon's test over the problems, corrected by Holm's method; a bar joins those of each letter.")
        .add(base.is_none() && most == 0, "All pairs are distinguished, by Wilcoxon's test over the problems, corrected by Holm's method.")
        .add(true, format!("Friedman's test of all arms: p {p}."))
        .add(!left_out.is_empty(), format!("Not ranked, since they lack results on some problem: {}.", left_out.join(", ")))
        .of(selection);
    let own = format!("How each {} ranks over all problems", selection.legend_heading());
    Ok(Chart { caption, ..Chart::new(selection, sheet, &own, finding, Legend::default(), vec![block]) })
}

/// The arms of the panels that have a test.
fn ranked(selection: &Selection) -> Result<BTreeMap<GroupKey, Ranked>, FigureError> {
    let (plan, ranks) = (&selection.results.plan, selection.results.ranks()?);
    let mut found = BTreeMap::new();
    for run in &selection.runs {
        let labels = &selection.run(*run).labels;
        let is_own = |row: &&Record| {
            let mut axes = plan.axes.iter().zip(labels);
            axes.all(|(axis, label)| row.get(&axis.name).is_none_or(|own| *own == axis.labels[*label]))
        };
        let number = |row: &Record, name: &str| row.get(name)?.parse::<f64>().ok();
        let read = |row: &Record| {
            let (rank, problems, p) = (number(row, "rank")?, number(row, "problems")? as usize, number(row, "p")?);
            Some(Ranked { rank, groups: row.get("groups")?.clone(), problems, p })
        };
        found.extend(ranks.rows.iter().find(is_own).and_then(read).map(|arm| (selection.key(*run), arm)));
    }
    Ok(found)
}

/// The bars of a panel: each set of several arms of which no two are distinguished.
fn bars<'a>(arms: impl Iterator<Item = &'a Ranked> + Clone) -> Vec<Bar> {
    let letters: BTreeSet<char> = arms.clone().flat_map(|arm| arm.groups.chars()).collect();
    let of_letter = |letter: char| {
        let own = arms.clone().filter(|arm| arm.groups.contains(letter)).map(|arm| arm.rank);
        Some((letter, own.collect::<Vec<f64>>())).filter(|(_, ranks)| ranks.len() > 1)
    };
    letters.into_iter().filter_map(of_letter).collect()
}
