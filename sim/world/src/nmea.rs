//! AIS as a receiver on the shore gives it on: AIVDM sentences of NMEA 0183 over messages of
//! ITU-R M.1371-5.
//!
//! Invariant: a sentence is at most 82 characters, its checksum is right, and what is not known
//! carries the standard's value for "not available". It must not know who hears what.

use vedette_geo::LatLon;

/// Bits of an AIS message, most significant first.
#[derive(Debug, Clone, Default)]
struct Bits(Vec<bool>);

impl Bits {
    fn put(&mut self, width: u32, value: i64) -> &mut Self {
        self.0.extend((0..width).rev().map(|k| value >> k & 1 == 1));
        self
    }

    /// Six-bit characters (M.1371-5, table 47), padded with `@`.
    fn text(&mut self, letters: usize, text: &str) -> &mut Self {
        let mut n = 0;
        for c in text.to_ascii_uppercase().bytes().filter(|c| (32..96).contains(c)) {
            if n == letters {
                break;
            }
            self.put(6, i64::from(c & 63));
            n += 1;
        }
        for _ in n..letters {
            self.put(6, 0);
        }
        self
    }

    /// The payload in the sentence's own letters, and how many bits of the last are filled up.
    fn armoured(&self) -> (String, usize) {
        let fill = (6 - self.0.len() % 6) % 6;
        let letters = self
            .0
            .chunks(6)
            .map(|c| {
                let mut v = c.iter().fold(0_u8, |v, b| v << 1 | u8::from(*b));
                v <<= 6 - c.len();
                char::from(if v < 40 { v + 48 } else { v + 56 })
            })
            .collect();
        (letters, fill)
    }

    /// One sentence, or as many as it takes; `number` tells the parts of one message together.
    fn sentences(&self, number: u8) -> Vec<String> {
        /// Letters that fit beside head and tail.
        const MOST: usize = 60;
        let (letters, fill) = self.armoured();
        let parts: Vec<&str> = letters
            .as_bytes()
            .chunks(MOST)
            .filter_map(|c| std::str::from_utf8(c).ok())
            .collect();
        let n = parts.len();
        parts
            .iter()
            .enumerate()
            .map(|(k, p)| {
                let id = if n > 1 {
                    (number % 10).to_string()
                } else {
                    String::new()
                };
                let fill = if k + 1 == n { fill } else { 0 };
                let body = format!("AIVDM,{n},{},{id},A,{p},{fill}", k + 1);
                let sum = body.bytes().fold(0, |s, b| s ^ b);
                format!("!{body}*{sum:02X}\r\n")
            })
            .collect()
    }
}

/// Which equipment a vessel carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AisClass {
    /// What large ships must carry.
    A,
    /// What small craft may carry.
    B,
}

/// A vessel's own report of where it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AisPosition {
    /// Its equipment: class A sends message 1, class B message 18.
    pub class: AisClass,
    /// Maritime mobile service identity, nine digits.
    pub mmsi: u32,
    /// Where it is.
    pub at: LatLon,
    /// Over ground, metres per second.
    pub speed_m_s: f64,
    /// Course over ground, degrees true.
    pub course_deg: f64,
    /// Heading, degrees true; absent: not available.
    pub heading_deg: Option<f64>,
    /// Navigational status of message 1: 0 under way, 1 at anchor, 5 moored, 15 not defined.
    pub status: u8,
    /// Second of the minute at which it was there, 0..60.
    pub second: u8,
    /// The radio's own state word, 19 bits (20 of class B).
    pub radio: u32,
}

/// Knots in a metre per second.
const KNOTS: f64 = 3600.0 / 1852.0;

impl AisPosition {
    /// How often such a vessel reports, seconds (M.1371-5, tables 1 and 2; class B by carrier
    /// sense): by its speed.
    #[must_use]
    pub fn interval_s(class: AisClass, speed_m_s: f64) -> u32 {
        let knots = speed_m_s * KNOTS;
        match class {
            AisClass::A if knots < 0.5 => 180,
            AisClass::A if knots <= 14.0 => 10,
            AisClass::A if knots <= 23.0 => 6,
            AisClass::A => 2,
            AisClass::B if knots <= 2.0 => 180,
            AisClass::B => 30,
        }
    }

    /// As a sentence with its line end.
    #[must_use]
    pub fn to_aivdm(&self) -> String {
        let tenth = |v: f64, most: i64| ((v * 10.0).round() as i64).clamp(0, most);
        let (lat, lon) = (
            (self.at.lat_deg * 600_000.0).round() as i64,
            (self.at.lon_deg * 600_000.0).round() as i64,
        );
        let course = tenth(vedette_geo::norm_deg_360(self.course_deg), 3_599);
        let heading = self
            .heading_deg
            .map_or(511, |h| (vedette_geo::norm_deg_360(h).round() as i64).rem_euclid(360));
        let speed = tenth(self.speed_m_s * KNOTS, 1_022);
        let second = i64::from(self.second.min(59));
        let mut b = Bits::default();
        match self.class {
            AisClass::A => {
                b.put(6, 1).put(2, 0).put(30, i64::from(self.mmsi));
                // Turn rate not available is -128; 0 is not turning.
                b.put(4, i64::from(self.status)).put(8, 0).put(10, speed).put(1, 0);
                b.put(28, lon)
                    .put(27, lat)
                    .put(12, course)
                    .put(9, heading)
                    .put(6, second);
                b.put(2, 0).put(3, 0).put(1, 0).put(19, i64::from(self.radio));
            }
            AisClass::B => {
                b.put(6, 18).put(2, 0).put(30, i64::from(self.mmsi));
                b.put(8, 0).put(10, speed).put(1, 0);
                b.put(28, lon)
                    .put(27, lat)
                    .put(12, course)
                    .put(9, heading)
                    .put(6, second);
                // Carrier sense, no display, no DSC, whole band, no message 22, autonomous.
                b.put(2, 0).put(1, 1).put(1, 0).put(1, 0).put(1, 1).put(1, 0).put(1, 0);
                b.put(1, 0).put(20, i64::from(self.radio));
            }
        }
        b.sentences(0).concat()
    }
}

/// A vessel's name and size: message 5 of class A, part A of message 24 of class B.
#[must_use]
pub fn ais_name(class: AisClass, mmsi: u32, name: &str, length_m: f64, number: u8) -> Vec<String> {
    let mut b = Bits::default();
    match class {
        AisClass::A => {
            let half = ((length_m / 2.0).round() as i64).clamp(0, 511);
            let beam = ((length_m / 10.0).round() as i64).clamp(0, 63);
            b.put(6, 5).put(2, 0).put(30, i64::from(mmsi)).put(2, 0).put(30, 0);
            b.text(7, "").text(20, name);
            // Cargo ship; antenna amidships; GPS; no time of arrival (month and day 0, hour 24,
            // minute 60); draught not available.
            b.put(8, 70).put(9, half).put(9, half).put(6, beam).put(6, beam);
            b.put(4, 1).put(4, 0).put(5, 0).put(5, 24).put(6, 60).put(8, 0);
            b.text(20, "").put(1, 1).put(1, 0);
        }
        AisClass::B => {
            b.put(6, 24).put(2, 0).put(30, i64::from(mmsi)).put(2, 0);
            b.text(20, name).put(8, 0);
        }
    }
    b.sentences(number)
}
