//! MISB ST 0601 metadata of a frame, from what the aircraft believes.
//!
//! Invariant: nothing true that the aircraft cannot know goes in; attitude, position and time
//! carry its own errors, so a station's error estimate is put to the test.

use vedette_geo::{Body, Gimbal, Hae, LatLon, Ned, Repeatable, Rotation, Vec3};
use vedette_klv::{SecuritySet, UasDatalink, miis_physical};
use vedette_sim_vehicle::ReportedState;

use crate::ground::Ground;
use crate::scenario::{SimAircraft, SimCamera};

/// What does not change from frame to frame.
#[derive(Debug, Clone)]
pub(crate) struct Labels {
    pub(crate) mission: String,
    pub(crate) undulation_m: f64,
    pub(crate) air_c: f64,
    pub(crate) event_start_us: u64,
}

/// One frame's metadata.
pub(crate) fn datalink(
    ac: &SimAircraft,
    cam: &SimCamera,
    labels: &Labels,
    ground: &Ground,
    r: &ReportedState,
) -> UasDatalink {
    let ned_from_body = Rotation::<Ned, Body>::ned_from_body(r.roll_deg, r.pitch_deg, r.yaw_deg);
    let ned_from_gimbal =
        Rotation::<Ned, Gimbal>::ned_from_gimbal(r.gimbal_roll_deg, r.gimbal_pitch_deg, r.gimbal_yaw_deg);
    let (rel_roll, rel_el, rel_az) = ned_from_body.inverse().after(&ned_from_gimbal).euler_deg();
    let ht = (cam.hfov_deg * 0.5).to_radians().tan_r();
    let vt = ht * f64::from(cam.height) / f64::from(cam.width);
    let (x, y) = ground.plane(r.at);
    let from = [x, y, r.amsl.0 as f32];
    let gamma = ground.convergence_deg(r.at).to_radians();
    // Where a line of sight meets the ground: place, height, slant range.
    let look = |right: f64, down: f64| -> Option<(LatLon, f64, f64)> {
        let e = ned_from_gimbal.apply(Vec3::new(1.0, right, down)).to_enu();
        let (s, c) = gamma.sin_cos_r();
        let dir = [(e.x * c + e.y * s) as f32, (e.y * c - e.x * s) as f32, e.z as f32];
        let t = ground.hit(from, dir, 0.0)?;
        let (gx, gy) = (from[0] + t * dir[0], from[1] + t * dir[1]);
        let len = (dir[0] * dir[0] + dir[1] * dir[1] + dir[2] * dir[2]).sqrt();
        (t * len < 8_000.0).then(|| (ground.latlon(gx, gy), f64::from(ground.z(gx, gy)), f64::from(t * len)))
    };
    let centre = look(0.0, 0.0);
    let corner = |a: f64, b: f64| look(a * ht, b * vt).map(|(p, _, _)| (p.lat_deg, p.lon_deg));
    let corners = [
        corner(-1.0, -1.0),
        corner(1.0, -1.0),
        corner(1.0, 1.0),
        corner(-1.0, 1.0),
    ];
    let width = centre.map(|(_, _, slant)| 2.0 * slant * ht);
    let course = vedette_geo::norm_deg_360(r.velocity.y.atan2_r(r.velocity.x).to_degrees());
    let speed = r.velocity.x.hypot_r(r.velocity.y);
    let hae = |msl: f64| Hae(msl + labels.undulation_m).0;
    let thermal = cam.spectrum == vedette_model::Spectrum::Thermal;
    UasDatalink {
        time_us: u64::try_from(r.utc.0).ok(),
        mission_id: Some(labels.mission.clone()),
        platform_tail: Some(ac.tail.clone()),
        platform_designation: Some(ac.name.clone()),
        image_source_sensor: Some(if thermal { "LWIR" } else { "EO" }.to_owned()),
        call_sign: Some(ac.tail.clone()),
        platform_heading_deg: Some(r.yaw_deg),
        platform_pitch_deg: Some(r.pitch_deg),
        platform_roll_deg: Some(r.roll_deg),
        sensor_lat_deg: r.fix.then_some(r.at.lat_deg),
        sensor_lon_deg: r.fix.then_some(r.at.lon_deg),
        sensor_msl_m: Some(r.amsl.0),
        sensor_hae_m: Some(hae(r.amsl.0)),
        hfov_deg: Some(cam.hfov_deg),
        vfov_deg: Some(cam.vfov_deg()),
        rel_azimuth_deg: Some(rel_az),
        rel_elevation_deg: Some(rel_el),
        rel_roll_deg: Some(vedette_geo::norm_deg_360(rel_roll)),
        slant_range_m: centre.map(|c| c.2),
        target_width_m: width,
        ground_range_m: centre.map(|(p, _, _)| vedette_geo::near::distance_m(r.at, p)),
        frame_center_lat_deg: centre.map(|c| c.0.lat_deg),
        frame_center_lon_deg: centre.map(|c| c.0.lon_deg),
        frame_center_elev_m: centre.map(|c| c.1),
        frame_center_hae_m: centre.map(|c| hae(c.1)),
        corners,
        // White hot, slant range computed, picture valid.
        flags: Some(0),
        ground_speed_mps: Some(speed),
        sensor_north_mps: Some(r.velocity.x),
        sensor_east_mps: Some(r.velocity.y),
        course_deg: Some(course),
        agl_m: Some((r.amsl.0 - f64::from(ground.z(x, y))).max(0.0)),
        air_temperature_c: Some(labels.air_c),
        event_start_us: Some(labels.event_start_us),
        security: Some(SecuritySet::unclassified("AD")),
        miis_core_id: Some(miis_physical(id(ac.system, cam.id.0), id(ac.system, 0))),
        ..UasDatalink::default()
    }
}

/// A stable identifier of a sensor or platform of this simulator.
fn id(system: u8, part: u32) -> [u8; 16] {
    let mut b = *b"vedette-sim-----";
    b[12] = system;
    b[13..16].copy_from_slice(&part.to_be_bytes()[1..4]);
    b
}
