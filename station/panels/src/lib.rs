//! egui functions of the [`vedette_core::StationView`] that return [`vedette_model::Intent`]s.
//!
//! Invariant: a panel reads the view and its own local state, and gives back what the person
//! wants; nothing here opens a file, a socket or a clock. It must not know Bevy, tokio or MAVLink.

pub mod camera;
mod draw;
pub mod feeds;
pub mod fly;
pub mod icon;
mod inspect;
mod local;
pub mod plan;
pub mod relief;
pub mod review;
pub mod theme;
pub mod train;
pub mod words;

pub use fly::{console_ui, fly_ui};
pub use inspect::{InspectLocal, InspectTab};
pub use local::{Dismissal, FlyFeeds, FlyLocal, MapPicture, VideoPicture, Workspace};
