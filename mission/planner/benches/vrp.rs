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
        visits,
        tours: None,
        capacity,
        range: f64::INFINITY,
        whole: true,
    };
    Some((tasks, best))
}
