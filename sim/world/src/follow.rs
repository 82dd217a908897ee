//! An autopilot elsewhere, as its telemetry tells it: the world follows where it says it is.
//!
//! Invariant: only frames with right checksums move anything; between two messages a place goes on
//! at its last velocity for a second at most, then stands. It must not know sockets, nor steer: it
//! asks for messages as an onboard computer, never as a station.

use std::collections::BTreeMap;

use vedette_geo::{Amsl, LatLon, LocalFrame, Ned, Repeatable, Vec3, norm_deg_360};
use vedette_model::{LandedState, Mono};

use crate::sky::Followed;
use crate::wire::{self, Next, Read};

/// Longest a place goes on at its last velocity, microseconds.
const GOES_ON_US: i64 = 1_000_000;
/// Longest an attitude goes on at its last rate, microseconds.
const TURNS_ON_US: i64 = 150_000;
/// A message not heard for so long is asked for again, microseconds.
const ASK_US: i64 = 5_000_000;
/// How we appear: an onboard computer (MAV_COMP_ID_ONBOARD_COMPUTER) of a system of its own.
const US: (u8, u8) = (254, 191);
/// Systems followed at once; further ones are not.
const SYSTEMS: usize = 64;
/// Messages asked for and how often, microseconds: ATTITUDE, GLOBAL_POSITION_INT,
/// GIMBAL_DEVICE_ATTITUDE_STATUS, EXTENDED_SYS_STATE, BATTERY_STATUS, VFR_HUD.
const ASKED: [(f32, f32); 6] = [
    (30.0, 50_000.0),
    (33.0, 100_000.0),
    (285.0, 50_000.0),
    (245.0, 1_000_000.0),
    (147.0, 1_000_000.0),
    (74.0, 500_000.0),
];

/// What one system has told of itself.
#[derive(Debug, Clone, Default)]
struct Pose {
    place: Option<(Mono, LatLon, Amsl, [f64; 3])>,
    /// Roll, pitch, yaw and their rates, degrees and degrees per second.
    attitude: Option<(Mono, [f64; 3], [f64; 3])>,
    /// Roll, pitch of the camera against the horizon; yaw, and whether it counts from the nose.
    gimbal: Option<([f64; 3], bool)>,
    armed: bool,
    landed: Option<u8>,
    battery_share: Option<f64>,
    airspeed: Option<f64>,
    asked: Option<Mono>,
}

/// All autopilots that speak at an endpoint.
#[derive(Debug, Clone, Default)]
pub(crate) struct Follower {
    systems: BTreeMap<u8, Pose>,
    seq: u8,
    heartbeat: Option<Mono>,
}

fn f32_at(r: &Read<'_>, at: usize) -> f64 {
    f64::from(f32::from_le_bytes(r.bytes(at)))
}

impl Follower {
    /// A datagram, or whole frames of a stream.
    pub(crate) fn handle(&mut self, now: Mono, mut bytes: &[u8]) {
        loop {
            match wire::next(bytes) {
                Next::Frame(n, read) => {
                    if let Some(r) = read {
                        self.message(now, &r);
                    }
                    bytes = &bytes[n..];
                }
                Next::Noise(n) if n > 0 => bytes = &bytes[n..],
                Next::Noise(_) | Next::Part => return,
            }
        }
    }

    fn message(&mut self, now: Mono, r: &Read<'_>) {
        if r.id == 0 {
            let [mav_type, autopilot] = r.bytes(4);
            // Stations, gimbals, cameras and receivers are nobody to follow.
            if r.component != 1 || autopilot == 8 || mav_type == 6 {
                return;
            }
            if self.systems.len() < SYSTEMS {
                self.systems.entry(r.system).or_default();
            }
        }
        let Some(p) = self.systems.get_mut(&r.system) else {
            return;
        };
        let i32_at = |at| f64::from(i32::from_le_bytes(r.bytes(at)));
        let i16_at = |at| f64::from(i16::from_le_bytes(r.bytes(at)));
        match r.id {
            0 => p.armed = r.bytes::<1>(6)[0] & 128 != 0,
            30 => {
                let v: [f64; 6] = std::array::from_fn(|k| f32_at(r, 4 + 4 * k).to_degrees());
                if v.iter().all(|x| x.is_finite()) {
                    p.attitude = Some((now, [v[0], v[1], v[2]], [v[3], v[4], v[5]]));
                }
            }
            33 => {
                if let Ok(at) = LatLon::new(i32_at(4) * 1e-7, i32_at(8) * 1e-7)
                    && (i32_at(4) != 0.0 || i32_at(8) != 0.0)
                {
                    let v = [i16_at(20) * 0.01, i16_at(22) * 0.01, i16_at(24) * 0.01];
                    p.place = Some((now, at, Amsl(i32_at(12) * 1e-3), v));
                }
            }
            74 => p.airspeed = Some(f32_at(r, 0)).filter(|v| v.is_finite()),
            147 => {
                let left = i8::from_le_bytes(r.bytes(35));
                p.battery_share = (0..=100).contains(&left).then(|| f64::from(left) / 100.0);
            }
            // MOUNT_STATUS: pitch, roll, yaw in hundredths of a degree, yaw from the nose. A
            // gimbal that speaks the newer protocol is believed first.
            158 if p.gimbal.is_none() => {
                p.gimbal = Some(([i32_at(4) * 0.01, i32_at(0) * 0.01, i32_at(8) * 0.01], true));
            }
            245 => p.landed = Some(r.bytes::<1>(1)[0]),
            285 => {
                let q: [f64; 4] = std::array::from_fn(|k| f32_at(r, 4 + 4 * k));
                let flags = u16::from_le_bytes(r.bytes(36));
                // Yaw from north when it says so (64), or, told neither way, when it is locked (16).
                let earth = flags & 64 != 0 || (flags & 96 == 0 && flags & 16 != 0);
                if let Some(e) = euler_deg(q) {
                    p.gimbal = Some((e, !earth));
                }
            }
            _ => {}
        }
    }

    /// What to send to the endpoint now: our heartbeat, and requests for messages that do not come.
    pub(crate) fn requests(&mut self, now: Mono) -> Vec<Vec<u8>> {
        let mut out = Vec::new();
        let mut seq = || {
            self.seq = self.seq.wrapping_add(1);
            self.seq
        };
        let due = self.heartbeat.is_none_or(|h| now.since(h) >= 1_000_000);
        if due {
            self.heartbeat = Some(now);
        }
        if due {
            // MAV_TYPE_ONBOARD_CONTROLLER: no autopilot takes it for its station.
            out.push(wire::heartbeat(US.0, US.1, seq(), 18));
        }
        for (&system, p) in &mut self.systems {
            let fresh = |at: Option<Mono>| at.is_some_and(|a| now.since(a) < 1_000_000);
            let told = fresh(p.place.map(|x| x.0)) && fresh(p.attitude.map(|x| x.0)) && p.gimbal.is_some();
            if !told && p.asked.is_none_or(|a| now.since(a) >= ASK_US) {
                p.asked = Some(now);
                for (id, every_us) in ASKED {
                    let params = [id, every_us, 0.0, 0.0, 0.0, 0.0, 0.0];
                    out.push(wire::ask(US, seq(), system, 511, params));
                }
            }
        }
        out
    }

    /// Where a system is at `now`, on top of what `base` says of the aircraft that stands in for it.
    pub(crate) fn states(&self, system: u8, now: Mono, battery_wh: f64, base: Followed) -> Option<Followed> {
        let p = self.systems.get(&system)?;
        let (heard, at, amsl, v) = p.place?;
        let on_us = now.since(heard).clamp(0, GOES_ON_US);
        let silent = now.since(heard) > GOES_ON_US;
        let s = on_us as f64 * 1e-6;
        let frame = LocalFrame::new(at, vedette_geo::Hae(0.0));
        let mut f = base;
        let t = &mut f.truth;
        t.now = now;
        t.at = frame.from_plane(v[1] * s, v[0] * s);
        t.amsl = Amsl(amsl.0 - v[2] * s);
        let v = if silent { [0.0; 3] } else { v };
        t.velocity = Vec3::<Ned>::new(v[0], v[1], v[2]);
        if let Some((heard, a, rate)) = p.attitude {
            let s = now.since(heard).clamp(0, TURNS_ON_US) as f64 * 1e-6;
            t.roll_deg = a[0] + rate[0] * s;
            t.pitch_deg = a[1] + rate[1] * s;
            t.yaw_deg = norm_deg_360(a[2] + rate[2] * s);
        }
        // Without a gimbal the camera looks ahead and 30 degrees down, stabilised.
        let (g, from_nose) = p.gimbal.unwrap_or(([0.0, -30.0, 0.0], true));
        t.gimbal_roll_deg = g[0];
        t.gimbal_pitch_deg = g[1];
        t.gimbal_yaw_deg = norm_deg_360(g[2] + if from_nose { t.yaw_deg } else { 0.0 });
        t.armed = p.armed;
        t.landed = match p.landed {
            Some(1) => LandedState::OnGround,
            Some(3) => LandedState::TakingOff,
            Some(4) => LandedState::Landing,
            Some(2) => LandedState::InAir,
            _ if p.armed => LandedState::InAir,
            _ => LandedState::OnGround,
        };
        t.battery_wh_left = p.battery_share.map_or(t.battery_wh_left, |s| s * battery_wh);
        t.airspeed_m_s = p.airspeed.unwrap_or_else(|| v[0].hypot_r(v[1]));
        t.power_w = 0.0;
        t.mode = "FOLLOWED";
        t.crashed = false;
        let r = &mut f.reported;
        r.at = t.at;
        r.amsl = t.amsl;
        r.velocity = t.velocity;
        (r.roll_deg, r.pitch_deg, r.yaw_deg) = (t.roll_deg, t.pitch_deg, t.yaw_deg);
        r.gimbal_roll_deg = t.gimbal_roll_deg;
        r.gimbal_pitch_deg = t.gimbal_pitch_deg;
        r.gimbal_yaw_deg = t.gimbal_yaw_deg;
        r.airspeed_m_s = t.airspeed_m_s;
        r.fix = !silent;
        Some(f)
    }
}

/// Roll, pitch, yaw of a quaternion w, x, y, z, degrees; `None` for what is no rotation.
fn euler_deg([w, x, y, z]: [f64; 4]) -> Option<[f64; 3]> {
    let n = (w * w + x * x + y * y + z * z).sqrt();
    if !n.is_finite() || (n - 1.0).abs() > 0.05 {
        return None;
    }
    let (w, x, y, z) = (w / n, x / n, y / n, z / n);
    let roll = (2.0 * (w * x + y * z)).atan2_r(1.0 - 2.0 * (x * x + y * y));
    let pitch = (2.0 * (w * y - z * x)).clamp(-1.0, 1.0).asin_r();
    let yaw = (2.0 * (w * z + x * y)).atan2_r(1.0 - 2.0 * (y * y + z * z));
    Some([roll.to_degrees(), pitch.to_degrees(), yaw.to_degrees()])
}
