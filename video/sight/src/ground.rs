//! Pixel to ground and ground to pixel, with the error that belongs to it.
//!
//! Invariant: a fix carries the covariance of everything known to be uncertain (position, height,
//! tilt, heading, terrain, pixel, time), split into what is new with every frame and what stays
//! (biases), so that a filter cannot average away what does not average. A ray that grazes the
//! ground gives no position. Knows nothing of pictures' content.

use vedette_geo::{Amsl, Camera, Enu, Gimbal, Hae, LatLon, LocalFrame, Ned, Rotation, Vec3, distance_m};
use vedette_model::{GroundFix, NoFix, SensorPose};

use crate::PoseMotion;

/// Rays that meet the ground at a smaller angle give a line of bearing, not a position.
pub const MIN_GRAZING_DEG: f64 = 5.0;
/// Rays are followed no further than this, metres.
pub const MAX_RANGE_M: f64 = 20_000.0;

/// Ground a ray can meet. Implemented for terrain data and for a level plane.
pub trait Ground {
    /// First meeting of a ray with the ground, from above.
    ///
    /// # Errors
    /// [`NoFix::AboveHorizon`] when it meets none within `max_m`, [`NoFix::NoTerrain`] when data
    /// ends or has a void before.
    fn cast(&self, from: LatLon, amsl: Amsl, toward: Vec3<Ned>, max_m: f64) -> Result<(LatLon, Amsl), NoFix>;
    /// Height of the ground at a place; `None` where unknown.
    fn height(&self, at: LatLon) -> Option<Amsl>;
    /// One sigma of those heights, metres.
    fn sigma_m(&self) -> f64;
    /// Whether a place is known to be water; without charts nothing is.
    fn on_water(&self, _at: LatLon) -> bool {
        false
    }
}

/// Ground with its waters charted.
#[derive(Clone, Copy)]
pub struct Charted<'a> {
    /// Its heights.
    pub ground: &'a dyn Ground,
    /// Its waters.
    pub around: &'a crate::Surroundings,
}

impl Ground for Charted<'_> {
    fn cast(&self, from: LatLon, amsl: Amsl, toward: Vec3<Ned>, max_m: f64) -> Result<(LatLon, Amsl), NoFix> {
        self.ground.cast(from, amsl, toward, max_m)
    }
    fn height(&self, at: LatLon) -> Option<Amsl> {
        self.ground.height(at)
    }
    fn sigma_m(&self) -> f64 {
        self.ground.sigma_m()
    }
    fn on_water(&self, at: LatLon) -> bool {
        self.around.on_water(at)
    }
}

/// A level plane at one height: open sea, or a place without terrain data whose height is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LevelGround {
    /// Height above the sea.
    pub amsl: Amsl,
    /// One sigma of it, metres.
    pub sigma_m: f64,
}

impl Ground for LevelGround {
    fn cast(&self, from: LatLon, amsl: Amsl, toward: Vec3<Ned>, max_m: f64) -> Result<(LatLon, Amsl), NoFix> {
        let d = toward.unit().ok_or(NoFix::AboveHorizon)?;
        let frame = local(from, amsl);
        // Along the ray the height above the sphere is h + r * up + r² cos² / 2R; two passes
        // settle the curvature term below a centimetre inside 20 km.
        let drop = amsl.0 - self.amsl.0;
        if d.z <= 1e-6 || drop <= 0.0 {
            return Err(NoFix::AboveHorizon);
        }
        let mut r = drop / d.z;
        for _ in 0..3 {
            let bulge = r * r * (1.0 - d.z * d.z) / (2.0 * vedette_geo::EARTH_RADIUS_M);
            r = (drop + bulge) / d.z;
            if r > max_m {
                return Err(NoFix::AboveHorizon);
            }
        }
        let (at, _) = frame.geodetic((d * r).to_enu());
        Ok((at, self.amsl))
    }
    fn height(&self, _at: LatLon) -> Option<Amsl> {
        Some(self.amsl)
    }
    fn sigma_m(&self) -> f64 {
        self.sigma_m
    }
}

/// Local axes at the camera. Heights above the sea stand in for heights above the ellipsoid: only
/// differences are used, and the undulation changes over kilometres by centimetres.
fn local(at: LatLon, amsl: Amsl) -> LocalFrame {
    LocalFrame::new(at, Hae(amsl.0))
}

/// Ideal camera behind a pose: focal lengths in pixels and the picture's centre.
#[derive(Debug, Clone, Copy)]
struct Lens {
    fx: f64,
    fy: f64,
    cx: f64,
    cy: f64,
}

impl Lens {
    fn of(pose: &SensorPose, width: usize, height: usize) -> Option<Self> {
        let ok = |deg: f64| deg.is_finite() && (0.01..179.0).contains(&deg);
        if !ok(pose.hfov_deg) || !ok(pose.vfov_deg) || width == 0 || height == 0 {
            return None;
        }
        let (cx, cy) = (width as f64 / 2.0, height as f64 / 2.0);
        Some(Self {
            fx: cx / (pose.hfov_deg.to_radians() / 2.0).tan(),
            fy: cy / (pose.vfov_deg.to_radians() / 2.0).tan(),
            cx,
            cy,
        })
    }
    fn ray(&self, pixel: [f64; 2]) -> Vec3<Camera> {
        Vec3::new((pixel[0] - self.cx) / self.fx, (pixel[1] - self.cy) / self.fy, 1.0)
    }
}

fn ned_from_camera(roll_deg: f64, pitch_deg: f64, yaw_deg: f64) -> Rotation<Ned, Camera> {
    let ned_from_gimbal: Rotation<Ned, Gimbal> = Rotation::ned_from_gimbal(roll_deg, pitch_deg, yaw_deg);
    ned_from_gimbal.after(&Rotation::gimbal_from_camera())
}

/// Direction of a pixel in earth axes (length one); pixel coordinates with (0, 0) at the picture's
/// upper left corner and (`width`, `height`) at its lower right.
#[must_use]
pub fn ray_of(pixel: [f64; 2], width: usize, height: usize, pose: &SensorPose) -> Option<Vec3<Ned>> {
    let lens = Lens::of(pose, width, height)?;
    ned_from_camera(pose.roll_deg, pose.pitch_deg, pose.yaw_deg)
        .apply(lens.ray(pixel))
        .unit()
}

/// Where a point on the map is in the picture: pixels from the upper left corner, also outside
/// the picture's borders; `None` for points behind the camera or nearly so.
#[must_use]
pub fn project(at: LatLon, amsl: Amsl, pose: &SensorPose, width: usize, height: usize) -> Option<[f64; 2]> {
    let lens = Lens::of(pose, width, height)?;
    let enu = local(pose.at, pose.amsl).enu(at, Hae(amsl.0));
    let v = ned_from_camera(pose.roll_deg, pose.pitch_deg, pose.yaw_deg)
        .inverse()
        .apply(enu.to_ned());
    if !v.z.is_finite() || v.z < 0.05 * v.norm() || v.z <= 0.0 {
        return None;
    }
    Some([lens.cx + lens.fx * v.x / v.z, lens.cy + lens.fy * v.y / v.z])
}

/// What may be wrong with a fix besides what the pose says of itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FixErrors {
    /// One sigma of the pixel, pixels per axis.
    pub pixel_px: f64,
    /// How the camera moves; a time error is multiplied with it.
    pub motion: PoseMotion,
}

impl Default for FixErrors {
    fn default() -> Self {
        Self {
            pixel_px: 1.0,
            motion: PoseMotion::default(),
        }
    }
}

/// Number of error sources that stay from frame to frame: heading, position east, north, up,
/// terrain height, time offset.
pub const BIASES: usize = 6;

/// A fix with its error split into new-each-frame noise and lasting bias.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// The fix, covariance of all of it.
    pub fix: GroundFix,
    /// Covariance of the part that is new with each frame: east-east, east-north, north-north.
    pub noise_en_m2: [f64; 3],
    /// Shift east and north for one sigma of each bias, metres.
    pub bias_en_m: [[f64; 2]; BIASES],
    /// Angle between ray and ground, degrees.
    pub grazing_deg: f64,
}

/// Where a pixel is on the ground.
///
/// # Errors
/// See [`NoFix`]; below [`MIN_GRAZING_DEG`] between ray and ground it is [`NoFix::Grazing`].
pub fn geolocate(
    pixel: [f64; 2],
    width: usize,
    height: usize,
    pose: &SensorPose,
    ground: &dyn Ground,
) -> Result<GroundFix, NoFix> {
    look(pixel, width, height, pose, ground, &FixErrors::default()).map(|l| l.fix)
}

/// Where a pixel is on the ground, with its error by source.
///
/// The ray meets the terrain once; the derivatives are central differences of the ray's meeting
/// with the tangent plane there, one sigma to either side (first-order propagation, Σ = J S Jᵀ).
///
/// # Errors
/// See [`geolocate`].
pub fn look(
    pixel: [f64; 2],
    width: usize,
    height: usize,
    pose: &SensorPose,
    ground: &dyn Ground,
    errors: &FixErrors,
) -> Result<Look, NoFix> {
    let lens = Lens::of(pose, width, height).ok_or(NoFix::NoPose)?;
    let toward = ray_of(pixel, width, height, pose).ok_or(NoFix::NoPose)?;
    let (at, amsl) = ground.cast(pose.at, pose.amsl, toward, MAX_RANGE_M)?;
    let frame = local(pose.at, pose.amsl);
    let hit = frame.enu(at, Hae(amsl.0));
    let slant_m = hit.norm();
    let normal = tangent(at, amsl, hit, ground);
    let along = toward.to_enu();
    let sine = -along.dot(normal);
    let grazing_deg = sine.clamp(-1.0, 1.0).asin().to_degrees();
    // Seen from below the plane's slope may say "away" where the coarser cast met the ground.
    if grazing_deg < MIN_GRAZING_DEG {
        return Err(NoFix::Grazing);
    }

    let meet = |shift: [f64; 3], rpy: [f64; 3], px: [f64; 2], up: f64| -> Option<[f64; 2]> {
        let d = ned_from_camera(pose.roll_deg + rpy[0], pose.pitch_deg + rpy[1], pose.yaw_deg + rpy[2])
            .apply(lens.ray([pixel[0] + px[0], pixel[1] + px[1]]))
            .to_enu();
        let from = Vec3::<Enu>::new(shift[0], shift[1], shift[2]);
        let on = Vec3::<Enu>::new(hit.x, hit.y, hit.z + up);
        let down = d.dot(normal);
        if down > -1e-3 * d.norm() {
            return None;
        }
        let t = (on - from).dot(normal) / down;
        (t > 0.0).then_some([from.x + t * d.x, from.y + t * d.y])
    };
    let column = |shift: [f64; 3], rpy: [f64; 3], px: [f64; 2], up: f64| {
        let neg = |v: [f64; 3]| v.map(|x| -x);
        let a = meet(shift, rpy, px, up)?;
        let b = meet(neg(shift), neg(rpy), px.map(|x| -x), -up)?;
        Some([(a[0] - b[0]) / 2.0, (a[1] - b[1]) / 2.0])
    };
    let none3 = [0.0; 3];
    let none2 = [0.0; 2];
    let tilt = pose.sigma_tilt_deg.abs();
    let noise_columns = [
        column(none3, [tilt, 0.0, 0.0], none2, 0.0),
        column(none3, [0.0, tilt, 0.0], none2, 0.0),
        column(none3, none3, [errors.pixel_px, 0.0], 0.0),
        column(none3, none3, [0.0, errors.pixel_px], 0.0),
    ];
    let v = errors.motion.velocity_enu_m_s.map(|x| x * pose.sigma_time_s);
    let w = errors.motion.rate_rpy_deg_s.map(|x| x * pose.sigma_time_s);
    let bias_columns = [
        column(none3, [0.0, 0.0, pose.sigma_heading_deg], none2, 0.0),
        column([pose.sigma_h_m, 0.0, 0.0], none3, none2, 0.0),
        column([0.0, pose.sigma_h_m, 0.0], none3, none2, 0.0),
        column([0.0, 0.0, pose.sigma_v_m], none3, none2, 0.0),
        column(none3, none3, none2, ground.sigma_m()),
        column(v, w, none2, 0.0),
    ];
    let mut noise = [0.0; 3];
    let add = |cov: &mut [f64; 3], c: [f64; 2]| {
        cov[0] += c[0] * c[0];
        cov[1] += c[0] * c[1];
        cov[2] += c[1] * c[1];
    };
    for c in noise_columns {
        add(&mut noise, c.ok_or(NoFix::Grazing)?);
    }
    let mut total = noise;
    let mut bias_en_m = [[0.0; 2]; BIASES];
    for (slot, c) in bias_en_m.iter_mut().zip(bias_columns) {
        *slot = c.ok_or(NoFix::Grazing)?;
        add(&mut total, *slot);
    }
    if total.iter().any(|v| !v.is_finite()) {
        return Err(NoFix::Grazing);
    }
    Ok(Look {
        fix: GroundFix {
            at,
            amsl,
            cov_en_m2: total,
            slant_m,
        },
        noise_en_m2: noise,
        bias_en_m,
        grazing_deg,
    })
}

/// Upward normal of the ground around a point, from heights 30 m to either side.
fn tangent(at: LatLon, amsl: Amsl, hit: Vec3<Enu>, ground: &dyn Ground) -> Vec3<Enu> {
    const STEP_M: f64 = 30.0;
    let around = LocalFrame::new(at, Hae(amsl.0));
    let height = |east: f64, north: f64| {
        let (p, _) = around.geodetic(Vec3::new(east, north, 0.0));
        ground.height(p).map(|h| h.0)
    };
    let slope = |plus: Option<f64>, minus: Option<f64>| match (plus, minus) {
        (Some(a), Some(b)) => (a - b) / (2.0 * STEP_M),
        (Some(a), None) => (a - amsl.0) / STEP_M,
        (None, Some(b)) => (amsl.0 - b) / STEP_M,
        (None, None) => 0.0,
    };
    let se = slope(height(STEP_M, 0.0), height(-STEP_M, 0.0));
    let sn = slope(height(0.0, STEP_M), height(0.0, -STEP_M));
    // The vertical at the hit leans away from the camera's by range over Earth radius.
    let lean = 1.0 / vedette_geo::EARTH_RADIUS_M;
    let n = Vec3::<Enu>::new(-se + hit.x * lean, -sn + hit.y * lean, 1.0);
    n.unit().unwrap_or(Vec3::new(0.0, 0.0, 1.0))
}

/// The picture's corners on the ground, clockwise from upper left; `None` where a corner looks
/// past the ground or its data.
#[must_use]
pub fn footprint(width: usize, height: usize, pose: &SensorPose, ground: &dyn Ground) -> [Option<LatLon>; 4] {
    let (w, h) = (width as f64, height as f64);
    [[0.0, 0.0], [w, 0.0], [w, h], [0.0, h]].map(|corner| {
        let toward = ray_of(corner, width, height, pose)?;
        ground
            .cast(pose.at, pose.amsl, toward, MAX_RANGE_M)
            .ok()
            .map(|(at, _)| at)
    })
}

/// Pixels per metre across the line of sight at a slant range.
#[must_use]
pub fn px_per_m(slant_m: f64, width: usize, pose: &SensorPose) -> Option<f64> {
    let lens = Lens::of(pose, width, width)?;
    (slant_m > 0.1).then(|| lens.fx / slant_m)
}

/// Estimates a constant heading or boresight bias from pixels of known places: the mean of the
/// signed bearing differences (known minus computed), degrees, and its standard error.
#[must_use]
pub fn bearing_bias_deg(pairs: &[(LatLon, LatLon, LatLon)]) -> Option<(f64, f64)> {
    // (camera, computed, known)
    let diffs: Vec<f64> = pairs
        .iter()
        .filter(|(c, a, b)| distance_m(*c, *a) > 1.0 && distance_m(*c, *b) > 1.0)
        .map(|(c, a, b)| vedette_geo::diff_deg(vedette_geo::azimuth_deg(*c, *b), vedette_geo::azimuth_deg(*c, *a)))
        .collect();
    if diffs.len() < 2 {
        return None;
    }
    let n = diffs.len() as f64;
    let mean = diffs.iter().sum::<f64>() / n;
    let var = diffs.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / (n - 1.0);
    Some((mean, (var / n).sqrt()))
}

impl<G: Ground + ?Sized> Ground for std::sync::Arc<G> {
    fn cast(&self, from: LatLon, amsl: Amsl, toward: Vec3<Ned>, max_m: f64) -> Result<(LatLon, Amsl), NoFix> {
        (**self).cast(from, amsl, toward, max_m)
    }
    fn height(&self, at: LatLon) -> Option<Amsl> {
        (**self).height(at)
    }
    fn sigma_m(&self) -> f64 {
        (**self).sigma_m()
    }
}
