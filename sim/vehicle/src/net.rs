//! The aircraft's side of its telemetry links: peers, sequence numbers, stream rates, queues.
//!
//! Invariant: every queue is bounded; a peer that does not read or sends too much costs the
//! others nothing. Must not know what messages say.

use std::collections::{BTreeMap, VecDeque};

use crate::signing::Signer;
use crate::wire::{Message, encode};

/// Most peers served at once; the one silent longest makes room.
const MAX_PEERS: usize = 16;
/// Frames waiting for one peer; beyond it the oldest is dropped and counted.
const MAX_QUEUE: usize = 2048;
/// Frames a peer may send per second of simulated time, and in one burst.
const FRAMES_PER_S: f64 = 2000.0;
const BURST: f64 = 4000.0;

/// Components of the aircraft that speak.
pub(crate) const AUTOPILOT: u8 = 1;
pub(crate) const CAMERA: u8 = 100;
pub(crate) const GIMBAL: u8 = 154;

/// A message sent at its own rate.
#[derive(Debug, Clone, Copy)]
struct Stream {
    every_us: i64,
    next_us: i64,
}

/// One station, radio or router at the other end.
#[derive(Debug, Clone)]
pub(crate) struct Channel {
    seq: BTreeMap<u8, u8>,
    streams: BTreeMap<u32, Stream>,
    queue: VecDeque<Vec<u8>>,
    allowance: f64,
    /// Tick of the last good frame.
    heard: u64,
    /// Next parameter of a running list, past the end when done.
    pub(crate) param_cursor: usize,
    pub(crate) dropped: u64,
    /// Link id of its signatures.
    link: u8,
    /// A link that costs by the byte: one message every five seconds and answers, nothing else.
    thrifty: Option<i64>,
}

impl Channel {
    fn new(defaults: &[(u32, i64)], now_us: i64, tick: u64, link: u8) -> Self {
        Self {
            seq: BTreeMap::new(),
            streams: defaults
                .iter()
                .map(|&(id, every_us)| {
                    (
                        id,
                        Stream {
                            every_us,
                            next_us: now_us,
                        },
                    )
                })
                .collect(),
            queue: VecDeque::new(),
            allowance: BURST,
            heard: tick,
            param_cursor: usize::MAX,
            dropped: 0,
            link,
            thrifty: None,
        }
    }

    fn push(&mut self, system: u8, component: u8, id: u32, payload: &[u8], signer: &mut Signer, time: u64) {
        let seq = self.seq.entry(component).or_insert(0);
        let frame = signer.sign(encode(system, component, *seq, id, payload), self.link, time);
        *seq = seq.wrapping_add(1);
        if self.queue.len() >= MAX_QUEUE {
            self.queue.pop_front();
            self.dropped += 1;
        }
        self.queue.push_back(frame);
    }
}

/// All channels. Until somebody speaks there is one without a number: whoever the shell was told
/// to send to.
#[derive(Debug, Clone)]
pub(crate) struct Net {
    system: u8,
    defaults: Vec<(u32, i64)>,
    unnumbered: Channel,
    pub(crate) peers: BTreeMap<u64, Channel>,
    pub(crate) silent: bool,
    /// Frames refused because a peer sent too many.
    pub(crate) refused: u64,
    pub(crate) signer: Signer,
    /// Signature time now.
    pub(crate) time: u64,
    opened: u8,
}

impl Net {
    pub(crate) fn new(system: u8, defaults: Vec<(u32, i64)>) -> Self {
        let unnumbered = Channel::new(&defaults, 0, 0, 0);
        Self {
            system,
            defaults,
            unnumbered,
            peers: BTreeMap::new(),
            silent: false,
            refused: 0,
            signer: Signer::default(),
            time: 0,
            opened: 0,
        }
    }

    /// Opens a channel, or finds it.
    pub(crate) fn open(&mut self, peer: u64, now_us: i64, tick: u64) {
        if self.peers.contains_key(&peer) {
            return;
        }
        if self.peers.len() >= MAX_PEERS
            && let Some((&old, _)) = self.peers.iter().min_by_key(|(_, c)| c.heard)
        {
            self.peers.remove(&old);
        }
        self.unnumbered.queue.clear();
        self.opened = self.opened.wrapping_add(1).max(1);
        self.peers
            .insert(peer, Channel::new(&self.defaults, now_us, tick, self.opened));
    }

    /// Whether one more frame of this peer may be handled now.
    pub(crate) fn admit(&mut self, peer: u64, tick: u64) -> bool {
        let Some(c) = self.peers.get_mut(&peer) else {
            return false;
        };
        c.heard = tick;
        if c.allowance < 1.0 {
            self.refused += 1;
            return false;
        }
        c.allowance -= 1.0;
        true
    }

    pub(crate) fn refill(&mut self, seconds: f64) {
        for c in self.peers.values_mut() {
            c.allowance = (c.allowance + FRAMES_PER_S * seconds).min(BURST);
        }
    }

    /// To every channel.
    pub(crate) fn all<M: Message>(&mut self, component: u8, m: &M) {
        let payload = m.payload();
        if self.silent {
            return;
        }
        let (system, time) = (self.system, self.time);
        let alone = self.peers.is_empty().then_some(&mut self.unnumbered);
        // What is told to all unasked does not go to links that cost by the byte.
        for c in self.peers.values_mut().chain(alone).filter(|c| c.thrifty.is_none()) {
            c.push(system, component, M::ID, &payload, &mut self.signer, time);
        }
    }

    /// To one.
    pub(crate) fn to(&mut self, peer: Option<u64>, component: u8, id: u32, payload: &[u8]) {
        let system = self.system;
        if self.silent {
            return;
        }
        let channel = match peer {
            Some(p) => self.peers.get_mut(&p),
            None => Some(&mut self.unnumbered),
        };
        if let Some(c) = channel {
            c.push(system, component, id, payload, &mut self.signer, self.time);
        }
    }

    /// Sets the rate of a message: microseconds, 0 for its default, below 0 for never.
    pub(crate) fn rate(&mut self, peer: u64, id: u32, every_us: i64, now_us: i64) {
        let fallback = self.defaults.iter().find(|d| d.0 == id).map_or(1_000_000, |d| d.1);
        let Some(c) = self.peers.get_mut(&peer) else {
            return;
        };
        let every_us = if every_us == 0 { fallback } else { every_us };
        if every_us < 0 {
            c.streams.remove(&id);
        } else if c.streams.len() < 128 || c.streams.contains_key(&id) {
            let every_us = every_us.max(20_000);
            c.streams.insert(
                id,
                Stream {
                    every_us,
                    next_us: now_us,
                },
            );
        }
    }

    /// Switches a link to one message every five seconds, or back.
    pub(crate) fn high_latency(&mut self, peer: u64, on: bool, now_us: i64) {
        if let Some(c) = self.peers.get_mut(&peer) {
            c.thrifty = on.then_some(now_us);
        }
    }

    /// Thrifty links whose message is due.
    pub(crate) fn due_high_latency(&mut self, now_us: i64) -> Vec<u64> {
        let mut out = Vec::new();
        for (&k, c) in &mut self.peers {
            if let Some(next) = c.thrifty.filter(|t| now_us >= *t) {
                c.thrifty = Some(next + 5_000_000);
                out.push(k);
            }
        }
        out
    }

    /// Present interval of a message, microseconds; -1 when it is not sent.
    pub(crate) fn interval(&self, peer: u64, id: u32) -> i64 {
        self.peers
            .get(&peer)
            .and_then(|c| c.streams.get(&id))
            .map_or(-1, |s| s.every_us)
    }

    /// What is due now: channel (none for the unnumbered) and message id, in order.
    pub(crate) fn due(&mut self, now_us: i64) -> Vec<(Option<u64>, u32)> {
        let mut out = Vec::new();
        let alone = self.peers.is_empty();
        let numbered = self.peers.iter_mut().map(|(&k, c)| (Some(k), c));
        for (peer, c) in numbered.chain(alone.then_some((None, &mut self.unnumbered))) {
            if c.thrifty.is_some() {
                continue;
            }
            for (&id, s) in &mut c.streams {
                if now_us >= s.next_us {
                    s.next_us += s.every_us * ((now_us - s.next_us) / s.every_us + 1);
                    out.push((peer, id));
                }
            }
        }
        out
    }

    /// The next frame to put on the wire.
    pub(crate) fn poll(&mut self) -> Option<(Option<u64>, Vec<u8>)> {
        for (&k, c) in &mut self.peers {
            if let Some(f) = c.queue.pop_front() {
                return Some((Some(k), f));
            }
        }
        self.unnumbered.queue.pop_front().map(|f| (None, f))
    }
}
