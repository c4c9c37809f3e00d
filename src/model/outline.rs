//! What a forward pass asks for, learned by running it once on zeros: its parameters, its sites and what they take.
//!
//! The author of a model so writes each parameter once, where it is used, and the layout follows.

use super::boundary::Site;
use super::layout::Layout;
use super::pass::{Part, Pass};
use crate::ops::Tensor;
use crate::ops::block::Role;
use candle_core::{DType, Device, Result, Shape, bail};
use std::ops::Range;

/// Parameters that are not tried, so that a slip of the pen is a message and no end of memory.
const MOST: usize = 1_000_000_000;

/// What a pass has asked for so far.
pub(super) struct Outline {
    rows: usize,
    asked: Vec<Asked>,
    named: Vec<Named>,
    /// Of the matrices among `asked`, those that were used since the last site.
    used: Vec<usize>,
    /// Numbers of the matrices, each as often as it is used.
    uses: usize,
}

/// A parameter that a pass asks for.
struct Asked {
    name: String,
    role: Role,
    shape: Vec<usize>,
    draw: Draw,
    /// How many sites the pass had named before.
    after: usize,
    zeros: Tensor,
}

/// A site that a pass names, and the matrices that lead to it.
struct Named {
    layer: usize,
    time: Option<usize>,
    units: usize,
    used: Vec<usize>,
}

/// How a parameter starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Draw {
    /// As the run's init says of its role.
    Init,
    /// N(0, std^2).
    Normal { std: f64 },
    /// All equal.
    Filled { value: f64 },
}

/// All that one pass asks for.
#[derive(Clone, Debug)]
pub(super) struct Outlined {
    pub layout: Layout,
    /// In the order of the layout.
    pub draws: Vec<Draw>,
    pub sites: Vec<Site>,
    /// Numbers of the matrices, each as often as a pass uses it.
    pub uses: f64,
}

impl Outline {
    /// Of a pass over so many rows.
    pub(super) fn new(rows: usize) -> Self {
        Outline { rows, asked: Vec::new(), named: Vec::new(), used: Vec::new(), uses: 0 }
    }

    fn ask(&mut self, name: &str, role: Role, shape: &Shape, draw: Draw, dtype: DType, on: &Device) -> Result<Tensor> {
        let known = self.asked.iter().position(|asked| asked.name == name);
        let index = known.unwrap_or(self.asked.len());
        if known.is_none() {
            let count: usize = self.asked.iter().map(|asked| asked.zeros.elem_count()).sum();
            if shape.elem_count() > MOST - count {
                bail!("`{name}` of shape {shape:?} makes more than {MOST} parameters: make it smaller")
            }
            let (zeros, after) = (Tensor::zeros(shape, dtype, on)?, self.named.len());
            self.asked.push(Asked { name: name.into(), role, shape: shape.dims().to_vec(), draw, after, zeros });
        }
        let asked = &self.asked[index];
        if (&asked.shape[..], asked.draw, asked.role) != (shape.dims(), draw, role) {
            bail!("`{name}` is asked for twice, and not alike: give the second parameter a name of its own")
        }
        if role.is_weight() {
            self.uses += shape.elem_count();
            self.used.push(index);
        }
        Ok(asked.zeros.clone())
    }

    fn name(&mut self, layer: usize, time: Option<usize>, h: &Tensor) -> Result<()> {
        let place = told(layer, time);
        if h.dims().first() != Some(&self.rows) {
            let (is, rows) = (h.shape(), self.rows);
            bail!("{place} has shape {is:?}: its first dimension has to be that of the {rows} samples")
        }
        if self.named.iter().any(|other| (other.layer, other.time) == (layer, time)) {
            bail!("{place} is named twice: count layers from 1 on")
        }
        let units = h.elem_count() / self.rows;
        self.named.push(Named { layer, time, units, used: std::mem::take(&mut self.used) });
        Ok(())
    }

    /// Parameters site by site, of each the matrices first, so that those of a layer stand together.
    ///
    /// # Errors
    /// When the sites are no layers 1, 2, ... with the same time steps, or a layer has no matrix.
    pub(super) fn close(self) -> Result<Outlined> {
        let mut order: Vec<usize> = (0..self.asked.len()).collect();
        order.sort_by_key(|index| (self.asked[*index].after, !self.asked[*index].role.is_weight()));
        let tensors = order.iter().map(|index| &self.asked[*index]);
        let layout = Layout::new(tensors.clone().map(|own| (own.name.clone(), own.role, own.shape.clone())));
        let draws = tensors.map(|own| own.draw).collect();
        let mut ranges = vec![0..0; order.len()];
        for (index, parameter) in order.iter().zip(layout.parameters()) {
            ranges[*index] = parameter.range.clone();
        }
        let mut sites: Vec<Site> = Vec::with_capacity(self.named.len());
        for (number, named) in self.named.iter().enumerate() {
            let &Named { layer, time, units, ref used } = named;
            let own = used.iter().filter(|index| self.asked[**index].after == number);
            let weight = sites.iter().find(|site| site.layer == layer).map(|site| site.weight.clone());
            let weight = weight.or_else(|| span(own.map(|index| &ranges[*index])));
            let Some(weight) = weight.or_else(|| used.last().map(|index| ranges[*index].clone())) else {
                let place = told(layer, time);
                bail!("no matrix leads to {place}: name a layer behind the weights that it has")
            };
            let others = self.named.iter().enumerate().filter(|(other, _)| *other != number);
            let shared = others.into_iter().any(|(_, other)| other.used.iter().any(|index| used.contains(index)));
            sites.push(Site { layer, time, units, weight, shared, activation: None, gates: &[], attention: None });
        }
        sites.sort_by_key(|site| (site.layer, site.time));
        let times: Vec<Option<usize>> = sites.iter().filter(|site| site.layer == 1).map(|site| site.time).collect();
        let wanted = (1..=sites.len()).flat_map(|layer| times.iter().map(move |time| (layer, *time)));
        let is_whole = sites.iter().map(|site| (site.layer, site.time)).eq(wanted.take(sites.len()));
        if sites.len() % times.len().max(1) != 0 || !is_whole {
            bail!("the layers that it names are not 1, 2, 3, ..., each at the same time steps: number them from 1 on")
        }
        Ok(Outlined { layout, draws, sites, uses: self.uses as f64 })
    }
}

/// From the first to the last, where these are one behind the other.
fn span<'a>(ranges: impl Iterator<Item = &'a Range<usize>>) -> Option<Range<usize>> {
    ranges.cloned().reduce(|all, one| all.start.min(one.start)..all.end.max(one.end))
}

/// A site in words.
pub(super) fn told(layer: usize, time: Option<usize>) -> String {
    time.map_or_else(|| format!("layer {layer}"), |time| format!("layer {layer} at time {time}"))
}

/// What the author of a model of one's own asks for and names.
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
        let last = candle_core::D::Minus1;
        let units = x.dim(last)?;
        let gain = self.filled(&format!("{name}.gain"), units, 1.0)?;
        let shift = self.filled(&format!("{name}.shift"), units, 0.0)?;
        let centred = x.broadcast_sub(&x.mean_keepdim(last)?)?;
        let deviation = (centred.sqr()?.mean_keepdim(last)? + 1e-5)?.sqrt()?;
        centred.broadcast_div(&deviation)?.broadcast_mul(&gain)?.broadcast_add(&shift)
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
                    bail!("`{name}` has shape {was:?} and is asked for as {shape:?}: ask alike in every pass")
                }
                Ok(parameter)
            }
        }
    }
}
