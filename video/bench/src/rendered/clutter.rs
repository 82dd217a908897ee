//! What is told where nobody is to be told of: animals, warm stones, trees in the wind, long shadows,
//! traffic over a lawful crossing point.

use std::collections::BTreeMap;

use vedette_atlas::Crossing;
use vedette_geo::LatLon;
use vedette_sight::{Policy, RuleSet, VergePolicy, geolocate};
use vedette_sim::{Actor, ActorKind, WarmStone, Way};

use super::stage::{CLASSES, Dice, Errors, Flight, Setting, Stage, going};
use super::{Extent, Shot, analyst, broken, flown, look, renderer, shot};
use crate::{BenchError, Row};

/// Frames analysed a second: the least the governor leaves at ten pictures a second.
const HZ: f64 = 5.0;
/// Half side of a stage flown along, metres.
const HALF_M: f64 = 1400.0;
/// Crowns sway by this much in a gust, metres.
const SWAY_M: f64 = 0.35;

/// What was told of nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Clutter {
    /// Seconds flown.
    pub flown_s: f64,
    /// Alerts, all of them false: rule, flight, second, and what was there.
    pub told: Vec<String>,
    /// Tracks the analyst believed, by what was truly there.
    pub tracks: BTreeMap<String, u64>,
}

impl Clutter {
    /// False alerts an aircraft-hour.
    #[must_use]
    pub fn an_hour(&self) -> f64 {
        self.told.len() as f64 * 3600.0 / self.flown_s.max(1.0)
    }

    pub(super) fn rows(&self, on: &str) -> Vec<Row> {
        let item = "false alerts over clutter alone";
        let text = format!(
            "{} in {} ({:.1} an hour)",
            self.told.len(),
            flown(self.flown_s),
            self.an_hour()
        );
        let mut rows = vec![if self.flown_s < 3600.0 {
            Row::shown(item, on, format!("{text}; too short to judge"))
        } else {
            Row::judged(item, on, "<= 1 an aircraft-hour", text, self.an_hour() <= 1.0)
        }];
        let seen: Vec<String> = self.tracks.iter().map(|(k, n)| format!("{n} {k}")).collect();
        rows.push(Row::shown("tracks among that clutter", on, seen.join(", ")));
        rows.extend(self.told.iter().map(|t| Row::shown("told of nothing", on, t.clone())));
        rows
    }
}

/// Herds and single animals near the line, cars and people on a road over a crossing point.
fn actors(dice: &mut Dice, length_m: f64, road_x: f64) -> Vec<Actor> {
    use ActorKind::{Boar, Car, Chamois, Cow, Dog, Person, Truck};
    let mut out = Vec::new();
    let mut unit = || f64::from(dice.unit());
    for (k, kind) in [Boar, Chamois, Cow, Dog, Boar, Chamois].into_iter().enumerate() {
        let (x, y) = (length_m * unit(), 140.0 * (unit() - 0.5));
        let (dx, dy) = (60.0 * (unit() - 0.5), 120.0 * (unit() - 0.5));
        let pace = match kind {
            Cow => 0.3 + 0.5 * unit(),
            _ => 0.6 + 1.6 * unit(),
        };
        for n in 0..(1 + (4.0 * unit()) as u64) {
            let (ox, oy) = (8.0 * (unit() - 0.5), 8.0 * (unit() - 0.5));
            let name = format!("{}-{k}-{n}", kind.name());
            let (from, to) = ((x + ox, y + oy), (x + ox + dx, y + oy + dy));
            out.push(going(kind, &name, from, to, pace, 10 * k as u64 + n));
        }
    }
    for (k, (kind, pace)) in [(Car, 9.0), (Truck, 7.0), (Person, 1.3), (Person, 1.1)]
        .into_iter()
        .enumerate()
    {
        let start = if pace > 2.0 { 160.0 } else { 18.0 };
        let beside = if kind == Person { 1.5 } else { -1.2 };
        let name = format!("lawful-{}-{k}", kind.name());
        let (from, to) = ((road_x + beside, -start), (road_x + beside, start));
        out.push(going(kind, &name, from, to, pace * (0.9 + 0.2 * unit()), 90 + k as u64));
    }
    out
}

/// Flies over clutter and listens to the rules.
///
/// # Errors
/// When a scene cannot be built.
pub fn clutter(extent: &Extent) -> Result<Clutter, BenchError> {
    let mut out = Clutter::default();
    let [flights, seconds] = extent.clutter;
    for f in 0..flights {
        let seed = 9000 + 13 * f + extent.seeds;
        let mut dice = Dice::new(seed);
        // Every other flight goes along the line, the others stay over one place.
        let along = f % 2 == 0;
        let speed_m_s = if along { 11.0 } else { 9.0 };
        let length_m = if along { speed_m_s * seconds as f64 } else { 60.0 };
        let road_x = length_m * (0.3 + 0.4 * f64::from(dice.unit()));
        let actors = actors(&mut dice, length_m, road_x);
        let stones = (0..24)
            .map(|_| WarmStone {
                x: length_m * f64::from(dice.unit()),
                y: 160.0 * (f64::from(dice.unit()) - 0.5),
                size_m: 0.5 + 1.2 * f64::from(dice.unit()),
                excess_c: 3.0 + 9.0 * f64::from(dice.unit()),
            })
            .collect();
        let road = Way {
            points: vec![(road_x, -300.0), (road_x, 300.0)],
            width_m: 6.0,
            ruts: false,
        };
        let stage = Stage::build(
            seed,
            HALF_M,
            Setting {
                actors,
                forest_share: 0.15 + 0.3 * f64::from(dice.unit()),
                wind_m_s: [7.0, 5.0],
                // Evening with long shadows, midnight, before dawn, morning sun.
                hour: [17, 0, 4, 7][(f / 2 % 4) as usize],
                ways: vec![road],
                stones,
            },
        )?;
        let lawful = [Crossing {
            name: "Post".to_owned(),
            at: stage.place(road_x, 0.0),
            radius_m: 25.0,
        }];
        let class = CLASSES[[1, 0, 2, 3][(f % 4) as usize]];
        let flight = Flight {
            class,
            from_deg: if along { 0.0 } else { 71.0 * f as f64 },
            speed_m_s,
            along,
            sensor_seed: seed,
        };
        let middle = if along { 0.0 } else { 0.5 * length_m };
        let aim = move |_: f64| (middle, 0.0);
        let mut errors = Errors::draw(&class, &stage, seed);
        let ground = errors.ground;
        let mut sight = analyst(0, 1);
        // With every rule that can speak of people on.
        let mut rules = RuleSet::new(Policy {
            verge: Some(VergePolicy::default()),
            ..Policy::default()
        });
        let mut r = renderer(&stage);
        let mut whose: BTreeMap<vedette_model::TrackId, String> = BTreeMap::new();
        let (camera, vehicle) = (sight.config().camera, sight.config().vehicle);
        for i in 0..(seconds as f64 * HZ) as u64 {
            let t = i as f64 / HZ;
            let state = flight.camera(&stage, &aim, t);
            let mut seen = shot(&mut r, &state, t);
            let pose = errors.pose(&flight, &stage, &aim, t);
            wind(&mut seen, &pose, &stage, class.px_per_m(), t)?;
            let tracks = look(&mut sight, &seen, t, &pose, &ground)?;
            for k in tracks.iter().filter(|k| k.seen) {
                let name = seen.whose(k).map_or("nothing", |b| b.actor.as_str());
                let kind = name.split(|c: char| c.is_ascii_digit()).next().unwrap_or_default();
                whose
                    .entry(k.id)
                    .and_modify(|w| {
                        if w == "nothing" {
                            kind.trim_end_matches('-').clone_into(w);
                        }
                    })
                    .or_insert_with(|| kind.trim_end_matches('-').to_owned());
            }
            for d in rules.judge(pose.captured, &tracks, camera, vehicle, &stage.border, &lawful) {
                let what = d.track.and_then(|t| whose.get(&t)).map_or("nobody", String::as_str);
                out.told
                    .push(format!("flight {f}, {t:.0} s, {}: {} (truly {what})", d.rule.0, d.why));
            }
        }
        for w in whose.into_values() {
            *out.tracks.entry(w).or_default() += 1;
        }
        out.flown_s += seconds as f64;
    }
    Ok(out)
}

/// Crowns that sway: patches of the picture, anchored on the ground, shift to and fro by up to
/// [`SWAY_M`], each with its own period and phase. (The renderer's trees stand still.)
fn wind(
    s: &mut Shot,
    pose: &vedette_model::SensorPose,
    stage: &Stage,
    px_per_m: f64,
    t_s: f64,
) -> Result<(), BenchError> {
    const CELL: usize = 8;
    const PATCH_M: f64 = 3.0;
    let (w, h) = s.size;
    let corner = |x: f64, y: f64| -> Result<(f64, f64), BenchError> {
        let at: LatLon = geolocate([x, y], w, h, pose, &stage.slope).map_err(|e| broken(&e))?.at;
        Ok(stage.plane(at))
    };
    let (right, low) = (w as f64, h as f64);
    let c = [
        corner(0.0, 0.0)?,
        corner(right, 0.0)?,
        corner(0.0, low)?,
        corner(right, low)?,
    ];
    let before = s.gray.clone();
    for by in 0..h / CELL {
        for bx in 0..w / CELL {
            let (u, v) = ((bx * CELL) as f64 / right, (by * CELL) as f64 / low);
            let mix = |k: fn(&(f64, f64)) -> f64| {
                (1.0 - v) * ((1.0 - u) * k(&c[0]) + u * k(&c[1])) + v * ((1.0 - u) * k(&c[2]) + u * k(&c[3]))
            };
            let (e, n) = (mix(|p| p.0), mix(|p| p.1));
            let patch = ((e / PATCH_M).floor() as i64, (n / PATCH_M).floor() as i64);
            let hash = (patch.0.wrapping_mul(0x9e37_79b9) ^ patch.1.wrapping_mul(0x85eb_ca6b)).rem_euclid(997);
            // Two patches of five are crowns.
            if hash % 5 > 1 {
                continue;
            }
            let phase = hash as f64 * 0.37;
            let hz = 0.4 + 0.6 * ((hash % 31) as f64 / 31.0);
            let gust = 0.5 + 0.5 * (0.21 * t_s + 0.01 * e).sin();
            let shift = SWAY_M * px_per_m * gust * (std::f64::consts::TAU * hz * t_s + phase).sin();
            let (dx, dy) = (shift * 0.9, shift * 0.2);
            for y in by * CELL..(by + 1) * CELL {
                for x in bx * CELL..(bx + 1) * CELL {
                    s.gray[y * w + x] = sample(&before, w, h, x as f64 + dx, y as f64 + dy);
                }
            }
        }
    }
    Ok(())
}

/// Bilinear, the border repeated.
fn sample(from: &[u8], w: usize, h: usize, x: f64, y: f64) -> u8 {
    let (x, y) = (x.clamp(0.0, (w - 1) as f64), y.clamp(0.0, (h - 1) as f64));
    let (ix, iy) = (x as usize, y as usize);
    let (fx, fy) = (x - ix as f64, y - iy as f64);
    let (jx, jy) = ((ix + 1).min(w - 1), (iy + 1).min(h - 1));
    let at = |x: usize, y: usize| f64::from(from[y * w + x]);
    let a = at(ix, iy) * (1.0 - fx) + at(jx, iy) * fx;
    let b = at(ix, jy) * (1.0 - fx) + at(jx, jy) * fx;
    (a * (1.0 - fy) + b * fy).round() as u8
}
