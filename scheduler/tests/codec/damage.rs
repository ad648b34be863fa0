//! Bytes that are cut, changed or invented: an error, never a panic or a large allocation.
//! It does not say which error, but for a few.

use std::collections::{BTreeMap, HashMap};
use std::hint::black_box;

use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tine_scheduler::{ErrorKind, codec};

use super::bytes_of;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Dot,
    Line(f64, f64),
    Poly { points: Vec<(f32, i128)>, name: Option<String> },
    Many(Vec<Shape>),
}

fn sample() -> (BTreeMap<String, Shape>, serde_json::Value) {
    let poly = Shape::Poly { points: vec![(1.0, -1), (2.0, i128::MAX)], name: Some("p".into()) };
    let many = Shape::Many(vec![Shape::Dot, Shape::Line(0.0, 1.0), poly.clone()]);
    let map = BTreeMap::from([("many".into(), many), ("poly".into(), poly)]);
    (map, serde_json::json!({"a": [1, 2.5, "three", null], "b": {"c": true}}))
}

/// Decodes as many types; whatever comes must be an error of the codec.
fn try_all(bytes: &[u8]) {
    fn one<T: DeserializeOwned + 'static>(bytes: &[u8]) {
        if let Err(e) = codec::decode::<T>(bytes).map(black_box) {
            assert_eq!(e.kind(), ErrorKind::Codec);
            assert!(e.message().contains(std::any::type_name::<T>()), "{e}");
        }
    }
    one::<u64>(bytes);
    one::<bool>(bytes);
    one::<char>(bytes);
    one::<String>(bytes);
    one::<Vec<f64>>(bytes);
    one::<Vec<String>>(bytes);
    one::<Vec<bool>>(bytes);
    one::<Vec<char>>(bytes);
    one::<Vec<Vec<u8>>>(bytes);
    one::<Option<Option<()>>>(bytes);
    one::<Shape>(bytes);
    one::<HashMap<String, Vec<Shape>>>(bytes);
    one::<serde_json::Value>(bytes);
    one::<(BTreeMap<String, Shape>, serde_json::Value)>(bytes);
}

#[test]
fn every_truncation_is_an_error() {
    let whole = bytes_of(&sample()).unwrap();
    for end in 0..whole.len() {
        let e = codec::decode::<(BTreeMap<String, Shape>, serde_json::Value)>(&whole[..end]);
        assert_eq!(e.unwrap_err().kind(), ErrorKind::Codec, "{end} bytes");
        try_all(&whole[..end]);
    }
    let texts = bytes_of(&vec!["one".to_owned(), String::new(), "three".into()]).unwrap();
    for end in 0..texts.len() {
        assert!(codec::decode::<Vec<String>>(&texts[..end]).is_err(), "{end} bytes");
    }
}

#[test]
fn bytes_left_over_are_an_error() {
    for mut bytes in [bytes_of(&sample()).unwrap(), bytes_of(&vec![true]).unwrap()] {
        bytes.push(0);
        try_all(&bytes);
        assert!(codec::decode::<(BTreeMap<String, Shape>, serde_json::Value)>(&bytes).is_err());
        assert!(codec::decode::<Vec<bool>>(&bytes).is_err());
    }
    let three = bytes_of(&(1u8, 2u8, 3u8)).unwrap();
    assert!(codec::decode::<(u8, u8)>(&three).is_err());
}

#[test]
fn claimed_lengths_are_not_believed() {
    for marker in [0xdb, 0xc6, 0xdd, 0xdf, 0xc9] {
        try_all(&[marker, 0xff, 0xff, 0xff, 0xff]);
        try_all(&[marker, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
    }
    let mut texts = u64::MAX.to_le_bytes().to_vec();
    try_all(&texts);
    texts = [1u64.to_le_bytes(), (u64::MAX >> 1).to_le_bytes()].concat();
    try_all(&texts);
    let e = codec::decode::<Vec<String>>(&texts).unwrap_err();
    assert!(e.message().contains("more than there is"), "{e}");
    try_all(&vec![0x91; 1 << 20]);
    try_all(&vec![0xc1; 1 << 20]);
}

#[test]
fn impossible_bits_are_an_error() {
    assert!(codec::decode::<bool>(&[2]).is_err());
    assert!(codec::decode::<char>(&0xd800u32.to_ne_bytes()).is_err());
    assert!(codec::decode::<String>(&[0xff]).is_err());
    assert!(codec::decode::<()>(&[0]).is_err());
    assert!(codec::decode::<u64>(&[0; 7]).is_err());
    assert!(codec::decode::<Vec<u32>>(&[0; 7]).is_err());
    let e = codec::decode::<Vec<f64>>(&[0; 12]).unwrap_err();
    assert!(e.message().contains("Vec<f64>") && e.message().contains("12 bytes"), "{e}");
}

proptest! {
    #[test]
    fn random_bytes_do_no_harm(bytes: Vec<u8>) {
        try_all(&bytes);
    }

    #[test]
    fn changed_bytes_do_no_harm(at in 0usize..1000, to: u8) {
        let mut bytes = bytes_of(&sample()).unwrap();
        let at = at % bytes.len();
        bytes[at] = to;
        try_all(&bytes);
    }
}
