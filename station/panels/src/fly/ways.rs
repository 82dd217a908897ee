//! The ways to an aircraft on its card: bars, quality and age of each.
//!
//! Invariant: what is drawn and what is said is the same; a way not heard for three seconds has no bars, a lost aircraft has no ways.

use egui::{Align2, pos2};
use vedette_core::{StationView, VehicleView};

use crate::draw;
use crate::theme::{self, Layout, Palette};
use crate::words;

/// Ways shown on a card.
const WAYS: usize = 2;

/// One way to an aircraft, as it is drawn and said.
struct Way {
    /// Letter of its link.
    letter: String,
    /// In use.
    active: bool,
    /// Not heard for three seconds.
    old: bool,
    /// Quality, 0 to 1; 0 when old.
    share: f64,
    /// The same in percent, or a dash.
    quality: String,
    /// Time since anything came by it.
    age: String,
}

/// The ways to an aircraft that has a link, in the order of its links, the one in use among the first two.
fn ways(v: &StationView, a: &VehicleView) -> Vec<Way> {
    if !a.alive {
        return Vec::new();
    }
    let mut all: Vec<_> = a.paths.iter().collect();
    all.sort_by(|m, n| (m.link, &m.peer).cmp(&(n.link, &n.peer)));
    if let Some(at) = all.iter().position(|w| w.active).filter(|at| *at >= WAYS) {
        all.swap(WAYS - 1, at);
    }
    all.iter()
        .map(|w| {
            let old = v.now.since(w.heard) > 3_000_000;
            Way {
                letter: crate::inspect::letter(v, w.link),
                active: w.active,
                old,
                share: if old { 0.0 } else { w.quality },
                quality: if old {
                    words::UNKNOWN.to_owned()
                } else {
                    format!("{:.0} %", w.quality * 100.0)
                },
                age: words::age((v.now.since(w.heard) / 1000).max(0)),
            }
        })
        .collect()
}

fn heard(v: &StationView, a: &VehicleView) -> String {
    a.last_heard.map_or("never heard".to_owned(), |h| {
        format!("heard {} ago", words::age((v.now.since(h) / 1000).max(0)))
    })
}

/// The link row of a card in words.
pub(crate) fn said(v: &StationView, a: &VehicleView) -> String {
    let all: Vec<String> = ways(v, a)
        .iter()
        .take(WAYS)
        .map(|w| {
            let used = if w.active { " in use" } else { "" };
            let bars = draw::bars_of(w.share);
            format!("link {}{used} {} ({bars} of 5 bars) {} ago", w.letter, w.quality, w.age)
        })
        .collect();
    match all.len() {
        0 => format!("link {}, {}", words::UNKNOWN, heard(v, a)),
        1 => format!("{}, one way only", all[0]),
        _ => all.join(", "),
    }
}

/// Each way to it: letter, bars, quality and, where there is room, age.
#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
pub(crate) fn row(
    p: &egui::Painter,
    x0: f32,
    x1: f32,
    y: f32,
    v: &StationView,
    a: &VehicleView,
    lay: &Layout,
    pal: &Palette,
) {
    let all = ways(v, a);
    if all.is_empty() {
        let t = draw::text(
            p,
            pos2(x0 - 2.0, y),
            Align2::LEFT_CENTER,
            "Link",
            theme::small(),
            pal.text3,
        );
        draw::text(
            p,
            pos2(t.right() + 8.0, y),
            Align2::LEFT_CENTER,
            words::UNKNOWN,
            theme::mono(),
            pal.text3,
        );
        let c = if a.last_heard.is_some() && !a.alive {
            pal.alarm2
        } else {
            pal.text3
        };
        draw::text(p, pos2(x1, y), Align2::RIGHT_CENTER, &heard(v, a), theme::small(), c);
        return;
    }
    let step = (x1 - x0 + 2.0) / 2.0;
    for (w, n) in all.iter().take(WAYS).zip(0_u8..) {
        let x = x0 - 2.0 + f32::from(n) * step;
        let c = if w.active { pal.text1 } else { pal.text3 };
        let font = if w.active {
            theme::small_strong()
        } else {
            theme::small()
        };
        let t = draw::text(p, pos2(x, y), Align2::LEFT_CENTER, &w.letter, font, c);
        let end = draw::bars(p, pos2(t.right() + 5.0, y), w.share, pal);
        let t = draw::text(
            p,
            pos2(t.right() + 9.0 + end, y),
            Align2::LEFT_CENTER,
            &w.quality,
            theme::mono(),
            c,
        );
        if !lay.compact {
            draw::text(
                p,
                pos2(t.right() + 5.0, y),
                Align2::LEFT_CENTER,
                &w.age,
                theme::small(),
                if w.old { pal.alarm2 } else { pal.text3 },
            );
        }
    }
    if all.len() == 1 && !lay.compact {
        draw::text(
            p,
            pos2(x1, y),
            Align2::RIGHT_CENTER,
            "one way only",
            theme::small(),
            pal.text3,
        );
    }
}
