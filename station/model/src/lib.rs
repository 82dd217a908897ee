//! The vocabulary of the station: what crosses between rooms, as plain data.
//!
//! Invariant: every fact says when it was captured and when it was received, every id is a type,
//! every order names one aircraft. Nothing here computes, reads a clock or knows MAVLink.

mod alert;
mod approval;
mod change;
mod contact;
mod cue;
mod ids;
mod inspect;
mod known;
mod link;
mod mission;
mod onboard;
mod order;
mod parameter;
pub mod plan;
mod probe;
mod record;
mod time;
mod vehicle;
mod vision;
mod watch;

pub use alert::{Alert, AlertFact, AlertState, Decision, Incident, IncidentState, Priority, RuleId};
pub use approval::{Approval, ApprovalSignature, PlanRule};
pub use change::Change;
pub use contact::{Contact, ContactHeight, ContactSource, OperatorControl};
pub use cue::{Cue, CueClass, CueKind};
pub use ids::{
    AlertId, CameraId, CommandId, EvidenceId, IncidentId, LinkId, OperatorId, PlanId, SessionId, TrackId, VehicleId,
};
pub use inspect::{DecodedFrame, FieldValue, FrameTrust, MessageRow, RejectReason, Rejection, SecondSender};
pub use known::{Freshness, Known};
pub use link::{PathReport, SigningReport, SigningState};
pub use mission::{AltFrame, MissionItem, MissionKind, command};
pub use onboard::{FileEntry, FilePiece, LogOnBoard, PartInfo};
pub use order::{
    Authority, CameraOrder, CommandOutcome, FollowBy, GimbalAim, Intent, Order, Receipt, ReceiptState, Refusal,
    Request, RequestBody, Retry, Risk,
};
pub use parameter::{
    Acceptance, Baseline, BaselineError, Difference, Drift, ParameterTable, gcs_system_wanted, is_safety_parameter,
    parameter_effect,
};
pub use probe::Probes;
pub use record::{GapCause, LinkReport, LinkState, RecorderReport};
pub use time::{ClockMap, Mono, Pts, Utc, VehicleBoot};
pub use vehicle::{Airframe, CameraState, Family, FlightMode, GnssFix, LandedState, Report, Severity, VehicleIdentity};
pub use vision::{
    AgeSource, Ellipse95, GroundFix, GroundTrack, ImageBox, NoFix, PictureAge, Polarity, SensorPose, SkyTrack,
    Spectrum, TargetClass, VisionReport,
};
pub use watch::{Antenna, Base, Capacity, KindSizing, Sizing, Sortie, Station, Timetable};
