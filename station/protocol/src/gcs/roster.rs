//! The aircraft in session, and which of them wants to act first.
//!
//! A station asks after every datagram what is due. With hundreds of aircraft in the air that answer
//! must not cost a look at each, so every session's next moment is kept in order; only a session that
//! was written to since is asked again.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use vedette_model::{Mono, VehicleId};

use super::session::Session;

/// Sessions by aircraft. Reading goes through the map; writing marks what must be asked again.
#[derive(Debug)]
pub(crate) struct Roster {
    sessions: BTreeMap<VehicleId, Session>,
    /// When each untouched session acts next, and why.
    next: BTreeMap<VehicleId, (Mono, &'static str)>,
    /// The same, soonest first.
    order: BTreeSet<(Mono, VehicleId)>,
    /// Written to since the last [`Self::settle`]: in neither of the two above.
    touched: BTreeSet<VehicleId>,
    silence_ms: i64,
}

impl Roster {
    /// Nobody yet; an aircraft counts as lost after `silence_ms` milliseconds of silence.
    pub(crate) fn new(silence_ms: i64) -> Self {
        Self {
            sessions: BTreeMap::new(),
            next: BTreeMap::new(),
            order: BTreeSet::new(),
            touched: BTreeSet::new(),
            silence_ms,
        }
    }

    /// A session to write to.
    pub(crate) fn get_mut(&mut self, vehicle: &VehicleId) -> Option<&mut Session> {
        let session = self.sessions.get_mut(vehicle)?;
        if self.touched.insert(*vehicle)
            && let Some((at, _)) = self.next.remove(vehicle)
        {
            self.order.remove(&(at, *vehicle));
        }
        Some(session)
    }

    /// All of them, to write to.
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut Session> {
        self.next.clear();
        self.order.clear();
        self.touched.extend(self.sessions.keys());
        self.sessions.values_mut()
    }

    /// The aircraft's session, opened where it has none.
    pub(crate) fn open(&mut self, vehicle: VehicleId, new: impl FnOnce() -> Session) {
        if let Entry::Vacant(place) = self.sessions.entry(vehicle) {
            place.insert(new());
            self.touched.insert(vehicle);
        }
    }

    /// Asks those that were written to what they want next.
    pub(crate) fn settle(&mut self, now: Mono) {
        while let Some(vehicle) = self.touched.pop_first() {
            let Some(session) = self.sessions.get(&vehicle) else {
                continue;
            };
            let next = session.next(now, self.silence_ms);
            self.next.insert(vehicle, next);
            self.order.insert((next.0, vehicle));
        }
    }

    /// Who acts first, when and why; of two at one moment the lower number.
    pub(crate) fn first(&self, now: Mono) -> Option<(Mono, &'static str)> {
        let kept = self.order.first().and_then(|(at, vehicle)| {
            let (_, why) = self.next.get(vehicle)?;
            Some((*at, *vehicle, *why))
        });
        let asked = self.touched.iter().filter_map(|vehicle| {
            let (at, why) = self.sessions.get(vehicle)?.next(now, self.silence_ms);
            Some((at, *vehicle, why))
        });
        asked
            .chain(kept)
            .min_by_key(|(at, vehicle, _)| (*at, *vehicle))
            .map(|(at, _, why)| (at, why))
    }
}

impl Deref for Roster {
    type Target = BTreeMap<VehicleId, Session>;

    fn deref(&self) -> &Self::Target {
        &self.sessions
    }
}
