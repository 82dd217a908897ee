//! Mission, fence and rally lists: upload as a transaction with read-back, download.
//!
//! Invariant: an upload is accepted only when what the aircraft holds, read back, means the same
//! as what was sent; whatever sequence number is asked for is answered; a refusal is repeated to
//! nobody. Waits follow the measured round trip, twelve attempts each: at 20 % loss each way, 36 % of
//! exchanges, an upload of a hundred items with its read-back then fails once in a thousand (at ten
//! attempts once in 140). Source: mavlink.io, mission protocol.

use std::collections::VecDeque;

use vedette_geo::{Amsl, LatLon};
use vedette_model::{CommandId, CommandOutcome, Family, MissionItem, MissionKind, Mono, Report};

use super::items::{differs, from_float, from_wire, to_float, to_wire, type_of, word};
use super::outbox::Outbox;
use super::rtt::Rtt;
use crate::codec::wire;

/// Attempts at each exchange before a transfer is given up.
const ATTEMPTS: u8 = 12;
/// Attempts at the last item before the read-back decides whether its acknowledgement was lost.
const ACK_ATTEMPTS: u8 = 3;
/// Times a whole upload is begun again.
const RESTARTS: u8 = 3;
/// Transfers waiting behind the one under way.
const QUEUE_MAX: usize = 8;
/// Items of one list this station takes from an aircraft.
const ITEMS_MAX: u16 = 5000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// COUNT or CLEAR_ALL sent, nothing asked yet.
    Announce,
    /// Items are being asked for; `highest` was asked last.
    Serve { highest: u16 },
    /// REQUEST_LIST sent.
    List,
    /// Reading item `next` of `count`.
    Fetch { next: u16, count: u16 },
}

#[derive(Debug)]
struct Job {
    id: Option<CommandId>,
    kind: MissionKind,
    expires: Mono,
    /// Items as given, for an upload.
    sent: Option<Vec<MissionItem>>,
    /// Items as they go out, home included where the family wants it.
    wire: Vec<wire::MissionItemInt>,
    got: Vec<Option<wire::MissionItemInt>>,
    /// Id of the list on board, by the end of the upload or the count of the download.
    opaque_id: u32,
    phase: Phase,
    attempts: u8,
    restarts: u8,
    since: Mono,
    deadline: Mono,
    told: u16,
}

/// What a transfer needs to know of the aircraft.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Side {
    pub(crate) system: u8,
    pub(crate) component: u8,
    pub(crate) family: Family,
    pub(crate) home: Option<(LatLon, Amsl)>,
}

/// All transfers of one aircraft, one at a time.
#[derive(Debug, Default)]
pub(crate) struct Transfers {
    queue: VecDeque<Job>,
}

impl Transfers {
    /// Takes an upload (`items` given) or a download.
    pub(crate) fn submit(
        &mut self,
        now: Mono,
        id: Option<CommandId>,
        kind: MissionKind,
        items: Option<Vec<MissionItem>>,
        expires: Mono,
        out: &mut Outbox,
    ) {
        let too_many = items.as_ref().is_some_and(|i| i.len() >= usize::from(ITEMS_MAX));
        if self.queue.len() >= QUEUE_MAX || too_many {
            let why = if too_many {
                format!("a list may hold {ITEMS_MAX} items")
            } else {
                format!("{QUEUE_MAX} transfers are already waiting; try again when they are done")
            };
            tell(now, id, CommandOutcome::Refused(why), out);
            return;
        }
        self.queue.push_back(Job {
            id,
            kind,
            expires,
            phase: if items.is_some() { Phase::Announce } else { Phase::List },
            sent: items,
            wire: Vec::new(),
            got: Vec::new(),
            opaque_id: 0,
            attempts: 0,
            restarts: 0,
            since: now,
            deadline: now,
            told: 0,
        });
    }

    /// Ends everything.
    pub(crate) fn abandon(&mut self, now: Mono, why: &str, out: &mut Outbox) {
        for job in std::mem::take(&mut self.queue) {
            tell(now, job.id, CommandOutcome::Refused(why.to_owned()), out);
        }
    }

    /// The list the transfer under way is about.
    pub(crate) fn busy(&self) -> Option<MissionKind> {
        self.queue.front().map(|j| j.kind)
    }

    /// Next moment [`Self::poll`] has something to do.
    pub(crate) fn next(&self) -> Option<Mono> {
        self.queue.front().map(|j| j.deadline.min(j.expires))
    }

    /// Sends what is due, gives up what lapsed.
    pub(crate) fn poll(&mut self, now: Mono, side: &Side, rtt: &Rtt, out: &mut Outbox) {
        while let Some(job) = self.queue.front_mut() {
            if now >= job.expires {
                tell(now, job.id, CommandOutcome::NoAnswer, out);
                self.queue.pop_front();
                continue;
            }
            if now < job.deadline {
                return;
            }
            let limit = match job.phase {
                Phase::Serve { highest } if usize::from(highest) + 1 >= job.wire.len() => ACK_ATTEMPTS,
                _ => ATTEMPTS,
            };
            if job.attempts >= limit {
                if matches!(job.phase, Phase::Serve { .. }) && limit == ACK_ATTEMPTS {
                    // The acknowledgement may be what is lost: what the aircraft holds decides.
                    job.enter(now, Phase::List);
                } else {
                    tell(now, job.id, CommandOutcome::NoAnswer, out);
                    self.queue.pop_front();
                    continue;
                }
            }
            job.send(side, out);
            job.since = now;
            job.deadline = rtt.deadline(now, job.attempts);
            job.attempts += 1;
            return;
        }
    }

    /// MISSION_REQUEST or MISSION_REQUEST_INT.
    pub(crate) fn handle_request(
        &mut self,
        now: Mono,
        asked: &wire::MissionRequest,
        as_float: bool,
        side: &Side,
        rtt: &mut Rtt,
        out: &mut Outbox,
    ) {
        let seq = asked.seq;
        let Some(job) = self.current(asked.mission_type).filter(|j| j.sent.is_some()) else {
            return;
        };
        // ArduPilot asks by the old name and takes the new item; only a vehicle that is neither
        // gets the floating-point one.
        let as_float = as_float && side.family == Family::Other;
        let Some(item) = job.wire.get(usize::from(seq)).copied() else {
            return;
        };
        if matches!(job.phase, Phase::Fetch { .. }) {
            return;
        }
        if job.attempts == 1 && matches!(job.phase, Phase::Announce) {
            rtt.sample(job.since, now);
        }
        let highest = match job.phase {
            Phase::Serve { highest } => highest.max(seq),
            _ => seq,
        };
        job.enter(now, Phase::Serve { highest });
        job.serve(item, as_float, side, out);
        job.since = now;
        job.deadline = rtt.deadline(now, 0);
        job.attempts = 1;
        let of = u16::try_from(job.wire.len()).unwrap_or(u16::MAX);
        let done = highest.saturating_add(1).min(of);
        if done > job.told && (done == of || done >= job.told.saturating_add(of / 50)) {
            job.told = done;
            out.report(
                now,
                Report::Transfer {
                    kind: job.kind,
                    done,
                    of,
                },
            );
        }
    }

    /// MISSION_ACK.
    pub(crate) fn handle_ack(&mut self, now: Mono, ack: &wire::MissionAck, out: &mut Outbox) {
        let Some(job) = self.current(ack.mission_type) else {
            return;
        };
        let result = ack.result;
        let uploading = match job.phase {
            Phase::Announce => job.sent.is_some(),
            Phase::Serve { .. } => true,
            Phase::List | Phase::Fetch { .. } => false,
        };
        match result {
            0 if uploading => {
                let all = match job.phase {
                    Phase::Announce => job.wire.is_empty(),
                    Phase::Serve { highest } => usize::from(highest) + 1 == job.wire.len(),
                    Phase::List | Phase::Fetch { .. } => false,
                };
                // An acknowledgement before the last item was asked for belongs to something else.
                if all {
                    job.opaque_id = ack.opaque_id;
                    job.enter(now, Phase::List);
                }
            }
            0 | 13 => {}
            // Error and cancelled: a lost or crossed transfer, begun again.
            1 | 15 if uploading => {
                if job.restarts < RESTARTS {
                    job.restart(now);
                } else {
                    let why = format!("the aircraft ended the upload {} times", RESTARTS + 1);
                    self.end(now, CommandOutcome::Refused(why), out);
                }
            }
            r => {
                let why = format!(
                    "{} {}: {}",
                    if uploading { "upload of" } else { "reading of" },
                    word(job.kind),
                    mission_result(r)
                );
                self.end(now, CommandOutcome::Refused(why), out);
            }
        }
    }

    /// MISSION_COUNT.
    pub(crate) fn handle_count(
        &mut self,
        now: Mono,
        told: &wire::MissionCount,
        side: &Side,
        rtt: &mut Rtt,
        out: &mut Outbox,
    ) {
        let count = told.count;
        let Some(job) = self.current(told.mission_type).filter(|j| j.phase == Phase::List) else {
            return;
        };
        if job.attempts == 1 {
            rtt.sample(job.since, now);
        }
        if count > ITEMS_MAX {
            let why = format!("the aircraft announces {count} items, more than {ITEMS_MAX}");
            self.end(now, CommandOutcome::Refused(why), out);
            return;
        }
        job.got = vec![None; usize::from(count)];
        if told.opaque_id != 0 || count == 0 {
            job.opaque_id = told.opaque_id;
        }
        if count == 0 {
            self.finish(now, side, out);
        } else {
            job.enter(now, Phase::Fetch { next: 0, count });
        }
    }

    /// MISSION_ITEM.
    pub(crate) fn handle_float(
        &mut self,
        now: Mono,
        item: &wire::MissionItemFloat,
        side: &Side,
        rtt: &mut Rtt,
        out: &mut Outbox,
    ) {
        self.handle_item(now, &from_float(item), side, rtt, out);
    }

    /// MISSION_ITEM_INT.
    pub(crate) fn handle_item(
        &mut self,
        now: Mono,
        item: &wire::MissionItemInt,
        side: &Side,
        rtt: &mut Rtt,
        out: &mut Outbox,
    ) {
        let Some(job) = self.current(item.mission_type) else {
            return;
        };
        let Phase::Fetch { next, count } = job.phase else {
            return;
        };
        let Some(slot) = job.got.get_mut(usize::from(item.seq)) else {
            return;
        };
        *slot = Some(*item);
        if item.seq != next {
            return;
        }
        if job.attempts == 1 {
            rtt.sample(job.since, now);
        }
        let missing = job.got.iter().position(Option::is_none);
        let Some(missing) = missing.and_then(|m| u16::try_from(m).ok()) else {
            self.finish(now, side, out);
            return;
        };
        if job.sent.is_none() && missing >= job.told.saturating_add(count / 50) {
            job.told = missing;
            out.report(
                now,
                Report::Transfer {
                    kind: job.kind,
                    done: missing,
                    of: count,
                },
            );
        }
        job.enter(now, Phase::Fetch { next: missing, count });
    }

    fn current(&mut self, list: u8) -> Option<&mut Job> {
        self.queue.front_mut().filter(|j| type_of(j.kind) == list)
    }

    fn end(&mut self, now: Mono, outcome: CommandOutcome, out: &mut Outbox) {
        if let Some(mut job) = self.queue.pop_front() {
            tell(now, job.id.take(), outcome, out);
        }
    }

    /// All items are here.
    fn finish(&mut self, now: Mono, side: &Side, out: &mut Outbox) {
        let Some(job) = self.queue.front_mut() else {
            return;
        };
        out.send(
            side.component,
            &wire::MissionAck {
                target_system: side.system,
                target_component: side.component,
                result: 0,
                mission_type: type_of(job.kind),
                opaque_id: 0,
            },
        );
        let id = Some(job.opaque_id).filter(|id| *id != 0);
        let home = usize::from(has_home(side.family, job.kind));
        let held: Vec<MissionItem> = job.got.iter().flatten().skip(home).map(from_wire).collect();
        let outcome = match &job.sent {
            None => CommandOutcome::Accepted,
            Some(sent) => match compare(sent, &held) {
                None => CommandOutcome::Accepted,
                Some(_) if job.restarts < RESTARTS => {
                    job.restart(now);
                    return;
                }
                Some(why) => CommandOutcome::Refused(format!(
                    "the aircraft does not hold the {} that was sent: {why}",
                    word(job.kind)
                )),
            },
        };
        let of = u16::try_from(held.len()).unwrap_or(u16::MAX);
        out.report(
            now,
            Report::Transfer {
                kind: job.kind,
                done: of,
                of,
            },
        );
        out.report(
            now,
            Report::PlanOnVehicle {
                kind: job.kind,
                items: held,
                id,
            },
        );
        self.end(now, outcome, out);
    }
}

impl Job {
    fn enter(&mut self, now: Mono, phase: Phase) {
        self.phase = phase;
        self.attempts = 0;
        self.deadline = now;
    }

    fn restart(&mut self, now: Mono) {
        self.restarts += 1;
        self.told = 0;
        self.enter(now, Phase::Announce);
    }

    fn send(&mut self, side: &Side, out: &mut Outbox) {
        let (target_system, target_component) = (side.system, side.component);
        let mission_type = type_of(self.kind);
        match self.phase {
            Phase::Announce => {
                self.build(side);
                if self.wire.is_empty() {
                    out.send(
                        target_component,
                        &wire::MissionClearAll {
                            target_system,
                            target_component,
                            mission_type,
                        },
                    );
                    return;
                }
                out.send(
                    target_component,
                    &wire::MissionCount {
                        count: u16::try_from(self.wire.len()).unwrap_or(u16::MAX),
                        target_system,
                        target_component,
                        mission_type,
                        opaque_id: 0,
                    },
                );
            }
            Phase::Serve { highest } => {
                if let Some(item) = self.wire.get(usize::from(highest)).copied() {
                    self.serve(item, false, side, out);
                }
            }
            Phase::List => out.send(
                target_component,
                &wire::MissionRequestList {
                    target_system,
                    target_component,
                    mission_type,
                },
            ),
            Phase::Fetch { next, .. } => out.send(
                target_component,
                &wire::MissionRequestInt {
                    seq: next,
                    target_system,
                    target_component,
                    mission_type,
                },
            ),
        }
    }

    /// Wire items, home in front where the family keeps it there.
    fn build(&mut self, side: &Side) {
        let Some(items) = &self.sent else {
            return;
        };
        let mut all = Vec::with_capacity(items.len() + 1);
        if has_home(side.family, self.kind) && !items.is_empty() {
            let at = side
                .home
                .or_else(|| items.iter().find_map(|i| i.at).map(|at| (at, Amsl(0.0))));
            all.push(MissionItem {
                command: vedette_model::command::NAV_WAYPOINT,
                frame: vedette_model::AltFrame::Amsl,
                params: [None; 4],
                at: at.map(|a| a.0),
                alt_m: at.map_or(0.0, |a| a.1.0),
            });
        }
        all.extend(items.iter().cloned());
        self.wire = all
            .iter()
            .zip(0_u16..)
            .map(|(item, seq)| wire::MissionItemInt {
                target_system: side.system,
                target_component: side.component,
                mission_type: type_of(self.kind),
                current: u8::from(seq == 0 && self.kind == MissionKind::Mission && side.family != Family::ArduPilot),
                ..to_wire(item, seq, side.family)
            })
            .collect();
    }

    fn serve(&self, item: wire::MissionItemInt, as_float: bool, side: &Side, out: &mut Outbox) {
        if as_float {
            out.send(side.component, &to_float(&item));
        } else {
            out.send(side.component, &item);
        }
    }
}

/// ArduPilot keeps home as item 0 of a mission.
fn has_home(family: Family, kind: MissionKind) -> bool {
    family == Family::ArduPilot && kind == MissionKind::Mission
}

/// Why the lists differ, or `None`.
fn compare(sent: &[MissionItem], held: &[MissionItem]) -> Option<String> {
    if sent.len() != held.len() {
        return Some(format!("{} items instead of {}", held.len(), sent.len()));
    }
    sent.iter()
        .zip(held)
        .enumerate()
        .find_map(|(i, (a, b))| differs(a, b).map(|why| format!("item {}: {why}", i + 1)))
}

fn tell(now: Mono, id: Option<CommandId>, outcome: CommandOutcome, out: &mut Outbox) {
    if let Some(id) = id {
        out.report(now, Report::CommandDone { id, outcome });
    }
}

/// MAV_MISSION_RESULT in words.
fn mission_result(r: u8) -> String {
    match r {
        1 => "error".to_owned(),
        2 => "frame of heights not supported".to_owned(),
        3 => "an item's command is not supported".to_owned(),
        4 => "no space for so many items".to_owned(),
        5 => "invalid".to_owned(),
        6..=12 => format!("parameter {} is invalid", r - 5),
        14 => "denied".to_owned(),
        15 => "cancelled".to_owned(),
        r => format!("result {r}"),
    }
}
