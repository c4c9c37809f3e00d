//! Points written into the experiment itself: `data = { kind = "points", x = [[1.0], [2.0]], y = [[0.1], [0.2]] }`.

use super::dataset::Targets;
use super::error::DataError;
use super::raw::Raw;
use crate::setting::{Settings, Value};

/// All rows train; the targets are real numbers.
pub(super) fn raw(settings: &Settings) -> Result<Raw, DataError> {
    let (x, y) = (matrix(settings, "data.x")?, matrix(settings, "data.y")?);
    if x.len() != y.len() {
        let what = format!("data.x has {} rows and data.y has {}", x.len(), y.len());
        return Err(DataError::settings("data.y", what, "write one row of targets for each row of inputs"));
    }
    let (features, width) = (x[0].len(), y[0].len());
    let targets = Targets::Values { y: y.concat(), width };
    Ok(Raw::new("points", features, x.concat(), targets))
}

fn matrix<'a>(settings: &'a Settings, key: &'static str) -> Result<&'a [Vec<f64>], DataError> {
    let error =
        |what: String| DataError::settings(key, what, format!("write it like {key} = [[1.0, 2.0], [3.0, 4.0]]"));
    match settings.get(key) {
        Some(Value::Matrix(rows)) if rows.is_empty() || rows[0].is_empty() => Err(error(format!("{key} is empty"))),
        Some(Value::Matrix(rows)) => match rows.iter().position(|r| r.len() != rows[0].len()) {
            Some(i) => {
                let (here, first) = (rows[i].len(), rows[0].len());
                Err(error(format!("row {} of {key} has {here} numbers, the first has {first}", i + 1)))
            }
            None if rows.iter().flatten().all(|v| v.is_finite()) => Ok(rows),
            None => Err(error(format!("{key} holds a number that is not finite"))),
        },
        _ => Err(error(format!("{key} is not rows of numbers"))),
    }
}
