//! The aircraft's own MAVLink 2 framing: one datagram in, whole checked frames out.
//!
//! Invariant: a datagram is framed from a clean state and never waits for the next one; a frame
//! counts only when its checksum is right. It shares no code with the station's codec, so that a
//! mistake in either shows in tests. Must not know who is at the other end.

mod table;
pub(crate) use table::*;

/// Longest datagram that is looked at; the rest is cut off.
pub(crate) const MAX_DATAGRAM: usize = 4096;

/// Reads little-endian fields; past the end it reads zeros.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }
    pub(crate) fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        for o in &mut out {
            *o = self.bytes.get(self.at).copied().unwrap_or(0);
            self.at += 1;
        }
        out
    }
}

/// Drops trailing zero bytes, keeping one byte.
pub(crate) fn put_zero_trimmed(payload: &mut Vec<u8>) {
    while payload.len() > 1 && payload.last() == Some(&0) {
        payload.pop();
    }
}

/// CRC-16/MCRF4XX over `bytes` from `crc` (MAVLink serialization guide).
fn crc16(mut crc: u16, bytes: &[u8]) -> u16 {
    for &b in bytes {
        let mut t = b ^ (crc & 0xff) as u8;
        t ^= t << 4;
        crc = (crc >> 8) ^ (u16::from(t) << 8) ^ (u16::from(t) << 3) ^ (u16::from(t) >> 4);
    }
    crc
}

/// One checked frame.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame<'a> {
    pub(crate) system: u8,
    pub(crate) component: u8,
    pub(crate) id: u32,
    pub(crate) payload: &'a [u8],
    /// From the start marker to the checksum.
    pub(crate) raw: &'a [u8],
    /// Link id, time and six bytes, where signed.
    pub(crate) signature: Option<&'a [u8; 13]>,
}

impl Frame<'_> {
    pub(crate) fn read<M: Message>(&self) -> M {
        M::get(self.payload)
    }
}

/// Every frame of a datagram whose checksum is right, in order. Bytes that start no such frame
/// are skipped one by one; a frame of an unknown message is skipped as a whole.
pub(crate) fn frames(datagram: &[u8]) -> impl Iterator<Item = Frame<'_>> {
    let d = &datagram[..datagram.len().min(MAX_DATAGRAM)];
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < d.len() {
            match frame_at(&d[at..]) {
                Some((len, Some(frame))) => {
                    at += len;
                    return Some(frame);
                }
                Some((len, None)) => at += len,
                None => at += 1,
            }
        }
        None
    })
}

/// `Some((length, None))`: a plausible frame of an unknown message.
fn frame_at(b: &[u8]) -> Option<(usize, Option<Frame<'_>>)> {
    let (header, system, component, id, signed) = match *b.first()? {
        0xfd => {
            let h = b.get(..10)?;
            if h[2] & !1 != 0 {
                return None; // an incompatible flag this aircraft does not know
            }
            let id = u32::from_le_bytes([h[7], h[8], h[9], 0]);
            (10, h[5], h[6], id, h[2] & 1 == 1)
        }
        0xfe => {
            let h = b.get(..6)?;
            (6, h[3], h[4], u32::from(h[5]), false)
        }
        _ => return None,
    };
    let end = header + usize::from(b[1]);
    let length = end + 2 + if signed { 13 } else { 0 };
    b.get(..length)?;
    let Some(extra) = crc_extra(id) else {
        return Some((length, None));
    };
    let crc = crc16(crc16(0xffff, &b[1..end]), &[extra]);
    if crc.to_le_bytes() != [b[end], b[end + 1]] {
        return None;
    }
    let payload = &b[header..end];
    Some((
        length,
        Some(Frame {
            system,
            component,
            id,
            payload,
            raw: &b[..end + 2],
            signature: b[end + 2..length].try_into().ok(),
        }),
    ))
}

/// A finished MAVLink 2 frame.
pub(crate) fn encode(system: u8, component: u8, seq: u8, id: u32, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + 12);
    let [i0, i1, i2, _] = id.to_le_bytes();
    let len = u8::try_from(payload.len()).unwrap_or(u8::MAX);
    out.extend_from_slice(&[0xfd, len, 0, 0, seq, system, component, i0, i1, i2]);
    out.extend_from_slice(&payload[..usize::from(len)]);
    let crc = crc16(crc16(0xffff, &out[1..]), &[crc_extra(id).unwrap_or(0)]);
    out.extend_from_slice(&crc.to_le_bytes());
    out
}

/// Checksum of a MAVLink 2 frame that ends before it.
pub(crate) fn checksum(frame: &[u8]) -> [u8; 2] {
    let id = u32::from_le_bytes([frame[7], frame[8], frame[9], 0]);
    crc16(crc16(0xffff, &frame[1..]), &[crc_extra(id).unwrap_or(0)]).to_le_bytes()
}

/// Text into a fixed field, cut at a character boundary and padded with zeros.
pub(crate) fn text<const N: usize>(s: &str) -> [u8; N] {
    let mut end = s.len().min(N);
    while !s.is_char_boundary(end) {
        end -= 1;
    }
    let mut out = [0; N];
    out[..end].copy_from_slice(&s.as_bytes()[..end]);
    out
}

/// Text of a fixed field, up to its first zero; bytes that are no text become `?`.
pub(crate) fn untext(field: &[u8]) -> String {
    field
        .iter()
        .take_while(|&&b| b != 0)
        .map(|&b| {
            if b.is_ascii_graphic() || b == b' ' {
                char::from(b)
            } else {
                '?'
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_frame_reads_back_and_a_flipped_bit_does_not() {
        let h = Heartbeat {
            custom_mode: 4,
            kind: 2,
            autopilot: 3,
            base_mode: 81,
            ..Default::default()
        };
        let mut bytes = encode(1, 1, 7, Heartbeat::ID, &h.payload());
        let got: Vec<_> = frames(&bytes)
            .map(|f| (f.system, f.id, f.read::<Heartbeat>().custom_mode))
            .collect();
        assert_eq!(got, [(1, 0, 4)]);
        bytes[11] ^= 1;
        assert_eq!(frames(&bytes).count(), 0);
    }

    #[test]
    fn rubbish_before_a_frame_does_not_hide_it() {
        let mut d = vec![0xfd, 0xff, 0, 0, 0xfe];
        d.extend(encode(255, 190, 0, Heartbeat::ID, &Heartbeat::default().payload()));
        assert_eq!(frames(&d).count(), 1);
    }
}
