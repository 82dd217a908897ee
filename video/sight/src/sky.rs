//! Small flying things against the sky: intruder drones, by day and in thermal, warm or cold.
//!
//! A thing counts where a small box stands out from a smooth ring around it; trees, roofs and
//! printed text have no smooth ring. Invariant: nothing here has a place on the ground: a track has
//! a bearing when the camera's pose is known, and otherwise only pixels. With a pose, only what is
//! above the horizon counts, and with the ground only what stands clear of the skyline. Bounded
//! memory; the same frames give the same tracks.

use vedette_geo::{Ned, Vec3};
use vedette_model::{ImageBox, SensorPose, SkyTrack, Utc};

use crate::Homography;
use crate::detect::score;
use crate::ground::{Ground, ray_of};
use crate::image::{GrayFrame, Plane};
use crate::register::{HEALTHY, Prepared, between};
use crate::tracker::{ImageTracker, ScoredBox, TrackerPolicy, overlap};

/// Settings of sky mode.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SkyPolicy {
    /// Least contrast to the ring around, grey levels.
    pub contrast: f32,
    /// Least contrast over the ring's spread.
    pub ratio: f32,
    /// The ring may spread by this at most (one sigma, grey levels): sky, not trees.
    pub smooth: f32,
    /// Longest side of a thing, pixels.
    pub most_px: f32,
    /// Things per frame at most.
    pub most: usize,
    /// Looks that confirm a track.
    pub confirm_looks: u32,
    /// With a pose: lowest elevation that counts as sky, degrees (mountains stand above zero).
    pub least_elevation_deg: f64,
}

impl Default for SkyPolicy {
    fn default() -> Self {
        Self {
            contrast: 7.0,
            ratio: 5.0,
            smooth: 4.0,
            most_px: 40.0,
            most: 12,
            confirm_looks: 5,
            least_elevation_deg: -0.5,
        }
    }
}

struct Followed {
    id: u32,
    first: Utc,
    /// Where its raw box has stood in the picture, and where the background under it has gone.
    still: [f64; 2],
    background: [f64; 2],
    still_looks: u32,
    printed: bool,
    /// Where it was first, and whether it was seen elsewhere since.
    begun: [f64; 2],
    roamed: bool,
    frames: u32,
    flock: bool,
    contrast: f32,
    score: f32,
    /// Bearings of the last two seconds.
    rays: Vec<(Utc, [f64; 3])>,
}

/// A thing in one frame.
#[derive(Debug, Clone, Copy)]
struct Spot {
    image: ImageBox,
    /// Where its contrast is centred, pixels.
    at: [f64; 2],
    contrast: f32,
    score: f32,
}

/// Looks at the sky for one camera.
pub struct SkyWatch {
    policy: SkyPolicy,
    tracker: ImageTracker,
    before: Option<(Prepared, usize, usize)>,
    followed: Vec<Followed>,
    /// Until then there is a flock in the picture.
    flock_until: Utc,
}

/// Standing within this many pixels, for this many looks, while the background goes by this far:
/// printed into the picture, or a bad pixel.
const PRINTED: (f64, u32, f64) = (1.5, 8, 12.0);
/// So many things in the sky at once are a flock.
const FLOCK: usize = 6;
/// Smaller than this a thing must have been seen to move in the picture, by as much, pixels.
const TINY_PX: f64 = 3.5;
/// Slower than this a bearing stands, degrees per second.
const STANDS_DEG_S: f64 = 0.1;
const SECOND_US: i64 = 1_000_000;
/// A thing in the sky stands clear of the ground's skyline by this, degrees: a tree of 20 m 1.1 km
/// away, and what heights and pose err by, stay below it.
const CLEAR_DEG: f64 = 1.0;
/// The skyline is looked for within this distance, metres.
const SKYLINE_M: f64 = 20_000.0;

impl SkyWatch {
    /// Ready for the first frame.
    #[must_use]
    pub fn new(policy: SkyPolicy) -> Self {
        let tracker = TrackerPolicy {
            confirm_looks: policy.confirm_looks,
            grow_px: 8.0,
            ..TrackerPolicy::SMALL
        };
        Self {
            policy,
            tracker: ImageTracker::new(tracker),
            before: None,
            followed: Vec::new(),
            flock_until: Utc(i64::MIN),
        }
    }

    /// One frame, in order of capture. Returns confirmed tracks, seen or carried.
    pub fn look(&mut self, frame: &GrayFrame<'_>, captured: Utc, pose: Option<&SensorPose>) -> Vec<SkyTrack> {
        self.judge(frame, captured, pose, None)
    }

    /// The same where the ground is known: what stands before a mountain is none of the sky's.
    pub fn look_above(
        &mut self,
        frame: &GrayFrame<'_>,
        captured: Utc,
        pose: &SensorPose,
        ground: &dyn Ground,
    ) -> Vec<SkyTrack> {
        self.judge(frame, captured, Some(pose), Some(ground))
    }

    fn judge(
        &mut self,
        frame: &GrayFrame<'_>,
        captured: Utc,
        pose: Option<&SensorPose>,
        ground: Option<&dyn Ground>,
    ) -> Vec<SkyTrack> {
        let plane = Plane::of(frame);
        let prepared = Prepared::of(&plane);
        // The background's motion, where it has corners enough; the sky alone has none.
        let map = match &self.before {
            Some((earlier, w, h)) if (*w, *h) == (plane.w, plane.h) => {
                let b = between(earlier, &prepared, &Homography::IDENTITY, 3, 240).registration;
                (b.health >= HEALTHY && b.followed >= 20).then_some(b.map)
            }
            _ => None,
        };
        let spots: Vec<Spot> = self
            .spots(&plane, self.lowest_row(&plane, pose))
            .into_iter()
            .filter(|s| self.in_the_sky(s, &plane, pose, ground))
            .collect();
        if spots.len() >= FLOCK {
            self.flock_until = captured.plus_us(3 * SECOND_US);
        }
        let boxes: Vec<ScoredBox> = spots
            .iter()
            .map(|s| ScoredBox {
                image: s.image,
                score: s.score,
            })
            .collect();
        // What flies is not carried along by the trees' motion when the camera follows it, so the
        // tracker's own filter has to do; its gate is wide.
        let tracks = self.tracker.update(&boxes, &Homography::IDENTITY);
        for f in &mut self.followed {
            if let Some(m) = &map {
                f.background = m.apply(f.background);
            }
        }
        let mut out = Vec::new();
        for t in tracks.iter().filter(|t| t.confirmed) {
            let slot = match self.followed.iter().position(|f| f.id == t.id) {
                Some(i) => i,
                None => {
                    let at = middle(&t.image);
                    self.followed.push(Followed {
                        id: t.id,
                        first: captured,
                        still: at,
                        background: at,
                        still_looks: 0,
                        printed: false,
                        begun: at,
                        roamed: false,
                        frames: t.looks.saturating_sub(1),
                        flock: captured <= self.flock_until,
                        contrast: 0.0,
                        score: t.score,
                        rays: Vec::new(),
                    });
                    self.followed.len() - 1
                }
            };
            let f = &mut self.followed[slot];
            f.frames += 1;
            if let Some(s) = t.detection.and_then(|i| spots.get(i)) {
                f.look(s, captured, plane.w, plane.h, pose);
            }
            // A few pixels that never stir are a bad pixel until they do.
            if f.printed || (!f.roamed && f64::from(t.image.w.max(t.image.h)) < TINY_PX) {
                continue;
            }
            let rate = f.rate_deg_s();
            let ray = f.rays.last().map(|(_, r)| *r);
            let spanned = f.rays.first().map_or(0, |(t, _)| captured.0 - t.0);
            out.push(SkyTrack {
                id: t.id,
                image: t.image,
                seen: t.detection.is_some(),
                looks: t.looks,
                followed_s: (captured.0 - f.first.0) as f64 * 1e-6,
                contrast: f.contrast,
                score: f.score,
                azimuth_deg: ray.map(|r| r[1].atan2(r[0]).to_degrees().rem_euclid(360.0)),
                elevation_deg: ray.map(|r| (-r[2]).clamp(-1.0, 1.0).asin().to_degrees()),
                rate_deg_s: rate,
                steady: f64::from(t.looks) / f64::from(f.frames.max(1)),
                flock: f.flock,
                constant_bearing: spanned > 18 * SECOND_US / 10 && rate.is_some_and(|r| r < STANDS_DEG_S),
            });
        }
        self.followed.retain(|f| tracks.iter().any(|t| t.id == f.id));
        self.before = Some((prepared, plane.w, plane.h));
        out
    }

    fn in_the_sky(&self, s: &Spot, plane: &Plane, pose: Option<&SensorPose>, ground: Option<&dyn Ground>) -> bool {
        let Some(p) = pose else { return true };
        let Some(ray) = ray_of(middle(&s.image), plane.w, plane.h, p) else {
            return false;
        };
        if elevation_deg(&ray) < self.policy.least_elevation_deg {
            return false;
        }
        // Where data end before the ground does, the horizon has to do.
        ground.is_none_or(|g| g.cast(p.at, p.amsl, lowered(&ray), SKYLINE_M).is_err())
    }

    /// Last row of the picture where sky is looked for.
    fn lowest_row(&self, plane: &Plane, pose: Option<&SensorPose>) -> usize {
        let Some(p) = pose else { return plane.h };
        let sky = |y: usize| {
            [0.0, plane.w as f64 / 2.0, plane.w as f64].into_iter().any(|x| {
                ray_of([x, y as f64], plane.w, plane.h, p)
                    .is_some_and(|r| elevation_deg(&r) >= self.policy.least_elevation_deg)
            })
        };
        (0..plane.h)
            .rev()
            .step_by(8)
            .find(|y| sky(*y))
            .map_or(0, |y| (y + 8).min(plane.h))
    }

    /// Small boxes above a row that stand out from a smooth ring, best first.
    fn spots(&self, plane: &Plane, lowest: usize) -> Vec<Spot> {
        let p = &self.policy;
        let sums = Sums::of(plane);
        let mut found: Vec<Spot> = Vec::new();
        for r in [1usize, 2, 4, 7] {
            let (inner, outer) = (2 * r + 2, 3 * r + 6);
            if plane.w <= 2 * outer + 2 || plane.h <= 2 * outer + 2 {
                continue;
            }
            let step = r.div_ceil(2);
            for y in (outer + 1..lowest.min(plane.h - outer - 1)).step_by(step) {
                for x in (outer + 1..plane.w - outer - 1).step_by(step) {
                    let (n, c, _) = sums.around(x, y, r);
                    let (n_in, s_in, q_in) = sums.around(x, y, inner);
                    let (n_out, s_out, q_out) = sums.around(x, y, outer);
                    let ring_n = (n_out - n_in) as f32;
                    let mean = (s_out - s_in) as f32 / ring_n;
                    let var = ((q_out - q_in) as f32 / ring_n - mean * mean).max(0.0);
                    let contrast = c as f32 / n as f32 - mean;
                    if contrast.abs() < p.contrast || var > p.smooth * p.smooth {
                        continue;
                    }
                    let ratio = contrast.abs() / var.sqrt().max(1.0);
                    if ratio < p.ratio {
                        continue;
                    }
                    // Best of its neighbourhood: kept by overlap below; its box by half contrast.
                    let (image, at) = extent(plane, x, y, mean, contrast, outer);
                    let s = Spot {
                        image,
                        at,
                        contrast,
                        score: score(ratio, p.ratio),
                    };
                    if s.image.w.max(s.image.h) <= p.most_px {
                        found.push(s);
                    }
                }
            }
        }
        found.sort_by(|a, b| {
            b.score
                .total_cmp(&a.score)
                .then(a.image.y.total_cmp(&b.image.y))
                .then(a.image.x.total_cmp(&b.image.x))
        });
        let mut kept: Vec<Spot> = Vec::new();
        for s in found {
            if kept.len() >= p.most {
                break;
            }
            if kept.iter().all(|k| overlap(&k.image, &s.image, 3.0) < 0.05) {
                kept.push(s);
            }
        }
        kept
    }
}

impl Followed {
    fn look(&mut self, s: &Spot, captured: Utc, w: usize, h: usize, pose: Option<&SensorPose>) {
        let raw = s.at;
        self.contrast += 0.3 * (s.contrast - self.contrast);
        self.score += 0.2 * (s.score - self.score);
        let (near, looks, far) = PRINTED;
        self.roamed |= (raw[0] - self.begun[0]).hypot(raw[1] - self.begun[1]) > TINY_PX;
        let away = (raw[0] - self.still[0]).hypot(raw[1] - self.still[1]);
        if self.still_looks == 0 || away > near {
            (self.still, self.background, self.still_looks) = (raw, raw, 1);
            self.printed = false;
        } else {
            self.still_looks += 1;
            let went = (self.background[0] - raw[0]).hypot(self.background[1] - raw[1]);
            self.printed |= self.still_looks >= looks && went > far;
        }
        if let Some(r) = pose.and_then(|p| ray_of(raw, w, h, p)) {
            self.rays.push((captured, [r.x, r.y, r.z]));
            self.rays.retain(|(t, _)| captured.0 - t.0 <= 2 * SECOND_US);
        }
    }

    /// Over the last second or what there is of it.
    fn rate_deg_s(&self) -> Option<f64> {
        let (now, b) = self.rays.last()?;
        let (then, a) = self.rays.iter().find(|(t, _)| now.0 - t.0 <= SECOND_US)?;
        let dt = (now.0 - then.0) as f64 * 1e-6;
        if dt < 0.2 {
            return None;
        }
        let dot = (a[0] * b[0] + a[1] * b[1] + a[2] * b[2]).clamp(-1.0, 1.0);
        Some(dot.acos().to_degrees() / dt)
    }
}

/// Elevation of a ray above the horizontal, degrees.
fn elevation_deg(ray: &Vec3<Ned>) -> f64 {
    (-ray.z).clamp(-1.0, 1.0).asin().to_degrees()
}

/// A unit ray turned down by [`CLEAR_DEG`], its bearing kept.
fn lowered(ray: &Vec3<Ned>) -> Vec3<Ned> {
    let level = ray.x.hypot(ray.y);
    if level < 1e-9 {
        return *ray;
    }
    let to = (level.atan2(-ray.z) + CLEAR_DEG.to_radians()).min(std::f64::consts::PI);
    let (down, out) = (-to.cos(), to.sin() / level);
    Vec3::new(ray.x * out, ray.y * out, down)
}

fn middle(b: &ImageBox) -> [f64; 2] {
    [f64::from(b.x + b.w / 2.0), f64::from(b.y + b.h / 2.0)]
}

/// Box of the pixels around (x, y) that keep half the contrast, and the middle of their contrast.
fn extent(plane: &Plane, x: usize, y: usize, mean: f32, contrast: f32, reach: usize) -> (ImageBox, [f64; 2]) {
    let (mut x0, mut x1, mut y0, mut y1) = (x, x, y, y);
    let (mut sum, mut sx, mut sy) = (0.0f64, 0.0f64, 0.0f64);
    for py in y.saturating_sub(reach)..=(y + reach).min(plane.h - 1) {
        for px in x.saturating_sub(reach)..=(x + reach).min(plane.w - 1) {
            let over = (f32::from(plane.px[py * plane.w + px]) - mean) * contrast.signum();
            if over > 0.5 * contrast.abs() {
                (x0, x1) = (x0.min(px), x1.max(px));
                (y0, y1) = (y0.min(py), y1.max(py));
                let w = f64::from(over) * f64::from(over);
                sum += w;
                sx += w * (px as f64 + 0.5);
                sy += w * (py as f64 + 0.5);
            }
        }
    }
    let image = ImageBox {
        x: x0 as f32,
        y: y0 as f32,
        w: (x1 - x0 + 1) as f32,
        h: (y1 - y0 + 1) as f32,
    };
    let at = if sum > 0.0 {
        [sx / sum, sy / sum]
    } else {
        middle(&image)
    };
    (image, at)
}

/// Sums of values and squares over rectangles.
struct Sums {
    w: usize,
    s: Vec<u32>,
    q: Vec<u64>,
}

impl Sums {
    fn of(p: &Plane) -> Self {
        let w = p.w + 1;
        let (mut s, mut q) = (vec![0u32; w * (p.h + 1)], vec![0u64; w * (p.h + 1)]);
        for y in 0..p.h {
            let (mut row, mut row2) = (0u32, 0u64);
            for x in 0..p.w {
                let v = u32::from(p.px[y * p.w + x]);
                row += v;
                row2 += u64::from(v * v);
                let o = (y + 1) * w + x + 1;
                s[o] = s[o - w] + row;
                q[o] = q[o - w] + row2;
            }
        }
        Self { w, s, q }
    }

    /// Pixels, sum and sum of squares of the square of half size `r` around a pixel; the caller
    /// keeps it inside the picture.
    fn around(&self, x: usize, y: usize, r: usize) -> (u32, u32, u64) {
        let (x0, x1, y0, y1) = (x - r, x + r + 1, y - r, y + r + 1);
        let at = |x: usize, y: usize| y * self.w + x;
        let (a, b, c, d) = (at(x1, y1), at(x0, y1), at(x1, y0), at(x0, y0));
        let n = ((2 * r + 1) * (2 * r + 1)) as u32;
        // The order keeps every step above zero.
        (
            n,
            self.s[a] + self.s[d] - self.s[b] - self.s[c],
            self.q[a] + self.q[d] - self.q[b] - self.q[c],
        )
    }
}
