//! What the aircraft tells of itself beside telemetry: COMPONENT_METADATA, PROTOCOL_VERSION, the
//! modes it has, what it is made of.
//!
//! Invariant: every file named here can be read by FTP, and its checksum is right. Must not know
//! who asks.

use crate::files::crc32;
use crate::modes::Mode;
use crate::vehicle::SimVehicle;
use crate::wire::{self, text};

/// Where PX4 keeps its general component description.
pub(crate) const GENERAL: &str = "/etc/extras/component_general.json";

impl SimVehicle {
    /// General metadata (component information protocol), version 1.
    pub(crate) fn general_metadata(&self) -> Vec<u8> {
        format!(
            "{{\"version\":1,\"metadataTypes\":[],\"vendorName\":\"Vedette\",\"modelName\":\"simulated {:?}\"}}\n",
            self.cfg.airframe
        )
        .into_bytes()
    }

    pub(crate) fn component_metadata(&mut self, peer: Option<u64>) {
        let m = wire::ComponentMetadata {
            time_boot_ms: self.boot_ms(),
            file_crc: crc32(0, &self.general_metadata()),
            uri: text(&format!("mftp://{GENERAL}")),
        };
        self.emit(peer, &m);
    }

    pub(crate) fn protocol_version(&mut self, peer: Option<u64>) {
        let m = wire::ProtocolVersion {
            version: 200,
            min_version: 100,
            max_version: 200,
            ..Default::default()
        };
        self.emit(peer, &m);
    }

    /// AVAILABLE_MODES: one by its index from 1, or all with 0.
    pub(crate) fn available_modes(&mut self, peer: Option<u64>, index: u8) {
        let all = Mode::all(self.cfg.family, self.cfg.airframe);
        let number_modes = all.len() as u8;
        for (i, mode) in all.into_iter().enumerate() {
            let mode_index = i as u8 + 1;
            if index != 0 && index != mode_index {
                continue;
            }
            let m = wire::AvailableModes {
                custom_mode: mode.custom(self.cfg.family, self.cfg.airframe),
                properties: 0,
                number_modes,
                mode_index,
                standard_mode: mode.standard(),
                mode_name: text(mode.name()),
            };
            self.emit(peer, &m);
        }
    }

    pub(crate) fn current_mode(&mut self, peer: Option<u64>) {
        let mode = self.pilot.mode;
        let custom = mode.custom(self.cfg.family, self.cfg.airframe);
        let m = wire::CurrentMode {
            custom_mode: custom,
            intended_custom_mode: custom,
            standard_mode: mode.standard(),
        };
        self.emit(peer, &m);
    }
}
