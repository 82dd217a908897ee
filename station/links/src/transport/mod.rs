//! Open links: one bounded queue of what came in, one bounded queue out per link.
//!
//! Invariant: a full queue drops the newest datagram and counts it; nothing blocks a socket.

mod file;
mod serial;
mod tcp;
mod udp;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use vedette_model::{LinkId, Mono, Utc};
use vedette_protocol::codec::{StreamFramer, Verdict};
use vedette_protocol::{PeerAddr, Transmit};

use crate::{Clock, Endpoint};

/// Places of the incoming queue that datagrams leave free, so that a flood never hides that a link
/// went down or came back.
const STATE_ROOM: usize = 64;

/// What a link has to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// It works (again). `peer` is the far end where configuration names one.
    Up {
        /// Which.
        link: LinkId,
        /// As configured.
        endpoint: String,
        /// Known far end.
        peer: Option<PeerAddr>,
    },
    /// It does not, and why; it is tried again where that makes sense.
    Down {
        /// Which.
        link: LinkId,
        /// Why.
        why: String,
    },
    /// One datagram, or one frame of a stream.
    Datagram {
        /// Which.
        link: LinkId,
        /// From whom.
        peer: PeerAddr,
        /// Bytes.
        bytes: Vec<u8>,
        /// Time of a recording, for links that play one.
        recorded: Option<Utc>,
    },
    /// What a stream carried besides frames since the last such report.
    StreamFaults {
        /// Which.
        link: LinkId,
        /// Frames with a wrong checksum.
        bad_crc: u64,
        /// Bytes of no frame.
        junk: u64,
    },
}

/// Why a link could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Another program has the port.
    #[error("{endpoint}: port {port} is in use by another program; close it or choose another port")]
    InUse {
        /// Endpoint.
        endpoint: String,
        /// Port.
        port: u16,
    },
    /// Not allowed.
    #[error("{endpoint}: not permitted; {remedy}")]
    Permission {
        /// Endpoint.
        endpoint: String,
        /// What to do.
        remedy: String,
    },
    /// Host name or address unknown.
    #[error("{endpoint}: the host \"{host}\" is not known here; write an address or check the name")]
    Host {
        /// Endpoint.
        endpoint: String,
        /// Host.
        host: String,
    },
    /// Device or file missing.
    #[error("{endpoint}: there is no such {what}; check the path")]
    Missing {
        /// Endpoint.
        endpoint: String,
        /// Device or file.
        what: &'static str,
    },
    /// Anything else the system said.
    #[error("{endpoint}: cannot be opened ({source}); check the endpoint and try again")]
    Io {
        /// Endpoint.
        endpoint: String,
        /// What the system said.
        source: std::io::Error,
    },
}

impl LinkError {
    fn of_socket(endpoint: &Endpoint, port: u16, source: std::io::Error) -> Self {
        let endpoint = endpoint.to_string();
        match source.kind() {
            std::io::ErrorKind::AddrInUse => Self::InUse { endpoint, port },
            std::io::ErrorKind::PermissionDenied => Self::Permission {
                endpoint,
                remedy: format!("port {port} needs rights this program does not have; choose one above 1023"),
            },
            _ => Self::Io { endpoint, source },
        }
    }
}

/// Sizes and clock of open links.
#[derive(Clone)]
pub struct OpenOptions {
    /// Datagrams waiting to be taken, all links together.
    pub incoming: usize,
    /// Datagrams waiting to be sent, each link.
    pub outgoing: usize,
    /// Pace of recordings: with a clock they play as recorded, without one as fast as taken.
    pub clock: Option<Clock>,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            incoming: 8_192,
            outgoing: 1_024,
            clock: None,
        }
    }
}

/// Links that are open. Dropping it closes them.
#[derive(Debug)]
pub struct Links {
    incoming: mpsc::Receiver<Received>,
    outgoing: BTreeMap<LinkId, mpsc::Sender<(PeerAddr, Vec<u8>)>>,
    local: BTreeMap<LinkId, SocketAddr>,
    endpoints: BTreeMap<LinkId, Endpoint>,
    dropped: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    _tasks: JoinSet<()>,
}

/// What every transport gets.
#[derive(Clone)]
struct Port {
    link: LinkId,
    endpoint: Endpoint,
    incoming: mpsc::Sender<Received>,
    dropped: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl Port {
    /// Hands a datagram on; a full queue drops it and counts.
    fn datagram(&self, peer: &PeerAddr, bytes: &[u8]) {
        if self.incoming.capacity() <= STATE_ROOM {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.offer(Received::Datagram {
            link: self.link,
            peer: peer.clone(),
            bytes: bytes.to_vec(),
            recorded: None,
        });
    }
    fn offer(&self, received: Received) {
        if self.incoming.try_send(received).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
    fn up(&self, peer: Option<PeerAddr>) {
        tracing::info!(link = %self.link, endpoint = %self.endpoint, "link up");
        self.offer(Received::Up {
            link: self.link,
            endpoint: self.endpoint.to_string(),
            peer,
        });
    }
    fn down(&self, why: &str) {
        tracing::warn!(link = %self.link, endpoint = %self.endpoint, why, "link down");
        self.offer(Received::Down {
            link: self.link,
            why: why.to_owned(),
        });
    }
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// A stream framer with its link's counters: bytes in, frames on.
struct Stream {
    framer: StreamFramer,
    junk_told: u64,
    bad: u64,
    start: std::time::Instant,
}

impl Stream {
    #[expect(clippy::disallowed_methods, reason = "how long a wire was silent is real time")]
    fn new() -> Self {
        Self {
            framer: StreamFramer::new(false),
            junk_told: 0,
            bad: 0,
            start: std::time::Instant::now(),
        }
    }
    /// Real time: a partial frame on a wire grows stale by the wire's own clock.
    fn now(&self) -> Mono {
        Mono(i64::try_from(self.start.elapsed().as_micros()).unwrap_or(i64::MAX))
    }
    /// Takes bytes (none: only looks for a stale partial frame).
    fn take(&mut self, port: &Port, peer: &PeerAddr, bytes: &[u8]) {
        let now = self.now();
        let frames = if bytes.is_empty() {
            self.framer.handle_timeout(now)
        } else {
            self.framer.push(now, bytes)
        };
        for f in frames {
            if f.verdict == Verdict::BadCrc {
                self.bad += 1;
            } else {
                port.datagram(peer, &f.raw);
            }
        }
        let junk = self.framer.junk_bytes() - self.junk_told;
        if junk > 0 || self.bad > 0 {
            self.junk_told += junk;
            let bad_crc = std::mem::take(&mut self.bad);
            port.offer(Received::StreamFaults {
                link: port.link,
                bad_crc,
                junk,
            });
        }
    }
}

async fn resolve(endpoint: &Endpoint, host: &str, port: u16) -> Result<SocketAddr, LinkError> {
    let found = tokio::net::lookup_host((host, port))
        .await
        .ok()
        .and_then(|mut all| all.next());
    found.ok_or_else(|| LinkError::Host {
        endpoint: endpoint.to_string(),
        host: host.to_owned(),
    })
}

impl Links {
    /// Opens all endpoints, numbering links from 1 in the order given. Must be called inside a
    /// tokio runtime.
    ///
    /// # Errors
    /// [`LinkError`] of the first endpoint that cannot be opened; none stays open then. A `tcp`
    /// endpoint that does not answer yet is no error: it is tried again and reported as down.
    pub async fn open(endpoints: &[Endpoint], options: &OpenOptions) -> Result<Self, LinkError> {
        let (tx, incoming) = mpsc::channel(options.incoming.max(1) + STATE_ROOM);
        let mut links = Self {
            incoming,
            outgoing: BTreeMap::new(),
            local: BTreeMap::new(),
            endpoints: BTreeMap::new(),
            dropped: Arc::default(),
            stop: Arc::default(),
            _tasks: JoinSet::new(),
        };
        for (endpoint, n) in endpoints.iter().zip(1_u32..) {
            let link = LinkId(n);
            let port = Port {
                link,
                endpoint: endpoint.clone(),
                incoming: tx.clone(),
                dropped: Arc::clone(&links.dropped),
                stop: Arc::clone(&links.stop),
            };
            let (out, out_rx) = mpsc::channel(options.outgoing.max(1));
            let tasks = &mut links._tasks;
            let local = match endpoint {
                Endpoint::UdpIn { host, port: p } => Some(udp::listen(port, host, *p, out_rx, tasks).await?),
                Endpoint::UdpOut { host, port: p } => Some(udp::connect(port, host, *p, out_rx, tasks).await?),
                Endpoint::Tcp { host, port: p } => {
                    tcp::connect(port, host.clone(), *p, out_rx, tasks);
                    None
                }
                Endpoint::TcpIn { host, port: p } => Some(tcp::listen(port, host, *p, out_rx, tasks).await?),
                Endpoint::Serial { path, baud } => {
                    serial::open(port, path.clone(), *baud, out_rx)?;
                    None
                }
                Endpoint::Tlog { path } => {
                    file::play(port, path, options.clock.clone(), tasks).await?;
                    None
                }
            };
            links.outgoing.insert(link, out);
            links.endpoints.insert(link, endpoint.clone());
            if let Some(local) = local {
                links.local.insert(link, local);
            }
        }
        Ok(links)
    }

    /// The next thing a link has to tell; `None` when all links are gone for good.
    pub async fn recv(&mut self) -> Option<Received> {
        self.incoming.recv().await
    }

    /// What is waiting already.
    pub fn try_recv(&mut self) -> Option<Received> {
        self.incoming.try_recv().ok()
    }

    /// Queues a datagram; false when its link is gone or its queue full (counted).
    pub fn send(&self, t: Transmit) -> bool {
        let sent = self
            .outgoing
            .get(&t.link)
            .is_some_and(|out| out.try_send((t.peer, t.bytes)).is_ok());
        if !sent {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        sent
    }

    /// Datagrams dropped because a queue was full, both ways.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Local address of a socket link, with the port the system chose for port 0.
    #[must_use]
    pub fn local_addr(&self, link: LinkId) -> Option<SocketAddr> {
        self.local.get(&link).copied()
    }

    /// The links and what they were made from.
    #[must_use]
    pub fn endpoints(&self) -> &BTreeMap<LinkId, Endpoint> {
        &self.endpoints
    }
}

impl Drop for Links {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
