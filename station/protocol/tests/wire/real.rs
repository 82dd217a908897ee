//! Recorded flights of real autopilots, against what pymavlink made of them.

use sha2::{Digest, Sha256};
use vedette_model::Mono;
use vedette_protocol::codec::wire::{self, WireMessage};
use vedette_protocol::codec::{Header, OwnedFrame, StreamFramer, Verdict, parse_datagram, tlog};

/// Decodes and writes again every field; `None` for messages we do not live on.
fn again(id: u32, payload: &[u8]) -> Option<Vec<u8>> {
    macro_rules! each {
        ($($name:ident),* $(,)?) => {
            match id {
                $(wire::$name::ID => Some(wire::$name::from_payload(payload).to_payload()),)*
                _ => None,
            }
        };
    }
    each!(
        Heartbeat,
        SysStatus,
        SystemTime,
        ParamRequestRead,
        ParamRequestList,
        ParamValue,
        GpsRawInt,
        Attitude,
        GlobalPositionInt,
        MissionItemFloat,
        MissionRequest,
        MissionCurrent,
        MissionRequestList,
        MissionCount,
        MissionClearAll,
        MissionItemReached,
        MissionAck,
        MissionRequestInt,
        MissionItemInt,
        VfrHud,
        CommandInt,
        CommandLong,
        CommandAck,
        TimeSync,
        BatteryStatus,
        AutopilotVersion,
        Wind,
        WindCov,
        HomePosition,
        ExtendedSysState,
        StatusText,
        VideoStreamInformation,
        GimbalManagerInformation,
        GimbalDeviceAttitudeStatus,
    )
}

/// Bytes of a payload that pymavlink 2.4.50 knows, where newer fields were added since.
fn theirs(id: u32) -> usize {
    match id {
        wire::MissionCurrent::ID => 6,
        wire::MissionCount::ID => 5,
        wire::MissionAck::ID => 4,
        wire::TimeSync::ID => 16,
        _ => 255,
    }
}

#[derive(Default)]
struct Sum(Sha256, usize, usize);

impl Sum {
    fn add(&mut self, h: &Header, payload: &[u8]) {
        self.1 += 1;
        if let Some(values) = again(h.message_id, payload) {
            self.2 += 1;
            self.0.update(h.message_id.to_le_bytes());
            self.0.update([h.system, h.component, h.sequence]);
            self.0.update(&values[..values.len().min(theirs(h.message_id))]);
        }
    }
    fn end(self) -> (usize, usize, String) {
        let hex = self.0.finalize().iter().map(|b| format!("{b:02x}")).collect();
        (self.1, self.2, hex)
    }
}

/// File; messages in all; messages we live on; SHA-256 over id, system, component, sequence and
/// all decoded fields packed again, as pymavlink 2.4.50 gives them.
const PYMAVLINK: [(&str, usize, usize, &str); 2] = [
    (
        "arducopter-4.7dev-flight.tlog",
        14_184,
        6_061,
        "ea94af77718cbdb8ec52ddbf7082d6e2309edb2a7d90c349f1829eace415f72e",
    ),
    (
        "vtol.tlog",
        23_894,
        8_249,
        "bec502d6c262e7169357fed707c1a34103aebf0baa33f4930c64b95bbe0e22b2",
    ),
];

#[test]
fn recorded_flights_decode_as_pymavlink_decodes_them_however_they_are_cut() {
    let Some(dir) = std::env::var_os("VEDETTE_DATA") else {
        println!("left out: real recordings (set VEDETTE_DATA)");
        return;
    };
    for (name, all, ours, digest) in PYMAVLINK {
        let bytes = std::fs::read(std::path::Path::new(&dir).join("logs").join(name)).expect(name);
        let mut sum = Sum::default();
        let mut line = Vec::new();
        for (_, f) in tlog::read(&bytes) {
            sum.add(&f.header, f.payload);
            line.extend_from_slice(f.raw);
        }
        let (n, lived, hash) = sum.end();
        println!("{name}: {n} messages, {lived} of them we live on");
        assert_eq!((lived, hash.as_str()), (ours, digest), "{name}");
        // pymavlink does not know a few ids that we pass on, and the other way round.
        assert!(n.abs_diff(all) * 100 <= all, "{name}: {n} against {all}");
        for size in [1_usize, 3, 17, 64, 263, 1_400, 65_536] {
            let mut framer = StreamFramer::new(true);
            let mut sum = Sum::default();
            let mut take = |frames: Vec<OwnedFrame>| {
                for f in frames.iter().filter(|f| f.verdict != Verdict::BadCrc) {
                    let framed = parse_datagram(&f.raw).next().expect("whole");
                    sum.add(&framed.header, framed.payload);
                }
            };
            for piece in line.chunks(size) {
                take(framer.push(Mono(1), piece));
            }
            take(framer.finish());
            let (_, lived, hash) = sum.end();
            assert_eq!((lived, hash.as_str()), (ours, digest), "{name} in pieces of {size}");
        }
    }
}
