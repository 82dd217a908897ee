//! From the scenario as written to the scenario as it will happen.
//!
//! Invariant: every complaint names the file, the line, the value and what is allowed.

use std::collections::BTreeMap;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use vedette_atlas::{Border, World};
use vedette_geo::{Hae, LatLon, LocalFrame};
use vedette_model::{CameraId, Spectrum, Utc};

use super::file::{Place, ScenarioFile, StepFile, When};
use super::{Crossing, Overrides, Scenario, SimAircraft, SimCamera};
use crate::SimError;
use crate::actors::{Actor, Step, Track};
use crate::scene::{Clearing, SceneSpec, WarmStone, Way};

struct Ctx<'a> {
    text: &'a str,
    file: &'a str,
    world: &'a World,
    times: BTreeMap<String, f64>,
}

impl Ctx<'_> {
    fn line(&self, at: usize) -> usize {
        self.text.as_bytes().iter().take(at).filter(|b| **b == b'\n').count() + 1
    }

    fn wrong(&self, at: usize, what: String, allowed: impl Into<String>) -> SimError {
        SimError::Value {
            file: self.file.to_owned(),
            line: self.line(at),
            what,
            allowed: allowed.into(),
        }
    }

    fn range(&self, at: usize, what: &str, v: f64, lo: f64, hi: f64) -> Result<f64, SimError> {
        if v.is_finite() && (lo..=hi).contains(&v) {
            Ok(v)
        } else {
            Err(self.wrong(at, format!("{what} is {v}"), format!("allowed is {lo} to {hi}")))
        }
    }

    fn border(&self, at: usize, name: &str) -> Result<&Border, SimError> {
        std::iter::once(&self.world.border)
            .chain(&self.world.context)
            .find(|b| b.name == name)
            .ok_or_else(|| {
                let have: Vec<_> = std::iter::once(&self.world.border)
                    .chain(&self.world.context)
                    .map(|b| b.name.as_str())
                    .collect();
                self.wrong(
                    at,
                    format!("border \"{name}\" is not in the site"),
                    format!("the site {} has {}", self.world.name, have.join(", ")),
                )
            })
    }

    fn place(&self, at: usize, what: &str, p: &Place) -> Result<LatLon, SimError> {
        match (p.lat, p.lon, &p.border, p.km) {
            (Some(lat), Some(lon), None, None) => {
                LatLon::new(lat, lon).map_err(|e| self.wrong(at, format!("{what}: {e}"), "give WGS 84 degrees"))
            }
            (None, None, Some(name), Some(km)) => {
                let b = self.border(at, name)?;
                let m = self.range(
                    at,
                    &format!("{what}: km"),
                    km,
                    0.0,
                    (b.length_m() / 1000.0 * 1000.0).floor() / 1000.0,
                )? * 1000.0
                    + self.range(at, &format!("{what}: along_m"), p.along_m, -5e3, 5e3)?;
                let inside = self.range(at, &format!("{what}: inside_m"), p.inside_m, -2e4, 2e4)?;
                let az = b.azimuth_deg(m);
                let side = if b.home_left { -90.0 } else { 90.0 };
                Ok(vedette_geo::destination(
                    b.at(m),
                    vedette_geo::norm_deg_360(az + side),
                    inside,
                ))
            }
            _ => Err(self.wrong(
                at,
                format!("{what} is not a place"),
                "give { lat = .., lon = .. } or { border = \"NAME\", km = .., inside_m = .. }",
            )),
        }
    }

    fn when(&self, at: usize, what: &str, w: &When) -> Result<f64, SimError> {
        let t = match w {
            When::Seconds(s) => *s,
            When::Name(n) => *self.times.get(n).ok_or_else(|| {
                self.wrong(
                    at,
                    format!("{what} names the time \"{n}\""),
                    format!(
                        "give seconds or one of [times]: {}",
                        self.times.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
                    ),
                )
            })?,
        };
        self.range(at, what, t, 0.0, 864_000.0)
    }
}

/// `2026-11-14T06:25:00Z`, to the second or with a fraction.
fn parse_utc(s: &str) -> Option<Utc> {
    let s = s.strip_suffix('Z')?;
    let (date, time) = s.split_once('T')?;
    let d: Vec<&str> = date.split('-').collect();
    let t: Vec<&str> = time.split(':').collect();
    let [y, mo, da] = d.as_slice() else {
        return None;
    };
    let [h, mi, se] = t.as_slice() else {
        return None;
    };
    let (y, mo, da): (i64, u32, u32) = (y.parse().ok()?, mo.parse().ok()?, da.parse().ok()?);
    let (h, mi, se): (u32, u32, f64) = (h.parse().ok()?, mi.parse().ok()?, se.parse().ok()?);
    let ok = (1970..=2200).contains(&y)
        && (1..=12).contains(&mo)
        && (1..=31).contains(&da)
        && h < 24
        && mi < 60
        && (0.0..60.0).contains(&se);
    ok.then(|| Utc::from_civil(y, mo, da, h, mi, 0).plus_us((se * 1e6).round() as i64))
}

pub(super) fn resolve(
    raw: ScenarioFile,
    text: &str,
    file: &str,
    world: &World,
    over: &Overrides,
) -> Result<Scenario, SimError> {
    let mut times = raw.times.clone();
    times.extend(over.times.iter().map(|(k, v)| (k.clone(), *v)));
    let cx = Ctx {
        text,
        file,
        world,
        times,
    };
    for name in over.times.keys() {
        if !raw.times.contains_key(name) {
            return Err(cx.wrong(
                0,
                format!("the time \"{name}\" is not in the scenario"),
                format!(
                    "its [times] are {}",
                    raw.times.keys().cloned().collect::<Vec<_>>().join(", ")
                ),
            ));
        }
    }
    let epoch_at = raw.epoch.span().start;
    let epoch = parse_utc(raw.epoch.get_ref()).ok_or_else(|| {
        cx.wrong(
            epoch_at,
            format!("epoch is \"{}\"", raw.epoch.get_ref()),
            "give UTC as 2026-11-14T06:25:00Z",
        )
    })?;
    let duration_s = cx.range(epoch_at, "duration_s", raw.duration_s, 1.0, 864_000.0)?;
    let seed = over.seed.unwrap_or(raw.seed);
    weather_ok(&cx, epoch_at, &raw)?;

    // Places first: the scene's map needs its middle.
    let mut all: Vec<LatLon> = Vec::new();
    let mut homes = Vec::new();
    for v in &raw.vehicle {
        let p = cx.place(v.system.span().start, "vehicle.home", &v.home)?;
        homes.push(p);
        all.push(p);
    }
    let mut starts = Vec::new();
    for a in &raw.actor {
        let at = a.name.span().start;
        let p = cx.place(at, "actor.at", &a.at)?;
        starts.push(p);
        all.push(p);
        for s in &a.step {
            if let StepFile::Go { to, .. } = s {
                all.push(cx.place(at, "actor.step.to", to)?);
            }
        }
    }
    let origin = match &raw.origin {
        Some(p) => cx.place(epoch_at, "origin", p)?,
        None => middle(&all).unwrap_or_else(|| world.border.at(world.border.length_m() * 0.5)),
    };
    let frame = LocalFrame::new(origin, Hae(0.0));
    let reach = all
        .iter()
        .map(|p| {
            let (x, y) = frame.plane(*p);
            x.abs().max(y.abs())
        })
        .fold(0.0, f64::max);
    if reach > 20_000.0 {
        return Err(cx.wrong(
            epoch_at,
            format!("the scenario reaches {:.0} km from its origin", reach / 1000.0),
            "keep everything within 20 km, or set `origin`",
        ));
    }

    let (ways, named) = tracks(&cx, &raw, &frame)?;
    let mut clearings = Vec::new();
    for c in &raw.clearing {
        let (x, y) = frame.plane(cx.place(epoch_at, "clearing.at", &c.at)?);
        let radius_m = cx.range(epoch_at, "clearing.radius_m", c.radius_m, 1.0, 2_000.0)?;
        clearings.push(Clearing { x, y, radius_m });
    }
    let mut stones = Vec::new();
    for s in &raw.warm_stone {
        let (x, y) = frame.plane(cx.place(epoch_at, "warm_stone.at", &s.at)?);
        stones.push(WarmStone {
            x,
            y,
            size_m: cx.range(epoch_at, "warm_stone.size_m", s.size_m, 0.1, 10.0)?,
            excess_c: cx.range(epoch_at, "warm_stone.excess_c", s.excess_c, -20.0, 40.0)?,
        });
    }
    let actors = actors(&cx, &raw, &frame, &starts, &named, seed)?;
    let vehicles = vehicles(&cx, &raw, &homes)?;
    let crossings = crossings(&actors, &frame, &world.border);
    Ok(Scenario {
        name: raw.name,
        epoch,
        seed,
        duration_s,
        weather: raw.weather,
        vehicles,
        crossings,
        spec: SceneSpec {
            origin,
            half_m: (reach + 1_600.0).clamp(1_500.0, 6_000.0),
            seed,
            utc: epoch,
            weather: raw.weather,
            forest_share: cx.range(epoch_at, "cover.forest_share", raw.cover.forest_share, 0.0, 1.0)?,
            tree_line_m: cx.range(epoch_at, "cover.tree_line_m", raw.cover.tree_line_m, -100.0, 9_000.0)?,
            ways,
            clearings,
            stones,
            actors,
        },
        border: world.border.clone(),
        frame,
    })
}

fn weather_ok(cx: &Ctx<'_>, at: usize, raw: &ScenarioFile) -> Result<(), SimError> {
    let w = &raw.weather;
    cx.range(at, "weather.air_c", w.air_c, -40.0, 50.0)?;
    cx.range(at, "weather.cloud", w.cloud, 0.0, 1.0)?;
    cx.range(at, "weather.wind_from_deg", w.wind_from_deg, 0.0, 360.0)?;
    cx.range(at, "weather.wind_m_s", w.wind_m_s, 0.0, 40.0)?;
    cx.range(at, "weather.gust_m_s", w.gust_m_s, 0.0, 30.0)?;
    cx.range(at, "weather.extinction_lwir_km", w.extinction_lwir_km, 0.0, 20.0)?;
    cx.range(at, "weather.extinction_visible_km", w.extinction_visible_km, 0.0, 100.0)?;
    Ok(())
}

fn middle(all: &[LatLon]) -> Option<LatLon> {
    let lat = |f: fn(f64, f64) -> f64| all.iter().map(|p| p.lat_deg).reduce(f);
    let lon = |f: fn(f64, f64) -> f64| all.iter().map(|p| p.lon_deg).reduce(f);
    Some(LatLon {
        lat_deg: f64::midpoint(lat(f64::min)?, lat(f64::max)?),
        lon_deg: f64::midpoint(lon(f64::min)?, lon(f64::max)?),
    })
}

type Named = BTreeMap<String, Vec<(f64, f64)>>;

fn tracks(cx: &Ctx<'_>, raw: &ScenarioFile, frame: &LocalFrame) -> Result<(Vec<Way>, Named), SimError> {
    let mut ways = Vec::new();
    let mut named = BTreeMap::new();
    for t in &raw.track {
        let at = t.name.span().start;
        let mut points = Vec::new();
        for p in &t.along {
            points.push(frame.plane(cx.place(at, "track.along", p)?));
        }
        if points.len() < 2 {
            return Err(cx.wrong(
                at,
                format!("track \"{}\" has {} points", t.name.get_ref(), points.len()),
                "give at least two in `along`",
            ));
        }
        let points = rounded(&points);
        named.insert(t.name.get_ref().clone(), points.clone());
        ways.push(Way {
            points,
            width_m: cx.range(at, "track.width_m", t.width_m, 0.3, 30.0)?,
            ruts: t.ruts,
        });
    }
    Ok((ways, named))
}

/// Corners cut twice (Chaikin 1974): nobody builds a road with kinks.
fn rounded(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut p = points.to_vec();
    for _ in 0..3 {
        let (Some(&first), Some(&last)) = (p.first(), p.last()) else {
            return p;
        };
        let mut q = vec![first];
        for w in p.windows(2) {
            let mix = |t: f64| (w[0].0 + (w[1].0 - w[0].0) * t, w[0].1 + (w[1].1 - w[0].1) * t);
            q.push(mix(0.25));
            q.push(mix(0.75));
        }
        q.push(last);
        p = q;
    }
    p
}

fn actors(
    cx: &Ctx<'_>,
    raw: &ScenarioFile,
    frame: &LocalFrame,
    starts: &[LatLon],
    named: &Named,
    seed: u64,
) -> Result<Vec<Actor>, SimError> {
    let mut out: Vec<Actor> = Vec::new();
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0xAC70_0000);
    for (a, start) in raw.actor.iter().zip(starts) {
        let at = a.name.span().start;
        let name = a.name.get_ref().clone();
        if out.iter().any(|o| o.name == name) {
            return Err(cx.wrong(
                at,
                format!("actor \"{name}\" is there twice"),
                "give each actor its own name",
            ));
        }
        let speed = |v: f64| cx.range(at, "step.speed_m_s", v, 0.05, 60.0);
        let radius = |v: f64| cx.range(at, "step.radius_m", v, 0.5, 2_000.0);
        let mut steps = Vec::new();
        for s in &a.step {
            steps.push(match s {
                StepFile::Stay { until_s } => Step::StayUntil(cx.when(at, "step.until_s", until_s)?),
                StepFile::Loiter {
                    until_s,
                    radius_m,
                    speed_m_s,
                    pause_s,
                } => Step::Loiter {
                    until_s: cx.when(at, "step.until_s", until_s)?,
                    radius_m: radius(*radius_m)?,
                    speed_m_s: speed(*speed_m_s)?,
                    pause_s: cx.range(at, "step.pause_s", *pause_s, 0.0, 3_600.0)?,
                },
                StepFile::Graze { until_s, radius_m } => Step::Loiter {
                    until_s: cx.when(at, "step.until_s", until_s)?,
                    radius_m: radius(*radius_m)?,
                    speed_m_s: 0.25,
                    pause_s: 25.0,
                },
                StepFile::Go { to, speed_m_s } => {
                    let (x, y) = frame.plane(cx.place(at, "step.to", to)?);
                    Step::Go {
                        x,
                        y,
                        speed_m_s: speed(*speed_m_s)?,
                    }
                }
                StepFile::Follow {
                    track,
                    speed_m_s,
                    until_s,
                } => Step::Shuttle {
                    along: named
                        .get(track)
                        .ok_or_else(|| {
                            cx.wrong(
                                at,
                                format!("step.track \"{track}\" is not there"),
                                format!(
                                    "the scenario's tracks are {}",
                                    named.keys().cloned().collect::<Vec<_>>().join(", ")
                                ),
                            )
                        })?
                        .clone(),
                    speed_m_s: speed(*speed_m_s)?,
                    until_s: cx.when(at, "step.until_s", until_s)?,
                },
            });
        }
        let own: u64 = rng.random();
        out.push(Actor {
            name,
            kind: a.kind,
            size: cx.range(at, "actor.size", a.size, 0.3, 3.0)?,
            track: Track::compile(frame.plane(*start), &steps, own),
            seed: own >> 8,
        });
    }
    Ok(out)
}

fn vehicles(cx: &Ctx<'_>, raw: &ScenarioFile, homes: &[LatLon]) -> Result<Vec<SimAircraft>, SimError> {
    let mut out: Vec<SimAircraft> = Vec::new();
    let mut ports: BTreeMap<u16, u8> = BTreeMap::new();
    for (v, home) in raw.vehicle.iter().zip(homes) {
        let at = v.system.span().start;
        let system = *v.system.get_ref();
        if !(1..=250).contains(&system) || out.iter().any(|o| o.system == system) {
            return Err(cx.wrong(
                at,
                format!("vehicle.system is {system}"),
                "allowed is 1 to 250, each once",
            ));
        }
        let home_amsl = cx.world.terrain.elevation(*home).ok_or_else(|| {
            cx.wrong(
                at,
                format!("vehicle.home {home} has no known ground height"),
                "put it inside the site's terrain",
            )
        })?;
        let mut cameras = Vec::new();
        for c in &v.camera {
            let n = match c.spectrum {
                Spectrum::Thermal => 1,
                Spectrum::Visible => 2,
            };
            let id = CameraId(u32::from(system) * 10 + n);
            if cameras.iter().any(|k: &SimCamera| k.id == id) {
                return Err(cx.wrong(
                    at,
                    format!("vehicle {system} has two cameras of one spectrum"),
                    "one thermal and one visible camera",
                ));
            }
            if let Some(other) = ports.insert(c.port, system) {
                return Err(cx.wrong(
                    at,
                    format!("port {} is used by vehicle {other} already", c.port),
                    "one UDP port per stream",
                ));
            }
            let even = c.width % 16 == 0 && c.height % 2 == 0;
            if !even || !(64..=1920).contains(&c.width) || !(64..=1080).contains(&c.height) {
                return Err(cx.wrong(
                    at,
                    format!("camera is {} x {} pixels", c.width, c.height),
                    "width 64 to 1920 in steps of 16, height 64 to 1080 in steps of 2",
                ));
            }
            cameras.push(SimCamera {
                id,
                spectrum: c.spectrum,
                hfov_deg: cx.range(at, "camera.hfov_deg", c.hfov_deg, 0.5, 120.0)?,
                width: c.width,
                height: c.height,
                fps: cx.range(at, "camera.fps", c.fps, 0.2, 60.0)?,
                port: c.port,
                bit_s: (cx.range(at, "camera.mbit_s", c.mbit_s, 0.1, 50.0)? * 1e6) as u32,
            });
        }
        out.push(SimAircraft {
            system,
            tail: v.tail.clone(),
            name: v.name.clone(),
            airframe: v.airframe,
            family: v.family,
            home: *home,
            home_amsl,
            heading_deg: cx.range(at, "vehicle.heading_deg", v.heading_deg, 0.0, 360.0)?,
            envelope: v.envelope,
            energy: v.energy,
            heading_bias_deg: cx.range(at, "vehicle.heading_bias_deg", v.heading_bias_deg, -30.0, 30.0)?,
            clock_offset_us: (cx.range(at, "vehicle.clock_offset_ms", v.clock_offset_ms, -10_000.0, 10_000.0)? * 1000.0)
                as i64,
            cameras,
        });
    }
    Ok(out)
}

/// Every change of side along every way, to a millisecond.
fn crossings(actors: &[Actor], frame: &LocalFrame, border: &Border) -> Vec<Crossing> {
    let side = |x: f64, y: f64| border.nearest(frame.from_plane(x, y)).signed_m;
    let mut out = Vec::new();
    for a in actors {
        for ((ta, xa, ya), (tb, xb, yb)) in a.track.pieces() {
            let length = (xb - xa).hypot(yb - ya);
            if length < 1e-6 {
                continue;
            }
            let at = |s: f64| (xa + (xb - xa) * s, ya + (yb - ya) * s);
            let n = (length / 2.0).ceil().max(1.0) as usize;
            let mut s0 = 0.0;
            let mut d0 = side(xa, ya);
            // Far from the line nothing can change sides on this piece.
            if d0.abs() > length + 1.0 {
                continue;
            }
            for k in 1..=n {
                let s1 = k as f64 / n as f64;
                let (x, y) = at(s1);
                let d1 = side(x, y);
                if (d0 > 0.0) != (d1 > 0.0) {
                    let (mut lo, mut hi) = (s0, s1);
                    for _ in 0..30 {
                        let m = 0.5 * (lo + hi);
                        let (mx, my) = at(m);
                        if (side(mx, my) > 0.0) == (d0 > 0.0) {
                            lo = m;
                        } else {
                            hi = m;
                        }
                    }
                    let (x, y) = at(hi);
                    let near = border.nearest(frame.from_plane(x, y));
                    out.push(Crossing {
                        actor: a.name.clone(),
                        t_s: ta + (tb - ta) * hi,
                        at: near.at,
                        km: near.chainage_m / 1000.0,
                        inwards: d1 > 0.0,
                    });
                }
                s0 = s1;
                d0 = d1;
            }
        }
    }
    out.sort_by(|p, q| p.t_s.total_cmp(&q.t_s).then(p.actor.cmp(&q.actor)));
    out
}
