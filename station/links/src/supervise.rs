//! Keeps a station going: its program runs as a child that says it is well; one that freezes or
//! falls is ended and started anew.
//!
//! Invariant: a child that was well and then silent for [`SILENCE_MS`] is replaced at once; a program
//! that cannot stay up is given up aloud instead of being started for ever; a child that ends by
//! itself with success ends the supervision. [`Watch`] decides and knows no clock; [`supervise`] is
//! its shell.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use tokio::net::UdpSocket;
use vedette_model::Mono;

use crate::Clock;

/// Silence of a child that was well before, milliseconds: frozen. With the shell's step of 50 ms the
/// next child starts well within two seconds of the last sign (reliability table, row 18).
pub const SILENCE_MS: i64 = 1_500;
/// A new child's first sign may take this long, milliseconds: it loads its world first.
pub const START_MS: i64 = 60_000;
/// Starts within [`STRIKES_MS`] after which it is given up.
pub const STRIKES: usize = 4;
/// See [`STRIKES`], milliseconds.
pub const STRIKES_MS: i64 = 120_000;
/// Between two signs a child sends, milliseconds.
const BEAT_MS: i64 = 200;
/// The shell's step.
const STEP: Duration = Duration::from_millis(50);
/// Where a child sends its signs: `ADDRESS/GENERATION`.
const VARIABLE: &str = "VEDETTE_SUPERVISOR";

/// What to do with the child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// End it if it still runs and start another, for this reason.
    Restart(String),
    /// Do not start it again.
    GiveUp(String),
}

/// Decides when a child is replaced.
#[derive(Debug)]
pub struct Watch {
    started: Mono,
    heard: Option<Mono>,
    starts: VecDeque<Mono>,
}

impl Watch {
    /// The first child was started.
    #[must_use]
    pub fn new(now: Mono) -> Self {
        Self {
            started: now,
            heard: None,
            starts: VecDeque::from([now]),
        }
    }

    /// The child says it is well.
    pub fn well(&mut self, now: Mono) {
        self.heard = Some(now);
    }

    /// Looks at the clock: `Some` when the child has to be replaced.
    pub fn poll(&mut self, now: Mono) -> Option<Act> {
        let why = match self.heard {
            Some(heard) if now.since(heard) >= SILENCE_MS * 1000 => {
                format!("the station gave no sign for {} ms", now.since(heard) / 1000)
            }
            None if now.since(self.started) >= START_MS * 1000 => {
                format!("the station did not come up within {} s", START_MS / 1000)
            }
            _ => return None,
        };
        Some(self.again(now, why))
    }

    /// The child ended by itself and not as it should.
    pub fn fell(&mut self, now: Mono, how: &str) -> Act {
        self.again(now, format!("the station ended by itself ({how})"))
    }

    fn again(&mut self, now: Mono, why: String) -> Act {
        self.starts.retain(|t| now.since(*t) < STRIKES_MS * 1000);
        if self.starts.len() >= STRIKES {
            return Act::GiveUp(format!(
                "{why}; started {STRIKES} times in {} s: look at its log, then start it by hand",
                STRIKES_MS / 1000
            ));
        }
        self.starts.push_back(now);
        self.started = now;
        self.heard = None;
        Act::Restart(why)
    }
}

/// This process was started by a supervisor.
#[must_use]
pub fn child_of_supervisor() -> bool {
    std::env::var_os(VARIABLE).is_some()
}

/// A supervised station's line to its supervisor; silent where there is none.
#[derive(Debug)]
pub struct Sign {
    socket: Option<std::net::UdpSocket>,
    word: Vec<u8>,
    last: std::sync::Mutex<Option<Mono>>,
}

impl Sign {
    /// From the environment a supervisor gave us.
    #[must_use]
    pub fn of_environment() -> Self {
        let told = std::env::var(VARIABLE).ok();
        let socket = told.as_deref().and_then(|t| {
            let address: SocketAddr = t.split('/').next()?.parse().ok()?;
            let socket = std::net::UdpSocket::bind(("127.0.0.1", 0)).ok()?;
            socket.set_nonblocking(true).ok()?;
            socket.connect(address).ok()?;
            Some(socket)
        });
        if let (Some(t), None) = (&told, &socket) {
            tracing::warn!("{VARIABLE}={t} names no supervisor that can be reached; this station is not supervised");
        }
        let word = told.as_deref().and_then(|t| t.split('/').nth(1)).unwrap_or("");
        Self {
            socket,
            word: word.as_bytes().to_vec(),
            last: std::sync::Mutex::new(None),
        }
    }

    /// The station is well. Cheap; sent five times a second at most.
    pub fn well(&self, now: Mono) {
        let (Some(socket), Ok(mut last)) = (&self.socket, self.last.lock()) else {
            return;
        };
        if last.is_none_or(|t| now.since(t) >= BEAT_MS * 1000) {
            *last = Some(now);
            if let Err(e) = socket.send(&self.word) {
                tracing::debug!("no sign to the supervisor: {e}");
            }
        }
    }
}

/// Runs `program` under supervision until it ends by itself, is given up, or the operator stops it
/// (Ctrl-C, which reaches the child as well). `tell` gets what happened, in words. The child's exit
/// code, or 1 when it was given up. Must be called inside a tokio runtime.
///
/// # Errors
/// The program cannot be started or the loopback cannot be used.
pub async fn supervise(
    mut program: impl FnMut() -> Command,
    clock: Clock,
    mut tell: impl FnMut(&str),
) -> std::io::Result<u8> {
    let socket = UdpSocket::bind(("127.0.0.1", 0)).await?;
    let address = socket.local_addr()?;
    let now = || clock().0;
    let mut generation = 0_u32;
    let mut start = |generation: u32| program().env(VARIABLE, format!("{address}/{generation}")).spawn();
    let mut child = start(generation)?;
    let mut watch = Watch::new(now());
    let mut stopping = false;
    let mut tick = tokio::time::interval(STEP);
    let mut buffer = [0_u8; 32];
    let interrupt = tokio::signal::ctrl_c();
    tokio::pin!(interrupt);
    loop {
        tokio::select! {
            got = socket.recv(&mut buffer) => {
                let word = got.ok().and_then(|n| buffer.get(..n));
                if word == Some(generation.to_string().as_bytes()) {
                    watch.well(now());
                }
                continue;
            }
            _ = tick.tick() => {}
            _ = &mut interrupt, if !stopping => stopping = true,
        }
        let act = match child.try_wait()? {
            Some(status) if status.success() || stopping => {
                return Ok(status.code().and_then(|c| u8::try_from(c).ok()).unwrap_or(1));
            }
            // Wrong usage and a lacking machine (2, 3) do not get better by trying again.
            Some(status) if matches!(status.code(), Some(2 | 3)) => {
                return Ok(status.code().and_then(|c| u8::try_from(c).ok()).unwrap_or(1));
            }
            Some(status) => Some(watch.fell(now(), &status.to_string())),
            None if stopping => None,
            None => watch.poll(now()),
        };
        match act {
            None => {}
            Some(Act::Restart(why)) => {
                end(&mut child);
                tell(&format!("{why}; it is started anew"));
                generation += 1;
                child = start(generation)?;
            }
            Some(Act::GiveUp(why)) => {
                end(&mut child);
                tell(&why);
                return Ok(1);
            }
        }
    }
}

/// A frozen child does not hear anything gentler.
fn end(child: &mut std::process::Child) {
    if let Err(e) = child.kill() {
        tracing::debug!("the station was gone already: {e}");
    }
    if let Err(e) = child.wait() {
        tracing::warn!("the old station cannot be waited for: {e}");
    }
}
