//! Which figure to draw and what of the results it shows, as an experiment says it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FigureSpec {
    pub kind: FigureKind,
    pub name: Option<String>,
    pub title: Option<String>,
    pub metric: Option<String>,
    pub x: Option<String>,
    pub color: Option<String>,
    pub facet: Vec<String>,
    pub over: Vec<String>,
    #[serde(rename = "where")]
    pub filter: BTreeMap<String, Vec<String>>,
    pub step: Option<String>,
}

/// The kinds of figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FigureKind {
    GradientByLayer,
    LossByDepth,
    AttenuationByDepth,
    GradientHeatmap,
    Curves,
}

impl FigureKind {
    pub const ALL: &[FigureKind] = &[
        FigureKind::GradientByLayer,
        FigureKind::LossByDepth,
        FigureKind::AttenuationByDepth,
        FigureKind::GradientHeatmap,
        FigureKind::Curves,
    ];
}
