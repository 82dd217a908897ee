//! What the wire carries and what came of it: link quality over time, messages, refused frames,
//! parameters against their baseline, who may give orders, clocks.
//!
//! Invariant: what was refused is counted and shown with its reason; every act here names one
//! aircraft or one sender. It must not know transports, and reads frames only by what its shell
//! lends for that.

mod clocks;
mod health;
mod links;
mod local;
mod messages;
mod parameters;
mod plot;
mod rejects;
pub(crate) mod table;

use egui::{Align2, CornerRadius, Rect, Ui, WidgetType, pos2};
use vedette_core::{StationView, VehicleView};
use vedette_model::{Intent, LinkId, VehicleId};

pub use local::{InspectLocal, InspectTab};

use crate::draw::{self, Button};
use crate::local::{FlyFeeds, FlyLocal};
use crate::theme::{self, Palette};
use crate::words;

/// All one section needs.
pub(crate) struct Scene<'a> {
    pub(crate) v: &'a StationView,
    pub(crate) feeds: &'a FlyFeeds<'a>,
    pub(crate) pal: &'a Palette,
    pub(crate) compact: bool,
}

/// A link's letter: A for the first that was opened.
pub(crate) fn letter(v: &StationView, link: LinkId) -> String {
    let n = v.links.keys().position(|k| *k == link);
    match n.and_then(|n| u8::try_from(n).ok()).filter(|n| *n < 26) {
        Some(n) => char::from(b'A' + n).to_string(),
        None => link.to_string(),
    }
}

/// The aircraft the tables speak of.
fn chosen<'a>(v: &'a StationView, l: &FlyLocal) -> Option<&'a VehicleView> {
    let wish = l.inspect.vehicle.or(l.selected);
    wish.and_then(|id| v.vehicles.get(&id))
        .or_else(|| v.vehicles.values().next())
}

pub(crate) fn show(
    ui: &mut Ui,
    r: Rect,
    v: &StationView,
    l: &mut FlyLocal,
    feeds: &FlyFeeds,
    pal: &Palette,
    out: &mut Vec<Intent>,
) {
    let s = Scene {
        v,
        feeds,
        pal,
        compact: r.width() < 1600.0 || r.height() < 820.0,
    };
    ui.painter().rect_filled(r, CornerRadius::ZERO, pal.surface[1]);
    let head = draw::rect(r.left(), r.top(), r.width(), 36.0);
    tabs(ui, head, &s, l);
    let body = Rect::from_min_max(pos2(r.left(), head.bottom()), r.max);
    match l.inspect.tab {
        InspectTab::Overview => overview(ui, body, &s, l, out),
        InspectTab::Messages => messages::show(ui, body, &s, l),
        InspectTab::Parameters => parameters::show(ui, body, &s, l, out),
        InspectTab::Health => {
            let side = if s.compact { 420.0 } else { 560.0 };
            let (left, right) = body.split_left_right_at_x(body.right() - side);
            health::show(ui, left, v, pal);
            ui.painter()
                .vline(right.left(), right.y_range(), egui::Stroke::new(1.0, pal.line_soft));
            let signing = clocks::signing_height(v).min(right.height() * 0.5);
            let (a, b) = right.split_top_bottom_at_y(right.top() + signing);
            clocks::signing(ui, a, &s, out);
            clocks::show(ui, b, &s);
        }
    }
}

fn overview(ui: &mut Ui, r: Rect, s: &Scene, l: &mut FlyLocal, out: &mut Vec<Intent>) {
    let share = if s.compact { 0.56 } else { 0.587 };
    let (left, right) = r.split_left_right_at_x((r.left() + r.width() * share).round());
    let row = if s.compact { 84.0 } else { 112.0 };
    let n = s.v.vehicles.len().clamp(1, 4);
    #[expect(clippy::cast_precision_loss, reason = "at most four")]
    let chart = (32.0 + row * n as f32).min(left.height() * 0.52);
    let (top, bottom) = left.split_top_bottom_at_y(left.top() + chart);
    links::show(ui, top, s, l, row, out);
    messages::show(ui, bottom, s, l);
    let p = ui.painter();
    p.vline(right.left(), right.y_range(), egui::Stroke::new(1.0, s.pal.line_soft));
    let right = right.with_min_x(right.left() + 1.0);
    let rejects = rejects::height(s).min(right.height() * 0.42);
    let (a, rest) = right.split_top_bottom_at_y(right.top() + rejects);
    rejects::show(ui, a, s, l, out);
    if s.compact {
        parameters::show(ui, rest, s, l, out);
        return;
    }
    let signing = clocks::signing_height(s.v).min(rest.height() * 0.24);
    let clock = clocks::height(s.v).min(rest.height() * 0.3);
    let (b, rest) = rest.split_top_bottom_at_y(rest.bottom() - signing - clock);
    let (c, d) = rest.split_top_bottom_at_y(rest.top() + signing);
    parameters::show(ui, b, s, l, out);
    clocks::signing(ui, c, s, out);
    clocks::show(ui, d, s);
}

fn tabs(ui: &mut Ui, r: Rect, s: &Scene, l: &mut FlyLocal) {
    let p = ui.painter().clone();
    draw::hline(&p, r.left(), r.right(), r.bottom() - 0.5, s.pal.line_soft);
    let mut x = r.left() + 12.0;
    for (tab, word) in InspectTab::ALL {
        let label = format!("Inspect {word}");
        let b = Button::new(word).label(&label).selected(l.inspect.tab == tab);
        let w = b.wants(&p);
        if b.show(ui, draw::rect(x, r.top() + 5.0, w, 26.0), s.pal).clicked() {
            l.inspect.tab = tab;
        }
        x += w + 6.0;
    }
    let (mut inn, mut outn) = (0.0, 0.0);
    for k in s.v.link_pace.values() {
        inn += k.in_hz;
        outn += k.out_hz;
    }
    let duplicates: u64 = s.v.links.values().map(|k| k.duplicates).sum();
    let heard = s.v.vehicles.values().filter(|a| a.alive).count();
    let readings = [
        (s.v.links.len().to_string(), "links"),
        (heard.to_string(), "aircraft heard"),
        (format!("{inn:.0}"), "msg/s in"),
        (format!("{outn:.0}"), "msg/s out"),
        (words::count(duplicates), "duplicates removed"),
    ];
    let mut right = r.right() - 12.0;
    for (value, quiet) in readings.iter().rev() {
        let q = draw::text(
            &p,
            pos2(right, r.center().y),
            Align2::RIGHT_CENTER,
            quiet,
            theme::body(),
            s.pal.text2,
        );
        let a = draw::text(
            &p,
            pos2(q.left() - 5.0, r.center().y),
            Align2::RIGHT_CENTER,
            value,
            theme::mono(),
            s.pal.text1,
        );
        right = a.left() - 16.0;
        if right < x + 60.0 {
            break;
        }
    }
    let said = format!(
        "Inspect: {} links, {} aircraft, {} streams",
        s.v.links.len(),
        s.v.vehicles.len(),
        s.v.cameras.len()
    );
    draw::named(
        ui,
        Rect::from_min_max(pos2(x, r.top()), r.max),
        "inspect",
        WidgetType::Label,
        &said,
    );
}

/// Buttons that choose the aircraft a table speaks of; returns the x behind them.
fn pick(ui: &mut Ui, at: egui::Pos2, s: &Scene, l: &mut FlyLocal, what: &str, room: f32) -> f32 {
    let p = ui.painter().clone();
    let now = chosen(s.v, l).map(|a| a.id);
    let ids: Vec<VehicleId> = s.v.vehicles.keys().copied().collect();
    let mut x = at.x;
    for id in ids {
        let Some(a) = s.v.vehicles.get(&id) else { continue };
        let words = if s.compact || s.v.vehicles.len() > 4 {
            a.tail.clone()
        } else {
            format!("{} {}", a.tail, a.name)
        };
        let label = format!("{what} of {}", a.tail);
        let b = Button::new(&words).label(&label).selected(now == Some(id));
        let w = b.wants(&p);
        if x + w > at.x + room {
            break;
        }
        if b.show(ui, draw::rect(x, at.y, w, 24.0), s.pal).clicked() {
            l.inspect.choose(id);
        }
        x += w + 5.0;
    }
    x
}
