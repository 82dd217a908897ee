//! Whether the station knows that the plan on board is still the one it read: by the aircraft's own
//! plan ids without a download, by reading again where there are none. Against the simulated
//! aircraft, whose side of it is written apart.

use vedette_geo::{Amsl, LatLon, destination};
use vedette_model::{
    Airframe, AltFrame, CommandId, CommandOutcome, Family, LinkId, MissionItem, MissionKind, Mono, Report, Request,
    RequestBody, Retry, Utc, VehicleId, command,
};
use vedette_protocol::codec::{Sender, parse_datagram, wire};
use vedette_protocol::{Gcs, GcsConfig, PeerAddr};
use vedette_sim_vehicle::{SimVehicle, VehicleConfig, Weather};

const LINK: LinkId = LinkId(1);
const GROUND: Amsl = Amsl(1_200.0);

struct Pair {
    gcs: Gcs,
    sim: SimVehicle,
    now: Mono,
    /// Nothing gets through.
    cut: bool,
    told: Vec<Report>,
    /// MISSION_REQUEST_LIST sent.
    readings: u32,
}

fn home() -> LatLon {
    LatLon::from_e7(424_500_000, 14_900_000)
}

fn plan(n: u32) -> Vec<MissionItem> {
    (0..n)
        .map(|i| MissionItem {
            command: command::NAV_WAYPOINT,
            frame: AltFrame::AboveHome,
            params: [Some(0.0), None, None, None],
            at: Some(destination(home(), 10.0, 100.0 + 50.0 * f64::from(i))),
            alt_m: 60.0,
        })
        .collect()
}

impl Pair {
    fn new(family: Family) -> Self {
        let mut cfg = VehicleConfig::small(1, Airframe::Copter, home(), GROUND);
        cfg.family = family;
        let mut gcs = Gcs::new(GcsConfig::new(253, 190));
        gcs.link_up(Mono::ZERO, LINK, "udpin:test", None);
        let mut pair = Self {
            gcs,
            sim: SimVehicle::new(cfg),
            now: Mono::ZERO,
            cut: false,
            told: Vec::new(),
            readings: 0,
        };
        pair.run_s(15);
        pair
    }

    fn utc(&self) -> Utc {
        Utc(1_790_000_000_000_000 + self.now.0)
    }

    fn run_s(&mut self, s: i64) {
        let end = self.now.plus_ms(s * 1000);
        while self.now < end {
            self.now = self.now.plus_ms(20);
            let (now, utc) = (self.now, self.utc());
            self.sim.step(now, &|_| Some(GROUND), &Weather::default());
            while let Some((to, bytes)) = self.sim.poll_transmit() {
                // Peer 9 is the other station.
                if !self.cut && to != Some(9) {
                    self.gcs.handle_datagram(now, utc, LINK, &PeerAddr::new("sim"), &bytes);
                }
            }
            self.gcs.handle_timeout(now);
            while let Some(t) = self.gcs.poll_transmit() {
                let asks = parse_datagram(&t.bytes).filter(|f| f.header.message_id == 43).count();
                self.readings += u32::try_from(asks).expect("few");
                if !self.cut {
                    self.sim.handle_datagram(now, 7, &t.bytes);
                }
            }
            while let Some(e) = self.gcs.poll_event() {
                self.told.push(e.report);
            }
        }
    }

    fn upload(&mut self, kind: MissionKind, items: Vec<MissionItem>) {
        let request = Request {
            id: CommandId(1),
            vehicle: VehicleId(1),
            uid: 0,
            body: RequestBody::Upload { kind, items },
            retry: Retry::UntilAck,
            expires: self.now.plus_ms(60_000),
        };
        self.gcs.submit(self.now, request);
        self.run_s(10);
        let done = |r: &Report| {
            matches!(
                r,
                Report::CommandDone {
                    outcome: CommandOutcome::Accepted,
                    ..
                }
            )
        };
        assert!(self.told.iter().any(done), "{:?}", self.told.last());
        self.forget();
    }

    fn forget(&mut self) {
        self.told.clear();
        self.readings = 0;
    }

    /// Another station, out of our hearing, puts a plan of its own on board.
    fn other_writes(&mut self, items: &[MissionItem], home_first: bool) {
        let mut other = Sender::new(200, 190);
        let mut wire_items = Vec::new();
        if home_first {
            wire_items.push(home());
        }
        wire_items.extend(items.iter().filter_map(|i| i.at));
        let count = other.encode_wire(&wire::MissionCount {
            count: u16::try_from(wire_items.len()).expect("few"),
            target_system: 1,
            target_component: 1,
            ..Default::default()
        });
        self.sim.handle_datagram(self.now, 9, &count);
        for (seq, at) in (0..).zip(&wire_items) {
            let (x, y) = at.to_e7();
            let item = other.encode_wire(&wire::MissionItemInt {
                seq,
                x,
                y,
                z: 60.0,
                frame: 3,
                command: command::NAV_WAYPOINT,
                autocontinue: 1,
                target_system: 1,
                target_component: 1,
                ..Default::default()
            });
            self.sim.handle_datagram(self.now, 9, &item);
        }
    }

    fn doubts(&self) -> Vec<(MissionKind, bool, String)> {
        self.told
            .iter()
            .filter_map(|r| match r {
                Report::PlanInDoubt { kind, why, changed } => Some((*kind, *changed, why.clone())),
                _ => None,
            })
            .collect()
    }

    fn read(&self) -> Vec<(MissionKind, usize, Option<u32>)> {
        self.told
            .iter()
            .filter_map(|r| match r {
                Report::PlanOnVehicle { kind, items, id } => Some((*kind, items.len(), *id)),
                _ => None,
            })
            .collect()
    }

    fn away_and_back(&mut self) {
        self.cut = true;
        self.run_s(9);
        assert!(self.told.contains(&Report::Alive(false)));
        self.cut = false;
        self.run_s(14);
        assert!(self.told.contains(&Report::Alive(true)));
    }
}

/// An autopilot with plan ids: after an hour away the plan is known to be the same without a byte of
/// it; a change under us is told, then read.
#[test]
fn a_plan_with_an_id_is_known_to_stand_without_a_download() {
    let mut p = Pair::new(Family::Px4);
    p.upload(MissionKind::Mission, plan(5));
    p.upload(MissionKind::Rally, {
        let mut points = plan(2);
        points.iter_mut().for_each(|i| i.command = command::RALLY_POINT);
        points
    });
    p.run_s(30);
    assert!(p.doubts().is_empty() && p.readings == 0, "{:?}", p.doubts());

    p.away_and_back();
    let stands: Vec<(MissionKind, u32)> = p
        .told
        .iter()
        .filter_map(|r| match r {
            Report::PlanStands { kind, id } => Some((*kind, *id)),
            _ => None,
        })
        .collect();
    let kinds: Vec<MissionKind> = stands.iter().map(|s| s.0).collect();
    assert_eq!(kinds, [MissionKind::Mission, MissionKind::Rally]);
    assert!(stands.iter().all(|s| s.1 != 0));
    assert!(p.doubts().is_empty() && p.readings == 0, "nothing was read again");

    // The other station moves the plan by one item while we look on.
    p.forget();
    p.other_writes(&plan(6), false);
    p.run_s(12);
    let doubts = p.doubts();
    assert!(
        doubts.len() == 1 && doubts[0].0 == MissionKind::Mission && doubts[0].1 && doubts[0].2.contains("id on board"),
        "{doubts:?}"
    );
    let read = p.read();
    assert!(
        read.len() == 1 && read[0].1 == 6 && read[0].2.is_some_and(|id| id != stands[0].1),
        "{read:?}"
    );
    p.forget();
    p.run_s(60);
    assert!(p.doubts().is_empty() && p.readings == 0, "told once, read once");

    // And while we are away; then it clears the plan.
    p.cut = true;
    p.run_s(9);
    p.other_writes(&plan(4), false);
    p.cut = false;
    p.run_s(14);
    assert_eq!(p.read().iter().map(|r| r.1).collect::<Vec<_>>(), [4]);
    p.forget();
    let mut other = Sender::new(200, 190);
    let clear = other.encode_wire(&wire::MissionClearAll {
        target_system: 1,
        target_component: 1,
        mission_type: 0,
    });
    p.sim.handle_datagram(p.now, 9, &clear);
    p.run_s(12);
    assert!(
        p.doubts().iter().any(|d| d.1 && d.2.contains("none on board")),
        "{:?}",
        p.doubts()
    );
    assert_eq!(p.read(), [(MissionKind::Mission, 0, None)]);
}

/// An autopilot without plan ids (ArduPilot): what was out of sight is read again, once; another
/// number of items is a sign by itself, and so is another station heard writing.
#[test]
fn a_plan_without_an_id_is_read_again_when_it_was_out_of_sight() {
    let mut p = Pair::new(Family::ArduPilot);
    p.upload(MissionKind::Mission, plan(5));
    p.run_s(30);
    assert!(p.doubts().is_empty() && p.readings == 0, "{:?}", p.doubts());

    p.away_and_back();
    let doubts = p.doubts();
    assert!(
        doubts.len() == 1 && !doubts[0].1 && doubts[0].2.contains("no ids"),
        "{doubts:?}"
    );
    assert_eq!(p.read(), [(MissionKind::Mission, 5, None)]);

    p.forget();
    p.other_writes(&plan(7), true);
    p.run_s(12);
    assert!(
        p.doubts().iter().any(|d| d.1 && d.2.contains("7 items, not 5")),
        "{:?}",
        p.doubts()
    );
    assert_eq!(p.read(), [(MissionKind::Mission, 7, None)]);

    // The same number, but heard on a link beside.
    p.forget();
    let mut other = Sender::new(200, 190);
    let count = other.encode_wire(&wire::MissionCount {
        count: 8,
        target_system: 1,
        target_component: 1,
        ..Default::default()
    });
    let utc = p.utc();
    p.gcs.observe_station(p.now, utc, LINK, &count);
    p.run_s(2);
    assert!(p.readings == 0, "the other one is given time to end");
    p.run_s(10);
    assert!(
        p.doubts().iter().any(|d| d.1 && d.2.contains("station 200")),
        "{:?}",
        p.doubts()
    );
    assert_eq!(p.read().len(), 1);
}
