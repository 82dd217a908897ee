//! OpenStreetMap's PBF container (wiki.openstreetmap.org, "PBF Format"), as much of it as ways and border controls need.
//!
//! Invariant: every length and index in the file is held against what is there; a block takes at most 32 MiB, as the format says.
//! Own code because the libraries for it panic on indices beyond a block's texts.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use vedette_geo::LatLon;

use super::{Raw, control};
use crate::AtlasError;
use crate::airspace::bad;

/// Largest block, unpacked.
const MOST_BLOCK: u64 = 32 << 20;

/// Whether bytes begin as such a file does: a length, then a header block.
pub(super) fn is(bytes: &[u8]) -> bool {
    bytes
        .get(4..30)
        .is_some_and(|b| b.windows(9).any(|w| w == b"OSMHeader"))
}

/// A field of a message: its number and value.
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// Walks the fields of a message; `None` when it is damaged.
struct Message<'a>(&'a [u8]);

fn varint(b: &mut &[u8]) -> Option<u64> {
    let mut v = 0_u64;
    for k in 0..10 {
        let (first, rest) = b.split_first()?;
        *b = rest;
        v |= u64::from(first & 0x7f).checked_shl(7 * k)?;
        if first & 0x80 == 0 {
            return Some(v);
        }
    }
    None
}

fn zigzag(v: u64) -> i64 {
    (v >> 1) as i64 ^ -((v & 1) as i64)
}

impl<'a> Message<'a> {
    fn next(&mut self) -> Option<Option<(u64, Field<'a>)>> {
        if self.0.is_empty() {
            return Some(None);
        }
        let key = varint(&mut self.0)?;
        let field = match key & 7 {
            0 => Field::Number(varint(&mut self.0)?),
            2 => {
                let n = usize::try_from(varint(&mut self.0)?).ok()?;
                let (head, rest) = self.0.split_at_checked(n)?;
                self.0 = rest;
                Field::Bytes(head)
            }
            wide @ (1 | 5) => {
                let (_, rest) = self.0.split_at_checked(if wide == 1 { 8 } else { 4 })?;
                self.0 = rest;
                Field::Number(0)
            }
            _ => return None,
        };
        Some(Some((key >> 3, field)))
    }

    /// Calls for every field; `None` when damaged or when the call says so.
    fn each(mut self, mut f: impl FnMut(u64, Field<'a>) -> Option<()>) -> Option<()> {
        while let Some((number, field)) = self.next()? {
            f(number, field)?;
        }
        Some(())
    }
}

fn packed(mut b: &[u8]) -> Option<Vec<u64>> {
    let mut out = Vec::with_capacity(b.len() / 2);
    while !b.is_empty() {
        out.push(varint(&mut b)?);
    }
    Some(out)
}

/// One block, unpacked: its kind and bytes.
fn blocks(
    file: &str,
    bytes: &[u8],
    mut f: impl FnMut(&str, &[u8]) -> Result<(), AtlasError>,
) -> Result<(), AtlasError> {
    let (mut at, mut number) = (0, 0);
    while at < bytes.len() {
        number += 1;
        let place = format!("block {number}");
        let cut = || bad(file, &place, "it is damaged or cut short; fetch the file again");
        let head_len = bytes.get(at..at + 4).ok_or_else(cut)?;
        let head_len = u32::from_be_bytes([head_len[0], head_len[1], head_len[2], head_len[3]]) as usize;
        if head_len > 64 << 10 {
            return Err(cut());
        }
        let head = bytes.get(at + 4..at + 4 + head_len).ok_or_else(cut)?;
        let (mut kind, mut size) = (String::new(), 0_usize);
        Message(head)
            .each(|n, v| {
                match (n, v) {
                    (1, Field::Bytes(b)) => kind = String::from_utf8_lossy(b).into_owned(),
                    (3, Field::Number(v)) => size = usize::try_from(v).ok()?,
                    _ => {}
                }
                Some(())
            })
            .ok_or_else(cut)?;
        at += 4 + head_len;
        let blob = bytes.get(at..at.checked_add(size).ok_or_else(cut)?).ok_or_else(cut)?;
        at += size;
        let (mut raw, mut zlib, mut other) = (None, None, false);
        Message(blob)
            .each(|n, v| {
                match (n, v) {
                    (1, Field::Bytes(b)) => raw = Some(b),
                    (3, Field::Bytes(b)) => zlib = Some(b),
                    (4..=7, Field::Bytes(_)) => other = true,
                    _ => {}
                }
                Some(())
            })
            .ok_or_else(cut)?;
        match (raw, zlib) {
            (Some(b), _) => f(&kind, b)?,
            (None, Some(z)) => {
                let mut out = Vec::new();
                let n = flate2::read::ZlibDecoder::new(z)
                    .take(MOST_BLOCK + 1)
                    .read_to_end(&mut out)
                    .map_err(|_| cut())?;
                if n as u64 > MOST_BLOCK {
                    return Err(cut());
                }
                f(&kind, &out)?;
            }
            (None, None) if other => {
                return Err(bad(
                    file,
                    &place,
                    "it is packed otherwise than by zlib: convert the file",
                ));
            }
            (None, None) => return Err(cut()),
        }
    }
    Ok(())
}

/// A block of nodes and ways.
#[derive(Default)]
struct Block<'a> {
    texts: Vec<&'a [u8]>,
    groups: Vec<&'a [u8]>,
    granularity: i64,
    offset: (i64, i64),
}

fn block(b: &[u8]) -> Option<Block<'_>> {
    let mut out = Block {
        granularity: 100,
        ..Block::default()
    };
    Message(b).each(|n, v| {
        match (n, v) {
            (1, Field::Bytes(t)) => Message(t).each(|n, v| {
                if let (1, Field::Bytes(s)) = (n, v) {
                    out.texts.push(s);
                }
                Some(())
            })?,
            (2, Field::Bytes(g)) => out.groups.push(g),
            (17, Field::Number(v)) => out.granularity = i64::from(v as i32),
            (19, Field::Number(v)) => out.offset.0 = v as i64,
            (20, Field::Number(v)) => out.offset.1 = v as i64,
            _ => {}
        }
        Some(())
    })?;
    Some(out)
}

impl Block<'_> {
    fn text(&self, i: u64) -> Option<String> {
        let b = self.texts.get(usize::try_from(i).ok()?)?;
        Some(String::from_utf8_lossy(b).into_owned())
    }

    fn tags(&self, keys: &[u64], values: &[u64]) -> Option<BTreeMap<String, String>> {
        keys.iter()
            .zip(values)
            .map(|(k, v)| Some((self.text(*k)?, self.text(*v)?)))
            .collect()
    }

    /// Nanodegrees to a position.
    fn at(&self, lat: i64, lon: i64) -> Option<LatLon> {
        let degrees = |offset: i64, v: i64| Some(offset.checked_add(self.granularity.checked_mul(v)?)? as f64 * 1e-9);
        LatLon::new(degrees(self.offset.0, lat)?, degrees(self.offset.1, lon)?).ok()
    }

    /// Ways that are travelled on, and outlines of waters.
    fn ways(&self, out: &mut Raw) -> Option<()> {
        let marks: Vec<u64> = (0_u64..)
            .zip(&self.texts)
            .filter(|(_, t)| super::MARKS.iter().any(|m| m.as_bytes() == **t))
            .map(|(i, _)| i)
            .collect();
        if marks.is_empty() {
            return Some(());
        }
        for g in &self.groups {
            Message(g).each(|n, v| {
                let (3, Field::Bytes(w)) = (n, v) else { return Some(()) };
                let (mut id, mut keys, mut values, mut refs) = (0_i64, Vec::new(), Vec::new(), Vec::new());
                Message(w).each(|n, v| {
                    match (n, v) {
                        (1, Field::Number(v)) => id = v as i64,
                        (2, Field::Bytes(b)) => keys = packed(b)?,
                        (3, Field::Bytes(b)) => values = packed(b)?,
                        (8, Field::Bytes(b)) => refs = packed(b)?,
                        _ => {}
                    }
                    Some(())
                })?;
                if !keys.iter().any(|k| marks.contains(k)) {
                    return Some(());
                }
                let tags = self.tags(&keys, &values)?;
                if super::wanted(&tags) {
                    let mut last = 0_i64;
                    let refs = refs
                        .into_iter()
                        .map(|d| {
                            last = last.checked_add(zigzag(d))?;
                            Some(last)
                        })
                        .collect::<Option<Vec<_>>>()?;
                    out.ways.push((id, tags, refs));
                }
                Some(())
            })?;
        }
        Some(())
    }

    /// Points that are needed, and border controls.
    fn nodes(&self, need: &BTreeSet<i64>, out: &mut Raw) -> Option<()> {
        let marked = self.texts.iter().any(|t| *t == b"border_control");
        for g in &self.groups {
            Message(g).each(|n, v| match (n, v) {
                (1, Field::Bytes(b)) => self.node(b, need, out),
                (2, Field::Bytes(b)) => self.dense(b, need, marked, out),
                _ => Some(()),
            })?;
        }
        Some(())
    }

    fn node(&self, b: &[u8], need: &BTreeSet<i64>, out: &mut Raw) -> Option<()> {
        let (mut id, mut lat, mut lon, mut keys, mut values) = (0, 0, 0, Vec::new(), Vec::new());
        Message(b).each(|n, v| {
            match (n, v) {
                (1, Field::Number(v)) => id = zigzag(v),
                (8, Field::Number(v)) => lat = zigzag(v),
                (9, Field::Number(v)) => lon = zigzag(v),
                (2, Field::Bytes(b)) => keys = packed(b)?,
                (3, Field::Bytes(b)) => values = packed(b)?,
                _ => {}
            }
            Some(())
        })?;
        let tags = self.tags(&keys, &values)?;
        let wanted = need.contains(&id);
        if wanted || control(&tags) {
            let at = self.at(lat, lon)?;
            if wanted {
                out.nodes.push((id, at));
            }
            if control(&tags) {
                out.places.push((at, tags));
            }
        }
        Some(())
    }

    fn dense(&self, b: &[u8], need: &BTreeSet<i64>, marked: bool, out: &mut Raw) -> Option<()> {
        let (mut ids, mut lats, mut lons, mut tags): (Vec<u64>, Vec<u64>, Vec<u64>, Vec<u64>) = Default::default();
        Message(b).each(|n, v| {
            match (n, v) {
                (1, Field::Bytes(b)) => ids = packed(b)?,
                (8, Field::Bytes(b)) => lats = packed(b)?,
                (9, Field::Bytes(b)) => lons = packed(b)?,
                (10, Field::Bytes(b)) => tags = packed(b)?,
                _ => {}
            }
            Some(())
        })?;
        if ids.len() != lats.len() || ids.len() != lons.len() {
            return None;
        }
        let (mut id, mut lat, mut lon) = (0_i64, 0_i64, 0_i64);
        // Keys and values by turns, a zero after each point's.
        let mut rest = tags.as_slice();
        for ((i, y), x) in ids.into_iter().zip(lats).zip(lons) {
            id = id.checked_add(zigzag(i))?;
            lat = lat.checked_add(zigzag(y))?;
            lon = lon.checked_add(zigzag(x))?;
            let mut own = BTreeMap::new();
            while let [key, more @ ..] = rest {
                rest = more;
                if *key == 0 {
                    break;
                }
                let (value, more) = rest.split_first()?;
                rest = more;
                if marked {
                    own.insert(self.text(*key)?, self.text(*value)?);
                }
            }
            let wanted = need.contains(&id);
            if wanted || control(&own) {
                let at = self.at(lat, lon)?;
                if wanted {
                    out.nodes.push((id, at));
                }
                if control(&own) {
                    out.places.push((at, own));
                }
            }
        }
        Some(())
    }
}

/// Ways that are travelled on, outlines of waters, their points and border controls: ways first, then only the points they need.
pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Raw, AtlasError> {
    let mut out = Raw::default();
    let damaged = || bad(file, "a data block", "it is damaged; fetch the file again");
    blocks(file, bytes, |kind, b| match kind {
        "OSMHeader" => {
            let mut odd = None;
            Message(b)
                .each(|n, v| {
                    if let (4, Field::Bytes(f)) = (n, v)
                        && ![b"OsmSchema-V0.6".as_slice(), b"DenseNodes"].contains(&f)
                    {
                        odd = Some(String::from_utf8_lossy(f).into_owned());
                    }
                    Some(())
                })
                .ok_or_else(damaged)?;
            match odd {
                Some(f) => Err(bad(
                    file,
                    "the header",
                    format!("it needs `{f}`, which is not read: convert the file"),
                )),
                None => Ok(()),
            }
        }
        "OSMData" => block(b).and_then(|b| b.ways(&mut out)).ok_or_else(damaged),
        _ => Ok(()),
    })?;
    let need: BTreeSet<i64> = out.ways.iter().flat_map(|w| w.2.iter().copied()).collect();
    blocks(file, bytes, |kind, b| match kind {
        "OSMData" => block(b).and_then(|b| b.nodes(&need, &mut out)).ok_or_else(damaged),
        _ => Ok(()),
    })?;
    out.nodes.sort_by_key(|n| n.0);
    Ok(out)
}
