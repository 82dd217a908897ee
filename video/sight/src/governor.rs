//! Keeps the analysis inside its share of the processor: what is left out first, and what never.
//!
//! Order of going without: the detector model's rate, then the analysis rate, then the resolution
//! analysed. Display and recorder are not known here and so never touched. Invariant: it never asks
//! for fewer than ten analyses a second of pictures that come as often (a track is lost below); no clock and
//! no threads: work spent comes in as values, the pace goes out; a pace is left only after it has
//! been too much for a second or easy for several, so that it does not swing.

use serde::{Deserialize, Serialize};
use vedette_model::Mono;

/// What one camera's analysis may use.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GovernorPolicy {
    /// Share of one core it may use in the long run.
    pub share: f64,
    /// Too much for so long: one step down, seconds.
    pub down_s: f64,
    /// The next better pace would fit for so long: one step up, seconds.
    pub up_s: f64,
}

impl Default for GovernorPolicy {
    fn default() -> Self {
        Self {
            share: 0.5,
            down_s: 1.0,
            up_s: 6.0,
        }
    }
}

/// What is done with each frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    /// The model looks at every so many analysed frames; 0 at none.
    pub model_every: u32,
    /// Every so many frames are analysed.
    pub analyse_every: u32,
    /// Analysed at half the usual width and height.
    pub coarse: bool,
}

/// From everything to the least.
const PACES: [Pace; 6] = [
    pace(1, 1, false),
    pace(4, 1, false),
    pace(0, 1, false),
    pace(0, 2, false),
    pace(0, 2, true),
    pace(0, 4, true),
];
/// No pace asks for fewer analyses a second where as many pictures come.
const LEAST_HZ: f64 = 10.0;
/// Costs beside the one before, as shares of the analysis' own cost (model at its own): used to
/// foresee whether a better pace would fit.
const COARSE_COST: f64 = 0.35;

const fn pace(model_every: u32, analyse_every: u32, coarse: bool) -> Pace {
    Pace {
        model_every,
        analyse_every,
        coarse,
    }
}

/// Work spent on one analysed frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spent {
    /// Processor time of the analysis, microseconds.
    pub analysis_us: u64,
    /// Processor time of the model, microseconds; `None` when it did not run.
    pub model_us: Option<u64>,
    /// Time since the frame before (analysed or not), microseconds.
    pub frame_us: u64,
    /// Frames the analyst's queue lost since the last report: then time alone was too short.
    pub lost: u64,
}

/// The governor of one camera.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Governor {
    policy: GovernorPolicy,
    at: usize,
    /// Smoothed costs at full resolution, microseconds, and the time between frames.
    analysis_us: f64,
    model_us: f64,
    frame_us: f64,
    over_since: Option<Mono>,
    easy_since: Option<Mono>,
    frames: u64,
}

impl Governor {
    /// With everything on.
    #[must_use]
    pub fn new(policy: GovernorPolicy) -> Self {
        Self {
            policy,
            at: 0,
            analysis_us: 0.0,
            model_us: 0.0,
            frame_us: 0.0,
            over_since: None,
            easy_since: None,
            frames: 0,
        }
    }

    /// The pace in force.
    #[must_use]
    pub fn pace(&self) -> Pace {
        self.pace_at(self.at)
    }

    /// A step's pace, at no fewer than [`LEAST_HZ`] at the rate pictures come.
    fn pace_at(&self, at: usize) -> Pace {
        let p = PACES[at.min(PACES.len() - 1)];
        // A picture a little late makes no other pace.
        let most = 1e6 / (LEAST_HZ * self.frame_us.max(1.0)) + 0.05;
        let analyse_every = if self.frame_us > 0.0 {
            p.analyse_every.min(most.max(1.0) as u32)
        } else {
            p.analyse_every
        };
        Pace { analyse_every, ..p }
    }

    /// Whether the frame with this number (counted from 0) is analysed, and with the model.
    #[must_use]
    pub fn wants(&self, frame: u64) -> (bool, bool) {
        let p = self.pace();
        let every = u64::from(p.analyse_every.max(1));
        let analysed = frame.is_multiple_of(every);
        let model = p.model_every > 0 && analysed && (frame / every).is_multiple_of(u64::from(p.model_every));
        (analysed, model)
    }

    /// Takes note of a frame's cost and gives the pace from now on.
    pub fn spent(&mut self, now: Mono, s: &Spent) -> Pace {
        let p = self.pace();
        self.frames += 1;
        let share = if self.frames <= 4 { 0.5 } else { 0.1 };
        let mix = |old: &mut f64, new: f64| *old = if *old == 0.0 { new } else { *old + share * (new - *old) };
        let full = s.analysis_us as f64 / if p.coarse { COARSE_COST } else { 1.0 };
        mix(&mut self.analysis_us, full);
        if let Some(m) = s.model_us {
            mix(&mut self.model_us, m as f64);
        }
        if s.frame_us > 0 {
            mix(&mut self.frame_us, s.frame_us as f64);
        }
        let over = s.lost > 0 || self.load_of(p) > self.policy.share;
        let better = self.at.checked_sub(1).map(|i| self.pace_at(i));
        let easy = !over && better.is_some_and(|b| self.load_of(b) < 0.85 * self.policy.share);
        self.over_since = over.then(|| self.over_since.unwrap_or(now));
        self.easy_since = easy.then(|| self.easy_since.unwrap_or(now));
        let held = |since: Option<Mono>, s: f64| since.is_some_and(|t| now.since(t) as f64 >= s * 1e6);
        if held(self.over_since, self.policy.down_s) && self.at + 1 < PACES.len() {
            self.at += 1;
            // At few pictures a second two steps may be one.
            while self.at + 1 < PACES.len() && self.pace_at(self.at) == p {
                self.at += 1;
            }
            (self.over_since, self.easy_since) = (None, None);
        } else if held(self.easy_since, self.policy.up_s) {
            self.at -= 1;
            (self.over_since, self.easy_since) = (None, None);
        }
        self.pace()
    }

    /// Share of a core a pace would use, by what was measured.
    fn load_of(&self, p: Pace) -> f64 {
        if self.frame_us <= 0.0 {
            return 0.0;
        }
        let analysis = self.analysis_us * if p.coarse { COARSE_COST } else { 1.0 };
        let model = if p.model_every == 0 {
            0.0
        } else {
            self.model_us / f64::from(p.model_every)
        };
        (analysis + model) / (self.frame_us * f64::from(p.analyse_every.max(1)))
    }

    /// Share of a core in use now.
    #[must_use]
    pub fn load(&self) -> f64 {
        self.load_of(self.pace())
    }

    /// What is left out at present, for the operator; empty when nothing is.
    #[must_use]
    pub fn left_out(&self) -> String {
        let p = self.pace();
        let mut parts = Vec::new();
        match p.model_every {
            0 if self.at > 1 && self.model_us > 0.0 => parts.push("model off".to_owned()),
            n if n > 1 && self.model_us > 0.0 => parts.push(format!("model on every {n}th frame")),
            _ => {}
        }
        if p.analyse_every > 1 {
            let hz = 1e6 / self.frame_us.max(1.0);
            parts.push(format!(
                "analysis at {:.1} of {hz:.1} pictures a second",
                hz / f64::from(p.analyse_every)
            ));
        }
        if p.coarse {
            parts.push("at half resolution".to_owned());
        }
        parts.join(", ")
    }
}
