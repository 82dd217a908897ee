//! Orders on the wire: steps sent, answered, repeated and given up.
//!
//! Invariant: one command of a number is in flight per component; nothing is sent after `expires`;
//! a step of a `Once` order is sent once; no answer ends as *no answer*, never as a refusal; a late
//! answer still reaches the order it belongs to. An order that flies the aircraft ends the one
//! before it, and so does one that turns the camera. Source: mavlink.io, command protocol.

use std::collections::{BTreeMap, VecDeque};

use vedette_model::{CommandId, CommandOutcome, Mono, Report, Retry};

use super::outbox::Outbox;
use super::rtt::Rtt;
use crate::codec::wire;

/// Silence after IN_PROGRESS that makes us ask again, milliseconds.
const PROGRESS_WAIT_MS: i64 = 10_000;
/// Pause after TEMPORARILY_REJECTED, milliseconds.
const BUSY_WAIT_MS: i64 = 1_000;
/// How long an answer to an order that is no longer in flight is still matched, milliseconds.
const LATE_MS: i64 = 30_000;
/// Waiting for the words that explain a refusal, milliseconds.
const WORDS_MS: i64 = 300;
/// Attempts of our own background requests.
const BACKGROUND_ATTEMPTS: u8 = 4;
/// Background requests kept waiting; more are refused silently because they are asked anew.
const BACKGROUND_MAX: usize = 128;
/// Orders running at once for one aircraft; more are refused aloud.
const RUNS_MAX: usize = 16;

/// One command with its parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Call {
    pub(crate) component: u8,
    pub(crate) command: u16,
    pub(crate) p: [f32; 7],
    /// MAV_FRAME and x, y when it goes as COMMAND_INT.
    pub(crate) int: Option<(u8, i32, i32)>,
}

/// What telemetry shows when the step worked, acknowledged or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goal {
    Mode(u32),
    Armed,
}

/// One step of an order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step {
    pub(crate) call: Call,
    pub(crate) goal: Option<Goal>,
    /// Not sent when the goal is already met.
    pub(crate) skip_if_met: bool,
    /// May be repeated even in a `Once` order: doing it twice changes nothing.
    pub(crate) harmless: bool,
    /// A refusal does not end the order.
    pub(crate) optional: bool,
    /// Tried when this one is refused.
    pub(crate) otherwise: Option<Box<Step>>,
}

/// Which orders displace each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Flight,
    Camera,
    /// Pictures, recording, zoom: none ends another.
    Payload,
    Background,
}

/// What the desk needs to know of the aircraft.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) system: u8,
    pub(crate) custom_mode: u32,
    pub(crate) armed: bool,
    /// Last heartbeat.
    pub(crate) heartbeat: Mono,
}

impl Seen {
    fn shows(&self, goal: Goal) -> bool {
        match goal {
            Goal::Mode(m) => self.custom_mode == m,
            Goal::Armed => self.armed,
        }
    }
}

#[derive(Debug)]
struct Flight {
    first: Mono,
    deadline: Mono,
    sends: u8,
    last: Mono,
    /// Until then an answer may belong to the command of the same number before this one.
    distrust: Mono,
}

#[derive(Debug)]
struct Run {
    id: Option<CommandId>,
    class: Class,
    retry: Retry,
    expires: Mono,
    steps: VecDeque<Step>,
    flight: Option<Flight>,
    refusal: Option<(Mono, String)>,
}

impl Run {
    fn key(&self) -> Option<(u8, u16)> {
        let step = self.steps.front()?;
        self.flight.as_ref().map(|_| (step.call.component, step.call.command))
    }
}

#[derive(Debug)]
struct Tomb {
    /// To be told of a late answer.
    id: Option<CommandId>,
    last: bool,
    p: [f32; 7],
    /// Last time it was sent.
    sent: Mono,
}

/// All commands to one aircraft.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    runs: Vec<Run>,
    waiting: VecDeque<Step>,
    tombs: BTreeMap<(u8, u16), Tomb>,
    texts: VecDeque<(Mono, String)>,
}

/// An order ready to run.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) id: CommandId,
    pub(crate) name: &'static str,
    pub(crate) class: Class,
    pub(crate) retry: Retry,
    pub(crate) expires: Mono,
    pub(crate) steps: Vec<Step>,
}

impl Desk {
    /// A status text, which may be the reason of a refusal.
    pub(crate) fn heard_text(&mut self, now: Mono, text: &str) {
        if self.texts.len() == 8 {
            self.texts.pop_front();
        }
        self.texts.push_back((now, text.to_owned()));
    }

    fn recent_words(&self, now: Mono) -> String {
        let words: Vec<&str> = self
            .texts
            .iter()
            .filter(|(t, _)| now.since(*t) <= 2_000_000)
            .map(|(_, w)| w.as_str())
            .collect();
        words.join("; ")
    }

    /// Takes an order.
    pub(crate) fn submit(&mut self, now: Mono, job: Job, out: &mut Outbox) {
        if matches!(job.class, Class::Flight | Class::Camera) {
            let mut i = 0;
            while i < self.runs.len() {
                if self.runs[i].class == job.class {
                    let run = self.runs.remove(i);
                    let why = format!("replaced by {} before it ended", job.name);
                    self.bury(&run, false);
                    done(now, run.id, CommandOutcome::Refused(why), out);
                } else {
                    i += 1;
                }
            }
        }
        if self.runs.len() >= RUNS_MAX {
            let why = format!("{RUNS_MAX} orders are already under way; wait for one to end");
            done(now, Some(job.id), CommandOutcome::Refused(why), out);
            return;
        }
        self.runs.push(Run {
            id: Some(job.id),
            class: job.class,
            retry: job.retry,
            expires: job.expires,
            steps: job.steps.into(),
            flight: None,
            refusal: None,
        });
    }

    /// Queues a request of our own; nobody is told how it ends.
    pub(crate) fn background(&mut self, call: Call) {
        if self.waiting.len() < BACKGROUND_MAX && !self.waiting.iter().any(|s| s.call == call) {
            self.waiting.push_back(Step {
                call,
                goal: None,
                skip_if_met: false,
                harmless: true,
                optional: true,
                otherwise: None,
            });
        }
    }

    /// Nothing of our own is waiting or under way.
    pub(crate) fn background_idle(&self) -> bool {
        self.waiting.is_empty() && self.runs.iter().all(|r| r.class != Class::Background)
    }

    /// The aircraft's whole link is gone or another aircraft took its id: nothing may go on.
    pub(crate) fn abandon(&mut self, now: Mono, why: &str, out: &mut Outbox) {
        self.waiting.clear();
        for run in std::mem::take(&mut self.runs) {
            let outcome = if run.flight.is_some() {
                CommandOutcome::NoAnswer
            } else {
                CommandOutcome::Refused(why.to_owned())
            };
            self.bury(&run, outcome == CommandOutcome::NoAnswer);
            done(now, run.id, outcome, out);
        }
    }

    fn bury(&mut self, run: &Run, tell_late: bool) {
        let (Some(flight), Some(step)) = (&run.flight, run.steps.front()) else {
            return;
        };
        let call = step.call;
        self.tombs.insert(
            (call.component, call.command),
            Tomb {
                id: run.id.filter(|_| tell_late),
                last: run.steps.len() == 1,
                p: call.p,
                sent: flight.last,
            },
        );
    }

    /// A COMMAND_ACK from `component`, already known to be meant for us.
    pub(crate) fn handle_ack(
        &mut self,
        now: Mono,
        component: u8,
        ack: &wire::CommandAck,
        rtt: &mut Rtt,
        out: &mut Outbox,
    ) {
        let key = (component, ack.command);
        let Some(i) = self.runs.iter().position(|r| r.key() == Some(key)) else {
            self.late_ack(now, key, ack, out);
            return;
        };
        let words = self.recent_words(now);
        let run = &mut self.runs[i];
        let Some(flight) = &mut run.flight else {
            return;
        };
        if now < flight.distrust {
            // Ask again as soon as the answer can only be to this command.
            flight.deadline = flight.deadline.min(flight.distrust);
            return;
        }
        if flight.sends == 1 {
            rtt.sample(flight.first, now);
        }
        if !matches!(ack.result, 1 | 5) {
            // Remembered, so that a copy of this answer is not taken for the next one's.
            if let Some(step) = run.steps.front() {
                let tomb = Tomb {
                    id: None,
                    last: false,
                    p: step.call.p,
                    sent: flight.last,
                };
                self.tombs.insert(key, tomb);
            }
        }
        match ack.result {
            0 => {
                run.steps.pop_front();
                run.flight = None;
                if run.steps.is_empty() {
                    let run = self.runs.remove(i);
                    done(now, run.id, CommandOutcome::Accepted, out);
                }
            }
            5 => {
                flight.deadline = now.plus_ms(PROGRESS_WAIT_MS);
                let progress = (ack.progress <= 100).then_some(ack.progress);
                done(now, run.id, CommandOutcome::InProgress(progress), out);
            }
            1 if run.retry == Retry::UntilAck => flight.deadline = now.plus_ms(BUSY_WAIT_MS),
            result => {
                run.flight = None;
                let refused = run.steps.pop_front();
                let other = refused.as_ref().and_then(|s| s.otherwise.clone());
                if let Some(other) = other {
                    run.steps.push_front(*other);
                } else if refused.is_some_and(|s| s.optional) {
                    if run.steps.is_empty() {
                        let run = self.runs.remove(i);
                        done(now, run.id, CommandOutcome::Accepted, out);
                    }
                } else {
                    let at = if words.is_empty() { now.plus_ms(WORDS_MS) } else { now };
                    run.steps.clear();
                    run.refusal = Some((at, result_word(result)));
                }
            }
        }
    }

    fn late_ack(&mut self, now: Mono, key: (u8, u16), ack: &wire::CommandAck, out: &mut Outbox) {
        let words = self.recent_words(now);
        let Some(tomb) = self.tombs.get_mut(&key) else {
            return;
        };
        let (Some(id), true) = (tomb.id, now.since(tomb.sent) < LATE_MS * 1000) else {
            return;
        };
        match ack.result {
            // An early step's late success does not make the whole order accepted.
            0 if tomb.last => done(now, Some(id), CommandOutcome::Accepted, out),
            0 | 1 | 5 => return,
            r => done(
                now,
                Some(id),
                CommandOutcome::Refused(reason(&result_word(r), &words)),
                out,
            ),
        }
        tomb.id = None;
    }

    /// Sends what is due, gives up what lapsed.
    pub(crate) fn poll(&mut self, now: Mono, seen: &Seen, rtt: &Rtt, out: &mut Outbox) {
        if self.runs.iter().all(|r| r.class != Class::Background)
            && let Some(step) = self.waiting.pop_front()
        {
            self.runs.push(Run {
                id: None,
                class: Class::Background,
                retry: Retry::UntilAck,
                expires: now.plus_ms(15_000),
                steps: VecDeque::from([step]),
                flight: None,
                refusal: None,
            });
        }
        self.tombs.retain(|_, t| now.since(t.sent) < LATE_MS * 1000);
        let mut i = 0;
        while i < self.runs.len() {
            if self.poll_run(i, now, seen, rtt, out) {
                self.runs.remove(i);
            } else {
                i += 1;
            }
        }
    }

    /// True when the run is over.
    fn poll_run(&mut self, i: usize, now: Mono, seen: &Seen, rtt: &Rtt, out: &mut Outbox) -> bool {
        let words = self.recent_words(now);
        if let Some((at, why)) = &self.runs[i].refusal {
            if now < *at {
                return false;
            }
            done(now, self.runs[i].id, CommandOutcome::Refused(reason(why, &words)), out);
            return true;
        }
        // Telemetry shows the effect: the step is done, its answer was lost.
        loop {
            let run = &mut self.runs[i];
            let Some(step) = run.steps.front() else {
                done(now, run.id, CommandOutcome::Accepted, out);
                return true;
            };
            let met = step.goal.is_some_and(|g| seen.shows(g))
                && match &run.flight {
                    Some(f) => seen.heartbeat > f.first && seen.heartbeat >= f.distrust,
                    None => step.skip_if_met,
                };
            if !met {
                break;
            }
            let run = self.runs.remove(i);
            self.bury(&run, false);
            self.runs.insert(i, run);
            let run = &mut self.runs[i];
            run.steps.pop_front();
            run.flight = None;
        }
        if now >= self.runs[i].expires {
            let run = self.runs.remove(i);
            self.bury(&run, true);
            done(now, run.id, CommandOutcome::NoAnswer, out);
            self.runs.insert(i, run);
            return true;
        }
        if let Some(flight) = &self.runs[i].flight {
            let run = &self.runs[i];
            let Some(step) = run.steps.front() else {
                return true;
            };
            let may_repeat = run.retry == Retry::UntilAck || step.harmless;
            if now < flight.deadline || !may_repeat {
                return false;
            }
            if run.class == Class::Background && flight.sends >= BACKGROUND_ATTEMPTS {
                return true;
            }
        } else {
            let call = match self.runs[i].steps.front() {
                Some(s) => s.call,
                None => return true,
            };
            let key = (call.component, call.command);
            if self.runs.iter().any(|r| r.key() == Some(key)) {
                return false;
            }
            // Our own requests are harmless to repeat and nobody is told how they end.
            let repeats = self.runs[i].class != Class::Background
                && (self.runs[i].retry == Retry::UntilAck || self.runs[i].steps.front().is_some_and(|s| s.harmless));
            let distrust = self
                .tombs
                .get(&key)
                .filter(|t| repeats && !same(&t.p, &call.p))
                .map_or(now, |t| rtt.deadline(t.sent, 0));
            self.runs[i].flight = Some(Flight {
                first: now,
                deadline: now,
                sends: 0,
                last: now,
                distrust,
            });
        }
        let run = &mut self.runs[i];
        let (Some(flight), Some(step)) = (&mut run.flight, run.steps.front()) else {
            return true;
        };
        send_call(seen.system, &step.call, flight.sends, out);
        flight.last = now;
        flight.deadline = rtt.deadline(now, flight.sends);
        flight.sends = flight.sends.saturating_add(1);
        false
    }

    /// Next moment [`Self::poll`] has something to do.
    pub(crate) fn next(&self, now: Mono) -> Option<Mono> {
        if !self.waiting.is_empty() && self.background_slot_free() {
            return Some(now);
        }
        self.runs
            .iter()
            .map(|r| match (&r.refusal, &r.flight) {
                (Some((at, _)), _) => *at,
                (None, Some(f)) => {
                    let repeats = r.retry == Retry::UntilAck || r.steps.front().is_some_and(|s| s.harmless);
                    if repeats { f.deadline.min(r.expires) } else { r.expires }
                }
                // Waiting for another command of the same number to be answered.
                (None, None) => {
                    let key = r.steps.front().map(|s| (s.call.component, s.call.command));
                    let blocked = self.runs.iter().any(|o| o.key().is_some() && o.key() == key);
                    if blocked { r.expires } else { now }
                }
            })
            .min()
    }

    fn background_slot_free(&self) -> bool {
        self.runs.iter().all(|r| r.class != Class::Background)
    }
}

/// Bit for bit, so that NaN equals itself.
fn same(a: &[f32; 7], b: &[f32; 7]) -> bool {
    a.iter().zip(b).all(|(x, y)| x.to_bits() == y.to_bits())
}

fn done(now: Mono, id: Option<CommandId>, outcome: CommandOutcome, out: &mut Outbox) {
    if let Some(id) = id {
        out.report(now, Report::CommandDone { id, outcome });
    }
}

fn send_call(system: u8, call: &Call, confirmation: u8, out: &mut Outbox) {
    let p = call.p;
    match call.int {
        Some((frame, x, y)) => out.send(
            call.component,
            &wire::CommandInt {
                p1: p[0],
                p2: p[1],
                p3: p[2],
                p4: p[3],
                x,
                y,
                z: p[6],
                command: call.command,
                target_system: system,
                target_component: call.component,
                frame,
                current: 0,
                autocontinue: 0,
            },
        ),
        None => out.send(
            call.component,
            &wire::CommandLong {
                p1: p[0],
                p2: p[1],
                p3: p[2],
                p4: p[3],
                p5: p[4],
                p6: p[5],
                p7: p[6],
                command: call.command,
                target_system: system,
                target_component: call.component,
                confirmation,
            },
        ),
    }
}

fn reason(result: &str, words: &str) -> String {
    if words.is_empty() {
        result.to_owned()
    } else {
        format!("{result}: {words}")
    }
}

/// MAV_RESULT in words.
fn result_word(result: u8) -> String {
    match result {
        1 => "busy, try again".to_owned(),
        2 => "denied".to_owned(),
        3 => "not supported by this aircraft".to_owned(),
        4 => "failed".to_owned(),
        6 => "cancelled".to_owned(),
        7 => "wants COMMAND_LONG".to_owned(),
        8 => "wants COMMAND_INT".to_owned(),
        9 => "frame not supported".to_owned(),
        10 => "this station is not in control".to_owned(),
        r => format!("result {r}"),
    }
}
