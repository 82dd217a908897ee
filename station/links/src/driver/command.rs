//! What the task can be told.

use tokio::sync::oneshot;
use vedette_model::{LinkId, Request};
use vedette_protocol::codec::sign::Key;
use vedette_protocol::signing::LinkPolicy;
use vedette_protocol::{KeyChangeError, PeerAddr};

use super::Role;
use crate::transport::Opened;

/// One instruction; the end of the queue is the instruction to stop.
#[derive(Debug)]
pub(super) enum Command {
    /// Hand a request to the protocol.
    Submit(Box<Request>),
    /// Take a new link in.
    Attach(Box<Opened>, Role),
    /// Close a link.
    Remove(LinkId),
    /// Take nothing from an address any more, or again.
    Block(LinkId, PeerAddr, bool),
    /// What a link lets in.
    Policy(LinkId, LinkPolicy),
    /// The key an aircraft is known to hold; `None` forgets it.
    Key(u8, Option<Key>),
    /// Give an aircraft a new key.
    ChangeKey(u8, Key, oneshot::Sender<Result<(), KeyChangeError>>),
}
