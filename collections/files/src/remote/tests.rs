//! Stores in memory and behind HTTP.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::driver::Driver;
use super::{find, reader};
use crate::compression::Compression;
use crate::error::ErrorKind;
use crate::file::{FileInfo, Location};
use crate::text::Text;

fn memory(files: &[(&str, &str)]) -> Arc<dyn ObjectStore> {
    let store = InMemory::new();
    let driver = Driver::new().unwrap();
    for (key, content) in files {
        let content = (*content).to_owned().into();
        driver.wait(store.put(&Path::from(*key), content)).unwrap();
    }
    Arc::new(store)
}

#[test]
fn patterns_match_as_in_folders() {
    let keys = ["d/b.csv", "d/a.csv", "d/e/c.csv", "d/.hidden.csv", "other/a.csv"];
    let store = memory(&keys.map(|key| (key, "1\n")));
    let driver = Driver::new().unwrap();
    let found = |pattern: &str| -> Vec<String> {
        let found = driver.wait(find::matches(&*store, "x", pattern)).unwrap();
        found.iter().map(|meta| meta.location.to_string()).collect()
    };
    assert_eq!(found("d/*.csv"), ["d/a.csv", "d/b.csv"]);
    assert_eq!(found("**/*.csv"), ["d/a.csv", "d/b.csv", "d/e/c.csv", "other/a.csv"]);
    assert_eq!(found("d/[!b].csv"), ["d/a.csv"]);
    let e = driver.wait(find::matches(&*store, "s3://x/*.json", "*.json")).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::NothingMatched);
    let e = driver.wait(find::one(&*store, "s3://x/d", &Path::from("d"))).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::NotAFile);
    let e = driver.wait(find::one(&*store, "s3://x/z", &Path::from("z"))).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::NotFound);
}

#[test]
fn files_are_read_from_any_byte() {
    let content = "0123456789".repeat(1_000);
    let store = memory(&[("x", &content)]);
    let mut file = FileInfo {
        location: Location::Remote { store: String::new(), key: "x".to_owned() },
        name: "x".to_owned(),
        len: 10_000,
        modified: None,
        compression: Compression::None,
    };
    for from in [0, 1, 4_321, 9_999, 10_000] {
        let mut text = String::new();
        let mut reader =
            reader::Reader::new(&file, Arc::clone(&store), &Path::from("x"), from).unwrap();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, content[usize::try_from(from).unwrap()..]);
    }
    file.len = 9_000;
    let e = reader::Reader::new(&file, store, &Path::from("x"), 0).err().unwrap();
    assert_eq!(e.kind(), ErrorKind::Changed);
}

/// Answers one request for `/a.txt` as a server does that knows ranges; returns whether it was one.
fn answer(stream: &TcpStream, content: &str) -> Option<()> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let request = lines.next()?;
    let header: Vec<String> = lines.take_while(|l| !l.is_empty()).collect();
    let range = header.iter().find_map(|l| {
        let (from, to) = l
            .to_ascii_lowercase()
            .strip_prefix("range: bytes=")?
            .split_once('-')
            .map(|(from, to)| (from.parse::<usize>().unwrap(), to.parse::<usize>().unwrap()))?;
        Some((from, (to + 1).min(content.len())))
    });
    let modified = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nConnection: close";
    let (status, body) = match range {
        _ if !request.contains(" /a.txt ") => ("404 Not Found\r\nX: y".to_owned(), ""),
        None => ("200 OK\r\nX: y".to_owned(), content),
        Some((from, to)) => {
            let range = format!("Content-Range: bytes {from}-{}/{}", to - 1, content.len());
            (format!("206 Partial Content\r\n{range}"), &content[from..to])
        }
    };
    let len = body.len();
    let body = if request.starts_with("HEAD") { "" } else { body };
    let mut stream = stream;
    write!(stream, "HTTP/1.1 {status}\r\n{modified}\r\nContent-Length: {len}\r\n\r\n{body}").ok()
}

#[test]
fn files_behind_http_are_read_in_blocks() {
    let content: String = (0..1_000).map(|i| format!("line {i}\n")).collect();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = content.clone();
    // Ends with the process: nobody tells it that there are no more requests.
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let _ = answer(&stream, &served);
        }
    });
    let address = format!("http://127.0.0.1:{port}/a.txt");
    let partitions = Text::new().blocksize(1_000).plan(&address).unwrap();
    assert_eq!(partitions.len(), content.len().div_ceil(1_000));
    let read = || -> String {
        let lines = partitions.iter().flat_map(|p| p.lines());
        lines.map(|line| line.unwrap() + "\n").collect()
    };
    assert_eq!(read(), content);
    // Also where the thread belongs to a runtime of the user's.
    let theirs = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(theirs.block_on(async { read() }), content);

    let missing = Text::new().plan(format!("http://127.0.0.1:{port}/b.txt")).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
}

#[test]
fn addresses_are_checked() {
    let refused = |name: &str| Text::new().plan(name).unwrap_err();
    assert_eq!(refused("https://example.com/a.csv?token=1").kind(), ErrorKind::Name);
    for target in ["s3://bucket/a//*.csv", "https://example.com/*?token=1"] {
        let refused = crate::Target::new(target).plan(2).unwrap_err();
        assert_eq!(
            (refused.kind(), refused.file().is_some()),
            (ErrorKind::Name, true),
            "{refused}"
        );
    }
    let sinks = crate::Target::new("s3://bucket/folder").plan(11).unwrap();
    assert_eq!(sinks[10].path().to_str(), Some("s3://bucket/folder/10.part"));
}
