//! One block of a network, as data: what it computes, and where its parameters stand in its packed vector.

use super::activation::Activation;

/// Batch normalization (Ioffe & Szegedy 2015) over the rows of a batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Norm {
    /// On the activation's argument, or on its output.
    pub place: Place,
    /// Added to the (biased) batch variance.
    pub eps: f64,
    /// Weight of the new batch in the running statistics; these take the unbiased variance.
    pub momentum: f64,
    /// A learned gain and shift follow.
    pub affine: bool,
}

/// Where a norm stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Before,
    After,
}

/// An activation with its norm, if any: `phi(norm(v))` or `norm(phi(v))`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nonlinearity {
    pub activation: Activation,
    pub norm: Option<Norm>,
}

/// What is added to the block's input to make its output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Skip {
    /// No skip connection: the branch is the output.
    None,
    /// `h + s branch`.
    Scaled(f64),
    /// `h + s branch`, s a parameter that starts at 0 (Bachlechner et al. 2021).
    Learned,
}

/// `h -> skip(after(before(h) W + b))`, with W `[inputs, outputs]` and h `[batch, inputs]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Block {
    pub inputs: usize,
    pub outputs: usize,
    /// On the input: the pre-activation form (He et al. 2016b).
    pub before: Option<Nonlinearity>,
    pub bias: bool,
    /// On the affine map's output: the plain and the post-activation form.
    pub after: Option<Nonlinearity>,
    pub skip: Skip,
}

/// What a parameter is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Weight,
    Bias,
    NormGain,
    NormShift,
    Scale,
}

/// A parameter's place in its block's packed vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    pub role: Role,
    pub start: usize,
    pub len: usize,
}

impl Segment {
    pub fn range(&self) -> std::ops::Range<usize> {
        self.start..self.start + self.len
    }
}

impl Block {
    /// The norm of the block (it has at most one) and how many units it acts on.
    pub fn norm(&self) -> Option<(Norm, usize)> {
        let of = |n: Option<Nonlinearity>, units| n.and_then(|n| n.norm).map(|norm| (norm, units));
        of(self.before, self.inputs).or(of(self.after, self.outputs))
    }

    /// The parameters, in packed order: weight, bias, norm gain, norm shift, scale.
    pub fn segments(&self) -> Vec<Segment> {
        let mut parts = vec![(Role::Weight, self.inputs * self.outputs)];
        if self.bias {
            parts.push((Role::Bias, self.outputs));
        }
        if let Some((Norm { affine: true, .. }, units)) = self.norm() {
            parts.extend([(Role::NormGain, units), (Role::NormShift, units)]);
        }
        if self.skip == Skip::Learned {
            parts.push((Role::Scale, 1));
        }
        let mut start = 0;
        let place = |(role, len)| {
            let segment = Segment { role, start, len };
            start += len;
            segment
        };
        parts.into_iter().map(place).collect()
    }

    /// The part of `packed` with this role.
    pub fn part<'a, T>(&self, packed: &'a [T], role: Role) -> Option<&'a [T]> {
        self.segments().into_iter().find(|s| s.role == role).map(|s| &packed[s.range()])
    }

    /// Parameters in all.
    pub fn parameter_count(&self) -> usize {
        self.segments().iter().map(|s| s.len).sum()
    }
}

/// Running statistics of a norm, for evaluation.
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

    /// Takes in the mean and the biased variance of a batch of `rows`.
    pub fn update(&mut self, norm: &Norm, mean: &[T], variance: &[T], rows: usize) {
        let (keep, take) = (T::of(1.0 - norm.momentum), T::of(norm.momentum));
        let unbias = T::of(rows as f64 / (rows as f64 - 1.0));
        for (old, new) in self.mean.iter_mut().zip(mean) {
            *old = keep * *old + take * *new;
        }
        for (old, new) in self.variance.iter_mut().zip(variance) {
            *old = keep * *old + take * (unbias * *new);
        }
    }
}
