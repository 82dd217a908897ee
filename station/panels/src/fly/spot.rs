//! A place clicked in the picture: where that pixel is on the ground, and how sure that is.
//!
//! Invariant: a place comes with its ellipse or with the reason why there is none; it is worked out
//! by the same code as every detection. It must not know where the relief came from.

use egui::{Align2, Pos2, Rect, Sense, Stroke, Ui, WidgetType, vec2};
use vedette_geo::{Amsl, Hae, LatLon, LocalFrame, Ned, Vec3};
use vedette_model::{CameraId, Ellipse95, NoFix, SensorPose};
use vedette_sight::{FixErrors, Ground, look};

use crate::camera::{PictureProjection, in_picture};
use crate::draw;
use crate::local::VideoPicture;
use crate::relief::Relief;
use crate::theme::{self, Palette};
use crate::words;

/// One sigma of the relief's heights, metres: what 25 m between points leave of 3″ terrain.
const RELIEF_SIGMA_M: f64 = 10.0;
/// The ray is followed in such steps, metres.
const STEP_M: f64 = 12.0;
/// A click is as good as this, pixels of the picture on the screen.
const CLICK_PX: f64 = 2.0;

/// A place on the ground, seen in a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spot {
    /// Where.
    pub at: LatLon,
    /// Height of the ground there.
    pub amsl: Amsl,
    /// It is within this with 95 %.
    pub ellipse: Ellipse95,
    /// From the camera, metres.
    pub slant_m: f64,
}

/// What a click in one camera's picture found.
#[derive(Debug, Clone, PartialEq)]
pub struct Clicked {
    /// Camera.
    pub camera: CameraId,
    /// The place, or why there is none.
    pub spot: Result<Spot, NoFix>,
    /// Where in the picture it was, as shares of its width and height.
    pub share: [f64; 2],
}

impl Ground for Relief {
    fn cast(&self, from: LatLon, amsl: Amsl, toward: Vec3<Ned>, max_m: f64) -> Result<(LatLon, Amsl), NoFix> {
        let d = toward.unit().ok_or(NoFix::AboveHorizon)?;
        let frame = LocalFrame::new(from, Hae(amsl.0));
        let top = self.range().map_or(f64::NEG_INFINITY, |r| f64::from(r.1));
        // Height of the ray over the ground so far along it; `None` where the ground is not known.
        let over = |r: f64| {
            let (at, h) = frame.geodetic((d * r).to_enu());
            (at, h.0, self.at_place(at).map(|g| h.0 - g))
        };
        let (mut before, mut r) = (0.0, STEP_M);
        while r <= max_m {
            match over(r) {
                (_, h, None) if h <= top => return Err(NoFix::NoTerrain),
                (_, _, Some(above)) if above <= 0.0 => {
                    let (mut a, mut b) = (before, r);
                    for _ in 0..20 {
                        let m = f64::midpoint(a, b);
                        if over(m).2.is_some_and(|above| above <= 0.0) {
                            b = m
                        } else {
                            a = m
                        }
                    }
                    let (at, h, _) = over(b);
                    return Ok((at, Amsl(self.at_place(at).unwrap_or(h))));
                }
                // It only climbs from here, above everything there is.
                (_, h, _) if h > top && d.z <= 0.0 => return Err(NoFix::AboveHorizon),
                _ => {}
            }
            before = r;
            r += STEP_M;
        }
        Err(NoFix::AboveHorizon)
    }
    fn height(&self, at: LatLon) -> Option<Amsl> {
        self.at_place(at).map(Amsl)
    }
    fn sigma_m(&self) -> f64 {
        RELIEF_SIGMA_M
    }
}

/// Where a share of a picture's width and height is on the ground; `px` is the click's own error.
fn spot(share: [f64; 2], size: [u32; 2], px: f64, pose: &SensorPose, relief: &Relief) -> Result<Spot, NoFix> {
    let (w, h) = (f64::from(size[0]), f64::from(size[1]));
    let errors = FixErrors {
        pixel_px: px.max(1.0),
        ..FixErrors::default()
    };
    let seen = look(
        [share[0] * w, share[1] * h],
        size[0] as usize,
        size[1] as usize,
        pose,
        relief,
        &errors,
    )?;
    Ok(Spot {
        at: seen.fix.at,
        amsl: seen.fix.amsl,
        ellipse: seen.fix.ellipse95(),
        slant_m: seen.fix.slant_m,
    })
}

/// The shape of a picture inside its place on the screen.
#[must_use]
pub(crate) fn frame_of(pic: &VideoPicture, r: Rect) -> Rect {
    #[expect(clippy::cast_precision_loss, reason = "pixels")]
    let size = vec2(pic.size[0] as f32, pic.size[1] as f32);
    draw::fit(size, r)
}

/// Takes a click in the picture.
pub(crate) fn click(
    ui: &mut Ui,
    r: Rect,
    camera: CameraId,
    pic: &VideoPicture,
    pose: Option<&SensorPose>,
    relief: Option<&Relief>,
) -> Option<Clicked> {
    let f = frame_of(pic, r);
    let id = ui.id().with(("click in the picture", camera));
    let at = ui
        .interact(f, id, Sense::click())
        .clicked()
        .then(|| ui.ctx().pointer_interact_pos())??;
    let share = [
        f64::from((at.x - f.left()) / f.width()),
        f64::from((at.y - f.top()) / f.height()),
    ];
    let px = CLICK_PX * f64::from(pic.size[0]) / f64::from(f.width().max(1.0));
    let spot = match (pose, relief) {
        (Some(pose), Some(relief)) => spot(share, pic.size, px, pose, relief),
        (None, _) => Err(NoFix::NoPose),
        (_, None) => Err(NoFix::NoTerrain),
    };
    Some(Clicked { camera, spot, share })
}

fn why(n: NoFix) -> &'static str {
    match n {
        NoFix::AboveHorizon => "No place: this is above the horizon",
        NoFix::Grazing => "No place: the ground is seen too flat",
        NoFix::NoTerrain => "No place: the ground there is not known",
        NoFix::NoPose => "No place: this picture does not say where the camera was",
    }
}

/// The clicked place in the picture, where it is by this picture's own pose.
pub(crate) fn draw_in(
    ui: &mut Ui,
    r: Rect,
    pic: &VideoPicture,
    pose: Option<&SensorPose>,
    clicked: &Clicked,
    pal: &Palette,
) {
    let f = frame_of(pic, r);
    let p = ui.painter().with_clip_rect(f);
    let (at, words) = match &clicked.spot {
        Ok(s) => {
            let Some((x, y, _)) = pose.and_then(|pose| PictureProjection::new(pose).project(s.at, s.amsl)) else {
                return;
            };
            (in_picture(f, x, y), told(s))
        }
        Err(n) => (in_picture(f, clicked.share[0], clicked.share[1]), why(*n).to_owned()),
    };
    if !f.contains(at) {
        return;
    }
    for (w, c) in [(3.5, egui::Color32::from_black_alpha(170)), (1.5, pal.accent)] {
        p.line_segment([at - vec2(9.0, 0.0), at + vec2(9.0, 0.0)], Stroke::new(w, c));
        p.line_segment([at - vec2(0.0, 9.0), at + vec2(0.0, 9.0)], Stroke::new(w, c));
    }
    let room = f.shrink(8.0);
    let w = draw::width(&p, &words, theme::small_strong()) + 16.0;
    let mut plate = Rect::from_min_size(at + vec2(14.0, 10.0), vec2(w.min(room.width()), 22.0));
    plate = plate.translate(vec2(
        (room.right() - plate.right()).min(0.0),
        if plate.bottom() > room.bottom() { -42.0 } else { 0.0 },
    ));
    p.rect_filled(plate, egui::CornerRadius::same(3), egui::Color32::from_black_alpha(200));
    draw::text_in(
        &p,
        Pos2::new(plate.left() + 8.0, plate.center().y),
        Align2::LEFT_CENTER,
        &words,
        theme::small_strong(),
        pal.text1,
        plate.width() - 12.0,
    );
    draw::named(ui, plate, "clicked place", WidgetType::Label, &words);
}

/// Coordinates, height and how sure they are, in a line.
fn told(s: &Spot) -> String {
    let h = |deg: f64, plus: char, minus: char| format!("{:.5}° {}", deg.abs(), if deg < 0.0 { minus } else { plus });
    format!(
        "{} {} · {} m · 95 % within {:.0} × {:.0} m",
        h(s.at.lat_deg, 'N', 'S'),
        h(s.at.lon_deg, 'E', 'W'),
        words::thousands(s.amsl.0),
        s.ellipse.semi_major_m,
        s.ellipse.semi_minor_m
    )
}

/// Its ellipse on the map.
pub(crate) fn ring(s: &Spot) -> impl Iterator<Item = LatLon> + '_ {
    let e = s.ellipse;
    (0..=48).map(move |i| {
        let (sin, cos) = (f64::from(i) / 48.0 * std::f64::consts::TAU).sin_cos();
        let (along, across) = (e.semi_major_m * cos, e.semi_minor_m * sin);
        vedette_geo::destination(
            s.at,
            e.azimuth_deg + across.atan2(along).to_degrees(),
            along.hypot(across),
        )
    })
}
