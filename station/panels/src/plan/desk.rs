//! What the planning workspace exchanges with its shell: a brief to be tried, and what came of it.
//!
//! Invariant: newest wins both ways; a trial is not on the table: nothing of it reaches an
//! aircraft or the record until a person proposes the brief. It must not know who plans.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use vedette_geo::LatLon;
use vedette_model::plan::{Brief, NoFly, PatrolPlan, Verdict};
use vedette_model::{Change, PlanId, VehicleId};
use vedette_planner::{
    BorderCell, Cue, FleetOption, HandOver, Held, Hole, Lane, ProfilePoint, Rehearsal, Response, Shadow,
};

use crate::feeds::Slot;

/// A brief to be tried.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The draft's number.
    pub revision: u64,
    /// The brief.
    pub brief: Arc<Brief>,
}

/// What a plan is worth, for charts and map.
#[derive(Debug, Clone)]
pub struct Study {
    /// The section in cells.
    pub cells: Vec<BorderCell>,
    /// Route and ground where the section is watched from, by chainage; the lowest of all flights.
    pub profile: Vec<ProfilePoint>,
    /// Who does what when.
    pub lanes: Vec<Lane>,
    /// What every size of fleet buys.
    pub options: Vec<FleetOption>,
    /// The loss of the link on every leg.
    pub link_loss: Vec<Rehearsal>,
}

/// What came of a trial.
#[derive(Debug, Clone)]
pub struct Tried {
    /// The draft's number it answers.
    pub revision: u64,
    /// Its brief.
    pub brief: Arc<Brief>,
    /// The plan, if there is one.
    pub plan: Option<Arc<PatrolPlan>>,
    /// The checker's judgement of it.
    pub verdict: Option<Arc<Verdict>>,
    /// What is seen where.
    pub study: Option<Arc<Study>>,
    /// Why there is no plan.
    pub failed: Option<String>,
    /// Seconds the planner and the checker took.
    pub took_s: [f64; 2],
    /// What differs from the plan on the table, in sentences.
    pub changes: Vec<String>,
}

/// Something that happened to the plan in force: what would the rest of the watch be?
#[derive(Debug, Clone, PartialEq)]
pub struct WhatIf {
    /// The question's number.
    pub number: u64,
    /// The plan in force.
    pub plan: Arc<PatrolPlan>,
    /// What happened.
    pub change: Change,
    /// Second of that plan the rest is planned from.
    pub at_s: f64,
}

/// The rest of a watch after a change, tried beside the table.
#[derive(Debug, Clone)]
pub struct Proposed {
    /// The plan; its parent is the one in force.
    pub plan: Arc<PatrolPlan>,
    /// The checker's judgement.
    pub verdict: Arc<Verdict>,
    /// What is seen where.
    pub study: Arc<Study>,
    /// Flight by flight, in sentences.
    pub changes: Vec<String>,
    /// Aircraft whose flights are others now.
    pub touched: BTreeSet<VehicleId>,
    /// The worst hole in the watch while it takes over.
    pub hole: Option<Hole>,
}

/// What came of a [`WhatIf`].
#[derive(Debug, Clone)]
pub struct Proposal {
    /// The question's number.
    pub number: u64,
    /// The proposal, or why the rest of the fleet cannot do it.
    pub result: Result<Proposed, String>,
    /// Seconds the planner and the checker took.
    pub took_s: [f64; 2],
}

/// Whom the station wants at a place.
#[derive(Debug, Clone, PartialEq)]
pub enum Wanted {
    /// Eyes on a place.
    Eyes(Cue),
    /// Somebody to take a target over.
    Relief(Held),
}

/// A call for an aircraft, by the plan in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The call's number.
    pub number: u64,
    /// The plan in force.
    pub plan: Arc<PatrolPlan>,
    /// What is wanted.
    pub wanted: Wanted,
    /// Second of the plan.
    pub at_s: f64,
}

/// Who can come, best first.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The call's number.
    pub number: u64,
    /// Answers to a call for eyes.
    pub eyes: Vec<Response>,
    /// Answers to a call for relief.
    pub relief: Vec<HandOver>,
}

/// Where the plan on the table will be without its command link.
#[derive(Debug, Clone)]
pub struct Foreseen {
    /// The plan.
    pub plan: PlanId,
    /// Its radio shadows.
    pub shadows: Vec<Shadow>,
}

/// A file to be looked at before anything of it is taken into the brief.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileAsked {
    /// The question's number.
    pub number: u64,
    /// Where it lies.
    pub path: PathBuf,
}

/// What a file of zones or of a mission holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FileFound {
    /// Format that was recognised.
    pub format: String,
    /// What its coordinates are of.
    pub system: String,
    /// What is in it, in sentences.
    pub facts: Vec<String>,
    /// What a person should know first.
    pub warnings: Vec<String>,
    /// Names of what the file says beyond what is made use of: a zone keeps it, of a mission the file does.
    pub beyond: Vec<String>,
    /// No-fly zones the brief can take in.
    pub zones: Vec<NoFly>,
    /// The way of a mission.
    pub route: Vec<LatLon>,
}

/// What came of a [`FileAsked`].
#[derive(Debug, Clone, PartialEq)]
pub struct FileLook {
    /// The question's number.
    pub number: u64,
    /// Where it lies.
    pub path: PathBuf,
    /// What it holds, or why it cannot be read.
    pub result: Result<FileFound, String>,
}

/// Both ways of the planning desk.
#[derive(Debug, Clone, Default)]
pub struct PlanDesk {
    /// A file to be looked at.
    pub file: Slot<FileAsked>,
    /// What it holds.
    pub found: Slot<FileLook>,
    /// A change to be planned around.
    pub what_if: Slot<WhatIf>,
    /// What came of it.
    pub proposal: Slot<Proposal>,
    /// A call for eyes.
    pub eyes: Slot<Call>,
    /// Who can come.
    pub coming: Slot<Answer>,
    /// A call for relief.
    pub relief: Slot<Call>,
    /// Who can take over.
    pub taking_over: Slot<Answer>,
    /// Radio shadows of the table's plan.
    pub foreseen: Slot<Foreseen>,
    /// What is to be tried.
    pub asked: Slot<Trial>,
    /// What came of it.
    pub tried: Slot<Tried>,
}
