//! The lines of the map: borders with the age of their coverage, stand-off, zones, routes and
//! kilometres.
//!
//! Invariant: a line behind the eye or the ground is not drawn through it. It must not know
//! symbols, words or gestures.

use egui::{Align2, Color32, Painter, Pos2, Shape, Stroke};
use vedette_core::{StationView, WayKind};

use super::ribbon;
use super::shapes::{P3, Shapes};
use crate::camera::View;
use crate::draw;
use crate::local::FlyLocal;
use crate::relief::Relief;
use crate::theme::{self, Palette};

/// Projects a line; pieces break where a point is behind the eye.
pub(crate) fn pieces(w: &View, pts: &[P3]) -> Vec<Vec<Pos2>> {
    let mut out: Vec<Vec<Pos2>> = Vec::new();
    let mut now: Vec<Pos2> = Vec::new();
    let near = w.rect.expand(400.0);
    for (i, q) in pts.iter().enumerate() {
        let s = w.project(q[0], q[1], q[2]);
        let keep = s.filter(|s| {
            near.contains(*s)
                || [i.wrapping_sub(1), i + 1]
                    .iter()
                    .filter_map(|j| pts.get(*j))
                    .filter_map(|n| w.project(n[0], n[1], n[2]))
                    .any(|n| near.contains(n))
        });
        match keep {
            Some(s) => {
                if now.last().is_none_or(|l| l.distance(s) > 0.6) {
                    now.push(s);
                }
            }
            None => {
                if now.len() > 1 {
                    out.push(std::mem::take(&mut now));
                }
                now.clear();
            }
        }
    }
    if now.len() > 1 {
        out.push(now);
    }
    out
}

/// Routes, zones, borders and what was seen of the section, in the order they lie on each other.
pub(super) fn lines(
    p: &Painter,
    w: &View,
    v: &StationView,
    l: &FlyLocal,
    s: &Shapes,
    relief: Option<&Relief>,
    pal: &Palette,
) {
    ways(p, w, s, pal);
    for c in &s.context {
        for q in pieces(w, c) {
            p.add(Shape::line(q, Stroke::new(1.0, draw::alpha(pal.text2, 130))));
        }
    }
    for z in &s.zones {
        let ring: Vec<Pos2> = z.ring.iter().filter_map(|q| w.project(q[0], q[1], q[2])).collect();
        if ring.len() < z.ring.len() {
            continue;
        }
        draw::hatch_polygon(p, &ring, 11.0, draw::alpha(pal.text1, 90));
        draw::cased(p, ring, 1.2, pal.text1);
    }
    // Routes: what is planned, in dashes; the selected aircraft's stronger.
    if let Some(plan) = &v.plan.plan {
        for a in &plan.aircraft {
            let on = l.selected == Some(a.vehicle);
            let route: Vec<P3> = a
                .legs
                .first()
                .map(|g| s.place(g.from, g.from_amsl.0))
                .into_iter()
                .chain(a.legs.iter().map(|g| s.place(g.to, g.to_amsl.0)))
                .collect();
            for q in pieces(w, &route) {
                p.add(Shape::line(
                    q.clone(),
                    Stroke::new(if on { 3.0 } else { 2.0 }, Color32::from_black_alpha(70)),
                ));
                p.add(Shape::line(
                    q,
                    Stroke::new(
                        1.0,
                        draw::alpha(if on { pal.accent } else { pal.text1 }, if on { 120 } else { 55 }),
                    ),
                ));
            }
        }
    }
    for piece in &s.stand_off {
        for q in pieces(w, piece) {
            draw::dashed(p, &q, 1.2, draw::alpha(pal.text1, 215), 7.0, 5.0);
        }
    }
    border(p, w, v, s, relief, pal);
    for a in v.vehicles.values() {
        let on = l.selected == Some(a.id);
        let h = a.amsl.map_or(0.0, |k| k.value.0);
        let trail: Vec<P3> = a.trail.iter().rev().take(300).map(|q| s.place(*q, h)).collect();
        let all = pieces(w, &trail);
        for q in all {
            let n = q.len().max(2);
            for (j, seg) in q.windows(2).enumerate() {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    clippy::cast_precision_loss,
                    reason = "alpha by age"
                )]
                let al = (210.0 * (1.0 - j as f32 / n as f32)) as u8;
                p.line_segment(
                    [seg[0], seg[1]],
                    Stroke::new(
                        if on { 2.0 } else { 1.5 },
                        draw::alpha(if on { pal.accent } else { pal.text1 }, al),
                    ),
                );
            }
        }
    }
}

/// Roads, tracks and paths: thinner and more broken the less they carry.
pub(crate) fn ways(p: &Painter, w: &View, s: &Shapes, pal: &Palette) {
    for (_, kind, way) in &s.ways {
        for q in pieces(w, way) {
            way_line(p, &q, *kind, 0, pal);
        }
    }
}

/// One way on the screen; on a picture it has a dark casing.
pub(crate) fn way_line(p: &Painter, q: &[Pos2], kind: WayKind, casing: u8, pal: &Palette) {
    if q.len() < 2 {
        return;
    }
    let (width, alpha) = match kind {
        WayKind::Road => (1.6, 120),
        WayKind::Track => (1.0, 110),
        WayKind::Path => (1.0, 95),
    };
    if casing > 0 {
        p.add(Shape::line(
            q.to_vec(),
            Stroke::new(width + 2.0, Color32::from_black_alpha(casing)),
        ));
    }
    let st = Stroke::new(width, draw::alpha(pal.text2, if casing > 0 { 210 } else { alpha }));
    match kind {
        WayKind::Road => {
            p.add(Shape::line(q.to_vec(), st));
        }
        WayKind::Track => p.extend(Shape::dashed_line(q, st, 8.0, 3.0)),
        WayKind::Path => p.extend(Shape::dashed_line(q, st, 3.0, 3.0)),
    }
}

/// The watched line white, its coverage on the home side in the age ramp.
fn border(p: &Painter, w: &View, v: &StationView, s: &Shapes, relief: Option<&Relief>, pal: &Palette) {
    let hidden = |q: &P3| relief.is_some_and(|f| w.hidden(*q, f));
    for q in pieces(w, &s.border) {
        p.add(Shape::line(q.clone(), Stroke::new(4.0, Color32::from_black_alpha(140))));
        p.add(Shape::line(q, Stroke::new(1.5, draw::alpha(pal.border, 150))));
    }
    let shares = ribbon::shares(v);
    let flat = w.cam.is_flat();
    // Offset of the ribbon to the home side, in metres, so that it stays 4.5 px wide on the screen.
    let off = w.cam.m_per_px * 4.2;
    let n = shares.len().min(s.edges.len().saturating_sub(1));
    let pts: Vec<Option<Pos2>> = (0..=n)
        .map(|i| {
            let q = s.edges.get(i)?;
            let (a, b) = (s.edges[i.saturating_sub(1)], s.edges[(i + 1).min(s.edges.len() - 1)]);
            let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
            let len = dx.hypot(dy).max(1e-6);
            w.project(
                q[0] - dy / len * off * s.home_sign,
                q[1] + dx / len * off * s.home_sign,
                q[2],
            )
        })
        .collect();
    let class = |x: Option<f64>| x.map(|x| crate::theme::AGE_LIMITS.iter().filter(|k| x > **k).count());
    for under in [true, false] {
        let mut i = 0;
        while i < n {
            let k = class(shares[i]);
            let mut run: Vec<Pos2> = pts[i].into_iter().collect();
            while i < n && class(shares[i]) == k {
                run.extend(pts[i + 1]);
                i += 1;
            }
            if run.len() < 2 {
                continue;
            }
            let wide = if k == Some(4) { 7.0 } else { 5.0 };
            if under {
                p.add(Shape::line(
                    run,
                    Stroke::new(wide + 2.0, Color32::from_black_alpha(160)),
                ));
            } else if let Some(k) = k {
                p.add(Shape::line(run, Stroke::new(wide, pal.age[k.min(4)])));
            } else {
                p.add(Shape::line(run.clone(), Stroke::new(wide, pal.surface[2])));
                p.extend(Shape::dashed_line(
                    &run,
                    Stroke::new(wide - 1.5, draw::alpha(pal.text2, 120)),
                    2.0,
                    5.0,
                ));
            }
        }
    }
    for q in pieces(w, &s.section) {
        p.add(Shape::line(q.clone(), Stroke::new(5.0, Color32::from_black_alpha(150))));
        p.add(Shape::line(q, Stroke::new(2.2, pal.border)));
    }
    if !flat {
        // What a ridge hides is drawn again, dark, so that nobody reads it as in view.
        let run: Vec<P3> = s.section.clone();
        for seg in run.windows(2) {
            if hidden(&seg[0])
                && hidden(&seg[1])
                && let (Some(a), Some(b)) = (
                    w.project(seg[0][0], seg[0][1], seg[0][2]),
                    w.project(seg[1][0], seg[1][1], seg[1][2]),
                )
            {
                p.line_segment([a, b], Stroke::new(3.0, Color32::from_black_alpha(150)));
            }
        }
    }
    kilometres(p, w, s, pal);
}

/// Kilometres of the section, on the foreign side.
pub(crate) fn kilometres(p: &Painter, w: &View, s: &Shapes, pal: &Palette) {
    let length = s.section_m.last().copied().unwrap_or(0.0);
    let px = length / w.cam.m_per_px;
    let step = [250.0, 500.0, 1000.0, 2000.0, 5000.0, 10_000.0]
        .into_iter()
        .find(|st| px * st / length.max(1.0) > 70.0)
        .unwrap_or(20_000.0);
    let mut m = 0.0;
    while m <= length {
        if let Some((q, d)) = s.at_chainage(m) {
            let k = s.home_sign * w.cam.m_per_px;
            let at = |px: f64| w.project(q[0] + d[1] * k * px, q[1] - d[0] * k * px, q[2]);
            if let (Some(a), Some(b), Some(t)) = (at(2.0), at(8.0), at(18.0)) {
                p.line_segment([a, b], Stroke::new(1.5, pal.text1));
                let word = if step < 1000.0 {
                    format!("{:.2}", m / 1000.0)
                        .trim_end_matches('0')
                        .trim_end_matches('.')
                        .to_owned()
                } else {
                    format!("{:.0}", m / 1000.0)
                };
                draw::outlined(p, t, Align2::CENTER_CENTER, &word, theme::small(), pal.text1);
            }
        }
        m += step;
    }
}
