//! How old the live picture is: the age at this moment, its one sigma, and whose clock says so.

use vedette_model::{AgeSource, PictureAge, Utc};

/// A live picture older than this is late, milliseconds.
const LATE_MS: i64 = 500;

/// The age of a live picture as it stands on its plate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    /// `AGE 0.24 s ± 20 ms`, or `AGE unknown`.
    pub words: String,
    /// Whose clock says so: `metadata clock`, `stamp in the picture`, `sender's reports`; `no clock in the stream`.
    pub clock: &'static str,
    /// Whether anybody says when it was taken.
    pub known: bool,
    /// Older than half a second, or of unknown age: never to be taken for a fresh one.
    pub late: bool,
}

/// The age at `now` of a live picture taken at `captured`, as `measured` on its arrival. A stream without a time has no
/// age: what stands for its capture time then is when it came in.
pub(super) fn shown(now: Utc, captured: Option<Utc>, measured: Option<PictureAge>) -> Shown {
    let told = measured.filter(|m| m.age_us.is_some()).zip(captured);
    let Some((measured, captured)) = told else {
        return Shown {
            words: "AGE unknown".to_owned(),
            clock: "no clock in the stream",
            known: false,
            late: true,
        };
    };
    let ms = (now.0.saturating_sub(captured.0) / 1000).max(0);
    let words = if ms > 3_600_000 {
        "AGE over 1 h".to_owned()
    } else {
        let s = f64::from(i32::try_from(ms).unwrap_or(i32::MAX)) / 1000.0;
        // Rounded up: an error is never told smaller than it is.
        let sigma_ms = measured.sigma_us.max(0).saturating_add(999) / 1000;
        format!("AGE {s:.2} s ± {sigma_ms} ms")
    };
    Shown {
        words,
        clock: clock(measured.by),
        known: true,
        late: ms > LATE_MS,
    }
}

/// Whose clock it is, for a plate.
fn clock(by: AgeSource) -> &'static str {
    match by {
        AgeSource::Klv => "metadata clock",
        AgeSource::Sei => "stamp in the picture",
        AgeSource::Rtp => "sender's reports",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(age_ms: i64, sigma_us: i64, by: AgeSource) -> Shown {
        let measured = PictureAge {
            age_us: Some(1),
            sigma_us,
            by,
        };
        shown(Utc(10_000_000), Some(Utc(10_000_000 - age_ms * 1000)), Some(measured))
    }

    #[test]
    fn an_age_has_its_uncertainty_and_its_clock() {
        let s = at(420, 20_000, AgeSource::Klv);
        assert_eq!((s.words.as_str(), s.clock), ("AGE 0.42 s ± 20 ms", "metadata clock"));
        let s = at(120, 80_001, AgeSource::Rtp);
        assert_eq!((s.words.as_str(), s.clock), ("AGE 0.12 s ± 81 ms", "sender's reports"));
        assert_eq!(at(0, 0, AgeSource::Sei).clock, "stamp in the picture");
        assert_eq!(at(4_000_000, 0, AgeSource::Sei).words, "AGE over 1 h");
    }

    #[test]
    fn late_past_half_a_second_and_when_nobody_says_how_old() {
        assert!(!at(500, 0, AgeSource::Klv).late && at(501, 0, AgeSource::Klv).late);
        let arrival = Some(Utc(9_990_000));
        let silent = PictureAge {
            age_us: None,
            sigma_us: 0,
            by: AgeSource::Klv,
        };
        for (captured, measured) in [(arrival, Some(silent)), (arrival, None), (None, None)] {
            let s = shown(Utc(10_000_000), captured, measured);
            assert_eq!(
                (s.words.as_str(), s.clock, s.late),
                ("AGE unknown", "no clock in the stream", true)
            );
        }
    }
}
