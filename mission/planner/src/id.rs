//! A plan's name: the hash of what it says.
//!
//! Invariant: two plans with the same id are the same plan; the id itself is left out of it.

use std::sync::mpsc;

use sha2::{Digest, Sha256};
use vedette_model::PlanId;
use vedette_model::plan::PatrolPlan;

/// Text handed on at a time, bytes.
const PAGE: usize = 1 << 18;

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
    // A day's plan is a hundred megabytes of text: one core writes it while another hashes what is written. Plans are text,
    // finite numbers and lists, which always have a JSON form.
    #[expect(
        clippy::disallowed_methods,
        reason = "holds the plan's own text at most; a bound could wait for a core that is never free"
    )]
    let (text, pages) = mpsc::channel::<Vec<u8>>();
    let (mut digest, mut written) = (None, false);
    rayon::scope(|s| {
        s.spawn(|_| {
            let mut hash = Sha256::new();
            pages.into_iter().for_each(|page| hash.update(page));
            digest = Some(hash.finalize());
        });
        let mut sink = Pages {
            page: Vec::with_capacity(PAGE),
            text,
        };
        written = serde_json::to_writer(&mut sink, blank).is_ok() && sink.turn().is_ok();
    });
    let Some(digest) = digest.filter(|_| written) else {
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

/// Text, written page by page.
struct Pages {
    page: Vec<u8>,
    text: mpsc::Sender<Vec<u8>>,
}

impl Pages {
    /// Hands the page on.
    fn turn(&mut self) -> std::io::Result<()> {
        let page = std::mem::replace(&mut self.page, Vec::with_capacity(PAGE));
        self.text.send(page).map_err(std::io::Error::other)
    }
}

impl std::io::Write for Pages {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.page.len() + bytes.len() > PAGE {
            self.turn()?;
        }
        self.page.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
