//! What a simulated aircraft is made of: airframe, energy, cameras, sensor errors, faults, air.
//!
//! Invariant: everything random starts from `seed`; the same configuration, weather and
//! datagrams give the same bytes. Must not know scenarios or stations.

use vedette_geo::{Amsl, LatLon};
use vedette_model::plan::{Energy, Envelope};
use vedette_model::{Airframe, Family, Utc};

use crate::energy::PackAge;

/// One video stream announced on the wire (VIDEO_STREAM_INFORMATION).
#[derive(Debug, Clone, PartialEq)]
pub struct VideoStream {
    /// Stream number, from 1.
    pub stream: u8,
    /// Thermal, else visible.
    pub thermal: bool,
    /// Where to fetch or expect it, `udp://HOST:PORT` for MPEG-TS over UDP; empty: the camera is
    /// there, its stream is off.
    pub uri: String,
    /// Name shown to operators.
    pub name: String,
    /// Horizontal field of view, degrees.
    pub hfov_deg: f64,
    /// Pixels across.
    pub width: u16,
    /// Pixels down.
    pub height: u16,
}

impl VideoStream {
    /// The pair every small patrol aircraft carries, streams off: thermal 640×512 with 24°,
    /// visible 1280×720 with 40°.
    #[must_use]
    pub fn pair() -> Vec<Self> {
        let stream = |stream, thermal, hfov_deg, width, height| Self {
            stream,
            thermal,
            uri: String::new(),
            name: if thermal { "thermal" } else { "visible" }.to_owned(),
            hfov_deg,
            width,
            height,
        };
        vec![stream(1, true, 24.0, 640, 512), stream(2, false, 40.0, 1280, 720)]
    }
}

/// One-sigma errors of the aircraft's sensors. Satellite position error is a slow wander (first
/// order Gauss-Markov, 60 s) plus white noise of a tenth of it; angles wander over 20 s.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noise {
    /// Horizontal position, metres per axis.
    pub gnss_h_m: f64,
    /// Height, metres.
    pub gnss_v_m: f64,
    /// Velocity, metres per second per axis.
    pub velocity_m_s: f64,
    /// Roll and pitch, degrees.
    pub attitude_deg: f64,
    /// Heading, degrees.
    pub heading_deg: f64,
    /// Gimbal angles against the airframe's own reference, degrees.
    pub gimbal_deg: f64,
    /// Drift of the barometer (weather and warmth, ten minutes), metres; the height reported
    /// follows it, as autopilots that trust their barometer do.
    pub baro_m: f64,
    /// Bias of the accelerometers, metres per second squared; white noise is a third of it.
    pub accel_m_s2: f64,
    /// Bias of the gyroscopes, degrees per second; white noise is as much again.
    pub gyro_deg_s: f64,
}

impl Noise {
    /// No errors at all: for tests of the dynamics.
    pub const NONE: Self = Self {
        gnss_h_m: 0.0,
        gnss_v_m: 0.0,
        velocity_m_s: 0.0,
        attitude_deg: 0.0,
        heading_deg: 0.0,
        gimbal_deg: 0.0,
        baro_m: 0.0,
        accel_m_s2: 0.0,
        gyro_deg_s: 0.0,
    };
}

impl Default for Noise {
    /// A civil single-frequency receiver with a small gimbal: 1.2 m, 1.8 m, 0.1 m/s, 0.3°, 0.6°, 0.2°;
    /// a barometer that wanders by 1 m and micromechanical inertial sensors.
    fn default() -> Self {
        Self {
            gnss_h_m: 1.2,
            gnss_v_m: 1.8,
            velocity_m_s: 0.1,
            attitude_deg: 0.3,
            heading_deg: 0.6,
            gimbal_deg: 0.2,
            baro_m: 1.0,
            accel_m_s2: 0.05,
            gyro_deg_s: 0.1,
        }
    }
}

/// Limits of the gimbal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GimbalLimits {
    /// Lowest pitch, degrees (negative looks down).
    pub pitch_min_deg: f64,
    /// Highest pitch, degrees.
    pub pitch_max_deg: f64,
    /// Yaw either side of the nose, degrees; 180 turns without end.
    pub yaw_deg: f64,
    /// Slew rate of either axis, degrees per second.
    pub slew_deg_s: f64,
}

impl Default for GimbalLimits {
    fn default() -> Self {
        Self {
            pitch_min_deg: -90.0,
            pitch_max_deg: 20.0,
            yaw_deg: 180.0,
            slew_deg_s: 60.0,
        }
    }
}

/// Habits of real aircraft that trip stations, each off by default for the family played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quirks {
    /// REQUEST_MESSAGE for a message it does not have: ACCEPTED, and nothing comes.
    pub accepts_without_message: bool,
    /// Mission items are given back with all parameters an autopilot does not store set to 0.
    pub lossy_items: bool,
    /// Parameters cannot be read or set: silence.
    pub mute_parameters: bool,
    /// Stream requests are acknowledged and ignored.
    pub silent_streams: bool,
    /// The final MISSION_ACK of an upload is never sent.
    pub mute_mission_ack: bool,
    /// One open file for all stations: another one is told INVALID_SESSION until 3 s of silence.
    pub one_file_session: bool,
    /// Whether each stored plan has an id (`opaque_id`, MISSION_CURRENT); `None`: as the family does,
    /// PX4 yes, ArduPilot no.
    pub plan_ids: Option<bool>,
}

/// Everything a simulated aircraft starts from.
#[derive(Debug, Clone, PartialEq)]
pub struct VehicleConfig {
    /// MAVLink system id, from 1.
    pub system: u8,
    /// Autopilot family played; `Other` behaves as ArduPilot.
    pub family: Family,
    /// Airframe.
    pub airframe: Airframe,
    /// Tail number.
    pub tail: String,
    /// Name crews call it.
    pub name: String,
    /// Where it stands at boot.
    pub home: LatLon,
    /// Ground height there.
    pub home_amsl: Amsl,
    /// Nose direction at boot, degrees true.
    pub heading_deg: f64,
    /// Seed of everything random.
    pub seed: u64,
    /// Flight envelope.
    pub envelope: Envelope,
    /// Energy.
    pub energy: Energy,
    /// Age and temperature of its battery.
    pub pack: PackAge,
    /// Cameras and the video streams they announce; none: no camera component on the wire.
    pub cameras: Vec<VideoStream>,
    /// UTC at `Mono::ZERO`.
    pub boot_utc: Utc,
    /// Its clock gains so many microseconds a second on true time (parts per million).
    pub clock_drift_ppm: f64,
    /// Sensor errors.
    pub noise: Noise,
    /// Gimbal.
    pub gimbal: GimbalLimits,
    /// Seconds after boot until it is ready to arm.
    pub ready_after_s: f64,
    /// Takes orders only from the station that asked for control, once one did
    /// (REQUEST_OPERATOR_CONTROL; neither family has it yet).
    pub operator_control: bool,
    /// System id of the station its link-loss failsafe listens to (ArduPilot SYSID_MYGCS); 255 from
    /// the factory.
    pub gcs_system: u8,
    /// Switchable habits.
    pub quirks: Quirks,
}

impl VehicleConfig {
    /// A small aircraft of its kind with everything at sensible values: a 3 kg multirotor
    /// (10 m/s, 150 Wh), a 4 kg fixed wing (20 m/s, 220 Wh) or a 5 kg quadplane.
    #[must_use]
    pub fn small(system: u8, airframe: Airframe, home: LatLon, home_amsl: Amsl) -> Self {
        let copter = airframe == Airframe::Copter;
        let envelope = if copter {
            Envelope {
                cruise_m_s: 10.0,
                min_m_s: 0.0,
                max_m_s: 16.0,
                climb_m_s: 4.0,
                descent_m_s: 3.0,
                max_bank_deg: 30.0,
            }
        } else {
            Envelope {
                cruise_m_s: 20.0,
                min_m_s: 13.0,
                max_m_s: 28.0,
                climb_m_s: 4.0,
                descent_m_s: 4.0,
                max_bank_deg: 45.0,
            }
        };
        let energy = match airframe {
            Airframe::Copter => Energy {
                battery_wh: 150.0,
                cruise_w: 330.0,
                hover_w: 360.0,
                mass_kg: 3.0,
                climb_efficiency: 0.5,
                sigma_share: 0.1,
                reserve_share: 0.2,
            },
            Airframe::Plane => Energy {
                battery_wh: 220.0,
                cruise_w: 140.0,
                hover_w: 150.0,
                mass_kg: 4.0,
                climb_efficiency: 0.5,
                sigma_share: 0.1,
                reserve_share: 0.2,
            },
            Airframe::Quadplane => Energy {
                battery_wh: 340.0,
                cruise_w: 170.0,
                hover_w: 750.0,
                mass_kg: 5.0,
                climb_efficiency: 0.5,
                sigma_share: 0.1,
                reserve_share: 0.2,
            },
        };
        Self {
            system,
            family: Family::ArduPilot,
            airframe,
            tail: format!("CU-{system:02}"),
            name: String::new(),
            home,
            home_amsl,
            heading_deg: 0.0,
            seed: u64::from(system),
            envelope,
            energy,
            pack: PackAge::default(),
            cameras: VideoStream::pair(),
            boot_utc: Utc::from_civil(2026, 11, 14, 2, 40, 0),
            clock_drift_ppm: 0.0,
            noise: Noise::default(),
            gimbal: GimbalLimits::default(),
            ready_after_s: 5.0,
            operator_control: false,
            gcs_system: 255,
            quirks: Quirks::default(),
        }
    }

    /// Whether it plays PX4.
    #[must_use]
    pub fn px4(&self) -> bool {
        self.family == Family::Px4
    }
}

/// The air: a wind uniform over the section and by height, with turbulence after Dryden
/// (MIL-F-8785C) whose lengths and vertical share follow the height over ground.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Weather {
    /// Direction the wind comes from, degrees true.
    pub wind_from_deg: f64,
    /// Mean wind, metres per second.
    pub wind_m_s: f64,
    /// Gusts above the mean (three sigma of the turbulence), metres per second.
    pub gust_m_s: f64,
}

/// Something that breaks, with its effect on flight and telemetry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// Satellite navigation jammed: no fix; the estimate drifts off.
    GnssLost,
    /// Satellite navigation is back.
    GnssBack,
    /// Satellite position pulled away at this velocity north, east, metres per second (spoofing):
    /// the aircraft believes it.
    GnssSpoofed([f64; 2]),
    /// This share of thrust or lift is gone, 0..1. From one half on a multirotor falls.
    ThrustLost(f64),
    /// A cell fails: this many watt hours vanish at once.
    BatteryDrop(f64),
    /// The gimbal stops moving in its frame.
    GimbalStuck,
    /// The gimbal moves again.
    GimbalFree,
    /// The telemetry radio is dead in both directions.
    RadioSilent,
    /// The telemetry radio works again.
    RadioBack,
    /// The compass is off by so many degrees.
    CompassOff(f64),
    /// The barometer reads so many metres too high (blocked port, wrong pressure, icing).
    BaroOff(f64),
    /// The pitot tube is blocked: it tells this airspeed, metres per second, whatever the air does,
    /// and a winged aircraft that flies by it (ARSPD_USE) is too fast or too slow; absent: free again.
    PitotBlocked(Option<f64>),
    /// The land is so many metres higher than the aircraft's own terrain data say: legs over terrain
    /// are flown that much too low.
    TerrainDataLow(f64),
}
