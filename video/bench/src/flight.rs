//! Our projection against a real flight's own figures: EG 0104 metadata of the A.P. Hill recording
//! (3.5 km slant range, 0.8° field of view).

use std::path::Path;

use vedette_geo::{Amsl, LatLon, distance_m};
use vedette_klv::{TsEvent, TsReader, UasDatalink, parse_all};
use vedette_model::{SensorPose, Utc};
use vedette_sight::{LevelGround, bearing_bias_deg, footprint, geolocate};

use crate::{BenchError, Row, read};

/// Rows of the geolocation.
#[must_use]
pub fn flight(data: &Path) -> Vec<Row> {
    rows(data).unwrap_or_else(|e| vec![Row::left_out("geolocation of a real flight", "klv/kwiver", &e)])
}

fn sets(data: &Path) -> Result<Vec<UasDatalink>, BenchError> {
    let bytes = read(&data.join("klv/kwiver/aphill_klv_10s.ts"))?;
    let mut reader = TsReader::new();
    let mut events = reader.push(&bytes);
    events.extend(reader.finish());
    Ok(events
        .iter()
        .filter_map(|e| match e {
            TsEvent::Klv { bytes, .. } => Some(bytes),
            _ => None,
        })
        .flat_map(|d| parse_all(d))
        .map(|(set, _)| UasDatalink::from_set(&set))
        .collect())
}

fn pose(v: &UasDatalink, yaw_shift_deg: f64) -> Option<(SensorPose, LevelGround)> {
    let pose = SensorPose {
        captured: Utc(v.time_us? as i64),
        at: LatLon {
            lat_deg: v.sensor_lat_deg?,
            lon_deg: v.sensor_lon_deg?,
        },
        amsl: Amsl(v.sensor_msl_m?),
        roll_deg: 0.0,
        pitch_deg: -v.sight_obliquity_deg?.to_radians().sin().abs().asin().to_degrees(),
        yaw_deg: v.sight_bearing_deg? + yaw_shift_deg,
        hfov_deg: v.hfov_deg?,
        vfov_deg: v.vfov_deg?,
        sigma_h_m: 2.0,
        sigma_v_m: 4.0,
        sigma_tilt_deg: 0.2,
        sigma_heading_deg: 1.0,
        sigma_time_s: 0.05,
    };
    let ground = LevelGround {
        amsl: Amsl(v.frame_center_elev_m.unwrap_or(0.0)),
        sigma_m: 5.0,
    };
    Some((pose, ground))
}

fn rows(data: &Path) -> Result<Vec<Row>, BenchError> {
    const ON: &str = "klv/kwiver";
    let sets = sets(data)?;
    let mut worst_m = 0.0f64;
    let mut triples = Vec::new();
    for v in &sets {
        let Some((p, ground)) = pose(v, 0.0) else { continue };
        let (Ok(fix), Some(lat_deg), Some(lon_deg)) = (
            geolocate([360.0, 240.0], 720, 480, &p, &ground),
            v.frame_center_lat_deg,
            v.frame_center_lon_deg,
        ) else {
            continue;
        };
        let told = LatLon { lat_deg, lon_deg };
        worst_m = worst_m.max((distance_m(p.at, fix.at) - distance_m(p.at, told)).abs());
        triples.push((p.at, fix.at, told));
    }
    let n = triples.len();
    let (bias, sigma) = bearing_bias_deg(&triples).unwrap_or((f64::NAN, f64::NAN));
    // With the bias taken out, the corners the aircraft told are ours; their order is the
    // aircraft's own affair, so each is held against the nearest.
    let (mut corner_m, mut corners) = (0.0f64, 0u64);
    for v in &sets {
        let Some((p, ground)) = pose(v, bias) else { continue };
        let ours = footprint(720, 480, &p, &ground);
        for (lat_deg, lon_deg) in v.corners.iter().flatten() {
            let told = LatLon {
                lat_deg: *lat_deg,
                lon_deg: *lon_deg,
            };
            let near = ours.iter().flatten().map(|o| distance_m(*o, told));
            corner_m = corner_m.max(near.fold(f64::INFINITY, f64::min));
            corners += 1;
        }
    }
    Ok(vec![
        Row::judged(
            "projection, range to the frame centre",
            ON,
            "≤ 2 m",
            format!("{worst_m:.2} m at most of {n} looks"),
            n >= 300 && worst_m <= 2.0,
        ),
        Row::judged(
            "boresight bias",
            ON,
            "1.44° ± 0.05°",
            format!("{:.3}° ± {sigma:.4}°", bias.abs()),
            (bias.abs() - 1.44).abs() <= 0.05,
        ),
        Row::judged(
            "projection, corners after the bias",
            ON,
            "≤ 3 m",
            format!("{corner_m:.2} m at most of {corners} corners"),
            corners >= 1_000 && corner_m <= 3.0,
        ),
    ])
}
