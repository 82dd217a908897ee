//! What a user of the metadata crate notices: values equal on both sides, broken streams shown rather than lost.
#![allow(clippy::unwrap_used, reason = "tests")]

mod carriage;
mod hostile;
mod recordings;
mod targets;
mod values;

/// The folder of real recordings, or `None` said aloud.
fn data(what: &str) -> Option<std::path::PathBuf> {
    let Some(root) = std::env::var_os("VEDETTE_DATA") else {
        eprintln!("LEFT OUT: {what}: VEDETTE_DATA is not set");
        return None;
    };
    let path = std::path::Path::new(&root).join(what);
    if !path.exists() {
        eprintln!("LEFT OUT: {what} is not in VEDETTE_DATA");
        return None;
    }
    Some(path)
}
