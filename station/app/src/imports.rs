//! Looks into files of others for the planning desk: zones of every format of the atlas, missions of
//! QGroundControl and Mission Planner.
//!
//! Invariant: a look reads and changes nothing; a mission is judged by the checker against the
//! brief on the table, and never becomes a plan.

use std::collections::BTreeSet;
use std::path::Path;

use vedette_atlas::{Shape, World, ZoneImport, ZoneKind};
use vedette_checker::Foreign;
use vedette_formats::{Fence, FormatError};
use vedette_model::plan::{Brief, NoFly};
use vedette_panels::feeds::ViewSlot;
use vedette_panels::plan::{FileAsked, FileFound, FileLook};

/// Findings of the checker told of a mission; the rest is counted.
const TOLD: usize = 4;
/// Names told of what a file says beyond the brief.
const NAMES: usize = 12;

/// What a file holds, held against the brief on the table.
pub(crate) fn look(q: &FileAsked, table: &ViewSlot, world: &World) -> FileLook {
    let brief = table.latest().map(|(_, v)| v.brief.clone());
    FileLook {
        number: q.number,
        path: q.path.clone(),
        result: found(&q.path, brief.as_deref(), world),
    }
}

fn found(path: &Path, brief: Option<&Brief>, world: &World) -> Result<FileFound, String> {
    let kind = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    match kind.to_ascii_lowercase().as_str() {
        "plan" => {
            let m = vedette_formats::read_qgc_plan(&text(path)?).map_err(|e| wrong(path, &e))?;
            let beyond = m.kept.as_object().into_iter().flatten().map(|(k, _)| k.clone());
            let beyond = beyond
                .filter(|k| {
                    ![
                        "fileType",
                        "geoFence",
                        "groundStation",
                        "mission",
                        "rallyPoints",
                        "version",
                    ]
                    .contains(&k.as_str())
                })
                .collect();
            let inside = m.fence.iter().find_map(|f| match f {
                Fence::Polygon {
                    inclusion: true,
                    corners,
                } => Some(corners.clone()),
                _ => None,
            });
            let foreign = Foreign {
                home: m.home,
                items: m.items,
                fence: inside.unwrap_or_default(),
                rally: m.rally,
            };
            let mut f = mission("QGroundControl .plan", &foreign, brief, world);
            f.zones = exclusions(&m.fence);
            f.warnings.extend(m.notes);
            f.beyond = beyond;
            Ok(f)
        }
        "waypoints" | "txt" if text(path)?.trim_start_matches('\u{feff}').starts_with("QGC WPL") => {
            let (home, items) = vedette_formats::read_waypoints(&text(path)?).map_err(|e| wrong(path, &e))?;
            let foreign = Foreign {
                home,
                items,
                fence: Vec::new(),
                rally: Vec::new(),
            };
            Ok(mission("QGC WPL 110", &foreign, brief, world))
        }
        _ => {
            let (_, _, import) = vedette_atlas::load::zones(path).map_err(|e| chain(&e))?;
            Ok(zones(&import, world))
        }
    }
}

/// An error with its causes, in one sentence.
fn chain(e: &dyn std::error::Error) -> String {
    let mut out = e.to_string();
    let mut at = e.source();
    while let Some(s) = at {
        out.push_str(": ");
        out.push_str(&s.to_string());
        at = s.source();
    }
    out
}

fn wrong(path: &Path, e: &FormatError) -> String {
    format!("{} is damaged: {}", path.display(), chain(e))
}

fn text(path: &Path) -> Result<String, String> {
    let cannot = |e: std::io::Error| format!("cannot read {}: {e}", path.display());
    let most = u64::try_from(vedette_formats::LARGEST_FILE).unwrap_or(u64::MAX);
    let n = std::fs::metadata(path).map_err(cannot)?.len();
    if n > most {
        return Err(format!(
            "{} has {} MiB; at most {} are read",
            path.display(),
            n >> 20,
            most >> 20
        ));
    }
    std::fs::read_to_string(path).map_err(cannot)
}

/// The fences of a mission that keep an aircraft out, as zones.
fn exclusions(fence: &[Fence]) -> Vec<NoFly> {
    let zone = |n: usize, polygon, centre, radius_m| NoFly {
        name: format!("Fence {}", n + 1),
        polygon,
        centre,
        radius_m,
        floor: None,
        ceiling: None,
        more: Default::default(),
    };
    let out = fence.iter().enumerate().filter_map(|(n, f)| match f {
        Fence::Polygon {
            inclusion: false,
            corners,
        } => Some(zone(n, corners.clone(), None, 0.0)),
        Fence::Circle {
            inclusion: false,
            centre,
            radius_m,
        } => Some(zone(n, Vec::new(), Some(*centre), *radius_m)),
        _ => None,
    });
    out.collect()
}

fn mission(format: &str, m: &Foreign, brief: Option<&Brief>, world: &World) -> FileFound {
    let mut route: Vec<_> = m.home.iter().map(|h| h.0).collect();
    route.extend(m.items.iter().filter_map(|i| i.at));
    let mut f = FileFound {
        format: format.to_owned(),
        system: "Longitude and latitude of WGS 84, as MAVLink has them.".to_owned(),
        facts: vec![format!("{} items, {} rally points.", m.items.len(), m.rally.len())],
        route,
        ..FileFound::default()
    };
    let Some(brief) = brief else { return f };
    match vedette_checker::check_mission(m, brief, world) {
        Ok(v) if v.is_clear() => f
            .facts
            .push("The checker finds nothing against it under this brief.".to_owned()),
        Ok(v) => {
            f.facts.push(format!(
                "The checker refuses it under this brief: {} findings.",
                v.findings.len()
            ));
            f.warnings.extend(v.findings.iter().take(TOLD).map(|x| x.what.clone()));
        }
        Err(why) => f.warnings.push(format!("It cannot be checked: {why}.")),
    }
    f
}

fn zones(import: &ZoneImport, world: &World) -> FileFound {
    let p = import.preview();
    let mut facts = vec![format!(
        "{} zone{}: {} without aircraft, {} without recording, {} advice only; {} corners.",
        p.zones,
        if p.zones == 1 { "" } else { "s" },
        p.no_fly,
        p.privacy,
        p.advisory,
        p.corners
    )];
    if p.at_times > 0 {
        facts.push(format!("{} hold at times only; they are respected always.", p.at_times));
    }
    if let Some(b) = p.bounds {
        facts.push(format!(
            "From {:.3}, {:.3} to {:.3}, {:.3}.",
            b.south_deg, b.west_deg, b.north_deg, b.east_deg
        ));
    }
    if p.zones > p.no_fly {
        facts
            .push("Only those without aircraft go into a brief; `vedette atlas import` gives the site all.".to_owned());
    }
    let names: BTreeSet<&String> = import.zones.iter().flat_map(|z| z.properties.keys()).collect();
    let no_fly = import.zones.iter().filter(|z| z.kind == ZoneKind::NoFly);
    let taken = no_fly.map(|z| {
        let more = z.properties.clone();
        let z = z.zone(Some(&world.terrain), &world.geoid);
        let (polygon, centre, radius_m) = match z.shape {
            Shape::Polygon(c) => (c, None, 0.0),
            Shape::Disc { centre, radius_m } => (Vec::new(), Some(centre), radius_m),
        };
        NoFly {
            name: z.name,
            polygon,
            centre,
            radius_m,
            floor: z.floor,
            ceiling: z.ceiling,
            more,
        }
    });
    FileFound {
        format: p.format.clone(),
        system: "Longitude and latitude of WGS 84; a file in another system is refused.".to_owned(),
        facts,
        warnings: p.warnings.clone(),
        beyond: names.into_iter().take(NAMES).cloned().collect(),
        zones: taken.collect(),
        route: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn world() -> World {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        vedette_atlas::load::site(&root.join("maps/data/andorra"), None, 7).unwrap()
    }

    fn brief() -> Brief {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../mission/data/andorra-south.toml");
        vedette_planner::read_brief(&std::fs::read_to_string(file).unwrap()).unwrap()
    }

    fn file(name: &str, text: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("vedette-imports-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let path = dir.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn zones_of_a_file_keep_what_the_brief_makes_nothing_of() {
        let ring = "[[1.50,42.44],[1.51,42.44],[1.51,42.45],[1.50,42.44]]";
        let text = format!(
            r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{{"name":"DAM","owner":"FEDA"}},
            "geometry":{{"type":"Polygon","coordinates":[{ring}]}}}}]}}"#
        );
        let w = world();
        let f = found(&file("dam.geojson", &text), None, &w).unwrap();
        assert_eq!(
            (f.zones.len(), f.zones[0].name.as_str(), f.zones[0].polygon.len()),
            (1, "DAM", 3)
        );
        assert!(f.beyond.iter().any(|k| k == "owner"), "{f:?}");
        assert_eq!(f.zones[0].more["owner"], "FEDA", "{f:?}");
        assert!(f.facts[0].starts_with("1 zone: 1 without aircraft"), "{f:?}");
        let wrong = text.replacen(
            '{',
            r#"{"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::25831"}},"#,
            1,
        );
        let why = found(&file("utm.geojson", &wrong), None, &w).unwrap_err();
        assert!(why.contains("25831"), "{why}");
        assert!(
            found(Path::new("nowhere/none.kml"), None, &w)
                .unwrap_err()
                .contains("none.kml")
        );
    }

    #[test]
    fn a_mission_of_others_is_drawn_and_judged_under_the_brief() {
        let text = "QGC WPL 110\n0\t1\t0\t16\t0\t0\t0\t0\t42.44\t1.50\t1000\t1\n\
                    1\t0\t3\t22\t0\t0\t0\t0\t42.44\t1.50\t60\t1\n2\t0\t3\t16\t0\t0\t0\t0\t42.20\t1.50\t60\t1\n";
        let f = found(&file("out.waypoints", text), Some(&brief()), &world()).unwrap();
        assert_eq!((f.format.as_str(), f.route.len()), ("QGC WPL 110", 3));
        assert!(f.facts.iter().any(|t| t.contains("refuses")), "{f:?}");
        assert!(!f.warnings.is_empty());
        let why = found(&file("cut.waypoints", "QGC WPL 110\n1 0 3\n"), None, &world()).unwrap_err();
        assert!(why.contains("line 2"), "{why}");
    }
}
