//! An aircraft that answers file requests, the parameter file among them, with any bytes: nothing but
//! whole files leaves the station, within its caps.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_model::{CommandId, LinkId, Mono, Request, RequestBody, Retry, Utc, VehicleId};
use vedette_protocol::codec::wire::{self, WireMessage};
use vedette_protocol::codec::{Sender, parse_datagram};
use vedette_protocol::{Gcs, GcsConfig, PeerAddr};

fuzz_target!(|input: (u8, Vec<u8>, Vec<(u8, u8, u32, Vec<u8>)>)| {
    // An honest server of these bytes for a while, so that packs are reached; then anything.
    let (honest, file, mut answers) = input;
    let mut gcs = Gcs::new(GcsConfig::new(253, 190));
    let (mut sender, peer) = (Sender::new(1, 1), PeerAddr::new("a"));
    gcs.link_up(Mono(0), LinkId(1), "fuzz", None);
    let mut served = 0_u8;
    for k in 0..200_i64 {
        let now = Mono(k * 50_000);
        let mut frames = Vec::new();
        if k % 20 == 0 {
            frames.push(sender.encode_wire(&wire::Heartbeat {
                kind: 2,
                autopilot: 3,
                base_mode: 81,
                ..Default::default()
            }));
            frames.push(sender.encode_wire(&wire::AutopilotVersion {
                capabilities: 0x20,
                uid: 7,
                ..Default::default()
            }));
        }
        if k == 60 {
            for (id, body) in [
                (1, RequestBody::ListFiles { path: "/".into() }),
                (2, RequestBody::ReadFile { path: "/x".into() }),
            ] {
                let request = Request {
                    id: CommandId(id),
                    vehicle: VehicleId(1),
                    uid: 0,
                    body,
                    retry: Retry::UntilAck,
                    expires: now.plus_ms(60_000),
                };
                gcs.submit(now, request);
            }
        }
        gcs.handle_timeout(now);
        while let Some(t) = gcs.poll_transmit() {
            for f in parse_datagram(&t.bytes).filter(|f| f.header.message_id == 110) {
                let asked = wire::FileTransferProtocol::from_payload(f.payload).payload.0;
                let mut p = [0_u8; 251];
                let seq = u16::from_le_bytes([asked[0], asked[1]]).wrapping_add(1);
                p[..2].copy_from_slice(&seq.to_le_bytes());
                (p[2], p[3], p[5]) = (1, 128, asked[3]);
                p[8..12].copy_from_slice(&asked[8..12]);
                if served < honest {
                    served += 1;
                    let at = u32::from_le_bytes([asked[8], asked[9], asked[10], asked[11]]) as usize;
                    let data = match asked[3] {
                        4 => &[0; 4][..],
                        _ => file.get(at..(at + 200).min(file.len())).unwrap_or(&[]),
                    };
                    if data.is_empty() {
                        (p[3], p[4], p[12]) = (129, 1, 6);
                    } else {
                        p[4] = data.len() as u8;
                        p[12..12 + data.len()].copy_from_slice(data);
                    }
                } else if let Some((code, size, offset, data)) = answers.pop() {
                    (p[3], p[4]) = (128 + code % 3, size);
                    p[8..12].copy_from_slice(&offset.to_le_bytes());
                    let n = data.len().min(239);
                    p[12..12 + n].copy_from_slice(&data[..n]);
                }
                frames.push(sender.encode_wire(&wire::FileTransferProtocol {
                    target_network: 0,
                    target_system: 253,
                    target_component: 190,
                    payload: wire::Array(p),
                }));
            }
        }
        for f in frames {
            gcs.handle_datagram(now, Utc(now.0), LinkId(1), &peer, &f);
        }
        while gcs.poll_event().is_some() {}
        while let Some(piece) = gcs.poll_file() {
            assert!(piece.bytes.len() <= 16 << 20);
            assert!(!piece.name.contains(['/', '\\']) && !piece.name.trim_matches('.').is_empty());
        }
    }
});
