//! From pictures and poses to tracks on the ground, and from tracks to suggestions for a person.
//!
//! The chain, each link usable alone: [`register`] (how the camera moved) → movers and hot spots
//! (what stands out) → [`ImageTracker`] (which looks belong together) → [`look`] (where that is,
//! and how wrong it may be) → [`GroundFilter`] (position and velocity with an ellipse that never
//! shrinks below the biases) → [`RuleSet`] (what a person should look at). [`Analyst`] runs it for
//! one camera.
//!
//! Invariant: the same frames, poses and ground give the same tracks and the same drafts on every
//! machine. Classes only: nothing here can say *who*. It knows no stream, file, clock or screen.

mod analyst;
mod assign;
mod blobs;
mod classify;
mod detect;
mod error;
mod filter;
mod flow;
mod forest;
mod governor;
mod ground;
mod handover;
mod homography;
mod hotspots;
mod image;
mod lights;
mod model;
mod movers;
mod outlook;
mod pose;
mod register;
mod rules;
mod sea;
mod sky;
mod sun;
mod terrain;
mod thermal;
mod tracker;

pub use analyst::{Analysis, Analyst, AnalystConfig, SightPolicy, TrackIds};
pub use classify::{ClassEvidence, Features};
pub use detect::Detection;
pub use error::SightError;
pub use filter::GroundFilter;
pub use governor::{Governor, GovernorPolicy, Pace, Spent};
pub use ground::{
    BIASES, Charted, FixErrors, Ground, LevelGround, Look, MAX_RANGE_M, MIN_GRAZING_DEG, bearing_bias_deg, footprint,
    geolocate, look, project, px_per_m, ray_of,
};
pub use handover::{Handover, HandoverPolicy, hand_over};
pub use homography::Homography;
pub use image::GrayFrame;
pub use lights::light_at;
pub use model::{Answer, Head, Measured, ModelCard, ModelDetector, ModelInput, ModelObject, Network, Planes};
pub use outlook::OUTLOOK;
pub use pose::{PlatformPose, PoseBuffer, PoseMotion, PoseSigmas};
pub use register::{HEALTHY, Registration, register};
pub use rules::{
    AlertDraft, ApproachPolicy, BehaviourPolicy, BoatPolicy, ConvoyPolicy, CrossingPolicy, DropoffPolicy,
    FromTheLinePolicy, IntruderPolicy, Intruders, LightsOut, LightsOutPolicy, LoiterPolicy, OverboardPolicy,
    PatrolTiming, PatrolTimingPolicy, Policy, RendezvousPolicy, RuleSet, SkyCamera, Surroundings, TailingPolicy,
    VergePolicy, on_water,
};
pub use sea::SeaPolicy;
pub use sky::{SkyPolicy, SkyWatch};
pub use sun::sun_elevation_deg;
pub use thermal::{
    THERMAL_CARD, ThermalDetector, ThermalLeast, ThermalObject, ThermalScene, thermal_candidates, thermal_outlooks,
};
pub use tracker::{ImageTrack, ImageTracker, ScoredBox, TrackerPolicy, overlap};
pub use vedette_model::SkyTrack;
