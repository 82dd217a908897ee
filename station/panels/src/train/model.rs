//! What the instructor's desk shows and what an instructor may ask: plain data the shell fills.
//!
//! Invariant: everything here is for the instructor alone; nothing of it is in a
//! [`vedette_core::StationView`]. It must not know simulators, files or policies.

use std::sync::Arc;

use vedette_core::StationView;
use vedette_geo::LatLon;
use vedette_model::Priority;

/// A value of a fault that can be set.
#[derive(Debug, Clone, PartialEq)]
pub struct Dial {
    /// What it is: `share lost`.
    pub name: String,
    /// Unit behind the figure.
    pub unit: String,
    /// Value offered.
    pub value: f64,
    /// One press more or less.
    pub step: f64,
    /// Least.
    pub least: f64,
    /// Most.
    pub most: f64,
}

/// A kind of fault that can be put in.
#[derive(Debug, Clone, PartialEq)]
pub struct FaultKind {
    /// Name as in a scenario: `link-loss`.
    pub key: String,
    /// Words on its button.
    pub words: String,
    /// Its value, where it has one.
    pub dial: Option<Dial>,
    /// How long it lasts when put in, seconds; `None`: until mended.
    pub for_s: Option<f64>,
    /// It happens at once and cannot be mended.
    pub at_once: bool,
    /// One aircraft only: it means nothing for the world.
    pub single: bool,
}

/// A fault that holds now.
#[derive(Debug, Clone, PartialEq)]
pub struct ActiveFault {
    /// Its number in this run.
    pub id: u32,
    /// Name as in a scenario.
    pub key: String,
    /// Aircraft; `None`: all.
    pub system: Option<u8>,
    /// Seconds left; `None`: until mended.
    pub left_s: Option<f64>,
    /// Put in by hand, else by the scenario.
    pub live: bool,
}

/// Somebody who plays, as they really are.
#[derive(Debug, Clone, PartialEq)]
pub struct ActorLine {
    /// `A1`.
    pub number: String,
    /// `3 persons on foot`.
    pub words: String,
    /// What they do, or did, in short: `crossed 00:21:41`.
    pub state: String,
    /// They have to be found and reported.
    pub subject: bool,
    /// Where they are.
    pub at: LatLon,
    /// Distance of the station's own fix of them, metres; `None` while it has none.
    pub fix_error_m: Option<f64>,
}

/// Somebody who can be put into a running exercise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActorChoice {
    /// Name of the kind as in a scenario: `person`.
    pub key: String,
    /// Words for it.
    pub words: String,
}

/// What somebody put in does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewcomerWay {
    /// Comes from abroad over the line: to be found.
    Crosses,
    /// Goes about on the home side: lawful.
    Inside,
}

/// One measure of the live score.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreLine {
    /// What it is.
    pub title: String,
    /// Measured so far; `None`: not asked for yet.
    pub now: Option<String>,
    /// What is wanted.
    pub target: String,
    /// 0..=1.
    pub points: Option<f64>,
}

/// The score so far.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LiveScore {
    /// 0..=100; `None` before anything was asked for.
    pub total: Option<f64>,
    /// Median of the trainee's former runs, and how many they are.
    pub median: Option<(f64, usize)>,
    /// Totals so far: second of the scenario, total.
    pub curve: Vec<(f64, f64)>,
    /// Measures.
    pub lines: Vec<ScoreLine>,
}

/// What a good operator would do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// Words.
    pub text: String,
    /// Something waits, else something was done well.
    pub waits: bool,
}

/// A stretch of a lane, seconds of the scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct LaneSpan {
    /// From.
    pub from_s: f64,
    /// To.
    pub to_s: f64,
    /// Words in it.
    pub label: String,
    /// It matters most of its lane: on the home side, put in by hand.
    pub strong: bool,
}

/// The lanes of the timeline, in seconds of the scenario.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeskLanes {
    /// What the actors really do; stretches after now are what the script has for them.
    pub truth: Vec<LaneSpan>,
    /// Faults, scripted and by hand.
    pub faults: Vec<LaneSpan>,
    /// What the trainee did.
    pub trainee: Vec<(f64, String)>,
    /// Alerts the station raised.
    pub alerts: Vec<(f64, Priority)>,
    /// Score gained or lost: second, points of the hundred, words.
    pub score: Vec<(f64, f64, String)>,
    /// Moments the instructor marked for the debrief.
    pub marks: Vec<(f64, String)>,
}

/// All the desk shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeskModel {
    /// Scenario's name.
    pub scenario: String,
    /// Its seed.
    pub seed: u64,
    /// Who instructs.
    pub instructor: String,
    /// Who trains.
    pub trainee: String,
    /// Second of the scenario.
    pub t_s: f64,
    /// How long it plays, seconds.
    pub duration_s: f64,
    /// Scenario seconds per second.
    pub speed: f64,
    /// Time stands still, for everybody.
    pub frozen: bool,
    /// Aircraft: system id, tail number.
    pub aircraft: Vec<(u8, String)>,
    /// What can be put in.
    pub kinds: Vec<FaultKind>,
    /// Who can be put in.
    pub newcomers: Vec<ActorChoice>,
    /// The watched part of the border, kilometres.
    pub section_km: (f64, f64),
    /// What holds.
    pub active: Vec<ActiveFault>,
    /// Who plays.
    pub actors: Vec<ActorLine>,
    /// Score so far.
    pub score: LiveScore,
    /// What a good operator would do.
    pub advice: Vec<Advice>,
    /// Timeline.
    pub lanes: DeskLanes,
    /// What the trainee has in front: `CU-03 thermal · alert 4`.
    pub attention: String,
    /// Something was refused or failed, in words.
    pub trouble: Option<String>,
    /// The mirror looks back; `None`: it shows what the trainee sees now.
    pub back: Option<LookBack>,
}

/// The trainee's console as it was a while ago. Neither the exercise nor the trainee is touched.
#[derive(Debug, Clone, PartialEq)]
pub struct LookBack {
    /// How long ago, seconds.
    pub ago_s: f64,
    /// The station then.
    pub view: Arc<StationView>,
}

/// What an instructor asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum DeskAct {
    /// Put a fault in.
    Inject {
        /// Its name.
        key: String,
        /// Aircraft; `None`: all.
        system: Option<u8>,
        /// Its value, where it has one.
        value: Option<f64>,
        /// Mended after so many seconds; `None`: by hand.
        for_s: Option<f64>,
    },
    /// Mend a fault.
    Mend(u32),
    /// Stop time for everybody, or let it go on.
    Freeze(bool),
    /// Scenario seconds per second.
    Speed(f64),
    /// Remember this moment for the debrief.
    Mark(String),
    /// Put somebody in, from now on.
    Add {
        /// Kind, as in a scenario.
        kind: String,
        /// How many.
        count: u32,
        /// Where along the border, kilometres.
        km: f64,
        /// What they do.
        way: NewcomerWay,
    },
    /// Show in the mirror what was so many seconds before what it shows now.
    Back(f64),
    /// Show in the mirror what is now.
    Live,
}

/// The exercise as the trainee may know it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Briefing {
    /// Its name.
    pub scenario: String,
    /// What it trains.
    pub summary: String,
    /// Briefing, paragraphs apart by an empty line.
    pub text: String,
    /// Acts of the checklist, in words.
    pub checklist: Vec<String>,
    /// What is to be reported, in words.
    pub report: Vec<String>,
    /// Seconds a report may take once a subject can be seen.
    pub report_within_s: f64,
    /// How long it plays, seconds.
    pub duration_s: f64,
}
