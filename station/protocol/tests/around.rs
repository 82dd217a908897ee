//! Who commands, who flies near by, why it will not arm, links that cost by the byte, autopilots
//! nobody here knows: against the simulated aircraft.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

#[path = "around/asked.rs"]
mod asked;
#[path = "around/payload.rs"]
mod payload;

use std::collections::BTreeMap;

use vedette_geo::{Amsl, Hae, LatLon, distance_m};
use vedette_model::{
    Airframe, CommandId, CommandOutcome, Contact, ContactHeight, ContactSource, Family, FlightMode, LinkId, Mono,
    OperatorControl, Order, Report, Request, RequestBody, Retry, Utc, VehicleId,
};
use vedette_protocol::codec::{Sender, wire};
use vedette_protocol::{Gcs, GcsConfig, PeerAddr};
use vedette_sim_vehicle::{AdsbTarget, Fault, RemoteIdTarget, SimVehicle, VehicleConfig, Weather};

const LINK: LinkId = LinkId(1);

/// One aircraft and two stations, each on its own channel.
struct World {
    stations: Vec<Gcs>,
    sim: SimVehicle,
    now: Mono,
    reports: Vec<Vec<Report>>,
    sent: Vec<u32>,
    outcomes: BTreeMap<(usize, CommandId), CommandOutcome>,
    next: u32,
}

fn home() -> LatLon {
    LatLon::from_e7(424_500_000, 14_900_000)
}

impl World {
    fn new(cfg: VehicleConfig, stations: u8) -> Self {
        let stations: Vec<Gcs> = (0..stations)
            .map(|k| {
                let mut gcs = Gcs::new(GcsConfig::new(253 - k, 190));
                gcs.link_up(Mono::ZERO, LINK, "udpin:test", None);
                gcs
            })
            .collect();
        Self {
            reports: vec![Vec::new(); stations.len()],
            sent: vec![0; stations.len()],
            stations,
            sim: SimVehicle::new(cfg),
            now: Mono::ZERO,
            outcomes: BTreeMap::new(),
            next: 1,
        }
    }

    fn run(&mut self, seconds: f64) {
        let end = self.now.plus_ms((seconds * 1000.0) as i64);
        while self.now < end {
            self.now = self.now.plus_ms(20);
            let now = self.now;
            self.sim.step(now, &|_| Some(Amsl(1200.0)), &Weather::default());
            let utc = Utc(1_790_000_000_000_000 + now.0);
            while let Some((peer, bytes)) = self.sim.poll_transmit() {
                for (k, gcs) in self.stations.iter_mut().enumerate() {
                    if peer.is_none_or(|p| p == k as u64) {
                        gcs.handle_datagram(now, utc, LINK, &PeerAddr::new("sim"), &bytes);
                    }
                }
            }
            for (k, gcs) in self.stations.iter_mut().enumerate() {
                gcs.handle_timeout(now);
                while let Some(t) = gcs.poll_transmit() {
                    self.sent[k] += 1;
                    self.sim.handle_datagram(now, k as u64, &t.bytes);
                }
                while let Some(e) = gcs.poll_event() {
                    if let Report::CommandDone { id, outcome } = &e.report {
                        self.outcomes.insert((k, *id), outcome.clone());
                    }
                    self.reports[k].push(e.report);
                }
            }
        }
    }

    fn ask(&mut self, station: usize, body: RequestBody) -> CommandOutcome {
        let id = CommandId(self.next);
        self.next += 1;
        let request = Request {
            id,
            vehicle: VehicleId(1),
            uid: 0,
            body,
            retry: Retry::UntilAck,
            expires: self.now.plus_ms(8_000),
        };
        self.stations[station].submit(self.now, request);
        for _ in 0..90 {
            self.run(0.1);
            if let Some(o) = self.outcomes.get(&(station, id)) {
                return o.clone();
            }
        }
        panic!("no end");
    }

    fn last<T>(&self, station: usize, f: impl Fn(&Report) -> Option<T>) -> Option<T> {
        self.reports[station].iter().rev().find_map(f)
    }
}

/// Set up for this station.
fn heard(family: Family) -> VehicleConfig {
    VehicleConfig {
        gcs_system: 253,
        ..small(family)
    }
}

fn small(family: Family) -> VehicleConfig {
    let mut cfg = VehicleConfig::small(1, Airframe::Copter, home(), Amsl(1200.0));
    cfg.family = family;
    cfg
}

#[test]
fn one_station_commands_at_a_time_and_everyone_sees_which() {
    let mut cfg = small(Family::ArduPilot);
    cfg.operator_control = true;
    let mut w = World::new(cfg, 2);
    w.run(8.0);
    let take = |allow_takeover| RequestBody::OperatorControl {
        take: true,
        allow_takeover,
    };
    let control = |w: &World, k| {
        w.last(k, |r| match r {
            Report::Control(c) => Some(c.clone()),
            _ => None,
        })
        .expect("told")
    };
    assert_eq!(w.ask(0, take(false)), CommandOutcome::Accepted);
    w.run(0.5);
    let expected = |owner, ours| OperatorControl {
        owner,
        others: vec![],
        ours,
        takeover_allowed: false,
    };
    assert_eq!(control(&w, 0), expected(253, true));
    assert_eq!(control(&w, 1), expected(253, false));
    // The other station's orders are refused, and the aircraft stays as it is.
    assert!(matches!(w.ask(1, take(false)), CommandOutcome::Refused(_)));
    let hold = RequestBody::Order(Order::Hold);
    assert!(matches!(w.ask(1, hold.clone()), CommandOutcome::Refused(_)));
    assert_eq!(w.sim.truth().mode, "STABILIZE");
    assert_eq!(w.ask(0, hold.clone()), CommandOutcome::Accepted);
    // Given back, it is anyone's again.
    let give = RequestBody::OperatorControl {
        take: false,
        allow_takeover: false,
    };
    assert_eq!(w.ask(0, give), CommandOutcome::Accepted);
    w.run(0.5);
    assert_eq!(control(&w, 1).owner, 0);
    assert_eq!(w.ask(1, take(true)), CommandOutcome::Accepted);
    assert_eq!(w.ask(0, take(false)), CommandOutcome::Accepted, "takeover was allowed");
    w.run(0.5);
    assert!(!control(&w, 1).ours);
}

#[test]
fn others_in_the_air_are_told_as_their_radios_tell_them() {
    let mut w = World::new(small(Family::ArduPilot), 1);
    w.run(3.0);
    let at = LatLon::from_e7(424_700_000, 15_100_000);
    w.sim.hear_adsb(&AdsbTarget {
        icao: 0x34_12_AB,
        callsign: "RESC07".into(),
        at,
        height_m: 1830.0,
        course_deg: 271.5,
        speed_m_s: 62.5,
        climb_m_s: -2.5,
    });
    w.sim.hear_remote_id(&RemoteIdTarget {
        mac: [2, 0, 0, 7, 7, 7],
        number: "1581F4FHC2300C00".into(),
        operator: "AND87astrdge12k8".into(),
        at,
        height: Hae(1302.0),
        course_deg: 12.0,
        speed_m_s: 9.25,
        pilot: home(),
    });
    w.run(0.2);
    let of = |source| {
        w.last(0, |r| match r {
            Report::Contact(c) if c.source == source => Some(c.clone()),
            _ => None,
        })
    };
    let plane = of(ContactSource::Adsb).expect("an aircraft");
    assert_eq!((plane.id.as_str(), plane.name.as_deref()), ("3412AB", Some("RESC07")));
    assert_eq!(plane.height, Some(ContactHeight::Pressure(1830.0)));
    assert_eq!(
        (plane.course_deg, plane.speed_m_s, plane.climb_m_s),
        (Some(271.5), Some(62.5), Some(-2.5))
    );
    let drone: Contact = of(ContactSource::RemoteId).expect("a drone");
    assert_eq!(
        (drone.id.as_str(), drone.name.as_deref()),
        ("1581F4FHC2300C00", Some("AND87astrdge12k8"))
    );
    assert_eq!(drone.height, Some(ContactHeight::Ellipsoid(Hae(1302.0))));
    assert!(distance_m(drone.pilot.expect("its pilot"), home()) < 0.1);
    assert!(distance_m(drone.at, at) < 0.1);
}

#[test]
fn what_keeps_it_from_arming_is_told_and_taken_back() {
    let reasons = |w: &World| {
        w.last(0, |r| match r {
            Report::ArmingChecks(all) => Some(all.clone()),
            _ => None,
        })
    };
    let mut w = World::new(heard(Family::ArduPilot), 1);
    w.run(2.0);
    let told = reasons(&w).expect("told while it boots");
    assert!(
        told.iter().any(|r| r.contains("EKF")),
        "asked for, not waited for: {told:?}"
    );
    w.run(8.0);
    assert_eq!(reasons(&w), Some(Vec::new()), "ready");
    w.sim.inject(Fault::GnssLost);
    w.run(40.0);
    let told = reasons(&w).expect("told");
    assert!(told.iter().any(|r| r.contains("Bad fix")), "{told:?}");
    assert!(told.iter().any(|r| r == "satellite receiver unhealthy"), "{told:?}");
    w.sim.inject(Fault::GnssBack);
    w.run(5.0);
    assert_eq!(reasons(&w), Some(Vec::new()));

    // Its Remote ID has a say.
    let set = RequestBody::SetParameter {
        name: "DID_ENABLE".into(),
        value: 1.0,
    };
    assert_eq!(w.ask(0, set), CommandOutcome::Accepted);
    w.sim.inject(Fault::GnssLost);
    w.run(3.0);
    let remote = w.last(0, |r| match r {
        Report::RemoteId(why) => Some(why.clone()),
        _ => None,
    });
    assert_eq!(remote, Some(Some("missing location message".to_owned())));
}

#[test]
fn px4_names_the_parts_that_keep_it_from_arming_by_its_events() {
    let reasons = |w: &World| {
        w.last(0, |r| match r {
            Report::ArmingChecks(all) => Some(all.clone()),
            _ => None,
        })
    };
    let mut w = World::new(small(Family::Px4), 1);
    w.run(3.0);
    let told = reasons(&w).expect("told while it boots");
    assert!(told.iter().any(|r| r == "arming check: attitude estimate"), "{told:?}");
    w.run(8.0);
    assert_eq!(reasons(&w), Some(Vec::new()), "ready");
    w.sim.inject(Fault::GnssLost);
    w.run(3.0);
    let told = reasons(&w).expect("told");
    assert!(told.iter().any(|r| r == "arming check: satellite receiver"), "{told:?}");
    w.sim.inject(Fault::GnssBack);
    w.run(5.0);
    assert_eq!(reasons(&w), Some(Vec::new()));
}

/// Row 19: an aircraft whose failsafe listens to another station is not ready for us, and says what
/// to set; setting it here clears it at once.
#[test]
fn row_19_a_failsafe_that_listens_to_another_station_keeps_it_from_flying() {
    let reasons = |w: &World| {
        w.last(0, |r| match r {
            Report::ArmingChecks(all) => Some(all.clone()),
            _ => None,
        })
    };
    let deaf = "its failsafe listens to station 255, this station is 253: set SYSID_MYGCS to 253 before flight";
    // As from the factory: 255. The parameters come as one file.
    let mut w = World::new(small(Family::ArduPilot), 1);
    w.run(20.0);
    assert_eq!(
        reasons(&w),
        Some(vec![deaf.to_owned()]),
        "though the aircraft calls itself ready"
    );
    let set = |value| RequestBody::SetParameter {
        name: "SYSID_MYGCS".into(),
        value,
    };
    assert_eq!(w.ask(0, set(253.0)), CommandOutcome::Accepted);
    w.run(1.0);
    assert_eq!(reasons(&w), Some(Vec::new()));
    // Set by another station in flight: told again.
    assert_eq!(w.ask(0, set(255.0)), CommandOutcome::Accepted);
    w.run(1.0);
    assert_eq!(reasons(&w), Some(vec![deaf.to_owned()]));
    // PX4 listens to every station.
    let mut w = World::new(small(Family::Px4), 1);
    w.run(20.0);
    assert_eq!(reasons(&w), Some(Vec::new()));
}

#[test]
fn a_link_that_costs_by_the_byte_carries_one_message_and_orders() {
    for family in [Family::ArduPilot, Family::Px4] {
        let mut w = World::new(small(family), 1);
        w.run(30.0);
        // The gateway of the satellite link switches it.
        let on = wire::CommandLong {
            command: 2600,
            p1: 1.0,
            target_system: 1,
            target_component: 1,
            ..Default::default()
        };
        let frame = Sender::new(253, 190).encode_wire(&on);
        w.sim.handle_datagram(w.now, 0, &frame);
        w.run(12.0);
        let (sent, told) = (w.sent[0], w.reports[0].len());
        w.run(60.0);
        let positions = w.reports[0][told..]
            .iter()
            .filter(|r| matches!(r, Report::Position { .. }))
            .count();
        assert!(
            (11..=13).contains(&positions),
            "{family:?}: {positions} positions in a minute"
        );
        let lost = w.reports[0][told..].iter().any(|r| matches!(r, Report::Alive(false)));
        assert!(!lost, "{family:?}: it is not lost at its own pace");
        // Our heartbeats alone, nothing asked for.
        assert!(w.sent[0] - sent <= 62, "{family:?}: {} frames sent", w.sent[0] - sent);
        assert_eq!(
            w.ask(0, RequestBody::Order(Order::Hold)),
            CommandOutcome::Accepted,
            "{family:?}"
        );
        w.run(6.0);
        let mode = w.last(0, |r| match r {
            Report::Heartbeat { mode, .. } => Some(*mode),
            _ => None,
        });
        assert_eq!(mode, Some(FlightMode::Hold), "{family:?}");
    }
}

#[test]
fn an_aircraft_met_by_satellite_is_an_aircraft() {
    let mut gcs = Gcs::new(GcsConfig::new(253, 190));
    gcs.link_up(Mono::ZERO, LINK, "udpin:test", None);
    let m = wire::HighLatency2 {
        lat: 424_500_000,
        lon: 14_900_000,
        altitude: 1500,
        kind: 2,
        autopilot: 12,
        custom_mode: 0x0404,
        battery: 61,
        custom0: i8::from_le_bytes([0x81]),
        ..Default::default()
    };
    let frame = Sender::new(1, 1).encode_wire(&m);
    gcs.handle_datagram(Mono::ZERO.plus_ms(10), Utc(0), LINK, &PeerAddr::new("sat"), &frame);
    let mut seen = Vec::new();
    while let Some(e) = gcs.poll_event() {
        seen.push(e.report);
    }
    assert!(
        seen.iter()
            .any(|r| matches!(r, Report::Identity(i) if i.family == Family::Px4))
    );
    assert!(
        seen.iter().any(|r| matches!(
            r,
            Report::Heartbeat {
                mode: FlightMode::Auto,
                armed: true,
                ..
            }
        )),
        "{seen:?}"
    );
    assert!(
        seen.iter()
            .any(|r| matches!(r, Report::Battery { remaining_pct: Some(p), .. } if *p == 61.0))
    );
}

#[test]
fn an_unknown_autopilot_is_named_by_its_own_modes_and_only_brought_to_safety() {
    let mut gcs = Gcs::new(GcsConfig::new(253, 190));
    gcs.link_up(Mono::ZERO, LINK, "udpin:test", None);
    let (mut sender, peer) = (Sender::new(1, 1), PeerAddr::new("odd"));
    let mut commands = Vec::new();
    let mut seen = Vec::new();
    let mut next = 1;
    for k in 0..400_i64 {
        let now = Mono::ZERO.plus_ms(50 * k);
        let mut frames = Vec::new();
        if k % 20 == 0 {
            frames.push(sender.encode_wire(&wire::Heartbeat {
                custom_mode: 77,
                kind: 2,
                autopilot: 13,
                base_mode: 0x81,
                system_status: 4,
                mavlink_version: 3,
            }));
        }
        if k == 10 {
            frames.push(sender.encode_wire(&wire::AvailableModes {
                custom_mode: 77,
                number_modes: 1,
                mode_index: 1,
                standard_mode: 6,
                mode_name: wire::Chars::from_text("Pendel"),
                ..Default::default()
            }));
        }
        let orders: &[Order] = match k {
            100 => &[Order::Hold],
            150 => &[Order::Return],
            200 => &[Order::Land],
            250 => &[
                Order::StartMission,
                Order::TakeOff {
                    height: vedette_geo::AboveHome(20.0),
                },
            ],
            _ => &[],
        };
        for order in orders {
            gcs.submit(
                now,
                Request {
                    id: CommandId(next),
                    vehicle: VehicleId(1),
                    uid: 0,
                    body: RequestBody::Order(order.clone()),
                    retry: Retry::UntilAck,
                    expires: now.plus_ms(2_000),
                },
            );
            next += 1;
        }
        gcs.handle_timeout(now);
        while let Some(t) = gcs.poll_transmit() {
            use wire::WireMessage;
            for f in vedette_protocol::codec::parse_datagram(&t.bytes) {
                if f.header.message_id == 76 {
                    let m = wire::CommandLong::from_payload(f.payload);
                    if !matches!(m.command, 511 | 512) {
                        commands.push(m.command);
                    }
                    frames.push(sender.encode_wire(&wire::CommandAck {
                        command: m.command,
                        result: if matches!(m.command, 511 | 512) { 3 } else { 0 },
                        target_system: 253,
                        target_component: 190,
                        ..Default::default()
                    }));
                }
            }
        }
        for f in frames {
            gcs.handle_datagram(now, Utc(now.0), LINK, &peer, &f);
        }
        while let Some(e) = gcs.poll_event() {
            seen.push(e.report);
        }
    }
    commands.dedup();
    assert_eq!(commands, [193, 20, 21], "hold, return, land and nothing else");
    let refused = seen.iter().filter(
        |r| matches!(r, Report::CommandDone { outcome: CommandOutcome::Refused(why), .. } if why.contains("not known")),
    );
    assert_eq!(refused.count(), 2);
    assert!(
        seen.iter()
            .any(|r| matches!(r, Report::Heartbeat { mode: FlightMode::Auto, mode_name, .. } if mode_name == "Pendel"))
    );
}
