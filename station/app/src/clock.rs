//! The one place that reads the machine's clock. Everything else takes `now`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use vedette_model::{Mono, Utc};

/// The session's clock: monotonic time since its start, scaled, and UTC anchored once.
///
/// UTC follows the monotonic clock from its anchor, so a step of the machine's clock cannot tear
/// the record. A simulated session may run faster or slower than the machine, and change its pace
/// on the way; its time never steps.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    anchor: Utc,
    pace: Arc<Mutex<Pace>>,
}

#[derive(Debug, Clone, Copy)]
struct Pace {
    since: Instant,
    at: f64,
    speed: f64,
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
fn instant() -> Instant {
    Instant::now()
}

impl Clock {
    /// Starts now, at the given UTC, `speed` session seconds per second.
    pub(crate) fn start(anchor: Utc, speed: f64) -> Self {
        Self {
            anchor,
            pace: Arc::new(Mutex::new(Pace {
                since: instant(),
                at: 0.0,
                speed,
            })),
        }
    }

    /// The machine's UTC.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    pub(crate) fn machine_utc() -> Utc {
        let d = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        Utc(i64::try_from(d.as_micros()).unwrap_or(i64::MAX))
    }

    fn pace(&self) -> Pace {
        *self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Session time.
    #[expect(clippy::cast_possible_truncation, reason = "microseconds of a session")]
    pub(crate) fn now(&self) -> Mono {
        let p = self.pace();
        Mono(((p.at + instant().duration_since(p.since).as_secs_f64() * p.speed) * 1e6) as i64)
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
        self.pace().speed
    }

    /// Goes on at another pace from this moment.
    pub(crate) fn set_speed(&self, speed: f64) {
        let mut p = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        let now = instant();
        *p = Pace {
            at: p.at + now.duration_since(p.since).as_secs_f64() * p.speed,
            since: now,
            speed,
        };
    }

    /// How long to wait, on the machine's clock, for `ms` of session time.
    pub(crate) fn real(&self, ms: i64) -> Duration {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds")]
        Duration::from_secs_f64((ms as f64 / 1000.0 / self.speed()).max(0.0))
    }
}
