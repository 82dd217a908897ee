//! MISB ST 0102 security set, as nested in ST 0601 tag 48.
//! Invariant: every item is kept; what the station shows is the classification and the two countries.

use crate::ber;
use serde::{Deserialize, Serialize};

/// The items of an ST 0102 local set that the station shows and writes; the rest stay in `other`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SecuritySet {
    /// 1 unclassified, 2 restricted, 3 confidential, 4 secret, 5 top secret (ST 0102 tag 1).
    pub classification: Option<u8>,
    /// Coding method of the classifying country (tag 2).
    pub country_method: Option<u8>,
    /// Classifying country, `//XX` (tag 3).
    pub classifying_country: Option<String>,
    /// Coding method of the object country (tag 12).
    pub object_country_method: Option<u8>,
    /// Object country codes (tag 13, UTF-16 on the wire).
    pub object_country: Option<String>,
    /// ST 0102 version (tag 22).
    pub version: Option<u16>,
    /// Texts by tag: 4 compartments, 5 caveats, 6 releasing instructions, 7 classified by, 8 derived from, 9 reason,
    /// 10 declassification date, 11 marking system, 14 comments, 23 and 24 dates of the coding methods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub texts: Vec<(u32, String)>,
    /// Items not named above: tag and bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other: Vec<(u32, Vec<u8>)>,
}

impl SecuritySet {
    /// An unclassified marking for a two-letter country (ISO 3166 coding, ST 0102.12).
    pub fn unclassified(country: &str) -> Self {
        SecuritySet {
            classification: Some(1),
            // 0x01 / 0x01: ISO 3166 two letter, for the classifying and the object country.
            country_method: Some(1),
            classifying_country: Some(format!("//{country}")),
            object_country_method: Some(1),
            object_country: Some(country.to_owned()),
            version: Some(12),
            texts: Vec::new(),
            other: Vec::new(),
        }
    }

    /// Reads the value of tag 48. Items that do not decode stay in `other`; a truncated tail is dropped.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut set = SecuritySet::default();
        for (tag, value) in crate::set::local_items(bytes).0 {
            let one = (value.len() == 1).then(|| value[0]);
            match (tag, one) {
                (1, Some(v)) => set.classification = Some(v),
                (2, Some(v)) => set.country_method = Some(v),
                (12, Some(v)) => set.object_country_method = Some(v),
                (3, _) => {
                    set.classifying_country = Some(String::from_utf8_lossy(value).into_owned());
                }
                (13, _) if value.len().is_multiple_of(2) => {
                    let units: Vec<u16> = value
                        .chunks_exact(2)
                        .map(|c| u16::from_be_bytes([c[0], c[1]]))
                        .collect();
                    set.object_country = Some(String::from_utf16_lossy(&units));
                }
                (22, _) if value.len() == 2 => {
                    set.version = Some(u16::from_be_bytes([value[0], value[1]]));
                }
                (4..=11 | 14 | 23 | 24, _) => set.texts.push((tag, String::from_utf8_lossy(value).into_owned())),
                _ => set.other.push((tag, value.to_vec())),
            }
        }
        set
    }

    /// The bytes for tag 48.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if let Some(v) = self.classification {
            ber::write_item(&mut out, 1, &[v]);
        }
        if let Some(v) = self.country_method {
            ber::write_item(&mut out, 2, &[v]);
        }
        if let Some(v) = &self.classifying_country {
            ber::write_item(&mut out, 3, v.as_bytes());
        }
        if let Some(v) = self.object_country_method {
            ber::write_item(&mut out, 12, &[v]);
        }
        if let Some(v) = &self.object_country {
            let utf16: Vec<u8> = v.encode_utf16().flat_map(u16::to_be_bytes).collect();
            ber::write_item(&mut out, 13, &utf16);
        }
        for (tag, value) in &self.texts {
            ber::write_item(&mut out, *tag, value.as_bytes());
        }
        for (tag, value) in &self.other {
            ber::write_item(&mut out, *tag, value);
        }
        if let Some(v) = self.version {
            ber::write_item(&mut out, 22, &v.to_be_bytes());
        }
        out
    }
}
