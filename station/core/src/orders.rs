//! Receipts: an order is done when telemetry shows it, not when it was sent.

use vedette_geo::{azimuth_deg, diff_deg, distance_m};
use vedette_model::{
    CameraOrder, CommandOutcome, FlightMode, GimbalAim, LandedState, Mono, Order, Receipt, ReceiptState,
};

use crate::view::VehicleView;

/// An order whose effect is still awaited.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Awaited {
    /// Receipt number.
    pub(crate) id: vedette_model::CommandId,
    /// Aircraft.
    pub(crate) vehicle: vedette_model::VehicleId,
    /// Order.
    pub(crate) order: Order,
    /// Lapses.
    pub(crate) until: Mono,
}

/// What the wire said of it.
pub(crate) fn outcome(receipt: &mut Receipt, now: Mono, outcome: &CommandOutcome) {
    // What telemetry has shown is not undone by a late answer.
    if receipt.state == ReceiptState::Observed {
        return;
    }
    let next = match outcome {
        CommandOutcome::Accepted => ReceiptState::Accepted,
        CommandOutcome::InProgress(_) => ReceiptState::Sent,
        CommandOutcome::Refused(why) => ReceiptState::Refused(why.clone()),
        CommandOutcome::NoAnswer => ReceiptState::Unknown,
    };
    if receipt.state != next {
        receipt.state = next;
        receipt.since = now;
    }
}

/// Telemetry shows the order's effect.
pub(crate) fn observed(v: &VehicleView, order: &Order, given: Mono) -> bool {
    let after = |t: Mono| t >= given;
    let mode = v.mode.filter(|m| after(m.captured)).map(|m| m.value);
    let landed = v.landed.filter(|l| after(l.captured)).map(|l| l.value);
    match order {
        Order::TakeOff { height } => {
            landed == Some(LandedState::InAir)
                || v.above_home
                    .is_some_and(|h| after(h.captured) && h.value.0 > (height.0 * 0.5).min(5.0))
        }
        Order::StartMission | Order::ResumeMission => {
            mode == Some(FlightMode::Auto) && v.armed.is_some_and(|a| a.value)
        }
        Order::ResumeAt { item } => {
            let item = u32::from(*item);
            // Items without a way of their own are passed over at once.
            let there = |i: u16| (item..=item + 3).contains(&u32::from(i));
            mode == Some(FlightMode::Auto) && v.item.is_some_and(|i| after(i.captured) && there(i.value.0))
        }
        Order::Hold => matches!(mode, Some(FlightMode::Hold | FlightMode::Guided)),
        Order::Return => mode == Some(FlightMode::Return),
        Order::Land => mode == Some(FlightMode::Land) || landed == Some(LandedState::OnGround),
        Order::GoTo { .. } | Order::Orbit { .. } => matches!(mode, Some(FlightMode::Guided | FlightMode::Hold)),
        Order::Gimbal(aim) => {
            let Some(g) = v.gimbal_deg.filter(|g| after(g.captured)) else {
                return false;
            };
            match aim {
                GimbalAim::Angles { pitch_deg, yaw_deg } => {
                    (g.value[1] - pitch_deg).abs() < 5.0 && diff_deg(g.value[2], *yaw_deg).abs() < 5.0
                }
                GimbalAim::Place { at, amsl } => {
                    let (Some(p), Some(h)) = (v.at, v.amsl) else {
                        return false;
                    };
                    let d = distance_m(p.value, *at).max(1.0);
                    let pitch = (amsl.0 - h.value.0).atan2(d).to_degrees();
                    let close_below = d < 20.0;
                    (g.value[1] - pitch).abs() < 8.0
                        && (close_below || diff_deg(g.value[2], azimuth_deg(p.value, *at)).abs() < 8.0)
                }
                GimbalAim::Rates { pitch_deg_s, yaw_deg_s } => {
                    let near = |is: f64, asked: f64| (is - asked).abs() <= (asked.abs() * 0.25).max(1.5);
                    v.gimbal_rate_deg_s
                        .filter(|r| after(r.captured))
                        .is_some_and(|r| near(r.value[0], *pitch_deg_s) && near(r.value[1], *yaw_deg_s))
                }
                GimbalAim::Neutral => true,
            }
        }
        Order::Camera(CameraOrder::Picture) => v.picture.is_some_and(|p| after(p.captured)),
        Order::Camera(CameraOrder::Record(on)) => v
            .cameras
            .values()
            .any(|c| after(c.captured) && c.value.recording == Some(*on)),
        Order::Camera(CameraOrder::Zoom(percent)) => v
            .cameras
            .values()
            .any(|c| after(c.captured) && c.value.zoom_pct.is_some_and(|z| (z - percent).abs() <= 2.0)),
    }
}
