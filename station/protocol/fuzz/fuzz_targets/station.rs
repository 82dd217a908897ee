//! Any datagrams at any pace to a station that knows an aircraft with a key: no panic, no overflow
//! unaccounted, nothing sent to an address that was never heard.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_model::{LinkId, Mono, Utc};
use vedette_protocol::codec::sign::Key;
use vedette_protocol::codec::{Sender, wire};
use vedette_protocol::{Gcs, GcsConfig, PeerAddr};

fuzz_target!(|input: Vec<(u8, u8, u16, u32, Vec<u8>)>| {
    let mut gcs = Gcs::new(GcsConfig {
        log: true,
        ..GcsConfig::new(253, 190)
    });
    gcs.set_key(2, Key::new([1; 32]));
    let beat = Sender::new(1, 1).encode_wire(&wire::Heartbeat {
        kind: 2,
        autopilot: 3,
        ..Default::default()
    });
    let mut now = Mono(1);
    gcs.handle_datagram(now, Utc(now.0), LinkId(1), &PeerAddr::new("0"), &beat);
    let mut senders = [
        Sender::new(1, 1),
        Sender::new(2, 1),
        Sender::new(255, 190),
        Sender::new(1, 100),
    ];
    for (link, who, wait, id, payload) in input.into_iter().take(200) {
        now = now.plus_ms(i64::from(wait));
        let peer = PeerAddr::new(&(who % 4).to_string());
        let bytes = if who < 128 {
            senders[usize::from(who % 4)].encode_payload(id % 12_000, &payload)
        } else {
            payload
        };
        gcs.handle_datagram(now, Utc(now.0), LinkId(u32::from(link % 3)), &peer, &bytes);
        gcs.handle_timeout(now);
        while let Some(t) = gcs.poll_transmit() {
            assert!(["0", "1", "2", "3"].contains(&t.peer.to_string().as_str()));
        }
        while gcs.poll_event().is_some() || gcs.poll_log().is_some() {}
    }
});
