//! Links that cost by the byte: one HIGH_LATENCY2 every few seconds instead of streams.
//!
//! Invariant: while an aircraft speaks so, it is not asked for anything nobody ordered, and its
//! silence is judged by its own pace. Source: mavlink.io, services/high_latency.

use vedette_model::{Mono, Report};

use super::Session;
use crate::codec::wire;
use crate::gcs::modes;
use crate::gcs::outbox::Outbox;
use crate::gcs::telemetry as tel;

/// Silence of an aircraft that speaks every five seconds that counts as lost, milliseconds.
pub(super) const SILENCE_MS: i64 = 20_000;

/// The heartbeat that an aircraft met by HIGH_LATENCY2 would have sent.
pub(crate) fn as_heartbeat(m: &wire::HighLatency2) -> wire::Heartbeat {
    let custom = u32::from(m.custom_mode);
    wire::Heartbeat {
        // PX4 sends its main and sub mode.
        custom_mode: if m.autopilot == 12 { custom << 16 } else { custom },
        kind: m.kind,
        autopilot: m.autopilot,
        base_mode: m.custom0.to_le_bytes()[0],
        system_status: 4,
        mavlink_version: 3,
    }
}

impl Session {
    /// It speaks by HIGH_LATENCY2: nothing is asked for that is not ordered.
    pub(super) fn thrifty(&self, now: Mono) -> bool {
        self.thrifty
            .is_some_and(|t| now.since(t) < SILENCE_MS * 1000 && t > self.heartbeat_at)
    }

    /// One message for all (high latency protocol).
    pub(super) fn high_latency(&mut self, now: Mono, m: &wire::HighLatency2, out: &mut Outbox) {
        self.thrifty = Some(now);
        let beat = as_heartbeat(m);
        self.custom_mode = beat.custom_mode;
        self.armed = beat.base_mode & 128 != 0;
        let told = self.services.mode(self.custom_mode);
        let (mode, mode_name) = modes::name(self.identity.family, self.airframe, self.custom_mode, told);
        let armed = self.armed;
        out.report(now, Report::Heartbeat { mode, mode_name, armed });
        let home = self.home.map(|(_, amsl)| amsl);
        for report in tel::high_latency(m, home) {
            out.report(now, report);
        }
    }
}
