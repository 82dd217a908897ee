//! The loop: whatever comes first, then everything that is due, then everything that came of it.
//!
//! Invariant: time is looked at every 5 ms of real time at the latest, so that deadlines of a
//! clock that runs ten times as fast are kept to 50 ms of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use vedette_model::Mono;
use vedette_protocol::{Gcs, InspectRow};

use super::command::Command;
use super::files::Store;
use super::state::{Outlet, TlogFile};
use super::{Clock, Output};
use crate::{Links, Received};

/// Real time between two looks at the clock.
const TICK: Duration = Duration::from_millis(5);
/// Datagrams taken in one go before time is looked at again.
const BATCH: usize = 512;
/// Between two link reports, milliseconds of the station's clock.
const REPORT_MS: i64 = 1_000;

pub(super) struct Parts {
    pub(super) gcs: Gcs,
    pub(super) links: Links,
    pub(super) clock: Clock,
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) outlet: Outlet,
    pub(super) inspect: watch::Sender<Arc<Vec<InspectRow>>>,
    pub(super) dropped: watch::Sender<u64>,
    pub(super) log: Option<TlogFile>,
    pub(super) files: Option<Store>,
}

pub(super) async fn drive(mut p: Parts) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut next_report = Mono::ZERO;
    let mut links_open = true;
    loop {
        tokio::select! {
            biased;
            command = p.commands.recv() => match command {
                Some(Command::Submit(request)) => {
                    let (now, _) = (p.clock)();
                    p.gcs.submit(now, *request);
                }
                None => break,
            },
            received = p.links.recv(), if links_open => match received {
                Some(received) => {
                    p.take(received);
                    for _ in 1..BATCH {
                        let Some(received) = p.links.try_recv() else { break };
                        p.take(received);
                    }
                }
                None => links_open = false,
            },
            _ = tick.tick() => {}
        }
        let (now, _) = (p.clock)();
        if p.gcs.poll_timeout().is_some_and(|(at, _)| now >= at) {
            p.gcs.handle_timeout(now);
        }
        p.drain();
        if now >= next_report {
            next_report = now.plus_ms(REPORT_MS);
            p.report();
        }
    }
    p.drain();
    p.report();
}

impl Parts {
    fn take(&mut self, received: Received) {
        let (now, utc) = (self.clock)();
        match received {
            Received::Up { link, endpoint, peer } => self.gcs.link_up(now, link, &endpoint, peer),
            Received::Down { link, why } => self.gcs.link_down(now, link, &why),
            Received::StreamFaults { link, bad_crc, junk } => self.gcs.note_stream(link, bad_crc, junk),
            Received::Datagram {
                link,
                peer,
                bytes,
                recorded,
            } => {
                self.gcs
                    .handle_datagram(now, recorded.unwrap_or(utc), link, &peer, &bytes);
            }
        }
    }

    fn drain(&mut self) {
        while let Some(t) = self.gcs.poll_transmit() {
            self.links.send(t);
        }
        self.outlet.retry();
        while let Some(e) = self.gcs.poll_event() {
            self.outlet.offer(Output::Vehicle(e));
        }
        while let Some(piece) = self.gcs.poll_file() {
            if let Some(files) = &mut self.files {
                files.take(piece);
            }
        }
        while let Some((at, raw)) = self.gcs.poll_log() {
            if let Some(log) = &mut self.log {
                log.write(at, &raw);
            }
        }
    }

    fn report(&mut self) {
        self.outlet.offer(Output::Links(self.gcs.link_reports()));
        self.inspect.send_replace(Arc::new(self.gcs.inspect()));
        let over = self.gcs.overflow();
        self.dropped
            .send_replace(self.outlet.dropped() + self.links.dropped() + over.events + over.transmits + over.log);
        if let Some(log) = &mut self.log {
            log.flush();
        }
    }
}
