//! Where the camera looked, at the moment of a frame: from platform and gimbal numbers, and by
//! interpolation between samples. Never by extrapolation: a frame outside the samples has no pose.

use std::collections::BTreeMap;

use vedette_geo::{Amsl, LatLon, Rotation, diff_deg, norm_deg_360};
use vedette_model::{SensorPose, Utc};

/// One sigma figures that go with a pose; see [`SensorPose`] for each.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoseSigmas {
    /// Horizontal position per axis, metres.
    pub h_m: f64,
    /// Height, metres.
    pub v_m: f64,
    /// Pitch and roll of the axis, new with each frame, degrees.
    pub tilt_deg: f64,
    /// Heading and boresight bias, degrees.
    pub heading_deg: f64,
    /// Time between picture and pose, seconds.
    pub time_s: f64,
}

impl PoseSigmas {
    /// A small aircraft with a code-phase receiver and a magnetic compass (the "small UAS" row of
    /// the published error budgets is twice this in angle; the values of a good gimbal are half).
    pub const SMALL_UAS: Self = Self {
        h_m: 2.0,
        v_m: 4.0,
        tilt_deg: 0.3,
        heading_deg: 1.0,
        time_s: 0.05,
    };
}

/// Platform attitude and sensor relative angles, as ST 0601 and MAVLink give them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlatformPose {
    /// When.
    pub captured: Utc,
    /// Camera position (ST 0601 tags 13, 14).
    pub at: LatLon,
    /// Camera height above the sea (tag 15).
    pub amsl: Amsl,
    /// Platform heading, degrees true (tag 5).
    pub heading_deg: f64,
    /// Platform pitch, nose up positive (tags 6, 90).
    pub pitch_deg: f64,
    /// Platform roll, right wing down positive (tags 7, 91).
    pub roll_deg: f64,
    /// Sensor relative azimuth (tag 18).
    pub rel_azimuth_deg: f64,
    /// Sensor relative elevation (tag 19).
    pub rel_elevation_deg: f64,
    /// Sensor relative roll (tag 20).
    pub rel_roll_deg: f64,
    /// Horizontal field of view (tag 16).
    pub hfov_deg: f64,
    /// Vertical field of view (tag 17).
    pub vfov_deg: f64,
}

impl PlatformPose {
    /// The optical axis in earth axes.
    #[must_use]
    pub fn sensor_pose(&self, sigmas: &PoseSigmas) -> SensorPose {
        let ned_from_body = Rotation::ned_from_body(self.roll_deg, self.pitch_deg, self.heading_deg);
        let body_from_gimbal =
            Rotation::body_from_gimbal(self.rel_azimuth_deg, self.rel_elevation_deg, self.rel_roll_deg);
        let (roll_deg, pitch_deg, yaw_deg) = ned_from_body.after(&body_from_gimbal).euler_deg();
        SensorPose {
            captured: self.captured,
            at: self.at,
            amsl: self.amsl,
            roll_deg,
            pitch_deg,
            yaw_deg,
            hfov_deg: self.hfov_deg,
            vfov_deg: self.vfov_deg,
            sigma_h_m: sigmas.h_m,
            sigma_v_m: sigmas.v_m,
            sigma_tilt_deg: sigmas.tilt_deg,
            sigma_heading_deg: sigmas.heading_deg,
            sigma_time_s: sigmas.time_s,
        }
    }
}

/// How the camera moves: what a time error between picture and pose is multiplied with.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PoseMotion {
    /// Velocity east, north, up, metres per second.
    pub velocity_enu_m_s: [f64; 3],
    /// Rates of roll, pitch, yaw of the optical axis, degrees per second.
    pub rate_rpy_deg_s: [f64; 3],
}

impl PoseMotion {
    /// Mean motion between two poses; at rest when they carry the same time.
    #[must_use]
    pub fn between(a: &SensorPose, b: &SensorPose) -> Self {
        let dt = (b.captured.0 - a.captured.0) as f64 * 1e-6;
        if dt.abs() < 1e-4 {
            return Self::default();
        }
        let (north, east) = (
            (b.at.lat_deg - a.at.lat_deg).to_radians() * vedette_geo::EARTH_RADIUS_M,
            diff_deg(b.at.lon_deg, a.at.lon_deg).to_radians()
                * vedette_geo::EARTH_RADIUS_M
                * a.at.lat_deg.to_radians().cos(),
        );
        Self {
            velocity_enu_m_s: [east / dt, north / dt, (b.amsl.0 - a.amsl.0) / dt],
            rate_rpy_deg_s: [
                diff_deg(b.roll_deg, a.roll_deg) / dt,
                (b.pitch_deg - a.pitch_deg) / dt,
                diff_deg(b.yaw_deg, a.yaw_deg) / dt,
            ],
        }
    }
}

/// The last seconds of poses of one camera, by capture time.
#[derive(Debug, Clone)]
pub struct PoseBuffer {
    poses: BTreeMap<Utc, SensorPose>,
    keep_us: i64,
    max_gap_us: i64,
}

impl PoseBuffer {
    /// Keeps `keep_s` seconds and interpolates over gaps of at most `max_gap_s`.
    #[must_use]
    pub fn new(keep_s: f64, max_gap_s: f64) -> Self {
        Self {
            poses: BTreeMap::new(),
            keep_us: (keep_s.max(0.0) * 1e6) as i64,
            max_gap_us: (max_gap_s.max(0.0) * 1e6) as i64,
        }
    }

    /// Adds a sample, in any order; a second sample of the same microsecond replaces the first.
    /// A sample that is not finite is dropped and `false` returned.
    pub fn push(&mut self, pose: SensorPose) -> bool {
        let fine = [
            pose.at.lat_deg,
            pose.at.lon_deg,
            pose.amsl.0,
            pose.roll_deg,
            pose.pitch_deg,
            pose.yaw_deg,
            pose.hfov_deg,
            pose.vfov_deg,
        ]
        .iter()
        .all(|v| v.is_finite());
        if !fine {
            return false;
        }
        self.poses.insert(pose.captured, pose);
        if let Some((&last, _)) = self.poses.last_key_value() {
            let from = last.plus_us(-self.keep_us);
            while let Some((&first, _)) = self.poses.first_key_value() {
                if first >= from {
                    break;
                }
                self.poses.pop_first();
            }
        }
        true
    }

    /// The newest sample.
    #[must_use]
    pub fn latest(&self) -> Option<&SensorPose> {
        self.poses.last_key_value().map(|(_, p)| p)
    }

    fn around(&self, at: Utc) -> Option<(&SensorPose, &SensorPose)> {
        let before = self.poses.range(..=at).next_back()?.1;
        let after = self.poses.range(at..).next()?.1;
        (after.captured.0 - before.captured.0 <= self.max_gap_us).then_some((before, after))
    }

    /// The pose at a moment between two samples that are near enough; `None` outside them.
    #[must_use]
    pub fn pose_at(&self, at: Utc) -> Option<SensorPose> {
        let (a, b) = self.around(at)?;
        let span = b.captured.0 - a.captured.0;
        if span == 0 {
            return Some(a.clone());
        }
        let t = (at.0 - a.captured.0) as f64 / span as f64;
        let lerp = |x: f64, y: f64| x + (y - x) * t;
        let turn = |x: f64, y: f64| x + diff_deg(y, x) * t;
        // Straight down, yaw and roll trade places; there the nearer sample is truer than a mean.
        let locked = (a.pitch_deg < -85.0 || b.pitch_deg < -85.0) && diff_deg(b.yaw_deg, a.yaw_deg).abs() > 20.0;
        let near = if t < 0.5 { a } else { b };
        let (roll_deg, pitch_deg, yaw_deg) = if locked {
            (near.roll_deg, near.pitch_deg, near.yaw_deg)
        } else {
            (
                turn(a.roll_deg, b.roll_deg),
                lerp(a.pitch_deg, b.pitch_deg),
                norm_deg_360(turn(a.yaw_deg, b.yaw_deg)),
            )
        };
        Some(SensorPose {
            captured: at,
            at: LatLon {
                lat_deg: lerp(a.at.lat_deg, b.at.lat_deg),
                lon_deg: a.at.lon_deg + diff_deg(b.at.lon_deg, a.at.lon_deg) * t,
            },
            amsl: Amsl(lerp(a.amsl.0, b.amsl.0)),
            roll_deg,
            pitch_deg,
            yaw_deg,
            hfov_deg: lerp(a.hfov_deg, b.hfov_deg),
            vfov_deg: lerp(a.vfov_deg, b.vfov_deg),
            sigma_h_m: a.sigma_h_m.max(b.sigma_h_m),
            sigma_v_m: a.sigma_v_m.max(b.sigma_v_m),
            sigma_tilt_deg: a.sigma_tilt_deg.max(b.sigma_tilt_deg),
            sigma_heading_deg: a.sigma_heading_deg.max(b.sigma_heading_deg),
            sigma_time_s: a.sigma_time_s.max(b.sigma_time_s),
        })
    }

    /// Motion around a moment, from the samples on both sides of it.
    #[must_use]
    pub fn motion_at(&self, at: Utc) -> Option<PoseMotion> {
        let (a, b) = self.around(at)?;
        if a.captured == b.captured {
            let before = self.poses.range(..at).next_back()?.1;
            return Some(PoseMotion::between(before, b));
        }
        Some(PoseMotion::between(a, b))
    }
}
