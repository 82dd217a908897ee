//! Our projection against a real flight's own figures: EG 0104 metadata of the A.P. Hill recording
//! (3.5 km slant, 0.8° field of view), when `VEDETTE_DATA` is set.

use vedette_geo::{Amsl, LatLon, distance_m};
use vedette_klv::{TsEvent, TsReader, UasDatalink, parse_all};
use vedette_model::{SensorPose, Utc};
use vedette_sight::{LevelGround, bearing_bias_deg, footprint, geolocate};

fn sets() -> Option<Vec<UasDatalink>> {
    let root = std::env::var_os("VEDETTE_DATA")?;
    let path = std::path::Path::new(&root).join("klv/kwiver/aphill_klv_10s.ts");
    let bytes = std::fs::read(path).expect("the recording");
    let mut reader = TsReader::new();
    let mut events = reader.push(&bytes);
    events.extend(reader.finish());
    Some(
        events
            .iter()
            .filter_map(|e| match e {
                TsEvent::Klv { bytes: data, .. } => Some(data),
                _ => None,
            })
            .flat_map(|d| parse_all(d))
            .map(|(set, _)| UasDatalink::from_set(&set))
            .collect(),
    )
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

#[test]
fn a_real_flight_s_ranges_corners_and_constant_bearing_error_come_out() {
    let Some(sets) = sets() else {
        println!("left out: VEDETTE_DATA is not set, the A.P. Hill flight was not compared");
        return;
    };
    assert_eq!(sets.len(), 300);
    let mut worst_range = 0.0f64;
    let mut triples = Vec::new();
    for v in &sets {
        let (p, ground) = pose(v, 0.0).expect("a full set");
        let fix = geolocate([360.0, 240.0], 720, 480, &p, &ground).expect("looks down");
        let told = LatLon {
            lat_deg: v.frame_center_lat_deg.expect("told"),
            lon_deg: v.frame_center_lon_deg.expect("told"),
        };
        worst_range = worst_range.max((distance_m(p.at, fix.at) - distance_m(p.at, told)).abs());
        triples.push((p.at, fix.at, told));
    }
    let (bias, sigma) = bearing_bias_deg(&triples).expect("many looks");
    println!("range to the frame centre off by {worst_range:.2} m at most; bearing bias {bias:.3} ± {sigma:.4}°");
    assert!(worst_range <= 2.0, "{worst_range}");
    assert!((bias.abs() - 1.44).abs() <= 0.05, "{bias}");

    // With the bias taken out, the corners the aircraft told are ours; their order is the
    // aircraft's own affair, so each is held against the nearest.
    let mut worst = 0.0f64;
    for v in &sets {
        let (p, ground) = pose(v, bias).expect("a full set");
        let ours = footprint(720, 480, &p, &ground);
        for (lat_deg, lon_deg) in v.corners.iter().flatten() {
            let c = LatLon {
                lat_deg: *lat_deg,
                lon_deg: *lon_deg,
            };
            let near = ours
                .iter()
                .flatten()
                .map(|o| distance_m(*o, c))
                .fold(f64::INFINITY, f64::min);
            worst = worst.max(near);
        }
    }
    println!("corners off by {worst:.2} m at most");
    assert!(worst <= 3.0, "{worst}");
}
