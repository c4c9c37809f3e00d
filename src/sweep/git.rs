//! What git knows of some files: the revision and whether they differ from it. The build script uses this file too.

use std::path::Path;
use std::process::Command;

/// A revision and whether the files looked at differ from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The commit that is checked out, in full.
    pub commit: String,
    pub dirty: bool,
}

/// The state of the work tree that `dir` lies in: of all tracked files, or, where `paths` are named, of these alone,
/// which are dirty also when git does not track them. None without git, outside a work tree and before a first commit.
pub fn state(dir: &Path, paths: &[&Path]) -> Option<Revision> {
    let mut git = Command::new("git");
    // Without optional locks it is in the way of no other git command.
    git.current_dir(dir).args(["--no-optional-locks", "status", "--porcelain=v2", "--branch"]);
    match paths {
        [] => git.arg("--untracked-files=no"),
        _ => git.args(["--untracked-files=all", "--ignored", "--"]).args(paths),
    };
    let answer = git.output().ok().filter(|answer| answer.status.success())?;
    let text = String::from_utf8_lossy(&answer.stdout);
    let commit = text.lines().find_map(|line| line.strip_prefix("# branch.oid "))?;
    let dirty = text.lines().any(|line| !line.starts_with('#'));
    (commit != "(initial)").then(|| Revision { commit: commit.into(), dirty })
}
