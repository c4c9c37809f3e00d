//! One run watched from inside: every tensor of its first steps, for anyone who computes them again.
//!
//! The run is the one that a sweep trains. Beside it a model of its own repeats each pass in a mode that keeps what
//! training throws away, and has to arrive at the same gradient, bit for bit.

use super::error::RunError;
use super::objective::{Learner, Objective};
use super::score;
use super::spec::RunSpec;
use super::train::{Moment, Observer, run};
use super::training::Training;
use crate::data::Dataset;
use crate::model::{self, Batch, Family, Gradients, Model, Precision, copy_parameters};
use crate::ops::loss::{Criterion, Target};
use crate::ops::{Element, Mode, Tensor};
use crate::record::Status;
use std::ops::ControlFlow;

/// What a run did in its first steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// Updates that were traced: fewer than asked for where the run ends before.
    pub steps: usize,
    /// Updates at most of the whole run, which schedules refer to.
    pub run_steps: usize,
    pub tensors: Vec<NamedTensor>,
}

/// A tensor with its name and shape, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedTensor {
    pub name: String,
    pub shape: Vec<usize>,
    pub values: Values,
}

/// The numbers of a tensor, in the precision of the run.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    F32(Vec<f32>),
    F64(Vec<f64>),
    /// Row numbers and classes.
    I64(Vec<i64>),
}

impl Values {
    fn of<T: Element>(values: &[T]) -> Self {
        if T::IS_DOUBLE {
            Values::F64(values.iter().map(|x| x.f64()).collect())
        } else {
            Values::F32(values.iter().map(|x| x.f64() as f32).collect())
        }
    }
}

/// Trains a run for `steps` updates and keeps, with t the step in six digits and l the layer from 1:
///
/// | name | what | shape |
/// |---|---|---|
/// | `initial/<parameter>` | before the first update; `layer<l>.weight`, `.bias`, `.norm.gain`, `.norm.shift`, `.scale`, `.slope`, `.gate.weight`, `.gate.bias`, `output.weight`, `output.bias` | as the parameter |
/// | `class_weights` | what samples weigh by their class, where that differs or targets are smoothed | classes |
/// | `step.<t>/rows` | numbers of the batch's rows in the training part | batch |
/// | `step.<t>/x` | their inputs | batch, features |
/// | `step.<t>/classes` or `/values` | their targets; where there is one for each time step, those of a row side by side | batch, or batch, outputs |
/// | `step.<t>/layer<l>/z`, `/a` | the activation's argument and its value | batch, width |
/// | `step.<t>/layer<l>/mask` | under dropout: by what it is multiplied, 0 or 1 / (1 - p) | batch, width |
/// | `step.<t>/layer<l>/h` | the layer's output, after norm, activation and skip | batch, width |
/// | `step.<t>/layer<l>/delta`, `/stream` | dL/dz and dL/dh, L the mean loss over the batch | batch, width |
/// | `step.<t>/outputs` | after `output_activation`; where the net answers at every time step, step after step within a row | batch, outputs |
/// | `step.<t>/loss`, `/lr` | of the batch, without penalties; learning rate of the update | none |
/// | `step.<t>/gradient/<parameter>` | of L, before clipping, L2 and the rule | as the parameter |
/// | `step.<t>/updated/<parameter>` | after the update | as the parameter |
/// | `step.<t>/running/layer<l>.mean`, `.variance` | running statistics after it | width |
///
/// A recurrent net has `layer<l>.input.weight`, `.recurrent.weight` and `.bias`, with the columns of its gates side by side, and
/// each layer at each time step k from 1: `step.<t>/layer<l>/time<k>/h`, `/stream` and so on, where L is the loss at the last time
/// step alone; beside them `c` and `cell_stream` (dL/dc) of an LSTM, and `gates`: i, f, g, o, or r, z, n of a GRU.
///
/// A convolutional net's `x` is batch, channels, height, width, its weights are kernel, kernel, inputs, outputs, and what has a width
/// above has a number for each position and channel, channels last.
///
/// The step at which a run diverges has no update.
///
/// A test function has one parameter, `point`, and of the rest `loss`, `lr`, `gradient` and `updated`.
///
/// # Errors
/// As [`train`](super::train()), and a defect where the passes differ.
pub fn trace(spec: &RunSpec, data: &Dataset, steps: usize) -> Result<Trace, RunError> {
    let family = model::family(&spec.settings);
    match spec.is_double() {
        true => traced::<f64>(family, spec, data, steps),
        false => traced::<f32>(family, spec, data, steps),
    }
}

fn traced<T: Precision>(family: &dyn Family, spec: &RunSpec, data: &Dataset, steps: usize) -> Result<Trace, RunError> {
    let run_steps = Training::from_spec(family, spec, data)?.steps;
    let twin = match data.function {
        Some(_) => None,
        None => {
            let initial = family.initial(&spec.settings, &data.sizes(), &spec.seeds)?;
            Some(T::build(family, &spec.settings, &data.sizes(), &initial)?)
        }
    };
    let mut tracer = Tracer { steps, tensors: Vec::new(), twin, updates: 0 };
    let until = &mut |step| if step < steps { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
    let diverges = match run::<T>(family, spec, data, until, &mut tracer) {
        Ok(record) => record.status == Status::Diverged,
        Err(RunError::Cancelled) => false,
        Err(failed) => return Err(failed),
    };
    // A run ends before the update of its last step, of which something is to be seen only where it diverges.
    let last = format!("step.{:06}/", tracer.updates);
    tracer.tensors.retain(|tensor| diverges || !tensor.name.starts_with(&last));
    Ok(Trace { steps: tracer.updates, run_steps, tensors: tracer.tensors })
}

struct Tracer<T: Element> {
    steps: usize,
    tensors: Vec<NamedTensor>,
    /// Repeats each pass of a model and keeps what training does not.
    twin: Option<Box<dyn Model<T>>>,
    updates: usize,
}

impl<T: Element> Tracer<T> {
    fn put(&mut self, name: String, shape: &[usize], values: Values) {
        self.tensors.push(NamedTensor { name, shape: shape.to_vec(), values });
    }

    fn put_packed(&mut self, prefix: &str, objective: &Objective<T>, packed: &[T]) {
        for parameter in objective.layout().parameters() {
            let values = Values::of(&packed[parameter.range.clone()]);
            self.put(format!("{prefix}/{}", parameter.name), &parameter.shape, values);
        }
    }

    fn put_tensor(&mut self, name: String, tensor: &Tensor) -> Result<(), RunError> {
        self.put(name, tensor.dims(), Values::of(&tensor.flatten_all()?.to_vec1::<T>()?));
        Ok(())
    }

    /// Repeats the pass of a batch and keeps what lies inside.
    fn repeat(
        &mut self,
        at: &str,
        moment: &Moment<T>,
        learner: &Learner<T>,
        twin: &mut dyn Model<T>,
    ) -> Result<(), RunError> {
        let (rows, data) = (moment.rows.len(), learner.data);
        copy_parameters(&*learner.model, twin)?;
        twin.draw_from(learner.draws);
        let batch: Batch<T> = score::batch(&data.train, &data.shape, moment.rows, &learner.criterion)?;
        let outputs = twin.outputs(&batch.x, Mode::Train)?;
        let mut gradients = Gradients::default();
        twin.loss_and_gradients(batch.clone(), Mode::Trace, &mut gradients)?;
        let same =
            gradients.packed.iter().zip(&moment.gradients.packed).all(|(a, b)| a.f64().to_bits() == b.f64().to_bits());
        if !same {
            let step = moment.step;
            return Err(RunError::Defect(format!(
                "the traced pass of step {step} differs from the trained one; this is a defect, please report it"
            )));
        }
        self.put(format!("{at}/rows"), &[rows], Values::I64(moment.rows.iter().map(|row| *row as i64).collect()));
        self.put_tensor(format!("{at}/x"), &batch.x)?;
        match &batch.target {
            Target::Classes(classes) | Target::Weighed(classes, _) => {
                let classes: Vec<i64> = classes.iter().map(|class| i64::from(*class)).collect();
                let shape = if classes.len() == rows { vec![rows] } else { vec![rows, classes.len() / rows] };
                self.put(format!("{at}/classes"), &shape, Values::I64(classes));
            }
            Target::Values(values) => {
                self.put(format!("{at}/values"), &[rows, values.len() / rows], Values::of(values));
            }
        }
        twin.visit(&mut |site, tap| {
            let place = match site.time {
                Some(time) => format!("{at}/layer{}/time{time}", site.layer),
                None => format!("{at}/layer{}", site.layer),
            };
            let parts = [
                ("z", tap.z),
                ("a", tap.activation),
                ("mask", tap.mask),
                ("h", tap.h),
                ("delta", tap.delta),
                ("stream", tap.stream),
                ("c", tap.cell),
                ("cell_stream", tap.cell_stream),
                ("gates", tap.gates),
                ("attended", tap.attended),
                ("attended_stream", tap.attended_stream),
                ("attention", tap.attention),
            ];
            for (what, values) in parts.into_iter().filter(|(_, values)| !values.is_empty()) {
                self.put(format!("{place}/{what}"), &[rows, values.len() / rows], Values::of(values));
            }
        })?;
        self.put_tensor(format!("{at}/outputs"), &outputs)
    }
}

impl<T: Element> Observer<T> for Tracer<T> {
    fn computed(&mut self, moment: &Moment<T>, objective: &Objective<T>) -> Result<(), RunError> {
        if moment.step >= self.steps {
            return Ok(());
        }
        if moment.step == 0 {
            self.put_packed("initial", objective, &objective.parameters()?);
            if let Objective::Model(Learner { criterion: Criterion { weighing: Some(weighing), .. }, .. }) = objective {
                let weights = &weighing.weights;
                self.put("class_weights".into(), &[weights.len()], Values::F64(weights.clone()));
            }
        }
        let at = format!("step.{:06}", moment.step);
        if let (Objective::Model(learner), Some(mut twin)) = (objective, self.twin.take()) {
            self.repeat(&at, moment, learner, &mut *twin)?;
            self.twin = Some(twin);
        }
        self.put(format!("{at}/loss"), &[], Values::of(&[T::of(moment.loss)]));
        self.put_packed(&format!("{at}/gradient"), objective, &moment.gradients.packed);
        Ok(())
    }

    fn updated(&mut self, step: usize, lr: f64, objective: &Objective<T>) -> Result<(), RunError> {
        let at = format!("step.{step:06}");
        self.put(format!("{at}/lr"), &[], Values::F64(vec![lr]));
        self.put_packed(&format!("{at}/updated"), objective, &objective.parameters()?);
        if let Objective::Model(learner) = objective {
            for (name, numbers) in learner.model.running() {
                self.put(format!("{at}/running/{name}"), &[numbers.len()], Values::of(&numbers));
            }
        }
        self.updates = step + 1;
        Ok(())
    }
}
