//! Whether the lists on board are still the ones that were read: by their ids where the autopilot
//! gives them, else by reading again.
//!
//! Invariant: a list counts as known only after it was read whole; a sign that it changed is told
//! once and followed by a reading; a list whose id stands is not read again. Source: mavlink.io,
//! mission protocol, detecting plan changes (`opaque_id`, MISSION_CURRENT).

use vedette_model::{MissionKind, Mono, Report};

use super::items::word;
use super::outbox::Outbox;

/// An aircraft that is back tells its ids within this, or its lists are read again, milliseconds.
const IDS_DUE_MS: i64 = 10_000;
/// Another station's upload is given this long before the list is read, milliseconds.
const FOREIGN_MS: i64 = 5_000;
/// Between two readings of a list in doubt, milliseconds.
const AGAIN_MS: i64 = 30_000;
/// Readings of one list in doubt before it is left in doubt.
const READINGS: u8 = 10;
/// MISSION_CURRENT messages that say the same other id before it is believed: one may be older than
/// the reading, reordered on its way.
const SAMPLES: u8 = 2;

const KINDS: [MissionKind; 3] = [MissionKind::Mission, MissionKind::Fence, MissionKind::Rally];

/// One list that was read.
#[derive(Debug, Default)]
struct Known {
    /// Its id then; 0: none was given.
    id: u32,
    /// Items of it then.
    items: u16,
    /// Another id, and how often it was told in a row.
    other: (u32, u8),
    /// The other id a reading has already followed.
    followed: Option<u32>,
    /// It may have changed: read it from then on.
    doubt: Option<Mono>,
    readings: u8,
    /// The aircraft is back: its id shall be told by then.
    ids_due: Option<Mono>,
}

/// The lists of one aircraft.
#[derive(Debug, Default)]
pub(crate) struct OnBoard {
    lists: [Option<Known>; 3],
}

impl OnBoard {
    /// A list was read whole, under this id (0: none was given).
    pub(crate) fn read(&mut self, kind: MissionKind, id: u32, items: usize) {
        let followed = self.list(kind).as_ref().and_then(|k| k.followed);
        *self.list(kind) = Some(Known {
            id,
            items: u16::try_from(items).unwrap_or(u16::MAX),
            followed,
            ..Known::default()
        });
    }

    fn list(&mut self, kind: MissionKind) -> &mut Option<Known> {
        &mut self.lists[match kind {
            MissionKind::Mission => 0,
            MissionKind::Fence => 1,
            MissionKind::Rally => 2,
        }]
    }

    /// MISSION_CURRENT: ids of mission, fence and rally points, and items of the mission where told.
    /// `busy` is the list a transfer of ours is about.
    pub(crate) fn told(
        &mut self,
        now: Mono,
        ids: [u32; 3],
        total: Option<u16>,
        busy: Option<MissionKind>,
        out: &mut Outbox,
    ) {
        for ((known, kind), id) in self.lists.iter_mut().zip(KINDS).zip(ids) {
            let Some(k) = known.as_mut().filter(|_| busy != Some(kind)) else {
                continue;
            };
            if id == k.id && id != 0 {
                k.other = (0, 0);
                if k.doubt.take().is_some() | k.ids_due.take().is_some() {
                    out.report(now, Report::PlanStands { kind, id });
                }
                continue;
            }
            // Without ids the number of items is the only sign.
            let changed = if id == k.id {
                let count = total.filter(|n| kind == MissionKind::Mission && *n != k.items);
                count.map(|n| (u32::from(n), format!("it has {n} items, not {}", k.items)))
            } else if id == 0 {
                Some((0, "there is none on board any more".to_owned()))
            } else {
                Some((id, format!("its id on board is {id:08x}, not {:08x}", k.id)))
            };
            let Some((sign, why)) = changed else {
                k.other = (0, 0);
                continue;
            };
            let seen = if k.other.0 == sign {
                k.other.1.saturating_add(1)
            } else {
                1
            };
            k.other = (sign, seen);
            if seen >= SAMPLES && k.followed != Some(sign) {
                k.followed = Some(sign);
                k.ids_due = None;
                k.suspect(now, now, kind, (&why, true), out);
            }
        }
    }

    /// The aircraft is back after silence or a restart.
    pub(crate) fn returned(&mut self, now: Mono, why: &str, out: &mut Outbox) {
        for (known, kind) in self.lists.iter_mut().zip(KINDS) {
            let Some(k) = known else { continue };
            if k.id == 0 {
                let why = format!("{why}, and it gives its lists no ids");
                k.suspect(now, now, kind, (&why, false), out);
            } else {
                k.ids_due = Some(now.plus_ms(IDS_DUE_MS));
            }
        }
    }

    /// Another station was heard writing or clearing a list; where lists have ids these will tell.
    pub(crate) fn foreign(&mut self, now: Mono, kind: MissionKind, station: u8, out: &mut Outbox) {
        if let Some(k) = self.list(kind).as_mut().filter(|k| k.id == 0) {
            let why = format!("station {station} wrote to it");
            k.suspect(now, now.plus_ms(FOREIGN_MS), kind, (&why, true), out);
        }
    }

    /// The list to read now.
    pub(crate) fn due(&mut self, now: Mono, out: &mut Outbox) -> Option<MissionKind> {
        for (known, kind) in self.lists.iter_mut().zip(KINDS) {
            let Some(k) = known else { continue };
            if k.ids_due.is_some_and(|t| now >= t) {
                k.ids_due = None;
                let why = "it is back and does not tell its lists' ids";
                k.suspect(now, now, kind, (why, false), out);
            }
            if k.doubt.is_some_and(|t| now >= t) {
                k.readings = k.readings.saturating_add(1);
                k.doubt = (k.readings < READINGS).then(|| now.plus_ms(AGAIN_MS));
                return Some(kind);
            }
        }
        None
    }

    /// When [`Self::due`] has something to give.
    pub(crate) fn next(&self) -> Option<Mono> {
        self.lists
            .iter()
            .flatten()
            .flat_map(|k| [k.doubt, k.ids_due])
            .flatten()
            .min()
    }
}

impl Known {
    /// `why` in words, and whether something says that it changed.
    fn suspect(&mut self, now: Mono, read_at: Mono, kind: MissionKind, why: (&str, bool), out: &mut Outbox) {
        if self.doubt.is_none() {
            let (why, changed) = (format!("{} on board: {}", word(kind), why.0), why.1);
            out.report(now, Report::PlanInDoubt { kind, why, changed });
        }
        self.doubt = Some(read_at);
        self.readings = 0;
    }
}
