//! Telemetry messages as reports: units, datums and "not known" marks end here.
//!
//! Invariant: every number that leaves is finite and in its range; a value the aircraft marks as
//! unknown (NaN, INT_MAX, 65535, -1) leaves as `None` or not at all.

use vedette_geo::{AboveHome, Amsl, LatLon, norm_deg_360};
use vedette_model::{GnssFix, LandedState, Report, Severity};

use crate::codec::wire;

/// A sum of quaternion components beyond which a quaternion is not one.
const QUATERNION_TOLERANCE: f64 = 0.1;

pub(crate) fn place(lat: i32, lon: i32) -> Option<LatLon> {
    // (0, 0) is what autopilots send before they have a fix.
    if (lat, lon) == (0, 0) {
        return None;
    }
    LatLon::new(f64::from(lat) * 1e-7, f64::from(lon) * 1e-7).ok()
}

pub(crate) fn finite(v: f32) -> Option<f64> {
    v.is_finite().then(|| f64::from(v))
}

pub(crate) fn position(m: &wire::GlobalPositionInt) -> Option<Report> {
    Some(Report::Position {
        at: place(m.lat, m.lon)?,
        amsl: Amsl(f64::from(m.alt) * 1e-3),
        above_home: AboveHome(f64::from(m.relative_alt) * 1e-3),
        velocity_ned_m_s: [m.vx, m.vy, m.vz].map(|v| f64::from(v) * 1e-2),
        heading_deg: (m.hdg != u16::MAX).then(|| norm_deg_360(f64::from(m.hdg) * 1e-2)),
    })
}

pub(crate) fn attitude(m: &wire::Attitude) -> Option<Report> {
    Some(Report::Attitude {
        roll_deg: finite(m.roll)?.to_degrees(),
        pitch_deg: finite(m.pitch)?.to_degrees(),
        yaw_deg: norm_deg_360(finite(m.yaw)?.to_degrees()),
    })
}

pub(crate) fn speeds(m: &wire::VfrHud) -> Option<Report> {
    Some(Report::Speeds {
        air_m_s: finite(m.airspeed)?,
        ground_m_s: finite(m.groundspeed)?,
        climb_m_s: finite(m.climb)?,
    })
}

fn percent(v: i8) -> Option<f64> {
    (0..=100).contains(&v).then(|| f64::from(v))
}

/// The whole pack: ArduPilot puts it into the first cell (and its excess over 65.5 V into the
/// next), others give every cell.
pub(crate) fn battery(m: &wire::BatteryStatus) -> Report {
    let cells: Vec<f64> = m
        .voltages
        .0
        .iter()
        .filter(|v| **v != u16::MAX)
        .map(|v| f64::from(*v) * 1e-3)
        .collect();
    let volts: f64 = cells.iter().sum();
    Report::Battery {
        remaining_pct: percent(m.remaining),
        volts: (volts > 0.0).then_some(volts),
        amps: (m.current_ca >= 0).then(|| f64::from(m.current_ca) * 1e-2),
        // Hectojoules.
        consumed_wh: (m.energy_consumed >= 0).then(|| f64::from(m.energy_consumed) / 36.0),
    }
}

pub(crate) fn battery_of_status(m: &wire::SysStatus) -> Report {
    Report::Battery {
        remaining_pct: percent(m.remaining),
        volts: (m.voltage_mv != u16::MAX && m.voltage_mv != 0).then(|| f64::from(m.voltage_mv) * 1e-3),
        amps: (m.current_ca >= 0).then(|| f64::from(m.current_ca) * 1e-2),
        consumed_wh: None,
    }
}

/// MAV_SYS_STATUS_PREARM_CHECK.
const PREARM: u32 = 0x1000_0000;

pub(crate) fn health(m: &wire::SysStatus) -> Report {
    let unhealthy = m.present & m.enabled & !m.health;
    let ready = if m.present & PREARM != 0 {
        m.health & PREARM != 0
    } else {
        unhealthy == 0
    };
    Report::Health {
        ready_to_arm: ready,
        unhealthy: unhealthy & !PREARM,
    }
}

pub(crate) fn gnss(m: &wire::GpsRawInt) -> Report {
    let acc = |mm: u32| (mm != 0 && mm != u32::MAX).then(|| f64::from(mm) * 1e-3);
    Report::Gnss(GnssFix {
        fix_type: m.fix_type,
        satellites: if m.satellites == u8::MAX { 0 } else { m.satellites },
        h_acc_m: acc(m.h_acc),
        v_acc_m: acc(m.v_acc),
    })
}

pub(crate) fn wind(m: &wire::Wind) -> Option<Report> {
    Some(Report::Wind {
        from_deg: norm_deg_360(finite(m.direction)?),
        speed_m_s: finite(m.speed)?,
    })
}

pub(crate) fn wind_cov(m: &wire::WindCov) -> Option<Report> {
    let (n, e) = (finite(m.north)?, finite(m.east)?);
    Some(Report::Wind {
        from_deg: norm_deg_360((-e).atan2(-n).to_degrees()),
        speed_m_s: n.hypot(e),
    })
}

pub(crate) fn landed(state: u8) -> Option<LandedState> {
    match state {
        1 => Some(LandedState::OnGround),
        2 => Some(LandedState::InAir),
        3 => Some(LandedState::TakingOff),
        4 => Some(LandedState::Landing),
        _ => None,
    }
}

/// GIMBAL_DEVICE_FLAGS: yaw locked to north, yaw given in the vehicle's frame, yaw given in the
/// earth's frame.
const YAW_LOCK: u16 = 16;
const YAW_IN_VEHICLE: u16 = 32;
const YAW_IN_EARTH: u16 = 64;

/// Gimbal attitude in earth axes; `vehicle_yaw_deg` is needed when the device counts yaw from the
/// nose (gimbal protocol v2: frame by flags 32 and 64, without either by the lock flag).
pub(crate) fn gimbal(m: &wire::GimbalDeviceAttitudeStatus, vehicle_yaw_deg: Option<f64>) -> Option<Report> {
    let [w, x, y, z] = m.q.0.map(f64::from);
    let norm = w * w + x * x + y * y + z * z;
    if !norm.is_finite() || (norm - 1.0).abs() > QUATERNION_TOLERANCE {
        return None;
    }
    let (w, x, y, z) = {
        let n = norm.sqrt();
        (w / n, x / n, y / n, z / n)
    };
    // ZYX Euler angles of the quaternion (Diebel 2006, eq. 290).
    let roll = (2.0 * (w * x + y * z)).atan2(1.0 - 2.0 * (x * x + y * y));
    let pitch = (2.0 * (w * y - z * x)).clamp(-1.0, 1.0).asin();
    let yaw = (2.0 * (w * z + x * y)).atan2(1.0 - 2.0 * (y * y + z * z));
    let in_earth = m.flags & YAW_IN_EARTH != 0 || (m.flags & YAW_IN_VEHICLE == 0 && m.flags & YAW_LOCK != 0);
    let yaw_deg = if in_earth {
        yaw.to_degrees()
    } else {
        yaw.to_degrees() + vehicle_yaw_deg?
    };
    Some(Report::Gimbal {
        roll_deg: roll.to_degrees(),
        pitch_deg: pitch.to_degrees(),
        yaw_deg: norm_deg_360(yaw_deg),
    })
}

/// VIDEO_STREAM_STATUS_FLAGS_THERMAL.
const THERMAL: u16 = 2;

/// VIDEO_STREAM_TYPE of plain RTP and of a transport stream over UDP, whose address may be nothing but the port that
/// is to be listened on; and VIDEO_STREAM_ENCODING of H.265.
const RTP_UDP: u8 = 1;
const MPEG_TS: u8 = 3;
const H265: u8 = 2;

/// Where a stream can be had, with its kind in front: nothing in RTP itself says what it holds.
fn video_address(kind: u8, encoding: u8, uri: &str) -> String {
    let place = uri.strip_prefix("udp://").or_else(|| uri.strip_prefix("rtp://"));
    let place = match place {
        Some(p) => p.to_owned(),
        None if uri.parse::<u16>().is_ok() => format!("@:{uri}"),
        None => return uri.to_owned(),
    };
    match kind {
        RTP_UDP if place.contains('?') => format!("rtp://{place}"),
        RTP_UDP if encoding == H265 => format!("rtp://{place}?codec=h265"),
        RTP_UDP => format!("rtp://{place}?codec=h264"),
        MPEG_TS => format!("udp://{place}"),
        _ => uri.to_owned(),
    }
}

pub(crate) fn video(m: &wire::VideoStreamInformation) -> Option<Report> {
    let uri = video_address(m.kind, m.encoding, &m.uri.to_text());
    (!uri.is_empty()).then(|| Report::VideoStream {
        stream: m.stream_id,
        thermal: m.flags & THERMAL != 0,
        uri,
        name: m.name.to_text(),
        hfov_deg: (m.hfov > 0 && m.hfov <= 360).then(|| f64::from(m.hfov)),
        width: m.width,
        height: m.height,
    })
}

/// MAV_SEVERITY.
pub(crate) fn severity(s: u8) -> Severity {
    match s {
        0..=2 => Severity::Critical,
        3 => Severity::Error,
        4 => Severity::Warning,
        _ => Severity::Info,
    }
}

/// Firmware version as text: `4.7.0-dev` (FIRMWARE_VERSION_TYPE in the low byte).
pub(crate) fn firmware(m: &wire::AutopilotVersion) -> String {
    let [kind, patch, minor, major] = m.flight_sw.to_le_bytes();
    let suffix = match kind {
        0..64 => "-dev",
        64..128 => "-alpha",
        128..192 => "-beta",
        192..255 => "-rc",
        255 => "",
    };
    format!("{major}.{minor}.{patch}{suffix}")
}

/// Hardware uid: the short one, else the long one folded (FNV-1a, 64 bits), 0 when neither is told.
pub(crate) fn uid(m: &wire::AutopilotVersion) -> u64 {
    if m.uid != 0 || m.uid2.0.iter().all(|b| *b == 0) {
        return m.uid;
    }
    m.uid2.0.iter().fold(0xcbf2_9ce4_8422_2325, |h, b| {
        (h ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// What HIGH_LATENCY2 tells, coarse as it is: whole metres, two degrees, fifths of a metre per
/// second. Height above home only where home is known.
pub(crate) fn high_latency(m: &wire::HighLatency2, home: Option<Amsl>) -> Vec<Report> {
    let amsl = Amsl(f64::from(m.altitude));
    let heading_deg = norm_deg_360(f64::from(m.heading) * 2.0);
    let (air, ground) = (f64::from(m.airspeed) / 5.0, f64::from(m.groundspeed) / 5.0);
    let climb = f64::from(m.climb_rate) / 10.0;
    let (s, c) = heading_deg.to_radians().sin_cos();
    let position = place(m.lat, m.lon).map(|at| Report::Position {
        at,
        amsl,
        above_home: AboveHome(home.map_or(0.0, |h| amsl.0 - h.0)),
        velocity_ned_m_s: [ground * c, ground * s, -climb],
        heading_deg: Some(heading_deg),
    });
    let battery = percent(m.battery).map(|p| Report::Battery {
        remaining_pct: Some(p),
        volts: None,
        amps: None,
        consumed_wh: None,
    });
    let rest = [
        Report::Speeds {
            air_m_s: air,
            ground_m_s: ground,
            climb_m_s: climb,
        },
        Report::Wind {
            from_deg: norm_deg_360(f64::from(m.wind_heading) * 2.0),
            speed_m_s: f64::from(m.windspeed) / 5.0,
        },
    ];
    position.into_iter().chain(battery).chain(rest).collect()
}
