//! A file is looked at before anything of it is taken, and taken as one step of undo.

use std::path::PathBuf;
use std::sync::Arc;

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use vedette_geo::destination;
use vedette_model::plan::NoFly;
use vedette_panels::plan::{FileAsked, FileFound, FileLook};

use super::{asked, room, table, write};
use crate::room::{Room, names, press, says};

fn wanted(h: &Harness<Room>) -> Arc<FileAsked> {
    table(h).file.latest().expect("the file is asked for").1
}

fn answer(h: &mut Harness<Room>, result: Result<FileFound, String>) {
    let q = wanted(h);
    table(h).found.put(Arc::new(FileLook {
        number: q.number,
        path: q.path.clone(),
        result,
    }));
    h.run_steps(3);
}

/// Two zones off the section, as an authority's file has them.
fn file(h: &Harness<Room>) -> FileFound {
    let at = h.state().view.section[0];
    let zone = |name: &str, away| NoFly {
        name: name.into(),
        polygon: [0.0, 120.0, 240.0]
            .iter()
            .map(|b| destination(destination(at, 90.0, away), *b, 400.0))
            .collect(),
        centre: None,
        radius_m: 0.0,
        floor: None,
        ceiling: None,
        more: Default::default(),
    };
    FileFound {
        format: "ED-269".into(),
        system: "Longitude and latitude of WGS 84.".into(),
        facts: vec!["2 zones: 2 without aircraft.".into()],
        warnings: vec!["`HELIPAD` has its lower limit above its upper one.".into()],
        beyond: vec!["zoneAuthority".into()],
        zones: vec![zone("HELIPAD", 9000.0), zone("DAM", 12_000.0)],
        route: vec![],
    }
}

#[test]
fn a_file_is_previewed_then_taken_in_as_one_step() {
    let mut h = room();
    let before = asked(&h).brief.clone();
    press(&mut h, "Page Files");
    write(&mut h, "File", "/srv/zones/dam.json");
    press(&mut h, "Look into the file");
    assert_eq!(wanted(&h).path, PathBuf::from("/srv/zones/dam.json"));
    let f = file(&h);
    answer(&mut h, Ok(f.clone()));
    for what in [
        "ED-269",
        "WGS 84",
        "2 without aircraft",
        "lower limit above",
        "zoneAuthority",
    ] {
        assert!(says(&h, what), "{what}: {:?}", names(&h));
    }
    assert_eq!(asked(&h).brief, before, "a look changes nothing");
    press(&mut h, "Take zones into the brief");
    let n = before.no_fly.len();
    assert_eq!(asked(&h).brief.no_fly[n..], f.zones);
    press(&mut h, "Take zones into the brief");
    assert_eq!(asked(&h).brief.no_fly.len(), n + 2, "nothing is taken in twice");
    h.key_press_modifiers(Modifiers::CTRL, Key::Z);
    h.run_steps(3);
    assert_eq!(asked(&h).brief, before);
}

#[test]
fn a_file_that_cannot_be_read_says_why_and_an_old_answer_is_not_shown() {
    let mut h = room();
    press(&mut h, "Page Files");
    write(&mut h, "File", "grid.zip");
    press(&mut h, "Look into the file");
    answer(&mut h, Err("its coordinates are of `ETRS89 / UTM 33N`".into()));
    assert!(says(&h, "cannot be read: its coordinates are of `ETRS89 / UTM 33N`"));
    press(&mut h, "Look into the file");
    assert!(!says(&h, "cannot be read"), "the new question has no answer yet");
}
