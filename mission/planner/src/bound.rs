//! What no schedule can beat: closed-form bounds on the longest time a metre goes unseen.
//!
//! Invariant: every bound here holds for all schedules of the fleet, so promise over bound is at
//! least 1. Statements P1, P3 and P7: Czyzowicz, Gąsieniec, Kosowski, Kranakis (ESA 2011);
//! Haeupler et al. (arXiv 1809.06727); with footprint elementary.

use serde::{Deserialize, Serialize};
use vedette_model::plan::{BlindSpot, Leg};

/// A bound and where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bound {
    /// Seconds.
    pub seconds: f64,
    /// In words, for people.
    pub source: String,
}

/// A metre of border counts at most as so many: from its own length to all that is flown for it.
const CAPS: [f64; 6] = [1.0, 1.25, 1.5, 2.0, 3.0, f64::INFINITY];

/// What a piece of track counts: the less of flown and of `cap` times watched.
fn worth_m(p: &[(f64, f64)], cap: f64) -> f64 {
    let (flown, watched) = (p[1].0 - p[0].0, p[1].1 - p[0].1);
    if watched > 0.0 {
        flown.min(cap * watched)
    } else if cap.is_finite() {
        0.0
    } else {
        flown
    }
}

/// The best bound for a fleet on one track, with the length and footprint it holds for. The track is given as metres flown and
/// chainage abreast, which never decreases; `looks` are the legs that watch.
///
/// A short cut inside a bend and a pocket of the border that one look takes in must not make the bound false. Every metre of
/// border is therefore given a worth that is never more than what is flown past it; then an aircraft that flies s metres sees
/// things worth at most s and what its first and last look are worth beyond their middles, at most the widest look. Any worth
/// gives a bound: those tried are what is flown, but at most `cap` a metre. Nothing need be flown for what is blind.
pub(crate) fn tightest<'a>(
    track: &[(f64, f64)],
    blind: &[BlindSpot],
    looks: impl Iterator<Item = &'a Leg>,
    speeds_m_s: &[f64],
    window_s: f64,
    closed: bool,
) -> (Bound, f64, f64) {
    let looks: Vec<(&Leg, [f64; 2])> = looks.filter_map(|l| Some((l, l.watches_m?))).collect();
    let piece = |chain: f64| {
        let i = track.partition_point(|p| p.1 < chain).clamp(1, track.len() - 1);
        let (a, b) = (track[i - 1].1, track[i].1);
        let t = if b > a {
            ((chain - a) / (b - a)).clamp(0.0, 1.0)
        } else {
            1.0
        };
        (i, t)
    };
    let dark = |p: &[(f64, f64)]| {
        let spot = |b: &BlindSpot| (b.to_m.min(p[1].1) - b.from_m.max(p[0].1)).max(0.0);
        let watched = p[1].1 - p[0].1;
        if watched > 0.0 {
            (1.0 - blind.iter().map(spot).sum::<f64>() / watched).max(0.0)
        } else {
            1.0
        }
    };
    let lit: Vec<f64> = track.windows(2).map(dark).collect();
    // Legs cut the track's corners.
    let whole = |chain: f64| {
        let (i, t) = piece(chain);
        track[i - 1].0 + (track[i].0 - track[i - 1].0) * t
    };
    let (mut legs_m, mut track_m) = (0.0_f64, 0.0_f64);
    for (l, w) in &looks {
        legs_m += vedette_geo::distance_m(l.from, l.to);
        track_m += (whole(w[1]) - whole(w[0])).abs();
    }
    let share = if track_m > 0.0 {
        (legs_m / track_m).min(1.0)
    } else {
        1.0
    };
    CAPS.map(|cap| {
        let mut until = vec![0.0];
        let mut length = 0.0;
        for (p, lit) in track.windows(2).zip(&lit) {
            let m = worth_m(p, cap);
            length += m * lit;
            until.push(until[until.len() - 1] + m);
        }
        let at = |chain: f64| {
            let (i, t) = piece(chain);
            until[i - 1] + (until[i] - until[i - 1]) * t
        };
        let wide = looks
            .iter()
            .flat_map(|(l, w)| w.map(|c| at(c + l.watch_half_m) - at(c - l.watch_half_m)))
            .fold(0.0_f64, f64::max);
        let length = share * length;
        (lower_bound_of(length, speeds_m_s, wide, window_s, closed), length, wide)
    })
    .into_iter()
    .reduce(|a, b| if b.0.seconds > a.0.seconds { b } else { a })
    .unwrap_or_else(|| (lower_bound(0.0, speeds_m_s, 0.0), 0.0, 0.0))
}

/// [`lower_bound`] for a promise that holds for `window_s` seconds, on a line that is `closed` or open.
///
/// Within a window T shorter than two revisits each place may be seen only once, between T − R and R: aircraft that never
/// pass each other then need T ≥ 2R − (L/k − w)/v only, so R is at least the less of the open line's bound and
/// (T + (L/k − w)/v)/2. Round a closed line aircraft follow each other, and only what all see together bounds it
/// (Chevaleyre 2004: (L − k·w)/Σv).
#[must_use]
pub fn lower_bound_of(length_m: f64, speeds_m_s: &[f64], footprint_m: f64, window_s: f64, closed: bool) -> Bound {
    let open = lower_bound(length_m, speeds_m_s, footprint_m);
    let sum: f64 = speeds_m_s.iter().sum();
    let k = speeds_m_s.len() as f64;
    if speeds_m_s.is_empty() || sum <= 0.0 {
        return open;
    }
    let w = footprint_m.max(0.0);
    let together = ((length_m - k * w) / sum).max(0.0);
    if closed {
        return Bound {
            seconds: together,
            source: format!(
                "(L − k·w)/Σv with L {length_m:.0} m round, k {k}, footprint w {w:.0} m, Σv {sum:.1} m/s: aircraft that follow each other round a closed line (Chevaleyre 2004)"
            ),
        };
    }
    let fast = speeds_m_s.iter().copied().fold(f64::MIN, f64::max);
    let once = 0.5 * (window_s + ((length_m / k - w) / fast).max(0.0));
    if once >= open.seconds || together >= open.seconds {
        return open;
    }
    Bound {
        seconds: once.max(together),
        source: format!(
            "(T + (L/k − w)/v)/2 with T {window_s:.0} s of promise, L {length_m:.0} m, k {k}, footprint w {w:.0} m, v {fast:.1} m/s: in so short a time each place may be seen only once"
        ),
    }
}

/// What aircraft that follow each other round a closed line can have, seconds, and how many of them fly: the r fastest, all as
/// fast as the slowest of these and evenly spaced, see every place each (L/r − w)/v_r; the best r counts (Czyzowicz et al.
/// 2011; for equal speeds Chevaleyre 2004, and nothing is better). Infinite, with none, without aircraft.
#[must_use]
pub fn ring_round_s(length_m: f64, speeds_m_s: &[f64], footprint_m: f64) -> (f64, usize) {
    let mut fast: Vec<f64> = speeds_m_s.iter().copied().filter(|v| *v > 0.0).collect();
    fast.sort_by(|a, b| b.total_cmp(a));
    let mut best = (f64::INFINITY, 0);
    let mut r = 0.0;
    for (k, v) in fast.iter().enumerate() {
        r += 1.0;
        let seconds = ((length_m / r - footprint_m.max(0.0)) / v).max(0.0);
        if seconds < best.0 {
            best = (seconds, k + 1);
        }
    }
    best
}

/// The best applicable lower bound on the revisit time of an open fence of `length_m` metres by
/// aircraft of `speeds_m_s`, each seeing `footprint_m` metres of it at a time. Infinite without
/// aircraft.
#[must_use]
pub fn lower_bound(length_m: f64, speeds_m_s: &[f64], footprint_m: f64) -> Bound {
    let sum: f64 = speeds_m_s.iter().sum();
    let k = speeds_m_s.len();
    if k == 0 || sum <= 0.0 {
        return Bound {
            seconds: f64::INFINITY,
            source: "no aircraft".to_owned(),
        };
    }
    #[expect(clippy::cast_precision_loss, reason = "a fleet")]
    let kf = k as f64;
    let w = footprint_m.max(0.0);
    let seen = Bound {
        seconds: ((length_m - kf * w) / sum).max(0.0),
        source: format!(
            "(L − k·w)/Σv with L {:.0} m, k {k}, footprint w {w:.0} m, Σv {sum:.1} m/s: in any time I an aircraft sees at most v·I + w (Czyzowicz et al. 2011, with footprint)",
            length_m
        ),
    };
    if k == 1 {
        return Bound {
            seconds: (2.0 * (length_m - w) / sum).max(0.0),
            source: format!(
                "2(L − w)/v with L {length_m:.0} m, footprint w {w:.0} m, v {sum:.1} m/s: one aircraft must go there and back"
            ),
        };
    }
    let fast = speeds_m_s.iter().copied().fold(f64::MIN, f64::max);
    let slow = speeds_m_s.iter().copied().fold(f64::MAX, f64::min);
    // As fast as the fastest, aircraft may be taken never to pass each other, only to change names. The first alone comes to
    // the line's start, so it stays within v·I/2 of there and sees at most v·I/2 + w; what lies beyond falls to the others.
    let passed = Bound {
        seconds: (2.0 * (length_m / kf - w) / fast).max(0.0),
        source: format!(
            "2(L/k − w)/v with L {length_m:.0} m, k {k}, footprint w {w:.0} m, v {fast:.1} m/s of the fastest: aircraft that never pass each other share the line out (Czyzowicz et al. 2011 for equal speeds, with footprint)"
        ),
    };
    let least = if passed.seconds > seen.seconds { passed } else { seen };
    if w > 0.0 {
        return least;
    }
    let ratio = fast / slow.max(1e-9);
    let by_ratio = 1.0 + 1.0 / ratio;
    let by_count = 1.0 / (1.0 - 1.0 / (2.0 * kf.sqrt()));
    let seconds = length_m / sum * by_ratio.max(by_count);
    if seconds < least.seconds {
        return least;
    }
    Bound {
        seconds,
        source: format!(
            "(L/Σv)·max(1 + 1/s, 1/(1 − 1/(2√k))) with L {length_m:.0} m, Σv {sum:.1} m/s, s {ratio:.2}, k {k} (Haeupler et al. 2018)"
        ),
    }
}
