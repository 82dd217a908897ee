//! The whole console without a display: rendered on any Vulkan driver, driven by names, one order
//! given by holding. Without a driver the test says so aloud and passes.
//!
//! With `VEDETTE_SHOTS` set to a folder it also writes pictures there, for people to look at.

#![allow(clippy::unwrap_used, reason = "tests")]
#![allow(
    clippy::disallowed_methods,
    reason = "frame times are printed for people, never asserted"
)]

#[path = "../../panels/tests/demo/mod.rs"]
mod demo;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Receiver;
use std::time::Instant;

use vedette_console::{ConsoleConfig, ConsoleError, Feeds, Headless, Mode};
use vedette_model::{CameraId, Decision, Intent, Order, VehicleId};
use vedette_panels::Workspace;
use vedette_panels::feeds::{ReviewFeeds, SentIntent, Slot, VideoSlots, ViewSlot, intents};

fn feeds() -> (Feeds, Receiver<SentIntent>) {
    let (tx, rx) = intents(16);
    let view = ViewSlot::default();
    let v = demo::view();
    let video = VideoSlots::default();
    for c in [11, 12, 21, 22] {
        let cam = &v.cameras[&CameraId(c)];
        assert!(video.put(Arc::new(demo::frame(cam.id, cam.pose.clone(), cam.captured.unwrap()))));
    }
    view.put(Arc::new(v));
    let feeds = Feeds {
        view,
        video,
        wire: vedette_panels::feeds::WireFeed::default(),
        intents: tx,
        terrain: Arc::clone(&demo::base().world.terrain),
        pictures: Vec::new(),
        review: None,
        exercise: None,
        instructor: None,
        desk: None,
        stop: Arc::new(AtomicBool::new(false)),
    };
    (feeds, rx)
}

fn config(size: (u32, u32)) -> ConsoleConfig {
    let mut c = ConsoleConfig::new("Vedette", demo::operator());
    c.size = size;
    c
}

fn open(cfg: &ConsoleConfig, feeds: Feeds) -> Option<Headless> {
    match Headless::new(cfg, feeds) {
        Ok(h) => Some(h),
        Err(ConsoleError::NoVulkan { why }) => {
            eprintln!("LEFT OUT: no Vulkan driver here ({why}); the console was not rendered");
            None
        }
        Err(e) => panic!("{e}"),
    }
}

/// Pictures nobody asked for are not worth their seconds.
fn shot_for_people(h: &mut Headless, name: &str) {
    if std::env::var_os("VEDETTE_SHOTS").is_some() {
        shot(h, name);
    }
}

fn shot(h: &mut Headless, name: &str) -> (u32, u32) {
    let pic = h.screenshot().unwrap();
    assert_eq!(pic.rgba.len() as u64, u64::from(pic.width) * u64::from(pic.height) * 4);
    let first = &pic.rgba[..4];
    assert!(
        pic.rgba.chunks_exact(4).any(|p| p != first),
        "the picture is one colour"
    );
    if let Some(dir) = std::env::var_os("VEDETTE_SHOTS") {
        let path = PathBuf::from(dir).join(format!("{name}.png"));
        let file = std::fs::File::create(path).unwrap();
        let mut e = png::Encoder::new(file, pic.width, pic.height);
        e.set_color(png::ColorType::Rgba);
        e.set_depth(png::BitDepth::Eight);
        let opaque: Vec<u8> = pic.rgba.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2], 255]).collect();
        e.write_header().unwrap().write_image_data(&opaque).unwrap();
    }
    (pic.width, pic.height)
}

/// The desk over the same moment: truth, score and faults beside the mirrored console.
fn the_desk() {
    use vedette_panels::feeds::DeskFeeds;
    for (size, name) in [((1920, 1080), "desk"), ((1280, 720), "desk-720")] {
        let (mut feeds, rx) = feeds();
        let (acts, asked) = std::sync::mpsc::sync_channel(16);
        let model = Slot::default();
        model.put(Arc::new(demo::desk_model(&demo::view())));
        feeds.instructor = Some(DeskFeeds { model, acts });
        let cfg = ConsoleConfig {
            mode: Mode::Desk,
            ..config(size)
        };
        let Some(mut h) = open(&cfg, feeds) else { return };
        h.steps(8);
        assert_eq!(shot(&mut h, name), size);
        h.press_label("Inject into CU-02").unwrap();
        h.press_label("Fault Wind gust").unwrap();
        h.press_label("Inject into CU-02: Wind gust").unwrap();
        let acts: Vec<_> = asked.try_iter().collect();
        assert!(
            matches!(&acts[..], [vedette_panels::train::DeskAct::Inject { key, system: Some(2), .. }] if key == "wind"),
            "{acts:?}"
        );
        assert!(rx.try_recv().is_err(), "the station heard nothing of it");
        let labels = h.labels();
        assert!(labels.iter().any(|l| l.starts_with("Score so far 78")), "{labels:?}");
    }
}

/// A PMTiles file of green fields and brown tracks around the section, zooms 11 to 14.
fn fields() -> PathBuf {
    use vedette_atlas::{TileKind, build_pmtiles, tile_at};
    let v = demo::view();
    let mut tiles = std::collections::BTreeMap::new();
    for z in 11..=14_u8 {
        let at = v.section.iter().map(|p| tile_at(z, *p));
        let (mut lo, mut hi) = ((u32::MAX, u32::MAX), (0, 0));
        for (x, y, _) in at {
            lo = (lo.0.min(x), lo.1.min(y));
            hi = (hi.0.max(x), hi.1.max(y));
        }
        let more = 1 << (z - 11);
        for x in lo.0 - more..=hi.0 + more {
            for y in lo.1 - more..=hi.1 + more {
                let mut raw = Vec::new();
                for row in 0..256_u32 {
                    for column in 0..256_u32 {
                        let track = (row + column / 2) % 128 < 6;
                        let patch =
                            u8::try_from((x * 37 + y * 91 + (row / 64) * 17 + (column / 64) * 29) % 60).unwrap();
                        raw.extend(if track {
                            [190, 160, 110]
                        } else {
                            [60, 130 + patch, 50 + patch / 2]
                        });
                    }
                }
                let mut png = Vec::new();
                let mut e = png::Encoder::new(&mut png, 256, 256);
                e.set_color(png::ColorType::Rgb);
                e.write_header().unwrap().write_image_data(&raw).unwrap();
                tiles.insert((z, x, y), png);
            }
        }
    }
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("fields.pmtiles");
    std::fs::write(
        &path,
        build_pmtiles(TileKind::Png, &tiles, "Pictures <b>drawn</b> by a test &copy; nobody").unwrap(),
    )
    .unwrap();
    path
}

/// Map pictures lie under the map, and one press takes them away.
fn map_pictures() {
    let (mut feeds, _rx) = feeds();
    feeds.pictures = vec![fields()];
    let Some(mut h) = open(&config((1920, 1080)), feeds) else {
        return;
    };
    let green = |h: &mut Headless| {
        let pic = h.screenshot().unwrap();
        let green = |p: &&[u8]| p[1] > p[0].saturating_add(12) && p[1] > p[2].saturating_add(12);
        pic.rgba.chunks_exact(4).filter(green).count()
    };
    h.steps(6);
    let with = green(&mut h);
    shot_for_people(&mut h, "fly-imagery");
    h.press_label("Map pictures under the map").unwrap();
    h.steps(3);
    let without = green(&mut h);
    assert!(
        with > 200_000 && without < with / 10,
        "{with} green pixels with pictures, {without} without"
    );
    h.press_label("Map pictures under the map").unwrap();
    h.local().workspace = Workspace::Plan;
    h.steps(6);
    shot_for_people(&mut h, "plan-imagery");
}

/// One test, because one process has one renderer: start-up dominates.
#[test]
fn an_operator_confirms_and_orders_without_a_display() {
    let began = Instant::now();
    let (feeds, rx) = feeds();
    let Some(mut h) = open(&config((1920, 1080)), feeds) else {
        return;
    };
    eprintln!("first frames after {:.1} s", began.elapsed().as_secs_f64());
    assert_eq!(shot(&mut h, "fly"), (1920, 1080));

    // Orders are sentences: the bar names order, aircraft and consequence.
    h.hold_label("Hold to RETURN · CU-01 Isard", 900).unwrap();
    assert!(rx.try_recv().is_err(), "released early: nothing was ordered");
    h.hold_label("Hold to RETURN · CU-01 Isard", 1800).unwrap();
    let (who, intent, _) = rx.try_recv().unwrap();
    assert_eq!(who, demo::operator());
    assert_eq!(
        intent,
        Intent::Command {
            vehicle: VehicleId(1),
            order: Order::Return,
            held: true
        }
    );
    h.press_label("Confirm A-002").unwrap();
    let decided: Vec<Intent> = rx.try_iter().map(|s| s.1).collect();
    assert!(
        decided.iter().any(|i| matches!(
            i,
            Intent::Decide {
                decision: Decision::Confirm,
                ..
            }
        )),
        "{decided:?}"
    );

    // A clean map is not drawn again; frames of the panels cost nothing but panels.
    h.steps(10);
    let (before, _) = h.counters();
    let t = Instant::now();
    h.steps(20);
    eprintln!(
        "panels and video, clean map: {:.1} ms per frame",
        t.elapsed().as_secs_f64() * 50.0
    );
    assert_eq!(h.counters().0, before, "nothing changed, so the land was not drawn");
    let t = Instant::now();
    for _ in 0..10 {
        h.local().map.azimuth_deg += 1.0;
        h.step();
    }
    eprintln!(
        "with the land drawn: {:.1} ms per frame",
        t.elapsed().as_secs_f64() * 100.0
    );
    assert!(h.counters().0 > before, "the camera moved, so the land was drawn");
    h.local().map.azimuth_deg = 0.0;
    h.local().map.tilt_deg = 55.0;
    shot_for_people(&mut h, "fly-tilted");
    h.local().map.tilt_deg = 0.0;
    h.key(egui::Key::N, egui::Modifiers::CTRL | egui::Modifiers::SHIFT, 33);
    shot_for_people(&mut h, "fly-night");
    h.key(egui::Key::N, egui::Modifiers::CTRL | egui::Modifiers::SHIFT, 33);
    for (w, name) in [
        (Workspace::Plan, "plan"),
        (Workspace::Inspect, "inspect"),
        (Workspace::Review, "incidents"),
        (Workspace::Train, "train"),
    ] {
        h.local().workspace = w;
        shot_for_people(&mut h, name);
    }
    h.local().workspace = Workspace::Plan;
    h.steps(2);
    for (page, add, name) in [
        ("Page Stretches", "Add a stretch", "plan-stretches"),
        ("Page Winds", "Add a height", "plan-winds"),
    ] {
        h.press_label(page).unwrap();
        h.press_label(add).unwrap();
        h.steps(2);
        shot_for_people(&mut h, name);
    }
    the_desk();
    map_pictures();
}

#[test]
fn the_small_screen_and_the_review_are_whole() {
    let (live, _rx) = feeds();
    let Some(mut h) = open(&config((1280, 720)), live) else {
        return;
    };
    shot(&mut h, "fly-720");
    let labels = h.labels();
    for must in ["Confirm A-002", "Dismiss A-002", "Hold to RETURN", "AGE"] {
        assert!(labels.iter().any(|l| l.contains(must)), "{must} is missing: {labels:?}");
    }
    drop(h);
    let (mut feeds, _rx) = feeds_for_review();
    let model = Slot::default();
    model.put(Arc::new(demo::review_model()));
    let (acts, got) = std::sync::mpsc::sync_channel(16);
    feeds.review = Some(ReviewFeeds { model, acts });
    let mut cfg = config((1920, 1080));
    cfg.mode = Mode::Review;
    let Some(mut h) = open(&cfg, feeds) else { return };
    shot(&mut h, "review");
    h.press_label("Verify").unwrap();
    assert!(got.try_iter().any(|a| a == vedette_panels::review::ReviewAct::Verify));
}

fn feeds_for_review() -> (Feeds, Receiver<SentIntent>) {
    feeds()
}
