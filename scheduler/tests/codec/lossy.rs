//! What MessagePack or the type itself would lose: solved, or an error; never a wrong value.
//! Each line of the table in `codec/pack` stands here as a test.

use std::net::{IpAddr, Ipv4Addr};

use serde::ser::{Error as _, SerializeSeq, SerializeStruct};
use serde::{Deserialize, Serialize, Serializer};
use tine_scheduler::{ErrorKind, codec};

use super::{bytes_of, returns, round_trip};

#[test]
fn rmp_serde_loses_some_of_nothing() {
    let theirs = rmp_serde::to_vec_named(&Some(())).unwrap();
    assert_eq!(rmp_serde::from_slice::<Option<()>>(&theirs).unwrap(), None);
    returns(Some(()));
}

#[test]
fn rmp_serde_writes_what_it_cannot_read_and_reads_what_is_too_long() {
    let deep = (0..1100).fold(serde_json::Value::Null, |v, _| vec![v].into());
    let theirs = rmp_serde::to_vec_named(&deep).unwrap();
    assert!(rmp_serde::from_slice::<serde_json::Value>(&theirs).is_err());
    let mut theirs = rmp_serde::to_vec_named(&(1u8, 2u8)).unwrap();
    theirs.push(3);
    assert_eq!(rmp_serde::from_slice::<(u8, u8)>(&theirs).unwrap(), (1, 2));
    let ours = [bytes_of(&(1u8, 2u8)).unwrap(), vec![3]].concat();
    assert!(codec::decode::<(u8, u8)>(&ours).is_err());
}

#[test]
fn rmp_serde_refuses_addresses_behind_a_tag() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Host {
        At(IpAddr),
    }
    let host = Host::At(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let theirs = rmp_serde::to_vec_named(&host).unwrap();
    assert!(rmp_serde::from_slice::<Host>(&theirs).is_err());
    returns(host);
}

#[test]
fn wide_integers_behind_a_tag_are_an_error() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Wide {
        Number(i128),
    }
    for n in [1, i128::MAX] {
        let e = round_trip(&Wide::Number(n)).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Codec, "{e}");
    }
}

#[test]
fn a_field_left_out_without_default_is_an_error() {
    #[derive(Debug, Serialize, Deserialize)]
    struct NoDefault {
        #[serde(skip_serializing_if = "Vec::is_empty")]
        list: Vec<u32>,
        other: u8,
    }
    let e = round_trip(&NoDefault { list: vec![], other: 1 }).unwrap_err();
    assert!(e.message().contains("missing field `list`"), "{e}");
    assert!(e.message().contains("skip_serializing_if"), "{e}");
    assert!(e.message().contains("NoDefault"), "{e}");
}

#[test]
fn a_wrongly_announced_length_is_put_right() {
    struct Sloppy(usize);
    impl Serialize for Sloppy {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut seq = serializer.serialize_seq(Some(self.0))?;
            for i in 0..20u8 {
                seq.serialize_element(&i)?;
            }
            seq.end()
        }
    }
    for said in [0, 15, 16, 20, 21, 65_536] {
        let bytes = bytes_of(&(Sloppy(said), "after")).unwrap();
        let (list, after): ((Vec<u8>,), String) = match codec::decode(&bytes) {
            Ok((list, after)) => ((list,), after),
            Err(e) => panic!("{said}: {e}"),
        };
        assert_eq!(list.0, (0..20).collect::<Vec<u8>>());
        assert_eq!(after, "after");
    }
}

#[test]
fn an_element_that_failed_cannot_be_passed_over() {
    struct Refusing;
    impl Serialize for Refusing {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut part = serializer.serialize_struct("Refusing", 2)?;
            part.serialize_field("first", &1)?;
            Err(S::Error::custom("not this one"))
        }
    }
    struct Careless;
    impl Serialize for Careless {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut seq = serializer.serialize_seq(None)?;
            if seq.serialize_element(&Refusing).is_err() {
                seq.serialize_element(&0)?;
            }
            seq.end()
        }
    }
    let e = bytes_of(&Careless).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Codec);
    assert!(e.message().contains("not this one") && e.message().contains("Careless"), "{e}");
}

#[cfg(unix)]
#[test]
fn a_path_that_is_not_unicode_is_an_error() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;
    let path = std::path::PathBuf::from(OsString::from_vec(vec![b'a', 0xff]));
    assert_eq!(bytes_of(&path).unwrap_err().kind(), ErrorKind::Codec);
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum List {
    End,
    Cons(u8, Box<List>),
}

fn list(len: usize) -> List {
    (0..len).fold(List::End, |tail, _| List::Cons(0, Box::new(tail)))
}

#[test]
fn what_can_be_written_deep_can_be_read() {
    let mut refused = 0;
    for len in [1, 100, 200, 254, 255, 256, 257, 300, 511, 512, 513] {
        match bytes_of(&list(len)) {
            Ok(bytes) => assert_eq!(codec::decode::<List>(&bytes).unwrap(), list(len)),
            Err(e) => {
                refused += 1;
                assert!(e.message().contains("nested deeper"), "{e}");
            }
        }
    }
    assert!(refused > 0);
}

#[test]
fn every_way_down_ends_at_the_same_depth() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Maybe(Option<Box<Maybe>>);
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Chain {
        End,
        Link(Box<Chain>),
    }
    let deep = |levels: usize| {
        let maybe = (0..levels).fold(Maybe(None), |m, _| Maybe(Some(Box::new(m))));
        let chain = (0..levels).fold(Chain::End, |c, _| Chain::Link(Box::new(c)));
        let json = (0..levels).fold(serde_json::Value::Null, |v, _| vec![v].into());
        (maybe, chain, json)
    };
    let (maybe, chain, json) = deep(512);
    returns(maybe);
    returns(chain);
    returns(json);
    let (maybe, chain, json) = deep(513);
    assert!(bytes_of(&maybe).is_err() && bytes_of(&chain).is_err() && bytes_of(&json).is_err());
}
