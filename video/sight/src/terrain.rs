//! The atlas' terrain as ground for rays. A thin bridge; the geometry is on both sides of it.

use vedette_atlas::{RayHit, Terrain};
use vedette_geo::{Amsl, LatLon, Ned, Vec3};
use vedette_model::NoFix;

use crate::Ground;

impl Ground for Terrain {
    fn cast(&self, from: LatLon, amsl: Amsl, toward: Vec3<Ned>, max_m: f64) -> Result<(LatLon, Amsl), NoFix> {
        match Terrain::cast(self, from, amsl, toward, max_m) {
            RayHit::Ground { at, amsl, .. } => Ok((at, amsl)),
            RayHit::Sky => Err(NoFix::AboveHorizon),
            RayHit::NoTerrain => Err(NoFix::NoTerrain),
        }
    }
    fn height(&self, at: LatLon) -> Option<Amsl> {
        self.elevation(at)
    }
    fn sigma_m(&self) -> f64 {
        self.source().sigma_m
    }
}
