//! Who is over the line in company: one alert for people who step over it together, and another for
//! whoever follows later.
//!
//! Invariant: an alert covers only whom it names, and names only who is over by its place or will be
//! within seconds; nobody is left untold because somebody else was told of near by. The only ones kept
//! quiet are the same object under another number and a second camera's look at it.

use vedette_atlas::{Border, Crossing};
use vedette_geo::distance_m;
use vedette_model::{AlertFact, CameraId, GroundTrack, TargetClass, TrackId};

use super::{AlertDraft, COMPANY_M, Memory, RuleSet, Sight, crossing, echo, name_of, sight};

/// Who will be at the line within this time at the present pace steps over it together with who is
/// over already, seconds.
const TOGETHER_S: f64 = 5.0;
/// Nearer to each other than this two tracks may be two boxes on one object, metres.
const SAME_M: f64 = 4.0;

/// One of a group, as the alert names it.
struct Member {
    id: TrackId,
    class: TargetClass,
    signed_m: f64,
    half_m: f64,
}

impl RuleSet {
    /// Whether a crossing was told of already: in an alert that names the track, as the same object
    /// under another number, or by another camera.
    pub(super) fn told(&self, draft: &AlertDraft, s: &Sight<'_>, camera: CameraId) -> bool {
        let id = s.track.id;
        let first = self.memory.get(&id).map_or(s.track.captured, |m| m.first);
        let (own, others): (Vec<_>, Vec<_>) = self.spoken.iter().cloned().partition(|k| k.camera == camera);
        if echo(&others, draft, s, camera) {
            return true;
        }
        own.iter().filter(|k| k.rule == draft.rule).any(|k| {
            let near = |m: &Memory| distance_m(m.at, s.fix.at);
            let ended = |m: &Memory| m.counted <= first;
            k.covers.contains(&id)
                || k.covers
                    .iter()
                    .filter_map(|c| self.memory.get(c))
                    .any(|m| near(m) < if ended(m) { COMPANY_M } else { SAME_M })
        })
    }

    /// Names in a crossing's draft who steps over together with whom it is about, and takes all of
    /// them for told.
    pub(super) fn gather(
        &mut self,
        draft: &mut AlertDraft,
        first: &Sight<'_>,
        tracks: &[GroundTrack],
        border: &Border,
        crossings: &[Crossing],
    ) {
        let mut company: Vec<Sight<'_>> = Vec::new();
        let mut rest: Vec<Sight<'_>> = tracks
            .iter()
            .filter(|t| t.seen && t.id != first.track.id)
            .filter_map(|t| Some(sight(t, t.fix.as_ref().ok()?, border, crossings)))
            .filter(|s| self.steps_over(s))
            .collect();
        // From one to the next: a group is wider than the reach of any one of it.
        loop {
            let next = rest.iter().position(|s| {
                std::iter::once(first)
                    .chain(&company)
                    .any(|c| distance_m(c.fix.at, s.fix.at) < COMPANY_M)
            });
            let Some(k) = next else { break };
            company.push(rest.swap_remove(k));
        }
        company.sort_by_key(|s| s.track.id);
        let members: Vec<Member> = company
            .iter()
            .map(|s| Member {
                id: s.track.id,
                class: s.track.class,
                signed_m: s.signed_m,
                half_m: s.half_m,
            })
            .collect();
        for m in &members {
            if let Some(memory) = self.memory.get_mut(&m.id) {
                memory.fired.insert(draft.rule.clone());
            }
        }
        name(draft, first.track.id, &members);
    }

    /// Whether somebody is over the line or about to be, not told of yet, and not on a lawful way.
    fn steps_over(&self, s: &Sight<'_>) -> bool {
        let Some(m) = self.memory.get(&s.track.id) else {
            return false;
        };
        s.subject()
            && !s.lawful_over(m)
            && m.outside >= self.policy.crossing.outside_looks
            && m.fired.iter().all(|r| r.0 != crossing::RULE)
            && s.inward_m_s >= self.policy.approach.least_m_s
            && s.signed_m + TOGETHER_S * s.inward_m_s >= 0.0
    }
}

/// Writes a group into the draft.
fn name(draft: &mut AlertDraft, first: TrackId, members: &[Member]) {
    if members.is_empty() {
        return;
    }
    draft.company = members.iter().map(|m| m.id).collect();
    let count = members.len() + 1;
    let each: Vec<String> = members
        .iter()
        .map(|m| {
            let side = if m.signed_m >= 0.0 {
                "inside"
            } else {
                "outside and coming"
            };
            format!(
                "{} ({}, {:.0} m {side}, ± {:.0} m)",
                m.id,
                name_of(m.class),
                m.signed_m.abs(),
                m.half_m
            )
        })
        .collect();
    let and = format!(" {count} together, with it: {}.", each.join(", "));
    draft.why.push_str(&and);
    draft.title.push_str(&format!(", {count} together"));
    let all: Vec<String> = std::iter::once(first)
        .chain(members.iter().map(|m| m.id))
        .map(|id| id.to_string())
        .collect();
    draft.facts.push(AlertFact {
        name: "together".to_owned(),
        value: format!("{count}: {}", all.join(", ")),
    });
}
