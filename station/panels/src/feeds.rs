//! What shells hand to the console: the newest view, the newest video frames, and a bounded way
//! back for intents. Plain standard types, so that no shell needs to know a window.
//!
//! Invariant: newest wins for views and frames and the replaced ones are counted; intents are
//! never dropped silently: a full queue is told to the caller.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use vedette_core::{StationView, ViewStamp};
use vedette_model::{CameraId, Intent, OperatorId, Probes, Pts, SensorPose, Utc};

use crate::review::{ReviewAct, ReviewModel};
use crate::train::{Briefing, DeskAct, DeskModel};

fn lock<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    // A poisoned slot holds plain data; the newest value is still the newest.
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The newest value wins; cheap to clone, both ends share it.
#[derive(Debug)]
pub struct Slot<T> {
    inner: Arc<Mutex<(u64, Option<Arc<T>>)>>,
}

impl<T> Clone for Slot<T> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self {
            inner: Arc::new(Mutex::new((0, None))),
        }
    }
}

impl<T> Slot<T> {
    /// Puts a newer value in.
    pub fn put(&self, value: Arc<T>) {
        let mut s = lock(&self.inner);
        s.0 += 1;
        s.1 = Some(value);
    }
    /// The newest value and how many were put so far.
    #[must_use]
    pub fn latest(&self) -> Option<(u64, Arc<T>)> {
        let s = lock(&self.inner);
        s.1.as_ref().map(|v| (s.0, Arc::clone(v)))
    }
    /// The newest value if it is newer than number `seen`.
    #[must_use]
    pub fn newer_than(&self, seen: u64) -> Option<(u64, Arc<T>)> {
        self.latest().filter(|(n, _)| *n > seen)
    }
}

/// The newest [`StationView`].
pub type ViewSlot = Slot<StationView>;

/// One decoded frame, ready for a texture.
#[derive(Debug, Clone)]
pub struct VideoFrame {
    /// Stream.
    pub camera: CameraId,
    /// Frame stamp.
    pub pts: Pts,
    /// Frame time, where known.
    pub captured: Option<Utc>,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Red, green, blue, alpha, row by row from the top: `width * height * 4` bytes.
    pub rgba: Arc<[u8]>,
    /// Camera pose of this very frame, where known; the border is drawn into the picture with it.
    pub pose: Option<Arc<SensorPose>>,
}

/// How many frames a stream put so far, and the newest.
type Newest = (u64, Arc<VideoFrame>);

/// The newest frame of every stream.
#[derive(Debug, Clone, Default)]
pub struct VideoSlots {
    inner: Arc<Mutex<BTreeMap<CameraId, Newest>>>,
}

impl VideoSlots {
    /// Puts a newer frame in; the frame it replaces is gone. A frame whose bytes do not match its
    /// size is refused and says so with `false`.
    pub fn put(&self, frame: Arc<VideoFrame>) -> bool {
        let want = u64::from(frame.width) * u64::from(frame.height) * 4;
        if frame.rgba.len() as u64 != want || want == 0 {
            return false;
        }
        let mut s = lock(&self.inner);
        let n = s.get(&frame.camera).map_or(0, |(n, _)| *n) + 1;
        s.insert(frame.camera, (n, frame));
        true
    }
    /// Newest frame of one stream and how many were put so far.
    #[must_use]
    pub fn latest(&self, camera: CameraId) -> Option<(u64, Arc<VideoFrame>)> {
        lock(&self.inner).get(&camera).cloned()
    }
    /// All streams that ever had a frame.
    #[must_use]
    pub fn cameras(&self) -> Vec<CameraId> {
        lock(&self.inner).keys().copied().collect()
    }
}

/// Takes a frame's bytes apart; the shell lends it, panels know no protocol.
pub type Decode = fn(&[u8]) -> vedette_model::DecodedFrame;

/// Messages on the wire and how to read them.
#[derive(Debug, Clone, Default)]
pub struct WireFeed {
    /// The newest table.
    pub rows: Slot<Vec<vedette_model::MessageRow>>,
    /// Takes a frame apart.
    pub decode: Option<Decode>,
    /// File the flight's frames are logged to.
    pub tlog: Option<Arc<str>>,
}

/// One intent on its way to the station, with what the operator was looking at.
pub type SentIntent = (OperatorId, Intent, ViewStamp);

/// Where intents go: bounded; full means refused, and the operator is told.
#[derive(Debug, Clone)]
pub struct IntentSender {
    tx: SyncSender<SentIntent>,
}

/// Why an intent could not be handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendError {
    /// The station does not keep up.
    Full,
    /// The station is gone.
    Closed,
}

impl IntentSender {
    /// Hands an intent over.
    ///
    /// # Errors
    /// [`SendError::Full`] when the station does not keep up, [`SendError::Closed`] when it ended.
    pub fn send(&self, intent: SentIntent) -> Result<(), SendError> {
        self.tx.try_send(intent).map_err(|e| match e {
            TrySendError::Full(_) => SendError::Full,
            TrySendError::Disconnected(_) => SendError::Closed,
        })
    }
}

/// A bounded queue of intents: the console's end and the station's end.
#[must_use]
pub fn intents(capacity: usize) -> (IntentSender, Receiver<SentIntent>) {
    let (tx, rx) = sync_channel(capacity);
    (IntentSender { tx }, rx)
}

/// What a review session exchanges with its shell.
#[derive(Debug, Clone)]
pub struct ReviewFeeds {
    /// The moment under the playhead, newest wins.
    pub model: Slot<ReviewModel>,
    /// What the reviewer asks for; full means the act is dropped and said.
    pub acts: SyncSender<ReviewAct>,
}

/// The exercise, as the trainee's console may know it.
#[derive(Debug, Clone)]
pub struct ExerciseFeeds {
    /// Its briefing.
    pub briefing: Arc<Briefing>,
    /// When the trainee is asked after the workload.
    pub probes: Probes,
}

/// The instructor's desk: what it shows, and where its acts go.
#[derive(Debug, Clone)]
pub struct DeskFeeds {
    /// Newest model.
    pub model: Slot<DeskModel>,
    /// Acts on their way; bounded, a full queue is told to the instructor.
    pub acts: SyncSender<DeskAct>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_frame_wins_and_a_torn_one_is_refused() {
        let slots = VideoSlots::default();
        let frame = |pts: i64, n: usize| {
            Arc::new(VideoFrame {
                camera: CameraId(11),
                pts: Pts(pts),
                captured: None,
                width: 2,
                height: 1,
                rgba: vec![0; n].into(),
                pose: None,
            })
        };
        assert!(slots.put(frame(1, 8)));
        assert!(slots.put(frame(2, 8)));
        assert!(!slots.put(frame(3, 7)), "seven bytes are not two pixels");
        let (n, f) = slots.latest(CameraId(11)).expect("a frame");
        assert_eq!((n, f.pts), (2, Pts(2)));
    }

    #[test]
    fn a_full_queue_of_intents_says_so() {
        let (tx, rx) = intents(1);
        let it = || (OperatorId("op".into()), Intent::MakePlan, ViewStamp::default());
        assert_eq!(tx.send(it()), Ok(()));
        assert_eq!(tx.send(it()), Err(SendError::Full));
        drop(rx);
        assert_eq!(tx.send(it()), Err(SendError::Closed));
    }
}
