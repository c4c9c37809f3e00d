//! What the functions of [`super::Real`] need of each type: bit patterns, cut-offs and polynomial coefficients.
//!
//! The polynomials minimise the largest relative error of the function on the interval where it is used;
//! `scripts/minimax.py` fits them anew and prints their errors, all under 0.61 * 2^-24 in f32 and 2^-53 in f64.

/// Coefficients stand from the constant term up.
pub trait Parts: Sized + 'static {
    /// 1.5 * 2^(mantissa bits): adding it rounds to the nearest integer and leaves that in the low bits.
    const SHIFT: Self;
    /// ln 2 less its rounding to this type.
    const LN_2_LOST: Self;
    /// From here down e^x rounds to zero.
    const EXP_IS_ZERO: Self;
    /// From here up e^x overflows.
    const EXP_OVERFLOWS: Self;
    /// From here up tanh rounds to 1.
    const TANH_IS_ONE: Self;
    /// From here up erf rounds to 1.
    const ERF_IS_ONE: Self;
    /// From here up the normal density rounds to zero.
    const DENSITY_IS_ZERO: Self;
    /// The t at which the polynomial of [`Self::ERFC`] has its argument 0.
    const ERFC_MIDDLE: Self;
    /// (e^r - 1 - r) / r^2 in r, |r| <= ln(2)/2.
    const EXPONENTIAL: &'static [Self];
    /// (tanh(x)/x - 1) / x^2 in x^2, |x| <= 0.6.
    const TANH: &'static [Self];
    /// (ln((1 + s) / (1 - s)) / s - 2) / s^2 in s^2, |s| <= (sqrt(2) - 1) / (sqrt(2) + 1).
    const LOGARITHM: &'static [Self];
    /// erf(x)/x - 1 in x^2, |x| <= 0.8.
    const ERF: &'static [Self];
    /// (t + m) e^(t^2) erfc(t) in (t - m) / (t + m), with m the middle, from t = 0 to where erfc(t) rounds to zero.
    const ERFC: &'static [Self];

    /// 2^n from `SHIFT + n`, for a normal result.
    fn power_of_two(shifted: Self) -> Self;
    /// (k, 4 * 2^-k) with sqrt(1/2) <= 2^-k self < sqrt(2), for a normal positive number. Four times, so that it is
    /// normal too.
    fn binary_logarithm(self) -> (Self, Self);
}

macro_rules! parts {
    ($T:ident, $Bits:ident, $mantissa:literal, $bias:literal { $($constant:item)* }) => {
        impl Parts for $T {
            $($constant)*

            #[inline(always)]
            fn power_of_two(shifted: Self) -> Self {
                $T::from_bits((shifted.to_bits() << $mantissa).wrapping_add($bias << $mantissa))
            }
            #[inline(always)]
            fn binary_logarithm(self) -> (Self, Self) {
                const TO_INTEGER: $T = ((1 as $Bits) << $mantissa) as $T;
                let above = self.to_bits().wrapping_sub(std::$T::consts::FRAC_1_SQRT_2.to_bits());
                let exponent = above & !((1 << $mantissa) - 1);
                // The biased k in the low bits of 2^mantissa, since not every CPU turns a vector of integers into f64.
                let biased = exponent.wrapping_add($bias << $mantissa) >> $mantissa;
                let k = $T::from_bits(biased | TO_INTEGER.to_bits()) - (TO_INTEGER + $bias as $T);
                (k, $T::from_bits(((($bias + 2) as $Bits) << $mantissa).wrapping_sub(exponent)))
            }
        }
    };
}

parts! {
    f32, u32, 23, 127 {
        const SHIFT: f32 = 12_582_912.0;
        const LN_2_LOST: f32 = (std::f64::consts::LN_2 - std::f32::consts::LN_2 as f64) as f32;
        const EXP_IS_ZERO: f32 = -104.0;
        const EXP_OVERFLOWS: f32 = 89.0;
        const TANH_IS_ONE: f32 = 10.0;
        const ERF_IS_ONE: f32 = 4.0;
        const DENSITY_IS_ZERO: f32 = 15.0;
        const ERFC_MIDDLE: f32 = 3.0;
        const EXPONENTIAL: &'static [f32] = &[
            0.499_999_97, 0.166_665_43, 0.041_667_2, 0.008_366_521, 0.001_388_251_1,
        ];
        const TANH: &'static [f32] = &[
            -0.333_333, 0.133_319_24, -0.053_783_838, 0.020_795_995, -0.005_895_181,
        ];
        const LOGARITHM: &'static [f32] = &[
            0.666_667_76, 0.399_775_42, 0.298_717_98,
        ];
        const ERF: &'static [f32] = &[
            0.128_379_17, -0.376_126_02, 0.112_831_13, -0.026_820_809, 0.005_085_134, -0.000_653_525_47,
        ];
        const ERFC: &'static [f32] = &[
            1.074_006_9, -0.883_394_5, 0.590_228_26, -0.310_465_72, 0.119_529_98, -0.026_841_596, -0.001_231_476_3,
            0.003_081_947, -0.000_474_026_78, -0.000_320_511_14,
        ];
    }
}

parts! {
    f64, u64, 52, 1023 {
        const SHIFT: f64 = 6_755_399_441_055_744.0;
        const LN_2_LOST: f64 = 2.319_046_813_846_299_6e-17;
        const EXP_IS_ZERO: f64 = -746.0;
        const EXP_OVERFLOWS: f64 = 710.0;
        const TANH_IS_ONE: f64 = 20.0;
        const ERF_IS_ONE: f64 = 6.0;
        const DENSITY_IS_ZERO: f64 = 39.0;
        const ERFC_MIDDLE: f64 = 4.0;
        const EXPONENTIAL: &'static [f64] = &[
            0.500_000_000_000_000_6, 0.166_666_666_666_665_88, 0.041_666_666_666_576_75, 0.008_333_333_333_389_556,
            0.001_388_888_893_156_561_5, 0.000_198_412_697_189_901_1, 2.480_150_527_277_037_6e-5,
            2.755_740_756_060_802_3e-6, 2.762_603_831_070_449e-7, 2.505_376_902_495_655_5e-8,
        ];
        const TANH: &'static [f64] = &[
            -0.333_333_333_333_331_26, 0.133_333_333_332_996_63, -0.053_968_253_949_295_75,
            0.021_869_488_002_561_322, -0.008_863_226_777_416_288, 0.003_592_037_378_942_363,
            -0.001_455_215_361_216_161_3, 0.000_587_188_399_853_391_9, -0.000_230_396_799_359_303_75,
            7.931_393_714_785_607e-5, -1.717_871_850_984_686e-5,
        ];
        const LOGARITHM: &'static [f64] = &[
            0.666_666_666_666_673_4, 0.399_999_999_994_142_93, 0.285_714_287_424_789_55, 0.222_221_985_631_743_4,
            0.181_835_648_817_176_84, 0.153_140_354_233_025_9, 0.147_961_100_917_530_1,
        ];
        const ERF: &'static [f64] = &[
            0.128_379_167_095_512_56, -0.376_126_389_031_836_2, 0.112_837_916_709_468_95,
            -0.026_866_170_643_139_856, 0.005_223_977_600_670_148, -0.000_854_832_522_135_046_1,
            0.000_120_552_510_201_077_91, -1.492_324_726_676_795_5e-5, 1.641_658_359_740_276_4e-6,
            -1.582_420_501_722_396_4e-7, 1.106_824_107_881_667_1e-8,
        ];
        const ERFC: &'static [f64] = &[
            1.095_995_661_000_491, -0.976_548_729_080_882_1, 0.773_208_702_265_236_7, -0.540_853_831_313_224_7,
            0.330_851_587_878_029_4, -0.174_010_937_240_295_54, 0.076_381_514_909_014_6, -0.026_370_053_334_570_365,
            0.006_112_055_658_307_901, -0.000_280_958_915_812_508_2, -0.000_455_052_698_912_365_27,
            0.000_176_813_083_103_350_73, -3.635_109_752_951_072_7e-6, -1.886_175_944_069_421_4e-5,
            4.694_235_582_100_990_5e-6, 1.426_006_447_041_743_2e-6, -8.458_769_166_060_319e-7,
            -7.781_675_800_063_866e-8, 1.238_569_570_375_428_8e-7, 2.452_307_884_435_051e-9,
            -1.539_613_693_882_291e-8, -3.195_443_023_105_272_5e-10, 1.039_430_067_279_762_3e-9,
        ];
    }
}
