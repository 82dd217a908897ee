//! Public vehicle routing instances (TSPLIB form, PyVRP's collection) with their best known values.

#![allow(dead_code, reason = "bench and tests use different parts")]

use vedette_planner::{Tasks, Visit};

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

/// Best known profits of Chao's set 4 with two teams, a to t (Dang, Guibadj, Moukrim, EJOR 229, 2013).
const CHAO_4_2: [u32; 20] = [
    206, 341, 452, 531, 618, 687, 757, 835, 918, 965, 1022, 1074, 1132, 1174, 1218, 1242, 1268, 1292, 1304, 1306,
];

/// The team orienteering instances of Chao's set 4 with two teams that are there: name, tasks, best known profit. What a visit
/// is worth is its prize over [`WORTH`].
pub(crate) fn orienteering() -> Vec<(String, Tasks, f64)> {
    let Some(data) = std::env::var_os("VEDETTE_DATA") else {
        return Vec::new();
    };
    let dir = std::path::PathBuf::from(data).join("orienteering/top/Set4");
    let one = |k: usize| {
        let name = format!("p4.2.{}", (b'a' + k as u8) as char);
        let text = std::fs::read_to_string(dir.join(format!("{name}.txt"))).ok()?;
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
        Some((name, tasks, f64::from(CHAO_4_2[k])))
    };
    (0..CHAO_4_2.len()).filter_map(one).collect()
}

/// Length a unit of profit is worth: a visit pays for a detour of some steps of the field.
pub(crate) const WORTH: f64 = 2.0;
