//! Lines of a record that nobody may read before its time: each encrypted and authenticated under
//! a secret of the station, bound to its place in the record.
//!
//! Invariant: nothing is decrypted before its authenticity is proven; a line moved to another
//! place or another record does not open. Form: lower-case hexadecimal of 16 bytes of nonce,
//! ciphertext, 32 bytes of HMAC-SHA-256 over the place and all before it. Encryption is counter
//! mode over HMAC-SHA-256 (the pseudo-random function of NIST SP 800-108), with a key of its own.
//! Length and number of lines stay visible.

use super::sealed::{crypt, prf, same};

const NONCE: usize = 16;
const TAG: usize = 32;
const ENCRYPT: &[u8] = b"vedette sealed line: encrypt";
const PROVE: &[u8] = b"vedette sealed line: authenticate";

/// Why a sealed line does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// Not such a line.
    #[error("this is no sealed line; give the record as the station wrote it")]
    NotSealed,
    /// Another station's, another place's, or changed.
    #[error(
        "it was sealed by another station, belongs to another place of the record, or was changed; open it at the station that wrote it, or restore it from a copy"
    )]
    Locked,
}

fn tag(secret: &[u8; 32], place: &str, body: &[u8]) -> [u8; TAG] {
    let length = (place.len() as u64).to_le_bytes();
    prf(secret, &[PROVE, &length, place.as_bytes(), body])
}

/// The line, as hexadecimal text. `place` names the record and the line in it, `secret` is the
/// station's own, `nonce` fresh random bytes for every line.
#[must_use]
pub fn seal_line(text: &[u8], place: &str, secret: &[u8; 32], nonce: [u8; NONCE]) -> String {
    use std::fmt::Write as _;
    let mut bytes = nonce.to_vec();
    bytes.extend_from_slice(text);
    crypt(secret, ENCRYPT, &nonce, &mut bytes[NONCE..]);
    let proof = tag(secret, place, &bytes);
    bytes.extend_from_slice(&proof);
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut out, b| {
        // A string always takes text.
        let _written = write!(out, "{b:02x}");
        out
    })
}

/// Opens a line of `place`.
///
/// # Errors
/// [`LineError`].
pub fn open_line(sealed: &str, place: &str, secret: &[u8; 32]) -> Result<Vec<u8>, LineError> {
    let digit = |c: u8| match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    };
    let (pairs, []) = sealed.as_bytes().as_chunks::<2>() else {
        return Err(LineError::NotSealed);
    };
    let bytes = pairs
        .iter()
        .map(|[a, b]| Some((digit(*a)? << 4) | digit(*b)?))
        .collect::<Option<Vec<u8>>>()
        .filter(|b| b.len() >= NONCE + TAG)
        .ok_or(LineError::NotSealed)?;
    let (body, proof) = bytes.split_at(bytes.len() - TAG);
    if !same(&tag(secret, place, body), proof) {
        return Err(LineError::Locked);
    }
    let (nonce, text) = body.split_at(NONCE);
    let mut text = text.to_vec();
    crypt(secret, ENCRYPT, nonce, &mut text);
    Ok(text)
}
