//! What the program says, word for word: every case of `tests/transcripts/*.txt` is run as a user would and compared.
//!
//! A case is `### title`, files (`--- name` and their text), and commands (`$ plan x.toml`) each followed by its exit
//! code and everything it printed, stdout first. `$! ...` runs without being recorded. With UPDATE_TRANSCRIPTS=1 the
//! files are written anew: read the difference aloud before committing it.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::tempdir;

#[derive(Default)]
struct Case {
    title: String,
    files: Vec<(String, String)>,
    commands: Vec<Said>,
}

#[derive(Default)]
struct Said {
    recorded: bool,
    command: String,
    output: String,
}

/// The cases of a transcript.
fn cases(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("### ") {
            cases.push(Case { title: title.into(), ..Case::default() });
            continue;
        }
        let Some(case) = cases.last_mut() else { continue };
        let command = line.strip_prefix("$ ").map(|c| (true, c)).or(line.strip_prefix("$! ").map(|c| (false, c)));
        if let Some((recorded, command)) = command {
            case.commands.push(Said { recorded, command: command.into(), output: String::new() });
        } else if let (Some(said), true) = (case.commands.last_mut(), !line.starts_with("--- ")) {
            let _ = writeln!(said.output, "{line}");
        } else if let Some(name) = line.strip_prefix("--- ") {
            assert!(case.commands.is_empty(), "{}: files come before commands", case.title);
            case.files.push((name.into(), String::new()));
        } else if let Some((_, text)) = case.files.last_mut() {
            let _ = writeln!(text, "{line}");
        }
    }
    for said in cases.iter_mut().flat_map(|c| &mut c.commands) {
        said.output.truncate(said.output.trim_end().len());
    }
    cases
}

/// Words between blanks; single quotes keep blanks together.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for (i, part) in command.split('\'').enumerate() {
        for (j, piece) in part.split(if i % 2 == 0 { ' ' } else { '\0' }).enumerate() {
            if j > 0 {
                words.push(String::new());
            }
            words.last_mut().unwrap().push_str(piece);
        }
    }
    words.retain(|w| !w.is_empty());
    words
}

/// Exit code, stdout and stderr of a command, less what clock and machine decide.
fn run(dir: &Path, command: &str) -> String {
    let mut program = Command::new(env!("CARGO_BIN_EXE_gradsweep"));
    program.current_dir(dir).args(words(command));
    for name in ["RAYON_NUM_THREADS", "GRADSWEEP_RESTARTED", "GRADSWEEP_DATA"] {
        program.env_remove(name);
    }
    let output = program.output().unwrap();
    let mut text = format!("exit {}\n", output.status.code().unwrap_or(-1));
    for line in [output.stdout, output.stderr]
        .iter()
        .flat_map(|bytes| String::from_utf8_lossy(bytes).lines().map(String::from).collect::<Vec<_>>())
    {
        let of_machine = ["  time  ", "  memory  "].into_iter().find(|start| line.starts_with(start));
        let line = of_machine.map_or_else(|| line.clone(), |start| format!("{start:<12}..."));
        let _ = writeln!(text, "{line}");
    }
    text.trim_end().into()
}

/// The transcript as it would be now.
fn play(text: &str) -> String {
    let head: Vec<&str> = text.lines().take_while(|line| !line.starts_with("### ")).collect();
    let mut now = head.join("\n") + "\n";
    for case in cases(text) {
        let dir = tempdir().unwrap();
        let _ = writeln!(now, "### {}", case.title);
        for (name, text) in &case.files {
            let text = text.trim_end();
            fs::write(dir.path().join(name), format!("{text}\n")).unwrap();
            let _ = writeln!(now, "--- {name}\n{text}");
        }
        for said in &case.commands {
            let output = run(dir.path(), &said.command);
            let _ = match said.recorded {
                true => writeln!(now, "$ {}\n{output}", said.command),
                false => writeln!(now, "$! {}", said.command),
            };
        }
        now.push('\n');
    }
    now.trim_end().to_string() + "\n"
}

fn transcript(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts").join(name);
    let text = fs::read_to_string(&path).unwrap();
    let now = play(&text);
    if std::env::var_os("UPDATE_TRANSCRIPTS").is_some() {
        fs::write(&path, &now).unwrap();
        return now;
    }
    for (was, is) in text.split("\n### ").zip(now.split("\n### ")) {
        assert_eq!(is.trim_end(), was.trim_end(), "\n{name} differs; now it says:\n{is}\n");
    }
    assert_eq!(text.matches("\n### ").count(), now.matches("\n### ").count());
    text
}

#[test]
fn a_plan_for_each_rule_of_the_grammar() {
    let text = transcript("plan.txt");
    for rule in [
        "[base]",
        "[axes]",
        "log =",
        "lin =",
        "from =",
        "[variants.",
        "[[optimizer]]",
        "[zip.",
        "[[exclude]]",
        "[[include]]",
        "[ablation]",
        "seeds =",
        "expect_runs",
        "--set",
        "--only",
        "--seeds",
        "--csv",
        "changed",
    ] {
        assert!(text.contains(rule), "no plan shows {rule}");
    }
}

#[test]
fn wrong_input_is_told_kindly() {
    let mut count = 0;
    for name in ["wrong_files.txt", "wrong_options.txt"] {
        for case in cases(&transcript(name)) {
            assert!(!case.commands.is_empty(), "{}", case.title);
            for said in case.commands.iter().filter(|s| s.recorded) {
                let text = &said.output;
                assert!(text.starts_with("exit 2\nerror: "), "{}: {text}", case.title);
                let of_clap = text.contains("For more information, try '--help'");
                let placed = text.contains("\nhelp: ") && text.contains(" --> ");
                // A file that cannot be read has no line; what is wrong with options alone, clap says.
                let whole_file = text.lines().count() == 2 && text.contains(';');
                assert!(of_clap || placed || whole_file, "{}: {text}", case.title);
                count += 1;
            }
        }
    }
    assert!(count >= 60, "{count} messages");
}
