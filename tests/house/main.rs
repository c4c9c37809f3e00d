//! What the source and the documents say of themselves is true.

mod floors;
mod imports;
mod readme;
