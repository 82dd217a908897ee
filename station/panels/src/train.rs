//! The training workspace: it says how an exercise is begun, and offers nothing that is not real.
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
    let words = "Exercises start from the command line.";
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
        "vedette train sim/scenarios/footpath-crossing.toml opens one in this console; its debrief and score sheet follow the flight.",
        theme::body(),
        pal.text2,
    );
    draw::named(ui, r, "train", WidgetType::Label, words);
}
