//! Ground sensors: one bout is one alert that says what the sensor cannot tell; what needs nobody's
//! eyes is shown and raises none.

use super::*;
use vedette_geo::LatLon;
use vedette_model::{Cue, CueClass, CueKind};

/// So far along the line, so far inside it, metres.
fn place(along: f64, inside: f64) -> LatLon {
    destination(destination(origin(), 90.0, along), 0.0, inside)
}

fn cue(r: &Rig, sensor: &str, kind: CueKind, class: CueClass, at: LatLon) -> Input {
    Input::Cue(Cue {
        sensor: sensor.into(),
        kind,
        utc: Utc(1_700_000_000_000_000 + r.t - 1_000_000),
        at,
        error_m: 40.0,
        class,
        speed_m_s: None,
        course_deg: None,
        opened: None,
    })
}

#[test]
fn a_geophone_that_keeps_hearing_steps_is_one_alert_until_it_was_silent() {
    let mut r = Rig::new();
    let here = place(2000.0, 60.0);
    for _ in 0..40 {
        let c = cue(&r, "geophone", CueKind::Seismic, CueClass::Footsteps, here);
        r.put(c);
    }
    let v = r.station.view();
    assert_eq!((v.alerts.len(), v.cues["geophone"].count), (1, 40));
    let a = v.alerts.values().next().unwrap();
    assert_eq!(
        (a.priority, a.rule.0.as_str(), a.vehicle),
        (Priority::P2, "ground-sensor", None)
    );
    assert_eq!(a.title, "Steps heard by geophone");
    assert!(
        a.why.contains("no person from an animal") && a.why.contains("60 m inside"),
        "{}",
        a.why
    );
    assert_eq!(a.at, Some(here));
    assert!((a.chainage_m.unwrap() + v.section_from_m - 2000.0).abs() < 5.0);
    // Two minutes of silence later somebody else walks there.
    r.t += 121_000_000;
    let c = cue(&r, "geophone", CueKind::Seismic, CueClass::Footsteps, here);
    r.put(c);
    assert_eq!(r.station.view().alerts.len(), 2);
    // The record gives the same view again.
    let again = Replay::new(setup(), r.log.clone()).expect("a usable site");
    assert_eq!(digest(again.view()), digest(r.station.view()));
}

#[test]
fn animals_ships_and_closed_seals_are_shown_and_wake_nobody() {
    let mut r = Rig::new();
    for (name, kind, class) in [
        ("tower", CueKind::Tower, CueClass::Animal),
        ("AIS 224000001", CueKind::Ais, CueClass::Boat),
        ("seal 7", CueKind::ESeal, CueClass::Unknown),
    ] {
        let c = cue(&r, name, kind, class, place(500.0, -300.0));
        r.put(c);
    }
    assert_eq!((r.station.view().alerts.len(), r.station.view().cues.len()), (0, 3));
    let Input::Cue(mut c) = cue(&r, "seal 7", CueKind::ESeal, CueClass::Unknown, place(500.0, -300.0)) else {
        unreachable!()
    };
    c.opened = Some(true);
    for _ in 0..3 {
        r.put(Input::Cue(c.clone()));
    }
    let titles: Vec<&str> = r.station.view().alerts.values().map(|a| a.title.as_str()).collect();
    assert_eq!(titles, ["Seal opened: seal 7"]);
    // A ship that is silent for ten minutes is gone, a fixed sensor stays.
    r.t += 601_000_000;
    let c = cue(&r, "tower", CueKind::Tower, CueClass::Animal, place(500.0, -300.0));
    r.put(c);
    let left: Vec<&str> = r.station.view().cues.keys().map(String::as_str).collect();
    assert_eq!(left, ["seal 7", "tower"]);
}

#[test]
fn a_tower_that_sees_two_people_far_apart_tells_of_both_and_a_flood_of_names_is_bounded() {
    let mut r = Rig::new();
    for i in 0..60 {
        // Both walk on, told of in turn, and cattle between them.
        for x in [1000.0, 1500.0] {
            let c = cue(
                &r,
                "tower",
                CueKind::Tower,
                CueClass::Person,
                place(x, -100.0 + 10.0 * f64::from(i)),
            );
            r.put(c);
            let c = cue(&r, "tower", CueKind::Tower, CueClass::Unknown, place(3000.0, 90.0));
            r.put(c);
        }
    }
    assert_eq!(r.station.view().alerts.len(), 2);
    for i in 0..600 {
        let c = cue(
            &r,
            &format!("x{i}"),
            CueKind::Other,
            CueClass::Animal,
            place(100.0, 0.0),
        );
        r.put(c);
    }
    assert_eq!(r.station.view().cues.len(), 256);
    for i in 0..600 {
        let c = cue(
            &r,
            &format!("y{i}"),
            CueKind::Other,
            CueClass::Person,
            place(100.0, 0.0),
        );
        r.put(c);
    }
    assert!(r.station.view().alerts.len() <= 12, "a flood is ten a minute at most");
}

/// Water south of the line's middle.
fn by_the_sea() -> Setup {
    let mut s = setup();
    s.site.waters = vec![vec![vec![
        place(500.0, -20.0),
        place(3500.0, -20.0),
        place(3500.0, -5000.0),
        place(500.0, -5000.0),
    ]]];
    s
}

#[test]
fn something_on_the_water_is_told_unless_a_ship_says_it_is_there() {
    let mut r = Rig::with(by_the_sea());
    let tower = |r: &Rig, at| cue(r, "tower", CueKind::Tower, CueClass::Unknown, at);
    // On land nobody asks what it may be; on the water somebody should look.
    let c = tower(&r, place(2000.0, 60.0));
    r.put(c);
    assert!(r.station.view().alerts.is_empty());
    let c = tower(&r, place(2000.0, -900.0));
    r.put(c);
    let a = r.station.view().alerts.values().next().cloned().expect("told");
    assert_eq!(a.title, "Something on the water seen by tower");
    // A fishing boat that reports itself is no riddle, as long as its report is fresh.
    let mut ship = Rig::with(by_the_sea());
    let c = cue(
        &ship,
        "AIS 224000001",
        CueKind::Ais,
        CueClass::Boat,
        place(2050.0, -900.0),
    );
    ship.put(c);
    let c = tower(&ship, place(2000.0, -900.0));
    ship.put(c);
    assert!(ship.station.view().alerts.is_empty());
    let c = tower(&ship, place(3000.0, -900.0));
    ship.put(c);
    assert_eq!(
        ship.station.view().alerts.len(),
        1,
        "a kilometre away it explains nothing"
    );
    ship.t += 400_000_000;
    let c = tower(&ship, place(2000.0, -900.0));
    ship.put(c);
    assert_eq!(ship.station.view().alerts.len(), 2, "an old report explains nothing");
}

#[test]
fn on_the_water_a_boat_is_looked_for_and_on_land_what_the_brief_says() {
    let r = Rig::with(by_the_sea());
    let v = r.station.view();
    assert_eq!(v.across_m(place(2000.0, -900.0)), Some(1.6));
    assert_eq!(v.across_m(place(2000.0, 60.0)), None);
    assert!(v.site.is_shore() && !setup().site.is_shore());
}
