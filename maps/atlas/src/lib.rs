//! What the land is like: terrain, borders, zones, rays on ground, relief for maps.
//!
//! Invariant: an unknown height is `None`, never 0; every parser of foreign bytes answers with a
//! value or an error. It knows nothing of aircraft, plans or screens, and only [`load`] opens files.

mod border;
mod contour;
mod error;
mod geojson;
mod hgt;
pub mod load;
mod plane;
mod ray;
mod relief;
mod synthetic;
mod terrain;
mod world;
mod zone;

pub use border::{Border, Near};
pub use contour::{Contour, contours};
pub use error::AtlasError;
pub use geojson::{Feature, Geometry, read_geojson};
pub use plane::Plane;
pub use ray::{Fresnel, REFRACTION_K, RayHit};
pub use relief::hillshade;
pub use terrain::{Bounds, Terrain, TerrainSource, Tile};
pub use world::World;
pub use zone::{Crossing, Shape, Zone, ZoneKind};
