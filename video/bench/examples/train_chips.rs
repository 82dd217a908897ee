//! Trains the thermal chip classifier on HIT-UAV and measures it on altitudes it never saw:
//! `cargo run -p vedette-video-bench --example train_chips -- HITUAV_DIR OUT.bin`.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program for a terminal"
)]

use std::path::Path;

use vedette_ingest::Stills;
use vedette_model::{ImageBox, TargetClass};
use vedette_sight::{Chip, ChipNet, GrayFrame, ThermalDetector, overlap, thermal_candidates};
use vedette_video_bench::boxes::{Counts, same};
use vedette_video_bench::thermal::{HELD_OUT, count, load, pictures};
use vedette_video_bench::train::{Dice, Example, Training, train};

fn kind(c: TargetClass) -> Option<usize> {
    match c {
        TargetClass::Person => Some(1),
        TargetClass::TwoWheeler => Some(2),
        TargetClass::Vehicle => Some(3),
        _ => None,
    }
}

fn main() {
    let mut args = std::env::args().skip(1);
    let (Some(root), Some(out)) = (args.next(), args.next()) else {
        println!("usage: train_chips HITUAV_DIR OUT.bin [PASSES]");
        return;
    };
    let passes = args.next().and_then(|p| p.parse().ok()).unwrap_or(8);
    let all = pictures(Path::new(&root)).expect("labelled pictures");
    let mut stills = Stills::new();
    let mut dice = Dice::new(5);
    let mut examples: Vec<Example> = Vec::new();
    let mut test = Vec::new();
    let (mut truths, mut reached) = ([0u32; 4], [0u32; 4]);
    for p in &all {
        let still = load(&mut stills, &p.path).expect("a picture");
        let frame = GrayFrame::new(still.width, still.height, &still.gray).expect("a frame");
        let scene = p.scene();
        let found = thermal_candidates(&frame, &scene);
        for t in &p.truth {
            if let Some(k) = kind(t.class) {
                truths[k] += 1;
                reached[k] += u32::from(found.iter().any(|d| same(&d.image, &t.image)));
            }
        }
        if HELD_OUT.contains(&p.altitude_m) {
            test.push((p.clone(), still));
            continue;
        }
        let chip = |b: &ImageBox, contrast: f32, ratio: f32| {
            Chip::cut(&frame, b, scene.px_per_m, scene.depression_deg, contrast, ratio)
        };
        for d in &found {
            let best = p
                .truth
                .iter()
                .filter(|t| same(&d.image, &t.image))
                .max_by(|a, b| overlap(&d.image, &a.image, 0.0).total_cmp(&overlap(&d.image, &b.image, 0.0)));
            let label = match best {
                Some(t) => match kind(t.class) {
                    Some(k) => k,
                    None => continue,
                },
                // Half on something: neither example nor counterexample.
                None if p.truth.iter().any(|t| overlap(&d.image, &t.image, 0.0) > 0.1) => continue,
                None => 0,
            };
            if label == 0 && dice.unit() > 0.4 {
                continue;
            }
            // Cut-outs differ from picture to picture: what is looked for is shown several times,
            // a little beside and a little larger or smaller.
            let times = if label == 0 { 1 } else { 3 };
            for turn in 0..times {
                let mut b = d.image;
                if turn > 0 || label == 0 {
                    let scale = 1.0 + 0.36 * (dice.unit() - 0.5);
                    let (w, h) = (b.w * scale, b.h * scale * (1.0 + 0.2 * (dice.unit() - 0.5)));
                    b.x += (b.w - w) / 2.0 + 0.3 * b.w * (dice.unit() - 0.5);
                    b.y += (b.h - h) / 2.0 + 0.3 * b.h * (dice.unit() - 0.5);
                    (b.w, b.h) = (w, h);
                }
                examples.push(Example {
                    chip: chip(&b, d.contrast, d.spot),
                    kind: label,
                });
            }
        }
    }
    let mut by_kind = [0u32; 4];
    for e in &examples {
        by_kind[e.kind] += 1;
    }
    println!("candidates reach {reached:?} of {truths:?} true objects (other, person, two-wheeler, vehicle)");
    println!(
        "{} examples, by kind {by_kind:?}; {} pictures held out",
        examples.len(),
        test.len()
    );
    let how = Training {
        passes,
        step: 2e-3,
        batch: 64,
        seed: 11,
    };
    // No passes: what lies there is only measured.
    let net = if passes == 0 {
        ChipNet::from_bytes(&std::fs::read(&out).expect("weights")).expect("full weights")
    } else {
        let weights = train(&examples, &how, &mut |pass, loss| {
            println!("pass {pass}: loss {loss:.4}");
        });
        ChipNet::from_weights(weights).expect("finite weights")
    };
    // Found once from a low share on; higher ones are part of the same list.
    let detector = ThermalDetector::new(net.clone(), 0.3);
    let found: Vec<_> = test
        .iter()
        .map(|(p, still)| {
            let frame = GrayFrame::new(still.width, still.height, &still.gray).expect("a frame");
            detector.detect(&frame, &p.scene())
        })
        .collect();
    for least in [0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.94] {
        let mut counts = [Counts::default(); 3];
        for ((p, _), objects) in test.iter().zip(&found) {
            let classes = [TargetClass::Person, TargetClass::TwoWheeler, TargetClass::Vehicle];
            for (c, class) in counts.iter_mut().zip(classes) {
                let of: Vec<ImageBox> = objects
                    .iter()
                    .filter(|o| o.class == class && o.score >= least)
                    .map(|o| o.image)
                    .collect();
                c.add(&count(&of, p, class));
            }
        }
        let [person, two, vehicle] = counts.map(|c| c.text());
        println!("from {least}: person {person}; two-wheeler {two}; vehicle {vehicle}");
    }
    std::fs::write(&out, net.to_bytes()).expect("written");
    println!("{out}: {} bytes", net.to_bytes().len());
}
