//! Why there is no window, as a paragraph a person can act on.
//!
//! Invariant: each names what is missing, what still works and what to install. It must not know
//! how the app is built.

/// Why the console did not run or stopped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConsoleError {
    /// No display server.
    #[error(
        "There is no display to open a window on ({why}). Everything else works without one: use --headless, \
         or start from a desktop session, or on a server under `xvfb-run` (package xvfb)."
    )]
    NoDisplay {
        /// What was looked for.
        why: String,
    },
    /// No Vulkan loader or no driver.
    #[error(
        "There is no Vulkan driver ({why}). The map is drawn with Vulkan; without a graphics card a software driver \
         does. Install it with `apt-get install mesa-vulkan-drivers libvulkan1`, or use --headless without pictures."
    )]
    NoVulkan {
        /// What was looked for.
        why: String,
    },
    /// The renderer gave up.
    #[error(
        "The window could not be kept open: {why}. The station goes on without it; try WGPU_BACKEND=vulkan, a newer \
         graphics driver, or the software driver (package mesa-vulkan-drivers)."
    )]
    Renderer {
        /// Its own words.
        why: String,
    },
    /// A headless step was asked for something that is not on the screen.
    #[error("there is no control named {label:?} on the screen; there are: {present}")]
    NoSuchControl {
        /// Asked for.
        label: String,
        /// Names on the screen.
        present: String,
    },
    /// No picture came back.
    #[error("no picture of the screen came back from the renderer after {frames} frames")]
    NoPicture {
        /// Frames waited.
        frames: u32,
    },
}
