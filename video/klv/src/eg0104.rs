//! The EG 0104 universal set: the older dialect of 16-byte keys and IEEE floats that real aircraft still send.
//! Invariant: keys are compared without their version byte (byte 7), as old encoders disagree about it.
//! Source: MISB EG 0104.5 and ST 0601.12, which lists the universal keys beside its own tags.

/// How an EG 0104 item is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UniversalKind {
    /// IEEE 754 single or double, by length.
    Float,
    /// Unsigned integer.
    Uint,
    /// Text.
    Text,
    /// Kept as bytes.
    Bytes,
}

/// One row of the table: the key's last eight bytes, name, unit, encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UniversalDef {
    /// Last eight bytes of the key.
    pub key: u64,
    /// Name of the item.
    pub name: &'static str,
    /// Unit of the value; empty when it has none.
    pub unit: &'static str,
    /// Encoding.
    pub kind: UniversalKind,
}

const fn row(key: u64, name: &'static str, unit: &'static str, kind: UniversalKind) -> UniversalDef {
    UniversalDef { key, name, unit, kind }
}

use UniversalKind::{Bytes, Float, Text, Uint};

/// Precision time stamp.
pub const TIME: u64 = 0x0702_0101_0105_0000;
/// Platform heading.
pub const HEADING: u64 = 0x0701_1001_0600_0000;
/// Platform pitch.
pub const PITCH: u64 = 0x0701_1001_0500_0000;
/// Platform roll.
pub const ROLL: u64 = 0x0701_1001_0400_0000;
/// Platform designation.
pub const PLATFORM: u64 = 0x0101_2001_0000_0000;
/// Image source sensor.
pub const SENSOR: u64 = 0x0420_0102_0101_0000;
/// Image coordinate system.
pub const COORDINATES: u64 = 0x0701_0101_0000_0000;
/// Sensor latitude.
pub const SENSOR_LAT: u64 = 0x0701_0201_0204_0200;
/// Sensor longitude.
pub const SENSOR_LON: u64 = 0x0701_0201_0206_0200;
/// Sensor altitude.
pub const SENSOR_ALT: u64 = 0x0701_0201_0202_0000;
/// Horizontal field of view.
pub const HFOV: u64 = 0x0420_0201_0108_0000;
/// Vertical field of view.
pub const VFOV: u64 = 0x0420_0201_010a_0100;
/// Slant range.
pub const SLANT: u64 = 0x0701_0801_0100_0000;
/// Target width.
pub const WIDTH: u64 = 0x0701_0902_0100_0000;
/// Frame centre latitude.
pub const CENTER_LAT: u64 = 0x0701_0201_0302_0000;
/// Frame centre longitude.
pub const CENTER_LON: u64 = 0x0701_0201_0304_0000;
/// Frame centre elevation.
pub const CENTER_ELEV: u64 = 0x0701_0201_0316_0000;
/// Corner latitudes of points 1 to 4.
pub const CORNER_LAT: [u64; 4] = [
    0x0701_0201_0307_0100,
    0x0701_0201_0308_0100,
    0x0701_0201_0309_0100,
    0x0701_0201_030a_0100,
];
/// Corner longitudes of points 1 to 4.
pub const CORNER_LON: [u64; 4] = [
    0x0701_0201_030b_0100,
    0x0701_0201_030c_0100,
    0x0701_0201_030d_0100,
    0x0701_0201_030e_0100,
];
/// Sensor roll.
pub const SENSOR_ROLL: u64 = 0x0701_1001_0100_0000;
/// Bearing of the line of sight from true north.
pub const ANGLE_TO_NORTH: u64 = 0x0701_1001_0200_0000;
/// Obliquity of the line of sight, 0 back, 180 forward, 270 down.
pub const OBLIQUITY: u64 = 0x0701_1001_0300_0000;

/// All items this station knows.
pub const EG0104: &[UniversalDef] = &[
    row(TIME, "User Defined Time Stamp", "us", Uint),
    row(0x0105_0500_0000_0000, "Episode Number", "", Text),
    row(HEADING, "Platform Heading Angle", "deg", Float),
    row(PITCH, "Platform Pitch Angle", "deg", Float),
    row(ROLL, "Platform Roll Angle", "deg", Float),
    row(PLATFORM, "Device Designation", "", Text),
    row(SENSOR, "Image Source Device", "", Text),
    row(COORDINATES, "Image Coordinate System", "", Text),
    row(SENSOR_LAT, "Device Latitude", "deg", Float),
    row(SENSOR_LON, "Device Longitude", "deg", Float),
    row(SENSOR_ALT, "Device Altitude", "m MSL", Float),
    row(HFOV, "Field of View (Horizontal)", "deg", Float),
    row(VFOV, "Field of View (Vertical)", "deg", Float),
    row(SLANT, "Slant Range", "m", Float),
    row(WIDTH, "Target Width", "m", Float),
    row(CENTER_LAT, "Frame Center Latitude", "deg", Float),
    row(CENTER_LON, "Frame Center Longitude", "deg", Float),
    row(CENTER_ELEV, "Frame Center Elevation", "m MSL", Float),
    row(CORNER_LAT[0], "Corner Latitude Point 1", "deg", Float),
    row(CORNER_LAT[1], "Corner Latitude Point 2", "deg", Float),
    row(CORNER_LAT[2], "Corner Latitude Point 3", "deg", Float),
    row(CORNER_LAT[3], "Corner Latitude Point 4", "deg", Float),
    row(CORNER_LON[0], "Corner Longitude Point 1", "deg", Float),
    row(CORNER_LON[1], "Corner Longitude Point 2", "deg", Float),
    row(CORNER_LON[2], "Corner Longitude Point 3", "deg", Float),
    row(CORNER_LON[3], "Corner Longitude Point 4", "deg", Float),
    row(0x0e01_0303_0200_0000, "Security Local Set", "", Bytes),
    row(0x0702_0102_0101_0000, "Start Date Time", "", Text),
    row(0x0702_0102_0701_0000, "Event Start Date Time", "", Text),
    row(SENSOR_ROLL, "Sensor Roll Angle", "deg", Float),
    row(ANGLE_TO_NORTH, "Angle To North", "deg", Float),
    row(OBLIQUITY, "Obliquity Angle", "deg", Float),
];

/// The row of a key's last eight bytes, if it is a known one.
pub fn lookup(key: u64) -> Option<&'static UniversalDef> {
    EG0104.iter().find(|d| d.key == key)
}
