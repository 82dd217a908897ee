//! Clocks as types. `Mono` for deadlines, `Utc` for records, foreign clocks by their own names;
//! only a [`ClockMap`] converts.

use serde::{Deserialize, Serialize};

/// Microseconds of the station's monotonic clock since the session started. Never steps back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mono(pub i64);

impl Mono {
    /// The session's start.
    pub const ZERO: Self = Self(0);
    /// Later by `ms` milliseconds.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0 + ms * 1000)
    }
    /// Microseconds since `earlier` (negative if it is later).
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }
    /// Seconds since the session started.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "microseconds of centuries fit a double")]
    pub fn seconds(self) -> f64 {
        self.0 as f64 * 1e-6
    }
}

/// Microseconds since 1970-01-01T00:00:00 UTC without leap jumps (the MISP precision time
/// stamp, MISB ST 0603).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Utc(pub i64);

impl Utc {
    /// Year, month, day, hour, minute, second, microsecond (proleptic Gregorian; days from civil
    /// after Hinnant 2013).
    #[must_use]
    pub fn civil(self) -> (i64, u32, u32, u32, u32, u32, u32) {
        let days = self.0.div_euclid(86_400_000_000);
        let us = self.0.rem_euclid(86_400_000_000);
        let z = days + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let d = doy - (153 * mp + 2) / 5 + 1;
        let m = if mp < 10 { mp + 3 } else { mp - 9 };
        let y = yoe + era * 400 + i64::from(m <= 2);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "calendar fields are small"
        )]
        let u = |v: i64| v as u32;
        (
            y,
            u(m),
            u(d),
            u(us / 3_600_000_000),
            u(us / 60_000_000 % 60),
            u(us / 1_000_000 % 60),
            u(us % 1_000_000),
        )
    }

    /// From a calendar date and time of day.
    #[must_use]
    pub fn from_civil(year: i64, month: u32, day: u32, hour: u32, minute: u32, second: u32) -> Self {
        let y = year - i64::from(month <= 2);
        let era = y.div_euclid(400);
        let yoe = y.rem_euclid(400);
        let m = i64::from(month);
        let doy = (153 * (if m > 2 { m - 3 } else { m + 9 }) + 2) / 5 + i64::from(day) - 1;
        let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
        let days = era * 146_097 + doe - 719_468;
        Self(((days * 24 + i64::from(hour)) * 60 + i64::from(minute)) * 60_000_000 + i64::from(second) * 1_000_000)
    }

    /// `02:47:18`.
    #[must_use]
    pub fn clock(self) -> String {
        let (_, _, _, h, m, s, _) = self.civil();
        format!("{h:02}:{m:02}:{s:02}")
    }

    /// `02:47:17.96`.
    #[must_use]
    pub fn clock_centi(self) -> String {
        let (_, _, _, h, m, s, us) = self.civil();
        format!("{h:02}:{m:02}:{s:02}.{:02}", us / 10_000)
    }

    /// Later by `us` microseconds.
    #[must_use]
    pub const fn plus_us(self, us: i64) -> Self {
        Self(self.0 + us)
    }
}

impl std::fmt::Display for Utc {
    /// RFC 3339 with microseconds: `2026-11-14T02:47:18.000000Z`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (y, mo, d, h, m, s, us) = self.civil();
        write!(f, "{y:04}-{mo:02}-{d:02}T{h:02}:{m:02}:{s:02}.{us:06}Z")
    }
}

/// Milliseconds since an aircraft's autopilot booted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VehicleBoot(pub i64);

/// A video stream's presentation time stamp, 90 kHz ticks, unwrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pts(pub i64);

/// The only way between a foreign clock and the station's: an offset with its uncertainty.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClockMap {
    /// Station `Utc` microseconds minus foreign microseconds.
    pub offset_us: i64,
    /// One standard deviation, microseconds.
    pub sigma_us: i64,
}

impl ClockMap {
    /// Boot milliseconds of an aircraft as UTC.
    #[must_use]
    pub fn utc_of_boot(&self, t: VehicleBoot) -> Utc {
        Utc(t.0 * 1000 + self.offset_us)
    }
    /// A 90 kHz stamp as UTC.
    #[must_use]
    pub fn utc_of_pts(&self, t: Pts) -> Utc {
        Utc(t.0 * 100 / 9 + self.offset_us)
    }
}
