//! Cheapest matching of rows to columns (Hungarian method by shortest augmenting paths, Kuhn 1955,
//! Jonker and Volgenant 1987), with costs too high left unmatched.

/// For each row its column, or `None`; `cost[row * columns + column]`, pairs above `limit` are
/// never matched. O(n² m).
#[must_use]
pub(crate) fn assign(cost: &[f32], rows: usize, columns: usize, limit: f32) -> Vec<Option<usize>> {
    if rows == 0 || columns == 0 {
        return vec![None; rows];
    }
    // Square problem: a forbidden pair costs as much as leaving both alone.
    let n = rows.max(columns);
    let forbidden = f64::from(limit) * 2.0 + 1e3;
    let at = |i: usize, j: usize| -> f64 {
        if i < rows && j < columns {
            let c = cost[i * columns + j];
            if c <= limit { f64::from(c) } else { forbidden }
        } else {
            forbidden
        }
    };
    let mut u = vec![0.0f64; n + 1];
    let mut v = vec![0.0f64; n + 1];
    let mut p = vec![0usize; n + 1];
    let mut way = vec![0usize; n + 1];
    for i in 1..=rows {
        p[0] = i;
        let mut j0 = 0usize;
        let mut low = vec![f64::INFINITY; n + 1];
        let mut used = vec![false; n + 1];
        loop {
            used[j0] = true;
            let i0 = p[j0];
            let mut delta = f64::INFINITY;
            let mut j1 = 0usize;
            for j in 1..=n {
                if used[j] {
                    continue;
                }
                let c = at(i0 - 1, j - 1) - u[i0] - v[j];
                if c < low[j] {
                    low[j] = c;
                    way[j] = j0;
                }
                if low[j] < delta {
                    delta = low[j];
                    j1 = j;
                }
            }
            for j in 0..=n {
                if used[j] {
                    u[p[j]] += delta;
                    v[j] -= delta;
                } else {
                    low[j] -= delta;
                }
            }
            j0 = j1;
            if p[j0] == 0 {
                break;
            }
        }
        loop {
            let j1 = way[j0];
            p[j0] = p[j1];
            j0 = j1;
            if j0 == 0 {
                break;
            }
        }
    }
    let mut out = vec![None; rows];
    for (j, &i) in p.iter().enumerate().skip(1) {
        if i >= 1 && i <= rows && j <= columns && cost[(i - 1) * columns + j - 1] <= limit {
            out[i - 1] = Some(j - 1);
        }
    }
    out
}
