//! gradsweep: how does the gradient fade on its way back to the first layer, and what stops it?
//!
//! The program reads a TOML experiment, trains every cell of its grid as a candle model and leaves CSV files, figures and
//! judged claims. This library is the same in parts, built in floors: a module uses only those below its own. `examples/` has a
//! sweep from code, reading results, a network, a figure and an update rule of one's own.
//!
//! # Parts: networks and what is measured in them
//!
//! [`data`], [`model`] and [`optim`] are where candle lives; [`setting`] and [`mod@columns`] say what every setting and every CSV column
//! is. Here is what a deep sigmoid net does to a gradient:
//!
//! ```
//! use gradsweep::model::dense::{Architecture, Network, Residual};
//! use gradsweep::model::{Batch, init::Init};
//! use gradsweep::ops::activation::Activation;
//! use gradsweep::ops::{loss::Loss, loss::Target, tensor};
//! use gradsweep::probe::Probe;
//! use gradsweep::seed::Seeds;
//!
//! let architecture = Architecture {
//!     features: 4,
//!     outputs: 2,
//!     widths: vec![32; 10],
//!     activation: Activation::Sigmoid,
//!     output_activation: Activation::Identity,
//!     bias: true,
//!     norm: None,
//!     residual: Residual::None,
//!     dropout: 0.0,
//! };
//! let seeds = Seeds { experiment: 0, run: 1 };
//! let network = Network::<f32>::new(architecture.clone(), Init::LecunNormal, &seeds)?;
//! let x = tensor(vec![0.5f64, -1.0, 0.3, 0.9, 1.2, 0.1, -0.7, -0.2], (2, 4))?;
//! let batch = Batch { x, target: Target::Classes(vec![0, 1]), loss: Loss::CrossEntropy };
//! let in_f64 = Network::<f64>::new(architecture, Init::LecunNormal, &seeds)?;
//! let mut probe = Probe::new(Box::new(in_f64), batch);
//! let layers = probe.measure(&network)?;
//! // phi' is at most 1/4, so that nine layers take at least a factor of 4^9 (here at sigma_w = 1).
//! assert!(layers[9].stream_rms / layers[0].stream_rms > 4f64.powi(9) * 0.5);
//! # Ok::<(), gradsweep::ops::Error>(())
//! ```
//!
//! # One run, one plan
//!
//! [`experiment`] reads a file and combines its axes, [`run`] trains a cell, [`theory`] predicts it.
//!
//! ```
//! use gradsweep::experiment::{Experiment, Overrides};
//! use gradsweep::figure::kinds::FACTS;
//! use gradsweep::theory::MeanField;
//! use gradsweep::ops::activation::Activation;
//!
//! let text = "name = \"x\"\nseeds = 3\n[axes]\ndepth = [2, 8]\nactivation = [\"tanh\", \"relu\"]\n";
//! let plan = Experiment::parse(text, "x.toml", FACTS)?.plan(&Overrides::default())?;
//! assert_eq!((plan.cells.len(), plan.seeds.len()), (4, 3));
//! // A mistake is told with its place and the cure.
//! let wrong = Experiment::parse("name = \"x\"\n[axes]\ndept = [2]\n", "x.toml", FACTS).and_then(|e| e.plan(&Overrides::default()));
//! assert!(wrong.unwrap_err().to_string().contains("depth"));
//!
//! // He's variance keeps a ReLU net's gradient as it is.
//! let relu = MeanField { activation: Activation::Relu, weight_variance: 2.0, bias_variance: 0.0 };
//! assert!((relu.chi(1.0) - 1.0).abs() < 1e-12);
//! # Ok::<(), gradsweep::experiment::ExperimentError>(())
//! ```
//!
//! # Many runs
//!
//! [`sweep`] runs a plan on all cores and appends each finished run to a journal; [`results`] reads what it leaves.
//!
//! ```
//! use gradsweep::data::{Places, load};
//! use gradsweep::experiment::{Experiment, Overrides};
//! use gradsweep::figure::kinds::FACTS;
//! use gradsweep::sweep::work::Work;
//! use gradsweep::run::train;
//! use std::ops::ControlFlow;
//!
//! let text = "name = \"x\"\nseeds = 2\n[base]\ndata = { kind = \"spirals\", n = 200 }\nwidth = 4\nsteps = 5\n";
//! let plan = Experiment::parse(text, "x.toml", FACTS)?.plan(&Overrides::default())?;
//! let work = Work::new(&plan, |settings| load(settings, &Places::default()))?;
//! for job in &work.jobs {
//!     let record = train(&job.run.spec, work.dataset(job), &mut |_step| ControlFlow::Continue(()))?;
//!     assert_eq!(record.status.word(), "finished");
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Reading results
//!
//! [`mod@conclude`] makes everything that a reader opens; [`figure`], [`compare`] and [`claim`] are made from the tables alone.
//!
//! ```
//! use gradsweep::claim::{Expect, Observation, Verdict, judge};
//!
//! let seeds = [0.84, 0.86, 0.85, 0.88, 0.83].map(Observation::Exactly);
//! assert_eq!(judge(&seeds, Expect::Above(0.8), 0.9).verdict, Verdict::Holds);
//! // Two seeds cannot say so much.
//! assert_eq!(judge(&seeds[..2], Expect::Above(0.8), 0.9).verdict, Verdict::Inconclusive);
//! ```

pub mod claim;
pub mod columns;
pub mod compare;
pub mod conclude;
pub mod data;
pub mod experiment;
pub mod fading;
pub mod figure;
pub mod import;
pub mod model;
pub mod optim;
pub mod results;
pub mod run;
pub mod setting;
pub mod sweep;
pub mod theory;

pub use cli::program::Program;
/// What a model of one's own is written in, in the version that gradsweep uses.
pub use {candle_core, candle_nn};

// What a caller meets in signatures above, or what the program and its tests alone use.
#[doc(hidden)]
pub mod answer;
#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod files;
#[doc(hidden)]
pub mod ops;
#[doc(hidden)]
pub mod plan_file;
#[doc(hidden)]
pub mod probe;
#[doc(hidden)]
pub mod record;
#[doc(hidden)]
pub mod schedule;
#[doc(hidden)]
pub mod seed;
#[doc(hidden)]
pub mod stats;
#[doc(hidden)]
pub mod table;

mod parallel;
mod printable;
mod real;
mod report;
