//! A station in flight: runtime, links and cameras wired together. The demo and `vedette station`
//! start the same thing.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use anyhow::{Context, Result};
use crossbeam_channel::{Receiver, Sender, bounded};
use serde::Deserialize;
use vedette_atlas::World;
use vedette_core::{EvidenceRequest, Input, StationView, ViewStamp};
use vedette_ingest::{FrameStore, Moment, SourceSpec};
use vedette_journal::{Catalogue, SessionRow};
use vedette_model::plan::Brief;
use vedette_model::{CameraId, Intent, OperatorId, Request, Utc};
use vedette_panels::feeds::{VideoSlots, ViewSlot};
use vedette_sight::PoseSigmas;

use crate::cli::StationArgs;
use crate::clock::Clock;
use crate::runtime::{self, Ended, Parts, Running};
use crate::video::{Around, Camera};
use crate::{Outcome, Stop, files, keys, setup, verbs};

/// SHA-256 of every analysed frame's grey picture, by camera and frame time.
pub(crate) type FrameHashes = BTreeMap<(CameraId, Utc), [u8; 32]>;

/// What a flight is made from.
pub(crate) struct FlightConfig {
    pub(crate) name: String,
    pub(crate) root: PathBuf,
    pub(crate) world: Arc<World>,
    pub(crate) brief: Brief,
    pub(crate) policy: vedette_sight::Policy,
    pub(crate) seed: u64,
    pub(crate) pilot: OperatorId,
    pub(crate) endpoints: Vec<String>,
    /// Streams by camera; a camera of the brief's fleet that is not named gets a free local port.
    pub(crate) video: BTreeMap<CameraId, SourceSpec>,
    pub(crate) clock: Clock,
    pub(crate) clock_source: String,
}

/// A running flight.
pub(crate) struct Flight {
    running: Running,
    links: crate::radio::Radio,
    cameras: Vec<(CameraId, Camera, Option<SocketAddr>)>,
    view: ViewSlot,
    screen: VideoSlots,
    hashes: Arc<Mutex<FrameHashes>>,
    dir: PathBuf,
    catalogue: Catalogue,
    row: SessionRow,
}
