//! Rows as sequences, whose numbers belong to time steps, or as images.

use super::dataset::{Dataset, Split};
use super::error::DataError;
use super::raw::stream;
use super::scaling::Scaling;
use crate::setting::{DefaultValue, Domain, Problems, Setting, Settings, of_problems};

/// Generated sequences, by their words. They have time steps already.
pub const TASKS: &[&str] = &["adding", "parity", "lag", COPY_MEMORY];

/// Those with one answer a sequence: all but the last.
const ONE_ANSWER: &[&str] = match TASKS {
    [others @ .., _] => others,
    [] => &[],
};

/// The task that asks for an answer at every time step.
pub const COPY_MEMORY: &str = "copy_memory";

/// The read-out of a network with an answer at every time step, or token.
pub const EVERY: &str = "every";

/// Data whose rows can be read as sequences.
const ROWS: &[&str] = &["digits", "spirals", "teacher", "mnist1d", "points", "mnist", "fashion_mnist", "idx", "csv"];

/// Of these, square images.
const IMAGES: &[&str] = &["digits", "mnist", "fashion_mnist", "idx"];

/// The settings of sequences.
pub const SETTINGS: &[Setting] = &of_problems(Problems::Networks, [
    Setting::word("data.as", &["flat", "rows", "pixels", "permuted_pixels", "images"], "flat").of(ROWS)
        .help("how a sample is read: all numbers at once (`flat`); as a sequence of the rows of a square image (`rows`); number by number (`pixels`), also in an order shuffled once for all samples by `data.seed` (`permuted_pixels`, Le et al. 2015); or as a square image (`images`, for convolutional nets). If unset, recurrent nets read images by `rows` and other data by `pixels`"),
    Setting::int("data.length", 2..=100_000, 50).of(ONE_ANSWER).help("time steps of a generated sequence"),
    Setting::int("data.length", 1..=100_000, 50).of(&[COPY_MEMORY])
        .help("the delay T: the number of steps between the last symbol and the start of the copy; the sequence has T + 2 `data.copied` steps"),
    Setting::int("data.copied", 1..=1000, 10).of(&[COPY_MEMORY]).help("number of symbols at the beginning, which have to be repeated at the end"),
    Setting::int("data.symbols", 2..=1000, 8).of(&[COPY_MEMORY]).help("number of different symbols; each symbol and the blank is an input and a class, and the mark that asks for the copy is one more input"),
    Setting::int("data.n", 2..=10_000_000, 10_000).of(TASKS).help("number of sequences to generate"),
    Setting::float("data.test", Domain::Fraction, 0.1).of(TASKS).help("fraction set aside for the test"),
    Setting::word("data.scaling", &Scaling::WORDS, "none").of(TASKS).help("as for the other data sets; by default generated sequences are not scaled"),
    Setting::word("data.series", &["noise", "sine", "mackey_glass"], "noise").of(&["lag"])
        .help("what the series are: independent normal numbers; sines of random frequency and phase; or pieces of the chaotic series of Mackey & Glass (1977), with its mean subtracted"),
    Setting::int("data.features", 1..=100_000, 1).of(&["lag"]).help("number of parallel series; the target is a value of the first"),
    Setting::int("data.lag", -1000..=100_000, 10).of(&["lag"])
        .help("the target is the value this many steps before the last one that is read; a negative lag asks for a later value, which has to be predicted"),
]);

/// Time steps of a generated sequence.
pub(super) fn steps(settings: &Settings) -> Option<usize> {
    let size = |key: &str| settings.int(key).map(|size| size as usize);
    Some(size("data.length")? + 2 * size("data.copied").unwrap_or(0))
}

/// How the output layer of a network that reads sequences reads them if the file does not say, where the data decides that.
pub fn usual_read_out(data: &str) -> Option<DefaultValue> {
    (data == COPY_MEMORY).then_some(DefaultValue::Text(EVERY))
}

/// How a recurrent net reads data of this kind if the file does not say.
pub fn usual(data: &str) -> &'static str {
    if IMAGES.contains(&data) { "rows" } else { "pixels" }
}

/// The side of a square image of so many numbers.
fn side(features: usize, cure: &str) -> Result<usize, DataError> {
    let side = features.isqrt();
    if side * side == features {
        return Ok(side);
    }
    Err(DataError::settings("data.as", format!("a row of {features} numbers is not a square image"), cure))
}

/// The data in the shape and order that the settings ask for.
///
/// # Errors
/// `rows` or `images` of what is no square image.
pub(super) fn arrange(mut data: Dataset, settings: &Settings) -> Result<Dataset, DataError> {
    let features = data.features();
    if let Some(steps) = steps(settings) {
        data.shape = vec![steps, features / steps];
        return Ok(data);
    }
    if data.shape.len() > 1 {
        return match settings.text("data.as") {
            None | Some("flat" | "pixels") => Ok(data),
            Some(other) => {
                let cure = match other {
                    "images" => "write network = \"rnn\", \"lstm\" or \"gru\": a convolutional net reads images alone",
                    _ => "leave data.as out",
                };
                let what = format!(
                    "`{other}` reads each row as a sample, but data.sequence makes the rows time steps of sequences"
                );
                Err(DataError::settings("data.as", what, cure))
            }
        };
    }
    match settings.text("data.as") {
        Some("rows") => {
            let side = side(features, "write data.as = \"pixels\", to read number by number")?;
            data.shape = vec![side, side];
        }
        Some("images") => {
            let side = side(features, "use square images, or network = \"mlp\", which does not need them")?;
            data.shape = vec![1, side, side];
        }
        Some("pixels") => data.shape = vec![features, 1],
        Some("permuted_pixels") => {
            let order = stream(settings, "data pixel order").permutation(features);
            let Dataset { name, train, validation, test, notes, classes, .. } = data;
            let own = |part: Split| reordered(part, &order);
            let shape = vec![features, 1];
            data =
                Dataset { notes, classes, ..Dataset::new(name, shape, own(train), validation.map(own), test.map(own)) };
        }
        _ => {}
    }
    Ok(data)
}

/// The same rows, each with its numbers in this order.
fn reordered(mut part: Split, order: &[usize]) -> Split {
    part.x.permute(order);
    part
}
