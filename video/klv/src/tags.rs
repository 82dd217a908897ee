//! The table of ST 0601 tags: name, unit and encoding of each, as data.
//! Invariant: sorted by tag, one row a tag; a tag that is not here is kept as bytes by the reader.
//! Source: MISB ST 0601.19 section 8 (tag table).

/// How an ST 0601 item is encoded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// UTF-8 text.
    Text,
    /// Unsigned integer of the field's own length.
    Uint,
    /// Two's complement integer of the field's own length.
    Int,
    /// Unsigned integer mapped linearly onto `lo..hi`: 0 is `lo`, all ones is `hi`.
    Unsigned {
        /// Value of zero.
        lo: f64,
        /// Value of all ones.
        hi: f64,
    },
    /// Two's complement integer mapped onto `-reach..reach`; the most negative pattern is the error indicator.
    Signed {
        /// Value of the largest positive pattern.
        reach: f64,
    },
    /// ST 1201 IMAPB of the field's own length.
    Imapb {
        /// Lower end of the interval.
        lo: f64,
        /// Upper end of the interval.
        hi: f64,
    },
    /// Nested ST 0102 security set.
    Security,
    /// Nested ST 0903 moving target set.
    Vmti,
    /// Kept as bytes: nested sets and packs that the station passes through.
    Bytes,
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TagDef {
    /// Tag number.
    pub tag: u32,
    /// Name in the standard.
    pub name: &'static str,
    /// Unit of the decoded value; empty when it has none.
    pub unit: &'static str,
    /// Encoding.
    pub kind: Kind,
    /// Length this station writes in bytes, 0 for variable.
    pub length: usize,
}

const fn row(tag: u32, name: &'static str, unit: &'static str, kind: Kind, length: usize) -> TagDef {
    TagDef {
        tag,
        name,
        unit,
        kind,
        length,
    }
}
const fn uns(lo: f64, hi: f64) -> Kind {
    Kind::Unsigned { lo, hi }
}
const fn sig(reach: f64) -> Kind {
    Kind::Signed { reach }
}
const fn map(lo: f64, hi: f64) -> Kind {
    Kind::Imapb { lo, hi }
}
const ALT: Kind = uns(-900.0, 19000.0);
const ALT_EXT: Kind = map(-900.0, 40000.0);
const CORNER: Kind = sig(0.075);
const LAT: Kind = sig(90.0);
const LON: Kind = sig(180.0);
const TURN: Kind = uns(0.0, 360.0);

/// All tags this station knows, in ascending order.
pub const ST0601: &[TagDef] = &[
    row(1, "Checksum", "", Kind::Uint, 2),
    row(2, "Precision Time Stamp", "us", Kind::Uint, 8),
    row(3, "Mission ID", "", Kind::Text, 0),
    row(4, "Platform Tail Number", "", Kind::Text, 0),
    row(5, "Platform Heading Angle", "deg", TURN, 2),
    row(6, "Platform Pitch Angle", "deg", sig(20.0), 2),
    row(7, "Platform Roll Angle", "deg", sig(50.0), 2),
    row(8, "Platform True Airspeed", "m/s", uns(0.0, 255.0), 1),
    row(9, "Platform Indicated Airspeed", "m/s", uns(0.0, 255.0), 1),
    row(10, "Platform Designation", "", Kind::Text, 0),
    row(11, "Image Source Sensor", "", Kind::Text, 0),
    row(12, "Image Coordinate System", "", Kind::Text, 0),
    row(13, "Sensor Latitude", "deg", LAT, 4),
    row(14, "Sensor Longitude", "deg", LON, 4),
    row(15, "Sensor True Altitude", "m MSL", ALT, 2),
    row(16, "Sensor Horizontal Field of View", "deg", uns(0.0, 180.0), 2),
    row(17, "Sensor Vertical Field of View", "deg", uns(0.0, 180.0), 2),
    row(18, "Sensor Relative Azimuth Angle", "deg", TURN, 4),
    row(19, "Sensor Relative Elevation Angle", "deg", sig(180.0), 4),
    row(20, "Sensor Relative Roll Angle", "deg", TURN, 4),
    row(21, "Slant Range", "m", uns(0.0, 5_000_000.0), 4),
    row(22, "Target Width", "m", uns(0.0, 10_000.0), 2),
    row(23, "Frame Center Latitude", "deg", LAT, 4),
    row(24, "Frame Center Longitude", "deg", LON, 4),
    row(25, "Frame Center Elevation", "m MSL", ALT, 2),
    row(26, "Offset Corner Latitude Point 1", "deg", CORNER, 2),
    row(27, "Offset Corner Longitude Point 1", "deg", CORNER, 2),
    row(28, "Offset Corner Latitude Point 2", "deg", CORNER, 2),
    row(29, "Offset Corner Longitude Point 2", "deg", CORNER, 2),
    row(30, "Offset Corner Latitude Point 3", "deg", CORNER, 2),
    row(31, "Offset Corner Longitude Point 3", "deg", CORNER, 2),
    row(32, "Offset Corner Latitude Point 4", "deg", CORNER, 2),
    row(33, "Offset Corner Longitude Point 4", "deg", CORNER, 2),
    row(34, "Icing Detected", "", Kind::Uint, 1),
    row(35, "Wind Direction", "deg", TURN, 2),
    row(36, "Wind Speed", "m/s", uns(0.0, 100.0), 1),
    row(37, "Static Pressure", "mbar", uns(0.0, 5000.0), 2),
    row(38, "Density Altitude", "m", ALT, 2),
    row(39, "Outside Air Temperature", "degC", Kind::Int, 1),
    row(40, "Target Location Latitude", "deg", LAT, 4),
    row(41, "Target Location Longitude", "deg", LON, 4),
    row(42, "Target Location Elevation", "m MSL", ALT, 2),
    row(43, "Target Track Gate Width", "px", uns(0.0, 510.0), 1),
    row(44, "Target Track Gate Height", "px", uns(0.0, 510.0), 1),
    row(45, "Target Error Estimate - CE90", "m", uns(0.0, 4095.0), 2),
    row(46, "Target Error Estimate - LE90", "m", uns(0.0, 4095.0), 2),
    row(47, "Generic Flag Data", "", Kind::Uint, 1),
    row(48, "Security Local Set", "", Kind::Security, 0),
    row(49, "Differential Pressure", "mbar", uns(0.0, 5000.0), 2),
    row(50, "Platform Angle of Attack", "deg", sig(20.0), 2),
    row(51, "Platform Vertical Speed", "m/s", sig(180.0), 2),
    row(52, "Platform Sideslip Angle", "deg", sig(20.0), 2),
    row(53, "Airfield Barometric Pressure", "mbar", uns(0.0, 5000.0), 2),
    row(54, "Airfield Elevation", "m MSL", ALT, 2),
    row(55, "Relative Humidity", "%", uns(0.0, 100.0), 1),
    row(56, "Platform Ground Speed", "m/s", uns(0.0, 255.0), 1),
    row(57, "Ground Range", "m", uns(0.0, 5_000_000.0), 4),
    row(58, "Platform Fuel Remaining", "kg", uns(0.0, 10_000.0), 2),
    row(59, "Platform Call Sign", "", Kind::Text, 0),
    row(60, "Weapon Load", "", Kind::Uint, 2),
    row(61, "Weapon Fired", "", Kind::Uint, 1),
    row(62, "Laser PRF Code", "", Kind::Uint, 2),
    row(63, "Sensor Field of View Name", "", Kind::Uint, 1),
    row(64, "Platform Magnetic Heading", "deg", TURN, 2),
    row(65, "UAS Datalink LS Version Number", "", Kind::Uint, 1),
    row(66, "Deprecated", "", Kind::Bytes, 0),
    row(67, "Alternate Platform Latitude", "deg", LAT, 4),
    row(68, "Alternate Platform Longitude", "deg", LON, 4),
    row(69, "Alternate Platform Altitude", "m MSL", ALT, 2),
    row(70, "Alternate Platform Name", "", Kind::Text, 0),
    row(71, "Alternate Platform Heading", "deg", TURN, 2),
    row(72, "Event Start Time", "us", Kind::Uint, 8),
    row(73, "RVT Local Set", "", Kind::Bytes, 0),
    row(74, "VMTI Local Set", "", Kind::Vmti, 0),
    row(75, "Sensor Ellipsoid Height", "m HAE", ALT, 2),
    row(76, "Alternate Platform Ellipsoid Height", "m HAE", ALT, 2),
    row(77, "Operational Mode", "", Kind::Uint, 1),
    row(78, "Frame Center Height Above Ellipsoid", "m HAE", ALT, 2),
    row(79, "Sensor North Velocity", "m/s", sig(327.0), 2),
    row(80, "Sensor East Velocity", "m/s", sig(327.0), 2),
    row(81, "Image Horizon Pixel Pack", "", Kind::Bytes, 0),
    row(82, "Corner Latitude Point 1 (Full)", "deg", LAT, 4),
    row(83, "Corner Longitude Point 1 (Full)", "deg", LON, 4),
    row(84, "Corner Latitude Point 2 (Full)", "deg", LAT, 4),
    row(85, "Corner Longitude Point 2 (Full)", "deg", LON, 4),
    row(86, "Corner Latitude Point 3 (Full)", "deg", LAT, 4),
    row(87, "Corner Longitude Point 3 (Full)", "deg", LON, 4),
    row(88, "Corner Latitude Point 4 (Full)", "deg", LAT, 4),
    row(89, "Corner Longitude Point 4 (Full)", "deg", LON, 4),
    row(90, "Platform Pitch Angle (Full)", "deg", sig(90.0), 4),
    row(91, "Platform Roll Angle (Full)", "deg", sig(90.0), 4),
    row(92, "Platform Angle of Attack (Full)", "deg", sig(90.0), 4),
    row(93, "Platform Sideslip Angle (Full)", "deg", sig(180.0), 4),
    row(94, "MIIS Core Identifier", "", Kind::Bytes, 0),
    row(95, "SAR Motion Imagery Local Set", "", Kind::Bytes, 0),
    row(96, "Target Width Extended", "m", map(0.0, 1_500_000.0), 4),
    row(97, "Range Image Local Set", "", Kind::Bytes, 0),
    row(98, "Geo-Registration Local Set", "", Kind::Bytes, 0),
    row(99, "Composite Imaging Local Set", "", Kind::Bytes, 0),
    row(100, "Segment Local Set", "", Kind::Bytes, 0),
    row(101, "Amend Local Set", "", Kind::Bytes, 0),
    row(102, "SDCC-FLP", "", Kind::Bytes, 0),
    row(103, "Density Altitude Extended", "m", ALT_EXT, 3),
    row(104, "Sensor Ellipsoid Height Extended", "m HAE", ALT_EXT, 4),
    row(105, "Alternate Platform Ellipsoid Height Extended", "m HAE", ALT_EXT, 3),
    row(106, "Stream Designator", "", Kind::Text, 0),
    row(107, "Operational Base", "", Kind::Text, 0),
    row(108, "Broadcast Source", "", Kind::Text, 0),
    row(109, "Range To Recovery Location", "km", map(0.0, 21_000.0), 3),
    row(110, "Time Airborne", "s", Kind::Uint, 0),
    row(111, "Propulsion Unit Speed", "rpm", Kind::Uint, 0),
    row(112, "Platform Course Angle", "deg", map(0.0, 360.0), 3),
    row(113, "Altitude AGL", "m AGL", ALT_EXT, 3),
    row(114, "Radar Altimeter", "m", ALT_EXT, 3),
    row(115, "Control Command", "", Kind::Bytes, 0),
    row(116, "Control Command Verification List", "", Kind::Bytes, 0),
    row(117, "Sensor Azimuth Rate", "deg/s", map(-1000.0, 1000.0), 3),
    row(118, "Sensor Elevation Rate", "deg/s", map(-1000.0, 1000.0), 3),
    row(119, "Sensor Roll Rate", "deg/s", map(-1000.0, 1000.0), 3),
    row(120, "On-board MI Storage Percent Full", "%", map(0.0, 100.0), 2),
    row(121, "Active Wavelength List", "", Kind::Bytes, 0),
    row(122, "Country Codes", "", Kind::Bytes, 0),
    row(123, "Number of NAVSATs in View", "", Kind::Uint, 1),
    row(124, "Positioning Method Source", "", Kind::Uint, 1),
    row(125, "Platform Status", "", Kind::Uint, 1),
    row(126, "Sensor Control Mode", "", Kind::Uint, 1),
    row(127, "Sensor Frame Rate Pack", "", Kind::Bytes, 0),
    row(128, "Wavelengths List", "", Kind::Bytes, 0),
    row(129, "Target ID", "", Kind::Text, 0),
    row(130, "Airbase Locations", "", Kind::Bytes, 0),
    row(131, "Take-off Time", "us", Kind::Uint, 0),
    row(132, "Transmission Frequency", "MHz", map(1.0, 99_999.0), 3),
    row(133, "On-board MI Storage Capacity", "GB", Kind::Uint, 0),
    row(134, "Zoom Percentage", "%", map(0.0, 100.0), 2),
    row(135, "Communications Method", "", Kind::Text, 0),
    row(136, "Leap Seconds", "s", Kind::Int, 0),
    row(137, "Correction Offset", "us", Kind::Int, 0),
    row(138, "Payload List", "", Kind::Bytes, 0),
    row(139, "Active Payloads", "", Kind::Bytes, 0),
    row(140, "Weapons Stores", "", Kind::Bytes, 0),
    row(141, "Waypoint List", "", Kind::Bytes, 0),
    row(142, "View Domain", "", Kind::Bytes, 0),
    row(143, "Metadata Substream ID", "", Kind::Bytes, 0),
];

/// The row of a tag, if it is a known one.
pub fn lookup(tag: u32) -> Option<&'static TagDef> {
    ST0601
        .binary_search_by_key(&tag, |d| d.tag)
        .ok()
        .and_then(|i| ST0601.get(i))
}
