//! How a winged aircraft comes down: an approach chosen by terrain and wind, height lost on a
//! circle, a straight final, a flare.
//!
//! Invariant: every stage leads to the next one or to the ground; an approach made here keeps the
//! most clearance the land allows. Must not know modes or messages.

use vedette_geo::Repeatable;
use vedette_geo::diff_deg;
use vedette_model::Airframe;

use crate::body::Demand;
use crate::execute::Ground;
use crate::flight::Task;
use crate::guide::{self, Place};
use crate::vehicle::SimVehicle;

/// Stages of a winged landing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Landing {
    Plan,
    ToEntry,
    Final,
    Flare,
}

/// Slope and length of the finals tried when the mission gives none, metres; gentle first.
const FINALS: [(f64, f64); 4] = [(0.1, 450.0), (0.14, 450.0), (0.14, 600.0), (0.16, 350.0)];
/// Clearance over terrain beyond which more is not better, metres.
const ENOUGH: f64 = 30.0;

impl SimVehicle {
    /// A winged landing: entry, height lost on a circle, final, flare, roll-out.
    pub(crate) fn wing_landing(
        &mut self,
        at: Place,
        from: Option<Place>,
        stage: Landing,
        ground: Ground<'_>,
    ) -> Demand {
        let est = self.sensors.est;
        let s = self.speeds();
        let lat = self.lateral();
        let here = Place::of(&est);
        let env = self.cfg.envelope;
        let gs = est.v[0].hypot_r(est.v[1]);
        let slow = 1.2 * env.min_m_s;
        let quad = self.cfg.airframe == Airframe::Quadplane;
        // Steepest final that can be held at approach speed.
        let steepest = 0.95 * s.down / slow;
        match (stage, from) {
            _ if quad => Demand::Wing {
                roll_deg: guide::wing_line(&est, &here, &at, &lat),
                climb: guide::wing_climb(&est, est.amsl.min((at.amsl + 40.0).max(self.ground + 40.0)), 0.0, &s),
                airspeed: s.along,
            },
            (Landing::Plan, _) | (_, None) => {
                let usable = from.filter(|f| {
                    let d = f.across(&at);
                    d >= 200.0
                        && (here.amsl - at.amsl) / here.across(&at).max(1.0) <= steepest
                        && here.across(&at) > 150.0
                });
                let (from, stage) = match usable {
                    Some(f) => (f, Landing::Final),
                    None => {
                        let (entry, side) = self.choose_approach(&at, from, ground);
                        self.pilot.approach_side = side;
                        (entry, Landing::ToEntry)
                    }
                };
                self.pilot.task = Task::Land {
                    at,
                    from: Some(from),
                    stage,
                };
                Demand::Wing {
                    roll_deg: 0.0,
                    climb: 0.0,
                    airspeed: s.along,
                }
            }
            (Landing::ToEntry, Some(entry)) => {
                // A circle that touches the final at its start, flown until low and lined up.
                let r = self.loiter_radius().abs() * self.pilot.approach_side;
                let course = entry.bearing(&at);
                let centre = entry.toward(course + 90.0, r);
                let high = est.amsl - entry.amsl;
                let aligned = diff_deg(est.v[1].atan2_r(est.v[0]).to_degrees(), course).abs() < 25.0;
                if high < 15.0 && aligned && here.across(&entry) < 60.0 {
                    self.pilot.task = Task::Land {
                        at,
                        from: Some(entry),
                        stage: Landing::Final,
                    };
                }
                let near = here.across(&centre) < 3.0 * r.abs();
                let height = if near { entry.amsl } else { est.amsl.max(entry.amsl) };
                Demand::Wing {
                    roll_deg: guide::wing_circle(&est, &centre, r, &lat),
                    climb: guide::wing_climb(&est, height, 0.0, &s),
                    airspeed: s.along,
                }
            }
            (Landing::Final, Some(from)) => {
                let left = guide::progress(&est, &from, &at).left;
                let total = from.across(&at).max(1.0);
                // The flare floats on for some metres: the slope aims short of the point.
                let aim = 35.0;
                let slope = ((from.amsl - at.amsl) / (total - aim).max(50.0)).clamp(0.02, 0.28);
                let height = at.amsl + slope * (left - aim);
                let agl = self.body.amsl - self.ground;
                if agl < 3.0 + 0.6 * self.body.v[2].max(0.0) || (left < 0.0 && est.amsl < at.amsl + 10.0) {
                    self.pilot.task = Task::Land {
                        at,
                        from: Some(from),
                        stage: Landing::Flare,
                    };
                }
                Demand::Wing {
                    roll_deg: guide::wing_line(&est, &from, &at, &lat),
                    climb: guide::wing_climb(&est, height, -slope * gs, &s),
                    airspeed: if left < 400.0 { slow } else { s.along },
                }
            }
            (Landing::Flare, Some(from)) => Demand::Wing {
                roll_deg: guide::wing_line(&est, &from, &at, &lat).clamp(-6.0, 6.0),
                climb: -1.0,
                airspeed: env.min_m_s,
            },
        }
    }

    /// Start of a final to `at` and the side its circle lies on (1 right, -1 left of the final):
    /// the first with clearance enough, else the one with most; into the wind before across it.
    fn choose_approach(&self, at: &Place, from: Option<Place>, ground: Ground<'_>) -> (Place, f64) {
        let wind = self.sensors.est.wind;
        let course = if wind[0].hypot_r(wind[1]) > 2.0 {
            (-wind[1]).atan2_r(-wind[0]).to_degrees()
        } else if let Some(f) = from.filter(|f| f.across(at) > 50.0) {
            f.bearing(at)
        } else {
            self.pilot.launch_heading
        };
        let r = self.loiter_radius().abs();
        let mut best: Option<(f64, Place, f64)> = None;
        for k in 0..16_i32 {
            // 0, 22.5, -22.5, 45, -45 ... degrees off the wished course.
            let off = f64::from((k + 1) / 2) * if k % 2 == 0 { -22.5 } else { 22.5 };
            for (slope, length) in FINALS {
                for side in [1.0, -1.0] {
                    let mut entry = at.toward(course + off + 180.0, length);
                    entry.amsl = at.amsl + slope * length;
                    let room = self.clearance(at, &entry, side * r, ground);
                    let score = room.min(ENOUGH) - off.abs() / 90.0;
                    if best.is_none_or(|(s, ..)| score > s) {
                        best = Some((score, entry, side));
                    }
                }
            }
        }
        best.map_or((*at, 1.0), |(_, entry, side)| (entry, side))
    }

    /// Least height over terrain on a final and on the circle at its start. Near touch-down the
    /// final is low by nature and counts twice and a half.
    fn clearance(&self, at: &Place, entry: &Place, radius: f64, ground: Ground<'_>) -> f64 {
        let over = |p: &Place| ground(self.latlon(p.n, p.e)).map_or(ENOUGH, |g| p.amsl - g.0);
        let course = entry.bearing(at);
        let centre = entry.toward(course + 90.0, radius);
        let mut least = f64::INFINITY;
        for k in 2..=10 {
            let share = f64::from(k) / 10.0;
            let mut p = at.toward(course + 180.0, at.across(entry) * share);
            p.amsl = at.amsl + (entry.amsl - at.amsl) * share;
            least = least.min(over(&p) * if share < 0.5 { 2.5 } else { 1.0 });
        }
        for k in 0..12 {
            let mut p = centre.toward(f64::from(k) * 30.0, radius.abs());
            p.amsl = entry.amsl;
            least = least.min(over(&p));
        }
        least
    }
}
