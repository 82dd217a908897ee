//! What one simulated aircraft costs: flight alone, with telemetry at 10 Hz, and the answers that
//! stations ask for most. `cargo bench -p vedette-sim-vehicle`. Elements are simulated seconds: their
//! rate is × real time of one aircraft, and aircraft per core at real time.
#![allow(clippy::unwrap_used, missing_docs, reason = "benches")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use vedette_geo::{Amsl, LatLon};
use vedette_model::{Airframe, Family, Mono};
use vedette_sim_vehicle::{SimVehicle, VehicleConfig, Weather};

const HOME: LatLon = LatLon {
    lat_deg: 42.4412,
    lon_deg: 1.5563,
};
const GROUND: Amsl = Amsl(1_100.0);
/// Simulated seconds of one pass.
const SECONDS: i64 = 10;

/// A MAVLink 2 frame of a station.
fn frame(id: u32, extra: u8, payload: &[u8]) -> Vec<u8> {
    let [a, b, c, _] = id.to_le_bytes();
    let mut f = vec![0xfd, payload.len() as u8, 0, 0, 0, 255, 190, a, b, c];
    f.extend_from_slice(payload);
    let mut crc = 0xffff_u16;
    for b in f[1..].iter().copied().chain([extra]) {
        let mut t = b ^ (crc & 0xff) as u8;
        t ^= t << 4;
        crc = (crc >> 8) ^ (u16::from(t) << 8) ^ (u16::from(t) << 3) ^ (u16::from(t) >> 4);
    }
    f.extend(crc.to_le_bytes());
    f
}

fn command(command: u16, p: [f32; 7]) -> Vec<u8> {
    let mut b: Vec<u8> = p.iter().flat_map(|v| v.to_le_bytes()).collect();
    b.extend_from_slice(&command.to_le_bytes());
    b.extend_from_slice(&[1, 1, 0]);
    frame(76, 152, &b)
}

fn weather() -> Weather {
    Weather {
        wind_from_deg: 250.0,
        wind_m_s: 6.0,
        gust_m_s: 3.0,
    }
}

fn fly(v: &mut SimVehicle, from_s: i64, to_s: i64) -> usize {
    let mut bytes = 0;
    for ms in (from_s * 1_000..to_s * 1_000).step_by(20) {
        if ms % 1_000 == 0 {
            v.handle_datagram(Mono(ms * 1_000), 1, &frame(0, 50, &[0, 0, 0, 0, 6, 8, 0, 4, 3]));
        }
        v.step(Mono((ms + 20) * 1_000), &|_| Some(GROUND), &weather());
        while let Some((_, f)) = v.poll_transmit() {
            bytes += f.len();
        }
    }
    bytes
}

/// In the air after 30 s; `every_us` of attitude, position, speeds, receiver and battery.
fn aloft(airframe: Airframe, family: Family, every_us: Option<f32>) -> SimVehicle {
    let mut cfg = VehicleConfig::small(1, airframe, HOME, GROUND);
    cfg.family = family;
    let mut v = SimVehicle::new(cfg);
    fly(&mut v, 0, 8);
    let mode = if airframe == Airframe::Copter { 4.0 } else { 15.0 };
    let mut orders = vec![
        command(176, [1.0, mode, 0.0, 0.0, 0.0, 0.0, 0.0]),
        command(400, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        command(22, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 30.0]),
    ];
    for id in [1.0, 24.0, 30.0, 33.0, 74.0] {
        orders.extend(every_us.map(|us| command(511, [id, us, 0.0, 0.0, 0.0, 0.0, 0.0])));
    }
    for o in orders {
        v.handle_datagram(Mono(8_000_000), 1, &o);
    }
    fly(&mut v, 8, 30);
    assert!(v.truth().armed && v.truth().amsl.0 > GROUND.0 + 5.0, "{:?}", v.truth());
    v
}

fn benches(c: &mut Criterion) {
    let mut g = c.benchmark_group("vehicle");
    g.sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .throughput(Throughput::Elements(SECONDS as u64));
    for (name, airframe, every) in [
        ("copter/silent", Airframe::Copter, None),
        ("copter/10-hz", Airframe::Copter, Some(100_000.0)),
        ("plane/10-hz", Airframe::Plane, Some(100_000.0)),
        ("quadplane/10-hz", Airframe::Quadplane, Some(100_000.0)),
    ] {
        let start = aloft(airframe, Family::ArduPilot, every);
        g.bench_function(format!("seconds/{name}"), |b| {
            b.iter_batched(
                || start.clone(),
                |mut v| black_box(fly(&mut v, 30, 30 + SECONDS)),
                BatchSize::PerIteration,
            );
        });
    }
    let start = aloft(Airframe::Copter, Family::ArduPilot, None);
    g.throughput(Throughput::Elements(1));
    g.bench_function("answer/parameter-list", |b| {
        b.iter_batched(
            || start.clone(),
            |mut v| {
                v.handle_datagram(Mono(30_000_000), 1, &frame(21, 159, &[1, 1]));
                black_box(fly(&mut v, 30, 33))
            },
            BatchSize::PerIteration,
        );
    });
    g.bench_function("answer/command", |b| {
        let mut v = start.clone();
        let order = command(512, [148.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        let mut t = 30_000_000;
        b.iter(|| {
            t += 20_000;
            v.handle_datagram(Mono(t), 1, &order);
            v.step(Mono(t), &|_| Some(GROUND), &weather());
            while let Some(f) = v.poll_transmit() {
                black_box(f);
            }
        });
    });
    g.finish();
}

criterion_group!(vehicle, benches);
criterion_main!(vehicle);
