//! Append-only record of every input, its catalogue and its replay reader.
