//! Thresholds of the rules, as one versioned record a person can read, change and sign.

use serde::{Deserialize, Serialize};

use super::{BehaviourPolicy, IntruderPolicy, LightsOutPolicy, PatrolTimingPolicy, VergePolicy};
use crate::{HandoverPolicy, SightError};

/// All thresholds. A field that is not known is refused: a misspelt threshold must not be silently
/// the default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Version of this record, counted up with every change by the authority.
    pub version: u32,
    /// A track not seen for so long is forgotten, seconds.
    pub forget_s: f64,
    /// Crossing of the line.
    pub crossing: CrossingPolicy,
    /// Loitering near the line.
    pub loiter: LoiterPolicy,
    /// Approach to the line.
    pub approach: ApproachPolicy,
    /// Going away from the line on the home side.
    #[serde(default)]
    pub from_the_line: FromTheLinePolicy,
    /// Who may be over already; none leaves the rule out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verge: Option<VergePolicy>,
    /// Rules about company, boats and water.
    #[serde(default)]
    pub behaviour: BehaviourPolicy,
    /// Drones that are not ours.
    #[serde(default)]
    pub intruder: IntruderPolicy,
    /// Vehicles in the dark.
    #[serde(default)]
    pub lights_out: LightsOutPolicy,
    /// Movements that follow the patrol.
    #[serde(default)]
    pub patrol_timing: PatrolTimingPolicy,
    /// One object seen by two aircraft.
    #[serde(default)]
    pub handover: HandoverPolicy,
}

/// Thresholds of `from-the-line`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FromTheLinePolicy {
    /// Whoever is first seen farther inside than this comes from somewhere else, metres.
    pub within_m: f64,
    /// Least speed away from the line, metres per second.
    pub least_m_s: f64,
    /// Least way away from it, metres.
    pub least_m: f64,
    /// Least time, seconds.
    pub least_s: f64,
    /// Least looks.
    pub looks: u32,
}

impl Default for FromTheLinePolicy {
    fn default() -> Self {
        Self {
            within_m: 120.0,
            least_m_s: 0.4,
            least_m: 15.0,
            least_s: 10.0,
            looks: 20,
        }
    }
}

/// Thresholds of `crossing`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrossingPolicy {
    /// Looks outside the line before it counts as having been there.
    pub outside_looks: u32,
    /// Looks inside in a row before a clear crossing is reported.
    pub clear_looks: u32,
    /// Looks inside in a row before a crossing is reported as likely while the ellipse still
    /// overlaps the line.
    pub likely_looks: u32,
    /// Least distance inside for a likely crossing, metres.
    pub likely_m: f64,
    /// Least time inside for a likely crossing, seconds.
    pub likely_s: f64,
    /// Who was watched walking in by this much, metres, from clear outside, is reported as likely
    /// across after fewer looks: a way is known far better than the place it ends at.
    #[serde(default = "walked_m")]
    pub walked_m: f64,
    /// And this many looks inside in a row.
    #[serde(default = "step_looks")]
    pub step_looks: u32,
    /// And at least so far inside, metres.
    #[serde(default = "step_m")]
    pub step_m: f64,
    /// Unless the ellipse will be clear of the line within this time at the present pace, seconds:
    /// then certainty is worth the wait.
    #[serde(default = "wait_s")]
    pub wait_s: f64,
}

fn walked_m() -> f64 {
    8.0
}

fn step_looks() -> u32 {
    3
}

fn step_m() -> f64 {
    0.5
}

fn wait_s() -> f64 {
    3.0
}

/// Thresholds of `loiter`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoiterPolicy {
    /// Counts within this distance outside the line, metres.
    pub within_m: f64,
    /// Stays at least so long, seconds.
    pub least_s: f64,
    /// Looks in that time at least.
    pub looks: u32,
    /// Stays within this distance of where it was first seen there, metres.
    pub spread_m: f64,
    /// And moves about by at least this much meanwhile, metres: what lies still for good is warm
    /// stone more often than a person.
    pub moves_m: f64,
}

/// Thresholds of `approach`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApproachPolicy {
    /// Counts within this distance outside the line, metres.
    pub within_m: f64,
    /// Least speed towards the line, metres per second.
    pub least_m_s: f64,
    /// Comes closer for at least so long, seconds.
    pub least_s: f64,
    /// Comes closer by at least so much, metres.
    pub least_m: f64,
    /// Looks in that time at least.
    pub looks: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            version: 2,
            forget_s: 900.0,
            crossing: CrossingPolicy {
                outside_looks: 5,
                clear_looks: 3,
                likely_looks: 20,
                likely_m: 5.0,
                likely_s: 6.5,
                walked_m: walked_m(),
                step_looks: step_looks(),
                step_m: step_m(),
                wait_s: wait_s(),
            },
            loiter: LoiterPolicy {
                within_m: 60.0,
                least_s: 6.0,
                looks: 15,
                spread_m: 25.0,
                moves_m: 3.0,
            },
            approach: ApproachPolicy {
                within_m: 150.0,
                least_m_s: 0.4,
                least_s: 3.0,
                least_m: 4.0,
                looks: 15,
            },
            from_the_line: FromTheLinePolicy::default(),
            verge: None,
            behaviour: BehaviourPolicy::default(),
            intruder: IntruderPolicy::default(),
            lights_out: LightsOutPolicy::default(),
            patrol_timing: PatrolTimingPolicy::default(),
            handover: HandoverPolicy::default(),
        }
    }
}

impl Policy {
    /// Checks every number.
    ///
    /// # Errors
    /// [`SightError::Policy`] with the first field that is not finite or not positive.
    pub fn checked(self) -> Result<Self, SightError> {
        let positive = [
            ("forget_s", self.forget_s),
            ("crossing.likely_m", self.crossing.likely_m),
            ("crossing.likely_s", self.crossing.likely_s),
            ("crossing.walked_m", self.crossing.walked_m),
            ("crossing.step_m", self.crossing.step_m),
            ("crossing.wait_s", self.crossing.wait_s),
            ("loiter.within_m", self.loiter.within_m),
            ("loiter.least_s", self.loiter.least_s),
            ("loiter.spread_m", self.loiter.spread_m),
            ("loiter.moves_m", self.loiter.moves_m),
            ("approach.within_m", self.approach.within_m),
            ("approach.least_m_s", self.approach.least_m_s),
            ("approach.least_s", self.approach.least_s),
            ("approach.least_m", self.approach.least_m),
            ("intruder.within_m", self.intruder.within_m),
            ("intruder.low_m", self.intruder.low_m),
            ("intruder.slow_m_s", self.intruder.slow_m_s),
            ("intruder.least_s", self.intruder.least_s),
            ("intruder.steady", self.intruder.steady),
            ("lights_out.least_m_s", self.lights_out.least_m_s),
            ("lights_out.least_s", self.lights_out.least_s),
            ("lights_out.within_m", self.lights_out.within_m),
            ("patrol_timing.stretch_m", self.patrol_timing.stretch_m),
            ("patrol_timing.early_share", self.patrol_timing.early_share),
            ("patrol_timing.one_in", self.patrol_timing.one_in),
            ("patrol_timing.hours", self.patrol_timing.hours),
            ("handover.gap_s", self.handover.gap_s),
            ("handover.accel_m_s2", self.handover.accel_m_s2),
            ("handover.velocity_m_s", self.handover.velocity_m_s),
            ("handover.clear_times", self.handover.clear_times),
            ("handover.widest_m", self.handover.widest_m),
        ];
        let verge = self.verge.iter().flat_map(|v| {
            [
                ("verge.within_s", v.within_s),
                ("verge.reserve_s", v.reserve_s),
                ("verge.least_m", v.least_m),
            ]
        });
        for (field, value) in positive.into_iter().chain(self.behaviour.numbers()).chain(verge) {
            if !(value.is_finite() && value > 0.0) {
                return Err(SightError::Policy {
                    field,
                    value,
                    must: "a finite number above 0",
                });
            }
        }
        let counts = [
            ("crossing.outside_looks", self.crossing.outside_looks),
            ("crossing.clear_looks", self.crossing.clear_looks),
            ("crossing.likely_looks", self.crossing.likely_looks),
            ("crossing.step_looks", self.crossing.step_looks),
            ("loiter.looks", self.loiter.looks),
            ("approach.looks", self.approach.looks),
            ("behaviour.convoy.vehicles", self.behaviour.convoy.vehicles),
            ("behaviour.overboard.looks", self.behaviour.overboard.looks),
        ];
        for (field, value) in counts {
            if value == 0 {
                return Err(SightError::Policy {
                    field,
                    value: 0.0,
                    must: "at least 1",
                });
            }
        }
        Ok(self)
    }
}
