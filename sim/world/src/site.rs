//! Reads a site: as the atlas does, and with a synthetic coast where the site asks for one.
//!
//! Shell: one folder. Invariant: what the atlas reads is not altered but for the relief, and a
//! relief that was made here says so in its label.

use std::path::Path;
use std::sync::Arc;

use vedette_atlas::{Bounds, World};

use crate::SimError;
use crate::coast::{CoastShape, coast};

/// Terrain beyond the territory, metres.
const MARGIN_M: f64 = 3_000.0;

/// The site in `dir`. A file `relief.toml` beside its `site.toml` describes a synthetic coast;
/// otherwise heights come from `data` or from the atlas's synthetic relief.
///
/// # Errors
/// [`SimError::Shell`] when the site or its relief cannot be read, [`SimError::NoTerrain`] when
/// the relief does not fit the site.
pub fn load_site(dir: &Path, data: Option<&Path>, seed: u64) -> Result<World, SimError> {
    let mut world = vedette_atlas::load::site(dir, data, seed).map_err(|e| SimError::Shell {
        what: e.to_string(),
        source: None,
    })?;
    let path = dir.join("relief.toml");
    if !path.is_file() {
        return Ok(world);
    }
    let fail = |e: String| SimError::Shell {
        what: format!("the relief {} cannot be used: {e}", path.display()),
        source: None,
    };
    let text = std::fs::read_to_string(&path).map_err(|e| fail(e.to_string()))?;
    let shape: CoastShape = toml::from_str(&text).map_err(|e| fail(e.to_string()))?;
    let bounds =
        Bounds::around(&world.territory, MARGIN_M).ok_or_else(|| fail("the site has no territory".to_owned()))?;
    world.terrain = Arc::new(coast(&world.border, bounds, &shape, seed)?);
    Ok(world)
}
