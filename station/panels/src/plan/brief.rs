//! The brief, field by field: every change is tried at once, every change can be taken back.
//!
//! Invariant: a field that does not parse changes nothing and shows it; the brief in force is the
//! one on the table until the draft is proposed. It must not know what a value leads to.

use egui::{Align2, CornerRadius, Rect, Stroke, StrokeKind, Ui, WidgetType, pos2};
use vedette_core::StationView;
use vedette_model::Intent;
use vedette_model::plan::Brief;

use super::Shown;
use crate::draw::{self, Button, Look};
use crate::icon::{self, Icon};
use crate::local::FlyLocal;
use crate::theme::{self, Layout, Palette};
use crate::words;

/// A number being typed is kept here until the field is left.
fn field(ui: &mut Ui, r: Rect, label: &str, unit: &str, text: &str, pal: &Palette) -> Option<String> {
    let name = draw::rect(r.left(), r.top(), r.width(), 16.0);
    draw::text_in(
        ui.painter(),
        name.left_center(),
        Align2::LEFT_CENTER,
        label,
        theme::small(),
        pal.text2,
        name.width(),
    );
    let label_id = draw::named(ui, name, ("field name", label), WidgetType::Label, label).id;
    let box_ = Rect::from_min_max(pos2(r.left(), r.top() + 18.0), r.max);
    let id = ui.id().with(("field", label));
    let focused = ui.memory(|m| m.has_focus(id));
    let mut buf = if focused {
        ui.data(|d| d.get_temp::<String>(id)).unwrap_or_else(|| text.to_owned())
    } else {
        text.to_owned()
    };
    let p = ui.painter().clone();
    draw::framed(
        &p,
        box_,
        3,
        pal.surface[0],
        if focused { pal.accent } else { pal.line_strong },
    );
    let unit_w = draw::width(&p, unit, theme::small());
    draw::text(
        &p,
        pos2(box_.right() - 8.0, box_.center().y),
        Align2::RIGHT_CENTER,
        unit,
        theme::small(),
        pal.text3,
    );
    let inner = Rect::from_min_max(
        pos2(box_.left() + 8.0, box_.top() + 2.0),
        pos2(box_.right() - unit_w - 12.0, box_.bottom() - 2.0),
    );
    let resp = ui
        .put(
            inner,
            egui::TextEdit::singleline(&mut buf)
                .id(id)
                .frame(egui::Frame::NONE)
                .font(theme::mono())
                .text_color(pal.text1)
                .vertical_align(egui::Align::Center)
                .margin(egui::Margin::ZERO)
                .desired_width(inner.width()),
        )
        .labelled_by(label_id);
    let changed = resp.changed();
    if resp.has_focus() {
        ui.data_mut(|d| d.insert_temp(id, buf.clone()));
    } else {
        ui.data_mut(|d| d.remove::<String>(id));
    }
    changed.then_some(buf)
}

/// Numbers in a text, as people write them: "90 – 150", "240° 8", "1,5".
fn numbers(s: &str) -> Vec<f64> {
    let minus = s.trim_start().starts_with('-');
    let mut all: Vec<f64> = s
        .split(|c: char| !(c.is_ascii_digit() || c == '.' || c == ','))
        .filter_map(|t| t.replace(',', ".").trim_matches('.').parse().ok())
        .collect();
    if minus && let Some(x) = all.first_mut() {
        *x = -*x;
    }
    all
}

/// Seconds in a text: "25 min", "272 s", "1:30 h", "4:32"; a bare number is in `bare_s` seconds.
fn seconds(s: &str, bare_s: f64) -> Option<f64> {
    let n = numbers(s);
    let first = *n.first()?;
    if s.contains(':') {
        let second = n.get(1).copied().unwrap_or(0.0);
        let big = if s.contains('h') { 3600.0 } else { 60.0 };
        return Some(first * big + second * big / 60.0);
    }
    if s.contains('h') {
        let minutes = n.get(1).copied().unwrap_or(0.0);
        return Some(first * 3600.0 + minutes * 60.0);
    }
    if s.contains('m') {
        return Some(first * 60.0 + n.get(1).copied().unwrap_or(0.0));
    }
    Some(if s.contains('s') { first } else { first * bare_s })
}

/// The pixels across a target asked for, in words (Johnson: 2, 8, 13).
const TASKS: [(&str, f64); 3] = [("Detect", 2.0), ("Recognise", 8.0), ("Identify", 13.0)];

#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
pub(super) fn show(
    ui: &mut Ui,
    r: Rect,
    v: &StationView,
    s: &Shown,
    l: &mut FlyLocal,
    lay: &Layout,
    pal: &Palette,
    out: &mut Vec<Intent>,
) {
    let p = ui.painter().with_clip_rect(r);
    p.rect_filled(r, CornerRadius::ZERO, pal.surface[1]);
    let head = draw::rect(r.left(), r.top(), r.width(), 32.0);
    draw::header(&p, head, "Brief", if lay.compact { "" } else { &s.brief.name }, pal);
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
    fields(ui, body, v, s, l, lay, pal);
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
fn edit(l: &mut FlyLocal, change: impl FnOnce(&mut Brief)) {
    if let Some(d) = &mut l.plan.draft {
        d.edit(change);
    }
}

fn fields(ui: &mut Ui, r: Rect, v: &StationView, s: &Shown, l: &mut FlyLocal, lay: &Layout, pal: &Palette) {
    let (x, w) = (r.left() + 12.0, r.width() - 24.0);
    let half = (w - 8.0) / 2.0;
    let row = if lay.compact { 44.0 } else { 48.0 };
    let gap = if lay.compact { 5.0 } else { 8.0 };
    let mut y = r.top() + 8.0;
    let b = s.brief.clone();
    let at = |col: usize, y: f32, wide: bool| {
        let left = if col == 0 { x } else { x + half + 8.0 };
        draw::rect(left, y, if wide { w } else { half }, row)
    };
    let km = |m: f64| format!("{m:.2}");
    if let Some(t) = field(
        ui,
        at(0, y, true),
        "Section, kilometres",
        &v.site.border_name,
        &format!("{} – {}", km(b.section.from_km), km(b.section.to_km)),
        pal,
    ) && let [from, to, ..] = numbers(&t)[..]
        && to > from
    {
        edit(l, |b| (b.section.from_km, b.section.to_km) = (from, to));
    }
    y += row + gap;
    if let Some(t) = field(
        ui,
        at(0, y, false),
        "Revisit at most",
        "",
        &words::duration(b.requirement.revisit_s),
        pal,
    ) && let Some(x) = seconds(&t, 60.0)
        && x > 0.0
    {
        edit(l, |b| b.requirement.revisit_s = x);
    }
    if let Some(t) = field(
        ui,
        at(1, y, false),
        "Stand-off",
        "m",
        &format!("{:.0}", b.limits.stand_off_m),
        pal,
    ) && let [x, ..] = numbers(&t)[..]
    {
        edit(l, |b| b.limits.stand_off_m = x);
    }
    y += row + gap;
    draw::text(
        ui.painter(),
        pos2(x, y + 7.0),
        Align2::LEFT_CENTER,
        &format!(
            "Must be able to, {} at {:.0} px",
            format!("{:?}", b.requirement.target).to_lowercase(),
            b.requirement.pixels_on_target
        ),
        theme::small(),
        pal.text2,
    );
    let third = (w - 8.0) / 3.0;
    let mut bx = x;
    for (name, px) in TASKS {
        let on = (b.requirement.pixels_on_target - px).abs() < 0.01;
        let q = draw::rect(bx, y + 18.0, third, 26.0);
        let label = format!("Task {name}");
        if Button::new(name).label(&label).selected(on).show(ui, q, pal).clicked() {
            edit(l, |b| b.requirement.pixels_on_target = px);
        }
        bx += third + 4.0;
    }
    y += 44.0 + gap;
    if let Some(t) = field(
        ui,
        at(0, y, false),
        "Height band",
        "m AGL",
        &format!("{:.0} – {:.0}", b.limits.min_agl_m, b.limits.max_agl_m),
        pal,
    ) && let [low, high, ..] = numbers(&t)[..]
        && high > low
    {
        edit(l, |b| (b.limits.min_agl_m, b.limits.max_agl_m) = (low, high));
    }
    let reserve = b.fleet.iter().map(|a| a.energy.reserve_share).fold(0.0, f64::max);
    if let Some(t) = field(
        ui,
        at(1, y, false),
        "Reserve",
        "%",
        &format!("{:.0}", reserve * 100.0),
        pal,
    ) && let [x, ..] = numbers(&t)[..]
        && (0.0..=90.0).contains(&x)
    {
        edit(l, |b| {
            b.fleet.iter_mut().for_each(|a| a.energy.reserve_share = x / 100.0)
        });
    }
    y += row + gap;
    if let Some(t) = field(
        ui,
        at(0, y, false),
        "Wind",
        "m/s",
        &format!(
            "{:03.0}° {:.0} + {:.0}",
            b.wind.from_deg, b.wind.speed_m_s, b.wind.gust_m_s
        ),
        pal,
    ) && let [from, speed, ref rest @ ..] = numbers(&t)[..]
    {
        let gust = rest.first().copied().unwrap_or(b.wind.gust_m_s);
        edit(l, |b| {
            b.wind = vedette_model::plan::WindBrief {
                from_deg: from,
                speed_m_s: speed,
                gust_m_s: gust,
            };
        });
    }
    if let Some(t) = field(
        ui,
        at(1, y, false),
        "Watch lasts",
        "",
        &words::duration(b.requirement.duration_s),
        pal,
    ) && let Some(x) = seconds(&t, 60.0)
        && x > 0.0
    {
        edit(l, |b| b.requirement.duration_s = x);
    }
    y += row + gap + 2.0;
    y = fleet(ui, draw::rect(x, y, w, r.bottom() - y), v, &b, l, pal);
    y = zones(ui, draw::rect(x, y, w, r.bottom() - y), &b, l, pal);
    sizing(
        ui,
        Rect::from_min_max(pos2(x, y), pos2(x + w, r.bottom() - 6.0)),
        s,
        pal,
    );
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
    let words = match (v.plan.plan.is_some(), changed) {
        (_, true) => "Put on the table",
        (false, _) => "Make plan",
        (true, false) => "Make plan again",
    };
    let key = if lay.compact { "" } else { "P" };
    let main = !s.on_table && (clear || !changed);
    let make = Button::new(words)
        .label(if changed { "Put on the table" } else { "Make plan" })
        .key(key)
        .enabled(!v.plan.computing)
        .look(if main { Look::Primary } else { Look::Plain });
    let mr = draw::rect(x + cw + 8.0, r.top() + 28.0, w - cw - 8.0, 32.0);
    if make.show(ui, mr, pal).clicked() || (make_key && !v.plan.computing) {
        out.push(if changed {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_write_times_and_ranges_in_many_ways() {
        for (text, s) in [
            ("25 min", 1500.0),
            ("25", 1500.0),
            ("272 s", 272.0),
            ("4 min 32 s", 272.0),
            ("4:32", 272.0),
            ("11 h 30 min", 41_400.0),
            ("1,5 h", 5400.0),
        ] {
            assert_eq!(seconds(text, 60.0), Some(s), "{text}");
        }
        assert_eq!(seconds("soon", 60.0), None);
        assert_eq!(numbers("90 – 150"), [90.0, 150.0]);
        assert_eq!(numbers("240° 8 + 3"), [240.0, 8.0, 3.0]);
        assert_eq!(numbers(""), Vec::<f64>::new());
    }
}
