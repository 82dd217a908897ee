//! Zones from the files authorities publish: ED-269, ED-318, OpenAir, KML and KMZ, Shapefile, GeoJSON.
//!
//! Invariant: nothing is made smaller or softer on the way: a limit whose datum cannot be resolved is widened, a hole is filled,
//! an unknown restriction forbids; each such step is told in the notes. Any bytes give zones or an error.

mod attributes;
mod ed;
mod export;
mod kml;
mod openair;
mod shapefile;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vedette_geo::{Amsl, Geoid, Hae, LatLon, destination};

use crate::geojson::Repeats;
use crate::{AtlasError, Bounds, Geometry, Shape, Terrain, Zone, ZoneKind, zip};

pub use kml::{Placemark, read_kml};
pub use shapefile::{ShapeRecord, read_shapefile};

/// Largest file that is read, bytes.
const MOST_BYTES: usize = 32 << 20;
/// Feet and nautical miles, metres (exact).
pub(crate) const FOOT_M: f64 = 0.3048;
pub(crate) const MILE_M: f64 = 1852.0;
/// Pressure at the ground may put a flight level this much above or below its height in the standard atmosphere, metres: 50 hPa
/// at 8.2 m per hPa.
const STANDARD_OFF_M: f64 = 400.0;

/// What a height is counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Datum {
    /// The ground below.
    Ground,
    /// Mean sea level.
    Sea,
    /// The WGS 84 ellipsoid.
    Ellipsoid,
    /// The standard atmosphere (flight levels).
    Standard,
}

/// A limit in height.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// Metres over the datum.
    pub metres: f64,
    /// Datum.
    pub datum: Datum,
}

/// When a zone is active, in the file's own words; no period at all: always.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// From, RFC 3339 as the file has it.
    pub from: Option<String>,
    /// Until.
    pub until: Option<String>,
    /// Days of the week, as `MON`; empty: every day.
    pub days: Vec<String>,
    /// Time of day, from and to, with its zone.
    pub daily: Option<[String; 2]>,
}

/// A zone as a file has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportedZone {
    /// Name.
    pub name: String,
    /// What it is, from its restriction.
    pub kind: ZoneKind,
    /// The restriction, in the file's own words.
    pub restriction: String,
    /// Outline.
    pub shape: Shape,
    /// Lower limit; `None`: from the ground.
    pub lower: Option<Limit>,
    /// Upper limit; `None`: unlimited.
    pub upper: Option<Limit>,
    /// When it is active; empty: always.
    pub schedule: Vec<Period>,
    /// Everything else, by its name in the file.
    pub properties: BTreeMap<String, String>,
}

/// What taking a file in would bring, before anything is taken in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Preview {
    /// Format that was recognised.
    pub format: String,
    /// Zones in all.
    pub zones: usize,
    /// Of them: no aircraft, no recording, advice only.
    pub no_fly: usize,
    /// No recording of what lies inside.
    pub privacy: usize,
    /// Advice only.
    pub advisory: usize,
    /// Zones that hold at times only; they are respected always.
    pub at_times: usize,
    /// Corners of all polygons.
    pub corners: usize,
    /// The box around everything; none without a zone.
    pub bounds: Option<Bounds>,
    /// What a person should know first: what was left out, widened, not understood, or looks wrong.
    pub warnings: Vec<String>,
}

/// What a file gave.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ZoneImport {
    /// Format that was recognised.
    pub format: String,
    /// Zones.
    pub zones: Vec<ImportedZone>,
    /// What a person should know: what was left out, widened or not understood.
    pub notes: Vec<String>,
}

impl ImportedZone {
    /// The zone with limits above the sea. Where a limit hangs on ground or pressure it is widened to what it may be at most:
    /// the lower limit to the lowest, the upper to the highest ground of the zone; unknown ground leaves no limit.
    #[must_use]
    pub fn zone(&self, terrain: Option<&Terrain>, geoid: &Geoid) -> Zone {
        let ground = |high: bool| {
            let b = self.bounds()?;
            let heights = terrain?.grid(b, 40, 40);
            heights
                .into_iter()
                .collect::<Option<Vec<f32>>>()?
                .into_iter()
                .reduce(if high { f32::max } else { f32::min })
                .map(f64::from)
        };
        let amsl = |l: Limit, high: bool| -> Option<f64> {
            let slack = if high { 1.0 } else { -1.0 };
            match l.datum {
                Datum::Sea => Some(l.metres),
                Datum::Ellipsoid => Some(Hae(l.metres).to_amsl(geoid).0 + slack * geoid.sigma_m),
                Datum::Standard => Some(l.metres + slack * STANDARD_OFF_M),
                // Between the postings of the look the ground may be higher or lower still.
                Datum::Ground => ground(high).map(|g| g + l.metres + slack * 30.0),
            }
        };
        Zone {
            name: self.name.clone(),
            kind: self.kind,
            shape: self.shape.clone(),
            floor: self
                .lower
                .filter(|l| !(l.datum == Datum::Ground && l.metres <= 0.0))
                .and_then(|l| amsl(l, false))
                .map(Amsl),
            ceiling: self.upper.and_then(|l| amsl(l, true)).map(Amsl),
        }
    }

    fn bounds(&self) -> Option<Bounds> {
        match &self.shape {
            Shape::Polygon(p) => Bounds::around(p, 0.0),
            Shape::Disc { centre, radius_m } => Bounds::around(&[*centre], *radius_m),
        }
    }
}

/// Reads zones of any of the formats, told by the bytes themselves; `name` is the file's, for messages.
///
/// # Errors
/// [`AtlasError`] with the place in the file.
pub fn read_zone_file(name: &str, bytes: &[u8]) -> Result<ZoneImport, AtlasError> {
    if bytes.len() > MOST_BYTES {
        return Err(bad(
            name,
            "the file",
            format!("{} bytes; at most 32 MiB are read", bytes.len()),
        ));
    }
    if bytes.starts_with(b"PK") {
        return zipped(name, bytes);
    }
    if bytes.starts_with(&[0, 0, 0x27, 0x0a]) {
        return from_shapes(name, &read_shapefile(name, bytes, None)?);
    }
    let text = text(bytes);
    let start = text.trim_start();
    if start.starts_with('{') {
        return ed::read(name, &text);
    }
    if start.starts_with('<') {
        return from_kml(name, &read_kml(name, &text)?);
    }
    openair::read(name, &text)
}

/// Text in UTF-8, or else in Latin-1, which OpenAir files often are.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(t) => Cow::Borrowed(t),
        Err(_) => bytes.iter().map(|b| char::from(*b)).collect(),
    }
}

pub(crate) fn bad(file: &str, place: &str, why: impl Into<String>) -> AtlasError {
    AtlasError::Zones {
        file: file.to_owned(),
        place: place.to_owned(),
        why: why.into(),
    }
}

fn zipped(name: &str, bytes: &[u8]) -> Result<ZoneImport, AtlasError> {
    let all = zip::entries(name, bytes)?;
    let find = |end: &str| all.iter().find(|e| e.name.to_ascii_lowercase().ends_with(end));
    if let Some(e) = find(".kml") {
        let kml = zip::extract(name, bytes, e, MOST_BYTES)?;
        return from_kml(name, &read_kml(name, &text(&kml))?);
    }
    if let Some(e) = find(".shp") {
        let shp = zip::extract(name, bytes, e, MOST_BYTES)?;
        let dbf = find(".dbf")
            .map(|d| zip::extract(name, bytes, d, MOST_BYTES))
            .transpose()?;
        if let Some(p) = find(".prj") {
            check_prj(name, &p.name, &zip::extract(name, bytes, p, 1 << 20)?)?;
        }
        return from_shapes(name, &read_shapefile(name, &shp, dbf.as_deref())?);
    }
    Err(bad(name, "the archive", "it holds neither a .kml nor a .shp file"))
}

/// Whether the reference system of a Shapefile (`.prj`, well-known text) is longitude and latitude of WGS 84.
fn check_prj(name: &str, file: &str, prj: &[u8]) -> Result<(), AtlasError> {
    let prj = text(prj);
    let prj = prj.trim_start();
    let system: String = prj.split('"').nth(1).unwrap_or("not said").chars().take(60).collect();
    if ["GEOGCS", "GEOGCRS", "GEODCRS"].iter().any(|k| prj.starts_with(k)) && prj.contains("1984") {
        return Ok(());
    }
    Err(bad(
        name,
        file,
        format!("its coordinates are of `{system}`, not longitude and latitude of WGS 84: reproject it to EPSG:4326"),
    ))
}

/// One file of the parts of a Shapefile that lie side by side: a ZIP archive, as programs exchange them.
pub(crate) fn shape_parts(stem: &str, parts: &[(&str, Vec<u8>)]) -> Option<Vec<u8>> {
    let mut w = zip::Writer::new();
    parts
        .iter()
        .all(|(end, bytes)| w.add(&format!("{stem}.{end}"), bytes))
        .then(|| w.finish())
}

/// A ring without its repeated end, corners the same to 1e-7 degrees (a centimetre) once; `None` when it encloses nothing.
pub(crate) fn ring(mut points: Vec<LatLon>) -> Option<Vec<LatLon>> {
    let e7 = |p: &LatLon| ((p.lat_deg * 1e7).round(), (p.lon_deg * 1e7).round());
    points.dedup_by(|b, a| e7(a) == e7(b));
    if points.len() > 1 && points.first().map(e7) == points.last().map(e7) {
        points.pop();
    }
    (points.len() >= 3).then_some(points)
}

fn from_shapes(name: &str, records: &[ShapeRecord]) -> Result<ZoneImport, AtlasError> {
    let mut out = ZoneImport {
        format: "Shapefile".into(),
        ..ZoneImport::default()
    };
    for (i, r) in records.iter().enumerate() {
        let title = ["NAME", "Name", "name", "ID", "id"]
            .iter()
            .find_map(|k| r.properties.get(*k).filter(|v| !v.is_empty()))
            .cloned()
            .unwrap_or_else(|| format!("{name} {}", i + 1));
        out.add(&r.geometry, &title, ZoneKind::NoFly, &r.properties, "");
    }
    Ok(out)
}

fn from_kml(file: &str, marks: &[Placemark]) -> Result<ZoneImport, AtlasError> {
    let mut out = ZoneImport {
        format: "KML".into(),
        ..ZoneImport::default()
    };
    let mut repeats = Repeats::default();
    for (i, m) in marks.iter().enumerate() {
        let title = if m.name.is_empty() {
            format!("placemark {}", i + 1)
        } else {
            m.name.clone()
        };
        let weight = Repeats::weight(&title, &m.properties);
        for g in &m.geometry {
            repeats
                .once_more(weight)
                .map_err(|why| bad(file, &format!("placemark {}", i + 1), why))?;
            let first = out.zones.len();
            out.add(g, &title, ZoneKind::NoFly, &m.properties, "");
            for z in &mut out.zones[first..] {
                // Extruded from the ground to its height; flat on the ground otherwise.
                z.upper = m.top.filter(|t| t.metres > 0.0).or(z.upper);
                if m.times != [None, None] {
                    let [from, until] = m.times.clone();
                    z.schedule = vec![Period {
                        from,
                        until,
                        days: vec![],
                        daily: None,
                    }];
                }
            }
        }
    }
    Ok(out)
}

impl ZoneImport {
    /// What taking this in would bring.
    #[must_use]
    pub fn preview(&self) -> Preview {
        let count = |k: ZoneKind| self.zones.iter().filter(|z| z.kind == k).count();
        let boxes: Vec<Bounds> = self.zones.iter().filter_map(ImportedZone::bounds).collect();
        let bounds = boxes.iter().copied().reduce(|a, b| Bounds {
            south_deg: a.south_deg.min(b.south_deg),
            west_deg: a.west_deg.min(b.west_deg),
            north_deg: a.north_deg.max(b.north_deg),
            east_deg: a.east_deg.max(b.east_deg),
        });
        let mut warnings = self.notes.clone();
        if self.zones.is_empty() {
            warnings.push("There is no zone in it.".to_owned());
        }
        for (z, b) in self.zones.iter().zip(&boxes) {
            if b.east_deg - b.west_deg > 180.0 {
                warnings.push(format!(
                    "`{}` reaches from {:.1} to {:.1} E: it seems to cross the date line; cut it in two there.",
                    z.name, b.west_deg, b.east_deg
                ));
            } else if b.east_deg - b.west_deg > 10.0 || b.north_deg - b.south_deg > 10.0 {
                warnings.push(format!(
                    "`{}` is more than 10 degrees wide: are longitude and latitude in the right order?",
                    z.name
                ));
            }
            if z.lower
                .zip(z.upper)
                .is_some_and(|(l, u)| l.datum == u.datum && l.metres >= u.metres)
            {
                warnings.push(format!("`{}` has its lower limit above its upper one.", z.name));
            }
        }
        Preview {
            format: self.format.clone(),
            zones: self.zones.len(),
            no_fly: count(ZoneKind::NoFly),
            privacy: count(ZoneKind::Privacy),
            advisory: count(ZoneKind::Advisory),
            at_times: self.zones.iter().filter(|z| !z.schedule.is_empty()).count(),
            corners: self
                .zones
                .iter()
                .map(|z| match &z.shape {
                    Shape::Polygon(p) => p.len(),
                    Shape::Disc { .. } => 0,
                })
                .sum(),
            bounds,
            warnings,
        }
    }

    /// Adds what has an area; what has none is told.
    fn add(
        &mut self,
        g: &Geometry,
        name: &str,
        kind: ZoneKind,
        properties: &BTreeMap<String, String>,
        restriction: &str,
    ) {
        let Geometry::Polygon(rings) = g else {
            self.notes
                .push(format!("`{name}` is a point or a line, not an area: left out."));
            return;
        };
        if rings.len() > 1 {
            self.notes.push(format!("`{name}` has holes: they are closed."));
        }
        match rings.first().cloned().and_then(ring) {
            Some(corners) => {
                let mut zone = ImportedZone {
                    name: name.to_owned(),
                    kind,
                    restriction: restriction.to_owned(),
                    shape: Shape::Polygon(corners),
                    lower: None,
                    upper: None,
                    schedule: Vec::new(),
                    properties: properties.clone(),
                };
                attributes::heights_and_times(&mut zone, &mut self.notes);
                self.zones.push(zone);
            }
            None => self.notes.push(format!("`{name}` encloses nothing: left out.")),
        }
    }
}

/// Points of an arc about a centre, from one bearing to another, at most five degrees apart.
pub(crate) fn arc(centre: LatLon, radius_m: f64, from_deg: f64, to_deg: f64, clockwise: bool) -> Vec<LatLon> {
    let mut sweep = vedette_geo::norm_deg_360(if clockwise {
        to_deg - from_deg
    } else {
        from_deg - to_deg
    });
    if sweep == 0.0 {
        sweep = 360.0;
    }
    let n = (sweep / 5.0).ceil().max(1.0);
    let side = if clockwise { 1.0 } else { -1.0 };
    let mut out = Vec::new();
    let mut k = 0.0;
    while k <= n {
        out.push(destination(centre, from_deg + side * sweep * k / n, radius_m));
        k += 1.0;
    }
    out
}
