//! What a killed, cut or altered record tells its reader.

use std::path::{Path, PathBuf};

use vedette_core::{CameraSpec, Entry, Input, OperatorSpec, Setup, SiteLines, digest};
use vedette_journal::{AccessLog, Catalogue, Journal, SessionRow, excerpt, read};
use vedette_model::{Authority, CameraId, FlightMode, Mono, OperatorId, Report, SessionId, Spectrum, Utc, VehicleId};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn folder(name: &str) -> PathBuf {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    if dir.exists() {
        std::fs::remove_dir_all(&dir).expect("old test folder goes");
    }
    dir
}

fn setup() -> Setup {
    let world = vedette_atlas::load::site(&root().join("maps/data/andorra"), None, 7).expect("the shipped site");
    let brief = std::fs::read_to_string(root().join("mission/data/andorra-south.toml")).expect("the shipped brief");
    Setup {
        session: SessionId("s".into()),
        station: "CU-GCS-1".into(),
        software: "test".into(),
        operators: vec![OperatorSpec {
            id: OperatorId("pilot".into()),
            name: "Pilot".into(),
            authority: Authority::Pilot,
        }],
        brief: toml::from_str(&brief).expect("a whole brief"),
        site: SiteLines::of(&world),
        cameras: vec![CameraSpec {
            camera: CameraId(11),
            vehicle: VehicleId(1),
            spectrum: Spectrum::Thermal,
        }],
        policy: vedette_sight::Policy::default(),
        seed: 7,
        system: None,
        baselines: std::collections::BTreeMap::new(),
        plan_rule: vedette_model::PlanRule::SinglePerson,
        detector: None,
    }
}

fn entry(i: i64) -> Entry {
    Entry {
        mono: Mono(i * 100_000),
        utc: Utc(1_700_000_000_000_000 + i * 100_000),
        input: Input::Vehicle {
            vehicle: VehicleId(1),
            captured: Mono(i * 100_000),
            report: Report::Heartbeat {
                mode: FlightMode::Auto,
                mode_name: format!("AUTO {i}"),
                armed: i % 2 == 0,
            },
        },
    }
}

fn written(dir: &Path, n: i64) -> String {
    let mut j = Journal::create(dir, &setup()).expect("a new journal");
    for i in 0..n {
        j.append(&entry(i)).expect("written");
    }
    j.head()
}

#[test]
fn what_was_appended_is_read_back_without_closing_the_journal() {
    let dir = folder("whole");
    let head = written(&dir, 50);
    let r = read(&dir).expect("readable");
    assert_eq!(
        (r.entries.len(), r.torn.is_none(), r.broken.is_none()),
        (50, true, true)
    );
    assert_eq!(r.head, head);
    assert_eq!(r.entries[17], entry(17));
    let replay = r.replay().expect("a usable site");
    assert_eq!(replay.view().seq, 50);
    assert_eq!(digest(replay.view()).len(), 64);
}

#[test]
fn a_torn_last_line_is_named_and_everything_before_it_stays() {
    let dir = folder("torn");
    written(&dir, 20);
    let path = dir.join("journal.jsonl");
    let bytes = std::fs::read(&path).expect("there");
    for cut in [1usize, 7, 40] {
        std::fs::write(&path, &bytes[..bytes.len() - cut]).expect("cut");
        let r = read(&dir).expect("readable");
        assert_eq!(r.entries.len(), 19);
        assert_eq!(r.torn.expect("named").line, 20);
    }
}

#[test]
fn a_changed_dropped_or_swapped_line_breaks_the_chain_where_it_happened() {
    let dir = folder("changed");
    written(&dir, 30);
    let path = dir.join("journal.jsonl");
    let text = std::fs::read_to_string(&path).expect("there");
    let lines: Vec<&str> = text.lines().collect();
    let put = |lines: &[String]| std::fs::write(&path, lines.join("\n") + "\n").expect("written");
    let broken_at = || read(&dir).expect("readable").broken.expect("noticed").0;

    let mut changed: Vec<String> = lines.iter().map(|l| (*l).to_owned()).collect();
    changed[10] = changed[10].replace("AUTO 9", "AUTO 8");
    put(&changed);
    assert_eq!(broken_at(), 11, "the line after it no longer names it");

    let mut dropped: Vec<String> = lines.iter().map(|l| (*l).to_owned()).collect();
    dropped.remove(5);
    put(&dropped);
    assert_eq!(broken_at(), 5);

    let mut swapped: Vec<String> = lines.iter().map(|l| (*l).to_owned()).collect();
    swapped.swap(3, 4);
    put(&swapped);
    assert_eq!(broken_at(), 3);
}

#[test]
fn an_existing_journal_is_never_overwritten() {
    let dir = folder("again");
    let head = written(&dir, 3);
    assert!(Journal::create(&dir, &setup()).is_err());
    assert_eq!(read(&dir).expect("readable").head, head);
}

#[test]
fn an_excerpt_holds_the_setup_and_just_the_asked_time() {
    let dir = folder("excerpt");
    written(&dir, 100);
    let t = |i: i64| Utc(1_700_000_000_000_000 + i * 100_000);
    let (first, lines) = excerpt(&dir, t(30), t(40)).expect("readable");
    assert!(String::from_utf8(first).expect("text").contains("\"setup\""));
    let text = String::from_utf8(lines).expect("text");
    assert_eq!(text.lines().count(), 11);
    assert!(text.contains("AUTO 30") && text.contains("AUTO 40") && !text.contains("AUTO 41"));
}

#[test]
fn the_index_and_the_ledger_remember_who_and_what() {
    let dir = folder("ledger");
    let catalogue = Catalogue::open(&dir).expect("made");
    let row = |head: &str| SessionRow {
        id: "s1".into(),
        dir: "s1".into(),
        started: Utc(5),
        watch: "Watch".into(),
        head: head.into(),
    };
    catalogue.note_session(&row("")).expect("noted");
    catalogue.note_session(&row("ab")).expect("closed");
    assert_eq!(catalogue.sessions().expect("listed"), [row("ab")]);

    let log = AccessLog::new(&dir);
    for why in ["case preparation", "court"] {
        log.note(Utc(1), &OperatorId("reviewer".into()), "viewed", "s1", why)
            .expect("noted");
    }
    let lines = log.lines().expect("readable");
    assert_eq!(lines.len(), 2);
    let bytes = std::fs::read(dir.join("access.jsonl")).expect("there");
    let whole = vedette_evidence::chain::split_lines(&bytes).and_then(vedette_evidence::chain::check_chain);
    assert!(whole.is_ok(), "{whole:?}");
}
