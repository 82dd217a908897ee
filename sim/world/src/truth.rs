//! What was really so, as JSON lines: for scores, never for a station.
//!
//! Invariant: one line is one fact with its time; a reader needs no other line to understand it.

use serde::{Deserialize, Serialize};
use vedette_geo::{Amsl, LatLon};
use vedette_model::{CameraId, ImageBox, TargetClass, Utc};

use crate::{CameraState, Crossing, Scenario, TruthBox};

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
                }
            })
            .collect()
    }
}
