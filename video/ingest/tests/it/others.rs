//! Tools of others read what we write.

use super::Folder;
use super::film::{HEIGHT, WIDTH, stream};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use std::process::Command;
use vedette_klv::{ExportOptions, OwnTargets, Sighting, SightingFrame, SightingPlace, Verdict, export_ts_with};

/// Runs a tool; `None`, said aloud, when it is not installed.
fn run(program: &str, arguments: &[&str]) -> Option<String> {
    match Command::new(program).args(arguments).output() {
        Ok(output) => Some(format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )),
        Err(e) => {
            eprintln!("LEFT OUT: {program}: {e}");
            None
        }
    }
}

#[test]
fn ffprobe_counts_every_frame_and_sees_the_metadata() {
    let folder = Folder::new("ffprobe");
    let path = folder.path().join("film.ts");
    std::fs::write(&path, stream(100).concat()).unwrap();
    let path = path.to_str().unwrap();
    let arguments = "-v error -count_frames -show_entries stream=codec_name,codec_tag_string,nb_read_frames,nb_read_packets -count_packets -of compact";
    let mut arguments: Vec<&str> = arguments.split(' ').collect();
    arguments.push(path);
    let Some(text) = run("ffprobe", &arguments) else {
        return;
    };
    assert!(
        text.contains("codec_name=h264") && text.contains("nb_read_frames=100"),
        "{text}"
    );
    assert!(text.contains("codec_name=klv"), "{text}");
    // Once for the program and once alone, for both streams.
    assert_eq!(text.matches("nb_read_packets=100").count(), 4, "{text}");
    assert!(!text.to_lowercase().contains("error"), "{text}");
}

#[test]
fn a_plain_gstreamer_pipeline_plays_it_to_its_end() {
    let folder = Folder::new("plain");
    let path = folder.path().join("film.ts");
    std::fs::write(&path, stream(50).concat()).unwrap();
    gst::init().unwrap();
    let p = gst::parse::launch(&format!(
        "filesrc location={} ! tsdemux ! h264parse ! avdec_h264 ! appsink name=end sync=false",
        path.display()
    ))
    .unwrap()
    .downcast::<gst::Pipeline>()
    .unwrap();
    let end = p.by_name("end").unwrap().downcast::<gst_app::AppSink>().unwrap();
    p.set_state(gst::State::Playing).unwrap();
    let pictures = std::iter::from_fn(|| end.try_pull_sample(gst::ClockTime::from_seconds(20))).count();
    let ended = end.is_eos();
    p.set_state(gst::State::Null).unwrap();
    assert_eq!((pictures, ended), (50, true));
}

#[test]
fn the_public_stanag_4609_verifier_finds_no_error() {
    let folder = Folder::new("stanag");
    let path = folder.path().join("film.ts");
    std::fs::write(&path, super::film::compliant_stream(100).concat()).unwrap();
    // The same with what the station itself saw, as `vedette klv mux --targets` writes it.
    let bare = super::film::compliant_stream_without_targets(100).concat();
    let seen: Vec<SightingFrame> = (0..100)
        .map(|i| SightingFrame {
            time_us: super::film::metadata(i).time_us.unwrap(),
            sightings: vec![sighting(7, Verdict::Suggestion), sighting(300, Verdict::Confirmed)],
        })
        .collect();
    let own = OwnTargets {
        frames: &seen,
        width: WIDTH as u32,
        height: HEIGHT as u32,
        software: "Vedette",
    };
    let (bytes, report) = export_ts_with(&bare, &ExportOptions::default(), Some(&own)).unwrap();
    assert_eq!(report.sets_with_targets, 100);
    let with_targets = folder.path().join("targets.ts");
    std::fs::write(&with_targets, bytes).unwrap();
    assert_eq!(
        vedette_ingest::picture_size(&std::fs::read(&with_targets).unwrap()).unwrap(),
        (WIDTH as u32, HEIGHT as u32)
    );
    let program = std::env::var("STANAG4609_VERIFY").unwrap_or_else(|_| "stanag4609-verify".to_owned());
    for path in [path, with_targets] {
        let Some(text) = run(&program, &[path.to_str().unwrap()]) else {
            return;
        };
        eprintln!("{text}");
        assert!(!text.contains("ERROR"), "{text}");
    }
}

fn sighting(id: u32, verdict: Verdict) -> Sighting {
    Sighting {
        id,
        image: [10.0, 12.0, 8.0, 20.0],
        class: "person".into(),
        score: 0.7,
        looks: 40,
        seen: true,
        speed_m_s: Some(1.0),
        place: Some(SightingPlace {
            lat_deg: 42.5041,
            lon_deg: 1.7562,
            amsl_m: 1812.0,
            cov_en_m2: [16.0, 6.0, 9.0],
        }),
        verdict,
    }
}
