//! IDX files (the format of MNIST: LeCun, Cortes, Burges): reading them, MNIST and Fashion-MNIST by checksum, and any pair by path.

use super::dataset::{Split, Targets};
use super::error::DataError;
use super::file;
use super::raw::{Places, Raw};
use crate::files::digest;
use crate::setting::Settings;
use std::path::{Path, PathBuf};

/// An IDX file's numbers.
#[derive(Debug)]
pub(super) struct Idx {
    pub shape: Vec<usize>,
    pub numbers: Vec<f64>,
    /// The largest number that the type of an image holds: 255 of bytes.
    most: Option<f64>,
    /// Where the first number begins, and the bytes of each.
    start: usize,
    size: usize,
}

impl Idx {
    /// The place of number i in the file.
    fn byte(&self, i: usize) -> usize {
        self.start + i * self.size
    }
}

/// Reads an IDX file: two zero bytes, a type byte, the number of dimensions, their sizes as big-endian u32, the numbers.
pub(super) fn parse(name: &str, bytes: &[u8]) -> Result<Idx, DataError> {
    let error =
        |what: String| DataError::file(name, what, "this should be an IDX file; fetch it again, or check the path");
    let (kind, dimensions) = match bytes {
        [0, 0, kind, dimensions, ..] => (*kind, *dimensions as usize),
        [_, _, _, _, ..] => return Err(error(format!("wrong magic number {:02x?}", &bytes[..4])).byte(0)),
        _ => {
            return Err(
                error(format!("the file ends after {} bytes, within its header", bytes.len())).byte(bytes.len())
            );
        }
    };
    let size = match kind {
        0x08 | 0x09 => 1,
        0x0b => 2,
        0x0c | 0x0d => 4,
        0x0e => 8,
        _ => return Err(error(format!("unknown number type 0x{kind:02x}")).byte(2)),
    };
    let start = 4 + 4 * dimensions;
    if dimensions == 0 || dimensions > 8 {
        return Err(error(format!("{dimensions} dimensions; 1 to 8 are expected")).byte(3));
    }
    let Some(header) = bytes.get(4..start) else {
        return Err(error(format!("the file ends after {} bytes, within its header", bytes.len())).byte(bytes.len()));
    };
    let be = |b: &[u8]| b.iter().fold(0usize, |n, b| n << 8 | *b as usize);
    let shape: Vec<usize> = header.chunks_exact(4).map(be).collect();
    // Checked against the file's length before anything is allocated.
    let expected = shape.iter().try_fold(size, |n: usize, d| n.checked_mul(*d)).and_then(|n| n.checked_add(start));
    if expected != Some(bytes.len()) {
        let wanted = expected.map_or("more than this machine can hold".into(), |n| format!("{n} bytes"));
        let what = format!("the header says {shape:?}, which is {wanted}, but the file has {}", bytes.len());
        return Err(error(what).byte(expected.map_or(4, |n| n.min(bytes.len()))));
    }
    if shape.iter().product::<usize>() > file::MOST_NUMBERS {
        let what = format!("the shape is {shape:?}; the program holds at most {} numbers", file::MOST_NUMBERS);
        return Err(DataError::file(name, what, "use a part of the file").byte(4));
    }
    if shape.contains(&0) {
        return Err(error(format!("the file is empty: its shape is {shape:?}")).byte(4));
    }
    let number = |b: &[u8]| match kind {
        0x08 => b[0] as f64,
        0x09 => b[0] as i8 as f64,
        0x0b => i16::from_be_bytes([b[0], b[1]]) as f64,
        0x0c => i32::from_be_bytes([b[0], b[1], b[2], b[3]]) as f64,
        0x0d => f32::from_be_bytes([b[0], b[1], b[2], b[3]]) as f64,
        _ => f64::from_be_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]),
    };
    let numbers: Vec<f64> = bytes[start..].chunks_exact(size).map(number).collect();
    let most = (kind == 0x08).then_some(255.0);
    let idx = Idx { shape, numbers, most, start, size };
    if let Some(i) = idx.numbers.iter().position(|v| !v.is_finite()) {
        return Err(error(format!("number {i} is {}", idx.numbers[i])).byte(idx.byte(i)));
    }
    Ok(idx)
}

/// Images and labels that belong together, as one part.
struct Pair {
    features: usize,
    /// The largest value of a pixel, where that is known.
    most: Option<f64>,
    split: Split,
}

fn pair(images: (&str, &[u8]), labels: (&str, &[u8])) -> Result<Pair, DataError> {
    let (x, y) = (parse(images.0, images.1)?, parse(labels.0, labels.1)?);
    let cure = "give the images and the labels of one set";
    if y.shape.len() != 1 {
        return Err(DataError::file(labels.0, format!("labels have shape {:?}, not one number a row", y.shape), cure));
    }
    if x.shape[0] != y.shape[0] {
        let what = format!("{} labels for {} images", y.shape[0], x.shape[0]);
        return Err(DataError::file(labels.0, what, cure));
    }
    if let Some(i) = y.numbers.iter().position(|v| v.fract() != 0.0 || *v < 0.0 || *v >= 1e6) {
        let what = format!("label {i} is {}, not a class number from 0 to 999999", y.numbers[i]);
        return Err(DataError::file(labels.0, what, cure).byte(y.byte(i)));
    }
    let labels: Vec<u32> = y.numbers.iter().map(|v| *v as u32).collect();
    let count = labels.iter().max().map_or(0, |m| *m as usize + 1);
    let split = Split { rows: x.shape[0], x: x.numbers.into(), targets: Targets::Classes { labels, count } };
    Ok(Pair { features: x.shape[1..].iter().product::<usize>().max(1), most: x.most, split })
}

/// A training and perhaps a test part as raw data.
fn join(name: &str, file: String, train: Pair, test: Option<Pair>) -> Result<Raw, DataError> {
    let Pair { features, most, split: mut train } = train;
    let mut test = test;
    if let Some(test) = &test
        && test.features != features
    {
        let what = format!("training inputs have {features} features, test inputs {}", test.features);
        return Err(DataError::file(file, what, "give files of one set"));
    }
    // Both parts get the classes of both.
    let classes = |s: &Split| s.targets.outputs();
    let all = classes(&train).max(test.as_ref().map_or(0, |test| classes(&test.split)));
    for split in [Some(&mut train), test.as_mut().map(|test| &mut test.split)].into_iter().flatten() {
        if let Targets::Classes { count, .. } = &mut split.targets {
            *count = all;
        }
    }
    let test = test.map(|test| test.split);
    Ok(Raw { file, most, test, ..Raw::new(name, features, train.x, train.targets) })
}

/// The pair of files the settings name, and a test pair if they name one.
pub(super) fn raw(settings: &Settings, places: &Places) -> Result<Raw, DataError> {
    let path = |key: &str| settings.text(key).map(|p| places.base.join(p));
    let load = |images: PathBuf, labels: PathBuf| {
        let (x, y) = (file::read(&images, file::IDX_LIMIT)?, file::read(&labels, file::IDX_LIMIT)?);
        pair((&images.display().to_string(), &x), (&labels.display().to_string(), &y))
    };
    let (Some(images), Some(labels)) = (path("data.images"), path("data.labels")) else {
        return Err(DataError::settings("data", "idx data needs two files", "write data.images and data.labels"));
    };
    let name = images.display().to_string();
    let train = load(images, labels)?;
    let test = match (path("data.test_images"), path("data.test_labels")) {
        (Some(images), Some(labels)) => Some(load(images, labels)?),
        (None, None) => None,
        (images, _) => {
            let one = if images.is_some() { "data.test_images" } else { "data.test_labels" };
            let what = "only one of data.test_images and data.test_labels is given";
            return Err(DataError::settings(one, what, "give both or neither"));
        }
    };
    join("idx", name, train, test)
}

/// The four files of a set: name, and BLAKE3 of the uncompressed bytes, 16 hex digits.
type Files = [(&'static str, &'static str); 4];

const MNIST: Files = [
    ("train-images-idx3-ubyte", "c6e6fd8c67d07c8a"),
    ("train-labels-idx1-ubyte", "8ebcfdf2fe191516"),
    ("t10k-images-idx3-ubyte", "f8d502322cd9f186"),
    ("t10k-labels-idx1-ubyte", "6d43ea317fa8f585"),
];

const FASHION_MNIST: Files = [
    ("train-images-idx3-ubyte", "feaca08b36e07f8d"),
    ("train-labels-idx1-ubyte", "b4d9ea8013b029ef"),
    ("t10k-images-idx3-ubyte", "a19b8c1e5f798e5a"),
    ("t10k-labels-idx1-ubyte", "0a067399ed18bcc9"),
];

/// MNIST, from the data folder.
pub(super) fn mnist(places: &Places) -> Result<Raw, DataError> {
    by_checksum("mnist", &["mnist"], &MNIST, places)
}

/// Fashion-MNIST, from the data folder or where Debian's package `dataset-fashion-mnist` puts it.
pub(super) fn fashion_mnist(places: &Places) -> Result<Raw, DataError> {
    by_checksum("fashion_mnist", &["fashion_mnist", "fashion-mnist"], &FASHION_MNIST, places)
}

fn by_checksum(name: &str, folders: &[&str], files: &Files, places: &Places) -> Result<Raw, DataError> {
    let mut roots: Vec<PathBuf> = Vec::new();
    if let Some(dir) = &places.data_dir {
        roots.extend(folders.iter().map(|f| dir.join(f)));
        roots.push(dir.clone());
    }
    roots.extend(folders.iter().map(|f| Path::new("/usr/share/datasets").join(f)));
    let find = |file: &str| {
        let candidates = roots.iter().flat_map(|r| [r.join(file), r.join(format!("{file}.gz"))]);
        candidates.into_iter().find(|p| p.is_file())
    };
    let mut bytes = Vec::new();
    for (file_name, checksum) in files {
        let Some(path) = find(file_name) else {
            let looked: Vec<String> = roots.iter().map(|r| r.display().to_string()).collect();
            let what = format!("{file_name} (raw or .gz) is not in {}", looked.join(" or "));
            let cure =
                format!("put the four files of {name} into a folder and name it with --data-dir or GRADSWEEP_DATA");
            return Err(DataError::settings("data", what, cure));
        };
        let content = file::read(&path, file::IDX_LIMIT)?;
        let found = digest(blake3::hash(&content));
        if found != *checksum {
            let what = format!("this is not the published {name} file: checksum {found}, expected {checksum}");
            let cure =
                "fetch it again, or use data = { kind = \"idx\", images = ..., labels = ... } for files of your own";
            return Err(DataError::file(path.display().to_string(), what, cure));
        }
        bytes.push((path.display().to_string(), content));
    }
    let part = |images: usize, labels: usize| {
        let of = |i: usize| -> (&str, &[u8]) { (&bytes[i].0, &bytes[i].1) };
        pair(of(images), of(labels))
    };
    join(name, bytes[0].0.clone(), part(0, 1)?, Some(part(2, 3)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn valid() -> Vec<u8> {
        vec![0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6]
    }

    #[test]
    fn reads_every_type_and_refuses_the_rest() {
        let idx = parse("t", &valid()).unwrap();
        assert_eq!((idx.shape, idx.numbers), (vec![2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
        let types: [(u8, &[u8], f64); 6] = [
            (0x08, &[200], 200.0),
            (0x09, &[200], -56.0),
            (0x0b, &(-300i16).to_be_bytes(), -300.0),
            (0x0c, &(-70_000i32).to_be_bytes(), -70_000.0),
            (0x0d, &(-0.25f32).to_be_bytes(), -0.25),
            (0x0e, &1.1f64.to_be_bytes(), 1.1),
        ];
        for (kind, bytes, value) in types {
            let file = [&[0, 0, kind, 1, 0, 0, 0, 1][..], bytes].concat();
            assert_eq!(parse("t", &file).unwrap().numbers, [value], "type 0x{kind:02x}");
        }
        let nan = [&[0, 0, 0x0d, 1, 0, 0, 0, 1][..], &f32::NAN.to_be_bytes()].concat();
        let huge = [0, 0, 8, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255];
        let cases: [(&[u8], &str); 7] = [
            (&valid()[..17], "the header says [2, 3]"),
            (&valid()[..3], "within its header"),
            (&valid()[..9], "within its header"),
            (b"PK\x03\x04rest", "wrong magic"),
            (&[0, 0, 7, 1, 0, 0, 0, 0], "unknown number type"),
            (&nan, "is NaN"),
            (&huge, "the header says"),
        ];
        for (bytes, part) in cases {
            let message = parse("t.idx", bytes).unwrap_err().to_string();
            assert!(message.contains(part) && message.contains("t.idx: byte"), "{message}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64), at in 0usize..18, bit in 0u8..8) {
            let _ = parse("x", &bytes);
            let mut flipped = valid();
            flipped[at] ^= 1 << bit;
            let _ = parse("x", &flipped);
            let _ = file::unpack("x", [&[0x1f, 0x8b][..], &bytes].concat(), 1000);
        }
    }
}
