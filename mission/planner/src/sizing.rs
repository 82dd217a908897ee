//! How many aircraft, and how often: what a fleet can do before any route is drawn.
//!
//! Invariant: closed forms only, so that a person can check them with a pencil. Sources: revisit of a shared-out open line
//! 2(L − w)/v each (Czyzowicz et al., ESA 2011); availability a = (E − 2t)/(E + swap) and n ≥ ⌈n_air/a⌉ (Burdakov, Doherty,
//! Kvarnström, LiTH-MAT-R-2014/09). Knows nothing of terrain or law.

use vedette_model::plan::{Aircraft, Brief};
use vedette_model::{KindSizing, Sizing};

use crate::bound::lower_bound;

/// Seconds between touch-down and the next take-off where the brief names no base.
const SWAP_S: f64 = 600.0;
/// Most aircraft an answer may name.
const MOST: f64 = 100_000.0;

/// Time in the air until the battery reaches its reserve, with two sigma of the power model against it, seconds.
#[must_use]
pub fn endurance_s(a: &Aircraft) -> f64 {
    let e = &a.energy;
    e.battery_wh * (1.0 - e.reserve_share) / (1.0 + 2.0 * e.sigma_share) / e.cruise_w * 3600.0
}

/// Share of its time an aircraft is on patrol: endurance less way out and home, over endurance and swap. 0 when the way
/// eats it all.
#[must_use]
pub fn availability(endurance_s: f64, transit_s: f64, swap_s: f64) -> f64 {
    ((endurance_s - 2.0 * transit_s) / (endurance_s + swap_s)).max(0.0)
}

/// Aircraft needed so that no metre of an open line of `length_m` goes unseen for longer than `revisit_s`, each flying
/// `speed_m_s` and seeing `footprint_m` of the line: in the air, and owned with `availability`. `None` when no number does.
#[must_use]
pub fn needed(
    length_m: f64,
    speed_m_s: f64,
    footprint_m: f64,
    revisit_s: f64,
    availability: f64,
) -> Option<(usize, usize)> {
    // Each keeps a stretch l with 2(l − w)/v = R.
    let stretch = 0.5 * revisit_s * speed_m_s + footprint_m.max(0.0);
    let air = (length_m / stretch - 1e-9).ceil().max(1.0);
    let own = (air / availability - 1e-9).ceil();
    (stretch > 0.0 && air <= MOST && own <= MOST).then_some((air as usize, own as usize))
}

/// The best revisit of stretches shared out in proportion to speed on an open line, all aircraft always there, seconds:
/// 2(L − Σw)/Σv.
#[must_use]
pub fn shared_out_s(length_m: f64, speeds_m_s: &[f64], footprint_m: f64) -> f64 {
    let sum: f64 = speeds_m_s.iter().sum();
    if sum <= 0.0 {
        return f64::INFINITY;
    }
    (2.0 * (length_m - footprint_m * speeds_m_s.len() as f64) / sum).max(0.0)
}

/// The fleet by kinds: same speed, same endurance, same camera.
pub(crate) fn kinds(fleet: &[Aircraft]) -> Vec<Vec<usize>> {
    let mut out: Vec<Vec<usize>> = Vec::new();
    for (i, a) in fleet.iter().enumerate() {
        let same = |b: &Aircraft| {
            b.envelope == a.envelope
                && b.energy == a.energy
                && b.camera == a.camera
                && b.airframe == a.airframe
                && b.family == a.family
        };
        match out.iter_mut().find(|k| same(&fleet[k[0]])) {
            Some(k) => k.push(i),
            None => out.push(vec![i]),
        }
    }
    out
}

/// Sizes the fleet of a brief for `length_m` of line with a footprint of `footprint_m`; `transit_s` gives each aircraft's way
/// from its base to the line, seconds.
#[must_use]
pub fn sizing(brief: &Brief, length_m: f64, footprint_m: f64, transit_s: impl Fn(&Aircraft) -> f64) -> Sizing {
    let asked_s = brief.requirement.revisit_s;
    let swap_s = brief.bases.iter().map(|b| b.swap_s).reduce(f64::max).unwrap_or(SWAP_S);
    let continuous = !brief.bases.is_empty();
    let mut kinds_out = Vec::new();
    let mut present: Vec<(f64, f64)> = Vec::new();
    for k in kinds(&brief.fleet) {
        let a = &brief.fleet[k[0]];
        let n = k.len() as f64;
        let transit = k.iter().map(|i| transit_s(&brief.fleet[*i])).sum::<f64>() / n;
        let endurance = endurance_s(a);
        let share = availability(endurance, transit, swap_s);
        let v = a.envelope.cruise_m_s;
        let need = needed(length_m, v, footprint_m, asked_s, share);
        // A watch shorter than one endurance needs nobody to relieve.
        let here = if continuous { share } else { 1.0 };
        present.push((v, n * here));
        kinds_out.push(KindSizing {
            like: a.tail.clone(),
            owned: k.len(),
            speed_m_s: v,
            endurance_s: endurance,
            transit_s: transit,
            availability: share,
            need_airborne: need.map(|n| n.0),
            need_owned: need.map(|n| n.1),
        });
    }
    // The fastest kinds fill the places that can be kept manned.
    let total: f64 = present.iter().map(|p| p.1).sum();
    let airborne = (total + 1e-9).floor().max(0.0) as usize;
    present.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut speeds = Vec::new();
    for (v, n) in &present {
        let mut left = n.round();
        while left > 0.5 && speeds.len() < airborne {
            speeds.push(*v);
            left -= 1.0;
        }
    }
    let bound = lower_bound(length_m, &speeds, footprint_m);
    Sizing {
        length_m,
        airborne,
        best_s: shared_out_s(length_m, &speeds, footprint_m),
        bound_s: bound.seconds,
        bound_source: bound.source,
        asked_s,
        kinds: kinds_out,
    }
}
