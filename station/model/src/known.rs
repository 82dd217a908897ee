//! Values that remember when they were true: staleness is data, and every panel draws it alike.

use serde::{Deserialize, Serialize};

use crate::Mono;

/// A value and the moment it was captured, on the station's monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Known<T> {
    /// What was reported.
    pub value: T,
    /// When it was true, as well as the station knows.
    pub captured: Mono,
}

/// How old a value is, in the console's classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Freshness {
    /// Under one second.
    Fresh,
    /// One to five seconds: its age is printed beside it.
    Ageing,
    /// Over five seconds: drawn grey with a dashed underline.
    Stale,
}

impl<T> Known<T> {
    /// A value captured at `captured`.
    pub const fn new(value: T, captured: Mono) -> Self {
        Self { value, captured }
    }
    /// Age in milliseconds, never negative.
    #[must_use]
    pub fn age_ms(&self, now: Mono) -> i64 {
        (now.since(self.captured) / 1000).max(0)
    }
    /// The console's class for this age.
    #[must_use]
    pub fn freshness(&self, now: Mono) -> Freshness {
        match self.age_ms(now) {
            a if a < 1000 => Freshness::Fresh,
            a if a < 5000 => Freshness::Ageing,
            _ => Freshness::Stale,
        }
    }
}
