//! One object seen by two aircraft: whose track continues whose.
//!
//! Invariant: two tracks are one object only if they are of one kind, lie within both ellipses
//! together (the two aircraft's errors are each other's strangers), move alike, and nothing else
//! near by answers as well. Whoever goes in company is told apart by the company: both aircraft's
//! errors shift all of it alike. In doubt nobody is handed over: a custody that is broken and said to
//! be is worth more than one that is guessed. Knows no camera and no rule; keeps no state.

use serde::{Deserialize, Serialize};
use vedette_geo::{Hae, LocalFrame};
use vedette_model::{GroundFix, GroundTrack, TargetClass, TrackId};

/// Thresholds of a hand-over.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandoverPolicy {
    /// Longest time between the two looks, seconds.
    pub gap_s: f64,
    /// Usual change of velocity meanwhile, metres per second squared (white, per root second).
    pub accel_m_s2: f64,
    /// Velocities may differ by this, metres per second, beyond what the gap explains.
    pub velocity_m_s: f64,
    /// Looks on either side before it counts.
    pub looks: u32,
    /// The second best answer must be this many times less likely.
    pub clear_times: f64,
    /// Wider than this (one sigma, metres) a place says nothing about who is there.
    pub widest_m: f64,
}

impl Default for HandoverPolicy {
    fn default() -> Self {
        Self {
            gap_s: 20.0,
            accel_m_s2: 0.5,
            velocity_m_s: 1.5,
            looks: 6,
            clear_times: 4.0,
            widest_m: 40.0,
        }
    }
}

/// One object under two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Handover {
    /// Track that had it.
    pub from: TrackId,
    /// Track of the other aircraft that has it.
    pub to: TrackId,
    /// Metres between the two, both at the later one's time.
    pub apart_m: f64,
    /// Squared distance in units of the common ellipse (two degrees of freedom).
    pub distance2: f64,
    /// How many times likelier than the next best answer; infinite without one.
    pub times: f64,
}

/// The 99 % ellipse.
const WITHIN_99: f64 = 9.21;

/// Tracks of one aircraft (`from`, seen or lost) that go on as tracks of another (`to`), each at
/// most once, in the order of `from`.
#[must_use]
pub fn hand_over(from: &[GroundTrack], to: &[GroundTrack], policy: &HandoverPolicy) -> Vec<Handover> {
    let mut pairs: Vec<(usize, usize, Match)> = Vec::new();
    for (i, a) in from.iter().enumerate() {
        for (j, b) in to.iter().enumerate() {
            if let Some(m) = matches(a, b, policy) {
                pairs.push((i, j, m));
            }
        }
    }
    let likely: Vec<f64> = (0..pairs.len()).map(|k| in_company(k, &pairs, from)).collect();
    let mut out = Vec::new();
    for ((i, j, m), mine) in pairs.iter().zip(&likely) {
        // The next best of either side; the same pair is not its own rival.
        let rival = pairs
            .iter()
            .zip(&likely)
            .filter(|((x, y, _), _)| (x == i) != (y == j))
            .map(|(_, l)| *l)
            .fold(0.0, f64::max);
        let times = if rival > 0.0 { mine / rival } else { f64::INFINITY };
        if times >= policy.clear_times {
            out.push(Handover {
                from: from[*i].id,
                to: to[*j].id,
                apart_m: m.apart_m,
                distance2: m.distance2,
                times,
            });
        }
    }
    out
}

/// One sigma of what a track's own noise and unlike ways do to the offset between the aircraft,
/// metres, and what their errors do to it over a distance, as a share of it (a heading off by two
/// degrees turns the company by as much).
const OWN_M: f64 = 2.5;
const TURNED: f64 = 0.06;
/// Strangers who happen to stand where company should, per square metre.
const STRANGERS: f64 = 1.0 / 1600.0;

/// How likely a pair is together with all others that lie at the same offset, each once.
fn in_company(k: usize, pairs: &[(usize, usize, Match)], from: &[GroundTrack]) -> f64 {
    let (i, j, m) = &pairs[k];
    let place = |n: usize| from[n].fix.as_ref().ok().map(|f| f.at);
    let Some(here) = place(*i) else { return m.density };
    let frame = LocalFrame::new(here, Hae(0.0));
    let mut company: Vec<(f64, usize, usize)> = pairs
        .iter()
        .filter(|(x, y, _)| x != i && y != j)
        .filter_map(|(x, y, o)| {
            let (e, n) = frame.plane(place(*x)?);
            let s2 = OWN_M * OWN_M + (TURNED * e.hypot(n)).powi(2) + m.grown_m2.max(o.grown_m2);
            let r2 = ((o.offset_m[0] - m.offset_m[0]).powi(2) + (o.offset_m[1] - m.offset_m[1]).powi(2)) / s2;
            let times = (-0.5 * r2).exp() / (std::f64::consts::TAU * s2) / STRANGERS;
            (times > 1.0).then_some((times, *x, *y))
        })
        .collect();
    company.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut taken, mut out) = (Vec::<(usize, usize)>::new(), m.density);
    for (times, x, y) in company {
        if taken.iter().all(|(a, b)| *a != x && *b != y) {
            taken.push((x, y));
            out *= times;
        }
    }
    out
}

struct Match {
    apart_m: f64,
    /// East and north from one to the other, and what the time between adds to it, variance.
    offset_m: [f64; 2],
    grown_m2: f64,
    distance2: f64,
    /// Per square metre.
    density: f64,
}

fn matches(a: &GroundTrack, b: &GroundTrack, p: &HandoverPolicy) -> Option<Match> {
    let (fa, fb) = (a.fix.as_ref().ok()?, b.fix.as_ref().ok()?);
    let gap_s = (b.captured.0 - a.captured.0) as f64 * 1e-6;
    if a.camera == b.camera || gap_s.abs() > p.gap_s || a.looks < p.looks || b.looks < p.looks {
        return None;
    }
    if !alike(a.class, b.class) {
        return None;
    }
    // Both at the later one's time, each carried on by its own velocity.
    let (ta, tb) = (gap_s.max(0.0), (-gap_s).max(0.0));
    let frame = LocalFrame::new(fa.at, Hae(fa.amsl.0));
    let (be, bn) = frame.plane(fb.at);
    let d = [
        be + b.velocity_en_m_s[0] * tb - a.velocity_en_m_s[0] * ta,
        bn + b.velocity_en_m_s[1] * tb - a.velocity_en_m_s[1] * ta,
    ];
    let grown = p.accel_m_s2 * p.accel_m_s2 * gap_s.abs().powi(3) / 3.0;
    let s = sum(fa, fb, grown + 1.0);
    let det = s[0] * s[2] - s[1] * s[1];
    if !(det > 0.0 && det.is_finite()) || det.sqrt() > p.widest_m * p.widest_m {
        return None;
    }
    let distance2 = (s[2] * d[0] * d[0] - 2.0 * s[1] * d[0] * d[1] + s[0] * d[1] * d[1]) / det;
    let dv = (a.velocity_en_m_s[0] - b.velocity_en_m_s[0]).hypot(a.velocity_en_m_s[1] - b.velocity_en_m_s[1]);
    if distance2 >= WITHIN_99 || dv > p.velocity_m_s + p.accel_m_s2 * gap_s.abs().sqrt() {
        return None;
    }
    Some(Match {
        apart_m: d[0].hypot(d[1]),
        offset_m: d,
        grown_m2: grown,
        distance2,
        density: (-0.5 * distance2).exp() / (std::f64::consts::TAU * det.sqrt()),
    })
}

/// East-east, east-north, north-north of both covariances and of what the time between adds.
fn sum(a: &GroundFix, b: &GroundFix, grown: f64) -> [f64; 3] {
    [
        a.cov_en_m2[0] + b.cov_en_m2[0] + grown,
        a.cov_en_m2[1] + b.cov_en_m2[1],
        a.cov_en_m2[2] + b.cov_en_m2[2] + grown,
    ]
}

/// The same kind, or one not known yet.
fn alike(a: TargetClass, b: TargetClass) -> bool {
    a == b || a == TargetClass::Unknown || b == TargetClass::Unknown
}
