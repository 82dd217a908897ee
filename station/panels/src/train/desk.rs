//! The instructor's column: what to break and in which aircraft, who plays, and time itself.
//!
//! Invariant: what a button promises is what the act says; a fault that holds shows how long. It
//! must not know how faults come about.

use egui::{Align2, CornerRadius, Rect, ScrollArea, Sense, Ui, UiBuilder, WidgetType, pos2, vec2};

use super::{Adding, DeskAct, DeskLocal, DeskModel, FaultKind, NewcomerWay};
use crate::draw::{self, Button};
use crate::icon::{self, Icon};
use crate::theme::{self, Palette};

/// Room the fault in hand takes at most, pixels.
const STRIP: f32 = 108.0;

/// Room of the actors with their heading, pixels.
fn actors_h(compact: bool) -> f32 {
    34.0 + if compact { 2.0 } else { 4.0 } * 28.0
}

/// Room of freeze, back, pace and the note below, pixels.
fn time_h(compact: bool) -> f32 {
    if compact { 82.0 } else { 124.0 }
}

fn icon_of(key: &str) -> Icon {
    match key.split('-').next().unwrap_or_default() {
        "gnss" => Icon::Gnss,
        "link" | "second" => Icon::Link,
        "video" => Icon::Camera,
        "gimbal" => Icon::Look,
        "battery" => Icon::Battery,
        "wind" => Icon::Wind,
        "motor" => Icon::Copter,
        "intruder" => Icon::Plane,
        "baro" => Icon::Down,
        "terrain" => Icon::Layers,
        _ => Icon::Clock,
    }
}

/// `30 %`, `−60 Wh`, `until mended`.
fn setting(k: &FaultKind, l: &DeskLocal) -> (Option<f64>, Option<f64>) {
    let set = l.dials.get(&k.key).copied().unwrap_or_default();
    (
        k.dial.as_ref().map(|d| set.0.unwrap_or(d.value)),
        k.for_s.map(|s| set.1.unwrap_or(s)),
    )
}

fn words_of(k: &FaultKind, l: &DeskLocal) -> String {
    let (value, for_s) = setting(k, l);
    let mut out = Vec::new();
    if let (Some(v), Some(d)) = (value, &k.dial) {
        out.push(format!("{v:.0} {}", d.unit));
    }
    match for_s {
        Some(s) => out.push(format!("{s:.0} s")),
        None if k.at_once => out.push("at once".to_owned()),
        None => out.push("until mended".to_owned()),
    }
    out.join(" · ")
}

pub(super) fn show(
    ui: &mut Ui,
    r: Rect,
    m: &DeskModel,
    l: &mut DeskLocal,
    compact: bool,
    pal: &Palette,
    out: &mut Vec<DeskAct>,
) {
    let p = ui.painter().with_clip_rect(r);
    p.rect_filled(r, CornerRadius::ZERO, pal.surface[1]);
    let head = draw::rect(r.left(), r.top(), r.width(), 32.0);
    draw::header(&p, head, "Instructor", "", pal);
    draw::text(
        &p,
        pos2(head.right() - 12.0, head.center().y),
        Align2::RIGHT_CENTER,
        "not visible to the trainee",
        theme::small(),
        pal.text3,
    );
    let (x, w) = (r.left() + 12.0, r.width() - 24.0);
    let mut y = head.bottom() + 8.0;
    if !compact {
        draw::text(
            &p,
            pos2(x, y + 8.0),
            Align2::LEFT_CENTER,
            "Inject into",
            theme::small(),
            pal.text2,
        );
        y += 22.0;
    }
    targets(ui, x, y, r.right() - 12.0, m, l, pal);
    y += 32.0;
    let kind = |key: &str| m.kinds.iter().find(|k| k.key == key);
    if l.adding.is_some() {
        y = newcomer(ui, x, y, w, m, l, pal, out);
    } else {
        let room = Rect::from_min_max(pos2(x, y), pos2(x + w, r.bottom()));
        y = tiles(ui, room, m, l, compact, pal);
        if let Some(k) = l.fault.clone().and_then(|f| kind(&f).cloned()) {
            y = strip(ui, x, y, w, &k, m, l, pal, out);
        }
    }
    draw::hline(&p, r.left(), r.right(), y, pal.line_soft);
    let bottom = r.bottom() - time_h(compact);
    actors(
        ui,
        Rect::from_min_max(pos2(r.left(), y), pos2(r.right(), bottom)),
        m,
        l,
        pal,
    );
    time(
        ui,
        Rect::from_min_max(pos2(r.left(), bottom), r.max),
        m,
        compact,
        pal,
        out,
    );
}

/// The faults; gives where they end. Two lines each where that leaves room for the actors and for
/// time; where even one line each does not, they scroll.
fn tiles(ui: &mut Ui, r: Rect, m: &DeskModel, l: &mut DeskLocal, compact: bool, pal: &Palette) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "a few buttons")]
    let rows = m.kinds.len().div_ceil(2) as f32;
    let room = r.height() - STRIP - actors_h(compact) - time_h(compact);
    let roomy = !compact && rows * 54.0 <= room;
    let (tile_h, gap) = match (compact, roomy) {
        (true, _) => (26.0, 4.0),
        (false, true) => (48.0, 6.0),
        (false, false) => (28.0, 4.0),
    };
    let all = rows * (tile_h + gap);
    let area = Rect::from_min_size(r.min, vec2(r.width(), all.min(room.max(2.0 * (tile_h + gap)))));
    let mut inner = ui.new_child(UiBuilder::new().id_salt("faults").max_rect(area));
    inner.set_clip_rect(area.expand(2.0).intersect(ui.clip_rect()));
    ScrollArea::vertical().auto_shrink(false).show(&mut inner, |ui| {
        let (whole, _) = ui.allocate_exact_size(vec2(r.width(), all), Sense::hover());
        // The bar of a list that scrolls takes its room from the right.
        let w = (r.width() - if all > area.height() { 10.0 } else { 0.0 }) / 2.0;
        for (i, k) in m.kinds.iter().enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "a few buttons")]
            let (cx, cy) = ((i % 2) as f32, (i / 2) as f32);
            let corner = whole.min + vec2(cx * (w + 4.0), cy * (tile_h + gap));
            tile(ui, draw::rect(corner.x, corner.y, w - 4.0, tile_h), k, m, l, roomy, pal);
        }
    });
    area.bottom() + 4.0
}

fn targets(ui: &mut Ui, x: f32, y: f32, right: f32, m: &DeskModel, l: &mut DeskLocal, pal: &Palette) {
    let p = ui.painter().clone();
    let mut at = x;
    let all = std::iter::once((None, "World".to_owned())).chain(m.aircraft.iter().map(|(s, t)| (Some(*s), t.clone())));
    for (system, words) in all {
        let label = format!("Inject into {words}");
        let b = Button::new(&words).label(&label).selected(l.target == system);
        let w = b.wants(&p);
        if at + w > right {
            break;
        }
        if b.show(ui, draw::rect(at, y, w, 24.0), pal).clicked() {
            l.target = system;
        }
        at += w + 6.0;
    }
}

fn tile(ui: &mut Ui, r: Rect, k: &FaultKind, m: &DeskModel, l: &mut DeskLocal, roomy: bool, pal: &Palette) {
    let holds = m.active.iter().find(|a| a.key == k.key && a.system == l.target);
    let here = l.fault.as_deref() == Some(k.key.as_str());
    let label = match holds {
        Some(_) => format!("Fault {}, holds", k.words),
        None => format!("Fault {}", k.words),
    };
    let resp = Button::new("").label(&label).selected(here).show(ui, r, pal);
    if resp.clicked() {
        l.fault = Some(k.key.clone());
    }
    let p = ui.painter().with_clip_rect(r);
    let y = if roomy { r.top() + 15.0 } else { r.center().y };
    let (at, font) = if roomy {
        (16.0, theme::control())
    } else {
        (13.0, theme::small())
    };
    // On one line the time left stands for the words' end.
    let left = holds.map(|a| a.left_s.map_or("holds".to_owned(), |s| format!("{s:.0} s left")));
    let end = match &left {
        Some(words) if !roomy => draw::text(
            &p,
            pos2(r.right() - 8.0, y),
            Align2::RIGHT_CENTER,
            words,
            theme::mono(),
            pal.accent,
        )
        .left(),
        _ => r.right(),
    };
    icon::paint(&p, pos2(r.left() + at, y), 15.0, icon_of(&k.key), pal.text1);
    let x = r.left() + 2.0 * at - 2.0;
    draw::text_in(
        &p,
        pos2(x, y),
        Align2::LEFT_CENTER,
        &k.words,
        font,
        pal.text1,
        end - x - 4.0,
    );
    if holds.is_some() {
        p.rect_filled(
            Rect::from_min_max(r.min, pos2(r.left() + 3.0, r.bottom())),
            CornerRadius::same(2),
            pal.accent,
        );
    }
    if !roomy {
        return;
    }
    let y = r.bottom() - 13.0;
    draw::text_in(
        &p,
        pos2(r.left() + 10.0, y),
        Align2::LEFT_CENTER,
        &words_of(k, l),
        theme::mono(),
        pal.text2,
        r.width() - if holds.is_some() { 84.0 } else { 16.0 },
    );
    if let Some(left) = left {
        draw::text(
            &p,
            pos2(r.right() - 10.0, y),
            Align2::RIGHT_CENTER,
            &left,
            theme::mono(),
            pal.accent,
        );
    }
}

/// A value with a name and a button to either side; gives the step pressed.
fn stepper(ui: &mut Ui, x: f32, at: f32, w: f32, name: &str, words: &str, pal: &Palette) -> f64 {
    let p = ui.painter().clone();
    let mid = at + 13.0;
    draw::text_in(
        &p,
        pos2(x, mid),
        Align2::LEFT_CENTER,
        name,
        theme::small(),
        pal.text2,
        w * 0.45,
    );
    let mut by = 0.0;
    for (word, what, from_right, step) in [("+", "more", 26.0, 1.0), ("−", "less", 140.0, -1.0)] {
        let label = format!("{name} {what}");
        let b = Button::new(word).label(&label);
        if b.show(ui, draw::rect(x + w - from_right, at, 26.0, 26.0), pal)
            .clicked()
        {
            by += step;
        }
    }
    draw::text_in(
        &p,
        pos2(x + w - 70.0, mid),
        Align2::CENTER_CENTER,
        words,
        theme::mono(),
        pal.text1,
        84.0,
    );
    by
}

/// The fault in hand: its values, and the act.
#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
fn strip(
    ui: &mut Ui,
    x: f32,
    y: f32,
    w: f32,
    k: &FaultKind,
    m: &DeskModel,
    l: &mut DeskLocal,
    pal: &Palette,
    out: &mut Vec<DeskAct>,
) -> f32 {
    let (value, for_s) = setting(k, l);
    let mut at = y;
    let dial = |ui: &mut Ui, at: f32, name: &str, words: &str| stepper(ui, x, at, w, name, words, pal);
    if let (Some(d), Some(v)) = (&k.dial, value) {
        let by = dial(ui, at, &d.name, &format!("{v:.0} {}", d.unit));
        if by != 0.0 {
            let e = l.dials.entry(k.key.clone()).or_default();
            e.0 = Some((v + by * d.step).clamp(d.least, d.most));
        }
        at += 32.0;
    }
    if let Some(s) = for_s {
        let by = dial(ui, at, "for", &format!("{s:.0} s"));
        if by != 0.0 {
            let e = l.dials.entry(k.key.clone()).or_default();
            e.1 = Some((s + by * 10.0).clamp(5.0, 600.0));
        }
        at += 32.0;
    }
    let whom = l
        .target
        .and_then(|s| m.aircraft.iter().find(|a| a.0 == s))
        .map_or("the world", |a| a.1.as_str());
    let holds = m.active.iter().find(|a| a.key == k.key && a.system == l.target);
    let bar = draw::rect(x, at, w, 30.0);
    match holds {
        Some(a) => {
            let words = format!("Mend {} of {whom}", k.words.to_lowercase());
            if Button::new(&words).selected(true).show(ui, bar, pal).clicked() {
                out.push(DeskAct::Mend(a.id));
            }
        }
        None => {
            let possible = !(k.single && l.target.is_none());
            let words = if possible {
                format!("Inject into {whom}")
            } else {
                "choose one aircraft".to_owned()
            };
            let label = format!("{words}: {}", k.words);
            if Button::new(&words)
                .label(&label)
                .look(draw::Look::Primary)
                .enabled(possible)
                .show(ui, bar, pal)
                .clicked()
            {
                out.push(DeskAct::Inject {
                    key: k.key.clone(),
                    system: l.target,
                    value,
                    for_s,
                });
            }
        }
    }
    at + 40.0
}

/// Somebody to be put in: who, how many, where, what they do; and the act.
#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
fn newcomer(
    ui: &mut Ui,
    x: f32,
    y: f32,
    w: f32,
    m: &DeskModel,
    l: &mut DeskLocal,
    pal: &Palette,
    out: &mut Vec<DeskAct>,
) -> f32 {
    let (Some(mut a), n) = (l.adding, m.newcomers.len()) else {
        return y;
    };
    a.kind = a.kind.min(n.saturating_sub(1));
    let mut at = y;
    let mut row = |ui: &mut Ui, name: &str, words: &str| {
        let by = stepper(ui, x, at, w, name, words, pal);
        at += 32.0;
        by
    };
    let who = m.newcomers.get(a.kind).map_or("nobody", |c| c.words.as_str());
    match row(ui, "who", who) {
        b if b > 0.0 => a.kind = (a.kind + 1) % n.max(1),
        b if b < 0.0 => a.kind = (a.kind + n.saturating_sub(1)) % n.max(1),
        _ => {}
    }
    match row(ui, "how many", &a.count.to_string()) {
        b if b > 0.0 => a.count = (a.count + 1).min(6),
        b if b < 0.0 => a.count = a.count.saturating_sub(1).max(1),
        _ => {}
    }
    let by = row(ui, "at", &format!("km {:.1}", a.km));
    let (from, to) = m.section_km;
    a.km = (a.km + by * 0.1).clamp(from, to.max(from));
    let way = match a.way {
        NewcomerWay::Crosses => "comes in",
        NewcomerWay::Inside => "is lawful",
    };
    if row(ui, "that", way) != 0.0 {
        a.way = match a.way {
            NewcomerWay::Crosses => NewcomerWay::Inside,
            NewcomerWay::Inside => NewcomerWay::Crosses,
        };
    }
    l.adding = Some(a);
    let half = (w - 8.0) / 2.0;
    if Button::new("Not now")
        .show(ui, draw::rect(x, at, half, 30.0), pal)
        .clicked()
    {
        l.adding = None;
    }
    let Some(choice) = m.newcomers.get(a.kind) else {
        return at + 40.0;
    };
    let label = format!("Put in {} × {}, km {:.1}, {way}", a.count, choice.words, a.km);
    if Button::new("Put in")
        .label(&label)
        .look(draw::Look::Primary)
        .show(ui, draw::rect(x + half + 8.0, at, half, 30.0), pal)
        .clicked()
    {
        out.push(DeskAct::Add {
            kind: choice.key.clone(),
            count: a.count,
            km: a.km,
            way: a.way,
        });
        l.adding = None;
    }
    at + 40.0
}

fn actors(ui: &mut Ui, r: Rect, m: &DeskModel, l: &mut DeskLocal, pal: &Palette) {
    let p = ui.painter().with_clip_rect(r);
    draw::text(
        &p,
        pos2(r.left() + 12.0, r.top() + 16.0),
        Align2::LEFT_CENTER,
        "Actors",
        theme::strong(),
        pal.text1,
    );
    let subjects = m.actors.iter().filter(|a| a.subject).count();
    let mut right = r.right() - 12.0;
    if !m.newcomers.is_empty() {
        let b = Button::new("+ add").label("Add an actor").selected(l.adding.is_some());
        let w = b.wants(&p);
        right -= w;
        if b.show(ui, draw::rect(right, r.top() + 4.0, w, 24.0), pal).clicked() {
            let (from, to) = m.section_km;
            l.adding = match l.adding {
                Some(_) => None,
                None => Some(Adding {
                    kind: 0,
                    count: 1,
                    km: f64::midpoint(from, to),
                    way: NewcomerWay::Crosses,
                }),
            };
        }
        right -= 10.0;
    }
    draw::text(
        &p,
        pos2(right, r.top() + 16.0),
        Align2::RIGHT_CENTER,
        &format!("{subjects} to be found"),
        theme::small(),
        pal.text2,
    );
    let mut y = r.top() + 34.0;
    let n = m.actors.len();
    for (i, a) in m.actors.iter().enumerate() {
        draw::hline(&p, r.left(), r.right(), y, pal.line_soft);
        let left = n - i;
        if y + 28.0 > r.bottom() || (left > 1 && y + 56.0 > r.bottom()) {
            draw::text(
                &p,
                pos2(r.left() + 12.0, y + 13.0),
                Align2::LEFT_CENTER,
                &format!("and {left} more"),
                theme::small(),
                pal.text3,
            );
            break;
        }
        let mid = y + 14.0;
        draw::text(
            &p,
            pos2(r.left() + 12.0, mid),
            Align2::LEFT_CENTER,
            &a.number,
            theme::small_strong(),
            if a.subject { pal.text1 } else { pal.text3 },
        );
        let state = draw::text_in(
            &p,
            pos2(r.right() - 12.0, mid),
            Align2::RIGHT_CENTER,
            &a.state,
            theme::mono(),
            pal.text2,
            r.width() * 0.5,
        );
        draw::text_in(
            &p,
            pos2(r.left() + 46.0, mid),
            Align2::LEFT_CENTER,
            &a.words,
            theme::body(),
            if a.subject { pal.text1 } else { pal.text2 },
            state.left() - r.left() - 54.0,
        );
        let row = draw::rect(r.left(), y, r.width(), 28.0);
        let said = format!("Actor {}: {}, {}", a.number, a.words, a.state);
        draw::named(ui, row, ("actor", i), WidgetType::Label, &said);
        y += 28.0;
    }
}

fn time(ui: &mut Ui, r: Rect, m: &DeskModel, compact: bool, pal: &Palette, out: &mut Vec<DeskAct>) {
    let p = ui.painter().with_clip_rect(r);
    p.rect_filled(r, CornerRadius::ZERO, pal.surface[1]);
    draw::hline(&p, r.left(), r.right(), r.top(), pal.line_soft);
    let (x, w) = (r.left() + 12.0, r.width() - 24.0);
    let y = r.top() + 8.0;
    let words = if m.frozen { "Go on" } else { "Freeze" };
    let ic = if m.frozen { Icon::Play } else { Icon::Hold };
    let half = (w - 8.0) / 2.0;
    if Button::new(words)
        .icon(ic)
        .key(if compact { "" } else { "F" })
        .selected(m.frozen)
        .show(ui, draw::rect(x, y, half, 30.0), pal)
        .clicked()
    {
        out.push(DeskAct::Freeze(!m.frozen));
    }
    let words = format!("Back {:.0} s", super::BACK_S);
    if Button::new(&words)
        .icon(Icon::Return)
        .key(if compact { "" } else { "[" })
        .selected(m.back.is_some())
        .show(ui, draw::rect(x + half + 8.0, y, half, 30.0), pal)
        .clicked()
    {
        out.push(DeskAct::Back(super::BACK_S));
    }
    let y = y + 36.0;
    let mut at = x;
    let each = (w - 3.0 * 4.0) / 4.0;
    for s in [0.5, 1.0, 2.0, 4.0] {
        let words = if s < 1.0 {
            "½×".to_owned()
        } else {
            format!("{s:.0}×")
        };
        let label = format!("Speed {words}");
        if Button::new(&words)
            .label(&label)
            .selected((m.speed - s).abs() < 0.01)
            .show(ui, draw::rect(at, y, each, 30.0), pal)
            .clicked()
        {
            out.push(DeskAct::Speed(s));
        }
        at += each + 4.0;
    }
    if compact {
        return;
    }
    draw::text_wrapped(
        &p,
        pos2(x, y + 40.0),
        "Everything done here is written to the instructor's sealed record and shown in the debrief.",
        theme::small(),
        pal.text3,
        w,
        2,
        17.0,
    );
}
