//! Mission, fence and rally items in the autopilot's dialect.
//!
//! Invariant: one navigation item per leg that moves, in the order of the legs; a wait on the
//! spot is the hold of the waypoint before it; the gimbal item of a leg stands after the waypoint
//! at which the leg begins. PX4 gets heights above the sea only.

use vedette_geo::{AboveHome, Amsl, LatLon, norm_deg_180};
use vedette_model::plan::{Aircraft, LegKind};
use vedette_model::{Airframe, AltFrame, Family, MissionItem, command};

use crate::flight::Flown;

fn place(cmd: u16, frame: AltFrame, at: LatLon, alt_m: f64, p1: Option<f64>) -> MissionItem {
    MissionItem {
        command: cmd,
        frame,
        params: [p1, None, None, None],
        at: Some(at),
        alt_m,
    }
}

fn act(cmd: u16, params: [Option<f64>; 4]) -> MissionItem {
    MissionItem {
        command: cmd,
        frame: AltFrame::None,
        params,
        at: None,
        alt_m: 0.0,
    }
}

/// Rounded as it goes over the wire and reads well: tenths.
fn tenth(v: f64) -> f64 {
    (v * 10.0).round() / 10.0
}

/// The mission of a flight; home is not among the items.
pub(crate) fn mission(craft: &Aircraft, home_amsl: Amsl, flown: &[Flown]) -> Vec<MissionItem> {
    let px4 = craft.family == Family::Px4;
    let wing = craft.airframe == Airframe::Plane;
    let over_home = |amsl: Amsl| {
        if px4 {
            (AltFrame::Amsl, amsl.0)
        } else {
            (AltFrame::AboveHome, amsl.above(home_amsl).0)
        }
    };
    let mut items = Vec::with_capacity(2 * flown.len() + 2);
    for f in flown {
        let leg = &f.leg;
        match leg.kind {
            LegKind::TakeOff => {
                let (frame, alt) = over_home(leg.to_amsl);
                let pitch = wing.then_some(12.0);
                items.push(place(command::NAV_TAKEOFF, frame, leg.to, alt, pitch));
                // Speed type 0 is airspeed, 1 ground speed.
                let (kind, v) = if wing {
                    (0.0, craft.envelope.cruise_m_s)
                } else {
                    (1.0, craft.envelope.cruise_m_s)
                };
                items.push(act(
                    command::DO_CHANGE_SPEED,
                    [Some(kind), Some(v), Some(-1.0), Some(0.0)],
                ));
            }
            LegKind::Land => {
                let (frame, alt) = over_home(leg.to_amsl);
                items.push(place(command::NAV_LAND, frame, leg.to, alt, None));
            }
            LegKind::Turn if leg.ground_m_s == 0.0 => {}
            _ => {
                if let Some(l) = &f.look {
                    items.push(act(
                        command::DO_GIMBAL_MANAGER_PITCHYAW,
                        [
                            Some(tenth(-l.depression_deg)),
                            Some(tenth(norm_deg_180(l.azimuth_deg - f.heading_deg))),
                            None,
                            None,
                        ],
                    ));
                }
                let hold = (f.hold_s > 0.0).then_some(f.hold_s);
                items.push(place(
                    command::NAV_WAYPOINT,
                    AltFrame::Amsl,
                    leg.to,
                    leg.to_amsl.0,
                    hold,
                ));
            }
        }
    }
    items
}

/// Fence items: the inclusion polygon, then the exclusions.
pub(crate) fn fence(inclusion: &[LatLon], exclusions: &[Vec<LatLon>]) -> Vec<MissionItem> {
    let ring = |cmd: u16, points: &[LatLon]| {
        #[expect(clippy::cast_precision_loss, reason = "at most 70 corners")]
        let n = points.len() as f64;
        points
            .iter()
            .map(|p| place(cmd, AltFrame::AboveHome, *p, 0.0, Some(n)))
            .collect::<Vec<_>>()
    };
    let mut items = ring(command::FENCE_POLYGON_VERTEX_INCLUSION, inclusion);
    for e in exclusions {
        items.extend(ring(command::FENCE_POLYGON_VERTEX_EXCLUSION, e));
    }
    items
}

/// Rally items, heights above home as both families expect.
pub(crate) fn rally(points: &[(LatLon, Amsl)], home_amsl: Amsl) -> Vec<MissionItem> {
    points
        .iter()
        .map(|(at, amsl)| {
            let AboveHome(alt) = amsl.above(home_amsl);
            place(command::RALLY_POINT, AltFrame::AboveHome, *at, alt, None)
        })
        .collect()
}
