//! All checks of a bundle, top to bottom, in the order of [`verify`]. Names every bad file and says why.
//!
//! Invariant: an empty list of findings means that every byte in the folder is what the station signed, under the authority
//! whose certificate was used. Nothing is believed before it is hashed or signed: the signature first, then the hash list it
//! covers, then the files the list covers, and only then what those files say. Reads through [`FileSource`], so it knows no disk.

use crate::chain::{self, ChainSummary};
use crate::hash::{hex, sha256};
use crate::identity;
use crate::manifest::{self, FileKind, Manifest};
use crate::merkle::{self, TreeHead};
use crate::{Hash, seal};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Read;

/// Where a bundle's files come from.
pub trait FileSource {
    /// Every file, as paths with `/`, relative to the bundle; links, sockets and the like must be listed too.
    ///
    /// # Errors
    /// What the place says.
    fn list(&self) -> std::io::Result<Vec<String>>;

    /// Opens one file. Must refuse links: a bundle holds its own bytes.
    ///
    /// # Errors
    /// What the place says.
    fn open<'a>(&'a self, name: &str) -> std::io::Result<Box<dyn Read + 'a>>;
}

impl FileSource for BTreeMap<String, Vec<u8>> {
    fn list(&self) -> std::io::Result<Vec<String>> {
        Ok(self.keys().cloned().collect())
    }

    fn open<'a>(&'a self, name: &str) -> std::io::Result<Box<dyn Read + 'a>> {
        match self.get(name) {
            Some(bytes) => Ok(Box::new(bytes.as_slice())),
            None => Err(std::io::ErrorKind::NotFound.into()),
        }
    }
}

/// One bad file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Path inside the bundle.
    pub file: String,
    /// What is wrong with it.
    pub reason: String,
}

/// The outcome.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// True when nothing is wrong.
    pub intact: bool,
    /// Case number, once the manifest could be read.
    pub case_id: Option<String>,
    /// Subject of the certificate that signed.
    pub signed_by: Option<String>,
    /// When it was signed, seconds since 1970 UTC, by the station's clock.
    pub signed_unix_s: Option<u64>,
    /// SHA-256 of the authority's certificate that was used, hex.
    pub authority_sha256: Option<String>,
    /// Whether that certificate came from the verifying person, not from the bundle.
    pub authority_given: bool,
    /// Files hashed.
    pub files: u64,
    /// Bytes hashed.
    pub bytes: u64,
    /// What is wrong, the first is the first that was met.
    pub findings: Vec<Finding>,
    /// What the reader should know though nothing is broken.
    pub notes: Vec<String>,
}

impl Report {
    fn bad(&mut self, file: &str, reason: impl Into<String>) {
        let reason = reason.into();
        self.findings.push(Finding {
            file: file.into(),
            reason,
        });
    }

    /// The last line a verifier prints: `INTACT`, or `BROKEN: <file>: <reason>` for the first finding.
    #[must_use]
    pub fn verdict(&self) -> String {
        match self.findings.first() {
            None => "INTACT".into(),
            Some(f) => format!("BROKEN: {}: {}", f.file, f.reason),
        }
    }
}

/// Largest list, manifest or certificate that is read (64 MiB), and largest record file (1 GiB).
const SMALL: u64 = 64 << 20;
const RECORDS: u64 = 1 << 30;

/// Checks a bundle. `authority` is the authority's PEM certificate obtained by another way than the bundle; without it the
/// bundle's own `ca.pem` is used, and a note says that this proves no identity.
#[must_use]
pub fn verify(source: &dyn FileSource, authority: Option<&[u8]>) -> Report {
    let mut report = Report::default();
    let names = match source.list() {
        Ok(names) => names,
        Err(e) => {
            report.bad(".", format!("cannot be listed: {e}"));
            return report;
        }
    };
    // 1. The signature over manifest.sha256.
    let list_bytes = small(source, "manifest.sha256", &mut report);
    if let Some(content) = &list_bytes {
        signature(source, content, authority, &mut report);
    }
    // 2. Every file manifest.sha256 names, and no other.
    let listed = list_bytes.and_then(|b| {
        manifest::parse_hash_list(&b)
            .map_err(|e| report.bad("manifest.sha256", e))
            .ok()
    });
    let Some(listed) = listed else {
        return report;
    };
    for (name, expected) in &listed {
        file_hash(source, name, expected, &mut report);
    }
    for name in &names {
        if !listed.contains_key(name) && !manifest::OUTSIDE.contains(&name.as_str()) {
            report.bad(name, "is not part of the bundle: it was added after sealing");
        }
    }
    // 3. What the manifest says.
    let parsed = small(source, "manifest.json", &mut report)
        .and_then(|bytes| Manifest::parse(&bytes).map_err(|e| report.bad("manifest.json", e)).ok());
    if let Some(m) = parsed {
        report.case_id = Some(m.meta.case_id.clone());
        same_lists(&m, &listed, &mut report);
        let chains = chains(source, &m, &mut report);
        tree(&m, &chains, &mut report);
        heads(source, &m, &mut report);
        for gap in &m.meta.gaps {
            report.notes.push(format!("gap in {}: {}", gap.what, gap.reason));
        }
    }
    let stamped = names.iter().any(|n| n == "manifest.tsr");
    report.notes.push(if stamped {
        "manifest.tsr holds a time stamp: check it with openssl ts -verify (VERIFY.sh does)".into()
    } else {
        "no time stamp by a third party: when it was sealed rests on the station's clock".into()
    });
    report.intact = report.findings.is_empty();
    report
}

/// Step 1.
fn signature(source: &dyn FileSource, content: &[u8], authority: Option<&[u8]>, report: &mut Report) {
    let p7s = small(source, "manifest.p7s", report);
    let station = small(source, "station.pem", report);
    let own_ca = small(source, "ca.pem", report);
    let ca = authority.map(<[u8]>::to_vec).or(own_ca);
    report.authority_given = authority.is_some();
    let (Some(p7s), Some(station), Some(ca)) = (p7s, station, ca) else {
        return;
    };
    report.authority_sha256 = std::str::from_utf8(&ca)
        .ok()
        .and_then(|pem| identity::fingerprint(pem).ok());
    if authority.is_none() {
        report.notes.push(
            "the authority's certificate came with the bundle: compare its SHA-256 with the agency's, or give it with --ca"
                .into(),
        );
    }
    let station = identity::read_certificate(&station).map_err(|e| report.bad("station.pem", e));
    let ca = identity::read_certificate(&ca).map_err(|e| report.bad("ca.pem", e));
    let (Ok(station), Ok(ca)) = (station, ca) else {
        return;
    };
    match seal::check(&p7s, content, &station, &ca) {
        Ok(signed) => {
            report.signed_by = Some(signed.by);
            report.signed_unix_s = Some(signed.unix_s);
        }
        Err(bad) if bad.in_content => report.bad("manifest.sha256", bad.reason),
        Err(bad) => report.bad("manifest.p7s", bad.reason),
    }
}

/// Step 2, one file. A transport stream that does not match is looked at for the reason.
fn file_hash(source: &dyn FileSource, name: &str, expected: &Hash, report: &mut Report) {
    let read = source.open(name).and_then(|mut reader| {
        let mut packets = Packets {
            inner: &mut *reader,
            seen: 0,
            bad: None,
        };
        let (hash, size) = crate::hash::sha256_reader(&mut packets)?;
        Ok((hash, size, packets.bad))
    });
    match read {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => report.bad(name, "is missing"),
        Err(e) => report.bad(name, format!("cannot be read: {e}")),
        Ok((hash, size, bad_packet)) => {
            report.files += 1;
            report.bytes += size;
            let stream = name.ends_with(".ts");
            let cut = stream && size % TS_PACKET != 0;
            let why = match bad_packet {
                _ if cut => "; it ends in the middle of a packet: cut short".to_string(),
                Some(at) if stream => format!("; no packet starts at byte {at}"),
                _ => String::new(),
            };
            if &hash != expected {
                report.bad(name, format!("was altered: {size} bytes, SHA-256 {}{why}", hex(&hash)));
            } else if !why.is_empty() {
                report.notes.push(format!("{name} was recorded so{why}"));
            }
        }
    }
}

/// Length of a transport stream packet and its first byte (ISO/IEC 13818-1 §2.4.3.2).
const TS_PACKET: u64 = 188;
const TS_SYNC: u8 = 0x47;

/// Passes bytes through and remembers the first place where a packet should start and does not.
struct Packets<'a> {
    inner: &'a mut dyn Read,
    seen: u64,
    bad: Option<u64>,
}

impl Read for Packets<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buffer)?;
        let first = (TS_PACKET - self.seen % TS_PACKET) % TS_PACKET;
        for i in (first as usize..n).step_by(TS_PACKET as usize) {
            if buffer[i] != TS_SYNC && self.bad.is_none() {
                self.bad = Some(self.seen + i as u64);
            }
        }
        self.seen += n as u64;
        Ok(n)
    }
}

/// Step 3: the manifest and the hash list must name the same files.
fn same_lists(m: &Manifest, listed: &BTreeMap<String, Hash>, report: &mut Report) {
    let mut rest: BTreeMap<&str, String> = listed.iter().map(|(n, h)| (n.as_str(), hex(h))).collect();
    rest.remove("manifest.json");
    for file in &m.files {
        match rest.remove(file.name.as_str()) {
            Some(h) if h == file.sha256 => {}
            Some(_) => report.bad(
                &file.name,
                "has one hash in manifest.json and another in manifest.sha256",
            ),
            None => report.bad(&file.name, "is in manifest.json but not in manifest.sha256"),
        }
        if file.kind == FileKind::Truncated {
            report
                .notes
                .push(format!("{} ends early: the recording was interrupted", file.name));
        }
    }
    for name in rest.keys() {
        report.bad(name, "is in manifest.sha256 but not in manifest.json");
    }
    if m.timestamp != "pending" {
        report.notes.push(format!("time stamp: {}", m.timestamp));
    }
}

/// Step 3: every `*.jsonl` file is a chain and ends where the manifest says.
fn chains(source: &dyn FileSource, m: &Manifest, report: &mut Report) -> BTreeMap<String, Vec<Hash>> {
    let mut hashes = BTreeMap::new();
    for file in m.files.iter().filter(|f| f.name.ends_with(".jsonl")) {
        let name = file.name.as_str();
        let Some(bytes) = read(source, name, RECORDS, report) else {
            continue;
        };
        let checked = chain::split_lines(&bytes).and_then(|lines| {
            let found = chain::check_chain(lines.iter().copied())?;
            Ok((found, lines.into_iter().map(sha256).collect::<Vec<_>>()))
        });
        match (checked, m.chains.get(name)) {
            (Err(broken), _) => report.bad(name, broken.to_string()),
            (Ok(_), None) => report.bad(name, "is a chained file that manifest.json does not describe"),
            (Ok((found, lines)), Some(said)) => {
                if &found != said {
                    report.bad(name, chain_difference(&found, said));
                }
                hashes.insert(file.name.clone(), lines);
            }
        }
    }
    for name in m.chains.keys().filter(|n| !m.files.iter().any(|f| &f.name == *n)) {
        report.bad(name, "is described as a chain but is not among the files");
    }
    hashes
}

fn chain_difference(found: &ChainSummary, said: &ChainSummary) -> String {
    if found.lines < said.lines {
        format!(
            "has {} lines, the manifest says {}: the end was cut off",
            found.lines, said.lines
        )
    } else if found.lines > said.lines {
        format!(
            "has {} lines, the manifest says {}: lines were added",
            found.lines, said.lines
        )
    } else {
        "starts or ends with another line than the manifest says".into()
    }
}

/// Step 3: the session's tree has the root the manifest says, and the files and journal lines in this bundle are its leaves.
fn tree(m: &Manifest, chains: &BTreeMap<String, Vec<Hash>>, report: &mut Report) {
    let Some(tree) = &m.tree else {
        report.notes.push("no tree over the recording session".into());
        return;
    };
    let leaves: Vec<Hash> = tree.leaves.iter().map(|l| merkle::leaf_hash(l)).collect();
    if hex(&merkle::root(&leaves)) != tree.root {
        report.bad("manifest.json", "the root of the tree is not the root of its leaves");
    }
    let files: BTreeMap<&str, &str> = m.files.iter().map(|f| (f.name.as_str(), f.sha256.as_str())).collect();
    let mut elsewhere = 0u64;
    for leaf in &tree.leaves {
        let (hash, name) = leaf.split_once("  ").unwrap_or((leaf, ""));
        if let Some((journal, last)) = journal_block(name) {
            let line = chains
                .get(journal)
                .zip(m.chains.get(journal))
                .and_then(|(lines, c)| lines.get(usize::try_from(last.checked_sub(c.first_seq)?).ok()?));
            match line {
                Some(h) if hex(h) != hash => report.bad(
                    journal,
                    format!("line with seq {last} is not the one that was put into the tree while recording"),
                ),
                Some(_) => {}
                None => elsewhere += 1,
            }
        } else {
            match files.get(name) {
                Some(h) if *h != hash => {
                    report.bad(name, "is not the file that was put into the tree while recording");
                }
                Some(_) => {}
                None => elsewhere += 1,
            }
        }
    }
    if elsewhere > 0 {
        report.notes.push(format!(
            "{elsewhere} of the session's {} leaves are not part of this case",
            tree.leaves.len()
        ));
    }
}

/// `journal.jsonl#120-250` → the file and the last line's `seq`.
fn journal_block(name: &str) -> Option<(&str, u64)> {
    let (file, range) = name.rsplit_once('#')?;
    let (_, last) = range.split_once('-')?;
    Some((file, last.parse().ok()?))
}

/// Step 3: every tree head is signed by this station, is a head of this tree, and their times do not run backwards.
fn heads(source: &dyn FileSource, m: &Manifest, report: &mut Report) {
    let key = small(source, "station.pem", report)
        .and_then(|pem| identity::read_certificate(&pem).ok())
        .and_then(|cert| identity::public_key(&cert).ok());
    let leaves: Vec<Hash> = m
        .tree
        .iter()
        .flat_map(|t| &t.leaves)
        .map(|l| merkle::leaf_hash(l))
        .collect();
    let (mut last_us, mut last_size) = (i64::MIN, 0);
    let is_head = |n: &str| n.starts_with("heads/") && n.ends_with(".json");
    for file in m.files.iter().filter(|f| is_head(&f.name)) {
        let name = file.name.as_str();
        let signature_name = format!("{}sig", name.trim_end_matches("json"));
        let Some(text) = small(source, name, report) else {
            continue;
        };
        let Some(signature) = small(source, &signature_name, report) else {
            continue;
        };
        if !key
            .as_ref()
            .is_some_and(|k| identity::signature_holds(k, &text, &signature))
        {
            report.bad(name, "is not signed by the key of station.pem");
        }
        let Ok(head) = serde_json::from_slice::<TreeHead>(&text) else {
            report.bad(name, "is not a tree head");
            continue;
        };
        let part = usize::try_from(head.tree_size).ok().and_then(|n| leaves.get(..n));
        if head.format != merkle::HEAD_FORMAT || head.station != m.meta.station {
            report.bad(name, "is the head of another station's tree");
        } else if part.is_none_or(|p| hex(&merkle::root(p)) != head.root) {
            report.bad(
                name,
                "is not a head of this session's tree: leaves were changed, dropped or moved",
            );
        }
        if head.tree_size < last_size {
            report.bad(name, "has fewer leaves than the head before it");
        }
        if head.utc_us < last_us && m.meta.clock.steps == 0 {
            report.bad(
                name,
                "was signed before the head before it, and the manifest names no clock step",
            );
        }
        (last_us, last_size) = (head.utc_us, head.tree_size);
    }
}

fn small(source: &dyn FileSource, name: &str, report: &mut Report) -> Option<Vec<u8>> {
    read(source, name, SMALL, report)
}

/// A whole file, unless it is missing (said once) or larger than `limit` bytes.
fn read(source: &dyn FileSource, name: &str, limit: u64, report: &mut Report) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let outcome = source
        .open(name)
        .and_then(|reader| reader.take(limit + 1).read_to_end(&mut bytes));
    let reason = match outcome {
        Ok(n) if n as u64 <= limit => return Some(bytes),
        Ok(_) => format!("is larger than {limit} bytes"),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => "is missing".into(),
        Err(e) => format!("cannot be read: {e}"),
    };
    if !report.findings.iter().any(|f| f.file == name) {
        report.bad(name, reason);
    }
    None
}
