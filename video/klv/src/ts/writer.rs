//! The transport stream writer: H.264 or H.265 access units and KLV into whole packets, as MISB ST 1402 asks.
//! Invariant: every call returns whole packets; tables stand before every random access point and at least each
//! 100 ms of stream time, and so does the clock.

use super::psi::{write_pat, write_pmt};
use super::{PACKET, PTS_WRAP, SYNC, VideoCodec, pts_delta};
use crate::sei;

/// Most 90 kHz ticks between two clock values or two table repeats: 100 ms minus a little.
const REPEAT: i64 = 8_100;

/// PIDs and carriage of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TsWriterConfig {
    /// Program number.
    pub program: u16,
    /// PID of the program map.
    pub pmt_pid: u16,
    /// PID of the video, which also carries the clock.
    pub video_pid: u16,
    /// Whether there is a metadata stream; without one a receiver need not wait for what belongs to a picture.
    pub klv: bool,
    /// PID of the metadata.
    pub klv_pid: u16,
    /// Codec of the video.
    pub codec: VideoCodec,
    /// True for synchronous carriage (stream_type 0x15 with PTS), false for asynchronous (0x06, no PTS).
    pub klv_sync: bool,
    /// How far the clock runs before the decoding time, 90 kHz ticks: the receiver's buffer.
    pub clock_lead: u64,
}

impl Default for TsWriterConfig {
    fn default() -> Self {
        TsWriterConfig {
            program: 1,
            pmt_pid: 0x1000,
            video_pid: 0x100,
            klv: true,
            klv_pid: 0x1f1,
            codec: VideoCodec::H264,
            klv_sync: true,
            clock_lead: 18_000,
        }
    }
}

/// Muxer of one video and one metadata stream.
#[derive(Debug)]
pub struct TsWriter {
    config: TsWriterConfig,
    counters: [u8; 4],
    cell_sequence: u8,
    last_clock: Option<u64>,
    last_tables: Option<u64>,
}

const PAT: usize = 0;
const PMT: usize = 1;
const VIDEO: usize = 2;
const KLV: usize = 3;

impl TsWriter {
    /// A writer at the stream's start.
    pub fn new(config: TsWriterConfig) -> Self {
        TsWriter {
            config,
            counters: [0; 4],
            cell_sequence: 0,
            last_clock: None,
            last_tables: None,
        }
    }

    /// Packets of one access unit (Annex-B). Times are 90 kHz and wrap at 33 bits; `dts90k` only when it differs from
    /// `pts90k`. An access unit delimiter is put in front when there is none. Put KLV of the same frame after it.
    pub fn video(&mut self, pts90k: u64, dts90k: Option<u64>, keyframe: bool, annex_b: &[u8]) -> Vec<u8> {
        let pts = pts90k % PTS_WRAP;
        let dts = dts90k.map(|d| d % PTS_WRAP).filter(|d| *d != pts);
        let clock = self.clock_at(dts.unwrap_or(pts));
        let mut out = Vec::new();
        self.fill_clock(clock, &mut out);
        self.tables(clock, keyframe, &mut out);
        let delimiter: &[u8] = if sei::has_delimiter(self.config.codec, annex_b) {
            &[]
        } else {
            match self.config.codec {
                VideoCodec::H264 => &[0, 0, 0, 1, 0x09, 0xf0],
                VideoCodec::H265 => &[0, 0, 0, 1, 0x46, 0x01, 0x50],
                VideoCodec::Mpeg2 => &[],
            }
        };
        let mut pes = vec![0, 0, 1, 0xe0, 0, 0, 0x84];
        if let Some(dts) = dts {
            pes.extend_from_slice(&[0xc0, 10]);
            pes.extend_from_slice(&time_bytes(3, pts));
            pes.extend_from_slice(&time_bytes(1, dts));
        } else {
            pes.extend_from_slice(&[0x80, 5]);
            pes.extend_from_slice(&time_bytes(2, pts));
        }
        pes.extend_from_slice(delimiter);
        pes.extend_from_slice(annex_b);
        if let Ok(length) = u16::try_from(pes.len() - 6) {
            pes[4..6].copy_from_slice(&length.to_be_bytes());
        }
        self.last_clock = Some(clock);
        self.packets(VIDEO, self.config.video_pid, Some(clock), keyframe, &pes, &mut out);
        out
    }

    /// Packets of one KLV set. `pts90k` is the PTS of the frame it describes; asynchronous carriage does not write it.
    /// A set longer than 65,000 bytes is refused with an empty result, as one cell cannot hold it; so is any set where the
    /// stream was made without metadata.
    pub fn klv(&mut self, pts90k: u64, klv: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        if !self.config.klv || klv.is_empty() || klv.len() > 65_000 {
            return out;
        }
        let pts = pts90k % PTS_WRAP;
        let clock = self.clock_at(pts);
        self.fill_clock(clock, &mut out);
        self.tables(clock, false, &mut out);
        let pes = if self.config.klv_sync {
            let mut pes = vec![0, 0, 1, 0xfc, 0, 0, 0x84, 0x80, 5];
            pes.extend_from_slice(&time_bytes(2, pts));
            // Cell header: service 0, sequence, whole unit + random access + reserved bits, length.
            pes.extend_from_slice(&[0, self.cell_sequence, 0xdf]);
            pes.extend_from_slice(&(klv.len() as u16).to_be_bytes());
            self.cell_sequence = self.cell_sequence.wrapping_add(1);
            pes.extend_from_slice(klv);
            pes
        } else {
            let mut pes = vec![0, 0, 1, 0xbd, 0, 0, 0x84, 0x00, 0];
            pes.extend_from_slice(klv);
            pes
        };
        let mut pes = pes;
        let length = (pes.len() - 6) as u16;
        pes[4..6].copy_from_slice(&length.to_be_bytes());
        self.packets(KLV, self.config.klv_pid, None, false, &pes, &mut out);
        out
    }

    fn clock_at(&self, time: u64) -> u64 {
        (time + PTS_WRAP - self.config.clock_lead % PTS_WRAP) % PTS_WRAP
    }

    /// Clock-only packets, and tables with them, when the stream time went on for more than 100 ms without a clock.
    fn fill_clock(&mut self, clock: u64, out: &mut Vec<u8>) {
        let Some(mut last) = self.last_clock else {
            return;
        };
        // A pause of more than five seconds is a jump, not a gap to fill.
        if pts_delta(clock, last) > 450_000 {
            return;
        }
        while pts_delta(clock, last) > 9_000 {
            last = (last + REPEAT as u64) % PTS_WRAP;
            let mut packet = vec![SYNC];
            packet.extend_from_slice(&self.config.video_pid.to_be_bytes());
            packet.push(0x20 | (self.counters[VIDEO].wrapping_sub(1) & 0x0f));
            packet.extend_from_slice(&[183, 0x10]);
            packet.extend_from_slice(&clock_bytes(last));
            packet.resize(PACKET, 0xff);
            out.extend(packet);
            self.last_clock = Some(last);
            self.tables(last, false, out);
        }
    }

    fn tables(&mut self, clock: u64, force: bool, out: &mut Vec<u8>) {
        let due = self
            .last_tables
            .is_none_or(|last| !(0..REPEAT).contains(&pts_delta(clock, last)));
        if !(force || due) {
            return;
        }
        self.last_tables = Some(clock);
        let c = self.config;
        let mut section = vec![0];
        section.extend(write_pat(1, c.program, c.pmt_pid));
        self.packet_of_table(PAT, 0, section, out);
        let video_type = match c.codec {
            VideoCodec::H264 => 0x1b,
            VideoCodec::H265 => 0x24,
            VideoCodec::Mpeg2 => 0x02,
        };
        let registration: &[u8] = b"\x05\x04KLVA";
        // metadata_descriptor and metadata_std_descriptor of ST 1402 appendix. The 512-byte transport buffer
        // (ISO/IEC 13818-1, 2.12.10) is emptied at the input leak rate, here 25,000 x 400 bit/s: sets of several
        // packets follow each other as fast as the pictures' packets do.
        let metadata: &[u8] = b"\x26\x09\x01\x00\xffKLVA\x00\x0f\x27\x09\xc0\x61\xa8\xc3\x0d\x40\xc0\x00\x00";
        let klv = if c.klv_sync {
            (0x15, c.klv_pid, metadata)
        } else {
            (0x06, c.klv_pid, registration)
        };
        let mut section = vec![0];
        let both: [(u8, u16, &[u8]); 2] = [(video_type, c.video_pid, &[]), klv];
        section.extend(write_pmt(
            c.program,
            c.video_pid,
            if c.klv { &both } else { &both[..1] },
        ));
        self.packet_of_table(PMT, c.pmt_pid, section, out);
    }

    fn packet_of_table(&mut self, slot: usize, pid: u16, section: Vec<u8>, out: &mut Vec<u8>) {
        let mut packet = vec![SYNC];
        packet.extend_from_slice(&(0x4000 | pid).to_be_bytes());
        packet.push(0x10 | self.counters[slot]);
        self.counters[slot] = (self.counters[slot] + 1) & 0x0f;
        packet.extend(section);
        packet.resize(PACKET, 0xff);
        out.extend(packet);
    }

    fn packets(
        &mut self,
        slot: usize,
        pid: u16,
        clock: Option<u64>,
        random_access: bool,
        pes: &[u8],
        out: &mut Vec<u8>,
    ) {
        let mut rest = pes;
        let mut first = true;
        while !rest.is_empty() {
            let mut adaptation: Vec<u8> = Vec::new();
            if first && (clock.is_some() || random_access) {
                let flags = if random_access { 0x40 } else { 0 } | if clock.is_some() { 0x10 } else { 0 };
                adaptation.push(flags);
                if let Some(clock) = clock {
                    adaptation.extend_from_slice(&clock_bytes(clock));
                }
            }
            let mut field = if adaptation.is_empty() { 0 } else { 1 + adaptation.len() };
            let room = PACKET - 4 - field;
            let take = rest.len().min(room);
            if take < room {
                // Fill up with stuffing: a length byte alone, or flags and 0xFF.
                let stuffing = room - take;
                if field == 0 {
                    if stuffing > 1 {
                        adaptation.push(0);
                    }
                    field = 1;
                    adaptation.resize(stuffing - 1, 0xff);
                } else {
                    adaptation.resize(adaptation.len() + stuffing, 0xff);
                }
            }
            out.push(SYNC);
            out.extend_from_slice(&(pid | if first { 0x4000 } else { 0 }).to_be_bytes());
            out.push(self.counters[slot] | if field == 0 { 0x10 } else { 0x30 });
            self.counters[slot] = (self.counters[slot] + 1) & 0x0f;
            if field > 0 {
                out.push(adaptation.len() as u8);
                out.extend(adaptation);
            }
            out.extend_from_slice(&rest[..take]);
            rest = &rest[take..];
            first = false;
        }
    }
}

fn time_bytes(prefix: u8, t: u64) -> [u8; 5] {
    [
        prefix << 4 | ((t >> 30) as u8 & 7) << 1 | 1,
        (t >> 22) as u8,
        ((t >> 15) as u8) << 1 | 1,
        (t >> 7) as u8,
        (t as u8) << 1 | 1,
    ]
}

fn clock_bytes(base: u64) -> [u8; 6] {
    [
        (base >> 25) as u8,
        (base >> 17) as u8,
        (base >> 9) as u8,
        (base >> 1) as u8,
        ((base & 1) as u8) << 7 | 0x7e,
        0,
    ]
}
