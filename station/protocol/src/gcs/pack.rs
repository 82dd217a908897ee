//! ArduPilot's packed parameter file (`@PARAM/param.pck`).
//!
//! Invariant: no bytes panic; a pack that is not whole is refused as a whole. Format: ArduPilot
//! `AP_Filesystem_Param`: header magic, parameters here, parameters in all (u16 each); then by
//! parameter type and flags, shared and own length of the name, the rest of the name, the value
//! and, where flagged, its default; zero bytes may pad between two.

/// A value as the aircraft keeps it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Raw {
    /// MAV_PARAM_TYPE.
    pub(crate) kind: u8,
    pub(crate) value: f64,
}

const MAGIC: u16 = 0x671b;
const MAGIC_DEFAULTS: u16 = 0x671c;

/// Names and values in the file's order, and the total it announces.
pub(crate) fn decode(bytes: &[u8]) -> Option<(Vec<(String, Raw)>, u16)> {
    let word = |at: usize| -> Option<u16> { Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)) };
    let (magic, here, total) = (word(0)?, word(2)?, word(4)?);
    if magic != MAGIC && magic != MAGIC_DEFAULTS {
        return None;
    }
    let mut out: Vec<(String, Raw)> = Vec::with_capacity(usize::from(here.min(8192)));
    let mut at = 6;
    let mut last = String::new();
    loop {
        while bytes.get(at) == Some(&0) {
            at += 1;
        }
        let Some(head) = bytes.get(at..at + 2) else {
            break;
        };
        let has_default = magic == MAGIC_DEFAULTS && head[0] & 0x10 != 0;
        let (shared, own) = (usize::from(head[1] & 0x0F), usize::from(head[1] >> 4) + 1);
        let rest = std::str::from_utf8(bytes.get(at + 2..at + 2 + own)?).ok()?;
        let name = format!("{}{rest}", last.get(..shared)?);
        if name.len() > 16 || !name.bytes().all(|b| b.is_ascii_graphic()) {
            return None;
        }
        let v = bytes.get(at + 2 + own..)?;
        let (kind, length, value) = match head[0] & 0x0F {
            1 => (2, 1, f64::from(i8::from_le_bytes(v.get(..1)?.try_into().ok()?))),
            2 => (4, 2, f64::from(i16::from_le_bytes(v.get(..2)?.try_into().ok()?))),
            3 => (6, 4, f64::from(i32::from_le_bytes(v.get(..4)?.try_into().ok()?))),
            4 => (9, 4, f64::from(f32::from_le_bytes(v.get(..4)?.try_into().ok()?))),
            _ => return None,
        };
        if has_default && v.len() < 2 * length {
            return None;
        }
        at += 2 + own + length * if has_default { 2 } else { 1 };
        last.clone_from(&name);
        if value.is_finite() {
            out.push((name, Raw { kind, value }));
        }
        if out.len() > usize::from(here) {
            return None;
        }
    }
    (out.len() == usize::from(here)).then_some((out, total))
}

#[cfg(test)]
mod tests {
    use super::{Raw, decode};

    #[test]
    fn a_pack_reads_as_its_writer_meant() {
        let mut b = vec![0x1b, 0x67, 2, 0, 2, 0];
        b.extend([0x01, 0x30]);
        b.extend(b"ABCD");
        b.push(0xff);
        b.extend([0, 0, 0x04, 0x03]);
        b.extend(b"X");
        b.extend(0.5_f32.to_le_bytes());
        let (list, total) = decode(&b).expect("a pack");
        assert_eq!(total, 2);
        assert_eq!(
            list,
            [
                ("ABCD".to_owned(), Raw { kind: 2, value: -1.0 }),
                ("ABCX".to_owned(), Raw { kind: 9, value: 0.5 })
            ]
        );
        for n in 0..b.len() {
            assert!(decode(&b[..n]).is_none(), "cut at {n}");
        }
    }
}
