//! The brief in the making: edits, their undo, and the number by which its answers are known.
//!
//! Invariant: every edit of one gesture is one step of undo; the number grows with every change,
//! undo included. It must not know the screen or the planner.

use std::sync::Arc;

use vedette_model::plan::Brief;

/// Steps of undo kept; the oldest go first.
const STEPS: usize = 200;

/// A brief in the making.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The brief on the table it began from.
    base: Arc<Brief>,
    brief: Arc<Brief>,
    past: Vec<Arc<Brief>>,
    future: Vec<Arc<Brief>>,
    revision: u64,
    gesture: bool,
}

impl Draft {
    /// A draft that says what the table says.
    #[must_use]
    pub fn of(brief: Arc<Brief>) -> Self {
        Self {
            base: brief.clone(),
            brief,
            past: Vec::new(),
            future: Vec::new(),
            revision: 1,
            gesture: false,
        }
    }

    /// The brief as it stands.
    #[must_use]
    pub fn brief(&self) -> &Arc<Brief> {
        &self.brief
    }

    /// Grows with every change.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Differs from the table.
    #[must_use]
    pub fn changed(&self) -> bool {
        self.brief != self.base
    }

    /// The table changed: a draft nobody touched follows it, one in the making stays and is held
    /// against the new table from now on.
    pub fn follow(&mut self, table: &Arc<Brief>) {
        if *table == self.base {
            return;
        }
        if self.changed() {
            self.base = table.clone();
        } else {
            *self = Self {
                revision: self.revision + 1,
                ..Self::of(table.clone())
            };
        }
    }

    fn put(&mut self, brief: Brief, remember: bool) {
        if brief == *self.brief {
            return;
        }
        if remember {
            if self.past.len() == STEPS {
                self.past.remove(0);
            }
            self.past.push(self.brief.clone());
            self.future.clear();
        }
        self.brief = Arc::new(brief);
        self.revision += 1;
    }

    /// One edit, one step of undo.
    pub fn edit(&mut self, change: impl FnOnce(&mut Brief)) {
        self.gesture = false;
        let mut b = Brief::clone(&self.brief);
        change(&mut b);
        self.put(b, true);
    }

    /// An edit of a gesture that goes on: all of them until [`Self::release`] are one step.
    pub fn drag(&mut self, change: impl FnOnce(&mut Brief)) {
        let mut b = Brief::clone(&self.brief);
        change(&mut b);
        if b == *self.brief {
            return;
        }
        let first = !self.gesture;
        self.put(b, first);
        self.gesture = true;
    }

    /// The gesture ended.
    pub fn release(&mut self) {
        self.gesture = false;
    }

    /// Whether there is something to undo.
    #[must_use]
    pub fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    /// Whether something undone can be done again.
    #[must_use]
    pub fn can_redo(&self) -> bool {
        !self.future.is_empty()
    }

    /// Takes the last step back.
    pub fn undo(&mut self) {
        if let Some(b) = self.past.pop() {
            self.future.push(std::mem::replace(&mut self.brief, b));
            self.revision += 1;
            self.gesture = false;
        }
    }

    /// Does it again.
    pub fn redo(&mut self) {
        if let Some(b) = self.future.pop() {
            self.past.push(std::mem::replace(&mut self.brief, b));
            self.revision += 1;
            self.gesture = false;
        }
    }
}
