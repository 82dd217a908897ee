//! Processor time of the calling thread, so that other programs on the machine do not count.

/// Processor seconds this thread has used; 0 where the system does not tell.
#[must_use]
pub fn processor_s() -> f64 {
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|s| s.split_whitespace().next()?.parse::<f64>().ok())
        .unwrap_or(0.0)
        * 1e-9
}
