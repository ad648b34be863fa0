//! Pools of tokens against a small client of our own, and what is told of them.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::*;

/// A program that speaks the protocol: it takes tokens by the name that it was told.
struct Client(File);

impl Client {
    fn of(server: &Jobserver) -> Client {
        let flags = server.flags().expect("programs are told").to_str().expect("text");
        let path = flags.split("fifo:").nth(1).expect("a name").split(' ').next();
        let file = File::options().read(true).write(true).open(path.expect("a name"));
        Client(file.expect("the name can be opened"))
    }

    fn take(&self) -> u8 {
        let mut byte = [0];
        (&self.0).read_exact(&mut byte).expect("there is a token");
        byte[0]
    }

    fn give(&self, token: u8) {
        (&self.0).write_all(&[token]).expect("there is room");
    }
}

#[test]
fn what_children_take_is_missing_to_the_run() {
    let mut server = Jobserver::serve(Style::Fifo, 4, None).unwrap();
    let client = Client::of(&server);
    assert!(server.take(1, 1, true));
    let tokens = [client.take(), client.take()];
    assert!(!server.take(2, 2, false), "one is left");
    assert!(server.take(2, 1, false));
    assert!(!server.take(3, 1, false));
    tokens.into_iter().for_each(|token| client.give(token));
    assert!(server.take(3, 2, false));
    (1..4).for_each(|slot| server.give(slot));
    assert!(server.take(1, 4, true) && !server.take(2, 1, false));
}

/// One who is killed gives nothing back; one who gives back more than it had is not believed.
#[test]
fn tokens_are_put_in_order_when_nothing_runs() {
    let mut server = Jobserver::serve(Style::Fifo, 3, None).unwrap();
    let client = Client::of(&server);
    assert!(server.take(1, 1, true));
    client.take();
    client.take();
    server.give(1);
    assert!(server.take(1, 3, true), "all are there again");
    server.give(1);
    (0..5).for_each(|_| client.give(b'x'));
    assert!(server.take(1, 3, true));
    assert!(!server.take(2, 1, false), "no more than there were");
}

/// A make, of which only the pipe is there, with so many tokens, all of them different.
fn make(folder: &tempfile::TempDir, tokens: &[u8]) -> (File, String) {
    let path = folder.path().join("fifo");
    mkfifo(&path, Mode::S_IRWXU).unwrap();
    let pipe = File::options().read(true).write(true).open(&path).unwrap();
    (&pipe).write_all(tokens).unwrap();
    (pipe, format!("ks -j4 --jobserver-auth=fifo:{}", path.display()))
}

fn left(mut pipe: File) -> Vec<u8> {
    pipe.write_all(b"END").unwrap();
    let (mut left, mut byte) = (Vec::new(), [0]);
    while !left.ends_with(b"END") {
        pipe.read_exact(&mut byte).unwrap();
        left.push(byte[0]);
    }
    left.truncate(left.len() - 3);
    left.sort_unstable();
    left
}

#[test]
fn a_run_below_make_takes_tokens_and_gives_the_same_back() {
    let folder = tempfile::tempdir().unwrap();
    let (pipe, flags) = make(&folder, b"abc");
    let mut client = Jobserver::join(OsStr::new(&flags)).unwrap().expect("there is one");
    assert_eq!(client.flags(), None);
    // One core is its own.
    assert!(client.take(1, 1, true) && client.take(2, 2, false) && client.take(3, 1, false));
    assert!(!client.take(4, 1, false) && client.readable().is_some(), "there are none");
    client.give(1);
    assert!(client.take(4, 1, false), "its own core is free");
    client.give(2);
    // However it ends.
    drop(client);
    assert_eq!(left(pipe), b"abc");
}

/// Two halves of what a job needs help nobody.
#[test]
fn a_job_of_many_cores_takes_all_or_none_unless_it_is_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (pipe, flags) = make(&folder, b"ab");
    let mut client = Jobserver::join(OsStr::new(&flags)).unwrap().expect("there is one");
    assert!(client.take(1, 1, true));
    assert!(!client.take(2, 3, false) && client.readable().is_none(), "there are some");
    assert!(client.take(2, 2, false), "those that were there are there");
    client.give(1);
    client.give(2);
    assert!(client.take(1, 100, true), "more than there ever will be");
    assert!(!client.take(2, 1, false));
    drop(client);
    assert_eq!(left(pipe), b"ab");
}

#[test]
fn flags_are_read_as_make_writes_them() {
    let of = |text: &str| Auth::of(OsStr::new(text)).map_err(|e| e.auth);
    assert_eq!(of(""), Ok(None));
    assert_eq!(of("k"), Ok(None));
    assert_eq!(of(" -j8 --jobserver-auth=3,4"), Ok(Some(Auth::Pipe(3, 4))));
    assert_eq!(of("s -j --jobserver-fds=5,6 -- A=b"), Ok(Some(Auth::Pipe(5, 6))));
    let fifo = of(" -j2 --jobserver-auth=3,4 --jobserver-auth=fifo:/tmp/GMfifo1");
    assert_eq!(fifo, Ok(Some(Auth::Fifo("/tmp/GMfifo1".into()))));
    assert_eq!(of(" -- X= --jobserver-auth=3,4"), Ok(None), "a variable");
    assert_eq!(of(" --jobserver-auth=-2,-2"), Err("-2,-2".into()));
    assert_eq!(of(" --jobserver-auth=sem"), Err("sem".into()));
}

#[test]
fn flags_keep_what_else_they_say() {
    let with = |text: &str| auth::with(OsStr::new(text), 3, "3,4").into_string().unwrap();
    assert_eq!(with(""), " -j3 --jobserver-auth=3,4");
    assert_eq!(with("ks"), "ks -j3 --jobserver-auth=3,4");
    assert_eq!(with("k -j8 --jobserver-auth=fifo:/x"), "k -j3 --jobserver-auth=3,4");
    let long = with("--warn-undefined-variables -j -- A=-j1 B=2");
    assert_eq!(long, " --warn-undefined-variables -j3 --jobserver-auth=3,4 -- A=-j1 B=2");
}

/// What is no pipe is not taken for one, whatever the flags say.
#[test]
fn a_jobserver_that_is_not_there_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "text").unwrap();
    for auth in ["fifo:/no/such/fifo", &format!("fifo:{}", file.display()), "998,999", "-2,-2"] {
        let flags = format!(" -j4 --jobserver-auth={auth}");
        let refused = Jobserver::join(OsStr::new(&flags)).unwrap_err();
        let text = refused.to_string();
        assert!(text.starts_with(&format!("the jobserver of make ({auth}) cannot")), "{text}");
        assert!(text.ends_with("put + before the command in the Makefile"), "{text}");
    }
    assert_eq!(std::fs::read(&file).unwrap(), b"text");
}

#[test]
fn inherited_ends_are_those_of_the_pool() {
    let mut server = Jobserver::serve(Style::Pipe, 2, Some(OsStr::new("k"))).unwrap();
    assert_eq!(server.flags(), Some(OsStr::new("k -j2 --jobserver-auth=3,4")));
    let [read, write] = server.inherited().expect("programs inherit them");
    let [mut read, mut write] =
        [read, write].map(|end| File::from(end.try_clone_to_owned().expect("a copy")));
    let mut tokens = [0; 2];
    read.read_exact(&mut tokens).unwrap();
    assert!(!server.take(1, 1, false));
    write.write_all(&tokens).unwrap();
    assert!(server.take(1, 2, false));
    assert!(Jobserver::serve(Style::Fifo, 2, None).unwrap().inherited().is_none());
}
