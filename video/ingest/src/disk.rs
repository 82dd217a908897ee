//! The disk guard: how much room is left, and what that allows.
//!
//! Invariant: the journal, orders and evidence outlive the video: below 5 % only what is evidence is
//! recorded, below 2 % nothing, each left only once a little more is free again, so that it does not
//! swing. Judging is pure; only [`free_share`] asks the system.

use std::path::Path;

/// What the room left on a disk allows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub enum DiskLevel {
    /// 10 % and more: everything.
    #[default]
    Plenty,
    /// Below 10 %: everything, with an alarm.
    Low,
    /// Below 5 %: evidence only.
    Scarce,
    /// Below 2 %: nothing more is recorded.
    Full,
}

impl DiskLevel {
    /// Free share of the disk below which the level begins, and what it does, in words.
    #[must_use]
    pub fn means(self) -> (f64, &'static str) {
        match self {
            DiskLevel::Plenty => (1.0, "everything is recorded"),
            DiskLevel::Low => (0.10, "everything is recorded; make room before the next flight"),
            DiskLevel::Scarce => (0.05, "only streams that are evidence are recorded; do not take off"),
            DiskLevel::Full => (0.02, "recording stands still so that journal and orders can go on"),
        }
    }
}

/// Levels with their thresholds, most pressing first.
const LEVELS: [DiskLevel; 3] = [DiskLevel::Full, DiskLevel::Scarce, DiskLevel::Low];
/// So much more must be free than where a level began before it is left.
const LEAVE: f64 = 0.01;

/// Judges free shares one after the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DiskGuard {
    level: DiskLevel,
}

impl DiskGuard {
    /// Level after the last judgement.
    #[must_use]
    pub fn level(&self) -> DiskLevel {
        self.level
    }

    /// Takes note of the free share, 0..=1; returns the level when it changed. A share that is no
    /// number changes nothing.
    pub fn judge(&mut self, free: f64) -> Option<DiskLevel> {
        if !free.is_finite() {
            return None;
        }
        let level = LEVELS
            .into_iter()
            .find(|l| free < l.means().0 + if *l <= self.level { LEAVE } else { 0.0 })
            .unwrap_or_default();
        let changed = level != self.level;
        self.level = level;
        changed.then_some(level)
    }
}

/// Share of the disk under a folder that is still free, of what an ordinary program may use of it at
/// all (what `df` prints as 100 % less its `Use%`): blocks held back for the system count neither as
/// free nor as used. `None` where the system does not tell. A folder not made yet is judged by the
/// nearest one above it.
#[must_use]
pub fn free_share(folder: &Path) -> Option<f64> {
    let there = folder.ancestors().find(|p| p.exists())?;
    let s = rustix::fs::statvfs(there).ok()?;
    share(s.f_blocks, s.f_bfree, s.f_bavail)
}

/// Free share from a file system's blocks: all, free for the system, free for an ordinary program.
#[must_use]
pub fn share(blocks: u64, free: u64, available: u64) -> Option<f64> {
    let usable = blocks.checked_sub(free)?.checked_add(available)?;
    (usable > 0).then(|| available as f64 / usable as f64)
}
