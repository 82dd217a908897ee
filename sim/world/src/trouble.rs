//! What an instructor can break: faults as data, by the scenario's clock or by hand.
//!
//! Invariant: a fault is a value with a beginning and, if it can be mended, an end; the same list
//! gives the same run. What happens inside the aircraft is asked of the aircraft
//! ([`vedette_sim_vehicle::Fault`]); what happens on the way is done to the datagrams. It must not
//! know who listens.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vedette_geo::LatLon;
use vedette_sim_vehicle::{Fault, Weather as Air};

/// Something that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Trouble {
    /// Satellite navigation jammed: no fix, the estimate drifts.
    GnssJam,
    /// Satellite navigation lost by itself; the same effect, another cause in the record.
    GnssLoss,
    /// The satellite position is pulled away at this velocity; the aircraft believes it.
    GnssSpoof {
        /// Northwards, metres per second.
        north_m_s: f64,
        /// Eastwards, metres per second.
        east_m_s: f64,
    },
    /// Nothing gets through, telemetry or video.
    LinkLoss,
    /// This share of all datagrams is lost.
    LinkPoor {
        /// 0..=1.
        share: f64,
    },
    /// Every datagram comes later.
    LinkDelay {
        /// Milliseconds.
        ms: f64,
    },
    /// The picture stands still while its metadata goes on.
    VideoFreeze,
    /// No video comes.
    VideoLoss,
    /// The gimbal does not move in its frame.
    GimbalStuck,
    /// Energy is gone at once.
    BatterySag {
        /// Watt hours.
        wh: f64,
    },
    /// A share of thrust is gone.
    Motor {
        /// 0..=1; from one half on a multirotor falls.
        share: f64,
    },
    /// The wind is another.
    Wind {
        /// Comes from, degrees true.
        deg: f64,
        /// Mean, metres per second.
        m_s: f64,
        /// Gusts above it, metres per second.
        gust_m_s: f64,
    },
    /// The pitot tube is blocked: the airspeed told stands still at this value, and a winged aircraft
    /// flies by it.
    Pitot {
        /// Metres per second.
        m_s: f64,
    },
    /// The compass is off.
    Compass {
        /// Degrees.
        deg: f64,
    },
    /// The barometer is off.
    Baro {
        /// Reads too high by, metres.
        metres: f64,
    },
    /// The aircraft's own terrain data are wrong; the land is where it was.
    TerrainData {
        /// Too low by, metres.
        metres: f64,
    },
    /// A foreign aircraft flies through, heard by ADS-B.
    Intruder {
        /// Where it begins.
        from: LatLon,
        /// Where it is bound.
        to: LatLon,
        /// Its height above the sea, metres.
        metres: f64,
        /// Its speed, metres per second.
        m_s: f64,
    },
    /// Another ground station speaks to the aircraft and calls it home.
    SecondStation,
    /// The land is higher (or lower) than every map says.
    Elevation {
        /// Metres.
        metres: f64,
    },
}

impl Trouble {
    /// Every kind by its name, with the values it takes and what it does.
    pub const ALL: [(&'static str, &'static [&'static str], &'static str); 19] = [
        ("gnss-jam", &[], "no satellite fix; the position estimate drifts"),
        ("gnss-loss", &[], "as gnss-jam, without a jammer"),
        (
            "gnss-spoof",
            &["north_m_s", "east_m_s"],
            "the satellite position walks away; the aircraft believes it",
        ),
        ("link-loss", &[], "no datagram passes, either way"),
        ("link-poor", &["share"], "this share of datagrams is lost, either way"),
        ("link-delay", &["ms"], "every datagram comes later, either way"),
        ("video-freeze", &[], "the picture stands still, its metadata goes on"),
        ("video-loss", &[], "no video datagram passes"),
        ("gimbal-stuck", &[], "the gimbal does not move in its frame"),
        ("battery-sag", &["wh"], "so many watt hours are gone at once"),
        ("motor", &["share"], "this share of thrust is gone"),
        ("wind", &["deg", "m_s", "gust_m_s"], "another wind for this aircraft"),
        (
            "pitot",
            &["m_s"],
            "the airspeed told stands still at this value; a winged aircraft flies by it",
        ),
        ("compass", &["deg"], "the compass is off by so much"),
        (
            "baro",
            &["metres"],
            "the barometer reads so much too high; the aircraft sinks by it",
        ),
        (
            "terrain-data",
            &["metres"],
            "the aircraft's own terrain data are so much too low; legs over terrain are flown that low",
        ),
        (
            "intruder",
            &["from", "to", "metres", "m_s"],
            "a foreign aircraft at this height above the sea, heard by ADS-B",
        ),
        (
            "second-station",
            &[],
            "another ground station appears and orders the aircraft home",
        ),
        (
            "elevation",
            &["metres"],
            "the land is higher than the maps say; from the start only",
        ),
    ];

    /// Its name in a scenario.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::GnssJam => "gnss-jam",
            Self::GnssLoss => "gnss-loss",
            Self::GnssSpoof { .. } => "gnss-spoof",
            Self::LinkLoss => "link-loss",
            Self::LinkPoor { .. } => "link-poor",
            Self::LinkDelay { .. } => "link-delay",
            Self::VideoFreeze => "video-freeze",
            Self::VideoLoss => "video-loss",
            Self::GimbalStuck => "gimbal-stuck",
            Self::BatterySag { .. } => "battery-sag",
            Self::Motor { .. } => "motor",
            Self::Wind { .. } => "wind",
            Self::Pitot { .. } => "pitot",
            Self::Compass { .. } => "compass",
            Self::Baro { .. } => "baro",
            Self::TerrainData { .. } => "terrain-data",
            Self::Intruder { .. } => "intruder",
            Self::SecondStation => "second-station",
            Self::Elevation { .. } => "elevation",
        }
    }

    /// What the aircraft itself is told when it begins.
    fn begins(&self) -> Option<Fault> {
        match *self {
            Self::GnssJam | Self::GnssLoss => Some(Fault::GnssLost),
            Self::GnssSpoof { north_m_s, east_m_s } => Some(Fault::GnssSpoofed([north_m_s, east_m_s])),
            Self::GimbalStuck => Some(Fault::GimbalStuck),
            Self::BatterySag { wh } => Some(Fault::BatteryDrop(wh)),
            Self::Motor { share } => Some(Fault::ThrustLost(share)),
            Self::Compass { deg } => Some(Fault::CompassOff(deg)),
            Self::Pitot { m_s } => Some(Fault::PitotBlocked(Some(m_s))),
            Self::Baro { metres } => Some(Fault::BaroOff(metres)),
            // Land that is higher than every map is higher than the map aboard, too.
            Self::TerrainData { metres } | Self::Elevation { metres } => Some(Fault::TerrainDataLow(metres)),
            _ => None,
        }
    }

    /// What the aircraft is told when it ends. `bias_deg` is the compass error it always had.
    fn ends(&self, bias_deg: f64) -> Option<Fault> {
        match self {
            Self::GnssJam | Self::GnssLoss => Some(Fault::GnssBack),
            Self::GnssSpoof { .. } => Some(Fault::GnssSpoofed([0.0, 0.0])),
            Self::GimbalStuck => Some(Fault::GimbalFree),
            Self::Motor { .. } => Some(Fault::ThrustLost(0.0)),
            Self::Compass { .. } => Some(Fault::CompassOff(bias_deg)),
            Self::Pitot { .. } => Some(Fault::PitotBlocked(None)),
            Self::Baro { .. } => Some(Fault::BaroOff(0.0)),
            Self::TerrainData { .. } => Some(Fault::TerrainDataLow(0.0)),
            _ => None,
        }
    }
}

/// A fault of the scenario.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PlannedFault {
    /// What.
    pub trouble: Trouble,
    /// From, seconds of the scenario.
    pub at_s: f64,
    /// Until; absent: it stays.
    pub until_s: Option<f64>,
    /// Which aircraft; absent: all.
    pub system: Option<u8>,
}

/// Number of a fault within a run, from 1 in order of beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FaultId(pub u32);

/// A fault that holds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ActiveFault {
    /// Its number.
    pub id: FaultId,
    /// What.
    pub trouble: Trouble,
    /// Which aircraft; absent: all.
    pub system: Option<u8>,
    /// Since, seconds of the scenario.
    pub since_s: f64,
    /// Put in by hand, not by the scenario.
    pub live: bool,
}

/// What troubles do to the datagrams of one aircraft now.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Path {
    /// Share of telemetry lost, 0..=1.
    pub(crate) loss: f64,
    /// Share of video lost besides.
    pub(crate) video_loss: f64,
    /// Delay, microseconds.
    pub(crate) delay_us: i64,
    /// The picture stands still.
    pub(crate) frozen: bool,
    /// The land is so much higher, metres.
    pub(crate) raised_m: f64,
    /// Another wind.
    pub(crate) wind: Option<[f64; 3]>,
    /// A second station speaks.
    pub(crate) second: bool,
}

/// A change for the record: the fault, whether it begins, and what the aircraft is told.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Change {
    pub(crate) fault: ActiveFault,
    pub(crate) begins: bool,
    pub(crate) tell: Vec<(u8, Fault)>,
}

/// All faults of a run, past and to come.
#[derive(Debug, Clone, Default)]
pub(crate) struct Troubles {
    plan: Vec<(PlannedFault, Option<FaultId>, bool)>,
    active: BTreeMap<FaultId, ActiveFault>,
    asked: Vec<(Trouble, Option<u8>)>,
    removed: Vec<FaultId>,
    next: u32,
    fleet: Vec<(u8, f64)>,
}

impl Troubles {
    /// `fleet` is each aircraft with the compass error it always has, degrees.
    pub(crate) fn new(plan: &[PlannedFault], fleet: Vec<(u8, f64)>) -> Self {
        Self {
            plan: plan.iter().map(|p| (*p, None, false)).collect(),
            next: 1,
            fleet,
            ..Self::default()
        }
    }

    /// Asks for a fault by hand; it begins with the next step.
    pub(crate) fn inject(&mut self, trouble: Trouble, system: Option<u8>) {
        self.asked.push((trouble, system));
    }

    /// Asks for an end by hand.
    pub(crate) fn remove(&mut self, id: FaultId) {
        self.removed.push(id);
    }

    /// What holds now.
    pub(crate) fn active(&self) -> impl Iterator<Item = &ActiveFault> {
        self.active.values()
    }

    fn systems(&self, only: Option<u8>) -> Vec<(u8, f64)> {
        self.fleet
            .iter()
            .filter(|(s, _)| only.is_none_or(|o| o == *s))
            .copied()
            .collect()
    }

    fn begin(&mut self, trouble: Trouble, system: Option<u8>, t_s: f64, live: bool) -> (FaultId, Change) {
        let id = FaultId(self.next);
        self.next += 1;
        let fault = ActiveFault {
            id,
            trouble,
            system,
            since_s: t_s,
            live,
        };
        self.active.insert(id, fault);
        let tell = trouble.begins().map_or_else(Vec::new, |f| {
            self.systems(system).into_iter().map(|(s, _)| (s, f)).collect()
        });
        (
            id,
            Change {
                fault,
                begins: true,
                tell,
            },
        )
    }

    fn end(&mut self, id: FaultId) -> Option<Change> {
        let fault = self.active.remove(&id)?;
        let tell = self
            .systems(fault.system)
            .into_iter()
            // A second fault of the same kind on the same aircraft still holds.
            .filter(|(s, _)| {
                !self
                    .active
                    .values()
                    .any(|o| o.trouble.name() == fault.trouble.name() && o.system.is_none_or(|x| x == *s))
            })
            .filter_map(|(s, bias)| fault.trouble.ends(bias).map(|f| (s, f)))
            .collect();
        Some(Change {
            fault,
            begins: false,
            tell,
        })
    }

    /// All that changes at this second of the scenario.
    pub(crate) fn at(&mut self, t_s: f64) -> Vec<Change> {
        let mut out = Vec::new();
        for k in 0..self.plan.len() {
            let (p, id, over) = self.plan[k];
            if over {
                continue;
            }
            match id {
                None if p.at_s <= t_s => {
                    let (id, change) = self.begin(p.trouble, p.system, t_s, false);
                    self.plan[k].1 = Some(id);
                    out.push(change);
                }
                Some(id) if p.until_s.is_some_and(|u| u <= t_s) => {
                    self.plan[k].2 = true;
                    out.extend(self.end(id));
                }
                _ => {}
            }
        }
        for (trouble, system) in std::mem::take(&mut self.asked) {
            out.push(self.begin(trouble, system, t_s, true).1);
        }
        for id in std::mem::take(&mut self.removed) {
            out.extend(self.end(id));
        }
        out
    }

    /// What holds for one aircraft's datagrams.
    pub(crate) fn path(&self, system: u8) -> Path {
        let mut p = Path::default();
        let mut passes = 1.0;
        for f in self.active.values().filter(|f| f.system.is_none_or(|s| s == system)) {
            match f.trouble {
                Trouble::LinkLoss => passes = 0.0,
                Trouble::LinkPoor { share } => passes *= 1.0 - share,
                Trouble::LinkDelay { ms } => p.delay_us = p.delay_us.max((ms * 1000.0) as i64),
                Trouble::VideoFreeze => p.frozen = true,
                Trouble::VideoLoss => p.video_loss = 1.0,
                Trouble::Elevation { metres } => p.raised_m = metres,
                Trouble::Wind { deg, m_s, gust_m_s } => p.wind = Some([deg, m_s, gust_m_s]),
                Trouble::SecondStation => p.second = true,
                _ => {}
            }
        }
        p.loss = 1.0 - passes;
        p
    }
}

impl Path {
    /// The air this aircraft flies in.
    pub(crate) fn air(&self, usual: &Air) -> Air {
        match self.wind {
            Some([wind_from_deg, wind_m_s, gust_m_s]) => Air {
                wind_from_deg,
                wind_m_s,
                gust_m_s,
            },
            None => *usual,
        }
    }
}
