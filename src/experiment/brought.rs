//! Names from other programs and from papers, such as `dropout_rate` or `xavier`, and what to write in an experiment instead.
//!
//! The nearest known word is often another thing (`mae` is not `mse`), so these are looked up first.

/// A word that is no setting, or no value of one, and the cure.
type Row = (&'static [&'static str], Cure);

/// What to do instead.
#[derive(Clone, Copy, Debug)]
pub enum Cure {
    /// Write this: a line of `[base]`, or for a value what stands behind its `=`.
    Write(&'static str),
    /// The same, and what it is.
    Explained(&'static str, &'static str),
    /// There is nothing of the kind; what comes nearest.
    Missing(&'static str),
}

use Cure::{Explained, Missing, Write};

/// Names of settings elsewhere.
pub const SETTINGS: &[Row] = &[
    (&["learning_rate", "optimizer.learning_rate", "eta", "step_size", "lr0"], Write("optimizer.lr = 0.01")),
    (&["residual.bias", "residual.gate_bias"], Write("residual = { form = \"highway\", transform_bias = -2 }")),
    (&["activation.init", "activation.negative_slope"], Write("activation = { kind = \"prelu\", slope = 0.25 }")),
    (
        &["data.label", "data.label_column", "data.target_column"],
        Write("data = { kind = \"csv\", path = \"FILE\", target = \"NAME\" }"),
    ),
    (&["momentum", "sgd_momentum"], Write("optimizer = { kind = \"momentum\", momentum = 0.9 }")),
    (&["nesterov", "nag", "optimizer.nesterov"], Write("optimizer = { kind = \"nesterov\", momentum = 0.9 }")),
    (&["beta_1", "optimizer.beta_1"], Write("optimizer = { kind = \"adam\", beta1 = 0.9 }")),
    (
        &["betas", "optimizer.betas"],
        Missing("the two have a name each: write optimizer = { kind = \"adam\", beta1 = 0.9, beta2 = 0.999 }"),
    ),
    (&["beta_2", "optimizer.beta_2"], Write("optimizer = { kind = \"adam\", beta2 = 0.999 }")),
    (&["optimizer.alpha", "optimizer.decay"], Write("optimizer = { kind = \"rmsprop\", rho = 0.99 }")),
    (&["epsilon", "optimizer.epsilon"], Write("optimizer = { kind = \"adam\", eps = 1e-8 }")),
    (&["amsgrad", "optimizer.amsgrad"], Write("optimizer = { kind = \"amsgrad\" }")),
    (&["solver", "optim", "algorithm"], Write("optimizer = \"adam\"")),
    (&["batch_size", "minibatch", "mini_batch"], Write("batch = 64")),
    (
        &["layers", "num_layers", "n_layers", "hidden_layers", "n_hidden"],
        Explained("depth = 8", "layers of different widths are widths = [500, 200, 50]"),
    ),
    (
        &["hidden", "hidden_size", "hidden_dim", "hidden_units", "units", "neurons"],
        Explained("width = 32", "layers of different widths are widths = [500, 200, 50]"),
    ),
    (&["d_model", "embed_dim", "embedding_dim"], Write("width = 32")),
    (&["n_heads", "num_heads", "nhead", "attention_heads"], Write("network = { kind = \"transformer\", heads = 4 }")),
    (&["kernel_size"], Write("network = { kind = \"conv\", kernel = 3 }")),
    (&["filters", "n_filters", "num_filters", "out_channels"], Write("network = { kind = \"conv\", channels = 16 }")),
    (
        &["stride", "strides", "pool", "pooling", "pool_size", "max_pool"],
        Missing(
            "a convolutional net halves its images by the stride of 2 with which each stage after the first begins: write \
             network = { kind = \"conv\", stages = 2 }",
        ),
    ),
    (
        &["hidden_layer_sizes", "hidden_sizes", "layer_sizes", "layer_widths", "hidden_dims"],
        Write("widths = [500, 200, 50]"),
    ),
    (&["iterations", "max_iter", "max_steps", "num_steps", "n_steps", "updates"], Write("steps = 1000")),
    (&["num_epochs", "n_epochs", "max_epochs"], Write("epochs = 10")),
    (&["dataset", "data_set"], Write("data = \"digits\"")),
    (
        &["test_split", "test_size", "validation_split"],
        Explained("data.validation = 0.1", "`data.test` is the fraction of the test part"),
    ),
    (&["loss_function", "loss_fn", "criterion", "objective"], Write("loss = \"cross_entropy\"")),
    (&["nonlinearity", "activation_function", "act"], Write("activation = \"relu\"")),
    (&["negative_slope", "alpha"], Write("activation = { kind = \"leaky_relu\", slope = 0.01 }")),
    (&["weight_init", "initialization", "initializer", "kernel_initializer"], Write("init = \"glorot_normal\"")),
    (&["weight_std", "init_std", "std"], Write("init = { kind = \"normal\", std = 0.01 }")),
    (&["bias_init", "initial_bias"], Write("init.bias = 0.1")),
    (&["output_init", "output.kind", "last_init"], Write("output.init = \"glorot_normal\"")),
    (&["output_gain"], Write("output.gain = 0.1")),
    (&["sigma_w"], Write("init = { kind = \"gaussian\", sigma_w = 1.0 }")),
    (&["sigma_b", "bias_std"], Write("init = { kind = \"gaussian\", sigma_b = 0.1 }")),
    (&["use_bias"], Write("bias = true")),
    (&["batchnorm", "batch_normalization", "bn"], Write("batch_norm = true")),
    (&["skip", "skip_connections", "shortcut", "resnet", "residuals"], Write("residual = true")),
    (&["highway", "gates"], Write("residual = \"highway\"")),
    (&["normalize", "standardize", "scaler"], Write("data.scaling = \"per_feature\"")),
    (
        &[
            "grad_clip",
            "gradient_clipping",
            "gradient_clip",
            "clip_norm",
            "clipnorm",
            "max_norm",
            "max_grad_norm",
            "clip_grad_norm",
        ],
        Write("clip.norm = 1.0"),
    ),
    (&["clipvalue", "clip_value", "clip_grad_value"], Write("clip.value = 1.0")),
    (&["l2_penalty", "l2_reg", "regularization", "weight_penalty", "lambda"], Write("l2 = 1e-4")),
    (&["wd"], Write("weight_decay = 1e-4")),
    (
        &["lr_schedule", "scheduler", "lr_scheduler", "lr_decay", "decay", "learning_rate_decay"],
        Write("schedule = \"cosine\""),
    ),
    (&["gamma", "lr_gamma", "schedule.gamma"], Write("schedule = { kind = \"step\", factor = 0.1 }")),
    (&["warmup", "warmup_steps", "schedule.warmup_steps"], Write("schedule.warmup = 100")),
    (&["precision", "float"], Write("dtype = \"f64\"")),
    (&["target", "tolerance", "tol"], Write("target_loss = 0.1")),
    (&["layer_norm", "layernorm", "normalization"], Write("norm = \"layer\"")),
    (&["rms_norm", "rmsnorm"], Write("norm = \"rms\"")),
    (
        &["group_norm", "weight_norm", "spectral_norm", "instance_norm"],
        Missing(
            "there are norm = \"batch\", \"layer\" and \"rms\"; to bound the gradient's norm write clip.norm = 1.0",
        ),
    ),
    (&["dropout_rate", "drop_rate", "dropout_prob", "p_dropout", "p_drop"], Write("dropout = 0.5")),
    (&["cell", "model", "architecture", "lstm"], Write("network = \"lstm\"")),
    (&["rnn"], Write("network = \"rnn\"")),
    (&["gru"], Write("network = \"gru\"")),
    (&["seq_len", "sequence_length", "length", "time_steps"], Write("data = { kind = \"adding\", length = 50 }")),
    (&["tbptt", "truncation"], Write("network = { kind = \"rnn\", bptt = 20 }")),
    (
        &["early_stopping"],
        Explained("stop.patience = 10", "a run ends after this many epochs in a row without a better validation loss"),
    ),
    (&["class_weight", "class_weights", "weighted_loss"], Write("loss.class_weights = \"balanced\"")),
    (&["sample_weight"], Missing("samples weigh by their class alone: loss.class_weights = \"balanced\", or a list")),
    (&["label_smoothing", "smoothing"], Write("loss.label_smoothing = 0.1")),
    (&["l1", "l1_penalty"], Missing("there is no L1 penalty; l2 and weight_decay shrink weights")),
    (&["device", "gpu", "cuda"], Missing("everything runs on the CPU; --jobs sets the number of cores")),
    (
        &["n_seeds", "random_state", "random_seed"],
        Missing("write seeds = 5 at the top of the file, before the first [section]"),
    ),
];

/// Values elsewhere, by the setting that has them.
pub const VALUES: &[(&str, &[Row])] = &[
    ("activation", ACTIVATIONS),
    ("output_activation", ACTIVATIONS),
    (
        "network",
        &[
            (&["cnn", "convnet", "convolutional"], Write("\"conv\"")),
            (&["dense", "fc", "fully_connected", "feedforward", "perceptron", "dnn"], Write("\"mlp\"")),
            (&["attention", "vit", "gpt", "bert"], Write("\"transformer\"")),
            (&["resnet"], Missing("write network = \"mlp\" or \"conv\", with residual = true")),
        ],
    ),
    (
        "init",
        &[
            XAVIER_NORMAL,
            XAVIER_UNIFORM,
            KAIMING_NORMAL,
            KAIMING_UNIFORM,
            LECUN,
            (&["random_normal", "truncated_normal", "randn"], Write("{ kind = \"normal\", std = 0.01 }")),
            (&["random_uniform", "rand"], Write("{ kind = \"uniform\", range = 0.05 }")),
            (&["standard"], Explained("\"uniform_fan_in\"", "weights from -1/sqrt(fan_in) to 1/sqrt(fan_in)")),
            (&["zeros", "zero"], Explained("{ kind = \"constant\", value = 0.0 }", EQUAL_WEIGHTS)),
            (&["ones", "one"], Explained("{ kind = \"constant\", value = 1.0 }", EQUAL_WEIGHTS)),
        ],
    ),
    (
        "output.init",
        &[
            XAVIER_NORMAL,
            XAVIER_UNIFORM,
            KAIMING_NORMAL,
            KAIMING_UNIFORM,
            LECUN,
            (&["zeros", "zero"], Missing("write output = { init = \"constant\", value = 0.0 }")),
            (&["random_normal", "randn"], Missing("write output = { init = \"normal\", std = 0.01 }")),
        ],
    ),
    (
        "norm",
        &[
            (&["batch_norm", "batchnorm", "bn"], Write("\"batch\"")),
            (&["layer_norm", "layernorm", "ln"], Write("\"layer\"")),
            (&["rms_norm", "rmsnorm"], Write("\"rms\"")),
            (&["group", "instance", "weight"], Missing("there are \"batch\", \"layer\" and \"rms\"")),
        ],
    ),
    (
        "loss",
        &[
            (
                &["ce", "crossentropy", "categorical_crossentropy", "nll", "log_loss", "softmax"],
                Write("\"cross_entropy\""),
            ),
            (
                &["bce", "binary_crossentropy", "bce_with_logits"],
                Explained(
                    "\"cross_entropy\"",
                    "also for two classes; \"binary_cross_entropy\" treats each output separately",
                ),
            ),
            (&["l2", "squared_error", "mean_squared_error", "quadratic"], Write("\"mse\"")),
            (&["l1", "absolute_error", "mean_absolute_error"], Write("\"mae\"")),
            (&["smooth_l1", "pseudo_huber"], Write("{ kind = \"huber\", delta = 1.0 }")),
            (&["multi_margin", "svm"], Write("\"hinge\"")),
            // Each is nearest to another loss in its letters.
            (
                &["msle", "mape", "rmse", "log_cosh", "squared_hinge", "focal", "kl_div", "poisson"],
                Missing("it is not among them; `gradsweep settings loss` shows those that are"),
            ),
        ],
    ),
    (
        "residual",
        &[
            (&["yes", "on", "true"], Write("true")),
            (&["no", "off", "false"], Write("false")),
            (&["gated", "gate"], Write("\"highway\"")),
            (&["rezero", "skipinit", "skip_init"], Write("{ form = \"pre_activation\", scale = \"learned_zero\" }")),
            (&["resnet", "preact", "pre"], Write("\"pre_activation\"")),
            (&["post"], Write("\"post_activation\"")),
        ],
    ),
    (
        "optimizer",
        &[
            (&["nag"], Write("\"nesterov\"")),
            (&["heavy_ball", "sgdm", "sgd_momentum"], Write("\"momentum\"")),
            (&["adam_w"], Write("\"adamw\"")),
            (
                &[
                    "lbfgs",
                    "l-bfgs",
                    "newton",
                    "adafactor",
                    "muon",
                    "shampoo",
                    "lamb",
                    "lars",
                    "adan",
                    "adamp",
                    "adabelief",
                    "adabound",
                    "nadamw",
                    "sgdw",
                    "yogi",
                    "sophia",
                ],
                Missing("this optimizer is not available; `gradsweep settings optimizer` lists those that are"),
            ),
        ],
    ),
    (
        "schedule",
        &[
            (&["reduce_on_plateau", "reduce_lr_on_plateau"], Write("\"plateau\"")),
            (&["inverse_square_root", "noam", "rsqrt"], Write("\"inverse_sqrt\"")),
            (&["none", "fixed"], Write("\"constant\"")),
            (&["cosine_annealing", "cosine_decay"], Write("\"cosine\"")),
            (&["multistep"], Write("{ kind = \"multi_step\", milestones = [150, 225] }")),
            (&["onecycle", "1cycle"], Write("\"one_cycle\"")),
            (&["hyperbola", "time", "1/t"], Write("\"inverse_time\"")),
            (&["warmup"], Missing("a warm-up can precede any schedule: write schedule.warmup = 100")),
        ],
    ),
    (
        "data",
        &[
            (&["mnist_1d"], Write("\"mnist1d\"")),
            (&["fashion", "fashionmnist", "fashion-mnist"], Write("\"fashion_mnist\"")),
            (
                &["cifar10", "cifar", "imagenet", "iris"],
                Missing(
                    "this data set is not available; data = { kind = \"csv\", path = \"...\" } reads a file of \
                    your own",
                ),
            ),
        ],
    ),
    ("data.scaling", SCALINGS),
    ("data.target_scaling", SCALINGS),
    ("dtype", &[(&["float32", "single"], Write("\"f32\"")), (&["float64", "double"], Write("\"f64\""))]),
    ("batch", &[(&["all", "full_batch"], Write("\"full\""))]),
];

const XAVIER_NORMAL: Row = (&["xavier", "xavier_normal", "glorot"], Write("\"glorot_normal\""));
const XAVIER_UNIFORM: Row = (&["xavier_uniform"], Write("\"glorot_uniform\""));
const KAIMING_NORMAL: Row = (&["kaiming", "kaiming_normal", "he"], Write("\"he_normal\""));
const KAIMING_UNIFORM: Row = (&["kaiming_uniform"], Write("\"he_uniform\""));
const LECUN: Row = (&["lecun"], Write("\"lecun_normal\""));

const EQUAL_WEIGHTS: &str = "equal weights stay equal during training; a random init is the usual choice";

const SCALINGS: &[Row] = &[
    (
        &["standard", "standardize", "standard_scaler", "z_score", "zscore"],
        Explained(
            "\"per_feature\"",
            "it divides each feature by its own standard deviation, as scikit-learn's StandardScaler does; \"global\", which was called \"standard\" in earlier versions, divides all features by one standard deviation",
        ),
    ),
    (&["min_max", "minmax_scaler", "range"], Write("\"minmax\"")),
];

const ACTIVATIONS: &[Row] = &[
    (&["swish"], Write("\"silu\"")),
    (&["linear", "none"], Write("\"identity\"")),
    (&["logistic", "sigm"], Write("\"sigmoid\"")),
    (&["leakyrelu", "lrelu"], Write("\"leaky_relu\"")),
    (&["hardtanh"], Write("\"hard_tanh\"")),
    (&["hardsigmoid"], Write("\"hard_sigmoid\"")),
    (&["sin", "siren"], Write("\"sine\"")),
    (
        &["crelu", "rrelu", "celu", "glu", "geglu", "swiglu", "maxout", "hardswish", "hard_swish"],
        Missing("this activation is not available; `gradsweep settings activation` lists those that are"),
    ),
    (&["softmax"], Missing("softmax is part of loss = \"cross_entropy\", and no activation: delete the line")),
];

/// What to write for a name that is no setting, given what a line of the cure becomes with the value that the name has.
pub fn setting(name: &str, with_value: impl Fn(&'static str) -> String) -> Option<String> {
    Some(find(SETTINGS, name)?.text(with_value))
}

/// The value that stands for a word that is no value of a setting, where there is one.
pub fn meant(setting: &str, word: &str) -> Option<&'static str> {
    let (_, rows) = VALUES.iter().find(|(name, _)| *name == setting)?;
    let (Write(value) | Explained(value, _)) = find(rows, word)? else { return None };
    Some(value)
}

/// What to write for a word that is no value of a setting.
pub fn value(setting: &str, word: &str) -> Option<String> {
    let (_, rows) = VALUES.iter().find(|(name, _)| *name == setting)?;
    Some(find(rows, word)?.text(|value| format!("write {setting} = {value}")))
}

fn find(rows: &[Row], name: &str) -> Option<Cure> {
    let name = name.to_lowercase();
    rows.iter().find(|(words, _)| words.contains(&name.as_str())).map(|(_, cure)| *cure)
}

impl Cure {
    fn text(self, write: impl Fn(&'static str) -> String) -> String {
        match self {
            Write(line) => write(line),
            Explained(line, what) => format!("{}; {what}", write(line)),
            Missing(nearest) => nearest.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Experiment, Overrides, settings::Registry};

    fn plans(line: &str) {
        let plan = Experiment::parse(&format!("name = \"x\"\n[base]\n{line}\n"), "x.toml", &[]);
        let plan = plan.and_then(|experiment| experiment.plan(&Overrides::default()));
        assert!(plan.is_ok(), "{line}: {}", plan.err().unwrap());
    }

    /// Of a line that should be refused.
    fn help(line: &str) -> String {
        let plan = Experiment::parse(&format!("name = \"x\"\n[base]\n{line}\n"), "x.toml", &[]);
        plan.err().unwrap_or_else(|| panic!("{line} is understood")).help
    }

    #[test]
    fn every_name_is_refused_with_its_cure_and_every_cure_can_be_written() {
        for (names, cure) in SETTINGS {
            for name in *names {
                assert!(Registry::get().find(name).is_none(), "{name} is a setting");
                // No setting holds a date, so that the cure keeps its example.
                assert_eq!(help(&format!("{name} = 1999-12-31")), cure.text(|line| format!("write {line}")), "{name}");
            }
            if let Write(line) | Explained(line, _) = cure {
                plans(line);
            }
        }
    }

    #[test]
    fn a_renamed_setting_keeps_the_value_that_was_typed() {
        for (typed, cure) in [
            ("use_bias = false", "write bias = false"),
            ("scheduler = \"plateau\"", "write schedule = \"plateau\""),
            ("weight_init = \"orthogonal\"", "write init = \"orthogonal\""),
            ("weight_init = \"xavier\"", "write init = \"glorot_normal\""),
            ("model = \"cnn\"", "write network = \"conv\""),
            ("hidden = 20", "write width = 20;"),
            ("batch_size = 8", "write batch = 8"),
            ("sgd_momentum = 0.8", "write optimizer = { kind = \"momentum\", momentum = 0.8 }"),
            ("highway = false", "write residual = false"),
            ("layernorm = false", "delete the line, or write norm = \"layer\""),
            ("learning_rate = \"auto\"", "write optimizer.lr = 0.01"),
        ] {
            let help = help(typed);
            assert!(help.starts_with(cure), "{typed}: {help}");
        }
        let axis = Experiment::parse("name = \"x\"\n[axes]\nlearning_rate = [0.1, 1]\n", "x.toml", &[]).err().unwrap();
        assert_eq!(axis.help, "write optimizer.lr = [0.1, 1]");
    }

    #[test]
    fn every_value_is_refused_with_its_cure_and_every_cure_can_be_written() {
        for (setting, rows) in VALUES {
            for (words, cure) in *rows {
                for word in *words {
                    let cure = cure.text(|value| format!("write {setting} = {value}"));
                    assert_eq!(help(&format!("{setting} = \"{word}\"")), cure, "{setting} {word}");
                }
                if let Write(line) | Explained(line, _) = cure {
                    plans(&format!("{setting} = {line}"));
                }
            }
        }
    }
}
