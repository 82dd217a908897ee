//! The station as one function: `handle(now, Input)` mutates it, `poll_effect()` says what the
//! shells shall do, `view()` is all anybody sees.
//!
//! Invariant: everything on screen derives from the inputs, in order. The same inputs give the
//! same [`StationView`], byte for byte; a replay hosts no shell, so its effects go nowhere.
//! It knows no MAVLink, no file, no clock.

mod alerts;
mod approval;
mod around;
mod coverage;
mod cues;
mod energy;
mod fleet;
mod flying;
mod following;
mod gate;
mod ground;
mod handing;
mod input;
mod linking;
mod onboard;
mod orders;
mod places;
mod planning;
mod preserving;
mod replay;
mod station;
mod uploading;
mod view;
mod watching;

pub use coverage::CoverageView;
pub use cues::{CueBout, CueView};
pub use input::{
    CameraSpec, DetectorSpec, Effect, Entry, EvidenceRequest, Folder, Input, OperatorSpec, Setup, SiteLines, SiteWay,
    ViewStamp,
};
pub use places::{CLICK_PX, place_in_picture};
pub use planning::{ItemChange, ListChange, on_aircraft};
pub use replay::Replay;
pub use station::{CoreError, Station, digest};
pub use vedette_atlas::WayKind;
pub use vedette_sight::Ground;
pub use view::{
    AgeHistogram, BaselineView, CameraView, EventKind, FollowView, LegView, LinkHistory, LinkPace, LinkSwitch,
    ListDoubt, Notice, NoticeKind, OnBoard, PathHistory, PathSample, PlaceMark, PlanOnAircraft, PlanState, StationView,
    StreamOffer, TimelineEvent, TrackView, TransferView, VehicleView,
};
