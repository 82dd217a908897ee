//! Ways flown by single orders, "go there at this height": level legs with changes of height on the spot.
//!
//! Invariant: every level leg is over the floor and under the ceiling everywhere, as autopilots differ in how they change
//! their height on the way (ArduPilot ramps, PX4 climbs at once); where a leg is left downwards, the ceiling holds at the old
//! height for as long as the descent takes.

use vedette_geo::{LatLon, distance_m, interpolate};

use crate::watch::Sky;

/// Step along the way, metres.
const STEP_M: f64 = 30.0;
/// Smaller differences of height are not flown, metres.
const LEAST_M: f64 = 1.0;

/// What level legs must respect.
pub(crate) struct Levels<'a> {
    pub(crate) sky: Sky<'a>,
    /// Greatest height over the ground, metres, with what altimeters are off by.
    pub(crate) max_agl_m: f64,
    /// Speed over ground, metres per second, at most, and the rate of descent.
    pub(crate) speed_m_s: f64,
    pub(crate) descent_m_s: f64,
}

/// Why a way has no such heights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Steep {
    /// The ground there is unknown.
    Unknown(LatLon),
    /// There, even the lowest legal height on a step is so much above some ground of it, metres.
    Ceiling(LatLon, f64),
    /// Nowhere before that place is there room to change the height in circles.
    Room(LatLon),
}

struct Sample {
    at: LatLon,
    floor: f64,
    roof: f64,
    corner: bool,
}

impl Levels<'_> {
    /// Floor and ceiling at a place, metres above the sea.
    pub(crate) fn band(&self, at: LatLon) -> Result<(f64, f64), Steep> {
        let floor = self.sky.floor(at).ok_or(Steep::Unknown(at))?;
        let ground = self.sky.world.terrain.elevation(at).ok_or(Steep::Unknown(at))?;
        Ok((floor, ground.0 + self.max_agl_m))
    }

    fn samples(&self, path: &[LatLon]) -> Result<Vec<Sample>, Steep> {
        let mut out: Vec<Sample> = Vec::new();
        let mut put = |at: LatLon, corner: bool| {
            let (floor, roof) = self.band(at)?;
            out.push(Sample {
                at,
                floor,
                roof,
                corner,
            });
            Ok(())
        };
        if let Some(first) = path.first() {
            put(*first, true)?;
        }
        for w in path.windows(2) {
            let n = (distance_m(w[0], w[1]) / STEP_M).ceil().max(1.0) as usize;
            for k in 1..=n {
                let at = if k == n {
                    w[1]
                } else {
                    interpolate(w[0], w[1], k as f64 / n as f64)
                };
                put(at, k == n)?;
            }
        }
        Ok(out)
    }

    /// The corners of a way with the height of the leg to each, metres above the sea, as few as can be: it begins at height
    /// `from` and ends at `to`, where that is legal, else as near as is; whoever flies circles may change its height only where
    /// `room` says so. A corner that stands twice is a change of height on the spot.
    pub(crate) fn along(
        &self,
        path: &[LatLon],
        from: f64,
        to: f64,
        room: &dyn Fn(LatLon) -> bool,
    ) -> Result<Vec<(LatLon, f64)>, Steep> {
        let all = self.samples(path)?;
        let Some(first) = all.first() else {
            return Ok(Vec::new());
        };
        let mut out = vec![(first.at, from)];
        let (mut i, mut h) = (0, from);
        while i + 1 < all.len() {
            let (mut floor, mut roof, mut j) = (all[i].floor, all[i].roof, i);
            for (k, s) in all.iter().enumerate().skip(i + 1) {
                let (f, r) = (floor.max(s.floor), roof.min(s.roof));
                if f > r {
                    break;
                }
                (floor, roof, j) = (f, r, k);
            }
            if j == i {
                let (a, b) = (&all[i], &all[i + 1]);
                let over = a.floor.max(b.floor) - (a.roof.min(b.roof) - self.max_agl_m);
                return Err(Steep::Ceiling(b.at, over));
            }
            if j + 1 < all.len() {
                j = (i + 1..=j)
                    .rev()
                    .find(|k| room(all[*k].at))
                    .ok_or(Steep::Room(all[j].at))?;
                let piece = &all[i..=j];
                floor = piece.iter().map(|s| s.floor).fold(f64::NEG_INFINITY, f64::max);
                roof = piece.iter().map(|s| s.roof).fold(f64::INFINITY, f64::min);
            }
            let wished = if j + 1 == all.len() { to } else { h };
            let level = wished.max(floor).min(roof);
            if level > h + LEAST_M || (level < h - LEAST_M && !self.sinks(&all[i..=j], h, level)) {
                out.push((all[i].at, level));
            }
            let corners = all[i + 1..=j].iter().enumerate();
            out.extend(
                corners
                    .filter(|(k, s)| s.corner || i + 1 + k == j)
                    .map(|(_, s)| (s.at, level)),
            );
            (i, h) = (j, level);
        }
        let last = &all[all.len() - 1];
        let end = to.max(last.floor).min(last.roof.max(last.floor));
        if (end - h).abs() > LEAST_M {
            out.push((last.at, end));
        }
        Ok(out)
    }

    /// Whether it may sink to the new height on its way: under the ceiling at the old height until it is down.
    fn sinks(&self, piece: &[Sample], from: f64, to: f64) -> bool {
        let way_m = (from - to) / self.descent_m_s.max(0.1) * self.speed_m_s;
        let mut along = 0.0;
        for w in piece.windows(2) {
            if from > w[0].roof {
                return false;
            }
            along += distance_m(w[0].at, w[1].at);
            if along > way_m {
                return true;
            }
        }
        // It is not down before the end.
        false
    }
}
