//! Closed forms for random networks at init, with which measured gradients are compared.
//!
//! Mean-field theory of wide networks (Poole et al. 2016, Schoenholz et al. 2017), its forms for residual (Yang &
//! Schoenholz 2017), normalized (Yang et al. 2019 over the batch) and convolutional (Xiao et al. 2018) networks. Pure f64; the expectations are one- and
//! two-dimensional integrals, good to 1e-12, but for those over the outputs of a net, which are drawn.

pub(crate) mod batch_norm;
pub(crate) mod chi_table;
pub(crate) mod convolution;
pub(crate) mod highway;
mod inputs;
pub mod mean_field;
pub(crate) mod normalized;
mod outputs;
pub(crate) mod post_activation;
pub mod prediction;
mod quadrature;
pub mod recurrent;
pub mod recurrent_gates;
pub mod residual;
mod sphere;

pub use inputs::Inputs;
pub(crate) use mean_field::Gap;
pub use mean_field::{Limit, MeanField};
pub use outputs::Outputs;
pub use prediction::{NoPrediction, Prediction};
pub use residual::ResidualBlock;
