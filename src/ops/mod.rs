//! The operations of a network, each twice: composed of plain candle ops, and fused into one CPU kernel.

pub mod activation;
