//! Numbers, strings, and vectors of them: what is not MessagePack.
//! It knows no derived type.

use proptest::prelude::*;
use tine_scheduler::codec;

use super::{bytes_of, returns};

#[test]
fn extremes_of_every_number() {
    macro_rules! extremes {
        ($($n:ty)*) => { $(
            returns(<$n>::MIN);
            returns(<$n>::MAX);
            returns(vec![<$n>::MIN, <$n>::MAX, 0 as $n]);
            returns(Vec::<$n>::new());
        )* };
    }
    extremes!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64);
    returns(true);
    returns(false);
    returns(());
    for c in ['a', 'ß', '\0', '\u{10ffff}', '🦀'] {
        returns(c);
    }
}

#[test]
fn floats_keep_their_bits() {
    let odd = [
        f64::NAN,
        -f64::NAN,
        f64::from_bits(0x7ff0_0000_0000_0001), // a signalling NaN
        f64::from_bits(0xfff8_dead_beef_0001),
        -0.0,
        f64::INFINITY,
        f64::MIN_POSITIVE / 2.0,
    ];
    for x in odd {
        let back: f64 = codec::decode(&bytes_of(&x).unwrap()).unwrap();
        assert_eq!(back.to_bits(), x.to_bits());
        let some: Option<f64> = codec::decode(&bytes_of(&Some(x)).unwrap()).unwrap();
        assert_eq!(some.unwrap().to_bits(), x.to_bits());
    }
    let odd = [f32::NAN, f32::from_bits(0x7f80_0001), f32::from_bits(0xffc1_2345), -0.0];
    for x in odd {
        let back: (f32,) = codec::decode(&bytes_of(&(x,)).unwrap()).unwrap();
        assert_eq!(back.0.to_bits(), x.to_bits());
    }
}

#[test]
fn bytes_are_the_value() {
    assert_eq!(bytes_of(&0x0102_0304_u32).unwrap(), 0x0102_0304_u32.to_ne_bytes());
    assert_eq!(bytes_of(&"ab".to_owned()).unwrap(), b"ab");
    assert_eq!(bytes_of(&vec![1u8, 2]).unwrap(), [1, 2]);
    assert!(bytes_of(&()).unwrap().is_empty());
}

#[test]
fn a_vector_of_numbers_is_lent_not_copied() {
    let numbers = vec![1.5f64; 1000];
    let lent = codec::encode(&numbers, |bytes, _| bytes.as_ptr().addr()).unwrap();
    assert_eq!(lent, numbers.as_ptr().addr());
    let text = "x".repeat(1000);
    let lent = codec::encode(&text, |bytes, _| bytes.as_ptr().addr()).unwrap();
    assert_eq!(lent, text.as_ptr().addr());
}

#[test]
fn decoding_does_not_need_alignment() {
    let numbers: Vec<f64> = (0..100).map(f64::from).collect();
    let mut shifted = vec![0u8];
    for shift in 0..8 {
        shifted.truncate(shift + 1);
        shifted.resize(shift + 1, 0);
        shifted.extend(bytes_of(&numbers).unwrap());
        let back: Vec<f64> = codec::decode(&shifted[shift + 1..]).unwrap();
        assert_eq!(back, numbers);
    }
}

#[test]
fn a_big_string_comes_back() {
    returns("tines ".repeat(1_000_000));
    returns(vec!["x".repeat(3_000_000), String::new()]);
    returns(Some("y".repeat(70_000)));
}

proptest! {
    #[test]
    fn vectors_come_back(
        a: Vec<f32>, b: Vec<i64>, c: Vec<String>, d: Vec<bool>, e: Vec<char>, f: String,
        g: Vec<u8>, h: Vec<i128>,
    ) {
        returns(a);
        returns(b);
        returns(c);
        returns(d);
        returns(e);
        returns(f);
        returns(g);
        returns(h);
    }
}
