//! Serial lines: one thread reads, one writes, because the operating system's calls block.
//!
//! Invariant: a radio that is pulled out and put back works again without a restart.

use std::io::Write;
use std::time::Duration;

use serialport::SerialPort;
use tokio::sync::mpsc;
use vedette_protocol::PeerAddr;

use super::{LinkError, Port, Stream};

/// Longest wait of one read: also how fast a stale partial frame and a stop are noticed.
const READ_WAIT: Duration = Duration::from_millis(50);
/// Between two attempts to open a line that went away.
const PAUSE: Duration = Duration::from_secs(1);

/// Rates that telemetry radios and autopilots are set to, bits a second; 57600 is what radios leave the
/// factory with, 115200 what autopilots take by cable.
pub const BAUD_RATES: [u32; 8] = [9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600];

/// Serial lines this machine has now: their paths, with the maker's name where the line tells it.
#[must_use]
pub fn serial_lines() -> Vec<String> {
    if cfg!(target_os = "linux") && !std::path::Path::new("/sys/class/tty").is_dir() {
        return Vec::new();
    }
    let mut lines: Vec<String> = serialport::available_ports()
        .unwrap_or_default()
        .into_iter()
        .map(|line| match line.port_type {
            serialport::SerialPortType::UsbPort(usb) => match usb.product {
                Some(product) => format!("{} ({product})", line.port_name),
                None => line.port_name,
            },
            _ => line.port_name,
        })
        .collect();
    lines.sort();
    lines
}

fn open_line(path: &str, baud: u32) -> Result<Box<dyn SerialPort>, serialport::Error> {
    serialport::new(path, baud).timeout(READ_WAIT).open()
}

fn explain(port: &Port, path: &str, e: serialport::Error) -> LinkError {
    let endpoint = port.endpoint.to_string();
    match e.kind() {
        // A line that another program has locked is told of as one that is not there.
        serialport::ErrorKind::NoDevice if std::path::Path::new(path).exists() => LinkError::LineInUse { endpoint },
        serialport::ErrorKind::NoDevice | serialport::ErrorKind::Io(std::io::ErrorKind::NotFound) => {
            let lines = serial_lines();
            let present = if lines.is_empty() {
                "no serial line is plugged in".to_owned()
            } else {
                format!("plugged in: {}", lines.join(", "))
            };
            LinkError::NoLine { endpoint, present }
        }
        serialport::ErrorKind::Io(std::io::ErrorKind::PermissionDenied) => LinkError::Permission {
            endpoint,
            remedy: "add yourself to the group that owns the device (usually dialout) and log in again".to_owned(),
        },
        _ => LinkError::Io {
            endpoint,
            source: e.into(),
        },
    }
}

/// Opens a line and keeps it.
pub(super) fn open(
    port: Port,
    path: String,
    baud: u32,
    mut out: mpsc::Receiver<(PeerAddr, Vec<u8>)>,
) -> Result<(), LinkError> {
    let first = open_line(&path, baud).map_err(|e| explain(&port, &path, e))?;
    let peer = PeerAddr::new(&path);
    let (write_tx, write_rx) = std::sync::mpsc::sync_channel::<Box<dyn SerialPort>>(1);
    let fail = |port: &Port, source| LinkError::Io {
        endpoint: port.endpoint.to_string(),
        source,
    };
    let writer = std::thread::Builder::new().name(format!("serial out {path}"));
    writer
        .spawn(move || {
            let mut line: Option<Box<dyn SerialPort>> = None;
            while let Some((_, bytes)) = out.blocking_recv() {
                if let Ok(fresh) = write_rx.try_recv() {
                    line = Some(fresh);
                }
                if let Some(l) = &mut line
                    && let Err(e) = l.write_all(&bytes)
                {
                    tracing::debug!("serial write: {e}");
                    line = None;
                }
            }
        })
        .map_err(|e| fail(&port, e))?;
    let reader = std::thread::Builder::new().name(format!("serial in {path}"));
    let failing = port.clone();
    reader
        .spawn(move || {
            let mut next = Some(first);
            while !port.stopped() {
                let Some(mut line) = next.take().or_else(|| open_line(&path, baud).ok()) else {
                    std::thread::sleep(PAUSE);
                    continue;
                };
                match line.try_clone() {
                    Ok(twin) => {
                        if write_tx.try_send(twin).is_err() {
                            tracing::debug!("serial writer still holds the line before");
                        }
                    }
                    Err(e) => tracing::warn!("serial line cannot be written to: {e}"),
                }
                port.up(Some(peer.clone()));
                let why = read_until_it_fails(&port, &peer, line.as_mut());
                if port.stopped() {
                    return;
                }
                port.down(&why);
                std::thread::sleep(PAUSE);
            }
        })
        .map_err(|e| fail(&failing, e))?;
    Ok(())
}

fn read_until_it_fails(port: &Port, peer: &PeerAddr, line: &mut dyn SerialPort) -> String {
    let mut stream = Stream::new();
    let mut buffer = [0_u8; 2048];
    while !port.stopped() {
        match line.read(&mut buffer) {
            Ok(0) => return "the line was closed".to_owned(),
            Ok(n) => stream.take(port, peer, &buffer[..n]),
            Err(e) if e.kind() == std::io::ErrorKind::TimedOut || e.kind() == std::io::ErrorKind::Interrupted => {
                stream.take(port, peer, &[]);
            }
            Err(e) => return e.to_string(),
        }
    }
    String::new()
}
