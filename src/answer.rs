//! What a sweep found, in a sentence for the report and as a table for the terminal.

pub mod sentence;
pub mod table;
