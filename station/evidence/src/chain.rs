//! Chained JSON lines: every line carries the SHA-256 of the line before it, so a changed, dropped, doubled or
//! reordered line shows with `sha256sum` and twenty lines of any script.
//!
//! A line is `{"seq":N,"prev":"<64 hex>", …the record's own fields…}` without a newline inside; `prev` is the SHA-256 of
//! the previous line's bytes without its newline, and 64 zeros before the first line a writer ever makes. An excerpt may
//! start anywhere. A chain alone cannot show that its *tail* was cut: the manifest and the tree heads keep the last hash.
//! Knows nothing of what the records mean.

use crate::hash::{hex, parse_hex, sha256};
use crate::{Error, Hash};
use serde::{Deserialize, Serialize};

/// `prev` of the very first line.
pub const GENESIS: Hash = [0; 32];

/// The two fields every chained line has.
#[derive(Deserialize)]
struct Link {
    seq: u64,
    prev: String,
}

/// One line (without newline) and its hash, which is `prev` of the next line.
///
/// `body` must serialise to a JSON object without fields named `seq` or `prev`; its own field order is kept.
///
/// # Errors
/// [`Error::Line`] when `body` is not such an object.
pub fn line<T: Serialize + ?Sized>(prev: &Hash, seq: u64, body: &T) -> Result<(String, Hash), Error> {
    let text = serde_json::to_string(body).map_err(|e| Error::Line(e.to_string()))?;
    let rest = text
        .strip_prefix('{')
        .ok_or_else(|| Error::Line("a record must be a JSON object".into()))?;
    let comma = if rest == "}" { "" } else { "," };
    let line = format!("{{\"seq\":{seq},\"prev\":\"{}\"{comma}{rest}", hex(prev));
    // Reading it back is what refuses a body with its own `seq` or `prev` (serde: "duplicate field"); a
    // body without either word cannot have them, and most lines of a journal are spared the reading.
    if [r#""seq""#, r#""prev""#].iter().any(|key| rest.contains(key)) {
        serde_json::from_str::<Link>(&line).map_err(|e| Error::Line(e.to_string()))?;
    }
    let hash = sha256(line.as_bytes());
    Ok((line, hash))
}

/// Writes one chain; holds only the last hash and the next sequence number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainWriter {
    prev: Hash,
    next: u64,
}

impl Default for ChainWriter {
    fn default() -> Self {
        Self::new()
    }
}

impl ChainWriter {
    /// A new chain: the first line is number 0 and its `prev` is [`GENESIS`].
    #[must_use]
    pub fn new() -> Self {
        Self::resume(GENESIS, 0)
    }

    /// Goes on after a line whose hash is `prev`; the next line gets number `next`.
    #[must_use]
    pub fn resume(prev: Hash, next: u64) -> Self {
        Self { prev, next }
    }

    /// The next line, newline included.
    ///
    /// # Errors
    /// [`Error::Line`] when `body` is not an object or has its own `seq` or `prev`; the chain stays as it was.
    pub fn push<T: Serialize + ?Sized>(&mut self, body: &T) -> Result<String, Error> {
        let (mut text, hash) = line(&self.prev, self.next, body)?;
        text.push('\n');
        self.prev = hash;
        self.next += 1;
        Ok(text)
    }

    /// Hash of the last line written, [`GENESIS`] before the first.
    #[must_use]
    pub fn head(&self) -> Hash {
        self.prev
    }

    /// Sequence number of the next line.
    #[must_use]
    pub fn next_seq(&self) -> u64 {
        self.next
    }
}

/// What a sound chain says of itself; the manifest keeps it, so that a cut tail shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainSummary {
    /// Sequence number of the first line.
    pub first_seq: u64,
    /// Number of lines.
    pub lines: u64,
    /// `prev` of the first line, hex.
    pub first_prev: String,
    /// SHA-256 of the last line, hex; `first_prev` when there is no line.
    pub last_hash: String,
}

/// Where and how a chain is broken. `line` counts from 1, as editors do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct ChainBreak {
    /// Number of the first bad line, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

/// Checks a whole chain, given its lines without newlines, and says what it holds.
///
/// # Errors
/// The first line that is not JSON, has the wrong number or does not name the hash of the line before it.
pub fn check_chain<'a, I>(lines: I) -> Result<ChainSummary, ChainBreak>
where
    I: IntoIterator<Item = &'a [u8]>,
{
    let mut first: Option<(u64, Hash)> = None;
    let mut prev = GENESIS;
    let mut count = 0u64;
    for bytes in lines {
        let number = count + 1;
        let broken = |reason: String| ChainBreak { line: number, reason };
        let link: Link = serde_json::from_slice(bytes).map_err(|e| broken(format!("not a chained record: {e}")))?;
        let claimed =
            parse_hex(&link.prev).ok_or_else(|| broken("\"prev\" is not 64 lower-case hexadecimal digits".into()))?;
        match first {
            None => {
                if link.seq == 0 && claimed != GENESIS {
                    return Err(broken("line 0 of a chain must have a \"prev\" of zeros".into()));
                }
                first = Some((link.seq, claimed));
            }
            Some((start, _)) => {
                let expected = start.saturating_add(count);
                if link.seq != expected {
                    return Err(broken(format!(
                        "\"seq\" is {} and should be {expected}: a line was dropped, doubled or moved",
                        link.seq
                    )));
                }
                if claimed != prev {
                    return Err(broken(format!(
                        "\"prev\" is not the SHA-256 of line {count}: one of the two was altered"
                    )));
                }
            }
        }
        prev = sha256(bytes);
        count += 1;
    }
    let (first_seq, first_prev) = first.unwrap_or((0, GENESIS));
    Ok(ChainSummary {
        first_seq,
        lines: count,
        first_prev: hex(&first_prev),
        last_hash: hex(&prev),
    })
}

/// The lines of a file without their newlines. Every line, the last one too, must end with `\n`.
///
/// # Errors
/// A file that ends in the middle of a line (a crash, or a cut).
pub fn split_lines(bytes: &[u8]) -> Result<Vec<&[u8]>, ChainBreak> {
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let lines: Vec<&[u8]> = bytes.split(|b| *b == b'\n').collect();
    match lines.split_last() {
        Some(([], whole)) => Ok(whole.to_vec()),
        _ => Err(ChainBreak {
            line: lines.len() as u64,
            reason: "the file ends in the middle of this line".into(),
        }),
    }
}
