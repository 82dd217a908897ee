//! The Bevy app, the same for a window and for none.
//!
//! Invariant: one camera draws the land into a texture, one draws the panels; nothing else. It
//! must not know which of the two runs it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use bevy::app::TerminalCtrlCHandlerPlugin;
use bevy::camera::visibility::RenderLayers;
use bevy::camera::{ClearColorConfig, RenderTarget};
use bevy::core_pipeline::tonemapping::{DebandDither, Tonemapping};
use bevy::log::LogPlugin;
use bevy::prelude::*;
use bevy::render::RenderPlugin;
use bevy::render::render_resource::{TextureFormat, TextureUsages};
use bevy::window::{ExitCondition, WindowResolution};
use bevy::winit::{UpdateMode, WinitPlugin, WinitSettings};
use bevy_egui::{EguiGlobalSettings, EguiPlugin, EguiPrimaryContextPass, PrimaryEguiContext};
use vedette_core::StationView;
use vedette_model::{CameraId, Intent};
use vedette_panels::relief::Relief;
use vedette_panels::review::ReviewModel;
use vedette_panels::theme::FontBytes;
use vedette_panels::train::{DeskLocal, DeskModel};
use vedette_panels::{FlyLocal, MapPicture, VideoPicture};

use crate::config::{ConsoleConfig, Feeds, Mode};
use crate::desk::DeskPlugin;
use crate::map::LandPlugin;
use crate::{keyboard, ui, video};

/// Everything the systems share.
#[derive(Resource)]
pub(crate) struct Shell {
    pub(crate) feeds: Feeds,
    pub(crate) local: FlyLocal,
    pub(crate) fonts: FontBytes,
    pub(crate) styled: bool,
    pub(crate) seen: u64,
    pub(crate) view: Option<Arc<StationView>>,
    pub(crate) review: Option<Arc<ReviewModel>>,
    /// The instructor's desk, newest state and its own local state.
    pub(crate) desk: Option<Arc<DeskModel>>,
    pub(crate) desk_seen: u64,
    pub(crate) desk_local: DeskLocal,
    /// The desk is what this window shows.
    pub(crate) desk_alone: bool,
    pub(crate) arrived: Option<Instant>,
    /// Headless pictures of a moment: the view does not age, and what belongs to it is waited for.
    pub(crate) frozen_clock: bool,
    pub(crate) relief: Option<Arc<Relief>>,
    pub(crate) picture: Option<MapPicture>,
    pub(crate) video: BTreeMap<CameraId, VideoPicture>,
    pub(crate) pixels_per_point: f32,
    /// Shortest time between two drawings of the map on software rendering, milliseconds.
    pub(crate) map_pace_ms: u64,
    /// Frames uploaded to a texture.
    pub(crate) frames_shown: u64,
    /// Last intents given, newest last.
    pub(crate) given: Vec<Intent>,
}

impl Shell {
    /// The view on the screen.
    pub(crate) fn current(&self) -> Option<Arc<StationView>> {
        self.review
            .as_ref()
            .map(|r| Arc::clone(&r.view))
            .or_else(|| self.view.clone())
    }
}

/// The image a headless app draws into.
#[derive(Resource)]
pub(crate) struct Screen(pub(crate) Handle<Image>);

/// Builds it; `headless` gives a size instead of a window.
pub(crate) fn build(cfg: &ConsoleConfig, feeds: Feeds, headless: bool) -> App {
    let mut app = App::new();
    let window = (!headless).then(|| {
        let mut resolution = WindowResolution::new(cfg.size.0, cfg.size.1);
        if let Some(s) = cfg.scale {
            resolution = resolution.with_scale_factor_override(s);
        }
        Window {
            title: cfg.title.clone(),
            resolution,
            ..default()
        }
    });
    let plugins = DefaultPlugins
        .build()
        .disable::<LogPlugin>()
        .disable::<TerminalCtrlCHandlerPlugin>()
        .set(WindowPlugin {
            primary_window: window,
            exit_condition: if headless {
                ExitCondition::DontExit
            } else {
                ExitCondition::OnPrimaryClosed
            },
            ..default()
        })
        .set(RenderPlugin {
            synchronous_pipeline_compilation: true,
            ..default()
        });
    if headless {
        app.add_plugins(plugins.disable::<WinitPlugin>());
    } else {
        app.add_plugins(plugins);
        // Wakes for input at once, else 25 times a second for new views and frames.
        let pace = UpdateMode::reactive(std::time::Duration::from_millis(40));
        app.insert_resource(WinitSettings {
            focused_mode: pace,
            unfocused_mode: pace,
        });
    }
    app.add_plugins(EguiPlugin::default());
    app.insert_resource(EguiGlobalSettings {
        auto_create_primary_context: false,
        ..default()
    });
    let beside = !headless && cfg.mode == Mode::Live && feeds.instructor.is_some();
    let mut local = FlyLocal::new(cfg.operator.clone());
    local.night = cfg.night;
    app.insert_resource(Shell {
        feeds,
        local,
        fonts: cfg.fonts.clone(),
        styled: false,
        seen: 0,
        view: None,
        review: None,
        desk: None,
        desk_seen: 0,
        desk_local: DeskLocal::default(),
        desk_alone: cfg.mode == Mode::Desk,
        arrived: None,
        frozen_clock: headless,
        relief: None,
        picture: None,
        video: BTreeMap::new(),
        pixels_per_point: 1.0,
        map_pace_ms: if headless { 0 } else { 120 },
        frames_shown: 0,
        given: Vec::new(),
    });
    app.init_resource::<keyboard::Waiting>();
    app.add_systems(PreUpdate, keyboard::pace.before(bevy::input::InputSystems));
    app.init_resource::<video::Textures>();
    app.add_plugins(LandPlugin);
    let size = headless.then_some(cfg.size);
    app.add_systems(
        Startup,
        move |mut commands: Commands, mut images: ResMut<Assets<Image>>| {
            let camera = commands
                .spawn((
                    Camera2d,
                    Camera {
                        order: 1,
                        clear_color: ClearColorConfig::Custom(Color::srgb_u8(10, 12, 14)),
                        ..default()
                    },
                    Msaa::Off,
                    Tonemapping::None,
                    DebandDither::Disabled,
                    RenderLayers::none(),
                    PrimaryEguiContext,
                ))
                .id();
            if let Some((w, h)) = size {
                let mut img = Image::new_target_texture(w, h, TextureFormat::Rgba8UnormSrgb, None);
                img.texture_descriptor.usage |= TextureUsages::COPY_SRC;
                let handle = images.add(img);
                commands
                    .entity(camera)
                    .insert(RenderTarget::Image(handle.clone().into()));
                commands.insert_resource(Screen(handle));
            }
        },
    );
    if beside {
        app.add_plugins(DeskPlugin {
            size: cfg.size,
            scale: cfg.scale,
        });
    }
    app.add_systems(Update, (ui::take, video::upload).chain());
    app.add_systems(EguiPrimaryContextPass, ui::panels);
    app
}

/// A panic's own words.
pub(crate) fn words_of(payload: &(dyn std::any::Any + Send)) -> String {
    payload
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| payload.downcast_ref::<&str>().map(|s| (*s).to_owned()))
        .unwrap_or_else(|| "it gave no reason".to_owned())
}

/// The shell's own clock: for pacing the map and telling how old a view is, never for station time.
#[expect(clippy::disallowed_methods, reason = "a shell reads the clock in one place")]
pub(crate) fn wall() -> Instant {
    Instant::now()
}
