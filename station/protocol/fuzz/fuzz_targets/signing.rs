//! Any order of signed, forged and repeated frames over three links, with restarts between: what was
//! let in makes itself and everything older of its stream unacceptable.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use vedette_model::{LinkId, Mono, Utc};
use vedette_protocol::codec::sign::{self, Key, Stamp};
use vedette_protocol::codec::{EncodeHeader, encode_wire, parse_datagram, wire};
use vedette_protocol::signing::{Signing, Trust};

fuzz_target!(|input: Vec<(u8, u8, u8, u16)>| {
    let key = Key::new([9; 32]);
    let mut s = Signing::default();
    s.set_key(1, key.clone());
    let base = Utc(1_790_000_000_000_000);
    let mut newest: BTreeMap<u8, u64> = BTreeMap::new();
    for (what, link, channel, n) in input.into_iter().take(300) {
        if what == 255 {
            s = Signing::from_memory(&s.memory(n % 2 == 0));
            continue;
        }
        let header = EncodeHeader {
            system: 1,
            component: 1,
            sequence: n.to_le_bytes()[0],
        };
        let stamp = Stamp(Stamp::of_utc(base).0 + u64::from(n));
        let mut bytes = sign::sign(&encode_wire(header, &wire::Heartbeat::default()), &key, channel % 3, stamp);
        if what > 200 {
            let at = usize::from(n) % bytes.len();
            bytes[at] ^= 1 << (what % 8);
        }
        let Some(f) = parse_datagram(&bytes).next() else { continue };
        // A bit of the system id makes it somebody else's, who has no key: claimed, not proven.
        if matches!(s.judge(Mono(1), base, LinkId(u32::from(link % 3)), &f), Ok(Trust::Proven)) {
            assert!(what <= 200, "a changed frame is believed");
            let last = newest.insert(channel % 3, stamp.0);
            assert!(last.is_none_or(|l| l < stamp.0), "believed twice, or older than what was");
        }
    }
});
