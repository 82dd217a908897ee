//! What was really so, as JSON lines: for scores, never for a station.
//!
//! Invariant: one line is one fact with its time; a reader needs no other line to understand it.

use serde::{Deserialize, Serialize};
use vedette_geo::{Amsl, LatLon};
use vedette_model::{CameraId, ImageBox, TargetClass, Utc};
use vedette_sim_vehicle::TrueState;

use crate::{ActorKind, CameraState, Crossing, FaultId, Newcomer, Role, Scenario, SensorKind, Trouble, TruthBox};

/// One line of a truth file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum TruthLine {
    /// First line: what this is the truth of.
    Start {
        /// Scenario.
        scenario: String,
        /// UTC at second 0.
        epoch: Utc,
        /// Seed.
        seed: u64,
        /// Terrain, as its source names itself.
        terrain: String,
    },
    /// Who plays, and what a trainee should make of each; after the first line.
    Cast {
        /// Everybody.
        actors: Vec<CastLine>,
        /// Seconds a trainee has for a report once a subject could be seen.
        report_within_s: f64,
    },
    /// Somebody was put in by hand; the cast that follows names everybody.
    Joined {
        /// Seconds of the scenario.
        t_s: f64,
        /// When.
        utc: Utc,
        /// Who, from where and where to.
        newcomer: Newcomer,
    },
    /// Something broke or was mended.
    Fault {
        /// Its number in this run.
        id: FaultId,
        /// Seconds of the scenario.
        t_s: f64,
        /// When.
        utc: Utc,
        /// Aircraft; absent: all.
        system: Option<u8>,
        /// What.
        trouble: Trouble,
        /// It begins, else it ends.
        begins: bool,
        /// Put in by hand.
        live: bool,
    },
    /// Where all actors are, once a second, for those a camera does not look at.
    Actors {
        /// Seconds of the scenario.
        t_s: f64,
        /// When.
        utc: Utc,
        /// All of them.
        actors: Vec<ActorLine>,
    },
    /// The radio to an aircraft, once a second where the scenario has one.
    Radio {
        /// MAVLink system id.
        system: u8,
        /// Seconds of the scenario.
        t_s: f64,
        /// When.
        utc: Utc,
        /// Path length, metres.
        range_m: f64,
        /// Loss by the terrain's worst edge, decibels.
        shadow_db: f64,
        /// What telemetry has in hand, decibels.
        telemetry_margin_db: f64,
        /// What video has in hand, decibels.
        video_margin_db: f64,
    },
    /// A foreign aircraft, once a second.
    Traffic {
        /// Seconds of the scenario.
        t_s: f64,
        /// When.
        utc: Utc,
        /// Where.
        at: LatLon,
        /// Height.
        amsl: Amsl,
        /// Over ground, metres per second.
        m_s: f64,
        /// Direction, degrees true.
        track_deg: f64,
    },
    /// A border crossing, written when it happens.
    Crossing {
        /// Actor.
        actor: String,
        /// Seconds of the scenario.
        t_s: f64,
        /// When.
        utc: Utc,
        /// Where on the line.
        at: LatLon,
        /// Kilometres along the line.
        km: f64,
        /// To the home side.
        inwards: bool,
    },
    /// An aircraft, once a second.
    Vehicle {
        /// MAVLink system id.
        system: u8,
        /// Seconds of the scenario.
        t_s: f64,
        /// When.
        utc: Utc,
        /// Where it is.
        at: LatLon,
        /// Height.
        amsl: Amsl,
        /// Over ground north, east, down, metres per second.
        velocity_ned_m_s: [f64; 3],
        /// Roll, pitch, yaw, degrees.
        attitude_deg: [f64; 3],
        /// Metres to the watched border, positive on the home side.
        inside_m: f64,
        /// Kilometres along it.
        km: f64,
        /// Flight mode by the autopilot's name.
        mode: String,
        /// Energy left, watt hours.
        battery_wh: f64,
        /// It hit the ground.
        crashed: bool,
    },
    /// What a ground sensor told.
    Cue {
        /// Its name.
        sensor: String,
        /// What it is.
        sensor_kind: SensorKind,
        /// Seconds of the scenario.
        t_s: f64,
        /// When.
        utc: Utc,
        /// Where, as it told.
        at: LatLon,
        /// Who caused it; absent: nobody, a false alarm.
        actor: Option<String>,
        /// How far that is from where it truly was, metres; absent for a false alarm.
        off_m: Option<f64>,
    },
    /// A picture that was sent.
    Frame {
        /// Stream.
        camera: CameraId,
        /// Frame number of the stream, from 0.
        frame: u64,
        /// Seconds of the scenario.
        t_s: f64,
        /// When it was captured.
        utc: Utc,
        /// Time stamp in the stream, 90 kHz.
        pts90k: u64,
        /// Where the camera truly was.
        at: LatLon,
        /// Its height.
        amsl: Amsl,
        /// Roll, pitch, yaw of the optical axis, degrees true.
        axis_deg: [f64; 3],
        /// Horizontal field of view, degrees.
        hfov_deg: f64,
        /// The picture is an old one sent again; `boxes` are then empty.
        #[serde(default, skip_serializing_if = "is_false")]
        frozen: bool,
        /// Actors in the picture.
        boxes: Vec<BoxLine>,
        /// All actors, in the picture or not.
        actors: Vec<ActorLine>,
    },
}

/// An actor in a picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoxLine {
    /// Actor.
    pub actor: String,
    /// Class.
    pub class: TargetClass,
    /// Box, pixels.
    pub image: ImageBox,
    /// Slant range, metres.
    pub slant_m: f64,
    /// Share of its outline that nothing hides.
    pub visible: f32,
}

/// Where an actor is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActorLine {
    /// Actor.
    pub actor: String,
    /// Where.
    pub at: LatLon,
    /// Metres to the watched border, positive on the home side.
    pub inside_m: f64,
    /// Speed, metres per second.
    pub speed_m_s: f64,
    /// Height of its foot above the ground, metres.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub up_m: f64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(v: &f64) -> bool {
    *v == 0.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(v: &bool) -> bool {
    !*v
}

/// One of those who play.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CastLine {
    /// Name.
    pub actor: String,
    /// What it is.
    pub kind: ActorKind,
    /// What a trainee should make of it.
    pub role: Role,
}

impl TruthLine {
    /// As one line of JSON with its line end.
    #[must_use]
    pub fn to_json(&self) -> String {
        // These records are maps of text and finite numbers, which always have a JSON form.
        let mut s = serde_json::to_string(self).unwrap_or_default();
        s.push('\n');
        s
    }

    /// The lines of a truth file; a last line cut short by a crash is left out.
    #[must_use]
    pub fn read(text: &str) -> Vec<Self> {
        text.lines().filter_map(|l| serde_json::from_str(l).ok()).collect()
    }

    /// Who plays, where the scenario trains somebody.
    #[must_use]
    pub fn cast(s: &Scenario) -> Option<Self> {
        let t = s.training.as_ref()?;
        Some(Self::Cast {
            actors: s
                .actors()
                .iter()
                .map(|a| CastLine {
                    actor: a.name.clone(),
                    kind: a.kind,
                    role: a.role,
                })
                .collect(),
            report_within_s: t.report_within_s,
        })
    }

    /// An aircraft as a line.
    #[must_use]
    pub fn vehicle(s: &Scenario, system: u8, t_s: f64, t: &TrueState) -> Self {
        let (inside_m, km) = s.border_m(t.at);
        Self::Vehicle {
            system,
            t_s,
            utc: s.utc(t_s),
            at: t.at,
            amsl: t.amsl,
            velocity_ned_m_s: [t.velocity.x, t.velocity.y, t.velocity.z],
            attitude_deg: [t.roll_deg, t.pitch_deg, t.yaw_deg],
            inside_m,
            km,
            mode: t.mode.to_owned(),
            battery_wh: t.battery_wh_left,
            crashed: t.crashed,
        }
    }

    /// A crossing as a line.
    #[must_use]
    pub fn crossing(s: &Scenario, c: &Crossing) -> Self {
        Self::Crossing {
            actor: c.actor.clone(),
            t_s: c.t_s,
            utc: s.utc(c.t_s),
            at: c.at,
            km: c.km,
            inwards: c.inwards,
        }
    }

    /// A picture as a line, with everyone's whereabouts at its moment.
    #[must_use]
    pub fn frame(
        s: &Scenario,
        (camera, frame, pts90k): (CameraId, u64, u64),
        t_s: f64,
        cam: &CameraState,
        boxes: &[TruthBox],
    ) -> Self {
        Self::Frame {
            camera,
            frame,
            t_s,
            utc: s.utc(t_s),
            pts90k,
            at: cam.at,
            amsl: cam.amsl,
            axis_deg: [cam.roll_deg, cam.pitch_deg, cam.yaw_deg],
            hfov_deg: cam.hfov_deg,
            frozen: false,
            boxes: boxes
                .iter()
                .map(|b| BoxLine {
                    actor: b.actor.clone(),
                    class: b.class,
                    image: b.image,
                    slant_m: b.slant_m,
                    visible: b.visible_share,
                })
                .collect(),
            actors: s.actor_lines(t_s),
        }
    }
}

impl TruthLine {
    /// A picture's line for a picture that is an old one.
    #[must_use]
    pub(crate) fn frozen(mut self) -> Self {
        if let Self::Frame { frozen, .. } = &mut self {
            *frozen = true;
        }
        self
    }
}

impl Scenario {
    /// Where all actors are at a second of the scenario.
    #[must_use]
    pub fn actor_lines(&self, t_s: f64) -> Vec<ActorLine> {
        self.actors()
            .iter()
            .map(|a| {
                let p = a.track.pose(t_s);
                let at = self.frame.from_plane(p.x, p.y);
                ActorLine {
                    actor: a.name.clone(),
                    at,
                    inside_m: self.border_m(at).0,
                    speed_m_s: p.speed_m_s,
                    up_m: p.up_m,
                }
            })
            .collect()
    }
}
