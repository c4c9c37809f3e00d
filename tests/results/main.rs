//! What is made of a results folder: claims, comparisons, figures and the report.

mod answer;
mod arriving;
mod claims;
mod compare;
mod compare_folders;
mod compare_joined;
mod compare_metrics;
mod compare_ties;
mod compare_told;
mod compare_worst;
mod distributions;
mod figure;
mod figure_diverged;
mod figure_optimizers;
mod figure_scene;
mod figure_shown;
mod figure_support;
mod import;
mod over_time;
mod own_kind;
#[path = "../program/mod.rs"]
mod program;
mod report;
mod steps_known;
mod theory_figure;
