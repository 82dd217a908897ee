//! Files of others: looked at first, drawn on the map, taken into the brief by a person.
//!
//! Invariant: nothing of a file is in the brief before somebody takes it, and then as one step of
//! undo; what a file holds beyond that is named. It must not know how a file is read.

use std::path::PathBuf;
use std::sync::Arc;

use egui::{Align2, Painter, Pos2, Rect, Stroke, Ui, WidgetType, pos2};
use vedette_geo::{LatLon, destination};
use vedette_model::plan::{Brief, NoFly};

use super::brief::edit;
use super::fields::field;
use super::{FileAsked, FileFound, FileLook, PlanDesk, PlanLocal, Shown};
use crate::camera::View;
use crate::draw::{self, Button, Look};
use crate::fly::shapes::Shapes;
use crate::local::{FlyFeeds, FlyLocal};
use crate::theme::{self, Palette};

/// What came of the file asked for here.
fn look(l: &PlanLocal, desk: Option<&PlanDesk>) -> Option<Arc<FileLook>> {
    let n = l.looking?;
    let (_, f) = desk?.found.latest()?;
    (f.number == n).then_some(f)
}

fn ask(l: &mut PlanLocal, desk: &PlanDesk, path: PathBuf) {
    l.questions += 1;
    l.looking = Some(l.questions);
    desk.file.put(Arc::new(FileAsked {
        number: l.questions,
        path,
    }));
}

/// Adds zones to a brief; one the brief has already, name and outline, is not added again. Gives
/// how many are new.
fn take(b: &mut Brief, zones: &[NoFly]) -> usize {
    let before = b.no_fly.len();
    for z in zones {
        if !b.no_fly.contains(z) {
            b.no_fly.push(z.clone());
        }
    }
    b.no_fly.len() - before
}

pub(super) fn show(ui: &mut Ui, r: Rect, s: &Shown, l: &mut FlyLocal, desk: Option<&PlanDesk>, pal: &Palette) {
    let p = ui.painter().with_clip_rect(r);
    let (x, w) = (r.left(), r.width());
    let mut y = r.top();
    let Some(desk) = desk else {
        let t = "No planner works behind this console: files are taken in by `vedette atlas import`.";
        draw::text_wrapped(&p, pos2(x, y), t, theme::small(), pal.text2, w, 3, 16.0);
        return;
    };
    let intro = "Zones (KML, KMZ, GeoJSON, Shapefile, ED-269, ED-318, OpenAir) and missions (.plan, .waypoints). Drop a file on the window, or write where it lies.";
    let q = draw::text_wrapped(&p, pos2(x, y), intro, theme::small(), pal.text2, w, 4, 16.0);
    y = q.bottom() + 8.0;
    let at = draw::rect(x, y, w - 70.0, 44.0);
    if let Some(t) = field(ui, at, "File", "", &l.plan.file, pal) {
        l.plan.file = t;
    }
    let may = !l.plan.file.trim().is_empty();
    let go = Button::new("Look").label("Look into the file").enabled(may);
    let pressed = go
        .show(ui, draw::rect(at.right() + 8.0, at.bottom() - 26.0, 62.0, 26.0), pal)
        .clicked();
    let dropped: Option<PathBuf> = ui.ctx().input(|i| {
        let paths = i.raw.dropped_files.iter().map(|f| f.path().to_path_buf());
        paths.into_iter().find(|p| !p.as_os_str().is_empty())
    });
    if let Some(path) = dropped {
        l.plan.file = path.display().to_string();
        ask(&mut l.plan, desk, path);
    } else if pressed && may {
        let path = PathBuf::from(l.plan.file.trim());
        ask(&mut l.plan, desk, path);
    }
    y = at.bottom() + 10.0;
    draw::hline(&p, x, x + w, y, pal.line_soft);
    y += 10.0;
    if l.plan.looking.is_none() {
        return;
    }
    let Some(found) = look(&l.plan, Some(desk)) else {
        draw::text(
            &p,
            pos2(x, y + 8.0),
            Align2::LEFT_CENTER,
            "being read…",
            theme::small(),
            pal.text3,
        );
        return;
    };
    let body = Rect::from_min_max(pos2(x, y), pos2(x + w, r.bottom() - 40.0));
    let said = match &found.result {
        Ok(f) => {
            preview(&p, body, f, pal);
            buttons(ui, draw::rect(x, r.bottom() - 34.0, w, 26.0), s, l, f, pal);
            said(f)
        }
        Err(why) => {
            draw::text_wrapped(&p, body.min, why, theme::body(), pal.alarm2, w, 10, 18.0);
            format!("cannot be read: {why}")
        }
    };
    draw::named(
        ui,
        body,
        "file",
        WidgetType::Label,
        &format!("{}: {said}", found.path.display()),
    );
}

/// Everything of a preview in one line, for those who hear it.
fn said(f: &FileFound) -> String {
    let mut all = vec![f.format.clone(), f.system.clone()];
    all.extend(f.facts.iter().chain(&f.warnings).cloned());
    if !f.beyond.is_empty() {
        all.push(beyond(f));
    }
    all.join("; ")
}

fn beyond(f: &FileFound) -> String {
    format!("The file also says, and keeps: {}", f.beyond.join(", "))
}

fn preview(p: &Painter, r: Rect, f: &FileFound, pal: &Palette) {
    let p = p.with_clip_rect(r.expand(2.0));
    let mut y = r.top();
    let mut put = |t: &str, font, colour, lines| {
        if y < r.bottom() - 12.0 {
            let q = draw::text_wrapped(&p, pos2(r.left(), y), t, font, colour, r.width(), lines, 16.0);
            y = q.bottom() + 5.0;
        }
    };
    put(&f.format, theme::strong(), pal.text1, 1);
    put(&f.system, theme::small(), pal.text2, 2);
    for t in &f.facts {
        put(t, theme::small(), pal.text1, 3);
    }
    for t in &f.warnings {
        put(t, theme::small(), pal.alarm2, 3);
    }
    if !f.beyond.is_empty() {
        put(&beyond(f), theme::small(), pal.text2, 4);
    }
}

fn buttons(ui: &mut Ui, r: Rect, s: &Shown, l: &mut FlyLocal, f: &FileFound, pal: &Palette) {
    let fresh = take(&mut Brief::clone(&s.brief), &f.zones);
    let words = match (f.zones.is_empty(), fresh) {
        (true, _) => "No zone to take in".to_owned(),
        (_, 0) => "All are in the brief".to_owned(),
        (_, n) => format!("Take in {n} no-fly zone{}", if n == 1 { "" } else { "s" }),
    };
    let forget = Button::new("Forget").label("Forget the file").look(Look::Quiet);
    let fw = forget.wants(ui.painter());
    let main = draw::rect(r.left(), r.top(), r.width() - fw - 6.0, r.height());
    let b = Button::new(&words)
        .label("Take zones into the brief")
        .look(Look::Primary)
        .enabled(fresh > 0);
    if b.show(ui, main, pal).clicked() && fresh > 0 {
        let zones = f.zones.clone();
        edit(l, |b| {
            take(b, &zones);
        });
    }
    if forget
        .show(ui, draw::rect(main.right() + 6.0, r.top(), fw, r.height()), pal)
        .clicked()
    {
        l.plan.looking = None;
    }
}

/// The outline of a zone, closed.
fn outline(z: &NoFly) -> Vec<LatLon> {
    let mut ring = match (z.centre, z.polygon.is_empty()) {
        (Some(c), true) => (0..48)
            .map(|k| destination(c, f64::from(k) * 7.5, z.radius_m))
            .collect(),
        _ => z.polygon.clone(),
    };
    ring.extend(ring.first().copied());
    ring
}

/// What the file would bring, dashed, before it is taken in.
pub(super) fn on_map(p: &Painter, w: &View, l: &FlyLocal, feeds: &FlyFeeds, shapes: &Shapes, pal: &Palette) {
    let Some(found) = look(&l.plan, feeds.desk) else { return };
    let Ok(f) = &found.result else { return };
    let near = w.rect.expand(200.0);
    let place = |at: &LatLon| -> Option<Pos2> {
        let q = shapes.on_ground(*at, feeds.relief);
        w.project(q[0], q[1], q[2])
    };
    let lines = f.zones.iter().map(outline).chain([f.route.clone()]);
    for line in lines {
        let pts: Vec<Option<Pos2>> = line.iter().map(place).collect();
        for q in pts.windows(2) {
            if let [Some(a), Some(b)] = *q
                && (near.contains(a) || near.contains(b))
            {
                p.line_segment([a, b], Stroke::new(3.0, egui::Color32::from_black_alpha(110)));
                draw::dashed(p, &[a, b], 1.4, pal.accent, 6.0, 4.0);
            }
        }
    }
}
