//! ZIP archives over bytes: reads stored and deflated entries by the central directory, writes stored and deflated ones
//! (APPNOTE 6.3.10, without ZIP64).
//!
//! Invariant: an entry is given out only if its check sum holds, and never more of it than asked for: a bomb is an error.

use std::io::{Read, Write};

use crate::AtlasError;

/// An entry of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    method: u16,
    crc: u32,
    packed: usize,
    pub(crate) size: usize,
    header: usize,
}

fn refuse(name: &str, why: impl Into<String>) -> AtlasError {
    AtlasError::Zip {
        name: name.to_owned(),
        why: why.into(),
    }
}

fn u16_at(b: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(b.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn u32_at(b: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(b.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

/// The entries of an archive.
pub(crate) fn entries(name: &str, b: &[u8]) -> Result<Vec<Entry>, AtlasError> {
    let damaged = || refuse(name, "its directory is damaged or cut short");
    let from = b.len().saturating_sub(22 + 65_535);
    let end = (from..b.len().saturating_sub(21))
        .rev()
        .find(|i| b[*i..].starts_with(b"PK\x05\x06"))
        .ok_or_else(damaged)?;
    let count = u16_at(b, end + 10).ok_or_else(damaged)?;
    let mut at = u32_at(b, end + 16).ok_or_else(damaged)? as usize;
    let mut out = Vec::new();
    for _ in 0..count {
        let one = || {
            let head = b.get(at..)?;
            head.starts_with(b"PK\x01\x02").then_some(())?;
            let n = usize::from(u16_at(head, 28)?);
            let skip = usize::from(u16_at(head, 30)?) + usize::from(u16_at(head, 32)?);
            let text = String::from_utf8_lossy(head.get(46..46 + n)?).into_owned();
            let entry = Entry {
                name: text,
                method: u16_at(head, 10)?,
                crc: u32_at(head, 16)?,
                packed: u32_at(head, 20)? as usize,
                size: u32_at(head, 24)? as usize,
                header: u32_at(head, 42)? as usize,
            };
            Some((entry, 46 + n + skip))
        };
        let (entry, used) = one().ok_or_else(damaged)?;
        at += used;
        out.push(entry);
    }
    Ok(out)
}

/// The bytes of an entry, at most `most`.
pub(crate) fn extract(name: &str, b: &[u8], e: &Entry, most: usize) -> Result<Vec<u8>, AtlasError> {
    let what = format!("{name}: {}", e.name);
    let body = || {
        let h = b.get(e.header..)?;
        h.starts_with(b"PK\x03\x04").then_some(())?;
        let start = e.header + 30 + usize::from(u16_at(h, 26)?) + usize::from(u16_at(h, 28)?);
        b.get(start..start.checked_add(e.packed)?)
    };
    let body = body().ok_or_else(|| refuse(&what, "the entry's data lie outside the file"))?;
    if e.size > most {
        return Err(refuse(
            &what,
            format!("it would take {} bytes, {most} are allowed", e.size),
        ));
    }
    let out = match e.method {
        0 => body.to_vec(),
        8 => {
            let mut out = Vec::with_capacity(e.size.min(1 << 24));
            flate2::read::DeflateDecoder::new(body)
                .take(most as u64 + 1)
                .read_to_end(&mut out)
                .map_err(|err| refuse(&what, format!("deflate stream broken ({err})")))?;
            out
        }
        m => {
            return Err(refuse(
                &what,
                format!("compression method {m} is not stored or deflate"),
            ));
        }
    };
    let mut crc = flate2::Crc::new();
    crc.update(&out);
    if out.len() != e.size || crc.sum() != e.crc {
        return Err(refuse(&what, "its check sum is wrong: the archive is damaged"));
    }
    Ok(out)
}

/// Writes an archive; entries are deflated where that saves a twentieth.
pub(crate) struct Writer {
    out: Vec<u8>,
    directory: Vec<u8>,
    count: u16,
}

impl Writer {
    pub(crate) fn new() -> Self {
        Self {
            out: Vec::new(),
            directory: Vec::new(),
            count: 0,
        }
    }

    /// Adds an entry; `false` when the archive would outgrow the format (4 GB, 65,535 entries).
    pub(crate) fn add(&mut self, name: &str, bytes: &[u8]) -> bool {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(6));
        let packed = encoder
            .write_all(bytes)
            .and_then(|()| encoder.finish())
            .unwrap_or_default();
        let deflate = !packed.is_empty() && packed.len() < bytes.len() - bytes.len() / 20;
        let body = if deflate { packed.as_slice() } else { bytes };
        let most = u32::MAX as usize / 2;
        if self.out.len() + body.len() + self.directory.len() > most
            || bytes.len() > most
            || self.count == u16::MAX
            || name.len() > 1000
        {
            return false;
        }
        let offset = self.out.len() as u32;
        let mut common = Vec::new();
        for v in [20_u16, 0x0800, if deflate { 8 } else { 0 }, 0, 0x21] {
            common.extend(v.to_le_bytes());
        }
        for v in [crc.sum(), body.len() as u32, bytes.len() as u32] {
            common.extend(v.to_le_bytes());
        }
        common.extend((name.len() as u16).to_le_bytes());
        common.extend(0_u16.to_le_bytes());
        self.out.extend(b"PK\x03\x04");
        self.out.extend(&common);
        self.out.extend(name.as_bytes());
        self.out.extend(body);
        self.directory.extend(b"PK\x01\x02");
        self.directory.extend(20_u16.to_le_bytes());
        self.directory.extend(&common);
        self.directory.extend([0; 10]);
        self.directory.extend(offset.to_le_bytes());
        self.directory.extend(name.as_bytes());
        self.count += 1;
        true
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        let at = self.out.len() as u32;
        self.out.extend(&self.directory);
        self.out.extend(b"PK\x05\x06");
        self.out.extend([0; 4]);
        self.out.extend(self.count.to_le_bytes());
        self.out.extend(self.count.to_le_bytes());
        self.out.extend((self.directory.len() as u32).to_le_bytes());
        self.out.extend(at.to_le_bytes());
        self.out.extend([0; 2]);
        self.out
    }
}
