//! Sines and their kin with the same bits on every machine.
//!
//! The standard library asks the system's mathematics, which picks other code, with other last digits,
//! by what the processor can do. Whatever a digest is taken of goes through here instead: the `libm`
//! crate, plain Rust. Square roots, sums and products are exact by IEEE 754 and need no stand-in.

macro_rules! repeatable {
    ($($(#[$doc:meta])* $name:ident($($arg:ident),*) = $f64:ident, $f32:ident;)*) => {
        /// Functions of the standard library that end in the last digit alike everywhere; `_r` is for
        /// repeatable. Angles in radians, errors below one unit in the last place (`libm` after FreeBSD's msun).
        pub trait Repeatable: Copy {
            $($(#[$doc])* #[must_use] fn $name(self $(, $arg: Self)*) -> Self;)*
            /// Sine and cosine.
            #[must_use]
            fn sin_cos_r(self) -> (Self, Self);
        }
        impl Repeatable for f64 {
            $(#[inline] fn $name(self $(, $arg: Self)*) -> Self { libm::$f64(self $(, $arg)*) })*
            #[inline]
            fn sin_cos_r(self) -> (Self, Self) { libm::sincos(self) }
        }
        impl Repeatable for f32 {
            $(#[inline] fn $name(self $(, $arg: Self)*) -> Self { libm::$f32(self $(, $arg)*) })*
            #[inline]
            fn sin_cos_r(self) -> (Self, Self) { libm::sincosf(self) }
        }
    };
}

repeatable! {
    /// Sine.
    sin_r() = sin, sinf;
    /// Cosine.
    cos_r() = cos, cosf;
    /// Tangent.
    tan_r() = tan, tanf;
    /// Arc sine, -pi/2..=pi/2; NaN outside -1..=1.
    asin_r() = asin, asinf;
    /// Arc cosine, 0..=pi; NaN outside -1..=1.
    acos_r() = acos, acosf;
    /// Arc tangent.
    atan_r() = atan, atanf;
    /// Angle of the point (`x`, `self`) from the x axis, -pi..=pi.
    atan2_r(x) = atan2, atan2f;
    /// Hyperbolic sine.
    sinh_r() = sinh, sinhf;
    /// Hyperbolic cosine.
    cosh_r() = cosh, coshf;
    /// Hyperbolic tangent.
    tanh_r() = tanh, tanhf;
    /// e to this power.
    exp_r() = exp, expf;
    /// 2 to this power.
    exp2_r() = exp2, exp2f;
    /// Natural logarithm.
    ln_r() = log, logf;
    /// Logarithm to base 2.
    log2_r() = log2, log2f;
    /// Logarithm to base 10.
    log10_r() = log10, log10f;
    /// This to a power.
    powf_r(power) = pow, powf;
    /// Length of the hypotenuse over `self` and the other side.
    hypot_r(side) = hypot, hypotf;
}
