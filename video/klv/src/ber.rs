//! BER lengths and BER-OID tags, the two variable-length integers under every KLV item (SMPTE ST 336).
//! Invariant: reading never looks past the slice and writing always gives the shortest form a reader accepts.
//! Knows nothing of tags or sets.

/// Reads a BER length. Returns the length and the number of bytes the length field took, or `None` when the slice
/// ends inside it or it does not fit 32 bits.
pub fn read_length(bytes: &[u8]) -> Option<(usize, usize)> {
    let first = *bytes.first()?;
    if first < 0x80 {
        return Some((usize::from(first), 1));
    }
    let count = usize::from(first & 0x7f);
    if count == 0 || count > 8 {
        return None;
    }
    let field = bytes.get(1..1 + count)?;
    let mut value: u64 = 0;
    for b in field {
        value = value.checked_mul(256)? + u64::from(*b);
    }
    let value = u32::try_from(value).ok()?;
    Some((usize::try_from(value).ok()?, 1 + count))
}

/// Appends a BER length in its shortest form.
pub fn write_length(out: &mut Vec<u8>, length: usize) {
    if let Ok(short) = u8::try_from(length)
        && short < 0x80
    {
        out.push(short);
        return;
    }
    let be = (length as u64).to_be_bytes();
    let skip = be.iter().take_while(|b| **b == 0).count().min(7);
    let body = &be[skip..];
    out.push(0x80 | body.len() as u8);
    out.extend_from_slice(body);
}

/// Reads a BER-OID integer (seven bits a byte, high bit says more follow). Returns value and bytes used.
pub fn read_oid(bytes: &[u8]) -> Option<(u32, usize)> {
    let mut value: u32 = 0;
    for (i, b) in bytes.iter().take(5).enumerate() {
        value = value.checked_mul(128)?.checked_add(u32::from(*b & 0x7f))?;
        if *b & 0x80 == 0 {
            return Some((value, i + 1));
        }
    }
    None
}

/// Appends a BER-OID integer.
pub fn write_oid(out: &mut Vec<u8>, value: u32) {
    let mut shift = 28;
    while shift > 0 {
        if value >> shift != 0 {
            out.push(0x80 | ((value >> shift) & 0x7f) as u8);
        }
        shift -= 7;
    }
    out.push((value & 0x7f) as u8);
}

/// Appends one local-set item: tag, length, value.
pub fn write_item(out: &mut Vec<u8>, tag: u32, value: &[u8]) {
    write_oid(out, tag);
    write_length(out, value.len());
    out.extend_from_slice(value);
}

/// Reads a big-endian unsigned integer of one to eight bytes; `None` for an empty or longer slice.
pub fn read_uint(bytes: &[u8]) -> Option<u64> {
    if bytes.is_empty() || bytes.len() > 8 {
        return None;
    }
    Some(bytes.iter().fold(0, |acc, b| acc << 8 | u64::from(*b)))
}

/// Reads a big-endian two's complement integer of one to eight bytes.
pub fn read_int(bytes: &[u8]) -> Option<i64> {
    let unsigned = read_uint(bytes)?;
    let shift = 64 - 8 * bytes.len() as u32;
    Some(((unsigned << shift) as i64) >> shift)
}

/// The shortest big-endian form of an unsigned integer (one byte for zero).
pub fn uint_bytes(value: u64) -> Vec<u8> {
    let be = value.to_be_bytes();
    let skip = be.iter().take_while(|b| **b == 0).count().min(7);
    be[skip..].to_vec()
}
