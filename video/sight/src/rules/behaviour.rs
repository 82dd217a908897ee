//! Thresholds of the rules about company, boats and water, beside those about the line.

use serde::{Deserialize, Serialize};

/// Thresholds of `rendezvous`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RendezvousPolicy {
    /// Apart by so much when first seen, metres.
    pub from_m: f64,
    /// Together at least so long, seconds.
    pub least_s: f64,
}

/// Thresholds of `dropoff`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropoffPolicy {
    /// The carrier was seen to drive at least so fast, metres per second.
    pub drove_m_s: f64,
    /// It has stood for so long, seconds.
    pub stopped_s: f64,
    /// The person was first seen within this distance of the stop, metres.
    pub near_m: f64,
    /// And has gone so far from it, metres.
    pub away_m: f64,
    /// For a load transfer: at the carrier for so long, seconds.
    pub handling_s: f64,
}

/// Thresholds of `convoy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConvoyPolicy {
    /// Vehicles at least.
    pub vehicles: u32,
    /// Largest gap, metres.
    pub gap_m: f64,
    /// Least speed, metres per second.
    pub least_m_s: f64,
    /// Gaps held for so long, seconds.
    pub least_s: f64,
}

/// Thresholds of `tailing`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TailingPolicy {
    /// Behind by at least so much, metres: nearer is company.
    pub least_gap_m: f64,
    /// Behind by at most so much, metres.
    pub most_gap_m: f64,
    /// Off the other's way by at most so much, metres.
    pub off_m: f64,
    /// Way in common, metres.
    pub least_m: f64,
}

/// Thresholds of `beaching` and `alongside`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoatPolicy {
    /// Came at least so fast, metres per second.
    pub came_m_s: f64,
    /// Came over at least so much water, metres.
    pub came_m: f64,
    /// Has lain for so long, seconds.
    pub stopped_s: f64,
    /// From the shore at most, metres.
    pub shore_m: f64,
    /// Alongside: from so far apart, metres.
    pub apart_m: f64,
    /// Alongside for so long, seconds.
    pub alongside_s: f64,
}

/// Thresholds of `overboard`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverboardPolicy {
    /// Seen for so long, seconds.
    pub least_s: f64,
    /// Looks at least.
    pub looks: u32,
    /// Nearer than this to a boat is aboard, metres.
    pub aboard_m: f64,
    /// At least so far from the shore, besides the ellipse, metres.
    #[serde(default = "offshore_m")]
    pub offshore_m: f64,
}

fn offshore_m() -> f64 {
    40.0
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BehaviourPolicy {
    /// Meetings.
    pub rendezvous: RendezvousPolicy,
    /// Drop-off and load transfer.
    pub dropoff: DropoffPolicy,
    /// Convoys.
    pub convoy: ConvoyPolicy,
    /// Tails.
    pub tailing: TailingPolicy,
    /// Boats.
    pub boats: BoatPolicy,
    /// People in the water.
    pub overboard: OverboardPolicy,
    /// Rules about company speak only within this distance of the line, metres.
    pub line_m: f64,
}

impl Default for BehaviourPolicy {
    fn default() -> Self {
        Self {
            rendezvous: RendezvousPolicy {
                from_m: 35.0,
                least_s: 12.0,
            },
            dropoff: DropoffPolicy {
                drove_m_s: 2.5,
                stopped_s: 6.0,
                near_m: 6.0,
                away_m: 18.0,
                handling_s: 15.0,
            },
            convoy: ConvoyPolicy {
                vehicles: 3,
                gap_m: 60.0,
                least_m_s: 3.0,
                least_s: 15.0,
            },
            tailing: TailingPolicy {
                least_gap_m: 12.0,
                most_gap_m: 120.0,
                off_m: 8.0,
                least_m: 60.0,
            },
            boats: BoatPolicy {
                came_m_s: 2.0,
                came_m: 60.0,
                stopped_s: 8.0,
                shore_m: 12.0,
                apart_m: 40.0,
                alongside_s: 20.0,
            },
            overboard: OverboardPolicy {
                least_s: 2.5,
                looks: 10,
                aboard_m: 8.0,
                offshore_m: offshore_m(),
            },
            line_m: 3000.0,
        }
    }
}

impl BehaviourPolicy {
    /// Every number with its name, for checking.
    pub(super) fn numbers(&self) -> [(&'static str, f64); 23] {
        [
            ("behaviour.rendezvous.from_m", self.rendezvous.from_m),
            ("behaviour.rendezvous.least_s", self.rendezvous.least_s),
            ("behaviour.dropoff.drove_m_s", self.dropoff.drove_m_s),
            ("behaviour.dropoff.stopped_s", self.dropoff.stopped_s),
            ("behaviour.dropoff.near_m", self.dropoff.near_m),
            ("behaviour.dropoff.away_m", self.dropoff.away_m),
            ("behaviour.dropoff.handling_s", self.dropoff.handling_s),
            ("behaviour.convoy.gap_m", self.convoy.gap_m),
            ("behaviour.convoy.least_m_s", self.convoy.least_m_s),
            ("behaviour.convoy.least_s", self.convoy.least_s),
            ("behaviour.tailing.least_gap_m", self.tailing.least_gap_m),
            ("behaviour.tailing.most_gap_m", self.tailing.most_gap_m),
            ("behaviour.tailing.off_m", self.tailing.off_m),
            ("behaviour.tailing.least_m", self.tailing.least_m),
            ("behaviour.boats.came_m_s", self.boats.came_m_s),
            ("behaviour.boats.came_m", self.boats.came_m),
            ("behaviour.boats.stopped_s", self.boats.stopped_s),
            ("behaviour.boats.shore_m", self.boats.shore_m),
            ("behaviour.boats.apart_m", self.boats.apart_m),
            ("behaviour.boats.alongside_s", self.boats.alongside_s),
            ("behaviour.overboard.least_s", self.overboard.least_s),
            ("behaviour.overboard.aboard_m", self.overboard.aboard_m),
            ("behaviour.line_m", self.line_m),
        ]
    }
}
