//! Cameras on board: which one is worked, what it says it does, pictures it took (camera protocol v2).
//!
//! Invariant: what a camera does is what it says, asked again after each order it took; one camera of an aircraft is worked, the
//! first that described itself.

use vedette_model::{CameraState, Mono, Report};

use super::{Incoming, Session};
use crate::codec::wire::{self, WireMessage};
use crate::gcs::outbox::Outbox;
use crate::gcs::telemetry as tel;

/// Cameras remembered of one aircraft.
const CAMERAS_MAX: usize = 8;
/// MAV_CMD after which a camera is asked what it does now.
const ZOOM: u16 = 531;
const RECORD: [u16; 2] = [2500, 2501];

impl Session {
    /// CAMERA_INFORMATION.
    pub(super) fn camera_met(&mut self, component: u8, flags: u32) {
        let new = self.camera.is_none();
        if new || self.camera.is_some_and(|(c, _)| c == component) {
            self.camera = Some((component, flags));
        }
        if new {
            self.request_message(component, wire::CameraCaptureStatus::ID);
            self.request_message(component, wire::CameraSettings::ID);
        }
    }

    /// GIMBAL_MANAGER_INFORMATION: who holds it?
    pub(super) fn gimbal_met(&mut self, component: u8) {
        if self.gimbal.replace(component).is_none() {
            self.request_message(component, wire::GimbalManagerStatus::ID);
        }
    }

    /// An order a camera took: what does it do now?
    pub(super) fn camera_answered(&mut self, component: u8, ack: &wire::CommandAck) {
        if ack.result != 0 || self.camera.is_none_or(|(c, _)| c != component) {
            return;
        }
        if RECORD.contains(&ack.command) {
            self.request_message(component, wire::CameraCaptureStatus::ID);
        } else if ack.command == ZOOM {
            self.request_message(component, wire::CameraSettings::ID);
        }
    }

    /// What a camera tells of itself and its pictures.
    pub(super) fn camera_told(&mut self, captured: Mono, frame: &Incoming<'_>, out: &mut Outbox) {
        let Incoming { component, id, payload } = *frame;
        let known = self.cameras.get(&component).copied();
        let mut state = known.unwrap_or(CameraState {
            component,
            ..CameraState::default()
        });
        let picture = |number: u32, kept: bool, lat: i32, lon: i32| Report::Picture {
            component,
            number,
            kept,
            at: tel::place(lat, lon),
        };
        match id {
            wire::CameraSettings::ID => {
                let m = wire::CameraSettings::from_payload(payload);
                state.zoom_pct = tel::finite(m.zoom_level).filter(|z| (0.0..=100.0).contains(z));
            }
            wire::CameraCaptureStatus::ID => {
                let m = wire::CameraCaptureStatus::from_payload(payload);
                state.recording = Some(m.video_status != 0);
                state.pictures = u32::try_from(m.image_count).ok();
            }
            wire::CameraImageCaptured::ID => {
                let m = wire::CameraImageCaptured::from_payload(payload);
                let number = u32::try_from(m.image_index).unwrap_or(0);
                out.report(captured, picture(number, m.capture_result == 1, m.lat, m.lon));
                return;
            }
            // ArduPilot tells of a picture by this; where a camera of its own tells too, once is enough.
            _ if self.camera.is_none_or(|(c, _)| c == component) => {
                let m = wire::CameraFeedback::from_payload(payload);
                out.report(captured, picture(u32::from(m.img_idx), true, m.lat, m.lng));
                return;
            }
            _ => return,
        }
        let room = known.is_some() || self.cameras.len() < CAMERAS_MAX;
        if room && known != Some(state) {
            self.cameras.insert(component, state);
            out.report(captured, Report::Camera(state));
        } else if known == Some(state) {
            // Said again: an order may wait for it.
            out.report(captured, Report::Camera(state));
        }
    }
}
