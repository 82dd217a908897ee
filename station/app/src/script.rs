//! The scripted operator: does with the same intents and the same view what a person does at the
//! console, and nothing else. Used headless and in tests.
//!
//! Pure: a view in, intents out. It may not look at the simulator's truth.

use std::collections::BTreeMap;
use std::sync::Arc;

use vedette_atlas::World;
use vedette_core::{PlanOnAircraft, StationView, TrackView, VehicleView};
use vedette_geo::{AboveHome, Amsl, LatLon};
use vedette_model::{
    Airframe, Alert, AlertId, AlertState, Decision, FlightMode, GimbalAim, IncidentState, Intent, LandedState, Mono,
    Order, Priority, ReceiptState, TargetClass, TrackId, VehicleId,
};

use crate::errand::{Errands, told_of};

/// How far the watch has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Aircraft heard, plan made and approved, uploaded.
    Prepare,
    /// In the air until the incident is sealed and the revisit was flown.
    Watch,
    /// Everybody returns.
    Home,
    /// All on the ground and disarmed.
    Done,
}

/// When the watch may end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Goal {
    /// Session seconds after which it goes home even without an incident.
    pub(crate) at_most_s: f64,
    /// It patrols for at least this many promised revisit times.
    pub(crate) revisits: f64,
}

/// Somebody an aircraft is held for: a place and the track that is believed to be them now.
#[derive(Debug, Clone, Copy)]
struct Watched {
    vehicle: VehicleId,
    /// `None`: nobody is seen yet where a sensor on the ground told of somebody.
    track: Option<TrackId>,
    /// The sensor's alert that brought it here; while it is, what the sensor tells is followed.
    alert: Option<AlertId>,
    at: LatLon,
    amsl: Amsl,
    velocity_en_m_s: [f64; 2],
    seen: Mono,
    since: Mono,
    /// An alert of the camera was about whom it holds, and they were seen since.
    alerted: bool,
    /// Looked at longer on no alert's word.
    unasked: bool,
}

impl Watched {
    /// Nobody is followed yet at this place, looked at from now on.
    fn place(vehicle: VehicleId, (at, amsl): (LatLon, Amsl), now: Mono) -> Self {
        Self {
            vehicle,
            track: None,
            alert: None,
            at,
            amsl,
            velocity_en_m_s: [0.0; 2],
            seen: now,
            since: now,
            alerted: false,
            unasked: false,
        }
    }
}

/// Seconds an operator goes on looking at a place where nobody is seen any more.
const LOOK_ON_S: i64 = 120;
/// Seconds an aircraft is kept from its patrol for one person at most.
const HELD_AT_MOST_S: i64 = 300;
/// A sensor's place is looked at from this near, metres, by an aircraft that passes within this time, seconds.
const NEAR_CUE_M: f64 = 350.0;
const PASSES_S: i64 = 300;
/// While a sensor told of somebody within this, microseconds, whom the camera follows farther than this
/// from there, metres, is another one.
const TOLD_FRESH_US: i64 = 12_000_000;
const ANOTHER_M: f64 = 150.0;
/// Somebody an alert was about is not given up for what a sensor tells until unseen for so long, microseconds.
const ALERTED_FOR_US: i64 = 30_000_000;
/// Seconds an aircraft is kept from its patrol at most while a sensor goes on telling.
const TOLD_AT_MOST_S: i64 = 600;
/// Who is in the picture this near to the line, metres, for so many looks, is looked at longer where the briefing asks
/// for who strays about: for so long where no alert comes of it, seconds.
const NEAR_LINE_M: f64 = 60.0;
const SURE_LOOKS: u32 = 20;
const LONGER_S: i64 = 60;
/// And not again within this, metres and seconds.
const LOOKED_M: f64 = 60.0;
const LOOKED_S: i64 = 300;
/// Metres from the last place, and metres a second since, within which a new track is the same person.
const SAME_PERSON_M: (f64, f64) = (15.0, 2.0);

/// A copter that flies its patrol: one that can be made to stay.
fn copter_on_patrol(v: &VehicleView) -> bool {
    v.airframe == Airframe::Copter
        && v.alive
        && v.patrol_began.is_some()
        && v.mode.is_some_and(|m| m.value == FlightMode::Auto)
}

/// Whom the operator sees on the screen now.
fn in_picture(t: &TrackView, now: Mono) -> bool {
    t.track.seen && now.since(t.heard) < 1_500_000
}

/// The scripted operator.
#[derive(Debug)]
pub(crate) struct Script {
    phase: Phase,
    goal: Goal,
    asked_plan: bool,
    approved: bool,
    /// Last time something was asked of an aircraft, by kind.
    asked: BTreeMap<(VehicleId, &'static str), Mono>,
    watching: Option<Watched>,
    answered: BTreeMap<AlertId, Mono>,
    sealed_at: Option<Mono>,
    aim_sent: Option<Mono>,
    watch_began: Option<Mono>,
    /// Whom it sends to look at what sensors on the ground tell of, and the map that needs.
    errands: Option<(Errands, Arc<World>)>,
    /// The briefing asks for who strays about in one place; where it looked longer for that, and when.
    strays: bool,
    looked: Vec<(LatLon, Mono)>,
}

impl Script {
    /// It sends whoever is there first where a sensor on the ground tells of somebody.
    pub(crate) fn answering_sensors(mut self, world: Arc<World>) -> Self {
        self.errands = Some((Errands::default(), world));
        self
    }

    /// It looks longer at a person near the line where the briefing asks for who strays about: a patrol that
    /// only passes sees nobody stay.
    pub(crate) fn briefed(mut self, report: &[String]) -> Self {
        self.strays = report.iter().any(|r| r == "loiter");
        self
    }

    pub(crate) fn new(goal: Goal) -> Self {
        Self {
            phase: Phase::Prepare,
            goal,
            asked_plan: false,
            approved: false,
            asked: BTreeMap::new(),
            watching: None,
            answered: BTreeMap::new(),
            sealed_at: None,
            aim_sent: None,
            watch_began: None,
            errands: None,
            strays: false,
            looked: Vec::new(),
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    fn once_every(&mut self, v: VehicleId, what: &'static str, now: Mono, ms: i64) -> bool {
        let due = self.asked.get(&(v, what)).is_none_or(|t| now.since(*t) > ms * 1000);
        if due {
            self.asked.insert((v, what), now);
        }
        due
    }

    /// What it does, seeing this.
    pub(crate) fn act(&mut self, view: &StationView) -> Vec<Intent> {
        match self.phase {
            Phase::Prepare => self.prepare(view),
            Phase::Watch => self.watch(view),
            Phase::Home => self.home(view),
            Phase::Done => Vec::new(),
        }
    }

    fn prepare(&mut self, view: &StationView) -> Vec<Intent> {
        let now = view.now;
        if !self.asked_plan {
            self.asked_plan = true;
            return vec![Intent::MakePlan];
        }
        let (Some(plan), Some(verdict)) = (&view.plan.plan, &view.plan.verdict) else {
            return Vec::new();
        };
        if !verdict.is_clear() {
            return Vec::new();
        }
        if !self.approved {
            self.approved = true;
            return vec![Intent::ApprovePlan { plan: plan.id.clone() }];
        }
        // Uploads wait for the signature.
        if view.plan.approved.as_ref().is_none_or(|a| a.signature.is_none()) {
            return Vec::new();
        }
        let mut out = Vec::new();
        for v in view.vehicles.values() {
            let heard = v.identity.is_some() && v.alive && v.home.is_some();
            let idle = !matches!(v.plan_on_board, PlanOnAircraft::Uploading | PlanOnAircraft::Same);
            if heard && idle && self.once_every(v.id, "upload", now, 30_000) {
                out.push(Intent::UploadPlan {
                    vehicle: v.id,
                    plan: plan.id.clone(),
                });
            }
        }
        let ready = view.vehicles.values().all(|v| {
            v.plan_on_board == PlanOnAircraft::Same && v.ready.is_some_and(|r| r.value) && v.transfer.is_none()
        });
        if ready {
            // What is on board when everything is ready is what this fleet shall have.
            let unkept = view
                .vehicles
                .values()
                .filter(|v| v.baseline.is_none() && !v.parameter_table.is_empty());
            out.extend(unkept.map(|v| Intent::TakeBaseline { vehicle: v.id }));
            self.phase = Phase::Watch;
        }
        out
    }

    fn launch(&mut self, view: &StationView, id: VehicleId) -> Vec<Intent> {
        let Some(v) = view.vehicles.get(&id) else {
            return Vec::new();
        };
        if v.patrol_began.is_some() {
            return Vec::new();
        }
        let standing = v.landed.is_none_or(|l| l.value == LandedState::OnGround);
        let auto = v.mode.is_some_and(|m| m.value == FlightMode::Auto);
        let Some(part) = view
            .plan
            .plan
            .as_ref()
            .and_then(|p| p.aircraft.iter().find(|a| a.vehicle == id))
        else {
            return Vec::new();
        };
        // The timetable keeps the aircraft apart: nobody leaves before their time.
        let began = *self.watch_began.get_or_insert(view.now);
        if view.now.since(began) as f64 * 1e-6 < part.legs.first().map_or(0.0, |l| l.start_s) {
            return Vec::new();
        }
        let give = |order: Order| {
            vec![Intent::Command {
                vehicle: id,
                order,
                held: true,
            }]
        };
        if v.airframe == Airframe::Copter && standing {
            if self.once_every(id, "takeoff", view.now, 30_000) {
                return give(Order::TakeOff {
                    height: AboveHome(part.take_off.0.min(30.0)),
                });
            }
        } else if !auto && v.leg.is_none() {
            let high = v.above_home.is_some_and(|h| h.value.0 > 15.0) || v.airframe != Airframe::Copter;
            if high && self.once_every(id, "start", view.now, 20_000) {
                return give(Order::StartMission);
            }
        }
        Vec::new()
    }

    fn watch(&mut self, view: &StationView) -> Vec<Intent> {
        let now = view.now;
        let mut out = Vec::new();
        for id in view.vehicles.keys().copied().collect::<Vec<_>>() {
            out.extend(self.launch(view, id));
        }
        out.extend(self.answer(view));
        let began = view.plan.began;
        let promised = view.plan.plan.as_ref().map_or(0.0, |p| p.promise.revisit_s);
        let sealed = view
            .incidents
            .values()
            .any(|i| matches!(i.state, IncidentState::Sealed { .. }));
        if sealed {
            self.sealed_at.get_or_insert(now);
        }
        let flown_s = began.map_or(0.0, |b| now.since(b) as f64 * 1e-6);
        let enough = self.sealed_at.is_some() && flown_s > self.goal.revisits * promised;
        let down = |v: &VehicleView| {
            v.patrol_began.is_some()
                && v.landed.is_some_and(|l| l.value == LandedState::OnGround)
                && v.armed.is_some_and(|a| !a.value)
        };
        let over = flown_s > self.goal.at_most_s || view.vehicles.values().all(down);
        if enough || over {
            self.phase = Phase::Home;
        }
        out
    }

    /// Alerts: a suggestion about somebody near the line is looked at, a crossing is decided.
    fn answer(&mut self, view: &StationView) -> Vec<Intent> {
        let now = view.now;
        let mut out = Vec::new();
        for a in view.alerts.values() {
            let open = matches!(a.state, AlertState::Open | AlertState::Acknowledged { .. });
            match a.priority {
                Priority::P2 if a.state == AlertState::Open => {
                    out.push(Intent::Show {
                        alert: Some(a.id),
                        track: a.track,
                        vehicle: a.vehicle,
                    });
                    out.push(Intent::Acknowledge { alert: a.id });
                    self.look_at(view, a);
                }
                Priority::P1 if open => {
                    let first = *self.answered.entry(a.id).or_insert_with(|| {
                        out.push(Intent::Show {
                            alert: Some(a.id),
                            track: a.track,
                            vehicle: a.vehicle,
                        });
                        now
                    });
                    // A person looks before deciding.
                    if now.since(first) > 4_000_000 {
                        out.push(Intent::Decide {
                            alert: a.id,
                            decision: Decision::Confirm,
                        });
                        out.push(Intent::OpenIncident { alert: a.id });
                    }
                    self.look_at(view, a);
                }
                Priority::P1 | Priority::P2 => {}
            }
        }
        for i in view.incidents.values().filter(|i| i.state == IncidentState::Open) {
            if now.since(i.opened) > 8_000_000 {
                out.push(Intent::SealIncident {
                    incident: i.id,
                    outcome: "patrol informed, on foot, one person".into(),
                });
            }
        }
        out.extend(self.run_errands(view));
        self.look_longer(view);
        out.extend(self.keep_eyes_on(view));
        out
    }

    /// Sends somebody to what a sensor told of, and looks when they are there.
    fn run_errands(&mut self, view: &StationView) -> Vec<Intent> {
        let busy = self.watching.is_some_and(|w| w.track.is_some() || w.alert.is_some());
        let Some((errands, world)) = self.errands.as_mut().filter(|_| !busy) else {
            return Vec::new();
        };
        let (out, arrived) = errands.act(view, world);
        if let Some(a) = arrived {
            self.watching = Some(Watched {
                alert: Some(a.alert),
                ..Watched::place(a.vehicle, (a.at, a.amsl), view.now)
            });
        }
        out
    }

    /// Begins to hold the aircraft for whoever an alert is about.
    fn look_at(&mut self, view: &StationView, alert: &Alert) {
        if self.watching.is_some_and(|w| w.track.is_some()) {
            return;
        }
        let (Some(vehicle), Some(track)) = (alert.vehicle, alert.track) else {
            let nobody = alert.vehicle.is_none() && self.watching.is_none() && self.errands.is_none();
            if let Some(at) = alert.at.filter(|_| nobody) {
                self.look_for(view, at);
            }
            return;
        };
        let Some(Ok(fix)) = view.tracks.get(&track).map(|t| &t.track.fix) else {
            return;
        };
        self.watching = Some(Watched {
            track: Some(track),
            ..Watched::place(vehicle, (fix.at, fix.amsl), view.now)
        });
    }

    /// A copter on patrol with a person near the line in its picture stays for them.
    fn look_longer(&mut self, view: &StationView) {
        if !self.strays || self.watching.is_some() {
            return;
        }
        let now = view.now;
        let looked = &mut self.looked;
        looked.retain(|(_, t)| now.since(*t) < LOOKED_S * 1_000_000);
        let found = view.tracks.values().find_map(|t| {
            let fix = t.track.fix.as_ref().ok()?;
            let worth = t.track.class == TargetClass::Person
                && in_picture(t, now)
                && t.track.looks >= SURE_LOOKS
                && t.border_m.is_some_and(|m| m.abs() < NEAR_LINE_M)
                && view.vehicles.get(&t.vehicle).is_some_and(copter_on_patrol)
                && looked
                    .iter()
                    .all(|(at, _)| vedette_geo::distance_m(*at, fix.at) > LOOKED_M);
            worth.then_some((t, fix))
        });
        if let Some((t, fix)) = found {
            looked.push((fix.at, now));
            self.watching = Some(Watched {
                track: Some(t.track.id),
                velocity_en_m_s: t.track.velocity_en_m_s,
                unasked: true,
                ..Watched::place(t.vehicle, (fix.at, fix.amsl), now)
            });
        }
    }

    /// The copter on patrol that is nearest looks at a place when it passes.
    fn look_for(&mut self, view: &StationView, at: LatLon) {
        let away = |v: &VehicleView| {
            v.at.as_ref()
                .map_or(f64::INFINITY, |p| vedette_geo::distance_m(p.value, at))
        };
        let nearest = view
            .vehicles
            .values()
            .filter(|v| copter_on_patrol(v))
            .min_by(|a, b| away(a).total_cmp(&away(b)));
        // The ground's height is known along the line.
        let ground = view
            .site
            .border
            .iter()
            .zip(&view.site.border_amsl_m)
            .min_by(|a, b| vedette_geo::distance_m(*a.0, at).total_cmp(&vedette_geo::distance_m(*b.0, at)));
        if let (Some(v), Some((_, amsl))) = (nearest, ground) {
            self.watching = Some(Watched::place(v.id, (at, Amsl(f64::from(*amsl))), view.now));
        }
    }

    /// Whom the operator sees on the screen now: the newest alert's track near there, else the same
    /// track, else whoever moves where the person was last seen.
    fn find_again(w: &mut Watched, view: &StationView) {
        let now = view.now;
        let fresh = |t: &&TrackView| t.vehicle == w.vehicle && in_picture(t, now) && t.track.fix.is_ok();
        let reach = SAME_PERSON_M.0 + SAME_PERSON_M.1 * now.since(w.seen) as f64 * 1e-6;
        let away = |t: &TrackView| {
            t.track
                .fix
                .as_ref()
                .map_or(f64::INFINITY, |f| vedette_geo::distance_m(f.at, w.at))
        };
        let near = |t: &&TrackView| away(t) < reach.min(80.0);
        let person = |t: &&TrackView| {
            let boat = t.track.class == TargetClass::Boat && w.alert.is_some();
            boat || matches!(t.track.class, TargetClass::Person | TargetClass::TwoWheeler)
        };
        let chosen = view
            .tracks
            .values()
            .filter(fresh)
            .filter(near)
            .filter(|t| t.alert.is_some())
            .max_by_key(|t| t.alert)
            .or_else(|| view.tracks.get(&w.track?).filter(fresh))
            .or_else(|| {
                view.tracks
                    .values()
                    .filter(fresh)
                    .filter(near)
                    .filter(person)
                    .min_by(|a, b| away(a).total_cmp(&away(b)))
            });
        if let Some(t) = chosen
            && let Ok(fix) = &t.track.fix
        {
            (w.track, w.at, w.amsl) = (Some(t.track.id), fix.at, fix.amsl);
            w.alerted |= t.alert.is_some();
            w.velocity_en_m_s = t.track.velocity_en_m_s;
            w.seen = now;
        } else {
            w.velocity_en_m_s = [0.0; 2];
            w.alerted &= now.since(w.seen) < ALERTED_FOR_US;
        }
    }

    fn keep_eyes_on(&mut self, view: &StationView) -> Vec<Intent> {
        let now = view.now;
        let Some(mut w) = self.watching else {
            return Vec::new();
        };
        let mut out = Vec::new();
        let vehicle = w.vehicle;
        let Some(v) = view.vehicles.get(&vehicle) else {
            return out;
        };
        Self::find_again(&mut w, view);
        if let Some(told) = w.alert.and_then(|a| told_of(view, a)) {
            // The sensor goes on telling of somebody elsewhere: this is another one. Whom an alert was about is held
            // all the same, also when it is over: they may be crossing just then.
            let fresh = now.since(told.heard) < TOLD_FRESH_US;
            if fresh && !w.alerted && vedette_geo::distance_m(w.at, told.at) > ANOTHER_M {
                (w.track, w.velocity_en_m_s) = (None, [0.0; 2]);
            }
            if w.track.is_none() {
                (w.at, w.seen) = (told.at, told.heard.max(w.seen));
            }
        }
        if w.track.is_none() && v.mode.is_some_and(|m| m.value == FlightMode::Auto) {
            let near =
                v.at.as_ref()
                    .is_some_and(|p| vedette_geo::distance_m(p.value, w.at) < NEAR_CUE_M);
            if near {
                (w.seen, w.since) = (now, now);
            } else {
                // It flies its patrol until it comes by.
                let late = now.since(w.since) > PASSES_S * 1_000_000;
                self.watching = (!late).then_some(w);
                return out;
            }
        }
        self.watching = Some(w);
        let decided = view.incidents.values().any(|i| !matches!(i.state, IncidentState::Open));
        let lost = now.since(w.seen) > LOOK_ON_S * 1_000_000;
        let at_most_s = if w.alert.is_some() {
            TOLD_AT_MOST_S
        } else if w.unasked && !w.alerted {
            LONGER_S
        } else {
            HELD_AT_MOST_S
        };
        let long = now.since(w.since) > at_most_s * 1_000_000;
        if decided || lost || long {
            if self.once_every(vehicle, "resume", now, 20_000) {
                out.push(Intent::Command {
                    vehicle,
                    order: Order::Gimbal(GimbalAim::Neutral),
                    held: false,
                });
                out.push(Intent::Command {
                    vehicle,
                    order: Order::ResumeMission,
                    held: true,
                });
            }
            if v.mode.is_some_and(|m| m.value == FlightMode::Auto) {
                self.watching = None;
            }
            return out;
        }
        let holding = v
            .mode
            .is_some_and(|m| matches!(m.value, FlightMode::Hold | FlightMode::Guided));
        let pending = view
            .receipts
            .iter()
            .any(|r| r.vehicle == vehicle && r.what.starts_with("HOLD") && r.state == ReceiptState::Sent);
        if !holding && !pending && self.once_every(vehicle, "hold", now, 8_000) {
            out.push(Intent::Command {
                vehicle,
                order: Order::Hold,
                held: true,
            });
        }
        // The camera follows where the person is going to be in a second.
        let due = self.aim_sent.is_none_or(|s| now.since(s) > 2_500_000);
        if due && holding {
            self.aim_sent = Some(now);
            let [ve, vn] = w.velocity_en_m_s;
            let ahead = vedette_geo::destination(w.at, ve.atan2(vn).to_degrees(), ve.hypot(vn).min(3.0));
            out.push(Intent::Command {
                vehicle,
                order: Order::Gimbal(GimbalAim::Place {
                    at: ahead,
                    amsl: w.amsl,
                }),
                held: false,
            });
        }
        out
    }

    fn home(&mut self, view: &StationView) -> Vec<Intent> {
        let now = view.now;
        let mut out = Vec::new();
        let mut down = true;
        for v in view.vehicles.values() {
            let ground =
                v.landed.is_some_and(|l| l.value == LandedState::OnGround) && v.armed.is_some_and(|a| !a.value);
            if ground {
                continue;
            }
            down = false;
            // Whoever lands at the end of its plan is home: an order would send it up again.
            let lands = v
                .landed
                .is_some_and(|l| matches!(l.value, LandedState::OnGround | LandedState::Landing));
            let returning = v
                .mode
                .is_some_and(|m| matches!(m.value, FlightMode::Return | FlightMode::Land));
            if !lands && !returning && self.once_every(v.id, "return", now, 15_000) {
                out.push(Intent::Command {
                    vehicle: v.id,
                    order: Order::Return,
                    held: true,
                });
            }
        }
        if down {
            self.phase = Phase::Done;
        }
        out
    }
}
