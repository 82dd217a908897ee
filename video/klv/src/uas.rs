//! What the station and the simulator mean by one metadata packet, whatever dialect carried it.
//! Invariant: `None` means the packet did not say; no field is ever guessed here. MSL and ellipsoid heights are
//! separate fields and are never converted.

use crate::eg0104 as us;
use crate::security::SecuritySet;
use crate::set::{Dialect, KlvSet, SetBuilder, Value};
use crate::vmti::VmtiSet;
use serde::{Deserialize, Serialize};

/// One frame's metadata. Angles in degrees, lengths in metres, speeds in m/s, positions WGS-84.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UasDatalink {
    /// Precision time stamp, microseconds since 1970 (MISP time: no leap-second jumps). Tag 2.
    pub time_us: Option<u64>,
    /// Mission identifier. Tag 3.
    pub mission_id: Option<String>,
    /// Tail number. Tag 4.
    pub platform_tail: Option<String>,
    /// Platform model. Tag 10.
    pub platform_designation: Option<String>,
    /// Name of the active sensor. Tag 11.
    pub image_source_sensor: Option<String>,
    /// Image coordinate system. Tag 12; written as "Geodetic WGS84" when absent.
    pub image_coordinate_system: Option<String>,
    /// Call sign. Tag 59.
    pub call_sign: Option<String>,
    /// True heading of the platform, 0..360. Tag 5.
    pub platform_heading_deg: Option<f64>,
    /// Pitch, nose up positive. Tag 90 when present, else 6.
    pub platform_pitch_deg: Option<f64>,
    /// Roll, right wing down positive. Tag 91 when present, else 7.
    pub platform_roll_deg: Option<f64>,
    /// Sensor latitude. Tag 13.
    pub sensor_lat_deg: Option<f64>,
    /// Sensor longitude. Tag 14.
    pub sensor_lon_deg: Option<f64>,
    /// Sensor height above mean sea level. Tag 15.
    pub sensor_msl_m: Option<f64>,
    /// Sensor height above the ellipsoid. Tag 104 when present, else 75.
    pub sensor_hae_m: Option<f64>,
    /// Horizontal field of view. Tag 16.
    pub hfov_deg: Option<f64>,
    /// Vertical field of view. Tag 17.
    pub vfov_deg: Option<f64>,
    /// Azimuth of the line of sight from the platform's nose, clockwise, 0..360. Tag 18.
    pub rel_azimuth_deg: Option<f64>,
    /// Elevation of the line of sight above the platform's deck, negative down. Tag 19.
    pub rel_elevation_deg: Option<f64>,
    /// Roll of the picture about the line of sight, 0..360. Tag 20.
    pub rel_roll_deg: Option<f64>,
    /// Distance to the frame centre. Tag 21.
    pub slant_range_m: Option<f64>,
    /// Width of the ground in the frame. Tag 96 when present, else 22.
    pub target_width_m: Option<f64>,
    /// Horizontal distance to the frame centre. Tag 57.
    pub ground_range_m: Option<f64>,
    /// Latitude of the frame centre. Tag 23.
    pub frame_center_lat_deg: Option<f64>,
    /// Longitude of the frame centre. Tag 24.
    pub frame_center_lon_deg: Option<f64>,
    /// Elevation of the frame centre above mean sea level. Tag 25.
    pub frame_center_elev_m: Option<f64>,
    /// Height of the frame centre above the ellipsoid. Tag 78.
    pub frame_center_hae_m: Option<f64>,
    /// Latitude and longitude of the corners, clockwise from the upper left. Tags 82-89 when present, else 26-33.
    pub corners: [Option<(f64, f64)>; 4],
    /// Target latitude and longitude. Tags 40, 41.
    pub target: Option<(f64, f64)>,
    /// Target elevation above mean sea level. Tag 42.
    pub target_elev_m: Option<f64>,
    /// Radius that holds the target with 90 % probability. Tag 45.
    pub target_ce90_m: Option<f64>,
    /// Height error that holds with 90 % probability. Tag 46.
    pub target_le90_m: Option<f64>,
    /// Generic flags: bit 0 laser, 1 auto-track, 2 infrared black hot, 3 icing, 4 slant range measured, 5 image
    /// invalid. Tag 47.
    pub flags: Option<u8>,
    /// Ground speed. Tag 56.
    pub ground_speed_mps: Option<f64>,
    /// Velocity north. Tag 79.
    pub sensor_north_mps: Option<f64>,
    /// Velocity east. Tag 80.
    pub sensor_east_mps: Option<f64>,
    /// Course over ground, 0..360. Tag 112.
    pub course_deg: Option<f64>,
    /// Height above ground. Tag 113.
    pub agl_m: Option<f64>,
    /// Wind direction it comes from, 0..360. Tag 35.
    pub wind_direction_deg: Option<f64>,
    /// Wind speed. Tag 36.
    pub wind_speed_mps: Option<f64>,
    /// Outside air temperature, Celsius. Tag 39.
    pub air_temperature_c: Option<f64>,
    /// Start of the event, microseconds since 1970. Tag 72.
    pub event_start_us: Option<u64>,
    /// Security marking. Tag 48.
    pub security: Option<SecuritySet>,
    /// Moving targets. Tag 74.
    pub vmti: Option<VmtiSet>,
    /// MIIS core identifier as sent (ST 1204). Tag 94.
    pub miis_core_id: Option<Vec<u8>>,
    /// Standard deviations and correlations as sent (ST 1010). Tag 102.
    pub sdcc_flp: Option<Vec<u8>>,
    /// True bearing of the line of sight. EG 0104 only: ST 0601 gives it by heading and relative azimuth.
    pub sight_bearing_deg: Option<f64>,
    /// Obliquity of the line of sight as sent (its sine times the slant range is the height). EG 0104 only.
    pub sight_obliquity_deg: Option<f64>,
    /// False when the packet's checksum is wrong or absent: show the values as unverified.
    pub verified: bool,
}

impl UasDatalink {
    /// Reads the fields of either dialect. Other dialects give an empty value.
    pub fn from_set(set: &KlvSet) -> Self {
        let mut out = match set.dialect {
            Dialect::St0601 => Self::from_0601(set),
            Dialect::Eg0104 => Self::from_0104(set),
            Dialect::St0903 | Dialect::Unknown => UasDatalink::default(),
        };
        if set.dialect == Dialect::St0903
            && let Some(Value::Vmti(v)) = set.tag(74).map(|i| &i.value)
        {
            out.time_us = v.time_us;
            out.vmti = Some(v.clone());
        }
        out.verified = set.verified();
        out
    }

    fn from_0601(set: &KlvSet) -> Self {
        let n = |tag| set.number(tag);
        let t = |tag| set.text(tag).map(str::to_owned);
        let bytes = |tag| set.tag(tag).map(|i| i.raw.clone());
        let center = n(23).zip(n(24));
        let mut corners = [None; 4];
        for (i, corner) in corners.iter_mut().enumerate() {
            let step = 2 * i as u32;
            let full = n(82 + step).zip(n(83 + step));
            let offset = n(26 + step)
                .zip(n(27 + step))
                .zip(center)
                .map(|((dlat, dlon), (lat, lon))| (lat + dlat, lon + dlon));
            *corner = full.or(offset);
        }
        UasDatalink {
            time_us: set.uint(2),
            mission_id: t(3),
            platform_tail: t(4),
            platform_designation: t(10),
            image_source_sensor: t(11),
            image_coordinate_system: t(12),
            call_sign: t(59),
            platform_heading_deg: n(5),
            platform_pitch_deg: n(90).or_else(|| n(6)),
            platform_roll_deg: n(91).or_else(|| n(7)),
            sensor_lat_deg: n(13),
            sensor_lon_deg: n(14),
            sensor_msl_m: n(15),
            sensor_hae_m: n(104).or_else(|| n(75)),
            hfov_deg: n(16),
            vfov_deg: n(17),
            rel_azimuth_deg: n(18),
            rel_elevation_deg: n(19),
            rel_roll_deg: n(20),
            slant_range_m: n(21),
            target_width_m: n(96).or_else(|| n(22)),
            ground_range_m: n(57),
            frame_center_lat_deg: n(23),
            frame_center_lon_deg: n(24),
            frame_center_elev_m: n(25),
            frame_center_hae_m: n(78),
            corners,
            target: n(40).zip(n(41)),
            target_elev_m: n(42),
            target_ce90_m: n(45),
            target_le90_m: n(46),
            flags: set.uint(47).and_then(|v| u8::try_from(v).ok()),
            ground_speed_mps: n(56),
            sensor_north_mps: n(79),
            sensor_east_mps: n(80),
            course_deg: n(112),
            agl_m: n(113),
            wind_direction_deg: n(35),
            wind_speed_mps: n(36),
            air_temperature_c: n(39),
            event_start_us: set.uint(72),
            security: set.tag(48).and_then(|i| match &i.value {
                Value::Security(s) => Some(s.clone()),
                _ => None,
            }),
            vmti: set.tag(74).and_then(|i| match &i.value {
                Value::Vmti(v) => Some(v.clone()),
                _ => None,
            }),
            miis_core_id: bytes(94),
            sdcc_flp: bytes(102),
            sight_bearing_deg: None,
            sight_obliquity_deg: None,
            verified: false,
        }
    }

    fn from_0104(set: &KlvSet) -> Self {
        let n = |key| set.universal(key).and_then(|i| i.value.number());
        let t = |key| {
            set.universal(key).and_then(|i| match &i.value {
                Value::Text(v) => Some(v.clone()),
                _ => None,
            })
        };
        let mut corners = [None; 4];
        for (i, corner) in corners.iter_mut().enumerate() {
            *corner = n(us::CORNER_LAT[i]).zip(n(us::CORNER_LON[i]));
        }
        UasDatalink {
            time_us: set.universal(us::TIME).and_then(|i| match i.value {
                Value::Uint(v) => Some(v),
                _ => None,
            }),
            platform_designation: t(us::PLATFORM),
            image_source_sensor: t(us::SENSOR),
            image_coordinate_system: t(us::COORDINATES),
            platform_heading_deg: n(us::HEADING),
            platform_pitch_deg: n(us::PITCH),
            platform_roll_deg: n(us::ROLL),
            sensor_lat_deg: n(us::SENSOR_LAT),
            sensor_lon_deg: n(us::SENSOR_LON),
            sensor_msl_m: n(us::SENSOR_ALT),
            hfov_deg: n(us::HFOV),
            vfov_deg: n(us::VFOV),
            rel_roll_deg: n(us::SENSOR_ROLL),
            slant_range_m: n(us::SLANT),
            target_width_m: n(us::WIDTH),
            frame_center_lat_deg: n(us::CENTER_LAT),
            frame_center_lon_deg: n(us::CENTER_LON),
            frame_center_elev_m: n(us::CENTER_ELEV),
            corners,
            sight_bearing_deg: n(us::ANGLE_TO_NORTH),
            sight_obliquity_deg: n(us::OBLIQUITY),
            ..UasDatalink::default()
        }
    }

    /// The ST 0601 packet of this value: see [`encode`].
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }
}

/// Writes an ST 0601.19 packet: every field that is present, in the standard's minimum set order (ST 0902) with
/// time first and checksum last; tags 12, 65 and 48 (unclassified) are written when absent, and corners both as
/// full positions and, where they fit, as offsets. Pitch and roll go out short (6, 7) where they fit and always full
/// (90, 91). ST 0902 also wants tag 94: set `miis_core_id` (see [`miis_physical`]).
pub fn encode(value: &UasDatalink) -> Vec<u8> {
    let mut b = SetBuilder::new();
    b.raw(2, &value.time_us.unwrap_or(0).to_be_bytes());
    let text = |b: &mut SetBuilder, tag: u32, v: &Option<String>| {
        if let Some(v) = v {
            b.text(tag, v);
        }
    };
    let num = |b: &mut SetBuilder, tag: u32, v: Option<f64>| {
        if let Some(v) = v {
            b.number(tag, v);
        }
    };
    let turn = |v: Option<f64>| v.map(|v| v.rem_euclid(360.0));
    let within = |v: Option<f64>, reach: f64| v.filter(|v| v.abs() <= reach);
    text(&mut b, 3, &value.mission_id);
    text(&mut b, 4, &value.platform_tail);
    num(&mut b, 5, turn(value.platform_heading_deg));
    num(&mut b, 6, within(value.platform_pitch_deg, 20.0));
    num(&mut b, 7, within(value.platform_roll_deg, 50.0));
    text(&mut b, 10, &value.platform_designation);
    text(&mut b, 11, &value.image_source_sensor);
    b.text(12, value.image_coordinate_system.as_deref().unwrap_or("Geodetic WGS84"));
    num(&mut b, 13, value.sensor_lat_deg);
    num(&mut b, 14, value.sensor_lon_deg);
    num(&mut b, 15, value.sensor_msl_m);
    num(&mut b, 16, value.hfov_deg);
    num(&mut b, 17, value.vfov_deg);
    num(&mut b, 18, turn(value.rel_azimuth_deg));
    num(&mut b, 19, value.rel_elevation_deg);
    num(&mut b, 20, turn(value.rel_roll_deg));
    num(&mut b, 21, value.slant_range_m);
    num(
        &mut b,
        22,
        value.target_width_m.filter(|w| (0.0..=10_000.0).contains(w)),
    );
    num(&mut b, 23, value.frame_center_lat_deg);
    num(&mut b, 24, value.frame_center_lon_deg);
    num(&mut b, 25, value.frame_center_elev_m);
    let center = value.frame_center_lat_deg.zip(value.frame_center_lon_deg);
    let offsets: Vec<Option<(f64, f64)>> = value
        .corners
        .iter()
        .map(|c| {
            c.zip(center)
                .map(|((lat, lon), (clat, clon))| (lat - clat, lon - clon))
                .filter(|(dlat, dlon)| dlat.abs() <= 0.075 && dlon.abs() <= 0.075)
        })
        .collect();
    if offsets.iter().all(Option::is_some) {
        for (i, (dlat, dlon)) in offsets.into_iter().flatten().enumerate() {
            b.number(26 + 2 * i as u32, dlat);
            b.number(27 + 2 * i as u32, dlon);
        }
    }
    num(&mut b, 35, turn(value.wind_direction_deg));
    num(&mut b, 36, value.wind_speed_mps);
    num(&mut b, 39, value.air_temperature_c);
    num(&mut b, 40, value.target.map(|t| t.0));
    num(&mut b, 41, value.target.map(|t| t.1));
    num(&mut b, 42, value.target_elev_m);
    num(&mut b, 45, value.target_ce90_m);
    num(&mut b, 46, value.target_le90_m);
    if let Some(flags) = value.flags {
        b.raw(47, &[flags]);
    }
    let security = value
        .security
        .clone()
        .unwrap_or_else(|| SecuritySet::unclassified("XX"));
    b.raw(48, &security.encode());
    num(&mut b, 56, value.ground_speed_mps);
    num(&mut b, 57, value.ground_range_m);
    text(&mut b, 59, &value.call_sign);
    b.raw(65, &[19]);
    if let Some(t) = value.event_start_us {
        b.raw(72, &t.to_be_bytes());
    }
    if let Some(v) = &value.vmti {
        b.raw(74, &v.encode());
    }
    // ST 0902 allows one of 75 and 104: the finer 104 when tag 15 already serves older readers.
    let hae_in_75 =
        value.sensor_msl_m.is_none() && value.sensor_hae_m.is_some_and(|h| (-900.0..=19_000.0).contains(&h));
    num(&mut b, 75, value.sensor_hae_m.filter(|_| hae_in_75));
    num(&mut b, 78, value.frame_center_hae_m);
    num(&mut b, 79, value.sensor_north_mps);
    num(&mut b, 80, value.sensor_east_mps);
    for (i, corner) in value.corners.iter().enumerate() {
        num(&mut b, 82 + 2 * i as u32, corner.map(|c| c.0));
        num(&mut b, 83 + 2 * i as u32, corner.map(|c| c.1));
    }
    num(&mut b, 90, value.platform_pitch_deg);
    num(&mut b, 91, value.platform_roll_deg);
    if let Some(id) = &value.miis_core_id {
        b.raw(94, id);
    }
    num(
        &mut b,
        96,
        value.target_width_m.filter(|w| (0.0..=1_500_000.0).contains(w)),
    );
    if let Some(v) = &value.sdcc_flp {
        b.raw(102, v);
    }
    num(&mut b, 104, value.sensor_hae_m.filter(|_| !hae_in_75));
    num(&mut b, 112, turn(value.course_deg));
    num(&mut b, 113, value.agl_m);
    b.finish()
}

/// A MIIS core identifier (ST 1204) of a physical sensor and a physical platform, version 1, from two random UUIDs.
/// ST 1204 takes only UUIDs of RFC 4122: bytes without a known version are marked as version 4 (random).
pub fn miis_physical(sensor: [u8; 16], platform: [u8; 16]) -> Vec<u8> {
    // Usage byte: sensor id type 3 (physical) in bits 6-5, platform id type 3 in bits 4-3.
    let mut out = vec![1, 0b0111_1000];
    for mut uuid in [sensor, platform] {
        if !(matches!(uuid[6] >> 4, 1 | 4 | 5) && uuid[8] & 0xc0 == 0x80) {
            uuid[6] = 0x40 | uuid[6] & 0x0f;
            uuid[8] = 0x80 | uuid[8] & 0x3f;
        }
        out.extend_from_slice(&uuid);
    }
    out
}
