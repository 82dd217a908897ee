//! A plan on one page: HTML with drawings inside, prints to one side of A4 and needs no other file.
//!
//! Invariant: every figure is one of plan or verdict; nothing is judged here. Text of plans is escaped.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use vedette_geo::LatLon;
use vedette_model::plan::{FindingSeverity, Leg, LegKind, PatrolPlan, Verdict};

use crate::Scene;

/// Most rows of a table; the rest is counted.
const MOST_ROWS: usize = 14;
/// Most stretches of which something is asked of their own; the rest is counted.
const MOST_STRETCHES: usize = 8;
/// Colours of aircraft, told apart in print too by dashes.
const INK: [&str; 6] = ["#0b6e99", "#b35c00", "#5b3a8c", "#1d7a46", "#a3273f", "#555555"];

/// The page. `ground` answers the height of the ground, metres above the sea, where it is known.
#[must_use]
pub fn report(plan: &PatrolPlan, verdict: &Verdict, scene: &Scene, ground: &dyn Fn(LatLon) -> Option<f64>) -> String {
    let mut out = String::new();
    let mut put = |s: &str| out.push_str(s);
    let title = escape(&plan.brief.name);
    put(&format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title><style>{STYLE}</style></head><body>\n"
    ));
    let clear = verdict.is_clear();
    let refused = verdict
        .findings
        .iter()
        .filter(|f| f.severity == FindingSeverity::Refused)
        .count();
    put(&format!(
        "<h1>{title} <small>plan {} · {} · {}</small></h1>\n<p class=\"{}\">{}</p>\n",
        escape(&plan.id.0),
        escape(&plan.brief.section.border),
        escape(&plan.terrain),
        if clear { "clear" } else { "refused" },
        if clear {
            format!(
                "Clear: the independent checker judged {} samples and refuses nothing.",
                verdict.samples
            )
        } else {
            format!("Refused: {refused} findings. It may not be flown.")
        }
    ));
    let ratio = if verdict.lower_bound_s > 0.0 {
        format!(
            ", {:.2} of the bound",
            verdict.revisit_measured_s / verdict.lower_bound_s
        )
    } else {
        String::new()
    };
    put("<div class=\"facts\">");
    for (name, value) in [
        ("Section", format!("{:.1} km", plan.section_m / 1000.0)),
        (
            "Longest unseen",
            format!(
                "{:.0} s measured, {:.0} s promised{ratio}",
                verdict.revisit_measured_s, plan.promise.revisit_s
            ),
        ),
        ("No schedule beats", format!("{:.0} s", verdict.lower_bound_s)),
        (
            "Watch",
            format!("{} to {}", clock(plan.promise.from_s), clock(plan.promise.until_s)),
        ),
        (
            "Apart",
            verdict
                .separation_m
                .map_or("one aircraft".into(), |m| format!("{m:.0} m at least")),
        ),
    ] {
        put(&format!("<div><b>{name}</b><br>{}</div>", escape(&value)));
    }
    put("</div>\n");
    put(&map(plan, scene));
    put(&profile(plan, ground));
    put(&gaps(plan, verdict));
    put(&stretches(plan));
    let rows = MOST_ROWS - plan.intervals.len().min(MOST_STRETCHES) / 2;
    put(&margins(plan, verdict, rows));
    put(&reliefs(plan, rows));
    put(&weak(plan, verdict));
    if let Some(s) = &plan.sizing {
        put("<h2>What this fleet can do</h2><ul>");
        for w in s.words() {
            put(&format!("<li>{}</li>", escape(&w)));
        }
        put("</ul>\n");
    }
    put(&format!(
        "<footer>Bound: {}. Site {}. Plan SHA-256 {}.</footer></body></html>\n",
        escape(&plan.promise.bound_source),
        escape(&plan.site.chars().take(16).collect::<String>()),
        escape(&verdict.plan_sha256)
    ));
    out
}

const STYLE: &str = "@page{size:A4;margin:9mm}*{box-sizing:border-box}body{font:9px/1.3 system-ui,sans-serif;color:#111;max-width:190mm;margin:0 auto}h1{font-size:15px;margin:0 0 2px}h1 small{font-weight:400;font-size:9px;color:#555}h2{font-size:10px;margin:5px 0 1px}p{margin:0 0 3px}.clear{border-left:3px solid #1d7a46;padding-left:5px}.refused{border-left:3px solid #a3273f;padding-left:5px;font-weight:600}.facts{display:flex;gap:12px;margin:3px 0}svg{width:100%;height:auto;display:block;border:1px solid #ccc}table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:0 5px 0 0;border-bottom:1px solid #e4e4e4;font-variant-numeric:tabular-nums}ul{margin:0;padding-left:13px}.key{color:#666;font-size:7px}footer{margin-top:4px;color:#666;font-size:7px;overflow-wrap:anywhere}text{font:8px system-ui,sans-serif}";

/// Text for HTML.
fn escape(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    for c in s.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Hours, minutes and seconds of the watch.
fn clock(s: f64) -> String {
    let t = s.round().max(0.0) as u64;
    format!("{}:{:02}:{:02}", t / 3600, t / 60 % 60, t % 60)
}

/// A box of places, drawn true to scale about its middle.
struct Frame {
    west: f64,
    north: f64,
    shrink: f64,
    scale: f64,
}

impl Frame {
    fn new(points: &[LatLon], width: f64, most_height: f64) -> Option<(Self, f64)> {
        let first = points.first()?;
        // Longitudes count from the first point, so that a map may lie across the date line.
        let east = |p: &LatLon| vedette_geo::norm_deg_180(p.lon_deg - first.lon_deg);
        let fold = |f: fn(f64, f64) -> f64, g: &dyn Fn(&LatLon) -> f64| points.iter().map(g).reduce(f).unwrap_or(0.0);
        let (s, n) = (fold(f64::min, &|p| p.lat_deg), fold(f64::max, &|p| p.lat_deg));
        let (w, e) = (fold(f64::min, &east), fold(f64::max, &east));
        let shrink = (0.5 * (s + n)).to_radians().cos().max(0.02);
        let (across, down) = (((e - w) * shrink).max(1e-4), (n - s).max(1e-4));
        let scale = ((width - 12.0) / across).min((most_height - 12.0) / down);
        let frame = Self {
            west: first.lon_deg + w,
            north: n,
            shrink,
            scale,
        };
        Some((frame, (down * scale + 12.0).max(60.0)))
    }

    fn xy(&self, p: &LatLon) -> (f64, f64) {
        let east = vedette_geo::norm_deg_180(p.lon_deg - self.west - 180.0) + 180.0;
        let east = if east > 350.0 { east - 360.0 } else { east };
        (
            6.0 + east * self.shrink * self.scale,
            6.0 + (self.north - p.lat_deg) * self.scale,
        )
    }

    /// A bar of a round length, and north.
    fn bar(&self, height: f64) -> String {
        let metre = self.scale / 111_320.0;
        let most = 110.0 / metre.max(1e-12);
        let ten = 10_f64.powf(most.log10().floor());
        let length = [5.0, 2.0, 1.0]
            .iter()
            .map(|k| k * ten)
            .find(|l| *l <= most)
            .unwrap_or(ten);
        let text = if length >= 1000.0 {
            format!("{:.0} km", length / 1000.0)
        } else {
            format!("{length:.0} m")
        };
        let (x, y) = (10.0, height - 8.0);
        format!(
            "<path d=\"M{x:.1} {0:.1}v4h{1:.1}v-4\" fill=\"none\" stroke=\"#111\" stroke-width=\".8\"/><text x=\"{2:.1}\" y=\"{y:.1}\">{text}</text><path d=\"M706 22v-14l-3 5m3 -5l3 5\" fill=\"none\" stroke=\"#111\" stroke-width=\".8\"/><text x=\"703\" y=\"31\">N</text>",
            y - 4.0,
            length * metre,
            x + length * metre + 4.0
        )
    }

    fn line<'a>(&self, points: impl IntoIterator<Item = &'a LatLon>) -> String {
        let mut s = String::new();
        let mut last = (f64::MAX, f64::MAX);
        for p in points {
            let (x, y) = self.xy(p);
            // Half a pixel is not seen.
            if (x - last.0).abs() + (y - last.1).abs() < 0.5 {
                continue;
            }
            last = (x, y);
            if write!(s, "{x:.1},{y:.1} ").is_err() {
                break;
            }
        }
        s
    }
}

fn map(plan: &PatrolPlan, scene: &Scene) -> String {
    let mut all: Vec<LatLon> = plan.aircraft.iter().flat_map(|a| a.legs.iter().map(|l| l.to)).collect();
    all.extend(plan.aircraft.iter().map(|a| a.home));
    all.extend(plan.brief.bases.iter().map(|b| b.at));
    // The line belongs on the picture wherever it passes what is flown.
    let near = abreast(&all, scene.borders.iter().flat_map(|b| &b.1));
    all.extend(near);
    let Some((f, height)) = Frame::new(&all, 720.0, 250.0) else {
        return String::new();
    };
    let mut s = format!("<svg viewBox=\"0 0 720 {height:.0}\" role=\"img\" aria-label=\"Map of the plan\">");
    let inside = |p: &&LatLon| {
        let (x, y) = f.xy(p);
        (-60.0..780.0).contains(&x) && (-60.0..height + 60.0).contains(&y)
    };
    for z in scene.zones.iter().chain(&plan.brief.no_fly) {
        match z.centre {
            Some(c) if z.polygon.is_empty() => {
                let (x, y) = f.xy(&c);
                let r = z.radius_m / 111_320.0 * f.scale;
                s.push_str(&format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{r:.1}\" fill=\"#a3273f22\" stroke=\"#a3273f\" stroke-width=\".5\"/>"));
            }
            _ => s.push_str(&format!(
                "<polygon points=\"{}\" fill=\"#a3273f22\" stroke=\"#a3273f\" stroke-width=\".5\"/>",
                f.line(&z.polygon)
            )),
        }
    }
    for (_, line) in &scene.borders {
        // Where it leaves the picture it is cut, not shortened across it.
        for run in line.split(|p| !inside(&p)).filter(|r| r.len() > 1) {
            s.push_str(&format!(
                "<polyline points=\"{}\" fill=\"none\" stroke=\"#111\" stroke-width=\"1.6\" stroke-dasharray=\"7 2 2 2\"/>",
                f.line(run)
            ));
        }
    }
    if plan.timetable.is_none() {
        for a in plan.aircraft.iter().filter(|a| a.fence.len() > 2) {
            s.push_str(&format!(
                "<polygon points=\"{}\" fill=\"none\" stroke=\"#888\" stroke-width=\".5\" stroke-dasharray=\"1 2\"/>",
                f.line(&a.fence)
            ));
        }
    }
    for (i, a) in plan.aircraft.iter().enumerate() {
        let ink = INK[(a.vehicle.0 as usize) % INK.len()];
        let path = a
            .legs
            .first()
            .map(|l| &l.from)
            .into_iter()
            .chain(a.legs.iter().take(600).map(|l| &l.to));
        let dash = if i % 2 == 0 { "" } else { " stroke-dasharray=\"4 1\"" };
        s.push_str(&format!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{ink}\" stroke-width=\".9\"{dash}/>",
            f.line(path)
        ));
        let (x, y) = f.xy(&a.home);
        s.push_str(&format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2\" fill=\"{ink}\"/>"));
        if plan.brief.bases.is_empty() {
            s.push_str(&format!(
                "<text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                x + 4.0,
                y + 3.0,
                escape(&tail(plan, a.vehicle))
            ));
        }
    }
    for b in &plan.brief.bases {
        let (x, y) = f.xy(&b.at);
        s.push_str(&format!(
            "<text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            x + 4.0,
            y + 3.0,
            escape(&b.name)
        ));
    }
    // The border's name, where the middle of what is seen of it lies.
    for (name, line) in &scene.borders {
        let seen: Vec<&LatLon> = line.iter().filter(inside).collect();
        if let Some(p) = seen.get(seen.len() / 2) {
            let (x, y) = f.xy(p);
            let (x, y) = (x.clamp(40.0, 660.0), (y + 14.0).min(height - 4.0));
            s.push_str(&format!(
                "<text x=\"{x:.1}\" y=\"{y:.1}\" font-style=\"italic\">{}</text>",
                escape(name)
            ));
        }
    }
    s.push_str(&f.bar(height));
    s.push_str("</svg>\n<p class=\"key\">Border dash-dotted, fences dotted, no-fly zones red, bases as dots; a colour for each aircraft.</p>\n");
    s
}

/// Points of the border in the box of what is flown, a sixth wider.
fn abreast<'a>(flown: &[LatLon], border: impl Iterator<Item = &'a LatLon>) -> Vec<LatLon> {
    let Some(first) = flown.first() else {
        return Vec::new();
    };
    let east = |p: &LatLon| vedette_geo::norm_deg_180(p.lon_deg - first.lon_deg);
    let span = |v: &dyn Fn(&LatLon) -> f64| {
        let (low, high) = flown
            .iter()
            .fold((f64::MAX, f64::MIN), |s, p| (s.0.min(v(p)), s.1.max(v(p))));
        let more = (high - low) / 6.0 + 0.001;
        low - more..high + more
    };
    let (lats, lons) = (span(&|p| p.lat_deg), span(&east));
    border
        .filter(|p| lats.contains(&p.lat_deg) && lons.contains(&east(p)))
        .copied()
        .collect()
}

fn tail(plan: &PatrolPlan, v: vedette_model::VehicleId) -> String {
    plan.brief
        .fleet
        .iter()
        .find(|f| f.vehicle == v)
        .map_or_else(|| v.to_string(), |f| f.tail.clone())
}

/// Heights flown and ground under them, by chainage.
fn profile(plan: &PatrolPlan, ground: &dyn Fn(LatLon) -> Option<f64>) -> String {
    let mut at: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
    let step = (plan.section_m / 360.0).max(1.0);
    for l in plan.aircraft.iter().flat_map(|a| &a.legs) {
        let Some(w) = l.watches_m else { continue };
        if let Some(g) = ground(l.to) {
            // Where stretches overlap, and on the way down after a relief, the lowest way counts.
            let lowest = at.entry((w[1] / step) as i64).or_insert((l.to_amsl.0, g));
            if l.to_amsl.0 < lowest.0 {
                *lowest = (l.to_amsl.0, g);
            }
        }
    }
    let (Some(low), Some(high)) = (
        at.values().map(|v| v.1).reduce(f64::min),
        at.values().map(|v| v.0).reduce(f64::max),
    ) else {
        return String::new();
    };
    let least = at.values().map(|v| v.0 - v.1).fold(f64::INFINITY, f64::min);
    let x = |k: i64| 30.0 + k as f64 * step / plan.section_m.max(1.0) * 684.0;
    let y = |h: f64| 74.0 - (h - low) / (high - low).max(1.0) * 64.0;
    let points = |pick: fn(&(f64, f64)) -> f64| {
        at.iter()
            .map(|(k, v)| format!("{:.1},{:.1}", x(*k), y(pick(v))))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let (first, last) = (
        at.keys().next().copied().unwrap_or(0),
        at.keys().last().copied().unwrap_or(0),
    );
    format!(
        "<h2>Heights along the section: ground and lowest way flown, metres above the sea</h2><svg viewBox=\"0 0 720 80\"><polygon points=\"{:.1},78 {} {:.1},78\" fill=\"#d9d4c7\"/><polyline points=\"{}\" fill=\"none\" stroke=\"#0b6e99\" stroke-width=\"1\"/><text x=\"2\" y=\"14\">{high:.0}</text><text x=\"2\" y=\"76\">{low:.0}</text><text x=\"560\" y=\"10\">least {least:.0} m over ground</text></svg>\n",
        x(first),
        points(|v| v.1),
        x(last),
        points(|v| v.0)
    )
}

/// Longest time unseen per stretch against promise and bound.
fn gaps(plan: &PatrolPlan, v: &Verdict) -> String {
    let n = v.gap_per_cell_s.len();
    if n == 0 || v.cell_m <= 0.0 {
        return String::new();
    }
    let bars = n.min(180);
    let top = v
        .revisit_measured_s
        .max(plan.promise.revisit_s)
        .max(v.lower_bound_s)
        .max(1.0)
        * 1.08;
    let y = |s: f64| 78.0 - s / top * 70.0;
    let mut s = String::from(
        "<h2>Longest time unseen along the section, seconds; bound dashed, promise solid</h2><svg viewBox=\"0 0 720 90\">",
    );
    for k in 0..bars {
        let cells = &v.gap_per_cell_s[k * n / bars..((k + 1) * n / bars).max(k * n / bars + 1).min(n)];
        let worst = cells.iter().flatten().copied().fold(0.0, f64::max);
        let dark = cells.iter().any(Option::is_none);
        let (x, w) = (30.0 + 684.0 * k as f64 / bars as f64, 684.0 / bars as f64 * 0.9);
        let (h, ink) = if dark {
            (y(top * 0.98), "#a3273f")
        } else {
            (y(worst), "#0b6e99")
        };
        s.push_str(&format!(
            "<rect x=\"{x:.1}\" y=\"{h:.1}\" width=\"{w:.1}\" height=\"{:.1}\" fill=\"{ink}\"/>",
            78.0 - h
        ));
    }
    for (value, dash) in [
        (v.lower_bound_s, " stroke-dasharray=\"4 3\""),
        (plan.promise.revisit_s, ""),
    ] {
        s.push_str(&format!(
            "<line x1=\"30\" x2=\"714\" y1=\"{0:.1}\" y2=\"{0:.1}\" stroke=\"#111\" stroke-width=\".8\"{dash}/><text x=\"1\" y=\"{1:.1}\">{value:.0}</text>",
            y(value),
            y(value) + 3.0
        ));
    }
    for k in 0..=10 {
        let km = plan.section_m / 10_000.0 * f64::from(k);
        s.push_str(&format!(
            "<text x=\"{:.0}\" y=\"88\">{:.1} km</text>",
            26.0 + 66.0 * f64::from(k),
            km
        ));
    }
    s.push_str("</svg>\n");
    s
}

/// What is asked of single stretches and promised of them.
fn stretches(plan: &PatrolPlan) -> String {
    if plan.intervals.is_empty() {
        return String::new();
    }
    let mut s = String::from(
        "<h2>Stretches of which more is asked</h2><table><tr><th>Stretch</th><th>km</th><th>Longest unseen</th><th>Seen at random</th><th>Met though he knows</th><th>Priority</th></tr>",
    );
    for p in plan.intervals.iter().take(MOST_STRETCHES) {
        let asked = plan.brief.requirement.intervals.iter().find(|i| i.name == p.name);
        let of = |have: Option<f64>, least: Option<f64>| match (have, least) {
            (Some(h), Some(l)) => format!("{h:.2} of {l:.2}"),
            _ => "–".into(),
        };
        let limit = asked.and_then(|a| a.revisit_s);
        s.push_str(&format!(
            "<tr><td>{}</td><td>{:.2}–{:.2}</td><td>{:.0} s of {:.0} s</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape(&p.name),
            p.from_m / 1000.0,
            p.to_m / 1000.0,
            p.revisit_s,
            limit.unwrap_or(plan.brief.requirement.revisit_s),
            of(p.detection, asked.and_then(|a| a.detection).map(|c| c.least)),
            of(p.informed, asked.and_then(|a| a.unpredictable).map(|c| c.least)),
            asked.map_or(1, |a| a.priority)
        ));
    }
    s.push_str("</table>");
    if plan.intervals.len() > MOST_STRETCHES {
        s.push_str(&format!("<p>… and {} more.</p>", plan.intervals.len() - MOST_STRETCHES));
    }
    for d in plan.drawn.iter().take(4) {
        s.push_str(&format!(
            "<p>{} is drawn: {} segments, goes on with {:.2}, either end within {} steps of {:.0} s, seed {}; who knows this is met with {:.2} ({:.2} without chance).</p>",
            escape(&tail(plan, d.vehicle)),
            d.steps,
            d.go_on,
            d.cap,
            d.step_s,
            d.seed,
            d.informed,
            d.without
        ));
    }
    s.push('\n');
    s
}

fn margins(plan: &PatrolPlan, v: &Verdict, most: usize) -> String {
    let mut s = String::from(
        "<h2>Margins, worst of each aircraft, ways home included</h2><table><tr><th>Aircraft</th><th>From the line</th><th>Over ground</th><th>Battery on landing (−2σ)</th><th>Energy of a flight, most</th><th>Items</th></tr>",
    );
    for m in v.margins.iter().take(most) {
        let wh = plan
            .aircraft
            .iter()
            .filter(|a| a.vehicle == m.vehicle)
            .filter_map(|a| a.legs.last())
            .map(|l| l.energy_wh)
            .fold(0.0, f64::max);
        let battery = plan
            .brief
            .fleet
            .iter()
            .find(|f| f.vehicle == m.vehicle)
            .map_or(0.0, |f| f.energy.battery_wh);
        s.push_str(&format!(
            "<tr><td>{}</td><td>{:.0} m</td><td>{:.0} m</td><td>{:.0} %</td><td>{wh:.0} of {battery:.0} Wh</td><td>{} of {}</td></tr>",
            escape(&tail(plan, m.vehicle)),
            m.border_m,
            m.clearance_m,
            m.energy_share * 100.0,
            m.items.0,
            m.items.1
        ));
    }
    s.push_str("</table>");
    s.push_str(&more(v.margins.len(), most));
    s
}

fn more(n: usize, most: usize) -> String {
    if n > most {
        format!("<p>… and {} more.</p>\n", n - most)
    } else {
        "\n".into()
    }
}

/// Who relieves whom.
fn reliefs(plan: &PatrolPlan, most: usize) -> String {
    let Some(t) = &plan.timetable else {
        let mut s = String::from(
            "<h2>Flights</h2><table><tr><th>Aircraft</th><th>Off</th><th>On station</th><th>Back</th></tr>",
        );
        for a in plan.aircraft.iter().take(most) {
            let at = |pick: fn(&&Leg) -> bool| a.legs.iter().find(pick).map_or("–".into(), |l| clock(l.start_s));
            s.push_str(&format!(
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                escape(&tail(plan, a.vehicle)),
                at(|_| true),
                at(|l| l.kind == LegKind::Patrol),
                a.legs.last().map_or("–".into(), |l| clock(l.end_s))
            ));
        }
        s.push_str("</table>\n");
        return s;
    };
    let mut s = format!(
        "<h2>Who relieves whom: {} flights, {} stations</h2><table><tr><th>Relief</th><th>At km</th><th>Both see it</th><th>Aircraft</th><th>relieves</th><th>from</th><th>lands</th><th>at</th></tr>",
        t.sorties.len(),
        t.stations.len()
    );
    let base = |k: usize| t.bases.get(k).map_or(String::new(), |b| escape(&b.name));
    let mut rows: Vec<_> = t.sorties.iter().filter(|s| s.relieves.is_some()).collect();
    rows.sort_by(|a, b| a.from_s.total_cmp(&b.from_s));
    for r in rows.iter().take(most) {
        s.push_str(&format!(
            "<tr><td>{}</td><td>{:.1}</td><td>{:.0} s</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            clock(r.from_s),
            t.stations.get(r.station).map_or(0.0, |x| x.relief_m / 1000.0),
            r.overlap_s,
            escape(&tail(plan, r.vehicle)),
            r.relieves.map_or(String::new(), |v| escape(&tail(plan, v))),
            base(r.from_base),
            clock(r.on_s),
            base(r.to_base)
        ));
    }
    s.push_str("</table>");
    s.push_str(&more(rows.len(), most));
    s
}

/// Blind spots and findings.
fn weak(plan: &PatrolPlan, v: &Verdict) -> String {
    let mut rows: Vec<String> = v
        .findings
        .iter()
        .filter(|f| f.severity == FindingSeverity::Refused)
        .map(|f| format!("<b>{}</b>: {}", escape(&f.check), escape(&f.what)))
        .collect();
    rows.extend(plan.blind.iter().map(|b| {
        format!(
            "{:.2} to {:.2} km is blind: {}",
            b.from_m / 1000.0,
            b.to_m / 1000.0,
            escape(&b.why)
        )
    }));
    rows.extend(
        v.findings
            .iter()
            .filter(|f| f.severity == FindingSeverity::Note)
            .map(|f| format!("{}: {}", escape(&f.check), escape(&f.what))),
    );
    let n = rows.len();
    let mut s = String::from("<h2>Weak spots</h2>");
    if n == 0 {
        s.push_str("<p>None found.</p>");
    } else {
        s.push_str("<ul>");
        for r in rows.iter().take(MOST_ROWS / 2) {
            s.push_str(&format!("<li>{r}</li>"));
        }
        s.push_str("</ul>");
        if n > MOST_ROWS / 2 {
            s.push_str(&format!("<p>… and {} more in verdict.json.</p>", n - MOST_ROWS / 2));
        }
    }
    s.push('\n');
    s
}
