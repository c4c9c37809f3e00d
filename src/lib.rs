//! gradsweep: how does the gradient fade on its way back to the first layer, and what stops it?

pub mod data;
pub mod experiment;
pub mod figure;
pub mod model;
pub mod ops;
pub mod optim;
pub mod record;
pub mod schedule;
pub mod seed;
pub mod setting;
pub mod stats;
pub mod table;
