//! Mission, fence and rally lists on board, and their transfer (mavlink.io services/mission).
//!
//! Invariant: a list changes only when the last item of an upload has been accepted; an upload
//! that is abandoned, out of order or refused leaves the old list whole. Must not know flight.

use vedette_geo::LatLon;
use vedette_model::command as cmd;

use crate::config::VehicleConfig;
use crate::files::crc32;
use crate::wire::{MissionItem, MissionItemInt};

/// MAV_MISSION_RESULT.
pub(crate) mod result {
    pub(crate) const UNSUPPORTED_FRAME: u8 = 2;
    pub(crate) const UNSUPPORTED: u8 = 3;
    pub(crate) const NO_SPACE: u8 = 4;
    pub(crate) const INVALID: u8 = 5;
    pub(crate) const INVALID_PARAM1: u8 = 6;
    pub(crate) const INVALID_PARAM5: u8 = 10;
    pub(crate) const INVALID_PARAM7: u8 = 12;
    pub(crate) const INVALID_SEQUENCE: u8 = 13;
    pub(crate) const DENIED: u8 = 14;
    pub(crate) const CANCELLED: u8 = 15;
}

/// Most items of a mission, fence and rally list (an ArduPilot board with 16 kB of storage).
pub(crate) const CAPACITY: [usize; 3] = [724, 128, 32];

/// One item as it came.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Item {
    pub(crate) frame: u8,
    pub(crate) command: u16,
    pub(crate) auto: u8,
    pub(crate) p: [f32; 4],
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) z: f32,
}

impl Item {
    pub(crate) fn from_int(m: &MissionItemInt) -> Self {
        Self {
            frame: m.frame,
            command: m.command,
            auto: m.autocontinue,
            p: [m.param1, m.param2, m.param3, m.param4],
            x: m.x,
            y: m.y,
            z: m.z,
        }
    }
    /// The old item with float degrees; items without a place keep plain numbers.
    pub(crate) fn from_float(m: &MissionItem) -> Self {
        let scale = if placed(m.command) { 1e7 } else { 1.0 };
        Self {
            frame: m.frame,
            command: m.command,
            auto: m.autocontinue,
            p: [m.param1, m.param2, m.param3, m.param4],
            x: (f64::from(m.x) * scale).round() as i32,
            y: (f64::from(m.y) * scale).round() as i32,
            z: m.z,
        }
    }
    /// Its place, if it has one (0, 0 means "here").
    pub(crate) fn at(&self) -> Option<LatLon> {
        (placed(self.command) && (self.x != 0 || self.y != 0))
            .then(|| LatLon::from_e7(self.x, self.y))
            .filter(|p| LatLon::new(p.lat_deg, p.lon_deg).is_ok())
    }
    /// A parameter; NaN is 0.
    pub(crate) fn param(&self, i: usize) -> f64 {
        let v = self.p.get(i).copied().unwrap_or(0.0);
        if v.is_finite() { f64::from(v) } else { 0.0 }
    }
}

/// Commands that fly somewhere.
pub(crate) const fn is_nav(command: u16) -> bool {
    matches!(command, 16..=22 | 31 | 82 | 84 | 85 | 92 | 93)
}

/// Commands whose x and y are a place.
pub(crate) const fn placed(command: u16) -> bool {
    (is_nav(command) && !matches!(command, 20 | 92 | 93))
        || matches!(command, 179 | 188 | 189 | 192 | 195 | 201 | 34 | 5000..=5004 | 5100)
}

const fn known(command: u16) -> bool {
    is_nav(command)
        || matches!(
            command,
            112 | 115 | 177
                ..=179
                    | 181
                    | 183
                    | 188
                    | 189
                    | 195
                    | 197
                    | 200
                    | 201
                    | 203
                    | 205
                    | 206
                    | 207
                    | 223
                    | 530
                    | 531
                    | 532
                    | 1000
                    | 2000
                    | 2001
                    | 2500
                    | 2501
                    | 3000
                    | 600
                    | 601
        )
}

/// Who a transfer is with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Party {
    pub(crate) peer: u64,
    pub(crate) system: u8,
    pub(crate) component: u8,
}

/// An upload in progress.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub(crate) party: Party,
    pub(crate) kind: u8,
    pub(crate) count: u16,
    pub(crate) got: Vec<Item>,
    /// Tick of the last request and of the last progress.
    pub(crate) asked: u64,
    pub(crate) moved: u64,
}

/// What to send after a step of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    Ask(u16),
    Ack(u8),
    /// All there: the list of this kind has changed.
    Done,
    Nothing,
}

/// The three lists.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plans {
    /// Mission (without home), fence, rally.
    pub(crate) lists: [Vec<Item>; 3],
    /// Ids of the lists, renewed at every change; see [`Self::id`].
    ids: [u32; 3],
    pub(crate) upload: Option<Upload>,
}

/// Ticks after which a silent upload is given up (8 s, ArduPilot).
const GIVE_UP: u64 = 800;
/// Ticks after which an item is asked for again.
pub(crate) const ASK_AGAIN: u64 = 100;

impl Plans {
    /// Whether seq 0 is home.
    fn home_first(cfg: &VehicleConfig, kind: u8) -> bool {
        kind == 0 && !cfg.px4()
    }

    /// Items a peer would count.
    pub(crate) fn count(&self, cfg: &VehicleConfig, kind: u8) -> u16 {
        let Some(list) = self.lists.get(usize::from(kind)) else {
            return 0;
        };
        let home = usize::from(Self::home_first(cfg, kind) && !list.is_empty());
        u16::try_from(list.len() + home).unwrap_or(u16::MAX)
    }

    /// MISSION_COUNT from a station: opens an upload or empties the list.
    pub(crate) fn begin(&mut self, cfg: &VehicleConfig, party: Party, kind: u8, count: u16, tick: u64) -> Next {
        let Some(&room) = CAPACITY.get(usize::from(kind)) else {
            return Next::Ack(result::UNSUPPORTED);
        };
        if let Some(u) = &self.upload
            && u.party != party
            && tick.saturating_sub(u.moved) < ASK_AGAIN
        {
            return Next::Ack(result::DENIED);
        }
        let home = usize::from(Self::home_first(cfg, kind));
        if usize::from(count) > room + home {
            return Next::Ack(result::NO_SPACE);
        }
        if count == 0 {
            self.upload = None;
            self.store(usize::from(kind), Vec::new());
            return Next::Done;
        }
        self.upload = Some(Upload {
            party,
            kind,
            count,
            got: Vec::with_capacity(usize::from(count)),
            asked: tick,
            moved: tick,
        });
        Next::Ask(0)
    }

    /// An item from a station.
    pub(crate) fn item(
        &mut self,
        cfg: &VehicleConfig,
        party: Party,
        kind: u8,
        seq: u16,
        item: Item,
        tick: u64,
    ) -> Next {
        let Some(u) = self.upload.as_mut().filter(|u| u.party == party && u.kind == kind) else {
            return Next::Ack(result::INVALID_SEQUENCE);
        };
        let want = u.got.len() as u16;
        if seq != want {
            u.asked = tick;
            return Next::Ask(want);
        }
        if let Err(code) = check(cfg, kind, seq, &item) {
            self.upload = None;
            return Next::Ack(code);
        }
        u.got.push(item);
        u.moved = tick;
        u.asked = tick;
        if u.got.len() < usize::from(u.count) {
            return Next::Ask(want + 1);
        }
        let Some(u) = self.upload.take() else {
            return Next::Nothing;
        };
        let skip = usize::from(Self::home_first(cfg, kind));
        let list: Vec<Item> = u.got.into_iter().skip(skip).collect();
        if kind == 1
            && let Err(code) = check_fence(&list)
        {
            return Next::Ack(code);
        }
        self.store(usize::from(kind), list);
        Next::Done
    }

    fn store(&mut self, kind: usize, list: Vec<Item>) {
        self.ids[kind] = content_id(&list);
        self.lists[kind] = list;
    }

    /// Id of the list on board (`opaque_id` of MISSION_COUNT and MISSION_ACK, the three ids of
    /// MISSION_CURRENT): another content, another id; 0 where there is no list or the autopilot gives
    /// no ids. PX4 gives them, ArduPilot does not.
    pub(crate) fn id(&self, cfg: &VehicleConfig, kind: u8) -> u32 {
        if cfg.quirks.plan_ids.unwrap_or(cfg.px4()) {
            self.ids.get(usize::from(kind)).copied().unwrap_or(0)
        } else {
            0
        }
    }

    /// Asks again or gives up.
    pub(crate) fn tick(&mut self, tick: u64) -> Option<(Party, u8, Next)> {
        let u = self.upload.as_mut()?;
        if tick - u.moved >= GIVE_UP {
            let (party, kind) = (u.party, u.kind);
            self.upload = None;
            return Some((party, kind, Next::Ack(result::CANCELLED)));
        }
        if tick - u.asked >= ASK_AGAIN {
            u.asked = tick;
            return Some((u.party, u.kind, Next::Ask(u.got.len() as u16)));
        }
        None
    }

    /// One item as the family gives it back; `home` is item 0 of ArduPilot.
    pub(crate) fn give(&self, cfg: &VehicleConfig, kind: u8, seq: u16, home: Item) -> Option<Item> {
        let list = self.lists.get(usize::from(kind))?;
        let mut i = usize::from(seq);
        if Self::home_first(cfg, kind) {
            if list.is_empty() {
                return None;
            }
            if i == 0 {
                return Some(home);
            }
            i -= 1;
        }
        let mut item = *list.get(i)?;
        if kind == 0 && cfg.px4() {
            item.frame = match item.frame {
                3 => 6,
                0 if placed(item.command) => 5,
                f => f,
            };
        } else if !cfg.px4() {
            item.frame = match item.frame {
                6 => 3,
                5 | 2 => 0,
                11 => 10,
                f => f,
            };
            for p in &mut item.p {
                if p.is_nan() {
                    *p = 0.0;
                }
            }
            if item.command == cmd::NAV_WAYPOINT && cfg.airframe == vedette_model::Airframe::Copter {
                item.p[1] = 0.0;
            }
        }
        if cfg.quirks.lossy_items {
            item.p = if item.command == cmd::NAV_WAYPOINT {
                [item.p[0], 0.0, 0.0, 0.0]
            } else {
                item.p
            };
        }
        Some(item)
    }
}

/// CRC-32 over the items as stored; 0 for an empty list, and for that only.
fn content_id(list: &[Item]) -> u32 {
    if list.is_empty() {
        return 0;
    }
    let crc = list.iter().fold(0, |crc, i| {
        let [lo, hi] = i.command.to_le_bytes();
        let crc = crc32(crc, &[i.frame, lo, hi, i.auto]);
        let crc = i.p.iter().fold(crc, |crc, p| crc32(crc, &p.to_le_bytes()));
        let crc = crc32(crc, &i.x.to_le_bytes());
        let crc = crc32(crc, &i.y.to_le_bytes());
        crc32(crc, &i.z.to_le_bytes())
    });
    crc.max(1)
}

fn check(cfg: &VehicleConfig, kind: u8, seq: u16, item: &Item) -> Result<(), u8> {
    if kind == 0 && seq == 0 && !cfg.px4() {
        return Ok(()); // home, rewritten whatever it holds
    }
    let ok = match kind {
        0 => known(item.command),
        1 => matches!(item.command, 5000..=5004),
        _ => item.command == cmd::RALLY_POINT,
    };
    if !ok {
        return Err(result::UNSUPPORTED);
    }
    let frames: &[u8] = if cfg.px4() {
        &[0, 2, 3, 5, 6]
    } else {
        &[0, 2, 3, 5, 6, 10, 11]
    };
    if !frames.contains(&item.frame) {
        return Err(result::UNSUPPORTED_FRAME);
    }
    if placed(item.command) {
        let at = LatLon::from_e7(item.x, item.y);
        if LatLon::new(at.lat_deg, at.lon_deg).is_err() {
            return Err(result::INVALID_PARAM5);
        }
    }
    if !(item.z.abs() <= 30_000.0 || (!placed(item.command)) || item.z.is_nan()) {
        return Err(result::INVALID_PARAM7);
    }
    Ok(())
}

/// Polygons are whole: as many vertices in a row as each says, three at least.
fn check_fence(list: &[Item]) -> Result<(), u8> {
    let mut i = 0;
    while let Some(item) = list.get(i) {
        if matches!(item.command, 5001 | 5002) {
            let n = item.param(0) as usize;
            let whole = n >= 3
                && list
                    .get(i..i + n)
                    .is_some_and(|v| v.iter().all(|x| x.command == item.command));
            if !whole {
                return Err(result::INVALID_PARAM1);
            }
            i += n;
        } else {
            if matches!(item.command, 5003 | 5004) && item.param(0) <= 0.0 {
                return Err(result::INVALID_PARAM1);
            }
            i += 1;
        }
    }
    Ok(())
}
