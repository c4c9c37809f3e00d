//! Loops compiled three times, portable, for AVX2 and for AVX-512, and chosen at run time; all give the same bits.

use std::sync::atomic::{AtomicU8, Ordering};

/// An instruction set the loops are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Width {
    Portable,
    Avx2,
    Avx512,
}

/// The widest that may be used.
static LIMIT: AtomicU8 = AtomicU8::new(Width::Avx512 as u8);

/// Makes the loops of this process use nothing wider, so that a test can run the narrow ones on a CPU that has more. Matrix
/// products choose for themselves.
pub fn limit(widest: Width) {
    LIMIT.store(widest as u8, Ordering::Relaxed);
}

/// The widest that this CPU has (the answer is cached by the standard library) within the limit.
#[inline]
pub fn width() -> Width {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected;
        let limit = LIMIT.load(Ordering::Relaxed);
        if limit >= Width::Avx512 as u8
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("fma")
        {
            return Width::Avx512;
        }
        if limit >= Width::Avx2 as u8 && is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return Width::Avx2;
        }
    }
    Width::Portable
}

/// Defines a function whose loops are compiled for each width. The body may be generic over a [`crate::real::Real`],
/// and over one more type with a bound.
macro_rules! kernel {
    ($(#[$doc:meta])* $vis:vis fn $name:ident<$T:ident $(, $C:ident: $Bound:path)?>($($arg:ident: $ty:ty),* $(,)?) $body:block) => {
        $(#[$doc])*
        #[allow(clippy::too_many_arguments)]
        $vis fn $name<$T: $crate::real::Real $(, $C: $Bound)?>($($arg: $ty),*) {
            #[inline(always)]
            #[allow(clippy::too_many_arguments)]
            fn portable<$T: $crate::real::Real $(, $C: $Bound)?>($($arg: $ty),*) $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2,fma")]
                #[allow(clippy::too_many_arguments)]
                fn avx2<$T: $crate::real::Real $(, $C: $Bound)?>($($arg: $ty),*) {
                    portable($($arg),*)
                }
                #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,fma")]
                #[allow(clippy::too_many_arguments)]
                fn avx512<$T: $crate::real::Real $(, $C: $Bound)?>($($arg: $ty),*) {
                    portable($($arg),*)
                }
                match $crate::ops::kernel::width() {
                    // SAFETY: the CPU has just been found to have all that the function asks for.
                    $crate::ops::kernel::Width::Avx512 => return unsafe { avx512($($arg),*) },
                    // SAFETY: the same.
                    $crate::ops::kernel::Width::Avx2 => return unsafe { avx2($($arg),*) },
                    $crate::ops::kernel::Width::Portable => {}
                }
            }
            portable($($arg),*)
        }
    };
}
pub(crate) use kernel;

#[cfg(test)]
mod tests {
    use crate::ops::activation::{Activation, Curve, with_curve};
    use crate::real::Real;

    kernel! {
        /// phi and phi', by the widest instructions.
        fn widest<T, C: Curve<T>>(curve: C, z: &[T], value: &mut [T], slope: &mut [T]) {
            loops(curve, z, value, slope);
        }
    }

    #[inline(always)]
    fn loops<T: Real, C: Curve<T>>(curve: C, z: &[T], value: &mut [T], slope: &mut [T]) {
        for ((z, value), slope) in z.iter().zip(value).zip(slope) {
            *value = curve.value(*z);
            *slope = curve.slope(*z, *value);
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn avx2<T: Real, C: Curve<T>>(curve: C, z: &[T], value: &mut [T], slope: &mut [T]) {
        loops(curve, z, value, slope);
    }

    fn widths_agree<T: Real>(activation: Activation) {
        let z: Vec<T> = (-30_000..=30_000).map(|i| T::of((f64::from(i) / 3e4).powi(3) * 120.0)).collect();
        let run = |fill: &dyn Fn(&mut [T], &mut [T])| {
            let (mut value, mut slope) = (z.clone(), z.clone());
            fill(&mut value, &mut slope);
            // As f64, where f32 fits without a change.
            value.into_iter().chain(slope).map(|x| x.f64().to_bits()).collect::<Vec<_>>()
        };
        with_curve!(activation, T, curve => {
            let portable = run(&|value, slope| loops(curve, &z, value, slope));
            assert!(portable == run(&|value, slope| widest(curve, &z, value, slope)), "{activation:?}");
            #[cfg(target_arch = "x86_64")]
            if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
                // SAFETY: the CPU has just been found to have both.
                assert!(portable == run(&|value, slope| unsafe { avx2(curve, &z, value, slope) }), "{activation:?}");
            }
        });
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        for activation in Activation::ALL {
            widths_agree::<f32>(activation);
            widths_agree::<f64>(activation);
        }
    }
}
