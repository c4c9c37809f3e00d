//! Models: what everything else knows of one, and the families that there are.

mod asking;
pub mod boundary;
pub mod candle_model;
pub mod convolution;
pub mod cut;
pub mod dense;
pub mod differences;
pub mod families;
pub mod init;
pub mod layout;
mod nonlinear;
mod outline;
pub mod own;
pub mod pass;
pub mod recurrent;
pub mod transformer;

pub use boundary::{
    Attention, Batch, BuildError, Built, Family, Gradients, Model, PassCost, Precision, Site, Tap, check_sequences,
    copy_parameters,
};
pub use candle_model::CandleModel;
pub use families::{family, reads, settings};
pub use layout::{Layout, Parameter};
pub use own::OwnModel;
pub use pass::{Part, Pass};

pub use crate::ops::block::Role;
pub use crate::ops::loss::{Loss, Target};
pub use crate::ops::{Element, Mode, Tensor};
pub use crate::seed::Seeds;
