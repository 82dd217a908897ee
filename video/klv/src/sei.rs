//! Annex-B byte streams: NAL units, random access, and the MISB ST 0604 precision time stamp that goes into them.
//! Invariant: inserting a time stamp changes no other byte of the access unit.

use crate::ts::VideoCodec;

/// Identifier of the microsecond time stamp in H.264 and MPEG-2 ("MISPmicrosectime", MISB ST 0604).
pub const MISP_UUID: [u8; 16] = *b"MISPmicrosectime";
/// UUID of the microsecond time stamp in H.265 (MISB ST 0604.6).
pub const MISP_HEVC_UUID: [u8; 16] = [
    0xa8, 0x68, 0x7d, 0xd4, 0xd7, 0x59, 0x37, 0x58, 0xa5, 0xce, 0xf0, 0x33, 0x8b, 0x65, 0x45, 0xf1,
];
/// UUID of the nanosecond time stamp in H.265 (MISB ST 0604.6); read only.
pub const MISP_HEVC_NANO_UUID: [u8; 16] = [
    0xcf, 0x84, 0x82, 0x78, 0xee, 0x23, 0x30, 0x6c, 0x92, 0x65, 0xe8, 0xfe, 0xf2, 0x2f, 0xb8, 0xb8,
];
/// First byte of MPEG-2 user data (ISO/IEC 13818-2, table 6-1), behind its start code.
const MPEG2_USER_DATA: u8 = 0xb2;

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
/// to UTC. In MPEG-2 it is user data of the picture. Units without a slice come back unchanged.
pub fn insert_misp_time(codec: VideoCodec, annex_b: &[u8], time_us: u64, locked: bool) -> Vec<u8> {
    let units = nal_units(annex_b);
    let slice = units.iter().find(|(_, nal)| {
        nal_type(codec, nal).is_some_and(|t| match codec {
            VideoCodec::H264 => (1..=5).contains(&t),
            VideoCodec::H265 => t < 32,
            VideoCodec::Mpeg2 => (0x01..=0xaf).contains(&t),
        })
    });
    let Some((at, _)) = slice else {
        return annex_b.to_vec();
    };
    // ST 0604: UUID, status, then the eight time bytes in pairs with 0xFF between (no start code can arise).
    let mut payload = match codec {
        VideoCodec::H265 => MISP_HEVC_UUID,
        VideoCodec::H264 | VideoCodec::Mpeg2 => MISP_UUID,
    }
    .to_vec();
    payload.push(if locked { 0x1f } else { 0x9f });
    for (i, pair) in time_us.to_be_bytes().chunks_exact(2).enumerate() {
        if i > 0 {
            payload.push(0xff);
        }
        payload.extend_from_slice(pair);
    }
    let mut out = annex_b[..*at].to_vec();
    match codec {
        VideoCodec::H264 => out.extend_from_slice(&[0, 0, 0, 1, 0x06]),
        VideoCodec::H265 => out.extend_from_slice(&[0, 0, 0, 1, 0x4e, 0x01]),
        VideoCodec::Mpeg2 => out.extend_from_slice(&[0, 0, 1, MPEG2_USER_DATA]),
    }
    if codec == VideoCodec::Mpeg2 {
        out.extend(payload);
    } else {
        out.extend(sei_body(&payload));
    }
    out.extend_from_slice(&annex_b[*at..]);
    out
}

/// A user_data_unregistered message with emulation prevention, behind its header.
fn sei_body(payload: &[u8]) -> Vec<u8> {
    let (mut out, mut zeros) = (Vec::new(), 0);
    for b in [5, payload.len() as u8].iter().chain(payload).chain(&[0x80]) {
        if zeros >= 2 && *b <= 3 {
            out.push(3);
            zeros = 0;
        }
        zeros = if *b == 0 { zeros + 1 } else { 0 };
        out.push(*b);
    }
    out
}

/// A time stamp's payload: identifier, status, eight bytes of time in pairs with a byte between. H.264's identifier
/// is read in H.265 too, where earlier streams have it.
fn misp_of(payload: &[u8]) -> Option<MispTime> {
    let (id, rest) = payload.split_first_chunk::<16>()?;
    let (&status, t) = rest.split_first()?;
    let t = t.first_chunk::<11>()?;
    let time = u64::from_be_bytes([t[0], t[1], t[3], t[4], t[6], t[7], t[9], t[10]]);
    let time_us = match *id {
        MISP_UUID | MISP_HEVC_UUID => time,
        MISP_HEVC_NANO_UUID => time / 1000,
        _ => return None,
    };
    Some(MispTime { time_us, status })
}

/// The ST 0604 time stamp of an access unit, if it carries one.
pub fn read_misp_time(codec: VideoCodec, annex_b: &[u8]) -> Option<MispTime> {
    if codec == VideoCodec::Mpeg2 {
        // By its identifier: a time that ends in zero runs into the next start code.
        let head = [&[0, 0, 1, MPEG2_USER_DATA][..], &MISP_UUID].concat();
        let at = annex_b.windows(head.len()).position(|w| w == head)?;
        return misp_of(&annex_b[at + 4..]);
    }
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
        if let (5, Some(time)) = (kind, misp_of(payload)) {
            return Some(time);
        }
    }
    None
}
