//! Normalizations: over what, where they stand, with which constants.

use crate::setting::{SettingError, Settings, members, word, words};

/// Brings the numbers before or after an activation to mean square 1, or to variance 1 about their mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Norm {
    pub kind: NormKind,
    /// On the activation's argument, or on its output.
    pub place: Placement,
    /// Added to the (biased) variance, or to the mean square.
    pub eps: f64,
    /// A learned gain follows, and where the mean is taken off a learned shift.
    pub affine: bool,
}

/// Over what a norm takes its mean square. One more is a variant and a row of [`NormKind::ALL`], and its passes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NormKind {
    /// Of each unit over the rows of a batch, about the mean (Ioffe & Szegedy 2015). `momentum` is the weight of a new batch
    /// in the running statistics, which take the unbiased variance.
    Batch { momentum: f64 },
    /// Of each row over its units, about the mean (Ba et al. 2016).
    Layer,
    /// Of each row over its units, without taking the mean off (Zhang & Sennrich 2019).
    Rms,
}

/// Where a norm stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    Before,
    After,
}

impl Placement {
    /// By the word in an experiment file.
    pub(crate) const NAMED: [(&'static str, Placement); 2] =
        [("before", Placement::Before), ("after", Placement::After)];
    pub const ALL: [Placement; 2] = members(&Self::NAMED);

    /// The word in an experiment file.
    pub fn word(self) -> &'static str {
        word(&Self::NAMED, &self)
    }
}

impl NormKind {
    /// Over the batch, with the usual momentum.
    pub const BATCH: NormKind = NormKind::Batch { momentum: 0.1 };
    /// By the word in an experiment file, with the default options.
    pub(crate) const NAMED: [(&'static str, NormKind); 3] =
        [("batch", NormKind::BATCH), ("layer", NormKind::Layer), ("rms", NormKind::Rms)];
    pub const ALL: [NormKind; 3] = members(&Self::NAMED);
    pub(crate) const WORDS: [&'static str; 3] = words(&Self::NAMED);

    /// The word in an experiment file.
    pub fn word(self) -> &'static str {
        word(&Self::NAMED, &self)
    }

    /// Whether samples depend on each other.
    pub fn is_over_batch(self) -> bool {
        matches!(self, NormKind::Batch { .. })
    }

    /// Whether the mean is taken off.
    pub fn is_centred(self) -> bool {
        self != NormKind::Rms
    }
}

impl Norm {
    /// With the usual constants.
    pub fn new(kind: NormKind, place: Placement) -> Self {
        Norm { kind, place, eps: 1e-5, affine: true }
    }

    /// What the settings say; `None` for no normalization.
    ///
    /// # Errors
    /// When a setting is missing or unknown.
    pub fn from_settings(settings: &Settings) -> Result<Option<Self>, SettingError> {
        let wanted = settings.needed_text("norm")?;
        if wanted == "none" {
            return Ok(None);
        }
        let kind = NormKind::NAMED.into_iter().find(|(word, _)| *word == wanted);
        let kind = match kind.ok_or_else(|| SettingError::unknown("norm", "norm", wanted))?.1 {
            NormKind::Batch { .. } => NormKind::Batch { momentum: settings.needed_float("norm.momentum")? },
            other => other,
        };
        let wanted = settings.needed_text("norm.place")?;
        let place = Placement::NAMED.into_iter().find(|(word, _)| *word == wanted);
        let (_, place) = place.ok_or_else(|| {
            let message = format!(
                "\"{wanted}\" is a place of norms in transformers only: write norm.place = \"before\" or \"after\""
            );
            SettingError::new("norm.place", message)
        })?;
        let (eps, affine) = (settings.needed_float("norm.eps")?, settings.flag("norm.affine"));
        Ok(Some(Norm { kind, place, eps, affine }))
    }
}

/// Running statistics of a norm over batches, for evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct Running<T> {
    pub mean: Vec<T>,
    pub variance: Vec<T>,
}

impl<T: crate::real::Real> Running<T> {
    /// Mean 0 and variance 1.
    pub fn new(units: usize) -> Self {
        Running { mean: vec![T::of(0.0); units], variance: vec![T::of(1.0); units] }
    }

    /// Takes in the mean and the biased variance of a batch of `rows`, with this weight.
    pub fn update(&mut self, momentum: f64, mean: &[T], variance: &[T], rows: usize) {
        let (keep, take) = (T::of(1.0 - momentum), T::of(momentum));
        let unbias = T::of(rows as f64 / (rows as f64 - 1.0));
        for (old, new) in self.mean.iter_mut().zip(mean) {
            *old = keep * *old + take * *new;
        }
        for (old, new) in self.variance.iter_mut().zip(variance) {
            *old = keep * *old + take * (unbias * *new);
        }
    }
}
