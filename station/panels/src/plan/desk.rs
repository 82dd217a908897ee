//! What the planning workspace exchanges with its shell: a brief to be tried, and what came of it.
//!
//! Invariant: newest wins both ways; a trial is not on the table: nothing of it reaches an
//! aircraft or the record until a person proposes the brief. It must not know who plans.

use std::sync::Arc;

use vedette_model::plan::{Brief, PatrolPlan, Verdict};
use vedette_planner::{BorderCell, FleetOption, Lane, ProfilePoint, Rehearsal};

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

/// Both ways of the planning desk.
#[derive(Debug, Clone, Default)]
pub struct PlanDesk {
    /// What is to be tried.
    pub asked: Slot<Trial>,
    /// What came of it.
    pub tried: Slot<Tried>,
}
