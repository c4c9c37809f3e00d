//! The position of each parameter of a model in the one vector that holds all of them.

use crate::ops::block::Role;
use std::ops::Range;

/// A tensor of parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// As files and tests know it: `layer3.weight`, `output.bias`.
    pub name: String,
    /// What it is for; l2 and weight decay act on weights.
    pub role: Role,
    /// A weight is `[inputs, outputs]`.
    pub shape: Vec<usize>,
    /// Its place in the packed vector.
    pub range: Range<usize>,
    /// What its numbers start at, where the init draws none.
    pub start: f64,
}

/// The parameters of a model, in packed order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    parameters: Vec<Parameter>,
}

impl Layout {
    /// One after the other, as they come: name, role and shape of each. Norm gains start at 1, the others at 0.
    pub fn new(tensors: impl IntoIterator<Item = (String, Role, Vec<usize>)>) -> Self {
        let mut end = 0;
        let place = |(name, role, shape): (String, Role, Vec<usize>)| {
            let start = end;
            end += shape.iter().product::<usize>();
            let first = if role == Role::NormGain { 1.0 } else { 0.0 };
            Parameter { name, role, shape, range: start..end, start: first }
        };
        Layout { parameters: tensors.into_iter().map(place).collect() }
    }

    /// The same with the parameters of this role starting at this value.
    #[must_use]
    pub fn starting(mut self, role: Role, value: f64) -> Self {
        self.parameters.iter_mut().filter(|parameter| parameter.role == role).for_each(|own| own.start = value);
        self
    }

    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// The parameter of this name.
    pub fn find(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }

    /// Numbers in all.
    pub fn count(&self) -> usize {
        self.parameters.last().map_or(0, |parameter| parameter.range.end)
    }
}

/// What the parameters of a hidden layer, counted from 0, are called after.
pub fn layer(index: usize) -> String {
    format!("layer{}", index + 1)
}
