//! The ways to one aircraft: measured, compared, chosen.
//!
//! Invariant: orders go one way, and only to an address shown to be this aircraft while a shown
//! one speaks; a way that falls silent is left within a second when another speaks, and a better
//! one is taken after it was better for half a second; the operator's choice holds at once, as
//! long as it carries the aircraft at all. Quality is told from loss, round trip and age.

use std::collections::BTreeMap;

use vedette_model::{LinkId, Mono, PathReport};

use super::PeerAddr;

/// A way: link and address.
pub(crate) type PathKey = (LinkId, PeerAddr);

/// Silence that is suspicious at the least, milliseconds.
const LATE_MIN_MS: f64 = 500.0;
/// Silence that is suspicious at the most; also after which a way counts for nothing and a
/// component or an unproven address changes hands, milliseconds.
const SILENT_MS: i64 = 3_000;
/// How much better a way must be to be changed to while the present one speaks.
const MARGIN: f64 = 0.15;
/// For how long, milliseconds.
const BETTER_MS: i64 = 500;
/// What a way that fell silent loses of its quality, at most, and how fast it is forgiven.
const FALL: f64 = 0.1;
const FALL_MOST: f64 = 0.5;
const FORGIVE_S: f64 = 30.0;
/// Round trip assumed until measured, milliseconds.
const RTT_UNKNOWN_MS: f64 = 300.0;
/// Round trip at which a way is worth half.
const RTT_HALF_MS: f64 = 2_000.0;
/// Between two questions on a way that is not in use, milliseconds.
const ASK_MS: i64 = 1_000;
/// Questions for the autopilot's id before its boot clock alone must do.
const ASKS: u8 = 5;
/// Rounds in which a way that speaks seldom is asked to speak more often.
const SPEAKS: u8 = 30;
/// Between two round-trip probes of a way, milliseconds.
const PROBE_MS: i64 = 2_000;
/// Ways remembered; the one silent longest makes room.
const PATHS_MAX: usize = 16;

/// How sure it is that the other end is this aircraft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Proof {
    None,
    /// Its boot clock runs with ours.
    Boot,
    /// First heard, signed, or with the same autopilot id.
    Sure,
}

#[derive(Debug)]
struct Path {
    proof: Proof,
    /// It was found to be another aircraft.
    other: bool,
    heard: Mono,
    interval_ms: f64,
    frames: u64,
    loss: f64,
    rtt_ms: Option<f64>,
    components: BTreeMap<u8, (Mono, u8)>,
    fall: (f64, Mono),
    probe: Option<(i64, Mono)>,
    next_probe: Mono,
    next_ask: Mono,
    asked: u8,
    streams_asked: Option<Mono>,
}

/// What a way that is not in use should be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Its round trip; the number comes back.
    Probe(i64),
    /// Who it is.
    Identity,
    /// To speak often enough to be judged.
    Speak,
}

/// What came of looking at the ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Change {
    /// Another way is in use.
    pub(crate) switched: bool,
    /// Its streams were not asked for lately.
    pub(crate) ask_streams: bool,
}

/// All ways to one aircraft.
#[derive(Debug)]
pub(crate) struct Paths {
    autopilot: u8,
    paths: BTreeMap<PathKey, Path>,
    active: Option<PathKey>,
    wish: Option<LinkId>,
    better: Option<(PathKey, Mono)>,
    told: Option<Mono>,
    looked: Option<Mono>,
}

impl Path {
    fn new(now: Mono, proof: Proof) -> Self {
        Self {
            proof,
            other: false,
            heard: now,
            interval_ms: 1_000.0,
            frames: 0,
            loss: 0.0,
            rtt_ms: None,
            components: BTreeMap::new(),
            fall: (0.0, now),
            probe: None,
            next_probe: now,
            next_ask: now,
            asked: 0,
            streams_asked: None,
        }
    }

    /// Silence after which something is wrong, milliseconds.
    fn late_ms(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a constant of seconds")]
        (self.interval_ms * 3.0).clamp(LATE_MIN_MS, SILENT_MS as f64)
    }

    #[expect(clippy::cast_precision_loss, reason = "microseconds of seconds")]
    fn age_ms(&self, now: Mono) -> f64 {
        now.since(self.heard).max(0) as f64 * 1e-3
    }

    fn late(&self, now: Mono) -> bool {
        self.age_ms(now) > self.late_ms()
    }

    fn silent(&self, now: Mono) -> bool {
        now.since(self.heard) > SILENT_MS * 1000
    }

    #[expect(clippy::cast_precision_loss, reason = "microseconds of seconds")]
    fn fall_now(&self, now: Mono) -> f64 {
        let s = now.since(self.fall.1).max(0) as f64 * 1e-6;
        self.fall.0 * (-s / FORGIVE_S).exp()
    }

    fn quality(&self, now: Mono) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a constant of seconds")]
        let silent = SILENT_MS as f64;
        let late = self.late_ms().min(silent - 1.0);
        let fresh = ((silent - self.age_ms(now)) / (silent - late)).clamp(0.0, 1.0);
        let quick = 1.0 / (1.0 + self.rtt_ms.unwrap_or(RTT_UNKNOWN_MS) / RTT_HALF_MS);
        let whole = (1.0 - self.loss).powi(2);
        (fresh * quick * whole - self.fall_now(now)).clamp(0.0, 1.0)
    }

    fn hear(&mut self, now: Mono, component: u8, sequence: u8, autopilot: bool) {
        self.frames += 1;
        if let Some((at, last)) = self.components.insert(component, (now, sequence))
            && now.since(at) < SILENT_MS * 1000
        {
            let gap = sequence.wrapping_sub(last).wrapping_sub(1);
            if gap < 128 {
                let (g, n) = (f64::from(gap), f64::from(gap) + 1.0);
                let weight = 1.0 - 0.98_f64.powf(n);
                self.loss += (g / n - self.loss) * weight;
            }
        }
        if autopilot {
            if self.frames > 1 {
                self.interval_ms += (self.age_ms(now).min(3_000.0) - self.interval_ms) * 0.1;
            }
            self.heard = now;
        }
    }
}

impl Paths {
    pub(crate) fn new(autopilot: u8) -> Self {
        Self {
            autopilot,
            paths: BTreeMap::new(),
            active: None,
            wish: None,
            better: None,
            told: None,
            looked: None,
        }
    }

    /// A frame came this way; true when it is the way its component is heard by.
    pub(crate) fn hear(&mut self, now: Mono, key: &PathKey, component: u8, sequence: u8, signed: bool) -> bool {
        let autopilot = component == self.autopilot;
        if !self.paths.contains_key(key) {
            if self.paths.len() >= PATHS_MAX
                && let Some(oldest) = self
                    .paths
                    .iter()
                    .filter(|(k, _)| self.active.as_ref() != Some(k))
                    .min_by_key(|(_, p)| p.heard)
                    .map(|(k, _)| k.clone())
            {
                self.paths.remove(&oldest);
            }
            let shown = self.paths.values().any(|p| p.proof >= Proof::Boot && !p.silent(now));
            let proof = if autopilot && self.active.is_none() && !shown {
                Proof::Sure
            } else {
                Proof::None
            };
            let mut path = Path::new(now, proof);
            if !autopilot {
                // Nothing is known of the autopilot this way.
                path.heard = Mono(i64::MIN / 2);
            }
            self.paths.insert(key.clone(), path);
        }
        if let Some(p) = self.paths.get_mut(key) {
            p.hear(now, component, sequence, autopilot);
            if signed {
                p.proof = Proof::Sure;
            }
        }
        if autopilot && self.active.is_none() {
            let shown = self.best(now, |_, p| p.proof >= Proof::Boot && !p.silent(now));
            self.active = Some(shown.map_or_else(|| key.clone(), |(k, _)| k));
        }
        self.owner(now, component).as_ref() == Some(key)
    }

    /// The way a component is reached.
    pub(crate) fn owner(&self, now: Mono, component: u8) -> Option<PathKey> {
        if component == self.autopilot {
            return self.active.clone();
        }
        let speaks = |k: &PathKey| {
            self.paths
                .get(k)
                .and_then(|p| p.components.get(&component))
                .is_some_and(|(at, _)| now.since(*at) <= SILENT_MS * 1000)
        };
        if let Some(a) = self.active.as_ref().filter(|a| speaks(a)) {
            return Some(a.clone());
        }
        // A camera with an address of its own: the one that had it first keeps it while it speaks.
        let own = self.paths.keys().find(|k| speaks(k)).cloned();
        own.or_else(|| {
            self.paths
                .iter()
                .filter_map(|(k, p)| p.components.get(&component).map(|(at, _)| (*at, k)))
                .max_by_key(|(at, _)| *at)
                .map(|(_, k)| k.clone())
        })
        .or_else(|| self.active.clone())
    }

    /// The way in use.
    pub(crate) fn active(&self) -> Option<&PathKey> {
        self.active.as_ref()
    }

    /// Frames came this way before.
    pub(crate) fn knows(&self, key: &PathKey) -> bool {
        self.paths.contains_key(key)
    }

    /// Whether an address is shown to be this aircraft.
    pub(crate) fn proven(&self, key: &PathKey) -> bool {
        self.paths.get(key).is_some_and(|p| p.proof >= Proof::Boot)
    }

    /// What a frame on another way says of who sent it. The boot clock counts when the aircraft
    /// did not answer the better question.
    pub(crate) fn prove(&mut self, key: &PathKey, proof: Proof) {
        let Some(p) = self.paths.get_mut(key) else { return };
        if proof == Proof::Sure {
            p.other = false;
        }
        if proof == Proof::Sure || (p.asked >= ASKS && !p.other) {
            p.proof = p.proof.max(proof);
        }
    }

    /// The address was found to be another aircraft.
    pub(crate) fn disprove(&mut self, key: &PathKey) {
        if self.active.as_ref() != Some(key)
            && let Some(p) = self.paths.get_mut(key)
        {
            p.proof = Proof::None;
            p.other = true;
        }
    }

    /// A link is gone: so are its ways.
    pub(crate) fn forget_link(&mut self, link: LinkId) {
        self.paths.retain(|(l, _), _| *l != link);
        if self.active.as_ref().is_some_and(|(l, _)| *l == link) {
            self.active = None;
        }
    }

    /// The operator's choice.
    ///
    /// # Errors
    /// When the link does not carry this aircraft.
    pub(crate) fn use_link(&mut self, now: Mono, link: Option<LinkId>) -> Result<(), String> {
        if let Some(link) = link
            && !self
                .paths
                .iter()
                .any(|((l, _), p)| *l == link && p.proof >= Proof::Boot && !p.silent(now))
        {
            return Err(format!("{link} does not carry this aircraft now; choose another link"));
        }
        self.wish = link;
        Ok(())
    }

    /// An answer to a probe.
    pub(crate) fn answer(&mut self, now: Mono, key: &PathKey, number: i64) -> Option<f64> {
        let p = self.paths.get_mut(key)?;
        let (_, sent) = p.probe.take_if(|(n, _)| *n == number)?;
        #[expect(clippy::cast_precision_loss, reason = "microseconds of seconds")]
        let ms = now.since(sent) as f64 * 1e-3;
        if !(0.0..60_000.0).contains(&ms) {
            return None;
        }
        p.rtt_ms = Some(p.rtt_ms.map_or(ms, |s| s + (ms - s) * 0.25));
        p.rtt_ms
    }

    fn best(&self, now: Mono, want: impl Fn(&PathKey, &Path) -> bool) -> Option<(PathKey, f64)> {
        self.paths
            .iter()
            .filter(|(k, p)| p.components.contains_key(&self.autopilot) && want(k, p))
            .map(|(k, p)| (k.clone(), p.quality(now)))
            .max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// Chooses the way.
    pub(crate) fn choose(&mut self, now: Mono) -> Change {
        self.looked = Some(now);
        let next = self.next_active(now);
        let mut change = Change::default();
        if let Some(next) = next
            && self.active.as_ref() != Some(&next)
        {
            if let Some(p) = self.active.as_ref().and_then(|a| self.paths.get_mut(a))
                && p.late(now)
            {
                p.fall = ((p.fall_now(now) + FALL).min(FALL_MOST), now);
            }
            change.switched = true;
            if let Some(p) = self.paths.get_mut(&next) {
                p.proof = p.proof.max(Proof::Boot);
                change.ask_streams = p.streams_asked.is_none_or(|t| now.since(t) > 30_000_000);
                p.streams_asked = Some(now);
            }
            self.active = Some(next);
            self.better = None;
            self.told = None;
        }
        change
    }

    fn next_active(&mut self, now: Mono) -> Option<PathKey> {
        if let Some(wish) = self.wish
            && let Some((k, _)) = self.best(now, |(l, _), p| *l == wish && p.proof >= Proof::Boot && !p.silent(now))
        {
            return Some(k);
        }
        let active = self.active.as_ref().and_then(|a| self.paths.get(a));
        let Some(active) = active else {
            // The link was closed: any shown way at once, any other only when there is none.
            return self
                .best(now, |_, p| p.proof >= Proof::Boot && !p.silent(now))
                .map(|(k, _)| k);
        };
        if active.late(now) {
            let shown = self.best(now, |_, p| {
                p.proof >= Proof::Boot && !p.late(now) && p.heard > active.heard
            });
            if let Some((k, _)) = shown {
                return Some(k);
            }
            if active.silent(now) {
                return self
                    .best(now, |_, p| !p.other && !p.late(now) && p.heard > active.heard)
                    .map(|(k, _)| k);
            }
            return None;
        }
        let here = active.quality(now);
        let found = self.best(now, |_, p| p.proof >= Proof::Boot && !p.late(now));
        match found.filter(|(k, q)| *q > here + MARGIN && self.active.as_ref() != Some(k)) {
            None => self.better = None,
            Some((k, _)) => match &self.better {
                Some((b, since)) if *b == k => {
                    if now.since(*since) >= BETTER_MS * 1000 {
                        return Some(k);
                    }
                }
                _ => self.better = Some((k, now)),
            },
        }
        None
    }

    /// What to ask on which way now.
    pub(crate) fn asks(&mut self, now: Mono, uid_known: bool) -> Vec<(PathKey, Ask)> {
        let mut out = Vec::new();
        if self.paths.len() < 2 {
            return out;
        }
        let active = self.active.clone();
        for (n, (k, p)) in self.paths.iter_mut().enumerate() {
            let due = now >= p.next_probe;
            if due {
                p.next_probe = now.plus_ms(PROBE_MS);
            }
            if p.silent(now) || !p.components.contains_key(&self.autopilot) {
                continue;
            }
            if due {
                let number = now.0.saturating_mul(1000) + i64::try_from(n).unwrap_or(0) + 1;
                p.probe = Some((number, now));
                out.push((k.clone(), Ask::Probe(number)));
            }
            if active.as_ref() == Some(k) || now < p.next_ask {
                continue;
            }
            p.next_ask = now.plus_ms(ASK_MS);
            if p.proof < Proof::Sure && p.asked < ASKS && uid_known {
                out.push((k.clone(), Ask::Identity));
            }
            p.asked = p.asked.saturating_add(1);
            if p.interval_ms > 600.0 && p.asked < SPEAKS {
                out.push((k.clone(), Ask::Speak));
            }
        }
        out
    }

    /// Next moment something is due.
    pub(crate) fn next(&self) -> Option<Mono> {
        if self.paths.len() < 2 {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "below three seconds")]
        let late = self
            .active
            .as_ref()
            .and_then(|a| self.paths.get(a))
            .map(|p| p.heard.plus_ms(p.late_ms() as i64 + 1));
        // A silence that is noticed and changes nothing is looked at again with the next frame.
        let late = late.filter(|t| self.looked.is_none_or(|l| *t > l));
        let better = self.better.as_ref().map(|(_, since)| since.plus_ms(BETTER_MS));
        let probe = self.paths.values().map(|p| p.next_probe).min();
        [late, better, probe].into_iter().flatten().min()
    }

    /// All ways, once a second and after a switch.
    pub(crate) fn report(&mut self, now: Mono, rtt_ms: Option<f64>) -> Option<Vec<PathReport>> {
        if self.told.is_some_and(|t| now.since(t) < 1_000_000) {
            return None;
        }
        self.told = Some(now);
        let single = self.paths.len() == 1;
        let all = self
            .paths
            .iter_mut()
            .filter(|(_, p)| p.components.contains_key(&self.autopilot))
            .map(|(k, p)| {
                if single {
                    p.rtt_ms = rtt_ms.or(p.rtt_ms);
                }
                PathReport {
                    link: k.0,
                    peer: k.1.to_string(),
                    active: self.active.as_ref() == Some(k),
                    chosen: self.wish == Some(k.0),
                    proven: p.proof >= Proof::Boot,
                    quality: p.quality(now),
                    loss: p.loss,
                    rtt_ms: p.rtt_ms,
                    heard: p.heard,
                    frames: p.frames,
                }
            })
            .collect();
        Some(all)
    }
}
