//! The console in a window, on the main thread.
//!
//! Invariant: closing the window sets the stop flag, the stop flag closes the window; nothing is
//! left running. It must not know why it was started.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bevy::app::AppExit;

use crate::app::{build, words_of};
use crate::config::{ConsoleConfig, Feeds};
use crate::error::ConsoleError;

/// Why the window ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitReason {
    /// The person closed it.
    Closed,
    /// The station ended.
    Stopped,
}

/// Whether there is a display server to open a window on.
///
/// # Errors
/// [`ConsoleError::NoDisplay`] with what was looked for.
pub fn display_present() -> Result<(), ConsoleError> {
    let set = |k: &str| std::env::var(k).ok().filter(|v| !v.is_empty());
    if let Some(w) = set("WAYLAND_DISPLAY") {
        let dir = set("XDG_RUNTIME_DIR").unwrap_or_default();
        let socket = if w.starts_with('/') {
            w.clone()
        } else {
            format!("{dir}/{w}")
        };
        if Path::new(&socket).exists() {
            return Ok(());
        }
    }
    let Some(d) = set("DISPLAY") else {
        return Err(ConsoleError::NoDisplay {
            why: "neither WAYLAND_DISPLAY nor DISPLAY names one".to_owned(),
        });
    };
    // A local display has a socket one can knock at; a remote one is left to the connection.
    if let Some(rest) = d.strip_prefix(':') {
        let n = rest.split('.').next().unwrap_or("0");
        let path = format!("/tmp/.X11-unix/X{n}");
        let abstract_too = std::os::unix::net::UnixStream::connect(&path).is_ok();
        if !abstract_too {
            return Err(ConsoleError::NoDisplay {
                why: format!("DISPLAY is {d}, but no X server answers at {path}"),
            });
        }
    }
    Ok(())
}

/// Whether this machine has a Vulkan loader and at least one driver's manifest.
///
/// # Errors
/// [`ConsoleError::NoVulkan`] with what was looked for.
pub fn vulkan_present() -> Result<(), ConsoleError> {
    let named = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"]
        .iter()
        .find_map(|k| std::env::var(k).ok())
        .filter(|v| !v.is_empty());
    let driver = match &named {
        Some(list) => list.split(':').any(|p| Path::new(p).exists()),
        None => {
            let home = std::env::var("HOME").unwrap_or_default();
            [
                "/usr/share/vulkan/icd.d",
                "/usr/local/share/vulkan/icd.d",
                "/etc/vulkan/icd.d",
                &format!("{home}/.local/share/vulkan/icd.d"),
            ]
            .iter()
            .filter_map(|d| std::fs::read_dir(d).ok())
            .any(|mut d| d.next().is_some())
        }
    };
    if !driver {
        return Err(ConsoleError::NoVulkan {
            why: named.map_or_else(
                || "no manifest in /usr/share/vulkan/icd.d".to_owned(),
                |n| format!("none of {n} exists"),
            ),
        });
    }
    Ok(())
}

/// Opens the window and runs until it is closed or the stop flag is set. Call on the main thread.
///
/// # Errors
/// [`ConsoleError`] when there is no display, no driver, or the renderer gives up.
pub fn run_window(cfg: &ConsoleConfig, feeds: Feeds) -> Result<ExitReason, ConsoleError> {
    display_present()?;
    vulkan_present()?;
    let stop = Arc::clone(&feeds.stop);
    // Renderer and window library answer some failures by panicking; here they become values.
    let ran = catch_unwind(AssertUnwindSafe(|| build(cfg, feeds, false).run()));
    let stopped = stop.swap(true, Ordering::Relaxed);
    match ran {
        Ok(AppExit::Success) if stopped => Ok(ExitReason::Stopped),
        Ok(AppExit::Success) => Ok(ExitReason::Closed),
        Ok(AppExit::Error(n)) => Err(ConsoleError::Renderer {
            why: format!("the window system ended with code {n}"),
        }),
        Err(p) => Err(of_panic(&words_of(&*p))),
    }
}

/// A panic's words as the error they mean.
pub(crate) fn of_panic(why: &str) -> ConsoleError {
    let low = why.to_lowercase();
    if low.contains("find a gpu") || low.contains("adapter") {
        ConsoleError::NoVulkan { why: why.to_owned() }
    } else if low.contains("event loop") || low.contains("display") {
        ConsoleError::NoDisplay { why: why.to_owned() }
    } else {
        ConsoleError::Renderer { why: why.to_owned() }
    }
}
