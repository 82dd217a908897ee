//! Someone stays near the line beyond it, away from any lawful crossing point (P2).

use vedette_model::{Priority, TargetClass};

use super::{AlertDraft, Memory, Policy, Sight, approach, name_of};

pub(super) const RULE: &str = "loiter";
/// Slower is standing, metres per second.
const WALKING_M_S: f64 = 0.7;

pub(super) fn check(s: &Sight<'_>, m: &Memory, policy: &Policy) -> Option<AlertDraft> {
    let p = &policy.loiter;
    // A vehicle may stand; that is another matter. A slow two-wheeler is more often an animal.
    if s.track.class != TargetClass::Person || !s.subject() || s.lawful() || s.signed_m >= 0.0 {
        return None;
    }
    // One P2 about nearness per track is enough: the operator looks at it either way.
    if m.fired.iter().any(|r| r.0 == RULE || r.0 == approach::RULE) {
        return None;
    }
    // Half the way is enough for somebody who is walking now.
    let walking = s.speed_m_s() >= WALKING_M_S && m.near_spread_m >= 0.5 * p.moves_m;
    let moves = m.moved && (walking || m.near_spread_m >= p.moves_m);
    let stayed_s = (s.track.captured.0 - m.near_since?.0) as f64 * 1e-6;
    if stayed_s < p.least_s || m.near_looks < p.looks || !moves || m.near_spread_m > p.spread_m {
        return None;
    }
    let why = format!(
        "A {} has stayed within {:.0} m of one place for {stayed_s:.0} s, {:.0} m (± {:.0} m) outside the line, {}.",
        name_of(s.track.class),
        m.near_spread_m.max(1.0),
        -s.signed_m,
        s.half_m,
        s.away_from_crossings()
    );
    let clarity = if s.signed_m + s.margin_m < 0.0 { 1.0 } else { 0.7 };
    Some(s.draft(RULE, Priority::P2, "Loitering near the line".to_owned(), why, clarity))
}
