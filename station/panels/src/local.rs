//! What belongs to one console and to nobody else: selection, zoom, a half-held key.
//!
//! Invariant: losing all of it loses no fact and gives no order. It must not hold station data
//! beyond ids and derived geometry.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{Rect, TextureId};
use vedette_core::StationView;
use vedette_geo::LatLon;
use vedette_model::{AlertId, CameraId, IncidentId, OperatorId, Probes, Pts, SensorPose, Spectrum, Utc, VehicleId};

use crate::camera::MapCamera;
use crate::fly::orders::{Hold, OrderKind};
use crate::fly::shapes::Shapes;
use crate::fly::{CameraHand, Offers, Sending, Spot};
use crate::plan::{PlanDesk, PlanLocal};
use crate::relief::Relief;
use crate::train::Briefing;

/// Work places, in the order of their keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Workspace {
    /// Flight.
    #[default]
    Fly,
    /// Planning.
    Plan,
    /// Training.
    Train,
    /// Review.
    Review,
    /// Links, messages, parameters.
    Inspect,
}

impl Workspace {
    /// All with name and key.
    pub const ALL: [(Self, &'static str, &'static str, egui::Key); 5] = [
        (Self::Fly, "Fly", "F1", egui::Key::F1),
        (Self::Plan, "Plan", "F2", egui::Key::F2),
        (Self::Train, "Train", "F3", egui::Key::F3),
        (Self::Review, "Review", "F4", egui::Key::F4),
        (Self::Inspect, "Inspect", "F5", egui::Key::F5),
    ];
}

/// Answer in the making: why an alert is dismissed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dismissal {
    /// Which alert.
    pub alert: AlertId,
    /// Words so far.
    pub reason: String,
}

/// Everything local to one console.
#[derive(Debug, Clone)]
pub struct FlyLocal {
    /// Who sits here.
    pub operator: OperatorId,
    /// Work place shown.
    pub workspace: Workspace,
    /// Aircraft selected: orders go to it and to no other.
    pub selected: Option<VehicleId>,
    /// Stream on the main video panel.
    pub camera: Option<CameraId>,
    /// Sensor preferred when the aircraft changes.
    pub spectrum: Spectrum,
    /// Map camera.
    pub map: MapCamera,
    /// Camera and map size of the last fit; while the camera is still that one, a new size fits
    /// again.
    pub fitted: Option<(MapCamera, egui::Vec2)>,
    /// The map follows the selected aircraft.
    pub chase: bool,
    /// Where the map was drawn last, logical pixels; the shell renders it at this size.
    pub map_rect: Rect,
    /// A place marked on the map: target of go to, orbit and look here.
    pub pin: Option<LatLon>,
    /// Order on the hold bar.
    pub armed: OrderKind,
    /// Holding, since when.
    pub hold: Option<Hold>,
    /// Last order given here: aircraft, order, view time in microseconds.
    pub given: Option<(VehicleId, OrderKind, i64)>,
    /// A way to a place an aircraft is being sent by.
    pub sending: Option<Sending>,
    /// Calls for aircraft under way.
    pub offers: Offers,
    /// Alert in front.
    pub alert: Option<AlertId>,
    /// Dismissal in the making.
    pub dismiss: Option<Dismissal>,
    /// Note in the making.
    pub note: String,
    /// Incident whose sealing is being prepared, with its outcome.
    pub outcome: BTreeMap<IncidentId, String>,
    /// Red night room.
    pub night: bool,
    /// List of keys shown.
    pub help: bool,
    /// List of people shown: who takes this console.
    pub seat: bool,
    /// Timeline with all lanes; `None` leaves it to the window's size.
    pub timeline_open: Option<bool>,
    /// Words for the operator from the console itself (a full queue, a stale view).
    pub warning: Option<String>,
    /// How old the newest view is on the shell's clock, seconds.
    pub view_age_s: f64,
    /// What software rendering gave up, said in the top bar.
    pub graphics: Option<String>,
    /// Map pictures there are, told by the shell: what must be said with them.
    pub imagery: Option<String>,
    /// Map pictures are not wanted.
    pub plain_map: bool,
    /// Lines of the site in local metres, made once.
    pub shapes: Option<Arc<Shapes>>,
    /// The inspecting workspace.
    pub inspect: crate::inspect::InspectLocal,
    /// Question after the workload answered last, by its number.
    pub probe: Option<u32>,
    /// The brief being edited.
    pub plan: PlanLocal,
    /// The place pointed at in a picture.
    pub spot: Option<Spot>,
    /// Both sensors of the aircraft at once.
    pub pair: bool,
    /// Hand on the camera.
    pub hand: CameraHand,
}

impl FlyLocal {
    /// A fresh console of one operator.
    #[must_use]
    pub fn new(operator: OperatorId) -> Self {
        Self {
            operator,
            workspace: Workspace::Fly,
            selected: None,
            camera: None,
            spectrum: Spectrum::Thermal,
            map: MapCamera::default(),
            fitted: None,
            chase: false,
            map_rect: Rect::ZERO,
            pin: None,
            armed: OrderKind::Return,
            hold: None,
            given: None,
            sending: None,
            offers: Offers::default(),
            alert: None,
            dismiss: None,
            note: String::new(),
            outcome: BTreeMap::new(),
            night: false,
            help: false,
            seat: false,
            timeline_open: None,
            warning: None,
            view_age_s: 0.0,
            graphics: None,
            imagery: None,
            plain_map: false,
            shapes: None,
            inspect: crate::inspect::InspectLocal::default(),
            probe: None,
            plan: PlanLocal::default(),
            spot: None,
            pair: false,
            hand: CameraHand::default(),
        }
    }

    /// Selects an aircraft and its stream.
    pub fn select(&mut self, v: &StationView, id: VehicleId) {
        self.selected = Some(id);
        self.hold = None;
        let of = |s: Spectrum| {
            v.cameras
                .values()
                .find(|c| c.vehicle == id && c.spectrum == s)
                .map(|c| c.id)
        };
        self.camera = of(self.spectrum)
            .or_else(|| v.cameras.values().find(|c| c.vehicle == id).map(|c| c.id))
            .or(self.camera);
    }

    /// First sight of a view: something is always selected when there is something to select.
    pub fn settle(&mut self, v: &StationView) {
        if self.selected.is_none_or(|s| !v.vehicles.contains_key(&s)) {
            self.selected = None;
            if let Some(id) = v.vehicles.keys().next() {
                self.select(v, *id);
            }
        }
        if self.camera.is_none_or(|c| !v.cameras.contains_key(&c)) {
            self.camera = v.cameras.keys().next().copied();
        }
    }
}

/// The map picture the shell rendered, and the camera it was rendered with.
#[derive(Debug, Clone, Copy)]
pub struct MapPicture {
    /// Texture.
    pub texture: TextureId,
    /// Camera at that time.
    pub camera: MapCamera,
    /// Size on the screen at that time, logical pixels.
    pub size: egui::Vec2,
}

/// The newest picture of one stream.
#[derive(Debug, Clone)]
pub struct VideoPicture {
    /// Texture.
    pub texture: TextureId,
    /// Pixels.
    pub size: [u32; 2],
    /// Frame time, where known.
    pub captured: Option<Utc>,
    /// Frame stamp.
    pub pts: Pts,
    /// Pose of this frame, where known.
    pub pose: Option<Arc<SensorPose>>,
}

/// What the shell lends to the panels for one pass.
#[derive(Default)]
pub struct FlyFeeds<'a> {
    /// Rendered terrain, if any yet.
    pub map: Option<MapPicture>,
    /// Relief for draping and hit tests.
    pub relief: Option<&'a Relief>,
    /// Pictures by stream.
    pub video: BTreeMap<CameraId, VideoPicture>,
    /// Messages on the wire, where the shell has them.
    pub wire: Option<Arc<Vec<vedette_model::MessageRow>>>,
    /// File the flight's frames are logged to, where there is one.
    pub tlog: Option<Arc<str>>,
    /// Takes a frame apart.
    pub decode: Option<crate::feeds::Decode>,
    /// The exercise, while one runs, as the trainee may know it.
    pub briefing: Option<&'a Briefing>,
    /// When the trainee is asked after the workload.
    pub probes: Option<Probes>,
    /// The planning desk, where a planner works behind the console.
    pub desk: Option<&'a PlanDesk>,
}
