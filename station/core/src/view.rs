//! What anybody sees: plain data, derived, comparable byte for byte.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use vedette_geo::{AboveHome, Amsl, LatLon};
use vedette_model::plan::{LegKind, LinkLoss, PatrolPlan, Verdict};
use vedette_model::{
    Acceptance, Airframe, Alert, AlertId, Approval, CameraId, ClockMap, Contact, Difference, FlightMode, FollowBy,
    GnssFix, GroundFix, GroundTrack, Incident, IncidentId, Known, LandedState, LinkId, LinkReport, MissionItem,
    MissionKind, Mono, OperatorControl, OperatorId, ParameterTable, PictureAge, PlanId, PlanRule, Receipt,
    SecondSender, SensorPose, SessionId, Severity, SkyTrack, Spectrum, TrackId, Utc, VehicleId, VehicleIdentity,
};

use crate::coverage::CoverageView;
use crate::cues::CueView;
use crate::input::{OperatorSpec, SiteLines};

/// All of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StationView {
    /// Number of inputs handled.
    pub seq: u64,
    /// Station clock of the last input.
    pub now: Mono,
    /// UTC of the last input.
    pub utc: Utc,
    /// Session.
    pub session: SessionId,
    /// Station name.
    pub station: String,
    /// Name of the watch.
    pub watch: String,
    /// People.
    pub operators: Vec<OperatorSpec>,
    /// Site.
    pub site: Arc<SiteLines>,
    /// The brief on the table: the session's own until a changed one is proposed.
    pub brief: Arc<vedette_model::plan::Brief>,
    /// The watched section's own line, from its start.
    pub section: Arc<Vec<LatLon>>,
    /// Chainage of the section's start along the border, metres.
    pub section_from_m: f64,
    /// Chainage of its end, metres.
    pub section_to_m: f64,
    /// Aircraft.
    pub vehicles: BTreeMap<VehicleId, VehicleView>,
    /// Cameras.
    pub cameras: BTreeMap<CameraId, CameraView>,
    /// Tracks alive or named in an alert.
    pub tracks: BTreeMap<TrackId, TrackView>,
    /// Alerts, all of this session.
    pub alerts: BTreeMap<AlertId, Alert>,
    /// Incidents, all of this session.
    pub incidents: BTreeMap<IncidentId, Incident>,
    /// The detector network in the slot and what it was measured at, in one line; none where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detector: Option<String>,
    /// Sensors on the ground and what each told last, by name.
    #[serde(default)]
    pub cues: BTreeMap<String, CueView>,
    /// Plan on the table.
    pub plan: PlanState,
    /// How many people it takes to bring a plan to an aircraft.
    pub plan_rule: PlanRule,
    /// Orders given, oldest first, the last two hundred.
    pub receipts: Vec<Receipt>,
    /// Transports.
    pub links: BTreeMap<LinkId, LinkReport>,
    /// Age of the border's coverage.
    pub coverage: CoverageView,
    /// Words for the operator, oldest first, the last hundred.
    pub notices: Vec<Notice>,
    /// What the timeline shows, oldest first.
    pub events: Vec<TimelineEvent>,
    /// This station's system id on the wire.
    #[serde(default)]
    pub system: Option<u8>,
    /// Frames a second by link.
    #[serde(default)]
    pub link_pace: BTreeMap<LinkId, LinkPace>,
    /// Addresses a person keeps out.
    #[serde(default)]
    pub blocked: Vec<(LinkId, String)>,
    /// Places people remembered, oldest first, the last fifty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<PlaceMark>,
    /// Frames people kept, oldest first, the last two hundred.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<KeptPicture>,
}

/// A frame somebody kept as a picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptPicture {
    /// Of this stream.
    pub camera: CameraId,
    /// The frame, in the stream's time.
    pub pts: vedette_model::Pts,
    /// Its own time, where known.
    pub captured: Option<Utc>,
    /// File name, without path.
    pub name: String,
}

/// A place somebody saw in a picture and wants remembered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlaceMark {
    /// Its number, from 1.
    pub number: u32,
    /// Where, and how well that is known.
    pub fix: GroundFix,
    /// Seen in this stream.
    pub camera: CameraId,
    /// In the frame of this time, where known.
    pub captured: Option<Utc>,
    /// Remembered by.
    pub by: OperatorId,
    /// When.
    pub at: Mono,
}

/// What an aircraft follows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FollowView {
    /// What.
    pub track: TrackId,
    /// With what.
    pub by: FollowBy,
    /// Ordered by.
    pub operator: OperatorId,
    /// Since when.
    pub since: Mono,
    /// Where it was sent last, and when: the camera's aim or the aircraft's place.
    pub sent: Option<(Mono, LatLon)>,
    /// Why it waits where it is, in words: the place it would have to fly to is not legal.
    pub waits: Option<String>,
}

/// Frames a second of one link.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct LinkPace {
    /// When the counters came.
    pub at: Mono,
    /// Let in, a second.
    pub in_hz: f64,
    /// Sent, a second.
    pub out_hz: f64,
}

/// Quality of one way in one slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathSample {
    /// Percent, the worst of the slot; 255 nothing was told.
    #[serde(rename = "q")]
    pub quality: u8,
    /// Orders went this way.
    #[serde(rename = "a")]
    pub active: bool,
}

impl PathSample {
    /// Nothing was told.
    pub const NONE: Self = Self {
        quality: u8::MAX,
        active: false,
    };
    /// Percent, where told.
    #[must_use]
    pub fn percent(self) -> Option<u8> {
        (self.quality <= 100).then_some(self.quality)
    }
}

/// One way over time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathHistory {
    /// Link.
    pub link: LinkId,
    /// Address on it.
    pub peer: String,
    /// Slot of the first sample: station clock divided by [`LinkHistory::SAMPLE_S`].
    pub from: i64,
    /// One for each slot since.
    pub samples: Vec<PathSample>,
}

/// The ways to one aircraft over the last half hour.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LinkHistory {
    /// Ways, in the order they were first heard.
    pub paths: Vec<PathHistory>,
}

impl LinkHistory {
    /// One slot, seconds.
    pub const SAMPLE_S: i64 = 4;
    /// Slots kept: thirty minutes.
    pub const SAMPLES: usize = 450;
}

/// Orders took another way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkSwitch {
    /// When.
    pub at: Mono,
    /// From this link.
    pub from: LinkId,
    /// To this one.
    pub to: LinkId,
    /// How long the old one had been silent then, milliseconds.
    pub silence_ms: i64,
    /// A person chose it.
    pub by_hand: bool,
}

/// Parameters against their baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BaselineView {
    /// Name of the baseline.
    pub name: String,
    /// What differs, safety first.
    pub differences: Vec<Difference>,
    /// Who flies with the safety relevant ones, while they stay as they were then.
    pub accepted: Option<Acceptance>,
}

/// Plan on the table.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PlanState {
    /// Being computed.
    pub computing: bool,
    /// The plan.
    pub plan: Option<Arc<PatrolPlan>>,
    /// The checker's judgement.
    pub verdict: Option<Arc<Verdict>>,
    /// Who put it on the table, and when.
    pub proposed: Option<(OperatorId, Mono)>,
    /// Who approved it, and what was signed.
    pub approved: Option<Approval>,
    /// Why there is none.
    pub failed: Option<String>,
    /// Station clock at which the watch began (first patrol start observed); leg times count from
    /// it per aircraft, see [`VehicleView::patrol_began`].
    pub began: Option<Mono>,
}

/// What an open boat counts as, metres: the geometric mean of 0.6 m over the water and a length of 4.4 m,
/// seen from any side.
const BOAT_ACROSS_M: f64 = 1.6;

impl StationView {
    /// Narrow side of what may be at a place, metres: a boat's on charted water; `None` elsewhere,
    /// where the brief says what is looked for.
    #[must_use]
    pub fn across_m(&self, at: LatLon) -> Option<f64> {
        vedette_sight::on_water(&self.site.waters, at).then_some(BOAT_ACROSS_M)
    }

    /// Second of the plan's own clock that is now, by the first aircraft seen to begin its patrol;
    /// `None` before that.
    #[must_use]
    pub fn plan_second(&self) -> Option<f64> {
        let plan = self.plan.plan.as_ref()?;
        let begun = |v: &VehicleView| {
            let part = plan.aircraft.iter().find(|a| a.vehicle == v.id)?;
            let first = part.legs.iter().find(|l| l.kind == LegKind::Patrol)?;
            Some((v.patrol_began?, first.start_s))
        };
        let (at, start_s) = self.vehicles.values().filter_map(begun).min_by_key(|(at, _)| *at)?;
        Some(Mono(self.now.since(at)).seconds() + start_s)
    }
}

/// What the aircraft holds of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PlanOnAircraft {
    /// Nothing known.
    Unknown,
    /// Upload under way.
    Uploading,
    /// Read back and the same.
    Same,
    /// Read back and different: red badge.
    Differs,
}

/// Why a list on board may not be the one last read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListDoubt {
    /// What says so, in words.
    pub why: String,
    /// Since when.
    pub since: Mono,
    /// What was known of the plan on board before.
    pub before: PlanOnAircraft,
}

/// What an aircraft holds, as it was read back last; `None`: never read in this session.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct OnBoard {
    /// Flight plan.
    pub mission: Option<Arc<Vec<MissionItem>>>,
    /// Geofence.
    pub fence: Option<Arc<Vec<MissionItem>>>,
    /// Rally points.
    pub rally: Option<Arc<Vec<MissionItem>>>,
}

impl OnBoard {
    /// One of the lists.
    #[must_use]
    pub fn list(&self, kind: MissionKind) -> Option<&Arc<Vec<MissionItem>>> {
        match kind {
            MissionKind::Mission => self.mission.as_ref(),
            MissionKind::Fence => self.fence.as_ref(),
            MissionKind::Rally => self.rally.as_ref(),
        }
    }
}

/// Transfer progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferView {
    /// Which list.
    pub kind: MissionKind,
    /// Done.
    pub done: u16,
    /// Of.
    pub of: u16,
}

/// Leg flown now.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LegView {
    /// Number in the plan.
    pub index: usize,
    /// What for.
    pub kind: LegKind,
    /// Watched chainage at its ends, metres from the section's start.
    pub watches_m: Option<[f64; 2]>,
    /// On link loss.
    pub link_loss: LinkLoss,
}

/// One aircraft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VehicleView {
    /// Id.
    pub id: VehicleId,
    /// Tail number.
    pub tail: String,
    /// Name.
    pub name: String,
    /// Airframe, by the brief.
    pub airframe: Airframe,
    /// Identity, once told.
    pub identity: Option<VehicleIdentity>,
    /// Heard of lately (any accepted frame).
    pub alive: bool,
    /// Last time anything was heard.
    pub last_heard: Option<Mono>,
    /// A second sender uses its id: orders refused.
    pub duplicate: bool,
    /// Ways to it and how good they are.
    #[serde(default)]
    pub paths: Vec<vedette_model::PathReport>,
    /// The same over the last half hour.
    #[serde(default)]
    pub link_history: LinkHistory,
    /// Last changes of way, oldest first.
    #[serde(default)]
    pub switches: Vec<LinkSwitch>,
    /// Whether its frames are proven.
    #[serde(default)]
    pub signing: Option<vedette_model::SigningReport>,
    /// Who else claims to be it.
    #[serde(default)]
    pub second: Option<Known<SecondSender>>,
    /// Its clock against the station's.
    #[serde(default)]
    pub clock: Option<Known<ClockMap>>,
    /// The first such reading since its boot; what the clock drifts counts from it.
    #[serde(default)]
    pub clock_first: Option<Known<ClockMap>>,
    /// Its parameters against a baseline, once both are known.
    #[serde(default)]
    pub baseline: Option<BaselineView>,
    /// Why it must stay on the ground besides its own checks; empty: nothing.
    #[serde(default)]
    pub grounded: Vec<String>,
    /// Last order another station gave it: when, who, what.
    #[serde(default)]
    pub foreign_order: Option<Known<(u8, String)>>,
    /// Mode.
    pub mode: Option<Known<FlightMode>>,
    /// The autopilot's own name of the mode.
    pub mode_name: String,
    /// Armed.
    pub armed: Option<Known<bool>>,
    /// Position.
    pub at: Option<Known<LatLon>>,
    /// Height above the sea.
    pub amsl: Option<Known<Amsl>>,
    /// Height above home.
    pub above_home: Option<Known<AboveHome>>,
    /// Velocity north, east, down, metres per second.
    pub velocity_ned_m_s: Option<Known<[f64; 3]>>,
    /// Heading, degrees true.
    pub heading_deg: Option<Known<f64>>,
    /// Roll, pitch, yaw, degrees.
    pub attitude_deg: Option<Known<[f64; 3]>>,
    /// Air, ground, climb, metres per second.
    pub speeds_m_s: Option<Known<[f64; 3]>>,
    /// Battery, percent.
    pub battery_pct: Option<Known<f64>>,
    /// Pack voltage.
    pub volts: Option<Known<f64>>,
    /// Seconds until it has to turn for home to land with its reserve; `None` unknown.
    pub bingo_s: Option<f64>,
    /// Share of the battery that flying home now takes.
    pub home_share: Option<f64>,
    /// Satellite fix.
    pub gnss: Option<Known<GnssFix>>,
    /// Wind: from, degrees true, and speed.
    pub wind: Option<Known<(f64, f64)>>,
    /// Home.
    pub home: Option<(LatLon, Amsl)>,
    /// Ground or air.
    pub landed: Option<Known<LandedState>>,
    /// Gimbal roll, pitch, yaw in earth axes, degrees.
    pub gimbal_deg: Option<Known<[f64; 3]>>,
    /// How fast the gimbal turns, pitch and yaw in earth axes, degrees per second, from its last two words.
    #[serde(default)]
    pub gimbal_rate_deg_s: Option<Known<[f64; 2]>>,
    /// What its cameras do, by component.
    #[serde(default)]
    pub cameras: BTreeMap<u8, Known<vedette_model::CameraState>>,
    /// Number of the last picture kept on board.
    #[serde(default)]
    pub picture: Option<Known<u32>>,
    /// Ready to arm by its own judgement.
    pub ready: Option<Known<bool>>,
    /// Mission item flown, items on board.
    pub item: Option<Known<(u16, Option<u16>)>>,
    /// Leg of the plan flown.
    pub leg: Option<LegView>,
    /// Parameters read, announced.
    pub parameters: Option<(u16, u16)>,
    /// Their values, once all are read.
    pub parameter_table: ParameterTable,
    /// What its parts say of themselves, by component.
    #[serde(default)]
    pub parts: BTreeMap<u8, vedette_model::PartInfo>,
    /// What keeps it from arming, in its words.
    pub arming_checks: Vec<String>,
    /// Who may give it orders, where it says so.
    pub control: Option<OperatorControl>,
    /// Why its Remote ID keeps it on the ground.
    pub remote_id: Option<String>,
    /// Others in the air it heard, by source and number, not older than a minute.
    pub contacts: BTreeMap<String, Known<Contact>>,
    /// Plan on board.
    pub plan_on_board: PlanOnAircraft,
    /// What was read from it last, list by list.
    #[serde(default)]
    pub on_board: OnBoard,
    /// Plan id it was uploaded from.
    pub plan_id: Option<PlanId>,
    /// Lists on board that may not be what was last read of them.
    #[serde(default)]
    pub lists_in_doubt: BTreeMap<MissionKind, ListDoubt>,
    /// Transfer under way.
    pub transfer: Option<TransferView>,
    /// Patrol start observed.
    pub patrol_began: Option<Mono>,
    /// Places it was, at most one a second, the last 900.
    pub trail: Vec<LatLon>,
    /// Last status texts.
    pub texts: Vec<(Mono, Severity, String)>,
    /// Track in its custody (seen by its camera, named in an open alert).
    pub custody: Option<TrackId>,
    /// Video streams it offers, by number.
    #[serde(default)]
    pub streams: BTreeMap<u8, StreamOffer>,
    /// What it follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow: Option<FollowView>,
}

/// Distribution of picture ages, 20 ms classes up to 4 s, then one overflow class.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AgeHistogram {
    /// Counts.
    pub classes: Vec<u32>,
}

impl AgeHistogram {
    /// Counts one age.
    pub fn add(&mut self, age_ms: i64) {
        if self.classes.is_empty() {
            self.classes = vec![0; 201];
        }
        #[expect(clippy::cast_sign_loss, reason = "clamped to 0..=200")]
        let i = (age_ms / 20).clamp(0, 200) as usize;
        self.classes[i] += 1;
    }
    /// Adds the counts of another distribution.
    pub fn merge(&mut self, other: &Self) {
        if self.classes.is_empty() {
            self.classes.clone_from(&other.classes);
        } else {
            self.classes.iter_mut().zip(&other.classes).for_each(|(a, b)| *a += b);
        }
    }
    /// The age below which a share of pictures was, milliseconds (upper edge of its class).
    #[must_use]
    pub fn quantile_ms(&self, share: f64) -> Option<f64> {
        let total: u64 = self.classes.iter().map(|&c| u64::from(c)).sum();
        if total == 0 {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "counts"
        )]
        let want = ((total as f64) * share).ceil() as u64;
        let mut sum = 0;
        for (i, &c) in self.classes.iter().enumerate() {
            sum += u64::from(c);
            if sum >= want {
                #[expect(clippy::cast_precision_loss, reason = "201 classes")]
                return Some((i as f64 + 1.0) * 20.0);
            }
        }
        None
    }
}

/// A video stream as an aircraft offers it (VIDEO_STREAM_INFORMATION).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StreamOffer {
    /// Sensor.
    pub spectrum: Spectrum,
    /// Where it can be had.
    pub uri: String,
    /// Name given.
    pub name: String,
    /// Horizontal field of view, degrees, where told.
    pub hfov_deg: Option<f64>,
    /// Pixels across and down; 0 where not told.
    pub size: [u16; 2],
}

/// One camera.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CameraView {
    /// Id.
    pub id: CameraId,
    /// Carrier.
    pub vehicle: VehicleId,
    /// Sensor.
    pub spectrum: Spectrum,
    /// Last analysed frame's time.
    pub captured: Option<Utc>,
    /// Station clock when it came.
    pub received: Option<Mono>,
    /// Its age on arrival.
    pub age: Option<PictureAge>,
    /// Ages so far.
    pub ages: AgeHistogram,
    /// Pose at that frame.
    pub pose: Option<SensorPose>,
    /// Footprint on the ground.
    pub footprint: [Option<LatLon>; 4],
    /// Pixels per metre at the centre.
    pub px_per_m: Option<f64>,
    /// Registration health.
    pub registration: f64,
    /// Tracks in this frame.
    pub tracks: Vec<TrackId>,
    /// Decoded, analysed, dropped frames.
    pub frames: [u64; 3],
    /// Being recorded.
    pub recording: bool,
    /// Recorded: bytes, frames, transport packets lost.
    pub recorded: [u64; 3],
    /// Closed segments.
    pub segments: u32,
    /// Gaps noted.
    pub gaps: u32,
    /// Recording refused, why.
    pub refused: Option<String>,
    /// What the analysis leaves out to keep to its share of the processor; empty when nothing.
    #[serde(default)]
    pub left_out: String,
    /// Things followed against the sky in the last frame.
    #[serde(default)]
    pub sky: Vec<SkyTrack>,
    /// Free share of the disk and what that allows, once it is short.
    #[serde(default)]
    pub disk: Option<(f64, String)>,
}

/// One track with its past.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrackView {
    /// Last state.
    pub track: GroundTrack,
    /// Aircraft that holds it.
    pub vehicle: VehicleId,
    /// When the station last heard of it.
    pub heard: Mono,
    /// Where it was: frame time, place, half length and half width of its ellipse in metres, at
    /// most one a second, the last 600.
    pub trail: Vec<(Utc, LatLon, [f32; 2])>,
    /// Signed distance to the line, metres, home side positive.
    pub border_m: Option<f64>,
    /// Chainage from the section's start, metres.
    pub chainage_m: Option<f64>,
    /// Alert that names it.
    pub alert: Option<AlertId>,
    /// Number under which another aircraft holds the same object.
    #[serde(default)]
    pub same_as: Option<TrackId>,
}

/// Kinds of words for the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoticeKind {
    /// For information.
    Info,
    /// An intent was not passed on.
    Refused,
    /// Something needs attention.
    Warning,
}

/// Words for the operator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// When.
    pub at: Mono,
    /// Kind.
    pub kind: NoticeKind,
    /// Words.
    pub text: String,
}

/// What a timeline mark stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum EventKind {
    /// An aircraft began another leg kind or mode.
    Flight,
    /// A P1 alert.
    AlertP1,
    /// A P2 alert.
    AlertP2,
    /// A decision.
    Decision,
    /// An operator's act.
    Operator,
    /// A recording began, ended or has a gap.
    Record,
    /// Evidence.
    Evidence,
    /// Link lost or back.
    Link,
}

/// One mark of the timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimelineEvent {
    /// Station clock.
    pub at: Mono,
    /// UTC.
    pub utc: Utc,
    /// Kind.
    pub kind: EventKind,
    /// Aircraft, if of one.
    pub vehicle: Option<VehicleId>,
    /// Short words.
    pub text: String,
    /// Journal entry it came from.
    pub seq: u64,
}
