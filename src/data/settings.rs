//! The settings of the data family.

use crate::setting::{DefaultValue, Domain, Problems, Setting, of_problems};

/// The settings of the data family.
pub const SETTINGS: &[Setting] = &of_problems(Problems::Networks, [
    Setting::new(
        "data",
        Domain::Word(&["digits", "spirals", "teacher", "mnist1d", "points", "mnist", "fashion_mnist", "idx", "csv"]),
        DefaultValue::Text("digits"),
        "the data set; `digits` is embedded, `spirals`, `teacher` and `mnist1d` are generated, `points` stands in the file",
    )
    .head("kind"),
    Setting::new("data.seed", Domain::Int { min: 0, max: i64::MAX }, DefaultValue::Int(0), "seed of the split, of generated data and of label noise; the same for every run"),
    Setting::new("data.scaling", Domain::Word(&["standard", "none"]), DefaultValue::Text("standard"), "`standard`: subtract each feature's mean, divide by one global standard deviation, both of the training part")
        .of(&["digits", "spirals", "teacher", "mnist1d", "mnist", "fashion_mnist", "idx", "csv"]),
    Setting::new("data.scaling", Domain::Word(&["standard", "none"]), DefaultValue::Text("none"), "as for the others; written points are taken as they stand").of(&["points"]),
    Setting::new("data.n_train", Domain::Int { min: 1, max: 100_000_000 }, DefaultValue::Unset, "training rows kept, the first of the shuffled training part; all if unset"),
    Setting::float("data.validation", Domain::Fraction, 0.0, "fraction of the training part set aside for validation"),
    Setting::float("data.label_noise", Domain::Float { min: 0.0, max: 1.0 }, 0.0, "fraction of training labels replaced by a random other class"),
    Setting::float("data.test", Domain::Fraction, 0.2, "fraction set aside for the test, where no test file is given").of(&["digits", "spirals", "teacher", "mnist1d", "idx", "csv"]),
    Setting::new("data.n", Domain::Int { min: 2, max: 10_000_000 }, DefaultValue::Int(2000), "rows generated").of(&["spirals", "teacher"]),
    Setting::new("data.classes", Domain::Int { min: 2, max: 100 }, DefaultValue::Int(3), "arms of the spiral").of(&["spirals"]),
    Setting::float("data.noise", Domain::Float { min: 0.0, max: 1e6 }, 0.1, "standard deviation of the noise on the points").of(&["spirals"]),
    Setting::float("data.noise", Domain::Float { min: 0.0, max: 1e6 }, 0.0, "standard deviation of the noise on the targets").of(&["teacher"]),
    Setting::new("data.features", Domain::Int { min: 1, max: 100_000 }, DefaultValue::Int(16), "inputs of the teacher").of(&["teacher"]),
    Setting::new("data.teacher_width", Domain::Int { min: 1, max: 100_000 }, DefaultValue::Int(16), "hidden tanh units of the teacher").of(&["teacher"]),
    Setting::new("data.n", Domain::Int { min: 10, max: 10_000_000 }, DefaultValue::Int(5000), "samples generated").of(&["mnist1d"]),
    Setting::new("data.x", Domain::Matrix, DefaultValue::Required, "inputs, one row a sample").of(&["points"]),
    Setting::new("data.y", Domain::Matrix, DefaultValue::Required, "targets, one row a sample").of(&["points"]),
    Setting::new("data.images", Domain::Text, DefaultValue::Required, "IDX file of the inputs, raw or .gz").of(&["idx"]),
    Setting::new("data.labels", Domain::Text, DefaultValue::Required, "IDX file of the labels, raw or .gz").of(&["idx"]),
    Setting::new("data.test_images", Domain::Text, DefaultValue::Unset, "IDX file of the test inputs; `data.test` of the rows if unset").of(&["idx"]),
    Setting::new("data.test_labels", Domain::Text, DefaultValue::Unset, "IDX file of the test labels").of(&["idx"]),
    Setting::new("data.path", Domain::Text, DefaultValue::Required, "CSV file, raw or .gz; a header line is recognised").of(&["csv"]),
    Setting::new("data.target", Domain::Text, DefaultValue::Text("last"), "name or number (from 1) of the target column, or \"last\"").of(&["csv"]),
    Setting::new("data.task", Domain::Word(&["auto", "classes", "values"]), DefaultValue::Text("auto"), "`auto`: whole numbers or words with at most 100 different values are classes; real-valued targets are not scaled").of(&["csv"]),
]);
