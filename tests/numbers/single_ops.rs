//! The ops that forward passes in candle are written with, ours against candle's own: values and gradients, f64 and f32.

use candle_core::{DType, Tensor, Var};
use gradsweep::ops::attention::{Attention, attend};
use gradsweep::ops::{Element, Result, affine::affine, composed, row_norm::row_norm, tensor};
use gradsweep::seed::Seeds;

const SEEDS: Seeds = Seeds { experiment: 0, run: 1 };

fn normal<T: Element>(what: &str, shape: &[usize]) -> Tensor {
    let mut stream = SEEDS.stream(what, shape);
    tensor((0..shape.iter().product()).map(|_| T::of(stream.normal())).collect(), shape).unwrap()
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

/// What an op of inputs of these shapes gives, and its gradient of each for a given one of the output.
fn both_ways<T: Element>(shapes: &[Vec<usize>], op: &dyn Fn(&[Tensor]) -> Result<Tensor>) -> Vec<Vec<f64>> {
    let drawn =
        |(k, shape): (usize, &Vec<usize>)| Var::from_tensor(&normal::<T>(&format!("input {k}"), shape)).unwrap();
    let variables: Vec<Var> = shapes.iter().enumerate().map(drawn).collect();
    let inputs: Vec<Tensor> = variables.iter().map(|v| v.as_tensor().clone()).collect();
    let out = op(&inputs).unwrap();
    let store = (&out * normal::<T>("delta", out.dims())).unwrap().sum_all().unwrap().backward().unwrap();
    let gradients = variables.iter().map(|v| numbers(store.get(v).expect("a gradient")));
    [numbers(&out)].into_iter().chain(gradients).collect()
}

/// Holds our op to candle's within 1e-13 in f64 and 1e-5 in f32 of the largest number.
fn held(
    what: &str,
    shapes: &[Vec<usize>],
    ours: &dyn Fn(&[Tensor]) -> Result<Tensor>,
    theirs: &dyn Fn(&[Tensor]) -> Result<Tensor>,
) {
    let reference = both_ways::<f64>(shapes, theirs);
    for (got, bound) in [(both_ways::<f64>(shapes, ours), 1e-13), (both_ways::<f32>(shapes, ours), 1e-5)] {
        for (part, (got, wanted)) in got.iter().zip(&reference).enumerate() {
            assert_eq!(got.len(), wanted.len(), "{what}");
            let size = wanted.iter().fold(f64::MIN_POSITIVE, |m, x| m.max(x.abs()));
            for (a, b) in got.iter().zip(wanted) {
                assert!((a - b).abs() <= bound * size, "{what}, part {part}: {a:e} for {b:e}, the largest is {size:e}");
            }
        }
    }
}

#[test]
fn attention_is_candles_forward_and_backward() {
    for (tokens, heads, size) in [(1, 1, 1), (2, 3, 1), (5, 2, 3), (8, 4, 8), (17, 1, 16), (33, 2, 20)] {
        for is_causal in [false, true] {
            let by = Attention { tokens, heads, is_causal };
            let shapes = vec![vec![3 * tokens, heads * size]; 3];
            type Attend = fn(&Attention, &Tensor, &Tensor, &Tensor) -> Result<(Tensor, Tensor)>;
            let of = |attend: Attend| move |x: &[Tensor]| Ok(attend(&by, &x[0], &x[1], &x[2])?.0);
            held(&format!("{by:?}"), &shapes, &of(attend), &of(composed::attend));
            let [q, k, v] = ["q", "k", "v"].map(|what| normal::<f64>(what, &shapes[0]));
            let (ours, theirs) = (attend(&by, &q, &k, &v).unwrap().1, composed::attend(&by, &q, &k, &v).unwrap().1);
            assert_eq!(ours.dims(), theirs.dims());
            assert!(numbers(&ours).iter().zip(numbers(&theirs)).all(|(a, b)| (a - b).abs() < 1e-14));
        }
    }
}

/// Scores far beyond the range of the exponential.
#[test]
fn attention_to_one_token_alone_stays_finite() {
    let by = Attention { tokens: 3, heads: 1, is_causal: false };
    let q = tensor(vec![1e4f32, 0.0, 0.0, -1e4, 3e4, 1.0], (3, 2)).unwrap();
    let (out, weights) = attend(&by, &q, &q, &q).unwrap();
    assert!(numbers(&out).iter().chain(&numbers(&weights)).all(|x| x.is_finite()));
}

#[test]
fn norms_of_rows_are_candles_forward_and_backward() {
    for (rows, units) in [(2, 3), (7, 16), (5, 33), (600, 8)] {
        for is_centred in [true, false] {
            let what = format!("{rows} rows of {units}, centred: {is_centred}");
            let shapes = [vec![rows, units], vec![units], vec![units]];
            type RowNorm = fn(bool, f64, &Tensor, Option<&Tensor>, Option<&Tensor>) -> Result<Tensor>;
            let of = |norm: RowNorm, learned: usize| {
                move |x: &[Tensor]| {
                    norm(is_centred, 1e-5, &x[0], (learned > 0).then(|| &x[1]), (learned > 1).then(|| &x[2]))
                }
            };
            for learned in 0..=2 {
                held(&what, &shapes[..=learned], &of(row_norm, learned), &of(composed::row_norm, learned));
            }
        }
    }
}

#[test]
fn affine_maps_are_candles_forward_and_backward() {
    for (rows, inputs, outputs) in [(1, 1, 1), (5, 3, 7), (600, 16, 33)] {
        let shapes = [vec![rows, inputs], vec![inputs, outputs], vec![outputs]];
        type Affine = fn(&Tensor, &Tensor, Option<&Tensor>) -> Result<Tensor>;
        let of = |affine: Affine, bias: bool| move |x: &[Tensor]| affine(&x[0], &x[1], bias.then(|| &x[2]));
        for bias in [true, false] {
            let shapes = &shapes[..if bias { 3 } else { 2 }];
            held(&format!("{shapes:?}"), shapes, &of(affine, bias), &of(composed::affine, bias));
        }
    }
}
