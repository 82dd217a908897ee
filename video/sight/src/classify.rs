//! What an object may be, from its size on the ground, its shape, its warmth and whether it moves.
//!
//! Classes only: nothing here looks at who. Each feature has a plain likelihood per class, written
//! out below with its reason; "unknown" has one too, so that an odd thing stays unknown. An object
//! never seen moving is called a person only while it keeps a person's upright shape: a warm rock
//! has a person's size, seldom that. On charted water other kinds are compared, boats and swimmers,
//! and nothing need be seen to move: there the ground itself does not hold still.

mod heard;

use vedette_model::TargetClass;

pub(crate) use heard::Heard;

/// What was measured of one look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Features {
    /// Width across the line of sight, metres.
    pub width_m: f64,
    /// Height of the box across the line of sight, metres.
    pub height_m: f64,
    /// Depression of the line of sight, degrees.
    pub depression_deg: f64,
    /// Speed over ground, metres per second.
    pub speed_m_s: f64,
    /// One sigma of that speed.
    pub speed_sigma_m_s: f64,
    /// Warmer than the ground (thermal white-hot); `None` in visible light.
    pub warmer: Option<bool>,
    /// Has been seen to move against the ground.
    pub moved: bool,
    /// It is on charted water.
    pub afloat: bool,
}

/// Kinds compared, in a fixed order.
const KINDS: [Kind; 7] = [
    // Standing person: 1.7 m tall (the cut-out at half contrast loses a tenth), 0.55 m wide, walks to 2.5 m/s, runs to 6.
    Kind {
        class: TargetClass::Person,
        height: (1.60, 0.16),
        width: (0.62, 0.30),
        depth: 0.4,
        speed: (1.2, 1.6),
        least_speed: 0.0,
        afloat: false,
    },
    // Cow, horse, deer.
    Kind {
        class: TargetClass::Animal,
        height: (1.40, 0.22),
        width: (1.80, 0.32),
        depth: 0.8,
        speed: (0.8, 2.0),
        least_speed: 0.0,
        afloat: false,
    },
    // Rider with cycle or motorcycle: 1.7 m tall, 1.6 m long seen from the side.
    Kind {
        class: TargetClass::TwoWheeler,
        height: (1.65, 0.25),
        width: (1.3, 0.4),
        depth: 1.2,
        speed: (7.0, 5.0),
        least_speed: 2.5,
        afloat: false,
    },
    // Dog, boar, chamois, sheep: wider than tall.
    Kind {
        class: TargetClass::Animal,
        height: (0.80, 0.32),
        width: (1.05, 0.45),
        depth: 0.7,
        speed: (1.0, 2.0),
        least_speed: 0.0,
        afloat: false,
    },
    // Car to van: 1.6 m tall, 1.8 x 4.4 m on the ground.
    Kind {
        class: TargetClass::Vehicle,
        height: (1.7, 0.3),
        width: (3.2, 0.45),
        depth: 3.0,
        speed: (9.0, 8.0),
        least_speed: 0.0,
        afloat: false,
    },
    // Open boat to fishing vessel: a 0.5 to 2 m freeboard or its engine alone, 2 to 12 m seen from
    // whichever side; to 20 m/s.
    Kind {
        class: TargetClass::Boat,
        height: (1.0, 0.45),
        width: (3.8, 0.55),
        depth: 2.5,
        speed: (6.0, 6.0),
        least_speed: 0.0,
        afloat: true,
    },
    // Person in the water: head and shoulders, 0.3 to 0.7 m; drifts, swims to 1.5 m/s.
    Kind {
        class: TargetClass::Person,
        height: (0.35, 0.45),
        width: (0.55, 0.40),
        depth: 0.4,
        speed: (0.5, 0.7),
        least_speed: 0.0,
        afloat: true,
    },
];

struct Kind {
    class: TargetClass,
    /// Height, metres, and spread of its logarithm.
    height: (f64, f64),
    /// Width, metres, and spread of its logarithm.
    width: (f64, f64),
    /// Extent away from the viewer, metres: adds to the picture's height when seen from above.
    depth: f64,
    /// Usual speed and its spread, metres per second.
    speed: (f64, f64),
    /// Slower than this it would not be told from others, metres per second.
    least_speed: f64,
    /// Met on water, and not on land; or the other way round.
    afloat: bool,
}

/// Evidence gathered over looks; log-likelihoods, forgetting slowly.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ClassEvidence {
    sums: [f64; KINDS.len()],
    unknown: f64,
    looks: u32,
    /// Looks clearly taller than wide.
    tall_looks: u32,
    /// Looks on charted water.
    afloat_looks: u32,
    moved: bool,
}

impl ClassEvidence {
    /// Adds one look.
    pub fn add(&mut self, f: &Features) {
        let known = [f.width_m, f.height_m, f.speed_m_s]
            .iter()
            .all(|v| v.is_finite() && *v >= 0.0);
        if !known {
            return;
        }
        for (sum, kind) in self.sums.iter_mut().zip(&KINDS) {
            *sum = *sum * FADE + SHARE * kind.log_likelihood(f);
        }
        self.unknown = self.unknown * FADE + SHARE * UNKNOWN_LOG;
        self.looks += 1;
        self.tall_looks += u32::from(f.height_m > 1.6 * f.width_m && f.height_m > 1.2);
        self.afloat_looks += u32::from(f.afloat);
        self.moved |= f.moved;
    }

    /// Best class and its share of the evidence (a share among these kinds, not a probability of
    /// being right).
    #[must_use]
    pub fn best(&self) -> (TargetClass, f64) {
        if self.looks == 0 {
            return (TargetClass::Unknown, 0.0);
        }
        let top = self.sums.iter().copied().fold(self.unknown, f64::max);
        let total: f64 = self.sums.iter().map(|s| (s - top).exp()).sum::<f64>() + (self.unknown - top).exp();
        let (mut class, mut log) = (TargetClass::Unknown, self.unknown);
        for (s, k) in self.sums.iter().zip(&KINDS) {
            if *s > log {
                (class, log) = (k.class, *s);
            }
        }
        let share = (log - top).exp() / total;
        // Not seen to move: only what has a person's upright shape in look after look may be
        // called one; anything else that is warm and still stays unknown.
        let upright = class == TargetClass::Person && self.looks >= 12 && share > 0.75;
        let afloat = self.looks >= 6 && self.afloat_looks * 10 >= self.looks * 8;
        if self.moved || afloat || (upright && self.tall_looks * 10 >= self.looks * 8) {
            (class, share)
        } else {
            (TargetClass::Unknown, share)
        }
    }

    /// Whether it keeps an upright shape, person or tree: taller than wide in most of its looks.
    #[must_use]
    pub fn upright(&self) -> bool {
        self.looks >= 6 && self.tall_looks * 10 >= self.looks * 6
    }

    /// Whether it was ever seen to move against the ground.
    #[must_use]
    pub fn moved(&self) -> bool {
        self.moved
    }
}

/// Successive looks share their errors (blur, threshold): a look counts as a fifth, and the past
/// fades, so that no sum can outgrow what later looks say.
const SHARE: f64 = 0.2;
const FADE: f64 = 0.97;

/// What a look of something else is worth: about the density at two spreads from every mean.
const UNKNOWN_LOG: f64 = -5.5;

impl Kind {
    fn log_likelihood(&self, f: &Features) -> f64 {
        let (s, c) = f.depression_deg.to_radians().sin_cos();
        let seen_height = self.height.0 * c.abs() + self.depth * s.abs();
        let log_normal = |v: f64, mean: f64, spread: f64| {
            let z = (v.max(0.05) / mean).ln() / spread;
            // Heavy tail: one bad cut-out must not decide.
            -(1.0 + 0.5 * z * z).ln() * 2.0 - spread.ln()
        };
        let size =
            log_normal(f.height_m, seen_height, self.height.1) + log_normal(f.width_m, self.width.0, self.width.1);
        // At rest every kind may be; speed speaks only above its own doubt.
        let fast = (f.speed_m_s - f.speed_sigma_m_s).max(0.0);
        let z = ((fast - self.speed.0) / self.speed.1).max(0.0);
        let speed = -(1.0 + 0.5 * z * z).ln() * 2.0 - 0.3 * self.speed.1.ln();
        let slow = if f.speed_m_s + f.speed_sigma_m_s < self.least_speed {
            -2.5
        } else {
            0.0
        };
        let warmth = match (f.warmer, self.class) {
            (Some(false), TargetClass::Person | TargetClass::Animal) => -1.0,
            _ => 0.0,
        };
        // A shoreline is charted to some metres, and something at its edge may be either.
        let element = if self.afloat == f.afloat { 0.0 } else { -8.0 };
        size + speed + slow + warmth + element
    }
}
