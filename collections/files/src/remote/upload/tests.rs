//! Files written to a server that knows the requests of S3 and of plain HTTP, and counts them.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use object_store::ObjectStore;
use object_store::path::Path;
use url::Url;

use super::{PART, Upload, WHOLE};
use crate::error::ErrorKind;
use crate::{Target, Text};

/// What the server has, and what it was asked.
#[derive(Default)]
struct Kept {
    files: BTreeMap<String, Vec<u8>>,
    /// Of the one upload that goes on, by number.
    parts: BTreeMap<u32, Vec<u8>>,
    aborted: usize,
    /// So many parts are refused, with this status.
    refusals: (usize, &'static str),
}

type Shared = Arc<Mutex<Kept>>;

/// One request: method, path with what is behind `?`, the range it asks for, body.
struct Request {
    method: String,
    path: String,
    query: String,
    range: Option<(usize, usize)>,
    body: Vec<u8>,
}

fn request(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let (mut len, mut range) = (0, None);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let header = header.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(n) = header.strip_prefix("content-length: ") {
            len = n.parse().ok()?;
        }
        if let Some((from, to)) =
            header.strip_prefix("range: bytes=").and_then(|r| r.split_once('-'))
        {
            range = Some((from.parse().ok()?, to.parse::<usize>().ok()? + 1));
        }
    }
    let mut body = vec![0; len];
    reader.read_exact(&mut body).ok()?;
    Some(Request { method, path: path.to_owned(), query: query.to_owned(), range, body })
}

/// Status and headers, and the body.
fn answer(kept: &mut Kept, request: Request) -> (String, Vec<u8>) {
    let Request { method, path, query, range, body } = request;
    let ok = |headers: &str| (format!("200 OK\r\n{headers}"), Vec::new());
    let part = query.split('&').find_map(|q| q.strip_prefix("partNumber=")?.parse().ok());
    match (method.as_str(), part) {
        ("PUT", Some(_)) if kept.refusals.0 > 0 => {
            kept.refusals.0 -= 1;
            (format!("{}\r\nX: y", kept.refusals.1), Vec::new())
        }
        ("PUT", Some(part)) => {
            kept.parts.insert(part, body);
            ok(&format!("ETag: \"{part}\""))
        }
        ("PUT", None) => {
            kept.files.insert(path, body);
            ok("ETag: \"x\"")
        }
        ("POST", _) if query.starts_with("uploads") => {
            let text = "<InitiateMultipartUploadResult><UploadId>u</UploadId>\
                        </InitiateMultipartUploadResult>";
            ("200 OK\r\nX: y".to_owned(), text.into())
        }
        ("POST", _) => {
            let whole = std::mem::take(&mut kept.parts).into_values().flatten().collect();
            kept.files.insert(path, whole);
            let text = "<CompleteMultipartUploadResult><ETag>x</ETag>\
                        </CompleteMultipartUploadResult>";
            ("200 OK\r\nX: y".to_owned(), text.into())
        }
        ("DELETE", _) => {
            kept.parts.clear();
            kept.aborted += 1;
            ("204 No Content\r\nX: y".to_owned(), Vec::new())
        }
        ("GET" | "HEAD", _) => match (kept.files.get(&path), range) {
            (None, _) => ("404 Not Found\r\nX: y".to_owned(), Vec::new()),
            (Some(file), None) => ("200 OK\r\nX: y".to_owned(), file.clone()),
            (Some(file), Some((from, to))) => {
                let range = format!("Content-Range: bytes {from}-{}/{}", to - 1, file.len());
                (format!("206 Partial Content\r\n{range}"), file[from..to].to_vec())
            }
        },
        _ => ("405 Method Not Allowed\r\nX: y".to_owned(), Vec::new()),
    }
}

/// Starts a server; returns its address and what it keeps.
fn server() -> (String, Shared) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let kept = Shared::default();
    let served = Arc::clone(&kept);
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let Some(request) = request(&stream) else { continue };
            let is_head = request.method == "HEAD";
            let (head, body) = answer(&mut served.lock().unwrap(), request);
            let modified = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nConnection: close";
            let len = body.len();
            let head = format!("HTTP/1.1 {head}\r\n{modified}\r\nContent-Length: {len}\r\n\r\n");
            // Whoever does not wait for the answer has their reasons.
            let _ = stream.write_all(head.as_bytes());
            let _ = if is_head { Ok(()) } else { stream.write_all(&body) };
        }
    });
    (address, kept)
}

/// A bucket of S3 at the server.
fn bucket(address: &str) -> Arc<dyn ObjectStore> {
    let options = [
        ("aws_endpoint", address),
        ("aws_access_key_id", "a"),
        ("aws_secret_access_key", "b"),
        ("aws_region", "us-east-1"),
        ("allow_http", "true"),
    ];
    let url = Url::parse("s3://bucket").unwrap();
    object_store::parse_url_opts(&url, options).unwrap().0.into()
}

/// Bytes without a period that parts could hide behind.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..len).map(|_| next()).collect()
}

#[test]
fn partitions_are_written_and_read_back() {
    let (address, kept) = server();
    let lines = |i: usize| (0..1_000).map(move |n| format!("line {n} of {i}"));
    let pattern = format!("{address}/out/part-*.txt.gz");
    for (i, sink) in Target::new(&pattern).plan(3).unwrap().iter().enumerate() {
        let written = sink.write_lines(lines(i)).unwrap();
        let path = format!("/out/part-{i}.txt.gz");
        assert_eq!(written.path.to_str().unwrap(), format!("{address}{path}"));
        assert_eq!(written.bytes, kept.lock().unwrap().files[&path].len() as u64);
        let read: Vec<String> = Text::new()
            .plan(&written.path)
            .unwrap()
            .iter()
            .flat_map(crate::Partition::lines)
            .map(Result::unwrap)
            .collect();
        assert!(read.into_iter().eq(lines(i)));
    }
    // Also from a thread that belongs to a runtime of the user's.
    let theirs = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let sink = &Target::new(format!("{address}/x")).plan(1).unwrap()[0];
    theirs.block_on(async { sink.write_lines(["a"]) }).unwrap();
    assert_eq!(kept.lock().unwrap().files["/x/0.part"], b"a\n");
}

#[test]
fn large_files_go_in_parts_and_appear_as_a_whole() {
    let (address, kept) = server();
    kept.lock().unwrap().refusals = (1, "503 Slow Down");
    let bytes = noise(2 * PART + 12_345);
    let mut upload = Upload::new(bucket(&address), Path::from("x")).unwrap();
    for piece in bytes.chunks(100_000) {
        upload.write_all(piece).unwrap();
        assert!(upload.gathered.len() <= PART);
    }
    {
        let kept = kept.lock().unwrap();
        assert_eq!((kept.files.len(), kept.parts.len(), kept.refusals.0), (0, 2, 0));
    }
    assert_eq!(upload.publish().unwrap(), bytes.len() as u64);
    let kept = kept.lock().unwrap();
    assert!(kept.files["/bucket/x"] == bytes);
    assert_eq!((kept.parts.len(), kept.aborted), (0, 0));
}

#[test]
fn what_is_not_finished_is_forgotten() {
    let (address, kept) = server();
    let mut upload = Upload::new(bucket(&address), Path::from("x")).unwrap();
    upload.write_all(&noise(PART + 1)).unwrap();
    assert_eq!(kept.lock().unwrap().parts.len(), 1);
    drop(upload);
    let kept = kept.lock().unwrap();
    assert_eq!((kept.files.len(), kept.parts.len(), kept.aborted), (0, 0, 1));
}

#[test]
fn a_part_that_is_refused_is_never_left_out() {
    let (address, kept) = server();
    kept.lock().unwrap().refusals = (1, "403 Forbidden");
    let mut upload = Upload::new(bucket(&address), Path::from("x")).unwrap();
    let error = upload.write_all(&noise(PART + 1)).unwrap_err();
    assert!(error.to_string().contains("ask as somebody else"), "{error}");
    assert!(upload.write_all(b"more").is_err());
    assert!(upload.publish().is_err());
    let kept = kept.lock().unwrap();
    assert_eq!((kept.files.len(), kept.aborted), (0, 1));
}

#[test]
fn a_server_without_parts_takes_files_in_one_piece() {
    let (address, kept) = server();
    let sink = &Target::files([format!("{address}/x")]).plan(1).unwrap()[0];
    let piece = noise(1 << 20);
    let mut writer = sink.create().unwrap();
    (0..9).for_each(|_| writer.write_all(&piece).unwrap());
    assert_eq!(writer.finish().unwrap().bytes, 9 << 20);
    assert!(kept.lock().unwrap().files["/x"] == piece.repeat(9));

    let mut writer = sink.create().unwrap();
    let pieces = WHOLE / piece.len() + 1;
    let error = (0..pieces).find_map(|_| writer.write_all(&piece).err()).unwrap();
    let text = error.to_string();
    assert!(text.starts_with(&address) && text.contains("make more partitions"), "{text}");
    assert!(writer.finish().is_err());
    assert!(kept.lock().unwrap().files["/x"].len() == 9 << 20);
}

#[test]
fn a_server_that_takes_nothing_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/x", listener.local_addr().unwrap());
    let sink = Target::files([&address]).plan(1).unwrap().remove(0);
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _read = request(&stream);
            let _ = stream.write_all(
                b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            );
        }
    });
    let error = sink.write_lines(["a"]).unwrap_err();
    assert_eq!((error.kind(), error.file()), (ErrorKind::Io, Some(address.as_str())), "{error}");
}
