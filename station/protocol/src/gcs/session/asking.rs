//! What we ask an aircraft for without an order: who it is, its streams, home, camera and gimbal.
//!
//! Invariant: asked when it is met, when it is back and when its streams stop; a part that never
//! answers is asked a bounded number of times. Source: mavlink.io, message interval and request;
//! ArduPilot streams nothing on a fresh channel until it is asked.

use vedette_model::{Family, Mono};

use super::Session;
use crate::codec::wire::{self, WireMessage};
use crate::gcs::command::Call;

/// Streams asked for: message, microseconds between two.
const STREAMS: &[(u32, u32)] = &[
    (wire::GlobalPositionInt::ID, 200_000),
    (wire::Attitude::ID, 100_000),
    (wire::GimbalDeviceAttitudeStatus::ID, 100_000),
    (wire::VfrHud::ID, 500_000),
    (wire::SysStatus::ID, 1_000_000),
    (wire::ExtendedSysState::ID, 1_000_000),
    (wire::MissionCurrent::ID, 1_000_000),
    (wire::GpsRawInt::ID, 1_000_000),
    (wire::BatteryStatus::ID, 1_000_000),
    (wire::HomePosition::ID, 5_000_000),
    (wire::Wind::ID, 1_000_000),
    (wire::WindCov::ID, 1_000_000),
];
const SET_MESSAGE_INTERVAL: u16 = 511;
const REQUEST_MESSAGE: u16 = 512;
/// Silence of position and attitude that makes us ask for streams again, milliseconds.
const STREAM_SILENCE_MS: i64 = 10_000;
/// How often missing facts are asked for again, milliseconds.
const ASK_MS: i64 = 3_000;
/// Rounds in which a component is asked for video and gimbal facts before it counts as having none.
const ASK_ROUNDS: u8 = 6;

impl Session {
    pub(super) fn request_message(&mut self, component: u8, id: u32) {
        self.desk.background(Call {
            component,
            command: REQUEST_MESSAGE,
            p: [number(id), 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
            int: None,
        });
    }

    pub(crate) fn ask_everything(&mut self, now: Mono) {
        let component = self.identity.component;
        self.asked_at = now;
        self.streams_heard = now;
        self.ask_rounds = 0;
        self.videos.clear();
        self.video_known.clear();
        self.request_message(component, wire::AutopilotVersion::ID);
        for (id, interval) in STREAMS {
            self.desk.background(Call {
                component,
                command: SET_MESSAGE_INTERVAL,
                p: [number(*id), number(*interval), 0.0, 0.0, 0.0, 0.0, 0.0],
                int: None,
            });
        }
        if self.identity.family != Family::ArduPilot {
            // ArduPilot's numbers are known; its AVAILABLE_MODES come one by one.
            self.request_message(component, wire::AvailableModes::ID);
        }
        self.request_message(component, wire::HomePosition::ID);
        self.request_message(component, wire::GimbalManagerInformation::ID);
        self.request_message(component, wire::VideoStreamInformation::ID);
        for part in self.parts.clone() {
            self.ask_part(part);
        }
    }

    pub(super) fn ask_part(&mut self, component: u8) {
        self.request_message(component, wire::CameraInformation::ID);
        self.request_message(component, wire::VideoStreamInformation::ID);
        self.request_message(component, wire::GimbalManagerInformation::ID);
        self.desk.background(Call {
            component,
            command: SET_MESSAGE_INTERVAL,
            p: [
                number(wire::GimbalDeviceAttitudeStatus::ID),
                100_000.0,
                0.0,
                0.0,
                0.0,
                0.0,
                0.0,
            ],
            int: None,
        });
    }

    pub(super) fn ask_again(&mut self, now: Mono) {
        if now.since(self.asked_at) < ASK_MS * 1000 || !self.desk.background_idle() {
            return;
        }
        self.asked_at = now;
        if now.since(self.streams_heard) >= STREAM_SILENCE_MS * 1000 {
            self.ask_everything(now);
            return;
        }
        let component = self.identity.component;
        if !self.version_known && self.ask_rounds < 4 * ASK_ROUNDS {
            self.request_message(component, wire::AutopilotVersion::ID);
        }
        if self.home.is_none() {
            self.request_message(component, wire::HomePosition::ID);
        }
        self.ask_rounds = self.ask_rounds.saturating_add(1);
        if self.ask_rounds > ASK_ROUNDS {
            return;
        }
        if self.gimbal.is_none() {
            self.request_message(component, wire::GimbalManagerInformation::ID);
        }
        let asked: Vec<u8> = self.parts.iter().copied().chain([component]).collect();
        for c in asked {
            if !self.video_known.contains(&c) {
                self.request_message(c, wire::VideoStreamInformation::ID);
            }
        }
    }
}

/// Message ids and intervals are exact in single precision.
#[expect(clippy::cast_precision_loss, reason = "below 2^24")]
fn number(v: u32) -> f32 {
    v as f32
}
