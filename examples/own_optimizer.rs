//! An update rule of one's own beside Adam, on the same net, the same initial weights and the same batches.
//!
//! The rule is sign descent with momentum ("signum": Bernstein et al., "signSGD", ICML 2018): v <- m v + (1 - m) g;
//! w <- w - lr sign(v). `cargo run --release --example own_optimizer`

use gradsweep::data::Places;
use gradsweep::experiment::{Experiment, Overrides};
use gradsweep::figure::kinds::FACTS;
use gradsweep::model::{self, Gradients, Loss, Mode};
use gradsweep::optim::{MOST_SLOTS, Optimizer, Regularization, Rule, Stepper};
use gradsweep::run::score::{batch, score};
use gradsweep::run::{Batches, train};
use gradsweep::sweep::load::with_data;
use std::error::Error;
use std::ops::ControlFlow;

/// The constants of one step. Its state is one number for each parameter.
#[derive(Clone, Copy)]
struct Signum {
    lr: f32,
    momentum: f32,
}

impl Rule<f32> for Signum {
    const SLOTS: usize = 1;

    fn change(self, gradient: f32, [velocity, ..]: &mut [f32; MOST_SLOTS]) -> f32 {
        *velocity = self.momentum * *velocity + (1.0 - self.momentum) * gradient;
        self.lr * if *velocity == 0.0 { 0.0 } else { velocity.signum() }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let text = "[base]\ndepth = 8\nresidual = true\nsteps = 300\noptimizer = { kind = \"adam\", lr = 1e-3 }\n";
    let plan = Experiment::parse(text, "own_optimizer.toml", FACTS)?.plan(&Overrides::default())?;
    let work = with_data(&plan, &Places::default())?;
    let job = &work.jobs[0];
    let (spec, data) = (&job.run.spec, work.dataset(job));
    let adam = train(spec, data, &mut |_| ControlFlow::Continue(()))?;
    let last = adam.history.rows.last().ok_or("no scores")?;
    let loss = adam.history.column("test_loss").ok_or("no test part")?;
    println!("adam:   test loss {:?}", last[loss]);

    let (settings, sizes) = (&spec.settings, data.sizes());
    let family = model::family(settings);
    let initial = family.initial(settings, &sizes, &spec.seeds)?;
    let mut net = family.build_f32(settings, &sizes, &initial)?;
    let mut stepper = Stepper::new(Optimizer::Sgd, Regularization::default(), net.layout());
    let mut batches = Batches::new(spec.seeds, data.train.rows, spec.batch(data.train.rows));
    let mut gradients = Gradients::default();
    let rows = spec.batch(data.train.rows);
    for _ in 0..job.steps {
        let batch = batch(&data.train, &data.shape, batches.next_rows(), Loss::CrossEntropy)?;
        net.loss_and_gradients(batch, Mode::Train, &mut gradients)?;
        net.updated(rows);
        net.rewrite(&mut |parameters| {
            stepper.step_by(Signum { lr: 3e-4, momentum: 0.9 }, parameters, &gradients, 3e-4);
        })?;
    }
    if let Some(test) = &data.test {
        println!("signum: test loss {:?}", score(&*net, test, &data.shape, Loss::CrossEntropy)?.loss);
    }
    Ok(())
}
