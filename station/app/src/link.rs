//! `vedette link`: a MAVLink router without a console; `vedette keys`: aircraft's signing keys.
//!
//! Invariant: the router takes part in nothing and changes no byte; a key is never printed.

use std::io::BufRead;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use vedette_links::{Clock, Endpoint, KeyFile, Links, OpenOptions, Output, Relay, RelayLine, RunOptions};
use vedette_model::{LinkState, Report, SigningState};
use vedette_protocol::codec::sign::Key;
use vedette_protocol::route::Filter;
use vedette_protocol::signing::{LinkPolicy, Memory, Signing};
use vedette_protocol::{Gcs, GcsConfig, PeerReport};

use crate::cli::{KeysVerb, LinkArgs};
use crate::verbs::say;
use crate::{Outcome, Stop, keys, radio};

/// How long a key change may take, seconds.
const CHANGE_S: u64 = 40;

fn endpoints(given: &[String]) -> Result<Vec<Endpoint>, Stop> {
    given
        .iter()
        .map(|e| e.parse::<Endpoint>().map_err(|e| Stop::Usage(e.to_string())))
        .collect()
}

pub(crate) fn machine(e: impl std::fmt::Display) -> Stop {
    Stop::Machine(e.to_string())
}

pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Stop> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("links")
        .enable_all()
        .build()
        .map_err(machine)
}

/// The machine's clock, as links want it.
pub(crate) fn clock() -> Clock {
    vedette_links::system_clock()
}

/// `vedette link`.
pub(crate) fn link(a: &LinkArgs, json: bool) -> Outcome {
    let (aircraft, stations) = (endpoints(&a.endpoints)?, endpoints(&a.forward)?);
    let filter = Filter {
        only: a.only.iter().copied().collect(),
        never: a.never.iter().copied().collect(),
        read_only: a.read_only,
    };
    let runtime = runtime()?;
    let relay = runtime
        .block_on(Relay::open(&aircraft, &stations, &filter, &OpenOptions::default()))
        .map_err(machine)?;
    let stop = crate::flight::interrupted()?;
    let seconds = a.seconds.unwrap_or(f64::INFINITY);
    let mut tables = 0_u32;
    runtime.block_on(relay.run(
        clock(),
        async move {
            let mut passed = 0.0;
            while passed < seconds && !stop.load(std::sync::atomic::Ordering::Acquire) {
                tokio::time::sleep(Duration::from_millis(100)).await;
                passed += 0.1;
            }
        },
        |lines| {
            tables += 1;
            // A table every ten seconds is enough to read; every one for a program.
            if json || tables % 10 == 1 {
                for l in lines {
                    say_line(l, json);
                }
            }
        },
    ));
    Ok(())
}

fn say_line(l: &RelayLine, json: bool) {
    let c = l.counts;
    let state = match &l.state {
        LinkState::Up => "up".to_owned(),
        LinkState::Down(why) => format!("down: {why}"),
    };
    if json {
        say(&serde_json::json!({ "link": l.link, "endpoint": l.endpoint, "state": state, "stations": l.station, "came": c.came, "passed": c.passed, "again": c.again, "held": c.held, "unknown_target": c.unknown_target, "overflow": c.overflow, "kernel_drops": l.kernel_drops }).to_string());
    } else {
        say(&format!(
            "{} {:<28} {:<9} came {:>8} passed on {:>8} again {:>6} held {:>6} nobody there {:>5} dropped {:>5}  {state}",
            l.link,
            l.endpoint,
            if l.station { "stations" } else { "aircraft" },
            c.came,
            c.passed,
            c.again,
            c.held,
            c.unknown_target,
            c.overflow + l.kernel_drops
        ));
    }
}

/// One address with what came from it, by judgement, as JSON (`vedette inspect`).
pub(crate) fn say_peer(p: &PeerReport) {
    say(&serde_json::json!({
        "kind": "peer", "link": p.link, "peer": p.peer.to_string(), "valid": p.valid, "unknown_id": p.unknown_id,
        "bad_crc": p.bad_crc, "bad_signature": p.bad_signature, "replayed": p.replayed, "unsigned": p.unsigned,
        "old_version": p.old_version, "blocked": p.blocked, "duplicates": p.duplicates, "last_s": p.last.seconds(),
    })
    .to_string());
}

/// The same in words; only what there is.
pub(crate) fn peer_line(p: &PeerReport) -> String {
    let mut line = format!("{} {:<22} valid {}", p.link, p.peer.to_string(), p.valid);
    for (what, n) in [
        ("unknown id", p.unknown_id),
        ("wrong checksum", p.bad_crc),
        ("wrong signature", p.bad_signature),
        ("replayed", p.replayed),
        ("unsigned refused", p.unsigned),
        ("other version", p.old_version),
        ("again", p.duplicates),
    ] {
        if n > 0 {
            line.push_str(&format!(" · {what} {n}"));
        }
    }
    line
}

/// `vedette keys`.
pub(crate) fn keys(verb: &KeysVerb) -> Outcome {
    match verb {
        KeysVerb::List { root } => list(&file(root)?),
        KeysVerb::Set { root, system } => {
            let key = asked_key()?;
            let name = key.name();
            alter(&file(root)?, |s| s.set_key(*system, key))?;
            say(&format!("aircraft {system}: key {name}"));
            Ok(())
        }
        KeysVerb::Forget { root, system } => {
            alter(&file(root)?, |s| s.forget(*system))?;
            say(&format!("aircraft {system}: no key, believed unsigned"));
            Ok(())
        }
        KeysVerb::Give { root, system, endpoint } => give(&file(root)?, *system, endpoint),
    }
}

fn file(root: &Path) -> Result<KeyFile, Stop> {
    // A key kept in a folder made by a slip of the pen would lock the aircraft out.
    if !root.is_dir() {
        return Err(Stop::Usage(format!(
            "there is no session folder {}; make it, or name the one the station uses",
            root.display()
        )));
    }
    Ok(keys::aircraft(&root.join("keys"))?)
}

fn remembered(file: &KeyFile) -> Result<Memory, Stop> {
    Ok(file.load().map_err(|e| Stop::No(e.to_string()))?.unwrap_or_default())
}

fn list(file: &KeyFile) -> Outcome {
    let memory = remembered(file)?;
    for a in &memory.aircraft {
        let name = |k: Option<[u8; 32]>| k.map_or_else(|| "none".to_owned(), |k| Key::new(k).name());
        let offered = a.candidate.map_or_else(String::new, |k| {
            format!(", {} offered and not yet seen in use", Key::new(k).name())
        });
        say(&format!(
            "aircraft {}: key {}{offered}, {} streams heard",
            a.system,
            name(a.key),
            a.streams.len()
        ));
    }
    if memory.aircraft.is_empty() {
        say("no aircraft has a key");
    }
    Ok(())
}

fn alter(file: &KeyFile, change: impl FnOnce(&mut Signing)) -> Outcome {
    let memory = remembered(file)?;
    let mut signing = Signing::from_memory(&memory);
    change(&mut signing);
    let memory = signing.memory(memory.ended);
    file.save(&memory).map_err(|e| Stop::Machine(e.to_string()))
}

/// A passphrase from standard input, as other ground stations take it (its SHA-256 is the key), or
/// 64 hex digits.
fn asked_key() -> Result<Key, Stop> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(machine)?;
    let line = line.trim_end_matches(['\r', '\n']);
    if line.len() == 64
        && let Some(bytes) = (0..32)
            .map(|i| u8::from_str_radix(line.get(2 * i..2 * i + 2)?, 16).ok())
            .collect::<Option<Vec<u8>>>()
        && let Ok(bytes) = <[u8; 32]>::try_from(bytes)
    {
        return Ok(Key::new(bytes));
    }
    if line.len() < 8 {
        return Err(Stop::Usage(
            "give a passphrase of 8 characters or more, or 64 hex digits, on standard input".to_owned(),
        ));
    }
    Ok(Key::of_passphrase(line))
}

/// Gives the aircraft on a cable a new random key and waits until it uses it.
fn give(file: &KeyFile, system: u8, endpoint: &str) -> Outcome {
    let endpoint: Endpoint = endpoint
        .parse()
        .map_err(|e: vedette_links::EndpointError| Stop::Usage(e.to_string()))?;
    let key = Key::new(keys::random()?);
    let name = key.name();
    let runtime = runtime()?;
    let told = runtime.block_on(async {
        let links = Links::open(std::slice::from_ref(&endpoint), &OpenOptions::default())
            .await
            .map_err(machine)?;
        let cable = links.endpoints().keys().next().copied();
        let options = RunOptions {
            keys: Some(file.clone()),
            ..RunOptions::default()
        };
        let gcs = Gcs::new(GcsConfig::new(radio::SYSTEM_ID, radio::COMPONENT_ID));
        let station = Arc::new(vedette_links::run(gcs, links, clock(), options).map_err(machine)?);
        if let Some(cable) = cable {
            station.set_policy(cable, LinkPolicy::Open).map_err(machine)?;
        }
        let result = change(&station, system, key).await;
        if let Some(station) = Arc::into_inner(station) {
            station.stop().await;
        }
        result
    });
    told?;
    say(&format!("aircraft {system} uses key {name}"));
    Ok(())
}

async fn change(station: &vedette_links::Station, system: u8, key: Key) -> Outcome {
    let (mut begun, mut changing) = (false, false);
    let mut why = format!("no aircraft with system id {system} was heard");
    for _ in 0..CHANGE_S * 10 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        while let Ok(output) = station.outputs().try_recv() {
            let Output::Vehicle(e) = output else { continue };
            match e.report {
                Report::Signing(s) if begun => match s.state {
                    SigningState::Signed if changing && s.why.is_empty() => return Ok(()),
                    state => {
                        changing |= state == SigningState::Changing;
                        why = s.why;
                    }
                },
                Report::Text { text, .. } if begun => say(&text),
                _ => {}
            }
        }
        if !begun {
            match station.change_key(system, key.clone()).await {
                Ok(()) => begun = true,
                Err(e) => why = e.to_string(),
            }
        }
    }
    Err(Stop::No(why))
}

/// Opens links to other stations beside the flight.
pub(crate) fn beside(radio: &radio::Radio, forward: &[String], commands: bool) -> Result<()> {
    for text in forward {
        let endpoint: Endpoint = text.parse()?;
        radio
            .add(&endpoint, vedette_links::Role::Stations { commands })
            .with_context(|| format!("cannot forward to {text}"))?;
    }
    Ok(())
}
