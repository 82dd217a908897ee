//! Every message of one aircraft: pace, size, age, ways; the chosen one decoded, with its bytes.
//!
//! Invariant: what the dialect does not know is listed like the rest; a frozen table says so. It
//! must not know MAVLink: frames are taken apart by what the shell lends.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{Align2, CornerRadius, Rect, Ui, WidgetType, pos2};
use vedette_core::VehicleView;
use vedette_model::{DecodedFrame, FrameTrust, LinkId, MessageRow, Mono};

use super::local::Frozen;
use super::table::{self, Column, col};
use super::{Scene, chosen, letter, pick, plot};
use crate::draw::{self, Button};
use crate::icon::{self, Icon};
use crate::local::FlyLocal;
use crate::theme;
use crate::words;

/// Message looked at first: GLOBAL_POSITION_INT, else the first of the list.
const FIRST: u32 = 33;

/// One message by all its ways.
struct Line<'a> {
    newest: &'a MessageRow,
    rate_hz: f64,
    spark: Vec<u8>,
    links: Vec<LinkId>,
}

fn lines<'a>(rows: &'a [MessageRow], system: Option<u8>, l: &FlyLocal) -> Vec<Line<'a>> {
    let filter = l.inspect.filter.trim().to_lowercase();
    let mut all: BTreeMap<(u8, u32), Line<'a>> = BTreeMap::new();
    for r in rows {
        let from = |(link, peer): &(LinkId, String)| r.link == *link && r.peer == *peer;
        match &l.inspect.only {
            Some(only) if !from(only) => continue,
            None if system.is_some_and(|s| s != r.system) => continue,
            _ => {}
        }
        let hit = filter.is_empty() || r.name.to_lowercase().contains(&filter) || r.id.to_string().starts_with(&filter);
        if !hit {
            continue;
        }
        match all.get_mut(&(r.component, r.id)) {
            None => {
                all.insert(
                    (r.component, r.id),
                    Line {
                        newest: r,
                        rate_hz: r.rate_hz,
                        spark: r.spark.clone(),
                        links: vec![r.link],
                    },
                );
            }
            Some(line) => {
                line.rate_hz = line.rate_hz.max(r.rate_hz);
                for (a, b) in line.spark.iter_mut().zip(&r.spark) {
                    *a = (*a).max(*b);
                }
                if !line.links.contains(&r.link) {
                    line.links.push(r.link);
                }
                if r.last > line.newest.last {
                    line.newest = r;
                }
            }
        }
    }
    let mut out: Vec<Line<'a>> = all.into_values().collect();
    // The autopilot first, strangers to the dialect last.
    out.sort_by_key(|k| {
        (
            k.newest.name.is_empty(),
            k.newest.component != 1,
            k.newest.component,
            k.newest.id,
        )
    });
    out
}

pub(crate) fn show(ui: &mut Ui, r: Rect, s: &Scene, l: &mut FlyLocal) {
    let split = (r.left() + r.width() * 0.605).round();
    let (table, bytes) = r.split_left_right_at_x(split);
    let rows: Arc<Vec<MessageRow>> = match &l.inspect.frozen {
        Some(f) => f.rows.clone(),
        None => s.feeds.wire.clone().unwrap_or_default(),
    };
    let now = l.inspect.frozen.as_ref().map_or(s.v.now, |f| f.at);
    let a = chosen(s.v, l);
    let head = draw::rect(table.left(), table.top(), table.width(), 32.0);
    let system = a.and_then(|a| a.identity.as_ref()).map(|i| i.system);
    let all = lines(&rows, system, l);
    let at = l
        .inspect
        .message
        .and_then(|m| all.iter().position(|k| (k.newest.component, k.newest.id) == m))
        .or_else(|| all.iter().position(|k| k.newest.id == FIRST))
        .or(if all.is_empty() { None } else { Some(0) });
    let body = table.with_min_y(head.bottom());
    listing(ui, body, s, l, &all, at, now, s.feeds.wire.is_some());
    if let Some(k) = at.and_then(|i| all.get(i)) {
        detail(ui, bytes, s, l, k, now);
    } else {
        ui.painter()
            .vline(bytes.left(), bytes.y_range(), egui::Stroke::new(1.0, s.pal.line_soft));
    }
    controls(ui, head, s, l, a, &rows, now);
}

fn controls(
    ui: &mut Ui,
    head: Rect,
    s: &Scene,
    l: &mut FlyLocal,
    a: Option<&VehicleView>,
    rows: &Arc<Vec<MessageRow>>,
    now: Mono,
) {
    let p = ui.painter().clone();
    let x = draw::header(
        &p,
        head,
        if s.compact { "Messages" } else { "Messages from" },
        "",
        s.pal,
    );
    let freeze_w = if s.compact { 70.0 } else { 82.0 };
    let filter_w = if s.compact { 96.0 } else { 150.0 };
    let right = head.right() - 12.0;
    let room = right - freeze_w - filter_w - 20.0 - x;
    if let Some((link, peer)) = l.inspect.only.clone() {
        let w = format!("{peer} on {}", letter(s.v, link));
        let label = format!("Only {w}; press for all");
        let b = Button::new(&w).label(&label).icon(Icon::Cross).selected(true);
        let bw = b.wants(&p).min(room);
        if b.show(ui, draw::rect(x + 4.0, head.top() + 4.0, bw, 24.0), s.pal)
            .clicked()
        {
            l.inspect.only = None;
        }
    } else if a.is_some() {
        pick(ui, pos2(x + 4.0, head.top() + 4.0), s, l, "Messages", room);
    }
    table::field(
        ui,
        draw::rect(right - freeze_w - filter_w - 8.0, head.top() + 3.0, filter_w, 26.0),
        &mut l.inspect.filter,
        "filter",
        "Filter messages",
    );
    let frozen = l.inspect.frozen.is_some();
    let b = Button::new(if frozen { "Frozen" } else { "Freeze" })
        .label("Freeze messages")
        .selected(frozen);
    if b.show(
        ui,
        draw::rect(right - freeze_w, head.top() + 4.0, freeze_w, 24.0),
        s.pal,
    )
    .clicked()
    {
        l.inspect.frozen = (!frozen).then(|| Frozen {
            at: now,
            rows: rows.clone(),
        });
    }
}

const COLUMNS: [Column; 7] = [
    col("Message", 0.37, false),
    col("Id", 0.09, true),
    col("Rate", 0.12, true),
    col("", 0.13, false),
    col("Frame, B", 0.12, true),
    col("Age", 0.10, true),
    col("Link", 0.07, false),
];

/// The same without the bars: figures are not cut on a small screen.
const SMALL: [Column; 7] = [
    col("Message", 0.44, false),
    col("Id", 0.10, true),
    col("Rate", 0.15, true),
    col("", 0.0, false),
    col("B", 0.09, true),
    col("Age", 0.12, true),
    col("Link", 0.10, false),
];

#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
fn listing(ui: &mut Ui, r: Rect, s: &Scene, l: &mut FlyLocal, all: &[Line], at: Option<usize>, now: Mono, lent: bool) {
    let p = ui.painter().clone();
    let unknown = all.iter().any(|k| k.newest.name.is_empty());
    let foot = if unknown { 26.0 } else { 0.0 };
    let columns = if s.compact { &SMALL } else { &COLUMNS };
    let body = table::head(&p, r, columns, s.pal);
    let list = body.with_max_y(body.bottom() - foot);
    if all.is_empty() {
        let why = match (lent, l.inspect.filter.is_empty()) {
            (false, _) => "Messages are shown where the station's links are: not in this view.",
            (true, true) => "No message from it yet.",
            (true, false) => "No message fits the filter.",
        };
        table::nothing(&p, list, why, s.pal);
        return;
    }
    let pal = s.pal;
    let height = if s.compact { 22.0 } else { 25.0 };
    let title = |k: &MessageRow| {
        if k.name.is_empty() {
            format!("id {} (not in dialect)", k.id)
        } else {
            k.name.clone()
        }
    };
    let clicked = table::rows(
        ui,
        list,
        "messages",
        height,
        all.len(),
        columns,
        pal,
        at,
        |i| {
            let k = &all[i];
            format!(
                "Message {}, component {}, {:.1} Hz, {} bytes",
                title(k.newest),
                k.newest.component,
                k.rate_hz,
                k.newest.raw.len()
            )
        },
        |cells, i| {
            let k = &all[i];
            let old = now.since(k.newest.last) > 5_000_000;
            let c = if old { pal.text3 } else { pal.text1 };
            let t = cells.put(
                0,
                &title(k.newest),
                theme::mono(),
                if k.newest.name.is_empty() { pal.text2 } else { c },
            );
            if k.newest.component != 1 && t.right() + 60.0 < cells.rect(1).left() {
                draw::text(
                    cells.painter(),
                    pos2(t.right() + 8.0, t.center().y),
                    Align2::LEFT_CENTER,
                    part(k.newest.component),
                    theme::small(),
                    pal.text3,
                );
            }
            cells.put(1, &k.newest.id.to_string(), theme::mono(), pal.text2);
            cells.put(2, &format!("{:.1} Hz", k.rate_hz), theme::mono(), c);
            if !s.compact {
                spark(cells.painter(), cells.rect(3), &k.spark, pal.text2);
            }
            cells.put(4, &k.newest.raw.len().to_string(), theme::mono(), pal.text2);
            cells.put(5, &age(now, k.newest.last), theme::mono(), c);
            let letters: Vec<String> = k.links.iter().map(|n| letter(s.v, *n)).collect();
            cells.put(6, &letters.join(" "), theme::mono(), pal.text2);
        },
    );
    if let Some(k) = clicked.and_then(|i| all.get(i)) {
        l.inspect.message = Some((k.newest.component, k.newest.id));
    }
    if unknown {
        draw::text_in(
            &p,
            pos2(r.left() + 12.0, r.bottom() - foot / 2.0),
            Align2::LEFT_CENTER,
            "Unknown messages are forwarded byte for byte and never acted on.",
            theme::small(),
            pal.text2,
            r.width() - 24.0,
        );
    }
}

/// What a component is, by its usual number.
fn part(component: u8) -> &'static str {
    match component {
        100..=105 => "camera",
        154 | 171..=175 => "gimbal",
        191..=194 => "computer",
        68 => "radio",
        236 => "remote id",
        _ => "part",
    }
}

fn age(now: Mono, last: Mono) -> String {
    words::age((now.since(last) / 1000).max(0))
}

fn spark(p: &egui::Painter, r: Rect, all: &[u8], c: egui::Color32) {
    let most = all.iter().copied().max().unwrap_or(0).max(1);
    for (i, n) in (0_u8..).zip(all) {
        if *n == 0 {
            continue;
        }
        let h = 2.0 + 10.0 * f32::from(*n) / f32::from(most);
        let x = r.left() + f32::from(i) * 3.6;
        p.rect_filled(draw::rect(x, r.center().y + 6.0 - h, 2.6, h), CornerRadius::ZERO, c);
    }
}

fn detail(ui: &mut Ui, r: Rect, s: &Scene, l: &mut FlyLocal, k: &Line, now: Mono) {
    let p = ui.painter().with_clip_rect(r);
    p.vline(r.left(), r.y_range(), egui::Stroke::new(1.0, s.pal.line_soft));
    let r = r.with_min_x(r.left() + 1.0);
    let head = draw::rect(r.left(), r.top(), r.width(), 32.0);
    draw::header(&p, head, "", "", s.pal);
    let pace = draw::text(
        &p,
        pos2(head.right() - 12.0, head.center().y),
        Align2::RIGHT_CENTER,
        &format!("{:.1} Hz", k.rate_hz),
        theme::mono(),
        s.pal.text2,
    );
    let title = if k.newest.name.is_empty() {
        format!("id {}", k.newest.id)
    } else {
        k.newest.name.clone()
    };
    draw::text_in(
        &p,
        pos2(head.left() + 12.0, head.center().y),
        Align2::LEFT_CENTER,
        &title,
        theme::mono(),
        s.pal.text1,
        pace.left() - head.left() - 24.0,
    );
    let frame = s
        .feeds
        .decode
        .map(|d| d(&k.newest.raw))
        .unwrap_or_else(|| DecodedFrame {
            parts: [k.newest.raw.len(), 0, 0, 0],
            fields: Vec::new(),
            why: Some("this view cannot take frames apart".into()),
        });
    let per = if r.width() > 400.0 { 16 } else { 12 };
    let rows = k.newest.raw.len().div_ceil(per).min(6);
    #[expect(clippy::cast_precision_loss, reason = "a few rows")]
    let hex_h = rows as f32 * 20.0 + 14.0;
    let foot_h = 24.0 + hex_h + 24.0 + 26.0 + if s.compact { 6.0 } else { 38.0 };
    let fields = Rect::from_min_max(pos2(r.left(), head.bottom()), pos2(r.right(), r.bottom() - foot_h));
    let row = k.newest;
    let clicked = values(ui, plot::above(fields, l, row), s, &frame, l, row);
    if let Some(f) = clicked
        .and_then(|i| frame.fields.get(i))
        .filter(|f| plot::number(&f.value).is_some())
    {
        l.inspect.toggle_plot(row.component, row.id, &f.name);
    }
    plot::show(ui, fields, s, l, row, &frame, now);
    let mut y = fields.bottom() + 14.0;
    let from = format!(
        "Bytes, as received on {}, {} ago",
        letter(s.v, k.newest.link),
        age(now, k.newest.last)
    );
    draw::text_in(
        &p,
        pos2(r.left() + 12.0, y),
        Align2::LEFT_CENTER,
        &from,
        theme::small(),
        s.pal.text2,
        r.width() - 24.0,
    );
    y += 11.0;
    let hex = draw::rect(r.left() + 12.0, y, r.width() - 24.0, hex_h);
    draw::framed(&p, hex, 4, s.pal.surface[0], s.pal.line_soft);
    bytes(&p.with_clip_rect(hex.intersect(r)), hex, &k.newest.raw, &frame, per, s);
    y = hex.bottom() + 13.0;
    let mut x = r.left() + 12.0;
    for (n, (w, c)) in parts(s).into_iter().enumerate() {
        if frame.parts[n] == 0 {
            continue;
        }
        if x > r.left() + 14.0 {
            x = draw::text(&p, pos2(x, y), Align2::LEFT_CENTER, " · ", theme::small(), s.pal.text3).right();
        }
        x = draw::text(&p, pos2(x, y), Align2::LEFT_CENTER, w, theme::small(), c).right();
    }
    y += 24.0;
    verdict(
        ui,
        &p,
        pos2(r.left() + 12.0, y),
        r.width() - 24.0,
        k.newest.trust,
        key_of(s, row),
        s,
    );
    let b = Button::new("Copy").label("Copy message");
    let q = if s.compact {
        draw::rect(r.right() - 72.0, y - 12.0, 60.0, 24.0)
    } else {
        draw::rect(r.left() + 12.0, y + 16.0, 62.0, 26.0)
    };
    if b.show(ui, q, s.pal).clicked() {
        let mut text = format!("{title}\n");
        for f in &frame.fields {
            text.push_str(&format!("{} {} {}\n", f.name, f.value, f.unit));
        }
        for b in &k.newest.raw {
            text.push_str(&format!("{b:02x}"));
        }
        ui.ctx().copy_text(text);
    }
    plot::buttons(ui, q, s, l, row, &frame);
}

/// Name of the key its sender is judged by.
fn key_of<'a>(s: &'a Scene, row: &MessageRow) -> Option<&'a str> {
    let of = |a: &&VehicleView| a.identity.as_ref().is_some_and(|i| i.system == row.system);
    s.v.vehicles.values().find(of)?.signing.as_ref()?.key.as_deref()
}

/// Fields with their values; a clicked one is returned.
fn values(ui: &mut Ui, r: Rect, s: &Scene, frame: &DecodedFrame, l: &FlyLocal, row: &MessageRow) -> Option<usize> {
    if let Some(why) = &frame.why {
        table::nothing(ui.painter(), r, &format!("No values: {why}."), s.pal);
        return None;
    }
    const FIELDS: [Column; 3] = [col("", 0.42, false), col("", 0.36, true), col("", 0.22, false)];
    let height = if s.compact { 21.0 } else { 24.0 };
    let pal = s.pal;
    let plotted = plot::field(l, row).and_then(|n| frame.fields.iter().position(|f| f.name == n));
    table::rows(
        ui,
        r,
        "fields",
        height,
        frame.fields.len(),
        &FIELDS,
        pal,
        plotted,
        |i| {
            let f = &frame.fields[i];
            format!("{} {} {}", f.name, f.value, f.unit)
        },
        |cells, i| {
            let f = &frame.fields[i];
            cells.put(0, &f.name, theme::mono(), pal.text2);
            cells.put(1, &f.value, theme::mono(), pal.text1);
            cells.put(2, &f.unit, theme::small(), pal.text3);
        },
    )
}

fn parts(s: &Scene) -> [(&'static str, egui::Color32); 4] {
    [
        ("header", s.pal.accent),
        ("payload", s.pal.text1),
        ("checksum", s.pal.text3),
        ("signature", s.pal.text2),
    ]
}

fn bytes(p: &egui::Painter, r: Rect, raw: &[u8], frame: &DecodedFrame, per: usize, s: &Scene) {
    let colours = parts(s);
    let step = ((r.width() - 16.0) / per as f32).min(23.0);
    let mut ends = frame.parts;
    for i in 1..4 {
        ends[i] += ends[i - 1];
    }
    for (i, b) in raw.iter().enumerate() {
        let part = ends.iter().position(|e| i < *e).unwrap_or(1);
        #[expect(clippy::cast_precision_loss, reason = "at most 280 bytes")]
        let at = pos2(
            r.left() + 8.0 + (i % per) as f32 * step,
            r.top() + 16.0 + (i / per) as f32 * 20.0,
        );
        if at.y > r.bottom() {
            break;
        }
        draw::text(
            p,
            at,
            Align2::LEFT_CENTER,
            &format!("{b:02x}"),
            theme::mono(),
            colours[part].1,
        );
    }
}

fn verdict(
    ui: &mut Ui,
    p: &egui::Painter,
    at: egui::Pos2,
    width: f32,
    trust: FrameTrust,
    key: Option<&str>,
    s: &Scene,
) {
    let proven = key.map_or("signature valid, time stamp in order".to_owned(), |k| {
        format!("signature valid, key {}, time stamp in order", words::groups(k, 2))
    });
    let (ic, c, words) = match trust {
        FrameTrust::Proven => (Icon::Check, s.pal.confirmed, proven.as_str()),
        FrameTrust::Unjudged => (Icon::Question, s.pal.text2, "signed, but no key for it is known here"),
        FrameTrust::Unsigned => (Icon::Question, s.pal.text2, "not signed: anyone could have said this"),
    };
    icon::paint(p, at + egui::vec2(7.0, 0.0), 14.0, ic, c);
    let t = draw::text_in(
        p,
        at + egui::vec2(21.0, 0.0),
        Align2::LEFT_CENTER,
        words,
        theme::small(),
        s.pal.text1,
        width - 90.0,
    );
    draw::named(ui, t, "verdict", WidgetType::Label, words);
}
