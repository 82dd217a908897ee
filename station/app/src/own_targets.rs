//! What a session's record says was seen in each frame of a camera, for the VMTI sets of an export.

use std::collections::BTreeMap;
use std::path::Path;

use vedette_core::Input;
use vedette_klv::{Sighting, SightingFrame, SightingPlace, Verdict};
use vedette_model::{AlertState, CameraId, GroundTrack, ImageBox, SkyTrack, TargetClass, TrackId};

use crate::Stop;

/// Added to the number of a thing followed against the sky, whose numbers stand beside those of tracks on the ground.
const SKY: u32 = 0x4000_0000;

/// The camera a recording is of, by the folder it lies in: `video/C-011/seg-000003.ts`.
pub(crate) fn camera_of(file: &Path) -> Option<CameraId> {
    let folder = file.parent()?.file_name()?.to_str()?;
    folder.strip_prefix("C-")?.parse().ok().map(CameraId)
}

/// Frames of `camera` with what was followed in them, in order of time, from a session folder or a sealed incident.
/// What a person said of a target is what the record's end knows.
pub(crate) fn frames(dir: &Path, camera: CameraId) -> Result<Vec<SightingFrame>, Stop> {
    let recorded = if dir.join("setup.jsonl").exists() {
        vedette_journal::read_bundle(dir)
    } else {
        vedette_journal::read(dir)
    };
    let replay = recorded
        .map_err(|e| Stop::Usage(e.to_string()))?
        .replay()
        .map_err(|e| Stop::No(e.to_string()))?;
    let view = replay.view();
    let mut verdicts: BTreeMap<TrackId, Verdict> = BTreeMap::new();
    let named = view
        .tracks
        .iter()
        .filter_map(|(id, t)| Some((*id, view.alerts.get(&t.alert?)?)));
    let about = view.alerts.values().filter_map(|a| Some((a.track?, a)));
    for (id, alert) in named.chain(about) {
        let verdict = match alert.state {
            AlertState::Confirmed { .. } => Verdict::Confirmed,
            AlertState::Dismissed { .. } => Verdict::Dismissed,
            AlertState::Open | AlertState::Acknowledged { .. } => Verdict::Suggestion,
        };
        // One confirmed alert is enough, whatever became of the others.
        let held = verdicts.entry(id).or_default();
        if *held != Verdict::Confirmed && verdict != Verdict::Suggestion {
            *held = verdict;
        }
    }
    let mut out: Vec<SightingFrame> = replay
        .entries()
        .iter()
        .filter_map(|e| match &e.input {
            Input::Vision(v) if v.camera == camera => Some(v),
            _ => None,
        })
        .filter_map(|v| {
            let ground = v.tracks.iter().map(|t| on_the_ground(t, &verdicts));
            Some(SightingFrame {
                time_us: u64::try_from(v.captured.0).ok()?,
                sightings: ground.chain(v.sky.iter().map(in_the_sky)).collect(),
            })
        })
        .collect();
    out.sort_by_key(|f| f.time_us);
    Ok(out)
}

fn edges(b: &ImageBox) -> [f32; 4] {
    [b.x, b.y, b.w, b.h]
}

fn on_the_ground(t: &GroundTrack, verdicts: &BTreeMap<TrackId, Verdict>) -> Sighting {
    let class = match t.class {
        TargetClass::Person => "person",
        TargetClass::Vehicle => "vehicle",
        TargetClass::TwoWheeler => "two-wheeler",
        TargetClass::Animal => "animal",
        TargetClass::Boat => "boat",
        TargetClass::Unknown => "unknown",
    };
    let fix = t.fix.as_ref().ok();
    Sighting {
        id: t.id.0,
        image: edges(&t.image),
        class: class.to_owned(),
        score: t.score,
        looks: t.looks,
        seen: t.seen,
        speed_m_s: fix.map(|_| t.velocity_en_m_s[0].hypot(t.velocity_en_m_s[1])),
        place: fix.map(|f| SightingPlace {
            lat_deg: f.at.lat_deg,
            lon_deg: f.at.lon_deg,
            amsl_m: f.amsl.0,
            cov_en_m2: f.cov_en_m2,
        }),
        verdict: verdicts.get(&t.id).copied().unwrap_or_default(),
    }
}

fn in_the_sky(t: &SkyTrack) -> Sighting {
    Sighting {
        id: SKY | t.id,
        image: edges(&t.image),
        class: "in the sky".to_owned(),
        score: f64::from(t.score),
        looks: t.looks,
        seen: t.seen,
        speed_m_s: None,
        place: None,
        verdict: Verdict::Suggestion,
    }
}
