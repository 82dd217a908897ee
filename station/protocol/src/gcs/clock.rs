//! The aircraft's clock against ours, from TIMESYNC exchanges.
//!
//! Invariant: an offset is told with the uncertainty its round trip leaves, half of it at most;
//! the least disturbed exchange of the last eight counts. Source: mavlink.io, time synchronisation.

use std::collections::VecDeque;

use vedette_model::{ClockMap, Mono, Report, Utc};

use super::outbox::Outbox;
use super::rtt::Rtt;
use super::transfer::Side;
use crate::codec::wire;

/// Between exchanges until eight are here, then always, milliseconds.
const FAST_MS: i64 = 1_000;
const SLOW_MS: i64 = 5_000;
const KEPT: usize = 8;

/// Clock of one aircraft.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    next: Mono,
    asked: Option<(i64, Mono)>,
    exchanges: VecDeque<(i64, ClockMap)>,
    told: Option<ClockMap>,
}

impl Clock {
    /// What is known.
    pub(crate) fn map(&self) -> Option<ClockMap> {
        self.told
    }

    /// The aircraft was restarted: its clock began anew.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Next moment [`Self::poll`] has something to do.
    pub(crate) fn next(&self) -> Mono {
        self.next
    }

    /// Asks when it is time.
    pub(crate) fn poll(&mut self, now: Mono, system: u8, component: u8, out: &mut Outbox) {
        if now < self.next {
            return;
        }
        let settled = self.exchanges.len() >= KEPT;
        self.next = now.plus_ms(if settled { SLOW_MS } else { FAST_MS });
        let ts1 = now.0.saturating_mul(1000).max(1);
        self.asked = Some((ts1, now));
        out.send(
            component,
            &wire::TimeSync {
                tc1: 0,
                ts1,
                target_system: system,
                target_component: component,
            },
        );
    }

    /// TIMESYNC from the autopilot: its question is answered, its answer used.
    pub(crate) fn handle(
        &mut self,
        now: Mono,
        utc: Utc,
        side: &Side,
        m: &wire::TimeSync,
        rtt: &mut Rtt,
        out: &mut Outbox,
    ) {
        if m.tc1 == 0 {
            let tc1 = utc.0.saturating_mul(1000).max(1);
            out.send(
                side.component,
                &wire::TimeSync {
                    tc1,
                    ts1: m.ts1,
                    target_system: side.system,
                    target_component: side.component,
                },
            );
            return;
        }
        let Some((_, sent)) = self.asked.filter(|(ts1, _)| *ts1 == m.ts1) else {
            return;
        };
        self.asked = None;
        let trip = now.since(sent);
        if !(0..10_000_000).contains(&trip) {
            return;
        }
        rtt.sample(sent, now);
        // The middle of the exchange on our clock against its reading.
        let offset_us = utc.0.saturating_sub(trip / 2).saturating_sub(m.tc1 / 1000);
        if self.exchanges.len() == KEPT {
            self.exchanges.pop_front();
        }
        self.exchanges.push_back((
            trip,
            ClockMap {
                offset_us,
                sigma_us: (trip / 2).max(100),
            },
        ));
        let best = self.exchanges.iter().min_by_key(|(t, _)| *t).map(|(_, m)| *m);
        if let Some(best) = best
            && self
                .told
                .is_none_or(|t| (t.offset_us - best.offset_us).abs() > 1_000 || t.sigma_us > 2 * best.sigma_us)
        {
            self.told = Some(best);
            out.report(now, Report::Clock(best));
        }
    }
}
