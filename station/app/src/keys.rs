//! The station's signing identity on disk: made at first use from the machine's random source.

use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, Result};
use vedette_evidence::identity::{Identity, IdentityPem};

use crate::clock::Clock;

/// Opens the identity in `dir`, or makes it. The authority's key is written once, to be taken
/// away from the station; sealing does not need it.
pub(crate) fn open(dir: &Path, station: &str) -> Result<Identity> {
    let read = |name: &str| {
        std::fs::read_to_string(dir.join(name)).with_context(|| format!("cannot read {}", dir.join(name).display()))
    };
    if !dir.join("station.key.pem").is_file() {
        std::fs::create_dir_all(dir).with_context(|| format!("cannot make key folder {}", dir.display()))?;
        let seed = random()?;
        let not_before = u64::try_from(Clock::machine_utc().0 / 1_000_000 - 3600).unwrap_or(0);
        let pem = IdentityPem::generate(&seed, "Vedette demo authority", station, not_before)?;
        for (name, text, secret) in [
            ("station.pem", &pem.station_cert, false),
            ("ca.pem", &pem.ca_cert, false),
            ("ca.key.pem", &pem.ca_key, true),
            ("station.key.pem", &pem.station_key, true),
        ] {
            write_private(&dir.join(name), text.as_bytes(), secret)?;
        }
    }
    Ok(Identity::from_pem(
        &read("station.key.pem")?,
        &read("station.pem")?,
        &read("ca.pem")?,
    )?)
}

/// The sealed file of the aircraft's signing keys in `dir`, with the secret it opens by.
pub(crate) fn aircraft(dir: &Path) -> Result<vedette_links::KeyFile> {
    Ok(vedette_links::KeyFile::new(&dir.join("aircraft.keys"), secret(dir)?))
}

/// The secret is a hash of the station's own key; where an aircraft is given its key before the
/// station's first session, a random one kept beside the file.
fn secret(dir: &Path) -> Result<[u8; 32]> {
    use sha2::{Digest, Sha256};
    let (own, station) = (dir.join("aircraft.secret"), dir.join("station.key.pem"));
    let read = |p: &Path| std::fs::read(p).with_context(|| format!("cannot read {}", p.display()));
    if own.is_file() {
        return <[u8; 32]>::try_from(read(&own)?.as_slice()).with_context(|| {
            format!(
                "{} is damaged: it holds 32 bytes, bring it back from a copy",
                own.display()
            )
        });
    }
    if station.is_file() {
        let hash = Sha256::new()
            .chain_update(b"vedette aircraft keys v1")
            .chain_update(read(&station)?);
        return Ok(hash.finalize().into());
    }
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make key folder {}", dir.display()))?;
    let secret = random()?;
    write_private(&own, &secret, true)?;
    Ok(secret)
}

/// The secret the instructor's records open by: a hash of the station's own key in `dir`.
pub(crate) fn record(dir: &Path) -> Result<[u8; 32]> {
    use sha2::{Digest, Sha256};
    let path = dir.join("station.key.pem");
    let key = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let hash = Sha256::new()
        .chain_update(b"vedette instructor's record v1")
        .chain_update(key);
    Ok(hash.finalize().into())
}

/// 32 bytes of the machine's random source.
pub(crate) fn random() -> Result<[u8; 32]> {
    let mut bytes = [0_u8; 32];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut f| f.read_exact(&mut bytes))
        .context("cannot read the system's random source /dev/urandom")?;
    Ok(bytes)
}

fn write_private(path: &Path, bytes: &[u8], secret: bool) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(if secret { 0o600 } else { 0o644 })
        .open(path)
        .and_then(|mut f| f.write_all(bytes).and_then(|()| f.sync_all()))
        .with_context(|| format!("cannot write {}", path.display()))
}
