//! Paired tests, estimates and intervals against scipy's numbers (`scripts/statistics_reference.py`), and at their edges.

use gradsweep::stats::bootstrap::{interquartile_mean, stratified_interval};
use gradsweep::stats::eigenvalues::{Tridiagonal, singular_values};
use gradsweep::stats::friedman::{chi_square_tail, friedman, ranks};
use gradsweep::stats::signed_rank::{
    LEVEL, hodges_lehmann, holm, pseudo_median, seeds_needed, signed_rank, smallest_corrected,
};
use gradsweep::stats::{best_of, median_interval, quantile};
use serde_json::Value;

fn reference(section: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("../fixtures/statistics.json")).unwrap();
    all[section].as_array().unwrap().clone()
}

fn list(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn near(found: f64, expected: &Value, what: &str) {
    let expected = expected.as_f64().unwrap();
    assert!((found - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{what}: {found} instead of {expected}");
}

#[test]
fn signed_rank_tests_are_scipys() {
    let cases = reference("paired");
    assert_eq!(cases.len(), 36);
    for case in cases {
        let d = list(&case["differences"]);
        let found = signed_rank(&d);
        near(found.p, &case["wilcoxon"]["p"], "p");
        near(found.positive, &case["wilcoxon"]["positive"], "sum of positive ranks");
        assert!(found.p >= found.smallest.min(1.0) - 1e-15, "{d:?}");
    }
    for case in reference("large") {
        near(signed_rank(&list(&case["differences"])).p, &case["p"], "p of many pairs");
    }
}

#[test]
fn estimates_and_their_intervals_are_those_of_all_signs() {
    for case in reference("paired") {
        let expected = &case["hodges_lehmann"];
        let found = hodges_lehmann(&list(&case["differences"]), 0.9).unwrap();
        for (found, name) in
            [(found.value, "value"), (found.low, "low"), (found.high, "high"), (found.coverage, "coverage")]
        {
            near(found, &expected[name], name);
        }
    }
}

#[test]
fn median_intervals_are_the_binomials() {
    for case in reference("median") {
        let found = median_interval(&list(&case["values"]), case["confidence"].as_f64().unwrap()).unwrap();
        for (found, name) in
            [(found.median, "median"), (found.low, "low"), (found.high, "high"), (found.coverage, "coverage")]
        {
            near(found, &case[name], name);
        }
    }
}

#[test]
fn holm_and_the_best_of_k_are_the_textbooks() {
    for case in reference("holm") {
        for (found, expected) in holm(&list(&case["p"])).into_iter().zip(case["corrected"].as_array().unwrap()) {
            near(found, expected, "holm");
        }
    }
    for case in reference("best_of") {
        let k = case["k"].as_u64().unwrap() as usize;
        near(best_of(&list(&case["values"]), k, case["share"].as_f64().unwrap()).unwrap(), &case["value"], "best of k");
    }
}

#[test]
fn quantiles_and_pseudo_medians_of_draws_are_numpys() {
    for case in reference("quantile") {
        let found = quantile(&list(&case["values"]), case["share"].as_f64().unwrap()).unwrap();
        near(found, &case["value"], "quantile");
    }
    for case in reference("pseudo_median") {
        let d = list(&case["differences"]);
        let found = pseudo_median(&d).unwrap();
        near(found, &case["value"], "pseudo-median");
        assert_eq!(found, hodges_lehmann(&d, 0.9).unwrap().value, "the same estimate as with its interval");
    }
    let inf = f64::INFINITY;
    assert_eq!((quantile(&[1.0, inf], 0.9), quantile(&[], 0.5)), (Some(inf), None));
    assert_eq!((pseudo_median(&[inf, -inf]), pseudo_median(&[])), (Some(0.0), None));
}

#[test]
fn ranks_and_friedmans_test_are_scipys() {
    for case in reference("chi_square") {
        let found = chi_square_tail(case["x"].as_f64().unwrap(), case["freedom"].as_u64().unwrap() as usize);
        let expected = case["tail"].as_f64().unwrap();
        assert!((found - expected).abs() <= 1e-9 * expected, "{case}: {found}");
    }
    for case in reference("friedman") {
        let table: Vec<Vec<f64>> = case["table"].as_array().unwrap().iter().map(list).collect();
        let found = friedman(&table).unwrap();
        near(found.statistic, &case["statistic"], "statistic");
        near(found.p, &case["p"], "p");
        let ranked: Vec<Vec<f64>> = table.iter().map(|row| ranks(row)).collect();
        for (arm, expected) in case["ranks"].as_array().unwrap().iter().enumerate() {
            near(ranked.iter().map(|row| row[arm]).sum::<f64>() / table.len() as f64, expected, "average rank");
        }
    }
    assert_eq!(friedman(&[vec![1.0, 2.0]]), None);
    assert_eq!(friedman(&[vec![1.0, 1.0], vec![2.0, 2.0]]), None);
    assert_eq!(ranks(&[f64::INFINITY, 1.0, f64::INFINITY]), [2.5, 1.0, 2.5]);
}

#[test]
fn scores_over_problems_and_their_intervals_are_scipys() {
    let cases = reference("stratified");
    assert_eq!(cases.len(), 4);
    for case in cases {
        let strata: Vec<Vec<f64>> = case["strata"].as_array().unwrap().iter().map(list).collect();
        near(interquartile_mean(&strata.concat()).unwrap(), &case["value"], "interquartile mean");
        let mut places = case["places"].as_array().unwrap().iter().map(|place| place.as_u64().unwrap() as usize);
        let draws = case["draws"].as_u64().unwrap() as usize;
        let (low, high) = stratified_interval(&strata, 0.9, draws, |_| places.next().unwrap()).unwrap();
        near(low, &case["ends"][0], "lower end");
        near(high, &case["ends"][1], "upper end");
        assert_eq!(places.next(), None, "every place was drawn");
    }
    assert_eq!((interquartile_mean(&[]), stratified_interval(&[], 0.9, 10, |_| 0)), (None, None));
}

/// The number of seeds that is named is the first that can distinguish: checked against the test itself, all signs alike.
#[test]
fn so_many_seeds_can_distinguish_and_one_fewer_cannot() {
    for family in [1usize, 3, 6, 21, 105] {
        let n = seeds_needed(family, LEVEL);
        let smallest = |n: usize| {
            let d: Vec<f64> = (1..=n).map(|i| i as f64).collect();
            holm(&vec![signed_rank(&d).p; family])[0]
        };
        assert!(smallest(n) <= LEVEL && smallest(n - 1) > LEVEL, "{family}: {n}");
        assert!((smallest(n) - smallest_corrected(n, family)).abs() < 1e-12);
    }
}

#[test]
fn infinities_rank_highest_and_nothing_to_compare_says_nothing() {
    let inf = f64::INFINITY;
    let found = signed_rank(&[-1.0, -2.0, -3.0, -4.0, inf]);
    assert_eq!((found.n, found.positive), (5, 5.0));
    assert_eq!(signed_rank(&[inf, inf, inf]).p, 0.25);
    assert_eq!((signed_rank(&[0.0, f64::NAN]).n, signed_rank(&[]).p), (0, 1.0));
    assert_eq!(hodges_lehmann(&[1.0, inf, inf], 0.9).unwrap().value, inf);
    assert_eq!(hodges_lehmann(&[], 0.9), None);
    assert_eq!((best_of(&[1.0], 2, 0.5), best_of(&[1.0, f64::NAN], 1, 0.5)), (None, None));
    assert_eq!(best_of(&[inf, 2.0], 2, 0.5), Some(2.0));
    assert!(median_interval(&[], 0.9).is_none());
}

/// Where the true median is known, the interval holds it as often as it says, or more.
#[test]
fn intervals_cover_what_they_say() {
    let seeds = gradsweep::seed::Seeds { experiment: 0, run: 1 };
    let mut stream = seeds.stream("coverage", &[]);
    for n in [5, 9, 14] {
        let (mut held, mut estimated, rounds) = (0, 0, 4000);
        let mut promised = 0.0;
        for _ in 0..rounds {
            let x: Vec<f64> = (0..n).map(|_| stream.normal()).collect();
            let s = median_interval(&x, 0.9).unwrap();
            promised = s.coverage;
            held += u32::from(s.low <= 0.0 && 0.0 <= s.high);
            let e = hodges_lehmann(&x, 0.9).unwrap();
            estimated += u32::from(e.low <= 0.0 && 0.0 <= e.high);
            assert!(e.coverage >= 0.9);
        }
        let share = f64::from(held) / f64::from(rounds);
        // Three standard errors of a share of 4000.
        assert!((share - promised).abs() < 0.015, "{n}: {share}, promised {promised}");
        assert!(f64::from(estimated) / f64::from(rounds) > 0.885);
    }
}

#[test]
fn singular_values_and_eigenvalues_are_numpys() {
    let number = |value: &Value| value.as_u64().unwrap() as usize;
    for case in reference("singular_values") {
        let (expected, kind) = (list(&case["values"]), &case["kind"]);
        let found = singular_values(&list(&case["matrix"]), number(&case["rows"]), number(&case["columns"]));
        assert_eq!(found.len(), expected.len(), "{kind}");
        let largest = expected[expected.len() - 1];
        let close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-14 * largest;
        assert!(found.iter().zip(&expected).all(close), "{kind}: {found:?} instead of {expected:?}");
    }
    for case in reference("tridiagonal") {
        let matrix = Tridiagonal { diagonal: list(&case["diagonal"]), beside: list(&case["beside"]) };
        for (below, expected) in list(&case["values"]).into_iter().enumerate() {
            let found = matrix.eigenvalue(below);
            assert!((found - expected).abs() < 1e-14, "{below} below: {found} instead of {expected}");
        }
    }
    assert!(singular_values(&[1.0, f64::NAN, 2.0, 3.0], 2, 2).iter().all(|x| x.is_nan()));
    assert_eq!(singular_values(&[0.0; 6], 2, 3), [0.0, 0.0]);
}
