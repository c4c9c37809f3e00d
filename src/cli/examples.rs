//! What `--help` shows at the end of each command; a test runs them through the parser.

pub const SWEEP: &str = "\
Examples:
  gradsweep sweep experiments/vanishing.toml
  gradsweep sweep experiments/vanishing.toml --only depth=32 --jobs 1
  gradsweep sweep experiments/vanishing.toml --set width=96 --seeds 10 --out results/wide
  gradsweep sweep grid.toml --out shared --shard 0/4";
pub const PLAN: &str = "\
Examples:
  gradsweep plan experiments/vanishing.toml
  gradsweep plan experiments/vanishing.toml --set depth=\"[4, 64]\"
  gradsweep plan experiments/vanishing.toml --csv
  gradsweep plan experiments/schedules.toml --schedule";
pub const MERGE: &str = "\
Example:
  gradsweep merge shared";
pub const VERIFY: &str = "\
Examples:
  gradsweep verify results/vanishing
  gradsweep verify results/vanishing --sample 5%";
pub const TRACE: &str = "\
Example:
  gradsweep trace experiments/lecture.toml --only depth=8 --only activation=relu --only variant=plain --steps 5
  python3 scripts/check_trace.py lecture.safetensors";
pub const SLURM: &str = "\
Example:
  gradsweep slurm grid.toml --shards 16 --jobs 4 --out shared > grid.sh
  sh grid.sh";
pub const THEORY: &str = "\
Example:
  gradsweep theory experiments/vanishing.toml";
pub const COMPARE: &str = "\
Examples:
  gradsweep compare results/optimizers
  gradsweep compare results/optimizers --baseline sgd
  gradsweep compare results/optimizers --format latex
  gradsweep compare results/optimizers --metric test_accuracy --metric flop_to_target
  gradsweep compare results/plain results/residual";
pub const CHECK: &str = "\
Examples:
  gradsweep check results/vanishing
  gradsweep check results/vanishing --fresh-seeds 10";
pub const PLOT: &str = "\
Examples:
  gradsweep plot results/vanishing
  gradsweep plot results/vanishing --only curves
  gradsweep plot results/vanishing --with more_figures.toml
  gradsweep plot results/vanishing --style slide --out talk
  gradsweep plot results/vanishing --style column";
pub const WHY: &str = "\
Example:
  gradsweep why results/vanishing/figures/gradient_by_layer.png";
pub const IMPORT: &str = "\
Examples:
  gradsweep import runs.csv history.csv layers.csv --out results/mine
  gradsweep import runs.csv history.csv claims.toml --axes model,depth --out results/mine

Exit codes: 0 success, 2 the input is wrong, 1 something cannot be written, 3 a claim fails (its verdict is printed).";
pub const INIT: &str = "\
Examples:
  gradsweep init
  gradsweep init mine.toml --like vanishing
  gradsweep init --list";
pub const DOCTOR: &str = "\
Example:
  gradsweep doctor";
pub const COMPLETIONS: &str = "\
Examples:
  gradsweep completions bash > ~/.local/share/bash-completion/completions/gradsweep
  gradsweep completions zsh > ~/.zfunc/_gradsweep
  gradsweep completions fish > ~/.config/fish/completions/gradsweep.fish";
pub const MAN: &str = "\
Example:
  gradsweep man > ~/.local/share/man/man1/gradsweep.1";
pub const SETTINGS: &str = "\
Examples:
  gradsweep settings optimizer
  gradsweep settings figure
  gradsweep settings adam
  gradsweep settings --markdown > settings.md";
pub const FIGURES: &str = "\
Examples:
  gradsweep figures
  gradsweep figures curves";
pub const COLUMNS: &str = "\
Examples:
  gradsweep columns layers.csv
  gradsweep columns --markdown > columns.md";
