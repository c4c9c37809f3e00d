//! A model of one's own: settings and one forward pass in candle's ops, from which all else follows.
//!
//! [`Program`](crate::Program) adds it to the kinds of network; then it is swept, measured, verified and drawn as those are.

use super::boundary::{Built, Family, PassCost, at_both_precisions};
use super::candle_model::CandleModel;
use super::init::{self, Init, Start};
use super::layout::Layout;
use super::outline::{Draw, Outline, Outlined, told};
use super::pass::Pass;
use crate::data::Sizes;
use crate::ops::activation::Activation;
use crate::ops::{Element, Mode, Result, Tensor, first_line};
use crate::parallel::caught;
use crate::parallel::lock;
use crate::seed::Seeds;
use crate::setting::{Problems, Setting, SettingError, Settings};
use candle_core::{DType, Device, bail};
use std::collections::HashMap;
use std::marker::PhantomData;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex};

/// A model of one's own. The forward pass runs once on zeros before any training, and tells by what it asks for which
/// parameters and layers there are.
pub trait OwnModel: Send + Sync + Sized + 'static {
    /// The word of `network` that names it.
    const NAME: &'static str;

    /// To be raised with every change of the code that changes its numbers: it is part of each run's id, so that results of
    /// an earlier version are not taken for those of this one.
    const VERSION: u32;

    /// What it is, for `gradsweep settings`.
    const HELP: &'static str;

    /// Its own settings, options of `network`: their keys begin with `network.`.
    const SETTINGS: &'static [Setting] = &[];

    /// The settings of the other networks that it reads, each with its options: `depth`, `width`, `init` (with `output`), ...
    const SHARED: &'static [&'static str] = &[];

    /// Whether it reads one time step after the other and names its layers by [`Pass::layer_at`].
    const HAS_TIME: bool = false;

    /// The model that the settings ask for, on data of these sizes.
    ///
    /// # Errors
    /// When a setting does not fit the others or the data: `SettingError::new(key, "what is wrong: write what instead")`.
    fn new(settings: &Settings, sizes: &Sizes) -> std::result::Result<Self, SettingError>;

    /// From inputs `[rows, ...]` to outputs `[rows, outputs]`: before a softmax, where the targets are classes.
    ///
    /// # Errors
    /// What candle reports.
    fn forward(&self, pass: &mut Pass, x: &Tensor) -> Result<Tensor>;
}

/// Rows of the pass that finds out what a model asks for: enough to see which dimension they are.
const ROWS: usize = 3;

/// A model of one's own as a family among the others.
pub struct Own<M> {
    help: String,
    settings: Vec<Setting>,
    /// What is known of the nets that were asked for, by what decides it.
    known: Mutex<HashMap<String, std::result::Result<Arc<Outlined>, SettingError>>>,
    model: PhantomData<fn() -> M>,
}

impl<M: OwnModel> Default for Own<M> {
    fn default() -> Self {
        let of = const { &[M::NAME] };
        let row = |row: &Setting| Setting { of, problems: Problems::Networks, ..*row };
        Own {
            help: format!("`{}`: {}", M::NAME, M::HELP),
            settings: M::SETTINGS.iter().map(row).collect(),
            known: Mutex::default(),
            model: PhantomData,
        }
    }
}

impl<M: OwnModel> Own<M> {
    fn outlined(&self, settings: &Settings, sizes: &Sizes) -> std::result::Result<Arc<Outlined>, SettingError> {
        let own = |key: &str| M::SETTINGS.iter().any(|row| row.key == key) || self.reads(M::NAME, key);
        let read = settings.iter().filter(|(key, _)| own(key)).map(|(key, value)| format!("{key}={value}"));
        let key = read.chain([format!("{sizes:?}")]).collect::<Vec<_>>().join("\n");
        if let Some(known) = lock(&self.known).get(&key) {
            return known.clone();
        }
        let found = outline::<M>(settings, sizes).map(Arc::new);
        lock(&self.known).insert(key, found.clone());
        found
    }

    fn build<T: Element>(&self, settings: &Settings, sizes: &Sizes, packed: &[f64]) -> Built<T> {
        let (outlined, model, outputs) = (self.outlined(settings, sizes)?, M::new(settings, sizes)?, sizes.outputs);
        let forward = move |pass: &mut Pass, x: &Tensor| forward(&model, pass, x, outputs);
        let Outlined { layout, sites, .. } = &*outlined;
        Ok(Box::new(CandleModel::new(layout.clone(), sites.clone(), packed, Arc::new(forward))?))
    }
}

/// The forward pass; what goes wrong in it is told with the model and the layer behind which it does.
fn forward<M: OwnModel>(model: &M, pass: &mut Pass, x: &Tensor, outputs: usize) -> Result<Tensor> {
    let y = match caught(|| model.forward(pass, x)) {
        Ok(Ok(y)) => y,
        Ok(Err(error)) => bail!("`{}` fails {}: {}", M::NAME, behind(pass), first_line(&error)),
        // Its place was noted when it began.
        Err(panic) => resume_unwind(Box::new(format!("`{}` panics {}: {panic}", M::NAME, behind(pass)))),
    };
    let rows = x.dim(0)?;
    if y.dims() != [rows, outputs] {
        bail!("`{}` gives {:?} for {rows} rows, not [{rows}, {outputs}]", M::NAME, y.shape())
    }
    Ok(y)
}

/// Where a pass has come to.
fn behind(pass: &Pass) -> String {
    pass.passed.map_or_else(|| "before layer 1".into(), |(layer, time)| format!("behind {}", told(layer, time)))
}

/// What the model asks for, learned from a pass over zeros in single precision.
fn outline<M: OwnModel>(settings: &Settings, sizes: &Sizes) -> std::result::Result<Outlined, SettingError> {
    let model = M::new(settings, sizes)?;
    let layout = Layout::default();
    let mut pass = Pass::new(Mode::Train, &layout, &[], &[]);
    (pass.dtype, pass.outline) = (DType::F32, Some(Outline::new(ROWS)));
    let shape = [&[ROWS], &sizes.input[..]].concat();
    let run = || forward(&model, &mut pass, &Tensor::zeros(shape, DType::F32, &Device::Cpu)?, sizes.outputs);
    let wrong = |what: String| {
        let (input, outputs) = (&sizes.input, sizes.outputs);
        SettingError::new("network", format!("{what}: write a `forward` from [rows, {input:?}] to [rows, {outputs}]"))
    };
    match caught(run) {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => return Err(wrong(first_line(&error))),
        Err(panic) => return Err(wrong(panic)),
    }
    let closed = pass.outline.take().unwrap_or_else(|| Outline::new(ROWS)).close();
    let outlined = closed.map_err(|error| wrong(format!("`{}`: {}", M::NAME, first_line(&error))))?;
    if let Some(site) = outlined.sites.iter().find(|site| site.time.is_some() != M::HAS_TIME) {
        let (has, call) = if M::HAS_TIME { ("true", "layer_at") } else { ("false", "layer") };
        let what = format!("`{}` says HAS_TIME = {has}, but names {}", M::NAME, told(site.layer, site.time));
        return Err(SettingError::new("network", format!("{what}: write `pass.{call}(...)`, or the other HAS_TIME")));
    }
    Ok(outlined)
}

impl<M: OwnModel> Family for Own<M> {
    fn words(&self) -> &'static [&'static str] {
        const { &[M::NAME] }
    }

    fn help(&self) -> &str {
        &self.help
    }

    fn version(&self) -> Option<u32> {
        Some(M::VERSION)
    }

    fn settings(&self) -> &[Setting] {
        &self.settings
    }

    fn reads(&self, _: &str, key: &str) -> bool {
        let head = key.split('.').next().unwrap_or(key);
        M::SHARED.contains(&if head == "output" { "init" } else { head })
    }

    fn has_time(&self) -> bool {
        M::HAS_TIME
    }

    fn layout(&self, settings: &Settings, sizes: &Sizes) -> std::result::Result<Layout, SettingError> {
        Ok(self.outlined(settings, sizes)?.layout.clone())
    }

    fn initial(
        &self,
        settings: &Settings,
        sizes: &Sizes,
        seeds: &Seeds,
    ) -> std::result::Result<Vec<f64>, SettingError> {
        let outlined = self.outlined(settings, sizes)?;
        let start = match settings.get("init") {
            Some(_) => Start::from_settings(settings, activation(settings)?)?,
            None => Init::LecunNormal.into(),
        };
        let mut packed = init::initial(start, &outlined.layout, seeds);
        for (parameter, draw) in outlined.layout.parameters().iter().zip(&outlined.draws) {
            let own = &mut packed[parameter.range.clone()];
            match *draw {
                Draw::Init => {}
                Draw::Filled { value } => own.fill(value),
                Draw::Normal { std } => {
                    let mut stream = seeds.stream(&parameter.name, &parameter.shape);
                    own.fill_with(|| std * stream.normal());
                }
            }
        }
        Ok(packed)
    }

    /// Of the matrix products alone, each matrix as often as it is used; a convolution takes more.
    fn cost(&self, settings: &Settings, sizes: &Sizes, rows: usize) -> PassCost {
        let Ok(outlined) = self.outlined(settings, sizes) else { return PassCost::default() };
        let (rows, parameters) = (rows as f64, outlined.layout.parameters());
        let matrices = parameters.iter().filter(|own| own.role.is_weight()).map(|own| own.range.len());
        let weights = matrices.sum::<usize>() as f64;
        let units: usize = outlined.sites.iter().map(|site| site.units).sum();
        let forward = 2.0 * rows * outlined.uses;
        let count = outlined.layout.count() as f64;
        let bytes = 4.0 * (NUMBERS_A_PARAMETER * count + NUMBERS_A_UNIT * rows * units as f64);
        PassCost { weights, forward, backward: 2.0 * forward, bytes, measured: 4.0 * bytes }
    }

    at_both_precisions!();
}

/// What candle keeps of a parameter, its gradient and copies of both, and for each row of a unit that is handed on, in numbers: for
/// the memory that a run may take. With these `plan` is within a fifth of what residual blocks of 4 to 34 million parameters take.
const NUMBERS_A_PARAMETER: f64 = 5.0;
const NUMBERS_A_UNIT: f64 = 16.0;

/// The activation that `init = "matched"` goes by.
fn activation(settings: &Settings) -> std::result::Result<Activation, SettingError> {
    match settings.get("activation") {
        Some(_) => Activation::from_settings(settings, "activation"),
        None => Ok(Activation::Identity),
    }
}
