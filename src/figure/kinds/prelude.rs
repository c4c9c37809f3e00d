//! The imports that the files of all kinds of figures share.

pub(super) use crate::columns::{self, Column, Measured, Predicted, Quantity};
pub(super) use crate::experiment::figure_kind::{
    AXIS_SCALES, AlongX, CellsShown, ColorBy, Defaults, FigureKind, Over, Predicts, Roles, STEP_SCALES, Shows, Tune,
    column_names, is_of_init, is_of_step,
};
pub(super) use crate::fading::{self, Fading};
pub(super) use crate::figure::beyond;
pub(super) use crate::figure::chart::*;
pub(super) use crate::figure::endings::{Ending, Endings, Seeds};
pub(super) use crate::figure::finding::{self, Words};
pub(super) use crate::figure::guessing::{Guess, guessing, named};
pub(super) use crate::figure::kind::Kind;
pub(super) use crate::figure::reference::References;
pub(super) use crate::figure::ruler::{End, Ruler, evenly, minus, nice_step, range, without_lost, without_runaways};
pub(super) use crate::figure::scene::Color;
pub(super) use crate::figure::select::{GroupKey, Selection, Used, heading, over_seeds};
pub(super) use crate::figure::sheet::{Medium, Sheet};
pub(super) use crate::figure::style::*;
pub(super) use crate::figure::text::{self, Weight};
pub(super) use crate::figure::theory::{self, Overlay};
pub(super) use crate::figure::training::{Course, StepScale, Training};
pub(super) use crate::figure::words::{self, CROWD, Caption};
pub(super) use crate::figure::{FigureError, names, places};
pub(super) use crate::plan_file::claim::Metric;
pub(super) use crate::plan_file::figure::FigureSpec;
pub(super) use crate::record::Status;
pub(super) use crate::results::Run;
pub(super) use crate::stats::Spread;
pub(super) use crate::table::significant;
pub(super) use std::collections::{BTreeMap, BTreeSet};
