//! A place pointed at in a picture: where it is, how well that is known, and what can be done with it.
//!
//! Invariant: a place is never shown without its error, and where there is none the reason stands in
//! its stead. A click moves nothing.

use egui::{Align2, CornerRadius, Pos2, Rect, Stroke, StrokeKind, Ui, WidgetType, pos2, vec2};
use vedette_core::{CameraView, StationView, place_in_picture};
use vedette_geo::{Amsl, distance_m, mgrs};
use vedette_model::{
    Authority, CameraId, FollowBy, GimbalAim, GroundFix, Intent, NoFix, Order, Pts, TrackId, Utc, VehicleId,
};

use super::orders::HOLD_S;
use crate::draw::{self, Button};
use crate::icon::Icon;
use crate::local::{FlyFeeds, FlyLocal, VideoPicture};
use crate::relief::{Relief, ReliefGround};
use crate::theme::{self, Palette};
use crate::words;

/// Where a site's terrain does not say how good it is: one sigma of its heights, metres. The SRTM
/// mission's absolute height error is 16 m at 90 % by its specification.
const TERRAIN_SIGMA_M: f64 = 10.0;
/// A mark this near to the place pointed at is meant, metres, or its ellipse if that is wider.
const SAME_M: f64 = 10.0;
/// Distance kept from what an aircraft stays near, metres.
const NEAR_M: (f64, f64) = (100.0, 400.0);

/// A place pointed at.
#[derive(Debug, Clone, PartialEq)]
pub struct Spot {
    /// In which stream.
    pub camera: CameraId,
    /// In which frame.
    pub pts: Pts,
    /// Its time, where known.
    pub captured: Option<Utc>,
    /// Where in that frame, 0..1 across and down.
    pub share: [f64; 2],
    /// Where on the ground, or why not.
    pub fix: Result<GroundFix, NoFix>,
    /// The track whose box was hit.
    pub track: Option<TrackId>,
}

/// Whether who sits here may do this.
pub(super) fn may(v: &StationView, l: &FlyLocal, needs: Authority) -> bool {
    let has = v.operators.iter().find(|o| o.id == l.operator).map(|o| o.authority);
    has.is_some_and(|h| h >= needs) && l.view_age_s <= 5.0
}

/// The place at a point of a frame drawn at `f`.
pub(crate) fn point(
    at: Pos2,
    f: Rect,
    v: &StationView,
    cam: &CameraView,
    pic: &VideoPicture,
    relief: Option<&Relief>,
) -> Spot {
    let share = [
        f64::from((at.x - f.left()) / f.width().max(1.0)),
        f64::from((at.y - f.top()) / f.height().max(1.0)),
    ];
    let pose = pic.pose.as_deref().or(cam.pose.as_ref());
    let velocity = v
        .vehicles
        .get(&cam.vehicle)
        .and_then(|a| a.velocity_ned_m_s)
        .map(|k| k.value);
    let fix = match (pose, relief) {
        (None, _) => Err(NoFix::NoPose),
        (_, None) => Err(NoFix::NoTerrain),
        (Some(pose), Some(relief)) => {
            let sigma_m = v.site.terrain_sigma_m.filter(|s| *s > 0.0).unwrap_or(TERRAIN_SIGMA_M);
            place_in_picture(share, pic.size, pose, velocity, &ReliefGround { relief, sigma_m })
        }
    };
    #[expect(clippy::cast_precision_loss, reason = "pixels")]
    let k = f.width() / pic.size[0].max(1) as f32;
    let track = cam.tracks.iter().copied().find(|id| {
        v.tracks.get(id).is_some_and(|t| {
            let b = t.track.image;
            let r = Rect::from_min_size(f.min + vec2(b.x, b.y) * k, vec2(b.w, b.h) * k);
            t.track.camera == cam.id && r.expand(10.0).contains(at)
        })
    });
    Spot {
        camera: cam.id,
        pts: pic.pts,
        captured: pic.captured,
        share,
        fix,
        track,
    }
}

/// Where it is, in words to read out and to paste.
pub(crate) fn place_words(fix: &GroundFix) -> String {
    let (ns, ew) = (
        if fix.at.lat_deg < 0.0 { 'S' } else { 'N' },
        if fix.at.lon_deg < 0.0 { 'W' } else { 'E' },
    );
    let grid = mgrs(fix.at).map(|g| format!(" · {g}")).unwrap_or_default();
    format!(
        "{:.5}° {ns} {:.5}° {ew}{grid} · {} m",
        fix.at.lat_deg.abs(),
        fix.at.lon_deg.abs(),
        words::thousands(fix.amsl.0)
    )
}

fn error_words(fix: &GroundFix) -> String {
    let e = fix.ellipse95();
    format!(
        "95 % ellipse {:.0} × {:.0} m, {:03.0}° · slant {} m",
        e.semi_major_m * 2.0,
        e.semi_minor_m * 2.0,
        e.azimuth_deg,
        words::thousands(fix.slant_m)
    )
}

/// Room the card takes in a frame drawn at `f`, while there is a place to tell about.
pub(crate) fn room(f: Rect, l: &FlyLocal) -> Option<Rect> {
    l.spot.as_ref().filter(|s| Some(s.camera) == l.camera)?;
    let size = vec2((f.width() - 16.0).min(500.0), 82.0);
    let bottom = f.bottom() - 40.0;
    Some(Rect::from_min_size(pos2(f.left() + 8.0, bottom - size.y), size))
}

/// The card of the place pointed at. Live it gives orders; in a review it gives the words of a note.
#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
pub(crate) fn card(
    ui: &mut Ui,
    f: Rect,
    v: &StationView,
    l: &mut FlyLocal,
    feeds: &FlyFeeds,
    live: bool,
    pal: &Palette,
    out: &mut Vec<Intent>,
) -> Option<String> {
    let r = room(f, l)?;
    let spot = l.spot.clone()?;
    let p = ui.painter().clone();
    p.rect(
        r,
        CornerRadius::same(3),
        draw::alpha(pal.surface[0], 235),
        Stroke::new(1.0, pal.accent),
        StrokeKind::Inside,
    );
    let (first, second) = match &spot.fix {
        Ok(fix) => (place_words(fix), error_words(fix)),
        Err(e) => ("No position here".to_owned(), e.to_string()),
    };
    let line = |y: f32, words: &str, font: egui::FontId, c| {
        draw::text_in(
            &p,
            pos2(r.left() + 10.0, y),
            Align2::LEFT_CENTER,
            words,
            font,
            c,
            r.width() - 20.0,
        );
    };
    line(r.top() + 14.0, &first, theme::mono(), pal.text1);
    line(r.top() + 32.0, &second, theme::small(), pal.text2);
    draw::named(
        ui,
        r,
        "spot",
        WidgetType::Label,
        &format!("Place in the picture: {first}, {second}"),
    );
    let (y, mut x) = (r.bottom() - 32.0, r.left() + 8.0);
    let mut hit = |ui: &mut Ui, b: Button| {
        let mut b = b;
        let close = 40.0;
        let mut w = b.wants(&p);
        if x + w > r.right() - close && b.icon.is_some() {
            b.words = "";
            w = b.wants(&p);
        }
        let resp = b.show(ui, draw::rect(x, y, w, 26.0), pal);
        x += w + 5.0;
        resp
    };
    let mut note = None;
    if let Ok(fix) = &spot.fix {
        let full = format!("{first}, {second}");
        if hit(ui, Button::new("Copy").label("Copy place").icon(Icon::Note)).clicked() {
            ui.ctx().copy_text(full.clone());
        }
        if live {
            live_buttons(ui, v, l, feeds, &spot, fix, &mut hit, out);
        } else if hit(ui, Button::new("Note").label("Note this place").icon(Icon::Mark)).clicked() {
            note = Some(format!("Place in the picture: {full}"));
        }
    }
    let close = draw::rect(r.right() - 34.0, y, 28.0, 26.0);
    if Button::new("")
        .label("Close place")
        .icon(Icon::Cross)
        .show(ui, close, pal)
        .clicked()
    {
        l.spot = None;
    }
    note
}

#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
fn live_buttons(
    ui: &mut Ui,
    v: &StationView,
    l: &mut FlyLocal,
    feeds: &FlyFeeds,
    spot: &Spot,
    fix: &GroundFix,
    hit: &mut dyn FnMut(&mut Ui, Button<'_>) -> egui::Response,
    out: &mut Vec<Intent>,
) {
    let Some(vehicle) = v.cameras.get(&spot.camera).map(|c| c.vehicle) else {
        return;
    };
    let sensor = may(v, l, Authority::Sensor);
    if hit(
        ui,
        Button::new("Look")
            .label("Look at this place")
            .icon(Icon::Look)
            .enabled(sensor),
    )
    .clicked()
    {
        let aim = GimbalAim::Place {
            at: fix.at,
            amsl: fix.amsl,
        };
        out.push(Intent::Command {
            vehicle,
            order: Order::Gimbal(aim),
            held: false,
        });
    }
    let wide = fix.ellipse95().semi_major_m.max(SAME_M);
    let here = v.places.iter().rev().find(|m| distance_m(m.fix.at, fix.at) < wide);
    if let Some(m) = here {
        let label = format!("Take mark {} off", m.number);
        if hit(
            ui,
            Button::new("Unmark")
                .label(&label)
                .icon(Icon::Mark)
                .enabled(sensor)
                .selected(true),
        )
        .clicked()
        {
            out.push(Intent::ForgetPlace { place: m.number });
        }
    } else if hit(
        ui,
        Button::new("Mark")
            .label("Mark this place")
            .icon(Icon::Mark)
            .enabled(sensor),
    )
    .clicked()
    {
        out.push(Intent::MarkPlace {
            camera: spot.camera,
            captured: spot.captured,
            fix: *fix,
        });
    }
    let Some(track) = spot.track else { return };
    let label = format!("Follow {track} with the camera");
    if hit(
        ui,
        Button::new("Follow").label(&label).icon(Icon::Follow).enabled(sensor),
    )
    .clicked()
    {
        out.push(Intent::Follow {
            vehicle,
            track: Some(track),
            by: FollowBy::Camera,
            held: false,
        });
    }
    let by = near(v, vehicle, fix, feeds.relief);
    let label = format!("Hold to stay near {track}");
    let pilot = may(v, l, Authority::Pilot) && by.is_some();
    let resp = hit(
        ui,
        Button::new("Stay near").label(&label).icon(Icon::Orbit).enabled(pilot),
    );
    let resp = resp.on_hover_text("press and hold: the aircraft follows on the legal side");
    let down = resp.is_pointer_button_down_on() || (resp.has_focus() && ui.input(|i| i.key_down(egui::Key::Enter)));
    if !(down && pilot) {
        (l.hand.near_s, l.hand.near_done) = (0.0, false);
        return;
    }
    l.hand.near_s += f64::from(ui.input(|i| i.stable_dt)).min(0.25);
    ui.ctx().request_repaint();
    if let (true, false, Some(by)) = (l.hand.near_s >= HOLD_S, l.hand.near_done, by) {
        l.hand.near_done = true;
        out.push(Intent::Follow {
            vehicle,
            track: Some(track),
            by,
            held: true,
        });
    }
}

/// How an aircraft stays near: at the distance it has now within bounds, above all ground around.
fn near(v: &StationView, vehicle: VehicleId, fix: &GroundFix, relief: Option<&Relief>) -> Option<FollowBy> {
    let a = v.vehicles.get(&vehicle)?;
    let distance = distance_m(a.at?.value, fix.at).clamp(NEAR_M.0, NEAR_M.1);
    let least = v.brief.limits.min_agl_m + 10.0;
    let mut amsl = a.amsl?.value.0.max(fix.amsl.0 + least);
    for i in 0..24 {
        let at = vedette_geo::destination(fix.at, f64::from(i) * 15.0, distance);
        if let Some(h) = relief.and_then(|r| r.at_place(at)) {
            amsl = amsl.max(h + least);
        }
    }
    Some(FollowBy::Aircraft {
        distance_m: distance,
        amsl: Amsl(amsl),
    })
}
