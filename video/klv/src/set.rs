//! KLV sets: bytes to items and back, for ST 0601 local sets and EG 0104 universal sets.
//! Invariant: nothing is dropped. Each item keeps its bytes; unknown tags, wrong lengths and a failed checksum are
//! issues beside a set that is still shown, marked unverified.

use crate::ber;
use crate::eg0104::{self, UniversalKind};
use crate::imapb::{Imapb, ImapbValue};
use crate::security::SecuritySet;
use crate::tags::{self, Kind};
use crate::vmti::VmtiSet;
use serde::Serialize;

/// Universal label of the ST 0601 UAS datalink local set.
pub const UL_0601: [u8; 16] = [
    0x06, 0x0e, 0x2b, 0x34, 0x02, 0x0b, 0x01, 0x01, 0x0e, 0x01, 0x03, 0x01, 0x01, 0x00, 0x00, 0x00,
];
/// Universal label of the EG 0104 predator set.
pub const UL_0104: [u8; 16] = [
    0x06, 0x0e, 0x2b, 0x34, 0x02, 0x01, 0x01, 0x01, 0x0e, 0x01, 0x01, 0x02, 0x01, 0x01, 0x00, 0x00,
];
/// Universal label of a stand-alone ST 0903 local set.
pub const UL_0903: [u8; 16] = [
    0x06, 0x0e, 0x2b, 0x34, 0x02, 0x0b, 0x01, 0x01, 0x0e, 0x01, 0x03, 0x03, 0x06, 0x00, 0x00, 0x00,
];
/// First four bytes of every SMPTE universal label.
pub const UL_PREFIX: [u8; 4] = [0x06, 0x0e, 0x2b, 0x34];

/// Which metadata language a packet speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// MISB ST 0601 local set.
    St0601,
    /// MISB EG 0104 universal set.
    Eg0104,
    /// Stand-alone MISB ST 0903 local set.
    St0903,
    /// Another label: the value is kept as one item of bytes.
    Unknown,
}

/// State of the packet's checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Checksum {
    /// Present and right.
    Verified,
    /// Present and wrong: the set is shown as unverified.
    Mismatch {
        /// Value in the packet.
        stored: u16,
        /// Value of the bytes.
        computed: u16,
    },
    /// The dialect has one and this packet has not.
    Missing,
    /// The dialect has none.
    NotUsed,
}

/// Key of an item: a local tag or the last eight bytes of a universal key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKey {
    /// Local tag.
    Tag(u32),
    /// Last eight bytes of a universal key.
    Universal(u64),
}

/// A decoded value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Unsigned integer.
    Uint(u64),
    /// Signed integer.
    Int(i64),
    /// Number with the size of its last step (0 for IEEE floats), in the unit of the table.
    Real {
        /// The number.
        value: f64,
        /// One step of the encoding.
        lsb: f64,
    },
    /// The sender says the value is out of range, unknown or infinite.
    Special(&'static str),
    /// Text.
    Text(String),
    /// Nested security set.
    Security(SecuritySet),
    /// Nested moving target set.
    Vmti(VmtiSet),
    /// Named parts of a pack.
    Fields(Vec<(&'static str, Value)>),
    /// A list.
    List(Vec<Value>),
    /// A nested local set this station has no table for: tags and bytes.
    LocalSet(Vec<(u32, Vec<u8>)>),
    /// Not decoded: see the item's bytes.
    Bytes,
}

/// One item of a set.
#[derive(Debug, Clone, PartialEq)]
pub struct KlvItem {
    /// Key.
    pub key: ItemKey,
    /// The item's bytes as received.
    pub raw: Vec<u8>,
    /// The decoded value.
    pub value: Value,
}

impl KlvItem {
    /// Name in the standard; `"Unknown"` for a key that is in no table.
    pub fn name(&self) -> &'static str {
        match self.key {
            ItemKey::Tag(tag) => tags::lookup(tag).map_or("Unknown", |d| d.name),
            ItemKey::Universal(key) => eg0104::lookup(key).map_or("Unknown", |d| d.name),
        }
    }

    /// Unit of the value, or an empty string.
    pub fn unit(&self) -> &'static str {
        match self.key {
            ItemKey::Tag(tag) => tags::lookup(tag).map_or("", |d| d.unit),
            ItemKey::Universal(key) => eg0104::lookup(key).map_or("", |d| d.unit),
        }
    }
}

/// A packet: label, items in order of arrival, checksum state.
#[derive(Debug, Clone, PartialEq)]
pub struct KlvSet {
    /// Dialect by its label.
    pub dialect: Dialect,
    /// The 16-byte label.
    pub label: [u8; 16],
    /// Items in order.
    pub items: Vec<KlvItem>,
    /// Checksum state.
    pub checksum: Checksum,
    /// Bytes the packet took, label and length included.
    pub length: usize,
}

/// What is wrong with a packet. None of these stops the rest from being shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KlvIssue {
    /// No universal label where a packet should start.
    #[error("no SMPTE universal label at byte {offset}: {skipped} bytes skipped")]
    NoLabel {
        /// Where the search began.
        offset: usize,
        /// Bytes passed over.
        skipped: usize,
    },
    /// The packet ends before its length says.
    #[error("packet says {declared} bytes and {present} are there: the stream lost data")]
    Truncated {
        /// Declared length of the value.
        declared: usize,
        /// Bytes present.
        present: usize,
    },
    /// An item ends after its packet.
    #[error("item at byte {offset} of the value runs over the packet's end: the rest was not read")]
    ItemOverrun {
        /// Offset inside the value.
        offset: usize,
    },
    /// Checksum wrong.
    #[error("checksum is {stored:#06x}, the bytes give {computed:#06x}: values are unverified")]
    Checksum {
        /// Value in the packet.
        stored: u16,
        /// Value of the bytes.
        computed: u16,
    },
    /// Checksum absent.
    #[error("no checksum (tag 1): values are unverified")]
    NoChecksum,
    /// A known item has a length its encoding does not allow.
    #[error("tag {tag} ({name}) has {length} bytes, which its encoding does not allow: kept as bytes")]
    WrongLength {
        /// Tag.
        tag: u32,
        /// Name.
        name: &'static str,
        /// Bytes.
        length: usize,
    },
    /// A tag that is in no table.
    #[error("tag {tag} is not in ST 0601: kept as bytes")]
    UnknownTag {
        /// Tag.
        tag: u32,
    },
    /// The sender marks the value as out of range.
    #[error("tag {tag} ({name}) carries the out-of-range pattern")]
    OutOfRange {
        /// Tag.
        tag: u32,
        /// Name.
        name: &'static str,
    },
    /// Another label.
    #[error("label is none of ST 0601, EG 0104, ST 0903: kept as bytes")]
    UnknownLabel,
}

/// The ST 0601 checksum of a packet's bytes up to and including the checksum's own tag and length: a 16-bit sum of
/// the bytes taken alternately as high and low half (ST 0601 section 6.1).
pub fn checksum(bytes: &[u8]) -> u16 {
    bytes.iter().enumerate().fold(0_u16, |sum, (i, b)| {
        sum.wrapping_add(u16::from(*b) << (8 * ((i + 1) % 2)))
    })
}

/// Splits a local set's value into (tag, bytes). The second result is where reading stopped early, if it did.
pub fn local_items(value: &[u8]) -> (Vec<(u32, &[u8])>, Option<usize>) {
    let mut items = Vec::new();
    let mut at = 0;
    while at < value.len() {
        let item = ber::read_oid(&value[at..]).and_then(|(tag, used)| {
            let (length, more) = ber::read_length(&value[at + used..])?;
            let start = at + used + more;
            let bytes = value.get(start..start.checked_add(length)?)?;
            Some((tag, bytes, start + length))
        });
        let Some((tag, bytes, next)) = item else {
            return (items, Some(at));
        };
        items.push((tag, bytes));
        at = next;
    }
    (items, None)
}

/// Reads one packet that starts at the first byte. Never fails: see [`KlvIssue`].
pub fn parse(bytes: &[u8]) -> (KlvSet, Vec<KlvIssue>) {
    let mut issues = Vec::new();
    let start = find_label(bytes, 0).unwrap_or(bytes.len());
    if start > 0 {
        issues.push(KlvIssue::NoLabel {
            offset: 0,
            skipped: start,
        });
    }
    let set = parse_at(&bytes[start..], &mut issues);
    (set, issues)
}

/// Reads every packet of a payload, in order, skipping what is no packet.
pub fn parse_all(bytes: &[u8]) -> Vec<(KlvSet, Vec<KlvIssue>)> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let mut issues = Vec::new();
        let Some(start) = find_label(bytes, at) else {
            if out.is_empty() || bytes.len() - at >= 16 {
                let (set, issues) = parse(&bytes[at..]);
                out.push((set, issues));
            }
            break;
        };
        if start > at {
            issues.push(KlvIssue::NoLabel {
                offset: at,
                skipped: start - at,
            });
        }
        let set = parse_at(&bytes[start..], &mut issues);
        at = start + set.length.max(1);
        out.push((set, issues));
    }
    out
}

fn find_label(bytes: &[u8], from: usize) -> Option<usize> {
    let tail = bytes.get(from..)?;
    let mut search = 0;
    while let Some(window) = tail.get(search..) {
        let hit = window.windows(4).position(|w| w == UL_PREFIX)?;
        // A label's fifth byte names its category; keys inside sets (category 1) start no packet.
        let category = window.get(hit + 4).copied();
        if category == Some(2) && window.len() - hit > 16 {
            return Some(from + search + hit);
        }
        search += hit + 1;
    }
    None
}

fn same_label(a: &[u8; 16], b: &[u8; 16]) -> bool {
    // Byte 7 is the registry version, which encoders set differently.
    a[..7] == b[..7] && a[8..] == b[8..]
}

fn parse_at(bytes: &[u8], issues: &mut Vec<KlvIssue>) -> KlvSet {
    let mut set = KlvSet {
        dialect: Dialect::Unknown,
        label: [0; 16],
        items: Vec::new(),
        checksum: Checksum::Missing,
        length: bytes.len(),
    };
    let Some((length, used)) = bytes.get(16..).and_then(ber::read_length) else {
        issues.push(KlvIssue::Truncated {
            declared: 0,
            present: 0,
        });
        return set;
    };
    set.label.copy_from_slice(&bytes[..16]);
    let start = 16 + used;
    let present = bytes.len() - start;
    if length > present {
        issues.push(KlvIssue::Truncated {
            declared: length,
            present,
        });
    }
    let end = start + length.min(present);
    set.length = end;
    let value = &bytes[start..end];
    if same_label(&set.label, &UL_0601) {
        set.dialect = Dialect::St0601;
        read_0601(&bytes[..end], value, &mut set, issues);
    } else if same_label(&set.label, &UL_0104) {
        set.dialect = Dialect::Eg0104;
        set.checksum = Checksum::NotUsed;
        read_0104(value, &mut set, issues);
    } else if same_label(&set.label, &UL_0903) {
        set.dialect = Dialect::St0903;
        check_sum(&bytes[..end], value, &mut set, issues);
        set.items.push(KlvItem {
            key: ItemKey::Tag(74),
            raw: value.to_vec(),
            value: Value::Vmti(VmtiSet::parse(value)),
        });
    } else {
        set.checksum = Checksum::NotUsed;
        issues.push(KlvIssue::UnknownLabel);
        set.items.push(KlvItem {
            key: ItemKey::Universal(0),
            raw: value.to_vec(),
            value: Value::Bytes,
        });
    }
    set
}

/// Checks the checksum, which must be the last item: two bytes at the very end of the packet.
fn check_sum(packet: &[u8], value: &[u8], set: &mut KlvSet, issues: &mut Vec<KlvIssue>) {
    let last = local_items(value).0.last().copied();
    match last {
        Some((1, stored)) if stored.len() == 2 && value.ends_with(stored) => {
            let stored = u16::from_be_bytes([stored[0], stored[1]]);
            let computed = checksum(&packet[..packet.len() - 2]);
            if stored == computed {
                set.checksum = Checksum::Verified;
            } else {
                set.checksum = Checksum::Mismatch { stored, computed };
                issues.push(KlvIssue::Checksum { stored, computed });
            }
        }
        _ => issues.push(KlvIssue::NoChecksum),
    }
}

fn read_0601(packet: &[u8], value: &[u8], set: &mut KlvSet, issues: &mut Vec<KlvIssue>) {
    let (items, stopped) = local_items(value);
    if let Some(offset) = stopped {
        issues.push(KlvIssue::ItemOverrun { offset });
    }
    for (tag, raw) in items {
        let value = decode_0601(tag, raw, issues);
        set.items.push(KlvItem {
            key: ItemKey::Tag(tag),
            raw: raw.to_vec(),
            value,
        });
    }
    check_sum(packet, value, set, issues);
}

fn decode_0601(tag: u32, raw: &[u8], issues: &mut Vec<KlvIssue>) -> Value {
    let Some(def) = tags::lookup(tag) else {
        issues.push(KlvIssue::UnknownTag { tag });
        return Value::Bytes;
    };
    if raw.is_empty() && !matches!(def.kind, Kind::Text) {
        // An empty item says "no longer known" (ST 0601 zero-length item).
        return Value::Special("unknown");
    }
    let decoded = match def.kind {
        Kind::Bytes => Some(crate::packs::decode(tag, raw).unwrap_or(Value::Bytes)),
        Kind::Text => Some(Value::Text(
            String::from_utf8_lossy(raw).trim_end_matches('\0').to_owned(),
        )),
        Kind::Uint => ber::read_uint(raw).map(Value::Uint),
        Kind::Int => ber::read_int(raw).map(Value::Int),
        Kind::Unsigned { lo, hi } => ber::read_uint(raw).map(|y| {
            let lsb = (hi - lo) / full_scale(raw.len(), 0);
            Value::Real {
                value: lo + y as f64 * lsb,
                lsb,
            }
        }),
        Kind::Signed { reach } => ber::read_int(raw).map(|y| {
            if y == i64::MIN >> (64 - 8 * raw.len() as u32) {
                return Value::Special("out of range");
            }
            let lsb = reach / full_scale(raw.len(), 1);
            Value::Real {
                value: y as f64 * lsb,
                lsb,
            }
        }),
        Kind::Imapb { lo, hi } => Imapb::new(lo, hi, raw.len())
            .and_then(|m| Some((m.decode(raw)?, m.lsb())))
            .map(|(v, lsb)| match v {
                ImapbValue::Number(value) => Value::Real { value, lsb },
                ImapbValue::PositiveInfinity => Value::Special("+infinity"),
                ImapbValue::NegativeInfinity => Value::Special("-infinity"),
                ImapbValue::NotANumber { .. } => Value::Special("not a number"),
                ImapbValue::BelowMinimum => Value::Special("below minimum"),
                ImapbValue::AboveMaximum => Value::Special("above maximum"),
                ImapbValue::Reserved => Value::Special("reserved"),
            }),
        Kind::Security => Some(Value::Security(SecuritySet::parse(raw))),
        Kind::Vmti => Some(Value::Vmti(VmtiSet::parse(raw))),
    };
    match decoded {
        Some(value) => {
            if matches!(value, Value::Special("out of range")) {
                issues.push(KlvIssue::OutOfRange { tag, name: def.name });
            }
            value
        }
        None => {
            issues.push(KlvIssue::WrongLength {
                tag,
                name: def.name,
                length: raw.len(),
            });
            Value::Bytes
        }
    }
}

/// Largest pattern of an integer of `length` bytes, with `sign` bits taken off.
fn full_scale(length: usize, sign: u32) -> f64 {
    let bits = 8 * length as u32 - sign;
    (u64::MAX >> (64 - bits)) as f64
}

fn read_0104(value: &[u8], set: &mut KlvSet, issues: &mut Vec<KlvIssue>) {
    let mut at = 0;
    while at < value.len() {
        let item = value.get(at..at + 16).and_then(|key| {
            let (length, used) = ber::read_length(&value[at + 16..])?;
            let start = at + 16 + used;
            let raw = value.get(start..start.checked_add(length)?)?;
            let mut low = [0; 8];
            low.copy_from_slice(&key[8..]);
            Some((u64::from_be_bytes(low), raw, start + length))
        });
        let Some((key, raw, next)) = item else {
            issues.push(KlvIssue::ItemOverrun { offset: at });
            return;
        };
        set.items.push(KlvItem {
            key: ItemKey::Universal(key),
            raw: raw.to_vec(),
            value: decode_0104(key, raw),
        });
        at = next;
    }
}

fn decode_0104(key: u64, raw: &[u8]) -> Value {
    let kind = eg0104::lookup(key).map_or(UniversalKind::Bytes, |d| d.kind);
    let decoded = match kind {
        UniversalKind::Bytes => Some(Value::Bytes),
        UniversalKind::Text => Some(Value::Text(
            String::from_utf8_lossy(raw).trim_end_matches('\0').to_owned(),
        )),
        UniversalKind::Uint => ber::read_uint(raw).map(Value::Uint),
        UniversalKind::Float => {
            let value = if let Ok(b) = <[u8; 4]>::try_from(raw) {
                Some(f64::from(f32::from_be_bytes(b)))
            } else {
                <[u8; 8]>::try_from(raw).ok().map(f64::from_be_bytes)
            };
            value.map(|value| {
                if value.is_finite() {
                    Value::Real { value, lsb: 0.0 }
                } else {
                    Value::Special("not a number")
                }
            })
        }
    };
    decoded.unwrap_or(Value::Bytes)
}

impl KlvSet {
    /// The first item with a local tag.
    pub fn tag(&self, tag: u32) -> Option<&KlvItem> {
        self.items.iter().find(|i| i.key == ItemKey::Tag(tag))
    }

    /// The first item with a universal key (its last eight bytes).
    pub fn universal(&self, key: u64) -> Option<&KlvItem> {
        self.items.iter().find(|i| i.key == ItemKey::Universal(key))
    }

    /// True unless the checksum is wrong or absent where the dialect asks for one.
    pub fn verified(&self) -> bool {
        matches!(self.checksum, Checksum::Verified | Checksum::NotUsed)
    }

    /// Number of a local tag, whatever its integer or real encoding.
    pub fn number(&self, tag: u32) -> Option<f64> {
        self.tag(tag).and_then(|i| i.value.number())
    }

    /// Unsigned integer of a local tag.
    pub fn uint(&self, tag: u32) -> Option<u64> {
        match self.tag(tag)?.value {
            Value::Uint(v) => Some(v),
            _ => None,
        }
    }

    /// Text of a local tag.
    pub fn text(&self, tag: u32) -> Option<&str> {
        match &self.tag(tag)?.value {
            Value::Text(v) => Some(v),
            _ => None,
        }
    }
}

impl Value {
    /// The value as a number, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Value::Uint(v) => Some(*v as f64),
            Value::Int(v) => Some(*v as f64),
            Value::Real { value, .. } => Some(*value),
            _ => None,
        }
    }
}

/// Builds an ST 0601 packet: items in the order given (tag 2 must come first), checksum last.
#[derive(Debug, Default)]
pub struct SetBuilder {
    value: Vec<u8>,
}

impl SetBuilder {
    /// An empty set.
    pub fn new() -> Self {
        SetBuilder::default()
    }

    /// Adds an item's bytes as they are.
    pub fn raw(&mut self, tag: u32, bytes: &[u8]) -> &mut Self {
        ber::write_item(&mut self.value, tag, bytes);
        self
    }

    /// Adds a text item, cut at 127 bytes on a character boundary (ST 0601 limit).
    pub fn text(&mut self, tag: u32, text: &str) -> &mut Self {
        let mut end = text.len().min(127);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.raw(tag, &text.as_bytes()[..end])
    }

    /// Adds a number in the tag's own encoding. Numbers outside its range are written as the standard's out-of-range
    /// pattern where there is one and clamped where there is none; tags without a numeric encoding are not written.
    pub fn number(&mut self, tag: u32, x: f64) -> &mut Self {
        let Some(def) = tags::lookup(tag).filter(|d| d.length > 0) else {
            return self;
        };
        if !x.is_finite() {
            return self;
        }
        let bytes = match def.kind {
            Kind::Unsigned { lo, hi } => {
                let scale = full_scale(def.length, 0);
                let y = ((x - lo) / (hi - lo) * scale).round().clamp(0.0, scale);
                (y as u64).to_be_bytes()[8 - def.length..].to_vec()
            }
            Kind::Signed { reach } => {
                let scale = full_scale(def.length, 1);
                let y = (x / reach * scale).round();
                let y = if y.abs() > scale {
                    i64::MIN >> (64 - 8 * def.length as u32)
                } else {
                    y as i64
                };
                y.to_be_bytes()[8 - def.length..].to_vec()
            }
            Kind::Imapb { lo, hi } => match Imapb::new(lo, hi, def.length) {
                Some(m) => m.encode(x),
                None => return self,
            },
            Kind::Uint => {
                let y = x.round().clamp(0.0, full_scale(def.length, 0));
                (y as u64).to_be_bytes()[8 - def.length..].to_vec()
            }
            Kind::Int => {
                let scale = full_scale(def.length, 1);
                let y = x.round().clamp(-scale, scale);
                (y as i64).to_be_bytes()[8 - def.length..].to_vec()
            }
            Kind::Text | Kind::Security | Kind::Vmti | Kind::Bytes => return self,
        };
        self.raw(tag, &bytes)
    }

    /// The whole packet: label, length, items, checksum.
    pub fn finish(&self) -> Vec<u8> {
        let mut out = UL_0601.to_vec();
        ber::write_length(&mut out, self.value.len() + 4);
        out.extend_from_slice(&self.value);
        out.extend_from_slice(&[1, 2]);
        let sum = checksum(&out);
        out.extend_from_slice(&sum.to_be_bytes());
        out
    }
}
