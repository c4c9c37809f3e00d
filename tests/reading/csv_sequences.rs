//! Rows of a CSV file as the time steps of sequences.

use crate::support::{settings, text};
use gradsweep::data::{Dataset, Places, Targets, load};
use gradsweep::ops::recurrent::PADDING;
use gradsweep::setting::Value;

fn read(table: &str, more: &[(&str, Value)]) -> Result<Dataset, String> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("t.csv"), table).unwrap();
    let own = [("data", text("csv")), ("data.path", text("t.csv")), ("data.test", Value::Float(0.0))];
    let mut pairs: Vec<(&str, Value)> = own.into_iter().chain([("data.scaling", text("none"))]).collect();
    for (key, value) in more {
        pairs.retain(|(known, _)| known != key);
        pairs.push((key, value.clone()));
    }
    let places = Places { base: dir.path().into(), ..Places::default() };
    load(&settings(&pairs), &places).map_err(|error| error.to_string())
}

/// Sequence s of three time steps t has the inputs 100 s + t and -t.
fn row(s: usize, t: usize, class: usize) -> String {
    format!("s{s},{t},{},{},{class}\n", 100 * s + t, -(t as f64))
}

const HEAD: &str = "who,when,a,b,class\n";
const BY: [(&str, &str); 2] = [("data.sequence", "who"), ("data.time_column", "when")];

fn by() -> Vec<(&'static str, Value)> {
    BY.map(|(key, name)| (key, text(name))).to_vec()
}

/// The sequences as they were read, shuffled as they are: by the first input of each.
fn sequences(data: &Dataset) -> Vec<(Vec<f64>, usize)> {
    let x = data.train.x.to_vec();
    let mut all: Vec<(Vec<f64>, usize)> = x.chunks_exact(data.features()).map(<[f64]>::to_vec).zip(0..).collect();
    all.sort_by(|a, b| a.0[0].total_cmp(&b.0[0]));
    all
}

#[test]
fn rows_are_gathered_into_sequences_and_ordered_by_time() {
    // Interleaved, and backwards in time.
    let rows: String = (0..3).rev().flat_map(|t| (0..4).map(move |s| row(s, t, s % 2))).collect();
    let data = read(&format!("{HEAD}{rows}"), &by()).unwrap();
    assert_eq!((data.shape.as_slice(), data.train.rows, data.train.answers()), (&[3, 2][..], 4, 1));
    assert_eq!(data.change, None);
    let Targets::Classes { labels, count: 2 } = &data.train.targets else { panic!("{:?}", data.train.targets) };
    for (s, (x, at)) in sequences(&data).into_iter().enumerate() {
        let a = 100.0 * s as f64;
        assert_eq!(x, [a, -0.0, a + 1.0, -1.0, a + 2.0, -2.0]);
        assert_eq!(labels[at] as usize, s % 2);
    }
    // Without a time column the rows stand as they stand, here backwards; the time is then an input if it is not left out.
    let drop = ("data.drop", Value::Texts(vec!["when".into()]));
    let data = read(&format!("{HEAD}{rows}"), &[by()[0].clone(), drop]).unwrap();
    assert_eq!(sequences(&data)[1].0, [102.0, -2.0, 101.0, -1.0, 100.0, -0.0]);
}

#[test]
fn a_target_that_changes_within_a_sequence_is_one_of_each_time_step() {
    let rows: String = (0..4).flat_map(|s| (0..3).map(move |t| row(s, t, (s + t) % 3))).collect();
    let data = read(&format!("{HEAD}{rows}"), &by()).unwrap();
    assert_eq!((data.train.rows, data.train.answers()), (4, 3));
    let change = data.change.as_deref().unwrap();
    assert!(change.starts_with("within the sequence \"s0\" in line 3 of ") && change.ends_with("t.csv"), "{change}");
    let Targets::Classes { labels, .. } = &data.train.targets else { panic!("classes") };
    for (s, (_, at)) in sequences(&data).into_iter().enumerate() {
        assert_eq!(labels[3 * at..][..3], [0, 1, 2].map(|t| ((s + t) % 3) as u32));
    }
    let held_back = read(&format!("{HEAD}{rows}"), &[by(), vec![("data.test", Value::Float(0.5))]].concat()).unwrap();
    let test = held_back.test.unwrap();
    assert_eq!((held_back.train.rows, test.rows, test.answers()), (2, 2, 3));
}

#[test]
fn a_feature_is_scaled_alike_at_all_time_steps() {
    let rows: String = (0..4).flat_map(|s| (0..3).map(move |t| row(s, t, s % 2))).collect();
    let data = read(&format!("{HEAD}{rows}"), &[by(), vec![("data.scaling", text("per_feature"))]].concat()).unwrap();
    for feature in 0..2 {
        let all: Vec<f64> = data.train.x.to_vec().iter().skip(feature).step_by(2).copied().collect();
        let mean = all.iter().sum::<f64>() / 12.0;
        let square = all.iter().map(|x| x * x).sum::<f64>() / 12.0;
        assert!(mean.abs() < 1e-12 && (square - 1.0).abs() < 1e-12, "{mean} {square}");
        assert!(all[0] != all[1] && all[1] != all[2]);
    }
}

fn padded() -> Vec<(&'static str, Value)> {
    [by(), vec![("data.padding", text("front"))]].concat()
}

#[test]
fn sequences_of_unlike_lengths_are_padded_at_the_front_and_scaled_by_what_is_there() {
    let rows: String = (0..4).flat_map(|s| (s..4).map(move |t| row(s, t, s % 2))).collect();
    let data =
        read(&format!("{HEAD}{rows}"), &[padded(), vec![("data.scaling", text("per_feature"))]].concat()).unwrap();
    assert_eq!((data.shape.as_slice(), data.train.rows), (&[4, 2][..], 4));
    assert!(
        data.is_padded() && data.notes.iter().any(|note| note.contains("of 1 to 4 time steps")),
        "{:?}",
        data.notes
    );
    for x in data.train.x.to_vec().chunks_exact(8) {
        let begun = x.iter().position(|x| x.is_finite()).unwrap();
        assert!(begun.is_multiple_of(2) && x[..begun].iter().all(|x| *x == PADDING), "{x:?}");
        assert!(x[begun..].iter().all(|x| x.is_finite()), "{x:?}");
    }
    let known: Vec<f64> = data.train.x.to_vec().iter().copied().filter(|x| x.is_finite()).collect();
    assert_eq!(known.len(), 20);
    for feature in 0..2 {
        let all: Vec<f64> = known.iter().skip(feature).step_by(2).copied().collect();
        let (mean, square) = (all.iter().sum::<f64>() / 10.0, all.iter().map(|x| x * x).sum::<f64>() / 10.0);
        assert!(mean.abs() < 1e-12 && (square - 1.0).abs() < 1e-12, "{mean} {square}");
    }
    assert!(data.summary().contains("mean square 1.000"), "{}", data.summary());
    // A thousand short sequences beside one of 300,000 steps.
    let long: String = (0..300_000).map(|t| row(0, t, 0)).chain((1..1000).map(|s| row(s, 0, s % 2))).collect();
    let error = read(&format!("{HEAD}{long}"), &padded()).unwrap_err();
    assert!(error.contains("padded to 300000 time steps") && error.contains("cut the longest ones"), "{error}");
    let changing: String = (0..4).flat_map(|s| (s..4).map(move |t| row(s, t, t % 2))).collect();
    let error = read(&format!("{HEAD}{changing}"), &padded()).unwrap_err();
    assert!(error.contains("the target changes within the sequence") && error.contains("of one length"), "{error}");
}

fn dropping() -> Vec<(&'static str, Value)> {
    [by(), vec![("data.missing", text("drop"))]].concat()
}

/// With a hole in time the time steps after it would move up.
#[test]
fn a_sequence_with_a_missing_value_is_left_out_as_a_whole() {
    let rows = |s: usize| (0..3).map(move |t| row(s, t, s % 2));
    let whole = |s: &[usize]| HEAD.to_string() + &s.iter().copied().flat_map(rows).collect::<String>();
    let without = read(&whole(&[0, 2, 3, 5]), &dropping()).unwrap();
    // A feature and a target, each at another time step.
    let table = whole(&[0, 1, 2, 3, 4, 5]).replace("s1,1,101,", "s1,1,?,").replace("s4,2,402,-2,0", "s4,2,402,-2,");
    let data = read(&table, &dropping()).unwrap();
    assert_eq!((&data.train, data.train.rows), (&without.train, 4));
    assert!(
        data.notes.iter().any(|note| note.contains("2 sequences with missing values, left out")),
        "{:?}",
        data.notes
    );
    assert!(!without.notes.iter().any(|note| note.contains("missing")), "{:?}", without.notes);
}

#[test]
fn what_makes_no_sequences_is_told_with_the_cure() {
    let three = |s: usize| (0..3).map(|t| row(s, t, s % 2)).collect::<String>();
    let (good, short) = (format!("{HEAD}{}{}", three(0), three(1)), row(2, 0, 1));
    let twice = row(1, 2, 1);
    let nowhere = "?,3,1,1,0\n";
    let without_names = ("data.drop", Value::Texts(vec!["who".into()]));
    let late = "s2,noon,1,1,0\n";
    let holed = format!("{HEAD}{}s1,0,,1,1\n{}{}", three(0), row(1, 1, 1), row(1, 2, 1));
    let holed_target = holed.replace(",,1,1", ",7,1,");
    let all_holed = good.replace(",100,", ",?,").replace(",0,-0", ",?,-0");
    let named = |sequence: &str, time: &str, target: &str| {
        let names = [("data.sequence", sequence), ("data.time_column", time), ("data.target", target)];
        names.map(|(key, name)| (key, text(name))).to_vec()
    };
    for (table, more, said, cure) in [
        (format!("{good}{short}"), by(), "\"s0\" has 3 rows and \"s2\" has 1", "data.padding = \"front\""),
        (
            format!("{good}{twice}"),
            by(),
            "sequence \"s1\" has the time 2 twice, first in line 7",
            "correct one of them",
        ),
        (holed, by(), "t.csv:5", "leave out sequences with missing values with data.missing = \"drop\""),
        (
            holed_target,
            [by(), vec![("data.missing", text("mean"))]].concat(),
            "the target is empty",
            "leave out such sequences with data.missing = \"drop\"",
        ),
        (all_holed, dropping(), "every sequence has a missing value", "data.missing = \"mean\""),
        (good.clone(), named("who", "who", "class"), "data.sequence and data.time_column name the same", "name three"),
        (
            good.clone(),
            named("who", "when", "who"),
            "data.sequence and data.target name the same column, who",
            "name three",
        ),
        (
            good.clone(),
            named("who", "when", "2"),
            "data.time_column and data.target name the same column, when",
            "name three",
        ),
        (format!("{good}{nowhere}"), by(), "column who contains \"?\"", "fill it in"),
        (format!("{good}{late}"), by(), "column when contains \"noon\"", "write the time as a number"),
        (good.clone(), vec![("data.sequence", text("a")), without_names], "a different name", "has the same value"),
        (
            good.clone(),
            vec![("data.sequence", text("whom"))],
            "no column \"whom\"",
            "data.sequence is one of who, when",
        ),
        (good, [by(), vec![("data.as", text("rows"))]].concat(), "reads each row as a sample", "leave data.as out"),
    ] {
        let error = read(&table, &more).unwrap_err();
        assert!(error.contains(said) && error.contains(cure), "{error}");
    }
}
