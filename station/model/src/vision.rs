//! From a frame to a point on the map that says how wrong it may be.

use serde::{Deserialize, Serialize};
use vedette_geo::{Amsl, LatLon};

use crate::{CameraId, Pts, TrackId, Utc, VehicleId};

/// What the sensor sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Spectrum {
    /// Long-wave infrared.
    Thermal,
    /// Visible light.
    Visible,
}

/// Which way warm things are drawn in a thermal picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Polarity {
    /// Warm is bright.
    WhiteHot,
    /// Warm is dark.
    BlackHot,
}

/// Where a camera was and looked when a frame was captured, with how well that is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SensorPose {
    /// When (KLV tag 2 or mapped).
    pub captured: Utc,
    /// Camera position.
    pub at: LatLon,
    /// Camera height.
    pub amsl: Amsl,
    /// Optical axis and picture-up in earth axes: roll, pitch (negative down), yaw true, degrees.
    pub roll_deg: f64,
    /// Pitch of the optical axis.
    pub pitch_deg: f64,
    /// Yaw of the optical axis, degrees true.
    pub yaw_deg: f64,
    /// Horizontal field of view, degrees.
    pub hfov_deg: f64,
    /// Vertical field of view, degrees.
    pub vfov_deg: f64,
    /// One sigma of horizontal position per axis, metres.
    pub sigma_h_m: f64,
    /// One sigma of height, metres.
    pub sigma_v_m: f64,
    /// One sigma of the axis' pitch and roll that is new with each frame, degrees.
    pub sigma_tilt_deg: f64,
    /// One sigma of heading and boresight bias that does not average out, degrees.
    pub sigma_heading_deg: f64,
    /// One sigma of the time between picture and pose, seconds.
    pub sigma_time_s: f64,
}

/// 95 % error ellipse on the ground.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ellipse95 {
    /// Half length of the long axis, metres.
    pub semi_major_m: f64,
    /// Half length of the short axis, metres.
    pub semi_minor_m: f64,
    /// Direction of the long axis, degrees true, 0..180.
    pub azimuth_deg: f64,
}

/// A point on the ground with its covariance in local east-north axes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GroundFix {
    /// Where.
    pub at: LatLon,
    /// Ground height there.
    pub amsl: Amsl,
    /// Covariance east-east, east-north, north-north, square metres.
    pub cov_en_m2: [f64; 3],
    /// Slant range from the camera, metres.
    pub slant_m: f64,
}

impl GroundFix {
    /// The 95 % ellipse (chi-square with two degrees of freedom: factor 5.991).
    #[must_use]
    pub fn ellipse95(&self) -> Ellipse95 {
        let [ee, en, nn] = self.cov_en_m2;
        let mid = f64::midpoint(ee, nn);
        let d = (((ee - nn) / 2.0).powi(2) + en * en).sqrt();
        let (l1, l2) = ((mid + d).max(0.0), (mid - d).max(0.0));
        // Angle of the long axis from east, counter-clockwise, turned to azimuth.
        let from_east = 0.5 * (2.0 * en).atan2(ee - nn);
        Ellipse95 {
            semi_major_m: (5.991 * l1).sqrt(),
            semi_minor_m: (5.991 * l2).sqrt(),
            azimuth_deg: (90.0 - from_east.to_degrees()).rem_euclid(180.0),
        }
    }

    /// Half width of the 95 % ellipse in a direction, metres (its support function).
    #[must_use]
    pub fn half_width95_m(&self, azimuth_deg: f64) -> f64 {
        let (s, c) = azimuth_deg.to_radians().sin_cos();
        let [ee, en, nn] = self.cov_en_m2;
        (5.991 * (s * s * ee + 2.0 * s * c * en + c * c * nn).max(0.0)).sqrt()
    }
}

/// Why a pixel has no place on the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum NoFix {
    /// Looks at the sky.
    #[error("the line of sight does not meet the ground")]
    AboveHorizon,
    /// Terrain data ends before the ray meets it.
    #[error("no terrain data along the line of sight")]
    NoTerrain,
    /// Ray and ground are nearly parallel: a line of bearing, not a position.
    #[error("the line of sight grazes the ground")]
    Grazing,
    /// No pose for this moment.
    #[error("no camera pose for this frame")]
    NoPose,
}

/// What an object is taken for. Never who.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetClass {
    /// A person on foot.
    Person,
    /// A car, van or lorry.
    Vehicle,
    /// Bicycle or motorcycle.
    TwoWheeler,
    /// An animal.
    Animal,
    /// A boat.
    Boat,
    /// Moving or warm, class not known.
    Unknown,
}

/// A box in the picture, in pixels of the full frame.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ImageBox {
    /// Left edge.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// Width.
    pub w: f32,
    /// Height.
    pub h: f32,
}

/// One tracked object at one frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroundTrack {
    /// Its id; survives gaps and change of aircraft.
    pub id: TrackId,
    /// Camera that saw it last.
    pub camera: CameraId,
    /// Frame time of the last look.
    pub captured: Utc,
    /// Frame stamp of the last look.
    pub pts: Pts,
    /// Box in that frame.
    pub image: ImageBox,
    /// Best class so far.
    pub class: TargetClass,
    /// Detector score, 0..=1; not a probability.
    pub score: f64,
    /// Looks that support it.
    pub looks: u32,
    /// Filtered position, or why there is none.
    pub fix: Result<GroundFix, NoFix>,
    /// Velocity east and north, metres per second.
    pub velocity_en_m_s: [f64; 2],
    /// Seen in this frame (true) or carried on without a look (false).
    pub seen: bool,
}

/// One thing followed against the sky.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SkyTrack {
    /// Its number with this camera.
    pub id: u32,
    /// Box, pixels.
    pub image: ImageBox,
    /// Seen in this frame.
    pub seen: bool,
    /// Looks so far.
    pub looks: u32,
    /// Seconds since its first look.
    pub followed_s: f64,
    /// Contrast to the sky, grey levels, signed (positive: brighter).
    pub contrast: f32,
    /// Score, 0..=1; grows with contrast over the sky's spread; not a probability.
    pub score: f32,
    /// Bearing, degrees true; `None` without a pose.
    pub azimuth_deg: Option<f64>,
    /// Elevation, degrees; `None` without a pose.
    pub elevation_deg: Option<f64>,
    /// Angular rate over the last second, degrees per second; `None` without poses.
    pub rate_deg_s: Option<f64>,
    /// Share of the frames since its first look in which it was seen.
    pub steady: f64,
    /// It appeared among many others: birds fly so.
    pub flock: bool,
    /// Its bearing has stood for two seconds: it comes closer, goes away, or hovers.
    pub constant_bearing: bool,
}

/// How old the picture is when it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PictureAge {
    /// Age at arrival, microseconds; `None` when the stream carries no time.
    pub age_us: Option<i64>,
    /// One sigma of it, microseconds.
    pub sigma_us: i64,
    /// What says when the picture was taken.
    #[serde(default, skip_serializing_if = "AgeSource::is_klv")]
    pub by: AgeSource,
}

/// What says when a picture was taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AgeSource {
    /// Its metadata (MISB ST 0601 tag 2).
    #[default]
    Klv,
    /// A time stamp inside it (MISB ST 0604).
    Sei,
    /// Its sender's reports (RTCP, RFC 3550 section 6.4.1).
    Rtp,
}

impl AgeSource {
    /// Its name as operators read it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            AgeSource::Klv => "KLV tag 2",
            AgeSource::Sei => "SEI ST 0604",
            AgeSource::Rtp => "RTP/NTP",
        }
    }

    fn is_klv(&self) -> bool {
        *self == AgeSource::Klv
    }
}

/// What the vision task tells the station about one analysed frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VisionReport {
    /// Stream.
    pub camera: CameraId,
    /// Aircraft that carries it.
    pub vehicle: VehicleId,
    /// Thermal or visible.
    pub spectrum: Spectrum,
    /// Frame stamp.
    pub pts: Pts,
    /// Frame time.
    pub captured: Utc,
    /// Age of the picture on arrival.
    pub age: PictureAge,
    /// Pose used, if there was one.
    pub pose: Option<SensorPose>,
    /// Corners of the picture on the ground, clockwise from upper left; `None` where the corner
    /// looks past the ground.
    pub footprint: [Option<LatLon>; 4],
    /// Pixels per metre at the picture's centre, across, if it meets the ground.
    pub px_per_m: Option<f64>,
    /// Registration health, 0..=1: share of features that agree with the camera motion.
    pub registration: f64,
    /// All live tracks.
    pub tracks: Vec<GroundTrack>,
    /// Frames decoded so far on this stream.
    pub frames_decoded: u64,
    /// Frames analysed so far.
    pub frames_analysed: u64,
    /// Frames dropped before analysis so far (newest wins).
    pub frames_dropped: u64,
    /// What the analysis leaves out to keep to its share of the processor; empty when nothing.
    #[serde(default)]
    pub left_out: String,
    /// Things followed against the sky, seen or carried.
    #[serde(default)]
    pub sky: Vec<SkyTrack>,
    /// Tracks of the same aircraft's other camera that this one looked at, and whether a light
    /// burns there (visible light in the dark).
    #[serde(default)]
    pub lit: Vec<(TrackId, bool)>,
}
