//! Who sits at this console: every intent bears their name, so another person takes the seat
//! before they act.
//!
//! Invariant: a change of person is in the record, and holds and dismissals begun by the one before
//! end with it. It must not know how people prove who they are.

use egui::{Align2, CornerRadius, Key, Rect, Sense, Stroke, StrokeKind, Ui, WidgetInfo, WidgetType, pos2};
use vedette_core::StationView;
use vedette_model::{Authority, Intent};

use crate::draw::{self, Button, Look};
use crate::icon::{self, Icon};
use crate::local::FlyLocal;
use crate::theme::{self, Palette};

fn duty(a: Authority) -> &'static str {
    match a {
        Authority::Observer => "watches",
        Authority::Sensor => "cameras and alerts",
        Authority::Pilot => "flies",
        Authority::Supervisor => "leads the watch",
    }
}

/// The person in the top bar; a press opens the list.
pub(super) fn button(ui: &mut Ui, r: Rect, who: &str, l: &mut FlyLocal, pal: &Palette) {
    let resp = ui.interact(r, ui.id().with("seat"), Sense::click());
    resp.widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, format!("At this console: {who}")));
    let p = ui.painter();
    if l.seat || resp.hovered() || resp.has_focus() {
        let line = if resp.has_focus() || l.seat {
            pal.accent
        } else {
            pal.line_soft
        };
        draw::framed(p, r, 4, pal.surface[2], line);
    }
    icon::paint(p, pos2(r.left() + 12.0, r.center().y), 15.0, Icon::Person, pal.text2);
    let at = pos2(r.left() + 26.0, r.center().y);
    draw::text(p, at, Align2::LEFT_CENTER, who, theme::body(), pal.text2);
    if resp.clicked() {
        l.seat = !l.seat;
    }
}

/// The list of people, under the top bar's right end.
pub(super) fn show(ui: &mut Ui, r: Rect, v: &StationView, l: &mut FlyLocal, pal: &Palette, out: &mut Vec<Intent>) {
    if ui.ctx().input(|i| i.key_pressed(Key::F9)) {
        l.seat = !l.seat;
    }
    if !l.seat {
        return;
    }
    let p = ui.painter().clone();
    let h = 74.0 + v.operators.len() as f32 * 34.0;
    let w = 360.0_f32.min(r.width() - 16.0);
    let b = draw::rect(r.right() - w - 8.0, r.top() + 6.0, w, h.min(r.height() - 12.0));
    // Nothing under the list takes its clicks.
    ui.interact(b, ui.id().with("seat list"), Sense::click());
    p.rect(
        b,
        CornerRadius::ZERO,
        pal.surface[1],
        Stroke::new(1.0, pal.line_strong),
        StrokeKind::Inside,
    );
    let title = "Who takes this console?";
    draw::text(
        &p,
        pos2(b.left() + 14.0, b.top() + 18.0),
        Align2::LEFT_CENTER,
        title,
        theme::title(),
        pal.text1,
    );
    draw::keycap(&p, b.right() - 12.0, b.top() + 18.0, "F9", pal);
    let mut y = b.top() + 36.0;
    for o in &v.operators {
        if y + 32.0 > b.bottom() - 24.0 {
            break;
        }
        let here = o.id == l.operator;
        let words = format!("{} · {}", o.name, duty(o.authority));
        let label = format!("Seat: {}", o.name);
        let button = Button::new(&words)
            .label(&label)
            .icon(Icon::Person)
            .look(Look::Plain)
            .selected(here);
        if button
            .show(ui, draw::rect(b.left() + 12.0, y, w - 24.0, 30.0), pal)
            .clicked()
        {
            l.seat = false;
            if !here {
                let from = std::mem::replace(&mut l.operator, o.id.clone());
                (l.hold, l.dismiss) = (None, None);
                out.push(Intent::TakeSeat { from });
            }
        }
        y += 34.0;
    }
    draw::text_in(
        &p,
        pos2(b.left() + 14.0, b.bottom() - 14.0),
        Align2::LEFT_CENTER,
        "Every order and decision from here on bears this name.",
        theme::small(),
        pal.text2,
        w - 28.0,
    );
}
