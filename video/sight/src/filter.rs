//! One object on the ground plane: position and velocity with covariance, and error sources that
//! never average out.
//!
//! Invariant: the biases are *considered*, not estimated (Schmidt 1966): however many looks are
//! taken, the ellipse keeps what heading, position and terrain errors do to it, except as far as
//! looks from changing directions show them to differ. Knows nothing of pictures.

#![expect(clippy::needless_range_loop, reason = "matrix algebra reads best by index")]

use vedette_geo::{Amsl, Hae, LatLon, LocalFrame};
use vedette_model::{GroundFix, Utc};

use crate::ground::{BIASES, Look};

type M24 = [[f64; 4]; 2];

/// A constant-velocity filter in a plane tangent where the object was first seen.
#[derive(Debug, Clone)]
pub struct GroundFilter {
    frame: LocalFrame,
    amsl: Amsl,
    slant_m: f64,
    /// East, north, velocity east, velocity north.
    x: [f64; 4],
    p: [[f64; 4]; 4],
    /// Covariance of (truth minus state) with the biases, each in units of its sigma.
    c: [[f64; BIASES]; 4],
    /// Bias columns of the looks so far, smoothed: where terrain facets make them jump from look
    /// to look, the jump must not pass for knowledge of the bias.
    bias: [[f64; 2]; BIASES],
    at: Utc,
    q: f64,
}

/// Share of a new look in the smoothed bias columns: about one second at ten looks a second.
const BIAS_SHARE: f64 = 0.1;
/// Doubt of the bias columns themselves, as a share of their size: added to each look's noise.
const BIAS_DOUBT: f64 = 0.05;

impl GroundFilter {
    /// Begins at a look, at rest with `sigma_v_m_s` of doubt; `accel_m_s2` is the object's usual
    /// change of velocity (white acceleration, per root second).
    #[must_use]
    pub fn new(look: &Look, at: Utc, sigma_v_m_s: f64, accel_m_s2: f64) -> Self {
        let mut p = [[0.0; 4]; 4];
        let [ee, en, nn] = look.fix.cov_en_m2;
        p[0][0] = ee;
        p[0][1] = en;
        p[1][0] = en;
        p[1][1] = nn;
        p[2][2] = sigma_v_m_s * sigma_v_m_s;
        p[3][3] = p[2][2];
        let mut c = [[0.0; BIASES]; 4];
        for (j, b) in look.bias_en_m.iter().enumerate() {
            c[0][j] = -b[0];
            c[1][j] = -b[1];
        }
        Self {
            frame: LocalFrame::new(look.fix.at, Hae(look.fix.amsl.0)),
            amsl: look.fix.amsl,
            slant_m: look.fix.slant_m,
            x: [0.0; 4],
            p,
            c,
            bias: look.bias_en_m,
            at,
            q: accel_m_s2 * accel_m_s2,
        }
    }

    /// Time of the state.
    #[must_use]
    pub fn at(&self) -> Utc {
        self.at
    }

    /// Sets the usual change of velocity once the class is known, metres per second squared.
    pub fn set_accel(&mut self, accel_m_s2: f64) {
        self.q = accel_m_s2 * accel_m_s2;
    }

    /// Carries the state on to `to` (backwards is ignored). Velocity doubt saturates: a person or
    /// car out of sight for long may be anywhere it can have driven, not at any speed.
    pub fn predict(&mut self, to: Utc) {
        let dt = (to.0 - self.at.0) as f64 * 1e-6;
        if dt <= 0.0 {
            return;
        }
        self.at = to;
        for i in 0..2 {
            self.x[i] += dt * self.x[i + 2];
        }
        // P = F P Fᵀ, F = [I dt; 0 I].
        for j in 0..4 {
            for i in 0..2 {
                self.p[i][j] += dt * self.p[i + 2][j];
            }
        }
        for i in 0..4 {
            for j in 0..2 {
                self.p[i][j] += dt * self.p[i][j + 2];
            }
        }
        for j in 0..BIASES {
            for i in 0..2 {
                self.c[i][j] += dt * self.c[i + 2][j];
            }
        }
        // Discrete white acceleration (Bar-Shalom et al. 2001, §6.2.2, continuous form).
        let (q11, q12, q22) = (self.q * dt.powi(3) / 3.0, self.q * dt * dt / 2.0, self.q * dt);
        for i in 0..2 {
            self.p[i][i] += q11;
            self.p[i][i + 2] += q12;
            self.p[i + 2][i] += q12;
            self.p[i + 2][i + 2] += q22;
        }
    }

    /// Bias columns to be used with a look.
    fn columns(&self, look: &Look) -> [[f64; 2]; BIASES] {
        let mut out = self.bias;
        for (o, n) in out.iter_mut().zip(&look.bias_en_m) {
            for k in 0..2 {
                o[k] += BIAS_SHARE * (n[k] - o[k]);
            }
        }
        out
    }

    /// Innovation of a look, its covariance, and H P + B Cᵀ.
    fn innovation(&self, look: &Look, bias: &[[f64; 2]; BIASES]) -> ([f64; 2], [[f64; 2]; 2], M24) {
        let z = self.frame.enu(look.fix.at, Hae(look.fix.amsl.0));
        let y = [z.x - self.x[0], z.y - self.x[1]];
        // S = H P Hᵀ + H C Bᵀ + B Cᵀ Hᵀ + B Bᵀ + R. A look is true position + B b + noise.
        let mut hp = [[0.0; 4]; 2];
        for (i, row) in hp.iter_mut().enumerate() {
            for (j, v) in row.iter_mut().enumerate() {
                *v = self.p[i][j] + (0..BIASES).map(|k| bias[k][i] * self.c[j][k]).sum::<f64>();
            }
        }
        let [ree, ren, rnn] = look.noise_en_m2;
        let r = [[ree, ren], [ren, rnn]];
        let mut s = [[0.0; 2]; 2];
        for i in 0..2 {
            for j in 0..2 {
                let hcb: f64 = (0..BIASES).map(|k| self.c[i][k] * bias[k][j]).sum();
                let bb: f64 = (0..BIASES).map(|k| bias[k][i] * bias[k][j]).sum();
                s[i][j] = hp[i][j] + hcb + bb * (1.0 + BIAS_DOUBT * BIAS_DOUBT) + r[i][j];
            }
        }
        (y, s, hp)
    }

    /// Squared Mahalanobis distance of a look at the filter's own time (two degrees of freedom).
    #[must_use]
    pub fn distance2(&self, look: &Look) -> f64 {
        let (y, s, _) = self.innovation(look, &self.columns(look));
        invert(s).map_or(f64::INFINITY, |w| quad(y, w))
    }

    /// Density of a look at the filter's own time, per square metre: how likely it falls just
    /// there if it is of this object. The wider the filter has grown, the less.
    #[must_use]
    pub fn density(&self, look: &Look) -> f64 {
        let (y, s, _) = self.innovation(look, &self.columns(look));
        let det = s[0][0] * s[1][1] - s[0][1] * s[1][0];
        invert(s).map_or(0.0, |w| {
            (-0.5 * quad(y, w)).exp() / (std::f64::consts::TAU * det.sqrt())
        })
    }

    /// Takes the object to be at rest: its velocity is near nothing until looks say otherwise.
    pub fn rest(&mut self) {
        const SIGMA_M_S: f64 = 0.05;
        for i in 2..4 {
            self.x[i] = 0.0;
            for j in 0..4 {
                self.p[i][j] = 0.0;
                self.p[j][i] = 0.0;
            }
            self.p[i][i] = SIGMA_M_S * SIGMA_M_S;
            self.c[i] = [0.0; BIASES];
        }
        self.q = 1e-4;
    }

    /// Takes a look into account. Call [`Self::predict`] to its time first.
    pub fn update(&mut self, look: &Look) {
        self.bias = self.columns(look);
        let bias = self.bias;
        let (y, s, hp) = self.innovation(look, &bias);
        let Some(w) = invert(s) else { return };
        // K = (H P + B Cᵀ)ᵀ S⁻¹, 4 x 2.
        let mut k = [[0.0; 2]; 4];
        for (j, row) in k.iter_mut().enumerate() {
            for (i, v) in row.iter_mut().enumerate() {
                *v = hp[0][j] * w[0][i] + hp[1][j] * w[1][i];
            }
        }
        for (i, row) in k.iter().enumerate() {
            self.x[i] += row[0] * y[0] + row[1] * y[1];
        }
        // P -= K S Kᵀ = K (H P + B Cᵀ); C -= K (H C + B).
        let c = self.c;
        for i in 0..4 {
            for j in 0..4 {
                self.p[i][j] -= k[i][0] * hp[0][j] + k[i][1] * hp[1][j];
            }
            for (j, b) in bias.iter().enumerate() {
                self.c[i][j] -= k[i][0] * (c[0][j] + b[0]) + k[i][1] * (c[1][j] + b[1]);
            }
        }
        for i in 0..4 {
            for j in 0..i {
                let m = f64::midpoint(self.p[i][j], self.p[j][i]);
                self.p[i][j] = m;
                self.p[j][i] = m;
            }
            self.p[i][i] = self.p[i][i].max(1e-6);
        }
        self.amsl = look.fix.amsl;
        self.slant_m = look.fix.slant_m;
    }

    /// Filtered position with its covariance.
    #[must_use]
    pub fn fix(&self) -> GroundFix {
        GroundFix {
            at: self.frame.from_plane(self.x[0], self.x[1]),
            amsl: self.amsl,
            cov_en_m2: [self.p[0][0], self.p[0][1], self.p[1][1]],
            slant_m: self.slant_m,
        }
    }

    /// Velocity east and north, metres per second.
    #[must_use]
    pub fn velocity_en_m_s(&self) -> [f64; 2] {
        [self.x[2], self.x[3]]
    }

    /// One sigma of speed along the direction of travel, metres per second.
    #[must_use]
    pub fn speed_sigma_m_s(&self) -> f64 {
        let [ve, vn] = self.velocity_en_m_s();
        let n = ve.hypot(vn).max(1e-6);
        let (a, b) = (ve / n, vn / n);
        (a * a * self.p[2][2] + 2.0 * a * b * self.p[2][3] + b * b * self.p[3][3])
            .max(0.0)
            .sqrt()
    }

    /// Metres between the state and a place, east and north.
    #[must_use]
    pub fn offset_m(&self, at: LatLon) -> f64 {
        let (e, n) = self.frame.plane(at);
        (e - self.x[0]).hypot(n - self.x[1])
    }
}

fn invert(s: [[f64; 2]; 2]) -> Option<[[f64; 2]; 2]> {
    let det = s[0][0] * s[1][1] - s[0][1] * s[1][0];
    (det.is_finite() && det > 1e-12).then(|| [[s[1][1] / det, -s[0][1] / det], [-s[1][0] / det, s[0][0] / det]])
}

fn quad(y: [f64; 2], w: [[f64; 2]; 2]) -> f64 {
    y[0] * (w[0][0] * y[0] + w[0][1] * y[1]) + y[1] * (w[1][0] * y[0] + w[1][1] * y[1])
}
