//! One timeline for everything that was recorded, with a playhead that can be dragged.
//!
//! Invariant: a gap is drawn where it is; what was not recorded is dark. It must not know players.

use egui::{
    Align2, Color32, CornerRadius, Rect, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo, WidgetType, pos2, vec2,
};
use vedette_model::{Priority, Utc};

use super::{ReviewAct, ReviewModel};
use crate::draw;
use crate::fly::{Axis, now_line};
use crate::icon::{self, Icon};
use crate::local::FlyLocal;
use crate::theme::{self, Palette};

/// Height of the truth's lane, logical pixels.
pub(super) const TRUTH_H: f32 = 34.0;

/// What was really so, below each other where it overlaps: people above, faults below.
fn truth(p: &egui::Painter, lane: Rect, m: &ReviewModel, a: &Axis, pal: &Palette) {
    for t in &m.lanes.truth {
        let half = lane.height() / 2.0;
        let top = if t.fault { lane.top() + half } else { lane.top() };
        let b = Rect::from_min_max(
            pos2(a.x(t.from), top + 1.0),
            pos2(a.x(t.to).max(a.x(t.from) + 2.0), top + half - 1.0),
        );
        let (fill, line) = if t.fault {
            (pal.accent_fill, pal.accent)
        } else {
            (pal.surface[2], pal.text1)
        };
        p.rect(b, CornerRadius::ZERO, fill, Stroke::new(1.0, line), StrokeKind::Inside);
        if b.width() > 30.0 {
            draw::text_in(
                p,
                pos2(b.left() + 4.0, b.center().y),
                Align2::LEFT_CENTER,
                &t.label,
                theme::small(),
                pal.text1,
                b.width() - 8.0,
            );
        } else if t.fault || t.from == t.to {
            draw::text(
                p,
                pos2(b.right() + 4.0, b.center().y),
                Align2::LEFT_CENTER,
                &t.label,
                theme::small(),
                pal.text2,
            );
        }
    }
}

pub(crate) fn show(
    ui: &mut Ui,
    r: Rect,
    m: &ReviewModel,
    l: &FlyLocal,
    compact: bool,
    pal: &Palette,
    out: &mut Vec<ReviewAct>,
) {
    let p = ui.painter().with_clip_rect(r);
    p.rect_filled(r, CornerRadius::ZERO, pal.surface[0]);
    draw::hline(&p, r.left(), r.right(), r.top() + 0.5, pal.line_soft);
    let label_w = if compact { 110.0 } else { 152.0 };
    let a = Axis {
        from: m.from,
        to: m.to.max(m.from.plus_us(1_000_000)),
        left: r.left() + label_w,
        right: r.right() - 16.0,
    };
    let lanes = Rect::from_min_max(pos2(a.left, r.top() + 24.0), pos2(a.right, r.bottom() - 4.0));
    let resp = ui.interact(
        Rect::from_min_max(pos2(a.left, r.top()), r.max),
        ui.id().with("review timeline"),
        Sense::click_and_drag(),
    );
    resp.widget_info(|| WidgetInfo::labeled(WidgetType::Slider, true, "Playhead"));
    if (resp.dragged() || resp.clicked())
        && let Some(at) = resp.interact_pointer_pos()
    {
        out.push(ReviewAct::Seek(a.at(at.x)));
    }
    a.ticks(&p, r.top() + 12.0, lanes, pal);
    let q = p.with_clip_rect(Rect::from_min_max(
        pos2(a.left - 1.0, r.top()),
        pos2(a.right + 1.0, r.bottom()),
    ));
    let mut y = lanes.top();
    let truth_h = if m.lanes.truth.is_empty() { 0.0 } else { TRUTH_H };
    let n = m.lanes.video.len().clamp(1, 4);
    #[expect(clippy::cast_precision_loss, reason = "a few lanes")]
    let video_h = if compact { 18.0 } else { 26.0 } * n as f32;
    let rest = lanes.height() - video_h - truth_h;
    let small = rest * 0.19;
    let label = |s: &str, mid: f32, on: bool| {
        draw::text_in(
            &p,
            pos2(a.left - 12.0, mid),
            Align2::RIGHT_CENTER,
            s,
            theme::small(),
            if on { pal.accent } else { pal.text2 },
            label_w - 20.0,
        );
    };
    if truth_h > 0.0 {
        label("Truth", y + truth_h / 2.0, false);
        let lane = draw::rect(a.left, y, a.right - a.left, truth_h);
        truth(&q, lane, m, &a, pal);
        let said = format!("Truth: {} stretches", m.lanes.truth.len());
        draw::named(ui, lane, "truth", WidgetType::Label, &said);
        y += truth_h;
        draw::hline(&p, r.left(), r.right(), y, pal.line_soft);
    }
    for v in m.lanes.video.iter().take(4) {
        #[expect(clippy::cast_precision_loss, reason = "a few lanes")]
        let h = video_h / n as f32;
        let on = l.camera == Some(v.camera);
        label(&v.label, y + h / 2.0, on);
        for s in &v.segments {
            let b = Rect::from_min_max(
                pos2(a.x(s.from), y + 2.0),
                pos2((a.x(s.to) - 1.0).max(a.x(s.from) + 1.0), y + h - 2.0),
            );
            q.rect(
                b,
                CornerRadius::ZERO,
                if on { pal.accent_fill } else { pal.surface[3] },
                Stroke::new(1.0, if on { pal.accent } else { pal.line_strong }),
                StrokeKind::Inside,
            );
            if s.truncated {
                draw::hatch(
                    &q,
                    Rect::from_min_max(pos2(b.right() - 10.0, b.top()), b.max),
                    4.0,
                    pal.text2,
                );
            }
        }
        for g in &v.gaps {
            let x = a.x(g.at);
            let b = Rect::from_center_size(pos2(x, y + h / 2.0), vec2(9.0, h - 2.0));
            q.rect_filled(b, CornerRadius::ZERO, pal.surface[0]);
            draw::hatch(&q, b, 4.0, pal.text1);
            if h > 20.0 {
                let word = format!("gap {}", g.what);
                let plate = draw::rect(x + 6.0, y + 4.0, draw::width(&q, &word, theme::small()) + 8.0, h - 8.0);
                q.rect_filled(plate, CornerRadius::ZERO, draw::alpha(pal.surface[0], 235));
                draw::text(
                    &q,
                    pos2(x + 10.0, y + h / 2.0),
                    Align2::LEFT_CENTER,
                    &word,
                    theme::small(),
                    pal.text1,
                );
            }
        }
        y += h;
    }
    if m.lanes.video.is_empty() {
        label("Video", y + video_h / 2.0, false);
        draw::text(
            &q,
            pos2(a.left + 8.0, y + video_h / 2.0),
            Align2::LEFT_CENTER,
            "nothing recorded",
            theme::small(),
            pal.text3,
        );
        y += video_h;
    }
    draw::hline(&p, r.left(), r.right(), y, pal.line_soft);
    let plot = draw::rect(a.left, y, a.right - a.left, rest * 0.26);
    curves(&q, plot, m, &a, pal);
    label("Height, range", plot.center().y, false);
    y = plot.bottom();
    draw::hline(&p, r.left(), r.right(), y, pal.line_soft);
    let det = draw::rect(a.left, y, a.right - a.left, small);
    label("Detections", det.center().y, false);
    let mut last = f32::MIN;
    for d in &m.lanes.detections {
        let x = a.x(d.at);
        if x - last < 1.5 {
            continue;
        }
        last = x;
        let h = det.height() * 0.55 * d.score.clamp(0.2, 1.0);
        q.rect_filled(
            Rect::from_center_size(pos2(x, det.center().y), vec2(1.5, h)),
            CornerRadius::ZERO,
            pal.text1,
        );
    }
    y += small;
    draw::hline(&p, r.left(), r.right(), y, pal.line_soft);
    let mid = y + small / 2.0;
    label("Alerts", mid, false);
    for al in &m.lanes.alerts {
        let x = a.x(al.at);
        if let Some((t, words, yes)) = &al.answer {
            let c = if *yes { pal.confirmed } else { pal.text2 };
            q.hline(
                x..=a.x(*t),
                mid,
                Stroke::new(
                    1.5,
                    if al.priority == Priority::P1 {
                        pal.alarm1
                    } else {
                        pal.alarm2
                    },
                ),
            );
            icon::paint(
                &q,
                pos2(a.x(*t), mid),
                13.0,
                if *yes { Icon::Check } else { Icon::Cross },
                c,
            );
            // Words stand where no other mark does.
            let from = a.x(*t) + 11.0;
            let wide = q.layout_no_wrap(words.clone(), theme::small(), pal.text1).size().x;
            let taken = |at: Utc| (from - 11.5..from + wide + 10.0).contains(&a.x(at));
            let crowded = m.lanes.alerts.iter().any(|o| {
                let answered = o.answer.as_ref().map(|o| o.0);
                o.id != al.id && (taken(o.at) || answered.is_some_and(taken))
            });
            if al.priority == Priority::P1 && !crowded {
                draw::text(
                    &q,
                    pos2(from, mid),
                    Align2::LEFT_CENTER,
                    words,
                    theme::small(),
                    pal.text1,
                );
            }
        }
        match al.priority {
            Priority::P1 => icon::paint(&q, pos2(x, mid), 16.0, Icon::P1, pal.alarm1),
            Priority::P2 => icon::paint(&q, pos2(x, mid), 15.0, Icon::P2, pal.alarm2),
        }
        let name = format!("{:?} {} at {}", al.priority, al.title, al.at.clock());
        let hit = ui.interact(
            Rect::from_center_size(pos2(x, mid), vec2(18.0, 18.0)),
            ui.id().with(("mark", al.id)),
            Sense::click(),
        );
        hit.widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, &name));
        if hit.clicked() {
            out.push(ReviewAct::Seek(al.at));
        }
    }
    y += small;
    draw::hline(&p, r.left(), r.right(), y, pal.line_soft);
    let mid = y + small / 2.0;
    label("Operator", mid, false);
    acts(&q, m, &a, mid, pal);
    y += small;
    draw::hline(&p, r.left(), r.right(), y, pal.line_soft);
    let mid = y + (lanes.bottom() - y) / 2.0;
    label("Flight", mid, false);
    let events: Vec<_> = m
        .lanes
        .events
        .iter()
        .filter(|e| {
            !matches!(
                e.kind,
                vedette_core::EventKind::AlertP1
                    | vedette_core::EventKind::AlertP2
                    | vedette_core::EventKind::Decision
                    | vedette_core::EventKind::Operator
            )
        })
        .cloned()
        .collect();
    crate::fly::timeline_events(&q, &events, &a, mid, pal);
    let x = a.x(m.playhead);
    q.rect_filled(
        Rect::from_min_max(pos2(x - 12.0, r.top()), pos2(x + 12.0, r.bottom())),
        CornerRadius::ZERO,
        draw::alpha(pal.accent, 22),
    );
    now_line(&q, x, r.top(), r.bottom(), pal);
    let word = m.playhead.clock_centi();
    let w = draw::width(&p, &word, theme::mono()) + 14.0;
    let left = if x + 10.0 + w > r.right() {
        x - 10.0 - w
    } else {
        x + 10.0
    };
    let tag = draw::rect(left, r.top() + 2.0, w, 20.0);
    draw::framed(&p, tag, 3, pal.accent_fill, pal.accent);
    draw::text(&p, tag.center(), Align2::CENTER_CENTER, &word, theme::mono(), pal.text1);
}

/// Operator acts with their words where they fit.
fn acts(q: &egui::Painter, m: &ReviewModel, a: &Axis, mid: f32, pal: &Palette) {
    let mut free = f32::MIN;
    for (i, (t, words)) in m.lanes.acts.iter().enumerate() {
        let x = a.x(*t);
        q.circle_filled(pos2(x, mid), 2.5, pal.text1);
        let w = draw::width(q, words, theme::small());
        let next = m.lanes.acts.get(i + 1).map_or(f32::MAX, |n| a.x(n.0));
        if x > free && x + 8.0 + w < next - 4.0 {
            draw::text(
                q,
                pos2(x + 7.0, mid),
                Align2::LEFT_CENTER,
                words,
                theme::small(),
                pal.text1,
            );
            free = x + 10.0 + w;
        }
    }
}

/// Which figure of a sample.
type Pick = fn(&super::PlotSample) -> Option<f32>;

fn curves(q: &egui::Painter, r: Rect, m: &ReviewModel, a: &Axis, pal: &Palette) {
    let pick: [(Pick, bool, &str, Color32); 2] = [
        (|s| s.height_m, false, "height", pal.text1),
        (|s| s.range_m, true, "range", pal.text2),
    ];
    let mut words: Vec<(String, f32, Color32)> = Vec::new();
    for (f, dashed, name, c) in pick {
        let vals: Vec<(Utc, f32)> = m
            .lanes
            .plot
            .iter()
            .filter_map(|s| f(s).filter(|v| v.is_finite()).map(|v| (s.at, v)))
            .collect();
        let (lo, hi) = vals
            .iter()
            .fold((f32::MAX, f32::MIN), |(x, y), v| (x.min(v.1), y.max(v.1)));
        if lo > hi {
            continue;
        }
        let span = (hi - lo).max(1.0);
        let pts: Vec<_> = vals
            .iter()
            .map(|(t, v)| pos2(a.x(*t), r.bottom() - 5.0 - (v - lo) / span * (r.height() - 10.0)))
            .collect();
        if dashed {
            q.extend(Shape::dashed_line(&pts, Stroke::new(1.2, c), 4.0, 3.0));
        } else {
            q.add(Shape::line(pts, Stroke::new(1.5, c)));
        }
        let y = if dashed { r.bottom() - 9.0 } else { r.top() + 9.0 };
        let word = format!("{name} {lo:.0}–{hi:.0} m");
        words.push((word, y, c));
    }
    for (word, y, c) in words {
        let w = draw::width(q, &word, theme::small());
        let plate = draw::rect(r.right() - w - 10.0, y - 8.0, w + 10.0, 16.0);
        q.rect_filled(plate, CornerRadius::ZERO, draw::alpha(pal.surface[0], 235));
        draw::text(q, plate.center(), Align2::CENTER_CENTER, &word, theme::small(), c);
    }
}
