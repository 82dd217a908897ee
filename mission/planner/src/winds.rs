//! Wind by height.
//!
//! Invariant: with one wind for all heights every answer is that wind, bit for bit.

use vedette_model::plan::{Aircraft, Brief, WindBrief, WindLayer};

/// The wind of a brief at every height.
#[derive(Debug, Clone)]
pub(crate) struct Winds {
    same: WindBrief,
    /// By height, lowest first.
    layers: Vec<WindLayer>,
    worst: WindBrief,
}

/// Where wind blows to, metres per second east and north.
fn blows(from_deg: f64, speed: f64) -> (f64, f64) {
    let (s, c) = from_deg.to_radians().sin_cos();
    (-speed * s, -speed * c)
}

impl Winds {
    pub(crate) fn of(brief: &Brief) -> Self {
        let mut layers = brief.wind_layers.clone();
        layers.sort_by(|a, b| a.amsl_m.total_cmp(&b.amsl_m));
        let mut worst = brief.wind;
        if !layers.is_empty() {
            worst.speed_m_s = layers.iter().map(|l| l.speed_m_s).fold(0.0, f64::max);
            worst.gust_m_s = layers.iter().map(|l| l.gust_m_s).fold(0.0, f64::max);
        }
        Self {
            same: brief.wind,
            layers,
            worst,
        }
    }

    /// Whether wind changes with height.
    pub(crate) fn layered(&self) -> bool {
        !self.layers.is_empty()
    }

    /// Mean wind and gusts at a height above the sea: below the lowest layer that of the lowest, above the highest that of the
    /// highest, between two mixed by height.
    pub(crate) fn at(&self, amsl_m: f64) -> WindBrief {
        let as_brief = |l: &WindLayer| WindBrief {
            from_deg: l.from_deg,
            speed_m_s: l.speed_m_s,
            gust_m_s: l.gust_m_s,
        };
        let k = self.layers.partition_point(|l| l.amsl_m <= amsl_m);
        match (k.checked_sub(1).and_then(|i| self.layers.get(i)), self.layers.get(k)) {
            (None, None) => self.same,
            (Some(l), None) | (None, Some(l)) => as_brief(l),
            (Some(a), Some(b)) => {
                let t = (amsl_m - a.amsl_m) / (b.amsl_m - a.amsl_m).max(1e-9);
                let mix = |x: f64, y: f64| x + (y - x) * t;
                let (p, q) = (blows(a.from_deg, a.speed_m_s), blows(b.from_deg, b.speed_m_s));
                let (east, north) = (mix(p.0, q.0), mix(p.1, q.1));
                WindBrief {
                    from_deg: vedette_geo::norm_deg_360((-east).atan2(-north).to_degrees()),
                    speed_m_s: east.hypot(north),
                    gust_m_s: mix(a.gust_m_s, b.gust_m_s),
                }
            }
        }
    }

    /// The strongest mean and the strongest gusts of any height; its direction means nothing with layers.
    pub(crate) fn worst(&self) -> &WindBrief {
        &self.worst
    }

    /// Greatest speed over ground of an aircraft that cruises, metres per second.
    pub(crate) fn over_ground_m_s(&self, craft: &Aircraft) -> f64 {
        craft.envelope.cruise_m_s + self.worst.speed_m_s + self.worst.gust_m_s
    }
}

/// What a flight home is reckoned against: mean and gusts of the strongest layer, metres per second.
pub(crate) fn against_m_s(brief: &Brief) -> f64 {
    let w = Winds::of(brief);
    w.worst().speed_m_s + w.worst().gust_m_s
}
