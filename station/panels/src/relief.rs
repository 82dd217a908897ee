//! The piece of relief the console looks at: a grid of heights in local metres, for draping lines,
//! hit tests and the mesh alike.
//!
//! Invariant: a hole stays a hole (`None`), never zero. It must not know where the heights came
//! from or how they are drawn.

use vedette_geo::{Hae, LatLon, LocalFrame};

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
