//! What the instructor's side of an exercise writes and reads: its sealed record, blind inserts, and
//! the session's own files while they grow.
//!
//! Invariant: the sealed record lies beside the session, never in it: nothing the station does, and
//! no evidence bundle, reaches it. Its lines are encrypted under the station's key, so that nobody
//! reads during the exercise what waits for the trainee, and chained by hash, so that what was put
//! in cannot be changed after the score is known.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use vedette_atlas::World;
use vedette_core::{Entry, Input};
use vedette_evidence::chain::{ChainWriter, check_chain, split_lines};
use vedette_model::{Mono, RecorderReport, Report, Utc, VehicleId};
use vedette_protocol::signing::{open_line, seal_line};
use vedette_score::{INSERT, TruthLine};

use crate::keys;

/// One line of the sealed record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SealedLine {
    /// Second of the scenario.
    pub(crate) t_s: f64,
    /// When.
    pub(crate) utc: Utc,
    /// Who.
    pub(crate) who: String,
    /// What was done, in words.
    pub(crate) what: String,
}

/// A line as it lies on disk.
#[derive(Serialize, Deserialize)]
struct Closed {
    /// A [`SealedLine`] as JSON, sealed.
    sealed: String,
}

/// The instructor's record while the exercise runs.
pub(crate) struct Sealed {
    file: File,
    chain: ChainWriter,
    path: PathBuf,
    record: String,
    secret: [u8; 32],
}

/// Name of a session's record and the secret it opens by: sessions lie beside their station's keys.
fn lock_of(session: &Path) -> Result<(String, [u8; 32])> {
    let name = session
        .file_name()
        .with_context(|| format!("{} names no session", session.display()))?;
    let root = session.parent().unwrap_or(Path::new("."));
    Ok((name.to_string_lossy().into_owned(), keys::record(&root.join("keys"))?))
}

/// Where a line belongs: the record it is in, and its number there from 0.
fn place(record: &str, n: u64) -> String {
    format!("{record}/{n}")
}

impl Sealed {
    /// Begins the record of a session.
    pub(crate) fn create(session: &Path) -> Result<Self> {
        let (record, secret) = lock_of(session)?;
        let path = session.with_extension("sealed.jsonl");
        let file = File::options()
            .append(true)
            .create_new(true)
            .open(&path)
            .with_context(|| format!("cannot start the sealed record {}", path.display()))?;
        Ok(Self {
            file,
            chain: ChainWriter::new(),
            path,
            record,
            secret,
        })
    }

    /// Writes one act, on disk when this returns.
    pub(crate) fn note(&mut self, line: &SealedLine) -> Result<()> {
        let mut next = self.chain.clone();
        let plain = serde_json::to_vec(line).context("an act has no JSON form")?;
        let mut nonce = [0; 16];
        nonce.copy_from_slice(&keys::random()?[..16]);
        let sealed = seal_line(&plain, &place(&self.record, next.next_seq()), &self.secret, nonce);
        let text = next.push(&Closed { sealed }).context("an act has no JSON form")?;
        self.file
            .write_all(text.as_bytes())
            .and_then(|()| self.file.sync_data())
            .with_context(|| format!("cannot write the sealed record {}", self.path.display()))?;
        self.chain = next;
        Ok(())
    }

    /// Opens the record of a session that is over: its lines, and the hash of the last.
    pub(crate) fn open(session: &Path) -> Result<(Vec<SealedLine>, String)> {
        let (record, secret) = lock_of(session)?;
        let path = session.with_extension("sealed.jsonl");
        let bytes =
            std::fs::read(&path).with_context(|| format!("cannot open the sealed record {}", path.display()))?;
        if bytes.is_empty() {
            return Ok((Vec::new(), String::new()));
        }
        let broken = |line: u64, why: &str| format!("{} was changed at line {line}: {why}", path.display());
        let lines = split_lines(&bytes).map_err(|b| anyhow::anyhow!(broken(b.line, &b.reason)))?;
        let sum = check_chain(lines.iter().copied()).map_err(|b| anyhow::anyhow!(broken(b.line, &b.reason)))?;
        let read = lines
            .iter()
            .zip(0_u64..)
            .map(|(l, n)| -> Result<SealedLine> {
                let closed: Closed = serde_json::from_slice(l)?;
                let plain = open_line(&closed.sealed, &place(&record, n), &secret)
                    .with_context(|| format!("line {}", n + 1))?;
                Ok(serde_json::from_slice(&plain)?)
            })
            .collect::<Result<Vec<SealedLine>>>()
            .with_context(|| format!("{} does not open", path.display()))?;
        Ok((read, sum.last_hash))
    }
}

/// A small generator with its own seed; the exercise's other chance is not touched by it.
struct Dice(u64);

impl Dice {
    /// SplitMix64 (Steele, Lea, Flood 2014), as a share of one.
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        #[expect(clippy::cast_precision_loss, reason = "53 bits of chance")]
        let share = ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64;
        share
    }
}

/// People who cross unannounced, as tables for the scenario's text, and a sentence each for the
/// sealed record. They cross within the watched section, one after another over the exercise.
pub(crate) fn inserts(
    n: u32,
    seed: u64,
    world: &World,
    section_km: (f64, f64),
    duration_s: f64,
) -> (String, Vec<String>) {
    let mut dice = Dice(seed ^ 0x0b11_4d1e);
    let (mut text, mut words) = (String::new(), Vec::new());
    let border = &world.border.name;
    for k in 1..=n {
        let share = (f64::from(k - 1) + 0.25 + 0.5 * dice.roll()) / f64::from(n);
        let at_s = (duration_s * (0.25 + 0.5 * share)).round();
        let (from, to) = section_km;
        let km = from + (to - from) * (0.15 + 0.7 * dice.roll());
        // A string always takes text.
        let _written = write!(
            text,
            "\n[[actor]]\nname = \"{INSERT} {k}\"\nkind = \"person\"\nrole = \"subject\"\n\
             at = {{ border = \"{border}\", km = {km:.3}, inside_m = -60.0 }}\n\
             [[actor.step]]\ndo = \"stay\"\nuntil_s = {at_s}\n\
             [[actor.step]]\ndo = \"go\"\nto = {{ border = \"{border}\", km = {km:.3}, inside_m = 90.0 }}\nspeed_m_s = 1.1\n\
             [[actor.step]]\ndo = \"stay\"\nuntil_s = {duration_s}\n"
        );
        words.push(format!(
            "{INSERT} {k}: one person on foot, km {km:.2}, from second {at_s:.0}"
        ));
    }
    (text, words)
}

/// The whole lines a growing file has got since it was looked at last.
struct Tail {
    path: PathBuf,
    at: u64,
}

impl Tail {
    fn lines(&mut self) -> Vec<Vec<u8>> {
        let mut bytes = Vec::new();
        let read = File::open(&self.path).and_then(|mut f| {
            f.seek(SeekFrom::Start(self.at))?;
            f.read_to_end(&mut bytes)
        });
        // A file that is not there yet has no lines yet.
        if read.is_err() {
            return Vec::new();
        }
        let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |k| k + 1);
        self.at += whole as u64;
        bytes[..whole]
            .split(|b| *b == b'\n')
            .filter(|l| !l.is_empty())
            .map(<[u8]>::to_vec)
            .collect()
    }
}

/// The session's journal and truth as far as they are written, kept to what a score asks for.
pub(crate) struct Growing {
    journal: Tail,
    truth: Tail,
    /// Entries a score looks at.
    pub(crate) entries: Vec<Entry>,
    /// Reports of analysed frames of the last seconds; those an alert names move to `entries`.
    frames: Vec<Entry>,
    ready: Vec<VehicleId>,
    /// Truth so far.
    pub(crate) facts: vedette_score::Truth,
}

/// How long an analysed frame may wait for an alert to name it, microseconds.
const FRAME_US: i64 = 60_000_000;

impl Growing {
    pub(crate) fn new(session: &Path, truth: &Path) -> Self {
        Self {
            journal: Tail {
                path: session.join("journal.jsonl"),
                at: 0,
            },
            truth: Tail {
                path: truth.to_owned(),
                at: 0,
            },
            entries: Vec::new(),
            frames: Vec::new(),
            ready: Vec::new(),
            facts: vedette_score::Truth::default(),
        }
    }

    /// Takes what has come; `named` are the frame times alerts were raised on.
    pub(crate) fn read(&mut self, named: &[Utc]) {
        for line in self.journal.lines() {
            // Telemetry is nine lines of ten, and no score looks at it.
            if !(holds(&line, b"Operator")
                || holds(&line, b"Vision")
                || holds(&line, b"ready_to_arm")
                || holds(&line, b"Gap"))
            {
                continue;
            }
            if let Ok(e) = serde_json::from_slice::<Entry>(&line) {
                self.sort(e);
            }
        }
        let newest = self.frames.last().map_or(Mono::ZERO, |e| e.mono);
        for e in std::mem::take(&mut self.frames) {
            let is_named = matches!(&e.input, Input::Vision(v) if named.contains(&v.captured));
            if is_named {
                self.entries.push(e);
            } else if newest.since(e.mono) < FRAME_US {
                self.frames.push(e);
            }
        }
        for line in self.truth.lines() {
            if let Ok(l) = serde_json::from_slice::<TruthLine>(&line) {
                self.facts.push(l);
            }
        }
        self.facts.settle();
    }

    fn sort(&mut self, e: Entry) {
        match &e.input {
            Input::Vision(v) if v.tracks.is_empty() => {}
            Input::Vision(_) => self.frames.push(e),
            Input::Operator { .. } | Input::Recorder(RecorderReport::Gap { .. }) => self.entries.push(e),
            Input::Vehicle {
                vehicle,
                report: Report::Health { ready_to_arm: true, .. },
                ..
            } if !self.ready.contains(vehicle) => {
                self.ready.push(*vehicle);
                self.entries.push(e);
            }
            _ => {}
        }
    }
}

fn holds(line: &[u8], word: &[u8]) -> bool {
    line.windows(word.len()).any(|w| w == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("vedette-train-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a temporary folder");
        dir
    }

    fn line(t_s: f64, what: &str) -> SealedLine {
        SealedLine {
            t_s,
            utc: Utc(1_800_000_000_000_000),
            who: "instructor-1".into(),
            what: what.into(),
        }
    }

    #[test]
    fn a_sealed_record_reads_back_and_a_changed_line_is_named() {
        let root = folder("sealed");
        keys::open(&root.join("keys"), "TEST").expect("a station's keys");
        let session = root.join("20261114T024000Z");
        let mut s = Sealed::create(&session).expect("a new record");
        s.note(&line(1.0, "inject link-loss into 3")).expect("written");
        s.note(&line(2.0, "mend fault 1")).expect("written");
        let (lines, head) = Sealed::open(&session).expect("whole");
        assert_eq!((lines.len(), lines[1].what.as_str()), (2, "mend fault 1"));
        assert_eq!(head.len(), 64);
        let path = session.with_extension("sealed.jsonl");
        let text = std::fs::read_to_string(&path).expect("text");
        assert!(
            !text.contains("inject") && !text.contains("instructor-1"),
            "nobody reads it on the disk: {text}"
        );
        // One digit of what was sealed becomes another.
        let at = text.find("\"sealed\":\"").expect("sealed") + 10;
        let mut bytes = text.into_bytes();
        bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
        std::fs::write(&path, bytes).expect("changed");
        let said = Sealed::open(&session).expect_err("changed").to_string();
        assert!(said.contains("was changed at line"), "{said}");
        std::fs::remove_dir_all(root.join("keys")).expect("cleared");
        std::fs::remove_file(path).expect("cleared");
    }

    #[test]
    fn a_growing_file_gives_whole_lines_once() {
        let path = folder("tail").join("journal.jsonl");
        std::fs::write(&path, "one\ntwo\nthr").expect("written");
        let mut t = Tail {
            path: path.clone(),
            at: 0,
        };
        assert_eq!(t.lines(), [b"one".to_vec(), b"two".to_vec()]);
        std::fs::write(&path, "one\ntwo\nthree\n").expect("grown");
        assert_eq!(t.lines(), [b"three".to_vec()]);
        assert!(t.lines().is_empty());
        std::fs::remove_file(path).expect("cleared");
    }
}
