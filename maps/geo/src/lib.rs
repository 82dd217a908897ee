//! Where things are: quantities, datums, frames and geodesy.
//!
//! Invariant: an altitude carries its datum in its type, a vector carries its frame, an angle
//! carries its unit in its name. Nothing here reads a file, a clock or a socket.

mod altitude;
mod angle;
mod frame;
mod geodesy;
mod latlon;
mod local;
mod mgrs;
pub mod near;
mod repeatable;

pub use altitude::{AboveHome, Agl, Amsl, Geoid, Hae};
pub use angle::{diff_deg, norm_deg_180, norm_deg_360};
pub use frame::{Body, Camera, Enu, FrameTag, Gimbal, Ned, Rotation, Vec3};
pub use geodesy::{EARTH_RADIUS_M, G_M_S2, azimuth_deg, destination, distance_m, interpolate};
pub use latlon::{GeoError, LatLon};
pub use local::{Ecef, LocalFrame};
pub use mgrs::{Utm, mgrs, utm};
pub use repeatable::Repeatable;
