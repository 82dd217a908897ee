//! Alerts and incidents: what asks for an answer, and the answers.
//!
//! Invariant: nothing is decided but by a named person; P1 text and its answers never scroll away;
//! none is lost in a flood. It must not know the rules that raise alerts.

use egui::{Align2, CornerRadius, Rect, Ui, WidgetType, pos2, vec2};
use vedette_core::StationView;
use vedette_model::{Alert, AlertState, Decision, Incident, IncidentState, Intent, Mono, Priority};

use super::offers;
use crate::draw::{self, Button, Look};
use crate::icon::{self, Icon};
use crate::local::{Dismissal, FlyFeeds, FlyLocal};
use crate::theme::{self, Layout, Palette};
use crate::words;

/// Reasons offered for a dismissal; free words come after them.
pub(crate) const REASONS: [&str; 4] = ["animal", "warm ground or rock", "legal crossing", "our own patrol"];
/// Outcomes offered when sealing.
pub(crate) const OUTCOMES: [&str; 3] = ["handed to patrol", "turned back", "false alarm"];

pub(super) fn waits(a: &Alert) -> bool {
    matches!(a.state, AlertState::Open | AlertState::Acknowledged { .. })
}

/// Alerts that still want a person: undecided, or confirmed without an incident; most urgent
/// first.
#[must_use]
pub(crate) fn queue(v: &StationView) -> Vec<&Alert> {
    let rank = |a: &Alert| match (&a.state, a.priority) {
        (AlertState::Open, Priority::P1) => 0,
        (AlertState::Acknowledged { .. }, Priority::P1) => 1,
        (AlertState::Open, Priority::P2) => 2,
        (AlertState::Confirmed { .. }, _) => 3,
        _ => 4,
    };
    let mut q: Vec<&Alert> = v.alerts.values().filter(|a| waits(a) || wants_case(v, a)).collect();
    q.sort_by_key(|a| (rank(a), std::cmp::Reverse(a.raised)));
    q
}

/// Confirmed, and its incident is not sealed yet.
fn wants_case(v: &StationView, a: &Alert) -> bool {
    matches!(a.state, AlertState::Confirmed { .. })
        && incident_of(v, a).is_none_or(|i| !matches!(i.state, IncidentState::Sealed { .. }))
}

pub(crate) fn incident_of<'a>(v: &'a StationView, a: &Alert) -> Option<&'a Incident> {
    v.incidents.values().find(|i| i.alert == a.id)
}

/// The alert in front: chosen by hand while it waits, else the most urgent.
pub(crate) fn front<'a>(v: &'a StationView, l: &FlyLocal) -> Option<&'a Alert> {
    let q = queue(v);
    let urgent = q.first().copied()?;
    let chosen = l
        .alert
        .and_then(|a| v.alerts.get(&a))
        .filter(|a| q.iter().any(|b| b.id == a.id));
    match chosen {
        // A P1 nobody answered comes before a chosen lesser one.
        Some(c)
            if !(urgent.priority == Priority::P1 && urgent.state == AlertState::Open && c.priority == Priority::P2) =>
        {
            Some(c)
        }
        _ => Some(urgent),
    }
}

#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
pub(crate) fn show(
    ui: &mut Ui,
    r: Rect,
    v: &StationView,
    l: &mut FlyLocal,
    feeds: &FlyFeeds,
    lay: &Layout,
    pal: &Palette,
    out: &mut Vec<Intent>,
) {
    let p = ui.painter().clone();
    p.rect_filled(r, CornerRadius::ZERO, pal.surface[1]);
    let head = draw::rect(r.left(), r.top(), r.width(), 32.0);
    let x = draw::header(&p, head, "Alerts", "", pal);
    let q = queue(v);
    let count = |pr| q.iter().filter(|a| a.priority == pr && waits(a)).count();
    let (n1, n2) = (count(Priority::P1), count(Priority::P2));
    let t = draw::tag(
        &p,
        pos2(x + 4.0, head.center().y),
        false,
        &n1.to_string(),
        if n1 > 0 { pal.alarm1 } else { pal.text2 },
        pal,
    );
    draw::tag(
        &p,
        pos2(t.right() + 6.0, head.center().y),
        false,
        &n2.to_string(),
        if n2 > 0 { pal.alarm2 } else { pal.text2 },
        pal,
    );
    let decided = v.alerts.values().filter(|a| !waits(a)).count();
    draw::text(
        &p,
        pos2(r.right() - 12.0, head.center().y),
        Align2::RIGHT_CENTER,
        &format!("{decided} answered · {} incidents", v.incidents.len()),
        theme::small(),
        pal.text2,
    );
    let mut y = head.bottom();
    let bottom = r.bottom() - 26.0;
    let front = front(v, l).map(|a| a.id);
    l.alert = front.or(l.alert.filter(|a| v.alerts.contains_key(a)));
    let mut shown = 0;
    let mut order: Vec<&Alert> = Vec::new();
    // What stands in front stays in front of the others of its kind: its answers never move away.
    order.extend(q.iter().filter(|a| Some(a.id) == front));
    order.extend(q.iter().filter(|a| Some(a.id) != front));
    for a in order {
        let big = Some(a.id) == front;
        let case = incident_of(v, a);
        let dismissing = l.dismiss.as_ref().is_some_and(|d| d.alert == a.id);
        let h = if !big {
            if lay.compact { 37.0 } else { 44.0 }
        } else if dismissing {
            if lay.compact { 165.0 } else { 153.0 }
        } else if lay.compact {
            129.0
        } else {
            139.0
        };
        if y + h > bottom + 1.0 && shown > 0 {
            break;
        }
        let c = draw::rect(r.left(), y, r.width(), h);
        if big {
            card(ui, c, v, a, case, l, lay, pal, out);
        } else {
            row(ui, c, v, a, l, lay, pal, out);
        }
        y += h;
        shown += 1;
    }
    if q.len() > shown {
        draw::text(
            &p,
            pos2(r.left() + 12.0, (y + 10.0).min(bottom + 10.0)),
            Align2::LEFT_CENTER,
            &format!("and {} more, none lost: timeline and Review (F4)", q.len() - shown),
            theme::small(),
            pal.text2,
        );
    }
    if q.is_empty() {
        let last = v.alerts.values().max_by_key(|a| a.raised);
        let words = match last {
            None => "Nothing open. None raised in this watch.".to_owned(),
            Some(a) => format!(
                "Nothing open. Last: {} {}",
                words::minute(a.raised_utc),
                state_words(v, a)
            ),
        };
        draw::text(
            &p,
            pos2(r.left() + 12.0, y + 18.0),
            Align2::LEFT_CENTER,
            &words,
            theme::body(),
            pal.text2,
        );
        draw::named(
            ui,
            draw::rect(r.left(), y, r.width(), 36.0),
            "no alerts",
            WidgetType::Label,
            &words,
        );
    }
    let free = Rect::from_min_max(
        pos2(r.left(), if q.is_empty() { y + 36.0 } else { y }),
        pos2(r.right(), bottom),
    );
    if q.len() <= shown {
        offers::show(ui, free, v, l, feeds, pal);
    }
    // Last word of the station, if it is about the operator's own wish.
    if let Some(n) = v.notices.last().filter(|n| v.now.since(n.at) < 15_000_000) {
        let c = match n.kind {
            vedette_core::NoticeKind::Info => pal.text2,
            _ => pal.alarm2,
        };
        draw::hline(&p, r.left(), r.right(), r.bottom() - 26.0, pal.line_soft);
        draw::text_in(
            &p,
            pos2(r.left() + 12.0, r.bottom() - 13.0),
            Align2::LEFT_CENTER,
            &n.text,
            theme::small(),
            c,
            r.width() - 24.0,
        );
        draw::named(
            ui,
            draw::rect(r.left(), r.bottom() - 26.0, r.width(), 26.0),
            "notice",
            WidgetType::Label,
            &n.text,
        );
    }
}

pub(crate) fn state_words(v: &StationView, a: &Alert) -> String {
    let who = |o: &vedette_model::OperatorId| {
        v.operators
            .iter()
            .find(|x| x.id == *o)
            .map_or(o.to_string(), |x| x.name.clone())
    };
    match &a.state {
        AlertState::Open => "unanswered".into(),
        AlertState::Acknowledged { by, .. } => format!("acknowledged by {}", who(by)),
        AlertState::Confirmed { by, .. } => format!("confirmed by {}", who(by)),
        AlertState::Dismissed { by, reason, .. } => format!("dismissed by {}: {reason}", who(by)),
    }
}

fn colours(a: &Alert, pal: &Palette) -> (egui::Color32, egui::Color32, Icon) {
    match (&a.state, a.priority) {
        (AlertState::Confirmed { .. }, _) => (pal.confirmed, pal.confirmed_fill, Icon::Check),
        (AlertState::Open, Priority::P1) => (pal.alarm1, pal.alarm1_fill, Icon::P1),
        (AlertState::Open, Priority::P2) => (pal.alarm2, pal.alarm2_fill, Icon::P2),
        (_, Priority::P1) => (pal.alarm1, pal.surface[1], Icon::P1),
        (_, Priority::P2) => (pal.alarm2, pal.surface[1], Icon::P2),
    }
}

fn mark(ui: &Ui, p: &egui::Painter, at: egui::Pos2, a: &Alert, ic: Icon, colour: egui::Color32) {
    // P1 pulses once a second until it is answered; nothing else on the screen moves.
    let c = if ic == Icon::P1 && a.state == AlertState::Open {
        let t = ui.input(|i| i.time);
        ui.ctx().request_repaint_after(std::time::Duration::from_millis(100));
        #[expect(clippy::cast_possible_truncation, reason = "0..1")]
        let k = (0.775 + 0.225 * (t * std::f64::consts::TAU).cos()) as f32;
        colour.gamma_multiply(k)
    } else {
        colour
    };
    icon::paint(p, at, 20.0, ic, c);
}

#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
fn card(
    ui: &mut Ui,
    r: Rect,
    v: &StationView,
    a: &Alert,
    case: Option<&Incident>,
    l: &mut FlyLocal,
    lay: &Layout,
    pal: &Palette,
    out: &mut Vec<Intent>,
) {
    let p = ui.painter().clone();
    let (colour, fill, ic) = colours(a, pal);
    p.rect_filled(r, CornerRadius::ZERO, fill);
    let edge = if a.state == AlertState::Open { 4.0 } else { 2.0 };
    p.rect_filled(
        draw::rect(r.left(), r.top(), edge, r.height()),
        CornerRadius::ZERO,
        colour,
    );
    draw::hline(&p, r.left(), r.right(), r.bottom() - 0.5, pal.line_soft);
    mark(ui, &p, pos2(r.left() + 24.0, r.top() + 20.0), a, ic, colour);
    let time = draw::text(
        &p,
        pos2(r.right() - 12.0, r.top() + 20.0),
        Align2::RIGHT_CENTER,
        &a.raised_utc.clock(),
        theme::mono(),
        pal.text1,
    );
    let title_colour = if a.priority == Priority::P1 && a.state == AlertState::Open {
        pal.alarm1_title
    } else {
        pal.text1
    };
    draw::text_in(
        &p,
        pos2(r.left() + 42.0, r.top() + 20.0),
        Align2::LEFT_CENTER,
        &a.title,
        theme::title(),
        title_colour,
        time.left() - r.left() - 52.0,
    );
    let said = format!("{:?} {}: {} {}", a.priority, state_words(v, a), a.title, a.why);
    draw::named(
        ui,
        draw::rect(r.left(), r.top(), r.width(), 34.0),
        ("alert", a.id),
        WidgetType::Label,
        &said,
    );
    let rows = 3;
    let y = r.top() + 36.0;
    draw::text_wrapped(
        &p,
        pos2(r.left() + 16.0, y),
        &sentence(a, v),
        theme::small(),
        pal.text1,
        r.width() - 32.0,
        rows,
        17.0,
    );
    let by = if lay.compact {
        r.bottom() - 36.0
    } else {
        r.bottom() - 42.0
    };
    let bh = if lay.compact { 26.0 } else { 30.0 };
    if l.dismiss.as_ref().is_some_and(|d| d.alert == a.id) {
        dismissal(
            ui,
            Rect::from_min_max(pos2(r.left() + 16.0, y + 53.0), r.max - vec2(12.0, 6.0)),
            a,
            l,
            pal,
            out,
        );
        return;
    }
    let mut x = r.left() + 16.0;
    let mut right_words = String::new();
    match &a.state {
        AlertState::Open | AlertState::Acknowledged { .. } => {
            let label_c = format!("Confirm {}", a.id);
            let label_d = format!("Dismiss {}", a.id);
            let label_s = format!("Show {}", a.id);
            let label_a = format!("Acknowledge {}", a.id);
            let mut hits = [false; 4];
            for (i, b) in [
                Button::new("Confirm")
                    .label(&label_c)
                    .icon(Icon::Check)
                    .key("Y")
                    .look(Look::OnAlarm),
                Button::new("Dismiss…")
                    .label(&label_d)
                    .icon(Icon::Cross)
                    .key("N")
                    .look(Look::OnAlarm),
                Button::new("Show")
                    .label(&label_s)
                    .icon(Icon::Look)
                    .key(if lay.compact { "" } else { "Space" })
                    .look(Look::OnAlarm),
                Button::new("Ack")
                    .label(&label_a)
                    .key("A")
                    .look(Look::OnAlarm)
                    .enabled(a.state == AlertState::Open),
            ]
            .iter()
            .enumerate()
            {
                let w = b.wants(&p);
                if x + w > r.right() - 8.0 {
                    break;
                }
                hits[i] = b.show(ui, draw::rect(x, by, w, bh), pal).clicked();
                x += w + 8.0;
            }
            if hits[0] {
                out.push(Intent::Decide {
                    alert: a.id,
                    decision: Decision::Confirm,
                });
            }
            if hits[1] {
                l.dismiss = Some(Dismissal {
                    alert: a.id,
                    reason: String::new(),
                });
            }
            if hits[2] {
                look_at(v, l, a, out);
            }
            if hits[3] {
                out.push(Intent::Acknowledge { alert: a.id });
            }
            let s = Mono(v.now.since(a.raised)).seconds();
            right_words = match &a.state {
                AlertState::Open => format!("{} open", words::about(s)),
                _ => state_words(v, a),
            };
        }
        AlertState::Confirmed { .. } => match case {
            None => {
                let label = format!("Open incident {}", a.id);
                let b = Button::new("Open incident")
                    .label(&label)
                    .icon(Icon::Flag)
                    .key("C")
                    .look(Look::Primary);
                if b.show(ui, draw::rect(x, by, b.wants(&p), bh), pal).clicked() {
                    out.push(Intent::OpenIncident { alert: a.id });
                }
                right_words = state_words(v, a);
            }
            Some(i) => {
                let word = seal_row(ui, draw::rect(x, by, r.width() - 28.0, bh), i, l, pal, out);
                right_words = word;
            }
        },
        AlertState::Dismissed { .. } => {}
    }
    let room = r.right() - 12.0 - x;
    if room > 60.0 {
        draw::text_in(
            &p,
            pos2(r.right() - 12.0, by + bh / 2.0),
            Align2::RIGHT_CENTER,
            &right_words,
            theme::small(),
            pal.text2,
            room,
        );
    }
}

/// One line of why: the rule's sentence, who saw it, and that it is a suggestion.
fn sentence(a: &Alert, v: &StationView) -> String {
    let seen = a
        .vehicle
        .and_then(|x| v.vehicles.get(&x))
        .map(|x| format!(" Seen by {}.", x.tail))
        .unwrap_or_default();
    let end = if waits(a) { " Suggestion, you decide." } else { "" };
    format!("{}{seen} Score {:.2}.{end}", a.why, a.confidence)
}

pub(crate) fn look_at(v: &StationView, l: &mut FlyLocal, a: &Alert, out: &mut Vec<Intent>) {
    l.alert = Some(a.id);
    if let Some(c) = a.camera.filter(|c| v.cameras.contains_key(c)) {
        l.camera = Some(c);
    }
    let at = a
        .track
        .and_then(|t| v.tracks.get(&t))
        .and_then(|t| t.track.fix.ok())
        .map(|f| f.at)
        .or(a.at);
    if let (Some(at), Some(s)) = (at, l.shapes.clone()) {
        (l.map.east_m, l.map.north_m) = s.frame.plane(at);
        l.map.m_per_px = l.map.m_per_px.min(2.0);
        l.chase = false;
    }
    out.push(Intent::Show {
        alert: Some(a.id),
        track: a.track,
        vehicle: a.vehicle,
    });
}

fn dismissal(ui: &mut Ui, r: Rect, a: &Alert, l: &mut FlyLocal, pal: &Palette, out: &mut Vec<Intent>) {
    let p = ui.painter().clone();
    let mut x = r.left();
    let mut chosen: Option<String> = None;
    let mut y = r.top();
    for (i, why) in REASONS.iter().enumerate() {
        let label = format!("Dismiss as {why}");
        let key = ["1", "2", "3", "4"][i.min(3)];
        let b = Button::new(why).label(&label).key(key).look(Look::OnAlarm);
        let w = b.wants(&p);
        if x + w > r.right() {
            x = r.left();
            y += 28.0;
        }
        if b.show(ui, draw::rect(x, y, w, 24.0), pal).clicked() {
            chosen = Some((*why).to_owned());
        }
        x += w + 6.0;
    }
    y += 30.0;
    let field = draw::rect(r.left(), y, (r.width() - 150.0).max(80.0), 26.0);
    if let Some(d) = l.dismiss.as_mut() {
        let edit = egui::TextEdit::singleline(&mut d.reason)
            .hint_text("or in your own words")
            .font(theme::body());
        let resp = ui.place(field, edit);
        resp.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::TextEdit, true, "Reason of dismissal"));
        if resp.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter)) && !d.reason.trim().is_empty() {
            chosen = Some(d.reason.trim().to_owned());
        }
        let ok = !d.reason.trim().is_empty();
        if Button::new("Dismiss")
            .label("Dismiss with this reason")
            .enabled(ok)
            .show(ui, draw::rect(field.right() + 6.0, y, 72.0, 26.0), pal)
            .clicked()
        {
            chosen = Some(d.reason.trim().to_owned());
        }
    }
    if Button::new("Back")
        .label("Do not dismiss")
        .look(Look::Quiet)
        .show(ui, draw::rect(field.right() + 84.0, y, 60.0, 26.0), pal)
        .clicked()
    {
        l.dismiss = None;
    }
    if let Some(reason) = chosen {
        out.push(Intent::Decide {
            alert: a.id,
            decision: Decision::Dismiss { reason },
        });
        l.dismiss = None;
    }
}

/// Outcome and seal button of an incident; returns its state in words.
pub(super) fn seal_row(
    ui: &mut Ui,
    r: Rect,
    i: &Incident,
    l: &mut FlyLocal,
    pal: &Palette,
    out: &mut Vec<Intent>,
) -> String {
    match &i.state {
        IncidentState::Open | IncidentState::Failed { .. } => {
            let p = ui.painter().clone();
            let chosen = l.outcome.entry(i.id).or_insert_with(|| OUTCOMES[0].to_owned()).clone();
            let mut x = r.left();
            let next = OUTCOMES
                .iter()
                .position(|o| *o == chosen)
                .map_or(0, |k| (k + 1) % OUTCOMES.len());
            let label = format!("Outcome of {}: {chosen}, press for the next", i.id);
            let b = Button::new(&chosen).label(&label).icon(Icon::Down);
            let w = b.wants(&p);
            if b.show(ui, draw::rect(x, r.top(), w, r.height()), pal).clicked() {
                l.outcome.insert(i.id, OUTCOMES[next].to_owned());
            }
            x += w + 8.0;
            let label = format!("Seal {}", i.id);
            let b = Button::new("Seal evidence")
                .label(&label)
                .icon(Icon::Seal)
                .key("S")
                .look(Look::Primary);
            if b.show(ui, draw::rect(x, r.top(), b.wants(&p), r.height()), pal)
                .clicked()
            {
                out.push(Intent::SealIncident {
                    incident: i.id,
                    outcome: chosen,
                });
            }
            match &i.state {
                IncidentState::Failed { why } => format!("sealing failed: {why}"),
                _ => format!("{} open", i.id),
            }
        }
        IncidentState::Sealing => "sealing…".into(),
        IncidentState::Sealed { evidence, .. } => format!("sealed {evidence}"),
    }
}

#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
fn row(
    ui: &mut Ui,
    r: Rect,
    v: &StationView,
    a: &Alert,
    l: &mut FlyLocal,
    lay: &Layout,
    pal: &Palette,
    out: &mut Vec<Intent>,
) {
    let p = ui.painter().clone();
    let (colour, _, ic) = colours(a, pal);
    draw::hline(&p, r.left(), r.right(), r.bottom() - 0.5, pal.line_soft);
    p.rect_filled(
        draw::rect(
            r.left(),
            r.top(),
            if a.state == AlertState::Open { 4.0 } else { 2.0 },
            r.height(),
        ),
        CornerRadius::ZERO,
        colour,
    );
    mark(ui, &p, pos2(r.left() + 24.0, r.center().y), a, ic, colour);
    let time = draw::text(
        &p,
        pos2(r.right() - 12.0, r.center().y),
        Align2::RIGHT_CENTER,
        &a.raised_utc.clock(),
        theme::mono(),
        pal.text2,
    );
    let label = format!("Show {}", a.id);
    let b = Button::new("Show").label(&label).icon(Icon::Look);
    let w = if lay.compact { 0.0 } else { b.wants(&p) };
    if !lay.compact
        && b.show(
            ui,
            draw::rect(time.left() - 10.0 - w, r.center().y - 13.0, w, 26.0),
            pal,
        )
        .clicked()
    {
        look_at(v, l, a, out);
    }
    let end = time.left() - 20.0 - w;
    draw::text_in(
        &p,
        pos2(r.left() + 42.0, r.center().y),
        Align2::LEFT_CENTER,
        &a.title,
        theme::strong(),
        pal.text1,
        end - r.left() - 42.0,
    );
    let said = format!("{:?} {}: {}", a.priority, state_words(v, a), a.title);
    let resp = ui.interact(
        Rect::from_min_max(r.min, pos2(end, r.bottom())),
        ui.id().with(("alert row", a.id)),
        egui::Sense::click(),
    );
    resp.widget_info(|| egui::WidgetInfo::labeled(WidgetType::Button, true, &said));
    if resp.clicked() {
        look_at(v, l, a, out);
    }
}
