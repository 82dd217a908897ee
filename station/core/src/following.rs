//! A camera, or an aircraft with it, that follows a track: the station aims again as the track moves.
//!
//! Invariant: an aircraft is sent only to places, and by straight ways, that keep the distances the
//! checker asks of a plan: the stand-off with three sigma of navigation and the line's own error, the
//! zones, the other aircraft. Where there is none it waits and says why. Any order by hand ends it.

use vedette_geo::{Amsl, Hae, LatLon, LocalFrame, azimuth_deg, destination, distance_m, interpolate};
use vedette_model::{
    Airframe, FlightMode, FollowBy, GimbalAim, LandedState, Mono, OperatorId, Order, Refusal, Request, RequestBody,
    Retry, Risk, TrackId, VehicleId,
};

use crate::gate;
use crate::station::Station;
use crate::view::{EventKind, FollowView, NoticeKind, VehicleView};

/// A track nobody has seen for this long is not followed, milliseconds.
const LOST_MS: i64 = 10_000;
/// Least time between two orders of one follow, milliseconds: the camera's and the aircraft's.
const CAMERA_MS: i64 = 500;
const AIRCRAFT_MS: i64 = 2_000;
/// Moves smaller than this are not ordered, metres: the camera's aim and the aircraft's place.
const CAMERA_M: f64 = 2.0;
const AIRCRAFT_M: f64 = 15.0;
/// Orders of a follow lapse soon: a newer one is on its way, milliseconds.
const EXPIRES_MS: i64 = 3_000;
/// Circle of an aircraft that cannot stand still, metres.
const CIRCLE_M: f64 = 120.0;
/// Ways are judged at this step, and no longer ones are flown, metres.
const STEP_M: f64 = 25.0;
const FAR_M: f64 = 5_000.0;
/// Telemetry has this long to show the guided mode, milliseconds.
const MODE_MS: i64 = 10_000;

fn state(v: &VehicleView, track: TrackId, why: impl Into<String>) -> Refusal {
    Refusal::State {
        what: format!("FOLLOW {track} with {}", v.tail),
        why: why.into(),
    }
}

/// What an aircraft needs around the place it keeps.
fn circle_m(v: &VehicleView) -> f64 {
    match v.airframe {
        Airframe::Copter => 0.0,
        Airframe::Plane | Airframe::Quadplane => CIRCLE_M,
    }
}

/// Distance of the plane's origin from a segment.
fn from_origin_m(a: (f64, f64), b: (f64, f64)) -> f64 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let t = (-(a.0 * dx + a.1 * dy) / (dx * dx + dy * dy).max(1e-9)).clamp(0.0, 1.0);
    (a.0 + t * dx).hypot(a.1 + t * dy)
}

/// Distance of a place from a ring, negative inside (even-odd).
fn from_ring_m(frame: &LocalFrame, ring: &[LatLon]) -> f64 {
    let pts: Vec<(f64, f64)> = ring.iter().map(|p| frame.plane(*p)).collect();
    let (mut off, mut inside) = (f64::MAX, false);
    for (i, a) in pts.iter().enumerate() {
        let b = pts[(i + 1) % pts.len()];
        off = off.min(from_origin_m(*a, b));
        if (a.1 > 0.0) != (b.1 > 0.0) && a.0 + (b.0 - a.0) * a.1 / (a.1 - b.1) > 0.0 {
            inside = !inside;
        }
    }
    if inside { -off } else { off }
}

impl Station {
    /// Begins or ends a follow.
    pub(crate) fn follow(
        &mut self,
        who: &OperatorId,
        id: VehicleId,
        track: Option<TrackId>,
        by: FollowBy,
        held: bool,
    ) -> Result<(), Refusal> {
        let missing = || Refusal::Missing {
            what: format!("aircraft {id}"),
        };
        let v = self.view.vehicles.get(&id).ok_or_else(missing)?;
        let Some(track) = track else {
            self.follow_ends(id, &format!("ended by {who}"), false);
            return Ok(());
        };
        let fix = self
            .view
            .tracks
            .get(&track)
            .ok_or_else(|| Refusal::Missing {
                what: format!("track {track}"),
            })?
            .track
            .fix
            .map_err(|e| state(v, track, e.to_string()))?;
        let order = match by {
            FollowBy::Camera => Order::Gimbal(GimbalAim::Place {
                at: fix.at,
                amsl: fix.amsl,
            }),
            FollowBy::Aircraft { distance_m, amsl } => {
                let least = self.view.brief.limits.min_agl_m;
                if !(20.0..=2000.0).contains(&distance_m) || !amsl.0.is_finite() {
                    return Err(state(v, track, "it keeps 20 to 2000 m from what it follows"));
                }
                if amsl.0 - fix.amsl.0 < least {
                    let why = format!(
                        "{:.0} m above the track, {least:.0} m must be kept",
                        amsl.0 - fix.amsl.0
                    );
                    return Err(state(v, track, why));
                }
                if v.landed.map(|l| l.value) != Some(LandedState::InAir) {
                    return Err(state(v, track, "it is not in the air"));
                }
                if v.bingo_s.is_some_and(|s| s <= 0.0) {
                    return Err(state(v, track, "it has to turn for home"));
                }
                let at = self
                    .stand(v, fix.at, distance_m, amsl)
                    .map_err(|why| state(v, track, why))?;
                self.to_stand(v, at, amsl)
            }
        };
        gate::order(v, &order, held)?;
        // Another track instead of the one before is no order by hand.
        if let Some(v) = self.view.vehicles.get_mut(&id) {
            v.follow = None;
        }
        self.command(who, id, &order, held)?;
        let now = self.view.now;
        let sent = match order {
            Order::Gimbal(GimbalAim::Place { at, .. }) | Order::GoTo { at, .. } => Some((now, at)),
            Order::Orbit { centre, .. } => Some((now, centre)),
            _ => None,
        };
        if matches!(by, FollowBy::Aircraft { .. }) {
            self.quietly(
                id,
                Order::Gimbal(GimbalAim::Place {
                    at: fix.at,
                    amsl: fix.amsl,
                }),
            );
        }
        if let Some(v) = self.view.vehicles.get_mut(&id) {
            v.follow = Some(FollowView {
                track,
                by,
                operator: who.clone(),
                since: now,
                sent,
                waits: None,
            });
        }
        let what = match by {
            FollowBy::Camera => "camera follows",
            FollowBy::Aircraft { .. } => "follows",
        };
        self.mark(EventKind::Operator, Some(id), format!("{what} {track} by {who}"));
        Ok(())
    }

    /// An order by hand ends what it contradicts.
    pub(crate) fn follow_yields(&mut self, id: VehicleId, order: &Order) {
        let Some(f) = self.view.vehicles.get(&id).and_then(|v| v.follow.as_ref()) else {
            return;
        };
        let moves = order.risk() >= Risk::Safe;
        if matches!(order, Order::Gimbal(_)) || (moves && matches!(f.by, FollowBy::Aircraft { .. })) {
            self.follow_ends(id, &format!("ended: {} by hand", order.name()), false);
        }
    }

    fn follow_ends(&mut self, id: VehicleId, why: &str, tell: bool) {
        let Some(v) = self.view.vehicles.get_mut(&id) else {
            return;
        };
        let Some(f) = v.follow.take() else { return };
        let text = format!("follow {} {why}", f.track);
        let words = format!("{}: {text}", v.tail);
        self.mark(EventKind::Operator, Some(id), text);
        if tell {
            self.notice(NoticeKind::Warning, words);
        }
    }

    /// Aims again where a followed track has moved.
    pub(crate) fn follow_on(&mut self) {
        let ids: Vec<VehicleId> = self
            .view
            .vehicles
            .values()
            .filter(|v| v.follow.is_some())
            .map(|v| v.id)
            .collect();
        for id in ids {
            self.follow_one(id);
        }
    }

    fn follow_one(&mut self, id: VehicleId) {
        let now = self.view.now;
        let Some(v) = self.view.vehicles.get(&id) else { return };
        let Some(f) = v.follow.clone() else { return };
        let track = self.view.tracks.get(&f.track);
        let lost = track.is_none_or(|t| now.since(t.heard) > LOST_MS * 1000);
        if lost {
            return self.follow_ends(id, "ended: nobody sees it any more", true);
        }
        if v.duplicate {
            return self.follow_ends(id, "ended: a second sender uses its id", true);
        }
        let (Some(Ok(fix)), true) = (track.map(|t| t.track.fix), v.alive) else {
            return;
        };
        let due = |ms: i64, m: f64, to: LatLon| {
            f.sent
                .is_none_or(|(t, at)| now.since(t) >= ms * 1000 && distance_m(at, to) > m)
        };
        let look = Order::Gimbal(GimbalAim::Place {
            at: fix.at,
            amsl: fix.amsl,
        });
        let (distance_m, amsl) = match f.by {
            FollowBy::Camera => {
                if due(CAMERA_MS, CAMERA_M, fix.at) {
                    self.quietly(id, look);
                    self.sent(id, now, Some(fix.at), None);
                }
                return;
            }
            FollowBy::Aircraft { distance_m, amsl } => (distance_m, amsl),
        };
        let guided = v.mode.is_none_or(|m| {
            now.since(f.since) < MODE_MS * 1000 || matches!(m.value, FlightMode::Guided | FlightMode::Hold)
        });
        if !guided {
            return self.follow_ends(id, "ended: the aircraft flies another mode", true);
        }
        if v.bingo_s.is_some_and(|s| s <= 0.0) {
            return self.follow_ends(id, "ended: it has to turn for home", true);
        }
        if f.sent.is_some_and(|(t, _)| now.since(t) < AIRCRAFT_MS * 1000) {
            return;
        }
        match self.stand(v, fix.at, distance_m, amsl) {
            Ok(at) => {
                let order = due(AIRCRAFT_MS, AIRCRAFT_M, at).then(|| self.to_stand(v, at, amsl));
                if let Some(order) = order {
                    self.quietly(id, order);
                    self.quietly(id, look);
                    self.sent(id, now, Some(at), None);
                } else if f.waits.is_some() {
                    self.sent(id, now, None, None);
                }
            }
            Err(why) => {
                if f.waits.is_none() {
                    let words = format!("{} waits, following {}: {why}", v.tail, f.track);
                    self.notice(NoticeKind::Warning, words);
                }
                self.quietly(id, look);
                let at = f.sent.map(|(_, at)| at);
                self.sent(id, now, at, Some(why));
            }
        }
    }

    fn sent(&mut self, id: VehicleId, now: Mono, at: Option<LatLon>, waits: Option<String>) {
        if let Some(f) = self.view.vehicles.get_mut(&id).and_then(|v| v.follow.as_mut()) {
            if let Some(at) = at {
                f.sent = Some((now, at));
            }
            f.waits = waits;
        }
    }

    /// One more order of a follow: the person's receipt stands for all of them.
    fn quietly(&mut self, id: VehicleId, order: Order) {
        let Some(v) = self.view.vehicles.get(&id) else { return };
        let request = Request {
            vehicle: id,
            uid: v.identity.as_ref().map_or(0, |i| i.uid),
            body: RequestBody::Order(order),
            retry: Retry::Once,
            expires: self.view.now.plus_ms(EXPIRES_MS),
            id: self.command_id(),
        };
        self.effects.push_back(crate::Effect::Request(request));
    }

    fn to_stand(&self, v: &VehicleView, at: LatLon, amsl: Amsl) -> Order {
        let radius_m = circle_m(v);
        if radius_m > 0.0 {
            return Order::Orbit {
                centre: at,
                amsl,
                radius_m,
            };
        }
        Order::GoTo { at, amsl }
    }

    /// The legal place at this distance from a target that asks for the least turn.
    fn stand(&self, v: &VehicleView, target: LatLon, distance_m: f64, amsl: Amsl) -> Result<LatLon, String> {
        let Some(here) = v.at.map(|k| k.value) else {
            return Err("where it is is not known".into());
        };
        let first = azimuth_deg(target, here);
        let mut why = None;
        for turn in [
            0.0, 15.0, -15.0, 30.0, -30.0, 50.0, -50.0, 75.0, -75.0, 105.0, -105.0, 140.0, -140.0, 180.0,
        ] {
            let at = destination(target, first + turn, distance_m);
            match self.way(v, here, at, amsl) {
                None => return Ok(at),
                Some(w) => why = why.or(Some(w)),
            }
        }
        Err(why.unwrap_or_default())
    }

    /// Why a straight way may not be flown, from its end back.
    fn way(&self, v: &VehicleView, from: LatLon, to: LatLon, amsl: Amsl) -> Option<String> {
        let long = distance_m(from, to);
        if long > FAR_M {
            return Some(format!(
                "{:.1} km away, {:.0} km at most",
                long / 1000.0,
                FAR_M / 1000.0
            ));
        }
        if let Some(why) = self.illegal(v, to, amsl, circle_m(v)) {
            return Some(why);
        }
        let n = (long / STEP_M).ceil().max(1.0);
        let mut i = 1.0;
        while i < n {
            if let Some(why) = self.illegal(v, interpolate(from, to, i / n), amsl, 0.0) {
                return Some(format!("on the way there {why}"));
            }
            i += 1.0;
        }
        None
    }

    /// Why an aircraft may not be at a place with so much room around it.
    fn illegal(&self, v: &VehicleView, at: LatLon, amsl: Amsl, around_m: f64) -> Option<String> {
        let l = &self.view.brief.limits;
        let site = &self.setup.site;
        let keep = l.stand_off_m + 3.0 * l.nav_sigma_m + site.accuracy_m + around_m;
        let (_, signed_m) = self.border.beside(at);
        if signed_m < keep {
            let side = if signed_m < 0.0 { "beyond" } else { "from" };
            return Some(format!(
                "{:.0} m {side} the line, {keep:.0} m must be kept",
                signed_m.abs()
            ));
        }
        let frame = LocalFrame::new(at, Hae(0.0));
        for line in &site.context {
            let pts: Vec<(f64, f64)> = line.iter().map(|p| frame.plane(*p)).collect();
            let off = pts
                .windows(2)
                .map(|w| from_origin_m(w[0], w[1]))
                .fold(f64::MAX, f64::min);
            if off < keep {
                return Some(format!("{off:.0} m from another border, {keep:.0} m must be kept"));
            }
        }
        let keep = 3.0 * l.nav_sigma_m + around_m;
        for z in site.no_fly.iter().chain(&self.view.brief.no_fly) {
            let above = z.ceiling.is_some_and(|c| amsl.0 > c.0 + 3.0 * l.nav_sigma_m);
            let below = z.floor.is_some_and(|f| amsl.0 < f.0 - 3.0 * l.nav_sigma_m);
            if above || below {
                continue;
            }
            let off = match z.centre {
                _ if z.polygon.len() >= 3 => from_ring_m(&frame, &z.polygon),
                Some(c) => distance_m(at, c) - z.radius_m,
                None => continue,
            };
            if off < keep {
                return Some(format!(
                    "{:.0} m from no-fly zone {}, {keep:.0} m must be kept",
                    off.max(0.0),
                    z.name
                ));
            }
        }
        for o in self.view.vehicles.values() {
            let flying = o.landed.is_some_and(|s| s.value != LandedState::OnGround);
            let (Some(p), Some(h), true) = (o.at, o.amsl, o.id != v.id && flying) else {
                continue;
            };
            let off = distance_m(p.value, at) - around_m;
            if off < l.separation_h_m && (h.value.0 - amsl.0).abs() < l.separation_v_m {
                return Some(format!(
                    "{:.0} m from {}, {:.0} m must be kept",
                    off.max(0.0),
                    o.tail,
                    l.separation_h_m
                ));
            }
        }
        None
    }
}
