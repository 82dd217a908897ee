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

/// Metres of a track abreast of what can be seen; `least` counts of every piece the less of flown and watched.
fn lit_m(track: &[(f64, f64)], blind: &[BlindSpot], least: bool) -> f64 {
    track
        .windows(2)
        .map(|p| {
            let (flown, watched) = (p[1].0 - p[0].0, p[1].1 - p[0].1);
            if watched <= 0.0 {
                return if least { 0.0 } else { flown };
            }
            let dark: f64 = blind
                .iter()
                .map(|b| (b.to_m.min(p[1].1) - b.from_m.max(p[0].1)).max(0.0))
                .sum();
            let metres = if least { flown.min(watched) } else { flown };
            metres * (1.0 - dark / watched).max(0.0)
        })
        .sum()
}

/// The best bound for a fleet on one track, with the length and footprint it holds for. The track is given as metres flown and
/// chainage abreast, which never decreases; `looks` are the legs that watch.
///
/// A short cut inside a bend and a pocket of the border that one look takes in must not make the bound false, so lengths and
/// footprints are of one kind: either flown metres, with the footprint that a look has in them, or of every piece the less of
/// flown and watched, with the footprint in metres of border. Nothing need be flown for what is blind.
pub(crate) fn tightest<'a>(
    track: &[(f64, f64)],
    blind: &[BlindSpot],
    looks: impl Iterator<Item = &'a Leg>,
    speeds_m_s: &[f64],
    window_s: f64,
    closed: bool,
) -> (Bound, f64, f64) {
    let at = |chain: f64| {
        let i = track.partition_point(|p| p.1 < chain).clamp(1, track.len() - 1);
        let (a, b) = (track[i - 1], track[i]);
        let t = if b.1 > a.1 {
            ((chain - a.1) / (b.1 - a.1)).clamp(0.0, 1.0)
        } else {
            1.0
        };
        a.0 + (b.0 - a.0) * t
    };
    let (mut watched, mut flown) = (0.0_f64, 0.0_f64);
    // Legs cut the track's corners.
    let (mut legs_m, mut track_m) = (0.0_f64, 0.0_f64);
    for l in looks {
        if let Some(w) = l.watches_m {
            legs_m += vedette_geo::distance_m(l.from, l.to);
            track_m += (at(w[1]) - at(w[0])).abs();
        }
        for c in l.watches_m.into_iter().flatten() {
            watched = watched.max(2.0 * l.watch_half_m);
            flown = flown.max(at(c + l.watch_half_m) - at(c - l.watch_half_m));
        }
    }
    let share = if track_m > 0.0 {
        (legs_m / track_m).min(1.0)
    } else {
        1.0
    };
    let of = |least: bool| share * lit_m(track, blind, least);
    [(of(true), watched), (of(false), flown)]
        .map(|(length, wide)| (lower_bound_of(length, speeds_m_s, wide, window_s, closed), length, wide))
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
