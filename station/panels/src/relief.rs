//! The piece of relief the console looks at: a grid of heights in local metres, for draping lines,
//! hit tests and the mesh alike.
//!
//! Invariant: a hole stays a hole (`None`), never zero. It must not know where the heights came
//! from or how they are drawn.

use vedette_core::Ground;
use vedette_geo::{Amsl, Hae, LatLon, LocalFrame, Ned, Vec3};
use vedette_model::NoFix;

/// Heights above the sea on a regular east-north grid about an origin.
#[derive(Debug, Clone)]
pub struct Relief {
    /// Local frame; its origin is the middle of the area.
    pub frame: LocalFrame,
    /// West edge, metres east of the origin.
    pub west_m: f64,
    /// South edge, metres north of the origin.
    pub south_m: f64,
    /// Spacing, metres.
    pub step_m: f64,
    /// Columns (eastwards).
    pub columns: usize,
    /// Rows (northwards).
    pub rows: usize,
    /// Heights, row by row from the south, metres above the sea; not finite where unknown.
    pub heights: Vec<f32>,
}

impl Relief {
    /// Samples an area: middle, half width and half height in metres, spacing, and a function
    /// that knows heights.
    #[must_use]
    pub fn sample(
        middle: LatLon,
        half_east_m: f64,
        half_north_m: f64,
        step_m: f64,
        height: &dyn Fn(LatLon) -> Option<f64>,
    ) -> Self {
        let frame = LocalFrame::new(middle, Hae(0.0));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive sizes")]
        let n = |half: f64| (2.0 * half / step_m).ceil().max(1.0) as usize + 1;
        let (columns, rows) = (n(half_east_m), n(half_north_m));
        // One exact conversion per corner of a coarse net; bilinear between. Over the net's
        // 1-km meshes the error of that is below a centimetre.
        let mut heights = Vec::with_capacity(columns * rows);
        for j in 0..rows {
            for i in 0..columns {
                #[expect(clippy::cast_precision_loss, reason = "grid indices")]
                let (e, nn) = (-half_east_m + i as f64 * step_m, -half_north_m + j as f64 * step_m);
                let p = quick_geodetic(&frame, e, nn);
                #[expect(clippy::cast_possible_truncation, reason = "heights fit f32")]
                heights.push(height(p).map_or(f32::NAN, |h| h as f32));
            }
        }
        Self {
            frame,
            west_m: -half_east_m,
            south_m: -half_north_m,
            step_m,
            columns,
            rows,
            heights,
        }
    }

    /// Height at local metres, `None` outside or over a hole.
    #[must_use]
    pub fn at(&self, east_m: f64, north_m: f64) -> Option<f64> {
        let (x, y) = (
            (east_m - self.west_m) / self.step_m,
            (north_m - self.south_m) / self.step_m,
        );
        if x < 0.0 || y < 0.0 {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
        let (i, j) = (x.floor() as usize, y.floor() as usize);
        if i + 1 >= self.columns || j + 1 >= self.rows {
            return None;
        }
        let (fx, fy) = (x.fract(), y.fract());
        let h = |a: usize, b: usize| f64::from(self.heights[b * self.columns + a]);
        let v = (h(i, j) * (1.0 - fx) + h(i + 1, j) * fx) * (1.0 - fy)
            + (h(i, j + 1) * (1.0 - fx) + h(i + 1, j + 1) * fx) * fy;
        v.is_finite().then_some(v)
    }

    /// Height at a place.
    #[must_use]
    pub fn at_place(&self, p: LatLon) -> Option<f64> {
        let (e, n) = self.frame.plane(p);
        self.at(e, n)
    }

    /// Lowest and highest height, if any is known.
    #[must_use]
    pub fn range(&self) -> Option<(f32, f32)> {
        let mut it = self.heights.iter().copied().filter(|h| h.is_finite());
        let first = it.next()?;
        Some(it.fold((first, first), |(a, b), h| (a.min(h), b.max(h))))
    }
}

/// The relief as ground for lines of sight.
#[derive(Debug, Clone, Copy)]
pub struct ReliefGround<'a> {
    /// Heights.
    pub relief: &'a Relief,
    /// One sigma of them, metres.
    pub sigma_m: f64,
}

impl Ground for ReliefGround<'_> {
    fn cast(&self, from: LatLon, amsl: Amsl, toward: Vec3<Ned>, max_m: f64) -> Result<(LatLon, Amsl), NoFix> {
        let d = toward.unit().ok_or(NoFix::AboveHorizon)?.to_enu();
        // Heights above the sea stand in for heights above the ellipsoid: only differences count.
        let frame = LocalFrame::new(from, Hae(amsl.0));
        let point = |t: f64| {
            let (at, h) = frame.geodetic(d * t);
            (at, h.0, self.relief.at_place(at))
        };
        let highest = self.relief.range().map_or(f64::MIN, |(_, hi)| f64::from(hi));
        let (mut t, mut last) = (0.0, 0.0);
        while t <= max_m {
            let (at, h, ground) = point(t);
            if h > highest && d.z >= 0.0 {
                return Err(NoFix::AboveHorizon);
            }
            let g = ground.ok_or(NoFix::NoTerrain)?;
            if h <= g {
                let (mut a, mut b, mut found) = (last, t, (at, g));
                for _ in 0..40 {
                    let m = f64::midpoint(a, b);
                    let (at, h, ground) = point(m);
                    let g = ground.ok_or(NoFix::NoTerrain)?;
                    if h <= g {
                        (b, found) = (m, (at, g));
                    } else {
                        a = m;
                    }
                }
                return Ok((found.0, Amsl(found.1)));
            }
            last = t;
            // Steps small beside what is left above the ground: no slope of the grid is jumped over.
            t += ((h - g) * 0.3).clamp(self.relief.step_m * 0.2, 200.0);
        }
        Err(NoFix::AboveHorizon)
    }
    fn height(&self, at: LatLon) -> Option<Amsl> {
        self.relief.at_place(at).map(Amsl)
    }
    fn sigma_m(&self) -> f64 {
        self.sigma_m
    }
}

/// Local metres to a place by the ellipsoid's radii at the origin: within a metre at 20 km, which
/// is below any terrain model's own error.
fn quick_geodetic(frame: &LocalFrame, east_m: f64, north_m: f64) -> LatLon {
    let o = frame.origin();
    let (a, f) = (6_378_137.0_f64, 1.0 / 298.257_223_563);
    let e2 = f * (2.0 - f);
    let s = o.lat_deg.to_radians().sin();
    let w = (1.0 - e2 * s * s).sqrt();
    let (m, n) = (a * (1.0 - e2) / (w * w * w), a / w);
    let lat = o.lat_deg + (north_m / m).to_degrees()
        - (east_m * east_m * s / (2.0 * m * n * o.lat_deg.to_radians().cos())).to_degrees();
    let lon = o.lon_deg + (east_m / (n * lat.to_radians().cos())).to_degrees();
    LatLon {
        lat_deg: lat,
        lon_deg: lon,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plane_slope_is_read_back_where_it_is() {
        let mid = LatLon {
            lat_deg: 42.43,
            lon_deg: 1.5,
        };
        let frame = LocalFrame::new(mid, Hae(0.0));
        let r = Relief::sample(mid, 9000.0, 7000.0, 50.0, &|p| {
            let (e, n) = frame.plane(p);
            Some(1000.0 + e * 0.1 + n * 0.05)
        });
        for (e, n) in [(0.0, 0.0), (-8000.0, 6500.0), (8500.0, -6900.0)] {
            let h = r.at(e, n).expect("inside");
            assert!((h - (1000.0 + e * 0.1 + n * 0.05)).abs() < 1.0, "{e} {n}: {h}");
        }
        assert_eq!(r.at(9500.0, 0.0), None, "outside is unknown, not zero");
    }

    #[test]
    fn a_hole_is_unknown() {
        let mid = LatLon {
            lat_deg: 42.43,
            lon_deg: 1.5,
        };
        let r = Relief::sample(mid, 500.0, 500.0, 50.0, &|_| None);
        assert_eq!(r.at(0.0, 0.0), None);
        assert_eq!(r.range(), None);
    }
}
