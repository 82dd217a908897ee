//! MISB metadata and MPEG-TS: bytes to values and back.
//!
//! For the station (reading any camera's stream), the simulator (writing a compliant one), the recorder (cutting
//! segments) and the analyst (`vedette klv`). Invariant: no input makes it fail as a whole or panic; what is broken
//! is an issue or an event beside what could be read, and original bytes are kept. Knows nothing of sockets, files,
//! codecs or the station.

pub mod ber;
pub mod dump;
pub mod eg0104;
pub mod export;
pub mod imapb;
mod packs;
pub mod security;
pub mod sei;
pub mod set;
pub mod tags;
pub mod targets;
pub mod ts;
pub mod uas;
pub mod vmti;

pub use dump::{Check, check_bytes, dump_bytes, is_transport_stream};
pub use export::{ExportError, ExportOptions, ExportReport, OwnTargets, export_ts, export_ts_with};
pub use security::SecuritySet;
pub use set::{Checksum, Dialect, ItemKey, KlvIssue, KlvItem, KlvSet, SetBuilder, Value, parse, parse_all};
pub use targets::{Sighting, SightingFrame, SightingPlace, Verdict};
pub use ts::{
    PTS_WRAP, Part, SegmentCutter, StreamInfo, StreamKind, TsEvent, TsReader, TsWriter, TsWriterConfig, VideoCodec,
};
pub use uas::{UasDatalink, encode, miis_physical};
pub use vmti::{Algorithm, Ontology, PixelBox, TargetLocation, VObject, VTarget, VmtiSet};
