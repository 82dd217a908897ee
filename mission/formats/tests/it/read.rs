//! Files of other programs, sound and damaged.

use proptest::prelude::*;
use vedette_formats::{read_qgc_plan, read_waypoints, read_zones};
use vedette_model::AltFrame;

#[test]
fn mission_planner_text_with_terrain_frame() {
    let text = "QGC WPL 110\r\n0\t0\t0\t16\t0.0\t0.0\t0.0\t0.0\t-35.363262\t149.165237\t584.090027\t1\r\n\
                1\t0\t3\t22\t15.0\t0.0\t0.0\t0.0\t0.0\t0.0\t80.0\t1\r\n2\t0\t10\t16\t0\t0\t0\t0\t-35.361821\t149.112238\t100\t1\r\n";
    let (home, items) = read_waypoints(text).unwrap();
    assert_eq!(home.unwrap().1.0, 584.090027);
    assert_eq!((items[0].at, items[0].frame), (None, AltFrame::AboveHome));
    assert_eq!(items[1].frame, AltFrame::Terrain);
}

#[test]
fn damage_is_named_with_its_line() {
    let home = "QGC WPL 110\n0\t1\t0\t16\t0\t0\t0\t0\t1\t1\t1\t1\n";
    for (line, says) in [
        ("1\t0\t3\t16\t0\t0\t0\t0\t91\t1\t1\t1", "line 3"),
        ("1\t0\t3\t16\t0\t0\t0\t0\t1\t1\t1", "11 fields"),
        ("1\t0\t3\tx\t0\t0\t0\t0\t1\t1\t1\t1", "field 4"),
        ("1\t0\t77\t16\t0\t0\t0\t0\t1\t1\t1\t1", "frame 77"),
        ("1\t0\t3\t70000\t0\t0\t0\t0\t1\t1\t1\t1", "70000"),
        ("1\t0\t3\t16\t0\t0\t0\t0\t1\t1\tinf\t1", "altitude"),
    ] {
        let e = read_waypoints(&format!("{home}{line}\n")).unwrap_err().to_string();
        assert!(e.contains(says), "{e}");
    }
    assert!(read_waypoints("QGC WPL 120\n").is_err());
    assert!(read_waypoints("").is_err());
}

#[test]
fn complex_items_are_opened_and_noted() {
    let text = r#"{"fileType":"Plan","version":1,"mission":{"version":2,"firmwareType":12,"vehicleType":2,"items":[
        {"type":"SimpleItem","command":22,"frame":3,"doJumpId":1,"autoContinue":true,"params":[15,0,0,null,47.1,8.1,50]},
        {"type":"ComplexItem","complexItemType":"survey","TransectStyleComplexItem":{"Items":[
            {"type":"SimpleItem","command":16,"frame":3,"doJumpId":2,"autoContinue":true,"params":[0,0,0,null,47.2,8.2,50]}]}},
        {"type":"SimpleItem","command":177,"frame":2,"doJumpId":9,"autoContinue":true,"params":[2,3,0,0,0,0,0]}]}}"#;
    let m = read_qgc_plan(text).unwrap();
    assert_eq!(m.items.len(), 3);
    assert!(m.notes[0].contains("survey"));
    // PX4 counts from 0: the second item is number 1.
    assert_eq!(m.items[2].params[0], Some(1.0));
    let e = read_qgc_plan(&text.replace("[2,3,0,0,0,0,0]", "[77,3,0,0,0,0,0]")).unwrap_err();
    assert!(e.to_string().contains("jumps to no item"), "{e}");
    let e = read_qgc_plan(&text.replace("47.2", "470.2")).unwrap_err();
    assert!(e.to_string().contains("item 2"), "{e}");
}

#[test]
fn zones_of_other_programs() {
    let multi = r#"{"type":"Feature","properties":{"name":"two"},"geometry":{"type":"MultiPolygon","coordinates":[
        [[[1,42],[1.1,42],[1.1,42.1],[1,42]]],[[[2,42],[2.1,42],[2.1,42.1]]]]}}"#;
    let zones = read_zones(multi).unwrap();
    assert_eq!(
        (zones.len(), zones[0].polygon.len(), zones[0].name.as_str()),
        (2, 3, "two")
    );
    let holed = r#"{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4],[0,0]],[[1,1],[2,1],[2,2],[1,1]]]}"#;
    assert!(read_zones(holed).unwrap_err().to_string().contains("2 rings"));
    assert!(read_zones(r#"{"type":"Topology"}"#).is_err());
}

#[test]
fn samples_of_other_programs_are_read() {
    let Ok(data) = std::env::var("VEDETTE_DATA") else {
        eprintln!("LEFT OUT: VEDETTE_DATA is not set, sample missions of QGroundControl and ArduPilot were not read");
        return;
    };
    let root = std::path::Path::new(&data).join("missions");
    let mut read = 0;
    for folder in ["qgc", "ardupilot"] {
        let Ok(entries) = std::fs::read_dir(root.join(folder)) else {
            continue;
        };
        for path in entries.map(|e| e.unwrap().path()) {
            let text = std::fs::read_to_string(&path).unwrap();
            if path.extension().is_some_and(|e| e == "plan") {
                assert!(!read_qgc_plan(&text).unwrap().items.is_empty(), "{}", path.display());
                read += 1;
            } else if text.starts_with("QGC WPL") {
                assert!(!read_waypoints(&text).unwrap().1.is_empty(), "{}", path.display());
                read += 1;
            }
        }
    }
    assert!(read >= 5, "only {read} samples under {}", root.display());
}

#[test]
fn keys_this_program_does_not_know_are_written_back() {
    let text = r#"{"fileType":"Plan","version":1,"groundStation":"Other","author":{"unit":"north"},"mission":{"version":2,"firmwareType":3,
        "vehicleType":2,"cruiseSpeed":15,"hoverSpeed":5,"weather":"calm","items":[
        {"type":"SimpleItem","command":22,"frame":3,"doJumpId":1,"autoContinue":false,"params":[15,0,0,null,47.1,8.1,50],"colour":"red"},
        {"type":"SimpleItem","command":16,"frame":3,"doJumpId":2,"autoContinue":true,"params":[0,0,0,null,47.2,8.2,50]}]},
        "geoFence":{"version":2,"polygons":[],"circles":[],"breachReturn":[47,8,50]}}"#;
    let m = read_qgc_plan(text).unwrap();
    let again: serde_json::Value = serde_json::from_str(&vedette_formats::write_qgc_plan(&m)).unwrap();
    assert_eq!(again["author"]["unit"], "north");
    assert_eq!(
        (&again["mission"]["weather"], &again["mission"]["items"][0]["colour"]),
        (&"calm".into(), &"red".into())
    );
    assert_eq!(again["geoFence"]["breachReturn"][2], 50);
    assert_eq!(again["mission"]["items"][1].get("colour"), None);
    // What is known is ours: an item that was changed is written as it is now.
    let mut changed = m.clone();
    changed.items[0].alt_m = 77.0;
    let again: serde_json::Value = serde_json::from_str(&vedette_formats::write_qgc_plan(&changed)).unwrap();
    assert_eq!(
        (
            &again["mission"]["items"][0]["params"][6],
            &again["mission"]["items"][0]["Altitude"]
        ),
        (&77.0.into(), &77.0.into())
    );
    let same = read_qgc_plan(&again.to_string()).unwrap();
    assert_eq!(
        (same.items, same.home, same.fence),
        (changed.items, changed.home, changed.fence)
    );
}

/// Sound files altered by a seeded generator; `VEDETTE_MUTATIONS=N` makes N of each (2,000 otherwise). With `VEDETTE_SEEDS=DIR` the
/// sound ones are written for the fuzz targets in `fuzz/`.
#[test]
fn no_reader_panics_on_damaged_files() {
    let plan = crate::sample::plan(vedette_model::Family::ArduPilot);
    let vehicle = vedette_model::VehicleId(1);
    let qgc = vedette_formats::qgc_plan(&plan, vehicle).unwrap();
    let wpl = vedette_formats::waypoints(&plan, vehicle).unwrap();
    let zones = r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"a","centre":[1,42],"radius_m":9,"floor_amsl_m":1},"geometry":{"type":"MultiPolygon","coordinates":[[[[1,42],[1.1,42],[1.1,42.1],[1,42]]]]}}]}"#.to_owned();
    let rounds = std::env::var("VEDETTE_MUTATIONS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(2000_u32);
    type Read = fn(&str) -> bool;
    let all: [(&str, Read, &str); 3] = [
        (
            "plan",
            |t| read_qgc_plan(t).is_ok_and(|m| read_qgc_plan(&vedette_formats::write_qgc_plan(&m)).is_ok()),
            &qgc,
        ),
        ("waypoints", |t| read_waypoints(t).is_ok(), &wpl),
        (
            "nofly",
            |t| read_zones(t).is_ok_and(|z| read_zones(&vedette_formats::zones_geojson(&z)).is_ok()),
            &zones,
        ),
    ];
    for (name, read, sound) in all {
        assert!(read(sound), "{name}");
        if let Some(dir) = std::env::var_os("VEDETTE_SEEDS") {
            let dir = std::path::Path::new(&dir).join(name);
            std::fs::create_dir_all(&dir).unwrap();
            std::fs::write(dir.join("sound"), sound).unwrap();
        }
        let mut state = 0x5eed_u64;
        let mut roll = |below: usize| {
            // xorshift64*, Vigna 2016.
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            (state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % below.max(1)
        };
        for _ in 0..rounds {
            let mut b = sound.as_bytes().to_vec();
            for _ in 0..=roll(3) {
                if b.is_empty() {
                    break;
                }
                let i = roll(b.len());
                let words = [
                    "1e999",
                    "-9223372036854775808",
                    "null",
                    "[[[[",
                    "{}",
                    "NaN",
                    "\t",
                    "\"",
                    "65536",
                    "0",
                ];
                match roll(4) {
                    0 => b[i] = 32 + roll(95) as u8,
                    1 => b.truncate(i.max(1)),
                    2 => {
                        let word = words[roll(words.len())];
                        let to = (i + roll(12)).min(b.len());
                        b.splice(i..to, word.bytes());
                    }
                    _ => {
                        let piece = b[i..(i + roll(60)).min(b.len())].to_vec();
                        let at = roll(b.len());
                        b.splice(at..at, piece);
                    }
                }
            }
            std::hint::black_box(read(&String::from_utf8_lossy(&b)));
        }
    }
}

proptest! {
    #[test]
    fn readers_never_panic(text in "\\PC{0,200}", noise in prop::collection::vec(any::<u8>(), 0..300)) {
        let noise = String::from_utf8_lossy(&noise).into_owned();
        for t in [text.clone(), noise, format!("QGC WPL 110\n{text}")] {
            prop_assert!(read_waypoints(&t).is_ok() || read_waypoints(&t).is_err());
            prop_assert!(read_qgc_plan(&t).is_ok() || read_qgc_plan(&t).is_err());
            prop_assert!(read_zones(&t).is_ok() || read_zones(&t).is_err());
        }
    }

    #[test]
    fn cut_or_altered_plans_never_panic(at in any::<prop::sample::Index>(), byte in 32u8..127) {
        let text = vedette_formats::qgc_plan(&crate::sample::plan(vedette_model::Family::Px4), vedette_model::VehicleId(1)).unwrap();
        let mut bytes = text.trim_end().as_bytes().to_vec();
        let i = at.index(bytes.len());
        bytes[i] = byte;
        let altered = String::from_utf8_lossy(&bytes).into_owned();
        prop_assert!(read_qgc_plan(&altered).is_ok() || read_qgc_plan(&altered).is_err());
        bytes.truncate(i);
        prop_assert!(read_qgc_plan(&String::from_utf8_lossy(&bytes)).is_err());
    }
}
