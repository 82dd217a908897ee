//! The exercise's timeline: truth, faults, the trainee's acts, alerts, score events.
//!
//! Invariant: what has happened is solid, what the script still has is dashed. It must not know
//! where its marks come from.

use egui::{Align2, CornerRadius, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Ui, WidgetType, pos2, vec2};
use vedette_model::Priority;

use super::{DeskModel, LaneSpan, clock};
use crate::draw;
use crate::fly::now_line;
use crate::icon::{self, Icon};
use crate::theme::{self, Palette};

struct Scale {
    left: f32,
    right: f32,
    to_s: f64,
}

impl Scale {
    #[expect(clippy::cast_possible_truncation, reason = "points of a screen")]
    fn x(&self, t_s: f64) -> f32 {
        self.left + ((t_s / self.to_s).clamp(-0.02, 1.02) as f32) * (self.right - self.left)
    }
}

pub(super) fn show(ui: &mut Ui, r: Rect, m: &DeskModel, compact: bool, pal: &Palette) {
    let p = ui.painter().with_clip_rect(r);
    p.rect_filled(r, CornerRadius::ZERO, pal.surface[0]);
    draw::hline(&p, r.left(), r.right(), r.top() + 0.5, pal.line_soft);
    let label_w = if compact { 116.0 } else { 360.0 };
    let s = Scale {
        left: r.left() + label_w,
        right: r.right() - 20.0,
        to_s: m.duration_s.max(m.t_s).max(60.0),
    };
    let axis = 26.0;
    let lanes = Rect::from_min_max(pos2(r.left(), r.top() + axis), r.max);
    ticks(&p, &s, r.top() + 14.0, lanes, pal);
    let h = lanes.height() / 5.0;
    let names = [
        ("Truth", format!("scripted actors, seed {}", m.seed)),
        ("Faults", "scripted and live".to_owned()),
        ("Trainee", "orders, reports, answers".to_owned()),
        ("Alerts", "raised by the station".to_owned()),
        ("Score events", "gained and lost".to_owned()),
    ];
    let q = p.with_clip_rect(Rect::from_min_max(pos2(s.left, lanes.top()), lanes.max));
    for (i, (name, quiet)) in names.iter().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "five lanes")]
        let top = lanes.top() + h * i as f32;
        let mid = top + h / 2.0;
        draw::hline(&p, r.left(), r.right(), top, pal.line_soft);
        let up = if compact { 0.0 } else { 8.0 };
        draw::text(
            &p,
            pos2(r.left() + 14.0, mid - up),
            Align2::LEFT_CENTER,
            name,
            theme::strong(),
            pal.text1,
        );
        if !compact {
            draw::text(
                &p,
                pos2(r.left() + 14.0, mid + 9.0),
                Align2::LEFT_CENTER,
                quiet,
                theme::small(),
                pal.text2,
            );
        }
        let lane = Rect::from_min_max(pos2(s.left, top), pos2(s.right, top + h));
        match i {
            0 => spans(&q, &s, lane, &m.lanes.truth, m.t_s, false, pal),
            1 => spans(&q, &s, lane, &m.lanes.faults, m.t_s, true, pal),
            2 => acts(&q, &s, lane, &m.lanes.trainee, pal),
            3 => alerts(&q, &s, lane, &m.lanes.alerts, pal),
            _ => score(&q, &s, lane, &m.lanes.score, pal),
        }
    }
    for (t, _) in &m.lanes.marks {
        let x = s.x(*t);
        icon::paint(&p, pos2(x, lanes.top() + 2.0), 13.0, Icon::Flag, pal.text1);
        p.vline(x, lanes.y_range(), Stroke::new(1.0, pal.line_strong));
    }
    now_line(&p, s.x(m.t_s), r.top(), r.bottom(), pal);
    let said = format!(
        "Timeline: {} faults, {} acts of the trainee, {} alerts, {} score events, {} marks",
        m.lanes.faults.len(),
        m.lanes.trainee.len(),
        m.lanes.alerts.len(),
        m.lanes.score.len(),
        m.lanes.marks.len()
    );
    draw::named(ui, r, "desk timeline", WidgetType::Label, &said);
}

fn ticks(p: &Painter, s: &Scale, y: f32, lanes: Rect, pal: &Palette) {
    let step = [60.0, 120.0, 300.0, 600.0, 1200.0, 3600.0]
        .into_iter()
        .find(|t| s.to_s / t <= 10.0)
        .unwrap_or(7200.0);
    let mut t = 0.0;
    while t <= s.to_s + 1.0 {
        let x = s.x(t);
        p.vline(x, lanes.y_range(), Stroke::new(1.0, pal.line_soft));
        let words = clock(t);
        draw::text(
            p,
            pos2(x + 5.0, y),
            Align2::LEFT_CENTER,
            words.get(..5).unwrap_or(&words),
            theme::small(),
            pal.text3,
        );
        t += step;
    }
}

/// Spans of a lane; those that overlap go below each other, at most three deep.
fn spans(p: &Painter, s: &Scale, lane: Rect, all: &[LaneSpan], now_s: f64, beside: bool, pal: &Palette) {
    let mut rows: Vec<f64> = Vec::new();
    let mut placed = Vec::new();
    for a in all {
        let row = rows.iter().position(|to| *to <= a.from_s).unwrap_or(rows.len()).min(2);
        if row == rows.len() {
            rows.push(a.to_s);
        } else {
            rows[row] = rows[row].max(a.to_s);
        }
        placed.push((row, a));
    }
    #[expect(clippy::cast_precision_loss, reason = "three at most")]
    let n = rows.len().max(1) as f32;
    let h = ((lane.height() - 8.0) / n).min(24.0);
    let from = lane.center().y - h * n / 2.0;
    for (row, a) in placed {
        #[expect(clippy::cast_precision_loss, reason = "three at most")]
        let top = from + h * row as f32 + 1.0;
        let b = Rect::from_min_max(
            pos2(s.x(a.from_s), top),
            pos2(s.x(a.to_s).max(s.x(a.from_s) + 3.0), top + h - 2.0),
        );
        let ahead = a.from_s > now_s;
        let (fill, line) = match (ahead, a.strong) {
            (true, _) => (pal.surface[0], pal.line_strong),
            (false, true) if beside => (pal.accent_fill, pal.accent),
            (false, true) => (pal.surface[2], pal.text1),
            (false, false) => (pal.surface[3], pal.line_strong),
        };
        p.rect_filled(b, CornerRadius::ZERO, fill);
        if ahead {
            dashes(p, b, line);
        } else {
            p.rect_stroke(b, CornerRadius::ZERO, Stroke::new(1.0, line), StrokeKind::Inside);
        }
        let colour = if ahead { pal.text3 } else { pal.text1 };
        let room = b.width() - 10.0;
        let wants = draw::width(p, &a.label, theme::small());
        if h < 12.0 {
            continue;
        }
        if beside && wants > room {
            draw::text(
                p,
                pos2(b.right() + 6.0, b.center().y),
                Align2::LEFT_CENTER,
                &a.label,
                theme::small(),
                if a.strong && !ahead { pal.accent } else { colour },
            );
        } else if room > 24.0 {
            draw::text_in(
                p,
                pos2(b.left() + 6.0, b.center().y),
                Align2::LEFT_CENTER,
                &a.label,
                theme::small(),
                colour,
                room,
            );
        }
    }
}

fn dashes(p: &Painter, b: Rect, colour: egui::Color32) {
    let ring = [
        b.left_top(),
        b.right_top(),
        b.right_bottom(),
        b.left_bottom(),
        b.left_top(),
    ];
    p.extend(Shape::dashed_line(&ring, Stroke::new(1.0, colour), 4.0, 3.0));
}

fn acts(p: &Painter, s: &Scale, lane: Rect, all: &[(f64, String)], pal: &Palette) {
    let y = lane.center().y;
    for (i, (t, words)) in all.iter().enumerate() {
        let x = s.x(*t);
        p.circle_filled(pos2(x, y), 3.0, pal.text1);
        let next = all.get(i + 1).map_or(lane.right(), |n| s.x(n.0));
        let room = next - x - 12.0;
        if room > draw::width(p, words, theme::small()).min(36.0) {
            draw::text_in(
                p,
                pos2(x + 8.0, y),
                Align2::LEFT_CENTER,
                words,
                theme::small(),
                pal.text2,
                room,
            );
        }
    }
}

fn alerts(p: &Painter, s: &Scale, lane: Rect, all: &[(f64, Priority)], pal: &Palette) {
    for (t, priority) in all {
        let at: Pos2 = pos2(s.x(*t), lane.center().y);
        match priority {
            Priority::P1 => icon::paint(p, at, 15.0, Icon::P1, pal.alarm1),
            Priority::P2 => icon::paint(p, at, 15.0, Icon::P2, pal.alarm2),
        }
    }
}

fn score(p: &Painter, s: &Scale, lane: Rect, all: &[(f64, f64, String)], pal: &Palette) {
    let mut last = f32::MIN;
    for (t, by, _) in all {
        let words = if *by < 0.0 {
            format!("−{:.0}", by.abs())
        } else {
            format!("+{by:.0}")
        };
        if by.abs() < 0.5 {
            continue;
        }
        let w = draw::width(p, &words, theme::small_strong()) + 12.0;
        // Events of one moment stand beside each other.
        let x = s.x(*t).max(last + w / 2.0 + 2.0);
        last = x + w / 2.0;
        let b = Rect::from_center_size(pos2(x, lane.center().y), vec2(w, 20.0));
        let (fill, fg) = if *by < 0.0 {
            (pal.text1, pal.surface[0])
        } else {
            (pal.surface[0], pal.text1)
        };
        draw::framed(p, b, 3, fill, pal.line_strong);
        draw::text(p, b.center(), Align2::CENTER_CENTER, &words, theme::small_strong(), fg);
    }
}
