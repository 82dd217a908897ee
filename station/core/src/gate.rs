//! The gate between a wish and an aircraft: authority, risk, confirmation, state.

use vedette_model::{
    Authority, CameraOrder, FollowBy, GimbalAim, Intent, LandedState, OperatorId, Order, Refusal, Risk,
};

use crate::input::OperatorSpec;
use crate::view::VehicleView;

/// Fastest turn of a camera that is ordered, degrees per second.
const MOST_RATE_DEG_S: f64 = 60.0;

/// Authority an intent needs.
fn needs(intent: &Intent) -> Authority {
    match intent {
        Intent::Command { order, .. } => match order.risk() {
            Risk::None => Authority::Observer,
            Risk::Camera => Authority::Sensor,
            Risk::Safe | Risk::Flight => Authority::Pilot,
        },
        Intent::MakePlan
        | Intent::ProposeBrief { .. }
        | Intent::ApprovePlan { .. }
        | Intent::UploadPlan { .. }
        | Intent::Replan { .. }
        | Intent::ReadPlan { .. }
        | Intent::UseLink { .. }
        | Intent::TakeControl { .. }
        | Intent::SetParameter { .. }
        | Intent::AcceptParameters { .. }
        | Intent::TakeBaseline { .. }
        | Intent::RestoreParameters { .. }
        | Intent::BlockSender { .. }
        | Intent::Follow {
            by: FollowBy::Aircraft { .. },
            ..
        } => Authority::Pilot,
        Intent::Decide { .. }
        | Intent::Acknowledge { .. }
        | Intent::OpenIncident { .. }
        | Intent::SealIncident { .. }
        | Intent::ReadParameters { .. }
        | Intent::SaveDifferences { .. }
        | Intent::MarkPlace { .. }
        | Intent::ForgetPlace { .. }
        | Intent::Snapshot { .. }
        | Intent::Follow {
            by: FollowBy::Camera, ..
        } => Authority::Sensor,
        Intent::Show { .. } | Intent::Note { .. } | Intent::Workload { .. } | Intent::TakeSeat { .. } => {
            Authority::Observer
        }
    }
}

/// Finds the person and holds their role against the intent.
pub(crate) fn authorise(people: &[OperatorSpec], who: &OperatorId, intent: &Intent) -> Result<(), Refusal> {
    let person = people.iter().find(|p| p.id == *who).ok_or_else(|| Refusal::Missing {
        what: format!("operator {who} on this watch"),
    })?;
    let needs = needs(intent);
    if person.authority < needs {
        return Err(Refusal::Authority {
            who: who.clone(),
            has: person.authority,
            needs,
        });
    }
    Ok(())
}

/// Holds an order against the aircraft's state and the confirmation given.
pub(crate) fn order(vehicle: &VehicleView, order: &Order, held: bool) -> Result<(), Refusal> {
    let state = |why: &str| {
        Err(Refusal::State {
            what: format!("{} to {}", order.name(), vehicle.tail),
            why: why.to_owned(),
        })
    };
    if vehicle.duplicate {
        return state("a second sender uses its system id; orders are refused until one of them is gone");
    }
    if vehicle.identity.is_none() {
        return state("it has never been heard");
    }
    if order.risk() >= Risk::Safe && !held {
        return Err(Refusal::NotConfirmed {
            order: order.name().to_owned(),
            tail: vehicle.tail.clone(),
        });
    }
    let landed = vehicle.landed.map(|l| l.value);
    let armed = vehicle.armed.is_some_and(|a| a.value);
    match order {
        Order::TakeOff { height } => {
            if !height.0.is_finite() || !(2.0..=500.0).contains(&height.0) {
                return state("take-off height must be 2 to 500 m above home");
            }
            if armed && landed == Some(LandedState::InAir) {
                return state("it is already in the air");
            }
            if !vehicle.alive {
                return state("its link is lost");
            }
            if let Some(why) = vehicle.grounded.first() {
                return state(why);
            }
        }
        Order::StartMission | Order::ResumeMission | Order::ResumeAt { .. } => {
            if vehicle.plan_on_board != crate::view::PlanOnAircraft::Same {
                return state("the plan on board is not the approved one; upload it first");
            }
            if let Some(doubt) = vehicle.lists_in_doubt.values().next() {
                return state(&doubt.why);
            }
            if !vehicle.alive {
                return state("its link is lost");
            }
            if let Some(why) = vehicle
                .grounded
                .first()
                .filter(|_| landed == Some(LandedState::OnGround))
            {
                return state(why);
            }
        }
        Order::GoTo { amsl, .. } | Order::Orbit { amsl, .. } if !amsl.0.is_finite() => {
            return state("height is not a number");
        }
        Order::Orbit { radius_m, .. } if !(10.0..=2000.0).contains(radius_m) => {
            return state("orbit radius must be 10 to 2000 m");
        }
        Order::Gimbal(GimbalAim::Rates { pitch_deg_s, yaw_deg_s })
            if ![*pitch_deg_s, *yaw_deg_s].iter().all(|r| r.abs() <= MOST_RATE_DEG_S) =>
        {
            return state("a camera turns at 60 degrees a second at most");
        }
        Order::Gimbal(GimbalAim::Angles { pitch_deg, yaw_deg }) if !pitch_deg.is_finite() || !yaw_deg.is_finite() => {
            return state("an angle is not a number");
        }
        Order::Camera(CameraOrder::Zoom(percent)) if !(0.0..=100.0).contains(percent) => {
            return state("zoom is 0 to 100 % of the camera's range");
        }
        _ => {}
    }
    Ok(())
}
