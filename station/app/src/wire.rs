//! Messages on the wire as panels and the inspector show them: from the running links, or read
//! again from a session's telemetry log.

use std::path::Path;
use std::sync::Arc;

use vedette_core::StationView;
use vedette_model::{LinkId, MessageRow, Mono};
use vedette_panels::feeds::{Slot, WireFeed};
use vedette_protocol::codec::{decode, tlog};
use vedette_protocol::{Gcs, GcsConfig, InspectRow, PeerAddr};

use crate::radio;

/// What one log may be, bytes; of a longer one the end is read.
const LOG_MOST: usize = 64 << 20;
/// The log is read from this long before the moment, seconds: rates and counts settle.
const BEFORE_S: i64 = 120;

/// An empty table with the means to read frames, and where they are logged.
pub(crate) fn feed(log: Option<&Path>) -> WireFeed {
    WireFeed {
        rows: Slot::default(),
        decode: Some(decode),
        tlog: log.map(|p| p.display().to_string().into()),
    }
}

/// The protocol's rows as panels take them.
pub(crate) fn rows(all: &[InspectRow]) -> Vec<MessageRow> {
    all.iter().map(MessageRow::from).collect()
}

/// The table as it stood at a view's moment, from the session's telemetry log; empty when there is
/// none. The log does not tell links apart: everything stands under the first.
pub(crate) fn of_log(path: &Path, view: &StationView) -> Vec<MessageRow> {
    let Ok(bytes) = std::fs::read(path) else {
        return Vec::new();
    };
    let bytes = &bytes[bytes.len().saturating_sub(LOG_MOST)..];
    let link = view.links.keys().next().copied().unwrap_or(LinkId(1));
    let mut gcs = Gcs::new(GcsConfig::new(radio::SYSTEM_ID, radio::COMPONENT_ID));
    gcs.link_up(Mono::ZERO, link, "tlog", None);
    let peer = PeerAddr(Arc::from("tlog"));
    let mut last = Mono::ZERO;
    for (at, frame) in tlog::read(bytes) {
        let before = view.utc.0 - at.0;
        if before < 0 {
            break;
        }
        if before > BEFORE_S * 1_000_000 {
            continue;
        }
        last = Mono(view.now.0 - before);
        gcs.handle_datagram(last, at, link, &peer, frame.raw);
        while gcs.poll_transmit().is_some() || gcs.poll_event().is_some() {}
    }
    gcs.handle_timeout(view.now.max(last));
    rows(&gcs.inspect())
}
