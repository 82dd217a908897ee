//! What the task can be told.

use vedette_model::Request;

/// One instruction; the end of the queue is the instruction to stop.
#[derive(Debug)]
pub(super) enum Command {
    /// Hand a request to the protocol.
    Submit(Box<Request>),
}
