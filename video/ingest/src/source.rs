//! Where bytes come from: a UDP port, a file, or a sender that is called (TCP, SRT, RTSP).
//! Invariant: transport stream bytes come out exactly as they came in; only the RTP header of a datagram that has one
//! (RFC 2250) is taken off. Pictures in plain RTP are put into a transport stream unchanged ([`crate::pull`]).

use crate::pull::{Call, Pull, Tcp};
use crate::{IngestError, file_error};
use std::fs::File;
use std::io::Read;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use vedette_klv::VideoCodec;

/// Receive buffer asked of the system: four seconds of a 16 Mbit/s stream, so that a slow disk loses nothing.
const RECEIVE_BUFFER: usize = 8 * 1024 * 1024;
/// Bytes read from a file at once: whole packets.
const FILE_CHUNK: usize = 188 * 32;

/// A video source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceSpec {
    /// MPEG-TS in UDP datagrams; a multicast address is joined.
    Udp(SocketAddr),
    /// An MPEG-TS file, read at the speed of its clock or as fast as it can be decoded.
    File {
        /// Path.
        path: PathBuf,
        /// At the speed of its clock.
        paced: bool,
    },
    /// H.264 (RFC 6184) or H.265 (RFC 7798) in plain RTP over UDP, without a session; a multicast address is joined.
    Rtp {
        /// Where it is awaited.
        address: SocketAddr,
        /// What the packets hold, as nothing in them says.
        codec: VideoCodec,
    },
    /// MPEG-TS from a TCP server, `HOST:PORT`; called again when it breaks.
    Tcp(String),
    /// MPEG-TS over SRT, `srt://HOST:PORT?…`; called again when it breaks.
    Srt(String),
    /// An RTSP camera; H.264, H.265 and KLV streams, or a transport stream; called again when it breaks.
    Rtsp {
        /// `rtsp://…`
        url: String,
        /// Over TCP only; else UDP is tried first.
        tcp: bool,
    },
}

impl FromStr for SourceSpec {
    type Err = IngestError;

    /// `udp://HOST:PORT` (`udp://@:PORT` for any address), `rtp://HOST:PORT?codec=h264` (or `h265`, both likewise),
    /// `tcp://HOST:PORT`, `srt://HOST:PORT`, `rtsp://…` (`rtspt://…` over TCP only), `file:PATH` at real speed,
    /// `file-fast:PATH` unpaced.
    fn from_str(text: &str) -> Result<Self, IngestError> {
        let bad = |why: &str| IngestError::BadSource {
            text: text.to_owned(),
            why: why.to_owned(),
        };
        let awaited = |address: &str| {
            let address = address.strip_prefix('@').unwrap_or(address);
            let address = if address.starts_with(':') {
                format!("0.0.0.0{address}")
            } else {
                address.to_owned()
            };
            let first = address.to_socket_addrs().ok().and_then(|mut a| a.next());
            first.ok_or_else(|| bad("not a host and port"))
        };
        if let Some(address) = text.strip_prefix("udp://") {
            return awaited(address).map(SourceSpec::Udp);
        }
        if let Some(rest) = text.strip_prefix("rtp://") {
            let (address, codec) = match rest.split_once('?') {
                None | Some((_, "codec=h264")) => (rest, VideoCodec::H264),
                Some((_, "codec=h265")) => (rest, VideoCodec::H265),
                Some(_) => return Err(bad("after `?` only codec=h264 or codec=h265 is known")),
            };
            let address = awaited(address.split('?').next().unwrap_or_default())?;
            return Ok(SourceSpec::Rtp { address, codec });
        }
        let named = |rest: &str| {
            rest.rsplit_once(':')
                .is_some_and(|(h, p)| !h.is_empty() && p.parse::<u16>().is_ok())
        };
        if let Some(address) = text.strip_prefix("tcp://") {
            return if named(address) {
                Ok(SourceSpec::Tcp(address.to_owned()))
            } else {
                Err(bad("not a host and port"))
            };
        }
        if let Some(rest) = text.strip_prefix("srt://") {
            return if named(rest.split('?').next().unwrap_or_default()) {
                Ok(SourceSpec::Srt(text.to_owned()))
            } else {
                Err(bad("not a host and port"))
            };
        }
        for (prefix, tcp) in [("rtsp://", false), ("rtspt://", true)] {
            if let Some(rest) = text.strip_prefix(prefix).filter(|r| !r.is_empty()) {
                return Ok(SourceSpec::Rtsp {
                    url: format!("rtsp://{rest}"),
                    tcp,
                });
            }
        }
        for (prefix, paced) in [("file-fast:", false), ("file:", true)] {
            if let Some(path) = text.strip_prefix(prefix) {
                return Ok(SourceSpec::File {
                    path: PathBuf::from(path.strip_prefix("//").unwrap_or(path)),
                    paced,
                });
            }
        }
        Err(bad("unknown kind of source"))
    }
}

/// What a read gave.
pub(crate) enum Batch {
    /// Transport stream bytes in this part of the buffer.
    Bytes { from: usize, to: usize },
    /// Nothing for a moment.
    Idle,
    /// The file is over.
    End,
}

/// An open source.
pub(crate) enum Source {
    Udp(UdpSocket),
    File { file: File, paced: bool },
    Tcp(Tcp),
    Pull(Pull),
}

impl Source {
    pub(crate) fn open(spec: &SourceSpec) -> Result<Self, IngestError> {
        match spec {
            SourceSpec::Udp(address) => {
                let bind = |source| IngestError::Bind {
                    address: address.to_string(),
                    source,
                };
                let socket = socket2::Socket::new(
                    socket2::Domain::for_address(*address),
                    socket2::Type::DGRAM,
                    Some(socket2::Protocol::UDP),
                )
                .map_err(bind)?;
                if let Err(e) = socket.set_recv_buffer_size(RECEIVE_BUFFER) {
                    tracing::warn!("{address}: receive buffer stays small: {e}");
                }
                let multicast = address.ip().is_multicast();
                if multicast {
                    socket.set_reuse_address(true).map_err(bind)?;
                }
                socket.bind(&(*address).into()).map_err(bind)?;
                if multicast {
                    match address.ip() {
                        IpAddr::V4(group) => socket.join_multicast_v4(&group, &std::net::Ipv4Addr::UNSPECIFIED),
                        IpAddr::V6(group) => socket.join_multicast_v6(&group, 0),
                    }
                    .map_err(bind)?;
                }
                let socket = UdpSocket::from(socket);
                socket.set_read_timeout(Some(Duration::from_millis(15))).map_err(bind)?;
                Ok(Source::Udp(socket))
            }
            SourceSpec::File { path, paced } => Ok(Source::File {
                file: File::open(path).map_err(file_error(path))?,
                paced: *paced,
            }),
            SourceSpec::Rtp { address, codec } => Pull::new(Call::Rtp {
                address: *address,
                codec: *codec,
            })
            .map(Source::Pull),
            SourceSpec::Tcp(address) => Ok(Source::Tcp(Tcp::new(address))),
            SourceSpec::Srt(url) => Pull::new(Call::Srt(url.clone())).map(Source::Pull),
            SourceSpec::Rtsp { url, tcp } => Pull::new(Call::Rtsp {
                url: url.clone(),
                tcp: *tcp,
            })
            .map(Source::Pull),
        }
    }

    pub(crate) fn local_address(&self) -> Option<SocketAddr> {
        match self {
            Source::Udp(socket) => socket.local_addr().ok(),
            Source::File { .. } | Source::Tcp(_) | Source::Pull(_) => None,
        }
    }

    /// When a picture was taken by the sender's reports, microseconds since 1970, and how far these were apart.
    pub(crate) fn taken(&self, pts90k: u64) -> Option<(u64, i64)> {
        match self {
            Source::Pull(pull) => pull.taken(pts90k),
            Source::Udp(_) | Source::File { .. } | Source::Tcp(_) => None,
        }
    }

    pub(crate) fn live(&self) -> bool {
        !matches!(self, Source::File { paced: false, .. })
    }

    pub(crate) fn paced(&self) -> bool {
        matches!(self, Source::File { paced: true, .. })
    }

    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<Batch> {
        use std::io::ErrorKind::{ConnectionRefused, Interrupted, TimedOut, WouldBlock};
        match self {
            Source::Udp(socket) => match socket.recv(buffer) {
                Ok(0) => Ok(Batch::Idle),
                Ok(n) => Ok(Batch::Bytes {
                    from: rtp_header(&buffer[..n]),
                    to: n,
                }),
                Err(e) if matches!(e.kind(), WouldBlock | TimedOut | Interrupted | ConnectionRefused) => {
                    Ok(Batch::Idle)
                }
                Err(e) => Err(e),
            },
            Source::Tcp(tcp) => Ok(tcp.read(buffer)),
            Source::Pull(pull) => Ok(pull.read(buffer)),
            Source::File { file, .. } => {
                let wanted = buffer.len().min(FILE_CHUNK);
                match file.read(&mut buffer[..wanted])? {
                    0 => Ok(Batch::End),
                    n => Ok(Batch::Bytes { from: 0, to: n }),
                }
            }
        }
    }
}

/// Length of the RTP header in front of transport packets (RFC 3550, RFC 2250), 0 when there is none.
fn rtp_header(datagram: &[u8]) -> usize {
    let Some(first) = datagram.first() else {
        return 0;
    };
    if *first == vedette_klv::ts::SYNC || first >> 6 != 2 {
        return 0;
    }
    let mut length = 12 + 4 * usize::from(first & 0x0f);
    if first & 0x10 != 0 {
        let words = datagram
            .get(length + 2..length + 4)
            .map_or(0, |w| u16::from_be_bytes([w[0], w[1]]));
        length += 4 + 4 * usize::from(words);
    }
    if datagram.get(length) == Some(&vedette_klv::ts::SYNC) {
        length
    } else {
        0
    }
}
