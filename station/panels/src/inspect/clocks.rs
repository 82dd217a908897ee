//! Who may give orders and whose frames are proven; how far every clock is from the station's.
//!
//! Invariant: an offset is shown with its uncertainty and its source; an autopilot that only knows
//! time since boot is shown with the moment it booted, not with a made-up offset.

use egui::{Align2, Rect, Ui, WidgetType, pos2};
use vedette_core::StationView;
use vedette_model::{Intent, Utc};

use super::table::{self, Column, col};
use super::{Scene, links};
use crate::draw::{self, Button};
use crate::theme;
use crate::words;

const ROW: f32 = 26.0;

/// Height the signing table wants.
#[expect(clippy::cast_precision_loss, reason = "a handful of aircraft")]
pub(crate) fn signing_height(v: &StationView) -> f32 {
    32.0 + ROW * v.vehicles.len().max(1) as f32 + 8.0
}

/// Height the clock table wants.
#[expect(clippy::cast_precision_loss, reason = "a handful of clocks")]
pub(crate) fn height(v: &StationView) -> f32 {
    let cameras = v.cameras.values().filter(|c| c.age.is_some()).count();
    32.0 + ROW * (v.vehicles.len() + cameras + 1) as f32 + 8.0
}

const SIGNING: [Column; 4] = [
    col("", 0.22, false),
    col("", 0.25, false),
    col("", 0.30, false),
    col("", 0.23, true),
];

pub(crate) fn signing(ui: &mut Ui, r: Rect, s: &Scene, out: &mut Vec<Intent>) {
    let p = ui.painter().with_clip_rect(r);
    let head = draw::rect(r.left(), r.top(), r.width(), 32.0);
    draw::hline(&p, r.left(), r.right(), r.top() + 0.5, s.pal.line_soft);
    draw::header(&p, head, "Signing and orders", "", s.pal);
    draw::text(
        &p,
        pos2(head.right() - 12.0, head.center().y),
        Align2::RIGHT_CENTER,
        &s.v.system
            .map_or(String::new(), |n| format!("this station is system {n}")),
        theme::small(),
        s.pal.text2,
    );
    let mut y = head.bottom();
    let mut given = Vec::new();
    for a in s.v.vehicles.values() {
        let row = draw::rect(r.left(), y, r.width(), ROW);
        if row.bottom() > r.bottom() + 1.0 {
            break;
        }
        let cells = table::cells(&p, row, &SIGNING);
        cells.put(0, &format!("{} {}", a.tail, a.name), theme::body(), s.pal.text1);
        let key = a.signing.as_ref().and_then(|g| g.key.as_deref());
        let state = match key {
            Some(k) => format!("{}, key {}", links::signing(a), words::groups(k, 2)),
            None => links::signing(a).to_owned(),
        };
        cells.put(1, &state, theme::body(), s.pal.text1);
        let counts = a.signing.as_ref().map_or(String::new(), |g| {
            let bad = g.bad_signature + g.replayed + g.unsigned;
            if g.signed + bad == 0 {
                String::new()
            } else {
                format!("{} signed, {} refused", words::count(g.signed), words::count(bad))
            }
        });
        cells.put(2, &counts, theme::small(), s.pal.text2);
        let (orders, take) = match &a.control {
            None => ("orders: anyone".to_owned(), None),
            Some(c) if c.ours => ("orders: ours".to_owned(), Some(false)),
            Some(c) if c.owner == 0 => ("orders: nobody's".to_owned(), Some(true)),
            Some(c) => (format!("orders: station {}", c.owner), Some(true)),
        };
        let mut orders_cell = cells.rect(3);
        if let Some(take) = take {
            let words = if take { "Take" } else { "Give back" };
            let label = format!("{} control of {}", if take { "Take" } else { "Give back" }, a.tail);
            let b = Button::new(words).label(&label);
            let w = b.wants(&p);
            let q = draw::rect(orders_cell.right() - w, row.top() + 2.0, w, 22.0);
            if b.show(ui, q, s.pal).clicked() {
                given.push(Intent::TakeControl { vehicle: a.id, take });
            }
            orders_cell = orders_cell.with_max_x(q.left() - 6.0);
        }
        draw::text_in(
            &p,
            orders_cell.right_center(),
            Align2::RIGHT_CENTER,
            &orders,
            theme::small(),
            s.pal.text2,
            orders_cell.width(),
        );
        draw::hline(&p, row.left(), row.right(), row.bottom() - 0.5, s.pal.line_soft);
        let said = format!("{}: {state}, {orders}", a.tail);
        draw::named(ui, cells.rect(1), ("signing", a.id), WidgetType::Label, &said);
        y += ROW;
    }
    out.extend(given);
}

const CLOCKS: [Column; 4] = [
    col("", 0.30, false),
    col("", 0.26, true),
    col("", 0.16, true),
    col("", 0.28, false),
];

/// One clock as its row says it.
fn rows(s: &Scene) -> Vec<[String; 4]> {
    let mut out = Vec::new();
    for a in s.v.vehicles.values() {
        let name = format!("{} {}", a.tail, a.name);
        out.push(match (&a.clock, &a.clock_first) {
            (Some(k), first) => {
                let map = k.value;
                #[expect(clippy::cast_precision_loss, reason = "microseconds of days")]
                let (sigma, offset) = (map.sigma_us as f64 * 1e-3, map.offset_us as f64 * 1e-3);
                // An offset of days is a clock that counts from boot.
                if offset.abs() < 86_400_000.0 {
                    [
                        name,
                        format!("{offset:+.1} ms"),
                        format!("± {sigma:.1} ms"),
                        "TIMESYNC".into(),
                    ]
                } else {
                    #[expect(clippy::cast_precision_loss, reason = "microseconds of hours")]
                    let drift = first.map_or(0.0, |f| (map.offset_us - f.value.offset_us) as f64 * 1e-3);
                    [
                        name,
                        format!("boot {} {drift:+.1} ms", Utc(map.offset_us).clock()),
                        format!("± {sigma:.1} ms"),
                        "TIMESYNC, since boot".into(),
                    ]
                }
            }
            (None, _) => [name, words::UNKNOWN.into(), String::new(), "no TIMESYNC yet".into()],
        });
    }
    for c in s.v.cameras.values() {
        let Some(age) = c.age else { continue };
        let who =
            s.v.vehicles
                .get(&c.vehicle)
                .map_or(c.vehicle.to_string(), |a| a.tail.clone());
        #[expect(clippy::cast_precision_loss, reason = "microseconds of seconds")]
        let (ms, sigma) = (age.age_us.map(|u| u as f64 * 1e-3), age.sigma_us as f64 * 1e-3);
        out.push([
            format!("{who} {}", format!("{:?}", c.spectrum).to_lowercase()),
            ms.map_or(words::UNKNOWN.into(), |m| format!("{m:.0} ms old")),
            format!("± {sigma:.1} ms"),
            if ms.is_some() {
                age.by.name().into()
            } else {
                "the stream carries no time".into()
            },
        ]);
    }
    out.push([
        "Station".into(),
        s.v.utc.clock_centi(),
        String::new(),
        "this machine's clock".into(),
    ]);
    out
}

pub(crate) fn show(ui: &mut Ui, r: Rect, s: &Scene) {
    let p = ui.painter().with_clip_rect(r);
    let head = draw::rect(r.left(), r.top(), r.width(), 32.0);
    draw::hline(&p, r.left(), r.right(), r.top() + 0.5, s.pal.line_soft);
    draw::header(&p, head, "Clocks", "", s.pal);
    draw::text(
        &p,
        pos2(head.right() - 12.0, head.center().y),
        Align2::RIGHT_CENTER,
        "against the station, ± uncertainty",
        theme::small(),
        s.pal.text2,
    );
    let all = rows(s);
    let pal = s.pal;
    table::rows(
        ui,
        r.with_min_y(head.bottom()),
        "clocks",
        ROW,
        all.len(),
        &CLOCKS,
        pal,
        None,
        |i| format!("Clock {}: {} {}, {}", all[i][0], all[i][1], all[i][2], all[i][3]),
        |cells, i| {
            cells.put(0, &all[i][0], theme::body(), pal.text1);
            cells.put(1, &all[i][1], theme::mono(), pal.text1);
            cells.put(2, &all[i][2], theme::mono(), pal.text2);
            cells.put(3, &all[i][3], theme::small(), pal.text2);
        },
    );
}
