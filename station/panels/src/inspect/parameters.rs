//! Parameters of one aircraft against its baseline: what differs, what that does, who flies with
//! it.
//!
//! Invariant: an acceptance needs a reason and names the person; writing back and taking a new
//! baseline are asked twice. It must not know how parameters travel.

use egui::{Align2, Rect, Ui, WidgetType, pos2};
use vedette_core::{BaselineView, VehicleView};
use vedette_model::{
    Airframe, Authority, Drift, Intent, LandedState, gcs_system_wanted, is_safety_parameter, parameter_effect,
};

use super::local::Asking;
use super::table::{self, Column, col};
use super::{InspectTab, Scene, chosen, pick};
use crate::draw::{self, Button, Look};
use crate::icon::{self, Icon};
use crate::local::FlyLocal;
use crate::theme;
use crate::words;

/// A parameter's value as people write it.
fn number(v: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "autopilots keep single precision")]
    if v.fract() == 0.0 && v.abs() < 1e9 {
        format!("{v:.0}")
    } else {
        (v as f32).to_string()
    }
}

struct Row {
    name: String,
    wanted: Option<f64>,
    found: Option<f64>,
    safety: bool,
    differs: bool,
    effect: String,
}

fn rows(a: &VehicleView, l: &FlyLocal) -> Vec<Row> {
    let airframe: Airframe = a.identity.as_ref().map_or(a.airframe, |i| i.airframe);
    let filter = l.inspect.parameter_filter.trim().to_uppercase();
    let keep = |name: &str| filter.is_empty() || name.contains(&filter);
    let differences = a.baseline.as_ref().map_or(&[][..], |b| &b.differences);
    let mut out: Vec<Row> = differences
        .iter()
        .filter(|d| keep(&d.name))
        .map(|d| {
            let (wanted, found) = match d.drift {
                Drift::Changed { wanted, found } => (Some(wanted), Some(found)),
                Drift::Missing { wanted } => (Some(wanted), None),
                Drift::Extra { found } => (None, Some(found)),
            };
            Row {
                name: d.name.clone(),
                wanted,
                found,
                safety: d.safety,
                differs: true,
                effect: d.effect(airframe).unwrap_or_default(),
            }
        })
        .collect();
    if l.inspect.all_parameters || a.baseline.is_none() {
        let known = a.baseline.is_some();
        let rest = a
            .parameter_table
            .iter()
            .filter(|(n, _)| keep(n) && !differences.iter().any(|d| d.name == *n))
            .map(|(n, v)| Row {
                name: n.to_owned(),
                wanted: known.then_some(v),
                found: Some(v),
                safety: is_safety_parameter(n),
                differs: false,
                effect: parameter_effect(n).unwrap_or_default().to_owned(),
            });
        out.extend(rest);
    }
    out
}

const COLUMNS: [Column; 5] = [
    col("Parameter", 0.245, false),
    col("Baseline", 0.125, true),
    col("", 0.05, false),
    col("On aircraft", 0.135, true),
    col("Effect", 0.445, false),
];

pub(crate) fn show(ui: &mut Ui, r: Rect, s: &Scene, l: &mut FlyLocal, out: &mut Vec<Intent>) {
    let p = ui.painter().with_clip_rect(r);
    let head = draw::rect(r.left(), r.top(), r.width(), 32.0);
    let Some(a) = chosen(s.v, l) else {
        draw::header(&p, head, "Parameters", "", s.pal);
        table::nothing(&p, r.with_min_y(head.bottom()), "No aircraft.", s.pal);
        return;
    };
    heading(ui, &p, head, s, l, a);
    let foot_h = foot_height(a, l);
    let list = r.with_min_y(head.bottom()).with_max_y(r.bottom() - foot_h);
    let all = rows(a, l);
    let body = table::head(&p, list, &COLUMNS, s.pal);
    if a.parameter_table.is_empty() {
        let words = match a.parameters {
            Some((have, of)) => format!("{have} of {of} parameters read; the table comes when all are here."),
            None => "Its parameters were not read yet.".to_owned(),
        };
        table::nothing(&p, body, &words, s.pal);
    } else if all.is_empty() {
        let words = if l.inspect.parameter_filter.is_empty() {
            "Every parameter is as its baseline says."
        } else {
            "No parameter fits the filter."
        };
        table::nothing(&p, body, words, s.pal);
    }
    let pal = s.pal;
    table::rows(
        ui,
        body,
        "parameters",
        if s.compact { 24.0 } else { 27.0 },
        all.len(),
        &COLUMNS,
        pal,
        None,
        |i| {
            let k = &all[i];
            let v = |x: Option<f64>| x.map_or(words::UNKNOWN.to_owned(), number);
            let safety = if k.safety { ", safety" } else { "" };
            format!("{}: {} to {}{safety}", k.name, v(k.wanted), v(k.found))
        },
        |cells, i| {
            let k = &all[i];
            let v = |x: Option<f64>| x.map_or(words::UNKNOWN.to_owned(), number);
            cells.put(0, &k.name, theme::mono(), pal.text1);
            cells.put(1, &v(k.wanted), theme::mono(), pal.text2);
            if k.differs {
                cells.put(2, "→", theme::body(), pal.text3);
            }
            cells.put(
                3,
                &v(k.found),
                theme::mono(),
                if k.differs { pal.text1 } else { pal.text2 },
            );
            let e = cells.rect(4);
            let mut x = e.left();
            if k.safety {
                x = draw::tag(cells.painter(), pos2(x, e.center().y), false, "safety", pal.text1, pal).right() + 8.0;
            }
            let c = if k.safety && k.differs { pal.text1 } else { pal.text2 };
            draw::text_in(
                cells.painter(),
                pos2(x, e.center().y),
                Align2::LEFT_CENTER,
                &k.effect,
                theme::small(),
                c,
                e.right() + 8.0 - x,
            );
        },
    );
    foot(ui, r.with_min_y(r.bottom() - foot_h), s, l, a, out);
}

fn heading(ui: &mut Ui, p: &egui::Painter, head: Rect, s: &Scene, l: &mut FlyLocal, a: &VehicleView) {
    let ground = match a.landed.map(|k| k.value) {
        Some(LandedState::OnGround) => ", on the ground",
        Some(_) => ", in the air",
        None => "",
    };
    let against = a
        .baseline
        .as_ref()
        .map_or(String::new(), |b| format!(", against baseline {}", b.name));
    let title = if s.compact {
        format!("Parameters: {}", a.tail)
    } else {
        format!("Parameters: {} {}{ground}{against}", a.tail, a.name)
    };
    let full = l.inspect.tab == InspectTab::Parameters;
    let x = draw::header(p, head, if full { "Parameters of" } else { &title }, "", s.pal);
    let mut right = head.right() - 12.0;
    if full {
        let from = pick(
            ui,
            pos2(x + 4.0, head.top() + 4.0),
            s,
            l,
            "Parameters",
            (head.width() * 0.4).max(120.0),
        );
        table::field(
            ui,
            draw::rect(from + 8.0, head.top() + 3.0, 170.0, 26.0),
            &mut l.inspect.parameter_filter,
            "filter",
            "Filter parameters",
        );
    }
    if a.baseline.is_some() {
        for (word, all) in [("All", true), ("Differences", false)] {
            let label = if all { "All parameters" } else { "Differing parameters" };
            let b = Button::new(word).label(label).selected(l.inspect.all_parameters == all);
            let w = b.wants(p);
            if b.show(ui, draw::rect(right - w, head.top() + 4.0, w, 24.0), s.pal)
                .clicked()
            {
                l.inspect.all_parameters = all;
            }
            right -= w + 6.0;
        }
    }
    let n = a.baseline.as_ref().map_or(0, |b| b.differences.len());
    let words = if a.baseline.is_some() {
        format!("{n} of {} differ", words::count(a.parameter_table.len() as u64))
    } else {
        format!("{} read", words::count(a.parameter_table.len() as u64))
    };
    draw::text(
        p,
        pos2(right - 4.0, head.center().y),
        Align2::RIGHT_CENTER,
        &words,
        theme::small(),
        s.pal.text2,
    );
}

fn safety(b: &BaselineView) -> usize {
    b.differences.iter().filter(|d| d.safety).count()
}

fn foot_height(a: &VehicleView, l: &FlyLocal) -> f32 {
    let grounded = a.grounded.len().min(2);
    #[expect(clippy::cast_precision_loss, reason = "at most two")]
    let lines = grounded as f32 * 24.0;
    let state = if a.baseline.as_ref().is_some_and(|b| safety(b) > 0) || a.baseline.is_none() {
        26.0
    } else {
        0.0
    };
    let asking = if l.inspect.asking == Asking::Nothing { 0.0 } else { 38.0 };
    10.0 + lines + state + 42.0 + asking
}

fn foot(ui: &mut Ui, r: Rect, s: &Scene, l: &mut FlyLocal, a: &VehicleView, out: &mut Vec<Intent>) {
    let p = ui.painter().with_clip_rect(r);
    draw::hline(&p, r.left(), r.right(), r.top() + 0.5, s.pal.line_soft);
    let mut y = r.top() + 16.0;
    let line = |y: f32, ic: Icon, c: egui::Color32, words: &str| {
        icon::paint(&p, pos2(r.left() + 20.0, y), 14.0, ic, c);
        draw::text_in(
            &p,
            pos2(r.left() + 34.0, y),
            Align2::LEFT_CENTER,
            words,
            theme::body(),
            s.pal.text1,
            r.width() - 46.0,
        )
    };
    for why in a.grounded.iter().take(2) {
        let words = format!("{} stays on the ground: {why}", a.tail);
        let t = line(y, Icon::P2, s.pal.alarm2, &words);
        draw::named(ui, t, ("grounded", why), WidgetType::Label, &words);
        y += 24.0;
    }
    match &a.baseline {
        None => {
            let t = format!(
                "No baseline is kept for {}: nothing to hold its parameters against.",
                a.tail
            );
            draw::text_in(
                &p,
                pos2(r.left() + 12.0, y),
                Align2::LEFT_CENTER,
                &t,
                theme::body(),
                s.pal.text2,
                r.width() - 24.0,
            );
            y += 26.0;
        }
        Some(b) if safety(b) > 0 => {
            match &b.accepted {
                Some(acc) => {
                    let words = format!("Accepted by {} at {}: {}", acc.by, acc.at.clock(), acc.reason);
                    let t = line(y, Icon::Check, s.pal.confirmed, &words);
                    draw::named(ui, t, "accepted", WidgetType::Label, &words);
                }
                None => {
                    let n = safety(b);
                    let words = format!(
                        "{n} safety difference{} keep{} {} on the ground until accepted by name.",
                        if n == 1 { "" } else { "s" },
                        if n == 1 { "s" } else { "" },
                        a.tail
                    );
                    draw::text_in(
                        &p,
                        pos2(r.left() + 12.0, y),
                        Align2::LEFT_CENTER,
                        &words,
                        theme::body(),
                        s.pal.text2,
                        r.width() - 24.0,
                    );
                }
            }
            y += 26.0;
        }
        Some(_) => {}
    }
    if l.inspect.asking != Asking::Nothing {
        asked(
            ui,
            draw::rect(r.left() + 12.0, y - 6.0, r.width() - 24.0, 30.0),
            s,
            l,
            a,
            out,
        );
        y += 38.0;
    }
    buttons(ui, &p, r.left() + 12.0, y - 4.0, r.width() - 24.0, s, l, a, out);
}

fn pilot(s: &Scene, l: &FlyLocal) -> bool {
    s.v.operators
        .iter()
        .any(|o| o.id == l.operator && o.authority >= Authority::Pilot)
}

#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
fn buttons(
    ui: &mut Ui,
    p: &egui::Painter,
    x0: f32,
    y: f32,
    room: f32,
    s: &Scene,
    l: &mut FlyLocal,
    a: &VehicleView,
    out: &mut Vec<Intent>,
) {
    let may = pilot(s, l);
    let ground = a.landed.is_none_or(|k| k.value == LandedState::OnGround) && !a.armed.is_some_and(|k| k.value);
    let differs = a.baseline.as_ref().is_some_and(|b| !b.differences.is_empty());
    let changed = a
        .baseline
        .as_ref()
        .is_some_and(|b| b.differences.iter().any(|d| matches!(d.drift, Drift::Changed { .. })));
    let open = a
        .baseline
        .as_ref()
        .is_some_and(|b| safety(b) > 0 && b.accepted.is_none());
    let read = !a.parameter_table.is_empty();
    let id = a.id;
    let mut x = x0;
    let mut put = |words: &str, label: &str, ic: Option<Icon>, on: bool, primary: bool| {
        let mut b = Button::new(words).label(label).enabled(on);
        if let Some(ic) = ic {
            b = b.icon(ic);
        }
        if primary && on {
            b = b.look(Look::Selected);
        }
        let w = b.wants(p);
        if x + w > x0 + room + 1.0 {
            return false;
        }
        let clicked = b.show(ui, draw::rect(x, y, w, 30.0), s.pal).clicked();
        x += w + 8.0;
        clicked && on
    };
    if let Some((name, _)) = s.v.system.and_then(|o| gcs_system_wanted(&a.parameter_table, o)) {
        let ours = s.v.system.unwrap_or_default();
        let words = format!("Set {name} to {ours}");
        if put(&words, &format!("{words} on {}", a.tail), None, may && ground, true) {
            out.push(Intent::SetParameter {
                vehicle: id,
                name: name.to_owned(),
                value: f64::from(ours),
            });
        }
    }
    if a.baseline.is_some() {
        if put(
            "Save diff",
            &format!("Save differences of {}", a.tail),
            Some(Icon::Export),
            differs,
            false,
        ) {
            out.push(Intent::SaveDifferences { vehicle: id });
        }
        if open
            && put(
                "Accept with reason…",
                &format!("Accept differences of {}", a.tail),
                None,
                may,
                false,
            )
        {
            l.inspect.asking = Asking::Reason;
        }
        if put(
            "Restore baseline…",
            &format!("Restore baseline of {}", a.tail),
            None,
            may && changed && ground,
            false,
        ) {
            l.inspect.asking = Asking::Restore;
        }
    }
    let take = if a.baseline.is_some() {
        "New baseline…"
    } else {
        "Take as baseline…"
    };
    if put(
        take,
        &format!("Take baseline of {}", a.tail),
        None,
        may && read && (differs || a.baseline.is_none()),
        false,
    ) {
        l.inspect.asking = Asking::Take;
    }
    if put(
        "Read anew",
        &format!("Read parameters of {}", a.tail),
        None,
        a.alive,
        false,
    ) {
        out.push(Intent::ReadParameters { vehicle: id });
    }
}

/// The question before the deed.
fn asked(ui: &mut Ui, r: Rect, s: &Scene, l: &mut FlyLocal, a: &VehicleView, out: &mut Vec<Intent>) {
    let p = ui.painter().clone();
    let yes_w = if s.compact { 82.0 } else { 96.0 };
    let yes = draw::rect(r.right() - yes_w - 70.0, r.top(), yes_w, 28.0);
    let back = draw::rect(r.right() - 62.0, r.top(), 62.0, 28.0);
    let words = r.with_max_x(yes.left() - 8.0);
    let mut done = false;
    match l.inspect.asking {
        Asking::Nothing => return,
        Asking::Reason => {
            let enter = table::field(
                ui,
                words,
                &mut l.inspect.reason,
                "why it may fly like this",
                "Reason of acceptance",
            );
            let ok = !l.inspect.reason.trim().is_empty();
            let b = Button::new("Accept").label("Accept with this reason").enabled(ok);
            if (b.show(ui, yes, s.pal).clicked() || enter) && ok {
                out.push(Intent::AcceptParameters {
                    vehicle: a.id,
                    reason: l.inspect.reason.trim().to_owned(),
                });
                done = true;
            }
        }
        Asking::Restore => {
            let n = a
                .baseline
                .iter()
                .flat_map(|b| &b.differences)
                .filter(|d| matches!(d.drift, Drift::Changed { .. }))
                .count();
            let w = format!("Write {n} values of the baseline to {}?", a.tail);
            draw::text_in(
                &p,
                words.left_center(),
                Align2::LEFT_CENTER,
                &w,
                theme::body(),
                s.pal.text1,
                words.width(),
            );
            let label = format!("Write the baseline to {}", a.tail);
            if Button::new("Write").label(&label).show(ui, yes, s.pal).clicked() {
                out.push(Intent::RestoreParameters { vehicle: a.id });
                done = true;
            }
        }
        Asking::Take => {
            let w = format!(
                "What {} has on board now, {} values, becomes its baseline?",
                a.tail,
                words::count(a.parameter_table.len() as u64)
            );
            draw::text_in(
                &p,
                words.left_center(),
                Align2::LEFT_CENTER,
                &w,
                theme::body(),
                s.pal.text1,
                words.width(),
            );
            let label = format!("Take this as baseline of {}", a.tail);
            if Button::new("Take it").label(&label).show(ui, yes, s.pal).clicked() {
                out.push(Intent::TakeBaseline { vehicle: a.id });
                done = true;
            }
        }
    }
    if Button::new("Back")
        .label("Leave it")
        .look(Look::Quiet)
        .show(ui, back, s.pal)
        .clicked()
        || done
    {
        l.inspect.asking = Asking::Nothing;
        l.inspect.reason.clear();
    }
}
