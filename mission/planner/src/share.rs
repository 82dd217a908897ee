//! Work shared among the processor's cores.
//!
//! Invariant: answers come in the order of the questions, whatever core found them, so that a plan does not depend on how
//! many there are.

use rayon::prelude::*;

/// `f` of every item, on as many cores as there are.
pub(crate) fn each<T: Sync, R: Send>(items: &[T], f: impl Fn(&T) -> R + Sync + Send) -> Vec<R> {
    items.par_iter().map(f).collect()
}
