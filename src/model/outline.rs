//! What a forward pass asks for, learned by running it once on zeros: its parameters, its sites and what they take.
//!
//! The author of a model so writes each parameter once, where it is used, and the layout follows.

use super::boundary::Site;
use super::layout::Layout;
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

    /// The zeros that stand for a parameter.
    pub(super) fn ask(
        &mut self,
        name: &str,
        role: Role,
        shape: &Shape,
        draw: Draw,
        dtype: DType,
        on: &Device,
    ) -> Result<Tensor> {
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
            bail!("`{name}` is asked for twice in different ways: give the second parameter its own name")
        }
        if role.is_weight() {
            self.uses += shape.elem_count();
            self.used.push(index);
        }
        Ok(asked.zeros.clone())
    }

    /// Takes in a site.
    pub(super) fn name(&mut self, layer: usize, time: Option<usize>, h: &Tensor) -> Result<()> {
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
                bail!("{place} has no weights: call `pass.layer` after the weights of the layer")
            };
            let others = self.named.iter().enumerate().filter(|(other, _)| *other != number);
            let shared = others.into_iter().any(|(_, other)| other.used.iter().any(|index| used.contains(index)));
            sites.push(Site { time, shared, ..Site::new(layer, units, weight) });
        }
        sites.sort_by_key(|site| (site.layer, site.time));
        let times: Vec<Option<usize>> = sites.iter().filter(|site| site.layer == 1).map(|site| site.time).collect();
        let wanted = (1..=sites.len()).flat_map(|layer| times.iter().map(move |time| (layer, *time)));
        let is_whole = sites.iter().map(|site| (site.layer, site.time)).eq(wanted.take(sites.len()));
        if !is_whole || !sites.len().is_multiple_of(times.len().max(1)) {
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
