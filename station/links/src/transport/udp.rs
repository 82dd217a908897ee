//! Datagram links.
//!
//! Invariant: an error of one datagram never ends the link; the receive buffer is asked to hold
//! 4 MiB, so that a stall of some 100 ms at 10 000 datagrams a second loses nothing.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use vedette_protocol::PeerAddr;

use super::{LinkError, Port, resolve};

/// SO_RCVBUF asked for; the system may grant less (`net.core.rmem_max`).
const RECEIVE_BUFFER: usize = 4 << 20;
/// Datagrams taken in one go before others get their turn.
const BURST: usize = 64;

fn socket(port: &Port, local: SocketAddr) -> Result<UdpSocket, LinkError> {
    let fail = |e: std::io::Error| LinkError::of_socket(&port.endpoint, local.port(), e);
    let socket = socket2::Socket::new(
        socket2::Domain::for_address(local),
        socket2::Type::DGRAM,
        Some(socket2::Protocol::UDP),
    )
    .map_err(fail)?;
    if let Err(e) = socket.set_recv_buffer_size(RECEIVE_BUFFER) {
        tracing::warn!(endpoint = %port.endpoint, "receive buffer stays small: {e}");
    }
    socket.set_nonblocking(true).map_err(fail)?;
    socket.bind(&local.into()).map_err(fail)?;
    UdpSocket::from_std(socket.into()).map_err(fail)
}

/// Listens on a port.
pub(super) async fn listen(
    port: Port,
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
    loop {
        tokio::select! {
            ready = socket.readable() => {
                if let Err(e) = ready {
                    port.down(&e.to_string());
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    continue;
                }
                for _ in 0..BURST {
                    match socket.try_recv_from(&mut buffer) {
                        Ok((n, from)) => {
                            if only.is_none_or(|o| o == from) {
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
