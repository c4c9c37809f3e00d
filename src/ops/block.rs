//! One block of a network, as data: what it computes, and where its parameters stand in its packed vector.

use super::activation::Activation;
use super::norm::{Norm, NormKind};
use std::ops::Range;

/// An activation with its norm, if any: `phi(norm(v))` or `norm(phi(v))`; what it hands on may be dropped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nonlinearity {
    pub activation: Activation,
    pub norm: Option<Norm>,
    /// Probability that a number is left out of a training pass.
    pub dropout: f64,
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
    /// `T branch + (1 - T) h`, T = sigmoid(h W_T + b_T) with b_T starting at `bias` (Srivastava et al. 2015).
    Gated { bias: f64 },
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
    /// Of an activation that learns one.
    Slope,
    /// Of the gate of a skip connection.
    GateWeight,
    GateBias,
}

impl Role {
    /// In packed order.
    pub const ALL: [Role; 8] = [
        Role::Weight,
        Role::Bias,
        Role::NormGain,
        Role::NormShift,
        Role::Scale,
        Role::Slope,
        Role::GateWeight,
        Role::GateBias,
    ];

    /// Whether it is a matrix, on which l2 and weight decay act.
    pub fn is_weight(self) -> bool {
        matches!(self, Role::Weight | Role::GateWeight)
    }
}

/// A parameter's place in its block's packed vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    pub role: Role,
    pub range: Range<usize>,
}

impl Block {
    /// The norm of the block (it has at most one) and how many units it acts on.
    pub fn norm(&self) -> Option<(Norm, usize)> {
        let of = |n: Option<Nonlinearity>, units| n.and_then(|n| n.norm).map(|norm| (norm, units));
        of(self.before, self.inputs).or(of(self.after, self.outputs))
    }

    fn is_gated(&self) -> bool {
        matches!(self.skip, Skip::Gated { .. })
    }

    /// What the slope that its activation learns starts at, if it learns one.
    pub fn learned_slope(&self) -> Option<f64> {
        [self.before, self.after].into_iter().flatten().find_map(|pair| pair.activation.learned_slope())
    }

    /// How many numbers the parameter with this role has; 0 where the block has none.
    fn size(&self, role: Role) -> usize {
        let affine = matches!(self.norm(), Some((Norm { affine: true, .. }, _)));
        match role {
            Role::Weight => self.inputs * self.outputs,
            Role::Bias if self.bias => self.outputs,
            Role::NormShift if matches!(self.norm(), Some((Norm { kind: NormKind::Rms, .. }, _))) => 0,
            Role::NormGain | Role::NormShift if affine => self.norm().map_or(0, |(_, units)| units),
            Role::Scale if self.skip == Skip::Learned => 1,
            Role::GateWeight if self.is_gated() => self.inputs * self.outputs,
            Role::GateBias if self.is_gated() => self.outputs,
            Role::Slope if self.learned_slope().is_some() => 1,
            _ => 0,
        }
    }

    /// Where the parameter with this role stands in the packed vector, if the block has it.
    pub fn range(&self, role: Role) -> Option<Range<usize>> {
        let before = Role::ALL.into_iter().take_while(|r| *r != role);
        let start: usize = before.map(|r| self.size(r)).sum();
        let len = self.size(role);
        (len > 0).then(|| start..start + len)
    }

    /// The parameters, in packed order.
    pub fn segments(&self) -> impl Iterator<Item = Segment> + use<> {
        let block = *self;
        Role::ALL.into_iter().filter_map(move |role| block.range(role).map(|range| Segment { role, range }))
    }

    /// The part of `packed` with this role.
    pub fn part<'a, T>(&self, packed: &'a [T], role: Role) -> Option<&'a [T]> {
        self.range(role).map(|range| &packed[range])
    }

    /// Parameters in all.
    pub fn parameter_count(&self) -> usize {
        Role::ALL.into_iter().map(|role| self.size(role)).sum()
    }
}
