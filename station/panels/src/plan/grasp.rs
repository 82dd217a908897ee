//! The hand on the planning map: what the pointer takes hold of, pulls, draws and clicks.
//!
//! Invariant: one gesture is one step of undo; what is pulled is the draft and nothing else. It
//! must not draw.

use egui::{CursorIcon, Key, Pos2, Rect, Response, Sense, Ui, WidgetInfo, WidgetType};
use vedette_core::StationView;
use vedette_geo::{LatLon, distance_m};
use vedette_model::plan::NoFly;

use super::{Grab, Tool};
use crate::camera::View;
use crate::fly::hand;
use crate::fly::shapes::Shapes;
use crate::local::{FlyFeeds, FlyLocal};

/// How near the pointer must be to take hold, pixels.
const REACH: f32 = 11.0;

/// Chainage of the place on the site's border nearest to a place, kilometres.
fn border_km(v: &StationView, l: &mut FlyLocal, s: &Shapes, at: LatLon) -> Option<f64> {
    let along = l.plan.along(v);
    let q = s.frame.plane(at);
    let mut best: Option<(f64, f64)> = None;
    let mut before: Option<(f64, f64)> = None;
    for (i, b) in v.site.border.iter().enumerate() {
        let n = s.frame.plane(*b);
        if let Some(a) = before {
            let (dx, dy) = (n.0 - a.0, n.1 - a.1);
            let l2 = (dx * dx + dy * dy).max(1e-9);
            let t = (((q.0 - a.0) * dx + (q.1 - a.1) * dy) / l2).clamp(0.0, 1.0);
            let d = (q.0 - a.0 - t * dx).hypot(q.1 - a.1 - t * dy);
            if best.is_none_or(|x| d < x.0) {
                best = Some((d, along[i - 1] + (along[i] - along[i - 1]) * t));
            }
        }
        before = Some(n);
    }
    best.map(|x| (x.1 / 10.0).round() / 100.0)
}

/// What the pointer would take hold of.
fn under(at: Pos2, w: &View, v: &StationView, l: &FlyLocal, feeds: &FlyFeeds, s: &Shapes) -> Option<Grab> {
    let near = |c: LatLon| {
        let q = s.on_ground(c, feeds.relief);
        w.project(q[0], q[1], q[2]).is_some_and(|x| x.distance(at) < REACH)
    };
    for (i, q) in [(0, v.section.first()), (1, v.section.last())] {
        if q.is_some_and(|q| near(*q)) {
            return Some(Grab::End(i));
        }
    }
    if let Some(i) = l.plan.zone
        && let Some(z) = v.brief.no_fly.get(i)
        && let Some(k) = z.polygon.iter().position(|c| near(*c))
    {
        return Some(Grab::Corner(i, k));
    }
    if let Some(a) = v.brief.fleet.iter().find(|a| near(a.base)) {
        return Some(Grab::Base(a.base));
    }
    let (e, n) = w.ground(at, feeds.relief)?;
    let here = s.frame.from_plane(e, n);
    v.brief
        .no_fly
        .iter()
        .position(|z| inside(z, here, s))
        .map(|i| Grab::Zone(i, here))
}

fn inside(z: &NoFly, at: LatLon, s: &Shapes) -> bool {
    if let (Some(c), true) = (z.centre, z.polygon.is_empty()) {
        return distance_m(c, at) < z.radius_m;
    }
    let q = s.frame.plane(at);
    let ring: Vec<_> = z.polygon.iter().map(|c| s.frame.plane(*c)).collect();
    let mut odd = false;
    for i in 0..ring.len() {
        let (a, b) = (ring[i], ring[(i + 1) % ring.len()]);
        if (a.1 > q.1) != (b.1 > q.1) && q.0 < a.0 + (b.0 - a.0) * (q.1 - a.1) / (b.1 - a.1) {
            odd = !odd;
        }
    }
    odd
}

pub(super) fn gestures(ui: &mut Ui, r: Rect, v: &StationView, l: &mut FlyLocal, feeds: &FlyFeeds, s: &Shapes) {
    let resp = ui.interact(r, ui.id().with("plan map"), Sense::click_and_drag());
    resp.widget_info(|| WidgetInfo::labeled(WidgetType::Image, true, "Planning map"));
    let w = l.map.view(r);
    let place = |at: Pos2| w.ground(at, feeds.relief).map(|(e, n)| s.frame.from_plane(e, n));
    hand::wheel(ui, &resp, r, l);
    if resp.drag_started_by(egui::PointerButton::Primary) {
        // The press, not where the pointer is by now, says what is held.
        let press = ui.input(|i| i.pointer.press_origin());
        l.plan.grab = press.and_then(|at| under(at, &w, v, l, feeds, s));
    }
    let hover = resp.hover_pos().and_then(|at| under(at, &w, v, l, feeds, s));
    if l.plan.tool == Tool::Select && (hover.is_some() || l.plan.grab.is_some()) {
        ui.ctx().set_cursor_icon(if l.plan.grab.is_some() {
            CursorIcon::Grabbing
        } else {
            CursorIcon::Grab
        });
    }
    if resp.dragged() {
        match (l.plan.grab, resp.interact_pointer_pos().and_then(place)) {
            (Some(g), Some(to)) => pull(v, l, s, g, to),
            (Some(_), None) => {}
            (None, _) => hand::drag(ui, &resp, l),
        }
    }
    if resp.drag_stopped() {
        l.plan.grab = None;
        if let Some(d) = &mut l.plan.draft {
            d.release();
        }
    }
    let closes = ui.input(|i| i.key_pressed(Key::Enter)) || resp.double_clicked();
    if l.plan.tool == Tool::Zone && closes && l.plan.drawing.len() >= 3 {
        close_zone(l);
        return;
    }
    if resp.clicked()
        && let Some(to) = resp.interact_pointer_pos().and_then(place)
    {
        click(v, l, s, &resp, &w, feeds, to);
    }
}

/// What is held follows the pointer.
fn pull(v: &StationView, l: &mut FlyLocal, s: &Shapes, grab: Grab, to: LatLon) {
    let km = match grab {
        Grab::End(_) => border_km(v, l, s, to),
        _ => None,
    };
    let Some(d) = &mut l.plan.draft else { return };
    match grab {
        Grab::End(i) => {
            if let Some(km) = km {
                d.drag(|b| {
                    if i == 0 {
                        b.section.from_km = km.min(b.section.to_km - 0.1);
                    } else {
                        b.section.to_km = km.max(b.section.from_km + 0.1);
                    }
                });
            }
        }
        Grab::Corner(z, k) => d.drag(|b| {
            if let Some(c) = b.no_fly.get_mut(z).and_then(|z| z.polygon.get_mut(k)) {
                *c = to;
            }
        }),
        Grab::Zone(z, from) => {
            d.drag(|b| {
                let (dlat, dlon) = (to.lat_deg - from.lat_deg, to.lon_deg - from.lon_deg);
                if let Some(z) = b.no_fly.get_mut(z) {
                    for c in z.polygon.iter_mut().chain(&mut z.centre) {
                        c.lat_deg += dlat;
                        c.lon_deg += dlon;
                    }
                }
            });
            l.plan.zone = Some(z);
            l.plan.grab = Some(Grab::Zone(z, to));
        }
        Grab::Base(from) => {
            d.drag(|b| {
                for a in b.fleet.iter_mut().filter(|a| distance_m(a.base, from) < 5.0) {
                    a.base = to;
                }
            });
            l.plan.grab = Some(Grab::Base(to));
        }
    }
}

fn close_zone(l: &mut FlyLocal) {
    let polygon = std::mem::take(&mut l.plan.drawing);
    l.plan.tool = Tool::Select;
    let Some(d) = &mut l.plan.draft else { return };
    let n = d.brief().no_fly.len();
    d.edit(|b| {
        let name = (1..)
            .map(|i| format!("NO-FLY {i}"))
            .find(|name| b.no_fly.iter().all(|z| z.name != *name))
            .unwrap_or_default();
        b.no_fly.push(NoFly {
            name,
            polygon,
            centre: None,
            radius_m: 0.0,
            floor: None,
            ceiling: None,
            more: Default::default(),
        });
    });
    l.plan.zone = Some(n);
}

fn click(v: &StationView, l: &mut FlyLocal, s: &Shapes, resp: &Response, w: &View, feeds: &FlyFeeds, to: LatLon) {
    match l.plan.tool {
        Tool::Select => {
            let held = resp.interact_pointer_pos().and_then(|at| under(at, w, v, l, feeds, s));
            l.plan.zone = match held {
                Some(Grab::Zone(i, _) | Grab::Corner(i, _)) => Some(i),
                _ => None,
            };
        }
        Tool::Zone => {
            // A double click is two clicks on one spot: the second adds nothing.
            if l.plan
                .drawing
                .last()
                .is_none_or(|q| distance_m(*q, to) > l.map.m_per_px * 3.0)
            {
                l.plan.drawing.push(to);
            }
        }
        Tool::Measure => l.plan.drawing.push(to),
        Tool::Section => {
            let first = l.plan.drawing.first().copied();
            match first {
                None => l.plan.drawing.push(to),
                Some(from) => {
                    let (a, b) = (border_km(v, l, s, from), border_km(v, l, s, to));
                    l.plan.drawing.clear();
                    l.plan.tool = Tool::Select;
                    if let (Some(a), Some(b), Some(d)) = (a, b, &mut l.plan.draft)
                        && (a - b).abs() >= 0.1
                    {
                        d.edit(|x| (x.section.from_km, x.section.to_km) = (a.min(b), a.max(b)));
                    }
                }
            }
        }
        Tool::Base => {
            let who = l.selected.or_else(|| v.brief.fleet.first().map(|a| a.vehicle));
            if let (Some(who), Some(d)) = (who, &mut l.plan.draft) {
                d.edit(|b| {
                    if let Some(a) = b.fleet.iter_mut().find(|a| a.vehicle == who) {
                        a.base = to;
                    }
                });
            }
            l.plan.tool = Tool::Select;
        }
    }
}
