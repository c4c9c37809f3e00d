//! The settings of the data family.

use super::scaling::Scaling;
use crate::setting::{DefaultValue, Domain, Problems, SHARE, Setting, of_problems};

/// The settings of the data family.
pub const SETTINGS: &[Setting] = &of_problems(Problems::Networks, [
    Setting::word("data", &["digits", "spirals", "teacher", "mnist1d", "points", "mnist", "fashion_mnist", "idx", "csv", "adding", "parity", "lag", "copy_memory"], "digits")
        .head("kind")
        .help("the data set; `digits` is part of the program, `spirals`, `teacher` and `mnist1d` are generated, `points` are written in the experiment file; `adding`, `parity`, `lag` and `copy_memory` are generated sequences"),
    Setting::int("data.seed", 0..=i64::MAX, 0).help("seed of the split, of generated data and of label noise; the same for every run"),
    Setting::word("data.scaling", &Scaling::WORDS, "global")
        .of(&["digits", "spirals", "teacher", "mnist1d", "mnist", "fashion_mnist", "idx"])
        .help("scaling of the inputs, with statistics of the training part: `global` subtracts each feature's mean and divides all features by one common standard deviation; `per_feature` divides each by its own (constant features become 0); `minmax` maps each feature to [0, 1]; `unit` divides all by 255 (bytes) or by the largest magnitude"),
    Setting::word("data.scaling", &Scaling::WORDS, "per_feature").of(&["csv"]).help("as for the other data sets"),
    Setting::word("data.scaling", &Scaling::WORDS, "none").of(&["points"]).help("as for the other data sets; by default the points are not scaled"),
    Setting::word("data.target_scaling", &Scaling::WORDS, "none")
        .help("the same for real-valued targets, column by column; losses are then in the scaled units"),
    Setting::unset("data.n_train", Domain::Int { min: 1, max: 100_000_000 }).help("number of training rows to keep: the first of the shuffled training part; all if unset"),
    Setting::float("data.validation", Domain::Fraction, 0.0).help("fraction of the training part set aside for validation"),
    Setting::float("data.label_noise", SHARE, 0.0).help("fraction of training labels replaced by a random other class"),
    Setting::float("data.test", Domain::Fraction, 0.2).of(&["digits", "spirals", "teacher", "mnist1d", "idx", "csv"]).help("fraction of the rows set aside as the test part, if no test file is given"),
    Setting::int("data.n", 2..=10_000_000, 2000).of(&["spirals", "teacher"]).help("number of rows to generate"),
    Setting::int("data.classes", 2..=100, 3).of(&["spirals"]).help("number of classes, which is the number of arms of \
        the spiral"),
    Setting::float("data.noise", Domain::Float { min: 0.0, max: 1e6 }, 0.1).of(&["spirals"]).help("standard deviation of the noise on the points"),
    Setting::float("data.noise", Domain::Float { min: 0.0, max: 1e6 }, 0.0).of(&["teacher"]).help("standard deviation of the noise on the targets"),
    Setting::int("data.features", 1..=100_000, 16).of(&["teacher"]).help("number of inputs of the teacher network"),
    Setting::int("data.teacher_width", 1..=100_000, 16).of(&["teacher"]).help("number of hidden tanh units of the \
        teacher network"),
    Setting::int("data.n", 10..=10_000_000, 5000).of(&["mnist1d"]).help("number of samples to generate"),
    Setting::required("data.x", Domain::Matrix).of(&["points"]).help("inputs, one row per sample"),
    Setting::required("data.y", Domain::Matrix).of(&["points"]).help("targets, one row per sample"),
    Setting::required("data.images", Domain::Text).of(&["idx"]).help("IDX file of the inputs, raw or .gz"),
    Setting::required("data.labels", Domain::Text).of(&["idx"]).help("IDX file of the labels, raw or .gz"),
    Setting::unset("data.test_images", Domain::Text).of(&["idx"]).help("IDX file of the test inputs; if unset, the fraction `data.test` of the rows is the test part"),
    Setting::unset("data.test_labels", Domain::Text).of(&["idx"]).help("IDX file of the test labels"),
    Setting::required("data.path", Domain::Text).of(&["csv"]).help("text file with one sample per row, such as a CSV file, raw or .gz"),
    Setting::unset("data.test_path", Domain::Text).of(&["csv"]).help("table with the test rows; if unset, the fraction `data.test` of the rows is the test part"),
    Setting::new("data.target", Domain::Text, DefaultValue::Text("last")).of(&["csv"]).help("name or number (from 1) of the target column, or \"last\""),
    Setting::word("data.task", &["auto", "classes", "values"], "auto").of(&["csv"]).help("whether the targets are classes or real values; `auto`: whole numbers or words with at most 100 different values are classes"),
    Setting::unset("data.sequence", Domain::Text).of(&["csv"]).help("name or number (from 1) of the column that says to which sequence a row belongs. Rows are then time steps, and sequences are the samples. A target that changes within a sequence is a target for each time step"),
    Setting::word("data.padding", &["none", "front"], "none").of(&["csv"]).help("what to do about sequences of unequal length: report an error, or pad the shorter ones at their beginning. A recurrent net then starts each sequence where it begins, with a state of 0, so that padding takes no part in outputs, gradients and measures"),
    Setting::unset("data.time_column", Domain::Text).of(&["csv"]).help("name or number (from 1) of the numeric column that orders the rows of a sequence; if unset, the order of the file"),
    Setting::unset("data.drop", Domain::Texts).of(&["csv"]).help("names or numbers (from 1) of columns to leave out"),
    Setting::word("data.missing", &["error", "drop", "mean"], "error").of(&["csv"]).help("what to do about missing values (an empty cell, ?, NA, NaN or null): report an error, leave the row out (with `data.sequence` its whole sequence), or insert the mean of the training rows"),
    Setting::word("data.categories", &["error", "one_hot"], "error").of(&["csv"]).help("what to do about features that are words: report an error, or encode each word, and each number beside words, as one input of 0 or 1"),
    Setting::word("data.separator", &["auto", "comma", "semicolon", "tab", "blanks"], "auto").of(&["csv"]).help("what separates the cells; `auto`: the separator that occurs equally often in every line"),
    Setting::word("data.decimal", &["point", "comma"], "point").of(&["csv"]).help("decimal separator: 1.5 or 1,5"),
    Setting::word("data.header", &["auto", "yes", "no"], "auto").of(&["csv"]).help("whether the first line names the columns; `auto`: yes if it has no number and the second line has one"),
]);
