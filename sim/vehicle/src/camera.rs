//! What the camera tells: itself, its video streams, where it looks, pictures taken.
//!
//! Invariant: where it looks comes from reported angles, never from the truth. Must not know how
//! pictures are made.

use crate::config::VideoStream;
use crate::guide::Place;
use crate::net::{AUTOPILOT, CAMERA, GIMBAL};
use crate::telemetry::{e7, quaternion};
use crate::vehicle::SimVehicle;
use crate::wire::{self, text};
use vedette_geo::Repeatable;

/// VIDEO_STREAM_STATUS_FLAGS: running, thermal.
fn stream_flags(cam: &VideoStream) -> u16 {
    u16::from(!cam.uri.is_empty()) | if cam.thermal { 2 } else { 0 }
}

impl SimVehicle {
    pub(crate) fn camera_information(&mut self, peer: Option<u64>) {
        let Some(cam) = self.cfg.cameras.first() else {
            return;
        };
        let sensor_mm = 7.68;
        let focal = sensor_mm / 2.0 / (cam.hfov_deg.to_radians() / 2.0).tan_r().max(1e-3);
        let m = wire::CameraInformation {
            time_boot_ms: self.boot_ms(),
            firmware_version: 1,
            focal_length: focal as f32,
            sensor_size_h: sensor_mm as f32,
            sensor_size_v: (sensor_mm * f64::from(cam.height) / f64::from(cam.width.max(1))) as f32,
            // video, image, image in video mode, video stream
            flags: 1 | 2 | 8 | 256,
            resolution_h: cam.width,
            resolution_v: cam.height,
            vendor_name: text("Vedette"),
            model_name: text("simulated thermal and visible"),
            gimbal_device_id: GIMBAL,
            ..Default::default()
        };
        self.emit(peer, &m);
    }

    pub(crate) fn video_streams(&mut self, peer: Option<u64>) {
        let count = self.cfg.cameras.len() as u8;
        for cam in self.cfg.cameras.clone() {
            let m = wire::VideoStreamInformation {
                framerate: 25.0,
                bitrate: 2_000_000,
                flags: stream_flags(&cam),
                resolution_h: cam.width,
                resolution_v: cam.height,
                hfov: cam.hfov_deg.round() as u16,
                stream_id: cam.stream,
                count,
                // VIDEO_STREAM_TYPE: RTSP, or MPEG-TS over UDP; both H.264.
                kind: if cam.uri.starts_with("rtsp://") { 0 } else { 3 },
                name: text(&cam.name),
                uri: text(&cam.uri),
                encoding: 1,
                ..Default::default()
            };
            self.emit(peer, &m);
        }
    }

    pub(crate) fn video_status(&mut self, peer: Option<u64>) {
        for cam in self.cfg.cameras.clone() {
            let m = wire::VideoStreamStatus {
                framerate: 25.0,
                bitrate: 2_000_000,
                flags: stream_flags(&cam),
                resolution_h: cam.width,
                resolution_v: cam.height,
                hfov: cam.hfov_deg.round() as u16,
                stream_id: cam.stream,
                ..Default::default()
            };
            self.emit(peer, &m);
        }
    }

    /// Where the picture's middle meets level ground at the height below the aircraft.
    pub(crate) fn fov_status(&mut self, peer: Option<u64>) {
        let est = self.sensors.est;
        let [roll, pitch, yaw] = self.gimbal_reported();
        let (lat, lon) = e7(self.latlon(est.n, est.e));
        let drop = est.amsl - self.ground;
        let reach = drop / (-pitch).to_radians().tan_r();
        let hit = (pitch < -0.5 && drop > 0.0 && reach < 20_000.0).then(|| {
            let p = Place::of(&est).toward(yaw, reach);
            e7(self.latlon(p.n, p.e))
        });
        let (lat_image, lon_image) = hit.unwrap_or((i32::MAX, i32::MAX));
        let cam = self.cfg.cameras.first().cloned();
        let (h, v) = cam.map_or((f32::NAN, f32::NAN), |c| {
            let ratio = f64::from(c.height) / f64::from(c.width.max(1));
            let v = 2.0 * ((c.hfov_deg.to_radians() / 2.0).tan_r() * ratio).atan_r();
            (c.hfov_deg as f32, v.to_degrees() as f32)
        });
        let m = wire::CameraFovStatus {
            time_boot_ms: self.boot_ms(),
            lat_camera: lat,
            lon_camera: lon,
            alt_camera: (est.amsl * 1000.0) as i32,
            lat_image,
            lon_image,
            alt_image: if hit.is_some() {
                (self.ground * 1000.0) as i32
            } else {
                i32::MAX
            },
            q: quaternion(roll, pitch, yaw),
            hfov: h,
            vfov: v,
            camera_device_id: 0,
        };
        self.emit(peer, &m);
    }

    pub(crate) fn send_photo(&mut self) {
        let est = self.sensors.est;
        let (lat, lon) = e7(self.latlon(est.n, est.e));
        let [roll, pitch, yaw] = self.gimbal_reported();
        let usec = self.utc().0.max(0) as u64;
        let captured = wire::CameraImageCaptured {
            time_utc: usec,
            time_boot_ms: self.boot_ms(),
            lat,
            lon,
            alt: (est.amsl * 1000.0) as i32,
            relative_alt: ((est.amsl - self.home.place.amsl) * 1000.0) as i32,
            q: quaternion(roll, pitch, yaw),
            image_index: self.photos as i32 - 1,
            capture_result: 1,
            ..Default::default()
        };
        self.net.all(CAMERA, &captured);
        let feedback = wire::CameraFeedback {
            time_usec: usec,
            lat,
            lng: lon,
            alt_msl: est.amsl as f32,
            alt_rel: (est.amsl - self.home.place.amsl) as f32,
            roll: est.roll as f32,
            pitch: est.pitch as f32,
            yaw: est.yaw as f32,
            img_idx: self.photos as u16,
            ..Default::default()
        };
        self.net.all(AUTOPILOT, &feedback);
    }
}
