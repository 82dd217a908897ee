//! The training workspace: it says what is not there yet, and offers nothing that is not real.
//!
//! Invariant: no control without effect. It must not know station data.

use egui::{Align2, CornerRadius, Rect, Ui, WidgetType, vec2};

use crate::draw;
use crate::theme::{self, Palette};

pub(crate) fn show(ui: &mut Ui, r: Rect, pal: &Palette) {
    let p = ui.painter().clone();
    p.rect_filled(r, CornerRadius::ZERO, pal.surface[1]);
    let head = draw::rect(r.left(), r.top(), r.width(), 32.0);
    draw::header(&p, head, "Training", "", pal);
    let words = "Training is not in this version.";
    draw::text(
        &p,
        r.center() - vec2(0.0, 12.0),
        Align2::CENTER_CENTER,
        words,
        theme::title(),
        pal.text1,
    );
    draw::text(
        &p,
        r.center() + vec2(0.0, 14.0),
        Align2::CENTER_CENTER,
        "Instructor, faults and scores come with their own issue. Simulated flights run today: vedette demo, vedette sim.",
        theme::body(),
        pal.text2,
    );
    draw::named(ui, r, "train", WidgetType::Label, words);
}
