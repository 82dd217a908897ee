//! Seals and verifies evidence bundles.
