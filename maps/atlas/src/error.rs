//! Why terrain, border or zone data was refused.
//!
//! Invariant: each message says what is wrong, where, and what the file should hold.

/// Refusal of foreign data.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AtlasError {
    /// A tile's name does not say which degree square it is.
    #[error("`{name}` does not name a degree square: HGT tiles are called like N42E001.hgt")]
    TileName {
        /// Name given.
        name: String,
    },
    /// The number of bytes fits no known posting.
    #[error("tile {name} holds {bytes} bytes; an HGT tile has 2,884,802 (3 arc-seconds) or 25,934,402 (1 arc-second)")]
    TileSize {
        /// Tile.
        name: String,
        /// Bytes found.
        bytes: usize,
    },
    /// A tile's heights are impossible.
    #[error(
        "tile {name} holds a height of {metres} m at row {row}, column {column}: no land lies there, the file is damaged"
    )]
    TileHeight {
        /// Tile.
        name: String,
        /// Row from the north.
        row: usize,
        /// Column from the west.
        column: usize,
        /// Height found, metres.
        metres: i16,
    },
    /// The zip container is damaged.
    #[error("the zip archive {name} cannot be read: {why}; fetch or import the tile again")]
    Zip {
        /// File.
        name: String,
        /// What is wrong.
        why: String,
    },
    /// Not GeoJSON.
    #[error("this is not GeoJSON: {why}")]
    Json {
        /// What is wrong.
        why: String,
    },
    /// A position inside GeoJSON is unusable.
    #[error("GeoJSON position {index} of feature {feature} is not a longitude and latitude: {why}")]
    Position {
        /// Feature number from 0.
        feature: usize,
        /// Position number from 0.
        index: usize,
        /// What is wrong.
        why: String,
    },
    /// A line too short to be a border.
    #[error("border `{name}` has {points} different points; a line needs at least two")]
    ShortLine {
        /// Border.
        name: String,
        /// Points found.
        points: usize,
    },
    /// A zone without an area.
    #[error("zone `{name}` encloses nothing: a polygon needs three corners, a disc a radius above 0 m")]
    EmptyZone {
        /// Zone.
        name: String,
    },
    /// A height or geoid raster that cannot be used.
    #[error("the raster {name} cannot be used: {why}")]
    Raster {
        /// File.
        name: String,
        /// What is wrong and what to do.
        why: String,
    },
    /// A file of zones that cannot be used.
    #[error("{file}, {place}: {why}")]
    Zones {
        /// File.
        file: String,
        /// Line, record or feature.
        place: String,
        /// What is wrong and what to do.
        why: String,
    },
    /// A tile archive or area pack that cannot be used.
    #[error("the archive {name} cannot be used: {why}")]
    Archive {
        /// File.
        name: String,
        /// What is wrong and what to do.
        why: String,
    },
    /// Bounds without an area or outside the globe.
    #[error("bounds {south_deg}..{north_deg} N, {west_deg}..{east_deg} E enclose nothing or cross the date line")]
    Bounds {
        /// South edge, degrees.
        south_deg: f64,
        /// North edge, degrees.
        north_deg: f64,
        /// West edge, degrees.
        west_deg: f64,
        /// East edge, degrees.
        east_deg: f64,
    },
}
