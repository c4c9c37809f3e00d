//! Sweeps as a user runs them: the command line, going on after a stop, several machines, damage and kills.

mod beside;
mod cases;
mod cli;
mod damage;
mod documents;
mod figures_asked;
mod finding;
mod finished;
mod kill;
mod memory;
mod own_model;
#[path = "../program/mod.rs"]
mod program;
mod provenance;
mod resume;
mod shards;
mod strangers;
mod sweep;
mod transcripts;
