//! The kinds of figures, and their one list. Each file says everything of one: what can be asked of it, and how results become
//! its chart.

mod along_input;
mod attenuation_by_depth;
mod attenuation_over_training;
mod best_of_tries;
mod comparison;
mod contour;
mod critical_difference;
mod curves;
mod derivative;
mod distribution_by_layer;
mod first_layer;
mod gradient_by_layer;
mod gradient_by_time;
mod gradient_heatmap;
mod heat_map;
mod landscape;
mod layer_lines;
mod loss_by_depth;
mod lr_sensitivity;
mod percentiles;
mod performance_profile;
mod phase_diagram;
mod prelude;
mod steps_to_target;
mod trajectories;

pub use super::kind::{Kind, nearness};

use crate::experiment::figure_kind::FigureKind;

/// All kinds, in the order in which they are drawn if the file asks for none.
pub const ALL: &[Kind] = &[
    comparison::KIND,
    critical_difference::KIND,
    gradient_by_layer::KIND,
    gradient_by_time::KIND,
    lr_sensitivity::KIND,
    best_of_tries::KIND,
    attenuation_over_training::KIND,
    layer_lines::KIND,
    steps_to_target::KIND,
    performance_profile::KIND,
    loss_by_depth::KIND,
    attenuation_by_depth::KIND,
    gradient_heatmap::KIND,
    heat_map::KIND,
    trajectories::KIND,
    curves::KIND,
    derivative::KIND,
    first_layer::KIND,
    distribution_by_layer::KIND,
    percentiles::KIND,
    along_input::KIND,
    phase_diagram::KIND,
];

/// What can be asked of all kinds: what the reader of an experiment needs.
pub const FACTS: &[&FigureKind] = &{
    let mut facts = [ALL[0].facts; ALL.len()];
    let mut i = 0;
    while i < ALL.len() {
        facts[i] = ALL[i].facts;
        i += 1;
    }
    facts
};
