//! The codec scope, with a chunk type that stands in for those of the arena.
//! It knows no arena: a block is a number here.

use std::fmt;
use std::panic::catch_unwind;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tine_scheduler::{BlockRef, codec};

use codec::scope;

const MAGIC: u32 = 0x71_4e_0a_7e;

/// Stands in for a chunk: refers to its block inside a scope, is its content outside.
#[derive(Clone, Debug, PartialEq)]
enum Chunk {
    Block(BlockRef),
    Plain(Vec<u8>),
}

fn chunk(offset: u64) -> Chunk {
    Chunk::Block(BlockRef { offset, len: 8 })
}

fn blocks(offsets: &[u64]) -> Vec<BlockRef> {
    offsets.iter().map(|&offset| BlockRef { offset, len: 8 }).collect()
}

impl Serialize for Chunk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Chunk::Block(b) if scope::refer(*b) => (MAGIC, b.offset, b.len).serialize(serializer),
            Chunk::Block(b) => vec![7u8; b.len as usize].serialize(serializer),
            Chunk::Plain(bytes) => bytes.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Chunk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !scope::is_decoding() {
            return Vec::deserialize(deserializer).map(Chunk::Plain);
        }
        let (magic, offset, len) = <(u32, u64, u64)>::deserialize(deserializer)?;
        if magic != MAGIC {
            return Err(D::Error::custom("no block"));
        }
        Ok(Chunk::Block(BlockRef { offset, len }))
    }
}

#[test]
fn blocks_travel_beside_the_bytes() {
    let value = (vec![chunk(8), chunk(0)], 1.5f64, Some(chunk(8)), chunk(24));
    let (bytes, found) = codec::encode(&value, |b, r| (b.to_vec(), r.to_vec())).unwrap();
    assert_eq!(found, blocks(&[8, 0, 24]));
    let back: (Vec<Chunk>, f64, Option<Chunk>, Chunk) = codec::decode(&bytes).unwrap();
    assert_eq!(back, value);
}

#[test]
fn outside_a_scope_a_chunk_is_its_content() {
    assert!(!scope::refer(BlockRef { offset: 0, len: 8 }));
    assert!(!scope::is_decoding());
    let json = serde_json::to_string(&chunk(3)).unwrap();
    assert_eq!(json, "[7,7,7,7,7,7,7,7]");
    assert_eq!(serde_json::from_str::<Chunk>(&json).unwrap(), Chunk::Plain(vec![7; 8]));
}

#[test]
fn the_closure_stands_outside_the_scope() {
    codec::encode(&(chunk(1),), |_, _| assert!(!scope::refer(BlockRef { offset: 0, len: 8 })))
        .unwrap();
}

#[test]
fn the_closure_may_encode_other_values() {
    let (outer, inner) = ((1u8, "outer"), (2u8, "inner and longer"));
    let bytes = codec::encode(&outer, |outer_bytes, _| {
        let before = outer_bytes.to_vec();
        let inner_bytes = codec::encode(&inner, |bytes, _| bytes.to_vec())?;
        assert_eq!(outer_bytes, before);
        codec::decode::<(u8, String)>(&inner_bytes).map(|back| (before, back))
    });
    let (bytes, back) = bytes.unwrap().unwrap();
    assert_eq!(back, (2, "inner and longer".to_owned()));
    assert_eq!(codec::decode::<(u8, String)>(&bytes).unwrap(), (1, "outer".to_owned()));
}

/// Encodes its part by itself and keeps the bytes, and says so to the scope around it.
struct Sealed(Vec<Chunk>);

impl Serialize for Sealed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let sealed = codec::encode(&self.0, |bytes, inner| {
            assert_eq!(inner.len(), self.0.len());
            assert!(inner.iter().all(|b| scope::refer(*b)));
            bytes.to_vec()
        });
        sealed.map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Sealed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = Vec::<u8>::deserialize(deserializer)?;
        let chunks = codec::decode(&bytes).map_err(D::Error::custom)?;
        assert!(scope::is_decoding());
        Ok(Sealed(chunks))
    }
}

#[test]
fn scopes_stack() {
    let value = (chunk(1), Sealed(vec![chunk(2), chunk(3)]), chunk(4), "text".to_owned());
    let (bytes, found) = codec::encode(&value, |b, r| (b.to_vec(), r.to_vec())).unwrap();
    assert_eq!(found, blocks(&[1, 2, 3, 4]));
    let back: (Chunk, Sealed, Chunk, String) = codec::decode(&bytes).unwrap();
    assert_eq!((back.0, back.1.0, back.2), (chunk(1), vec![chunk(2), chunk(3)], chunk(4)));
    assert_eq!(back.3, "text");
}

/// Decodes while it is being encoded: no reference may be recorded from inside.
struct Looking;

impl Serialize for Looking {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Probe;
        impl<'de> Deserialize<'de> for Probe {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                assert!(!scope::refer(BlockRef { offset: 9, len: 8 }));
                assert!(scope::is_decoding());
                <()>::deserialize(d).map(|()| Probe)
            }
        }
        let nil = [0xc0];
        codec::decode::<Probe>(&nil).map_err(serde::ser::Error::custom)?;
        assert!(!scope::is_decoding());
        chunk(5).serialize(serializer)
    }
}

#[test]
fn decoding_inside_encoding_refers_to_nothing() {
    let found = codec::encode(&Looking, |_, blocks| blocks.to_vec()).unwrap();
    assert_eq!(found, blocks(&[5]));
}

/// Panics, or fails, in the midst.
struct Broken(bool);

impl Serialize for Broken {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        scope::refer(BlockRef { offset: 66, len: 8 });
        assert!(!self.0, "on purpose");
        Err(serde::ser::Error::custom("on purpose"))
    }
}

impl fmt::Debug for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Broken")
    }
}

#[test]
fn a_panic_or_an_error_ends_the_scope() {
    for panics in [true, false] {
        let run = catch_unwind(move || codec::encode(&vec![Broken(panics)], |_, _| ()).is_err());
        assert_eq!(run.is_err(), panics);
        assert!(!scope::refer(BlockRef { offset: 0, len: 8 }));
        let found = codec::encode(&(chunk(1),), |_, blocks| blocks.to_vec()).unwrap();
        assert_eq!(found, blocks(&[1]));
    }
}

#[test]
fn many_blocks_are_found_once_each() {
    let value: Vec<Chunk> = (0..10_000).map(|i| chunk(i % 5_000)).collect();
    let found = codec::encode(&value, |_, blocks| blocks.to_vec()).unwrap();
    assert_eq!(found, blocks(&(0..5_000).collect::<Vec<_>>()));
}
