//! Program tables: association and map sections, their checksum, reading and writing.
//! Invariant: a section whose CRC is wrong is never believed.

use super::{StreamInfo, StreamKind, VideoCodec};

/// CRC-32/MPEG-2 of a section (ISO/IEC 13818-1 annex A). Zero over a section with its CRC means it is intact.
pub fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for b in bytes {
        crc ^= u32::from(*b) << 24;
        for _ in 0..8 {
            crc = if crc & 0x8000_0000 != 0 {
                crc << 1 ^ 0x04c1_1db7
            } else {
                crc << 1
            };
        }
    }
    crc
}

/// Collects one table's sections out of packet payloads.
#[derive(Debug, Default, Clone)]
pub(super) struct SectionBuffer {
    bytes: Vec<u8>,
    active: bool,
}

impl SectionBuffer {
    /// Takes a packet's payload; gives whole sections, or `Err` for one whose CRC is wrong.
    pub(super) fn push(&mut self, start: bool, payload: &[u8]) -> Vec<Result<Vec<u8>, ()>> {
        let mut out = Vec::new();
        let mut rest = payload;
        if start {
            let Some((pointer, tail)) = payload.split_first() else {
                return out;
            };
            let pointer = usize::from(*pointer);
            if self.active
                && let Some(head) = tail.get(..pointer)
            {
                self.bytes.extend_from_slice(head);
                self.take(&mut out);
            }
            self.bytes.clear();
            self.active = true;
            rest = tail.get(pointer..).unwrap_or(&[]);
        }
        if self.active {
            self.bytes.extend_from_slice(rest);
            self.take(&mut out);
        }
        out
    }

    fn take(&mut self, out: &mut Vec<Result<Vec<u8>, ()>>) {
        loop {
            if self.bytes.first() == Some(&0xff) {
                self.bytes.clear();
                self.active = false;
            }
            if self.bytes.len() < 3 {
                return;
            }
            let length = 3 + (usize::from(self.bytes[1] & 0x0f) << 8 | usize::from(self.bytes[2]));
            if self.bytes.len() < length {
                return;
            }
            let section: Vec<u8> = self.bytes.drain(..length).collect();
            out.push(if length >= 12 && crc32(&section) == 0 {
                Ok(section)
            } else {
                Err(())
            });
        }
    }
}

/// Program numbers and map PIDs of an association section; `None` for another table.
pub(super) fn read_pat(section: &[u8]) -> Option<Vec<(u16, u16)>> {
    if section.first() != Some(&0) {
        return None;
    }
    let body = section.get(8..section.len().checked_sub(4)?)?;
    Some(
        body.chunks_exact(4)
            .map(|c| {
                (
                    u16::from_be_bytes([c[0], c[1]]),
                    u16::from_be_bytes([c[2] & 0x1f, c[3]]),
                )
            })
            .filter(|(program, _)| *program != 0)
            .collect(),
    )
}

/// Streams and clock PID of a map section; `None` for another table or a broken one.
pub(super) fn read_pmt(section: &[u8]) -> Option<(u16, Vec<StreamInfo>)> {
    if section.first() != Some(&2) {
        return None;
    }
    let end = section.len().checked_sub(4)?;
    let program = u16::from_be_bytes([*section.get(3)?, *section.get(4)?]);
    let pcr_pid = u16::from_be_bytes([section.get(8)? & 0x1f, *section.get(9)?]);
    let info = usize::from(u16::from_be_bytes([section.get(10)? & 0x0f, *section.get(11)?]));
    let mut at = 12 + info;
    let mut streams = Vec::new();
    while at + 5 <= end {
        let head = section.get(at..at + 5)?;
        let length = usize::from(u16::from_be_bytes([head[3] & 0x0f, head[4]]));
        let descriptors = section.get(at + 5..(at + 5 + length).min(end))?;
        streams.push(StreamInfo {
            program,
            pid: u16::from_be_bytes([head[1] & 0x1f, head[2]]),
            stream_type: head[0],
            kind: kind_of(head[0], descriptors),
        });
        at += 5 + length;
    }
    Some((pcr_pid, streams))
}

fn kind_of(stream_type: u8, descriptors: &[u8]) -> StreamKind {
    let mut registration = None;
    let mut metadata_format = None;
    let mut rest = descriptors;
    while let [tag, length, tail @ ..] = rest {
        let Some(body) = tail.get(..usize::from(*length)) else {
            break;
        };
        match tag {
            0x05 => registration = body.get(..4),
            // metadata_descriptor: 2 bytes application format, then 0xFF and a four-character format.
            0x26 if body.get(2) == Some(&0xff) => metadata_format = body.get(3..7),
            _ => {}
        }
        rest = &tail[body.len()..];
    }
    match stream_type {
        0x1b => StreamKind::Video(VideoCodec::H264),
        0x24 => StreamKind::Video(VideoCodec::H265),
        0x01 | 0x02 => StreamKind::Video(VideoCodec::Mpeg2),
        0x15 if metadata_format.or(registration).is_none_or(|f| f == b"KLVA") => StreamKind::KlvSync,
        0x06 if registration == Some(b"KLVA") => StreamKind::KlvAsync,
        0x06 if registration.is_none() => StreamKind::Private,
        _ => StreamKind::Other,
    }
}

/// Closes a section: fills its length and appends the CRC.
fn close(mut section: Vec<u8>) -> Vec<u8> {
    let length = section.len() - 3 + 4;
    section[1] = 0xb0 | (length >> 8) as u8;
    section[2] = length as u8;
    let crc = crc32(&section);
    section.extend_from_slice(&crc.to_be_bytes());
    section
}

/// An association section with one program.
pub(super) fn write_pat(stream_id: u16, program: u16, pmt_pid: u16) -> Vec<u8> {
    let mut s = vec![0, 0, 0];
    s.extend_from_slice(&stream_id.to_be_bytes());
    s.extend_from_slice(&[0xc1, 0, 0]);
    s.extend_from_slice(&program.to_be_bytes());
    s.extend_from_slice(&(0xe000 | pmt_pid).to_be_bytes());
    close(s)
}

/// A map section: stream type, PID and descriptors of each stream.
pub(super) fn write_pmt(program: u16, pcr_pid: u16, streams: &[(u8, u16, &[u8])]) -> Vec<u8> {
    let mut s = vec![2, 0, 0];
    s.extend_from_slice(&program.to_be_bytes());
    s.extend_from_slice(&[0xc1, 0, 0]);
    s.extend_from_slice(&(0xe000 | pcr_pid).to_be_bytes());
    s.extend_from_slice(&[0xf0, 0]);
    for (stream_type, pid, descriptors) in streams {
        s.push(*stream_type);
        s.extend_from_slice(&(0xe000 | pid).to_be_bytes());
        s.extend_from_slice(&(0xf000 | descriptors.len() as u16).to_be_bytes());
        s.extend_from_slice(descriptors);
    }
    close(s)
}
