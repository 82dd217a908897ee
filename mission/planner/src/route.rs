//! Ways through legal space that is not convex: shortest paths round its corners.
//!
//! Invariant: every segment returned is clear, or nothing is returned.

use crate::space::{Legal, Xy, dist, open_ring};

/// Corners considered at most; beyond, every n-th is taken.
const MOST: usize = 220;

/// The shortest way from `a` to `b` inside legal space, both ends included.
pub(crate) fn way(legal: &Legal, inner: &Legal, a: Xy, b: Xy) -> Option<Vec<Xy>> {
    if legal.clear(a, b) {
        return Some(vec![a, b]);
    }
    let mut corners: Vec<Xy> = inner
        .area
        .0
        .iter()
        .flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()))
        .flat_map(open_ring)
        .filter(|c| legal.inside(*c))
        .collect();
    let every = corners.len().div_ceil(MOST).max(1);
    corners = corners.into_iter().step_by(every).collect();
    corners.insert(0, b);
    corners.insert(0, a);
    // Dijkstra on the visibility graph, edges tested when needed.
    let n = corners.len();
    let mut best = vec![f64::INFINITY; n];
    let mut from = vec![usize::MAX; n];
    let mut done = vec![false; n];
    best[0] = 0.0;
    loop {
        let i = (0..n)
            .filter(|i| !done[*i] && best[*i].is_finite())
            .min_by(|x, y| best[*x].total_cmp(&best[*y]))?;
        if i == 1 {
            break;
        }
        done[i] = true;
        for j in 0..n {
            let cost = best[i] + dist(corners[i], corners[j]);
            if !done[j] && cost < best[j] && legal.clear(corners[i], corners[j]) {
                best[j] = cost;
                from[j] = i;
            }
        }
    }
    let mut path = vec![b];
    let mut i = 1;
    while from[i] != usize::MAX {
        i = from[i];
        path.push(corners[i]);
    }
    path.reverse();
    Some(path)
}
