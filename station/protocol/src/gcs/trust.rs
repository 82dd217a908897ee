//! What the station does about signatures: keys set and changed, refusals told, our heartbeats
//! signed for each aircraft, our watchdog.
//!
//! Invariant: a key is offered only to an aircraft that is disarmed, by a link that is declared a
//! wire on the bench, and never logged; what is refused is told, never acted on.

use vedette_model::{LinkId, Mono, Report, Severity, Utc, VehicleId};

use super::outbox::Outbox;
use super::session::Incoming;
use super::{Gcs, SETUP_SIGNING, foreign, worth};
use crate::codec::sign::Key;
use crate::codec::wire::{self, WireMessage};
use crate::codec::{Framed, Verdict};
use crate::signing::{LinkPolicy, Memory, Reject, Signing, Trust};

/// Why a key change did not begin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyChangeError {
    /// Nobody there.
    #[error("no aircraft with system id {0} has been heard; connect it first")]
    Unheard(u8),
    /// In the air or about to be.
    #[error("system {0} is armed; its key can only be changed on the ground, disarmed")]
    Armed(u8),
    /// The key would be read by others.
    #[error(
        "the key would travel by {0}, which others can hear; connect by a cable whose policy is open and use that link"
    )]
    NotAWire(LinkId),
    /// Two aircraft answer to the id.
    #[error("two aircraft use system id {0}; give one another id first")]
    Duplicate(u8),
}

impl Gcs {
    /// Puts back what signing remembered; call before any link is open.
    pub fn restore_signing(&mut self, memory: &Memory) {
        self.signing = Signing::from_memory(memory);
    }

    /// What signing must remember, when something changed since the last call. Write it at least
    /// every [`crate::signing::MEMORY_S`] seconds while there is something.
    pub fn poll_signing(&mut self) -> Option<Memory> {
        (self.signing.take_changed() && self.signing.in_use()).then(|| self.signing.memory(false))
    }

    /// The last word of signing, for an orderly end.
    #[must_use]
    pub fn end_signing(&self) -> Option<Memory> {
        self.signing.in_use().then(|| self.signing.memory(true))
    }

    /// What a link lets in.
    pub fn set_policy(&mut self, link: LinkId, policy: LinkPolicy) {
        self.signing.set_policy(link, policy);
        self.policies.insert(link, policy);
    }

    /// The key an aircraft is known to hold.
    pub fn set_key(&mut self, system: u8, key: Key) {
        self.signing.set_key(system, key);
    }

    /// Forgets an aircraft's key; it is believed unsigned from now on.
    pub fn forget_key(&mut self, system: u8) {
        self.signing.forget(system);
    }

    /// Gives an aircraft a new key. Until it is seen in use, what the aircraft signs with either
    /// key is believed and our own frames carry the old one, so neither outcome locks anyone out.
    ///
    /// # Errors
    /// [`KeyChangeError`].
    pub fn change_key(&mut self, now: Mono, system: u8, key: Key) -> Result<(), KeyChangeError> {
        self.advance(now, None);
        let session = self
            .sessions
            .get(&VehicleId(u32::from(system)))
            .ok_or(KeyChangeError::Unheard(system))?;
        if session.armed {
            return Err(KeyChangeError::Armed(system));
        }
        if session.duplicate_until.is_some_and(|t| now < t) {
            return Err(KeyChangeError::Duplicate(system));
        }
        let (link, _) = session.paths.active().ok_or(KeyChangeError::Unheard(system))?;
        if self.policies.get(link) != Some(&LinkPolicy::Open) {
            return Err(KeyChangeError::NotAWire(*link));
        }
        self.signing.begin_change(now, system, key);
        Ok(())
    }

    /// The station itself is well; see [`super::GcsConfig::watchdog_ms`].
    pub fn alive(&mut self, now: Mono) {
        self.alive = now;
    }

    /// A link's counter of datagrams the system dropped.
    pub fn note_kernel_drops(&mut self, link: LinkId, drops: u64) {
        self.peers.link(link).kernel_drops = drops;
    }

    /// A link's counter of frames passed on to other stations.
    pub fn note_forwarded(&mut self, link: LinkId, frames: u64) {
        self.peers.link(link).forwarded = frames;
    }

    pub(super) fn offer_keys(&mut self, now: Mono) {
        let all: Vec<(VehicleId, u8, u8)> = self
            .sessions
            .iter()
            .filter(|(_, s)| !s.armed && self.signing.changing(s.system))
            .map(|(v, s)| (*v, s.system, s.identity.component))
            .collect();
        for (vehicle, system, component) in all {
            let way = self.sessions.get(&vehicle).and_then(|s| s.paths.active().cloned());
            let Some((link, peer)) = way.filter(|(l, _)| self.policies.get(l) == Some(&LinkPolicy::Open)) else {
                continue;
            };
            if let Some(payload) = self.signing.poll_offer(now, self.utc, system, component) {
                self.transmit(link, &peer, vehicle, SETUP_SIGNING, &payload);
            }
        }
    }

    /// Our heartbeat to every address: one signed for each aircraft with a key behind it, one
    /// unsigned for the others.
    pub(super) fn heartbeats(&mut self, payload: &[u8]) {
        let keyed: Vec<u8> = self.signing.keyed().collect();
        for (link, peer) in self.peers.heartbeat_targets() {
            let systems = self.peers.systems(link, &peer);
            let (with, without): (Vec<u8>, Vec<u8>) = systems.into_iter().partition(|s| keyed.contains(s));
            let plain = with.is_empty()
                || without
                    .iter()
                    .any(|s| self.sessions.contains_key(&VehicleId(u32::from(*s))));
            for system in with.into_iter().chain(plain.then_some(0)) {
                self.transmit(link, &peer, VehicleId(u32::from(system)), wire::Heartbeat::ID, payload);
            }
        }
    }

    pub(super) fn tell_signing(&mut self, now: Mono) {
        let vehicles: Vec<(VehicleId, u8)> = self.sessions.iter().map(|(v, s)| (*v, s.system)).collect();
        for (vehicle, system) in vehicles {
            if let Some(report) = self.signing.poll_report(now, system) {
                let mut out = Outbox::default();
                out.report(now, Report::Signing(report));
                self.flush(vehicle, out);
            }
        }
    }

    /// A refused frame. An aircraft that does not (yet) sign explains itself in unsigned texts:
    /// those are shown, marked, while nothing signed comes.
    pub(super) fn rejected(&mut self, now: Mono, frame: &Framed<'_>, why: Reject) {
        let h = frame.header;
        let text = why == Reject::Unsigned && frame.verdict == Verdict::Valid && h.message_id == wire::StatusText::ID;
        let vehicle = VehicleId(u32::from(h.system));
        if !text || !self.sessions.contains_key(&vehicle) || !self.signing.explains(now, h.system) {
            return;
        }
        let m = wire::StatusText::from_payload(frame.payload);
        let mut out = Outbox::default();
        out.report(
            now,
            Report::Text {
                severity: Severity::Warning,
                text: format!("(unsigned) {}", m.text.to_text()),
            },
        );
        self.flush(vehicle, out);
    }

    /// A frame that was heard before: it says that this way works. When it is the way in use and
    /// the copy before it came by another, it is acted on now; what is acted on is so once.
    pub(super) fn hear_again(
        &mut self,
        now: Mono,
        utc: Utc,
        link: LinkId,
        peer: &super::PeerAddr,
        frame: &Framed<'_>,
        trust: Option<Trust>,
    ) {
        let h = frame.header;
        let vehicle = VehicleId(u32::from(h.system));
        let way = (link, peer.clone());
        if trust.is_none() && !self.sessions.get(&vehicle).is_some_and(|s| s.paths.knows(&way)) {
            // Somebody repeats what an aircraft signed: he gets nothing from us.
            return;
        }
        let shown = worth(frame, trust.unwrap_or(Trust::Proven));
        if frame.verdict != Verdict::Valid || !self.peers.note(now, link, peer, frame, shown) {
            return;
        }
        let Some(session) = self.sessions.get_mut(&vehicle) else {
            return;
        };
        let mut out = Outbox::default();
        let signed = trust == Some(Trust::Proven);
        let owns = session.paths.hear(now, &way, h.component, h.sequence, signed);
        if owns && self.dedup.act(frame) {
            let us = (self.config.system, self.config.component);
            session.handle(now, utc, &Incoming::of(frame), us, &mut out);
        } else if trust.is_some() && !owns && h.component == session.identity.component {
            session.judge_other(now, &way, h.message_id, frame.payload, &mut out);
        }
        if session.paths.proven(&way) {
            session.last_heard = session.last_heard.max(now);
            self.peers.carries_vehicle(link, peer);
        }
        self.flush(vehicle, out);
    }

    /// Orders of other stations to our aircraft.
    pub(super) fn watch_others(&mut self, now: Mono, frame: &Framed<'_>) {
        let station = frame.header.system;
        if self.sessions.contains_key(&VehicleId(u32::from(station))) {
            return;
        }
        if let Some((target, lists)) = foreign::written(frame) {
            let vehicle = VehicleId(u32::from(target));
            let mut out = Outbox::default();
            if let Some(s) = self.sessions.get_mut(&vehicle) {
                for kind in lists {
                    s.onboard.foreign(now, *kind, station, &mut out);
                }
            }
            self.flush(vehicle, out);
        }
        if let Some((target, what)) = self.foreign.order(now, frame) {
            let vehicle = VehicleId(u32::from(target));
            if self.sessions.contains_key(&vehicle) {
                let mut out = Outbox::default();
                out.report(now, Report::ForeignOrder { station, what });
                self.flush(vehicle, out);
            }
        }
    }
}
