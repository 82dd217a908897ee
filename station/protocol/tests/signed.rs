//! Signing against the simulated aircraft, which has its own implementation of it.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

use vedette_geo::{Amsl, LatLon};
use vedette_model::{Airframe, LinkId, Mono, Report, Utc};
use vedette_protocol::codec::sign::Key;
use vedette_protocol::codec::{Sender, wire};
use vedette_protocol::signing::LinkPolicy;
use vedette_protocol::{Gcs, GcsConfig, PeerAddr};
use vedette_sim_vehicle::{SimVehicle, VehicleConfig, Weather};

const LINK: LinkId = LinkId(1);

struct World {
    gcs: Gcs,
    sim: SimVehicle,
    now: Mono,
    positions: u32,
    tables: u32,
    recorded: Vec<Vec<u8>>,
}

impl World {
    fn new() -> Self {
        let home = LatLon::from_e7(424_500_000, 14_900_000);
        let cfg = VehicleConfig::small(1, Airframe::Copter, home, Amsl(1200.0));
        let mut gcs = Gcs::new(GcsConfig::new(253, 190));
        gcs.link_up(Mono::ZERO, LINK, "udpin:test", None);
        Self {
            gcs,
            sim: SimVehicle::new(cfg),
            now: Mono::ZERO,
            positions: 0,
            tables: 0,
            recorded: Vec::new(),
        }
    }

    fn run(&mut self, seconds: i64) {
        let end = self.now.plus_ms(seconds * 1000);
        while self.now < end {
            self.now = self.now.plus_ms(20);
            let now = self.now;
            self.sim.step(now, &|_| Some(Amsl(1200.0)), &Weather::default());
            let utc = Utc(self.sim.config().boot_utc.0 + now.0);
            while let Some((_, bytes)) = self.sim.poll_transmit() {
                self.gcs.handle_datagram(now, utc, LINK, &PeerAddr::new("sim"), &bytes);
            }
            self.gcs.handle_timeout(now);
            while let Some(t) = self.gcs.poll_transmit() {
                self.recorded.push(t.bytes.clone());
                self.sim.handle_datagram(now, 7, &t.bytes);
            }
            while let Some(e) = self.gcs.poll_event() {
                match e.report {
                    Report::Position { .. } => self.positions += 1,
                    Report::ParameterTable(_) => self.tables += 1,
                    _ => {}
                }
            }
        }
    }
}

#[test]
fn a_key_is_given_used_both_ways_and_replays_change_nothing() {
    let mut w = World::new();
    w.run(5);
    assert!(w.tables == 1 && w.positions > 0 && !w.sim.signs());
    w.gcs.set_policy(LINK, LinkPolicy::Open);
    w.gcs.change_key(w.now, 1, Key::new([7; 32])).expect("on the bench");
    w.run(10);
    assert!(w.sim.signs(), "the aircraft has the key");
    let (positions, refused) = (w.positions, w.sim.unsigned_frames());
    w.run(10);
    assert!(w.positions > positions + 30, "signed telemetry is believed");
    assert_eq!(w.sim.unsigned_frames(), refused, "and everything of ours is signed now");

    // All we ever sent, again: nothing is acted on.
    let again = std::mem::take(&mut w.recorded);
    let (n, before) = (again.len() as u64, w.sim.unsigned_frames());
    for bytes in again {
        w.sim.handle_datagram(w.now, 8, &bytes);
    }
    let after = w.sim.unsigned_frames();
    let total = |r: vedette_sim_vehicle::Refused| r.unsigned + r.forged + r.replayed;
    assert_eq!(total(after) - total(before), n, "{after:?}");

    // A stranger without the key arms nothing.
    let arm = wire::CommandLong {
        command: 400,
        p1: 1.0,
        p2: 21196.0,
        target_system: 1,
        target_component: 1,
        ..Default::default()
    };
    let frame = Sender::new(250, 190).encode_wire(&arm);
    w.sim.handle_datagram(w.now, 9, &frame);
    w.run(1);
    assert!(!w.sim.truth().armed && w.sim.unsigned_frames().unsigned > after.unsigned);
}
