//! KML 2.3 with the timetable: border, zones, fences, bases, and for every aircraft its legs and a `gx:Track` with times, so that
//! viewers can play the watch.

use crate::mission::{Scene, e7};
use std::fmt::Write as _;
use vedette_geo::{LatLon, destination};
use vedette_model::plan::{LegKind, NoFly, PatrolPlan};

/// Corners a disc is drawn with.
pub(crate) const DISC_CORNERS: u32 = 64;

/// A plan with its surroundings as a KML file.
#[must_use]
pub fn kml(plan: &PatrolPlan, scene: &Scene) -> String {
    let mut out = Doc::default();
    out.line("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    out.line("<kml xmlns=\"http://www.opengis.net/kml/2.2\" xmlns:gx=\"http://www.google.com/kml/ext/2.2\">");
    out.line("<Document>");
    out.line(&format!("<name>{}</name>", escape(&plan.brief.name)));
    let text = format!(
        "Plan {}. Revisit {:.0} s promised, {:.0} s is the least possible. Terrain: {}.",
        plan.id, plan.promise.revisit_s, plan.promise.lower_bound_s, plan.terrain
    );
    out.line(&format!("<description>{}</description>", escape(&text)));
    for (name, line) in &scene.borders {
        out.mark(
            &format!("Border {name}"),
            "ff4040ff",
            &line_string(line.iter().map(|p| (*p, 0.0)), "clampToGround"),
        );
    }
    for zone in scene.zones.iter().chain(&plan.brief.no_fly) {
        out.mark(&format!("No-fly {}", zone.name), "7f0000ff", &polygon(&ring(zone)));
    }
    for a in &plan.aircraft {
        let craft = plan.brief.fleet.iter().find(|f| f.vehicle == a.vehicle);
        let tail = craft.map_or_else(|| a.vehicle.to_string(), |c| c.tail.clone());
        out.line(&format!("<Folder><name>{}</name>", escape(&tail)));
        out.mark(
            &format!("{tail} base"),
            "ffffffff",
            &format!(
                "<Point><coordinates>{}</coordinates></Point>",
                spot(a.home, a.home_amsl.0)
            ),
        );
        if a.fence.len() > 2 {
            out.mark(&format!("{tail} fence"), "3fffff00", &polygon(&a.fence));
        }
        for (i, leg) in a.legs.iter().enumerate() {
            let ends = [(leg.from, leg.from_amsl.0), (leg.to, leg.to_amsl.0)];
            let color = if leg.kind == LegKind::Patrol {
                "ffffc000"
            } else {
                "ffa0a0a0"
            };
            let name = format!("{tail} leg {i} {}", kind(leg.kind));
            out.mark(&name, color, &line_string(ends.into_iter(), "absolute"));
        }
        let mut track = String::from("<gx:Track><altitudeMode>absolute</altitudeMode>");
        let stops = a
            .legs
            .first()
            .map(|l| (l.start_s, l.from, l.from_amsl.0))
            .into_iter()
            .chain(a.legs.iter().map(|l| (l.end_s, l.to, l.to_amsl.0)));
        for (s, at, amsl) in stops {
            let when = utc(scene.start_utc_us.saturating_add((s * 1e6) as i64));
            track += &format!(
                "<when>{when}</when><gx:coord>{}</gx:coord>",
                spot(at, amsl).replace(',', " ")
            );
        }
        out.mark(&format!("{tail} timetable"), "ffffffff", &(track + "</gx:Track>"));
        out.line("</Folder>");
    }
    out.line("</Document>");
    out.line("</kml>");
    out.0
}

#[derive(Default)]
struct Doc(String);

impl Doc {
    fn line(&mut self, text: &str) {
        self.0.push_str(text);
        self.0.push('\n');
    }

    fn mark(&mut self, name: &str, color: &str, geometry: &str) {
        let style = format!(
            "<Style><LineStyle><color>{color}</color><width>2</width></LineStyle><PolyStyle><color>{color}</color></PolyStyle></Style>"
        );
        self.line(&format!(
            "<Placemark><name>{}</name>{style}{geometry}</Placemark>",
            escape(name)
        ));
    }
}

/// What a leg is for, in one word.
pub(crate) fn kind(k: LegKind) -> &'static str {
    match k {
        LegKind::TakeOff => "take-off",
        LegKind::Transit => "transit",
        LegKind::Patrol => "patrol",
        LegKind::Turn => "turn",
        LegKind::Loiter => "loiter",
        LegKind::Return => "return",
        LegKind::Land => "land",
    }
}

/// Corners of a zone; a disc as a polygon.
pub(crate) fn ring(zone: &NoFly) -> Vec<LatLon> {
    match zone.centre {
        Some(centre) if zone.polygon.is_empty() => (0..DISC_CORNERS)
            .map(|k| destination(centre, 360.0 * f64::from(k) / f64::from(DISC_CORNERS), zone.radius_m))
            .collect(),
        _ => zone.polygon.clone(),
    }
}

fn spot(p: LatLon, amsl: f64) -> String {
    format!("{:.7},{:.7},{:.1}", e7(p.lon_deg), e7(p.lat_deg), amsl)
}

fn line_string(points: impl Iterator<Item = (LatLon, f64)>, mode: &str) -> String {
    let text: Vec<String> = points.map(|(p, h)| spot(p, h)).collect();
    format!(
        "<LineString><altitudeMode>{mode}</altitudeMode><coordinates>{}</coordinates></LineString>",
        text.join(" ")
    )
}

fn polygon(corners: &[LatLon]) -> String {
    let text: Vec<String> = corners.iter().chain(corners.first()).map(|p| spot(*p, 0.0)).collect();
    format!(
        "<Polygon><outerBoundaryIs><LinearRing><coordinates>{}</coordinates></LinearRing></outerBoundaryIs></Polygon>",
        text.join(" ")
    )
}

/// Text that XML 1.0 accepts: markup escaped, characters it forbids replaced by U+FFFD.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' | '\r' => out.push(c),
            c if (c as u32) < 0x20 || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// `2026-06-01T12:00:00.000Z` from µs since 1970 UTC (civil-from-days, Hinnant 2013).
pub(crate) fn utc(us: i64) -> String {
    let (days, rest) = (us.div_euclid(86_400_000_000), us.rem_euclid(86_400_000_000));
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    let ms = rest / 1000;
    let mut out = String::new();
    // Writing to a String cannot fail.
    let written = write!(
        out,
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
        ms / 3_600_000,
        ms / 60_000 % 60,
        ms / 1000 % 60,
        ms % 1000
    );
    debug_assert!(written.is_ok());
    out
}
