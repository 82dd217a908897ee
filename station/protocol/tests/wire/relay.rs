//! A bad radio as plain data: datagrams in, datagrams out, later or never, whole or not.
//!
//! Invariant: the same seed and the same datagrams give the same air, bit for bit.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use vedette_model::Mono;

/// What the air does; probabilities 0..1, times in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Air {
    /// Lost.
    pub(crate) loss: f64,
    /// A burst of loss begins.
    pub(crate) burst: f64,
    /// How long it lasts.
    pub(crate) burst_ms: i64,
    /// Doubled.
    pub(crate) duplicate: f64,
    /// Held back so that later ones overtake it, by up to this long.
    pub(crate) reorder: f64,
    /// Always.
    pub(crate) delay_ms: i64,
    /// Up to, in addition.
    pub(crate) jitter_ms: i64,
    /// Cut short.
    pub(crate) truncate: f64,
    /// One bit turned.
    pub(crate) flip: f64,
    /// What the radio carries; 0: any amount. What is too much waits its turn.
    pub(crate) bytes_per_s: u32,
}

impl Air {
    /// A bad day: everything at once.
    pub(crate) fn bad() -> Self {
        Self {
            loss: 0.2,
            duplicate: 0.05,
            reorder: 0.05,
            delay_ms: 80,
            jitter_ms: 40,
            truncate: 0.01,
            flip: 0.01,
            ..Self::default()
        }
    }
}

/// One direction of one path.
#[derive(Debug)]
pub(crate) struct Relay {
    pub(crate) air: Air,
    /// Nothing passes until then.
    pub(crate) dark_until: Mono,
    burst_until: Mono,
    /// The radio is busy with what was put in before.
    free_at: Mono,
    rng: ChaCha8Rng,
    order: u64,
    flying: Vec<(Mono, u64, Vec<u8>)>,
    /// Put in, taken out, lost.
    pub(crate) counts: [u64; 3],
}

impl Relay {
    pub(crate) fn new(air: Air, seed: u64) -> Self {
        Self {
            air,
            dark_until: Mono(i64::MIN),
            burst_until: Mono(i64::MIN),
            free_at: Mono(i64::MIN),
            rng: ChaCha8Rng::seed_from_u64(seed),
            order: 0,
            flying: Vec::new(),
            counts: [0; 3],
        }
    }

    /// Nothing passes from now on.
    pub(crate) fn cut(&mut self) {
        self.dark_until = Mono(i64::MAX);
        self.flying.clear();
    }

    /// It passes again.
    pub(crate) fn mend(&mut self) {
        self.dark_until = Mono(i64::MIN);
    }

    pub(crate) fn put(&mut self, now: Mono, bytes: &[u8]) {
        self.counts[0] += 1;
        let air = self.air;
        let sent_at = if air.bytes_per_s == 0 {
            now
        } else {
            let us = 1_000_000 * i64::try_from(bytes.len()).expect("short") / i64::from(air.bytes_per_s);
            self.free_at = Mono(self.free_at.max(now).0 + us);
            self.free_at
        };
        if now >= self.burst_until && self.rng.random_bool(air.burst) {
            self.burst_until = now.plus_ms(air.burst_ms);
        }
        if now < self.dark_until || now < self.burst_until || self.rng.random_bool(air.loss) {
            self.counts[2] += 1;
            return;
        }
        let copies = 1 + usize::from(self.rng.random_bool(air.duplicate));
        for _ in 0..copies {
            let mut bytes = bytes.to_vec();
            if self.rng.random_bool(air.truncate) && bytes.len() > 1 {
                let at = self.rng.random_range(1..bytes.len());
                bytes.truncate(at);
            }
            if self.rng.random_bool(air.flip) {
                let at = self.rng.random_range(0..bytes.len());
                bytes[at] ^= 1 << self.rng.random_range(0..8);
            }
            let mut wait = air.delay_ms;
            if air.jitter_ms > 0 {
                wait += self.rng.random_range(0..=air.jitter_ms);
            }
            if self.rng.random_bool(air.reorder) {
                wait += self.rng.random_range(0..=100);
            }
            self.order += 1;
            self.flying.push((sent_at.plus_ms(wait), self.order, bytes));
        }
    }

    pub(crate) fn take(&mut self, now: Mono) -> Vec<Vec<u8>> {
        if self.flying.is_empty() {
            return Vec::new();
        }
        let (mut due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.flying).into_iter().partition(|f| f.0 <= now);
        self.flying = later;
        due.sort_by_key(|f| (f.0, f.1));
        self.counts[1] += u64::try_from(due.len()).expect("few");
        due.into_iter().map(|f| f.2).collect()
    }
}
