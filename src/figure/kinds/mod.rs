//! The kinds of figures: each file makes a chart of results.

mod attenuation_by_depth;
mod attenuation_over_training;
mod best_of_tries;
mod contour;
mod curves;
mod derivative;
mod gradient_by_layer;
mod gradient_heatmap;
mod heat_map;
mod loss_by_depth;
mod lr_sensitivity;
mod performance_profile;
mod steps_to_target;
mod trajectories;
mod update_ratio;

use super::FigureError;
use super::chart::Chart;
use super::select::Selection;
use super::sheet::Medium;
use crate::plan_file::figure::FigureKind;

/// The chart of a selection.
///
/// # Errors
/// A selection that does not fit the kind or holds nothing to draw, or a file that cannot be read.
pub fn draw(selection: &Selection, medium: Medium) -> Result<Chart, FigureError> {
    let draw = match selection.spec.kind {
        FigureKind::GradientByLayer => gradient_by_layer::draw,
        FigureKind::LossByDepth => loss_by_depth::draw,
        FigureKind::AttenuationByDepth => attenuation_by_depth::draw,
        FigureKind::GradientHeatmap => gradient_heatmap::draw,
        FigureKind::HeatMap => heat_map::draw,
        FigureKind::Curves => curves::draw,
        FigureKind::Trajectories => trajectories::draw,
        FigureKind::LrSensitivity => lr_sensitivity::draw,
        FigureKind::AttenuationOverTraining => attenuation_over_training::draw,
        FigureKind::UpdateRatio => update_ratio::draw,
        FigureKind::BestOfTries => best_of_tries::draw,
        FigureKind::StepsToTarget => steps_to_target::draw,
        FigureKind::PerformanceProfile => performance_profile::draw,
        FigureKind::Derivative => derivative::draw,
    };
    draw(selection, medium)
}
