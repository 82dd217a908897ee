//! What a console is started with.
//!
//! Invariant: all it shares with the station are slots and a bounded queue. It must not know who
//! fills them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use vedette_atlas::Terrain;
use vedette_model::OperatorId;
use vedette_panels::feeds::{DeskFeeds, ExerciseFeeds, IntentSender, ReviewFeeds, VideoSlots, ViewSlot, WireFeed};
use vedette_panels::plan::PlanDesk;
use vedette_panels::theme::FontBytes;

/// What is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// A running station.
    #[default]
    Live,
    /// A recorded one.
    Review,
    /// The instructor's desk alone; nobody sits at the trainee's console.
    Desk,
}

/// Settings of one console.
#[derive(Debug, Clone)]
pub struct ConsoleConfig {
    /// Window title.
    pub title: String,
    /// Size at start, logical pixels.
    pub size: (u32, u32),
    /// Fonts, as bytes; see [`fonts_of_this_machine`].
    pub fonts: FontBytes,
    /// Live or review.
    pub mode: Mode,
    /// Who sits here.
    pub operator: OperatorId,
    /// Fixed scale factor; `None` takes the display's.
    pub scale: Option<f32>,
    /// Start in the red night room.
    pub night: bool,
}

impl ConsoleConfig {
    /// A live console of one operator, 1920 x 1080, with this machine's fonts.
    #[must_use]
    pub fn new(title: &str, operator: OperatorId) -> Self {
        Self {
            title: title.to_owned(),
            size: (1920, 1080),
            fonts: fonts_of_this_machine(),
            mode: Mode::Live,
            operator,
            scale: None,
            night: false,
        }
    }
}

/// What shells and console share.
#[derive(Debug, Clone)]
pub struct Feeds {
    /// Newest view of the station (live mode).
    pub view: ViewSlot,
    /// Newest frame of each stream.
    pub video: VideoSlots,
    /// Messages on the wire (live mode).
    pub wire: WireFeed,
    /// Where the operator's intents go (live mode).
    pub intents: IntentSender,
    /// Heights of the land.
    pub terrain: Arc<Terrain>,
    /// Files of map pictures (PMTiles, MBTiles), the first on top.
    pub pictures: Vec<PathBuf>,
    /// Review session, in review mode.
    pub review: Option<ReviewFeeds>,
    /// The exercise that runs, as its trainee may know it.
    pub exercise: Option<ExerciseFeeds>,
    /// The instructor's desk: alone in desk mode, else in a window of its own.
    pub instructor: Option<DeskFeeds>,
    /// Where briefs are tried, when a planner works behind the console.
    pub desk: Option<PlanDesk>,
    /// Set by either side to end it.
    pub stop: Arc<AtomicBool>,
}

/// Inter and JetBrains Mono where the distribution puts them; what is missing stays `None` and
/// the panels use their own fonts.
#[must_use]
pub fn fonts_of_this_machine() -> FontBytes {
    let read = |names: &[&str]| {
        ["/usr/share/fonts", "/usr/local/share/fonts"]
            .iter()
            .flat_map(|root| names.iter().map(move |n| Path::new(root).join(n)))
            .find_map(|p| std::fs::read(p).ok())
    };
    FontBytes {
        sans: read(&["opentype/inter/Inter-Regular.otf", "truetype/inter/Inter-Regular.ttf"]),
        sans_medium: read(&["opentype/inter/Inter-Medium.otf", "truetype/inter/Inter-Medium.ttf"]),
        sans_strong: read(&["opentype/inter/Inter-SemiBold.otf", "truetype/inter/Inter-SemiBold.ttf"]),
        mono: read(&["truetype/jetbrains-mono/JetBrainsMono-Regular.ttf"]),
        mono_strong: read(&["truetype/jetbrains-mono/JetBrainsMono-SemiBold.ttf"]),
    }
}
