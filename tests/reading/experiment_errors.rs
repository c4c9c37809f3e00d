//! Wrong experiments: each is told what is wrong, where, and what to write instead, word for word.

use gradsweep::experiment::{Experiment, ExperimentError, Overrides};
use gradsweep::figure::kinds::FACTS;

fn problem(text: &str) -> ExperimentError {
    match Experiment::parse(text, "x.toml", FACTS).and_then(|e| e.plan(&Overrides::default())) {
        Ok(plan) => panic!("{} cells were planned from\n{text}", plan.cells.len()),
        Err(problem) => problem,
    }
}

const NOTHING: &str = "the experiment does not say what to train: it has no setting and no axis";
const SOMETHING: &str = "write at least one setting, such as depth = 8 below [base]; `gradsweep init` writes a complete experiment to start from";

/// The text, `line:column`, the message, the cure.
#[rustfmt::skip]
const WRONG: &[(&str, &str, &str, &str)] = &[
("", "1:1", NOTHING, SOMETHING),
("[base]\nnetwork = { kind = \"transformer\", read_out = \"cls\" }", "2:46", "`network.read_out` cannot be \"cls\"", "choose one of `last`, `mean`, `every`, `class_token`"),
("[base]\nnetwork = { kind = \"transformer\", positions = \"sinusoidal\" }\ninit.positions = 0.1\ndata = { kind = \"digits\", as = \"rows\" }", "3:18", "`init.positions` acts on learned positions and on the class token, but this network has neither", "delete the line, or write network.positions = \"learned\""),
("[base]\nnetwork = { kind = \"lstm\", hidden_size = 8 }", "2:28", "unknown setting `network.hidden_size`", "write width = 8; layers of different widths are widths = [500, 200, 50]"),
("\n# depth = 8\n", "1:1", NOTHING, SOMETHING),
("[base]\n[axes]", "1:1", NOTHING, SOMETHING),
("name = \"x\"\nseeds = 3\n[record]\nprobe = 8", "1:1", NOTHING, SOMETHING),
(r#"[base]
optimizer = { kind = "sgd", lr = -0.1 }"#, "2:34", r#"`optimizer.lr` must be a number above 0, but is -0.1"#, r#"write a number above 0, for example 0.1"#),
(r#"[base]
detph = 3"#, "2:1", r#"unknown setting `detph`"#, r#"did you mean `depth`?"#),
(r#"[base]
lr = 3"#, "2:1", r#"unknown setting `lr`"#, r#"did you mean `optimizer.lr`?"#),
(r#"[base]
frobnicate = 1"#, "2:1", r#"unknown setting `frobnicate`"#, r#"the settings are `data`, `function`, `network`, `depth`, `width`, `widths`, `bias`, `norm`, `dropout`, `residual`, `init`, `output`, `activation`, `output_activation`, `loss`, `batch`, `steps`, `epochs`, `target_loss`, `stop`, `stop_at_target`, `score`, `dtype`, `optimizer`, `l2`, `weight_decay`, `decay_all`, `clip`, `schedule`, with their options; `gradsweep settings` prints all"#),
(r#"[base]
optimizer.foo = 1"#, "2:11", r#"unknown setting `optimizer.foo`"#, r#"the options of `optimizer` are `optimizer.kind`, `optimizer.lr`, `optimizer.momentum`, `optimizer.centered`, `optimizer.rho`, `optimizer.beta1`, `optimizer.beta2`, `optimizer.eps`, `optimizer.momentum_decay`, `optimizer.shrink`, `optimizer.grow`, `optimizer.min_step`, `optimizer.max_step`"#),
(r#"width = 3"#, "1:1", r#"`width` is not a key at the top of the file"#, r#"put it under [base]"#),
(r#"depth = [1, 2]"#, "1:1", r#"`depth` is not a key at the top of the file"#, r#"put it under [axes]"#),
(r#"[base]
depth = [1,2]"#, "2:9", r#"`depth` takes one value here, but is a list"#, r#"several values form an axis: write the list or range under [axes]"#),
(r#"[base]
depth = "two""#, "2:9", r#"`depth` must be an integer from 0 to 10000, but is "two""#, r#"write an integer from 0 to 10000, for example 8"#),
(r#"[base]
depth = 1e1"#, "2:9", r#"`depth` must be an integer from 0 to 10000, but is 1e1"#, r#"write 10, without a decimal point or exponent"#),
(r#"[base]
activation = "rleu""#, "2:14", r#"`activation` cannot be "rleu""#, r#"did you mean `relu`?"#),
(r#"[base]
activation = "xyz""#, "2:14", r#"`activation` cannot be "xyz""#, r#"choose one of `identity`, `sigmoid`, `tanh`, `hard_tanh`, `softsign`, `softplus`, `relu`, `leaky_relu`, `elu`, `selu`, `gelu`, `silu`, `mish`, `erf`, `relu6`, `hard_sigmoid`, `sine`, `prelu`"#),
(r#"[base]
seeds = 3"#, "2:1", r#"unknown setting `seeds`"#, r#"`seeds` belongs at the top of the file, before the first [section]"#),
(r#"seeds = 0"#, "1:9", r#"`seeds` must be an integer from 1 to 10000, but is 0"#, r#"write an integer from 1 to 10000"#),
(r#"[axes]
depth = []"#, "2:9", r#"the axis `depth` is empty"#, r#"give it at least one value, or delete the line"#),
(r#"[axes]
depth = [2, 4, 2]"#, "2:16", r#"the axis `depth` holds 2 twice"#, r#"every point of an axis must differ; delete one"#),
(r#"[axes]
depth = 8"#, "2:9", r#"the axis `depth` needs a list or a range, but is 8"#, r#"write depth = [8], or put a fixed value under [base]"#),
(r#"[axes]
optimizer.lr = { log = [0, 1], n = 3 }"#, "2:24", r#"both ends of a log range must be above 0"#, r#"0 has no logarithm: start above 0, and add 0 with an [[include]] if needed"#),
(r#"[axes]
optimizer.lr = { log = [1e-3, 1], points = 3 }"#, "2:35", r#"a range with `log` has no `points`"#, r#"a range is { log = [1e-4, 1e-1], n = 4 }, { lin = [0, 1], n = 5 } or { from = 1, to = 9, step = 2 }, ends included"#),
(r#"[axes]
optimizer.lr = { log = [1e-3, 1] }"#, "2:16", r#"the range of `optimizer.lr` lacks `n`"#, r#"a range is { log = [1e-4, 1e-1], n = 4 }, { lin = [0, 1], n = 5 } or { from = 1, to = 9, step = 2 }, ends included"#),
(r#"[axes]
depth = { from = 1, to = 10, step = 4 }"#, "2:9", r#"steps of 4 do not reach 10 exactly from 1"#, r#"a range includes both ends: write to = 9 or to = 13, or another step"#),
(r#"[axes]
width = { log = [2, 4], n = 5 }"#, "2:9", r#"the range of `width` holds 2 twice"#, r#"its points round to the same whole numbers; write a smaller n"#),
(r#"[axes]
depth = [2, 4]
[variants.a]
depth = 3"#, "4:9", r#"`depth` is set by two axes, `depth` and `variant`"#, r#"let one axis set it, or combine the two in a [zip.NAME]"#),
(r#"[axes]
activation.kind = ["relu", "leaky_relu"]
activation.slope = [0.1, 0.2]"#, "3:21", r#"`activation.slope` does not apply where `activation` is "relu""#, r#"it belongs to leaky_relu, prelu; leave the other combinations out with [[exclude]], or set both in one variant"#),
(r#"[axes]
activation = ["relu", "leaky_relu"]
[variants.a]
activation.slope = 0.1"#, "4:20", r#"`activation.slope` does not apply where `activation` is "relu""#, r#"it belongs to leaky_relu, prelu; leave the other combinations out with [[exclude]], or set both in one variant"#),
(r#"[base]
activation.slope = 0.1"#, "2:20", r#"`activation.slope` does not apply where `activation` is "tanh""#, r#"it belongs to leaky_relu, prelu; choose one of those, or delete it"#),
(r#"[variants.a]
[variants.b]
bias = true"#, "2:11", r#"two cells are equal: (variant = a) and (variant = b)"#, r#"the same runs would be counted twice: delete one, or leave it out with [[exclude]]"#),
(r#"[base]
steps = 3
epochs = 3"#, "3:10", r#"`steps` and `epochs` are both given, but each of them alone sets how long a run is"#, r#"keep one of the two"#),
(r#"[variants.a]
steps = 3
[zip.b]
epochs = [3]"#, "4:11", r#"`epochs` is set by two axes, `variant` and `b`"#, r#"let one axis set it, or combine the two in a [zip.NAME]"#),
(r#"[zip.b]
batch = [32, 64]
steps = [3]"#, "3:1", r#"`zip.b` needs lists of equal length, but `batch` has 2 and `steps` has 1"#, r#"make them equally long, or move one of them to [axes] to have all combinations"#),
(r#"[zip.depth]
batch = [32, 64]"#, "1:6", r#"`depth` is already a column of the results"#, r#"give the zip a name of its own, such as [zip.budget]"#),
(r#"[base]
batch = 32
[[optimizer]]
kind = "gd""#, "2:9", r#"`gd` uses the whole training set, which contradicts a `batch` of fewer rows"#, r#"gd uses the whole training set: delete `batch` or write batch = "full" (an [[optimizer]] may set it); for smaller batches use sgd"#),
(r#"[base]
batch = 1
batch_norm = true"#, "2:9", r#"norm = "batch" needs batches of at least 2"#, r#"a batch of 1 has no variance: write batch >= 2, norm = "layer" or "rms", or leave the combination out with [[exclude]]"#),
(r#"[base]
stop_at_target = true"#, "2:18", r#"`stop_at_target` needs a `target_loss`"#, r#"write target_loss = 0.01, or another loss"#),
(r#"[[optimizer]]
kind = "adam"
[[optimizer]]
kind = "adam"
lr = 0.1"#, "3:1", r#"two optimizers have the name `adam`"#, r#"give each a `name` of its own"#),
(r#"[[optimizer]]
lr = 0.1"#, "1:1", r#"this [[optimizer]] has no `kind`"#, r#"write kind = "adam", or another of gd, sgd, momentum, nesterov, adagrad, adadelta, rmsprop, adam, amsgrad, adamw, adamax, nadam, radam, lion, rprop"#),
(r#"[optimizer]
kind = "adam""#, "1:1", r#"`optimizer` must be a list of tables, but is a table"#, r#"write [[optimizer]] on a line of its own, once for each, and its keys below"#),
(r#"[[exclude]]
depth = 3"#, "1:1", r#"this [[exclude]] matches no cell"#, r#"all its keys have to match the same cell; correct it or delete it"#),
(r#"[axes]
depth = [1, 2]
[[exclude]]
depth = [1, 2]"#, "3:1", r#"no cell is left: [[exclude]] leaves out all of them"#, r#"name more keys, which must all match, or fewer values"#),
(r#"[variants.plain]
[[exclude]]
variant = "plian""#, "3:11", r#"the axis `variant` has no `plian`"#, r#"did you mean `plain`?"#),
(r#"[[exclude]]
varaint = "plian""#, "2:1", r#"there is no axis and no setting `varaint`"#, r#"the settings are `data`, `function`, `network`, `depth`, `width`, `widths`, `bias`, `norm`, `dropout`, `residual`, `init`, `output`, `activation`, `output_activation`, `loss`, `batch`, `steps`, `epochs`, `target_loss`, `stop`, `stop_at_target`, `score`, `dtype`, `optimizer`, `l2`, `weight_decay`, `decay_all`, `clip`, `schedule`, with their options; `gradsweep settings` prints all"#),
(r#"[axes]
depth = {from = 1, to = 1000, step = 1}
width = {from = 1, to = 10000, step = 1}"#, "3:1", r#"the grid has 1000 depth x 10000 width x 1 seeds = 10000000 runs, more than 200000"#, r#"shorten the axes, or divide them among several experiments"#),
(r#"name = "../x""#, "1:8", r#""../x" cannot be the name of a results folder"#, r#"write name = "..." with letters, digits, `_`, `-` and `.`, at most 100, starting with a letter or digit"#),
(r#"[base]
data = "points""#, "2:8", r#""points" needs `data.x`"#, r#"write data.x = ..., rows of numbers, as in [[1.0, 2.0], [3.0, 4.0]]"#),
(r#"[base]
data = {kind = "points", x = [1,2], y = [1]}"#, "2:41", r#"`data.x` has 2 rows, but `data.y` has 1"#, r#"write one row of inputs and one row of targets for every sample"#),
(r#"[base]
data = {kind = "points", x = [[1,2],[1]], y = [1]}"#, "2:30", r#"`data.x` must be rows of numbers, as in [[1.0, 2.0], [3.0, 4.0]], but is [[1,2],[1]]"#, r#"write rows of numbers, as in [[1.0, 2.0], [3.0, 4.0]]"#),
(r#"[base]
residual = true
residual.scale = 1"#, "3:1", r#"cannot extend value of type boolean with a dotted key"#, r#"put the dotted key in quotes, since the shorter key is also given: residual = true and "residual.scale" = 1"#),
(r#"[base]
norm = "layer" # of each row
norm.affine = false"#, "3:1", r#"cannot extend value of type string with a dotted key"#, r#"put the dotted key in quotes, since the shorter key is also given: norm = "layer" and "norm.affine" = false"#),
(r#"[base"#, "1:6", r#"unclosed table, expected `]`"#, r#"close it: a quote or bracket has to be closed before the next key or [section]"#),
(r#"[base]
activation = relu"#, "2:14", r#"this word has no quotes"#, r#"write words in quotes, as in activation = "relu""#),
(r#"[base]
depth = 1
depth = 2"#, "3:1", r#"this name is already given above"#, r#"merge the two keys or [sections], or delete one"#),
(r#"[base]
depth = 2
[[claim]]
says = "above {over}"
metric = "train_loss"
expect = { above = 1 }"#, "4:8", r#"{over} in this sentence stands for no number of the claim"#, r#"write {above} for a number of `expect`, or leave out the braces"#),
(r#"[[claim]]
says = "x""#, "1:1", r#"this [[claim]] has no `metric`"#, r#"write metric = "...", a column of runs.csv, such as "train_loss""#),
(r#"[[figure]]
kind = "lr_sensitivity""#, "1:1", r#"a lr_sensitivity needs an axis `optimizer.lr`, but this experiment has none"#, r#"name another axis as `x`"#),
(r#"[axes]
activation = ["relu", "tanh"]
[[figure]]
kind = "lr_sensitivity"
x = "activation""#, "5:5", r#"`activation` is the x axis of this lr_sensitivity, but not all of its values are numbers"#, r#"give it several numbers, or name another axis as `x`"#),
(r#"[[figure]]
kind = "best_of_tries""#, "1:1", r#"a best_of_tries needs `tune`"#, r#"name the axes whose values are the tries, as in tune = "optimizer.lr""#),
(r#"[[figure]]
kind = "performance_profile""#, "1:1", r#"a performance_profile needs `color`"#, r#"name the axis whose values are compared, as in color = "optimizer""#),
(r#"[[figure]]
kind = "layer_lines"
color = "depth""#, "3:1", r#"a figure of kind layer_lines has no key `color`"#, r#"use `facet` for one panel per label, or `where` to fix it"#),
(r#"[[figure]]
kind = "percentiles""#, "1:1", r#"percentiles shows distributions, which this experiment does not record"#, r#"write distributions = true under [record]"#),
(r#"[[figure]]
kind = "along_input""#, "1:1", r#"along_input shows the gradient along the input, which this experiment does not record"#, r#"write along_input = true under [record]"#),
(r#"[[figure]]
kind = "curves"
metric = "sharpness""#, "1:1", r#"`sharpness` is not measured by this experiment"#, r#"write sharpness = true under [record]"#),
(r#"[[claim]]
says = "x"
metric = { table = "layers", column = "jacobian_max", step = "first", layer = 1 }
expect = { above = 1 }"#, "3:10", r#"`jacobian_max` is not measured by this experiment"#, r#"write jacobian = true under [record]"#),
(r#"[base]
function = "beale"
[record]
sharpness = true"#, "4:1", r#"`record.sharpness` is for networks, but every run here minimizes a function"#, r#"delete the line"#),
(r#"[base]
init = "gaussian"
[axes]
init.sigma_w = [1, 2]
[[figure]]
kind = "phase_diagram""#, "5:1", r#"a phase_diagram needs the axes `init.sigma_w` and `init.sigma_b`, of several numbers each"#, r#"write init.sigma_b = [...] under [axes], or draw another kind"#),
(r#"[[figure]]
kind = "curves"
epochs = true
x_scale = "log""#, "4:1", r#"epochs are drawn on a linear scale"#, r#"delete the line"#),
(r#"[[figure]]
kind = "percentiles"
reference = { name = "bound", value = 1 }"#, "3:1", r#"a figure of kind percentiles has no key `reference`"#, r#"delete the line"#),
(r#"[axes]
depth = [1, 2]
[[figure]]
kind = "loss_by_depth"
reference = { name = "bound" }"#, "5:13", r#"this reference of a figure has no `value`"#, r#"write reference = { name = "bound", value = 0.6 }, or a list of such tables"#),
(r#"[[figure]]
kind = "curves"
metric = "train_loss"
reference = { name = "bound", value = 0 }"#, "4:13", r#"a logarithmic scale cannot show a line at 0"#, r#"write a value above 0, or scale = "linear""#),
(r#"[[figure]]
kind = "curves"
reference = 0.5"#, "3:13", r#"`reference` must be a table, but is 0.5"#, r#"write reference = { name = "bound", value = 0.6 }, or a list of such tables"#),
(r#"[[figure]]
kind = "curves"
reference = [{ name = "law", value = 1, factor = -2 }]"#, "3:50", r#"`factor` must be above 0, but is -2"#, r#"write a factor such as 0.98"#),
(r#"[axes]
activation = ["tanh", "relu"]
[[figure]]
kind = "loss_by_depth"
x = "activation"
reference = { name = "law", value = 1, slope = 2 }"#, "6:13", r#"the values along x are names, over which a line can only have one height"#, r#"delete factor, power and slope"#),
(r#"[axes]
activation = ["tanh", "relu"]
depth = [1, 2]
[[figure]]
kind = "loss_by_depth"
over = "activation"
reference = { name = "bound", value = 1, where = { activation = "tanh" } }"#, "7:13", r#"`activation` is neither `color` nor `facet` of this figure"#, r#"name a label of `color` or `facet`, or delete `where`"#),
(r#"[base]
network = "rnn"
[[figure]]
kind = "gradient_heatmap"
metric = "update_ratio"
axes = "step_time""#, "5:1", r#"`update_ratio` is not measured at each time step"#, r#"choose one of stream_rms, stream_norm, delta_rms, correlation, activation_mean, activation_std, output_rms, saturated, inactive, dead, state_rms, or delete `axes`"#),
(r#"[base]
depth = 2
[[claim]]
says = "The gradient is there"
metric = { table = "layers", column = "stream_rms", step = "first", layer = 9 }
expect = { above = 0 }"#, "5:10", r#"this claim is about layer 9, but a net that it selects has no more than 2"#, r#"write a layer of these nets or "last", or select deeper nets with `where`"#),
(r#"[[figure]]
kind = "steps_to_target"
metric = "train_loss""#, "3:1", r#"a figure of kind steps_to_target has no key `metric`"#, r#"delete the line"#),
(r#"[[figure]]
kind = "attenuation_over_training"
step = "last""#, "3:1", r#"a figure of kind attenuation_over_training has no key `step`"#, r#"delete the line"#),
(r#"[axes]
optimizer.lr = [0.1, 0.2]
[[figure]]
kind = "curves"
color = "optimizer.lr"
tune = "optimizer.lr""#, "6:8", r#"this figure uses the axis `optimizer.lr` twice"#, r#"use a different axis for each of x, y, color, facet, over and tune"#),
(r#"[[figure]]
kind = "curvs""#, "2:8", r#"there is no kind of figure "curvs""#, r#"did you mean `curves`?"#),
(r#"[axes]
depth = [1,2]
[[figure]]
kind = "curves""#, "3:1", r#"this figure does not say what to do with the axis `depth` (1, 2)"#, r#"fix it: where = { depth = 1 }; show it: facet or color = "depth"; or show its best label: tune = ["depth"]; or pool it: over = ["depth"]"#),
(r#"[axes]
depth = [1,2]
[[figure]]
kind = "curves"
color = "dept""#, "5:9", r#"`dept` is not an axis of this experiment"#, r#"did you mean `depth`?"#),
(r#"[axes]
depth = [1,2]
[[figure]]
kind = "curves"
where = { depth = 3 }"#, "5:19", r#"the axis `depth` has no `3`"#, r#"choose one of `1`, `2`"#),
(r#"[[figure]]
kind = "loss_by_depth""#, "1:1", r#"a loss_by_depth needs an axis `depth`, but this experiment has none"#, r#"name another axis as `x`"#),
(r#"[[figure]]
kind = "curves"
theory = true"#, "3:1", r#"there is no prediction for a figure of kind curves"#, r#"delete the line, or draw one of gradient_by_layer, gradient_by_time, attenuation_by_depth, heat_map"#),
(r#"[[figure]]
kind = "gradient_by_layer"
metric = "weight_grad_rms"
theory = true"#, "3:1", r#"there is no prediction for `weight_grad_rms`"#, r#"choose one of stream_rms, stream_norm, delta_rms, or delete `theory`"#),
(r#"[axes]
depth = [1,2]
[[figure]]
kind = "attenuation_by_depth"
metric = "train_loss"
theory = true"#, "5:1", r#"there is no prediction for `train_loss`"#, r#"choose one of attenuation_total_init, attenuation_init, attenuation_delta_init, attenuation_total_end, attenuation_end, attenuation_time_total_init, attenuation_time_init, attenuation_time_total_end, attenuation_time_end, or delete `theory`"#),
(r#"[[figure]]
kind = "gradient_by_layer"
theory = 1"#, "3:10", r#"`theory` must be true or false, but is 1"#, r#"write theory = true, or delete the line"#),
(r#"[[figure]]
kind = "curves"
metric = "train_los""#, "3:10", r#"`metric` of this figure cannot be "train_los""#, r#"did you mean `train_loss`?"#),
(r#"[record]
gradients = 3"#, "2:13", r#"`record.gradients` must be a table, but is 3"#, r#"write { at = "log", points = 20 }, { at = [0, 10, 100] } or { every = 50 }"#),
(r#"[record]
gradients = { at = "lin" }"#, "2:20", r#"`at` must be "log" or a list of steps, but is "lin""#, r#"write { at = "log", points = 20 }, { at = [0, 10, 100] } or { every = 50 }"#),
(r#"[record]
probes = 3"#, "2:1", r#"unknown key of [record] `probes`"#, r#"did you mean `probe`?"#),
(r#"axes = 3"#, "1:8", r#"`axes` must be a table, but is a number"#, r#"write [axes] on a line of its own and its keys below"#),
(r#"[base]
data = { kind = "mnist1d", n = 5 }"#, "2:32", r#"`data.n` of mnist1d must be an integer from 10 to 10000000, but is 5"#, r#"write an integer from 10 to 10000000"#),
(r#"[base]
optimizer.lr = inf"#, "2:16", r#"`optimizer.lr` must be a number above 0, but is inf"#, r#"write a number above 0, for example 0.1"#),
(r#"[base]
clip = 1.0"#, "2:1", r#"unknown setting `clip`"#, r#"the options of `clip` are `clip.norm`, `clip.value`"#),
(r#"[base]
residual = {scale = 1}"#, "2:21", r#"`residual.scale` does not apply where `residual` is "none""#, r#"it belongs to post_activation, pre_activation; choose one of those, or delete it"#),
(r#"[variants]"#, "1:2", r#"the axis `variants` is empty"#, r#"write [variants.NAME] sections, or delete it"#),
(r#"[figures]"#, "1:2", r#"`figures` can only be "default""#, r#"write figures = "default", and a [[figure]] for each of your own"#),
(r#"[base]
weight_decay.x = 1"#, "2:1", r#"`weight_decay` must be a number, at least 0, but is a table"#, r#"write a number, at least 0, for example 0"#),
(r#"[base]
optimizer = { kind = "adamw", weight_decay = 0.1 }"#, "2:31", r#"unknown setting `optimizer.weight_decay`"#, r#"did you mean `weight_decay`?"#),
(r#"[base]
schedule = { kind = "cosine", final = 2 }"#, "2:39", r#"`schedule.final` must be a number above 0, at most 1 (exponential) or a number from 0 to 1 (plateau) or a number from 0 to 1 (polynomial, linear, cosine) or a number from 0 to 1 (one_cycle), but is 2"#, r#"write a number above 0, at most 1 (exponential) or a number from 0 to 1 (plateau) or a number from 0 to 1 (polynomial, linear, cosine) or a number from 0 to 1 (one_cycle), for example 0.01"#),
(r#"[axes]
residual = [true, "pre_activation"]"#, "2:19", r#"the axis `residual` holds pre_activation twice"#, r#"every point of an axis must differ; delete one"#),
(r#"[base]
batch = 64.5"#, "2:9", r#"`batch` must be an integer from 1 to 100000000, or "full", but is 64.5"#, r#"write an integer from 1 to 100000000, or "full", for example 64"#),
(r#"[base]
batch = "ful""#, "2:9", r#"`batch` must be an integer from 1 to 100000000, or "full", but is "ful""#, r#"write an integer from 1 to 100000000, or "full", for example 64"#),
(r#"[base]
data = { kind = "csv", path = "x.csv", sequence = 1 }"#, "2:51", r#"`data.sequence` must be a text, but is 1"#, r#"write "1""#),
(r#"question = 3"#, "1:12", r#"`question` must be a text, but is a number"#, r#"write question = "...""#),
(r#"seeds = 10001"#, "1:9", r#"`seeds` must be an integer from 1 to 10000, but is 10001"#, r#"write an integer from 1 to 10000"#),
(r#"[base]
record = 3"#, "2:1", r#"unknown setting `record`"#, r#"`record` is a [section] of its own"#),
(r#"[axes]
depth = [2, "x"]"#, "2:13", r#"`depth` must be an integer from 0 to 10000, but is "x""#, r#"write an integer from 0 to 10000, for example 8"#),
(r#"[axes]
activation = [{ slope = 0.1 }]"#, "2:15", r#"this point of `activation` lacks its `kind`"#, r#"write { kind = "...", ... }"#),
(r#"[base]
schedule.final = -1"#, "2:18", r#"`schedule.final` must be a number above 0, at most 1 (exponential) or a number from 0 to 1 (plateau) or a number from 0 to 1 (polynomial, linear, cosine) or a number from 0 to 1 (one_cycle), but is -1"#, r#"write a number above 0, at most 1 (exponential) or a number from 0 to 1 (plateau) or a number from 0 to 1 (polynomial, linear, cosine) or a number from 0 to 1 (one_cycle), for example 0.01"#),
(r#"[axes]
optimizer.lr = { lin = [-1, 1], n = 3 }"#, "2:16", r#"`optimizer.lr` must be a number above 0, but this range contains -1"#, r#"choose the ends of the range accordingly"#),
(r#"[[figure]]
kind = "gradient_heatmap"
color = "depth""#, "3:1", r#"a figure of kind gradient_heatmap has no key `color`"#, r#"use `facet` for one panel per label, or `where` to fix it"#),
(r#"[[figure]]
kind = "curves"
[[figure]]
kind = "curves""#, "3:1", r#"two figures would be written to the file `curves`"#, r#"give each a `name` of its own"#),
(r#"[base]
data = 1979-05-27"#, "2:8", r#"`data` must be one of "digits", "spirals", "teacher", "mnist1d", "points", "mnist", "fashion_mnist", "idx", "csv", "adding", "parity", "lag", "copy_memory", but is 1979-05-27"#, r#"write one of "digits", "spirals", "teacher", "mnist1d", "points", "mnist", "fashion_mnist", "idx", "csv", "adding", "parity", "lag", "copy_memory", for example "digits""#),
(r#"[base]
depth = 99999999999999999999"#, "2:9", r#"`depth` must be an integer from 0 to 10000, but is 99999999999999999999"#, r#"write an integer from 0 to 10000, for example 8"#),
(r#"[variants.a]
depth = [2, 4]"#, "2:9", r#"`depth` takes one value here, but is a list"#, r#"several values form an axis: write the list or range under [axes]"#),
(r#"[[exclude]]"#, "1:1", r#"this [[exclude]] would leave out every cell"#, r#"name the cells to leave out, as in depth = 2, or delete this section"#),
(r#"[axes]
depth = [1, 2]
[[exclude]]
depth = []"#, "4:9", r#"`depth` selects nothing, since the list is empty"#, r#"write a value or a list of values, or delete the line"#),
(r#"[[exclude]]
depth = 0.5"#, "2:9", r#"`depth` is never 0.5"#, r#"write an integer from 0 to 10000"#),
(r#"[axes]
optimizer.lr = { from = 0.1, to = 1e9, step = 0.1 }"#, "2:16", r#"the range of `optimizer.lr` has more than 100000 points"#, r#"a range is { log = [1e-4, 1e-1], n = 4 }, { lin = [0, 1], n = 5 } or { from = 1, to = 9, step = 2 }, ends included"#),
(r#"[variants.""]"#, "1:11", r#"this name is empty, too long or not printable"#, r#"it appears in legends: write a short text on one line"#),
(r#"[axes]
activation = ["sigmoid", "tanh"]
depth = [1, 2]
[[exclude]]
activation = "tanh"
depth = 2
[[figure]]
kind = "curves"
where = { activation = "tanh", depth = 2 }"#, "7:1", r#"`where` of this figure selects nothing"#, r#"no cell matches all of these (some may be left out by [[exclude]]); choose other values"#),
(r#"[axes]
l2 = [0, 0.1]
[[figure]]
kind = "gradient_by_layer"
over = "l2""#, "5:8", r#"`l2` has no effect at the first step, so pooling it would count equal values several times"#, r#"fix it instead: where = { l2 = ... }"#),
(r#"[axes]
depth = [1, 2]
[[figure]]
kind = "loss_by_depth"
color = "depth""#, "5:9", r#"this figure uses the axis `depth` twice"#, r#"use a different axis for each of x, y, color, facet, over and tune"#),
(r#"[axes]
depth = [1, 2]
[[figure]]
kind = "curves"
color = "depth"
over = "depth""#, "6:8", r#"this figure uses the axis `depth` twice"#, r#"use a different axis for each of x, y, color, facet, over and tune"#),
(r#"[axes]
depth = [1, 2]
width = [3, 4]
bias = [true, false]
[[figure]]
kind = "curves"
facet = ["depth", "width", "bias"]"#, "7:28", r#"`facet` names 3 axes"#, r#"name at most two, the rows and the columns; fix the others with `where`"#),
(r#"[[figure]]
kind = "gradient_by_layer"
metric = "update_ratio"
step = "last""#, "1:1", r#"no update follows the last step, so `update_ratio` has no value there"#, r#"write step = "first", or draw it as a gradient_heatmap"#),
(r#"[axes]
optimizer = [{ kind = "adam", lr = 0.1 }, { kind = "adam", lr = 0.2 }]"#, "2:43", r#"the axis `optimizer` holds adam twice"#, r#"the name of a point is its `kind`: give each a name of its own, as [variants] a = { optimizer = { ... } }, or as [[optimizer]] with a `name`"#),
];

#[test]
fn every_wrong_input_is_named_placed_and_cured() {
    for (text, position, message, help) in WRONG {
        let problem = problem(text);
        let at = problem.at.as_ref().unwrap_or_else(|| panic!("no place for\n{text}")).position();
        assert_eq!(
            (at.as_str(), problem.message.as_str()),
            (format!("x.toml:{position}").as_str(), *message),
            "\n{text}"
        );
        assert_eq!(problem.help, *help, "\n{text}");
    }
}

#[test]
fn the_whole_message_reads_like_this() {
    let text = "[base]\noptimizer = { kind = \"sgd\", lr = -0.1 }\n";
    let expected = r#"error: `optimizer.lr` must be a number above 0, but is -0.1
 --> x.toml:2:34
  |
2 | optimizer = { kind = "sgd", lr = -0.1 }
  |                                  ^^^^ here
help: write a number above 0, for example 0.1"#;
    assert_eq!(problem(text).to_string(), expected);
}

#[test]
fn two_places_are_both_shown() {
    let text = "[axes]\nactivation = [\"relu\", \"leaky_relu\"]\n[variants.a]\nactivation.slope = 0.1\n";
    let expected = r#"error: `activation.slope` does not apply where `activation` is "relu"
 --> x.toml:4:20
  |
4 | activation.slope = 0.1
  |                    ^^^ here
also:
 --> x.toml:2:15
  |
2 | activation = ["relu", "leaky_relu"]
  |               ^^^^^^ here
help: it belongs to leaky_relu, prelu; leave the other combinations out with [[exclude]], or set both in one variant"#;
    assert_eq!(problem(text).to_string(), expected);
}

#[test]
fn ten_million_cells_are_refused_at_once() {
    let axis = |key: &str| format!("{key} = {{ from = 1, to = 10000, step = 1 }}\n");
    let text = format!("[axes]\n{}{}{}", axis("depth"), axis("width"), axis("batch"));
    let start = std::time::Instant::now();
    assert!(problem(&text).message.contains("1000000000000 runs"), "{}", problem(&text));
    assert!(start.elapsed().as_secs_f64() < 2.0);
}

#[test]
fn deep_nesting_is_an_error_and_not_a_crash() {
    let n = 100_000;
    for text in [
        format!("[base]\ndepth = {}", "[".repeat(n)),
        format!("[base]\ndata.x = {}{}", "[".repeat(n), "]".repeat(n)),
        format!("[[exclude]]\n{}a = 1", "a.".repeat(n)),
        format!("[{}a]\n", "a.".repeat(n)),
        format!("[base]\noptimizer = {}", "{ a = ".repeat(n)),
    ] {
        assert!(!problem(&text).message.is_empty());
    }
}
