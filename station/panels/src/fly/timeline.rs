//! Time along the bottom: a lane per aircraft, a lane of events, now as one blue line.
//!
//! Invariant: what is past is solid, what is foreseen dashed; gaps are drawn as facts. It must not
//! know replay.

use egui::{Align2, Color32, CornerRadius, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Ui, WidgetType, pos2, vec2};
use vedette_core::{EventKind, StationView, TimelineEvent, VehicleView};
use vedette_model::Utc;
use vedette_model::plan::LegKind;

use super::passes::runs;
use crate::draw::{self, Button};
use crate::icon::{self, Icon};
use crate::local::FlyLocal;
use crate::theme::{self, Layout, Palette};
use crate::words;

/// A window of time on a stretch of screen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Axis {
    pub(crate) from: Utc,
    pub(crate) to: Utc,
    pub(crate) left: f32,
    pub(crate) right: f32,
}

impl Axis {
    pub(crate) fn x(&self, t: Utc) -> f32 {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "shares of a window"
        )]
        let s = ((t.0 - self.from.0) as f64 / (self.to.0 - self.from.0).max(1) as f64) as f32;
        self.left + s * (self.right - self.left)
    }
    pub(crate) fn at(&self, x: f32) -> Utc {
        let s = f64::from((x - self.left) / (self.right - self.left).max(1.0)).clamp(0.0, 1.0);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "microseconds"
        )]
        let d = (s * (self.to.0 - self.from.0) as f64) as i64;
        self.from.plus_us(d)
    }

    /// Ticks with labels; grid lines through `lanes`.
    pub(crate) fn ticks(&self, p: &Painter, top: f32, lanes: Rect, pal: &Palette) {
        let span_s = (self.to.0 - self.from.0) / 1_000_000;
        let room = ((self.right - self.left) / 110.0).max(2.0);
        #[expect(clippy::cast_possible_truncation, reason = "a few")]
        let step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600]
            .into_iter()
            .find(|s| span_s / s <= room as i64)
            .unwrap_or(7200);
        let mut t = (self.from.0 / 1_000_000 / step + 1) * step * 1_000_000;
        while t < self.to.0 {
            let x = self.x(Utc(t));
            p.vline(x, lanes.y_range(), Stroke::new(1.0, pal.line_soft));
            let word = if step < 60 {
                Utc(t).clock()
            } else {
                words::minute(Utc(t))
            };
            if x > self.left + 24.0 && x < self.right - 24.0 {
                draw::text(p, pos2(x, top), Align2::CENTER_CENTER, &word, theme::small(), pal.text2);
            }
            t += step * 1_000_000;
        }
    }
}

fn window(v: &StationView) -> (Utc, Utc) {
    // The whole watch when it is short, else a quarter of an hour back and ten minutes ahead.
    let began = Utc(v.utc.0 - v.now.0);
    let duration_s = v
        .plan
        .plan
        .as_ref()
        .map_or(600.0, |p| p.brief.requirement.duration_s + 240.0);
    let start = v
        .vehicles
        .values()
        .filter_map(|a| a.patrol_began)
        .min()
        .map_or(v.now.0, |m| m.0.min(v.now.0));
    let first = Utc(began.0 + (start - 120_000_000).max(0));
    #[expect(clippy::cast_possible_truncation, reason = "seconds of a watch")]
    let end = Utc(began.0 + start + (duration_s * 1e6) as i64).max(v.utc.plus_us(120_000_000));
    if end.0 - first.0 <= 40 * 60_000_000 {
        (first, end)
    } else {
        (v.utc.plus_us(-15 * 60_000_000), v.utc.plus_us(10 * 60_000_000))
    }
}

pub(crate) fn show(ui: &mut Ui, r: Rect, v: &StationView, l: &mut FlyLocal, lay: &Layout, pal: &Palette) {
    let p = ui.painter().with_clip_rect(r);
    p.rect_filled(r, CornerRadius::ZERO, pal.surface[0]);
    draw::hline(&p, r.left(), r.right(), r.top() + 0.5, pal.line_soft);
    let open = lay.timeline > 100.0;
    let label_x = r.left() + lay.fleet;
    let (from, to) = window(v);
    let a = Axis {
        from,
        to,
        left: label_x,
        right: r.right(),
    };
    let live = draw::rect(r.left() + 12.0, r.top() + 9.0, 62.0, 24.0);
    draw::framed(&p, live, 4, pal.accent_fill, pal.accent);
    p.circle_filled(live.left_center() + vec2(13.0, 0.0), 3.5, pal.text1);
    draw::text(
        &p,
        live.left_center() + vec2(22.0, 0.0),
        Align2::LEFT_CENTER,
        "LIVE",
        theme::small_strong(),
        pal.text1,
    );
    let b = Button::new("").label("Timeline size").icon(Icon::Down).key("Z");
    if b.show(ui, draw::rect(live.right() + 8.0, live.top(), b.wants(&p), 24.0), pal)
        .clicked()
    {
        l.timeline_open = Some(!open);
    }
    if open {
        draw::text(
            &p,
            pos2(r.left() + 12.0, live.bottom() + 18.0),
            Align2::LEFT_CENTER,
            "All of this is recorded.",
            theme::small(),
            pal.text2,
        );
        draw::text(
            &p,
            pos2(r.left() + 12.0, live.bottom() + 36.0),
            Align2::LEFT_CENTER,
            "Look back: vedette review",
            theme::small(),
            pal.text3,
        );
        let k = draw::keycap(&p, r.left() + 28.0, live.bottom() + 60.0, "?", pal);
        draw::text(
            &p,
            pos2(k.right() + 6.0, k.center().y),
            Align2::LEFT_CENTER,
            "all keys",
            theme::small(),
            pal.text2,
        );
    }
    let lanes = Rect::from_min_max(pos2(a.left, r.top() + 20.0), pos2(r.right(), r.bottom()));
    a.ticks(&p, r.top() + 10.0, lanes, pal);
    let q = p.with_clip_rect(Rect::from_min_max(pos2(a.left, r.top()), r.max));
    let mut y = lanes.top() + 4.0;
    let event_h = 24.0;
    if open {
        #[expect(clippy::cast_precision_loss, reason = "few aircraft")]
        let n = v.vehicles.len().clamp(1, 4) as f32;
        let h = ((lanes.height() - event_h - 6.0) / n).min(36.0);
        for x in v.vehicles.values().take(4) {
            let on = l.selected == Some(x.id);
            draw::text(
                &p,
                pos2(a.left - 10.0, y + h / 2.0),
                Align2::RIGHT_CENTER,
                &x.tail,
                theme::small_strong(),
                if on { pal.accent } else { pal.text2 },
            );
            lane(
                &q,
                draw::rect(a.left, y, r.right() - a.left, h - 3.0),
                v,
                x,
                &a,
                on,
                pal,
            );
            y += h;
        }
    }
    let mid = if open {
        r.bottom() - event_h / 2.0 - 2.0
    } else {
        lanes.center().y + 6.0
    };
    draw::text(
        &p,
        pos2(a.left - 10.0, mid),
        Align2::RIGHT_CENTER,
        "Events",
        theme::small(),
        pal.text2,
    );
    events(&q, &v.events, &a, mid, pal);
    for x in v.vehicles.values() {
        if let Some(s) = x.bingo_s.filter(|s| *s > 0.0 && x.alive) {
            #[expect(clippy::cast_possible_truncation, reason = "seconds")]
            let t = v.utc.plus_us((s * 1e6) as i64);
            if t < to && !matches!(x.landed.map(|k| k.value), Some(vedette_model::LandedState::OnGround)) {
                let bx = a.x(t);
                q.extend(Shape::dashed_line(
                    &[pos2(bx, lanes.top()), pos2(bx, r.bottom())],
                    Stroke::new(1.0, pal.text2),
                    3.0,
                    3.0,
                ));
                draw::text(
                    &q,
                    pos2(bx + 5.0, mid),
                    Align2::LEFT_CENTER,
                    &format!("{} bingo {}", x.tail, words::minute(t)),
                    theme::small(),
                    pal.text2,
                );
            }
        }
    }
    now_line(&q, a.x(v.utc), r.top(), r.bottom(), pal);
    let last = v
        .events
        .last()
        .map_or("no events yet".to_owned(), |e| format!("{} {}", e.utc.clock(), e.text));
    draw::named(
        ui,
        Rect::from_min_max(pos2(a.left, r.top()), r.max),
        "timeline",
        WidgetType::Label,
        &format!("Timeline, last: {last}"),
    );
}

pub(crate) fn now_line(p: &Painter, x: f32, top: f32, bottom: f32, pal: &Palette) {
    p.vline(x, top..=bottom, Stroke::new(1.5, pal.accent));
    p.add(Shape::convex_polygon(
        vec![pos2(x - 6.0, top), pos2(x + 6.0, top), pos2(x, top + 9.0)],
        pal.accent,
        Stroke::NONE,
    ));
}

/// Station time, microseconds, at which second 0 of an aircraft's timetable was: its patrol began
/// when its first patrol leg was due. Until it has begun, the first aircraft that has says it.
fn second_zero(v: &StationView, a: &VehicleView) -> Option<i64> {
    let plan = v.plan.plan.as_ref()?;
    let zero = |x: &VehicleView| {
        let part = plan.aircraft.iter().find(|p| p.vehicle == x.id)?;
        let due = part.legs.iter().find(|l| l.kind == LegKind::Patrol)?.start_s;
        #[expect(clippy::cast_possible_truncation, reason = "seconds of a watch")]
        Some(x.patrol_began?.0 - (due * 1e6) as i64)
    };
    zero(a).or_else(|| v.vehicles.values().find_map(zero))
}

fn lane(p: &Painter, r: Rect, v: &StationView, a: &VehicleView, axis: &Axis, on: bool, pal: &Palette) {
    let Some(began) = second_zero(v, a) else {
        draw::text(
            p,
            r.left_center() + vec2(10.0, 0.0),
            Align2::LEFT_CENTER,
            if v.plan.plan.is_some() {
                "planned, not started"
            } else {
                "no plan"
            },
            theme::small(),
            pal.text3,
        );
        return;
    };
    let utc = |s: f64| {
        #[expect(clippy::cast_possible_truncation, reason = "seconds of a watch")]
        let us = (s * 1e6) as i64;
        Utc(v.utc.0 - v.now.0 + began + us)
    };
    for g in runs(v, a.id) {
        let q = Rect::from_min_max(
            pos2(axis.x(utc(g.from_s)), r.top() + 1.0),
            pos2(axis.x(utc(g.to_s)) - 1.0, r.bottom() - 1.0),
        );
        if q.right() < r.left() || q.left() > r.right() || q.width() < 1.0 {
            continue;
        }
        let future = utc(g.from_s) > v.utc;
        let now = utc(g.from_s) <= v.utc && utc(g.to_s) > v.utc;
        let watch = g.kind == LegKind::Patrol;
        let fill = if now && on {
            pal.accent_fill
        } else if watch {
            pal.surface[4]
        } else {
            pal.surface[2]
        };
        let line = if now && on { pal.accent } else { pal.line_strong };
        if future {
            p.rect_filled(q, CornerRadius::same(2), draw::alpha(fill, 120));
            let pts = [
                q.left_top(),
                q.right_top(),
                q.right_bottom(),
                q.left_bottom(),
                q.left_top(),
            ];
            p.extend(Shape::dashed_line(&pts, Stroke::new(1.0, line), 3.0, 3.0));
        } else {
            p.rect(
                q,
                CornerRadius::same(2),
                fill,
                Stroke::new(1.0, line),
                StrokeKind::Inside,
            );
        }
        if !watch && g.kind != LegKind::TakeOff {
            draw::hatch(p, q.shrink(1.0), 7.0, draw::alpha(pal.text3, 60));
        }
        let word = match g.kind {
            LegKind::TakeOff => "take-off".to_owned(),
            LegKind::Transit => "transit".to_owned(),
            LegKind::Patrol => format!("pass {}", g.number),
            LegKind::Turn | LegKind::Loiter => "loiter".to_owned(),
            LegKind::Return => "return".to_owned(),
            LegKind::Land => "land".to_owned(),
        };
        if q.width() > draw::width(p, &word, theme::small()) + 10.0 {
            draw::text(
                p,
                q.left_center() + vec2(5.0, 0.0),
                Align2::LEFT_CENTER,
                &word,
                theme::small(),
                if future { pal.text2 } else { pal.text1 },
            );
        }
    }
}

/// Marks closer than this would lie on each other, pixels.
const APART: f32 = 17.0;

/// Events that stand at one place of the timeline.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Cluster {
    /// Where.
    x: f32,
    /// The gravest of them.
    kind: EventKind,
    /// How many; dots among them are not counted.
    count: u32,
}

/// How grave a mark is: the gravest of a cluster is drawn.
fn weight(k: EventKind) -> u8 {
    match k {
        EventKind::AlertP1 => 6,
        EventKind::AlertP2 => 5,
        EventKind::Evidence => 4,
        EventKind::Decision => 3,
        EventKind::Link => 2,
        EventKind::Operator => 1,
        EventKind::Flight | EventKind::Record => 0,
    }
}

/// Marks in sight, those that would lie on each other as one. `room` is what a count of so many takes.
fn clusters(all: &[TimelineEvent], a: &Axis, room: &dyn Fn(u32) -> f32) -> Vec<Cluster> {
    let mut marks: Vec<(f32, EventKind)> = all
        .iter()
        .map(|e| (a.x(e.utc), e.kind))
        .filter(|(x, _)| *x >= a.left - 8.0 && *x <= a.right + 8.0)
        .collect();
    marks.sort_by(|m, n| m.0.total_cmp(&n.0));
    let mut out: Vec<Cluster> = Vec::new();
    for (x, kind) in marks.iter().copied().filter(|m| weight(m.1) > 0) {
        match out.last_mut() {
            Some(c) if x - c.x < APART + if c.count > 1 { room(c.count) } else { 0.0 } => {
                c.count += 1;
                if weight(kind) > weight(c.kind) {
                    c.kind = kind;
                }
            }
            _ => out.push(Cluster { x, kind, count: 1 }),
        }
    }
    // Dots only where nothing graver stands.
    let grave = out.clone();
    let mut clear_from = f32::MIN;
    for (x, kind) in marks.into_iter().filter(|m| weight(m.1) == 0) {
        let near = grave.iter().any(|c| {
            let right = APART / 2.0 + if c.count > 1 { room(c.count) } else { 0.0 };
            x > c.x - APART / 2.0 && x < c.x + right
        });
        if x > clear_from && !near {
            out.push(Cluster { x, kind, count: 1 });
            clear_from = x + 5.0;
        }
    }
    out
}

/// Marks of events; where several would lie on each other the gravest, with their number.
pub(crate) fn events(p: &Painter, all: &[TimelineEvent], a: &Axis, y: f32, pal: &Palette) {
    let room = |n: u32| draw::width(p, &n.to_string(), theme::small()) + 3.0;
    for c in clusters(all, a, &room) {
        let at = pos2(c.x, y);
        match c.kind {
            EventKind::AlertP1 => icon::paint(p, at, 15.0, Icon::P1, pal.alarm1),
            EventKind::AlertP2 => icon::paint(p, at, 15.0, Icon::P2, pal.alarm2),
            EventKind::Decision => icon::paint(p, at, 14.0, Icon::Check, pal.confirmed),
            EventKind::Operator => diamond(p, at, pal.text1),
            EventKind::Evidence => icon::paint(p, at, 13.0, Icon::Seal, pal.confirmed),
            EventKind::Link => icon::paint(p, at, 13.0, Icon::Link, pal.text1),
            EventKind::Flight | EventKind::Record => {
                p.circle_filled(at, 2.5, pal.text2);
            }
        }
        if c.count > 1 {
            let right = at + vec2(9.0, 0.0);
            draw::text(
                p,
                right,
                Align2::LEFT_CENTER,
                &c.count.to_string(),
                theme::small(),
                pal.text2,
            );
        }
    }
}

fn diamond(p: &Painter, at: Pos2, c: Color32) {
    p.add(Shape::closed_line(
        vec![
            at + vec2(0.0, -5.0),
            at + vec2(5.0, 0.0),
            at + vec2(0.0, 5.0),
            at + vec2(-5.0, 0.0),
        ],
        Stroke::new(1.5, c),
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_that_would_lie_on_each_other_are_one_with_their_number_and_the_gravest_shows() {
        let event = |s: i64, kind| TimelineEvent {
            at: vedette_model::Mono(0),
            utc: Utc(s * 1_000_000),
            kind,
            vehicle: None,
            text: String::new(),
            seq: 0,
        };
        let a = Axis {
            left: 0.0,
            right: 1000.0,
            from: Utc(0),
            to: Utc(1_000_000_000),
        };
        let all = [
            event(100, EventKind::Operator),
            event(104, EventKind::AlertP1),
            event(109, EventKind::Decision),
            event(300, EventKind::Link),
            event(104, EventKind::Flight),
            event(500, EventKind::Flight),
            event(502, EventKind::Record),
        ];
        let seen: Vec<_> = clusters(&all, &a, &|_| 8.0).iter().map(|c| (c.kind, c.count)).collect();
        assert_eq!(
            seen,
            [(EventKind::AlertP1, 3), (EventKind::Link, 1), (EventKind::Flight, 1)]
        );
    }
}
