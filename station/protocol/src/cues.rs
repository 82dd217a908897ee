//! What sensors on the ground say on the wire: lines of JSON, and AIVDM sentences of NMEA 0183.
//!
//! Sans-IO: bytes in, [`Cue`]s out. Invariant: nothing of a sender's length or number is kept; what
//! is not understood is an error that says why, never a guess.

use serde::Deserialize;
use thiserror::Error;
use vedette_geo::LatLon;
use vedette_model::{Cue, CueClass, CueKind, Utc};

/// Longest line taken, bytes.
pub const LINE_MOST: usize = 2048;
/// Longest name of a sensor, characters.
const NAME_MOST: usize = 64;
/// Errors beyond this are no place, metres.
const ERROR_MOST_M: f64 = 20_000.0;
/// One sigma of a ship's own place where it says it is better than 10 m, and where not (M.1371-5, 3.3.8.2.1), metres.
const AIS_ERROR_M: (f64, f64) = (5.0, 20.0);
/// Metres per second of a knot.
const KNOT_M_S: f64 = 1852.0 / 3600.0;

/// Why a line is no cue.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CueError {
    /// Longer than [`LINE_MOST`].
    #[error("a line of {0} bytes; allowed are {LINE_MOST}")]
    Long(usize),
    /// Not JSON of a cue.
    #[error("no cue in JSON: {0}")]
    Json(String),
    /// A value out of its range.
    #[error("{0}")]
    Value(String),
    /// Not an AIVDM sentence.
    #[error("no AIS sentence: {0}")]
    Nmea(&'static str),
}

#[derive(Deserialize)]
struct Line {
    sensor: String,
    kind: String,
    utc_us: i64,
    lat_deg: f64,
    lon_deg: f64,
    error_m: f64,
    class: Option<String>,
    speed_m_s: Option<f64>,
    course_deg: Option<f64>,
    state: Option<String>,
}

fn place(lat_deg: f64, lon_deg: f64) -> Result<LatLon, CueError> {
    LatLon::new(lat_deg, lon_deg).map_err(|e| CueError::Value(e.to_string()))
}

/// Reads one line of JSON as a sensor sends it: `sensor`, `kind` (`seismic`, `tower`, `e-seal`, any
/// other), `utc_us`, `lat_deg`, `lon_deg`, `error_m`, and where known `class`, `speed_m_s`,
/// `course_deg`, `state` (`closed`, `opened`). Keys beyond these are passed over.
///
/// # Errors
/// [`CueError`] with what is wrong.
pub fn read_cue(line: &[u8]) -> Result<Cue, CueError> {
    if line.len() > LINE_MOST {
        return Err(CueError::Long(line.len()));
    }
    let l: Line = serde_json::from_slice(line).map_err(|e| CueError::Json(e.to_string()))?;
    let sensor: String = l.sensor.chars().filter(|c| !c.is_control()).take(NAME_MOST).collect();
    if sensor.trim().is_empty() {
        return Err(CueError::Value("the sensor has no name".into()));
    }
    if !(0.0..=ERROR_MOST_M).contains(&l.error_m) {
        let why = format!("error_m {} is outside 0 to {ERROR_MOST_M}", l.error_m);
        return Err(CueError::Value(why));
    }
    let known = |v: Option<f64>, most: f64| v.filter(|v| (0.0..=most).contains(v));
    Ok(Cue {
        sensor,
        kind: match l.kind.as_str() {
            "seismic" => CueKind::Seismic,
            "tower" => CueKind::Tower,
            "ais" => CueKind::Ais,
            "e-seal" => CueKind::ESeal,
            _ => CueKind::Other,
        },
        utc: Utc(l.utc_us),
        at: place(l.lat_deg, l.lon_deg)?,
        error_m: l.error_m,
        class: match l.class.as_deref() {
            Some("footsteps") => CueClass::Footsteps,
            Some("person") => CueClass::Person,
            Some("vehicle") => CueClass::Vehicle,
            Some("boat") => CueClass::Boat,
            Some("animal") => CueClass::Animal,
            _ => CueClass::Unknown,
        },
        speed_m_s: known(l.speed_m_s, 120.0),
        course_deg: known(l.course_deg, 360.0),
        opened: l.state.as_deref().map(|s| s == "opened"),
    })
}

/// Bits of an armoured AIS payload, most significant first.
struct Payload<'a>(&'a [u8]);

impl Payload<'_> {
    /// Six bits a letter (IEC 61162-1, table of the six-bit field).
    fn bit(&self, at: usize) -> Option<bool> {
        let c = *self.0.get(at / 6)?;
        let six = match c {
            48..=87 => c - 48,
            96..=119 => c - 56,
            _ => return None,
        };
        Some(six >> (5 - at % 6) & 1 == 1)
    }

    fn unsigned(&self, from: usize, width: usize) -> Option<u32> {
        (from..from + width).try_fold(0, |v, i| Some(v << 1 | u32::from(self.bit(i)?)))
    }

    /// Two's complement.
    fn signed(&self, from: usize, width: usize) -> Option<i32> {
        let v = self.unsigned(from, width)?.cast_signed();
        let shift = 32 - i32::try_from(width).ok()?;
        Some(v << shift >> shift)
    }
}

/// Reads one AIVDM sentence heard at `utc`; `None` for messages that are no position of a ship.
///
/// Positions of class A (messages 1 to 3) and class B (message 18) after ITU-R M.1371-5, annex 8.
/// They say the second but not the minute, so the time of hearing stands.
///
/// # Errors
/// [`CueError`] with what is wrong with the sentence.
pub fn read_aivdm(line: &[u8], utc: Utc) -> Result<Option<Cue>, CueError> {
    if line.len() > LINE_MOST {
        return Err(CueError::Long(line.len()));
    }
    let line = line.trim_ascii();
    let body = line
        .strip_prefix(b"!AIVDM,")
        .ok_or(CueError::Nmea("it does not begin with !AIVDM"))?;
    let star = body
        .iter()
        .position(|b| *b == b'*')
        .ok_or(CueError::Nmea("it has no checksum"))?;
    let sum = line[1..line.len() - (body.len() - star)].iter().fold(0, |s, b| s ^ b);
    let told = std::str::from_utf8(&body[star + 1..])
        .ok()
        .and_then(|t| u8::from_str_radix(t, 16).ok())
        .ok_or(CueError::Nmea("its checksum is no number"))?;
    if sum != told {
        return Err(CueError::Nmea("its checksum is wrong"));
    }
    let mut fields = body[..star].split(|b| *b == b',');
    let (parts, part) = (fields.next(), fields.next());
    let payload = fields.nth(2).ok_or(CueError::Nmea("it has no payload"))?;
    // A position fits one sentence; what takes more is something else.
    if parts != Some(b"1") || part != Some(b"1") {
        return Ok(None);
    }
    let p = Payload(payload);
    let Some(id) = p.unsigned(0, 6) else {
        return Err(CueError::Nmea("its payload is empty"));
    };
    // Where speed begins: the place, its accuracy and the course follow in the same order.
    let from = match id {
        1..=3 => 50,
        18 => 46,
        _ => return Ok(None),
    };
    let short = || CueError::Nmea("its payload ends early");
    let mmsi = p.unsigned(8, 30).ok_or_else(short)?;
    let speed = p.unsigned(from, 10).ok_or_else(short)?;
    let good = p.unsigned(from + 10, 1).ok_or_else(short)? == 1;
    let lon = p.signed(from + 11, 28).ok_or_else(short)?;
    let lat = p.signed(from + 39, 27).ok_or_else(short)?;
    let course = p.unsigned(from + 66, 12).ok_or_else(short)?;
    // 181 and 91 degrees stand for no place; ten-thousandths of a minute.
    let (lat_deg, lon_deg) = (f64::from(lat) / 600_000.0, f64::from(lon) / 600_000.0);
    if lat_deg.abs() > 90.0 || lon_deg.abs() > 180.0 {
        return Ok(None);
    }
    Ok(Some(Cue {
        sensor: format!("AIS {mmsi:09}"),
        kind: CueKind::Ais,
        utc,
        at: place(lat_deg, lon_deg)?,
        error_m: if good { AIS_ERROR_M.0 } else { AIS_ERROR_M.1 },
        class: CueClass::Boat,
        speed_m_s: (speed < 1023).then(|| f64::from(speed) * 0.1 * KNOT_M_S),
        course_deg: (course < 3600).then(|| f64::from(course) * 0.1),
        opened: None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOWER: &str = r#"{"sensor":"tower Civis","kind":"tower","utc_us":1794638460000000,"lat_deg":42.4321,"lon_deg":1.5012,"error_m":15.0,"class":"person","azimuth_deg":214.3,"range_m":412.0}"#;

    #[test]
    fn a_line_of_a_tower_is_read_with_its_place_and_error() {
        let c = read_cue(TOWER.as_bytes()).expect("a cue");
        assert_eq!(
            (c.sensor.as_str(), c.kind, c.class),
            ("tower Civis", CueKind::Tower, CueClass::Person)
        );
        assert_eq!((c.at.lat_deg, c.at.lon_deg, c.error_m), (42.4321, 1.5012, 15.0));
        assert_eq!((c.utc, c.opened), (Utc(1_794_638_460_000_000), None));
        let seal = TOWER
            .replace("\"tower\"", "\"e-seal\"")
            .replace("\"class\":\"person\"", "\"state\":\"opened\"");
        let seal = read_cue(seal.as_bytes()).expect("a seal");
        assert_eq!(
            (seal.kind, seal.opened, seal.class),
            (CueKind::ESeal, Some(true), CueClass::Unknown)
        );
    }

    #[test]
    fn what_is_no_cue_is_refused_with_its_reason() {
        for (bad, why) in [
            (TOWER.replace("42.4321", "142.4"), "lat"),
            (TOWER.replace("15.0", "-1.0"), "error_m -1"),
            (TOWER.replace("tower Civis", " \\u0007 "), "no name"),
            (TOWER.replace("\"lat_deg\":42.4321,", ""), "lat_deg"),
            ("[1".into(), "JSON"),
            (format!("{}{TOWER}", " ".repeat(LINE_MOST)), "bytes"),
        ] {
            let e = read_cue(bad.as_bytes()).expect_err(&bad).to_string();
            assert!(e.contains(why), "{e} should say {why}");
        }
        let long = TOWER.replace("tower Civis", &"x\u{1b}[2J".repeat(40));
        let name = read_cue(long.replace('\u{1b}', "\\u001b").as_bytes())
            .expect("a cue")
            .sensor;
        assert!(
            name.chars().count() <= NAME_MOST && !name.contains('\u{1b}'),
            "{name:?}"
        );
    }

    /// The example of gpsd's "AIVDM/AIVDO protocol decoding", sample 1, with the values given there.
    #[test]
    fn a_ship_is_where_others_read_it() {
        let line = b"!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C\r\n";
        let c = read_aivdm(line, Utc(7)).expect("a sentence").expect("a position");
        assert_eq!(
            (c.sensor.as_str(), c.class, c.utc),
            ("AIS 477553000", CueClass::Boat, Utc(7))
        );
        assert!((c.at.lat_deg - 47.582_833).abs() < 1e-6, "{}", c.at.lat_deg);
        assert!((c.at.lon_deg + 122.345_833).abs() < 1e-6, "{}", c.at.lon_deg);
        assert_eq!((c.speed_m_s, c.course_deg), (Some(0.0), Some(51.0)));
        assert_eq!(
            read_aivdm(b"!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5D", Utc(7)),
            Err(CueError::Nmea("its checksum is wrong"))
        );
        for cut in 0..line.len() {
            drop(read_aivdm(&line[..cut], Utc(7)));
        }
    }
}
