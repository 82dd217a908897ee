//! The link task on its own tokio runtime, and the thread that carries its reports to the station.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use crossbeam_channel::Sender;
use vedette_core::Input;
use vedette_links::{Endpoint, KeyFile, Links, OpenOptions, Output, Role, RunOptions};
use vedette_model::LinkId;
use vedette_protocol::{Gcs, GcsConfig};

use crate::clock::Clock;

/// MAVLink system id of this station: not 255, which is every station's default.
pub(crate) const SYSTEM_ID: u8 = 253;
/// MAV_COMP_ID_MISSIONPLANNER: a ground station.
pub(crate) const COMPONENT_ID: u8 = 190;

/// Our heartbeats stop when the station published nothing for this long, milliseconds.
const WATCHDOG_MS: i64 = 2_000;

/// Links at work.
pub(crate) struct Radio {
    runtime: tokio::runtime::Runtime,
    station: Arc<vedette_links::Station>,
    forward: Option<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
    addresses: Vec<SocketAddr>,
}

impl Radio {
    /// Opens the endpoints and starts the protocol for a flight: with the aircraft's keys, and with
    /// heartbeats that stop when the station is sick.
    pub(crate) fn open_keyed(
        endpoints: &[String],
        clock: Clock,
        tlog: Option<PathBuf>,
        keys: Option<KeyFile>,
    ) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("links")
            .enable_all()
            .build()
            .context("cannot start the link runtime")?;
        let parsed: Vec<Endpoint> = endpoints
            .iter()
            .map(|e| e.parse::<Endpoint>())
            .collect::<Result<_, _>>()?;
        let (station, addresses) = runtime.block_on(async {
            let links = Links::open(&parsed, &OpenOptions::default()).await?;
            let addresses = links.endpoints().keys().filter_map(|l| links.local_addr(*l)).collect();
            // Flight logs are fetched after each landing and kept beside the telemetry log.
            let files = tlog
                .as_deref()
                .and_then(std::path::Path::parent)
                .map(|d| d.join("onboard"));
            let config = GcsConfig {
                log: tlog.is_some(),
                fetch_logs: files.is_some(),
                watchdog_ms: keys.is_some().then_some(WATCHDOG_MS),
                ..GcsConfig::new(SYSTEM_ID, COMPONENT_ID)
            };
            let now: vedette_links::Clock = Arc::new(move || {
                let t = clock.now();
                (t, clock.utc_at(t))
            });
            let station = vedette_links::run(
                Gcs::new(config),
                links,
                now,
                RunOptions {
                    tlog,
                    files,
                    keys,
                    ..RunOptions::default()
                },
            )
            .context("cannot start the links")?;
            anyhow::Ok((station, addresses))
        })?;
        Ok(Self {
            runtime,
            station: Arc::new(station),
            forward: None,
            stop: Arc::new(AtomicBool::new(false)),
            addresses,
        })
    }

    /// Carries reports to the station from now on.
    pub(crate) fn feed(&mut self, inputs: Sender<Input>) -> Result<()> {
        let (station, stop) = (self.station.clone(), self.stop.clone());
        let thread = std::thread::Builder::new()
            .name("reports".into())
            .spawn(move || {
                let from = station.outputs().clone();
                while !stop.load(Ordering::Acquire) {
                    let Ok(output) = from.recv_timeout(Duration::from_millis(50)) else {
                        continue;
                    };
                    let all = match output {
                        Output::Vehicle(e) => vec![Input::Vehicle {
                            vehicle: e.vehicle,
                            captured: e.captured,
                            report: e.report,
                        }],
                        Output::Links(reports) => reports.into_iter().map(Input::Link).collect(),
                    };
                    for input in all {
                        if inputs.send(input).is_err() {
                            return;
                        }
                    }
                }
            })
            .context("cannot start the report thread")?;
        self.forward = Some(thread);
        Ok(())
    }

    /// The link task, for orders and for the inspector.
    pub(crate) fn station(&self) -> Arc<vedette_links::Station> {
        self.station.clone()
    }

    /// Opens a further link.
    pub(crate) fn add(&self, endpoint: &Endpoint, role: Role) -> Result<LinkId> {
        let (link, _) = self.runtime.block_on(self.station.add_link(endpoint, role))?;
        Ok(link)
    }

    /// Addresses the endpoints are bound to.
    pub(crate) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Ends the links.
    pub(crate) fn stop(self) {
        self.stop.store(true, Ordering::Release);
        if self.forward.is_some_and(|t| t.join().is_err()) {
            tracing::error!("the report thread died");
        }
        if let Some(station) = Arc::into_inner(self.station) {
            self.runtime.block_on(station.stop());
        }
        self.runtime.shutdown_timeout(Duration::from_secs(2));
    }
}
