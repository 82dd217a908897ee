//! Training: the briefing in the trainee's console, and the instructor's desk.
//!
//! Invariant: the trainee's console gets a [`Briefing`] and nothing else of an exercise; truth is
//! drawn on the desk only. No control without effect. It must not know simulators or files.

mod brief;
mod desk;
mod lanes;
mod mirror;
mod model;
mod score;

use std::collections::BTreeMap;

use egui::{Align2, CornerRadius, Key, Rect, Stroke, Ui, WidgetType, pos2, vec2};
use vedette_core::StationView;

pub use model::{
    ActiveFault, ActorChoice, ActorLine, Advice, Briefing, DeskAct, DeskLanes, DeskModel, Dial, FaultKind, LaneSpan,
    LiveScore, LookBack, NewcomerWay, ScoreLine,
};

pub(crate) use brief::{probe, show};
pub(crate) use mirror::truth_marks;

use crate::draw::{self, Button};
use crate::icon::{self, Icon};
use crate::local::{FlyFeeds, FlyLocal};
use crate::theme::{self, Palette};

/// Somebody to be put in, as set so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adding {
    /// Which of the kinds offered.
    pub kind: usize,
    /// How many.
    pub count: u32,
    /// Where along the border, kilometres.
    pub km: f64,
    /// What they do.
    pub way: NewcomerWay,
}

/// What belongs to one desk and to nobody else.
#[derive(Debug, Clone, PartialEq)]
pub struct DeskLocal {
    /// Aircraft faults go into; `None`: the world, all of them.
    pub target: Option<u8>,
    /// Fault in hand, by name.
    pub fault: Option<String>,
    /// Values set by hand: by fault, its value and its seconds.
    pub dials: BTreeMap<String, (Option<f64>, Option<f64>)>,
    /// Somebody to be put in is being described.
    pub adding: Option<Adding>,
    /// Truth is drawn over the mirror.
    pub overlay: bool,
    /// Red night room.
    pub night: bool,
}

impl Default for DeskLocal {
    fn default() -> Self {
        Self {
            target: None,
            fault: None,
            dials: BTreeMap::new(),
            adding: None,
            overlay: true,
            night: false,
        }
    }
}

/// One press looks back so far, seconds.
const BACK_S: f64 = 60.0;

/// Sizes of one breakpoint.
struct Sizes {
    compact: bool,
    left: f32,
    right: f32,
    bottom: f32,
}

impl Sizes {
    fn of(size: egui::Vec2) -> Self {
        if size.x < 1600.0 || size.y < 860.0 {
            Self {
                compact: true,
                left: 272.0,
                right: 276.0,
                bottom: 172.0,
            }
        } else {
            Self {
                compact: false,
                left: 360.0,
                right: 424.0,
                bottom: 282.0,
            }
        }
    }
}

/// The instructor's desk. `trainee` is the trainee's own local state: the mirror shows the console
/// as it is there, and changes nothing of it but where the shell draws the map.
pub fn desk_ui(
    ui: &mut Ui,
    m: &DeskModel,
    view: Option<&StationView>,
    trainee: &mut FlyLocal,
    l: &mut DeskLocal,
    feeds: &FlyFeeds,
) -> Vec<DeskAct> {
    let mut out = Vec::new();
    if !theme::ready(ui.ctx()) {
        ui.ctx().request_repaint();
        return out;
    }
    let pal = Palette::of(l.night);
    if l.target.is_none() && l.fault.is_none() {
        l.target = m.aircraft.first().map(|a| a.0);
        l.fault = m.kinds.first().map(|k| k.key.clone());
    }
    keys(ui, m, l, &mut out);
    let full = ui.max_rect();
    let s = Sizes::of(full.size());
    let top = draw::rect(full.left(), full.top(), full.width(), 40.0);
    top_bar(ui, top, m, &s, &pal);
    let body = Rect::from_min_max(
        pos2(full.left(), top.bottom()),
        pos2(full.right(), full.bottom() - s.bottom),
    );
    let left = Rect::from_min_max(body.min, pos2(body.left() + s.left, body.bottom()));
    let right = Rect::from_min_max(pos2(body.right() - s.right, body.top()), body.max);
    let middle = Rect::from_min_max(
        pos2(left.right() + 1.0, body.top()),
        pos2(right.left() - 1.0, body.bottom()),
    );
    console(ui, middle, m, view, trainee, l, feeds, s.compact, &pal, &mut out);
    desk::show(ui, left, m, l, s.compact, &pal, &mut out);
    score::show(ui, right, m, s.compact, &pal);
    let time = Rect::from_min_max(pos2(full.left(), body.bottom()), full.max);
    lanes::show(ui, time, m, s.compact, &pal);
    out
}

fn keys(ui: &Ui, m: &DeskModel, l: &mut DeskLocal, out: &mut Vec<DeskAct>) {
    let ctx = ui.ctx();
    if ctx.input_mut(|i| i.consume_key(egui::Modifiers::CTRL | egui::Modifiers::SHIFT, Key::N)) {
        l.night = !l.night;
        theme::style(ctx, &Palette::of(l.night));
    }
    if ctx.egui_wants_keyboard_input() {
        return;
    }
    let pressed = |k: Key| ctx.input(|i| i.modifiers.is_none() && i.key_pressed(k));
    if pressed(Key::X) {
        l.overlay = !l.overlay;
    }
    if pressed(Key::F) {
        out.push(DeskAct::Freeze(!m.frozen));
    }
    if pressed(Key::B) {
        out.push(DeskAct::Mark(m.attention.clone()));
    }
    if pressed(Key::OpenBracket) {
        out.push(DeskAct::Back(BACK_S));
    }
    if pressed(Key::End) && m.back.is_some() {
        out.push(DeskAct::Live);
    }
}

/// `00:22:18`.
pub(crate) fn clock(s: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "seconds of an exercise")]
    let t = s.clamp(0.0, 360_000.0) as i64;
    format!("{:02}:{:02}:{:02}", t / 3600, t / 60 % 60, t % 60)
}

fn top_bar(ui: &mut Ui, r: Rect, m: &DeskModel, s: &Sizes, pal: &Palette) {
    let p = ui.painter().clone();
    p.rect_filled(r, CornerRadius::ZERO, pal.surface[1]);
    draw::hline(&p, r.left(), r.right(), r.bottom() - 0.5, pal.line_soft);
    let y = r.center().y;
    let x = draw::bar_name(&p, r, s.compact, pal);
    let w = draw::width(&p, "Train", theme::control()) + 24.0;
    let tab = draw::rect(x, r.top(), w, r.height());
    p.rect_filled(tab, CornerRadius::ZERO, pal.surface[2]);
    p.hline(tab.x_range(), tab.bottom() - 1.0, Stroke::new(2.0, pal.accent));
    draw::text(
        &p,
        tab.center(),
        Align2::CENTER_CENTER,
        "Train",
        theme::control(),
        pal.text1,
    );
    // From the right: clock, people, pace, scenario.
    let time = clock(m.t_s);
    let quiet = if s.compact { "" } else { "scenario time" };
    let mut right = draw::bar_clock(&p, r, "sim", &time, quiet, pal);
    let pace = if m.frozen {
        "time stands still".to_owned()
    } else {
        format!("speed {:.1}×", m.speed)
    };
    let people = if s.compact {
        m.trainee.clone()
    } else {
        format!("{} · trainee: {}", m.instructor, m.trainee)
    };
    let items = [
        (Icon::Person, people, pal.text2),
        (Icon::Clock, pace, if m.frozen { pal.accent } else { pal.text2 }),
        (
            Icon::Note,
            format!("Scenario “{}” · seed {}", m.scenario, m.seed),
            pal.text2,
        ),
    ];
    for (ic, words, colour) in items {
        let room = right - tab.right() - 40.0;
        if room < 80.0 {
            break;
        }
        let t = draw::text_in(
            &p,
            pos2(right, y),
            Align2::RIGHT_CENTER,
            &words,
            theme::body(),
            colour,
            room,
        );
        icon::paint(&p, pos2(t.left() - 14.0, y), 15.0, ic, pal.text2);
        right = t.left() - 38.0;
    }
    if let Some(t) = &m.trouble {
        draw::text_in(
            &p,
            pos2(tab.right() + 16.0, y),
            Align2::LEFT_CENTER,
            t,
            theme::body(),
            pal.alarm2,
            (right - tab.right() - 20.0).max(40.0),
        );
    }
    let said = format!(
        "Training: {}, {} of the scenario, {}",
        m.scenario,
        time,
        if m.frozen { "frozen" } else { "running" }
    );
    draw::named(ui, r, "training", WidgetType::Label, &said);
}

#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
fn console(
    ui: &mut Ui,
    r: Rect,
    m: &DeskModel,
    view: Option<&StationView>,
    trainee: &mut FlyLocal,
    l: &mut DeskLocal,
    feeds: &FlyFeeds,
    compact: bool,
    pal: &Palette,
    out: &mut Vec<DeskAct>,
) {
    let p = ui.painter().clone();
    p.rect_filled(r, CornerRadius::ZERO, pal.surface[0]);
    let head = draw::rect(r.left(), r.top(), r.width(), 32.0);
    p.rect_filled(head, CornerRadius::ZERO, pal.surface[1]);
    let y = head.center().y;
    icon::paint(&p, pos2(head.left() + 20.0, y), 16.0, Icon::Eye, pal.text1);
    draw::text(
        &p,
        pos2(head.left() + 36.0, y),
        Align2::LEFT_CENTER,
        if compact {
            "Trainee"
        } else {
            "Trainee's console, mirrored"
        },
        theme::strong(),
        pal.text1,
    );
    let b = Button::new("Truth overlay").key("X").selected(l.overlay);
    let w = b.wants(&p);
    let at = draw::rect(head.right() - w - 10.0, y - 12.0, w, 24.0);
    if b.show(ui, at, pal).clicked() {
        l.overlay = !l.overlay;
    }
    let t = draw::tag(&p, pos2(at.left() - 10.0, y), true, "view only", pal.text2, pal);
    if !m.attention.is_empty() {
        let room = t.left() - head.left() - if compact { 120.0 } else { 260.0 };
        draw::text_in(
            &p,
            pos2(t.left() - 12.0, y),
            Align2::RIGHT_CENTER,
            &format!("looks at {}", m.attention),
            theme::small(),
            pal.accent,
            room.max(40.0),
        );
    }
    let foot = 52.0;
    let room = Rect::from_min_max(
        pos2(r.left() + 12.0, head.bottom() + 10.0),
        pos2(r.right() - 12.0, r.bottom() - foot),
    );
    let frame = match &m.back {
        None => mirror::show(ui, room, m, view, trainee, l.overlay, feeds, compact, pal),
        Some(b) => {
            // Pictures of then are the debrief's: they are in the record, not in memory.
            let then = FlyFeeds {
                map: feeds.map,
                relief: feeds.relief,
                ..FlyFeeds::default()
            };
            mirror::show(ui, room, m, Some(&b.view), trainee, false, &then, compact, pal)
        }
    };
    p.rect_stroke(
        frame.expand(1.0),
        CornerRadius::ZERO,
        Stroke::new(1.0, pal.line_strong),
        egui::StrokeKind::Outside,
    );
    let y = r.bottom() - foot / 2.0;
    let b = Button::new("Mark for debrief").icon(Icon::Note).key("B");
    let w = b.wants(&p);
    let at = draw::rect(r.right() - w - 12.0, y - 14.0, w, 28.0);
    if b.show(ui, at, pal).clicked() {
        out.push(DeskAct::Mark(m.attention.clone()));
    }
    let mut from = r.left() + 14.0;
    let words = match &m.back {
        None => "Truth is drawn here only. The trainee sees the same console as in flight.".to_owned(),
        Some(b) => {
            let live = Button::new("Live").key("End").selected(true);
            let w = live.wants(&p);
            if live.show(ui, draw::rect(from, y - 14.0, w, 28.0), pal).clicked() {
                out.push(DeskAct::Live);
            }
            from += w + 12.0;
            format!(
                "As it was {:.0} s ago, without pictures. The exercise goes on.",
                b.ago_s
            )
        }
    };
    draw::text_in(
        &p,
        pos2(from, y),
        Align2::LEFT_CENTER,
        &words,
        theme::small(),
        if m.back.is_some() { pal.accent } else { pal.text2 },
        at.left() - from - 16.0,
    );
    draw::named(
        ui,
        Rect::from_min_size(frame.min, vec2(frame.width(), 4.0)),
        "mirror",
        WidgetType::Label,
        &match &m.back {
            None => "Trainee's console, mirrored, view only".to_owned(),
            Some(b) => format!("Trainee's console as it was {:.0} s ago, view only", b.ago_s),
        },
    );
}
