//! MISB ST 1201 IMAPB: a real interval mapped onto an unsigned integer of a chosen number of bytes.
//! Invariant: encode then decode is within one step ([`Imapb::lsb`]); special bit patterns never come out as numbers.

/// An IMAPB mapping: interval `[min, max]` on `length` bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Imapb {
    min: f64,
    max: f64,
    length: usize,
    forward: f64,
    reverse: f64,
    zero_offset: f64,
}

/// What an IMAPB field holds: a number of the interval or one of the reserved patterns of ST 1201 table 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ImapbValue {
    /// A number of the interval.
    Number(f64),
    /// Positive infinity.
    PositiveInfinity,
    /// Negative infinity.
    NegativeInfinity,
    /// Not a number (quiet or signalling).
    NotANumber {
        /// Sign bit of the pattern.
        negative: bool,
        /// True for the signalling pattern.
        signalling: bool,
    },
    /// The sender says: below the interval.
    BelowMinimum,
    /// The sender says: above the interval.
    AboveMaximum,
    /// User-defined or reserved pattern.
    Reserved,
}

impl ImapbValue {
    /// The number, or `None` for every special pattern.
    pub fn number(self) -> Option<f64> {
        match self {
            ImapbValue::Number(x) => Some(x),
            _ => None,
        }
    }
}

impl Imapb {
    /// A mapping of `[min, max]` on `length` bytes (1..=8). `None` when the interval is empty, not finite, or the
    /// length is out of range.
    pub fn new(min: f64, max: f64, length: usize) -> Option<Self> {
        if !(min.is_finite() && max.is_finite() && min < max && (1..=8).contains(&length)) {
            return None;
        }
        let interval_power = (max - min).log2().ceil();
        let data_power = (8 * length) as f64 - 1.0;
        let forward = (data_power - interval_power).exp2();
        let reverse = (interval_power - data_power).exp2();
        let zero_offset = if min < 0.0 && max > 0.0 {
            forward * min - (forward * min).floor()
        } else {
            0.0
        };
        Some(Imapb {
            min,
            max,
            length,
            forward,
            reverse,
            zero_offset,
        })
    }

    /// Size of one step in the interval's own unit.
    pub fn lsb(&self) -> f64 {
        self.reverse
    }

    /// The integer for a value. Values outside the interval give the "below" and "above" patterns, NaN the quiet NaN.
    pub fn encode_int(&self, x: f64) -> u64 {
        let bits = 8 * self.length as u32;
        if x.is_nan() {
            return 0xd0 << (bits - 8);
        }
        if x == f64::INFINITY {
            return 0xc8 << (bits - 8);
        }
        if x == f64::NEG_INFINITY {
            return 0xe8 << (bits - 8);
        }
        // For one-byte fields the two range patterns are 0xE0 and 0xE1 as well.
        if x < self.min {
            return 0xe0 << (bits - 8);
        }
        if x > self.max {
            return (0xe0 << (bits - 8)) + 1;
        }
        (self.forward * (x - self.min) + self.zero_offset).floor() as u64
    }

    /// The bytes for a value; see [`Imapb::encode_int`].
    pub fn encode(&self, x: f64) -> Vec<u8> {
        self.encode_int(x).to_be_bytes()[8 - self.length..].to_vec()
    }

    /// The value for an integer of this mapping's width.
    pub fn decode_int(&self, y: u64) -> ImapbValue {
        let bits = 8 * self.length as u32;
        let top = 1_u64 << (bits - 1);
        if y > top {
            return match (y >> (bits - 5)) & 0x1f {
                0b11001 => ImapbValue::PositiveInfinity,
                0b11101 => ImapbValue::NegativeInfinity,
                0b11010 => ImapbValue::NotANumber {
                    negative: false,
                    signalling: false,
                },
                0b11110 => ImapbValue::NotANumber {
                    negative: true,
                    signalling: false,
                },
                0b11011 => ImapbValue::NotANumber {
                    negative: false,
                    signalling: true,
                },
                0b11111 => ImapbValue::NotANumber {
                    negative: true,
                    signalling: true,
                },
                0b11100 if y == 0xe0 << (bits - 8) => ImapbValue::BelowMinimum,
                0b11100 if y == (0xe0 << (bits - 8)) + 1 => ImapbValue::AboveMaximum,
                _ => ImapbValue::Reserved,
            };
        }
        let x = self.reverse * (y as f64 - self.zero_offset) + self.min;
        ImapbValue::Number(x)
    }

    /// The value in a field of exactly this mapping's length; `None` for another length.
    pub fn decode(&self, bytes: &[u8]) -> Option<ImapbValue> {
        if bytes.len() != self.length {
            return None;
        }
        crate::ber::read_uint(bytes).map(|y| self.decode_int(y))
    }
}
