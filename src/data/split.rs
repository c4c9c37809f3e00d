//! From raw rows to a data set: shuffled split, training subset, validation, label noise, scaling.
//!
//! Every choice has a random stream of its own, so that none moves another: the test part stays the same whatever
//! `n_train`, `validation` and `label_noise` say, and a smaller `n_train` is the beginning of a larger one.

use super::dataset::{Dataset, Split, Targets};
use super::error::DataError;
use super::numbers::Numbers;
use super::raw::{Raw, stream};
use super::scaling::{self, Inputs, constant};
use crate::setting::Settings;

/// Splits and scales.
///
/// # Errors
/// When a part would be empty, the settings ask for more rows than there are, or the data cannot be learned from.
pub(super) fn prepare(raw: Raw, settings: &Settings) -> Result<Dataset, DataError> {
    let Raw { name, file, features, steps, names, classes, most, x, targets, test, change, mut notes } = raw;
    let rows = x.len() / features.max(1);
    if let Targets::Classes { labels, .. } = &targets
        && labels.windows(2).all(|w| w[0] == w[1])
    {
        let what = format!("all {rows} rows belong to one class");
        return Err(DataError::file(file, what, "a classifier needs at least two classes; check the target column"));
    }
    let order = if name == "points" { (0..rows).collect() } else { stream(settings, "data split").permutation(rows) };
    // Written points are all trained on; where `data.test` is no setting (IDX files without a test pair), a fifth is kept.
    let fraction = settings.float("data.test").unwrap_or(if name == "points" { 0.0 } else { 0.2 });
    let test_rows = if test.is_some() { 0 } else { (fraction * rows as f64).ceil() as usize };
    let train_rows = rows - test_rows.min(rows);
    let share = settings.float("data.validation").unwrap_or(0.0);
    let validation_rows = (share * train_rows as f64).round() as usize;
    if share > 0.0 && validation_rows == 0 {
        let what = format!("data.validation = {share} of {train_rows} training rows is less than one row");
        return Err(DataError::settings("data.validation", what, "raise it, or leave it out"));
    }
    let left = train_rows - validation_rows.min(train_rows);
    if left == 0 {
        let key = if share > 0.0 { "data.validation" } else { "data.test" };
        let what = format!("of {rows} rows, test {fraction} and validation {share} leave none for training");
        return Err(DataError::settings(key, what, "lower data.test or data.validation"));
    }
    // The validation part is the end of the training part, so that n_train takes from the beginning.
    let kept = match settings.int("data.n_train") {
        Some(n) if n as usize > left => {
            let what = format!("data.n_train = {n}, but the training part has {left} rows");
            return Err(DataError::settings("data.n_train", what, format!("write at most {left}")));
        }
        Some(n) => n as usize,
        None => left,
    };
    let mut x = x;
    x.reorder(features, &order);
    // The last part first, so that the rows are copied no more than they must.
    let mut from = |row: usize| x.split_off(row * features);
    let (of_test, of_validation) = (from(train_rows), from(left));
    x.split_off(kept * features);
    let answers = targets.answers() / rows.max(1);
    let part = |x: Numbers, rows: &[usize]| Split { rows: rows.len(), x, targets: targets.pick(rows, answers) };
    let mut test = test.or_else(|| (test_rows > 0).then(|| part(of_test, &order[train_rows..])));
    let mut validation = (validation_rows > 0).then(|| part(of_validation, &order[left..train_rows]));
    let mut train = part(x, &order[..kept]);
    notes.extend(unseen_class(&file, &classes, &train, [validation.as_ref(), test.as_ref()]));
    // A feature is the same at each time step.
    let width = features / steps.unwrap_or(1);
    fill_missing(&file, &names, width, [Some(&mut train), validation.as_mut(), test.as_mut()])?;
    if name != "points" && train.rows > 1 && constant(train.x.lines(width)).iter().all(Option::is_some) {
        let what = format!("the inputs of all {kept} training rows are equal");
        return Err(DataError::file(file, what, "nothing can be learned from them; check the file"));
    }
    add_label_noise(&mut train, settings)?;
    let about = Inputs { file: &file, features: width, names: &names, most };
    let (scaled, told) = scaling::scale(settings, &about, [Some(&mut train), validation.as_mut(), test.as_mut()])?;
    notes.extend(told);
    let shape = steps.map_or(vec![features], |steps| vec![steps, width]);
    Ok(Dataset { notes, change, classes, scaled, ..Dataset::new(name, shape, train, validation, test) })
}

/// Says of a class that no training row has but some other does.
fn unseen_class(file: &str, classes: &[String], train: &Split, others: [Option<&Split>; 2]) -> Option<String> {
    let known = train.targets.counts()?;
    let others: Vec<Vec<usize>> = others.into_iter().flatten().filter_map(|part| part.targets.counts()).collect();
    let is_unseen = |class: &usize| known[*class] == 0 && others.iter().any(|counts| counts[*class] > 0);
    let unseen: Vec<usize> = (0..known.len()).filter(is_unseen).collect();
    let class = *unseen.first()?;
    let name = classes.get(class).map_or_else(|| class.to_string(), |name| format!("\"{name}\""));
    let (more, are, it) = match unseen.len() {
        1 => (String::new(), "is", "it"),
        n => (format!(" and {} more", n - 1), "are", "them"),
    };
    Some(format!(
        "{file}: class {name}{more} {are} in the validation or test part alone, so no network learns {it}: give more rows to the training part"
    ))
}

/// Puts the mean of the training rows in the place of what is missing.
fn fill_missing(
    file: &str,
    names: &[String],
    features: usize,
    parts: [Option<&mut Split>; 3],
) -> Result<(), DataError> {
    let mut parts: Vec<&mut Split> = parts.into_iter().flatten().collect();
    let mut is_missing = vec![false; features];
    for part in &parts {
        part.x.lines(features).each(|line| is_missing.iter_mut().zip(line).for_each(|(own, x)| *own |= x.is_nan()));
    }
    if !is_missing.contains(&true) {
        return Ok(());
    }
    let (mut means, mut known) = (vec![0.0; features], vec![0; features]);
    parts[0].x.lines(features).each(|line| {
        for (feature, x) in line.iter().enumerate().filter(|(_, x)| x.is_finite()) {
            means[feature] += x;
            known[feature] += 1;
        }
    });
    if let Some(feature) = (0..features).find(|feature| is_missing[*feature] && known[*feature] == 0) {
        let name = names.get(feature).map_or_else(|| format!("input {}", feature + 1), |name| format!("column {name}"));
        let what = format!("{name} is missing in every training row");
        return Err(DataError::file(file, what, "leave its column out with data.drop"));
    }
    means.iter_mut().zip(known).for_each(|(mean, known)| *mean /= known as f64);
    parts.iter_mut().for_each(|part| part.x.fill(&means));
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
        let what = "data.label_noise is for classes, but these targets are real numbers";
        return Err(DataError::settings("data.label_noise", what, "delete it, or use data with classes"));
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
