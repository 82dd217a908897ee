//! What the land is like: terrain, borders, zones, rays on ground, relief for maps.
//!
//! Invariant: an unknown height is `None`, never 0; every parser of foreign bytes answers with a
//! value or an error. It knows nothing of aircraft, plans or screens, and only [`load`] opens files.

mod airspace;
mod border;
mod border_file;
mod contour;
mod dted;
mod error;
mod geoid_grid;
mod geojson;
mod geotiff;
mod hgt;
pub mod load;
mod mbtiles;
mod mosaic;
mod osm;
mod pack;
mod plane;
mod pmtiles;
mod pyramid;
mod ray;
mod relief;
mod synthetic;
mod terrain;
mod viewshed;
mod world;
mod xml;
mod zip;
mod zone;

pub use airspace::{
    Datum, ImportedZone, Limit, Period, Placemark, Preview, ShapeRecord, ZoneImport, read_kml, read_shapefile,
    read_zone_file,
};
pub use border::{Border, Near};
pub use border_file::{BorderFile, BorderLine, Gap, between, read_border};
pub use contour::{Contour, contours};
pub use dted::read_dted;
pub use error::AtlasError;
pub use geoid_grid::GeoidGrid;
pub use geojson::{Feature, Geometry, read_geojson};
pub use geotiff::read_geotiff;
pub use mbtiles::MbTiles;
pub use mosaic::{Drawn, Picture, mosaic};
pub use osm::{Water, Way, WayCrossing, WayImport, WayKind, WayPlace, read_ways, sea_beyond, way_crossings};
pub use pack::{Manifest, Pack, PackEntry, build_pack};
pub use plane::Plane;
pub use pmtiles::{PmTiles, TileKind, build_pmtiles, tile_at};
pub use ray::{Fresnel, REFRACTION_K, RayHit};
pub use relief::hillshade;
pub use terrain::{Bounds, Terrain, TerrainSource, Tile};
pub use viewshed::{Seen, Viewshed, choose_sites, viewshed};
pub use world::{Chart, Claim, World};
pub use zone::{Crossing, Shape, Zone, ZoneKind};
