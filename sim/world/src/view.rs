//! A camera on the scene's map: directions of pixels, and pixels of balls.
//!
//! Invariant: one pinhole for ground, things and actors, so that what is drawn and what is told of it
//! agree. It must not know what is in the picture.

use vedette_geo::{Camera, Gimbal, Ned, Repeatable, Rotation, Vec3};

use crate::render::CameraState;
use crate::scene::Scene;
use crate::shapes::{V3, dot, sub};

/// A camera on the scene's map: where it is, its axes, its focal length in pixels.
pub(crate) struct View {
    pub(crate) o: V3,
    pub(crate) fwd: V3,
    right: V3,
    pub(crate) down: V3,
    pub(crate) f: f32,
    pub(crate) w: usize,
    pub(crate) h: usize,
}

impl View {
    #[inline]
    pub(crate) fn dir(&self, px: f32, py: f32) -> V3 {
        let (a, b) = ((px - 0.5 * self.w as f32) / self.f, (py - 0.5 * self.h as f32) / self.f);
        [
            self.fwd[0] + a * self.right[0] + b * self.down[0],
            self.fwd[1] + a * self.right[1] + b * self.down[1],
            self.fwd[2] + a * self.right[2] + b * self.down[2],
        ]
    }
    /// Pixel rectangle around a ball (x from, x to, y from, y to; exclusive ends) and depth of
    /// its middle, or `None` when it is behind or outside.
    pub(crate) fn rect(&self, c: V3, r: f32) -> Option<([usize; 4], f32)> {
        let v = sub(c, self.o);
        let z = dot(v, self.fwd);
        if z < r + 0.5 {
            return None;
        }
        let x = dot(v, self.right) / z * self.f + 0.5 * self.w as f32;
        let y = dot(v, self.down) / z * self.f + 0.5 * self.h as f32;
        let e = r / (z - r) * self.f * 1.15 + 1.0;
        let clip = |a: f32, n: usize| a.clamp(0.0, n as f32) as usize;
        let q = [
            clip((x - e).floor(), self.w),
            clip((x + e).ceil(), self.w),
            clip((y - e).floor(), self.h),
            clip((y + e).ceil(), self.h),
        ];
        (q[0] < q[1] && q[2] < q[3]).then_some((q, z))
    }
}

/// The camera's axes on the scene's map.
pub(crate) fn view(scene: &Scene, cam: &CameraState, w: usize, h: usize) -> View {
    let (x, y) = scene.ground.plane(cam.at);
    let yaw = cam.yaw_deg + scene.ground.convergence_deg(cam.at);
    let ned: Rotation<Ned, Camera> = Rotation::<Ned, Gimbal>::ned_from_gimbal(cam.roll_deg, cam.pitch_deg, yaw)
        .after(&Rotation::<Gimbal, Camera>::gimbal_from_camera());
    let axis = |v: Vec3<Camera>| {
        let e = ned.apply(v).to_enu();
        [e.x as f32, e.y as f32, e.z as f32]
    };
    let f = 0.5 * w as f64 / (0.5 * cam.hfov_deg.clamp(0.2, 150.0)).to_radians().tan_r();
    View {
        o: [x, y, cam.amsl.0 as f32],
        fwd: axis(Vec3::new(0.0, 0.0, 1.0)),
        right: axis(Vec3::new(1.0, 0.0, 0.0)),
        down: axis(Vec3::new(0.0, 1.0, 0.0)),
        f: f as f32,
        w,
        h,
    }
}
