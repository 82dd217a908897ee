//! What the parts of an aircraft say of themselves: CAMERA_INFORMATION, and the general file of the
//! component information protocol (COMPONENT_METADATA).
//!
//! Invariant: a file is believed only under the checksum announced for it; nothing that is packed is
//! unpacked, and no address but the aircraft's own files is asked. Source: mavlink.io, services
//! component_information and camera.

use std::collections::BTreeMap;

use vedette_model::{Mono, PartInfo, Report};

use super::ftp::{End, Ftp, User, Want, crc32};
use super::outbox::Outbox;
use crate::codec::wire;

/// Largest general file read; those of PX4 take a kilobyte.
const FILE_MAX: usize = 64 << 10;
/// Reading it lapses after this, milliseconds.
const FILE_MS: i64 = 120_000;
/// Parts remembered of one aircraft.
const PARTS_MAX: usize = 32;
/// Characters of one text shown.
const TEXT_MAX: usize = 64;

/// Parts of one aircraft.
#[derive(Debug, Default)]
pub(crate) struct About {
    told: BTreeMap<u8, PartInfo>,
    /// The file asked for and the checksum announced for it.
    file: Option<(String, u32)>,
}

impl About {
    /// COMPONENT_METADATA of the autopilot: its general file is read.
    pub(crate) fn metadata(
        &mut self,
        now: Mono,
        component: u8,
        m: &wire::ComponentMetadata,
        ftp: &mut Ftp,
        out: &mut Outbox,
    ) {
        let uri = m.uri.to_text();
        let known = self.file.as_ref().is_some_and(|(_, crc)| *crc == m.file_crc);
        if uri.is_empty() || known {
            return;
        }
        let path = uri.strip_prefix("mftp://").map(|p| match p.strip_prefix("[;comp=") {
            Some(rest) => rest.split_once(']').map_or("", |(_, path)| path),
            None => p,
        });
        let why = match path {
            None => format!("its description lies at {uri}, which is not asked"),
            Some(p) if !p.ends_with(".json") => format!("its description {p} is packed and is not read"),
            Some(p) => match ftp.submit(User::About, p, Want::Read(FILE_MAX), now.plus_ms(FILE_MS)) {
                Ok(()) => {
                    self.file = Some((p.to_owned(), m.file_crc));
                    return;
                }
                Err(why) => why,
            },
        };
        self.file = Some((String::new(), m.file_crc));
        self.tell(
            now,
            PartInfo {
                component,
                about: why,
                ..PartInfo::default()
            },
            out,
        );
    }

    /// The end of that reading.
    pub(crate) fn file(&mut self, now: Mono, component: u8, end: End, out: &mut Outbox) {
        let Some((_, crc)) = &self.file else { return };
        let bytes = match end {
            End::File(bytes, _) => bytes,
            End::Listed(..) => return,
            // Announced again it is asked for again.
            End::Failed(_) | End::Silence => {
                self.file = None;
                return;
            }
        };
        let mut part = PartInfo {
            component,
            ..PartInfo::default()
        };
        if crc32(0, &bytes) != *crc {
            part.about = "its description is not the one it announces".to_owned();
        } else if let Ok(serde_json::Value::Object(general)) = serde_json::from_slice(&bytes) {
            let text = |key: &str| short(general.get(key).and_then(|v| v.as_str()).unwrap_or(""));
            part.vendor = text("vendorName");
            part.model = text("modelName");
            part.firmware = text("firmwareVersion");
        } else {
            part.about = "its description cannot be read".to_owned();
        }
        self.tell(now, part, out);
    }

    /// CAMERA_INFORMATION.
    pub(crate) fn camera(&mut self, now: Mono, component: u8, m: &wire::CameraInformation, out: &mut Outbox) {
        const CAN: [(u32, &str); 6] = [
            (2, "pictures"),
            (1, "video on board"),
            (64, "zoom"),
            (128, "focus"),
            (256, "video stream"),
            (512 | 1024, "tracking"),
        ];
        let mut words = vec!["camera".to_owned()];
        if m.resolution_h > 0 && m.resolution_v > 0 {
            words.push(format!("{}×{}", m.resolution_h, m.resolution_v));
        }
        words.extend(
            CAN.iter()
                .filter(|(bit, _)| m.flags & bit != 0)
                .map(|(_, w)| (*w).to_owned()),
        );
        let [major, minor, patch, _] = m.firmware_version.to_le_bytes();
        let firmware = if m.firmware_version == 0 {
            String::new()
        } else {
            format!("{major}.{minor}.{patch}")
        };
        let part = PartInfo {
            component,
            vendor: short(&m.vendor_name.to_text()),
            model: short(&m.model_name.to_text()),
            firmware,
            about: words.join(", "),
        };
        self.tell(now, part, out);
    }

    fn tell(&mut self, now: Mono, part: PartInfo, out: &mut Outbox) {
        let room = self.told.len() < PARTS_MAX || self.told.contains_key(&part.component);
        if room && self.told.get(&part.component) != Some(&part) {
            self.told.insert(part.component, part.clone());
            out.report(now, Report::Part(part));
        }
    }
}

/// Printable and not too long.
fn short(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{FFFD}' } else { c })
        .take(TEXT_MAX)
        .collect()
}
