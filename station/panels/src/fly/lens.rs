//! A hand on the camera: zoom, turn, pictures on board, the frame kept, both sensors at once, what it
//! follows.
//!
//! Invariant: a camera turns only while the hand holds; letting go is an order too. What a camera does
//! not say it can do is not offered.

use egui::{Align2, Key, Rect, Response, Stroke, StrokeKind, Ui, WidgetInfo, WidgetType, pos2, vec2};
use vedette_core::{CameraView, StationView, VehicleView};
use vedette_model::{Authority, CameraOrder, GimbalAim, Intent, Order, Spectrum, VehicleId};

use super::spot::may;
use super::{age, video};
use crate::draw::{self, Button};
use crate::icon::Icon;
use crate::local::{FlyFeeds, FlyLocal};
use crate::theme::{self, Palette};

/// Fastest turn by hand at the width of view below, degrees per second; less when zoomed in.
const TURN_DEG_S: f64 = 20.0;
const TURN_HFOV_DEG: f64 = 24.0;
/// Turn by key, of the fastest.
const KEY_SHARE: f64 = 0.4;
/// Rates are told again when they change by this much, and no more often than this.
const RATE_STEP_DEG_S: f64 = 0.5;
const TELL_S: f64 = 0.2;
/// One step of the zoom buttons and of the wheel, percent of the camera's range.
const ZOOM_PCT: f64 = 10.0;
const WHEEL_PCT: f64 = 5.0;
/// Wheel travel of one step, pixels.
const WHEEL_PX: f32 = 40.0;
/// A zoom just asked for counts as the camera's own until it has answered, microseconds.
const ZOOM_ASKED_US: i64 = 2_000_000;

/// What the hand on the camera does.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CameraHand {
    /// Turning: aircraft, pitch and yaw rate told last, degrees per second.
    turning: Option<(VehicleId, [f64; 2])>,
    /// When that was told, seconds of the screen.
    told_s: f64,
    /// Zoom asked for: aircraft, percent, station clock.
    zoom: Option<(VehicleId, f64, i64)>,
    /// Wheel travel not yet ordered.
    wheel: f32,
    /// Seconds the button that sends an aircraft near a track is held.
    pub(super) near_s: f64,
    /// That order was given.
    pub(super) near_done: bool,
}

fn command(vehicle: VehicleId, order: Order) -> Intent {
    Intent::Command {
        vehicle,
        order,
        held: false,
    }
}

/// The zoom the camera has, or was just asked for.
fn zoom(v: &StationView, l: &FlyLocal, a: &VehicleView) -> Option<f64> {
    let told = a.cameras.values().find_map(|c| c.value.zoom_pct);
    let asked = l
        .hand
        .zoom
        .filter(|(id, _, t)| *id == a.id && v.now.0 - t < ZOOM_ASKED_US)
        .map(|z| z.1);
    told.map(|t| asked.unwrap_or(t))
}

fn zoom_by(v: &StationView, l: &mut FlyLocal, a: &VehicleView, by: f64, out: &mut Vec<Intent>) {
    let Some(now) = zoom(v, l, a) else { return };
    let to = (now + by).clamp(0.0, 100.0);
    if (to - now).abs() > 0.1 {
        l.hand.zoom = Some((a.id, to, v.now.0));
        out.push(command(a.id, Order::Camera(CameraOrder::Zoom(to))));
    }
}

/// The frame under the pointer: a click points, a drag turns the camera, the wheel zooms.
pub(super) fn listen(
    ui: &mut Ui,
    f: Rect,
    v: &StationView,
    l: &mut FlyLocal,
    cam: &CameraView,
    out: &mut Vec<Intent>,
) -> Response {
    let resp = ui.interact(f, ui.id().with("frame"), egui::Sense::click_and_drag());
    resp.widget_info(|| WidgetInfo::labeled(WidgetType::Image, true, "Live picture"));
    let Some(a) = v.vehicles.get(&cam.vehicle) else {
        return resp;
    };
    let allowed = may(v, l, Authority::Sensor);
    if resp.hovered() && allowed {
        l.hand.wheel += ui.input(|i| i.smooth_scroll_delta().y);
        if l.hand.wheel.abs() >= WHEEL_PX {
            let by = WHEEL_PCT * f64::from(l.hand.wheel.signum());
            l.hand.wheel = 0.0;
            zoom_by(v, l, a, by, out);
        }
    }
    let hfov = cam.pose.as_ref().map_or(TURN_HFOV_DEG, |p| p.hfov_deg);
    let most = TURN_DEG_S * (hfov / TURN_HFOV_DEG).clamp(0.05, 1.0);
    let mut want = None;
    if allowed && a.gimbal_deg.is_some() {
        let from = ui.input(|i| i.pointer.press_origin());
        if let (true, Some(from), Some(to)) = (resp.dragged(), from, resp.interact_pointer_pos()) {
            let d = (to - from) / (f.width() / 2.0);
            let rate = |x: f32| f64::from(x.clamp(-1.0, 1.0)) * most;
            want = Some([rate(-d.y), rate(d.x)]);
        }
        let typing = ui.ctx().egui_wants_keyboard_input();
        let (x, y) = ui.input(|i| {
            let d = |a: Key, b: Key| f64::from(i8::from(i.key_down(a)) - i8::from(i.key_down(b)));
            let on = i.modifiers.shift_only() && !typing;
            let k = if on { most * KEY_SHARE } else { 0.0 };
            (
                d(Key::ArrowRight, Key::ArrowLeft) * k,
                d(Key::ArrowUp, Key::ArrowDown) * k,
            )
        });
        if x != 0.0 || y != 0.0 {
            want = Some([y, x]);
        }
    }
    turn(ui, l, a.id, want, out);
    resp
}

/// Tells the rates wanted, and zero once nothing is wanted any more.
fn turn(ui: &Ui, l: &mut FlyLocal, id: VehicleId, want: Option<[f64; 2]>, out: &mut Vec<Intent>) {
    let now_s = ui.input(|i| i.time);
    let rates = |id, r: [f64; 2]| {
        let aim = GimbalAim::Rates {
            pitch_deg_s: r[0],
            yaw_deg_s: r[1],
        };
        command(id, Order::Gimbal(aim))
    };
    // Another aircraft in hand: the one before stands still.
    if let Some((before, _)) = l.hand.turning.filter(|(b, _)| want.is_none() || *b != id) {
        out.push(rates(before, [0.0, 0.0]));
        l.hand.turning = None;
    }
    let Some(want) = want else { return };
    ui.ctx().request_repaint();
    let changed = l
        .hand
        .turning
        .is_none_or(|(_, r)| (r[0] - want[0]).hypot(r[1] - want[1]) > RATE_STEP_DEG_S);
    let due = l.hand.turning.is_none() || now_s - l.hand.told_s >= TELL_S;
    if changed && due {
        out.push(rates(id, want));
        l.hand.turning = Some((id, want));
        l.hand.told_s = now_s;
    }
}

/// Room of the column of buttons in a frame drawn at `f`.
pub(super) fn column(f: Rect) -> Rect {
    draw::rect(
        f.right() - 40.0,
        f.top() + 42.0,
        34.0,
        (f.height() - 84.0).clamp(0.0, 186.0),
    )
}

/// Buttons beside the picture: what this camera can do.
#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
pub(super) fn buttons(
    ui: &mut Ui,
    f: Rect,
    v: &StationView,
    l: &mut FlyLocal,
    cam: &CameraView,
    feeds: &FlyFeeds,
    pal: &Palette,
    out: &mut Vec<Intent>,
) {
    let room = column(f);
    let mut y = room.top();
    let mut hit = |ui: &mut Ui, b: Button| {
        let r = draw::rect(room.left(), y, room.width(), 26.0);
        let fits = r.bottom() <= room.bottom() + 1.0;
        y += 31.0;
        fits && b.show(ui, r, pal).clicked()
    };
    let allowed = may(v, l, Authority::Sensor);
    if let Some(a) = v.vehicles.get(&cam.vehicle) {
        if zoom(v, l, a).is_some() {
            if hit(ui, Button::new("+").label("Zoom in").enabled(allowed)) {
                zoom_by(v, l, a, ZOOM_PCT, out);
            }
            if hit(ui, Button::new("−").label("Zoom out").enabled(allowed)) {
                zoom_by(v, l, a, -ZOOM_PCT, out);
            }
        }
        if a.cameras
            .values()
            .any(|c| c.value.pictures.is_some() || c.value.recording.is_some())
        {
            let b = Button::new("")
                .label("Take picture on board")
                .icon(Icon::Camera)
                .enabled(allowed);
            if hit(ui, b) {
                out.push(command(a.id, Order::Camera(CameraOrder::Picture)));
            }
        }
        if let Some(on) = a.cameras.values().find_map(|c| c.value.recording) {
            let label = if on {
                "End recording on board"
            } else {
                "Record on board"
            };
            if hit(
                ui,
                Button::new("")
                    .label(label)
                    .icon(Icon::Rec)
                    .selected(on)
                    .enabled(allowed),
            ) {
                out.push(command(a.id, Order::Camera(CameraOrder::Record(!on))));
            }
        }
    }
    if let Some(pic) = feeds.video.get(&cam.id) {
        let b = Button::new("")
            .label("Keep this frame")
            .icon(Icon::Export)
            .enabled(allowed);
        if hit(ui, b) {
            out.push(Intent::Snapshot {
                camera: cam.id,
                pts: pic.pts,
                captured: pic.captured,
            });
        }
    }
    if video::other_sensor(v, cam.id).is_some()
        && hit(
            ui,
            Button::new("")
                .label("Both sensors")
                .icon(Icon::Layers)
                .selected(l.pair),
        )
    {
        l.pair = !l.pair;
    }
}

/// Room of the other sensor's picture in a frame drawn at `f`, while both are wanted.
pub(super) fn inset(f: Rect, v: &StationView, l: &FlyLocal) -> Option<Rect> {
    if !l.pair || l.spot.is_some() {
        return None;
    }
    video::other_sensor(v, l.camera?)?;
    let w = f.width() * 0.34;
    Some(draw::rect(
        f.right() - 48.0 - w,
        f.bottom() - 44.0 - w * 0.8,
        w,
        w * 0.8,
    ))
}

/// The other sensor's picture; a click changes the two.
pub(super) fn pair(ui: &mut Ui, f: Rect, v: &StationView, l: &mut FlyLocal, feeds: &FlyFeeds, pal: &Palette) {
    let (Some(r), Some(from)) = (inset(f, v, l), l.camera) else {
        return;
    };
    let Some(c) = video::other_sensor(v, from).and_then(|id| v.cameras.get(&id)) else {
        return;
    };
    let p = ui.painter().with_clip_rect(r);
    p.rect_filled(r, egui::CornerRadius::ZERO, pal.surface[0]);
    let what = match c.spectrum {
        Spectrum::Thermal => "thermal",
        Spectrum::Visible => "visible",
    };
    let mut words = format!("{what}, no picture");
    if let Some(pic) = feeds.video.get(&c.id) {
        #[expect(clippy::cast_precision_loss, reason = "pixels")]
        let size = vec2(pic.size[0] as f32, pic.size[1] as f32);
        let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        p.image(pic.texture, draw::fit(size, r), whole, pal.picture_tint);
        words = format!(
            "{what} · {}",
            age::shown(v.utc, pic.captured.or(c.captured), c.age).words
        );
    }
    draw::outlined(
        &p,
        r.left_top() + vec2(6.0, 11.0),
        Align2::LEFT_CENTER,
        &words,
        theme::small_strong(),
        pal.text1,
    );
    let resp = ui.interact(r, ui.id().with("other sensor"), egui::Sense::click());
    let name = format!("Other sensor: {words}; change the two");
    resp.widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, &name));
    let line = if resp.hovered() { pal.accent } else { pal.line_strong };
    p.rect_stroke(r, egui::CornerRadius::ZERO, Stroke::new(1.5, line), StrokeKind::Inside);
    if resp.clicked() {
        l.camera = Some(c.id);
        l.spectrum = c.spectrum;
        l.spot = None;
    }
}

/// What the aircraft of this picture follows, with the way to end it.
pub(super) fn following(
    ui: &mut Ui,
    f: Rect,
    v: &StationView,
    l: &FlyLocal,
    cam: &CameraView,
    pal: &Palette,
    out: &mut Vec<Intent>,
) {
    let Some((id, fo)) = v
        .vehicles
        .get(&cam.vehicle)
        .and_then(|a| Some((a.id, a.follow.as_ref()?)))
    else {
        return;
    };
    let needs = match fo.by {
        vedette_model::FollowBy::Camera => Authority::Sensor,
        vedette_model::FollowBy::Aircraft { .. } => Authority::Pilot,
    };
    let what = match (&fo.waits, needs) {
        (Some(why), _) => format!("Waits, {}: {why}", fo.track),
        (None, Authority::Pilot) => format!("Stays near {}", fo.track),
        (None, _) => format!("Following {}", fo.track),
    };
    let label = format!("{what}; end");
    let b = Button::new(&what)
        .label(&label)
        .icon(Icon::Follow)
        .selected(true)
        .enabled(may(v, l, needs));
    let drop = if cam.left_out.is_empty() { 40.0 } else { 70.0 };
    let w = b.wants(ui.painter()).min(f.width() - 70.0);
    if b.show(ui, draw::rect(f.left() + 10.0, f.top() + drop, w, 24.0), pal)
        .clicked()
    {
        out.push(Intent::Follow {
            vehicle: id,
            track: None,
            by: fo.by,
            held: false,
        });
    }
}
