//! What git knows of some files: the revision and whether they differ from it. The build script uses this file too.
//!
//! The repository may be anybody's, and its configuration can name programs (`core.fsmonitor`, filters, hooks) that git then
//! starts. So HEAD is read here, and git compares with a configuration of ours: a folder of the moment holds HEAD and nothing
//! else, and git is told where index, objects and files are.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

/// A revision and whether the files looked at differ from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The commit that is checked out, in full.
    pub commit: String,
    pub dirty: bool,
}

/// Files of git are small but for the list of packed references.
const MOST_BYTES: u64 = 64 << 20;

/// Whoever has to wait longer for git does without it.
const PATIENCE: Duration = Duration::from_secs(10);

/// The state of the work tree that `dir` lies in: of all tracked files, or, where `paths` are named, of these alone,
/// which are dirty also when git does not track them. None without git, outside a work tree and before a first commit.
pub fn state(dir: &Path, paths: &[&Path]) -> Option<Revision> {
    let repository = Repository::around(dir)?;
    let commit = repository.head()?;
    let own = OwnConfiguration::with_head(&commit).ok()?;
    let mut git = Command::new("git");
    // The environment may name another repository.
    let names = std::env::vars_os().map(|(name, _)| name);
    names.filter(|name| name.to_string_lossy().starts_with("GIT_")).for_each(|name| _ = git.env_remove(name));
    git.current_dir(dir).env("GIT_DIR", &own.0).env("GIT_WORK_TREE", &repository.tree);
    git.env("GIT_INDEX_FILE", repository.git.join("index"))
        .env("GIT_OBJECT_DIRECTORY", repository.common.join("objects"));
    // Without optional locks it is in the way of no other git command; a submodule has a configuration of its own.
    git.args(["-c", "core.fsmonitor=false", "--no-optional-locks", "status", "--porcelain", "--ignore-submodules=all"]);
    match paths {
        [] => git.arg("--untracked-files=no"),
        _ => git.args(["--untracked-files=all", "--ignored", "--"]).args(paths),
    };
    let child = git.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    Some(Revision { commit, dirty: !answer(child)?.is_empty() })
}

/// What a program printed, if it ended well and in time.
fn answer(mut child: Child) -> Option<Vec<u8>> {
    let mut stdout = child.stdout.take()?;
    let (sender, printed) = channel();
    // Without a thread to spare there is no answer.
    drop(std::thread::Builder::new().spawn(move || {
        let mut bytes = Vec::new();
        let read = stdout.read_to_end(&mut bytes).is_ok();
        _ = sender.send(read.then_some(bytes));
    }));
    let printed = printed.recv_timeout(PATIENCE).ok().flatten();
    if printed.is_none() {
        _ = child.kill();
    }
    child.wait().ok().filter(|status| status.success()).and(printed)
}

/// Where the parts of a repository are.
struct Repository {
    /// The files that are tracked.
    tree: PathBuf,
    /// HEAD and index.
    git: PathBuf,
    /// Objects and references: elsewhere for a linked work tree.
    common: PathBuf,
}

impl Repository {
    /// The one whose work tree holds `dir`.
    fn around(dir: &Path) -> Option<Self> {
        let dir = dir.canonicalize().ok()?;
        let tree = dir.ancestors().find(|up| up.join(".git").exists())?;
        let link = tree.join(".git");
        let git = if link.is_dir() { link } else { tree.join(text(&link)?.strip_prefix("gitdir: ")?.trim_end()) };
        let common = text(&git.join("commondir")).map_or_else(|| git.clone(), |path| git.join(path.trim_end()));
        Some(Repository { tree: tree.to_path_buf(), git, common })
    }

    /// The commit that is checked out.
    fn head(&self) -> Option<String> {
        let head = text(&self.git.join("HEAD"))?;
        let head = head.trim_end();
        let Some(name) = head.strip_prefix("ref: ") else { return commit(head) };
        let loose = [&self.git, &self.common].into_iter().find_map(|place| text(&place.join(name)));
        if let Some(found) = loose {
            return commit(found.trim_end());
        }
        let packed = text(&self.common.join("packed-refs"))?;
        packed.lines().find_map(|line| commit(line.strip_suffix(name)?.strip_suffix(' ')?))
    }
}

/// Digits of a commit's name, by the hash of its repository.
const SHA1: usize = 40;
const SHA256: usize = 64;

/// A text that is the name of a commit.
fn commit(text: &str) -> Option<String> {
    let is_hash = [SHA1, SHA256].contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
    is_hash.then(|| text.to_string())
}

/// A small text file; none where there is none, or something that only stands in its place.
fn text(path: &Path) -> Option<String> {
    let there = fs::metadata(path).ok()?;
    (there.is_file() && there.len() <= MOST_BYTES).then(|| fs::read_to_string(path).ok())?
}

/// A folder that git takes for its own, with a HEAD and no configuration; removed when dropped.
struct OwnConfiguration(PathBuf);

impl OwnConfiguration {
    fn with_head(commit: &str) -> std::io::Result<Self> {
        static FOLDERS: AtomicUsize = AtomicUsize::new(0);
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let own = std::env::temp_dir().join(format!("gradsweep-git-{}-{number}", std::process::id()));
        // Fails where something of the name is there already.
        fs::create_dir(&own)?;
        let own = OwnConfiguration(own);
        fs::create_dir(own.0.join("objects"))?;
        fs::create_dir(own.0.join("refs"))?;
        if commit.len() == SHA256 {
            let format = "[core]\nrepositoryformatversion = 1\n[extensions]\nobjectformat = sha256\n";
            fs::write(own.0.join("config"), format)?;
        }
        fs::write(own.0.join("HEAD"), format!("{commit}\n"))?;
        Ok(own)
    }
}

impl Drop for OwnConfiguration {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}
