//! The one-page report and the table of measured figures. Every figure is handed in; none is
//! made here.

use std::fmt::Write as _;

use serde::Serialize;
use vedette_core::StationView;
use vedette_geo::{Hae, LatLon, LocalFrame};
use vedette_model::AlertState;
use vedette_model::plan::LegKind;

/// What was measured. `None` is printed as "not measured", never as a number.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Figures {
    pub(crate) seed: u64,
    pub(crate) speed: f64,
    pub(crate) terrain: String,
    pub(crate) session_s: f64,
    pub(crate) wall_s: f64,
    pub(crate) revisit_promised_s: Option<f64>,
    pub(crate) revisit_checked_s: Option<f64>,
    pub(crate) revisit_lower_bound_s: Option<f64>,
    pub(crate) revisit_flown_s: Option<f64>,
    /// Aircraft, who ordered it, seconds kept from the patrol.
    pub(crate) off_patrol: Vec<(String, String, f64)>,
    pub(crate) coverage_share: Option<f64>,
    pub(crate) crossing_to_alert_s: Option<f64>,
    pub(crate) crossing_to_confirmed_s: Option<f64>,
    pub(crate) geolocation_error_m: Option<f64>,
    pub(crate) ellipse_semi_axes_m: Option<[f64; 2]>,
    pub(crate) ellipse_held: Option<bool>,
    pub(crate) looks: u64,
    pub(crate) looks_held: u64,
    pub(crate) alerts: u64,
    pub(crate) alerts_without_cause: Option<u64>,
    pub(crate) frames_sent: u64,
    pub(crate) frames_not_rendered: u64,
    pub(crate) frames_recorded: u64,
    pub(crate) frames_decoded: u64,
    pub(crate) frames_analysed: u64,
    pub(crate) frames_dropped_before_analysis: u64,
    pub(crate) packets_lost: u64,
    pub(crate) messages_received: u64,
    pub(crate) messages_lost: u64,
    pub(crate) messages_rejected: u64,
    pub(crate) picture_age_p50_ms: Option<f64>,
    pub(crate) picture_age_p95_ms: Option<f64>,
    pub(crate) journal_entries: u64,
    pub(crate) digest_live: String,
    pub(crate) digest_replay: String,
    pub(crate) review_same_frame: Option<bool>,
    pub(crate) bundle_intact_verifier: Option<bool>,
    pub(crate) bundle_intact_script: Option<bool>,
    pub(crate) tampered_file: Option<String>,
    pub(crate) tamper_named_by_verifier: Option<bool>,
    pub(crate) tamper_named_by_script: Option<bool>,
}

fn opt(v: Option<f64>, digits: usize, unit: &str) -> String {
    v.map_or_else(|| "not measured".to_owned(), |x| format!("{x:.digits$} {unit}"))
}
fn yes(v: Option<bool>) -> String {
    match v {
        Some(true) => "yes".into(),
        Some(false) => "NO".into(),
        None => "not measured".into(),
    }
}

impl Figures {
    /// Name and value, in reading order.
    pub(crate) fn rows(&self) -> Vec<(&'static str, String)> {
        let ellipse = self
            .ellipse_semi_axes_m
            .map_or_else(String::new, |[a, b]| format!(", 95 % ellipse {a:.1} × {b:.1} m"));
        vec![
            ("terrain", self.terrain.clone()),
            (
                "revisit promised / checked / lower bound",
                format!(
                    "{} / {} / {}",
                    opt(self.revisit_promised_s, 0, "s"),
                    opt(self.revisit_checked_s, 0, "s"),
                    opt(self.revisit_lower_bound_s, 0, "s")
                ),
            ),
            (
                "revisit flown (longest gap of any seen metre)",
                format!("{}{}", opt(self.revisit_flown_s, 0, "s"), self.kept_off()),
            ),
            ("section seen", opt(self.coverage_share.map(|s| s * 100.0), 1, "%")),
            ("crossing to alert", opt(self.crossing_to_alert_s, 1, "s")),
            (
                "crossing to confirmed by a person",
                opt(self.crossing_to_confirmed_s, 1, "s"),
            ),
            (
                "geolocation error at the alert",
                format!("{}{ellipse}", opt(self.geolocation_error_m, 1, "m")),
            ),
            ("ellipse held the truth at the alert", yes(self.ellipse_held)),
            (
                "looks whose 95 % ellipse held the truth",
                format!("{} of {}", self.looks_held, self.looks),
            ),
            (
                "alerts, of them without a cause in the truth",
                format!(
                    "{}, {}",
                    self.alerts,
                    self.alerts_without_cause
                        .map_or_else(|| "not measured".into(), |n| n.to_string())
                ),
            ),
            (
                "video frames sent / recorded / transport packets lost",
                format!(
                    "{} / {} / {}",
                    self.frames_sent, self.frames_recorded, self.packets_lost
                ),
            ),
            (
                "pictures the simulator had no time to render",
                self.frames_not_rendered.to_string(),
            ),
            (
                "video frames decoded / analysed / passed over (newest wins)",
                format!(
                    "{} / {} / {}",
                    self.frames_decoded, self.frames_analysed, self.frames_dropped_before_analysis
                ),
            ),
            (
                "messages received / lost / rejected",
                format!(
                    "{} / {} / {}",
                    self.messages_received, self.messages_lost, self.messages_rejected
                ),
            ),
            (
                "picture age p50 / p95",
                format!(
                    "{} / {}",
                    opt(self.picture_age_p50_ms, 0, "ms"),
                    opt(self.picture_age_p95_ms, 0, "ms")
                ),
            ),
            ("journal entries", self.journal_entries.to_string()),
            (
                "replay gives the live view (digest)",
                format!(
                    "{} ({})",
                    yes(Some(self.digest_live == self.digest_replay)),
                    &self.digest_live.get(..16).unwrap_or("-")
                ),
            ),
            ("review shows the alert's very frame", yes(self.review_same_frame)),
            (
                "bundle intact by vedette-verify / by sh VERIFY.sh",
                format!(
                    "{} / {}",
                    yes(self.bundle_intact_verifier),
                    yes(self.bundle_intact_script)
                ),
            ),
            (
                "one byte flipped: file named by vedette-verify / by sh VERIFY.sh",
                format!(
                    "{} / {} ({})",
                    yes(self.tamper_named_by_verifier),
                    yes(self.tamper_named_by_script),
                    self.tampered_file.as_deref().unwrap_or("-")
                ),
            ),
            (
                "session time / wall time",
                format!(
                    "{:.0} s at speed {} at most / {:.0} s",
                    self.session_s, self.speed, self.wall_s
                ),
            ),
        ]
    }

    /// `; of it CU-01 held off patrol 174 s by operator-2`, or nothing.
    fn kept_off(&self) -> String {
        let one = |(tail, who, s): &(String, String, f64)| format!("{tail} held off patrol {s:.0} s by {who}");
        let all: Vec<String> = self.off_patrol.iter().map(one).collect();
        if all.is_empty() {
            return String::new();
        }
        format!("; of it {}", all.join(", "))
    }

    /// What a demo must have shown; the names of what is missing.
    pub(crate) fn shortfalls(&self) -> Vec<&'static str> {
        let mut out = Vec::new();
        let mut need = |ok: bool, what| {
            if !ok {
                out.push(what);
            }
        };
        need(
            self.crossing_to_alert_s.is_some(),
            "no alert was raised for the crossing",
        );
        need(self.crossing_to_confirmed_s.is_some(), "the crossing was not confirmed");
        need(
            self.digest_live == self.digest_replay && !self.digest_live.is_empty(),
            "the replay differs from the live run",
        );
        need(
            self.bundle_intact_verifier == Some(true),
            "vedette-verify does not call the bundle intact",
        );
        need(
            self.bundle_intact_script == Some(true),
            "VERIFY.sh does not call the bundle intact",
        );
        need(
            self.tamper_named_by_verifier == Some(true),
            "vedette-verify did not name the changed file",
        );
        need(
            self.tamper_named_by_script == Some(true),
            "VERIFY.sh did not name the changed file",
        );
        need(
            self.review_same_frame == Some(true),
            "review does not show the alert's frame",
        );
        need(self.packets_lost == 0, "video packets were lost");
        out
    }
}

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Fits a set of points into a drawing.
struct Fit {
    frame: LocalFrame,
    scale: f64,
    left: f64,
    top: f64,
}

impl Fit {
    fn new(points: &[LatLon], width: f64, height: f64) -> Option<Self> {
        let frame = LocalFrame::new(*points.first()?, Hae(0.0));
        let plane: Vec<_> = points.iter().map(|p| frame.plane(*p)).collect();
        let span = |f: fn(&(f64, f64)) -> f64| {
            plane
                .iter()
                .map(f)
                .fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(v), b.max(v)))
        };
        let ((x0, x1), (y0, y1)) = (span(|p| p.0), span(|p| p.1));
        let scale = ((width - 40.0) / (x1 - x0).max(1.0)).min((height - 40.0) / (y1 - y0).max(1.0));
        Some(Self {
            frame,
            scale,
            left: 20.0 - x0 * scale + (width - 40.0 - (x1 - x0) * scale) / 2.0,
            top: 20.0 + y1 * scale,
        })
    }
    fn xy(&self, p: LatLon) -> (f64, f64) {
        let (e, n) = self.frame.plane(p);
        (self.left + e * self.scale, self.top - n * self.scale)
    }
    fn path(&self, points: impl IntoIterator<Item = LatLon>) -> String {
        let mut d = String::new();
        for (i, p) in points.into_iter().enumerate() {
            let (x, y) = self.xy(p);
            let _infallible = write!(d, "{}{x:.1} {y:.1} ", if i == 0 { 'M' } else { 'L' });
        }
        d
    }
}

fn map_svg(view: &StationView) -> String {
    let (w, h) = (760.0, 340.0);
    let mut points: Vec<LatLon> = view.section.to_vec();
    if let Some(plan) = &view.plan.plan {
        points.extend(
            plan.aircraft
                .iter()
                .flat_map(|a| a.legs.iter().map(|l| l.to).chain([a.home])),
        );
    }
    let Some(fit) = Fit::new(&points, w, h) else {
        return String::new();
    };
    let mut s = format!(
        "<svg viewBox=\"0 0 {w} {h}\" role=\"img\" aria-label=\"map of section, routes, tracks\"><rect width=\"{w}\" height=\"{h}\" fill=\"#f4f5f6\"/>"
    );
    let mut put = |d: String, style: &str| {
        let _infallible = write!(s, "<path d=\"{d}\" fill=\"none\" {style}/>");
    };
    put(
        fit.path(view.site.border.iter().copied()),
        "stroke=\"#9aa5ad\" stroke-width=\"1\"",
    );
    put(
        fit.path(view.section.iter().copied()),
        "stroke=\"#000\" stroke-width=\"3\"",
    );
    if let Some(plan) = &view.plan.plan {
        for (a, colour) in plan.aircraft.iter().zip(["#1f6fb2", "#7a4fb5", "#2a8a6a", "#8a6a2a"]) {
            put(
                fit.path(a.legs.iter().filter(|l| l.kind != LegKind::Land).map(|l| l.to)),
                &format!("stroke=\"{colour}\" stroke-width=\"1.2\" stroke-dasharray=\"5 3\""),
            );
            put(
                fit.path(a.fence.iter().copied().chain(a.fence.first().copied())),
                "stroke=\"#999\" stroke-width=\"0.8\" stroke-dasharray=\"1 3\"",
            );
        }
    }
    for (v, colour) in view.vehicles.values().zip(["#1f6fb2", "#7a4fb5", "#2a8a6a", "#8a6a2a"]) {
        put(
            fit.path(v.trail.iter().copied()),
            &format!("stroke=\"{colour}\" stroke-width=\"1.6\""),
        );
    }
    for t in view.tracks.values().filter(|t| t.alert.is_some()) {
        put(
            fit.path(t.trail.iter().map(|p| p.1)),
            "stroke=\"#c0392b\" stroke-width=\"2\"",
        );
    }
    if let Some(plan) = &view.plan.plan {
        for a in &plan.aircraft {
            let (x, y) = fit.xy(a.home);
            let tail = view
                .vehicles
                .get(&a.vehicle)
                .map_or_else(String::new, |v| escape(&v.tail));
            let _infallible = write!(
                s,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"#333\"/><text x=\"{:.1}\" y=\"{:.1}\" font-size=\"11\">{tail} base</text>",
                x + 6.0,
                y + 4.0
            );
        }
    }
    let metres = 10f64.powf((180.0 / fit.scale).log10().floor());
    let _infallible = write!(
        s,
        "<path d=\"M20 {y}h{len:.1}\" stroke=\"#000\" stroke-width=\"2\"/><text x=\"20\" y=\"{ty}\" font-size=\"11\">{metres:.0} m</text></svg>",
        y = h - 10.0,
        ty = h - 14.0,
        len = metres * fit.scale
    );
    s
}

/// Longest gap per cell: promised, checked and flown, against the lower bound.
fn gap_svg(view: &StationView) -> String {
    let (w, h) = (760.0, 150.0);
    let cover = &view.coverage;
    let n = cover.cells.len().max(1);
    let verdict = view.plan.verdict.as_deref();
    let promise = view.plan.plan.as_ref().map_or(0.0, |p| p.promise.revisit_s);
    let worst = verdict.map_or(0.0, |v| v.gap_per_cell_s.iter().flatten().copied().fold(0.0, f64::max));
    let flown: Vec<Option<f64>> = (0..n)
        .map(|i| {
            cover
                .longest_us
                .get(i)
                .filter(|_| cover.looks.get(i).is_some_and(|l| *l > 0))
                .map(|us| vedette_model::Mono(*us).seconds())
        })
        .collect();
    let top = flown
        .iter()
        .flatten()
        .copied()
        .fold(promise.max(worst), f64::max)
        .max(1.0)
        * 1.1;
    let y = |s: f64| h - 20.0 - s / top * (h - 40.0);
    let mut s = format!(
        "<svg viewBox=\"0 0 {w} {h}\" role=\"img\" aria-label=\"longest gap along the section\"><rect width=\"{w}\" height=\"{h}\" fill=\"#f4f5f6\"/>"
    );
    #[expect(clippy::cast_precision_loss, reason = "cells along a section")]
    for (i, f) in flown.iter().enumerate() {
        let x = 40.0 + (w - 60.0) * i as f64 / n as f64;
        let bar = (w - 60.0) / n as f64;
        match f {
            Some(v) => {
                let _infallible = write!(
                    s,
                    "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"{bar:.2}\" height=\"{:.1}\" fill=\"#7d86c9\"/>",
                    y(*v),
                    h - 20.0 - y(*v)
                );
            }
            None => {
                let _infallible = write!(
                    s,
                    "<rect x=\"{x:.1}\" y=\"20\" width=\"{bar:.2}\" height=\"{:.1}\" fill=\"#ddd\"/>",
                    h - 40.0
                );
            }
        }
    }
    for (v, label, colour) in [
        (promise, "promised", "#000"),
        (verdict.map_or(0.0, |v| v.lower_bound_s), "lower bound", "#2a8a6a"),
    ] {
        let _infallible = write!(
            s,
            "<path d=\"M40 {0:.1}H{1:.1}\" stroke=\"{colour}\" stroke-dasharray=\"4 3\"/><text x=\"{2:.1}\" y=\"{3:.1}\" font-size=\"11\" text-anchor=\"end\" fill=\"{colour}\">{label} {v:.0} s</text>",
            y(v),
            w - 20.0,
            w - 22.0,
            y(v) - 3.0
        );
    }
    let _infallible = write!(
        s,
        "<text x=\"40\" y=\"{:.1}\" font-size=\"11\">start of section</text><text x=\"{:.1}\" y=\"{:.1}\" font-size=\"11\" text-anchor=\"end\">end ({:.1} km)</text></svg>",
        h - 6.0,
        w - 20.0,
        h - 6.0,
        (view.section_to_m - view.section_from_m) / 1000.0
    );
    s
}

/// The report: prints to one A4 side.
pub(crate) fn html(view: &StationView, f: &Figures, pictures: &[String]) -> String {
    let mut s = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Vedette watch report</title><style>\
         @page{size:A4;margin:12mm}body{font:12px/1.4 Inter,system-ui,sans-serif;max-width:800px;margin:16px auto;color:#111}\
         h1{font-size:18px;margin:0}h2{font-size:13px;margin:10px 0 4px}table{border-collapse:collapse;width:100%}\
         td,th{border-bottom:1px solid #ccc;padding:2px 6px;text-align:left;vertical-align:top}td:last-child{font-variant-numeric:tabular-nums}\
         svg{width:100%;display:block}.warn{background:#fff3d6;padding:4px 8px;margin:6px 0}.pics img{width:48%;margin:2px}\
         @media print{.pics{display:none}}</style><body>",
    );
    let _infallible = write!(
        s,
        "<h1>{} · {}</h1><p>Session {} · section {} km {:.2} to {:.2} · site {} · plan {}</p>",
        escape(&view.station),
        escape(&view.watch),
        escape(&view.session.0),
        escape(&view.site.border_name),
        view.section_from_m / 1000.0,
        view.section_to_m / 1000.0,
        escape(&view.site.hash.chars().take(12).collect::<String>()),
        view.plan
            .plan
            .as_ref()
            .map_or_else(|| "none".into(), |p| escape(&p.id.0)),
    );
    if let Some(a) = &view.plan.approved {
        let by = a.proposed_by.as_ref().map_or("nobody known", |p| p.0.as_str());
        let key = a
            .signature
            .as_ref()
            .map_or("not signed", |k| k.certificate_sha256.as_str());
        let _infallible = write!(
            s,
            "<p>Plan put on the table by {}, approved by {} at {} ({}); signed by the station, certificate {}</p>",
            escape(by),
            escape(&a.by.0),
            a.utc,
            a.rule.words(),
            escape(key.get(..16).unwrap_or(key)),
        );
    }
    if view.site.terrain_synthetic {
        let _infallible = write!(
            s,
            "<p class=\"warn\"><b>Synthetic relief</b>: no real terrain was found ({}). Heights, routes and pictures are invented.</p>",
            escape(&view.site.terrain)
        );
    }
    s.push_str(&map_svg(view));
    s.push_str("<h2>Longest time unseen along the section, flown</h2>");
    s.push_str(&gap_svg(view));
    s.push_str("<h2>Measured</h2><table>");
    for (name, value) in f.rows() {
        let _infallible = write!(s, "<tr><td>{}</td><td>{}</td></tr>", escape(name), escape(&value));
    }
    s.push_str("</table><h2>Alerts and decisions</h2><table><tr><th>Alert</th><th>Raised</th><th>Why</th><th>Decision</th></tr>");
    for a in view.alerts.values() {
        let decision = match &a.state {
            AlertState::Open => "open".to_owned(),
            AlertState::Acknowledged { by, .. } => format!("seen by {by}"),
            AlertState::Confirmed { by, at } => {
                format!("confirmed by {by} after {:.0} s", at.since(a.raised) as f64 * 1e-6)
            }
            AlertState::Dismissed { by, reason, .. } => format!("dismissed by {by}: {reason}"),
        };
        let _infallible = write!(
            s,
            "<tr><td>{} {:?} {}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            a.id,
            a.priority,
            escape(&a.title),
            a.raised_utc.clock(),
            escape(&a.why),
            escape(&decision)
        );
    }
    let _infallible = write!(
        s,
        "</table><p>Border © OpenStreetMap contributors (ODbL 1.0), {} m accuracy. Terrain: {}. A detection is a suggestion until a named person confirms it.</p><div class=\"pics\">",
        view.site.accuracy_m,
        escape(&view.site.terrain)
    );
    for p in pictures {
        let _infallible = write!(s, "<a href=\"{0}\"><img src=\"{0}\" alt=\"{0}\"></a>", escape(p));
    }
    s.push_str("</div></body></html>");
    s
}
