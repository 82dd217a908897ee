//! Recordings as links: a `.tlog` played at its own pace by the station's clock, or at once.
//!
//! Invariant: nothing of a recording is dropped: the player waits for the queue; a file of any size
//! takes a piece's worth of memory.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use vedette_model::{Mono, Utc};
use vedette_protocol::PeerAddr;
use vedette_protocol::codec::{OwnedFrame, tlog};

use super::{LinkError, Port, Received};
use crate::Clock;

/// Bytes read at once.
const PIECE: usize = 256 << 10;
/// A longer step between two records, or one back, is a clock that was set, not a silence to sit out.
const STEP_MAX_US: i64 = 600_000_000;

/// Opens the file and starts playing it.
pub(super) async fn play(
    port: Port,
    path: &Path,
    clock: Option<Clock>,
    tasks: &mut JoinSet<()>,
) -> Result<(), LinkError> {
    let endpoint = port.endpoint.to_string();
    let file = open(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => LinkError::Missing {
            endpoint: endpoint.clone(),
            what: "file",
        },
        std::io::ErrorKind::PermissionDenied => LinkError::Permission {
            endpoint: endpoint.clone(),
            remedy: "make the file readable for you".to_owned(),
        },
        _ => LinkError::Io {
            endpoint: endpoint.clone(),
            source: e,
        },
    })?;
    port.up(None);
    // One piece in hand, one waiting: reading blocks, playing does not.
    let (pieces, mut read) = mpsc::channel(1);
    tasks.spawn_blocking(move || read_pieces(file, &pieces));
    tasks.spawn(async move {
        let mut player = Player {
            peer: PeerAddr::new("recording"),
            clock,
            anchor: None,
            before: Utc(0),
        };
        let mut records = tlog::Stream::default();
        let mut why = "the recording has ended".to_owned();
        while let Some(piece) = read.recv().await {
            let (bytes, last) = match piece {
                Ok(bytes) => (bytes, false),
                Err(None) => (Vec::new(), true),
                Err(Some(e)) => {
                    why = format!("the recording cannot be read on: {e}");
                    (Vec::new(), true)
                }
            };
            for (at, frame) in records.push(&bytes, last) {
                if !player.play(&port, at, frame).await {
                    return;
                }
            }
        }
        let link = port.link;
        let (bad_crc, junk) = (0, records.skipped_bytes());
        for last in [
            Received::StreamFaults { link, bad_crc, junk },
            Received::Down { link, why },
        ] {
            if port.incoming.send(last).await.is_err() {
                return;
            }
        }
    });
    Ok(())
}

fn open(path: &Path) -> std::io::Result<File> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(std::io::Error::other("it is a folder, not a file"));
    }
    Ok(file)
}

/// Pieces, then `Err` with what ended them: nothing when it was the end of the file.
fn read_pieces(mut file: File, pieces: &mpsc::Sender<Result<Vec<u8>, Option<std::io::Error>>>) {
    loop {
        let mut bytes = vec![0; PIECE];
        let piece = match file.read(&mut bytes) {
            Ok(0) => Err(None),
            Ok(n) => {
                bytes.truncate(n);
                Ok(bytes)
            }
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(e) => Err(Some(e)),
        };
        let last = piece.is_err();
        if pieces.blocking_send(piece).is_err() || last {
            return;
        }
    }
}

struct Player {
    peer: PeerAddr,
    clock: Option<Clock>,
    /// A moment of ours and the record's time that was played then.
    anchor: Option<(Mono, Utc)>,
    before: Utc,
}

impl Player {
    /// Gives one record at its time; false when nobody listens any more.
    async fn play(&mut self, port: &Port, at: Utc, frame: OwnedFrame) -> bool {
        if let Some(clock) = &self.clock {
            let step = at.0.saturating_sub(self.before.0);
            let (begun, first) = match self.anchor {
                Some(a) if (0..=STEP_MAX_US).contains(&step) => a,
                _ => *self.anchor.insert((clock().0, at)),
            };
            while clock().0.since(begun) < at.0 - first.0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            self.before = at;
        }
        let received = Received::Datagram {
            link: port.link,
            peer: self.peer.clone(),
            bytes: frame.raw,
            recorded: Some(at),
        };
        port.incoming.send(received).await.is_ok()
    }
}
