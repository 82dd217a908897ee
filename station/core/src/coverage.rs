//! When each metre of the section was last in a good enough picture.

use serde::{Deserialize, Serialize};
use vedette_geo::{LatLon, LocalFrame, distance_m, interpolate};
use vedette_model::{Mono, VisionReport};

/// Cell length along the section, metres.
pub(crate) const CELL_M: f64 = 25.0;

/// Coverage of the section, cell by cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CoverageView {
    /// Cell length, metres.
    pub cell_m: f64,
    /// Middle of each cell.
    pub cells: std::sync::Arc<Vec<LatLon>>,
    /// Last time each cell was seen well enough.
    pub last_seen: Vec<Option<Mono>>,
    /// Longest closed gap between two looks per cell since its first look, microseconds.
    pub longest_us: Vec<i64>,
    /// Looks per cell.
    pub looks: Vec<u32>,
    /// Promised revisit, seconds.
    pub promised_s: Option<f64>,
}

impl CoverageView {
    /// Cells along a line.
    pub(crate) fn new(section: &[LatLon]) -> Self {
        let mut cells = Vec::new();
        let mut carry = CELL_M / 2.0;
        for w in section.windows(2) {
            let d = distance_m(w[0], w[1]);
            while carry < d {
                cells.push(interpolate(w[0], w[1], carry / d));
                carry += CELL_M;
            }
            carry -= d;
        }
        let n = cells.len();
        Self {
            cell_m: CELL_M,
            cells: std::sync::Arc::new(cells),
            last_seen: vec![None; n],
            longest_us: vec![0; n],
            looks: vec![0; n],
            promised_s: None,
        }
    }

    /// Marks the cells whose middle lies inside the picture's footprint, and names them.
    pub(crate) fn look(&mut self, now: Mono, v: &VisionReport, least_px_per_m: f64) -> Vec<usize> {
        let mut seen = Vec::new();
        let (Some(a), Some(b), Some(c), Some(d), Some(px)) = (
            v.footprint[0],
            v.footprint[1],
            v.footprint[2],
            v.footprint[3],
            v.px_per_m,
        ) else {
            return seen;
        };
        if px < least_px_per_m {
            return seen;
        }
        let frame = LocalFrame::new(a, vedette_geo::Hae(0.0));
        let poly = [a, b, c, d].map(|p| frame.plane(p));
        for (i, cell) in self.cells.iter().enumerate() {
            // A footprint is a few hundred metres across: far cells are passed over cheaply.
            if (cell.lat_deg - a.lat_deg).abs() > 0.02 || (cell.lon_deg - a.lon_deg).abs() > 0.03 {
                continue;
            }
            if !inside(&poly, frame.plane(*cell)) {
                continue;
            }
            if let Some(last) = self.last_seen[i] {
                self.longest_us[i] = self.longest_us[i].max(now.since(last));
            }
            self.last_seen[i] = Some(now);
            self.looks[i] += 1;
            seen.push(i);
        }
        seen
    }

    /// Longest gap of any cell that was seen at least once, the gap still open included, seconds.
    #[must_use]
    pub fn worst_gap_s(&self, now: Mono) -> Option<f64> {
        self.last_seen
            .iter()
            .zip(&self.longest_us)
            .filter_map(|(seen, longest)| seen.map(|s| now.since(s).max(*longest)))
            .max()
            .map(|us| Mono(us).seconds())
    }

    /// Longest closed gap of any cell, seconds.
    #[must_use]
    pub fn worst_closed_gap_s(&self) -> Option<f64> {
        let worst = self.longest_us.iter().copied().max()?;
        (worst > 0).then(|| Mono(worst).seconds())
    }

    /// Share of cells whose age is within the promise.
    #[must_use]
    pub fn held_share(&self, now: Mono) -> Option<f64> {
        let promise = self.promised_s?;
        if self.cells.is_empty() {
            return None;
        }
        let held = self
            .last_seen
            .iter()
            .flatten()
            .filter(|s| Mono(now.since(**s)).seconds() <= promise)
            .count();
        #[expect(clippy::cast_precision_loss, reason = "cell counts")]
        Some(held as f64 / self.cells.len() as f64)
    }
}

/// Even-odd rule.
fn inside(poly: &[(f64, f64)], p: (f64, f64)) -> bool {
    let mut hit = false;
    let mut j = poly.len() - 1;
    for i in 0..poly.len() {
        let (a, b) = (poly[i], poly[j]);
        if (a.1 > p.1) != (b.1 > p.1) && p.0 < (b.0 - a.0) * (p.1 - a.1) / (b.1 - a.1) + a.0 {
            hit = !hit;
        }
        j = i;
    }
    hit
}
