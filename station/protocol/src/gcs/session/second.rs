//! A second sender under one system id: orders to it end and are refused while it speaks, and who
//! it is is told.
//!
//! Invariant: told at most once a second for each address; refusal lasts ten seconds beyond the
//! last sign.

use vedette_model::{Mono, Report, SecondSender};

use super::super::outbox::Outbox;
use super::super::paths::PathKey;
use super::Session;

/// Orders stay refused this long after the last sign of a second aircraft, milliseconds.
const DUPLICATE_MS: i64 = 10_000;
/// Between two tellings of one second sender, microseconds.
const SECOND_TOLD_US: i64 = 1_000_000;

impl Session {
    /// A sign of a second sender: where it spoke, what shows it, its boot clock.
    pub(crate) fn mark_second(
        &mut self,
        now: Mono,
        way: Option<&PathKey>,
        why: &str,
        boot: Option<i64>,
        out: &mut Outbox,
    ) {
        self.mark_duplicate(now, out);
        let Some((link, peer)) = way.or_else(|| self.paths.active()).cloned() else {
            return;
        };
        let (frames, told) = match &self.second {
            Some((p, frames, told)) if *p == peer => (frames + 1, Some(*told)),
            _ => (1, None),
        };
        let due = told.is_none_or(|t| now.since(t) >= SECOND_TOLD_US);
        self.second = Some((peer.clone(), frames, if due { now } else { told.unwrap_or(now) }));
        if due {
            out.report(
                now,
                Report::SecondSender(SecondSender {
                    link,
                    peer: peer.to_string(),
                    why: why.to_owned(),
                    boot_ms: boot,
                    ours_boot_ms: self.boot_ms,
                    frames,
                }),
            );
        }
    }

    fn mark_duplicate(&mut self, now: Mono, out: &mut Outbox) {
        let fresh = self.duplicate_until.is_none_or(|t| now >= t);
        self.duplicate_until = Some(now.plus_ms(DUPLICATE_MS));
        if fresh {
            out.report(now, Report::DuplicateId);
            let why = "a second aircraft uses this system id; orders would reach either";
            self.desk.abandon(now, why, out);
            self.transfers.abandon(now, why, out);
            let who = self.who();
            self.services.abandon(now, &who, why, out);
        }
    }
}
