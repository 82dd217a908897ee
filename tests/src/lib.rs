//! Harness, end-to-end scenarios, peers and tidy.
