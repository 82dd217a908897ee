//! The loop: whatever comes first, then everything that is due, then everything that came of it.
//!
//! Invariant: time is looked at every 5 ms of real time at the latest, so that deadlines of a
//! clock that runs ten times as fast are kept to 50 ms of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use vedette_model::{LinkId, Mono};
use vedette_protocol::Gcs;
use vedette_protocol::route::{Filter, Router, Side};

use super::command::Command;
use super::files::Store;
use super::state::{KeyKeeper, Outlet, TlogFile};
use super::{Clock, Inspection, Output, Role};
use crate::{Links, Received};

/// Real time between two looks at the clock.
const TICK: Duration = Duration::from_millis(5);
/// Datagrams taken in one go before time is looked at again.
const BATCH: usize = 512;
/// Links opened and not taken in yet.
const EARLY_MAX: usize = 64;
/// Between two link reports, milliseconds of the station's clock.
const REPORT_MS: i64 = 1_000;

pub(super) struct Parts {
    pub(super) gcs: Gcs,
    pub(super) links: Links,
    pub(super) clock: Clock,
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) outlet: Outlet,
    pub(super) inspect: watch::Sender<Arc<Inspection>>,
    pub(super) dropped: watch::Sender<u64>,
    pub(super) log: Option<TlogFile>,
    pub(super) files: Option<Store>,
    pub(super) keys: Option<KeyKeeper>,
    /// What would be sent is dropped.
    pub(super) silent: bool,
    pub(super) alive: Arc<AtomicBool>,
    pub(super) router: Router,
    /// Links to other stations; the rest carry aircraft.
    pub(super) roles: BTreeMap<LinkId, Role>,
    /// Links that said they are up before they were taken in.
    pub(super) early: BTreeMap<LinkId, Received>,
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
                Some(command) => p.obey(command),
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
        if p.alive.swap(false, Ordering::AcqRel) {
            p.gcs.alive(now);
        }
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
    if let Some(keys) = p.keys {
        keys.end(p.gcs.end_signing()).await;
    }
}

impl Parts {
    fn obey(&mut self, command: Command) {
        let (now, _) = (self.clock)();
        match command {
            Command::Submit(request) => self.gcs.submit(now, *request),
            Command::Attach(opened, role) => {
                let link = self.links.attach(*opened);
                if let Role::Stations { commands } = role {
                    self.roles.insert(link, role);
                    self.router.set_filter(
                        link,
                        Filter {
                            read_only: !commands,
                            ..Filter::default()
                        },
                    );
                }
                if let Some(up) = self.early.remove(&link) {
                    self.take(up);
                }
            }
            Command::Remove(link) => {
                if self.links.remove(link) {
                    self.gcs.link_down(now, link, "removed by the operator");
                    self.router.link_down(link);
                    self.roles.remove(&link);
                }
            }
            Command::Block(link, peer, blocked) => self.gcs.block(link, &peer, blocked),
            Command::Policy(link, policy) => self.gcs.set_policy(link, policy),
            Command::Key(system, Some(key)) => self.gcs.set_key(system, key),
            Command::Key(system, None) => self.gcs.forget_key(system),
            Command::ChangeKey(system, key, tell) => {
                let result = self.gcs.change_key(now, system, key);
                if tell.send(result).is_err() {
                    tracing::debug!("nobody waits for the end of the key change");
                }
            }
        }
    }

    fn take(&mut self, received: Received) {
        let (now, utc) = (self.clock)();
        if !self.links.endpoints().contains_key(&received.link()) {
            // Not taken in yet, or removed: what it is for is not known (any more).
            if matches!(received, Received::Up { .. }) && self.early.len() < EARLY_MAX {
                self.early.insert(received.link(), received);
            }
            return;
        }
        match received {
            Received::Up { link, endpoint, peer } => {
                let side = self.side(link);
                self.router.link_up(now, link, side, peer.clone());
                self.gcs.link_up(now, link, &endpoint, peer);
            }
            Received::Down { link, why } => {
                self.router.link_down(link);
                self.gcs.link_down(now, link, &why);
            }
            Received::KernelDrops { link, dropped } => self.gcs.note_kernel_drops(link, dropped),
            Received::StreamFaults { link, bad_crc, junk } => self.gcs.note_stream(link, bad_crc, junk),
            Received::Datagram {
                link,
                peer,
                bytes,
                recorded,
            } => {
                let utc = recorded.unwrap_or(utc);
                if !self.roles.is_empty() {
                    self.router.handle_datagram(now, link, &peer, &bytes);
                }
                match self.side(link) {
                    Side::Aircraft => self.gcs.handle_datagram(now, utc, link, &peer, &bytes),
                    Side::Station => self.gcs.observe_station(now, utc, link, &bytes),
                }
            }
        }
    }

    fn side(&self, link: LinkId) -> Side {
        match self.roles.get(&link) {
            Some(Role::Stations { .. }) => Side::Station,
            Some(Role::Aircraft) | None => Side::Aircraft,
        }
    }

    fn drain(&mut self) {
        while let Some(t) = self.gcs.poll_transmit() {
            if self.silent {
                continue;
            }
            self.links.send(t);
        }
        while let Some(t) = self.router.poll_transmit() {
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
        for (link, counts) in self.router.counts().clone() {
            self.gcs.note_forwarded(link, counts.passed);
        }
        self.outlet.offer(Output::Links(self.gcs.link_reports()));
        self.inspect.send_replace(Arc::new(Inspection {
            rows: self.gcs.inspect(),
            peers: self.gcs.peer_reports(),
        }));
        if let Some(keys) = self.keys.as_mut().filter(|k| !k.busy())
            && let Some(memory) = self.gcs.poll_signing()
        {
            keys.save(memory);
        }
        let over = self.gcs.overflow();
        self.dropped
            .send_replace(self.outlet.dropped() + self.links.dropped() + over.events + over.transmits + over.log);
        if let Some(log) = &mut self.log {
            log.flush();
        }
    }
}
