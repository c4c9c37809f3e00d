//! What is computed, held against outside truth: closed forms, finite differences, PyTorch, scipy and theory.

mod along_input;
mod article;
mod at_init;
#[path = "../support/beside.rs"]
mod beside;
mod convolution;
mod correlation;
mod divergence;
mod finite_width;
mod first_step;
mod functions;
mod gradients;
mod invariants;
mod invariants_in_training;
mod optimizers;
mod own_forward;
mod own_model;
mod point;
mod pytorch;
mod pytorch_modules;
mod recurrent;
mod schedules;
mod single_ops;
mod spectra;
mod statistics;
mod stopping;
#[path = "../support/mod.rs"]
mod support;
mod theory;
mod theory_closed_forms;
mod theory_convolution;
mod theory_measured;
mod theory_recurrent;
mod trace;
mod training;
mod transformer;
