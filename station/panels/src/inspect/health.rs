//! Links, identities and parameters as tables: what was accepted, what was refused and why.
//!
//! Invariant: rejected bytes are counted and shown. It must not know transports.

use egui::{Align2, CornerRadius, Rect, Ui, WidgetType, pos2};
use vedette_core::StationView;
use vedette_model::{LinkState, Severity};

use crate::draw;
use crate::theme::{self, Palette};
use crate::words;

struct Table<'a> {
    p: &'a egui::Painter,
    x: f32,
    y: f32,
    width: f32,
    columns: &'a [(&'a str, f32, bool)],
}

impl<'a> Table<'a> {
    /// A titled table from `y` downwards, as wide as `r`.
    fn under(
        p: &'a egui::Painter,
        r: Rect,
        y: f32,
        title: &str,
        quiet: &str,
        columns: &'a [(&'a str, f32, bool)],
        pal: &Palette,
    ) -> Self {
        draw::header(p, draw::rect(r.left(), y, r.width(), 32.0), title, quiet, pal);
        let mut t = Self {
            p,
            x: r.left() + 12.0,
            y: y + 48.0,
            width: r.width() - 24.0,
            columns,
        };
        t.head(pal);
        t
    }
    fn head(&mut self, pal: &Palette) {
        for (i, (name, _, right)) in self.columns.iter().enumerate() {
            self.cell(i, name, *right, pal.text3, false);
        }
        self.y += 22.0;
        draw::hline(self.p, self.x, self.x + self.width, self.y - 8.0, pal.line_soft);
        self.y += 6.0;
    }
    fn cell(&self, i: usize, s: &str, right: bool, c: egui::Color32, mono: bool) {
        let from: f32 = self.columns[..i].iter().map(|c| c.1).sum::<f32>() * self.width;
        let w = self.columns[i].1 * self.width - 10.0;
        let font = if mono { theme::mono() } else { theme::small() };
        let (x, al) = if right {
            (self.x + from + w, Align2::RIGHT_CENTER)
        } else {
            (self.x + from, Align2::LEFT_CENTER)
        };
        draw::text_in(self.p, pos2(x, self.y), al, s, font, c, w);
    }
    fn row(&mut self, cells: &[String], c: egui::Color32, pal: &Palette) {
        for (i, s) in cells.iter().enumerate() {
            let right = self.columns[i].2;
            self.cell(i, s, right, if i == 0 { pal.text1 } else { c }, right);
        }
        self.y += 24.0;
    }
}

pub(crate) fn show(ui: &mut Ui, r: Rect, v: &StationView, pal: &Palette) {
    let p = ui.painter().with_clip_rect(r);
    p.rect_filled(r, CornerRadius::ZERO, pal.surface[1]);
    let session = format!("{} · session {}", v.station, v.session);
    let mut t = Table::under(
        &p,
        r,
        r.top(),
        "Links",
        &session,
        &[
            ("Endpoint", 0.26, false),
            ("State", 0.18, false),
            ("Accepted", 0.09, true),
            ("Unknown id", 0.09, true),
            ("Bad CRC", 0.08, true),
            ("Junk bytes", 0.08, true),
            ("Lost", 0.07, true),
            ("Sent", 0.07, true),
            ("Round trip", 0.08, true),
        ],
        pal,
    );
    if v.links.is_empty() {
        t.row(&["No link is open.".into()], pal.text2, pal);
    }
    for k in v.links.values() {
        let (state, c) = match &k.state {
            LinkState::Up if k.valid == 0 && k.unknown_id + k.bad_crc + k.junk_bytes > 0 => {
                ("up, bytes but no valid frame".into(), pal.alarm2)
            }
            LinkState::Up if k.valid == 0 => ("up, no bytes yet".into(), pal.text3),
            LinkState::Up => ("up".into(), pal.text1),
            LinkState::Down(why) => (format!("down: {why}"), pal.alarm2),
        };
        t.row(
            &[
                format!("{} {}", k.link, k.endpoint),
                state,
                words::count(k.valid),
                words::count(k.unknown_id),
                words::count(k.bad_crc),
                words::count(k.junk_bytes),
                words::count(k.lost),
                words::count(k.sent),
                words::tenth(k.rtt_ms, "ms"),
            ],
            c,
            pal,
        );
    }
    let mut t = Table::under(
        &p,
        r,
        t.y + 10.0,
        "Aircraft",
        "identity, parameters, plan",
        &[
            ("Aircraft", 0.16, false),
            ("System", 0.07, false),
            ("Hardware uid", 0.15, false),
            ("Autopilot", 0.22, false),
            ("Parameters", 0.1, true),
            ("GNSS", 0.15, true),
            ("Ready", 0.06, true),
            ("Last heard", 0.09, true),
        ],
        pal,
    );
    for a in v.vehicles.values() {
        let id = a.identity.as_ref();
        let gnss = a.gnss.map_or(words::UNKNOWN.into(), |g| {
            let acc = g.value.h_acc_m.map_or(String::new(), |m| format!(" ±{m:.1} m"));
            format!("fix {} {} sat{acc}", g.value.fix_type, g.value.satellites)
        });
        t.row(
            &[
                format!("{} {}", a.tail, a.name),
                id.map_or(words::UNKNOWN.into(), |i| format!("{}/{}", i.system, i.component)),
                id.filter(|i| i.uid != 0)
                    .map_or(words::UNKNOWN.into(), |i| format!("{:016x}", i.uid)),
                id.map_or(words::UNKNOWN.into(), |i| {
                    format!("{:?} {} {}", i.family, words::airframe(i.airframe), i.firmware)
                }),
                a.parameters
                    .map_or(words::UNKNOWN.into(), |(h, of)| format!("{h} of {of}")),
                gnss,
                a.ready.map_or(
                    words::UNKNOWN.into(),
                    |k| {
                        if k.value { "yes".into() } else { "no".into() }
                    },
                ),
                a.last_heard
                    .map_or(words::UNKNOWN.into(), |h| words::age((v.now.since(h) / 1000).max(0))),
            ],
            if a.duplicate { pal.alarm2 } else { pal.text1 },
            pal,
        );
    }
    let mut t = Table::under(
        &p,
        r,
        t.y + 10.0,
        "Streams",
        "decoded, analysed, dropped; recorded",
        &[
            ("Stream", 0.16, false),
            ("Decoded", 0.1, true),
            ("Analysed", 0.1, true),
            ("Dropped", 0.1, true),
            ("Age p50", 0.1, true),
            ("Age p95", 0.1, true),
            ("Recorded", 0.12, true),
            ("Segments", 0.08, true),
            ("Gaps", 0.06, true),
        ],
        pal,
    );
    for c in v.cameras.values() {
        let who = v
            .vehicles
            .get(&c.vehicle)
            .map_or(c.vehicle.to_string(), |a| a.tail.clone());
        #[expect(clippy::cast_precision_loss, reason = "shown, not computed with")]
        let mb = c.recorded[0] as f64 / 1e6;
        t.row(
            &[
                format!("{who} {:?}", c.spectrum)
                    .to_lowercase()
                    .replacen(&who.to_lowercase(), &who, 1),
                words::count(c.frames[0]),
                words::count(c.frames[1]),
                words::count(c.frames[2]),
                c.ages
                    .quantile_ms(0.5)
                    .map_or(words::UNKNOWN.into(), |m| format!("{m:.0} ms")),
                c.ages
                    .quantile_ms(0.95)
                    .map_or(words::UNKNOWN.into(), |m| format!("{m:.0} ms")),
                format!("{mb:.1} MB"),
                c.segments.to_string(),
                c.gaps.to_string(),
            ],
            if c.refused.is_some() { pal.alarm2 } else { pal.text1 },
            pal,
        );
    }
    let y = t.y + 10.0;
    draw::header(&p, draw::rect(r.left(), y, r.width(), 32.0), "Status texts", "", pal);
    let mut texts: Vec<_> = v
        .vehicles
        .values()
        .flat_map(|a| a.texts.iter().map(move |t| (t.0, a.tail.as_str(), t.1, t.2.as_str())))
        .collect();
    texts.sort_by_key(|t| std::cmp::Reverse(t.0));
    let mut y = y + 46.0;
    for (at, tail, severity, text) in texts {
        if y > r.bottom() - 12.0 {
            break;
        }
        let c = match severity {
            Severity::Critical | Severity::Error => pal.alarm2,
            Severity::Warning => pal.text1,
            Severity::Info => pal.text2,
        };
        let t = vedette_model::Utc(v.utc.0 - v.now.since(at));
        draw::text(
            &p,
            pos2(r.left() + 12.0, y),
            Align2::LEFT_CENTER,
            &t.clock(),
            theme::mono(),
            pal.text3,
        );
        draw::text(
            &p,
            pos2(r.left() + 84.0, y),
            Align2::LEFT_CENTER,
            tail,
            theme::small_strong(),
            pal.text2,
        );
        draw::text_in(
            &p,
            pos2(r.left() + 140.0, y),
            Align2::LEFT_CENTER,
            text,
            theme::small(),
            c,
            r.width() - 160.0,
        );
        y += 20.0;
    }
    let head = draw::rect(r.left(), r.top(), r.width(), 32.0);
    draw::named(ui, head, "health", WidgetType::Label, "Links, identities, streams");
}
