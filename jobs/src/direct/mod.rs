//! Lines of a shell that need none: what a shell would only split into words is started directly.
//! It does not know whose lines they are, and starts nothing itself.
//!
//! A line costs two programs, the shell and what it starts. GNU make has always left the shell out
//! where it would do nothing but find words; so does this, where that is certain:
//!
//! - the shell is `sh`, `dash` or `bash`, and no variable makes it do something first;
//! - the line is nothing but words (`words`), and the first is nothing of the shell's own (`builtins`);
//! - the program is one that the kernel can start (`programs`): messages about others are the shell's.
//!
//! ksh and zsh are not among the shells: ksh has programs of its own, zsh reads a file at every start.

mod builtins;
mod programs;
#[cfg(test)]
mod tests;
mod words;

use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use tine_scheduler::jobs::Command;

use programs::Programs;

/// Search paths, and folders, that are remembered.
const REMEMBERED: usize = 64;

/// Variables that make a shell do something before its command, or find another one: of bash, and
/// of what takes its place under the name `sh`.
const BEFORE: [&str; 4] = ["BASH_ENV", "SHELLOPTS", "BASHOPTS", "EXECIGNORE"];

/// Who says whether a command needs its shell, for one run.
#[derive(Debug)]
pub(crate) struct Direct {
    /// The words before a line: the shell and its options.
    shell: Vec<OsString>,
    path: Option<OsString>,
    programs: Programs,
    /// Which shell each search path leads to.
    shells: BTreeMap<OsString, Option<Shell>>,
    /// Whether a variable of this process makes bash do something first.
    is_prepared: bool,
    pwd: Option<OsString>,
    /// The folder of this process.
    here: Option<Folder>,
    folders: BTreeMap<PathBuf, Folder>,
}

/// A shell that this module knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shell {
    Bash,
    Dash,
}

/// A folder that programs start in.
#[derive(Clone, Debug)]
struct Folder {
    /// Device and number.
    id: (u64, u64),
    /// What a shell would set `PWD` to, where that is not what it is already.
    pwd: Option<OsString>,
}

impl Direct {
    /// For commands that are these words and a line. `None` where the shell must read every line.
    pub(crate) fn of<W: AsRef<OsStr>>(shell: &[W]) -> Option<Direct> {
        let shell: Vec<OsString> = shell.iter().map(|word| word.as_ref().to_owned()).collect();
        let name = Path::new(shell.first()?).file_name()?;
        let known = ["sh", "dash", "bash"].iter().any(|known| name == *known);
        if !known || !has_plain_options(&shell[1..], name == "bash") {
            return None;
        }
        let pwd = env::var_os("PWD");
        Some(Direct {
            path: env::var_os("PATH"),
            programs: Programs::new(),
            shells: BTreeMap::new(),
            is_prepared: env::vars_os().any(|(name, _)| is_before(&name)),
            here: Folder::of(Path::new("."), pwd.as_deref()),
            folders: BTreeMap::new(),
            pwd,
            shell,
        })
    }

    /// Leaves the shell out of a command that is the shell's words and a line, where it would do
    /// nothing but start the program: with the same arguments, and the same `PWD`.
    pub(crate) fn unwrap(&mut self, command: &mut Command) {
        let Some((line, shell)) = command.argv.split_last() else { return };
        if shell != self.shell {
            return;
        }
        let Some(words) = words::words(line.as_bytes()) else { return };
        let Some(pwd) = self.admits(&words, command) else { return };
        command.argv = words;
        command.env.extend(pwd.map(|pwd| ("PWD".into(), Some(pwd))));
    }

    /// Whether these words can be started as the command would start them; with what `PWD` must be
    /// set to, if it must.
    fn admits(&mut self, words: &[OsString], command: &Command) -> Option<Option<OsString>> {
        let (name, arguments) = words.split_first()?;
        let plain = !arguments.iter().any(|word| word.as_bytes().first() == Some(&b'-'));
        if !may_name(name.as_bytes()) || builtins::is_own(name.as_bytes(), plain) {
            return None;
        }
        let own = |name: &str| command.env.iter().rev().find(|(own, _)| own == name);
        let path = match own("PATH") {
            Some((_, path)) => path.as_deref()?,
            None => self.path.as_deref()?,
        };
        let shell = shell_on(path, &self.shell[0], &mut self.shells, &mut self.programs)?;
        let prepared = self.is_prepared || command.env.iter().any(|(name, _)| is_before(name));
        if own("PWD").is_some() || (shell == Shell::Bash && prepared) {
            return None;
        }
        let found = match (name.as_bytes().contains(&b'/'), command.cwd.as_deref()) {
            (false, _) => self.programs.search(name, path).is_some(),
            (true, None) => self.programs.can_start(Path::new(name)),
            (true, Some(cwd)) => self.programs.can_start(&cwd.join(name)),
        };
        if found { self.folder(command.cwd.as_deref()) } else { None }
    }

    /// What `PWD` must be set to in a folder, if it must; `None` where there is no such folder.
    fn folder(&mut self, cwd: Option<&Path>) -> Option<Option<OsString>> {
        let Some(cwd) = cwd else { return self.here.as_ref().map(|here| here.pwd.clone()) };
        if let Some(known) = self.folders.get(cwd).filter(|known| id(cwd) == Some(known.id)) {
            return Some(known.pwd.clone());
        }
        let folder = Folder::of(cwd, self.pwd.as_deref())?;
        let pwd = folder.pwd.clone();
        remember(&mut self.folders, cwd.to_owned(), folder);
        Some(pwd)
    }
}

impl Folder {
    /// A shell keeps the `PWD` that it finds where that is this folder, by whatever way it leads there.
    fn of(folder: &Path, pwd: Option<&OsStr>) -> Option<Folder> {
        let found = id(folder)?;
        let leads = |pwd: &OsStr| is_clean(pwd) && id(Path::new(pwd)) == Some(found);
        let pwd = match pwd.is_some_and(leads) {
            true => None,
            false => Some(fs::canonicalize(folder).ok()?.into_os_string()),
        };
        Some(Folder { id: found, pwd })
    }
}

/// Which shell it is that is found by this name along a search path.
fn shell_on(
    path: &OsStr,
    name: &OsStr,
    known: &mut BTreeMap<OsString, Option<Shell>>,
    programs: &mut Programs,
) -> Option<Shell> {
    if let Some(shell) = known.get(path) {
        return *shell;
    }
    let file = match name.as_bytes().contains(&b'/') {
        // A relative one is another one in another folder.
        true => Some(Path::new(name)).filter(|file| file.is_absolute()),
        false => programs.search(name, path),
    };
    let file = file.and_then(|file| fs::canonicalize(file).ok());
    let shell = match file.as_deref().and_then(Path::file_name).and_then(OsStr::to_str) {
        Some("dash") => Some(Shell::Dash),
        Some("bash") => Some(Shell::Bash),
        _ => None,
    };
    remember(known, path.to_owned(), shell);
    shell
}

fn remember<K: Ord, V>(known: &mut BTreeMap<K, V>, key: K, value: V) {
    if known.len() >= REMEMBERED {
        known.clear();
    }
    known.insert(key, value);
}

/// Whether a program may have this name, for all that is done with first words of lines.
fn may_name(name: &[u8]) -> bool {
    name.first().is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'/'))
        && !name.contains(&b'=')
}

/// Whether options of a shell do nothing to a simple command, and the last takes it. Some are known
/// to bash alone.
fn has_plain_options(options: &[OsString], bash: bool) -> bool {
    let mut options = options.iter().map(|option| option.as_bytes());
    while let Some(option) = options.next() {
        match option {
            b"--norc" | b"--noprofile" if bash => {}
            [b'-', letters @ ..] if !letters.is_empty() => {
                if !letters.iter().all(|letter| b"ceuo".contains(letter)) {
                    return false;
                }
                let named = letters.iter().filter(|&&letter| letter == b'o').count();
                let plain = |name: &[u8]| match name {
                    b"errexit" | b"nounset" => true,
                    _ => bash && name == b"pipefail",
                };
                if !(0..named).all(|_| options.next().is_some_and(plain)) {
                    return false;
                }
                if letters.contains(&b'c') {
                    return options.next().is_none();
                }
            }
            _ => return false,
        }
    }
    false
}

/// Whether a variable of this name makes bash do something before its command: read a file, define a
/// function, trace.
fn is_before(name: &OsStr) -> bool {
    BEFORE.iter().any(|before| name == *before) || name.as_bytes().starts_with(b"BASH_FUNC_")
}

fn id(folder: &Path) -> Option<(u64, u64)> {
    fs::metadata(folder).ok().filter(fs::Metadata::is_dir).map(|f| (f.dev(), f.ino()))
}

/// Whether a path is absolute, and written in one way only.
fn is_clean(path: &OsStr) -> bool {
    let plain = |part| matches!(part, Component::RootDir | Component::Normal(_));
    let whole: PathBuf = Path::new(path).components().collect();
    Path::new(path).is_absolute() && whole.components().all(plain) && whole.as_os_str() == path
}
