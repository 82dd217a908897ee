//! Any datagrams through the router: what goes out is a piece of what came in, never back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_model::{LinkId, Mono};
use vedette_protocol::PeerAddr;
use vedette_protocol::route::{Router, Side};

fuzz_target!(|input: Vec<(u8, Vec<u8>)>| {
    let mut r = Router::new();
    for l in 0..4 {
        let side = if l < 2 { Side::Aircraft } else { Side::Station };
        r.link_up(Mono(1), LinkId(l), side, Some(PeerAddr::new("far")));
    }
    for (n, (link, bytes)) in (1_i64..).zip(input) {
        let link = LinkId(u32::from(link % 4));
        r.handle_datagram(Mono(n), link, &PeerAddr::new("far"), &bytes);
        while let Some(t) = r.poll_transmit() {
            assert_ne!(t.link, link);
            assert!(bytes.windows(t.bytes.len()).any(|w| w == t.bytes));
        }
    }
});
