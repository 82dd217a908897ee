//! Every way of tampering is found, and the finding names the right file with a reason that helps.

use crate::case::{Bundle, builder, identity, pem, sealed, segment};
use vedette_evidence::hash::{hex, sha256};
use vedette_evidence::manifest::{hash_list, parse_hash_list};
use vedette_evidence::seal;
use vedette_evidence::verify::{Report, verify};

fn reasons(r: &Report, file: &str) -> String {
    let of_file: Vec<&str> = r
        .findings
        .iter()
        .filter(|f| f.file == file)
        .map(|f| f.reason.as_str())
        .collect();
    of_file.join(" | ")
}

#[track_caller]
fn names(bundle: &Bundle, file: &str, says: &str) {
    let r = verify(bundle, None);
    assert!(!r.intact, "not found: {file}");
    assert!(r.verdict().starts_with("BROKEN: "), "{}", r.verdict());
    let found = reasons(&r, file);
    assert!(
        found.contains(says),
        "{file}: wanted \"{says}\", found {:?}",
        r.findings
    );
}

#[test]
fn untouched_bundle_is_intact_and_says_who_signed() {
    let r = verify(&sealed("case-2026-000123", 1, 7), None);
    assert_eq!(r.findings, []);
    assert_eq!(r.verdict(), "INTACT");
    assert_eq!(r.case_id.as_deref(), Some("case-2026-000123"));
    assert!(r.signed_by.unwrap().contains("post-7"));
    assert!(!r.authority_given);
    assert!(
        r.notes
            .iter()
            .any(|n| n.contains("2 of the session's 6 leaves") || n.contains("1 of the session's 6")),
        "{:?}",
        r.notes
    );
}

#[test]
fn one_flipped_byte_in_any_file_names_that_file() {
    let good = sealed("case-1", 1, 7);
    for (name, bytes) in &good {
        for at in [0, bytes.len() / 3, bytes.len() / 2, bytes.len() - 1] {
            let mut b = good.clone();
            b.get_mut(name).unwrap()[at] ^= 1 << (at % 8);
            let r = verify(&b, None);
            assert!(
                r.findings.iter().any(|f| &f.file == name),
                "{name} byte {at}: {:?}",
                r.findings
            );
        }
    }
}

#[test]
fn every_byte_of_the_signature_file_counts() {
    let signer = identity(7);
    let plain = vedette_evidence::bundle::BundleBuilder::new(crate::case::meta("case-1"));
    let good: Bundle = plain.seal(&signer).unwrap().into_iter().collect();
    assert!(verify(&good, None).intact);
    for at in 0..good["manifest.p7s"].len() {
        let mut b = good.clone();
        b.get_mut("manifest.p7s").unwrap()[at] ^= 1 << (at % 8);
        assert_eq!(verify(&b, None).findings[0].file, "manifest.p7s", "byte {at}");
    }
}

#[test]
fn dropped_segment_is_missing() {
    let mut b = sealed("case-1", 1, 7);
    b.remove("video/ch1/seg-000002.ts");
    names(&b, "video/ch1/seg-000002.ts", "is missing");
}

#[test]
fn swapped_segments_are_both_named() {
    let mut b = sealed("case-1", 1, 7);
    b.insert("video/ch1/seg-000001.ts".into(), segment(2));
    b.insert("video/ch1/seg-000002.ts".into(), segment(1));
    names(&b, "video/ch1/seg-000001.ts", "was altered");
    names(&b, "video/ch1/seg-000002.ts", "was altered");
}

#[test]
fn removed_last_journal_line_is_said_so() {
    let mut b = sealed("case-1", 1, 7);
    let journal = b.get_mut("journal.jsonl").unwrap();
    journal.pop();
    let cut = journal.iter().rposition(|c| *c == b'\n').unwrap() + 1;
    journal.truncate(cut);
    names(
        &b,
        "journal.jsonl",
        "11 lines, the manifest says 12: the end was cut off",
    );
}

#[test]
fn swapped_manifests_of_two_cases_name_what_differs() {
    let (mut a, other) = (sealed("case-a", 1, 7), sealed("case-b", 50, 7));
    a.insert("manifest.json".into(), other["manifest.json"].clone());
    names(&a, "manifest.json", "was altered");
    for f in ["manifest.sha256", "manifest.p7s"] {
        a.insert(f.into(), other[f].clone());
    }
    names(&a, "journal.jsonl", "was altered");
    names(&a, "video/ch1/seg-000001.ts", "was altered");
}

#[test]
fn signature_by_another_key_is_refused() {
    let mut b = sealed("case-1", 1, 7);
    let forged = seal::sign(&identity(8), &b["manifest.sha256"], 1_780_315_260).unwrap();
    b.insert("manifest.p7s".into(), forged);
    names(&b, "manifest.p7s", "another station");
}

#[test]
fn forger_who_also_swaps_the_station_certificate_is_refused() {
    let mut b = sealed("case-1", 1, 7);
    let forger = pem(8);
    b.insert("station.pem".into(), forger.station_cert.into_bytes());
    let mut files = parse_hash_list(&b["manifest.sha256"]).unwrap();
    files.insert("station.pem".into(), sha256(&b["station.pem"]));
    b.insert("manifest.sha256".into(), hash_list(&files).into_bytes());
    let forged = seal::sign(&identity(8), &b["manifest.sha256"], 1_780_315_260).unwrap();
    b.insert("manifest.p7s".into(), forged);
    names(&b, "manifest.p7s", "authority");
}

#[test]
fn bundle_remade_as_a_whole_is_refused_under_the_agencys_certificate() {
    let b = sealed("case-1", 1, 8);
    assert!(verify(&b, None).intact, "in itself it is consistent");
    let r = verify(&b, Some(pem(7).ca_cert.as_bytes()));
    assert!(reasons(&r, "manifest.p7s").contains("authority"), "{:?}", r.findings);
    assert!(r.authority_given);
    assert!(verify(&sealed("case-1", 1, 7), Some(pem(7).ca_cert.as_bytes())).intact);
}

#[test]
fn clock_rolled_back_between_heads_is_named_unless_declared() {
    use vedette_evidence::merkle::{SignedHead, TreeLog, leaf};
    let signer = identity(7);
    let build = |steps: u64| -> Bundle {
        let mut m = crate::case::meta("case-1");
        m.clock.steps = steps;
        let mut log = TreeLog::default();
        let mut heads = Vec::new();
        for (i, utc) in [20_000_000, 10_000_000].into_iter().enumerate() {
            log.append(leaf(&format!("video/ch1/seg-{i}.ts"), &sha256(&[i as u8])));
            heads.push(SignedHead::sign(&log.head("post-7", crate::case::T0 + utc), &signer).unwrap());
        }
        let mut b = vedette_evidence::bundle::BundleBuilder::new(m);
        b.tree(log.leaves().to_vec(), heads).unwrap();
        b.seal(&signer).unwrap().into_iter().collect()
    };
    names(&build(0), "heads/000002.json", "signed before the head before it");
    assert!(verify(&build(1), None).intact);
}

#[test]
fn extra_file_is_named() {
    let mut b = sealed("case-1", 1, 7);
    b.insert("video/ch1/seg-000009.ts".into(), segment(9));
    names(&b, "video/ch1/seg-000009.ts", "added after sealing");
}

#[test]
fn truncated_segment_is_said_to_be_cut_short() {
    let mut b = sealed("case-1", 1, 7);
    b.get_mut("video/ch1/seg-000002.ts").unwrap().truncate(188 * 9 + 40);
    names(&b, "video/ch1/seg-000002.ts", "cut short");
}

#[test]
fn station_that_rewrites_its_own_past_contradicts_its_heads() {
    // The station's own key, a changed segment, everything consistent but the heads signed while recording.
    let signer = identity(7);
    let mut b = sealed("case-1", 1, 7);
    let name = "video/ch1/seg-000001.ts";
    let text = String::from_utf8(b["manifest.json"].clone()).unwrap();
    let new = segment(99);
    let text = text.replace(&hex(&sha256(&b[name])), &hex(&sha256(&new)));
    let mut files = parse_hash_list(&b["manifest.sha256"]).unwrap();
    files.insert(name.into(), sha256(&new));
    files.insert("manifest.json".into(), sha256(text.as_bytes()));
    b.insert(name.into(), new);
    b.insert("manifest.json".into(), text.into_bytes());
    b.insert("manifest.sha256".into(), hash_list(&files).into_bytes());
    b.insert(
        "manifest.p7s".into(),
        seal::sign(&signer, &b["manifest.sha256"], 1_780_315_260).unwrap(),
    );
    names(&b, "heads/000001.json", "leaves were changed");
}

#[test]
fn same_input_gives_the_same_bytes() {
    assert_eq!(sealed("case-1", 1, 7), sealed("case-1", 1, 7));
}

#[test]
fn builder_refuses_what_could_not_be_verified() {
    use vedette_evidence::manifest::FileKind::Original;
    let signer = identity(7);
    let mut b = builder("case-1", 1, &signer);
    for name in ["../x", "/x", "a//b", "a/./b", "a\nb", "-x", "a\\b", "", "C:x"] {
        assert!(b.add(name, vec![], Original, None).is_err(), "{name:?}");
    }
    for name in ["manifest.json", "readme.TXT", "Journal.jsonl", "heads/000009.json"] {
        assert!(b.add(name, vec![], Original, None).is_err(), "{name}");
    }
    let e = b
        .add("alerts.jsonl", b"{\"a\":1}\n".to_vec(), Original, None)
        .unwrap_err();
    assert!(e.to_string().contains("alerts.jsonl"), "{e}");
}
