//! `init`: writes an experiment file to start from, so that the program can be used without its repository.

use crate::cli::prelude::*;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};

const START: &str = include_str!("init.toml");

/// A shipped experiment by the name of its file.
macro_rules! shipped {
    ($($name:literal)*) => { &[$(($name, include_str!(concat!("../../experiments/", $name, ".toml")))),*] };
}

/// The experiments of the repository.
pub const SHIPPED: &[(&str, &str)] = shipped![
    "vanishing" "vanishing_lr" "lecture" "article" "optimizers" "schedules" "l2_vs_decay" "functions" "time" "architectures"
    "papers/arjovsky2016" "papers/arjovsky2016_copying" "papers/bachlechner2021" "papers/balduzzi2017" "papers/balduzzi2017_input" "papers/bengio1994" "papers/chung2014" "papers/de_smith2020" "papers/glorot2010_init" "papers/glorot2010_saturation"
    "papers/hanin2018" "papers/he2015" "papers/he2016" "papers/he2016_conv" "papers/hochreiter1991" "papers/ioffe2015"
    "papers/jozefowicz2015" "papers/kingma2015" "papers/klambauer2017" "papers/le2015" "papers/le2015_start"
    "papers/loshchilov2019" "papers/noci2022" "papers/pascanu2013" "papers/polyak1964"
    "papers/reddi2018" "papers/robbins_monro1951" "papers/saxe2013" "papers/schoenholz2017_chi" "papers/schoenholz2017_trainability"
    "papers/sigmoid_remedies" "papers/vanlaarhoven2017" "papers/wang2022_deepnorm" "papers/weight_gradient_is_flat" "papers/wilson2017"
    "papers/ba2016" "papers/cho2014" "papers/klambauer2017_training" "papers/pascanu2013_clipping" "papers/cohen2021" "papers/pennington2017" "papers/poole2016" "papers/srivastava2015" "papers/xiao2018" "papers/xiong2020" "papers/xiong2020_warmup" "papers/yang2019"
];

#[derive(Args)]
pub struct Options {
    /// The file to write
    #[arg(default_value = "experiment.toml")]
    file: PathBuf,
    /// Start from this experiment instead of a small commented one
    #[arg(long, value_name = "NAME")]
    like: Option<String>,
    /// List the experiments that can be copied
    #[arg(long)]
    list: bool,
}

/// Writes the file, or lists what there is.
///
/// # Errors
/// A name that does not exist, or a file that does.
pub fn run(options: &Options) -> Result<ExitCode, CommandError> {
    if options.list {
        let question = |text: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix("question"));
            line.map_or(String::new(), |line| line.trim_start_matches([' ', '=']).trim_matches('"').to_string())
        };
        for (name, text) in SHIPPED {
            print(&format!("{name:<32} {}\n", question(text)))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let path = &options.file;
    let text = match &options.like {
        None => {
            let name = path.file_stem().map_or("experiment".into(), |stem| stem.to_string_lossy());
            let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
            START.replace("NAME", if plain { &name } else { "experiment" })
        }
        Some(like) => match SHIPPED.iter().find(|(name, _)| name == like || name.ends_with(&format!("/{like}"))) {
            Some((_, text)) => text.to_string(),
            None => {
                return Err(CommandError::input(format!(
                    "there is no experiment \"{like}\"; `gradsweep init --list` names them"
                )));
            }
        },
    };
    let cannot = |e: std::io::Error| match e.kind() {
        ErrorKind::AlreadyExists => {
            CommandError::input(format!("{} exists already; give another name", path.display()))
        }
        _ => CommandError::failed(format!("cannot write {}: {e}", path.display())),
    };
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(cannot)?;
    file.write_all(text.as_bytes()).map_err(cannot)?;
    let shown = path.display();
    print(&format!("{shown} is written. Next: gradsweep plan {shown}, then gradsweep sweep {shown}\n"))
}
