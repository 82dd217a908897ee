//! Public vehicle routing instances (TSPLIB form, PyVRP's collection) with their best known values.

#![allow(dead_code, reason = "bench and tests use different parts")]

use vedette_planner::{Tasks, TimedTasks, TimedVisit, Visit};

/// An instance of the CVRP set and its best known value, where `VEDETTE_DATA` has it.
pub(crate) fn instance(name: &str) -> Option<(Tasks, f64)> {
    let dir = std::path::PathBuf::from(std::env::var_os("VEDETTE_DATA")?).join("vrp/CVRP");
    let text = std::fs::read_to_string(dir.join(format!("{name}.vrp"))).ok()?;
    let solution = std::fs::read_to_string(dir.join(format!("{name}.sol"))).ok()?;
    let best = solution
        .lines()
        .find_map(|l| l.trim().strip_prefix("Cost")?.trim().parse().ok())?;
    let (mut capacity, mut places, mut demands, mut part) = (0.0, Vec::new(), Vec::new(), "");
    for line in text.lines() {
        let line = line.trim();
        if let Some((k, v)) = line.split_once(':') {
            if k.trim() == "CAPACITY" {
                capacity = v.trim().parse().ok()?;
            }
            continue;
        }
        let numbers: Vec<f64> = line.split_whitespace().filter_map(|w| w.parse().ok()).collect();
        match (numbers.len(), part) {
            (3, "NODE_COORD_SECTION") => places.push([numbers[1], numbers[2]]),
            (2, "DEMAND_SECTION") => demands.push(numbers[1]),
            (0, _) => {
                part = if line.starts_with("NODE") {
                    "NODE_COORD_SECTION"
                } else if line.starts_with("DEMAND") {
                    "DEMAND_SECTION"
                } else {
                    ""
                }
            }
            _ => {}
        }
    }
    let visits = places
        .iter()
        .zip(&demands)
        .skip(1)
        .map(|(at, demand)| Visit {
            at: *at,
            demand: *demand,
            prize: 1e7,
        })
        .collect();
    let tasks = Tasks {
        base: *places.first()?,
        end: None,
        visits,
        tours: None,
        capacity,
        range: f64::INFINITY,
        whole: true,
    };
    Some((tasks, best))
}

/// Names of the instances of several trips with time windows and release times (Yang 2023, 2024) whose best known value is there.
pub(crate) fn timed_names() -> Vec<String> {
    let Some(data) = std::env::var_os("VEDETTE_DATA") else {
        return Vec::new();
    };
    let dir = std::path::PathBuf::from(data).join("vrp/MTVRPTWR");
    let Ok(entries) = std::fs::read_dir(&dir) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .filter_map(|e| e.ok()?.file_name().to_str()?.strip_suffix(".sol").map(str::to_owned))
        .filter(|n| dir.join(format!("{n}.vrp")).is_file())
        .collect();
    names.sort();
    names
}

/// One of them and its best known value, in the instance's unit. Lengths and times are cut off after a tenth (DIMACS).
pub(crate) fn timed(name: &str) -> Option<(TimedTasks, f64)> {
    let dir = std::path::PathBuf::from(std::env::var_os("VEDETTE_DATA")?).join("vrp/MTVRPTWR");
    let text = std::fs::read_to_string(dir.join(format!("{name}.vrp"))).ok()?;
    let solution = std::fs::read_to_string(dir.join(format!("{name}.sol"))).ok()?;
    let best: f64 = solution
        .lines()
        .find_map(|l| l.trim().strip_prefix("Cost:")?.trim().parse().ok())?;
    let (mut capacity, mut aircraft, mut stay_s) = (0.0, 0, 0.0);
    let (mut places, mut demands, mut hours, mut ready) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut part = "";
    for line in text.lines() {
        let line = line.trim();
        if let Some((k, v)) = line.split_once(':') {
            let v = v.trim();
            match k.trim() {
                "CAPACITY" => capacity = v.parse().ok()?,
                "VEHICLES" => aircraft = v.parse().ok()?,
                "SERVICE_TIME" => stay_s = v.parse().ok()?,
                _ => {}
            }
            continue;
        }
        let n: Vec<f64> = line.split_whitespace().filter_map(|w| w.parse().ok()).collect();
        match (n.len(), part) {
            (3, "NODE_COORD_SECTION") => places.push([n[1], n[2]]),
            (2, "DEMAND_SECTION") => demands.push(n[1]),
            (3, "TIME_WINDOW_SECTION") => hours.push([n[1], n[2]]),
            (2, "RELEASE_TIME_SECTION") => ready.push(n[1]),
            (0, _) => part = line,
            _ => {}
        }
    }
    let all = places.len();
    if all < 2 || demands.len() != all || hours.len() != all || ready.len() != all {
        return None;
    }
    let visits = (1..all)
        .map(|k| TimedVisit {
            visit: Visit {
                at: places[k],
                demand: demands[k],
                prize: 1e5,
            },
            stay_s,
            open_s: hours[k][0],
            close_s: hours[k][1],
            ready_s: ready[k],
        })
        .collect();
    let tasks = TimedTasks {
        base: places[0],
        visits,
        aircraft,
        capacity,
        range: f64::INFINITY,
        speed: 1.0,
        swap_s: 0.0,
        open_s: hours[0][0],
        close_s: hours[0][1],
        tenths: true,
    };
    Some((tasks, best / 10.0))
}

/// The team orienteering instances of Chao's set 4 with two teams that are there: name and tasks; no best known value came with
/// them. What a visit is worth is its prize over [`WORTH`].
pub(crate) fn orienteering() -> Vec<(String, Tasks)> {
    let one = |k: usize| {
        let name = format!("p4.2.{}", (b'a' + k as u8) as char);
        let tasks = team(&name)?;
        Some((name, tasks))
    };
    (0..20_usize).filter_map(one).collect()
}

/// A team orienteering instance of Chao, Golden, Wasil (1996).
pub(crate) fn team(name: &str) -> Option<Tasks> {
    let data = std::env::var_os("VEDETTE_DATA")?;
    let set = name.get(1..2)?;
    let path = std::path::PathBuf::from(data).join(format!("orienteering/top/Set{set}/{name}.txt"));
    let text = std::fs::read_to_string(path).ok()?;
    let word = |key: &str| -> Option<f64> {
        let line = text.lines().find(|l| l.split_whitespace().next() == Some(key))?;
        line.split_whitespace().nth(1)?.parse().ok()
    };
    let places: Vec<[f64; 3]> = text
        .lines()
        .filter_map(|l| {
            let n: Vec<f64> = l.split_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
            n.try_into().ok()
        })
        .collect();
    let (first, last) = (places.first()?, places.last()?);
    let tasks = Tasks {
        base: [first[0], first[1]],
        end: Some([last[0], last[1]]),
        visits: places[1..places.len() - 1]
            .iter()
            .map(|p| Visit {
                at: [p[0], p[1]],
                demand: 0.0,
                prize: WORTH * p[2],
            })
            .collect(),
        tours: Some(word("m")? as usize),
        capacity: 1.0,
        range: word("tmax")?,
        whole: false,
    };
    Some(tasks)
}

/// Length a unit of profit is worth: a visit pays for a detour of some steps of the field.
pub(crate) const WORTH: f64 = 2.0;

/// Proven greatest profits of the fixed-wing team orienteering instances on Chao's set 2 with turns of radius 1 and 2, 4 and 6
/// headings (arXiv 1912.04353; table full_21.csv of its repository
/// sujeevraja/fixed-wing-drone-orienteering, MIT licence): those whose instance files came with the data.
const WING_21: [(&str, [f64; 3]); 18] = [
    ("p2.2.a", [50.0, 50.0, 60.0]),
    ("p2.2.e", [100.0, 115.0, 135.0]),
    ("p2.2.f", [115.0, 145.0, 180.0]),
    ("p2.2.g", [125.0, 165.0, 190.0]),
    ("p2.2.h", [140.0, 180.0, 200.0]),
    ("p2.2.i", [160.0, 200.0, 230.0]),
    ("p2.2.j", [160.0, 220.0, 230.0]),
    ("p2.3.b", [15.0, 25.0, 35.0]),
    ("p2.3.e", [50.0, 80.0, 105.0]),
    ("p2.3.f", [95.0, 105.0, 105.0]),
    ("p2.3.g", [95.0, 110.0, 120.0]),
    ("p2.3.h", [95.0, 115.0, 125.0]),
    ("p2.3.i", [110.0, 140.0, 155.0]),
    ("p2.3.j", [130.0, 155.0, 165.0]),
    ("p2.4.d", [0.0, 0.0, 10.0]),
    ("p2.4.g", [50.0, 70.0, 70.0]),
    ("p2.4.i", [70.0, 105.0, 105.0]),
    ("p2.4.j", [105.0, 105.0, 105.0]),
];

/// Fixed-wing team orienteering: name, tasks, headings, proven profit. Set 2 from [`WING_21`], set 6 from the table in the data,
/// where a run that ended before its hour proved its value.
pub(crate) fn wings() -> Vec<(String, Tasks, usize, f64)> {
    let mut out = Vec::new();
    for (name, proven) in WING_21 {
        let Some(tasks) = team(name) else { continue };
        for (headings, best) in [2, 4, 6].into_iter().zip(proven) {
            out.push((name.to_owned(), tasks.clone(), headings, best));
        }
    }
    let table = std::env::var_os("VEDETTE_DATA")
        .map(|d| std::path::PathBuf::from(d).join("orienteering/fixedwing_dtop_full_64.csv"))
        .and_then(|p| std::fs::read_to_string(p).ok())
        .unwrap_or_default();
    for line in table.lines().skip(1) {
        let f: Vec<&str> = line.split(',').collect();
        let Some(tasks) = f.first().and_then(|n| team(n)) else {
            continue;
        };
        for (k, headings) in [2, 4, 6].into_iter().enumerate() {
            let cell = |i: usize| f.get(i + 4 * k).and_then(|v| v.trim().parse::<f64>().ok());
            if cell(4).is_some_and(|s| s < 3600.0) {
                // A dash: no tour reaches any place.
                out.push((f[0].to_owned(), tasks.clone(), headings, cell(2).unwrap_or(0.0)));
            }
        }
    }
    out
}

/// Profit of what was visited.
pub(crate) fn profit(tasks: &Tasks, left_out: &[usize]) -> f64 {
    let left: f64 = left_out.iter().map(|v| tasks.visits[*v].prize).sum();
    (tasks.visits.iter().map(|v| v.prize).sum::<f64>() - left) / WORTH
}
