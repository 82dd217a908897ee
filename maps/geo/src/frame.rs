//! Vectors and rotations that know their frames: `ned_from_body` applied to a body vector gives
//! a north-east-down vector, and nothing else compiles.
//!
//! ```compile_fail
//! use vedette_geo::{Body, Ned, Rotation, Vec3};
//! let ned_from_body: Rotation<Ned, Body> = Rotation::ned_from_body(0.0, 0.0, 0.0);
//! let v: Vec3<Ned> = Vec3::new(1.0, 0.0, 0.0);
//! let _ = ned_from_body.apply(v); // a NED vector is not a body vector
//! ```

use crate::Repeatable;
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

/// Names a frame at compile time.
pub trait FrameTag: Copy + std::fmt::Debug + PartialEq + Default {}

macro_rules! frames {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Default)]
        pub struct $name;
        impl FrameTag for $name {}
    )*};
}
frames! {
    /// x north, y east, z down at the aircraft.
    Ned;
    /// x east, y north, z up at a local origin.
    Enu;
    /// x forward, y right, z down, fixed to the airframe.
    Body;
    /// x along the optical axis, y right, z down, fixed to the gimbal's last joint.
    Gimbal;
    /// x right, y down in the picture, z along the optical axis.
    Camera;
}

/// Three numbers in one frame.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Vec3<F: FrameTag> {
    /// First axis of the frame.
    pub x: f64,
    /// Second axis.
    pub y: f64,
    /// Third axis.
    pub z: f64,
    #[serde(skip)]
    tag: PhantomData<F>,
}

impl<F: FrameTag> Vec3<F> {
    /// From its three components.
    #[must_use]
    pub const fn new(x: f64, y: f64, z: f64) -> Self {
        Self {
            x,
            y,
            z,
            tag: PhantomData,
        }
    }
    /// Length.
    #[must_use]
    pub fn norm(self) -> f64 {
        (self.x * self.x + self.y * self.y + self.z * self.z).sqrt()
    }
    /// Scalar product.
    #[must_use]
    pub fn dot(self, o: Self) -> f64 {
        self.x * o.x + self.y * o.y + self.z * o.z
    }
    /// Vector product.
    #[must_use]
    pub fn cross(self, o: Self) -> Self {
        Self::new(
            self.y * o.z - self.z * o.y,
            self.z * o.x - self.x * o.z,
            self.x * o.y - self.y * o.x,
        )
    }
    /// Length one, or `None` for a vector too short to have a direction.
    #[must_use]
    pub fn unit(self) -> Option<Self> {
        let n = self.norm();
        (n > 1e-12).then(|| self * (1.0 / n))
    }
}

impl<F: FrameTag> std::ops::Add for Vec3<F> {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        Self::new(self.x + o.x, self.y + o.y, self.z + o.z)
    }
}
impl<F: FrameTag> std::ops::Sub for Vec3<F> {
    type Output = Self;
    fn sub(self, o: Self) -> Self {
        Self::new(self.x - o.x, self.y - o.y, self.z - o.z)
    }
}
impl<F: FrameTag> std::ops::Mul<f64> for Vec3<F> {
    type Output = Self;
    fn mul(self, k: f64) -> Self {
        Self::new(self.x * k, self.y * k, self.z * k)
    }
}

impl Vec3<Ned> {
    /// The same direction in east-north-up axes.
    #[must_use]
    pub fn to_enu(self) -> Vec3<Enu> {
        Vec3::new(self.y, self.x, -self.z)
    }
}
impl Vec3<Enu> {
    /// The same direction in north-east-down axes.
    #[must_use]
    pub fn to_ned(self) -> Vec3<Ned> {
        Vec3::new(self.y, self.x, -self.z)
    }
}

/// A rotation that takes vectors of frame `From` to frame `To`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rotation<To: FrameTag, From: FrameTag> {
    m: [[f64; 3]; 3],
    tag: PhantomData<(To, From)>,
}

impl<To: FrameTag, From: FrameTag> Rotation<To, From> {
    const fn of(m: [[f64; 3]; 3]) -> Self {
        Self { m, tag: PhantomData }
    }
    /// Turns a vector into the other frame.
    #[must_use]
    pub fn apply(&self, v: Vec3<From>) -> Vec3<To> {
        let r = |i: usize| self.m[i][0] * v.x + self.m[i][1] * v.y + self.m[i][2] * v.z;
        Vec3::new(r(0), r(1), r(2))
    }
    /// The way back.
    #[must_use]
    pub fn inverse(&self) -> Rotation<From, To> {
        let m = &self.m;
        Rotation::of([
            [m[0][0], m[1][0], m[2][0]],
            [m[0][1], m[1][1], m[2][1]],
            [m[0][2], m[1][2], m[2][2]],
        ])
    }
    /// `self` after `first`: `to_from_mid.after(mid_from_start)`.
    #[must_use]
    pub fn after<Start: FrameTag>(&self, first: &Rotation<From, Start>) -> Rotation<To, Start> {
        let mut m = [[0.0; 3]; 3];
        for (i, row) in m.iter_mut().enumerate() {
            for (j, cell) in row.iter_mut().enumerate() {
                *cell = (0..3).map(|k| self.m[i][k] * first.m[k][j]).sum();
            }
        }
        Rotation::of(m)
    }
    /// Rows of the matrix.
    #[must_use]
    pub fn matrix(&self) -> [[f64; 3]; 3] {
        self.m
    }
    /// Roll, pitch, yaw (z-y-x, aerospace order) of this rotation, degrees; yaw 0..360.
    #[must_use]
    pub fn euler_deg(&self) -> (f64, f64, f64) {
        let m = &self.m;
        let pitch = (-m[2][0]).clamp(-1.0, 1.0).asin_r();
        let roll = m[2][1].atan2_r(m[2][2]);
        let yaw = m[1][0].atan2_r(m[0][0]);
        (
            roll.to_degrees(),
            pitch.to_degrees(),
            crate::norm_deg_360(yaw.to_degrees()),
        )
    }

    fn zyx(roll_deg: f64, pitch_deg: f64, yaw_deg: f64) -> Self {
        let (sr, cr) = roll_deg.to_radians().sin_cos_r();
        let (sp, cp) = pitch_deg.to_radians().sin_cos_r();
        let (sy, cy) = yaw_deg.to_radians().sin_cos_r();
        Self::of([
            [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
            [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
            [-sp, cp * sr, cp * cr],
        ])
    }
}

impl Rotation<Ned, Body> {
    /// Attitude as roll, pitch, yaw (z-y-x order, MAVLink ATTITUDE), degrees.
    #[must_use]
    pub fn ned_from_body(roll_deg: f64, pitch_deg: f64, yaw_deg: f64) -> Self {
        Self::zyx(roll_deg, pitch_deg, yaw_deg)
    }
}

impl Rotation<Body, Gimbal> {
    /// Sensor relative azimuth, elevation and roll (MISB ST 0601 tags 18, 19, 20): azimuth
    /// clockwise from the nose seen from above, elevation positive up, roll about the axis.
    #[must_use]
    pub fn body_from_gimbal(rel_azimuth_deg: f64, rel_elevation_deg: f64, rel_roll_deg: f64) -> Self {
        Self::zyx(rel_roll_deg, rel_elevation_deg, rel_azimuth_deg)
    }
}

impl Rotation<Ned, Gimbal> {
    /// A stabilised gimbal's attitude in earth axes: roll, pitch (negative looks down), yaw from
    /// true north, degrees.
    #[must_use]
    pub fn ned_from_gimbal(roll_deg: f64, pitch_deg: f64, yaw_deg: f64) -> Self {
        Self::zyx(roll_deg, pitch_deg, yaw_deg)
    }
}

impl Rotation<Gimbal, Camera> {
    /// Picture axes (right, down, into the scene) to gimbal axes (into the scene, right, down).
    #[must_use]
    pub const fn gimbal_from_camera() -> Self {
        Self::of([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    }
}
