//! Small drawing and control helpers all panels share: text, tags, buttons with key caps, bars,
//! hatches. Every control names itself to AccessKit.
//!
//! Invariant: a control looks the same everywhere and has a label. It must not know station data.

use egui::{
    Align2, Color32, CornerRadius, FontId, Painter, Pos2, Rect, Response, Sense, Shape, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo, WidgetType, pos2, vec2,
};

use crate::icon::{self, Icon};
use crate::theme::{self, Palette};

/// A rectangle's pieces.
pub(crate) fn rect(x: f32, y: f32, w: f32, h: f32) -> Rect {
    Rect::from_min_size(pos2(x, y), vec2(w, h))
}

/// Text on one line; returns where it stands.
pub(crate) fn text(p: &Painter, at: Pos2, align: Align2, s: &str, font: FontId, colour: Color32) -> Rect {
    p.text(at, align, s, font, colour)
}

/// Text cut with an ellipsis to a width; returns where it stands.
pub(crate) fn text_in(
    p: &Painter,
    at: Pos2,
    align: Align2,
    s: &str,
    font: FontId,
    colour: Color32,
    width: f32,
) -> Rect {
    let mut job = egui::text::LayoutJob::simple_singleline(s.to_owned(), font, colour);
    job.wrap.max_width = width.max(8.0);
    job.wrap.max_rows = 1;
    job.wrap.break_anywhere = true;
    let g = p.layout_job(job);
    let r = align.anchor_size(at, g.size());
    p.galley(r.min, g, colour);
    r
}

/// Text wrapped to a width and at most `rows` rows; returns where it stands.
#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
pub(crate) fn text_wrapped(
    p: &Painter,
    at: Pos2,
    s: &str,
    font: FontId,
    colour: Color32,
    width: f32,
    rows: usize,
    line: f32,
) -> Rect {
    let mut job = egui::text::LayoutJob::default();
    job.append(
        s,
        0.0,
        egui::TextFormat {
            font_id: font,
            color: colour,
            line_height: Some(line),
            ..Default::default()
        },
    );
    job.wrap.max_width = width.max(8.0);
    job.wrap.max_rows = rows;
    let g = p.layout_job(job);
    let r = Rect::from_min_size(at, g.size());
    p.galley(at, g, colour);
    r
}

/// How wide a line of text is.
pub(crate) fn width(p: &Painter, s: &str, font: FontId) -> f32 {
    p.layout_no_wrap(s.to_owned(), font, Color32::WHITE).size().x
}

/// Spaced capitals for names of sides.
pub(crate) fn spaced(p: &Painter, at: Pos2, s: &str, colour: Color32) -> Rect {
    let mut job = egui::text::LayoutJob::default();
    job.append(
        s,
        0.0,
        egui::TextFormat {
            font_id: theme::small(),
            extra_letter_spacing: 2.0,
            color: colour,
            ..Default::default()
        },
    );
    let g = p.layout_job(job);
    let r = Align2::CENTER_CENTER.anchor_size(at, g.size());
    p.galley(r.min + vec2(1.0, 1.0), g.clone(), Color32::from_black_alpha(200));
    p.galley_with_override_text_color(r.min + vec2(1.0, 1.0), g.clone(), Color32::from_black_alpha(200));
    p.galley(r.min, g, colour);
    r
}

/// Text with a dark edge, for pictures.
pub(crate) fn outlined(p: &Painter, at: Pos2, align: Align2, s: &str, font: FontId, colour: Color32) -> Rect {
    for d in [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)] {
        p.text(
            at + vec2(d.0, d.1),
            align,
            s,
            font.clone(),
            Color32::from_black_alpha(190),
        );
    }
    p.text(at, align, s, font, colour)
}

/// Filled rectangle with an outline inside.
pub(crate) fn framed(p: &Painter, r: Rect, radius: u8, fill: Color32, line: Color32) {
    p.rect(
        r,
        CornerRadius::same(radius),
        fill,
        Stroke::new(1.0, line),
        StrokeKind::Inside,
    );
}

/// A horizontal divider.
pub(crate) fn hline(p: &Painter, x0: f32, x1: f32, y: f32, colour: Color32) {
    p.hline(x0..=x1, y, Stroke::new(1.0, colour));
}

/// A key cap; `right` is its right edge. Returns its rectangle.
pub(crate) fn keycap(p: &Painter, right: f32, mid_y: f32, s: &str, pal: &Palette) -> Rect {
    keycap_in(p, right, mid_y, s, pal.line_strong, pal.text2)
}

fn keycap_in(p: &Painter, right: f32, mid_y: f32, s: &str, line: Color32, colour: Color32) -> Rect {
    let w = (width(p, s, theme::key()) + 8.0).max(16.0);
    let r = rect(right - w, mid_y - 8.0, w, 16.0);
    p.rect_stroke(r, CornerRadius::same(3), Stroke::new(1.0, line), StrokeKind::Inside);
    text(p, r.center(), Align2::CENTER_CENTER, s, theme::key(), colour);
    r
}

/// An outlined tag; returns its rectangle. `anchor` is its right or left middle.
pub(crate) fn tag(p: &Painter, at: Pos2, right: bool, s: &str, colour: Color32, pal: &Palette) -> Rect {
    let w = width(p, s, theme::small()) + 14.0;
    let x = if right { at.x - w } else { at.x };
    let r = rect(x, at.y - 10.0, w, 20.0);
    framed(
        p,
        r,
        3,
        pal.surface[0],
        if colour == pal.text2 { pal.line_strong } else { colour },
    );
    text(p, r.center(), Align2::CENTER_CENTER, s, theme::small(), colour);
    r
}

/// Looks of a button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Outline.
    Plain,
    /// In hand.
    Selected,
    /// The main thing to do.
    Primary,
    /// Without frame until hovered.
    Quiet,
    /// On a red or amber card.
    OnAlarm,
}

/// A button: icon, words, key cap, AccessKit label, focus ring.
pub(crate) struct Button<'a> {
    pub(crate) label: &'a str,
    pub(crate) words: &'a str,
    pub(crate) icon: Option<Icon>,
    pub(crate) key: &'a str,
    pub(crate) look: Look,
    pub(crate) enabled: bool,
}

impl<'a> Button<'a> {
    pub(crate) fn new(words: &'a str) -> Self {
        Self {
            label: words,
            words,
            icon: None,
            key: "",
            look: Look::Plain,
            enabled: true,
        }
    }
    pub(crate) fn label(mut self, s: &'a str) -> Self {
        self.label = s;
        self
    }
    pub(crate) fn icon(mut self, i: Icon) -> Self {
        self.icon = Some(i);
        self
    }
    pub(crate) fn key(mut self, k: &'a str) -> Self {
        self.key = k;
        self
    }
    pub(crate) fn look(mut self, l: Look) -> Self {
        self.look = l;
        self
    }
    pub(crate) fn selected(mut self, yes: bool) -> Self {
        if yes {
            self.look = Look::Selected;
        }
        self
    }
    pub(crate) fn enabled(mut self, yes: bool) -> Self {
        self.enabled = yes;
        self
    }

    /// Width it wants.
    pub(crate) fn wants(&self, p: &Painter) -> f32 {
        let mut w = 22.0;
        if self.icon.is_some() {
            w += 16.0;
        }
        if !self.words.is_empty() {
            w += width(p, self.words, theme::control()) + if self.icon.is_some() { 7.0 } else { 0.0 };
        }
        if !self.key.is_empty() {
            w += (width(p, self.key, theme::key()) + 8.0).max(16.0) + 8.0;
        }
        w
    }

    /// Draws it and listens.
    pub(crate) fn show(&self, ui: &mut Ui, r: Rect, pal: &Palette) -> Response {
        let id = ui.id().with(("button", self.label));
        let sense = if self.enabled {
            Sense::click_and_drag()
        } else {
            Sense::hover()
        };
        let resp = ui.interact(r, id, sense);
        resp.widget_info(|| {
            let mut i = WidgetInfo::labeled(WidgetType::Button, self.enabled, self.label);
            i.selected = (self.look == Look::Selected).then_some(true);
            i
        });
        let p = ui.painter();
        let down = resp.is_pointer_button_down_on();
        let hot = resp.hovered() && self.enabled;
        let (mut fill, mut line, mut fg) = match self.look {
            Look::Plain | Look::OnAlarm => (pal.surface[3], pal.line_strong, pal.text1),
            Look::Selected => (pal.accent_fill, pal.accent, pal.text1),
            Look::Primary => (pal.accent, pal.accent, pal.on_accent),
            Look::Quiet => (Color32::TRANSPARENT, Color32::TRANSPARENT, pal.text1),
        };
        if hot && self.look != Look::Selected {
            fill = if self.look == Look::Primary {
                pal.accent_hover
            } else {
                pal.surface[4]
            };
        }
        if self.look == Look::OnAlarm {
            fill = if hot {
                pal.surface[4]
            } else {
                Color32::from_black_alpha(90)
            };
        }
        if down {
            fill = if self.look == Look::Primary {
                pal.accent
            } else {
                pal.surface[1]
            };
            line = pal.accent;
        }
        if !self.enabled {
            fill = pal.surface[1];
            line = pal.line_soft;
            fg = pal.text3;
        }
        framed(p, r, 4, fill, line);
        if resp.has_focus() {
            p.rect_stroke(
                r.expand(3.0),
                CornerRadius::same(6),
                Stroke::new(
                    2.0,
                    if self.look == Look::Primary {
                        pal.text1
                    } else {
                        pal.accent
                    },
                ),
                StrokeKind::Inside,
            );
        }
        let inner = r.shrink2(vec2(10.0, 0.0));
        let only_words = self.icon.is_none() && self.key.is_empty();
        let mut x = inner.left();
        if let Some(i) = self.icon {
            let at = if self.words.is_empty() && self.key.is_empty() {
                r.center()
            } else {
                pos2(x + 8.0, r.center().y)
            };
            icon::paint(p, at, 16.0, i, if self.enabled { fg } else { pal.text3 });
            x += 23.0;
        }
        if !self.words.is_empty() {
            if only_words {
                text_in(
                    p,
                    r.center(),
                    Align2::CENTER_CENTER,
                    self.words,
                    theme::control(),
                    fg,
                    r.width() - 8.0,
                );
            } else {
                text_in(
                    p,
                    pos2(x, r.center().y),
                    Align2::LEFT_CENTER,
                    self.words,
                    theme::control(),
                    fg,
                    inner.right() - x,
                );
            }
        }
        if !self.key.is_empty() {
            let (right, mid) = (inner.right(), r.center().y);
            if self.look == Look::Primary && self.enabled {
                keycap_in(p, right, mid, self.key, fg, fg);
            } else {
                keycap(p, right, mid, self.key, pal);
            }
        }
        resp
    }
}

/// A name for AccessKit on a place that is only painted.
pub(crate) fn named(
    ui: &mut Ui,
    r: Rect,
    key: impl std::hash::Hash + std::fmt::Debug,
    kind: WidgetType,
    name: &str,
) -> Response {
    let id = ui.id().with(key);
    let resp = ui.interact(r, id, Sense::hover());
    resp.widget_info(|| WidgetInfo::labeled(kind, true, name));
    resp
}

/// Diagonal hatch inside a rectangle.
pub(crate) fn hatch(p: &Painter, r: Rect, step: f32, colour: Color32) {
    let q = p.with_clip_rect(r.intersect(p.clip_rect()));
    let mut x = r.left() - r.height();
    while x < r.right() {
        q.line_segment(
            [pos2(x, r.bottom()), pos2(x + r.height(), r.top())],
            Stroke::new(1.0, colour),
        );
        x += step;
    }
}

/// Diagonal hatch inside a polygon (even-odd), any shape.
pub(crate) fn hatch_polygon(p: &Painter, poly: &[Pos2], step: f32, colour: Color32) {
    if poly.len() < 3 {
        return;
    }
    // Lines x + y = c; along each, the crossings with the edges in order.
    let c_of = |q: &Pos2| q.x + q.y;
    let (lo, hi) = poly
        .iter()
        .fold((f32::MAX, f32::MIN), |(a, b), q| (a.min(c_of(q)), b.max(c_of(q))));
    if !(lo.is_finite() && hi.is_finite()) || hi - lo > 20_000.0 {
        return;
    }
    let mut c = (lo / step).ceil() * step;
    while c < hi {
        let mut xs: Vec<f32> = Vec::new();
        for i in 0..poly.len() {
            let (a, b) = (poly[i], poly[(i + 1) % poly.len()]);
            let (ca, cb) = (c_of(&a), c_of(&b));
            if (ca > c) != (cb > c) {
                xs.push(a.x + (b.x - a.x) * (c - ca) / (cb - ca));
            }
        }
        xs.sort_by(f32::total_cmp);
        for w in xs.chunks_exact(2) {
            p.line_segment([pos2(w[0], c - w[0]), pos2(w[1], c - w[1])], Stroke::new(1.0, colour));
        }
        c += step;
    }
}

/// A line with its dark casing under it.
pub(crate) fn cased(p: &Painter, pts: Vec<Pos2>, width: f32, colour: Color32) {
    if pts.len() < 2 {
        return;
    }
    p.add(Shape::line(
        pts.clone(),
        Stroke::new(width + 2.0, Color32::from_black_alpha(150)),
    ));
    p.add(Shape::line(pts, Stroke::new(width, colour)));
}

/// A dashed line with casing.
pub(crate) fn dashed(p: &Painter, pts: &[Pos2], width: f32, colour: Color32, dash: f32, gap: f32) {
    if pts.len() < 2 {
        return;
    }
    p.extend(Shape::dashed_line(
        pts,
        Stroke::new(width + 1.5, Color32::from_black_alpha(120)),
        dash,
        gap,
    ));
    p.extend(Shape::dashed_line(pts, Stroke::new(width, colour), dash, gap));
}

/// How many of the five bars are filled by a share.
pub(crate) fn bars_of(share: f64) -> u8 {
    (0..5).map(|i| u8::from(share > f64::from(i) * 0.2 + 0.02)).sum()
}

/// Five rising bars, filled by a share.
pub(crate) fn bars(p: &Painter, at: Pos2, share: f64, pal: &Palette) -> f32 {
    for i in 0..5u8 {
        let h = 4.0 + f32::from(i) * 1.6;
        let x = at.x + f32::from(i) * 4.6;
        let on = i < bars_of(share);
        p.rect_filled(
            rect(x, at.y + 5.0 - h, 3.4, h),
            CornerRadius::ZERO,
            if on { pal.text1 } else { pal.line_strong },
        );
    }
    23.0
}

/// Battery as a bar with its reserve mark.
pub(crate) fn battery(p: &Painter, r: Rect, share: f64, reserve: f64, pal: &Palette) {
    framed(p, r, 0, pal.surface[0], pal.line_strong);
    let inner = r.shrink(1.5);
    #[expect(clippy::cast_possible_truncation, reason = "share 0..1")]
    let (s, m) = (share.clamp(0.0, 1.0) as f32, reserve.clamp(0.0, 1.0) as f32);
    p.rect_filled(
        Rect::from_min_size(inner.min, vec2(inner.width() * s, inner.height())),
        CornerRadius::ZERO,
        pal.text2,
    );
    let x = inner.left() + inner.width() * m;
    p.vline(x, (r.top() - 1.5)..=(r.bottom() + 1.5), Stroke::new(2.0, pal.text1));
}

/// Label left, value right, on one row.
pub(crate) fn pair(p: &Painter, r: Rect, label: &str, value: &str, colour: Color32, pal: &Palette) {
    let w = text_in(
        p,
        r.right_center(),
        Align2::RIGHT_CENTER,
        value,
        theme::mono(),
        colour,
        r.width() * 0.72,
    );
    text_in(
        p,
        r.left_center(),
        Align2::LEFT_CENTER,
        label,
        theme::small(),
        pal.text2,
        w.left() - r.left() - 6.0,
    );
}

/// A panel's header: strong words, quiet words. Returns the x after them.
pub(crate) fn header(p: &Painter, r: Rect, words: &str, quiet: &str, pal: &Palette) -> f32 {
    p.rect_filled(r, CornerRadius::ZERO, pal.surface[1]);
    hline(p, r.left(), r.right(), r.bottom() - 0.5, pal.line_soft);
    let a = text(
        p,
        pos2(r.left() + 12.0, r.center().y),
        Align2::LEFT_CENTER,
        words,
        theme::strong(),
        pal.text1,
    );
    let b = text(
        p,
        pos2(a.right() + 8.0, r.center().y),
        Align2::LEFT_CENTER,
        quiet,
        theme::body(),
        pal.text2,
    );
    b.right()
}

/// The right end of a top bar: a clock with its unit, quiet words before it, and a divider. Returns
/// the x where what stands before it ends.
pub(crate) fn bar_clock(p: &Painter, r: Rect, unit: &str, clock: &str, quiet: &str, pal: &Palette) -> f32 {
    let y = r.center().y;
    let right = |x: f32, dy: f32, s: &str, font: FontId, c: Color32| {
        text(p, pos2(x, y + dy), Align2::RIGHT_CENTER, s, font, c).left()
    };
    let mut x = right(r.right() - 12.0, 1.0, unit, theme::small(), pal.text2);
    x = right(x - 8.0, 0.0, clock, theme::figure(), pal.text1) - 10.0;
    if !quiet.is_empty() {
        x = right(x, 0.0, quiet, theme::body(), pal.text2) - 12.0;
    }
    p.vline(x, (y - 10.0)..=(y + 10.0), Stroke::new(1.0, pal.line_soft));
    x - 12.0
}

/// The left end of a top bar: the mark, and the name where there is room. Returns the x after it.
pub(crate) fn bar_name(p: &Painter, r: Rect, short: bool, pal: &Palette) -> f32 {
    let y = r.center().y;
    icon::paint(p, pos2(r.left() + 20.0, y), 17.0, Icon::Logo, pal.accent);
    if short {
        return r.left() + 48.0;
    }
    let at = pos2(r.left() + 40.0, y);
    text(p, at, Align2::LEFT_CENTER, "Vedette", theme::strong(), pal.text1).right() + 14.0
}

/// A colour with another alpha.
pub(crate) fn alpha(c: Color32, a: u8) -> Color32 {
    Color32::from_rgba_unmultiplied(c.r(), c.g(), c.b(), a)
}

/// Fits a picture of `size` into `r`, keeping its shape.
pub(crate) fn fit(size: Vec2, r: Rect) -> Rect {
    if size.x <= 0.0 || size.y <= 0.0 {
        return r;
    }
    let k = (r.width() / size.x).min(r.height() / size.y);
    Rect::from_center_size(r.center(), size * k)
}
