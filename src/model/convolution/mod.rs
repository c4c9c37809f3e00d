//! The convolutional family: layers of convolution, norm, activation and skip connection over images, then an output layer that reads
//! all positions.
//!
//! A kernel of k x k over C channels sums over k^2 C numbers, so that a wide net's gradient follows the law of a dense net with that
//! fan-in (Xiao et al. 2018), but for the border: what is padded with zeros hands nothing back.

pub mod architecture;
pub mod forward;
pub mod theory;

pub use architecture::Architecture;

use super::boundary::{Built, Family, PassCost, at_both_precisions};
use super::dense::{self, Residual};
use super::init::{self, Start};
use super::layout::Layout;
use crate::data::Sizes;
use crate::ops::Element;
use crate::seed::Seeds;
use crate::setting::{DefaultValue, Problems, Setting, SettingError, Settings, of_problems};
use crate::theory::{Inputs, NoPrediction, Prediction};

/// Convolutional nets, by one of two implementations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Convolutional {
    /// Our own ops: what a sweep trains.
    Fused,
    /// Candle's own ops: the reference.
    Composed,
}

impl Family for Convolutional {
    fn words(&self) -> &'static [&'static str] {
        KIND
    }

    fn help(&self) -> &'static str {
        "`conv`: layers of convolution over images"
    }

    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }

    fn reads(&self, _: &str, key: &str) -> bool {
        !matches!(key, "width" | "widths")
    }

    fn usual(&self, key: &str, _: &str) -> Option<DefaultValue> {
        (key == "data.as").then_some(DefaultValue::Text("images"))
    }

    fn layout(&self, settings: &Settings, sizes: &Sizes) -> Result<Layout, SettingError> {
        Ok(Architecture::from_settings(settings, sizes)?.layout())
    }

    fn initial(&self, settings: &Settings, sizes: &Sizes, seeds: &Seeds) -> Result<Vec<f64>, SettingError> {
        let architecture = Architecture::from_settings(settings, sizes)?;
        let start = Start::from_settings(settings, architecture.pair.activation)?;
        Ok(init::initial(start, &architecture.layout(), seeds))
    }

    fn cost(&self, settings: &Settings, sizes: &Sizes, rows: usize) -> PassCost {
        let Ok(net) = Architecture::from_settings(settings, sizes) else { return PassCost::default() };
        let rows = rows as f64;
        // A gate has a kernel of its own.
        let kernels = if matches!(net.residual, Residual::Highway { .. }) { 2.0 } else { 1.0 };
        let (mut weights, mut products, mut kept) = (0.0, 0.0, 0.0);
        for layer in &net.layers {
            let own = kernels * (layer.fan_in() * layer.outputs) as f64;
            let positions = layer.positions()[1] as f64;
            weights += own;
            products += positions * own;
            kept += positions * layer.outputs as f64;
        }
        let output = (net.read_out() * net.outputs) as f64;
        let (weights, forward) = (weights + output, 2.0 * rows * (products + output));
        // Weights and their gradients; of each unit and row what the ops of a layer leave, and gradients: some twelve, as measured.
        let bytes = 4.0 * (2.0 * weights + 12.0 * rows * kept);
        let more = |key: &str| match settings.text(key) {
            Some("none") => 0.0,
            Some("highway") => 1.4,
            _ => 0.7,
        };
        PassCost {
            weights,
            forward,
            backward: 2.0 * forward,
            bytes,
            measured: (1.6 + more("norm") + more("residual")) * bytes,
        }
    }

    fn couples_samples(&self, settings: &Settings) -> Option<&'static str> {
        dense::Dense::Fused.couples_samples(settings)
    }

    fn trains_as_it_evaluates(&self, settings: &Settings) -> bool {
        dense::Dense::Fused.trains_as_it_evaluates(settings)
    }

    fn predict(&self, settings: &Settings, inputs: &Inputs) -> Result<Prediction, NoPrediction> {
        theory::predict(settings, inputs)
    }

    at_both_precisions!();
}

impl Convolutional {
    fn build<T: Element>(self, settings: &Settings, sizes: &Sizes, packed: &[f64]) -> Built<T> {
        let architecture = Architecture::from_settings(settings, sizes)?;
        let ops = if self == Convolutional::Fused { forward::FUSED } else { forward::COMPOSED };
        Ok(Box::new(forward::model(&architecture, packed, ops)?))
    }
}

const KIND: &[&str] = &["conv"];

/// The settings that other nets do not have.
pub const SETTINGS: &[Setting] = &of_problems(Problems::Networks, [
    Setting::int("network.channels", 1..=4096, 16).of(KIND).help("number of channels of each layer"),
    Setting::int("network.kernel", 1..=99, 3).of(KIND).help("side length of the kernel, an odd number"),
    Setting::word("network.padding", &["zero", "circular"], "zero").of(KIND)
        .help("what a kernel reads beyond the border of the image: zeros, or the opposite side"),
    Setting::int("network.stages", 1..=16, 1).of(KIND)
        .help("number of stages into which the layers are evenly divided; the first layer of each stage after the first has stride 2, and the skip connection past it is subsampled in the same way (He et al. 2016, their option A)"),
]);
