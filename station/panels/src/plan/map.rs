//! The planning map: the section coloured by what it is worth, the routes, and everything a
//! person may take hold of: section ends, zones, bases.
//!
//! Invariant: what is drawn is the draft; an edit on the map is the same edit as in a field. It
//! must not know how a place becomes a plan.

use egui::{Align2, Color32, CornerRadius, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Ui, WidgetType, pos2, vec2};
use vedette_core::StationView;
use vedette_geo::{LatLon, azimuth_deg, distance_m};
use vedette_planner::{BorderCell, Detectability, Radio};

use super::{ColourBy, Grab, Shown, Tool, colour, grasp, import};
use crate::camera::View;
use crate::draw::{self, Button};
use crate::fly::map as base;
use crate::fly::marks::{self, Labels};
use crate::fly::shapes::{P3, Shapes};
use crate::icon::Icon;
use crate::local::{FlyFeeds, FlyLocal};
use crate::theme::{self, Layout, Palette};
use crate::words;

#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
pub(super) fn show(
    ui: &mut Ui,
    r: Rect,
    w: &StationView,
    s: &Shown,
    l: &mut FlyLocal,
    feeds: &FlyFeeds,
    lay: &Layout,
    pal: &Palette,
) {
    l.map_rect = r;
    let Some(shapes) = l.shapes.clone() else { return };
    let untouched = l.fitted.is_none_or(|(cam, size)| {
        size != r.size() && cam.east_m == l.map.east_m && cam.north_m == l.map.north_m && cam.m_per_px == l.map.m_per_px
    });
    if untouched && !shapes.section.is_empty() && r.width() > 50.0 {
        base::fit(l, &shapes, w, lay);
    }
    grasp::gestures(ui, r, w, l, feeds, &shapes);
    l.map.up_m = feeds
        .relief
        .and_then(|f| f.at(l.map.east_m, l.map.north_m))
        .unwrap_or(l.map.up_m);
    let view = l.map.view(r);
    let p = ui.painter().with_clip_rect(r);
    base::terrain(&p, &view, feeds, pal);
    let legend = Rect::from_min_max(
        pos2(r.left() + 8.0, r.bottom() - 52.0),
        pos2(r.right() - 8.0, r.bottom() - 8.0),
    );
    let mut labels = Labels::new(
        r.shrink(6.0),
        vec![legend, draw::rect(r.left(), r.top(), r.width(), 40.0)],
    );
    let length = shapes.section_m.last().copied().unwrap_or(0.0);
    let mut last = Pos2::ZERO;
    for q in stretch(&view, &shapes, 0.0, length, 7.0) {
        if q.distance(last) > 12.0 {
            labels.avoid(Rect::from_center_size(q, vec2(16.0, 16.0)));
            last = q;
        }
    }
    lines(&p, &view, w, s, l, &shapes, pal);
    ribbon(&p, &view, s, l, &shapes, pal);
    stretches(&p, &view, w, s, l, &shapes, pal, &mut labels);
    import::on_map(&p, &view, l, feeds, &shapes, pal);
    base::kilometres(&p, &view, &shapes, pal);
    symbols(&p, &view, w, s, l, feeds, &shapes, pal, &mut labels);
    callouts(&p, &view, s, l, feeds, &shapes, pal, &mut labels);
    base::sides(&p, &view, w, &shapes, feeds.relief, &mut labels, pal);
    base::scale_bar(&p, r, legend, l, pal);
    base::credit(&p, r, legend, l, pal);
    legend_of(ui, legend, s, l, lay, pal);
    tools(ui, r, w, l, feeds, lay, pal);
}

fn lines(p: &Painter, w: &View, v: &StationView, s: &Shown, l: &FlyLocal, shapes: &Shapes, pal: &Palette) {
    base::ways(p, w, shapes, pal);
    for c in &shapes.context {
        for q in base::pieces(w, c) {
            p.add(Shape::line(q, Stroke::new(1.0, draw::alpha(pal.text2, 130))));
        }
    }
    for (i, z) in shapes.zones.iter().enumerate() {
        let ring: Vec<Pos2> = z.ring.iter().filter_map(|q| w.project(q[0], q[1], q[2])).collect();
        if ring.len() < z.ring.len() {
            continue;
        }
        let mine = i < s.brief.no_fly.len();
        let on = mine && l.plan.zone == Some(i);
        draw::hatch_polygon(p, &ring, 11.0, draw::alpha(pal.text1, 90));
        draw::cased(p, ring, 1.2, if on { pal.accent } else { pal.text1 });
    }
    for q in base::pieces(w, &shapes.border) {
        p.add(Shape::line(q.clone(), Stroke::new(4.0, Color32::from_black_alpha(140))));
        p.add(Shape::line(q, Stroke::new(1.5, draw::alpha(pal.border, 150))));
    }
    for piece in &shapes.stand_off {
        for q in base::pieces(w, piece) {
            draw::dashed(p, &q, 1.2, draw::alpha(pal.text1, 200), 7.0, 5.0);
        }
    }
    if let Some(plan) = &s.plan {
        for a in &plan.aircraft {
            let on = l.selected == Some(a.vehicle);
            let first = a.legs.first().map(|g| shapes.place(g.from, g.from_amsl.0));
            let route: Vec<P3> = first
                .into_iter()
                .chain(a.legs.iter().map(|g| shapes.place(g.to, g.to_amsl.0)))
                .collect();
            for q in base::pieces(w, &route) {
                p.add(Shape::line(q.clone(), Stroke::new(3.0, Color32::from_black_alpha(70))));
                p.add(Shape::line(
                    q,
                    Stroke::new(
                        if on { 1.6 } else { 1.1 },
                        draw::alpha(if on { pal.accent } else { pal.text1 }, if on { 230 } else { 150 }),
                    ),
                ));
            }
        }
    }
    if v.section.len() < 2 {
        draw::text(
            p,
            w.rect.center(),
            Align2::CENTER_CENTER,
            "No section: set its kilometres, or draw it with S",
            theme::body(),
            pal.text2,
        );
    }
}

/// A stretch of the section moved to the home side by screen pixels.
fn stretch(w: &View, s: &Shapes, from_m: f64, to_m: f64, off_px: f64) -> Vec<Pos2> {
    let off = w.cam.m_per_px * off_px * s.home_sign;
    let mut pts = Vec::new();
    let mut push = |m: f64| {
        if let Some((q, d)) = s.at_chainage(m)
            && let Some(x) = w.project(q[0] - d[1] * off, q[1] + d[0] * off, q[2])
        {
            pts.push(x);
        }
    };
    push(from_m);
    for m in s.section_m.iter().filter(|m| **m > from_m && **m < to_m) {
        push(*m);
    }
    push(to_m);
    pts
}

fn ribbon(p: &Painter, w: &View, s: &Shown, l: &FlyLocal, shapes: &Shapes, pal: &Palette) {
    let near = w.rect.expand(60.0);
    if let Some(t) = &s.study {
        let reserve = s.brief.fleet.iter().map(|a| a.energy.reserve_share).fold(0.0, f64::max);
        let ramp = colour::ramp(pal);
        // Neighbours of one class are one line: fewer shapes, no seams.
        let mut i = 0;
        while i < t.cells.len() {
            let k = colour::class(l.plan.colour, &t.cells[i], &s.brief.limits, reserve);
            let from = t.cells[i].from_m;
            let mut to = t.cells[i].to_m;
            while i + 1 < t.cells.len() && colour::class(l.plan.colour, &t.cells[i + 1], &s.brief.limits, reserve) == k
            {
                i += 1;
                to = t.cells[i].to_m;
            }
            i += 1;
            let line = stretch(w, shapes, from, to, 7.0);
            if line.len() < 2 || !line.iter().any(|q| near.contains(*q)) {
                continue;
            }
            p.add(Shape::line(
                line.clone(),
                Stroke::new(12.0, Color32::from_black_alpha(170)),
            ));
            match k {
                Some(k @ 0..=2) => {
                    p.add(Shape::line(line, Stroke::new(10.0, ramp[k])));
                }
                Some(_) => {
                    p.add(Shape::line(line.clone(), Stroke::new(10.0, pal.surface[0])));
                    p.extend(Shape::dashed_line(&line, Stroke::new(9.0, pal.text2), 1.5, 4.0));
                }
                None => {
                    p.add(Shape::line(line, Stroke::new(10.0, pal.surface[2])));
                }
            }
        }
    }
    for q in base::pieces(w, &shapes.section) {
        p.add(Shape::line(q.clone(), Stroke::new(4.5, Color32::from_black_alpha(150))));
        p.add(Shape::line(q, Stroke::new(2.0, pal.border)));
    }
}

/// The stretches of which more is asked: a thin line beside the ribbon, the one in hand by name.
#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
fn stretches(
    p: &Painter,
    w: &View,
    v: &StationView,
    s: &Shown,
    l: &FlyLocal,
    shapes: &Shapes,
    pal: &Palette,
    labels: &mut Labels,
) {
    let near = w.rect.expand(60.0);
    for (k, i) in s.brief.requirement.intervals.iter().enumerate() {
        let Some((from, to)) = i.km(&s.brief.sections) else {
            continue;
        };
        let m = |km: f64| (km * 1000.0).clamp(v.section_from_m, v.section_to_m) - v.section_from_m;
        let line = stretch(w, shapes, m(from), m(to), 17.0);
        if m(to) - m(from) < 1.0 || !line.iter().any(|q| near.contains(*q)) {
            continue;
        }
        let on = l.plan.stretch == Some(k);
        let mid = line.get(line.len() / 2).copied().filter(|q| w.rect.contains(*q));
        draw::cased(
            p,
            line,
            if on { 3.0 } else { 2.0 },
            if on { pal.accent } else { pal.text1 },
        );
        if let (true, Some(q)) = (on, mid) {
            labels.boxed(p, q, &i.name, "", pal.accent, pal.accent, pal);
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
fn symbols(
    p: &Painter,
    w: &View,
    v: &StationView,
    s: &Shown,
    l: &FlyLocal,
    feeds: &FlyFeeds,
    shapes: &Shapes,
    pal: &Palette,
    labels: &mut Labels,
) {
    let put = |at: LatLon| {
        let q = shapes.on_ground(at, feeds.relief);
        w.project(q[0], q[1], q[2]).filter(|x| w.rect.contains(*x))
    };
    base::crossings(p, w, shapes, labels, pal);
    let mut bases: Vec<(LatLon, Vec<&str>)> = Vec::new();
    for a in &s.brief.fleet {
        match bases.iter_mut().find(|b| distance_m(b.0, a.base) < 5.0) {
            Some(b) => b.1.push(&a.tail),
            None => bases.push((a.base, vec![&a.tail])),
        }
    }
    for (at, tails) in &bases {
        if let Some(q) = put(*at) {
            marks::home(p, q, pal);
            labels.avoid(Rect::from_center_size(q, vec2(20.0, 20.0)));
            let held = l
                .plan
                .grab
                .is_some_and(|g| matches!(g, Grab::Base(b) if distance_m(b, *at) < 5.0));
            let words = if tails.len() > 3 {
                format!("{} aircraft", tails.len())
            } else {
                tails.join(", ")
            };
            let c = if held { pal.accent } else { pal.line_strong };
            labels.boxed(p, q, "Base", &words, c, pal.text1, pal);
        }
    }
    let ends = [(0, s.brief.section.from_km), (1, s.brief.section.to_km)];
    for (i, km) in ends {
        let q = if i == 0 { v.section.first() } else { v.section.last() };
        if let Some(at) = q.and_then(|q| put(*q)) {
            p.rect(
                Rect::from_center_size(at, vec2(11.0, 11.0)),
                CornerRadius::ZERO,
                pal.accent,
                Stroke::new(1.5, pal.surface[0]),
                StrokeKind::Outside,
            );
            labels.avoid(Rect::from_center_size(at, vec2(14.0, 14.0)));
            let word = format!("Section {} · km {km:.2}", if i == 0 { "start" } else { "end" });
            labels.boxed(p, at, &word, "", pal.accent, pal.accent, pal);
        }
    }
    for (i, z) in s.brief.no_fly.iter().enumerate() {
        if l.plan.zone == Some(i) || matches!(l.plan.grab, Some(Grab::Corner(k, _)) if k == i) {
            for q in z.polygon.iter().filter_map(|c| put(*c)) {
                p.circle(q, 5.0, pal.surface[0], Stroke::new(1.5, pal.accent));
            }
        }
    }
    for z in &shapes.zones {
        #[expect(clippy::cast_precision_loss, reason = "corners of a zone")]
        let n = z.ring.len() as f64;
        let mid = z
            .ring
            .iter()
            .fold([0.0; 3], |a, q| std::array::from_fn(|k| a[k] + q[k] / n));
        if let Some(at) = w.project(mid[0], mid[1], mid[2]).filter(|x| w.rect.contains(*x)) {
            labels.boxed(p, at + vec2(-40.0, 0.0), &z.name, &z.limits, pal.text1, pal.text1, pal);
        }
    }
    // What is being drawn.
    let pts: Vec<Pos2> = l.plan.drawing.iter().filter_map(|c| put(*c)).collect();
    for q in &pts {
        p.circle(*q, 4.0, pal.surface[0], Stroke::new(1.5, pal.accent));
    }
    let mut line = pts.clone();
    line.extend(
        p.ctx()
            .input(|i| i.pointer.hover_pos())
            .filter(|q| w.rect.contains(*q) && !pts.is_empty()),
    );
    draw::cased(p, line, 1.5, pal.accent);
    if l.plan.tool == Tool::Measure && l.plan.drawing.len() > 1 {
        let way: f64 = l.plan.drawing.windows(2).map(|q| distance_m(q[0], q[1])).sum();
        if let (Some(at), Some([a, b])) = (pts.last(), l.plan.drawing.last_chunk::<2>()) {
            let word = format!("{} · {:03.0}°", words::metres(Some(way)), azimuth_deg(*a, *b));
            labels.boxed(p, *at, &word, "", pal.accent, pal.accent, pal);
        }
    }
}

/// The places worth a word: lowest, blind, and the finding in front.
#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
fn callouts(
    p: &Painter,
    w: &View,
    s: &Shown,
    l: &FlyLocal,
    feeds: &FlyFeeds,
    shapes: &Shapes,
    pal: &Palette,
    labels: &mut Labels,
) {
    let at = |m: f64| {
        shapes
            .at_chainage(m)
            .and_then(|(q, _)| w.project(q[0], q[1], q[2]))
            .filter(|q| w.rect.contains(*q))
    };
    let by = l.plan.colour;
    if let Some(t) = &s.study {
        if by == ColourBy::Detectability {
            let mut i = 0;
            let mut told = 0;
            while i < t.cells.len() && told < 3 {
                let blind = |c: &BorderCell| c.detect == Detectability::Blind;
                if !blind(&t.cells[i]) {
                    i += 1;
                    continue;
                }
                let from = i;
                while i < t.cells.len() && blind(&t.cells[i]) {
                    i += 1;
                }
                let (a, b) = (t.cells[from].from_m, t.cells[i - 1].to_m);
                if let Some(q) = at(f64::midpoint(a, b)) {
                    let strong = format!("Blind · {}", words::metres(Some(b - a)));
                    labels.boxed(
                        p,
                        q,
                        &strong,
                        &words::cut(t.cells[from].why.as_deref().unwrap_or_default(), 34),
                        pal.text1,
                        pal.text1,
                        pal,
                    );
                    told += 1;
                }
            }
        }
        if by != ColourBy::Energy
            && let Some((c, clear)) = t
                .cells
                .iter()
                .filter_map(|c| Some((c, c.clearance_m?)))
                .min_by(|a, b| a.1.total_cmp(&b.1))
            && let Some(q) = at(f64::midpoint(c.from_m, c.to_m))
        {
            let strong = format!("Clearance {clear:.0} m · {}", words::km(c.from_m));
            let quiet = format!("needs {:.0} m · lowest of plan", s.brief.limits.min_agl_m);
            labels.boxed(p, q, &strong, &quiet, pal.accent, pal.accent, pal);
        }
    }
    if let (Some(t), ColourBy::Radio) = (&s.study, by) {
        let dark = t.link_loss.iter().filter(|x| x.radio != Radio::Clear);
        for x in dark.take(3) {
            let at = x.dark_at.unwrap_or(x.from);
            let g = shapes.on_ground(at, feeds.relief);
            if let Some(q) = w.project(g[0], g[1], g[2]).filter(|q| w.rect.contains(*q)) {
                labels.boxed(
                    p,
                    q,
                    "Link dies here",
                    &words::cut(&x.words, 60),
                    pal.text1,
                    pal.text1,
                    pal,
                );
            }
        }
    }
    if let Some(f) = l.plan.focus.and_then(|i| s.verdict.as_ref()?.findings.get(i))
        && let Some(q) = f.at.and_then(|a| {
            let g = shapes.on_ground(a, feeds.relief);
            w.project(g[0], g[1], g[2])
        })
    {
        p.circle_stroke(q, 14.0, Stroke::new(2.0, pal.accent));
        let word = format!("{:.0} {} · limit {:.0}", f.worst, f.unit, f.limit);
        labels.boxed(p, q, &words::cut(&f.what, 46), &word, pal.accent, pal.text1, pal);
    }
}

fn legend_of(ui: &mut Ui, r: Rect, s: &Shown, l: &FlyLocal, lay: &Layout, pal: &Palette) {
    let p = ui.painter().with_clip_rect(r);
    draw::framed(&p, r, 3, draw::alpha(pal.surface[0], 235), pal.line_soft);
    let reserve = s.brief.fleet.iter().map(|a| a.energy.reserve_share).fold(0.0, f64::max);
    let (head, names) = colour::words(l.plan.colour, &s.brief.limits, reserve);
    let y = r.center().y;
    let mut x = r.left() + 12.0;
    if !lay.compact {
        x = draw::text(&p, pos2(x, y), Align2::LEFT_CENTER, &head, theme::strong(), pal.text1).right() + 14.0;
    }
    let mut km = [0.0; 4];
    for c in s.study.iter().flat_map(|t| &t.cells) {
        if let Some(k) = colour::class(l.plan.colour, c, &s.brief.limits, reserve) {
            km[k] += (c.to_m - c.from_m) / 1000.0;
        }
    }
    let ramp = colour::ramp(pal);
    let mut said = vec![head];
    for (k, name) in names.iter().enumerate() {
        let q = draw::rect(x, y - 6.0, 22.0, 12.0);
        if k < 3 {
            p.rect_filled(q, CornerRadius::ZERO, ramp[k]);
        } else {
            draw::hatch(&p, q, 4.0, pal.text1);
        }
        let t = draw::text(
            &p,
            pos2(q.right() + 6.0, y),
            Align2::LEFT_CENTER,
            name,
            theme::small(),
            pal.text1,
        );
        let word = format!("{:.1} km", km[k]);
        let t = draw::text(
            &p,
            pos2(t.right() + 6.0, y),
            Align2::LEFT_CENTER,
            &word,
            theme::mono(),
            pal.text2,
        );
        said.push(format!("{name} {word}"));
        x = t.right() + 14.0;
    }
    draw::named(ui, r, "legend", WidgetType::Label, &said.join(", "));
}

fn tools(ui: &mut Ui, r: Rect, v: &StationView, l: &mut FlyLocal, feeds: &FlyFeeds, lay: &Layout, pal: &Palette) {
    let p = ui.painter().clone();
    let (mut x, y, h) = (r.left() + 8.0, r.top() + 8.0, 24.0);
    for (t, name) in Tool::ALL {
        let label = format!("Tool {name}");
        let b = Button::new(name).label(&label).selected(l.plan.tool == t);
        let w = b.wants(&p);
        if b.show(ui, draw::rect(x, y, w, h), pal).clicked() {
            l.plan.tool = t;
            l.plan.drawing.clear();
        }
        x += w + 5.0;
    }
    let fit = Button::new("").label("Fit map to section").icon(Icon::Fit);
    let fw = fit.wants(&p);
    if fit.show(ui, draw::rect(x, y, fw, h), pal).clicked()
        && let Some(s) = l.shapes.clone()
    {
        base::fit(l, &s, v, lay);
    }
    x += fw + 8.0;
    if l.imagery.is_some() {
        let b = base::imagery_button(l, lay);
        let w = b.wants(&p);
        if b.show(ui, draw::rect(x, y, w, h), pal).clicked() {
            l.plain_map = !l.plain_map;
        }
        x += w + 8.0;
    }
    // Colour by: on the right where there is room, else below.
    let total: f32 = ColourBy::ALL.iter().map(|(_, n)| Button::new(n).wants(&p) + 5.0).sum();
    let head = if lay.compact { 0.0 } else { 70.0 };
    let below = r.right() - x < total + head + 12.0;
    let (mut cx, cy) = (r.right() - total - 4.0, if below { y + 30.0 } else { y });
    if !lay.compact {
        draw::outlined(
            &p,
            pos2(cx - 8.0, cy + h / 2.0),
            Align2::RIGHT_CENTER,
            "Colour by",
            theme::small(),
            pal.text2,
        );
    }
    for (c, name) in ColourBy::ALL {
        let label = format!("Colour by {name}");
        let b = Button::new(name).label(&label).selected(l.plan.colour == c);
        let w = b.wants(&p);
        if b.show(ui, draw::rect(cx, cy, w, h), pal).clicked() {
            l.plan.colour = c;
        }
        cx += w + 5.0;
    }
    let hint = match l.plan.tool {
        Tool::Select => None,
        Tool::Section => Some(if l.plan.drawing.is_empty() {
            "Click the section's start on the border"
        } else {
            "Click its end"
        }),
        Tool::Zone => Some(if l.plan.drawing.len() < 3 {
            "Click the corners of the no-fly zone"
        } else {
            "Enter or a double click closes the zone; Esc leaves it"
        }),
        Tool::Base => Some("Click where the selected aircraft's base stands"),
        Tool::Measure => Some("Click from place to place; Esc ends"),
    };
    let word = base::relief_word(v, feeds, lay);
    for (i, (w, c)) in hint
        .map(|t| (t.to_owned(), pal.accent))
        .into_iter()
        .chain(word.map(|t| (t, pal.text1)))
        .enumerate()
    {
        let wid = draw::width(&p, &w, theme::small_strong()) + 18.0;
        #[expect(clippy::cast_precision_loss, reason = "two lines")]
        let q = draw::rect(r.left() + 8.0, y + 30.0 * (i as f32 + 1.0), wid, h);
        draw::framed(&p, q, 3, draw::alpha(pal.surface[0], 225), c);
        draw::text(&p, q.center(), Align2::CENTER_CENTER, &w, theme::small_strong(), c);
        draw::named(ui, q, ("map word", i), WidgetType::Label, &w);
    }
}
