//! Loops compiled twice, portable and for AVX2, and chosen at run time; both give the same bits.

/// Whether this CPU has AVX2.
#[inline]
pub(super) fn has_avx2() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx2");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// Defines a function over slices whose loop is compiled portably and for AVX2.
macro_rules! kernel {
    ($(#[$doc:meta])* $vis:vis fn $name:ident<$T:ident $(, $C:ident: Curve)?>($($arg:ident: $ty:ty),* $(,)?) $body:block) => {
        $(#[$doc])*
        #[allow(clippy::too_many_arguments)]
        $vis fn $name<$T: $crate::real::Real $(, $C: $crate::ops::activation::Curve<$T>)?>($($arg: $ty),*) {
            #[inline(always)]
            fn portable<$T: $crate::real::Real $(, $C: $crate::ops::activation::Curve<$T>)?>($($arg: $ty),*) $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2")]
                fn avx2<$T: $crate::real::Real $(, $C: $crate::ops::activation::Curve<$T>)?>($($arg: $ty),*) {
                    portable($($arg),*)
                }
                if $crate::ops::kernel::has_avx2() {
                    // SAFETY: the CPU has AVX2, which is all that `avx2` asks for.
                    return unsafe { avx2($($arg),*) };
                }
            }
            portable($($arg),*)
        }
    };
}
pub(super) use kernel;
