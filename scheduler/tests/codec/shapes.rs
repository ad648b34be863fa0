//! Every shape that serde's attributes and std's types can give a value.
//! It compares values only; bytes are compared in `reference`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::{NonZeroU8, Wrapping};
use std::ops::{Bound, Range};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{returns, round_trip};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Unit;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Empty {}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Newtype<T>(T);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Pair(i32, String);

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Skipping {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    a: Option<u32>,
    b: String,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    c: Vec<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    d: Option<i8>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Flat {
    id: u64,
    #[serde(flatten)]
    inner: Skipping,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum External {
    Unit,
    Empty {},
    New(f64),
    NewUnit(()),
    NewOption(Option<Option<u8>>),
    Tuple(i8, String),
    Struct { x: f32, y: Option<Box<External>> },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
enum Internal {
    Unit,
    New(Skipping),
    Struct { at: IpAddr, deep: Option<Option<i32>>, x: f32 },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    Unit,
    New(Option<()>),
    Tuple(u8, char),
    Struct { nested: Internal },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Flag(bool),
    Whole(i64),
    Real(f64),
    Text(String),
    List(Vec<Untagged>),
    Deep { deep: Option<Option<u8>>, at: IpAddr },
    Map(BTreeMap<String, Untagged>),
    Nothing,
}

#[test]
fn options_of_nothing() {
    returns(Some(()));
    returns(None::<()>);
    returns(Some(None::<u8>));
    returns(Some(Some(None::<()>)));
    returns(Some(Some(Some(()))));
    returns(Some(None::<Option<()>>));
    returns(Some(Unit));
    returns(Some(Newtype(())));
    returns(Some(Newtype(None::<i32>)));
    returns(Some(PhantomData::<u8>));
    returns(vec![Some(Some(1)), Some(None), None]);
    returns((Some(()), None::<()>, Some(Some(7u8))));
    returns(Some(Value::Null));
    returns(Some(json!([null, {"a": null}])));
    returns(HashMap::from([(Some(()), Some(None)), (None, Some(Some(())))]));
}

#[test]
fn structs() {
    returns(Unit);
    returns(Empty {});
    returns(Newtype(Newtype(3u8)));
    returns(Pair(-5, "five".into()));
    returns(Skipping::default());
    returns(Skipping { a: Some(1), b: "b".into(), c: vec![1, 300, u64::MAX], d: Some(-1) });
    returns(Skipping { d: Some(3), ..Skipping::default() });
    returns((1u8, (2i128, (3.5f32, 'd'), [Some("e".to_owned()); 1]), ()));
    returns([[1i64; 3]; 4]);
    returns([(); 3]);
}

#[test]
fn flattened() {
    let inner = Skipping { a: Some(9), b: "x".into(), c: vec![], d: None };
    let rest = BTreeMap::from([
        ("list".to_owned(), json!([1, -1, 1.5, null])),
        ("none".to_owned(), Value::Null),
    ]);
    returns(Flat { id: 1, inner: inner.clone(), rest });
    returns(Flat { id: 2, inner, rest: BTreeMap::new() });

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Wide {
        #[serde(flatten)]
        by_number: BTreeMap<i32, IpAddr>,
    }
    let address = IpAddr::V6(Ipv6Addr::LOCALHOST);
    returns(Wide { by_number: (-20..20).map(|i| (i, address)).collect() });
}

#[test]
fn enums_by_every_tag() {
    returns(vec![External::Unit, External::Empty {}, External::New(-0.5), External::NewUnit(())]);
    returns(External::NewOption(Some(None)));
    returns(External::NewOption(None));
    returns(External::Tuple(-1, "t".into()));
    returns(External::Struct { x: f32::MIN_POSITIVE, y: Some(Box::new(External::Unit)) });
    returns(Some(External::Unit));
    returns(BTreeMap::from([(1u8, Ok::<u8, String>(3)), (2, Err("no".into()))]));
    let at: IpAddr = "192.168.0.1".parse().unwrap();
    returns(Internal::Unit);
    returns(Internal::New(Skipping { c: vec![1], ..Skipping::default() }));
    for deep in [None, Some(None), Some(Some(-4))] {
        returns(Adjacent::Struct { nested: Internal::Struct { at, deep, x: 0.1 } });
    }
    returns(Adjacent::New(Some(())));
    returns(Adjacent::New(None));
    returns(Adjacent::Unit);
    returns(Adjacent::Tuple(1, 'ü'));
    for deep in [None, Some(None), Some(Some(255))] {
        returns(Untagged::List(vec![Untagged::Deep { deep, at }, Untagged::Nothing]));
    }
}

#[test]
fn maps_with_keys_that_are_no_strings() {
    returns(HashMap::from([(1u64, "one".to_owned()), (300, "many".into())]));
    returns(BTreeMap::from([((1i8, 'a'), -1.5f64), ((-1, 'b'), 0.0)]));
    returns(BTreeMap::from([(i128::MIN, u128::MAX), (0, 0)]));
    returns(BTreeMap::from([(vec![1u8], BTreeSet::from([Some(true), None]))]));
    returns(HashMap::from([(true, HashSet::from(['x', 'y']))]));
    returns((0..70_000u32).map(|i| (i, i)).collect::<BTreeMap<_, _>>());
}

#[test]
fn types_of_std() {
    returns(Duration::new(u64::MAX, 999_999_999));
    returns(SystemTime::UNIX_EPOCH + Duration::new(1 << 40, 5));
    returns((PathBuf::from("/a/b"), VecDeque::from([1u8, 2]), Wrapping(-7i16)));
    returns((NonZeroU8::MAX, Range { start: 1u8, end: 9 }, Bound::Excluded(3u16)));
    returns(Bound::<i64>::Unbounded);
    returns(Cow::<'static, str>::Owned("owned".into()));
    returns(Cow::<'static, [i32]>::Owned(vec![1, 2]));
    returns(Box::<str>::from("boxed"));
    returns("[2001:db8::1]:8080".parse::<SocketAddr>().unwrap());
    returns((std::cmp::Reverse(4u8), Box::new(5u8)));
    returns(Arc::<Vec<u8>>::new(vec![1]).to_vec());
    let bytes = std::ffi::CString::new(vec![1, 255, 128]).unwrap();
    returns(bytes);
}

#[test]
fn borrowed_and_owned_bytes_are_equal() {
    let owned = Newtype(Cow::<'static, str>::Owned("same".into()));
    let borrowed = Newtype(Cow::<'static, str>::Borrowed("same"));
    assert_eq!(super::bytes_of(&owned).unwrap(), super::bytes_of(&borrowed).unwrap());
}

#[test]
fn integers_at_every_width() {
    let mut edges: Vec<i128> = (0..127).flat_map(|b| [1i128 << b, -(1i128 << b)]).collect();
    edges.extend(edges.clone().iter().flat_map(|e| [e - 1, e + 1]));
    edges.push(i128::MIN);
    for edge in edges {
        returns((edge, edge as u128, edge as i64, edge as u64));
        returns((edge as i32, edge as u32, edge as i16, edge as u16, edge as i8, edge as u8));
    }
}

#[test]
fn lengths_at_every_width() {
    for len in [0usize, 1, 15, 16, 31, 32, 255, 256, 65_535, 65_536] {
        returns(Newtype("s".repeat(len)));
        returns(Newtype(vec![Unit; len]));
        returns(Newtype((0..len).map(|i| (i, ())).collect::<BTreeMap<_, _>>()));
    }
}

#[test]
fn nested_vectors_keep_bits() {
    let rows = vec![vec![f64::NAN, -0.0], vec![], vec![1.0 / 3.0]];
    let back = round_trip(&rows).unwrap();
    let bits = |v: &[Vec<f64>]| -> Vec<Vec<u64>> {
        v.iter().map(|r| r.iter().map(|x| x.to_bits()).collect()).collect()
    };
    assert_eq!(bits(&back), bits(&rows));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 8, |part| {
        prop_oneof![
            vec(part.clone(), 0..8).prop_map(Value::from),
            btree_map(any::<String>(), part, 0..8).prop_map(|m| m.into_iter().collect()),
        ]
    })
}

fn any_external() -> impl Strategy<Value = External> {
    let leaf = prop_oneof![
        Just(External::Unit),
        Just(External::NewUnit(())),
        any::<i64>().prop_map(|x| External::New(x as f64)),
        any::<Option<Option<u8>>>().prop_map(External::NewOption),
        any::<(i8, String)>().prop_map(|(a, b)| External::Tuple(a, b)),
    ];
    leaf.prop_recursive(5, 20, 1, |part| {
        (any::<i16>(), proptest::option::of(part))
            .prop_map(|(x, y)| External::Struct { x: x.into(), y: y.map(Box::new) })
    })
}

fn any_untagged() -> impl Strategy<Value = Untagged> {
    let leaf = prop_oneof![
        Just(Untagged::Nothing),
        any::<bool>().prop_map(Untagged::Flag),
        any::<i64>().prop_map(Untagged::Whole),
        any::<f64>().prop_map(Untagged::Real),
        any::<String>().prop_map(Untagged::Text),
    ];
    leaf.prop_recursive(4, 30, 6, |part| {
        prop_oneof![
            vec(part.clone(), 0..6).prop_map(Untagged::List),
            btree_map("k[a-z]*", part, 0..6).prop_map(Untagged::Map),
        ]
    })
}

proptest! {
    #[test]
    fn json_comes_back(value in any_json(), wrap: bool) {
        if wrap { returns(Some(value)) } else { returns(value) }
    }

    #[test]
    fn enums_come_back(value in any_external()) {
        returns(value);
    }

    #[test]
    fn untagged_comes_back(value in any_untagged()) {
        returns(value);
    }

    #[test]
    fn options_come_back(value: Vec<Option<Option<Option<()>>>>, wide: Vec<(i128, u128)>) {
        returns(value);
        returns(wide);
    }

    #[test]
    fn flat_comes_back(
        id: u64, a: Option<u32>, b: String, c: Vec<u64>, d: Option<i8>,
        rest in btree_map("k[a-z]+", any_json(), 0..20),
    ) {
        returns(Flat { id, inner: Skipping { a, b, c, d }, rest });
    }

    #[test]
    fn partials_come_back(parts: Vec<(f64, u64, Option<String>)>, by_key: HashMap<String, (i64, u8)>) {
        returns(parts);
        returns(by_key);
    }
}
