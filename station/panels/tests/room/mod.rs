//! The console in a room without a window: what it shows, what it is lent, what it gave.
//!
//! Invariant: one room for every test; a test changes the view and looks at names, places and
//! intents. It must not reach into the panels.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{Key, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use vedette_core::StationView;
use vedette_model::{CameraId, Intent, MessageRow};
use vedette_panels::plan::PlanDesk;
use vedette_panels::relief::Relief;
use vedette_panels::theme::{self, FontBytes, Palette};
use vedette_panels::{FlyFeeds, FlyLocal, VideoPicture, Workspace, console_ui};

use crate::demo;

/// One console and what lies around it.
pub struct Room {
    pub view: StationView,
    pub local: FlyLocal,
    pub given: Vec<Intent>,
    pub wire: Option<Arc<Vec<MessageRow>>>,
    pub desk: Option<PlanDesk>,
    pub relief: Option<Relief>,
    pub video: BTreeMap<CameraId, VideoPicture>,
}

pub fn full() -> Vec2 {
    vec2(1920.0, 1080.0)
}

pub fn small() -> Vec2 {
    vec2(1280.0, 720.0)
}

/// A surface for one pass, as every shell makes it.
pub fn surface(ctx: &egui::Context) -> egui::Ui {
    if !theme::ready(ctx) {
        theme::install(ctx, &FontBytes::default(), &Palette::dark());
    }
    let builder = egui::UiBuilder::new()
        .layer_id(egui::LayerId::background())
        .max_rect(ctx.viewport_rect());
    egui::Ui::new(ctx.clone(), "root".into(), builder)
}

/// Opens a console on a view in one of its workspaces.
pub fn open(view: StationView, size: Vec2, workspace: Workspace, desk: Option<PlanDesk>) -> Harness<'static, Room> {
    let mut local = FlyLocal::new(demo::operator());
    local.workspace = workspace;
    let state = Room {
        view,
        local,
        given: Vec::new(),
        wire: None,
        desk,
        relief: None,
        video: BTreeMap::new(),
    };
    let mut h = Harness::builder()
        .with_size(size)
        .with_step_dt(1.0 / 30.0)
        .build_ui_state(
            |ui, d: &mut Room| {
                let feeds = FlyFeeds {
                    wire: d.wire.clone(),
                    decode: Some(demo::wire::decode),
                    desk: d.desk.as_ref(),
                    relief: d.relief.as_ref(),
                    video: d.video.clone(),
                    tlog: Some("/srv/vedette/20261114T024056Z.tlog".into()),
                    ..FlyFeeds::default()
                };
                let out = console_ui(&mut surface(ui.ctx()), &d.view, &mut d.local, &feeds);
                d.given.extend(out);
            },
            state,
        );
    h.run_steps(4);
    h
}

/// A control's name, or the words of a label.
pub fn name_of(n: &egui_kittest::Node<'_>) -> Option<String> {
    let n = n.accesskit_node();
    n.label().or_else(|| n.value()).filter(|l| !l.is_empty())
}

/// Everything that has a name on the screen.
pub fn names<T>(h: &Harness<T>) -> Vec<String> {
    h.root().children_recursive().filter_map(|n| name_of(&n)).collect()
}

/// Whether something on the screen says so.
pub fn says<T>(h: &Harness<T>, what: &str) -> bool {
    names(h).iter().any(|n| n.contains(what))
}

/// Presses the control of exactly this name.
pub fn press<T>(h: &mut Harness<T>, label: &str) {
    h.get_by_label(label).click();
    h.run_steps(3);
}

/// Holds a key for so many frames of a thirtieth of a second.
pub fn hold_key<T>(h: &mut Harness<T>, key: Key, frames: usize) {
    h.key_down(key);
    h.run_steps(frames);
    h.key_up(key);
    h.run_steps(2);
}

/// What was given since the last look.
pub fn given(h: &mut Harness<Room>) -> Vec<Intent> {
    std::mem::take(&mut h.state_mut().given)
}
