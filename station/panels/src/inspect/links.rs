//! Quality of every way to every aircraft over the last minutes, which one is in use, and the
//! choice of another.
//!
//! Invariant: a choice names one aircraft and one link, or leaves it to the measured quality; what
//! was not measured is a gap, never a zero.

use egui::{Align2, CornerRadius, Rect, Shape, Stroke, Ui, WidgetType, pos2};
use vedette_core::{LinkHistory, PathHistory, VehicleView};
use vedette_model::{Intent, LinkState, SigningState};
use vedette_planner::Radio;

use super::{Scene, letter, table};
use crate::draw::{self, Button};
use crate::local::FlyLocal;
use crate::theme;
use crate::words;

/// Spans of the plot, minutes: the shorter while the session is young.
const SPANS_MIN: [i64; 2] = [10, 30];

fn span_min(s: &Scene) -> i64 {
    let age = s.v.now.0 / 60_000_000;
    SPANS_MIN.into_iter().find(|m| age < *m).unwrap_or(30)
}

/// Share of the plot that lies ahead of now, where radio shadows are foreseen.
const AHEAD: f32 = 0.12;
/// A shadow farther ahead than this is not told, seconds.
const SOON_S: f64 = 1800.0;

/// The radio shadows the plan in force foresees for an aircraft, as seconds from now.
fn shadows(s: &Scene, a: &VehicleView) -> Vec<(f64, f64, Radio)> {
    let known = s.feeds.desk.and_then(|d| d.foreseen.latest()).map(|(_, f)| f);
    let (Some(f), Some(plan), Some(now)) = (known, &s.v.plan.plan, s.v.plan_second()) else {
        return Vec::new();
    };
    if f.plan != plan.id {
        return Vec::new();
    }
    let mine = f.shadows.iter().filter(|k| k.vehicle == a.id);
    mine.map(|k| (k.from_s - now, k.to_s - now, k.radio)).collect()
}

fn where_(radio: Radio) -> &'static str {
    match radio {
        Radio::Clear => "in the clear",
        Radio::Blocked => "behind ground",
        Radio::TooFar => "out of range",
        Radio::Unknown => "over unknown ground",
    }
}

/// `in 40 s behind ground for 25 s`; nothing where no plan flies.
fn foreseen(s: &Scene, a: &VehicleView) -> Option<String> {
    s.v.plan_second()?;
    s.feeds.desk?.foreseen.latest()?;
    let all = shadows(s, a);
    let next = all
        .iter()
        .find(|(_, to, _)| *to > 0.0)
        .filter(|(from, ..)| *from < SOON_S);
    Some(match next {
        None => "no shadow ahead".into(),
        Some((from, to, r)) if *from <= 0.0 => format!("{} for {} more", where_(*r), words::duration(*to)),
        Some((from, to, r)) => format!(
            "in {} {} for {}",
            words::duration(*from),
            where_(*r),
            words::duration(to - from)
        ),
    })
}

/// Which line a way is drawn with: the first solid, the second dashed, further ones dotted.
fn stroke(p: &egui::Painter, pts: &[egui::Pos2], n: usize, s: &Scene) {
    match n {
        0 => {
            p.add(Shape::line(pts.to_vec(), Stroke::new(1.5, s.pal.text1)));
        }
        1 => {
            p.extend(Shape::dashed_line(pts, Stroke::new(1.5, s.pal.text2), 4.0, 3.0));
        }
        _ => {
            p.extend(Shape::dashed_line(pts, Stroke::new(1.2, s.pal.text3), 1.5, 3.5));
        }
    }
}

pub(crate) fn show(ui: &mut Ui, r: Rect, s: &Scene, l: &mut FlyLocal, row: f32, out: &mut Vec<Intent>) {
    let p = ui.painter().with_clip_rect(r);
    let head = draw::rect(r.left(), r.top(), r.width(), 32.0);
    let minutes = span_min(s);
    draw::header(&p, head, &format!("Link quality, last {minutes} min"), "", s.pal);
    legend(&p, head, s);
    let mut y = head.bottom();
    if s.v.vehicles.values().all(|a| a.link_history.paths.is_empty()) {
        table::nothing(&p, r.with_min_y(y), &silence(s), s.pal);
    }
    let mut left = 0;
    for a in s.v.vehicles.values() {
        if y + row > r.bottom() + 1.0 {
            left += 1;
            continue;
        }
        let q = draw::rect(r.left(), y, r.width(), row);
        aircraft(ui, &p, q, s, l, a, minutes, out);
        draw::hline(&p, q.left(), q.right(), q.bottom() - 0.5, s.pal.line_soft);
        y += row;
    }
    if left > 0 {
        let w = format!("and {left} more under Health");
        draw::text(
            &p,
            pos2(head.right() - 12.0, r.bottom() - 8.0),
            Align2::RIGHT_BOTTOM,
            &w,
            theme::small(),
            s.pal.text2,
        );
    }
}

/// Why nothing is heard, by link.
fn silence(s: &Scene) -> String {
    let mut lines = vec!["No aircraft heard yet.".to_owned()];
    for k in s.v.links.values() {
        let refused: u64 = k.rejects.iter().map(|x| x.count).sum();
        lines.push(match (&k.state, refused) {
            (LinkState::Down(why), _) => format!("{}: down: {why}", k.endpoint),
            (LinkState::Up, 0) if k.junk_bytes == 0 && k.unknown_id == 0 => format!("{}: no bytes", k.endpoint),
            (LinkState::Up, 0) => format!("{}: {} bytes, no valid frame", k.endpoint, words::count(k.junk_bytes)),
            (LinkState::Up, n) => {
                let most = k.rejects.iter().max_by_key(|x| x.count);
                format!(
                    "{}: {} frames, most: {}",
                    k.endpoint,
                    words::count(n),
                    most.map_or("", |x| x.reason.words()).to_lowercase()
                )
            }
        });
    }
    lines.join("\n")
}

fn legend(p: &egui::Painter, head: Rect, s: &Scene) {
    let y = head.center().y;
    let mut x = head.right() - 12.0;
    let t = draw::text(
        p,
        pos2(x, y),
        Align2::RIGHT_CENTER,
        "in use",
        theme::small(),
        s.pal.text2,
    );
    p.rect_filled(
        draw::rect(t.left() - 18.0, y - 3.0, 13.0, 6.0),
        CornerRadius::ZERO,
        s.pal.accent,
    );
    x = t.left() - 30.0;
    if s.feeds.desk.is_some() {
        let t = draw::text(
            p,
            pos2(x, y),
            Align2::RIGHT_CENTER,
            "shadow foreseen",
            theme::small(),
            s.pal.text2,
        );
        let q = draw::rect(t.left() - 18.0, y - 6.0, 13.0, 12.0);
        p.rect_filled(q, CornerRadius::ZERO, s.pal.surface[4]);
        x = t.left() - 30.0;
    }
    let links: Vec<_> = s.v.links.values().take(3).collect();
    for (n, k) in links.iter().enumerate().rev() {
        let name = if s.compact {
            letter(s.v, k.link)
        } else {
            format!("{}  {}", letter(s.v, k.link), words::cut(&k.endpoint, 30))
        };
        let t = draw::text(p, pos2(x, y), Align2::RIGHT_CENTER, &name, theme::small(), s.pal.text2);
        let line = [pos2(t.left() - 22.0, y), pos2(t.left() - 6.0, y)];
        stroke(p, &line, n, s);
        x = t.left() - 34.0;
    }
}

/// Signing in a few words.
pub(crate) fn signing(a: &VehicleView) -> &'static str {
    match a.signing.as_ref().map(|g| g.state) {
        None => words::UNKNOWN,
        Some(SigningState::Unsigned) => "not signed",
        Some(SigningState::NoKey) => "signed, no key here",
        Some(SigningState::Signed) => "signed",
        Some(SigningState::Refused) => "refused: wrong signature",
        Some(SigningState::Changing) => "key changing",
    }
}

#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
fn aircraft(
    ui: &mut Ui,
    p: &egui::Painter,
    r: Rect,
    s: &Scene,
    l: &mut FlyLocal,
    a: &VehicleView,
    minutes: i64,
    out: &mut Vec<Intent>,
) {
    let (label_w, figures_w) = if s.compact { (104.0, 250.0) } else { (150.0, 258.0) };
    let name = draw::rect(r.left(), r.top(), label_w, r.height());
    let x = name.left() + 14.0;
    let lost = a.last_heard.is_some() && !a.alive;
    draw::text(
        p,
        pos2(x, name.top() + 20.0),
        Align2::LEFT_CENTER,
        &a.tail,
        theme::title(),
        if lost { s.pal.text3 } else { s.pal.text1 },
    );
    let system = a
        .identity
        .as_ref()
        .map_or(words::UNKNOWN.to_owned(), |i| format!("system id {}", i.system));
    let switch = a.switches.last().map_or_else(
        || format!("switch {}", words::UNKNOWN),
        |w| {
            if w.by_hand {
                "switched by hand".to_owned()
            } else {
                format!("switch {} ms", w.silence_ms)
            }
        },
    );
    let ahead = foreseen(s, a);
    let lines: Vec<(String, egui::FontId)> = if s.compact {
        vec![(switch, theme::small()), (signing(a).to_owned(), theme::small())]
    } else {
        vec![
            (a.name.clone(), theme::body()),
            (system, theme::small()),
            (switch, theme::small()),
            (signing(a).to_owned(), theme::small()),
        ]
    };
    let mut y = name.top() + 40.0;
    for (n, (line, font)) in lines.into_iter().enumerate() {
        let c = if n == 0 && !s.compact { s.pal.text2 } else { s.pal.text3 };
        draw::text_in(p, pos2(x, y), Align2::LEFT_CENTER, &line, font, c, label_w - 16.0);
        y += 17.0;
    }
    if let Some(w) = &ahead {
        let near = shadows(s, a).iter().any(|(from, to, _)| *from < 120.0 && *to > 0.0);
        let c = if near { s.pal.text1 } else { s.pal.text3 };
        draw::text_in(p, pos2(x, y), Align2::LEFT_CENTER, w, theme::small(), c, label_w + 30.0);
        draw::named(
            ui,
            draw::rect(x, y - 8.0, label_w - 16.0, 16.0),
            ("foreseen", a.id),
            WidgetType::Label,
            &format!("Radio shadow of {}: {w}", a.tail),
        );
    }
    let figures = Rect::from_min_max(pos2(r.right() - figures_w, r.top()), r.max);
    let plot = Rect::from_min_max(
        pos2(name.right() + 34.0, r.top() + 9.0),
        pos2(figures.left() - 14.0, r.bottom() - 14.0),
    );
    graph(p, plot, s, a, minutes);
    choice(ui, p, figures, s, l, a, out);
    let said = format!(
        "{}: {} ways, {}",
        a.tail,
        a.paths.len(),
        a.paths
            .iter()
            .map(|k| format!(
                "{} {:.0} %{}{}",
                letter(s.v, k.link),
                k.quality * 100.0,
                if k.active { " in use" } else { "" },
                least(s, a, k, minutes)
            ))
            .collect::<Vec<_>>()
            .join(", ")
    );
    draw::named(ui, plot, ("quality", a.id), WidgetType::Label, &said);
}

/// The worst of a way in the minutes shown, in words.
fn least(s: &Scene, a: &VehicleView, way: &vedette_model::PathReport, minutes: i64) -> String {
    let step = LinkHistory::SAMPLE_S;
    let first = s.v.now.0.div_euclid(step * 1_000_000) - minutes * 60 / step;
    let mine = a.link_history.paths.iter();
    let history = mine.filter(|h| h.link == way.link && h.peer == way.peer);
    let least = history
        .flat_map(|h| (h.from..).zip(&h.samples))
        .filter(|(slot, _)| *slot >= first)
        .filter_map(|(_, x)| x.percent())
        .min();
    least.map_or(String::new(), |q| format!(" (least {q} % in {minutes} min)"))
}

fn graph(p: &egui::Painter, plot: Rect, s: &Scene, a: &VehicleView, minutes: i64) {
    for (v, y) in [("100", plot.top()), ("50", plot.center().y), ("0", plot.bottom())] {
        draw::hline(p, plot.left(), plot.right(), y, s.pal.line_soft);
        draw::text(
            p,
            pos2(plot.left() - 8.0, y),
            Align2::RIGHT_CENTER,
            v,
            theme::small(),
            s.pal.text3,
        );
    }
    let step = LinkHistory::SAMPLE_S;
    let slots = minutes * 60 / step;
    let last = s.v.now.0.div_euclid(step * 1_000_000);
    let ahead = if s.feeds.desk.is_some() && s.v.plan_second().is_some() {
        plot.width() * AHEAD
    } else {
        0.0
    };
    let now_x = plot.right() - ahead;
    let past = plot.width() - ahead;
    #[expect(clippy::cast_precision_loss, reason = "slots of half an hour")]
    let x_of = |slot: i64| now_x - (last - slot) as f32 / slots as f32 * past;
    if ahead > 0.0 {
        let x_at = |t_s: f64| now_x + (t_s / (slots * step) as f64) as f32 * past;
        for (from, to, _) in shadows(s, a) {
            let (x0, x1) = (x_at(from).max(plot.left()), x_at(to).min(plot.right()));
            if x1 > plot.left() && x0 < plot.right() {
                let q = Rect::from_min_max(pos2(x0, plot.top()), pos2(x1.max(x0 + 1.5), plot.bottom()));
                p.rect_filled(q, CornerRadius::ZERO, draw::alpha(s.pal.surface[4], 150));
            }
        }
        p.vline(now_x, plot.y_range(), Stroke::new(1.0, s.pal.accent));
        draw::text(
            p,
            pos2(now_x + 4.0, plot.top() + 7.0),
            Align2::LEFT_CENTER,
            "now",
            theme::small(),
            s.pal.text3,
        );
    }
    for k in 1..(minutes / 5) {
        let x = x_of(last - k * 300 / step);
        p.vline(x, plot.y_range(), Stroke::new(1.0, draw::alpha(s.pal.line_soft, 120)));
    }
    if a.link_history.paths.is_empty() {
        let w = if a.last_heard.is_some() {
            "no way to it"
        } else {
            "not heard yet"
        };
        draw::text(p, plot.center(), Align2::CENTER_CENTER, w, theme::body(), s.pal.text3);
        return;
    }
    let order: Vec<&PathHistory> = {
        let mut all: Vec<_> = a.link_history.paths.iter().collect();
        all.sort_by(|x, y| (x.link, &x.peer).cmp(&(y.link, &y.peer)));
        all
    };
    let clip = p.with_clip_rect(plot.expand2(egui::vec2(0.0, 10.0)));
    for (n, h) in order.iter().enumerate() {
        let mut run = Vec::new();
        let mut in_use: Option<i64> = None;
        for (i, k) in (h.from..).zip(&h.samples) {
            match k.percent().filter(|_| i > last - slots) {
                Some(q) => run.push(pos2(x_of(i), plot.bottom() - plot.height() * f32::from(q) / 100.0)),
                None => line(&clip, &mut run, n, s),
            }
            if k.active {
                in_use.get_or_insert(i);
            } else if let Some(from) = in_use.take() {
                strip(&clip, plot, x_of(from), x_of(i), n, &letter(s.v, h.link), s);
            }
        }
        line(&clip, &mut run, n, s);
        if let Some(from) = in_use {
            let end = h.from + i64::try_from(h.samples.len()).unwrap_or(0);
            strip(
                &clip,
                plot,
                x_of(from),
                x_of(end.min(last + 1)),
                n,
                &letter(s.v, h.link),
                s,
            );
        }
    }
}

fn line(p: &egui::Painter, run: &mut Vec<egui::Pos2>, n: usize, s: &Scene) {
    match run.as_slice() {
        [] => {}
        [one] => {
            p.circle_filled(*one, 1.5, s.pal.text1);
        }
        many => stroke(p, many, n, s),
    }
    run.clear();
}

/// The strip under the plot: bright where the first way carries, dark with its letter elsewhere.
fn strip(p: &egui::Painter, plot: Rect, x0: f32, x1: f32, n: usize, letter: &str, s: &Scene) {
    let r = Rect::from_min_max(
        pos2(x0.max(plot.left()), plot.bottom() + 3.0),
        pos2(x1.min(plot.right()).max(x0.max(plot.left()) + 2.0), plot.bottom() + 8.0),
    );
    if x1 < plot.left() {
        return;
    }
    if n == 0 {
        p.rect_filled(r, CornerRadius::ZERO, s.pal.accent);
        return;
    }
    draw::framed(p, r, 0, s.pal.accent_fill, s.pal.accent);
    p.rect_filled(
        Rect::from_min_max(pos2(r.left(), plot.top()), pos2(r.right(), plot.bottom())),
        CornerRadius::ZERO,
        draw::alpha(s.pal.surface[4], 90),
    );
    draw::text(
        p,
        pos2(r.center().x, plot.bottom() - 9.0),
        Align2::CENTER_CENTER,
        letter,
        theme::small_strong(),
        s.pal.text1,
    );
}

/// Figures of each way, with the button that takes it.
fn choice(
    ui: &mut Ui,
    p: &egui::Painter,
    r: Rect,
    s: &Scene,
    l: &mut FlyLocal,
    a: &VehicleView,
    out: &mut Vec<Intent>,
) {
    let at = |i: f32| r.left() + 34.0 + (r.width() - 34.0 - 66.0) * i;
    let row = if s.compact { 22.0 } else { 24.0 };
    let mut y = r.top() + if s.compact { 12.0 } else { 18.0 };
    for (i, w) in ["quality", "loss", "RTT"].into_iter().zip([0.28, 0.6, 1.0]) {
        draw::text(p, pos2(at(w), y), Align2::RIGHT_CENTER, i, theme::small(), s.pal.text3);
    }
    y += if s.compact { 8.0 } else { 10.0 };
    let by_hand = a.paths.iter().any(|k| k.chosen);
    let mut ways: Vec<_> = a.paths.iter().collect();
    ways.sort_by(|x, y| (x.link, &x.peer).cmp(&(y.link, &y.peer)));
    let room = ((r.bottom() - y) / row).floor().max(1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a handful")]
    for k in ways.into_iter().take(room as usize) {
        let mid = y + row / 2.0;
        let mark = letter(s.v, k.link);
        let label = format!("Use link {mark} for {}", a.tail);
        let b = Button::new(&mark).label(&label).selected(k.active);
        let button = draw::rect(r.left(), y + 1.0, 26.0, row - 3.0);
        let resp = b.show(ui, button, s.pal).on_hover_text(format!(
            "{} {}{}",
            s.v.links.get(&k.link).map_or("", |e| e.endpoint.as_str()),
            k.peer,
            if k.chosen { ", chosen by hand" } else { "" }
        ));
        if resp.clicked() {
            out.push(Intent::UseLink {
                vehicle: a.id,
                link: Some(k.link),
            });
            l.warning = None;
        }
        let old = s.v.now.since(k.heard) > 3_000_000;
        let c = if old { s.pal.text3 } else { s.pal.text1 };
        let rtt = k.rtt_ms.map_or(words::UNKNOWN.into(), |m| format!("{m:.0} ms"));
        for (w, t) in [
            (0.28, format!("{:.0} %", k.quality * 100.0)),
            (0.6, format!("{:.1} %", k.loss * 100.0)),
            (1.0, rtt),
        ] {
            draw::text(p, pos2(at(w), mid), Align2::RIGHT_CENTER, &t, theme::mono(), c);
        }
        draw::hline(p, r.left() + 30.0, at(1.0), y + row - 0.5, s.pal.line_soft);
        y += row;
    }
    if a.paths.len() > 1 {
        let label = format!("Automatic link for {}", a.tail);
        let b = Button::new("Auto").label(&label).selected(!by_hand);
        let w = 52.0;
        let q = draw::rect(r.right() - w - 8.0, r.center().y - 12.0, w, 24.0);
        let resp = b
            .show(ui, q, s.pal)
            .on_hover_text("the measured quality chooses; a better way is taken after it was better for half a second");
        if resp.clicked() {
            out.push(Intent::UseLink {
                vehicle: a.id,
                link: None,
            });
        }
    }
}
