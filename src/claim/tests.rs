//! Tests with claims whose truth is known: how often a true one is judged false.

use super::Observation::{Diverged, Exactly, Undefined, Unknown};
use super::{Expect, Observation, Verdict, judge};
use crate::seed::Seeds;
use crate::stats::median_interval;
use crate::stats::seeds_for;

const EXPECTATIONS: [Expect; 3] = [Expect::Above(0.7), Expect::Below(0.7), Expect::Within(0.6, 0.8)];

fn of(values: &[f64], expect: Expect) -> Verdict {
    judge(&values.iter().map(|x| Exactly(*x)).collect::<Vec<_>>(), expect, 0.9).verdict
}

#[test]
fn planted_claims_get_the_verdict_they_deserve() {
    use Verdict::{Fails, Holds, Inconclusive};
    let (low, high, around) = ([0.1, 0.2, 0.3, 0.4, 0.5], [0.9, 1.0, 1.1, 1.2, 1.3], [0.61, 0.65, 0.7, 0.75, 0.8]);
    let [above, below, within] = EXPECTATIONS;
    for (values, expect, verdict) in [
        (low, above, Fails),
        (high, above, Holds),
        (around, above, Inconclusive),
        (low, below, Holds),
        (high, below, Fails),
        (around, below, Inconclusive),
        (low, within, Fails),
        (high, within, Fails),
        (around, within, Holds),
    ] {
        assert_eq!(of(&values, expect), verdict, "{values:?} {expect:?}");
        // Two seeds cover a median with 50 %, however clear they are.
        assert_eq!(of(&values[..2], expect), Inconclusive);
        assert_eq!(of(&[], expect), Inconclusive);
    }
}

#[test]
fn what_is_not_known_never_helps() {
    let seeds = Seeds { experiment: 1, run: 1 };
    for (i, expect) in (0..600).zip(EXPECTATIONS.iter().cycle()) {
        let mut random = seeds.stream("claims", &[i]);
        let mut runs: Vec<Observation> = (0..5 + i % 8).map(|_| Exactly(0.7 + 0.2 * random.normal())).collect();
        let before = judge(&runs, *expect, 0.9).verdict;
        for worse in [Diverged, Undefined, Unknown] {
            runs[0] = worse;
            let after = judge(&runs, *expect, 0.9).verdict;
            assert!(after != Verdict::Holds || before == Verdict::Holds, "{runs:?} {expect:?}");
        }
    }
    for expect in EXPECTATIONS {
        assert_eq!(judge(&[Diverged; 5], expect, 0.9).verdict, Verdict::Fails, "{expect:?}");
        for open in [Undefined, Unknown] {
            assert_eq!(judge(&[open; 5], expect, 0.9).verdict, Verdict::Inconclusive, "{expect:?}");
        }
        assert_eq!(judge(&[Exactly(f64::NAN); 5], expect, 0.9).verdict, Verdict::Fails, "{expect:?}");
    }
}

#[test]
fn a_bound_may_hold_above_but_never_below() {
    let bounds = |x: f64| [Observation::Between(x, f64::INFINITY); 5];
    assert_eq!(judge(&bounds(1.0), Expect::Above(0.7), 0.9).verdict, Verdict::Holds);
    assert_eq!(judge(&bounds(0.5), Expect::Above(0.7), 0.9).verdict, Verdict::Inconclusive);
    assert_eq!(judge(&bounds(0.5), Expect::Below(0.7), 0.9).verdict, Verdict::Inconclusive);
    assert_eq!(judge(&bounds(1.0), Expect::Below(0.7), 0.9).verdict, Verdict::Fails);
    assert_eq!(judge(&bounds(0.5), Expect::Within(0.4, 0.7), 0.9).verdict, Verdict::Inconclusive);
    let judged = judge(&bounds(1.0), Expect::Above(0.7), 0.9);
    assert_eq!((judged.median, judged.is_bound), (1.0, true));
}

#[test]
fn a_gradient_that_does_not_arrive_has_faded_by_more_than_any_number() {
    let none = [Exactly(f64::INFINITY); 5];
    for (expect, verdict) in EXPECTATIONS.into_iter().zip([Verdict::Holds, Verdict::Fails, Verdict::Fails]) {
        assert_eq!(judge(&none, expect, 0.9).verdict, verdict, "{expect:?}");
    }
    let two_of_six = [0.8, 0.9, f64::INFINITY, 0.85, f64::INFINITY, 0.75];
    assert_eq!(of(&two_of_six, Expect::Above(0.7)), Verdict::Holds);
    assert_eq!(of(&two_of_six, Expect::Below(0.7)), Verdict::Fails);
}

#[test]
fn a_true_claim_is_called_false_no_more_often_than_confidence_allows() {
    let seeds = Seeds { experiment: 2, run: 1 };
    // A skewed distribution, exp(Z), whose median is 1: the claims are true by as little as can be, or false by it.
    for n in [5, 8, 12, 20] {
        let (mut above, mut below, mut covered) = (0, 0, 0);
        let (rounds, mut promised) = (4000, 0.0);
        for round in 0..rounds {
            let mut random = seeds.stream("coverage", &[n, round]);
            let runs: Vec<Observation> = (0..n).map(|_| Exactly(random.normal().exp())).collect();
            let judged = judge(&runs, Expect::Above(1.0), 0.9);
            promised = judged.coverage;
            above += usize::from(judged.verdict != Verdict::Inconclusive);
            below += usize::from(judge(&runs, Expect::Below(1.0), 0.9).verdict != Verdict::Inconclusive);
            covered += usize::from(judged.low <= 1.0 && 1.0 <= judged.high);
        }
        // Binomial, four standard deviations.
        let share = covered as f64 / rounds as f64;
        let slack = 4.0 * (promised * (1.0 - promised) / rounds as f64).sqrt();
        assert!((share - promised).abs() < slack, "{n} seeds: {share} instead of {promised}");
        assert_eq!((above, below), (rounds - covered, rounds - covered));
        assert!(promised >= 0.9);
    }
}

#[test]
fn seeds_that_would_do() {
    for (confidence, n) in [(0.5, 2), (0.9, 5), (0.9375, 5), (0.95, 6), (0.99, 8)] {
        assert_eq!(seeds_for(confidence), n);
        assert!(median_interval(&vec![0.0; n], confidence).unwrap().coverage >= confidence);
        assert!(median_interval(&vec![0.0; n - 1], confidence).unwrap().coverage < confidence);
    }
}
