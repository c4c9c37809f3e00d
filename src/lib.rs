//! gradsweep: how does the gradient fade on its way back to the first layer, and what stops it?

pub mod claim;
pub mod cli;
pub mod compare;
pub mod data;
pub mod experiment;
pub mod figure;
pub mod finish;
pub mod model;
pub mod ops;
pub mod optim;
pub mod probe;
pub mod real;
pub mod record;
pub mod report;
pub mod results;
pub mod schedule;
pub mod score;
pub mod seed;
pub mod setting;
pub mod stats;
pub mod stop;
pub mod sweep;
pub mod table;
pub mod theory;
pub mod train;
