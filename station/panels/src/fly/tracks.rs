//! Tracks on the map: the past in dots, the 95 % ellipse at true scale, and the inset that shows
//! one track beside the line.
//!
//! Invariant: an ellipse too small to see is dashed, which says it is not to scale. It must not
//! know who made the track.

use egui::{Align2, Color32, CornerRadius, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, pos2, vec2};
use vedette_core::{StationView, TrackView};

use super::map::pieces;
use super::marks::{self, Labels};
use super::shapes::{P3, Shapes};
use crate::camera::View;
use crate::draw;
use crate::relief::Relief;
use crate::theme::{self, Layout, Palette};
use crate::words;

/// One track: past in dots, 95 % ellipse at true scale, diamond, label.
#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
pub(super) fn track(
    p: &Painter,
    w: &View,
    v: &StationView,
    t: &TrackView,
    s: &Shapes,
    relief: Option<&Relief>,
    lay: &Layout,
    pal: &Palette,
    labels: &mut Labels,
) {
    let colour = marks::track_colour(v, t, pal);
    let old = vedette_model::Mono(v.now.since(t.heard)).seconds();
    let strong = t.alert.is_some();
    if !marks::matters(t) || (old > 60.0 && !strong) {
        return;
    }
    let past: Vec<P3> = t.trail.iter().map(|(_, q, _)| s.on_ground(*q, relief)).collect();
    for q in pieces(w, &past) {
        p.extend(Shape::dotted_line(&q, draw::alpha(colour, 200), 4.0, 1.0));
    }
    let Ok(fix) = t.track.fix else { return };
    let g = s.place(fix.at, fix.amsl.0);
    let Some(at) = w.project(g[0], g[1], g[2]).filter(|x| w.rect.contains(*x)) else {
        return;
    };
    ellipse(p, w, g, &fix.ellipse95(), colour, strong);
    marks::diamond(
        p,
        at,
        if strong { 5.0 } else { 3.5 },
        draw::alpha(colour, if old > 5.0 { 130 } else { 255 }),
    );
    if strong {
        let [e, n] = t.track.velocity_en_m_s;
        let speed = e.hypot(n);
        let class = format!("{:?}", t.track.class).to_lowercase();
        let quiet = if old > 5.0 {
            format!("last seen {} ago", words::duration(old))
        } else if speed > 0.2 {
            format!(
                "{speed:.1} m/s → {:03.0}°",
                vedette_geo::norm_deg_360(e.atan2(n).to_degrees())
            )
        } else {
            "standing still".to_owned()
        };
        labels.avoid(Rect::from_center_size(at, vec2(24.0, 24.0)));
        labels.boxed(
            p,
            at,
            &format!("{} · {class}", t.track.id),
            if lay.compact { "" } else { &quiet },
            colour,
            colour,
            pal,
        );
    }
}

pub(super) fn ellipse(p: &Painter, w: &View, c: P3, e: &vedette_model::Ellipse95, colour: Color32, strong: bool) {
    let small = e.semi_major_m / w.cam.m_per_px < 6.0;
    let k = if small {
        6.0 * w.cam.m_per_px / e.semi_major_m.max(0.01)
    } else {
        1.0
    };
    let (sa, ca) = e.azimuth_deg.to_radians().sin_cos();
    let ring: Vec<Pos2> = (0..=40)
        .filter_map(|i| {
            let (s, co) = (f64::from(i) * 9.0).to_radians().sin_cos();
            let (u, t) = (
                co * e.semi_major_m * k,
                s * if small { e.semi_major_m } else { e.semi_minor_m } * k,
            );
            w.project(c[0] + u * sa + t * ca, c[1] + u * ca - t * sa, c[2])
        })
        .collect();
    if ring.len() < 41 {
        return;
    }
    if small {
        p.extend(Shape::dashed_line(&ring, Stroke::new(1.2, colour), 3.0, 3.0));
    } else {
        if strong {
            p.add(Shape::convex_polygon(
                ring[..40].to_vec(),
                draw::alpha(colour, 40),
                Stroke::NONE,
            ));
        }
        draw::cased(p, ring, 1.5, colour);
    }
}

/// Names of the two sides in the inset, on their side and off the track, its ellipse and its past.
#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
fn side_words(
    q: &Painter,
    w: &View,
    view: Rect,
    s: &Shapes,
    t: &TrackView,
    [at, along]: [P3; 2],
    far: f64,
    pal: &Palette,
) {
    let scale = Rect::from_min_max(
        pos2(view.left(), view.bottom() - 28.0),
        pos2(view.left() + 80.0, view.bottom()),
    );
    let mut labels = Labels::new(view.shrink(3.0), vec![scale]);
    #[expect(clippy::cast_possible_truncation, reason = "pixels of a small picture")]
    let half = t
        .track
        .fix
        .map_or(0.0, |f| f.ellipse95().semi_major_m / w.cam.m_per_px)
        .clamp(8.0, 60.0) as f32;
    labels.avoid(Rect::from_center_size(view.center(), vec2(half, half) * 2.0));
    let flat: Vec<P3> = s.section.iter().map(|x| [x[0], x[1], 0.0]).collect();
    let past: Vec<P3> = t
        .trail
        .iter()
        .map(|(_, x, _)| {
            let (a, b) = s.frame.plane(*x);
            [a, b, 0.0]
        })
        .collect();
    for line in pieces(w, &flat).into_iter().chain(pieces(w, &past)) {
        labels.avoid_line(&line, 6.0);
    }
    for (sign, word, c) in [(1.0, "HOME", pal.text1), (-1.0, "FOREIGN", pal.text2)] {
        let size = vec2(draw::width(q, word, theme::small()) + 2.0, 14.0);
        let middles = [1.1, 0.8, 0.5, 0.35].into_iter().flat_map(|k| {
            [0.0, 0.5, -0.5, 0.9, -0.9].into_iter().filter_map(move |g| {
                let (k, g) = (sign * s.home_sign * far * k, far * g);
                let (e, n) = (at[0] - along[1] * k + along[0] * g, at[1] + along[0] * k + along[1] * g);
                w.project(e, n, 0.0)
            })
        });
        if let Some(r) = labels.first_free(middles, size) {
            draw::text(q, r.center(), Align2::CENTER_CENTER, word, theme::small(), c);
        }
    }
}

/// The track in front at true scale: how far from the line, how well known.
pub(super) fn inset_of(p: &Painter, r: Rect, v: &StationView, t: &TrackView, s: &Shapes, pal: &Palette) {
    let Ok(fix) = t.track.fix else { return };
    let colour = marks::track_colour(v, t, pal);
    p.rect(
        r,
        CornerRadius::same(3),
        pal.surface[0],
        Stroke::new(1.0, colour),
        StrokeKind::Inside,
    );
    let head = draw::rect(r.left(), r.top(), r.width(), 26.0);
    let foot = draw::rect(r.left(), r.bottom() - 26.0, r.width(), 26.0);
    let view = Rect::from_min_max(head.left_bottom(), foot.right_top());
    let e = fix.ellipse95();
    let mut cam = crate::camera::MapCamera::default();
    (cam.east_m, cam.north_m) = s.frame.plane(fix.at);
    let far = t
        .border_m
        .map_or(60.0, f64::abs)
        .max(e.semi_major_m * 1.6)
        .clamp(40.0, 2000.0);
    cam.m_per_px = far * 1.5 / f64::from(view.height() / 2.0);
    let w = cam.view(view);
    let q = p.with_clip_rect(view.shrink(1.0));
    let flat: Vec<P3> = s.section.iter().map(|x| [x[0], x[1], 0.0]).collect();
    // Foreign half darker and hatched.
    if let Some((i, _)) = flat
        .iter()
        .enumerate()
        .map(|(i, x)| (i, (x[0] - cam.east_m).hypot(x[1] - cam.north_m)))
        .min_by(|a, b| a.1.total_cmp(&b.1))
    {
        let (a, b) = (flat[i.saturating_sub(1)], flat[(i + 1).min(flat.len() - 1)]);
        let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
        let len = dx.hypot(dy).max(1e-6);
        q.rect_filled(view, CornerRadius::ZERO, pal.surface[2]);
        let lo = i.saturating_sub(80);
        let hi = (i + 80).min(flat.len() - 1);
        let k = -s.home_sign * far * 8.0;
        let (fx, fy) = (-dy / len * k, dx / len * k);
        // A quad per piece of the line, pushed to the foreign side.
        for sg in flat[lo..=hi].windows(2) {
            let quad: Vec<Pos2> = [
                (sg[0][0], sg[0][1]),
                (sg[1][0], sg[1][1]),
                (sg[1][0] + fx, sg[1][1] + fy),
                (sg[0][0] + fx, sg[0][1] + fy),
            ]
            .iter()
            .filter_map(|c| w.project(c.0, c.1, 0.0))
            .collect();
            if quad.len() == 4 {
                q.add(Shape::convex_polygon(quad, pal.surface[0], Stroke::NONE));
            }
        }
        side_words(&q, &w, view, s, t, [flat[i], [dx / len, dy / len, 0.0]], far, pal);
    }
    for line in pieces(&w, &flat) {
        q.add(Shape::line(line, Stroke::new(2.0, pal.border)));
    }
    let past: Vec<P3> = t
        .trail
        .iter()
        .map(|(_, x, _)| {
            let (a, b) = s.frame.plane(*x);
            [a, b, 0.0]
        })
        .collect();
    for line in pieces(&w, &past) {
        q.extend(Shape::dotted_line(&line, colour, 5.0, 1.2));
    }
    ellipse(&q, &w, [cam.east_m, cam.north_m, 0.0], &e, colour, true);
    marks::diamond(&q, view.center(), 4.0, colour);
    let m = [10.0, 20.0, 50.0, 100.0, 200.0, 500.0]
        .into_iter()
        .rfind(|m| m / cam.m_per_px < 60.0)
        .unwrap_or(10.0);
    #[expect(clippy::cast_possible_truncation, reason = "below 60 px")]
    let px = (m / cam.m_per_px) as f32;
    q.line_segment(
        [
            pos2(view.left() + 10.0, view.bottom() - 9.0),
            pos2(view.left() + 10.0 + px, view.bottom() - 9.0),
        ],
        Stroke::new(1.5, pal.text1),
    );
    draw::text(
        &q,
        pos2(view.left() + 10.0, view.bottom() - 18.0),
        Align2::LEFT_CENTER,
        &format!("{m:.0} m"),
        theme::small(),
        pal.text1,
    );
    draw::hline(p, r.left(), r.right(), head.bottom(), pal.line_soft);
    draw::hline(p, r.left(), r.right(), foot.top(), pal.line_soft);
    draw::text(
        p,
        pos2(r.left() + 8.0, head.center().y),
        Align2::LEFT_CENTER,
        &t.track.id.to_string(),
        theme::strong(),
        colour,
    );
    draw::text(
        p,
        pos2(r.right() - 8.0, head.center().y),
        Align2::RIGHT_CENTER,
        &format!(
            "95 % ellipse {:.0} × {:.0} m",
            e.semi_major_m * 2.0,
            e.semi_minor_m * 2.0
        ),
        theme::small(),
        pal.text2,
    );
    let word = match t.border_m {
        Some(d) if d >= 0.0 => (format!("{d:.0} m"), "inside the line"),
        Some(d) => (format!("{:.0} m", -d), "outside the line"),
        None => (words::UNKNOWN.to_owned(), "from the line"),
    };
    let a = draw::text(
        p,
        pos2(r.left() + 8.0, foot.center().y),
        Align2::LEFT_CENTER,
        &word.0,
        theme::strong(),
        pal.text1,
    );
    draw::text(
        p,
        pos2(a.right() + 6.0, foot.center().y),
        Align2::LEFT_CENTER,
        word.1,
        theme::small(),
        pal.text2,
    );
    draw::text(
        p,
        pos2(r.right() - 8.0, foot.center().y),
        Align2::RIGHT_CENTER,
        &format!("fix {} old", words::age((v.now.since(t.heard) / 1000).max(0))),
        theme::small(),
        pal.text2,
    );
}
