//! What several tests share: settings from a few pairs, with every default filled in; a point for an optimizer.
#![allow(dead_code)]

use gradsweep::ops::Element;
use gradsweep::ops::block::Role;
use gradsweep::optim::Parameters;
use gradsweep::setting::{Setting, Settings, Value};
use std::cell::RefCell;
use std::ops::Range;

/// Every row of the settings table.
pub fn all_settings() -> impl Iterator<Item = &'static Setting> {
    use gradsweep::{data, experiment::spec, model, ops::activation, optim, schedule};
    [data::SETTINGS, model::SETTINGS, activation::SETTINGS, spec::SETTINGS, optim::SETTINGS, schedule::SETTINGS]
        .into_iter()
        .flatten()
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

/// Weights that are no network's.
pub struct Point<T>(RefCell<Vec<T>>);

impl<T: Element> Point<T> {
    pub fn new(weights: Vec<T>) -> Self {
        Point(RefCell::new(weights))
    }

    pub fn read(&self) -> Vec<T> {
        self.0.borrow().clone()
    }

    pub fn write(&self, weights: Vec<T>) {
        *self.0.borrow_mut() = weights;
    }
}

impl<T: Element> Parameters<T> for Point<T> {
    fn segments(&self) -> Vec<(Role, Range<usize>)> {
        vec![(Role::Weight, 0..self.0.borrow().len())]
    }

    fn rewrite(&self, mut change: impl FnMut(&mut [T])) -> candle_core::Result<()> {
        change(&mut self.0.borrow_mut());
        Ok(())
    }
}
