//! Seals an incident: copies the originals, writes what was known and done beside them, signs.
//!
//! Invariant: a bundle appears under its name whole or not at all; originals are never moved.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde_json::{Value, json};
use vedette_core::{Entry, EvidenceRequest, Input, Setup};
use vedette_evidence::bundle::BundleBuilder;
use vedette_evidence::chain::ChainWriter;
use vedette_evidence::hash::{hex, parse_hex, sha256};
use vedette_evidence::identity::Identity;
use vedette_evidence::manifest::{ClockState, FileKind, Gap, JournalRange, Meta, ModelUsed, Span};
use vedette_evidence::merkle::SignedHead;
use vedette_model::{CameraId, Intent, Utc};

/// One closed segment, as the recorder reported it.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub(crate) camera: CameraId,
    pub(crate) file: String,
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
    pub(crate) from: Utc,
    pub(crate) to: Utc,
    pub(crate) truncated: bool,
}

/// All that is needed, taken at one moment.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) setup: Setup,
    pub(crate) session_dir: PathBuf,
    pub(crate) request: EvidenceRequest,
    pub(crate) segments: Vec<Segment>,
    pub(crate) gaps: Vec<Gap>,
    pub(crate) leaves: Vec<String>,
    pub(crate) heads: Vec<SignedHead>,
    pub(crate) sealed: Utc,
    pub(crate) clock: ClockState,
    pub(crate) chips: Vec<(String, Vec<u8>)>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub(crate) struct Sealed {
    pub(crate) evidence: String,
    pub(crate) dir: PathBuf,
    pub(crate) manifest_sha256: String,
}

fn span(from: Utc, to: Utc) -> Span {
    Span {
        from_utc_us: from.0,
        to_utc_us: to.0,
    }
}

/// What spoke for machines: the rules, and the network in the slot where there was one.
fn models(setup: &Setup) -> Result<Vec<ModelUsed>> {
    let rules = ModelUsed {
        name: format!("behaviour rules, policy of session {}", setup.session),
        sha256: hex(&sha256(&serde_json::to_vec(&setup.policy)?)),
    };
    let network = setup.detector.as_ref().map(|d| ModelUsed {
        name: d.line.clone(),
        sha256: d.sha256.clone(),
    });
    Ok(std::iter::once(rules).chain(network).collect())
}

/// One line of a derived list: when, and what.
#[derive(Serialize)]
struct Line<'a> {
    utc: String,
    mono_us: i64,
    what: &'a Value,
}

/// Runs the job.
pub(crate) fn run(job: &Job, identity: &Identity) -> Result<Sealed> {
    let r = &job.request;
    let case = format!("{}-{}", job.setup.session, r.incident);
    let root = job.session_dir.join("incidents");
    let (part, done) = (root.join(format!(".{case}.part")), root.join(&case));
    if part.exists() {
        std::fs::remove_dir_all(&part).with_context(|| format!("cannot clear {}", part.display()))?;
    }
    std::fs::create_dir_all(&part).with_context(|| format!("cannot make {}", part.display()))?;

    let (setup_line, journal) = vedette_journal::excerpt(&job.session_dir, r.from, r.to)?;
    let entries = parse(&journal)?;
    let (first, last) = (number(&journal, true)?, number(&journal, false)?);
    let last_line = journal
        .trim_ascii_end()
        .rsplit(|b| *b == b'\n')
        .next()
        .unwrap_or_default();
    let meta = Meta {
        case_id: case.clone(),
        station: job.setup.station.clone(),
        software: job.setup.software.clone(),
        models: models(&job.setup)?,
        operator: r.by.0.clone(),
        sealed_utc_us: job.sealed.0,
        span: span(r.from, r.to),
        clock: job.clock.clone(),
        gaps: job.gaps.clone(),
        journal: Some(JournalRange {
            first_seq: first,
            last_seq: last,
            head_sha256: hex(&sha256(last_line)),
        }),
    };
    let mut b = BundleBuilder::new(meta);
    b.add("setup.jsonl", setup_line, FileKind::Original, None)?;
    b.add("journal.jsonl", journal, FileKind::Original, Some(span(r.from, r.to)))?;
    for (name, bytes) in derived(&entries)? {
        b.add(&name, bytes, FileKind::Derived, Some(span(r.from, r.to)))?;
    }
    b.add("map/incident.geojson", geojson(job, &entries)?, FileKind::Derived, None)?;
    for (name, bytes) in &job.chips {
        b.add(name, bytes.clone(), FileKind::Derived, None)?;
    }
    let mut copied = 0;
    for s in job
        .segments
        .iter()
        .filter(|s| r.cameras.contains(&s.camera) && s.to >= r.from && s.from <= r.to)
    {
        let (from, to) = (job.session_dir.join(&s.file), part.join(&s.file));
        if let Some(parent) = to.parent() {
            std::fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        }
        std::fs::copy(&from, &to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
        let hash = parse_hex(&s.sha256).context("a segment's hash is not hexadecimal")?;
        let kind = if s.truncated {
            FileKind::Truncated
        } else {
            FileKind::Original
        };
        b.add_hashed(&s.file, &hash, s.bytes, kind, Some(span(s.from, s.to)))?;
        copied += 1;
    }
    if copied == 0 && !r.cameras.is_empty() {
        bail!(
            "no closed video segment covers {} to {}; the originals in {} stay untouched",
            r.from,
            r.to,
            job.session_dir.display()
        );
    }
    b.tree(job.leaves.clone(), job.heads.clone())?;
    for (name, bytes) in b.seal(identity)? {
        let path = part.join(&name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        }
        std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let manifest = std::fs::read(part.join("manifest.json")).context("the manifest was not written")?;
    if done.exists() {
        std::fs::remove_dir_all(&done).with_context(|| format!("cannot replace {}", done.display()))?;
    }
    std::fs::rename(&part, &done).with_context(|| format!("cannot move {} to {}", part.display(), done.display()))?;
    sync_dir(&root)?;
    Ok(Sealed {
        evidence: case,
        dir: done,
        manifest_sha256: hex(&sha256(&manifest)),
    })
}

fn sync_dir(dir: &Path) -> Result<()> {
    std::fs::File::open(dir)
        .and_then(|f| f.sync_all())
        .with_context(|| format!("cannot sync {}", dir.display()))
}

fn parse(journal: &[u8]) -> Result<Vec<Entry>> {
    journal
        .split(|b| *b == b'\n')
        .filter(|l| !l.is_empty())
        .map(|l| serde_json::from_slice(l).context("a journal line cannot be read back"))
        .collect()
}

fn number(journal: &[u8], first: bool) -> Result<u64> {
    let mut lines = journal.split(|b| *b == b'\n').filter(|l| !l.is_empty());
    let line = if first { lines.next() } else { lines.next_back() };
    let v: Value = serde_json::from_slice(line.context("the journal holds nothing of this time")?)?;
    v["seq"].as_u64().context("a journal line has no number")
}

/// Lists for readers without our programs: alerts and operator acts, tracks, telemetry.
fn derived(entries: &[Entry]) -> Result<Vec<(String, Vec<u8>)>> {
    let mut files = vec![
        ("operator.jsonl", ChainWriter::new(), Vec::new()),
        ("tracks.jsonl", ChainWriter::new(), Vec::new()),
        ("telemetry.jsonl", ChainWriter::new(), Vec::new()),
    ];
    for e in entries {
        let (i, what) = match &e.input {
            Input::Operator {
                operator,
                intent,
                shown,
            } => (0, json!({ "who": operator, "intent": intent, "shown": shown })),
            Input::Vision(v) if !v.tracks.is_empty() => (
                1,
                json!({ "camera": v.camera, "captured": v.captured.to_string(), "pts": v.pts, "tracks": v.tracks }),
            ),
            Input::Vehicle {
                vehicle,
                captured,
                report,
            } => (
                2,
                json!({ "vehicle": vehicle, "captured_us": captured, "report": report }),
            ),
            _ => continue,
        };
        let (_, chain, bytes) = &mut files[i];
        bytes.extend_from_slice(
            chain
                .push(&Line {
                    utc: e.utc.to_string(),
                    mono_us: e.mono.0,
                    what: &what,
                })?
                .as_bytes(),
        );
    }
    Ok(files
        .into_iter()
        .filter(|(_, _, b)| !b.is_empty())
        .map(|(n, _, b)| (n.to_owned(), b))
        .collect())
}

/// The incident on a map: section, tracks with their last ellipse, aircraft paths, decisions.
fn geojson(job: &Job, entries: &[Entry]) -> Result<Vec<u8>> {
    let lonlat = |p: vedette_geo::LatLon| json!([p.lon_deg, p.lat_deg]);
    let line = |points: Vec<Value>, properties: Value| json!({ "type": "Feature", "geometry": { "type": "LineString", "coordinates": points }, "properties": properties });
    let mut features = vec![line(
        job.setup.site.border.iter().map(|p| lonlat(*p)).collect(),
        json!({ "what": "border", "name": job.setup.site.border_name, "edition": job.setup.site.edition, "accuracy_m": job.setup.site.accuracy_m }),
    )];
    let mut tracks: std::collections::BTreeMap<_, (Vec<Value>, Value)> = std::collections::BTreeMap::new();
    let mut paths: std::collections::BTreeMap<_, Vec<Value>> = std::collections::BTreeMap::new();
    for e in entries {
        match &e.input {
            Input::Vision(v) => {
                for t in v.tracks.iter().filter(|t| t.seen) {
                    if let Ok(fix) = &t.fix {
                        let entry = tracks.entry(t.id).or_default();
                        entry.0.push(lonlat(fix.at));
                        entry.1 = json!({ "what": "track", "id": t.id.to_string(), "class": t.class, "last": v.captured.to_string(), "ellipse95": fix.ellipse95() });
                    }
                }
            }
            Input::Vehicle { vehicle, report: vedette_model::Report::Position { at, .. }, .. } => {
                paths.entry(*vehicle).or_default().push(lonlat(*at));
            }
            Input::Operator { operator, intent: Intent::Decide { alert, decision }, .. } => features.push(json!({
                "type": "Feature", "geometry": null,
                "properties": { "what": "decision", "alert": alert.to_string(), "by": operator, "decision": decision, "utc": e.utc.to_string() },
            })),
            _ => {}
        }
    }
    features.extend(
        tracks
            .into_values()
            .filter(|(p, _)| p.len() > 1)
            .map(|(p, props)| line(p, props)),
    );
    features.extend(
        paths
            .into_iter()
            .filter(|(_, p)| p.len() > 1)
            .map(|(v, p)| line(p, json!({ "what": "aircraft", "vehicle": v.to_string() }))),
    );
    Ok(serde_json::to_vec_pretty(
        &json!({ "type": "FeatureCollection", "features": features }),
    )?)
}
