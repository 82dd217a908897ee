//! Ears for sensors on the ground: a UDP socket for lines of JSON, one for AIVDM sentences.
//!
//! Shell. Invariant: what is not understood is counted and told once in a while, and stops nothing.
//! Every line has the length of one datagram; the inputs' queue is the only one there is.

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use crossbeam_channel::Sender;
use serde::Deserialize;
use vedette_core::Input;
use vedette_model::{Cue, Utc};
use vedette_protocol::cues::{CueError, read_aivdm, read_cue};

use crate::clock::Clock;

/// Where sensors on the ground are heard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sensors {
    /// Lines of JSON, one a datagram; see sim/scenarios/README.md.
    pub(crate) json: Option<SocketAddr>,
    /// AIVDM sentences of NMEA 0183, one or more a datagram.
    pub(crate) ais: Option<SocketAddr>,
}

/// Open ears.
pub(crate) struct Ears {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
    /// Where they listen.
    pub(crate) at: Sensors,
}

type Read = fn(&[u8], Utc) -> Result<Option<Cue>, CueError>;

impl Ears {
    /// Opens what is asked for.
    pub(crate) fn open(at: Sensors, clock: &Clock, inputs: &Sender<Input>) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut ears = Self {
            stop,
            threads: Vec::new(),
            at: Sensors::default(),
        };
        let json: Read = |line, _| read_cue(line).map(Some);
        ears.at.json = at
            .json
            .map(|a| ears.listen("json", a, json, clock, inputs))
            .transpose()?;
        ears.at.ais = at
            .ais
            .map(|a| ears.listen("ais", a, read_aivdm, clock, inputs))
            .transpose()?;
        Ok(ears)
    }

    fn listen(
        &mut self,
        what: &str,
        at: SocketAddr,
        read: Read,
        clock: &Clock,
        inputs: &Sender<Input>,
    ) -> Result<SocketAddr> {
        let open = || {
            let socket = UdpSocket::bind(at)?;
            socket.set_read_timeout(Some(Duration::from_millis(200)))?;
            let here = socket.local_addr()?;
            Ok::<_, std::io::Error>((socket, here))
        };
        let (socket, here) = open().with_context(|| format!("sensors.{what}: nobody can be heard at {at}"))?;
        let (stop, clock, inputs) = (self.stop.clone(), clock.clone(), inputs.clone());
        let thread = std::thread::Builder::new()
            .name(format!("sensors-{what}"))
            .spawn(move || hear(&socket, read, &clock, &inputs, &stop))
            .context("cannot start the thread that hears ground sensors")?;
        self.threads.push(thread);
        Ok(here)
    }

    /// Closes them.
    pub(crate) fn close(self) {
        self.stop.store(true, Ordering::Release);
        for t in self.threads {
            if t.join().is_err() {
                tracing::error!("a thread that hears ground sensors died");
            }
        }
    }
}

fn hear(socket: &UdpSocket, read: Read, clock: &Clock, inputs: &Sender<Input>, stop: &AtomicBool) {
    let mut buffer = [0u8; 4096];
    let mut odd: u64 = 0;
    while !stop.load(Ordering::Acquire) {
        let n = match socket.recv_from(&mut buffer) {
            Ok((n, _)) => n,
            Err(e)
                if matches!(
                    e.kind(),
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                ) =>
            {
                continue;
            }
            Err(e) => {
                tracing::error!("ground sensors are not heard any more: {e}");
                return;
            }
        };
        for line in buffer[..n]
            .split(|b| *b == b'\n')
            .map(<[u8]>::trim_ascii)
            .filter(|l| !l.is_empty())
        {
            match read(line, clock.utc()) {
                Ok(None) => {}
                Ok(Some(cue)) => {
                    if inputs.send(Input::Cue(cue)).is_err() {
                        return;
                    }
                }
                Err(e) => {
                    odd += 1;
                    if odd.is_power_of_two() {
                        tracing::warn!("{odd} lines of ground sensors were not understood, the last: {e}");
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two sensors and one who talks nonsense: both are heard, in whatever pieces they speak.
    #[test]
    fn sensors_are_heard_beside_nonsense() {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let (inputs, heard) = crossbeam_channel::unbounded();
        let clock = Clock::start(Clock::machine_utc(), 1.0);
        let both = Sensors {
            json: Some(any),
            ais: Some(any),
        };
        let ears = Ears::open(both, &clock, &inputs).expect("free ports");
        let (json, ais) = (ears.at.json.expect("open"), ears.at.ais.expect("open"));
        let from = UdpSocket::bind(any).expect("a port");
        let line = r#"{"sensor":"s","kind":"seismic","utc_us":1,"lat_deg":42.0,"lon_deg":1.0,"error_m":40.0}"#;
        let ship = "!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C";
        for (to, what) in [
            (json, "\u{0}\u{1}"),
            (json, &*format!("{line}\n{line}\n")),
            (ais, "$GPGGA,no"),
            (ais, &*format!("{ship}\r\n")),
        ] {
            from.send_to(what.as_bytes(), to).expect("sent");
        }
        let mut names: Vec<String> = (0..3)
            .filter_map(|_| heard.recv_timeout(Duration::from_secs(30)).ok())
            .filter_map(|i| match i {
                Input::Cue(c) => Some(c.sensor),
                _ => None,
            })
            .collect();
        names.sort();
        assert_eq!(names, ["AIS 477553000", "s", "s"]);
        let again = Sensors {
            json: Some(json),
            ais: None,
        };
        let taken = Ears::open(again, &clock, &inputs).err().expect("taken").to_string();
        assert!(
            taken.contains("sensors.json") && taken.contains(&json.port().to_string()),
            "{taken}"
        );
        ears.close();
    }
}
