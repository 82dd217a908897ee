//! Processor time of the calling thread or of the whole program, so that other programs on the
//! machine do not count; and how many of those there are.

/// Processor seconds this thread has used; 0 where the system does not tell.
#[must_use]
pub fn processor_s() -> f64 {
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|s| s.split_whitespace().next()?.parse::<f64>().ok())
        .unwrap_or(0.0)
        * 1e-9
}

/// Processor seconds the whole program has used, its ended threads too, to a hundredth; 0 where the
/// system does not tell.
#[must_use]
pub(crate) fn program_s() -> f64 {
    /// Linux counts in hundredths of a second for programs (USER_HZ, proc(5)).
    const TICKS: f64 = 100.0;
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name before it may hold blanks; user and system time are the 14th and 15th field.
    let after = text.rsplit(')').next().unwrap_or_default();
    let fields = after.split_whitespace().skip(11).take(2);
    fields.filter_map(|f| f.parse::<f64>().ok()).sum::<f64>() / TICKS
}

/// Programs that wanted a processor over the last minute, and processors there are.
#[must_use]
pub(crate) fn load() -> (f64, usize) {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let first = text.split_whitespace().next().and_then(|f| f.parse().ok());
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    (first.unwrap_or(f64::NAN), cores)
}
