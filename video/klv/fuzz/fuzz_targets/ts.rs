//! Any bytes as a transport stream: the same events in any chunks, no more bytes out than in, and an
//! export that does not fall over.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_klv::{ExportOptions, TsEvent, TsReader, check_bytes, export_ts};

fuzz_target!(|bytes: &[u8]| {
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
    assert!(given <= bytes.len());
    drop(export_ts(bytes, &ExportOptions::default()));
    drop(check_bytes(bytes));
});
