//! Faults, radio and training of a scenario, checked.
//!
//! Invariant: a fault carries exactly the values its kind takes.

use super::SimAircraft;
use super::file::{FaultFile, ScenarioFile};
use super::resolve::Ctx;
use crate::radio::{Interference, Radio};
use crate::trouble::{PlannedFault, Trouble};
use vedette_geo::{Amsl, LatLon};

pub(super) fn faults(cx: &Ctx<'_>, raw: &ScenarioFile, fleet: &[SimAircraft]) -> Vec<PlannedFault> {
    let mut out = Vec::new();
    for f in &raw.fault {
        let at = f.kind.span().start;
        let Some(trouble) = trouble(cx, f) else { continue };
        let at_s = cx.when(at, "fault.at_s", &f.at_s);
        let until_s = f.until_s.as_ref().map(|u| cx.when(at, "fault.until_s", u));
        if until_s.is_some_and(|u| u <= at_s) {
            cx.wrong(
                at,
                format!("fault {} ends at {} s", trouble.name(), until_s.unwrap_or_default()),
                format!("after its beginning at {at_s} s"),
            );
        }
        if let Some(s) = f.system
            && !fleet.iter().any(|v| v.system == s)
        {
            let have: Vec<_> = fleet.iter().map(|v| v.system.to_string()).collect();
            cx.wrong(
                at,
                format!("fault {} names aircraft {s}", trouble.name()),
                format!("the scenario's are {}", have.join(", ")),
            );
        }
        if matches!(trouble, Trouble::Elevation { .. }) && (at_s > 0.0 || until_s.is_some()) {
            cx.wrong(
                at,
                "fault elevation comes on the way".to_owned(),
                "the land does not move: give at_s = 0 and no until_s",
            );
        }
        out.push(PlannedFault {
            trouble,
            at_s,
            until_s,
            system: f.system,
        });
    }
    out.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
    out
}

fn trouble(cx: &Ctx<'_>, f: &FaultFile) -> Option<Trouble> {
    let (at, name) = (f.kind.span().start, f.kind.get_ref().as_str());
    let Some((_, takes, _)) = Trouble::ALL.iter().find(|(n, _, _)| *n == name) else {
        let all: Vec<_> = Trouble::ALL.iter().map(|(n, _, _)| *n).collect();
        cx.wrong(
            at,
            format!("fault.kind is \"{name}\""),
            format!("allowed are {}", all.join(", ")),
        );
        return None;
    };
    let given = [
        ("share", f.share.is_some()),
        ("wh", f.wh.is_some()),
        ("ms", f.ms.is_some()),
        ("deg", f.deg.is_some()),
        ("metres", f.metres.is_some()),
        ("m_s", f.m_s.is_some()),
        ("north_m_s", f.north_m_s.is_some()),
        ("east_m_s", f.east_m_s.is_some()),
        ("gust_m_s", f.gust_m_s.is_some()),
        ("from", f.from.is_some()),
        ("to", f.to.is_some()),
    ];
    let mut good = true;
    for (key, there) in given {
        if there != takes.contains(&key) {
            good = false;
            let needs = if takes.is_empty() {
                "no value of its own".to_owned()
            } else {
                takes.join(", ")
            };
            cx.wrong(
                at,
                format!("fault {name} {} `{key}`", if there { "has" } else { "lacks" }),
                format!("it takes {needs}"),
            );
        }
    }
    if !good {
        return None;
    }
    let v = |what: &str, v: Option<f64>, lo: f64, hi: f64| {
        cx.range(at, &format!("fault.{what}"), v.unwrap_or_default(), lo, hi)
    };
    let place = |what: &str, p: &Option<super::Place>| -> LatLon {
        match p {
            Some(p) => cx.place(at, &format!("fault.{what}"), p),
            None => cx.world.border.at(0.0),
        }
    };
    Some(match name {
        "gnss-jam" => Trouble::GnssJam,
        "gnss-loss" => Trouble::GnssLoss,
        "gnss-spoof" => Trouble::GnssSpoof {
            north_m_s: v("north_m_s", f.north_m_s, -20.0, 20.0),
            east_m_s: v("east_m_s", f.east_m_s, -20.0, 20.0),
        },
        "link-loss" => Trouble::LinkLoss,
        "link-poor" => Trouble::LinkPoor {
            share: v("share", f.share, 0.0, 1.0),
        },
        "link-delay" => Trouble::LinkDelay {
            ms: v("ms", f.ms, 0.0, 10_000.0),
        },
        "video-freeze" => Trouble::VideoFreeze,
        "video-loss" => Trouble::VideoLoss,
        "gimbal-stuck" => Trouble::GimbalStuck,
        "battery-sag" => Trouble::BatterySag {
            wh: v("wh", f.wh, 0.0, 5_000.0),
        },
        "motor" => Trouble::Motor {
            share: v("share", f.share, 0.0, 1.0),
        },
        "wind" => Trouble::Wind {
            deg: v("deg", f.deg, 0.0, 360.0),
            m_s: v("m_s", f.m_s, 0.0, 40.0),
            gust_m_s: v("gust_m_s", f.gust_m_s, 0.0, 30.0),
        },
        "pitot" => Trouble::Pitot {
            m_s: v("m_s", f.m_s, 0.0, 60.0),
        },
        "compass" => Trouble::Compass {
            deg: v("deg", f.deg, -180.0, 180.0),
        },
        "baro" => Trouble::Baro {
            metres: v("metres", f.metres, -500.0, 500.0),
        },
        "terrain-data" => Trouble::TerrainData {
            metres: v("metres", f.metres, -200.0, 200.0),
        },
        "intruder" => Trouble::Intruder {
            from: place("from", &f.from),
            to: place("to", &f.to),
            metres: v("metres", f.metres, 0.0, 9_000.0),
            m_s: v("m_s", f.m_s, 1.0, 300.0),
        },
        "second-station" => Trouble::SecondStation,
        _ => Trouble::Elevation {
            metres: v("metres", f.metres, -200.0, 200.0),
        },
    })
}

pub(super) fn radio(cx: &Ctx<'_>, raw: &ScenarioFile) -> Option<Radio> {
    let r = raw.radio.as_ref()?;
    let at = raw.epoch.span().start;
    let place = cx.place(at, "radio.station", &r.station);
    let ground = cx.world.terrain.elevation(place).unwrap_or_else(|| {
        cx.wrong(
            at,
            format!("radio.station {place} has no known ground height"),
            "put it inside the site's terrain",
        );
        Amsl(0.0)
    });
    Some(Radio {
        at: place,
        amsl: Amsl(ground.0 + cx.range(at, "radio.mast_m", r.mast_m, 0.5, 300.0)),
        frequency_hz: cx.range(at, "radio.frequency_mhz", r.frequency_mhz, 30.0, 60_000.0) * 1e6,
        telemetry_db: cx.range(at, "radio.telemetry_db", r.telemetry_db, 40.0, 220.0),
        video_db: cx.range(at, "radio.video_db", r.video_db, 40.0, 220.0),
        interference: r
            .interference
            .iter()
            .map(|i| Interference {
                at: cx.place(at, "radio.interference.at", &i.at),
                db_at_100_m: cx.range(at, "radio.interference.db_at_100_m", i.db_at_100_m, 0.0, 120.0),
                from_s: i
                    .from_s
                    .as_ref()
                    .map_or(0.0, |w| cx.when(at, "radio.interference.from_s", w)),
                until_s: i
                    .until_s
                    .as_ref()
                    .map_or(f64::INFINITY, |w| cx.when(at, "radio.interference.until_s", w)),
            })
            .collect(),
    })
}

/// Acts of a checklist, by name, with what they are.
pub const CHECKLIST: [(&str, &str); 12] = [
    ("plan-approved", "a checked plan was approved by name before take-off"),
    ("plan-read-back", "every aircraft's own copy was read back and the same"),
    (
        "ready-before-take-off",
        "nobody took off before the aircraft said it was ready",
    ),
    ("alert-answered", "every urgent alert was decided by a person"),
    ("incident-opened", "a confirmed report became an incident"),
    ("evidence-sealed", "the incident's evidence was sealed"),
    ("camera-on-subject", "the camera was pointed at the reported subject"),
    ("returned", "every aircraft was called home or came home"),
    (
        "landed-with-reserve",
        "every aircraft landed with its reserve in the battery",
    ),
    (
        "link-loss-noted",
        "a lost link was met with an order or a note within its time",
    ),
    ("fault-noted", "a fault was met with an order or a note within its time"),
    ("handover-noted", "the outcome was written down for the patrol"),
];

pub(super) fn training(cx: &Ctx<'_>, raw: &ScenarioFile, at: usize) {
    let Some(t) = &raw.training else { return };
    cx.range(at, "training.report_within_s", t.report_within_s, 5.0, 3_600.0);
    for c in &t.checklist {
        if !CHECKLIST.iter().any(|(n, _)| n == c) {
            let all: Vec<_> = CHECKLIST.iter().map(|(n, _)| *n).collect();
            cx.wrong(
                at,
                format!("training.checklist has \"{c}\""),
                format!("allowed are {}", all.join(", ")),
            );
        }
    }
    for (what, text) in [
        ("training.patrol", &t.patrol),
        ("training.site", &t.site),
        ("training.briefing", &t.briefing),
    ] {
        if text.trim().is_empty() {
            cx.wrong(at, format!("{what} is empty"), "say what the trainee needs");
        }
    }
}
