//! Every line is in exactly one block, in order, wherever files are cut.

use std::io::Read;

use proptest::prelude::*;
use tine_files::Text;

use super::{Seen, lines, plan};

/// Lines as they are defined: cut at the delimiter from the left, without an empty one at the end.
fn expected(content: &[u8], delimiter: &[u8]) -> Vec<(Vec<u8>, usize)> {
    let mut lines = Vec::new();
    let (mut from, mut at) = (0, 0);
    while at < content.len() {
        if content[at..].starts_with(delimiter) {
            lines.push((content[from..at].to_vec(), from));
            at += delimiter.len();
            from = at;
        } else {
            at += 1;
        }
    }
    if from < content.len() {
        lines.push((content[from..].to_vec(), from));
    }
    lines
}

fn seen(content: &[u8], delimiter: &[u8]) -> Vec<Seen> {
    let text = |line: &[u8]| String::from_utf8_lossy(line).into_owned();
    let numbered = expected(content, delimiter).into_iter().zip(1..);
    numbered.map(|((line, at), number)| (text(&line), at as u64, number)).collect()
}

fn check(content: &[u8], delimiter: &[u8], blocksize: usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    std::fs::write(&path, content).unwrap();
    let text = Text::new().delimiter(delimiter).blocksize(blocksize).lossy(true);
    let partitions = plan(&text, &path);
    assert_eq!(partitions.len(), content.len().div_ceil(blocksize).max(1));

    let want = seen(content, delimiter);
    assert_eq!(lines(&partitions).unwrap(), want, "for_each_line");

    let mut pulled = Vec::new();
    let mut bytes = Vec::new();
    for partition in &partitions {
        let mut lines = partition.lines();
        while let Some(line) = lines.next_line().unwrap() {
            let line = line.into_owned();
            let at = lines.position().unwrap();
            pulled.push((line, at.offset(), at.line().unwrap()));
        }
        partition.reader().read_to_end(&mut bytes).unwrap();
    }
    assert_eq!(pulled, want, "next_line");
    assert_eq!(bytes, content, "reader");

    // Blocks own the lines that begin in them, no others.
    for partition in &partitions {
        let block = &partition.blocks()[0];
        let own = block.offset()..block.offset() + block.len_bytes();
        let count = want.iter().filter(|(_, at, _)| own.contains(at)).count();
        assert_eq!(partition.count_lines().unwrap(), count as u64, "count_lines");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_content_any_delimiter(
        content in proptest::collection::vec(prop_oneof![Just(b'$'), Just(b'a'), Just(b'\n')], 0..60),
        delimiter in proptest::collection::vec(prop_oneof![Just(b'$'), Just(b'a'), Just(b'\n')], 1..5),
        blocksize in 1usize..70,
    ) {
        check(&content, &delimiter, blocksize);
    }

    #[test]
    fn dollars(content in "[$b]{0,80}", blocksize in 1usize..30) {
        check(content.as_bytes(), b"$$$$", blocksize);
    }

    #[test]
    fn any_bytes(
        content in proptest::collection::vec(any::<u8>(), 0..200),
        delimiter in proptest::collection::vec(any::<u8>(), 1..3),
        blocksize in 1usize..100,
    ) {
        check(&content, &delimiter, blocksize);
    }
}
