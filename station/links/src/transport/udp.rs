//! Datagram links.
//!
//! Invariant: an error of one datagram never ends the link; the receive buffer is asked to hold
//! 4 MiB, so that a stall of some 100 ms at 10 000 datagrams a second loses nothing, and what the
//! system drops all the same is counted (`drops` in /proc/net/udp).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsRawFd;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use vedette_protocol::PeerAddr;

use super::{LinkError, Port, Received, resolve};

/// Between two looks at what the system dropped.
const DROPS_EVERY: Duration = Duration::from_secs(1);
/// Datagrams taken in one go before others get their turn.
const BURST: usize = 64;

fn raw_socket(port: &Port, local: SocketAddr, shared: bool) -> std::io::Result<socket2::Socket> {
    let socket = socket2::Socket::new(
        socket2::Domain::for_address(local),
        socket2::Type::DGRAM,
        Some(socket2::Protocol::UDP),
    )?;
    if let Err(e) = socket.set_recv_buffer_size(port.receive_buffer) {
        tracing::warn!(endpoint = %port.endpoint, "receive buffer stays small: {e}");
    }
    socket.set_nonblocking(true)?;
    if shared {
        socket.set_reuse_address(true)?;
    }
    socket.bind(&local.into())?;
    Ok(socket)
}

fn socket(port: &Port, local: SocketAddr) -> Result<UdpSocket, LinkError> {
    let fail = |e: std::io::Error| LinkError::of_socket(&port.endpoint, local.port(), e);
    let socket = raw_socket(port, local, false).map_err(fail)?;
    UdpSocket::from_std(socket.into()).map_err(fail)
}

/// The number under which the system lists a socket.
fn inode(socket: &UdpSocket) -> Option<String> {
    let link = std::fs::read_link(format!("/proc/self/fd/{}", socket.as_raw_fd())).ok()?;
    let text = link.to_str()?;
    Some(text.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())
}

/// Datagrams the system dropped for a socket since it was opened; `None` where it does not tell.
fn drops(inode: &str, v4: bool) -> Option<u64> {
    let table = std::fs::read_to_string(if v4 { "/proc/net/udp" } else { "/proc/net/udp6" }).ok()?;
    table
        .lines()
        .skip(1)
        .map(|l| l.split_ascii_whitespace().collect::<Vec<_>>())
        .find(|columns| columns.get(9) == Some(&inode))
        .and_then(|columns| columns.last()?.parse().ok())
}

/// Joins a multicast group.
pub(super) fn multicast(
    port: Port,
    group: &str,
    number: u16,
    out: mpsc::Receiver<(PeerAddr, Vec<u8>)>,
    tasks: &mut JoinSet<()>,
) -> Result<SocketAddr, LinkError> {
    let unknown = || LinkError::Group {
        endpoint: port.endpoint.to_string(),
    };
    let fail = |e: std::io::Error| LinkError::of_socket(&port.endpoint, number, e);
    let (address, interface) = match group.split_once('%') {
        Some((a, i)) => (a, Some(i)),
        None => (group, None),
    };
    let address: IpAddr = address.parse().map_err(|_| unknown())?;
    if !address.is_multicast() {
        return Err(unknown());
    }
    let to = SocketAddr::new(address, number);
    let socket = match address {
        IpAddr::V4(group) => {
            let own = match interface {
                Some(i) => i.parse().map_err(|_| unknown())?,
                None => Ipv4Addr::UNSPECIFIED,
            };
            let socket = raw_socket(&port, (Ipv4Addr::UNSPECIFIED, number).into(), true).map_err(fail)?;
            socket.join_multicast_v4(&group, &own).map_err(fail)?;
            if own != Ipv4Addr::UNSPECIFIED {
                socket.set_multicast_if_v4(&own).map_err(fail)?;
            }
            socket
        }
        IpAddr::V6(group) => {
            let own: u32 = match interface {
                Some(i) => i.parse().map_err(|_| unknown())?,
                None => 0,
            };
            let socket = raw_socket(&port, (Ipv6Addr::UNSPECIFIED, number).into(), true).map_err(fail)?;
            socket.join_multicast_v6(&group, own).map_err(fail)?;
            socket.set_multicast_if_v6(own).map_err(fail)?;
            socket
        }
    };
    let socket = UdpSocket::from_std(socket.into()).map_err(fail)?;
    let local = socket.local_addr().map_err(fail)?;
    port.up(Some(PeerAddr::new(&to.to_string())));
    tasks.spawn(run(port, socket, None, out));
    Ok(local)
}

/// Listens on a port.
pub(super) async fn listen(
    mut port: Port,
    host: &str,
    number: u16,
    out: mpsc::Receiver<(PeerAddr, Vec<u8>)>,
    tasks: &mut JoinSet<()>,
) -> Result<SocketAddr, LinkError> {
    let local = resolve(&port.endpoint, host, number).await?;
    let socket = socket(&port, local)?;
    let local = socket
        .local_addr()
        .map_err(|e| LinkError::of_socket(&port.endpoint, number, e))?;
    port.bound(local);
    port.up(None);
    tasks.spawn(run(port, socket, None, out));
    Ok(local)
}

/// Talks to one far end; datagrams of others are not taken.
pub(super) async fn connect(
    port: Port,
    host: &str,
    number: u16,
    out: mpsc::Receiver<(PeerAddr, Vec<u8>)>,
    tasks: &mut JoinSet<()>,
) -> Result<SocketAddr, LinkError> {
    let remote = resolve(&port.endpoint, host, number).await?;
    let any: SocketAddr = if remote.is_ipv4() {
        (std::net::Ipv4Addr::UNSPECIFIED, 0).into()
    } else {
        (std::net::Ipv6Addr::UNSPECIFIED, 0).into()
    };
    let socket = socket(&port, any)?;
    let fail = |e| LinkError::of_socket(&port.endpoint, number, e);
    let local = socket.local_addr().map_err(fail)?;
    port.up(Some(PeerAddr::new(&remote.to_string())));
    tasks.spawn(run(port, socket, Some(remote), out));
    Ok(local)
}

async fn run(port: Port, socket: UdpSocket, only: Option<SocketAddr>, mut out: mpsc::Receiver<(PeerAddr, Vec<u8>)>) {
    let mut buffer = vec![0_u8; 65_536];
    let number = inode(&socket);
    let v4 = socket.local_addr().is_ok_and(|a| a.is_ipv4());
    let own = socket.local_addr().ok();
    let mut dropped = 0;
    let mut look = tokio::time::interval(DROPS_EVERY);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = look.tick(), if number.is_some() => {
                let now = number.as_deref().and_then(|n| drops(n, v4)).unwrap_or(dropped);
                if now != dropped {
                    dropped = now;
                    tracing::warn!(endpoint = %port.endpoint, dropped, "the system dropped datagrams: its buffer was full");
                    port.offer(Received::KernelDrops { link: port.link, dropped });
                }
            }
            ready = socket.readable() => {
                if let Err(e) = ready {
                    port.down(&e.to_string());
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    continue;
                }
                for _ in 0..BURST {
                    match socket.try_recv_from(&mut buffer) {
                        Ok((n, from)) => {
                            // What we send to a group comes back to us.
                            if only.is_none_or(|o| o == from) && own != Some(from) {
                                port.datagram(&PeerAddr::new(&from.to_string()), &buffer[..n]);
                            }
                        }
                        Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => break,
                        // "Nobody there" about something we sent: the next datagram may do better.
                        Err(e) => {
                            tracing::debug!(endpoint = %port.endpoint, "receive: {e}");
                            break;
                        }
                    }
                }
            }
            item = out.recv() => {
                let Some((peer, bytes)) = item else {
                    return;
                };
                let Ok(to) = peer.0.parse::<SocketAddr>() else {
                    continue;
                };
                if let Err(e) = socket.send_to(&bytes, to).await {
                    tracing::debug!(endpoint = %port.endpoint, "send: {e}");
                }
            }
        }
    }
}
