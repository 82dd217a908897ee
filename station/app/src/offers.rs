//! The cameras at work, and streams that aircraft offer for them (VIDEO_STREAM_INFORMATION).
//!
//! An offered address is called for a camera that nothing was configured for and nothing has come
//! from yet. Queue: sixteen offers; more at once are dropped with a warning, an aircraft repeats them.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use anyhow::{Context, Result};
use crossbeam_channel::{Receiver, Sender, bounded};
use vedette_core::CameraSpec;
use vedette_ingest::SourceSpec;
use vedette_model::CameraId;

use crate::video::{Around, Camera};

/// Offers waiting at most.
const OFFERS: usize = 16;

struct Open {
    spec: CameraSpec,
    index: u32,
    camera: Camera,
    address: Option<SocketAddr>,
}

/// All cameras of a flight.
#[derive(Clone)]
pub(crate) struct Cameras {
    /// `None` once the flight has ended.
    open: Arc<Mutex<Option<Vec<Open>>>>,
}

impl Cameras {
    /// None yet.
    pub(crate) fn none() -> Self {
        Self {
            open: Arc::new(Mutex::new(Some(Vec::new()))),
        }
    }

    fn with<T>(&self, f: impl FnOnce(&mut Vec<Open>) -> T) -> Option<T> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.as_mut().map(f)
    }

    /// Starts a camera and keeps it.
    pub(crate) fn start(
        &self,
        spec: &CameraSpec,
        index: u32,
        of: u32,
        source: SourceSpec,
        around: &Around,
    ) -> Result<()> {
        let camera = Camera::start(spec.clone(), index, of, source, around)?;
        let address = camera.address();
        let open = Open {
            spec: spec.clone(),
            index,
            camera,
            address,
        };
        self.with(|all| all.push(open));
        Ok(())
    }

    /// Addresses UDP streams are awaited on.
    pub(crate) fn addresses(&self) -> Vec<(CameraId, SocketAddr)> {
        let all = |open: &mut Vec<Open>| {
            open.iter()
                .filter_map(|o| o.address.map(|a| (o.spec.camera, a)))
                .collect()
        };
        self.with(all).unwrap_or_default()
    }

    /// Closes every recording; nothing is opened any more.
    pub(crate) fn stop(&self) {
        let all = self.open.lock().unwrap_or_else(PoisonError::into_inner).take();
        for o in all.into_iter().flatten() {
            o.camera.stop();
        }
    }

    /// Calls an offered address for a camera that has been silent so far.
    fn call(&self, camera: CameraId, source: SourceSpec, around: &Around) {
        let silent = self
            .with(|all| {
                let k = all.iter().position(|o| o.spec.camera == camera && o.camera.silent())?;
                Some((all.remove(k), all.len() + 1))
            })
            .flatten();
        let Some((old, of)) = silent else { return };
        let (spec, index) = (old.spec, old.index);
        old.camera.stop();
        let of = u32::try_from(of).unwrap_or(u32::MAX);
        if let Err(e) = self.start(&spec, index, of, source, around) {
            tracing::warn!("the stream offered for {camera} cannot be opened: {e:#}");
        }
    }
}

/// Where offers go.
pub(crate) type Offers = Sender<(CameraId, String)>;

/// A queue of offers.
pub(crate) fn queue() -> (Offers, Receiver<(CameraId, String)>) {
    bounded(OFFERS)
}

/// Takes offers until their senders are gone. `configured` are the cameras whose source a person
/// named: those stay with it.
pub(crate) fn serve(
    offers: Receiver<(CameraId, String)>,
    cameras: Cameras,
    configured: BTreeSet<CameraId>,
    around: Around,
) -> Result<JoinHandle<()>> {
    std::thread::Builder::new()
        .name("offers".into())
        .spawn(move || {
            for (camera, uri) in offers {
                if configured.contains(&camera) {
                    continue;
                }
                match uri.parse::<SourceSpec>() {
                    // Somebody sends datagrams to an address of their choice; which of this
                    // machine's that is, only its owner can say.
                    Ok(SourceSpec::Udp(_) | SourceSpec::Rtp { .. } | SourceSpec::File { .. }) => {
                        tracing::info!("{camera}: {uri} is offered; name it under [video] to listen there");
                    }
                    Ok(source) => cameras.call(camera, source, &around),
                    Err(e) => tracing::warn!("{camera}: {uri} is offered and cannot be opened: {e}"),
                }
            }
        })
        .context("cannot start the thread that opens offered streams")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;
    use std::sync::Arc;
    use std::time::Duration;

    use vedette_model::{OperatorId, PlanRule};
    use vedette_sim::{Endpoint, ServeConfig, Simulation, VideoTarget};

    use crate::clock::Clock;
    use crate::flight::{Flight, FlightConfig};

    /// Looks at the view until it shows what is asked for; a minute at most.
    const LOOKS: u32 = 1200;

    /// A station that knows of no stream, and an aircraft that offers one by MAVLink and serves it by RTSP.
    #[test]
    fn a_stream_an_aircraft_offers_is_called_shown_analysed_and_recorded() {
        let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let world = Arc::new(crate::verbs::world(Some(&top.join("maps/data/andorra")), 7).expect("a site"));
        let brief = crate::verbs::brief(&top.join("mission/data/andorra-south.toml")).expect("a brief");
        let mut scenario =
            crate::stage::scenario(&top.join("sim/scenarios/first-watch.toml"), &world, 7).expect("a scenario");
        scenario.vehicles.truncate(1);
        scenario.vehicles[0].cameras.truncate(1);
        for c in &mut scenario.vehicles[0].cameras {
            (c.width, c.height) = (160, 128);
        }
        let camera = scenario.vehicles[0].cameras[0].id;
        let root = std::env::temp_dir().join(format!("vedette-offers-{}", std::process::id()));
        let clock = Clock::start(Clock::machine_utc(), 1.0);
        let flight = Flight::start(FlightConfig {
            name: "offers".into(),
            root: root.clone(),
            world: world.clone(),
            brief,
            policy: vedette_sight::Policy::default(),
            seed: 7,
            people: crate::setup::people(&OperatorId("operator-2".into())),
            plan_rule: PlanRule::TwoPersons,
            endpoints: vec!["udpin:127.0.0.1:0".into()],
            baselines: BTreeMap::new(),
            video: BTreeMap::new(),
            sensors: crate::cues::Sensors::default(),
            model: None,
            clock: clock.clone(),
            clock_source: "simulated".into(),
        })
        .expect("the station starts");
        scenario.epoch = clock.utc();
        let time = clock.clone();
        let mut serve = ServeConfig::new(Arc::new(move || time.now()));
        serve.mavlink = Endpoint::Connect(flight.mavlink_addresses()[0]);
        serve.video = VideoTarget::Off;
        serve.rtsp = Some(([127, 0, 0, 1], 0).into());
        serve.frame_rate_share = 0.5;
        let sim = Simulation::start(scenario, world, serve).expect("the aircraft starts");

        let (mut offered, mut frames, mut bytes) = (false, [0; 3], 0);
        for _ in 0..LOOKS {
            if let Some((_, view)) = flight.view().latest() {
                let c = &view.cameras[&camera];
                offered |= view.vehicles.values().any(|v| !v.streams.is_empty());
                (frames, bytes) = (c.frames, c.recorded[0]);
            }
            if frames[1] >= 10 && bytes > 0 {
                break;
            }
            std::thread::park_timeout(Duration::from_millis(50));
        }
        drop(sim.stop());
        let ended = flight.stop().expect("the session closes");
        std::fs::remove_dir_all(&root).expect("the test's folder goes");
        assert!(offered, "no offer came");
        assert!(frames[1] >= 10, "decoded, analysed, dropped: {frames:?}");
        assert!(
            bytes > 0 || ended.view.cameras[&camera].segments > 0,
            "nothing was recorded"
        );
    }
}
