//! Data sets as a run sees them: sizes, scaling, splits that stay put, and errors that name the cure.

use crate::support::{settings, text};
use gradsweep::data::{Dataset, Places, Targets, load};
use gradsweep::setting::Value;

fn data(pairs: &[(&str, Value)]) -> Dataset {
    load(&settings(pairs), &Places::default()).unwrap_or_else(|e| panic!("{e}"))
}

fn message(pairs: &[(&str, Value)]) -> String {
    load(&settings(pairs), &Places::default()).unwrap_err().to_string()
}

#[test]
fn digits_are_split_and_scaled_as_documented() {
    let d = data(&[]);
    assert_eq!((d.train.rows, d.test.as_ref().unwrap().rows, d.features()), (1437, 360, 64));
    let mean_square = d.train.x.to_vec().iter().map(|x| x * x).sum::<f64>() / d.train.x.len() as f64;
    assert!((mean_square - 1.0).abs() < 1e-12, "{mean_square}");
    let Targets::Classes { labels, count } = &d.train.targets else { panic!("digits are classes") };
    assert_eq!(*count, 10);
    assert!((0..10).all(|c| labels.iter().filter(|l| **l == c).count() > 100));
    assert_eq!(d.digest, data(&[("data.seed", Value::Int(0))]).digest);
    assert_ne!(d.digest, data(&[("data.seed", Value::Int(1))]).digest);
}

#[test]
fn the_test_part_stays_whatever_training_does() {
    let unscaled = ("data.scaling", text("none"));
    let whole = data(std::slice::from_ref(&unscaled));
    for change in [
        ("data.n_train", Value::Int(100)),
        ("data.label_noise", Value::Float(0.2)),
        ("data.validation", Value::Float(0.25)),
    ] {
        let d = data(&[unscaled.clone(), change.clone()]);
        assert_eq!(d.test, whole.test, "{change:?}");
        assert_eq!(d.train.x.to_vec()[..], whole.train.x.to_vec()[..d.train.x.len()], "{change:?}");
    }
    let noisy = data(&[unscaled.clone(), ("data.label_noise", Value::Float(0.2))]);
    let (Targets::Classes { labels: a, .. }, Targets::Classes { labels: b, .. }) =
        (&whole.train.targets, &noisy.train.targets)
    else {
        panic!()
    };
    let changed = a.iter().zip(b).filter(|(a, b)| a != b).count();
    assert_eq!(changed, (0.2f64 * 1437.0).round() as usize);
    let validation = data(&[unscaled, ("data.validation", Value::Float(0.25))]);
    assert_eq!(validation.validation.unwrap().rows + validation.train.rows, 1437);
}

#[test]
fn generated_sets_have_their_shapes() {
    let d = data(&[("data", text("spirals")), ("data.classes", Value::Int(4))]);
    assert_eq!((d.features(), d.train.rows, d.train.targets.outputs()), (2, 1600, 4));
    let d = data(&[("data", text("teacher"))]);
    assert_eq!((d.features(), d.train.rows, d.train.targets.outputs()), (16, 1600, 1));
    let d = data(&[("data", text("mnist1d"))]);
    assert_eq!((d.features(), d.train.rows, d.train.targets.outputs()), (40, 4000, 10));
    let column = |v: &[f64]| Value::Matrix(v.iter().map(|x| vec![*x]).collect());
    let d = data(&[("data", text("points")), ("data.x", column(&[1.0, 2.0])), ("data.y", column(&[0.1, 0.2]))]);
    assert_eq!((d.train.x.to_vec().as_slice(), d.test.is_none()), (&[1.0, 2.0][..], true));
}

#[test]
fn csv_files_by_path() {
    let dir = tempfile::tempdir().unwrap();
    let places = Places { base: dir.path().into(), data_dir: None };
    let rows: String = (0..50).map(|i| format!("{i},{},{}\n", i * i, ["no", "yes"][i % 2])).collect();
    std::fs::write(dir.path().join("t.csv"), format!("a,b,c\n{rows}")).unwrap();
    let d = load(&settings(&[("data", text("csv")), ("data.path", text("t.csv"))]), &places).unwrap();
    assert_eq!((d.train.rows, d.features(), d.train.targets.outputs()), (40, 2, 2));
    std::fs::write(dir.path().join("one.csv"), "1,2,0\n3,4,0\n").unwrap();
    let one = load(&settings(&[("data", text("csv")), ("data.path", text("one.csv"))]), &places);
    assert!(one.unwrap_err().to_string().contains("one class"));
    let missing = load(&settings(&[("data", text("csv")), ("data.path", text("no.csv"))]), &places).unwrap_err();
    assert!(missing.to_string().contains("no.csv") && missing.to_string().contains("help:"));
}

#[test]
fn idx_files_without_a_test_pair_keep_a_fifth() {
    let dir = tempfile::tempdir().unwrap();
    let places = Places { base: dir.path().into(), data_dir: None };
    let images: Vec<u8> = [0, 0, 8, 2, 0, 0, 0, 50, 0, 0, 0, 2].into_iter().chain((0..100).map(|i| i * 2)).collect();
    let labels: Vec<u8> = [0, 0, 8, 1, 0, 0, 0, 50].into_iter().chain((0..50).map(|i| i % 3)).collect();
    std::fs::write(dir.path().join("x"), images).unwrap();
    std::fs::write(dir.path().join("y"), labels).unwrap();
    let mut pairs = vec![("data", text("idx")), ("data.images", text("x")), ("data.labels", text("y"))];
    let d = load(&settings(&pairs), &places).unwrap();
    assert_eq!((d.train.rows, d.test.map(|t| t.rows)), (40, Some(10)));
    pairs.extend([("data.test_images", text("x")), ("data.test_labels", text("y"))]);
    let d = load(&settings(&pairs), &places).unwrap();
    assert_eq!((d.train.rows, d.test.map(|t| t.rows)), (50, Some(50)));
}

#[test]
fn wrong_settings_say_what_to_write() {
    let column = |v: &[f64]| Value::Matrix(v.iter().map(|x| vec![*x]).collect());
    let points = |x: Value, y: Value| message(&[("data", text("points")), ("data.x", x), ("data.y", y)]);
    assert!(message(&[("data.n_train", Value::Int(5000))]).contains("at most 1437"));
    assert!(message(&[("data", text("mnist"))]).contains("GRADSWEEP_DATA"));
    assert!(points(column(&[1.0]), column(&[1.0, 2.0])).contains("1 rows and data.y has 2"));
    assert!(points(column(&[]), column(&[])).contains("empty"));
    assert!(points(Value::Matrix(vec![vec![1.0], vec![1.0, 2.0]]), column(&[1.0, 2.0])).contains("row 2"));
}

#[test]
#[ignore = "needs the files of MNIST and Fashion-MNIST, and GRADSWEEP_DATA to name their folder"]
fn mnist_and_fashion_mnist_are_the_published_ones() {
    let dir = std::env::var_os("GRADSWEEP_DATA").expect("GRADSWEEP_DATA names the folder of the files");
    let places = Places { data_dir: Some(dir.into()), base: Default::default() };
    for kind in ["mnist", "fashion_mnist"] {
        let d = load(&settings(&[("data", text(kind))]), &places).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!((d.train.rows, d.test.as_ref().unwrap().rows, d.features()), (60_000, 10_000, 784), "{kind}");
    }
}
