//! The norms of a block, forward and backward on slices.

use super::pass::Pass;
use super::{Scratch, Workspace};
use crate::ops::Mode;
use crate::ops::activation::Curve;
use crate::ops::block::Role;
use crate::ops::columns::{self, Affine, ThroughStatistics};
use crate::ops::norm::Norm;
use crate::ops::rows::{self, RowNorm};
use crate::real::Real;

impl<T: Real> Pass<'_, T> {
    /// `v = phi(norm(v + bias))`.
    pub(super) fn norm_forward<C: Curve<T>>(
        &self,
        norm: &Norm,
        w: &mut Workspace<T>,
        bias: Option<&[T]>,
        curve: C,
        v: &mut [T],
    ) {
        if norm.kind.is_over_batch() {
            return self.batch_forward(norm, w, bias, curve, v);
        }
        bias.into_iter().for_each(|bias| columns::add_to_rows(bias, v));
        let by = self.row_norm(norm);
        w.standardized.resize(v.len(), T::of(0.0));
        w.inverse_deviation.resize(v.len() / by.units, T::of(0.0));
        rows::normalize(&by, curve, v, &mut w.standardized, &mut w.inverse_deviation);
    }

    /// Over the batch the bias moves the mean and nothing else, so it is not added.
    fn batch_forward<C: Curve<T>>(&self, norm: &Norm, w: &mut Workspace<T>, bias: Option<&[T]>, curve: C, v: &mut [T]) {
        let units = self.normed_units();
        let bias = |unit: usize| bias.map_or(T::of(0.0), |b| b[unit]);
        w.center.resize(units, T::of(0.0));
        let variance = match (&w.running, self.mode) {
            (Some(running), Mode::Evaluate) => {
                w.center.iter_mut().zip(&running.mean).enumerate().for_each(|(j, (c, m))| *c = *m - bias(j));
                &running.variance
            }
            (Some(_), Mode::Frozen) if w.mean.len() == units => {
                w.center.iter_mut().zip(&w.mean).enumerate().for_each(|(j, (c, m))| *c = *m - bias(j));
                &w.variance
            }
            _ => {
                w.variance.resize(units, T::of(0.0));
                columns::column_moments(v, &mut w.center, &mut w.variance);
                w.mean.clear();
                w.mean.extend(w.center.iter().enumerate().map(|(j, c)| *c + bias(j)));
                &w.variance
            }
        };
        w.inverse_deviation.clear();
        w.inverse_deviation.extend(variance.iter().map(|s| T::of(1.0) / T::sqrt(*s + T::of(norm.eps))));
        w.standardized.resize(v.len(), T::of(0.0));
        let map = Affine {
            center: &w.center,
            inverse_deviation: &w.inverse_deviation,
            gain: self.part(Role::NormGain),
            shift: self.part(Role::NormShift),
        };
        columns::normalize(&map, curve, v, &mut w.standardized);
    }

    /// Turns `d`, the gradient of the norm's output, into that of its input, whose column sums are left in `s.column_sums`.
    pub(super) fn norm_backward(
        &self,
        norm: &Norm,
        w: &Workspace<T>,
        gradient: &mut [T],
        s: &mut Scratch<T>,
        d: &mut [T],
    ) {
        let units = self.normed_units();
        s.sums.resize(units, T::of(0.0));
        s.products.resize(units, T::of(0.0));
        columns::sums_and_products(d, &w.standardized, &mut s.sums, &mut s.products);
        self.put(gradient, Role::NormShift, |out| out.copy_from_slice(&s.sums));
        self.put(gradient, Role::NormGain, |out| out.copy_from_slice(&s.products));
        if !norm.kind.is_over_batch() {
            rows::through(&self.row_norm(norm), d, &w.standardized, &w.inverse_deviation);
            return columns::column_sums(d, &mut s.column_sums);
        }
        s.scale.clone_from(&w.inverse_deviation);
        if let Some(gain) = self.part(Role::NormGain) {
            s.scale.iter_mut().zip(gain).for_each(|(s, g)| *s *= *g);
        }
        if self.mode == Mode::Frozen {
            d.chunks_exact_mut(units).for_each(|row| row.iter_mut().zip(&s.scale).for_each(|(d, s)| *d *= *s));
            return columns::column_sums(d, &mut s.column_sums);
        }
        let by = ThroughStatistics { sums: &s.sums, products: &s.products, scale: &s.scale };
        columns::through_statistics(&by, d, &w.standardized, &mut s.column_sums);
    }

    fn row_norm(&self, norm: &Norm) -> RowNorm<'_, T> {
        RowNorm {
            units: self.normed_units(),
            is_centred: norm.kind.is_centred(),
            eps: T::of(norm.eps),
            gain: self.part(Role::NormGain),
            shift: self.part(Role::NormShift),
        }
    }

    fn normed_units(&self) -> usize {
        self.block.norm().map_or(0, |(_, units)| units)
    }
}
