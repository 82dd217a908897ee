//! The states of an order as a person sees them, each reached by the real exchange: the station, the
//! protocol and the simulated aircraft, with answers lost, late, refusing or missing between them.

use super::*;
use vedette_protocol::codec::parse_datagram;
use vedette_protocol::codec::wire::{self, WireMessage};
use vedette_protocol::{Gcs, GcsConfig, PeerAddr};
use vedette_sim_vehicle::{SimVehicle, VehicleConfig, Weather};

const LINK: LinkId = LinkId(1);
const GROUND: Amsl = Amsl(1_200.0);

/// What the air does to frames.
#[derive(Default)]
struct Air {
    /// Nothing reaches the aircraft; nothing reaches the station.
    dark: [bool; 2],
    /// COMMAND_ACK frames are lost.
    no_acks: bool,
    /// COMMAND_ACK frames come so much later.
    acks_late_ms: i64,
}

struct Exchange {
    station: Station,
    gcs: Gcs,
    sim: SimVehicle,
    now: Mono,
    air: Air,
    late: Vec<(Mono, Vec<u8>)>,
    /// Commands that reached the aircraft.
    commands: Vec<(Mono, u16)>,
    /// States of the newest receipt, each once.
    states: Vec<ReceiptState>,
}

impl Exchange {
    fn new(ready: bool) -> Self {
        let setup = setup();
        let base = setup.brief.fleet[0].base;
        let mut cfg = VehicleConfig::small(1, Airframe::Copter, base, GROUND);
        if !ready {
            cfg.ready_after_s = 1e6;
        }
        let mut gcs = Gcs::new(GcsConfig::new(253, 190));
        gcs.link_up(Mono::ZERO, LINK, "udpin:test", None);
        let mut x = Self {
            station: Station::new(setup).expect("a usable site"),
            gcs,
            sim: SimVehicle::new(cfg),
            now: Mono::ZERO,
            air: Air::default(),
            late: Vec::new(),
            commands: Vec::new(),
            states: Vec::new(),
        };
        x.run_ms(20_000);
        x
    }

    /// In the air at thirty metres, holding.
    fn flying() -> Self {
        let mut x = Self::new(true);
        let height = AboveHome(30.0);
        x.order(Order::TakeOff { height });
        x.run_ms(25_000);
        assert_eq!(x.state(), ReceiptState::Observed, "{:?}", x.notices());
        x.commands.clear();
        x
    }

    fn utc(&self) -> Utc {
        Utc(1_790_000_000_000_000 + self.now.0)
    }

    fn put(&mut self, input: &Input) {
        let utc = self.utc();
        self.station.handle(self.now, utc, input);
        while let Some(e) = self.station.poll_effect() {
            if let Effect::Request(r) = e {
                self.gcs.submit(self.now, r);
            }
        }
        if let Some(r) = self.station.view().receipts.last()
            && self.states.last() != Some(&r.state)
        {
            self.states.push(r.state.clone());
        }
    }

    fn order(&mut self, order: Order) {
        self.wish(order, true);
    }

    fn wish(&mut self, order: Order, held: bool) {
        self.states.clear();
        self.put(&Input::Operator {
            operator: OperatorId("pilot".into()),
            intent: Intent::Command {
                vehicle: V1,
                order,
                held,
            },
            shown: ViewStamp::default(),
        });
    }

    fn run_ms(&mut self, ms: i64) {
        let end = self.now.plus_ms(ms);
        while self.now < end {
            self.now = self.now.plus_ms(20);
            let (now, utc) = (self.now, self.utc());
            self.sim.step(now, &|_| Some(GROUND), &Weather::default());
            let mut arrived = Vec::new();
            self.late.retain(|(due, bytes)| {
                let here = *due <= now;
                if here {
                    arrived.push(bytes.clone());
                }
                !here
            });
            while let Some((_, bytes)) = self.sim.poll_transmit() {
                let ack = bytes.get(7..10) == Some(&[77_u8, 0, 0][..]);
                match (ack, self.air.acks_late_ms) {
                    _ if self.air.dark[1] || (ack && self.air.no_acks) => {}
                    (true, late) if late > 0 => self.late.push((now.plus_ms(late), bytes)),
                    _ => arrived.push(bytes),
                }
            }
            for bytes in arrived {
                self.gcs.handle_datagram(now, utc, LINK, &PeerAddr::new("sim"), &bytes);
            }
            self.gcs.handle_timeout(now);
            while let Some(t) = self.gcs.poll_transmit() {
                if self.air.dark[0] {
                    continue;
                }
                for f in parse_datagram(&t.bytes).filter(|f| f.header.message_id == wire::CommandLong::ID) {
                    let command = wire::CommandLong::from_payload(f.payload).command;
                    if !matches!(command, 511 | 512) {
                        self.commands.push((now, command));
                    }
                }
                self.sim.handle_datagram(now, 7, &t.bytes);
            }
            while let Some(e) = self.gcs.poll_event() {
                self.put(&Input::Vehicle {
                    vehicle: e.vehicle,
                    captured: e.captured,
                    report: e.report,
                });
            }
            if now.0 % 100_000 == 0 {
                self.put(&Input::Tick);
            }
        }
    }

    fn state(&self) -> ReceiptState {
        self.station.view().receipts.last().expect("an order").state.clone()
    }

    fn mode(&self) -> FlightMode {
        self.station.view().vehicles[&V1].mode.expect("heard").value
    }

    fn notices(&self) -> Vec<String> {
        self.station.view().notices.iter().map(|n| n.text.clone()).collect()
    }

    fn count(&self, command: u16) -> usize {
        self.commands.iter().filter(|c| c.1 == command).count()
    }
}

/// Rest: a press that was not held sends nothing and says what to do.
#[test]
fn an_order_at_rest_or_let_go_too_early_sends_nothing() {
    let mut x = Exchange::flying();
    let receipts = x.station.view().receipts.len();
    x.wish(Order::Return, false);
    x.run_ms(3_000);
    assert_eq!(x.station.view().receipts.len(), receipts);
    assert!(x.commands.is_empty() && x.mode() != FlightMode::Return);
    let last = x.notices().last().cloned().unwrap_or_default();
    assert!(last.contains("hold") || last.contains("press"), "{last}");
}

#[test]
fn an_order_is_sent_then_accepted_and_done_when_telemetry_shows_it() {
    let mut x = Exchange::flying();
    x.order(Order::Return);
    assert_eq!(x.states, [ReceiptState::Sent]);
    x.run_ms(4_000);
    assert!(
        x.states == [ReceiptState::Sent, ReceiptState::Accepted, ReceiptState::Observed]
            || x.states == [ReceiptState::Sent, ReceiptState::Observed],
        "{:?}",
        x.states
    );
    assert_eq!((x.mode(), x.count(176)), (FlightMode::Return, 1));
}

/// The answer never comes, the effect does: observed, and not asked for for ever.
#[test]
fn a_lost_answer_does_not_hide_an_order_that_works() {
    let mut x = Exchange::flying();
    x.air.no_acks = true;
    x.order(Order::Return);
    x.run_ms(10_000);
    assert_eq!(x.states, [ReceiptState::Sent, ReceiptState::Observed]);
    let sent = x.count(176);
    x.run_ms(30_000);
    assert_eq!(
        (x.state(), x.count(176)),
        (ReceiptState::Observed, sent),
        "left alone once it is seen"
    );
}

/// A dangerous order whose answers are seconds late is sent once and ends as done.
#[test]
fn a_late_answer_finds_its_order_and_nothing_is_done_twice() {
    let mut x = Exchange::new(true);
    x.air.acks_late_ms = 3_000;
    let height = AboveHome(30.0);
    x.order(Order::TakeOff { height });
    x.run_ms(60_000);
    assert_eq!(x.state(), ReceiptState::Observed, "{:?}; {:?}", x.states, x.notices());
    assert_eq!((x.count(400), x.count(22)), (1, 1), "arming and take-off once each");
    // What telemetry has shown is not undone by answers that come later still.
    x.order(Order::Hold);
    x.run_ms(20_000);
    assert_eq!(x.state(), ReceiptState::Observed, "{:?}", x.states);
    let undone = x.states.iter().skip_while(|s| **s != ReceiptState::Observed).nth(1);
    assert_eq!(undone, None);
}

#[test]
fn a_refusal_says_the_aircrafts_own_reason() {
    let mut x = Exchange::new(false);
    let height = AboveHome(30.0);
    x.order(Order::TakeOff { height });
    x.run_ms(8_000);
    let ReceiptState::Refused(why) = x.state() else {
        panic!("{:?}", x.states)
    };
    assert!(why.contains("Arm") || why.contains("ready"), "{why}");
    assert_eq!(x.states[0], ReceiptState::Sent);
    assert_eq!(x.count(22), 0, "nothing follows a refused arming");
}

/// The way back is dark: the aircraft obeys, nobody hears it. Unknown when the order lapses; told as
/// done when the link is back, after seconds or minutes.
#[test]
fn silence_is_unknown_and_settled_by_telemetry_when_the_link_is_back() {
    for dark_ms in [28_000, 300_000] {
        let mut x = Exchange::flying();
        x.air.dark[1] = true;
        x.order(Order::Return);
        x.run_ms(dark_ms);
        assert_eq!(
            x.states,
            [ReceiptState::Sent, ReceiptState::Unknown],
            "dark {dark_ms} ms"
        );
        x.air.dark[1] = false;
        x.run_ms(10_000);
        // After minutes it has landed by itself and stands in the same mode.
        assert_eq!(x.state(), ReceiptState::Observed, "dark {dark_ms} ms: {:?}", x.mode());
    }
}

/// The way out is dark: the order never arrives, lapses as unknown, is not sent afterwards, and is not
/// called done.
#[test]
fn an_order_that_never_arrived_stays_unknown_and_is_not_sent_late() {
    let mut x = Exchange::flying();
    let before = x.mode();
    x.air.dark[0] = true;
    x.order(Order::Return);
    x.run_ms(25_000);
    assert_eq!(x.states, [ReceiptState::Sent, ReceiptState::Unknown]);
    x.air.dark[0] = false;
    x.run_ms(90_000);
    assert_eq!((x.state(), x.mode()), (ReceiptState::Unknown, before));
    assert_eq!(x.count(176), 0, "nothing is sent after it lapsed: {:?}", x.commands);
}
