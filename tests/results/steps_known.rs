//! How exactly the steps to a target are known is said wherever they are shown: in the figure, by `compare` and in the report.

use std::process::Command;
use tempfile::tempdir;

/// Sweeps two arms with a target and this `[record] score`, and returns what `compare` and the report say.
fn said(form: &str, score: &str) -> [String; 2] {
    let dir = tempdir().unwrap();
    let file = dir.path().join("x.toml");
    let text = format!(
        "[base]\nwidth = 8\ndepth = 2\nsteps = 9\ntarget_loss = 2.0\n{form}\n[record]\nscore = {score}\n\
         [[optimizer]]\nkind = \"sgd\"\nlr = 0.5\n[[optimizer]]\nkind = \"adam\"\nlr = 0.05\n"
    );
    std::fs::write(&file, text).unwrap();
    let out = dir.path().join("out");
    let run = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_gradsweep")).args(args).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let (file, out) = (file.to_str().unwrap(), out.to_str().unwrap());
    run(&["sweep", "--quiet", "--out", out, file]);
    [run(&["compare", out]), std::fs::read_to_string(format!("{out}/report.html")).unwrap()]
}

#[test]
fn steps_to_the_target_come_with_how_exactly_they_are_known() {
    let (full, batches) = ("batch = \"full\"", "batch = 64");
    let statistics = "batch = \"full\"\nbatch_norm = true";
    for (form, score, known) in [
        (full, "{ every = 3 }", None),
        (batches, "{ every = 1 }", None),
        (batches, "{ every = 3 }", Some("rounded up to a multiple of 3")),
        (statistics, "{ every = 3 }", Some("rounded up to a multiple of 3")),
        (batches, "{ at = [2, 7] }", Some("only at the scored steps")),
    ] {
        for text in said(form, score) {
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(text.contains("steps"), "{text}");
            let says = text.contains("so steps_to_target is");
            assert_eq!(says, known.is_some(), "{form} {score}: {text}");
            assert!(known.is_none_or(|known| text.contains(known)), "{form} {score}: {text}");
        }
    }
}
