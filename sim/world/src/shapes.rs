//! Where a ray meets simple solids.
//!
//! Invariant: rays are `from + t * dir` with `dir` of any length; `t` is in units of it. A hit is
//! the nearest with `t > 0`, with the outward unit normal.

pub(crate) type V3 = [f32; 3];

#[inline]
pub(crate) fn sub(a: V3, b: V3) -> V3 {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}
#[inline]
pub(crate) fn dot(a: V3, b: V3) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}
#[inline]
pub(crate) fn along(o: V3, d: V3, t: f32) -> V3 {
    [o[0] + t * d[0], o[1] + t * d[1], o[2] + t * d[2]]
}
#[inline]
pub(crate) fn unit(a: V3) -> V3 {
    let k = 1.0 / dot(a, a).sqrt().max(1e-12);
    [a[0] * k, a[1] * k, a[2] * k]
}

/// A solid.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Solid {
    /// Round rod with round ends.
    Capsule { a: V3, b: V3, r: f32 },
    /// Axes along a heading (x forward, y left, z up).
    Ellipsoid { c: V3, fwd: (f32, f32), r: V3 },
    /// Half lengths along a heading.
    Block { c: V3, fwd: (f32, f32), half: V3 },
    /// Upright cone standing on `foot` with its tip `h` above.
    Cone { foot: V3, h: f32, r: f32 },
}

impl Solid {
    /// Centre and radius of a sphere around it.
    pub(crate) fn bound(&self) -> (V3, f32) {
        match *self {
            Self::Capsule { a, b, r } => {
                let c = [0.5 * (a[0] + b[0]), 0.5 * (a[1] + b[1]), 0.5 * (a[2] + b[2])];
                let d = sub(a, c);
                (c, dot(d, d).sqrt() + r)
            }
            Self::Ellipsoid { c, r, .. } => (c, r[0].max(r[1]).max(r[2])),
            Self::Block { c, half, .. } => (c, dot(half, half).sqrt()),
            Self::Cone { foot, h, r } => ([foot[0], foot[1], foot[2] + 0.5 * h], (0.25 * h * h + r * r).sqrt()),
        }
    }

    /// Nearest hit and its normal.
    #[inline]
    pub(crate) fn hit(&self, o: V3, d: V3) -> Option<(f32, V3)> {
        match *self {
            Self::Capsule { a, b, r } => capsule(o, d, a, b, r),
            Self::Ellipsoid { c, fwd, r } => {
                let (lo, ld) = (turn(sub(o, c), fwd), turn(d, fwd));
                let so = [lo[0] / r[0], lo[1] / r[1], lo[2] / r[2]];
                let sd = [ld[0] / r[0], ld[1] / r[1], ld[2] / r[2]];
                let t = sphere(so, sd, 1.0)?;
                let p = along(so, sd, t);
                let n = unit([p[0] / r[0], p[1] / r[1], p[2] / r[2]]);
                Some((t, back(n, fwd)))
            }
            Self::Block { c, fwd, half } => {
                let (lo, ld) = (turn(sub(o, c), fwd), turn(d, fwd));
                let (mut tn, mut tf, mut axis) = (f32::MIN, f32::MAX, 0);
                for k in 0..3 {
                    if ld[k].abs() < 1e-12 {
                        if lo[k].abs() > half[k] {
                            return None;
                        }
                        continue;
                    }
                    let (t1, t2) = ((-half[k] - lo[k]) / ld[k], (half[k] - lo[k]) / ld[k]);
                    let (t1, t2) = if t1 < t2 { (t1, t2) } else { (t2, t1) };
                    if t1 > tn {
                        tn = t1;
                        axis = k;
                    }
                    tf = tf.min(t2);
                }
                if tn > tf || tn <= 0.0 {
                    return None;
                }
                let mut n = [0.0; 3];
                n[axis] = -ld[axis].signum();
                Some((tn, back(n, fwd)))
            }
            Self::Cone { foot, h, r } => cone(o, d, foot, h, r),
        }
    }
}

#[inline]
fn turn(v: V3, (c, s): (f32, f32)) -> V3 {
    [v[0] * c + v[1] * s, -v[0] * s + v[1] * c, v[2]]
}
#[inline]
fn back(v: V3, (c, s): (f32, f32)) -> V3 {
    [v[0] * c - v[1] * s, v[0] * s + v[1] * c, v[2]]
}

fn sphere(o: V3, d: V3, r: f32) -> Option<f32> {
    // The nearest approach first: at 300 m from a 0.1 m ball the plain quadratic loses its digits.
    let a = dot(d, d);
    let tm = -dot(o, d) / a;
    let p = along(o, d, tm);
    let h2 = r * r - dot(p, p);
    if h2 < 0.0 {
        return None;
    }
    let t = tm - (h2 / a).sqrt();
    (t > 0.0).then_some(t)
}

/// After Quilez, "intersectors" (capsule), with the origin moved to the nearest approach for
/// single precision.
fn capsule(o: V3, d: V3, a: V3, b: V3, r: f32) -> Option<(f32, V3)> {
    let len = dot(d, d).sqrt();
    let rd = [d[0] / len, d[1] / len, d[2] / len];
    let mid = [0.5 * (a[0] + b[0]), 0.5 * (a[1] + b[1]), 0.5 * (a[2] + b[2])];
    let shift = dot(sub(mid, o), rd);
    let ro = along(o, rd, shift);
    let ba = sub(b, a);
    let oa = sub(ro, a);
    let baba = dot(ba, ba);
    let bard = dot(ba, rd);
    let baoa = dot(ba, oa);
    let rdoa = dot(rd, oa);
    let oaoa = dot(oa, oa);
    let qa = baba - bard * bard;
    let qb = baba * rdoa - baoa * bard;
    let qc = baba * oaoa - baoa * baoa - r * r * baba;
    let disc = qb * qb - qa * qc;
    let done = |t: f32, n: V3| {
        let t = (t + shift) / len;
        (t > 0.0).then_some((t, n))
    };
    if disc >= 0.0 && qa > 1e-9 {
        let t = (-qb - disc.sqrt()) / qa;
        let y = baoa + t * bard;
        if y > 0.0 && y < baba {
            let p = along(oa, rd, t);
            let k = y / baba;
            return done(t, unit([p[0] - ba[0] * k, p[1] - ba[1] * k, p[2] - ba[2] * k]));
        }
    }
    let mut best: Option<(f32, V3)> = None;
    for e in [a, b] {
        let oc = sub(ro, e);
        let bq = dot(rd, oc);
        let h = bq * bq - (dot(oc, oc) - r * r);
        if h >= 0.0 {
            let t = -bq - h.sqrt();
            if best.is_none_or(|(bt, _)| t < bt) {
                best = Some((t, unit(along(oc, rd, t))));
            }
        }
    }
    best.and_then(|(t, n)| done(t, n))
}

fn cone(o: V3, d: V3, foot: V3, h: f32, r: f32) -> Option<(f32, V3)> {
    let len = dot(d, d).sqrt();
    let rd = [d[0] / len, d[1] / len, d[2] / len];
    let tip = [foot[0], foot[1], foot[2] + h];
    let shift = dot(sub(tip, o), rd);
    let p = sub(along(o, rd, shift), tip);
    // x^2 + y^2 = (k z)^2 with z downwards from the tip.
    let k = r / h;
    let k2 = k * k;
    let a = rd[0] * rd[0] + rd[1] * rd[1] - k2 * rd[2] * rd[2];
    let b = p[0] * rd[0] + p[1] * rd[1] - k2 * p[2] * rd[2];
    let c = p[0] * p[0] + p[1] * p[1] - k2 * p[2] * p[2];
    let disc = b * b - a * c;
    if disc < 0.0 || a.abs() < 1e-9 {
        return None;
    }
    let s = disc.sqrt();
    let (t1, t2) = ((-b - s) / a, (-b + s) / a);
    let (t1, t2) = if t1 < t2 { (t1, t2) } else { (t2, t1) };
    for t in [t1, t2] {
        let q = along(p, rd, t);
        if q[2] <= 0.0 && q[2] >= -h && t + shift > 0.0 {
            let n = unit([q[0], q[1], -q[2] * k2]);
            return Some(((t + shift) / len, n));
        }
    }
    None
}
