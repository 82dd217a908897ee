//! The instructor's desk in a window of its own, beside the trainee's.
//!
//! Invariant: the trainee's window never draws the desk's model. Closing the desk closes nothing
//! else. It must not know what the desk shows.

use bevy::camera::visibility::RenderLayers;
use bevy::camera::{ClearColorConfig, RenderTarget};
use bevy::core_pipeline::tonemapping::{DebandDither, Tonemapping};
use bevy::ecs::schedule::ScheduleLabel;
use bevy::prelude::*;
use bevy::window::{WindowRef, WindowResolution};
use bevy_egui::{EguiContext, EguiSchedule, PrimaryEguiContext, egui};
use vedette_panels::FlyFeeds;
use vedette_panels::theme::{self, Palette};
use vedette_panels::train::desk_ui;

use crate::app::Shell;
use crate::ui::{lend, send};

/// The pass of the desk's panels.
#[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
struct DeskPass;

/// Opens the desk's window with the app.
pub(crate) struct DeskPlugin {
    /// Size at start, logical pixels.
    pub(crate) size: (u32, u32),
    /// Fixed scale factor; `None` takes the display's.
    pub(crate) scale: Option<f32>,
}

impl Plugin for DeskPlugin {
    fn build(&self, app: &mut App) {
        let (size, scale) = (self.size, self.scale);
        app.add_systems(Startup, move |mut commands: Commands| {
            let mut resolution = WindowResolution::new(size.0, size.1);
            if let Some(s) = scale {
                resolution = resolution.with_scale_factor_override(s);
            }
            let window = commands
                .spawn(Window {
                    title: "Vedette · instructor".to_owned(),
                    resolution,
                    ..default()
                })
                .id();
            commands.spawn((
                Camera2d,
                Camera {
                    order: 2,
                    clear_color: ClearColorConfig::Custom(Color::srgb_u8(10, 12, 14)),
                    ..default()
                },
                RenderTarget::Window(WindowRef::Entity(window)),
                Msaa::Off,
                Tonemapping::None,
                DebandDither::Disabled,
                RenderLayers::none(),
                EguiSchedule::new(DeskPass),
            ));
        });
        app.add_systems(DeskPass, panels);
    }
}

/// One pass of the desk's panels.
fn panels(
    mut contexts: Query<&mut EguiContext, Without<PrimaryEguiContext>>,
    mut shell: ResMut<Shell>,
    mut styled: Local<bool>,
) {
    let Ok(mut context) = contexts.single_mut() else { return };
    let ctx = context.get_mut().clone();
    let shell = &mut *shell;
    if !*styled {
        theme::install(&ctx, &shell.fonts, &Palette::of(shell.desk_local.night));
        *styled = true;
    }
    let mut root = egui::Ui::new(
        ctx.clone(),
        "desk".into(),
        egui::UiBuilder::new()
            .layer_id(egui::LayerId::background())
            .max_rect(ctx.viewport_rect()),
    );
    // The trainee's questions and drafts are not the instructor's.
    let lent = FlyFeeds {
        probes: None,
        desk: None,
        ..lend(shell.picture, shell.relief.as_deref(), &shell.video, &shell.feeds)
    };
    let m = shell.desk.clone().unwrap_or_default();
    // The mirror draws with a copy: the trainee's own state is theirs.
    let mut trainee = shell.local.clone();
    let acts = desk_ui(
        &mut root,
        &m,
        shell.view.as_deref(),
        &mut trainee,
        &mut shell.desk_local,
        &lent,
    );
    send(shell.feeds.instructor.as_ref(), &mut shell.local.warning, acts);
}
