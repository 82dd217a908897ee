//! The flight workspace and the frame all workspaces share: top bar, places that never move.
//!
//! Invariant: the same view and the same gestures give the same intents. It must not know shells.

mod age;
mod alerts;
mod fleet;
pub(crate) mod hand;
mod incidents;
mod keys;
mod lens;
mod lines;
pub(crate) mod map;
pub(crate) mod marks;
mod offers;
pub mod orders;
mod overlay;
mod passes;
mod ribbon;
mod seat;
pub mod shapes;
pub(crate) mod spot;
mod timeline;
mod tracks;
mod video;
mod ways;

use std::sync::Arc;

use egui::{Align2, CornerRadius, Rect, Sense, Stroke, Ui, WidgetInfo, WidgetType, pos2};
use vedette_core::StationView;
use vedette_model::{Intent, LinkState};

pub use lens::CameraHand;
pub(crate) use map::show as map_show;
pub use offers::{Offers, Sending, reached, ready};
pub use spot::Spot;
pub(crate) use timeline::{Axis, events as timeline_events, now_line};
pub(crate) use video::picture as video_picture;

use crate::draw;
use crate::icon::{self, Icon};
use crate::local::{FlyFeeds, FlyLocal, Workspace};
use crate::theme::{self, Layout, Palette};
use crate::{inspect, plan, train, words};

/// Draws whichever workspace is chosen, with the top bar. Returns what the operator wants.
pub fn console_ui(ui: &mut Ui, v: &StationView, l: &mut FlyLocal, feeds: &FlyFeeds) -> Vec<Intent> {
    let mut out = Vec::new();
    if !theme::ready(ui.ctx()) {
        ui.ctx().request_repaint();
        return out;
    }
    let pal = Palette::of(l.night);
    let full = ui.max_rect();
    let lay = Layout::of(full.size(), l.timeline_open.unwrap_or(full.height() >= 860.0));
    l.settle(v);
    if l.workspace != Workspace::Plan {
        ensure_shapes(v, l, feeds);
    }
    keys::listen(ui, v, l, &mut out);
    let rest = work(ui, full, v, l, feeds, &lay, &pal, &mut out);
    train::probe(ui, full, v, l, feeds, &pal, &mut out);
    seat::show(ui, rest, v, l, &pal, &mut out);
    if l.help {
        keys::help(ui, rest, l, &pal);
    }
    out
}

/// The console once more, for somebody else's eyes: no keys, and what it would ask for is dropped.
pub(crate) fn mirror(ui: &mut Ui, v: &StationView, l: &mut FlyLocal, feeds: &FlyFeeds) {
    let pal = Palette::of(l.night);
    let full = ui.max_rect();
    let lay = Layout::of(full.size(), l.timeline_open.unwrap_or(full.height() >= 860.0));
    l.settle(v);
    if l.workspace != Workspace::Plan {
        ensure_shapes(v, l, feeds);
    }
    let mut ignored = Vec::new();
    work(ui, full, v, l, feeds, &lay, &pal, &mut ignored);
}

/// Top bar and the chosen work place; gives the room below the bar.
#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
fn work(
    ui: &mut Ui,
    full: Rect,
    v: &StationView,
    l: &mut FlyLocal,
    feeds: &FlyFeeds,
    lay: &Layout,
    pal: &Palette,
    out: &mut Vec<Intent>,
) -> Rect {
    let top = draw::rect(full.left(), full.top(), full.width(), lay.top);
    top_bar(ui, top, v, l, lay, pal);
    let rest = Rect::from_min_max(pos2(full.left(), top.bottom()), full.max);
    match l.workspace {
        Workspace::Fly => fly_in(ui, rest, v, l, feeds, lay, pal, out),
        Workspace::Plan => plan::show(ui, rest, v, l, feeds, lay, pal, out),
        Workspace::Train => train::show(ui, rest, feeds.briefing, pal),
        Workspace::Review => incidents::show(ui, rest, v, l, pal, out),
        Workspace::Inspect => inspect::show(ui, rest, v, l, feeds, pal, out),
    }
    rest
}

/// Lines of the site, made once per site, plan and relief.
pub(crate) fn ensure_shapes(v: &StationView, l: &mut FlyLocal, feeds: &FlyFeeds) {
    if l.shapes.as_ref().is_none_or(|s| !s.fits(v, feeds.relief)) {
        l.shapes = Some(Arc::new(shapes::Shapes::new(v, feeds.relief)));
    }
}

/// The flight workspace with its top bar.
pub fn fly_ui(ui: &mut Ui, v: &StationView, l: &mut FlyLocal, feeds: &FlyFeeds) -> Vec<Intent> {
    console_ui(ui, v, l, feeds)
}

#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
fn fly_in(
    ui: &mut Ui,
    r: Rect,
    v: &StationView,
    l: &mut FlyLocal,
    feeds: &FlyFeeds,
    lay: &Layout,
    pal: &Palette,
    out: &mut Vec<Intent>,
) {
    let body_bottom = r.bottom() - lay.timeline;
    let fleet = Rect::from_min_max(r.min, pos2(r.left() + lay.fleet, body_bottom));
    let right = Rect::from_min_max(pos2(r.right() - lay.right, r.top()), pos2(r.right(), body_bottom));
    let middle = Rect::from_min_max(
        pos2(fleet.right() + 1.0, r.top()),
        pos2(right.left() - 1.0, body_bottom),
    );
    let map = Rect::from_min_max(middle.min, pos2(middle.right(), middle.bottom() - lay.order_bar));
    let bar = Rect::from_min_max(pos2(middle.left(), map.bottom()), middle.max);
    offers::ask(v, l, feeds.desk);
    offers::advance(v, l);
    map::show(ui, map, v, l, feeds, lay, pal, out);
    fleet::show(ui, fleet, v, l, feeds, lay, pal, out);
    video::show(ui, right, v, l, feeds, lay, pal, out);
    orders::show(ui, bar, v, l, feeds, lay, pal, out);
    let time = Rect::from_min_max(pos2(r.left(), body_bottom), r.max);
    timeline::show(ui, time, v, l, lay, pal);
}

/// One station-health reading: icon, strong words, quiet words.
#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
fn reading(p: &egui::Painter, x: f32, y: f32, ic: Icon, strong: &str, quiet: &str, bad: bool, pal: &Palette) -> f32 {
    let c = if bad { pal.alarm2 } else { pal.text1 };
    icon::paint(p, pos2(x + 8.0, y), 15.0, ic, if bad { pal.alarm2 } else { pal.text2 });
    let a = draw::text(p, pos2(x + 22.0, y), Align2::LEFT_CENTER, strong, theme::mono(), c);
    if quiet.is_empty() {
        return a.right();
    }
    draw::text(
        p,
        pos2(a.right() + 6.0, y),
        Align2::LEFT_CENTER,
        quiet,
        theme::body(),
        pal.text2,
    )
    .right()
}

fn top_bar(ui: &mut Ui, r: Rect, v: &StationView, l: &mut FlyLocal, lay: &Layout, pal: &Palette) {
    let p = ui.painter().clone();
    p.rect_filled(r, CornerRadius::ZERO, pal.surface[1]);
    draw::hline(&p, r.left(), r.right(), r.bottom() - 0.5, pal.line_soft);
    let y = r.center().y;
    let mut x = draw::bar_name(&p, r, lay.compact, pal);
    for (w, name, key, _) in Workspace::ALL {
        let words_w = draw::width(&p, name, theme::control());
        let cap_w = if lay.compact { 0.0 } else { 28.0 };
        let tab = draw::rect(x, r.top(), words_w + cap_w + 24.0, r.height());
        let on = l.workspace == w;
        let resp = ui.interact(tab, ui.id().with(("tab", name)), Sense::click());
        resp.widget_info(|| {
            let mut i = WidgetInfo::labeled(WidgetType::Button, true, format!("Workspace {name}"));
            i.selected = Some(on);
            i
        });
        if resp.clicked() {
            l.workspace = w;
        }
        if on || resp.hovered() {
            p.rect_filled(
                tab,
                CornerRadius::ZERO,
                if on { pal.surface[2] } else { pal.surface[3] },
            );
        }
        if on {
            p.hline(tab.x_range(), tab.bottom() - 1.0, Stroke::new(2.0, pal.accent));
        }
        let t = draw::text(
            &p,
            pos2(tab.left() + 12.0, y),
            Align2::LEFT_CENTER,
            name,
            theme::control(),
            if on { pal.text1 } else { pal.text2 },
        );
        if !lay.compact {
            draw::keycap(&p, t.right() + 8.0 + 22.0, y, key, pal);
        }
        x = tab.right();
    }
    // From the right: clock, then health.
    let date = if lay.compact { String::new() } else { words::date(v.utc) };
    let right = draw::bar_clock(&p, r, "UTC", &v.utc.clock(), &date, pal);
    let links = v.links.len();
    let up = v.links.values().filter(|k| k.state == LinkState::Up).count();
    let fixed = v
        .vehicles
        .values()
        .filter(|a| a.gnss.is_some_and(|g| g.value.fix_type >= 3))
        .count();
    let cams = v.cameras.len();
    let rec = v.cameras.values().filter(|c| c.recording).count();
    let refused = v.cameras.values().any(|c| c.refused.is_some());
    let who = v
        .operators
        .iter()
        .find(|o| o.id == l.operator)
        .map_or_else(|| l.operator.to_string(), |o| o.name.clone());
    let none = |n: usize, of: usize| {
        if of == 0 {
            words::UNKNOWN.to_owned()
        } else {
            format!("{n}/{of}")
        }
    };
    let wide = !lay.compact;
    let stale = l.view_age_s > 1.5;
    let clock_words = if stale {
        format!("view {:.0} s old", l.view_age_s)
    } else {
        String::new()
    };
    let mut items: Vec<(Icon, String, String, bool)> = vec![
        (
            Icon::Link,
            none(up, links),
            if wide { "links".into() } else { String::new() },
            up < links,
        ),
        (
            Icon::Gnss,
            none(fixed, v.vehicles.len()),
            if wide { "GNSS".into() } else { String::new() },
            fixed < v.vehicles.len(),
        ),
    ];
    if stale {
        items.push((Icon::Clock, clock_words, String::new(), true));
    }
    items.push((Icon::Rec, none(rec, cams), "REC".into(), refused));
    let measure = |it: &(Icon, String, String, bool)| {
        22.0 + draw::width(&p, &it.1, theme::mono())
            + if it.2.is_empty() {
                0.0
            } else {
                6.0 + draw::width(&p, &it.2, theme::body())
            }
    };
    let who_w = 22.0 + draw::width(&p, &who, theme::body());
    let all: f32 = items.iter().map(|i| measure(i) + 18.0).sum::<f32>() + who_w;
    let start = right - all;
    let title = format!("{} · {}", v.watch, v.site.border_name);
    let mut left_words = if lay.compact {
        v.watch.clone()
    } else {
        format!("{title} · {:.1} km", (v.section_to_m - v.section_from_m) / 1000.0)
    };
    if let (Some(g), false) = (&l.graphics, lay.compact) {
        left_words = format!("{left_words} · {g}");
    }
    let mut colour = pal.text2;
    if let Some(w) = &l.warning {
        left_words.clone_from(w);
        colour = pal.alarm2;
    }
    if start - x > 60.0 {
        draw::text_in(
            &p,
            pos2(x + 14.0, y),
            Align2::LEFT_CENTER,
            &left_words,
            theme::body(),
            colour,
            start - x - 30.0,
        );
    }
    let mut at = start;
    for it in &items {
        let end = reading(&p, at, y, it.0, &it.1, &it.2, it.3, pal);
        at = end + 18.0;
    }
    let seat = Rect::from_min_max(pos2(at - 4.0, r.top() + 4.0), pos2(right + 6.0, r.bottom() - 4.0));
    seat::button(ui, seat, &who, l, pal);
    let health = Rect::from_min_max(pos2(start, r.top()), pos2(at - 6.0, r.bottom()));
    let said = format!(
        "Station: {} links up, {} GNSS, {} recording, operator {who}, {} UTC",
        none(up, links),
        none(fixed, v.vehicles.len()),
        none(rec, cams),
        v.utc.clock()
    );
    draw::named(ui, health, "health", WidgetType::Label, &said);
}
