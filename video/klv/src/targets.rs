//! The station's own detections as a VMTI set (ST 0903, nested in ST 0601 tag 74).
//!
//! Invariant: every target of a frame is written, decided or not, with its score and what a person said of it; a place
//! is written only where there is one, and a spread that is not known is written as "not a number", never as zero.

use crate::ber;
use crate::set::{Dialect, ItemKey, KlvSet, SetBuilder};
use crate::vmti::{Algorithm, Ontology, PixelBox, TargetLocation, VObject, VTarget, VmtiSet};
use serde::{Deserialize, Serialize};

/// Ontology of what a target is; its classes are the words of [`Sighting::class`].
pub const CLASS_ONTOLOGY: &str = "urn:x-vedette:ontology:target-class";
/// Ontology of what a person said of a target; its classes are those of [`Verdict`].
pub const VERDICT_ONTOLOGY: &str = "urn:x-vedette:ontology:verdict";
/// Number of the one algorithm named in the sets written here.
const ALGORITHM: u32 = 1;

/// What a person said of a target.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nobody has confirmed it: it is the machine's suggestion.
    #[default]
    Suggestion,
    /// A named operator confirmed an alert about it.
    Confirmed,
    /// A named operator dismissed the alert about it.
    Dismissed,
}

impl Verdict {
    /// Its name in [`VERDICT_ONTOLOGY`].
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Suggestion => "suggestion",
            Verdict::Confirmed => "confirmed",
            Verdict::Dismissed => "dismissed",
        }
    }
}

/// Where a target stands.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SightingPlace {
    /// Latitude, degrees WGS-84.
    pub lat_deg: f64,
    /// Longitude, degrees WGS-84.
    pub lon_deg: f64,
    /// Height above mean sea level, metres.
    pub amsl_m: f64,
    /// Covariance east-east, east-north, north-north, square metres.
    pub cov_en_m2: [f64; 3],
}

/// One target in one frame, as the station knew it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sighting {
    /// Number of its track.
    pub id: u32,
    /// Box in the frame, pixels from the upper left corner: left, top, width, height.
    pub image: [f32; 4],
    /// What it is taken for, in one word or two.
    pub class: String,
    /// Detector score 0..=1; not a probability.
    pub score: f64,
    /// Looks that support it.
    pub looks: u32,
    /// Seen in this frame; else carried on without a look.
    pub seen: bool,
    /// Speed over ground, metres per second, where it has a place.
    pub speed_m_s: Option<f64>,
    /// Where it stands; `None` where the frame gave no place.
    pub place: Option<SightingPlace>,
    /// What a person said of it.
    pub verdict: Verdict,
}

/// All targets of one frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SightingFrame {
    /// When the frame was taken, microseconds since 1970.
    pub time_us: u64,
    /// Targets.
    pub sightings: Vec<Sighting>,
}

/// Below this speed a target is written as stopped, metres per second.
const STOPPED_M_S: f64 = 0.3;

impl Sighting {
    /// The target pack. `width` and `height` are the frame's, pixels; `undulation_m` is the geoid's height above the
    /// ellipsoid, metres, without which no height and so no location pack can be written.
    fn pack(
        &self,
        width: u32,
        height: u32,
        undulation_m: Option<f64>,
        centre: Option<(f64, f64)>,
        objects: Vec<VObject>,
    ) -> VTarget {
        // One-based, and inside the picture: a box carried on may hang over its edge.
        let column = |x: f32| (x.max(0.0) as u32).min(width.saturating_sub(1)) + 1;
        let row = |y: f32| (y.max(0.0) as u32).min(height.saturating_sub(1)) + 1;
        let [x, y, w, h] = self.image;
        let status = match (self.seen, self.speed_m_s) {
            (false, _) => 4,
            (true, Some(v)) if v < STOPPED_M_S => 3,
            (true, _) => 1,
        };
        let location = self.place.zip(undulation_m).map(|(p, undulation)| {
            let [ee, en, nn] = p.cov_en_m2;
            let (east, north) = (ee.max(0.0).sqrt(), nn.max(0.0).sqrt());
            let rho = if east > 0.0 && north > 0.0 {
                (en / (east * north)).clamp(-1.0, 1.0)
            } else {
                0.0
            };
            TargetLocation {
                lat_deg: p.lat_deg,
                lon_deg: p.lon_deg,
                hae_m: p.amsl_m + undulation,
                sigma_enu_m: Some([east, north, f64::NAN]),
                rho: Some([rho, f64::NAN, f64::NAN]),
            }
        });
        let offset = self.place.zip(centre);
        VTarget {
            id: self.id,
            centroid: Some((column(x + w / 2.0), row(y + h / 2.0))),
            bbox: Some(PixelBox {
                left: column(x),
                top: row(y),
                right: column(x + w),
                bottom: row(y + h),
            }),
            confidence_percent: Some((self.score.clamp(0.0, 1.0) * 100.0).round() as u8),
            history: Some(self.looks.min(u32::from(u16::MAX)) as u16),
            lat_offset_deg: offset.map(|(p, c)| p.lat_deg - c.0).filter(|d| d.abs() <= 19.2),
            lon_offset_deg: offset.map(|(p, c)| p.lon_deg - c.1).filter(|d| d.abs() <= 19.2),
            hae_m: location.map(|l| l.hae_m),
            location,
            algorithm: Some(ALGORITHM),
            status: Some(status),
            objects,
            ..VTarget::default()
        }
    }
}

/// The object that is `class` of the ontology `iri`, which is named in `ontologies` from then on.
fn object(ontologies: &mut Vec<Ontology>, iri: &str, class: &str) -> VObject {
    // ST 0903.6 wants the class as an address as well.
    let class = format!("{iri}#{}", class.replace(' ', "-"));
    let at = ontologies.iter().position(|o| o.iri == iri && o.class == class);
    let at = at.unwrap_or_else(|| {
        ontologies.push(Ontology {
            id: ontologies.len() as u32 + 1,
            parent: None,
            iri: iri.to_owned(),
            class,
        });
        ontologies.len() - 1
    });
    VObject {
        ontology_id: Some(ontologies[at].id),
        ..VObject::default()
    }
}

impl SightingFrame {
    /// The set for tag 74. See [`SightingFrame::into_packet`] for how it comes into a packet.
    #[must_use]
    pub fn vmti(
        &self,
        width: u32,
        height: u32,
        undulation_m: Option<f64>,
        centre: Option<(f64, f64)>,
        software: &str,
    ) -> VmtiSet {
        let mut ontologies: Vec<Ontology> = Vec::new();
        let targets = self
            .sightings
            .iter()
            .map(|s| {
                let objects = vec![
                    object(&mut ontologies, CLASS_ONTOLOGY, &s.class),
                    object(&mut ontologies, VERDICT_ONTOLOGY, s.verdict.name()),
                ];
                s.pack(width, height, undulation_m, centre, objects)
            })
            .collect();
        let count = u32::try_from(self.sightings.len()).unwrap_or(u32::MAX);
        VmtiSet {
            time_us: Some(self.time_us),
            system_name: Some(software.to_owned()),
            version: Some(6),
            detected: Some(count),
            reported: Some(count),
            frame_width: Some(width),
            frame_height: Some(height),
            targets,
            algorithms: vec![Algorithm {
                id: ALGORITHM,
                name: software.to_owned(),
                // ST 0903.6 wants one.
                version: software
                    .rsplit_once(' ')
                    .map_or("not stated", |(_, version)| version)
                    .to_owned(),
                class: "detector and tracker".to_owned(),
            }],
            ontologies,
            ..VmtiSet::default()
        }
    }

    /// `packet`, one ST 0601 packet, with this frame's targets as tag 74 and all its other items as they are. `None`
    /// where it says something of moving targets itself: the camera's own word is not written over.
    #[must_use]
    pub fn into_packet(&self, packet: &KlvSet, width: u32, height: u32, software: &str) -> Option<Vec<u8>> {
        if packet.dialect != Dialect::St0601 || packet.items.iter().any(|i| i.key == ItemKey::Tag(74)) {
            return None;
        }
        let said = crate::UasDatalink::from_set(packet);
        let undulation = said.sensor_hae_m.zip(said.sensor_msl_m).map(|(hae, msl)| hae - msl);
        let centre = said.frame_center_lat_deg.zip(said.frame_center_lon_deg);
        let set = self.vmti(width, height, undulation, centre, software);
        let mut out = SetBuilder::new();
        for item in &packet.items {
            match item.key {
                ItemKey::Tag(1) => {}
                ItemKey::Tag(tag) => {
                    out.raw(tag, &item.raw);
                }
                ItemKey::Universal(_) => return None,
            }
        }
        out.raw(74, &set.encode());
        Some(out.finish())
    }
}

/// Reads a series: parts that each have their length in front.
pub(crate) fn series(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut out = Vec::new();
    while let Some((length, used)) = ber::read_length(bytes) {
        let Some(part) = bytes.get(used..used.saturating_add(length)) else {
            break;
        };
        out.push(part);
        bytes = &bytes[used + length..];
    }
    out
}

/// Writes a series.
pub(crate) fn write_series(parts: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut out = Vec::new();
    for part in parts {
        ber::write_length(&mut out, part.len());
        out.extend(part);
    }
    out
}
