//! All that can wake the station, in one list; and all it can ask of its shells.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use vedette_geo::{Geoid, LatLon};
use vedette_model::plan::{Brief, NoFly, PatrolPlan, Verdict};
use vedette_model::{
    ApprovalSignature, Authority, Baseline, CameraId, EvidenceId, IncidentId, Intent, LinkReport, Mono, OperatorId,
    PlanId, PlanRule, RecorderReport, Report, Request, SessionId, Spectrum, Utc, VehicleId, VisionReport,
};

/// A person who may use the station.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OperatorSpec {
    /// Id in every record.
    pub id: OperatorId,
    /// Name and duty, as shown.
    pub name: String,
    /// What they may do.
    pub authority: Authority,
}

/// Lines and places of the site that rules and panels need; terrain stays outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SiteLines {
    /// Name of the watched border line.
    pub border_name: String,
    /// The watched line, WGS 84, in chainage order.
    pub border: Vec<LatLon>,
    /// Home lies to the left when walking the line.
    pub home_left: bool,
    /// One sigma of the line's position, metres.
    pub accuracy_m: f64,
    /// Edition and source, for reports.
    pub edition: String,
    /// Name of the home side.
    pub home_name: String,
    /// Name of the other side.
    pub foreign_name: String,
    /// Ground height at each vertex of `border`, metres above the sea; -32768 where unknown,
    /// empty where nothing is known.
    #[serde(default)]
    pub border_amsl_m: Vec<f32>,
    /// Other lines to draw.
    pub context: Vec<Vec<LatLon>>,
    /// No-fly zones of the site.
    pub no_fly: Vec<NoFly>,
    /// Legal crossing points: name, place, radius in metres.
    pub crossings: Vec<(String, LatLon, f64)>,
    /// Geoid used.
    pub geoid: Geoid,
    /// Terrain label; starts with "synthetic" when it is not real.
    pub terrain: String,
    /// True when the relief is invented.
    pub terrain_synthetic: bool,
    /// Hash of the whole site, hexadecimal.
    pub hash: String,
    /// Roads, tracks and paths near the line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ways: Vec<SiteWay>,
    /// One sigma of the terrain's heights, metres, where its source says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terrain_sigma_m: Option<f64>,
    /// Waters, each as its closed rings: outline and islands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waters: Vec<Vec<Vec<LatLon>>>,
}

/// A road, track or path of the site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SiteWay {
    /// Name or number; empty where it has neither.
    pub name: String,
    /// What it is for.
    pub kind: vedette_atlas::WayKind,
    /// Its line.
    pub line: Vec<LatLon>,
}

/// Ways farther than this from the watched line are left out of a session's setup, metres.
const WAY_NEAR_M: f64 = 6000.0;
/// Points of ways kept in a session's setup; the ways nearest to the line come first.
const WAY_POINTS: usize = 20_000;

/// The world's ways near its border, nearest first, as many as the setup has room for.
fn ways(world: &vedette_atlas::World) -> Vec<SiteWay> {
    let mut near: Vec<(f64, &vedette_atlas::Way)> = world
        .chart
        .ways
        .iter()
        .filter(|w| w.line.len() > 1)
        .filter_map(|w| {
            // Every eighth point and the ends say how near a way comes.
            let some = w.line.iter().step_by(8).chain(w.line.last());
            let off = some.map(|p| world.border.beside(*p).1.abs()).fold(f64::MAX, f64::min);
            (off < WAY_NEAR_M).then_some((off, w))
        })
        .collect();
    near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.id.cmp(&b.1.id)));
    let mut room = WAY_POINTS;
    near.into_iter()
        .take_while(|(_, w)| {
            let fits = w.line.len() <= room;
            room = room.saturating_sub(w.line.len());
            fits
        })
        .map(|(_, w)| SiteWay {
            name: w.name.clone(),
            kind: w.kind,
            line: w.line.clone(),
        })
        .collect()
}

impl SiteLines {
    /// The lines of a loaded world.
    #[must_use]
    pub fn of(world: &vedette_atlas::World) -> Self {
        let no_fly = world
            .no_fly()
            .map(|z| {
                let (polygon, centre, radius_m) = match &z.shape {
                    vedette_atlas::Shape::Polygon(p) => (p.clone(), None, 0.0),
                    vedette_atlas::Shape::Disc { centre, radius_m } => (Vec::new(), Some(*centre), *radius_m),
                };
                NoFly {
                    name: z.name.clone(),
                    polygon,
                    centre,
                    radius_m,
                    floor: z.floor,
                    ceiling: z.ceiling,
                    more: Default::default(),
                }
            })
            .collect();
        let source = world.terrain.source();
        Self {
            border_name: world.border.name.clone(),
            border: world.border.line.clone(),
            border_amsl_m: heights(world),
            home_left: world.border.home_left,
            accuracy_m: world.border.accuracy_m,
            edition: format!("{}, {}", world.border.edition, world.border.source),
            home_name: world.border.home.clone(),
            foreign_name: String::new(),
            context: world.context.iter().map(|b| b.line.clone()).collect(),
            no_fly,
            crossings: world
                .crossings
                .iter()
                .map(|c| (c.name.clone(), c.at, c.radius_m))
                .collect(),
            geoid: world.geoid.clone(),
            terrain: source.label.clone(),
            terrain_synthetic: source.synthetic,
            hash: world.site_hash(),
            ways: ways(world),
            terrain_sigma_m: Some(source.sigma_m),
            waters: world.chart.waters.iter().map(|w| w.rings.clone()).collect(),
        }
    }

    /// Whether the watched line is a shore: charted water lies beyond it at a quarter, a half and three
    /// quarters of its length.
    #[must_use]
    pub fn is_shore(&self) -> bool {
        const OUT_M: f64 = 150.0;
        let n = self.border.len();
        n > 1
            && [1, 2, 3].into_iter().all(|k| {
                let i = (n * k / 4).min(n - 2);
                let (a, b) = (self.border[i], self.border[i + 1]);
                let out = vedette_geo::azimuth_deg(a, b) + if self.home_left { 90.0 } else { -90.0 };
                vedette_sight::on_water(&self.waters, vedette_geo::destination(a, out, OUT_M))
            })
    }

    /// What the rules ask about the country around: its waters and lawful landing places.
    #[must_use]
    pub fn surroundings(&self) -> vedette_sight::Surroundings {
        vedette_sight::Surroundings {
            waters: self.waters.clone(),
            landings: self
                .crossings
                .iter()
                .map(|(_, at, radius_m)| (*at, *radius_m))
                .collect(),
        }
    }
}

/// Ground heights along a loaded world's border; a void is written as a height no ground has, since
/// JSON has no number for it.
fn heights(world: &vedette_atlas::World) -> Vec<f32> {
    let all = world.border.line.iter();
    all.map(|p| world.terrain.elevation(*p).map_or(NO_HEIGHT, |h| h.0 as f32))
        .collect()
}

/// Stands for a height that is not known.
pub(crate) const NO_HEIGHT: f32 = -32_768.0;

/// One camera the station expects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CameraSpec {
    /// Stream.
    pub camera: CameraId,
    /// Carrier.
    pub vehicle: VehicleId,
    /// Sensor.
    pub spectrum: Spectrum,
}

/// What a session starts with: the journal's first entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// Session.
    pub session: SessionId,
    /// Station name.
    pub station: String,
    /// Software name and version.
    pub software: String,
    /// People.
    pub operators: Vec<OperatorSpec>,
    /// Brief of the watch.
    pub brief: Brief,
    /// Site.
    pub site: SiteLines,
    /// Cameras.
    pub cameras: Vec<CameraSpec>,
    /// Thresholds of the behaviour rules.
    pub policy: vedette_sight::Policy,
    /// Seed of everything random in this session.
    pub seed: u64,
    /// This station's system id on the wire, where it flies aircraft: theirs must name it.
    #[serde(default)]
    pub system: Option<u8>,
    /// Parameters each aircraft shall have: the baseline's name and its values.
    #[serde(default)]
    pub baselines: BTreeMap<VehicleId, (String, Arc<Baseline>)>,
    /// How many people it takes to bring a plan to an aircraft.
    #[serde(default = "PlanRule::unstated")]
    pub plan_rule: PlanRule,
    /// The detector network of others that looks at the thermal cameras beside the station's own, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detector: Option<DetectorSpec>,
}

/// A detector network in the slot, by its card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetectorSpec {
    /// Name and version.
    pub name: String,
    /// SHA-256 of its file, lower-case hexadecimal.
    pub sha256: String,
    /// Which it is and what it was measured at, in one line for the operator.
    pub line: String,
}

/// Where a text is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folder {
    /// Beside the session's journal.
    Session,
    /// Among the aircraft's baselines, read at the next start.
    Baselines,
}

/// What the operator was looking at when an intent was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ViewStamp {
    /// Sequence number of the view on screen.
    pub seq: u64,
    /// Alert in front, if any.
    pub alert: Option<vedette_model::AlertId>,
    /// Camera on the main video panel, if any.
    pub camera: Option<CameraId>,
}

/// All that can wake the station.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Input {
    /// Time passed; deadlines are looked at.
    Tick,
    /// An aircraft said something.
    Vehicle {
        /// Which.
        vehicle: VehicleId,
        /// When it was true.
        captured: Mono,
        /// What.
        report: Report,
    },
    /// A transport's counters.
    Link(LinkReport),
    /// A person wants something.
    Operator {
        /// Who.
        operator: OperatorId,
        /// What.
        intent: Intent,
        /// What they saw.
        shown: ViewStamp,
    },
    /// The vision task analysed a frame.
    Vision(Box<VisionReport>),
    /// A sensor on the ground told something.
    Cue(vedette_model::Cue),
    /// A recorder reports.
    Recorder(RecorderReport),
    /// The planner and the checker answered.
    Planned {
        /// The plan.
        plan: Box<PatrolPlan>,
        /// The checker's judgement of it.
        verdict: Box<Verdict>,
    },
    /// There is no plan, and why.
    PlanFailed {
        /// Reason and nearest relaxation.
        why: String,
    },
    /// The station's key signed an approval.
    ApprovalSigned {
        /// Of which plan.
        plan: PlanId,
        /// The signature.
        signature: ApprovalSignature,
    },
    /// An evidence bundle is sealed.
    Preserved {
        /// For which incident.
        incident: IncidentId,
        /// Bundle.
        evidence: EvidenceId,
        /// SHA-256 of its manifest, hexadecimal.
        manifest_sha256: String,
    },
    /// An evidence bundle could not be sealed.
    PreserveFailed {
        /// For which incident.
        incident: IncidentId,
        /// Why.
        why: String,
    },
}

/// One journal entry: an input and when it was taken. Its number is its place in the journal,
/// from 1; the setup is number 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Station clock.
    pub mono: Mono,
    /// UTC.
    pub utc: Utc,
    /// What.
    pub input: Input,
}

/// What to preserve for an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvidenceRequest {
    /// Incident.
    pub incident: IncidentId,
    /// From this frame time.
    pub from: Utc,
    /// To this one.
    pub to: Utc,
    /// Cameras whose recordings belong to it.
    pub cameras: Vec<CameraId>,
    /// Asked for by.
    pub by: OperatorId,
    /// Coded outcome.
    pub outcome: String,
}

/// All the station can ask of its shells.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Send this to one aircraft.
    Request(Request),
    /// Plan and check; answer with `Input::Planned` or `Input::PlanFailed`.
    Plan {
        /// Brief.
        brief: Box<Brief>,
        /// Plan it replaces.
        parent: Option<PlanId>,
        /// Seed.
        seed: u64,
    },
    /// Plan what is left of a watch after a change; answer as to `Effect::Plan`.
    Replan {
        /// The plan in force.
        plan: Arc<PatrolPlan>,
        /// What happened.
        change: vedette_model::Change,
        /// Second of that plan.
        at_s: f64,
        /// Seed.
        seed: u64,
    },
    /// Sign an approval's text with the station's key; answer with `Input::ApprovalSigned`.
    SignApproval {
        /// Of which plan.
        plan: PlanId,
        /// The text, UTF-8.
        statement: String,
    },
    /// Upload one aircraft's part of a valid plan: mission, fence and rally. The shell holds the
    /// `ValidPlan`; without one it cannot.
    Upload {
        /// Aircraft.
        vehicle: VehicleId,
        /// Hardware uid the upload is bound to.
        uid: u64,
        /// Plan.
        plan: PlanId,
        /// Request numbers for mission, fence, rally.
        ids: [vedette_model::CommandId; 3],
        /// Lapses at.
        expires: Mono,
    },
    /// An aircraft offers a stream: open it for this camera unless another source was configured.
    OpenStream {
        /// Camera it is for.
        camera: CameraId,
        /// Address as offered.
        uri: String,
    },
    /// Seal evidence.
    Preserve(EvidenceRequest),
    /// Keep a text as a file.
    Keep {
        /// Where.
        folder: Folder,
        /// File name, without path.
        name: String,
        /// Content.
        text: String,
    },
    /// Keep a frame of a stream as a picture.
    Snapshot {
        /// Which stream.
        camera: CameraId,
        /// The frame that was on the screen when it was asked for.
        pts: vedette_model::Pts,
        /// Its own time, where known.
        captured: Option<Utc>,
        /// File name, without path.
        name: String,
    },
    /// Take nothing from an address any more, or again.
    Block {
        /// Link.
        link: vedette_model::LinkId,
        /// Address on it.
        peer: String,
        /// Block, else let in.
        blocked: bool,
    },
}
