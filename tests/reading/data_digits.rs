//! The embedded digits against what their sources say of them, and pinned: results are compared by this digest.

use crate::support::{settings, text};
use gradsweep::data::{Dataset, Places, Targets, load};
use gradsweep::setting::Value;

fn digits(pairs: &[(&str, Value)]) -> Dataset {
    load(&settings(pairs), &Places::default()).unwrap_or_else(|e| panic!("{e}"))
}

fn labels(targets: &Targets) -> &[u32] {
    let Targets::Classes { labels, .. } = targets else { panic!("digits are classes") };
    labels
}

#[test]
fn they_are_the_published_ones() {
    let d = digits(&[("data.scaling", text("none")), ("data.test", Value::Float(0.0))]);
    assert!(d.test.is_none() && d.validation.is_none());
    assert!(d.train.x.to_vec().iter().all(|x| x.fract() == 0.0 && (0.0..=16.0).contains(x)));
    // The sum of all pixels in scikit-learn's copy, and the class counts that UCI publishes for the test part.
    assert_eq!(d.train.x.to_vec().iter().sum::<f64>(), 561_718.0);
    let count = |c| labels(&d.train.targets).iter().filter(|l| **l == c).count();
    let counts: Vec<usize> = (0..10).map(count).collect();
    assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
}

#[test]
fn every_feature_is_centred_and_blank_pixels_are_zero() {
    let d = digits(&[]);
    let raw = digits(&[("data.scaling", text("none"))]);
    let mut blank = 0;
    for i in 0..64 {
        let column = |d: &Dataset| d.train.x.to_vec().iter().skip(i).step_by(64).copied().collect::<Vec<_>>();
        let mean = column(&d).iter().sum::<f64>() / d.train.rows as f64;
        assert!(mean.abs() < 1e-14, "feature {i}: {mean}");
        if column(&raw).iter().all(|x| *x == 0.0) {
            blank += 1;
            assert!(column(&d).iter().all(|x| *x == 0.0), "feature {i}");
        }
    }
    assert!(blank > 0);
}

#[test]
fn the_summary_tells_a_reader_the_sizes() {
    let summary = digits(&[]).summary();
    for part in ["digits", "1437 training", "360 test", "64 features", "mean square 1.000", "10 classes"] {
        assert!(summary.contains(part), "no {part:?} in: {summary}");
    }
}

#[test]
fn digest_and_first_values_stay_put() {
    let d = digits(&[]);
    assert_eq!(d.digest, "b4835dc2e8210407");
    assert_eq!(labels(&d.train.targets)[..10], [5, 2, 9, 7, 5, 3, 3, 4, 4, 7]);
    let raw = digits(&[("data.scaling", text("none"))]);
    assert_eq!(raw.digest, "fbed67462279e4cd");
    assert_eq!(
        raw.train.x.to_vec()[..16],
        [0.0, 1.0, 14.0, 13.0, 12.0, 8.0, 5.0, 0.0, 0.0, 4.0, 16.0, 11.0, 12.0, 15.0, 7.0, 0.0]
    );
}
