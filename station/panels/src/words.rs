//! Figures and times as words: thousands by comma, units beside every figure, unknown as a dash.
//!
//! Invariant: what is not known is `—`, never 0. It must not know colours or layout.

use vedette_model::{Airframe, Known, Mono, Utc};

/// What is drawn for anything unknown.
pub const UNKNOWN: &str = "—";

/// `2364.4` → `2,364`.
#[must_use]
pub fn thousands(v: f64) -> String {
    if !v.is_finite() {
        return UNKNOWN.to_owned();
    }
    let n = v.round().abs();
    let digits = format!("{n:.0}");
    let mut out = String::new();
    let bytes = digits.len();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (bytes - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    if v < 0.0 && n > 0.0 { format!("−{out}") } else { out }
}

/// An integer with commas.
#[must_use]
pub fn count(v: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown, not computed with")]
    thousands(v as f64)
}

/// Metres without decimals, `—` when unknown.
#[must_use]
pub fn metres(v: Option<f64>) -> String {
    v.map_or_else(|| UNKNOWN.to_owned(), |m| format!("{} m", thousands(m)))
}

/// With a sign: `+284 m`.
#[must_use]
pub fn signed_metres(v: Option<f64>) -> String {
    v.map_or_else(
        || UNKNOWN.to_owned(),
        |m| {
            if m >= 0.0 {
                format!("+{} m", thousands(m))
            } else {
                format!("{} m", thousands(m))
            }
        },
    )
}

/// One decimal and a unit, `—` when unknown.
#[must_use]
pub fn tenth(v: Option<f64>, unit: &str) -> String {
    v.map_or_else(|| UNKNOWN.to_owned(), |x| format!("{x:.1} {unit}"))
}

/// Whole degrees true, three digits.
#[must_use]
pub fn bearing(v: Option<f64>) -> String {
    v.map_or_else(
        || UNKNOWN.to_owned(),
        |d| format!("{:03.0}° T", vedette_geo::norm_deg_360(d.round())),
    )
}

/// A duration people read: `9 s`, `4 min 12 s`, `31 min`, `7 h 40`.
#[must_use]
pub fn duration(s: f64) -> String {
    if !s.is_finite() {
        return UNKNOWN.to_owned();
    }
    #[expect(clippy::cast_possible_truncation, reason = "clamped to a few years")]
    let t = s.clamp(-1e8, 1e8).round() as i64;
    match t {
        ..0 => format!("−{}", duration(-s)),
        0..120 => format!("{t} s"),
        120..600 => format!("{} min {:02} s", t / 60, t % 60),
        600..7200 => format!("{} min", t / 60),
        _ => format!("{} h {:02}", t / 3600, t / 60 % 60),
    }
}

/// A duration for a glance: whole minutes above two.
#[must_use]
pub fn about(s: f64) -> String {
    if s.is_finite() && (120.0..7200.0).contains(&s) {
        format!("{:.0} min", (s / 60.0).floor())
    } else {
        duration(s)
    }
}

/// Age in seconds with one decimal.
#[must_use]
pub fn age(ms: i64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown, not computed with")]
    let s = ms as f64 / 1000.0;
    if s < 100.0 { format!("{s:.1} s") } else { duration(s) }
}

/// Age of a known value, `—` without one.
#[must_use]
pub fn age_of<T>(k: Option<&Known<T>>, now: Mono) -> String {
    k.map_or_else(|| UNKNOWN.to_owned(), |k| age(k.age_ms(now)))
}

/// `km 20.35`.
#[must_use]
pub fn km(m: f64) -> String {
    // Just before the start is the start, not minus nothing.
    let km = if m.abs() < 5.0 { 0.0 } else { m / 1000.0 };
    format!("km {km:.2}")
}

/// `Sat 14 Nov 2026`.
#[must_use]
pub fn date(utc: Utc) -> String {
    let (y, m, d, ..) = utc.civil();
    let days = utc.0.div_euclid(86_400_000_000);
    let week = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];

    let w = week[days.rem_euclid(7) as usize];
    let mo = months[(m as usize).saturating_sub(1).min(11)];
    format!("{w} {d} {mo} {y}")
}

/// `02:45`.
#[must_use]
pub fn minute(utc: Utc) -> String {
    let (_, _, _, h, m, ..) = utc.civil();
    format!("{h:02}:{m:02}")
}

/// Airframe in words.
#[must_use]
pub fn airframe(a: Airframe) -> &'static str {
    match a {
        Airframe::Copter => "copter",
        Airframe::Plane => "plane",
        Airframe::Quadplane => "quadplane",
    }
}

/// Cuts a sentence to `n` characters with an ellipsis.
#[must_use]
pub fn cut(s: &str, n: usize) -> String {
    if s.chars().count() <= n {
        return s.to_owned();
    }
    let mut t: String = s.chars().take(n.saturating_sub(1)).collect();
    t.push('…');
    t
}

/// Groups of four: `d471 e87b`.
#[must_use]
pub fn groups(hex: &str, n: usize) -> String {
    hex.as_bytes()
        .chunks(4)
        .take(n)
        .map(|c| String::from_utf8_lossy(c).into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_people_write_them() {
        assert_eq!(thousands(2364.4), "2,364");
        assert_eq!(thousands(-1_234_567.0), "−1,234,567");
        assert_eq!(thousands(0.2), "0");
        assert_eq!(metres(None), "—");
        assert_eq!(duration(9.0), "9 s");
        assert_eq!(duration(252.0), "4 min 12 s");
        assert_eq!(duration(27_600.0), "7 h 40");
        assert_eq!(bearing(Some(359.7)), "000° T");
        assert_eq!(date(Utc::from_civil(2026, 11, 14, 2, 0, 0)), "Sat 14 Nov 2026");
        assert_eq!(groups("d471e87bb4a937df", 2), "d471 e87b");
    }
}
