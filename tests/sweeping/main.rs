//! Sweeps as a user runs them: the command line, going on after a stop, several machines, damage and kills.

#[path = "../support/beside.rs"]
mod asks;
mod beside;
mod cases;
mod cli;
mod damage;
mod diverged;
mod documents;
mod extremes;
mod figures_asked;
mod finding;
mod finished;
mod kill;
mod locks;
mod memory;
mod own_model;
mod paths;
mod power;
#[path = "../program/mod.rs"]
mod program;
mod provenance;
mod resume;
mod shards;
mod strangers;
mod sweep;
mod transcripts;
