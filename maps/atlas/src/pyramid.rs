//! Highest points of blocks of cells, in steps of eight: what lets a wide look for the highest ground leave most of it unread.
//!
//! Invariant: a block with a void anywhere has no highest point (NaN); otherwise no posting of its cells is above it.

/// Cells, or blocks of the level below, along a side of a block.
const SIDE: usize = 8;
/// Ranges up to this many cells are read cell by cell.
const SMALL: usize = 256;

/// Levels from fine to coarse.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pyramid {
    levels: Vec<Level>,
}

#[derive(Debug, Clone)]
struct Level {
    rows: usize,
    cols: usize,
    tops: Vec<f32>,
}

/// Void blocks are equal to void blocks.
impl PartialEq for Level {
    fn eq(&self, o: &Self) -> bool {
        let same = |(a, b): (&f32, &f32)| a.to_bits() == b.to_bits();
        (self.rows, self.cols) == (o.rows, o.cols) && self.tops.iter().zip(&o.tops).all(same)
    }
}

/// Both known and the higher, or NaN.
fn higher(a: f32, b: f32) -> f32 {
    if a.is_nan() || b.is_nan() { f32::NAN } else { a.max(b) }
}

/// Squared distances to the nearest and the furthest point of cells: rows from and to, columns from and to.
type Distance<'a> = dyn Fn([usize; 2], [usize; 2]) -> (f64, f64) + 'a;

impl Pyramid {
    /// Over a grid of postings; `at` gives the height of posting number `row · cols + col`.
    pub(crate) fn new(rows: usize, cols: usize, at: impl Fn(usize) -> f32) -> Self {
        let (cell_rows, cell_cols) = (rows - 1, cols - 1);
        let mut levels = Vec::new();
        let mut tops = vec![f32::NEG_INFINITY; cell_rows.div_ceil(SIDE) * cell_cols.div_ceil(SIDE)];
        let wide = cell_cols.div_ceil(SIDE);
        for r in 0..rows {
            for c in 0..cols {
                let h = at(r * cols + c);
                // A posting belongs to the cells on both sides of it.
                let (r0, r1) = (r.saturating_sub(1) / SIDE, r.min(cell_rows - 1) / SIDE);
                let (c0, c1) = (c.saturating_sub(1) / SIDE, c.min(cell_cols - 1) / SIDE);
                for y in r0..=r1 {
                    for x in c0..=c1 {
                        let t = &mut tops[y * wide + x];
                        *t = higher(*t, h);
                    }
                }
            }
        }
        let mut level = Level {
            rows: cell_rows.div_ceil(SIDE),
            cols: wide,
            tops,
        };
        while level.rows > 1 || level.cols > 1 {
            let (up_rows, up_cols) = (level.rows.div_ceil(SIDE), level.cols.div_ceil(SIDE));
            let mut up = vec![f32::NEG_INFINITY; up_rows * up_cols];
            for y in 0..level.rows {
                for x in 0..level.cols {
                    let t = &mut up[(y / SIDE) * up_cols + x / SIDE];
                    *t = higher(*t, level.tops[y * level.cols + x]);
                }
            }
            levels.push(level);
            level = Level {
                rows: up_rows,
                cols: up_cols,
                tops: up,
            };
        }
        levels.push(level);
        Self { levels }
    }

    /// Raises `best` to the highest corner of the cells of a range (rows from and to, columns from and to, ends left out) that come
    /// nearer than the square root of `reach`. False when one of those has an unknown corner.
    pub(crate) fn raise(
        &self,
        range: [usize; 4],
        reach: f64,
        disc: &Distance<'_>,
        corners: &dyn Fn(usize, usize) -> [f64; 4],
        best: &mut f64,
    ) -> bool {
        let [r0, r1, c0, c1] = range;
        if r0 >= r1 || c0 >= c1 {
            return true;
        }
        let cells = (r1 - r0).saturating_mul(c1 - c0);
        let look = Look {
            range,
            reach,
            disc,
            corners,
        };
        if cells <= SMALL {
            return look.cells(range, best);
        }
        let top = self.levels.len() - 1;
        let l = &self.levels[top];
        (0..l.rows).all(|y| (0..l.cols).all(|x| self.block(top, y, x, &look, best)))
    }

    fn block(&self, level: usize, y: usize, x: usize, look: &Look<'_>, best: &mut f64) -> bool {
        let size = SIDE.pow(level as u32 + 1);
        let [r0, r1, c0, c1] = look.range;
        let rows = [(y * size).max(r0), ((y + 1) * size).min(r1)];
        let cols = [(x * size).max(c0), ((x + 1) * size).min(c1)];
        if rows[0] >= rows[1] || cols[0] >= cols[1] {
            return true;
        }
        let (near, far) = (look.disc)(rows, cols);
        if near > look.reach {
            return true;
        }
        let l = &self.levels[level];
        let top = f64::from(l.tops[y * l.cols + x]);
        // Nothing in it could be higher than what is known, and all of it is known.
        if top <= *best {
            return true;
        }
        let whole = rows == [y * size, (y + 1) * size] && cols == [x * size, (x + 1) * size];
        if whole && far <= look.reach {
            if top.is_nan() {
                return false;
            }
            *best = top;
            return true;
        }
        if level == 0 {
            return look.cells([rows[0], rows[1], cols[0], cols[1]], best);
        }
        let below = &self.levels[level - 1];
        let (ys, xs) = (
            y * SIDE..((y + 1) * SIDE).min(below.rows),
            x * SIDE..((x + 1) * SIDE).min(below.cols),
        );
        ys.into_iter()
            .all(|y| xs.clone().all(|x| self.block(level - 1, y, x, look, best)))
    }
}

/// What is looked for.
struct Look<'a> {
    range: [usize; 4],
    reach: f64,
    disc: &'a Distance<'a>,
    corners: &'a dyn Fn(usize, usize) -> [f64; 4],
}

impl Look<'_> {
    fn cells(&self, [r0, r1, c0, c1]: [usize; 4], best: &mut f64) -> bool {
        for r in r0..r1 {
            for c in c0..c1 {
                if (self.disc)([r, r + 1], [c, c + 1]).0 > self.reach {
                    continue;
                }
                for h in (self.corners)(r, c) {
                    if h.is_nan() {
                        return false;
                    }
                    *best = best.max(h);
                }
            }
        }
        true
    }
}
