//! Line ends, characters, long lines, and files that change.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use tine_files::{ErrorKind, Partition, Text};

use super::{lines, plan};

fn texts(partitions: &[Partition]) -> Vec<String> {
    lines(partitions).unwrap().into_iter().map(|seen| seen.0).collect()
}

fn in_file<R>(content: &[u8], f: impl FnOnce(&Path) -> R) -> R {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.txt");
    fs::write(&path, content).unwrap();
    f(&path)
}

#[test]
fn line_ends_are_those_of_the_standard_library() {
    for content in ["", "\n", "a", "a\n", "a\r\nb", "a\r\n\r\n", "\r", "a\r", "a\rb\n", "\r\r\n\n"]
    {
        in_file(content.as_bytes(), |path| {
            for blocksize in 1..=content.len().max(1) {
                let partitions = plan(&Text::new().blocksize(blocksize), path);
                let got = texts(&partitions);
                // A return without a line feed is part of the line, there as here.
                assert_eq!(got, content.lines().collect::<Vec<_>>(), "{content:?}, {blocksize}");
                let pulled: Vec<String> =
                    partitions.iter().flat_map(Partition::lines).map(Result::unwrap).collect();
                assert_eq!(pulled, got);
            }
        });
    }
}

#[test]
fn a_delimiter_that_is_given_takes_nothing_else_away() {
    in_file(b"a\r\nb\r\n", |path| {
        let text = Text::new().delimiter("\n");
        assert_eq!(texts(&plan(&text, path)), ["a\r", "b\r"]);
    });
    assert!(Text::new().delimiter("").plan("Cargo.toml").is_err());
}

#[test]
fn characters_across_block_borders_are_whole() {
    let content = "äöü\n€uro\n𝄞 clef\nend";
    in_file(content.as_bytes(), |path| {
        for blocksize in 1..content.len() {
            let partitions = plan(&Text::new().blocksize(blocksize), path);
            assert_eq!(texts(&partitions), content.lines().collect::<Vec<_>>());
        }
    });
}

#[test]
fn what_is_not_utf8_is_named_wherever_blocks_are_cut() {
    let content = b"first\nsecond\nthi\xffrd\nfourth\n";
    in_file(content, |path| {
        for blocksize in 1..=content.len() {
            let partitions = plan(&Text::new().blocksize(blocksize), path);
            let mut before = Vec::new();
            let e = partitions
                .iter()
                .find_map(|p| {
                    p.for_each_line(|line, _| {
                        before.push(line.to_owned());
                        ControlFlow::<()>::Continue(())
                    })
                    .err()
                })
                .unwrap();
            assert_eq!(e.kind(), ErrorKind::InvalidUtf8);
            assert_eq!((e.line(), e.offset()), (Some(3), Some(16)), "{e}");
            assert_eq!(before, ["first", "second"]);
            let text = e.to_string();
            assert!(text.contains(r#""\xff" is not UTF-8, at byte 3 of the line"#), "{text}");

            let lossy = plan(&Text::new().blocksize(blocksize).lossy(true), path);
            assert_eq!(texts(&lossy), ["first", "second", "thi\u{fffd}rd", "fourth"]);
            // Counting does not look into lines.
            let count: u64 = partitions.iter().map(|p| p.count_lines().unwrap()).sum();
            assert_eq!(count, 4);
        }
    });
}

#[test]
fn a_character_cut_off_at_the_end_is_an_error() {
    in_file(b"a\n\xe2\x82", |path| {
        let e = plan(&Text::new(), path)[0].lines().nth(1).unwrap().unwrap_err();
        assert_eq!((e.line(), e.offset()), (Some(2), Some(2)), "{e}");
    });
}

/// Lines of all lengths around a power of two, far more than is read at a time.
#[test]
fn lines_longer_than_the_buffer_are_whole() {
    let lengths = [0, 1, 262_143, 262_144, 262_145, 7, 1_000_000, 0, 3_000_001, 100];
    let want: Vec<String> = lengths
        .iter()
        .enumerate()
        .map(|(i, n)| char::from(b'a' + u8::try_from(i).unwrap()).to_string().repeat(*n))
        .collect();
    let content = want.join("\n") + "\n";
    in_file(content.as_bytes(), |path| {
        for blocksize in [1_000, 262_144, 300_001, 5_000_000] {
            let partitions = plan(&Text::new().blocksize(blocksize), path);
            assert!(texts(&partitions) == want, "with blocks of {blocksize}");
        }
    });
    let twice = want.join("$$$$") + "$$$$";
    in_file(twice.as_bytes(), |path| {
        for blocksize in [1_000, 262_144, 300_001] {
            let text = Text::new().blocksize(blocksize).delimiter("$$$$");
            assert!(texts(&plan(&text, path)) == want, "with blocks of {blocksize}");
        }
    });
}

#[test]
fn many_lines_are_counted_and_numbered() {
    let content: String = (0..200_000).map(|i| format!("{i}\n")).collect();
    in_file(content.as_bytes(), |path| {
        let mut number = 0;
        for partition in plan(&Text::new().blocksize(99_991), path) {
            let first = number;
            let _ = partition
                .for_each_line(|line, at| {
                    assert_eq!(line, number.to_string());
                    if number == first {
                        assert_eq!(at.line().unwrap(), number + 1);
                    }
                    number += 1;
                    ControlFlow::<()>::Continue(())
                })
                .unwrap();
            assert_eq!(partition.count_lines().unwrap(), number - first);
        }
        assert_eq!(number, 200_000);
    });
}

#[test]
fn a_line_without_an_end_is_not_read_into_memory() {
    in_file(&vec![b'x'; 3_000_000], |path| {
        let text = Text::new().longest_line("1 MB");
        let e = plan(&text, path)[0].count_lines().unwrap_err();
        assert_eq!(e.kind(), ErrorKind::TooLong);
        assert!(e.to_string().contains("longer than 1000000 bytes"), "{e}");
    });
    in_file(b"short\nlonger\n", |path| {
        let text = Text::new().longest_line(5);
        let e = lines(&plan(&text, path)).unwrap_err();
        assert_eq!((e.kind(), e.offset()), (ErrorKind::TooLong, Some(6)));
        assert!(plan(&text, path)[0].lines().nth(1).unwrap().is_err());
    });
}

#[test]
fn a_file_that_changed_since_is_an_error() {
    in_file(b"a\nb\n", |path| {
        let partitions = plan(&Text::new(), path);
        fs::write(path, "a\nb\nc\n").unwrap();
        let e = lines(&partitions).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Changed);
        assert!(e.to_string().contains("has 6 bytes, and had 4 when"), "{e}");
        fs::remove_file(path).unwrap();
        assert_eq!(lines(&partitions).unwrap_err().kind(), ErrorKind::NotFound);
    });
}

#[test]
fn reading_stops_where_it_is_told_to() {
    in_file(b"1\n2\n3\n", |path| {
        let mut seen = 0;
        let stop = plan(&Text::new(), path)[0].for_each_line(|line, at| {
            seen += 1;
            match line {
                "2" => ControlFlow::Break(at.to_string()),
                _ => ControlFlow::Continue(()),
            }
        });
        assert_eq!(stop.unwrap(), ControlFlow::Break(format!("{}:2", path.display())));
        assert_eq!(seen, 2);
    });
}
