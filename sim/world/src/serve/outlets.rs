//! Sockets besides the aircraft's own: where ground sensors speak, and where a followed autopilot is
//! heard.
//!
//! Shell. Invariant: nobody who does not listen or speak holds up the flight. Knows bytes and
//! addresses only.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use vedette_model::Mono;

use super::{FollowEndpoint, ServeConfig};
use crate::SimError;
use crate::cues::{CueMessage, SensorKind};
use crate::follow::Follower;
use crate::scenario::Scenario;
use crate::wire::Splitter;

/// Datagrams or reads taken at one look.
const LOOK: usize = 256;
/// How long a TCP server is waited for at the start.
const PATIENCE: Duration = Duration::from_secs(3);

/// Where ground sensors speak.
pub(super) struct Outlets {
    socket: Option<UdpSocket>,
    json: SocketAddr,
    nmea: SocketAddr,
}

impl Outlets {
    pub(super) fn open(s: &Scenario, config: &ServeConfig, wrong: &mut Vec<SimError>) -> Self {
        let speaks = s
            .sensors
            .iter()
            .any(|s| !matches!(s.kind, SensorKind::Adsb | SensorKind::RemoteId));
        let v6 = config.sensors.is_ipv6() || config.ais.is_ipv6();
        let any: SocketAddr = if v6 {
            ([0_u16; 8], 0).into()
        } else {
            (Ipv4Addr::UNSPECIFIED, 0).into()
        };
        let open = || {
            let socket = UdpSocket::bind(any)?;
            socket.set_nonblocking(true)?;
            Ok::<_, std::io::Error>(socket)
        };
        let socket = if speaks {
            open()
                .map_err(|e| {
                    wrong.push(SimError::Shell {
                        what: format!("no socket for the ground sensors: {e}"),
                        source: Some(Box::new(e)),
                    });
                })
                .ok()
        } else {
            None
        };
        Self {
            socket,
            json: config.sensors,
            nmea: config.ais,
        }
    }

    pub(super) fn send(&self, cue: &CueMessage) {
        let Some(socket) = &self.socket else { return };
        let (bytes, to) = match cue {
            CueMessage::Json(line) => (line.as_bytes(), self.json),
            CueMessage::Nmea(line) => (line.as_bytes(), self.nmea),
            CueMessage::Mavlink(_) | CueMessage::Aboard(..) => return,
        };
        // Nobody listens, or the system's buffer is full: a sensor does not repeat itself.
        drop(socket.send_to(bytes, to));
    }
}

enum Wire {
    Udp {
        socket: UdpSocket,
        from: Option<SocketAddr>,
    },
    Tcp {
        at: SocketAddr,
        io: Option<TcpStream>,
        splitter: Splitter,
        tried: Option<Mono>,
    },
}

/// A followed autopilot's endpoint.
pub(super) struct Source {
    wire: Wire,
    pub(super) follower: Follower,
}

impl Source {
    pub(super) fn open(at: &FollowEndpoint) -> Result<Self, SimError> {
        let fail = |e: std::io::Error, what: String| SimError::Shell {
            what: format!("{what}: {e}"),
            source: Some(Box::new(e)),
        };
        let wire = match *at {
            FollowEndpoint::Listen(at) => {
                let no = |e| fail(e, format!("no autopilot can be heard at udpin:{at}"));
                let socket = UdpSocket::bind(at).map_err(no)?;
                socket.set_nonblocking(true).map_err(no)?;
                Wire::Udp { socket, from: None }
            }
            FollowEndpoint::Tcp(at) => {
                let io = connect(at).map_err(|e| fail(e, format!("no autopilot answers at tcp:{at}")))?;
                Wire::Tcp {
                    at,
                    io: Some(io),
                    splitter: Splitter::default(),
                    tried: None,
                }
            }
        };
        Ok(Self {
            wire,
            follower: Follower::default(),
        })
    }

    /// Takes what came and asks for what does not come.
    pub(super) fn turn(&mut self, now: Mono, buffer: &mut [u8]) {
        let follower = &mut self.follower;
        match &mut self.wire {
            Wire::Udp { socket, from } => {
                for _ in 0..LOOK {
                    match socket.recv_from(buffer) {
                        Ok((n, peer)) => {
                            follower.handle(now, &buffer[..n]);
                            // The first who speaks is the autopilot.
                            from.get_or_insert(peer);
                        }
                        Err(e) if e.kind() == ErrorKind::ConnectionRefused => {}
                        Err(_) => break,
                    }
                }
                if let Some(to) = from {
                    for f in follower.requests(now) {
                        drop(socket.send_to(&f, *to));
                    }
                }
            }
            Wire::Tcp {
                at,
                io,
                splitter,
                tried,
            } => {
                let mut gone = false;
                if let Some(s) = io {
                    for _ in 0..LOOK {
                        match s.read(buffer) {
                            Ok(0) => {
                                gone = true;
                                break;
                            }
                            Ok(n) => {
                                for f in splitter.push(&buffer[..n]) {
                                    follower.handle(now, &f);
                                }
                            }
                            Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                            Err(e) if e.kind() == ErrorKind::Interrupted => {}
                            Err(_) => {
                                gone = true;
                                break;
                            }
                        }
                    }
                    for f in follower.requests(now) {
                        gone |= s.write_all(&f).is_err_and(|e| e.kind() != ErrorKind::WouldBlock);
                    }
                } else if tried.is_none_or(|t| now.since(t) > 5_000_000) {
                    // An autopilot that was restarted comes back at the same address.
                    *tried = Some(now);
                    *io = connect(*at).ok();
                }
                if gone {
                    *io = None;
                    *splitter = Splitter::default();
                }
            }
        }
    }
}

fn connect(at: SocketAddr) -> std::io::Result<TcpStream> {
    let io = TcpStream::connect_timeout(&at, PATIENCE)?;
    io.set_nodelay(true)?;
    io.set_nonblocking(true)?;
    Ok(io)
}
