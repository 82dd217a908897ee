//! After a change: an aircraft, base or antenna lost, a new zone, another wind. The rest of the
//! watch is tried beside the table, with the hole it leaves, and put on the table by a person.
//!
//! Invariant: asking changes nothing; what is put on the table is what was tried, for the moment it
//! was tried for. It must not know how the rest is planned.

use std::sync::Arc;

use egui::{Align2, Rect, Ui, WidgetType, pos2};
use vedette_core::{StationView, VehicleView};
use vedette_model::plan::Brief;
use vedette_model::{Change, LandedState};

use super::desk::{PlanDesk, Proposal, WhatIf};
use super::{Draft, PlanLocal, Shown};
use crate::draw::{self, Button};
use crate::icon::Icon;
use crate::local::FlyLocal;
use crate::theme::{self, Layout, Palette};
use crate::words;

/// Seconds after which an aircraft in the air that is not heard counts as lost, for an offer.
const LOST_S: f64 = 10.0;

/// Something that may have happened.
pub(crate) struct Cause {
    /// What it is, as on its button.
    pub(crate) name: String,
    /// Why one would think so now.
    pub(crate) why: String,
    /// It seems to have happened.
    pub(crate) acute: bool,
    /// The change.
    pub(crate) change: Change,
}

fn flies(a: &VehicleView) -> bool {
    a.landed.is_some_and(|l| l.value != LandedState::OnGround)
}

fn aircraft(v: &StationView, brief: &Brief) -> Vec<Cause> {
    let of = |a: &vedette_model::plan::Aircraft| {
        let view = v.vehicles.get(&a.vehicle);
        let silent_s = view
            .and_then(|x| x.last_heard)
            .map(|t| vedette_model::Mono(v.now.since(t)).seconds());
        let (why, acute) = match (view, silent_s) {
            (Some(x), Some(s)) if !x.alive => (format!("link lost for {}", words::about(s)), flies(x) && s > LOST_S),
            (Some(x), _) if x.last_heard.is_none() => ("never heard".into(), false),
            (Some(x), _) if flies(x) => ("flies".into(), false),
            _ => ("on the ground".into(), false),
        };
        Cause {
            name: format!("Without {} {}", a.tail, a.name),
            why,
            acute,
            change: Change::LostAircraft(a.vehicle),
        }
    };
    brief.fleet.iter().map(of).collect()
}

fn places(brief: &Brief) -> Vec<Cause> {
    let base = |name: &str, at| Cause {
        name: format!("Without base {name}"),
        why: String::new(),
        acute: false,
        change: Change::LostBase(at),
    };
    let antenna = |(k, a): (usize, vedette_model::Antenna)| Cause {
        name: format!("Without antenna {}", a.name),
        why: String::new(),
        acute: false,
        change: Change::LostAntenna(k),
    };
    let bases = brief.bases.iter().map(|b| base(&b.name, b.at));
    let masts = vedette_planner::antennas(brief);
    let more_than_one = masts.len() > 1;
    let masts = masts.into_iter().enumerate().filter(|_| more_than_one).map(antenna);
    bases.chain(masts).collect()
}

/// The mean of what aircraft in the air measured in the last minute: from, degrees true, and speed.
fn measured(v: &StationView) -> Option<(f64, f64)> {
    let fresh = |a: &&VehicleView| flies(a) && a.wind.is_some_and(|w| v.now.since(w.captured) < 60_000_000);
    let (mut n, mut north, mut east) = (0.0, 0.0, 0.0);
    for w in v.vehicles.values().filter(fresh).filter_map(|a| a.wind) {
        let (from, speed) = w.value;
        n += 1.0;
        north += speed * from.to_radians().cos();
        east += speed * from.to_radians().sin();
    }
    (n > 0.0).then(|| {
        (
            vedette_geo::norm_deg_360(east.atan2(north).to_degrees()),
            north.hypot(east) / n,
        )
    })
}

fn weather(v: &StationView, brief: &Brief, draft: Option<&Draft>) -> Vec<Cause> {
    let mut out = Vec::new();
    let zones = draft.map(|d| d.brief().no_fly.clone()).unwrap_or_default();
    if let Some(z) = zones.iter().rev().find(|z| !brief.no_fly.contains(z)) {
        out.push(Cause {
            name: format!("Around zone {}", z.name),
            why: "drawn in this draft".into(),
            acute: false,
            change: Change::NewZone(z.clone()),
        });
    }
    if let Some((from_deg, speed_m_s)) = measured(v) {
        let mut wind = brief.wind;
        (wind.from_deg, wind.speed_m_s) = (from_deg.round(), (speed_m_s * 10.0).round() / 10.0);
        let planned = &brief.wind;
        out.push(Cause {
            name: format!("In wind {from_deg:03.0}° {speed_m_s:.0} m/s"),
            why: format!(
                "measured; planned {:03.0}° {:.0} + {:.0}",
                planned.from_deg, planned.speed_m_s, planned.gust_m_s
            ),
            acute: speed_m_s > planned.speed_m_s + planned.gust_m_s,
            change: Change::Wind(wind),
        });
    }
    out
}

/// Everything the rest of the watch can be planned around now.
pub(crate) fn causes(v: &StationView, draft: Option<&Draft>) -> Vec<Cause> {
    let Some(plan) = &v.plan.plan else { return Vec::new() };
    let mut all = aircraft(v, &plan.brief);
    if all.len() < 2 {
        all.clear();
    }
    all.extend(places(&plan.brief));
    all.extend(weather(v, &plan.brief, draft));
    all
}

/// Asks the desk for the rest of the watch.
pub(crate) fn ask(v: &StationView, l: &mut PlanLocal, desk: Option<&PlanDesk>, change: Change) {
    let (Some(plan), Some(desk)) = (v.plan.plan.clone(), desk) else {
        return;
    };
    l.questions += 1;
    let q = Arc::new(WhatIf {
        number: l.questions,
        plan,
        change,
        at_s: v.plan_second().unwrap_or(0.0),
    });
    desk.what_if.put(q.clone());
    l.what_if = Some(q);
    l.after = true;
}

/// The answer to the question asked here, once it came.
pub(super) fn answer(l: &PlanLocal, desk: Option<&PlanDesk>) -> Option<Arc<Proposal>> {
    let n = l.what_if.as_ref()?.number;
    let (_, p) = desk?.proposal.latest()?;
    (p.number == n).then_some(p)
}

/// What a proposal means, before its flights.
pub(super) fn words_of(v: &StationView, p: &Proposal) -> Vec<String> {
    let Ok(r) = &p.result else { return Vec::new() };
    let tail = |id: &vedette_model::VehicleId| v.vehicles.get(id).map_or_else(|| id.to_string(), |a| a.tail.clone());
    let mut out = Vec::new();
    out.push(match &r.hole {
        Some(h) => {
            let since = h.last_seen_s.map_or_else(
                || "not seen before".to_owned(),
                |s| format!("unseen for {}", words::about(h.seen_again_s - s)),
            );
            format!(
                "{} – {:.2} {since} while it takes over.",
                words::km(h.from_m),
                h.to_m / 1000.0
            )
        }
        None => "No hole: the watch has not begun.".into(),
    });
    let touched: Vec<String> = r.touched.iter().map(tail).collect();
    if !touched.is_empty() {
        out.push(format!(
            "Flights of {} are others; the rest stays as it is.",
            touched.join(", ")
        ));
    }
    out.extend(r.changes.iter().cloned());
    out
}

/// The left column after a change: what may have happened, and what the rest would be.
#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
pub(super) fn show(
    ui: &mut Ui,
    r: Rect,
    v: &StationView,
    s: &Shown,
    l: &mut FlyLocal,
    desk: Option<&PlanDesk>,
    lay: &Layout,
    pal: &Palette,
) {
    let p = ui.painter().with_clip_rect(r);
    let (x, w) = (r.left() + 12.0, r.width() - 24.0);
    let mut y = r.top() + 8.0;
    let all = causes(v, l.plan.draft.as_ref());
    let intro = match (all.is_empty(), desk.is_some()) {
        (_, false) => "No planner works behind this console.",
        (true, _) => "Nothing is in force: make a plan first.",
        _ => "What happened? The rest of the watch is tried from now on, beside the table.",
    };
    let q = draw::text_wrapped(&p, pos2(x, y), intro, theme::small(), pal.text2, w, 3, 16.0);
    y = q.bottom() + 8.0;
    let row = if lay.compact { 27.0 } else { 30.0 };
    let mut asked = None;
    for c in all {
        if y + row > r.bottom() - 90.0 {
            let more = "and more below: bases and antennas are listed after the aircraft";
            draw::text_in(
                &p,
                pos2(x, y + 9.0),
                Align2::LEFT_CENTER,
                more,
                theme::small(),
                pal.text2,
                w,
            );
            y += 20.0;
            break;
        }
        let on = l.plan.what_if.as_ref().is_some_and(|q| same_kind(&q.change, &c.change));
        let mut b = Button::new(&c.name).selected(on).enabled(desk.is_some());
        if c.acute {
            b = b.icon(Icon::P2);
        }
        if b.show(ui, draw::rect(x, y, w, row - 3.0), pal).clicked() {
            asked = Some(c.change.clone());
        }
        let room = w - b.wants(&p) - 12.0;
        if room > 40.0 {
            draw::text_in(
                &p,
                pos2(x + w - 10.0, y + row / 2.0 - 1.5),
                Align2::RIGHT_CENTER,
                &c.why,
                theme::small(),
                if c.acute { pal.alarm2 } else { pal.text2 },
                room,
            );
        }
        y += row;
    }
    if let Some(change) = asked {
        ask(v, &mut l.plan, desk, change);
    }
    y += 6.0;
    draw::hline(&p, x, x + w, y, pal.line_soft);
    y += 8.0;
    let mut said = Vec::new();
    if let Some(q) = &l.plan.what_if {
        let age = v.plan_second().unwrap_or(0.0) - q.at_s;
        let head = match (s.busy, age > 60.0) {
            (true, _) => "The rest is being planned…".to_owned(),
            (false, true) => format!("Tried for {} ago: press again for now", words::about(age)),
            (false, false) => "The rest of the watch, tried for now".to_owned(),
        };
        draw::text_in(
            &p,
            pos2(x, y + 8.0),
            Align2::LEFT_CENTER,
            &head,
            theme::strong(),
            pal.text1,
            w,
        );
        said.push(head);
        y += 22.0;
        if !s.busy {
            for t in &s.changes {
                if y > r.bottom() - 16.0 {
                    break;
                }
                let q = draw::text_wrapped(&p, pos2(x, y), t, theme::small(), pal.text1, w, 3, 16.0);
                y = q.bottom() + 5.0;
                said.push(t.clone());
            }
        }
    }
    draw::named(
        ui,
        Rect::from_min_max(pos2(x, y - 4.0), pos2(x + w, y)),
        "after a change",
        WidgetType::Label,
        &format!("After a change: {}", said.join(" ")),
    );
}

fn same_kind(a: &Change, b: &Change) -> bool {
    matches!((a, b), (Change::Wind(_), Change::Wind(_))) || a == b
}
