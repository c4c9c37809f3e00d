//! The keys of an experiment file that are no settings: what each section may hold, what holds without it, and what it means.
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
    help: "what stands at the top of the file, and its sections",
    keys: &[
        key("name", "letters, digits, `_`, `-` and `.`", "the file's name", "results go to results/NAME"),
        key("question", "a text", NOTHING, "the title of the report"),
        key("seeds", "an integer from 1 to 10000", "1", "each cell is run with the seeds 1 to this"),
        key("seed", "an integer from 0 on", "0", "seed of the experiment, from which those of the runs are made"),
        key("expect_runs", "an integer from 1 to 200000", NOTHING, "another number of runs is an error"),
        key("figures", "\"default\"", NOTHING, "the default figures are drawn beside each [[figure]]"),
        key("base", "settings", NOTHING, "what all runs share"),
        key("axes", "settings with a list or a range each", NOTHING, "every combination is a cell"),
        key("variants", "names with settings", NOTHING, "an axis of named bundles of settings"),
        key("optimizer", "settings of an optimizer", NOTHING, "several [[optimizer]] are an axis"),
        key("zip", "names with lists of settings", NOTHING, "an axis of settings that change together"),
        key("ablation", CELLS, NOTHING, "the centre from which one axis at a time is changed"),
        key("exclude", CELLS, NOTHING, "cells that are left out: all keys of an [[exclude]] match"),
        key("include", "settings", NOTHING, "cells beside the grid"),
        key("record", "see `gradsweep settings record`", NOTHING, "what is measured at which steps"),
        key("figure", "see `gradsweep settings figure`", "a default set", "a figure that is drawn"),
        key("compare", "see `gradsweep settings compare`", NOTHING, "how optimizers or other arms are compared"),
        key("claim", "see `gradsweep settings claim`", NOTHING, "what the experiment is to show"),
    ],
};

/// `[record]`.
pub const RECORD: Section = Section {
    name: "[record]",
    help: "what is measured at which steps; the first and the last are always among them",
    keys: &[
        key("gradients", STEPS, "{ at = \"log\", points = 20 }", "when every layer is measured"),
        key("score", STEPS, "{ at = \"log\", points = 20 }", "when losses and accuracies are"),
        key("probe", "an integer from 1 to 1000000", "64", "training rows that the layers are measured on"),
        key("points", STEPS, "at most 1000 steps", "when the point of a test function is written down"),
        key("times", STEPS, "at most 100 time steps", "which time steps of a recurrent net layers.csv keeps"),
        key("distributions", "true or false", "false", "quantiles and histograms of each layer, in distributions.csv"),
        key("jacobian", "true or false", "false", "singular values of the Jacobian of dense nets, in layers.csv"),
        key(
            "sharpness",
            "true or false",
            "false",
            "largest eigenvalue of the loss's Hessian; full batches and no kinks (tanh, not relu)",
        ),
        key("labels", "true or false", "false", "the labels of the run beside run_id in the tables of its steps"),
    ],
};

/// `[[figure]]`.
pub const FIGURE: Section = Section {
    name: "[[figure]]",
    help: "a figure; every axis is drawn (x, y, color, facet), pooled (over), at its best (tune) or fixed (where)",
    keys: &[
        key("kind", "a kind; `gradsweep figures` shows all", REQUIRED, "what is drawn"),
        key("name", "a text", "the kind", "the name of its files"),
        key("title", "a text", "by the kind", "its title"),
        key(
            "metric",
            "a column; `gradsweep figures KIND` shows which",
            "by the kind",
            "what is drawn, where that is a choice",
        ),
        key("x", AXIS, "by the kind", "the axis along x; of a heat_map also several, each a map of its own"),
        key("y", AXIS, NOTHING, "the axis along y of a heat map"),
        key("color", AXIS, NOTHING, "a series for each of its labels"),
        key("facet", "one or two names of axes", "[]", "a panel for each label: rows, then columns"),
        key("over", AXES, "[]", "axes that are pooled within a seed, by the median"),
        key("tune", AXES, "[]", "axes that are shown at their best label, chosen as `compare` does"),
        key("where", CELLS, "{}", "only these cells"),
        key(
            "order",
            "{ axis = [labels] }",
            "{}",
            "labels that come first, in this order; the others follow as in the file",
        ),
        key("rename", "{ axis = { label = \"text\" } }", "{}", "what a label is called in the figure"),
        key("colors", "{ axis = { label = \"#d55e00\" } }", "{}", "the colour of a label's series"),
        key(
            "size",
            "[width, height]",
            "by what it shows",
            "its size in cm, from 5 to 60, without the claims below it; higher where its words take more",
        ),
        key("limits", "[low, high]", "by the values", "where the measurement begins and ends, along y or as colour"),
        key("scale", "\"log\" or \"linear\"", "by the column", "the scale of the measurement"),
        key("x_limits", "[low, high]", "by the values", "where steps or layers along x begin and end"),
        key("x_scale", "\"log\", \"linear\" or \"category\"", "by the values", "the scale of x"),
        key("x_title", "a text", "the name of the axis", "what stands along x, where x is an axis"),
        key("epochs", "true or false", "x in steps", "x in epochs, in `curves`"),
        key("averaged", "true or false", "each step alone", "at each step the mean of all steps up to it, in `curves`"),
        key(
            "reference",
            "{ name = \"text\", value = 0.6, slope = 0 }",
            NOTHING,
            "a dashed line at value + slope x, where x is an axis or a step; a slope needs a linear scale",
        ),
        key(
            "axes",
            "\"step_layer\", \"step_time\" or \"time_layer\"",
            "\"step_layer\"",
            "what a gradient_heatmap is drawn over, x first: training steps, layers, and time steps of recurrent nets",
        ),
        key("step", "\"first\" or \"last\"", "\"first\"", "the step that is shown, where that is a choice"),
        key("theory", "true or false", "false", "draws what theory predicts over what was measured"),
    ],
};

/// `[[claim]]`.
pub const CLAIM: Section = Section {
    name: "[[claim]]",
    help: "what the median over the seeds is to be",
    keys: &[
        key("says", "a text", REQUIRED, "the claim as a sentence"),
        key("metric", "a column of runs.csv, or a table as below", REQUIRED, "the number that is judged"),
        key("where", CELLS, "{}", "the cells that it is about"),
        key("expect", EXPECTED, NOTHING, "what the median is to be; this or `monotone`"),
        key("monotone", "\"increasing\" or \"decreasing\"", NOTHING, "from each label of `along` to the next"),
        key("along", AXIS, NOTHING, "the axis that `monotone` goes along"),
        key("against", "other cells, or \"theory\"", NOTHING, "what the number is compared with, seed by seed"),
        key("by", "\"ratio\" or \"difference\"", NOTHING, "how it is compared with `against`"),
        key("each", AXES, "[]", "the claim is repeated for each label"),
        key("over", AXES, "[]", "axes that are pooled within a seed, by the median"),
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
        key("layer", ORDINAL, REQUIRED, "the layer, from 1 at the input"),
        key("per_layer", ORDINAL, NOTHING, "the layer by whose number it is divided"),
    ],
};

/// `[compare]`.
pub const COMPARE: Section = Section {
    name: "[compare]",
    help: "how the arms are compared, each at the setting that is best for it",
    keys: &[
        key("arm", AXIS, "\"optimizer\"", "the axis whose labels are compared"),
        key("tune", AXES, "the axes of the optimizer's settings", "the axes on which each arm takes its best label"),
        key(
            "tune_seeds",
            "an integer from 1 on",
            "a third of the seeds",
            "the first so many seeds choose, the others are judged",
        ),
        key("choose", "a loss or an accuracy", "val_loss, or train_loss", "what the setting is chosen by"),
        key(
            "report",
            "a column with a better direction, or `val_loss at step 100`, `area of val_loss` and the like, or a list of them",
            "test_loss, or as chosen",
            "what the arms are compared by, the first above all",
        ),
        key("over", AXES, "[]", "axes whose values are problems, such as data sets: one answer over all of them"),
        key(
            "baseline",
            "one of the arms",
            NOTHING,
            "all others are compared with this one alone: fewer pairs, fewer seeds",
        ),
        key("margin", "a positive number", NOTHING, "two arms whose interval lies within it are called equivalent"),
    ],
};

/// All of them.
pub const SECTIONS: &[&Section] = &[&FILE, &RECORD, &FIGURE, &CLAIM, &HISTORY_METRIC, &LAYERS_METRIC, &COMPARE];

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
