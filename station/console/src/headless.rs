//! The console without a display: stepped by hand, driven through AccessKit names, photographed.
//!
//! Invariant: it is the same app as the window's; time moves 33 ms per step, so runs repeat. It
//! must not know tests.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bevy::app::{App, PluginsState};
use bevy::prelude::*;
use bevy::render::view::screenshot::{Screenshot, ScreenshotCaptured};
use bevy::time::TimeUpdateStrategy;
use bevy_egui::{EguiContext, EguiOutput, PrimaryEguiContext, egui, input::EguiInputEvent};
use vedette_model::Intent;
use vedette_panels::FlyLocal;

use crate::app::{Screen, Shell, build, words_of};
use crate::config::{ConsoleConfig, Feeds};
use crate::error::ConsoleError;
use crate::map::Land;
use crate::window::{of_panic, vulkan_present};

/// One step of time.
const STEP: Duration = Duration::from_millis(33);

/// A picture of the screen: red, green, blue, alpha, row by row from the top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RgbaPicture {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// `width * height * 4` bytes.
    pub rgba: Vec<u8>,
}

/// A control on the screen: name and middle.
#[derive(Debug, Clone)]
struct Control {
    label: String,
    at: egui::Pos2,
}

/// The console, stepped by hand.
pub struct Headless {
    app: App,
    context: Entity,
}

impl std::fmt::Debug for Headless {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Headless")
    }
}

impl Headless {
    /// Builds it at the configured size and runs the first frames.
    ///
    /// # Errors
    /// [`ConsoleError::NoVulkan`] or [`ConsoleError::Renderer`] when nothing can render.
    pub fn new(cfg: &ConsoleConfig, feeds: Feeds) -> Result<Self, ConsoleError> {
        vulkan_present()?;
        let made = catch_unwind(AssertUnwindSafe(|| {
            let mut app = build(cfg, feeds, true);
            app.insert_resource(TimeUpdateStrategy::ManualDuration(STEP));
            while app.plugins_state() == PluginsState::Adding {
                bevy::tasks::tick_global_task_pools_on_main_thread();
            }
            app.finish();
            app.cleanup();
            for _ in 0..3 {
                app.update();
            }
            let mut q = app
                .world_mut()
                .query_filtered::<(Entity, &mut EguiContext), With<PrimaryEguiContext>>();
            let found = q.single_mut(app.world_mut()).ok().map(|(e, mut c)| {
                c.get_mut().enable_accesskit();
                e
            });
            found.map(|context| Self { app, context })
        }));
        match made {
            Ok(Some(mut h)) => {
                h.steps(3);
                Ok(h)
            }
            Ok(None) => Err(ConsoleError::Renderer {
                why: "the panels' camera has no egui context".to_owned(),
            }),
            Err(p) => Err(of_panic(&words_of(&*p))),
        }
    }

    /// One frame: 33 ms of the console's clock.
    pub fn step(&mut self) {
        self.app.update();
    }

    /// Several frames.
    pub fn steps(&mut self, n: u32) {
        for _ in 0..n {
            self.app.update();
        }
    }

    /// The console's local state, to look at or to set (selection, night room, camera).
    pub fn local(&mut self) -> &mut FlyLocal {
        let shell: Mut<Shell> = self.app.world_mut().resource_mut::<Shell>();
        &mut shell.into_inner().local
    }

    /// Intents given so far, newest last (at most 256 are kept).
    #[must_use]
    pub fn given(&self) -> Vec<Intent> {
        self.app.world().resource::<Shell>().given.clone()
    }

    /// How often the land was really drawn, and how many video frames reached a texture.
    #[must_use]
    pub fn counters(&self) -> (u64, u64) {
        (
            self.app.world().resource::<Land>().renders,
            self.app.world().resource::<Shell>().frames_shown,
        )
    }

    /// Picture of the screen as it is after at most 60 more frames.
    ///
    /// # Errors
    /// [`ConsoleError::NoPicture`] when none comes back.
    pub fn screenshot(&mut self) -> Result<RgbaPicture, ConsoleError> {
        // The land's first picture takes a few frames.
        self.steps(5);
        let handle = self.app.world().resource::<Screen>().0.clone();
        let slot: Arc<Mutex<Option<Image>>> = Arc::default();
        let into = Arc::clone(&slot);
        self.app
            .world_mut()
            .spawn(Screenshot::image(handle))
            .observe(move |on: On<ScreenshotCaptured>| {
                *into.lock().unwrap_or_else(PoisonError::into_inner) = Some(on.event().image.clone());
            });
        let frames = 60;
        for _ in 0..frames {
            self.app.update();
            let got = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(img) = got {
                let (width, height) = (img.width(), img.height());
                if let Some(rgba) = img.data {
                    return Ok(RgbaPicture { width, height, rgba });
                }
            }
        }
        Err(ConsoleError::NoPicture { frames })
    }

    fn controls(&mut self) -> Vec<Control> {
        let mut q = self
            .app
            .world_mut()
            .query_filtered::<&EguiOutput, With<PrimaryEguiContext>>();
        let Ok(out) = q.single(self.app.world()) else {
            return Vec::new();
        };
        let Some(tree) = &out.platform_output.accesskit_update else {
            return Vec::new();
        };
        tree.nodes
            .iter()
            .filter_map(|(_, n)| {
                let label = n.label().or_else(|| n.value()).filter(|l| !l.is_empty())?.to_owned();
                let b = n.bounds()?;
                #[expect(clippy::cast_possible_truncation, reason = "pixels of a screen")]
                let at = egui::pos2(f64::midpoint(b.x0, b.x1) as f32, f64::midpoint(b.y0, b.y1) as f32);
                Some(Control { label, at })
            })
            .collect()
    }

    /// Names of everything on the screen, as AccessKit tells them.
    #[must_use]
    pub fn labels(&mut self) -> Vec<String> {
        self.controls().into_iter().map(|c| c.label).collect()
    }

    /// Exact name first, else the first that contains it.
    fn find(&mut self, label: &str) -> Result<egui::Pos2, ConsoleError> {
        let all = self.controls();
        let scale = self.app.world().resource::<Shell>().pixels_per_point.max(0.1);
        all.iter()
            .find(|c| c.label == label)
            .or_else(|| all.iter().find(|c| c.label.contains(label)))
            .map(|c| egui::pos2(c.at.x / scale, c.at.y / scale))
            .ok_or_else(|| ConsoleError::NoSuchControl {
                label: label.to_owned(),
                present: all.iter().map(|c| c.label.as_str()).collect::<Vec<_>>().join(" | "),
            })
    }

    fn send(&mut self, event: egui::Event) {
        let context = self.context;
        self.app.world_mut().write_message(EguiInputEvent { context, event });
    }

    fn button(&mut self, pos: egui::Pos2, pressed: bool) {
        self.send(egui::Event::PointerButton {
            pos,
            button: egui::PointerButton::Primary,
            pressed,
            modifiers: egui::Modifiers::NONE,
        });
    }

    /// Clicks the control of this name.
    ///
    /// # Errors
    /// [`ConsoleError::NoSuchControl`] with the names there are.
    pub fn press_label(&mut self, label: &str) -> Result<(), ConsoleError> {
        self.hold_label(label, 66)
    }

    /// Presses the control of this name and holds it for so many milliseconds of the console's
    /// clock.
    ///
    /// # Errors
    /// [`ConsoleError::NoSuchControl`] with the names there are.
    pub fn hold_label(&mut self, label: &str, ms: u32) -> Result<(), ConsoleError> {
        let at = self.find(label)?;
        self.send(egui::Event::PointerMoved(at));
        self.step();
        self.button(at, true);
        self.pass_time(ms);
        self.button(at, false);
        self.step();
        self.send(egui::Event::PointerGone);
        self.steps(2);
        Ok(())
    }

    /// Lets so much of the console's clock pass; long stretches in steps of 150 ms.
    fn pass_time(&mut self, ms: u32) {
        self.step();
        let long = 150;
        if ms >= long {
            let each = Duration::from_millis(long.into());
            self.app.insert_resource(TimeUpdateStrategy::ManualDuration(each));
            self.steps(ms / long);
            self.app.insert_resource(TimeUpdateStrategy::ManualDuration(STEP));
        }
        self.steps(ms % long / 33);
    }

    /// Clicks a place on the screen, logical pixels.
    pub fn press_at(&mut self, x: f32, y: f32) {
        let at = egui::pos2(x, y);
        self.send(egui::Event::PointerMoved(at));
        self.step();
        self.button(at, true);
        self.step();
        self.button(at, false);
        self.steps(2);
    }

    /// Presses a key for so many milliseconds of the console's clock.
    pub fn key(&mut self, key: egui::Key, modifiers: egui::Modifiers, ms: u32) {
        for pressed in [true, false] {
            self.send(egui::Event::Key {
                key,
                physical_key: None,
                pressed,
                repeat: false,
                modifiers,
            });
            if pressed {
                self.pass_time(ms);
            } else {
                self.steps(2);
            }
        }
    }
}
