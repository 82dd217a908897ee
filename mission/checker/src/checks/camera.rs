//! `camera`: what a leg claims to watch is in its camera's picture, with the pixels the brief asks for on the target and no
//! ground between. Judged at both ends and in the middle of every watching leg, for the middle and both ends of the stretch.

use crate::earth::{V, cross, dot, length, sub, surface, vertical};
use crate::found::{Fault, Found};
use crate::land::Land;
use crate::path::fresh;
use vedette_geo::{LatLon, interpolate};
use vedette_model::plan::{AircraftPlan, Camera, PatrolPlan};
use vedette_model::{TargetClass, VehicleId};

pub(crate) const NAME: &str = "camera";
/// How far outside the picture a point may be by this reckoning, share of the half picture: heights and sampling differ.
const FRAME_SLACK: f64 = 1.05;
/// The same for pixels.
const PIXEL_SLACK: f64 = 0.93;
/// Step of a line of sight over ground, metres, and how far ground may stand into it unnoticed.
const SIGHT_STEP_M: f64 = 15.0;
const SIGHT_SLACK_M: f64 = 2.0;
/// Height of the target's visible part above ground, metres.
const TARGET_UP_M: f64 = 0.5;
/// Share of claimed looks that may be hidden before the plan is refused.
const HIDDEN_SHARE: f64 = 0.05;
/// Mean Earth radius, metres, and refraction coefficient of light near the ground: a line of sight over a distance d rises
/// over the chord's ground by less than d²·(1 − k)/2R.
const EARTH_M: f64 = 6_371_000.0;
const REFRACTION: f64 = 0.13;

/// Widths of targets, metres, across which the brief's pixels are counted.
fn width_m(target: TargetClass) -> f64 {
    match target {
        TargetClass::Person | TargetClass::Animal | TargetClass::Unknown => 0.5,
        TargetClass::TwoWheeler => 0.6,
        TargetClass::Vehicle => 1.8,
        TargetClass::Boat => 2.0,
    }
}

/// A point at a height, from the Earth's centre.
fn lifted(p: LatLon, amsl: f64) -> V {
    let (s, up) = (surface(p), vertical(p));
    [s[0] + amsl * up[0], s[1] + amsl * up[1], s[2] + amsl * up[2]]
}

pub(crate) fn check(plan: &PatrolPlan, land: &Land<'_>, found: &mut Found) {
    let target = width_m(plan.brief.requirement.target);
    for a in &plan.aircraft {
        let Some(craft) = plan.brief.fleet.iter().find(|f| f.vehicle == a.vehicle) else {
            continue;
        };
        let (mut looks, mut hidden, mut first) = (0u32, 0u32, None);
        for i in fresh(a) {
            let leg = &a.legs[i];
            let fault = |what: String| Fault::new(NAME, what).of(a.vehicle, i).at(leg.from, leg.start_s);
            let Some(watches) = leg.watches_m else { continue };
            let Some(aim) = leg.aim else {
                let what = format!("Leg {i} claims to watch the border and aims its camera nowhere.");
                found.add(fault(what).sort("aim"), land);
                continue;
            };
            for t in [0.0, 0.5, 1.0] {
                let eye = interpolate(leg.from, leg.to, t);
                let eye_amsl = leg.from_amsl.0 + (leg.to_amsl.0 - leg.from_amsl.0) * t;
                let axis_at = interpolate(aim[0], aim[1], t);
                let centre = watches[0] + (watches[1] - watches[0]) * t;
                for side in [-1.0, 0.0, 1.0] {
                    let chainage = (centre + side * leg.watch_half_m).clamp(0.0, plan.section_m);
                    let (Some(p), Some(axis_ground)) = (land.section_at(chainage), land.ground(axis_at)) else {
                        continue;
                    };
                    let Some(ground) = land.ground(p) else { continue };
                    looks += 1;
                    let from = lifted(eye, eye_amsl);
                    let axis = sub(lifted(axis_at, axis_ground), from);
                    let to = sub(lifted(p, ground), from);
                    let (out, range) = (outside(&craft.camera, axis, to, vertical(eye)), length(to));
                    if out > FRAME_SLACK || out.is_nan() {
                        let what = format!(
                            "Leg {i} claims to watch metre {chainage:.0}, which lies {out:.2} half pictures from the middle of its picture."
                        );
                        found.add(fault(what).sort("picture").value(out, 1.0, "half pictures"), land);
                        continue;
                    }
                    let focal_px =
                        f64::from(craft.camera.width_px) / (2.0 * (craft.camera.hfov_deg / 2.0).to_radians().tan());
                    let (pixels, asked) = (focal_px * target / range, plan.brief.requirement.pixels_on_target);
                    if pixels < asked * PIXEL_SLACK {
                        let what = format!(
                            "Leg {i} claims to watch metre {chainage:.0} at {range:.0} m, where the target is {pixels:.1} pixels wide; the brief asks for {asked:.1}."
                        );
                        found.add(fault(what).sort("pixels").value(pixels, asked, "px"), land);
                    }
                    if !clear(land, (eye, eye_amsl), (p, ground + TARGET_UP_M), range) {
                        hidden += 1;
                        first = first.or(Some((i, chainage, leg)));
                    }
                }
            }
        }
        if let Some((i, chainage, leg)) = first {
            let share = f64::from(hidden) / f64::from(looks.max(1));
            let what = format!(
                "Ground hides {:.1} % of what it claims to watch, first metre {chainage:.0} from leg {i}.",
                share * 100.0
            );
            let fault = Fault::new(NAME, what).of(a.vehicle, i).sort("hidden");
            let fault = fault
                .value(share * 100.0, HIDDEN_SHARE * 100.0, "%")
                .at(leg.from, leg.start_s);
            found.add(if share > HIDDEN_SHARE { fault } else { fault.note() }, land);
        }
        reach(a.vehicle, a, &craft.camera, land, found);
    }
}

/// How far from the picture's middle a direction falls, in half pictures across or down, whichever is more; infinite behind
/// the camera. The camera is held level.
fn outside(camera: &Camera, axis: V, to: V, up: V) -> f64 {
    let unit = |v: V| {
        let n = length(v);
        [v[0] / n, v[1] / n, v[2] / n]
    };
    let forward = unit(axis);
    let right = cross(forward, up);
    let across = (camera.hfov_deg / 2.0).to_radians().tan();
    let down = across * f64::from(camera.height_px) / f64::from(camera.width_px);
    let depth = dot(to, forward);
    if depth <= 0.0 {
        return f64::INFINITY;
    }
    // Straight down there is no level: any direction of "right" will do, so only the cone counts.
    if length(right) < 1e-3 {
        let flat = (dot(to, to) - depth * depth).max(0.0).sqrt();
        return flat / depth / across.max(down);
    }
    let right = unit(right);
    let below = cross(forward, right);
    (dot(to, right).abs() / depth / across).max(dot(to, below).abs() / depth / down)
}

/// Whether no ground stands in a line of sight. Unknown ground does.
fn clear(land: &Land<'_>, eye: (LatLon, f64), target: (LatLon, f64), range: f64) -> bool {
    // Degrees are mixed: over such ranges the line is off by centimetres.
    let between = |t: f64| {
        let dlon = vedette_geo::norm_deg_180(target.0.lon_deg - eye.0.lon_deg);
        LatLon {
            lat_deg: eye.0.lat_deg + (target.0.lat_deg - eye.0.lat_deg) * t,
            lon_deg: vedette_geo::norm_deg_180(eye.0.lon_deg + dlon * t),
        }
    };
    let n = (range / SIGHT_STEP_M).ceil().clamp(2.0, 1000.0);
    let mut k = 1.0;
    while k < n {
        let t = k / n;
        let sag = range * range * t * (1.0 - t) * (1.0 - REFRACTION) / (2.0 * EARTH_M);
        let ray = eye.1 + (target.1 - eye.1) * t - sag;
        match land.ground(between(t)) {
            Some(g) if g <= ray + SIGHT_SLACK_M => {}
            _ => return false,
        }
        k += 1.0;
    }
    true
}

/// The gimbal must reach the depression of every aim; worth a person's notice.
fn reach(vehicle: VehicleId, a: &AircraftPlan, camera: &Camera, land: &Land<'_>, found: &mut Found) {
    for i in fresh(a) {
        let leg = &a.legs[i];
        let Some(aim) = leg.aim else { continue };
        for (from, amsl, to) in [(leg.from, leg.from_amsl.0, aim[0]), (leg.to, leg.to_amsl.0, aim[1])] {
            let Some(ground) = land.ground(to) else { continue };
            let depression = (amsl - ground).atan2(crate::earth::apart_m(from, to)).to_degrees();
            let limit = depression.clamp(camera.min_depression_deg, camera.max_depression_deg);
            if (depression - limit).abs() > 2.0 {
                let what = format!(
                    "Leg {i} looks {depression:.0}° below the horizon; the gimbal reaches {:.0}° to {:.0}°.",
                    camera.min_depression_deg, camera.max_depression_deg
                );
                let fault = Fault::new(NAME, what).note().of(vehicle, i).sort("gimbal");
                found.add(fault.value(depression, limit, "°").at(from, leg.start_s), land);
            }
        }
    }
}
