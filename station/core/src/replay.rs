//! A recorded session in random access: the same station, fed the same inputs.
//!
//! Invariant: the view at an entry is the view the live station had after that entry. Effects go
//! nowhere: a replay hosts no shell.

use vedette_model::{Mono, Utc};

use crate::{CoreError, Entry, Setup, Station, StationView};

/// Entries between two kept states.
const STRIDE: usize = 1000;

/// A session that can be looked at at any moment.
#[derive(Debug)]
pub struct Replay {
    entries: Vec<Entry>,
    /// State before entry `i * STRIDE`.
    kept: Vec<Station>,
    at: usize,
    now: Station,
}

impl Replay {
    /// Runs the whole session once, keeping a state every thousand entries; stands at its end.
    ///
    /// # Errors
    /// [`CoreError`] when the setup cannot be used.
    pub fn new(setup: Setup, entries: Vec<Entry>) -> Result<Self, CoreError> {
        let mut station = Station::new(setup)?;
        let mut kept = Vec::with_capacity(entries.len() / STRIDE + 1);
        for (i, e) in entries.iter().enumerate() {
            if i % STRIDE == 0 {
                kept.push(station.clone());
            }
            feed(&mut station, e);
        }
        if kept.is_empty() {
            kept.push(station.clone());
        }
        Ok(Self {
            at: entries.len(),
            entries,
            kept,
            now: station,
        })
    }

    /// What the session started with.
    #[must_use]
    pub fn setup(&self) -> &Setup {
        self.now.setup()
    }

    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True for a session in which nothing happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All entries, in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// UTC of the first and last entry.
    #[must_use]
    pub fn span(&self) -> Option<(Utc, Utc)> {
        Some((self.entries.first()?.utc, self.entries.last()?.utc))
    }

    /// Goes to the state after all entries up to and including `utc`.
    pub fn seek(&mut self, utc: Utc) -> &StationView {
        let n = self.entries.partition_point(|e| e.utc <= utc);
        self.seek_entry(n)
    }

    /// Goes to the state after the first `n` entries.
    pub fn seek_entry(&mut self, n: usize) -> &StationView {
        let n = n.min(self.entries.len());
        if n < self.at || n - self.at > STRIDE {
            let k = (n / STRIDE).min(self.kept.len() - 1);
            if n < self.at || k * STRIDE > self.at {
                self.now = self.kept[k].clone();
                self.at = k * STRIDE;
            }
        }
        while self.at < n {
            feed(&mut self.now, &self.entries[self.at]);
            self.at += 1;
        }
        self.now.view()
    }

    /// What was seen then.
    #[must_use]
    pub fn view(&self) -> &StationView {
        self.now.view()
    }

    /// Station clock at the playhead.
    #[must_use]
    pub fn mono(&self) -> Mono {
        self.now.view().now
    }
}

fn feed(station: &mut Station, e: &Entry) {
    station.handle(e.mono, e.utc, &e.input);
    while station.poll_effect().is_some() {}
}
