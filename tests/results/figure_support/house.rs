//! The house rules that every figure keeps: nothing cut, nothing overlapping, N said.

use super::{Fake, draw_all};
use gradsweep::figure::kinds::ALL;
use gradsweep::figure::scene::{Rect, Scene, Shape};
use gradsweep::figure::{Style, draw};
use gradsweep::plan_file::figure::FigureSpec;
use gradsweep::results::Results;
use std::path::Path;

/// Writes the fake where KEEP says, to look at, or else into a folder that goes away.
fn folder(name: &str, fake: &Fake) -> (Option<tempfile::TempDir>, std::path::PathBuf) {
    let (temp, path) = match std::env::var("KEEP") {
        Ok(keep) => (None, Path::new(&keep).join(name)),
        Err(_) => {
            let temp = tempfile::tempdir().unwrap();
            let path = temp.path().to_path_buf();
            (Some(temp), path)
        }
    };
    std::fs::create_dir_all(&path).unwrap();
    fake.write(&path);
    if temp.is_none() {
        draw_all(&path).unwrap();
    }
    (temp, path)
}

/// Every figure of the fake as a scene that holds the house rules.
pub fn scenes(name: &str, fake: &Fake) -> Vec<(FigureSpec, Scene)> {
    let (_temp, dir) = folder(name, fake);
    let results = Results::read(&dir).unwrap();
    let scenes: Vec<(FigureSpec, Scene)> =
        fake.figures.iter().map(|s| (s.clone(), draw(&results, s, ALL, Style::Page).unwrap())).collect();
    for (spec, scene) in &scenes {
        sound(&format!("{name} {:?}", spec.kind), scene);
    }
    scenes
}

pub fn sound(name: &str, scene: &Scene) {
    let page = Rect { left: 0.0, top: 0.0, right: scene.width, bottom: scene.height };
    let inside = |r: &Rect| r.left >= 0.0 && r.top >= 0.0 && r.right <= page.right && r.bottom <= page.bottom;
    let texts: Vec<(Rect, &str)> = scene.texts().map(|t| (t.bounds(), t.text.as_str())).collect();
    for (i, (a, text)) in texts.iter().enumerate() {
        assert!(inside(a), "{name}: \"{text}\" leaves the page: {a:?}");
        assert!(!text.contains("NaN") && !text.contains("inf"), "{name}: {text}");
        for (b, other) in &texts[..i] {
            assert!(!a.overlaps(b, 0.3), "{name}: \"{text}\" {a:?} lies over \"{other}\" {b:?}");
        }
    }
    for p in scene.points() {
        assert!(inside(&Rect { left: p.x, top: p.y, right: p.x, bottom: p.y }), "{name}: {p:?} leaves the page");
    }
    assert!(scene.texts().any(|t| t.text.contains("seed") || t.text.contains("N = 1")), "{name}: N is not said");
}

pub fn series(scene: &Scene) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for shape in &scene.shapes {
        if let Shape::Line { name: Some(name), .. } = shape {
            names.push(name);
        }
    }
    names
}

pub fn says(scene: &Scene, what: &str) -> bool {
    let all: Vec<&str> = scene.texts().map(|t| t.text.as_str()).collect();
    all.join(" ").contains(what)
}

/// The figures of a sweep that is really run.
pub fn swept(experiment: &str) -> (tempfile::TempDir, Results) {
    let temp = tempfile::tempdir().unwrap();
    std::fs::write(temp.path().join("x.toml"), experiment).unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_gradsweep"))
        .current_dir(temp.path())
        .args(["sweep", "x.toml", "--out", "out"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let results = Results::read(&temp.path().join("out")).unwrap();
    (temp, results)
}
