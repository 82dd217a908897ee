//! Mutated packets, streams and pictures: a kept corpus of honest ones, damaged in thousands of ways.
//!
//! `VEDETTE_FUZZ=1000000 cargo test -p vedette-klv hostile` runs each target that many times; by default a few
//! thousand. A failing input is printed as hexadecimal with its seed, to be kept in `corpus()`.

use std::panic::catch_unwind;
use vedette_klv::sei::{insert_misp_time, read_misp_time};
use vedette_klv::{
    SecuritySet, TsEvent, TsReader, TsWriter, TsWriterConfig, UasDatalink, VideoCodec, check_bytes, dump_bytes, encode,
    export_ts, parse_all,
};

/// Xorshift (Marsaglia 2003).
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }
}

fn value(i: u64) -> UasDatalink {
    UasDatalink {
        time_us: Some(1_700_000_000_000_000 + 40_000 * i),
        mission_id: Some("FUZZ".into()),
        platform_tail: Some("T-1".into()),
        sensor_lat_deg: Some(42.0 + i as f64 * 1e-4),
        sensor_lon_deg: Some(1.5),
        sensor_hae_m: Some(1200.0),
        platform_heading_deg: Some(359.9),
        platform_pitch_deg: Some(-3.0),
        platform_roll_deg: Some(55.0),
        hfov_deg: Some(20.0),
        vfov_deg: Some(15.0),
        rel_azimuth_deg: Some(10.0),
        rel_elevation_deg: Some(-40.0),
        rel_roll_deg: Some(0.0),
        corners: [Some((42.0, 1.5)); 4],
        security: Some(SecuritySet::unclassified("AND")),
        ..UasDatalink::default()
    }
}

fn unit(i: u64) -> Vec<u8> {
    let mut out = vec![0, 0, 0, 1, if i == 0 { 0x65 } else { 0x41 }];
    out.extend((0..300 + 40 * i).map(|k| (k * 7 % 251 + 1) as u8));
    out
}

fn honest_stream() -> Vec<u8> {
    let mut writer = TsWriter::new(TsWriterConfig::default());
    let mut out = Vec::new();
    for i in 0..6 {
        let picture = insert_misp_time(VideoCodec::H264, &unit(i), value(i).time_us.unwrap(), true);
        out.extend(writer.video(90_000 + 3_600 * i, None, i == 0, &picture));
        out.extend(writer.klv(90_000 + 3_600 * i, &encode(&value(i))));
    }
    out
}

fn corpus(target: &str) -> Vec<Vec<u8>> {
    match target {
        "klv" => vec![
            encode(&value(0)),
            [encode(&value(1)), vec![0; 9], encode(&value(2))].concat(),
            // An EG 0104 universal key with a length that lies.
            [
                &[
                    0x06, 0x0e, 0x2b, 0x34, 0x02, 0x01, 0x01, 0x01, 0x0e, 0x01, 0x01, 0x02, 0x01, 0x01, 0, 0, 0x84,
                ][..],
                &[0xff; 12],
            ]
            .concat(),
        ],
        "sei" => vec![
            insert_misp_time(VideoCodec::H264, &unit(0), 1_700_000_000_000_000, true),
            insert_misp_time(
                VideoCodec::H265,
                &[&[0, 0, 0, 1, 0x26, 1][..], &unit(1)].concat(),
                1_700_000_000_000_000,
                false,
            ),
            unit(2),
        ],
        _ => vec![honest_stream()],
    }
}

/// The kept corpus of the fuzz targets is what these tests begin from: `VEDETTE_SEEDS=1` writes it anew.
#[test]
fn the_fuzz_targets_begin_from_honest_inputs() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    for target in ["klv", "ts", "sei"] {
        for (i, bytes) in corpus(target).iter().enumerate() {
            let file = folder.join(target).join(format!("honest-{i}"));
            if std::env::var_os("VEDETTE_SEEDS").is_some() {
                std::fs::write(&file, bytes).expect("written");
            }
            let kept = std::fs::read(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
            assert_eq!(&kept, bytes, "{}", file.display());
        }
    }
}

fn mutate(bytes: &mut Vec<u8>, other: &[u8], dice: &mut Dice) {
    for _ in 0..=dice.below(6) {
        if bytes.is_empty() {
            bytes.push(dice.below(256) as u8);
        }
        let at = dice.below(bytes.len());
        match dice.below(8) {
            0 => bytes[at] ^= 1 << dice.below(8),
            1 => bytes[at] = [0x00, 0x01, 0x7f, 0x80, 0x83, 0x84, 0xfe, 0xff][dice.below(8)],
            2 => bytes[at] = dice.below(256) as u8,
            3 => bytes.truncate(at),
            4 => {
                let end = (at + dice.below(200)).min(bytes.len());
                bytes.drain(at..end);
            }
            5 => {
                let end = (at + dice.below(200)).min(bytes.len());
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            6 => {
                let from = dice.below(other.len());
                let end = (from + dice.below(200)).min(other.len());
                bytes.splice(at..at, other[from..end].iter().copied());
            }
            _ => {
                // Whole numbers at their ends, where lengths are.
                let n = [0u32, 1, 0x7fff, 0xffff, 0x7fff_ffff, u32::MAX][dice.below(6)].to_be_bytes();
                for (slot, b) in bytes[at..].iter_mut().zip(n) {
                    *slot = b;
                }
            }
        }
    }
}

fn storm(target: &str, seed: u64, check: impl Fn(&[u8]) + std::panic::RefUnwindSafe) {
    let runs: u64 = std::env::var("VEDETTE_FUZZ")
        .ok()
        .and_then(|v| v.parse().ok())
        .unwrap_or(3_000);
    let corpus = corpus(target);
    let mut dice = Dice(seed);
    for run in 0..runs {
        let mut bytes = corpus[dice.below(corpus.len())].clone();
        let other = &corpus[dice.below(corpus.len())];
        mutate(&mut bytes, other, &mut dice);
        let kept = bytes.clone();
        if catch_unwind(|| check(&kept)).is_err() {
            let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
            panic!("{target}, seed {seed}, run {run}: {hex}");
        }
    }
    eprintln!("{target}: {runs} damaged inputs");
}

#[test]
fn hostile_metadata_is_read_as_far_as_it_goes() {
    storm("klv", 11, |bytes| {
        let sets = parse_all(bytes);
        let told: usize = sets.iter().map(|(s, _)| s.length).sum();
        assert!(told <= bytes.len(), "sets longer than what they came in");
        for (set, _) in &sets {
            let v = UasDatalink::from_set(set);
            assert!(
                v.sensor_lat_deg.is_none_or(|l| l.abs() <= 90.0001),
                "{:?}",
                v.sensor_lat_deg
            );
            // What was read can be written and is then honest.
            let again = parse_all(&v.encode());
            assert_eq!(again.len(), 1);
            assert!(again[0].0.verified());
        }
        assert!(dump_bytes(bytes).count() <= bytes.len() + 1);
    });
}

#[test]
fn hostile_streams_give_the_same_events_in_any_chunks_and_can_be_exported() {
    storm("ts", 12, |bytes| {
        let events = |chunk: usize| {
            let mut r = TsReader::new();
            let mut out: Vec<TsEvent> = bytes.chunks(chunk).flat_map(|c| r.push(c)).collect();
            out.extend(r.finish());
            out
        };
        let whole = events(bytes.len().max(1));
        assert_eq!(whole, events(61));
        let given: usize = whole
            .iter()
            .map(|e| match e {
                TsEvent::VideoUnit { bytes, .. } | TsEvent::Klv { bytes, .. } => bytes.len(),
                _ => 0,
            })
            .sum();
        assert!(given <= bytes.len(), "more came out than went in");
        drop(export_ts(bytes, &vedette_klv::ExportOptions::default()));
        drop(check_bytes(bytes));
    });
}

#[test]
fn hostile_pictures_keep_their_bytes_behind_the_time_stamp() {
    storm("sei", 13, |bytes| {
        for codec in [VideoCodec::H264, VideoCodec::H265, VideoCodec::Mpeg2] {
            assert!(read_misp_time(codec, bytes).is_none_or(|t| t.time_us < u64::MAX));
            let with = insert_misp_time(codec, bytes, 1_700_000_000_000_000, false);
            assert!(with.len() >= bytes.len());
            let mut rest = with.iter();
            assert!(bytes.iter().all(|b| rest.any(|w| w == b)), "a byte was lost");
        }
    });
}
