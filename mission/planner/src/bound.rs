//! What no schedule can beat: closed-form bounds on the longest time a metre goes unseen.
//!
//! Invariant: every bound here holds for all schedules of the fleet, so promise over bound is at
//! least 1. Statements P1, P3 and P7: Czyzowicz, Gąsieniec, Kosowski, Kranakis (ESA 2011);
//! Haeupler et al. (arXiv 1809.06727); with footprint elementary.

use serde::{Deserialize, Serialize};

/// A bound and where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bound {
    /// Seconds.
    pub seconds: f64,
    /// In words, for people.
    pub source: String,
}

/// Metres that must be flown to see all of a track's section that can be seen: of every piece the less of flown and watched,
/// so that neither a short cut inside a bend nor a pocket that one look takes in makes the bound false. The track is given as
/// metres flown and chainage abreast.
pub(crate) fn worth_m(track: impl Iterator<Item = (f64, f64)>, blind: &[vedette_model::plan::BlindSpot]) -> f64 {
    let mut last: Option<(f64, f64)> = None;
    let mut sum = 0.0;
    for (along, chain) in track {
        if let Some((a, c)) = last {
            let (flown, watched) = (along - a, chain - c);
            let dark: f64 = blind
                .iter()
                .map(|b| (b.to_m.min(chain) - b.from_m.max(c)).max(0.0))
                .sum();
            if watched > 0.0 {
                sum += flown.min(watched) * (1.0 - dark / watched).max(0.0);
            }
        }
        last = Some((along, chain));
    }
    sum
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
