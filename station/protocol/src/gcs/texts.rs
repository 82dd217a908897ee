//! Status texts: pieces joined, control characters replaced, floods cut.
//!
//! Invariant: at most five texts a second leave for one aircraft, and how many were held back is
//! told. Source: STATUSTEXT `id` and `chunk_seq` in common.xml.

use std::collections::BTreeMap;

use vedette_model::{Mono, Report, Severity};

use super::outbox::Outbox;
use super::telemetry::severity;
use crate::codec::wire;

/// Texts a second.
const RATE: u32 = 5;
/// Pieces wait this long for the rest, milliseconds.
const PIECE_MS: i64 = 2_000;
/// Texts being put together at once.
const OPEN_MAX: usize = 8;
/// Most pieces of one text.
const PIECES_MAX: u8 = 20;

#[derive(Debug)]
struct Open {
    severity: u8,
    pieces: BTreeMap<u8, (String, bool)>,
    since: Mono,
}

/// Texts of one aircraft.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    open: BTreeMap<u16, Open>,
    last: Option<(Mono, String)>,
    second: Mono,
    in_second: u32,
    held_back: u32,
}

impl Texts {
    /// STATUSTEXT; gives the text when it is whole.
    pub(crate) fn handle(&mut self, now: Mono, m: &wire::StatusText, out: &mut Outbox) -> Option<String> {
        let text = m.text.to_text();
        if m.id == 0 {
            return self.tell(now, m.severity, text, out);
        }
        // A piece that does not fill its field is the last one.
        let last = m.text.0.contains(&0);
        if m.chunk_seq >= PIECES_MAX {
            return None;
        }
        if self.open.len() >= OPEN_MAX && !self.open.contains_key(&m.id) {
            self.open.pop_first();
        }
        let open = self.open.entry(m.id).or_insert_with(|| Open {
            severity: m.severity,
            pieces: BTreeMap::new(),
            since: now,
        });
        open.pieces.insert(m.chunk_seq, (text, last));
        let whole = open.pieces.values().next_back().is_some_and(|(_, last)| *last)
            && open
                .pieces
                .keys()
                .copied()
                .eq(0..=open.pieces.keys().next_back().copied().unwrap_or(0));
        if whole { self.close(now, m.id, out) } else { None }
    }

    fn close(&mut self, now: Mono, id: u16, out: &mut Outbox) -> Option<String> {
        let open = self.open.remove(&id)?;
        let mut text = String::new();
        let mut next = 0;
        for (n, (piece, _)) in &open.pieces {
            if *n != next {
                text.push('…');
            }
            text.push_str(piece);
            next = n + 1;
        }
        self.tell(now, open.severity, text, out)
    }

    fn tell(&mut self, now: Mono, how_bad: u8, text: String, out: &mut Outbox) -> Option<String> {
        if text.is_empty() {
            return None;
        }
        // The same words within a second came by two paths.
        if self
            .last
            .as_ref()
            .is_some_and(|(t, w)| *w == text && now.since(*t) < 1_000_000)
        {
            return None;
        }
        if now.since(self.second) >= 1_000_000 {
            self.second = now;
            self.in_second = 0;
            if self.held_back > 0 {
                let n = std::mem::take(&mut self.held_back);
                out.report(
                    now,
                    Report::Text {
                        severity: Severity::Warning,
                        text: format!("{n} further texts of this aircraft were held back"),
                    },
                );
            }
        }
        self.last = Some((now, text.clone()));
        if self.in_second >= RATE {
            self.held_back += 1;
            return Some(text);
        }
        self.in_second += 1;
        out.report(
            now,
            Report::Text {
                severity: severity(how_bad),
                text: text.clone(),
            },
        );
        Some(text)
    }

    /// Tells texts whose rest never came.
    pub(crate) fn poll(&mut self, now: Mono, out: &mut Outbox) {
        let due: Vec<u16> = self
            .open
            .iter()
            .filter(|(_, o)| now.since(o.since) >= PIECE_MS * 1000)
            .map(|(id, _)| *id)
            .collect();
        for id in due {
            self.close(now, id, out);
        }
    }

    /// Next moment [`Self::poll`] has something to do.
    pub(crate) fn next(&self) -> Option<Mono> {
        self.open.values().map(|o| o.since.plus_ms(PIECE_MS)).min()
    }
}
