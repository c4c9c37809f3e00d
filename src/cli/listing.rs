//! `settings`, `figures` and `columns`: the program's own tables, as a terminal of 80 columns can show them.

use crate::cli::prelude::*;
use crate::columns::{self, Column};
use crate::experiment::figure_kind::{AlongX, ColorBy, FigureKind, Over, Predicts, Tune};
use crate::experiment::keys::{self, SECTIONS};
use crate::experiment::nearest;
use crate::experiment::settings::{self, Registry, literal, settings_table_markdown};
use crate::figure::kinds::FACTS;
use crate::setting::{DefaultValue, Setting};
use crate::table::WIDTH;

#[derive(Args)]
pub struct Settings {
    /// Only the settings of this family, section or name, such as optimizer, figure or lr
    prefix: Option<String>,
    /// All as Markdown tables
    #[arg(long, conflicts_with = "prefix")]
    markdown: bool,
}

#[derive(Args)]
pub struct Figures {
    /// Only this kind, such as curves, with all its keys
    kind: Option<String>,
}

#[derive(Args)]
pub struct Columns {
    /// A table, such as runs.csv, or how names of columns begin, such as attenuation
    table: Option<String>,
    /// All as a Markdown table
    #[arg(long, conflicts_with = "table")]
    markdown: bool,
}

/// Prints the settings and the keys of the sections.
///
/// # Errors
/// A prefix that none begins with.
pub fn settings(options: &Settings) -> Result<ExitCode, CommandError> {
    if options.markdown {
        return print(&format!("{}\n{}", settings_table_markdown(), keys::markdown()));
    }
    let wanted = options.prefix.as_deref().unwrap_or("").trim_matches(['[', ']']);
    let wanted = &*Registry::long(wanted);
    let text = listed(wanted);
    if !text.is_empty() {
        return print(&text);
    }
    let sections = SECTIONS.iter().map(|section| section.word());
    let near = nearest::nearest(wanted, settings::all().map(Setting::family).chain(sections));
    let help = near.map_or_else(|| Registry::get().suggest(wanted, None), |near| format!("did you mean `{near}`?"));
    Err(CommandError::input(format!("there is no setting and no section `{wanted}`; {help}")))
}

/// All settings and keys that a word is about, one below the other.
fn listed(wanted: &str) -> String {
    let mut text = String::new();
    for row in settings::all().filter(|row| is_about(row, wanted)) {
        let default = match row.default {
            DefaultValue::Required => "required".into(),
            other => other.value().map_or("unset".into(), |value| default(&literal(&value))),
        };
        let of = if row.of.is_empty() { String::new() } else { format!("of {}: ", row.of.join(", ")) };
        text += &entry(row.key, &default, &[&format!("{of}{}", row.help), &row.domain.to_string()]);
    }
    let is_section = SECTIONS.iter().any(|section| section.word() == wanted);
    for section in SECTIONS.iter().filter(|section| !is_section || section.word() == wanted) {
        let whole = is_section || section.word().starts_with(wanted);
        let (word, key) = wanted.split_once('.').unwrap_or(("", wanted));
        let is_wanted = |name: &str| whole || name.starts_with(key) && (word.is_empty() || section.word() == word);
        let found: Vec<&keys::Key> = section.keys.iter().filter(|key| is_wanted(key.name)).collect();
        if !found.is_empty() {
            let gap = if text.is_empty() { "" } else { "\n" };
            text += &format!("{gap}{}", wrapped(&format!("{}: {}", section.name, section.help), ""));
        }
        for key in found {
            let default = match key.default {
                "" => String::new(),
                keys::REQUIRED => key.default.into(),
                words => default(words),
            };
            text += &entry(key.name, &default, &[key.help, key.holds]);
        }
    }
    text
}

fn default(value: &str) -> String {
    format!("default: {value}")
}

/// Whether a setting is of a family, has this name, or belongs to a kind of this name.
fn is_about(row: &Setting, wanted: &str) -> bool {
    let of_kind =
        row.of.contains(&wanted) || matches!(row.domain, crate::setting::Domain::Word(w) if w.contains(&wanted));
    of_kind || row.key.starts_with(wanted) || row.key.contains(&format!(".{wanted}"))
}

/// Prints the kinds of figures: each in a sentence, or all that can be asked of one.
///
/// # Errors
/// A kind that there is not.
pub fn figures(options: &Figures) -> Result<ExitCode, CommandError> {
    let Some(word) = &options.kind else {
        let kinds: String = FACTS.iter().map(|kind| entry(kind.word, "", &[kind.help])).collect();
        return print(&format!("{kinds}\n`gradsweep figures KIND` lists the keys of one kind.\n"));
    };
    match FigureKind::of(FACTS, word) {
        Some(kind) => print(&one_kind(kind)),
        None if columns::find(columns::LAYERS, word).is_some() => Err(CommandError::input(format!(
            "\"{word}\" is a column of layers.csv: kind = \"{word}\" is short for the layer_lines of it; see `gradsweep figures layer_lines`"
        ))),
        None => {
            let help = nearest::suggest(word, FACTS.iter().map(|kind| kind.word));
            Err(CommandError::input(format!("there is no kind of figure \"{word}\"; {help}")))
        }
    }
}

/// What can be asked of a kind, key by key.
fn one_kind(kind: &FigureKind) -> String {
    let x = match kind.x {
        AlongX::Own | AlongX::Plane(_) => None,
        AlongX::Axis(axis) => Some(format!("an axis; {axis} if left out")),
        AlongX::Numbers(axis) => Some(format!("an axis of numbers; {axis} if left out")),
        AlongX::TwoAxes => Some("an axis; y needs another one".into()),
    };
    let columns = (kind.columns)();
    let theory = match kind.theory {
        Predicts::Nothing => None,
        Predicts::Columns(columns) => Some(format!("true predicts {}", columns.join(", "))),
        Predicts::DepthScale => Some("true draws the depth up to which nets can be trained".into()),
        Predicts::All => Some("always drawn".into()),
    };
    let color = match kind.color {
        ColorBy::Taken => None,
        ColorBy::Free => Some("an axis".into()),
        ColorBy::Required => Some("an axis; required".into()),
    };
    let over = match kind.over {
        Over::Pooled => Some("axes over which the median is taken within each seed".into()),
        Over::Problems => Some("axes whose combinations are the problems".into()),
        Over::Never => None,
    };
    let step = kind.takes_step.then(|| "\"first\" or \"last\"".into());
    let metric = (!columns.is_empty()).then(|| columns.join(", "));
    let limits = |has: bool| has.then(|| "[low, high]".to_string());
    let scale = kind.scales.then(|| "\"log\" or \"linear\"".into());
    let x_scale = kind.x_scales.iter().map(|scale| format!("\"{}\"", scale.word())).collect::<Vec<_>>().join(" or ");
    let drawing = [
        ("limits", limits(kind.limits)),
        ("scale", scale),
        ("x_limits", limits(kind.x_limits)),
        ("x_scale", Some(x_scale).filter(|words| !words.is_empty())),
    ];
    let tune = match kind.tune {
        Tune::Best => "axes that are shown at their best label only, which is chosen as in `compare`",
        Tune::Tries => "the axes whose values are the tries; required",
    };
    let tune = Some(tune.to_string());
    let choices = [
        ("x", x),
        ("metric", metric),
        ("color", color),
        ("tune", tune),
        ("over", over),
        ("step", step),
        ("theory", theory),
    ];
    let options = kind.options.iter().map(|option| (*option, holds(option))).collect::<Vec<_>>();
    let keys: String = choices
        .iter()
        .chain(&drawing)
        .chain(&options)
        .filter_map(|(key, says)| Some(entry(key, "", &[says.as_deref()?])))
        .collect();
    let rest = "Every figure also takes name, title, size, facet, where, order, rename and colors: see `gradsweep settings figure`.";
    format!("{}{keys}\n{}", entry(kind.word, "", &[kind.help]), wrapped(rest, ""))
}

/// What a key of a figure may hold.
fn holds(key: &str) -> Option<String> {
    keys::FIGURE.keys.iter().find(|row| row.name == key).map(|row| row.holds.to_string())
}

/// Prints the columns of the CSV files.
///
/// # Errors
/// Neither a table nor the beginning of a column's name.
pub fn columns(options: &Columns) -> Result<ExitCode, CommandError> {
    if options.markdown {
        return print(&columns::markdown());
    }
    let wanted = options.table.as_deref().map(|table| table.trim_end_matches(".csv"));
    let is_wanted = |file: &str| wanted.is_none_or(|wanted| file.trim_end_matches(".csv") == wanted);
    let is_table = columns::FILES.iter().any(|(file, ..)| is_wanted(file));
    let mut text = String::new();
    for (file, rows, tables) in columns::FILES {
        let is_named = |own: &&Column| !is_table && wanted.is_some_and(|wanted| own.name.starts_with(wanted));
        let own = tables.iter().copied().flatten().filter(|own| is_wanted(file) || is_named(own));
        let own: String = own.map(column).collect();
        if !own.is_empty() {
            let gap = if text.is_empty() { "" } else { "\n" };
            text += &format!("{gap}{}{own}", wrapped(&format!("{file}: {rows}"), ""));
        }
    }
    match wanted {
        Some(wanted) if text.is_empty() => {
            let names =
                columns::FILES.iter().flat_map(|(_, _, tables)| tables.iter().copied().flatten()).map(|own| own.name);
            let help = nearest::suggest(wanted, columns::FILES.iter().map(|(file, ..)| *file).chain(names));
            Err(CommandError::input(format!("there is no table and no column \"{wanted}\"; {help}")))
        }
        _ if wanted.is_none_or(|wanted| ["history", "layers"].contains(&wanted)) => {
            print(&format!("{text}\n{}", joins()))
        }
        _ => print(&text),
    }
}

/// How the labels of the runs come beside `run_id`.
fn joins() -> String {
    let head = "To have the labels next to run_id, write [record] labels = true, or join the tables.";
    let join = |(program, lines): &(&str, [&str; 2])| format!("{program}:\n{}\n", lines.join("\n"));
    wrapped(head, "") + &columns::JOINS.iter().map(join).collect::<String>()
}

fn column(column: &Column) -> String {
    let theory = if column.predicted.is_some() { "predicted by theory" } else { "" };
    let facts: Vec<&str> = [column.when(), theory].into_iter().filter(|fact| !fact.is_empty()).collect();
    entry(column.name, column.unit, &[&column.subject(), &facts.join("; ")])
}

/// A name with a word at the end of its line, and what is to be said of it below.
fn entry(name: &str, word: &str, says: &[&str]) -> String {
    let gap = WIDTH.saturating_sub(name.chars().count() + word.chars().count()).max(2);
    let head = match word {
        "" => format!("{name}\n"),
        _ if gap + name.len() + word.len() > WIDTH => format!("{name}\n{}", wrapped(word, "    ")),
        _ => format!("{name}{}{word}\n", " ".repeat(gap)),
    };
    head + &says.iter().filter(|text| !text.is_empty()).map(|text| wrapped(text, "    ")).collect::<String>()
}

/// A text in lines of the terminal's width.
fn wrapped(text: &str, indent: &str) -> String {
    let (mut lines, mut line) = (String::new(), String::from(indent));
    for word in text.split_whitespace() {
        if line.len() > indent.len() && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines += &format!("{line}\n");
            line = indent.into();
        }
        if line.len() > indent.len() {
            line.push(' ');
        }
        line += word;
    }
    lines + &line + "\n"
}
