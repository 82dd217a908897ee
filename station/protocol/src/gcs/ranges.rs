//! Which bytes of something have come.
//!
//! Invariant: ranges neither touch nor overlap. Knows no protocol.

use std::collections::BTreeMap;

/// Received byte ranges, half open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ranges(BTreeMap<u64, u64>);

impl Ranges {
    /// Adds `from..to`; gives the number of bytes that were new.
    pub(crate) fn insert(&mut self, from: u64, to: u64) -> u64 {
        if to <= from {
            return 0;
        }
        let (mut a, mut b) = (from, to);
        let mut known = 0;
        let touching: Vec<(u64, u64)> = self
            .0
            .range(..=to)
            .rev()
            .take_while(|(_, end)| **end >= from)
            .map(|(s, e)| (*s, *e))
            .collect();
        for (s, e) in touching {
            known += e.min(to).saturating_sub(s.max(from));
            self.0.remove(&s);
            a = a.min(s);
            b = b.max(e);
        }
        self.0.insert(a, b);
        (to - from) - known
    }

    /// First byte missing, and where the next known one begins (`limit` if none does).
    pub(crate) fn first_gap(&self, limit: u64) -> Option<(u64, u64)> {
        let from = self.0.get(&0).copied().unwrap_or(0);
        if from >= limit {
            return None;
        }
        let to = self.0.range(from..).next().map_or(limit, |(s, _)| (*s).min(limit));
        Some((from, to))
    }

    /// Bytes from the start without a gap.
    pub(crate) fn whole_to(&self) -> u64 {
        self.0.get(&0).copied().unwrap_or(0)
    }

    /// End of the last range.
    pub(crate) fn end(&self) -> u64 {
        self.0.values().next_back().copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::Ranges;

    #[test]
    fn gaps_close_in_any_order() {
        let mut r = Ranges::default();
        assert_eq!(r.insert(10, 20), 10);
        assert_eq!(r.insert(30, 40), 10);
        assert_eq!(r.first_gap(50), Some((0, 10)));
        assert_eq!(r.insert(0, 12), 10);
        assert_eq!((r.whole_to(), r.first_gap(50), r.end()), (20, Some((20, 30)), 40));
        assert_eq!(r.insert(15, 35), 10);
        assert_eq!((r.whole_to(), r.first_gap(40)), (40, None));
        assert_eq!(r.insert(5, 5), 0);
    }
}
