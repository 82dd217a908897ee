//! Inclusion fence, no-fly exclusions, rally points and the height to return at.
//!
//! Invariant: the fence lies inside legal space and holds every leg and every straight way home;
//! when it cannot be simplified to the autopilot's memory without breaking that, there is no plan.

use geo::algorithm::buffer::LineJoin;
use geo::{Area, BooleanOps, Buffer, ConvexHull, Polygon, Simplify};

use crate::space::{Land, Legal, Xy, open_ring, ring_of, style};

/// Room for the aircraft on either side of its path, metres.
const ROOM_M: f64 = 90.0;

/// A fence ready for upload.
pub(crate) struct Fence {
    pub(crate) inclusion: Vec<Xy>,
    pub(crate) exclusions: Vec<Vec<Xy>>,
}

/// The fence round `path` and the straight ways from its `watch` points to `home`.
/// `border_m` and `zone_m` are the least distances of legal space, `most` the points the autopilot holds.
pub(crate) fn fence(
    land: &Land,
    (border_m, zone_m): (f64, f64),
    path: &[Xy],
    watch: &[Xy],
    home: Xy,
    most: usize,
) -> Option<Fence> {
    // The hull of all that is flown and of every straight way home, roomy; what is legal is cut
    // out of it below. A hull has few corners, which leaves the memory to the border side.
    let mut all: Vec<Xy> = path.to_vec();
    all.extend(watch);
    all.push(home);
    let coarse = style(ROOM_M).line_join(LineJoin::Round(0.5));
    let region = Polygon::new(ring_of(&all), vec![])
        .convex_hull()
        .buffer_with_style(coarse);
    let legal = land.legal(border_m, 0.0, 0.0);
    for slack in [4.0, 5.5, 7.0] {
        // The border side keeps to legal space; holes are filled, zones become exclusions.
        let space = Legal::new(region.intersection(&land.legal(border_m + slack, 0.0, 0.0).area));
        let Some(outer) = space
            .area
            .0
            .iter()
            .max_by(|a, b| a.unsigned_area().total_cmp(&b.unsigned_area()))
        else {
            continue;
        };
        let outer = Polygon::new(outer.exterior().clone(), vec![]);
        for tolerance in [0.6, 0.8, 0.95] {
            let simple = outer.simplify(slack * tolerance);
            let points = open_ring(simple.exterior());
            let exclusions: Vec<Vec<Xy>> = land
                .zones_in(&simple, (zone_m - slack).max(0.0))
                .into_iter()
                .map(|z| thin(&z, slack.min(zone_m.max(0.5)) * 0.5))
                .collect();
            let count = points.len() + exclusions.iter().map(Vec::len).sum::<usize>();
            if points.len() < 3 || count > most {
                continue;
            }
            let mine = Legal::new(geo::MultiPolygon::new(vec![simple]));
            let mut ring = points.clone();
            ring.push(points[0]);
            let holds = mine.clear_path(path) && watch.iter().all(|w| mine.clear(*w, home));
            if holds && legal.clear_path(&ring) {
                return Some(Fence {
                    inclusion: points,
                    exclusions,
                });
            }
        }
    }
    None
}

/// An exclusion with few corners; the zone was widened by more than `tolerance` before.
fn thin(zone: &[Xy], tolerance: f64) -> Vec<Xy> {
    open_ring(Polygon::new(ring_of(zone), vec![]).simplify(tolerance).exterior())
}
