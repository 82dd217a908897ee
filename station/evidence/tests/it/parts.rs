//! The parts against published vectors and random input: canonical JSON, tree hashes, chains.

use proptest::prelude::*;
use serde_json::{Value, json};
use vedette_evidence::chain::{self, ChainWriter, check_chain, split_lines};
use vedette_evidence::hash::{hex, parse_hex, sha256};
use vedette_evidence::identity::{Identity, IdentityPem};
use vedette_evidence::{jcs, merkle};

#[test]
fn canonical_json_matches_rfc_8785() {
    // RFC 8785 §3.2.2-3.2.4 sample.
    let input = r#"{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
        "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#;
    let v: Value = serde_json::from_str(input).unwrap();
    assert_eq!(
        jcs::canonical(&v).unwrap(),
        "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\
         \"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}"
    );
    // RFC 8785 appendix B, and §3.2.3 key order by UTF-16 units.
    for (bits, text) in [
        (0x0000000000000000u64, "0"),
        (0x8000000000000000, "0"),
        (0x0000000000000001, "5e-324"),
        (0x7fefffffffffffff, "1.7976931348623157e+308"),
        (0x4340000000000000, "9007199254740992"),
        (0x44b52d02c7e14af5, "9.999999999999997e+22"),
        (0x44b52d02c7e14af6, "1e+23"),
        (0x444b1ae4d6e2ef50, "1e+21"),
        (0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"),
        (0x3eb0c6f7a0b5ed8d, "0.000001"),
        (0x41b3de4355555555, "333333333.3333333"),
        (0xbecbf647612f3696, "-0.0000033333333333333333"),
    ] {
        assert_eq!(jcs::canonical(&json!(f64::from_bits(bits))).unwrap(), text);
    }
    let keys = json!({"\u{20ac}": 1, "\r": 2, "\u{fb33}": 3, "1": 4, "\u{1f600}": 5, "\u{80}": 6, "\u{f6}": 7});
    assert_eq!(
        jcs::canonical(&keys).unwrap(),
        "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"\u{f6}\":7,\"\u{20ac}\":1,\"\u{1f600}\":5,\"\u{fb33}\":3}"
    );
}

#[test]
fn numbers_that_would_be_rounded_are_refused() {
    assert!(jcs::canonical(&json!(9_007_199_254_740_993i64)).is_err());
    assert!(jcs::canonical(&json!(u64::MAX)).is_err());
    assert!(jcs::parse_strict("{\"a\":1,\"a\":1}").is_err(), "doubled key");
    assert!(jcs::parse_strict("{\"a\": 1}").is_err(), "space");
}

#[test]
fn tree_matches_the_certificate_transparency_vectors() {
    // RFC 6962 reference values (certificate-transparency: merkletree tests), leaves as hex.
    let leaves = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let bytes = |h: &str| -> Vec<u8> {
        (0..h.len())
            .step_by(2)
            .map(|i| u8::from_str_radix(&h[i..i + 2], 16).unwrap())
            .collect()
    };
    let hashes: Vec<_> = leaves
        .iter()
        .map(|l| sha256(&[&[0u8], bytes(l).as_slice()].concat()))
        .collect();
    for (n, root) in roots.iter().enumerate() {
        assert_eq!(hex(&merkle::root(&hashes[..=n])), *root, "{} leaves", n + 1);
    }
    assert_eq!(hex(&merkle::root(&[])), hex(&sha256(b"")));
    assert_eq!(merkle::leaf_hash(""), hashes[0]);
}

#[test]
fn chain_names_the_first_bad_line() {
    let mut w = ChainWriter::new();
    let text: String = (0..5).map(|i| w.push(&json!({"n": i})).unwrap()).collect();
    let lines = split_lines(text.as_bytes()).unwrap();
    let summary = check_chain(lines.iter().copied()).unwrap();
    assert_eq!(
        (summary.first_seq, summary.lines, summary.last_hash.as_str()),
        (0, 5, hex(&w.head()).as_str())
    );
    let broken = |order: &[usize]| check_chain(order.iter().map(|i| lines[*i])).unwrap_err();
    assert_eq!(broken(&[0, 1, 3, 4]).line, 3);
    assert_eq!(broken(&[0, 2, 1, 3]).line, 2);
    assert_eq!(broken(&[0, 1, 1, 2]).line, 3);
    let altered = text.replace("\"n\":1", "\"n\":9");
    let e = check_chain(split_lines(altered.as_bytes()).unwrap()).unwrap_err();
    assert_eq!(e.line, 3);
    assert!(e.reason.contains("line 2"), "{e}");
    assert!(check_chain(lines[2..].iter().copied()).is_ok(), "an excerpt");
    assert_eq!(split_lines(&text.as_bytes()[..text.len() - 3]).unwrap_err().line, 5);
}

#[test]
fn chain_refuses_bodies_that_would_lie_about_their_place() {
    assert!(chain::line(&chain::GENESIS, 0, &json!({"seq": 3})).is_err());
    assert!(chain::line(&chain::GENESIS, 0, &json!({"prev": "x"})).is_err());
    assert!(chain::line(&chain::GENESIS, 0, &json!([1])).is_err());
    let (empty, _) = chain::line(&chain::GENESIS, 0, &json!({})).unwrap();
    assert!(check_chain([empty.as_bytes()]).is_ok());
}

#[test]
fn identity_survives_its_text_and_refuses_a_foreign_key() {
    let a = IdentityPem::generate(&[1; 32], "Agency", "post-7", 1_700_000_000).unwrap();
    let b = IdentityPem::generate(&[2; 32], "Agency", "post-7", 1_700_000_000).unwrap();
    assert!(Identity::from_pem(&a.station_key, &a.station_cert, &a.ca_cert).is_ok());
    assert!(Identity::from_pem(&b.station_key, &a.station_cert, &a.ca_cert).is_err());
    assert!(Identity::from_pem(&a.station_key, &a.station_cert, &b.ca_cert).is_err());
    for name in ["", " x", "a,CN=b", "a\nb", "a=b", "ü"] {
        assert!(
            IdentityPem::generate(&[1; 32], name, "post-7", 1_700_000_000).is_err(),
            "{name:?}"
        );
    }
}

proptest! {
    #[test]
    fn any_chain_of_records_checks_and_any_changed_byte_breaks_it(
        texts in prop::collection::vec("[^\\x00]{0,30}", 1..12), at in any::<prop::sample::Index>()
    ) {
        let mut w = ChainWriter::new();
        let text: String = texts.iter().map(|t| w.push(&json!({"t": t})).unwrap()).collect();
        let good = check_chain(split_lines(text.as_bytes()).unwrap()).unwrap();
        let mut bytes = text.into_bytes();
        let i = at.index(bytes.len());
        bytes[i] ^= 1;
        let changed = split_lines(&bytes).ok().and_then(|l| check_chain(l).ok());
        prop_assert_ne!(changed, Some(good));
    }

    #[test]
    fn canonical_text_is_its_own_canonical_text(x in any::<f64>(), s in any::<String>(), i in -(1i64 << 53)..(1i64 << 53)) {
        prop_assume!(x.is_finite() && !(9.007e15..1e21).contains(&x.abs()));
        let text = jcs::canonical(&json!({"x": x, (s.clone()): [s, i]})).unwrap();
        prop_assert!(jcs::parse_strict(&text).is_ok(), "{}", text);
    }

    #[test]
    fn readers_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _checked = split_lines(&bytes).map(|l| check_chain(l).is_ok());
        let _manifest = vedette_evidence::manifest::Manifest::parse(&bytes).is_ok();
        let _list = vedette_evidence::manifest::parse_hash_list(&bytes).is_ok();
        prop_assert!(parse_hex(&hex(&sha256(&bytes))).is_some());
    }
}
