//! Icons as strokes on a 16-pixel grid, drawn by the painter.
//!
//! Invariant: line 1.5, no fill but for the P1 octagon and the record dot. It must not know data.

use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, pos2, vec2};

/// Every icon used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named after what it shows")]
pub enum Icon {
    Copter,
    Plane,
    Link,
    Battery,
    Clock,
    Gnss,
    Rec,
    P1,
    P2,
    Camera,
    Thermal,
    Person,
    Eye,
    Return,
    Hold,
    Orbit,
    Land,
    TakeOff,
    Goto,
    Look,
    Follow,
    Play,
    Mark,
    Layers,
    Fit,
    Search,
    Seal,
    Note,
    Export,
    Wind,
    Home,
    Check,
    Cross,
    Question,
    Down,
    Flag,
    Shield,
    Logo,
}

fn arc(c: Pos2, r: f32, from_deg: f32, to_deg: f32) -> Vec<Pos2> {
    let n = 14;
    (0..=n)
        .map(|i| {
            #[expect(clippy::cast_precision_loss, reason = "small")]
            let t = (from_deg + (to_deg - from_deg) * i as f32 / n as f32).to_radians();
            c + vec2(t.cos(), t.sin()) * r
        })
        .collect()
}

/// Draws `icon` into a square of `size` whose middle is `at`.
pub fn paint(p: &Painter, at: Pos2, size: f32, icon: Icon, colour: Color32) {
    let k = size / 16.0;
    let o = at - vec2(8.0, 8.0) * k;
    let q = |x: f32, y: f32| pos2(o.x + x * k, o.y + y * k);
    let st = Stroke::new(1.5 * k.max(0.85), colour);
    let line = |pts: &[(f32, f32)]| {
        p.add(Shape::line(pts.iter().map(|a| q(a.0, a.1)).collect(), st));
    };
    let closed = |pts: &[(f32, f32)]| {
        p.add(Shape::closed_line(pts.iter().map(|a| q(a.0, a.1)).collect(), st));
    };
    let ring = |x: f32, y: f32, r: f32| {
        p.circle_stroke(q(x, y), r * k, st);
    };
    let bow = |x: f32, y: f32, r: f32, a: f32, b: f32| {
        p.add(Shape::line(arc(q(x, y), r * k, a, b), st));
    };
    match icon {
        Icon::Copter => {
            for (x, y) in [(3.5, 3.5), (12.5, 3.5), (3.5, 12.5), (12.5, 12.5)] {
                ring(x, y, 2.0);
            }
            line(&[(5.0, 5.0), (11.0, 11.0)]);
            line(&[(11.0, 5.0), (5.0, 11.0)]);
        }
        Icon::Plane => {
            line(&[(8.0, 1.5), (8.0, 14.0)]);
            line(&[(1.5, 8.5), (8.0, 5.0), (14.5, 8.5)]);
            line(&[(5.5, 14.0), (8.0, 12.0), (10.5, 14.0)]);
        }
        Icon::Link => {
            bow(8.0, 7.0, 6.0, 150.0, 210.0);
            bow(8.0, 7.0, 6.0, -30.0, 30.0);
            bow(8.0, 7.0, 3.2, 140.0, 220.0);
            bow(8.0, 7.0, 3.2, -40.0, 40.0);
            line(&[(8.0, 7.0), (8.0, 14.5)]);
        }
        Icon::Battery => {
            closed(&[(1.5, 5.0), (12.5, 5.0), (12.5, 11.0), (1.5, 11.0)]);
            line(&[(14.5, 7.0), (14.5, 9.0)]);
            line(&[(4.0, 7.5), (4.0, 8.5)]);
            line(&[(6.5, 7.5), (6.5, 8.5)]);
        }
        Icon::Clock => {
            ring(8.0, 8.0, 6.2);
            line(&[(8.0, 4.5), (8.0, 8.0), (10.5, 9.5)]);
        }
        Icon::Gnss => {
            closed(&[(6.5, 8.0), (8.0, 6.5), (9.5, 8.0), (8.0, 9.5)]);
            line(&[(3.0, 6.0), (6.0, 3.0), (7.0, 7.0), (3.0, 6.0)]);
            line(&[(13.0, 10.0), (10.0, 13.0), (9.0, 9.0), (13.0, 10.0)]);
            bow(4.0, 12.0, 3.0, 20.0, 110.0);
        }
        Icon::Rec => {
            ring(8.0, 8.0, 6.2);
            p.circle_filled(q(8.0, 8.0), 3.2 * k, colour);
        }
        Icon::P1 => {
            let a = 4.9;
            let pts = [
                (a, 1.0),
                (16.0 - a, 1.0),
                (15.0, a),
                (15.0, 16.0 - a),
                (16.0 - a, 15.0),
                (a, 15.0),
                (1.0, 16.0 - a),
                (1.0, a),
            ];
            p.add(Shape::convex_polygon(
                pts.iter().map(|a| q(a.0, a.1)).collect(),
                colour,
                Stroke::NONE,
            ));
            let dark = if colour.r() as u16 + colour.g() as u16 > 400 {
                Color32::from_rgb(20, 0, 0)
            } else {
                Color32::WHITE
            };
            let s2 = Stroke::new(2.0 * k, dark);
            p.line_segment([q(8.0, 4.0), q(8.0, 9.2)], s2);
            p.circle_filled(q(8.0, 11.8), 1.2 * k, dark);
        }
        Icon::P2 => {
            closed(&[(8.0, 2.0), (14.8, 13.8), (1.2, 13.8)]);
            line(&[(8.0, 6.3), (8.0, 9.6)]);
            p.circle_filled(q(8.0, 11.6), 0.9 * k, colour);
        }
        Icon::Camera => {
            closed(&[
                (1.5, 4.8),
                (4.8, 4.8),
                (6.0, 3.0),
                (10.0, 3.0),
                (11.2, 4.8),
                (14.5, 4.8),
                (14.5, 13.0),
                (1.5, 13.0),
            ]);
            ring(8.0, 8.7, 2.5);
        }
        Icon::Thermal => {
            line(&[(6.3, 9.0), (6.3, 3.2)]);
            line(&[(9.7, 9.0), (9.7, 3.2)]);
            bow(8.0, 3.2, 1.7, 180.0, 360.0);
            bow(8.0, 11.2, 2.8, -52.0, 232.0);
            line(&[(8.0, 6.0), (8.0, 11.0)]);
            p.circle_filled(q(8.0, 11.4), 1.2 * k, colour);
        }
        Icon::Person => {
            ring(8.0, 4.5, 2.6);
            line(&[
                (3.0, 14.5),
                (3.0, 12.0),
                (5.5, 10.0),
                (10.5, 10.0),
                (13.0, 12.0),
                (13.0, 14.5),
            ]);
        }
        Icon::Eye => {
            line(&[
                (1.0, 8.0),
                (4.0, 4.8),
                (8.0, 3.6),
                (12.0, 4.8),
                (15.0, 8.0),
                (12.0, 11.2),
                (8.0, 12.4),
                (4.0, 11.2),
                (1.0, 8.0),
            ]);
            ring(8.0, 8.0, 2.2);
        }
        Icon::Return => {
            line(&[(5.0, 2.5), (2.0, 5.5), (5.0, 8.5)]);
            line(&[(2.0, 5.5), (9.5, 5.5)]);
            bow(9.5, 9.5, 4.0, -90.0, 90.0);
            line(&[(9.5, 13.5), (6.0, 13.5)]);
        }
        Icon::Hold => {
            line(&[(5.5, 3.0), (5.5, 13.0)]);
            line(&[(10.5, 3.0), (10.5, 13.0)]);
        }
        Icon::Orbit => {
            bow(8.0, 8.0, 6.0, -20.0, 270.0);
            line(&[(8.0, 2.0), (11.5, 2.0)]);
            line(&[(9.6, 0.4), (11.5, 2.0), (9.6, 3.8)]);
            p.circle_filled(q(8.0, 8.0), 1.4 * k, colour);
        }
        Icon::Land => {
            line(&[(8.0, 2.0), (8.0, 10.5)]);
            line(&[(4.8, 7.5), (8.0, 10.7), (11.2, 7.5)]);
            line(&[(2.5, 14.0), (13.5, 14.0)]);
        }
        Icon::TakeOff => {
            line(&[(8.0, 11.0), (8.0, 2.5)]);
            line(&[(4.8, 5.5), (8.0, 2.3), (11.2, 5.5)]);
            line(&[(2.5, 14.0), (13.5, 14.0)]);
        }
        Icon::Goto => {
            bow(8.0, 6.2, 4.4, 150.0, 390.0);
            line(&[(4.2, 8.4), (8.0, 14.5), (11.8, 8.4)]);
            ring(8.0, 6.2, 1.4);
        }
        Icon::Look => {
            ring(8.0, 8.0, 4.4);
            line(&[(8.0, 0.8), (8.0, 4.6)]);
            line(&[(8.0, 11.4), (8.0, 15.2)]);
            line(&[(0.8, 8.0), (4.6, 8.0)]);
            line(&[(11.4, 8.0), (15.2, 8.0)]);
        }
        Icon::Follow => {
            ring(12.0, 4.0, 2.0);
            line(&[(10.5, 5.5), (8.0, 8.0), (5.5, 8.5)]);
            p.circle_filled(q(4.0, 10.5), 1.0 * k, colour);
            p.circle_filled(q(2.5, 13.5), 1.0 * k, colour);
        }
        Icon::Play => closed(&[(4.5, 3.0), (12.5, 8.0), (4.5, 13.0)]),
        Icon::Mark | Icon::Flag => {
            line(&[(3.5, 14.5), (3.5, 2.0)]);
            closed(&[(3.5, 2.5), (12.5, 2.5), (10.5, 5.5), (12.5, 8.5), (3.5, 8.5)]);
        }
        Icon::Layers => {
            closed(&[(8.0, 2.0), (14.5, 5.5), (8.0, 9.0), (1.5, 5.5)]);
            line(&[(1.5, 8.3), (8.0, 11.8), (14.5, 8.3)]);
            line(&[(1.5, 11.0), (8.0, 14.5), (14.5, 11.0)]);
        }
        Icon::Fit => {
            line(&[(2.0, 5.5), (2.0, 2.0), (5.5, 2.0)]);
            line(&[(10.5, 2.0), (14.0, 2.0), (14.0, 5.5)]);
            line(&[(14.0, 10.5), (14.0, 14.0), (10.5, 14.0)]);
            line(&[(5.5, 14.0), (2.0, 14.0), (2.0, 10.5)]);
        }
        Icon::Search => {
            ring(7.0, 7.0, 4.6);
            line(&[(10.4, 10.4), (14.5, 14.5)]);
        }
        Icon::Seal => {
            closed(&[(3.0, 7.0), (13.0, 7.0), (13.0, 14.5), (3.0, 14.5)]);
            bow(8.0, 7.0, 3.2, 180.0, 360.0);
            line(&[(8.0, 10.0), (8.0, 11.8)]);
        }
        Icon::Note => {
            closed(&[(3.0, 1.5), (10.0, 1.5), (13.0, 4.5), (13.0, 14.5), (3.0, 14.5)]);
            line(&[(5.5, 7.0), (10.5, 7.0)]);
            line(&[(5.5, 10.5), (10.5, 10.5)]);
        }
        Icon::Export => {
            line(&[(8.0, 10.0), (8.0, 1.8)]);
            line(&[(5.0, 4.6), (8.0, 1.6), (11.0, 4.6)]);
            line(&[(2.0, 9.5), (2.0, 14.2), (14.0, 14.2), (14.0, 9.5)]);
        }
        Icon::Wind => {
            line(&[(1.5, 5.5), (10.0, 5.5)]);
            bow(10.0, 3.8, 1.8, -150.0, 90.0);
            line(&[(1.5, 8.5), (13.0, 8.5)]);
            line(&[(1.5, 11.5), (8.5, 11.5)]);
            bow(8.5, 13.0, 1.6, -90.0, 130.0);
        }
        Icon::Home => {
            line(&[(1.5, 8.0), (8.0, 2.0), (14.5, 8.0)]);
            line(&[(3.5, 7.0), (3.5, 14.0), (12.5, 14.0), (12.5, 7.0)]);
        }
        Icon::Check => line(&[(2.5, 8.5), (6.3, 12.3), (13.8, 3.8)]),
        Icon::Cross => {
            line(&[(3.5, 3.5), (12.5, 12.5)]);
            line(&[(12.5, 3.5), (3.5, 12.5)]);
        }
        Icon::Question => {
            ring(8.0, 8.0, 6.2);
            bow(8.0, 6.4, 2.0, 180.0, 400.0);
            line(&[(9.4, 7.9), (8.0, 9.2), (8.0, 9.9)]);
            p.circle_filled(q(8.0, 11.8), 0.9 * k, colour);
        }
        Icon::Down => line(&[(4.0, 6.0), (8.0, 10.0), (12.0, 6.0)]),
        Icon::Shield => {
            line(&[
                (8.0, 1.5),
                (13.5, 3.5),
                (13.5, 8.0),
                (11.5, 12.0),
                (8.0, 14.5),
                (4.5, 12.0),
                (2.5, 8.0),
                (2.5, 3.5),
                (8.0, 1.5),
            ]);
        }
        Icon::Logo => {
            line(&[(1.0, 2.5), (8.0, 12.5), (15.0, 2.5)]);
            line(&[(4.8, 2.5), (8.0, 7.0), (11.2, 2.5)]);
        }
    }
}

/// Rect helper: the square of an icon centred at `at`.
#[must_use]
pub fn square(at: Pos2, size: f32) -> Rect {
    Rect::from_center_size(at, vec2(size, size))
}
