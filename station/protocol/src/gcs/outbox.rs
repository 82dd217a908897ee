//! What one step of a session wants sent and told, before it knows routes.

use vedette_model::{FilePiece, Mono, Report};

use super::paths::PathKey;
use crate::codec::wire::WireMessage;

/// Frames to one component of the aircraft and reports about it.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// Component, message id, payload.
    pub(crate) frames: Vec<(u8, u32, Vec<u8>)>,
    /// Way, message id, payload: frames for one way and no other.
    pub(crate) direct: Vec<(PathKey, u32, Vec<u8>)>,
    /// Captured, report.
    pub(crate) reports: Vec<(Mono, Report)>,
    /// Pieces of files read on board.
    pub(crate) files: Vec<FilePiece>,
}

impl Outbox {
    pub(crate) fn send<M: WireMessage>(&mut self, component: u8, message: &M) {
        self.frames.push((component, M::ID, message.to_payload()));
    }
    pub(crate) fn send_by<M: WireMessage>(&mut self, way: &PathKey, message: &M) {
        self.direct.push((way.clone(), M::ID, message.to_payload()));
    }
    pub(crate) fn report(&mut self, captured: Mono, report: Report) {
        self.reports.push((captured, report));
    }
}
