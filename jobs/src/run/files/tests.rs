//! Folders are hashed with all that is below them: each way to change one is made, and seen or not.

use std::ffi::OsStr;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::time::{Duration, SystemTime};

use super::*;

/// A folder `in` with files, in a folder that goes away.
fn folder() -> tempfile::TempDir {
    let all = tempfile::tempdir().unwrap();
    let root = all.path().join("in");
    fs::create_dir_all(root.join("sub/deep")).unwrap();
    for (name, text) in [("a", "1"), ("sub/b", "2"), ("sub/deep/c", "3")] {
        fs::write(root.join(name), text).unwrap();
    }
    all
}

fn hash(folder: &Path, fresh: Fresh) -> io::Result<u64> {
    Files::new(folder, HashTable::default()).hash(["in"], fresh)
}

/// Sets the time of a file, so that no clock is too coarse to see a change.
fn touch(path: &Path, seconds: u64) {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

#[test]
fn whatever_changes_below_a_folder_changes_its_hash() {
    let all = folder();
    let root = all.path().join("in");
    let changes: [&dyn Fn(); 9] = [
        &|| fs::write(root.join("sub/deep/c"), "longer").unwrap(),
        &|| fs::write(root.join("sub/new"), "").unwrap(),
        &|| fs::rename(root.join("sub/new"), root.join("sub/neu")).unwrap(),
        &|| fs::remove_file(root.join("a")).unwrap(),
        &|| fs::create_dir(root.join("empty")).unwrap(),
        &|| symlink("nowhere", root.join("link")).unwrap(),
        &|| drop(UnixListener::bind(root.join("socket")).unwrap()),
        &|| fs::write(root.join(OsStr::from_bytes(b"\xff")), "").unwrap(),
        &|| {
            fs::remove_file(root.join("link")).unwrap();
            symlink("elsewhere", root.join("link")).unwrap();
        },
    ];
    let mut last = [Fresh::Mtime, Fresh::Content].map(|f| hash(all.path(), f).unwrap());
    for (i, change) in changes.iter().enumerate() {
        change();
        let now = [Fresh::Mtime, Fresh::Content].map(|f| hash(all.path(), f).unwrap());
        assert!(now[0] != last[0] && now[1] != last[1], "change {i}");
        last = now;
        let again = [Fresh::Mtime, Fresh::Content].map(|f| hash(all.path(), f).unwrap());
        assert_eq!(again, last, "change {i}");
    }
}

#[test]
fn times_count_for_mtime_and_contents_for_content() {
    let all = folder();
    let file = all.path().join("in/sub/b");
    let both = || [Fresh::Mtime, Fresh::Content].map(|f| hash(all.path(), f).unwrap());
    touch(&file, 1_000);
    let first = both();
    touch(&file, 2_000);
    let touched = both();
    assert!(touched[0] != first[0] && touched[1] == first[1]);
    fs::write(&file, "9").unwrap();
    touch(&file, 2_000);
    let written = both();
    assert!(written[0] == touched[0] && written[1] != touched[1]);
}

#[test]
fn circles_end_and_journals_do_not_count() {
    let all = folder();
    let root = all.path().join("in");
    symlink("..", root.join("sub/up")).unwrap();
    symlink("loop", root.join("loop")).unwrap();
    fs::create_dir(all.path().join(JOURNALS)).unwrap();
    symlink("../.tine", root.join("journals")).unwrap();
    let first = hash(all.path(), Fresh::Content).unwrap();
    fs::write(all.path().join(JOURNALS).join("x"), "1").unwrap();
    assert_eq!(hash(all.path(), Fresh::Content).unwrap(), first);
    // What a link leads to counts.
    fs::create_dir(all.path().join("other")).unwrap();
    symlink("../other", root.join("linked")).unwrap();
    let linked = hash(all.path(), Fresh::Content).unwrap();
    fs::write(all.path().join("other/x"), "1").unwrap();
    assert_ne!(hash(all.path(), Fresh::Content).unwrap(), linked);
}

#[test]
fn folders_deeper_than_calls_are_read() {
    let all = folder();
    let mut path = all.path().join("in");
    for _ in 0..1_500 {
        path.push("d");
    }
    fs::create_dir_all(&path).unwrap();
    let first = hash(all.path(), Fresh::Mtime).unwrap();
    fs::write(path.join("x"), "").unwrap();
    assert_ne!(hash(all.path(), Fresh::Mtime).unwrap(), first);
}

#[test]
fn what_is_newer_is_named_and_folders_are_read_once_until_a_program_ends() {
    let all = folder();
    for (name, time) in [("a", 10), ("sub/b", 20), ("sub/deep/c", 30)] {
        touch(&all.path().join("in").join(name), time);
    }
    let mut files = Files::new(all.path(), HashTable::default());
    let second = 1_000_000_000;
    assert_eq!(files.newer("in", 15 * second).as_deref(), Some("in/sub/b"));
    assert_eq!(files.newer("in", 30 * second), None);
    let first = files.hash(["in"], Fresh::Content).unwrap();
    assert_eq!(files.take_new().len(), 3);
    fs::write(all.path().join("in/a"), "changed").unwrap();
    assert_eq!(files.hash(["in"], Fresh::Content).unwrap(), first);
    files.forget_folders();
    assert_ne!(files.hash(["in"], Fresh::Content).unwrap(), first);
    // Only what changed was read again.
    assert_eq!(files.take_new().len(), 1);
}
