//! Keys: every action has one, every one is listed under `?`; letters act only when no text field
//! has focus.
//!
//! Invariant: `Esc` leaves and never orders; a held key and a held button are the same gesture.
//! It must not know how an action is drawn.

use egui::{Align2, CornerRadius, Key, Modifiers, Rect, Stroke, StrokeKind, Ui, WidgetType, pos2, vec2};
use vedette_core::StationView;
use vedette_model::{AlertState, Decision, IncidentState, Intent};

use super::{alerts, map, video};
use crate::draw::{self, Button};
use crate::local::{Dismissal, FlyLocal, Workspace};
use crate::theme::{self, Palette};

/// All keys, as listed under `?`.
pub(crate) const LIST: &[(&str, &str)] = &[
    ("F1 – F5", "workspace: Fly, Plan, Train, Review, Inspect"),
    ("1 – 9", "select aircraft; orders go to it alone"),
    ("Shift 1 – 9", "its video"),
    ("V", "thermal or visible"),
    ("Y", "confirm the alert in front"),
    ("N", "dismiss it, with a reason"),
    ("A", "acknowledge it"),
    ("Space", "show it on map and video"),
    ("C", "open an incident of the confirmed alert"),
    ("S", "seal the incident's evidence"),
    ("hold E", "take off"),
    ("hold I / Q", "start / resume patrol"),
    ("hold H", "hold position"),
    ("hold O / G", "orbit / go to the marked place"),
    ("L", "camera looks at the marked place or alert"),
    ("hold D", "land here"),
    ("hold R", "return"),
    (
        "arrows",
        "move the map; with Alt turn and tilt it; with Shift turn the camera",
    ),
    (
        "click / drag in video",
        "place with its error / turn the camera; wheel zooms",
    ),
    ("B", "thermal and visible at once"),
    ("+  −  0", "zoom in, out, fit section"),
    ("Alt 2 / Alt 3", "map from above / tilted"),
    ("F", "map follows the selected aircraft"),
    ("M", "mark the map's middle; Delete removes it"),
    ("P / Enter", "in Plan: put it on the table / approve it"),
    ("Ctrl Z", "in Plan: undo an edit; with Shift redo it"),
    ("S  C  N", "in Plan: draw the section / compare / next finding"),
    ("X", "in Plan: after a change, plan the rest of the watch"),
    ("Z", "timeline size"),
    ("Ctrl Shift N", "red night room"),
    ("F9", "who sits at this console"),
    ("Tab", "next control; Enter presses it"),
    ("?", "these keys; Esc leaves, never an order"),
];

const DIGITS: [Key; 9] = [
    Key::Num1,
    Key::Num2,
    Key::Num3,
    Key::Num4,
    Key::Num5,
    Key::Num6,
    Key::Num7,
    Key::Num8,
    Key::Num9,
];

pub(crate) fn listen(ui: &mut Ui, v: &StationView, l: &mut FlyLocal, out: &mut Vec<Intent>) {
    let ctx = ui.ctx().clone();
    for (w, _, _, key) in Workspace::ALL {
        if ctx.input(|i| i.key_pressed(key)) {
            l.workspace = w;
            l.help = false;
        }
    }
    if ctx.input_mut(|i| i.consume_key(Modifiers::CTRL | Modifiers::SHIFT, Key::N)) {
        l.night = !l.night;
        theme::style(&ctx, &Palette::of(l.night));
        return;
    }
    if ctx.input(|i| i.key_pressed(Key::Escape)) {
        l.help = false;
        l.seat = false;
        l.dismiss = None;
        l.hold = None;
        l.spot = None;
        return;
    }
    if ctx.egui_wants_keyboard_input() {
        return;
    }
    let pressed = |k: Key| ctx.input(|i| i.modifiers.is_none() && i.key_pressed(k));
    if ctx.input(|i| i.key_pressed(Key::Questionmark) || (i.modifiers.shift && i.key_pressed(Key::Slash))) {
        l.help = !l.help;
    }
    if let Some(d) = l.dismiss.clone() {
        for (i, why) in alerts::REASONS.iter().enumerate() {
            if pressed(DIGITS[i]) {
                out.push(Intent::Decide {
                    alert: d.alert,
                    decision: Decision::Dismiss {
                        reason: (*why).to_owned(),
                    },
                });
                l.dismiss = None;
            }
        }
        return;
    }
    let ids: Vec<_> = v.vehicles.keys().copied().collect();
    for (i, k) in DIGITS.iter().enumerate() {
        let Some(id) = ids.get(i) else { break };
        if pressed(*k) {
            l.select(v, *id);
            out.push(Intent::Show {
                alert: None,
                track: None,
                vehicle: Some(*id),
            });
        }
        if ctx.input(|x| x.modifiers.shift_only() && x.key_pressed(*k)) {
            let of = |s| {
                v.cameras
                    .values()
                    .find(|c| c.vehicle == *id && c.spectrum == s)
                    .map(|c| c.id)
            };
            l.camera = of(l.spectrum).or(l.camera);
        }
    }
    if l.workspace == Workspace::Fly {
        answer(&pressed, v, l, out);
    }
    if pressed(Key::V)
        && let Some(c) = l.camera.and_then(|c| video::other_sensor(v, c))
    {
        l.camera = Some(c);
        l.spectrum = v.cameras.get(&c).map_or(l.spectrum, |c| c.spectrum);
    }
    if pressed(Key::B) && l.workspace == Workspace::Fly {
        l.pair = !l.pair;
    }
    if pressed(Key::Z) {
        let open = l.timeline_open.unwrap_or(ui.max_rect().height() >= 860.0);
        l.timeline_open = Some(!open);
    }
    view_keys(&ctx, &pressed, v, l);
}

fn answer(pressed: &dyn Fn(Key) -> bool, v: &StationView, l: &mut FlyLocal, out: &mut Vec<Intent>) {
    let Some(a) = alerts::front(v, l) else { return };
    let waits = matches!(a.state, AlertState::Open | AlertState::Acknowledged { .. });
    if pressed(Key::Y) && waits {
        out.push(Intent::Decide {
            alert: a.id,
            decision: Decision::Confirm,
        });
    }
    if pressed(Key::N) && waits {
        l.dismiss = Some(Dismissal {
            alert: a.id,
            reason: String::new(),
        });
    }
    if pressed(Key::A) && a.state == AlertState::Open {
        out.push(Intent::Acknowledge { alert: a.id });
    }
    if pressed(Key::Space) {
        alerts::look_at(v, l, a, out);
    }
    let case = alerts::incident_of(v, a);
    if pressed(Key::C) && matches!(a.state, AlertState::Confirmed { .. }) && case.is_none() {
        out.push(Intent::OpenIncident { alert: a.id });
    }
    if pressed(Key::S)
        && let Some(i) = case.filter(|i| matches!(i.state, IncidentState::Open | IncidentState::Failed { .. }))
    {
        let outcome = l
            .outcome
            .get(&i.id)
            .cloned()
            .unwrap_or_else(|| alerts::OUTCOMES[0].to_owned());
        out.push(Intent::SealIncident {
            incident: i.id,
            outcome,
        });
    }
}

fn view_keys(ctx: &egui::Context, pressed: &dyn Fn(Key) -> bool, v: &StationView, l: &mut FlyLocal) {
    if ctx.input(|i| i.modifiers.alt && i.key_pressed(Key::Num2)) {
        l.map.tilt_deg = 0.0;
        l.map.azimuth_deg = 0.0;
    }
    if ctx.input(|i| i.modifiers.alt && i.key_pressed(Key::Num3)) && l.map.is_flat() {
        l.map.tilt_deg = 55.0;
    }
    let focused = ctx.memory(|m| m.focused().is_some());
    let (x, y) = ctx.input(|i| {
        let d = |a: Key, b: Key| f32::from(i8::from(i.key_down(a)) - i8::from(i.key_down(b)));
        (d(Key::ArrowLeft, Key::ArrowRight), d(Key::ArrowUp, Key::ArrowDown))
    });
    let alt = ctx.input(|i| i.modifiers.alt);
    // With Shift the arrows turn the camera.
    let shift = ctx.input(|i| i.modifiers.shift);
    if (x != 0.0 || y != 0.0) && !focused && !shift {
        let dt = ctx.input(|i| i.stable_dt).min(0.1);
        if alt {
            l.map.azimuth_deg = vedette_geo::norm_deg_360(l.map.azimuth_deg + f64::from(x * dt) * 60.0);
            if !l.map.is_flat() {
                l.map.tilt_deg = (l.map.tilt_deg + f64::from(y * dt) * 30.0).clamp(15.0, 75.0);
            }
        } else {
            l.map.pan(vec2(x, y) * dt * 600.0);
            l.chase = false;
        }
        ctx.request_repaint();
    }
    let middle = l.map_rect.center();
    let rect = l.map_rect;
    if pressed(Key::Plus) || pressed(Key::Equals) || ctx.input(|i| i.key_pressed(Key::Plus)) {
        l.map.zoom(0.8, middle, rect);
    }
    if pressed(Key::Minus) {
        l.map.zoom(1.25, middle, rect);
    }
    if pressed(Key::Num0)
        && let Some(s) = l.shapes.clone()
    {
        let lay = theme::Layout::of(ctx.viewport_rect().size(), true);
        map::fit(l, &s, v, &lay);
    }
    if pressed(Key::F) {
        l.chase = !l.chase;
    }
    if pressed(Key::M)
        && let Some(s) = &l.shapes
    {
        l.pin = Some(s.frame.from_plane(l.map.east_m, l.map.north_m));
    }
    if pressed(Key::Delete) || pressed(Key::Backspace) {
        l.pin = None;
    }
}

/// The list of keys over the workspace; it holds back no alert: P1 stays visible beside it.
pub(crate) fn help(ui: &mut Ui, r: Rect, l: &mut FlyLocal, pal: &Palette) {
    let p = ui.painter().clone();
    #[expect(clippy::cast_precision_loss, reason = "a short list")]
    let h = (LIST.len() as f32 * 21.0 + 60.0).min(r.height() - 20.0);
    let w = 500.0_f32.min(r.width() - 20.0);
    let b = draw::rect(r.left() + 12.0, r.top() + 10.0, w, h);
    p.rect(
        b,
        CornerRadius::ZERO,
        pal.surface[1],
        Stroke::new(1.0, pal.line_strong),
        StrokeKind::Inside,
    );
    draw::text(
        &p,
        b.min + vec2(16.0, 20.0),
        Align2::LEFT_CENTER,
        "Keys",
        theme::title(),
        pal.text1,
    );
    let mut y = b.top() + 46.0;
    let mut said = String::from("Keys: ");
    for (k, what) in LIST {
        draw::text(
            &p,
            pos2(b.left() + 130.0, y),
            Align2::RIGHT_CENTER,
            k,
            theme::mono(),
            pal.text1,
        );
        draw::text_in(
            &p,
            pos2(b.left() + 146.0, y),
            Align2::LEFT_CENTER,
            what,
            theme::body(),
            pal.text2,
            w - 160.0,
        );
        said.push_str(&format!("{k} {what}; "));
        y += 21.0;
    }
    draw::named(ui, b, "keys", WidgetType::Label, &said);
    if Button::new("")
        .label("Close keys")
        .icon(crate::icon::Icon::Cross)
        .show(ui, draw::rect(b.right() - 40.0, b.top() + 8.0, 30.0, 24.0), pal)
        .clicked()
    {
        l.help = false;
    }
}
