//! The straightened border: every kilometre at once, coloured by the age of its last look.
//!
//! Invariant: it shows the whole section whatever the map shows. It must not know the map.

use egui::{Align2, CornerRadius, Rect, Shape, Stroke, Ui, WidgetType, pos2};
use vedette_core::StationView;
use vedette_model::{Mono, Priority};

use crate::draw;
use crate::local::FlyLocal;
use crate::theme::{self, AGE_LIMITS, Layout, Palette};
use crate::words;

/// Age of each cell as a share of the promise; `None` never seen or nothing promised.
pub(crate) fn shares(v: &StationView) -> Vec<Option<f64>> {
    let c = &v.coverage;
    let promise = c.promised_s.unwrap_or(f64::NAN);
    c.last_seen
        .iter()
        .map(|s| {
            s.map(|s| Mono(v.now.since(s)).seconds() / promise)
                .filter(|x| x.is_finite())
        })
        .collect()
}

pub(crate) fn show(ui: &mut Ui, r: Rect, v: &StationView, l: &mut FlyLocal, lay: &Layout, pal: &Palette) {
    let p = ui.painter().clone();
    p.rect_filled(r, CornerRadius::ZERO, draw::alpha(pal.surface[0], 225));
    p.rect_stroke(
        r,
        CornerRadius::ZERO,
        Stroke::new(1.0, pal.line_soft),
        egui::StrokeKind::Inside,
    );
    let c = &v.coverage;
    let promise = c.promised_s;
    let y = r.top() + 13.0;
    let title = if lay.compact {
        "Coverage age"
    } else {
        "Border coverage age"
    };
    let t = draw::text(
        &p,
        pos2(r.left() + 9.0, y),
        Align2::LEFT_CENTER,
        title,
        theme::strong(),
        pal.text1,
    );
    let length_km = (v.section_to_m - v.section_from_m) / 1000.0;
    let held = c.held_share(v.now);
    let words = match (promise, held) {
        (Some(s), Some(h)) => format!(
            "promised {} · held {:.1} % of {length_km:.1} km",
            words::duration(s),
            h * 100.0
        ),
        (Some(s), None) => format!("promised {} · held — of {length_km:.1} km", words::duration(s)),
        _ => format!("nothing promised yet · {length_km:.1} km"),
    };
    let right = draw::text(
        &p,
        pos2(r.right() - 9.0, y),
        Align2::RIGHT_CENTER,
        &words,
        theme::small(),
        pal.text2,
    );
    if let (Some(s), false) = (promise, lay.compact) {
        let mut x = t.right() + 16.0;
        let mut from = 0.0;
        for (i, colour) in pal.age.iter().enumerate() {
            let to = AGE_LIMITS.get(i).map(|k| k * s);
            let label = match to {
                Some(to) if s >= 600.0 => format!("{:.0}–{:.0} min", from / 60.0, to / 60.0),
                Some(to) => format!("{from:.0}–{to:.0} s"),
                None => format!("over {}", words::duration(from)),
            };
            let w = draw::width(&p, &label, theme::small());
            if x + w + 24.0 > right.left() - 8.0 {
                break;
            }
            p.rect_filled(draw::rect(x, y - 3.5, 14.0, 7.0), CornerRadius::ZERO, *colour);
            x = draw::text(
                &p,
                pos2(x + 19.0, y),
                Align2::LEFT_CENTER,
                &label,
                theme::small(),
                pal.text2,
            )
            .right()
                + 12.0;
            from = to.unwrap_or(from);
        }
    }
    let band = Rect::from_min_max(
        pos2(r.left() + 9.0, r.top() + 27.0),
        pos2(r.right() - 9.0, r.top() + 36.0),
    );
    let n = c.last_seen.len();
    if n == 0 {
        draw::hatch(&p, band, 8.0, pal.text3);
    }
    #[expect(clippy::cast_precision_loss, reason = "cells of a section")]
    let cell_x = |i: usize| band.left() + band.width() * i as f32 / n.max(1) as f32;
    let sh = shares(v);
    let mut i = 0;
    while i < n {
        let class = |s: &Option<f64>| s.map(|s| AGE_LIMITS.iter().filter(|k| s > **k).count());
        let k = class(&sh[i]);
        let mut j = i + 1;
        while j < n && class(&sh[j]) == k {
            j += 1;
        }
        let q = Rect::from_min_max(pos2(cell_x(i), band.top()), pos2(cell_x(j), band.bottom()));
        match k {
            Some(k) => {
                let grow = if k >= 4 { 2.0 } else { 0.0 };
                p.rect_filled(q.expand2(egui::vec2(0.0, grow)), CornerRadius::ZERO, pal.age[k.min(4)]);
            }
            None => {
                p.rect_filled(q, CornerRadius::ZERO, pal.surface[2]);
                draw::hatch(&p, q, 8.0, draw::alpha(pal.text2, 110));
            }
        }
        i = j;
    }
    // Kilometres.
    let at = |m: f64| {
        #[expect(clippy::cast_possible_truncation, reason = "share of a band")]
        let s = (m / (length_km * 1000.0).max(1.0)).clamp(0.0, 1.0) as f32;
        band.left() + band.width() * s
    };
    let step = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0]
        .into_iter()
        .find(|s| length_km / s <= f64::from(band.width()) / 70.0)
        .unwrap_or(50.0);
    let mut km = 0.0;
    while km <= length_km + 1e-6 {
        let x = at(km * 1000.0);
        p.vline(x, band.bottom()..=band.bottom() + 3.0, Stroke::new(1.0, pal.text3));
        let label = match (km == 0.0, step < 1.0) {
            (true, _) => "km 0".to_owned(),
            (_, true) => format!("{km:.1}"),
            _ => format!("{km:.0}"),
        };
        let al = if km == 0.0 {
            Align2::LEFT_CENTER
        } else if x > band.right() - 14.0 {
            Align2::RIGHT_CENTER
        } else {
            Align2::CENTER_CENTER
        };
        draw::text(&p, pos2(x, band.bottom() + 11.0), al, &label, theme::small(), pal.text2);
        km += step;
    }
    // What each aircraft watches now.
    for a in v.vehicles.values() {
        let seen = l.shapes.as_ref().and_then(|s| {
            let f = s.frame.plane(a.at?.value);
            let (i, d) = s
                .section
                .iter()
                .enumerate()
                .map(|(i, q)| (i, (q[0] - f.0).hypot(q[1] - f.1)))
                .min_by(|x, y| x.1.total_cmp(&y.1))?;
            (d < 1500.0).then(|| s.section_m[i])
        });
        if let Some(m) = seen {
            let x = at(m);
            let on = l.selected == Some(a.id);
            p.add(Shape::convex_polygon(
                vec![
                    pos2(x - 4.5, band.top() - 7.0),
                    pos2(x + 4.5, band.top() - 7.0),
                    pos2(x, band.top() - 0.5),
                ],
                if on { pal.accent } else { pal.text1 },
                Stroke::new(1.0, pal.surface[0]),
            ));
        }
    }
    for al in v.alerts.values().filter(|a| {
        matches!(
            a.state,
            vedette_model::AlertState::Open | vedette_model::AlertState::Acknowledged { .. }
        )
    }) {
        if let Some(m) = al.chainage_m {
            let c = if al.priority == Priority::P1 {
                pal.alarm1
            } else {
                pal.alarm2
            };
            p.vline(at(m), (band.top() - 4.0)..=(band.bottom() + 4.0), Stroke::new(2.0, c));
        }
    }
    draw::named(ui, r, "ribbon", WidgetType::Label, &format!("Border coverage: {words}"));
}
