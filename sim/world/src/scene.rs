//! Everything a camera can see, put together once.
//!
//! Invariant: immutable after it is built; shared by all cameras.

use vedette_geo::LatLon;
use vedette_model::Utc;

use crate::SimError;
use crate::actors::Actor;
use crate::cover::{self, CoverMap};
use crate::ground::Ground;
use crate::house;
use crate::light::{Light, Weather};

/// A road or path, on the scene's map (metres east and north of the origin).
#[derive(Debug, Clone, PartialEq)]
pub struct Way {
    /// Its points.
    pub points: Vec<(f64, f64)>,
    /// Width, metres.
    pub width_m: f64,
    /// Two worn ruts with grass between.
    pub ruts: bool,
}

/// A disc without trees and bushes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clearing {
    /// East, metres.
    pub x: f64,
    /// North, metres.
    pub y: f64,
    /// Radius, metres.
    pub radius_m: f64,
}

/// A stone that kept the day's warmth: clutter for hot-spot detectors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WarmStone {
    /// East, metres.
    pub x: f64,
    /// North, metres.
    pub y: f64,
    /// Longest side, metres.
    pub size_m: f64,
    /// Warmer than other boulders by, degrees Celsius.
    pub excess_c: f64,
}

/// A group of houses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hamlet {
    /// East of its middle, metres.
    pub x: f64,
    /// North of its middle, metres.
    pub y: f64,
    /// Radius, metres.
    pub radius_m: f64,
    /// So many houses, where there is room.
    pub houses: u32,
}

/// What a scene is built from.
#[derive(Debug, Clone, PartialEq)]
pub struct SceneSpec {
    /// Origin of the scene's map.
    pub origin: LatLon,
    /// Half side of the finely modelled square, metres (500..=6000).
    pub half_m: f64,
    /// Seed of cover and relief.
    pub seed: u64,
    /// Date and time whose light and temperatures are shown.
    pub utc: Utc,
    /// Weather.
    pub weather: Weather,
    /// Share of the land under wood below the tree line, 0..=1.
    pub forest_share: f64,
    /// Above this no tree stands, metres AMSL.
    pub tree_line_m: f64,
    /// Above this snow lies, metres AMSL.
    pub snow_line_m: f64,
    /// Temperature of the sea's skin, degrees Celsius.
    pub water_c: f64,
    /// Height of the waves, metres.
    pub waves_m: f64,
    /// Light and temperatures follow the day in steps of so many seconds; 0 holds those of `utc`.
    pub light_every_s: f64,
    /// Roads and paths.
    pub ways: Vec<Way>,
    /// Clearings.
    pub clearings: Vec<Clearing>,
    /// Warm stones.
    pub stones: Vec<WarmStone>,
    /// Brooks and rivers.
    pub rivers: Vec<Way>,
    /// Hamlets.
    pub hamlets: Vec<Hamlet>,
    /// Actors, their tracks on the scene's map.
    pub actors: Vec<Actor>,
}

/// Ground, cover, light and actors of a scenario.
#[derive(Debug, Clone)]
pub struct Scene {
    pub(crate) ground: Ground,
    pub(crate) cover: CoverMap,
    pub(crate) actors: Vec<Actor>,
    pub(crate) waves_m: f64,
    origin: LatLon,
    utc: Utc,
    weather: Weather,
    light_every_s: f64,
}

impl Scene {
    /// Builds a scene on the heights of `elevation` (metres AMSL, `None` where unknown).
    ///
    /// # Errors
    /// [`SimError::NoTerrain`] when heights are missing at the origin or in most of the area.
    pub fn build(spec: SceneSpec, elevation: &dyn Fn(LatLon) -> Option<f64>) -> Result<Self, SimError> {
        let seed = (spec.seed ^ (spec.seed >> 32)) as u32;
        let f = |(x, y): (f64, f64)| (x as f32, y as f32);
        let ways = |all: Vec<Way>| -> Vec<cover::Way> {
            all.into_iter()
                .map(|w| cover::Way {
                    points: w.points.into_iter().map(f).collect(),
                    width_m: w.width_m as f32,
                    ruts: w.ruts,
                })
                .collect()
        };
        let hamlets: Vec<house::Hamlet> = spec
            .hamlets
            .iter()
            .map(|h| house::Hamlet {
                x: h.x as f32,
                y: h.y as f32,
                radius_m: h.radius_m as f32,
                houses: h.houses,
            })
            .collect();
        let mut scene = Self {
            ground: Ground::sample(spec.origin, spec.half_m, seed, elevation)?,
            origin: spec.origin,
            utc: spec.utc,
            weather: spec.weather,
            light_every_s: spec.light_every_s,
            waves_m: spec.waves_m,
            cover: CoverMap {
                seed,
                water_c: spec.water_c as f32,
                waves_m: spec.waves_m as f32,
                forest_share: spec.forest_share.clamp(0.0, 1.0) as f32,
                tree_line_m: spec.tree_line_m as f32,
                snow_line_m: spec.snow_line_m as f32,
                ways: ways(spec.ways),
                rivers: ways(spec.rivers),
                houses: Vec::new(),
                clearings: spec
                    .clearings
                    .into_iter()
                    .map(|c| cover::Clearing {
                        x: c.x as f32,
                        y: c.y as f32,
                        radius_m: c.radius_m as f32,
                    })
                    .collect(),
                stones: spec
                    .stones
                    .into_iter()
                    .map(|s| cover::Stone {
                        x: s.x as f32,
                        y: s.y as f32,
                        size_m: s.size_m as f32,
                        excess_c: s.excess_c as f32,
                    })
                    .collect(),
            },
            actors: spec.actors,
        };
        scene.cover.houses = house::houses(&scene.cover, &scene.ground, &hamlets);
        Ok(scene)
    }

    /// Which of the day's lights holds at a second of the scenario: those of the start are 0.
    pub(crate) fn light_step(&self, t_s: f64) -> i64 {
        if self.light_every_s > 0.0 {
            (t_s.max(0.0) / self.light_every_s).floor() as i64
        } else {
            0
        }
    }

    /// Light and temperatures of a step.
    pub(crate) fn light(&self, step: i64) -> Light {
        let utc = self.utc.plus_us((step as f64 * self.light_every_s * 1e6) as i64);
        Light::new(self.origin, utc, &self.weather)
    }

    /// The ground.
    #[must_use]
    pub fn ground(&self) -> &Ground {
        &self.ground
    }
    /// The actors.
    #[must_use]
    pub fn actors(&self) -> &[Actor] {
        &self.actors
    }
}
