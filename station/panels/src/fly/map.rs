//! The map: rendered terrain below, lines, symbols and words above, all through one camera.
//!
//! Invariant: what is drawn is where it says; the home side is named; an invented relief says so.
//! It must not know who rendered the terrain.

use egui::{
    Align2, CornerRadius, Painter, Pos2, Rect, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo, WidgetType, pos2, vec2,
};
use vedette_core::{StationView, TrackView};
use vedette_geo::{LatLon, mgrs};
use vedette_model::{AlertState, Intent};

use super::hand;
use super::lines::lines;
pub(crate) use super::lines::{kilometres, pieces, ways};
use super::marks::{self, Labels};
use super::ribbon;
use super::shapes::{P3, Shapes};
use super::tracks::{ellipse, inset_of, track};
use crate::camera::View;
use crate::draw::{self, Button};
use crate::icon::Icon;
use crate::local::{FlyFeeds, FlyLocal};
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
    l.map_rect = r;
    let Some(shapes) = l.shapes.clone() else {
        return;
    };
    let untouched = l.fitted.is_none_or(|(cam, size)| {
        size != r.size() && cam.east_m == l.map.east_m && cam.north_m == l.map.north_m && cam.m_per_px == l.map.m_per_px
    });
    if untouched && !shapes.section.is_empty() && r.width() > 50.0 {
        fit(l, &shapes, v, lay);
    }
    if l.chase
        && let Some(at) = l.selected.and_then(|s| v.vehicles.get(&s)).and_then(|a| a.at)
    {
        (l.map.east_m, l.map.north_m) = shapes.frame.plane(at.value);
    }
    gestures(ui, r, v, l, feeds, &shapes, out);
    l.map.up_m = feeds
        .relief
        .and_then(|f| f.at(l.map.east_m, l.map.north_m))
        .unwrap_or(l.map.up_m);
    let w = l.map.view(r);
    let p = ui.painter().with_clip_rect(r);
    terrain(&p, &w, feeds, pal);
    lines(&p, &w, v, l, &shapes, feeds.relief, pal);
    let band = Rect::from_min_max(
        pos2(r.left() + 8.0, r.bottom() - 62.0),
        pos2(r.right() - 8.0, r.bottom() - 8.0),
    );
    let mut taken = vec![band, draw::rect(r.left(), r.top(), r.width(), 44.0)];
    let inset = if lay.compact {
        None
    } else {
        Some(draw::rect(r.right() - 242.0, r.top() + 44.0, 234.0, 226.0))
    };
    let subject = subject(v, l);
    if let (Some(i), Some(_)) = (inset, subject) {
        taken.push(i);
    }
    let mut labels = Labels::new(r.shrink(6.0), taken);
    let mut last = Pos2::ZERO;
    for q in shapes.section.iter().filter_map(|q| w.project(q[0], q[1], q[2])) {
        if q.distance(last) > 12.0 {
            labels.avoid(Rect::from_center_size(q, vec2(14.0, 14.0)));
            last = q;
        }
    }
    symbols(&p, &w, v, l, &shapes, feeds, lay, pal, &mut labels);
    sides(&p, &w, v, &shapes, feeds.relief, &mut labels, pal);
    scale_bar(&p, r, band, l, pal);
    credit(&p, r, band, l, pal);
    controls(ui, r, v, l, &shapes, feeds, lay, pal);
    if let (Some(i), Some(t)) = (inset, subject) {
        inset_of(&p, i, v, t, &shapes, pal);
    }
    ribbon::show(ui, band, v, l, lay, pal);
}

/// The alert's track in front, if it has a place.
fn subject<'a>(v: &'a StationView, l: &FlyLocal) -> Option<&'a TrackView> {
    let a = l.alert.and_then(|a| v.alerts.get(&a)).or_else(|| {
        v.alerts
            .values()
            .filter(|a| matches!(a.state, AlertState::Open | AlertState::Acknowledged { .. }))
            .min_by_key(|a| (a.priority, std::cmp::Reverse(a.raised)))
    })?;
    v.tracks.get(&a.track?).filter(|t| t.track.fix.is_ok())
}

pub(crate) fn fit(l: &mut FlyLocal, shapes: &Shapes, v: &StationView, lay: &Layout) {
    let mut pts: Vec<(f64, f64)> = shapes.section.iter().map(|p| (p[0], p[1])).collect();
    for a in v.vehicles.values() {
        if let Some((h, _)) = a.home {
            pts.push(shapes.frame.plane(h));
        }
    }
    // Room for the inset above and the coverage band below.
    let m = if lay.compact {
        [50.0, 70.0, 50.0, 100.0]
    } else {
        [80.0, 250.0, 80.0, 130.0]
    };
    let tilt = l.map.tilt_deg;
    l.map.fit(&pts, l.map_rect, m);
    l.map.tilt_deg = tilt;
    l.chase = false;
    l.fitted = Some((l.map, l.map_rect.size()));
}

fn gestures(
    ui: &mut Ui,
    r: Rect,
    v: &StationView,
    l: &mut FlyLocal,
    feeds: &FlyFeeds,
    shapes: &Shapes,
    out: &mut Vec<Intent>,
) {
    let resp = ui.interact(r, ui.id().with("map"), Sense::click_and_drag());
    resp.widget_info(|| WidgetInfo::labeled(WidgetType::Image, true, "Map"));
    if resp.dragged() {
        hand::drag(ui, &resp, l);
    }
    hand::wheel(ui, &resp, r, l);
    if resp.clicked()
        && let Some(at) = resp.interact_pointer_pos()
    {
        let w = l.map.view(r);
        let near = v
            .vehicles
            .values()
            .filter_map(|a| {
                let h = a.amsl.map_or(l.map.up_m, |k| k.value.0);
                let q = shapes.place(a.at?.value, h);
                Some((a.id, w.project(q[0], q[1], q[2])?.distance(at)))
            })
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .filter(|x| x.1 < 20.0);
        if let Some((id, _)) = near {
            l.select(v, id);
            out.push(Intent::Show {
                alert: None,
                track: None,
                vehicle: Some(id),
            });
        } else if let Some((e, n)) = w.ground(at, feeds.relief) {
            l.pin = Some(shapes.frame.from_plane(e, n));
        }
    }
    if resp.secondary_clicked() {
        l.pin = None;
    }
}

pub(crate) fn terrain(p: &Painter, w: &View, feeds: &FlyFeeds, pal: &Palette) {
    let r = w.rect;
    let Some(m) = feeds.map else {
        p.rect_filled(r, CornerRadius::ZERO, pal.surface[0]);
        return;
    };
    // Until the shell has rendered the newest camera, the old picture is moved to where it belongs.
    let mut target = r;
    let same_turn = (m.camera.azimuth_deg - w.cam.azimuth_deg).abs() < 0.01;
    if m.camera.is_flat()
        && w.cam.is_flat()
        && same_turn
        && let Some(c) = w.project(m.camera.east_m, m.camera.north_m, 0.0)
    {
        #[expect(clippy::cast_possible_truncation, reason = "ratio of zooms")]
        let k = (m.camera.m_per_px / w.cam.m_per_px) as f32;
        target = Rect::from_center_size(c, m.size * k);
    }
    if !target.contains_rect(r) {
        p.rect_filled(r, CornerRadius::ZERO, pal.surface[0]);
    }
    p.image(
        m.texture,
        target,
        Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0)),
        pal.picture_tint,
    );
}

#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
fn symbols(
    p: &Painter,
    w: &View,
    v: &StationView,
    l: &FlyLocal,
    s: &Shapes,
    feeds: &FlyFeeds,
    lay: &Layout,
    pal: &Palette,
    labels: &mut Labels,
) {
    let ground = |at: LatLon| s.on_ground(at, feeds.relief);
    let put = |q: P3| w.project(q[0], q[1], q[2]).filter(|x| w.rect.contains(*x));
    crossings(p, w, s, labels, pal);
    let mut homes: Vec<Pos2> = Vec::new();
    for a in v.vehicles.values() {
        if let Some(at) = a.home.and_then(|(h, z)| put(s.place(h, z.0))) {
            if homes.iter().all(|h| h.distance(at) > 14.0) {
                marks::home(p, at, pal);
                labels.avoid(Rect::from_center_size(at, vec2(18.0, 18.0)));
            }
            homes.push(at);
        }
    }
    // Footprint of the stream on the main video panel, and its line of sight.
    if let Some(c) = l.camera.and_then(|c| v.cameras.get(&c)) {
        let corners: Vec<Pos2> = c
            .footprint
            .iter()
            .flatten()
            .filter_map(|q| {
                let g = ground(*q);
                w.project(g[0], g[1], g[2])
            })
            .collect();
        if corners.len() == 4 {
            p.add(Shape::convex_polygon(
                corners.clone(),
                draw::alpha(pal.accent, 34),
                Stroke::NONE,
            ));
            let mut ring = corners;
            ring.extend(ring.first().copied());
            draw::cased(p, ring, 1.5, pal.accent);
        }
    }
    for t in v.tracks.values() {
        track(p, w, v, t, s, feeds.relief, lay, pal, labels);
    }
    for (i, z) in s.zones.iter().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "corners of a zone")]
        let n = z.ring.len() as f64;
        let mid = z
            .ring
            .iter()
            .fold([0.0; 3], |a, q| std::array::from_fn(|k| a[k] + q[k] / n));
        if let Some(at) = put(mid) {
            let strong = format!("NO-FLY {} · {}", i + 1, z.name);
            let strong = if z.name.to_uppercase().starts_with("NO-FLY") {
                z.name.clone()
            } else {
                strong
            };
            let quiet = if lay.compact { "" } else { z.limits.as_str() };
            let width =
                draw::width(p, &strong, theme::small_strong()).max(draw::width(p, quiet, theme::small())) + 14.0;
            labels.boxed(
                p,
                at + vec2(-width / 2.0 - 20.0, 0.0),
                &strong,
                quiet,
                pal.text1,
                pal.text1,
                pal,
            );
        }
    }
    for a in v.vehicles.values() {
        let Some(k) = a.at else { continue };
        let h = a.amsl.map_or(l.map.up_m, |k| k.value.0);
        let Some(at) = put(s.place(k.value, h)) else {
            continue;
        };
        let stale = k.freshness(v.now) == vedette_model::Freshness::Stale;
        let on = l.selected == Some(a.id);
        if !w.cam.is_flat() {
            let g = ground(k.value);
            if let Some(f) = w.project(g[0], g[1], g[2]) {
                p.line_segment([at, f], Stroke::new(1.0, draw::alpha(pal.text1, 150)));
                p.circle_filled(f, 2.0, pal.text1);
            }
        }
        #[expect(clippy::cast_possible_truncation, reason = "degrees")]
        let nose = a.heading_deg.map_or(0.0, |d| d.value - w.cam.azimuth_deg) as f32;
        marks::aircraft(p, at, nose, a.airframe, on, stale, pal);
        let speed = a
            .speeds_m_s
            .map_or(words::UNKNOWN.to_owned(), |k| format!("{:.0} m/s", k.value[1]));
        let quiet = if lay.compact {
            String::new()
        } else {
            format!("{} · {speed}", words::metres(a.amsl.map(|k| k.value.0)))
        };
        let c = if on { pal.accent } else { pal.text1 };
        labels.avoid(Rect::from_center_size(at, vec2(28.0, 28.0)));
        labels.boxed(
            p,
            at,
            &format!("{} {}", a.tail, a.name),
            &quiet,
            if on { pal.accent } else { pal.line_strong },
            c,
            pal,
        );
    }
    sensors(p, w, v, s, feeds.relief, labels, pal);
    if let Some(at) = l.pin.and_then(|q| put(ground(q))) {
        marks::pin(p, at, pal);
    }
    for m in &v.places {
        let g = s.place(m.fix.at, m.fix.amsl.0);
        if let Some(at) = put(g) {
            ellipse(p, w, g, &m.fix.ellipse95(), pal.accent, false);
            p.circle_stroke(at, 4.0, Stroke::new(1.5, pal.accent));
            labels.avoid(Rect::from_center_size(at, vec2(12.0, 12.0)));
            labels.boxed(
                p,
                at,
                &format!("mark {}", m.number),
                "",
                pal.line_strong,
                pal.text1,
                pal,
            );
        }
    }
    if let Some(Ok(fix)) = l.spot.as_ref().map(|x| &x.fix) {
        let g = s.place(fix.at, fix.amsl.0);
        if let Some(at) = put(g) {
            ellipse(p, w, g, &fix.ellipse95(), pal.accent, false);
            p.circle_filled(at, 2.5, pal.accent);
        }
    }
    // The stand-off names itself where nothing else stands.
    if let Some(d) = s.stand_off_m
        && let Some(piece) = s.stand_off.iter().max_by_key(|q| q.len())
    {
        let word = format!("stand-off {d:.0} m");
        let size = vec2(draw::width(p, &word, theme::small()) + 6.0, 16.0);
        // Off every line: its own, the border, the ways, the zones.
        let all = s
            .stand_off
            .iter()
            .chain(&s.context)
            .chain(s.zones.iter().map(|z| &z.ring));
        for q in all.chain([&s.border]).flat_map(|line| pieces(w, line)) {
            labels.avoid_line(&q, 5.0);
        }
        let middles: Vec<Pos2> = [0.2, 0.35, 0.1, 0.5, 0.65, 0.8, 0.27, 0.42, 0.58, 0.73, 0.9]
            .into_iter()
            .flat_map(|share| {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    clippy::cast_precision_loss,
                    reason = "an index by share"
                )]
                let i = ((piece.len() - 1) as f64 * share) as usize;
                let beside = size.x / 2.0 + 8.0;
                let off = [vec2(0.0, -14.0), vec2(0.0, 14.0), vec2(beside, 0.0), vec2(-beside, 0.0)];
                put(piece[i]).into_iter().flat_map(move |at| off.map(|d| at + d))
            })
            .collect();
        if let Some(r) = labels.first_free(middles.into_iter(), size) {
            draw::outlined(p, r.center(), Align2::CENTER_CENTER, &word, theme::small(), pal.text2);
        }
    }
}

/// Legal crossing points with their names.
pub(crate) fn crossings(p: &Painter, w: &View, s: &Shapes, labels: &mut Labels, pal: &Palette) {
    for (name, q) in &s.crossings {
        let Some(at) = w.project(q[0], q[1], q[2]).filter(|x| w.rect.contains(*x)) else {
            continue;
        };
        p.rect(
            Rect::from_center_size(at, vec2(8.0, 8.0)),
            CornerRadius::ZERO,
            pal.surface[0],
            Stroke::new(1.5, pal.text1),
            StrokeKind::Inside,
        );
        labels.avoid(Rect::from_center_size(at, vec2(12.0, 12.0)));
        let below = at + vec2(-8.0, 10.0);
        draw::outlined(p, below, Align2::RIGHT_TOP, name, theme::small(), pal.text1);
    }
}

/// Sensors on the ground that told something: fresh ones with their name and a ring as wide as what
/// they know of the place, older ones as a small mark.
pub(crate) fn sensors(
    p: &Painter,
    w: &View,
    v: &StationView,
    s: &Shapes,
    relief: Option<&Relief>,
    labels: &mut Labels,
    pal: &Palette,
) {
    for (name, c) in &v.cues {
        let on = |at: LatLon| {
            let q = s.on_ground(at, relief);
            w.project(q[0], q[1], q[2])
        };
        let Some(at) = on(c.cue.at).filter(|x| w.rect.contains(*x)) else {
            continue;
        };
        let age_s = v.now.since(c.heard) / 1_000_000;
        let fresh = age_s < 60;
        let open = c
            .bouts
            .iter()
            .filter_map(|b| v.alerts.get(&b.alert))
            .any(|a| matches!(a.state, AlertState::Open | AlertState::Acknowledged { .. }));
        let colour = match (fresh, open) {
            (true, true) => pal.alarm2,
            (true, false) => pal.text1,
            _ => pal.text3,
        };
        // Pointing down: neither an aircraft nor a track, a crossing point or an alert.
        let corners = [vec2(-6.0, -5.0), vec2(6.0, -5.0), vec2(0.0, 6.0)].map(|o| at + o);
        p.add(Shape::convex_polygon(
            corners.to_vec(),
            pal.surface[0],
            Stroke::new(1.5, colour),
        ));
        labels.avoid(Rect::from_center_size(at, vec2(14.0, 14.0)));
        if !fresh {
            continue;
        }
        let edge = on(vedette_geo::destination(c.cue.at, 90.0, c.cue.error_m));
        if let Some(r) = edge.map(|e| e.distance(at)).filter(|r| *r > 8.0) {
            p.circle_stroke(at, r, Stroke::new(1.0, draw::alpha(colour, 150)));
        }
        let ago = format!("{age_s} s ago");
        labels.boxed(p, at, name, &ago, colour, pal.text1, pal);
    }
}

/// Names of the two sides, each on its own side.
pub(crate) fn sides(
    p: &Painter,
    w: &View,
    v: &StationView,
    s: &Shapes,
    relief: Option<&Relief>,
    labels: &mut Labels,
    pal: &Palette,
) {
    let length = s.section_m.last().copied().unwrap_or(0.0);
    let beyond = if v.site.is_shore() { "SEA" } else { "FOREIGN SIDE" };
    for (sign, name, what) in [
        (1.0, &v.site.home_name, "HOME SIDE"),
        (-1.0, &v.site.foreign_name, beyond),
    ] {
        let word = if name.is_empty() {
            what.to_owned()
        } else {
            format!("{what} · {}", name.to_uppercase())
        };
        let found = [
            (0.5, 190.0),
            (0.3, 190.0),
            (0.7, 190.0),
            (0.5, 120.0),
            (0.15, 150.0),
            (0.85, 150.0),
            (0.5, 70.0),
            (0.3, 90.0),
            (0.7, 90.0),
        ]
        .into_iter()
        .find_map(|(share, px)| {
            let (q, d) = s.at_chainage(length * share)?;
            let off = w.cam.m_per_px * px * sign * s.home_sign;
            let (e, n) = (q[0] - d[1] * off, q[1] + d[0] * off);
            let h = relief.and_then(|f| f.at(e, n)).unwrap_or(q[2]);
            let at = w.project(e, n, h)?;
            let size = vec2(draw::width(p, &word, theme::small()) * 1.35, 18.0);
            let box_ = Rect::from_center_size(at, size);
            (w.rect.shrink(50.0).contains_rect(box_) && labels.free(box_)).then_some((at, box_))
        });
        if let Some((at, box_)) = found {
            draw::spaced(p, at, &word, pal.text2);
            labels.avoid(box_);
        }
    }
}

pub(crate) fn scale_bar(p: &Painter, r: Rect, band: Rect, l: &FlyLocal, pal: &Palette) {
    let m = [
        10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0, 10_000.0, 20_000.0,
    ]
    .into_iter()
    .rfind(|m| m / l.map.m_per_px < 110.0)
    .unwrap_or(10.0);
    #[expect(clippy::cast_possible_truncation, reason = "below 110 px")]
    let w = (m / l.map.m_per_px) as f32;
    let q = draw::rect(r.left() + 8.0, band.top() - 36.0, w + 20.0, 28.0);
    p.rect_filled(q, CornerRadius::ZERO, draw::alpha(pal.surface[0], 190));
    let y = q.bottom() - 7.0;
    p.add(Shape::line(
        vec![
            pos2(q.left() + 10.0, y - 4.0),
            pos2(q.left() + 10.0, y),
            pos2(q.left() + 10.0 + w, y),
            pos2(q.left() + 10.0 + w, y - 4.0),
        ],
        Stroke::new(1.5, pal.text1),
    ));
    let word = if m >= 1000.0 {
        format!("{:.0} km", m / 1000.0)
    } else {
        format!("{m:.0} m")
    };
    draw::text(
        p,
        pos2(q.left() + 10.0 + w / 2.0, y - 11.0),
        Align2::CENTER_CENTER,
        &word,
        theme::small(),
        pal.text1,
    );
    if l.map.azimuth_deg > 0.5 && l.map.azimuth_deg < 359.5 {
        #[expect(clippy::cast_possible_truncation, reason = "degrees")]
        let t = (-l.map.azimuth_deg as f32).to_radians();
        let c = pos2(q.right() + 22.0, q.center().y);
        let d = vec2(t.sin(), -t.cos());
        draw::cased(p, vec![c - d * 9.0, c + d * 9.0], 1.5, pal.text1);
        draw::outlined(
            p,
            c + d * 16.0,
            Align2::CENTER_CENTER,
            "N",
            theme::small_strong(),
            pal.text1,
        );
    }
}

/// Shows or hides map pictures.
pub(crate) fn imagery_button(l: &FlyLocal, lay: &Layout) -> Button<'static> {
    Button::new(if lay.compact { "" } else { "Imagery" })
        .label("Map pictures under the map")
        .icon(Icon::Layers)
        .selected(!l.plain_map)
}

/// Whose map pictures these are, at the map's lower right as their licences ask.
pub(crate) fn credit(p: &Painter, r: Rect, band: Rect, l: &FlyLocal, pal: &Palette) {
    let Some(words) = l.imagery.as_deref().filter(|w| !l.plain_map && !w.is_empty()) else {
        return;
    };
    let wide = (draw::width(p, words, theme::small()) + 14.0).min(r.width() * 0.5);
    let q = draw::rect(r.right() - 8.0 - wide, band.top() - 26.0, wide, 18.0);
    p.rect_filled(q, CornerRadius::ZERO, draw::alpha(pal.surface[0], 170));
    draw::text_in(
        p,
        pos2(q.left() + 7.0, q.center().y),
        Align2::LEFT_CENTER,
        words,
        theme::small(),
        pal.text2,
        wide - 12.0,
    );
}

/// What has to be said of the terrain: missing or invented.
pub(crate) fn relief_word(v: &StationView, feeds: &FlyFeeds, lay: &Layout) -> Option<String> {
    if feeds.relief.and_then(Relief::range).is_none() {
        return Some("NO TERRAIN: elevation unknown, terrain plans refused".to_owned());
    }
    v.site.terrain_synthetic.then(|| {
        if lay.compact {
            "SYNTHETIC RELIEF".to_owned()
        } else {
            "SYNTHETIC RELIEF · heights are invented".to_owned()
        }
    })
}

#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
fn controls(
    ui: &mut Ui,
    r: Rect,
    v: &StationView,
    l: &mut FlyLocal,
    s: &Shapes,
    feeds: &FlyFeeds,
    lay: &Layout,
    pal: &Palette,
) {
    let p = ui.painter().clone();
    let (mut x, y, h) = (r.left() + 8.0, r.top() + 8.0, 24.0);
    let flat = l.map.is_flat();
    let mut add = |ui: &mut Ui, b: Button| {
        let w = b.wants(&p);
        let hit = b.show(ui, draw::rect(x, y, w, h), pal).clicked();
        x += w + 6.0;
        hit
    };
    if add(ui, Button::new("2-D").label("Map from above").selected(flat)) {
        l.map.tilt_deg = 0.0;
        l.map.azimuth_deg = 0.0;
    }
    if add(ui, Button::new("3-D").label("Map tilted").selected(!flat)) && flat {
        l.map.tilt_deg = 55.0;
    }
    if add(
        ui,
        Button::new("Chase").label("Map follows the aircraft").selected(l.chase),
    ) {
        l.chase = !l.chase;
    }
    if add(
        ui,
        Button::new(if lay.compact { "" } else { "Fit" })
            .label("Fit map to section")
            .icon(Icon::Fit),
    ) {
        fit(l, s, v, lay);
    }
    if l.imagery.is_some() && add(ui, imagery_button(l, lay)) {
        l.plain_map = !l.plain_map;
    }
    // Where the pointer or the marked place is.
    let w = l.map.view(r);
    let at = l
        .pin
        .or_else(|| {
            let pt = ui.input(|i| i.pointer.hover_pos()).filter(|q| r.contains(*q))?;
            let (e, n) = w.ground(pt, feeds.relief)?;
            Some(s.frame.from_plane(e, n))
        })
        .unwrap_or_else(|| s.frame.from_plane(l.map.east_m, l.map.north_m));
    let height = words::metres(feeds.relief.and_then(|f| f.at_place(at)));
    let words = if lay.compact {
        format!("{at} · {height}")
    } else {
        format!("{at} · {} · {height}", mgrs(at).unwrap_or_default())
    };
    let wid = draw::width(&p, &words, theme::mono()) + 18.0;
    let mut box_ = draw::rect(r.right() - 8.0 - wid, y, wid, h);
    if box_.left() > x + 4.0 {
        p.rect_filled(box_, CornerRadius::same(3), draw::alpha(pal.surface[0], 215));
        draw::text(
            &p,
            box_.center(),
            Align2::CENTER_CENTER,
            &words,
            theme::mono(),
            pal.text1,
        );
    } else {
        box_ = draw::rect(r.right() - 8.0, y, 0.0, h);
    }
    if let Some(word) = relief_word(v, feeds, lay) {
        let wid = draw::width(&p, &word, theme::small_strong()) + 18.0;
        let free = box_.left() - x - 8.0;
        let q = if free > wid {
            draw::rect(x + 4.0, y, wid, h)
        } else {
            draw::rect(r.left() + 8.0, y + 30.0, wid, h)
        };
        draw::framed(&p, q, 3, draw::alpha(pal.surface[0], 225), pal.text1);
        draw::text(
            &p,
            q.center(),
            Align2::CENTER_CENTER,
            &word,
            theme::small_strong(),
            pal.text1,
        );
        draw::named(ui, q, "relief word", WidgetType::Label, &word);
    }
}
