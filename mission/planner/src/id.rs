//! A plan's name: the hash of what it says.
//!
//! Invariant: two plans with the same id are the same plan; the id itself is left out of it.

use sha2::{Digest, Sha256};
use vedette_model::PlanId;
use vedette_model::plan::PatrolPlan;

/// The plan's content hash: the first 16 hexadecimal digits of the SHA-256 of its JSON with the
/// id left blank.
#[must_use]
pub fn plan_id(plan: &PatrolPlan) -> PlanId {
    if !plan.id.0.is_empty() {
        let mut blank = plan.clone();
        blank.id = PlanId(String::new());
        return of_blank(&blank);
    }
    of_blank(plan)
}

/// The hash of a plan whose id is blank.
fn of_blank(blank: &PatrolPlan) -> PlanId {
    use std::fmt::Write as _;
    // A day's plan is a hundred megabytes of text: hashed as it is written. Plans are text, finite
    // numbers and lists, which always have a JSON form.
    let mut sink = std::io::BufWriter::with_capacity(1 << 16, Sink(Sha256::new()));
    let written = serde_json::to_writer(&mut sink, blank).is_ok();
    let Some(digest) = sink.into_inner().ok().filter(|_| written).map(|s| s.0.finalize()) else {
        return PlanId(String::new());
    };
    let hex = digest.iter().take(8).fold(String::new(), |mut s, b| {
        if write!(s, "{b:02x}").is_err() {
            s.clear();
        }
        s
    });
    PlanId(hex)
}

/// A hash that can be written to.
struct Sink(Sha256);

impl std::io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
