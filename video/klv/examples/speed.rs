//! Reads a file many times and prints how fast metadata and transport are read; with `fuzz N`, flips bytes N times
//! first and counts what survives. A tool for measuring, not a part of the product.
#![allow(clippy::print_stdout, reason = "a measuring tool prints")]
#![allow(clippy::disallowed_methods, reason = "a measuring tool reads the clock")]

use vedette_klv::{TsEvent, TsReader, UasDatalink, dump_bytes, parse_all};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("usage: speed FILE [fuzz N]")?;
    let bytes = std::fs::read(path)?;
    let rounds = 1 + 200_000_000 / bytes.len().max(1);
    let begun = std::time::Instant::now();
    let mut events = 0;
    let mut sets: Vec<Vec<u8>> = Vec::new();
    for round in 0..rounds {
        let mut reader = TsReader::new();
        let mut all = reader.push(&bytes);
        all.extend(reader.finish());
        events += all.len();
        if round == 0 {
            sets.extend(all.into_iter().filter_map(|e| match e {
                TsEvent::Klv { bytes, .. } => Some(bytes),
                _ => None,
            }));
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "transport: {:.0} MB/s, {events} events",
        (rounds * bytes.len()) as f64 / seconds / 1e6
    );
    if !sets.is_empty() {
        let begun = std::time::Instant::now();
        let mut read = 0;
        for _ in 0..2_000 {
            for set in &sets {
                for (set, _) in parse_all(set) {
                    read += usize::from(UasDatalink::from_set(&set).verified);
                }
            }
        }
        println!(
            "metadata: {:.2} us a set, {read} verified",
            begun.elapsed().as_secs_f64() * 1e6 / read.max(1) as f64
        );
    }
    if arguments.next().as_deref() == Some("fuzz") {
        let count: u64 = arguments.next().ok_or("fuzz how often?")?.parse()?;
        // xorshift64: the same flips on every machine.
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as usize
        };
        let (mut verified, mut unverified) = (0_u64, 0_u64);
        for i in 0..count {
            let mut set = sets[next() % sets.len()].clone();
            for _ in 0..1 + next() % 4 {
                let at = next() % set.len();
                set[at] = next() as u8;
            }
            if next() % 4 == 0 {
                set.truncate(next() % set.len());
            }
            for (set, _) in parse_all(&set) {
                let value = UasDatalink::from_set(&set);
                if value.verified {
                    verified += 1
                } else {
                    unverified += 1
                }
                if i % 16 == 0 {
                    let again = value.encode();
                    unverified += u64::from(!parse_all(&again)[0].0.verified());
                }
            }
            if i % 1_000 == 0 {
                let mut stream = bytes.clone();
                for _ in 0..200 {
                    let at = next() % stream.len();
                    stream[at] = next() as u8;
                }
                verified += dump_bytes(&stream).filter(|l| l["verified"] == true).count() as u64;
            }
        }
        println!("fuzz: {count} damaged sets, {verified} verified, {unverified} unverified, no panic");
    }
    Ok(())
}
