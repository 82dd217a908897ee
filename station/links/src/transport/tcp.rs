//! Connections: outgoing ones are made again when lost, incoming ones are taken in any number.
//!
//! Invariant: a client that stops reading is closed and harms no other; bytes are framed before
//! they are handed on.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use vedette_protocol::PeerAddr;
use vedette_protocol::codec::STALE_PARTIAL_MS;

use super::{LinkError, Port, Stream, resolve};

/// Pauses between attempts to connect.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Frames a client may leave unread before it is closed.
const CLIENT_QUEUE: usize = 512;
/// Clients at once.
const CLIENTS_MAX: usize = 64;

/// Keeps one connection.
pub(super) fn connect(
    port: Port,
    host: String,
    number: u16,
    mut out: mpsc::Receiver<(PeerAddr, Vec<u8>)>,
    tasks: &mut JoinSet<()>,
) {
    tasks.spawn(async move {
        let mut pause = FIRST_PAUSE;
        let mut told = String::new();
        while !port.stopped() {
            let why = match resolve(&port.endpoint, &host, number).await {
                Err(e) => e.to_string(),
                Ok(remote) => match TcpStream::connect(remote).await {
                    Err(e) => format!("{remote} does not answer: {e}"),
                    Ok(stream) => {
                        let peer = PeerAddr::new(&remote.to_string());
                        port.up(Some(peer.clone()));
                        told.clear();
                        pause = FIRST_PAUSE;
                        // What was queued for the lost connection is stale.
                        while out.try_recv().is_ok() {}
                        match talk(&port, &peer, stream, &mut out).await {
                            Some(why) => why,
                            None => return,
                        }
                    }
                },
            };
            if why != told {
                port.down(&why);
                told = why;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    });
}

/// Reads and writes until the connection ends (its reason) or the link is closed (`None`).
async fn talk(
    port: &Port,
    peer: &PeerAddr,
    mut stream: TcpStream,
    out: &mut mpsc::Receiver<(PeerAddr, Vec<u8>)>,
) -> Option<String> {
    if let Err(e) = stream.set_nodelay(true) {
        tracing::debug!("nodelay: {e}");
    }
    let (mut read, mut write) = stream.split();
    let mut framer = Stream::new();
    let mut buffer = vec![0_u8; 16_384];
    let mut stale = tokio::time::interval(Duration::from_millis(STALE_PARTIAL_MS.unsigned_abs()));
    stale.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            got = read.read(&mut buffer) => match got {
                Ok(0) => return Some("the far end closed the connection".to_owned()),
                Ok(n) => framer.take(port, peer, &buffer[..n]),
                Err(e) => return Some(e.to_string()),
            },
            item = out.recv() => {
                let (_, bytes) = item?;
                match tokio::time::timeout(Duration::from_secs(5), write.write_all(&bytes)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(e)) => return Some(e.to_string()),
                    Err(_) => return Some("the far end does not read".to_owned()),
                }
            }
            _ = stale.tick() => framer.take(port, peer, &[]),
        }
    }
}

/// Takes connections.
pub(super) async fn listen(
    mut port: Port,
    host: &str,
    number: u16,
    mut out: mpsc::Receiver<(PeerAddr, Vec<u8>)>,
    tasks: &mut JoinSet<()>,
) -> Result<SocketAddr, LinkError> {
    let at = resolve(&port.endpoint, host, number).await?;
    let fail = |e| LinkError::of_socket(&port.endpoint, number, e);
    let listener = TcpListener::bind(at).await.map_err(fail)?;
    let local = listener.local_addr().map_err(fail)?;
    port.bound(local);
    port.up(None);
    tasks.spawn(async move {
        let mut clients: BTreeMap<PeerAddr, mpsc::Sender<(PeerAddr, Vec<u8>)>> = BTreeMap::new();
        let mut running = JoinSet::new();
        loop {
            tokio::select! {
                taken = listener.accept() => match taken {
                    Ok((stream, from)) if clients.len() < CLIENTS_MAX => {
                        let peer = PeerAddr::new(&from.to_string());
                        let (tx, mut rx) = mpsc::channel(CLIENT_QUEUE);
                        clients.insert(peer.clone(), tx);
                        let port = port.clone();
                        running.spawn(async move {
                            let why = talk(&port, &peer, stream, &mut rx).await;
                            tracing::info!(%peer, ?why, "client gone");
                            peer
                        });
                    }
                    Ok((_, from)) => tracing::warn!(%from, "refused: {CLIENTS_MAX} clients are connected"),
                    Err(e) => {
                        tracing::warn!(endpoint = %port.endpoint, "accept: {e}");
                        tokio::time::sleep(Duration::from_millis(200)).await;
                    }
                },
                item = out.recv() => {
                    let Some((peer, bytes)) = item else {
                        return;
                    };
                    let full = clients
                        .get(&peer)
                        .is_some_and(|c| c.try_send((peer.clone(), bytes)).is_err());
                    if full {
                        // Dropping its queue ends its task.
                        clients.remove(&peer);
                    }
                }
                Some(gone) = running.join_next(), if !running.is_empty() => {
                    if let Ok(peer) = gone {
                        clients.remove(&peer);
                    }
                }
            }
        }
    });
    Ok(local)
}
