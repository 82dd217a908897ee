//! Borders from GeoJSON as they are published: many pieces, gaps between them, several claims, rings and islands.
//!
//! Invariant: pieces are joined end to start and never turned round, so home stays on its side; a gap is bridged straight, no
//! wider than asked for, and told with its chainage. Lines of different claims are never joined.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use vedette_geo::{LatLon, distance_m};

use crate::{AtlasError, Border, Feature, Geometry, read_geojson};

/// Most pieces of one file.
const MOST_PIECES: usize = 3000;
/// Ends nearer than this are the same point, metres.
const SAME_M: f64 = 1.0;
/// Widest gap that closes a ring, as a share of its length.
const MOST_CLOSING: f64 = 0.02;
/// Properties that name whose line it is.
const CLAIM: [&str; 4] = ["claim", "claimed_by", "claim_of", "disputed_by"];

/// A stretch where the file has no line: it was joined straight across.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// Chainage at which the line breaks off, metres.
    pub from_m: f64,
    /// Chainage at which it goes on, metres.
    pub to_m: f64,
}

/// One line of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct BorderLine {
    /// The line.
    pub border: Border,
    /// Whose claim it is; empty: not disputed.
    pub claim: String,
    /// Where it was bridged.
    pub gaps: Vec<Gap>,
}

/// What a file gave.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BorderFile {
    /// Lines, the longest first.
    pub lines: Vec<BorderLine>,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// Reads the border lines of a GeoJSON file; the outlines of polygons are closed lines. Gaps up to `bridge_m` metres are bridged.
/// `home_left` is the side of home when walking along the pieces. Properties `accuracy_m`, `edition`, `source` and `claim` (or
/// `claimed_by`, `claim_of`, `disputed_by`) describe a piece.
///
/// # Errors
/// [`AtlasError`] when it is not GeoJSON of lines in longitude and latitude.
pub fn read_border(name: &str, bytes: &[u8], home_left: bool, bridge_m: f64) -> Result<BorderFile, AtlasError> {
    let features = read_geojson(bytes)?;
    let attribution = serde_json::from_slice::<Value>(bytes)
        .ok()
        .and_then(|v| v["attribution"].as_str().map(str::to_owned))
        .unwrap_or_default();
    let mut out = BorderFile::default();
    let mut claims: BTreeMap<String, Vec<(Vec<LatLon>, Feature)>> = BTreeMap::new();
    let mut points = 0;
    for f in features {
        let claim = CLAIM
            .iter()
            .find_map(|k| f.properties.get(*k))
            .cloned()
            .unwrap_or_default();
        let rings = match &f.geometry {
            Geometry::Point(_) => {
                points += 1;
                continue;
            }
            Geometry::Line(l) => vec![l.clone()],
            Geometry::Polygon(rings) => rings.clone(),
        };
        let of = claims.entry(claim).or_default();
        for r in rings.into_iter().filter(|r| r.len() >= 2) {
            of.push((r, f.clone()));
        }
    }
    if points > 0 {
        out.notes.push(format!("{points} points are no lines: left out."));
    }
    let pieces: usize = claims.values().map(Vec::len).sum();
    if pieces == 0 || pieces > MOST_PIECES {
        return Err(AtlasError::Json {
            why: format!("{name} holds {pieces} border lines; between 1 and {MOST_PIECES} are read"),
        });
    }
    for (claim, pieces) in claims {
        for chain in chains(
            &pieces.iter().map(|p| p.0.as_slice()).collect::<Vec<_>>(),
            bridge_m.max(0.0),
        ) {
            match line(name, &claim, &chain, &pieces, home_left, &attribution) {
                Ok(l) => out.lines.push(l),
                Err(AtlasError::ShortLine { .. }) => out.notes.push("A piece without length is left out.".to_owned()),
                Err(e) => return Err(e),
            }
        }
    }
    out.lines
        .sort_by(|a, b| b.border.length_m().total_cmp(&a.border.length_m()));
    for l in &out.lines {
        for g in &l.gaps {
            out.notes.push(format!(
                "{}: a gap of {:.0} m at chainage {:.1} km is bridged straight.",
                l.border.name,
                g.to_m - g.from_m,
                g.from_m / 1000.0
            ));
        }
    }
    if out.lines.is_empty() {
        return Err(AtlasError::ShortLine {
            name: name.to_owned(),
            points: 1,
        });
    }
    Ok(out)
}

/// Pieces in the order they are joined in; the first again at the end where the chain closes.
struct Chain {
    order: Vec<usize>,
    closed: bool,
}

/// Joins pieces end to start, the nearest first.
fn chains(pieces: &[&[LatLon]], bridge_m: f64) -> Vec<Chain> {
    let n = pieces.len();
    let ends = |i: usize| (pieces[i][0], pieces[i][pieces[i].len() - 1]);
    let mut pairs = Vec::new();
    // One degree of latitude is at least 110.5 km: what is further apart than that cannot be near.
    let far_deg = (bridge_m.max(SAME_M) / 110_500.0) * 1.01;
    for i in 0..n {
        let (start, end) = ends(i);
        if distance_m(start, end) < SAME_M {
            // A ring of itself.
            continue;
        }
        for k in 0..n {
            let (next, other) = ends(k);
            if k == i || (next.lat_deg - end.lat_deg).abs() > far_deg || distance_m(next, other) < SAME_M {
                continue;
            }
            let d = distance_m(end, next);
            if d <= bridge_m.max(SAME_M) {
                pairs.push((d, i, k));
            }
        }
    }
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut after, mut before) = (vec![None; n], vec![None; n]);
    // The chain each piece is in, by its first piece's number: a gap never closes a chain on the way, short pieces along a river
    // would turn into rings of their own.
    let mut chain: Vec<usize> = (0..n).collect();
    let mut rings = Vec::new();
    for (d, i, k) in pairs {
        if after[i].is_some() || before[k].is_some() {
            continue;
        }
        if chain[i] == chain[k] && d >= SAME_M {
            rings.push((d, i, k));
            continue;
        }
        (after[i], before[k]) = (Some(k), Some(i));
        let (from, to) = (chain[k], chain[i]);
        for c in chain.iter_mut().filter(|c| **c == from) {
            *c = to;
        }
    }
    // What is open still may close, where the gap is small beside the ring.
    let length = |of: usize| -> f64 {
        let members = (0..n).filter(|i| chain[*i] == of);
        members
            .flat_map(|i| pieces[i].windows(2))
            .map(|w| distance_m(w[0], w[1]))
            .sum()
    };
    for (d, i, k) in rings {
        if after[i].is_none() && before[k].is_none() && d < MOST_CLOSING * length(chain[i]) {
            (after[i], before[k]) = (Some(k), Some(i));
        }
    }
    let mut out = Vec::new();
    let mut used = vec![false; n];
    // Open chains from their starts, then what is left: chains that close.
    let starts: Vec<usize> = (0..n).filter(|i| before[*i].is_none()).chain(0..n).collect();
    for s in starts {
        let mut order = Vec::new();
        let mut at = Some(s);
        while let Some(i) = at.filter(|i| !used[*i]) {
            used[i] = true;
            order.push(i);
            at = after[i];
        }
        if !order.is_empty() {
            let closed = order.len() > 1 && before[s].is_some();
            out.push(Chain { order, closed });
        }
    }
    out
}

fn line(
    name: &str,
    claim: &str,
    chain: &Chain,
    pieces: &[(Vec<LatLon>, Feature)],
    home_left: bool,
    attribution: &str,
) -> Result<BorderLine, AtlasError> {
    let mut all: Vec<LatLon> = Vec::new();
    let mut breaks: Vec<usize> = Vec::new();
    let again = chain.closed.then(|| chain.order[0]);
    for i in chain.order.iter().copied() {
        let piece = &pieces[i].0;
        if let Some(last) = all.last() {
            if distance_m(*last, piece[0]) < SAME_M {
                all.pop();
            } else {
                breaks.push(all.len());
            }
        }
        all.extend_from_slice(piece);
    }
    if let Some(first) = again.and_then(|i| pieces[i].0.first().copied()) {
        let near = all.last().is_some_and(|l| distance_m(*l, first) < SAME_M);
        if near {
            all.pop();
        } else {
            breaks.push(all.len());
        }
        all.push(first);
    }
    // Chainage of the breaks: the line drops repeated points, so it is counted on what is left.
    let heads: Vec<(LatLon, LatLon)> = breaks.iter().map(|b| (all[b - 1], all[*b])).collect();
    let mut border = Border::new(name, all, home_left)?;
    let said = |key: &str| {
        chain
            .order
            .iter()
            .find_map(|i| pieces[*i].1.properties.get(key).cloned())
    };
    border.accuracy_m = chain
        .order
        .iter()
        .filter_map(|i| pieces[*i].1.properties.get("accuracy_m")?.parse::<f64>().ok())
        .filter(|a| a.is_finite() && *a >= 0.0)
        .fold(0.0, f64::max);
    border.edition = said("edition").unwrap_or_default();
    border.source = said("source").unwrap_or_else(|| attribution.to_owned());
    border.home = said("home").unwrap_or_default();
    let mut gaps = Vec::new();
    let mut from = 0;
    for (a, b) in heads {
        let found = (from..border.line.len() - 1).find(|i| border.line[*i] == a && border.line[i + 1] == b);
        if let Some(i) = found {
            gaps.push(Gap {
                from_m: border.chainages()[i],
                to_m: border.chainages()[i + 1],
            });
            from = i + 1;
        }
    }
    Ok(BorderLine {
        border,
        claim: claim.to_owned(),
        gaps,
    })
}

/// The area between a line and another claim of it: the claim walked back along the line it stands against. `None` where the two
/// enclose nothing.
#[must_use]
pub fn between(line: &Border, claim: &Border) -> Option<Vec<LatLon>> {
    let (first, last) = (*claim.line.first()?, *claim.line.last()?);
    let (a, b) = (line.nearest(first).chainage_m, line.nearest(last).chainage_m);
    let (low, high) = (a.min(b), a.max(b));
    let part = line.section(low, high).ok()?;
    let mut ring = claim.line.clone();
    if a < b {
        ring.extend(part.line.iter().rev());
    } else {
        ring.extend(part.line.iter());
    }
    ring.dedup_by(|p, q| distance_m(*p, *q) < SAME_M);
    (ring.len() >= 3).then_some(ring)
}
