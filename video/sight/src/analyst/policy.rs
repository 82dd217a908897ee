//! Settings of one camera's analyst, and who numbers tracks.
//!
//! Invariant: every threshold a picture is judged by stands here, with its unit. Knows no frame.

use vedette_model::{CameraId, Spectrum, TrackId, VehicleId};

use crate::sea::SeaPolicy;
use crate::tracker::TrackerPolicy;

/// Detector and track settings of one camera.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SightPolicy {
    /// Least contrast of a spot, grey levels.
    pub spot_contrast: f32,
    /// Least contrast of a spot over the local spread.
    pub spot_ratio: f32,
    /// Least frame difference of a mover, grey levels.
    pub mover_least: u8,
    /// Multiple of the local level of differences a mover must exceed.
    pub mover_times: f32,
    /// Smallest object looked for, metres (longer side).
    pub least_size_m: f32,
    /// Largest object looked for, metres (longer side).
    pub most_size_m: f32,
    /// Detections per frame at most, per detector.
    pub most_detections: usize,
    /// Image tracker.
    pub tracker: TrackerPolicy,
    /// A track out of sight is carried this long, seconds.
    pub coast_s: f64,
    /// A lost track may be found again within this time, seconds.
    pub reacquire_s: f64,
    /// Thermal spots that do not move are kept only where the classifier finds something from this
    /// share on; none asks nobody. The classifier knows real thermal pictures only (its card says
    /// which), so that it is switched on for a camera, not by default.
    #[serde(default)]
    pub thermal_least: Option<f32>,
    /// Over the sea: nothing above the horizon or in the sun's glitter, warm and cold spots in
    /// visible light too, and nothing that does not last. Used whatever is in the picture.
    #[serde(default)]
    pub sea: Option<SeaPolicy>,
    /// The same, used while the middle of the picture is on charted water ([`crate::Charted`]).
    #[serde(default = "over_water")]
    pub over_water: Option<SeaPolicy>,
}

fn over_water() -> Option<SeaPolicy> {
    Some(SeaPolicy::default())
}

impl Default for SightPolicy {
    fn default() -> Self {
        Self {
            spot_contrast: 7.0,
            spot_ratio: 2.2,
            mover_least: 5,
            mover_times: 6.0,
            least_size_m: 0.5,
            most_size_m: 9.0,
            most_detections: 40,
            tracker: TrackerPolicy::SMALL,
            coast_s: 4.0,
            reacquire_s: 90.0,
            thermal_least: None,
            sea: None,
            over_water: over_water(),
        }
    }
}

/// Numbers tracks: cameras of one station take turns, so that ids are unique and repeatable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrackIds {
    next: u32,
    step: u32,
}

impl TrackIds {
    /// Camera `index` (from 0) of `cameras`: ids `index + 1`, `index + 1 + cameras`, …
    #[must_use]
    pub const fn of_camera(index: u32, cameras: u32) -> Self {
        Self {
            next: index + 1,
            step: if cameras == 0 { 1 } else { cameras },
        }
    }
    pub(super) fn take(&mut self) -> TrackId {
        let id = TrackId(self.next);
        self.next = self.next.wrapping_add(self.step);
        id
    }
}

/// Who looks, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct AnalystConfig {
    /// Stream.
    pub camera: CameraId,
    /// Aircraft.
    pub vehicle: VehicleId,
    /// Thermal or visible.
    pub spectrum: Spectrum,
    /// Thresholds.
    pub policy: SightPolicy,
    /// Track numbers.
    pub ids: TrackIds,
}
