//! Steering laws: from where the aircraft is and should go to what the airframe is asked.
//!
//! Invariant: pure functions of their arguments; every speed and bank asked is within the
//! envelope. Must not know modes or messages.

use vedette_geo::{G_M_S2, Repeatable, diff_deg};

use crate::body::Demand;
use crate::sensors::Estimate;

/// A place in the aircraft's local frame, metres north, east and above the sea.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Place {
    pub(crate) n: f64,
    pub(crate) e: f64,
    pub(crate) amsl: f64,
}

impl Place {
    pub(crate) fn of(est: &Estimate) -> Self {
        Self {
            n: est.n,
            e: est.e,
            amsl: est.amsl,
        }
    }
    /// Horizontal distance.
    pub(crate) fn across(&self, o: &Self) -> f64 {
        (self.n - o.n).hypot_r(self.e - o.e)
    }
    /// Direction of `o` from here, degrees.
    pub(crate) fn bearing(&self, o: &Self) -> f64 {
        (o.e - self.e).atan2_r(o.n - self.n).to_degrees()
    }
    /// The place `metres` away in a direction, at the same height.
    pub(crate) fn toward(&self, bearing_deg: f64, metres: f64) -> Self {
        let (s, c) = bearing_deg.to_radians().sin_cos_r();
        Self {
            n: self.n + metres * c,
            e: self.e + metres * s,
            amsl: self.amsl,
        }
    }
}

/// Speeds asked of one leg.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Speeds {
    /// Ground speed (rotors) or airspeed (wings), metres per second.
    pub(crate) along: f64,
    pub(crate) up: f64,
    pub(crate) down: f64,
    /// Acceleration along the leg (rotors), metres per second squared.
    pub(crate) accel: f64,
}

/// Progress of a straight leg.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Progress {
    /// Metres left along the leg, negative beyond its end.
    pub(crate) left: f64,
    /// Metres off the line, right positive.
    pub(crate) off: f64,
}

/// Where a point is along a leg, horizontally.
pub(crate) fn progress(est: &Estimate, from: &Place, to: &Place) -> Progress {
    let length = from.across(to);
    if length < 0.5 {
        return Progress {
            left: Place::of(est).across(to),
            off: 0.0,
        };
    }
    let (un, ue) = ((to.n - from.n) / length, (to.e - from.e) / length);
    let (dn, de) = (est.n - from.n, est.e - from.e);
    Progress {
        left: length - (dn * un + de * ue),
        off: -dn * ue + de * un,
    }
}

/// Speed at which a multirotor may pass the corner between two legs: the circle that cuts the
/// corner by at most `cut` metres at lateral acceleration `accel`.
pub(crate) fn corner_speed(from: &Place, at: &Place, next: Option<&Place>, cut: f64, accel: f64) -> f64 {
    let Some(next) = next else { return 0.0 };
    if from.across(at) < 1.0 || at.across(next) < 1.0 {
        return 0.0;
    }
    let turn = diff_deg(at.bearing(next), from.bearing(at)).abs().to_radians();
    let half = (turn / 2.0).cos_r();
    if turn < 0.02 {
        return f64::INFINITY;
    }
    (accel * cut * half / (1.0 - half)).sqrt()
}

/// A multirotor along a straight 3-D leg, slowing to `end_speed` at its end. `speed` is the
/// speed asked in the last tick and the new one: it grows by the acceleration limit.
#[expect(clippy::too_many_arguments, reason = "one leg, its limits and its memory")]
pub(crate) fn rotor_leg(
    est: &Estimate,
    from: &Place,
    to: &Place,
    end_speed: f64,
    s: &Speeds,
    yaw_deg: f64,
    speed: &mut f64,
    dt: f64,
) -> Demand {
    let here = Place::of(est);
    let length = from.across(to);
    let p = progress(est, from, to);
    let rise = to.amsl - from.amsl;
    if length < 2.0 || p.left < 0.5 {
        *speed = 0.0;
        return rotor_hold(est, to, s, yaw_deg);
    }
    let brake = (end_speed.min(s.along).powi(2) + 2.0 * 0.7 * s.accel * (p.left - 0.5).max(0.0)).sqrt();
    let slope = rise / length;
    let by_climb = if slope > 1e-6 {
        s.up / slope
    } else if slope < -1e-6 {
        s.down / -slope
    } else {
        f64::INFINITY
    };
    let want = s.along.min(brake).min(by_climb);
    *speed = if want > *speed {
        (*speed + s.accel * dt).min(want)
    } else {
        want
    };
    let (un, ue) = ((to.n - from.n) / length, (to.e - from.e) / length);
    let back = (0.8 * p.off).clamp(-3.0, 3.0);
    let share = (1.0 - p.left / length).clamp(0.0, 1.0);
    let height = from.amsl + rise * share;
    let vz = (slope * *speed + (height - here.amsl)).clamp(-s.down, s.up);
    Demand::Hover {
        v: [un * *speed + back * ue, ue * *speed - back * un, -vz],
        yaw_deg,
    }
}

/// A multirotor holding a place.
pub(crate) fn rotor_hold(est: &Estimate, at: &Place, s: &Speeds, yaw_deg: f64) -> Demand {
    let (dn, de) = (at.n - est.n, at.e - est.e);
    let d = dn.hypot_r(de);
    let speed = d.min((2.0 * 0.7 * s.accel * d).sqrt()).min(s.along);
    let k = if d > 1e-6 { speed / d } else { 0.0 };
    let vz = (at.amsl - est.amsl).clamp(-s.down, s.up);
    Demand::Hover {
        v: [dn * k, de * k, -vz],
        yaw_deg,
    }
}

/// A multirotor on a circle, clockwise for a positive radius.
pub(crate) fn rotor_circle(est: &Estimate, centre: &Place, radius: f64, s: &Speeds, yaw_deg: f64) -> Demand {
    let (dn, de) = (est.n - centre.n, est.e - centre.e);
    let d = dn.hypot_r(de).max(0.1);
    let (rn, re) = (dn / d, de / d);
    let r = radius.abs().max(1.0);
    let along = s.along.min((2.0 * r).sqrt()) * radius.signum();
    let tangent = if (d - r).abs() < 0.5 * r { along } else { 0.0 };
    let out = (r - d).clamp(-s.along, s.along) - tangent * tangent / r * 0.3;
    let vz = (centre.amsl - est.amsl).clamp(-s.down, s.up);
    Demand::Hover {
        v: [-re * tangent + rn * out, rn * tangent + re * out, -vz],
        yaw_deg,
    }
}

/// Period and damping of the lateral law.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lateral {
    pub(crate) period_s: f64,
    pub(crate) damping: f64,
    pub(crate) bank_deg: f64,
}

impl Lateral {
    /// Look-ahead distance, metres.
    pub(crate) fn l1(&self, ground_speed: f64) -> f64 {
        (self.damping * self.period_s / std::f64::consts::PI * ground_speed).max(15.0)
    }
    fn bank(&self, acceleration: f64) -> f64 {
        (acceleration / G_M_S2)
            .atan_r()
            .to_degrees()
            .clamp(-self.bank_deg, self.bank_deg)
    }
}

/// Bank for a straight line: the L1 law (Park, Deyst and How 2004, as ArduPlane scales it).
pub(crate) fn wing_line(est: &Estimate, from: &Place, to: &Place, lat: &Lateral) -> f64 {
    let here = Place::of(est);
    let gs = est.v[0].hypot_r(est.v[1]).max(3.0);
    let l1 = lat.l1(gs);
    let (from, to) = if from.across(to) < 1.0 { (&here, to) } else { (from, to) };
    let p = progress(est, from, to);
    let course = est.v[1].atan2_r(est.v[0]).to_degrees();
    let track = diff_deg(from.bearing(to), course).to_radians();
    let cross = -(p.off / l1).clamp(-0.707, 0.707).asin_r();
    let nu = (track + cross).clamp(-std::f64::consts::FRAC_PI_2, std::f64::consts::FRAC_PI_2);
    lat.bank(4.0 * lat.damping.powi(2) * gs * gs / l1 * nu.sin_r())
}

/// Bank for a circle, clockwise for a positive radius: a course field that spirals onto the
/// circle, with the circle's own acceleration fed forward.
pub(crate) fn wing_circle(est: &Estimate, centre: &Place, radius: f64, lat: &Lateral) -> f64 {
    let gs = est.v[0].hypot_r(est.v[1]).max(3.0);
    let r = radius.abs().max(10.0);
    let dir = if radius < 0.0 { -1.0 } else { 1.0 };
    let here = Place::of(est);
    let d = centre.across(&here);
    let inward = (1.6 * (d - r) / r.min(lat.l1(gs)).max(10.0)).atan_r();
    let want = centre.bearing(&here) + dir * (90.0 + inward.to_degrees());
    let course = est.v[1].atan2_r(est.v[0]).to_degrees();
    let err = diff_deg(want, course).to_radians();
    let near = (1.0 - inward.abs()).max(0.0);
    lat.bank(1.3 * gs * err + dir * near * gs * gs / r)
}

/// Climb rate for a height: proportional, fed forward by the slope of the path.
pub(crate) fn wing_climb(est: &Estimate, height: f64, slope_rate: f64, s: &Speeds) -> f64 {
    (slope_rate + 0.5 * (height - est.amsl)).clamp(-s.down, s.up)
}
