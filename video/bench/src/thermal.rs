//! Thermal pictures from the air with true boxes (HIT-UAV, Suo et al. 2023, CC BY 4.0): hot spots
//! alone and with the classifier, by altitude.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use vedette_ingest::{Still, Stills};
use vedette_model::{ImageBox, TargetClass};
use vedette_sight::{GrayFrame, SightPolicy, ThermalDetector, ThermalScene, thermal_candidates};

use crate::boxes::{self, Counts};
use crate::{BenchError, Row, processor_s, read};

/// Altitudes that the shipped classifier was never trained on, metres.
pub const HELD_OUT: [u32; 2] = [80, 110];
/// Focal length of that camera, pixels: 25 mm over 17 µm.
const FOCAL_PX: f64 = 1470.0;

/// One true object.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct True {
    /// Kind; `Unknown` for what the labellers ask not to count.
    pub class: TargetClass,
    /// Box, pixels.
    pub image: ImageBox,
}

/// One labelled picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// File.
    pub path: PathBuf,
    /// Altitude above ground, metres.
    pub altitude_m: u32,
    /// Depression of the line of sight, degrees.
    pub depression_deg: f64,
    /// What is in it.
    pub truth: Vec<True>,
}

impl Picture {
    /// What the geometry says.
    #[must_use]
    pub fn scene(&self) -> ThermalScene {
        scene_of(f64::from(self.altitude_m), self.depression_deg)
    }
}

/// Scene of that camera at an altitude and depression.
#[must_use]
pub fn scene_of(altitude_m: f64, depression_deg: f64) -> ThermalScene {
    let slant_m = altitude_m / depression_deg.to_radians().sin().max(0.05);
    ThermalScene {
        px_per_m: FOCAL_PX / slant_m.max(1.0),
        depression_deg,
    }
}

/// Altitude and depression as that set's file names give them: `time_altitude_angle_weather_id`.
#[must_use]
pub fn geometry_of_name(name: &str) -> Option<(u32, f64)> {
    let mut parts = name.split('_');
    let (_, altitude, angle) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    ((10..=1000).contains(&altitude) && (5.0..=90.0).contains(&angle)).then_some((altitude, angle))
}

/// The labelled pictures that are there, by name.
///
/// # Errors
/// When no label file can be read.
pub fn pictures(root: &Path) -> Result<Vec<Picture>, BenchError> {
    let dir = root.join("normal_json");
    let mut out = BTreeMap::new();
    for part in ["train", "val", "test"] {
        let path = dir.join(format!("annotations/{part}.json"));
        if !path.is_file() {
            continue;
        }
        let bad = |why: String| BenchError::Data {
            path: path.clone(),
            why,
        };
        let v: Value = serde_json::from_slice(&read(&path)?).map_err(|e| bad(e.to_string()))?;
        let list = |key: &str| v[key].as_array().cloned().unwrap_or_default();
        let mut by_id: BTreeMap<i64, Picture> = BTreeMap::new();
        for image in list("images") {
            let name = image["filename"]
                .as_str()
                .or(image["file_name"].as_str())
                .unwrap_or_default();
            let file = dir.join(part).join(name);
            let (Some((altitude_m, depression_deg)), Some(id)) = (geometry_of_name(name), image["id"].as_i64()) else {
                continue;
            };
            if file.is_file() {
                by_id.insert(
                    id,
                    Picture {
                        path: file,
                        altitude_m,
                        depression_deg,
                        truth: Vec::new(),
                    },
                );
            }
        }
        for a in list("annotation").iter().chain(&list("annotations")) {
            let b: Vec<f32> = a["bbox"].as_array().map_or(Vec::new(), |b| {
                b.iter().filter_map(Value::as_f64).map(|v| v as f32).collect()
            });
            let (Some(p), &[x, y, w, h]) = (a["image_id"].as_i64().and_then(|i| by_id.get_mut(&i)), b.as_slice())
            else {
                continue;
            };
            let class = match a["category_id"].as_i64() {
                Some(0) => TargetClass::Person,
                Some(1 | 3) => TargetClass::Vehicle,
                Some(2) => TargetClass::TwoWheeler,
                _ => TargetClass::Unknown,
            };
            p.truth.push(True {
                class,
                image: ImageBox { x, y, w, h },
            });
        }
        out.extend(by_id.into_values().map(|p| (p.path.clone(), p)));
    }
    if out.is_empty() {
        return Err(BenchError::Data {
            path: dir,
            why: "holds no labelled pictures (annotations/train.json and train/…)".to_owned(),
        });
    }
    Ok(out.into_values().collect())
}

/// Decodes one picture.
///
/// # Errors
/// When it cannot be read or decoded.
pub fn load(stills: &mut Stills, path: &Path) -> Result<Still, BenchError> {
    stills.decode(&read(path)?).map_err(|e| BenchError::Data {
        path: path.to_owned(),
        why: e.to_string(),
    })
}

/// Counts of one class in one picture.
#[must_use]
pub fn count(found: &[ImageBox], picture: &Picture, class: TargetClass) -> Counts {
    let of =
        |c: TargetClass| -> Vec<ImageBox> { picture.truth.iter().filter(|t| t.class == c).map(|t| t.image).collect() };
    boxes::score(found, &of(class), &of(TargetClass::Unknown))
}

/// Counts of one altitude.
#[derive(Debug, Clone, Copy, Default)]
pub struct Band {
    /// People among hot spots alone.
    pub spots: Counts,
    /// People with the classifier.
    pub people: Counts,
    /// Vehicles with the classifier.
    pub vehicles: Counts,
    /// Two-wheelers with the classifier.
    pub two_wheelers: Counts,
}

/// Rows of the thermal detector.
#[must_use]
pub fn thermal(data: &Path) -> Vec<Row> {
    let mut rows = rows(data).unwrap_or_else(|e| vec![Row::left_out("thermal people and vehicles", "hituav", &e)]);
    rows.extend(crate::slot::slot(data));
    rows
}

/// Held-out altitudes with their counts, and the detector's processor seconds per picture.
///
/// # Errors
/// When the pictures or their labels cannot be read.
pub fn bands(data: &Path) -> Result<(BTreeMap<u32, Band>, f64), BenchError> {
    let pictures = pictures(&data.join("hituav"))?;
    let weights = |e: vedette_sight::SightError| BenchError::Data {
        path: "classifier weights".into(),
        why: e.to_string(),
    };
    let detector = ThermalDetector::shipped().map_err(weights)?;
    let policy = SightPolicy::default();
    let mut stills = Stills::new();
    let mut bands: BTreeMap<u32, Band> = BTreeMap::new();
    let (mut spent_s, mut looked) = (0.0, 0u32);
    for p in pictures.iter().filter(|p| HELD_OUT.contains(&p.altitude_m)) {
        let still = load(&mut stills, &p.path)?;
        let frame = GrayFrame::new(still.width, still.height, &still.gray).map_err(weights)?;
        let spots: Vec<ImageBox> = thermal_candidates(&frame, &p.scene())
            .iter()
            .filter(|d| d.spot >= policy.spot_ratio && d.contrast.abs() >= policy.spot_contrast)
            .map(|d| d.image)
            .collect();
        let begun = processor_s();
        let objects = detector.detect(&frame, &p.scene());
        spent_s += processor_s() - begun;
        looked += 1;
        let of =
            |c: TargetClass| -> Vec<ImageBox> { objects.iter().filter(|o| o.class == c).map(|o| o.image).collect() };
        let band = bands.entry(p.altitude_m).or_default();
        band.spots.add(&count(&spots, p, TargetClass::Person));
        for (class, counts) in [
            (TargetClass::Person, &mut band.people),
            (TargetClass::Vehicle, &mut band.vehicles),
            (TargetClass::TwoWheeler, &mut band.two_wheelers),
        ] {
            counts.add(&count(&of(class), p, class));
        }
    }
    Ok((bands, spent_s / f64::from(looked.max(1))))
}

fn rows(data: &Path) -> Result<Vec<Row>, BenchError> {
    const ON: &str = "hituav";
    let (bands, spent_s) = bands(data)?;
    let mut rows = Vec::new();
    let mut all = Band::default();
    for (altitude, b) in &bands {
        rows.push(Row::shown(
            &format!("thermal people, {altitude} m (held out), hot spots alone"),
            ON,
            b.spots.text(),
        ));
        for (what, c) in [
            ("people", &b.people),
            ("vehicles", &b.vehicles),
            ("two-wheelers", &b.two_wheelers),
        ] {
            rows.push(Row::shown(
                &format!("thermal {what}, {altitude} m (held out), with classifier"),
                ON,
                c.text(),
            ));
        }
        all.spots.add(&b.spots);
        all.people.add(&b.people);
        all.vehicles.add(&b.vehicles);
        all.two_wheelers.add(&b.two_wheelers);
    }
    let p = all.people;
    rows.push(Row::judged(
        "thermal people, altitudes held out, with classifier",
        ON,
        "P ≥ 0.89, R ≥ 0.55, ≤ 0.30 wrong per picture",
        p.text(),
        p.precision() >= 0.89 && p.recall() >= 0.55 && p.wrong_per_picture() <= 0.30,
    ));
    rows.push(Row::shown(
        "thermal vehicles, altitudes held out",
        ON,
        all.vehicles.text(),
    ));
    rows.push(Row::shown(
        "thermal two-wheelers, altitudes held out",
        ON,
        all.two_wheelers.text(),
    ));
    rows.push(Row::shown(
        "thermal detector, processor time per 640 x 512 picture",
        ON,
        format!("{:.1} ms", spent_s * 1e3),
    ));
    Ok(rows)
}
