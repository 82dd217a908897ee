//! The key file: signing's memory encrypted and authenticated under the station's own secret, so
//! that a copied file opens nowhere else and a changed one not at all.
//!
//! Invariant: nothing is decrypted before its authenticity is proven. Form: `VEDKEY1\n`, 16 bytes
//! of nonce, ciphertext, 32 bytes of HMAC-SHA-256 over all before it. Encryption is counter mode
//! over HMAC-SHA-256 (the pseudo-random function of NIST SP 800-108), with a key of its own.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::Memory;

const MAGIC: &[u8; 8] = b"VEDKEY1\n";
const NONCE: usize = 16;
const TAG: usize = 32;
const ENCRYPT: &[u8] = b"vedette key file: encrypt";

/// Why a key file does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Not such a file.
    #[error("this is no key file of a station; give the file that the station wrote")]
    NotAKeyFile,
    /// Another station's, or changed.
    #[error(
        "the key file was made by another station or was changed; restore it from a copy, or set the aircraft's keys anew"
    )]
    Locked,
    /// Opened, but what is inside makes no sense.
    #[error("the key file is damaged inside; restore it from a copy, or set the aircraft's keys anew")]
    Damaged,
}

/// HMAC-SHA-256 of the parts, one after another.
pub(super) fn prf(secret: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // A 32-byte key always fits.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else {
        return [0; 32];
    };
    for p in parts {
        mac.update(p);
    }
    mac.finalize().into_bytes().into()
}

/// Encrypts and decrypts, with a key derived for this purpose.
pub(super) fn crypt(secret: &[u8; 32], purpose: &[u8], nonce: &[u8], text: &mut [u8]) {
    let key = prf(secret, &[purpose]);
    for (chunk, n) in text.chunks_mut(32).zip(0_u64..) {
        let stream = prf(&key, &[nonce, &n.to_le_bytes()]);
        for (b, s) in chunk.iter_mut().zip(stream) {
            *b ^= s;
        }
    }
}

/// Whether two are equal, in a time that does not depend on where they differ.
pub(super) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0_u8, |all, (a, b)| all | (a ^ b)) == 0
}

/// The file. `secret` is the station's own, `nonce` fresh random bytes for every writing.
#[must_use]
pub fn seal(memory: &Memory, secret: &[u8; 32], nonce: [u8; NONCE]) -> Vec<u8> {
    let mut text = memory.to_bytes();
    crypt(secret, ENCRYPT, &nonce, &mut text);
    let mut out = MAGIC.to_vec();
    out.extend_from_slice(&nonce);
    out.append(&mut text);
    let mac = prf(secret, &[b"vedette key file: authenticate", &out]);
    out.extend_from_slice(&mac);
    out
}

/// Opens a file.
///
/// # Errors
/// [`SealError`].
pub fn open(file: &[u8], secret: &[u8; 32]) -> Result<Memory, SealError> {
    if !file.starts_with(MAGIC) || file.len() < MAGIC.len() + NONCE + TAG {
        return Err(SealError::NotAKeyFile);
    }
    let (body, tag) = file.split_at(file.len() - TAG);
    let right = prf(secret, &[b"vedette key file: authenticate", body]);
    if !same(&right, tag) {
        return Err(SealError::Locked);
    }
    let nonce = &body[MAGIC.len()..MAGIC.len() + NONCE];
    let mut text = body[MAGIC.len() + NONCE..].to_vec();
    crypt(secret, ENCRYPT, nonce, &mut text);
    Memory::from_bytes(&text)
}
