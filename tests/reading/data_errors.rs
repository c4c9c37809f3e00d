//! Damaged, doubtful and oversized data: every one an error that names the file, the place and the cure.

use crate::support::{settings, text};
use gradsweep::data::{Dataset, Places, Scaling, load};
use gradsweep::setting::Value;
use proptest::prelude::*;
use std::io::Write;
use std::path::Path;

/// Loads a file of this content as CSV.
fn csv(content: &[u8], more: &[(&str, Value)]) -> Result<Dataset, String> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("t.csv"), content).unwrap();
    let pairs = [&[("data", text("csv")), ("data.path", text("t.csv"))], more].concat();
    load(&settings(&pairs), &places(dir.path())).map_err(|e| e.to_string())
}

fn idx(images: &[u8], labels: &[u8]) -> Result<Dataset, String> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("x"), images).unwrap();
    std::fs::write(dir.path().join("y"), labels).unwrap();
    let pairs = [("data", text("idx")), ("data.images", text("x")), ("data.labels", text("y"))];
    load(&settings(&pairs), &places(dir.path())).map_err(|e| e.to_string())
}

fn places(base: &Path) -> Places {
    Places { base: base.into(), data_dir: None }
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// Ten images of two pixels, and their labels.
fn pair() -> (Vec<u8>, Vec<u8>) {
    let images = [0, 0, 8, 2, 0, 0, 0, 10, 0, 0, 0, 2].into_iter().chain((0..20).map(|i| i * 3)).collect();
    let labels = [0, 0, 8, 1, 0, 0, 0, 10].into_iter().chain((0..10).map(|i| i % 2)).collect();
    (images, labels)
}

#[track_caller]
fn says(result: Result<Dataset, String>, parts: &[&str]) {
    let message = result.expect_err("this should be refused");
    for part in parts.iter().chain(&["help:"]) {
        assert!(message.contains(part), "no {part:?} in: {message}");
    }
}

#[test]
fn damaged_gzip() {
    let rows: String = (0..200).map(|i| format!("{},{},{}\n", i * 7919 % 1009, i * 31 % 97, i % 2)).collect();
    let whole = gzip(rows.as_bytes());
    assert_eq!(csv(&whole, &[]).unwrap().digest, csv(rows.as_bytes(), &[]).unwrap().digest);
    says(csv(&whole[..whole.len() / 2], &[]), &["t.csv", "damaged"]);
    let mut checksum = whole.clone();
    let at = whole.len() - 8;
    checksum[at] ^= 1;
    says(csv(&checksum, &[]), &["t.csv", "damaged"]);
    says(csv(&[&whole[..], b"junk"].concat(), &[]), &["t.csv", "damaged"]);
    says(csv(&gzip(b""), &[]), &["t.csv", "holds nothing"]);
}

#[test]
fn what_is_not_a_file_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("folder")).unwrap();
    let read = |path: &str| {
        let pairs = [("data", text("csv")), ("data.path", text(path))];
        load(&settings(&pairs), &places(dir.path())).map_err(|e| e.to_string())
    };
    says(read("folder"), &["folder", "no file"]);
    says(read("missing.csv"), &["missing.csv"]);
    #[cfg(unix)]
    says(read("/dev/zero"), &["/dev/zero", "no file"]);
}

#[test]
fn idx_pairs_that_do_not_fit() {
    let (images, labels) = pair();
    assert_eq!(idx(&gzip(&images), &labels).unwrap().features(), 2);
    says(idx(&images[..images.len() - 1], &labels), &["x: byte 31"]);
    says(idx(&labels, &images), &["y", "[10, 2]"]);
    let nine: Vec<u8> = [0, 0, 8, 1, 0, 0, 0, 9].into_iter().chain((0..9).map(|i| i % 2)).collect();
    says(idx(&images, &nine), &["9 labels for 10 images"]);
    let one: Vec<u8> = [0, 0, 8, 1, 0, 0, 0, 10].into_iter().chain([4; 10]).collect();
    says(idx(&images, &one), &["one class"]);
    let mut signed = labels.clone();
    signed[2] = 9;
    signed[8 + 3] = 0xff;
    says(idx(&images, &signed), &["y: byte 11", "label 3 is -1"]);
    let halves: Vec<u8> = [0, 0, 0x0d, 1, 0, 0, 0, 10]
        .into_iter()
        .chain([0f32, 1.0, 0.5, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0].into_iter().flat_map(f32::to_be_bytes))
        .collect();
    says(idx(&images, &halves), &["y: byte 16", "label 2 is 0.5"]);
}

#[test]
fn csv_targets_that_are_no_clear_classes_or_values() {
    let rows =
        |target: &dyn Fn(usize) -> String| -> String { (0..20).map(|i| format!("{i},{}\n", target(i))).collect() };
    // One damaged cell must not turn a regression into a classification.
    let damaged = rows(&|i| if i == 6 { "oops".into() } else { format!("{i}.5") });
    says(csv(damaged.as_bytes(), &[]), &["t.csv:7", "oops"]);
    // Nor one of whole numbers into one of classes, be they few or many; several words among few numbers are classes.
    let cure = ["mistyped", "the value is missing", "data.missing = \"drop\"", "data.task = \"classes\""];
    for (kinds, odd) in [(2, 1), (15, 1), (1000, 1), (1000, 2)] {
        let whole = |i: usize| if i % 100 == 6 && i < 100 * odd { "12,3x".into() } else { (i % kinds).to_string() };
        let table: String = (0..300).map(|i| format!("{i}.5,\"{}\"\n", whole(i))).collect();
        says(
            csv(table.as_bytes(), &[]),
            &[&["t.csv:7", "the target is \"12,3x\", not a finite number"][..], &cure].concat(),
        );
        says(csv(table.as_bytes(), &[("data.task", text("values"))]), &["t.csv:7", "12,3x"]);
        let classes = csv(table.as_bytes(), &[("data.task", text("classes"))]).unwrap();
        assert_eq!(classes.train.targets.outputs(), kinds.min(300) + 1 - odd * usize::from(kinds == 1000));
    }
    let first = format!("7,kind\n{}", (0..30).map(|i| format!("{i},{}\n", i % 2)).collect::<String>());
    says(csv(first.as_bytes(), &[]), &["t.csv:1", "data.header = \"yes\""]);
    let missing = rows(&|i| if i == 4 { String::new() } else { (i % 2).to_string() });
    says(csv(missing.as_bytes(), &[]), &["t.csv:5", "empty"]);
    says(csv(missing.as_bytes(), &[("data.task", text("classes"))]), &["t.csv:5", "empty"]);
    says(csv(b"a,b,c\n", &[]), &["t.csv", "no rows"]);
    let twice = format!("y,y\n{}", rows(&|i| (i % 2).to_string()));
    says(csv(twice.as_bytes(), &[("data.target", text("y"))]), &["t.csv:1", "2 columns are called \"y\""]);
    let marked = format!("\u{feff}a,b\n{}", rows(&|i| (i % 2).to_string()));
    assert_eq!(csv(marked.as_bytes(), &[("data.target", text("a"))]).unwrap().features(), 1);
}

/// Forty rows of two numbers and a class, with what makes a file hard to read.
fn table(separator: &str, number: impl Fn(f64) -> String, end: &str) -> String {
    let rows = (0..40).map(|i| {
        let (x, y) = (f64::from(i * 7 % 11) + 0.5, f64::from(i * 5 % 13) - 4.25);
        [number(x), number(y), ["a", "b"][i as usize % 2].to_string()].join(separator) + end
    });
    [["x", "y", "kind"].join(separator) + end].into_iter().chain(rows).map(|line| line + "\n").collect()
}

#[test]
fn the_same_table_is_read_however_it_is_written() {
    let point = |x: f64| x.to_string();
    let comma = |x: f64| x.to_string().replace('.', ",");
    let plain = csv(table(",", point, "").as_bytes(), &[]).unwrap();
    let decimal = [("data.decimal", text("comma"))];
    for (file, more) in [
        (table(";", point, ""), &[][..]),
        (table("\t", point, ""), &[]),
        (table("   ", point, "  "), &[]),
        (table(",", point, ","), &[]),
        (table(",", point, "\r"), &[]),
        (table(";", comma, ""), &decimal),
        (table("\t", comma, ""), &decimal),
        (table(",", |x| format!("\"{x}\""), ""), &[]),
        (table(";", point, "").replace("kind", "\"kind; of\""), &[]),
    ] {
        assert_eq!(csv(file.as_bytes(), more).unwrap_or_else(|e| panic!("{file}{e}")).digest, plain.digest, "{file}");
    }
    let utf16: Vec<u8> =
        format!("\u{feff}{}", table(",", point, "")).encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(csv(&utf16, &[]).unwrap().digest, plain.digest);
    // A header of numbers and a table without one are told, not guessed.
    let numbers = table(",", point, "").replacen("x,y,kind", "2001,2002,2003", 1);
    assert_eq!(csv(numbers.as_bytes(), &[("data.header", text("yes"))]).unwrap().digest, plain.digest);
    says(csv(table(";", comma, "").as_bytes(), &[]), &["t.csv:2", "data.decimal = \"comma\""]);
    says(csv(b"\xe9,1\n2,3\n", &[]), &["t.csv:1", "Latin-1"]);
}

#[test]
fn missing_values_words_and_columns_to_leave_out() {
    let texts = |names: &[&str]| Value::Texts(names.iter().map(|n| n.to_string()).collect());
    let rows = |cell: &dyn Fn(usize) -> String| -> String {
        let row = |i: usize| format!("{},{},{}\n", i + 1, cell(i), i / 10);
        "id,x,kind\n".to_string() + &(0..30).map(row).collect::<String>()
    };
    let plain = rows(&|i| format!("{}.5", i * 7 % 11));
    let read = |file: &str, more: &[(&'static str, Value)]| csv(file.as_bytes(), more);
    // A column that numbers the rows is pointed at, and can be left out by name or number.
    let numbered = read(&plain, &[]).unwrap();
    assert!(numbered.notes[0].contains("column id numbers the rows"), "{:?}", numbered.notes);
    let dropped = read(&plain, &[("data.drop", texts(&["id"]))]).unwrap();
    assert_eq!((dropped.features(), dropped.notes.len()), (1, 0));
    assert_eq!(dropped.digest, read(&plain, &[("data.drop", texts(&["1"]))]).unwrap().digest);
    says(read(&plain, &[("data.drop", texts(&["ID"]))]), &["no column \"ID\"", "id, x, kind"]);
    says(read(&plain, &[("data.drop", texts(&["id", "x"]))]), &["no feature is left"]);

    for word in ["?", "", "NA", "nan", "null"] {
        // As a target too: it is no class of its own.
        for class in ["0", "a"] {
            let file: String =
                (0..30).map(|i| format!("{i}.5,{}\n", if i == 4 { word } else { ["1", class][i % 2] })).collect();
            says(read(&file, &[]), &["t.csv:5", "the target is", "data.missing = \"drop\""]);
            let none = [("data.missing", text("drop")), ("data.test", Value::Float(0.0))];
            let data = read(&file, &none).unwrap();
            assert_eq!((data.train.rows, data.train.targets.outputs()), (29, 2), "{word} {class}");
        }
        let holed = rows(&|i| if i == 4 { word.into() } else { format!("{}.5", i * 7 % 11) });
        let none = [("data.scaling", text("none")), ("data.test", Value::Float(0.0))];
        let with = |how: &str| read(&holed, &[&none[..], &[("data.missing", text(how))]].concat()).unwrap();
        says(read(&holed, &[]), &["t.csv:6", "data.missing = \"drop\""]);
        assert_eq!(with("drop").train.rows, 29);
        let mean = with("mean");
        let x: Vec<f64> = mean.train.x.to_vec().chunks(2).map(|row| row[1]).collect();
        let known: Vec<f64> = mean.train.x.to_vec().chunks(2).filter(|row| row[0] != 5.0).map(|row| row[1]).collect();
        let filled = mean.train.x.to_vec().chunks(2).find(|row| row[0] == 5.0).unwrap()[1];
        assert_eq!(x.len(), 30);
        assert!((filled - known.iter().sum::<f64>() / 29.0).abs() < 1e-12, "{filled}");
    }

    let words = rows(&|i| ["red", "green", "blue"][i % 3].into());
    says(read(&words, &[]), &["t.csv:2", "data.categories = \"one_hot\"", "data.drop = [\"x\"]"]);
    let none = [("data.scaling", text("none")), ("data.categories", text("one_hot"))];
    let one_hot = read(&words, &none).unwrap();
    assert_eq!(one_hot.features(), 4);
    // Blue, green, red: the words in order.
    let right =
        |row: &[f64]| row[1..] == [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]][(row[0] as usize - 1) % 3];
    assert!(one_hot.train.x.to_vec().chunks(4).all(right));
    // Numbers among words are categories as well, not rows of zeros.
    let mixed = read(&rows(&|i| ["2", "3", "5more"][i % 3].into()), &none).unwrap();
    assert_eq!(mixed.features(), 4);
    let right = |row: &[f64]| row[1..].iter().position(|x| *x == 1.0) == Some((row[0] as usize - 1) % 3);
    assert!(mixed.train.x.to_vec().chunks(4).all(right));
    assert!(mixed.notes.iter().any(|note| note.contains("numbers and words, as \"5more\"")), "{:?}", mixed.notes);
    // Numbers written otherwise are no words.
    for (number, cure) in [("0,5", "data.decimal = \"comma\""), ("1,000.5", "thousands")] {
        for more in [&[][..], &none] {
            says(read(&rows(&|_| format!("\"{number}\"")), more), &["t.csv:2", cure]);
        }
    }
}

/// A column that gives away where a row stood, however the rows stand now.
#[test]
fn a_column_that_numbers_the_rows_is_told_in_any_order() {
    let told = |id: &dyn Fn(i64) -> String| {
        let rows: String = (0..30).map(|i| format!("{},{}.5,{}\n", id(i), i * 7 % 11, i / 15)).collect();
        csv(format!("id,x,kind\n{rows}").as_bytes(), &[]).unwrap().notes.iter().any(|n| n.contains("numbers the rows"))
    };
    let orders: [&dyn Fn(i64) -> i64; 5] = [&|i| i + 1, &|i| 30 - i, &|i| i * 7 % 30, &|i| 3 * i * i, &|i| -5 * i];
    assert!(orders.iter().all(|order| told(&|i| order(i).to_string())));
    let others: [&dyn Fn(i64) -> i64; 3] = [&|i| i * 7 % 29, &|i| 2 * (i * 7 % 30), &|i| i / 2];
    assert!(!others.iter().any(|order| told(&|i| order(i).to_string())));
    assert!(!told(&|i| format!("{}.5", i)));
}

/// A comma before three digits is one between thousands as likely as a decimal one, and then the cure must not make numbers wrong.
#[test]
fn thousands_are_not_told_as_decimal_commas() {
    let rows = |cell: &dyn Fn(usize) -> &'static str| -> String {
        (0..30).map(|i| format!("\"{}\",{}\n", cell(i), i % 2)).collect()
    };
    let thousands = rows(&|i| ["783", "1,578", "-12,345,678"][i % 3]);
    says(csv(thousands.as_bytes(), &[]), &[":2", "without the commas between their thousands"]);
    for cells in [["0,578", "1,578"], ["1,5", "1,578"]] {
        let message = csv(rows(&|i| cells[i % 2]).as_bytes(), &[]).unwrap_err();
        assert!(!message.contains("thousands") && message.contains("data.decimal = \"comma\""), "{message}");
    }
}

/// Targets with marks between their thousands are no classes, whatever the mark, unless the file says so.
#[test]
fn targets_with_marks_between_thousands_are_no_classes() {
    for mark in ['.', ',', ' ', '\'', '_', '\u{a0}'] {
        let row = |i: usize| format!("{};{}{mark}{:03}{mark}000\n", i * 7 % 11, 1 + i % 9, i);
        let rows: String = (0..30).map(row).collect();
        says(
            csv(rows.as_bytes(), &[("data.separator", text("semicolon"))]),
            &[":1", "thousands", "data.task = \"classes\""],
        );
        let classes = [("data.separator", text("semicolon")), ("data.task", text("classes"))];
        assert!(csv(rows.as_bytes(), &classes).is_ok(), "{mark}");
    }
}

/// What is likely to be meant otherwise is told, and how to say so.
#[test]
fn doubtful_tables_are_told() {
    let table = |cells: &dyn Fn(usize) -> String| (0..40).map(|i| format!("{}\n", cells(i))).collect::<String>();
    let notes = |file: &str, more: &[(&str, Value)]| csv(file.as_bytes(), more).unwrap().notes.join("\n");
    let one_hot = [("data.categories", text("one_hot"))];
    let words = |n: usize| notes(&table(&|i| format!("word{},{}", i % n, i % 2)), &one_hot);
    assert!(words(40).contains("column 1 has 40 different cells in 40 rows") && words(20).is_empty(), "{}", words(40));
    let many = |n: usize| notes(&table(&|i| format!("{}.5,{}", i * 7 % 11, i % n)), &[]);
    assert!(many(21).contains("data.task = \"values\"") && many(20).is_empty(), "{}", many(20));
    let numbers = table(&|i| format!("{}.5;{}", i * 7 % 11, i % 2));
    says(csv(format!("sep=;\n{numbers}").as_bytes(), &[]), &["t.csv:1", "sep=;", "delete it"]);
    says(
        csv(numbers.as_bytes(), &[("data.separator", text("comma"))]),
        &["data.separator = \"comma\"", "leave it out"],
    );
    let broken = table(&|i| format!("{}.5,\"two\nlines{}\"", i * 7 % 11, i % 2));
    assert_eq!(csv(broken.as_bytes(), &[]).unwrap().classes, ["two lines0", "two lines1"]);
}

/// What was taken for a row and is likely to name the columns is told, and how to say so.
#[test]
fn first_lines_that_may_be_a_header() {
    let rows = |i: usize| format!("{}.5,{}.25,{}\n", i * 7 % 11, i * 5 % 13, ["no", "yes"][i % 2]);
    let rows: String = (0..30).map(rows).collect();
    let numbers = rows.replace("no", "0").replace("yes", "1");
    let doubts =
        |file: &str| csv(file.as_bytes(), &[]).unwrap().notes.iter().any(|n| n.contains("data.header = \"yes\""));
    for header in ["0,1,target", "0,1,2", "1,2,3", "7,8,kind"] {
        assert!(doubts(&format!("{header}\n{rows}")), "{header}");
    }
    assert!(doubts(&format!("0,1,2\n{numbers}")));
    for file in [&rows, &numbers, &format!("x,y,kind\n{rows}"), &format!("0,1,no\n{rows}")] {
        assert!(!doubts(file), "{file}");
    }
    let words = (0..30).map(|i| format!("{},{}\n", ["red", "blue"][i % 2], ["e", "p"][i / 2 % 2])).collect::<String>();
    let one_hot = |file: &str| csv(file.as_bytes(), &[("data.categories", text("one_hot"))]).unwrap().notes;
    assert!(one_hot(&format!("color,kind\n{words}"))[0].contains("of class \"kind\""));
    assert!(one_hot(&words).is_empty());
}

/// A class of one row beside classes of many.
#[test]
fn a_class_that_may_be_mistyped_is_told_with_its_line() {
    let told = |classes: [&str; 2], odd: &str, every: usize| {
        let class = |i: usize| if i % every == 16 { odd } else { classes[i % 2] };
        let rows: String = (0..40).map(|i| format!("{i}.5,{}\n", class(i))).collect();
        let notes = csv(format!("x,kind\n{rows}").as_bytes(), &[]).unwrap().notes;
        notes.into_iter().find(|note| note.contains("mistyped"))
    };
    for (classes, odd) in [(["cat", "dog"], "dgo"), (["0", "1"], "11"), (["1.0", "2.0"], "21.0")] {
        let note = told(classes, odd, 40).unwrap();
        let class = odd.trim_end_matches(".0");
        assert!(note.contains(&format!("line 18 is the only row of class \"{class}\"")), "{note}");
        assert!(note.contains("data.missing = \"drop\""), "{note}");
        assert_eq!(told(classes, odd, 20), None, "two rows are a class");
        assert_eq!(told([odd, classes[1]], odd, 40), None);
    }
}

#[test]
fn classes_are_told_with_their_rows() {
    let rows: String = (0..30).map(|i| format!("{i}.5,{}\n", ["b", "a", "a"][i % 3])).collect();
    let none = [("data.test", Value::Float(0.0))];
    let told = csv(rows.as_bytes(), &none).unwrap().summary();
    assert!(told.contains("2 classes with their numbers of training rows: a (20), b (10)"), "{told}");
    let many: String = (0..90).map(|i| format!("{i}.5,{}\n", i % 30)).collect();
    let told = csv(many.as_bytes(), &none).unwrap().summary();
    assert!(told.contains("30 classes of 3 training rows"), "{told}");
    let values: String = (0..30).map(|i| format!("{i},{i}.5\n")).collect();
    assert!(csv(values.as_bytes(), &none).unwrap().summary().contains(", 1 real-valued target,"));
}

#[test]
fn a_table_of_test_rows_beside_the_training_rows() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("t.csv"), "x,kind\n1,a\n2,b\n3,a\n").unwrap();
    std::fs::write(dir.path().join("u.csv"), "x,kind\n4,c\n5,b\n").unwrap();
    std::fs::write(dir.path().join("v.csv"), "x,y,kind\n4,1,c\n").unwrap();
    std::fs::write(dir.path().join("w.csv"), "kind,x\na,4\nb,5\n").unwrap();
    std::fs::write(dir.path().join("bare.csv"), "4,a\n5,b\n").unwrap();
    let read = |test: &str| {
        let pairs = [("data", text("csv")), ("data.path", text("t.csv")), ("data.test_path", text(test))];
        load(&settings(&pairs), &places(dir.path())).map_err(|e| e.to_string())
    };
    let data = read("u.csv").unwrap();
    assert_eq!((data.train.rows, data.test.unwrap().rows, data.train.targets.outputs()), (3, 2, 3));
    assert!(data.notes.iter().any(|note| note.contains("class \"c\" is in the validation or test part alone")));
    says(read("v.csv"), &["v.csv", "3 columns"]);
    says(read("w.csv"), &["w.csv", "column 1 is called \"kind\"", "it is \"x\"", "same order"]);
    says(read("bare.csv"), &["bare.csv", "the first line of", "t.csv names the columns"]);
    // A target that is not a number in the second table is in the second.
    std::fs::write(dir.path().join("t.csv"), "x,y\n1,0.5\n2,1.5\n").unwrap();
    std::fs::write(dir.path().join("u.csv"), "x,y\n1,0.5\n2,oops\n").unwrap();
    says(read("u.csv"), &["u.csv:3", "oops"]);
    // A column that numbers the rows of each table by itself.
    let numbered = |n: usize| (0..n).map(|i| format!("{i},{}\n", ["a", "b"][i % 2])).collect::<String>();
    std::fs::write(dir.path().join("t.csv"), numbered(20)).unwrap();
    std::fs::write(dir.path().join("u.csv"), numbered(10)).unwrap();
    assert!(read("u.csv").unwrap().notes[0].contains("numbers the rows"));
}

#[test]
fn equal_rows_are_refused_and_constant_features_become_zero() {
    // The mean of six times 0.1 is not 0.1 in floating point.
    let equal: String = (0..30).map(|i| format!("0.1,0.3,{}\n", i % 2)).collect();
    for n in [6, 7, 24] {
        for scaling in Scaling::WORDS {
            let more = [("data.scaling", text(scaling)), ("data.n_train", Value::Int(n))];
            says(csv(equal.as_bytes(), &more), &["t.csv", "equal"]);
        }
    }
    let half: String = (0..30).map(|i| format!("0.1,{i},{}\n", i % 2)).collect();
    for scaling in ["global", "per_feature", "minmax"] {
        let scaling = ("data.scaling", text(scaling));
        let d = csv(half.as_bytes(), std::slice::from_ref(&scaling)).unwrap();
        assert!(d.train.x.to_vec().chunks(2).all(|row| row[0] == 0.0));
        let one = csv(half.as_bytes(), &[scaling, ("data.n_train", Value::Int(1))]);
        says(one, &["one training row"]);
    }
}

#[test]
fn a_validation_part_of_no_rows_is_refused() {
    let rows: String = (0..20).map(|i| format!("{i},{}\n", i % 2)).collect();
    says(csv(rows.as_bytes(), &[("data.validation", Value::Float(0.01))]), &["data.validation", "16 training rows"]);
    says(csv(rows.as_bytes(), &[("data.validation", Value::Float(0.99))]), &["none for training"]);
    says(csv(b"1,0\n2,1\n", &[("data.test", Value::Float(0.9))]), &["none for training"]);
}

#[test]
fn mnist_files_are_found_in_three_places_and_must_be_the_published_ones() {
    let file = "train-images-idx3-ubyte";
    for (kind, folder) in
        [("mnist", "mnist"), ("fashion_mnist", "fashion_mnist"), ("fashion_mnist", "fashion-mnist"), ("mnist", "")]
    {
        for (name, content) in [(file.to_string(), pair().0), (format!("{file}.gz"), gzip(&pair().0))] {
            let dir = tempfile::tempdir().unwrap();
            std::fs::create_dir_all(dir.path().join(folder)).unwrap();
            let path = dir.path().join(folder).join(&name);
            std::fs::write(&path, content).unwrap();
            let places = Places { base: Default::default(), data_dir: Some(dir.path().into()) };
            let result = load(&settings(&[("data", text(kind))]), &places).map_err(|e| e.to_string());
            let wanted = format!("--> {}\n", path.display());
            says(result, &[&wanted, "not the published", "checksum"]);
        }
    }
}

proptest! {
    #[test]
    fn flipped_bits_never_panic(at in 0usize..1000, bit in 0u8..8) {
        let (images, labels) = pair();
        let flip = |content: &[u8]| {
            let mut content = content.to_vec();
            let at = at % content.len();
            content[at] ^= 1 << bit;
            content
        };
        let _ = idx(&flip(&images), &labels);
        let _ = idx(&images, &flip(&labels));
        let _ = idx(&flip(&gzip(&images)), &labels);
        let rows = b"a,b,kind\n1,2.5,x\n3,-4e2,y\n5,6,x\n7,8,y\n9,1,x\n";
        let _ = csv(&flip(rows), &[]);
        let _ = csv(&flip(&gzip(rows)), &[]);
    }
}
