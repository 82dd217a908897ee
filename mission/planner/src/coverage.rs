//! When each metre of the section is seen, and how long it goes unseen.
//!
//! Invariant: counted from the timed legs alone, so what is promised is what the plan holds.

use vedette_model::plan::Leg;

/// Length of a cell, metres.
pub(crate) const CELL_M: f64 = 10.0;

/// Cells filled at a time.
const BLOCK: usize = 4096;

/// Sightings of every cell: intervals of time, seconds, in order.
pub(crate) struct Coverage {
    /// Blocks of cells, filled side by side.
    blocks: Vec<Block>,
    cells: usize,
}

struct Block {
    /// Of its cells, one after the other.
    sights: Vec<(f64, f64)>,
    /// Where each cell's begin and end.
    spans: Vec<(usize, usize)>,
}

/// When a point at chainage `x` is seen on a leg, if at all.
fn seen(leg: &Leg, x: f64) -> Option<(f64, f64)> {
    let [w0, w1] = leg.watches_m?;
    let (half, span) = (leg.watch_half_m, leg.end_s - leg.start_s);
    let rate = w1 - w0;
    let (mut t0, mut t1) = (0.0_f64, 1.0_f64);
    if rate.abs() < 1e-9 {
        if (x - w0).abs() > half {
            return None;
        }
    } else {
        let (a, b) = ((x - half - w0) / rate, (x + half - w0) / rate);
        t0 = t0.max(a.min(b));
        t1 = t1.min(a.max(b));
        if t0 > t1 {
            return None;
        }
    }
    Some((leg.start_s + t0 * span, leg.start_s + t1 * span))
}

impl Block {
    /// Cells `first` to `end`, whose middles `middle` gives, and the legs that may see them.
    fn of(legs: &[(&Leg, usize, usize)], (first, end): (usize, usize), middle: impl Fn(usize) -> f64) -> Self {
        let n = end - first;
        let mut steps = vec![0isize; n + 1];
        for (_, low, high) in legs {
            steps[*low - first] += 1;
            steps[*high - first] -= 1;
        }
        let (mut spans, mut here, mut all) = (Vec::with_capacity(n), 0isize, 0usize);
        for s in &steps[..n] {
            here += s;
            spans.push((all, all));
            all += here.unsigned_abs();
        }
        let mut sights = vec![(0.0, 0.0); all];
        for (leg, low, high) in legs {
            for k in *low..*high {
                if let Some(s) = seen(leg, middle(k)) {
                    let span = &mut spans[k - first];
                    sights[span.1] = s;
                    span.1 += 1;
                }
            }
        }
        for (from, to) in &spans {
            sights[*from..*to].sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        Self { sights, spans }
    }
}

impl Coverage {
    pub(crate) fn new<'a>(section_m: f64, legs: impl IntoIterator<Item = &'a Leg>) -> Self {
        Self::of_cells(section_m, CELL_M, legs)
    }

    /// The same with cells of another length.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "cells of a section"
    )]
    pub(crate) fn of_cells<'a>(section_m: f64, cell_m: f64, legs: impl IntoIterator<Item = &'a Leg>) -> Self {
        let n = (section_m / cell_m).ceil().max(1.0) as usize;
        // Which cells a leg may see: counted first, so that all sightings lie in one piece of memory.
        let reach = |leg: &Leg| {
            let [a, b] = leg.watches_m?;
            let low = ((a.min(b) - leg.watch_half_m) / cell_m).floor().max(0.0) as usize;
            let high = ((a.max(b) + leg.watch_half_m) / cell_m).ceil().max(0.0) as usize;
            Some((low.saturating_sub(1), high.saturating_add(1).min(n)))
        };
        let legs: Vec<(&Leg, usize, usize)> = legs
            .into_iter()
            .filter_map(|l| reach(l).map(|(low, high)| (l, low, high)))
            .filter(|(_, low, high)| low < high)
            .collect();
        let blocks: Vec<(usize, usize)> = (0..n).step_by(BLOCK).map(|k| (k, (k + BLOCK).min(n))).collect();
        let blocks = crate::share::each(&blocks, |(first, end)| {
            let mine: Vec<(&Leg, usize, usize)> = legs
                .iter()
                .map(|(l, low, high)| (*l, (*low).max(*first), (*high).min(*end)))
                .filter(|(_, low, high)| low < high)
                .collect();
            Block::of(&mine, (*first, *end), |k| ((k as f64 + 0.5) * cell_m).min(section_m))
        });
        Self { blocks, cells: n }
    }

    /// Number of cells.
    pub(crate) fn len(&self) -> usize {
        self.cells
    }

    /// Sightings of a cell, in order.
    pub(crate) fn cell(&self, k: usize) -> &[(f64, f64)] {
        let block = &self.blocks[k / BLOCK];
        let (from, to) = block.spans[k % BLOCK];
        &block.sights[from..to]
    }

    /// Cells whose middle lies between two chainages.
    #[expect(clippy::cast_precision_loss, reason = "cells of a section")]
    pub(crate) fn between(&self, from_m: f64, to_m: f64) -> impl Iterator<Item = usize> + '_ {
        (0..self.len()).filter(move |k| (from_m..=to_m).contains(&((*k as f64 + 0.5) * CELL_M)))
    }

    /// The longest time every cell goes unseen between two times, as [`Self::gap`].
    pub(crate) fn gaps(&self, from_s: f64, until_s: f64) -> Vec<Option<f64>> {
        let cells: Vec<usize> = (0..self.cells).collect();
        crate::share::each(&cells, |k| self.gap(*k, from_s, until_s))
    }

    /// Longest time a cell goes unseen between two times; `None` if it is never seen.
    pub(crate) fn gap(&self, cell: usize, from_s: f64, until_s: f64) -> Option<f64> {
        let mut last = from_s;
        let mut worst = 0.0_f64;
        let mut any = false;
        for (a, b) in self.cell(cell) {
            if *b < from_s || *a > until_s {
                continue;
            }
            any = true;
            worst = worst.max(a - last);
            last = last.max(*b);
        }
        any.then(|| worst.max(until_s - last))
    }
}
