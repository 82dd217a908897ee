//! Wind at a height, from the brief alone.

use vedette_model::plan::{Brief, WindBrief};

/// Wind at a height above the sea, metres: that of the layers below and above, mixed as velocities; beyond them that of the
/// last. Without layers the same everywhere.
pub(crate) fn wind_at(brief: &Brief, amsl_m: f64) -> WindBrief {
    let nearest = |above: bool| {
        let of = |l: &&vedette_model::plan::WindLayer| if above { l.amsl_m > amsl_m } else { l.amsl_m <= amsl_m };
        let near = brief.wind_layers.iter().filter(of);
        near.min_by(|a, b| (a.amsl_m - amsl_m).abs().total_cmp(&(b.amsl_m - amsl_m).abs()))
    };
    let plain = |l: &vedette_model::plan::WindLayer| WindBrief {
        from_deg: l.from_deg,
        speed_m_s: l.speed_m_s,
        gust_m_s: l.gust_m_s,
    };
    match (nearest(false), nearest(true)) {
        (None, None) => brief.wind,
        (Some(l), None) | (None, Some(l)) => plain(l),
        (Some(low), Some(high)) => {
            let up = (amsl_m - low.amsl_m) / (high.amsl_m - low.amsl_m);
            let part = |f: fn(f64) -> f64| {
                let v = |l: &vedette_model::plan::WindLayer| l.speed_m_s * f(l.from_deg.to_radians());
                v(low) * (1.0 - up) + v(high) * up
            };
            let (north, east) = (part(f64::cos), part(f64::sin));
            WindBrief {
                from_deg: vedette_geo::norm_deg_360(east.atan2(north).to_degrees()),
                speed_m_s: (north * north + east * east).sqrt(),
                gust_m_s: low.gust_m_s * (1.0 - up) + high.gust_m_s * up,
            }
        }
    }
}

/// Strongest mean with its strongest gusts at any height, metres per second: what a way home may have to fly against.
pub(crate) fn strongest_m_s(brief: &Brief) -> (f64, f64) {
    if brief.wind_layers.is_empty() {
        return (brief.wind.speed_m_s, brief.wind.gust_m_s);
    }
    let most = |of: fn(&vedette_model::plan::WindLayer) -> f64| brief.wind_layers.iter().map(of).fold(0.0, f64::max);
    (most(|l| l.speed_m_s), most(|l| l.gust_m_s))
}
