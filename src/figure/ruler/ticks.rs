//! Ticks: the round numbers of a range, of which the first and the last lie near its ends.

use super::{Tick, minus};
use crate::figure::text::power_of_ten;

/// Free share of a scale beyond its first and its last tick.
const FREE: f64 = 0.25;

/// Whether ticks tell both ends of a range.
fn reach(ticks: &[Tick], low: f64, high: f64) -> bool {
    let share = |tick: &Tick| (tick.at - low) / (high - low);
    ticks.len() >= 2 && share(&ticks[0]) <= FREE && share(&ticks[ticks.len() - 1]) >= 1.0 - FREE
}

/// Multiples of a round step: up to `room` of them, or as many as it takes to tell both ends.
pub fn even(low: f64, high: f64, room: usize) -> Vec<Tick> {
    let coarse = nice_step((high - low) / room.max(2) as f64);
    let ticks = |step: f64| -> Vec<Tick> {
        let first = (low / step - 1e-9).ceil();
        let places = (0..99).map(|i| (first + f64::from(i)) * step).take_while(|v| *v <= high + 1e-9 * step);
        places.map(|at| Tick { at, label: number(at, step) }).collect()
    };
    // A quarter of the coarsest step always tells both ends.
    let finer = std::iter::successors(Some(coarse), |step| Some(nice_step(step / 2.5))).take(3);
    finer.map(ticks).find(|ticks| reach(ticks, low, high)).unwrap_or_else(|| ticks(coarse))
}

/// Powers of ten and round multiples of them between two log10 values, likewise.
pub fn powers(low: f64, high: f64, room: usize) -> Vec<Tick> {
    const DIGITS: [&[f64]; 6] = [
        &[1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0],
        &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0],
        &[1.0, 2.0, 5.0],
        // What has no tick near an end without a 3 or a half has more than two with them.
        &[1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.0],
        &[1.0, 2.0, 3.0, 5.0],
        &[1.0, 3.0],
    ];
    let decades = |step: i64| -> Vec<Tick> {
        let whole = (low - 1e-9).ceil() as i64..=(high + 1e-9).floor() as i64;
        whole.filter(|k| k % step == 0).map(|k| Tick { at: k as f64, label: power_of_ten(k) }).collect()
    };
    // Within a factor of a few plain numbers are rounder.
    let plain = (high - low < 0.7 && low.abs() < 300.0).then(|| even(10f64.powf(low), 10f64.powf(high), room));
    let place = |tick: Tick| Tick { at: tick.at.log10(), ..tick };
    let plain = plain.map(|ticks| ticks.into_iter().map(place).collect());
    // From the finest to the coarsest; multiples only where there are few decades.
    let finer = DIGITS.iter().filter(|_| high - low < 2.5).map(|digits| multiples(low, high, digits));
    let sets: Vec<Vec<Tick>> = plain.into_iter().chain(finer).chain([1, 2, 5, 10, 20, 50, 100].map(decades)).collect();
    let telling = || sets.iter().filter(|ticks| reach(ticks, low, high));
    // Half a dozen digits of one decade are more than it takes.
    let fits = |ticks: &&&Vec<Tick>| ticks.len() <= room.clamp(2, 8);
    let best = telling().find(|ticks| fits(&ticks)).or_else(|| telling().min_by_key(|ticks| ticks.len()));
    best.or_else(|| sets.iter().max_by_key(|ticks| ticks.len())).cloned().unwrap_or_default()
}

/// The smallest of 1, 2, 5 times a power of ten that is at least `raw`.
pub fn nice_step(raw: f64) -> f64 {
    let unit = 10f64.powf(raw.max(1e-300).log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|d| d * unit).find(|s| *s >= raw * (1.0 - 1e-9)).unwrap_or(10.0 * unit)
}

/// A number with as many decimals as its step has, and a true minus sign.
fn number(value: f64, step: f64) -> String {
    let decimals = (-step.log10().floor()).clamp(0.0, 12.0) as usize;
    let value = if value.abs() < 1e-9 * step { 0.0 } else { value };
    if value != 0.0 && (value.abs() >= 1e6 || step < 1e-9) {
        // In the digits that its step has.
        let order = (value.abs() * (1.0 + 1e-9)).log10().floor();
        let digits = (order - (step * (1.0 + 1e-9)).log10().floor()).clamp(0.0, 12.0) as usize;
        minus(&format!("{:.digits$}·{}", value / 10f64.powf(order), power_of_ten(order as i64)))
    } else {
        minus(&format!("{value:.decimals$}"))
    }
}

/// The round multiples of powers of ten between two log10 values.
fn multiples(low: f64, high: f64, digits: &[f64]) -> Vec<Tick> {
    let decades = low.floor() as i64..=high.ceil() as i64;
    decades
        .flat_map(|k| digits.iter().map(move |d| Tick { at: k as f64 + d.log10(), label: multiple(*d, k) }))
        .filter(|tick| (low - 1e-9..=high + 1e-9).contains(&tick.at))
        .collect()
}

/// `d` times ten to `k`.
pub fn multiple(d: f64, k: i64) -> String {
    match k {
        -3..=3 => {
            let decimals = (-k).max(0) as usize + usize::from(d.fract() > 0.0 && k <= 0);
            format!("{:.decimals$}", d * 10f64.powi(k as i32))
        }
        _ if d == 1.0 => power_of_ten(k),
        _ => format!("{d}·{}", power_of_ten(k)),
    }
}
