//! A plain table: heads, right-aligned figures, rows that scroll and only draw what is seen.
//!
//! Invariant: columns keep their places while rows change. It must not know what it shows.

use egui::{Align2, Color32, Painter, Rect, Sense, Ui, WidgetInfo, WidgetType, pos2};

use crate::draw;
use crate::theme::{self, Palette};

/// A column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    /// Share of the width.
    pub(crate) share: f32,
    /// Figures stand right.
    pub(crate) right: bool,
}

/// Columns from name, share and side.
pub(crate) const fn col(name: &'static str, share: f32, right: bool) -> Column {
    Column { name, share, right }
}

/// Where cells of one row stand.
pub(crate) struct Cells<'a> {
    p: &'a Painter,
    row: Rect,
    columns: &'a [Column],
}

/// Cells of a row that is not in a list.
pub(crate) fn cells<'a>(p: &'a Painter, row: Rect, columns: &'a [Column]) -> Cells<'a> {
    Cells { p, row, columns }
}

impl Cells<'_> {
    /// Where it is painted.
    pub(crate) fn painter(&self) -> &Painter {
        self.p
    }
    /// The cell's rectangle.
    pub(crate) fn rect(&self, i: usize) -> Rect {
        let inner = self.row.shrink2(egui::vec2(12.0, 0.0));
        let from: f32 = self.columns[..i].iter().map(|c| c.share).sum::<f32>() * inner.width();
        draw::rect(
            inner.left() + from,
            self.row.top(),
            self.columns[i].share * inner.width() - 10.0,
            self.row.height(),
        )
    }
    /// Writes into a cell.
    pub(crate) fn put(&self, i: usize, s: &str, font: egui::FontId, c: Color32) -> Rect {
        let r = self.rect(i);
        let (at, al) = if self.columns[i].right {
            (pos2(r.right(), r.center().y), Align2::RIGHT_CENTER)
        } else {
            (pos2(r.left(), r.center().y), Align2::LEFT_CENTER)
        };
        draw::text_in(self.p, at, al, s, font, c, r.width())
    }
}

/// Column heads; returns what is below them.
pub(crate) fn head(p: &Painter, r: Rect, columns: &[Column], pal: &Palette) -> Rect {
    let row = draw::rect(r.left(), r.top(), r.width(), 24.0);
    let cells = Cells { p, row, columns };
    for (i, c) in columns.iter().enumerate() {
        cells.put(i, c.name, theme::small(), pal.text3);
    }
    draw::hline(p, r.left(), r.right(), row.bottom() - 0.5, pal.line_soft);
    r.with_min_y(row.bottom())
}

/// Rows that scroll. `name` names a row to AccessKit; a clicked row is returned.
#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
pub(crate) fn rows(
    ui: &mut Ui,
    r: Rect,
    id: &str,
    height: f32,
    count: usize,
    columns: &[Column],
    pal: &Palette,
    selected: Option<usize>,
    mut name: impl FnMut(usize) -> String,
    mut draw_row: impl FnMut(&Cells, usize),
) -> Option<usize> {
    let mut clicked = None;
    let mut child = ui.new_child(egui::UiBuilder::new().id_salt(id).max_rect(r));
    child.set_clip_rect(r.intersect(ui.clip_rect()));
    child.spacing_mut().item_spacing = egui::Vec2::ZERO;
    egui::ScrollArea::vertical()
        .id_salt(id)
        .auto_shrink([false, false])
        .show_rows(&mut child, height, count, |ui, range| {
            for i in range {
                let (row, resp) = ui.allocate_exact_size(egui::vec2(r.width(), height), Sense::click());
                let said = name(i);
                resp.widget_info(|| {
                    let mut w = WidgetInfo::labeled(WidgetType::Button, true, &said);
                    w.selected = Some(selected == Some(i));
                    w
                });
                let p = ui.painter().clone();
                if selected == Some(i) {
                    p.rect_filled(row, egui::CornerRadius::ZERO, pal.accent_fill);
                } else if resp.hovered() {
                    p.rect_filled(row, egui::CornerRadius::ZERO, pal.surface[2]);
                }
                draw::hline(&p, row.left(), row.right(), row.bottom() - 0.5, pal.line_soft);
                let cells = Cells { p: &p, row, columns };
                draw_row(&cells, i);
                if resp.clicked() {
                    clicked = Some(i);
                }
            }
        });
    clicked
}

/// A single-line field with a name for AccessKit; true when Enter ended it.
pub(crate) fn field(ui: &mut Ui, r: Rect, text: &mut String, hint: &str, label: &str) -> bool {
    let edit = egui::TextEdit::singleline(text).hint_text(hint).font(theme::body());
    let resp = ui.place(r, edit);
    resp.widget_info(|| WidgetInfo::labeled(WidgetType::TextEdit, true, label));
    resp.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter))
}

/// Words where there is nothing to show.
pub(crate) fn nothing(p: &Painter, r: Rect, words: &str, pal: &Palette) {
    draw::text_wrapped(
        p,
        pos2(r.left() + 12.0, r.top() + 12.0),
        words,
        theme::body(),
        pal.text3,
        r.width() - 24.0,
        4,
        20.0,
    );
}
