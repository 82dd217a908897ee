//! Video for players: an RTSP 1.0 server (RFC 2326) whose streams are the same transport packets,
//! metadata and all, in RTP (RFC 2250, payload type 33), over UDP or in the RTSP connection.
//!
//! Shell. Invariant: packets and clients are bounded; a client that does not read is cut off, and
//! nothing a client sends touches a picture. Knows no cameras but by number.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Mutex;
use std::time::Duration;

use vedette_model::CameraId;

use super::{Shared, lock};
use crate::SimError;

/// Packets waiting for the server's thread; the oldest makes room and is counted.
const WAITING: usize = 4_096;
/// Clients at once; further ones are refused.
const CLIENTS: usize = 32;
/// Bytes that wait for a client that does not read; beyond them it is cut off.
const BEHIND: usize = 2 * 1024 * 1024;
/// Longest request.
const REQUEST: usize = 16 * 1024;
/// Static payload type of MPEG-2 transport streams (RFC 3551).
const MP2T: u8 = 33;

/// Transport packets of one stream at a 90 kHz time.
type Packets = (CameraId, u32, Vec<u8>);

/// Where video threads lay down packets for the server's thread; those that found no room are
/// counted.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    packets: Mutex<(VecDeque<Packets>, u64)>,
}

impl Shelf {
    /// Transport packets of one stream, at a 90 kHz time.
    pub(super) fn put(&self, camera: CameraId, pts90k: u64, packets: &[u8]) {
        let mut p = lock(&self.packets);
        if p.0.len() >= WAITING {
            p.0.pop_front();
            p.1 += 1;
        }
        p.0.push_back((camera, (pts90k & 0xFFFF_FFFF) as u32, packets.to_vec()));
    }

    /// Packets that found no room.
    pub(super) fn lost(&self) -> u64 {
        lock(&self.packets).1
    }
}

/// One track a client has set up.
#[derive(Debug, Clone, Copy)]
enum Lane {
    Udp(SocketAddr),
    /// Channel within the RTSP connection.
    Inside(u8),
}

struct Client {
    io: TcpStream,
    peer: IpAddr,
    local: SocketAddr,
    inbox: Vec<u8>,
    outbox: VecDeque<u8>,
    session: u32,
    track: Option<(CameraId, Lane)>,
    playing: bool,
}

/// The server.
pub(super) struct Server {
    listener: TcpListener,
    /// RTP and RTCP, neighbouring ports.
    udp: (UdpSocket, UdpSocket),
    cameras: Vec<CameraId>,
    clients: Vec<Client>,
    /// RTP sequence number of each stream.
    sequence: Vec<u16>,
    sessions: u32,
}

/// Two sockets on neighbouring ports, the first even (RFC 3550, section 11).
fn pair(host: IpAddr) -> std::io::Result<(UdpSocket, UdpSocket)> {
    let mut last = std::io::Error::from(ErrorKind::AddrInUse);
    for _ in 0..64 {
        let a = UdpSocket::bind((host, 0))?;
        let port = a.local_addr()?.port();
        if port % 2 == 1 || port == u16::MAX {
            continue;
        }
        match UdpSocket::bind((host, port + 1)) {
            Ok(b) => {
                b.set_nonblocking(true)?;
                return Ok((a, b));
            }
            Err(e) => last = e,
        }
    }
    Err(last)
}

impl Server {
    pub(super) fn open(at: SocketAddr, cameras: Vec<CameraId>) -> Result<Self, SimError> {
        let fail = |e: std::io::Error| SimError::Shell {
            what: format!("video cannot be served at rtsp://{at}: {e}; free the port or choose another with --video"),
            source: Some(Box::new(e)),
        };
        let listener = TcpListener::bind(at).map_err(fail)?;
        listener.set_nonblocking(true).map_err(fail)?;
        let any = if at.is_ipv4() {
            IpAddr::V4(Ipv4Addr::UNSPECIFIED)
        } else {
            IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED)
        };
        Ok(Self {
            udp: pair(any).map_err(fail)?,
            listener,
            sequence: vec![0; cameras.len()],
            cameras,
            clients: Vec::new(),
            sessions: 0,
        })
    }

    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.listener.local_addr().ok()
    }

    fn port(&self) -> u16 {
        self.udp.0.local_addr().map_or(0, |a| a.port())
    }

    fn accept(&mut self) {
        while let Ok((io, from)) = self.listener.accept() {
            let ready = io.set_nonblocking(true).is_ok() && io.set_nodelay(true).is_ok();
            let (Ok(local), true) = (io.local_addr(), ready && self.clients.len() < CLIENTS) else {
                continue;
            };
            self.sessions = self.sessions.wrapping_add(0x9E37_79B1);
            self.clients.push(Client {
                io,
                peer: from.ip(),
                local,
                inbox: Vec::new(),
                outbox: VecDeque::new(),
                session: self.sessions,
                track: None,
                playing: false,
            });
        }
    }

    /// One packet of transport stream to everybody who plays it.
    fn spread(&mut self, camera: CameraId, pts: u32, packets: &[u8]) {
        let Some(k) = self.cameras.iter().position(|c| *c == camera) else {
            return;
        };
        self.sequence[k] = self.sequence[k].wrapping_add(1);
        let mut rtp = Vec::with_capacity(12 + packets.len());
        rtp.extend_from_slice(&[0x80, MP2T]);
        rtp.extend_from_slice(&self.sequence[k].to_be_bytes());
        rtp.extend_from_slice(&pts.to_be_bytes());
        rtp.extend_from_slice(&(0x5EED_0000 | camera.0).to_be_bytes());
        rtp.extend_from_slice(packets);
        for c in &mut self.clients {
            match c.track {
                Some((id, lane)) if id == camera && c.playing => match lane {
                    Lane::Udp(to) => {
                        // A port that is closed at the other end is not our error.
                        drop(self.udp.0.send_to(&rtp, to));
                    }
                    Lane::Inside(channel) => {
                        c.outbox.extend([b'$', channel]);
                        c.outbox.extend((rtp.len() as u16).to_be_bytes());
                        c.outbox.extend(&rtp);
                    }
                },
                _ => {}
            }
        }
    }

    fn serve(&mut self) {
        let (port, cameras) = (self.port(), &self.cameras);
        self.clients.retain_mut(|c| {
            let gone = c.read().is_err();
            while let Some(request) = c.request() {
                let answer = c.answer(&request, cameras, port);
                c.outbox.extend(answer.bytes());
            }
            !gone && c.inbox.len() <= REQUEST && c.write().is_ok() && c.outbox.len() <= BEHIND
        });
        // Receivers' reports (RTCP) are taken and left unread.
        let mut b = [0_u8; 1_500];
        while self.udp.1.recv_from(&mut b).is_ok() {}
    }
}

/// Serves until told to stop.
pub(super) fn run(sh: &Shared, mut server: Server) {
    while !sh.stopped() {
        server.accept();
        server.serve();
        let packets = std::mem::take(&mut lock(&sh.shelf.packets).0);
        for (camera, pts, bytes) in packets {
            server.spread(camera, pts, &bytes);
        }
        server.clients.retain_mut(|c| c.write().is_ok());
        lock(&sh.stats).players_lost = sh.shelf.lost();
        std::thread::sleep(Duration::from_millis(3));
    }
}

impl Client {
    fn read(&mut self) -> Result<(), ()> {
        let mut b = [0_u8; 4_096];
        while self.inbox.len() <= REQUEST {
            match self.io.read(&mut b) {
                Ok(0) => return Err(()),
                Ok(n) => self.inbox.extend_from_slice(&b[..n]),
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Err(()),
            }
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), ()> {
        while !self.outbox.is_empty() {
            let (head, _) = self.outbox.as_slices();
            match self.io.write(head) {
                Ok(0) => return Err(()),
                Ok(n) => {
                    self.outbox.drain(..n);
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Err(()),
            }
        }
        Ok(())
    }

    /// The next whole request; what a client sends inside the connection besides (RTCP) is left
    /// out.
    fn request(&mut self) -> Option<String> {
        while self.inbox.first() == Some(&b'$') {
            let n = 4 + usize::from(u16::from_be_bytes([*self.inbox.get(2)?, *self.inbox.get(3)?]));
            if self.inbox.len() < n {
                return None;
            }
            self.inbox.drain(..n);
        }
        let end = self.inbox.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
        let head = String::from_utf8_lossy(&self.inbox[..end]).into_owned();
        let body = header(&head, "content-length")
            .and_then(|n| n.parse::<usize>().ok())
            .unwrap_or(0);
        if self.inbox.len() < end + body.min(REQUEST) {
            return None;
        }
        self.inbox.drain(..end + body.min(REQUEST));
        Some(head)
    }

    fn answer(&mut self, request: &str, cameras: &[CameraId], port: u16) -> String {
        let mut first = request.lines().next().unwrap_or_default().split_whitespace();
        let (method, url) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
        let seq = header(request, "cseq").unwrap_or("0");
        let reply = |status: &str, more: &str, body: &str| {
            format!("RTSP/1.0 {status}\r\nCSeq: {seq}\r\nServer: Vedette\r\n{more}\r\n{body}")
        };
        let session = format!("Session: {:08X};timeout=60\r\n", self.session);
        let camera = camera(url).filter(|c| cameras.contains(c));
        match method {
            "OPTIONS" => reply(
                "200 OK",
                "Public: OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER\r\n",
                "",
            ),
            "DESCRIBE" | "SETUP" if camera.is_none() => reply("404 Not Found", "", ""),
            "DESCRIBE" => {
                let id = camera.map_or(0, |c| c.0);
                let host = self.local.ip();
                let family = if host.is_ipv4() { "IP4" } else { "IP6" };
                let sdp = format!(
                    "v=0\r\no=- {id} 1 IN {family} {host}\r\ns=camera {id}\r\nc=IN {family} {}\r\nt=0 0\r\n\
                     a=control:*\r\nm=video 0 RTP/AVP {MP2T}\r\na=rtpmap:{MP2T} MP2T/90000\r\na=control:track0\r\n",
                    if host.is_ipv4() { "0.0.0.0" } else { "::" }
                );
                let more = format!(
                    "Content-Base: rtsp://{}/{id}/\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n",
                    self.local,
                    sdp.len()
                );
                reply("200 OK", &more, &sdp)
            }
            "SETUP" => {
                let asked = header(request, "transport").unwrap_or_default();
                let Some((lane, told)) = self.lane(asked, port) else {
                    return reply("461 Unsupported Transport", "", "");
                };
                self.track = camera.map(|c| (c, lane));
                reply("200 OK", &format!("Transport: {told}\r\n{session}"), "")
            }
            "PLAY" | "PAUSE" if self.track.is_none() => reply("455 Method Not Valid in This State", "", ""),
            "PLAY" => {
                self.playing = true;
                reply("200 OK", &format!("{session}Range: npt=now-\r\n"), "")
            }
            "PAUSE" => {
                self.playing = false;
                reply("200 OK", &session, "")
            }
            "TEARDOWN" => {
                self.playing = false;
                self.track = None;
                reply("200 OK", &session, "")
            }
            "GET_PARAMETER" | "SET_PARAMETER" => reply("200 OK", &session, ""),
            _ => reply("501 Not Implemented", "", ""),
        }
    }

    /// What of the client's transports can be had: the first of its list that we know.
    fn lane(&self, asked: &str, port: u16) -> Option<(Lane, String)> {
        asked.split(',').find_map(|t| {
            let numbers = |key: &str| -> Option<(u16, u16)> {
                let v = t.split(';').find_map(|p| p.trim().strip_prefix(key))?;
                let (a, b) = v.split_once('-').unwrap_or((v, v));
                Some((a.trim().parse().ok()?, b.trim().parse().ok()?))
            };
            if t.contains("multicast") {
                return None;
            }
            if t.trim().starts_with("RTP/AVP/TCP") {
                let (a, b) = numbers("interleaved=").unwrap_or((0, 1));
                let channel = u8::try_from(a).ok()?;
                return Some((
                    Lane::Inside(channel),
                    format!("RTP/AVP/TCP;unicast;interleaved={a}-{b}"),
                ));
            }
            let (a, b) = numbers("client_port=")?;
            // Only to who asked: nobody can be flooded by another's request.
            Some((
                Lane::Udp(SocketAddr::new(self.peer, a)),
                format!("RTP/AVP;unicast;client_port={a}-{b};server_port={port}-{}", port + 1),
            ))
        })
    }
}

/// A header's value; names of headers know no case.
fn header<'r>(request: &'r str, name: &str) -> Option<&'r str> {
    request.lines().skip(1).find_map(|l| {
        let (k, v) = l.split_once(':')?;
        k.trim().eq_ignore_ascii_case(name).then_some(v.trim())
    })
}

/// The camera of a URL: its path's first part, as `rtsp://HOST:PORT/11`.
fn camera(url: &str) -> Option<CameraId> {
    let path = url
        .strip_prefix("rtsp://")
        .map_or(url, |u| u.split_once('/').map_or("", |p| p.1));
    let first = path.trim_start_matches('/').split(['/', '?']).next()?;
    first.parse().ok().map(CameraId)
}
