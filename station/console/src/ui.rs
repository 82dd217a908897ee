//! The panels inside Bevy: newest view in, one egui pass, intents out.
//!
//! Invariant: an intent that cannot be handed over is said on the screen. It must not know what
//! the panels draw.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use bevy::prelude::*;
use bevy_egui::{EguiContexts, egui};
use vedette_core::{StationView, ViewStamp};
use vedette_model::CameraId;
use vedette_panels::feeds::{DeskFeeds, SendError};
use vedette_panels::relief::Relief;
use vedette_panels::review::review_ui;
use vedette_panels::theme::{self, Palette};
use vedette_panels::train::{DeskAct, DeskModel, desk_ui};
use vedette_panels::{FlyFeeds, FlyLocal, MapPicture, VideoPicture, console_ui};

use crate::app::Shell;
use crate::config::Feeds;

/// Takes the newest view or review model; ends when told to.
pub(crate) fn take(mut shell: ResMut<Shell>, mut exit: MessageWriter<AppExit>) {
    if shell.feeds.stop.load(Ordering::Relaxed) {
        exit.write(AppExit::Success);
    }
    let seen = shell.seen;
    if let Some(r) = shell.feeds.review.clone() {
        if let Some((n, m)) = r.model.newer_than(seen) {
            shell.seen = n;
            shell.review = Some(m);
            shell.arrived = Some(crate::app::wall());
        }
    } else if let Some((n, v)) = shell.feeds.view.newer_than(seen) {
        shell.seen = n;
        shell.view = Some(v);
        shell.arrived = Some(crate::app::wall());
    }
    if let Some(d) = shell.feeds.instructor.clone()
        && let Some((n, m)) = d.model.newer_than(shell.desk_seen)
    {
        shell.desk_seen = n;
        shell.desk = Some(m);
    }
    // A recorded moment does not grow old; a live view does.
    shell.local.view_age_s = match (shell.arrived, shell.review.is_some() || shell.frozen_clock) {
        (Some(t), false) => t.elapsed().as_secs_f64(),
        _ => 0.0,
    };
}

/// What the shell lends to the panels for one pass.
pub(crate) fn lend<'a>(
    map: Option<MapPicture>,
    relief: Option<&'a Relief>,
    video: &BTreeMap<CameraId, VideoPicture>,
    feeds: &'a Feeds,
) -> FlyFeeds<'a> {
    FlyFeeds {
        map,
        relief,
        video: video.clone(),
        wire: feeds.wire.rows.latest().map(|(_, rows)| rows),
        decode: feeds.wire.decode,
        tlog: feeds.wire.tlog.clone(),
        briefing: feeds.exercise.as_ref().map(|e| &*e.briefing),
        probes: feeds.exercise.as_ref().map(|e| e.probes),
        desk: feeds.desk.as_ref(),
    }
}

/// One pass of the panels.
pub(crate) fn panels(mut contexts: EguiContexts, mut shell: ResMut<Shell>, mut exit: MessageWriter<AppExit>) -> Result {
    let ctx = contexts.ctx_mut()?.clone();
    let shell = &mut *shell;
    if !shell.styled {
        theme::install(&ctx, &shell.fonts, &Palette::of(shell.local.night));
        shell.styled = true;
    }
    shell.pixels_per_point = ctx.pixels_per_point();
    let mut root = egui::Ui::new(
        ctx.clone(),
        "root".into(),
        egui::UiBuilder::new()
            .layer_id(egui::LayerId::background())
            .max_rect(ctx.viewport_rect()),
    );
    let lent = lend(shell.picture, shell.relief.as_deref(), &shell.video, &shell.feeds);
    if shell.desk_alone {
        if let (Some(m), Some(v)) = (&shell.desk, &shell.view) {
            follow(v, &mut shell.local, m);
        }
        let m = shell.desk.clone().unwrap_or_default();
        let acts = desk_ui(
            &mut root,
            &m,
            shell.view.as_deref(),
            &mut shell.local,
            &mut shell.desk_local,
            &lent,
        );
        send(shell.feeds.instructor.as_ref(), &mut shell.local.warning, acts);
        return Ok(());
    }
    if let Some(m) = shell.review.clone() {
        let acts = review_ui(&mut root, &m, &mut shell.local, &lent);
        for a in acts {
            if a == vedette_panels::review::ReviewAct::Close {
                exit.write(AppExit::Success);
            }
            if let Some(r) = &shell.feeds.review
                && r.acts.try_send(a).is_err()
            {
                shell.local.warning = Some("the player does not keep up".to_owned());
            }
        }
        return Ok(());
    }
    let Some(v) = shell.view.clone() else {
        waiting(&root, &Palette::of(shell.local.night));
        return Ok(());
    };
    let intents = console_ui(&mut root, &v, &mut shell.local, &lent);
    let stamp = ViewStamp {
        seq: v.seq,
        alert: shell.local.alert,
        camera: shell.local.camera,
    };
    let mut failed = None;
    for i in intents {
        shell.given.push(i.clone());
        if let Err(e) = shell.feeds.intents.send((shell.local.operator.clone(), i, stamp)) {
            failed = Some(e);
        }
    }
    let keep = shell.given.len().saturating_sub(256);
    shell.given.drain(..keep);
    if let Some(e) = failed {
        shell.local.warning = Some(match e {
            SendError::Full => "Not passed on: the station does not keep up. Give it again.".to_owned(),
            SendError::Closed => "Not passed on: the station has ended.".to_owned(),
        });
    }
    Ok(())
}

/// Acts of the desk on their way; what does not fit the queue is said.
pub(crate) fn send(desk: Option<&DeskFeeds>, warning: &mut Option<String>, acts: Vec<DeskAct>) {
    for a in acts {
        if let Some(d) = desk
            && d.acts.try_send(a).is_err()
        {
            *warning = Some("Not passed on: the simulator does not keep up. Give it again.".to_owned());
        }
    }
}

/// Nobody sits at the trainee's console: it shows the aircraft of the newest open alert.
fn follow(v: &StationView, l: &mut FlyLocal, m: &DeskModel) {
    let newest = v.alerts.values().rev().find(|a| a.vehicle.is_some());
    if let Some(a) = newest
        && l.alert != Some(a.id)
        && m.t_s > 0.0
    {
        if let Some(id) = a.vehicle {
            l.select(v, id);
        }
        l.camera = a.camera.or(l.camera);
        l.alert = Some(a.id);
    }
}

fn waiting(root: &egui::Ui, pal: &Palette) {
    let r = root.max_rect();
    root.painter().rect_filled(r, 0.0, pal.surface[0]);
    root.painter().text(
        r.center(),
        egui::Align2::CENTER_CENTER,
        "Waiting for the station…",
        egui::FontId::proportional(15.0),
        pal.text2,
    );
}
