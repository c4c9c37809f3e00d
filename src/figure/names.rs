//! What settings are called beside a panel, in a legend and in a caption.

use super::text;

/// What an axis is called: a setting in words.
pub fn axis(name: &str) -> String {
    match name {
        "optimizer.lr" => "learning rate".into(),
        "l2" => "L2".into(),
        "batch" => "batch size".into(),
        "data.length" => "sequence length".into(),
        "init.recurrent" => "recurrent init".into(),
        "init.recurrent_gain" => "gain of the recurrent matrix".into(),
        "init.sigma_w" => "sigma_w".into(),
        "init.sigma_b" => "sigma_b".into(),
        "network.forget_bias" => "forget bias".into(),
        "network.update_bias" => "update bias".into(),
        name => text::shown(&name.replace(['_', '.'], " ")),
    }
}

/// Several axes.
pub fn axes(names: &[String]) -> String {
    names.iter().map(|name| axis(name)).collect::<Vec<_>>().join(", ")
}

/// An axis along a panel, with its unit.
pub fn axis_title(name: &str) -> String {
    if name == "depth" { "depth (hidden layers)".into() } else { axis(name) }
}
