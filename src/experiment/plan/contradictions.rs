//! Settings of one cell that contradict each other, although each of them lies in its range.

use crate::setting::{Settings, Value};
use crate::table::number;
use crate::{model, optim, schedule};

/// Two settings that contradict each other.
pub(super) struct Contradiction {
    /// The one to change first, then the one it contradicts; twice the same where something is missing beside it.
    pub keys: [&'static str; 2],
    pub message: String,
    pub help: &'static str,
}

/// The first contradiction in the settings of a cell.
pub(super) fn contradiction(settings: &Settings) -> Option<Contradiction> {
    let found = |keys, message: &str, help| Some(Contradiction { keys, message: message.into(), help });
    let rule = settings.text("optimizer.kind");
    if rule == Some("gd") && settings.int("batch").is_some() {
        let help = "gd uses the whole training set: delete `batch` or write batch = \"full\" (an [[optimizer]] may set it); for smaller batches use sgd";
        return found(
            ["batch", "optimizer.kind"],
            "`gd` uses the whole training set, which contradicts a `batch` of fewer rows",
            help,
        );
    }
    if rule == Some("rprop") {
        let is_constant = settings.text("schedule") == Some("constant");
        if !is_constant || settings.int("schedule.warmup") > Some(0) {
            let key = if is_constant { "schedule.warmup" } else { "schedule" };
            let help = "use no schedule and no warm-up with rprop, or leave the combination out with [[exclude]]";
            let message = "`rprop` adapts its own step sizes: a schedule of the learning rate would have no effect";
            return found([key, "optimizer.kind"], message, help);
        }
        let (least, most) = ("optimizer.min_step", "optimizer.max_step");
        if settings.float(least) > settings.float(most) {
            return found([least, most], &format!("`{least}` is larger than `{most}`"), "swap the two");
        }
    }
    if settings.text("dtype") == Some("f32")
        && let Some((key, value)) = beyond_f32(settings)
    {
        let (is, help) = match value.abs() < 1.0 {
            true => ("about zero", "write at least 1.2e-38, or dtype = \"f64\""),
            false => ("infinite", "write at most 3.4e38, or dtype = \"f64\""),
        };
        let message = format!("`{key}` = {} is {is} in f32, the floating-point type of this run", number(value));
        return found([key, "dtype"], &message, help);
    }
    if settings.int("schedule.growth") > Some(1) && settings.get("schedule.period").is_none() {
        let message = "`schedule.growth` needs a `schedule.period`: without one there is no restart";
        let help = "write the steps to the first restart as schedule.period, or delete the line";
        return found(["schedule.growth"; 2], message, help);
    }
    let learned = settings.text("network.positions") == Some("learned")
        || settings.text("network.read_out") == Some("class_token");
    if !learned && settings.float("init.positions").is_some_and(|spread| spread != 0.5) {
        let message = "`init.positions` acts on learned positions and on the class token, but this network has neither";
        let help = "delete the line, or write network.positions = \"learned\"";
        return found(["init.positions", "network.positions"], message, help);
    }
    if settings.text("init") == Some("delta_orthogonal") && settings.get("network.kernel").is_none() {
        let message = "`delta_orthogonal` puts its matrix at the centre of a kernel, but this network has no kernels";
        return found(["init", "network"], message, "write init = \"orthogonal\", or network = \"conv\"");
    }
    // Of images the positions count, too.
    let has_positions = settings.get("network.kernel").is_some();
    if settings.text("norm") == Some("batch") && settings.int("batch") == Some(1) && !has_positions {
        let help = "a batch of 1 has no variance: write batch >= 2, norm = \"layer\" or \"rms\", or leave the combination out with [[exclude]]";
        return found(["batch", "norm"], "norm = \"batch\" needs batches of at least 2", help);
    }
    let narrowest = match settings.get("widths") {
        Some(Value::List(widths)) => widths.iter().copied().reduce(f64::min).map(|width| width as i64),
        _ => settings.int("width"),
    };
    if settings.text("norm") == Some("layer") && settings.int("depth") > Some(0) && narrowest == Some(1) {
        let key = if settings.get("widths").is_some() { "widths" } else { "width" };
        let help =
            "one unit has no variance: write width >= 2, norm = \"rms\", or leave the combination out with [[exclude]]";
        return found([key, "norm"], "norm = \"layer\" needs layers of at least 2 units", help);
    }
    if let (Some(form), Some(Value::List(widths))) = (settings.text("residual"), settings.get("widths"))
        && form != "none"
        && widths.iter().any(|width| *width != widths[0])
    {
        let message = "skip connections add a layer's input to its output, so all `widths` have to be equal";
        let help = "use equal widths or no `residual`, or leave the combination out with [[exclude]]";
        return found(["widths", "residual"], message, help);
    }
    if settings.flag("stop_at_target") && settings.get("target_loss").is_none() {
        let help = "write target_loss = 0.01, or another loss";
        return found(["stop_at_target"; 2], "`stop_at_target` needs a `target_loss`", help);
    }
    let of_sequences = [
        ("data.time_column", settings.get("data.time_column").is_some(), "orders the rows of a sequence"),
        ("data.padding", settings.text("data.padding") == Some("front"), "is for sequences of rows"),
    ];
    if let Some((key, _, what)) = of_sequences.iter().find(|(_, is_set, _)| *is_set)
        && settings.get("data.sequence").is_none()
    {
        let message = format!("`{key}` {what}, but here each row is a sample by itself");
        let help = "write as data.sequence the column that says to which sequence a row belongs, or delete the line";
        return found([key; 2], &message, help);
    }
    match (settings.get("data.x"), settings.get("data.y")) {
        (Some(Value::Matrix(x)), Some(Value::Matrix(y))) if x.len() != y.len() => {
            let message = format!("`data.x` has {} rows, but `data.y` has {}", x.len(), y.len());
            found(["data.y", "data.x"], &message, "write one row of inputs and one row of targets for every sample")
        }
        _ => None,
    }
}

/// The settings of hidden layers that a cell has although its network has no hidden layer.
pub(super) fn idle_without_layers(settings: &Settings) -> impl Iterator<Item = &'static str> {
    let has = |key: &str| match settings.get(key) {
        Some(Value::Text(word)) => word != "none",
        Some(Value::Float(x)) => *x > 0.0,
        _ => false,
    };
    // A transformer that normalizes what its blocks read does so once more before its output layer.
    let acts = |key: &str| key == "norm" && settings.text("norm.place") == Some("pre");
    let is_empty = settings.int("depth") == Some(0);
    ["residual", "norm", "dropout", "network.branch_scale"]
        .into_iter()
        .filter(move |key| is_empty && has(key) && !acts(key))
}

/// A setting of the model or the updates whose number an f64 holds and an f32 does not, or not in full.
fn beyond_f32(settings: &Settings) -> Option<(&'static str, f64)> {
    let rows = || model::settings().chain(optim::SETTINGS).chain(schedule::SETTINGS);
    let is_held = |x: f64| x == 0.0 || (f64::from(f32::MIN_POSITIVE)..=f64::from(f32::MAX)).contains(&x.abs());
    settings.iter().find_map(|(key, value)| match value {
        Value::Float(x) if !is_held(*x) && rows().any(|row| row.key == key) => Some((key, *x)),
        _ => None,
    })
}
