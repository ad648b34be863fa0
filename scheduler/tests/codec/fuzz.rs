//! Encoded values of many types, changed in many places, read as many types: never a panic.
//! It does not judge the value that comes out where one does.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::hint::black_box;

use proptest::prelude::*;
use proptest::sample::Index;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tine_scheduler::{Buffer, Error, ErrorKind, codec};

use super::bytes_of;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Part {
    name: String,
    at: (u32, i64),
    values: Buffer<f64>,
    inner: Option<Box<Part>>,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Kind {
    None,
    Bytes(Buffer<u8>),
    Both { left: Buffer<i32>, right: Vec<Buffer<u64>> },
}

fn part(depth: u32) -> Part {
    Part {
        name: "part".into(),
        at: (depth, -1),
        values: (0..3 * depth).map(f64::from).collect(),
        inner: (depth > 0).then(|| Box::new(part(depth - 1))),
        kind: match depth {
            0 => Kind::None,
            1 => Kind::Bytes((0..9).collect()),
            _ => Kind::Both { left: (0..5).collect(), right: vec![(0..2).collect(); 3] },
        },
    }
}

/// Encoded values of many shapes.
fn samples() -> Vec<Vec<u8>> {
    let map: BTreeMap<String, Part> = (0..3).map(|d| (format!("p{d}"), part(d))).collect();
    let all = [
        bytes_of(&part(3)),
        bytes_of(&map),
        bytes_of(&vec![(1u8, "one".to_owned()), (2, "two".into())]),
        bytes_of(&vec!["a".to_owned(), "b".into()]),
        bytes_of(&vec![Some(true), None]),
        bytes_of(&(0..40u64).collect::<Buffer<u64>>()),
        bytes_of(&(1u8, -2i128, 3.5f32, 'x', ())),
        bytes_of(&Error::from_task("no")),
    ];
    all.into_iter().map(|bytes| bytes.expect("they can be encoded")).collect()
}

fn one<T: DeserializeOwned + 'static>(bytes: &[u8]) {
    if let Err(e) = codec::decode::<T>(bytes).map(black_box) {
        assert_eq!(e.kind(), ErrorKind::Codec, "{e}");
    }
}

fn try_all(bytes: &[u8]) {
    one::<Part>(bytes);
    one::<Kind>(bytes);
    one::<BTreeMap<String, Part>>(bytes);
    one::<Vec<(u8, String)>>(bytes);
    one::<Vec<String>>(bytes);
    one::<Vec<Option<bool>>>(bytes);
    one::<VecDeque<HashSet<u16>>>(bytes);
    one::<Buffer<u8>>(bytes);
    one::<Buffer<u128>>(bytes);
    one::<(Buffer<f32>, Vec<Buffer<u64>>)>(bytes);
    one::<(u8, i128, f32, char, ())>(bytes);
    one::<[Option<Box<Part>>; 3]>(bytes);
    one::<Error>(bytes);
    one::<std::time::Duration>(bytes);
    one::<std::net::IpAddr>(bytes);
    one::<Result<Buffer<u8>, String>>(bytes);
    one::<serde_json::Value>(bytes);
}

/// One change to a list of bytes.
#[derive(Clone, Debug)]
enum Change {
    Set(Index, u8),
    Flip(Index, u8),
    Insert(Index, u8),
    Remove(Index),
    Cut(Index),
    /// A part of it again somewhere else.
    Copy(Index, Index, u8),
}

fn any_change() -> impl Strategy<Value = Change> {
    // Markers of MessagePack with a length behind them, and of numbers.
    let marker = prop_oneof![any::<u8>(), 0xc0u8..=0xdf, 0x80u8..=0x9f];
    prop_oneof![
        (any::<Index>(), marker.clone()).prop_map(|(at, b)| Change::Set(at, b)),
        (any::<Index>(), 0u8..8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        (any::<Index>(), marker).prop_map(|(at, b)| Change::Insert(at, b)),
        any::<Index>().prop_map(Change::Remove),
        any::<Index>().prop_map(Change::Cut),
        (any::<Index>(), any::<Index>(), 1u8..40).prop_map(|(a, b, n)| Change::Copy(a, b, n)),
    ]
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    if bytes.is_empty() {
        return;
    }
    let n = bytes.len();
    match *change {
        Change::Set(at, to) => bytes[at.index(n)] = to,
        Change::Flip(at, bit) => bytes[at.index(n)] ^= 1 << bit,
        Change::Insert(at, byte) => bytes.insert(at.index(n), byte),
        Change::Remove(at) => drop(bytes.remove(at.index(n))),
        Change::Cut(at) => bytes.truncate(at.index(n)),
        Change::Copy(from, to, len) => {
            let from = from.index(n);
            let part = bytes[from..(from + usize::from(len)).min(n)].to_vec();
            let to = to.index(n);
            bytes.splice(to..to, part);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn changed_values_do_no_harm(
        sample in any::<Index>(),
        changes in prop::collection::vec(any_change(), 0..6),
    ) {
        let samples = samples();
        let mut bytes = sample.get(&samples).clone();
        for change in &changes {
            apply(&mut bytes, change);
        }
        try_all(&bytes);
    }

    #[test]
    fn random_bytes_do_no_harm(bytes: Vec<u8>) {
        try_all(&bytes);
    }
}

#[test]
fn a_reference_outside_of_a_task_is_refused() {
    let reference = [vec![0x92, 1, 0xc4, 32], vec![0; 32]].concat();
    let e = codec::decode::<Buffer<u8>>(&reference).unwrap_err();
    assert!(e.message().contains("outside of a task"), "{e}");
}
