//! Files without a name, and the folders that they are made in.
//! It does not know what they are for.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use tine_scheduler::config;

/// A file without a name, where the settings say or in the first usual folder that is on a disk:
/// what is moved out of memory does not belong into memory. `tried` is the folder that a failure is
/// about.
pub(super) fn unnamed(tried: &mut PathBuf) -> io::Result<(File, PathBuf)> {
    let asked: Option<PathBuf> =
        config::get_or("spill.directory", None).map_err(io::Error::other)?;
    let sure = asked.is_some();
    let mut failed = None;
    for folder in asked.map_or_else(usual, |folder| vec![folder]) {
        match tempfile::tempfile_in(&folder) {
            Ok(file) if sure || !is_memory(&file) => return Ok((file, folder)),
            Ok(_) => {}
            Err(e) => failed = failed.or(Some((folder, e))),
        }
    }
    let folder = std::env::temp_dir();
    match failed {
        Some((folder, e)) if sure => {
            *tried = folder;
            Err(e)
        }
        // A machine without a disk: better in memory than nowhere.
        _ => {
            tried.clone_from(&folder);
            tempfile::tempfile_in(&folder).map(|file| (file, folder))
        }
    }
}

/// Folders for temporary files, in the order of who was asked to name one.
fn usual() -> Vec<PathBuf> {
    let named = std::env::var_os("TMPDIR").map(PathBuf::from);
    let fixed = ["/var/tmp", "/tmp", "."].map(PathBuf::from);
    named.into_iter().chain(fixed).collect()
}

/// Whether a file lies in memory, as those of tmpfs and ramfs do.
#[cfg(target_os = "linux")]
fn is_memory(file: &File) -> bool {
    use nix::sys::statfs::{TMPFS_MAGIC, fstatfs};
    /// As in `linux/magic.h`.
    const RAMFS_MAGIC: u32 = 0x8584_58f6;
    fstatfs(file).is_ok_and(|system| {
        let kind = system.filesystem_type();
        kind == TMPFS_MAGIC || kind.0 as u32 == RAMFS_MAGIC
    })
}

#[cfg(not(target_os = "linux"))]
fn is_memory(_file: &File) -> bool {
    false
}
