//! Recorded frames found again: by time of day or by PTS, exact to the frame.
//! Invariant: the frame given is the one that was recorded, decoded from its random access point, with the metadata
//! that travelled with it; nothing on disk is changed.

use crate::channel::PtsTrack;
use crate::decode::{Decoder, Pool, Pressure};
use crate::recorder::{SegmentInfo, channel_dir, read_index, scan, segment_files, segment_name};
use crate::{IngestError, file_error};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use vedette_klv::ts::pts_delta;
use vedette_klv::{PTS_WRAP, TsEvent, TsReader, UasDatalink, VideoCodec, parse_all, sei};
use vedette_model::{CameraId, Utc};

/// A time in a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// When the picture was taken, by its metadata or time stamp: the nearest frame is given.
    Utc(Utc),
    /// PTS in 90 kHz: the nearest frame of all segments.
    Pts(u64),
    /// PTS inside one segment, for streams whose time started again.
    InSegment {
        /// Segment number.
        index: u32,
        /// PTS in 90 kHz.
        pts90k: u64,
    },
}

/// A frame of a recording.
#[derive(Debug, Clone)]
pub struct RecordedFrame {
    /// Segment it is in.
    pub segment: u32,
    /// Position of its first packet in the segment's file.
    pub offset: u64,
    /// Presentation time, 90 kHz.
    pub pts90k: u64,
    /// When it was taken, microseconds since 1970, if the recording says.
    pub captured_us: Option<u64>,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Luminance, full range.
    pub gray: Arc<[u8]>,
    /// Colour, alpha 255.
    pub rgba: Arc<[u8]>,
    /// Metadata nearest to the frame within half a second.
    pub klv: Option<Arc<UasDatalink>>,
}

#[derive(Debug, Clone)]
struct Unit {
    codec: VideoCodec,
    /// Unwrapped.
    pts: u64,
    dts: Option<u64>,
    random_access: bool,
    offset: u64,
    bytes: Vec<u8>,
    sei_time_us: Option<u64>,
}

#[derive(Debug, Clone)]
struct Parsed {
    index: u32,
    units: Vec<Unit>,
    sets: Vec<(u64, Arc<UasDatalink>)>,
}

impl Parsed {
    fn captured(&self, unit: &Unit) -> Option<u64> {
        unit.sei_time_us.or_else(|| {
            let (at, set) = self.set_at(unit.pts)?;
            let shift = (unit.pts as i64 - at as i64) * 100 / 9;
            set.time_us?.checked_add_signed(shift)
        })
    }

    fn set_at(&self, pts: u64) -> Option<(u64, Arc<UasDatalink>)> {
        self.sets
            .iter()
            .min_by_key(|(t, _)| t.abs_diff(pts))
            .filter(|(t, _)| t.abs_diff(pts) <= 45_000)
            .cloned()
    }
}

/// Finds frames of one channel's recording. Keeps the last two segments read in memory, so stepping is quick.
#[derive(Debug)]
pub struct FrameStore {
    dir: PathBuf,
    segments: Vec<SegmentInfo>,
    cache: Vec<Arc<Parsed>>,
}

impl FrameStore {
    /// The recording of a camera in a session folder. Segments that are not closed yet are read as far as they go.
    ///
    /// # Errors
    /// [`IngestError::File`] when a segment cannot be read, [`IngestError::NoFrame`] when there is none.
    pub fn open(session: &Path, camera: CameraId) -> Result<Self, IngestError> {
        Self::open_dir(&channel_dir(session, camera))
    }

    /// The same for a folder of `seg-NNNNNN.ts` files, as in an evidence bundle.
    ///
    /// # Errors
    /// As [`FrameStore::open`].
    pub fn open_dir(dir: &Path) -> Result<Self, IngestError> {
        let mut segments = read_index(dir);
        for index in segment_files(dir) {
            if !segments.iter().any(|s| s.index == index) {
                let path = dir.join(segment_name(index));
                let bytes = std::fs::read(&path).map_err(file_error(&path))?;
                segments.push(scan(index, &bytes, true));
            }
        }
        segments.sort_by_key(|s| s.index);
        if segments.is_empty() {
            return Err(IngestError::NoFrame {
                dir: dir.to_owned(),
                wanted: "any time: there are no segments".to_owned(),
            });
        }
        Ok(FrameStore {
            dir: dir.to_owned(),
            segments,
            cache: Vec::new(),
        })
    }

    /// The segments, in order.
    pub fn segments(&self) -> &[SegmentInfo] {
        &self.segments
    }

    /// Times of all frames of a segment: PTS and, where known, microseconds since 1970, in order of showing.
    ///
    /// # Errors
    /// [`IngestError::File`] when the segment cannot be read.
    pub fn frame_times(&mut self, index: u32) -> Result<Vec<(u64, Option<u64>)>, IngestError> {
        let parsed = self.parsed(index)?;
        let mut units: Vec<&Unit> = parsed.units.iter().collect();
        units.sort_by_key(|u| u.pts);
        Ok(units
            .into_iter()
            .map(|u| (u.pts % PTS_WRAP, parsed.captured(u)))
            .collect())
    }

    /// The frame at a moment: the nearest one there is.
    ///
    /// # Errors
    /// [`IngestError::NoFrame`] when the recording has none, or what kept it from being read or decoded.
    pub fn frame_at(&mut self, moment: Moment) -> Result<RecordedFrame, IngestError> {
        let missing = || IngestError::NoFrame {
            dir: self.dir.clone(),
            wanted: format!("{moment:?}"),
        };
        let distance = |s: &SegmentInfo| -> Option<u64> {
            let outside = |lo: i64, hi: i64| (-lo).max(hi).max(0) as u64;
            match moment {
                Moment::Utc(t) => Some(outside(t.0 - s.from_utc_us?, t.0 - s.to_utc_us?)),
                Moment::Pts(p) => Some(outside(pts_delta(p, s.first_pts90k?), pts_delta(p, s.last_pts90k?))),
                Moment::InSegment { index, .. } => (index == s.index).then_some(0),
            }
        };
        // Frames just before a segment's first metadata may belong to it: the segment before is tried as well.
        let mut near: Vec<(u64, u32)> = self
            .segments
            .iter()
            .filter_map(|s| Some((distance(s)?, s.index)))
            .collect();
        near.sort_unstable();
        let error = missing();
        let mut best: Option<(u64, Arc<Parsed>, usize)> = None;
        for (_, index) in near.into_iter().take(2) {
            let parsed = self.parsed(index)?;
            let found = parsed
                .units
                .iter()
                .enumerate()
                .filter_map(|(i, u)| {
                    let away = match moment {
                        Moment::Utc(t) => (i64::try_from(parsed.captured(u)?).ok()? - t.0).unsigned_abs(),
                        Moment::Pts(p) | Moment::InSegment { pts90k: p, .. } => {
                            pts_delta(u.pts % PTS_WRAP, p % PTS_WRAP).unsigned_abs()
                        }
                    };
                    Some((away, i))
                })
                .min();
            if let Some((away, i)) = found
                && best.as_ref().is_none_or(|(b, _, _)| away < *b)
            {
                best = Some((away, parsed, i));
            }
        }
        let (_, parsed, target) = best.ok_or(error)?;
        self.decode(&parsed, target)
    }

    /// The very frame of a look (a mark's, an alert's), by its PTS; no neighbour is given for it. Where the stream's
    /// time began anew and several frames have that PTS, the one nearest to `captured` is meant, or else the newest.
    ///
    /// # Errors
    /// [`IngestError::NoFrame`] when that frame is not in the recording, or not yet; or what kept it from being read or
    /// decoded.
    pub fn frame_of_look(&mut self, pts90k: u64, captured: Option<Utc>) -> Result<RecordedFrame, IngestError> {
        let pts = pts90k % PTS_WRAP;
        let near: Vec<u32> = self
            .segments
            .iter()
            .rev()
            .filter(|s| {
                // A unit that reorders may stand a little outside what the list says.
                let (Some(first), Some(last)) = (s.first_pts90k, s.last_pts90k) else {
                    return true;
                };
                pts_delta(pts, first) >= -90_000 && pts_delta(pts, last) <= 90_000
            })
            .map(|s| s.index)
            .collect();
        let mut best: Option<(u64, Arc<Parsed>, usize)> = None;
        for index in near {
            let parsed = self.parsed(index)?;
            let Some(at) = parsed.units.iter().position(|u| u.pts % PTS_WRAP == pts) else {
                continue;
            };
            let away = match (captured, parsed.units.get(at).and_then(|u| parsed.captured(u))) {
                (Some(wanted), Some(is)) => is.abs_diff(wanted.0.unsigned_abs()),
                (Some(_), None) => u64::MAX,
                (None, _) => 0,
            };
            if best.as_ref().is_none_or(|(b, _, _)| away < *b) {
                best = Some((away, parsed, at));
            }
            if away == 0 {
                break;
            }
        }
        let (_, parsed, target) = best.ok_or_else(|| IngestError::NoFrame {
            dir: self.dir.clone(),
            wanted: format!("PTS {pts}"),
        })?;
        self.decode(&parsed, target)
    }

    fn parsed(&mut self, index: u32) -> Result<Arc<Parsed>, IngestError> {
        if let Some(hit) = self.cache.iter().position(|p| p.index == index) {
            let parsed = self.cache.remove(hit);
            self.cache.push(parsed.clone());
            return Ok(parsed);
        }
        let path = self.dir.join(segment_name(index));
        let bytes = std::fs::read(&path).map_err(file_error(&path))?;
        let parsed = Arc::new(parse_segment(index, &bytes));
        if self.cache.len() >= 2 {
            self.cache.remove(0);
        }
        self.cache.push(parsed.clone());
        Ok(parsed)
    }

    fn decode(&mut self, parsed: &Parsed, target: usize) -> Result<RecordedFrame, IngestError> {
        let unit = parsed.units.get(target).cloned().ok_or_else(|| IngestError::NoFrame {
            dir: self.dir.clone(),
            wanted: format!("frame {target} of segment {}", parsed.index),
        })?;
        // A few units more than the target, so that a decoder that reorders gives it out.
        let end = (target + 5).min(parsed.units.len());
        let mut feed: Vec<Unit> = Vec::new();
        match parsed.units[..=target].iter().rposition(|u| u.random_access) {
            Some(start) => feed.extend_from_slice(&parsed.units[start..end]),
            None => {
                // The segment's head hangs on the segment before.
                if let Some(before) = parsed.index.checked_sub(1)
                    && self.segments.iter().any(|s| s.index == before)
                {
                    let before = self.parsed(before)?;
                    if let Some(start) = before.units.iter().rposition(|u| u.random_access) {
                        feed.extend_from_slice(&before.units[start..]);
                    }
                }
                feed.extend_from_slice(&parsed.units[..end]);
            }
        }
        // One line of time for both segments.
        let line = |t: u64| {
            unit.pts
                .saturating_add_signed(pts_delta(t % PTS_WRAP, unit.pts % PTS_WRAP))
        };
        for u in &mut feed {
            u.pts = line(u.pts);
            u.dts = u.dts.map(line);
        }
        type Pixels = (u32, u32, Arc<[u8]>, Arc<[u8]>);
        let (sender, pictures) = crossbeam_channel::bounded::<Pixels>(1);
        let wanted = unit.pts;
        let mut decoder = Decoder::new(unit.codec, Pressure::Wait, false, move |pts, picture| {
            if pts == wanted {
                let count = picture.width * picture.height;
                let gray = Pool::default().fill(count, |out| picture.gray(out));
                let rgba = Pool::default().fill(4 * count, |out| picture.rgba(&gray, out));
                let pixels = (picture.width as u32, picture.height as u32, gray, rgba);
                // A second picture with the same time is not needed.
                if sender.try_send(pixels).is_err() {
                    tracing::debug!("two pictures at {pts}");
                }
            }
        })?;
        for u in feed {
            decoder.push(u.pts, u.dts, u.random_access, u.bytes)?;
        }
        decoder.finish(Duration::from_secs(5));
        let (width, height, gray, rgba) = pictures.try_recv().map_err(|_| IngestError::NoFrame {
            dir: self.dir.clone(),
            wanted: format!(
                "PTS {} of segment {}: it does not decode",
                unit.pts % PTS_WRAP,
                parsed.index
            ),
        })?;
        Ok(RecordedFrame {
            segment: parsed.index,
            offset: unit.offset,
            pts90k: unit.pts % PTS_WRAP,
            captured_us: parsed.captured(&unit),
            width,
            height,
            gray,
            rgba,
            klv: parsed.set_at(unit.pts).map(|(_, v)| v),
        })
    }
}

/// Columns and rows of a transport stream's pictures, by decoding the first that can be.
///
/// # Errors
/// [`IngestError::NoFrame`] when it has none, or what kept it from being decoded.
pub fn picture_size(stream: &[u8]) -> Result<(u32, u32), IngestError> {
    let mut store = FrameStore {
        dir: PathBuf::from("transport stream"),
        segments: Vec::new(),
        cache: Vec::new(),
    };
    let parsed = parse_segment(0, stream);
    let first = parsed.units.iter().position(|u| u.random_access).unwrap_or(0);
    store.decode(&parsed, first).map(|f| (f.width, f.height))
}

fn parse_segment(index: u32, bytes: &[u8]) -> Parsed {
    let mut reader = TsReader::new();
    let mut events = reader.push(bytes);
    events.extend(reader.finish());
    let mut parsed = Parsed {
        index,
        units: Vec::new(),
        sets: Vec::new(),
    };
    let mut track = PtsTrack::default();
    let mut video_pid = None;
    for event in events {
        match event {
            TsEvent::VideoUnit {
                pid,
                codec,
                pts90k,
                dts90k,
                random_access,
                offset,
                bytes,
                ..
            } if *video_pid.get_or_insert(pid) == pid => {
                let pts = track.next(pts90k);
                parsed.units.push(Unit {
                    codec,
                    pts,
                    dts: dts90k.map(|d| track.place(d)),
                    random_access,
                    offset,
                    sei_time_us: sei::read_misp_time(codec, &bytes).map(|t| t.time_us),
                    bytes,
                });
            }
            TsEvent::Klv {
                pts90k,
                video_pts90k,
                bytes,
                ..
            } => {
                for (set, _) in parse_all(&bytes) {
                    let value = UasDatalink::from_set(&set);
                    if let Some(pts) = pts90k.or(video_pts90k)
                        && value.sensor_lat_deg.is_some()
                    {
                        parsed.sets.push((track.place(pts), Arc::new(value)));
                    }
                }
            }
            _ => {}
        }
    }
    parsed
}
