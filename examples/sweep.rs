//! A sweep from code: an experiment as text, its plan, all its runs, and what they show.
//!
//! `cargo run --release --example sweep` leaves a results folder like the program's own in `results/from_code`.

use gradsweep::conclude::{conclude, draw_pages};
use gradsweep::data::Places;
use gradsweep::experiment::{Experiment, Overrides};
use gradsweep::figure::kinds::FACTS;
use gradsweep::sweep::folder::{Folder, Keep};
use gradsweep::sweep::interrupt::Interrupt;
use gradsweep::sweep::load::with_data;
use gradsweep::sweep::progress::Show;
use gradsweep::sweep::request::Request;
use gradsweep::sweep::session::{Options, to_do, train_all};
use std::error::Error;
use std::path::Path;

const EXPERIMENT: &str = r#"
name     = "from_code"
question = "Does a residual connection carry the gradient of a deep sigmoid net?"
seeds    = 3

[base]
activation = "sigmoid"
width      = 24
steps      = 60

[axes]
depth = [4, 12]

[variants.plain]
[variants.residual]
residual = true
"#;

fn main() -> Result<(), Box<dyn Error>> {
    let plan = Experiment::parse(EXPERIMENT, "from_code.toml", FACTS)?.plan(&Overrides::default())?;
    let work = with_data(&plan, &Places::default())?;

    // A folder keeps every finished run: started again, this program goes on where it was stopped.
    let dir = Path::new("results/from_code");
    let (folder, _notes) = Folder::open(dir, &plan, &work, &Request::default(), Keep::default())?;
    let all: Vec<usize> = (0..work.jobs.len()).collect();
    let order = to_do(&work, &folder.journal, &all, false);
    let options = Options {
        jobs: None,
        fail_fast: false,
        show: Show::Nothing,
        shard: None,
        experiment: Path::new("from_code.toml"),
    };
    let tally = train_all(&plan, &work, &folder, &order, options, &Interrupt::new())?;

    let conclusion = conclude(dir, &plan, &work, &folder.journal, Some(&draw_pages))?;
    println!("{} runs trained now, {} in {}", tally.done, conclusion.results.runs.len(), dir.display());
    for figure in &conclusion.drawn {
        println!("figure {}: {} files", figure.name, figure.files.len());
    }
    Ok(())
}
