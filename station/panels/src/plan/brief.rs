//! The brief, field by field: every change is tried at once, every change can be taken back.
//!
//! Invariant: a field that does not parse changes nothing and shows it; the brief in force is the
//! one on the table until the draft is proposed. It must not know what a value leads to.

use egui::{Align2, CornerRadius, Rect, Stroke, StrokeKind, Ui, WidgetType, pos2};
use vedette_core::StationView;
use vedette_model::Intent;
use vedette_model::plan::Brief;

use super::fields::{field, numbers, seconds};
use super::{Page, Shown, after, import, stretches};
use crate::draw::{self, Button, Look};
use crate::icon::{self, Icon};
use crate::local::FlyLocal;
use crate::theme::{self, Layout, Palette};
use crate::words;

/// The pixels across a target asked for, in words (Johnson: 2, 8, 13).
const TASKS: [(&str, f64); 3] = [("Detect", 2.0), ("Recognise", 8.0), ("Identify", 13.0)];

#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
pub(super) fn show(
    ui: &mut Ui,
    r: Rect,
    v: &StationView,
    s: &Shown,
    l: &mut FlyLocal,
    desk: Option<&super::PlanDesk>,
    lay: &Layout,
    pal: &Palette,
    out: &mut Vec<Intent>,
) {
    let p = ui.painter().with_clip_rect(r);
    p.rect_filled(r, CornerRadius::ZERO, pal.surface[1]);
    let head = draw::rect(r.left(), r.top(), r.width(), 32.0);
    draw::header(&p, head, "", "", pal);
    let mut tx = head.left() + 6.0;
    for (words, label, key, after) in [
        ("Brief", "The brief", "", false),
        ("After a change", "After a change", "X", true),
    ] {
        let b = Button::new(words)
            .label(label)
            .key(if lay.compact { "" } else { key })
            .selected(l.plan.after == after);
        let w = b.wants(&p);
        if b.show(ui, draw::rect(tx, head.top() + 4.0, w, 24.0), pal).clicked() {
            l.plan.after = after;
            l.plan.what_if = None;
        }
        tx += w + 4.0;
    }
    let (can_undo, can_redo) = l
        .plan
        .draft
        .as_ref()
        .map_or((false, false), |d| (d.can_undo(), d.can_redo()));
    let mut x = head.right() - 10.0;
    for (words, label, on, back) in [
        ("Redo", "Redo edit", can_redo, false),
        ("Undo", "Undo edit", can_undo, true),
    ] {
        let b = Button::new(words).label(label).look(Look::Quiet).enabled(on);
        let w = b.wants(&p);
        x -= w;
        if b.show(ui, draw::rect(x, head.top() + 4.0, w, 24.0), pal).clicked()
            && let Some(d) = &mut l.plan.draft
        {
            if back {
                d.undo();
            } else {
                d.redo();
            }
        }
        x -= 2.0;
    }
    let foot_h = if lay.compact { 68.0 } else { 92.0 };
    let body = Rect::from_min_max(head.left_bottom(), pos2(r.right(), r.bottom() - foot_h));
    if l.plan.after {
        after::show(ui, body, v, s, l, desk, lay, pal);
    } else {
        fields(ui, body, v, s, l, desk, lay, pal);
    }
    foot(
        ui,
        Rect::from_min_max(body.left_bottom(), r.max),
        v,
        s,
        l,
        lay,
        pal,
        out,
    );
}

/// Applies an edit to the draft.
pub(super) fn edit(l: &mut FlyLocal, change: impl FnOnce(&mut Brief)) {
    if let Some(d) = &mut l.plan.draft {
        d.edit(change);
    }
}

/// A field of the brief: its name, its unit, the value as text, and the edit that a text means.
struct Row<'a> {
    name: &'a str,
    unit: &'a str,
    text: String,
    /// What a typed text changes; `None`: it is no value.
    edit: fn(&str, &Brief) -> Option<Brief>,
}

fn changed(b: &Brief, change: impl FnOnce(&mut Brief)) -> Brief {
    let mut b = b.clone();
    change(&mut b);
    b
}

/// The fields in the order they are shown; the first takes a whole line.
fn rows<'a>(b: &Brief, border: &'a str) -> [Row<'a>; 7] {
    let reserve = b.fleet.iter().map(|a| a.energy.reserve_share).fold(0.0, f64::max);
    let w = &b.wind;
    [
        Row {
            name: "Section, kilometres",
            unit: border,
            text: format!("{:.2} – {:.2}", b.section.from_km, b.section.to_km),
            edit: |t, b| match numbers(t)[..] {
                [from, to, ..] if to > from => Some(changed(b, |b| (b.section.from_km, b.section.to_km) = (from, to))),
                _ => None,
            },
        },
        Row {
            name: "Revisit at most",
            unit: "",
            text: words::duration(b.requirement.revisit_s),
            edit: |t, b| {
                let x = seconds(t, 60.0).filter(|x| *x > 0.0)?;
                Some(changed(b, |b| b.requirement.revisit_s = x))
            },
        },
        Row {
            name: "Stand-off",
            unit: "m",
            text: format!("{:.0}", b.limits.stand_off_m),
            edit: |t, b| {
                let x = *numbers(t).first()?;
                Some(changed(b, |b| b.limits.stand_off_m = x))
            },
        },
        Row {
            name: "Height band",
            unit: "m AGL",
            text: format!("{:.0} – {:.0}", b.limits.min_agl_m, b.limits.max_agl_m),
            edit: |t, b| match numbers(t)[..] {
                [low, high, ..] if high > low => {
                    Some(changed(b, |b| (b.limits.min_agl_m, b.limits.max_agl_m) = (low, high)))
                }
                _ => None,
            },
        },
        Row {
            name: "Reserve",
            unit: "%",
            text: format!("{:.0}", reserve * 100.0),
            edit: |t, b| {
                let x = numbers(t).first().copied().filter(|x| (0.0..=90.0).contains(x))?;
                let all = |b: &mut Brief| b.fleet.iter_mut().for_each(|a| a.energy.reserve_share = x / 100.0);
                Some(changed(b, all))
            },
        },
        Row {
            name: "Wind",
            unit: "m/s",
            text: format!("{:03.0}° {:.0} + {:.0}", w.from_deg, w.speed_m_s, w.gust_m_s),
            edit: |t, b| match numbers(t)[..] {
                [from, speed, ref rest @ ..] => Some(changed(b, |b| {
                    b.wind.from_deg = from;
                    b.wind.speed_m_s = speed;
                    b.wind.gust_m_s = rest.first().copied().unwrap_or(b.wind.gust_m_s);
                })),
                _ => None,
            },
        },
        Row {
            name: "Watch lasts",
            unit: "",
            text: words::duration(b.requirement.duration_s),
            edit: |t, b| {
                let x = seconds(t, 60.0).filter(|x| *x > 0.0)?;
                Some(changed(b, |b| b.requirement.duration_s = x))
            },
        },
    ]
}

#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
fn fields(
    ui: &mut Ui,
    r: Rect,
    v: &StationView,
    s: &Shown,
    l: &mut FlyLocal,
    desk: Option<&super::PlanDesk>,
    lay: &Layout,
    pal: &Palette,
) {
    let (x, w) = (r.left() + 12.0, r.width() - 24.0);
    let half = (w - 8.0) / 2.0;
    let row = if lay.compact { 44.0 } else { 48.0 };
    let gap = if lay.compact { 5.0 } else { 8.0 };
    let b = s.brief.clone();
    let mut y = stretches::pages(ui, draw::rect(x, r.top() + 8.0, w, 24.0), &b, l, pal) + gap;
    let below = Rect::from_min_max(pos2(x, y), pos2(x + w, r.bottom()));
    match l.plan.page {
        Page::Whole => {}
        Page::Stretches => return stretches::stretches(ui, below, s, l, lay, pal),
        Page::Winds => return stretches::winds(ui, below, s, l, lay, pal),
        Page::Files => return import::show(ui, below, s, l, desk, pal),
    }
    for (i, f) in rows(&b, &v.site.border_name).into_iter().enumerate() {
        // The first alone, then two in a line; the task stands between the limits and the heights.
        let right = i > 0 && i % 2 == 0;
        let at = draw::rect(
            if right { x + half + 8.0 } else { x },
            y,
            if i == 0 { w } else { half },
            row,
        );
        if let Some(new) = field(ui, at, f.name, f.unit, &f.text, pal).and_then(|t| (f.edit)(&t, &b)) {
            edit(l, |b| *b = new);
        }
        if i == 0 || right {
            y += row + gap;
        }
        if i == 2 {
            y = task(ui, draw::rect(x, y, w, 44.0), &b, l, pal) + gap;
        }
    }
    y += 2.0;
    y = fleet(ui, draw::rect(x, y, w, r.bottom() - y), v, &b, l, pal);
    y = zones(ui, draw::rect(x, y, w, r.bottom() - y), &b, l, pal);
    sizing(
        ui,
        Rect::from_min_max(pos2(x, y), pos2(x + w, r.bottom() - 6.0)),
        s,
        pal,
    );
}

/// What must be seen, in three buttons; gives the y below them.
fn task(ui: &mut Ui, r: Rect, b: &Brief, l: &mut FlyLocal, pal: &Palette) -> f32 {
    draw::text(
        ui.painter(),
        pos2(r.left(), r.top() + 7.0),
        Align2::LEFT_CENTER,
        &format!(
            "Must be able to, {} at {:.0} px",
            format!("{:?}", b.requirement.target).to_lowercase(),
            b.requirement.pixels_on_target
        ),
        theme::small(),
        pal.text2,
    );
    let third = (r.width() - 8.0) / 3.0;
    let mut bx = r.left();
    for (name, px) in TASKS {
        let on = (b.requirement.pixels_on_target - px).abs() < 0.01;
        let q = draw::rect(bx, r.top() + 18.0, third, 26.0);
        let label = format!("Task {name}");
        if Button::new(name).label(&label).selected(on).show(ui, q, pal).clicked() {
            edit(l, |b| b.requirement.pixels_on_target = px);
        }
        bx += third + 4.0;
    }
    r.bottom()
}

fn fleet(ui: &mut Ui, r: Rect, v: &StationView, b: &Brief, l: &mut FlyLocal, pal: &Palette) -> f32 {
    let p = ui.painter().clone();
    draw::text(
        &p,
        pos2(r.left(), r.top() + 8.0),
        Align2::LEFT_CENTER,
        "Fleet",
        theme::small(),
        pal.text2,
    );
    // Everybody the session knows can be taken into the brief; whoever it does not know has no
    // envelope here.
    let all: Vec<_> = v.brief.fleet.iter().map(|a| a.vehicle).collect();
    let mut y = r.top() + 18.0;
    let shown = all.len().min(6);
    for id in all.iter().take(shown) {
        let Some(a) = b.fleet.iter().chain(&v.brief.fleet).find(|a| a.vehicle == *id) else {
            continue;
        };
        let on = b.fleet.iter().any(|f| f.vehicle == *id);
        let q = draw::rect(r.left(), y, r.width(), 26.0);
        let resp = ui.interact(q, ui.id().with(("in fleet", id.0)), egui::Sense::click());
        let name = format!("{} {} in the fleet", a.tail, a.name);
        resp.widget_info(|| egui::WidgetInfo::selected(WidgetType::Checkbox, true, on, &name));
        draw::framed(
            &p,
            q,
            0,
            if resp.hovered() { pal.surface[2] } else { pal.surface[1] },
            pal.line_soft,
        );
        let tick = draw::rect(q.left() + 8.0, q.center().y - 7.0, 14.0, 14.0);
        draw::framed(
            &p,
            tick,
            2,
            if on { pal.accent_fill } else { pal.surface[0] },
            if on { pal.accent } else { pal.line_strong },
        );
        if on {
            icon::paint(&p, tick.center(), 11.0, Icon::Check, pal.text1);
        }
        if resp.has_focus() {
            p.rect_stroke(
                q,
                CornerRadius::same(2),
                Stroke::new(2.0, pal.accent),
                StrokeKind::Inside,
            );
        }
        icon::paint(
            &p,
            pos2(q.left() + 36.0, q.center().y),
            14.0,
            if a.airframe == vedette_model::Airframe::Copter {
                Icon::Copter
            } else {
                Icon::Plane
            },
            pal.text2,
        );
        let t = draw::text(
            &p,
            pos2(q.left() + 50.0, q.center().y),
            Align2::LEFT_CENTER,
            &a.tail,
            theme::strong(),
            if on { pal.text1 } else { pal.text3 },
        );
        draw::text(
            &p,
            pos2(t.right() + 7.0, q.center().y),
            Align2::LEFT_CENTER,
            &a.name,
            theme::body(),
            pal.text2,
        );
        let e = &a.energy;
        draw::text(
            &p,
            pos2(q.right() - 8.0, q.center().y),
            Align2::RIGHT_CENTER,
            &format!(
                "{:.0} min",
                e.battery_wh * (1.0 - e.reserve_share) / e.cruise_w.max(1.0) * 60.0
            ),
            theme::mono(),
            pal.text1,
        );
        if resp.clicked() {
            let back = v.brief.fleet.iter().find(|a| a.vehicle == *id).cloned();
            edit(l, |b| {
                if on && b.fleet.len() > 1 {
                    b.fleet.retain(|a| a.vehicle != *id);
                } else if !on && let Some(a) = back {
                    b.fleet.push(a);
                    b.fleet.sort_by_key(|a| a.vehicle);
                }
            });
        }
        y += 27.0;
    }
    if all.len() > shown {
        draw::text(
            &p,
            pos2(r.left(), y + 8.0),
            Align2::LEFT_CENTER,
            &format!("and {} more, all in the fleet", all.len() - shown),
            theme::small(),
            pal.text2,
        );
        y += 18.0;
    }
    y + 8.0
}

fn zones(ui: &mut Ui, r: Rect, b: &Brief, l: &mut FlyLocal, pal: &Palette) -> f32 {
    if b.no_fly.is_empty() {
        return r.top();
    }
    let p = ui.painter().clone();
    draw::text(
        &p,
        pos2(r.left(), r.top() + 8.0),
        Align2::LEFT_CENTER,
        "No-fly zones of this brief",
        theme::small(),
        pal.text2,
    );
    let mut y = r.top() + 18.0;
    for (i, z) in b.no_fly.iter().enumerate().take(4) {
        let q = draw::rect(r.left(), y, r.width() - 66.0, 24.0);
        let name = format!("Zone {}", z.name);
        let on = l.plan.zone == Some(i);
        if Button::new(&z.name)
            .label(&name)
            .selected(on)
            .show(ui, q, pal)
            .clicked()
        {
            l.plan.zone = if on { None } else { Some(i) };
        }
        let del = format!("Remove zone {}", z.name);
        let d = draw::rect(q.right() + 6.0, y, 60.0, 24.0);
        if Button::new("Remove")
            .label(&del)
            .look(Look::Quiet)
            .show(ui, d, pal)
            .clicked()
        {
            l.plan.zone = None;
            edit(l, |b| {
                if i < b.no_fly.len() {
                    b.no_fly.remove(i);
                }
            });
        }
        y += 27.0;
    }
    y + 6.0
}

fn sizing(ui: &mut Ui, r: Rect, s: &Shown, pal: &Palette) {
    if r.height() < 60.0 {
        return;
    }
    let p = ui.painter().with_clip_rect(r);
    draw::framed(&p, r, 0, pal.surface[1], pal.line_soft);
    let (x, right) = (r.left() + 8.0, r.right() - 8.0);
    let km = s.brief.section.to_km - s.brief.section.from_km;
    draw::text(
        &p,
        pos2(x, r.top() + 13.0),
        Align2::LEFT_CENTER,
        "Sizing",
        theme::strong(),
        pal.text1,
    );
    draw::text(
        &p,
        pos2(right, r.top() + 13.0),
        Align2::RIGHT_CENTER,
        &format!("{km:.1} km, {}", words::duration(s.brief.requirement.duration_s)),
        theme::small(),
        pal.text2,
    );
    let col = r.right() - 62.0;
    let mut y = r.top() + 36.0;
    draw::text(&p, pos2(x, y), Align2::LEFT_CENTER, "Fleet", theme::small(), pal.text2);
    draw::text(
        &p,
        pos2(col, y),
        Align2::RIGHT_CENTER,
        "Longest gap",
        theme::small(),
        pal.text2,
    );
    draw::text(
        &p,
        pos2(right, y),
        Align2::RIGHT_CENTER,
        "Sets",
        theme::small(),
        pal.text2,
    );
    draw::hline(&p, r.left(), r.right(), y + 10.0, pal.line_soft);
    y += 22.0;
    let mut said = vec![];
    let owned = s.brief.fleet.len();
    for o in s.study.iter().flat_map(|t| &t.options) {
        if y > r.bottom() - 12.0 {
            break;
        }
        let on = o.owned == owned;
        if on {
            p.rect_filled(
                draw::rect(r.left() + 1.0, y - 11.0, r.width() - 2.0, 22.0),
                CornerRadius::ZERO,
                pal.accent_fill,
            );
        }
        let font = if on { theme::strong() } else { theme::body() };
        let narrow = r.width() < 260.0;
        let kinds: Vec<String> = o.by_kind.iter().map(|(like, n)| format!("{n} × {like}")).collect();
        let fleet = if narrow && kinds.len() > 1 {
            format!("{} aircraft", o.owned)
        } else {
            kinds.join(" + ")
        };
        draw::text_in(
            &p,
            pos2(x, y),
            Align2::LEFT_CENTER,
            &fleet,
            font,
            pal.text1,
            col - x - 84.0,
        );
        let gap = words::duration(o.longest_gap_s);
        let colour = if o.meets { pal.text1 } else { pal.text3 };
        draw::text(&p, pos2(col, y), Align2::RIGHT_CENTER, &gap, theme::mono(), colour);
        let sets = o.battery_sets.to_string();
        draw::text(
            &p,
            pos2(right, y),
            Align2::RIGHT_CENTER,
            &sets,
            theme::mono(),
            pal.text1,
        );
        said.push(format!("{fleet}: {gap}, {sets} sets"));
        y += 23.0;
    }
    let sentences = s
        .plan
        .as_ref()
        .and_then(|p| p.sizing.as_ref())
        .map(vedette_model::Sizing::words);
    for t in sentences.iter().flatten() {
        if y > r.bottom() - 34.0 {
            break;
        }
        let q = draw::text_wrapped(
            &p,
            pos2(x, y - 8.0),
            t,
            theme::small(),
            pal.text2,
            r.width() - 16.0,
            4,
            15.0,
        );
        y = q.bottom() + 14.0;
        said.push(t.clone());
    }
    if said.is_empty() {
        draw::text(
            &p,
            pos2(x, y),
            Align2::LEFT_CENTER,
            if s.busy { "being worked out…" } else { "—" },
            theme::small(),
            pal.text3,
        );
    }
    draw::named(
        ui,
        r,
        "sizing",
        WidgetType::Label,
        &format!("Sizing: {}", said.join("; ")),
    );
}

#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
fn foot(
    ui: &mut Ui,
    r: Rect,
    v: &StationView,
    s: &Shown,
    l: &mut FlyLocal,
    lay: &Layout,
    pal: &Palette,
    out: &mut Vec<Intent>,
) {
    let p = ui.painter().clone();
    draw::hline(&p, r.left(), r.right(), r.top(), pal.line_soft);
    let (x, w) = (r.left() + 12.0, r.width() - 24.0);
    let changed = l.plan.draft.as_ref().is_some_and(super::Draft::changed);
    let state = if s.busy {
        "planning…".to_owned()
    } else if let Some([plan, check]) = s.took_s {
        if lay.compact {
            format!("Planned in {:.1} s", plan + check)
        } else {
            format!("Planned in {plan:.1} s, checked in {check:.1} s")
        }
    } else if s.plan.is_some() {
        "The plan on the table".to_owned()
    } else {
        "No plan yet".to_owned()
    };
    draw::text(
        &p,
        pos2(x, r.top() + 14.0),
        Align2::LEFT_CENTER,
        &state,
        theme::small(),
        pal.text2,
    );
    draw::text(
        &p,
        pos2(x + w, r.top() + 14.0),
        Align2::RIGHT_CENTER,
        if s.on_table { "on the table" } else { "a trial" },
        theme::small(),
        pal.text2,
    );
    draw::named(
        ui,
        draw::rect(x, r.top() + 4.0, w, 20.0),
        "plan state",
        WidgetType::Label,
        &format!("{state}; {}", if s.on_table { "on the table" } else { "a trial" }),
    );
    let compare = Button::new("Compare")
        .key("C")
        .label("Compare plans")
        .selected(l.plan.compare);
    let cw = compare.wants(&p).min(w * 0.4);
    if compare.show(ui, draw::rect(x, r.top() + 28.0, cw, 32.0), pal).clicked() {
        l.plan.compare = !l.plan.compare;
    }
    let typing = ui.ctx().egui_wants_keyboard_input();
    let make_key = !typing && ui.ctx().input(|i| i.modifiers.is_none() && i.key_pressed(egui::Key::P));
    let clear = s.verdict.as_ref().is_some_and(|j| j.is_clear());
    let question = l.plan.what_if.clone();
    let changed = changed || question.is_some();
    let words = match (v.plan.plan.is_some(), changed) {
        (_, true) => "Put on the table",
        (false, _) => "Make plan",
        (true, false) => "Make plan again",
    };
    let key = if lay.compact { "" } else { "P" };
    let main = !s.on_table && (clear || !changed);
    // What was tried after a change is put there as it was tried, or not at all.
    let may = !v.plan.computing && (question.is_none() || (s.plan.is_some() && !s.busy));
    let make = Button::new(words)
        .label(if changed { "Put on the table" } else { "Make plan" })
        .key(key)
        .enabled(may)
        .look(if main { Look::Primary } else { Look::Plain });
    let mr = draw::rect(x + cw + 8.0, r.top() + 28.0, w - cw - 8.0, 32.0);
    if make.show(ui, mr, pal).clicked() || (make_key && may) {
        l.plan.what_if = None;
        out.push(if let Some(q) = question {
            l.plan.after = false;
            Intent::Replan {
                change: q.change.clone(),
                at_s: q.at_s,
            }
        } else if changed {
            Intent::ProposeBrief {
                brief: Box::new(Brief::clone(&s.brief)),
            }
        } else {
            Intent::MakePlan
        });
    }
    if lay.compact {
        return;
    }
    let note = if changed {
        "A trial is neither recorded nor flown; on the table it is checked, approved by name and uploaded."
    } else {
        "Every change is tried at once, beside the table."
    };
    draw::text_wrapped(&p, pos2(x, r.top() + 64.0), note, theme::small(), pal.text3, w, 2, 13.0);
}
