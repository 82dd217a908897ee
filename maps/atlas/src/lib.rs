//! Terrain, borders, zones and packs; rays on ground, viewshed, radio line of sight.
