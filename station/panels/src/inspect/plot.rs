//! A number of the wire over time, and where the flight's frames are logged.
//!
//! Invariant: only what was seen is drawn, a silence is a gap. It must not know what a field means.

use egui::{Align2, Rect, Shape, Stroke, Ui, WidgetType, pos2};
use vedette_model::{DecodedFrame, MessageRow, Mono};

use super::Scene;
use crate::draw::{self, Button};
use crate::local::FlyLocal;
use crate::theme;
use crate::words;

/// Height of the plot.
const HEIGHT: f32 = 112.0;
/// A pause longer than this is a gap, microseconds.
const GAP_US: i64 = 5_000_000;

/// A shown value as a number: `4,188,204`, `−4.77`, `1.5e3`.
pub(super) fn number(text: &str) -> Option<f64> {
    let t: String = text
        .chars()
        .filter(|c| *c != ',')
        .map(|c| if c == '−' { '-' } else { c })
        .collect();
    t.trim().parse().ok().filter(|x: &f64| x.is_finite())
}

/// The field of this message that is plotted.
pub(super) fn field<'a>(l: &'a FlyLocal, row: &MessageRow) -> Option<&'a str> {
    let (c, id, name) = l.inspect.plot.as_ref()?;
    (*c == row.component && *id == row.id).then_some(name)
}

/// What is left for the values above a plot.
pub(super) fn above(r: Rect, l: &FlyLocal, row: &MessageRow) -> Rect {
    match field(l, row) {
        Some(_) if r.height() > HEIGHT + 60.0 => r.with_max_y(r.bottom() - HEIGHT),
        _ => r,
    }
}

/// Samples the plotted field and draws it.
pub(super) fn show(
    ui: &mut Ui,
    r: Rect,
    s: &Scene,
    l: &mut FlyLocal,
    row: &MessageRow,
    frame: &DecodedFrame,
    now: Mono,
) {
    let Some(name) = field(l, row).map(str::to_owned) else {
        return;
    };
    let found = frame.fields.iter().find(|f| f.name == name);
    if let Some(x) = found.and_then(|f| number(&f.value)) {
        l.inspect.sample(row.last, x);
    }
    if r.height() <= HEIGHT + 60.0 {
        return;
    }
    let r = r.with_min_y(r.bottom() - HEIGHT);
    let p = ui.painter().with_clip_rect(r);
    draw::hline(&p, r.left(), r.right(), r.top() + 0.5, s.pal.line_soft);
    let all = &l.inspect.samples;
    let unit = found.map_or("", |f| f.unit.as_str());
    let (low, high) = all.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), (_, x)| {
        (a.min(*x), b.max(*x))
    });
    let from = all.front().map_or(now, |(t, _)| *t);
    let span_us = now.since(from).max(10_000_000);
    let title = format!("{name}, last {}", words::duration(Mono(span_us).seconds()));
    draw::text(
        &p,
        pos2(r.left() + 12.0, r.top() + 12.0),
        Align2::LEFT_CENTER,
        &title,
        theme::small(),
        s.pal.text2,
    );
    let plot = Rect::from_min_max(
        pos2(r.left() + 12.0, r.top() + 24.0),
        pos2(r.right() - 92.0, r.bottom() - 10.0),
    );
    let said = if all.is_empty() {
        format!("Plot of {name}: no value yet")
    } else {
        format!("Plot of {name}: {} values, {low} to {high} {unit}", all.len())
    };
    draw::named(ui, r, "plot", WidgetType::Label, said.trim_end());
    if all.is_empty() {
        return;
    }
    // A steady value stands in the middle of its own scale.
    let (low, high) = if high - low < 1e-9 * high.abs().max(1.0) {
        (low - 0.5, high + 0.5)
    } else {
        (low, high)
    };
    for (y, v) in [(plot.top(), high), (plot.bottom(), low)] {
        draw::hline(&p, plot.left(), plot.right(), y, s.pal.line_soft);
        let t = format!("{} {unit}", short(v, high - low));
        draw::text_in(
            &p,
            pos2(plot.right() + 8.0, y),
            Align2::LEFT_CENTER,
            &t,
            theme::small(),
            s.pal.text2,
            80.0,
        );
    }
    let at = |t: Mono, x: f64| {
        let share = now.since(t) as f64 / span_us as f64;
        pos2(
            plot.right() - plot.width() * share as f32,
            plot.bottom() - plot.height() * ((x - low) / (high - low)) as f32,
        )
    };
    let mut run: Vec<egui::Pos2> = Vec::new();
    let mut last: Option<Mono> = None;
    let flush = |run: &mut Vec<egui::Pos2>| {
        match run.as_slice() {
            [] => {}
            [one] => {
                p.circle_filled(*one, 1.5, s.pal.text1);
            }
            many => {
                p.add(Shape::line(many.to_vec(), Stroke::new(1.4, s.pal.text1)));
            }
        }
        run.clear();
    };
    for (t, x) in all {
        if last.is_some_and(|l| t.since(l) > GAP_US) {
            flush(&mut run);
        }
        run.push(at(*t, *x));
        last = Some(*t);
    }
    flush(&mut run);
}

/// As many digits as tell the ends of a scale apart.
fn short(v: f64, range: f64) -> String {
    let digits = if range >= 100.0 {
        0
    } else if range >= 1.0 {
        1
    } else if range >= 0.01 {
        3
    } else {
        6
    };
    if digits == 0 {
        words::thousands(v)
    } else {
        format!("{v:.digits$}")
    }
}

/// Plot and log, beside the button that copies.
pub(super) fn buttons(ui: &mut Ui, copy: Rect, s: &Scene, l: &mut FlyLocal, row: &MessageRow, frame: &DecodedFrame) {
    let p = ui.painter().clone();
    let first = frame
        .fields
        .iter()
        .find(|f| number(&f.value).is_some() && !f.name.contains("time"));
    let on = field(l, row).is_some();
    let plot = Button::new("Plot")
        .label("Plot a value")
        .selected(on)
        .enabled(on || first.is_some());
    let log = Button::new(".tlog")
        .label("Telemetry log of this flight")
        .enabled(s.feeds.tlog.is_some());
    let (pw, lw) = (plot.wants(&p), log.wants(&p));
    // On a small screen they stand left of it, else right.
    let x = if s.compact {
        copy.left() - pw - lw - 12.0
    } else {
        copy.right() + 8.0
    };
    let resp = plot.show(ui, draw::rect(x, copy.top(), pw, copy.height()), s.pal);
    if resp.on_hover_text("a click on a value plots that one").clicked() {
        let name = field(l, row)
            .map(str::to_owned)
            .or_else(|| first.map(|f| f.name.clone()));
        if let Some(n) = name {
            l.inspect.toggle_plot(row.component, row.id, &n);
        }
    }
    let q = draw::rect(x + pw + 6.0, copy.top(), lw, copy.height());
    if log.show(ui, q, s.pal).clicked()
        && let Some(path) = &s.feeds.tlog
    {
        ui.ctx().copy_text(path.to_string());
        l.inspect.log_shown = true;
    }
    if l.inspect.log_shown
        && let Some(path) = &s.feeds.tlog
        && !s.compact
    {
        let name = path.rsplit('/').next().unwrap_or(path);
        let words = format!("{name}: path copied");
        let x = q.right() + 10.0;
        let room = draw::rect(x, q.top(), 220.0, q.height());
        let t = draw::text_in(
            &p,
            room.left_center(),
            Align2::LEFT_CENTER,
            &words,
            theme::small(),
            s.pal.text2,
            220.0,
        );
        draw::named(
            ui,
            t,
            "tlog",
            WidgetType::Label,
            &format!("Telemetry log: {path}, path copied"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_values_are_numbers_again() {
        assert_eq!(number("4,188,204"), Some(4_188_204.0));
        assert_eq!(number("−4.77"), Some(-4.77));
        assert_eq!(number("42.4412873"), Some(42.441_287_3));
        assert_eq!(number("AUTO"), None);
        assert_eq!(number("nan"), None);
    }
}
