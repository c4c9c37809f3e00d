//! What a setting asks for beside itself, so that tests can loop over the table of settings.

use gradsweep::experiment::settings;
use gradsweep::model;
use gradsweep::setting::{Domain, Setting};

/// The first kind of network that reads a setting, where that is not the usual one.
pub fn network(row: &Setting) -> Option<&'static str> {
    let words = settings::all().find(|row| row.key == "network").map(|row| row.domain);
    let Some(Domain::Word(words)) = words else { panic!("`network` is a word") };
    let of = |word: &&&str| row.of.contains(*word) || (row.family() != "network" && model::reads(word, row.key));
    words.iter().find(of).copied().filter(|word| *word != words[0])
}

/// What a setting asks for beside itself.
pub fn beside(row: &Setting) -> Vec<String> {
    // The rule gd takes no batches.
    let head = settings::all().find(|head| head.head.is_some() && head.family() == row.family()).map(|head| head.key);
    let kind = row.of.iter().find(|kind| **kind != "gd").zip(head).map(|(kind, head)| format!("{head}={kind}"));
    let network = network(row).map(|word| format!("network={word}"));
    // Sequences of some length, or images of 4 x 4.
    let features = if network.as_deref() == Some("network=conv") { "data.features=16" } else { "data.features=6" };
    let longer = ["data=teacher", features].map(String::from);
    let longer = longer.into_iter().filter(|_| network.is_some());
    let mut set: Vec<String> = network.iter().cloned().chain(longer).chain(kind).collect();
    if set.iter().any(|pair| pair == "network=transformer") {
        // Which any few heads share evenly.
        set.push("width=12".into());
    }
    match row.key {
        // Any other init starts them at 0.
        "bias" => set.extend(["init=gaussian", "init.sigma_b=0.5"].map(String::from)),
        "schedule.growth" => set.push("schedule.period=1".into()),
        // Outputs that are all equal stay equal under a softmax, whatever the number.
        "output.value" => set.push("loss=mse".into()),
        "stop_at_target" => set.push("target_loss=0.5".into()),
        _ => {}
    }
    set
}
