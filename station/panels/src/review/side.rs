//! Seal, notes and custody.
//!
//! Invariant: green only when every byte was checked; a broken seal names what was changed. It
//! must not know how seals are made.

use egui::{Align2, CornerRadius, Rect, Ui, WidgetType, pos2};

use super::{ReviewAct, ReviewModel, SealVerdict};
use crate::draw::{self, Button};
use crate::icon::Icon;
use crate::local::FlyLocal;
use crate::theme::{self, Palette};
use crate::words;

/// The fingerprint as a picture: 8 x 8 cells from its first 64 bits, for comparing at a glance.
fn glyph(p: &egui::Painter, r: Rect, hex: &str, pal: &Palette) {
    p.rect_filled(r, CornerRadius::ZERO, pal.surface[0]);
    let bits = u64::from_str_radix(hex.get(..16).unwrap_or("0"), 16).unwrap_or(0);
    let c = r.width() / 8.0;
    for i in 0..64u8 {
        if bits >> (63 - i) & 1 == 1 {
            let (x, y) = (f32::from(i % 8), f32::from(i / 8));
            p.rect_filled(
                draw::rect(r.left() + x * c + 0.5, r.top() + y * c + 0.5, c - 1.0, c - 1.0),
                CornerRadius::ZERO,
                pal.text1,
            );
        }
    }
    p.rect_stroke(
        r.expand(2.0),
        CornerRadius::ZERO,
        egui::Stroke::new(1.0, pal.line_strong),
        egui::StrokeKind::Inside,
    );
}

pub(crate) fn show(
    ui: &mut Ui,
    r: Rect,
    m: &ReviewModel,
    l: &mut FlyLocal,
    compact: bool,
    pal: &Palette,
    out: &mut Vec<ReviewAct>,
) {
    let p = ui.painter().with_clip_rect(r);
    p.rect_filled(r, CornerRadius::ZERO, pal.surface[1]);
    let head = draw::rect(r.left(), r.top(), r.width(), 32.0);
    draw::header(&p, head, "Seal", "", pal);
    let (word, c) = match &m.seal.verdict {
        SealVerdict::NotSealed => ("not sealed".to_owned(), pal.text2),
        SealVerdict::NotVerified => ("not verified yet".to_owned(), pal.text1),
        SealVerdict::Verifying => ("verifying…".to_owned(), pal.text1),
        SealVerdict::Verified(t) => (format!("✔ verified {}", t.clock()), pal.confirmed),
        SealVerdict::Broken(_) => ("BROKEN".to_owned(), pal.alarm1),
    };
    draw::tag(
        &p,
        pos2(r.right() - 12.0, head.center().y),
        true,
        word.trim_start_matches("✔ "),
        c,
        pal,
    );
    draw::named(ui, head, "seal", WidgetType::Label, &format!("Seal: {word}"));
    let x = r.left() + 12.0;
    let w = r.width() - 24.0;
    let mut y = head.bottom() + 12.0;
    match &m.seal.fingerprint {
        Some(f) => {
            let side = if compact { 52.0 } else { 68.0 };
            glyph(&p, draw::rect(x + 2.0, y + 2.0, side, side), f, pal);
            let line = side / 4.0;
            for i in 0..4u8 {
                let at = usize::from(i) * 16;
                let part = words::groups(f.get(at..(at + 16).min(f.len())).unwrap_or(""), 4);
                draw::text(
                    &p,
                    pos2(x + side + 16.0, y + line * (f32::from(i) + 0.6)),
                    Align2::LEFT_CENTER,
                    &part,
                    theme::mono(),
                    pal.text1,
                );
            }
            y += side + 14.0;
        }
        None => {
            draw::text(
                &p,
                pos2(x, y + 6.0),
                Align2::LEFT_CENTER,
                "No sealed bundle for this record.",
                theme::body(),
                pal.text2,
            );
            y += 28.0;
        }
    }
    if let SealVerdict::Broken(why) = &m.seal.verdict {
        let t = draw::text_wrapped(&p, pos2(x, y), why, theme::small(), pal.alarm1, w, 3, 16.0);
        y = t.bottom() + 6.0;
    }
    let dash = || words::UNKNOWN.to_owned();
    for (k, val) in [
        (
            "Fingerprint of",
            m.seal
                .fingerprint
                .as_ref()
                .map_or_else(dash, |_| "manifest, SHA-256".to_owned()),
        ),
        ("Signed by", m.seal.signed_by.clone().unwrap_or_else(dash)),
        (
            "Files",
            m.seal.files.map_or_else(dash, |(a, b)| format!("{a} of {b} match")),
        ),
        ("Gaps recorded", m.seal.gaps.clone().unwrap_or_else(dash)),
    ] {
        draw::pair(&p, draw::rect(x, y, w, 20.0), k, &val, pal.text1, pal);
        y += 20.0;
    }
    y += 6.0;
    let can = !matches!(m.seal.verdict, SealVerdict::NotSealed | SealVerdict::Verifying);
    if Button::new("Verify")
        .icon(Icon::Shield)
        .key("V")
        .enabled(can)
        .show(ui, draw::rect(x, y, w, 30.0), pal)
        .clicked()
    {
        out.push(ReviewAct::Verify);
    }
    y += 40.0;
    let custody_h = 34.0 + 22.0 * if compact { 4.0 } else { 5.0 };
    let notes = Rect::from_min_max(pos2(r.left(), y), pos2(r.right(), r.bottom() - custody_h));
    note_list(ui, notes, m, l, pal, out);
    let custody = Rect::from_min_max(pos2(r.left(), notes.bottom()), r.max);
    let head = draw::rect(r.left(), custody.top(), r.width(), 30.0);
    draw::hline(&p, r.left(), r.right(), head.top(), pal.line_soft);
    draw::header(&p, head, "Custody", "", pal);
    let mut y = head.bottom() + 12.0;
    let fit = if compact { 4 } else { 5 };
    let skip = m.custody.len().saturating_sub(fit);
    draw::text(
        &p,
        pos2(head.right() - 12.0, head.center().y),
        Align2::RIGHT_CENTER,
        &if skip > 0 {
            format!("last {fit} of {}", m.custody.len())
        } else {
            format!("{} entries", m.custody.len())
        },
        theme::small(),
        pal.text2,
    );
    for c in m.custody.iter().skip(skip) {
        let t = draw::text(
            &p,
            pos2(x, y),
            Align2::LEFT_CENTER,
            &c.at.clock(),
            theme::mono(),
            pal.text2,
        );
        draw::text_in(
            &p,
            pos2(t.right() + 12.0, y),
            Align2::LEFT_CENTER,
            &c.who,
            theme::small(),
            pal.text1,
            w * 0.36,
        );
        draw::text_in(
            &p,
            pos2(r.right() - 12.0, y),
            Align2::RIGHT_CENTER,
            &c.what,
            theme::small(),
            pal.text1,
            w * 0.36,
        );
        y += 22.0;
    }
}

fn note_list(ui: &mut Ui, r: Rect, m: &ReviewModel, l: &mut FlyLocal, pal: &Palette, out: &mut Vec<ReviewAct>) {
    let p = ui.painter().with_clip_rect(r);
    let head = draw::rect(r.left(), r.top(), r.width(), 30.0);
    draw::hline(&p, r.left(), r.right(), r.top(), pal.line_soft);
    draw::header(&p, head, "Notes", "", pal);
    let x = r.left() + 12.0;
    let field = draw::rect(x, r.bottom() - 36.0, r.width() - 24.0, 28.0);
    let mut y = head.bottom() + 8.0;
    let fit = ((field.top() - y) / 42.0).max(0.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few rows")]
    let skip = m.notes.len().saturating_sub(fit as usize);
    if m.notes.is_empty() && fit >= 1.0 {
        draw::text(
            &p,
            pos2(x, y + 8.0),
            Align2::LEFT_CENTER,
            "None yet.",
            theme::small(),
            pal.text3,
        );
    }
    for n in m.notes.iter().skip(skip) {
        let t = draw::text(
            &p,
            pos2(x, y + 6.0),
            Align2::LEFT_CENTER,
            &n.at.clock(),
            theme::mono(),
            pal.text2,
        );
        draw::text(
            &p,
            pos2(t.right() + 8.0, y + 6.0),
            Align2::LEFT_CENTER,
            &n.who,
            theme::small(),
            pal.text2,
        );
        draw::text_wrapped(
            &p,
            pos2(x, y + 15.0),
            &n.text,
            theme::small(),
            pal.text1,
            r.width() - 24.0,
            1,
            16.0,
        );
        y += 42.0;
    }
    let edit = egui::TextEdit::singleline(&mut l.note)
        .hint_text("Add a note at the playhead, Enter")
        .font(theme::body());
    let resp = ui.place(field, edit);
    resp.widget_info(|| egui::WidgetInfo::labeled(WidgetType::TextEdit, true, "Note at the playhead"));
    if resp.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter)) && !l.note.trim().is_empty() {
        out.push(ReviewAct::Note(l.note.trim().to_owned()));
        l.note.clear();
    }
}
