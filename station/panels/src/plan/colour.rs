//! What the section is coloured by: classes, their colours and their words.
//!
//! Invariant: paler is better seen; what is not seen is a hatch, not a colour. It must not know
//! where anything is drawn.

use egui::Color32;
use vedette_model::plan::Limits;
use vedette_planner::{BorderCell, Detectability, Radio};

use super::ColourBy;
use crate::theme::Palette;

/// Steel blue, pale to dark: best, good, poor.
pub(super) fn ramp(pal: &Palette) -> [Color32; 3] {
    if pal.night {
        [pal.age[4], pal.age[2], pal.age[1]]
    } else {
        [
            Color32::from_rgb(0xBF, 0xE0, 0xF7),
            Color32::from_rgb(0x5F, 0x97, 0xC8),
            Color32::from_rgb(0x2F, 0x56, 0x80),
        ]
    }
}

/// Class of a stretch: 0 best to 2 poor, 3 not at all; `None` where nothing is known.
pub(super) fn class(by: ColourBy, c: &BorderCell, limits: &Limits, reserve: f64) -> Option<usize> {
    let steps = |x: f64, good: f64, fair: f64, least: f64| match x {
        x if x >= good => 0,
        x if x >= fair => 1,
        x if x >= least => 2,
        _ => 3,
    };
    match by {
        ColourBy::Detectability => Some(match c.detect {
            Detectability::Identify => 0,
            Detectability::Recognise => 1,
            Detectability::Detect => 2,
            Detectability::Blind => 3,
        }),
        ColourBy::Clearance => {
            let least = limits.min_agl_m;
            c.clearance_m.map(|x| steps(x, least * 1.5, least * 1.2, least))
        }
        ColourBy::Energy => c.battery_share.map(|x| steps(x, reserve + 0.2, reserve + 0.1, reserve)),
        ColourBy::Radio => c.radio.map(|r| match r {
            Radio::Clear => 0,
            Radio::Unknown => 1,
            Radio::Blocked => 2,
            Radio::TooFar => 3,
        }),
    }
}

/// Words of the four classes and of the legend's head.
pub(super) fn words(by: ColourBy, limits: &Limits, reserve: f64) -> (String, [String; 4]) {
    let least = limits.min_agl_m;
    let pct = |x: f64| format!("{:.0} %", x * 100.0);
    match by {
        ColourBy::Detectability => (
            "A person can be".into(),
            ["identified", "recognised", "detected", "not seen"].map(str::to_owned),
        ),
        ColourBy::Clearance => (
            "Least height above ground".into(),
            [
                format!("≥ {:.0} m", least * 1.5),
                format!("≥ {:.0} m", least * 1.2),
                format!("≥ {least:.0} m"),
                "below the limit".into(),
            ],
        ),
        ColourBy::Energy => (
            "Battery left while watching".into(),
            [
                format!("≥ {}", pct(reserve + 0.2)),
                format!("≥ {}", pct(reserve + 0.1)),
                format!("≥ {}", pct(reserve)),
                "under the reserve".into(),
            ],
        ),
        ColourBy::Radio => (
            "Command link while watching".into(),
            ["clear", "ground unknown", "behind ground", "out of range"].map(str::to_owned),
        ),
    }
}
