//! The crate through its public boundary, one module per promise.
#![allow(clippy::unwrap_used, reason = "tests")]

mod it {
    pub(crate) mod company;
    pub(crate) mod custody;
    pub(crate) mod geometry;
    pub(crate) mod governor;
    pub(crate) mod handover;
    pub(crate) mod model;
    pub(crate) mod night;
    pub(crate) mod rules;
    pub(crate) mod sea;
    pub(crate) mod sky;
    pub(crate) mod synthetic;
    pub(crate) mod thermal;

    /// Runs something and adds the processor seconds this thread spent on it to `spent` (zero
    /// where the system does not tell). Printed, never asserted.
    pub(crate) fn timed<T>(spent: &mut f64, work: impl FnOnce() -> T) -> T {
        let on_cpu = || {
            std::fs::read_to_string("/proc/thread-self/schedstat")
                .ok()
                .and_then(|s| s.split_whitespace().next()?.parse::<f64>().ok())
                .unwrap_or(0.0)
                * 1e-9
        };
        let begun = on_cpu();
        let out = work();
        *spent += on_cpu() - begun;
        out
    }
}
