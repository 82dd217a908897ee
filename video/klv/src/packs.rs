//! ST 0601 items that are packs and lists: named parts instead of bytes.
//! Invariant: a pack that does not fit its description to the last byte is left as bytes, never half read.
//! Source: MISB ST 0601.19 section 8, ST 1204 for tag 94; checked against KWIVER's gold values.

use crate::ber;
use crate::imapb::Imapb;
use crate::set::Value;

/// A reader over a pack's bytes.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(n)?;
        self.0 = tail;
        Some(head)
    }

    fn oid(&mut self) -> Option<u64> {
        let (v, used) = ber::read_oid(self.0)?;
        self.0 = self.0.get(used..)?;
        Some(u64::from(v))
    }

    /// A length and that many bytes.
    fn block(&mut self) -> Option<&'a [u8]> {
        let (length, used) = ber::read_length(self.0)?;
        self.0 = self.0.get(used..)?;
        self.take(length)
    }

    fn text(&mut self) -> Option<Value> {
        self.block().map(text)
    }

    fn imapb(&mut self, lo: f64, hi: f64, length: usize) -> Option<Value> {
        imapb(self.take(length)?, lo, hi)
    }

    /// Everything was read.
    fn done(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

fn text(bytes: &[u8]) -> Value {
    Value::Text(String::from_utf8_lossy(bytes).into_owned())
}

fn imapb(bytes: &[u8], lo: f64, hi: f64) -> Option<Value> {
    let map = Imapb::new(lo, hi, bytes.len())?;
    Some(match map.decode(bytes)?.number() {
        Some(value) => Value::Real { value, lsb: map.lsb() },
        None => Value::Special("not a number"),
    })
}

/// Latitude, longitude, height above the ellipsoid: IMAPB in 4, 4 and 3 bytes.
fn place(bytes: &[u8]) -> Option<Value> {
    let mut b = Bytes(bytes);
    let mut fields = vec![
        ("latitude", b.imapb(-90.0, 90.0, 4)?),
        ("longitude", b.imapb(-180.0, 180.0, 4)?),
    ];
    if !b.0.is_empty() {
        fields.push(("altitude", b.imapb(-900.0, 9000.0, 3)?));
    }
    b.done()?;
    Some(Value::Fields(fields))
}

/// Blocks until the end, each read by `read`.
fn series(mut b: Bytes<'_>, read: impl Fn(&mut Bytes<'_>) -> Option<Value>) -> Option<Value> {
    let mut out = Vec::new();
    while !b.0.is_empty() {
        let mut block = Bytes(b.block()?);
        out.push(read(&mut block)?);
        block.done()?;
    }
    Some(Value::List(out))
}

fn oids(mut b: Bytes<'_>) -> Option<Value> {
    let mut out = Vec::new();
    while !b.0.is_empty() {
        out.push(Value::Uint(b.oid()?));
    }
    Some(Value::List(out))
}

/// Numbers of the bits that are set.
fn bits(mask: u64) -> Value {
    Value::List((0..64).filter(|i| mask >> i & 1 == 1).map(Value::Uint).collect())
}

/// Reads a pack; `None` when the tag is no pack known here or the bytes do not fit it.
pub(crate) fn decode(tag: u32, raw: &[u8]) -> Option<Value> {
    let mut b = Bytes(raw);
    match tag {
        // Nested sets without a table of their own here: their items by tag.
        73 | 95 | 97 | 98 | 99 | 100 | 101 => {
            let (items, stopped) = crate::set::local_items(raw);
            (stopped.is_none()).then(|| Value::LocalSet(items.into_iter().map(|(t, v)| (t, v.to_vec())).collect()))
        }
        81 => {
            let p = b.take(4)?;
            let mut fields: Vec<(&str, Value)> = ["x0", "y0", "x1", "y1"]
                .into_iter()
                .zip(p.iter().map(|v| Value::Uint(u64::from(*v))))
                .collect();
            for (name, reach) in [
                ("latitude0", 90.0),
                ("longitude0", 180.0),
                ("latitude1", 90.0),
                ("longitude1", 180.0),
            ] {
                if !b.0.is_empty() {
                    let lsb = reach / f64::from(i32::MAX);
                    let value = ber::read_int(b.take(4)?)? as f64 * lsb;
                    fields.push((name, Value::Real { value, lsb }));
                }
            }
            b.done()?;
            Some(Value::Fields(fields))
        }
        94 => core_identifier(b),
        115 => {
            let mut fields = vec![("id", Value::Uint(b.oid()?)), ("command", b.text()?)];
            if !b.0.is_empty() {
                fields.push(("time", Value::Uint(ber::read_uint(b.take(8)?)?)));
            }
            b.done()?;
            Some(Value::Fields(fields))
        }
        116 | 121 => oids(b),
        122 => {
            let mut fields = vec![("coding method", Value::Uint(ber::read_uint(b.block()?)?))];
            for name in ["overflight country", "operator country", "country of manufacture"] {
                if !b.0.is_empty() {
                    let country = b.block()?;
                    if !country.is_empty() {
                        fields.push((name, text(country)));
                    }
                }
            }
            b.done()?;
            Some(Value::Fields(fields))
        }
        127 => {
            let numerator = b.oid()?;
            let denominator = if b.0.is_empty() { 1 } else { b.oid()? };
            b.done()?;
            Some(Value::Fields(vec![
                ("numerator", Value::Uint(numerator)),
                ("denominator", Value::Uint(denominator)),
            ]))
        }
        128 => series(b, |b| {
            let id = Value::Uint(b.oid()?);
            let (min, max) = (b.imapb(0.0, 1e9, 4)?, b.imapb(0.0, 1e9, 4)?);
            let name = text(b.take(b.0.len())?);
            Some(Value::Fields(vec![
                ("id", id),
                ("min nm", min),
                ("max nm", max),
                ("name", name),
            ]))
        }),
        130 => {
            let start = b.block()?;
            let mut fields = Vec::new();
            if !start.is_empty() {
                fields.push(("take-off", place(start)?));
            }
            if !b.0.is_empty() {
                let end = b.block()?;
                if !end.is_empty() {
                    fields.push(("recovery", place(end)?));
                }
            }
            b.done()?;
            Some(Value::Fields(fields))
        }
        138 => {
            b.oid()?; // how many follow
            series(b, |b| {
                let (id, kind) = (b.oid()?, b.oid()?);
                Some(Value::Fields(vec![
                    ("id", Value::Uint(id)),
                    ("type", Value::Uint(kind)),
                    ("name", b.text()?),
                ]))
            })
        }
        139 => ber::read_uint(raw).map(bits),
        140 => series(b, |b| {
            let mut fields = Vec::new();
            for name in ["station", "hardpoint", "carriage", "store"] {
                fields.push((name, Value::Uint(b.oid()?)));
            }
            let status = b.oid()?;
            fields.push(("status", Value::Uint(status & 0xff)));
            fields.push(("engagement", bits(status >> 8)));
            fields.push(("type", b.text()?));
            Some(Value::Fields(fields))
        }),
        141 => series(b, |b| {
            let mut fields = vec![
                ("id", Value::Uint(b.oid()?)),
                ("order", Value::Int(ber::read_int(b.take(2)?)?)),
            ];
            if !b.0.is_empty() {
                fields.push(("info", bits(b.oid()?)));
            }
            if !b.0.is_empty() {
                fields.push(("place", place(b.take(b.0.len())?)?));
            }
            Some(Value::Fields(fields))
        }),
        142 => {
            let mut fields = Vec::new();
            for (names, lo, hi) in [
                (("azimuth start", "azimuth range"), 0.0, 360.0),
                (("elevation start", "elevation range"), -180.0, 180.0),
                (("roll start", "roll range"), 0.0, 360.0),
            ] {
                if b.0.is_empty() {
                    break;
                }
                let block = b.block()?;
                if !block.is_empty() {
                    let (start, range) = block.split_at(block.len() / 2);
                    fields.push((names.0, imapb(start, lo, hi)?));
                    fields.push((names.1, imapb(range, 0.0, 360.0)?));
                }
            }
            b.done()?;
            Some(Value::Fields(fields))
        }
        _ => None,
    }
}

/// MIIS core identifier (ST 1204): version, kinds of identifier, UUIDs in the usual writing.
fn core_identifier(mut b: Bytes<'_>) -> Option<Value> {
    let head = b.take(2)?;
    let (version, usage) = (head[0], head[1]);
    let kind = |shift: u8| match usage >> shift & 3 {
        1 => "managed",
        2 => "virtual",
        3 => "physical",
        _ => "none",
    };
    let mut fields = vec![("version", Value::Uint(u64::from(version)))];
    let mut uuid = |name: &'static str, fields: &mut Vec<(&'static str, Value)>| -> Option<()> {
        let digits = crate::dump::hex(b.take(16)?);
        let parts = [
            digits.get(..8)?,
            digits.get(8..12)?,
            digits.get(12..16)?,
            digits.get(16..20)?,
            digits.get(20..)?,
        ];
        fields.push((name, Value::Text(parts.join("-"))));
        Some(())
    };
    if kind(5) != "none" {
        fields.push(("sensor kind", Value::Text(kind(5).to_owned())));
        uuid("sensor", &mut fields)?;
    }
    if kind(3) != "none" {
        fields.push(("platform kind", Value::Text(kind(3).to_owned())));
        uuid("platform", &mut fields)?;
    }
    if usage & 4 != 0 {
        uuid("window", &mut fields)?;
    }
    if usage & 2 != 0 {
        uuid("minor", &mut fields)?;
    }
    b.done()?;
    Some(Value::Fields(fields))
}
