//! Frames that were not let in, by reason; strangers that claim to be one of ours.
//!
//! Invariant: a refused frame changed nothing; blocking names one address and can be taken back.

use std::collections::BTreeMap;

use egui::{Align2, CornerRadius, Rect, Ui, WidgetType, pos2};
use vedette_model::{Intent, Mono, RejectReason, SigningState};

use super::table::{self, Column, col};
use super::{Scene, letter};
use crate::draw::{self, Button};
use crate::icon::{self, Icon};
use crate::local::FlyLocal;
use crate::theme;
use crate::words;

/// One line of the table.
struct Line {
    words: String,
    count: u64,
    from: String,
    last: Mono,
    second: bool,
}

fn lines(s: &Scene) -> Vec<Line> {
    let mut by: BTreeMap<RejectReason, (u64, u64, String, Mono)> = BTreeMap::new();
    for k in s.v.links.values() {
        for x in &k.rejects {
            let from = if x.mostly_from.is_empty() {
                k.endpoint.clone()
            } else {
                format!("{} on {}", x.mostly_from, letter(s.v, k.link))
            };
            let e = by.entry(x.reason).or_insert((0, 0, String::new(), Mono::ZERO));
            e.0 += x.count;
            if x.count > e.1 {
                e.1 = x.count;
                e.2 = from;
            }
            e.3 = e.3.max(x.last);
        }
    }
    let mut out: Vec<Line> = by
        .into_iter()
        .filter(|(_, e)| e.0 > 0)
        .map(|(reason, (count, _, from, last))| Line {
            words: reason.words().to_owned(),
            count,
            from,
            last,
            second: false,
        })
        .collect();
    out.sort_by_key(|k| std::cmp::Reverse(k.count));
    for a in s.v.vehicles.values() {
        if let Some(x) = &a.second {
            let system = a.identity.as_ref().map_or(0, |i| i.system);
            out.push(Line {
                words: format!("Second aircraft with id {system}"),
                count: x.value.frames,
                from: format!("{} on {}", x.value.peer, letter(s.v, x.value.link)),
                last: x.captured,
                second: true,
            });
        }
    }
    out
}

fn cards(s: &Scene) -> usize {
    s.v.vehicles.values().filter(|a| a.second.is_some()).count()
}

/// Height it wants.
#[expect(clippy::cast_precision_loss, reason = "a handful of rows")]
pub(crate) fn height(s: &Scene) -> f32 {
    let rows = lines(s).len().max(1) as f32;
    let blocked = s.v.blocked.len().min(2) as f32;
    32.0 + 24.0 + rows * 25.0 + cards(s).min(1) as f32 * 96.0 + blocked * 30.0 + 30.0
}

const COLUMNS: [Column; 5] = [
    col("Reason", 0.27, false),
    col("", 0.22, false),
    col("Count", 0.12, true),
    col("Mostly from", 0.25, false),
    col("Last", 0.14, true),
];

pub(crate) fn show(ui: &mut Ui, r: Rect, s: &Scene, l: &mut FlyLocal, out: &mut Vec<Intent>) {
    let p = ui.painter().with_clip_rect(r);
    let head = draw::rect(r.left(), r.top(), r.width(), 32.0);
    draw::header(&p, head, "Rejected frames, this watch", "", s.pal);
    let all = lines(s);
    let refused: u64 = all.iter().filter(|k| !k.second).map(|k| k.count).sum();
    let valid: u64 = s.v.links.values().map(|k| k.valid + k.unknown_id).sum();
    #[expect(clippy::cast_precision_loss, reason = "a share of counts")]
    let share = if valid + refused == 0 {
        0.0
    } else {
        refused as f64 / (valid + refused) as f64 * 100.0
    };
    draw::text(
        &p,
        pos2(head.right() - 12.0, head.center().y),
        Align2::RIGHT_CENTER,
        &format!(
            "{} of {} · {share:.2} %",
            words::count(refused),
            words::count(valid + refused)
        ),
        theme::mono(),
        s.pal.text2,
    );
    let foot = r.with_min_y(r.bottom() - 28.0);
    remarks(&p, foot, s);
    let mut bottom = foot.top();
    for (link, peer) in s.v.blocked.iter().take(2) {
        bottom -= 30.0;
        let row = draw::rect(r.left(), bottom, r.width(), 30.0);
        icon::paint(
            &p,
            pos2(row.left() + 22.0, row.center().y),
            14.0,
            Icon::Shield,
            s.pal.text2,
        );
        let w = format!("{peer} on {} is blocked: nothing from it is taken", letter(s.v, *link));
        draw::text_in(
            &p,
            pos2(row.left() + 38.0, row.center().y),
            Align2::LEFT_CENTER,
            &w,
            theme::small(),
            s.pal.text1,
            row.width() - 140.0,
        );
        let label = format!("Let {peer} in again");
        if Button::new("Let in")
            .label(&label)
            .show(ui, draw::rect(row.right() - 82.0, row.top() + 3.0, 70.0, 24.0), s.pal)
            .clicked()
        {
            out.push(Intent::BlockSender {
                link: *link,
                peer: peer.clone(),
                blocked: false,
            });
        }
    }
    let card_h = if cards(s) > 0 { 96.0 } else { 0.0 };
    let body = r.with_min_y(head.bottom()).with_max_y(bottom - card_h);
    let list = table::head(&p, body, &COLUMNS, s.pal);
    if all.is_empty() {
        table::nothing(&p, list, "Nothing was refused.", s.pal);
    }
    let pal = s.pal;
    let most = all.iter().map(|k| k.count).max().unwrap_or(1).max(1);
    let at = all.iter().position(|k| k.second);
    table::rows(
        ui,
        list,
        "rejects",
        25.0,
        all.len(),
        &COLUMNS,
        pal,
        at,
        |i| format!("{}: {} frames, mostly from {}", all[i].words, all[i].count, all[i].from),
        |cells, i| {
            let k = &all[i];
            cells.put(0, &k.words, theme::body(), pal.text1);
            let bar = cells.rect(1);
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                reason = "a bar's length"
            )]
            let share = ((k.count as f64 + 1.0).ln() / (most as f64 + 1.0).ln()).clamp(0.03, 1.0) as f32;
            cells.painter().rect_filled(
                draw::rect(bar.left(), bar.center().y - 5.0, bar.width() * share, 10.0),
                CornerRadius::ZERO,
                pal.text2,
            );
            cells.put(2, &words::count(k.count), theme::mono(), pal.text1);
            cells.put(3, &k.from, theme::small(), pal.text2);
            let at = vedette_model::Utc(s.v.utc.0 - s.v.now.since(k.last));
            cells.put(4, &at.clock(), theme::mono(), pal.text2);
        },
    );
    if card_h > 0.0 {
        card(ui, draw::rect(r.left(), bottom - card_h, r.width(), card_h), s, l, out);
    }
}

/// What was taken in part, or lost before it could be judged.
fn remarks(p: &egui::Painter, r: Rect, s: &Scene) {
    let sum = |f: fn(&vedette_model::LinkReport) -> u64| s.v.links.values().map(f).sum::<u64>();
    let mut all = Vec::new();
    let unknown = sum(|k| k.unknown_id);
    if unknown > 0 {
        all.push(format!("{} with unknown ids, passed on only", words::count(unknown)));
    }
    let junk = sum(|k| k.junk_bytes);
    if junk > 0 {
        all.push(format!("{} bytes of no frame", words::count(junk)));
    }
    let dropped = sum(|k| k.kernel_drops);
    if dropped > 0 {
        all.push(format!("{} datagrams dropped by the system", words::count(dropped)));
    }
    let lost = sum(|k| k.lost);
    all.push(format!("{} lost on the way", words::count(lost)));
    draw::text_in(
        p,
        pos2(r.left() + 12.0, r.center().y),
        Align2::LEFT_CENTER,
        &all.join(" · "),
        theme::small(),
        s.pal.text2,
        r.width() - 24.0,
    );
    draw::hline(p, r.left(), r.right(), r.bottom() - 0.5, s.pal.line_soft);
}

fn boot(ms: Option<i64>) -> Option<String> {
    let t = ms? / 1000;
    Some(format!("{:02}:{:02}:{:02}", t / 3600, t / 60 % 60, t % 60))
}

fn card(ui: &mut Ui, r: Rect, s: &Scene, l: &mut FlyLocal, out: &mut Vec<Intent>) {
    let Some((a, x)) =
        s.v.vehicles
            .values()
            .find_map(|a| a.second.as_ref().map(|x| (a, &x.value)))
    else {
        return;
    };
    let p = ui.painter().with_clip_rect(r);
    let q = r.shrink2(egui::vec2(12.0, 6.0));
    draw::framed(&p, q, 4, s.pal.surface[1], s.pal.line_strong);
    icon::paint(
        &p,
        pos2(q.left() + 20.0, q.top() + 20.0),
        15.0,
        Icon::Seal,
        s.pal.accent,
    );
    let system = a.identity.as_ref().map_or(0, |i| i.system);
    let x0 = q.left() + 40.0;
    let buttons = if s.compact { 112.0 } else { 128.0 };
    let width = q.width() - 40.0 - buttons - 16.0;
    let title = format!("A second sender claims to be system id {system}");
    draw::text_in(
        &p,
        pos2(x0, q.top() + 18.0),
        Align2::LEFT_CENTER,
        &title,
        theme::strong(),
        s.pal.text1,
        width,
    );
    let signed = a.signing.as_ref().is_some_and(|g| g.state == SigningState::Signed);
    let times = match (boot(x.boot_ms), boot(x.ours_boot_ms)) {
        (Some(theirs), Some(ours)) => format!("It booted {theirs} ago, {} {} {ours} ago", a.tail, a.name),
        _ => format!("{}: {}", a.tail, x.why),
    };
    let words = format!(
        "{}: {times}{}. Orders to {} are refused while both speak. Nothing from {} reached the map.",
        x.peer,
        if signed { " and signs with its own key" } else { "" },
        a.tail,
        x.peer
    );
    draw::text_wrapped(
        &p,
        pos2(x0, q.top() + 31.0),
        &words,
        theme::small(),
        s.pal.text2,
        width,
        3,
        16.0,
    );
    draw::named(
        ui,
        q.with_max_x(q.right() - buttons - 8.0),
        "second",
        WidgetType::Label,
        &format!("{title}. {words}"),
    );
    let key = (x.link, x.peer.clone());
    let b = |n: f32| draw::rect(q.right() - buttons - 8.0, q.top() + 12.0 + n * 31.0, buttons, 26.0);
    if l.inspect.blocking.as_ref() == Some(&key) {
        let label = format!("Block {} now", x.peer);
        if Button::new("Block it")
            .label(&label)
            .look(draw::Look::Primary)
            .show(ui, b(0.0), s.pal)
            .clicked()
        {
            out.push(Intent::BlockSender {
                link: x.link,
                peer: x.peer.clone(),
                blocked: true,
            });
            l.inspect.blocking = None;
        }
        if Button::new("Back")
            .label("Do not block")
            .show(ui, b(1.0), s.pal)
            .clicked()
        {
            l.inspect.blocking = None;
        }
        return;
    }
    if Button::new("Show frames").show(ui, b(0.0), s.pal).clicked() {
        l.inspect.only = Some(key.clone());
        l.inspect.filter.clear();
    }
    if Button::new("Block sender…")
        .label("Block sender")
        .show(ui, b(1.0), s.pal)
        .clicked()
    {
        l.inspect.blocking = Some(key);
    }
}
