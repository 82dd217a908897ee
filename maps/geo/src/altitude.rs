//! Heights as types, one per datum. Converting needs the witness that makes it true.
//!
//! ```compile_fail
//! use vedette_geo::{Agl, Amsl};
//! let a: Amsl = Agl(100.0); // above ground is not above sea
//! ```

use serde::{Deserialize, Serialize};

/// Metres above mean sea level (the geoid).
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Amsl(pub f64);

/// Metres above the WGS 84 ellipsoid.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hae(pub f64);

/// Metres above the aircraft's home position.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AboveHome(pub f64);

/// Metres above the ground below.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Agl(pub f64);

impl Amsl {
    /// Height above the ellipsoid; the geoid is the witness.
    #[must_use]
    pub fn to_hae(self, geoid: &Geoid) -> Hae {
        Hae(self.0 + geoid.undulation_m)
    }
    /// Height above home; home's own height above the sea is the witness.
    #[must_use]
    pub fn above(self, home: Amsl) -> AboveHome {
        AboveHome(self.0 - home.0)
    }
    /// Height above ground; the ground's height here is the witness.
    #[must_use]
    pub fn over_ground(self, ground: Amsl) -> Agl {
        Agl(self.0 - ground.0)
    }
}

impl Hae {
    /// Height above the sea; the geoid is the witness.
    #[must_use]
    pub fn to_amsl(self, geoid: &Geoid) -> Amsl {
        Amsl(self.0 - geoid.undulation_m)
    }
}

impl AboveHome {
    /// Height above the sea; home's height is the witness.
    #[must_use]
    pub fn to_amsl(self, home: Amsl) -> Amsl {
        Amsl(self.0 + home.0)
    }
}

impl Agl {
    /// Height above the sea; the ground's height is the witness.
    #[must_use]
    pub fn to_amsl(self, ground: Amsl) -> Amsl {
        Amsl(self.0 + ground.0)
    }
}

/// Height of the geoid over the WGS 84 ellipsoid in one area, with where it was taken from.
///
/// Over the few tens of kilometres of a patrol section the undulation varies by less than two
/// metres, which its `sigma_m` states; a gridded model may replace it without changing callers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Geoid {
    /// Geoid height above the ellipsoid, metres.
    pub undulation_m: f64,
    /// One standard deviation of it over the area, metres.
    pub sigma_m: f64,
    /// Model and place it stands for.
    pub source: String,
}
