//! The border by kilometre and by cell: how long unseen, seen how well, how high over ground, with what battery and what link.
//!
//! Invariant: every figure is taken from the plan's legs or the checker's verdict; a cell nobody watches is blind, not zero.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use vedette_atlas::World;
use vedette_geo::{Amsl, LatLon, distance_m, interpolate};
use vedette_model::plan::{Leg, LegKind, PatrolPlan, Verdict};

use crate::radio::{Radio, antennas, radio_at};
use crate::sensor::target_width_m;

/// Johnson's criteria, pixels across the target for even odds: detect, recognise, identify.
pub(crate) const JOHNSON_PX: [f64; 3] = [2.0, 8.0, 13.0];

/// A kilometre of the section.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KmGap {
    /// From, metres from the section's start.
    pub from_m: f64,
    /// To.
    pub to_m: f64,
    /// Longest time any of it goes unseen, measured by the checker, seconds; `None`: none of it is ever seen.
    pub gap_s: Option<f64>,
    /// No schedule of this fleet can do better, seconds.
    pub bound_s: f64,
    /// Gap over bound.
    pub over_bound: Option<f64>,
    /// Metres of it never seen.
    pub blind_m: f64,
}

/// Longest gap of every kilometre against the bound.
#[must_use]
pub fn gaps_per_km(plan: &PatrolPlan, verdict: &Verdict) -> Vec<KmGap> {
    let n = verdict.gap_per_cell_s.len();
    let kms = (plan.section_m / 1000.0).ceil().max(0.0) as usize;
    (0..kms)
        .map(|k| {
            let (from_m, to_m) = (k as f64 * 1000.0, ((k + 1) as f64 * 1000.0).min(plan.section_m));
            let cell = verdict.cell_m.max(1e-6);
            let first = ((from_m / cell + 1e-6).floor() as usize).min(n);
            let last = ((to_m / cell - 1e-6).ceil() as usize).min(n);
            let cells = &verdict.gap_per_cell_s[first..last.max(first)];
            let gap_s = cells.iter().flatten().copied().reduce(f64::max);
            let bound_s = verdict.lower_bound_s;
            KmGap {
                from_m,
                to_m,
                gap_s,
                bound_s,
                over_bound: gap_s.filter(|_| bound_s > 0.0).map(|g| g / bound_s),
                blind_m: (cells.iter().filter(|c| c.is_none()).count() as f64 * cell).min(to_m - from_m),
            }
        })
        .collect()
}

/// How well a target is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Detectability {
    /// Not at all, or with too few pixels.
    Blind,
    /// 2 pixels and more: something is there.
    Detect,
    /// 8 and more: a person, a car.
    Recognise,
    /// 13 and more: which.
    Identify,
}

/// The class of a number of pixels across the target.
#[must_use]
pub fn detectability(pixels: f64) -> Detectability {
    match pixels {
        p if p >= JOHNSON_PX[2] => Detectability::Identify,
        p if p >= JOHNSON_PX[1] => Detectability::Recognise,
        p if p >= JOHNSON_PX[0] => Detectability::Detect,
        _ => Detectability::Blind,
    }
}

/// A piece of the section, for colouring the map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BorderCell {
    /// From, metres from the section's start.
    pub from_m: f64,
    /// To.
    pub to_m: f64,
    /// Its middle.
    pub at: LatLon,
    /// How well the target is seen here at best.
    pub detect: Detectability,
    /// Pixels across the target at best; 0 when never watched.
    pub pixels: f64,
    /// Why it is blind, if it is.
    pub why: Option<String>,
    /// Least height above ground of an aircraft watching it, metres; `None`: nobody does, or the ground is unknown.
    pub clearance_m: Option<f64>,
    /// Least share of a battery left while watching it, mean model.
    pub battery_share: Option<f64>,
    /// Command link of an aircraft watching it, the worst.
    pub radio: Option<Radio>,
    /// Longest gap, seconds, where a verdict says.
    pub gap_s: Option<f64>,
}

/// The section in cells of about `cell_m` metres (at least 10).
#[must_use]
pub fn border_cells(plan: &PatrolPlan, world: &World, verdict: Option<&Verdict>, cell_m: f64) -> Vec<BorderCell> {
    let n = (plan.section_m / cell_m.max(10.0)).ceil().clamp(1.0, 200_000.0) as usize;
    let size = plan.section_m / n as f64;
    let from_km = plan.brief.section.from_km * 1000.0;
    let masts = antennas(&plan.brief);
    let target = target_width_m(plan.brief.requirement.target);
    let mut out: Vec<BorderCell> = (0..n)
        .map(|k| BorderCell {
            from_m: k as f64 * size,
            to_m: (k + 1) as f64 * size,
            at: world.border.at(from_km + (k as f64 + 0.5) * size),
            detect: Detectability::Blind,
            pixels: 0.0,
            why: None,
            clearance_m: None,
            battery_share: None,
            radio: None,
            gap_s: None,
        })
        .collect();
    let ground: Vec<Option<f64>> = out.iter().map(|c| world.terrain.elevation(c.at).map(|h| h.0)).collect();
    for a in &plan.aircraft {
        let Some(craft) = plan.brief.fleet.iter().find(|f| f.vehicle == a.vehicle) else {
            continue;
        };
        let half = (0.5 * craft.camera.hfov_deg).to_radians().tan();
        let focal_px = f64::from(craft.camera.width_px) / (2.0 * half);
        let mut seen: BTreeSet<[u64; 6]> = BTreeSet::new();
        for l in &a.legs {
            let Some(w) = l.watches_m else { continue };
            let low = ((w[0].min(w[1]) - l.watch_half_m) / size - 0.5).ceil().max(0.0) as usize;
            let high = ((w[0].max(w[1]) + l.watch_half_m) / size - 0.5).floor();
            if high < low as f64 {
                continue;
            }
            let high = (high as usize).min(n - 1);
            let left = 1.0 - l.energy_wh / craft.energy.battery_wh;
            for c in out.iter_mut().take(high + 1).skip(low) {
                c.battery_share = Some(c.battery_share.map_or(left, |b| b.min(left)));
            }
            let key = [
                l.from.lat_deg,
                l.from.lon_deg,
                l.from_amsl.0,
                l.to.lat_deg,
                l.to.lon_deg,
                l.to_amsl.0,
            ];
            if !seen.insert(key.map(f64::to_bits)) {
                continue;
            }
            for k in low..=high {
                let x = (k as f64 + 0.5) * size;
                let span = w[1] - w[0];
                let t = if span.abs() < 1e-6 {
                    0.5
                } else {
                    ((x - w[0]) / span).clamp(0.0, 1.0)
                };
                let eye = interpolate(l.from, l.to, t);
                let amsl = l.from_amsl.0 + (l.to_amsl.0 - l.from_amsl.0) * t;
                let c = &mut out[k];
                if let Some(g) = ground[k] {
                    let slant = distance_m(eye, c.at).hypot(amsl - g).max(1.0);
                    c.pixels = c.pixels.max(focal_px * target / slant);
                }
                if let Some(under) = world.terrain.elevation(eye) {
                    let h = amsl - under.0;
                    c.clearance_m = Some(c.clearance_m.map_or(h, |b| b.min(h)));
                }
                let radio = radio_at(&masts, world, eye, Amsl(amsl)).0;
                c.radio = Some(c.radio.map_or(radio, |r| r.max(radio)));
            }
        }
    }
    let asked = plan.brief.requirement.pixels_on_target.min(JOHNSON_PX[0]);
    for c in &mut out {
        let blind = plan.blind.iter().find(|b| b.from_m < c.to_m && b.to_m > c.from_m);
        c.detect = match blind {
            Some(_) => Detectability::Blind,
            None if c.pixels >= asked => detectability(c.pixels).max(Detectability::Detect),
            None => Detectability::Blind,
        };
        c.why = match (blind, c.detect) {
            (Some(b), _) => Some(b.why.clone()),
            (None, Detectability::Blind) if c.clearance_m.is_none() => Some("no leg watches it".into()),
            (None, Detectability::Blind) => Some("too few pixels on the target".into()),
            _ => None,
        };
        if let Some(v) = verdict.filter(|v| v.cell_m > 0.0) {
            let first = (c.from_m / v.cell_m) as usize;
            let last = ((c.to_m / v.cell_m).ceil() as usize).min(v.gap_per_cell_s.len());
            c.gap_s = v.gap_per_cell_s[first.min(last)..last]
                .iter()
                .flatten()
                .copied()
                .reduce(f64::max);
        }
    }
    out
}

/// A point of a flight seen from the side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProfilePoint {
    /// Metres flown.
    pub along_m: f64,
    /// Seconds after the watch begins.
    pub time_s: f64,
    /// Metre of the section watched from here, if any.
    pub chainage_m: Option<f64>,
    /// Where.
    pub at: LatLon,
    /// Flown height, metres above the sea.
    pub amsl_m: f64,
    /// Ground, metres above the sea; `None` is unknown.
    pub ground_m: Option<f64>,
    /// Height over ground, metres.
    pub clearance_m: Option<f64>,
    /// May be near the ground: take-off and landing.
    pub low: bool,
}

/// Elevation and clearance along one flight (number in the plan's list), a point at least every `step_m` metres; of a flight
/// longer than `most_m` metres only so much. Empty when there is no such flight.
#[must_use]
pub fn profile(plan: &PatrolPlan, flight: usize, world: &World, step_m: f64, most_m: f64) -> Vec<ProfilePoint> {
    let mut out = Vec::new();
    let Some(a) = plan.aircraft.get(flight) else {
        return out;
    };
    let mut along = 0.0;
    let put = |l: &Leg, t: f64, along_m: f64| {
        let at = interpolate(l.from, l.to, t);
        let amsl_m = l.from_amsl.0 + (l.to_amsl.0 - l.from_amsl.0) * t;
        let ground_m = world.terrain.elevation(at).map(|h| h.0);
        ProfilePoint {
            along_m,
            time_s: l.start_s + (l.end_s - l.start_s) * t,
            chainage_m: l.watches_m.map(|w| w[0] + (w[1] - w[0]) * t),
            at,
            amsl_m,
            ground_m,
            clearance_m: ground_m.map(|g| amsl_m - g),
            low: matches!(l.kind, LegKind::TakeOff | LegKind::Land),
        }
    };
    for l in &a.legs {
        let length = distance_m(l.from, l.to);
        let n = (length / step_m.max(1.0)).ceil().max(1.0) as usize;
        for k in 0..n {
            let t = k as f64 / n as f64;
            out.push(put(l, t, along + length * t));
        }
        along += length;
        if along > most_m {
            break;
        }
    }
    if let Some(l) = a.legs.last().filter(|_| along <= most_m) {
        out.push(put(l, 1.0, along));
    }
    out
}
