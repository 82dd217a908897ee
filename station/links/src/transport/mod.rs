//! Open links: one bounded queue of what came in, one bounded queue out per link.
//!
//! Invariant: a full queue drops the newest datagram and counts it; nothing blocks a socket.

mod file;
pub(crate) mod serial;
mod tcp;
mod udp;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

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
    /// Datagrams the system dropped for this link since it was opened.
    KernelDrops {
        /// Which.
        link: LinkId,
        /// In all.
        dropped: u64,
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

impl Received {
    /// Which link tells.
    #[must_use]
    pub fn link(&self) -> LinkId {
        match self {
            Self::Up { link, .. }
            | Self::Down { link, .. }
            | Self::Datagram { link, .. }
            | Self::KernelDrops { link, .. }
            | Self::StreamFaults { link, .. } => *link,
        }
    }
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
    /// Not a multicast address.
    #[error(
        "{endpoint}: not a multicast group; write 224.0.0.0 to 239.255.255.255 or an address from ff00::/8, with the interface behind % where it matters"
    )]
    Group {
        /// Endpoint.
        endpoint: String,
    },
    /// No such serial line; says which there are.
    #[error("{endpoint}: there is no such device; check the path ({present})")]
    NoLine {
        /// Endpoint.
        endpoint: String,
        /// What is plugged in.
        present: String,
    },
    /// Another program has the line open.
    #[error("{endpoint}: another program has this line open; end it, or use its line through `vedette link`")]
    LineInUse {
        /// Endpoint.
        endpoint: String,
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
    /// Bytes the system shall keep for each datagram link that is not read in time (SO_RCVBUF); it
    /// may grant less (`net.core.rmem_max`).
    pub receive_buffer: usize,
    /// Pace of recordings: with a clock they play as recorded, without one as fast as taken.
    pub clock: Option<Clock>,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            incoming: 8_192,
            outgoing: 1_024,
            receive_buffer: 4 << 20,
            clock: None,
        }
    }
}

/// Links that are open. Dropping it closes them.
#[derive(Debug)]
pub struct Links {
    incoming: mpsc::Receiver<Received>,
    open: BTreeMap<LinkId, Open>,
    endpoints: BTreeMap<LinkId, Endpoint>,
    opener: Opener,
}

/// One open link.
#[derive(Debug)]
struct Open {
    out: mpsc::Sender<(PeerAddr, Vec<u8>)>,
    local: Option<SocketAddr>,
    stop: Arc<AtomicBool>,
    _tasks: JoinSet<()>,
}

/// Opens links, from any task of the runtime; [`Links::attach`] takes them in.
#[derive(Clone)]
pub struct Opener {
    incoming: mpsc::Sender<Received>,
    dropped: Arc<AtomicU64>,
    next: Arc<AtomicU32>,
    options: OpenOptions,
}

impl std::fmt::Debug for Opener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opener").finish_non_exhaustive()
    }
}

/// A link that works and is not yet taken in.
#[derive(Debug)]
pub struct Opened {
    link: LinkId,
    endpoint: Endpoint,
    open: Open,
}

impl Opened {
    /// Its number.
    #[must_use]
    pub fn link(&self) -> LinkId {
        self.link
    }
    /// Local address of a socket link, with the port the system chose for port 0.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.open.local
    }
}

impl Opener {
    /// Opens one endpoint. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// [`LinkError`]. A `tcp` endpoint that does not answer yet is no error: it is tried again and
    /// reported as down.
    pub async fn open(&self, endpoint: &Endpoint) -> Result<Opened, LinkError> {
        let link = LinkId(self.next.fetch_add(1, Ordering::Relaxed));
        let stop = Arc::new(AtomicBool::new(false));
        let port = Port {
            link,
            endpoint: endpoint.clone(),
            incoming: self.incoming.clone(),
            dropped: Arc::clone(&self.dropped),
            stop: Arc::clone(&stop),
            receive_buffer: self.options.receive_buffer,
        };
        let (out, out_rx) = mpsc::channel(self.options.outgoing.max(1));
        let mut all = JoinSet::new();
        let tasks = &mut all;
        let local = match endpoint {
            Endpoint::UdpIn { host, port: p } => Some(udp::listen(port, host, *p, out_rx, tasks).await?),
            Endpoint::UdpOut { host, port: p } => Some(udp::connect(port, host, *p, out_rx, tasks).await?),
            Endpoint::UdpMulticast { group, port: p } => Some(udp::multicast(port, group, *p, out_rx, tasks)?),
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
                file::play(port, path, self.options.clock.clone(), tasks).await?;
                None
            }
        };
        Ok(Opened {
            link,
            endpoint: endpoint.clone(),
            open: Open {
                out,
                local,
                stop,
                _tasks: all,
            },
        })
    }
}

/// What every transport gets.
#[derive(Clone)]
struct Port {
    link: LinkId,
    endpoint: Endpoint,
    incoming: mpsc::Sender<Received>,
    dropped: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    receive_buffer: usize,
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
    /// The endpoint is told with the port the system gave for port 0.
    fn bound(&mut self, local: SocketAddr) {
        if let Endpoint::UdpIn { port, .. } | Endpoint::TcpIn { port, .. } = &mut self.endpoint
            && *port == 0
        {
            *port = local.port();
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
    /// With no link yet.
    #[must_use]
    pub fn new(options: &OpenOptions) -> Self {
        let (tx, incoming) = mpsc::channel(options.incoming.max(1) + STATE_ROOM);
        Self {
            incoming,
            open: BTreeMap::new(),
            endpoints: BTreeMap::new(),
            opener: Opener {
                incoming: tx,
                dropped: Arc::default(),
                next: Arc::new(AtomicU32::new(1)),
                options: options.clone(),
            },
        }
    }

    /// Opens all endpoints, numbering links from 1 in the order given. Must be called inside a
    /// tokio runtime.
    ///
    /// # Errors
    /// [`LinkError`] of the first endpoint that cannot be opened; none stays open then. A `tcp`
    /// endpoint that does not answer yet is no error: it is tried again and reported as down.
    pub async fn open(endpoints: &[Endpoint], options: &OpenOptions) -> Result<Self, LinkError> {
        let mut links = Self::new(options);
        for endpoint in endpoints {
            let opened = links.opener.open(endpoint).await?;
            links.attach(opened);
        }
        Ok(links)
    }

    /// What opens further links while these are at work.
    #[must_use]
    pub fn opener(&self) -> Opener {
        self.opener.clone()
    }

    /// Takes an opened link in; datagrams can be sent by it from now on.
    pub fn attach(&mut self, opened: Opened) -> LinkId {
        let Opened { link, endpoint, open } = opened;
        self.open.insert(link, open);
        self.endpoints.insert(link, endpoint);
        link
    }

    /// Closes a link; false when there is none of that number.
    pub fn remove(&mut self, link: LinkId) -> bool {
        self.endpoints.remove(&link);
        // Dropping its tasks closes its sockets; the thread of a serial line looks at the flag.
        self.open.remove(&link).is_some()
    }

    /// The next thing a link has to tell.
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
            .open
            .get(&t.link)
            .is_some_and(|o| o.out.try_send((t.peer, t.bytes)).is_ok());
        if !sent {
            self.opener.dropped.fetch_add(1, Ordering::Relaxed);
        }
        sent
    }

    /// Datagrams dropped because a queue was full, both ways.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.opener.dropped.load(Ordering::Relaxed)
    }

    /// Local address of a socket link, with the port the system chose for port 0.
    #[must_use]
    pub fn local_addr(&self, link: LinkId) -> Option<SocketAddr> {
        self.open.get(&link).and_then(|o| o.local)
    }

    /// The links and what they were made from.
    #[must_use]
    pub fn endpoints(&self) -> &BTreeMap<LinkId, Endpoint> {
        &self.endpoints
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
