//! The score so far, and what a good operator would do now.
//!
//! Invariant: a measure that was not asked for yet is a dash, not a zero. It must not know weights.

use egui::{Align2, CornerRadius, Rect, Shape, Stroke, Ui, WidgetType, pos2, vec2};

use super::{DeskModel, ScoreLine};
use crate::draw;
use crate::icon::{self, Icon};
use crate::theme::{self, Palette};
use crate::words;

pub(super) fn show(ui: &mut Ui, r: Rect, m: &DeskModel, compact: bool, pal: &Palette) {
    let p = ui.painter().with_clip_rect(r);
    p.rect_filled(r, CornerRadius::ZERO, pal.surface[1]);
    let head = draw::rect(r.left(), r.top(), r.width(), 32.0);
    draw::header(&p, head, "Live score", "", pal);
    draw::text(
        &p,
        pos2(head.right() - 12.0, head.center().y),
        Align2::RIGHT_CENTER,
        "instructor only",
        theme::small(),
        pal.text3,
    );
    let mut y = head.bottom() + if compact { 4.0 } else { 12.0 };
    total(ui, draw::rect(r.left() + 12.0, y, r.width() - 24.0, 44.0), m, pal);
    y += if compact { 48.0 } else { 58.0 };
    let (a, b) = (r.left() + 12.0, r.right() - 12.0);
    let now_x = a + r.width() * if compact { 0.64 } else { 0.50 };
    let bar = if compact { 0.0 } else { 52.0 };
    let target_x = now_x + 12.0;
    let heads = [
        (a, Align2::LEFT_CENTER, "Measure"),
        (now_x, Align2::RIGHT_CENTER, "Now"),
        (target_x, Align2::LEFT_CENTER, "Target"),
    ];
    for (x, align, s) in heads {
        draw::text(&p, pos2(x, y + 8.0), align, s, theme::small(), pal.text3);
    }
    y += 20.0;
    let row = if compact { 21.0 } else { 28.0 };
    // A small screen shows what was asked for so far.
    let lines = m.score.lines.iter().filter(|l| !compact || l.now.is_some());
    for (i, line) in lines.enumerate() {
        if y + row > r.bottom() - 60.0 {
            break;
        }
        draw::hline(&p, a, b, y, pal.line_soft);
        measure(&p, line, [a, now_x, target_x, b - bar, b], y + row / 2.0, pal);
        let said = format!(
            "{}: {}, target {}",
            line.title,
            line.now.as_deref().unwrap_or(words::UNKNOWN),
            line.target
        );
        let at = draw::rect(a, y, b - a, row);
        draw::named(ui, at, ("measure", i), WidgetType::Label, &said);
        y += row;
    }
    y += 6.0;
    advice(ui, Rect::from_min_max(pos2(r.left(), y), r.max), m, pal);
}

fn total(ui: &mut Ui, r: Rect, m: &DeskModel, pal: &Palette) {
    let p = ui.painter().clone();
    let figure = m.score.total.map_or(words::UNKNOWN.to_owned(), |t| format!("{t:.0}"));
    let big = egui::FontId::new(36.0, theme::figure().family);
    let t = draw::text(
        &p,
        pos2(r.left(), r.center().y),
        Align2::LEFT_CENTER,
        &figure,
        big,
        pal.text1,
    );
    let x = t.right() + 12.0;
    draw::text(
        &p,
        pos2(x, r.top() + 12.0),
        Align2::LEFT_CENTER,
        "of 100 so far",
        theme::body(),
        pal.text2,
    );
    let past = m.score.median.map_or("first run".to_owned(), |(median, n)| {
        format!("median of {n} runs: {median:.0}")
    });
    draw::text(
        &p,
        pos2(x, r.top() + 31.0),
        Align2::LEFT_CENTER,
        &past,
        theme::body(),
        pal.text2,
    );
    if r.width() > 300.0 {
        let room = Rect::from_min_max(pos2(r.right() - r.width() * 0.3, r.top() + 4.0), r.max);
        curve(&p, room, &m.score.curve, pal);
    }
    let said = format!("Score so far {figure} of 100, {past}");
    draw::named(ui, r, "total", WidgetType::Label, &said);
}

fn curve(p: &egui::Painter, r: Rect, c: &[(f64, f64)], pal: &Palette) {
    let (Some(first), Some(last)) = (c.first(), c.last()) else {
        return;
    };
    if r.width() < 40.0 || last.0 - first.0 < 1.0 {
        return;
    }
    #[expect(clippy::cast_possible_truncation, reason = "points of a screen")]
    let pts: Vec<_> = c
        .iter()
        .map(|(t, v)| {
            pos2(
                r.left() + ((t - first.0) / (last.0 - first.0)) as f32 * r.width(),
                r.bottom() - (v.clamp(0.0, 100.0) / 100.0) as f32 * r.height(),
            )
        })
        .collect();
    for w in pts.windows(2) {
        let fill = vec![w[0], w[1], pos2(w[1].x, r.bottom()), pos2(w[0].x, r.bottom())];
        p.add(Shape::convex_polygon(fill, pal.accent_fill, Stroke::NONE));
    }
    p.add(Shape::line(pts, Stroke::new(1.5, pal.accent)));
}

/// `at`: left, right edge of the figure, left of the target, left and right of the bar.
fn measure(p: &egui::Painter, line: &ScoreLine, at: [f32; 5], y: f32, pal: &Palette) {
    let asked = line.now.is_some();
    let now = line.now.as_deref().unwrap_or(words::UNKNOWN);
    let figure = draw::text(
        p,
        pos2(at[1], y),
        Align2::RIGHT_CENTER,
        now,
        theme::small_strong(),
        if asked { pal.text1 } else { pal.text3 },
    );
    draw::text_in(
        p,
        pos2(at[0], y),
        Align2::LEFT_CENTER,
        &line.title,
        theme::body(),
        if asked { pal.text1 } else { pal.text3 },
        figure.left() - at[0] - 8.0,
    );
    draw::text_in(
        p,
        pos2(at[2], y),
        Align2::LEFT_CENTER,
        &line.target,
        theme::small(),
        pal.text2,
        at[3] - at[2] - 6.0,
    );
    if at[4] - at[3] > 20.0 {
        let b = Rect::from_min_max(pos2(at[3], y - 3.0), pos2(at[4], y + 3.0));
        p.rect_filled(b, CornerRadius::ZERO, pal.surface[3]);
        if let Some(v) = line.points {
            #[expect(clippy::cast_possible_truncation, reason = "0 to 1")]
            let w = b.width() * v.clamp(0.0, 1.0) as f32;
            let colour = if v > 0.999 { pal.text1 } else { pal.text3 };
            p.rect_filled(
                Rect::from_min_size(b.min, vec2(w, b.height())),
                CornerRadius::ZERO,
                colour,
            );
        }
    }
}

fn advice(ui: &mut Ui, r: Rect, m: &DeskModel, pal: &Palette) {
    let p = ui.painter().with_clip_rect(r);
    draw::hline(&p, r.left(), r.right(), r.top(), pal.line_soft);
    draw::text(
        &p,
        pos2(r.left() + 12.0, r.top() + 17.0),
        Align2::LEFT_CENTER,
        "Now",
        theme::strong(),
        pal.text1,
    );
    draw::text_in(
        &p,
        pos2(r.right() - 12.0, r.top() + 17.0),
        Align2::RIGHT_CENTER,
        "what a good operator would do",
        theme::small(),
        pal.text3,
        r.width() - 70.0,
    );
    let mut y = r.top() + 38.0;
    if m.advice.is_empty() {
        draw::text(
            &p,
            pos2(r.left() + 12.0, y + 6.0),
            Align2::LEFT_CENTER,
            "Watch, and fly the plan.",
            theme::body(),
            pal.text2,
        );
    }
    for (i, a) in m.advice.iter().enumerate() {
        if y + 20.0 > r.bottom() {
            break;
        }
        let ic = if a.waits { Icon::Clock } else { Icon::Check };
        icon::paint(&p, pos2(r.left() + 20.0, y + 8.0), 15.0, ic, pal.text2);
        let t = draw::text_wrapped(
            &p,
            pos2(r.left() + 38.0, y),
            &a.text,
            theme::body(),
            if a.waits { pal.text1 } else { pal.text2 },
            r.width() - 52.0,
            3,
            19.0,
        );
        draw::named(ui, t, ("advice", i), WidgetType::Label, &a.text);
        y = t.bottom() + 9.0;
    }
}
