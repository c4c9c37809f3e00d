//! The same losses in candle's own ops.

use super::{Loss, Target, Weighing};
use crate::ops::Element;
use candle_core::{D, Result, Tensor};

/// The mean loss over a batch of outputs `[rows, outputs]`.
///
/// # Errors
/// When targets and loss do not fit.
pub fn composed<T: Element>(loss: Loss, outputs: &Tensor, target: &Target<T>) -> Result<Tensor> {
    let values = |values: &[T]| Tensor::from_slice(values, outputs.shape(), outputs.device());
    match (loss, target) {
        (Loss::CrossEntropy, Target::Classes(classes)) => {
            candle_nn::loss::cross_entropy(outputs, &Tensor::from_slice(classes, classes.len(), outputs.device())?)
        }
        (Loss::CrossEntropy, Target::Weighed(classes, weighing)) => {
            let width = outputs.dim(1)?;
            let all = weighing.of_all(classes);
            let masses = classes.iter().flat_map(|own| (0..width).map(|c| weighing.mass(*own, c, width) / all));
            let masses = values(&masses.map(T::of).collect::<Vec<_>>())?;
            (candle_nn::ops::log_softmax(outputs, D::Minus1)? * masses)?.sum_all()?.neg()
        }
        (Loss::Mse, Target::Values(y)) => candle_nn::loss::mse(outputs, &values(y)?),
        (Loss::CrossEntropy | Loss::Hinge, Target::Values(_)) => {
            candle_core::bail!("{} does not take these targets", loss.word())
        }
        (_, Target::Values(y)) => each(loss, outputs, &values(y)?)?.mean_all(),
        (_, Target::Classes(classes)) => of_classes(loss, outputs, classes, None),
        (_, Target::Weighed(classes, weighing)) => of_classes(loss, outputs, classes, Some(weighing)),
    }
}

/// The loss of each output by itself.
fn each(loss: Loss, outputs: &Tensor, y: &Tensor) -> Result<Tensor> {
    let size = (outputs - y)?.abs()?;
    match loss {
        Loss::Mae => Ok(size),
        Loss::Huber { delta } => {
            let inner = size.minimum(delta)?;
            (inner.sqr()? * 0.5)? + ((size - inner)? * delta)?
        }
        Loss::BinaryCrossEntropy => {
            let beyond = (outputs.abs()?.neg()?.exp()? + 1.0)?.log()?;
            (outputs.relu()? - (outputs * y)?)? + beyond
        }
        _ => size.sqr(),
    }
}

/// Of rows whose targets are one-hot, each with its class's weight.
fn of_classes(
    loss: Loss,
    outputs: &Tensor,
    classes: &[u32],
    weighing: Option<&std::sync::Arc<Weighing>>,
) -> Result<Tensor> {
    let (rows, width) = outputs.dims2()?;
    let numbers = |numbers: Vec<f64>, shape: (usize, usize)| {
        Tensor::from_vec(numbers, shape, outputs.device())?.to_dtype(outputs.dtype())
    };
    let one_hot = classes.iter().flat_map(|own| (0..width).map(|c| f64::from(u8::from(*own as usize == c))));
    let one_hot = numbers(one_hot.collect(), (rows, width))?;
    let all = weighing.map_or(rows as f64, |weighing| weighing.of_all(classes));
    let weight = |own: &u32| weighing.map_or(1.0, |weighing| weighing.weights[*own as usize]) / all;
    let weights = numbers(classes.iter().map(weight).collect(), (rows, 1))?;
    let of_row = match loss {
        Loss::Hinge => {
            let own = (outputs * &one_hot)?.sum_keepdim(1)?;
            let other = (outputs + (one_hot * -1e30)?)?.max_keepdim(1)?;
            ((other - own)? + 1.0)?.relu()?
        }
        _ => each(loss, outputs, &one_hot)?.mean_keepdim(1)?,
    };
    (of_row * weights)?.sum_all()
}
