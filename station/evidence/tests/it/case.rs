//! A small complete case to tamper with: two video segments that ffprobe opens, a journal, an operator's log, a chip, a tree.

use serde_json::json;
use std::collections::BTreeMap;
use vedette_evidence::bundle::BundleBuilder;
use vedette_evidence::chain::ChainWriter;
use vedette_evidence::hash::{hex, sha256};
use vedette_evidence::identity::{Identity, IdentityPem};
use vedette_evidence::manifest::{ClockState, FileKind, Gap, JournalRange, Meta, ModelUsed, Span};
use vedette_evidence::merkle::{SignedHead, TreeLog, journal_leaf, leaf};

/// A bundle in memory.
pub(crate) type Bundle = BTreeMap<String, Vec<u8>>;

/// 2026-06-01 12:00:00 UTC, µs.
pub(crate) const T0: i64 = 1_780_315_200_000_000;

/// Texts of the identity made from `seed`.
pub(crate) fn pem(seed: u8) -> IdentityPem {
    IdentityPem::generate(&[seed; 32], "Customs Agency", "post-7", 1_767_225_600).unwrap()
}

/// The identity made from `seed`.
pub(crate) fn identity(seed: u8) -> Identity {
    let p = pem(seed);
    Identity::from_pem(&p.station_key, &p.station_cert, &p.ca_cert).unwrap()
}

/// Facts of a case.
pub(crate) fn meta(case_id: &str) -> Meta {
    Meta {
        case_id: case_id.into(),
        station: "post-7".into(),
        software: "vedette 0.1.0".into(),
        models: vec![ModelUsed {
            name: "hot-spot 1".into(),
            sha256: hex(&sha256(b"model")),
        }],
        operator: "J. \"Jo\" Müller".into(),
        sealed_utc_us: T0 + 60_000_000,
        span: Span {
            from_utc_us: T0,
            to_utc_us: T0 + 20_000_000,
        },
        clock: ClockState {
            source: "ntp".into(),
            offset_us: Some(-1200),
            sigma_us: Some(800),
            steps: 0,
        },
        gaps: vec![Gap {
            span: Span {
                from_utc_us: T0 + 9_000_000,
                to_utc_us: T0 + 9_400_000,
            },
            what: "video/ch1".into(),
            reason: "link loss".into(),
        }],
        journal: None,
    }
}

/// A builder with all payload, before sealing; `salt` makes cases differ.
pub(crate) fn builder(case_id: &str, salt: u8, signer: &Identity) -> BundleBuilder {
    let segments = [segment(salt), segment(salt + 1), segment(salt + 2)];
    let mut chain = ChainWriter::resume(sha256(&[salt]), 4000);
    let mut journal = String::new();
    let mut log = TreeLog::default();
    let mut heads = Vec::new();
    for (i, bytes) in segments.iter().enumerate() {
        let first = chain.next_seq();
        for k in 0..4 {
            let utc = T0 + (i as i64 * 4 + k) * 2_500_000;
            journal += &chain
                .push(&json!({"t_utc": utc, "t_mono": utc - T0, "what": format!("input {k} «salt {salt}»")}))
                .unwrap();
        }
        log.append(leaf(&format!("video/ch1/seg-{:06}.ts", i + 1), &sha256(bytes)));
        log.append(journal_leaf(
            "journal.jsonl",
            first,
            chain.next_seq() - 1,
            &chain.head(),
        ));
        let head = log.head("post-7", T0 + (i as i64 + 1) * 10_000_000);
        heads.push(SignedHead::sign(&head, signer).unwrap());
    }
    let mut m = meta(case_id);
    m.journal = Some(JournalRange {
        first_seq: 4000,
        last_seq: chain.next_seq() - 1,
        head_sha256: hex(&chain.head()),
    });
    let mut b = BundleBuilder::new(m);
    let mut operator = ChainWriter::new();
    let mut lines = String::new();
    for act in ["looked", "confirmed", "sealed"] {
        lines += &operator.push(&json!({"act": act, "by": "jm"})).unwrap();
    }
    b.add("journal.jsonl", journal.into_bytes(), FileKind::Original, None)
        .unwrap();
    b.add("operator.jsonl", lines.into_bytes(), FileKind::Original, None)
        .unwrap();
    b.add(
        "chips/track 12.jpg",
        vec![0xff, 0xd8, salt, 0xff, 0xd9],
        FileKind::Derived,
        None,
    )
    .unwrap();
    for (i, bytes) in segments.iter().take(2).enumerate() {
        let from = T0 + i as i64 * 10_000_000;
        let span = Span {
            from_utc_us: from,
            to_utc_us: from + 10_000_000,
        };
        let name = format!("video/ch1/seg-{:06}.ts", i + 1);
        b.add_hashed(
            &name,
            &sha256(bytes),
            bytes.len() as u64,
            FileKind::Original,
            Some(span),
        )
        .unwrap();
    }
    b.tree(log.leaves().to_vec(), heads).unwrap();
    b
}

/// The sealed case, every file present.
pub(crate) fn sealed(case_id: &str, salt: u8, seed: u8) -> Bundle {
    let signer = identity(seed);
    let mut bundle: Bundle = builder(case_id, salt, &signer)
        .seal(&signer)
        .unwrap()
        .into_iter()
        .collect();
    for i in 0..2u8 {
        bundle.insert(format!("video/ch1/seg-{:06}.ts", i + 1), segment(salt + i));
    }
    bundle
}

/// A transport stream of PAT, PMT and one H.264 access unit per salt, enough for ffprobe to name a video stream.
pub(crate) fn segment(salt: u8) -> Vec<u8> {
    let mut out = Vec::new();
    let section = |pid: u16, body: &[u8]| -> Vec<u8> {
        let mut s = body.to_vec();
        s.extend(crc32_mpeg(body).to_be_bytes());
        let mut p = vec![0x47, 0x40 | (pid >> 8) as u8, pid as u8, 0x10, 0];
        p.extend(s);
        p.resize(188, 0xff);
        p
    };
    out.extend(section(0, &[0, 0xb0, 13, 0, 1, 0xc1, 0, 0, 0, 1, 0xf0, 0]));
    out.extend(section(
        0x1000,
        &[2, 0xb0, 18, 0, 1, 0xc1, 0, 0, 0xe1, 0, 0xf0, 0, 0x1b, 0xe1, 0, 0xf0, 0],
    ));
    // 16x16 baseline: SPS, PPS, then an IDR slice header; the picture itself does not matter here.
    let mut pes = vec![0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5, 0x21, 0, 1, 0, 1];
    pes.extend([0, 0, 0, 1, 0x09, 0x10]);
    pes.extend([
        0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x0a, 0xdd, 0xec, 0x04, 0x40, 0, 0, 3, 0, 0x40, 0, 0, 3, 0, 3, 0xc4, 0x89, 0xe0,
    ]);
    pes.extend([0, 0, 0, 1, 0x68, 0xce, 0x0f, 0x2c, 0x80]);
    pes.extend([0, 0, 0, 1, 0x65, 0x88, 0x84, salt, 0x0a, 0xf2, 0x62, 0x80]);
    for k in 0..20u8 {
        let stuffing = 188 - 4 - 2 - pes.len();
        let mut p = vec![0x47, 0x41, 0, 0x30 | (k & 15), stuffing as u8 + 1, 0];
        p.resize(6 + stuffing, 0xff);
        p.extend(&pes);
        out.extend(p);
    }
    out
}

fn crc32_mpeg(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0xffff_ffff, |crc, b| {
        (0..8).fold(crc ^ (u32::from(*b) << 24), |c, _| {
            if c & 0x8000_0000 == 0 {
                c << 1
            } else {
                (c << 1) ^ 0x04c1_1db7
            }
        })
    })
}
