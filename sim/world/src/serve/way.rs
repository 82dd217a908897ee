//! How an aircraft's bytes reach stations: UDP, a TCP server, a serial line (pseudo-terminal).
//!
//! Invariant: peers are numbered and few; one that does not read is cut off (TCP) or loses whole
//! frames (serial), and costs the others nothing. Knows bytes and addresses only.

use std::collections::{BTreeMap, VecDeque};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};

use crate::sky::To;
use crate::wire::Splitter;

/// Stations that may talk to one aircraft; further ones are not answered.
const PEERS: usize = 16;
/// Datagrams or reads taken at one look: a flood must not stop the flight, what is left waits in
/// the socket's own buffer.
const LOOK: usize = 256;
/// Bytes that wait for a TCP station that does not read; beyond them it is cut off.
const BEHIND: usize = 512 * 1024;
/// Bytes that wait for a serial line; beyond them frames are lost whole, as on a real one.
const LINE: usize = 8 * 1024;
/// The rate a pseudo-terminal is offered at; it has none of its own.
const BAUD: u32 = 57_600;
/// `open(2)`: the line does not become this program's terminal (Linux).
const O_NOCTTY: i32 = 0o400;

/// What became of frames on their way out.
#[derive(Debug, Clone, Default)]
pub(super) struct Sent {
    /// Sent.
    pub(super) sent: u64,
    /// Not taken by the system or lost on a full line.
    pub(super) refused: u64,
    /// A reason worth telling.
    pub(super) why: Option<String>,
}

/// A byte stream with what waits on it.
struct Stream<S> {
    io: S,
    splitter: Splitter,
    out: VecDeque<u8>,
}

impl<S: Read + Write> Stream<S> {
    fn new(io: S) -> Self {
        Self {
            io,
            splitter: Splitter::default(),
            out: VecDeque::new(),
        }
    }

    /// Frames that came; `Err` when the other side is gone.
    fn read(&mut self, buffer: &mut [u8]) -> Result<Vec<Vec<u8>>, ()> {
        let mut frames = Vec::new();
        for _ in 0..LOOK {
            match self.io.read(buffer) {
                Ok(0) => return Err(()),
                Ok(n) => frames.extend(self.splitter.push(&buffer[..n])),
                Err(e) if idle(&e) => break,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Err(()),
            }
        }
        Ok(frames)
    }

    /// Writes what the other side takes.
    fn write(&mut self) -> Result<(), ()> {
        while !self.out.is_empty() {
            let (head, _) = self.out.as_slices();
            match self.io.write(head) {
                Ok(0) => return Err(()),
                Ok(n) => {
                    self.out.drain(..n);
                }
                Err(e) if idle(&e) => break,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Err(()),
            }
        }
        Ok(())
    }
}

fn idle(e: &std::io::Error) -> bool {
    matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// A pseudo-terminal: our end, the station's end held open, and the name it goes by.
struct Serial {
    line: Stream<serialport::TTYPort>,
    /// Keeps the line there while no station has it open.
    _held: std::fs::File,
    path: PathBuf,
    link: Option<PathBuf>,
}

impl Drop for Serial {
    fn drop(&mut self) {
        if let Some(l) = &self.link
            && let Err(e) = std::fs::remove_file(l)
        {
            tracing::warn!("the name {} of a serial line stays behind: {e}", l.display());
        }
    }
}

enum Kind {
    Udp {
        socket: UdpSocket,
        peers: Vec<SocketAddr>,
    },
    Tcp {
        listener: TcpListener,
        stations: BTreeMap<u64, Stream<TcpStream>>,
    },
    Serial(Box<Serial>),
    Nowhere,
}

/// One aircraft's way to its stations.
pub(super) struct Way(Kind);

impl Way {
    /// An aircraft nobody can talk to.
    pub(super) fn nowhere() -> Self {
        Self(Kind::Nowhere)
    }

    /// A UDP socket; `to` is told before anybody has spoken.
    pub(super) fn udp(bind: SocketAddr, to: impl IntoIterator<Item = SocketAddr>) -> std::io::Result<Self> {
        let socket = UdpSocket::bind(bind)?;
        socket.set_nonblocking(true)?;
        Ok(Self(Kind::Udp {
            socket,
            peers: to.into_iter().collect(),
        }))
    }

    /// A TCP server.
    pub(super) fn tcp(bind: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(bind)?;
        listener.set_nonblocking(true)?;
        Ok(Self(Kind::Tcp {
            listener,
            stations: BTreeMap::new(),
        }))
    }

    /// A pseudo-terminal, under a name of its own if one is given.
    pub(super) fn serial(name: Option<&Path>) -> std::io::Result<Self> {
        use serialport::SerialPort as _;
        use std::os::unix::fs::OpenOptionsExt as _;
        let (mut ours, other) = serialport::TTYPort::pair().map_err(std::io::Error::from)?;
        ours.set_timeout(std::time::Duration::ZERO)
            .map_err(std::io::Error::from)?;
        let path = PathBuf::from(other.name().unwrap_or_default());
        // Held without the lock a station takes on its line.
        let held = std::fs::OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(O_NOCTTY)
            .open(&path)?;
        drop(other);
        let link = match name {
            None => None,
            Some(l) => {
                std::os::unix::fs::symlink(&path, l)?;
                Some(l.to_owned())
            }
        };
        Ok(Self(Kind::Serial(Box::new(Serial {
            line: Stream::new(ours),
            _held: held,
            path,
            link,
        }))))
    }

    /// Its socket's address, if it has one.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        match &self.0 {
            Kind::Udp { socket, .. } => socket.local_addr().ok(),
            Kind::Tcp { listener, .. } => listener.local_addr().ok(),
            Kind::Serial(_) | Kind::Nowhere => None,
        }
    }

    /// Where a station finds it.
    pub(super) fn name(&self) -> String {
        let address = self.address().map_or_else(String::new, |a| a.to_string());
        match &self.0 {
            Kind::Udp { .. } => format!("udp {address}"),
            Kind::Tcp { .. } => format!("tcp:{address}"),
            Kind::Serial(s) => format!("serial:{}:{BAUD}", s.link.as_ref().unwrap_or(&s.path).display()),
            Kind::Nowhere => "nowhere".to_owned(),
        }
    }

    /// How many are told before anybody has spoken; their numbers are the first ones.
    pub(super) fn connected(&self) -> u64 {
        match &self.0 {
            Kind::Udp { peers, .. } => peers.len() as u64,
            Kind::Serial(_) => 1,
            Kind::Tcp { .. } | Kind::Nowhere => 0,
        }
    }

    /// What came, to be given on by peer number; gives how many pieces. `opened` is told of a
    /// station that is there without having spoken.
    pub(super) fn receive(
        &mut self,
        buffer: &mut [u8],
        mut opened: impl FnMut(u64),
        mut give: impl FnMut(u64, &[u8]),
    ) -> u64 {
        let mut n = 0;
        match &mut self.0 {
            Kind::Nowhere => {}
            Kind::Udp { socket, peers } => {
                for _ in 0..LOOK {
                    match socket.recv_from(buffer) {
                        Ok((len, from)) => {
                            n += 1;
                            let peer = match peers.iter().position(|p| *p == from) {
                                Some(k) => k,
                                None if peers.len() < PEERS => {
                                    peers.push(from);
                                    peers.len() - 1
                                }
                                None => continue,
                            };
                            give(peer as u64, &buffer[..len]);
                        }
                        // An ICMP answer to an earlier datagram: nobody listens yet.
                        Err(e) if e.kind() == ErrorKind::ConnectionRefused => n += 1,
                        Err(_) => break,
                    }
                }
            }
            Kind::Tcp { listener, stations } => {
                while let Ok((io, _)) = listener.accept() {
                    let free = (0..PEERS as u64).find(|k| !stations.contains_key(k));
                    // A station too many is hung up on: it sees that at once.
                    let Some(k) = free else { continue };
                    if io.set_nonblocking(true).is_ok() && io.set_nodelay(true).is_ok() {
                        stations.insert(k, Stream::new(io));
                        opened(k);
                    }
                }
                stations.retain(|k, s| match s.read(buffer) {
                    Ok(frames) => {
                        for f in frames {
                            n += 1;
                            give(*k, &f);
                        }
                        true
                    }
                    Err(()) => false,
                });
            }
            Kind::Serial(s) => {
                if let Ok(frames) = s.line.read(buffer) {
                    for f in frames {
                        n += 1;
                        give(0, &f);
                    }
                }
            }
        }
        n
    }

    /// One frame to whom it is for.
    pub(super) fn send(&mut self, to: To, bytes: &[u8], sent: &mut Sent) {
        match &mut self.0 {
            Kind::Nowhere => {}
            Kind::Udp { socket, peers } => {
                let some: Vec<SocketAddr> = match to {
                    To::Peer(Some(p)) => usize::try_from(p)
                        .ok()
                        .and_then(|p| peers.get(p))
                        .copied()
                        .into_iter()
                        .collect(),
                    To::Peer(None) => peers.first().copied().into_iter().collect(),
                    To::All => peers.clone(),
                };
                for to in some {
                    match socket.send_to(bytes, to) {
                        Ok(_) => sent.sent += 1,
                        Err(e) if e.kind() == ErrorKind::ConnectionRefused => {}
                        Err(e) => {
                            sent.refused += 1;
                            sent.why = Some(format!("cannot send to {to}: {e}"));
                        }
                    }
                }
            }
            Kind::Tcp { stations, .. } => {
                for (k, s) in stations.iter_mut() {
                    if to == To::All || to == To::Peer(Some(*k)) {
                        s.out.extend(bytes);
                        sent.sent += 1;
                    }
                }
            }
            Kind::Serial(s) => {
                if s.line.out.len() + bytes.len() > LINE {
                    sent.refused += 1;
                } else {
                    s.line.out.extend(bytes);
                    sent.sent += 1;
                }
            }
        }
    }

    /// Puts on the wire what waits for it.
    pub(super) fn flush(&mut self) {
        match &mut self.0 {
            Kind::Tcp { stations, .. } => {
                stations.retain(|_, s| s.write().is_ok() && s.out.len() <= BEHIND);
            }
            Kind::Serial(s) => {
                if s.line.write().is_err() {
                    s.line.out.clear();
                }
            }
            Kind::Udp { .. } | Kind::Nowhere => {}
        }
    }
}
