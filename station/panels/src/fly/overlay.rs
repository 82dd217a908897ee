//! The site's lines in a picture, in registration: border with its barbs, stand-off, zones, roads and
//! the names of places.
//!
//! Invariant: what relief hides is not drawn, and words stand beside lines and tracks, not on them. It
//! must not know how the picture arrived.

use std::collections::BTreeMap;

use egui::{Align2, Painter, Pos2, Rect, Shape, Stroke, pos2, vec2};
use vedette_core::StationView;
use vedette_geo::Amsl;
use vedette_model::SensorPose;

use super::lines::way_line;
use super::marks::Labels;
use super::shapes::{P3, Shapes};
use crate::camera::{PictureProjection, in_picture};
use crate::draw;
use crate::relief::Relief;
use crate::theme::{self, Palette};
use crate::words;

/// Lines farther from the camera than this are not drawn, metres.
const FAR_M: f64 = 2500.0;
/// What stands this far above a line of sight hides what lies behind it, metres.
const HIDES_M: f64 = 8.0;

/// A frame as a window on the site.
pub(super) struct Window<'a> {
    f: Rect,
    projection: PictureProjection,
    camera: P3,
    shapes: &'a Shapes,
    relief: Option<&'a Relief>,
}

impl<'a> Window<'a> {
    pub(super) fn new(f: Rect, pose: &SensorPose, shapes: &'a Shapes, relief: Option<&'a Relief>) -> Self {
        Self {
            f,
            projection: PictureProjection::new(pose),
            camera: shapes.place(pose.at, pose.amsl.0),
            shapes,
            relief,
        }
    }

    fn far(&self, q: P3) -> bool {
        (q[0] - self.camera[0]).hypot(q[1] - self.camera[1]) > FAR_M
    }

    /// Where a point is in the picture, also somewhat outside it, whether or not something hides it.
    pub(super) fn through(&self, q: P3) -> Option<Pos2> {
        let at = self.shapes.frame.from_plane(q[0], q[1]);
        let (x, y, z) = self.projection.project(at, Amsl(q[2]))?;
        (z < 4000.0 && x.abs() < 4.0 && y.abs() < 4.0).then(|| in_picture(self.f, x, y))
    }

    /// Where a point on the ground is in the picture; `None` where relief hides it.
    fn seen(&self, q: P3) -> Option<Pos2> {
        let c = self.camera;
        let at = self.through(q)?;
        let hidden = (1..24).any(|i| {
            let t = f64::from(i) / 24.0;
            self.relief
                .and_then(|r| r.at(c[0] + (q[0] - c[0]) * t, c[1] + (q[1] - c[1]) * t))
                .is_some_and(|g| g > c[2] + (q[2] - c[2]) * t + HIDES_M)
        });
        (!hidden).then_some(at)
    }

    /// The point of the ground at local metres, as seen.
    fn ground(&self, e: f64, n: f64) -> Option<Pos2> {
        let h = self.relief.and_then(|r| r.at(e, n))?;
        self.seen([e, n, h])
    }

    /// A line's pieces in the picture. Without relief nothing on the ground has a place.
    fn pieces(&self, line: &[P3]) -> Vec<Vec<Pos2>> {
        let mut out = Vec::new();
        let mut now: Vec<Pos2> = Vec::new();
        let mut end = |now: &mut Vec<Pos2>| {
            let piece = std::mem::take(now);
            if piece.len() > 1 && piece.iter().any(|q| self.f.expand(40.0).contains(*q)) {
                out.push(piece);
            }
        };
        for q in line {
            match (!self.far(*q)).then(|| self.seen(*q)).flatten() {
                Some(s) => now.push(s),
                None => end(&mut now),
            }
        }
        end(&mut now);
        out
    }
}

/// Words that still need a place, and where they could stand.
#[derive(Default)]
pub(super) struct Names {
    border: Vec<(Pos2, f64)>,
    foreign: Vec<Pos2>,
    stand_off: Vec<Pos2>,
    places: Vec<(String, Pos2)>,
    ways: BTreeMap<String, Vec<Pos2>>,
}

/// Draws the lines and keeps them free of words; their names follow once boxes have their place.
pub(super) fn lines(p: &Painter, w: &Window<'_>, labels: &mut Labels, pal: &Palette) -> Names {
    let mut names = Names::default();
    if w.relief.is_none() {
        return names;
    }
    let (f, s) = (w.f, w.shapes);
    for (name, kind, way) in &s.ways {
        for q in w.pieces(way) {
            way_line(p, &q, *kind, 90, pal);
            if !name.is_empty() {
                let inside = q.iter().copied().filter(|x| f.contains(*x));
                names.ways.entry(name.clone()).or_default().extend(inside);
            }
        }
    }
    for c in &s.context {
        for q in w.pieces(c) {
            labels.avoid_line(&q, 6.0);
            draw::cased(p, q, 1.2, draw::alpha(pal.border, 170));
        }
    }
    for z in &s.zones {
        let all = w.pieces(&z.ring);
        for q in &all {
            labels.avoid_line(q, 6.0);
            draw::cased(p, q.clone(), 1.5, pal.alarm2);
        }
        let corner = all.iter().flatten().find(|x| f.shrink(30.0).contains(**x));
        names.places.extend(corner.map(|x| (z.name.clone(), *x)));
    }
    for piece in &s.stand_off {
        for q in w.pieces(piece) {
            labels.avoid_line(&q, 6.0);
            draw::dashed(p, &q, 1.4, draw::alpha(pal.text1, 220), 7.0, 5.0);
            names.stand_off.extend(q.iter().copied().filter(|x| f.contains(*x)));
        }
    }
    border(p, w, labels, &mut names, pal);
    for (name, q) in &s.crossings {
        let at = (!w.far(*q)).then(|| w.seen(*q)).flatten();
        if let Some(at) = at.filter(|x| f.contains(*x)) {
            let square = Rect::from_center_size(at, vec2(8.0, 8.0));
            p.rect_stroke(
                square,
                egui::CornerRadius::ZERO,
                Stroke::new(1.5, pal.text1),
                egui::StrokeKind::Middle,
            );
            labels.avoid(square.expand(2.0));
            names.places.push((name.clone(), at));
        }
    }
    names
}

/// The border in the picture, with barbs that point home.
fn border(p: &Painter, w: &Window<'_>, labels: &mut Labels, names: &mut Names, pal: &Palette) {
    let (f, s) = (w.f, w.shapes);
    let length = s.section_m.last().copied().unwrap_or(0.0);
    let near = s
        .section
        .iter()
        .zip(&s.section_m)
        .filter(|(q, _)| !w.far(**q))
        .map(|(_, m)| *m);
    let (lo, hi) = near.fold((f64::MAX, f64::MIN), |(a, b), m| (a.min(m), b.max(m)));
    if lo > hi {
        return;
    }
    let (mut m, end) = ((lo - 30.0).max(0.0), (hi + 30.0).min(length));
    let mut barbs: Vec<[Pos2; 2]> = Vec::new();
    let mut last: Option<Pos2> = None;
    while m <= end {
        let Some((q, d)) = s.at_chainage(m) else { break };
        let at = w.ground(q[0], q[1]);
        if let (Some(a), Some(b)) = (at, last) {
            p.line_segment([b, a], Stroke::new(4.0, egui::Color32::from_black_alpha(150)));
            p.line_segment([b, a], Stroke::new(2.0, pal.border));
            labels.avoid_line(&[b, a], 8.0);
        }
        if let Some(a) = at.filter(|q| f.contains(*q)) {
            names.border.push((a, m));
            // Barbs every 20 m, four metres long on the ground.
            if (m / 20.0).fract() < 0.26 {
                let beside = |k: f64| w.ground(q[0] - d[1] * k, q[1] + d[0] * k);
                if let Some(b) = beside(s.home_sign * 4.0) {
                    let dir = (b - a).normalized();
                    if dir.is_finite() {
                        barbs.push([a, a + dir * (b - a).length().clamp(5.0, 12.0)]);
                    }
                }
                names
                    .foreign
                    .extend([-12.0, -20.0, -35.0].iter().filter_map(|k| beside(s.home_sign * k)));
            }
        }
        last = at;
        m += 5.0;
    }
    for b in barbs {
        labels.avoid_line(&b, 6.0);
        p.line_segment(b, Stroke::new(3.5, egui::Color32::from_black_alpha(140)));
        p.line_segment(b, Stroke::new(1.5, pal.border));
    }
}

/// Names the lines where nothing else stands; a name without room is left out, the border's never.
pub(super) fn names(p: &Painter, v: &StationView, f: Rect, mut n: Names, labels: &mut Labels, pal: &Palette) {
    let put = |r: Rect, word: &str, font: egui::FontId, c| {
        draw::outlined(p, r.left_center(), Align2::LEFT_CENTER, word, font, c);
    };
    if !n.border.is_empty() {
        // From the left edge on.
        n.border.sort_by(|a, b| a.0.x.total_cmp(&b.0.x));
        let word = |m: f64| format!("BORDER {} ± {:.0} m", words::km(m), v.site.accuracy_m * 2.0);
        let size = |s: &str| vec2(draw::width(p, s, theme::small_strong()) + 2.0, 16.0);
        let wide = size(&word(n.border[0].1));
        let found = n.border.iter().find_map(|(at, m)| {
            let off = wide.x / 2.0 + 8.0;
            let tries = [
                vec2(off, -16.0),
                vec2(off, 16.0),
                vec2(0.0, -20.0),
                vec2(0.0, 20.0),
                vec2(-off, 16.0),
            ];
            labels
                .first_free(tries.into_iter().map(|d| *at + d), wide)
                .map(|r| (r, *m))
        });
        let (r, m) = found.unwrap_or_else(|| {
            let (at, m) = n.border[n.border.len() / 2];
            (labels.beside(Rect::from_center_size(at, vec2(4.0, 4.0)), wide), m)
        });
        put(r, &word(m), theme::small_strong(), pal.text1);
    }
    let mut small = |word: &str, at: &mut dyn Iterator<Item = Pos2>, c| {
        let size = vec2(draw::width(p, word, theme::small()) + 2.0, 15.0);
        if let Some(r) = labels.first_free(at, size) {
            put(r, word, theme::small(), c);
        }
    };
    small(
        if v.site.is_shore() { "sea" } else { "foreign side" },
        &mut n.foreign.into_iter().filter(|q| f.contains(*q)),
        pal.text1,
    );
    let about = |q: &Pos2| [vec2(0.0, -14.0), vec2(0.0, 14.0), vec2(60.0, -14.0), vec2(-60.0, 14.0)].map(|d| *q + d);
    let off = format!("stand-off {:.0} m", v.brief.limits.stand_off_m);
    small(&off, &mut n.stand_off.iter().flat_map(about), pal.text1);
    for (name, at) in &n.places {
        small(name, &mut about(at).into_iter(), pal.text1);
    }
    for (name, at) in &n.ways {
        small(name, &mut at.iter().flat_map(about), pal.text2);
    }
}

/// A 95 % ellipse on the ground, as the picture shows it.
pub(super) fn ellipse(p: &Painter, w: &Window<'_>, fix: &vedette_model::GroundFix, colour: egui::Color32) {
    let (c, e) = (w.shapes.place(fix.at, fix.amsl.0), fix.ellipse95());
    let (sa, ca) = e.azimuth_deg.to_radians().sin_cos();
    let ring: Vec<Pos2> = (0..=40)
        .filter_map(|i| {
            let (s, co) = (f64::from(i) * 9.0).to_radians().sin_cos();
            let (u, t) = (co * e.semi_major_m, s * e.semi_minor_m);
            let (x, y) = (c[0] + u * sa + t * ca, c[1] + u * ca - t * sa);
            // On the ground where it is known, else level.
            w.through([x, y, w.relief.and_then(|r| r.at(x, y)).unwrap_or(c[2])])
        })
        .collect();
    if ring.len() == 41 {
        p.add(Shape::line(
            ring.clone(),
            Stroke::new(3.5, egui::Color32::from_black_alpha(140)),
        ));
        p.extend(Shape::dashed_line(&ring, Stroke::new(1.5, colour), 5.0, 3.0));
    }
    if let Some(at) = w.through(c) {
        for d in [vec2(7.0, 0.0), vec2(0.0, 7.0)] {
            p.line_segment([at - d, at + d], Stroke::new(3.5, egui::Color32::from_black_alpha(140)));
            p.line_segment([at - d, at + d], Stroke::new(1.5, colour));
        }
    }
}

/// A remembered place in the picture.
pub(super) fn place(p: &Painter, w: &Window<'_>, m: &vedette_core::PlaceMark, labels: &mut Labels, pal: &Palette) {
    let q = w.shapes.place(m.fix.at, m.fix.amsl.0);
    let Some(at) = (!w.far(q)).then(|| w.through(q)).flatten().filter(|x| w.f.contains(*x)) else {
        return;
    };
    p.circle_stroke(at, 5.0, Stroke::new(3.5, egui::Color32::from_black_alpha(140)));
    p.circle_stroke(at, 5.0, Stroke::new(1.5, pal.accent));
    let word = format!("mark {}", m.number);
    let size = vec2(draw::width(p, &word, theme::small()) + 2.0, 15.0);
    let b = Rect::from_center_size(at, vec2(12.0, 12.0));
    labels.avoid(b);
    let r = labels.beside(b, size);
    draw::outlined(
        p,
        pos2(r.left(), r.center().y),
        Align2::LEFT_CENTER,
        &word,
        theme::small(),
        pal.accent,
    );
}
