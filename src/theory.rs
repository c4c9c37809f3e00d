//! Closed forms for random networks at init: what the measured gradients are held against.
//!
//! Mean-field theory of wide networks (Poole et al. 2016, Schoenholz et al. 2017), its forms for residual (Yang &
//! Schoenholz 2017) and batch-normalized (Yang et al. 2019) networks, and the scatter of finite ones (Hanin & Nica
//! 2020). Pure f64; the expectations are one- and two-dimensional integrals, good to 1e-12.

pub mod batch_norm;
pub mod finite_width;
mod inputs;
pub mod mean_field;
pub(crate) mod post_activation;
pub mod prediction;
mod quadrature;
pub mod residual;

pub use finite_width::log_factor;
pub use inputs::Inputs;
pub use mean_field::{Limit, MeanField};
pub use prediction::{NoPrediction, Prediction};
pub use residual::ResidualBlock;
