//! From raw rows to a data set: shuffled split, training subset, validation, label noise, scaling.
//!
//! Every choice has a random stream of its own, so that none moves another: the test part stays the same whatever
//! `n_train`, `validation` and `label_noise` say, and a smaller `n_train` is the beginning of a larger one.

use super::dataset::{Dataset, Split, Targets};
use super::error::DataError;
use super::raw::{Raw, stream};
use crate::setting::Settings;

/// Splits and scales.
///
/// # Errors
/// When a part would be empty, the settings ask for more rows than there are, or the data cannot be learned from.
pub(super) fn prepare(raw: Raw, settings: &Settings) -> Result<Dataset, DataError> {
    let Raw { name, file, features, x, targets, test, notes } = raw;
    let rows = x.len() / features.max(1);
    if let Targets::Classes { labels, .. } = &targets
        && labels.windows(2).all(|w| w[0] == w[1])
    {
        let what = format!("all {rows} rows are of one class");
        return Err(DataError::file(file, what, "a classifier needs at least two classes; check the target column"));
    }
    let order = if name == "points" { (0..rows).collect() } else { stream(settings, "data split").permutation(rows) };
    // Written points are all trained on; where `data.test` is no setting (IDX files without a test pair), a fifth is kept.
    let fraction = settings.float("data.test").unwrap_or(if name == "points" { 0.0 } else { 0.2 });
    let test_rows = if test.is_some() { 0 } else { (fraction * rows as f64).ceil() as usize };
    let train_rows = rows - test_rows.min(rows);
    let part = |rows: &[usize]| Split {
        rows: rows.len(),
        x: rows.iter().flat_map(|r| &x[r * features..(r + 1) * features]).copied().collect(),
        targets: targets.pick(rows),
    };
    let mut test = test.or_else(|| (test_rows > 0).then(|| part(&order[train_rows..])));

    let share = settings.float("data.validation").unwrap_or(0.0);
    let validation_rows = (share * train_rows as f64).round() as usize;
    if share > 0.0 && validation_rows == 0 {
        let what = format!("data.validation = {share} of {train_rows} training rows is not one row");
        return Err(DataError::settings("data.validation", what, "raise it, or leave it out"));
    }
    let left = train_rows - validation_rows.min(train_rows);
    if left == 0 {
        let key = if share > 0.0 { "data.validation" } else { "data.test" };
        let what = format!("of {rows} rows, test {fraction} and validation {share} leave none for training");
        return Err(DataError::settings(key, what, "lower data.test or data.validation"));
    }
    // The validation part is the end of the training part, so that n_train takes from the beginning.
    let mut validation = (validation_rows > 0).then(|| part(&order[left..train_rows]));
    let kept = match settings.int("data.n_train") {
        Some(n) if n as usize > left => {
            let what = format!("data.n_train = {n}, but the training part has {left} rows");
            return Err(DataError::settings("data.n_train", what, format!("write at most {left}")));
        }
        Some(n) => n as usize,
        None => left,
    };
    let mut train = part(&order[..kept]);
    fill_missing(&file, features, [Some(&mut train), validation.as_mut(), test.as_mut()])?;
    if name != "points" && train.rows > 1 && constant(&train.x, features).iter().all(|c| *c) {
        let what = format!("the inputs of all {kept} training rows are equal");
        return Err(DataError::file(file, what, "nothing can be learned from them; check the file"));
    }
    add_label_noise(&mut train, settings)?;
    if settings.text("data.scaling") == Some("standard") {
        scale(&file, features, &mut train, validation.as_mut(), test.as_mut())?;
    }
    Ok(Dataset { notes, ..Dataset::new(name, vec![features], train, validation, test) })
}

/// Puts the mean of the training rows in the place of what is missing.
fn fill_missing(file: &str, features: usize, parts: [Option<&mut Split>; 3]) -> Result<(), DataError> {
    let mut parts: Vec<&mut Split> = parts.into_iter().flatten().collect();
    for feature in 0..features {
        let cells = |part: &Split| part.x.iter().skip(feature).step_by(features).copied().collect::<Vec<f64>>();
        if parts.iter().all(|part| cells(part).iter().all(|x| !x.is_nan())) {
            continue;
        }
        let known: Vec<f64> = cells(parts[0]).into_iter().filter(|x| !x.is_nan()).collect();
        if known.is_empty() {
            let what = format!("input {} is missing in every training row", feature + 1);
            return Err(DataError::file(file, what, "leave its column out with data.drop"));
        }
        let mean = known.iter().sum::<f64>() / known.len() as f64;
        for part in &mut parts {
            part.x.iter_mut().skip(feature).step_by(features).filter(|x| x.is_nan()).for_each(|x| *x = mean);
        }
    }
    Ok(())
}

/// Replaces a fraction of the training labels by a random other class. The rows hit by a smaller fraction are
/// among those hit by a larger one.
fn add_label_noise(train: &mut Split, settings: &Settings) -> Result<(), DataError> {
    let noise = settings.float("data.label_noise").unwrap_or(0.0);
    if noise == 0.0 {
        return Ok(());
    }
    let Targets::Classes { labels, count } = &mut train.targets else {
        let what = "data.label_noise is for classes, and these targets are real numbers";
        return Err(DataError::settings("data.label_noise", what, "leave it out, or use data with classes"));
    };
    let mut noise_stream = stream(settings, "data label noise");
    let hit = (noise * labels.len() as f64).round() as usize;
    let order = noise_stream.permutation(labels.len());
    let others: Vec<usize> = (0..labels.len()).map(|_| 1 + noise_stream.below(*count - 1)).collect();
    for row in order.into_iter().take(hit) {
        labels[row] = ((labels[row] as usize + others[row]) % *count) as u32;
    }
    Ok(())
}

/// Which features never change.
fn constant(x: &[f64], features: usize) -> Vec<bool> {
    (0..features).map(|i| x.iter().skip(i).step_by(features).all(|v| *v == x[i])).collect()
}

/// Subtracts each feature's training mean and divides by one standard deviation, over all features and training rows:
/// then the mean square of a training input is 1, and features that never change stay 0.
fn scale(
    file: &str,
    features: usize,
    train: &mut Split,
    validation: Option<&mut Split>,
    test: Option<&mut Split>,
) -> Result<(), DataError> {
    let mut mean = vec![0.0; features];
    for row in train.x.chunks_exact(features) {
        mean.iter_mut().zip(row).for_each(|(m, x)| *m += x / train.rows as f64);
    }
    // The rounding error of a constant feature's mean must not be blown up into an input.
    for (i, constant) in constant(&train.x, features).into_iter().enumerate() {
        if constant {
            mean[i] = train.x[i];
        }
    }
    let squares = |row: &[f64]| row.iter().zip(&mean).map(|(x, m)| (x - m) * (x - m)).sum::<f64>();
    let variance = train.x.chunks_exact(features).map(squares).sum::<f64>() / train.x.len() as f64;
    if train.rows == 1 {
        let what = "one training row has no deviation to scale by";
        let cure = "keep more rows (data.n_train), or write data.scaling = \"none\"";
        return Err(DataError::settings("data.scaling", what, cure));
    }
    if variance <= 0.0 || !variance.is_finite() {
        let what = format!("the training inputs cannot be scaled: their variance is {variance}");
        return Err(DataError::file(file, what, "check the file, or write data.scaling = \"none\""));
    }
    let deviation = variance.sqrt();
    for split in [Some(train), validation, test].into_iter().flatten() {
        for row in split.x.chunks_exact_mut(features) {
            row.iter_mut().zip(&mean).for_each(|(x, m)| *x = (*x - m) / deviation);
        }
    }
    Ok(())
}
