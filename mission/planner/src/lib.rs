//! Brief and world in, patrol plan out.
//!
//! Invariant: a plan leaves no choice open: every leg has place, height and time, every mission
//! item belongs to a leg, and the same brief, world and seed give the same bytes. What cannot be
//! flown is refused with the constraint that binds and the nearest relaxation. It knows nothing
//! of the wire, of screens, or of the checker that judges it.

mod area;
mod bound;
mod brief;
mod chance;
mod coverage;
mod energy;
mod error;
mod fence;
mod flight;
mod id;
mod items;
mod plan;
mod profile;
mod ramp;
mod route;
mod sensor;
mod sizing;
mod space;
mod stagger;
mod track;
mod watch;

pub use area::{Search, SearchError, covered, creeping_line, drift, expanding_square, sectors, sweep};
pub use bound::{Bound, lower_bound};
pub use brief::{BriefError, read_brief};
pub use chance::{Randomised, best, detection, draw};
pub use energy::{out_and_back_s, wind_triangle};
pub use error::{Constraint, Infeasible};
pub use id::plan_id;
pub use plan::plan;
pub use sensor::target_width_m;
pub use sizing::{availability, endurance_s, needed, shared_out_s, sizing};
pub use track::offset;
