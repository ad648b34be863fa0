//! Blocks of whole records, as GNU parallel cuts them.

use std::io::{Seek as _, Write as _};

use super::*;

fn stream(text: &[u8]) -> OwnedFd {
    let mut file = File::from(
        nix::sys::memfd::memfd_create(c"test", nix::sys::memfd::MFdFlags::empty()).unwrap(),
    );
    file.write_all(text).unwrap();
    file.rewind().unwrap();
    file.into()
}

fn cut(text: &str, make: impl Fn(OwnedFd) -> Blocks) -> Vec<String> {
    let mut blocks = make(stream(text.as_bytes()));
    let mut all = vec![];
    loop {
        blocks.read().unwrap();
        match blocks.pop() {
            Some(block) => all.push(String::from_utf8(block).unwrap()),
            None if blocks.is_closed() => return all,
            None => {}
        }
    }
}

#[test]
fn blocks_are_what_reads_bring() {
    let text: String = (1..=1_000_000).map(|i| format!("{i}\n")).collect();
    let blocks =
        cut(&text, |fd| Blocks::new(fd, Records::new(b"\n", b""), Size::Bytes(1 << 20), 1 << 20));
    // As GNU parallel cuts it.
    let sizes: Vec<_> = blocks.iter().map(String::len).collect();
    assert_eq!(sizes, [1048571, 1048572, 1048572, 1048572, 1048572, 1048572, 597465]);
    assert_eq!(blocks.concat(), text);
    let blocks = cut(&text, |fd| {
        Blocks::new(fd, Records::new(b"\n", b""), Size::Bytes(1 << 20), 1 << 20).multiple(75)
    });
    let lines: Vec<_> = blocks.iter().map(|b| b.lines().count()).collect();
    assert!(lines[..lines.len() - 1].iter().all(|n| n % 75 == 0 && n * 7 > 1_040_000), "{lines:?}");
}

#[test]
fn records_are_counted() {
    let text = "/foo, bar/, /baz, qux/,\n";
    let count = |end: &'static str, start: &'static str| {
        cut(text, move |fd| {
            Blocks::new(fd, Records::new(end.as_bytes(), start.as_bytes()), Size::Records(1), 100)
        })
    };
    assert_eq!(count(", ", ""), ["/foo, ", "bar/, ", "/baz, ", "qux/,\n"]);
    assert_eq!(count("", "/"), ["/foo, bar", "/, ", "/baz, qux", "/,\n"]);
    assert_eq!(count(", ", "/"), ["/foo, bar/, ", "/baz, qux/,\n"]);
    let pattern = |removed| {
        cut("foo,bar,_baz,__qux,\n", move |fd| {
            let records = Records::matching(",_+", "").unwrap().removed(removed);
            Blocks::new(fd, records, Size::Records(1), 3)
        })
    };
    assert_eq!(pattern(false), ["foo,bar,_", "baz,__", "qux,\n"]);
    assert_eq!(pattern(true), ["foo,bar", "baz", "qux,\n"]);
}

#[test]
fn headers_are_repeated() {
    let text = "%a\n%b\n1\n2\n3\n4\n";
    for header in ["(%.*\n)*", "2"] {
        let blocks = cut(text, |fd| {
            Blocks::new(fd, Records::new(b"\n", b""), Size::Records(3), 1 << 20)
                .header(Header::parse(header).unwrap())
        });
        assert_eq!(blocks, ["%a\n%b\n1\n2\n3\n", "%a\n%b\n4\n"]);
    }
    let fixed = cut("HHHHAAABBBCCC", |fd| {
        Blocks::new(fd, Records::new(b"", b""), Size::Bytes(3), 3)
            .header(Header::parse(".{4}").unwrap())
    });
    assert_eq!(fixed, ["HHHHAAA", "HHHHBBB", "HHHHCCC"]);
}

#[test]
fn long_records_and_ends_are_whole() {
    let text = format!("{}\n{}last", "a".repeat(1000), "b\n".repeat(1000));
    let blocks = cut(&text, |fd| Blocks::new(fd, Records::new(b"\n", b""), Size::Bytes(10), 10));
    assert_eq!(blocks.concat(), text);
    assert!(blocks[0].ends_with('\n') && blocks[0].len() >= 1001);
    assert!(blocks.len() > 3 && blocks[..blocks.len() - 1].iter().all(|b| b.ends_with('\n')));
    assert!(
        cut("", |fd| Blocks::new(fd, Records::new(b"\n", b""), Size::Bytes(10), 10)).is_empty()
    );
}
