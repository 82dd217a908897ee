//! `vedette inspect`: what an endpoint carries, as a live table or as JSON lines.
//!
//! Invariant: it gives no order; with `--listen-only` not one byte leaves. The same rows as the
//! console's *Inspect* workspace, read by the same code.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::sync::atomic::Ordering;

use vedette_links::{Endpoint, Inspection, Links, OpenOptions, RunOptions};
use vedette_model::{FrameTrust, LinkReport, MessageRow, Mono};
use vedette_protocol::codec::decode;
use vedette_protocol::{Gcs, GcsConfig};

use crate::cli::InspectArgs;
use crate::verbs::say;
use crate::{Outcome, Stop, link, radio, wire};

/// System id of the inspector: not the station's, so that both may run side by side.
const SYSTEM_ID: u8 = 252;
/// Fields told of each message in the table.
const FIELDS: usize = 5;
/// Seconds without anything after which the remedy is told.
const SILENT_S: f64 = 5.0;

/// `vedette inspect`.
pub(crate) fn inspect(a: &InspectArgs, json: bool) -> Outcome {
    let endpoint: Endpoint = a
        .endpoint
        .parse()
        .map_err(|e: vedette_links::EndpointError| Stop::Usage(e.to_string()))?;
    let runtime = link::runtime()?;
    let clock = link::clock();
    let station = runtime.block_on(async {
        let links = Links::open(std::slice::from_ref(&endpoint), &OpenOptions::default())
            .await
            .map_err(link::machine)?;
        for (n, e) in links.endpoints() {
            if let Some(at) = links.local_addr(*n).filter(|_| !json) {
                say(&format!("{n} {e} at {at}"));
            }
        }
        let gcs = Gcs::new(GcsConfig::new(SYSTEM_ID, radio::COMPONENT_ID));
        let options = RunOptions {
            silent: a.listen_only,
            ..RunOptions::default()
        };
        vedette_links::run(gcs, links, clock.clone(), options).map_err(link::machine)
    })?;
    let stop = crate::flight::interrupted()?;
    let until = a.seconds.unwrap_or(f64::INFINITY);
    let screen = std::io::stdout().is_terminal() && !json;
    let (mut next, mut told) = (1.0, false);
    let mut links: BTreeMap<_, LinkReport> = BTreeMap::new();
    while clock().0.seconds() < until && !stop.load(Ordering::Acquire) {
        std::thread::sleep(std::time::Duration::from_millis(50));
        while let Ok(output) = station.outputs().try_recv() {
            if let vedette_links::Output::Links(all) = output {
                links.extend(all.into_iter().map(|l| (l.link, l)));
            }
        }
        let now = clock().0;
        if now.seconds() < next {
            continue;
        }
        next += 1.0;
        let seen = station.inspect();
        let rows: Vec<MessageRow> = wire::rows(&seen.rows)
            .into_iter()
            .filter(|r| wanted(r, a.filter.as_deref()))
            .collect();
        if json {
            lines(&rows, &seen, &links);
            continue;
        }
        let mut text = table(&rows, &seen, &links, now);
        if rows.is_empty() && now.seconds() > SILENT_S && !told {
            told = !screen;
            text.push_str(&silence(&endpoint, &links, a.listen_only));
        }
        // On a terminal the table stands still; into a file every table is kept.
        say(&if screen { format!("\x1b[H\x1b[2J{text}") } else { text });
    }
    runtime.block_on(station.stop());
    Ok(())
}

fn wanted(r: &MessageRow, filter: Option<&str>) -> bool {
    filter.is_none_or(|f| {
        let f = f.to_lowercase();
        r.name.to_lowercase().contains(&f) || r.id.to_string() == f || format!("{}/{}", r.system, r.component) == f
    })
}

fn trust(t: FrameTrust) -> &'static str {
    match t {
        FrameTrust::Proven => "signed",
        FrameTrust::Unjudged => "signed, no key",
        FrameTrust::Unsigned => "unsigned",
    }
}

fn lines(rows: &[MessageRow], seen: &Inspection, links: &BTreeMap<vedette_model::LinkId, LinkReport>) {
    for r in rows {
        let d = decode(&r.raw);
        let fields: serde_json::Map<String, serde_json::Value> = d
            .fields
            .into_iter()
            .map(|f| {
                let value = if f.unit.is_empty() {
                    f.value
                } else {
                    format!("{} {}", f.value, f.unit)
                };
                (f.name, value.into())
            })
            .collect();
        say(&serde_json::json!({
            "kind": "message", "link": r.link, "peer": r.peer, "system": r.system, "component": r.component,
            "id": r.id, "name": r.name, "count": r.count, "rate_hz": r.rate_hz, "last_s": r.last.seconds(),
            "frame_bytes": r.raw.len(), "trust": trust(r.trust), "fields": fields, "undecoded": d.why,
        })
        .to_string());
    }
    for p in &seen.peers {
        link::say_peer(p);
    }
    for l in links.values() {
        say(&serde_json::json!({ "kind": "link", "report": l }).to_string());
    }
}

fn table(
    rows: &[MessageRow],
    seen: &Inspection,
    links: &BTreeMap<vedette_model::LinkId, LinkReport>,
    now: Mono,
) -> String {
    let mut out = String::new();
    let mut put = |line: std::fmt::Arguments| {
        // Writing into a string cannot fail.
        if out.write_fmt(line).is_ok() {
            out.push('\n');
        }
    };
    let mut group = None;
    for r in rows {
        let here = (r.link, r.peer.as_str(), r.system, r.component);
        if group != Some(here) {
            group = Some(here);
            put(format_args!(
                "\n{} {} · system {} component {} · {}",
                r.link,
                r.peer,
                r.system,
                r.component,
                trust(r.trust)
            ));
            put(format_args!(
                "  {:>5} {:<32} {:>8} {:>9} {:>5} {:>8}  last values",
                "id", "message", "count", "rate", "bytes", "age"
            ));
        }
        #[expect(clippy::cast_precision_loss, reason = "microseconds of minutes")]
        let age = now.since(r.last).max(0) as f64 * 1e-6;
        let name = if r.name.is_empty() { "(not in dialect)" } else { &r.name };
        put(format_args!(
            "  {:>5} {:<32} {:>8} {:>6.1} Hz {:>5} {:>6.1} s  {}",
            r.id,
            name,
            r.count,
            r.rate_hz,
            r.raw.len(),
            age,
            values(r)
        ));
    }
    put(format_args!(""));
    for p in &seen.peers {
        put(format_args!("{}", link::peer_line(p)));
    }
    for l in links.values() {
        for x in &l.rejects {
            put(format_args!(
                "{} refused {:>7}  {}{}",
                l.link,
                x.count,
                x.reason.words().to_lowercase(),
                if x.mostly_from.is_empty() {
                    String::new()
                } else {
                    format!(", mostly from {}", x.mostly_from)
                }
            ));
        }
        if l.junk_bytes > 0 {
            put(format_args!("{} {} bytes belonged to no frame", l.link, l.junk_bytes));
        }
    }
    out
}

/// The first fields, in a line.
fn values(r: &MessageRow) -> String {
    let d = decode(&r.raw);
    if let Some(why) = d.why {
        return why;
    }
    d.fields
        .iter()
        .filter(|f| f.name != "time_boot_ms" && f.name != "time_usec")
        .take(FIELDS)
        .map(|f| {
            let value: String = f.value.chars().take(24).collect();
            format!("{}={value}{}", f.name, f.unit.split(' ').next().unwrap_or(""))
        })
        .collect::<Vec<_>>()
        .join(" ")
}

fn silence(endpoint: &Endpoint, links: &BTreeMap<vedette_model::LinkId, LinkReport>, listen_only: bool) -> String {
    let bytes = links
        .values()
        .any(|l| l.junk_bytes > 0 || l.bad_crc > 0 || l.old_version > 0);
    if bytes {
        return format!(
            "{endpoint}: bytes arrive, but no valid MAVLink 2 frame; check baud rate and protocol version\n"
        );
    }
    let waits = matches!(endpoint, Endpoint::UdpOut { .. } | Endpoint::Tcp { .. });
    if listen_only && waits {
        return format!("{endpoint}: nothing heard; the far end may wait for a heartbeat: leave --listen-only out\n");
    }
    format!(
        "{endpoint}: nothing heard; check that the aircraft sends here, and that nothing else listens on this port\n"
    )
}
