//! The house rules that every figure keeps: nothing cut, nothing overlapping, N said.

use super::{Fake, draw_all};
use gradsweep::figure::kinds::ALL;
use gradsweep::figure::scene::{Rect, Scene, Shape, at};
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
    let faults = faults(scene);
    assert!(faults.is_empty(), "{name}:\n{}", faults.join("\n"));
}

/// What is wrong with a drawing whatever it shows: ink outside its panel or the page, texts over each other, scales whose ends
/// nobody could tell.
pub fn faults(scene: &Scene) -> Vec<String> {
    let page = Rect { left: 0.0, top: 0.0, right: scene.width, bottom: scene.height };
    let corners = |r: &Rect| [at(r.left, r.top), at(r.right, r.bottom)];
    let mut faults = Vec::new();
    let texts: Vec<(Rect, &str)> = scene.texts().map(|t| (t.bounds(), t.text.as_str())).collect();
    for (i, (a, text)) in texts.iter().enumerate() {
        if !corners(a).iter().all(|p| page.holds(*p, 0.0)) {
            faults.push(format!("\"{text}\" leaves the page: {a:?}"));
        }
        if text.contains("NaN") || text.contains("inf") && !text.contains("infinite") {
            faults.push(format!("\"{text}\" is not a number"));
        }
        let over = texts[..i].iter().filter(|(b, _)| a.overlaps(b, 0.3));
        faults.extend(over.map(|(b, other)| format!("\"{text}\" {a:?} lies over \"{other}\" {b:?}")));
    }
    let outside = scene.shapes.iter().flat_map(Shape::points).filter(|p| !page.holds(*p, 0.0));
    faults.extend(outside.map(|p| format!("{p:?} leaves the page")));
    // What a panel shows lies in it, but for the width of a line.
    let slack = 1.0 * scene.width / 468.0;
    for plot in &scene.plots {
        for shape in &scene.shapes[plot.shapes.clone()] {
            let text = if let Shape::Text(text) = shape { corners(&text.bounds()).to_vec() } else { Vec::new() };
            if let Some(p) = shape.points().iter().chain(&text).find(|p| !plot.area.holds(**p, slack)) {
                faults.push(format!("{p:?} of {shape:.1?} leaves its panel {:.1?}", plot.area));
            }
        }
    }
    for ticks in &scene.scales {
        let ends = (ticks.first().copied().unwrap_or(1.0), ticks.last().copied().unwrap_or(0.0));
        if ticks.len() < 2 || ends.0 > 0.4 || ends.1 < 0.6 {
            faults.push(format!("a scale with ticks at {ticks:?}"));
        }
    }
    if !scene.texts().any(|t| t.text.contains("seed") || t.text.contains("N = 1")) {
        faults.push("N is not said".into());
    }
    faults
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
