//! Row 13: the ways a vehicle fails a mission transfer that QGroundControl's own test vehicle knows
//! (`MockLinkMissionItemHandler`, twenty of them), each during an upload and during a download,
//! always and only the first time: each ends in a stated way within fifteen seconds, the next
//! transfer works, and a failed upload leaves the aircraft's list as it was.

use std::collections::BTreeMap;

use vedette_geo::LatLon;
use vedette_model::{
    AltFrame, CommandId, CommandOutcome, MissionItem, MissionKind, Mono, Report, Request, RequestBody, Retry,
    VehicleId, command,
};
use vedette_protocol::codec::wire::{self, WireMessage};
use vedette_protocol::codec::{Sender, Verdict, parse_datagram};
use vedette_protocol::{Gcs, GcsConfig, PeerAddr};

use crate::common::{LINK, US, utc};

/// What fails, by that handler's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fail {
    None,
    ReadListNoResponse,
    ReadListFirstResponse,
    ReadItemNoResponse(u16),
    ReadItemIncorrectSequence(u16),
    ReadItemErrorAck(u16),
    WriteCountNoResponse,
    WriteCountFirstResponse,
    WriteItemNoResponse(u16),
    WriteItemIncorrectSequence(u16),
    WriteItemErrorAck(u16),
    FinalAckNoResponse,
    FinalAckErrorAck,
    FinalAckMissingRequests,
}

const ALL: [Fail; 20] = [
    Fail::None,
    Fail::ReadListNoResponse,
    Fail::ReadListFirstResponse,
    Fail::ReadItemNoResponse(0),
    Fail::ReadItemNoResponse(1),
    Fail::ReadItemIncorrectSequence(0),
    Fail::ReadItemIncorrectSequence(1),
    Fail::ReadItemErrorAck(0),
    Fail::ReadItemErrorAck(1),
    Fail::WriteCountNoResponse,
    Fail::WriteCountFirstResponse,
    Fail::WriteItemNoResponse(0),
    Fail::WriteItemNoResponse(1),
    Fail::WriteItemIncorrectSequence(0),
    Fail::WriteItemIncorrectSequence(1),
    Fail::WriteItemErrorAck(0),
    Fail::WriteItemErrorAck(1),
    Fail::FinalAckNoResponse,
    Fail::FinalAckErrorAck,
    Fail::FinalAckMissingRequests,
];

/// How a transfer must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Accepted,
    Refused,
    NoAnswer,
}

/// A vehicle that does only what it is asked, as that handler does: it has no timer of its own.
struct Mock {
    sender: Sender,
    fail: Fail,
    first_only: bool,
    failed: bool,
    held: Vec<wire::MissionItemInt>,
    /// Count announced, items by number.
    upload: Option<(u16, BTreeMap<u16, wire::MissionItemInt>)>,
    out: Vec<Vec<u8>>,
}

impl Mock {
    fn fails(&mut self, how: Fail) -> bool {
        let now = self.fail == how && !(self.first_only && self.failed);
        self.failed |= now;
        now
    }

    fn send<M: WireMessage>(&mut self, m: &M) {
        let bytes = self.sender.encode_wire(m);
        self.out.push(bytes);
    }

    fn ack(&mut self, result: u8) {
        self.send(&wire::MissionAck {
            target_system: US.0,
            target_component: US.1,
            result,
            mission_type: 0,
            opaque_id: 0,
        });
    }

    /// Asks for the lowest item it has not.
    fn ask(&mut self) {
        let Some((count, got)) = &self.upload else { return };
        let missing = (0..*count).find(|n| !got.contains_key(n));
        let Some(mut seq) = missing else { return };
        if self.fails(Fail::WriteItemNoResponse(seq)) {
            return;
        }
        if self.fails(Fail::WriteItemErrorAck(seq)) {
            self.upload = None;
            return self.ack(1);
        }
        if self.fails(Fail::WriteItemIncorrectSequence(seq)) {
            // It counts that item as had and goes on behind it.
            if let Some((_, got)) = &mut self.upload {
                let nothing = wire::MissionItemInt {
                    seq,
                    ..Default::default()
                };
                got.insert(seq, nothing);
            }
            seq += 1;
        }
        self.send(&wire::MissionRequestInt {
            seq,
            target_system: US.0,
            target_component: US.1,
            mission_type: 0,
        });
    }

    fn receive(&mut self, bytes: &[u8]) {
        for f in parse_datagram(bytes).filter(|f| f.verdict == Verdict::Valid) {
            match f.header.message_id {
                44 => {
                    let m = wire::MissionCount::from_payload(f.payload);
                    if self.fails(Fail::WriteCountNoResponse) {
                        continue;
                    }
                    if self.fail == Fail::WriteCountFirstResponse && !self.failed {
                        self.failed = true;
                        continue;
                    }
                    self.upload = Some((m.count, BTreeMap::new()));
                    self.ask();
                }
                73 => self.item(&wire::MissionItemInt::from_payload(f.payload)),
                43 => {
                    if self.fails(Fail::ReadListNoResponse) {
                        continue;
                    }
                    if self.fail == Fail::ReadListFirstResponse && !self.failed {
                        self.failed = true;
                        continue;
                    }
                    let count = u16::try_from(self.held.len()).expect("few");
                    self.send(&wire::MissionCount {
                        count,
                        target_system: US.0,
                        target_component: US.1,
                        mission_type: 0,
                        opaque_id: 0,
                    });
                }
                51 => {
                    let m = wire::MissionRequestInt::from_payload(f.payload);
                    if self.fails(Fail::ReadItemNoResponse(m.seq)) {
                        continue;
                    }
                    if self.fails(Fail::ReadItemErrorAck(m.seq)) {
                        self.ack(1);
                        continue;
                    }
                    let Some(mut item) = self.held.get(usize::from(m.seq)).copied() else {
                        self.ack(13);
                        continue;
                    };
                    if self.fails(Fail::ReadItemIncorrectSequence(m.seq)) {
                        item.seq += 1;
                    }
                    (item.target_system, item.target_component) = US;
                    self.send(&item);
                }
                _ => {}
            }
        }
    }

    fn item(&mut self, item: &wire::MissionItemInt) {
        let early = self.fails_early(item.seq);
        let Some((count, got)) = &mut self.upload else { return };
        got.insert(item.seq, *item);
        if early {
            self.upload = None;
            return self.ack(0);
        }
        if got.len() < usize::from(*count) {
            return self.ask();
        }
        let silent = self.fails(Fail::FinalAckNoResponse);
        if self.fails(Fail::FinalAckErrorAck) {
            self.upload = None;
            return self.ack(1);
        }
        let (_, got) = self.upload.take().expect("under way");
        self.held = got.into_values().collect();
        if !silent {
            self.ack(0);
        }
    }

    /// What it holds, without the parameters that are no numbers.
    fn places(&self) -> Vec<(u16, u16, i32, i32, u32)> {
        let key = |i: &wire::MissionItemInt| (i.seq, i.command, i.x, i.y, i.z.to_bits());
        self.held.iter().map(key).collect()
    }

    /// Acknowledged as whole after three items.
    fn fails_early(&mut self, seq: u16) -> bool {
        self.upload.is_some() && seq == 2 && self.fails(Fail::FinalAckMissingRequests)
    }
}

fn items(n: u32, alt_m: f64) -> Vec<MissionItem> {
    (0..n)
        .map(|i| MissionItem {
            command: command::NAV_WAYPOINT,
            frame: AltFrame::AboveHome,
            params: [None; 4],
            at: Some(LatLon::new(42.44 + f64::from(i) * 1e-3, 1.55).expect("a place")),
            alt_m,
        })
        .collect()
}

struct Air {
    gcs: Gcs,
    mock: Mock,
    now: Mono,
    flying: Vec<(Mono, bool, Vec<u8>)>,
    ended: BTreeMap<u32, CommandOutcome>,
}

impl Air {
    fn new() -> Self {
        let mut gcs = Gcs::new(GcsConfig::new(US.0, US.1));
        gcs.link_up(Mono::ZERO, LINK, "udpin:test", None);
        Self {
            gcs,
            mock: Mock {
                sender: Sender::new(1, 1),
                fail: Fail::None,
                first_only: false,
                failed: false,
                held: Vec::new(),
                upload: None,
                out: Vec::new(),
            },
            now: Mono::ZERO,
            flying: Vec::new(),
            ended: BTreeMap::new(),
        }
    }

    /// Ten milliseconds; twenty under way each way.
    fn step(&mut self) {
        if self.now.0 % 1_000_000 == 0 {
            self.mock.send(&wire::Heartbeat {
                kind: 2,
                autopilot: 12,
                base_mode: 81,
                system_status: 3,
                mavlink_version: 3,
                ..Default::default()
            });
        }
        self.now = self.now.plus_ms(10);
        let (due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.flying)
            .into_iter()
            .partition(|(t, ..)| *t <= self.now);
        self.flying = later;
        for (_, up, bytes) in due {
            if up {
                let peer = PeerAddr::new("vehicle");
                self.gcs.handle_datagram(self.now, utc(self.now), LINK, &peer, &bytes);
            } else {
                self.mock.receive(&bytes);
            }
        }
        self.gcs.handle_timeout(self.now);
        let arrives = self.now.plus_ms(20);
        for bytes in std::mem::take(&mut self.mock.out) {
            self.flying.push((arrives, true, bytes));
        }
        while let Some(t) = self.gcs.poll_transmit() {
            self.flying.push((arrives, false, t.bytes));
        }
        while let Some(e) = self.gcs.poll_event() {
            if let Report::CommandDone { id, outcome } = e.report {
                self.ended.insert(id.0, outcome);
            }
        }
    }

    /// How it ended, and after how many milliseconds.
    fn ask(&mut self, id: u32, body: RequestBody) -> (CommandOutcome, i64) {
        let from = self.now;
        self.gcs.submit(
            from,
            Request {
                id: CommandId(id),
                vehicle: VehicleId(1),
                uid: 0,
                body,
                retry: Retry::UntilAck,
                expires: from.plus_ms(60_000),
            },
        );
        while !self.ended.contains_key(&id) {
            self.step();
            assert!(self.now.since(from) < 61_000_000, "it never ends");
        }
        (self.ended[&id].clone(), self.now.since(from) / 1000)
    }

    fn upload(&mut self, id: u32, alt_m: f64) -> (CommandOutcome, i64) {
        let body = RequestBody::Upload {
            kind: MissionKind::Mission,
            items: items(6, alt_m),
        };
        self.ask(id, body)
    }
}

/// How each failure must end: during an upload, during a download; always, the first time only.
fn stated(fail: Fail) -> [[End; 2]; 2] {
    use End::{Accepted as A, NoAnswer as N, Refused as R};
    match fail {
        Fail::None | Fail::ReadListFirstResponse | Fail::WriteCountFirstResponse => [[A, A], [A, A]],
        // What is lost once is asked for again; an upload counts only once it was read back.
        Fail::ReadListNoResponse | Fail::ReadItemNoResponse(_) | Fail::ReadItemIncorrectSequence(_) => [[N, A], [N, A]],
        // A refusal is repeated to nobody.
        Fail::ReadItemErrorAck(_) => [[R, R], [R, R]],
        Fail::WriteCountNoResponse | Fail::WriteItemNoResponse(_) => [[N, A], [A, A]],
        // It holds another list than was sent: told after three more attempts, or mended by one.
        Fail::WriteItemIncorrectSequence(_) => [[R, A], [A, A]],
        // An error begins the upload anew.
        Fail::WriteItemErrorAck(_) | Fail::FinalAckErrorAck => [[R, A], [A, A]],
        // What it holds decides, not the acknowledgement that is lost.
        Fail::FinalAckNoResponse => [[A, A], [A, A]],
        // An acknowledgement before the last item was asked for is not believed.
        Fail::FinalAckMissingRequests => [[N, N], [A, A]],
    }
}

#[test]
fn row_13_every_way_a_vehicle_fails_a_transfer_ends_as_stated_within_fifteen_seconds() {
    let (mut cases, mut slowest) = (0, 0);
    for fail in ALL {
        for upload in [true, false] {
            for first_only in [false, true] {
                let mut air = Air::new();
                for _ in 0..50 {
                    air.step();
                }
                assert_eq!(air.upload(1, 50.0).0, CommandOutcome::Accepted, "the plan before");
                let before = air.mock.places();
                (air.mock.fail, air.mock.first_only) = (fail, first_only);
                let (outcome, ms) = if upload {
                    air.upload(2, 80.0)
                } else {
                    let kind = MissionKind::Mission;
                    air.ask(2, RequestBody::Download { kind })
                };
                let what = format!("{fail:?}, upload {upload}, first only {first_only}: {outcome:?} after {ms} ms");
                let end = match &outcome {
                    CommandOutcome::Accepted => End::Accepted,
                    CommandOutcome::Refused(_) => End::Refused,
                    CommandOutcome::NoAnswer => End::NoAnswer,
                    other => panic!("{fail:?}: {other:?}"),
                };
                assert_eq!(
                    end,
                    stated(fail)[usize::from(!upload)][usize::from(first_only)],
                    "{what}"
                );
                assert!(ms <= 15_000, "{what}");
                if end == End::Accepted && upload {
                    assert!(air.mock.held.iter().all(|i| (i.z - 80.0).abs() < 0.01), "{what}");
                    assert_eq!(air.mock.held.len(), 6, "{what}");
                }
                // An aircraft that did not take the new list whole still has the old one.
                let partly = matches!(fail, Fail::WriteItemIncorrectSequence(_));
                let written = matches!(
                    fail,
                    Fail::ReadListNoResponse
                        | Fail::ReadItemNoResponse(_)
                        | Fail::ReadItemIncorrectSequence(_)
                        | Fail::ReadItemErrorAck(_)
                );
                if end != End::Accepted && upload && !partly && !written {
                    assert_eq!(air.mock.places(), before, "{what}");
                }
                // Nothing is stuck.
                (air.mock.fail, air.mock.first_only) = (Fail::None, false);
                let (again, _) = air.upload(3, 90.0);
                assert_eq!(again, CommandOutcome::Accepted, "after {what}");
                cases += 1;
                slowest = slowest.max(ms);
            }
        }
    }
    println!("{cases} cases, the slowest {slowest} ms");
    assert_eq!(cases, 80);
}
