//! LOG_REQUEST_LIST and LOG_REQUEST_DATA: the aircraft's side of fetching flight logs.
//!
//! Invariant: a few messages per tick and station, whatever was asked for. Must not know what a
//! log holds.

use std::collections::BTreeMap;

use crate::net::AUTOPILOT;
use crate::plans::Party;
use crate::vehicle::SimVehicle;
use crate::wire;

/// Messages per tick for one station.
const PER_TICK: u32 = 6;
const CHUNK: u32 = 90;

#[derive(Debug, Clone, Copy)]
enum Job {
    List { next: usize, last: usize },
    Data { id: u16, offset: u32, end: u32 },
}

/// What is being sent to whom.
#[derive(Debug, Clone, Default)]
pub(crate) struct LogServer {
    jobs: BTreeMap<u64, Job>,
}

impl SimVehicle {
    pub(crate) fn on_log_list(&mut self, party: Party, m: &wire::LogRequestList) {
        if m.target_system != self.cfg.system {
            return;
        }
        if self.logbook.logs.is_empty() {
            self.send(party.peer, AUTOPILOT, &wire::LogEntry::default());
            return;
        }
        let ids: Vec<u16> = self.logbook.logs.iter().map(|l| l.id).collect();
        let next = ids.iter().position(|id| *id >= m.start).unwrap_or(ids.len());
        let last = ids.iter().rposition(|id| *id <= m.end).map_or(0, |i| i + 1);
        self.log_server.jobs.insert(party.peer, Job::List { next, last });
    }

    pub(crate) fn on_log_data(&mut self, party: Party, m: &wire::LogRequestData) {
        if m.target_system == self.cfg.system {
            let job = Job::Data {
                id: m.id,
                offset: m.ofs,
                end: m.ofs.saturating_add(m.count),
            };
            self.log_server.jobs.insert(party.peer, job);
        }
    }

    pub(crate) fn on_log_end(&mut self, party: Party, m: &wire::LogRequestEnd) {
        if m.target_system == self.cfg.system {
            self.log_server.jobs.remove(&party.peer);
        }
    }

    pub(crate) fn on_log_erase(&mut self, m: &wire::LogErase) {
        if m.target_system == self.cfg.system && !self.pilot.armed {
            self.logbook.logs.clear();
            self.log_server.jobs.clear();
        }
    }

    pub(crate) fn logs_tick(&mut self) {
        let peers: Vec<u64> = self.log_server.jobs.keys().copied().collect();
        for peer in peers {
            if !self.net.peers.contains_key(&peer) {
                self.log_server.jobs.remove(&peer);
                continue;
            }
            for _ in 0..PER_TICK {
                let Some(job) = self.log_server.jobs.get(&peer).copied() else {
                    break;
                };
                match self.log_step(peer, job) {
                    Some(next) => self.log_server.jobs.insert(peer, next),
                    None => self.log_server.jobs.remove(&peer),
                };
            }
        }
    }

    fn log_step(&mut self, peer: u64, job: Job) -> Option<Job> {
        match job {
            Job::List { next, last } => {
                let logs = &self.logbook.logs;
                let log = logs.get(next).filter(|_| next < last)?;
                let m = wire::LogEntry {
                    time_utc: (log.begun.0 / 1_000_000) as u32,
                    size: log.bytes.len() as u32,
                    id: log.id,
                    num_logs: logs.len() as u16,
                    last_log_num: logs.back().map_or(0, |l| l.id),
                };
                self.send(peer, AUTOPILOT, &m);
                Some(Job::List { next: next + 1, last })
            }
            Job::Data { id, offset, end } => {
                let log = self.logbook.logs.iter().find(|l| l.id == id)?;
                let size = log.bytes.len() as u32;
                let from = offset.min(size);
                let to = from.saturating_add(CHUNK).min(size);
                let mut data = [0; CHUNK as usize];
                data[..(to - from) as usize].copy_from_slice(&log.bytes[from as usize..to as usize]);
                let m = wire::LogData {
                    ofs: from,
                    id,
                    count: (to - from) as u8,
                    data,
                };
                self.send(peer, AUTOPILOT, &m);
                // A message that is not full says that this was the end.
                let more = to - from == CHUNK && to < end;
                more.then_some(Job::Data { id, offset: to, end })
            }
        }
    }
}
