//! How long this aircraft takes to answer, and how long to wait for it (RFC 6298: smoothed round
//! trip plus four times its mean deviation).
//!
//! Invariant: a wait is never shorter than 250 ms, nor longer than 1.5 s or one and a half round
//! trips, whichever is more.

use vedette_model::Mono;

/// Shortest wait for an answer, milliseconds.
const MIN_WAIT_MS: f64 = 250.0;
/// Longest wait for an answer, milliseconds.
const MAX_WAIT_MS: f64 = 1500.0;

/// Smoothed round trip.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Rtt {
    smoothed_ms: Option<f64>,
    deviation_ms: f64,
}

impl Rtt {
    /// One measured round trip; only of frames sent once (Karn's rule).
    #[expect(clippy::cast_precision_loss, reason = "microseconds of seconds")]
    pub(crate) fn sample(&mut self, sent: Mono, now: Mono) {
        let ms = now.since(sent) as f64 * 1e-3;
        if (0.0..60_000.0).contains(&ms) {
            match self.smoothed_ms {
                None => self.deviation_ms = ms / 2.0,
                Some(s) => self.deviation_ms += ((s - ms).abs() - self.deviation_ms) * 0.25,
            }
            self.smoothed_ms = Some(self.smoothed_ms.map_or(ms, |s| s + (ms - s) * 0.125));
        }
    }
    /// Milliseconds, once measured.
    pub(crate) fn ms(&self) -> Option<f64> {
        self.smoothed_ms
    }
    /// When to give up waiting for the answer to attempt number `attempt` (from 0).
    #[expect(clippy::cast_possible_truncation, reason = "below 90 s")]
    pub(crate) fn deadline(&self, now: Mono, attempt: u8) -> Mono {
        let first = self
            .smoothed_ms
            // A third of the round trip at least: a radio that is even for a while is not for ever.
            .map_or(MIN_WAIT_MS * 2.0, |s| {
                (s + (4.0 * self.deviation_ms).max(s / 3.0)).max(MIN_WAIT_MS)
            });
        // A satellite link may be slower than the longest wait of a radio.
        let most = self.smoothed_ms.map_or(MAX_WAIT_MS, |s| (1.5 * s).max(MAX_WAIT_MS));
        let wait = (first * 1.5_f64.powi(i32::from(attempt))).min(most);
        now.plus_ms(wait as i64)
    }
}
