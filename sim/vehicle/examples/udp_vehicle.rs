//! One simulated aircraft on UDP, for trying a ground station against this crate alone.
//!
//! `cargo run -p vedette-sim-vehicle --example udp_vehicle -- --connect 127.0.0.1:14550 --airframe
//! copter --speed 10`. Sends to the given address until somebody answers; serves every address
//! that speaks. Must not be more than a loop around the library.

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use vedette_geo::{Amsl, LatLon};
use vedette_model::{Airframe, Family, Mono};
use vedette_sim_vehicle::{SimVehicle, VehicleConfig, Weather};

#[expect(
    clippy::disallowed_methods,
    reason = "this example is the shell that reads the clock"
)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut options = BTreeMap::new();
    let mut args = std::env::args().skip(1);
    while let Some(key) = args.next() {
        let value = args.next().ok_or_else(|| format!("{key} needs a value"))?;
        options.insert(key, value);
    }
    let get = |key: &str, otherwise: &str| options.get(key).cloned().unwrap_or_else(|| otherwise.to_owned());
    let airframe = match get("--airframe", "copter").as_str() {
        "copter" => Airframe::Copter,
        "plane" => Airframe::Plane,
        "quadplane" => Airframe::Quadplane,
        other => return Err(format!("--airframe {other}: copter, plane or quadplane").into()),
    };
    let connect: SocketAddr = get("--connect", "127.0.0.1:14550")
        .trim_start_matches("udpout:")
        .parse()?;
    let speed: f64 = get("--speed", "1").parse()?;
    let home = LatLon::new(42.4412, 1.5563)?;
    let mut cfg = VehicleConfig::small(get("--system", "1").parse()?, airframe, home, Amsl(1100.0));
    if get("--family", "ardupilot") == "px4" {
        cfg.family = Family::Px4;
    }
    let off = get("--video", "on") == "off";
    for cam in cfg.cameras.iter_mut().filter(|_| !off) {
        cam.uri = format!("udp://127.0.0.1:{}", 5600 + u32::from(cam.stream));
    }
    let weather = Weather {
        wind_from_deg: get("--wind-from", "300").parse()?,
        wind_m_s: get("--wind", "3").parse()?,
        gust_m_s: get("--gust", "1.5").parse()?,
    };
    let mut vehicle = SimVehicle::new(cfg);
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    socket.set_read_timeout(Some(Duration::from_millis(2)))?;
    let mut addresses = vec![connect];
    vehicle.connect(0);
    let start = Instant::now();
    let mut buffer = [0_u8; 4096];
    loop {
        let now = Mono((start.elapsed().as_secs_f64() * speed * 1e6) as i64);
        vehicle.step(now, &|_| Some(Amsl(1100.0)), &weather);
        while let Some((peer, frame)) = vehicle.poll_transmit() {
            let to = peer.and_then(|p| addresses.get(p as usize)).unwrap_or(&connect);
            // A closed port at the other end is not our error: the next frame may find it open.
            drop(socket.send_to(&frame, to));
        }
        if let Ok((n, from)) = socket.recv_from(&mut buffer) {
            let peer = addresses.iter().position(|a| *a == from).unwrap_or_else(|| {
                addresses.push(from);
                addresses.len() - 1
            });
            vehicle.handle_datagram(now, peer as u64, &buffer[..n]);
        }
    }
}
