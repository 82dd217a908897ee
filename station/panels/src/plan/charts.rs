//! The plan in three charts: longest gap per stretch, who flies when, ground and route.
//!
//! Invariant: promise and bound are drawn in the same picture as the figure they judge; a stretch
//! nobody sees is a hatch, never a zero. It must not know how any of it was computed.

use egui::{Align2, CornerRadius, Painter, Rect, Shape, Stroke, Ui, WidgetType, pos2};
use vedette_core::StationView;
use vedette_planner::{BarKind, ProfilePoint};

use super::Shown;
use crate::draw;
use crate::theme::{self, Layout, Palette};
use crate::words;

/// A chart's frame: head with figures, and the plot inside.
fn frame(p: &Painter, r: Rect, title: &str, right: &str, pal: &Palette) -> Rect {
    p.rect_filled(r, CornerRadius::ZERO, pal.surface[1]);
    let head = draw::rect(r.left(), r.top(), r.width(), 28.0);
    let end = draw::header(p, head, title, "", pal);
    draw::text_in(
        p,
        pos2(r.right() - 12.0, head.center().y),
        Align2::RIGHT_CENTER,
        right,
        theme::small(),
        pal.text2,
        r.right() - end - 24.0,
    );
    draw::hline(p, r.left(), r.right(), r.bottom() - 0.5, pal.line_soft);
    Rect::from_min_max(
        pos2(r.left() + 56.0, head.bottom() + 14.0),
        pos2(r.right() - 16.0, r.bottom() - 24.0),
    )
}

fn none(p: &Painter, plot: Rect, s: &Shown, pal: &Palette) {
    let word = if s.busy { "planning…" } else { "No plan to show" };
    draw::text(p, plot.center(), Align2::CENTER_CENTER, word, theme::body(), pal.text3);
}

#[expect(clippy::cast_possible_truncation, reason = "shares of a plot")]
fn share(x: f64) -> f32 {
    x.clamp(-0.5, 1.5) as f32
}

/// Kilometres under a plot.
fn kilometres(p: &Painter, plot: Rect, length_m: f64, pal: &Palette) {
    let km = (length_m / 1000.0).max(1e-6);
    let step = [0.5, 1.0, 2.0, 4.0, 5.0, 10.0, 20.0, 50.0, 100.0]
        .into_iter()
        .find(|s| km / s < 9.0)
        .unwrap_or(250.0);
    let mut k = 0.0;
    while k <= km {
        draw::text(
            p,
            pos2(plot.left() + plot.width() * share(k / km), plot.bottom() + 12.0),
            Align2::CENTER_CENTER,
            &if k == 0.0 { "km 0".to_owned() } else { format!("{k}") },
            theme::small(),
            pal.text2,
        );
        k += step;
    }
}

/// A round step so that at most `most` of them fit.
fn step_of(range: f64, most: f64) -> f64 {
    let raw = (range / most).max(1e-9);
    let ten = 10f64.powf(raw.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|k| k * ten)
        .find(|s| *s >= raw)
        .unwrap_or(raw)
}

/// Longest gap per stretch, promise and bound.
pub(super) fn gaps(ui: &mut Ui, r: Rect, v: &StationView, s: &Shown, lay: &Layout, pal: &Palette) {
    let p = ui.painter().with_clip_rect(r);
    let Some((plan, j)) = s.plan.as_deref().zip(s.verdict.as_deref()) else {
        let plot = frame(&p, r, "Longest gap per km", "", pal);
        none(&p, plot, s, pal);
        return;
    };
    let worst = j
        .gap_per_cell_s
        .iter()
        .enumerate()
        .filter_map(|(i, g)| g.map(|g| (i, g)))
        .max_by(|a, b| a.1.total_cmp(&b.1));
    #[expect(clippy::cast_precision_loss, reason = "cells of a section")]
    let at_m = worst.map_or(0.0, |(i, _)| (i as f64 + 0.5) * j.cell_m);
    let head = format!(
        "worst {} at {} · mean {}",
        words::duration(j.revisit_measured_s),
        words::km(at_m),
        words::duration(j.revisit_mean_s)
    );
    let title = match (lay.compact, s.on_table && v.plan.began.is_some()) {
        (true, _) => "Gap",
        (_, true) => "Longest gap per km, flown in violet",
        _ => "Longest gap per km",
    };
    let plot = frame(&p, r, title, &head, pal);
    let asked = plan.brief.requirement.revisit_s;
    let most = j.gap_per_cell_s.iter().flatten().copied().fold(asked, f64::max);
    let (unit, per) = if most > 600.0 { ("min", 60.0) } else { ("s", 1.0) };
    let step = step_of(most / per * 1.1, if lay.compact { 3.0 } else { 4.0 }) * per;
    let top = (most * 1.08 / step).ceil() * step;
    let yy = |s: f64| plot.bottom() - plot.height() * share(s / top);
    let mut t = 0.0;
    while t <= top + 1e-6 {
        draw::hline(&p, plot.left(), plot.right(), yy(t), pal.line_soft);
        draw::text(
            &p,
            pos2(plot.left() - 8.0, yy(t)),
            Align2::RIGHT_CENTER,
            &if t + step > top {
                format!("{:.0} {unit}", t / per)
            } else {
                format!("{:.0}", t / per)
            },
            theme::small(),
            pal.text2,
        );
        t += step;
    }
    let n = j.gap_per_cell_s.len().max(1);
    // As many bars as fit at three pixels; a bar is the worst of its cells.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "pixels")]
    let bars = n.min((plot.width() / 5.0).max(1.0) as usize);
    #[expect(clippy::cast_precision_loss, reason = "bars of a plot")]
    let x = |i: usize| plot.left() + plot.width() * i as f32 / bars as f32;
    for b in 0..bars {
        let cells = &j.gap_per_cell_s[b * n / bars..((b + 1) * n / bars).max(b * n / bars + 1).min(n)];
        let (x0, x1) = (x(b), x(b + 1) - if bars < 200 { 1.0 } else { 0.0 });
        if cells.iter().any(Option::is_none) {
            let q = Rect::from_min_max(pos2(x0, plot.top()), pos2(x1, plot.bottom()));
            draw::hatch(&p, q, 7.0, pal.text2);
            continue;
        }
        let g = cells.iter().flatten().copied().fold(0.0, f64::max);
        let over = g > asked;
        p.rect_filled(
            Rect::from_min_max(pos2(x0, yy(g)), pos2(x1, plot.bottom())),
            CornerRadius::ZERO,
            if over { pal.age[4] } else { pal.line_strong },
        );
    }
    p.hline(plot.x_range(), yy(asked), Stroke::new(1.5, pal.text1));
    draw::outlined(
        &p,
        pos2(plot.right(), yy(asked) - 9.0),
        Align2::RIGHT_CENTER,
        &format!("promised {}", words::duration(asked)),
        theme::small(),
        pal.text1,
    );
    p.extend(Shape::dashed_line(
        &[
            pos2(plot.left(), yy(j.lower_bound_s)),
            pos2(plot.right(), yy(j.lower_bound_s)),
        ],
        Stroke::new(1.0, pal.accent),
        5.0,
        4.0,
    ));
    let bound = format!("no plan's longest gap can beat {}", words::duration(j.lower_bound_s));
    // Above its line and at the right: what was flown lies at or below it.
    let wide = draw::width(&p, &bound, theme::small()) + 10.0;
    let back = draw::rect(plot.right() - wide - 2.0, yy(j.lower_bound_s) - 21.0, wide, 18.0);
    p.rect_filled(back, CornerRadius::same(2), draw::alpha(pal.surface[0], 225));
    draw::text(
        &p,
        back.center(),
        Align2::CENTER_CENTER,
        &bound,
        theme::small(),
        pal.accent,
    );
    if s.on_table {
        let flown = &v.coverage.longest_us;
        #[expect(clippy::cast_precision_loss, reason = "cells of a section")]
        for (i, us) in flown.iter().enumerate().filter(|(_, us)| **us > 0) {
            let px = plot.left() + plot.width() * (i as f32 + 0.5) / flown.len() as f32;
            p.circle_filled(pos2(px, yy(vedette_model::Mono(*us).seconds())), 1.5, pal.age[3]);
        }
    }
    kilometres(&p, plot, plan.section_m, pal);
    draw::named(
        ui,
        r,
        "gaps",
        WidgetType::Label,
        &format!("Longest gap per kilometre: promised {asked:.0} s, {head}; {bound}"),
    );
}

/// Who flies when.
pub(super) fn timetable(ui: &mut Ui, r: Rect, v: &StationView, s: &Shown, lay: &Layout, pal: &Palette) {
    let p = ui.painter().with_clip_rect(r);
    let Some(plan) = s.plan.as_deref() else {
        let plot = frame(&p, r, "Timetable", "", pal);
        none(&p, plot, s, pal);
        return;
    };
    let Some(study) = s.study.as_deref() else {
        let plot = frame(&p, r, "Timetable", "", pal);
        none(&p, plot, s, pal);
        return;
    };
    let lanes = &study.lanes;
    let bars = || lanes.iter().flat_map(|l| &l.bars);
    let end = bars().map(|b| b.to_s).fold(1.0, f64::max);
    let reliefs = bars().filter(|b| b.relieves.is_some()).count();
    let swaps = bars().filter(|b| b.kind == BarKind::Service).count();
    let head = format!(
        "{} flights · {reliefs} reliefs on station · {swaps} swaps",
        plan.timetable.as_ref().map_or(plan.aircraft.len(), |t| t.sorties.len()),
    );
    let mut plot = frame(&p, r, "Timetable", &head, pal);
    plot.min.y += 12.0;
    plot.max.y += 16.0;
    let x = |t: f64| plot.left() + plot.width() * share(t / end);
    // A watch that has begun shows the clock, a plan before it the time since its start.
    let began = v.plan.began.filter(|_| s.on_table);
    let step = [60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 14_400.0, 28_800.0]
        .into_iter()
        .find(|k| end / k < if lay.compact { 6.0 } else { 9.0 })
        .unwrap_or(86_400.0);
    let mut t = 0.0;
    while t <= end {
        p.vline(x(t), plot.y_range(), Stroke::new(1.0, pal.line_soft));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "minutes of a watch"
        )]
        let m = (t / 60.0) as u64;
        draw::text(
            &p,
            pos2(x(t), plot.top() - 10.0),
            Align2::CENTER_CENTER,
            &format!("{}:{:02}", m / 60, m % 60),
            theme::small(),
            pal.text2,
        );
        t += step;
    }
    #[expect(clippy::cast_precision_loss, reason = "a few lanes")]
    let h = (plot.height() / lanes.len().max(1) as f32).min(30.0);
    #[expect(clippy::cast_precision_loss, reason = "a few lanes")]
    let mid = |i: usize| plot.top() + h * (i as f32 + 0.5);
    let thin = h < 13.0;
    let km = |b: &vedette_planner::Bar| -> String {
        let station = plan
            .timetable
            .as_ref()
            .zip(b.station)
            .and_then(|(t, k)| t.stations.get(k));
        station.map_or("patrol".to_owned(), |g| {
            format!("{:.0}–{:.0}", g.from_m / 1000.0, g.to_m / 1000.0)
        })
    };
    for (i, lane) in lanes.iter().enumerate() {
        if !thin || i % 4 == 0 {
            draw::text(
                &p,
                pos2(plot.left() - 8.0, mid(i)),
                Align2::RIGHT_CENTER,
                &lane.tail,
                theme::small(),
                pal.text1,
            );
        }
        for b in &lane.bars {
            let q = Rect::from_min_max(
                pos2(x(b.from_s), mid(i) - h * 0.34),
                pos2((x(b.to_s) - 1.0).max(x(b.from_s) + 1.0), mid(i) + h * 0.34),
            );
            match b.kind {
                BarKind::Patrol => {
                    draw::framed(&p, q, 2, pal.surface[4], pal.line_strong);
                    let words = km(b);
                    if draw::width(&p, &words, theme::small()) < q.width() - 6.0 && !thin {
                        draw::text(&p, q.center(), Align2::CENTER_CENTER, &words, theme::small(), pal.text1);
                    }
                }
                BarKind::Service => draw::hatch(&p, q, 5.0, pal.line_strong),
                BarKind::WayOut | BarKind::WayHome => draw::framed(&p, q, 2, pal.surface[2], pal.line_soft),
            }
            if let Some(j) = b.relieves.and_then(|o| lanes.iter().position(|l| l.vehicle == o)) {
                p.line_segment(
                    [pos2(x(b.from_s), mid(j)), pos2(x(b.from_s), mid(i))],
                    Stroke::new(1.5, pal.accent),
                );
                p.circle_filled(pos2(x(b.from_s), mid(i)), 2.5, pal.accent);
            }
        }
    }
    if let Some(b) = began {
        let t = v.now.since(b);
        #[expect(clippy::cast_precision_loss, reason = "seconds of a watch")]
        let s = t as f64 / 1e6;
        if s < end {
            p.vline(x(s), plot.y_range(), Stroke::new(1.5, pal.accent));
        }
    }
    draw::named(ui, r, "timetable", WidgetType::Label, &format!("Timetable: {head}"));
}

/// Ground, limit and route along the section.
pub(super) fn profile(ui: &mut Ui, r: Rect, s: &Shown, lay: &Layout, pal: &Palette) {
    let p = ui.painter().with_clip_rect(r);
    let Some((plan, study)) = s
        .plan
        .as_deref()
        .zip(s.study.as_deref())
        .filter(|(_, t)| !t.profile.is_empty())
    else {
        let plot = frame(&p, r, "Elevation and clearance", "", pal);
        none(&p, plot, s, pal);
        return;
    };
    let least = plan.brief.limits.min_agl_m;
    let unknown = study.profile.iter().filter(|q| q.ground_m.is_none()).count();
    let head = format!(
        "m AMSL · dashed: terrain + {least:.0} m · {}",
        if unknown == 0 {
            "no unknown cells on the route".to_owned()
        } else {
            format!("{unknown} places of unknown ground")
        }
    );
    let title = if lay.compact {
        "Clearance"
    } else {
        "Elevation and clearance"
    };
    let plot = frame(&p, r, title, &head, pal);
    let length = plan.section_m.max(1.0);
    let heights = study
        .profile
        .iter()
        .flat_map(|q| [q.ground_m, Some(q.amsl_m)])
        .flatten();
    let (low, high) = heights.fold((f64::MAX, f64::MIN), |(a, b), h| (a.min(h), b.max(h)));
    let step = step_of((high - low).max(50.0) * 1.2, if lay.compact { 3.0 } else { 4.0 });
    let base = (low / step).floor() * step;
    let top = ((high * 1.01 / step).ceil() * step).max(base + step);
    let x = |m: f64| plot.left() + plot.width() * share(m / length);
    let y = |h: f64| plot.bottom() - plot.height() * share((h - base) / (top - base));
    let at = |q: &ProfilePoint| x(q.chainage_m.unwrap_or(0.0));
    let mut h = base;
    while h <= top + 1e-6 {
        draw::hline(&p, plot.left(), plot.right(), y(h), pal.line_soft);
        draw::text(
            &p,
            pos2(plot.left() - 8.0, y(h)),
            Align2::RIGHT_CENTER,
            &words::thousands(h),
            theme::small(),
            pal.text2,
        );
        h += step;
    }
    let mut ground = egui::Mesh::default();
    let pts: Vec<_> = study
        .profile
        .iter()
        .filter_map(|q| Some((at(q), y(q.ground_m?))))
        .collect();
    for w in pts.windows(2) {
        #[expect(clippy::cast_possible_truncation, reason = "vertices of a plot")]
        let i = ground.vertices.len() as u32;
        for (px, py) in w {
            ground.colored_vertex(pos2(*px, *py), pal.surface[3]);
            ground.colored_vertex(pos2(*px, plot.bottom()), pal.surface[3]);
        }
        ground.add_triangle(i, i + 1, i + 2);
        ground.add_triangle(i + 1, i + 2, i + 3);
    }
    p.add(Shape::mesh(ground));
    p.add(Shape::line(
        pts.iter().map(|(a, b)| pos2(*a, *b)).collect(),
        Stroke::new(1.0, pal.line_strong),
    ));
    let floor: Vec<_> = study
        .profile
        .iter()
        .filter_map(|q| Some(pos2(at(q), y(q.ground_m? + least))))
        .collect();
    p.extend(Shape::dashed_line(&floor, Stroke::new(1.0, pal.text3), 4.0, 3.0));
    let route: Vec<_> = study.profile.iter().map(|q| pos2(at(q), y(q.amsl_m))).collect();
    p.add(Shape::line(route, Stroke::new(1.8, pal.text1)));
    let lowest = study
        .profile
        .iter()
        .filter_map(|q| Some((q.chainage_m?, q.clearance_m?)))
        .min_by(|a, b| a.1.total_cmp(&b.1));
    let mut said = head.clone();
    if let Some((m, clear)) = lowest {
        p.extend(Shape::dashed_line(
            &[pos2(x(m), plot.top()), pos2(x(m), plot.bottom())],
            Stroke::new(1.0, pal.accent),
            3.0,
            3.0,
        ));
        let words = format!("{clear:.0} m at {}", words::km(m));
        let right = x(m) > plot.center().x;
        draw::outlined(
            &p,
            pos2(x(m) + if right { -6.0 } else { 6.0 }, plot.top() + 2.0),
            if right {
                Align2::RIGHT_CENTER
            } else {
                Align2::LEFT_CENTER
            },
            &words,
            theme::small(),
            pal.accent,
        );
        said = format!("{said}; lowest {words}");
    }
    kilometres(&p, plot, length, pal);
    draw::named(
        ui,
        r,
        "profile",
        WidgetType::Label,
        &format!("Elevation and clearance: {said}"),
    );
}
