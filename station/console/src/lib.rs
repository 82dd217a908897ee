//! Bevy shell: 3-D map, textures and windows.
