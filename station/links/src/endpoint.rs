//! Endpoints as people write them: `udpin:HOST:PORT`, `udpout:HOST:PORT`,
//! `udpmcast:GROUP:PORT`, `tcp:HOST:PORT`, `tcpin:HOST:PORT`, `serial:PATH:BAUD`, `tlog:FILE`.
//!
//! Invariant: what parses prints back the same; an error is one sentence that says what is wrong
//! and what to write instead.

use std::path::PathBuf;
use std::str::FromStr;

/// One way to reach aircraft.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Endpoint {
    /// Listens for datagrams; answers go to whoever sent valid frames.
    UdpIn {
        /// Local address or name.
        host: String,
        /// Local port; 0 lets the system choose.
        port: u16,
    },
    /// Sends datagrams to a known place.
    UdpOut {
        /// Remote address or name.
        host: String,
        /// Remote port.
        port: u16,
    },
    /// Listens to a multicast group and sends to it; answers go to whoever sent valid frames.
    UdpMulticast {
        /// Group address, with the interface behind `%` where it matters: its address for IPv4
        /// (`239.0.0.1%192.168.1.2`), its number for IPv6 (`ff12::7%2`).
        group: String,
        /// Port.
        port: u16,
    },
    /// Connects, and again when the connection is lost.
    Tcp {
        /// Remote address or name.
        host: String,
        /// Remote port.
        port: u16,
    },
    /// Accepts any number of connections.
    TcpIn {
        /// Local address or name.
        host: String,
        /// Local port; 0 lets the system choose.
        port: u16,
    },
    /// A telemetry radio.
    Serial {
        /// Device.
        path: String,
        /// Bits a second.
        baud: u32,
    },
    /// A recording, played at its own pace when a clock is given.
    Tlog {
        /// File.
        path: PathBuf,
    },
}

/// Why an endpoint was not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// First word unknown or missing.
    #[error(
        "\"{0}\" is no endpoint; write udpin:HOST:PORT, udpout:HOST:PORT, udpmcast:GROUP:PORT, tcp:HOST:PORT, tcpin:HOST:PORT, serial:PATH:BAUD or tlog:FILE"
    )]
    Kind(String),
    /// Host or port missing.
    #[error("\"{text}\" has no port; write {kind}:HOST:PORT, for example {kind}:127.0.0.1:14550")]
    NoPort {
        /// As written.
        text: String,
        /// First word.
        kind: String,
    },
    /// Port not a number in range.
    #[error("\"{port}\" in \"{text}\" is no port; write a number from {least} to 65535")]
    Port {
        /// As written.
        text: String,
        /// The part.
        port: String,
        /// 0 for listeners, 1 for the rest.
        least: u16,
    },
    /// Baud missing or no number.
    #[error("\"{0}\" has no baud rate; write serial:PATH:BAUD, for example serial:/dev/ttyUSB0:57600 (usual rates: {rates})", rates = usual_rates())]
    Baud(String),
    /// Nothing after the colon.
    #[error("\"{0}\" names no file; write tlog:FILE, for example tlog:flight.tlog")]
    File(String),
}

fn usual_rates() -> String {
    crate::BAUD_RATES.map(|r| r.to_string()).join(", ")
}

impl FromStr for Endpoint {
    type Err = EndpointError;
    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let text = text.trim();
        let (kind, rest) = text
            .split_once(':')
            .ok_or_else(|| EndpointError::Kind(text.to_owned()))?;
        let socket = |least: u16| -> Result<(String, u16), EndpointError> {
            let no_port = || EndpointError::NoPort {
                text: text.to_owned(),
                kind: kind.to_owned(),
            };
            let (host, port) = rest.rsplit_once(':').ok_or_else(no_port)?;
            if host.is_empty() || port.is_empty() {
                return Err(no_port());
            }
            // [::1]:14550 is how IPv6 addresses are written.
            let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
            match port.parse::<u16>() {
                Ok(p) if p >= least => Ok((host.to_owned(), p)),
                _ => Err(EndpointError::Port {
                    text: text.to_owned(),
                    port: port.to_owned(),
                    least,
                }),
            }
        };
        match kind {
            "udpin" => socket(0).map(|(host, port)| Self::UdpIn { host, port }),
            "udpout" => socket(1).map(|(host, port)| Self::UdpOut { host, port }),
            "udpmcast" => socket(1).map(|(group, port)| Self::UdpMulticast { group, port }),
            "tcp" => socket(1).map(|(host, port)| Self::Tcp { host, port }),
            "tcpin" => socket(0).map(|(host, port)| Self::TcpIn { host, port }),
            "serial" => {
                let bad = || EndpointError::Baud(text.to_owned());
                let (path, baud) = rest.rsplit_once(':').ok_or_else(bad)?;
                let baud = baud.parse::<u32>().ok().filter(|b| *b > 0).ok_or_else(bad)?;
                if path.is_empty() {
                    return Err(bad());
                }
                Ok(Self::Serial {
                    path: path.to_owned(),
                    baud,
                })
            }
            "tlog" if rest.is_empty() => Err(EndpointError::File(text.to_owned())),
            "tlog" => Ok(Self::Tlog { path: rest.into() }),
            _ => Err(EndpointError::Kind(text.to_owned())),
        }
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let socket = |f: &mut std::fmt::Formatter<'_>, kind: &str, host: &str, port: u16| {
            if host.contains(':') {
                write!(f, "{kind}:[{host}]:{port}")
            } else {
                write!(f, "{kind}:{host}:{port}")
            }
        };
        match self {
            Self::UdpIn { host, port } => socket(f, "udpin", host, *port),
            Self::UdpOut { host, port } => socket(f, "udpout", host, *port),
            Self::UdpMulticast { group, port } => socket(f, "udpmcast", group, *port),
            Self::Tcp { host, port } => socket(f, "tcp", host, *port),
            Self::TcpIn { host, port } => socket(f, "tcpin", host, *port),
            Self::Serial { path, baud } => write!(f, "serial:{path}:{baud}"),
            Self::Tlog { path } => write!(f, "tlog:{}", path.display()),
        }
    }
}
