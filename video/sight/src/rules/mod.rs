//! What a person should look at: behaviour of tracks against the line.
//!
//! Each rule is one file: it checks one track against one line and reports a draft or nothing.
//! Invariants: a draft is a suggestion, it states its measured facts with their error, it is made
//! once per track and rule, and no rule claims a side of the line that the track's 95 % ellipse
//! does not support. All state is here and can be written down and read back ([`RuleSet`] is
//! serialisable), time comes in as a value, and nothing depends on map order.

mod approach;
mod behaviour;
mod boats;
mod company;
mod convoy;
mod crossing;
mod dropoff;
mod from_the_line;
mod group;
mod intruder;
mod lights_out;
mod loiter;
mod overboard;
mod patrol_timing;
mod policy;
mod rendezvous;
mod surroundings;
mod tailing;
mod verge;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use vedette_atlas::{Border, Crossing, Near};
use vedette_geo::{Hae, LatLon, LocalFrame, azimuth_deg, distance_m};
use vedette_model::{
    AlertFact, CameraId, GroundFix, GroundTrack, Priority, RuleId, TargetClass, TrackId, Utc, VehicleId,
};

pub use behaviour::{
    BehaviourPolicy, BoatPolicy, ConvoyPolicy, DropoffPolicy, OverboardPolicy, RendezvousPolicy, TailingPolicy,
};
pub use intruder::{IntruderPolicy, Intruders, SkyCamera};
pub use lights_out::{LightsOut, LightsOutPolicy};
pub use patrol_timing::{PatrolTiming, PatrolTimingPolicy};
pub use policy::{ApproachPolicy, CrossingPolicy, FromTheLinePolicy, LoiterPolicy, Policy};
pub use surroundings::{Surroundings, on_water};
pub use verge::VergePolicy;

use company::{Company, Known};

/// An alert as a rule proposes it; the station gives it a number and a state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertDraft {
    /// Rule, by file name.
    pub rule: RuleId,
    /// Priority.
    pub priority: Priority,
    /// Short title.
    pub title: String,
    /// Why, in one sentence.
    pub why: String,
    /// Measured facts behind it.
    pub facts: Vec<AlertFact>,
    /// Track it is about.
    pub track: Option<TrackId>,
    /// Tracks it covers besides: who does the same in company of the first.
    #[serde(default)]
    pub company: Vec<TrackId>,
    /// Aircraft that saw it.
    pub vehicle: Option<VehicleId>,
    /// Camera that saw it.
    pub camera: Option<CameraId>,
    /// Where.
    pub at: Option<LatLon>,
    /// Chainage along the line, metres.
    pub chainage_m: Option<f64>,
    /// Detector score weighed with how clear the geometry is, 0..=1; not a probability.
    pub confidence: f64,
    /// Frame time of the deciding look.
    pub captured: Utc,
}

/// What is remembered of one track.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Memory {
    first: Utc,
    last: Utc,
    /// Frame of the last look counted, so that a repeated report is not a second look.
    counted: Utc,
    class: TargetClass,
    /// Looks outside the line, clear of it by the ellipse, and without regard to it.
    clear_outside: u32,
    outside: u32,
    /// Largest distance outside, metres, with its half width.
    farthest_out: (f64, f64),
    /// Looks in a row inside, and since when.
    inside_run: u32,
    inside_since: Option<Utc>,
    /// Near the line outside: since when, looks, where it began, farthest from there, nearest to
    /// the line.
    near_since: Option<Utc>,
    near_looks: u32,
    near_from: Option<LatLon>,
    near_spread_m: f64,
    /// It was seen to move against the ground: a place alone wanders with the errors of its looks.
    #[serde(default)]
    moved: bool,
    /// Distance to the line when coming closer began, and when.
    closing_from: Option<(f64, Utc)>,
    closing_looks: u32,
    /// Inside when going away from the line began, metres, and when.
    #[serde(default)]
    inwards_from: Option<(f64, Utc)>,
    #[serde(default)]
    inwards_looks: u32,
    fired: BTreeSet<RuleId>,
    /// Where it was at its last look, and metres from the line, positive on the home side.
    at: LatLon,
    #[serde(default)]
    signed_m: f64,
    /// Its last way over the line went through a lawful crossing point; none where no look was outside.
    #[serde(default)]
    lawful_step: Option<bool>,
    /// It was at a lawful crossing point when it was first seen inside and going away from the line.
    #[serde(default)]
    lawful_start: bool,
    /// It has counted as somebody the rules speak of; from then on it may continue another track
    /// (whose number is kept) or be continued by one.
    subject: bool,
    continues: Option<TrackId>,
    continued: bool,
}

impl Memory {
    /// Takes over what is known of a track that this one continues.
    fn join(&mut self, id: TrackId, old: &Self) {
        self.continues = Some(id);
        self.clear_outside += old.clear_outside;
        self.outside += old.outside;
        if old.farthest_out.0 > self.farthest_out.0 {
            self.farthest_out = old.farthest_out;
        }
        self.fired.extend(old.fired.iter().cloned());
        self.moved |= old.moved;
        if self.closing_from.is_some() && old.closing_from.is_some() {
            self.closing_from = old.closing_from;
            self.closing_looks += old.closing_looks;
        }
        if self.near_since.is_some() && old.near_since.is_some() {
            self.near_since = old.near_since;
            self.near_looks += old.near_looks;
        }
    }

    fn new(t: &GroundTrack, at: LatLon) -> Self {
        Self {
            first: t.captured,
            last: t.captured,
            counted: Utc(i64::MIN),
            class: t.class,
            clear_outside: 0,
            outside: 0,
            farthest_out: (0.0, 0.0),
            inside_run: 0,
            inside_since: None,
            near_since: None,
            near_looks: 0,
            near_from: None,
            near_spread_m: 0.0,
            moved: false,
            closing_from: None,
            closing_looks: 0,
            inwards_from: None,
            inwards_looks: 0,
            fired: BTreeSet::new(),
            at,
            signed_m: 0.0,
            lawful_step: None,
            lawful_start: false,
            subject: false,
            continues: None,
            continued: false,
        }
    }
}

/// One look at one track against the line: what every rule is given.
pub(crate) struct Sight<'a> {
    track: &'a GroundTrack,
    fix: &'a GroundFix,
    near: Near,
    /// Distance to the line, metres, positive on the home side.
    signed_m: f64,
    /// Half width of the track's 95 % ellipse towards the line, metres.
    half_m: f64,
    /// That and the line's own accuracy, root sum of squares.
    margin_m: f64,
    line_accuracy_m: f64,
    /// Nearest lawful crossing: name, distance from its edge (negative inside).
    crossing: Option<(&'a str, f64)>,
    /// Speed towards the home side, metres per second.
    inward_m_s: f64,
}

impl Sight<'_> {
    fn speed_m_s(&self) -> f64 {
        let [e, n] = self.track.velocity_en_m_s;
        e.hypot(n)
    }
    /// At a lawful crossing point, as far as its ellipse can tell.
    fn lawful(&self) -> bool {
        self.crossing.is_some_and(|(_, d)| d <= self.half_m.min(30.0))
    }
    /// Came over the line at a lawful crossing point, or is at one where that is not known: lawful is
    /// where the line was stepped over, not where somebody is by the time the place is sure.
    fn lawful_over(&self, m: &Memory) -> bool {
        match m.lawful_step {
            Some(lawful) if self.signed_m > 0.0 => lawful,
            _ => self.lawful(),
        }
    }
    /// Someone or something a rule may speak of: seen now, moved, and not an animal.
    fn subject(&self) -> bool {
        self.track.seen
            && matches!(
                self.track.class,
                TargetClass::Person | TargetClass::Vehicle | TargetClass::TwoWheeler
            )
    }
    fn facts(&self) -> Vec<AlertFact> {
        let e = self.fix.ellipse95();
        let fact = |name: &str, value: String| AlertFact {
            name: name.to_owned(),
            value,
        };
        let side = if self.signed_m >= 0.0 { "inside" } else { "outside" };
        let mut facts = vec![
            fact(
                "distance to the line",
                format!("{:.0} m {side}, ± {:.0} m (95 %)", self.signed_m.abs(), self.half_m),
            ),
            fact(
                "95 % ellipse",
                format!(
                    "{:.0} m by {:.0} m half axes, long axis {:.0}° true",
                    e.semi_major_m, e.semi_minor_m, e.azimuth_deg
                ),
            ),
            fact("class", format!("{} (measured)", name_of(self.track.class))),
            fact("detector score", format!("{:.2} of 1", self.track.score)),
            fact("looks", format!("{}", self.track.looks)),
            fact("speed", format!("{:.1} m/s", self.speed_m_s())),
            fact("chainage", format!("{:.0} m", self.near.chainage_m)),
        ];
        if self.line_accuracy_m > 0.0 {
            facts.push(fact(
                "accuracy of the drawn line",
                format!("{:.0} m", self.line_accuracy_m),
            ));
        }
        if let Some((name, d)) = self.crossing {
            facts.push(fact(
                "nearest crossing point",
                format!("{name}, {:.0} m away", d.max(0.0)),
            ));
        }
        facts
    }
    fn draft(&self, rule: &str, priority: Priority, title: String, why: String, clarity: f64) -> AlertDraft {
        AlertDraft {
            rule: RuleId(rule.to_owned()),
            priority,
            title,
            why,
            facts: self.facts(),
            track: Some(self.track.id),
            company: Vec::new(),
            vehicle: None,
            camera: Some(self.track.camera),
            at: Some(self.fix.at),
            chainage_m: Some(self.near.chainage_m),
            confidence: (self.track.score * clarity).clamp(0.0, 1.0),
            captured: self.track.captured,
        }
    }
    fn away_from_crossings(&self) -> String {
        match self.crossing {
            Some((name, d)) if d < 5000.0 => {
                format!("{:.0} m from the nearest crossing point ({name})", d.max(0.0))
            }
            _ => "far from any crossing point".to_owned(),
        }
    }
}

/// A class as it is said in a sentence, without article.
fn name_of(class: TargetClass) -> &'static str {
    match class {
        TargetClass::Person => "person",
        TargetClass::Vehicle => "vehicle",
        TargetClass::TwoWheeler => "two-wheeler",
        TargetClass::Animal => "animal",
        TargetClass::Boat => "boat",
        TargetClass::Unknown => "moving object",
    }
}

/// Where and when a rule last spoke, so that a second camera on the same object stays quiet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Spoken {
    rule: RuleId,
    camera: CameraId,
    /// Tracks it was said of.
    #[serde(default)]
    covers: Vec<TrackId>,
    at: LatLon,
    half_m: f64,
    when: Utc,
}

/// All behaviour rules with their memory. Serialisable: the station's state can be written down
/// and read back at any moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleSet {
    policy: Policy,
    memory: BTreeMap<TrackId, Memory>,
    spoken: Vec<Spoken>,
    #[serde(default)]
    company: Company,
    #[serde(default)]
    surroundings: Surroundings,
}

impl RuleSet {
    /// Rules with nothing seen yet.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            memory: BTreeMap::new(),
            spoken: Vec::new(),
            company: Company::default(),
            surroundings: Surroundings::default(),
        }
    }

    /// Names the waters and landing places that the rules about boats and water ask about.
    #[must_use]
    pub fn with_surroundings(mut self, surroundings: Surroundings) -> Self {
        self.surroundings = surroundings;
        self
    }

    /// The thresholds in force.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Judges one camera's tracks. `now_utc` is the frame's time or the station's; it is used to
    /// forget, never to decide.
    pub fn judge(
        &mut self,
        now_utc: Utc,
        tracks: &[GroundTrack],
        camera: CameraId,
        vehicle: VehicleId,
        border: &Border,
        crossings: &[Crossing],
    ) -> Vec<AlertDraft> {
        let mut drafts = Vec::new();
        for track in tracks {
            let Ok(fix) = &track.fix else { continue };
            let memory = self
                .memory
                .entry(track.id)
                .or_insert_with(|| Memory::new(track, fix.at));
            memory.last = memory.last.max(track.captured);
            memory.class = track.class;
            if !track.seen || track.captured <= memory.counted {
                continue;
            }
            if track.captured.0.saturating_sub(memory.counted.0) > CLOSING_GAP_US {
                // Coming closer is a claim about what was watched, not about a place before and after.
                memory.closing_from = None;
                memory.closing_looks = 0;
                memory.inwards_from = None;
                memory.inwards_looks = 0;
            }
            memory.counted = track.captured;
            let sight = sight(track, fix, border, crossings);
            remember(memory, &sight, &self.policy, crossings);
            if sight.subject() && !memory.subject {
                memory.subject = true;
                self.continue_from(&sight, tracks, crossings);
            }
            let Some(memory) = self.memory.get_mut(&track.id) else {
                continue;
            };
            let mut said = Vec::new();
            for check in [
                crossing::check,
                verge::check,
                loiter::check,
                approach::check,
                from_the_line::check,
            ] {
                let Some(mut draft) = check(&sight, memory, &self.policy) else {
                    continue;
                };
                draft.vehicle = Some(vehicle);
                draft.camera = Some(camera);
                memory.fired.insert(draft.rule.clone());
                said.push(draft);
            }
            for mut draft in said {
                let over = draft.rule.0 == crossing::RULE;
                let told = if over {
                    self.told(&draft, &sight, camera)
                } else {
                    echo(&self.spoken, &draft, &sight, camera)
                };
                if !told {
                    if over {
                        self.gather(&mut draft, &sight, tracks, border, crossings);
                    }
                    self.spoken.push(Spoken {
                        rule: draft.rule.clone(),
                        camera,
                        covers: draft.track.iter().chain(&draft.company).copied().collect(),
                        at: fix.at,
                        half_m: sight.half_m,
                        when: track.captured,
                    });
                    drafts.push(draft);
                }
            }
        }
        drafts.extend(self.behaviour(now_utc, tracks, camera, vehicle, border, crossings));
        let forget = now_utc.plus_us(-((self.policy.forget_s * 1e6) as i64));
        self.memory.retain(|_, m| m.last >= forget);
        self.spoken.retain(|s| s.when >= now_utc.plus_us(-ECHO_US));
        drafts
    }

    /// The rules about company, boats and water: near the line, away from lawful crossing points,
    /// once for the same two tracks.
    fn behaviour(
        &mut self,
        now_utc: Utc,
        tracks: &[GroundTrack],
        camera: CameraId,
        vehicle: VehicleId,
        border: &Border,
        crossings: &[Crossing],
    ) -> Vec<AlertDraft> {
        self.company.see(tracks, camera);
        self.company.forget(now_utc.plus_us(-COMPANY_US));
        let (c, p) = (&self.company, &self.policy.behaviour);
        let mut found: Vec<(AlertDraft, Known)> = overboard::check(c, &p.overboard, &self.surroundings);
        found.extend(boats::beaching(c, &p.boats, &self.surroundings));
        found.extend(boats::alongside(c, &p.boats, &self.surroundings));
        found.extend(dropoff::check(c, &p.dropoff));
        found.extend(rendezvous::check(c, &p.rendezvous));
        found.extend(convoy::check(c, &p.convoy));
        found.extend(tailing::check(c, &p.tailing));
        let mut drafts = Vec::new();
        for (mut draft, other) in found {
            let (Some(track), Some(at)) = (draft.track, draft.at) else {
                continue;
            };
            if !tracks.iter().any(|t| t.seen && (t.id == track || t.id == other.id)) {
                continue;
            }
            // Rescue knows no line and no crossing point.
            let rescue = draft.rule.0 == overboard::RULE;
            let near = border.nearest(at);
            let lawful = crossings
                .iter()
                .any(|k| distance_m(k.at, at) <= k.radius_m + other.doubt_m.min(30.0));
            if !rescue && (near.signed_m.abs() > p.line_m || lawful) {
                continue;
            }
            // What one rule said of a track it does not say again in other company.
            let rule = draft.rule.0.clone();
            if self.company.spoke_of(&rule, track) || !self.company.first_time(&rule, track, other.id) {
                continue;
            }
            draft.chainage_m = Some(near.chainage_m);
            draft.vehicle = Some(vehicle);
            draft.facts.push(AlertFact {
                name: "distance to the line".to_owned(),
                value: format!(
                    "{:.0} m {}",
                    near.signed_m.abs(),
                    if near.signed_m >= 0.0 { "inside" } else { "outside" }
                ),
            });
            drafts.push(draft);
        }
        drafts
    }
}

/// Tracks out of sight for so long are company no more.
const COMPANY_US: i64 = 180_000_000;

/// Out of sight for longer, coming closer begins anew, microseconds.
const CLOSING_GAP_US: i64 = 3_000_000;
/// Another camera's draft of the same rule counts as the same object this long.
const ECHO_US: i64 = 60_000_000;
/// A second track this near to where the same camera's last one was reported is the same object or
/// its company, metres: one alert serves both.
const COMPANY_M: f64 = 12.0;
/// A track may continue one that was lost at most so long ago, microseconds.
const CONTINUE_US: i64 = 60_000_000;
/// How far from where the other was lost: metres, and metres a second since, and at most.
const CONTINUE_M: (f64, f64, f64) = (12.0, 2.0, 50.0);

impl RuleSet {
    /// When a track is first taken for somebody: if somebody was lost near there shortly before,
    /// it is the same one under a new number, and what was known goes on.
    fn continue_from(&mut self, sight: &Sight<'_>, tracks: &[GroundTrack], crossings: &[Crossing]) {
        let (track, fix) = (sight.track, sight.fix);
        let seen_now = |id: TrackId| tracks.iter().any(|t| t.id == id && t.seen);
        let best = self
            .memory
            .iter()
            .filter(|(id, m)| **id != track.id && m.subject && !m.continued && !seen_now(**id))
            .filter(|(_, m)| (0..=CONTINUE_US).contains(&(track.captured.0 - m.counted.0)))
            .map(|(id, m)| {
                let away_s = (track.captured.0 - m.counted.0) as f64 * 1e-6;
                let reach = (CONTINUE_M.0 + CONTINUE_M.1 * away_s).min(CONTINUE_M.2);
                (distance_m(m.at, fix.at) / reach, *id)
            })
            .filter(|(share, _)| *share < 1.0)
            .min_by(|a, b| a.0.total_cmp(&b.0));
        let Some((_, id)) = best else { return };
        let Some(old) = self.memory.get_mut(&id) else { return };
        old.continued = true;
        let old = old.clone();
        if let Some(m) = self.memory.get_mut(&track.id) {
            let between = old.signed_m < 0.0 && sight.signed_m >= 0.0 && m.lawful_step.is_none();
            if between {
                m.lawful_step = Some(lawful_way((old.at, old.signed_m), sight, crossings));
            } else if old.signed_m >= 0.0 && m.lawful_step.is_none() {
                m.lawful_step = old.lawful_step;
            }
            m.join(id, &old);
        }
    }
}

fn echo(spoken: &[Spoken], draft: &AlertDraft, sight: &Sight<'_>, camera: CameraId) -> bool {
    spoken.iter().any(|s| {
        let reach = if s.camera == camera {
            COMPANY_M
        } else {
            (s.half_m + sight.half_m).clamp(15.0, 60.0)
        };
        s.rule == draft.rule && (draft.captured.0 - s.when.0).abs() < ECHO_US && distance_m(s.at, sight.fix.at) < reach
    })
}

fn sight<'a>(track: &'a GroundTrack, fix: &'a GroundFix, border: &Border, crossings: &'a [Crossing]) -> Sight<'a> {
    let near = border.nearest(fix.at);
    // Direction from the track across the line towards home.
    let along = border.azimuth_deg(near.chainage_m);
    let home_deg = if near.signed_m.abs() > 0.5 {
        let to_line = azimuth_deg(fix.at, near.at);
        if near.signed_m < 0.0 { to_line } else { to_line + 180.0 }
    } else {
        along + if border.home_left { -90.0 } else { 90.0 }
    };
    let half_m = fix.half_width95_m(home_deg);
    let (s, c) = home_deg.to_radians().sin_cos();
    let [ve, vn] = track.velocity_en_m_s;
    let crossing = crossings
        .iter()
        .map(|k| (k.name.as_str(), distance_m(k.at, fix.at) - k.radius_m))
        .min_by(|a, b| a.1.total_cmp(&b.1));
    Sight {
        track,
        fix,
        near,
        signed_m: near.signed_m,
        half_m,
        margin_m: half_m.hypot(border.accuracy_m),
        line_accuracy_m: border.accuracy_m,
        crossing,
        inward_m_s: ve * s + vn * c,
    }
}

/// Whether a way from one place to another, over the line between them, goes through a crossing point
/// as far as the ellipse at its end can tell. Metres from the line weigh where between.
fn lawful_way(from: (LatLon, f64), to: &Sight<'_>, crossings: &[Crossing]) -> bool {
    let frame = LocalFrame::new(from.0, Hae(0.0));
    let (e, n) = frame.plane(to.fix.at);
    let share = (from.1 / (from.1 - to.signed_m)).clamp(0.0, 1.0);
    let at = frame.from_plane(share * e, share * n);
    crossings
        .iter()
        .any(|k| distance_m(k.at, at) - k.radius_m <= to.half_m.min(30.0))
}

/// Counts what the rules ask about later.
fn remember(m: &mut Memory, s: &Sight<'_>, policy: &Policy, crossings: &[Crossing]) {
    if m.outside > 0 && m.signed_m < 0.0 && s.signed_m >= 0.0 {
        m.lawful_step = Some(lawful_way((m.at, m.signed_m), s, crossings));
    }
    m.at = s.fix.at;
    m.signed_m = s.signed_m;
    m.moved |= s.speed_m_s() > 0.0;
    if s.signed_m < 0.0 {
        m.outside += 1;
        if s.signed_m + s.half_m < 0.0 {
            m.clear_outside += 1;
        }
        if -s.signed_m > m.farthest_out.0 {
            m.farthest_out = (-s.signed_m, s.half_m);
        }
        m.inside_run = 0;
        m.inside_since = None;
    } else {
        m.inside_run += 1;
        m.inside_since.get_or_insert(s.track.captured);
    }
    let near = s.signed_m < 0.0 && -s.signed_m <= policy.loiter.within_m;
    // Whoever turns out to be a person was there before it was known, too.
    let maybe = s.track.seen && !matches!(s.track.class, TargetClass::Animal | TargetClass::Boat);
    if near && maybe {
        m.near_since.get_or_insert(s.track.captured);
        let from = *m.near_from.get_or_insert(s.fix.at);
        m.near_looks += 1;
        m.near_spread_m = m.near_spread_m.max(distance_m(from, s.fix.at));
    } else if !near {
        m.near_since = None;
        m.near_from = None;
        m.near_looks = 0;
        m.near_spread_m = 0.0;
    }
    if s.signed_m < 0.0 && s.subject() && s.inward_m_s >= policy.approach.least_m_s {
        m.closing_from.get_or_insert((-s.signed_m, s.track.captured));
        m.closing_looks += 1;
    } else if s.inward_m_s < 0.5 * policy.approach.least_m_s {
        m.closing_from = None;
        m.closing_looks = 0;
    }
    if s.signed_m > 0.0 && s.subject() && s.inward_m_s >= policy.from_the_line.least_m_s {
        if m.inwards_from.is_none() {
            m.lawful_start = s.lawful();
        }
        m.inwards_from.get_or_insert((s.signed_m, s.track.captured));
        m.inwards_looks += 1;
    } else if m.inwards_from.is_some_and(|(from_m, _)| s.signed_m < from_m) {
        // A single look's speed may point anywhere; who is nearer than at first has turned back.
        m.inwards_from = None;
        m.inwards_looks = 0;
    }
}
