//! Ways between a base and the place where a station is relieved.
//!
//! Invariant: a way keeps to legal space, is never lower than its floor, and near the relief place is flat: aircraft that come
//! stay above those that patrol, those that leave stay level until they are away.

use vedette_atlas::Plane;
use vedette_geo::{Amsl, LatLon, interpolate};
use vedette_model::plan::{Aircraft, LegKind};

use super::field::{Field, Round, RoundLeg};
use super::line::clear;
use crate::error::{Constraint, Infeasible};
use crate::space::dist;

/// Longest leg of a way, metres.
const LEG_M: f64 = 1500.0;
/// Climb-outs tried, metres over ground.
const CLIMB_OUT_M: [f64; 8] = [300.0, 450.0, 700.0, 1000.0, 1500.0, 2200.0, 3200.0, 4500.0];
/// How far before and after the relief place a way is flat, metres.
const FLAT_M: f64 = 1200.0;
/// Heights of the patrol within this distance of the relief place count for those who come, metres.
const NEAR_M: f64 = 3500.0;
/// Added to the vertical separation, metres.
const MORE_V_M: f64 = 30.0;
/// Ferries fly in layers over the patrols, two and three separations up, where the ceiling leaves room.
const LAYER_MORE_M: f64 = 15.0;
/// Points of the ferry lane tried where the nearest is behind a zone.
const DETOURS: usize = 12;
/// Height over the floor everywhere on a way: corners flown wide meet other ground, metres.
const WIDE_M: f64 = 15.0;
/// Legal margin of a way: corners flown wide.
const WAY_MARGIN_M: f64 = 30.0;

/// A way, timed.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    pub(crate) legs: Vec<RoundLeg>,
    pub(crate) time_s: f64,
}

/// Height at which the one who comes arrives over the relief place: the separation above all that patrols near it.
pub(crate) fn plateau_m(field: &Field<'_>, round: &Round) -> f64 {
    let s = round.stretch.relief;
    let top = round
        .nodes
        .iter()
        .filter(|n| (n.along_m - s).abs() < NEAR_M)
        .map(|n| n.h_m)
        .fold(f64::NEG_INFINITY, f64::max);
    (top + field.brief.limits.separation_v_m + MORE_V_M).ceil()
}

/// A path from a place to another by points `i` to `j` of a lane, its corners cut where that is legal; `well` says of a leg
/// whether it keeps well away from the border, `legal` whether it may be flown at all.
fn along(
    lane: &[LatLon],
    (from, i): (LatLon, usize),
    (to, j): (LatLon, usize),
    well: impl Fn(LatLon, LatLon) -> bool,
    legal: impl Fn(LatLon, LatLon) -> bool,
) -> Option<Vec<LatLon>> {
    let mut path = vec![from];
    if i <= j {
        path.extend(&lane[i..=j]);
    } else {
        path.extend(lane[j..=i].iter().rev());
    }
    path.push(to);
    let mut out = vec![from];
    let mut k = 0;
    while k < path.len() - 1 {
        let next = (k + 1..path.len())
            .rev()
            .find(|n| well(path[k], path[*n]))
            .or_else(|| legal(path[k], path[k + 1]).then_some(k + 1))?;
        out.push(path[next]);
        k = next;
    }
    Some(out)
}

impl Field<'_> {
    /// The shortest way from a place to another: straight where that is legal, else along the ferry lane, corners cut.
    fn trail(&self, from: LatLon, to: LatLon) -> Option<Vec<LatLon>> {
        let ok = |a: LatLon, b: LatLon, border_m: f64| clear(self.world, &self.zones, a, b, border_m, self.keep.zone_m);
        // Away from the tracks where that can be had.
        let far = self.keep.border_m + 300.0;
        // No nearer to the border than the fence can be drawn, or else just legal.
        let middle = self.keep.border_m - 0.2 * (self.keep.border_m - self.stand_off_m);
        let near = self.stand_off_m + WAY_MARGIN_M;
        for least in [far, middle] {
            if ok(from, to, least) {
                return Some(vec![from, to]);
            }
        }
        let Some(lane) = self.lane(from, to) else {
            return ok(from, to, near).then(|| vec![from, to]);
        };
        // Lane points by distance: on a map of degrees, which orders near ones as the geodesic does.
        let around = |p: LatLon| {
            let cos = p.lat_deg.to_radians().cos();
            let d = |k: &usize| {
                let dlon = vedette_geo::norm_deg_180(lane[*k].lon_deg - p.lon_deg) * cos;
                (lane[*k].lat_deg - p.lat_deg).hypot(dlon)
            };
            let mut all: Vec<usize> = (0..lane.len()).collect();
            all.sort_by(|a, b| d(a).total_cmp(&d(b)));
            all
        };
        let (firsts, lasts) = (around(from), around(to));
        let (i, j) = (*firsts.first()?, *lasts.first()?);
        if let Some(path) = along(
            &lane,
            (from, i),
            (to, j),
            |a, b| ok(a, b, middle),
            |a, b| ok(a, b, near),
        ) {
            return Some(path);
        }
        // A zone lies between the place and the lane's nearest point: the nearest that can be flown to.
        let open = |p: LatLon, all: &[usize]| all.iter().take(DETOURS).find(|k| ok(p, lane[**k], near)).copied();
        let (i, j) = (open(from, &firsts)?, open(to, &lasts)?);
        along(
            &lane,
            (from, i),
            (to, j),
            |a, b| ok(a, b, middle),
            |a, b| ok(a, b, near),
        )
    }

    /// The way in to (`arrive`) or out from the relief place of a station, flown in direction `dir` (0 right, 1 left).
    pub(crate) fn way(
        &self,
        craft: &Aircraft,
        radius_m: f64,
        round: &Round,
        dir: usize,
        base: LatLon,
        arrive: bool,
    ) -> Result<Way, Infeasible> {
        let start = &round.legs[round.at[dir]];
        let (h, h_m) = (start.a, start.ha);
        let chain = start.chain.map_or(0.0, |c| c[0]);
        let plane = Plane::new(h);
        let next = plane.to_xy(start.b);
        let length = dist((0.0, 0.0), next).max(1.0);
        let u = (next.0 / length, next.1 / length);
        let n = self.inland(h, u);
        let r = radius_m.max(60.0);
        let side = if arrive { -1.0 } else { 1.0 };
        let gate = |k: f64| {
            // Who leaves turns off more sharply than who comes: they part quickly.
            let (along, home) = (side * 4.0 * r * k, if arrive { 1.5 } else { 2.6 } * r * k);
            plane.to_latlon(u.0 * along + n.0 * home, u.1 * along + n.1 * home)
        };
        let refuse =
            |what: String, relax: &str| self.no(Constraint::LegalSpace, &craft.tail, (chain, chain), what, relax);
        let mut trail = None;
        for k in [1.0, 0.7, 1.5] {
            let q = gate(k);
            if clear(
                self.world,
                &self.zones,
                q,
                h,
                self.stand_off_m + WAY_MARGIN_M,
                self.keep.zone_m * 0.5,
            ) && let Some(t) = self.trail(base, q)
            {
                trail = Some(t);
                break;
            }
        }
        let mut path = trail.ok_or_else(|| {
            refuse(
                format!("no way leads from the base at {base} to {h} inside legal space."),
                "another base, a smaller no-fly zone or a smaller stand-off.",
            )
        })?;
        path.push(h);
        // Flat near the relief place.
        let q = path[path.len() - 2];
        let before = path[path.len() - 3];
        let last = vedette_geo::distance_m(before, q);
        let flat = FLAT_M.min(0.5 * last);
        path.insert(path.len() - 2, interpolate(q, before, flat / last.max(1.0)));
        let level = if arrive { plateau_m(self, round) } else { h_m };
        let limits = &self.brief.limits;
        let room = limits.max_agl_m - limits.min_agl_m - 60.0;
        let layers = if arrive { 3.0 } else { 2.0 };
        let extra = (layers * (limits.separation_v_m + LAYER_MORE_M))
            .min(0.25 * layers * room)
            .max(0.0);
        let (points, heights) = self.climb(craft, &path, level, extra, arrive)?;
        let kind = if arrive { LegKind::Transit } else { LegKind::Return };
        let mut legs = Vec::new();
        let ends: Vec<(LatLon, f64)> = points.into_iter().zip(heights).collect();
        let order: Vec<(LatLon, f64)> = if arrive { ends } else { ends.into_iter().rev().collect() };
        let last = order.len() - 2;
        let mut time_s = 0.0;
        for (i, w) in order.windows(2).enumerate() {
            let (dt, air, heading) = self.seconds(craft, w[0], w[1])?;
            time_s += dt;
            let ground = (arrive && i == 0) || (!arrive && i == last);
            legs.push(RoundLeg {
                a: w[0].0,
                ha: w[0].1,
                b: w[1].0,
                hb: w[1].1,
                kind: match (ground, arrive) {
                    (true, true) => LegKind::TakeOff,
                    (true, false) => LegKind::Land,
                    _ => kind,
                },
                chain: None,
                length_m: vedette_geo::distance_m(w[0].0, w[1].0),
                dt,
                air,
                heading,
            });
        }
        // Who comes watches the last leg already, beside the track: for so long both see the stretch.
        if arrive && let Some(l) = legs.last_mut() {
            let from = self.chain_of(l.a);
            let ahead = (chain - from) * if dir == 0 { 1.0 } else { -1.0 };
            if ahead > 0.0 && ahead < 2.0 * l.length_m {
                l.chain = Some([from, chain]);
            }
        }
        Ok(Way { legs, time_s })
    }

    /// Heights of a way from the base up to its flat end, and its points with the climb-out and long legs divided.
    fn climb(
        &self,
        craft: &Aircraft,
        path: &[LatLon],
        level: f64,
        extra: f64,
        up: bool,
    ) -> Result<(Vec<LatLon>, Vec<f64>), Infeasible> {
        let base = path[0];
        let base_m = self.world.terrain.elevation(base).ok_or_else(|| self.unknown(base))?.0;
        let wing = craft.airframe == vedette_model::Airframe::Plane;
        let mut needed = 0.0_f64;
        let slope = if up { self.sky.up } else { self.sky.down };
        // Straight ahead first, then to either side: the way over low ground that is long enough to climb.
        let ahead = vedette_geo::azimuth_deg(base, path[1]);
        let mut tries: Vec<(f64, f64)> = vec![(0.0, 0.0)];
        if wing {
            let turns = [0.0, 30.0, -30.0, 60.0, -60.0, 100.0, -100.0, 140.0, -140.0, 180.0];
            tries = CLIMB_OUT_M.iter().flat_map(|m| turns.map(|t| (*m, t))).collect();
        }
        let near = self.stand_off_m + WAY_MARGIN_M;
        let ok = |a: LatLon, b: LatLon| clear(self.world, &self.zones, a, b, near, self.keep.zone_m);
        for (out_m, turn) in tries {
            let out = vedette_geo::destination(base, ahead + turn, out_m);
            let low = self
                .sky
                .floor(out)
                .is_some_and(|f| f + WIDE_M - base_m <= slope * out_m);
            if wing && !(low && ok(base, out) && ok(out, path[1])) {
                continue;
            }
            let mut points = vec![base, out];
            for w in [points[1]].iter().chain(&path[1..]).collect::<Vec<_>>().windows(2) {
                let d = vedette_geo::distance_m(*w[0], *w[1]);
                let n = (d / LEG_M).ceil().max(1.0);
                let mut k = 1.0;
                while k <= n {
                    points.push(interpolate(*w[0], *w[1], k / n));
                    k += 1.0;
                }
            }
            let m = points.len();
            let mut least = vec![f64::NEG_INFINITY; m];
            least[0] = base_m;
            // The corner after the climb-out is flown wide as well.
            least[1] = self.sky.floor(out).map_or(f64::NEG_INFINITY, |f| f + WIDE_M);
            for l in least.iter_mut().skip(m - 3) {
                *l = level;
            }
            let mut low = vec![false; m - 1];
            low[0] = true;
            // Near the relief place the heights are those of the patrol; the ferry height lies between.
            let floors = self.sky.floors_of(&points, &low).map_err(|p| self.unknown(p))?;
            let mut h = self.sky.heights_over(&floors, &points, &least, &low);
            if !up {
                h[m - 1] = level;
                h[m - 2] = self
                    .sky
                    .lift(points[m - 2], points[m - 1], level)
                    .map_err(|p| self.unknown(p))?
                    .max(h[m - 2].min(level));
            }
            let settled = (h[m - 1], h[m - 2]);
            for i in 2..m.saturating_sub(3) {
                least[i] = h[i] + WIDE_M + extra;
            }
            let raised = self.sky.heights_over(&floors, &points, &least, &low);
            // As high as the slopes allow from the climb-out on and down to the relief place.
            let length = |i: usize| vedette_geo::distance_m(points[i], points[i + 1]);
            let must = h.clone();
            for i in 1..m - 3 {
                h[i + 1] = raised[i + 1].min(h[i] + self.sky.up * length(i)).max(must[i + 1]);
            }
            for i in (2..m - 2).rev() {
                h[i] = h[i].min(h[i + 1] + self.sky.down * length(i)).max(must[i]);
            }
            (h[m - 1], h[m - 2]) = settled;
            h[0] = base_m;
            needed = h[1] - base_m;
            let over = (1..=4).all(|k| {
                let t = f64::from(k) / 4.0;
                self.world
                    .terrain
                    .elevation(interpolate(points[0], points[1], t))
                    .is_some_and(|g| base_m + needed * t > g.0 - 2.0)
            });
            if !wing || (needed <= slope * out_m && over) {
                return Ok((points, h));
            }
        }
        let chain = self.chain_of(base);
        Err(self.no(
            Constraint::Envelope,
            &craft.tail,
            (chain, chain),
            format!(
                "from the base at {base} ({:.0} m) it cannot be {:.0} m higher before the ground rises.",
                Amsl(base_m).0,
                needed
            ),
            "a base on more open ground, or an aircraft that climbs faster or takes off vertically.",
        ))
    }
}
