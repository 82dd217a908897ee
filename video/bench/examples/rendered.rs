//! The rendered watches alone: `cargo run --release -p vedette-video-bench --example rendered -- full`
//! (`short` for the short form; `ellipses`, `steps`, `clutter`, `pairs` for one part in full;
//! numbers after it are that part's own extent; `seeds=N` adds N to every seed; `live` for the age of pictures and four
//! streams at once, `live rtsp` for one way alone;
//! `slot DATA` for networks of others on the labelled thermal pictures, with `--features onnx`).
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]

use std::path::Path;

use vedette_video_bench::{Extent, live, rendered, slot, text};

fn main() {
    let what = std::env::args().nth(1).unwrap_or_else(|| "short".to_owned());
    if what == "live" {
        print!("{}", text(&live(std::env::args().nth(2).as_deref())));
        return;
    }
    let seeds = std::env::args()
        .find_map(|a| a.strip_prefix("seeds=")?.parse().ok())
        .unwrap_or(0);
    if what == "slot" {
        let data = std::env::args().nth(2).unwrap_or_else(|| ".".to_owned());
        print!("{}", text(&slot(Path::new(&data))));
        return;
    }
    let none = Extent {
        ellipses: [0; 3],
        steps: [0; 3],
        clutter: [0; 2],
        pairs: 0,
        seeds,
    };
    let mut full = Extent { seeds, ..Extent::FULL };
    let given: Vec<u64> = std::env::args().skip(2).filter_map(|a| a.parse().ok()).collect();
    for (k, n) in given.into_iter().enumerate() {
        let own: &mut [u64] = match what.as_str() {
            "ellipses" => &mut full.ellipses,
            "steps" => &mut full.steps,
            "clutter" => &mut full.clutter,
            _ => std::slice::from_mut(&mut full.pairs),
        };
        if let Some(at) = own.get_mut(k) {
            *at = n;
        }
    }
    let extent = match what.as_str() {
        "full" => full,
        "ellipses" => Extent {
            ellipses: full.ellipses,
            ..none
        },
        "steps" => Extent {
            steps: full.steps,
            ..none
        },
        "clutter" => Extent {
            clutter: full.clutter,
            ..none
        },
        "pairs" => Extent {
            pairs: full.pairs,
            ..none
        },
        _ => Extent { seeds, ..Extent::SHORT },
    };
    let rows = rendered(&extent, &|what| eprintln!("rendering: {what}"));
    print!("{}", text(&rows));
}
