//! The land's camera, material and pieces: rendered to a texture of its own, only when the camera
//! or the land changed.
//!
//! Invariant: a clean map costs nothing; on software rendering it is drawn at its own slower rate.
//! It must not know panels beyond the camera they share.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bevy::asset::uuid_handle;
use bevy::camera::{ClearColorConfig, RenderTarget, ScalingMode};
use bevy::core_pipeline::tonemapping::{DebandDither, Tonemapping};
use bevy::pbr::{Material, MaterialPlugin};
use bevy::prelude::*;
use bevy::render::render_resource::{AsBindGroup, Extent3d, ShaderType, TextureFormat, TextureUsages};
use bevy::render::renderer::RenderAdapterInfo;
use bevy::shader::ShaderRef;
use bevy_egui::{EguiTextureHandle, EguiUserTextures};
use vedette_panels::MapPicture;
use vedette_panels::camera::{FOV_DEG, MapCamera};
use vedette_panels::theme::Palette;

use crate::app::Shell;
use crate::bake;
use crate::imagery::{self, Imagery};

/// Land by its own light; no lamps, no shadows, no prepass.
#[derive(Asset, TypePath, AsBindGroup, Clone)]
pub(crate) struct LandMaterial {
    #[texture(0)]
    #[sampler(1)]
    texture: Handle<Image>,
    #[uniform(2)]
    look: LandLook,
    #[texture(3)]
    #[sampler(4)]
    pictures: Option<Handle<Image>>,
}

#[derive(Clone, Copy, ShaderType)]
struct LandLook {
    dark: Vec4,
    light: Vec4,
    hatch: Vec4,
    /// Contour steps, metres; reach of the side channel, metres; how much of the map pictures shows, 0 to 1.
    contour: Vec4,
}

const SHADER: Handle<Shader> = uuid_handle!("6f6b4f0e-3a6d-4b0e-9d7c-2f0c8d1b7a55");

const WGSL: &str = r"
#import bevy_pbr::forward_io::VertexOutput

struct Look { dark: vec4<f32>, light: vec4<f32>, hatch: vec4<f32>, contour: vec4<f32> }
@group(#{MATERIAL_BIND_GROUP}) @binding(0) var land: texture_2d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(1) var land_sampler: sampler;
@group(#{MATERIAL_BIND_GROUP}) @binding(2) var<uniform> look: Look;
@group(#{MATERIAL_BIND_GROUP}) @binding(3) var pictures: texture_2d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(4) var pictures_sampler: sampler;

fn line_at(h: f32, step: f32, slope: f32) -> f32 {
    let d = abs(fract(h / step + 0.5) - 0.5) * step / max(slope, 0.0001);
    let crowded = smoothstep(step * 0.34, step * 0.12, slope);
    return (1.0 - smoothstep(0.4, 1.1, d)) * crowded;
}

@fragment
fn fragment(in: VertexOutput) -> @location(0) vec4<f32> {
    let c = textureSample(land, land_sampler, in.uv);
    // Tone: shadows sink, slopes in the light stand out.
    let tone = clamp(pow(c.r, 2.2) * 1.15, 0.0, 1.0);
    var rgb = mix(look.dark.rgb, look.light.rgb, tone);
    // Map pictures: calm and dark, the relief's light on them.
    let pic = textureSample(pictures, pictures_sampler, in.uv);
    let grey = dot(pic.rgb, vec3<f32>(0.299, 0.587, 0.114));
    let calm = mix(vec3<f32>(grey), pic.rgb, 0.75) * (0.34 + 0.36 * tone);
    rgb = mix(rgb, calm, pic.a * look.contour.w);
    let h = in.world_position.y;
    let slope = length(vec2<f32>(dpdx(h), dpdy(h)));
    rgb += look.light.rgb * 0.16 * line_at(h, look.contour.x, slope);
    rgb += look.light.rgb * 0.34 * line_at(h, look.contour.y, slope);
    let side = (c.g - 0.50196) * 2.0 * look.contour.z;
    let edge = max(length(vec2<f32>(dpdx(side), dpdy(side))), 0.01);
    let foreign = 1.0 - smoothstep(-edge, edge, side);
    rgb = mix(rgb, vec3<f32>(0.0), 0.46 * foreign);
    let stripe = fract((in.position.x + in.position.y) / 12.0);
    let on = select(0.0, 1.0, stripe < 0.0834) * foreign;
    rgb = mix(rgb, look.hatch.rgb, 0.15 * on);
    // No height: flat, a grey grid.
    let g = abs(fract(in.world_position.xz / 250.0 + 0.5) - 0.5) * 250.0;
    let gw = max(fwidth(in.world_position.x), 0.01);
    let grid = 1.0 - smoothstep(0.5 * gw, 1.5 * gw, min(g.x, g.y));
    rgb = mix(rgb, mix(look.dark.rgb, look.hatch.rgb, 0.35 * grid), step(0.5, c.b));
    let lin = select(pow((rgb + 0.055) / 1.055, vec3<f32>(2.4)), rgb / 12.92, rgb <= vec3<f32>(0.04045));
    return vec4<f32>(lin, 1.0);
}
";

impl Material for LandMaterial {
    fn fragment_shader() -> ShaderRef {
        SHADER.into()
    }
    fn enable_prepass() -> bool {
        false
    }
    fn enable_shadows() -> bool {
        false
    }
}

/// Which level of detail a piece's mesh is.
#[derive(Component)]
pub(crate) struct Level(usize);

/// The land's camera.
#[derive(Component)]
pub(crate) struct LandCamera;

/// State of the map's rendering.
#[derive(Resource, Default)]
pub(crate) struct Land {
    image: Handle<Image>,
    texture: Option<bevy_egui::egui::TextureId>,
    drawn: Option<(MapCamera, egui::Vec2, usize)>,
    last: Option<Instant>,
    built: Option<(String, usize)>,
    material: Handle<LandMaterial>,
    drawing: Option<JoinHandle<Option<Imagery>>>,
    /// Frames the map was really drawn.
    pub(crate) renders: u64,
    again: u8,
    software: Option<bool>,
}

pub(crate) struct LandPlugin;

impl Plugin for LandPlugin {
    fn build(&self, app: &mut App) {
        app.add_plugins(MaterialPlugin::<LandMaterial>::default());
        if let Some(mut shaders) = app.world_mut().get_resource_mut::<Assets<Shader>>() {
            // The only failure is a wrong uuid kind, which this one is not.
            drop(shaders.insert(SHADER.id(), Shader::from_wgsl(WGSL, "land.wgsl")));
        }
        app.init_resource::<Land>()
            .add_systems(Startup, start)
            .add_systems(Update, (build, lay_pictures, drive).chain().after(crate::ui::take));
    }
}

fn start(
    mut commands: Commands,
    mut images: ResMut<Assets<Image>>,
    mut textures: ResMut<EguiUserTextures>,
    mut land: ResMut<Land>,
) {
    let mut img = Image::new_target_texture(64, 64, TextureFormat::Rgba8UnormSrgb, None);
    img.texture_descriptor.usage |= TextureUsages::COPY_SRC;
    land.image = images.add(img);
    land.texture = Some(textures.add_image(EguiTextureHandle::Strong(land.image.clone())));
    commands.spawn((
        Camera3d::default(),
        Camera {
            order: -1,
            is_active: false,
            clear_color: ClearColorConfig::Custom(Color::srgb_u8(10, 12, 14)),
            ..default()
        },
        RenderTarget::Image(land.image.clone().into()),
        Msaa::Off,
        Tonemapping::None,
        DebandDither::Disabled,
        Projection::default(),
        Transform::default(),
        LandCamera,
    ));
}

fn srgb(c: egui::Color32) -> Vec4 {
    let f = |x: u8| f32::from(x) / 255.0;
    Vec4::new(f(c.r()), f(c.g()), f(c.b()), 1.0)
}

/// Makes relief, meshes and texture once there is a view, and again for another site or section.
fn build(
    mut commands: Commands,
    mut shell: ResMut<Shell>,
    mut land: ResMut<Land>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut images: ResMut<Assets<Image>>,
    mut materials: ResMut<Assets<LandMaterial>>,
    old: Query<Entity, With<Level>>,
) {
    let Some(v) = shell.current() else { return };
    let key = (v.site.hash.clone(), v.section.len());
    if land.built.as_ref() == Some(&key) {
        return;
    }
    for e in &old {
        commands.entity(e).despawn();
    }
    let relief = bake::relief(&shell.feeds.terrain, &v);
    let cell = shell
        .feeds
        .terrain
        .tiles()
        .first()
        .map_or(30.0, |t| t.spacing_m(relief.frame.origin()));
    let base = relief.range().map_or(0.0, |r| r.0);
    let texture = images.add(bake::texture(&relief, &v, cell));
    let pal = Palette::dark();
    let span = relief.range().map_or(500.0, |(a, b)| b - a);
    let (minor, major) = if span > 400.0 { (100.0, 500.0) } else { (20.0, 100.0) };
    let material = materials.add(LandMaterial {
        texture,
        look: LandLook {
            dark: srgb(pal.terrain[0]),
            light: srgb(pal.terrain[1]),
            hatch: srgb(pal.text3),
            contour: Vec4::new(minor, major, 64.0, 0.0),
        },
        pictures: None,
    });
    land.material = material.clone();
    land.drawing = imagery::start(shell.feeds.pictures.clone(), &relief);
    shell.local.imagery = None;
    for p in bake::pieces(&relief) {
        for (i, stride) in bake::STRIDES.iter().enumerate() {
            commands.spawn((
                Mesh3d(meshes.add(bake::mesh(&relief, p, *stride, base))),
                MeshMaterial3d(material.clone()),
                Transform::IDENTITY,
                if i == 0 {
                    Visibility::Visible
                } else {
                    Visibility::Hidden
                },
                Level(i),
            ));
        }
    }
    shell.relief = Some(Arc::new(relief));
    land.built = Some(key);
    land.drawn = None;
}

/// Lays map pictures on the land once they are drawn, and shows or hides them.
fn lay_pictures(
    mut shell: ResMut<Shell>,
    mut land: ResMut<Land>,
    mut images: ResMut<Assets<Image>>,
    mut materials: ResMut<Assets<LandMaterial>>,
) {
    // Pictures of a moment wait for them.
    if let Some(job) = land.drawing.take_if(|j| shell.frozen_clock || j.is_finished())
        && let Ok(Some(done)) = job.join()
        && let Some(mut m) = materials.get_mut(&land.material)
    {
        m.pictures = Some(images.add(imagery::texture(&done.picture)));
        shell.local.imagery = Some(done.credit);
        land.drawn = None;
    }
    let shown = if shell.local.imagery.is_some() && !shell.local.plain_map {
        1.0
    } else {
        0.0
    };
    if materials
        .get(&land.material)
        .is_some_and(|m| (m.look.contour.w - shown).abs() > 0.01)
        && let Some(mut m) = materials.get_mut(&land.material)
    {
        m.look.contour.w = shown;
        land.drawn = None;
    }
}

/// Points the camera where the panels look, and renders only when that changed.
fn drive(
    mut shell: ResMut<Shell>,
    mut land: ResMut<Land>,
    mut images: ResMut<Assets<Image>>,
    info: Option<Res<RenderAdapterInfo>>,
    mut cams: Query<(&mut Camera, &mut Transform, &mut Projection), With<LandCamera>>,
    mut levels: Query<(&Level, &mut Visibility)>,
) {
    let Ok((mut cam, mut at, mut proj)) = cams.single_mut() else {
        return;
    };
    if land.software.is_none() {
        land.software = info.map(|i| format!("{:?}", i.0.device_type) == "Cpu");
        if land.software == Some(true) {
            shell.local.graphics = Some("software rendering: map redrawn only when it changes".to_owned());
        }
    }
    let size = shell.local.map_rect.size();
    let want = shell.local.map;
    let scale = shell.pixels_per_point;
    if land.built.is_none() || size.x < 8.0 || size.y < 8.0 {
        cam.is_active = false;
        return;
    }
    let step_px = shell.relief.as_ref().map_or(25.0, |r| r.step_m) / want.m_per_px;
    let level = if step_px >= 3.5 {
        0
    } else if step_px >= 1.7 {
        1
    } else {
        2
    };
    let changed = land.drawn != Some((want, size, level));
    // Pipelines and textures come up over the first frames: the first picture is drawn a few times.
    let due = changed || land.again > 0;
    let pace = if land.software == Some(true) {
        Duration::from_millis(shell.map_pace_ms)
    } else {
        Duration::ZERO
    };
    if !due || land.last.is_some_and(|t| t.elapsed() < pace) {
        cam.is_active = false;
        return;
    }
    if changed {
        land.again = if land.drawn.is_none() { 5 } else { 0 };
    } else {
        land.again -= 1;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "pixels of a screen"
    )]
    let px = |x: f32| ((x * scale).round() as u32).clamp(8, 8192);
    let (w, h) = (px(size.x), px(size.y));
    if let Some(mut img) = images.get_mut(&land.image)
        && (img.width() != w || img.height() != h)
    {
        img.resize(Extent3d {
            width: w,
            height: h,
            depth_or_array_layers: 1,
        });
        land.again = 3;
    }
    for (l, mut v) in &mut levels {
        let to = if l.0 == level {
            Visibility::Visible
        } else {
            Visibility::Hidden
        };
        if *v != to {
            *v = to;
        }
    }
    let view = want.view(egui::Rect::from_min_size(egui::Pos2::ZERO, size));
    #[expect(clippy::cast_possible_truncation, reason = "metres of a few kilometres")]
    let bevy = |v: [f64; 3]| Vec3::new(v[0] as f32, v[2] as f32, -(v[1] as f32));
    if want.is_flat() {
        let eye = bevy([want.east_m, want.north_m, want.up_m + 9000.0]);
        *at = Transform::from_translation(eye).looking_to(Vec3::NEG_Y, bevy(view.up));
        #[expect(clippy::cast_possible_truncation, reason = "metres of a screen")]
        let m = want.m_per_px as f32;
        *proj = Projection::Orthographic(OrthographicProjection {
            near: 1.0,
            far: 20_000.0,
            scaling_mode: ScalingMode::Fixed {
                width: size.x * m,
                height: size.y * m,
            },
            ..OrthographicProjection::default_3d()
        });
    } else {
        *at = Transform::from_translation(bevy(view.eye())).looking_to(bevy(view.forward), bevy(view.up));
        #[expect(clippy::cast_possible_truncation, reason = "degrees")]
        let fov = (FOV_DEG as f32).to_radians();
        #[expect(clippy::cast_possible_truncation, reason = "metres")]
        let near = (view.distance_m * 0.02) as f32;
        *proj = Projection::Perspective(PerspectiveProjection {
            fov,
            aspect_ratio: size.x / size.y,
            near,
            far: 80_000.0,
            ..default()
        });
    }
    cam.is_active = true;
    land.drawn = Some((want, size, level));
    land.last = Some(crate::app::wall());
    land.renders += 1;
    shell.picture = land.texture.map(|texture| MapPicture {
        texture,
        camera: want,
        size,
    });
}
