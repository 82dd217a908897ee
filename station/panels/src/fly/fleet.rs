//! Fleet on the left: one card per aircraft, and the instruments of the selected one.
//!
//! Invariant: each card says mode, links, energy, what it does now and what it does when its link
//! dies. It must not know how any of it was measured.

use egui::{Align2, CornerRadius, Rect, Sense, Stroke, Ui, WidgetInfo, WidgetType, pos2, vec2};
use vedette_core::{LegView, PlanOnAircraft, StationView, VehicleView};
use vedette_model::plan::{LegKind, LinkLoss};
use vedette_model::{Airframe, Freshness, Intent, Known, LandedState, MissionKind, Mono};

use super::ways;
use crate::draw;
use crate::icon::{self, Icon};
use crate::local::{FlyFeeds, FlyLocal};
use crate::relief::Relief;
use crate::theme::{self, Layout, Palette};
use crate::words;

fn airframe_icon(a: Airframe) -> Icon {
    match a {
        Airframe::Copter => Icon::Copter,
        Airframe::Plane | Airframe::Quadplane => Icon::Plane,
    }
}

/// What it does now, in words.
pub(crate) fn doing(v: &StationView, a: &VehicleView) -> String {
    if let Some(t) = a.transfer {
        let list = match t.kind {
            MissionKind::Mission => "plan",
            MissionKind::Fence => "fence",
            MissionKind::Rally => "rally points",
        };
        return format!("Uploading {list} {}/{}", t.done, t.of);
    }
    if let (Some(t), true) = (a.custody, a.alive) {
        return format!("Watches {t}");
    }
    if let Some(leg) = a.leg {
        return leg_words(v, a, &leg);
    }
    match a.landed.map(|l| l.value) {
        Some(LandedState::OnGround) if a.ready.is_some_and(|r| !r.value) && !a.arming_checks.is_empty() => {
            let more = a.arming_checks.len() - 1;
            let rest = if more > 0 {
                format!(", and {more} more")
            } else {
                String::new()
            };
            format!("Not ready: {}{rest}", a.arming_checks[0])
        }
        Some(LandedState::OnGround) => match a.plan_on_board {
            PlanOnAircraft::Same => "On the ground, plan on board".into(),
            PlanOnAircraft::Uploading => "On the ground, plan uploading".into(),
            PlanOnAircraft::Differs => "On the ground, plan differs".into(),
            PlanOnAircraft::Unknown if v.plan.plan.is_some() => "On the ground, no plan on board".into(),
            PlanOnAircraft::Unknown => "On the ground".into(),
        },
        Some(LandedState::TakingOff) => "Taking off".into(),
        Some(LandedState::Landing) => "Landing".into(),
        Some(LandedState::InAir) => "In the air, off its plan".into(),
        None => words::UNKNOWN.into(),
    }
}

/// What is flown now, in words: the pass a leg belongs to.
pub(crate) fn leg_words(v: &StationView, a: &VehicleView, leg: &LegView) -> String {
    let run = super::passes::runs(v, a.id)
        .into_iter()
        .find(|r| (r.legs.0..=r.legs.1).contains(&leg.index));
    let kind = match leg.kind {
        LegKind::TakeOff => "Take-off",
        LegKind::Transit => "Transit",
        LegKind::Patrol | LegKind::Turn => "Patrol pass",
        LegKind::Loiter => "Loiter",
        LegKind::Return => "Return",
        LegKind::Land => "Landing",
    };
    match run {
        Some(r) if r.kind == LegKind::Patrol => match r.watches_m {
            Some([x, y]) => format!("{kind} {} · km {:.1} → {:.1}", r.number, x / 1000.0, y / 1000.0),
            None => format!("{kind} {}", r.number),
        },
        _ => kind.to_owned(),
    }
}

/// What it does when its link dies, in words: by its plan while it flies it, else by its own
/// parameters.
pub(crate) fn on_loss(v: &StationView, a: &VehicleView) -> String {
    if matches!(a.landed.map(|k| k.value), Some(LandedState::OnGround)) {
        return "stays on the ground".into();
    }
    let back = v
        .plan
        .plan
        .as_ref()
        .and_then(|p| p.aircraft.iter().find(|x| x.vehicle == a.id));
    let height = back.map(|p| format!("at {} m", words::thousands(p.return_amsl.0)));
    match a.leg.map(|l| l.link_loss) {
        Some(LinkLoss::Continue) => "continues its plan, then lands at home".into(),
        Some(LinkLoss::Return) => match height {
            Some(h) => format!("returns {h}, lands at home"),
            None => "returns and lands at home".into(),
        },
        Some(LinkLoss::Land) => "lands where it is".into(),
        None => own_setting(a).unwrap_or_else(|| words::UNKNOWN.into()),
    }
}

/// What its parameters say it does when the ground station falls silent (ArduPilot, PX4).
fn own_setting(a: &VehicleView) -> Option<String> {
    let get = |name: &str| a.parameter_table.get(name);
    #[expect(clippy::cast_possible_truncation, reason = "small enumerations")]
    let number = |name: &str| get(name).map(|x| x.round() as i64);
    if let Some(n) = number("FS_GCS_ENABLE") {
        let height = get("RTL_ALT").map_or(String::new(), |cm| format!(" at {:.0} m over home", cm * 0.01));
        return Some(match n {
            0 => "goes on, by its own setting".into(),
            1 | 3 => format!("returns{height}, lands"),
            4 => format!("returns{height} or lands"),
            5 => "lands where it is".into(),
            7 => "brakes or lands where it is".into(),
            _ => "lands by its sequence or returns".into(),
        });
    }
    if let Some(n) = number("FS_GCS_ENABL") {
        let action = number("FS_LONG_ACTN").unwrap_or(0);
        let after = get("FS_LONG_TIMEOUT").map_or(String::new(), |s| format!(" after {s:.0} s"));
        return Some(match (n, action) {
            (0, _) => "goes on, by its own setting".into(),
            (_, 1) => format!("returns{after}"),
            (_, 2) => format!("glides down{after}"),
            (_, 3) => format!("opens its parachute{after}"),
            _ => format!("goes on, returns from guided flight{after}"),
        });
    }
    let after = get("COM_DL_LOSS_T").map_or(String::new(), |s| format!(" after {s:.0} s"));
    number("NAV_DLL_ACT").map(|n| match n {
        0 => "goes on, by its own setting".into(),
        1 => format!("holds{after}"),
        2 => format!("returns{after}"),
        3 => format!("lands where it is{after}"),
        _ => format!("ends its flight{after}"),
    })
}

fn value_colour<T>(k: Option<&Known<T>>, now: Mono, pal: &Palette) -> egui::Color32 {
    match k.map(|k| k.freshness(now)) {
        Some(Freshness::Fresh | Freshness::Ageing) => pal.text1,
        Some(Freshness::Stale) | None => pal.text3,
    }
}

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
    let p = ui.painter().with_clip_rect(r);
    p.rect_filled(r, CornerRadius::ZERO, pal.surface[1]);
    let airborne = v
        .vehicles
        .values()
        .filter(|a| {
            matches!(
                a.landed.map(|k| k.value),
                Some(LandedState::InAir | LandedState::Landing | LandedState::TakingOff)
            )
        })
        .count();
    let head = draw::rect(r.left(), r.top(), r.width(), 32.0);
    draw::header(&p, head, "Fleet", "", pal);
    let n = v.vehicles.len().min(9);
    if n > 0 {
        let k = draw::keycap(&p, head.right() - 12.0, head.center().y, &n.to_string(), pal);
        if n > 1 {
            let d = draw::text(
                &p,
                pos2(k.left() - 5.0, head.center().y),
                Align2::RIGHT_CENTER,
                "–",
                theme::small(),
                pal.text3,
            );
            let k1 = draw::keycap(&p, d.left() - 5.0, head.center().y, "1", pal);
            if !lay.compact {
                draw::text(
                    &p,
                    pos2(k1.left() - 6.0, head.center().y),
                    Align2::RIGHT_CENTER,
                    &format!("{airborne} airborne · select"),
                    theme::small(),
                    pal.text2,
                );
            }
        }
    }
    let inst_h = if lay.compact { 152.0 } else { 252.0 };
    let card_h = if lay.compact { 104.0 } else { 152.0 };
    let list = Rect::from_min_max(pos2(r.left(), head.bottom()), pos2(r.right(), r.bottom() - inst_h));
    let mut y = list.top();
    for a in v.vehicles.values() {
        let c = draw::rect(r.left(), y, r.width(), card_h);
        if c.bottom() > list.bottom() + 1.0 {
            let more = v.vehicles.len() - v.vehicles.keys().position(|k| *k == a.id).unwrap_or(0);
            draw::text(
                &p,
                pos2(r.left() + 12.0, y + 14.0),
                Align2::LEFT_CENTER,
                &format!("and {more} more: keys 1–9"),
                theme::small(),
                pal.text2,
            );
            break;
        }
        if card(ui, c, v, a, l, lay, pal) {
            l.select(v, a.id);
            out.push(Intent::Show {
                alert: None,
                track: None,
                vehicle: Some(a.id),
            });
        }
        y += card_h;
    }
    if v.vehicles.is_empty() {
        draw::text_wrapped(
            &p,
            pos2(r.left() + 12.0, y + 14.0),
            "No aircraft heard yet. The station listens on every link named under Inspect (F5).",
            theme::body(),
            pal.text3,
            r.width() - 24.0,
            4,
            20.0,
        );
    }
    let inst = Rect::from_min_max(pos2(r.left(), r.bottom() - inst_h), r.max);
    if let Some(a) = l.selected.and_then(|s| v.vehicles.get(&s)) {
        instruments(ui, inst, v, a, feeds.relief, lay, pal);
    }
}

fn card(ui: &mut Ui, c: Rect, v: &StationView, a: &VehicleView, l: &FlyLocal, lay: &Layout, pal: &Palette) -> bool {
    let on = l.selected == Some(a.id);
    let resp = ui.interact(c, ui.id().with(("card", a.id)), Sense::click());
    let mode = a.mode.map_or(words::UNKNOWN.to_owned(), |_| a.mode_name.clone());
    let pct = a
        .battery_pct
        .map_or(words::UNKNOWN.to_owned(), |k| format!("{:.0} %", k.value));
    resp.widget_info(|| {
        let mut i = WidgetInfo::labeled(
            WidgetType::Button,
            true,
            format!(
                "{} {}, {mode}, battery {pct}, {}, {}, link loss: {}",
                a.tail,
                a.name,
                doing(v, a),
                ways::said(v, a),
                on_loss(v, a)
            ),
        );
        i.selected = Some(on);
        i
    });
    let p = ui.painter().clone();
    let fill = if on {
        pal.accent_fill
    } else if resp.hovered() {
        pal.surface[2]
    } else {
        pal.surface[1]
    };
    p.rect_filled(c, CornerRadius::ZERO, fill);
    draw::hline(&p, c.left(), c.right(), c.bottom() - 0.5, pal.line_soft);
    if on {
        p.rect_filled(
            draw::rect(c.left(), c.top(), 4.0, c.height()),
            CornerRadius::ZERO,
            pal.accent,
        );
    }
    let lost = !a.alive;
    let main = if lost { pal.text3 } else { pal.text1 };
    let x0 = c.left() + 14.0;
    let x1 = c.right() - 12.0;
    let mut y = c.top() + if lay.compact { 15.0 } else { 20.0 };
    let x = if lay.compact {
        x0 - 2.0
    } else {
        icon::paint(&p, pos2(x0 + 8.0, y), 17.0, airframe_icon(a.airframe), main);
        x0 + 26.0
    };
    let t = draw::text(
        &p,
        pos2(x, y),
        Align2::LEFT_CENTER,
        &a.tail,
        theme::title(),
        if on { pal.text1 } else { main },
    );
    draw::text(
        &p,
        pos2(t.right() + 8.0, y),
        Align2::LEFT_CENTER,
        &a.name,
        theme::body(),
        pal.text2,
    );
    let badge = if a.duplicate {
        "DUPLICATE ID".to_owned()
    } else if lost {
        "LINK LOST".to_owned()
    } else {
        mode
    };
    if lay.compact {
        draw::text(
            &p,
            pos2(x1, y),
            Align2::RIGHT_CENTER,
            &badge,
            theme::small(),
            if lost || a.duplicate { pal.alarm2 } else { pal.text2 },
        );
    } else {
        draw::tag(
            &p,
            pos2(x1, y),
            true,
            &badge,
            if lost || a.duplicate { pal.alarm2 } else { pal.text2 },
            pal,
        );
    }
    // Links: each way with how good it is, the one in use bright; else the age of the last word.
    y += if lay.compact { 21.0 } else { 28.0 };
    ways::row(&p, x0, x1, y, v, a, lay, pal);
    // Energy.
    y += if lay.compact { 20.0 } else { 26.0 };
    let bat = draw::rect(x0 - 2.0, y - 4.0, if lay.compact { 56.0 } else { 104.0 }, 8.0);
    let reserve = v
        .plan
        .plan
        .as_ref()
        .and_then(|pl| pl.brief.fleet.iter().find(|f| f.vehicle == a.id))
        .map_or(0.2, |f| f.energy.reserve_share);
    if let Some(b) = a.battery_pct {
        draw::battery(&p, bat, b.value / 100.0, reserve, pal);
    } else {
        draw::framed(&p, bat, 0, pal.surface[0], pal.line_soft);
    }
    draw::text(
        &p,
        pos2(bat.right() + 8.0, y),
        Align2::LEFT_CENTER,
        &pct,
        theme::mono(),
        value_colour(a.battery_pct.as_ref(), v.now, pal),
    );
    let ground = matches!(a.landed.map(|k| k.value), Some(LandedState::OnGround));
    let (bingo, warn) = match a.bingo_s {
        Some(s) if !ground => (format!("bingo in {}", words::about(s)), s < 600.0),
        _ => (
            if lay.compact {
                "bingo —".into()
            } else {
                "bingo unknown".to_owned()
            },
            false,
        ),
    };
    let bw = if ground {
        draw::text(
            &p,
            pos2(x1, y),
            Align2::RIGHT_CENTER,
            "on ground",
            theme::small(),
            pal.text2,
        )
    } else {
        draw::text(
            &p,
            pos2(x1, y),
            Align2::RIGHT_CENTER,
            &bingo,
            if warn { theme::small_strong() } else { theme::small() },
            if warn { pal.text1 } else { pal.text2 },
        )
    };
    if warn && !ground && !lay.compact {
        icon::paint(&p, pos2(bw.left() - 10.0, y), 13.0, Icon::Battery, pal.text1);
    }
    // What it does.
    y += if lay.compact { 20.0 } else { 26.0 };
    let custody_w = if let Some(t) = a.custody.filter(|_| !lay.compact) {
        let s = t.to_string();
        let r = draw::tag(&p, pos2(x1, y), true, &format!("      {s}"), pal.text2, pal);
        icon::paint(&p, pos2(r.left() + 13.0, y), 13.0, Icon::Eye, pal.text1);
        r.width() + 8.0
    } else {
        0.0
    };
    draw::text_in(
        &p,
        pos2(x0 - 2.0, y),
        Align2::LEFT_CENTER,
        &doing(v, a),
        theme::body(),
        main,
        x1 - x0 - custody_w,
    );
    if !lay.compact {
        y += 24.0;
        draw::text_in(
            &p,
            pos2(x0 - 2.0, y),
            Align2::LEFT_CENTER,
            &a.grounded.first().map_or_else(
                || format!("Link loss: {}", on_loss(v, a)),
                |why| format!("Stays down: {why}"),
            ),
            theme::small(),
            if a.grounded.is_empty() { pal.text2 } else { pal.alarm2 },
            x1 - x0 + 4.0,
        );
    }
    resp.clicked()
}

fn instruments(
    ui: &mut Ui,
    r: Rect,
    v: &StationView,
    a: &VehicleView,
    relief: Option<&Relief>,
    lay: &Layout,
    pal: &Palette,
) {
    let p = ui.painter().with_clip_rect(r);
    p.rect_filled(r, CornerRadius::ZERO, pal.surface[1]);
    draw::hline(&p, r.left(), r.right(), r.top() + 0.5, pal.line_soft);
    let head = draw::rect(r.left(), r.top(), r.width(), if lay.compact { 28.0 } else { 32.0 });
    let name = if lay.compact {
        a.tail.clone()
    } else {
        format!("{} {}", a.tail, a.name)
    };
    draw::header(&p, head, &name, "instruments", pal);
    draw::text(
        &p,
        pos2(head.right() - 12.0, head.center().y),
        Align2::RIGHT_CENTER,
        &words::age_of(a.amsl.as_ref(), v.now),
        theme::mono(),
        pal.text2,
    );
    let speeds = a.speeds_m_s.map(|k| k.value);
    let below = a.at.and_then(|k| relief.and_then(|r| r.at_place(k.value)));
    let agl = a.amsl.zip(below).map(|(h, g)| h.value.0 - g);
    let c = |stale: bool| if stale { pal.text3 } else { pal.text1 };
    let old = a.amsl.is_none_or(|k| k.freshness(v.now) == Freshness::Stale);
    let rows: [(&str, String); 5] = [
        ("AMSL", words::metres(a.amsl.map(|k| k.value.0))),
        ("AGL", words::metres(agl)),
        ("Above home", words::signed_metres(a.above_home.map(|k| k.value.0))),
        ("Heading", words::bearing(a.heading_deg.map(|k| k.value))),
        ("Ground", words::tenth(speeds.map(|s| s[1]), "m/s")),
    ];
    let wind = a.wind.map_or(words::UNKNOWN.to_owned(), |w| {
        if lay.compact {
            format!("{:03.0}°/{:.0}", w.value.0, w.value.1)
        } else {
            format!("{:03.0}° {:.0} m/s", w.value.0, w.value.1)
        }
    });
    let needs = a
        .home_share
        .map_or(words::UNKNOWN.to_owned(), |s| format!("{:.0} %", s * 100.0));
    let (plan_words, plan_colour, plan_icon) = match a.plan_on_board {
        PlanOnAircraft::Same => (
            format!(
                "same {}",
                a.plan_id.as_ref().map_or(String::new(), |i| words::groups(&i.0, 2))
            ),
            pal.confirmed,
            Some(Icon::Check),
        ),
        PlanOnAircraft::Differs => ("differs from ours".into(), pal.alarm2, Some(Icon::P2)),
        PlanOnAircraft::Uploading => (
            a.transfer
                .map_or("uploading".into(), |t| format!("uploading {}/{}", t.done, t.of)),
            pal.text1,
            None,
        ),
        PlanOnAircraft::Unknown => (words::UNKNOWN.to_owned(), pal.text3, None),
    };
    if lay.compact {
        let col = (r.width() - 24.0) / 2.0;
        let cells: [(&str, String); 6] = [
            ("AMSL", rows[0].1.clone()),
            ("GS", rows[4].1.clone()),
            ("AGL", rows[1].1.clone()),
            ("HDG", rows[3].1.clone()),
            ("Home", rows[2].1.clone()),
            ("Wind", wind),
        ];
        for (i, (k, val)) in cells.iter().enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "six cells")]
            let (cx, cy) = ((i % 2) as f32, (i / 2) as f32);
            let q = draw::rect(
                r.left() + 12.0 + cx * (col + 4.0),
                head.bottom() + 5.0 + cy * 22.0,
                col - 4.0,
                20.0,
            );
            draw::pair(&p, q, k, val, c(old), pal);
        }
        let y = head.bottom() + 82.0;
        draw::text_in(
            &p,
            pos2(r.left() + 12.0, y),
            Align2::LEFT_CENTER,
            &format!("On loss {}", on_loss(v, a).replace(", lands at home", "")),
            theme::small(),
            pal.text1,
            r.width() - 20.0,
        );
        let t = draw::text(
            &p,
            pos2(r.left() + 12.0, y + 22.0),
            Align2::LEFT_CENTER,
            "Plan",
            theme::small(),
            pal.text2,
        );
        draw::text_in(
            &p,
            pos2(t.right() + 8.0, y + 22.0),
            Align2::LEFT_CENTER,
            &plan_words,
            theme::small(),
            plan_colour,
            r.right() - t.right() - 16.0,
        );
        return;
    }
    // Attitude on the left.
    let ball = pos2(r.left() + 68.0, head.bottom() + 72.0);
    attitude(&p, ball, 50.0, a, v.now, pal);
    let mut y = head.bottom() + 24.0;
    for (i, (k, val)) in rows.iter().enumerate() {
        let big = i == 0;
        draw::text(
            &p,
            pos2(r.left() + 138.0, y),
            Align2::LEFT_CENTER,
            k,
            theme::small(),
            pal.text2,
        );
        draw::text(
            &p,
            pos2(r.right() - 12.0, y),
            Align2::RIGHT_CENTER,
            val,
            if big { theme::figure_small() } else { theme::mono() },
            c(old),
        );
        y += if big { 25.0 } else { 21.0 };
    }
    y = head.bottom() + 156.0;
    for (ic, k, val, colour, mark) in [
        (Icon::Wind, "Wind (est.)", wind, pal.text1, None),
        (
            Icon::Battery,
            "Return needs",
            format!("{needs} + reserve"),
            pal.text1,
            None,
        ),
        (Icon::Seal, "Plan on aircraft", plan_words, plan_colour, plan_icon),
    ] {
        icon::paint(&p, pos2(r.left() + 20.0, y), 14.0, ic, pal.text2);
        draw::text(
            &p,
            pos2(r.left() + 36.0, y),
            Align2::LEFT_CENTER,
            k,
            theme::small(),
            pal.text2,
        );
        let t = draw::text(
            &p,
            pos2(r.right() - 12.0, y),
            Align2::RIGHT_CENTER,
            &val,
            theme::mono(),
            colour,
        );
        if let Some(m) = mark {
            icon::paint(&p, pos2(t.left() - 12.0, y), 13.0, m, colour);
        }
        y += 19.0;
    }
}

/// Horizon ball with bank scale.
fn attitude(p: &egui::Painter, c: egui::Pos2, r: f32, a: &VehicleView, now: Mono, pal: &Palette) {
    p.circle_stroke(c, r, Stroke::new(1.0, pal.line_strong));
    let Some(k) = a.attitude_deg else {
        draw::text(p, c, Align2::CENTER_CENTER, words::UNKNOWN, theme::title(), pal.text3);
        return;
    };
    let stale = k.freshness(now) == Freshness::Stale;
    #[expect(clippy::cast_possible_truncation, reason = "degrees")]
    let (roll, pitch) = ((k.value[0] as f32).to_radians(), (k.value[1] as f32).clamp(-40.0, 40.0));
    let (s, co) = (-roll).sin_cos();
    let turn = |x: f32, y: f32| c + vec2(x * co - y * s, x * s + y * co);
    let k_px = r / 45.0;
    let off = pitch * k_px;
    let colour = if stale { pal.text3 } else { pal.text1 };
    // Ground half: the chord and the arc below it.
    let half = (r * r - off * off).max(0.0).sqrt();
    let mut ground: Vec<egui::Pos2> = Vec::new();
    for i in 0..=24u8 {
        let t = off.atan2(half) + (std::f32::consts::PI - 2.0 * off.atan2(half)) * f32::from(i) / 24.0;
        ground.push(turn(r * t.cos(), r * t.sin()));
    }
    p.add(egui::Shape::convex_polygon(ground, pal.surface[3], Stroke::NONE));
    p.line_segment([turn(-half, off), turn(half, off)], Stroke::new(1.5, colour));
    for d in [-20.0_f32, -10.0, 10.0, 20.0] {
        let y = off - d * k_px;
        if y.abs() < r * 0.8 {
            p.line_segment([turn(-9.0, y), turn(9.0, y)], Stroke::new(1.0, pal.text3));
        }
    }
    for d in [-60.0_f32, -30.0, 0.0, 30.0, 60.0] {
        let t = (d - 90.0).to_radians();
        p.line_segment(
            [c + vec2(t.cos(), t.sin()) * r, c + vec2(t.cos(), t.sin()) * (r - 5.0)],
            Stroke::new(1.0, pal.text2),
        );
    }
    p.line_segment(
        [c + vec2(-24.0, 0.0), c + vec2(-8.0, 0.0)],
        Stroke::new(2.0, pal.accent),
    );
    p.line_segment([c + vec2(8.0, 0.0), c + vec2(24.0, 0.0)], Stroke::new(2.0, pal.accent));
    p.circle_filled(c, 2.0, pal.accent);
}
