//! Where the program's own data lies, and writing results whole or not at all.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// A data folder or file of the repository, found from the working folder or beside the program.
pub(crate) fn shipped(relative: &str) -> Result<PathBuf> {
    let here = PathBuf::from(relative);
    if here.exists() {
        return Ok(here);
    }
    if let Ok(exe) = std::env::current_exe() {
        for up in exe.ancestors().skip(1) {
            let p = up.join(relative);
            if p.exists() {
                return Ok(p);
            }
            let p = up.join("share/vedette").join(relative);
            if p.exists() {
                return Ok(p);
            }
        }
    }
    bail!(
        "{relative} was not found from here or beside the program; run it from the repository, or name the file with its flag"
    )
}

/// The folder of real recordings and terrain, if one is named.
pub(crate) fn data() -> Option<PathBuf> {
    std::env::var_os("VEDETTE_DATA")
        .filter(|d| !d.is_empty())
        .map(PathBuf::from)
}

/// Writes a file by way of a temporary name, so that nobody ever sees half of it.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir)
            .with_context(|| format!("cannot make folder {}; choose another with --out", dir.display()))?;
    }
    let part = path.with_extension("part");
    std::fs::write(&part, bytes)
        .and_then(|()| std::fs::rename(&part, path))
        .with_context(|| {
            format!(
                "cannot write {}; is the disk full or the folder read-only?",
                path.display()
            )
        })
}

/// Encodes RGBA pixels as PNG.
pub(crate) fn png(width: u32, height: u32, rgba: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut e = png::Encoder::new(&mut out, width, height);
    e.set_color(png::ColorType::Rgba);
    e.set_depth(png::BitDepth::Eight);
    e.write_header()
        .and_then(|mut w| w.write_image_data(rgba))
        .context("cannot encode a picture")?;
    Ok(out)
}
