//! A rendered watch without a clock: a slope with a line on it, people and animals, a camera that
//! flies and looks, and what its metadata would say of itself.
//!
//! Invariant: pictures show the truth; poses carry errors drawn from the very sigmas they state.
//! Every number follows from a seed.

use std::sync::Arc;

use vedette_atlas::Border;
use vedette_geo::{Amsl, Hae, LatLon, LocalFrame, Ned, Vec3, norm_deg_360};
use vedette_model::{NoFix, SensorPose, Spectrum, Utc};
use vedette_sight::{Ground, PoseSigmas};
use vedette_sim::{
    Actor, ActorKind, CameraState, Clearing, Role, Scene, SceneSpec, SimError, Step, Track, WarmStone, Way, Weather,
};

/// Pixels across and down.
pub(super) const SIZE: (u32, u32) = (640, 512);
/// Where the scenes lie.
const PLACE: LatLon = LatLon {
    lat_deg: 42.45,
    lon_deg: 1.52,
};
/// Height of the ground there, metres above the sea.
const BASE_M: f64 = 900.0;
/// One sigma of the terrain data, metres.
const TERRAIN_SIGMA_M: f64 = 3.0;

/// Repeatable random numbers (xorshift, Marsaglia 2003).
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    /// From a seed.
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }
    /// Uniform in 0..1.
    pub(super) fn unit(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / 16_777_216.0
    }
}

/// Standard normal by Box and Muller (1958).
pub(super) fn normal(dice: &mut Dice) -> f64 {
    let u = f64::from(dice.unit()).max(1e-7);
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * f64::from(dice.unit())).cos()
}

/// A camera, how high it flies and how well it knows its own pose.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Class {
    /// As in the table.
    pub name: &'static str,
    /// Above the ground looked at, metres.
    pub agl_m: f64,
    /// Line of sight below the horizon, degrees.
    pub depression_deg: f64,
    /// Horizontal field of view, degrees.
    pub hfov_deg: f64,
    /// What the pose says of itself.
    pub sigmas: PoseSigmas,
}

impl Class {
    /// Slant range to what is looked at, metres.
    #[must_use]
    pub fn slant_m(&self) -> f64 {
        self.agl_m / self.depression_deg.to_radians().sin()
    }
    /// Pixels per metre across, at what is looked at.
    #[must_use]
    pub fn px_per_m(&self) -> f64 {
        f64::from(SIZE.0) / 2.0 / (self.hfov_deg.to_radians() / 2.0).tan() / self.slant_m()
    }
}

/// Gimbal and compass of a fixed-wing aircraft with a two-antenna receiver.
const GOOD: PoseSigmas = PoseSigmas {
    h_m: 2.0,
    v_m: 3.0,
    tilt_deg: 0.15,
    heading_deg: 0.4,
    time_s: 0.03,
};
/// Turret with an inertial unit of its own.
const TURRET: PoseSigmas = PoseSigmas {
    h_m: 1.5,
    v_m: 2.5,
    tilt_deg: 0.05,
    heading_deg: 0.1,
    time_s: 0.02,
};

/// Five cameras and altitudes, from a hovering multirotor to a turret at a thousand metres.
pub const CLASSES: [Class; 5] = [
    Class {
        name: "120 m, 60° down, 32° lens",
        agl_m: 120.0,
        depression_deg: 60.0,
        hfov_deg: 32.0,
        sigmas: PoseSigmas::SMALL_UAS,
    },
    Class {
        name: "120 m, 35° down, 18° lens",
        agl_m: 120.0,
        depression_deg: 35.0,
        hfov_deg: 18.0,
        sigmas: PoseSigmas::SMALL_UAS,
    },
    Class {
        name: "300 m, 45° down, 12° lens",
        agl_m: 300.0,
        depression_deg: 45.0,
        hfov_deg: 12.0,
        sigmas: GOOD,
    },
    Class {
        name: "300 m, 30° down, 8° lens",
        agl_m: 300.0,
        depression_deg: 30.0,
        hfov_deg: 8.0,
        sigmas: GOOD,
    },
    Class {
        name: "1000 m, 45° down, 3.5° lens",
        agl_m: 1000.0,
        depression_deg: 45.0,
        hfov_deg: 3.5,
        sigmas: TURRET,
    },
];

/// An even slope; as terrain data it is off by `offset_m`.
#[derive(Debug, Clone, Copy)]
pub struct Slope {
    east: f64,
    north: f64,
    offset_m: f64,
}

impl Slope {
    /// A slope of a seed, at most one in eight.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let mut d = Dice::new(seed ^ 0x510e);
        let mut one = || 0.24 * (f64::from(d.unit()) - 0.5);
        Self {
            east: one(),
            north: one(),
            offset_m: 0.0,
        }
    }
    /// The same as somewhat wrong terrain data.
    #[must_use]
    fn off_by(self, offset_m: f64) -> Self {
        Self { offset_m, ..self }
    }
    fn amsl_m(&self, at: LatLon) -> f64 {
        let (e, n) = LocalFrame::new(PLACE, Hae(0.0)).plane(at);
        BASE_M + self.east * e + self.north * n + self.offset_m
    }
}

impl Ground for Slope {
    fn cast(&self, from: LatLon, amsl: Amsl, toward: Vec3<Ned>, max_m: f64) -> Result<(LatLon, Amsl), NoFix> {
        let d = toward.unit().ok_or(NoFix::AboveHorizon)?;
        let frame = LocalFrame::new(from, Hae(amsl.0));
        let over = |r: f64| {
            let (at, h) = frame.geodetic((d * r).to_enu());
            (h.0 - self.amsl_m(at), at)
        };
        // Nearly linear along a ray over a plane: the secant settles in a few steps.
        let (mut a, mut b) = (0.0, 1.0);
        let (mut fa, mut fb) = (over(a).0, over(b).0);
        for _ in 0..12 {
            if (fb - fa).abs() < 1e-9 {
                return Err(NoFix::AboveHorizon);
            }
            let c = b - fb * (b - a) / (fb - fa);
            if !(c > 0.0 && c < max_m) {
                return Err(NoFix::AboveHorizon);
            }
            (a, fa) = (b, fb);
            b = c;
            fb = over(b).0;
            if fb.abs() < 1e-4 {
                break;
            }
        }
        let at = over(b).1;
        Ok((at, Amsl(self.amsl_m(at))))
    }
    fn height(&self, at: LatLon) -> Option<Amsl> {
        Some(Amsl(self.amsl_m(at)))
    }
    fn sigma_m(&self) -> f64 {
        TERRAIN_SIGMA_M
    }
}

/// Ground, actors and light of one watch.
#[derive(Debug, Clone)]
pub struct Stage {
    /// The scene to render.
    pub scene: Arc<Scene>,
    /// Its ground as it is.
    pub slope: Slope,
    /// A line from west to east through the middle; home is north of it.
    pub border: Border,
}

/// What a stage is set with.
#[derive(Debug, Clone, Default)]
pub struct Setting {
    /// Who and what moves about.
    pub actors: Vec<Actor>,
    /// Share of the land under wood.
    pub forest_share: f64,
    /// Mean wind and gusts, metres per second.
    pub wind_m_s: [f64; 2],
    /// Hour of the day (UTC, whole), for light, shadows and temperatures.
    pub hour: u32,
    /// Roads.
    pub ways: Vec<Way>,
    /// Stones that kept the day's warmth.
    pub stones: Vec<WarmStone>,
}

impl Stage {
    /// Builds the stage of a seed.
    ///
    /// # Errors
    /// [`SimError`] when the scene cannot be built.
    pub fn build(seed: u64, half_m: f64, setting: Setting) -> Result<Self, SimError> {
        let slope = Slope::of(seed);
        let utc = Utc::from_civil(2026, 9, 14, setting.hour.min(23), 0, 0);
        let spec = SceneSpec {
            origin: PLACE,
            half_m,
            seed,
            utc,
            weather: Weather {
                air_c: 9.0,
                wind_from_deg: 290.0,
                wind_m_s: setting.wind_m_s[0],
                gust_m_s: setting.wind_m_s[1],
                ..Weather::default()
            },
            forest_share: setting.forest_share,
            tree_line_m: 2200.0,
            snow_line_m: 9_000.0,
            water_c: 12.0,
            waves_m: 0.4,
            light_every_s: 0.0,
            ways: setting.ways,
            // Around the middle people are to be seen: what hides them is not what is measured.
            clearings: if setting.forest_share > 0.0 {
                Vec::new()
            } else {
                vec![Clearing {
                    x: 0.0,
                    y: 0.0,
                    radius_m: 120.0,
                }]
            },
            stones: setting.stones,
            rivers: Vec::new(),
            hamlets: Vec::new(),
            actors: setting.actors,
        };
        let scene = Scene::build(spec, &|p| Some(slope.amsl_m(p)))?;
        let frame = LocalFrame::new(PLACE, Hae(0.0));
        let mut border = Border::new(
            "BENCH",
            vec![frame.from_plane(-3000.0, 0.0), frame.from_plane(3000.0, 0.0)],
            true,
        )
        .map_err(|e| SimError::Shell {
            what: "a straight line is no border".to_owned(),
            source: Some(Box::new(e)),
        })?;
        border.home = "north".to_owned();
        Ok(Self {
            scene: Arc::new(scene),
            slope,
            border,
        })
    }

    /// A place on the stage, metres east and north of its middle.
    #[must_use]
    pub fn place(&self, east: f64, north: f64) -> LatLon {
        LocalFrame::new(PLACE, Hae(0.0)).from_plane(east, north)
    }

    /// East and north of the middle, metres.
    #[must_use]
    pub fn plane(&self, at: LatLon) -> (f64, f64) {
        LocalFrame::new(PLACE, Hae(0.0)).plane(at)
    }
}

/// A person on foot along places, metres east and north.
#[must_use]
pub fn walker(name: &str, from: (f64, f64), to: (f64, f64), speed_m_s: f64, seed: u64) -> Actor {
    going(ActorKind::Person, name, from, to, speed_m_s, seed)
}

/// Anything that goes straight to a place.
#[must_use]
pub fn going(kind: ActorKind, name: &str, from: (f64, f64), to: (f64, f64), speed_m_s: f64, seed: u64) -> Actor {
    let way = [Step::Go {
        x: to.0,
        y: to.1,
        speed_m_s,
    }];
    Actor {
        name: name.to_owned(),
        kind,
        role: Role::Lawful,
        size: 1.0,
        track: Track::compile(from, &way, seed),
        seed,
    }
}

/// An aircraft's way and where its camera looks.
#[derive(Debug, Clone, Copy)]
pub struct Flight {
    /// Camera and altitude.
    pub class: Class,
    /// Azimuth from the aim to the aircraft at the start, degrees.
    pub from_deg: f64,
    /// Speed over ground, metres per second; round the aim, or along the line.
    pub speed_m_s: f64,
    /// East along the line instead of around the aim.
    pub along: bool,
    /// Sensor's own pattern.
    pub sensor_seed: u64,
}

/// Where somebody who follows what is to be seen points the camera, metres east and north, by time.
pub(super) type Aim<'a> = &'a dyn Fn(f64) -> (f64, f64);

impl Flight {
    /// The true camera at a moment.
    #[must_use]
    pub fn camera(&self, stage: &Stage, aim: Aim<'_>, t_s: f64) -> CameraState {
        let c = &self.class;
        let away_m = c.slant_m() * c.depression_deg.to_radians().cos();
        let (mut ax, mut ay) = aim(t_s);
        let (bearing, shift) = if self.along {
            (self.from_deg, self.speed_m_s * t_s)
        } else {
            (self.from_deg + (self.speed_m_s * t_s / away_m).to_degrees(), 0.0)
        };
        ax += shift;
        // A hand on the stick is never quite still.
        ax += 1.5 * (0.31 * t_s).sin();
        ay += 1.2 * (0.23 * t_s + 1.0).sin();
        let (s, k) = bearing.to_radians().sin_cos();
        let (ox, oy) = (ax + away_m * s, ay + away_m * k);
        let aim_amsl = stage.slope.amsl_m(stage.place(ax, ay)) + 0.8;
        let amsl = aim_amsl + c.agl_m;
        let at = stage.place(ox, oy);
        let frame = LocalFrame::new(at, Hae(amsl));
        let v = frame.enu(stage.place(ax, ay), Hae(aim_amsl));
        CameraState {
            at,
            amsl: Amsl(amsl),
            roll_deg: 0.8 * (0.9 * t_s).sin(),
            pitch_deg: v.z.atan2(v.x.hypot(v.y)).to_degrees() + 0.05 * (1.7 * t_s).sin(),
            yaw_deg: norm_deg_360(v.x.atan2(v.y).to_degrees()),
            hfov_deg: c.hfov_deg,
            width: SIZE.0,
            height: SIZE.1,
            spectrum: Spectrum::Thermal,
            sensor_seed: self.sensor_seed,
        }
    }
}

/// The errors of one flight's metadata and of its terrain data, drawn from what they state.
#[derive(Debug, Clone)]
pub struct Errors {
    sigmas: PoseSigmas,
    heading_deg: f64,
    shift_m: [f64; 3],
    time_s: f64,
    /// Terrain data as the analyst has them.
    pub ground: Slope,
    dice: Dice,
}

impl Errors {
    /// Draws of a seed.
    #[must_use]
    pub fn draw(class: &Class, stage: &Stage, seed: u64) -> Self {
        let s = class.sigmas;
        let mut dice = Dice::new(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 0xe44);
        let mut n = || normal(&mut dice);
        let (heading_deg, shift_m) = (s.heading_deg * n(), [s.h_m * n(), s.h_m * n(), s.v_m * n()]);
        let (time_s, terrain_m) = (s.time_s * n(), TERRAIN_SIGMA_M * n());
        Self {
            sigmas: s,
            heading_deg,
            shift_m,
            time_s,
            ground: stage.slope.off_by(terrain_m),
            dice,
        }
    }

    /// What the metadata of the frame at `t_s` say.
    pub fn pose(&mut self, flight: &Flight, stage: &Stage, aim: Aim<'_>, t_s: f64) -> SensorPose {
        let c = flight.camera(stage, aim, t_s + self.time_s);
        let (e, n) = stage.plane(c.at);
        let s = self.sigmas;
        let half = (f64::from(c.height) / f64::from(c.width)) * (c.hfov_deg.to_radians() / 2.0).tan();
        SensorPose {
            captured: Utc((t_s * 1e6) as i64),
            at: stage.place(e + self.shift_m[0], n + self.shift_m[1]),
            amsl: Amsl(c.amsl.0 + self.shift_m[2]),
            roll_deg: c.roll_deg + s.tilt_deg * normal(&mut self.dice),
            pitch_deg: c.pitch_deg + s.tilt_deg * normal(&mut self.dice),
            yaw_deg: norm_deg_360(c.yaw_deg + self.heading_deg),
            hfov_deg: c.hfov_deg,
            vfov_deg: 2.0 * half.atan().to_degrees(),
            sigma_h_m: s.h_m,
            sigma_v_m: s.v_m,
            sigma_tilt_deg: s.tilt_deg,
            sigma_heading_deg: s.heading_deg,
            sigma_time_s: s.time_s,
        }
    }
}
