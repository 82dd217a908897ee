//! A recorded session again: without a window (`replay`) and on the timeline (`review`).

use crate::cli::ReplayArgs;
use crate::verbs::say;
use crate::{Outcome, Stop};

/// `vedette replay`.
pub(crate) fn replay(a: &ReplayArgs, json: bool) -> Outcome {
    let recorded = vedette_journal::read(&a.session).map_err(|e| Stop::Usage(e.to_string()))?;
    let (torn, broken, head) = (recorded.torn.clone(), recorded.broken.clone(), recorded.head.clone());
    let mut replay = recorded.replay().map_err(|e| Stop::No(e.to_string()))?;
    let digest = vedette_core::digest(replay.view());
    if a.digest {
        say(&digest);
    } else if json {
        say(&serde_json::to_string(replay.view()).unwrap_or_default());
    } else {
        let v = replay.view();
        say(&format!(
            "{} · {} · {} inputs over {:.0} s",
            v.station,
            v.session,
            replay.len(),
            v.now.seconds()
        ));
        crate::demo::Told::default().tell(v);
        say(&format!("journal head {head}"));
        say(&format!("view digest  {digest}"));
        if let Some(t) = torn {
            say(&format!(
                "the last line (number {}) was not finished when the station died: {} bytes of it are set aside",
                t.line, t.bytes
            ));
        }
    }
    if let Some(out) = &a.pictures {
        let who = vedette_model::OperatorId("replay".into());
        let world = crate::review::Desk::open(&a.session, &who, "pictures of every screen")?.world()?;
        for name in crate::pictures::render(out, &a.session, &mut replay, &world)? {
            say(&format!("{}", out.join(name).display()));
        }
    }
    match broken {
        None => Ok(()),
        Some((line, why)) => Err(Stop::No(format!("the journal's chain is broken at line {line}: {why}"))),
    }
}
