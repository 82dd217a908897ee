//! Any bytes as metadata: never more sets than bytes, and what was read can be written honestly.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_klv::{UasDatalink, dump_bytes, parse_all};

fuzz_target!(|bytes: &[u8]| {
    let sets = parse_all(bytes);
    assert!(sets.iter().map(|(s, _)| s.length).sum::<usize>() <= bytes.len());
    for (set, _) in &sets {
        let v = UasDatalink::from_set(set);
        let again = parse_all(&v.encode());
        assert_eq!(again.len(), 1);
        assert!(again[0].0.verified());
    }
    assert!(dump_bytes(bytes).count() <= bytes.len() + 1);
});
