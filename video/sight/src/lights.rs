//! Whether there is a light where something is seen, in a picture of visible light taken in the dark.
//!
//! Invariant: "no" needs a dark place that was looked at; where the ground itself is bright the
//! answer is that nobody can tell.

use crate::image::GrayFrame;

/// A lamp saturates a few pixels: at least this bright, and so much over what is around.
const LAMP: (u8, u8) = (200, 90);
/// Brighter ground than this hides lamps.
const DARK: u8 = 110;

/// Whether a light burns within `radius_px` of a pixel; `None` outside the picture or where the
/// ground around is too bright to tell.
#[must_use]
pub fn light_at(frame: &GrayFrame<'_>, at: [f64; 2], radius_px: f64) -> Option<bool> {
    let (w, h) = (frame.width(), frame.height());
    let inside = at[0] >= 0.0 && at[1] >= 0.0 && at[0] < w as f64 && at[1] < h as f64;
    if !(inside && radius_px.is_finite() && radius_px >= 1.0) {
        return None;
    }
    let range = |c: f64, r: f64, most: usize| ((c - r).max(0.0) as usize, ((c + r) as usize + 1).min(most));
    let wide = 3.0 * radius_px;
    let ((x0, x1), (y0, y1)) = (range(at[0], wide, w), range(at[1], wide, h));
    let mut around = Vec::with_capacity((x1 - x0) * (y1 - y0));
    let mut peak = 0u8;
    for y in y0..y1 {
        for x in x0..x1 {
            let v = frame.data()[y * w + x];
            let d = (x as f64 + 0.5 - at[0]).hypot(y as f64 + 0.5 - at[1]);
            if d <= radius_px {
                peak = peak.max(v);
            } else {
                around.push(v);
            }
        }
    }
    around.sort_unstable();
    let ground = *around.get(around.len() / 2)?;
    if ground > DARK {
        return None;
    }
    Some(peak >= LAMP.0 && peak - ground >= LAMP.1)
}
