//! Ground sensors: what they tell is there, in the form others read, no more often than they can,
//! and every word of it stands in the truth.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::library::{load, root, site};
use vedette_atlas::World;
use vedette_geo::{Amsl, LatLon, distance_m};
use vedette_sim::{
    AisClass, AisPosition, CueMessage, Rehearsal, Scenario, Seat, SensorKind, Trouble, TruthLine, ais_name,
};

/// All that is told and all that is true over so many seconds.
fn run(name: &str, seconds: u32) -> (Vec<CueMessage>, Vec<TruthLine>) {
    let (w, s) = load(name);
    go(w, s, seconds)
}

fn go(w: World, s: Scenario, seconds: u32) -> (Vec<CueMessage>, Vec<TruthLine>) {
    let mut r = Rehearsal::new(s, Arc::new(w), 1);
    let (mut cues, mut truth) = (Vec::new(), Vec::new());
    for t in 1..=seconds {
        r.step_to(f64::from(t));
        cues.extend(r.cues());
        truth.extend(r.truth());
    }
    (cues, truth)
}

/// When, of whom, how far off, and where.
type Told = (f64, Option<String>, Option<f64>, LatLon);

/// What each sensor told, and why.
fn told(truth: &[TruthLine]) -> BTreeMap<String, Vec<Told>> {
    let mut out: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for l in truth {
        if let TruthLine::Cue {
            sensor,
            t_s,
            actor,
            off_m,
            at,
            ..
        } = l
        {
            out.entry(sensor.clone())
                .or_default()
                .push((*t_s, actor.clone(), *off_m, *at));
        }
    }
    out
}

fn json(cues: &[CueMessage]) -> Vec<serde_json::Value> {
    cues.iter()
        .filter_map(|c| match c {
            CueMessage::Json(l) => Some(serde_json::from_str(l).expect("a line of JSON")),
            _ => None,
        })
        .collect()
}

#[test]
fn a_geophone_on_the_path_hears_the_walkers_when_they_pass_and_is_sometimes_wrong() {
    let (cues, truth) = run("footpath-crossing.toml", 600);
    let told = told(&truth);
    let (_, s) = load("footpath-crossing.toml");
    let place = |t: f64| {
        s.actor_lines(t)
            .into_iter()
            .find(|a| a.actor == "walker 1")
            .expect("plays")
            .at
    };
    let heard = &told["geophone old path"];
    let walkers: Vec<_> = heard
        .iter()
        .filter(|h| h.1.as_deref().is_some_and(|a| a.starts_with("walker")))
        .collect();
    assert!(walkers.len() > 8, "{}", walkers.len());
    for (t, _, _, at) in &walkers {
        let d = distance_m(place(*t), *at);
        assert!(d < 130.0, "heard {d:.0} m away at {t} s");
    }
    // Three an hour: some within ten minutes of two geophones, never a crowd.
    let wrong = told.values().flatten().filter(|h| h.1.is_none()).count();
    assert!(wrong <= 8, "{wrong} false alarms");
    let lines = json(&cues);
    let one = lines.iter().find(|l| l["kind"] == "seismic").expect("told");
    assert_eq!(one["class"], "footsteps");
    assert!(one["level"].as_f64().is_some_and(|l| l > 0.0 && l <= 1.0));
    assert_eq!(
        lines.len(),
        told.values().map(Vec::len).sum::<usize>(),
        "one truth for each line"
    );
}

#[test]
fn what_a_tower_camera_tells_is_as_far_off_as_its_error_says() {
    let (cues, truth) = run("boat-beaching.toml", 500);
    let told = told(&truth);
    let seen = &told["coast camera"];
    let off: Vec<f64> = seen.iter().filter_map(|s| s.2).collect();
    assert!(off.len() > 40, "{}", off.len());
    // The mean of a two-axis normal error is sigma times the root of pi/2.
    let mean = off.iter().sum::<f64>() / off.len() as f64;
    let law = 30.0 * (std::f64::consts::PI / 2.0).sqrt();
    assert!((mean / law - 1.0).abs() < 0.3, "{mean:.1} m, {law:.1} m expected");
    let who: std::collections::BTreeSet<_> = seen.iter().map(|s| s.1.clone()).collect();
    assert!(
        who.contains(&Some("open boat".to_owned())),
        "the dark boat is seen: {who:?}"
    );
    let lines: Vec<_> = json(&cues).into_iter().filter(|l| l["kind"] == "tower").collect();
    assert!(lines.iter().all(|l| l["range_m"].as_f64().is_some_and(|r| r < 3_200.0)));
}

/// Reads an AIVDM sentence by the standard's tables, bit by bit: another way than the sender's.
fn bits(sentences: &[String]) -> Vec<u8> {
    let mut out = Vec::new();
    for s in sentences {
        let s = s.trim_end();
        let (body, sum) = s[1..].split_once('*').expect("a checksum");
        let x = body.bytes().fold(0, |a, b| a ^ b);
        assert_eq!(format!("{x:02X}"), sum, "{s}");
        assert!(s.len() <= 80, "{} characters", s.len());
        let f: Vec<&str> = body.split(',').collect();
        assert_eq!(f[0], "AIVDM");
        for c in f[5].bytes() {
            let v = if c >= 96 { c - 56 } else { c - 48 };
            out.extend((0..6).rev().map(|k| v >> k & 1));
        }
        let fill: usize = f[6].parse().expect("fill bits");
        out.truncate(out.len() - fill);
    }
    out
}

fn number(b: &[u8], at: usize, width: usize) -> i64 {
    b[at..at + width].iter().fold(0_i64, |v, b| v << 1 | i64::from(*b))
}

fn signed(b: &[u8], at: usize, width: usize) -> i64 {
    let v = number(b, at, width);
    if b[at] == 1 { v - (1 << width) } else { v }
}

#[test]
fn ais_sentences_are_those_of_the_standard() {
    // A sentence recorded from the air, printed in the AIVDM/AIVDO protocol guide: a ship moored off
    // Seattle.
    let report = AisPosition {
        class: AisClass::A,
        mmsi: 477_553_000,
        at: LatLon::new(47.582_833_333, -122.345_832_5).expect("on the globe"),
        speed_m_s: 0.0,
        course_deg: 51.0,
        heading_deg: Some(181.0),
        status: 5,
        second: 15,
        radio: 149_208,
    };
    let s = report.to_aivdm();
    assert!(s.contains("177KQJ5000G?tO`K>RA1wUbN0TKH"), "{s}");

    let boat = AisPosition {
        class: AisClass::B,
        mmsi: 299_000_203,
        at: LatLon::new(39.301_25, -28.540_5).expect("on the globe"),
        speed_m_s: 5.0,
        course_deg: 93.4,
        heading_deg: None,
        status: 0,
        second: 59,
        radio: 0,
    };
    let b = bits(&[boat.to_aivdm()]);
    assert_eq!((b.len(), number(&b, 0, 6), number(&b, 8, 30)), (168, 18, 299_000_203));
    assert_eq!(number(&b, 46, 10), 97, "9.7 knots");
    assert!((signed(&b, 57, 28) as f64 / 600_000.0 + 28.540_5).abs() < 1e-5);
    assert!((signed(&b, 85, 27) as f64 / 600_000.0 - 39.301_25).abs() < 1e-5);
    assert_eq!(
        (number(&b, 112, 12), number(&b, 124, 9), number(&b, 133, 6)),
        (934, 511, 59)
    );

    let name = |b: &[u8], at: usize| -> String {
        (0..20)
            .map(|k| number(b, at + 6 * k, 6) as u8)
            .map(|c| char::from(if c < 32 { c + 64 } else { c }))
            .collect::<String>()
            .trim_end_matches('@')
            .to_owned()
    };
    let five = ais_name(AisClass::A, 299_000_017, "MV Serena", 30.0, 3);
    assert_eq!(five.len(), 2, "message 5 takes two sentences");
    let b = bits(&five);
    assert_eq!(
        (b.len(), number(&b, 0, 6), name(&b, 112).as_str()),
        (424, 5, "MV SERENA")
    );
    assert_eq!(number(&b, 240, 9) + number(&b, 249, 9), 30, "length over bow and stern");
    let b = bits(&ais_name(AisClass::B, 299_000_203, "NORTADA", 6.4, 0));
    assert_eq!((b.len(), number(&b, 0, 6), name(&b, 40).as_str()), (168, 24, "NORTADA"));
}

#[test]
fn a_ship_that_switches_off_its_ais_is_gone_from_the_receiver_and_not_from_the_camera() {
    let (cues, truth) = run("ship-to-boat.toml", 300);
    let told = told(&truth);
    let last = told["AIS receiver harbour"]
        .iter()
        .filter(|t| t.1.as_deref() == Some("coaster"))
        .map(|t| t.0)
        .fold(0.0, f64::max);
    assert!((135.0..150.0).contains(&last), "last heard at {last} s, off at 150 s");
    assert!(
        told["coast camera"]
            .iter()
            .any(|t| t.1.as_deref() == Some("coaster") && t.0 > 160.0),
        "still to be seen"
    );
    let sentences: Vec<String> = cues
        .iter()
        .filter_map(|c| match c {
            CueMessage::Nmea(s) => Some(s.clone()),
            _ => None,
        })
        .collect();
    assert!(sentences.len() >= 5);
    for s in &sentences {
        assert!(s.starts_with("!AIVDM,") && s.ends_with("\r\n"));
    }
    // Who never sends is never told: the runner carries none.
    assert!(
        told["AIS receiver harbour"]
            .iter()
            .all(|t| t.1.as_deref() == Some("coaster"))
    );
}

#[test]
fn a_drone_is_heard_aboard_and_on_the_ground_by_what_it_sends() {
    let (w, s) = load("drone-drop.toml");
    let mut r = Rehearsal::new(s, Arc::new(w), 1);
    let (mut aboard, mut ground, mut truth) = (Vec::new(), Vec::new(), Vec::new());
    for t in 1..=360 {
        r.heartbeat();
        r.step_to(f64::from(t));
        aboard.extend(r.telemetry().into_iter().filter(|(_, b)| b[6] == 236));
        ground.extend(r.cues());
        truth.extend(r.truth());
    }
    let told = told(&truth);
    assert!(told["Remote ID receiver hut"].len() > 30);
    for (_, who, off, _) in &told["Remote ID receiver hut"] {
        assert_eq!(who.as_deref(), Some("drone"));
        assert!(off.is_some_and(|o| o < 40.0), "{off:?}");
    }
    let id = |b: &[u8]| u32::from_le_bytes([b[7], b[8], b[9], 0]);
    let frames: Vec<&Vec<u8>> = ground
        .iter()
        .filter_map(|c| match c {
            CueMessage::Mavlink(b) => Some(b),
            _ => None,
        })
        .collect();
    for want in [0, 12_900, 12_901, 12_904, 12_905] {
        assert!(frames.iter().any(|b| id(b) == want), "message {want}");
    }
    assert!(frames.iter().all(|b| b[5] == 253 && b[6] == 236));
    let basic = frames.iter().find(|b| id(b) == 12_900).expect("told who");
    assert!(basic.windows(17).any(|w| w == b"1988F4A1000000042"));
    assert!(
        aboard.iter().all(|(system, b)| *system == 1 && b[5] == 1),
        "over CU-01's link"
    );
}

#[test]
fn an_intruder_is_heard_by_the_receiver_on_the_ground_too() {
    let (w, mut s) = load("crowded-air.toml");
    // Above any peak, whatever relief this machine has.
    let Seat::Fixed(hut, _) = s.sensors[0].seat else {
        panic!("the hut stands on the ground")
    };
    s.sensors[0].seat = Seat::Fixed(hut, Amsl(4_000.0));
    for f in &mut s.faults {
        if let Trouble::Intruder { metres, .. } = &mut f.trouble {
            *metres = 4_200.0;
        }
    }
    let (cues, truth) = go(w, s, 340);
    let told = told(&truth);
    assert!(
        told.get("ADS-B receiver hut").is_some_and(|t| t.len() > 10),
        "{:?}",
        told.keys()
    );
    let adsb = cues
        .iter()
        .filter(|c| matches!(c, CueMessage::Mavlink(b) if b[7..10] == [246, 0, 0]))
        .count();
    assert_eq!(adsb, told["ADS-B receiver hut"].len());
}

#[test]
fn a_seal_tells_its_opening_at_once_and_its_place_at_its_times() {
    let (cues, truth) = run("vehicle-convoy.toml", 700);
    let told = told(&truth);
    let times: Vec<f64> = told["seal 4711"].iter().map(|t| t.0).collect();
    assert!(times.len() > 15 && times.len() < 26, "{}", times.len());
    let states: Vec<(String, i64)> = json(&cues)
        .iter()
        .filter(|l| l["kind"] == "e-seal")
        .map(|l| {
            (
                l["state"].as_str().expect("a state").to_owned(),
                l["utc_us"].as_i64().expect("a time"),
            )
        })
        .collect();
    let open: Vec<_> = states.iter().filter(|s| s.0 == "opened").collect();
    assert!(!open.is_empty() && open.len() < states.len());
    assert!(
        told["geophone closed track"]
            .iter()
            .any(|t| t.1.as_deref().is_some_and(|a| a == "lorry" || a.starts_with("convoy"))),
        "engines shake the ground"
    );
}

#[test]
fn the_same_seed_gives_the_same_cues_and_another_gives_others() {
    let words = |seed: u64| {
        let (w, mut s) = load("footpath-crossing.toml");
        s.seed = seed;
        let mut r = Rehearsal::new(s, Arc::new(w), 1);
        r.step_to(420.0);
        r.cues()
    };
    let (a, b, c) = (words(5), words(5), words(6));
    assert!(!a.is_empty());
    assert_eq!(a, b);
    assert_ne!(a, c);
}

#[test]
fn a_sensor_in_the_wrong_place_or_with_anothers_values_is_refused_with_all_others() {
    let w = site("maps/data/andorra");
    let mut t = std::fs::read_to_string(root().join("sim/scenarios/footpath-crossing.toml")).expect("reads");
    t.push_str(
        r#"
[[sensor]]
name = "nowhere"
kind = "seismic"
vehicle = 1
[[sensor]]
name = "seal"
kind = "e-seal"
on = "nobody"
[[sensor]]
name = "ears"
kind = "adsb"
vehicle = 9
[[sensor]]
name = "eyes"
kind = "ais"
at = { lat = 42.45, lon = 1.52 }
view_deg = 30.0
detection = 1.5
[[actor]]
name = "sailor"
kind = "person"
at = { lat = 42.45, lon = 1.52 }
ais = { mmsi = 5 }
"#,
    );
    let said = Scenario::parse(&t, "bad.toml", &w)
        .expect_err("five mistakes")
        .to_string();
    for x in [
        "\"nowhere\" is a seismic and is nowhere",
        "\"seal\" is on \"nobody\"",
        "\"ears\" names aircraft 9",
        "\"eyes\" is a ais and has `view_deg`",
        "sensor.detection is 1.5",
        "\"sailor\" has `ais` and is a person",
    ] {
        assert!(said.contains(x), "{x} is not in:\n{said}");
    }
    let wrong = t.replacen("kind = \"e-seal\"", "kind = \"padlock\"", 1);
    let said = Scenario::parse(&wrong, "bad.toml", &w)
        .expect_err("no such kind")
        .to_string();
    assert!(said.contains("padlock") && said.contains("remote-id"), "{said}");
    // Every kind is in the library's description.
    let readme = std::fs::read_to_string(root().join("sim/scenarios/README.md")).expect("reads");
    for (name, _) in SensorKind::ALL {
        assert!(readme.contains(&format!("| `{name}` |")), "{name} is not in the README");
    }
}
