//! The one place that reads the machine's clock. Everything else takes `now`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use vedette_model::{Mono, Utc};

/// The session's clock: monotonic time since its start, scaled, and UTC anchored once.
///
/// UTC follows the monotonic clock from its anchor, so a step of the machine's clock cannot tear
/// the record. A simulated session may run faster or slower than the machine, and may wait for the
/// simulator ([`Clock::wait_for`]); its time never steps and never goes back.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    anchor: Utc,
    pace: Arc<Mutex<Pace>>,
}

/// How far a session's time may have come at this moment.
type Limit = Arc<dyn Fn() -> Mono + Send + Sync>;

struct Pace {
    since: Instant,
    at: f64,
    speed: f64,
    held: bool,
    limit: Option<Limit>,
}

impl std::fmt::Debug for Pace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} s at speed {}", self.at, self.speed)
    }
}

impl Pace {
    /// Goes on to this moment: by the machine's clock, but not beyond the limit and never back.
    fn go_on(&mut self) -> f64 {
        let now = instant();
        if self.held {
            self.since = now;
            return self.at;
        }
        let free = self.at + now.duration_since(self.since).as_secs_f64() * self.speed;
        let most = self.limit.as_ref().map_or(f64::INFINITY, |l| l().0 as f64 * 1e-6);
        self.at = free.min(most.max(self.at));
        self.since = now;
        self.at
    }
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
                held: false,
                limit: None,
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

    fn pace(&self) -> std::sync::MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Session time.
    #[expect(clippy::cast_possible_truncation, reason = "microseconds of a session")]
    pub(crate) fn now(&self) -> Mono {
        Mono((self.pace().go_on() * 1e6) as i64)
    }

    /// From now on session time waits for whoever makes the session: it never passes `limit`, and
    /// goes on at its pace when the limit moves.
    pub(crate) fn wait_for(&self, limit: Limit) {
        self.pace().limit = Some(limit);
    }

    /// Whether session time waits for whoever makes the session: then there is time for every look.
    pub(crate) fn waits(&self) -> bool {
        self.pace().limit.is_some()
    }

    /// Stops session time for everybody, or lets it go on from where it stopped.
    pub(crate) fn hold(&self, held: bool) {
        let mut p = self.pace();
        p.go_on();
        p.held = held;
    }

    /// Whether time stands still.
    pub(crate) fn held(&self) -> bool {
        self.pace().held
    }

    /// Another pace from now on, 0.1 to 20 session seconds per second.
    pub(crate) fn set_speed(&self, speed: f64) {
        let mut p = self.pace();
        p.go_on();
        if speed.is_finite() {
            p.speed = speed.clamp(0.1, 20.0);
        }
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

    /// How long to wait, on the machine's clock, for `ms` of session time.
    pub(crate) fn real(&self, ms: i64) -> Duration {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds")]
        Duration::from_secs_f64((ms as f64 / 1000.0 / self.speed()).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn held_time_stands_and_goes_on_without_a_step() {
        let c = Clock::start(Utc(0), 1000.0);
        c.hold(true);
        let at = c.now();
        assert_eq!(c.now(), at, "a thousand seconds a second, and none passes");
        c.set_speed(0.1);
        c.hold(false);
        assert!(c.now().since(at) < 1_000_000, "no step when it goes on");
        assert!((c.speed() - 0.1).abs() < 1e-9);
    }
}
