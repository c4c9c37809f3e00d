//! One run watched from inside: every tensor of its first steps, for anyone who computes them again.
//!
//! The run is the one that a sweep trains. Beside it a network of its own repeats each pass in a mode that keeps what
//! training throws away, and has to arrive at the same gradient, bit for bit.

use super::problem::{Learner, Problem};
use super::{Moment, Observer, Training, run};
use crate::data::Dataset;
use crate::experiment::spec::RunSpec;
use crate::model::{Gradients, Network, Path};
use crate::ops::block::Role;
use crate::ops::fused::{Arena, Mode, lock};
use crate::ops::loss::Target;
use crate::ops::{Element, with_slice};
use crate::record::RunError;
use crate::score;
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
        match size_of::<T>() {
            4 => Values::F32(values.iter().map(|x| x.f64() as f32).collect()),
            _ => Values::F64(values.iter().map(|x| x.f64()).collect()),
        }
    }
}

/// Trains a run for `steps` updates and keeps, with t the step in six digits and l the layer from 1:
///
/// | name | what | shape |
/// |---|---|---|
/// | `initial/<parameter>` | before the first update; `layer<l>.weight`, `.bias`, `.norm.gain`, `.norm.shift`, `.scale`, `output.weight`, `output.bias` | as the parameter |
/// | `step.<t>/rows` | numbers of the batch's rows in the training part | batch |
/// | `step.<t>/x` | their inputs | batch, features |
/// | `step.<t>/classes` or `/values` | their targets | batch, or batch, outputs |
/// | `step.<t>/layer<l>/z`, `/a` | the activation's argument and its value | batch, width |
/// | `step.<t>/layer<l>/h` | the layer's output, after norm, activation and skip | batch, width |
/// | `step.<t>/layer<l>/delta`, `/stream` | dL/dz and dL/dh, L the mean loss over the batch | batch, width |
/// | `step.<t>/outputs` | after `output_activation` | batch, outputs |
/// | `step.<t>/loss`, `/lr` | of the batch, without penalties; learning rate of the update | none |
/// | `step.<t>/gradient/<parameter>` | of L, before clipping, L2 and the rule | as the parameter |
/// | `step.<t>/updated/<parameter>` | after the update | as the parameter |
/// | `step.<t>/running/layer<l>.mean`, `.variance` | running statistics after it | width |
///
/// A test function has one parameter, `point`, and of the rest `loss`, `lr`, `gradient` and `updated`.
///
/// # Errors
/// As [`train`](super::train), and a defect where the passes differ.
pub fn trace(spec: &RunSpec, data: &Dataset, steps: usize) -> Result<Trace, RunError> {
    match spec.settings.text("dtype") {
        Some("f64") => traced::<f64>(spec, data, steps),
        _ => traced::<f32>(spec, data, steps),
    }
}

fn traced<T: Element>(spec: &RunSpec, data: &Dataset, steps: usize) -> Result<Trace, RunError> {
    let run_steps = Training::from_spec(spec, data).map_err(RunError::Failed)?.steps;
    let mut tracer = Tracer { steps, tensors: Vec::new(), twin: None, parameters: Vec::new(), updates: 0 };
    let until = &mut |step| if step < steps { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
    match run::<T>(spec, data, until, &mut tracer) {
        Ok(_) | Err(RunError::Cancelled) => {}
        Err(failed) => return Err(failed),
    }
    Ok(Trace { steps: tracer.updates, run_steps, tensors: tracer.tensors })
}

struct Tracer<T: Element> {
    steps: usize,
    tensors: Vec<NamedTensor>,
    /// Repeats each pass and keeps what training does not.
    twin: Option<Network<T>>,
    /// Name and shape of each parameter, in packed order.
    parameters: Vec<(String, Vec<usize>)>,
    updates: usize,
}

impl<T: Element> Tracer<T> {
    fn put(&mut self, name: String, shape: &[usize], values: &[T]) {
        self.tensors.push(NamedTensor { name, shape: shape.to_vec(), values: Values::of(values) });
    }

    fn put_packed(&mut self, prefix: &str, packed: &[T]) {
        let mut rest = packed;
        for (name, shape) in self.parameters.clone() {
            let (own, others) = rest.split_at(shape.iter().product());
            self.put(format!("{prefix}/{name}"), &shape, own);
            rest = others;
        }
    }

    fn begin(&mut self, problem: &Problem<T>) -> Result<(), RunError> {
        self.parameters = match problem {
            Problem::Function(_) => vec![("point".into(), vec![problem.read(|point| point.len())?])],
            Problem::Network(Learner { network, .. }) => {
                let shapes = network.chain.segments().map(|(block, role, range)| {
                    let of = &network.chain.blocks()[block];
                    let shape = if role == Role::Weight { vec![of.inputs, of.outputs] } else { vec![range.len()] };
                    (network.architecture.parameter_name(block, role), shape)
                });
                shapes.collect()
            }
        };
        let packed = problem.read(<[T]>::to_vec)?;
        self.put_packed("initial", &packed);
        if let Problem::Network(Learner { network, .. }) = problem {
            let numbers: Vec<f64> = packed.iter().map(|x| x.f64()).collect();
            self.twin = Some(Network::with_parameters(network.architecture.clone(), &numbers)?);
        }
        Ok(())
    }

    /// Repeats the pass of a batch and keeps what lies inside.
    fn repeat(
        &mut self,
        at: &str,
        moment: &Moment<T>,
        learner: &Learner<T>,
        twin: &Network<T>,
    ) -> Result<(), RunError> {
        let (rows, data) = (moment.rows.len(), learner.data);
        twin.copy_from(&learner.network)?;
        let (x, target) = score::batch::<T>(&data.train, data.features, moment.rows, learner.loss)?;
        let mut gradients = Gradients::default();
        twin.loss_and_gradients(Path::Fused, Mode::Probe, &x, learner.loss, target.clone(), &mut gradients)?;
        let same =
            gradients.packed.iter().zip(&moment.gradients.packed).all(|(a, b)| a.f64().to_bits() == b.f64().to_bits());
        if !same {
            let step = moment.step;
            return Err(RunError::Failed(format!(
                "the traced pass of step {step} differs from the trained one: a defect"
            )));
        }
        let numbers = moment.rows.iter().map(|row| *row as i64).collect();
        self.tensors.push(NamedTensor { name: format!("{at}/rows"), shape: vec![rows], values: Values::I64(numbers) });
        with_slice(&x, |x| self.put(format!("{at}/x"), &[rows, data.features], x))?;
        let outputs = data.train.targets.outputs();
        match target {
            Target::Classes(classes) => self.tensors.push(NamedTensor {
                name: format!("{at}/classes"),
                shape: vec![rows],
                values: Values::I64(classes.iter().map(|c| i64::from(*c)).collect()),
            }),
            Target::Values(values) => self.put(format!("{at}/values"), &[rows, outputs], &values),
        }
        let arena = lock(twin.arena());
        for layer in 1..=twin.architecture.depth {
            self.layer(&format!("{at}/layer{layer}"), layer, twin, &arena, rows);
        }
        if let Some(last) = arena.blocks.last() {
            self.put(format!("{at}/outputs"), &[rows, outputs], &last.output);
        }
        Ok(())
    }

    fn layer(&mut self, at: &str, layer: usize, twin: &Network<T>, arena: &Arena<T>, rows: usize) {
        let shape = [rows, twin.architecture.width];
        let (block, before) = twin.architecture.activation_site(layer);
        let workspace = &arena.blocks[block];
        let site = if before { &workspace.before } else { &workspace.after };
        let own = &arena.blocks[layer - 1];
        for (what, values) in [
            ("z", &site.argument[..]),
            ("a", workspace.activation(before)),
            ("h", &own.output),
            ("delta", &site.delta),
            ("stream", &own.output_delta),
        ] {
            self.put(format!("{at}/{what}"), &shape, values);
        }
    }
}

impl<T: Element> Observer<T> for Tracer<T> {
    fn computed(&mut self, moment: &Moment<T>, problem: &Problem<T>) -> Result<(), RunError> {
        if moment.step >= self.steps {
            return Ok(());
        }
        if moment.step == 0 {
            self.begin(problem)?;
        }
        let at = format!("step.{:06}", moment.step);
        if let (Problem::Network(learner), Some(twin)) = (problem, self.twin.take()) {
            self.repeat(&at, moment, learner, &twin)?;
            self.twin = Some(twin);
        }
        self.put(format!("{at}/loss"), &[], &[T::of(moment.loss)]);
        self.put_packed(&format!("{at}/gradient"), &moment.gradients.packed);
        Ok(())
    }

    fn updated(&mut self, step: usize, lr: f64, problem: &Problem<T>) -> Result<(), RunError> {
        let at = format!("step.{step:06}");
        self.tensors.push(NamedTensor { name: format!("{at}/lr"), shape: vec![], values: Values::F64(vec![lr]) });
        self.put_packed(&format!("{at}/updated"), &problem.read(<[T]>::to_vec)?);
        if let Problem::Network(Learner { network, .. }) = problem {
            for (i, running) in network.running().iter().enumerate() {
                let width = [running.mean.len()];
                self.put(format!("{at}/running/layer{}.mean", i + 1), &width, &running.mean);
                self.put(format!("{at}/running/layer{}.variance", i + 1), &width, &running.variance);
            }
        }
        self.updates = step + 1;
        Ok(())
    }
}
