//! Video frames into textures: the stream on the panel, newest frame only, written in place.
//!
//! Invariant: a slow screen drops frames and never queues them. It must not know decoders.

use std::collections::BTreeMap;

use bevy::asset::RenderAssetUsages;
use bevy::prelude::*;
use bevy::render::render_resource::{Extent3d, TextureDimension, TextureFormat};
use bevy_egui::{EguiTextureHandle, EguiUserTextures};
use vedette_model::CameraId;
use vedette_panels::VideoPicture;
use vedette_panels::feeds::VideoFrame;

use crate::app::Shell;

/// One stream's texture.
struct Texture {
    handle: Handle<Image>,
    id: bevy_egui::egui::TextureId,
    size: [u32; 2],
    seen: u64,
    night: bool,
}

/// Textures by stream.
#[derive(Resource, Default)]
pub(crate) struct Textures(BTreeMap<CameraId, Texture>);

/// In the red night room colour pictures become grey first; the panels tint grey to red.
fn bytes(f: &VideoFrame, night: bool) -> Vec<u8> {
    let mut out = f.rgba.to_vec();
    if night {
        for p in out.chunks_exact_mut(4) {
            let y = (u32::from(p[0]) * 54 + u32::from(p[1]) * 183 + u32::from(p[2]) * 19) >> 8;
            let y = y.min(255) as u8;
            p[0] = y;
            p[1] = y;
            p[2] = y;
        }
    }
    out
}

/// Uploads the newest frame of the stream on the panel.
pub(crate) fn upload(
    mut shell: ResMut<Shell>,
    mut textures: ResMut<Textures>,
    mut images: ResMut<Assets<Image>>,
    mut user: ResMut<EguiUserTextures>,
) {
    let night = shell.local.night;
    let Some(camera) = shell.local.camera else { return };
    let Some((n, f)) = shell.feeds.video.latest(camera) else {
        return;
    };
    let size = [f.width, f.height];
    let known = textures.0.get(&camera);
    if known.is_some_and(|t| t.seen == n && t.size == size && t.night == night) {
        return;
    }
    if known.is_none_or(|t| t.size != size) {
        if let Some(old) = textures.0.remove(&camera) {
            // Its texture id is given back with the image.
            let _gone = user.remove_image(&old.handle);
            images.remove(&old.handle);
        }
        let img = Image::new(
            Extent3d {
                width: size[0],
                height: size[1],
                depth_or_array_layers: 1,
            },
            TextureDimension::D2,
            bytes(&f, night),
            TextureFormat::Rgba8UnormSrgb,
            RenderAssetUsages::RENDER_WORLD,
        );
        let handle = images.add(img);
        let id = user.add_image(EguiTextureHandle::Strong(handle.clone()));
        textures.0.insert(
            camera,
            Texture {
                handle,
                id,
                size,
                seen: n,
                night,
            },
        );
    } else if let Some(t) = textures.0.get_mut(&camera) {
        if let Some(mut img) = images.get_mut(&t.handle) {
            img.data = Some(bytes(&f, night));
        }
        t.seen = n;
        t.night = night;
    }
    if let Some(t) = textures.0.get(&camera) {
        shell.video.insert(
            camera,
            VideoPicture {
                texture: t.id,
                size,
                captured: f.captured,
                pts: f.pts,
                pose: f.pose.clone(),
            },
        );
        shell.frames_shown += 1;
    }
}
