//! MISB ST 0903 moving target indications, as nested in ST 0601 tag 74.
//! Invariant: what is written here is read back equal within one step of each field; unknown items are kept as bytes.
//! Pixel numbers on the wire are 1-based (`column + (row - 1) * width`); the structs are 1-based too.

use crate::ber;
use crate::imapb::Imapb;
use crate::targets::{series, write_series};
use serde::{Deserialize, Serialize};

/// A rectangle in the frame: 1-based pixel columns and rows, both corners inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PixelBox {
    /// Leftmost column.
    pub left: u32,
    /// Topmost row.
    pub top: u32,
    /// Rightmost column.
    pub right: u32,
    /// Lowest row.
    pub bottom: u32,
}

/// A target's ground position with its standard deviations (ST 0903 location pack).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TargetLocation {
    /// Latitude, degrees WGS-84.
    pub lat_deg: f64,
    /// Longitude, degrees WGS-84.
    pub lon_deg: f64,
    /// Height above the ellipsoid, metres.
    pub hae_m: f64,
    /// Standard deviations east, north, up in metres, when sent; NaN for one that is not known.
    pub sigma_enu_m: Option<[f64; 3]>,
    /// Correlations east-north, east-up, north-up, when sent; NaN for one that is not known.
    pub rho: Option<[f64; 3]>,
}

/// What a set's targets are said to be: one class of one ontology (ST 0903 Ontology local set).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ontology {
    /// Its number in this set.
    pub id: u32,
    /// Number of the one it belongs to.
    pub parent: Option<u32>,
    /// Where the ontology is defined.
    pub iri: String,
    /// The class in it.
    pub class: String,
}

/// How a set's targets were found (ST 0903 Algorithm local set).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Algorithm {
    /// Its number in this set.
    pub id: u32,
    /// Name.
    pub name: String,
    /// Version; empty when not said.
    pub version: String,
    /// What kind of algorithm it is; empty when not said.
    pub class: String,
}

/// What one target is (ST 0903 VObject local set).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VObject {
    /// The ontology named right here (before ST 0903.5).
    pub iri: Option<String>,
    /// The class named right here (before ST 0903.5).
    pub class: Option<String>,
    /// Number in the set's [`VmtiSet::ontologies`] (from ST 0903.5).
    pub ontology_id: Option<u32>,
    /// Items not named above: tag and bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other: Vec<(u32, Vec<u8>)>,
}

/// One target of a frame (ST 0903 VTarget pack).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct VTarget {
    /// Target number, stable over the track's life.
    pub id: u32,
    /// Centroid: 1-based column and row.
    pub centroid: Option<(u32, u32)>,
    /// Bounding box.
    pub bbox: Option<PixelBox>,
    /// Priority, 1 is highest.
    pub priority: Option<u8>,
    /// Confidence 0..=100 as sent: the detector's score, not a probability.
    pub confidence_percent: Option<u8>,
    /// Times the target was seen before.
    pub history: Option<u16>,
    /// Latitude offset from the frame centre, degrees.
    pub lat_offset_deg: Option<f64>,
    /// Longitude offset from the frame centre, degrees.
    pub lon_offset_deg: Option<f64>,
    /// Height above the ellipsoid, metres.
    pub hae_m: Option<f64>,
    /// Location pack.
    pub location: Option<TargetLocation>,
    /// Algorithm number.
    pub algorithm: Option<u32>,
    /// Detection status: 0 inactive, 1 active moving, 2 dropped, 3 active stopped, 4 active coasting.
    pub status: Option<u8>,
    /// What it is (tag 107; tag 102 of older sets is read too).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<VObject>,
    /// Items not named above: tag and bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other: Vec<(u32, Vec<u8>)>,
}

/// An ST 0903 local set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct VmtiSet {
    /// Time of the frame, microseconds (tag 2).
    pub time_us: Option<u64>,
    /// Name of the system that detects (tag 3).
    pub system_name: Option<String>,
    /// ST 0903 version (tag 4).
    pub version: Option<u16>,
    /// Targets detected in the frame (tag 5).
    pub detected: Option<u32>,
    /// Targets reported in this set (tag 6).
    pub reported: Option<u32>,
    /// Frame number (tag 7).
    pub frame_number: Option<u32>,
    /// Frame width in pixels (tag 8); pixel numbers need it.
    pub frame_width: Option<u32>,
    /// Frame height in pixels (tag 9).
    pub frame_height: Option<u32>,
    /// Sensor name (tag 10).
    pub sensor: Option<String>,
    /// Horizontal field of view, degrees (tag 11).
    pub hfov_deg: Option<f64>,
    /// Vertical field of view, degrees (tag 12).
    pub vfov_deg: Option<f64>,
    /// Targets (tag 101).
    pub targets: Vec<VTarget>,
    /// How they were found (tag 102).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub algorithms: Vec<Algorithm>,
    /// What they may be (tag 103).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ontologies: Vec<Ontology>,
    /// Items not named above: tag and bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other: Vec<(u32, Vec<u8>)>,
}

fn map(lo: f64, hi: f64, length: usize, bytes: &[u8]) -> Option<f64> {
    if bytes.len() != length {
        return None;
    }
    Imapb::new(lo, hi, length)?.decode(bytes)?.number()
}

fn unmap(lo: f64, hi: f64, length: usize, x: f64) -> Vec<u8> {
    Imapb::new(lo, hi, length).map_or_else(Vec::new, |m| m.encode(x))
}

fn uint32(bytes: &[u8]) -> Option<u32> {
    ber::read_uint(bytes).and_then(|v| u32::try_from(v).ok())
}

fn column_row(pixel: u64, width: Option<u32>) -> Option<(u32, u32)> {
    let width = u64::from(width.filter(|w| *w > 0)?);
    let zero = pixel.checked_sub(1)?;
    Some((
        u32::try_from(zero % width).ok()?.checked_add(1)?,
        u32::try_from(zero / width).ok()?.checked_add(1)?,
    ))
}

fn pixel_number(column: u32, row: u32, width: u32) -> u64 {
    u64::from(column) + u64::from(row.saturating_sub(1)) * u64::from(width)
}

fn utf8(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Ontology {
    fn parse(bytes: &[u8]) -> Self {
        let mut o = Ontology::default();
        for (tag, value) in crate::set::local_items(bytes).0 {
            match tag {
                1 => o.id = uint32(value).unwrap_or(0),
                2 => o.parent = uint32(value),
                3 => o.iri = utf8(value),
                4 => o.class = utf8(value),
                _ => {}
            }
        }
        o
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        ber::write_item(&mut out, 1, &ber::uint_bytes(u64::from(self.id)));
        if let Some(p) = self.parent {
            ber::write_item(&mut out, 2, &ber::uint_bytes(u64::from(p)));
        }
        ber::write_item(&mut out, 3, self.iri.as_bytes());
        ber::write_item(&mut out, 4, self.class.as_bytes());
        out
    }
}

impl Algorithm {
    fn parse(bytes: &[u8]) -> Self {
        let mut a = Algorithm::default();
        for (tag, value) in crate::set::local_items(bytes).0 {
            match tag {
                1 => a.id = uint32(value).unwrap_or(0),
                2 => a.name = utf8(value),
                3 => a.version = utf8(value),
                4 => a.class = utf8(value),
                _ => {}
            }
        }
        a
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        ber::write_item(&mut out, 1, &ber::uint_bytes(u64::from(self.id)));
        for (tag, text) in [(2, &self.name), (3, &self.version), (4, &self.class)] {
            if !text.is_empty() {
                ber::write_item(&mut out, tag, text.as_bytes());
            }
        }
        out
    }
}

impl VObject {
    fn parse(bytes: &[u8]) -> Self {
        let mut o = VObject::default();
        for (tag, value) in crate::set::local_items(bytes).0 {
            match tag {
                1 => o.iri = Some(utf8(value)),
                2 => o.class = Some(utf8(value)),
                3 => o.ontology_id = uint32(value),
                _ => o.other.push((tag, value.to_vec())),
            }
        }
        o
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (tag, text) in [(1, &self.iri), (2, &self.class)] {
            if let Some(text) = text {
                ber::write_item(&mut out, tag, text.as_bytes());
            }
        }
        if let Some(id) = self.ontology_id {
            ber::write_item(&mut out, 3, &ber::uint_bytes(u64::from(id)));
        }
        for (tag, value) in &self.other {
            ber::write_item(&mut out, *tag, value);
        }
        out
    }
}

impl TargetLocation {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let triple = |at: usize, lo: f64, hi: f64| -> Option<[f64; 3]> {
            let mut v = [0.0; 3];
            for (i, slot) in v.iter_mut().enumerate() {
                let value = Imapb::new(lo, hi, 2)?.decode(bytes.get(at + 2 * i..at + 2 * i + 2)?)?;
                *slot = value.number().unwrap_or(f64::NAN);
            }
            Some(v)
        };
        Some(TargetLocation {
            lat_deg: map(-90.0, 90.0, 4, bytes.get(0..4)?)?,
            lon_deg: map(-180.0, 180.0, 4, bytes.get(4..8)?)?,
            hae_m: map(-900.0, 19000.0, 2, bytes.get(8..10)?)?,
            sigma_enu_m: triple(10, 0.0, 650.0),
            rho: triple(16, -1.0, 1.0),
        })
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = unmap(-90.0, 90.0, 4, self.lat_deg);
        out.extend(unmap(-180.0, 180.0, 4, self.lon_deg));
        out.extend(unmap(-900.0, 19000.0, 2, self.hae_m));
        if let Some(sigma) = self.sigma_enu_m {
            for s in sigma {
                out.extend(unmap(0.0, 650.0, 2, if s > 650.0 { 650.0 } else { s }));
            }
            if let Some(rho) = self.rho {
                for r in rho {
                    out.extend(unmap(-1.0, 1.0, 2, r));
                }
            }
        }
        out
    }
}

impl VTarget {
    fn parse(pack: &[u8], width: Option<u32>) -> Option<Self> {
        let (id, used) = ber::read_oid(pack)?;
        let mut target = VTarget {
            id,
            ..VTarget::default()
        };
        let (mut top_left, mut bottom_right) = (None, None);
        let (mut row, mut column) = (None, None);
        for (tag, value) in crate::set::local_items(pack.get(used..)?).0 {
            let known = match tag {
                1 => {
                    target.centroid = ber::read_uint(value).and_then(|p| column_row(p, width));
                    target.centroid.is_some()
                }
                2 => {
                    top_left = ber::read_uint(value).and_then(|p| column_row(p, width));
                    top_left.is_some()
                }
                3 => {
                    bottom_right = ber::read_uint(value).and_then(|p| column_row(p, width));
                    bottom_right.is_some()
                }
                4 if value.len() == 1 => {
                    target.priority = Some(value[0]);
                    true
                }
                5 if value.len() == 1 => {
                    target.confidence_percent = Some(value[0]);
                    true
                }
                6 => {
                    target.history = uint32(value).and_then(|v| u16::try_from(v).ok());
                    target.history.is_some()
                }
                10 => {
                    target.lat_offset_deg = map(-19.2, 19.2, 3, value);
                    target.lat_offset_deg.is_some()
                }
                11 => {
                    target.lon_offset_deg = map(-19.2, 19.2, 3, value);
                    target.lon_offset_deg.is_some()
                }
                12 => {
                    target.hae_m = map(-900.0, 19000.0, 2, value);
                    target.hae_m.is_some()
                }
                17 => {
                    target.location = TargetLocation::parse(value);
                    target.location.is_some()
                }
                19 => {
                    row = uint32(value);
                    row.is_some()
                }
                20 => {
                    column = uint32(value);
                    column.is_some()
                }
                22 => {
                    target.algorithm = uint32(value);
                    target.algorithm.is_some()
                }
                23 if value.len() == 1 => {
                    target.status = Some(value[0]);
                    true
                }
                102 => {
                    target.objects.push(VObject::parse(value));
                    true
                }
                107 => {
                    target.objects.extend(series(value).into_iter().map(VObject::parse));
                    true
                }
                _ => false,
            };
            if !known {
                target.other.push((tag, value.to_vec()));
            }
        }
        if let (None, Some(c), Some(r)) = (target.centroid, column, row) {
            target.centroid = Some((c, r));
        }
        if let (Some((left, top)), Some((right, bottom))) = (top_left, bottom_right) {
            target.bbox = Some(PixelBox {
                left,
                top,
                right,
                bottom,
            });
        }
        Some(target)
    }

    fn encode(&self, width: Option<u32>) -> Vec<u8> {
        let mut out = Vec::new();
        ber::write_oid(&mut out, self.id);
        let mut put = |tag: u32, value: &[u8]| ber::write_item(&mut out, tag, value);
        if let Some(width) = width {
            if let Some((c, r)) = self.centroid {
                put(1, &ber::uint_bytes(pixel_number(c, r, width)));
            }
            if let Some(b) = self.bbox {
                put(2, &ber::uint_bytes(pixel_number(b.left, b.top, width)));
                put(3, &ber::uint_bytes(pixel_number(b.right, b.bottom, width)));
            }
        }
        if let Some(v) = self.priority {
            put(4, &[v]);
        }
        if let Some(v) = self.confidence_percent {
            put(5, &[v.min(100)]);
        }
        if let Some(v) = self.history {
            put(6, &ber::uint_bytes(u64::from(v)));
        }
        if let Some(v) = self.lat_offset_deg {
            put(10, &unmap(-19.2, 19.2, 3, v));
        }
        if let Some(v) = self.lon_offset_deg {
            put(11, &unmap(-19.2, 19.2, 3, v));
        }
        if let Some(v) = self.hae_m {
            put(12, &unmap(-900.0, 19000.0, 2, v));
        }
        if let Some(v) = &self.location {
            put(17, &v.encode());
        }
        if let Some((c, r)) = self.centroid {
            put(19, &ber::uint_bytes(u64::from(r)));
            put(20, &ber::uint_bytes(u64::from(c)));
        }
        if let Some(v) = self.algorithm {
            put(22, &ber::uint_bytes(u64::from(v)));
        }
        if let Some(v) = self.status {
            put(23, &[v]);
        }
        if !self.objects.is_empty() {
            put(107, &write_series(self.objects.iter().map(VObject::encode)));
        }
        for (tag, value) in &self.other {
            put(*tag, value);
        }
        out
    }
}

impl VmtiSet {
    /// What a target is said to be, as pairs of ontology and class (its name in that ontology), wherever they are named.
    #[must_use]
    pub fn classes<'a>(&'a self, target: &'a VTarget) -> Vec<(&'a str, &'a str)> {
        let named = |o: &'a VObject| match o.ontology_id {
            Some(id) => {
                let o = self.ontologies.iter().find(|x| x.id == id)?;
                let class = o.class.strip_prefix(o.iri.as_str()).and_then(|c| c.strip_prefix('#'));
                Some((o.iri.as_str(), class.unwrap_or(&o.class)))
            }
            None => Some((o.iri.as_deref().unwrap_or(""), o.class.as_deref()?)),
        };
        target.objects.iter().filter_map(named).collect()
    }

    /// Reads the value of tag 74 (or of a stand-alone set after its key and length). Never fails: what does not
    /// decode stays in `other`.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut set = VmtiSet::default();
        let items = crate::set::local_items(bytes).0;
        set.frame_width = items.iter().find(|(t, _)| *t == 8).and_then(|(_, v)| uint32(v));
        for (tag, value) in items {
            match tag {
                1 => {}
                2 => set.time_us = ber::read_uint(value),
                3 => set.system_name = Some(String::from_utf8_lossy(value).into_owned()),
                4 => set.version = uint32(value).and_then(|v| u16::try_from(v).ok()),
                5 => set.detected = uint32(value),
                6 => set.reported = uint32(value),
                7 => set.frame_number = uint32(value),
                8 => set.frame_width = uint32(value),
                9 => set.frame_height = uint32(value),
                10 => set.sensor = Some(String::from_utf8_lossy(value).into_owned()),
                11 => set.hfov_deg = map(0.0, 180.0, 2, value),
                12 => set.vfov_deg = map(0.0, 180.0, 2, value),
                101 => set.targets.extend(
                    series(value)
                        .into_iter()
                        .filter_map(|pack| VTarget::parse(pack, set.frame_width)),
                ),
                102 => set.algorithms.extend(series(value).into_iter().map(Algorithm::parse)),
                103 => set.ontologies.extend(series(value).into_iter().map(Ontology::parse)),
                _ => set.other.push((tag, value.to_vec())),
            }
        }
        set
    }

    /// The bytes for tag 74. Pixel positions need `frame_width`; the reported count is written from `targets`.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut put = |tag: u32, value: &[u8]| ber::write_item(&mut out, tag, value);
        if let Some(v) = self.time_us {
            put(2, &v.to_be_bytes());
        }
        if let Some(v) = &self.system_name {
            put(3, v.as_bytes());
        }
        put(4, &ber::uint_bytes(u64::from(self.version.unwrap_or(6))));
        let reported = self.targets.len() as u64;
        put(5, &ber::uint_bytes(self.detected.map_or(reported, u64::from)));
        put(6, &ber::uint_bytes(reported));
        if let Some(v) = self.frame_number {
            put(7, &ber::uint_bytes(u64::from(v)));
        }
        if let Some(v) = self.frame_width {
            put(8, &ber::uint_bytes(u64::from(v)));
        }
        if let Some(v) = self.frame_height {
            put(9, &ber::uint_bytes(u64::from(v)));
        }
        if let Some(v) = &self.sensor {
            put(10, v.as_bytes());
        }
        if let Some(v) = self.hfov_deg {
            put(11, &unmap(0.0, 180.0, 2, v));
        }
        if let Some(v) = self.vfov_deg {
            put(12, &unmap(0.0, 180.0, 2, v));
        }
        if !self.targets.is_empty() {
            put(
                101,
                &write_series(self.targets.iter().map(|t| t.encode(self.frame_width))),
            );
        }
        if !self.algorithms.is_empty() {
            put(102, &write_series(self.algorithms.iter().map(Algorithm::encode)));
        }
        if !self.ontologies.is_empty() {
            put(103, &write_series(self.ontologies.iter().map(Ontology::encode)));
        }
        for (tag, value) in &self.other {
            put(*tag, value);
        }
        out
    }
}
