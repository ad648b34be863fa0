//! Files in the making: `name.<pid>.part`, which get their name when they are whole.
//! It does not know what is written.
//!
//! A run that is interrupted, by whatever and at any moment, so leaves nothing that a later one
//! would take for data. Drafts are named by the process that ordered them, not by the worker that
//! writes them: when the process is gone, so is the one who would finish them.

use std::fs;
use std::path::{Path, PathBuf};

/// Where `path` is written until it is whole, by order of the process `maker`.
pub fn part(path: &Path, maker: u32) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{maker}.part"));
    path.with_file_name(name)
}

/// Removes the drafts of `path` that nobody will finish: those of processes that are no more, and
/// those of this one, which is to have no run that still writes them.
pub fn sweep(path: &Path) {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|n| n.to_str()))
    else {
        return;
    };
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    // A folder that cannot be listed has nothing that could be removed.
    for entry in fs::read_dir(here).into_iter().flatten().flatten() {
        let entry_name = entry.file_name();
        let maker = entry_name.to_str().and_then(|n| maker(n.strip_prefix(name)?));
        if maker.is_some_and(is_gone) {
            // What cannot be removed now has a name that nobody takes for data.
            drop(remove(&entry.path()));
        }
    }
}

/// Removes a file, or a folder with all that is in it.
pub(crate) fn remove(path: &Path) -> std::io::Result<()> {
    if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

fn maker(ending: &str) -> Option<u32> {
    ending.strip_prefix('.')?.strip_suffix(".part")?.parse().ok()
}

/// Whether there is no such process. Where the system does not tell, there might be.
fn is_gone(pid: u32) -> bool {
    let proc = Path::new("/proc");
    let own = pid == std::process::id(); // or an earlier process that had our number
    own || proc.join("self").exists() && !proc.join(pid.to_string()).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drafts_of_dead_processes_are_swept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.csv");
        let others = ["x.csv", "x.csv.mine.part", "xx.csv.4294967295.part", "x.csv.1.part"];
        for name in others {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let (dead, own) = (part(&path, u32::MAX), part(&path, std::process::id()));
        fs::write(&dead, "").unwrap();
        fs::create_dir(&own).unwrap();
        sweep(&path);
        assert_eq!(dead.exists(), !cfg!(target_os = "linux"));
        assert!(!own.exists());
        assert!(others.iter().all(|name| folder.path().join(name).exists()), "process 1 lives");
    }
}
