//! `QGC WPL 110` text, the `.waypoints` files of Mission Planner and APM Planner: tab-separated
//! `seq current frame command p1 p2 p3 p4 latitude longitude altitude autocontinue`, line 0 is home.
//! Fences and rally points are files of the same form with commands 5001 to 5004 and 5100.

use crate::mission::{frame_number, frame_of, part, place};
use crate::{FormatError, LARGEST_FILE, MOST_ITEMS};
use std::fmt::Write as _;
use vedette_geo::{Amsl, LatLon};
use vedette_model::plan::PatrolPlan;
use vedette_model::{Family, MissionItem, MissionKind, VehicleId};

const HEADER: &str = "QGC WPL 110";

/// One aircraft's mission as a `.waypoints` file.
///
/// # Errors
/// [`FormatError::NoSuchAircraft`].
pub fn waypoints(plan: &PatrolPlan, vehicle: VehicleId) -> Result<String, FormatError> {
    waypoints_of(plan, vehicle, MissionKind::Mission)
}

/// One aircraft's mission, fence or rally points as a `.waypoints` file.
///
/// # Errors
/// [`FormatError::NoSuchAircraft`].
pub fn waypoints_of(plan: &PatrolPlan, vehicle: VehicleId, kind: MissionKind) -> Result<String, FormatError> {
    let (part, craft) = part(plan, vehicle)?;
    let items = match kind {
        MissionKind::Mission => &part.items,
        MissionKind::Fence => &part.fence_items,
        MissionKind::Rally => &part.rally_items,
    };
    Ok(write_waypoints((part.home, part.home_amsl), items, craft.family))
}

/// Items as a `.waypoints` file. Parameters without a value are `nan` for PX4, otherwise 0, as on the wire.
#[must_use]
pub fn write_waypoints(home: (LatLon, Amsl), items: &[MissionItem], family: Family) -> String {
    let mut out = format!("{HEADER}\n");
    let nothing = if family == Family::Px4 { f64::NAN } else { 0.0 };
    let mut line = |seq: usize, frame: u8, command: u16, params: [f64; 4], at: Option<LatLon>, alt_m: f64| {
        let (lat, lon) = at.map_or((0.0, 0.0), |p| (p.lat_deg, p.lon_deg));
        let current = u8::from(seq == 0);
        let params = params.map(number).join("\t");
        // Writing to a String cannot fail.
        let written = writeln!(
            out,
            "{seq}\t{current}\t{frame}\t{command}\t{params}\t{lat:.7}\t{lon:.7}\t{}\t1",
            number(alt_m)
        );
        debug_assert!(written.is_ok());
    };
    line(0, 0, 16, [0.0; 4], Some(home.0), home.1.0);
    for (i, item) in items.iter().enumerate() {
        let params = item.params.map(|p| p.unwrap_or(nothing));
        line(
            i + 1,
            frame_number(item.frame),
            item.command,
            params,
            item.at,
            item.alt_m,
        );
    }
    out
}

/// Shortest text that reads back the same.
fn number(v: f64) -> String {
    if v.is_nan() { "nan".into() } else { format!("{v}") }
}

/// What a `.waypoints` file holds: home, where line 0 gives one, and the items.
pub type Waypoints = (Option<(LatLon, Amsl)>, Vec<MissionItem>);

/// Reads a `.waypoints` file. `nan` parameters have no value; zero positions are no place.
///
/// # Errors
/// [`FormatError`] naming the line.
pub fn read_waypoints(text: &str) -> Result<Waypoints, FormatError> {
    let not = |why: String| FormatError::NotThisKind {
        kind: "QGC WPL 110",
        why,
    };
    if text.len() > LARGEST_FILE {
        return Err(not(format!("it is larger than {LARGEST_FILE} bytes")));
    }
    let mut lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    let first = lines.next().map_or("", |l| l.1).trim();
    if first.split_whitespace().take(4).collect::<Vec<_>>() != ["QGC", "WPL", "110"] {
        return Err(not("the first line is not \"QGC WPL 110\"".into()));
    }
    let (mut home, mut items) = (None, Vec::new());
    for (i, line) in lines {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let bad = |what: String| FormatError::bad(format!("line {}", i + 1), what);
        if items.len() >= MOST_ITEMS {
            return Err(bad(format!("more than {MOST_ITEMS} items are not read")));
        }
        let fields: Vec<&str> = line.split_whitespace().take(13).collect();
        if fields.len() != 12 {
            let n = line.split_whitespace().count();
            return Err(bad(format!("has {n} fields instead of 12")));
        }
        let whole = |k: usize| {
            fields[k]
                .parse::<u64>()
                .map_err(|_| bad(format!("field {} is not a whole number: {}", k + 1, fields[k])))
        };
        let real = |k: usize| {
            fields[k]
                .parse::<f64>()
                .map_err(|_| bad(format!("field {} is not a number: {}", k + 1, fields[k])))
        };
        let seq = whole(0)?;
        let frame = frame_of(whole(2)?).ok_or_else(|| bad(format!("frame {} is not known", fields[2])))?;
        let command = u16::try_from(whole(3)?).map_err(|_| bad(format!("command {} does not exist", fields[3])))?;
        let at = place(real(8)?, real(9)?).map_err(&bad)?;
        let alt_m = real(10)?;
        if !alt_m.is_finite() {
            return Err(bad(format!("the altitude is not a number: {}", fields[10])));
        }
        if seq == 0 && items.is_empty() {
            home = at.map(|p| (p, Amsl(alt_m)));
            continue;
        }
        let value = |k: usize| -> Result<Option<f64>, FormatError> { Ok(Some(real(k)?).filter(|v| v.is_finite())) };
        items.push(MissionItem {
            command,
            frame,
            params: [value(4)?, value(5)?, value(6)?, value(7)?],
            at,
            alt_m,
        });
    }
    Ok((home, items))
}
