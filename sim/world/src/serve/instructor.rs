//! The instructor's side of a run: what breaks, who comes, and how time goes.
//!
//! Invariant: an order is refused where it is given, or done by the flight thread with the next step;
//! nothing here touches the sky. It must not know what the trainee does.

use std::sync::Arc;

use vedette_model::Mono;
use vedette_sim_vehicle::TrueState;

use super::{ORDERS, Order, Shared, lock};
use crate::SimError;
use crate::scenario::{Newcomer, Scenario};
use crate::trouble::{ActiveFault, FaultId, Trouble};

/// How the instructor bends time: from `from` of the outer clock on, `speed` seconds a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pace {
    pub(super) from: Mono,
    pub(super) at: Mono,
    pub(super) speed: f64,
    pub(super) paused: bool,
}

impl Pace {
    /// The scenario's time at this moment of the outer clock.
    pub(super) fn now(&self, outer: Mono) -> Mono {
        if self.paused {
            return self.at;
        }
        Mono(self.at.0 + (outer.since(self.from) as f64 * self.speed) as i64)
    }

    /// When it will be `inner`, by the outer clock; while time stands still, the moment it stopped.
    pub(super) fn outer(&self, inner: Mono) -> Mono {
        if self.paused {
            return self.from;
        }
        if inner.0 == i64::MAX {
            return inner;
        }
        Mono(self.from.0 + (inner.since(self.at) as f64 / self.speed) as i64)
    }
}

/// The instructor's side of a run: breaks and mends things, stops and bends time. Cheap to clone;
/// works from any thread.
#[derive(Clone)]
pub struct Instructor {
    pub(super) shared: Arc<Shared>,
}

impl std::fmt::Debug for Instructor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Instructor").finish_non_exhaustive()
    }
}

impl Instructor {
    /// Breaks something, for one aircraft or all; it is in the truth record with the next step.
    ///
    /// # Errors
    /// [`SimError::Option`] for an aircraft that is not there, for raising the land under way, and
    /// when too many orders wait.
    pub fn inject(&self, trouble: Trouble, system: Option<u8>) -> Result<(), SimError> {
        let wrong = |given: String, allowed: String| SimError::Option {
            flag: "fault",
            given,
            allowed,
        };
        let fleet = &self.shared.scenario.vehicles;
        if let Some(s) = system
            && !fleet.iter().any(|v| v.system == s)
        {
            let have: Vec<_> = fleet.iter().map(|v| v.system.to_string()).collect();
            return Err(wrong(
                format!("aircraft {s}"),
                format!("the scenario's are {}", have.join(", ")),
            ));
        }
        if matches!(trouble, Trouble::Elevation { .. }) {
            return Err(wrong(
                "elevation".to_owned(),
                "the land does not move: put it into the scenario with at_s = 0".to_owned(),
            ));
        }
        if !self.shared.order(Order::Inject(trouble, system)) {
            return Err(wrong(
                trouble.name().to_owned(),
                format!("{ORDERS} orders wait already; the flight thread stands still"),
            ));
        }
        Ok(())
    }

    /// Puts somebody in, from now on: in the pictures, the ground sensors and the truth record with the
    /// next step.
    ///
    /// # Errors
    /// As [`Scenario::join`](crate::Scenario::join), and [`SimError::Option`] when too many orders wait.
    pub fn add(&self, n: &Newcomer) -> Result<(), SimError> {
        let mut trial = Scenario::clone(&self.shared.plays());
        trial.join(&self.shared.world, n, self.t_s())?;
        if self.shared.order(Order::Join(n.clone())) {
            return Ok(());
        }
        Err(SimError::Option {
            flag: "actor",
            given: n.name.clone(),
            allowed: format!("{ORDERS} orders wait already; the flight thread stands still"),
        })
    }

    /// The scenario with everybody who was put in.
    #[must_use]
    pub fn scenario(&self) -> Arc<Scenario> {
        self.shared.plays()
    }

    /// Mends what can be mended.
    pub fn remove(&self, id: FaultId) {
        if !self.shared.order(Order::Remove(id)) {
            self.shared
                .fail(format!("more than {ORDERS} orders wait: fault {} stays", id.0));
        }
    }

    /// What is wrong now.
    #[must_use]
    pub fn active(&self) -> Vec<ActiveFault> {
        lock(&self.shared.active).clone()
    }

    /// Stops the world, or lets it go on. A station whose clock runs on sees nothing move and
    /// nothing sent.
    pub fn pause(&self, paused: bool) {
        self.shared.bend(|p| p.paused = paused);
    }

    /// Whether the world stands still.
    #[must_use]
    pub fn paused(&self) -> bool {
        lock(&self.shared.pace).paused
    }

    /// Seconds of the scenario per second of the clock it was given, 0.1 to 20; others are
    /// brought into that range.
    pub fn set_speed(&self, speed: f64) {
        let speed = if speed.is_finite() { speed.clamp(0.1, 20.0) } else { 1.0 };
        self.shared.bend(|p| p.speed = speed);
    }

    /// What is really so with an aircraft; `None` for one that is not here.
    #[must_use]
    pub fn truth(&self, system: u8) -> Option<TrueState> {
        self.shared.truth(system)
    }

    /// Where the scenario is.
    #[must_use]
    pub fn t_s(&self) -> f64 {
        self.shared.now().seconds()
    }
}
