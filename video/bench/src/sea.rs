//! People and boats on the water, seen from drones of others (SeaDronesSee, validation part): boxes of a public
//! detector scored as ours are, and our geometry held against each picture's own telemetry.
//!
//! There is no surveyed truth in these pictures. What the geometry can be held to is that a swimmer is as large from
//! afar as from near: slant range comes from height, gimbal pitch and the place in the picture alone.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use vedette_geo::{Amsl, LatLon};
use vedette_model::{ImageBox, SensorPose, Utc};
use vedette_sight::{LevelGround, geolocate, px_per_m};

use crate::boxes::{Counts, score};
use crate::{BenchError, Row, read};

const ON: &str = "seadronessee";
/// Horizontal field of view of the set's 4K pictures by the aircraft with a gimbal log (`mavic`), degrees: a lens of
/// 28 mm on a frame 36 mm wide, as its maker states it.
const HFOV_DEG: f64 = 65.5;
/// Least score of a detector's box that counts.
const LEAST: f64 = 0.5;
/// Borders between bands of slant range, metres.
const BANDS: [f64; 4] = [25.0, 40.0, 70.0, 130.0];
/// Fewer looks than this say nothing of a band.
const ENOUGH: usize = 25;
/// How far a band's median may be from that of all, of it.
const APART: f64 = 0.25;

#[derive(Deserialize)]
struct Labels {
    images: Vec<Image>,
    annotations: Vec<Boxed>,
}

#[derive(Deserialize)]
struct Image {
    id: u64,
    width: usize,
    height: usize,
    source: Drone,
    meta: Option<Telemetry>,
}

#[derive(Deserialize)]
struct Drone {
    drone: String,
}

/// What the aircraft logged with a picture; gimbal pitch counts downward.
#[derive(Deserialize)]
struct Telemetry {
    latitude: Option<f64>,
    longitude: Option<f64>,
    #[serde(rename = "height_above_takeoff(meter)")]
    height_m: Option<f64>,
    #[serde(rename = "gimbal_heading(degrees)")]
    heading_deg: Option<f64>,
    #[serde(rename = "gimbal_pitch(degrees)")]
    down_deg: Option<f64>,
}

#[derive(Deserialize)]
struct Boxed {
    image_id: u64,
    category_id: u32,
    bbox: [f32; 4],
    #[serde(default)]
    score: f64,
}

impl Boxed {
    fn image(&self) -> ImageBox {
        let [x, y, w, h] = self.bbox;
        ImageBox { x, y, w, h }
    }
}

/// Rows of the sea.
#[must_use]
pub fn sea(data: &Path) -> Vec<Row> {
    rows(data).unwrap_or_else(|e| vec![Row::left_out("people and boats on the water", ON, &e)])
}

fn json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, BenchError> {
    serde_json::from_slice(&read(path)?).map_err(|e| BenchError::Data {
        path: path.to_owned(),
        why: e.to_string(),
    })
}

/// Boxes by picture, best first.
fn by_picture<'a>(boxes: &'a [Boxed], kinds: &[u32]) -> BTreeMap<u64, Vec<&'a Boxed>> {
    let mut out: BTreeMap<u64, Vec<&Boxed>> = BTreeMap::new();
    for b in boxes.iter().filter(|b| kinds.contains(&b.category_id)) {
        out.entry(b.image_id).or_default().push(b);
    }
    for list in out.values_mut() {
        list.sort_by(|a, b| b.score.total_cmp(&a.score));
    }
    out
}

fn scored(labels: &Labels, found: &[Boxed], kinds: &[u32]) -> Counts {
    let (truth, found) = (by_picture(&labels.annotations, kinds), by_picture(found, kinds));
    let ignored = by_picture(&labels.annotations, &[0]);
    let of = |all: &BTreeMap<u64, Vec<&Boxed>>, id: u64, least: f64| -> Vec<ImageBox> {
        let here = all.get(&id).into_iter().flatten();
        here.filter(|b| b.score >= least).map(|b| b.image()).collect()
    };
    let mut counts = Counts::default();
    for i in &labels.images {
        counts.add(&score(
            &of(&found, i.id, LEAST),
            &of(&truth, i.id, 0.0),
            &of(&ignored, i.id, 0.0),
        ));
    }
    counts
}

/// Slant range and size of a box, metres, by our projection onto the water.
fn measured(i: &Image, b: &ImageBox) -> Option<(f64, f64)> {
    let t = i.meta.as_ref().filter(|_| i.source.drone == "mavic")?;
    let (w, h) = (i.width as f64, i.height as f64);
    let pose = SensorPose {
        captured: Utc(0),
        at: LatLon::new(t.latitude?, t.longitude?).ok()?,
        amsl: Amsl(t.height_m?),
        roll_deg: 0.0,
        pitch_deg: -t.down_deg?,
        yaw_deg: t.heading_deg?,
        hfov_deg: HFOV_DEG,
        vfov_deg: 2.0 * ((HFOV_DEG / 2.0).to_radians().tan() * h / w).atan().to_degrees(),
        sigma_h_m: 2.5,
        sigma_v_m: 2.0,
        sigma_tilt_deg: 0.5,
        sigma_heading_deg: 3.0,
        sigma_time_s: 0.1,
    };
    let water = LevelGround {
        amsl: Amsl(0.0),
        sigma_m: 0.5,
    };
    let middle = [f64::from(b.x + b.w / 2.0), f64::from(b.y + b.h / 2.0)];
    let fix = geolocate(middle, i.width, i.height, &pose, &water).ok()?;
    let scale = px_per_m(fix.slant_m, i.width, &pose)?;
    Some((fix.slant_m, f64::from(b.w * b.h).sqrt() / scale))
}

fn median(of: &mut [f64]) -> f64 {
    of.sort_by(f64::total_cmp);
    of.get(of.len() / 2).copied().unwrap_or(f64::NAN)
}

fn rows(data: &Path) -> Result<Vec<Row>, BenchError> {
    let labels: Labels = json(&data.join(ON).join("instances_val.json"))?;
    let found: Vec<Boxed> = json(&data.join(ON).join("result_all_classes.json"))?;
    let mut out: Vec<Row> = [("swimmers", &[1][..]), ("boats and jet skis", &[2, 3])]
        .into_iter()
        .map(|(what, kinds)| {
            let said = scored(&labels, &found, kinds).text();
            Row::shown(
                &format!("{what}, a public detector's boxes scored as ours are"),
                ON,
                said,
            )
        })
        .collect();
    let images: BTreeMap<u64, &Image> = labels.images.iter().map(|i| (i.id, i)).collect();
    let swimmers = labels.annotations.iter().filter(|a| a.category_id == 1);
    let looks: Vec<(f64, f64)> = swimmers
        .filter_map(|a| measured(images.get(&a.image_id)?, &a.image()))
        .collect();
    let whole = median(&mut looks.iter().map(|l| l.1).collect::<Vec<_>>());
    let (mut worst, mut told, mut used) = (0.0f64, Vec::new(), 0);
    for k in 0..=BANDS.len() {
        let from = k.checked_sub(1).map_or(0.0, |k| BANDS[k]);
        let to = BANDS.get(k).copied().unwrap_or(f64::INFINITY);
        let mut sizes: Vec<f64> = looks.iter().filter(|l| l.0 >= from && l.0 < to).map(|l| l.1).collect();
        if sizes.len() < ENOUGH {
            continue;
        }
        used += sizes.len();
        let here = median(&mut sizes);
        worst = worst.max((here / whole - 1.0).abs());
        told.push(format!("{here:.2} m from {from:.0} m on ({})", sizes.len()));
    }
    out.push(Row::judged(
        "a swimmer's size by our projection, near and far",
        ON,
        "each band's median within 25 % of all",
        format!("{whole:.2} m, {:.0} % at most: {}", worst * 100.0, told.join(", ")),
        used >= 3_000 && told.len() >= 4 && worst <= APART,
    ));
    Ok(out)
}
