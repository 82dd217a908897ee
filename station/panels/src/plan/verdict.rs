//! The checker's judgement, line by line with its worst figure, and what may be done with the
//! plan: approve it by name, upload each part.
//!
//! Invariant: what refuses comes first and says where; nothing but the plan on the table can be
//! approved. It must not know how a figure was measured.

use egui::{Align2, CornerRadius, Key, Rect, Ui, WidgetType, pos2};
use vedette_core::StationView;
use vedette_model::Intent;
use vedette_model::plan::{Finding, FindingSeverity, PatrolPlan, Verdict};

use super::{Shown, approve};
use crate::draw;
use crate::icon::{self, Icon};
use crate::local::FlyLocal;
use crate::theme::{self, Layout, Palette};
use crate::words;

/// One line of the verdict.
struct Line {
    icon: Icon,
    words: String,
    figure: String,
    /// Finding behind it, number in the verdict's list.
    finding: Option<usize>,
    refused: bool,
    passed: bool,
}

/// The questions every plan is asked, the checks that answer them, and the worst figure.
fn passes(plan: &PatrolPlan, j: &Verdict, zones: usize) -> Vec<Line> {
    let worst = |f: fn(&vedette_model::plan::AircraftMargins) -> f64| j.margins.iter().map(f).fold(f64::MAX, f64::min);
    let l = &plan.brief.limits;
    let reserve = plan
        .brief
        .fleet
        .iter()
        .map(|a| a.energy.reserve_share)
        .fold(0.0, f64::max);
    let asked = plan.brief.requirement.revisit_s;
    let some = |x: f64, s: String| if x < f64::MAX { s } else { words::UNKNOWN.to_owned() };
    let (border, clear, left) = (
        worst(|m| m.border_m),
        worst(|m| m.clearance_m),
        worst(|m| m.energy_share),
    );
    let items = j
        .margins
        .iter()
        .map(|m| m.items)
        .max_by_key(|i| i.0 * 1000 / i.1.max(1));
    let all: [(&[&str], &str, String); 7] = [
        (
            &["stand_off", "fence", "site"],
            "Every leg, turn, return and link-loss path stays on the home side",
            some(border, format!("closest {border:.0} m, needs {:.0}", l.stand_off_m)),
        ),
        (
            &["coverage", "timetable"],
            "Longest gap within what is asked",
            format!(
                "{} of {}",
                words::duration(j.revisit_measured_s),
                words::duration(asked)
            ),
        ),
        (
            &["energy"],
            "Reserve at landing, wind and two sigma against us",
            some(left, format!("{:.0} % of {:.0} %", left * 100.0, reserve * 100.0)),
        ),
        (
            &["separation"],
            "No two aircraft closer than the limits",
            j.separation_m.map_or("one aircraft".into(), |m| {
                format!("closest {m:.0} m, needs {:.0}", l.separation_h_m)
            }),
        ),
        (&["no_fly"], "No-fly zones", format!("{zones} clear")),
        (
            &["clearance", "envelope", "turns"],
            "Height above ground, climb, turns",
            some(clear, format!("lowest {clear:.0} m, needs {:.0}", l.min_agl_m)),
        ),
        (
            &["items", "autopilot", "camera"],
            "Fits the autopilots, camera commands included",
            items.map_or(String::new(), |(n, of)| format!("{n} of {of} items")),
        ),
    ];
    all.into_iter()
        .map(|(checks, words, figure)| {
            let worst = j
                .findings
                .iter()
                .position(|f| f.severity == FindingSeverity::Refused && checks.contains(&f.check.as_str()));
            Line {
                icon: if worst.is_some() { Icon::P2 } else { Icon::Check },
                words: words.to_owned(),
                figure,
                finding: worst,
                refused: worst.is_some(),
                passed: worst.is_none(),
            }
        })
        .collect()
}

fn place(f: &Finding, v: &StationView) -> String {
    let where_ = [
        f.vehicle.and_then(|x| v.vehicles.get(&x)).map(|a| a.tail.clone()),
        f.leg.map(|g| format!("leg {}", g + 1)),
        f.chainage_m.map(words::km),
        f.time_s.map(|t| format!("at {}", words::duration(t))),
    ];
    where_.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// Refusals first, then what passed, then notes.
fn lines(v: &StationView, plan: &PatrolPlan, j: &Verdict) -> Vec<Line> {
    let zones = plan.brief.no_fly.len() + v.site.no_fly.len();
    // The checker knows numbers; crews know tails.
    let named = |text: &str| {
        plan.brief
            .fleet
            .iter()
            .fold(text.to_owned(), |t, a| t.replace(&a.vehicle.to_string(), &a.tail))
    };
    let finding = |i: usize, f: &Finding| Line {
        icon: if f.severity == FindingSeverity::Refused {
            Icon::P2
        } else {
            Icon::Note
        },
        words: named(&f.what),
        figure: place(f, v),
        finding: Some(i),
        refused: f.severity == FindingSeverity::Refused,
        passed: false,
    };
    let of = |s: FindingSeverity| {
        j.findings
            .iter()
            .enumerate()
            .filter(move |(_, f)| f.severity == s)
            .map(move |(i, f)| finding(i, f))
    };
    of(FindingSeverity::Refused)
        .chain(passes(plan, j, zones).into_iter().filter(|l| l.passed))
        .chain(of(FindingSeverity::Note))
        .collect()
}

#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
pub(super) fn show(
    ui: &mut Ui,
    r: Rect,
    v: &StationView,
    s: &Shown,
    l: &mut FlyLocal,
    lay: &Layout,
    pal: &Palette,
    out: &mut Vec<Intent>,
) {
    let p = ui.painter().with_clip_rect(r);
    p.rect_filled(r, CornerRadius::ZERO, pal.surface[1]);
    let head = draw::rect(r.left(), r.top(), r.width(), 30.0);
    let end = draw::header(&p, head, "Verdict", "", pal);
    let have = s.plan.as_deref().zip(s.verdict.as_deref());
    let (word, colour) = match have {
        Some((_, j)) if j.is_clear() => ("clear", pal.confirmed),
        Some(_) => ("refused", pal.alarm2),
        None if s.failed.is_some() => ("no plan", pal.alarm2),
        None if s.busy => ("computing…", pal.text1),
        None => ("none yet", pal.text2),
    };
    let shown = if word == "clear" { "✓ Clear to approve" } else { word };
    let t = draw::tag(
        &p,
        pos2(end + 10.0, head.center().y),
        false,
        shown.trim_start_matches("✓ "),
        colour,
        pal,
    );
    let took = s.took_s.map_or("by the independent checker".to_owned(), |[_, c]| {
        format!("by the independent checker in {c:.1} s")
    });
    draw::text_in(
        &p,
        pos2(r.right() - 12.0, head.center().y),
        Align2::RIGHT_CENTER,
        &took,
        theme::small(),
        pal.text2,
        r.right() - t.right() - 24.0,
    );
    draw::named(ui, head, "verdict", WidgetType::Label, &format!("Verdict: {word}"));
    let foot_h = approve::height(v, have.map(|h| h.0));
    let body = Rect::from_min_max(head.left_bottom(), pos2(r.right(), r.bottom() - foot_h));
    if approve::upload(ui, body, v, s, l, pal, out) {
        // What an upload changes stands in place of the verdict until it is sent or left.
    } else if l.plan.compare {
        comparison(ui, body, v, s, pal);
    } else if let Some(why) = s.failed.as_deref().filter(|_| have.is_none()) {
        let at = pos2(r.left() + 12.0, body.top() + 10.0);
        draw::text_wrapped(&p, at, why, theme::body(), pal.alarm2, r.width() - 24.0, 12, 18.0);
        draw::named(ui, body, "why no plan", WidgetType::Label, why);
    } else if let Some((plan, j)) = have {
        judged(ui, body, v, plan, j, l, pal);
    } else {
        let word = "The planner works from the brief; the checker judges what it makes.";
        let at = pos2(r.left() + 12.0, body.top() + 18.0);
        draw::text(&p, at, Align2::LEFT_CENTER, word, theme::small(), pal.text2);
    }
    if let Some((plan, _)) = have {
        let foot = Rect::from_min_max(body.left_bottom(), r.max);
        approve::show(ui, foot, v, s, plan, l, lay, pal, out);
    }
}

fn judged(ui: &mut Ui, r: Rect, v: &StationView, plan: &PatrolPlan, j: &Verdict, l: &mut FlyLocal, pal: &Palette) {
    let all = lines(v, plan, j);
    let next = ui.ctx().memory(|m| m.focused().is_none())
        && !ui.ctx().egui_wants_keyboard_input()
        && ui.ctx().input(|i| i.modifiers.is_none() && i.key_pressed(Key::N));
    let count = j.findings.len();
    let mut scroll_to = None;
    if next && count > 0 {
        let i = l.plan.focus.map_or(0, |i| (i + 1) % count);
        go(l, &j.findings, i);
        scroll_to = all.iter().position(|k| k.finding == Some(i));
    }
    let foot = draw::rect(r.left(), r.bottom() - 18.0, r.width(), 18.0);
    let list = r.with_max_y(foot.top());
    #[expect(clippy::cast_precision_loss, reason = "a few lines")]
    let row = (list.height() / all.len().max(1) as f32).clamp(22.0, 29.0);
    let mut child = ui.new_child(egui::UiBuilder::new().id_salt("verdict lines").max_rect(list));
    child.set_clip_rect(list.intersect(ui.clip_rect()));
    child.spacing_mut().item_spacing = egui::Vec2::ZERO;
    let mut chosen = None;
    let seen = egui::ScrollArea::vertical()
        .id_salt("verdict lines")
        .auto_shrink([false, false])
        .show(&mut child, |ui| {
            for (n, line) in all.iter().enumerate() {
                let (q, _) = ui.allocate_exact_size(egui::vec2(list.width(), row), egui::Sense::hover());
                if scroll_to == Some(n) {
                    ui.scroll_to_rect(q, None);
                }
                if line_row(ui, q, n, line, l, pal) {
                    chosen = line.finding;
                }
            }
        });
    if let Some(i) = chosen {
        go(l, &j.findings, i);
    }
    let refused = j
        .findings
        .iter()
        .filter(|f| f.severity == FindingSeverity::Refused)
        .count();
    let below = all
        .len()
        .saturating_sub(((seen.state.offset.y + list.height()) / row).floor().max(0.0) as usize);
    let word = format!(
        "{refused} refuse · {} notes · {} samples. N flies the map to the next finding.{}",
        j.findings.len() - refused,
        words::count(j.samples),
        if below > 0 {
            format!(" {below} more below.")
        } else {
            String::new()
        }
    );
    let p = ui.painter().with_clip_rect(r);
    draw::text_in(
        &p,
        pos2(r.left() + 12.0, foot.center().y),
        Align2::LEFT_CENTER,
        &word,
        theme::small(),
        pal.text3,
        r.width() - 24.0,
    );
    draw::named(ui, foot, "verdict foot", WidgetType::Label, &word);
}

/// One line; true when it was clicked.
fn line_row(ui: &mut Ui, q: Rect, n: usize, line: &Line, l: &FlyLocal, pal: &Palette) -> bool {
    let p = ui.painter().clone();
    let on = line.finding.is_some() && l.plan.focus == line.finding;
    let mut clicked = false;
    if let Some(i) = line.finding {
        let resp = ui.interact(q, ui.id().with(("finding", i)), egui::Sense::click());
        let name = format!("Go to finding {}: {}", i + 1, line.words);
        resp.widget_info(|| egui::WidgetInfo::labeled(WidgetType::Button, true, &name));
        if on || resp.hovered() || resp.has_focus() {
            p.rect_filled(q, CornerRadius::ZERO, if on { pal.accent_fill } else { pal.surface[2] });
        }
        if on || resp.has_focus() {
            p.vline(q.left() + 1.0, q.y_range(), egui::Stroke::new(2.0, pal.accent));
        }
        if resp.gained_focus() {
            ui.scroll_to_rect(q, None);
        }
        clicked = resp.clicked();
    } else {
        let name = format!("{}: {}", line.words, line.figure);
        draw::named(ui, q, ("passed", n), WidgetType::Label, &name);
    }
    let colour = match (line.refused, line.passed) {
        (true, _) => pal.alarm2,
        (_, true) => pal.confirmed,
        _ => pal.text2,
    };
    icon::paint(&p, pos2(q.left() + 20.0, q.center().y), 14.0, line.icon, colour);
    let figure = draw::text_in(
        &p,
        pos2(q.right() - 12.0, q.center().y),
        Align2::RIGHT_CENTER,
        &line.figure,
        theme::small(),
        pal.text2,
        q.width() * 0.42,
    );
    draw::text_in(
        &p,
        pos2(q.left() + 36.0, q.center().y),
        Align2::LEFT_CENTER,
        &line.words,
        theme::body(),
        pal.text1,
        figure.left() - q.left() - 46.0,
    );
    draw::hline(&p, q.left(), q.right(), q.bottom(), pal.line_soft);
    clicked
}

/// Flies the map to a finding.
fn go(l: &mut FlyLocal, findings: &[Finding], i: usize) {
    l.plan.focus = Some(i);
    if let (Some(at), Some(s)) = (findings.get(i).and_then(|f| f.at), l.shapes.clone()) {
        (l.map.east_m, l.map.north_m) = s.frame.plane(at);
        l.map.m_per_px = l.map.m_per_px.min(3.0);
    }
}

fn comparison(ui: &mut Ui, r: Rect, v: &StationView, s: &Shown, pal: &Palette) {
    let p = ui.painter().with_clip_rect(r);
    let (x, right) = (r.left() + 12.0, r.right() - 12.0);
    let mut y = r.top() + 14.0;
    let cols = [right - 190.0, right - 95.0, right];
    for (c, w) in cols.iter().zip(["On the table", "Trial", "Difference"]) {
        draw::text(&p, pos2(*c, y), Align2::RIGHT_CENTER, w, theme::small(), pal.text2);
    }
    y += 18.0;
    let mut said = Vec::new();
    let table = v.plan.plan.as_deref().zip(v.plan.verdict.as_deref());
    let trial = s.plan.as_deref().zip(s.verdict.as_deref()).filter(|_| !s.on_table);
    type Figure = fn(&PatrolPlan, &Verdict) -> f64;
    let way: Figure = |p, _| {
        let legs = p.aircraft.iter().flat_map(|a| &a.legs);
        legs.map(|g| vedette_geo::distance_m(g.from, g.to)).sum::<f64>() / 1000.0
    };
    let energy: Figure = |p, _| {
        let last = p.aircraft.iter().filter_map(|a| a.legs.last());
        last.map(|g| g.energy_wh).sum()
    };
    let rows: [(&str, Figure, &str); 8] = [
        ("Longest gap", |_, j| j.revisit_measured_s, "s"),
        ("Mean of the longest gaps", |_, j| j.revisit_mean_s, "s"),
        ("No plan can beat", |_, j| j.lower_bound_s, "s"),
        ("Way flown", way, "km"),
        ("Energy", energy, "Wh"),
        (
            "Closest to the line",
            |_, j| j.margins.iter().map(|m| m.border_m).fold(f64::NAN, f64::min),
            "m",
        ),
        (
            "Lowest above ground",
            |_, j| j.margins.iter().map(|m| m.clearance_m).fold(f64::NAN, f64::min),
            "m",
        ),
        (
            "Least battery at landing",
            |_, j| j.margins.iter().map(|m| m.energy_share).fold(f64::NAN, f64::min) * 100.0,
            "%",
        ),
    ];
    for (name, f, unit) in rows {
        let (a, b) = (table.map(|(p, j)| f(p, j)), trial.map(|(p, j)| f(p, j)));
        let word = |x: Option<f64>, sign: bool| match x {
            Some(x) if x.is_finite() && sign => format!("{x:+.1} {unit}"),
            Some(x) if x.is_finite() => format!("{x:.1} {unit}"),
            _ => words::UNKNOWN.to_owned(),
        };
        let d = a.zip(b).map(|(a, b)| b - a);
        let text = [word(a, false), word(b, false), word(d, true)];
        draw::text_in(
            &p,
            pos2(x, y),
            Align2::LEFT_CENTER,
            name,
            theme::body(),
            pal.text1,
            cols[0] - x - 80.0,
        );
        for (c, t) in cols.iter().zip(&text) {
            draw::text(&p, pos2(*c, y), Align2::RIGHT_CENTER, t, theme::mono(), pal.text1);
        }
        said.push(format!("{name} {}", text.join(" to ")));
        y += 21.0;
    }
    for t in &s.changes {
        if y > r.bottom() - 18.0 {
            break;
        }
        let q = draw::text_wrapped(&p, pos2(x, y - 6.0), t, theme::small(), pal.text2, right - x, 2, 15.0);
        y = q.bottom() + 9.0;
        said.push(t.clone());
    }
    draw::named(
        ui,
        r,
        "comparison",
        WidgetType::Label,
        &format!("Compared with the table: {}", said.join("; ")),
    );
}
