//! A stream as others' tools want it: synchronous metadata, ST 0601, time stamps in the pictures.
//!
//! Invariant: pictures keep their bytes but for the time stamp put before the first slice where there was none; ST 0601
//! sets keep all their bytes, or all their items where the station's targets are added to them; EG 0104 sets are written anew as ST 0601 with what they say and nothing more. The result
//! is a derived copy: the recording stays the evidence.

use crate::targets::SightingFrame;
use crate::ts::{TsEvent, TsReader, TsWriter, TsWriterConfig, VideoCodec, pts_delta};
use crate::uas::UasDatalink;
use crate::{Dialect, parse_all, sei};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::Arc;

/// What is put into sets that are written anew.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExportOptions {
    /// Mission identifier, where the set has none.
    pub mission_id: Option<String>,
    /// Tail number, where the set has none.
    pub platform_tail: Option<String>,
    /// Two-letter country of the unclassified marking, where the set has none.
    pub country: Option<String>,
    /// MIIS core identifier, where the set has none (see [`miis_physical`](crate::miis_physical)).
    pub miis_core_id: Option<Vec<u8>>,
}

/// What went into an export.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ExportReport {
    /// Pictures written.
    pub pictures: u64,
    /// Pictures that got a time stamp.
    pub stamped: u64,
    /// Pictures with packets missing, written as they are.
    pub damaged: u64,
    /// Sets copied byte for byte.
    pub copied_sets: u64,
    /// Sets written anew from EG 0104.
    pub converted_sets: u64,
    /// Sets left out: checksum wrong or dialect unknown.
    pub refused_sets: u64,
    /// Sets that got the station's targets.
    pub sets_with_targets: u64,
    /// Targets written.
    pub targets: u64,
    /// Sets that kept the camera's own word of moving targets, so that the station's had no room.
    pub own_targets: u64,
}

/// What the station itself saw, to be written beside the pictures it saw it in.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnTargets<'a> {
    /// Frames in order of time.
    pub frames: &'a [SightingFrame],
    /// Columns of the pictures.
    pub width: u32,
    /// Rows of the pictures.
    pub height: u32,
    /// Name and version of what saw them.
    pub software: &'a str,
}

/// A frame's targets belong to the set nearest in time, at most so far away: half a frame at 25 Hz, microseconds.
const SAME_FRAME_US: u64 = 20_000;

impl OwnTargets<'_> {
    /// The targets of the frame taken at `time_us`.
    fn at(&self, time_us: u64) -> Option<&SightingFrame> {
        let after = self.frames.partition_point(|f| f.time_us < time_us);
        let near = self
            .frames
            .get(after.saturating_sub(1)..(after + 1).min(self.frames.len()))?;
        near.iter()
            .min_by_key(|f| f.time_us.abs_diff(time_us))
            .filter(|f| f.time_us.abs_diff(time_us) <= SAME_FRAME_US && !f.sightings.is_empty())
    }

    /// The packet with the targets of its time, where there are any and it has room for them.
    fn add(&self, packet: Vec<u8>, report: &mut ExportReport) -> Vec<u8> {
        let (set, _) = crate::parse(&packet);
        let frame = UasDatalink::from_set(&set).time_us.and_then(|t| self.at(t));
        let Some(frame) = frame else { return packet };
        match frame.into_packet(&set, self.width, self.height, self.software) {
            Some(with) => {
                report.sets_with_targets += 1;
                report.targets += frame.sightings.len() as u64;
                with
            }
            None => {
                report.own_targets += 1;
                packet
            }
        }
    }
}

/// Why there is nothing to export.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// No video in the stream.
    #[error("the stream has no H.264, H.265 or MPEG-2 video: is it an MPEG transport stream?")]
    NoVideo,
}

struct Picture {
    codec: VideoCodec,
    pts: u64,
    dts: Option<u64>,
    key: bool,
    damaged: bool,
    bytes: Vec<u8>,
}

struct Set {
    pts: u64,
    time_us: Option<u64>,
    bytes: Arc<[u8]>,
}

/// Writes the first video stream of `bytes` and all its metadata as one program with synchronous metadata.
///
/// # Errors
/// [`ExportError::NoVideo`].
pub fn export_ts(bytes: &[u8], options: &ExportOptions) -> Result<(Vec<u8>, ExportReport), ExportError> {
    export_ts_with(bytes, options, None)
}

/// [`export_ts`] with the station's own targets in the sets of their frames (ST 0903 in tag 74).
///
/// # Errors
/// [`ExportError::NoVideo`].
pub fn export_ts_with(
    bytes: &[u8],
    options: &ExportOptions,
    targets: Option<&OwnTargets<'_>>,
) -> Result<(Vec<u8>, ExportReport), ExportError> {
    let mut report = ExportReport::default();
    let (pictures, sets) = collect(bytes, options, targets, &mut report);
    let first = pictures.first().ok_or(ExportError::NoVideo)?;
    let mut writer = TsWriter::new(TsWriterConfig {
        codec: first.codec,
        ..TsWriterConfig::default()
    });
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 8);
    let mut waiting: VecDeque<&Set> = sets.iter().collect();
    for picture in &pictures {
        let near = sets.iter().min_by_key(|s| pts_delta(s.pts, picture.pts).unsigned_abs());
        let time = near
            .filter(|s| pts_delta(s.pts, picture.pts).abs() <= 45_000)
            .and_then(|s| {
                let shift = pts_delta(picture.pts, s.pts) * 100 / 9;
                s.time_us?.checked_add_signed(shift)
            });
        let stamped = match time {
            Some(t) if sei::read_misp_time(picture.codec, &picture.bytes).is_none() => {
                let stamped = sei::insert_misp_time(picture.codec, &picture.bytes, t, false);
                report.stamped += u64::from(stamped.len() > picture.bytes.len());
                stamped
            }
            _ => picture.bytes.clone(),
        };
        report.pictures += 1;
        report.damaged += u64::from(picture.damaged);
        out.extend(writer.video(picture.pts, picture.dts, picture.key, &stamped));
        while let Some(set) = waiting.front()
            && pts_delta(set.pts, picture.pts) <= 0
        {
            out.extend(writer.klv(set.pts, &set.bytes));
            waiting.pop_front();
        }
    }
    for set in waiting {
        out.extend(writer.klv(set.pts, &set.bytes));
    }
    Ok((out, report))
}

fn collect(
    bytes: &[u8],
    options: &ExportOptions,
    targets: Option<&OwnTargets<'_>>,
    report: &mut ExportReport,
) -> (Vec<Picture>, Vec<Set>) {
    let mut reader = TsReader::new();
    let mut events = reader.push(bytes);
    events.extend(reader.finish());
    let (mut pictures, mut sets): (Vec<Picture>, Vec<Set>) = (Vec::new(), Vec::new());
    // Sets without a time of their own that came before any picture: they belong to the first.
    let mut early: Vec<Set> = Vec::new();
    let mut video_pid = None;
    for event in events {
        match event {
            TsEvent::VideoUnit {
                pid,
                codec,
                pts90k,
                dts90k,
                random_access,
                damaged,
                bytes,
                ..
            } if *video_pid.get_or_insert(pid) == pid => {
                let Some(pts) = pts90k.or_else(|| pictures.last().map(|p| p.pts + 3_600)) else {
                    continue;
                };
                pictures.push(Picture {
                    codec,
                    pts,
                    dts: dts90k,
                    key: random_access,
                    damaged,
                    bytes,
                });
            }
            TsEvent::Klv {
                pts90k,
                video_pts90k,
                bytes,
                ..
            } => {
                let mut rest = bytes.as_slice();
                for (set, _) in parse_all(&bytes) {
                    let start = rest.windows(16).position(|w| w == set.label).unwrap_or(0);
                    let packet = rest.get(start..(start + set.length).min(rest.len())).unwrap_or(&[]);
                    let written: Option<Vec<u8>> = match set.dialect {
                        _ if !set.verified() => None,
                        Dialect::St0601 | Dialect::St0903 => {
                            report.copied_sets += 1;
                            Some(packet.to_vec())
                        }
                        Dialect::Eg0104 => {
                            report.converted_sets += 1;
                            Some(convert(UasDatalink::from_set(&set), options))
                        }
                        Dialect::Unknown => None,
                    };
                    let written: Option<Arc<[u8]>> = written.map(|packet| match targets {
                        Some(own) if set.dialect != Dialect::St0903 => own.add(packet, report).into(),
                        _ => packet.into(),
                    });
                    rest = rest.get(start + set.length..).unwrap_or(&[]);
                    match (written, pts90k.or(video_pts90k)) {
                        (Some(bytes), Some(pts)) => {
                            sets.push(Set {
                                pts,
                                time_us: UasDatalink::from_set(&set).time_us,
                                bytes,
                            });
                        }
                        (Some(bytes), None) => early.push(Set {
                            pts: 0,
                            time_us: UasDatalink::from_set(&set).time_us,
                            bytes,
                        }),
                        (None, _) => report.refused_sets += 1,
                    }
                }
            }
            _ => {}
        }
    }
    if let Some(first) = pictures.first() {
        early.iter_mut().for_each(|s| s.pts = first.pts);
        sets.splice(0..0, early);
    }
    (pictures, sets)
}

/// Fills in what only the exporter knows.
fn convert(mut value: UasDatalink, options: &ExportOptions) -> Vec<u8> {
    value.mission_id = value.mission_id.or_else(|| options.mission_id.clone());
    value.platform_tail = value.platform_tail.or_else(|| options.platform_tail.clone());
    value.miis_core_id = value.miis_core_id.or_else(|| options.miis_core_id.clone());
    if let (None, Some(country)) = (&value.security, &options.country) {
        value.security = Some(crate::SecuritySet::unclassified(country));
    }
    // EG 0104 states the line of sight from true north; ST 0601 wants it from the nose.
    if let (None, Some(bearing), Some(heading)) = (
        value.rel_azimuth_deg,
        value.sight_bearing_deg,
        value.platform_heading_deg,
    ) {
        value.rel_azimuth_deg = Some((bearing - heading).rem_euclid(360.0));
    }
    value.encode()
}
