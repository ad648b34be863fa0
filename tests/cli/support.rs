//! A folder for each test, and the command in it.
//! It does not know what is tested.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};

/// A folder of one test, emptied at its start; it stays there for a look when the test fails.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// The empty folder of the test `name`.
    pub(crate) fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        if path.exists() {
            fs::remove_dir_all(&path).expect("an old folder of this test can be removed");
        }
        fs::create_dir_all(&path).expect("cargo's folder for tests can be written");
        Folder(path)
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file, making folders as needed.
    pub(crate) fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("in the folder")).expect("folders can be made");
        fs::write(path, contents).expect("the file can be written");
        self
    }

    /// The file's contents.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("the file is there")
    }

    /// Names of what is in a folder in it, sorted.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(name)).expect("the folder is there");
        let name = |e: std::io::Result<fs::DirEntry>| {
            e.expect("can be listed").file_name().to_string_lossy().into_owned()
        };
        let mut names: Vec<String> = entries.map(name).collect();
        names.sort();
        names
    }

    /// `tine` with these arguments, to be run in the folder.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tine"));
        command.args(args).current_dir(&self.0);
        command.env_remove("TINE_SCHEDULER").env_remove("RUST_BACKTRACE");
        command
    }

    /// Runs `tine` with these arguments in the folder.
    pub(crate) fn tine(&self, args: &[&str]) -> Run {
        Run::from(self.command(args).output().expect("the command is built"))
    }
}

/// How the command ended.
#[derive(Debug)]
pub(crate) struct Run {
    /// Its exit code; `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    /// What it wrote to standard output.
    pub(crate) out: String,
    /// What it wrote to standard error.
    pub(crate) err: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it writes UTF-8");
        Run { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Run {
    /// The object on standard output of a run that succeeded and said nothing else.
    pub(crate) fn json(&self) -> serde_json::Value {
        assert_eq!((self.code, self.err.as_str()), (Some(0), ""));
        serde_json::from_str(&self.out).expect("exactly one JSON object")
    }
}

/// A child that is ended with its test.
#[derive(Debug)]
pub(crate) struct Held(pub(crate) Child);

impl Drop for Held {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
