//! Incidents of a running session: what was opened, sealed, answered.
//!
//! Invariant: a seal is shown with the start of its hash. It must not know how evidence is sealed.

use egui::{Align2, CornerRadius, Rect, Stroke, Ui, pos2, vec2};
use vedette_core::StationView;
use vedette_model::{IncidentState, Intent};

use super::alerts::{seal_row, state_words, waits};
use crate::draw;
use crate::local::FlyLocal;
use crate::theme::{self, Palette};
use crate::words;

/// Incidents of this session, for the Review workspace of a live station.
pub(crate) fn show(ui: &mut Ui, r: Rect, v: &StationView, l: &mut FlyLocal, pal: &Palette, out: &mut Vec<Intent>) {
    let p = ui.painter().clone();
    p.rect_filled(r, CornerRadius::ZERO, pal.surface[1]);
    let head = draw::rect(r.left(), r.top(), r.width(), 32.0);
    draw::header(
        &p,
        head,
        "Incidents of this watch",
        "a finished session opens with its timeline: vedette review SESSION",
        pal,
    );
    let col = r.width().min(980.0);
    let mut y = head.bottom() + 12.0;
    if v.incidents.is_empty() {
        draw::text(
            &p,
            pos2(r.left() + 12.0, y + 10.0),
            Align2::LEFT_CENTER,
            "None yet. An incident is opened from a confirmed alert in Fly (F1).",
            theme::body(),
            pal.text2,
        );
        y += 28.0;
    }
    for i in v.incidents.values() {
        let c = draw::rect(r.left() + 12.0, y, col - 24.0, 86.0);
        p.rect(
            c,
            CornerRadius::ZERO,
            pal.surface[2],
            Stroke::new(1.0, pal.line_soft),
            egui::StrokeKind::Inside,
        );
        let title = v.alerts.get(&i.alert).map_or("alert gone", |a| a.title.as_str());
        let t = draw::text(
            &p,
            c.min + vec2(12.0, 18.0),
            Align2::LEFT_CENTER,
            &i.id.to_string(),
            theme::title(),
            pal.text1,
        );
        draw::text(
            &p,
            pos2(t.right() + 10.0, c.top() + 18.0),
            Align2::LEFT_CENTER,
            title,
            theme::body(),
            pal.text1,
        );
        draw::text(
            &p,
            c.right_top() + vec2(-12.0, 18.0),
            Align2::RIGHT_CENTER,
            &format!(
                "opened {} by {} · evidence {} – {}",
                i.opened_utc.clock(),
                i.by,
                i.from.clock(),
                i.to.clock()
            ),
            theme::small(),
            pal.text2,
        );
        let word = seal_row(
            ui,
            draw::rect(c.left() + 12.0, c.bottom() - 42.0, 500.0, 30.0),
            i,
            l,
            pal,
            out,
        );
        let sealed = matches!(i.state, IncidentState::Sealed { .. });
        draw::text_in(
            &p,
            pos2(
                if sealed { c.left() + 12.0 } else { c.right() - 12.0 },
                c.bottom() - 27.0,
            ),
            if sealed {
                Align2::LEFT_CENTER
            } else {
                Align2::RIGHT_CENTER
            },
            &word,
            theme::small(),
            if sealed { pal.confirmed } else { pal.text2 },
            c.width() * 0.5,
        );
        if let IncidentState::Sealed { manifest_sha256, .. } = &i.state {
            draw::text(
                &p,
                c.right_bottom() - vec2(12.0, 27.0),
                Align2::RIGHT_CENTER,
                &words::groups(manifest_sha256, 16),
                theme::mono(),
                pal.text2,
            );
        }
        y += 94.0;
    }
    y += 10.0;
    draw::text(
        &p,
        pos2(r.left() + 12.0, y),
        Align2::LEFT_CENTER,
        "Alerts answered",
        theme::strong(),
        pal.text1,
    );
    y += 22.0;
    for a in v.alerts.values().filter(|a| !waits(a)) {
        if y > r.bottom() - 20.0 {
            break;
        }
        draw::text(
            &p,
            pos2(r.left() + 12.0, y),
            Align2::LEFT_CENTER,
            &a.raised_utc.clock(),
            theme::mono(),
            pal.text2,
        );
        draw::text_in(
            &p,
            pos2(r.left() + 90.0, y),
            Align2::LEFT_CENTER,
            &format!("{} · {}", a.title, state_words(v, a)),
            theme::body(),
            pal.text1,
            col - 110.0,
        );
        y += 24.0;
    }
}
