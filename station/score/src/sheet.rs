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
.small{display:flex;flex-wrap:wrap;gap:.6rem 1.2rem}figure{margin:0}figcaption{font-size:.8rem;color:#69737c}\
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
    o += "<h2>Items</h2><table><tr><th>item</th><th>measured</th><th>target</th><th>points</th><th>weight</th><th>why</th></tr>";
    for i in &s.items {
        let (value, bar) = match (&i.value, i.points) {
            (Some(v), Some(p)) => (
                esc(v),
                format!("<div class=\"bar\"><i style=\"width:{:.0}%\"></i></div>", p * 100.0),
            ),
            _ => ("<span class=\"dim\">not asked</span>".to_owned(), String::new()),
        };
        o += &format!(
            "<tr><td>{}</td><td class=\"n\">{value}</td><td class=\"dim\">{}</td><td>{bar}</td><td class=\"n\">{:.1}</td><td>{}</td></tr>",
            esc(&i.title),
            esc(&i.target),
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
        let title = s.items.iter().find(|i| i.name == m.item).map_or(&m.item, |i| &i.title);
        let sign = if m.delta < 0.0 { "−" } else { "+" };
        o += &format!(
            "<tr><td class=\"n\">{:.0} s</td><td class=\"n\">{}</td><td class=\"n\">{sign}{:.1}</td><td>{}</td><td{}>{}</td></tr>",
            m.t_s,
            m.utc.clock(),
            m.delta.abs(),
            esc(title),
            if m.good { "" } else { " class=\"no\"" },
            esc(&m.text)
        );
    }
    o += "</table>";
    if !s.instructor.is_empty() {
        o += "<h2>What the instructor put in</h2><table>";
        for (t, what) in &s.instructor {
            o += &format!("<tr><td class=\"n\">{t:.0} s</td><td>{}</td></tr>", esc(what));
        }
        o += &format!("</table><p class=\"dim\">sealed record {}</p>", esc(&s.sealed));
    }
    if history.lines.len() > 1 {
        o += "<h2>Progress</h2><p class=\"dim\">This trainee's own runs, oldest left.</p>";
        o += &chart(history);
        o += &items(history);
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

/// Points of one item over the runs that asked for it, 0 below and 1 above.
fn spark(past: &[f64]) -> String {
    let last = &past[past.len().saturating_sub(40)..];
    let step = 150.0 / (last.len().max(2) - 1) as f64;
    let mut points = String::new();
    for (k, v) in last.iter().enumerate() {
        let (x, y) = (k as f64 * step, 32.0 * (1.0 - v.clamp(0.0, 1.0)));
        points += &format!("{x:.0},{y:.1} ");
    }
    format!(
        "<svg viewBox=\"-3 -3 156 38\" width=\"156\" height=\"38\"><rect width=\"150\" height=\"32\" fill=\"#f4f6f7\"/><polyline points=\"{points}\" fill=\"none\" stroke=\"#2f6f9f\" stroke-width=\"1.5\"/></svg>"
    )
}

/// Points of each item over the runs that asked for it.
fn items(history: &History) -> String {
    let mut names: Vec<&String> = history.lines.iter().flat_map(|l| l.points.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let mut o = "<div class=\"small\">".to_owned();
    for name in names {
        let past: Vec<f64> = history
            .lines
            .iter()
            .filter_map(|l| l.points.get(name).copied())
            .collect();
        if past.len() > 1 {
            o += &format!(
                "<figure><figcaption>{}</figcaption>{}</figure>",
                esc(&name.replace('_', " ")),
                spark(&past)
            );
        }
    }
    o += "</div>";
    o
}

/// A trainee's own runs as one page with progress charts; nobody else is on it.
#[must_use]
pub fn progress(trainee: &str, history: &History) -> String {
    let title = format!("Progress of {}", esc(trainee));
    let mut o = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1>"
    );
    o += &format!("<p class=\"dim\">{} runs, oldest left</p>", history.lines.len());
    o += &chart(history);
    o += "<h2>Points by item</h2>";
    o += &items(history);
    o += "<h2>Runs</h2><table><tr><th>began</th><th>scenario</th><th>total</th><th>policy</th></tr>";
    for l in history.lines.iter().rev() {
        let (y, m, d, h, min, ..) = l.began.civil();
        o += &format!(
            "<tr><td>{y}-{m:02}-{d:02} {h:02}:{min:02}</td><td>{}</td><td class=\"n\">{:.0}</td><td>{}</td></tr>",
            esc(&l.scenario),
            l.total,
            esc(&l.policy)
        );
    }
    o += "</table></body></html>\n";
    o
}
