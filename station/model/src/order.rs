//! From a person's wish to one aircraft's answer: `Intent` → gate → `Request` → `Receipt`.
//!
//! Invariant: every order names exactly one aircraft and expires; nothing here can address all.

use serde::{Deserialize, Serialize};
use vedette_geo::{AboveHome, Amsl, LatLon};

use crate::{
    AlertId, CameraId, CommandId, Decision, GroundFix, IncidentId, LinkId, MissionItem, MissionKind, Mono, OperatorId,
    PlanId, Pts, TrackId, Utc, VehicleId,
};

/// What an operator may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Authority {
    /// Looks, notes, reviews.
    Observer,
    /// Steers cameras, decides alerts.
    Sensor,
    /// Flies aircraft.
    Pilot,
    /// All of it, and overrides with a reason.
    Supervisor,
}

/// How dangerous an order is: decides the confirmation it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Risk {
    /// No aircraft moves.
    None,
    /// A camera moves.
    Camera,
    /// The aircraft moves towards safety (hold, return, land): press and hold.
    Safe,
    /// The aircraft leaves the ground or its plan: press and hold, named aircraft.
    Flight,
}

/// Where a gimbal shall look.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum GimbalAim {
    /// Keep a place in the picture (region of interest).
    Place {
        /// Where.
        at: LatLon,
        /// Height of it.
        amsl: Amsl,
    },
    /// Earth-fixed angles, degrees; pitch negative looks down, yaw true.
    Angles {
        /// Pitch.
        pitch_deg: f64,
        /// Yaw, degrees true.
        yaw_deg: f64,
    },
    /// Turn at these rates until the next word, degrees per second in earth axes; pitch positive looks up, yaw positive turns right.
    /// Both zero: stand still.
    Rates {
        /// Pitch.
        pitch_deg_s: f64,
        /// Yaw.
        yaw_deg_s: f64,
    },
    /// Back to what the mission says.
    Neutral,
}

/// What a camera on board is told (MAVLink camera protocol v2).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum CameraOrder {
    /// Take one picture and keep it on board.
    Picture,
    /// Begin (or end) recording on board.
    Record(bool),
    /// Set the zoom, percent of the camera's range.
    Zoom(f64),
}

/// One order to one aircraft, in common words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Order {
    /// Arm and climb to a height above home.
    TakeOff {
        /// Height.
        height: AboveHome,
    },
    /// Fly the plan on board from its start.
    StartMission,
    /// Go on with the plan on board where it was left.
    ResumeMission,
    /// Go on with the plan on board at one of its items.
    ResumeAt {
        /// Item of the mission as planned: home is not counted, the first is 0.
        item: u16,
    },
    /// Stop or circle here.
    Hold,
    /// Return to home or rally.
    Return,
    /// Land here.
    Land,
    /// Fly to a place and hold there.
    GoTo {
        /// Where.
        at: LatLon,
        /// Height.
        amsl: Amsl,
    },
    /// Circle a place.
    Orbit {
        /// Centre.
        centre: LatLon,
        /// Height flown.
        amsl: Amsl,
        /// Metres, positive.
        radius_m: f64,
    },
    /// Point the camera.
    Gimbal(GimbalAim),
    /// Work the camera.
    Camera(CameraOrder),
}

impl Order {
    /// How dangerous it is.
    #[must_use]
    pub fn risk(&self) -> Risk {
        match self {
            Self::Gimbal(_) | Self::Camera(_) => Risk::Camera,
            Self::Hold | Self::Return | Self::Land => Risk::Safe,
            Self::TakeOff { .. }
            | Self::StartMission
            | Self::ResumeMission
            | Self::ResumeAt { .. }
            | Self::GoTo { .. }
            | Self::Orbit { .. } => Risk::Flight,
        }
    }
    /// Which way a lost answer is dangerous decides how it is repeated.
    #[must_use]
    pub fn retry(&self) -> Retry {
        match self {
            Self::Hold | Self::Return | Self::Land => Retry::UntilAck,
            // A second picture is a second picture.
            Self::TakeOff { .. } | Self::StartMission | Self::Camera(CameraOrder::Picture) => Retry::Once,
            Self::ResumeMission
            | Self::ResumeAt { .. }
            | Self::GoTo { .. }
            | Self::Orbit { .. }
            | Self::Gimbal(_)
            | Self::Camera(CameraOrder::Record(_) | CameraOrder::Zoom(_)) => Retry::UntilAck,
        }
    }
    /// Short name, as on its button.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::TakeOff { .. } => "TAKE OFF",
            Self::StartMission => "START PATROL",
            Self::ResumeMission => "RESUME PATROL",
            Self::ResumeAt { .. } => "RESUME PATROL AT",
            Self::Hold => "HOLD",
            Self::Return => "RETURN",
            Self::Land => "LAND",
            Self::GoTo { .. } => "GO TO",
            Self::Orbit { .. } => "ORBIT",
            Self::Gimbal(_) => "LOOK",
            Self::Camera(CameraOrder::Picture) => "TAKE PICTURE",
            Self::Camera(CameraOrder::Record(true)) => "RECORD ON BOARD",
            Self::Camera(CameraOrder::Record(false)) => "END RECORDING",
            Self::Camera(CameraOrder::Zoom(_)) => "ZOOM",
        }
    }
}

/// How an order is repeated when no answer comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Retry {
    /// Sent once per step: a late success would be dangerous.
    Once,
    /// Repeated until answered or expired: a missing success would be dangerous.
    UntilAck,
}

/// What follows a track.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum FollowBy {
    /// The camera; the aircraft does as before.
    Camera,
    /// The aircraft too: it stays at this distance on the legal side of everything.
    Aircraft {
        /// Horizontal distance kept, metres.
        distance_m: f64,
        /// Height flown.
        amsl: Amsl,
    },
}

/// What a person at the console wants. Nothing else reaches an aircraft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Intent {
    /// Give an order; `held` says the hold-to-confirm was completed for this very aircraft.
    Command {
        /// To whom.
        vehicle: VehicleId,
        /// What.
        order: Order,
        /// Confirmed by press and hold.
        held: bool,
    },
    /// Make the plan from the brief (again).
    MakePlan,
    /// Put a changed brief on the table and make its plan.
    ProposeBrief {
        /// The whole brief.
        brief: Box<crate::plan::Brief>,
    },
    /// Approve the checked plan by name.
    ApprovePlan {
        /// Which.
        plan: PlanId,
    },
    /// Plan what is left of the watch after a change, as it was tried beside the table.
    Replan {
        /// What happened.
        change: crate::Change,
        /// Second of the plan on the table the rest is planned from.
        at_s: f64,
    },
    /// Read what an aircraft holds: mission, fence and rally.
    ReadPlan {
        /// Whose.
        vehicle: VehicleId,
    },
    /// Another person takes this console; what follows is theirs.
    TakeSeat {
        /// Who sat here before.
        from: OperatorId,
    },
    /// Upload the approved plan's part to one aircraft.
    UploadPlan {
        /// To whom.
        vehicle: VehicleId,
        /// Which.
        plan: PlanId,
    },
    /// Decide an alert.
    Decide {
        /// Which.
        alert: AlertId,
        /// Confirm or dismiss with a reason.
        decision: Decision,
    },
    /// Take note of an alert without deciding it.
    Acknowledge {
        /// Which.
        alert: AlertId,
    },
    /// Open an incident for a confirmed alert.
    OpenIncident {
        /// Which.
        alert: AlertId,
    },
    /// Seal an incident's evidence.
    SealIncident {
        /// Which.
        incident: IncidentId,
        /// Coded outcome.
        outcome: String,
    },
    /// Look at an alert, a track or an aircraft (moves no aircraft; it is in the record).
    Show {
        /// Alert shown.
        alert: Option<AlertId>,
        /// Track shown.
        track: Option<TrackId>,
        /// Aircraft selected.
        vehicle: Option<VehicleId>,
    },
    /// Send to an aircraft by this link from now on; `None` leaves the choice to the measured quality.
    UseLink {
        /// To whom.
        vehicle: VehicleId,
        /// Which link.
        link: Option<LinkId>,
    },
    /// Take or give back the right to command an aircraft.
    TakeControl {
        /// Of whom.
        vehicle: VehicleId,
        /// Take it, else give it back.
        take: bool,
    },
    /// Read an aircraft's parameters anew.
    ReadParameters {
        /// Whose.
        vehicle: VehicleId,
    },
    /// Set one parameter of an aircraft that stands on the ground, disarmed.
    SetParameter {
        /// Whose.
        vehicle: VehicleId,
        /// Its name.
        name: String,
        /// Its value.
        value: f64,
    },
    /// Fly with the safety relevant parameters as they differ from the baseline now.
    AcceptParameters {
        /// Whose.
        vehicle: VehicleId,
        /// Why that is in order.
        reason: String,
    },
    /// What is on board now is the baseline from now on.
    TakeBaseline {
        /// Whose.
        vehicle: VehicleId,
    },
    /// Write the baseline's values to the aircraft that stands on the ground, disarmed.
    RestoreParameters {
        /// Whose.
        vehicle: VehicleId,
    },
    /// Keep the differences as a file of the session.
    SaveDifferences {
        /// Whose.
        vehicle: VehicleId,
    },
    /// Take nothing from this address any more, or again.
    BlockSender {
        /// On which link.
        link: LinkId,
        /// Its address.
        peer: String,
        /// Block it, else let it in again.
        blocked: bool,
    },
    /// Answer to the question after the workload (training, see [`crate::Probes`]).
    Workload {
        /// Which question, from 1.
        asked: u32,
        /// 1 (under-used) to 5 (too much).
        level: u8,
    },
    /// Keep a track in the picture, or stay near it, until told otherwise: the station gives the orders as the track moves.
    Follow {
        /// Which aircraft.
        vehicle: VehicleId,
        /// What; `None` ends it.
        track: Option<TrackId>,
        /// With what.
        by: FollowBy,
        /// Confirmed by press and hold; needed when the aircraft moves.
        held: bool,
    },
    /// Remember a place seen in a picture: it stays on the map and in the record.
    MarkPlace {
        /// In which stream.
        camera: CameraId,
        /// In the frame of this time, where known.
        captured: Option<Utc>,
        /// Where, and how well that is known.
        fix: GroundFix,
    },
    /// Take a remembered place off the map; the record keeps it.
    ForgetPlace {
        /// Its number.
        place: u32,
    },
    /// Keep the frame shown as a picture in the session's record.
    Snapshot {
        /// Of which stream.
        camera: CameraId,
        /// Which frame.
        pts: Pts,
        /// Its time, where known.
        captured: Option<Utc>,
    },
    /// A remark for the record.
    Note {
        /// Words.
        text: String,
        /// On which incident, if on one.
        incident: Option<IncidentId>,
    },
}

/// What the protocol shall bring about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum RequestBody {
    /// An order.
    Order(Order),
    /// Upload a list as a transaction with read-back.
    Upload {
        /// Which list.
        kind: MissionKind,
        /// Its items (without home).
        items: Vec<MissionItem>,
    },
    /// Read a list back.
    Download {
        /// Which list.
        kind: MissionKind,
    },
    /// Read all parameters.
    ReadParameters,
    /// Send by this link from now on, at once, as long as it carries the aircraft; `None` leaves
    /// the choice to the measured quality.
    UseLink(Option<LinkId>),
    /// Take or give back the right to command (REQUEST_OPERATOR_CONTROL).
    OperatorControl {
        /// Take it, else give it back.
        take: bool,
        /// Let others take over from us without asking.
        allow_takeover: bool,
    },
    /// List a directory on board.
    ListFiles {
        /// Its path.
        path: String,
    },
    /// Read a file on board.
    ReadFile {
        /// Its path.
        path: String,
    },
    /// List the flight logs on board.
    ListLogs,
    /// Read a flight log.
    ReadLog {
        /// Its number on board.
        id: u16,
    },
    /// Set one parameter; done when the aircraft reads back the same value.
    SetParameter {
        /// Its name, as the aircraft has it.
        name: String,
        /// Its value.
        value: f64,
    },
}

/// One request to one aircraft. Nothing is sent after `expires`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Its number; receipts name it.
    pub id: CommandId,
    /// The aircraft.
    pub vehicle: VehicleId,
    /// Hardware uid the order was given for; a different aircraft on the same system id is not
    /// commanded. Zero where the aircraft never told one.
    pub uid: u64,
    /// What.
    pub body: RequestBody,
    /// How it is repeated.
    pub retry: Retry,
    /// When it lapses.
    pub expires: Mono,
}

/// How a request ended on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommandOutcome {
    /// Accepted by the aircraft.
    Accepted,
    /// Still working, percent where told.
    InProgress(Option<u8>),
    /// Refused, with the aircraft's reason.
    Refused(String),
    /// No answer before the request lapsed: unknown, not failed.
    NoAnswer,
}

/// Where an order stands, as the console tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReceiptState {
    /// Sent, no answer yet.
    Sent,
    /// Accepted; telemetry has not shown it yet.
    Accepted,
    /// Telemetry shows it.
    Observed,
    /// Refused by the aircraft.
    Refused(String),
    /// No answer; what the aircraft does is not known.
    Unknown,
}

/// The record of one order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// Request number.
    pub id: CommandId,
    /// To whom.
    pub vehicle: VehicleId,
    /// What, as a sentence.
    pub what: String,
    /// Given by.
    pub by: OperatorId,
    /// Given at.
    pub at: Mono,
    /// Where it stands.
    pub state: ReceiptState,
    /// When that became so.
    pub since: Mono,
}

/// Why the station did not pass an intent on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    /// Role does not allow it.
    #[error("{who} is {has:?}; this needs {needs:?}")]
    Authority {
        /// Who.
        who: OperatorId,
        /// Their role.
        has: Authority,
        /// Role needed.
        needs: Authority,
    },
    /// Not confirmed by press and hold.
    #[error("{order} to {tail} needs press and hold to the end")]
    NotConfirmed {
        /// Order name.
        order: String,
        /// Tail number.
        tail: String,
    },
    /// No such thing.
    #[error("there is no {what}")]
    Missing {
        /// What was named.
        what: String,
    },
    /// The state does not allow it.
    #[error("{what}: {why}")]
    State {
        /// Order.
        what: String,
        /// Why not.
        why: String,
    },
}
