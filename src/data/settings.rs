//! The settings of the data family.

use super::scaling::Scaling;
use crate::setting::{DefaultValue, Domain, Problems, SHARE, Setting, of_problems};

/// The settings of the data family.
pub const SETTINGS: &[Setting] = &of_problems(Problems::Networks, [
    Setting::word("data", &["digits", "spirals", "teacher", "mnist1d", "points", "mnist", "fashion_mnist", "idx", "csv", "adding", "parity", "lag", "copy_memory"], "digits")
        .head("kind")
        .help("the data set; `digits` is embedded, `spirals`, `teacher` and `mnist1d` are generated, `points` stands in the file; `adding`, `parity`, `lag` and `copy_memory` are generated sequences"),
    Setting::int("data.seed", 0..=i64::MAX, 0).help("seed of the split, of generated data and of label noise; the same for every run"),
    Setting::word("data.scaling", &Scaling::WORDS, "global")
        .of(&["digits", "spirals", "teacher", "mnist1d", "mnist", "fashion_mnist", "idx"])
        .help("by numbers of the training part: `global` and `per_feature` subtract each feature's mean and divide by one standard deviation of all, or by its own (constant features become 0); `minmax` goes from 0 to 1; `unit` divides all by 255 (bytes) or the largest magnitude"),
    Setting::word("data.scaling", &Scaling::WORDS, "per_feature").of(&["csv"]).help("as for the others"),
    Setting::word("data.scaling", &Scaling::WORDS, "none").of(&["points"]).help("as for the others; written points are taken as they stand"),
    Setting::word("data.target_scaling", &Scaling::WORDS, "none")
        .help("the same for each column of real-valued targets; losses are in these units then"),
    Setting::unset("data.n_train", Domain::Int { min: 1, max: 100_000_000 }).help("training rows kept, the first of the shuffled training part; all if unset"),
    Setting::float("data.validation", Domain::Fraction, 0.0).help("fraction of the training part set aside for validation"),
    Setting::float("data.label_noise", SHARE, 0.0).help("fraction of training labels replaced by a random other class"),
    Setting::float("data.test", Domain::Fraction, 0.2).of(&["digits", "spirals", "teacher", "mnist1d", "idx", "csv"]).help("fraction set aside for the test, where no test file is given"),
    Setting::int("data.n", 2..=10_000_000, 2000).of(&["spirals", "teacher"]).help("rows generated"),
    Setting::int("data.classes", 2..=100, 3).of(&["spirals"]).help("arms of the spiral"),
    Setting::float("data.noise", Domain::Float { min: 0.0, max: 1e6 }, 0.1).of(&["spirals"]).help("standard deviation of the noise on the points"),
    Setting::float("data.noise", Domain::Float { min: 0.0, max: 1e6 }, 0.0).of(&["teacher"]).help("standard deviation of the noise on the targets"),
    Setting::int("data.features", 1..=100_000, 16).of(&["teacher"]).help("inputs of the teacher"),
    Setting::int("data.teacher_width", 1..=100_000, 16).of(&["teacher"]).help("hidden tanh units of the teacher"),
    Setting::int("data.n", 10..=10_000_000, 5000).of(&["mnist1d"]).help("samples generated"),
    Setting::required("data.x", Domain::Matrix).of(&["points"]).help("inputs, one row a sample"),
    Setting::required("data.y", Domain::Matrix).of(&["points"]).help("targets, one row a sample"),
    Setting::required("data.images", Domain::Text).of(&["idx"]).help("IDX file of the inputs, raw or .gz"),
    Setting::required("data.labels", Domain::Text).of(&["idx"]).help("IDX file of the labels, raw or .gz"),
    Setting::unset("data.test_images", Domain::Text).of(&["idx"]).help("IDX file of the test inputs; `data.test` of the rows if unset"),
    Setting::unset("data.test_labels", Domain::Text).of(&["idx"]).help("IDX file of the test labels"),
    Setting::required("data.path", Domain::Text).of(&["csv"]).help("table of comma-separated or otherwise separated values, raw or .gz"),
    Setting::unset("data.test_path", Domain::Text).of(&["csv"]).help("table with the test rows, with the same columns; `data.test` of the rows if unset"),
    Setting::new("data.target", Domain::Text, DefaultValue::Text("last")).of(&["csv"]).help("name or number (from 1) of the target column, or \"last\""),
    Setting::word("data.task", &["auto", "classes", "values"], "auto").of(&["csv"]).help("`auto`: whole numbers or words with at most 100 different values are classes"),
    Setting::unset("data.sequence", Domain::Text).of(&["csv"]).help("name or number (from 1) of the column that says to which sequence a row belongs: rows are time steps then, and sequences the samples. A target that changes within a sequence is one of each time step"),
    Setting::word("data.padding", &["none", "front"], "none").of(&["csv"]).help("what is done about sequences of unlike lengths: none, they are refused; or shorter ones are padded at the front, and a recurrent net starts each where it starts, with a state of 0, so that padding takes no part in outputs, gradients and measures"),
    Setting::unset("data.time_column", Domain::Text).of(&["csv"]).help("name or number (from 1) of the column, of numbers, that orders the rows of a sequence; as they stand if unset"),
    Setting::unset("data.drop", Domain::Texts).of(&["csv"]).help("names or numbers (from 1) of columns to leave out"),
    Setting::word("data.missing", &["error", "drop", "mean"], "error").of(&["csv"]).help("an empty cell, ?, NA, NaN or null: leave the row out, or take the mean of the training rows"),
    Setting::word("data.categories", &["error", "one_hot"], "error").of(&["csv"]).help("a feature of words: `one_hot` makes an input of 0 and 1 of each word, and of each number beside words"),
    Setting::word("data.separator", &["auto", "comma", "semicolon", "tab", "blanks"], "auto").of(&["csv"]).help("what separates the cells; `auto`: what every line has equally often"),
    Setting::word("data.decimal", &["point", "comma"], "point").of(&["csv"]).help("how numbers are written: 1.5 or 1,5"),
    Setting::word("data.header", &["auto", "yes", "no"], "auto").of(&["csv"]).help("whether the first line names the columns; `auto`: if it has no number and the second has one"),
]);
