//! What happens around the line besides people's ways: drones heard and seen, vehicles without
//! lights, movements that follow the patrol, streams an aircraft offers.
//!
//! Invariant: a rule's draft becomes an alert, never a decision; what a radio claims stays a claim.

use std::collections::{BTreeMap, BTreeSet};

use vedette_geo::{Amsl, LatLon, Ned, Vec3, azimuth_deg as azimuth_of, distance_m};
use vedette_model::{
    CameraId, Contact, LandedState, Mono, NoFix, Priority, Report, SigningState, SkyTrack, Spectrum, TargetClass,
    TrackId, Utc, VehicleId, VisionReport,
};
use vedette_sight::{AlertDraft, Ground, Intruders, LightsOut, PatrolTiming, SkyCamera, sun_elevation_deg};

use crate::alerts;
use crate::input::{Effect, SiteLines};
use crate::station::Station;
use crate::view::{EventKind, StreamOffer};

/// Movements are held against the patrol once in this time, microseconds.
const JUDGE_US: i64 = 10_000_000;
/// Looks before somebody counts as a movement.
const MOVEMENT_LOOKS: u32 = 20;
/// Tracks remembered as movements at most.
const MOST: usize = 4000;
/// Streams kept per aircraft at most.
const STREAMS: usize = 8;

/// What is seen within this of where one of our own is, as seen from the camera, is that one: degrees
/// (heading errors of both) and metres (a second of flight and the errors of both places).
const OURS_DEG: f64 = 3.0;
const OURS_M: f64 = 30.0;
/// Its place counts while not older than this, microseconds.
const OURS_FRESH_US: i64 = 5_000_000;

/// What these rules remember.
#[derive(Debug, Clone, Default)]
pub(crate) struct Around {
    intruders: Intruders,
    lights: LightsOut,
    timing: PatrolTiming,
    counted: BTreeSet<TrackId>,
    judged: Option<Mono>,
    /// Addresses offered for cameras that may not be called yet.
    waiting: BTreeMap<CameraId, String>,
}

/// Heights known along the border: all the station knows of the ground.
struct AlongBorder<'a>(&'a SiteLines);

impl Ground for AlongBorder<'_> {
    fn cast(&self, _: LatLon, _: Amsl, _: Vec3<Ned>, _: f64) -> Result<(LatLon, Amsl), NoFix> {
        Err(NoFix::NoTerrain)
    }
    fn height(&self, at: LatLon) -> Option<Amsl> {
        let east = at.lat_deg.to_radians().cos();
        let (_, h) = self
            .0
            .border
            .iter()
            .zip(&self.0.border_amsl_m)
            .map(|(p, h)| ((p.lat_deg - at.lat_deg).hypot((p.lon_deg - at.lon_deg) * east), *h))
            .min_by(|a, b| a.0.total_cmp(&b.0))?;
        (h > crate::input::NO_HEIGHT).then_some(Amsl(f64::from(h)))
    }
    fn sigma_m(&self) -> f64 {
        50.0
    }
}

impl Station {
    /// Alerts from drafts, with their marks on the timeline.
    pub(crate) fn raise_all(&mut self, drafts: Vec<AlertDraft>, by: VehicleId) {
        let (now, utc) = (self.view.now, self.view.utc);
        for d in drafts {
            let kind = if d.priority == Priority::P1 {
                EventKind::AlertP1
            } else {
                EventKind::AlertP2
            };
            let title = d.title.clone();
            let vehicle = d.vehicle.unwrap_or(by);
            let id = alerts::raise(&mut self.view, d, Some(vehicle), now, utc);
            self.mark(kind, Some(vehicle), format!("{id} {title}"));
        }
    }

    /// What an aircraft reports beside its own state.
    pub(crate) fn beside(&mut self, vehicle: VehicleId, report: &Report) {
        if !self.view.vehicles.contains_key(&vehicle) {
            return;
        }
        match report {
            Report::Contact(c) => self.contact(vehicle, c),
            Report::VideoStream {
                stream,
                thermal,
                uri,
                name,
                hfov_deg,
                width,
                height,
            } => {
                let offer = StreamOffer {
                    spectrum: if *thermal { Spectrum::Thermal } else { Spectrum::Visible },
                    uri: uri.clone(),
                    name: name.clone(),
                    hfov_deg: *hfov_deg,
                    size: [*width, *height],
                };
                self.offered(vehicle, *stream, offer);
            }
            Report::Paths(_) | Report::Signing(_) => self.call_waiting(vehicle),
            _ => {}
        }
    }

    fn contact(&mut self, vehicle: VehicleId, c: &Contact) {
        let drafts = self.around.intruders.hear(
            self.view.utc,
            std::slice::from_ref(c),
            &BTreeSet::new(),
            &self.setup.policy.intruder,
            &self.border,
            &AlongBorder(&self.setup.site),
        );
        self.raise_all(drafts, vehicle);
    }

    /// An aircraft says where video can be had: shown, and opened by the shell for the camera of
    /// that aircraft and sensor, once for each address.
    ///
    /// A frame that anyone could have sent must not make this station call a host of the sender's
    /// choice: without a signature only the aircraft's own host is called, what else is offered is
    /// shown and waits for a person to name it.
    fn offered(&mut self, vehicle: VehicleId, stream: u8, offer: StreamOffer) {
        let camera: Option<CameraId> = self
            .setup
            .cameras
            .iter()
            .find(|c| c.vehicle == vehicle && c.spectrum == offer.spectrum)
            .map(|c| c.camera);
        let Some(v) = self.view.vehicles.get_mut(&vehicle) else {
            return;
        };
        let known = v.streams.get(&stream) == Some(&offer);
        if known || (v.streams.len() >= STREAMS && !v.streams.contains_key(&stream)) {
            return;
        }
        let uri = offer.uri.clone();
        v.streams.insert(stream, offer);
        let Some(camera) = camera else {
            self.mark(EventKind::Record, Some(vehicle), format!("offers video at {uri}"));
            return;
        };
        if self.may_call(vehicle, &uri) {
            self.around.waiting.remove(&camera);
            self.mark(EventKind::Record, Some(vehicle), format!("offers video at {uri}"));
            self.effects.push_back(Effect::OpenStream { camera, uri });
        } else {
            let why = "not its own host and not signed: not called unless named under [video]";
            self.mark(
                EventKind::Record,
                Some(vehicle),
                format!("offers video at {uri}, {why}"),
            );
            self.around.waiting.insert(camera, uri);
        }
    }

    /// Whether an address may be called because this aircraft says so.
    fn may_call(&self, vehicle: VehicleId, uri: &str) -> bool {
        self.view.vehicles.get(&vehicle).is_some_and(|v| {
            let signed = v.signing.as_ref().is_some_and(|s| s.state == SigningState::Signed);
            let own = |h| v.paths.iter().any(|p| host_of(&p.peer) == Some(h));
            signed || host_of(uri).is_some_and(own)
        })
    }

    /// Calls what waited for the aircraft's ways or for its first signature to be known.
    fn call_waiting(&mut self, vehicle: VehicleId) {
        let of_it = self.setup.cameras.iter().filter(|c| c.vehicle == vehicle);
        let cameras: Vec<CameraId> = of_it.map(|c| c.camera).collect();
        for camera in cameras {
            if let Some(uri) = self.around.waiting.get(&camera).cloned()
                && self.may_call(vehicle, &uri)
            {
                self.around.waiting.remove(&camera);
                self.effects.push_back(Effect::OpenStream { camera, uri });
            }
        }
    }

    /// What a look says beside its tracks. `seen_cells` are the cells of the section in it.
    pub(crate) fn beside_look(&mut self, r: &VisionReport, seen_cells: &[usize]) {
        let policy = &self.setup.policy;
        let by = SkyCamera {
            camera: r.camera,
            vehicle: r.vehicle,
            at: r.pose.as_ref().map(|p| p.at),
        };
        // From the pad a camera sees masts, branches and whoever lands.
        let aloft = self
            .view
            .vehicles
            .get(&r.vehicle)
            .is_none_or(|v| v.landed.is_none_or(|l| l.value != LandedState::OnGround));
        let strangers: Vec<_> = r.sky.iter().filter(|t| aloft && !self.is_ours(r, t)).cloned().collect();
        let mut drafts = self
            .around
            .intruders
            .see(r.captured, &strangers, &by, &policy.intruder, &self.border);
        for (id, lit) in &r.lit {
            let Some(t) = self.view.tracks.get(id) else { continue };
            let Ok(fix) = &t.track.fix else { continue };
            let sun_deg = sun_elevation_deg(fix.at, r.captured);
            drafts.extend(self.around.lights.look(
                &t.track,
                Some(*lit),
                sun_deg,
                r.vehicle,
                &policy.lights_out,
                &self.border,
            ));
        }
        for cell in seen_cells {
            #[expect(clippy::cast_precision_loss, reason = "cells of a section")]
            let chainage_m = self.view.section_from_m + (*cell as f64 + 0.5) * self.view.coverage.cell_m;
            self.around.timing.passed(chainage_m, r.captured, &policy.patrol_timing);
        }
        self.raise_all(drafts, r.vehicle);
    }

    /// Whether one of our own aircraft is where a camera sees something in the sky.
    fn is_ours(&self, r: &VisionReport, t: &SkyTrack) -> bool {
        let (Some(pose), Some(azimuth_deg), Some(elevation_deg)) = (&r.pose, t.azimuth_deg, t.elevation_deg) else {
            return false;
        };
        let others = self.view.vehicles.values().filter(|v| v.id != r.vehicle);
        others
            .filter_map(|v| v.at.zip(v.amsl))
            .filter(|(at, _)| self.view.now.since(at.captured) < OURS_FRESH_US)
            .any(|(at, amsl)| {
                let away_m = distance_m(pose.at, at.value);
                let rise_deg = (amsl.value.0 - pose.amsl.0).atan2(away_m).to_degrees();
                let near_deg = OURS_M.atan2(away_m).to_degrees().max(OURS_DEG);
                let turn_deg = (azimuth_deg - azimuth_of(pose.at, at.value) + 540.0).rem_euclid(360.0) - 180.0;
                let level = elevation_deg.to_radians().cos().abs();
                (turn_deg * level).hypot(elevation_deg - rise_deg) < near_deg
            })
    }

    /// Takes note of who began to move near the line. A picture that lies wholly on the ground is the
    /// patrol's own: what it finds was found by passing, and never counts as coming after a pass.
    pub(crate) fn movements(&mut self, r: &VisionReport, tracks: &[vedette_model::GroundTrack]) {
        let passing = r.footprint.iter().all(Option::is_some);
        for t in tracks {
            if let (true, true, Some(along_m)) =
                (passing, t.seen, self.view.tracks.get(&t.id).and_then(|v| v.chainage_m))
            {
                let along_m = along_m + self.view.section_from_m;
                self.around
                    .timing
                    .passed(along_m, r.captured, &self.setup.policy.patrol_timing);
            }
            let counts = matches!(
                t.class,
                TargetClass::Person | TargetClass::Vehicle | TargetClass::TwoWheeler
            ) && t.seen
                && t.looks >= MOVEMENT_LOOKS;
            if !counts || self.around.counted.contains(&t.id) {
                continue;
            }
            let Some(v) = self.view.tracks.get(&t.id) else { continue };
            let (Some(chainage_m), Some(border_m)) = (v.chainage_m, v.border_m) else {
                continue;
            };
            let policy = &self.setup.policy;
            if border_m.abs() > policy.approach.within_m {
                continue;
            }
            let began: Utc = v.trail.first().map_or(t.captured, |p| p.0);
            let chainage_m = chainage_m + self.view.section_from_m;
            while self.around.counted.len() >= MOST {
                self.around.counted.pop_first();
            }
            self.around.counted.insert(t.id);
            self.around.timing.moved(chainage_m, began, &policy.patrol_timing);
        }
    }

    /// Holds movements against the patrol, from time to time.
    pub(crate) fn judge_timing(&mut self) {
        let now = self.view.now;
        if self.around.judged.is_some_and(|t| now.since(t) < JUDGE_US) {
            return;
        }
        self.around.judged = Some(now);
        let drafts = self
            .around
            .timing
            .judge(self.view.utc, &self.setup.policy.patrol_timing, &self.border);
        if drafts.is_empty() {
            return;
        }
        // It is about the patrol as a whole; it is told by the first aircraft of the fleet.
        if let Some(first) = self.view.vehicles.keys().next().copied() {
            self.raise_all(drafts, first);
        }
    }
}

/// Host of a URI or of a socket address as a link writes it; a name is taken literally.
fn host_of(text: &str) -> Option<&str> {
    let rest = text.split_once("://").map_or(text, |(_, r)| r);
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, h)| h);
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split_once(']')?.0,
        None => host.rsplit_once(':').map_or(host, |(h, _)| h),
    };
    (!host.is_empty()).then_some(host)
}
