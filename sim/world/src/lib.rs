//! Scenarios, actors, sensor imagery, truth and score; serves simulated aircraft on the wire.
//!
//! The pure core (`scenario`, `actors`, `render`, `truth`) is a function of scenario and time;
//! the thin shells (`encode`, `serve`, `options`) own encoders, sockets, files, threads and the
//! clock. Invariant: knows nothing of a station; it meets one on the wire only.

mod actors;
mod body;
mod coast;
mod cover;
mod cues;
mod draw;
mod encode;
mod error;
mod follow;
mod ground;
mod house;
mod instruct;
mod lattice;
mod light;
mod meta;
mod nmea;
mod noise;
mod options;
mod planes;
mod radio;
mod rehearse;
mod render;
pub mod scenario;
mod scene;
mod sensor;
mod serve;
mod shapes;
mod site;
mod sky;
mod trouble;
mod truth;
mod view;
mod wire;

pub use actors::{Actor, ActorKind, ActorPose, Medium, Role, Step, Track};
pub use coast::{CoastShape, coast};
pub use cues::{CueMessage, GroundSensor, Seat, SensorKind, Transponder};
pub use encode::{AccessUnit, Encoder};
pub use error::SimError;
pub use ground::Ground;
pub use instruct::InstructorScript;
pub use light::{Weather, sun_position};
pub use nmea::{AisClass, AisPosition, ais_name};
pub use options::SimOptions;
pub use radio::{Interference, LinkState, Radio, free_space_db, knife_edge_db};
pub use rehearse::Rehearsal;
pub use render::{CameraState, Image, Quality, Rendered, Renderer, TruthBox};
pub use scenario::{
    CHECKLIST, Condition, Crossing, Newcomer, Overrides, Scenario, SimAircraft, SimCamera, TrainingFile,
};
pub use scene::{Clearing, Hamlet, Scene, SceneSpec, WarmStone, Way};
pub use serve::{
    Clock, Endpoint, FollowEndpoint, Instructor, ServeConfig, SimHandle, SimStats, Simulation, StepClock, Stream,
    StreamStats, VehicleStats, VideoTarget, scaled_clock,
};
pub use site::load_site;
pub use trouble::{ActiveFault, FaultId, PlannedFault, Trouble};
pub use truth::{ActorLine, BoxLine, CastLine, TruthLine};
pub use vedette_sim_vehicle::{Fault, Noise, PackAge};
