//! The calls that a user's own network makes in its forward pass: they declare parameters where they are used, and name layers.

use super::outline::{Draw, told};
use super::pass::{Part, Pass};
use crate::ops::block::Role;
use crate::ops::{Tensor, composed};
use candle_core::{D, Result, Shape, bail};

impl Pass<'_> {
    /// The weights of this name, `[inputs, outputs]` for an affine map, drawn as the run's `init` says; L2 and weight decay act
    /// on them. Asked for again by the same name, they are the same.
    ///
    /// # Errors
    /// When another parameter has the name.
    pub fn weight(&mut self, name: &str, shape: impl Into<Shape>) -> Result<Tensor> {
        self.ask(name, Role::Weight, &shape.into(), Draw::Init)
    }

    /// Weights drawn from N(0, std^2), of any shape.
    ///
    /// # Errors
    /// As [`Pass::weight`].
    pub fn normal(&mut self, name: &str, shape: impl Into<Shape>, std: f64) -> Result<Tensor> {
        self.ask(name, Role::Weight, &shape.into(), Draw::Normal { std })
    }

    /// A bias; it starts as the run's `init` says, usually at 0.
    ///
    /// # Errors
    /// As [`Pass::weight`].
    pub fn bias(&mut self, name: &str, units: usize) -> Result<Tensor> {
        self.ask(name, Role::Bias, &units.into(), Draw::Init)
    }

    /// A gain, shift or scale that starts at this value everywhere; weight decay leaves it alone.
    ///
    /// # Errors
    /// As [`Pass::weight`].
    pub fn filled(&mut self, name: &str, shape: impl Into<Shape>, value: f64) -> Result<Tensor> {
        self.ask(name, Role::Scale, &shape.into(), Draw::Filled { value })
    }

    /// x W + b along the last dimension of x, with `<name>.weight` and `<name>.bias`.
    ///
    /// # Errors
    /// What candle reports.
    pub fn linear(&mut self, name: &str, x: &Tensor, outputs: usize) -> Result<Tensor> {
        let inputs = x.dim(candle_core::D::Minus1)?;
        let weight = self.weight(&format!("{name}.weight"), (inputs, outputs))?;
        let bias = self.bias(&format!("{name}.bias"), outputs)?;
        x.contiguous()?.broadcast_matmul(&weight)?.broadcast_add(&bias)
    }

    /// Layer normalization over the last dimension of x (Ba et al. 2016), with `<name>.gain` and `<name>.shift`. That of candle-nn
    /// has no backward.
    ///
    /// # Errors
    /// What candle reports.
    pub fn layer_norm(&mut self, name: &str, x: &Tensor) -> Result<Tensor> {
        let units = x.dim(D::Minus1)?;
        let gain = self.filled(&format!("{name}.gain"), units, 1.0)?;
        let shift = self.filled(&format!("{name}.shift"), units, 0.0)?;
        composed::scaled(&composed::standardize(true, 1e-5, x)?, &gain, Some(&shift))
    }

    /// x, each number of which is left out with this probability in training, and the others scaled so that the mean stays. Each
    /// call of a pass has draws of its own.
    ///
    /// # Errors
    /// What candle reports.
    pub fn dropped(&mut self, probability: f64, x: &Tensor) -> Result<Tensor> {
        self.drops += 1;
        if probability == 0.0 || !self.mode.drops() {
            return Ok(x.clone());
        }
        x * self.mask(self.drops, probability, x)?
    }

    /// Names h `[rows, ...]` as what hidden layer `layer` hands on, counted from 1: there dL/dh is measured. Go on with what this
    /// returns.
    ///
    /// # Errors
    /// When the layer is named twice or the first dimension is not that of the samples.
    pub fn layer(&mut self, layer: usize, h: &Tensor) -> Result<Tensor> {
        self.site(layer, None, h)
    }

    /// The same at a time step, counted from 1, for a model that [has time](super::own::OwnModel::HAS_TIME).
    ///
    /// # Errors
    /// As [`Pass::layer`].
    pub fn layer_at(&mut self, layer: usize, time: usize, h: &Tensor) -> Result<Tensor> {
        self.site(layer, Some(time), h)
    }

    fn site(&mut self, layer: usize, time: Option<usize>, h: &Tensor) -> Result<Tensor> {
        self.passed = Some((layer, time));
        if let Some(outline) = &mut self.outline {
            outline.name(layer, time, h)?;
            return Ok(h.clone());
        }
        match self.sites.iter().position(|site| (site.layer, site.time) == (layer, time)) {
            Some(site) => self.tap(site, Part::Stream, h),
            None => bail!("{} was not named before: name the same layers in every pass", told(layer, time)),
        }
    }

    fn ask(&mut self, name: &str, role: Role, shape: &Shape, draw: Draw) -> Result<Tensor> {
        match &mut self.outline {
            Some(outline) => outline.ask(name, role, shape, draw, self.dtype, &self.device),
            None => {
                let parameter = self.parameter(name)?;
                if parameter.shape() != shape {
                    let was = parameter.shape();
                    bail!(
                        "`{name}` has shape {was:?}, but this pass asks for {shape:?}: use the same shape in every pass"
                    )
                }
                Ok(parameter)
            }
        }
    }
}
