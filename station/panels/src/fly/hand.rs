//! What the pointer does to a map: move, turn, tilt, zoom.
//!
//! Invariant: the place under the pointer stays under it while zooming. It must not know what is
//! on the map.

use egui::{Rect, Ui};

use crate::local::FlyLocal;

/// Pans; turns and tilts with the secondary button or Shift.
pub(crate) fn drag(ui: &Ui, resp: &egui::Response, l: &mut FlyLocal) {
    let d = resp.drag_delta();
    let turn = resp.dragged_by(egui::PointerButton::Secondary)
        || resp.dragged_by(egui::PointerButton::Middle)
        || ui.input(|i| i.modifiers.shift);
    if turn {
        l.map.azimuth_deg = vedette_geo::norm_deg_360(l.map.azimuth_deg - f64::from(d.x) * 0.4);
        if !l.map.is_flat() {
            l.map.tilt_deg = (l.map.tilt_deg - f64::from(d.y) * 0.25).clamp(15.0, 75.0);
        }
    } else {
        l.map.pan(d);
        l.chase = false;
    }
}

/// Zooms about the pointer.
pub(crate) fn wheel(ui: &Ui, resp: &egui::Response, r: Rect, l: &mut FlyLocal) {
    let Some(at) = resp.hover_pos() else { return };
    let scroll = ui.input(|i| i.smooth_scroll_delta().y);
    let pinch = ui.input(egui::InputState::zoom_delta);
    if scroll.abs() > 0.1 || (pinch - 1.0).abs() > 1e-3 {
        l.map.zoom(f64::from((-scroll * 0.0025).exp() / pinch), at, r);
    }
}
