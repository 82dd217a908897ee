//! Recordings as links: a `.tlog` played at its own pace by the station's clock, or at once.
//!
//! Invariant: nothing of a recording is dropped: the player waits for the queue.

use std::path::Path;
use std::time::Duration;

use tokio::task::JoinSet;
use vedette_protocol::PeerAddr;
use vedette_protocol::codec::tlog;

use super::{LinkError, Port, Received};
use crate::Clock;

/// Reads the file and starts playing it.
pub(super) async fn play(
    port: Port,
    path: &Path,
    clock: Option<Clock>,
    tasks: &mut JoinSet<()>,
) -> Result<(), LinkError> {
    let file = path.to_owned();
    let read = tokio::task::spawn_blocking(move || std::fs::read(file)).await;
    let endpoint = port.endpoint.to_string();
    let bytes = match read {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(e)) if e.kind() == std::io::ErrorKind::NotFound => {
            return Err(LinkError::Missing { endpoint, what: "file" });
        }
        Ok(Err(e)) if e.kind() == std::io::ErrorKind::PermissionDenied => {
            let remedy = "make the file readable for you".to_owned();
            return Err(LinkError::Permission { endpoint, remedy });
        }
        Ok(Err(source)) => return Err(LinkError::Io { endpoint, source }),
        Err(e) => {
            return Err(LinkError::Io {
                endpoint,
                source: std::io::Error::other(e),
            });
        }
    };
    port.up(None);
    tasks.spawn(async move {
        let peer = PeerAddr::new("recording");
        let begun = clock.as_ref().map(|c| c().0);
        let mut first = None;
        let mut records = tlog::read(&bytes);
        for (at, frame) in records.by_ref() {
            let first = *first.get_or_insert(at);
            if let (Some(clock), Some(begun)) = (&clock, begun) {
                while clock().0.since(begun) < at.0 - first.0 {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
            let received = Received::Datagram {
                link: port.link,
                peer: peer.clone(),
                bytes: frame.raw.to_vec(),
                recorded: Some(at),
            };
            if port.incoming.send(received).await.is_err() {
                return;
            }
        }
        let junk = u64::try_from(records.skipped_bytes()).unwrap_or(u64::MAX);
        for last in [
            Received::StreamFaults {
                link: port.link,
                bad_crc: 0,
                junk,
            },
            Received::Down {
                link: port.link,
                why: "the recording has ended".to_owned(),
            },
        ] {
            if port.incoming.send(last).await.is_err() {
                return;
            }
        }
    });
    Ok(())
}
