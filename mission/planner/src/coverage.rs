//! When each metre of the section is seen, and how long it goes unseen.
//!
//! Invariant: counted from the timed legs alone, so what is promised is what the plan holds.

use vedette_model::plan::Leg;

/// Length of a cell, metres.
pub(crate) const CELL_M: f64 = 10.0;

/// Sightings of every cell: intervals of time, seconds, in order.
pub(crate) struct Coverage {
    pub(crate) cells: Vec<Vec<(f64, f64)>>,
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
        let mut cells = vec![Vec::new(); n];
        for leg in legs {
            let Some([a, b]) = leg.watches_m else { continue };
            let low = ((a.min(b) - leg.watch_half_m) / cell_m).floor().max(0.0) as usize;
            let high = ((a.max(b) + leg.watch_half_m) / cell_m).ceil().max(0.0) as usize;
            for (k, cell) in cells
                .iter_mut()
                .enumerate()
                .take(high.saturating_add(1))
                .skip(low.saturating_sub(1))
            {
                let x = ((k as f64 + 0.5) * cell_m).min(section_m);
                if let Some(s) = seen(leg, x) {
                    cell.push(s);
                }
            }
        }
        for c in &mut cells {
            c.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        Self { cells }
    }

    /// Cells whose middle lies between two chainages.
    #[expect(clippy::cast_precision_loss, reason = "cells of a section")]
    pub(crate) fn between(&self, from_m: f64, to_m: f64) -> impl Iterator<Item = usize> + '_ {
        (0..self.cells.len()).filter(move |k| (from_m..=to_m).contains(&((*k as f64 + 0.5) * CELL_M)))
    }

    /// Longest time a cell goes unseen between two times; `None` if it is never seen.
    pub(crate) fn gap(&self, cell: usize, from_s: f64, until_s: f64) -> Option<f64> {
        let mut last = from_s;
        let mut worst = 0.0_f64;
        let mut any = false;
        for (a, b) in &self.cells[cell] {
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
