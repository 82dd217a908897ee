//! A router without a console: links on one side, links on the other, frames passed between.
//!
//! Invariant: takes part in nothing: it sends no frame of its own.

use std::net::SocketAddr;
use std::time::Duration;

use vedette_model::{LinkId, LinkState};
use vedette_protocol::route::{Filter, RouteCounts, Router, Side};

use crate::{Clock, Endpoint, LinkError, Links, OpenOptions, Received};

/// Between two tables.
const TABLE_EVERY: Duration = Duration::from_secs(1);
/// Datagrams taken in one go before others get their turn.
const BATCH: usize = 512;

/// One link of the router.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayLine {
    /// Number.
    pub link: LinkId,
    /// As given.
    pub endpoint: String,
    /// Works, or why not.
    pub state: LinkState,
    /// Towards stations.
    pub station: bool,
    /// What became of its frames.
    pub counts: RouteCounts,
    /// Datagrams the system dropped.
    pub kernel_drops: u64,
}

/// The router.
#[derive(Debug)]
pub struct Relay {
    links: Links,
    router: Router,
    lines: Vec<RelayLine>,
}

impl Relay {
    /// Opens all links: `aircraft` are not passed on to each other, `stations` get everything.
    /// With no station at all every link is one, as the routing guide has it. Must be called inside
    /// a tokio runtime.
    ///
    /// # Errors
    /// [`LinkError`] of the first endpoint that cannot be opened.
    pub async fn open(
        aircraft: &[Endpoint],
        stations: &[Endpoint],
        filter: &Filter,
        options: &OpenOptions,
    ) -> Result<Self, LinkError> {
        let all: Vec<Endpoint> = aircraft.iter().chain(stations).cloned().collect();
        let links = Links::open(&all, options).await?;
        let mut router = Router::new();
        let mut lines = Vec::new();
        for ((link, endpoint), n) in links.endpoints().iter().zip(0..) {
            let station = stations.is_empty() || n >= aircraft.len();
            if station {
                router.set_filter(*link, filter.clone());
            }
            lines.push(RelayLine {
                link: *link,
                endpoint: endpoint.to_string(),
                state: LinkState::Down("not yet open".to_owned()),
                station,
                counts: RouteCounts::default(),
                kernel_drops: 0,
            });
        }
        Ok(Self { links, router, lines })
    }

    /// Local address of a socket link.
    #[must_use]
    pub fn local_addr(&self, link: LinkId) -> Option<SocketAddr> {
        self.links.local_addr(link)
    }

    /// Passes frames on until `stop` is ready; tells the table once a second.
    pub async fn run(mut self, clock: Clock, stop: impl Future<Output = ()>, mut table: impl FnMut(&[RelayLine])) {
        let mut stop = std::pin::pin!(stop);
        let mut tick = tokio::time::interval(TABLE_EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = &mut stop => return,
                received = self.links.recv() => {
                    let Some(received) = received else { return };
                    self.take(&clock, received);
                    for _ in 1..BATCH {
                        let Some(received) = self.links.try_recv() else { break };
                        self.take(&clock, received);
                    }
                    while let Some(t) = self.router.poll_transmit() {
                        self.links.send(t);
                    }
                }
                _ = tick.tick() => {
                    for (link, counts) in self.router.counts() {
                        if let Some(line) = self.lines.iter_mut().find(|l| l.link == *link) {
                            line.counts = *counts;
                        }
                    }
                    table(&self.lines);
                }
            }
        }
    }

    fn take(&mut self, clock: &Clock, received: Received) {
        let (now, _) = clock();
        match received {
            Received::Up { link, peer, .. } => {
                let side = match self.line(link) {
                    Some(line) => {
                        line.state = LinkState::Up;
                        if line.station { Side::Station } else { Side::Aircraft }
                    }
                    None => return,
                };
                self.router.link_up(now, link, side, peer);
            }
            Received::Down { link, why } => {
                if let Some(line) = self.line(link) {
                    line.state = LinkState::Down(why);
                }
                self.router.link_down(link);
            }
            Received::Datagram { link, peer, bytes, .. } => self.router.handle_datagram(now, link, &peer, &bytes),
            Received::KernelDrops { link, dropped } => {
                if let Some(line) = self.line(link) {
                    line.kernel_drops = dropped;
                }
            }
            Received::StreamFaults { .. } => {}
        }
    }

    fn line(&mut self, link: LinkId) -> Option<&mut RelayLine> {
        self.lines.iter_mut().find(|l| l.link == link)
    }
}
