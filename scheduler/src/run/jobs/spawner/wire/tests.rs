//! Messages, through a socket and back.

use std::os::fd::AsFd;

use super::super::pair;
use super::*;

fn through(command: &Command) -> (u64, Option<u64>, Command, usize) {
    let (ours, theirs) = pair().expect("sockets");
    let packet = Packet::start(7, Some(9), command).expect("memory");
    packet.send(ours.as_fd(), &[ours.as_fd(), theirs.as_fd()]).expect("it is there");
    match next_request(theirs.as_fd(), &mut Vec::new()) {
        Received::Message(Request::Start { id, limit, command }, fds) => {
            (id, limit, command, fds.len())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn orders_arrive_as_they_were_sent() {
    let odd = OsString::from_vec(vec![0xff, b'\n', b'=']);
    for len in [0, 10, 5 * INLINE] {
        let command = Command {
            argv: vec!["a".into(), odd.clone(), "x".repeat(len).into()],
            env: vec![("A".into(), Some(odd.clone())), ("B".into(), None)],
            cwd: Some("/tmp".into()),
            nice: -3,
            ..Command::default()
        };
        let (id, limit, got, fds) = through(&command);
        assert_eq!((id, limit, fds), (7, Some(9), 2));
        assert_eq!((got.argv, got.env), (command.argv, command.env));
        assert_eq!((got.cwd, got.nice), (command.cwd, -3));
    }
}

#[test]
fn reports_arrive_as_they_were_sent() {
    let (ours, theirs) = pair().expect("sockets");
    let end = End {
        exit: Exit::Signal(9),
        user_us: 1,
        system_us: 2,
        peak: 3,
        read: 4,
        written: 5,
        leftovers: 6,
        excess: true,
    };
    let last = End { exit: Exit::NotStarted(2), excess: false, ..end };
    let all = [
        Report::Started { id: 1, pid: 2 },
        Report::Ended { id: 1, end },
        Report::Ended { id: 2, end: last },
    ];
    all.iter().for_each(|r| r.send(ours.as_fd()).expect("it is there"));
    for report in all {
        let Received::Message(got, _) = next_report(theirs.as_fd(), &mut Vec::new()) else {
            panic!("a report");
        };
        assert_eq!(got, report);
    }
    drop(ours);
    assert!(matches!(next_report(theirs.as_fd(), &mut Vec::new()), Received::Gone));
}

#[test]
fn signals_are_for_many_at_once() {
    let (ours, theirs) = pair().expect("sockets");
    let all: Vec<u64> = (1..=crate::table::MAX_WORKERS as u64).collect();
    for ids in [&all[..0], &all[..1], &all] {
        Packet::signal(ids, 15).send(ours.as_fd(), &[]).expect("it is there");
        let got = next_request(theirs.as_fd(), &mut Vec::new());
        let Received::Message(Request::Signal { ids: got, signal: 15 }, _) = got else {
            panic!("{got:?}");
        };
        assert_eq!(got, ids);
    }
}

#[test]
fn what_is_cut_off_is_no_order() {
    let bytes = write_order(1, None, &Command { argv: vec!["ab".into()], ..Command::default() });
    for len in 8..bytes.len() {
        assert!(read_order(&mut In(&bytes[8..len])).is_none(), "{len}");
    }
    assert!(read_order(&mut In(&bytes[8..])).is_some());
}
