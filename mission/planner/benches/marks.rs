//! The planning workloads besides B2 and their targets, one line each: B1 offsets, B3 replanning, B4 cues, B5 area search, B6
//! chance, B7 profiles, B8 viewsheds, B9 tours, B10 files, B11 import. Targets stand in brackets behind what was measured. Ends
//! with an error when a target is missed. Times are by the clock and, behind it, of the processor; the less of the two counts.
//! `MARK=B8` runs one of them.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a bench tells what it measured, by the clock"
)]

mod clock;
mod more;
mod vrp;
mod workload;

use clock::{Clock, Took};
use vedette_atlas::{Border, Geometry, Plane, read_geojson};
use vedette_geo::{LatLon, destination};
use vedette_model::plan::{NoFly, WindBrief};
use vedette_planner::{Change, Cue, Wing, offset, plan, profile, replan, respond, tours, trips, wing_tours};

/// Seconds of processor time used so far by this one thread, to the microsecond where the system tells.
fn cpu_s() -> f64 {
    let told = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let ns = told.split_whitespace().next().and_then(|n| n.parse::<f64>().ok());
    ns.unwrap_or(0.0) / 1e9
}

struct Table(bool);

impl Table {
    fn line(&mut self, id: &str, what: &str, ok: bool) {
        println!("{} {id:4} {what}", if ok { "met   " } else { "MISSED" });
        self.0 &= ok;
    }
}

/// The longest line of a border of the data, or none without `VEDETTE_DATA`.
fn border(name: &str, cut_km: f64) -> Option<Border> {
    let data = std::env::var_os("VEDETTE_DATA")?;
    let bytes = std::fs::read(std::path::Path::new(&data).join(format!("borders/{name}.geojson"))).ok()?;
    let line = read_geojson(&bytes)
        .ok()?
        .into_iter()
        .filter_map(|f| match f.geometry {
            Geometry::Line(l) => Some(l),
            _ => None,
        })
        .max_by_key(Vec::len)?;
    let whole = Border::new(name, line, true).ok()?;
    whole.section(0.0, cut_km * 1000.0).ok()
}

/// The edge-by-edge rule: every edge moved sideways, neighbours joined where they meet.
fn edge_by_edge(b: &Border, d: f64) -> Vec<LatLon> {
    let plane = Plane::new(b.at(0.5 * b.length_m()));
    let p: Vec<(f64, f64)> = b.line.iter().map(|q| plane.to_xy(*q)).collect();
    let moved: Vec<((f64, f64), (f64, f64))> = p
        .windows(2)
        .map(|w| {
            let (dx, dy) = (w[1].0 - w[0].0, w[1].1 - w[0].1);
            let l = dx.hypot(dy).max(1e-9);
            let (nx, ny) = (-dy / l * d, dx / l * d);
            ((w[0].0 + nx, w[0].1 + ny), (w[1].0 + nx, w[1].1 + ny))
        })
        .collect();
    let mut out = vec![moved[0].0];
    for w in moved.windows(2) {
        let ((a, b), (c, e)) = (w[0], w[1]);
        let (r, s) = ((b.0 - a.0, b.1 - a.1), (e.0 - c.0, e.1 - c.1));
        let cross = r.0 * s.1 - r.1 * s.0;
        if cross.abs() < 1e-6 {
            out.push(b);
        } else {
            let t = ((c.0 - a.0) * s.1 - (c.1 - a.1) * s.0) / cross;
            out.push((a.0 + t * r.0, a.1 + t * r.1));
        }
    }
    out.push(moved[moved.len() - 1].1);
    out.into_iter().map(|q| plane.to_latlon(q.0, q.1)).collect()
}

/// Share of a line that lies nearer to the border than `d`, how often it crosses it, and the worst lack, metres.
fn inside(b: &Border, line: &[LatLon], d: f64) -> (f64, usize, f64) {
    let (mut n, mut near, mut crossings, mut lack) = (0_usize, 0_usize, 0, 0.0_f64);
    let mut before = 1.0_f64;
    for w in line.windows(2) {
        let steps = (vedette_geo::distance_m(w[0], w[1]) / 25.0).ceil().max(1.0) as usize;
        for k in 0..steps {
            let at = b.nearest(vedette_geo::interpolate(w[0], w[1], k as f64 / steps as f64));
            // Abreast of the ends there is nothing to be inside of.
            if at.chainage_m < 1.0 || at.chainage_m > b.length_m() - 1.0 {
                continue;
            }
            n += 1;
            near += usize::from(at.signed_m < 0.98 * d);
            lack = lack.max(d - at.signed_m);
            crossings += usize::from(before * at.signed_m < 0.0);
            before = at.signed_m;
        }
    }
    (near as f64 / n.max(1) as f64, crossings, lack)
}

fn b1(t: &mut Table) {
    let names = [
        ("FRA-ITA", 60.0),
        ("AND-ESP", 38.0),
        ("POL-BLR", 300.0),
        ("ROU-MDA", 200.0),
        ("USA-MEX", 300.0),
        ("FIN-RUS", 302.0),
        ("POL-UKR", 200.0),
        ("CHL-ARG", 200.0),
    ];
    let (mut worst, mut crossings, mut cases) = (0.0_f64, 0, 0);
    let borders: Vec<(&str, Border)> = names
        .into_iter()
        .filter_map(|(name, km)| Some((name, border(name, km)?)))
        .collect();
    let distances = [150.0, 500.0, 1000.0];
    let clock = Clock::start();
    let lines: Vec<Vec<Vec<LatLon>>> = borders
        .iter()
        .map(|(_, b)| distances.iter().map(|d| offset(b, *d)).collect())
        .collect();
    let took = clock.took();
    for ((name, b), lines) in borders.iter().zip(&lines) {
        for (d, line) in distances.into_iter().zip(lines) {
            let (_, c, lack) = inside(b, line, d);
            worst = worst.max(lack);
            crossings += c;
            cases += 1;
            if (d - 500.0).abs() < 1.0 {
                let (share, times, _) = inside(b, &edge_by_edge(b, d), d);
                println!(
                    "        {name} at 500 m: edge by edge {:.0} % inside, {times} crossings; proper 0 %, {c}",
                    100.0 * share
                );
            }
        }
    }
    if cases == 0 {
        println!("left out B1: VEDETTE_DATA is not set");
        return;
    }
    let what =
        format!("{cases} offsets in {took} (0.5 s), {crossings} crossings (0), at most {worst:.2} m inside (0.1 m)");
    t.line("B1", &what, took.alone_s() < 0.5 && crossings == 0 && worst < 0.1);
}

fn watch(t: &mut Table) {
    let line =
        workload::finland().unwrap_or_else(|| workload::winding(LatLon::new(60.5, 27.8).unwrap(), 12.0, 1060.0, 5));
    let w = workload::world(line, true, 3601);
    let brief = workload::brief(&w, (20.0, 1000.0), 40, 20, 24.0, 200);
    let p = match plan(&brief, &w, 7) {
        Ok(p) => p,
        Err(e) => return t.line("B3", &format!("no plan to change: {e}"), false),
    };
    let zone_at = destination(p.aircraft[5].legs[60].from, 0.0, 100.0);
    let zone = NoFly {
        name: "new".into(),
        polygon: vec![],
        centre: Some(zone_at),
        radius_m: 300.0,
        floor: None,
        ceiling: None,
        more: Default::default(),
    };
    let wind = WindBrief {
        speed_m_s: p.brief.wind.speed_m_s + 8.0,
        ..p.brief.wind
    };
    for (what, change) in [
        ("one aircraft lost", Change::LostAircraft(p.aircraft[0].vehicle)),
        ("one base lost", Change::LostBase(p.brief.bases[3].at)),
        ("new zone on a track", Change::NewZone(zone)),
        ("wind +8 m/s", Change::Wind(wind)),
    ] {
        let clock = Clock::start();
        match replan(&p, &w, &change, 0.0, 7) {
            Ok(r) => {
                let took = clock.took();
                let untouched = p.aircraft.iter().filter(|a| !r.touched.contains(&a.vehicle)).count();
                let kept = r.diff.same as f64 / untouched.max(1) as f64;
                let clear = vedette_checker::check(&r.plan, &w).is_clear();
                let what = format!(
                    "{what}: {took} (1 s), {} of {} flights touched, others {:.0} % unchanged, {}",
                    p.aircraft.len() - untouched,
                    p.aircraft.len(),
                    100.0 * kept.min(1.0),
                    if clear { "clear" } else { "REFUSED by the checker" }
                );
                t.line(
                    "B3",
                    &what,
                    took.alone_s() <= 1.0 && (untouched == 0 || kept >= 0.9) && clear,
                );
            }
            Err(e) => t.line("B3", &format!("{what}: {}, {e}", clock.took()), false),
        }
    }
    let mut times = Vec::new();
    for k in 0..200 {
        let m = 20_000.0 + 5_000.0 * f64::from(k) * 0.98;
        let cue = Cue {
            at: w.border.at(m),
            hold_s: 300.0,
            across_m: None,
        };
        let from = cpu_s();
        let best = respond(&p, &w, &cue, 7200.0 + 300.0 * f64::from(k));
        times.push(cpu_s() - from);
        assert!(best.len() == 40);
    }
    times.sort_by(f64::total_cmp);
    let what = format!(
        "cue answered in {:.1} ms (median), {:.1} ms (99 %; 50 ms)",
        1e3 * times[100],
        1e3 * times[197]
    );
    t.line("B4", &what, times[197] <= 0.05);
    let from = cpu_s();
    let (mut points, mut least, mut km) = (0, f64::INFINITY, 0.0);
    for f in 0..p.aircraft.len() {
        let side = profile(&p, f, &w, 30.0, 50_000.0);
        km += side.last().map_or(0.0, |s| s.along_m / 1000.0);
        points += side.len();
        least = side
            .iter()
            .filter(|s| !s.low)
            .filter_map(|s| s.clearance_m)
            .fold(least, f64::min);
        if km > 1000.0 {
            break;
        }
    }
    let s = cpu_s() - from;
    let what =
        format!("profile of {km:.0} km at 30 m in {s:.2} s (0.2 s), {points} points, least {least:.0} m over ground");
    t.line(
        "B7",
        &what,
        s <= 0.2 * km / 1000.0 + 0.01 && least >= p.brief.limits.min_agl_m - 0.5,
    );
}

fn b9(t: &mut Table) {
    for (name, rounds) in [("X-n502-k39", 600_000), ("X-n1001-k43", 1_500_000)] {
        let Some((tasks, best)) = vrp::instance(name) else {
            println!("left out B9: VEDETTE_DATA is not set");
            return;
        };
        let from = cpu_s();
        let found = tours(&tasks, rounds, 1);
        let (s, gap) = (cpu_s() - from, found.length / best - 1.0);
        let what = format!(
            "{name}: {:.0}, best known {best:.0}, gap {:.2} % in {s:.1} s",
            found.length,
            100.0 * gap
        );
        // The bar is for five hundred visits; a thousand are shown beside it.
        if name == "X-n502-k39" {
            t.line("B9", &format!("{what} (3 %, 30 s)"), gap <= 0.03 && s <= 30.0);
        } else {
            println!("        {what}");
        }
    }
    // Several trips, time windows, release times: a sixth of the instances with a best known value, spread over the list.
    let (mut sum, mut worst, mut count, mut all_took) = (0.0, 0.0_f64, 0, Took::default());
    for name in vrp::timed_names().into_iter().step_by(6) {
        let Some((tasks, best)) = vrp::timed(&name) else {
            continue;
        };
        let clock = Clock::start();
        let found = trips(&tasks, 1000 * tasks.visits.len(), 1);
        let took = clock.took();
        let gap = found.length / best - 1.0;
        println!(
            "        {name}: {:.1}, best known {best:.1}, gap {:.2} %, {} left out, {took}",
            found.length,
            100.0 * gap,
            found.left_out.len()
        );
        let gap = if found.left_out.is_empty() { gap } else { f64::INFINITY };
        (sum, worst, count) = (sum + gap, worst.max(gap), count + 1);
        all_took += took;
    }
    if count > 0 {
        let what = format!(
            "several trips with time windows and release times, {count} instances in {all_took}: mean gap {:.2} % (5 %), worst {:.2} %",
            100.0 * sum / f64::from(count),
            100.0 * worst
        );
        t.line("B9", &what, sum / f64::from(count) <= 0.05);
    }
    // Team orienteering: as much profit as two tours of limited length can bring. No best known values came with the set.
    let clock = Clock::start();
    let (mut least, mut count) = (f64::INFINITY, 0);
    for (name, tasks) in vrp::orienteering() {
        let found = tours(&tasks, 200_000, 1);
        let profit = vrp::profit(&tasks, &found.left_out);
        println!(
            "        {name}: profit {profit:.0} of {:.0} there is",
            vrp::profit(&tasks, &[])
        );
        least = least.min(profit);
        count += 1;
    }
    if count > 0 {
        let what = format!(
            "team orienteering, {count} instances of Chao's set 4 in {}; no best known values in hand",
            clock.took()
        );
        t.line("B9", &what, least > 0.0);
    }
    // The same for wings, against proven values.
    let clock = Clock::start();
    let (mut small, mut large) = ((0, 0), (0, 0));
    for (name, tasks, headings, best) in vrp::wings() {
        let wing = Wing { radius: 1.0, headings };
        let found = wing_tours(&tasks, wing, 4_000, 1);
        let profit = vrp::profit(&tasks, &found.left_out);
        let set = if name.starts_with("p2") { &mut small } else { &mut large };
        set.1 += 1;
        if profit < best - 1e-6 {
            println!("        {name} with {headings} headings: {profit:.0}, proven {best:.0}");
        } else {
            set.0 += 1;
        }
    }
    if small.1 > 0 {
        let what = format!(
            "fixed-wing team orienteering in {}: proven value in {} of {} cases of set 2 (all), {} of {} of set 6",
            clock.took(),
            small.0,
            small.1,
            large.0,
            large.1
        );
        t.line("B9", &what, small.0 == small.1);
    }
}

/// All of the border between Chile and Argentina, from the bytes of its file to the corridors on the map.
fn b11(t: &mut Table) {
    let Some(data) = std::env::var_os("VEDETTE_DATA") else {
        println!("left out B11: VEDETTE_DATA is not set");
        return;
    };
    let Ok(bytes) = std::fs::read(std::path::Path::new(&data).join("borders/CHL-ARG.geojson")) else {
        println!("left out B11: the data have no borders/CHL-ARG.geojson");
        return;
    };
    let clock = Clock::start();
    let (mut edges, mut pieces, mut corridor, mut lost) = (0, 0, 0, 0.0_f64);
    let mut longest = Took::default();
    for f in read_geojson(&bytes).unwrap() {
        let Geometry::Line(line) = f.geometry else { continue };
        let one = Clock::start();
        let b = Border::new("CHL-ARG", line, true).unwrap();
        let side = offset(&b, 500.0);
        if one.took().wall_s > longest.wall_s {
            longest = one.took();
        }
        edges += b.line.len() - 1;
        pieces += 1;
        corridor += side.len();
        if side.len() < 2 {
            lost += b.length_m();
        }
    }
    let took = clock.took();
    let what = format!(
        "{edges} edges in {pieces} pieces imported and offset in {took} (1 s), {corridor} corners of corridor; the longest piece {longest}; {:.1} km without a corridor",
        lost / 1000.0
    );
    t.line(
        "B11",
        &what,
        took.alone_s() <= 1.0 && edges > 25_000 && corridor > edges,
    );
}

fn main() {
    // `cargo test` builds and runs benches too: only a bench run takes the time.
    if !std::env::args().any(|a| a == "--bench") {
        return;
    }
    let only = std::env::var("MARK").unwrap_or_default();
    let mut t = Table(true);
    type Part = fn(&mut Table);
    let parts: [(&str, Part); 8] = [
        ("B1", b1),
        ("B3", watch),
        ("B5", more::b5),
        ("B6", more::b6),
        ("B8", more::b8),
        ("B9", b9),
        ("B10", more::b10),
        ("B11", b11),
    ];
    for (id, part) in parts {
        if only.is_empty() || only == id {
            part(&mut t);
        }
    }
    if !t.0 {
        std::process::exit(1);
    }
}
