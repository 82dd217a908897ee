//! The one place that reads the machine's clock. Everything else takes `now`.

use std::time::{Duration, Instant};

use vedette_model::{Mono, Utc};

/// The session's clock: monotonic time since its start, scaled, and UTC anchored once.
///
/// UTC follows the monotonic clock from its anchor, so a step of the machine's clock cannot tear
/// the record; with a speed other than one both run faster alike.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    start: Instant,
    anchor: Utc,
    speed: f64,
}

impl Clock {
    /// Starts now, at the given UTC, `speed` session seconds per second.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    pub(crate) fn start(anchor: Utc, speed: f64) -> Self {
        Self { start: Instant::now(), anchor, speed }
    }

    /// The machine's UTC.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    pub(crate) fn machine_utc() -> Utc {
        let d = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Utc(i64::try_from(d.as_micros()).unwrap_or(i64::MAX))
    }

    /// Session time.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    #[expect(clippy::cast_possible_truncation, reason = "microseconds of a session")]
    pub(crate) fn now(&self) -> Mono {
        Mono((Instant::now().duration_since(self.start).as_secs_f64() * self.speed * 1e6) as i64)
    }

    /// Session UTC.
    pub(crate) fn utc(&self) -> Utc {
        self.utc_at(self.now())
    }

    /// UTC of a session time.
    pub(crate) fn utc_at(&self, t: Mono) -> Utc {
        self.anchor.plus_us(t.0)
    }

    /// Session seconds per second.
    pub(crate) fn speed(&self) -> f64 {
        self.speed
    }

    /// How long to wait, on the machine's clock, for `ms` of session time.
    pub(crate) fn real(&self, ms: i64) -> Duration {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds")]
        Duration::from_secs_f64((ms as f64 / 1000.0 / self.speed).max(0.0))
    }
}
