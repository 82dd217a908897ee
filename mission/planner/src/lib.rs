//! Brief and world in, patrol plan out.
//!
//! Invariant: a plan leaves no choice open: every leg has place, height and time, every mission
//! item belongs to a leg, and the same brief, world and seed give the same bytes. What cannot be
//! flown is refused with the constraint that binds and the nearest relaxation. It knows nothing
//! of the wire, of screens, or of the checker that judges it.

mod apart;
mod area;
mod asked;
mod bound;
mod brief;
mod cells;
mod chance;
mod compare;
mod coverage;
mod cue;
mod energy;
mod error;
mod fence;
mod flight;
mod id;
mod items;
mod lanes;
mod level;
mod options;
mod parts;
mod passage;
mod plan;
mod profile;
mod radio;
mod ramp;
mod rehearse;
mod replan;
mod route;
mod search_flight;
mod sensor;
mod shadow;
mod share;
mod sizing;
mod sound;
mod space;
mod stagger;
mod tasks;
mod track;
mod trips;
mod walk;
mod watch;
mod winds;
mod wing;

pub use area::{Search, SearchError, covered, creeping_line, drift, expanding_square, sectors, sweep};
pub use bound::{Bound, lower_bound, lower_bound_of, ring_round_s};
pub use brief::{BriefError, read_brief};
pub use cells::{BorderCell, Detectability, KmGap, ProfilePoint, border_cells, detectability, gaps_per_km, profile};
pub use chance::{Randomised, best, detection, draw, draw_ring, met};
pub use compare::{FlightChange, FlightDiff, PlanDiff, compare};
pub use cue::{Cue, HandOver, Held, Response, hand_over, respond};
pub use energy::{AIR_KG_M3, Rotor, hover_w, out_and_back_s, wind_triangle, wing_w};
pub use error::{Constraint, Infeasible};
pub use id::plan_id;
pub use lanes::{Bar, BarKind, Lane, lanes};
pub use options::{FleetOption, fleet_options};
pub use plan::plan;
pub use radio::{Radio, antennas, radio_at};
pub use rehearse::{Rehearsal, rehearse};
pub use replan::{Hole, Replan, Resume, replan, resume};
pub use search_flight::{SearchFlight, search_flight, search_spacing_m, search_swath_m};
pub use sensor::target_width_m;
pub use shadow::{Shadow, shadows};
pub use sizing::{availability, endurance_s, needed, shared_out_s, sizing};
pub use tasks::{Tasks, Tours, Visit, tours};
pub use track::offset;
pub use trips::{TimedTasks, TimedVisit, Trip, Trips, trips};
pub use vedette_model::Change;
pub use wing::{Wing, WingTours, dubins, wing_tours};
