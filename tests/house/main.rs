//! What the source and the documents say of themselves is true.

mod documents;
mod floors;
mod imports;
mod words;
