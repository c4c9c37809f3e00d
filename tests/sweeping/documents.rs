//! What README.md and docs/ show is what the program says: every block of console text is run and compared, every experiment is
//! planned, every recipe is the file that ships.
//!
//! In a ```console block `$ gradsweep ...` is a command, what follows its output, and a line `...` stands for any lines. With
//! UPDATE_TRANSCRIPTS=1 a block without `...` is written anew.

use super::program::PROGRAM;
use gradsweep::experiment::{Experiment, Overrides};
use gradsweep::figure::kinds::FACTS;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::tempdir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The README and every page of docs/, with its text.
fn pages() -> Vec<(PathBuf, String)> {
    let docs = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<PathBuf> = docs.chain([root().join("README.md")]).collect();
    pages.sort();
    pages.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// The texts of a page's blocks in this language.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let start = format!("```{language}\n");
    page.split(&start).skip(1).map(|text| &text[..text.find("```").unwrap()]).collect()
}

/// What a command prints, stdout first, less progress and what the clock decides.
fn said(dir: &Path, command: &str) -> Vec<String> {
    let shell = command.replacen("gradsweep", PROGRAM, 1);
    let output =
        Command::new("sh").args(["-c", &shell]).current_dir(dir).env_remove("GRADSWEEP_DATA").output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    let lines = String::from_utf8(text).unwrap();
    let lines = lines
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.contains(" passed") && !line.starts_with("  time") && !line.starts_with("  memory"));
    lines.map(String::from).collect()
}

/// Whether two words say the same: equal, or numbers that agree within this much. Other CPUs round products of matrices in
/// another order, after which a trained net may judge one image in a hundred otherwise.
fn same(shown: &str, now: &str, within: f64) -> bool {
    let number = |word: &str| word.trim_matches(|c: char| "[],()%:;".contains(c)).parse::<f64>().ok();
    match (number(shown), number(now)) {
        (Some(a), Some(b)) => (a - b).abs() <= within,
        _ => shown == now,
    }
}

fn same_line(shown: &str, now: &str) -> bool {
    let (shown, now): (Vec<&str>, Vec<&str>) = (shown.split_whitespace().collect(), now.split_whitespace().collect());
    // Per cent have one decimal here, decades three.
    let within = |word: &str| match word.trim_matches(|c: char| "[],".contains(c)).split_once('.') {
        Some((_, decimals)) if decimals.len() == 1 && shown.contains(&"%") => 1.0,
        Some((_, decimals)) => 2.0 * 0.1f64.powi(decimals.len() as i32),
        None => 0.0,
    };
    shown.len() == now.len() && shown.iter().zip(&now).all(|(a, b)| same(a, b, within(a)))
}

/// Whether the lines that are shown are those said, where `...` stands for any number of lines.
fn shows(shown: &[&str], now: &[String]) -> bool {
    match shown {
        [] => now.is_empty(),
        ["...", rest @ ..] => (0..=now.len()).any(|skipped| shows(rest, &now[skipped..])),
        [line, rest @ ..] => now.first().is_some_and(|first| same_line(line, first)) && shows(rest, &now[1..]),
    }
}

#[test]
fn what_the_documents_show_of_the_program_is_what_it_says() {
    let update = std::env::var_os("UPDATE_TRANSCRIPTS").is_some();
    let mut commands = 0;
    for (path, page) in pages() {
        let dir = tempdir().unwrap();
        std::os::unix::fs::symlink(root().join("experiments"), dir.path().join("experiments")).unwrap();
        let mut new = page.clone();
        for block in blocks(&page, "console") {
            let mut played = String::new();
            for part in block.split("$ ").skip(1) {
                let mut lines = part.lines();
                let command = lines.next().unwrap();
                let shown: Vec<&str> = lines.map(str::trim_end).filter(|line| !line.is_empty()).collect();
                let now = said(dir.path(), command);
                let now: Vec<String> = now.into_iter().filter(|line| !line.is_empty()).collect();
                commands += 1;
                let keep = !update || shown.contains(&"...");
                assert!(!keep || shows(&shown, &now), "{}: {command} says\n{}", path.display(), now.join("\n"));
                let lines = if keep { shown.join("\n") } else { now.join("\n") };
                played += &format!("$ {command}\n{lines}\n");
            }
            new = new.replacen(block, &played, 1);
        }
        if update {
            fs::write(&path, new).unwrap();
        }
    }
    assert!(commands >= 3);
}

#[test]
fn the_experiments_of_the_documents_can_be_planned() {
    let mut recipes = 0;
    for (path, page) in pages() {
        for text in blocks(&page, "toml") {
            let plan = Experiment::parse(text, &path.display().to_string(), FACTS);
            plan.and_then(|e| e.plan(&Overrides::default())).unwrap_or_else(|e| panic!("{e}"));
            let name =
                text.lines().find_map(|line| line.strip_prefix("name     = ")).unwrap_or_default().trim_matches('"');
            if let Ok(file) = fs::read_to_string(root().join(format!("experiments/recipes/{name}.toml"))) {
                let (_, file) = file.split_once('\n').unwrap();
                assert_eq!(file, text, "experiments/recipes/{name}.toml");
                recipes += 1;
            }
        }
    }
    assert_eq!(recipes, fs::read_dir(root().join("experiments/recipes")).unwrap().count());
}

#[test]
fn links_and_pictures_of_the_documents_are_there() {
    for (path, page) in pages() {
        let links = page.split("](").skip(1).map(|text| &text[..text.find(')').unwrap()]);
        let pictures = page.split("src=\"").skip(1).map(|text| &text[..text.find('"').unwrap()]);
        for link in links.chain(pictures).filter(|link| !link.starts_with("http")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            assert!(anchor.is_empty() || !file.is_empty() || page.contains(anchor), "{}: {link}", path.display());
            assert!(path.parent().unwrap().join(file).exists(), "{}: {link}", path.display());
        }
    }
}

#[test]
fn the_readme_is_short() {
    let lines = fs::read_to_string(root().join("README.md")).unwrap().lines().count();
    assert!(lines <= 150, "{lines} lines");
}
