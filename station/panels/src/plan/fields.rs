//! One field of the brief: its name, the text being typed, the unit; and how people write numbers.
//!
//! Invariant: what is being typed survives until the field is left; a text that is no number is
//! no number. It must not know which field it is.

use egui::{Align2, Rect, Ui, WidgetType, pos2};

use crate::draw;
use crate::theme::{self, Palette};

/// A number being typed is kept here until the field is left.
pub(super) fn field(ui: &mut Ui, r: Rect, label: &str, unit: &str, text: &str, pal: &Palette) -> Option<String> {
    let name = draw::rect(r.left(), r.top(), r.width(), 16.0);
    draw::text_in(
        ui.painter(),
        name.left_center(),
        Align2::LEFT_CENTER,
        label,
        theme::small(),
        pal.text2,
        name.width(),
    );
    let label_id = draw::named(ui, name, ("field name", label), WidgetType::Label, label).id;
    let box_ = Rect::from_min_max(pos2(r.left(), r.top() + 18.0), r.max);
    let id = ui.id().with(("field", label));
    let focused = ui.memory(|m| m.has_focus(id));
    let mut buf = if focused {
        ui.data(|d| d.get_temp::<String>(id)).unwrap_or_else(|| text.to_owned())
    } else {
        text.to_owned()
    };
    let p = ui.painter().clone();
    draw::framed(
        &p,
        box_,
        3,
        pal.surface[0],
        if focused { pal.accent } else { pal.line_strong },
    );
    let unit_w = draw::width(&p, unit, theme::small());
    draw::text(
        &p,
        pos2(box_.right() - 8.0, box_.center().y),
        Align2::RIGHT_CENTER,
        unit,
        theme::small(),
        pal.text3,
    );
    let inner = Rect::from_min_max(
        pos2(box_.left() + 8.0, box_.top() + 2.0),
        pos2(box_.right() - unit_w - 12.0, box_.bottom() - 2.0),
    );
    let resp = ui
        .put(
            inner,
            egui::TextEdit::singleline(&mut buf)
                .id(id)
                .frame(egui::Frame::NONE)
                .font(theme::mono())
                .text_color(pal.text1)
                .vertical_align(egui::Align::Center)
                .margin(egui::Margin::ZERO)
                .desired_width(inner.width()),
        )
        .labelled_by(label_id);
    let changed = resp.changed();
    if resp.has_focus() {
        ui.data_mut(|d| d.insert_temp(id, buf.clone()));
    } else {
        ui.data_mut(|d| d.remove::<String>(id));
    }
    changed.then_some(buf)
}

/// Numbers in a text, as people write them: "90 – 150", "240° 8", "1,5".
pub(super) fn numbers(s: &str) -> Vec<f64> {
    let minus = s.trim_start().starts_with('-');
    let mut all: Vec<f64> = s
        .split(|c: char| !(c.is_ascii_digit() || c == '.' || c == ','))
        .filter_map(|t| t.replace(',', ".").trim_matches('.').parse().ok())
        .collect();
    if minus && let Some(x) = all.first_mut() {
        *x = -*x;
    }
    all
}

/// Seconds in a text: "25 min", "272 s", "1:30 h", "4:32"; a bare number is in `bare_s` seconds.
pub(super) fn seconds(s: &str, bare_s: f64) -> Option<f64> {
    let n = numbers(s);
    let first = *n.first()?;
    if s.contains(':') {
        let second = n.get(1).copied().unwrap_or(0.0);
        let big = if s.contains('h') { 3600.0 } else { 60.0 };
        return Some(first * big + second * big / 60.0);
    }
    if s.contains('h') {
        let minutes = n.get(1).copied().unwrap_or(0.0);
        return Some(first * 3600.0 + minutes * 60.0);
    }
    if s.contains('m') {
        return Some(first * 60.0 + n.get(1).copied().unwrap_or(0.0));
    }
    Some(if s.contains('s') { first } else { first * bare_s })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_write_times_and_ranges_in_many_ways() {
        for (text, s) in [
            ("25 min", 1500.0),
            ("25", 1500.0),
            ("272 s", 272.0),
            ("4 min 32 s", 272.0),
            ("4:32", 272.0),
            ("11 h 30 min", 41_400.0),
            ("1,5 h", 5400.0),
        ] {
            assert_eq!(seconds(text, 60.0), Some(s), "{text}");
        }
        assert_eq!(seconds("soon", 60.0), None);
        assert_eq!(numbers("90 – 150"), [90.0, 150.0]);
        assert_eq!(numbers("240° 8 + 3"), [240.0, 8.0, 3.0]);
        assert_eq!(numbers(""), Vec::<f64>::new());
    }
}
