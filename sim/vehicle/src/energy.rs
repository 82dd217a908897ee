//! Battery: power by phase of flight, charge, voltage, age.
//!
//! Invariant: energy only leaves. Power follows `vedette_model::plan::Energy` at its two anchor
//! points (hover, cruise) and the shape of published models between and beyond them. Must not
//! know modes.

use vedette_geo::G_M_S2;
use vedette_geo::Repeatable;
use vedette_model::plan::{Energy, Envelope};

use crate::params::Params;

/// How the aircraft is held up now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lift {
    /// Standing, motors off or idle.
    Ground,
    /// On rotors.
    Rotors,
    /// On wings.
    Wings,
}

/// Nominal pack voltage (six lithium cells), volts.
pub(crate) const NOMINAL_V: f64 = 22.2;
/// Internal resistance of a new pack at 20 °C, ohms.
const RESISTANCE: f64 = 0.02;
/// Power of avionics and camera on the ground, watts.
const AVIONICS_W: f64 = 8.0;
/// Cycles after which a lithium-polymer pack has lost a fifth and is replaced.
const LIFE: f64 = 300.0;

/// State of a pack before the flight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PackAge {
    /// Charges so far.
    pub cycles: f64,
    /// Temperature of its cells, degrees Celsius.
    pub temperature_c: f64,
}

impl Default for PackAge {
    /// New, at 20 °C.
    fn default() -> Self {
        Self {
            cycles: 0.0,
            temperature_c: 20.0,
        }
    }
}

impl PackAge {
    /// Share of the rated energy it can give: a fifth is lost after 300 cycles, with the square
    /// root of their number (growth of the passive layer), and 0.6 % a degree below 20 °C.
    #[must_use]
    pub fn capacity_share(&self) -> f64 {
        let worn = 0.2 * (self.cycles.max(0.0) / LIFE).sqrt();
        let cold = 0.006 * (20.0 - self.temperature_c).clamp(0.0, 50.0);
        ((1.0 - worn) * (1.0 - cold)).clamp(0.3, 1.0)
    }
    /// Internal resistance over that of a new warm pack: doubled after 300 cycles, and 3 % more a
    /// degree below 20 °C.
    #[must_use]
    pub fn resistance_factor(&self) -> f64 {
        let worn = 1.0 + self.cycles.clamp(0.0, 3000.0) / LIFE;
        worn * (1.0 + 0.03 * (20.0 - self.temperature_c).clamp(0.0, 50.0))
    }
}

/// State of charge and last draw.
#[derive(Debug, Clone)]
pub(crate) struct Battery {
    /// What it can give.
    pub(crate) capacity_wh: f64,
    /// What its label says.
    pub(crate) rated_wh: f64,
    pub(crate) left_wh: f64,
    pub(crate) power_w: f64,
    resistance: f64,
}

impl Battery {
    pub(crate) fn new(e: &Energy, age: &PackAge) -> Self {
        let capacity_wh = e.battery_wh * age.capacity_share();
        Self {
            capacity_wh,
            rated_wh: e.battery_wh,
            left_wh: capacity_wh,
            power_w: AVIONICS_W,
            resistance: RESISTANCE * age.resistance_factor(),
        }
    }
    /// What is left of what it can give.
    pub(crate) fn share(&self) -> f64 {
        (self.left_wh / self.capacity_wh.max(1e-6)).clamp(0.0, 1.0)
    }
    /// Watt hours taken since full.
    pub(crate) fn used_wh(&self) -> f64 {
        self.capacity_wh - self.left_wh
    }
    /// What an autopilot says is left: it counts what was taken from what the label promises, so
    /// a worn pack looks fuller than it is.
    pub(crate) fn told_share(&self) -> f64 {
        (1.0 - self.used_wh() / self.rated_wh.max(1e-6)).clamp(0.0, 1.0)
    }
    /// Stage by the charge counted: 1 low, 2 critical, 3 emergency, by the family's parameters.
    pub(crate) fn low(&self, p: &Params) -> u8 {
        let full = p.get("BATT_CAPACITY", p.get("BAT1_CAPACITY", 5000.0)).max(1.0);
        let by = |mah: &str, px4: &str| p.get(px4, p.get(mah, 0.0) / full);
        let share = self.told_share();
        if share <= p.get("BAT_EMERGEN_THR", -1.0) {
            3
        } else if share <= by("BATT_CRT_MAH", "BAT_CRIT_THR") {
            2
        } else {
            u8::from(share <= by("BATT_LOW_MAH", "BAT_LOW_THR"))
        }
    }
    /// Pack voltage under load: six cells from 4.2 V full over a plateau to 3.3 V empty.
    pub(crate) fn volts(&self) -> f64 {
        let s = self.share();
        let cell = 3.3 + 0.35 * (1.0 - (-s / 0.08).exp_r()) + 0.55 * s;
        6.0 * cell - self.resistance * self.power_w / NOMINAL_V
    }
    pub(crate) fn amps(&self) -> f64 {
        self.power_w / self.volts().max(1.0)
    }
    pub(crate) fn drain(&mut self, power_w: f64, seconds: f64) {
        self.power_w = power_w;
        self.left_wh = (self.left_wh - power_w * seconds / 3600.0).max(0.0);
    }
}

/// Power of a multirotor in level flight after Zeng, Xu and Zhang 2019 (eq. 12), over the power of
/// its hover, against airspeed over the velocity its rotors induce in the hover: the paper's aircraft
/// (20 N, disc 0.503 m², blade tips 120 m/s, solidity 0.05, fuselage drag ratio 0.6).
fn hump(u: f64) -> f64 {
    /// Share of the blades' profile in the hover: 79.86 of 168.49 W.
    const PROFILE: f64 = 0.473_97;
    /// 3 v0²/U², with v0 = 4.03 m/s.
    const TIPS: f64 = 0.003_383;
    /// ½ d0 ρ s A v0³ over the hover.
    const DRAG: f64 = 0.003_588;
    let q = 0.5 * u * u;
    PROFILE * (1.0 + TIPS * u * u) + (1.0 - PROFILE) * ((1.0 + q * q).sqrt() - q).max(0.0).sqrt() + DRAG * u * u * u
}
/// Where [`hump`] is least, and what it is there.
const LEAST: (f64, f64) = (2.534, 0.747_6);

/// The hump laid through an aircraft's two figures: hover, and cruise at its cruise speed, taken as
/// at or beyond the speed of least power.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RotorPower {
    hover_w: f64,
    /// Metres per second of one unit of [`hump`].
    unit_m_s: f64,
    /// How much deeper than the paper's the hump is: 1, more where cruise costs less than it allows.
    depth: f64,
}

impl RotorPower {
    pub(crate) fn new(e: &Energy, env: &Envelope) -> Self {
        let share = e.cruise_w / e.hover_w.max(0.1);
        let (mut low, mut high) = (LEAST.0, 60.0);
        for _ in 0..60 {
            let mid = 0.5 * (low + high);
            if hump(mid) < share { low = mid } else { high = mid }
        }
        Self {
            hover_w: e.hover_w,
            unit_m_s: env.cruise_m_s.max(0.1) / low,
            depth: ((1.0 - share) / (1.0 - hump(LEAST.0))).max(1.0),
        }
    }
    /// Watts in level flight at an airspeed.
    pub(crate) fn level_w(&self, airspeed: f64) -> f64 {
        let p = hump((airspeed / self.unit_m_s).clamp(0.0, 60.0));
        let p = if p < 1.0 { 1.0 - (1.0 - p) * self.depth } else { p };
        self.hover_w * p
    }
}

/// Electric power, watts. Rotors: [`RotorPower`]. Wings: half parasitic (V³), half induced (n²/V) at
/// cruise. Climbing adds weight times rate over efficiency, descending gives back half of it down to
/// a quarter of the level power.
pub(crate) fn power_w(
    (e, env): (&Energy, &Envelope),
    rotors: &RotorPower,
    lift: Lift,
    airspeed: f64,
    climb: f64,
    load_factor: f64,
) -> f64 {
    let level = match lift {
        Lift::Ground => return AVIONICS_W,
        Lift::Rotors => rotors.level_w(airspeed),
        Lift::Wings => {
            let x = (airspeed / env.cruise_m_s.max(0.1)).clamp(0.3, 4.0);
            0.5 * e.cruise_w * (x.powi(3) + load_factor.powi(2) / x)
        }
    };
    let lift_w = e.mass_kg * G_M_S2 * climb;
    let gained = if climb >= 0.0 {
        lift_w / e.climb_efficiency.clamp(0.05, 1.0)
    } else {
        0.5 * lift_w
    };
    (level + gained).max(0.25 * level)
}
