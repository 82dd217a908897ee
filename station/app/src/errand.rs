//! The scripted operator answers a sensor on the ground: whoever is there first is sent, corner by
//! corner, by the same search and with the same orders as the console's offer.
//!
//! Pure: a view and the map in, intents out. It may not look at the simulator's truth.

use std::collections::BTreeSet;

use vedette_atlas::World;
use vedette_core::{CueBout, StationView};
use vedette_geo::{Amsl, LatLon};
use vedette_model::{AlertId, AlertState, FlightMode, Intent, Mono, Order, Priority, VehicleId};
use vedette_panels::fly::{reached, ready};
use vedette_planner::{Cue, respond};

/// Seconds of watching asked for on the spot.
const HOLD_S: f64 = 180.0;
/// A sensor's word older than this is no reason to leave the patrol, microseconds.
const FRESH_US: i64 = 30_000_000;
/// The order is given again when nothing came of it within this, microseconds.
const AGAIN_US: i64 = 15_000_000;
/// Nobody could see the place: asked again after this, as what was told of moves, microseconds.
const ASK_AGAIN_US: i64 = 5_000_000;
/// And the errand given up after this, microseconds.
const AT_MOST_US: i64 = 240_000_000;

/// Somebody on the way to look.
#[derive(Debug, Clone, PartialEq)]
struct Way {
    alert: AlertId,
    vehicle: VehicleId,
    path: Vec<(LatLon, Amsl)>,
    next: usize,
    ordered: Option<Mono>,
    since: Mono,
}

/// Whom the operator sent to look, and what was looked at.
#[derive(Debug, Default)]
pub(crate) struct Errands {
    way: Option<Way>,
    done: BTreeSet<AlertId>,
    /// When the planner was asked last.
    asked: Option<Mono>,
}

/// An aircraft that has come to where it can see what a sensor told of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Arrived {
    pub(crate) vehicle: VehicleId,
    pub(crate) alert: AlertId,
    pub(crate) at: LatLon,
    pub(crate) amsl: Amsl,
}

/// What a sensor goes on telling of under this alert.
pub(crate) fn told_of(view: &StationView, alert: AlertId) -> Option<&CueBout> {
    let mut bouts = view.cues.values().flat_map(|c| &c.bouts);
    bouts.find(|b| b.alert == alert)
}

/// A place with its ground, or the sea.
fn place(world: &World, at: LatLon) -> (LatLon, Amsl) {
    (at, world.terrain.elevation(at).unwrap_or(Amsl(0.0)))
}

impl Errands {
    /// What to order now; whoever arrived is to look.
    pub(crate) fn act(&mut self, view: &StationView, world: &World) -> (Vec<Intent>, Option<Arrived>) {
        let rested = self.asked.is_none_or(|t| view.now.since(t) > ASK_AGAIN_US);
        if self.way.is_none() && rested {
            self.way = self.send(view, world);
        }
        let Some(mut w) = self.way.take() else {
            return (Vec::new(), None);
        };
        let now = view.now;
        let Some(v) = view.vehicles.get(&w.vehicle).filter(|v| v.alive) else {
            return (Vec::new(), None);
        };
        let flies = |m: FlightMode| v.mode.is_some_and(|x| x.value == m);
        let home = flies(FlightMode::Return) || flies(FlightMode::Land);
        if home || now.since(w.since) > AT_MOST_US {
            return (Vec::new(), None);
        }
        while w.path.get(w.next).is_some_and(|(at, amsl)| reached(v, *at, *amsl)) {
            (w.next, w.ordered) = (w.next + 1, None);
        }
        let Some((corner, height)) = w.path.get(w.next).copied() else {
            let (at, amsl) = told_of(view, w.alert)
                .map(|b| b.at)
                .or_else(|| view.alerts.get(&w.alert)?.at)
                .map_or(w.path[0], |at| place(world, at));
            let there = Arrived {
                vehicle: w.vehicle,
                alert: w.alert,
                at,
                amsl,
            };
            return (Vec::new(), Some(there));
        };
        let out = if w
            .ordered
            .is_none_or(|t| now.since(t) > AGAIN_US && !flies(FlightMode::Guided))
        {
            w.ordered = Some(now);
            vec![Intent::Command {
                vehicle: w.vehicle,
                order: Order::GoTo {
                    at: corner,
                    amsl: height,
                },
                held: true,
            }]
        } else {
            Vec::new()
        };
        self.way = Some(w);
        (out, None)
    }

    fn send(&mut self, view: &StationView, world: &World) -> Option<Way> {
        let plan = view.plan.plan.as_ref()?;
        let at_s = view.plan_second()?;
        let worth = |b: &&CueBout| {
            let open = view.alerts.get(&b.alert).is_some_and(|a| {
                a.priority <= Priority::P2 && matches!(a.state, AlertState::Open | AlertState::Acknowledged { .. })
            });
            open && !self.done.contains(&b.alert) && view.now.since(b.heard) < FRESH_US
        };
        let bouts = view.cues.values().flat_map(|c| &c.bouts).filter(worth);
        // The nearest to the line first.
        let off = |b: &CueBout| world.home_distance_m(b.at).abs();
        let bout = bouts.min_by(|a, b| off(a).total_cmp(&off(b)).then(a.alert.cmp(&b.alert)))?;
        let cue = Cue {
            at: bout.at,
            hold_s: HOLD_S,

            across_m: view.across_m(bout.at),
        };
        self.asked = Some(view.now);
        let answers = respond(plan, world, &cue, at_s);
        let patrols = |id: VehicleId| {
            view.vehicles
                .get(&id)
                .is_some_and(|v| v.patrol_began.is_some() && v.mode.is_some_and(|m| m.value == FlightMode::Auto))
        };
        let r = answers.iter().find(|r| patrols(r.vehicle) && ready(view, r))?;
        self.done.insert(bout.alert);
        Some(Way {
            alert: bout.alert,
            vehicle: r.vehicle,
            path: r.path.iter().copied().zip(r.heights.iter().copied()).collect(),
            next: 1,
            ordered: None,
            since: view.now,
        })
    }
}
