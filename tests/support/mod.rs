//! What several tests share: settings from a few pairs, with every default filled in.

use gradsweep::setting::{Setting, Settings, Value};

/// Every row of the settings table.
pub fn all_settings() -> impl Iterator<Item = &'static Setting> {
    use gradsweep::{data, model, optim, run::spec, schedule};
    let data = [data::SETTINGS, data::sequence::SETTINGS].into_iter().flatten();
    data.chain(model::settings()).chain([spec::SETTINGS, optim::SETTINGS, schedule::SETTINGS].into_iter().flatten())
}

/// The settings these pairs stand for; a key that does not exist fails the test.
pub fn settings(pairs: &[(&str, Value)]) -> Settings {
    let given = |key: &str| pairs.iter().find(|(k, _)| *k == key).map(|(_, v)| v.clone());
    for (key, _) in pairs {
        assert!(all_settings().any(|s| s.key == *key), "no setting {key}");
    }
    let mut settings = Settings::default();
    for row in all_settings() {
        let head = all_settings().find(|s| s.head.is_some() && s.family() == row.family()).map(|s| s.key);
        let kind = head.and_then(|h| settings.text(h).map(str::to_string));
        let applies = row.of.is_empty() || kind.is_some_and(|k| row.of.contains(&k.as_str()));
        if let (true, Some(value)) = (applies, given(row.key).or(row.default.value())) {
            settings.set(row.key, value);
        }
    }
    let given_decay = pairs.iter().any(|(k, _)| *k == "weight_decay");
    if settings.text("optimizer.kind") == Some("adamw") && !given_decay {
        settings.set("weight_decay", Value::Float(gradsweep::optim::ADAMW_DECAY));
    }
    settings
}

/// A text value.
pub fn text(s: &str) -> Value {
    Value::Text(s.into())
}
