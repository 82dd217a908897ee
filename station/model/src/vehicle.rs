//! What an aircraft says of itself, in the station's words: autopilot families end here.

use serde::{Deserialize, Serialize};
use vedette_geo::{AboveHome, Amsl, LatLon};

use crate::{
    CommandId, CommandOutcome, Contact, FileEntry, LogOnBoard, MissionItem, MissionKind, OperatorControl,
    ParameterTable,
};

/// Autopilot family; it decides modes, limits and habits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// ArduPilot (MAV_AUTOPILOT 3).
    ArduPilot,
    /// PX4 (MAV_AUTOPILOT 12).
    Px4,
    /// Shown and monitored, not commanded beyond the common set.
    Other,
}

/// Kind of airframe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Airframe {
    /// Multirotor of any number of rotors.
    Copter,
    /// Fixed wing.
    Plane,
    /// Fixed wing with vertical take-off.
    Quadplane,
}

/// Who this is, beyond its system id: an order is bound to all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VehicleIdentity {
    /// MAVLink system id.
    pub system: u8,
    /// MAVLink component id of the autopilot.
    pub component: u8,
    /// Hardware uid of the autopilot, zero if it has none to tell.
    pub uid: u64,
    /// Autopilot family.
    pub family: Family,
    /// Airframe.
    pub airframe: Airframe,
    /// Firmware version as text.
    pub firmware: String,
}

/// Flight mode, common to families; the autopilot's own name travels beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum FlightMode {
    /// A person flies by stick.
    Manual,
    /// Accepts positions and take-off orders.
    Guided,
    /// Flies its stored mission.
    Auto,
    /// Holds position or circles.
    Hold,
    /// Returns to home or rally.
    Return,
    /// Lands where it is.
    Land,
    /// Takes off.
    TakeOff,
    /// A mode this station has no word for; its name is shown.
    Other,
}

/// Where the aircraft is between ground and air.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LandedState {
    /// On the ground.
    OnGround,
    /// Leaving it.
    TakingOff,
    /// In the air.
    InAir,
    /// Coming down.
    Landing,
}

/// Quality of the satellite fix.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GnssFix {
    /// MAVLink GPS_FIX_TYPE: 3 is a 3-D fix, 4 DGPS, 5 RTK float, 6 RTK fixed.
    pub fix_type: u8,
    /// Satellites used.
    pub satellites: u8,
    /// Horizontal accuracy (1 sigma), metres, where told.
    pub h_acc_m: Option<f64>,
    /// Vertical accuracy (1 sigma), metres, where told.
    pub v_acc_m: Option<f64>,
}

/// MAVLink severity of a status text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Severity {
    /// Emergency, alert, critical.
    Critical,
    /// Error.
    Error,
    /// Warning.
    Warning,
    /// Notice and below.
    Info,
}

/// A camera on board by its own word (CAMERA_CAPTURE_STATUS, CAMERA_SETTINGS).
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct CameraState {
    /// Its component.
    pub component: u8,
    /// Recording on board, if told.
    pub recording: Option<bool>,
    /// Zoom, percent of its range, if told.
    pub zoom_pct: Option<f64>,
    /// Pictures taken since it was formatted, if told.
    pub pictures: Option<u32>,
}

/// One thing an aircraft reported, already addressed and decoded. Numbers are finite: what a
/// vehicle marks as unknown arrives as `None` or not at all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Report {
    /// First heard, or its identity became better known.
    Identity(VehicleIdentity),
    /// Heartbeat.
    Heartbeat {
        /// Mode in common words.
        mode: FlightMode,
        /// The autopilot's own name or number of it.
        mode_name: String,
        /// Motors armed.
        armed: bool,
    },
    /// Position and velocity (GLOBAL_POSITION_INT).
    Position {
        /// Horizontal position.
        at: LatLon,
        /// Height above the sea.
        amsl: Amsl,
        /// Height above home.
        above_home: AboveHome,
        /// Velocity north, east, down, metres per second.
        velocity_ned_m_s: [f64; 3],
        /// Heading of the nose, degrees true.
        heading_deg: Option<f64>,
    },
    /// Attitude, degrees.
    Attitude {
        /// Right wing down positive.
        roll_deg: f64,
        /// Nose up positive.
        pitch_deg: f64,
        /// True, 0..360.
        yaw_deg: f64,
    },
    /// Speeds (VFR_HUD).
    Speeds {
        /// Through the air, metres per second.
        air_m_s: f64,
        /// Over ground, metres per second.
        ground_m_s: f64,
        /// Climb, metres per second.
        climb_m_s: f64,
    },
    /// Battery.
    Battery {
        /// Remaining, percent, where told.
        remaining_pct: Option<f64>,
        /// Pack voltage.
        volts: Option<f64>,
        /// Current.
        amps: Option<f64>,
        /// Consumed, watt hours, where told.
        consumed_wh: Option<f64>,
    },
    /// Satellite fix.
    Gnss(GnssFix),
    /// Wind estimate: direction it comes from, degrees true, and speed.
    Wind {
        /// Degrees true, coming from.
        from_deg: f64,
        /// Metres per second.
        speed_m_s: f64,
    },
    /// Where home is.
    Home {
        /// Position.
        at: LatLon,
        /// Height.
        amsl: Amsl,
    },
    /// On the ground or in the air.
    Landed(LandedState),
    /// Gimbal attitude in earth axes, degrees.
    Gimbal {
        /// Roll about the optical axis.
        roll_deg: f64,
        /// Negative looks down.
        pitch_deg: f64,
        /// True, 0..360.
        yaw_deg: f64,
    },
    /// What a camera on board does.
    Camera(CameraState),
    /// A picture was taken on board, or could not be.
    Picture {
        /// The camera's component.
        component: u8,
        /// Its number, as the camera counts.
        number: u32,
        /// It was kept.
        kept: bool,
        /// Where the camera was, if told.
        at: Option<LatLon>,
    },
    /// Mission progress.
    Mission {
        /// Item flown now.
        current: u16,
        /// Items on board, if told.
        total: Option<u16>,
        /// Item just reached, if this report says so.
        reached: Option<u16>,
    },
    /// Plan read back from the aircraft.
    PlanOnVehicle {
        /// Mission, fence or rally.
        kind: MissionKind,
        /// What it holds, in its own order (home left out).
        items: Vec<MissionItem>,
        /// The aircraft's own id of this list (`opaque_id`), where it gives one: another content has
        /// another id.
        #[serde(default)]
        id: Option<u32>,
    },
    /// The list on board may not be the one last read any more; it is being read again.
    PlanInDoubt {
        /// Mission, fence or rally.
        kind: MissionKind,
        /// What says so.
        why: String,
        /// The aircraft's own word or another station's deed says that it changed; else it was only
        /// out of sight.
        changed: bool,
    },
    /// The aircraft was away, and by its id the list on board is still the one last read.
    PlanStands {
        /// Mission, fence or rally.
        kind: MissionKind,
        /// Its id on board.
        id: u32,
    },
    /// Upload or download progress.
    Transfer {
        /// Mission, fence or rally.
        kind: MissionKind,
        /// Items done.
        done: u16,
        /// Items in all.
        of: u16,
    },
    /// Parameter list finished or grew.
    Parameters {
        /// Received.
        have: u16,
        /// Announced.
        of: u16,
    },
    /// Every parameter, once all are read and again when the list was read anew.
    ParameterTable(ParameterTable),
    /// One parameter changed, after the table was told.
    Parameter {
        /// Its name, at most 16 characters.
        name: String,
        /// Its value.
        value: f64,
    },
    /// What a directory on board holds.
    Files {
        /// Which directory.
        path: String,
        /// Its entries.
        entries: Vec<FileEntry>,
        /// Entries left out because their names cannot be trusted.
        refused: u32,
    },
    /// A file on board was read whole; its bytes go their own way.
    File {
        /// Its path on board, or `log 12`.
        path: String,
        /// Bytes read.
        bytes: u64,
        /// The aircraft's checksum agrees (false: it gives none).
        confirmed: bool,
    },
    /// What a part of it says of itself.
    Part(crate::PartInfo),
    /// Flight logs on board.
    Logs(Vec<LogOnBoard>),
    /// A flight log is being read.
    LogProgress {
        /// Which.
        id: u16,
        /// Bytes here.
        have: u64,
        /// Bytes announced.
        of: u64,
    },
    /// Health and arming checks.
    Health {
        /// Ready to arm by its own judgement.
        ready_to_arm: bool,
        /// MAV_SYS_STATUS_SENSOR bits present but unhealthy.
        unhealthy: u32,
    },
    /// What keeps it from arming, in words; empty: nothing.
    ArmingChecks(Vec<String>),
    /// Its own Remote ID transmitter: why it must not fly, `None` when all is well.
    RemoteId(Option<String>),
    /// Another one in the air near by.
    Contact(Contact),
    /// Who may give it orders.
    Control(OperatorControl),
    /// Status text, control characters replaced.
    Text {
        /// How bad.
        severity: Severity,
        /// What.
        text: String,
    },
    /// Clock offset from TIMESYNC or SYSTEM_TIME.
    Clock(crate::ClockMap),
    /// Where video of a sensor can be had (VIDEO_STREAM_INFORMATION).
    VideoStream {
        /// Stream number.
        stream: u8,
        /// Thermal or visible.
        thermal: bool,
        /// Where.
        uri: String,
        /// Name given.
        name: String,
        /// Horizontal field of view, degrees, where told.
        hfov_deg: Option<f64>,
        /// Pixels.
        width: u16,
        /// Pixels.
        height: u16,
    },
    /// How an order ended.
    CommandDone {
        /// Which order.
        id: CommandId,
        /// How.
        outcome: CommandOutcome,
    },
    /// Heartbeats stopped (false) or came back (true).
    Alive(bool),
    /// Another station or a second aircraft uses this system id: orders are refused.
    DuplicateId,
    /// Who else uses it, while it speaks, at most once a second.
    SecondSender(crate::SecondSender),
    /// The ways to it and how good they are, once a second and at every switch.
    Paths(Vec<crate::PathReport>),
    /// Whether its frames are proven; when it changes, at most once a second.
    Signing(crate::SigningReport),
    /// Another station gave it an order or changed its plan.
    ForeignOrder {
        /// The other station's system id.
        station: u8,
        /// What it sent, by its name on the wire.
        what: String,
    },
}
