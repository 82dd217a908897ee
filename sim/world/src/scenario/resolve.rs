//! From the scenario as written to the scenario as it will happen.
//!
//! Invariant: every complaint names the file, the line, the value and what is allowed, and all
//! complaints come at once: a wrong value is noted and a harmless one stands in for it.

use std::cell::RefCell;
use std::collections::BTreeMap;

use vedette_atlas::{Border, World};
use vedette_geo::{Hae, LatLon, LocalFrame};
use vedette_model::Utc;

use super::file::{Place, ScenarioFile, StepFile, When};
use super::{Overrides, Scenario, cast, extras, fleet, watch};
use crate::SimError;
use crate::scene::{Clearing, Hamlet, SceneSpec, WarmStone, Way};

/// What every part of the reading needs: the text for its lines, the site, the mistakes so far.
pub(super) struct Ctx<'a> {
    text: &'a str,
    file: &'a str,
    pub(super) world: &'a World,
    times: BTreeMap<String, f64>,
    mistakes: RefCell<Vec<SimError>>,
}

impl Ctx<'_> {
    fn line(&self, at: usize) -> usize {
        self.text.as_bytes().iter().take(at).filter(|b| **b == b'\n').count() + 1
    }

    /// Notes a mistake.
    pub(super) fn wrong(&self, at: usize, what: String, allowed: impl Into<String>) {
        self.mistakes.borrow_mut().push(SimError::Value {
            file: self.file.to_owned(),
            line: self.line(at),
            what,
            allowed: allowed.into(),
        });
    }

    /// The value, or the lowest allowed one with a complaint.
    pub(super) fn range(&self, at: usize, what: &str, v: f64, lo: f64, hi: f64) -> f64 {
        if v.is_finite() && (lo..=hi).contains(&v) {
            return v;
        }
        self.wrong(at, format!("{what} is {v}"), format!("allowed is {lo} to {hi}"));
        lo
    }

    fn border(&self, at: usize, name: &str) -> Option<&Border> {
        let all = || std::iter::once(&self.world.border).chain(&self.world.context);
        let found = all().find(|b| b.name == name);
        if found.is_none() {
            let have: Vec<_> = all().map(|b| b.name.as_str()).collect();
            self.wrong(
                at,
                format!("border \"{name}\" is not in the site"),
                format!("the site {} has {}", self.world.name, have.join(", ")),
            );
        }
        found
    }

    /// Where that is; the middle of the border with a complaint when it is nowhere.
    pub(super) fn place(&self, at: usize, what: &str, p: &Place) -> LatLon {
        let instead = || self.world.border.at(self.world.border.length_m() * 0.5);
        match (p.lat, p.lon, &p.border, p.km) {
            (Some(lat), Some(lon), None, None) => LatLon::new(lat, lon).unwrap_or_else(|e| {
                self.wrong(at, format!("{what}: {e}"), "give WGS 84 degrees");
                instead()
            }),
            (None, None, Some(name), Some(km)) => {
                let Some(b) = self.border(at, name) else {
                    return instead();
                };
                let m = self.range(at, &format!("{what}: km"), km, 0.0, b.length_m().floor() / 1000.0) * 1000.0
                    + self.range(at, &format!("{what}: along_m"), p.along_m, -5e3, 5e3);
                let inside = self.range(at, &format!("{what}: inside_m"), p.inside_m, -2e4, 2e4);
                let az = b.azimuth_deg(m);
                let side = if b.home_left { -90.0 } else { 90.0 };
                vedette_geo::near::destination(b.at(m), vedette_geo::norm_deg_360(az + side), inside)
            }
            _ => {
                self.wrong(
                    at,
                    format!("{what} is not a place"),
                    "give { lat = .., lon = .. } or { border = \"NAME\", km = .., inside_m = .. }",
                );
                instead()
            }
        }
    }

    /// Seconds of the scenario.
    pub(super) fn when(&self, at: usize, what: &str, w: &When) -> f64 {
        let t = match w {
            When::Seconds(s) => *s,
            When::Name(n) => *self.times.get(n).unwrap_or_else(|| {
                self.wrong(
                    at,
                    format!("{what} names the time \"{n}\""),
                    format!(
                        "give seconds or one of [times]: {}",
                        self.times.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
                    ),
                );
                &0.0
            }),
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
        mistakes: RefCell::new(Vec::new()),
    };
    for name in over.times.keys() {
        if !raw.times.contains_key(name) {
            cx.wrong(
                0,
                format!("the time \"{name}\" is not in the scenario"),
                format!(
                    "its [times] are {}",
                    raw.times.keys().cloned().collect::<Vec<_>>().join(", ")
                ),
            );
        }
    }
    let epoch_at = raw.epoch.span().start;
    let epoch = parse_utc(raw.epoch.get_ref()).unwrap_or_else(|| {
        cx.wrong(
            epoch_at,
            format!("epoch is \"{}\"", raw.epoch.get_ref()),
            "give UTC as 2026-11-14T06:25:00Z",
        );
        Utc::from_civil(2026, 11, 14, 6, 25, 0)
    });
    let duration_s = cx.range(epoch_at, "duration_s", raw.duration_s, 1.0, 864_000.0);
    let seed = over.seed.unwrap_or(raw.seed);
    weather_ok(&cx, epoch_at, &raw);

    // Places first: the scene's map needs its middle.
    let mut all: Vec<LatLon> = Vec::new();
    let mut homes = Vec::new();
    for v in &raw.vehicle {
        let p = cx.place(v.system.span().start, "vehicle.home", &v.home);
        homes.push(p);
        all.push(p);
    }
    let mut starts = Vec::new();
    for a in &raw.actor {
        let at = a.name.span().start;
        let p = cx.place(at, "actor.at", &a.at);
        starts.push(p);
        all.push(p);
        for s in &a.step {
            if let StepFile::Go { to, .. } = s.get_ref() {
                all.push(cx.place(s.span().start, "actor.step.to", to));
            }
        }
    }
    let origin = match &raw.origin {
        Some(p) => cx.place(epoch_at, "origin", p),
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
    // A place that is nowhere is complained of already.
    if reach > 20_000.0 && cx.mistakes.borrow().is_empty() {
        cx.wrong(
            epoch_at,
            format!("the scenario reaches {:.0} km from its origin", reach / 1000.0),
            "keep everything within 20 km, or set `origin`",
        );
    }

    let (ways, named) = tracks(&cx, &raw, &frame);
    let clearings = raw
        .clearing
        .iter()
        .map(|c| {
            let (at, c) = (c.span().start, c.get_ref());
            let (x, y) = frame.plane(cx.place(at, "clearing.at", &c.at));
            let radius_m = cx.range(at, "clearing.radius_m", c.radius_m, 1.0, 2_000.0);
            Clearing { x, y, radius_m }
        })
        .collect();
    let stones = raw
        .warm_stone
        .iter()
        .map(|s| {
            let (at, s) = (s.span().start, s.get_ref());
            let (x, y) = frame.plane(cx.place(at, "warm_stone.at", &s.at));
            WarmStone {
                x,
                y,
                size_m: cx.range(at, "warm_stone.size_m", s.size_m, 0.1, 10.0),
                excess_c: cx.range(at, "warm_stone.excess_c", s.excess_c, -20.0, 40.0),
            }
        })
        .collect();
    let rivers = raw
        .river
        .iter()
        .map(|r| {
            let (at, r) = (r.span().start, r.get_ref());
            let points: Vec<_> = r
                .along
                .iter()
                .map(|p| frame.plane(cx.place(at, "river.along", p)))
                .collect();
            if points.len() < 2 {
                cx.wrong(
                    at,
                    format!("a river has {} points", points.len()),
                    "give at least two in `along`",
                );
            }
            Way {
                points: rounded(&points),
                width_m: cx.range(at, "river.width_m", r.width_m, 0.5, 60.0),
                ruts: false,
            }
        })
        .collect();
    let hamlets = raw
        .hamlet
        .iter()
        .map(|h| {
            let (at, h) = (h.span().start, h.get_ref());
            let (x, y) = frame.plane(cx.place(at, "hamlet.at", &h.at));
            Hamlet {
                x,
                y,
                radius_m: cx.range(at, "hamlet.radius_m", h.radius_m, 10.0, 600.0),
                houses: cx.range(at, "hamlet.houses", f64::from(h.houses), 1.0, 80.0) as u32,
            }
        })
        .collect();
    let actors = cast::actors(&cx, &raw, &frame, &starts, &named, seed);
    let vehicles = fleet::vehicles(&cx, &raw, &homes);
    let conditions = fleet::conditions(&cx, &raw);
    let crossings = cast::crossings(&actors, &frame, &world.border);
    let faults = extras::faults(&cx, &raw, &vehicles);
    let radio = extras::radio(&cx, &raw);
    let transponders = watch::transponders(&cx, &raw, &actors);
    let sensors = watch::sensors(&cx, &raw, &vehicles, &actors);
    extras::training(&cx, &raw, epoch_at);
    let scenario = Scenario {
        name: raw.name,
        epoch,
        seed,
        duration_s,
        weather: raw.weather,
        conditions,
        vehicles,
        crossings,
        faults,
        radio,
        sensors,
        transponders,
        training: raw.training,
        spec: SceneSpec {
            origin,
            half_m: (reach + 1_600.0).clamp(1_500.0, 6_000.0),
            seed,
            utc: epoch,
            weather: raw.weather,
            forest_share: cx.range(epoch_at, "cover.forest_share", raw.cover.forest_share, 0.0, 1.0),
            tree_line_m: cx.range(epoch_at, "cover.tree_line_m", raw.cover.tree_line_m, -100.0, 9_000.0),
            snow_line_m: cx.range(epoch_at, "cover.snow_line_m", raw.cover.snow_line_m, -100.0, 9_000.0),
            water_c: cx.range(epoch_at, "sea.water_c", raw.sea.water_c, -2.0, 35.0),
            waves_m: cx.range(epoch_at, "sea.waves_m", raw.sea.waves_m, 0.0, 6.0),
            light_every_s: light_every(&cx, epoch_at, raw.light_every_s),
            ways,
            clearings,
            stones,
            rivers,
            hamlets,
            actors,
        },
        border: world.border.clone(),
        frame,
        joined: 0,
    };
    SimError::all(cx.mistakes.into_inner())?;
    Ok(scenario)
}

fn light_every(cx: &Ctx<'_>, at: usize, v: f64) -> f64 {
    if v == 0.0 {
        return v;
    }
    cx.range(at, "light_every_s", v, 30.0, 3_600.0)
}

fn weather_ok(cx: &Ctx<'_>, at: usize, raw: &ScenarioFile) {
    let w = &raw.weather;
    cx.range(at, "weather.air_c", w.air_c, -40.0, 50.0);
    cx.range(at, "weather.cloud", w.cloud, 0.0, 1.0);
    cx.range(at, "weather.wind_from_deg", w.wind_from_deg, 0.0, 360.0);
    cx.range(at, "weather.wind_m_s", w.wind_m_s, 0.0, 40.0);
    cx.range(at, "weather.gust_m_s", w.gust_m_s, 0.0, 30.0);
    cx.range(at, "weather.extinction_lwir_km", w.extinction_lwir_km, 0.0, 20.0);
    cx.range(at, "weather.extinction_visible_km", w.extinction_visible_km, 0.0, 100.0);
}

fn middle(all: &[LatLon]) -> Option<LatLon> {
    let lat = |f: fn(f64, f64) -> f64| all.iter().map(|p| p.lat_deg).reduce(f);
    let lon = |f: fn(f64, f64) -> f64| all.iter().map(|p| p.lon_deg).reduce(f);
    Some(LatLon {
        lat_deg: f64::midpoint(lat(f64::min)?, lat(f64::max)?),
        lon_deg: f64::midpoint(lon(f64::min)?, lon(f64::max)?),
    })
}

/// Tracks by name, on the scene's map.
pub(super) type Named = BTreeMap<String, Vec<(f64, f64)>>;

fn tracks(cx: &Ctx<'_>, raw: &ScenarioFile, frame: &LocalFrame) -> (Vec<Way>, Named) {
    let mut ways = Vec::new();
    let mut named = BTreeMap::new();
    for t in &raw.track {
        let at = t.name.span().start;
        let mut points = Vec::new();
        for p in &t.along {
            points.push(frame.plane(cx.place(at, "track.along", p)));
        }
        if points.len() < 2 {
            cx.wrong(
                at,
                format!("track \"{}\" has {} points", t.name.get_ref(), points.len()),
                "give at least two in `along`",
            );
        }
        let points = rounded(&points);
        if named.insert(t.name.get_ref().clone(), points.clone()).is_some() {
            cx.wrong(
                at,
                format!("track \"{}\" is there twice", t.name.get_ref()),
                "give each track its own name",
            );
        }
        ways.push(Way {
            points,
            width_m: cx.range(at, "track.width_m", t.width_m, 0.3, 30.0),
            ruts: t.ruts,
        });
    }
    (ways, named)
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
