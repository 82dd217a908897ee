//! Whether border, bases and brief can belong together, before any track is drawn.
//!
//! Invariant: what passes has a side at every metre of the section, and bases on it. What does not says where, and what was
//! probably meant.

use vedette_atlas::World;
use vedette_geo::{LatLon, distance_m};
use vedette_model::plan::Brief;

use crate::error::{Constraint, Infeasible};
use crate::space::Xy;

/// How far from the section a base may be for coordinates to be right, metres.
const FAR_M: f64 = 400_000.0;
/// Border beyond the section's ends that counts too, metres.
const BEYOND_M: f64 = 5_000.0;
/// Vertices of the largest section.
const MOST_POINTS: usize = 200_000;

/// Refuses geometry that cannot be meant.
pub(crate) fn check(brief: &Brief, world: &World) -> Result<(), Infeasible> {
    let (from_m, to_m) = (brief.section.from_km * 1000.0, brief.section.to_km * 1000.0);
    let whole = (0.0, to_m - from_m);
    let no = |c, who: &str, at: (f64, f64), what: String, relax: &str| {
        Err(Infeasible::new(c, who, at, what, relax.to_owned()))
    };
    if world.border.line.len() > MOST_POINTS {
        return no(
            Constraint::Brief,
            "the watch",
            whole,
            format!(
                "the border has {} vertices, at most {MOST_POINTS} are planned with.",
                world.border.line.len()
            ),
            "simplify the line to the accuracy it has.",
        );
    }
    if let Some((a, b)) = crossing_m(world, from_m - BEYOND_M, to_m + BEYOND_M) {
        let clip = |m: f64| (m - from_m).clamp(0.0, whole.1);
        return no(
            Constraint::Brief,
            "the watch",
            (clip(a), clip(b)),
            format!(
                "the border crosses itself: kilometre {:.2} meets kilometre {:.2}, so it has no home side between them.",
                a / 1000.0,
                b / 1000.0
            ),
            "take the loop out of the line, or move the section away from it.",
        );
    }
    for a in &brief.fleet {
        let near = world.border.nearest(a.base);
        if near.signed_m.abs() > FAR_M {
            let swapped = LatLon::new(a.base.lon_deg, a.base.lat_deg)
                .is_ok_and(|p| world.border.nearest(p).signed_m.abs() < FAR_M);
            return no(
                Constraint::Brief,
                &a.tail,
                whole,
                format!(
                    "its base {} is {:.0} km from the border: {}.",
                    a.base,
                    near.signed_m.abs() / 1000.0,
                    if swapped {
                        "latitude and longitude are exchanged"
                    } else {
                        "border and base are not in the same place or reference system"
                    }
                ),
                "give places as WGS 84 degrees, latitude first.",
            );
        }
    }
    // Abroad by more than the stand-off, and all of them: the line is drawn the other way round.
    let abroad = |at: LatLon| world.border.nearest(at).signed_m < -brief.limits.stand_off_m.max(50.0);
    let places: Vec<LatLon> = brief.fleet.iter().map(|a| a.base).collect();
    if places.iter().all(|p| abroad(*p)) && world.context.is_empty() {
        let at = world.border.nearest(places[0]);
        let m = (at.chainage_m - from_m).clamp(0.0, whole.1);
        return no(
            Constraint::LegalSpace,
            "the watch",
            (m, m),
            format!(
                "every base lies abroad, the first by {:.0} m.",
                distance_m(places[0], at.at)
            ),
            "exchange the home side of the border (home_left), or move the bases to the home side.",
        );
    }
    Ok(())
}

/// Chainages of two places where the border between two chainages crosses itself; none when it does not.
fn crossing_m(world: &World, from_m: f64, to_m: f64) -> Option<(f64, f64)> {
    let (line, chain) = (&world.border.line, world.border.chainages());
    let first = chain.partition_point(|m| *m < from_m).saturating_sub(1);
    let last = (chain.partition_point(|m| *m <= to_m) + 1).min(line.len());
    if last < first + 4 {
        return None;
    }
    // Pieces by the south end of each: a sweep to the north. Degrees will do, counted from the first point so that the line
    // may cross the date line.
    let from_deg = line[first].lon_deg;
    let xy: Vec<Xy> = line[first..last]
        .iter()
        .map(|p| {
            let east = vedette_geo::norm_deg_180(p.lon_deg - from_deg);
            (east, p.lat_deg)
        })
        .collect();
    // The sweep runs along the line's longer extent.
    let extent = |pick: fn(&Xy) -> f64| {
        let (low, high) = xy
            .iter()
            .map(pick)
            .fold((f64::MAX, f64::MIN), |s, v| (s.0.min(v), s.1.max(v)));
        high - low
    };
    let xy: Vec<Xy> = if extent(|p| p.0) > extent(|p| p.1) {
        xy.iter().map(|p| (p.1, p.0)).collect()
    } else {
        xy
    };
    let mut order: Vec<usize> = (0..xy.len() - 1).collect();
    let south = |i: usize| xy[i].1.min(xy[i + 1].1);
    let north = |i: usize| xy[i].1.max(xy[i + 1].1);
    order.sort_by(|a, b| south(*a).total_cmp(&south(*b)));
    let side = |a: Xy, b: Xy, p: Xy| (b.0 - a.0) * (p.1 - a.1) - (b.1 - a.1) * (p.0 - a.0);
    let mut open: Vec<usize> = Vec::new();
    for i in order {
        open.retain(|j| north(*j) >= south(i));
        for j in &open {
            let (p, q) = (i.min(*j), i.max(*j));
            if q - p < 2 {
                continue;
            }
            let (a, b, c, d) = (xy[p], xy[p + 1], xy[q], xy[q + 1]);
            let apart = a.0.max(b.0) < c.0.min(d.0) || c.0.max(d.0) < a.0.min(b.0);
            if !apart && side(a, b, c) * side(a, b, d) < 0.0 && side(c, d, a) * side(c, d, b) < 0.0 {
                let share = |k: usize| 0.5 * (chain[first + k] + chain[first + k + 1]);
                let (x, y) = (share(p), share(q));
                return Some((x, y));
            }
        }
        open.push(i);
    }
    None
}
