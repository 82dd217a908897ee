//! What is asked of single stretches, and the wind by height: the two lists of a brief.
//!
//! Invariant: a text that is no value changes nothing; every edit is one step of undo like any other.
//! It must not know what a demand leads to.

use egui::{Rect, Ui, WidgetType, pos2};
use vedette_model::plan::{Brief, Chance, Interval, WindLayer};

use super::brief::edit;
use super::fields::{field, numbers, seconds};
use super::{Page, Shown};
use crate::draw::{self, Button, Look};
use crate::local::FlyLocal;
use crate::theme::{self, Layout, Palette};
use crate::words;

/// Most stretches and layers a page holds; a longer brief says so and is edited as a file.
const ROWS: usize = 12;
/// A crosser is looked for at one place this long where nobody said otherwise, seconds: a person at
/// walking pace (1.4 m/s) over a strip of 170 m.
const CROSSING_S: f64 = 120.0;

/// The buttons that choose the page; gives the y below them.
pub(super) fn pages(ui: &mut Ui, r: Rect, b: &Brief, l: &mut FlyLocal, pal: &Palette) -> f32 {
    let counted = |name: &str, n: usize| if n == 0 { name.to_owned() } else { format!("{name} {n}") };
    let names = [
        (Page::Whole, "Section".to_owned(), "Page Section"),
        (
            Page::Stretches,
            counted("Stretches", b.requirement.intervals.len()),
            "Page Stretches",
        ),
        (Page::Winds, counted("Winds", b.wind_layers.len()), "Page Winds"),
        (Page::Files, "Files".to_owned(), "Page Files"),
    ];
    // The stretches' name is the longest.
    let shares = [0.24, 0.32, 0.23, 0.21];
    let mut x = r.left();
    for ((page, name, label), share) in names.into_iter().zip(shares) {
        let w = (r.width() - 12.0) * share;
        let q = draw::rect(x, r.top(), w, 24.0);
        x += w + 4.0;
        let button = Button::new(&name).label(label).selected(l.plan.page == page);
        if button.show(ui, q, pal).clicked() {
            l.plan.page = page;
        }
    }
    r.top() + 24.0
}

/// A field of one stretch: name, unit, text, and what a typed text means.
type Field = (
    &'static str,
    &'static str,
    fn(&Interval, (f64, f64)) -> String,
    fn(&str, &mut Interval) -> Option<()>,
);

/// Changes what a text means; empty takes the demand back.
fn optional<T>(text: &str, read: impl Fn(&str) -> Option<T>, into: &mut Option<T>) -> Option<()> {
    *into = if text.trim().is_empty() {
        None
    } else {
        Some(read(text)?)
    };
    Some(())
}

fn percent(text: &str) -> Option<f64> {
    numbers(text)
        .first()
        .map(|x| x / 100.0)
        .filter(|x| (0.0..=1.0).contains(x))
}

fn chance(text: &str, into: &mut Option<Chance>) -> Option<()> {
    let crossing_s = into.map_or(CROSSING_S, |c| c.crossing_s);
    optional(text, |t| percent(t).map(|least| Chance { least, crossing_s }), into)
}

fn told(c: Option<Chance>) -> String {
    c.map_or(String::new(), |c| format!("{:.0}", c.least * 100.0))
}

/// Hours from and to, in pairs: "0–2, 8–10".
fn windows(text: &str) -> Option<Vec<[f64; 2]>> {
    if text.trim().is_empty() {
        return Some(Vec::new());
    }
    let pieces = text.split(';').flat_map(|t| t.split(", "));
    pieces
        .map(|t| match numbers(t)[..] {
            [from, to] if to > from => Some([from, to]),
            _ => None,
        })
        .collect()
}

const FIELDS: [Field; 8] = [
    (
        "Stretch name",
        "",
        |i, _| i.name.clone(),
        |t, i| {
            t.trim().clone_into(&mut i.name);
            Some(())
        },
    ),
    (
        "From – to",
        "km",
        |_, (from, to)| format!("{from:.2} – {to:.2}"),
        |t, i| match numbers(t)[..] {
            [from, to, ..] if to > from => {
                (i.from_km, i.to_km) = (Some(from), Some(to));
                Some(())
            }
            _ => None,
        },
    ),
    (
        "Seen every",
        "",
        |i, _| i.revisit_s.map_or(String::new(), words::duration),
        |t, i| optional(t, |t| seconds(t, 60.0).filter(|s| *s > 0.0), &mut i.revisit_s),
    ),
    (
        "Priority",
        "1 – 9",
        |i, _| i.priority.to_string(),
        |t, i| {
            i.priority = t.trim().parse().ok().filter(|p| (1..=9).contains(p))?;
            Some(())
        },
    ),
    (
        "Crossing seen",
        "%",
        |i, _| told(i.detection),
        |t, i| chance(t, &mut i.detection),
    ),
    (
        "Watcher met",
        "%",
        |i, _| told(i.unpredictable),
        |t, i| chance(t, &mut i.unpredictable),
    ),
    (
        "Crossing takes",
        "",
        |i, _| {
            let c = i.detection.or(i.unpredictable);
            c.map_or(String::new(), |c| words::duration(c.crossing_s))
        },
        |t, i| {
            let s = seconds(t, 1.0).filter(|s| *s > 0.0)?;
            for c in [&mut i.detection, &mut i.unpredictable].into_iter().flatten() {
                c.crossing_s = s;
            }
            Some(())
        },
    ),
    (
        "Only in hours",
        "h",
        |i, _| {
            let all: Vec<String> = i.windows_h.iter().map(|[a, b]| format!("{a}–{b}")).collect();
            all.join(", ")
        },
        |t, i| {
            i.windows_h = windows(t)?;
            Some(())
        },
    ),
];

fn line(ui: &Ui, r: Rect, y: f32, text: &str, pal: &Palette) -> f32 {
    let galley = ui
        .painter()
        .layout(text.to_owned(), theme::small(), pal.text2, r.width());
    let h = galley.size().y;
    ui.painter().galley(pos2(r.left(), y), galley, pal.text2);
    y + h + 8.0
}

/// What the plan on the screen promises for a stretch, in words.
fn promised(s: &Shown, name: &str) -> String {
    let found = s
        .plan
        .as_ref()
        .and_then(|p| p.intervals.iter().find(|p| p.name == name));
    let Some(p) = found else {
        let why = if s.busy {
            "being worked out…"
        } else {
            "the plan says nothing of it"
        };
        return format!("{name}: {why}");
    };
    let share = |what: &str, x: Option<f64>| x.map_or(String::new(), |x| format!(", {what} {:.0} %", x * 100.0));
    format!(
        "{name}: seen every {}{}{}",
        words::duration(p.revisit_s),
        share("crossing seen", p.detection),
        share("watcher met", p.informed)
    )
}

/// The stretches: one line each, the fields of the chosen one below its line.
pub(super) fn stretches(ui: &mut Ui, r: Rect, s: &Shown, l: &mut FlyLocal, lay: &Layout, pal: &Palette) {
    let b = s.brief.clone();
    let half = (r.width() - 8.0) / 2.0;
    let row = if lay.compact { 42.0 } else { 46.0 };
    let mut y = r.top();
    if b.requirement.intervals.is_empty() {
        let text = "Everywhere the same is asked. A stretch may ask to be seen more often, with a chance of its own, \
                    in some hours only, or before others.";
        y = line(ui, r, y, text, pal);
    }
    for (k, i) in b.requirement.intervals.iter().enumerate().take(ROWS) {
        let km = i.km(&b.sections);
        let on = l.plan.stretch == Some(k);
        let q = draw::rect(r.left(), y, r.width() - 66.0, 24.0);
        let shown = if i.name.is_empty() {
            format!("Stretch {}", k + 1)
        } else {
            i.name.clone()
        };
        let label = format!("Stretch {} {}", k + 1, i.name);
        if Button::new(&shown)
            .label(label.trim())
            .selected(on)
            .show(ui, q, pal)
            .clicked()
        {
            l.plan.stretch = if on { None } else { Some(k) };
        }
        let gone = format!("Remove stretch {}", k + 1);
        let d = draw::rect(q.right() + 6.0, y, 60.0, 24.0);
        if Button::new("Remove")
            .label(&gone)
            .look(Look::Quiet)
            .show(ui, d, pal)
            .clicked()
        {
            l.plan.stretch = None;
            edit(l, |b| {
                if k < b.requirement.intervals.len() {
                    b.requirement.intervals.remove(k);
                }
            });
        }
        y += 28.0;
        if !on {
            continue;
        }
        let km = km.unwrap_or((b.section.from_km, b.section.to_km));
        for (n, (name, unit, text, change)) in FIELDS.iter().enumerate() {
            // The name alone on its line, then two in a line.
            let right = n > 0 && n % 2 == 0;
            let last = n + 1 == FIELDS.len();
            let wide = n == 0 || (last && !right);
            let at = draw::rect(
                if right { r.left() + half + 8.0 } else { r.left() },
                y,
                if wide { r.width() } else { half },
                row,
            );
            if let Some(typed) = field(ui, at, name, unit, &text(i, km), pal) {
                let mut new = i.clone();
                if change(&typed, &mut new).is_some() && new != *i {
                    edit(l, |b| {
                        if let Some(slot) = b.requirement.intervals.get_mut(k) {
                            *slot = new;
                        }
                    });
                }
            }
            if wide || right {
                y += row + 6.0;
            }
        }
    }
    if let Some(i) = l.plan.stretch.and_then(|k| b.requirement.intervals.get(k)) {
        let words = promised(s, &i.name);
        let at = draw::rect(r.left(), y, r.width(), 16.0);
        draw::named(ui, at, "stretch promise", WidgetType::Label, &words);
        y = line(ui, r, y, &words, pal);
    }
    let more = draw::rect(r.left(), y + 2.0, r.width(), 26.0);
    let full = b.requirement.intervals.len() >= ROWS;
    if Button::new("Add a stretch")
        .enabled(!full)
        .show(ui, more, pal)
        .clicked()
    {
        let third = (b.section.to_km - b.section.from_km) / 3.0;
        l.plan.stretch = Some(b.requirement.intervals.len());
        edit(l, |b| {
            b.requirement.intervals.push(Interval {
                name: format!("Stretch {}", b.requirement.intervals.len() + 1),
                from_km: Some(b.section.from_km + third),
                to_km: Some(b.section.to_km - third),
                revisit_s: Some(b.requirement.revisit_s),
                windows_h: Vec::new(),
                detection: None,
                unpredictable: None,
                priority: 1,
            });
        });
    }
}

/// The wind, height by height.
pub(super) fn winds(ui: &mut Ui, r: Rect, s: &Shown, l: &mut FlyLocal, lay: &Layout, pal: &Palette) {
    let b = s.brief.clone();
    let row = if lay.compact { 42.0 } else { 46.0 };
    let third = (r.width() - 74.0) / 5.0;
    let mut y = r.top();
    let text = if b.wind_layers.is_empty() {
        "The same wind at every height: the one of the section. With layers, each holds at its height and they are \
         mixed between."
    } else {
        "Between two heights the wind is mixed; the section's own wind is not used."
    };
    y = line(ui, r, y, text, pal);
    for (k, w) in b.wind_layers.iter().enumerate().take(ROWS) {
        let height = field(
            ui,
            draw::rect(r.left(), y, 2.0 * third, row),
            &format!("Height {}", k + 1),
            "m",
            &format!("{:.0}", w.amsl_m),
            pal,
        );
        let wind = field(
            ui,
            draw::rect(r.left() + 2.0 * third + 6.0, y, 3.0 * third, row),
            &format!("Wind {}", k + 1),
            "m/s",
            &format!("{:03.0}° {:.0} + {:.0}", w.from_deg, w.speed_m_s, w.gust_m_s),
            pal,
        );
        let mut new = *w;
        if let Some([amsl, ..]) = height.as_deref().map(numbers).as_deref() {
            new.amsl_m = *amsl;
        }
        if let Some([from, speed, rest @ ..]) = wind.as_deref().map(numbers).as_deref() {
            (new.from_deg, new.speed_m_s) = (*from, *speed);
            new.gust_m_s = rest.first().copied().unwrap_or(w.gust_m_s);
        }
        if new != *w {
            edit(l, |b| {
                if let Some(slot) = b.wind_layers.get_mut(k) {
                    *slot = new;
                }
            });
        }
        let gone = format!("Remove wind {}", k + 1);
        let d = draw::rect(r.right() - 60.0, y + 18.0, 60.0, row - 18.0);
        if Button::new("Remove")
            .label(&gone)
            .look(Look::Quiet)
            .show(ui, d, pal)
            .clicked()
        {
            edit(l, |b| {
                if k < b.wind_layers.len() {
                    b.wind_layers.remove(k);
                }
            });
        }
        y += row + 6.0;
    }
    let more = draw::rect(r.left(), y + 2.0, r.width(), 26.0);
    let full = b.wind_layers.len() >= ROWS;
    if Button::new("Add a height").enabled(!full).show(ui, more, pal).clicked() {
        let last = b.wind_layers.last().copied();
        edit(l, |b| {
            b.wind_layers.push(WindLayer {
                amsl_m: last.map_or(0.0, |w| w.amsl_m + 500.0),
                from_deg: last.map_or(b.wind.from_deg, |w| w.from_deg),
                speed_m_s: last.map_or(b.wind.speed_m_s, |w| w.speed_m_s),
                gust_m_s: last.map_or(b.wind.gust_m_s, |w| w.gust_m_s),
            });
        });
    }
}
