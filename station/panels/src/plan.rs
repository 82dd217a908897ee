//! Planning: the brief, the plan on the table, the checker's verdict, and the buttons that approve
//! and upload it.
//!
//! Invariant: findings come first; only a clear verdict can be approved, only an approved plan
//! uploaded. It must not know how either is computed.

use egui::{Align2, CornerRadius, Key, Rect, Shape, Stroke, Ui, WidgetType, pos2};
use vedette_core::{PlanOnAircraft, StationView};
use vedette_model::Intent;
use vedette_model::plan::{Brief, FindingSeverity, PatrolPlan, Verdict};

use crate::draw::{self, Button, Look};
use crate::fly;
use crate::icon::{self, Icon};
use crate::local::{FlyFeeds, FlyLocal};
use crate::theme::{self, Layout, Palette};
use crate::words;

#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
pub(crate) fn show(
    ui: &mut Ui,
    r: Rect,
    v: &StationView,
    l: &mut FlyLocal,
    feeds: &FlyFeeds,
    lay: &Layout,
    pal: &Palette,
    out: &mut Vec<Intent>,
) {
    let left_w = if lay.compact { 264.0 } else { 340.0 };
    let right_w = if lay.compact { 320.0 } else { 460.0 };
    let chart_h = 150.0;
    let left = Rect::from_min_max(r.min, pos2(r.left() + left_w, r.bottom()));
    let right = Rect::from_min_max(pos2(r.right() - right_w, r.top()), r.max);
    let map = Rect::from_min_max(
        pos2(left.right() + 1.0, r.top()),
        pos2(right.left() - 1.0, r.bottom() - chart_h),
    );
    let chart = Rect::from_min_max(pos2(map.left(), map.bottom()), pos2(map.right(), r.bottom()));
    fly::map_show(ui, map, v, l, feeds, lay, pal, out);
    brief(ui, left, v, pal);
    verdict(ui, right, v, l, lay, pal, out);
    gaps(ui, chart, v, pal);
}

fn rows(p: &egui::Painter, r: Rect, y: &mut f32, title: &str, items: &[(&str, String)], pal: &Palette) {
    draw::text(
        p,
        pos2(r.left() + 12.0, *y + 10.0),
        Align2::LEFT_CENTER,
        title,
        theme::strong(),
        pal.text1,
    );
    *y += 26.0;
    for (k, v) in items {
        draw::pair(
            p,
            draw::rect(r.left() + 12.0, *y, r.width() - 24.0, 20.0),
            k,
            v,
            pal.text1,
            pal,
        );
        *y += 22.0;
    }
    *y += 8.0;
}

fn brief(ui: &mut Ui, r: Rect, v: &StationView, pal: &Palette) {
    let p = ui.painter().with_clip_rect(r);
    p.rect_filled(r, CornerRadius::ZERO, pal.surface[1]);
    let head = draw::rect(r.left(), r.top(), r.width(), 32.0);
    draw::header(&p, head, "Brief", &v.watch, pal);
    let mut y = head.bottom() + 8.0;
    let km = |m: f64| format!("{:.2}", m / 1000.0);
    rows(
        &p,
        r,
        &mut y,
        "Section",
        &[
            ("Border", v.site.border_name.clone()),
            (
                "Kilometres",
                format!("{} – {}", km(v.section_from_m), km(v.section_to_m)),
            ),
            ("Home side", v.site.home_name.clone()),
            ("Line accuracy (1 σ)", format!("{:.0} m", v.site.accuracy_m)),
            ("Edition", words::cut(&v.site.edition, 28)),
            ("Terrain", words::cut(&v.site.terrain, 28)),
        ],
        pal,
    );
    let Some(plan) = &v.plan.plan else {
        draw::text_wrapped(
            &p,
            pos2(r.left() + 12.0, y),
            "Fleet, limits and wind show once the plan is made.",
            theme::small(),
            pal.text3,
            r.width() - 24.0,
            3,
            16.0,
        );
        return;
    };
    let b: &Brief = &plan.brief;
    rows(
        &p,
        r,
        &mut y,
        "Asked",
        &[
            ("Revisit at most", words::duration(b.requirement.revisit_s)),
            (
                "To be seen",
                format!(
                    "{:?}, {:.0} px across",
                    b.requirement.target, b.requirement.pixels_on_target
                )
                .to_lowercase(),
            ),
            ("Watch lasts", words::duration(b.requirement.duration_s)),
            ("Stand-off", format!("{:.0} m", b.limits.stand_off_m)),
            (
                "Height above ground",
                format!("{:.0} – {:.0} m", b.limits.min_agl_m, b.limits.max_agl_m),
            ),
            (
                "Wind",
                format!(
                    "{:03.0}° {:.0} + {:.0} m/s",
                    b.wind.from_deg, b.wind.speed_m_s, b.wind.gust_m_s
                ),
            ),
        ],
        pal,
    );
    for a in &b.fleet {
        let e = &a.energy;
        rows(
            &p,
            r,
            &mut y,
            &format!("{} {}", a.tail, a.name),
            &[
                ("Airframe", format!("{:?} {}", a.family, words::airframe(a.airframe))),
                ("Cruise", format!("{:.0} m/s", a.envelope.cruise_m_s)),
                (
                    "Battery",
                    format!("{:.0} Wh, reserve {:.0} %", e.battery_wh, e.reserve_share * 100.0),
                ),
                (
                    "Camera",
                    format!(
                        "{:?} {}×{}, {:.0}°",
                        a.camera.spectrum, a.camera.width_px, a.camera.height_px, a.camera.hfov_deg
                    )
                    .to_lowercase(),
                ),
            ],
            pal,
        );
    }
}

fn verdict(
    ui: &mut Ui,
    r: Rect,
    v: &StationView,
    l: &mut FlyLocal,
    lay: &Layout,
    pal: &Palette,
    out: &mut Vec<Intent>,
) {
    let p = ui.painter().with_clip_rect(r);
    p.rect_filled(r, CornerRadius::ZERO, pal.surface[1]);
    let head = draw::rect(r.left(), r.top(), r.width(), 32.0);
    let end = draw::header(&p, head, "Verdict", "by the independent checker", pal);
    let typing = ui.ctx().egui_wants_keyboard_input();
    let key = |k: Key| !typing && ui.ctx().input(|i| i.modifiers.is_none() && i.key_pressed(k));
    let (make, approve_key) = (
        key(Key::P),
        key(Key::Enter) && ui.ctx().memory(|m| m.focused().is_none()),
    );
    let mut y = head.bottom() + 10.0;
    let x = r.left() + 12.0;
    let w = r.width() - 24.0;
    let have = v.plan.plan.as_deref().zip(v.plan.verdict.as_deref());
    let word = match (&v.plan, have) {
        (s, _) if s.computing => ("computing…".to_owned(), pal.text1),
        (_, Some((_, j))) if j.is_clear() => ("clear".to_owned(), pal.confirmed),
        (_, Some(_)) => ("refused".to_owned(), pal.alarm2),
        (s, None) if s.failed.is_some() => ("no plan".to_owned(), pal.alarm2),
        _ => ("none yet".to_owned(), pal.text2),
    };
    if r.right() - end > 90.0 {
        draw::tag(&p, pos2(r.right() - 12.0, head.center().y), true, &word.0, word.1, pal);
    }
    draw::named(ui, head, "verdict", WidgetType::Label, &format!("Verdict: {}", word.0));
    if let Some(why) = &v.plan.failed {
        let t = draw::text_wrapped(&p, pos2(x, y), why, theme::body(), pal.alarm2, w, 8, 18.0);
        y = t.bottom() + 10.0;
    }
    let make_b = Button::new(if v.plan.plan.is_some() {
        "Make plan again"
    } else {
        "Make plan"
    })
    .label("Make plan")
    .key("P")
    .enabled(!v.plan.computing)
    .look(if v.plan.plan.is_none() {
        Look::Primary
    } else {
        Look::Plain
    });
    let mw = make_b.wants(&p);
    if make_b.show(ui, draw::rect(x, y, mw, 32.0), pal).clicked() || (make && !v.plan.computing) {
        out.push(Intent::MakePlan);
    }
    let Some((plan, j)) = have else {
        draw::text(
            &p,
            pos2(x, y + 52.0),
            Align2::LEFT_CENTER,
            "The planner works from the brief; the checker judges what it makes.",
            theme::small(),
            pal.text2,
        );
        return;
    };
    let ready = j.is_clear() && v.plan.approved.is_none();
    let approve = Button::new("Approve")
        .label("Approve plan")
        .icon(Icon::Check)
        .key("Enter")
        .look(if ready { Look::Primary } else { Look::Plain })
        .enabled(ready);
    if approve
        .show(ui, draw::rect(x + mw + 8.0, y, approve.wants(&p), 32.0), pal)
        .clicked()
        || (ready && approve_key)
    {
        out.push(Intent::ApprovePlan { plan: plan.id.clone() });
    }
    y += 42.0;
    figures(&p, x, w, &mut y, v, plan, j, pal);
    // Uploads, one per aircraft.
    for a in &plan.aircraft {
        let Some(view) = v.vehicles.get(&a.vehicle) else {
            continue;
        };
        let (state, c) = match view.plan_on_board {
            PlanOnAircraft::Same if view.plan_id.as_ref() == Some(&plan.id) => {
                ("on board, read back the same".to_owned(), pal.confirmed)
            }
            PlanOnAircraft::Same => ("another plan on board".to_owned(), pal.alarm2),
            PlanOnAircraft::Differs => ("differs from ours".to_owned(), pal.alarm2),
            PlanOnAircraft::Uploading => (
                view.transfer
                    .map_or("uploading".to_owned(), |t| format!("uploading {}/{}", t.done, t.of)),
                pal.text1,
            ),
            PlanOnAircraft::Unknown => ("not on board".to_owned(), pal.text2),
        };
        let label = format!("Upload plan to {}", view.tail);
        let words = if lay.compact {
            format!("Upload {}", view.tail)
        } else {
            format!("Upload to {} {}", view.tail, view.name)
        };
        let ok = v.plan.approved.is_some() && view.plan_on_board != PlanOnAircraft::Uploading;
        let b = Button::new(&words).label(&label).icon(Icon::Export).enabled(ok);
        let bw = b.wants(&p);
        if b.show(ui, draw::rect(x, y, bw, 28.0), pal).clicked() {
            out.push(Intent::UploadPlan {
                vehicle: a.vehicle,
                plan: plan.id.clone(),
            });
        }
        draw::text_in(
            &p,
            pos2(r.right() - 12.0, y + 14.0),
            Align2::RIGHT_CENTER,
            &state,
            theme::small(),
            c,
            w - bw - 8.0,
        );
        y += 34.0;
    }
    y += 4.0;
    findings(ui, &p, Rect::from_min_max(pos2(r.left(), y), r.max), v, l, j, pal);
}

#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
fn figures(
    p: &egui::Painter,
    x: f32,
    w: f32,
    y: &mut f32,
    v: &StationView,
    plan: &PatrolPlan,
    j: &Verdict,
    pal: &Palette,
) {
    let approved = v.plan.approved.as_ref().map_or("not approved".to_owned(), |(o, at)| {
        format!("{o} at {}", vedette_model::Utc(v.utc.0 - v.now.since(*at)).clock())
    });
    let flown = v
        .coverage
        .worst_gap_s(v.now)
        .map_or(words::UNKNOWN.to_owned(), words::duration);
    let items: [(&str, String); 8] = [
        ("Plan", words::groups(&plan.id.0, 4)),
        ("Approved", approved),
        ("Revisit asked", words::duration(plan.brief.requirement.revisit_s)),
        ("Revisit promised", words::duration(plan.promise.revisit_s)),
        ("Revisit measured by the checker", words::duration(j.revisit_measured_s)),
        ("No fleet schedule can beat", words::duration(j.lower_bound_s)),
        ("Longest gap flown so far", flown),
        (
            "Least separation",
            j.separation_m
                .map_or("one aircraft".to_owned(), |m| words::metres(Some(m))),
        ),
    ];
    for (k, val) in items {
        draw::pair(p, draw::rect(x, *y, w, 20.0), k, &val, pal.text1, pal);
        *y += 21.0;
    }
    *y += 6.0;
    draw::text(
        p,
        pos2(x, *y + 8.0),
        Align2::LEFT_CENTER,
        "Margins",
        theme::strong(),
        pal.text1,
    );
    draw::text(
        p,
        pos2(x + w, *y + 8.0),
        Align2::RIGHT_CENTER,
        "line · ground · battery · items",
        theme::small(),
        pal.text3,
    );
    *y += 24.0;
    for m in &j.margins {
        let tail = v
            .vehicles
            .get(&m.vehicle)
            .map_or(m.vehicle.to_string(), |a| a.tail.clone());
        let words = format!(
            "{} · {} · {:.0} % · {} of {}",
            words::metres(Some(m.border_m)),
            words::metres(Some(m.clearance_m)),
            m.energy_share * 100.0,
            m.items.0,
            m.items.1
        );
        draw::pair(p, draw::rect(x, *y, w, 20.0), &tail, &words, pal.text1, pal);
        *y += 21.0;
    }
    *y += 8.0;
}

fn findings(ui: &mut Ui, p: &egui::Painter, r: Rect, v: &StationView, l: &mut FlyLocal, j: &Verdict, pal: &Palette) {
    draw::hline(p, r.left(), r.right(), r.top(), pal.line_soft);
    let refused = j
        .findings
        .iter()
        .filter(|f| f.severity == FindingSeverity::Refused)
        .count();
    draw::text(
        p,
        pos2(r.left() + 12.0, r.top() + 16.0),
        Align2::LEFT_CENTER,
        "Findings",
        theme::strong(),
        pal.text1,
    );
    draw::text(
        p,
        pos2(r.right() - 12.0, r.top() + 16.0),
        Align2::RIGHT_CENTER,
        &format!(
            "{refused} refuse · {} notes · {} samples",
            j.findings.len() - refused,
            words::count(j.samples)
        ),
        theme::small(),
        pal.text2,
    );
    let mut y = r.top() + 34.0;
    if j.findings.is_empty() {
        draw::text(
            p,
            pos2(r.left() + 12.0, y + 8.0),
            Align2::LEFT_CENTER,
            "None: every check passed.",
            theme::body(),
            pal.confirmed,
        );
    }
    for (i, f) in j.findings.iter().enumerate() {
        let c = draw::rect(r.left(), y, r.width(), 52.0);
        if c.bottom() > r.bottom() {
            draw::text(
                p,
                pos2(r.left() + 12.0, r.bottom() - 10.0),
                Align2::LEFT_CENTER,
                &format!("and {} more", j.findings.len() - i),
                theme::small(),
                pal.text2,
            );
            break;
        }
        let resp = ui.interact(c, ui.id().with(("finding", i)), egui::Sense::click());
        let name = format!("Go to finding {}: {}", i + 1, f.what);
        resp.widget_info(|| egui::WidgetInfo::labeled(WidgetType::Button, true, &name));
        if resp.hovered() || l.plan_focus == Some(i) {
            p.rect_filled(c, CornerRadius::ZERO, pal.surface[2]);
        }
        if resp.clicked() {
            l.plan_focus = Some(i);
            if let (Some(at), Some(s)) = (f.at, l.shapes.clone()) {
                (l.map.east_m, l.map.north_m) = s.frame.plane(at);
                l.map.m_per_px = l.map.m_per_px.min(3.0);
                l.pin = Some(at);
            }
        }
        let bad = f.severity == FindingSeverity::Refused;
        let colour = if bad { pal.alarm2 } else { pal.text2 };
        icon::paint(
            p,
            pos2(r.left() + 22.0, y + 16.0),
            15.0,
            if bad { Icon::P2 } else { Icon::Note },
            colour,
        );
        draw::text_wrapped(
            p,
            pos2(r.left() + 38.0, y + 6.0),
            &f.what,
            theme::small(),
            pal.text1,
            r.width() - 50.0,
            2,
            16.0,
        );
        let where_ = [
            Some(f.check.clone()),
            f.vehicle.and_then(|x| v.vehicles.get(&x)).map(|a| a.tail.clone()),
            f.leg.map(|g| format!("leg {}", g + 1)),
            f.chainage_m.map(words::km),
            f.time_s.map(|t| format!("at {}", words::duration(t))),
        ];
        let words: Vec<String> = where_.into_iter().flatten().collect();
        draw::text_in(
            p,
            pos2(r.left() + 38.0, y + 44.0),
            Align2::LEFT_CENTER,
            &words.join(" · "),
            theme::small(),
            pal.text3,
            r.width() - 50.0,
        );
        y += 56.0;
    }
}

fn gaps(ui: &mut Ui, r: Rect, v: &StationView, pal: &Palette) {
    let p = ui.painter().with_clip_rect(r);
    p.rect_filled(r, CornerRadius::ZERO, pal.surface[1]);
    let head = draw::rect(r.left(), r.top(), r.width(), 30.0);
    draw::header(
        &p,
        head,
        "Longest gap per kilometre",
        "planned, by the checker; flown in violet",
        pal,
    );
    let plot = Rect::from_min_max(
        pos2(r.left() + 58.0, head.bottom() + 12.0),
        pos2(r.right() - 16.0, r.bottom() - 24.0),
    );
    let Some((plan, j)) = v.plan.plan.as_deref().zip(v.plan.verdict.as_deref()) else {
        draw::text(
            &p,
            plot.center(),
            Align2::CENTER_CENTER,
            "No plan on the table",
            theme::body(),
            pal.text3,
        );
        return;
    };
    let asked = plan.brief.requirement.revisit_s;
    let top = j.gap_per_cell_s.iter().flatten().copied().fold(asked, f64::max) * 1.12;
    #[expect(clippy::cast_possible_truncation, reason = "share of a plot")]
    let yy = |s: f64| plot.bottom() - plot.height() * ((s / top).clamp(0.0, 1.0) as f32);
    for s in [0.0, top / 2.0] {
        draw::hline(&p, plot.left(), plot.right(), yy(s), pal.line_soft);
        draw::text(
            &p,
            pos2(plot.left() - 8.0, yy(s)),
            Align2::RIGHT_CENTER,
            &format!("{s:.0} s"),
            theme::small(),
            pal.text2,
        );
    }
    p.extend(Shape::dashed_line(
        &[pos2(plot.left(), yy(asked)), pos2(plot.right(), yy(asked))],
        Stroke::new(1.0, pal.text1),
        6.0,
        4.0,
    ));
    draw::text(
        &p,
        pos2(plot.left() - 8.0, yy(asked)),
        Align2::RIGHT_CENTER,
        &format!("{asked:.0} s"),
        theme::small(),
        pal.text1,
    );
    let n = j.gap_per_cell_s.len().max(1);
    #[expect(clippy::cast_precision_loss, reason = "cells of a section")]
    let x = |i: usize, n: usize| plot.left() + plot.width() * i as f32 / n as f32;
    for (i, g) in j.gap_per_cell_s.iter().enumerate() {
        let (x0, x1) = (x(i, n), x(i + 1, n));
        match g {
            Some(s) => {
                p.rect_filled(
                    Rect::from_min_max(pos2(x0, yy(*s)), pos2(x1, plot.bottom())),
                    CornerRadius::ZERO,
                    if *s > asked { pal.age[4] } else { pal.surface[4] },
                );
                p.line_segment([pos2(x0, yy(*s)), pos2(x1, yy(*s))], Stroke::new(1.5, pal.text1));
            }
            None => draw::hatch(
                &p,
                Rect::from_min_max(pos2(x0, plot.top()), pos2(x1, plot.bottom())),
                8.0,
                pal.text2,
            ),
        }
    }
    let flown = &v.coverage.longest_us;
    let pts: Vec<_> = flown
        .iter()
        .enumerate()
        .filter(|(_, us)| **us > 0)
        .map(|(i, us)| pos2(x(i, flown.len().max(1)), yy(vedette_model::Mono(*us).seconds())))
        .collect();
    for q in &pts {
        p.circle_filled(*q, 1.5, pal.age[2]);
    }
    let km = plan.section_m / 1000.0;
    let step = [0.5, 1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .find(|s| km / s < 12.0)
        .unwrap_or(20.0);
    let mut k = 0.0;
    while k <= km {
        #[expect(clippy::cast_possible_truncation, reason = "share of a plot")]
        let px = plot.left() + plot.width() * (k / km) as f32;
        draw::text(
            &p,
            pos2(px, plot.bottom() + 12.0),
            Align2::CENTER_CENTER,
            &if k == 0.0 { "km 0".to_owned() } else { format!("{k}") },
            theme::small(),
            pal.text2,
        );
        k += step;
    }
    draw::named(
        ui,
        r,
        "gaps",
        WidgetType::Label,
        &format!(
            "Longest gap per kilometre, asked {asked:.0} s, measured {:.0} s",
            j.revisit_measured_s
        ),
    );
}
