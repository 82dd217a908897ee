//! The console's window on a moment of the first watch, without a station behind it: for looking
//! at panels while working on them. `SECONDS=20` closes it by itself through the stop flag.

#![allow(clippy::unwrap_used, reason = "a tool for people who work on panels")]

#[path = "../../panels/tests/demo/mod.rs"]
mod demo;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use vedette_console::{ConsoleConfig, Feeds, run_window};
use vedette_panels::feeds::{VideoSlots, ViewSlot, intents};

fn main() {
    let (tx, rx) = intents(64);
    let (view, video, stop) = (
        ViewSlot::default(),
        VideoSlots::default(),
        Arc::new(AtomicBool::new(false)),
    );
    let moment = demo::view();
    let seconds: Option<u64> = std::env::var("SECONDS").ok().and_then(|s| s.parse().ok());
    let feeds = Feeds {
        view: view.clone(),
        video: video.clone(),
        wire: vedette_panels::feeds::WireFeed::default(),
        intents: tx,
        terrain: Arc::clone(&demo::base().world.terrain),
        pictures: Vec::new(),
        review: None,
        exercise: None,
        instructor: None,
        desk: None,
        stop: Arc::clone(&stop),
    };
    // The moment again ten times a second, a little later each time.
    let flag = Arc::clone(&stop);
    let teller = std::thread::Builder::new().name("moment".into()).spawn(move || {
        let mut n = 0_i64;
        while !flag.load(Ordering::Relaxed) {
            let mut v = moment.clone();
            v.utc = v.utc.plus_us(n * 100_000);
            v.now = v.now.plus_ms(n * 100);
            v.seq += n.unsigned_abs();
            for c in v.cameras.values_mut() {
                c.captured = Some(v.utc.plus_us(-240_000));
                video.put(Arc::new(demo::frame(c.id, c.pose.clone(), v.utc.plus_us(-240_000))));
            }
            view.put(Arc::new(v));
            for (_, intent, _) in rx.try_iter() {
                eprintln!("intent: {intent:?}");
            }
            if seconds.is_some_and(|s| n.unsigned_abs() >= s * 10) {
                flag.store(true, Ordering::Relaxed);
            }
            n += 1;
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    let teller = teller.unwrap();
    match run_window(&ConsoleConfig::new("Vedette", demo::operator()), feeds) {
        Ok(why) => eprintln!("ended: {why:?}"),
        Err(e) => {
            eprintln!("{e}");
            std::process::exit(3);
        }
    }
    teller.join().ok();
}
