//! Any bytes, as a datagram, as a stream in two pieces and as a recording: every byte accounted for.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_model::Mono;
use vedette_protocol::codec::{OwnedFrame, StreamFramer, Verdict, parse_datagram, sign, tlog};

fuzz_target!(|input: (u16, Vec<u8>)| {
    let (cut, bytes) = input;
    let mut frames = parse_datagram(&bytes);
    let mut taken = 0;
    for f in frames.by_ref() {
        if f.verdict != Verdict::BadCrc {
            taken += f.raw.len();
        }
        let known = f.message().is_ok();
        let signed = sign::block(f.raw).is_some();
        std::hint::black_box((known, signed));
    }
    assert_eq!(taken + frames.junk_bytes(), bytes.len());
    let mut framer = StreamFramer::new(true);
    let (a, b) = bytes.split_at(usize::from(cut).min(bytes.len()));
    let mut pieces = framer.push(Mono(1), a);
    pieces.extend(framer.push(Mono(2), b));
    pieces.extend(framer.finish());
    let mut whole = StreamFramer::new(true);
    let mut all = whole.push(Mono(1), &bytes);
    all.extend(whole.finish());
    assert_eq!(pieces, all);
    let mut reader = tlog::read(&bytes);
    let records: Vec<(_, OwnedFrame)> = reader.by_ref().map(|(t, f)| (t, f.into())).collect();
    let mut stream = tlog::Stream::default();
    let mut played = stream.push(a, false);
    played.extend(stream.push(b, true));
    assert_eq!(played, records);
    assert_eq!(stream.skipped_bytes(), reader.skipped_bytes() as u64);
});
