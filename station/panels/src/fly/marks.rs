//! Symbols of the map: aircraft, tracks, homes, and labels that keep out of each other's way.
//!
//! Invariant: shape says as much as colour. It must not know how the map is made.

use egui::{Align2, Color32, CornerRadius, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, pos2, vec2};
use vedette_core::{StationView, TrackView};
use vedette_model::{Airframe, AlertState, Priority, TargetClass};

use crate::draw;
use crate::icon::{self, Icon};
use crate::theme::{self, Palette};

/// An aircraft seen from above, nose to `heading_deg` on the screen.
pub(crate) fn aircraft(
    p: &Painter,
    at: Pos2,
    heading_deg: f32,
    frame: Airframe,
    selected: bool,
    stale: bool,
    pal: &Palette,
) {
    let (s, c) = heading_deg.to_radians().sin_cos();
    let turn = |x: f32, y: f32| at + vec2(x * c - y * s, x * s + y * c);
    let colour = if stale {
        pal.text3
    } else if selected {
        pal.accent
    } else {
        pal.text1
    };
    let dark = Stroke::new(1.5, Color32::from_black_alpha(220));
    if selected {
        p.circle_filled(at, 15.0, draw::alpha(pal.accent, 26));
        p.circle_stroke(at, 15.0, Stroke::new(3.5, Color32::from_black_alpha(130)));
        p.circle_stroke(at, 15.0, Stroke::new(1.5, pal.accent));
    }
    match frame {
        Airframe::Copter => {
            p.add(Shape::convex_polygon(
                vec![turn(0.0, -9.0), turn(6.0, 7.0), turn(0.0, 3.6), turn(-6.0, 7.0)],
                Color32::TRANSPARENT,
                Stroke::NONE,
            ));
            // Two halves, because the arrow is not convex.
            for side in [1.0, -1.0] {
                p.add(Shape::convex_polygon(
                    vec![turn(0.0, -9.5), turn(6.5 * side, 7.5), turn(0.0, 3.8)],
                    colour,
                    Stroke::NONE,
                ));
            }
            p.add(Shape::closed_line(
                vec![turn(0.0, -9.5), turn(6.5, 7.5), turn(0.0, 3.8), turn(-6.5, 7.5)],
                dark,
            ));
        }
        Airframe::Plane | Airframe::Quadplane => {
            let bar = |x0: f32, y0: f32, x1: f32, y1: f32, w: f32| {
                p.line_segment(
                    [turn(x0, y0), turn(x1, y1)],
                    Stroke::new(w + 2.0, Color32::from_black_alpha(220)),
                );
            };
            let body = |x0: f32, y0: f32, x1: f32, y1: f32, w: f32| {
                p.line_segment([turn(x0, y0), turn(x1, y1)], Stroke::new(w, colour));
            };
            let parts = [
                (0.0, -10.0, 0.0, 9.0, 2.6),
                (-10.0, 0.5, 0.0, -2.5, 2.8),
                (10.0, 0.5, 0.0, -2.5, 2.8),
                (-4.0, 9.0, 0.0, 7.5, 2.2),
                (4.0, 9.0, 0.0, 7.5, 2.2),
            ];
            for (a, b, c2, d, w) in parts {
                bar(a, b, c2, d, w);
            }
            for (a, b, c2, d, w) in parts {
                body(a, b, c2, d, w);
            }
        }
    }
}

/// A track worth a person's attention: named in an alert, or of a known class. All others stay in
/// the record and are only hinted at.
pub(crate) fn matters(t: &TrackView) -> bool {
    t.alert.is_some() || t.track.class != TargetClass::Unknown
}

/// The four corners of a box.
pub(crate) fn corners(p: &Painter, r: Rect, colour: Color32) {
    let (dx, dy) = (r.width() * 0.22, r.height() * 0.22);
    for (at, x, y) in [
        (r.left_top(), dx, dy),
        (r.right_top(), -dx, dy),
        (r.left_bottom(), dx, -dy),
        (r.right_bottom(), -dx, -dy),
    ] {
        p.line_segment([at, at + vec2(x, 0.0)], Stroke::new(1.0, colour));
        p.line_segment([at, at + vec2(0.0, y)], Stroke::new(1.0, colour));
    }
}

/// Colour and meaning of a track: open P1, confirmed, else neutral.
pub(crate) fn track_colour(v: &StationView, t: &TrackView, pal: &Palette) -> Color32 {
    let Some(a) = t.alert.and_then(|a| v.alerts.get(&a)) else {
        return pal.text1;
    };
    match (&a.state, a.priority) {
        (AlertState::Confirmed { .. }, _) => pal.confirmed,
        (AlertState::Dismissed { .. }, _) => pal.text3,
        (_, Priority::P1) => pal.alarm1,
        (_, Priority::P2) => pal.alarm2,
    }
}

/// A label box that found its place.
pub(crate) struct Labels {
    taken: Vec<Rect>,
    bounds: Rect,
}

impl Labels {
    pub(crate) fn new(bounds: Rect, taken: Vec<Rect>) -> Self {
        Self { taken, bounds }
    }

    /// Keeps a place free of labels.
    pub(crate) fn avoid(&mut self, r: Rect) {
        self.taken.push(r);
    }

    /// Whether a place is free.
    pub(crate) fn free(&self, r: Rect) -> bool {
        self.taken.iter().all(|t| !t.intersects(r))
    }

    fn place(&self, at: Pos2, size: egui::Vec2, gap: f32) -> Rect {
        let tries = [
            vec2(gap, -size.y - 4.0),
            vec2(gap, 6.0),
            vec2(-gap - size.x, -size.y - 4.0),
            vec2(-gap - size.x, 6.0),
            vec2(-size.x / 2.0, -size.y - gap - 6.0),
            vec2(-size.x / 2.0, gap + 6.0),
            vec2(gap + 30.0, -size.y - 34.0),
            vec2(-gap - size.x - 30.0, 34.0),
            vec2(gap + 30.0, 40.0),
            vec2(-gap - size.x - 30.0, -size.y - 40.0),
        ];
        self.least(tries.iter().map(|d| Rect::from_min_size(at + *d, size)))
    }

    /// Keeps a line free of labels: a square of so many pixels about every few pixels of it.
    pub(crate) fn avoid_line(&mut self, line: &[Pos2], px: f32) {
        for w in line.windows(2) {
            let long = w[0].distance(w[1]);
            let n = (long / px.max(2.0)).ceil().clamp(1.0, 400.0);
            let mut i = 0.0;
            while i <= n {
                let at = w[0] + (w[1] - w[0]) * (i / n);
                if self.bounds.expand(px).contains(at) {
                    self.taken.push(Rect::from_center_size(at, vec2(px, px)));
                }
                i += 1.0;
            }
        }
    }

    /// A free place for words beside a box, or the one that covers least; it is taken then.
    pub(crate) fn beside(&mut self, b: Rect, size: egui::Vec2) -> Rect {
        let (gap, mid) = (6.0, b.center().y - size.y / 2.0);
        let rows = [mid, b.top() - size.y, b.bottom(), mid - 20.0, mid + 20.0];
        let left = b.left() - gap - size.x;
        let tries = rows
            .iter()
            .flat_map(|y| [pos2(b.right() + gap, *y), pos2(left, *y)])
            .chain([b.top() - size.y - 3.0, b.bottom() + 3.0].map(|y| pos2(b.center().x - size.x / 2.0, y)));
        let found = self.least(tries.map(|at| Rect::from_min_size(at, size)));
        self.taken.push(found);
        found
    }

    /// The first of these middles where words of this size stand free; it is taken then.
    pub(crate) fn first_free(&mut self, middles: impl Iterator<Item = Pos2>, size: egui::Vec2) -> Option<Rect> {
        let found = middles
            .map(|at| Rect::from_center_size(at, size))
            .find(|r| self.bounds.contains_rect(*r) && self.free(*r))?;
        self.taken.push(found);
        Some(found)
    }

    /// The place that covers least and stays inside; of equals the first.
    fn least(&self, tries: impl Iterator<Item = Rect>) -> Rect {
        let cost = |r: &Rect| {
            let out = if self.bounds.contains_rect(*r) { 0.0 } else { 1e6 };
            let covers = self.taken.iter().map(|t| t.intersect(*r)).filter(Rect::is_positive);
            out + covers.map(|i| i.area()).sum::<f32>()
        };
        tries
            .map(|r| (r, cost(&r)))
            .reduce(|a, b| if b.1 < a.1 { b } else { a })
            .map_or(Rect::NOTHING, |x| x.0)
    }

    /// A box with a strong line and a quiet line beside `at`.
    #[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
    pub(crate) fn boxed(
        &mut self,
        p: &Painter,
        at: Pos2,
        strong: &str,
        quiet: &str,
        line: Color32,
        colour: Color32,
        pal: &Palette,
    ) -> Rect {
        let w = draw::width(p, strong, theme::small_strong()).max(if quiet.is_empty() {
            0.0
        } else {
            draw::width(p, quiet, theme::small())
        });
        let size = vec2(w + 14.0, if quiet.is_empty() { 22.0 } else { 36.0 });
        let r = self.place(at, size, 20.0);
        self.taken.push(r);
        let near = pos2(at.x.clamp(r.left(), r.right()), at.y.clamp(r.top(), r.bottom()));
        if near.distance(at) > 24.0 {
            p.line_segment([at, near], Stroke::new(1.0, draw::alpha(line, 150)));
        }
        p.rect(
            r,
            CornerRadius::same(3),
            draw::alpha(pal.surface[0], 225),
            Stroke::new(1.0, line),
            StrokeKind::Inside,
        );
        let y = if quiet.is_empty() { r.center().y } else { r.top() + 11.0 };
        draw::text(
            p,
            pos2(r.left() + 7.0, y),
            Align2::LEFT_CENTER,
            strong,
            theme::small_strong(),
            colour,
        );
        if !quiet.is_empty() {
            draw::text(
                p,
                pos2(r.left() + 7.0, r.top() + 26.0),
                Align2::LEFT_CENTER,
                quiet,
                theme::small(),
                pal.text1,
            );
        }
        r
    }
}

/// Home: a ringed H.
pub(crate) fn home(p: &Painter, at: Pos2, pal: &Palette) {
    p.circle_filled(at, 8.0, draw::alpha(pal.surface[0], 220));
    p.circle_stroke(at, 8.0, Stroke::new(1.5, pal.text1));
    draw::text(p, at, Align2::CENTER_CENTER, "H", theme::key(), pal.text1);
}

/// A track's diamond.
pub(crate) fn diamond(p: &Painter, at: Pos2, r: f32, colour: Color32) {
    p.add(Shape::convex_polygon(
        vec![
            at + vec2(0.0, -r),
            at + vec2(r, 0.0),
            at + vec2(0.0, r),
            at + vec2(-r, 0.0),
        ],
        colour,
        Stroke::new(1.0, Color32::from_black_alpha(200)),
    ));
}

/// The marked place.
pub(crate) fn pin(p: &Painter, at: Pos2, pal: &Palette) {
    icon::paint(
        p,
        at + vec2(0.0, -7.0),
        18.0,
        Icon::Goto,
        Color32::from_black_alpha(220),
    );
    icon::paint(p, at + vec2(0.0, -8.0), 18.0, Icon::Goto, pal.accent);
}
