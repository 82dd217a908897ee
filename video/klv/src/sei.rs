//! Annex-B byte streams: NAL units, random access, and the MISB ST 0604 precision time stamp that goes into them.
//! Invariant: inserting a time stamp changes no other byte of the access unit.

use crate::ts::VideoCodec;

/// UUID of the microsecond time stamp ("MISPmicrosectime", MISB ST 0604).
pub const MISP_UUID: [u8; 16] = *b"MISPmicrosectime";

/// A time stamp read from an access unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MispTime {
    /// Microseconds since 1970.
    pub time_us: u64,
    /// Status byte of ST 0603: bit 7 set when the clock is not locked, bit 6 discontinuity.
    pub status: u8,
}

/// NAL units of an Annex-B byte stream: (offset of the start code, bytes of the unit without it).
pub fn nal_units(annex_b: &[u8]) -> Vec<(usize, &[u8])> {
    let mut starts: Vec<(usize, usize)> = Vec::new();
    let mut i = 0;
    while i + 3 <= annex_b.len() {
        if annex_b[i + 2] > 1 {
            i += 3;
        } else if annex_b[i] == 0 && annex_b[i + 1] == 0 && annex_b[i + 2] == 1 {
            let code = if i > 0 && annex_b[i - 1] == 0 { i - 1 } else { i };
            starts.push((code, i + 3));
            i += 3;
        } else {
            i += 1;
        }
    }
    let ends = starts
        .iter()
        .skip(1)
        .map(|s| s.0)
        .chain([annex_b.len()])
        .collect::<Vec<_>>();
    starts
        .iter()
        .zip(ends)
        .map(|((code, start), end)| (*code, &annex_b[*start..end.max(*start)]))
        .collect()
}

fn nal_type(codec: VideoCodec, nal: &[u8]) -> Option<u8> {
    let first = *nal.first()?;
    Some(match codec {
        VideoCodec::H264 => first & 0x1f,
        VideoCodec::H265 => first >> 1 & 0x3f,
        VideoCodec::Mpeg2 => first,
    })
}

fn is_key(codec: VideoCodec, kind: u8) -> bool {
    match codec {
        VideoCodec::H264 => kind == 5,
        VideoCodec::H265 => (16..=21).contains(&kind),
        VideoCodec::Mpeg2 => kind == 0xb3,
    }
}

/// True when a whole access unit holds a picture a decoder can start from.
pub fn is_random_access(codec: VideoCodec, annex_b: &[u8]) -> bool {
    nal_units(annex_b)
        .iter()
        .filter_map(|(_, nal)| nal_type(codec, nal))
        .any(|t| is_key(codec, t))
}

/// True when the first bytes of an access unit show that a decoder can start here: parameter sets or a key picture.
pub fn starts_random_access(codec: VideoCodec, first_bytes: &[u8]) -> bool {
    nal_units(first_bytes)
        .iter()
        .filter_map(|(_, nal)| nal_type(codec, nal))
        .any(|t| {
            is_key(codec, t)
                || match codec {
                    VideoCodec::H264 => t == 7,
                    VideoCodec::H265 => t == 32 || t == 33,
                    VideoCodec::Mpeg2 => false,
                }
        })
}

/// True when the access unit starts with its delimiter.
pub(crate) fn has_delimiter(codec: VideoCodec, annex_b: &[u8]) -> bool {
    let head = &annex_b[..annex_b.len().min(16)];
    nal_units(head)
        .first()
        .and_then(|(_, nal)| nal_type(codec, nal))
        .is_some_and(|t| match codec {
            VideoCodec::H264 => t == 9,
            VideoCodec::H265 => t == 35,
            VideoCodec::Mpeg2 => true,
        })
}

/// The access unit with an ST 0604 time stamp in front of its first slice. `locked` says whether the clock is locked
/// to UTC. MPEG-2 and units without a slice come back unchanged.
pub fn insert_misp_time(codec: VideoCodec, annex_b: &[u8], time_us: u64, locked: bool) -> Vec<u8> {
    let units = nal_units(annex_b);
    let slice = units.iter().find(|(_, nal)| {
        nal_type(codec, nal).is_some_and(|t| match codec {
            VideoCodec::H264 => (1..=5).contains(&t),
            VideoCodec::H265 => t < 32,
            VideoCodec::Mpeg2 => false,
        })
    });
    let Some((at, _)) = slice else {
        return annex_b.to_vec();
    };
    // ST 0604: UUID, status, then the eight time bytes in pairs with 0xFF between (no start code can arise).
    let mut payload = MISP_UUID.to_vec();
    payload.push(if locked { 0x1f } else { 0x9f });
    for (i, pair) in time_us.to_be_bytes().chunks_exact(2).enumerate() {
        if i > 0 {
            payload.push(0xff);
        }
        payload.extend_from_slice(pair);
    }
    let mut nal = match codec {
        VideoCodec::H265 => vec![0x4e, 0x01],
        VideoCodec::H264 | VideoCodec::Mpeg2 => vec![0x06],
    };
    let header = nal.len();
    let mut body = vec![5, payload.len() as u8];
    body.extend(payload);
    body.push(0x80);
    let mut zeros = 0;
    for b in body {
        if zeros >= 2 && b <= 3 {
            nal.push(3);
            zeros = 0;
        }
        zeros = if b == 0 { zeros + 1 } else { 0 };
        nal.push(b);
    }
    debug_assert!(nal.len() > header);
    let mut out = annex_b[..*at].to_vec();
    out.extend_from_slice(&[0, 0, 0, 1]);
    out.extend(nal);
    out.extend_from_slice(&annex_b[*at..]);
    out
}

/// The ST 0604 time stamp of an access unit, if it carries one.
pub fn read_misp_time(codec: VideoCodec, annex_b: &[u8]) -> Option<MispTime> {
    for (_, nal) in nal_units(annex_b) {
        let header = match (codec, nal_type(codec, nal)?) {
            (VideoCodec::H264, 6) => 1,
            (VideoCodec::H265, 39 | 40) => 2,
            _ => continue,
        };
        let mut rbsp = Vec::with_capacity(nal.len());
        let mut zeros = 0;
        for b in nal.get(header..)? {
            if zeros >= 2 && *b == 3 {
                zeros = 0;
                continue;
            }
            zeros = if *b == 0 { zeros + 1 } else { 0 };
            rbsp.push(*b);
        }
        if let Some(time) = misp_in_sei(&rbsp) {
            return Some(time);
        }
    }
    None
}

fn misp_in_sei(rbsp: &[u8]) -> Option<MispTime> {
    let mut rest = rbsp;
    while rest.len() > 2 {
        let mut number = || -> Option<usize> {
            let mut sum = 0;
            loop {
                let (b, tail) = rest.split_first()?;
                rest = tail;
                sum += usize::from(*b);
                if *b != 0xff {
                    return Some(sum);
                }
            }
        };
        let kind = number()?;
        let size = number()?;
        let payload = rest.get(..size)?;
        rest = &rest[size..];
        if kind == 5 && payload.len() >= 28 && payload[..16] == MISP_UUID {
            let t = &payload[17..28];
            let bytes = [t[0], t[1], t[3], t[4], t[6], t[7], t[9], t[10]];
            return Some(MispTime {
                time_us: u64::from_be_bytes(bytes),
                status: payload[16],
            });
        }
    }
    None
}
