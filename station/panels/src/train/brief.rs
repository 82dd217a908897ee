//! What a trainee sees of an exercise: its briefing, and now and then a short question.
//!
//! Invariant: nothing here tells what is really going on. It must not know actors or faults.

use egui::{Align2, CornerRadius, Rect, Stroke, StrokeKind, Ui, WidgetType, pos2, vec2};
use vedette_core::StationView;
use vedette_model::Intent;

use super::Briefing;
use crate::draw::{self, Button};
use crate::icon::{self, Icon};
use crate::local::{FlyFeeds, FlyLocal};
use crate::theme::{self, Palette};
use crate::words;

/// The training workspace of a station's console.
pub(crate) fn show(ui: &mut Ui, r: Rect, briefing: Option<&Briefing>, pal: &Palette) {
    let p = ui.painter().clone();
    p.rect_filled(r, CornerRadius::ZERO, pal.surface[1]);
    let head = draw::rect(r.left(), r.top(), r.width(), 32.0);
    draw::header(&p, head, "Training", briefing.map_or("", |b| b.scenario.as_str()), pal);
    match briefing {
        Some(b) => page(ui, Rect::from_min_max(head.left_bottom(), r.max), b, pal),
        None => none(ui, r, pal),
    }
}

fn none(ui: &mut Ui, r: Rect, pal: &Palette) {
    let p = ui.painter().clone();
    let words = "No exercise runs on this station.";
    draw::text(
        &p,
        r.center() - vec2(0.0, 12.0),
        Align2::CENTER_CENTER,
        words,
        theme::title(),
        pal.text1,
    );
    draw::text(
        &p,
        r.center() + vec2(0.0, 14.0),
        Align2::CENTER_CENTER,
        "vedette train sim/scenarios/footpath-crossing.toml opens one in this console; its debrief and score sheet follow the flight.",
        theme::body(),
        pal.text2,
    );
    draw::named(ui, r, "train", WidgetType::Label, words);
}

fn page(ui: &mut Ui, r: Rect, b: &Briefing, pal: &Palette) {
    let p = ui.painter().with_clip_rect(r);
    let wide = r.width() > 1200.0;
    let x = r.left() + if wide { 96.0 } else { 32.0 };
    let w = (r.width() * 0.52).min(760.0);
    let mut y = r.top() + if wide { 48.0 } else { 24.0 };
    let big = egui::FontId::new(26.0, theme::title().family);
    y = draw::text_wrapped(&p, pos2(x, y), &b.scenario, big, pal.text1, w, 2, 34.0).bottom() + 8.0;
    y = draw::text_wrapped(&p, pos2(x, y), &b.summary, theme::title(), pal.text2, w, 3, 24.0).bottom() + 24.0;
    for para in b.text.trim().split("\n\n") {
        let one = para.split_whitespace().collect::<Vec<_>>().join(" ");
        let font = egui::FontId::new(15.0, theme::body().family);
        y = draw::text_wrapped(&p, pos2(x, y), &one, font, pal.text1, w, 14, 25.0).bottom() + 14.0;
    }
    let right = x + w + if wide { 80.0 } else { 32.0 };
    let rw = r.right() - right - 32.0;
    let mut y = r.top() + if wide { 56.0 } else { 28.0 };
    let heading = |p: &egui::Painter, y: f32, s: &str| {
        draw::text(p, pos2(right, y), Align2::LEFT_TOP, s, theme::strong(), pal.text1);
        y + 26.0
    };
    y = heading(&p, y, "To be reported");
    for s in &b.report {
        icon::paint(&p, pos2(right + 8.0, y + 9.0), 15.0, Icon::Flag, pal.text2);
        draw::text_in(
            &p,
            pos2(right + 26.0, y),
            Align2::LEFT_TOP,
            s,
            theme::body(),
            pal.text1,
            rw - 26.0,
        );
        y += 24.0;
    }
    let within = format!("within {} once they can be seen", words::duration(b.report_within_s));
    draw::text_in(
        &p,
        pos2(right + 26.0, y),
        Align2::LEFT_TOP,
        &within,
        theme::small(),
        pal.text2,
        rw,
    );
    y = heading(&p, y + 40.0, "Checklist");
    for s in &b.checklist {
        if y + 24.0 > r.bottom() {
            break;
        }
        let square = draw::rect(right + 2.0, y + 3.0, 12.0, 12.0);
        p.rect_stroke(
            square,
            CornerRadius::same(2),
            Stroke::new(1.0, pal.line_strong),
            StrokeKind::Inside,
        );
        draw::text_in(
            &p,
            pos2(right + 26.0, y),
            Align2::LEFT_TOP,
            s,
            theme::body(),
            pal.text1,
            rw - 26.0,
        );
        y += 24.0;
    }
    draw::text_in(
        &p,
        pos2(x, r.bottom() - 28.0),
        Align2::LEFT_CENTER,
        &format!(
            "Plays for {}. F1 goes to the flight; decisions count, not stick skill. The score sheet follows the debrief.",
            words::duration(b.duration_s)
        ),
        theme::small(),
        pal.text3,
        r.width() - 64.0,
    );
    let said = format!("Briefing: {}. {}", b.scenario, b.summary);
    draw::named(ui, r, "train", WidgetType::Label, &said);
}

/// Words of the five answers, as the Instantaneous Self-Assessment of workload has them.
const LEVELS: [&str; 5] = ["under-used", "relaxed", "comfortable", "high", "too much"];
const DIGITS: [egui::Key; 5] = [
    egui::Key::Num1,
    egui::Key::Num2,
    egui::Key::Num3,
    egui::Key::Num4,
    egui::Key::Num5,
];

/// The question after the workload, when it is due; answered by Alt and a digit or a click. It
/// covers nothing but the top bar's middle, and lapses by itself.
pub(crate) fn probe(
    ui: &mut Ui,
    r: Rect,
    v: &StationView,
    l: &mut FlyLocal,
    feeds: &FlyFeeds,
    pal: &Palette,
    out: &mut Vec<Intent>,
) {
    let Some(n) = feeds.probes.and_then(|p| p.due(v.now)) else {
        return;
    };
    if l.probe == Some(n) {
        return;
    }
    let mut answer = None;
    for (k, level) in DIGITS.iter().zip(1_u8..) {
        if ui.input_mut(|i| i.consume_key(egui::Modifiers::ALT, *k)) {
            answer = Some(level);
        }
    }
    let (w, h) = (620.0_f32.min(r.width() - 40.0), 44.0);
    let at = draw::rect(r.center().x - w / 2.0, r.top() + 48.0, w, h);
    let p = ui.painter().clone();
    draw::framed(&p, at, 4, pal.surface[2], pal.accent);
    draw::text(
        &p,
        pos2(at.left() + 14.0, at.center().y),
        Align2::LEFT_CENTER,
        "Workload now?",
        theme::strong(),
        pal.text1,
    );
    let x = at.left() + 124.0;
    let each = (at.right() - 8.0 - x) / 5.0;
    for (level, words) in (1_u8..).zip(LEVELS) {
        let label = format!("Workload {level}, {words}");
        let text = format!("{level} {words}");
        let b = draw::rect(x + f32::from(level - 1) * each, at.top() + 7.0, each - 5.0, 30.0);
        if Button::new(&text).label(&label).show(ui, b, pal).clicked() {
            answer = Some(level);
        }
    }
    draw::text(
        &p,
        pos2(at.center().x, at.bottom() + 11.0),
        Align2::CENTER_CENTER,
        "Alt and a digit answers; it goes by itself",
        theme::small(),
        pal.text3,
    );
    if let Some(level) = answer {
        l.probe = Some(n);
        out.push(Intent::Workload { asked: n, level });
    }
}
