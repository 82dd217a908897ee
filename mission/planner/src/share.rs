//! Work shared among the processor's cores.
//!
//! Invariant: answers come in the order of the questions, whatever thread found them, so that a plan does not depend on how
//! many cores there are.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Most threads used: more than this a plan cannot feed.
const MOST: usize = 8;

/// `f` of every item, on as many threads as there are cores (at most [`MOST`]).
pub(crate) fn each<T: Sync, R: Send>(items: &[T], f: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = cores.min(MOST).min(items.len());
    if threads < 2 {
        return items.iter().map(f).collect();
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut mine = Vec::new();
        loop {
            let k = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(k) else { return mine };
            mine.push((k, f(item)));
        }
    };
    let mut all = std::thread::scope(|s| {
        // Where the system gives no more threads, this one does it all.
        let others: Vec<_> = (1..threads)
            .filter_map(|_| std::thread::Builder::new().spawn_scoped(s, work).ok())
            .collect();
        let mut all = work();
        for o in others {
            match o.join() {
                Ok(part) => all.extend(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    all.sort_unstable_by_key(|(k, _)| *k);
    all.into_iter().map(|(_, r)| r).collect()
}
