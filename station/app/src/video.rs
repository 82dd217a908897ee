//! One camera's way from its stream to the station: ingest channel → pose → analyst →
//! `Input::Vision`, and the same frames to the screen.
//!
//! Queues: the recorder takes every byte inside the channel; the analyst's queue holds two frames
//! and the newest win, counted; the screen has a slot.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use crossbeam_channel::Sender;
use vedette_atlas::World;
use vedette_core::{CameraSpec, Input};
use vedette_geo::{Amsl, Hae, LatLon};
use vedette_ingest::{Channel, ChannelConfig, Frame, FrameReceiver, IngestEvent, SourceSpec};
use vedette_klv::UasDatalink;
use vedette_model::{
    AgeSource, GroundTrack, Mono, PictureAge, Pts, SensorPose, Spectrum, TargetClass, TrackId, Utc, VehicleId,
    VisionReport,
};
use vedette_panels::feeds::{VideoFrame, VideoSlots};
use vedette_sight::{
    Analyst, AnalystConfig, Charted, Governor, GovernorPolicy, GrayFrame, PlatformPose, PoseSigmas, SightPolicy,
    SkyPolicy, SkyWatch, Spent, Surroundings, TrackIds, footprint, light_at, project, px_per_m,
};

use crate::clock::Clock;

/// Frames the analyst may be behind.
const ANALYST_QUEUE: usize = 2;
/// Frames the screen may be behind: it takes the newest.
const SCREEN_QUEUE: usize = 2;
/// Visible light is looked at by people; its pose and age are reported at this pace, session ms.
const VISIBLE_REPORT_MS: i64 = 500;

/// What a camera needs around it.
#[derive(Clone)]
pub(crate) struct Around {
    pub(crate) world: Arc<World>,
    /// Its waters, for the analyst.
    pub(crate) waters: Arc<Surroundings>,
    pub(crate) clock: Clock,
    pub(crate) inputs: Sender<Input>,
    pub(crate) screen: VideoSlots,
    pub(crate) session: PathBuf,
    pub(crate) sigmas: PoseSigmas,
    /// A detector network of others for the thermal cameras.
    pub(crate) model: Option<crate::model::Slot>,
    /// SHA-256 of every analysed frame, by camera and frame time.
    pub(crate) hashes: Arc<Mutex<crate::flight::FrameHashes>>,
    /// Tracks of each aircraft's thermal camera, for its other camera to look at.
    pub(crate) beside: Arc<Mutex<BTreeMap<VehicleId, Vec<GroundTrack>>>>,
}

/// A camera at work.
pub(crate) struct Camera {
    channel: Channel,
    analyst: JoinHandle<()>,
    screen: JoinHandle<()>,
    stop: Arc<AtomicBool>,
}

impl Camera {
    /// Listens on `source` and starts.
    pub(crate) fn start(spec: CameraSpec, index: u32, of: u32, source: SourceSpec, around: &Around) -> Result<Self> {
        let clock = around.clock.clone();
        let inputs = around.inputs.clone();
        let sink = move |event: IngestEvent| match event {
            IngestEvent::Recorder(report) => {
                if inputs.send(Input::Recorder(report)).is_err() {
                    tracing::info!("recorder report after the session's end");
                }
            }
            IngestEvent::DecoderFailed { camera, why } => tracing::warn!("{camera}: decoder restarted: {why}"),
            IngestEvent::Ended { camera, why: Some(why) } => tracing::warn!("{camera}: source ended: {why}"),
            IngestEvent::Ended { .. } | IngestEvent::Klv { .. } => {}
        };
        let (channel, mut frames) = Channel::start(
            ChannelConfig::new(spec.camera, source, Some(around.session.clone())),
            Arc::new(move || clock.now()),
            Arc::new(sink),
            &[ANALYST_QUEUE, SCREEN_QUEUE],
        )
        .with_context(|| format!("camera {} cannot be opened", spec.camera))?;
        let shown = frames.pop().context("the channel gave no frame queue")?;
        let frames = frames.pop().context("the channel gave no frame queue")?;
        let stop = Arc::new(AtomicBool::new(false));
        let screen = {
            let (around, stop, camera) = (around.clone(), stop.clone(), spec.camera);
            std::thread::Builder::new()
                .name(format!("screen-{camera}"))
                .spawn(move || show(camera, &around, &shown, &stop))
                .context("cannot start the screen's thread")?
        };
        let analyst = {
            let (around, stop) = (around.clone(), stop.clone());
            std::thread::Builder::new()
                .name(format!("sight-{}", spec.camera))
                .spawn(move || {
                    vedette_ingest::give_way();
                    Eye::new(spec, index, of, around).run(&frames, &stop);
                })
                .context("cannot start the analyst's thread")?
        };
        Ok(Self {
            channel,
            analyst,
            screen,
            stop,
        })
    }

    /// The address a UDP stream is awaited on.
    pub(crate) fn address(&self) -> Option<std::net::SocketAddr> {
        self.channel.local_address()
    }

    /// Whether nothing has come yet.
    pub(crate) fn silent(&self) -> bool {
        self.channel.stats().bytes == 0
    }

    /// Closes the recording and ends the thread.
    pub(crate) fn stop(self) {
        self.channel.stop();
        self.stop.store(true, Ordering::Release);
        if self.analyst.join().is_err() | self.screen.join().is_err() {
            tracing::error!("a camera's thread died");
        }
    }
}

/// Pictures to the screen, never behind the analysis.
fn show(camera: vedette_model::CameraId, around: &Around, frames: &FrameReceiver, stop: &AtomicBool) {
    while !stop.load(Ordering::Acquire) {
        let Some(frame) = frames.recv_timeout(Duration::from_millis(50)) else {
            if frames.ended() {
                break;
            }
            continue;
        };
        let Some(rgba) = frame.rgba.clone() else { continue };
        let pose = frame
            .klv
            .as_ref()
            .and_then(|k| pose_of(k, &around.world.geoid, &around.sigmas));
        around.screen.put(Arc::new(VideoFrame {
            camera,
            pts: Pts(i64::try_from(frame.pts90k).unwrap_or(i64::MAX)),
            captured: frame.captured_us().and_then(|t| i64::try_from(t).ok()).map(Utc),
            width: frame.width,
            height: frame.height,
            rgba,
            pose: pose.map(Arc::new),
        }));
    }
}

/// The pose a frame's metadata states.
pub(crate) fn pose_of(k: &UasDatalink, geoid: &vedette_geo::Geoid, sigmas: &PoseSigmas) -> Option<SensorPose> {
    let at = LatLon::new(k.sensor_lat_deg?, k.sensor_lon_deg?).ok()?;
    let amsl = match (k.sensor_msl_m, k.sensor_hae_m) {
        (Some(m), _) => Amsl(m),
        (None, Some(h)) => Hae(h).to_amsl(geoid),
        (None, None) => return None,
    };
    let pose = PlatformPose {
        captured: Utc(i64::try_from(k.time_us?).ok()?),
        at,
        amsl,
        heading_deg: k.platform_heading_deg?,
        pitch_deg: k.platform_pitch_deg?,
        roll_deg: k.platform_roll_deg?,
        rel_azimuth_deg: k.rel_azimuth_deg?,
        rel_elevation_deg: k.rel_elevation_deg?,
        rel_roll_deg: k.rel_roll_deg.unwrap_or(0.0),
        hfov_deg: k.hfov_deg?,
        vfov_deg: k.vfov_deg?,
    };
    Some(pose.sensor_pose(sigmas))
}

struct Eye {
    spec: CameraSpec,
    around: Around,
    analyst: Analyst,
    /// What the network in the slot took.
    took: Option<crate::model::TookUs>,
    governor: Governor,
    sky: SkyWatch,
    /// Frames taken from the queue: what the governor counts, as the queue leaves numbers out.
    taken: u64,
    analysed: u64,
    decoded: u64,
    dropped: u64,
    last_frame: Option<Mono>,
    last_report: i64,
}

impl Eye {
    fn new(spec: CameraSpec, index: u32, of: u32, around: Around) -> Self {
        let config = AnalystConfig {
            camera: spec.camera,
            vehicle: spec.vehicle,
            spectrum: spec.spectrum,
            policy: SightPolicy::default(),
            ids: TrackIds::of_camera(index, of),
        };
        let mut analyst = Analyst::new(config);
        let slot = around.model.as_ref().filter(|_| spec.spectrum == Spectrum::Thermal);
        let took = match slot.map(crate::model::Slot::network) {
            None => None,
            Some(Ok((model, took))) => {
                analyst.set_model(Some(model));
                Some(took)
            }
            Some(Err(_)) => {
                // It was opened once at the start: the machine has lost something since.
                tracing::error!(
                    "{}: the detector network does not open: its own detectors go on alone",
                    spec.camera
                );
                None
            }
        };
        Self {
            spec,
            around,
            analyst,
            took,
            governor: Governor::new(GovernorPolicy::default()),
            sky: SkyWatch::new(SkyPolicy::default()),
            taken: 0,
            analysed: 0,
            decoded: 0,
            dropped: 0,
            last_frame: None,
            last_report: i64::MIN / 2,
        }
    }

    fn run(mut self, frames: &FrameReceiver, stop: &AtomicBool) {
        while !stop.load(Ordering::Acquire) {
            let Some(frame) = frames.recv_timeout(Duration::from_millis(50)) else {
                if frames.ended() {
                    break;
                }
                continue;
            };
            self.decoded = frame.sequence + 1;
            self.frame(&frame, frames.dropped());
        }
    }

    fn frame(&mut self, frame: &Frame, dropped: u64) {
        let begun = self.around.clock.now();
        let frame_us = self.last_frame.map_or(0, |t| begun.since(t).max(0)).unsigned_abs();
        self.last_frame = Some(begun);
        let thermal = self.spec.spectrum == Spectrum::Thermal;
        self.taken += 1;
        if thermal && !self.governor.wants(self.taken).0 {
            return;
        }
        let pose = frame
            .klv
            .as_ref()
            .and_then(|k| pose_of(k, &self.around.world.geoid, &self.around.sigmas));
        let taken = frame.taken();
        let captured_us = taken.and_then(|(t, _, _)| i64::try_from(t).ok());
        let captured = captured_us.map_or_else(|| self.around.clock.utc_at(frame.received), Utc);
        let pts = Pts(i64::try_from(frame.pts90k).unwrap_or(i64::MAX));
        let now = self.around.clock.now();
        let age = PictureAge {
            age_us: captured_us.map(|t| self.around.clock.utc_at(now).0 - t),
            sigma_us: taken.map_or(0, |(_, _, sigma_us)| sigma_us),
            by: taken.map_or_else(AgeSource::default, |(_, by, _)| by),
        };
        let mut report = VisionReport {
            camera: self.spec.camera,
            vehicle: self.spec.vehicle,
            spectrum: self.spec.spectrum,
            pts,
            captured,
            age,
            pose: pose.clone(),
            footprint: [None; 4],
            px_per_m: None,
            registration: 0.0,
            tracks: Vec::new(),
            frames_decoded: self.decoded,
            frames_analysed: self.analysed,
            frames_dropped: dropped,
            left_out: String::new(),
            sky: Vec::new(),
            lit: Vec::new(),
        };
        let Ok(image) = GrayFrame::new(frame.width as usize, frame.height as usize, &frame.gray) else {
            return;
        };
        if thermal {
            let ground = Charted {
                ground: &*self.around.world.terrain,
                around: &self.around.waters,
            };
            let a = self.analyst.analyse(&image, captured, pts, pose.as_ref(), &ground);
            self.analysed += 1;
            if let Ok(mut h) = self.around.hashes.lock() {
                h.insert(
                    (self.spec.camera, captured),
                    vedette_evidence::hash::sha256(&frame.gray),
                );
            }
            report.frames_analysed = self.analysed;
            report.footprint = a.footprint;
            report.px_per_m = a.px_per_m;
            report.registration = a.registration;
            if let Ok(mut beside) = self.around.beside.lock() {
                beside.insert(self.spec.vehicle, a.tracks.clone());
            }
            report.tracks = a.tracks;
            report.sky = self.against_the_sky(&image, captured, pose.as_ref());
            self.keep_pace(begun, frame_us, dropped);
            report.left_out = self.governor.left_out();
        } else {
            if now.0 - self.last_report < VISIBLE_REPORT_MS * 1000 {
                return;
            }
            report.sky = self.against_the_sky(&image, captured, pose.as_ref());
            report.lit = self.lights(&image, captured, pose.as_ref());
            if let Some(p) = &pose {
                report.footprint = footprint(
                    frame.width as usize,
                    frame.height as usize,
                    p,
                    &*self.around.world.terrain,
                );
            }
        }
        self.last_report = now.0;
        if self.around.inputs.send(Input::Vision(Box::new(report))).is_err() {
            tracing::info!("a look after the session's end");
        }
    }

    /// Things in the sky, where the picture shows any.
    fn against_the_sky(
        &mut self,
        image: &GrayFrame<'_>,
        captured: Utc,
        pose: Option<&SensorPose>,
    ) -> Vec<vedette_model::SkyTrack> {
        match pose {
            Some(p) if p.pitch_deg + p.vfov_deg / 2.0 > 0.0 => {
                self.sky.look_above(image, captured, p, &*self.around.world.terrain)
            }
            _ => Vec::new(),
        }
    }

    /// Holds the analysis to its share of the processor, in session time.
    fn keep_pace(&mut self, begun: Mono, frame_us: u64, dropped: u64) {
        let lost = dropped.saturating_sub(self.dropped);
        self.dropped = dropped;
        if self.around.clock.waits() {
            return;
        }
        let now = self.around.clock.now();
        let pace = self.governor.spent(
            now,
            &Spent {
                analysis_us: now.since(begun).max(0).unsigned_abs(),
                model_us: self.took.as_ref().and_then(|took| took()),
                frame_us,
                lost,
            },
        );
        self.analyst.set_coarse(pace.coarse);
        self.analyst.set_model_every(pace.model_every);
    }

    /// Whether lights burn where this aircraft's thermal camera follows vehicles.
    fn lights(&self, image: &GrayFrame<'_>, captured: Utc, pose: Option<&SensorPose>) -> Vec<(TrackId, bool)> {
        let (Some(pose), Ok(beside)) = (pose, self.around.beside.lock()) else {
            return Vec::new();
        };
        let (w, h) = (image.width(), image.height());
        let tracks = beside.get(&self.spec.vehicle).into_iter().flatten();
        tracks
            .filter(|t| matches!(t.class, TargetClass::Vehicle | TargetClass::TwoWheeler) && t.seen)
            .filter(|t| (captured.0 - t.captured.0).abs() < 1_000_000)
            .filter_map(|t| {
                let fix = t.fix.as_ref().ok()?;
                let at = project(fix.at, fix.amsl, pose, w, h)?;
                // Headlamps light the ground before the car as well.
                let radius_px = LAMP_M * px_per_m(fix.slant_m, w, pose)?;
                Some((t.id, light_at(image, at, radius_px.clamp(3.0, 60.0))?))
            })
            .collect()
    }
}

/// Lamps are looked for within this distance of a vehicle's place, metres.
const LAMP_M: f64 = 6.0;
