//! The bytes are those of named MessagePack: rmp-serde writes the same and reads them.
//! It leaves out what rmp-serde loses: see `lossy`.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::bytes_of;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Account {
    name: String,
    balance: f64,
    id: i64,
    open: bool,
    nick: Option<char>,
    history: Vec<Entry>,
    limits: BTreeMap<u16, f32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Entry {
    Opened,
    Paid(u64),
    Moved(String, i32),
    Closed { at: u32, why: (u8, String) },
}

fn any_entry() -> impl Strategy<Value = Entry> {
    prop_oneof![
        Just(Entry::Opened),
        any::<u64>().prop_map(Entry::Paid),
        any::<(String, i32)>().prop_map(|(a, b)| Entry::Moved(a, b)),
        any::<(u32, (u8, String))>().prop_map(|(at, why)| Entry::Closed { at, why }),
    ]
}

proptest! {
    #[test]
    fn bytes_are_named_messagepack(
        name: String, balance: f64, id: i64, open: bool, nick: Option<char>,
        history in proptest::collection::vec(any_entry(), 0..40),
        limits: BTreeMap<u16, f32>,
    ) {
        let account = Account { name, balance, id, open, nick, history, limits };
        let ours = bytes_of(&account).unwrap();
        prop_assert_eq!(&ours, &rmp_serde::to_vec_named(&account).unwrap());
        prop_assert_eq!(rmp_serde::from_slice::<Account>(&ours).unwrap(), account);
    }
}
