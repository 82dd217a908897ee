//! The score sheet as one page of HTML: no script, no other file, prints on paper.
//!
//! Invariant: every text is escaped; the same sheet gives the same bytes.

use std::fmt::Write as _;

use crate::history::History;
use crate::items::Sheet;

fn esc(s: &str) -> String {
    s.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

const STYLE: &str = "body{font:15px/1.45 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2126}\
h1{font-size:1.5rem;margin:0 0 .2rem}h2{font-size:1.05rem;margin:1.6rem 0 .4rem}p{margin:.2rem 0}\
table{border-collapse:collapse;width:100%}td,th{padding:.28rem .5rem;border-bottom:1px solid #d9dee3;text-align:left;vertical-align:top}\
td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}.total{font-size:2.6rem;font-weight:600}\
.bar{background:#e8ecef;height:.55rem;width:8rem}.bar i{display:block;height:100%;background:#2f6f9f}\
.no{color:#a33b22}.dim{color:#69737c}@media print{body{margin:0}}";

/// The page. `teaches` and `briefing` are the exercise's own words.
#[must_use]
pub fn html(s: &Sheet, history: &History, briefing: &str, teaches: &[String]) -> String {
    let mut o = String::with_capacity(16_384);
    let title = format!("{} · {}", esc(&s.scenario), esc(&s.trainee));
    o += &format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title><style>{STYLE}</style></head><body>"
    );
    o += &format!(
        "<h1>{}</h1><p class=\"dim\">{} · session {} · seed {} · policy {}</p><p><span class=\"total\">{:.0}</span> of 100</p>",
        esc(&s.scenario),
        esc(&s.trainee),
        esc(&s.session),
        s.seed,
        esc(&s.policy),
        s.total
    );
    o += "<h2>Items</h2><table><tr><th>item</th><th>measured</th><th>points</th><th>weight</th><th>why</th></tr>";
    for i in &s.items {
        let (value, bar) = match (&i.value, i.points) {
            (Some(v), Some(p)) => (
                esc(v),
                format!("<div class=\"bar\"><i style=\"width:{:.0}%\"></i></div>", p * 100.0),
            ),
            _ => ("<span class=\"dim\">not asked</span>".to_owned(), String::new()),
        };
        o += &format!(
            "<tr><td>{}</td><td class=\"n\">{value}</td><td>{bar}</td><td class=\"n\">{:.1}</td><td>{}</td></tr>",
            esc(&i.title),
            i.weight,
            esc(&i.why)
        );
    }
    o += "</table>";
    if !s.checklist.is_empty() {
        o += "<h2>Checklist</h2><table>";
        for (name, done) in &s.checklist {
            let mark = if *done {
                "done"
            } else {
                "<span class=\"no\">not done</span>"
            };
            o += &format!("<tr><td>{}</td><td>{mark}</td></tr>", esc(name));
        }
        o += "</table>";
    }
    o += "<h2>What moved the score</h2><table>";
    for m in &s.marks {
        o += &format!(
            "<tr><td class=\"n\">{:.0} s</td><td class=\"n\">{}</td><td>{}</td><td{}>{}</td></tr>",
            m.t_s,
            m.utc.clock(),
            esc(&m.item),
            if m.good { "" } else { " class=\"no\"" },
            esc(&m.text)
        );
    }
    o += "</table>";
    if history.lines.len() > 1 {
        o += "<h2>Progress</h2>";
        o += &chart(history);
    }
    o += "<h2>Briefing</h2>";
    for line in briefing.trim().split("\n\n") {
        o += &format!("<p>{}</p>", esc(&line.replace('\n', " ")));
    }
    o += "<h2>To take along</h2><ul>";
    for t in teaches {
        o += &format!("<li>{}</li>", esc(t));
    }
    o += "</ul></body></html>\n";
    o
}

/// Totals of the last forty runs as a line.
fn chart(h: &History) -> String {
    let last = &h.lines[h.lines.len().saturating_sub(40)..];
    let (w, t) = (640.0, 120.0);
    let step = w / (last.len().max(2) - 1) as f64;
    let mut points = String::new();
    let mut dots = String::new();
    for (k, l) in last.iter().enumerate() {
        let (x, y) = (k as f64 * step, t - l.total.clamp(0.0, 100.0) * t / 100.0);
        if write!(points, "{x:.0},{y:.0} ").is_err()
            || write!(
                dots,
                "<circle cx=\"{x:.0}\" cy=\"{y:.0}\" r=\"3\"><title>{}: {:.0}</title></circle>",
                esc(&l.scenario),
                l.total
            )
            .is_err()
        {
            break;
        }
    }
    format!(
        "<svg viewBox=\"-6 -6 652 132\" width=\"100%\" height=\"140\" role=\"img\" aria-label=\"totals of past runs\"><rect width=\"640\" height=\"120\" fill=\"#f4f6f7\"/><polyline points=\"{points}\" fill=\"none\" stroke=\"#2f6f9f\" stroke-width=\"2\"/><g fill=\"#2f6f9f\">{dots}</g></svg>"
    )
}
