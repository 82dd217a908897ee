//! What planner and checker share: the brief a person writes and the plan that leaves no choice
//! open. Plain data; neither side's geometry lives here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vedette_geo::{AboveHome, Amsl, LatLon};

use crate::{
    Airframe, Antenna, Base, Family, MissionItem, PlanId, Sizing, Spectrum, TargetClass, Timetable, VehicleId,
};

/// A patrol brief: border section, fleet, revisit time and limits. Written as TOML.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Brief {
    /// Name of the watch.
    pub name: String,
    /// What to watch.
    pub section: Section,
    /// What is asked of the watch.
    pub requirement: Requirement,
    /// Legal and safety limits.
    pub limits: Limits,
    /// Wind the plan must stand, uniform over the section; with layers, that at and below the lowest is the lowest layer's
    /// and this one is not used.
    pub wind: WindBrief,
    /// Wind by height; none: `wind` at every height. Between layers it is mixed by height, east and north apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wind_layers: Vec<WindLayer>,
    /// Stretches of the section that have a name, for `requirement.intervals`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<NamedSection>,
    /// Aircraft.
    pub fleet: Vec<Aircraft>,
    /// No-fly zones given in the brief itself, besides those of the site.
    #[serde(default)]
    pub no_fly: Vec<NoFly>,
    /// Bases that serve several aircraft. With bases the watch is planned as stations relieved in
    /// turn; without, every aircraft flies once from its own base.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bases: Vec<Base>,
    /// Ground antennas of the command link; none: 5 m masts at the bases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub antennas: Vec<Antenna>,
}

/// A part of a border line, by chainage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Name of the border line in the site.
    pub border: String,
    /// Start, kilometres along the line.
    pub from_km: f64,
    /// End, kilometres along the line.
    pub to_km: f64,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Longest time any metre of the section may go unseen, seconds.
    pub revisit_s: f64,
    /// What has to be seen.
    pub target: TargetClass,
    /// Pixels across the target's width that the camera must put on it (Johnson: 2 detect,
    /// 8 recognise, 13 identify).
    pub pixels_on_target: f64,
    /// How long the watch lasts, seconds.
    pub duration_s: f64,
    /// Stretches of which more, or something else, is asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub intervals: Vec<Interval>,
}

/// A stretch of the border line with a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedSection {
    /// Name, as people call it.
    pub name: String,
    /// Start, kilometres along the border line, as in [`Section`].
    pub from_km: f64,
    /// End, kilometres along the border line.
    pub to_km: f64,
}

fn one() -> u8 {
    1
}

fn is_one(p: &u8) -> bool {
    *p == 1
}

/// What is asked of one stretch, besides what is asked of all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// Name: without kilometres, that of one of the brief's `sections`.
    pub name: String,
    /// Start, kilometres along the border line, as in [`Section`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_km: Option<f64>,
    /// End, kilometres along the border line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_km: Option<f64>,
    /// Longest time any metre of it may go unseen, seconds; absent: as everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revisit_s: Option<f64>,
    /// Hours after the watch begins within which all this is asked, as from and to; none: always.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows_h: Vec<[f64; 2]>,
    /// Least chance that a crossing at a random moment is seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detection: Option<Chance>,
    /// Least chance that a crossing is met when the crosser watches the patrol, knows how it is drawn, and picks his moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unpredictable: Option<Chance>,
    /// Where the fleet does not suffice, an interval of priority p overruns its revisit by a p-th of what one of priority 1
    /// does; refusals name the highest first.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub priority: u8,
}

impl Interval {
    /// The stretch on the border line, kilometres from and to: its own, or that of the section it names. `None` when the
    /// brief has neither.
    #[must_use]
    pub fn km(&self, sections: &[NamedSection]) -> Option<(f64, f64)> {
        match (self.from_km, self.to_km) {
            (Some(a), Some(b)) => Some((a, b)),
            (None, None) => sections
                .iter()
                .find(|s| s.name == self.name)
                .map(|s| (s.from_km, s.to_km)),
            _ => None,
        }
    }
}

/// A chance that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chance {
    /// Least chance, 0..1.
    pub least: f64,
    /// How long a crosser is to be seen at one place of the line, seconds.
    pub crossing_s: f64,
}

/// Legal and safety limits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// No aircraft closer than this to the line, metres, on the home side.
    pub stand_off_m: f64,
    /// One sigma of aircraft navigation, metres; three of them are added to the stand-off.
    pub nav_sigma_m: f64,
    /// Lowest height above ground anywhere but at take-off and landing, metres.
    pub min_agl_m: f64,
    /// Highest height above ground, metres.
    pub max_agl_m: f64,
    /// Least distance between two aircraft in the air, metres, horizontally unless vertically apart.
    pub separation_h_m: f64,
    /// Least vertical distance that replaces the horizontal one, metres.
    pub separation_v_m: f64,
}

/// Wind to plan for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindBrief {
    /// Direction it comes from, degrees true.
    pub from_deg: f64,
    /// Mean speed, metres per second.
    pub speed_m_s: f64,
    /// Gusts above the mean, metres per second.
    pub gust_m_s: f64,
}

/// Wind at one height.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindLayer {
    /// Height, metres above the sea.
    pub amsl_m: f64,
    /// Direction it comes from, degrees true.
    pub from_deg: f64,
    /// Mean speed, metres per second.
    pub speed_m_s: f64,
    /// Gusts above the mean, metres per second.
    pub gust_m_s: f64,
}

/// One aircraft of the fleet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aircraft {
    /// MAVLink system id; the station's vehicle id.
    pub vehicle: VehicleId,
    /// Tail number, as on the map.
    pub tail: String,
    /// Name, as crews call it.
    pub name: String,
    /// Airframe.
    pub airframe: Airframe,
    /// Autopilot family.
    pub family: Family,
    /// Where it starts and lands.
    pub base: LatLon,
    /// Flight envelope.
    pub envelope: Envelope,
    /// Energy.
    pub energy: Energy,
    /// Camera.
    pub camera: Camera,
}

/// Flight envelope.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// Airspeed on patrol, metres per second.
    pub cruise_m_s: f64,
    /// Least airspeed (0 for a multirotor), metres per second.
    pub min_m_s: f64,
    /// Most, metres per second.
    pub max_m_s: f64,
    /// Climb rate, metres per second.
    pub climb_m_s: f64,
    /// Descent rate, metres per second.
    pub descent_m_s: f64,
    /// Bank limit in turns, degrees (fixed wing); a multirotor turns on the spot.
    pub max_bank_deg: f64,
}

/// Energy, as a straight model: power by phase.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Energy {
    /// Usable battery, watt hours.
    pub battery_wh: f64,
    /// Power in level cruise, watts.
    pub cruise_w: f64,
    /// Power in the hover (multirotor) or on the circle, watts.
    pub hover_w: f64,
    /// All-up mass, kilograms; climbing costs its weight times height over `climb_efficiency`.
    pub mass_kg: f64,
    /// Share of electric power that lifts, 0..1.
    pub climb_efficiency: f64,
    /// One sigma of the power model, share.
    pub sigma_share: f64,
    /// Share of the battery that must be left on landing.
    pub reserve_share: f64,
}

/// Camera of an aircraft.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Camera {
    /// Spectrum planned for.
    pub spectrum: Spectrum,
    /// Horizontal field of view, degrees.
    pub hfov_deg: f64,
    /// Pixels across.
    pub width_px: u32,
    /// Pixels down.
    pub height_px: u32,
    /// Steepest and shallowest depression of the gimbal, degrees below the horizon.
    pub max_depression_deg: f64,
    /// Shallowest.
    pub min_depression_deg: f64,
}

/// A no-fly volume over a polygon or a disc.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoFly {
    /// Name, as on the map.
    pub name: String,
    /// Corners of the polygon, or empty for a disc.
    #[serde(default)]
    pub polygon: Vec<LatLon>,
    /// Centre of a disc.
    #[serde(default)]
    pub centre: Option<LatLon>,
    /// Radius of a disc, metres.
    #[serde(default)]
    pub radius_m: f64,
    /// Lower limit; absent: from the ground.
    #[serde(default)]
    pub floor: Option<Amsl>,
    /// Upper limit; absent: unlimited.
    #[serde(default)]
    pub ceiling: Option<Amsl>,
    /// Everything else the file it comes from says of it, by its name there; nothing is made of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub more: BTreeMap<String, String>,
}

/// What a leg is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LegKind {
    /// Straight up from the base (multirotor) or climb-out (fixed wing).
    TakeOff,
    /// From base to the patrol track, not watching.
    Transit,
    /// Along the border, watching.
    Patrol,
    /// A turn at the end of a pass; watching where the camera still reaches.
    Turn,
    /// Waiting in a circle or hover.
    Loiter,
    /// Back to the base.
    Return,
    /// Down to the ground.
    Land,
}

/// What the aircraft does when the link dies on this leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkLoss {
    /// Goes on with the mission.
    Continue,
    /// Returns by the checked return path.
    Return,
    /// Lands here.
    Land,
}

/// One straight timed leg. Leg n+1 starts where and when leg n ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Leg {
    /// What for.
    pub kind: LegKind,
    /// Start.
    pub from: LatLon,
    /// Start height.
    pub from_amsl: Amsl,
    /// End.
    pub to: LatLon,
    /// End height.
    pub to_amsl: Amsl,
    /// Seconds after the watch begins.
    pub start_s: f64,
    /// Seconds after the watch begins.
    pub end_s: f64,
    /// Ground speed, metres per second.
    pub ground_m_s: f64,
    /// Airspeed flown, metres per second.
    pub air_m_s: f64,
    /// Chainage watched at the leg's start and end, metres from the section's start; patrol legs
    /// and turns that watch.
    pub watches_m: Option<[f64; 2]>,
    /// Half length of border in the picture on either side of the aimed chainage, metres.
    pub watch_half_m: f64,
    /// Where the camera looks at the leg's start and end.
    pub aim: Option<[LatLon; 2]>,
    /// On link loss.
    pub link_loss: LinkLoss,
    /// Energy used from take-off to the leg's end, watt hours, mean model.
    pub energy_wh: f64,
}

fn first(sortie: &u32) -> bool {
    *sortie == 0
}

/// The part of one aircraft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AircraftPlan {
    /// Which (tail and limits are in the brief's fleet).
    pub vehicle: VehicleId,
    /// Number of its flight in this plan, from 0; an aircraft with several flights has a part each.
    #[serde(default, skip_serializing_if = "first")]
    pub sortie: u32,
    /// Where it lands, when not at home.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lands_at: Option<LatLon>,
    /// Home, where it takes off.
    pub home: LatLon,
    /// Ground height there.
    pub home_amsl: Amsl,
    /// Height to take off to.
    pub take_off: AboveHome,
    /// All legs, in order, until it stands again.
    pub legs: Vec<Leg>,
    /// Height at which it returns from anywhere.
    pub return_amsl: Amsl,
    /// Path home from the patrol track: flown on return and on loss of link, end is home.
    pub return_path: Vec<LatLon>,
    /// Further paths home, for tracks on both sides of the base: from anywhere the one with the
    /// nearest corner is flown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub return_branches: Vec<Vec<LatLon>>,
    /// Rally points, inside legal space.
    pub rally: Vec<(LatLon, Amsl)>,
    /// Inclusion fence: legal space around track, base and return, simplified inwards.
    pub fence: Vec<LatLon>,
    /// Mission items in the autopilot's dialect (home left out).
    pub items: Vec<MissionItem>,
    /// Fence items.
    pub fence_items: Vec<MissionItem>,
    /// Rally items.
    pub rally_items: Vec<MissionItem>,
}

/// What the planner promises; the checker measures it anew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Promise {
    /// Longest time any metre goes unseen once the patrol has begun, seconds.
    pub revisit_s: f64,
    /// No schedule of this fleet can do better, seconds (Czyzowicz et al. 2011: L/Σv; with
    /// footprint).
    pub lower_bound_s: f64,
    /// Where that bound comes from, in words.
    pub bound_source: String,
    /// From when on the promise holds, seconds after the watch begins.
    pub from_s: f64,
    /// Until when.
    pub until_s: f64,
}

/// What the planner promises of one interval of the requirement; the checker measures it anew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IntervalPromise {
    /// Name of the interval.
    pub name: String,
    /// Start, metres from the section's start.
    pub from_m: f64,
    /// End.
    pub to_m: f64,
    /// Longest time any metre of it that can be seen goes unseen within its hours, seconds; 0 when its hours and those of the
    /// promise do not meet.
    pub revisit_s: f64,
    /// Least chance over its places that a crossing at a random moment of its hours is seen; when one is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detection: Option<f64>,
    /// Least chance that an informed crossing is met; when one is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub informed: Option<f64>,
}

/// How the patrol of an aircraft over its stretch was drawn. The stretch is cut into `steps` equal segments; after each the
/// aircraft goes on with chance `go_on`, else it turns; at the ends it turns, and where an end would otherwise go unseen for
/// more than `cap` steps it heads there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DrawnPatrol {
    /// Whose.
    pub vehicle: VehicleId,
    /// Seed drawn from, for the audit.
    pub seed: u64,
    /// Segments of the stretch.
    pub steps: usize,
    /// Seconds of one step, the slowest.
    pub step_s: f64,
    /// Chance of going on.
    pub go_on: f64,
    /// Hard cap on the revisit of either end, steps.
    pub cap: usize,
    /// Steps in which a crossing must be met.
    pub within: usize,
    /// Least chance of that over all places of the stretch and all states of the patrol, known to the crosser. Exact.
    pub informed: f64,
    /// The same for a patrol that turns at the ends only.
    pub without: f64,
    /// Entropy of a step, bits.
    pub entropy_bits: f64,
}

/// A plan: immutable, versioned, complete. No choice is left to execution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PatrolPlan {
    /// Form of this record.
    pub schema: u32,
    /// Content hash (see `vedette_planner::plan_id`).
    pub id: PlanId,
    /// Plan it replaces.
    pub parent: Option<PlanId>,
    /// What it answers.
    pub brief: Brief,
    /// Hash and edition of the site (border, zones, terrain) it was made for.
    pub site: String,
    /// Terrain it was made for, as shown on map and report ("SRTM 3″ N42E001" or "synthetic …").
    pub terrain: String,
    /// Length of the section, metres.
    pub section_m: f64,
    /// Every aircraft's part.
    pub aircraft: Vec<AircraftPlan>,
    /// What it promises.
    pub promise: Promise,
    /// Share of the section with too few pixels on target or out of sight, with reasons.
    pub blind: Vec<BlindSpot>,
    /// Stations, reliefs and bases of a long watch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timetable: Option<Timetable>,
    /// What the fleet can do at best, and what the asked revisit takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sizing: Option<Sizing>,
    /// What is promised of every interval of the requirement, in the brief's order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub intervals: Vec<IntervalPromise>,
    /// How patrols that an observer cannot predict were drawn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drawn: Vec<DrawnPatrol>,
}

/// A stretch that is not watched well enough.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BlindSpot {
    /// From, metres from the section's start.
    pub from_m: f64,
    /// To.
    pub to_m: f64,
    /// Why: hidden by terrain, too few pixels, out of the gimbal's reach.
    pub why: String,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FindingSeverity {
    /// The plan may not fly.
    Refused,
    /// It may; a person should know.
    Note,
}

/// One thing the checker found, with where and when, so that the map can fly there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// How bad.
    pub severity: FindingSeverity,
    /// Check that found it, by its file's name (`stand_off`, `clearance`, `energy`, …).
    pub check: String,
    /// Aircraft, if one.
    pub vehicle: Option<VehicleId>,
    /// Leg number in its plan, from 0, if one.
    pub leg: Option<usize>,
    /// What is wrong, in one sentence with figures and units.
    pub what: String,
    /// Worst value measured.
    pub worst: f64,
    /// Limit it was held against, in the same unit.
    pub limit: f64,
    /// Unit of both.
    pub unit: String,
    /// Where.
    pub at: Option<LatLon>,
    /// Where along the section, metres from its start.
    pub chainage_m: Option<f64>,
    /// When, seconds after the watch begins.
    pub time_s: Option<f64>,
}

/// Worst margins of one aircraft's plan, as the checker measured them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AircraftMargins {
    /// Which.
    pub vehicle: VehicleId,
    /// Least distance to the border line on the home side, metres, contingencies included.
    pub border_m: f64,
    /// Least height above ground away from take-off and landing, metres.
    pub clearance_m: f64,
    /// Battery left on landing, share of the whole, mean model less two sigma.
    pub energy_share: f64,
    /// Mission items used and the autopilot's capacity.
    pub items: (usize, usize),
}

/// The checker's judgement of one plan. Only `vedette-checker` makes one from a plan; only a
/// clear one becomes a `ValidPlan`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Plan judged.
    pub plan: PlanId,
    /// SHA-256 of the plan's canonical JSON, hexadecimal.
    pub plan_sha256: String,
    /// Site it was judged against.
    pub site: String,
    /// All findings, worst first.
    pub findings: Vec<Finding>,
    /// Longest time any cell goes unseen, measured by flying the timetable, seconds.
    pub revisit_measured_s: f64,
    /// Mean over cells of their longest gap, seconds.
    pub revisit_mean_s: f64,
    /// No schedule of this fleet can do better, seconds, computed here anew.
    pub lower_bound_s: f64,
    /// Longest gap per cell along the section, seconds; `None` where never seen.
    pub gap_per_cell_s: Vec<Option<f64>>,
    /// Cell length, metres.
    pub cell_m: f64,
    /// Least distance between two aircraft in the air while not vertically apart, metres;
    /// `None` with a single aircraft.
    pub separation_m: Option<f64>,
    /// Margins per aircraft.
    pub margins: Vec<AircraftMargins>,
    /// Samples judged.
    pub samples: u64,
}

impl Verdict {
    /// No finding refuses the plan.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.findings.iter().all(|f| f.severity != FindingSeverity::Refused)
    }
}
