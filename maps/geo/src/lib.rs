//! Quantities, datums, frames and geodesy: the vocabulary of where.
