//! The window: Bevy renders the land and hosts the panels; the same app runs without any display
//! for pictures and tests.
//!
//! Invariant: what cannot be (no display, no driver) is an error value, never a panic; the map is
//! drawn again only when something in it changed; panels and video never wait for it. It must not
//! know links, files of a session or MAVLink.

mod app;
mod bake;
mod config;
mod desk;
mod error;
mod headless;
mod imagery;
mod keyboard;
mod map;
mod ui;
mod video;
mod window;

pub use config::{ConsoleConfig, Feeds, Mode, fonts_of_this_machine};
pub use error::ConsoleError;
pub use headless::{Headless, RgbaPicture};
pub use window::{ExitReason, display_present, run_window, vulkan_present};
