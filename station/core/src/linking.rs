//! Links: what is told of them and of the ways to each aircraft over time, the pilot's choice of
//! one, and senders that are kept out.
//!
//! Invariant: a choice is a request like any other, with a receipt and in the record; histories
//! are rings of half an hour.

use vedette_model::{
    LinkId, LinkReport, Mono, OperatorId, PathReport, Refusal, RejectReason, Request, RequestBody, Retry, SecondSender,
    VehicleId,
};

use crate::input::Effect;
use crate::station::Station;
use crate::view::{EventKind, LinkHistory, LinkSwitch, NoticeKind, PathHistory, PathSample, VehicleView};

/// A choice of link lapses after this, milliseconds.
const CHOICE_EXPIRES_MS: i64 = 5_000;
/// One sample of a path's history, microseconds.
const SAMPLE_US: i64 = LinkHistory::SAMPLE_S * 1_000_000;
/// Ways remembered for one aircraft; the one silent longest goes first.
const PATHS: usize = 8;
/// Switches remembered for one aircraft.
const SWITCHES: usize = 20;
/// A second sender counts as gone after this, microseconds; the protocol holds orders back for as
/// long.
const SECOND_US: i64 = 10_500_000;
/// Refused frames after a pause this long are told of anew, microseconds.
const BOUT_US: i64 = 60_000_000;
/// Senders that can be blocked.
const BLOCKED: usize = 64;

/// Takes the ways to one aircraft down.
pub(crate) fn note_paths(v: &mut VehicleView, now: Mono, paths: &[PathReport]) -> Option<String> {
    let slot = now.0.div_euclid(SAMPLE_US);
    for p in paths {
        let at = v
            .link_history
            .paths
            .iter()
            .position(|h| h.link == p.link && h.peer == p.peer);
        let at = at.unwrap_or_else(|| {
            if v.link_history.paths.len() >= PATHS {
                let oldest = v
                    .link_history
                    .paths
                    .iter()
                    .enumerate()
                    .min_by_key(|(_, h)| h.from + i64::try_from(h.samples.len()).unwrap_or(0))
                    .map_or(0, |(i, _)| i);
                v.link_history.paths.remove(oldest);
            }
            v.link_history.paths.push(PathHistory {
                link: p.link,
                peer: p.peer.clone(),
                from: slot,
                samples: Vec::new(),
            });
            v.link_history.paths.len() - 1
        });
        v.link_history.paths[at].note(slot, p.quality, p.active);
    }
    let active = |all: &[PathReport]| all.iter().find(|p| p.active).map(|p| (p.link, p.peer.clone()));
    let (before, after) = (active(&v.paths), active(paths));
    let switch = match (before, after) {
        (Some(a), Some(b)) if a != b => {
            let heard = paths
                .iter()
                .find(|p| (p.link, &p.peer) == (a.0, &a.1))
                .map_or(now, |p| p.heard);
            let s = LinkSwitch {
                at: now,
                from: a.0,
                to: b.0,
                silence_ms: (now.since(heard) / 1000).max(0),
                by_hand: paths.iter().any(|p| p.active && p.chosen),
            };
            if v.switches.len() == SWITCHES {
                v.switches.remove(0);
            }
            let words = if s.by_hand {
                format!("uses {} as chosen", s.to)
            } else {
                format!("changes from {} to {} after {} ms", s.from, s.to, s.silence_ms)
            };
            v.switches.push(s);
            Some(words)
        }
        _ => None,
    };
    v.paths = paths.to_vec();
    switch
}

impl PathHistory {
    fn note(&mut self, slot: i64, quality: f64, active: bool) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..=100")]
        let quality = (quality.clamp(0.0, 1.0) * 100.0).round() as u8;
        let most = i64::try_from(LinkHistory::SAMPLES).unwrap_or(i64::MAX);
        let mut next = self.from + i64::try_from(self.samples.len()).unwrap_or(0);
        if slot - next >= most {
            self.samples.clear();
            self.from = slot;
            next = slot;
        }
        while next <= slot {
            self.samples.push(PathSample::NONE);
            next += 1;
        }
        if let Some(last) = self.samples.last_mut() {
            // The worst of the slot: a short hole must not vanish in an average.
            last.quality = if last.quality == PathSample::NONE.quality {
                quality
            } else {
                last.quality.min(quality)
            };
            last.active = active;
        }
        let over = self.samples.len().saturating_sub(LinkHistory::SAMPLES);
        if over > 0 {
            self.samples.drain(..over);
            self.from += i64::try_from(over).unwrap_or(0);
        }
    }
}

/// Frames that somebody forges, replays or leaves unsigned: an alarm for each bout, naming the sender. Wrong checksums are weather.
fn forged(now: Mono, before: Option<&LinkReport>, report: &LinkReport) -> Vec<String> {
    let grave = [
        (RejectReason::BadSignature, "wrongly signed"),
        (RejectReason::Replayed, "replayed"),
        (RejectReason::Unsigned, "unsigned"),
    ];
    let of = |r: &LinkReport, reason| r.rejects.iter().find(|x| x.reason == reason).cloned();
    grave
        .into_iter()
        .filter_map(|(reason, word)| {
            let is = of(report, reason)?;
            let was = before.and_then(|b| of(b, reason));
            let more = is.count > was.as_ref().map_or(0, |w| w.count);
            let fresh = was.is_none_or(|w| now.since(w.last) > BOUT_US);
            (more && fresh).then(|| {
                let who = if is.mostly_from.is_empty() { "somebody" } else { &is.mostly_from };
                format!(
                    "{who} on {} sends {word} frames: none is believed; Inspect shows them, the sender can be blocked there",
                    report.link
                )
            })
        })
        .collect()
}

impl Station {
    pub(crate) fn link(&mut self, report: &LinkReport) {
        let now = self.view.now;
        let before = self.view.links.insert(report.link, report.clone());
        if report.id_clashes > 0 && before.as_ref().is_none_or(|b| b.id_clashes == 0) {
            self.notice(
                NoticeKind::Warning,
                format!(
                    "{}: another station speaks under this station's own id; give one of them another",
                    report.endpoint
                ),
            );
        }
        for words in forged(now, before.as_ref(), report) {
            self.notice(NoticeKind::Warning, words);
        }
        let pace = self.view.link_pace.entry(report.link).or_default();
        if let Some(b) = before {
            #[expect(clippy::cast_precision_loss, reason = "microseconds and counts of a second")]
            let (s, n) = (
                now.since(pace.at) as f64 * 1e-6,
                [
                    report.valid.saturating_sub(b.valid) as f64,
                    report.sent.saturating_sub(b.sent) as f64,
                ],
            );
            if s > 0.2 {
                pace.in_hz = (n[0] / s * 10.0).round() / 10.0;
                pace.out_hz = (n[1] / s * 10.0).round() / 10.0;
            }
        }
        pace.at = now;
    }

    pub(crate) fn use_link(&mut self, who: &OperatorId, id: VehicleId, link: Option<LinkId>) -> Result<(), Refusal> {
        let v = self.view.vehicles.get(&id).ok_or_else(|| Refusal::Missing {
            what: format!("aircraft {id}"),
        })?;
        if let Some(link) = link
            && !v.paths.iter().any(|p| p.link == link)
        {
            return Err(Refusal::Missing {
                what: format!("way to {} by {link}", v.tail),
            });
        }
        let uid = v.identity.as_ref().map_or(0, |i| i.uid);
        let what = match link {
            Some(link) => format!("use {link} · {}", v.tail),
            None => format!("use the best link · {}", v.tail),
        };
        let request = Request {
            id: self.command_id(),
            vehicle: id,
            uid,
            body: RequestBody::UseLink(link),
            retry: Retry::Once,
            expires: self.view.now.plus_ms(CHOICE_EXPIRES_MS),
        };
        self.send(who, &what, request);
        Ok(())
    }

    /// Another sender speaks as one of ours.
    pub(crate) fn second_sender(&mut self, id: VehicleId, second: &SecondSender) {
        let now = self.view.now;
        let Some(v) = self.view.vehicles.get_mut(&id) else {
            return;
        };
        let fresh = v.second.as_ref().is_none_or(|k| k.value.peer != second.peer);
        v.second = Some(vedette_model::Known::new(second.clone(), now));
        v.duplicate = true;
        if fresh {
            let words = format!(
                "{} on {} claims to be {}: {}; orders to it are refused while it speaks",
                second.peer, second.link, v.tail, second.why
            );
            self.notice(NoticeKind::Warning, words);
        }
    }

    /// Second senders that fell silent.
    pub(crate) fn forget_seconds(&mut self) {
        let now = self.view.now;
        let gone: Vec<VehicleId> = self
            .view
            .vehicles
            .values()
            .filter(|v| v.duplicate && v.second.as_ref().is_some_and(|k| now.since(k.captured) > SECOND_US))
            .map(|v| v.id)
            .collect();
        for id in gone {
            if let Some(v) = self.view.vehicles.get_mut(&id) {
                v.duplicate = false;
                v.second = None;
            }
            self.mark(EventKind::Link, Some(id), "alone on its id again".into());
        }
    }

    pub(crate) fn block_sender(
        &mut self,
        who: &OperatorId,
        link: LinkId,
        peer: &str,
        blocked: bool,
    ) -> Result<(), Refusal> {
        let key = (link, peer.to_owned());
        let at = self.view.blocked.iter().position(|b| *b == key);
        match (blocked, at) {
            (true, None) if self.view.blocked.len() >= BLOCKED => {
                return Err(Refusal::State {
                    what: format!("blocking {peer}"),
                    why: format!("{BLOCKED} senders are blocked; let one in again first"),
                });
            }
            (true, None) => self.view.blocked.push(key),
            (false, Some(i)) => {
                self.view.blocked.remove(i);
            }
            (true, Some(_)) | (false, None) => {
                return Err(Refusal::State {
                    what: format!("sender {peer} on {link}"),
                    why: if blocked {
                        "it is blocked already"
                    } else {
                        "it is not blocked"
                    }
                    .into(),
                });
            }
        }
        self.effects.push_back(Effect::Block {
            link,
            peer: peer.to_owned(),
            blocked,
        });
        let verb = if blocked { "blocks" } else { "lets in again" };
        self.mark(EventKind::Operator, None, format!("{who} {verb} {peer} on {link}"));
        Ok(())
    }
}
