//! Why a program could not be started: which file is not there, or cannot be used.
//! It does not start it again: it looks at what is there now.

use std::io::{self, ErrorKind};
use std::path::Path;

use super::command;
use crate::file::{Action, JobId, Jobs};

/// What is said of a job whose program could not be started for this reason of the system.
pub(crate) fn why(jobs: &Jobs<'_>, job: JobId, errno: i32) -> String {
    let values = command::values(jobs, job, None);
    let group = jobs.group(job);
    let folder = command::folder(jobs, group.settings.cwd.as_ref(), &values);
    if let Some(why) = unusable(&folder) {
        return format!("cannot be started: its `cwd` {} {why}", folder.display());
    }
    let words = command::words(jobs, job, &values);
    let program = words.first().map_or("", String::as_str);
    let error = io::Error::from_raw_os_error(errno);
    let is_one_text = words.len() == 1 && program.contains(char::is_whitespace);
    let hint = match &group.action {
        Action::Argv(_) if is_one_text => {
            let list: Vec<String> =
                program.split_whitespace().map(|word| format!("{word:?}")).collect();
            format!("; `argv` is a list of words: write argv = [{}], or `shell`", list.join(", "))
        }
        // A file that is there has a first line that names another program.
        _ if is_script(&folder, program) && error.kind() == ErrorKind::NotFound => {
            "; the file is there, but not the program that its first line names".to_owned()
        }
        _ => String::new(),
    };
    format!("the program `{program}` cannot be started: {error}{hint}")
}

fn is_script(folder: &Path, program: &str) -> bool {
    program.contains('/') && folder.join(program).is_file()
}

/// Why no program can run in a folder; `None` where one could.
fn unusable(folder: &Path) -> Option<String> {
    match folder.metadata() {
        Ok(meta) if meta.is_dir() => None,
        Ok(_) => Some("is no folder".to_owned()),
        Err(e) if e.kind() == ErrorKind::NotFound => Some("is not there".to_owned()),
        Err(e) => Some(format!("cannot be used: {e}")),
    }
}

#[cfg(test)]
mod tests {
    use crate::file::{JobFile, JobId};

    #[test]
    fn what_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("script"), "#!/no/such\n").unwrap();
        for (job, want) in [
            ("argv = ['nosuch', 'x']", "the program `nosuch` cannot be started: E"),
            (
                "argv = 'true x'",
                "the program `true x` cannot be started: E; `argv` is a list of words: write \
                 argv = [\"true\", \"x\"], or `shell`",
            ),
            ("argv = ['true']\ncwd = 'gone'", "cannot be started: its `cwd` F/gone is not there"),
            (
                "argv = ['true']\ncwd = 'script'",
                "cannot be started: its `cwd` F/script is no folder",
            ),
            (
                "argv = ['./script']",
                "the program `./script` cannot be started: E; the file is there, but not the \
                 program that its first line names",
            ),
        ] {
            let text = format!("[[job]]\nname = 'a'\n{job}\n");
            let file = JobFile::parse(&folder.path().join("jobs.toml"), &text).unwrap();
            let jobs = file.expand().unwrap();
            let errno = nix::errno::Errno::ENOENT as i32;
            let error = std::io::Error::from_raw_os_error(errno).to_string();
            let said = super::why(&jobs, JobId::from_index(0), errno);
            let said = said.replace(&error, "E").replace(&*folder.path().to_string_lossy(), "F");
            assert_eq!(said, want);
        }
    }
}
