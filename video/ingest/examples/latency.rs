//! Sends a transport stream file over the loopback at its own speed, receives it with a recording channel, and prints
//! how old frames are when a consumer gets them and what the channel cost. A tool for measuring.
#![allow(clippy::print_stdout, reason = "a measuring tool prints")]
#![allow(clippy::disallowed_methods, reason = "a measuring tool reads the clock")]

use std::net::UdpSocket;
use std::sync::Arc;
use std::time::{Duration, Instant};
use vedette_ingest::{Channel, ChannelConfig, SourceSpec};
use vedette_klv::{TsEvent, TsReader};
use vedette_model::{CameraId, Mono};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: latency FILE.ts")?;
    let bytes = std::fs::read(path)?;
    let begun = Instant::now();
    let clock = move || Mono(begun.elapsed().as_micros() as i64);
    let session = std::env::temp_dir().join(format!("vedette-latency-{}", std::process::id()));
    let config = ChannelConfig::new(
        CameraId(1),
        SourceSpec::Udp("127.0.0.1:0".parse()?),
        Some(session.clone()),
    );
    let (channel, receivers) = Channel::start(config, Arc::new(clock), Arc::new(|_| {}), &[4])?;
    let target = channel.local_address().ok_or("no address")?;
    let sender = std::thread::Builder::new().spawn(move || -> std::io::Result<Vec<(u64, Mono)>> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.connect(target)?;
        let mut reader = TsReader::new();
        let mut first: Option<(u64, Mono)> = None;
        let mut sent = Vec::new();
        for datagram in bytes.chunks(7 * 188) {
            let mut done = Vec::new();
            for event in reader.push(datagram) {
                match event {
                    TsEvent::Pcr { pcr27m, .. } => {
                        let (pcr, start) = *first.get_or_insert((pcr27m, clock()));
                        let due = (pcr27m.saturating_sub(pcr) / 27) as i64 - clock().since(start);
                        std::thread::sleep(Duration::from_micros(due.clamp(0, 1_000_000) as u64));
                    }
                    TsEvent::VideoUnit { pts90k: Some(pts), .. } => done.push(pts),
                    _ => {}
                }
            }
            socket.send(datagram)?;
            sent.extend(done.into_iter().map(|pts| (pts, clock())));
        }
        Ok(sent)
    })?;
    let mut ages = Vec::new();
    let mut got = Vec::new();
    while let Some(frame) = receivers[0].recv_timeout(Duration::from_secs(2)) {
        ages.push(clock().since(frame.received));
        got.push((frame.pts90k, clock()));
    }
    let sent = sender.join().map_err(|_| "the sender failed")??;
    let mut through: Vec<i64> = got
        .iter()
        .filter_map(|(pts, at)| sent.iter().find(|s| s.0 == *pts).map(|s| at.since(s.1)))
        .collect();
    ages.sort_unstable();
    through.sort_unstable();
    let at = |v: &[i64], q: usize| v.get(v.len() * q / 100).copied().unwrap_or(0) as f64 / 1e3;
    println!("{} frames, {:?}", ages.len(), channel.stats());
    println!(
        "unit complete → consumer: p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms",
        at(&ages, 50),
        at(&ages, 95),
        at(&ages, 99)
    );
    println!(
        "last datagram sent → consumer: p50 {:.1} ms, p95 {:.1} ms",
        at(&through, 50),
        at(&through, 95)
    );
    channel.stop();
    std::fs::remove_dir_all(session)?;
    Ok(())
}
