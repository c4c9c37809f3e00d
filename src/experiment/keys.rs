//! The keys of an experiment file that are not settings, section by section: allowed values, default and meaning.
//!
//! The reader refuses a key that is not here, and `gradsweep settings` prints these rows.

/// A key of a section.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    pub name: &'static str,
    /// What it may hold.
    pub holds: &'static str,
    /// As it would be written, or in words; empty for nothing, [`REQUIRED`] where the file has to say.
    pub default: &'static str,
    pub help: &'static str,
}

/// A section with its keys.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// As it is written in the file and called in messages.
    pub name: &'static str,
    pub help: &'static str,
    pub keys: &'static [Key],
}

impl Section {
    /// The names of its keys.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + Clone {
        self.keys.iter().map(|key| key.name)
    }

    /// Whether it has this key.
    pub fn has(&self, name: &str) -> bool {
        self.names().any(|key| key == name)
    }

    /// The word by which its keys are looked up: `figure` for `[[figure]]`.
    pub fn word(&self) -> &'static str {
        self.name.trim_matches(['[', ']'])
    }
}

const fn key(name: &'static str, holds: &'static str, default: &'static str, help: &'static str) -> Key {
    Key { name, holds, default, help }
}

/// How steps are written.
pub const STEPS: &str = "{ at = \"log\", points = 20 }, { at = [0, 10, 100] } or { every = 50 }";
/// How a claim's expectation is written.
pub const EXPECTED: &str = "{ above = 0.5 }, { below = 0.5 } or { within = [0.4, 0.6] }";
/// Stands for the default of a key that the file has to have.
pub const REQUIRED: &str = "required";
const NOTHING: &str = "";
const AXES: &str = "the name of an axis, or a list of them";
const AXIS: &str = "the name of an axis";
const CELLS: &str = "{ axis = value } or { axis = [values] }";
const ORDINAL: &str = "a number, \"first\" or \"last\"";

/// What stands at the top of the file.
pub const FILE: Section = Section {
    name: "the file",
    help: "the keys at the top of the file, and its sections",
    keys: &[
        key(
            "name",
            "letters, digits, `_`, `-` and `.`",
            "the file's name",
            "the name of the experiment; results are written to results/NAME",
        ),
        key("question", "a text", NOTHING, "the title of the report"),
        key(
            "seeds",
            "an integer from 1 to 10000",
            "1",
            "number of seeds: each cell (combination of labels) is run with the seeds 1, 2, ... up to this number",
        ),
        key(
            "seed",
            "an integer from 0 on",
            "0",
            "seed of the whole experiment; the random numbers of a run follow from it and from the run's own seed",
        ),
        key(
            "expect_runs",
            "an integer from 1 to 200000",
            NOTHING,
            "the expected number of runs; any other number is an error before the first run",
        ),
        key("figures", "\"default\"", NOTHING, "the default figures are drawn in addition to each [[figure]]"),
        key("base", "settings", NOTHING, "the settings that all runs share"),
        key("axes", "settings, each with a list or a range", NOTHING, "every combination is a cell"),
        key("variants", "names, each with its settings", NOTHING, "an axis of named bundles of settings"),
        key("optimizer", "settings of an optimizer", NOTHING, "several [[optimizer]] are an axis"),
        key(
            "zip",
            "names, each with settings that hold lists of equal length",
            NOTHING,
            "an axis of settings that change together",
        ),
        key("ablation", CELLS, NOTHING, "the centre of an ablation: one axis at a time is varied around it"),
        key("exclude", CELLS, NOTHING, "cells to leave out: those that match all keys of an [[exclude]]"),
        key("include", "settings", NOTHING, "cells in addition to the grid"),
        key("record", "see `gradsweep settings record`", NOTHING, "what is measured at which steps"),
        key("figure", "see `gradsweep settings figure`", "a default set", "a figure that is drawn"),
        key("compare", "see `gradsweep settings compare`", NOTHING, "how optimizers or other arms are compared"),
        key("claim", "see `gradsweep settings claim`", NOTHING, "what the experiment is to show"),
    ],
};

/// `[record]`.
pub const RECORD: Section = Section {
    name: "[record]",
    help: "what is measured and at which steps; the first and the last step are always included",
    keys: &[
        key(
            "gradients",
            STEPS,
            "{ at = \"log\", points = 20 }",
            "the steps at which the gradients and activations of all layers are measured",
        ),
        key("score", STEPS, "{ at = \"log\", points = 20 }", "the steps at which losses and accuracies are computed"),
        key("probe", "an integer from 1 to 1000000", "64", "number of training rows on which the layers are measured"),
        key("points", STEPS, "at most 1000 steps", "the steps at which the point of a test function is recorded"),
        key(
            "times",
            STEPS,
            "at most 100 time steps",
            "the time steps of a recurrent net that are written to layers.csv",
        ),
        key("distributions", "true or false", "false", "quantiles and histograms of each layer, in distributions.csv"),
        key("jacobian", "true or false", "false", "singular values of the Jacobian of dense nets, in layers.csv"),
        key(
            "sharpness",
            "true or false",
            "false",
            "largest eigenvalue of the Hessian of the training loss; needs batch = \"full\" and a smooth activation \
                (tanh, not relu)",
        ),
        key(
            "along_input",
            "true or false",
            "false",
            "output of the network and its gradient along the input, in along_input.csv; needs data with one feature",
        ),
        key(
            "labels",
            "true or false",
            "false",
            "adds the labels of each run to history.csv, layers.csv and the other tables of steps",
        ),
    ],
};

/// `[[figure]]`.
pub const FIGURE: Section = Section {
    name: "[[figure]]",
    help: "a figure; every axis has to be drawn (x, y, color, facet), pooled (over), shown at its best label (tune) \
        or fixed (where)",
    keys: &[
        key("kind", "a kind of figure; `gradsweep figures` lists them", REQUIRED, "what is drawn"),
        key("name", "a text", "the kind", "the name of its files"),
        key("title", "a text", "by the kind", "its title"),
        key(
            "metric",
            "a column; `gradsweep figures KIND` shows which",
            "by the kind",
            "the column that is drawn, if the kind of figure leaves a choice",
        ),
        key("x", AXIS, "by the kind", "the axis along x; a heat_map may have several, each a map of its own"),
        key("y", AXIS, NOTHING, "the axis along y of a heat map"),
        key("color", AXIS, NOTHING, "a series for each of its labels"),
        key("facet", "one or two names of axes", "[]", "a panel for each label: rows, then columns"),
        key("over", AXES, "[]", "axes over which the median is taken within each seed"),
        key("tune", AXES, "[]", "axes that are shown at their best label only, which is chosen as in `compare`"),
        key("where", CELLS, "{}", "only these cells"),
        key(
            "order",
            "{ axis = [labels] }",
            "{}",
            "the labels that come first, in this order; the others follow in the order of the file",
        ),
        key("rename", "{ axis = { label = \"text\" } }", "{}", "other names for labels in the figure"),
        key("colors", "{ axis = { label = \"#d55e00\" } }", "{}", "the colour of a label's series"),
        key(
            "size",
            "[width, height]",
            "by what it shows",
            "width and height in cm, from 5 to 60, without the claims below the figure; the height grows if the text \
                needs more room",
        ),
        key(
            "limits",
            "[low, high]",
            "by the values",
            "the range of the measured values, on the y axis or the colour scale",
        ),
        key("scale", "\"log\" or \"linear\"", "by the column", "the scale of the measurement"),
        key("x_limits", "[low, high]", "by the values", "the range of the x axis, if x is a step or a layer"),
        key("x_scale", "\"log\", \"linear\" or \"category\"", "by the values", "the scale of x"),
        key("x_title", "a text", "the name of the axis", "the title of the x axis, if x is an axis of the experiment"),
        key("epochs", "true or false", "x in steps", "in `curves`, x is in epochs"),
        key(
            "averaged",
            "true or false",
            "each step alone",
            "in `curves`, at each step the mean over all steps up to it",
        ),
        key(
            "reference",
            "{ name = \"text\", value = 0.6 }, or a list of such tables",
            NOTHING,
            "dashed lines to compare with, such as a bound or a law, if x is an axis of the experiment or a step",
        ),
        key(
            "axes",
            "\"step_layer\", \"step_time\" or \"time_layer\"",
            "\"step_layer\"",
            "the two directions of a gradient_heatmap, x first: training step, layer, or time step of a recurrent net",
        ),
        key(
            "step",
            "\"first\" or \"last\"",
            "\"first\"",
            "the training step that is shown, if the kind of figure leaves a choice",
        ),
        key("theory", "true or false", "false", "also draws the prediction of mean-field theory"),
    ],
};

/// `reference` of a `[[figure]]`.
pub const REFERENCE: Section = Section {
    name: "reference of a figure",
    help: "a dashed line at value * factor^x * x^power + slope * x in a [[figure]]",
    keys: &[
        key("name", "a text", REQUIRED, "what the legend calls it"),
        key("value", "a number", REQUIRED, "its height, or what the height is a multiple of"),
        key("factor", "a number above 0", "1", "by what the height is multiplied when x grows by 1"),
        key("power", "a number", "0", "the power of x in the height, as -1 for 1 / x"),
        key("slope", "a number", "0", "what is added to the height when x grows by 1"),
        key(
            "where",
            CELLS,
            NOTHING,
            "labels of `color` or `facet`; the line is drawn in their colour and in their panels alone",
        ),
    ],
};

/// `[[claim]]`.
pub const CLAIM: Section = Section {
    name: "[[claim]]",
    help: "the expected median over the seeds",
    keys: &[
        key("says", "a text", REQUIRED, "the claim as a sentence"),
        key(
            "metric",
            "a column of runs.csv, or a table such as { table = \"layers\", ... }",
            REQUIRED,
            "the number that is judged",
        ),
        key("where", CELLS, "{}", "the cells that the claim is about"),
        key("expect", EXPECTED, NOTHING, "the expected median over the seeds; write this or `monotone`"),
        key(
            "monotone",
            "\"increasing\" or \"decreasing\"",
            NOTHING,
            "the direction in which the number changes from each label of `along` to the next",
        ),
        key("along", AXIS, NOTHING, "the axis of `monotone`"),
        key("against", "other cells, or \"theory\"", NOTHING, "what the number is compared with, within each seed"),
        key("by", "\"ratio\" or \"difference\"", NOTHING, "how it is compared with `against`"),
        key("each", AXES, "[]", "the claim is judged separately for each label"),
        key("over", AXES, "[]", "axes over which the median is taken within each seed"),
        key(
            "confidence",
            "a number from 0.5 to below 1",
            "0.9",
            "probability that the interval covers the true median",
        ),
    ],
};

/// `metric` of a `[[claim]]` on `history.csv`.
pub const HISTORY_METRIC: Section = Section {
    name: "metric of history.csv",
    help: "a number of history.csv in a [[claim]]: metric = { table = \"history\", ... }",
    keys: &[
        key("table", "\"history\"", REQUIRED, "the table"),
        key("column", "a column of history.csv", REQUIRED, "its column"),
        key("step", ORDINAL, REQUIRED, "the step"),
    ],
};

/// `metric` of a `[[claim]]` on `layers.csv`.
pub const LAYERS_METRIC: Section = Section {
    name: "metric of layers.csv",
    help: "a number of layers.csv in a [[claim]]: metric = { table = \"layers\", ... }",
    keys: &[
        key("table", "\"layers\"", REQUIRED, "the table"),
        key("column", "a column of layers.csv", REQUIRED, "its column"),
        key("step", ORDINAL, REQUIRED, "the step"),
        key("layer", ORDINAL, REQUIRED, "the layer; layer 1 is next to the input"),
        key("per_layer", ORDINAL, NOTHING, "the value is divided by that of this layer"),
    ],
};

/// `[compare]`.
pub const COMPARE: Section = Section {
    name: "[compare]",
    help: "how optimizers or other arms are compared, each at its own best setting",
    keys: &[
        key("arm", AXIS, "\"optimizer\"", "the axis whose labels are compared; each label is an arm"),
        key(
            "tune",
            AXES,
            "the axes of the optimizer's settings",
            "the axes that are tuned: each arm uses its own best label",
        ),
        key(
            "tune_seeds",
            "an integer from 1 on",
            "a third of the seeds",
            "the number of seeds on which settings are chosen; results are reported on the others",
        ),
        key(
            "choose",
            "a loss or an accuracy",
            "val_loss, or train_loss",
            "the loss or accuracy by which settings are chosen",
        ),
        key(
            "report",
            "a column for which the table of columns says that higher or lower is better, or `val_loss at step 100`, `area of val_loss` and the like, or a list of them",
            "test_loss, or as chosen",
            "the metrics by which the arms are compared; the first decides the verdict",
        ),
        key(
            "over",
            AXES,
            "[]",
            "axes whose values are different problems, such as data sets; the arms are also ranked over all of them",
        ),
        key(
            "baseline",
            "one of the arms",
            NOTHING,
            "all other arms are compared with this one only, which means fewer pairs and needs fewer seeds",
        ),
        key(
            "margin",
            "a positive number",
            NOTHING,
            "two arms are called equivalent if the interval of their difference lies between -margin and +margin",
        ),
    ],
};

/// All of them.
pub const SECTIONS: &[&Section] =
    &[&FILE, &RECORD, &FIGURE, &REFERENCE, &CLAIM, &HISTORY_METRIC, &LAYERS_METRIC, &COMPARE];

/// All keys as Markdown: section, key, what it may hold, default, meaning.
pub fn markdown() -> String {
    let mut text = String::from("| section | key | value | default | meaning |\n|---|---|---|---|---|\n");
    for section in SECTIONS {
        for Key { name, holds, default, help } in section.keys {
            text += &format!("| {} | `{name}` | {holds} | {default} | {help} |\n", section.name);
        }
    }
    text
}
