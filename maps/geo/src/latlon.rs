//! A horizontal position on WGS 84. Height is never hidden in it.

use serde::{Deserialize, Serialize};

/// Why a position was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GeoError {
    /// Latitude or longitude is not a number or out of range.
    #[error("position {lat_deg}, {lon_deg} is not on WGS 84: latitude must be -90..90 and longitude -180..180 degrees")]
    OutOfRange {
        /// Latitude given, degrees.
        lat_deg: f64,
        /// Longitude given, degrees.
        lon_deg: f64,
    },
    /// Geographic position outside the area a grid covers.
    #[error("UTM and MGRS cover latitudes -80..84 degrees, not {lat_deg}")]
    OutsideUtm {
        /// Latitude given, degrees.
        lat_deg: f64,
    },
}

/// A point on the WGS 84 ellipsoid, degrees, north and east positive.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct LatLon {
    /// Latitude, degrees, -90..=90.
    pub lat_deg: f64,
    /// Longitude, degrees, -180..=180.
    pub lon_deg: f64,
}

impl LatLon {
    /// Checks range and finiteness.
    ///
    /// # Errors
    /// [`GeoError::OutOfRange`] when a coordinate is not finite or outside its range.
    pub fn new(lat_deg: f64, lon_deg: f64) -> Result<Self, GeoError> {
        if lat_deg.is_finite() && lon_deg.is_finite() && lat_deg.abs() <= 90.0 && lon_deg.abs() <= 180.0 {
            Ok(Self { lat_deg, lon_deg })
        } else {
            Err(GeoError::OutOfRange { lat_deg, lon_deg })
        }
    }

    /// MAVLink's and many logs' form: degrees times 1e7 in an `i32`.
    #[must_use]
    pub fn from_e7(lat_e7: i32, lon_e7: i32) -> Self {
        Self {
            lat_deg: f64::from(lat_e7) * 1e-7,
            lon_deg: f64::from(lon_e7) * 1e-7,
        }
    }

    /// Degrees times 1e7, rounded to nearest.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "180e7 fits an i32")]
    pub fn to_e7(self) -> (i32, i32) {
        ((self.lat_deg * 1e7).round() as i32, (self.lon_deg * 1e7).round() as i32)
    }
}

impl std::fmt::Display for LatLon {
    /// `42.44102° N 1.55637° E`: five decimals, about one metre.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ns = if self.lat_deg < 0.0 { 'S' } else { 'N' };
        let ew = if self.lon_deg < 0.0 { 'W' } else { 'E' };
        write!(f, "{:.5}° {ns} {:.5}° {ew}", self.lat_deg.abs(), self.lon_deg.abs())
    }
}
