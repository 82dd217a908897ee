//! The trainee's console, drawn again smaller, with the truth over it for the instructor.
//!
//! Invariant: nothing in the mirror can be pressed, and drawing it gives no intent. It must not
//! know where the truth comes from.

use egui::emath::TSTransform;
use egui::{Align2, CornerRadius, LayerId, Painter, Pos2, Rect, Stroke, StrokeKind, Ui, UiBuilder, pos2, vec2};
use vedette_core::StationView;
use vedette_geo::LatLon;

use super::DeskModel;
use crate::draw;
use crate::fly;
use crate::local::{FlyFeeds, FlyLocal, Workspace};
use crate::theme::{self, Palette};

/// Draws it; gives where it stands.
#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
pub(super) fn show(
    ui: &mut Ui,
    room: Rect,
    m: &DeskModel,
    view: Option<&StationView>,
    trainee: &mut FlyLocal,
    overlay: bool,
    feeds: &FlyFeeds,
    compact: bool,
    pal: &Palette,
) -> Rect {
    // The console keeps its own arrangement; only its size on the desk is smaller.
    let size = if compact {
        vec2(1280.0, 720.0)
    } else {
        vec2(1600.0, 900.0)
    };
    let frame = draw::fit(size, room);
    let p = ui.painter().clone();
    p.rect_filled(frame, CornerRadius::ZERO, pal.surface[1]);
    let Some(v) = view else {
        draw::text(
            &p,
            frame.center(),
            Align2::CENTER_CENTER,
            "The station has not begun yet.",
            theme::body(),
            pal.text2,
        );
        return frame;
    };
    let to = TSTransform::new(frame.min.to_vec2(), frame.width() / size.x);
    let layer = LayerId::new(ui.layer_id().order, ui.id().with("mirror"));
    ui.ctx().set_sublayer(ui.layer_id(), layer);
    ui.ctx().set_transform_layer(layer, to);
    let whole = Rect::from_min_size(Pos2::ZERO, size);
    let mut inner = ui.new_child(UiBuilder::new().id_salt("mirror").layer_id(layer).max_rect(whole));
    inner.set_clip_rect(whole);
    inner.visuals_mut().disabled_alpha = 1.0;
    inner.disable();
    fly::mirror(&mut inner, v, trainee, feeds);
    if overlay && trainee.workspace == Workspace::Fly {
        let p = inner.painter().with_clip_rect(trainee.map_rect);
        let marks: Vec<_> = m
            .actors
            .iter()
            .filter(|a| a.subject || a.fix_error_m.is_some())
            .map(|a| {
                let words = match a.fix_error_m {
                    Some(e) => format!("truth {} · {e:.0} m from fix", a.number),
                    None => format!("truth {} · not seen yet", a.number),
                };
                (words, a.at)
            })
            .collect();
        truth_marks(&p, &marks, trainee, feeds, pal);
    }
    frame
}

/// Where actors really are, drawn over a map: a square and a plate each. Plates keep apart.
pub(crate) fn truth_marks(p: &Painter, marks: &[(String, LatLon)], l: &FlyLocal, feeds: &FlyFeeds, pal: &Palette) {
    let Some(shapes) = &l.shapes else { return };
    let w = l.map.view(l.map_rect);
    let mut taken: Vec<Rect> = Vec::new();
    for (words, at) in marks {
        let q = shapes.on_ground(*at, feeds.relief);
        let Some(c) = w.project(q[0], q[1], q[2]).filter(|c| l.map_rect.contains(*c)) else {
            continue;
        };
        p.rect_stroke(
            Rect::from_center_size(c, vec2(15.0, 15.0)),
            CornerRadius::ZERO,
            Stroke::new(4.0, pal.surface[0]),
            StrokeKind::Middle,
        );
        p.rect_stroke(
            Rect::from_center_size(c, vec2(15.0, 15.0)),
            CornerRadius::ZERO,
            Stroke::new(2.0, pal.text1),
            StrokeKind::Middle,
        );
        let width = draw::width(p, words, theme::strong()) + 18.0;
        let mut plate = draw::rect(c.x - width - 14.0, c.y - 13.0, width, 26.0);
        if plate.left() < l.map_rect.left() + 6.0 {
            plate = draw::rect(c.x + 14.0, c.y - 13.0, width, 26.0);
        }
        // People of one group stand close: their plates go below each other.
        while taken.iter().any(|t| t.intersects(plate)) && plate.bottom() < l.map_rect.bottom() {
            plate = plate.translate(vec2(0.0, 30.0));
        }
        taken.push(plate);
        p.rect(
            plate,
            CornerRadius::same(3),
            pal.surface[0],
            Stroke::new(2.0, pal.text1),
            StrokeKind::Inside,
        );
        draw::text(
            p,
            pos2(plate.center().x, plate.center().y),
            Align2::CENTER_CENTER,
            words,
            theme::strong(),
            pal.text1,
        );
    }
}
