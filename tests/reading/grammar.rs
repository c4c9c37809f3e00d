//! The laws of the grid: how many cells there are, that no two are the same, and that a run's id hangs on nothing but
//! what decides its numbers. Grids are drawn at random and compared with sets built the simple way.

use gradsweep::experiment::{Experiment, ExperimentError, Overrides, Plan};
use gradsweep::figure::kinds::FACTS;
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use std::collections::{BTreeMap, BTreeSet, HashSet};

fn plan(text: &str) -> Result<Plan, ExperimentError> {
    Experiment::parse(text, "x.toml", FACTS)?.plan(&Overrides::default())
}

fn ids(plan: &Plan) -> Vec<String> {
    let digests = vec!["0".to_string(); plan.datasets().settings.len()];
    plan.runs(&digests).into_iter().map(|run| run.run_id).collect()
}

/// A cell of the small world below: depth, width, batch.
type Triple = (i64, i64, i64);
const KEYS: [&str; 3] = ["depth", "width", "batch"];

fn list(key: &str, values: &[i64]) -> String {
    format!("{key} = {values:?}\n")
}

fn cells(plan: &Plan) -> Vec<Triple> {
    let int = |cell: &gradsweep::experiment::GridCell, key: &str| cell.settings.int(key).unwrap();
    plan.cells.iter().map(|c| (int(c, "depth"), int(c, "width"), int(c, "batch"))).collect()
}

fn of(cell: &Triple, key: usize) -> i64 {
    [cell.0, cell.1, cell.2][key]
}

fn product(lists: &[Vec<i64>; 3]) -> Vec<Triple> {
    let mut all = Vec::new();
    for a in &lists[0] {
        for b in &lists[1] {
            all.extend(lists[2].iter().map(|c| (*a, *b, *c)));
        }
    }
    all
}

/// Three axes of one to four values.
fn axes() -> impl Strategy<Value = [Vec<i64>; 3]> {
    let axis = || subsequence(vec![1i64, 2, 3, 5, 8], 1..5);
    [axis(), axis(), axis()]
}

/// Keys with values, on an axis or off it: the body of an exclude or include.
fn selection() -> impl Strategy<Value = BTreeMap<usize, Vec<i64>>> {
    proptest::collection::btree_map(0..3usize, subsequence(vec![1i64, 2, 3, 5, 8, 13], 1..4), 1..4)
}

fn section(name: &str, selection: &BTreeMap<usize, Vec<i64>>) -> String {
    selection.iter().fold(format!("[[{name}]]\n"), |text, (key, values)| text + &list(KEYS[*key], values))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Product of the axes - excluded + included, times seeds; whatever else is an error.
    #[test]
    fn the_count_formula(
        axes in axes(),
        excludes in proptest::collection::vec(selection(), 0..3),
        includes in proptest::collection::vec(selection(), 0..3),
        seeds in 1..4u64,
    ) {
        let mut text = format!("seeds = {seeds}\n[axes]\n");
        for (key, values) in KEYS.iter().zip(&axes) {
            text += &list(key, values);
        }
        excludes.iter().for_each(|e| text += &section("exclude", e));
        includes.iter().for_each(|i| text += &section("include", i));

        let matches = |cell: &Triple, e: &BTreeMap<usize, Vec<i64>>| e.iter().all(|(k, v)| v.contains(&of(cell, *k)));
        let grid = product(&axes);
        let kept: Vec<Triple> = grid.iter().filter(|c| !excludes.iter().any(|e| matches(c, e))).copied().collect();
        let mut all = kept.clone();
        for include in &includes {
            let own = |key: usize| include.get(&key).unwrap_or(&axes[key]).clone();
            all.extend(product(&[own(0), own(1), own(2)]));
        }
        let idle = excludes.iter().any(|e| !grid.iter().any(|c| matches(c, e)));
        let distinct: BTreeSet<Triple> = all.iter().copied().collect();
        match plan(&text) {
            Ok(plan) => {
                prop_assert!(!idle && distinct.len() == all.len(), "accepted\n{}", text);
                prop_assert_eq!(cells(&plan), all, "\n{}", text);
                prop_assert_eq!(plan.excluded, grid.len() - kept.len());
                prop_assert_eq!(ids(&plan).len() as u64, plan.cells.len() as u64 * seeds);
            }
            Err(problem) => prop_assert!(
                idle || distinct.len() < all.len() || all.is_empty(),
                "{}\n{}", problem, text
            ),
        }
    }

    /// One plus the alternatives of each named axis, times the others; each cell is one change away from its centre.
    #[test]
    fn an_ablation_changes_at_most_one_thing(
        axes in axes(), named in subsequence(vec![0usize, 1, 2], 2..=3), at in [any::<Index>(), any::<Index>(), any::<Index>()],
    ) {
        let centre: BTreeMap<usize, i64> = named.iter().map(|key| (*key, *at[*key].get(&axes[*key]))).collect();
        let mut text = String::from("[axes]\n");
        for (key, values) in KEYS.iter().zip(&axes) {
            text += &list(key, values);
        }
        text += "[ablation]\n";
        for (key, value) in &centre {
            text += &format!("{} = {value}\n", KEYS[*key]);
        }
        let plan = plan(&text).unwrap_or_else(|p| panic!("{p}\n{text}"));
        let changes = |cell: &Triple| centre.iter().filter(|(key, value)| of(cell, **key) != **value).count();
        let expected: BTreeSet<Triple> = product(&axes).into_iter().filter(|c| changes(c) <= 1).collect();
        let found = cells(&plan);
        let crossed: usize = (0..3).filter(|k| !centre.contains_key(k)).map(|k| axes[k].len()).product();
        prop_assert_eq!(found.len(), crossed * (1 + named.iter().map(|k| axes[*k].len() - 1).sum::<usize>()));
        prop_assert_eq!(found.iter().copied().collect::<BTreeSet<_>>(), expected);
        prop_assert_eq!(changes(&found[0]), 0, "the centre comes first");
    }

    /// No two runs have one id, and no two cells the same labels, whatever the ways to make axes.
    #[test]
    fn no_cell_and_no_label_twice(
        depths in subsequence(vec![2i64, 4, 8], 1..4), lrs in 1..4usize, width in 60..70i64, slope in 0..4i64, seeds in 1..3u64, ablate in any::<bool>(),
    ) {
        let rates = &["0.1", "0.01", "0.001"][..lrs];
        let centre = if ablate { format!("[ablation]\nvariant = \"plain\"\noptimizer = \"adam\"\n\"optimizer.lr\" = {}\n", rates[0]) } else { String::new() };
        let text = format!(
            "seeds = {seeds}\n[axes]\ndepth = {depths:?}\ninit = [{{ kind = \"gaussian\", sigma_w = 2 }}, \"orthogonal\"]\n[variants.plain]\n[variants.residual]\nresidual = true\n\
             [[optimizer]]\nkind = \"adam\"\nlr = [{}]\n[[optimizer]]\nkind = \"sgd\"\n[zip.budget]\nbatch = [8, 16]\nsteps = [20, 10]\n{centre}\
             [[include]]\ndepth = 16\nvariant = \"residual\"\noptimizer = \"sgd\"\nwidth = [{width}, 128]\n\
             [[include]]\ninit = \"gaussian\"\nvariant = \"residual\"\n\
             [[include]]\ndepth = 32\noptimizer = \"adam\"\n\"optimizer.lr\" = [0.5, 0.25]\nactivation = {{ kind = \"leaky_relu\", slope = 0.{slope} }}\n",
            rates.join(", "),
        );
        let plan = plan(&text).unwrap_or_else(|p| panic!("{p}\n{text}"));
        let ids = ids(&plan);
        prop_assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
        let labels: HashSet<_> = plan.cells.iter().map(|c| &c.labels).collect();
        prop_assert_eq!(labels.len(), plan.cells.len(), "labels must tell cells apart\n{}", text);
        for cell in &plan.cells {
            prop_assert!(cell.labels.iter().map(|(name, _)| name).eq(plan.axes.iter().map(|a| &a.name)));
            for ((name, label), axis) in cell.labels.iter().zip(&plan.axes) {
                prop_assert!(axis.labels.contains(label), "{} is no label of {}", label, name);
                if let (Some(value), false) = (cell.settings.get(name), name == "optimizer") {
                    prop_assert_eq!(value.to_string(), label.clone(), "{}", name);
                }
            }
        }
    }

    /// Order of sections and keys, comments, names of variants and the rest of the grid leave every id as it is.
    #[test]
    fn ids_hang_on_what_decides_the_numbers_alone(
        order in Just((0..6usize).collect::<Vec<_>>()).prop_shuffle(), flip in any::<bool>(), depths in subsequence(vec![2i64, 4, 8], 1..4),
    ) {
        let base = if flip { "width = 12 # narrow\nl2 = 1e-2\n" } else { "l2 = 0.01\nwidth = 12\n" };
        let sections = |depths: &[i64], name: &str| [
            format!("[base]\n{base}"),
            format!("[axes]\n{}", list("depth", depths)),
            format!("[variants.{name}]\n[variants.\"{name} too\"]\nresidual = true\n"),
            "[[optimizer]]\nlr = [0.1, 0.01]\nkind = \"adam\"\n[[optimizer]]\nname = \"other\"\nkind = \"adam\"\nbeta1 = 0.8\n".to_string(),
            "[[exclude]]\nresidual = true\nl2 = 0.01\noptimizer = \"other\"\n".to_string(),
            "[[include]]\ndepth = 16\noptimizer = \"other\"\n".to_string(),
        ];
        let set = |text: &str| ids(&plan(text).unwrap_or_else(|p| panic!("{p}\n{text}"))).into_iter().collect::<BTreeSet<_>>();
        let plain = set(&sections(&depths, "plain").concat());
        let shuffled: String = order.iter().map(|i| format!("# {i}\n{}", sections(&depths, "p")[*i])).collect();
        prop_assert_eq!(&set(&shuffled), &plain, "\n{}", shuffled);
        let larger = set(&sections(&[2, 4, 8], "plain").concat());
        prop_assert!(plain.is_subset(&larger));
        let more_seeds = set(&format!("seeds = 2\n{}", sections(&depths, "plain").concat()));
        prop_assert!(plain.is_subset(&more_seeds));
    }
}
