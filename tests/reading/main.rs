//! What is read from outside: experiment files and data sets, right, wrong and damaged.

mod csv_sequences;
mod data;
mod data_digits;
mod data_errors;
mod experiment;
mod experiment_errors;
mod fuzz;
mod grammar;
mod images;
mod questions;
mod sections;
mod sequences;
#[path = "../support/mod.rs"]
mod support;
