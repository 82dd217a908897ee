//! The map's camera and a video camera's projection: metres to points on the screen and back.
//!
//! Invariant: one camera serves panels and renderer, so labels and terrain agree to the pixel.
//! It must not know what is drawn.

use egui::{Pos2, Rect, Vec2, pos2, vec2};
use vedette_geo::{Amsl, Camera as CameraFrame, Gimbal, Hae, LatLon, LocalFrame, Ned, Rotation, Vec3};
use vedette_model::SensorPose;

use crate::relief::Relief;

/// Vertical field of view of the tilted view, degrees.
pub const FOV_DEG: f64 = 32.0;

/// Looks at a point of the local frame. Untilted it is an orthographic map, tilted a perspective.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MapCamera {
    /// East of the frame's origin, metres.
    pub east_m: f64,
    /// North of it.
    pub north_m: f64,
    /// Height above the sea of the point looked at.
    pub up_m: f64,
    /// Metres per logical pixel at that point.
    pub m_per_px: f64,
    /// What is up on the screen, degrees true.
    pub azimuth_deg: f64,
    /// Degrees from straight down; below half a degree the view is the plane map.
    pub tilt_deg: f64,
}

impl Default for MapCamera {
    fn default() -> Self {
        Self {
            east_m: 0.0,
            north_m: 0.0,
            up_m: 0.0,
            m_per_px: 10.0,
            azimuth_deg: 0.0,
            tilt_deg: 0.0,
        }
    }
}

type V = [f64; 3];
fn dot(a: V, b: V) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// A camera at work in a rectangle.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// Camera.
    pub cam: MapCamera,
    /// Where the map is on the screen.
    pub rect: Rect,
    /// Screen right, east-north-up.
    pub right: V,
    /// Screen up.
    pub up: V,
    /// Into the scene.
    pub forward: V,
    /// Distance of the eye from the point looked at, metres.
    pub distance_m: f64,
}

impl MapCamera {
    /// Whether it is the plane map.
    #[must_use]
    pub fn is_flat(&self) -> bool {
        self.tilt_deg < 0.5
    }

    /// The camera at work in a rectangle.
    #[must_use]
    pub fn view(&self, rect: Rect) -> View {
        let (sa, ca) = self.azimuth_deg.to_radians().sin_cos();
        let tilt = if self.is_flat() { 0.0 } else { self.tilt_deg };
        let (st, ct) = tilt.to_radians().sin_cos();
        View {
            cam: *self,
            rect,
            right: [ca, -sa, 0.0],
            up: [sa * ct, ca * ct, st],
            forward: [sa * st, ca * st, -ct],
            distance_m: f64::from(rect.height().max(1.0)) / 2.0 * self.m_per_px / (FOV_DEG.to_radians() / 2.0).tan(),
        }
    }

    /// Moves by a drag of so many pixels.
    pub fn pan(&mut self, by: Vec2) {
        let (sa, ca) = self.azimuth_deg.to_radians().sin_cos();
        let stretch = self.tilt_deg.to_radians().cos().max(0.35);
        let (x, y) = (
            f64::from(by.x) * self.m_per_px,
            f64::from(by.y) * self.m_per_px / stretch,
        );
        self.east_m += -x * ca + y * sa;
        self.north_m += x * sa + y * ca;
    }

    /// Zooms by a factor about a point of the screen (plane map) or the middle.
    pub fn zoom(&mut self, factor: f64, about: Pos2, rect: Rect) {
        let old = self.m_per_px;
        self.m_per_px = (old * factor).clamp(0.05, 150.0);
        if self.is_flat() {
            let d = about - rect.center();
            let k = old - self.m_per_px;
            let (sa, ca) = self.azimuth_deg.to_radians().sin_cos();
            let (x, y) = (f64::from(d.x) * k, -f64::from(d.y) * k);
            self.east_m += x * ca + y * sa;
            self.north_m += -x * sa + y * ca;
        }
    }

    /// Shows these local points with a margin in pixels.
    pub fn fit(&mut self, points: &[(f64, f64)], rect: Rect, margin: [f32; 4]) {
        let (sa, ca) = self.azimuth_deg.to_radians().sin_cos();
        let mut lo = (f64::MAX, f64::MAX);
        let mut hi = (f64::MIN, f64::MIN);
        for (e, n) in points {
            let (x, y) = (e * ca - n * sa, e * sa + n * ca);
            lo = (lo.0.min(x), lo.1.min(y));
            hi = (hi.0.max(x), hi.1.max(y));
        }
        if lo.0 > hi.0 {
            return;
        }
        let [left, top, right, bottom] = margin;
        let w = f64::from((rect.width() - left - right).max(60.0));
        let h = f64::from((rect.height() - top - bottom).max(60.0));
        let m = ((hi.0 - lo.0) / w).max((hi.1 - lo.1) / h).clamp(0.2, 150.0);
        self.m_per_px = m;
        let x = f64::midpoint(lo.0, hi.0) - f64::from(left - right) / 2.0 * m;
        let y = f64::midpoint(lo.1, hi.1) + f64::from(top - bottom) / 2.0 * m;
        self.east_m = x * ca + y * sa;
        self.north_m = -x * sa + y * ca;
    }
}

impl View {
    /// Where the eye is, east-north-up.
    #[must_use]
    pub fn eye(&self) -> V {
        let t = [self.cam.east_m, self.cam.north_m, self.cam.up_m];
        [
            t[0] - self.forward[0] * self.distance_m,
            t[1] - self.forward[1] * self.distance_m,
            t[2] - self.forward[2] * self.distance_m,
        ]
    }

    /// Point of the screen of local metres and height above the sea; `None` behind the eye.
    #[must_use]
    pub fn project(&self, east_m: f64, north_m: f64, amsl_m: f64) -> Option<Pos2> {
        let c = self.rect.center();
        let d = [
            east_m - self.cam.east_m,
            north_m - self.cam.north_m,
            amsl_m - self.cam.up_m,
        ];
        let (x, y) = (dot(d, self.right), dot(d, self.up));
        let k = if self.cam.is_flat() {
            1.0 / self.cam.m_per_px
        } else {
            let z = dot(d, self.forward) + self.distance_m;
            if z < self.distance_m * 0.02 {
                return None;
            }
            f64::from(self.rect.height()) / 2.0 / (FOV_DEG.to_radians() / 2.0).tan() / z
        };
        let (px, py) = (x * k, y * k);
        if px.abs() > 30_000.0 || py.abs() > 30_000.0 {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
        let v = vec2(px as f32, -(py as f32));
        Some(c + v)
    }

    /// The ground under a point of the screen, local metres; marches over the relief when tilted.
    #[must_use]
    pub fn ground(&self, at: Pos2, relief: Option<&Relief>) -> Option<(f64, f64)> {
        let d = at - self.rect.center();
        let (x, y) = (f64::from(d.x), -f64::from(d.y));
        if self.cam.is_flat() {
            let m = self.cam.m_per_px;
            return Some((
                self.cam.east_m + (x * self.right[0] + y * self.up[0]) * m,
                self.cam.north_m + (x * self.right[1] + y * self.up[1]) * m,
            ));
        }
        let f = f64::from(self.rect.height()) / 2.0 / (FOV_DEG.to_radians() / 2.0).tan();
        let eye = self.eye();
        let dir: V = std::array::from_fn(|i| self.forward[i] + (self.right[i] * x + self.up[i] * y) / f);
        let ground = |e: f64, n: f64| relief.and_then(|r| r.at(e, n)).unwrap_or(self.cam.up_m);
        let mut last = 0.0;
        for i in 1..=240 {
            let t = self.distance_m * 3.0 * f64::from(i) / 240.0;
            let q: V = std::array::from_fn(|k| eye[k] + dir[k] * t);
            if q[2] <= ground(q[0], q[1]) {
                let (mut a, mut b) = (last, t);
                for _ in 0..24 {
                    let m = f64::midpoint(a, b);
                    let q: V = std::array::from_fn(|k| eye[k] + dir[k] * m);
                    if q[2] <= ground(q[0], q[1]) { b = m } else { a = m }
                }
                return Some((eye[0] + dir[0] * b, eye[1] + dir[1] * b));
            }
            last = t;
        }
        None
    }

    /// Whether relief stands between the eye and a point (tilted view only).
    #[must_use]
    pub fn hidden(&self, p: V, relief: &Relief) -> bool {
        if self.cam.is_flat() {
            return false;
        }
        let eye = self.eye();
        (1..40).any(|i| {
            let s = f64::from(i) / 40.0;
            // Dense near the point, where a ridge can hide it.
            let s = 1.0 - (1.0 - s) * (1.0 - s);
            let q: V = std::array::from_fn(|k| eye[k] + (p[k] - eye[k]) * s);
            relief.at(q[0], q[1]).is_some_and(|h| h > q[2] + 15.0)
        })
    }
}

/// Projects places into a video frame: picture coordinates 0..1 across and down, `None` behind
/// the camera. Pinhole; the pose's angles are those of MISB ST 0601 earth axes. The geoid is taken
/// as constant between camera and ground, so heights above the sea serve directly.
#[derive(Debug, Clone, Copy)]
pub struct PictureProjection {
    frame: LocalFrame,
    camera_from_ned: Rotation<CameraFrame, Ned>,
    fx: f64,
    fy: f64,
}

impl PictureProjection {
    /// From a frame's pose.
    #[must_use]
    pub fn new(pose: &SensorPose) -> Self {
        let ned_from_gimbal: Rotation<Ned, Gimbal> =
            Rotation::ned_from_gimbal(pose.roll_deg, pose.pitch_deg, pose.yaw_deg);
        let ned_from_camera = ned_from_gimbal.after(&Rotation::gimbal_from_camera());
        let half = |deg: f64| (deg.clamp(0.05, 170.0).to_radians() / 2.0).tan();
        Self {
            frame: LocalFrame::new(pose.at, Hae(pose.amsl.0)),
            camera_from_ned: ned_from_camera.inverse(),
            fx: 0.5 / half(pose.hfov_deg),
            fy: 0.5 / half(pose.vfov_deg),
        }
    }

    /// Where a place is in the picture, and how far along the axis, metres.
    #[must_use]
    pub fn project(&self, at: LatLon, amsl: Amsl) -> Option<(f64, f64, f64)> {
        let ned = self.frame.enu(at, Hae(amsl.0)).to_ned();
        let c: Vec3<CameraFrame> = self.camera_from_ned.apply(ned);
        (c.z > 1.0).then(|| (0.5 + self.fx * c.x / c.z, 0.5 + self.fy * c.y / c.z, c.z))
    }
}

/// A point inside a picture's rectangle.
#[must_use]
pub fn in_picture(r: Rect, x: f64, y: f64) -> Pos2 {
    #[expect(clippy::cast_possible_truncation, reason = "clamped")]
    let (x, y) = (x.clamp(-20.0, 20.0) as f32, y.clamp(-20.0, 20.0) as f32);
    pos2(r.left() + r.width() * x, r.top() + r.height() * y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vedette_model::Utc;

    fn rect() -> Rect {
        Rect::from_min_size(pos2(300.0, 40.0), vec2(1000.0, 800.0))
    }

    #[test]
    fn ground_is_the_way_back_of_project_flat_and_tilted() {
        for tilt_deg in [0.0, 55.0] {
            let cam = MapCamera {
                east_m: 500.0,
                north_m: -200.0,
                up_m: 1800.0,
                m_per_px: 6.0,
                azimuth_deg: 30.0,
                tilt_deg,
            };
            let v = cam.view(rect());
            let p = v.project(900.0, 100.0, 1800.0).expect("in front");
            let (e, n) = v.ground(p, None).expect("ground");
            assert!(
                (e - 900.0).abs() < 1.0 && (n - 100.0).abs() < 1.0,
                "{tilt_deg}: {e} {n}"
            );
        }
    }

    #[test]
    fn zooming_keeps_the_point_under_the_pointer() {
        let mut cam = MapCamera {
            m_per_px: 10.0,
            azimuth_deg: 20.0,
            ..MapCamera::default()
        };
        let at = pos2(1100.0, 200.0);
        let before = cam.view(rect()).ground(at, None).expect("ground");
        cam.zoom(0.5, at, rect());
        let after = cam.view(rect()).ground(at, None).expect("ground");
        assert!((before.0 - after.0).abs() < 0.01 && (before.1 - after.1).abs() < 0.01);
    }

    #[test]
    fn what_the_axis_meets_is_in_the_middle_of_the_picture() {
        let at = LatLon {
            lat_deg: 42.43,
            lon_deg: 1.5,
        };
        let pose = SensorPose {
            captured: Utc(0),
            at,
            amsl: Amsl(2000.0),
            roll_deg: 0.0,
            pitch_deg: -45.0,
            yaw_deg: 90.0,
            hfov_deg: 24.0,
            vfov_deg: 19.3,
            sigma_h_m: 1.0,
            sigma_v_m: 1.0,
            sigma_tilt_deg: 0.1,
            sigma_heading_deg: 0.1,
            sigma_time_s: 0.02,
        };
        let target = vedette_geo::destination(at, 90.0, 200.0);
        let (x, y, z) = PictureProjection::new(&pose)
            .project(target, Amsl(1800.0))
            .expect("in front");
        assert!((x - 0.5).abs() < 1e-3 && (y - 0.5).abs() < 1e-3, "{x} {y}");
        assert!((z - 200.0 * std::f64::consts::SQRT_2).abs() < 0.5);
        let north = vedette_geo::destination(target, 0.0, 10.0);
        let (x, _, _) = PictureProjection::new(&pose)
            .project(north, Amsl(1800.0))
            .expect("in front");
        assert!(x < 0.5, "north is left when looking east");
    }
}
