//! Who imports whom, read off the source: no three files of the tree need each other in a circle, and in a room that is
//! built in parts a part uses only those before it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Rooms that are built in parts, from the ground up.
const PARTS: &[(&str, &[&str])] =
    &[("experiment", &["nearest", "settings", "read", "asks", "file", "overrides", "plan"])];

/// Two files may be halves of one thing; three are a knot.
const LARGEST_CIRCLE: usize = 2;

/// The text of each file by the path of its module: `experiment::read::node`, the crate's root being empty.
type Sources = BTreeMap<String, String>;

/// The modules that each module uses.
type Graph = BTreeMap<String, BTreeSet<String>>;

/// `experiment/read/mod.rs` is the module `experiment::read`.
fn module(path: &str) -> String {
    let path = path.trim_end_matches(".rs").trim_end_matches("/mod");
    if path == "lib" { String::new() } else { path.replace('/', "::") }
}

/// The code of a file without comments and without the tests at its end.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

fn join(module: &str, name: &str) -> String {
    if module.is_empty() { name.into() } else { format!("{module}::{name}") }
}

fn parent(module: &str) -> &str {
    module.rsplit_once("::").map_or("", |(parent, _)| parent)
}

/// The single paths of `a::{b, c::{d, e as f}}`.
fn expanded(tree: &str) -> Vec<String> {
    let Some((head, rest)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        return vec![path.split_whitespace().collect()];
    };
    let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
    let (mut depth, mut items) = (0, vec![String::new()]);
    for c in inner.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                items.push(String::new());
                continue;
            }
            _ => {}
        }
        items.last_mut().unwrap().push(c);
    }
    let items = items.iter().filter(|item| !item.trim().is_empty());
    items.flat_map(|item| expanded(item)).map(|path| format!("{}{path}", head.trim())).collect()
}

/// The `use` statements of some code, each with whether it hands its names on, and the code without them.
fn statements(code: &str) -> (Vec<(bool, String)>, String) {
    let (mut found, mut rest) = (Vec::new(), String::new());
    let mut lines = code.lines();
    while let Some(line) = lines.next() {
        let start = line.trim_start();
        let is_public = start.starts_with("pub");
        let tree = match is_public {
            true => start.split_once(" use ").filter(|(head, _)| !head.contains(' ')).map(|(_, tree)| tree),
            false => start.strip_prefix("use "),
        };
        let Some(tree) = tree else {
            rest += line;
            rest.push('\n');
            continue;
        };
        let mut tree = tree.to_string();
        while !tree.contains(';') {
            tree += lines.next().unwrap_or(";");
        }
        found.push((is_public, tree.split(';').next().unwrap_or_default().to_string()));
    }
    (found, rest)
}

/// The paths that some code writes out where it uses them, such as `crate::table::number` or `child::build`.
fn written_out(code: &str, children: &[&str]) -> Vec<String> {
    let roots = ["crate", "super", "self"].into_iter().chain(children.iter().copied());
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let of_root = |root: &str| {
        let start = format!("{root}::");
        let places = code.match_indices(&start).map(|(at, _)| at);
        let whole = places.filter(|at| !code[..*at].ends_with(|c: char| is_name(c) || c == ':')).map(|at| {
            let path: String = code[at..].chars().take_while(|c| is_name(*c) || *c == ':').collect();
            path.trim_end_matches(':').to_string()
        });
        whole.collect::<Vec<_>>()
    };
    roots.flat_map(of_root).collect()
}

/// A path as seen from a module, from the crate's root on; `None` for what is not of this crate.
fn absolute(path: &str, own: &str, sources: &Sources) -> Option<String> {
    let (mut at, mut rest) = match path.split_once("::").unwrap_or((path, "")) {
        ("crate", rest) => (String::new(), rest),
        ("self", rest) => (own.to_string(), rest),
        ("super", rest) => (parent(own).to_string(), rest),
        (first, _) if sources.contains_key(&join(own, first)) => (own.to_string(), path),
        _ => return None,
    };
    while let Some(above) = rest.strip_prefix("super::") {
        (at, rest) = (parent(&at).to_string(), above);
    }
    Some(join(&at, rest))
}

/// The module in which what a path names is written, re-exports followed.
fn home(path: &str, reexports: &BTreeMap<String, String>, sources: &Sources, hops: usize) -> String {
    if hops > 0 {
        let alias = reexports.iter().find(|(name, _)| path == *name || path.starts_with(&format!("{name}::")));
        if let Some((name, target)) = alias {
            return home(&format!("{target}{}", &path[name.len()..]), reexports, sources, hops - 1);
        }
    }
    let mut module = path;
    while !sources.contains_key(module) && !module.is_empty() {
        module = parent(module);
    }
    module.to_string()
}

/// Which module uses which. That a front file hands on what its own parts hold is no use.
fn graph(sources: &Sources) -> Graph {
    let mut used: Vec<(String, String)> = Vec::new();
    let mut reexports: BTreeMap<String, String> = BTreeMap::new();
    for (own, text) in sources {
        let (statements, rest) = statements(&code(text));
        for (is_public, tree) in statements {
            for path in expanded(&tree) {
                let Some(path) = absolute(&path, own, sources) else { continue };
                let name = path.rsplit("::").next().unwrap_or_default();
                if is_public {
                    reexports.insert(join(own, name), path.clone());
                }
                let is_part = own.is_empty() || path.starts_with(&format!("{own}::"));
                if !(is_public && is_part) {
                    used.push((own.clone(), path));
                }
            }
        }
        let children: Vec<&str> = sources
            .keys()
            .filter(|m| parent(m) == own && !m.is_empty())
            .filter_map(|m| m.rsplit("::").next())
            .collect();
        let paths = written_out(&rest, &children).into_iter().filter_map(|path| absolute(&path, own, sources));
        used.extend(paths.map(|path| (own.clone(), path)));
    }
    let mut graph: Graph = sources.keys().map(|module| (module.clone(), BTreeSet::new())).collect();
    for (own, path) in used {
        let target = home(path.trim_end_matches("::*"), &reexports, sources, 4);
        if target != own && !target.is_empty() {
            graph.get_mut(&own).unwrap().insert(target);
        }
    }
    graph
}

/// All that a module needs, directly or through others.
fn needed<'a>(from: &'a str, graph: &'a Graph) -> BTreeSet<&'a str> {
    let (mut seen, mut left) = (BTreeSet::new(), vec![from]);
    while let Some(module) = left.pop() {
        left.extend(graph[module].iter().map(String::as_str).filter(|next| seen.insert(*next)));
    }
    seen
}

/// The sets of modules that all need each other, the largest first.
fn circles(graph: &Graph) -> Vec<Vec<&str>> {
    let needed: BTreeMap<&str, BTreeSet<&str>> = graph.keys().map(|m| (m.as_str(), needed(m, graph))).collect();
    let of = |module: &str| needed[module].iter().copied().filter(|other| needed[other].contains(module)).collect();
    let sets: BTreeSet<Vec<&str>> =
        graph.keys().map(|module| of(module)).filter(|set: &Vec<&str>| set.len() > 1).collect();
    let mut circles: Vec<Vec<&str>> = sets.into_iter().collect();
    circles.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
    circles
}

/// Uses of a later part by an earlier one.
fn upward(graph: &Graph) -> Vec<String> {
    let mut found = Vec::new();
    for (room, parts) in PARTS {
        let part = |module: &str| {
            let inside = module.strip_prefix(room)?.strip_prefix("::")?;
            parts.iter().position(|part| inside == *part || inside.starts_with(&format!("{part}::")))
        };
        for (module, uses) in graph {
            let Some(own) = part(module) else { continue };
            let later = uses.iter().filter(|other| part(other).is_some_and(|its| its > own));
            found.extend(later.map(|other| format!("{module} uses {other}, which is of a later part")));
        }
    }
    found
}

fn read(dir: &Path, root: &Path, sources: &mut Sources) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, root, sources);
        } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("main.rs") {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            sources.insert(module(&name), fs::read_to_string(&path).unwrap());
        }
    }
}

fn of_tree() -> Sources {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Sources::new();
    read(&root, &root, &mut sources);
    assert!(sources.len() > 20, "only {} files found", sources.len());
    sources
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let graph = graph(&of_tree());
    let told = |circle: Vec<&str>| {
        let own = |m: &&str| graph[*m].iter().filter(|n| circle.contains(&n.as_str())).cloned().collect::<Vec<_>>();
        let lines = circle.iter().map(|m| format!("    {m} -> {}", own(m).join(", ")));
        format!("{} files in a circle:\n{}", circle.len(), lines.collect::<Vec<_>>().join("\n"))
    };
    let circles = circles(&graph).into_iter().filter(|circle| circle.len() > LARGEST_CIRCLE);
    let circles: Vec<String> = circles.map(told).collect();
    assert!(circles.is_empty(), "\n{}", circles.join("\n"));
}

#[test]
fn a_part_uses_only_those_before_it() {
    let found = upward(&graph(&of_tree()));
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn the_check_sees_what_it_should() {
    let sources = |files: &[(&str, &str)]| -> Sources {
        files.iter().map(|(path, text)| (module(path), text.to_string())).collect()
    };
    // Each of the ways to name a module, and a path through a re-export.
    let ways: [&[(&str, &str)]; 6] = [
        &[("a.rs", "use crate::b::B;"), ("b.rs", "use super::c::C;"), ("c.rs", "fn f() { crate::a::g() }")],
        &[("a.rs", "use crate::{\n    b::{B, X as Y},\n};"), ("b.rs", "use crate::c::*;"), ("c.rs", "use crate::a;")],
        &[
            ("r/mod.rs", "mod a;\nmod b;\nmod c;\npub use a::A;\npub(crate) use self::b::B;"),
            ("r/a.rs", "use super::B;"),
            ("r/b.rs", "use super::c::C;"),
            ("r/c.rs", "use crate::r::A;"),
        ],
        &[("r.rs", "mod a;\nmod b;\nfn f() { a::g() }"), ("r/a.rs", "use super::b::B;"), ("r/b.rs", "use super::R;")],
        &[("r.rs", "use a::A;"), ("r/a.rs", "fn f() { super::b::g() }"), ("r/b.rs", "use crate::r::{self};")],
        &[("r/s/a.rs", "use super::super::b::B;"), ("r/b.rs", "use crate::c::C;"), ("c.rs", "use crate::r::s::a::A;")],
    ];
    for files in ways {
        let graph = graph(&sources(files));
        assert_eq!(circles(&graph).first().map(Vec::len), Some(3), "{files:?}: {graph:?}");
    }
    // Comments, tests, words that end alike and re-exports alone make no circle.
    let free: [&[(&str, &str)]; 3] = [
        &[
            ("a.rs", "use crate::b::B; // crate::c"),
            ("b.rs", "#[cfg(test)]\nmod tests { use crate::a::A; }"),
            ("c.rs", ""),
        ],
        &[("r/mod.rs", "mod a;\nmod b;\npub use a::A;\npub use b::B;"), ("r/a.rs", "use super::B;"), ("r/b.rs", "")],
        &[("r.rs", "mod a;\nfn f() { data::g() }"), ("r/a.rs", "use super::R;"), ("r/b.rs", "")],
    ];
    for files in free {
        assert!(circles(&graph(&sources(files))).is_empty(), "{files:?}");
    }
    let upside_down = graph(&sources(&[
        ("experiment/read/node.rs", "use crate::experiment::plan::grid::Grid;"),
        ("experiment/plan/grid.rs", "use crate::experiment::read::node::Node;"),
    ]));
    assert_eq!(upward(&upside_down), ["experiment::read::node uses experiment::plan::grid, which is of a later part"]);
}
