//! The picture: frame, boxes with score and age, the border drawn into it, its age printed on it.
//!
//! Invariant: a moving picture is never trusted without its age; a box belongs to a frame time and
//! is dashed when that is long ago. It must not know how frames arrive.

use egui::{Align2, CornerRadius, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Ui, WidgetType, pos2, vec2};
use vedette_core::{CameraView, StationView};
use vedette_model::{CameraId, Intent, SensorPose, Spectrum, Utc};

use super::marks::Labels;
use super::overlay::Window;
use super::shapes::Shapes;
use super::spot::Spot;
use super::{age, alerts, lens, marks, overlay, spot};
use crate::draw::{self, Button};
use crate::icon::{self, Icon};
use crate::local::{FlyFeeds, FlyLocal, VideoPicture};
use crate::relief::Relief;
use crate::theme::{self, Layout, Palette};
use crate::words;

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
    let head = draw::rect(r.left(), r.top(), r.width(), if lay.compact { 28.0 } else { 32.0 });
    let cam = l.camera.and_then(|c| v.cameras.get(&c));
    let pic = l.camera.and_then(|c| feeds.video.get(&c));
    header(&p, head, v, cam, pic, lay, pal);
    // 5:4 is the sensor's shape; the panel never grows past what leaves alerts their place.
    let want = (r.width() * 4.0 / 5.0)
        .min(r.height() - head.height() - if lay.compact { 312.0 } else { 330.0 })
        .max(120.0);
    let frame = draw::rect(r.left(), head.bottom(), r.width(), want);
    if l.spot.as_ref().is_some_and(|s| Some(s.camera) != l.camera) {
        l.spot = None;
    }
    let shown = picture(
        ui,
        frame,
        v,
        cam,
        pic,
        l.shapes.as_deref(),
        feeds.relief,
        l.spot.as_ref(),
        &|f| {
            let mut taken = vec![lens::column(f)];
            taken.extend(spot::room(f, l));
            taken.extend(lens::inset(f, v, l));
            taken
        },
        lay.compact,
        false,
        pal,
    );
    if let (Some(f), Some(c), Some(pic)) = (shown, cam, pic) {
        let resp = lens::listen(ui, f, v, l, c, out);
        if let (true, Some(at)) = (resp.clicked(), resp.interact_pointer_pos()) {
            let found = spot::point(at, f, v, c, pic, feeds.relief);
            // A place found is the marked place of the map too.
            l.pin = found.fix.as_ref().ok().map(|x| x.at).or(l.pin);
            l.spot = Some(found);
        }
        lens::pair(ui, f, v, l, feeds, pal);
        spot::card(ui, f, v, l, feeds, true, pal, out);
    }
    if let Some(c) = cam {
        lens::buttons(ui, shown.unwrap_or(frame), v, l, c, feeds, pal, out);
        lens::following(ui, shown.unwrap_or(frame), v, l, c, pal, out);
    }
    let row = draw::rect(
        r.left(),
        frame.bottom(),
        r.width(),
        if lay.compact { 34.0 } else { 40.0 },
    );
    streams(ui, row, v, l, lay, pal);
    let rest = Rect::from_min_max(pos2(r.left(), row.bottom()), r.max);
    alerts::show(ui, rest, v, l, feeds, lay, pal, out);
}

fn header(
    p: &Painter,
    r: Rect,
    v: &StationView,
    cam: Option<&CameraView>,
    pic: Option<&VideoPicture>,
    lay: &Layout,
    pal: &Palette,
) {
    let Some(c) = cam else {
        draw::header(p, r, "Video", "no stream known", pal);
        return;
    };
    let who = v.vehicles.get(&c.vehicle).map_or(c.vehicle.to_string(), |a| {
        if lay.compact {
            a.tail.clone()
        } else {
            format!("{} {}", a.tail, a.name)
        }
    });
    let what = match (c.spectrum, lay.compact) {
        (Spectrum::Thermal, false) => "thermal, white hot",
        (Spectrum::Thermal, true) => "thermal",
        (Spectrum::Visible, _) => "visible",
    };
    p.rect_filled(r, CornerRadius::ZERO, pal.surface[1]);
    let y = r.center().y;
    icon::paint(
        p,
        pos2(r.left() + 18.0, y),
        15.0,
        if c.spectrum == Spectrum::Thermal {
            Icon::Thermal
        } else {
            Icon::Camera
        },
        pal.text1,
    );
    let a = draw::text(
        p,
        pos2(r.left() + 32.0, y),
        Align2::LEFT_CENTER,
        &who,
        theme::strong(),
        pal.text1,
    );
    draw::text(
        p,
        pos2(a.right() + 8.0, y),
        Align2::LEFT_CENTER,
        what,
        theme::body(),
        pal.text2,
    );
    let size = pic.map_or(String::new(), |q| format!("{}×{}", q.size[0], q.size[1]));
    let right = if lay.compact {
        pos2(r.right() - 12.0, y)
    } else {
        draw::text(
            p,
            pos2(r.right() - 12.0, y),
            Align2::RIGHT_CENTER,
            &size,
            theme::mono(),
            pal.text2,
        )
        .left_center()
            - vec2(12.0, 0.0)
    };
    let (word, colour, ic) = match (&c.refused, c.recording) {
        (Some(_), _) => ("RECORDING REFUSED".to_owned(), pal.alarm2, Icon::P2),
        (None, true) => (format!("REC {:.1} MB", megabytes(c.recorded[0])), pal.text1, Icon::Rec),
        (None, false) => ("not recorded".to_owned(), pal.text3, Icon::Rec),
    };
    let t = draw::text(p, right, Align2::RIGHT_CENTER, &word, theme::mono(), colour);
    icon::paint(p, pos2(t.left() - 13.0, y), 14.0, ic, colour);
}

fn megabytes(b: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "shown, not computed with")]
    let x = b as f64 / 1e6;
    x
}

/// A dark plate with words on the picture.
fn plate(p: &Painter, at: Pos2, align: Align2, strong: &str, rest: &str, colour: egui::Color32, pal: &Palette) -> Rect {
    let a = draw::width(p, strong, theme::strong());
    let b = if rest.is_empty() {
        0.0
    } else {
        draw::width(p, rest, theme::small()) + 8.0
    };
    let r = align.anchor_size(at, vec2(a + b + 20.0, 24.0));
    p.rect_filled(r, CornerRadius::same(3), egui::Color32::from_black_alpha(185));
    draw::text(
        p,
        pos2(r.left() + 10.0, r.center().y),
        Align2::LEFT_CENTER,
        strong,
        theme::strong(),
        colour,
    );
    if !rest.is_empty() {
        draw::text(
            p,
            pos2(r.left() + 18.0 + a, r.center().y),
            Align2::LEFT_CENTER,
            rest,
            theme::small(),
            pal.text1,
        );
    }
    r
}

/// Detectability after Johnson (IEC 62676-4 as data): pixels on a 0.5 m wide person.
fn johnson(px_per_m: f64) -> &'static str {
    match px_per_m * 0.5 {
        x if x >= 13.0 => "identify",
        x if x >= 8.0 => "recognise",
        x if x >= 2.0 => "detect",
        _ => "too coarse",
    }
}

/// Draws one picture with everything on it; used in flight and in review. `kept` says which places
/// of the frame other things stand on. Gives where the frame stands, where there is one.
#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
pub(crate) fn picture(
    ui: &mut Ui,
    r: Rect,
    v: &StationView,
    cam: Option<&CameraView>,
    pic: Option<&VideoPicture>,
    shapes: Option<&Shapes>,
    relief: Option<&Relief>,
    pointed: Option<&Spot>,
    kept: &dyn Fn(Rect) -> Vec<Rect>,
    compact: bool,
    recorded: bool,
    pal: &Palette,
) -> Option<Rect> {
    let p = ui.painter().with_clip_rect(r);
    let Some(c) = cam else {
        p.rect_filled(r, CornerRadius::ZERO, pal.surface[0]);
        draw::text(
            &p,
            r.center(),
            Align2::CENTER_CENTER,
            "No stream",
            theme::body(),
            pal.text3,
        );
        return None;
    };
    let Some(pic) = pic else {
        p.rect_filled(r, CornerRadius::ZERO, pal.surface[0]);
        let word = if c.recorded[0] > 0 {
            format!("{:.1} MB arrived, no picture decoded yet", megabytes(c.recorded[0]))
        } else {
            "No picture yet: no bytes on this stream".to_owned()
        };
        draw::text(&p, r.center(), Align2::CENTER_CENTER, &word, theme::body(), pal.text3);
        draw::named(ui, r, "picture", WidgetType::Label, &word);
        return None;
    };
    #[expect(clippy::cast_precision_loss, reason = "pixels")]
    let size = vec2(pic.size[0] as f32, pic.size[1] as f32);
    let f = draw::fit(size, r);
    // Only what the picture leaves free is filled: every pixel costs on software rendering.
    for strip in [
        Rect::from_min_max(r.min, pos2(f.left(), r.bottom())),
        Rect::from_min_max(pos2(f.right(), r.top()), r.max),
        Rect::from_min_max(pos2(f.left(), r.top()), pos2(f.right(), f.top())),
        Rect::from_min_max(pos2(f.left(), f.bottom()), pos2(f.right(), r.bottom())),
    ] {
        if strip.is_positive() {
            p.rect_filled(strip, CornerRadius::ZERO, pal.surface[0]);
        }
    }
    let captured = pic.captured.or(c.captured);
    let age = age::shown(v.utc, captured, c.age);
    // A picture may be old because it was recorded long ago; it is frozen when no new one comes.
    let silent_ms = c.received.map(|t| v.now.since(t) / 1000);
    let frozen = !recorded && silent_ms.is_some_and(|a| a > 5000);
    let tint = if frozen {
        pal.picture_tint.gamma_multiply(0.45)
    } else {
        pal.picture_tint
    };
    p.image(pic.texture, f, Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0)), tint);
    let q = p.with_clip_rect(f);
    let pose = pic.pose.as_deref().or(c.pose.as_ref());
    // Plates stand along the upper and the lower edge.
    let strip = |y: f32| draw::rect(r.left(), y, r.width(), 42.0);
    let mut taken = vec![strip(r.top()), strip(r.bottom() - 42.0)];
    taken.extend(kept(f));
    let mut labels = Labels::new(f.shrink(4.0), taken);
    let window = pose.zip(shapes).map(|(pose, s)| Window::new(f, pose, s, relief));
    let names = window.as_ref().map(|w| overlay::lines(&q, w, &mut labels, pal));
    boxes(&q, f, size, v, c, captured, &mut labels, pal);
    if let Some(w) = &window {
        for m in &v.places {
            overlay::place(&q, w, m, &mut labels, pal);
        }
        if let Some(Ok(fix)) = pointed.filter(|s| s.camera == c.id).map(|s| &s.fix) {
            overlay::ellipse(&q, w, fix, pal.accent);
        }
    }
    if let Some(names) = names {
        overlay::names(&q, v, f, names, &mut labels, pal);
    }
    // Reticle.
    for d in [vec2(1.0, 0.0), vec2(-1.0, 0.0), vec2(0.0, 1.0), vec2(0.0, -1.0)] {
        q.line_segment(
            [f.center() + d * 6.0, f.center() + d * 16.0],
            Stroke::new(3.0, egui::Color32::from_black_alpha(110)),
        );
        q.line_segment(
            [f.center() + d * 6.0, f.center() + d * 16.0],
            Stroke::new(1.0, draw::alpha(pal.text1, 200)),
        );
    }
    let slant = slant_m(v, c, pose, relief);
    let age_words = if recorded {
        captured.map_or("—".to_owned(), |t| format!("{} UTC", t.clock_centi()))
    } else {
        age.words
    };
    let late = !recorded && age.late;
    let age_colour = if late { pal.alarm2 } else { pal.text1 };
    let time = if recorded {
        "RECORDED".to_owned()
    } else {
        match captured.filter(|_| age.known && !compact) {
            Some(t) => format!("captured {} · {}", t.clock_centi(), age.clock),
            None => age.clock.to_owned(),
        }
    };
    let gimbal = pose.map_or("gimbal —".to_owned(), |x| {
        format!("gimbal {:.0}° · {:03.0}° T", x.pitch_deg, x.yaw_deg).replace('-', "−")
    });
    let detect = c
        .px_per_m
        .map_or(("— px/m".to_owned(), ""), |x| (format!("{x:.0} px/m"), johnson(x)));
    if compact {
        let plated = plate(
            &p,
            r.left_top() + vec2(8.0, 8.0),
            Align2::LEFT_TOP,
            &age_words,
            &time,
            age_colour,
            pal,
        );
        boxed_if(&p, plated, late, pal);
        plate(
            &p,
            r.right_bottom() - vec2(8.0, 8.0),
            Align2::RIGHT_BOTTOM,
            detect.1,
            &detect.0,
            pal.text1,
            pal,
        );
    } else {
        let plated = plate(
            &p,
            r.left_bottom() + vec2(10.0, -10.0),
            Align2::LEFT_BOTTOM,
            &age_words,
            &time,
            age_colour,
            pal,
        );
        boxed_if(&p, plated, late, pal);
        plate(
            &p,
            r.left_top() + vec2(10.0, 10.0),
            Align2::LEFT_TOP,
            &gimbal,
            "",
            pal.text1,
            pal,
        );
        plate(
            &p,
            r.right_top() + vec2(-10.0, 10.0),
            Align2::RIGHT_TOP,
            detect.1,
            &detect.0,
            pal.text1,
            pal,
        );
        let sl = slant.map_or("SLANT —".to_owned(), |m| format!("SLANT {} m", words::thousands(m)));
        plate(
            &p,
            r.right_bottom() - vec2(10.0, 10.0),
            Align2::RIGHT_BOTTOM,
            &sl,
            "",
            pal.text1,
            pal,
        );
    }
    let left_out = if c.left_out.is_empty() || recorded {
        String::new()
    } else {
        format!(", {}", c.left_out)
    };
    if !left_out.is_empty() {
        // What the analysis goes without is said where its boxes would be.
        let drop = if compact { 38.0 } else { 40.0 };
        plate(
            &p,
            r.left_top() + vec2(10.0, drop),
            Align2::LEFT_TOP,
            "ANALYSIS",
            c.left_out.trim_start_matches("analysis "),
            pal.text1,
            pal,
        );
    }
    // Which network looks, and what it was measured at.
    let network = v
        .detector
        .as_deref()
        .filter(|_| c.spectrum == Spectrum::Thermal && !recorded);
    if let Some(line) = network.filter(|_| !compact) {
        let drop = if left_out.is_empty() { 40.0 } else { 82.0 };
        plate(
            &q,
            r.left_top() + vec2(10.0, drop),
            Align2::LEFT_TOP,
            "NETWORK",
            line,
            pal.text1,
            pal,
        );
    }
    if frozen {
        let word = format!("No picture for {}", words::age(silent_ms.unwrap_or(0)));
        plate(
            &p,
            f.center() + vec2(0.0, 30.0),
            Align2::CENTER_TOP,
            &word,
            "",
            pal.alarm2,
            pal,
        );
    }
    draw::named(
        ui,
        r,
        "picture",
        WidgetType::Label,
        &format!(
            "Picture {age_words}{}, {time}, {}{left_out}{}",
            if late { ", late" } else { "" },
            detect.0,
            network.map_or(String::new(), |line| format!(", network {line}"))
        ),
    );
    Some(f)
}

/// A late picture's age stands in a box.
fn boxed_if(p: &Painter, r: Rect, late: bool, pal: &Palette) {
    if late {
        p.rect_stroke(
            r,
            CornerRadius::same(3),
            Stroke::new(1.5, pal.alarm2),
            StrokeKind::Inside,
        );
    }
}

/// Distance from the camera to the ground in the picture's middle.
fn slant_m(v: &StationView, c: &CameraView, pose: Option<&SensorPose>, relief: Option<&Relief>) -> Option<f64> {
    let pose = pose?;
    let seen = c
        .tracks
        .iter()
        .filter_map(|t| v.tracks.get(t))
        .find(|t| t.track.seen)
        .and_then(|t| t.track.fix.ok())
        .map(|f| f.slant_m);
    let (a, b) = (c.footprint[0]?, c.footprint[2]?);
    let mid = vedette_geo::interpolate(a, b, 0.5);
    let h = relief.and_then(|r| r.at_place(mid));
    h.map(|h| vedette_geo::distance_m(pose.at, mid).hypot(pose.amsl.0 - h))
        .or(seen)
}

#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
fn boxes(
    p: &Painter,
    f: Rect,
    size: egui::Vec2,
    v: &StationView,
    c: &CameraView,
    captured: Option<Utc>,
    labels: &mut Labels,
    pal: &Palette,
) {
    let k = f.width() / size.x;
    // Words follow once every box has its place.
    let mut words_of: Vec<(Rect, String, egui::Color32)> = Vec::new();
    for id in &c.tracks {
        let Some(t) = v.tracks.get(id) else { continue };
        if t.track.camera != c.id {
            continue;
        }
        let b = t.track.image;
        let box_ = Rect::from_min_size(f.min + vec2(b.x, b.y) * k, vec2(b.w, b.h) * k);
        // At least 16 px: a box one can see around a target of a few pixels.
        let box_ = Rect::from_center_size(
            box_.center(),
            vec2(box_.width().max(14.0), box_.height().max(18.0)) + vec2(6.0, 6.0),
        );
        if !f.intersects(box_) {
            continue;
        }
        let colour = marks::track_colour(v, t, pal);
        if !marks::matters(t) {
            // Warm or moving, of no known class: a mark that does not ask for attention.
            marks::corners(p, box_, draw::alpha(pal.text1, 110));
            continue;
        }
        let age_ms = captured.map(|now| ((now.0 - t.track.captured.0) / 1000).max(0));
        let old = age_ms.is_none_or(|a| a > 1000) || !t.track.seen;
        if old {
            let q = [
                box_.left_top(),
                box_.right_top(),
                box_.right_bottom(),
                box_.left_bottom(),
                box_.left_top(),
            ];
            p.extend(Shape::dashed_line(
                &q,
                Stroke::new(3.0, egui::Color32::from_black_alpha(130)),
                4.0,
                3.0,
            ));
            p.extend(Shape::dashed_line(&q, Stroke::new(1.5, colour), 4.0, 3.0));
        } else {
            p.rect_stroke(
                box_.expand(1.0),
                CornerRadius::ZERO,
                Stroke::new(3.5, egui::Color32::from_black_alpha(140)),
                StrokeKind::Middle,
            );
            p.rect_stroke(box_, CornerRadius::ZERO, Stroke::new(1.5, colour), StrokeKind::Middle);
        }
        let word = format!(
            "{} {:.2} · {}",
            t.track.id,
            t.track.score,
            age_ms.map_or(words::UNKNOWN.to_owned(), words::age)
        );
        labels.avoid(box_);
        words_of.push((box_, word, colour));
    }
    for (box_, word, colour) in words_of {
        let size = vec2(draw::width(p, &word, theme::small_strong()) + 2.0, 16.0);
        let place = labels.beside(box_, size);
        let font = theme::small_strong();
        draw::outlined(p, place.left_center(), Align2::LEFT_CENTER, &word, font, colour);
    }
}

fn streams(ui: &mut Ui, r: Rect, v: &StationView, l: &mut FlyLocal, lay: &Layout, pal: &Palette) {
    let p = ui.painter().clone();
    p.rect_filled(r, CornerRadius::ZERO, pal.surface[1]);
    draw::hline(&p, r.left(), r.right(), r.bottom() - 0.5, pal.line_soft);
    let h = 24.0;
    let y = r.center().y - h / 2.0;
    let mut x = r.left() + 8.0;
    let current = l.camera.and_then(|c| v.cameras.get(&c));
    for (s, word, ic) in [
        (Spectrum::Thermal, "Thermal", Icon::Thermal),
        (Spectrum::Visible, "Visible", Icon::Camera),
    ] {
        let have = current.and_then(|c| v.cameras.values().find(|k| k.vehicle == c.vehicle && k.spectrum == s));
        let label = format!("Stream {word}");
        let b = Button::new(if lay.compact { "" } else { word })
            .label(&label)
            .icon(ic)
            .selected(current.is_some_and(|c| c.spectrum == s))
            .enabled(have.is_some());
        let w = b.wants(&p).max(32.0);
        if b.show(ui, draw::rect(x, y, w, h), pal).clicked()
            && let Some(k) = have
        {
            l.camera = Some(k.id);
            l.spectrum = s;
        }
        x += w + 6.0;
    }
    let mut right = r.right() - 8.0;
    for a in v.vehicles.values().rev() {
        let of = |s: Spectrum| {
            v.cameras
                .values()
                .find(|k| k.vehicle == a.id && k.spectrum == s)
                .map(|k| k.id)
        };
        let Some(to) = of(l.spectrum).or_else(|| v.cameras.values().find(|k| k.vehicle == a.id).map(|k| k.id)) else {
            continue;
        };
        let short = a.tail.rsplit('-').next().unwrap_or(&a.tail).to_owned();
        let on = current.is_some_and(|c| c.vehicle == a.id);
        let label = format!("Video of {}", a.tail);
        let b = Button::new(if on && !lay.compact { &a.tail } else { &short })
            .label(&label)
            .selected(on);
        let w = b.wants(&p).max(34.0);
        right -= w;
        if right < x {
            break;
        }
        if b.show(ui, draw::rect(right, y, w, h), pal).clicked() {
            l.camera = Some(to);
        }
        right -= 6.0;
    }
}

/// The stream of the same aircraft with the other sensor, for the keyboard.
pub(crate) fn other_sensor(v: &StationView, from: CameraId) -> Option<CameraId> {
    let c = v.cameras.get(&from)?;
    v.cameras
        .values()
        .find(|k| k.vehicle == c.vehicle && k.spectrum != c.spectrum)
        .map(|k| k.id)
}
