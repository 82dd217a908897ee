//! Time taken: by the clock on the wall, and by the processor for all threads together.
//!
//! On a quiet machine of two cores the wall's time is never more than the processor's, on a busy one it is: whichever is less
//! is at least what the work would take alone.

#![allow(dead_code, reason = "each bench uses what it needs")]
#![allow(clippy::disallowed_methods, reason = "a bench tells what it measured, by the clock")]

use std::fmt;
use std::time::Instant;

/// Processor time of the process so far, threads that ended included, seconds in steps of 10 ms (`/proc/self/stat`, in ticks
/// of a hundredth of a second on Linux); 0 where the system does not tell.
fn processor_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program stands in brackets and may hold blanks.
    let fields = stat.rsplit(')').next().unwrap_or("").split_whitespace();
    let ticks: Vec<f64> = fields.skip(11).take(2).filter_map(|t| t.parse().ok()).collect();
    ticks.iter().sum::<f64>() / 100.0
}

/// A running measurement.
pub(crate) struct Clock {
    wall: Instant,
    processor_s: f64,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self {
            processor_s: processor_s(),
            wall: Instant::now(),
        }
    }

    pub(crate) fn took(&self) -> Took {
        Took {
            wall_s: self.wall.elapsed().as_secs_f64(),
            processor_s: processor_s() - self.processor_s,
        }
    }
}

/// What something took.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Took {
    pub(crate) wall_s: f64,
    pub(crate) processor_s: f64,
}

impl Took {
    /// What it would at most have taken alone on the machine.
    pub(crate) fn alone_s(self) -> f64 {
        // Steps of 10 ms tell nothing of what is shorter.
        if self.processor_s > 0.05 {
            self.wall_s.min(self.processor_s)
        } else {
            self.wall_s
        }
    }
}

impl std::ops::AddAssign for Took {
    fn add_assign(&mut self, more: Self) {
        self.wall_s += more.wall_s;
        self.processor_s += more.processor_s;
    }
}

impl fmt::Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} s, processor {:.2} s", self.wall_s, self.processor_s)
    }
}
