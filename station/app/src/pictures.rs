//! stub until console lands
use std::path::Path;
use anyhow::Result;
pub(crate) fn display_present() -> bool { false }
pub(crate) fn lacking() -> Vec<(String, String)> { Vec::new() }
pub(crate) fn window(_f: &crate::flight::Flight, _w: &std::sync::Arc<vedette_atlas::World>, _t: &str, _o: &vedette_model::OperatorId, _s: std::sync::Arc<std::sync::atomic::AtomicBool>) -> Result<()> { anyhow::bail!("no console") }
pub(crate) fn render(_out: &Path, _dir: &Path, _r: &mut vedette_core::Replay, _w: &vedette_atlas::World) -> Result<Vec<String>> { Ok(Vec::new()) }
