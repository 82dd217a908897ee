//! The moment as the instructor's desk shows it.

use super::*;

/// The instructor's desk at the same moment: made by hand, as rich as a real one.
pub fn desk_model(v: &StationView) -> vedette_panels::train::DeskModel {
    use vedette_panels::train::{
        ActiveFault, ActorChoice, ActorLine, Advice, DeskLanes, DeskModel, Dial, FaultKind, LaneSpan, LiveScore,
        ScoreLine,
    };
    let at = v.tracks.values().find_map(|t| t.track.fix.as_ref().ok()).unwrap().at;
    let dial = |name: &str, unit: &str, value: f64| Dial {
        name: name.into(),
        unit: unit.into(),
        value,
        step: 10.0,
        least: 10.0,
        most: 90.0,
    };
    let kind = |key: &str, words: &str, dial: Option<Dial>, for_s| FaultKind {
        key: key.into(),
        words: words.into(),
        dial,
        for_s,
        at_once: key == "battery-sag",
        single: false,
    };
    let actor = |number: &str, words: &str, state: &str, subject, east_m: f64, fix_error_m| ActorLine {
        number: number.into(),
        words: words.into(),
        state: state.into(),
        subject,
        at: destination(at, 90.0, east_m),
        fix_error_m,
    };
    let line = |title: &str, now: Option<&str>, target: &str, points| ScoreLine {
        title: title.into(),
        now: now.map(Into::into),
        target: target.into(),
        points,
    };
    let span = |from_s, to_s, label: &str, strong| LaneSpan {
        from_s,
        to_s,
        label: label.into(),
        strong,
    };
    DeskModel {
        scenario: "Two crossings, one battery".into(),
        seed: 4711,
        instructor: "instructor-1".into(),
        trainee: "operator-7".into(),
        t_s: 1338.0,
        duration_s: 2640.0,
        speed: 1.0,
        frozen: false,
        aircraft: vec![(1, "CU-01".into()), (2, "CU-02".into())],
        kinds: vec![
            kind("link-loss", "Link lost", None, Some(40.0)),
            kind(
                "link-poor",
                "Link poor",
                Some(dial("datagrams lost", "%", 30.0)),
                Some(60.0),
            ),
            kind("gnss-jam", "GNSS jammed", None, Some(60.0)),
            kind(
                "gnss-spoof",
                "GNSS spoofed",
                Some(dial("drift", "m/s", 2.0)),
                Some(60.0),
            ),
            kind(
                "battery-sag",
                "Battery sag",
                Some(dial("energy gone", "Wh", 60.0)),
                None,
            ),
            kind("wind", "Wind gust", Some(dial("wind", "m/s", 14.0)), Some(60.0)),
            kind("video-freeze", "Video frozen", None, Some(20.0)),
            kind("gimbal-stuck", "Gimbal stuck", None, None),
            kind("motor", "Motor weak", Some(dial("thrust gone", "%", 15.0)), Some(60.0)),
            kind("second-station", "Second station", None, Some(30.0)),
        ],
        active: vec![ActiveFault {
            id: 2,
            key: "link-loss".into(),
            system: Some(1),
            left_s: Some(18.0),
            live: true,
        }],
        actors: vec![
            actor("A1", "2 persons on foot", "crossed 00:21:41", true, 6.0, Some(6.0)),
            actor("A2", "van", "km 17.6 at 00:28:00", true, 400.0, None),
            actor("A3", "drone", "km 4.1 at 00:31:00", true, -900.0, None),
            actor("A4", "shepherd and dog", "benign", false, 700.0, None),
        ],
        score: LiveScore {
            total: Some(78.0),
            median: Some((71.0, 34)),
            curve: vec![
                (100.0, 90.0),
                (400.0, 82.0),
                (900.0, 70.0),
                (1100.0, 75.0),
                (1338.0, 78.0),
            ],
            lines: vec![
                line("Time to detect", Some("54 s"), "≤ 90 s", Some(1.0)),
                line("Subjects reported", Some("1 of 1"), "in 120 s", Some(1.0)),
                line("False reports", Some("0"), "0", Some(1.0)),
                line("Time to decide", Some("21 s"), "≤ 15 s", Some(0.92)),
                line("Position error at report", Some("6 m"), "≤ 10 m", Some(1.0)),
                line("Custody gaps", Some("4 of 118 s"), "gaps ≤ 10 s", Some(0.97)),
                line("Border and stand-off", Some("6 s"), "0 s", Some(0.7)),
                line("No-fly zones", Some("0 s"), "0 s", Some(1.0)),
                line("Heights of the brief", Some("0 s"), "0 s", Some(1.0)),
                line("Privacy zones", None, "0", None),
                line("Link-loss drill", None, "answer ≤ 30 s", None),
                line("Fault drill", Some("1 of 1"), "answer ≤ 30 s", Some(1.0)),
                line("Reserve at landing", None, "≥ the reserve", None),
                line("Checklist", Some("6 of 9"), "all", Some(1.0)),
                line("Evidence of reports", None, "sealed, whole", None),
                line("Workload answers", Some("4 of 4"), "every 5 min", Some(1.0)),
                line("Blind inserts", None, "all noticed", None),
            ],
        },
        advice: vec![
            Advice {
                text: "Alert 1 unanswered for 37 s. Expected within 15 s.".into(),
                waits: true,
            },
            Advice {
                text: "link loss on CU-01 for 22 s: hold, return or a remark within 30 s.".into(),
                waits: true,
            },
            Advice {
                text: "Incident I-001 is sealed. Good.".into(),
                waits: false,
            },
        ],
        lanes: DeskLanes {
            truth: vec![
                span(180.0, 540.0, "A4 shepherd, benign", false),
                span(690.0, 1301.0, "A1 approaches, km 20.4", false),
                span(1301.0, 1540.0, "A1 on home side", true),
                span(1680.0, 2040.0, "A2 drives off with A1", true),
                span(2160.0, 2500.0, "A3 drone drop, km 4.1", false),
            ],
            faults: vec![
                span(360.0, 410.0, "video freeze, CU-01", false),
                span(1316.0, 1338.0, "link loss, CU-01 · live", true),
                span(1800.0, 2040.0, "gnss jam", false),
            ],
            trainee: vec![
                (70.0, "take off CU-01".into()),
                (270.0, "dismiss".into()),
                (500.0, "look here".into()),
                (870.0, "hold CU-01".into()),
                (1100.0, "seal".into()),
            ],
            alerts: vec![
                (360.0, Priority::P2),
                (980.0, Priority::P2),
                (1220.0, Priority::P2),
                (1310.0, Priority::P1),
            ],
            score: vec![
                (270.0, 4.0, "right".into()),
                (500.0, 3.0, "met".into()),
                (980.0, -5.0, "side".into()),
                (1100.0, 6.0, "reported".into()),
            ],
            marks: vec![(990.0, "breach".into())],
        },
        attention: "CU-01 thermal · alert A-002".into(),
        trouble: None,
        back: None,
        newcomers: ["person", "car"]
            .map(|k| ActorChoice {
                key: k.into(),
                words: k.into(),
            })
            .into(),
        section_km: (35.3, 39.2),
    }
}
