//! What the inspecting person has in hand: tab, aircraft, filter, a frozen table, half-written
//! reasons.
//!
//! Invariant: losing it loses no fact.

use std::collections::VecDeque;
use std::sync::Arc;

use vedette_model::{LinkId, MessageRow, Mono, VehicleId};

/// Parts of the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InspectTab {
    /// Everything in small.
    #[default]
    Overview,
    /// Messages and their bytes.
    Messages,
    /// Parameters.
    Parameters,
    /// Transports, identities, streams, clocks, texts.
    Health,
}

impl InspectTab {
    /// All with their words.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Overview, "Links"),
        (Self::Messages, "Messages"),
        (Self::Parameters, "Parameters"),
        (Self::Health, "Health"),
    ];
}

/// A table held still.
#[derive(Debug, Clone)]
pub struct Frozen {
    /// When.
    pub at: Mono,
    /// What it was.
    pub rows: Arc<Vec<MessageRow>>,
}

/// What is asked before it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Asking {
    /// Nothing.
    #[default]
    Nothing,
    /// The reason for accepting differences.
    Reason,
    /// Whether the baseline shall be written.
    Restore,
    /// Whether what is on board shall be the baseline.
    Take,
}

/// Local state of the workspace.
#[derive(Debug, Clone, Default)]
pub struct InspectLocal {
    /// Part shown.
    pub tab: InspectTab,
    /// Aircraft the tables speak of; without one the selected aircraft.
    pub vehicle: Option<VehicleId>,
    /// Words messages are filtered by.
    pub filter: String,
    /// Only from this address.
    pub only: Option<(LinkId, String)>,
    /// Held still.
    pub frozen: Option<Frozen>,
    /// Message looked at: component, id.
    pub message: Option<(u8, u32)>,
    /// All parameters instead of the differences.
    pub all_parameters: bool,
    /// Words parameters are filtered by.
    pub parameter_filter: String,
    /// Asked before it is done.
    pub asking: Asking,
    /// Reason so far.
    pub reason: String,
    /// Field being plotted: component, message id, name.
    pub plot: Option<(u8, u32, String)>,
    /// Its values so far, oldest first, at most [`InspectLocal::SAMPLES`].
    pub samples: VecDeque<(Mono, f64)>,
    /// The flight's telemetry log was pointed to.
    pub log_shown: bool,
    /// Sender that is about to be blocked.
    pub blocking: Option<(LinkId, String)>,
}

impl InspectLocal {
    /// Most values kept of a plotted field: ten minutes at two a second.
    pub const SAMPLES: usize = 1200;

    /// Plots a field of a message, or stops plotting it.
    pub fn toggle_plot(&mut self, component: u8, id: u32, name: &str) {
        let same = self
            .plot
            .as_ref()
            .is_some_and(|(c, i, n)| *c == component && *i == id && n == name);
        self.plot = (!same).then(|| (component, id, name.to_owned()));
        self.samples.clear();
    }

    /// Takes a value of the plotted field; one not newer than the last is nothing new.
    pub fn sample(&mut self, at: Mono, value: f64) {
        if self.samples.back().is_some_and(|(t, _)| *t >= at) || !value.is_finite() {
            return;
        }
        if self.samples.len() == Self::SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back((at, value));
    }

    /// Another aircraft: half-written answers belonged to the one before.
    pub fn choose(&mut self, id: VehicleId) {
        self.vehicle = Some(id);
        self.only = None;
        self.samples.clear();
        self.asking = Asking::Nothing;
        self.reason.clear();
    }
}
