//! Every format, whole, cut off and broken.

use std::fs;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use tine_files::{Compression, ErrorKind, Target, Text};

use super::{lines, plan};

const ALL: [Compression; 4] =
    [Compression::Gzip, Compression::Zstd, Compression::Bzip2, Compression::Xz];

/// Writes lines into a file of this format, and returns its bytes.
fn packed(format: Compression, path: &Path, lines: &[String]) -> Vec<u8> {
    let sinks = Target::files([path]).compression(format).plan(1).unwrap();
    sinks[0].write_lines(lines).unwrap();
    fs::read(path).unwrap()
}

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|i| format!("line {i}, {}", i * i % 7_919)).collect()
}

/// What the file at `path` gives: its lines, or the kind of error.
fn read(format: Compression, path: &Path) -> Result<Vec<String>, ErrorKind> {
    let partitions = plan(&Text::new().compression(format), path);
    lines(&partitions).map(|seen| seen.into_iter().map(|s| s.0).collect()).map_err(|e| e.kind())
}

#[test]
fn files_of_several_members_are_read_to_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    for format in ALL {
        let (a, b) = (numbered(30_000), numbered(10));
        let mut bytes = packed(format, &path, &a);
        bytes.extend(packed(format, &path, &b));
        fs::write(&path, &bytes).unwrap();
        assert_eq!(read(format, &path).unwrap(), [a, b].concat(), "{format}");
    }
}

#[test]
fn padding_behind_gzip_is_none_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let mut bytes = packed(Compression::Gzip, &path, &numbered(3));
    bytes.extend([0; 1_000]);
    fs::write(&path, &bytes).unwrap();
    assert_eq!(read(Compression::Gzip, &path).unwrap(), numbered(3));
    bytes.extend(b"garbage");
    fs::write(&path, &bytes).unwrap();
    assert_eq!(read(Compression::Gzip, &path), Err(ErrorKind::Corrupt));
}

#[test]
fn a_file_cut_off_anywhere_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    for format in ALL {
        let bytes = packed(format, &path, &numbered(60));
        for len in 0..bytes.len() {
            fs::write(&path, &bytes[..len]).unwrap();
            let partitions = plan(&Text::new().compression(format), &path);
            let e = partitions[0].count_lines().expect_err(&format!("{format} cut at {len}"));
            assert_eq!(e.kind(), ErrorKind::Corrupt, "{format} cut at {len}: {e}");
            assert!(e.offset().unwrap() <= len as u64, "{e}");
            assert!(e.to_string().starts_with(&path.display().to_string()), "{e}");
        }
    }
}

#[test]
fn a_broken_byte_is_an_error_or_does_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    for format in ALL {
        let want = numbered(60);
        let bytes = packed(format, &path, &want);
        for at in 0..bytes.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut broken = bytes.clone();
                broken[at] ^= flip;
                fs::write(&path, &broken).unwrap();
                match read(format, &path) {
                    Ok(got) => assert_eq!(got, want, "{format} with byte {at} ^ {flip:#x}"),
                    Err(kind) => assert!(
                        matches!(kind, ErrorKind::Corrupt | ErrorKind::InvalidUtf8),
                        "{format} with byte {at} ^ {flip:#x}: {kind:?}"
                    ),
                }
            }
        }
    }
}

#[test]
fn the_place_of_broken_gzip_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.json.gz");
    let mut bytes = packed(Compression::Gzip, &path, &numbered(50_000));
    let middle = bytes.len() / 2;
    bytes[middle..middle + 64].fill(0xff);
    fs::write(&path, &bytes).unwrap();
    let partitions = plan(&Text::new(), &path);
    let mut before = 0;
    let e = partitions[0]
        .for_each_line(|line, _| {
            assert!(line.starts_with("line "));
            before += 1;
            ControlFlow::<()>::Continue(())
        })
        .unwrap_err();
    assert!(before < 50_000);
    let at = e.offset().unwrap();
    assert!(at >= middle as u64 - 64 && at <= bytes.len() as u64, "{e}");
    let text = e.to_string();
    assert!(text.contains("accounts.json.gz, byte "), "{text}");
    assert!(text.contains("broken gzip data"), "{text}");
}

#[test]
fn extensions_tell_formats_and_options_win() {
    let folder = tempfile::tempdir().unwrap();
    let gz = folder.path().join("A.TXT.GZ");
    fs::write(&gz, "plain\n").unwrap();
    assert!(plan(&Text::new(), &gz)[0].count_lines().is_err());
    let partitions = plan(&Text::new().compression(Compression::None), &gz);
    assert_eq!(partitions[0].count_lines().unwrap(), 1);
}

#[test]
fn a_compressed_file_is_one_partition_and_cannot_be_cut() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.gz");
    packed(Compression::Gzip, &path, &numbered(100_000));
    assert_eq!(plan(&Text::new(), &path).len(), 1);
    let e = Text::new().blocksize("1 kB").plan(&path).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Options);
    assert!(e.to_string().contains("is compressed by gzip"), "{e}");
}

#[test]
fn a_file_without_lines_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    for format in ALL {
        packed(format, &path, &[]);
        assert_eq!(read(format, &path).unwrap(), Vec::<String>::new(), "{format}");
    }
    // But what has no bytes at all has lost its head.
    fs::File::create(&path).unwrap().flush().unwrap();
    assert_eq!(read(Compression::Gzip, &path), Err(ErrorKind::Corrupt));
}
