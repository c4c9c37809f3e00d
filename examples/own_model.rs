//! A network of one's own in one file: residual blocks of two matrices behind a layer norm, as in half a transformer.
//!
//! `cargo run --release --example own_model -- sweep examples/own_model.toml`, and any other command of gradsweep.

use gradsweep::Program;
use gradsweep::candle_core::{Result, Tensor};
use gradsweep::data::Sizes;
use gradsweep::model::{OwnModel, Pass};
use gradsweep::setting::{Setting, SettingError, Settings};
use std::process::ExitCode;

/// h <- h + W_2 gelu(W_1 norm(h)), `depth` times, between an affine map in and one out.
struct FeedForward {
    depth: usize,
    width: usize,
    factor: usize,
    norm: bool,
    skip: bool,
    outputs: usize,
}

impl OwnModel for FeedForward {
    const NAME: &'static str = "feed_forward";
    const VERSION: u32 = 1;
    const HELP: &'static str = "residual blocks of two matrices behind a layer norm";
    const SETTINGS: &'static [Setting] = &[
        Setting::int("network.factor", 1..=16, 2).help("how many times as wide a block is inside"),
        Setting::flag("network.norm", true).help("layer norm before each block"),
        Setting::flag("network.skip", true).help("each block adds to its input"),
    ];
    const SHARED: &'static [&'static str] = &["depth", "width", "init"];

    fn new(settings: &Settings, sizes: &Sizes) -> std::result::Result<Self, SettingError> {
        Ok(FeedForward {
            depth: settings.needed_int("depth")?,
            width: settings.needed_int("width")?,
            factor: settings.needed_int("network.factor")?,
            norm: settings.flag("network.norm"),
            skip: settings.flag("network.skip"),
            outputs: sizes.outputs,
        })
    }

    fn forward(&self, pass: &mut Pass, x: &Tensor) -> Result<Tensor> {
        let mut h = pass.linear("stem", &x.flatten_from(1)?, self.width)?;
        for l in 1..=self.depth {
            let mut v = h.clone();
            if self.norm {
                v = pass.layer_norm(&format!("layer{l}.norm"), &v)?;
            }
            v = pass.linear(&format!("layer{l}.up"), &v, self.factor * self.width)?.gelu()?;
            v = pass.linear(&format!("layer{l}.down"), &v, self.width)?;
            h = if self.skip { (h + v)? } else { v };
            h = pass.layer(l, &h)?;
        }
        pass.linear("output", &h, self.outputs)
    }
}

fn main() -> ExitCode {
    Program::new().model::<FeedForward>().run()
}
