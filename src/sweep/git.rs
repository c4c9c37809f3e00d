//! What git knows of some files: the revision and whether they differ from it. The build script uses this file too.
//!
//! The repository may be anybody's, and its configuration can name programs (`core.fsmonitor`, filters, hooks) that git then
//! starts. So HEAD is read here, and git compares with a configuration of ours: a folder of the moment holds HEAD and nothing
//! else, and git is told where index, objects and files are, and by which harmless settings the files were checked out.

use crate::files;
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
    if !repository.is_readable(dir) {
        return None;
    }
    let own = OwnConfiguration::with_head(&commit).ok()?;
    let mut git = Command::new(program()?);
    // The environment may name another repository.
    let names = std::env::vars_os().map(|(name, _)| name);
    names.filter(|name| name.to_string_lossy().starts_with("GIT_")).for_each(|name| _ = git.env_remove(name));
    git.current_dir(dir).env("GIT_DIR", &own.0).env("GIT_WORK_TREE", &repository.tree);
    git.env("GIT_INDEX_FILE", repository.git.join("index"))
        .env("GIT_OBJECT_DIRECTORY", repository.common.join("objects"));
    // Attributes from the revision, since what lies in the tree may be a pipe; a git before 2.41 reads those in the tree.
    git.env("GIT_ATTR_SOURCE", &commit);
    repository.settings().iter().for_each(|setting| _ = git.args(["-c", setting]));
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
        let mut found = text(&self.git.join("HEAD"))?;
        // References may name references; git follows no more of them. One that is kept otherwise (reftable) is not found.
        for _ in 0..MOST_REFERENCES {
            let Some(name) = found.trim_end().strip_prefix("ref: ").map(str::to_string) else { break };
            let loose = [&self.git, &self.common].into_iter().find_map(|place| text(&place.join(&name)));
            found = match loose {
                Some(found) => found,
                None => {
                    let packed = text(&self.common.join("packed-refs"))?;
                    return packed.lines().find_map(|line| commit(line.strip_suffix(&name)?.strip_suffix(' ')?));
                }
            };
        }
        commit(found.trim_end())
    }

    /// Whether git, asked about `dir`, would wait for nothing: what it reads of the repository are files, or are not there.
    fn is_readable(&self, dir: &Path) -> bool {
        let Ok(dir) = dir.canonicalize() else { return false };
        let folders = ["objects/info", "objects/pack"].map(|folder| fs::read_dir(self.common.join(folder)));
        let objects = folders.into_iter().flatten().flatten().flatten().map(|entry| entry.path());
        let above = dir.ancestors().take_while(|up| up.starts_with(&self.tree));
        let rules = above.flat_map(|up| [".gitignore", ".gitattributes"].map(|name| up.join(name)));
        objects.chain(rules).chain([self.git.join("index")]).all(|path| is_no_trap(&path))
    }

    /// The settings of the repository that tell how its files were checked out and name no program, as `core.filemode=false`.
    fn settings(&self) -> Vec<String> {
        let config = text(&self.common.join("config")).unwrap_or_default();
        let (mut settings, mut is_core) = (Vec::new(), false);
        for line in config.lines().map(str::trim) {
            let section = line.strip_prefix('[').and_then(|line| line.split_once(']'));
            is_core = section.map_or(is_core, |(name, _)| name.trim().eq_ignore_ascii_case("core"));
            let setting = section.map_or(line, |(_, rest)| rest);
            let setting = setting.split(['#', ';']).next().unwrap_or_default();
            let Some((key, value)) = setting.split_once('=').filter(|_| is_core) else { continue };
            let [key, value] = [key, value].map(|text| text.trim().to_ascii_lowercase());
            if CHECKED_OUT_BY.contains(&&*key) && HARMLESS.contains(&&*value) {
                settings.push(format!("core.{key}={value}"));
            }
        }
        settings
    }
}

/// Keys of `core` that tell how files were checked out, and values of theirs: none names a program.
const CHECKED_OUT_BY: [&str; 6] = ["filemode", "ignorecase", "symlinks", "precomposeunicode", "autocrlf", "eol"];
const HARMLESS: [&str; 12] = ["true", "false", "yes", "no", "on", "off", "1", "0", "input", "lf", "crlf", "native"];

/// References that lead to each other, as git bounds them.
const MOST_REFERENCES: usize = 5;

/// Whether something is a file, a folder or not there at all: a pipe may never be opened, and what the system tells of itself may
/// never end.
fn is_no_trap(path: &Path) -> bool {
    fs::metadata(path).map_or(true, |there| there.is_dir() || files::open(path).is_ok())
}

/// The program, from a folder that is the same wherever it is started.
fn program() -> Option<PathBuf> {
    let name = format!("git{}", std::env::consts::EXE_SUFFIX);
    let folders = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&folders).filter(|folder| folder.is_absolute()).map(|folder| folder.join(&name));
    found.into_iter().find(|path| path.is_file())
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
    let mut text = String::new();
    files::open(path).ok()?.take(MOST_BYTES + 1).read_to_string(&mut text).ok()?;
    (text.len() as u64 <= MOST_BYTES).then_some(text)
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
