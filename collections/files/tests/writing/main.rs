//! Writing files: names, formats, and what is there when it fails.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fs;
use std::io::Write;
use std::path::Path;

use tine_files::{Compression, ErrorKind, Target, Text};

/// The names in a folder, hidden ones too.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn what_is_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    for extension in ["txt", "gz", "zst", "bz2", "xz"] {
        let pattern = folder.path().join(format!("new/{extension}/a-*.{extension}"));
        let sinks = Target::new(&pattern).plan(12).unwrap();
        for (i, sink) in sinks.iter().enumerate() {
            let lines: Vec<String> = (0..i * 1_000).map(|j| format!("line {j} of {i}")).collect();
            let written = sink.write_lines(&lines).unwrap();
            assert_eq!(written.bytes, fs::metadata(sink.path()).unwrap().len());
            assert_eq!(written.lines, lines.len() as u64);
        }
        let files = names(&folder.path().join("new").join(extension));
        let want: Vec<String> = (0..12).map(|i| format!("a-{i:02}.{extension}")).collect();
        assert_eq!(files, want, "nothing else is left");
        for (i, partition) in Text::new().plan(&pattern).unwrap().iter().enumerate() {
            let lines: Vec<String> = partition.lines().map(Result::unwrap).collect();
            assert_eq!(lines.len(), i * 1_000);
            assert!(lines.iter().enumerate().all(|(j, l)| *l == format!("line {j} of {i}")));
        }
    }
}

#[test]
fn the_same_lines_give_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    for extension in ["gz", "zst", "bz2", "xz"] {
        let target = Target::new(folder.path().join(format!("*.{extension}")));
        let sinks = target.plan(2).unwrap();
        for sink in &sinks {
            sink.write_lines((0..5_000).map(|i| i.to_string())).unwrap();
        }
        assert_eq!(fs::read(sinks[0].path()).unwrap(), fs::read(sinks[1].path()).unwrap());
    }
}

#[test]
fn what_is_not_finished_was_never_there() {
    let folder = tempfile::tempdir().unwrap();
    let sinks = Target::new(folder.path().join("*.gz")).plan(1).unwrap();
    fs::write(sinks[0].path(), "before").unwrap();
    let mut writer = sinks[0].create().unwrap();
    writer.write_all(&[b'x'; 1_000_000]).unwrap();
    drop(writer);
    let failed = sinks[0]
        .try_write_lines::<&str, Box<dyn std::error::Error>>([Ok("good"), Err("no more".into())]);
    assert_eq!(failed.unwrap_err().to_string(), "no more");
    assert_eq!(names(folder.path()), ["0.gz"]);
    assert_eq!(fs::read(sinks[0].path()).unwrap(), b"before");
    // And what is finished replaces what was there.
    sinks[0].write_lines(["after"]).unwrap();
    assert_eq!(names(folder.path()), ["0.gz"]);
    let read = Text::new().plan(sinks[0].path()).unwrap();
    assert_eq!(read[0].lines().next().unwrap().unwrap(), "after");
}

#[test]
fn names_are_as_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = |sink: &tine_files::Sink| {
        sink.path().strip_prefix(folder.path()).unwrap().display().to_string()
    };
    let paths =
        |target: Target, n| -> Vec<String> { target.plan(n).unwrap().iter().map(path).collect() };
    assert_eq!(paths(Target::new(folder.path().join("d")), 2), ["d/0.part", "d/1.part"]);
    let letters = Target::new(folder.path().join("*.csv")).name(|i| ["b", "a"][i].to_owned());
    assert_eq!(paths(letters, 2), ["b.csv", "a.csv"]);
    let listed = [folder.path().join("x"), folder.path().join("y")];
    assert_eq!(paths(Target::files(&listed), 2), ["x", "y"]);

    let refused = |target: Target, n| target.plan(n).unwrap_err().to_string();
    let same = Target::new("*.csv").name(|i| (i % 2).to_string());
    assert_eq!(refused(same, 3), "0.csv: is the name of partitions 0 and 2; give each its own");
    assert!(refused(Target::files(["x"]), 2).contains("1 files were named for 2 partitions"));
    assert!(refused(Target::new("*/*.csv"), 2).contains("two `*`"));
    assert!(refused(Target::new("*.gz").level(10), 1).contains("gzip has levels 0 to 9, not 10"));
}

#[test]
fn line_ends_are_as_asked() {
    let folder = tempfile::tempdir().unwrap();
    let written = |target: Target| {
        let sink = target.compression(Compression::None).plan(1).unwrap().remove(0);
        sink.write_lines(["a", "b"]).unwrap();
        fs::read_to_string(sink.path()).unwrap()
    };
    assert_eq!(written(Target::new(folder.path().join("*.txt"))), "a\nb\n");
    assert_eq!(written(Target::new(folder.path().join("*.gz")).last_line_end(false)), "a\nb");
}

#[test]
fn errors_name_file_and_reason() {
    let folder = tempfile::tempdir().unwrap();
    let sink = |name: &str| Target::new(folder.path().join(name)).plan(1).unwrap().remove(0);
    fs::create_dir(folder.path().join("0.txt")).unwrap();
    let e = sink("*.txt").write_lines(["a"]).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::NotAFile);
    assert!(e.to_string().contains("0.txt: cannot create: is a directory"), "{e}");
    fs::write(folder.path().join("file"), "").unwrap();
    let e = sink("file/*.txt").write_lines(["a"]).unwrap_err();
    assert!(e.to_string().contains("file/0.txt: cannot create: "), "{e}");
}

/// Where the folder is that the child of [`a_full_disk_is_an_error`] may write to.
const FULL: &str = "TINE_TEST_FULL_DISK";

/// Runs itself in a file system of 64 KiB, where a user may mount one for themselves.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    use std::process::Command;

    if let Some(folder) = std::env::var_os(FULL) {
        return fill(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let script =
        r#"mount -t tmpfs -o size=64k none "$0" && exec "$1" --exact a_full_disk_is_an_error"#;
    let unshare = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c", script]).arg(folder.path());
        command
    };
    let may = unshare(r#"mount -t tmpfs none "$0""#).output().is_ok_and(|o| o.status.success());
    if !may {
        return;
    }
    let child = unshare(script)
        .arg(std::env::current_exe().unwrap())
        .env(FULL, folder.path())
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    assert!(String::from_utf8_lossy(&child.stdout).contains("1 passed"));
}

#[cfg(target_os = "linux")]
fn fill(folder: &Path) {
    for extension in ["txt", "gz", "zst", "bz2", "xz"] {
        let sink = Target::new(folder.join(format!("*.{extension}"))).plan(1).unwrap().remove(0);
        // Nothing that can be compressed to almost nothing.
        let mut x = 1u64;
        let lines = (0..100_000).map(|_| {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            x.to_string()
        });
        let e = sink.write_lines(lines).unwrap_err();
        let text = e.to_string();
        assert!(text.contains(&format!("0.{extension}: cannot write: ")), "{text}");
        assert!(text.contains("No space left on device"), "{text}");
        assert_eq!(names(folder), Vec::<String>::new(), "nothing is left, and there is room again");
    }
}
